/* The classes that OpenEBench shows beside a comparison. Rules, where public implementations disagree:
 * squares and diagonals as inab/bench_event_api computes them (rule "oeb-api" 1), clusters as the npm package
 * `clusters` 0.0.4 of the web widget, 1 = best (rule "oeb-widget" 1), quartiles of a bar plot as the current
 * widget draws them, Pareto by strict dominance. Pure; thread-safe. Values must be finite: CM_ERR_ARG says
 * which one is not (the public tools go on and answer nonsense). Errors otherwise: CM_ERR_EMPTY,
 * CM_ERR_NOMEM. */
#ifndef CM_METRICS_STATISTICS_CLASSES_H
#define CM_METRICS_STATISTICS_CLASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

/* n tools with `dimensions` (1 or 2) values each: value[t * dimensions + d]; higher[d]: larger is better. The
 * order of the tools matters for clusters (seeds) only. */
typedef struct cm_class_points {
    int n, dimensions;
    const double *value;
    bool higher[2];
} cm_class_points;

typedef struct cm_oeb_classes {
    double median[2];       /* of each dimension, which cut the squares */
    double percentile[3];   /* 25, 50, 75 of the diagonal scores, type 7 */
    double *diagonal_score; /* [n] */
    int *square;            /* [n] 1..4 (1..2 with one dimension): 1 + bit x + 2 bit y, a bit is set where
                               the value is not on the good side of the median */
    int *diagonal;          /* [n] 1..4 */
    int *cluster;           /* [n] 1..4, numbers may be skipped when tools are few */
    bool *pareto;           /* [n]: no other tool is at least as good in all and better in one */
    bool all_negative[2];   /* the largest value of a dimension is negative: the diagonal and cluster scores,
                               which divide by it, reverse its order; a report should say so */
    int *quartile;          /* [n] 1..4, one dimension only; NULL otherwise */
    double quartile_cut[3]; /* one dimension: medians of the lower half, all, upper half */
} cm_oeb_classes;

cm_status cm_oeb_classify(const cm_class_points *points, cm_oeb_classes **out, cm_error *err);
void cm_oeb_classes_destroy(cm_oeb_classes *c); /* NULL is fine */

#endif
