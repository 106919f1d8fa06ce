/* Metrics that are best at a value are compared by the mean of the distances to it. Tool "good" errs by as
 * much to either side and would be best by its mean, which is zero; tool "weak" is never far off and has to
 * win everywhere. Expected figures by NumPy 2.4.6 and SciPy 1.17.1 (quantile, stats.sem, stats.wilcoxon
 * exact, stats.t and stats.norm; the intercepts of the logistic line by optimize.brentq). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/sha256.h"
#include "engine/report/class_views_internal.h"
#include "engine/report/combine_internal.h"
#include "engine/report/compare_internal.h"
#include "engine/report/diff.h"
#include "engine/report/verify.h"
#include "tests/report/fake_results.h"

enum { CASES = 24, RVD = 2, GOOD = 0, WEAK = 1, ORGAN = 0 };

/* RVD of the organ: good +0.3, -0.3, +0.31, -0.31 ... -0.41; weak 0.05 + 0.002 i, on every `negative`-th case
 * with a minus (0: never). The lesion has the same with the other sign. */
static cm_results *results_of(int negative)
{
    cm_results *r = fake_segmentation(2, CASES);
    snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "RVD");
    snprintf(r->bench->ranking_target, sizeof r->bench->ranking_target, "organ");
    for (int64_t i = 0; i < CASES; i++)
        for (int g = 0; g < 2; g++) {
            const double sign = g ? -1 : 1, side = i % 2 ? -1 : 1,
                         own = negative && i % negative == 0 ? -1 : 1;
            fake_value(r, GOOD, i, g, RVD,
                       (cm_metric_value){.value = sign * side * (0.3 + 0.01 * (double)(i / 2))});
            fake_value(r, WEAK, i, g, RVD,
                       (cm_metric_value){.value = sign * own * (0.05 + 0.002 * (double)i)});
        }
    return r;
}

static cm_aggregates *aggregate(const cm_results *r, cm_audience audience)
{
    cm_aggregates *a = NULL;
    cm_error err = {0};
    if (cm_aggregates_create(r, audience, NULL, &a, &err)) fail_msg("%s %s", err.what, err.why);
    return a;
}

static bool near(double got, double expected)
{
    return fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected));
}

