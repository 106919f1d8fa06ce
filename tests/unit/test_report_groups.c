/* Results by attribute, what a public report hides of them, and OpenEBench's classes of the tools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/report/class_views_internal.h"
#include "engine/report/compare_internal.h"
#include "engine/report/examples_internal.h"
#include "tests/report/fake_results.h"

static cm_aggregates *aggregate(const cm_results *r, cm_audience audience)
{
    cm_aggregates *a = NULL;
    cm_error err = {0};
    if (cm_aggregates_create(r, audience, NULL, &a, &err)) fail_msg("%s %s", err.what, err.why);
    return a;
}

static const cm_grouping *grouping_named(const cm_aggregates *a, const char *name)
{
    for (int k = 0; k < a->n_groupings; k++)
        if (!strcmp(a->groupings[k].name, name)) return &a->groupings[k];
    fail_msg("no grouping %s", name);
    return NULL;
}

static const cm_group *group_named(const cm_aggregates *a, const char *attribute, const char *value)
{
    const cm_grouping *grouping = grouping_named(a, attribute);
    for (int g = grouping->first; g < grouping->first + grouping->n; g++)
        if (!strcmp(a->groups[g].name, value)) return &a->groups[g];
    fail_msg("no group %s of %s", value, attribute);
    return NULL;
}

/* Case i: DSC of good on the organ 0.9 - 0.01 i; F has the even cases of 24, M the odd ones. */
static void every_value_of_an_attribute_has_results(void **state)
{
    static const char *const sexes[] = {"M", "F"}, *const ages[] = {"70-79", "60-69", "60-69"};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "sex", 2, sexes);
    fake_attribute(r, "age", 3, ages);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_int_equal(a->n_groupings, 3);
    assert_int_equal(a->n_all_groups, 1 + 3 + 2 + 2);
    const cm_grouping *sex = grouping_named(a, "sex");
    assert_string_equal(a->groups[sex->first].name, "F"); /* sorted, not as met */
    const cm_cell *f = cm_aggregates_cell(a, 0, 0, 0, sex->first),
                  *m = cm_aggregates_cell(a, 0, 0, 0, sex->first + 1);
    assert_true(f->n == 12 && m->n == 12 && f->cases == 12 && f->ok == 12);
    assert_true(fabs(f->value - 0.78) < 1e-12 && fabs(m->value - 0.79) < 1e-12);
    assert_true(f->has_interval && f->interval.low < f->value && f->value < f->interval.high);
    assert_int_equal(group_named(a, "age", "60-69")->cases, 16);
    /* 0.01 apart with standard errors near 0.02: no sign of a difference between the sexes */
    const cm_heterogeneity *h = cm_aggregates_heterogeneity(a, 1, 0, 0, 0);
    assert_true(h->defined && h->groups == 2 && h->p > 0.5 && h->tau_squared == 0);
    int without = 0; /* three providers, two sexes, two age bands */
    for (int k = 0; k < a->comparison->n_without; k++)
        without += a->comparison->without[k].group >= a->n_groups;
    assert_true(without == 4 && a->comparison->n_without == 7);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void a_tool_that_fails_one_group_is_seen(void **state)
{
    static const char *const scanners[] = {"north", "south"};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "scanner", 2, scanners);
    for (int64_t i = 1; i < 24; i += 2)
        fake_value(r, 0, i, 0, 0, (cm_metric_value){.value = 0.2 + 0.001 * (double)i});
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_heterogeneity *good = cm_aggregates_heterogeneity(a, 1, 0, 0, 0),
                           *weak = cm_aggregates_heterogeneity(a, 1, 1, 0, 0);
    assert_true(good->p < 1e-10 && good->i_squared > 0.9 && weak->p > 0.5);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* DSC of 1 but for one case in either group: by the normal distribution alone the mean over the groups would
 * reach above 1, and its difference to a tool that is nearly always at 0 above it, too. */
