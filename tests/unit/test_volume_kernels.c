/* The volume kernels on inputs small enough to check by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kernel_fixture.h"

static void identity_index(int32_t index_of[65536], int n)
{
    for (int i = 0; i < 65536; i++)
        index_of[i] = i < n ? i : -1;
}

static void histogram_counts_pairs_and_sets_outsiders_apart(void **state)
{
    static int32_t index_of[65536];
    const uint16_t reference[8] = {0, 1, 1, 2, 2, 2, 9, 0};
    const uint16_t prediction[8] = {0, 1, 2, 2, 0, 2, 1, 7};
    const int64_t n[3] = {1, 2, 4}, nothing[3] = {1, 2, 0};
    int64_t counts[9], outside = -1;
    const int64_t expected[9] = {1, 0, 0, 0, 1, 1, 1, 0, 2};
    cm_backend *be = *state;
    identity_index(index_of, 3);
    assert_int_equal(
        be->ops->joint_histogram(be, reference, prediction, n, index_of, 3, counts, &outside, NULL, NULL),
        CM_OK);
    assert_memory_equal(counts, expected, sizeof expected);
    assert_int_equal(outside, 2); /* (9,1) and (0,7) */
    assert_int_equal(be->ops->joint_histogram(be, reference, prediction, nothing, index_of, 3, counts,
                                              &outside, NULL, NULL),
                     CM_OK);
    assert_int_equal(counts[0] + outside, 0);
}

static void histogram_refuses_no_labels_and_too_many(void **state)
{
    static int32_t index_of[65536];
    const uint16_t map[1] = {0};
    const int64_t n[3] = {1, 1, 1};
    int64_t outside;
    cm_error err = {0};
    cm_backend *be = *state;
    assert_int_equal(be->ops->joint_histogram(be, map, map, n, index_of, 0, &outside, &outside, NULL, &err),
                     CM_ERR_ARG);
    memset(&err, 0, sizeof err);
    assert_int_equal(be->ops->joint_histogram(be, map, map, n, index_of, CM_MAX_HISTOGRAM_LABELS + 1,
                                              &outside, &outside, NULL, &err),
                     CM_ERR_LIMIT);
    assert_non_null(strstr(err.why, "2049"));
}

static void boxes_hold_their_label(void **state)
{
    static int32_t index_of[65536];
    const int64_t n[3] = {2, 2, 4};
    const uint16_t map[16] = {0, 0, 1, 0, /**/ 0, 1, 0, 0, /**/ 0, 0, 0, 0, /**/ 0, 0, 0, 2};
    const uint16_t other[16] = {0, 0, 0, 0, /**/ 0, 0, 0, 0, /**/ 0, 0, 9, 0, /**/ 0, 0, 9, 1};
    cm_box box[8];
    int64_t counts[16], outside;
    const cm_box last = {{1, 1, 3}, {2, 2, 4}}, one = {{0, 0, 1}, {1, 2, 3}}, two = {{1, 1, 3}, {2, 2, 4}};
    cm_backend *be = *state;
    identity_index(index_of, 4);
    assert_int_equal(be->ops->joint_histogram(be, map, other, n, index_of, 4, counts, &outside, box, NULL),
                     CM_OK);
    assert_int_equal(outside, 2);
    assert_memory_equal(&box[4 + 1], &last, sizeof last);
    assert_memory_equal(&box[1], &one, sizeof one);
    assert_memory_equal(&box[2], &two, sizeof two);
    assert_true(box[3].hi[0] <= box[3].lo[0] && box[3].hi[2] <= box[3].lo[2]);
}

static int64_t count_set(const uint8_t *mask, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += mask[i];
    return count;
}

