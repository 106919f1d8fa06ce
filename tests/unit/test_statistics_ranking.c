/* Rankings, groups, resampling and OpenEBench classes, worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/statistics/classes.h"
#include "metrics/statistics/groups.h"

static void places_and_ties(void **state)
{
    const double score[5] = {3, 1, 3, 2, 9};
    const bool has[5] = {true, true, true, true, false};
    const double min[5] = {1, 4, 1, 3, 5}, average[5] = {1.5, 4, 1.5, 3, 5}, max[5] = {2, 4, 2, 3, 5};
    const double low[5] = {3, 1, 3, 2, 5}; /* small is good */
    double place[5];
    (void)state;
    cm_rank_places(score, has, 5, true, CM_TIES_MIN, place);
    assert_memory_equal(place, min, sizeof min);
    cm_rank_places(score, has, 5, true, CM_TIES_AVERAGE, place);
    assert_memory_equal(place, average, sizeof average);
    cm_rank_places(score, has, 5, true, CM_TIES_MAX, place);
    assert_memory_equal(place, max, sizeof max);
    cm_rank_places(score, has, 5, false, CM_TIES_MIN, place);
    assert_memory_equal(place, low, sizeof low);
}

/* Three tools, four cases; tool 2 has no value on the last one. Higher is better.
 *   tool 0: 0.9 0.8 0.7 0.1   mean 0.625  median 0.75
 *   tool 1: 0.8 0.8 0.6 0.9   mean 0.775  median 0.8
 *   tool 2: 0.1 0.9 0.9 -     mean 0.633  median 0.9
 * ranks inside cases (min): 1 2 2 2 | 2 2 3 1 | 3 1 1 - : means 1.75, 2, 5/3; tool 2 last: 3 -> 2 */
static const double values[12] = {0.9, 0.8, 0.7, 0.1, 0.8, 0.8, 0.6, 0.9, 0.1, 0.9, 0.9, 0};
static const uint8_t present[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};

static void check_rank(cm_ranking_method method, cm_missing_rule missing, const double score[3],
                       const double place[3])
{
    const cm_rank_table table = {3, 4, values, present, CM_HIGHER_IS_BETTER};
    const cm_rank_rule rule = {method, CM_TIES_MIN, missing, 0.05, CM_ADJUST_HOLM};
    double got_score[3], got_place[3];
    bool has[3];
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, got_score, has, got_place, NULL), CM_OK);
    for (int t = 0; t < 3; t++) {
        assert_true(fabs(got_score[t] - score[t]) < 1e-15 && has[t]);
        assert_true(got_place[t] == place[t]);
    }
}

static void five_methods(void **state)
{
    (void)state;
    check_rank(CM_MEAN_THEN_RANK, CM_MISSING_LAST, (double[]){0.625, 0.775, 1.9 / 3}, (double[]){3, 1, 2});
    check_rank(CM_MEDIAN_THEN_RANK, CM_MISSING_LAST, (double[]){0.75, 0.8, 0.9}, (double[]){3, 2, 1});
    check_rank(CM_RANK_THEN_MEAN, CM_MISSING_LEFT_OUT, (double[]){1.75, 2, 5 / 3.0}, (double[]){2, 3, 1});
    check_rank(CM_RANK_THEN_MEAN, CM_MISSING_LAST, (double[]){1.75, 2, 2}, (double[]){1, 2, 2});
    check_rank(CM_RANK_THEN_MEDIAN, CM_MISSING_LEFT_OUT, (double[]){2, 2, 1}, (double[]){2, 2, 1});
    check_rank(CM_TEST_BASED, CM_MISSING_LEFT_OUT, (double[]){0, 0, 0}, (double[]){1, 1, 1});
}

static void closer_to_zero(void **state)
{
    const double signed_values[4] = {-0.5, 0.5, 0.1, -0.2};
    const cm_rank_table table = {2, 2, signed_values, NULL, CM_CLOSER_TO_ZERO_IS_BETTER};
    const cm_rank_rule rule = {CM_MEAN_THEN_RANK, CM_TIES_MIN, CM_MISSING_LAST, 0, CM_ADJUST_NONE};
    double score[2], place[2];
    bool has[2];
    (void)state;
    /* mean of the sizes 0.5 and 0.15, not of the values 0 and -0.05 */
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, place, NULL), CM_OK);
    assert_true(score[0] == 0.5 && fabs(score[1] - 0.15) < 1e-16 && place[0] == 2 && place[1] == 1);
}

