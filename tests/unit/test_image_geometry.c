/* Orientation codes, axis maps and the comparison of grids. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/image/geometry.h"

static const char pairs[3][2] = {{'R', 'L'}, {'A', 'P'}, {'S', 'I'}};

/* All 48 codes; the affine of code i is a signed permutation with spacing 1, 2, 3 along x, y, z. */
static void code_of_number(int number, char code[4], cm_affine *affine)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    memset(affine, 0, sizeof *affine);
    for (int k = 0; k < 3; k++) {
        const int world = orders[number / 8][k], negative = number >> k & 1;
        code[k] = pairs[world][negative];
        affine->m[world][k] = (negative ? -1 : 1) * (k + 1.0);
        affine->m[world][3] = 10.0 * world - 4;
    }
    code[3] = 0;
}

static void all_48_codes_are_named(void **state)
{
    (void)state;
    for (int i = 0; i < 48; i++) {
        char wanted[4], got[4];
        cm_affine a;
        code_of_number(i, wanted, &a);
        assert_true(cm_orientation_valid(wanted));
        assert_int_equal(cm_affine_orientation(&a, got, NULL), CM_OK);
        assert_string_equal(got, wanted);
        const cm_vec3 s = cm_affine_spacing(&a);
        assert_true(s.x == 1 && s.y == 2 && s.z == 3);
    }
}

static void oblique_axes_go_to_the_closest_anatomical_ones(void **state)
{
    /* x and y both lean most to R; the larger cosine (0.8 of x) is taken first, y gets what is left. */
    const cm_affine a = {{{0.8, -0.7071, 0, 0}, {0.6, 0.7071, 0, 0}, {0, 0, -1, 0}}};
    char code[4];
    (void)state;
    assert_int_equal(cm_affine_orientation(&a, code, NULL), CM_OK);
    assert_string_equal(code, "RAI");
}

