/* Every mask pair and every classification case of the reference set in $CM_SHARED/reference: counts exact,
 * overlap metrics and classification to 1e-12, distances to 1e-9 relative. Oracle: the `oracle` blocks, made
 * by float64 NumPy and SciPy code from the definitions; scikit-learn for classification. Skipped when the
 * folder is absent. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/base/csv.h"
#include "engine/base/files.h"
#include "engine/image/reader.h"
#include "metrics/classification.h"
#include "metrics/profile.h"
#include "metrics/segmentation.h"
#include "metrics/statistics/summary.h"
#include "tests/unit/serial_backend.h"

enum { SKIPPED = 77 };

static char *reference_folder; /* set by main before any test */

static char *path_of(const char *folder, const char *name)
{
    char *middle = cm_path_join(reference_folder, folder);
    char *path = cm_path_join(middle, name);
    assert_non_null(path);
    free(middle);
    return path;
}

static json_t *load_json(const char *folder, const char *name)
{
    char *path = path_of(folder, name);
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why);
    if (!doc) fail_msg("%s: %s", path, why.text);
    free(path);
    return doc;
}

/* Label values of a NIfTI file. */
static uint16_t *load_labels(const char *name, cm_grid *grid)
{
    const cm_read_options options = {.strip_text = true};
    cm_read_notes notes;
    cm_error err = {0};
    cm_volume *v = NULL;
    char *path = path_of("seg", name);
    if (cm_image_read(path, &options, &v, &notes, &err)) fail_msg("%s: %s: %s", path, err.what, err.why);
    const cm_shape3 shape = v->geometry.shape;
    const cm_vec3 spacing = v->geometry.spacing_mm;
    *grid = (cm_grid){{shape.nz, shape.ny, shape.nx}, {spacing.z, spacing.y, spacing.x}};
    const int64_t n = cm_shape3_count(shape);
    uint16_t *labels = malloc((size_t)n * sizeof *labels);
    assert_non_null(labels);
    for (int64_t i = 0; i < n; i++)
        labels[i] = (uint16_t)cm_volume_value(v, i);
    cm_volume_destroy(v);
    free(path);
    return labels;
}

static cm_metric metric_of(const char *id)
{
    cm_metric m;
    cm_error err = {0};
    if (cm_metric_parse(id, &m, &err)) fail_msg("%s: %s", id, err.what);
    return m;
}

static bool near(double got, double expected, double relative)
{
    return fabs(got - expected) <= relative * fabs(expected) || got == expected;
}

/* expected: a JSON number, or "NaN"/absent for undefined. */
static void compare(const char *what, const char *id, cm_metric_value got, const json_t *expected,
                    double relative)
{
    if (!expected || json_is_string(expected)) {
        if (got.state != CM_VALUE_UNDEFINED)
            fail_msg("%s %s: %.17g, undefined expected", what, id, got.value);
        return;
    }
    const double value = json_number_value(expected);
    if (got.state != CM_VALUE_OK) fail_msg("%s %s: undefined, %.17g expected", what, id, value);
    if (!near(got.value, value, relative))
        fail_msg("%s %s: %.17g, expected %.17g", what, id, got.value, value);
}

