/* Intervals in closed form, by order statistics, and from replicates. */
#include "metrics/statistics/confidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/distribution.h"
#include "metrics/statistics/quantile.h"
#include "metrics/statistics/sum.h"

const char *cm_interval_method_name(cm_interval_method method)
{
    switch (method) {
    case CM_INTERVAL_PERCENTILE:
        return "percentile";
    case CM_INTERVAL_BASIC:
        return "basic";
    case CM_INTERVAL_BCA:
        return "bca";
    case CM_INTERVAL_T:
        return "t";
    case CM_INTERVAL_WILSON:
        return "wilson";
    case CM_INTERVAL_CLOPPER_PEARSON:
        return "clopper-pearson";
    case CM_INTERVAL_ORDER_STATISTIC:
        return "order-statistic";
    case CM_INTERVAL_DELONG:
        return "delong";
    }
    return "";
}

static cm_status check(const double *values, int64_t n, int64_t least, double level, cm_error *err)
{
    if (n < least)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "too few values for an interval",
                       .why = cm_strf("%lld, at least %lld", (long long)n, (long long)least).s);
    if (!(level > 0 && level < 1))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a confidence level lies between 0 and 1",
                       .why = cm_strf("%g", level).s);
    for (int64_t i = 0; values && i < n; i++)
        if (!isfinite(values[i]))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a value of an interval is not finite",
                           .why = cm_strf("value %lld of %lld", (long long)i + 1, (long long)n).s);
    return CM_OK;
}

cm_status cm_interval_t(const double *values, int64_t n, double level, cm_interval *out, cm_error *err)
{
    cm_status st = check(values, n, 2, level, err);
    cm_summary s;
    if (!st) st = cm_summarise(values, n, &s, err);
    if (st) return st;
    const double half = cm_student_quantile((1 + level) / 2, (double)(n - 1)) * s.sd / sqrt((double)n);
    *out = (cm_interval){.low = s.mean - half, .high = s.mean + half, .level = level};
    return CM_OK;
}

static cm_status check_counts(double k, int64_t n, double level, cm_error *err)
{
    const cm_status st = check(NULL, n, 1, level, err);
    if (st) return st;
    if (k >= 0 && k <= (double)n) return CM_OK;
    return CM_FAIL(err, CM_ERR_ARG, .what = "a count is larger than its total",
                   .why = cm_strf("%g of %lld", k, (long long)n).s);
}

cm_status cm_interval_wilson(double k, int64_t n, double level, cm_interval *out, cm_error *err)
{
    const cm_status st = check_counts(k, n, level, err);
    if (st) return st;
    const double z = cm_normal_quantile((1 + level) / 2), total = (double)n, p = k / total;
    const double centre = p + z * z / (2 * total), scale = 1 + z * z / total;
    const double half = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total));
    *out = (cm_interval){.low = k > 0 ? (centre - half) / scale : 0,
                         .high = k < total ? (centre + half) / scale : 1,
                         .level = level};
    return CM_OK;
}

cm_status cm_interval_clopper_pearson(int64_t k, int64_t n, double level, cm_interval *out, cm_error *err)
{
    const cm_status st = check_counts((double)k, n, level, err);
    if (st) return st;
    const double tail = (1 - level) / 2;
    *out = (cm_interval){.low = k ? cm_beta_quantile(tail, (double)k, (double)(n - k + 1)) : 0,
                         .high = k < n ? cm_beta_quantile(1 - tail, (double)(k + 1), (double)(n - k)) : 1,
                         .level = level};
    return CM_OK;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

cm_status cm_interval_median(const double *values, int64_t n, double level, cm_interval *out,
                             double *coverage, cm_error *err)
{
    const cm_status st = check(values, n, 1, level, err);
    if (st) return st;
    double *sorted = malloc((size_t)n * sizeof *sorted);
    if (!sorted)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the interval of a median",
                       .why = cm_strf("%lld values", (long long)n).s);
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    /* x(j), x(n+1-j) miss the median with probability 2 P(X < j): the largest j that still covers. */
    int64_t low = 1, high = (n + 1) / 2;
    while (low < high) {
        const int64_t j = low + (high - low + 1) / 2;
        if (1 - 2 * cm_coin_below(j - 1, n) >= level)
            low = j;
        else
            high = j - 1;
    }
    *out = (cm_interval){.low = sorted[low - 1], .high = sorted[n - low], .level = level};
    *coverage = 1 - 2 * cm_coin_below(low - 1, n);
    free(sorted);
    return CM_OK;
}

/* Efron's acceleration: sum d^3 / (6 (sum d^2)^(3/2)), d = mean - value. */
static double acceleration(const double *jackknife, int64_t n)
{
    cm_sum sum = {0, 0}, squares = {0, 0}, cubes = {0, 0};
    for (int64_t i = 0; i < n; i++)
        cm_sum_add(&sum, jackknife[i]);
    const double mean = cm_sum_value(&sum) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = mean - jackknife[i];
        cm_sum_add(&squares, d * d);
        cm_sum_add(&cubes, d * d * d);
    }
    const double q = cm_sum_value(&squares);
    return q > 0 ? cm_sum_value(&cubes) / (6 * q * sqrt(q)) : 0;
}

/* The two probabilities at which BCa reads the replicates; false when the bias cannot be told. */
static bool bca_levels(const double *replicates, int64_t n, double estimate, const double *jackknife,
                       int64_t n_jackknife, double level, double p[2])
{
    int64_t below = 0, equal = 0;
    for (int64_t i = 0; i < n; i++) {
        below += replicates[i] < estimate;
        equal += replicates[i] == estimate;
    }
    const double share = ((double)below + 0.5 * (double)equal) / (double)n;
    if (!(share > 0 && share < 1) || n_jackknife < 2) return false;
    const double z0 = cm_normal_quantile(share), a = acceleration(jackknife, n_jackknife);
    for (int side = 0; side < 2; side++) {
        const double z = z0 + cm_normal_quantile(side ? (1 + level) / 2 : (1 - level) / 2);
        if (!(1 - a * z > 0)) return false;
        p[side] = cm_normal_below(z0 + z / (1 - a * z));
    }
    return true;
}

cm_status cm_interval_bootstrap(cm_interval_method method, double *replicates, int64_t n, double estimate,
                                const double *jackknife, int64_t n_jackknife, double level, cm_interval *out,
                                cm_interval_method *used, cm_error *err)
{
    const cm_status st = check(replicates, n, 1, level, err);
    if (st) return st;
    if (method < CM_INTERVAL_PERCENTILE || method > CM_INTERVAL_BCA)
        return CM_FAIL(err, CM_ERR_ARG, .what = "this interval is not made from replicates",
                       .why = cm_interval_method_name(method));
    double p[2] = {(1 - level) / 2, 1 - (1 - level) / 2};
    if (method == CM_INTERVAL_BCA && !bca_levels(replicates, n, estimate, jackknife, n_jackknife, level, p))
        method = CM_INTERVAL_PERCENTILE;
    const double low = cm_quantile7_permuting(replicates, n, p[0]);
    const double high = cm_quantile7_permuting(replicates, n, p[1]);
    const bool basic = method == CM_INTERVAL_BASIC;
    *out = (cm_interval){.low = basic ? 2 * estimate - high : low,
                         .high = basic ? 2 * estimate - low : high,
                         .level = level,
                         .replicates = n};
    *used = method;
    return CM_OK;
}

void cm_interval_cut(cm_interval *interval, double least, double greatest)
{
    interval->low = fmax(interval->low, least);
    interval->high = fmin(interval->high, greatest);
}
