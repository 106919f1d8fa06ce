/* Classification metrics of a set of cases. Exact: sorted scores, integer pair counts. Pure, thread-safe. */
#ifndef CM_METRICS_CLASSIFICATION_H
#define CM_METRICS_CLASSIFICATION_H

#include "metrics/metric.h"

/* n cases, k classes. truth[i] in 0..k-1. decided[i]: the class the tool chose. score: [n][k] row-major.
 * weight[i] >= 0: how often case i counts (a bootstrap replicate); NULL = once each. */
typedef struct cm_classified {
    int64_t n;
    int k;
    const int32_t *truth, *decided;
    const double *score;
    const int32_t *weight;
} cm_classified;

/* Several metrics of the same cases, which are sorted once for all. c: the class against the rest, or < 0 for
 * the macro values; see below. values: [n_metrics], fully written, undefined after a failure. Errors:
 * CM_ERR_ARG (a segmentation metric, k < 2, c >= k, a class outside 0..k-1, a score that is not finite, a
 * negative weight), CM_ERR_NOMEM. */
cm_status cm_classify(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                      cm_metric_value *values, cm_error *err);

/* One-vs-rest for class c (for a binary task the positive class is 1). Undefined on 0/0 or a missing class.
 * On a failure the value is undefined and *err is filled: CM_ERR_ARG (a segmentation metric, k < 2, c outside
 * 0..k-1, a class outside 0..k-1, a score that is not finite, a negative weight), CM_ERR_NOMEM. */
cm_metric_value cm_classify_one(const cm_metric *metric, const cm_classified *data, int c, cm_error *err);
/* Over all classes: by the multi-class definition where the row of the metric has one (ACC, MCC, KAPPA ...),
 * the others as unweighted mean over classes, undefined when any class is. Failures as above. */
cm_metric_value cm_classify_macro(const cm_metric *metric, const cm_classified *data, cm_error *err);
/* What results are compared by (cm_direction_compared): for a metric with a target the distance of class c,
 * or, c < 0, the mean of the classes' distances; else the value. Failures as above. */
cm_metric_value cm_classify_compared(const cm_metric *metric, const cm_classified *data, int c,
                                     cm_error *err);

#endif
