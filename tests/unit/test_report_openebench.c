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
#include "engine/report/document_internal.h"
#include "engine/report/openebench.h"
#include "engine/report/openebench_mapped.h"
#include "engine/report/openebench_names.h"
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
    /* per target: bars and boxes for DSC, HD95 and the distance of RVD from zero; one plane */
    assert_int_equal(count_of(all, "aggregation"), 2 * 7);
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

static double number_at(const json_t *list, size_t k)
{
    assert_true(json_is_number(json_array_get(list, k)));
    return json_number_value(json_array_get(list, k));
}

/* Five numbers that a box plot draws as the box of the cases, and no extreme of a case. */
static void a_box_has_the_quartiles_of_the_cases(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *box = inline_data(entry_of(all, "OEBC012:2026-autumn_liver_agg_BOX_HD95.vox.maxdir_organ"));
    const json_t *series = json_object_get(box, "challenge_participants"), *first = json_array_get(series, 0);
    const json_t *shown =
        json_array_get(json_object_get(look_of(entry_of(all, "OEBC012:2026-autumn_liver_agg_BOX_"
                                                             "HD95.vox.maxdir_organ")),
                                       "representations"),
                       0);
    assert_string_equal(text_of(box, "series_type"), "aggregation-data-series");
    assert_int_equal(json_array_size(series), 2);
    assert_string_equal(text_of(first, "label"), "good");
    assert_string_equal(text_of(shown, "type"), "box-plot");
    assert_string_equal(text_of(json_array_get(json_object_get(shown, "metrics_series"), 0), "optimization"),
                        "minimize");
    const json_t *values = json_object_get(first, "values");
    /* 1 ... 12: type 7 quartiles 3.75, 6.5, 9.25 */
    assert_int_equal(json_array_size(values), 5);
    assert_true(number_at(values, 1) == 3.75 && number_at(values, 2) == 6.5 && number_at(values, 3) == 9.25);
    assert_true(number_at(values, 0) > 1 && number_at(values, 0) <= 3.75);
    assert_true(number_at(values, 4) < 12 && number_at(values, 4) >= 9.25);
    json_decref(all);
    fake_results_free(r);
}

static void a_roc_curve_is_two_series(void **state)
{
    cm_results *r = fake_classification(40);
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *roc = inline_data(entry_of(all, "OEBC012:2026-autumn_liver_agg_ROC_tumour"));
    const json_t *series = json_object_get(roc, "challenge_participants");
    const json_t *fpr = json_array_get(series, 0), *tpr = json_array_get(series, 1);
    assert_int_equal(json_array_size(series), 4); /* two tools */
    assert_string_equal(text_of(fpr, "metric_id"), "FPR_tumour");
    assert_string_equal(text_of(tpr, "metric_id"), "TPR_tumour");
    assert_string_equal(text_of(fpr, "label"), "sharp");
    const json_t *x = json_object_get(fpr, "values"), *y = json_object_get(tpr, "values");
    size_t n = json_array_size(x);
    assert_true(n >= 3 && n == json_array_size(y));
    assert_true(number_at(x, 0) == 0 && number_at(y, 0) == 0 && number_at(x, n - 1) == 1 &&
                number_at(y, n - 1) == 1);
    for (size_t k = 1; k < n; k++)
        assert_true(number_at(x, k - 1) <= number_at(x, k) && number_at(y, k - 1) <= number_at(y, k));
    entry_of(all, "OEBC012:2026-autumn_liver_agg_PR_tumour");
    json_decref(all);
    fake_results_free(r);
}

/* The table of names: EuCanImage's where the definitions are the same, ours where they are not, and ours for
 * the class that EuCanImage does not look at. */
