/* Summaries and intervals of per-case values, and the first ranking. Pure; same bits for any thread count. */
#ifndef CM_METRICS_STATISTICS_SUMMARY_H
#define CM_METRICS_STATISTICS_SUMMARY_H

#include "engine/base/random.h"
#include "engine/base/threads.h"
#include "metrics/classification.h"
#include "metrics/metric.h"
#include "metrics/statistics/resample.h"

/* sd with n-1 (undefined for n < 2: has_sd false), quantiles type 7. Sums are compensated (Neumaier) in input
 * order. Whiskers (Tukey 1977): the smallest and largest value within 1.5 (q3 - q1) of the quartiles. */
typedef struct cm_summary {
    int64_t n, outliers; /* outliers: values beyond the whiskers */
    double mean, sd, median, q1, q3, p10, p90, minimum, maximum, whisker_low, whisker_high;
    bool has_sd;
} cm_summary;
/* CM_ERR_EMPTY for n == 0; CM_ERR_ARG for a value that is not finite or sums that are not; CM_ERR_NOMEM. */
cm_status cm_summarise(const double *values, int64_t n, cm_summary *out, cm_error *err);
/* Type 7 quantile of finite values (copied into a caller-given scratch[n] and selected there); n >= 1, p in 0
 * to 1. */
double cm_quantile7(const double *values, int64_t n, double p, double *scratch);

typedef struct cm_interval {
    double low, high, level; /* level e.g. 0.95 */
    int64_t replicates;
} cm_interval;
/* Percentile bootstrap of the mean. sampling: which cases are drawn together (resample.h), over n cases; NULL
 * = every case by itself. Replicate b holds value i times[i] times (cm_sampling_draw); its mean is the sum
 * over them divided by their number. The limits are type 7 quantiles at (1-level)/2 and 1-(1-level)/2 of the
 * replicate means. 0 < level < 1; replicates 1..10,000,000. One unit gives an interval of no width. Errors:
 * CM_ERR_EMPTY (n == 0), CM_ERR_ARG, CM_ERR_NOMEM. */
cm_status cm_bootstrap_mean(cm_threads *pool, const double *values, int64_t n, const cm_sampling *sampling,
                            double level, int64_t replicates, cm_random r, cm_interval *out, cm_error *err);
/* The same of many rows over the same cases, values [n_rows][n], n_rows 1..1000: every cohort is drawn once
 * for all, and the sums are exact (ranking.h), so that the last bits may differ from those of
 * cm_bootstrap_mean. out [n_rows]. Also CM_ERR_LIMIT (a resampled cohort holds a case more than 255 times);
 * CM_ERR_ARG for a value beyond 1e290. */
cm_status cm_bootstrap_means(cm_threads *pool, const double *values, int n_rows, int64_t n,
                             const cm_sampling *sampling, double level, int64_t replicates, cm_random r,
                             cm_interval *out, cm_error *err);
/* The same resampling for a per-cohort classification metric; macro: c < 0. Replicates where the metric is
 * undefined are left out and counted in *undefined (out->replicates counts those used). CM_ERR_EMPTY when
 * none is left. data->weight must be NULL. Other errors as cm_classify_one. */
cm_status cm_bootstrap_classification(cm_threads *pool, const cm_metric *metric, const cm_classified *data,
                                      int c, const cm_sampling *sampling, double level, int64_t replicates,
                                      cm_random r, cm_interval *out, int64_t *undefined, cm_error *err);
/* The same of what results are compared by (cm_classify_compared). */
cm_status cm_bootstrap_compared(cm_threads *pool, const cm_metric *metric, const cm_classified *data, int c,
                                const cm_sampling *sampling, double level, int64_t replicates, cm_random r,
                                cm_interval *out, int64_t *undefined, cm_error *err);

/* Places 1.. with ties "min" by value in the metric's direction; tools without a value (has[i] false) share
 * the last place n_with + 1. */
void cm_places(const double *value, const bool *has, int n, cm_direction direction, int *place);

#endif