static void what_cannot_be_ranked(void **state)
{
    const double bad[2] = {1, NAN}, huge[2] = {1, 1e300};
    const cm_rank_rule rule = {CM_MEAN_THEN_RANK, CM_TIES_MIN, CM_MISSING_LAST, 0, CM_ADJUST_NONE};
    cm_rank_rule no_alpha = rule;
    double score[2], place[2];
    bool has[2];
    (void)state;
    cm_rank_table table = {2, 1, bad, NULL, CM_LOWER_IS_BETTER};
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, place, NULL), CM_ERR_ARG);
    table.value = huge;
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, place, NULL), CM_ERR_ARG);
    table.n_cases = 0;
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, place, NULL), CM_ERR_ARG);
    table = (cm_rank_table){1, 1, (double[]){1}, NULL, CM_LOWER_IS_BETTER};
    no_alpha.method = CM_TEST_BASED;
    assert_int_equal(cm_rank(NULL, &table, &no_alpha, NULL, score, has, place, NULL), CM_ERR_ARG);
    assert_int_equal(cm_rank(NULL, &table, &rule, NULL, score, has, place, NULL),
                     CM_OK); /* one tool is first */
    assert_true(place[0] == 1);
}

static void kendall(void **state)
{
    (void)state;
    assert_true(cm_kendall_tau((double[]){1, 2, 3}, (double[]){1, 2, 3}, 3) == 1);
    assert_true(cm_kendall_tau((double[]){1, 2, 3}, (double[]){3, 2, 1}, 3) == -1);
    /* SciPy: kendalltau([1, 2, 2, 4], [1, 3, 2, 4]) = 5 / sqrt(5 * 6) */
    assert_true(fabs(cm_kendall_tau((double[]){1, 2, 2, 4}, (double[]){1, 3, 2, 4}, 4) - 5 / sqrt(30)) <
                1e-15);
    assert_true(cm_kendall_tau((double[]){1, 1}, (double[]){1, 1}, 2) == 1);
    assert_true(cm_kendall_tau((double[]){1, 1}, (double[]){1, 2}, 2) == 0);
}

static void units_and_strata(void **state)
{
    /* cases of patients 5 5 9 7 9 2, providers 1 1 0 0 0 0 */
    const int32_t patient[6] = {5, 5, 9, 7, 9, 2}, provider[6] = {1, 1, 0, 0, 0, 0};
    cm_sampling *s = NULL;
    int32_t times[6];
    (void)state;
    assert_int_equal(cm_sampling_create(6, patient, provider, CM_DRAW_PATIENTS, true, &s, NULL), CM_OK);
    assert_int_equal(cm_sampling_units(s), 4);
    for (uint64_t b = 0; b < 50; b++) {
        cm_sampling_draw(s, (cm_random){1, CM_PURPOSE_TEST}, b, times);
        assert_true(times[0] == 1 && times[1] == 1); /* the only patient of its provider is drawn each time */
        assert_int_equal(times[2], times[4]);        /* one patient's cases stay together */
        assert_int_equal(times[2] + times[3] + times[5], 3);
    }
    cm_sampling_destroy(s);
    assert_int_equal(cm_sampling_create(6, patient, provider, CM_DRAW_PROVIDERS, false, &s, NULL), CM_OK);
    assert_int_equal(cm_sampling_units(s), 2);
    cm_sampling_draw(s, (cm_random){1, CM_PURPOSE_TEST}, 3, times);
    assert_true(times[0] == times[1] && times[2] == times[3] && times[3] == times[4] && times[4] == times[5]);
    assert_int_equal(times[0] + times[2], 2);
    cm_sampling_destroy(s);
    assert_int_equal(cm_sampling_create(6, patient, provider, CM_DRAW_PROVIDERS, true, &s, NULL), CM_ERR_ARG);
    assert_int_equal(cm_sampling_create(0, NULL, NULL, CM_DRAW_CASES, false, &s, NULL), CM_ERR_EMPTY);
    /* plain cases: the documented draws */
    assert_int_equal(cm_sampling_create(6, NULL, NULL, CM_DRAW_CASES, false, &s, NULL), CM_OK);
    int32_t expected[6] = {0};
    for (uint64_t j = 0; j < 6; j++)
        expected[cm_random_below((cm_random){1, CM_PURPOSE_TEST}, 9, j, 6)]++;
    cm_sampling_draw(s, (cm_random){1, CM_PURPOSE_TEST}, 9, times);
    assert_memory_equal(times, expected, sizeof expected);
    cm_sampling_destroy(s);
}