static const struct {
    const char *id, *key;
    double relative;
} masks[] = {
    {"DSC", "dice", 1e-12},
    {"DSC.macro", "dice", 1e-12},
    {"DSC.micro", "dice", 1e-12},
    {"SPEC.vox", "spec", 1e-12},
    {"NPV.vox", "npv", 1e-12},
    {"F2.vox", "f2", 1e-12},
    {"F0.5.vox", "f05", 1e-12},
    {"MCC.vox", "mcc", 1e-12},
    {"KAPPA.vox", "kappa", 1e-9}, /* the oracle subtracts nearly equal shares, ours whole numbers */
    {"AVDR", "rvd_abs", 1e-12},
    {"VOL.reference", "vol_ref_mm3", 1e-12},
    {"VOL.prediction", "vol_pred_mm3", 1e-12},
    {"IOU", "iou", 1e-12},
    {"SENS.vox", "sens", 1e-12},
    {"PPV.vox", "ppv", 1e-12},
    {"VS", "vs", 1e-12},
    {"RVD", "rvd", 1e-12},
    {"HD.vox", "hd", 1e-9},
    {"HD90.vox.maxdir", "hd90_maxdir_lin", 1e-9},
    {"ASSD.vox", "assd_pooled", 1e-9},
    {"HD95.vox.maxdir", "hd95_maxdir_lin", 1e-9},
    {"NSD.vox@1mm", "nsd_1.0_voxel", 1e-9},
    {"HD99.vox.maxdir", "hd99_maxdir_lin", 1e-9},
    {"NSD.vox@2mm", "nsd_2.0_voxel", 1e-9},
    {"NSD.vox@5mm", "nsd_5.0_voxel", 1e-9},
    {"HD90.vox.pooled", "hd90_pooled_lin", 1e-9},
    {"HD95.vox.pooled", "hd95_pooled_lin", 1e-9},
    {"HD99.vox.pooled", "hd99_pooled_lin", 1e-9},
    {"HD95.vox.meandir", "hd95_avgdir_lin", 1e-9},
    {"MASD.vox", "masd", 1e-9},
    {"ASD.vox.from-reference", "asd_ref2pred", 1e-9},
    {"ASD.vox.from-prediction", "asd_pred2ref", 1e-9},
    {"BIOU@1mm", "biou_1.0_lt_mm", 1e-9},
    {"BIOU@2mm", "biou_2.0_lt_mm", 1e-9},
    {"BIOU@5mm", "biou_5.0_lt_mm", 1e-9},
};

/* Other tools whose definition is one of ours: surface-distance is float64, MONAI float32. */
static const struct {
    const char *id, *tool, *key;
    double relative;
} tools[] = {
    {"HD.surfel", "surface_distance", "hd100", 1e-9},
    {"HD95.surfel", "surface_distance", "hd95", 1e-9},
    {"NSD.surfel@1mm", "surface_distance", "surface_dice_1.0", 1e-9},
    {"NSD.surfel@2mm", "surface_distance", "surface_dice_2.0", 1e-9},
    {"NSD.surfel@5mm", "surface_distance", "surface_dice_5.0", 1e-9},
    {"NSD.surfel@2mm", "MONAI", "nsd_2.0_subvoxel", 1e-6},
    {"HD95.vox.maxdir", "MONAI", "hd95", 1e-6},
    {"ASSD.vox", "MONAI", "assd", 1e-6},
    {"HD95.vox.pooled", "medpy", "hd95", 1e-12},
    {"MASD.vox", "panoptica", "assd", 1e-12},
    {"BIOU@1vox", "MetricsReloaded", "biou_1.0_voxelunits", 1e-12},
};
enum { N_TOOLS = sizeof tools / sizeof *tools };
enum { N_MASKS = sizeof masks / sizeof *masks };

static void check_counts(const char *name, const uint16_t *reference, const uint16_t *prediction,
                         const cm_grid *grid, const json_t *oracle)
{
    static const char *const keys[4] = {"tn", "fp", "fn", "tp"};
    static int32_t index_of[65536];
    cm_backend *be = serial_backend();
    int64_t counts[4], outside, n = grid->n[0] * grid->n[1] * grid->n[2];
    for (int i = 0; i < 65536; i++)
        index_of[i] = i < 2 ? i : -1;
    assert_int_equal(be->ops->joint_histogram(be, reference, prediction, grid->n, index_of, 2, counts,
                                              &outside, NULL, NULL),
                     CM_OK);
    assert_int_equal(outside, 0);
    for (int i = 0; i < 4; i++)
        if (counts[i] != json_integer_value(json_object_get(oracle, keys[i])))
            fail_msg("%s: %s is %lld", name, keys[i], (long long)counts[i]);
    const uint16_t *map[2] = {reference, prediction};
    const char *const surface_keys[2] = {"n_surf_ref", "n_surf_pred"};
    for (int i = 0; i < 2; i++) {
        uint8_t *mask = malloc((size_t)n), *surface = malloc((size_t)n);
        int64_t found = 0;
        for (int64_t v = 0; v < n; v++)
            mask[v] = map[i][v] != 0;
        assert_int_equal(be->ops->mask_surface(be, mask, grid->n, surface, NULL), CM_OK);
        for (int64_t v = 0; v < n; v++)
            found += surface[v];
        if (found != json_integer_value(json_object_get(oracle, surface_keys[i])))
            fail_msg("%s: %s is %lld", name, surface_keys[i], (long long)found);
        free(mask);
        free(surface);
    }
}

