/* Segmentation metrics with values worked out by hand or carried over from an oracle (float64 NumPy and SciPy
 * code from the definitions; the plates and the single voxels below are its cases thin_plate_aniso and
 * single_vs_single). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/segmentation.h"
#include "tests/unit/serial_backend.h"

enum { MAX_METRICS = 16 };

static const uint16_t label_one[1] = {1};
static const cm_target one = {.name = "one", .n_values = 1, .values = label_one};

static cm_metric metric_of(const char *id)
{
    cm_metric m;
    cm_error err = {0};
    if (cm_metric_parse(id, &m, &err)) fail_msg("%s: %s", id, err.what);
    return m;
}

typedef struct expectation {
    const char *id;
    double value; /* NAN: undefined */
} expectation;

/* Scores target `one` with all listed metrics at once. */
static void expect(const cm_pair *pair, cm_emptiness empty, const expectation *rows, int n)
{
    cm_metric metrics[MAX_METRICS];
    cm_metric_value values[MAX_METRICS];
    cm_error err = {0};
    assert_true(n <= MAX_METRICS);
    for (int i = 0; i < n; i++)
        metrics[i] = metric_of(rows[i].id);
    if (cm_score_segmentation(serial_backend(), pair, &one, 1, metrics, n, values, NULL, &err))
        fail_msg("%s: %s", err.what, err.why);
    for (int i = 0; i < n; i++) {
        assert_int_equal(values[i].empty, empty);
        if (isnan(rows[i].value)) {
            if (values[i].state != CM_VALUE_UNDEFINED) fail_msg("%s: %.17g", rows[i].id, values[i].value);
            assert_true(values[i].value == 0);
        } else if (values[i].state != CM_VALUE_OK ||
                   !(fabs(values[i].value - rows[i].value) <= 1e-15 * fabs(rows[i].value))) {
            fail_msg("%s: %s %.17g, expected %.17g", rows[i].id, cm_value_state_name(values[i].state),
                     values[i].value, rows[i].value);
        }
    }
}
#define EXPECT(pair, empty, ...)                                                                             \
    expect(pair, empty, (const expectation[]){__VA_ARGS__},                                                  \
           (int)(sizeof((const expectation[]){__VA_ARGS__}) / sizeof(expectation)))

/* A row of 8 voxels 2 mm apart: reference 0-3, prediction 2-5. Distances: a = 4 2 0 0, b = 0 0 2 4. */
static void overlapping_bars_by_hand(void **state)
{
    const uint16_t reference[8] = {1, 1, 1, 1, 0, 0, 0, 0}, prediction[8] = {0, 0, 1, 1, 1, 1, 0, 0};
    const cm_pair pair = {reference, prediction, {{1, 1, 8}, {1, 1, 2}}, true};
    (void)state;
    EXPECT(&pair, CM_NONE_EMPTY, {"DSC", 0.5}, {"IOU", 1.0 / 3}, {"SENS.vox", 0.5}, {"PPV.vox", 0.5},
           {"VS", 1.0}, {"RVD", 0.0}, {"HD.vox", 4.0}, {"HD50.vox.maxdir", 1.0}, {"HD75.vox.maxdir", 2.5},
           {"ASSD.vox", 1.5}, {"NSD.vox@2mm", 0.75}, {"NSD.vox@1.999999mm", 0.5}, {"NSD.vox@1vox", 0.75},
           {"NSD.vox@4mm", 1.0});
}

/* Three of four voxels, too large by half: the two directions differ. a = 0 0, b = 0 0 1. */
static void directions_are_not_mixed_up(void **state)
{
    const uint16_t reference[4] = {1, 1, 0, 0}, prediction[4] = {1, 1, 1, 0};
    const cm_pair pair = {reference, prediction, {{1, 1, 4}, {1, 1, 1}}, true};
    (void)state;
    EXPECT(&pair, CM_NONE_EMPTY, {"DSC", 0.8}, {"SENS.vox", 1.0}, {"PPV.vox", 2.0 / 3}, {"VS", 0.8},
           {"RVD", 0.5}, {"HD.vox", 1.0}, {"HD50.vox.maxdir", 0.0}, {"HD95.vox.maxdir", 0.9},
           {"ASSD.vox", 0.2}, {"NSD.vox@0.5mm", 0.8});
}

