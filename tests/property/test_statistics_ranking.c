/* Rankings of resampled cohorts against the plain way: the drawn cases written out one after the other as a
 * cohort of their own. Random tables with ties and gaps, every method, every tie rule, 1 and 3 threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/statistics/effect.h"
#include "metrics/statistics/groups.h"
#include "metrics/statistics/key_sort.h"

enum { MOST_TOOLS = 7, MOST_CASES = 90 };

static uint64_t below(uint64_t round, uint64_t draw, uint64_t n)
{
    return cm_random_below((cm_random){77, CM_PURPOSE_TEST}, round, draw, n);
}

typedef struct cohort {
    double value[MOST_TOOLS * MOST_CASES];
    uint8_t has[MOST_TOOLS * MOST_CASES];
    int32_t patient[MOST_CASES];
    cm_rank_table table;
} cohort;

static void make(cohort *c, uint64_t round)
{
    const int tools = 1 + (int)below(round, 0, MOST_TOOLS);
    const int64_t cases = 1 + (int64_t)below(round, 1, MOST_CASES);
    const uint64_t grain = round % 3 ? 12 : 1000003; /* few values: many ties */
    for (int64_t i = 0; i < tools * cases; i++) {
        c->value[i] = (double)below(round, 100 + (uint64_t)i, grain) / (double)grain - 0.4;
        c->has[i] = round % 2 || below(round, 5000 + (uint64_t)i, 9) > 0;
    }
    for (int64_t i = 0; i < cases; i++)
        c->patient[i] = (int32_t)below(round, 9000 + (uint64_t)i, 1 + (uint64_t)cases / 2);
    c->table =
        (cm_rank_table){tools, cases, c->value, round % 2 ? NULL : c->has, (cm_direction)(1 + round % 3)};
}

/* The drawn cases as a table of their own. */
static cm_rank_table expand(const cohort *c, const int32_t *times, double *value, uint8_t *has)
{
    cm_rank_table out = c->table;
    out.n_cases = 0;
    for (int64_t i = 0; i < c->table.n_cases; i++)
        out.n_cases += times[i];
    for (int t = 0; t < out.n_tools; t++) {
        int64_t at = t * out.n_cases;
        for (int64_t i = 0; i < c->table.n_cases; i++)
            for (int32_t k = 0; k < times[i]; k++, at++) {
                value[at] = c->value[t * c->table.n_cases + i];
                has[at] = c->has[t * c->table.n_cases + i];
            }
    }
    out.value = value;
    out.has = c->table.has ? has : NULL;
    return out;
}

static void a_replicate_is_the_cohort_it_drew(void **state)
{
    static double value[MOST_TOOLS * MOST_CASES * 8];
    static uint8_t has[MOST_TOOLS * MOST_CASES * 8];
    cm_threads *pool = NULL;
    (void)state;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    for (uint64_t round = 0; round < 60; round++) {
        cohort c;
        make(&c, round);
        cm_sampling *s = NULL;
        const cm_draw_unit unit = round % 4 ? CM_DRAW_CASES : CM_DRAW_PATIENTS;
        const cm_random random = {round, CM_PURPOSE_RANKING};
        assert_int_equal(cm_sampling_create(c.table.n_cases, c.patient, NULL, unit, false, &s, NULL), CM_OK);
        for (int method = CM_MEAN_THEN_RANK; method <= CM_TEST_BASED; method++) {
            const cm_rank_rule rule = {(cm_ranking_method)method, (cm_ties)(1 + round % 3),
                                       (cm_missing_rule)(1 + round / 3 % 2), 0.3,
                                       round % 2 ? CM_ADJUST_HOLM : CM_ADJUST_NONE};
            double score[MOST_TOOLS], full[MOST_TOOLS], place[MOST_TOOLS];
            bool there[MOST_TOOLS];
            cm_stability *one = NULL, *three = NULL;
            assert_int_equal(cm_rank(NULL, &c.table, &rule, NULL, score, there, full, NULL), CM_OK);
            assert_int_equal(cm_rank_stability(NULL, &c.table, &rule, s, 21, random, 0.9, full, &one, NULL),
                             CM_OK);
            assert_int_equal(cm_rank_stability(pool, &c.table, &rule, s, 21, random, 0.9, full, &three, NULL),
                             CM_OK);
            assert_memory_equal(one->place, three->place, 21 * sizeof(double) * (size_t)c.table.n_tools);
            assert_memory_equal(one->winner, three->winner, 5 * sizeof(double) * (size_t)c.table.n_tools);
            assert_memory_equal(one->tau, three->tau, 21 * sizeof(double));
            for (uint64_t b = 0; b < 21; b++) {
                int32_t times[MOST_CASES];
                cm_sampling_draw(s, random, b, times);
                const cm_rank_table drawn = expand(&c, times, value, has);
                assert_true(drawn.n_cases <= MOST_CASES * 8);
                assert_int_equal(cm_rank(pool, &drawn, &rule, NULL, score, there, place, NULL), CM_OK);
                assert_memory_equal(place, one->place + (int64_t)b * c.table.n_tools,
                                    sizeof(double) * (size_t)c.table.n_tools);
            }
            cm_stability_destroy(one);
            cm_stability_destroy(three);
        }
        cm_sampling_destroy(s);
    }
    cm_threads_destroy(pool);
}