/* Tool 0 wins all 12 cases, 1 and 2 are alike, 3 loses all: cells are case + offset with small wiggles. */
static void who_cannot_be_told_apart(void **state)
{
    enum { N = 12 };
    double v[4 * N];
    for (int i = 0; i < N; i++) {
        v[i] = 0.9 + 0.001 * i;
        v[N + i] = 0.7 + 0.001 * i + (i % 2 ? 0.01 : -0.01);
        v[2 * N + i] = 0.7 + 0.0011 * i;
        v[3 * N + i] = 0.2 + 0.002 * i;
    }
    const cm_rank_table table = {4, N, v, NULL, CM_HIGHER_IS_BETTER};
    cm_pairwise *w = NULL;
    cm_friedman f;
    int low[4], high[4], first[4], last[4];
    const int order[4] = {0, 1, 2, 3};
    (void)state;
    assert_int_equal(cm_pairwise_create(NULL, &table, CM_WILCOXON_NORMAL, 0.05, CM_ADJUST_HOLM, &w, NULL),
                     CM_OK);
    assert_true(w->better[0 * 4 + 1] && w->better[0 * 4 + 2] && w->better[0 * 4 + 3]);
    assert_true(!w->better[1 * 4 + 2] && !w->better[2 * 4 + 1] && w->better[1 * 4 + 3] &&
                !w->better[3 * 4 + 1]);
    assert_true(w->v[0 * 4 + 3] == 78 && w->v[3 * 4 + 0] == 0 && w->pairs[0 * 4 + 3] == 12);
    cm_rank_limits(w, true, low, high);
    assert_true(low[0] == 1 && high[0] == 1 && low[1] == 2 && high[1] == 3 && low[2] == 2 && high[2] == 3);
    assert_true(low[3] == 4 && high[3] == 4);
    cm_rank_limits(w, false, low, high);
    assert_true(low[3] == 1 && high[0] == 4);
    assert_int_equal(cm_equal_groups(w, order, first, last), 3);
    assert_true(first[0] == 0 && last[0] == 0 && first[1] == 1 && last[1] == 2 && first[2] == 3 &&
                last[2] == 3);
    cm_pairwise_destroy(w);
    assert_int_equal(cm_test_friedman(NULL, &table, &f, NULL), CM_OK);
    assert_true(f.defined && f.n == N && f.p < 1e-6 && f.f_p < 1e-6);
}

static void consensus(void **state)
{
    const double place[6] = {1, 2, 3, 3, 2, 1}, even[2] = {1, 1}, uneven[2] = {3, 1};
    double score[3], together[3];
    (void)state;
    assert_int_equal(cm_rank_consensus(place, even, 2, 3, score, together, NULL), CM_OK);
    assert_true(together[0] == 2 && together[1] == 2 && together[2] == 2);
    assert_int_equal(cm_rank_consensus(place, uneven, 2, 3, score, together, NULL), CM_OK);
    assert_true(score[0] == 1.5 && together[0] == 1 && together[1] == 2 && together[2] == 3);
    assert_int_equal(cm_rank_consensus(place, (double[]){1, 0}, 2, 3, score, together, NULL), CM_ERR_ARG);
}

static void stability_of_a_sure_thing(void **state)
{
    double v[2 * 30];
    for (int i = 0; i < 30; i++) {
        v[i] = i;
        v[30 + i] = i + 1;
    }
    const cm_rank_table table = {2, 30, v, NULL, CM_LOWER_IS_BETTER};
    const double full[2] = {1, 2};
    cm_sampling *s = NULL;
    (void)state;
    assert_int_equal(cm_sampling_create(30, NULL, NULL, CM_DRAW_CASES, false, &s, NULL), CM_OK);
    for (int method = CM_MEAN_THEN_RANK; method <= CM_TEST_BASED; method++) {
        const cm_rank_rule rule = {(cm_ranking_method)method, CM_TIES_MIN, CM_MISSING_LAST, 0.05,
                                   CM_ADJUST_HOLM};
        cm_stability *r = NULL;
        assert_int_equal(cm_rank_stability(NULL, &table, &rule, s, 37, (cm_random){1, CM_PURPOSE_TEST}, 0.95,
                                           full, &r, NULL),
                         CM_OK);
        assert_true(r->winner[0] == 1 && r->winner[1] == 0 && r->mean_tau == 1);
        assert_true(r->low[0] == 1 && r->high[0] == 1 && r->median[1] == 2);
        cm_stability_destroy(r);
    }
    cm_sampling_destroy(s);
}

