/* Confidence intervals. Which one belongs to which summary is said in docs/statistics.md and, per value, in
 * every report. Pure, thread-safe; all arrays finite. Errors of all: CM_ERR_EMPTY (too few values),
 * CM_ERR_ARG (level outside 0..1, a value that is not finite, counts that contradict each other),
 * CM_ERR_NOMEM. */
#ifndef CM_METRICS_STATISTICS_CONFIDENCE_H
#define CM_METRICS_STATISTICS_CONFIDENCE_H

#include "metrics/statistics/summary.h"

typedef enum cm_interval_method {
    CM_INTERVAL_PERCENTILE = 1,
    CM_INTERVAL_BASIC = 2,
    CM_INTERVAL_BCA = 3,
    CM_INTERVAL_T = 4,
    CM_INTERVAL_WILSON = 5,
    CM_INTERVAL_CLOPPER_PEARSON = 6,
    CM_INTERVAL_ORDER_STATISTIC = 7,
    CM_INTERVAL_DELONG = 8
} cm_interval_method;
/* "percentile" "basic" "bca" "t" "wilson" "clopper-pearson" "order-statistic" "delong" */
const char *cm_interval_method_name(cm_interval_method method);

/* mean -/+ t sd / sqrt(n), df n-1. values [n], n >= 2. */
cm_status cm_interval_t(const double *values, int64_t n, double level, cm_interval *out, cm_error *err);

/* For k of n, n >= 1: the score interval without continuity correction (Wilson 1927). k may be a half count
 * (ties count half). */
cm_status cm_interval_wilson(double k, int64_t n, double level, cm_interval *out, cm_error *err);
/* The exact interval (Clopper & Pearson 1934). */
cm_status cm_interval_clopper_pearson(int64_t k, int64_t n, double level, cm_interval *out, cm_error *err);

/* Of the median: the narrowest symmetric pair of order statistics x(j), x(n+1-j) whose binomial coverage is
 * at least level (Conover 1999, 3.2); the sample's range when even that covers less, coverage says what is
 * reached. values [n], n >= 1. No assumption but independent cases; bootstrap intervals of a median are poor.
 */
cm_status cm_interval_median(const double *values, int64_t n, double level, cm_interval *out,
                             double *coverage, cm_error *err);

/* From replicate values of a statistic (permuted; [n], n >= 1) and its estimate: percentile (type 7), basic
 * (2 estimate - percentile), BCa (Efron 1987): bias z0 from the share of replicates below the estimate, equal
 * ones counted half; acceleration from jackknife values [n_jackknife] (the statistic with one drawn unit left
 * out each), 0 when they are all equal. BCa falls back to percentile, and says so in *used, when every
 * replicate lies on one side of the estimate or n_jackknife < 2. */
cm_status cm_interval_bootstrap(cm_interval_method method, double *replicates, int64_t n, double estimate,
                                const double *jackknife, int64_t n_jackknife, double level, cm_interval *out,
                                cm_interval_method *used, cm_error *err);

/* Cut at bounds that the quantity cannot leave, infinite where there are none: what is cut off could not be
 * the truth, so the rest covers it as often. For intervals by normal quantiles. */
void cm_interval_cut(cm_interval *interval, double least, double greatest);

#endif
