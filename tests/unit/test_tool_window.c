/* Where windows start and how they are weighted: nnU-Net's rule. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/passes.h"
#include "engine/model/window.h"

static void starts_are(int64_t n, int64_t tile, double overlap, int64_t count, const int64_t *wanted)
{
    assert_int_equal(cm_window_count(n, tile, overlap), count);
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(cm_window_start(n, tile, count, i), wanted[i]);
}

/* Values of nnunetv2 2.x compute_steps_for_sliding_window run under numpy 2.4: np.ceil and np.round (halves
 * to even; 15 on 8 and 11 on 4 meet halves). */
static void starts_follow_nnunet(void **state)
{
    (void)state;
    starts_are(110, 64, 0.5, 3, (int64_t[]){0, 23, 46});
    starts_are(97, 64, 0.5, 3, (int64_t[]){0, 16, 33});
    starts_are(64, 64, 0.5, 1, (int64_t[]){0});
    starts_are(257, 48, 0.5, 10, (int64_t[]){0, 23, 46, 70, 93, 116, 139, 163, 186, 209});
    starts_are(33, 32, 0.5, 2, (int64_t[]){0, 1});
    starts_are(15, 8, 0.5, 3, (int64_t[]){0, 4, 7});
    starts_are(11, 4, 0.5, 5, (int64_t[]){0, 2, 4, 5, 7});
    starts_are(257, 48, 0.25, 7, (int64_t[]){0, 35, 70, 104, 139, 174, 209}); /* step 0.75 tile */
    starts_are(110, 64, 0.75, 4, (int64_t[]){0, 15, 31, 46});                 /* step 0.25 tile */
    starts_are(4, 1, 0.5, 4, (int64_t[]){0, 1, 2, 3});                        /* slices: once each */
    starts_are(12, 4, 0.0, 3, (int64_t[]){0, 4, 8});
}

/* scipy 1.17 gaussian_filter of a delta at tile // 2 with sigma tile / 8, divided by its maximum. */
static void weights_are_scipys_gaussian(void **state)
{
    (void)state;
    static const double eight[8] = {0.000335462628, 0.0111089965, 0.135335283, 0.60653066, 1.0,
                                    0.60653066,     0.135335283,  0.0111089965};
    static const double nine[5] = {0.00179816666, 0.0285655008, 0.205924246, 0.673638455, 1.0};
    double w[16];
    cm_window_weights(8, CM_BLENDING_GAUSSIAN, w);
    for (int i = 0; i < 8; i++)
        assert_true(fabs(w[i] - eight[i]) <= 5e-9 * eight[i]);
    cm_window_weights(9, CM_BLENDING_GAUSSIAN, w);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(w[i] - nine[i < 5 ? i : 8 - i]) <= 2e-9);
    cm_window_weights(3, CM_BLENDING_CONSTANT, w);
    for (int i = 0; i < 3; i++)
        assert_true(w[i] == 1.0);
    for (int64_t tile = 1; tile <= 16; tile++) { /* no zero to replace */
        cm_window_weights(tile, CM_BLENDING_GAUSSIAN, w);
        for (int64_t i = 0; i < tile; i++)
            assert_true(w[i] >= 0.0003);
    }
    /* exp(-8), first value of an even tile, to full precision. */
    cm_window_weights(16, CM_BLENDING_GAUSSIAN, w);
    assert_true(fabs(w[0] - 3.3546262790251185e-4) <= 1e-16);
}

/* A "model" that returns its input must give the image back, whatever the windows, up to the largest numbers
 * that a model may give; and the ring must hold only the slabs in use. */
static void blend_gives_back(cm_threads *pool, const int64_t size[3], const int64_t tile[3],
                             cm_blending blending, float scale, float *out)
{
    int64_t n = size[0] * size[1] * size[2], t = tile[0] * tile[1] * tile[2];
    float *image = malloc((size_t)(2 * n) * sizeof *image),
          *window = malloc((size_t)(2 * t) * sizeof *window);
    for (int64_t i = 0; i < 2 * n; i++)
        image[i] = ((float)((i * 7919) % 1009) - 504.0f) / 504.0f * scale;
    cm_budget budget;
    cm_windows w;
    cm_ring ring;
    cm_budget_init(&budget, 1 << 24);
    assert_int_equal(cm_windows_init(&w, size, tile, 0.5, blending, NULL), CM_OK);
    assert_int_equal(cm_ring_init(&ring, &w, 2, &budget, NULL), CM_OK);
    assert_int_equal(budget.used_bytes, 2 * (tile[2] + 1) * size[1] * size[0] * 4);
    int64_t open_to = 0, done_to = 0;
    for (int64_t i = 0; i < cm_windows_total(&w); i++) {
        int64_t start[3], next = size[2];
        cm_windows_start(&w, i, start);
        for (; open_to < start[2] + tile[2]; open_to++)
            cm_ring_open(&ring, open_to, pool);
        cm_window_cut(&w, start, 0, image, 2, window, pool);
        cm_ring_add(&ring, i, window, pool);
        if (i + 1 < cm_windows_total(&w)) {
            int64_t after[3];
            cm_windows_start(&w, i + 1, after);
            next = after[2];
        }
        for (; done_to < next; done_to++) {
            int64_t plane = size[0] * size[1];
            for (int64_t c = 0; c < 2; c++)
                for (int64_t k = 0; k < plane; k++) {
                    float got = cm_ring_slab(&ring, done_to)[c * ring.depth * plane + k];
                    float wanted = image[c * n + done_to * plane + k];
                    /* at most 8 products and sums, each within 2^-24 relative, of one value */
                    assert_true(isfinite(got));
                    assert_true(fabsf(got - wanted) <= 20 * 6e-8f * fabsf(wanted));
                    if (out) out[c * n + done_to * plane + k] = got;
                }
        }
    }
    assert_int_equal(done_to, size[2]);
    cm_ring_fini(&ring);
    assert_int_equal(budget.used_bytes, 0);
    cm_windows_fini(&w);
    free(window);
    free(image);
}

