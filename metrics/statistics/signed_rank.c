/* Wilcoxon's signed-rank test and the sign-flip permutation test. */
#include "metrics/statistics/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/distribution.h"
#include "metrics/statistics/sum.h"

static cm_status no_memory(int64_t n, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a paired test",
                   .why = cm_strf("%lld pairs", (long long)n).s);
}

/* Differences into d; CM_ERR_ARG unless finite. */
static cm_status differences(const double *a, const double *b, int64_t n, double *d, cm_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        d[i] = a[i] - b[i];
        if (!isfinite(d[i]))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a difference to test is not finite",
                           .why = cm_strf("pair %lld of %lld", (long long)i + 1, (long long)n).s);
    }
    return CM_OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* Twice the mean rank of each sorted |d|; returns the sum over ties of t^3 - t. */
static double double_ranks(const double *d, int64_t n, int64_t *rank2)
{
    double ties = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && fabs(d[end]) == fabs(d[i]))
            end++;
        const double t = (double)(end - i);
        ties += t * t * t - t;
        for (int64_t j = i; j < end; j++)
            rank2[j] = i + end + 1;
        i = end;
    }
    return ties;
}

double cm_wilcoxon_normal_p(double v, double n, double tie_sum, cm_alternative alternative)
{
    const double variance = n * (n + 1) * (2 * n + 1) / 24 - tie_sum / 48;
    const double centred = v - n * (n + 1) / 4;
    const double sign = alternative == CM_GREATER ? 1
                        : alternative == CM_LESS  ? -1
                                                  : (centred > 0) - (centred < 0);
    if (!(variance > 0)) return 1;
    const double z = (centred - sign * 0.5) / sqrt(variance);
    if (alternative == CM_GREATER) return cm_normal_above(z);
    if (alternative == CM_LESS) return cm_normal_below(z);
    const double tail = cm_normal_above(fabs(z));
    return 2 * tail < 1 ? 2 * tail : 1;
}

/* P(V2 >= v2) and P(V2 <= v2) for the sum V2 of doubled ranks with random signs: counts by dynamic
 * programming, exact in double up to 2^53 patterns. */
static cm_status exact_tails(const int64_t *rank2, int64_t n, int64_t v2, double *above, double *below,
                             cm_error *err)
{
    const int64_t most = n * (n + 1);
    double *count = calloc((size_t)most + 1, sizeof *count);
    if (!count) return no_memory(n, err);
    count[0] = 1;
    int64_t reach = 0;
    for (int64_t i = 0; i < n; i++) {
        reach += rank2[i];
        for (int64_t s = reach; s >= rank2[i]; s--)
            count[s] += count[s - rank2[i]];
    }
    double high = 0, low = 0;
    for (int64_t s = 0; s <= most; s++) {
        if (s >= v2) high += count[s];
        if (s <= v2) low += count[s];
    }
    *above = ldexp(high, (int)-n);
    *below = ldexp(low, (int)-n);
    free(count);
    return CM_OK;
}

static cm_status signed_rank(double *d, int64_t n, int64_t *rank2, cm_alternative alternative,
                             cm_wilcoxon how, cm_test *out, cm_error *err)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (d[i] != 0) d[kept++] = d[i];
    *out = (cm_test){.n = kept, .p = 1};
    if (kept == 0) return CM_OK;
    qsort(d, (size_t)kept, sizeof *d, by_size);
    const double ties = double_ranks(d, kept, rank2);
    int64_t v2 = 0;
    for (int64_t i = 0; i < kept; i++)
        if (d[i] > 0) v2 += rank2[i];
    out->defined = true;
    out->statistic = (double)v2 / 2;
    out->exact = how == CM_WILCOXON_EXACT || (how == CM_WILCOXON_AUTO && kept <= CM_WILCOXON_EXACT_MAX);
    if (!out->exact) {
        out->p = cm_wilcoxon_normal_p(out->statistic, (double)kept, ties, alternative);
        return CM_OK;
    }
    if (kept > CM_WILCOXON_EXACT_MAX)
        return CM_FAIL(err, CM_ERR_ARG, .what = "too many pairs for the exact signed-rank test",
                       .why = cm_strf("%lld, at most %d", (long long)kept, CM_WILCOXON_EXACT_MAX).s);
    double above = 0, below = 0;
    const cm_status st = exact_tails(rank2, kept, v2, &above, &below, err);
    const double both = 2 * (above < below ? above : below);
    out->p = alternative == CM_GREATER ? above : alternative == CM_LESS ? below : both < 1 ? both : 1;
    return st;
}

cm_status cm_test_wilcoxon(const double *a, const double *b, int64_t n, cm_alternative alternative,
                           cm_wilcoxon how, cm_test *out, cm_error *err)
{
    double *d = malloc(((size_t)n + 1) * sizeof *d);
    int64_t *rank2 = malloc(((size_t)n + 1) * sizeof *rank2);
    cm_status st = d && rank2 ? differences(a, b, n, d, err) : no_memory(n, err);
    if (!st) st = signed_rank(d, n, rank2, alternative, how, out, err);
    free(d);
    free(rank2);
    return st;
}