/* case3 of the OpenEBench reference set (inab/bench_event_api and the web widget were run on it). */
static void openebench_classes(void **state)
{
    const double value[14] = {0.921, 3.2,   0.903, 4.1,   0.915, 3.6,   0.871,
                              7.9,   0.899, 5,     0.402, 41.7,  0.655, 18.3};
    const int square[7] = {1, 1, 1, 4, 3, 4, 4}, diagonal[7] = {1, 2, 1, 3, 3, 4, 4},
              cluster[7] = {1, 1, 1, 2, 1, 4, 3};
    const cm_class_points points = {7, 2, value, {true, false}};
    cm_oeb_classes *c = NULL;
    (void)state;
    assert_int_equal(cm_oeb_classify(&points, &c, NULL), CM_OK);
    assert_memory_equal(c->square, square, sizeof square);
    assert_memory_equal(c->diagonal, diagonal, sizeof diagonal);
    assert_memory_equal(c->cluster, cluster, sizeof cluster);
    assert_true(c->median[0] == 0.899 && c->median[1] == 5 && c->pareto[0] && !c->pareto[2]);
    cm_oeb_classes_destroy(c);

    const double flat[5] = {0.5, 0.5, 0.5, 0.9, 0.1};
    const int bars[5] = {3, 3, 3, 1, 4};
    cm_class_points one = {5, 1, flat, {true, false}};
    assert_int_equal(cm_oeb_classify(&one, &c, NULL), CM_OK);
    assert_memory_equal(c->quartile, bars, sizeof bars);
    cm_oeb_classes_destroy(c);
    one.higher[0] = false; /* the widget shows minimised metrics inverted; ours does not */
    assert_int_equal(cm_oeb_classify(&one, &c, NULL), CM_OK);
    assert_true(c->quartile[4] == 1 && c->quartile[3] == 4);
    cm_oeb_classes_destroy(c);

    const double negative[3] = {-1, -2, -4}, broken[2] = {NAN, 1};
    assert_int_equal(cm_oeb_classify(&(cm_class_points){3, 1, negative, {true, false}}, &c, NULL), CM_OK);
    assert_true(c->all_negative[0]);
    cm_oeb_classes_destroy(c);
    assert_int_equal(cm_oeb_classify(&(cm_class_points){2, 1, broken, {true, false}}, &c, NULL), CM_ERR_ARG);
    assert_int_equal(cm_oeb_classify(&(cm_class_points){0, 1, broken, {true, false}}, &c, NULL),
                     CM_ERR_EMPTY);
}

/* Rows resampled together have the intervals that each has by itself, up to the rounding of a sum. */
static void means_of_rows_are_means_of_each(void **state)
{
    enum { ROWS = 3, CASES = 37 };
    double value[ROWS * CASES];
    cm_interval all[ROWS], one;
    cm_sampling *sampling = NULL;
    const cm_random random = {5, CM_PURPOSE_TEST};
    (void)state;
    for (int i = 0; i < ROWS * CASES; i++)
        value[i] = cm_random_uniform(random, 1, (uint64_t)i) * (i < CASES ? 1e-9 : 100) - 0.3;
    assert_int_equal(cm_sampling_create(CASES, NULL, NULL, CM_DRAW_CASES, false, &sampling, NULL), CM_OK);
    assert_int_equal(cm_bootstrap_means(NULL, value, ROWS, CASES, sampling, 0.9, 333, random, all, NULL),
                     CM_OK);
    for (int t = 0; t < ROWS; t++) {
        assert_int_equal(
            cm_bootstrap_mean(NULL, value + t * CASES, CASES, sampling, 0.9, 333, random, &one, NULL), CM_OK);
        assert_true(fabs(one.low - all[t].low) < 1e-13 && fabs(one.high - all[t].high) < 1e-13);
        assert_true(all[t].low < all[t].high && all[t].replicates == 333);
    }
    value[4] = 1e300;
    assert_int_equal(cm_bootstrap_means(NULL, value, ROWS, CASES, sampling, 0.9, 333, random, all, NULL),
                     CM_ERR_ARG);
    cm_sampling_destroy(sampling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_and_ties),
        cmocka_unit_test(five_methods),
        cmocka_unit_test(closer_to_zero),
        cmocka_unit_test(what_cannot_be_ranked),
        cmocka_unit_test(kendall),
        cmocka_unit_test(units_and_strata),
        cmocka_unit_test(who_cannot_be_told_apart),
        cmocka_unit_test(consensus),
        cmocka_unit_test(stability_of_a_sure_thing),
        cmocka_unit_test(means_of_rows_are_means_of_each),
        cmocka_unit_test(openebench_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
