/* Summaries, quantiles, bootstrap intervals and places with values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/statistics/summary.h"

static const cm_random source = {.seed = 7, .purpose = CM_PURPOSE_BOOTSTRAP};

static void summary_by_hand(void **state)
{
    const double values[5] = {4, 1, 3, 2, 10};
    cm_summary s;
    (void)state;
    assert_int_equal(cm_summarise(values, 5, &s, NULL), CM_OK);
    assert_int_equal(s.n, 5);
    assert_true(s.mean == 4 && s.median == 3 && s.q1 == 2 && s.q3 == 4);
    assert_true(s.minimum == 1 && s.maximum == 10 && s.has_sd);
    assert_true(fabs(s.sd - sqrt(12.5)) < 1e-15); /* squares 0 9 1 4 36, over 4 */
    /* 0 1 2 3 4 5 6 7 8 100: quartiles 2.25 and 6.75, fences -4.5 and 13.5 */
    const double far[] = {100, 3, 1, 0, 2, 8, 7, 5, 6, 4};
    assert_int_equal(cm_summarise(far, 10, &s, NULL), CM_OK);
    assert_true(s.whisker_low == 0 && s.whisker_high == 8 && s.outliers == 1);
    assert_true(fabs(s.p10 - 0.9) < 1e-15 && fabs(s.p90 - 17.2) < 1e-13);
    assert_int_equal(cm_summarise(values, 1, &s, NULL), CM_OK);
    assert_true(!s.has_sd && s.mean == 4 && s.median == 4 && s.q1 == 4 && s.maximum == 4);
}

static void sums_are_compensated(void **state)
{
    const double values[4] = {1, 1e100, 1, -1e100}; /* Neumaier's example: a plain sum gives 0 */
    cm_summary s;
    (void)state;
    assert_int_equal(cm_summarise(values, 4, &s, NULL), CM_OK);
    assert_true(s.mean == 0.5);
}

static void summary_refuses_what_it_cannot_summarise(void **state)
{
    const double nan[2] = {1, NAN}, inf[1] = {-INFINITY}, huge[2] = {1.7e308, 1.7e308};
    cm_summary s;
    (void)state;
    assert_int_equal(cm_summarise(nan, 0, &s, NULL), CM_ERR_EMPTY);
    assert_int_equal(cm_summarise(nan, 2, &s, NULL), CM_ERR_ARG);
    assert_int_equal(cm_summarise(inf, 1, &s, NULL), CM_ERR_ARG);
    assert_int_equal(cm_summarise(huge, 2, &s, NULL), CM_ERR_ARG);
}

/* R: quantile(c(7, 1, 3, 8), c(0, .1, .25, .5, .9, 1), type = 7) */
static void quantiles_are_type_7(void **state)
{
    const double values[4] = {7, 1, 3, 8};
    const double p[6] = {0, 0.1, 0.25, 0.5, 0.9, 1}, expected[6] = {1, 1.6, 2.5, 5, 7.7, 8};
    double scratch[4];
    (void)state;
    for (int i = 0; i < 6; i++)
        assert_true(fabs(cm_quantile7(values, 4, p[i], scratch) - expected[i]) < 1e-15 * 8);
    assert_true(cm_quantile7(values, 1, 0.3, scratch) == 7);
    assert_true(values[0] == 7 && values[3] == 8); /* the input is left as it was */
}

/* n = 2, values 0 and 1: a replicate mean is 0, 1/2 or 1, so a wide interval is [0, 1]; with n = 1 or equal
 * values it has no width. */
static void bootstrap_of_the_mean(void **state)
{
    const double two[2] = {0, 1}, same[3] = {0.25, 0.25, 0.25};
    cm_interval interval;
    (void)state;
    assert_int_equal(cm_bootstrap_mean(NULL, two, 2, NULL, 0.95, 2000, source, &interval, NULL), CM_OK);
    assert_true(interval.low == 0 && interval.high == 1);
    assert_true(interval.level == 0.95 && interval.replicates == 2000);
    assert_int_equal(cm_bootstrap_mean(NULL, two, 2, NULL, 0.4, 2000, source, &interval, NULL), CM_OK);
    assert_true(interval.low == 0.5 && interval.high == 0.5); /* 30 % to 70 %: a half of all is 1/2 */
    assert_int_equal(cm_bootstrap_mean(NULL, same, 3, NULL, 0.95, 10, source, &interval, NULL), CM_OK);
    assert_true(interval.low == 0.25 && interval.high == 0.25);
    assert_int_equal(cm_bootstrap_mean(NULL, two + 1, 1, NULL, 0.95, 1, source, &interval, NULL), CM_OK);
    assert_true(interval.low == 1 && interval.high == 1);
}

/* The replicates are those the contract names: means of draws cm_random_below(r, b, j, n). */
static void bootstrap_uses_the_promised_draws(void **state)
{
    const double x[5] = {3, 1, 4, 1, 5};
    double mean[40], scratch[40];
    cm_interval interval;
    (void)state;
    for (uint64_t b = 0; b < 40; b++) {
        mean[b] = 0;
        for (uint64_t j = 0; j < 5; j++)
            mean[b] += x[cm_random_below(source, b, j, 5)];
        mean[b] /= 5; /* whole numbers: no rounding before this */
    }
    assert_int_equal(cm_bootstrap_mean(NULL, x, 5, NULL, 0.5, 40, source, &interval, NULL), CM_OK);
    assert_true(interval.low == cm_quantile7(mean, 40, 0.25, scratch));
    assert_true(interval.high == cm_quantile7(mean, 40, 0.75, scratch));
    assert_true(interval.low < interval.high);
}