static void blending_an_identity_gives_the_image(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{11, 7, 9}, {4, 4, 4}, {5, 13, 1}, {31, 3, 8}};
    static const int64_t tiles[][3] = {{4, 4, 4}, {4, 4, 4}, {3, 4, 1}, {8, 3, 3}};
    cm_threads *pool;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    for (int i = 0; i < 4; i++)
        for (int b = 0; b < 4; b++) {
            const float scale = b < 2 ? 500.0f : 0x1p126f;
            int64_t n = 2 * sizes[i][0] * sizes[i][1] * sizes[i][2];
            float *one = malloc((size_t)n * sizeof *one), *three = malloc((size_t)n * sizeof *three);
            blend_gives_back(NULL, sizes[i], tiles[i], (cm_blending)(b % 2), scale, one);
            blend_gives_back(pool, sizes[i], tiles[i], (cm_blending)(b % 2), scale, three);
            assert_memory_equal(one, three, (size_t)n * sizeof *one);
            free(one);
            free(three);
        }
    cm_threads_destroy(pool);
}

/* nnunetv2's itertools.combinations over mirror_axes (0, 1, 2) = (d, h, w), after the unmirrored pass. */
static void mirrorings_follow_nnunet(void **state)
{
    (void)state;
    unsigned reversed[CM_MAX_MIRRORINGS];
    enum { W = 1, H = 2, D = 4 };
    static const unsigned all[8] = {0, D, H, W, D | H, D | W, H | W, D | H | W};
    cm_input_spec input = {
        .dimension = 3, .axes = CM_AXES_ZYX, .slice_axis = -1, .mirror = {true, true, true}};
    assert_int_equal(cm_mirrorings(&input, reversed), 8);
    assert_memory_equal(reversed, all, sizeof all);
    input.mirror[1] = false; /* x and z of the image: w and d */
    assert_int_equal(cm_mirrorings(&input, reversed), 4);
    assert_memory_equal(reversed, ((const unsigned[]){0, D, W, D | W}), 4 * sizeof *reversed);
    input.axes = CM_AXES_XYZ; /* the tensor is [x][y][z] */
    input.mirror[2] = false;
    assert_int_equal(cm_mirrorings(&input, reversed), 2);
    assert_int_equal(reversed[1], D);
    input =
        (cm_input_spec){.dimension = 2, .axes = CM_AXES_ZYX, .slice_axis = 2, .mirror = {false, true, false}};
    assert_int_equal(cm_mirrorings(&input, reversed), 2);
    assert_int_equal(reversed[1], H);
    input.mirror[1] = false;
    assert_int_equal(cm_mirrorings(&input, reversed), 1);
    assert_int_equal(cm_mirroring_count(&input), 1);
}

/* A "model" that returns its input: each mirrored window, turned back, is the window again, and the mean over
 * eight is exact. */
static void mirrored_windows_come_back(void **state)
{
    (void)state;
    static const int64_t size[3] = {7, 6, 5}, tile[3] = {4, 3, 2}, start[3] = {2, 1, 3};
    enum { N = 2 * 7 * 6 * 5, T = 2 * 4 * 3 * 2 };
    float image[N], plain[T], window[T], mean[T];
    cm_windows w;
    cm_threads *pool;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_windows_init(&w, size, tile, 0.5, CM_BLENDING_GAUSSIAN, NULL), CM_OK);
    for (int i = 0; i < N; i++)
        image[i] = (float)(i * 37 % 101);
    cm_window_cut(&w, start, 0, image, 2, plain, pool);
    assert_true(plain[0] == image[(3 * 6 + 1) * 7 + 2]);
    for (unsigned reversed = 0; reversed < 8; reversed++) {
        cm_window_cut(&w, start, reversed, image, 2, window, pool);
        const int last[3] = {reversed & 1 ? 3 : 0, reversed & 2 ? 2 : 0, reversed & 4 ? 1 : 0};
        assert_true(window[0] == plain[(last[2] * 3 + last[1]) * 4 + last[0]]);
        cm_pass_add(window, 2, tile, reversed, 8, reversed == 0, mean, reversed % 2 ? pool : NULL);
    }
    assert_memory_equal(mean, plain, sizeof plain);
    cm_windows_fini(&w);
    cm_threads_destroy(pool);
}

static void absurd_windows_are_refused(void **state)
{
    (void)state;
    cm_windows w;
    cm_error err = {0};
    assert_int_equal(
        cm_windows_init(&w, (int64_t[]){4, 4, 4}, (int64_t[]){5, 1, 1}, 0.5, CM_BLENDING_CONSTANT, &err),
        CM_ERR_ARG);
    cm_windows_fini(&w);
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_windows_init(&w, (int64_t[]){65536, 65536, 65536}, (int64_t[]){1, 1, 1}, 0.5,
                                     CM_BLENDING_CONSTANT, &err),
                     CM_ERR_LIMIT);
    cm_windows_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_follow_nnunet),
        cmocka_unit_test(weights_are_scipys_gaussian),
        cmocka_unit_test(blending_an_identity_gives_the_image),
        cmocka_unit_test(mirrorings_follow_nnunet),
        cmocka_unit_test(mirrored_windows_come_back),
        cmocka_unit_test(absurd_windows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
