/* Whether one tool is better than another in every group: the difference of pairs per group, and the test of
 * interaction. Expected figures: means and standard errors by SciPy 1.17.1 (stats.sem of the differences), Q,
 * tau-squared, mean and interval by statsmodels 0.15.0 (combine_effects, method_re="dl"), p by
 * scipy.stats.chi2.sf, Holm's correction by statsmodels' multipletests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/report/compare_internal.h"
#include "tests/report/fake_results.h"

enum { CASES = 24, TOOLS = 3 };
static const double values[TOOLS][CASES] = {
    {0.85, 0.87, 0.7,  0.67, 0.64, 0.82, 0.56, 0.83, 0.76, 0.76, 0.67, 0.56,
     0.7,  0.72, 0.65, 0.82, 0.92, 0.79, 0.81, 0.92, 0.6,  0.62, 0.79, 0.49},
    {0.73, 0.92, 0.83, 0.55, 0.62, 0.87, 0.5,  0.85, 0.82, 0.71, 0.66, 0.59,
     0.61, 0.66, 0.71, 0.69, 0.88, 0.81, 0.78, 0.93, 0.55, 0.54, 0.76, 0.46},
    {0.67, 0.77, 0.84, 0.58, 0.52, 0.78, 0.44, 0.84, 0.74, 0.62, 0.56, 0.55,
     0.54, 0.53, 0.65, 0.64, 0.89, 0.81, 0.7,  0.86, 0.52, 0.58, 0.66, 0.5}};
static const char *const scanners[] = {"a", "b", "c"}; /* by case number modulo 3 */

static cm_results *results_of(int metric, double less)
{
    cm_results *r = fake_segmentation(TOOLS, CASES);
    fake_attribute(r, "scanner", 3, scanners);
    r->bench->replicates = 20;
    snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "%s", r->bench->metrics[metric].id);
    snprintf(r->bench->ranking_target, sizeof r->bench->ranking_target, "organ");
    for (int t = 0; t < TOOLS; t++)
        for (int64_t i = 0; i < CASES; i++)
            fake_value(r, t, i, 0, metric, (cm_metric_value){.value = values[t][i] - less});
    return r;
}

static cm_aggregates *aggregate(const cm_results *r, cm_audience audience)
{
    cm_aggregates *a = NULL;
    cm_error err = {0};
    if (cm_aggregates_create(r, audience, NULL, &a, &err)) fail_msg("%s %s", err.what, err.why);
    assert_non_null(a->comparison);
    return a;
}

static bool near(double got, double expected)
{
    return fabs(got - expected) <= 1e-9 * fmax(1, fabs(expected));
}

static int64_t number_of_pair(const cm_comparison *c, int i, int j)
{
    for (int64_t pair = 0; pair < c->n_pairs; pair++)
        if (c->pair[pair].first == i && c->pair[pair].second == j) return pair;
    fail_msg("no pair %d %d", i, j);
    return 0;
}

/* Of a pair in a group; a group is named by its attribute's number and its own. */
static const cm_group_difference *in_group(const cm_aggregates *a, int i, int j, int grouping, int group)
{
    const cm_comparison *c = a->comparison;
    return &c->in_group[number_of_pair(c, i, j) * c->n_all_groups + a->groupings[grouping].first + group];
}

static const cm_heterogeneity *interaction(const cm_aggregates *a, int i, int j, int grouping)
{
    const cm_comparison *c = a->comparison;
    return &c->interaction[grouping * c->n_pairs + number_of_pair(c, i, j)];
}