static void eucanimage_names_where_they_mean_the_same(void **state)
{
    cm_results *r = fake_classification(40);
    r->bench->eucanimage_names = true;
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *tumour = entry_of(all, "OEBC012:2026-autumn_liver_AUROC_tumour_sharp_A");
    const json_t *healthy = entry_of(all, "OEBC012:2026-autumn_liver_AUROC_healthy_sharp_A");
    const json_t *brier = entry_of(all, "OEBC012:2026-autumn_liver_BRIER.binary_tumour_sharp_A");
    assert_string_equal(text_of(json_object_get(tumour, "metrics"), "metric_id"), "roc_auc");
    assert_string_equal(text_of(json_object_get(healthy, "metrics"), "metric_id"), "AUROC_healthy");
    assert_string_equal(text_of(json_object_get(brier, "metrics"), "metric_id"), "BRIER.binary_tumour");
    assert_string_equal(
        text_of(look_of(entry_of(all, "OEBC012:2026-autumn_liver_agg_AUROC_tumour")), "metric"), "roc_auc");
    json_decref(all);
    fake_results_free(r);

    r = fake_segmentation(2, 12);
    r->bench->eucanimage_names = true;
    r->bench->n_targets = 1; /* EuCanImage has one label; values of cases stay [target][metric] */
    all = datasets_of(r, *state, CM_AUDIENCE_SITE);
    const json_t *dice = entry_of(all, "OEBC012:2026-autumn_liver_DSC_organ_good_A");
    const json_t *distance = entry_of(all, "OEBC012:2026-autumn_liver_HD95.vox.maxdir_organ_good_A");
    assert_string_equal(text_of(json_object_get(dice, "metrics"), "metric_id"), "dice");
    assert_string_equal(text_of(json_object_get(distance, "metrics"), "metric_id"), "HD95.vox.maxdir_organ");
    json_decref(all);
    fake_results_free(r);
}

static void the_full_model_says_what_the_cohort_is(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    json_decref(datasets_of(r, *state, CM_AUDIENCE_PUBLIC));
    fake_results_free(r);
    char *report = cm_path_join(*state, "report.xml"), *path = cm_path_join(*state, "openebench-full.json");
    assert_int_equal(cm_openebench_full_write(report, NULL, path, NULL), CM_OK);
    json_t *all = json_load_file(path, 0, NULL), *object;
    size_t i;
    int inputs = 0;
    json_array_foreach(all, i, object)
    {
        if (strcmp(text_of(object, "type"), "input") != 0) continue;
        const json_t *data = json_object_get(json_object_get(object, "datalink"), "inline_data");
        const json_t *uses = json_object_get(data, "data-uses"), *use = json_array_get(uses, 0);
        assert_string_equal(text_of(data, "modality-code"), "DCM:CT");
        assert_string_equal(text_of(data, "body-part-code"), "SCT:10200004");
        assert_string_equal(text_of(data, "condition-code"), "SCT:126851005");
        assert_int_equal(json_array_size(uses), 2);
        assert_string_equal(text_of(use, "name"), "general research use");
        assert_string_equal(text_of(use, "code"), "DUO:0000042");
        assert_null(json_object_get(json_array_get(uses, 1), "code"));
        assert_int_equal(json_array_size(json_object_get(data, "labels")), 3);
        inputs++;
    }
    assert_int_equal(inputs, 1);
    json_array_foreach(all, i, object)
    {
        if (strcmp(text_of(object, "type"), "participant") != 0) continue;
        assert_string_equal(
            text_of(json_object_get(json_object_get(object, "datalink"), "inline_data"), "message"),
            "12 of 12 cases have a prediction");
        inputs++;
    }
    assert_int_equal(inputs, 3);
    json_decref(all);
    free(report);
    free(path);
}

static void every_name_of_the_table_is_a_metric(void **state)
{
    int mapped = 0;
    (void)state;
    for (int k = 0; k < cm_eucanimage_metric_count; k++) {
        const cm_eucanimage_metric *m = &cm_eucanimage_metrics[k];
        cm_metric metric;
        cm_direction direction;
        assert_int_equal(cm_openebench_direction(m->name, &direction), CM_NAME_EUCANIMAGE);
        assert_true(m->why && m->why[0]);
        if (!m->ours) continue;
        assert_int_equal(cm_metric_parse(m->ours, &metric, NULL), CM_OK);
        assert_int_equal(metric.definition->kind, m->kind);
        assert_int_equal(metric.definition->direction, direction);
        assert_string_equal(cm_eucanimage_name(m->ours), m->name);
        mapped++;
    }
    assert_int_equal(mapped, 14);
    assert_null(cm_eucanimage_name("AP.step"));
    assert_null(cm_eucanimage_name("HD95.vox.maxdir"));
}