static void errors_of_both_signs_do_not_cancel(void **state)
{
    static const char *const scanners[] = {"a", "b", "c"};
    cm_ranking_part parts[] = {{"RVD", "organ", 1}, {"RVD", "", 1}};
    (void)state;
    cm_results *r = results_of(0);
    fake_attribute(r, "scanner", 3, scanners);
    r->bench->n_parts = 2;
    r->bench->parts = parts;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_cell *good = cm_aggregates_cell(a, GOOD, ORGAN, RVD, 0), *weak;
    assert_true(near(good->summary.mean, 0) && near(good->value, 0.355) && good->place == 2);
    assert_int_equal(a->leader, WEAK);
    assert_true(near(a->standings[WEAK].value, 0.073) && near(a->standings[GOOD].difference, 0.073 - 0.355));
    assert_true(a->standings[GOOD].apart && a->outcome == CM_OUTCOME_CLEAR);
    assert_non_null(strstr(a->verdict, "weak has the best mean distance of RVD of organ from 0: 0.073 ("));
    for (int k = 0; k < CM_METHODS; k++) {
        assert_true(a->comparison->method[k].place[WEAK] == 1 && a->comparison->method[k].place[GOOD] == 2);
        assert_true(a->comparison->method[k].stability->winner[WEAK] == 1);
    }
    assert_true(a->comparison->method[0].score[GOOD] == a->standings[GOOD].value);
    assert_true(a->comparison->n_without == 6);
    for (int k = 0; k < a->comparison->n_without; k++)
        assert_true(a->comparison->without[k].place[WEAK] == 1);
    for (int k = 0; k < 2; k++) /* on the organ; and on the mean of the targets */
        assert_true(a->combined->part[k].place[WEAK] == 1 && near(a->combined->part[k].score[GOOD], 0.355) &&
                    a->combined->part[k].stability->winner[WEAK] == 1);
    for (int group = 0; group < a->n_all_groups; group++) {
        good = cm_aggregates_cell(a, GOOD, ORGAN, RVD, group);
        weak = cm_aggregates_cell(a, WEAK, ORGAN, RVD, group);
        assert_true(good->value > 0.3 && weak->value < 0.1 && weak->interval.high < good->interval.low);
    }
    for (int64_t k = 0; k < a->comparison->n_all_groups; k++)
        assert_true(!a->comparison->in_group[k].enters || a->comparison->in_group[k].difference > 0.2);
    for (int w = 0; w < a->n_warnings; w++)
        assert_string_not_equal(a->warnings[w].code, "other-methods");
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void classes_go_by_distances(void **state)
{
    int drawn = 0;
    (void)state;
    cm_results *r = results_of(0);
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    for (int k = 0; k < a->class_views->n; k++) {
        const cm_class_view *v = &a->class_views->view[k];
        for (int d = 0; d < v->dimensions; d++) {
            if (v->metric[d] != RVD || v->target != ORGAN) continue;
            assert_true(near(v->value[GOOD * v->dimensions + d], 0.355) && !cm_class_axis_rises(a, RVD));
            assert_true(near(v->value[WEAK * v->dimensions + d], 0.073));
            assert_true(v->dimensions == 2 ||
                        (v->classes->square[WEAK] == 1 && v->classes->cluster[WEAK] == 1));
            drawn++;
        }
    }
    assert_int_equal(drawn, 2 + 1); /* two planes and the bar */
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

static void tests_are_of_distances(void **state)
{
    (void)state;
    cm_results *r = results_of(0);
    r->bench->margin = 0.3;
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    const cm_comparison *c = a->comparison;
    const cm_cell *good = cm_aggregates_cell(a, GOOD, ORGAN, RVD, 0),
                  *weak = cm_aggregates_cell(a, WEAK, ORGAN, RVD, 0);
    assert_true(near(good->distance.sd, 0.03526298712346368) && near(good->distance.q1, 0.3275) &&
                near(good->distance.median, 0.355) && near(good->distance.p90, 0.4));
    assert_true(near(weak->distance.sd, 0.014142135623730949) && near(weak->distance.q3, 0.0845));
    assert_true(good->below == 12 && good->above == 12 && weak->below == 0);
    const int pair = GOOD * 2 + WEAK;
    assert_true(c->win[pair].losses == CASES && near(c->shift[pair].estimate, 0.282));
    assert_true(c->pairs->exact[pair] && near(c->pairs->p[pair] / 1.1920928955078125e-07, 1));
    assert_true(c->pairs->better[WEAK * 2 + GOOD] && !c->pairs->better[pair]);
    assert_true(fabs(c->detectable[pair] / 0.012113625612023247 - 1) < 1e-9); /* signed: 0.209 */
    assert_true(fabs(c->equivalence[pair].p / 0.00018754643995069824 - 1) < 1e-9);
    assert_true(c->equivalence[pair].equivalent); /* 0.282 apart, margin 0.3 */
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* The two targets of a case, and the two cases of a patient, have errors of opposite sign. */
static void nothing_cancels_between_targets_or_within_patients(void **state)
{
    (void)state;
    cm_results *r = results_of(0);
    r->bench->ranking_target[0] = '\0';
    for (int64_t i = 0; i < CASES; i++)
        snprintf(r->cases[i].patient, sizeof r->cases[i].patient, "p%02lld", (long long)(i / 2));
    cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
    assert_true(a->ranking_target == -1 && a->draw_unit == CM_DRAW_PATIENTS && a->comparison->n_units == 12);
    assert_true(a->leader == WEAK && near(a->standings[GOOD].value, 0.355));
    for (int64_t u = 0; u < 12; u++)
        assert_true(near(a->comparison->unit_value[GOOD * 12 + u], 0.3 + 0.01 * (double)u));
    assert_true(a->comparison->win[1].losses == 12 && a->outcome == CM_OUTCOME_CLEAR);
    cm_aggregates_destroy(a);
    fake_results_free(r);
}

/* Of two classes whose probabilities add up to one, what is too low for one is too high for the other: the
 * macro mean of CITL is zero for every tool, and that of OE nearly one. */
static void classes_of_opposite_sign_do_not_cancel(void **state)
{
    static const struct {
        const char *metric;
        double tumour[2], macro[2];
    } of[] = {
        {"CITL", {0.17621490985138677, 0.015467287324178902}, {0.17621490985138677, 0.015467287324178902}},
        {"OE",
         {1 - 0.9661835748792271, 1 - 0.9925558312655087},
         {(1 - 0.9661835748792271 + 0.0362694300518134) / 2,
          (1 - 0.9925558312655087 + 0.0075566750629723) / 2}}};
    (void)state;
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        cm_results *r = fake_classification(40);
        assert_int_equal(cm_metric_parse(of[k].metric, &r->bench->metrics[0], NULL), CM_OK);
        snprintf(r->bench->ranking_metric, sizeof r->bench->ranking_metric, "%s", of[k].metric);
        cm_aggregates *a = aggregate(r, CM_AUDIENCE_SITE);
        assert_true(a->ranking_target == 2 && a->leader == 1); /* macro; blunt is the better calibrated */
        for (int t = 0; t < 2; t++) {
            const cm_cell *one = cm_aggregates_cell(a, t, 1, 0, 0),
                          *macro = cm_aggregates_cell(a, t, 2, 0, 0);
            assert_true(fabs(one->value - of[k].tumour[t]) < 1e-10);
            assert_true(fabs(macro->value - of[k].macro[t]) < 1e-10);
            assert_true(a->standings[t].value == macro->value && macro->place == 2 - t);
            assert_true(fabs(macro->of_cohort.value - r->bench->metrics[0].definition->best) < 2e-3);
            assert_true(macro->interval.low >= 0 && macro->interval.low < macro->interval.high);
            assert_true(macro->has_signed_interval);
        }
        assert_true(a->comparison->method[0].stability->winner[1] > 0.5);
        assert_true(a->comparison->test[1].favour < 0 && a->comparison->test[1].difference > 0);
        cm_aggregates_destroy(a);
        fake_results_free(r);
    }
}

/* What is compared falls out of these two, so they have to agree. */
static void a_metric_with_a_target_is_best_there(void **state)
{
    (void)state;
    for (int m = 0; m < cm_metric_catalogue_count; m++) {
        const cm_metric_definition *d = &cm_metric_catalogue[m];
        if (!cm_direction_has_target(d->direction)) continue;
        assert_true(cm_direction_compared(d->direction, d->best) == 0 && !d->best_is_unbounded);
        assert_null(d->gathered); /* aggregate_gathered.c */
    }
}

/* ---- documents ---- */

static int make_folder(void **state)
{
    char name[] = "/tmp/cohmark-distance.XXXXXX";
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    cm_folder_remove(*state, NULL);
    free(*state);
    return 0;
}

/* Takes r. The path of report.xml. */
static char *write_report(cm_results *r, const char *folder, cm_audience audience)
{
    cm_error err = {0};
    cm_report_options options = {.audience = audience, .threads = 1};
    r->bench->replicates = 20;
    if (cm_report_write(r, folder, folder, &options, &err)) fail_msg("%s: %s", err.what, err.why);
    fake_results_free(r);
    return cm_path_join(folder, "report.xml");
}

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

/* The cell of a tool that begins with `element`, as text up to its end, cut out of a copy. */
static char *cell_of(const char *report, const char *tool, const char *element)
{
    char *text = fake_file(report);
    assert_non_null(text);
    const char *all = strstr(text, "<aggregates>");
    char *result = strstr(all, "target=\"organ\" metric=\"RVD\"");
    while (result && strncmp(strstr(result, "tool=\"") + 6, tool, strlen(tool)))
        result = strstr(result + 1, "target=\"organ\" metric=\"RVD\"");
    char *cell = result ? strstr(result, cm_strf("<%s", element).s) : NULL;
    char *end = cell ? strstr(cell, cm_strf("</%.*s>", (int)strcspn(element, " "), element).s) : NULL;
    assert_non_null(end);
    char *copy = strndup(cell, (size_t)(end - cell));
    free(text);
    return copy;
}

/* Replaces the first `from` after all of `after`, and makes the id fit. */
static void forge(const char *path, const char *const after[], const char *from, const char *to)
{
    char *text = fake_file(path), *at = text, hex[65];
    assert_non_null(text);
    for (; *after && at; after++)
        at = strstr(at, *after);
    at = at ? strstr(at, from) : NULL;
    if (!at) fail_msg("there is no %s", from);
    char *changed = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(changed);
    memcpy(changed, text, (size_t)(at - text));
    strcpy(changed + (at - text), to);
    strcat(changed, at + strlen(from));
    char *first = strstr(changed, "<results>"), *last = strstr(changed, "</results>");
    cm_digest digest;
    assert_int_equal(cm_sha256_of(first, last + strlen("</results>") - first, &digest), CM_OK);
    cm_digest_hex(&digest, hex);
    memcpy(strstr(changed, "sha256:") + strlen("sha256:"), hex, 64);
    assert_int_equal(cm_file_write(path, changed, (int64_t)strlen(changed), NULL), CM_OK);
    free(changed);
    free(text);
}

static bool says(const cm_remarks *f, cm_remark_kind kind, const char *text)
{
    for (int i = 0; i < f->n; i++)
        if (f->list[i].kind == kind && strstr(f->list[i].text, text)) return true;
    for (int i = 0; i < f->n; i++)
        print_message("%s %s: %s\n", cm_remark_kind_name(f->list[i].kind), f->list[i].where, f->list[i].text);
    return false;
}

static cm_remarks verify(const char *path)
{
    cm_error err = {0};
    cm_remarks f = {0};
    cm_verify_options options = {.threads = 1};
    if (cm_verify(path, &options, &f, &err)) fail_msg("%s: %s", err.what, err.why);
    return f;
}

static void a_report_has_bias_and_distance(void **state)
{
    char *path = write_report(results_of(0), *state, CM_AUDIENCE_SITE);
    char *good = cell_of(path, "good", "of-all"),
         *group = cell_of(path, "weak", "of-provider provider=\"A\"");
    assert_true(count(good, "<summary mean=\"") == 1 && count(good, "<interval ") == 2);
    assert_non_null(strstr(good, "<distance value=\"0.355\" sd=\"0.0352629871234"));
    assert_true(count(group, "<summary mean=\"") == 1 && count(group, "<distance value=\"0.0") == 1);
    cm_remarks f = verify(path);
    assert_true(says(&f, CM_REMARK_HOLDS, "byte for byte") && !f.count[CM_REMARK_BROKEN]);
    cm_remarks_fini(&f);
    free(good);
    free(group);
    free(path);
}

/* Everything a forger could do to a distance, in a report with cases and in one without. */
static void a_forged_distance_is_noticed(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } of[] = {{"<distance value=\"0.355\"", "<distance value=\"0.0355\"", "the value ranked by is not"},
              {"<distance value=\"0.355\"", "<distance value=\"0.356\"", "with this mean and spread"},
              {"<distance value=\"0.355\"", "<distance value=\"-0.355\"", "a distance is negative"},
              {" sd=\"0.035", " sd=\"0.036", "with this mean and spread"},
              {" se=\"0.007", " se=\"0.006", "sd / sqrt(n)"},
              {" q1=\"0.3", " q1=\"0.39", "not in order"},
              {"<interval low=\"0.3", "<interval low=\"9.3", "ends before it begins"},
              {"<distance value=\"0.355\"", "<distance value=\"0.5\"", "with this mean and spread"}};
    const char *const organ[] = {"<aggregates>", "target=\"organ\" metric=\"RVD\" tool=\"good\"", "<distance",
                                 NULL};
    for (int k = 0; k < 2; k++) {
        char *path = write_report(results_of(0), *state, k ? CM_AUDIENCE_PUBLIC : CM_AUDIENCE_SITE);
        char *whole = fake_file(path);
        cm_remarks true_one = verify(path);
        assert_int_equal(true_one.count[CM_REMARK_BROKEN], 0);
        cm_remarks_fini(&true_one);
        for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
            assert_int_equal(cm_file_write(path, whole, (int64_t)strlen(whole), NULL), CM_OK);
            forge(path, organ, of[i].from, of[i].to);
            cm_remarks f = verify(path);
            assert_true(says(&f, CM_REMARK_BROKEN, of[i].says));
            assert_true(k || says(&f, CM_REMARK_BROKEN, "computed again"));
            cm_remarks_fini(&f);
        }
        assert_int_equal(remove(path), 0);
        free(whole);
        free(path);
    }
}