static void plates_one_thick_slice_apart(void **state)
{
    enum { NZ = 9, NY = 28, NX = 30, N = NZ * NY * NX };
    static uint16_t reference[N], prediction[N];
    const cm_pair pair = {reference, prediction, {{NZ, NY, NX}, {5.0, 0.7, 0.7}}, true};
    (void)state;
    for (int y = 4; y < 24; y++)
        for (int x = 5; x < 25; x++) {
            reference[(4 * NY + y) * NX + x] = 1;
            prediction[(5 * NY + y) * NX + x] = 1;
        }
    EXPECT(&pair, CM_NONE_EMPTY, {"DSC", 0.0}, {"VS", 1.0}, {"RVD", 0.0}, {"HD.vox", 5.0},
           {"HD95.vox.maxdir", 5.0}, {"ASSD.vox", 5.0}, {"NSD.vox@2mm", 0.0}, {"NSD.vox@5mm", 1.0},
           {"NSD.vox@1vox", 1.0});
}

static void single_voxels(void **state)
{
    uint16_t reference[10 * 11 * 12] = {0}, prediction[10 * 11 * 12] = {0};
    const cm_pair pair = {reference, prediction, {{10, 11, 12}, {5.0, 0.7, 0.7}}, true};
    (void)state;
    reference[(3 * 11 + 4) * 12 + 2] = 1;
    prediction[(3 * 11 + 4) * 12 + 7] = 1;
    EXPECT(&pair, CM_NONE_EMPTY, {"DSC", 0.0}, {"HD.vox", 3.4999999999999996},
           {"HD95.vox.maxdir", 3.4999999999999996}, {"ASSD.vox", 3.4999999999999996}, {"NSD.vox@2mm", 0.0},
           {"NSD.vox@5mm", 1.0});
}

static void empty_masks_follow_the_formulas(void **state)
{
    const uint16_t none[4] = {0, 0, 0, 0}, some[4] = {0, 1, 1, 0};
    const cm_grid grid = {{1, 2, 2}, {1, 1, 1}};
    const cm_pair both = {none, none, grid, true}, no_reference = {none, some, grid, true};
    const cm_pair no_prediction = {some, none, grid, true};
    (void)state;
    EXPECT(&both, CM_BOTH_EMPTY, {"DSC", NAN}, {"IOU", NAN}, {"SENS.vox", NAN}, {"PPV.vox", NAN}, {"VS", NAN},
           {"RVD", NAN}, {"HD.vox", NAN}, {"HD95.vox.maxdir", NAN}, {"ASSD.vox", NAN}, {"NSD.vox@2mm", NAN});
    EXPECT(&no_reference, CM_REFERENCE_EMPTY, {"DSC", 0}, {"IOU", 0}, {"SENS.vox", NAN}, {"PPV.vox", 0},
           {"VS", 0}, {"RVD", NAN}, {"HD.vox", NAN}, {"HD95.vox.maxdir", NAN}, {"ASSD.vox", NAN},
           {"NSD.vox@2mm", NAN});
    EXPECT(&no_prediction, CM_PREDICTION_EMPTY, {"DSC", 0}, {"IOU", 0}, {"SENS.vox", 0}, {"PPV.vox", NAN},
           {"VS", 0}, {"RVD", -1}, {"HD.vox", NAN}, {"HD95.vox.maxdir", NAN}, {"ASSD.vox", NAN},
           {"NSD.vox@2mm", NAN});
}