static void singular_affines_and_bad_codes_are_refused(void **state)
{
    const cm_affine flat = {{{1, 1, 0, 0}, {0, 0, 0, 0}, {0, 0, 1, 0}}};
    const cm_affine zero = {{{0}}};
    const cm_affine nan = {{{NAN, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    const cm_affine far = {{{1, 0, 0, INFINITY}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
    static const char *const bad[] = {"", "RA", "RAS ", "RAR", "RLS", "ras", "XYZ", "RASL"};
    char code[4];
    cm_axis_map map;
    (void)state;
    assert_int_equal(cm_affine_orientation(&flat, code, NULL), CM_ERR_ARG);
    assert_int_equal(cm_affine_orientation(&zero, code, NULL), CM_ERR_ARG);
    assert_int_equal(cm_affine_orientation(&nan, code, NULL), CM_ERR_ARG);
    assert_int_equal(cm_affine_orientation(&far, code, NULL), CM_ERR_ARG);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(cm_orientation_valid(bad[i]));
        assert_int_equal(cm_axis_map_between("RAS", bad[i], &map, NULL), CM_ERR_ARG);
    }
    assert_false(cm_orientation_valid(NULL));
}

static void a_map_moves_voxels_as_by_hand(void **state)
{
    /* RAS 2x3x1 to LIA: new x = old x reversed, new y = old z reversed, new z = old y. */
    const uint8_t in[6] = {1, 2, 3, 4, 5, 6}; /* y = 0: 1 2; y = 1: 3 4; y = 2: 5 6 */
    const uint8_t wanted[6] = {2, 1, 4, 3, 6, 5};
    uint8_t out[6];
    cm_axis_map map;
    cm_shape3 shape;
    (void)state;
    assert_int_equal(cm_axis_map_between("RAS", "LIA", &map, NULL), CM_OK);
    cm_axis_map_apply(map, in, 1, (cm_shape3){.nz = 1, .ny = 3, .nx = 2}, 1, out, &shape);
    assert_int_equal(shape.nx, 2);
    assert_int_equal(shape.ny, 1);
    assert_int_equal(shape.nz, 3);
    assert_memory_equal(out, wanted, 6);
}

enum { NX = 3, NY = 4, NZ = 5, CHANNELS = 2, COUNT = NX * NY * NZ * CHANNELS };

static void world(const cm_affine *a, int64_t x, int64_t y, int64_t z, double out[3])
{
    for (int r = 0; r < 3; r++)
        out[r] = a->m[r][0] * (double)x + a->m[r][1] * (double)y + a->m[r][2] * (double)z + a->m[r][3];
}

/* Every voxel of the mapped grid holds what lay at the same place in the world. */
static void check_same_places(const cm_geometry *from, const uint8_t *in, const cm_geometry *to,
                              const uint8_t *out, int element, cm_axis_map map)
{
    const int64_t n[3] = {from->shape.nx, from->shape.ny, from->shape.nz};
    for (int64_t z = 0; z < to->shape.nz; z++) {
        for (int64_t y = 0; y < to->shape.ny; y++) {
            for (int64_t x = 0; x < to->shape.nx; x++) {
                const int64_t here[3] = {x, y, z};
                int64_t there[3];
                double p[3], q[3];
                for (int k = 0; k < 3; k++)
                    there[map.axis[k]] = map.flip[k] ? n[map.axis[k]] - 1 - here[k] : here[k];
                world(&to->affine, x, y, z, p);
                world(&from->affine, there[0], there[1], there[2], q);
                assert_true(fabs(p[0] - q[0]) + fabs(p[1] - q[1]) + fabs(p[2] - q[2]) < 1e-12);
                assert_memory_equal(out + element * ((z * to->shape.ny + y) * to->shape.nx + x),
                                    in + element * ((there[2] * n[1] + there[1]) * n[0] + there[0]),
                                    (size_t)element);
            }
        }
    }
}

static void every_map_keeps_places_and_its_inverse_undoes_it(void **state)
{
    static const int elements[] = {1, 2, 4, 8, 3};
    static uint8_t in[8 * COUNT], out[8 * COUNT], back[8 * COUNT];
    (void)state;
    for (int i = 0; i < 8 * COUNT; i++)
        in[i] = (uint8_t)(i * 73 + i / 251);
    for (int number = 0; number < 48 * 48; number += 5) { /* 5 and 48 share no factor: all pairs of kinds */
        char from_code[4], to_code[4], mapped_code[4];
        cm_affine affine, unused;
        cm_axis_map map;
        cm_shape3 shape;
        const int element = elements[number % 5];
        code_of_number(number / 48, from_code, &affine);
        code_of_number(number % 48, to_code, &unused);
        const cm_geometry from = {.shape = {NZ, NY, NX},
                                  .spacing_known = true,
                                  .orientation_known = true,
                                  .spacing_mm = cm_affine_spacing(&affine),
                                  .affine = affine};
        assert_int_equal(cm_axis_map_between(from_code, to_code, &map, NULL), CM_OK);
        const cm_geometry to = cm_geometry_mapped(&from, map);
        assert_int_equal(cm_affine_orientation(&to.affine, mapped_code, NULL), CM_OK);
        assert_string_equal(mapped_code, to_code);
        const cm_vec3 spacing = cm_affine_spacing(&to.affine);
        assert_memory_equal(&spacing, &to.spacing_mm, sizeof spacing);
        cm_axis_map_apply(map, in, CHANNELS, from.shape, element, out, &shape);
        assert_memory_equal(&shape, &to.shape, sizeof shape);
        check_same_places(&from, in, &to, out, element, map);
        const cm_axis_map inverse = cm_axis_map_inverse(map);
        cm_axis_map_apply(inverse, out, CHANNELS, to.shape, element, back, &shape);
        assert_memory_equal(back, in, (size_t)(COUNT * element));
        const cm_geometry again = cm_geometry_mapped(&to, inverse);
        assert_int_equal(cm_geometry_equal(&from, &again, NULL), CM_OK);
    }
}

static cm_geometry grid(void)
{
    return (cm_geometry){.shape = {.nz = 11, .ny = 101, .nx = 21},
                         .spacing_known = true,
                         .orientation_known = true,
                         .spacing_mm = {.z = 3, .y = 1, .x = 0.5},
                         .affine = {{{0.5, 0, 0, -100}, {0, 1, 0, -120}, {0, 0, 3, 40}}}};
}

static void grids_are_equal_within_a_thousandth_of_a_voxel(void **state)
{
    const cm_geometry a = grid();
    cm_geometry b = a;
    cm_error err = {0};
    (void)state;
    assert_int_equal(cm_geometry_equal(&a, &b, NULL), CM_OK);
    b.affine.m[0][3] += 0.5 * 0.9e-3; /* 0.9 thousandths of a voxel of 0.5 mm */
    assert_int_equal(cm_geometry_equal(&a, &b, NULL), CM_OK);
    b.affine.m[0][3] = a.affine.m[0][3] + 0.5 * 1.1e-3;
    assert_int_equal(cm_geometry_equal(&a, &b, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "0.0011 voxels"));
    b = a;
    b.affine.m[1][1] += 1.1e-5; /* far corner, 100 voxels away, is off by 0.0011 */
    assert_int_equal(cm_geometry_equal(&a, &b, NULL), CM_ERR_MISMATCH);
    b.affine.m[1][1] = a.affine.m[1][1] + 0.9e-5;
    assert_int_equal(cm_geometry_equal(&a, &b, NULL), CM_OK);
    b.affine.m[1][1] = NAN;
    assert_int_equal(cm_geometry_equal(&a, &b, NULL), CM_ERR_MISMATCH);
}

static void different_grids_are_told_apart_with_figures(void **state)
{
    const cm_geometry a = grid();
    cm_geometry b = a;
    cm_error err = {0};
    (void)state;
    b.shape.nz = 10;
    assert_int_equal(cm_geometry_equal(&a, &b, &err), CM_ERR_MISMATCH);
    assert_string_equal(err.why, "21 x 101 x 11 and 21 x 101 x 10 voxels");
    b = a;
    b.orientation_known = false;
    err = (cm_error){0};
    assert_int_equal(cm_geometry_equal(&a, &b, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "second: spacing known, orientation unknown"));
    cm_geometry c = b;
    assert_int_equal(cm_geometry_equal(&b, &c, NULL), CM_OK);
    c.spacing_mm.z = 3.1;
    err = (cm_error){0};
    assert_int_equal(cm_geometry_equal(&b, &c, &err), CM_ERR_MISMATCH);
    assert_string_equal(err.why, "0.5 x 1 x 3 mm and 0.5 x 1 x 3.1 mm");
    b = a;
    b.affine.m[0][0] = -0.5; /* the same shape and spacing, mirrored */
    b.affine.m[0][3] += 10;
    err = (cm_error){0};
    assert_int_equal(cm_geometry_equal(&a, &b, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "orientations RAS and LAS"));
}

static void volumes_have_limits(void **state)
{
    cm_volume *v = NULL;
    cm_geometry g = grid();
    (void)state;
    g.shape = (cm_shape3){INT64_MAX / 2, 3, 1};
    assert_int_equal(cm_volume_create(&g, 1, CM_U8, INT64_MAX, &v, NULL), CM_ERR_LIMIT);
    assert_int_equal(cm_shape3_count(g.shape), -1);
    g.shape = (cm_shape3){2, 3, 0};
    assert_int_equal(cm_volume_create(&g, 1, CM_U8, 100, &v, NULL), CM_ERR_ARG);
    g.shape = (cm_shape3){2, 3, 4};
    assert_int_equal(cm_shape3_count(g.shape), 24);
    assert_int_equal(cm_volume_create(&g, 1, (cm_dtype)99, 100, &v, NULL), CM_ERR_ARG);
    assert_int_equal(cm_volume_create(&g, 2, CM_U16, 95, &v, NULL), CM_ERR_LIMIT);
    assert_int_equal(cm_volume_create(&g, 2, CM_U16, 96, &v, NULL), CM_OK);
    assert_int_equal(v->bytes, 96);
    assert_int_equal(cm_volume_value(v, 47), 0);
    cm_volume_destroy(v);
    cm_volume_destroy(NULL);
    assert_string_equal(cm_dtype_name(CM_F64), "float64");
    assert_string_equal(cm_dtype_name((cm_dtype)0), "unknown");
    assert_int_equal(cm_dtype_bytes((cm_dtype)11), 0);
    assert_true(cm_dtype_is_integer(CM_I64) && !cm_dtype_is_integer(CM_F32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_48_codes_are_named),
        cmocka_unit_test(oblique_axes_go_to_the_closest_anatomical_ones),
        cmocka_unit_test(singular_affines_and_bad_codes_are_refused),
        cmocka_unit_test(a_map_moves_voxels_as_by_hand),
        cmocka_unit_test(every_map_keeps_places_and_its_inverse_undoes_it),
        cmocka_unit_test(grids_are_equal_within_a_thousandth_of_a_voxel),
        cmocka_unit_test(different_grids_are_told_apart_with_figures),
        cmocka_unit_test(volumes_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