/* Bias and distance tell the sum of the values below the target; of few cases, they would tell single ones.
 */
static void the_public_sees_no_bias_of_few_cases(void **state)
{
    static const struct {
        int negative;
        bool shown; /* the bias of the whole */
    } of[] = {{0, true}, {8, false}, {7, false}, {6, false}, {5, true}, {2, true}}; /* 0, 3, 4, 4, 5, 12 */
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        char folder[64];
        snprintf(folder, sizeof folder, "%s/%zu", (const char *)*state, k);
        assert_int_equal(cm_folder_create(folder, true, NULL), CM_OK);
        char *path = write_report(results_of(of[k].negative), folder, CM_AUDIENCE_PUBLIC);
        char *weak = cell_of(path, "weak", "of-all"),
             *group = cell_of(path, "weak", "of-provider provider=\"A\"");
        assert_int_equal(count(weak, "<summary"), of[k].shown);
        assert_int_equal(count(weak, "<interval "), 1 + of[k].shown);
        assert_non_null(strstr(weak, "<distance value=\"0.073"));
        assert_true(!strstr(group, "<summary") && strstr(group, "<distance ") && !strstr(group, " se="));
        cm_remarks f = verify(path);
        assert_int_equal(f.count[CM_REMARK_BROKEN], 0);
        cm_remarks_fini(&f);
        free(weak);
        free(group);
        free(path);
    }
}

