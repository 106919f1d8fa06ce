/* OpenEBench's classes of the tools: every metric of every target by itself, and pairs of metrics. */
#ifndef CM_ENGINE_REPORT_CLASS_VIEWS_INTERNAL_H
#define CM_ENGINE_REPORT_CLASS_VIEWS_INTERNAL_H

#include "engine/report/aggregate_internal.h"
#include "metrics/statistics/classes.h"

/* With more metrics only the pairs that hold the ranking metric are classified: pairs grow with the square.
 */
enum { CM_METRICS_FOR_ALL_PAIRS = 10 };

/* One or two metrics of a target. x is the first in the bench's order, unless it is a distance and the other
 * is not: distances go up the y axis, as in openebench.json. */
typedef struct cm_class_view {
    int target, dimensions, metric[2];
    int n;                   /* tools with a number on every axis, not hidden */
    int *tool;               /* [n], in input order: the seeds of the clusters */
    double *value;           /* [n * dimensions] */
    cm_oeb_classes *classes; /* NULL when n = 0 */
} cm_class_view;

typedef struct cm_class_views {
    bool all_pairs;
    int n;
    cm_class_view *view; /* by target: pairs, then single metrics */
} cm_class_views;

/* Errors: CM_ERR_NOMEM. */
cm_status cm_class_views_create(const cm_aggregates *a, cm_class_views **out, cm_error *err);
void cm_class_views_destroy(cm_class_views *v); /* NULL is fine */

/* Larger is better on this axis. */
bool cm_class_axis_rises(const cm_aggregates *a, int metric);

#endif
