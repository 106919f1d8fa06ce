/* Shift, win probability, detectable difference, equivalence. */
#include "metrics/statistics/effect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/confidence.h"
#include "metrics/statistics/distribution.h"
#include "metrics/statistics/significance.h"

static cm_status take_differences(const double *a, const double *b, int64_t n, int64_t least, double **d,
                                  cm_error *err)
{
    if (n < least)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "too few pairs for an effect",
                       .why = cm_strf("%lld, at least %lld", (long long)n, (long long)least).s);
    double *all = malloc((size_t)n * sizeof *all);
    if (!all)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for an effect",
                       .why = cm_strf("%lld pairs", (long long)n).s);
    for (int64_t i = 0; i < n; i++) {
        all[i] = a[i] - b[i];
        if (isfinite(all[i])) continue;
        free(all);
        return CM_FAIL(err, CM_ERR_ARG, .what = "a difference is not finite",
                       .why = cm_strf("pair %lld of %lld", (long long)i + 1, (long long)n).s);
    }
    *d = all;
    return CM_OK;
}

static cm_status check_level(double level, cm_error *err)
{
    if (level > 0 && level < 1) return CM_OK;
    return CM_FAIL(err, CM_ERR_ARG, .what = "a level lies between 0 and 1", .why = cm_strf("%g", level).s);
}

/* -- Hodges-Lehmann ------------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Walsh averages of the sorted d that are <= t. */
static int64_t count_up_to(const double *d, int64_t n, double t)
{
    int64_t count = 0, j = n - 1;
    for (int64_t i = 0; i < n && i <= j; i++) { /* as i grows the last partner moves down */
        while (j >= i && (d[i] + d[j]) / 2 > t)
            j--;
        if (j >= i) count += j - i + 1;
    }
    return count;
}

/* Doubles in their order as whole numbers, and back, so that they can be bisected. */
static int64_t to_order(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_order(int64_t order)
{
    const int64_t bits = order < 0 ? INT64_MIN - order : order;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The k-th smallest Walsh average, k from 1: the least double with at least k averages up to it. */
static double walsh(const double *d, int64_t n, int64_t k)
{
    int64_t low = to_order(d[0]), high = to_order(d[n - 1]);
    while (low < high) {
        const int64_t middle = (low & high) + ((low ^ high) >> 1); /* rounds down, cannot overflow */
        if (count_up_to(d, n, from_order(middle)) >= k)
            high = middle;
        else
            low = middle + 1;
    }
    return from_order(low);
}

/* Largest q with P(V < q) <= alpha/2, V the signed-rank statistic of n distinct ranks: R's qsignrank. */
static int64_t signed_rank_quantile(int64_t n, double alpha)
{
    const double total = (double)n * (double)(n + 1);
    if (n > CM_WILCOXON_EXACT_MAX) {
        const double sd = sqrt(total * (double)(2 * n + 1) / 24);
        return (int64_t)floor(total / 4 + cm_normal_quantile(alpha / 2) * sd + 0.5);
    }
    double count[CM_WILCOXON_EXACT_MAX * (CM_WILCOXON_EXACT_MAX + 1) / 2 + 1] = {1};
    int64_t reach = 0;
    for (int64_t r = 1; r <= n; r++) {
        reach += r;
        for (int64_t s = reach; s >= r; s--)
            count[s] += count[s - r];
    }
    double below = 0;
    for (int64_t q = 0; q <= reach; q++) {
        below += ldexp(count[q], (int)-n);
        if (below >= alpha / 2) return q;
    }
    return reach;
}

cm_status cm_hodges_lehmann(const double *a, const double *b, int64_t n, double level, cm_shift *out,
                            cm_error *err)
{
    double *d = NULL;
    cm_status st = check_level(level, err);
    if (!st) st = take_differences(a, b, n, 1, &d, err);
    if (st) return st;
    qsort(d, (size_t)n, sizeof *d, by_value);
    const int64_t pairs = n * (n + 1) / 2;
    *out = (cm_shift){.estimate = walsh(d, n, (pairs + 1) / 2)};
    if (pairs % 2 == 0) out->estimate = (out->estimate + walsh(d, n, pairs / 2 + 1)) / 2;
    /* P(V < q) must stay within alpha/2 for some q >= 1, else no end is excluded. */
    const int64_t q = signed_rank_quantile(n, 1 - level);
    out->has_interval = q >= 1;
    if (out->has_interval)
        out->interval =
            (cm_interval){.low = walsh(d, n, q), .high = walsh(d, n, pairs + 1 - q), .level = level};
    free(d);
    return CM_OK;
}

/* -- the others ---------------------------------------------------------------------------------------- */

cm_status cm_win_probability(const double *a, const double *b, int64_t n, cm_direction direction,
                             double level, cm_win *out, cm_error *err)
{
    *out = (cm_win){0};
    for (int64_t i = 0; i < n; i++) {
        double x = a[i], y = b[i];
        if (cm_direction_has_target(direction)) {
            x = cm_direction_miss(direction, x);
            y = cm_direction_miss(direction, y);
        }
        const bool larger_wins = direction == CM_HIGHER_IS_BETTER;
        out->ties += x == y;
        out->wins += larger_wins ? x > y : x < y;
        out->losses += larger_wins ? x < y : x > y;
    }
    const double score = (double)out->wins + 0.5 * (double)out->ties;
    const cm_status st = cm_interval_wilson(score, n, level, &out->interval, err);
    if (!st) out->probability = score / (double)n;
    return st;
}

cm_status cm_detectable_difference(const double *a, const double *b, int64_t n, double level, double power,
                                   double *out, cm_error *err)
{
    double *d = NULL;
    cm_summary s;
    cm_status st = check_level(level, err);
    if (!st) st = check_level(power, err);
    if (!st) st = take_differences(a, b, n, 2, &d, err);
    if (!st) st = cm_summarise(d, n, &s, err);
    if (!st)
        *out = (cm_normal_quantile((1 + level) / 2) + cm_normal_quantile(power)) * s.sd / sqrt((double)n);
    free(d);
    return st;
}

cm_status cm_equivalence_test(const double *a, const double *b, int64_t n, double margin, double alpha,
                              cm_equivalence *out, cm_error *err)
{
    double *d = NULL;
    cm_summary s;
    if (!(margin > 0) || !(alpha > 0 && alpha < 0.5))
        return CM_FAIL(err, CM_ERR_ARG,
                       .what = "an equivalence test needs a margin above 0 and alpha inside 0..0.5",
                       .why = cm_strf("margin %g, alpha %g", margin, alpha).s);
    cm_status st = take_differences(a, b, n, 2, &d, err);
    if (!st) st = cm_summarise(d, n, &s, err);
    if (!st) st = cm_interval_t(d, n, 1 - 2 * alpha, &out->interval, err);
    if (!st) {
        const double se = s.sd / sqrt((double)n), df = (double)(n - 1);
        const double from_below = se > 0 ? cm_student_above((s.mean + margin) / se, df) : s.mean <= -margin;
        const double from_above = se > 0 ? cm_student_above((margin - s.mean) / se, df) : s.mean >= margin;
        out->p = fmax(from_below, from_above);
        out->equivalent = out->interval.low > -margin && out->interval.high < margin;
    }
    free(d);
    return st;
}
