/* From results to report.xml, and from report.xml to report.html and openebench.json. */
#ifndef CM_ENGINE_REPORT_REPORT_H
#define CM_ENGINE_REPORT_REPORT_H

#include "engine/run/results.h"

typedef enum cm_audience { CM_AUDIENCE_SITE = 1, CM_AUDIENCE_PUBLIC = 2 } cm_audience;

typedef struct cm_report_options {
    cm_audience audience;
    int threads;
} cm_report_options;

/* Writes folder/report.xml (valid against report.xsd, checked before it is renamed into place), report.html,
 * openebench.json. run_folder is where pictures lie; out_folder may be the same. Same results, same bytes of
 * <results>. */
cm_status cm_report_write(const cm_results *results, const char *run_folder, const char *out_folder,
                          const cm_report_options *options, cm_error *err);

#endif
