/* Every preparation step against values worked out by hand or by numpy and scipy, named where used. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/prepare.h"
#include "engine/model/resample.h"
#include "tests/unit/serial_backend.h"

static cm_volume volume_of(float *values, int64_t channels, int64_t nx, int64_t ny, int64_t nz)
{
    return (cm_volume){
        .geometry = {.shape = {nz, ny, nx},
                     .spacing_known = true,
                     .orientation_known = true,
                     .spacing_mm = {1, 1, 1},
                     .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}},
        .channels = channels,
        .dtype = CM_F32,
        .slope = 1,
        .data = values,
        .bytes = channels * nx * ny * nz * 4,
    };
}

static const int in_order[4] = {0, 1, 2, 3};

static cm_status run(const cm_prepare_step *steps, int n, const cm_volume *image, cm_budget *budget,
                     cm_prepared *out, cm_error *err)
{
    cm_budget_init(budget, 1 << 26);
    return cm_prepare(steps, n, image, in_order, (int)image->channels, serial_backend(), budget, NULL, out,
                      err);
}

static void values_are(const cm_prepare_step *steps, int n, const cm_volume *image, const double *wanted,
                       int64_t count, double tolerance)
{
    cm_budget budget;
    cm_prepared p;
    assert_int_equal(run(steps, n, image, &budget, &p, NULL), CM_OK);
    const int64_t *size = p.placement.size;
    assert_int_equal(p.channels * size[0] * size[1] * size[2], count);
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)p.values[i] - wanted[i]) <= tolerance))
            fail_msg("value %lld is %.9g, wanted %.9g", (long long)i, (double)p.values[i], wanted[i]);
    cm_prepared_fini(&p);
    assert_int_equal(budget.used_bytes, 0);
}

static cm_prepare_step statistic(cm_step_kind kind, cm_voxels voxels, int at)
{
    return (cm_prepare_step){
        .kind = kind, .statistic = {.voxels = voxels, .at = at}, .u.normalise = {.low = 5, .high = 95}};
}

static float eight[8] = {3, 1, 4, 1, 5, 9, 2, 6};

static void plain_steps(void **state)
{
    (void)state;
    cm_volume v = volume_of(eight, 1, 8, 1, 1);
    cm_prepare_step clip = {.kind = CM_STEP_CLIP, .u.clip = {.low = 2, .high = 5}};
    values_are(&clip, 1, &v, (double[]){3, 2, 4, 2, 5, 5, 2, 5}, 8, 0);
    clip.u.clip.high = INFINITY;
    values_are(&clip, 1, &v, (double[]){3, 2, 4, 2, 5, 9, 2, 6}, 8, 0);
    cm_prepare_step scale = {.kind = CM_STEP_SCALE, .u.scale = {.multiply = 2, .add = -1}};
    values_are(&scale, 1, &v, (double[]){5, 1, 7, 1, 9, 17, 3, 11}, 8, 0);
    cm_prepare_step divide = {.kind = CM_STEP_DIVIDE, .u.divide.by = 255};
    double wanted[8];
    for (int i = 0; i < 8; i++)
        wanted[i] = (double)(eight[i] / 255.0f); /* float division, rounded once */
    values_are(&divide, 1, &v, wanted, 8, 0);
    cm_prepare_step both[2] = {scale, clip};
    both[1].u.clip.high = 9;
    values_are(both, 2, &v, (double[]){5, 2, 7, 2, 9, 9, 3, 9}, 8, 0); /* order as written */
}

/* numpy: mean 3.875, std 2.5708704751503917, std(ddof=1) 2.748376143938713, percentile 5 and 95: 1, 7.95. */
static void statistics_of_all_voxels(void **state)
{
    (void)state;
    cm_volume v = volume_of(eight, 1, 2, 2, 2);
    double wanted[8];
    cm_prepare_step z = statistic(CM_STEP_Z_SCORE, CM_VOXELS_ALL, -1);
    for (int i = 0; i < 8; i++)
        wanted[i] = (eight[i] - 3.875) / 2.5708704751503917;
    values_are(&z, 1, &v, wanted, 8, 1e-7);
    z.u.normalise.sample_sd = true;
    for (int i = 0; i < 8; i++)
        wanted[i] = (eight[i] - 3.875) / 2.748376143938713;
    values_are(&z, 1, &v, wanted, 8, 1e-7);
    cm_prepare_step m = statistic(CM_STEP_MIN_MAX, CM_VOXELS_ALL, -1);
    for (int i = 0; i < 8; i++)
        wanted[i] = (eight[i] - 1.0) / 8.0;
    values_are(&m, 1, &v, wanted, 8, 0);
    cm_prepare_step p = statistic(CM_STEP_PERCENTILE, CM_VOXELS_ALL, -1);
    for (int i = 0; i < 8; i++)
        wanted[i] = (eight[i] - 1.0) / 6.95;
    values_are(&p, 1, &v, wanted, 8, 1e-7);
    p.u.normalise.clip_to_unit = true;
    for (int i = 0; i < 8; i++)
        wanted[i] = fmin(wanted[i], 1.0);
    values_are(&p, 1, &v, wanted, 8, 1e-7);
}