/* What each profile stands for in the raw outputs of the tools. */
static const struct {
    const char *profile, *tool;
    cm_profile_column column;
    const char *key;
    double relative;
} profiles[] = {
    {"monai", "MONAI", CM_COLUMN_DICE, "dice_ignore_empty", 1e-6},
    {"monai", "MONAI", CM_COLUMN_HD, "hd", 1e-6},
    {"monai", "MONAI", CM_COLUMN_HD95, "hd95", 1e-6},
    {"monai", "MONAI", CM_COLUMN_ASSD, "assd", 1e-6},
    {"monai", "MONAI", CM_COLUMN_NSD, "nsd_1.0", 1e-6},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_DICE, "dsc", 1e-12},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_IOU, "iou", 1e-12},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_HD, "hd", 1e-12},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_HD95, "hd95", 1e-12},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_ASSD, "assd", 1e-12},
    {"mr-2025", "MetricsReloaded", CM_COLUMN_NSD, "nsd_1.0", 1e-12},
    {"deepmind", "surface_distance", CM_COLUMN_DICE, "dice", 1e-12},
    {"deepmind", "surface_distance", CM_COLUMN_HD, "hd100", 1e-12},
    {"deepmind", "surface_distance", CM_COLUMN_HD95, "hd95", 1e-12},
    {"deepmind", "surface_distance", CM_COLUMN_NSD, "surface_dice_1.0", 1e-12},
    {"medpy", "medpy", CM_COLUMN_DICE, "dc", 1e-12},
    {"medpy", "medpy", CM_COLUMN_IOU, "jc", 1e-12},
    {"medpy", "medpy", CM_COLUMN_HD, "hd", 1e-12},
    {"medpy", "medpy", CM_COLUMN_HD95, "hd95", 1e-12},
    {"medpy", "medpy", CM_COLUMN_ASSD, "assd", 1e-12},
    {"panoptica", "panoptica", CM_COLUMN_HD, "hd", 1e-12},
    {"panoptica", "panoptica", CM_COLUMN_HD95, "hd95", 1e-12},
    {"panoptica", "panoptica", CM_COLUMN_ASSD, "assd", 1e-12},
    {"panoptica", "panoptica", CM_COLUMN_NSD, "nsd_1.0", 1e-12},
    {"eucaim-0.1", "eucaim_eval", CM_COLUMN_DICE, "dice", 1e-12},
    {"eucaim-0.1", "eucaim_eval", CM_COLUMN_IOU, "iou", 1e-12},
    {"eucaim-0.1", "eucaim_eval", CM_COLUMN_HD, "hd_voxelunits", 1e-12},
    {"eucaim-0.1", "eucaim_eval", CM_COLUMN_HD95, "hd95_voxelunits", 1e-12},
    {"eucaim-0.1", "eucaim_eval", CM_COLUMN_NSD, "nsd_lt_1.0_voxelunits", 1e-12},
};

static const char *told(const json_t *theirs)
{
    const char *text = json_string_value(theirs);
    return !text ? "value" : !strcmp(text, "NaN") ? "nan" : !strcmp(text, "Infinity") ? "infinite" : "error";
}

/* panoptica gives a number for the HD95 of one empty mask, which means nothing; the profile says NaN. */
static void check_profiles(const char *name, const cm_pair *pair, const cm_target *target,
                           json_t *implementations)
{
    static const char *const states[] = {"none", "value", "nan", "infinite", "error", "undefined"};
    cm_profile_value values[CM_PROFILE_COUNT][CM_COLUMN_COUNT];
    assert_int_equal(cm_profiles_score(serial_backend(), pair, target, 1.0, values, NULL), CM_OK);
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        int p = 0;
        json_t *theirs = json_object_get(json_object_get(implementations, profiles[i].tool), profiles[i].key);
        while (strcmp(cm_profiles[p].name, profiles[i].profile))
            p++;
        const cm_profile_value *v = &values[p][profiles[i].column];
        const bool meaningless = p == 5 && profiles[i].column == CM_COLUMN_HD95 && v->answer == CM_ANSWER_NAN;
        if (!theirs || meaningless) continue;
        if (strcmp(states[v->answer], told(theirs)) ||
            (v->answer == CM_ANSWER_VALUE &&
             !near(v->value, json_number_value(theirs), profiles[i].relative)))
            fail_msg("%s, profile %s, %s: %s %.17g, the tool: %s %.17g", name, profiles[i].profile,
                     profiles[i].key, states[v->answer], v->value, told(theirs), json_number_value(theirs));
    }
}