/* NumPy in double of the float32 probabilities: 2 (p g).sum() / (p.sum() + g.sum()). */
static void soft_dice_of_probabilities(void **state)
{
    static const uint16_t reference[8] = {0, 0, 1, 1, 1, 1, 0, 2}, none[8] = {0},
                          support[8] = {0, 1, 1, 1, 1, 1, 1, 1};
    static const float p[8] = {0, 0.1f, 0.25f, 0.5f, 0.75f, 0.9f, 1, 0.3f}, zero[8] = {0};
    const cm_grid grid = {{2, 2, 2}, {1, 1, 1}};
    cm_pair pair = {.reference = reference, .prediction = support, .grid = grid, .probability = p};
    const cm_metric soft = metric_of("SDSC");
    const cm_target two[2] = {one, one};
    cm_metric_value values[2];
    (void)state;
    EXPECT(&pair, CM_NONE_EMPTY, {"SDSC", 0.6153846100942623});
    pair.has_ignored = true;
    pair.ignored = 2;
    EXPECT(&pair, CM_NONE_EMPTY, {"SDSC", 0.6399999955495198});
    pair.prediction = none;
    pair.probability = zero;
    EXPECT(&pair, CM_PREDICTION_EMPTY, {"SDSC", 0});
    pair.reference = none;
    EXPECT(&pair, CM_BOTH_EMPTY, {"SDSC", NAN});
    pair.prediction = support;
    pair.probability = p;
    EXPECT(&pair, CM_REFERENCE_EMPTY, {"SDSC", 0});
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, two, 2, &soft, 1, values, NULL, NULL),
                     CM_ERR_ARG);
    pair.probability = NULL;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &soft, 1, values, NULL, NULL),
                     CM_ERR_ARG);
}

static void full_masks_agree(void **state)
{
    uint16_t full[27];
    const cm_pair pair = {full, full, {{3, 3, 3}, {1, 1, 1}}, true};
    (void)state;
    for (int i = 0; i < 27; i++)
        full[i] = 1;
    EXPECT(&pair, CM_NONE_EMPTY, {"DSC", 1}, {"IOU", 1}, {"SENS.vox", 1}, {"PPV.vox", 1}, {"VS", 1},
           {"RVD", 0}, {"HD.vox", 0}, {"HD95.vox.maxdir", 0}, {"ASSD.vox", 0}, {"NSD.vox@2mm", 1});
}

/* A filled square against its outline: in a 2-D image their surfaces are equal; as one slice of a 3-D image
 * the whole square is surface, and its middle lies 2 voxels from the outline. */
static void one_slice_of_a_volume_is_not_a_flat_image(void **state)
{
    uint16_t square[3 * 25] = {0}, outline[3 * 25] = {0};
    (void)state;
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++) {
            square[25 + y * 5 + x] = 1;
            outline[25 + y * 5 + x] = y == 0 || y == 4 || x == 0 || x == 4;
        }
    const cm_pair flat = {square + 25, outline + 25, {{1, 5, 5}, {1, 1, 1}}, true};
    const cm_pair middle = {square, outline, {{3, 5, 5}, {1, 1, 1}}, true};
    const cm_pair bottom = {square + 25, outline + 25, {{2, 5, 5}, {1, 1, 1}}, true};
    const cm_pair top = {square, outline, {{2, 5, 5}, {1, 1, 1}}, true};
    EXPECT(&flat, CM_NONE_EMPTY, {"HD.vox", 0.0});
    EXPECT(&middle, CM_NONE_EMPTY, {"HD.vox", 2.0});
    EXPECT(&bottom, CM_NONE_EMPTY, {"HD.vox", 2.0});
    EXPECT(&top, CM_NONE_EMPTY, {"HD.vox", 2.0});
}

static void regions_are_unions_and_other_values_background(void **state)
{
    static const uint16_t values[] = {3, 1, 3, 60000};
    const cm_target targets[] = {{"union", 3, values}, {"three", 1, values}, {"absent", 1, values + 3}};
    const uint16_t reference[6] = {1, 1, 3, 9, 9, 0}, prediction[6] = {3, 1, 1, 3, 9, 9};
    const cm_pair pair = {reference, prediction, {{1, 1, 6}, {1, 1, 1}}, true};
    const cm_metric metrics[] = {metric_of("DSC"), metric_of("HD.vox")};
    cm_metric_value v[3][2];
    (void)state;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, targets, 3, metrics, 2, v[0], NULL, NULL),
                     CM_OK);
    assert_true(v[0][0].value == 6.0 / 7); /* TP 3, FP 1 */
    assert_true(v[0][1].value == 1.0);
    assert_true(v[1][0].value == 0.0 && v[1][0].state == CM_VALUE_OK); /* one against two voxels, apart */
    assert_true(v[1][1].value == 2.0);
    assert_int_equal(v[2][0].state, CM_VALUE_UNDEFINED);
    assert_int_equal(v[2][1].empty, CM_BOTH_EMPTY);
}

