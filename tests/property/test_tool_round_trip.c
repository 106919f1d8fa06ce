/* What goes through orientation, padding and cropping comes back to where it was: a label map is prepared
 * like an image, "predicted" as itself, and decided on the stored grid. All 48 orientations, odd sizes, both
 * axis orders, every slice axis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/model/decide.h"
#include "engine/model/prepare.h"
#include "tests/unit/serial_backend.h"

/* The affine of orientation number 0..47, spacing 1. */
static cm_affine affine_of(int number)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    cm_affine a = {0};
    for (int k = 0; k < 3; k++)
        a.m[orders[number / 8][k]][k] = number >> k & 1 ? -1 : 1;
    return a;
}

/* Predicts label = (value > 0.5) on the prepared grid, slab by slab, and decides on the stored one. */
static void predict(const cm_prepared *p, uint16_t *labels, cm_budget *budget)
{
    cm_region_rule one = {.channel = 0, .label = 1};
    cm_output_spec rule = {
        .decision = CM_DECISION_THRESHOLD, .threshold = 0.5, .n_regions = 1, .regions = &one};
    const cm_placement *g = &p->placement;
    const int64_t stride[3] = {1, g->stored[0], g->stored[0] * g->stored[1]};
    cm_taps taps[3];
    for (int k = 0; k < 3; k++)
        assert_int_equal(cm_taps_init(&taps[k], g, k, NULL), CM_OK);
    cm_decider d;
    assert_int_equal(
        cm_decider_init(&d, &rule, 1, taps[1].n, taps[0].n, g->size[0], serial_backend(), budget, NULL),
        CM_OK);
    int64_t plane = g->size[0] * g->size[1];
    for (int64_t i = 0; i < taps[2].n; i++) {
        if (!taps[2].inside[i]) continue;
        cm_slab_pair s = {p->values + taps[2].lower[i] * plane,
                          p->values + taps[2].upper[i] * plane,
                          taps[2].weight[i],
                          1,
                          plane * g->size[2],
                          g->size[1],
                          g->size[0]};
        assert_int_equal(cm_decide_plane(&d, &s, &taps[1], &taps[0], labels + i * stride[g->axis[2]],
                                         stride[g->axis[1]], stride[g->axis[0]], NULL),
                         CM_OK);
    }
    cm_decider_fini(&d);
    for (int k = 0; k < 3; k++)
        cm_taps_fini(&taps[k]);
}

static void round_trip(const int64_t size[3], int stored_as, const cm_prepare_step *steps, int n_steps,
                       const cm_input_spec *input, uint64_t seed)
{
    int64_t n = size[0] * size[1] * size[2];
    cm_random r = {seed, CM_PURPOSE_TEST};
    float *values = calloc((size_t)n, sizeof *values);
    uint16_t *labels = calloc((size_t)n, sizeof *labels);
    for (int64_t i = 0; i < n; i++)
        values[i] = (float)(cm_random_below(r, 0, (uint64_t)i, 4) == 0);
    values[n / 2] = 1; /* never empty */
    cm_volume v = {.geometry = {.shape = {size[2], size[1], size[0]},
                                .spacing_known = true,
                                .orientation_known = true,
                                .spacing_mm = {1, 1, 1},
                                .affine = affine_of(stored_as)},
                   .channels = 1,
                   .dtype = CM_F32,
                   .slope = 1,
                   .data = values,
                   .bytes = n * 4};
    cm_budget budget;
    cm_prepared p;
    int axis[3];
    const int channel = 0;
    cm_tool_spec_tensor_axes(input, axis);
    cm_budget_init(&budget, 1 << 26);
    assert_int_equal(cm_prepare(steps, n_steps, &v, &channel, 1, serial_backend(), &budget, NULL, &p, NULL),
                     CM_OK);
    assert_int_equal(cm_prepared_permute(&p, axis, NULL), CM_OK);
    assert_int_equal(cm_prepared_pad(&p, (int64_t[]){9, 0, 14}, 0, NULL), CM_OK);
    predict(&p, labels, &budget);
    for (int64_t i = 0; i < n; i++)
        if (labels[i] != (values[i] > 0.5f))
            fail_msg("size %lldx%lldx%lld, orientation %d, seed %llu: voxel %lld is %d, was %g",
                     (long long)size[0], (long long)size[1], (long long)size[2], stored_as,
                     (unsigned long long)seed, (long long)i, labels[i], (double)values[i]);
    cm_prepared_fini(&p);
    assert_int_equal(budget.used_bytes, 0);
    free(labels);
    free(values);
}

static void labels_come_back(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {2, 3, 5}, {7, 1, 4}, {5, 8, 1}, {11, 6, 9}};
    static const char *const codes[] = {"LIA", "RAS", "SPL"};
    cm_prepare_step steps[4] = {
        {.kind = CM_STEP_ORIENT},
        {.kind = CM_STEP_PAD, .u.pad = {.size = {8, 9, 10}}},
        {.kind = CM_STEP_CROP, .u.crop = {.is_fraction = true, .threshold = 0.03, .margin = 1}},
        {.kind = CM_STEP_PAD, .u.pad = {.size = {0, 12, 0}}},
    };
    for (int s = 0; s < 5; s++)
        for (int from = 0; from < 48; from++)
            for (int i = 0; i < 3; i++) {
                memcpy(steps[0].u.orient.code, codes[i], 4);
                cm_input_spec input = {.dimension = from % 2 + 2,
                                       .axes = (cm_axes)(from / 2 % 2),
                                       .slice_axis = from % 2 ? -1 : i};
                round_trip(sizes[s], from, steps, 4, &input, (uint64_t)(from * 100 + s * 10 + i));
                round_trip(sizes[s], from, steps, 0, &input, (uint64_t)(from * 100 + s * 10 + i));
            }
}

/* nearest, doubled by edges: every stored voxel lies between two equal ones, so that it comes back exactly.
 */
static void doubling_and_back_is_exact(void **state)
{
    (void)state;
    const cm_prepare_step steps[1] = {
        {.kind = CM_STEP_RESAMPLE,
         .u.resample = {.spacing_mm = {0.5, 0.5, 0.5}, .interpolation = CM_INTERPOLATION_NEAREST}}};
    const cm_input_spec input = {.dimension = 3, .slice_axis = -1};
    static const int64_t sizes[][3] = {{1, 1, 1}, {2, 3, 5}, {6, 7, 8}};
    for (int s = 0; s < 3; s++)
        round_trip(sizes[s], 0, steps, 1, &input, (uint64_t)s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_come_back),
        cmocka_unit_test(doubling_and_back_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
