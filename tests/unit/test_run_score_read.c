/* Masks whose axes are stored in another order or direction than those of their reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/run/score_read.h"

enum { NX = 2, NY = 3, NZ = 4, N = NX * NY * NZ };

/* 1.5 x 2 x 3 mm, x to the right, y to the front, z up. */
static const cm_geometry ras = {.shape = {.nz = NZ, .ny = NY, .nx = NX},
                                .spacing_known = true,
                                .orientation_known = true,
                                .spacing_mm = {.z = 3, .y = 2, .x = 1.5},
                                .affine = {{{1.5, 0, 0, 10}, {0, 2, 0, 20}, {0, 0, 3, 30}}}};

static uint16_t label_at(int i, int j, int k)
{
    return (uint16_t)(1 + i + NX * (j + NY * k));
}

/* The same voxels stored as LSP: x to the left, y up, z to the back. */
static cm_scored_file stored_as_lsp(void)
{
    cm_scored_file f = {.geometry = {.shape = {.nz = NY, .ny = NZ, .nx = NX},
                                     .spacing_known = true,
                                     .orientation_known = true,
                                     .spacing_mm = {.z = 2, .y = 3, .x = 1.5},
                                     .affine = {{{-1.5, 0, 0, 10 + 1.5 * (NX - 1)},
                                                 {0, 0, -2, 20 + 2 * (NY - 1)},
                                                 {0, 3, 0, 30}}}},
                        .labels = calloc(N, sizeof *f.labels),
                        .probability = calloc(N, sizeof *f.probability)};
    assert_true(f.labels && f.probability);
    for (int k = 0; k < NZ; k++)
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) {
                const int at = (NX - 1 - i) + NX * (k + NZ * (NY - 1 - j));
                f.labels[at] = label_at(i, j, k);
                f.probability[at] = (float)label_at(i, j, k) / N;
            }
    return f;
}

static void other_axes_are_turned(void **state)
{
    cm_scored_file f = stored_as_lsp();
    (void)state;
    assert_int_equal(cm_scored_turn(&f, &ras, NULL), CM_OK);
    assert_true(f.geometry.shape.nx == NX && f.geometry.shape.ny == NY && f.geometry.shape.nz == NZ);
    assert_true(f.geometry.spacing_mm.x == 1.5 && f.geometry.spacing_mm.y == 2 &&
                f.geometry.spacing_mm.z == 3);
    for (int n = 0; n < N; n++) {
        assert_int_equal(f.labels[n], n + 1);
        assert_true(f.probability[n] == (float)(n + 1) / N);
    }
    cm_scored_fini(&f);
}

/* Half a voxel away nothing is turned: that would be resampling. Nor is anything where orientation is
 * unknown. */
static void another_grid_stays_a_mismatch(void **state)
{
    cm_scored_file f = stored_as_lsp();
    cm_error err = {0};
    (void)state;
    f.geometry.affine.m[2][3] += 1.5;
    assert_int_equal(cm_scored_turn(&f, &ras, &err), CM_ERR_MISMATCH);
    assert_true(err.what[0] != 0);
    assert_int_equal(f.labels[NX - 1], label_at(0, NY - 1, 0));
    f.geometry.affine.m[2][3] -= 1.5;
    f.geometry.orientation_known = false;
    assert_int_equal(cm_scored_turn(&f, &ras, NULL), CM_ERR_MISMATCH);
    cm_scored_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_axes_are_turned),
                                       cmocka_unit_test(another_grid_stays_a_mismatch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
