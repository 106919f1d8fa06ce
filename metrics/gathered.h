/* Metrics of a cohort of segmentations: values that are no mean of values of cases, such as a FROC curve or
 * counts pooled over cases. A case leaves evidence, a short list of numbers; the value comes from the
 * evidence of all. */
#ifndef CM_METRICS_GATHERED_H
#define CM_METRICS_GATHERED_H

#include "metrics/segmentation.h"
#include "metrics/statistics/resample.h"
#include "metrics/statistics/summary.h"

/* What one case leaves for one metric and target (n 0: nothing, for other metrics). x, owned by whoever holds
 * the struct: [0] size of the reference (voxels or lesions), [1] how many of them were found, [2] size of the
 * prediction, [3] how many of them are right, [4] sum of IoU over pairs; then, for metrics of lesions, the
 * scores (volumes) of the [1] found reference lesions and of the [2] - [3] wrong predicted lesions. Entries
 * that are not there are 0, so the first one alone stands for an empty prediction. */
typedef struct cm_evidence {
    int64_t n;
    double *x;
} cm_evidence;

/* As cm_score_segmentation, which see. evidence: [n_targets][n_metrics], zeroed by the caller; filled for
 * metrics of a cohort, whose `values` are those of a cohort of this case alone. The caller frees every x,
 * also after a failure. */
cm_status cm_score_with_evidence(cm_backend *backend, const cm_pair *pair, const cm_target *targets,
                                 int n_targets, const cm_metric *metrics, int n_metrics,
                                 cm_metric_value *values, cm_evidence *evidence, const cm_stop *stop,
                                 cm_error *err);

/* Whether the metric is of a cohort of segmentations. */
bool cm_metric_is_gathered(const cm_metric *metric);

typedef struct cm_gathered cm_gathered;

/* Borrows cases: [n], one per case in any order. Errors: CM_ERR_ARG (no such metric; evidence that
 * contradicts itself), CM_ERR_NOMEM. Read-only afterwards, shared by threads. */
cm_status cm_gathered_create(const cm_metric *metric, const cm_evidence *cases, int64_t n, cm_gathered **out,
                             cm_error *err);
void cm_gathered_destroy(cm_gathered *gathered); /* NULL is fine */

/* weight: [n] >= 0, how often a case counts; NULL = once each. False: the metric has no value. The same bits
 * for any order of the cases when all sums are of whole numbers. */
bool cm_gathered_value(const cm_gathered *gathered, const int32_t *weight, double *value);

/* Percentile bootstrap of the value over resampled cases; sampling: NULL = single cases. *undefined:
 * replicates without a value. Errors: CM_ERR_EMPTY (none has one), CM_ERR_ARG, CM_ERR_NOMEM. */
cm_status cm_bootstrap_gathered(cm_threads *pool, const cm_gathered *gathered, const cm_sampling *sampling,
                                double level, int64_t replicates, cm_random random, cm_interval *out,
                                int64_t *undefined, cm_error *err);

#endif
