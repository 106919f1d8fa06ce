/* Metrics of a cohort: three small cases with every figure worked out on paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/curve.h"
#include "tests/unit/serial_backend.h"

enum { N_CASES = 3, WIDTH = 20 };

/* Case 0: lesions of 4 and 1 voxels, both found, by lesions of 4 and 1; a false one of 2. Case 1: none, a
 * false one of
 * 3. Case 2: one, missed. Voxels of 2 mm3. */
static const uint16_t reference[N_CASES][WIDTH] = {{1, 1, 1, 1, 0, 0, 0, 0, 1}, {0}, {0, 0, 0, 0, 0, 1, 1}};
static const uint16_t prediction[N_CASES][WIDTH] = {
    {0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1}, {1, 1, 1}, {0}};

static cm_metric metric_of(const char *id)
{
    cm_metric m;
    cm_error err = {0};
    if (cm_metric_parse(id, &m, &err)) fail_msg("%s: %s", id, err.what);
    return m;
}

static void evidence_of_cases(const cm_metric *metric, cm_evidence evidence[N_CASES])
{
    const uint16_t one[1] = {1};
    const cm_target target = {.name = "lesion", .n_values = 1, .values = one};
    memset(evidence, 0, N_CASES * sizeof *evidence);
    for (int i = 0; i < N_CASES; i++) {
        const cm_pair pair = {.reference = reference[i],
                              .prediction = prediction[i],
                              .grid = {{1, 1, WIDTH}, {1, 1, 2}},
                              .spacing_known = true};
        cm_metric_value value;
        assert_int_equal(cm_score_with_evidence(serial_backend(), &pair, &target, 1, metric, 1, &value,
                                                &evidence[i], NULL, NULL),
                         CM_OK);
        assert_true(evidence[i].n >= 5);
    }
}

static double gathered(const char *id, const int32_t *weight)
{
    const cm_metric metric = metric_of(id);
    cm_evidence evidence[N_CASES];
    cm_gathered *g = NULL;
    double value = 0;
    evidence_of_cases(&metric, evidence);
    assert_int_equal(cm_gathered_create(&metric, evidence, N_CASES, &g, NULL), CM_OK);
    const bool defined = cm_gathered_value(g, weight, &value);
    cm_gathered_destroy(g);
    for (int i = 0; i < N_CASES; i++)
        free(evidence[i].x);
    return defined ? value : NAN;
}

static void expect(const char *id, const int32_t *weight, double expected)
{
    const double got = gathered(id, weight);
    if (!(fabs(got - expected) <= 1e-15) && !(isnan(got) && isnan(expected)))
        fail_msg("%s: %.17g, expected %.17g", id, got, expected);
}

static void the_curve_by_hand(void **state)
{
    static const double x[] = {0, 0, 1.0 / 3, 2.0 / 3, 2.0 / 3},
                        y[] = {0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 2.0 / 3}, volume[] = {0, 8, 6, 4, 2};
    const cm_curve_rules rules = {.most_points = 200, .bins = 10};
    const cm_metric metric = metric_of("FROC.c26.any-overlap.by-volume"),
                    other = metric_of("LESION-SENS.c26.any-overlap.by-volume@1fppi"),
                    third = metric_of("LESION-SENS.c26.cover@0.5.by-volume@1fppi");
    cm_evidence evidence[N_CASES];
    cm_gathered *g = NULL;
    cm_curve c;
    (void)state;
    evidence_of_cases(&metric, evidence);
    assert_int_equal(cm_gathered_create(&metric, evidence, N_CASES, &g, NULL), CM_OK);
    assert_int_equal(cm_curve_of_gathered(g, &rules, &c, NULL), CM_OK);
    assert_int_equal(c.n, 5);
    for (int i = 0; i < 5; i++) {
        assert_true(fabs(c.points[i].x - x[i]) <= 1e-15 && fabs(c.points[i].y - y[i]) <= 1e-15);
        assert_true(c.points[i].has_threshold == (i > 0) && c.points[i].threshold == volume[i]);
    }
    free(c.points);
    cm_gathered_destroy(g);
    for (int i = 0; i < N_CASES; i++)
        free(evidence[i].x);
    assert_true(cm_metric_same_free_response(&metric, &other));
    assert_false(cm_metric_same_free_response(&metric, &third));
}

/* Sites may hand over their cases in any order and grouping: the evidence is a list, and the bits are the
 * same. */
static void the_order_of_cases_does_not_matter(void **state)
{
    static const int orders[][N_CASES] = {{0, 1, 2}, {2, 0, 1}, {1, 2, 0}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}};
    int rows = 0;
    (void)state;
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        if (!cm_metric_catalogue[i].gathered) continue;
        const cm_metric metric = metric_of(cm_metric_catalogue[i].example);
        cm_evidence evidence[N_CASES], other[N_CASES];
        double first = 0;
        evidence_of_cases(&metric, evidence);
        for (int k = 0; k < 6; k++) {
            cm_gathered *g = NULL;
            double value;
            for (int c = 0; c < N_CASES; c++)
                other[c] = evidence[orders[k][c]];
            assert_int_equal(cm_gathered_create(&metric, other, N_CASES, &g, NULL), CM_OK);
            assert_true(cm_gathered_value(g, NULL, &value));
            if (k == 0) first = value;
            if (value != first) fail_msg("%s: %.17g and %.17g", metric.id, first, value);
            cm_gathered_destroy(g);
        }
        for (int c = 0; c < N_CASES; c++)
            free(evidence[c].x);
        rows++;
    }
    assert_true(rows >= 8);
}