static void a_mean_over_groups_stays_in_the_range(void **state)
{
    static const char *const scanners[] = {"north", "south"};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "scanner", 2, scanners);
    for (int64_t i = 0; i < 24; i++) {
        const double miss = i == 4 || i == 7 ? 0.3 : 0;
        for (int g = 0; g < 2; g++) {
            fake_value(r, 0, i, g, 0, (cm_metric_value){.value = 1 - miss});
            fake_value(r, 1, i, g, 0, (cm_metric_value){.value = miss});
        }
    }
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_heterogeneity *high = cm_aggregates_heterogeneity(a, 1, 0, 0, 0),
                           *low = cm_aggregates_heterogeneity(a, 1, 1, 0, 0),
                           *apart = &a->comparison->interaction[a->comparison->n_pairs];
    assert_true(high->defined && high->interval.high == 1 && high->interval.low < high->random);
    assert_true(low->defined && low->interval.low == 0 && low->interval.high > low->random);
    assert_true(apart->defined && apart->interval.high == 1 && apart->interval.low < apart->random);
    /* HD95 has no end above that all images share */
    const cm_heterogeneity *far = cm_aggregates_heterogeneity(a, 1, 0, 0, 1);
    assert_true(far->defined && far->interval.low >= 0 && far->interval.high > far->random);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void what_names_cases_makes_no_groups(void **state)
{
    static char text[24][16];
    const char *ids[24];
    static const char *const same[] = {"adult"};
    (void)state;
    for (int i = 0; i < 24; i++) {
        snprintf(text[i], sizeof text[i], "id%d", i);
        ids[i] = text[i];
    }
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "accession", 24, ids); /* more than 20 values */
    fake_attribute(r, "group", 1, same);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_false(grouping_named(a, "accession")->grouped);
    assert_false(grouping_named(a, "group")->grouped);
    assert_int_equal(a->n_all_groups, a->n_groups);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void a_bench_names_its_subgroups(void **state)
{
    static const char *const sexes[] = {"M", "F"}, *const ages[] = {"70-79", "60-69", "60-69"};
    static cm_subgroup wanted[] = {{.name = "age"}};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "sex", 2, sexes);
    fake_attribute(r, "age", 3, ages);
    r->bench->has_subgroups = true;
    r->bench->n_subgroups = 1;
    r->bench->subgroups = wanted;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_int_equal(a->n_groupings, 2);
    assert_string_equal(a->groupings[1].name, "age");
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static cm_results *with_ages(cm_subgroup *rule)
{
    static const char *const ages[] = {"49", "50",       "64.5", "65",   "6.5e1", "70",
                                       "",   "about 60", "12",   "0x40", "90",    "-1"};
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "age", 12, ages);
    r->bench->has_subgroups = true;
    r->bench->n_subgroups = 1;
    r->bench->subgroups = rule;
    return r;
}

