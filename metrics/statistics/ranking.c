/* Places from scores, and the ranking of a whole cohort by one rule. */
#include "metrics/statistics/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/ranking_internal.h"

const char *cm_ties_name(cm_ties ties)
{
    return ties == CM_TIES_MIN ? "min" : ties == CM_TIES_AVERAGE ? "average" : "max";
}

const char *cm_ranking_method_name(cm_ranking_method method)
{
    switch (method) {
    case CM_MEAN_THEN_RANK:
        return "mean-then-rank";
    case CM_MEDIAN_THEN_RANK:
        return "median-then-rank";
    case CM_RANK_THEN_MEAN:
        return "rank-then-mean";
    case CM_RANK_THEN_MEDIAN:
        return "rank-then-median";
    case CM_TEST_BASED:
        return "test-based";
    }
    return "";
}

/* True when a is strictly better than b. */
static bool better(double a, double b, cm_direction direction)
{
    switch (direction) {
    case CM_HIGHER_IS_BETTER:
        return a > b;
    case CM_LOWER_IS_BETTER:
        return a < b;
    case CM_CLOSER_TO_ZERO_IS_BETTER:
    case CM_CLOSER_TO_ONE_IS_BETTER:
        return cm_direction_miss(direction, a) < cm_direction_miss(direction, b);
    }
    return false;
}

void cm_places(const double *value, const bool *has, int n, cm_direction direction, int *place)
{
    for (int i = 0; i < n; i++) {
        place[i] = 1;
        for (int j = 0; j < n; j++)
            if (has[j] && (!has[i] || better(value[j], value[i], direction))) place[i]++;
    }
}

void cm_rank_places(const double *score, const bool *has, int n, bool higher, cm_ties ties, double *place)
{
    for (int i = 0; i < n; i++) {
        const bool mine = !has || has[i];
        int ahead = 0, equal = 0; /* equal counts i itself */
        for (int j = 0; j < n; j++) {
            const bool other = !has || has[j];
            if (mine && other) {
                ahead += higher ? score[j] > score[i] : score[j] < score[i];
                equal += score[j] == score[i];
            } else if (mine == other) {
                equal++;
            } else {
                ahead += other;
            }
        }
        place[i] = ties == CM_TIES_MIN   ? ahead + 1
                   : ties == CM_TIES_MAX ? ahead + equal
                                         : ahead + (equal + 1) / 2.0;
    }
}

void cm_ranker_places(const ranker *r, const double (*score)[RANK_LANES], const bool (*has)[RANK_LANES],
                      int lane, double *score_out, bool *has_out, double *place)
{
    for (int t = 0; t < r->n_tools; t++) {
        score_out[t] = score[t][lane];
        has_out[t] = has[t][lane];
    }
    cm_rank_places(score_out, has_out, r->n_tools, false, r->rule.ties, place);
}

/* The score by which the whole cohort is ranked, every method but the test-based one. The other lanes stay
 * empty. */
static cm_status rank_by_scores(const ranker *r, const int32_t *times, double *score, bool *score_has,
                                double *place, cm_error *err)
{
    const size_t n = (size_t)r->n_tools;
    int16_t *block = calloc((size_t)r->padded * RANK_LANES, sizeof *block);
    int64_t *sum = malloc(n * (size_t)r->n_columns * RANK_LANES * sizeof *sum);
    double(*scores)[RANK_LANES] = malloc(n * sizeof *scores);
    bool(*has)[RANK_LANES] = malloc(n * sizeof *has);
    cm_status st = CM_OK;
    if (!block || !sum || !scores || !has)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a ranking",
                     .why = cm_strf("%d tools, %lld cases", r->n_tools, (long long)r->n_cases).s);
    for (int64_t i = 0; i < r->n_cases && !st && !times; i++)
        block[i] = 1;
    if (!st && times && !cm_ranker_take_times(r, times, block))
        st = CM_FAIL(err, CM_ERR_ARG, .what = "a case counts 0 to 255 times in a ranking");
    if (!st) {
        cm_ranker_scores(r, block, sum, scores, has);
        cm_ranker_places(r, (const double(*)[RANK_LANES])scores, (const bool(*)[RANK_LANES])has, 0, score,
                         score_has, place);
        const bool by_value = r->rule.method == CM_MEAN_THEN_RANK || r->rule.method == CM_MEDIAN_THEN_RANK;
        for (size_t t = 0; t < n && by_value && r->negated; t++)
            score[t] = 0.0 - score[t];
    }
    free(block);
    free(sum);
    free(scores);
    free(has);
    return st;
}

static cm_status rank_by_tests(cm_threads *pool, const ranker *r, const cm_rank_table *table,
                               const int32_t *times, double *score, bool *score_has, double *place,
                               cm_error *err)
{
    const int n = r->n_tools;
    double *p = malloc(2 * (size_t)n * (size_t)n * sizeof *p);
    cm_status st = p ? cm_rank_all_pairs(pool, table, times, NULL, p, NULL, err)
                     : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs");
    if (!st) st = cm_rank_wins(r, p, p + n * n, score, err);
    if (!st) {
        for (int t = 0; t < n; t++) {
            score[t] = n > 1 ? score[t] / (n - 1) : 0;
            score_has[t] = true;
        }
        cm_rank_places(score, score_has, n, true, r->rule.ties, place);
    }
    free(p);
    return st;
}

cm_status cm_rank(cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                  const int32_t *times, double *score, bool *score_has, double *place, cm_error *err)
{
    ranker r;
    cm_status st = cm_ranker_init(&r, pool, table, rule, err);
    if (st) return st;
    st = rule->method == CM_TEST_BASED ? rank_by_tests(pool, &r, table, times, score, score_has, place, err)
                                       : rank_by_scores(&r, times, score, score_has, place, err);
    cm_ranker_fini(&r);
    return st;
}

double cm_kendall_tau(const double *a, const double *b, int n)
{
    int64_t sum = 0, untied_a = 0, untied_b = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const int x = (a[i] > a[j]) - (a[i] < a[j]), y = (b[i] > b[j]) - (b[i] < b[j]);
            sum += x * y;
            untied_a += x != 0;
            untied_b += y != 0;
        }
    if (untied_a == 0 || untied_b == 0) return untied_a == untied_b ? 1 : 0;
    return (double)sum / sqrt((double)untied_a * (double)untied_b);
}