static void surface_of_a_full_block_is_its_shell(void **state)
{
    const int64_t n[3] = {8, 7, 6};
    uint8_t mask[8 * 7 * 6], surface[8 * 7 * 6];
    cm_backend *be = *state;
    memset(mask, 1, sizeof mask);
    assert_int_equal(be->ops->mask_surface(be, mask, n, surface, NULL), CM_OK);
    assert_int_equal(count_set(surface, sizeof surface), 8 * 7 * 6 - 6 * 5 * 4);
    assert_int_equal(surface[(1 * 7 + 1) * 6 + 1], 0);
    assert_int_equal(surface[0], 1);
}

/* The cross has no corners: a voxel with only a diagonal gap beside it is inside. */
static void surface_ignores_diagonal_gaps(void **state)
{
    const int64_t n[3] = {3, 3, 3};
    uint8_t mask[27], surface[27];
    cm_backend *be = *state;
    memset(mask, 1, sizeof mask);
    mask[0] = 0;
    assert_int_equal(be->ops->mask_surface(be, mask, n, surface, NULL), CM_OK);
    assert_int_equal(surface[13], 0);
    mask[4] = 0; /* the neighbour below in z */
    assert_int_equal(be->ops->mask_surface(be, mask, n, surface, NULL), CM_OK);
    assert_int_equal(surface[13], 1);
}

static void surface_of_a_flat_image_is_flat(void **state)
{
    const int64_t flat[3] = {1, 5, 5}, one_thick[3] = {5, 1, 5};
    uint8_t mask[25], surface[25];
    cm_backend *be = *state;
    memset(mask, 1, sizeof mask);
    assert_int_equal(be->ops->mask_surface(be, mask, flat, surface, NULL), CM_OK);
    assert_int_equal(count_set(surface, 25), 16); /* nz 1: the 4-neighbour cross */
    assert_int_equal(be->ops->mask_surface(be, mask, one_thick, surface, NULL), CM_OK);
    assert_int_equal(count_set(surface, 25), 25); /* ny 1: y neighbours are outside, so all is surface */
}

static void distance_by_hand(void **state)
{
    const cm_grid grid = {{2, 3, 4}, {5.0, 2.0, 0.5}};
    uint8_t mask[24] = {0};
    double distance2[24];
    cm_backend *be = *state;
    mask[0] = 1;
    assert_int_equal(be->ops->distance_squared(be, mask, &grid, distance2, NULL), CM_OK);
    assert_true(distance2[0] == 0.0);
    assert_true(distance2[3] == 2.25);               /* (3 * 0.5)^2 */
    assert_true(distance2[2 * 4 + 1] == 16.25);      /* (2 * 2)^2 + 0.5^2 */
    assert_true(distance2[12 + 2 * 4 + 3] == 43.25); /* 5^2 + 4^2 + 1.5^2 */
    const int64_t at[2] = {9, 23};
    double wanted[2];
    assert_int_equal(be->ops->distance_squared_at(be, mask, &grid, at, 2, wanted, NULL, NULL), CM_OK);
    assert_true(wanted[0] == 16.25 && wanted[1] == 43.25);
}

static void distance_refuses_what_has_none(void **state)
{
    cm_grid grid = {{1, 1, 2}, {1, 1, 1}};
    const uint8_t empty[2] = {0, 0}, set[2] = {0, 1};
    const int64_t at[1] = {0};
    double d[2] = {-7, -7};
    cm_backend *be = *state;
    assert_int_equal(be->ops->distance_squared(be, empty, &grid, d, NULL), CM_ERR_EMPTY);
    assert_true(d[0] == -7 && d[1] == -7);
    assert_int_equal(be->ops->distance_squared_at(be, empty, &grid, at, 1, d, NULL, NULL), CM_ERR_EMPTY);
    const double bad[] = {0.0, -1.0, NAN, INFINITY, 1e-200, 1e200};
    for (int i = 0; i < 6; i++) {
        grid.spacing[1] = bad[i];
        assert_int_equal(be->ops->distance_squared(be, set, &grid, d, NULL), CM_ERR_ARG);
        assert_int_equal(be->ops->distance_squared_at(be, set, &grid, at, 1, d, NULL, NULL), CM_ERR_ARG);
    }
    grid = (cm_grid){{1, 0, 2}, {1, 1, 1}};
    assert_int_equal(be->ops->distance_squared(be, set, &grid, d, NULL), CM_ERR_ARG);
}