static void check_pair(const char *name, json_t *doc)
{
    char file[128];
    cm_grid grid, other;
    cm_metric metrics[N_MASKS + N_TOOLS];
    cm_metric_value values[N_MASKS + N_TOOLS];
    const uint16_t one[1] = {1};
    const cm_target target = {.name = "mask", .n_values = 1, .values = one};
    cm_error err = {0};
    snprintf(file, sizeof file, "%s_ref.nii.gz", name);
    uint16_t *reference = load_labels(file, &grid);
    snprintf(file, sizeof file, "%s_pred.nii.gz", name);
    uint16_t *prediction = load_labels(file, &other);
    assert_memory_equal(grid.n, other.n, sizeof grid.n);
    json_t *spacing = json_object_get(doc, "spacing_mm"); /* x, y[, z]: in double, headers hold float32 */
    for (size_t i = 0; i < json_array_size(spacing); i++)
        grid.spacing[2 - i] = json_number_value(json_array_get(spacing, i));
    json_t *oracle = json_object_get(doc, "oracle");
    check_counts(name, reference, prediction, &grid, oracle);
    for (int m = 0; m < N_MASKS; m++)
        metrics[m] = metric_of(masks[m].id);
    for (int m = 0; m < N_TOOLS; m++)
        metrics[N_MASKS + m] = metric_of(tools[m].id);
    const cm_pair pair = {reference, prediction, grid, true};
    if (cm_score_segmentation(serial_backend(), &pair, &target, 1, metrics, N_MASKS + N_TOOLS, values, NULL,
                              &err))
        fail_msg("%s: %s", name, err.what);
    for (int m = 0; m < N_MASKS; m++)
        if (strncmp(masks[m].id, "BIOU", 4) ||
            values[m].empty == CM_NONE_EMPTY) /* ours is 0 for one empty mask */
            compare(name, masks[m].id, values[m], json_object_get(oracle, masks[m].key), masks[m].relative);
    json_t *implementations = json_object_get(doc, "implementations");
    for (int m = 0; m < N_TOOLS; m++) {
        json_t *theirs = json_object_get(json_object_get(implementations, tools[m].tool), tools[m].key);
        if (json_is_number(theirs) && values[N_MASKS + m].state == CM_VALUE_OK)
            compare(name, tools[m].id, values[N_MASKS + m], theirs, tools[m].relative);
    }
    check_profiles(name, &pair, &target, implementations);
    free(reference);
    free(prediction);
}

static void mask_pairs_equal_the_oracle(void **state)
{
    char **names;
    int64_t n_names;
    int checked = 0;
    char *folder = cm_path_join(reference_folder, "seg");
    (void)state;
    assert_int_equal(cm_folder_list(folder, &names, &n_names, NULL), CM_OK);
    for (int64_t i = 0; i < n_names; i++) {
        char *dot = strstr(names[i], ".json");
        if (!dot || !strcmp(names[i], "multilabel_brats.json")) continue;
        json_t *doc = load_json("seg", names[i]);
        *dot = '\0';
        check_pair(names[i], doc);
        json_decref(doc);
        checked++;
    }
    cm_names_free(names, n_names);
    free(folder);
    printf("%d mask pairs\n", checked);
    assert_true(checked >= 10);
}

static void labels_and_regions_equal_the_oracle(void **state)
{
    static const uint16_t values[] = {1, 2, 3, 1, 3};
    const cm_target targets[] = {{"1", 1, values},  {"2", 1, values + 1},  {"3", 1, values + 2},
                                 {"WT", 3, values}, {"TC", 2, values + 3}, {"ET", 1, values + 2}};
    const cm_metric dsc = metric_of("DSC");
    cm_metric_value got[6];
    cm_grid grid, other;
    (void)state;
    json_t *doc = load_json("seg", "multilabel_brats.json");
    uint16_t *reference = load_labels("multilabel_brats_ref.nii.gz", &grid);
    uint16_t *prediction = load_labels("multilabel_brats_pred.nii.gz", &other);
    const cm_pair pair = {reference, prediction, grid, true};
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, targets, 6, &dsc, 1, got, NULL, NULL),
                     CM_OK);
    for (int t = 0; t < 6; t++) {
        json_t *expected =
            json_object_get(json_object_get(doc, t < 3 ? "dice_label" : "dice_region"), targets[t].name);
        assert_non_null(expected);
        compare("multilabel_brats", targets[t].name, got[t], expected, 1e-12);
    }
    static const char *const means[][2] = {{"DSC.macro", "macro_dice_fg"},
                                           {"DSC.micro", "micro_dice_fg"},
                                           {"DSC.weighted", "weighted_dice_fg_by_ref_voxels"},
                                           {"GDSC", "generalised_dice_w_inv_sq"}};
    for (int m = 0; m < 4; m++) {
        const cm_metric mean = metric_of(means[m][0]);
        assert_int_equal(
            cm_score_segmentation(serial_backend(), &pair, &targets[3], 1, &mean, 1, got, NULL, NULL), CM_OK);
        compare("multilabel_brats WT", mean.id, got[0], json_object_get(doc, means[m][1]), 1e-12);
    }
    free(reference);
    free(prediction);
    json_decref(doc);
}

