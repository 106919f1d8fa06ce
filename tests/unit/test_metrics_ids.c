/* Metric ids: the grammar, canonical forms, refusals; and that every row of the catalogue is complete. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/metric.h"

static cm_metric parsed(const char *id)
{
    cm_metric m;
    cm_error err = {0};
    if (cm_metric_parse(id, &m, &err)) fail_msg("%s: %s", id, err.what);
    return m;
}

/* Whether the words of the range name its ends: "0 to 1", "-1 upwards", "up to 1", "any number". */
static bool range_is(const cm_metric_definition *d)
{
    char *rest;
    const double first = strtod(d->range, &rest);
    const bool has_low = rest != d->range;
    const char *to = strstr(d->range, "to ");
    const double last = to ? strtod(to + 3, &rest) : 0;
    const bool has_high = to && rest != to + 3;
    if (has_low ? d->least != first : isfinite(d->least)) return false;
    return !has_high || fabs(d->greatest - last) < 0.005; /* 34.54 */
}

static void rows_are_complete(void **state)
{
    (void)state;
    assert_true(cm_metric_catalogue_count >= 60);
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        const cm_metric_definition *d = &cm_metric_catalogue[i];
        const char *const texts[] = {d->pattern, d->example,    d->title,      d->formula,   d->range,
                                     d->unit,    d->parameters, d->empty_rule, d->averaging, d->reference};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
            if (!texts[t] || !*texts[t]) fail_msg("row %d: text %d is missing", i, (int)t);
        }
        const cm_metric m = parsed(d->example);
        assert_int_equal(m.row, i);
        assert_ptr_equal(m.definition, d);
        assert_string_equal(m.id, d->example); /* examples are canonical */
        assert_true(d->version >= 1);
        assert_string_not_equal(cm_direction_name(d->direction), "unknown");
        assert_string_not_equal(cm_metric_kind_name(d->kind), "unknown");
        assert_int_equal(d->kind == CM_METRIC_SEGMENTATION, (d->mask != NULL) != (d->gathered != NULL));
        assert_int_equal(d->kind == CM_METRIC_CLASSIFICATION, d->one_vs_rest != NULL);
        assert_true(d->best >= d->least && d->best <= d->greatest);
        assert_true(!d->has_worst || d->worst_is_diagonal ||
                    (d->worst >= d->least && d->worst <= d->greatest));
        assert_true(range_is(d));
        char regex[512];
        assert_true(cm_metric_regex(d, regex, sizeof regex));
        assert_false(cm_metric_regex(d, regex, strlen(regex)));
        assert_false(d->best_is_unbounded && (d->best != 0 || d->direction != CM_HIGHER_IS_BETTER));
        assert_true(d->best_is_unbounded || d->best != d->worst || d->worst_is_diagonal || !d->has_worst);
    }
}