static json_t *entry_of(const json_t *all, const char *id)
{
    json_t *entry;
    size_t i;
    json_array_foreach(all, i, entry)
    {
        const char *own = json_string_value(json_object_get(entry, "_id"));
        if (own && !strcmp(own, id)) return entry;
    }
    fail_msg("no %s", id);
    return NULL;
}

static void openebench_gets_the_distance_and_a_name_that_says_so(void **state)
{
    char *report = write_report(results_of(0), *state, CM_AUDIENCE_SITE);
    char *path = cm_path_join(*state, "openebench.json");
    json_t *all = json_load_file(path, 0, NULL);
    const json_t *good =
        json_object_get(entry_of(all, "OEBC012:2026-autumn_liver_RVD.distance_organ_good_A"), "metrics");
    assert_string_equal(json_string_value(json_object_get(good, "metric_id")), "RVD.distance_organ");
    assert_true(near(json_number_value(json_object_get(good, "value")), 0.355));
    assert_true(near(json_number_value(json_object_get(good, "stderr")), 0.007198027104901632));
    char *bar = json_dumps(entry_of(all, "OEBC012:2026-autumn_liver_agg_RVD.distance_organ"), JSON_COMPACT);
    assert_non_null(strstr(bar, "\"optimization\":\"minimize\""));
    char *box =
        json_dumps(entry_of(all, "OEBC012:2026-autumn_liver_agg_BOX_RVD.distance_organ"), JSON_COMPACT);
    assert_non_null(strstr(box, "0.3274999")); /* its first quartile */
    cm_error err = {0};
    cm_remarks f = {0};
    const cm_verify_options options = {.threads = 1, .against = report};
    assert_int_equal(cm_verify(path, &options, &f, &err), CM_OK);
    assert_true(!f.count[CM_REMARK_BROKEN] && !f.count[CM_REMARK_WARNING]);
    cm_remarks_fini(&f);
    free(bar);
    free(box);
    json_decref(all);
    free(path);
    free(report);
}