static void differences_of_cases_agree_with_statsmodels(void **state)
{
    static const struct {
        int i, j;
        double difference[3], se[3], q, p, i_squared, tau_squared, mean, low, high, adjusted;
    } expected[] = {{0,
                     1,
                     {0.085, 0.01, -0.03375},
                     {0.012955969390869316, 0.012535663410560179, 0.01990490786572138},
                     30.71917086731105,
                     2.135093025304981e-07,
                     0.9348940761246833,
                     0.0030890060573904596,
                     0.02161300294437729,
                     -0.043645650613255024,
                     0.0868716565020096,
                     6.405279075914943e-07},
                    {0,
                     2,
                     {0.1275, 0.09125, -0.0025},
                     {0.016982133468526752, 0.022155094544725234, 0.0225792255972482},
                     21.3424556098117,
                     2.320302720324084e-05,
                     0.9062900709944293,
                     0.004042594155844158,
                     0.07303691215162941,
                     -0.0026187221036056973,
                     0.14869254640686452,
                     4.640605440648168e-05},
                    {1,
                     2,
                     {0.0425, 0.08125, 0.03125},
                     {0.017499999999999984, 0.019679349219785845, 0.01608432022632156},
                     4.036948670995734,
                     0.13285800728064381,
                     0.5045763117154795,
                     0.00031875460451409864,
                     0.04995614918493876,
                     0.0215122463933086,
                     0.07840005197656891,
                     0.13285800728064381}};
    (void)state;
    cm_results *r = results_of(0, 0);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        const int i = expected[k].i, j = expected[k].j;
        for (int g = 0; g < 3; g++) {
            const cm_group_difference *d = in_group(a, i, j, 1, g);
            assert_true(d->enters && d->units == 8);
            assert_true(near(d->difference, expected[k].difference[g]) && near(d->se, expected[k].se[g]));
        }
        const cm_heterogeneity *h = interaction(a, i, j, 1);
        assert_true(h->defined && h->groups == 3 && near(h->q, expected[k].q));
        assert_true(fabs(h->p / expected[k].p - 1) < 1e-9);
        assert_true(near(h->i_squared, expected[k].i_squared) &&
                    near(h->tau_squared, expected[k].tau_squared));
        assert_true(near(h->random, expected[k].mean));
        assert_true(near(h->interval.low, expected[k].low) && near(h->interval.high, expected[k].high));
        const cm_comparison *c = a->comparison;
        const double adjusted = c->interaction_p[c->n_pairs + number_of_pair(c, i, j)];
        assert_true(fabs(adjusted / expected[k].adjusted - 1) < 1e-9);
    }
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* RVD is best at zero: differences are of its absolute values. */
static void distances_to_the_best_value_are_compared(void **state)
{
    (void)state;
    cm_results *r = results_of(2, 0.7);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_group_difference *d = in_group(a, 0, 1, 1, 2);
    assert_true(near(d->difference, -0.03375) && near(d->se, 0.01898660241930006));
    const cm_heterogeneity *h = interaction(a, 0, 1, 1);
    assert_true(near(h->q, 1.5365529111770715) && near(h->p, 0.46381178000736933));
    assert_true(h->i_squared == 0 && h->tau_squared == 0);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Two cases each, side by side; sixes of cases take turns, so nobody is in two groups. */
static void a_patient_counts_once(void **state)
{
    static const char *const arms[] = {"x", "x", "x", "x", "x", "x", "y", "y", "y", "y", "y", "y"};
    (void)state;
    cm_results *r = results_of(0, 0);
    fake_attribute(r, "arm", 12, arms);
    for (int64_t i = 0; i < CASES; i++)
        snprintf(r->cases[i].patient, sizeof r->cases[i].patient, "p%02lld", (long long)(i / 2));
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_group_difference *x = in_group(a, 0, 1, 2, 0), *y = in_group(a, 0, 1, 2, 1);
    assert_true(x->units == 6 && near(x->difference, 0.0225) && near(x->se, 0.01340087061848345));
    assert_true(y->units == 6 && near(y->difference, 0.018333333333333333));
    assert_true(near(y->se, 0.011155467020454328));
    assert_true(near(interaction(a, 0, 1, 2)->q, 0.05710370031978229));
    assert_true(near(interaction(a, 0, 1, 2)->p, 0.8111336487936246));
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Of the 12, 8 and 4 cases of the providers the last are too few for a spread of their own. */
static void groups_of_few_units_do_not_enter(void **state)
{
    (void)state;
    cm_results *r = results_of(0, 0);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_int_equal(interaction(a, 0, 1, 0)->groups, 2);
    assert_true(in_group(a, 0, 1, 0, 1)->enters && !in_group(a, 0, 1, 0, 2)->enters);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* In public: nothing of a hidden group, and nothing of one where a case counts for one tool alone, whose
 * value would be the tool's mean less what the difference tells. */
static void a_public_report_gives_no_case_away(void **state)
{
    (void)state;
    cm_results *r = results_of(0, 0);
    r->bench->policies.both_empty = CM_POLICY_EXCLUDE;
    fake_value(r, 1, 3, 0, 0, (cm_metric_value){CM_VALUE_UNDEFINED, CM_BOTH_EMPTY, 0}); /* of scanner a */
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(in_group(a, 0, 1, 1, 0)->enters && in_group(a, 0, 1, 1, 0)->units == 7);
    cm_aggregates_destroy(a);
    a = aggregate(r, CM_AUDIENCE_PUBLIC);
    for (int g = 0; g < 3; g++) {
        assert_int_equal(in_group(a, 0, 1, 1, g)->enters, g != 0);
        assert_true(in_group(a, 0, 2, 1, g)->enters);
    }
    for (int p = 0; p < 3; p++) /* A is shown, B hidden beside the small C */
        assert_int_equal(in_group(a, 0, 2, 0, p)->enters, p == 0);
    assert_false(interaction(a, 0, 2, 0)->defined);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Accuracy of two classifiers on the same cases: the variance of the difference of two paired shares is
 * (b + c - (b - c)^2 / n) / n^2 (b, c: right by one tool alone), which the bootstrap must come near. */
static void differences_of_a_metric_of_the_cohort(void **state)
{
    static const char *const halves[] = {"x", "x", "x", "x", "x", "y", "y"};
    cm_error err = {0};
    (void)state;
    cm_results *r = fake_classification(140);
    assert_int_equal(cm_metric_parse("ACC", &r->bench->metrics[0], &err), CM_OK);
    snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "ACC");
    r->bench->replicates = 2000;
    fake_attribute(r, "half", 7, halves);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    for (int g = 0; g < 2; g++) {
        double b = 0, c = 0, n = 0;
        for (int64_t i = 0; i < r->n_cases; i++) {
            if ((i % 7 >= 5) != (g == 1)) continue;
            const bool first = *cm_results_decided(r, 0, i) == r->cases[i].class_value,
                       second = *cm_results_decided(r, 1, i) == r->cases[i].class_value;
            b += first && !second;
            c += second && !first;
            n++;
        }
        const cm_group_difference *d = in_group(a, 0, 1, 1, g);
        const double se = sqrt((b + c - (b - c) * (b - c) / n)) / n;
        assert_true(d->enters && d->units == (int64_t)n && near(d->difference, (b - c) / n));
        assert_true(se > 0.01 && fabs(d->se / se - 1) < 0.06);
    }
    /* every seventh case is wrong for sharp alone, and all of these are in one group */
    assert_true(interaction(a, 0, 1, 1)->defined && interaction(a, 0, 1, 1)->p < 0.001);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void of_many_tools_the_leader_is_compared(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(CM_TOOLS_IN_ALL_PAIRS + 1, 12);
    r->bench->replicates = 2;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_comparison *c = a->comparison;
    assert_int_equal(a->leader, 0);
    assert_int_equal(c->n_pairs, CM_TOOLS_IN_ALL_PAIRS);
    for (int64_t pair = 0; pair < c->n_pairs; pair++)
        assert_true(c->pair[pair].first == 0 && c->pair[pair].second == pair + 1);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_of_cases_agree_with_statsmodels),
        cmocka_unit_test(distances_to_the_best_value_are_compared),
        cmocka_unit_test(a_patient_counts_once),
        cmocka_unit_test(groups_of_few_units_do_not_enter),
        cmocka_unit_test(a_public_report_gives_no_case_away),
        cmocka_unit_test(differences_of_a_metric_of_the_cohort),
        cmocka_unit_test(of_many_tools_the_leader_is_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