/* The matching rules on the case multi_lesion, for each connectivity, and the two BraTS 2023 parameter sets.
 */
static void lesions_equal_the_oracle(void **state)
{
    static const struct {
        const char *id, *rule, *key;
    } rows[] = {
        {"PQ.c%d.iou-strict@0.5", "iou_gt_0_5", "pq"},
        {"SQ.c%d.iou-strict@0.5", "iou_gt_0_5", "sq_iou"},
        {"RQ.c%d.iou-strict@0.5", "iou_gt_0_5", "f1"},
        {"LESION-F1.c%d.iou-strict@0.5", "iou_gt_0_5", "f1"},
        {"LESION-FP.c%d.iou-strict@0.5", "iou_gt_0_5", "fp"},
        {"LESION-FN.c%d.iou-strict@0.5", "iou_gt_0_5", "fn"},
        {"PQ.c%d.iou-greedy@0.1", "iou_ge_0_1_greedy", "pq"},
        {"SQ.c%d.iou-greedy@0.1", "iou_ge_0_1_greedy", "sq_iou"},
        {"LESION-FN.c%d.iou-greedy@0.1", "iou_ge_0_1_greedy", "fn"},
        {"PQ.c%d.iou-hungarian@0.1", "iou_ge_0_1_hungarian", "pq"},
        {"LESION-F1.c%d.iou-hungarian@0.1", "iou_ge_0_1_hungarian", "f1"},
        {"LESION-SENS.c%d.any-overlap", "any_overlap", "lesion_sens"},
        {"LESION-PPV.c%d.any-overlap", "any_overlap", "lesion_ppv"},
        {"LESION-FP.c%d.any-overlap", "any_overlap", "pred_fp"},
    };
    enum { N_ROWS = sizeof rows / sizeof *rows };
    static const char *const brats[][3] = {
        {"BRATS23-DSC.dil3.vol50mm3", "brats2023_BraTS-GLI_multi_lesion", "LesionWise_Score_Dice"},
        {"BRATS23-HD95.dil3.vol50mm3", "brats2023_BraTS-GLI_multi_lesion", "LesionWise_Score_HD95"},
        {"BRATS23-DSC.dil1.vol2mm3", "brats2023_BraTS-MET_multi_lesion", "LesionWise_Score_Dice"},
        {"BRATS23-HD95.dil1.vol2mm3", "brats2023_BraTS-MET_multi_lesion", "LesionWise_Score_HD95"},
    };
    const uint16_t one[1] = {1};
    const cm_target target = {.name = "lesion", .n_values = 1, .values = one};
    cm_metric metrics[N_ROWS + 1];
    cm_metric_value values[N_ROWS + 1];
    cm_grid grid, other;
    (void)state;
    json_t *doc = load_json(".", "lesions.json"), *list = json_object_get(doc, "multi_lesion");
    uint16_t *reference = load_labels("multi_lesion_ref.nii.gz", &grid);
    uint16_t *prediction = load_labels("multi_lesion_pred.nii.gz", &other);
    const cm_pair pair = {reference, prediction, grid, true};
    assert_int_equal(json_array_size(list), 3);
    for (size_t i = 0; i < 3; i++) {
        json_t *block = json_array_get(list, i);
        const int connectivity = (int)json_integer_value(json_object_get(block, "conn"));
        for (int m = 0; m < N_ROWS; m++) {
            char id[64];
            snprintf(id, sizeof id, rows[m].id, connectivity);
            metrics[m] = metric_of(id);
        }
        char id[64];
        snprintf(id, sizeof id, "LESION-SENS.c%d.cover@0.5", connectivity);
        metrics[N_ROWS] = metric_of(id);
        assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &target, 1, metrics, N_ROWS + 1,
                                               values, NULL, NULL),
                         CM_OK);
        for (int m = 0; m < N_ROWS; m++)
            compare("multi_lesion", metrics[m].id, values[m],
                    json_object_get(json_object_get(block, rows[m].rule), rows[m].key), 1e-12);
        assert_true(values[N_ROWS].value * (double)json_integer_value(json_object_get(block, "n_ref")) ==
                    (double)json_integer_value(json_object_get(block, "detected_ge_50pct_ref_covered")));
    }
    for (int m = 0; m < 4; m++) {
        metrics[m] = metric_of(brats[m][0]);
    }
    assert_int_equal(
        cm_score_segmentation(serial_backend(), &pair, &target, 1, metrics, 4, values, NULL, NULL), CM_OK);
    for (int m = 0; m < 4; m++)
        compare("multi_lesion", metrics[m].id, values[m],
                json_object_get(json_object_get(doc, brats[m][1]), brats[m][2]), 1e-12);
    free(reference);
    free(prediction);
    json_decref(doc);
}

