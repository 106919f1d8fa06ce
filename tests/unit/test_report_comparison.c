/* How sure the order is: the comparison of a report on results known to the last digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/report/combine_internal.h"
#include "engine/report/compare_internal.h"
#include "tests/report/fake_results.h"

static cm_aggregates *aggregate(const cm_results *r, cm_audience audience)
{
    cm_aggregates *a = NULL;
    cm_error err = {0};
    if (cm_aggregates_create(r, audience, NULL, &a, &err)) fail_msg("%s %s", err.what, err.why);
    return a;
}

/* weak and third are the same but for 0.001 on every second case: equivalent, and no other pair is. */
static void tools_can_be_the_same_in_practice(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(3, 24);
    for (int64_t i = 0; i < 24; i++)
        for (int g = 0; g < 2; g++) {
            const double weak = cm_results_value(r, 1, i, g * 3).value;
            fake_value(r, 2, i, g, 0, (cm_metric_value){.value = weak + (i % 2 ? 0.001 : 0)});
        }
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_null(a->comparison->equivalence); /* no margin, no test */
    /* differences of 0 and 0.001, half each: sd 0.0005 sqrt(24/23); (1.959964 + 0.841621) sd / sqrt(24) */
    const double detectable = 2.801585 * 0.0005 * sqrt(24.0 / 23) / sqrt(24);
    assert_true(fabs(a->comparison->detectable[1 * 3 + 2] / detectable - 1) < 1e-6);
    cm_aggregates_destroy(a);
    r->bench->margin = 0.02;
    a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->comparison->equivalence[1 * 3 + 2].equivalent);
    assert_true(a->comparison->equivalence[1 * 3 + 2].p < 1e-6);
    assert_false(a->comparison->equivalence[0 * 3 + 1].equivalent);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Case i: good 0.9 - 0.01 i, weak 0.8 - 0.02 i on both targets (less 0.05 for the lesion): good wins each. */
