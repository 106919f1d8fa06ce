/* Scores of tools in the replicates of a block: weighted means with exact products and compensated sums, and
 * weighted medians by walking a sorted order. All lanes do the same operations, so that a replicate's result
 * does not depend on its neighbours. */
#include <stddef.h>

#include "metrics/statistics/ranking_internal.h"

#define FOR_LANES for (int l = 0; l < RANK_LANES; l++)

/* x = high + low, high with 26 bits, so that its product with a count is exact (Dekker 1971). */
static void split(double x, double *high, double *low)
{
    const double c = 134217729.0 * x;
    *high = c - (c - x);
    *low = x - *high;
}

static void means(const ranker *r, int tool, const rank_times *times, double *score, bool *score_has)
{
    const double *bad = r->bad + tool * r->n_cases;
    const uint8_t *has = r->has ? r->has + tool * r->n_cases : NULL;
    double sum[RANK_LANES] = {0}, lost[RANK_LANES] = {0}, count[RANK_LANES] = {0};
    for (int64_t i = 0; i < r->n_cases; i++) {
        if (has && !has[i]) continue;
        double high, low;
        split(bad[i], &high, &low);
        FOR_LANES
        {
            const double w = times[i][l], term = w * high, total = sum[l] + term, back = total - sum[l];
            lost[l] += ((sum[l] - (total - back)) + (term - back)) + w * low; /* Knuth's two-sum */
            sum[l] = total;
            count[l] += w;
        }
    }
    FOR_LANES
    {
        score_has[l] = count[l] > 0;
        score[l] = score_has[l] ? (sum[l] + lost[l]) / count[l] : 0;
    }
}

static void mean_ranks(const ranker *r, int tool, const rank_times *times, double *score, bool *score_has)
{
    const int32_t *rank2 = r->rank2 + tool * r->n_cases;
    double sum[RANK_LANES] = {0}, count[RANK_LANES] = {0}; /* whole numbers below 2^53: exact */
    for (int64_t i = 0; i < r->n_cases; i++) {
        if (!rank2[i]) continue;
        const double rank = rank2[i];
        FOR_LANES
        {
            const double w = times[i][l];
            sum[l] += w * rank;
            count[l] += w;
        }
    }
    FOR_LANES
    {
        score_has[l] = count[l] > 0;
        score[l] = score_has[l] ? sum[l] / (2 * count[l]) : 0;
    }
}

/* The two middle positions of every lane (0-based, the same when the count is odd) and where a walk is. */
typedef struct middle_walk {
    const ranker *r;
    int64_t base;
    const rank_times *times;
    int64_t passed[RANK_LANES], lower[RANK_LANES], upper[RANK_LANES];
    double low[RANK_LANES], high[RANK_LANES];
} middle_walk;

static double value_at(const ranker *r, int64_t cell)
{
    return r->rank2 ? r->rank2[cell] / 2.0 : r->bad[cell];
}

/* Entries first..end-1 of the order, one lane. */
static void walk_lane(middle_walk *w, const int32_t *order, int64_t first, int64_t end, int lane)
{
    int64_t passed = w->passed[lane];
    for (int64_t j = first; j < end; j++) {
        const int64_t next = passed + w->times[order[j]][lane];
        if (passed <= w->lower[lane] && w->lower[lane] < next)
            w->low[lane] = value_at(w->r, w->base + order[j]);
        if (passed <= w->upper[lane] && w->upper[lane] < next)
            w->high[lane] = value_at(w->r, w->base + order[j]);
        passed = next;
    }
}

/* Draws in all, of the cases that a tool has a value on. */
static void totals(const ranker *r, int tool, const rank_times *times, const int64_t *of_all, int64_t *total)
{
    FOR_LANES total[l] = of_all[l];
    if (r->n_order[tool] == r->n_cases) return;
    FOR_LANES total[l] = 0;
    for (int64_t j = 0; j < r->n_order[tool]; j++)
        FOR_LANES total[l] += times[r->order[tool * r->n_cases + j]][l];
}

static void medians(const ranker *r, int tool, const rank_times *times, const int64_t *of_all, double *score,
                    bool *score_has)
{
    enum { CHUNK = 64, AHEAD = 24 };
    const int64_t n = r->n_order[tool];
    const int32_t *order = r->order + tool * r->n_cases;
    middle_walk w = {.r = r, .base = tool * r->n_cases, .times = times};
    int64_t total[RANK_LANES];
    totals(r, tool, times, of_all, total);
    FOR_LANES
    {
        score_has[l] = total[l] > 0;
        w.lower[l] = score_has[l] ? (total[l] - 1) / 2 : -1;
        w.upper[l] = score_has[l] ? total[l] / 2 : -1;
    }
    bool walking = true;
    for (int64_t first = 0; first < n && walking; first += CHUNK) {
        const int64_t end = first + CHUNK < n ? first + CHUNK : n;
        int32_t sum[RANK_LANES] = {0};
        for (int64_t j = first; j < end; j++) {
            __builtin_prefetch(times[order[j + AHEAD < n ? j + AHEAD : j]]); /* the order jumps about */
            FOR_LANES sum[l] += times[order[j]][l];
        }
        walking = false;
        FOR_LANES
        {
            const int64_t next = w.passed[l] + sum[l];
            if (w.passed[l] <= w.upper[l] && w.lower[l] < next) walk_lane(&w, order, first, end, l);
            w.passed[l] = next;
            walking |= next <= w.upper[l];
        }
    }
    FOR_LANES score[l] = score_has[l] ? (w.low[l] + w.high[l]) / 2 : 0;
}

void cm_ranker_scores(const ranker *r, const rank_times *times, double (*score)[RANK_LANES],
                      bool (*has)[RANK_LANES])
{
    int64_t of_all[RANK_LANES] = {0};
    for (int64_t i = 0; i < r->n_cases && r->order; i++)
        FOR_LANES of_all[l] += times[i][l];
    for (int t = 0; t < r->n_tools; t++) {
        if (r->rule.method == CM_MEAN_THEN_RANK)
            means(r, t, times, score[t], has[t]);
        else if (r->rule.method == CM_RANK_THEN_MEAN)
            mean_ranks(r, t, times, score[t], has[t]);
        else
            medians(r, t, times, of_all, score[t], has[t]);
    }
}