/* -- classification -------------------------------------------------------------------------------------- */

static double *binary_scores(const json_t *p, int64_t n)
{
    double *score = malloc((size_t)n * 2 * sizeof *score);
    for (int64_t i = 0; i < n; i++) {
        score[2 * i + 1] = json_number_value(json_array_get(p, (size_t)i));
        score[2 * i] = 1 - score[2 * i + 1];
    }
    return score;
}

static void compare_binary(const char *name, const cm_classified *data, const char *id,
                           const json_t *expected, double relative)
{
    const cm_metric m = metric_of(id);
    cm_error err = {0};
    assert_non_null(expected);
    compare(name, id, cm_classify_one(&m, data, 1, &err), expected, relative);
    assert_int_equal(err.status, CM_OK);
}

static void check_binary(const char *name, const json_t *doc)
{
    json_t *y = json_object_get(doc, "y"), *sk = json_object_get(doc, "sklearn");
    json_t *half = json_object_get(doc, "threshold_0.5"), *sk_half = json_object_get(doc, "sklearn_0.5");
    const int64_t n = (int64_t)json_array_size(y);
    double *score = binary_scores(json_object_get(doc, "p1"), n);
    int32_t *truth = malloc((size_t)n * sizeof *truth), *decided = malloc((size_t)n * sizeof *decided);
    for (int64_t i = 0; i < n; i++) {
        truth[i] = (int32_t)json_integer_value(json_array_get(y, (size_t)i));
        decided[i] = score[2 * i + 1] >= 0.5;
    }
    const cm_classified data = {.n = n, .k = 2, .truth = truth, .decided = decided, .score = score};
    compare_binary(name, &data, "AUROC", json_object_get(sk, "auroc"), 1e-12);
    compare_binary(name, &data, "AP.step", json_object_get(sk, "ap_step"), 1e-12);
    compare_binary(name, &data, "BRIER.binary", json_object_get(sk, "brier"), 1e-12);
    /* Where nothing is decided positive, scikit-learn and MetricsReloaded print 0 for 0/0; ours is undefined.
     */
    json_t *undefined = json_string("NaN");
    const bool none_positive = json_number_value(json_object_get(half, "sens")) == 0;
    compare_binary(name, &data, "F1", json_object_get(sk_half, "f1"), 1e-12);
    compare_binary(name, &data, "BACC", json_object_get(sk_half, "ba"), 1e-12);
    compare_binary(name, &data, "MCC", none_positive ? undefined : json_object_get(sk_half, "mcc"), 1e-12);
    compare_binary(name, &data, "PPV", none_positive ? undefined : json_object_get(half, "ppv"), 1e-6);
    /* MetricsReloaded adds small constants: 1e-6. */
    compare_binary(name, &data, "SENS", json_object_get(half, "sens"), 1e-6);
    compare_binary(name, &data, "SPEC", json_object_get(half, "spec"), 1e-6);
    compare_binary(name, &data, "NPV", json_object_get(half, "npv"), 1e-6);
    compare_binary(name, &data, "ACC", json_object_get(half, "acc"), 1e-6);
    static const struct {
        const char *id, *block, *key;
        double relative;
    } rows[] = {
        {"BRIER.multi", "MetricsReloaded", "brier_2class_sum", 1e-12},
        {"LOGLOSS.eps15", "sklearn", "logloss", 1e-12},
        {"AUPRC.trap", "sklearn", "pr_auc_trapezoid", 1e-12},
        {"AUROC.partial@0.2fpr", "sklearn", "partial_auc_fpr0.2_mcclish", 1e-12},
        {"AUROC", "MONAI", "auroc", 1e-12},
        {"YOUDEN.max", "youden_max", "j", 1e-12},
        {"ECE.10.width", "oracle", "ece10_[l,u)", 1e-12},
        {"ECE.15.width", "oracle", "ece15_[l,u)", 1e-12},
        {"ECE.10.mass", "oracle", "ece10_equal_mass", 1e-12},
        {"NB@0.3", "oracle", "net_benefit_t0.3", 1e-12},
        {"NB-ALL@0.3", "oracle", "net_benefit_treat_all_t0.3", 1e-12},
        {"CAL-SLOPE", "oracle", "calibration_slope", 1e-11},
        {"CAL-INTERCEPT", "oracle", "calibration_intercept_joint", 1e-11},
        {"CITL", "oracle", "calibration_in_the_large", 1e-11},
        {"BRIER-SKILL", "oracle", "brier_skill", 1e-12},
        {"OE", "oracle", "O_over_E", 1e-12},
        {"YOUDEN", "threshold_0.5", "youden", 1e-6},
        {"KAPPA", "sklearn_0.5", "kappa", 1e-12},
        {"F2", "sklearn_0.5", "f2", 1e-12},
        {"ECN.balanced", "threshold_0.5", "ec_normalised", 1e-6},
        {"LR-PLUS", "threshold_0.5", "lrp", 1e-6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *expected = json_object_get(json_object_get(doc, rows[i].block), rows[i].key);
        if (expected) compare_binary(name, &data, rows[i].id, expected, rows[i].relative);
    }
    json_decref(undefined);
    free(score);
    free(truth);
    free(decided);
}

static void binary_cases_equal_the_oracle(void **state)
{
    json_t *doc = load_json(".", "classification.json");
    const char *key;
    json_t *value;
    int checked = 0;
    (void)state;
    json_object_foreach(doc, key, value)
    {
        if (strncmp(key, "binary", 6)) continue;
        check_binary(key, value);
        checked++;
    }
    json_decref(doc);
    assert_true(checked >= 1);
}

static void multi_class_equals_the_oracle(void **state)
{
    static const char *const per_class[][2] = {
        {"SENS", "recall_per_class"}, {"PPV", "precision_per_class"}, {"F1", "f1_per_class"}};
    static const char *const macro[][2] = {{"AUROC", "auc_ovr_macro"},
                                           {"F1", "f1_macro"},
                                           {"BACC", "ba"},
                                           {"MCC", "mcc"},
                                           {"ACC", "f1_micro"},
                                           {"F1.micro", "f1_micro"},
                                           {"F1.weighted", "f1_weighted"},
                                           {"KAPPA", "kappa"},
                                           {"WKAPPA.linear", "kappa_linear"},
                                           {"WKAPPA.quadratic", "kappa_quadratic"},
                                           {"AUROC.weighted", "auc_ovr_weighted"},
                                           {"AUROC.ovo", "auc_ovo_macro"},
                                           {"LOGLOSS.eps15", "logloss"}};
    static const char *const others[][3] = {{"BRIER.multi", NULL, "brier_multi"},
                                            {"ECE-TOP.15.width", NULL, "top_label_ece15"},
                                            {"EC.balanced", "MetricsReloaded", "ec"},
                                            {"ECN.balanced", "MetricsReloaded", "ec_normalised"}};
    json_t *all = load_json(".", "classification.json"), *doc = json_object_get(all, "multiclass_4");
    (void)state;
    if (!doc) {
        json_decref(all);
        return;
    }
    json_t *y = json_object_get(doc, "y_true"), *prob = json_object_get(doc, "prob");
    json_t *sk = json_object_get(doc, "sk");
    const int64_t n = (int64_t)json_array_size(y);
    const int k = 4;
    double *score = malloc((size_t)(n * k) * sizeof *score);
    int32_t *truth = malloc((size_t)n * sizeof *truth), *decided = malloc((size_t)n * sizeof *decided);
    for (int64_t i = 0; i < n; i++) {
        truth[i] = (int32_t)json_integer_value(json_array_get(y, (size_t)i));
        decided[i] = 0;
        for (int c = 0; c < k; c++) {
            score[i * k + c] = json_number_value(json_array_get(json_array_get(prob, (size_t)i), (size_t)c));
            if (score[i * k + c] > score[i * k + decided[i]]) decided[i] = c;
        }
    }
    const cm_classified data = {.n = n, .k = k, .truth = truth, .decided = decided, .score = score};
    double brier = 0;
    for (int c = 0; c < k; c++) {
        cm_metric m;
        for (int j = 0; j < 3; j++) {
            m = metric_of(per_class[j][0]);
            compare("multiclass_4", m.id, cm_classify_one(&m, &data, c, NULL),
                    json_array_get(json_object_get(sk, per_class[j][1]), (size_t)c), 1e-12);
        }
        m = metric_of("BRIER.binary");
        brier += cm_classify_one(&m, &data, c, NULL).value;
    }
    assert_true(near(brier, json_number_value(json_object_get(doc, "brier_multi")), 1e-12));
    for (size_t j = 0; j < sizeof macro / sizeof *macro; j++) {
        const cm_metric m = metric_of(macro[j][0]);
        compare("multiclass_4 macro", m.id, cm_classify_macro(&m, &data, NULL),
                json_object_get(sk, macro[j][1]), 1e-12);
    }
    for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
        const cm_metric m = metric_of(others[j][0]);
        json_t *block = others[j][1] ? json_object_get(doc, others[j][1]) : doc;
        compare("multiclass_4 macro", m.id, cm_classify_macro(&m, &data, NULL),
                json_object_get(block, others[j][2]), 1e-12);
    }
    free(score);
    free(truth);
    free(decided);
    json_decref(all);
}