static void unknown_spacing_means_voxels(void **state)
{
    const uint16_t reference[4] = {1, 0, 0, 0}, prediction[4] = {0, 0, 1, 0};
    const cm_pair pair = {reference, prediction, {{1, 1, 4}, {1, 1, 1}}, false};
    const cm_metric mm = metric_of("NSD.vox@2mm");
    cm_metric_value value;
    cm_error err = {0};
    (void)state;
    EXPECT(&pair, CM_NONE_EMPTY, {"HD.vox", 2.0}, {"NSD.vox@2vox", 1.0}, {"NSD.vox@1vox", 0.0});
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &mm, 1, &value, NULL, &err),
                     CM_ERR_ARG);
    assert_non_null(strstr(err.next, "vox"));
}

/* Asking for more must not move a bit: percentiles permute the distances that sums are made of. */
static void values_do_not_depend_on_what_else_is_asked(void **state)
{
    enum { N = 12 * 13 * 14 };
    static uint16_t reference[N], prediction[N];
    const cm_pair pair = {reference, prediction, {{12, 13, 14}, {2.5, 0.9, 0.7}}, true};
    const cm_metric alone = metric_of("ASSD.vox");
    const cm_metric many[] = {metric_of("HD95.vox.maxdir"), metric_of("HD5.vox.maxdir"), alone};
    cm_metric_value first, values[3];
    (void)state;
    for (int i = 0; i < N; i++) {
        reference[i] = (i * 7919) % 11 < 2;
        prediction[i] = (i * 104729) % 13 < 2;
    }
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &alone, 1, &first, NULL, NULL),
                     CM_OK);
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, many, 3, values, NULL, NULL),
                     CM_OK);
    assert_memory_equal(&first.value, &values[2].value, sizeof first.value);
}

static void wrong_requests_are_refused(void **state)
{
    static uint16_t many_values[CM_MAX_HISTOGRAM_LABELS + 1];
    const uint16_t map[2] = {1, 1};
    const cm_target many = {"many", CM_MAX_HISTOGRAM_LABELS + 1, many_values};
    const cm_metric dsc = metric_of("DSC"), auroc = metric_of("AUROC"), hd = metric_of("HD.vox");
    cm_pair pair = {map, map, {{1, 1, 2}, {1, 1, 1}}, true};
    cm_metric_value value;
    cm_error err = {0};
    cm_stop stop = {.deadline_s = 0};
    (void)state;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &auroc, 1, &value, NULL, NULL),
                     CM_ERR_ARG);
    for (int i = 0; i <= CM_MAX_HISTOGRAM_LABELS; i++)
        many_values[i] = (uint16_t)i;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &many, 1, &dsc, 1, &value, NULL, &err),
                     CM_ERR_LIMIT);
    const cm_target few = {"few", CM_MAX_HISTOGRAM_LABELS - 1, many_values + 1};
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &few, 1, &dsc, 1, &value, NULL, NULL),
                     CM_OK);
    assert_true(value.value == 1.0);
    atomic_store(&stop.requested, 1);
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &hd, 1, &value, &stop, NULL),
                     CM_ERR_STOPPED);
    pair.grid.spacing[0] = NAN;
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &dsc, 1, &value, NULL, NULL),
                     CM_ERR_ARG);
    pair.grid = (cm_grid){{0, 1, 2}, {1, 1, 1}};
    assert_int_equal(cm_score_segmentation(serial_backend(), &pair, &one, 1, &dsc, 1, &value, NULL, NULL),
                     CM_ERR_ARG);
}

/* -- policies -------------------------------------------------------------------------------------------- */

