/* Summaries of per-case values. */
#include "metrics/statistics/summary.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/sum.h"

static double mean_of(const double *values, int64_t n)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < n; i++)
        cm_sum_add(&sum, values[i]);
    return cm_sum_value(&sum) / (double)n;
}

/* Second pass around the mean; n >= 2. */
static double sd_of(const double *values, int64_t n, double mean)
{
    cm_sum squares = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        const double d = values[i] - mean;
        cm_sum_add(&squares, d * d);
    }
    return sqrt(cm_sum_value(&squares) / (double)(n - 1));
}

static void find_whiskers(const double *values, cm_summary *s)
{
    const double reach = 1.5 * (s->q3 - s->q1), low = s->q1 - reach, high = s->q3 + reach;
    s->whisker_low = s->maximum;
    s->whisker_high = s->minimum;
    for (int64_t i = 0; i < s->n; i++) {
        if (values[i] < low || values[i] > high) {
            s->outliers++;
            continue;
        }
        if (values[i] < s->whisker_low) s->whisker_low = values[i];
        if (values[i] > s->whisker_high) s->whisker_high = values[i];
    }
}

cm_status cm_summarise(const double *values, int64_t n, cm_summary *out, cm_error *err)
{
    if (n < 1) return CM_FAIL(err, CM_ERR_EMPTY, .what = "no values to summarise");
    cm_summary s = {.n = n, .minimum = values[0], .maximum = values[0], .has_sd = n > 1};
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a value to summarise is not finite",
                           .why = cm_strf("value %lld of %lld", (long long)i + 1, (long long)n).s);
        if (values[i] < s.minimum) s.minimum = values[i];
        if (values[i] > s.maximum) s.maximum = values[i];
    }
    s.mean = mean_of(values, n);
    if (s.has_sd) s.sd = sd_of(values, n, s.mean);
    if (!isfinite(s.mean) || !isfinite(s.sd))
        return CM_FAIL(err, CM_ERR_ARG, .what = "the values to summarise are too large to add up");
    double *scratch = malloc((size_t)n * sizeof *scratch);
    if (!scratch)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a summary",
                       .why = cm_strf("of %lld values", (long long)n).s);
    s.q1 = cm_quantile7(values, n, 0.25, scratch);
    s.median = cm_quantile7(values, n, 0.5, scratch);
    s.q3 = cm_quantile7(values, n, 0.75, scratch);
    s.p10 = cm_quantile7(values, n, 0.1, scratch);
    s.p90 = cm_quantile7(values, n, 0.9, scratch);
    find_whiskers(values, &s);
    free(scratch);
    *out = s;
    return CM_OK;
}
