/* Tests over several tools, and what follows from them. */
#include "metrics/statistics/groups.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/distribution.h"
#include "metrics/statistics/ranking_internal.h"

/* -- Friedman ------------------------------------------------------------------------------------------ */

/* Sums of doubled ranks per tool, of their squares over all cells, and the complete cases. */
static int64_t rank_sums(const ranker *r, double *sum, double *squares)
{
    int64_t n = 0;
    *squares = 0;
    for (int t = 0; t < r->n_tools; t++)
        sum[t] = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        bool complete = true;
        for (int t = 0; t < r->n_tools && complete; t++)
            complete = !r->has || r->has[t * r->n_cases + i];
        if (!complete) continue;
        n++;
        for (int t = 0; t < r->n_tools; t++) {
            const double rank2 = r->rank2[t * r->padded + i];
            sum[t] += rank2;
            *squares += rank2 * rank2;
        }
    }
    return n;
}

cm_status cm_test_friedman(cm_threads *pool, const cm_rank_table *table, cm_friedman *out, cm_error *err)
{
    const cm_rank_rule rule = {CM_RANK_THEN_MEAN, CM_TIES_AVERAGE, CM_MISSING_LEFT_OUT, 0, CM_ADJUST_NONE};
    ranker r;
    *out = (cm_friedman){.p = 1, .f_p = 1};
    cm_status st = cm_ranker_init(&r, pool, table, &rule, err);
    if (st) return st;
    const double k = r.n_tools;
    double *sum = malloc((size_t)r.n_tools * sizeof *sum), squares = 0;
    if (sum) {
        out->n = rank_sums(&r, sum, &squares);
        const double n = (double)out->n;
        double between = 0;
        for (int t = 0; t < r.n_tools; t++)
            between += (sum[t] / 2 - n * (k + 1) / 2) * (sum[t] / 2 - n * (k + 1) / 2);
        const double within = squares / 4 - n * k * (k + 1) * (k + 1) / 4;
        out->defined = k > 1 && n > 1 && within > 0;
        if (out->defined) {
            const double rest = n * (k - 1);
            out->statistic = (k - 1) * between / within;
            out->p = cm_chi_squared_above(out->statistic, k - 1);
            const double left = rest - out->statistic;
            out->f = left > 1e-12 * rest ? (n - 1) * out->statistic / left : INFINITY;
            out->f_p = isfinite(out->f) ? cm_f_above(out->f, k - 1, (k - 1) * (n - 1)) : 0;
        }
    } else {
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for Friedman's test");
    }
    free(sum);
    cm_ranker_fini(&r);
    return st;
}

/* -- pairs --------------------------------------------------------------------------------------------- */

void cm_pairwise_destroy(cm_pairwise *w)
{
    if (!w) return;
    free(w->pairs);
    free(w->v);
    free(w->exact);
    free(w->p);
    free(w->adjusted);
    free(w->better);
    free(w);
}

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs");
}

static cm_pairwise *pairwise_of(int n_tools, double alpha, cm_adjustment adjustment)
{
    const size_t cells = (size_t)n_tools * (size_t)n_tools;
    cm_pairwise *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    *w = (cm_pairwise){.n_tools = n_tools,
                       .alpha = alpha,
                       .adjustment = adjustment,
                       .pairs = calloc(cells, sizeof *w->pairs),
                       .v = calloc(cells, sizeof *w->v),
                       .exact = calloc(cells, 1),
                       .p = calloc(cells, sizeof *w->p),
                       .adjusted = calloc(cells, sizeof *w->adjusted),
                       .better = calloc(cells, 1)};
    if (w->pairs && w->v && w->exact && w->p && w->adjusted && w->better) return w;
    cm_pairwise_destroy(w);
    return NULL;
}

/* favour [n * n]: entries i < j, above 0 where i is better. */
static cm_status adjust_pairs(cm_pairwise *w, const double *favour, cm_error *err)
{
    const int n = w->n_tools;
    const size_t count = (size_t)n * (size_t)(n - 1) / 2;
    double *list = malloc((count + 1) * sizeof *list);
    if (!list) return no_memory(err);
    size_t at = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            list[at++] = w->p[j * n + i] = w->p[i * n + j];
    const cm_status st = cm_adjust(w->adjustment, list, (int64_t)count, err);
    at = 0;
    for (int i = 0; i < n && !st; i++) {
        w->p[i * n + i] = w->adjusted[i * n + i] = 1;
        for (int j = i + 1; j < n; j++) {
            const double p = list[at++], to_first = favour[i * n + j];
            w->adjusted[i * n + j] = w->adjusted[j * n + i] = p;
            w->better[i * n + j] = p <= w->alpha && to_first > 0;
            w->better[j * n + i] = p <= w->alpha && to_first < 0;
        }
    }
    free(list);
    return st;
}