static void distance_stops_when_asked(void **state)
{
    const cm_grid grid = {{1, 1, 2}, {1, 1, 1}};
    const uint8_t set[2] = {0, 1};
    const int64_t at[1] = {0};
    double d[1];
    cm_stop stop = {.deadline_s = 0};
    cm_backend *be = *state;
    atomic_store(&stop.requested, 1);
    assert_int_equal(be->ops->distance_squared_at(be, set, &grid, at, 1, d, &stop, NULL), CM_ERR_STOPPED);
}

static int64_t components_of(cm_backend *be, const uint8_t *mask, const int64_t n[3], int connectivity,
                             int32_t *labels)
{
    int64_t count = -1;
    assert_int_equal(be->ops->components(be, mask, n, connectivity, labels, &count, NULL), CM_OK);
    return count;
}

static void components_join_by_face_edge_and_corner(void **state)
{
    const int64_t n[3] = {2, 2, 2};
    const uint8_t edge[8] = {1, 0, 0, 1}, corner[8] = {1, 0, 0, 0, 0, 0, 0, 1};
    const uint8_t edge_z[8] = {0, 1, 0, 0, 1, 0, 0, 0}; /* (z0,x1) and (z1,x0), same y */
    int32_t labels[8];
    cm_backend *be = *state;
    assert_int_equal(components_of(be, edge, n, 6, labels), 2);
    assert_int_equal(components_of(be, edge, n, 18, labels), 1);
    assert_int_equal(components_of(be, edge_z, n, 6, labels), 2);
    assert_int_equal(components_of(be, edge_z, n, 18, labels), 1);
    assert_int_equal(components_of(be, corner, n, 18, labels), 2);
    assert_int_equal(components_of(be, corner, n, 26, labels), 1);
}

/* A U: its two arms start apart and meet in the last row; the dot between them is a component of its own. */
static void components_are_numbered_by_their_first_voxel(void **state)
{
    const int64_t n[3] = {1, 3, 5};
    const uint8_t mask[15] = {1, 0, 1, 0, 1, /**/ 1, 0, 0, 0, 1, /**/ 1, 1, 1, 1, 1};
    const int32_t expected[15] = {1, 0, 2, 0, 1, /**/ 1, 0, 0, 0, 1, /**/ 1, 1, 1, 1, 1};
    const uint8_t none[15] = {0};
    int32_t labels[15];
    cm_backend *be = *state;
    assert_int_equal(components_of(be, mask, n, 6, labels), 2);
    assert_memory_equal(labels, expected, sizeof expected);
    assert_int_equal(components_of(be, none, n, 26, labels), 0);
    assert_int_equal(labels[0], 0);
    int64_t count;
    assert_int_equal(be->ops->components(be, mask, n, 8, labels, &count, NULL), CM_ERR_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_counts_pairs_and_sets_outsiders_apart),
        cmocka_unit_test(histogram_refuses_no_labels_and_too_many),
        cmocka_unit_test(boxes_hold_their_label),
        cmocka_unit_test(surface_of_a_full_block_is_its_shell),
        cmocka_unit_test(surface_ignores_diagonal_gaps),
        cmocka_unit_test(surface_of_a_flat_image_is_flat),
        cmocka_unit_test(distance_by_hand),
        cmocka_unit_test(distance_refuses_what_has_none),
        cmocka_unit_test(distance_stops_when_asked),
        cmocka_unit_test(components_join_by_face_edge_and_corner),
        cmocka_unit_test(components_are_numbered_by_their_first_voxel),
    };
    return cmocka_run_group_tests(tests, make_backend, drop_backend);
}
