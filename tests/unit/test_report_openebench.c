/* openebench.json says what report.xml says, and nothing it hides: order of entries, explicit optimisation,
 * standard errors, keys. Rules: docs/openebench.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/report/report.h"
#include "tests/report/fake_results.h"

static int make_folder(void **state)
{
    char name[] = "/tmp/cohmark-report.XXXXXX";
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    cm_folder_remove(*state, NULL);
    free(*state);
    return 0;
}

static json_t *datasets_of(const cm_results *r, const char *folder, cm_audience audience)
{
    cm_error err = {0};
    cm_report_options options = {.audience = audience, .threads = 1};
    assert_int_equal(cm_report_write(r, folder, folder, &options, &err), CM_OK);
    char *path = cm_path_join(folder, "openebench.json");
    json_error_t where;
    json_t *all = json_load_file(path, 0, &where);
    free(path);
    assert_non_null(all);
    assert_true(json_is_array(all));
    return all;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int count_of(const json_t *all, const char *type)
{
    int n = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(all, i, entry) n += !strcmp(text_of(entry, "type"), type);
    return n;
}

/* The entry with this id; fails when there is none or more than one. */
static json_t *entry_of(const json_t *all, const char *id)
{
    json_t *found = NULL, *entry;
    size_t i;
    json_array_foreach(all, i, entry)
    {
        if (strcmp(text_of(entry, "_id"), id)) continue;
        if (found) fail_msg("id %s is there twice", id);
        found = entry;
    }
    if (!found) fail_msg("no id %s", id);
    return found;
}

static json_t *inline_data(const json_t *entry)
{
    return json_object_get(json_object_get(entry, "datalink"), "inline_data");
}

static json_t *look_of(const json_t *entry)
{
    return json_object_get(inline_data(entry), "visualization");
}

static void participants_come_first_and_once(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    assert_string_equal(text_of(json_array_get(all, 0), "type"), "participant");
    assert_string_equal(text_of(json_array_get(all, 0), "_id"), "OEBC012:2026-autumn_good_P");
    assert_string_equal(text_of(json_object_get(json_array_get(all, 0), "datalink"), "status"), "ok");
    assert_string_equal(text_of(json_object_get(json_array_get(all, 0), "datalink"), "validation_date"),
                        "2026-01-02T03:04:05Z");
    assert_int_equal(count_of(all, "participant"), 2);
    assert_int_equal(count_of(all, "assessment"), 2 * 2 * 3);
    /* per target: bars for DSC and HD95, none for RVD, which is best at zero; one plane */
    assert_int_equal(count_of(all, "aggregation"), 2 * 3);
    json_t *manifest = json_array_get(all, 2);
    assert_string_equal(text_of(manifest, "id"), "liver");
    assert_int_equal(json_array_size(json_object_get(manifest, "participants")), 2);
    json_decref(all);
    fake_results_free(r);
}

static void an_assessment_has_mean_and_standard_error(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    json_t *m = json_object_get(entry_of(all, "OEBC012:2026-autumn_liver_DSC_organ_good_A"), "metrics");
    assert_string_equal(text_of(m, "metric_id"), "DSC_organ");
    /* 0.90 ... 0.79: mean 0.845; sd 0.01 sqrt(13), over sqrt(12) */
    assert_true(fabs(json_real_value(json_object_get(m, "value")) - 0.845) <= 1e-12);
    assert_true(fabs(json_real_value(json_object_get(m, "stderr")) - 0.01 * sqrt(13.0 / 12)) <= 1e-12);
    json_decref(all);
    fake_results_free(r);
}

static void the_better_side_is_always_said(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *dice = entry_of(all, "OEBC012:2026-autumn_liver_agg_DSC_organ");
    const json_t *distance = entry_of(all, "OEBC012:2026-autumn_liver_agg_HD95.vox.maxdir_lesion");
    const json_t *plane = entry_of(all, "OEBC012:2026-autumn_liver_agg_DSC_organ+HD95.vox.maxdir_organ");
    assert_string_equal(text_of(look_of(dice), "optimization"), "maximize");
    assert_string_equal(text_of(look_of(distance), "optimization"), "minimize");
    assert_string_equal(text_of(look_of(plane), "type"), "2D-plot");
    assert_string_equal(text_of(look_of(plane), "x_axis"), "DSC_organ");
    assert_string_equal(text_of(look_of(plane), "y_axis"), "HD95.vox.maxdir_organ");
    assert_string_equal(text_of(look_of(plane), "optimization"), "bottom-right");
    const json_t *point = json_array_get(json_object_get(inline_data(plane), "challenge_participants"), 1);
    assert_string_equal(text_of(point, "participant_id"), "weak");
    assert_true(fabs(json_real_value(json_object_get(point, "metric_x")) - 0.69) <= 1e-12);
    assert_true(fabs(json_real_value(json_object_get(point, "metric_y")) - 8.5) <= 1e-12);
    json_decref(all);
    fake_results_free(r);
}

static void classes_and_their_mean_are_assessed(void **state)
{
    cm_results *r = fake_classification(14);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *plane = entry_of(all, "OEBC012:2026-autumn_liver_agg_AUROC_macro+BACC_macro");
    assert_string_equal(text_of(look_of(plane), "optimization"), "top-right");
    assert_string_equal(
        text_of(look_of(entry_of(all, "OEBC012:2026-autumn_liver_agg_BRIER.binary_macro")), "optimization"),
        "minimize");
    json_t *m = json_object_get(entry_of(all, "OEBC012:2026-autumn_liver_AUROC_tumour_blunt_A"), "metrics");
    assert_null(json_object_get(m, "stderr"));
    json_decref(all);
    fake_results_free(r);
}

static void what_has_no_value_is_not_there(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    for (int64_t i = 0; i < 12; i++)
        fake_fail(r, 1, i, CM_ITEM_CRASH, "");
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE), *entry;
    size_t i;
    json_array_foreach(all, i, entry)
        assert_string_not_equal(text_of(entry, "_id"), "OEBC012:2026-autumn_liver_RVD_organ_weak_A");
    assert_string_equal(text_of(json_object_get(json_array_get(all, 1), "datalink"), "status"), "corrupted");
    json_decref(all);
    fake_results_free(r);
}

static void a_hidden_cohort_has_participants_only(void **state)
{
    cm_results *r = fake_segmentation(2, 4);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_PUBLIC);
    assert_int_equal(count_of(all, "participant"), 2);
    assert_int_equal(json_array_size(all), 3);
    json_decref(all);
    fake_results_free(r);
}

static void a_bench_without_ids_is_called_unregistered(void **state)
{
    cm_results *r = fake_segmentation(1, 12);
    r->bench->community[0] = r->bench->event[0] = r->bench->challenge[0] = '\0';
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    assert_string_equal(text_of(json_array_get(all, 0), "_id"), "unregistered:liver-ct_good_P");
    const json_t *challenges = json_object_get(json_array_get(all, 0), "challenge_id");
    assert_string_equal(json_string_value(json_array_get(challenges, 0)), "liver-ct");
    json_decref(all);
    fake_results_free(r);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest claims[] = {CLAIM(participants_come_first_and_once),
                                        CLAIM(an_assessment_has_mean_and_standard_error),
                                        CLAIM(the_better_side_is_always_said),
                                        CLAIM(classes_and_their_mean_are_assessed),
                                        CLAIM(what_has_no_value_is_not_there),
                                        CLAIM(a_hidden_cohort_has_participants_only),
                                        CLAIM(a_bench_without_ids_is_called_unregistered)};
    return cmocka_run_group_tests_name("unit.report.openebench", claims, NULL, NULL);
}