/* By falling volume: found (4), wrong (3), wrong (2), found (1); 3 lesions, 3 cases. */
static void values_by_hand(void **state)
{
    (void)state;
    expect("FROC.c26.any-overlap.by-volume", NULL, (3 * (1.0 / 3) + 4 * (2.0 / 3)) / 7);
    expect("LESION-SENS.c26.any-overlap.by-volume@1fppi", NULL, 2.0 / 3);
    expect("LESION-SENS.c26.any-overlap.by-volume@0.5fppi", NULL, 1.0 / 3);
    expect("LESION-SENS.c26.any-overlap.pooled", NULL, 2.0 / 3);
    expect("LESION-PPV.c26.any-overlap.pooled", NULL, 0.5);
    expect("LESION-F1.c26.any-overlap.pooled", NULL, 4.0 / 7);
    expect("LESION-AP.c26.iou-greedy@0.1.by-volume", NULL, (1 + 2.0 / 4) / 3);
    expect("PQ.c26.iou-strict@0.5.pooled", NULL, 2.0 / 7);
    expect("PQ.c26.iou-hungarian@0.3.pooled", NULL, 2 * (1 + 2.0 / 6) / 7);
    expect("DSC.pooled", NULL, 6.0 / 17);
}

static void weights_repeat_cases(void **state)
{
    const int32_t twice[N_CASES] = {2, 1, 0}, only_empty[N_CASES] = {0, 3, 0}, none[N_CASES] = {0, 0, 0};
    (void)state;
    expect("LESION-SENS.c26.any-overlap.by-volume@1fppi", twice, 1); /* 3 false ones in 3 cases */
    expect("LESION-SENS.c26.any-overlap.by-volume@0.9fppi", twice, 0.5);
    expect("LESION-PPV.c26.any-overlap.pooled", twice, 4.0 / 7);
    expect("FROC.c26.any-overlap.by-volume", only_empty, NAN);
    expect("LESION-PPV.c26.any-overlap.pooled", only_empty, 0);
    expect("DSC.pooled", none, NAN);
}

/* The first number of any tool's evidence stands for an empty prediction. */
static void a_missing_prediction_finds_nothing(void **state)
{
    const cm_metric metric = metric_of("FROC.c26.any-overlap.by-volume");
    cm_evidence evidence[N_CASES];
    cm_gathered *g = NULL;
    double value;
    (void)state;
    evidence_of_cases(&metric, evidence);
    assert_true(evidence[0].x[0] == 2);
    cm_evidence cut[N_CASES] = {{1, evidence[0].x}, evidence[1], evidence[2]};
    assert_int_equal(cm_gathered_create(&metric, cut, N_CASES, &g, NULL), CM_OK);
    assert_true(cm_gathered_value(g, NULL, &value));
    assert_true(value == 0);
    cm_gathered_destroy(g);
    for (int i = 0; i < N_CASES; i++)
        free(evidence[i].x);
}

static void intervals_do_not_depend_on_threads(void **state)
{
    const cm_metric metric = metric_of("FROC.c26.any-overlap.by-volume");
    const cm_random source = {.seed = 5, .purpose = CM_PURPOSE_BOOTSTRAP};
    cm_evidence evidence[N_CASES];
    cm_interval first = {0};
    (void)state;
    evidence_of_cases(&metric, evidence);
    for (int n = 1; n <= 3; n++) {
        cm_threads *pool = NULL;
        cm_gathered *g = NULL;
        cm_interval interval = {0};
        int64_t undefined = 0;
        assert_int_equal(cm_threads_create(n, &pool, NULL), CM_OK);
        assert_int_equal(cm_gathered_create(&metric, evidence, N_CASES, &g, NULL), CM_OK);
        assert_int_equal(cm_bootstrap_gathered(pool, g, NULL, 0.9, 500, source, &interval, &undefined, NULL),
                         CM_OK);
        assert_true(undefined > 0 && undefined < 100); /* one replicate in 27 has case 1 only */
        assert_true(interval.low < 11.0 / 21 && interval.high > 11.0 / 21);
        if (n == 1) first = interval;
        assert_true(first.low == interval.low && first.high == interval.high);
        cm_gathered_destroy(g);
        cm_threads_destroy(pool);
    }
    for (int i = 0; i < N_CASES; i++)
        free(evidence[i].x);
}

static void evidence_that_contradicts_itself_is_refused(void **state)
{
    const cm_metric metric = metric_of("FROC.c26.any-overlap.by-volume"), dsc = metric_of("DSC");
    double more_found[5] = {1, 2, 2, 2, 0}, short_list[6] = {2, 2, 2, 2, 0, 5}, nan_[5] = {1, NAN, 0, 0, 0};
    const cm_evidence bad[] = {{5, more_found}, {6, short_list}, {5, nan_}, {0, more_found}};
    cm_gathered *g = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cm_gathered_create(&metric, &bad[i], 1, &g, NULL), CM_ERR_ARG);
    double good[5] = {1, 1, 1, 1, 1};
    assert_int_equal(cm_gathered_create(&dsc, &(cm_evidence){5, good}, 1, &g, NULL), CM_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_by_hand),
        cmocka_unit_test(the_order_of_cases_does_not_matter),
        cmocka_unit_test(values_by_hand),
        cmocka_unit_test(weights_repeat_cases),
        cmocka_unit_test(a_missing_prediction_finds_nothing),
        cmocka_unit_test(intervals_do_not_depend_on_threads),
        cmocka_unit_test(evidence_that_contradicts_itself_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