/* The p of every pair against the single test. */
static void all_pairs_are_single_tests(void **state)
{
    (void)state;
    for (uint64_t round = 1; round < 40; round += 2) { /* odd rounds: no gaps */
        cohort c;
        make(&c, round);
        if (c.table.direction == CM_CLOSER_TO_ZERO_IS_BETTER) continue;
        const int n = c.table.n_tools;
        const bool higher = c.table.direction == CM_HIGHER_IS_BETTER;
        double v[MOST_TOOLS * MOST_TOOLS], p[MOST_TOOLS * MOST_TOOLS];
        assert_int_equal(cm_rank_all_pairs(NULL, &c.table, NULL, v, p, NULL, NULL), CM_OK);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                cm_test t;
                if (i == j) continue;
                assert_int_equal(cm_test_wilcoxon(c.value + i * c.table.n_cases,
                                                  c.value + j * c.table.n_cases, c.table.n_cases,
                                                  higher ? CM_GREATER : CM_LESS, CM_WILCOXON_NORMAL, &t,
                                                  NULL),
                                 CM_OK);
                assert_true(fabs(p[i * n + j] - t.p) <= 1e-12 * t.p);
            }
    }
}

/* Hodges-Lehmann against all Walsh averages, sorted. */
static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void shifts_are_medians_of_walsh_averages(void **state)
{
    static double walsh[MOST_CASES * (MOST_CASES + 1) / 2];
    const double zero[MOST_CASES] = {0};
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        cohort c;
        make(&c, round);
        const int64_t n = c.table.n_cases;
        int64_t m = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i; j < n; j++)
                walsh[m++] = (c.value[i] + c.value[j]) / 2;
        qsort(walsh, (size_t)m, sizeof *walsh, by_value);
        cm_shift shift;
        assert_int_equal(cm_hodges_lehmann(c.value, zero, n, 0.95, &shift, NULL), CM_OK);
        assert_true(shift.estimate == (walsh[(m - 1) / 2] + walsh[m / 2]) / 2);
        if (shift.has_interval)
            assert_true(shift.interval.low <= shift.estimate && shift.estimate <= shift.interval.high);
    }
}

static void keys_sort_like_numbers(void **state)
{
    enum { N = 3000 };
    static uint64_t key[N], scratch[N];
    static int32_t at[N], at_scratch[N];
    static double x[N];
    (void)state;
    for (int n = 1; n < N; n = n * 3 + 1) {
        for (int i = 0; i < n; i++) {
            x[i] = ldexp((double)below(5, (uint64_t)i, 41) - 20, (int)below(6, (uint64_t)i, 9) - 4);
            if (i % 7 == 0) x[i] = -0.0;
            key[i] = cm_sort_key(x[i]);
            at[i] = i;
        }
        cm_sort_keys(key, at, n, scratch, at_scratch);
        for (int i = 1; i < n; i++) {
            assert_true(x[at[i - 1]] <= x[at[i]]);
            if (x[at[i - 1]] == x[at[i]]) assert_true(at[i - 1] < at[i]); /* stable */
        }
    }
}

/* Kinds of scores: all over, many ties, differences in the lowest bits only, the same in groups, both signs
 * of 0. */
static double score_of_kind(int kind, uint64_t i)
{
    const double u = (double)below(7, i, 1 << 30) / (1 << 30);
    if (kind == 0) return ldexp(u - 0.5, (int)below(8, i, 200) - 100);
    if (kind == 1) return (double)below(7, i, 5) / 4;
    if (kind == 2) return 0.5 + ldexp((double)below(7, i, 1000), -53);
    if (kind == 3)
        return (double)below(8, i, 3) + ldexp((double)below(7, i, 90), -50) + (i % 5 == 0 ? 1e9 : 0);
    return i % 3 == 0 ? -0.0 : i % 3 == 1 ? 0.0 : u - 0.5;
}

static void scores_sort_falling(void **state)
{
    enum { N = 20000, STRIDE = 3 };
    double *score = malloc(N * STRIDE * sizeof *score), *sorted = malloc(N * sizeof *sorted);
    uint64_t *entry = malloc(N * sizeof *entry);
    (void)state;
    assert_true(score && sorted && entry);
    for (int kind = 0; kind < 5; kind++)
        for (int n = 1; n < N; n = n * 5 / 2 + 1) {
            for (int i = 0; i < n; i++)
                score[i * STRIDE] = score_of_kind(kind, (uint64_t)i);
            cm_sort_falling(score, STRIDE, n, entry, sorted);
            for (int i = 0; i < n; i++) {
                const int64_t at = (int64_t)(entry[i] & UINT32_MAX);
                assert_true(at < n && sorted[i] == score[at * STRIDE]);
                if (i == 0) continue;
                assert_true(sorted[i - 1] >= sorted[i]);
                if (sorted[i - 1] == sorted[i]) assert_true((int64_t)(entry[i - 1] & UINT32_MAX) < at);
            }
        }
    free(score);
    free(sorted);
    free(entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replicate_is_the_cohort_it_drew),
        cmocka_unit_test(all_pairs_are_single_tests),
        cmocka_unit_test(shifts_are_medians_of_walsh_averages),
        cmocka_unit_test(keys_sort_like_numbers),
        cmocka_unit_test(scores_sort_falling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