static void ids_have_one_spelling(void **state)
{
    static const struct {
        const char *id, *canonical;
        double tolerance, percentile;
    } rows[] = {
        {"DSC", "DSC", 0, 0},
        {"HD95.vox.maxdir", "HD95.vox.maxdir", 0, 95},
        {"HD1.vox.maxdir", "HD1.vox.maxdir", 0, 1},
        {"HD099.vox.maxdir", "HD99.vox.maxdir", 0, 99},
        {"HD97.50.vox.pooled", "HD97.5.vox.pooled", 0, 97.5},
        {"NSD.surfel@02mm", "NSD.surfel@2mm", 2, 0},
        {"NSD.vox@2mm", "NSD.vox@2mm", 2, 0},
        {"NSD.vox@2.50mm", "NSD.vox@2.5mm", 2.5, 0},
        {"NSD.vox@02.000mm", "NSD.vox@2mm", 2, 0},
        {"NSD.vox@0.3mm", "NSD.vox@0.3mm", 0.3, 0},
        {"NSD.vox@0.000001vox", "NSD.vox@0.000001vox", 0.000001, 0},
        {"NSD.vox@999999.999999mm", "NSD.vox@999999.999999mm", 999999.999999, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const cm_metric m = parsed(rows[i].id);
        assert_string_equal(m.id, rows[i].canonical);
        assert_true(m.tolerance == rows[i].tolerance);
        assert_true(m.percentile == rows[i].percentile);
        assert_int_equal(parsed(m.id).row, m.row);
    }
    assert_int_equal(parsed("NSD.vox@2mm").definition->needs, CM_NEEDS_DISTANCES);
    assert_int_equal(parsed("NSD.vox@2vox").definition->needs, CM_NEEDS_VOXEL_DISTANCES);
    assert_true(parsed("NSD.vox@2mm").definition->needs_spacing);
    const cm_metric lesion = parsed("LESION-SENS.c18.iou-greedy@0.10.size5.0-20mm3");
    assert_string_equal(lesion.id, "LESION-SENS.c18.iou-greedy@0.1.size5-20mm3");
    assert_int_equal(lesion.connectivity, 18);
    assert_int_equal(lesion.rule, CM_RULE_IOU_GREEDY);
    assert_true(lesion.share == 0.1 && lesion.low == 5 && lesion.high == 20);
    assert_int_equal(parsed("BRATS23-DSC.dil1.vol2mm3").dilation, 1);
}

static void wrong_ids_are_refused_with_the_nearest(void **state)
{
    static const struct {
        const char *id;
        cm_status status;
        const char *words;
    } rows[] = {
        {"HD95", CM_ERR_NOT_FOUND, "HD95.vox.maxdir"},
        {"dice", CM_ERR_NOT_FOUND, "DSC"},
        {"dsc", CM_ERR_NOT_FOUND, "DSC"},
        {"AUC", CM_ERR_NOT_FOUND, "AUROC"},
        {"NSD.vox@2", CM_ERR_NOT_FOUND, "NSD.vox@2mm"},
        {"NSD.vox@.5mm", CM_ERR_NOT_FOUND, "NSD.vox@2mm"},
        {"NSD.vox@2.mm", CM_ERR_NOT_FOUND, "NSD.vox@2mm"},
        {"NSD.vox@-2mm", CM_ERR_NOT_FOUND, "NSD.vox@2mm"},
        {"NSD.vox@1e3mm", CM_ERR_NOT_FOUND, "NSD.vox@"},
        {"DSC ", CM_ERR_NOT_FOUND, "DSC"},
        {"", CM_ERR_NOT_FOUND, "nearest"},
        {"NSD.vox@0mm", CM_ERR_ARG, "tolerance"},
        {"NSD.vox@0.0vox", CM_ERR_ARG, "tolerance"},
        {"NSD.vox@1000000mm", CM_ERR_ARG, "six digits"},
        {"NSD.vox@0.0000001mm", CM_ERR_ARG, "six digits"},
        {"HD0.vox.maxdir", CM_ERR_ARG, "> 0 and < 100"},
        {"HD100.vox.maxdir", CM_ERR_ARG, "> 0 and < 100"},
        {"HD99999999999999999999999.vox.maxdir", CM_ERR_ARG, "> 0 and < 100"},
        {"HD95.5.5.vox.maxdir", CM_ERR_NOT_FOUND, "HD95.vox.maxdir"},
        {"LESION-F1.c8.any-overlap", CM_ERR_ARG, "6, 18 or 26"},
        {"LESION-F1.c26.overlap", CM_ERR_NOT_FOUND, "LESION-F1"},
        {"LESION-F1.c26.cover@0", CM_ERR_ARG, "share"},
        {"LESION-F1.c26.cover@1.1", CM_ERR_ARG, "share"},
        {"LESION-F1.c26.iou-strict@0.4", CM_ERR_ARG, "0.5"},
        {"LESION-F1.c26.iou-strict@1", CM_ERR_ARG, "below 1"},
        {"PQ.c26.any-overlap", CM_ERR_ARG, "one-to-one"},
        {"LESION-SENS.c26.any-overlap.size10-10mm3", CM_ERR_ARG, "l < h"},
        {"LESION-SENS.c26.any-overlap.size10-2mm3", CM_ERR_ARG, "l < h"},
        {"F0.vox", CM_ERR_ARG, "> 0"},
        {"BRATS23-DSC.dil100.vol50mm3", CM_ERR_ARG, "dilated"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cm_metric m = {.row = -7};
        cm_error err = {0};
        if (cm_metric_parse(rows[i].id, &m, &err) != rows[i].status)
            fail_msg("\"%s\": status %s", rows[i].id, cm_status_name(err.status));
        if (!strstr(err.why, rows[i].words)) fail_msg("\"%s\": %s", rows[i].id, err.why);
        assert_int_equal(m.row, -7);
    }
    char endless[5000];
    memset(endless, 'A', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    cm_metric m;
    assert_int_equal(cm_metric_parse(endless, &m, NULL), CM_ERR_NOT_FOUND);
}

static void states_have_names_and_units_follow_the_spacing(void **state)
{
    const cm_metric hd = parsed("HD.vox"), nsd = parsed("NSD.vox@2vox");
    (void)state;
    assert_string_equal(cm_metric_unit(&hd, true), "mm");
    assert_string_equal(cm_metric_unit(&hd, false), "voxel");
    assert_string_equal(cm_metric_unit(&nsd, false), "1");
    assert_string_equal(cm_value_state_name(CM_VALUE_OK), "ok");
    assert_string_equal(cm_value_state_name(CM_VALUE_UNDEFINED), "undefined");
    assert_string_equal(cm_value_state_name(CM_VALUE_MISSING), "missing");
    assert_string_equal(cm_value_state_name(CM_VALUE_NO_REFERENCE), "no-reference");
    assert_string_equal(cm_emptiness_name(CM_NONE_EMPTY), "none");
    assert_string_equal(cm_emptiness_name(CM_BOTH_EMPTY), "both-empty");
    assert_string_equal(cm_emptiness_name(CM_REFERENCE_EMPTY), "reference-empty");
    assert_string_equal(cm_emptiness_name(CM_PREDICTION_EMPTY), "prediction-empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(ids_have_one_spelling),
        cmocka_unit_test(wrong_ids_are_refused_with_the_nearest),
        cmocka_unit_test(states_have_names_and_units_follow_the_spacing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