static void bootstrap_refuses_nonsense(void **state)
{
    const double x[2] = {1, NAN};
    cm_interval interval;
    (void)state;
    assert_int_equal(cm_bootstrap_mean(NULL, x, 0, NULL, 0.95, 100, source, &interval, NULL), CM_ERR_EMPTY);
    assert_int_equal(cm_bootstrap_mean(NULL, x, 2, NULL, 0.95, 100, source, &interval, NULL), CM_ERR_ARG);
    assert_int_equal(cm_bootstrap_mean(NULL, x, 1, NULL, 1, 100, source, &interval, NULL), CM_ERR_ARG);
    assert_int_equal(cm_bootstrap_mean(NULL, x, 1, NULL, NAN, 100, source, &interval, NULL), CM_ERR_ARG);
    assert_int_equal(cm_bootstrap_mean(NULL, x, 1, NULL, 0.95, 0, source, &interval, NULL), CM_ERR_ARG);
}

/* Two positives among four: a replicate lacks a class with probability 2/16, and then AUROC has no value. */
static void bootstrap_of_a_cohort_metric(void **state)
{
    const int32_t truth[4] = {1, 1, 0, 0}, right[4] = {1, 1, 0, 0}, only[4] = {0, 0, 0, 0};
    const double score[8] = {0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75, 0.25};
    cm_classified data = {.n = 4, .k = 2, .truth = truth, .decided = right, .score = score};
    cm_metric auroc, mcc, acc;
    cm_interval interval;
    int64_t undefined = -1;
    (void)state;
    assert_int_equal(cm_metric_parse("AUROC", &auroc, NULL), CM_OK);
    assert_int_equal(cm_metric_parse("MCC", &mcc, NULL), CM_OK);
    assert_int_equal(cm_metric_parse("ACC", &acc, NULL), CM_OK);
    assert_int_equal(cm_bootstrap_classification(NULL, &auroc, &data, 1, NULL, 0.95, 2000, source, &interval,
                                                 &undefined, NULL),
                     CM_OK);
    assert_true(interval.low == 1 && interval.high == 1);
    assert_true(undefined > 200 && undefined < 300); /* 250 expected, sd 15 */
    assert_int_equal(interval.replicates, 2000 - undefined);
    int64_t expected = 0; /* the same draws, counted here */
    for (uint64_t b = 0; b < 2000; b++) {
        int positives = 0;
        for (uint64_t j = 0; j < 4; j++)
            positives += truth[cm_random_below(source, b, j, 4)];
        expected += positives == 0 || positives == 4;
    }
    assert_int_equal(undefined, expected);
    assert_int_equal(cm_bootstrap_classification(NULL, &mcc, &data, -1, NULL, 0.95, 50, source, &interval,
                                                 &undefined, NULL),
                     CM_OK);
    assert_true(interval.low == 1);
    data.decided = data.truth = only;
    assert_int_equal(cm_bootstrap_classification(NULL, &auroc, &data, 1, NULL, 0.95, 50, source, &interval,
                                                 &undefined, NULL),
                     CM_ERR_EMPTY);
    assert_int_equal(undefined, 50);
    assert_int_equal(cm_bootstrap_classification(NULL, &acc, &data, 1, NULL, 0.95, 50, source, &interval,
                                                 &undefined, NULL),
                     CM_OK);
    data.weight = right;
    assert_int_equal(cm_bootstrap_classification(NULL, &acc, &data, 1, NULL, 0.95, 50, source, &interval,
                                                 &undefined, NULL),
                     CM_ERR_ARG);
}

static void places_are_min_of_ties(void **state)
{
    const double value[6] = {0.8, 0.9, 0.8, -0.1, 0, 0.05};
    const bool all[6] = {true, true, true, true, true, true},
               some[6] = {true, true, true, false, false, true};
    int place[6];
    (void)state;
    cm_places(value, all, 6, CM_HIGHER_IS_BETTER, place);
    assert_memory_equal(place, ((int[6]){2, 1, 2, 6, 5, 4}), sizeof place);
    cm_places(value, all, 6, CM_LOWER_IS_BETTER, place);
    assert_memory_equal(place, ((int[6]){4, 6, 4, 1, 2, 3}), sizeof place);
    cm_places(value, all, 6, CM_CLOSER_TO_ZERO_IS_BETTER, place);
    assert_memory_equal(place, ((int[6]){4, 6, 4, 3, 1, 2}), sizeof place);
    cm_places(value, some, 6, CM_HIGHER_IS_BETTER, place);
    assert_memory_equal(place, ((int[6]){2, 1, 2, 5, 5, 4}), sizeof place); /* no value: n_with + 1 */
    cm_places(value, some, 6, CM_LOWER_IS_BETTER,
              place); /* what stands where there is no value is not read */
    assert_memory_equal(place, ((int[6]){2, 4, 2, 5, 5, 1}), sizeof place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_by_hand),
        cmocka_unit_test(sums_are_compensated),
        cmocka_unit_test(summary_refuses_what_it_cannot_summarise),
        cmocka_unit_test(quantiles_are_type_7),
        cmocka_unit_test(bootstrap_of_the_mean),
        cmocka_unit_test(bootstrap_uses_the_promised_draws),
        cmocka_unit_test(bootstrap_refuses_nonsense),
        cmocka_unit_test(bootstrap_of_a_cohort_metric),
        cmocka_unit_test(places_are_min_of_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
