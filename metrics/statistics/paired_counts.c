/* McNemar's test and corrections for several tests. */
#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/distribution.h"
#include "metrics/statistics/significance.h"

cm_status cm_test_mcnemar(int64_t b, int64_t c, cm_alternative alternative, cm_test *out, cm_error *err)
{
    if (b < 0 || c < 0 || b > INT64_MAX / 2 || c > INT64_MAX / 2)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a count of discordant cases is negative",
                       .why = cm_strf("%lld and %lld", (long long)b, (long long)c).s);
    const int64_t n = b + c;
    *out = (cm_test){.defined = n > 0, .exact = true, .n = n, .statistic = (double)b, .p = 1};
    const double above = cm_coin_below(c, n); /* P(X >= b) = P(n - X <= c) */
    const double below = cm_coin_below(b, n);
    const double both = 2 * (above < below ? above : below);
    out->p = alternative == CM_GREATER ? above : alternative == CM_LESS ? below : both < 1 ? both : 1;
    return CM_OK;
}

const char *cm_adjustment_name(cm_adjustment a)
{
    switch (a) {
    case CM_ADJUST_NONE:
        return "none";
    case CM_ADJUST_BONFERRONI:
        return "bonferroni";
    case CM_ADJUST_HOLM:
        return "holm";
    case CM_ADJUST_HOCHBERG:
        return "hochberg";
    case CM_ADJUST_BH:
        return "bh";
    case CM_ADJUST_BY:
        return "by";
    }
    return "";
}

typedef struct numbered {
    double p;
    int64_t at;
} numbered;

static int by_p(const void *a, const void *b)
{
    const numbered *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* What the i-th smallest of n is multiplied by, i from 0. */
static double factor(cm_adjustment method, int64_t i, int64_t n, double harmonic)
{
    switch (method) {
    case CM_ADJUST_HOLM:
    case CM_ADJUST_HOCHBERG:
        return (double)(n - i);
    case CM_ADJUST_BH:
        return (double)n / (double)(i + 1);
    case CM_ADJUST_BY:
        return harmonic * (double)n / (double)(i + 1);
    case CM_ADJUST_BONFERRONI:
        return (double)n;
    case CM_ADJUST_NONE:
        break;
    }
    return 1;
}

cm_status cm_adjust(cm_adjustment method, double *p, int64_t n, cm_error *err)
{
    if (method == CM_ADJUST_NONE || n < 1) return CM_OK;
    numbered *sorted = malloc((size_t)n * sizeof *sorted);
    if (!sorted)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to adjust p-values",
                       .why = cm_strf("%lld of them", (long long)n).s);
    double harmonic = 0;
    for (int64_t i = 0; i < n; i++) {
        sorted[i] = (numbered){p[i], i};
        harmonic += 1 / (double)(i + 1);
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_p);
    for (int64_t i = 0; i < n; i++)
        sorted[i].p = fmin(1, sorted[i].p * factor(method, i, n, harmonic));
    if (method == CM_ADJUST_HOLM) /* step down */
        for (int64_t i = 1; i < n; i++)
            sorted[i].p = fmax(sorted[i].p, sorted[i - 1].p);
    else if (method != CM_ADJUST_BONFERRONI) /* step up */
        for (int64_t i = n - 2; i >= 0; i--)
            sorted[i].p = fmin(sorted[i].p, sorted[i + 1].p);
    for (int64_t i = 0; i < n; i++)
        p[sorted[i].at] = sorted[i].p;
    free(sorted);
    return CM_OK;
}
