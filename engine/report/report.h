/* From results to report.xml, and from report.xml to report.html and openebench.json. */
#ifndef CM_ENGINE_REPORT_REPORT_H
#define CM_ENGINE_REPORT_REPORT_H

#include "engine/run/results.h"

typedef enum cm_audience { CM_AUDIENCE_SITE = 1, CM_AUDIENCE_PUBLIC = 2 } cm_audience;

typedef struct cm_report_options {
    cm_audience audience;
    int threads;         /* 0 = 1 */
    const char *created; /* UTC, RFC 3339, for report/@created; NULL or "" = now */
} cm_report_options;

/* Writes folder/report.xml (valid against report.xsd, checked before it is renamed into place), report.html,
 * openebench.json; all three take their names together, after each is whole. run_folder is where pictures
 * lie; out_folder exists and may be the same. Same results, same bytes of <results>, for any number of
 * threads. A report for another audience is never replaced. Not collective. Errors: CM_ERR_EXISTS (a report
 * for another audience is there), CM_ERR_MISMATCH, CM_ERR_EMPTY (no tool), CM_ERR_DAMAGED (a picture is not
 * the one the ledger names), CM_ERR_IO, CM_ERR_NOMEM. */
cm_status cm_report_write(const cm_results *results, const char *run_folder, const char *out_folder,
                          const cm_report_options *options, cm_error *err);

#endif