static void the_better_tool_wins_every_case(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_comparison *c = a->comparison;
    assert_non_null(c);
    assert_int_equal(c->n_units, 24);
    assert_true(c->alpha == 0.05 && c->win[1].wins == 24 && c->win[1].probability == 1);
    assert_true(c->pairs->v[1] == 300 && c->pairs->better[1] && !c->pairs->better[2]); /* 24 * 25 / 2 */
    /* one sign pattern of 2^24 is as extreme on either side */
    assert_true(c->pairs->exact[1] && c->pairs->p[1] == 2.0 / (1 << 24));
    /* differences 0.1 + 0.01 i, i = 0..23: the median of their pairwise means is their middle */
    assert_true(c->shift[1].estimate > 0.2149999 && c->shift[1].estimate < 0.2150001);
    assert_true(c->n_groups == 2 && c->order[0] == 0 && c->low[0] == 1 && c->high[0] == 1 && c->low[1] == 2);
    for (int k = 0; k < CM_METHODS; k++) {
        assert_true(c->method[k].place[0] == 1 && c->method[k].place[1] == 2);
        assert_true(c->method[k].stability->winner[0] == 1 && c->method[k].stability->mean_tau == 1);
        assert_int_equal(c->method[k].stability->at[0 * 5 + 2], 200); /* every replicate at place 1 */
        assert_int_equal(c->method[k].stability->at[1 * 5 + 4], 200);
    }
    assert_int_equal(c->n_without, 3);
    assert_true(c->without[0].place[0] == 1 && c->without[0].units == 12); /* A has half of the cases */
    assert_int_equal(a->outcome, CM_OUTCOME_CLEAR);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* The leader by the mean loses most cases by a little: other methods put the other tool first, and no test
 * calls the leader better, so the verdict must not. */
static void methods_that_disagree_are_told(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    for (int64_t i = 0; i < 24; i++)
        for (int g = 0; g < 2; g++) {
            const double weak = 0.5 + 0.001 * (double)i;
            fake_value(r, 1, i, g, 0, (cm_metric_value){.value = weak});
            fake_value(r, 0, i, g, 0, (cm_metric_value){.value = i < 8 ? weak + 0.3 : weak - 0.01});
        }
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    bool warned = false;
    for (int w = 0; w < a->n_warnings; w++)
        warned |= !strcmp(a->warnings[w].code, "other-methods") &&
                  strstr(a->warnings[w].text, "rank-then-mean (weak)");
    assert_true(warned && a->leader == 0);
    assert_int_equal(a->outcome, CM_OUTCOME_NOT_CLEAR);
    assert_true(a->comparison->method[CM_RANK_THEN_MEAN - 1].place[1] == 1);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Cases of one patient are one unit: 24 cases of 8 patients. */
static void patients_are_the_units_when_they_repeat(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    for (int64_t i = 0; i < 24; i++)
        snprintf(r->cases[i].patient, sizeof r->cases[i].patient, "p%d", (int)(i % 8));
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_comparison *c = a->comparison;
    assert_true(a->draw_unit == CM_DRAW_PATIENTS && c->n_units == 8 && c->win[1].wins == 8);
    /* differences of patient p: the mean over cases p, p + 8, p + 16 is 0.1 + 0.01 (p + 8) */
    assert_true(c->shift[1].estimate > 0.2149999 && c->shift[1].estimate < 0.2150001);
    assert_true(c->pairs->pairs[1] == 8);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void nothing_is_compared_where_nothing_can_be(void **state)
{
    (void)state;
    cm_results *one = fake_segmentation(1, 12), *few = fake_segmentation(2, 1);
    cm_aggregates *a = aggregate(one, CM_AUDIENCE_SITE), *b = aggregate(few, CM_AUDIENCE_SITE);
    assert_null(a->comparison);
    assert_null(b->comparison);
    cm_aggregates_destroy(a);
    cm_aggregates_destroy(b);
    fake_results_free(one);
    fake_results_free(few);
}

/* A report of 40 classified cases that goes by one metric, of the tumours. */
static cm_aggregates *classified_by(const char *metric, const char *target, cm_results **results)
{
    cm_results *r = *results = fake_classification(40);
    assert_int_equal(cm_metric_parse(metric, &r->bench->metrics[0], NULL), CM_OK);
    snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "%s", metric);
    snprintf(r->bench->ranking_target, sizeof r->bench->ranking_target, "%s", target);
    return aggregate(r, CM_AUDIENCE_SITE);
}

static void areas_are_compared_by_delong(void **state)
{
    (void)state;
    cm_results *r;
    cm_aggregates *a = classified_by("AUROC", "tumour", &r);
    const cm_comparison *c = a->comparison;
    uint8_t truth[40];
    double score[2][40];
    cm_delong expected;
    for (int64_t i = 0; i < 40; i++) {
        truth[i] = (uint8_t)(i % 2);
        for (int t = 0; t < 2; t++)
            score[t][i] = cm_results_scores(r, t, i)[1];
    }
    assert_int_equal(cm_test_delong(truth, score[0], score[1], 40, &expected, NULL), CM_OK);
    assert_true(c->of_cohort && c->n_methods == 1 && c->n_units == 40);
    assert_int_equal(c->test[1].kind, CM_PAIR_DELONG);
    assert_true(expected.defined && c->test[1].p == expected.p && c->pairs->adjusted[1] == expected.p);
    assert_true(c->test[1].difference == a->standings[0].value - a->standings[1].value);
    assert_true(c->test[1].low < c->test[1].difference && c->test[1].difference < c->test[1].high);
    double shares = 0; /* of the first place: the tools never tie here */
    for (int t = 0; t < 2; t++)
        shares += c->method[0].stability->winner[t];
    assert_true(shares > 0.999999 && c->method[0].stability->replicates == 200);
    assert_int_equal(c->n_without, 3);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Which interval a metric of the cohort has, and that it is not resampled when patients allow that. */
static void intervals_go_by_what_they_are_of(void **state)
{
    (void)state;
    cm_results *r;
    cm_aggregates *a = classified_by("AUROC", "tumour", &r);
    const cm_cell *area = cm_aggregates_cell(a, 1, a->ranking_target, 0, 0),
                  *balanced = cm_aggregates_cell(a, 1, a->ranking_target, 1, 0);
    assert_true(area->interval_method == CM_INTERVAL_DELONG && area->interval.replicates == 0);
    assert_true(area->interval.low < area->value && area->value < area->interval.high);
    assert_true(balanced->interval_method == CM_INTERVAL_PERCENTILE && balanced->interval.replicates == 200);
    assert_int_equal(a->standings[1].interval_method, CM_INTERVAL_DELONG);
    cm_aggregates_destroy(a);
    fake_results_free(r);
    a = classified_by("ACC", "tumour", &r); /* blunt is right on 27 of 40 */
    cm_interval wilson;
    const cm_cell *share = cm_aggregates_cell(a, 1, a->ranking_target, 0, 0);
    assert_int_equal(cm_interval_wilson(27, 40, 0.95, &wilson, NULL), CM_OK);
    assert_true(share->interval_method == CM_INTERVAL_WILSON && share->value == 27 / 40.0);
    assert_true(share->interval.low == wilson.low && share->interval.high == wilson.high);
    cm_aggregates_destroy(a);
    for (int64_t i = 0; i < 40; i++)
        snprintf(r->cases[i].patient, sizeof r->cases[i].patient, "p%d", (int)(i / 2));
    a = aggregate(r, CM_AUDIENCE_SITE); /* shares of cases that belong together */
    assert_int_equal(cm_aggregates_cell(a, 1, a->ranking_target, 0, 0)->interval_method,
                     CM_INTERVAL_PERCENTILE);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* sharp errs on 6, 13, 20, 27, 34, blunt on 2, 5 ... 38: 12 cases that only sharp has right, 4 only blunt. */
static void decisions_are_compared_by_mcnemar(void **state)
{
    (void)state;
    cm_results *r;
    cm_aggregates *a = classified_by("ACC", "tumour", &r);
    const cm_pair_test *test = &a->comparison->test[1];
    assert_int_equal(test->kind, CM_PAIR_MCNEMAR);
    assert_true(test->exact && test->wins == 12 && test->losses == 4 && test->units == 40);
    const double p = 2 * (1 + 16 + 120 + 560 + 1820) / 65536.0;
    assert_true(test->p > p * (1 - 1e-12) && test->p < p * (1 + 1e-12));
    assert_int_equal(a->outcome, CM_OUTCOME_NOT_CLEAR); /* 0.077 */
    cm_aggregates_destroy(a);
    fake_results_free(r);
    a = classified_by("SENS", "tumour", &r); /* odd cases only: sharp errs on 13, 27; blunt on 5, 11 ... 35 */
    test = &a->comparison->test[1];
    assert_true(test->kind == CM_PAIR_MCNEMAR && test->units == 20 && test->wins == 6 && test->losses == 2);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void other_metrics_are_compared_by_their_spread(void **state)
{
    (void)state;
    cm_results *r;
    cm_aggregates *a = classified_by("BRIER.binary", "tumour", &r);
    const cm_pair_test *test = &a->comparison->test[1];
    assert_int_equal(test->kind, CM_PAIR_BOOTSTRAP);
    /* small is good: sharp is lower, and favoured */
    assert_true(test->difference < 0 && test->favour > 0 && test->low < test->difference);
    assert_true(test->high > test->difference && test->p > 0 && test->p < 1);
    cm_aggregates_destroy(a);
    for (int64_t i = 0; i < 40; i++) /* DeLong would take the two cases of a patient as two */
        snprintf(r->cases[i].patient, sizeof r->cases[i].patient, "p%d", (int)(i / 2));
    cm_metric_parse("AUROC", &r->bench->metrics[0], NULL);
    snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "AUROC");
    a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->comparison->test[1].kind == CM_PAIR_BOOTSTRAP && a->comparison->n_units == 20);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Providers A 12, B 8, C 4: C is too small for the public, B would give it away. */
static void hidden_providers_are_not_left_out_by_name(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_PUBLIC);
    assert_int_equal(a->comparison->n_without, 1);
    assert_string_equal(a->groups[a->comparison->without[0].group].name, "A");
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* By DSC good is first, by |RVD| (good 0.01 i, mean 0.115; weak 0.1) weak is: the weights decide. */
static void weights_decide_a_combined_order(void **state)
{
    cm_ranking_part parts[] = {{"DSC", "organ", 3}, {"RVD", "lesion", 1}};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    r->bench->n_parts = 2;
    r->bench->parts = parts;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_combined *c = a->combined;
    assert_true(c->part[0].place[0] == 1 && c->part[1].place[0] == 2);
    assert_true(c->all.score[0] == 1.25 && c->all.score[1] == 1.75 && c->all.place[0] == 1);
    assert_true(c->all.stability->winner[0] == 1); /* 3 against 1, whatever is drawn */
    cm_aggregates_destroy(a);
    parts[0].weight = 1; /* now they are level, on the whole and whenever weak has the better RVD */
    a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->combined->all.place[0] == 1.5 && a->combined->all.place[1] == 1.5);
    assert_true(a->combined->all.stability->winner[0] == 1);
    assert_true(a->combined->all.stability->winner[1] == a->combined->part[1].stability->winner[1]);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* A tool without any value of a part. */
static void a_missing_part_goes_by_the_policy(void **state)
{
    cm_ranking_part parts[] = {{"DSC", "", 1}, {"RVD", "organ", 1}};
    (void)state;
    cm_results *r = fake_segmentation(3, 24);
    for (int64_t i = 0; i < 24; i++)
        fake_value(r, 0, i, 0, 2, (cm_metric_value){CM_VALUE_UNDEFINED, CM_REFERENCE_EMPTY, 0});
    r->bench->n_parts = 2;
    r->bench->parts = parts;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->combined->part[1].place[0] == 3 && a->combined->all.score[0] == 2);
    cm_aggregates_destroy(a);
    r->bench->combination_excludes = true;
    a = aggregate(r, CM_AUDIENCE_SITE);
    assert_false(a->combined->all.has[0]);
    assert_true(a->combined->all.place[1] == 1.5 && a->combined->all.place[0] == 3);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void classifiers_are_combined_too(void **state)
{
    cm_ranking_part parts[] = {{"AUROC", "tumour", 1}, {"BRIER.binary", "", 1}};
    (void)state;
    cm_results *r = fake_classification(40);
    r->bench->n_parts = 2;
    r->bench->parts = parts;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->combined->all.place[0] == 1 && a->combined->all.place[1] == 2);
    assert_true(a->combined->part[0].score[0] ==
                cm_aggregates_cell(a, 0, a->combined->target[0], 0, 0)->value);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_can_be_the_same_in_practice),
        cmocka_unit_test(the_better_tool_wins_every_case),
        cmocka_unit_test(methods_that_disagree_are_told),
        cmocka_unit_test(patients_are_the_units_when_they_repeat),
        cmocka_unit_test(nothing_is_compared_where_nothing_can_be),
        cmocka_unit_test(areas_are_compared_by_delong),
        cmocka_unit_test(intervals_go_by_what_they_are_of),
        cmocka_unit_test(decisions_are_compared_by_mcnemar),
        cmocka_unit_test(other_metrics_are_compared_by_their_spread),
        cmocka_unit_test(weights_decide_a_combined_order),
        cmocka_unit_test(a_missing_part_goes_by_the_policy),
        cmocka_unit_test(classifiers_are_combined_too),
        cmocka_unit_test(hidden_providers_are_not_left_out_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