/* The stored resamples come from another generator, so only the quantile rule and the means are ours. */
static void percentile_interval_equals_the_oracle(void **state)
{
    json_t *all = load_json(".", "classification.json"), *doc = json_object_get(all, "bootstrap_mean");
    json_t *x = json_object_get(doc, "x"), *expected = json_object_get(doc, "percentile_type7");
    char *path = path_of(".", "bootstrap_indices.csv");
    (void)state;
    const int64_t n = (int64_t)json_array_size(x);
    FILE *file = fopen(path, "r");
    double mean[4096], scratch[4096];
    int64_t rows = 0, filled = 0;
    assert_non_null(file);
    double values[256], drawn[256];
    assert_true(n <= 256);
    for (int64_t i = 0; i < n; i++)
        values[i] = json_number_value(json_array_get(x, (size_t)i));
    for (int c = fgetc(file); c != EOF && rows < 4096;) { /* whole numbers, whatever separates them */
        if (c < '0' || c > '9') {
            c = fgetc(file);
            continue;
        }
        int64_t index = 0;
        for (; c >= '0' && c <= '9'; c = fgetc(file))
            index = index * 10 + (c - '0');
        assert_true(index < n);
        drawn[filled++] = values[index];
        if (filled < n) continue;
        cm_summary s;
        assert_int_equal(cm_summarise(drawn, n, &s, NULL), CM_OK);
        mean[rows++] = s.mean;
        filled = 0;
    }
    fclose(file);
    assert_int_equal(rows, json_integer_value(json_object_get(doc, "n_boot")));
    assert_true(near(cm_quantile7(mean, rows, 0.025, scratch), json_number_value(json_array_get(expected, 0)),
                     1e-12));
    assert_true(near(cm_quantile7(mean, rows, 0.975, scratch), json_number_value(json_array_get(expected, 1)),
                     1e-12));
    free(path);
    json_decref(all);
}

int main(void)
{
    const char *shared = getenv("CM_SHARED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_pairs_equal_the_oracle),
        cmocka_unit_test(labels_and_regions_equal_the_oracle),
        cmocka_unit_test(lesions_equal_the_oracle),
        cmocka_unit_test(binary_cases_equal_the_oracle),
        cmocka_unit_test(multi_class_equals_the_oracle),
        cmocka_unit_test(percentile_interval_equals_the_oracle),
    };
    reference_folder = shared ? cm_path_join(shared, "reference") : NULL;
    if (!reference_folder || !cm_path_is_folder(reference_folder)) {
        free(reference_folder);
        puts("skipped: CM_SHARED names no folder with reference/");
        return SKIPPED;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(reference_folder);
    return failed;
}