static void a_flat_image_is_not_divided_by_zero(void **state)
{
    (void)state;
    float flat[4] = {7, 7, 7, 7};
    cm_volume v = volume_of(flat, 1, 4, 1, 1);
    const double zero[4] = {0};
    for (cm_step_kind k = CM_STEP_Z_SCORE; k <= CM_STEP_PERCENTILE; k++) {
        cm_prepare_step s = statistic(k, CM_VOXELS_ALL, -1);
        values_are(&s, 1, &v, zero, 4, 0);
    }
}

static void scope_of_voxels_and_channels(void **state)
{
    (void)state;
    float two[8] = {0, 2, 4, 0, -10, 0, 10, 30}; /* channel 0: positive 2, 4; channel 1: positive 10, 30 */
    cm_volume v = volume_of(two, 2, 4, 1, 1);
    cm_prepare_step m = statistic(CM_STEP_MIN_MAX, CM_VOXELS_POSITIVE, -1);
    values_are(&m, 1, &v, (double[]){-1, 0, 1, -1, -1, -0.5, 0, 1}, 8, 1e-7);
    m.statistic.channels_together = true; /* 2 .. 30 */
    values_are(&m, 1, &v, (double[]){-2 / 28., 0, 2 / 28., -2 / 28., -12 / 28., -2 / 28., 8 / 28., 1}, 8,
               1e-7);
    m.statistic.channels_together = false;
    m.statistic.only_voxels = true; /* the others keep their value */
    values_are(&m, 1, &v, (double[]){0, 0, 1, 0, -10, 0, 0, 1}, 8, 1e-7);
}

/* Crop 4 of 6 voxels, but normalise by figures of the state before: as head MR networks want it. */
static void a_statistic_is_taken_where_it_says(void **state)
{
    (void)state;
    float line[6] = {1, 2, 8, 9, 10, 1};
    cm_volume v = volume_of(line, 1, 6, 1, 1);
    cm_prepare_step steps[4] = {
        {.kind = CM_STEP_PAD, .u.pad = {.size = {8, 0, 0}}},
        {.kind = CM_STEP_CROP, .u.crop = {.is_fraction = true, .threshold = 0.75}}, /* > 7.5 */
        {.kind = CM_STEP_SCALE, .u.scale = {.multiply = 2}},
        statistic(CM_STEP_MIN_MAX, CM_VOXELS_POSITIVE, 0),
    };
    /* after the pad positive values run from 1 to 10 */
    values_are(steps, 4, &v, (double[]){15 / 9., 17 / 9., 19 / 9.}, 3, 1e-7);
    steps[3].statistic.at = -1; /* stored */
    values_are(steps, 4, &v, (double[]){15 / 9., 17 / 9., 19 / 9.}, 3, 1e-7);
    steps[3].statistic.at = 1; /* after the crop: 8 .. 10 */
    values_are(steps, 4, &v, (double[]){4, 5, 6}, 3, 1e-7);
    steps[3].statistic.at = 2; /* current: 16 .. 20 */
    values_are(steps, 4, &v, (double[]){0, 0.5, 1}, 3, 1e-7);
}

static void voxels_of_the_crop_box_after_a_pad(void **state)
{
    (void)state;
    float line[5] = {0, 2, 4, 6, 0};
    cm_volume v = volume_of(line, 1, 5, 1, 1);
    cm_prepare_step steps[3] = {
        {.kind = CM_STEP_CROP, .u.crop = {.threshold = 0}},
        {.kind = CM_STEP_PAD, .u.pad = {.size = {6, 0, 0}, .value = 100}},
        statistic(CM_STEP_MIN_MAX, CM_VOXELS_CROP, 1),
    };
    values_are(steps, 3, &v, (double[]){24.5, 0, 0.5, 1, 24.5, 24.5}, 6, 1e-6); /* (6 - 3) / 2 = 1 before */
    steps[2].statistic.only_voxels = true;
    values_are(steps, 3, &v, (double[]){100, 0, 0.5, 1, 100, 100}, 6, 1e-6);
}