/* The exact test of a pair with few differing cases. x, y: room for all cases. */
static cm_status test_exactly(cm_pairwise *w, const cm_rank_table *table, int i, int j, double *x, double *y,
                              cm_error *err)
{
    int64_t n = 0;
    for (int64_t k = 0; k < table->n_cases; k++) {
        const int64_t a = i * table->n_cases + k, b = j * table->n_cases + k;
        if (table->has && !(table->has[a] && table->has[b])) continue;
        const bool miss = cm_direction_has_target(table->direction);
        x[n] = miss ? cm_direction_miss(table->direction, table->value[a]) : table->value[a];
        y[n++] = miss ? cm_direction_miss(table->direction, table->value[b]) : table->value[b];
    }
    cm_test test;
    const cm_status st = cm_test_wilcoxon(x, y, n, CM_TWO_SIDED, CM_WILCOXON_EXACT, &test, err);
    if (st) return st;
    w->p[i * w->n_tools + j] = test.p;
    w->exact[i * w->n_tools + j] = w->exact[j * w->n_tools + i] = 1;
    return CM_OK;
}

/* Two-sided p of every pair i < j from the two one-sided ones, or exact. */
static cm_status finish_tests(cm_pairwise *w, const cm_rank_table *table, cm_wilcoxon how, double *favour,
                              cm_error *err)
{
    const int n = w->n_tools;
    double *x = malloc(2 * (size_t)table->n_cases * sizeof *x);
    cm_status st = x ? CM_OK : no_memory(err);
    for (int i = 0; i < n && !st; i++)
        for (int j = i + 1; j < n && !st; j++) {
            const double pairs = (double)w->pairs[i * n + j];
            favour[i * n + j] = 2 * w->v[i * n + j] - pairs * (pairs + 1) / 2;
            if (how != CM_WILCOXON_NORMAL && pairs <= CM_WILCOXON_EXACT_MAX)
                st = test_exactly(w, table, i, j, x, x + table->n_cases, err);
            else
                w->p[i * n + j] = fmin(1, 2 * fmin(w->p[i * n + j], w->p[j * n + i]));
        }
    free(x);
    return st;
}

cm_status cm_pairwise_create(cm_threads *pool, const cm_rank_table *table, cm_wilcoxon how, double alpha,
                             cm_adjustment adjustment, cm_pairwise **out, cm_error *err)
{
    const size_t cells = (size_t)table->n_tools * (size_t)table->n_tools;
    cm_pairwise *w = pairwise_of(table->n_tools, alpha, adjustment);
    double *favour = malloc(cells * sizeof *favour);
    cm_status st =
        w && favour ? cm_rank_all_pairs(pool, table, NULL, w->v, w->p, w->pairs, err) : no_memory(err);
    if (!st) st = finish_tests(w, table, how, favour, err);
    if (!st) st = adjust_pairs(w, favour, err);
    free(favour);
    if (st)
        cm_pairwise_destroy(w);
    else
        *out = w;
    return st;
}

cm_status cm_pairwise_of_tests(int n_tools, const double *p, const double *favour, double alpha,
                               cm_adjustment adjustment, cm_pairwise **out, cm_error *err)
{
    if (n_tools < 1) return CM_FAIL(err, CM_ERR_EMPTY, .what = "no tools to compare in pairs");
    cm_pairwise *w = pairwise_of(n_tools, alpha, adjustment);
    if (!w) return no_memory(err);
    for (int i = 0; i < n_tools; i++)
        for (int j = i + 1; j < n_tools; j++)
            w->p[i * n_tools + j] = p[i * n_tools + j];
    const cm_status st = adjust_pairs(w, favour, err);
    if (st)
        cm_pairwise_destroy(w);
    else
        *out = w;
    return st;
}

void cm_rank_limits(const cm_pairwise *w, bool gate, int *low, int *high)
{
    for (int i = 0; i < w->n_tools; i++) {
        low[i] = 1;
        high[i] = w->n_tools;
        for (int j = 0; j < w->n_tools && gate; j++) {
            low[i] += w->better[j * w->n_tools + i];
            high[i] -= w->better[i * w->n_tools + j];
        }
    }
}

static bool tells_apart(const cm_pairwise *w, int i, int j)
{
    return w->better[i * w->n_tools + j] || w->better[j * w->n_tools + i];
}

