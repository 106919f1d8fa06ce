/* cohmark diff: what changed between two reports, in words. */
#ifndef CM_ENGINE_REPORT_DIFF_H
#define CM_ENGINE_REPORT_DIFF_H

#include "engine/report/remarks.h"

typedef struct cm_diff_options {
    double
        tolerance; /* numbers a and b are the same when |a - b| <= tolerance * max(|a|, |b|); 0: same bits */
} cm_diff_options;

/* Compares two report.xml, each validated first. Adds a CM_REMARK_CHANGED per difference, a CM_REMARK_HOLDS
 * per part that is the same, CM_REMARK_UNCHECKED for what one of them does not carry. How a run went
 * (<execution>) is not compared. Cases are read as a stream: memory does not grow with them but for their
 * ids. Errors: those of reading a report. Not collective. */
cm_status cm_diff(const char *a, const char *b, const cm_diff_options *options, cm_remarks *remarks,
                  cm_error *err);

#endif