static void crop_margin_stays_inside(void **state)
{
    (void)state;
    float square[25] = {0};
    square[1 * 5 + 3] = 5; /* y 1, x 3 */
    cm_volume v = volume_of(square, 1, 5, 5, 1);
    cm_prepare_step crop = {.kind = CM_STEP_CROP, .u.crop = {.threshold = 0, .margin = 2}};
    cm_budget budget;
    cm_prepared p;
    assert_int_equal(run(&crop, 1, &v, &budget, &p, NULL), CM_OK);
    assert_int_equal(p.placement.size[0], 4); /* x 1..4 */
    assert_int_equal(p.placement.size[1], 4); /* y 0..3 */
    assert_true(p.values[1 * 4 + 2] == 5);
    assert_int_equal(p.placement.inside[0][0], 0);
    assert_int_equal(p.placement.inside[0][1], 1);
    assert_true(p.placement.position[0][3] == 2.0);
    cm_prepared_fini(&p);
    crop.u.crop.threshold = 5; /* strict: nothing is greater */
    cm_error err = {0};
    assert_int_equal(run(&crop, 1, &v, &budget, &p, &err), CM_ERR_EMPTY);
    cm_prepared_fini(&p);
    assert_int_equal(budget.used_bytes, 0);
}

/* scipy 1.17: ndimage.zoom(x, n / 7, order, mode="nearest", grid_mode=True), which is scikit-image's resize.
 */
static void resampling_by_edges_is_scipys(void **state)
{
    (void)state;
    float x[7] = {1, 4, 2, 8, 5, 7, 3};
    cm_volume v = volume_of(x, 1, 7, 1, 1);
    cm_prepare_step s = {.kind = CM_STEP_RESAMPLE,
                         .u.resample = {.interpolation = CM_INTERPOLATION_CUBIC, .keep_overshoot = true}};
    s.u.resample.spacing_mm[0] = 7 / 10.;
    values_are(&s, 1, &v,
               (double[]){0.709282, 3.085658, 3.483427, 1.89243, 6.248038, 7.516961, 4.965873, 6.699301,
                          5.582258, 2.648771},
               10, 2e-6);
    s.u.resample.keep_overshoot = false;
    values_are(&s, 1, &v,
               (double[]){1, 3.085658, 3.483427, 1.89243, 6.248038, 7.516961, 4.965873, 6.699301, 5.582258,
                          2.648771},
               10, 2e-6);
    s.u.resample.spacing_mm[0] = 7 / 4.;
    values_are(&s, 1, &v, (double[]){2.373579, 2.488507, 5.259689, 4.679285}, 4, 2e-6);
    s.u.resample.interpolation = CM_INTERPOLATION_LINEAR;
    values_are(&s, 1, &v, (double[]){2.125, 2.75, 5.375, 4.5}, 4, 0);
    s.u.resample.interpolation = CM_INTERPOLATION_NEAREST;
    values_are(&s, 1, &v, (double[]){1, 2, 5, 3}, 4, 0);
    s.u.resample.spacing_mm[0] = 0.5;
    values_are(&s, 1, &v, (double[]){1, 1, 4, 4, 2, 2, 8, 8, 5, 5, 7, 7, 3, 3}, 14, 0);
}

/* scipy 1.17: map_coordinates(x, 1.5 * i, order, mode="nearest"). */
static void resampling_by_centres_keeps_the_first_voxel(void **state)
{
    (void)state;
    float x[7] = {1, 4, 2, 8, 5, 7, 3};
    cm_volume v = volume_of(x, 1, 1, 1, 7); /* along z */
    cm_prepare_step s = {.kind = CM_STEP_RESAMPLE,
                         .u.resample = {.interpolation = CM_INTERPOLATION_LINEAR, .align = CM_ALIGN_CENTRES}};
    s.u.resample.spacing_mm[2] = 1.5;
    values_are(&s, 1, &v, (double[]){1, 3, 8, 6, 3}, 5, 0);
    s.u.resample.interpolation = CM_INTERPOLATION_CUBIC;
    values_are(&s, 1, &v, (double[]){1, 2.59562521, 8, 5.91871068, 3}, 5, 2e-6);
}