/* A value at a cut belongs above it; what is no decimal number is told apart from what is not there. */
static void a_number_is_cut_where_the_bench_says(void **state)
{
    static cm_subgroup rule = {.name = "age", .n_cuts = 3, .cuts = {50, 65, 1000}};
    static const struct {
        const char *name;
        int cases;
    } expected[] = {
        {"below 50", 6}, {"50 to below 65", 4}, {"65 to below 1000", 8}, {"no number", 4}, {"", 2}};
    (void)state;
    cm_results *r = with_ages(&rule);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_grouping *age = grouping_named(a, "age");
    assert_true(age->grouped && age->n == 5); /* nobody is 1000 or above */
    for (int k = 0; k < 5; k++) {
        assert_string_equal(a->groups[age->first + k].name, expected[k].name);
        assert_int_equal(a->groups[age->first + k].cases, expected[k].cases);
    }
    /* cases 1 and 2 of every twelve: DSC 0.9 - 0.01 i */
    assert_true(fabs(cm_aggregates_cell(a, 0, 0, 0, age->first + 1)->value - (0.9 - 0.01 * 7.5)) < 1e-12);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Numbers -1 12 49 50 64.5 65 65 70 90, each twice: by NumPy 2.4.6, quantile(x, [1/3, 2/3])
 * is 49.666666666666664 and 65; in public 18 of them are enough for 3 parts of 5, and not for 4. */
static void a_number_is_cut_into_equal_parts(void **state)
{
    static cm_subgroup rule = {.name = "age", .parts = 3};
    (void)state;
    cm_results *r = with_ages(&rule);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_grouping *age = grouping_named(a, "age");
    assert_true(age->n == 5 && age->n_cuts == 2 && age->cuts_are_shown);
    assert_true(fabs(age->cuts[0] - 49.666666666666664) < 1e-12 && age->cuts[1] == 65);
    assert_int_equal(a->groups[age->first].cases, 6);
    assert_int_equal(a->groups[age->first + 1].cases, 4);
    assert_string_equal(a->groups[age->first + 2].name, "65 and above");
    cm_aggregates_destroy(a);
    a = aggregate(r, CM_AUDIENCE_PUBLIC);
    assert_true(grouping_named(a, "age")->cuts_are_shown);
    cm_aggregates_destroy(a);
    rule.parts = 4;
    a = aggregate(r, CM_AUDIENCE_PUBLIC);
    assert_false(grouping_named(a, "age")->cuts_are_shown);
    assert_string_equal(a->groups[grouping_named(a, "age")->first].name, "part 1 of 4");
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* 24 cases, minimum 5. Of 2, 2 and 20: the small ones together have 4, which the whole less the large one
 * would tell, so that is hidden, too. */
static void what_is_left_over_is_never_small(void **state)
{
    static const char *const values[] = {"x", "y", "z", "z", "z", "z", "z", "z", "z", "z", "z", "z"};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "stage", 12, values);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_PUBLIC);
    assert_int_equal(group_named(a, "stage", "x")->hidden, CM_HIDDEN_SMALL);
    assert_int_equal(group_named(a, "stage", "y")->hidden, CM_HIDDEN_SMALL);
    assert_int_equal(group_named(a, "stage", "z")->hidden, CM_HIDDEN_COMPLEMENTARY);
    const cm_heterogeneity *h = cm_aggregates_heterogeneity(a, 1, 0, 0, 0);
    assert_false(h->defined); /* hidden groups do not enter, or the test would give them away */
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Provider C (4 cases of 24: i % 6 = 5) is small. Scanner s is A and C, t is B: s less A, and all less A
 * less t, are C. */
static void no_small_group_is_a_difference_of_others(void **state)
{
    static const char *const scanners[] = {"s", "t", "s", "t", "s", "s"};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    fake_attribute(r, "scanner", 6, scanners);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_PUBLIC);
    const bool shows_a = !group_named(a, "provider", "A")->hidden,
               shows_s = !group_named(a, "scanner", "s")->hidden,
               shows_t = !group_named(a, "scanner", "t")->hidden;
    assert_int_equal(group_named(a, "provider", "C")->hidden, CM_HIDDEN_SMALL);
    assert_false(shows_a && (shows_s || shows_t));
    assert_true(shows_a || shows_s || shows_t); /* and no more than needed */
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Of 24 cases F and M have 12 each. Scanner y (9) is used for women alone, so F less y is 3 women whom no
 * group names; whoever knows that gets their mean. With 7 of y, 5 are left, and nothing needs to be hidden.
 */
static void what_a_nested_group_leaves_is_not_small(void **state)
{
    static const char *const sexes[] = {"F", "M"};
    (void)state;
    for (int n_y = 7; n_y <= 9; n_y += 2) {
        const char *scanners[24];
        for (int i = 0; i < 24; i++)
            scanners[i] = i % 2 == 0 && i / 2 < n_y ? "y" : "x";
        cm_results *r = fake_segmentation(2, 24);
        for (int i = 0; i < 24; i++)
            snprintf(r->cases[i].provider, sizeof r->cases[i].provider, "A");
        fake_attribute(r, "sex", 2, sexes);
        fake_attribute(r, "scanner", 24, scanners);
        cm_aggregates *a = aggregate(r, CM_AUDIENCE_PUBLIC);
        const bool f = !group_named(a, "sex", "F")->hidden, m = !group_named(a, "sex", "M")->hidden,
                   x = !group_named(a, "scanner", "x")->hidden, y = !group_named(a, "scanner", "y")->hidden;
        if (n_y == 7)
            assert_true(f && m && x && y);
        else
            assert_false((f && y) || (m && x) || (f && x)); /* F less y; x less M; F and x less all */
        cm_aggregates_destroy(a);
        fake_results_free(r);
    }
}

/* Excluding empty cases leaves weak with 4 values of the organ: its mean must not come out by another way. */
static void a_hidden_mean_is_nowhere(void **state)
{
    char folder[] = "/tmp/cohmark-groups.XXXXXX", path[64];
    cm_error err = {0};
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    snprintf(r->bench->ranking_target, sizeof r->bench->ranking_target, "organ");
    for (int64_t i = 0; i < 24; i++)
        fake_value(r, 1, i, 0, 0,
                   i < 4 ? (cm_metric_value){.value = 0.123456789}
                         : (cm_metric_value){CM_VALUE_UNDEFINED, CM_BOTH_EMPTY, 0});
    assert_non_null(mkdtemp(folder));
    const cm_report_options options = {.audience = CM_AUDIENCE_PUBLIC, .created = "2026-01-02T03:04:05Z"};
    if (cm_report_write(r, folder, folder, &options, &err)) fail_msg("%s %s", err.what, err.why);
    snprintf(path, sizeof path, "%s/report.xml", folder);
    char *text = fake_file(path);
    assert_non_null(text);
    assert_null(strstr(text, "0.12345678"));
    assert_null(strstr(text, "<comparison"));
    assert_non_null(strstr(text, "hidden=\"small\""));
    free(text);
    static const char *const names[] = {"report.xml", "report.html", "openebench.json"};
    for (int f = 0; f < 3; f++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[f]);
        unlink(path);
    }
    rmdir(folder);
    fake_results_free(r);
}

