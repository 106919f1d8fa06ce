/* Curves of classifiers and detectors in the report. */
#ifndef CM_ENGINE_REPORT_CURVES_INTERNAL_H
#define CM_ENGINE_REPORT_CURVES_INTERNAL_H

#include "engine/report/write_internal.h"
#include "metrics/curve.h"

typedef struct cm_drawn_curve {
    cm_curve_kind kind;
    int tool, target, metric; /* metric: of a free-response curve; else -1 */
    cm_curve curve;           /* no points: not defined, or not to be shown */
} cm_drawn_curve;

typedef struct cm_curves {
    int n;
    cm_drawn_curve *curve;
} cm_curves;

/* *out NULL, and no error, when the task has no curves or nothing may be shown. Errors: CM_ERR_NOMEM,
 * CM_ERR_ARG (evidence that contradicts itself). */
cm_status cm_curves_create(const cm_aggregates *a, cm_curves **out, cm_error *err);
void cm_curves_destroy(cm_curves *curves); /* NULL is fine */

#endif