/* -- sign flips ---------------------------------------------------------------------------------------- */

enum { PATTERNS_PER_TASK = 64 };

typedef struct flip_job {
    const double *d;
    int64_t n, draws;
    double observed, slack;
    cm_alternative alternative;
    cm_random random;
    int64_t *extreme; /* [tasks] */
} flip_job;

static bool is_extreme(const flip_job *job, double sum)
{
    switch (job->alternative) {
    case CM_GREATER:
        return sum >= job->observed - job->slack;
    case CM_LESS:
        return sum <= job->observed + job->slack;
    case CM_TWO_SIDED:
        break;
    }
    return fabs(sum) >= fabs(job->observed) - job->slack;
}

/* All patterns that share the upper bits `task`, the lower ones by a Gray code; fresh sums now and then would
 * not change a decision: the error of 2^10 additions stays far below the slack. */
enum { GRAY_BITS = 10 };
static void exact_task(void *context, int64_t task, int worker)
{
    const flip_job *job = context;
    (void)worker;
    const int bits = job->n < GRAY_BITS ? (int)job->n : GRAY_BITS;
    double sign[CM_SIGN_FLIP_EXACT_MAX], sum = 0;
    for (int64_t i = 0; i < job->n; i++) {
        sign[i] = i >= bits && (task >> (i - bits) & 1) ? -1 : 1;
        sum += sign[i] * job->d[i];
    }
    int64_t extreme = is_extreme(job, sum);
    for (int64_t pattern = 1; pattern < INT64_C(1) << bits; pattern++) {
        int flipped = 0;
        while (!(pattern >> flipped & 1))
            flipped++;
        sign[flipped] = -sign[flipped];
        sum += 2 * sign[flipped] * job->d[flipped];
        extreme += is_extreme(job, sum);
    }
    job->extreme[task] = extreme;
}

static void drawn_task(void *context, int64_t task, int worker)
{
    const flip_job *job = context;
    (void)worker;
    int64_t extreme = 0;
    const int64_t first = task * PATTERNS_PER_TASK;
    const int64_t last = first + PATTERNS_PER_TASK < job->draws ? first + PATTERNS_PER_TASK : job->draws;
    for (int64_t s = first; s < last; s++) {
        cm_sum sum = {0, 0};
        uint64_t word = 0;
        for (int64_t i = 0; i < job->n; i++) {
            if (i % 64 == 0) word = cm_random_below(job->random, (uint64_t)s, (uint64_t)(i / 64), UINT64_MAX);
            cm_sum_add(&sum, word >> (i % 64) & 1 ? -job->d[i] : job->d[i]);
        }
        extreme += is_extreme(job, cm_sum_value(&sum));
    }
    job->extreme[task] = extreme;
}

static cm_status count_flips(cm_threads *pool, flip_job *job, cm_test *out, cm_error *err)
{
    cm_sum sum = {0, 0}, sizes = {0, 0};
    for (int64_t i = 0; i < job->n; i++) {
        cm_sum_add(&sum, job->d[i]);
        cm_sum_add(&sizes, fabs(job->d[i]));
    }
    job->observed = cm_sum_value(&sum);
    job->slack = 1e-12 * cm_sum_value(&sizes);
    *out = (cm_test){.n = job->n, .p = 1, .exact = job->n <= CM_SIGN_FLIP_EXACT_MAX};
    if (!(job->slack > 0)) return CM_OK;
    const int upper = job->n > GRAY_BITS ? (int)job->n - GRAY_BITS : 0;
    const int64_t tasks =
        out->exact ? INT64_C(1) << upper : (job->draws + PATTERNS_PER_TASK - 1) / PATTERNS_PER_TASK;
    job->extreme = calloc((size_t)tasks, sizeof *job->extreme);
    if (!job->extreme) return no_memory(job->n, err);
    cm_threads_for(pool, tasks, out->exact ? exact_task : drawn_task, job);
    int64_t extreme = 0;
    for (int64_t t = 0; t < tasks; t++)
        extreme += job->extreme[t];
    free(job->extreme);
    out->defined = true;
    out->statistic = job->observed / (double)job->n;
    out->p =
        out->exact ? ldexp((double)extreme, (int)-job->n) : (double)(extreme + 1) / (double)(job->draws + 1);
    return CM_OK;
}

cm_status cm_test_sign_flip(cm_threads *pool, const double *a, const double *b, int64_t n,
                            cm_alternative alternative, int64_t draws, cm_random r, cm_test *out,
                            cm_error *err)
{
    if (n > CM_SIGN_FLIP_EXACT_MAX && (draws < 1 || draws > 10000000))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a permutation test needs 1 to 10,000,000 draws",
                       .why = cm_strf("%lld", (long long)draws).s);
    double *d = malloc(((size_t)n + 1) * sizeof *d);
    cm_status st = d ? differences(a, b, n, d, err) : no_memory(n, err);
    flip_job job = {.d = d, .n = n, .draws = draws, .alternative = alternative, .random = r};
    if (!st) st = count_flips(pool, &job, out, err);
    free(d);
    return st;
}