/* XML to JSON to XML: the same text, and one changed digit is seen. */
static void the_way_there_and_back_loses_nothing(void **state)
{
    for (int k = 0; k < 4; k++) { /* the last: too few cases for a public box plot */
        cm_results *r = k == 1 ? fake_classification(40) : fake_segmentation(3, k == 3 ? 9 : 24);
        if (k == 2) fake_fail(r, 1, 3, CM_ITEM_CRASH, "");
        if (k == 1) r->bench->eucanimage_names = true;
        json_t *all = datasets_of(r, *state, k >= 2 ? CM_AUDIENCE_PUBLIC : CM_AUDIENCE_SITE);
        fake_results_free(r);
        char *path = cm_path_join(*state, "report.xml"), *there = NULL, *back = NULL;
        xmlDocPtr doc = NULL;
        assert_int_equal(cm_document_read(path, &doc, NULL), CM_OK);
        assert_int_equal(cm_mapped_from_report(doc, &there, NULL), CM_OK);
        assert_int_equal(cm_mapped_from_openebench(all, &back, NULL), CM_OK);
        assert_string_equal(there, back);
        if (k == 3)
            assert_null(strstr(there, "q1="));
        else
            assert_non_null(strstr(there, k == 1 ? "kind=\"roc\"" : "q1=\""));
        assert_non_null(strstr(there, "<result "));
        free(back);
        json_t *entry;
        size_t i;
        json_array_foreach(all, i, entry)
        {
            json_t *metrics = json_object_get(entry, "metrics");
            double value = json_number_value(json_object_get(metrics, "value"));
            if (metrics) json_object_set_new(metrics, "value", json_real(nextafter(value, 2)));
        }
        assert_int_equal(cm_mapped_from_openebench(all, &back, NULL), CM_OK);
        assert_string_not_equal(there, back);
        free(back);
        free(there);
        xmlFreeDoc(doc);
        remove(path);
        free(path);
        json_decref(all);
    }
}

/* A bug: target "t" with tool "x_y" and target "t_x" with tool "y" gave one id, and then there was no report.
 */
static void names_that_run_together_get_ids_of_their_own(void **state)
{
    cm_results *r = fake_segmentation(2, 12);
    snprintf(r->bench->targets[0].name, sizeof r->bench->targets[0].name, "t");
    snprintf(r->bench->targets[1].name, sizeof r->bench->targets[1].name, "t_x");
    snprintf(r->tools[0].id, sizeof r->tools[0].id, "x_y");
    snprintf(r->tools[1].id, sizeof r->tools[1].id, "y");
    json_t *all = datasets_of(r, *state, CM_AUDIENCE_SITE), *entry;
    int n_numbered = 0;
    size_t i;
    json_array_foreach(all, i, entry) n_numbered += strstr(text_of(entry, "_id"), "_DSC_t_x_y_A-2") != NULL;
    assert_int_equal(n_numbered, 1);
    char *path = cm_path_join(*state, "report.xml"), *full = cm_path_join(*state, "full.json");
    assert_int_equal(cm_openebench_full_write(path, NULL, full, NULL), CM_OK);
    xmlDocPtr doc = NULL;
    assert_int_equal(cm_document_read(path, &doc, NULL), CM_OK);
    char *of_xml = NULL, *of_json = NULL;
    assert_int_equal(cm_mapped_from_report(doc, &of_xml, NULL), CM_OK);
    assert_int_equal(cm_mapped_from_openebench(all, &of_json, NULL), CM_OK);
    assert_string_equal(of_xml, of_json);
    free(of_xml);
    free(of_json);
    xmlFreeDoc(doc);
    free(full);
    free(path);
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
        assert_string_not_equal(text_of(entry, "_id"), "OEBC012:2026-autumn_liver_RVD.distance_organ_weak_A");
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
                                        CLAIM(a_box_has_the_quartiles_of_the_cases),
                                        CLAIM(a_roc_curve_is_two_series),
                                        CLAIM(eucanimage_names_where_they_mean_the_same),
                                        CLAIM(the_full_model_says_what_the_cohort_is),
                                        CLAIM(every_name_of_the_table_is_a_metric),
                                        CLAIM(the_way_there_and_back_loses_nothing),
                                        CLAIM(names_that_run_together_get_ids_of_their_own),
                                        CLAIM(classes_and_their_mean_are_assessed),
                                        CLAIM(what_has_no_value_is_not_there),
                                        CLAIM(a_hidden_cohort_has_participants_only),
                                        CLAIM(a_bench_without_ids_is_called_unregistered)};
    return cmocka_run_group_tests_name("unit.report.openebench", claims, NULL, NULL);
}
