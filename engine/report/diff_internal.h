/* What the parts of a comparison of two reports share. */
#ifndef CM_ENGINE_REPORT_DIFF_INTERNAL_H
#define CM_ENGINE_REPORT_DIFF_INTERNAL_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "engine/report/diff.h"

/* Whether two numbers differ by more than the tolerance. */
bool cm_diff_beyond(double a, double b, double tolerance);
/* Whatever else of two <results> but the cases differs, element by element. */
void cm_diff_details(xmlNodePtr a, xmlNodePtr b, double tolerance, cm_remarks *f);
/* The cases of two reports: which there are, what came of them, their values. */
cm_status cm_diff_cases(const char *a, const char *b, double tolerance, cm_remarks *f, cm_error *err);

#endif