static void expect_number(const char *id, cm_value_state state, cm_emptiness empty, cm_policies policies,
                          double expected)
{
    const cm_metric m = metric_of(id);
    const cm_metric_value value = {state, empty, state == CM_VALUE_OK ? 0.25 : 0};
    double number = -99;
    bool substituted = false;
    const bool used = cm_policy_apply(&m, &value, 374.0, &policies, &number, &substituted);
    if (isnan(expected)) {
        assert_false(used);
        assert_false(substituted);
    } else {
        assert_true(used);
        assert_true(number == expected);
        assert_int_equal(substituted, state != CM_VALUE_OK);
    }
}

static void policies_turn_no_value_into_a_number(void **state)
{
    const cm_policies usual = {CM_POLICY_WORST, CM_POLICY_EXCLUDE, CM_POLICY_WORST};
    const cm_policies best = {CM_POLICY_TRIVIAL_BEST, CM_POLICY_TRIVIAL_BEST, CM_POLICY_TRIVIAL_BEST};
    const cm_policies exclude = {CM_POLICY_EXCLUDE, CM_POLICY_EXCLUDE, CM_POLICY_EXCLUDE};
    const cm_value_state ok = CM_VALUE_OK, undefined = CM_VALUE_UNDEFINED, missing = CM_VALUE_MISSING;
    (void)state;
    expect_number("DSC", ok, CM_NONE_EMPTY, exclude, 0.25);
    expect_number("DSC", ok, CM_REFERENCE_EMPTY, exclude, 0.25); /* a value is used whatever is empty */
    expect_number("DSC", missing, CM_NONE_EMPTY, usual, 0);
    expect_number("DSC", missing, CM_NONE_EMPTY, exclude, NAN);
    expect_number("DSC", missing, CM_NONE_EMPTY, best, 0); /* a missing result is never rewarded */
    expect_number("DSC", undefined, CM_BOTH_EMPTY, usual, NAN);
    expect_number("DSC", undefined, CM_BOTH_EMPTY, best, 1);
    expect_number("HD.vox", undefined, CM_BOTH_EMPTY, best, 0);
    expect_number("HD.vox", undefined, CM_REFERENCE_EMPTY, usual, 374);
    expect_number("HD.vox", undefined, CM_PREDICTION_EMPTY, usual, 374);
    expect_number("HD.vox", undefined, CM_PREDICTION_EMPTY, best, 374);
    expect_number("HD.vox", undefined, CM_PREDICTION_EMPTY, exclude, NAN);
    expect_number("HD.vox", missing, CM_NONE_EMPTY, usual, 374);
    expect_number("SENS.vox", undefined, CM_REFERENCE_EMPTY, usual, 0);
    expect_number("RVD", undefined, CM_REFERENCE_EMPTY, usual, NAN); /* no finite worst */
    expect_number("RVD", missing, CM_NONE_EMPTY, usual, NAN);
    expect_number("RVD", undefined, CM_BOTH_EMPTY, best, 0);
    expect_number("DSC", CM_VALUE_NO_REFERENCE, CM_NONE_EMPTY, usual, NAN);
    expect_number("MCC", undefined, CM_NONE_EMPTY, usual, NAN);
    assert_string_equal(cm_policy_name(CM_POLICY_TRIVIAL_BEST), "trivial-best");
}

static void diagonal_of_the_brats_grid(void **state)
{
    const cm_grid grid = {{155, 240, 240}, {1, 1, 1}}; /* sqrt(139225) */
    (void)state;
    assert_true(fabs(cm_grid_diagonal(&grid) - 373.1286641361127) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_bars_by_hand),
        cmocka_unit_test(directions_are_not_mixed_up),
        cmocka_unit_test(plates_one_thick_slice_apart),
        cmocka_unit_test(single_voxels),
        cmocka_unit_test(empty_masks_follow_the_formulas),
        cmocka_unit_test(soft_dice_of_probabilities),
        cmocka_unit_test(full_masks_agree),
        cmocka_unit_test(one_slice_of_a_volume_is_not_a_flat_image),
        cmocka_unit_test(regions_are_unions_and_other_values_background),
        cmocka_unit_test(unknown_spacing_means_voxels),
        cmocka_unit_test(values_do_not_depend_on_what_else_is_asked),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(policies_turn_no_value_into_a_number),
        cmocka_unit_test(diagonal_of_the_brats_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