static void size_rules(void **state)
{
    (void)state;
    int64_t n;
    double mm;
    assert_int_equal(cm_resample_size(5, 1, 2, CM_ALIGN_EDGES, CM_SIZE_ROUND, &n, &mm, NULL), CM_OK);
    assert_int_equal(n, 2); /* 2.5: half to even, as numpy */
    assert_true(mm == 2.5);
    cm_resample_size(7, 1, 2, CM_ALIGN_EDGES, CM_SIZE_ROUND, &n, &mm, NULL);
    assert_int_equal(n, 4); /* 3.5 */
    cm_resample_size(5, 1, 2, CM_ALIGN_EDGES, CM_SIZE_CEIL, &n, &mm, NULL);
    assert_int_equal(n, 3);
    cm_resample_size(7, 1, 2, CM_ALIGN_EDGES, CM_SIZE_FLOOR, &n, &mm, NULL);
    assert_int_equal(n, 3);
    cm_resample_size(7, 1, 4, CM_ALIGN_CENTRES, CM_SIZE_CEIL, &n, &mm, NULL);
    assert_int_equal(n, 3); /* ceil(6 / 4) + 1 */
    assert_true(mm == 4);
    cm_resample_size(1, 1, 9, CM_ALIGN_EDGES, CM_SIZE_FLOOR, &n, &mm, NULL);
    assert_int_equal(n, 1);
    cm_error err = {0};
    assert_int_equal(cm_resample_size(60000, 1000, 0.0001, CM_ALIGN_EDGES, CM_SIZE_ROUND, &n, &mm, &err),
                     CM_ERR_LIMIT);
}

static void unknown_geometry_is_refused(void **state)
{
    (void)state;
    cm_volume v = volume_of(eight, 1, 8, 1, 1);
    v.geometry.orientation_known = v.geometry.spacing_known = false;
    cm_prepare_step orient = {.kind = CM_STEP_ORIENT, .u.orient.code = "LIA"};
    cm_prepare_step resample = {.kind = CM_STEP_RESAMPLE, .u.resample.spacing_mm = {1, 1, 1}};
    cm_budget budget;
    cm_prepared p;
    cm_error err = {0};
    assert_int_equal(run(&orient, 1, &v, &budget, &p, &err), CM_ERR_MISMATCH);
    cm_prepared_fini(&p);
    memset(&err, 0, sizeof err);
    assert_int_equal(run(&resample, 1, &v, &budget, &p, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.where, "prepare step 1 (resample)"));
    cm_prepared_fini(&p);
    orient.u.orient.as_stored = true;
    assert_int_equal(run(&orient, 1, &v, &budget, &p, NULL), CM_OK);
    cm_prepared_fini(&p);
}

static void non_finite_and_missing_channels_are_refused(void **state)
{
    (void)state;
    float bad[4] = {0, 1, NAN, 3};
    cm_volume v = volume_of(bad, 1, 4, 1, 1);
    cm_budget budget;
    cm_prepared p;
    assert_int_equal(run(NULL, 0, &v, &budget, &p, NULL), CM_ERR_FORMAT);
    cm_prepared_fini(&p);
    bad[2] = 2;
    const int beyond[1] = {1};
    assert_int_equal(cm_prepare(NULL, 0, &v, beyond, 1, serial_backend(), &budget, NULL, &p, NULL),
                     CM_ERR_ARG);
    cm_prepared_fini(&p);
    cm_budget_init(&budget, 15); /* one byte short of four floats */
    assert_int_equal(cm_prepare(NULL, 0, &v, in_order, 1, serial_backend(), &budget, NULL, &p, NULL),
                     CM_ERR_LIMIT);
    cm_prepared_fini(&p);
}

static void channels_are_picked_by_index(void **state)
{
    (void)state;
    int16_t raw[6] = {1, 2, 3, 4, 5, 6}; /* 3 channels of 2 voxels, value = raw * 0.5 + 1 */
    cm_volume v = volume_of(eight, 3, 2, 1, 1);
    v.dtype = CM_I16;
    v.data = raw;
    v.slope = 0.5;
    v.intercept = 1;
    const int pick[2] = {2, 0};
    cm_budget budget;
    cm_prepared p;
    cm_budget_init(&budget, 1 << 20);
    assert_int_equal(cm_prepare(NULL, 0, &v, pick, 2, serial_backend(), &budget, NULL, &p, NULL), CM_OK);
    assert_true(p.values[0] == 3.5f && p.values[1] == 4.0f && p.values[2] == 1.5f && p.values[3] == 2.0f);
    cm_prepared_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_steps),
        cmocka_unit_test(statistics_of_all_voxels),
        cmocka_unit_test(a_flat_image_is_not_divided_by_zero),
        cmocka_unit_test(scope_of_voxels_and_channels),
        cmocka_unit_test(a_statistic_is_taken_where_it_says),
        cmocka_unit_test(voxels_of_the_crop_box_after_a_pad),
        cmocka_unit_test(crop_margin_stays_inside),
        cmocka_unit_test(resampling_by_edges_is_scipys),
        cmocka_unit_test(resampling_by_centres_keeps_the_first_voxel),
        cmocka_unit_test(size_rules),
        cmocka_unit_test(unknown_geometry_is_refused),
        cmocka_unit_test(non_finite_and_missing_channels_are_refused),
        cmocka_unit_test(channels_are_picked_by_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