static void a_difference_is_told_in_words(void **state)
{
    char folder[64];
    snprintf(folder, sizeof folder, "%s/other", (const char *)*state);
    assert_int_equal(cm_folder_create(folder, true, NULL), CM_OK);
    cm_results *r = results_of(2); /* weak: the same distances, another bias */
    fake_value(r, GOOD, 0, ORGAN, RVD, (cm_metric_value){.value = 0.6});
    char *one = write_report(results_of(0), *state, CM_AUDIENCE_SITE),
         *two = write_report(r, folder, CM_AUDIENCE_SITE);
    cm_remarks f = {0};
    cm_error err = {0};
    const cm_diff_options options = {.tolerance = 1e-9};
    assert_int_equal(cm_diff(one, two, &options, &f, &err), CM_OK);
    assert_true(says(&f, CM_REMARK_CHANGED, "the same distance, but bias 0.073, now 0.001"));
    assert_true(says(&f, CM_REMARK_CHANGED, "distance 0.355, now distance 0.3675"));
    cm_remarks_fini(&f);
    free(one);
    free(two);
}

static void the_page_shows_the_distance_and_the_bias(void **state)
{
    free(write_report(results_of(0), *state, CM_AUDIENCE_SITE));
    char *path = cm_path_join(*state, "report.html"), *html = fake_file(path);
    assert_non_null(html);
    assert_non_null(strstr(html, "distance from zero, lower is better"));
    assert_non_null(strstr(html, ">0.355</span>"));
    assert_true(count(html, "bias 0.073") > 0);
    assert_non_null(strstr(html, "closer to zero is better")); /* box plots of cases, and the definition */
    free(html);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_both_signs_do_not_cancel),
        cmocka_unit_test(classes_go_by_distances),
        cmocka_unit_test(tests_are_of_distances),
        cmocka_unit_test(nothing_cancels_between_targets_or_within_patients),
        cmocka_unit_test(classes_of_opposite_sign_do_not_cancel),
        cmocka_unit_test(a_metric_with_a_target_is_best_there),
        cmocka_unit_test_setup_teardown(a_report_has_bias_and_distance, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_forged_distance_is_noticed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_public_sees_no_bias_of_few_cases, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(openebench_gets_the_distance_and_a_name_that_says_so, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_difference_is_told_in_words, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_page_shows_the_distance_and_the_bias, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