/* Three tools: DSC 0.785, 0.57, 0.57 and HD95 12.5, 14.5, 14.5 on the organ; RVD is best at zero. */
static void tools_are_classified_by_every_pair(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(3, 24);
    for (int64_t i = 0; i < 24; i++) /* the last tool has no value of RVD on the organ */
        fake_value(r, 2, i, 0, 2, (cm_metric_value){CM_VALUE_UNDEFINED, CM_REFERENCE_EMPTY, 0});
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_class_views *v = a->class_views;
    assert_true(v->all_pairs && v->n == 2 * (3 + 3));
    const cm_class_view *dsc_hd = &v->view[0], *rvd = &v->view[5];
    assert_true(dsc_hd->metric[0] == 0 && dsc_hd->metric[1] == 1 && dsc_hd->n == 3);
    assert_true(cm_class_axis_rises(a, 0) && !cm_class_axis_rises(a, 1));
    /* on the median of a rising axis is good, on that of a falling one is not */
    assert_true(dsc_hd->classes->square[0] == 1 && dsc_hd->classes->square[1] == 3);
    assert_true(dsc_hd->classes->pareto[0] && !dsc_hd->classes->pareto[1]);
    assert_true(dsc_hd->classes->diagonal[0] == 1 && dsc_hd->classes->diagonal[2] == 4);
    assert_true(rvd->dimensions == 1 && rvd->metric[0] == 2 && rvd->n == 2);       /* the third is left out */
    assert_true(cm_metric_is_distance(a, 2) && fabs(rvd->value[1] - 0.1) < 1e-12); /* of -0.1 */
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void distances_go_up(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 12);
    const cm_metric first = r->bench->metrics[0];
    r->bench->metrics[0] = r->bench->metrics[1]; /* HD95 before DSC */
    r->bench->metrics[1] = first;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->class_views->view[0].metric[0] == 1 && a->class_views->view[0].metric[1] == 0);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* DSC of good falls with the case, that of weak is 0.5 but for two equally bad ones. */
static void examples_are_the_ends_and_the_middle(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 24);
    for (int64_t i = 0; i < 24; i++)
        fake_value(r, 1, i, 0, 0, (cm_metric_value){.value = i == 7 || i == 9 ? 0.1 : 0.5});
    fake_fail(r, 0, 23, CM_ITEM_CRASH, "signal 11"); /* no value, so no example */
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_example *e = a->examples->example;
    assert_int_equal(a->examples->n, 2 * 2 * 3);
    assert_true(e[0].case_index == 0 && e[1].case_index == 11 && e[2].case_index == 22);
    assert_string_equal(e[1].kind, "median");
    assert_true(e[6].tool == 1 && e[6].case_index == 0 && e[8].case_index == 7 && e[8].value == 0.1);
    cm_aggregates_destroy(a);
    a = aggregate(r, CM_AUDIENCE_PUBLIC);
    assert_null(a->examples);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_of_an_attribute_has_results),
        cmocka_unit_test(a_tool_that_fails_one_group_is_seen),
        cmocka_unit_test(a_mean_over_groups_stays_in_the_range),
        cmocka_unit_test(what_names_cases_makes_no_groups),
        cmocka_unit_test(a_bench_names_its_subgroups),
        cmocka_unit_test(a_number_is_cut_where_the_bench_says),
        cmocka_unit_test(a_number_is_cut_into_equal_parts),
        cmocka_unit_test(what_is_left_over_is_never_small),
        cmocka_unit_test(no_small_group_is_a_difference_of_others),
        cmocka_unit_test(what_a_nested_group_leaves_is_not_small),
        cmocka_unit_test(a_hidden_mean_is_nowhere),
        cmocka_unit_test(tools_are_classified_by_every_pair),
        cmocka_unit_test(distances_go_up),
        cmocka_unit_test(examples_are_the_ends_and_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