int cm_equal_groups(const cm_pairwise *w, const int *order, int *first, int *last)
{
    int groups = 0, reached = -1;
    for (int i = 0; i < w->n_tools; i++) {
        int end = i; /* the longest run from i in which no pair differs */
        for (bool same = true; same && end + 1 < w->n_tools;) {
            for (int j = i; j <= end && same; j++)
                same = !tells_apart(w, order[j], order[end + 1]);
            end += same;
        }
        if (end <= reached) continue; /* inside the run before */
        first[groups] = i;
        last[groups++] = reached = end;
    }
    return groups;
}

cm_status cm_rank_consensus(const double *place, const double *weight, int n_rankings, int n_tools,
                            double *score, double *consensus, cm_error *err)
{
    double total = 0;
    for (int k = 0; k < n_rankings; k++) {
        if (!(weight[k] > 0 && isfinite(weight[k])))
            return CM_FAIL(err, CM_ERR_ARG, .what = "the weight of a ranking is a number above 0",
                           .why = cm_strf("ranking %d has %g", k + 1, weight[k]).s);
        total += weight[k];
    }
    if (n_rankings < 1 || n_tools < 1)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "a consensus needs a ranking");
    for (int t = 0; t < n_tools; t++) {
        score[t] = 0;
        for (int k = 0; k < n_rankings; k++)
            score[t] += weight[k] * place[k * n_tools + t];
        score[t] /= total;
    }
    cm_rank_places(score, NULL, n_tools, false, CM_TIES_AVERAGE, consensus);
    return CM_OK;
}

/* -- heterogeneity ------------------------------------------------------------------------------------- */

/* A spread of rounding only is none: such a group would outweigh all others together. */
static bool enters(const double *estimate, const double *se, int i, double largest)
{
    return isfinite(estimate[i]) && isfinite(se[i]) && se[i] > 1e-12 * largest;
}

/* Weights in units of the smallest standard error, so that neither a weight nor a sum of them overflows. */
typedef struct weighted {
    double smallest; /* standard error */
    double largest;  /* estimate, absolute */
    double sum, mean;
} weighted;

/* between: variance between groups, in units of smallest squared. */
static void weigh(const double *estimate, const double *se, int n, double between, weighted *w)
{
    double sum = 0;
    w->sum = 0;
    for (int i = 0; i < n; i++) {
        if (!enters(estimate, se, i, w->largest)) continue;
        const double ratio = se[i] / w->smallest, weight = 1 / (ratio * ratio + between);
        w->sum += weight;
        sum += weight * estimate[i];
    }
    w->mean = sum / w->sum;
}

/* The sum of the products of all pairs of weights over their sum, twice: what Q's expectation grows by per
 * unit of variance between groups. The usual form, sum less sum of squares over sum, is 0 by rounding when
 * one weight is nearly all. */
static double growth(const double *estimate, const double *se, int n, const weighted *w)
{
    double before = 0, pairs = 0;
    for (int i = 0; i < n; i++) {
        if (!enters(estimate, se, i, w->largest)) continue;
        const double ratio = se[i] / w->smallest, weight = 1 / (ratio * ratio);
        pairs += weight * before;
        before += weight;
    }
    return 2 * pairs / w->sum;
}

cm_status cm_test_heterogeneity(const double *estimate, const double *se, int n, double level,
                                cm_heterogeneity *out, cm_error *err)
{
    if (!(level > 0 && level < 1))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a confidence level lies between 0 and 1",
                       .why = cm_strf("%g", level).s);
    weighted w = {.smallest = INFINITY};
    *out = (cm_heterogeneity){.p = 1};
    for (int i = 0; i < n; i++)
        if (isfinite(estimate[i]) && isfinite(se[i]) && se[i] > 0)
            w.largest = fmax(w.largest, fabs(estimate[i]));
    for (int i = 0; i < n; i++) {
        if (!enters(estimate, se, i, w.largest)) continue;
        out->groups++;
        w.smallest = fmin(w.smallest, se[i]);
    }
    out->defined = out->groups >= 2;
    if (!out->defined) return CM_OK;
    weigh(estimate, se, n, 0, &w);
    out->fixed = w.mean;
    for (int i = 0; i < n; i++) {
        const double z = (estimate[i] - out->fixed) / se[i];
        if (enters(estimate, se, i, w.largest)) out->q += z * z;
    }
    const double df = out->groups - 1, excess = out->q - df;
    const double between = excess > 0 ? excess / growth(estimate, se, n, &w) : 0;
    out->p = cm_chi_squared_above(out->q, df);
    out->i_squared = excess > 0 ? excess / out->q : 0;
    out->tau_squared = between * w.smallest * w.smallest;
    weigh(estimate, se, n, between, &w);
    out->random = w.mean;
    const double half = cm_normal_quantile((1 + level) / 2) * w.smallest / sqrt(w.sum);
    out->interval = (cm_interval){.low = out->random - half, .high = out->random + half, .level = level};
    return CM_OK;
}
