/* The volume kernels against the shortest honest code, on small random volumes: brute force distances, a
 * flood fill, counting one voxel at a time. A failure prints the case number; every case is a pure function
 * of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "kernels/backend.h"

enum { CASES = 600, MAX_AXIS = 9, MAX_VOXELS = MAX_AXIS * MAX_AXIS * MAX_AXIS };

static const cm_random source = {.seed = 20261122, .purpose = CM_PURPOSE_TEST};

/* A random small volume; sizes 1 come up often, and so do sparse, dense and empty masks. */
typedef struct sample {
    cm_grid grid;
    int64_t n_voxels;
    uint8_t mask[MAX_VOXELS];
    uint16_t label[MAX_VOXELS], other[MAX_VOXELS];
} sample;

static void sample_make(uint64_t number, sample *s)
{
    static const double spacings[] = {1.0, 0.5, 0.7, 5.0, 2.25, 0.3};
    static const double shares[] = {0.02, 0.1, 0.5, 0.9};
    uint64_t draw = 0;
    s->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        const uint64_t size = cm_random_below(source, number, draw++, MAX_AXIS + 3);
        s->grid.n[i] = size < MAX_AXIS ? (int64_t)size + 1 : 1;
        s->grid.spacing[i] = spacings[cm_random_below(source, number, draw++, 6)];
        s->n_voxels *= s->grid.n[i];
    }
    const double share = shares[cm_random_below(source, number, draw++, 4)];
    for (int64_t i = 0; i < s->n_voxels; i++) {
        s->mask[i] = cm_random_uniform(source, number, draw++) < share;
        s->label[i] = (uint16_t)cm_random_below(source, number, draw++, 5);
        s->other[i] = (uint16_t)cm_random_below(source, number, draw++, 5);
    }
}

static void position(const cm_grid *grid, int64_t i, int64_t p[3])
{
    p[2] = i % grid->n[2];
    p[1] = i / grid->n[2] % grid->n[1];
    p[0] = i / grid->n[2] / grid->n[1];
}

/* The least of the sums that kernels/cpu/distance.c defines. */
static double brute_distance2(const cm_grid *grid, const int64_t *set, int64_t n_set, int64_t i)
{
    double best = INFINITY;
    int64_t p[3], q[3];
    position(grid, i, p);
    for (int64_t j = 0; j < n_set; j++) {
        position(grid, set[j], q);
        double d2 = 0;
        for (int a = 2; a >= 0; a--) {
            const double d = (double)(p[a] - q[a]) * grid->spacing[a];
            d2 += d * d;
        }
        if (d2 < best) best = d2;
    }
    return best;
}

/* Each kind of loops this machine has, in the dense form and at a list, to the last bit. */
static void expect_distances(uint64_t number, cm_threads *pool, const cm_grid *grid, const uint8_t *mask,
                             const int64_t *at, int64_t n_at, const double *exact)
{
    static const int allowed[] = {CM_CPU_SCALAR, CM_CPU_AVX2, CM_CPU_AVX512, CM_CPU_NEON};
    const int64_t n_voxels = grid->n[0] * grid->n[1] * grid->n[2];
    double *all = malloc((size_t)n_voxels * sizeof *all),
           *wanted = malloc((size_t)(n_at + 1) * sizeof *wanted);
    assert_true(all && wanted);
    for (int v = 0; v < 4; v++) {
        cm_backend *be = NULL;
        assert_int_equal(cm_backend_cpu_create(v % 2 ? pool : NULL, allowed[v], &be, NULL), CM_OK);
        assert_int_equal(be->ops->distance_squared(be, mask, grid, all, NULL), CM_OK);
        assert_int_equal(be->ops->distance_squared_at(be, mask, grid, at, n_at, wanted, NULL, NULL), CM_OK);
        for (int64_t i = 0; i < n_voxels; i++)
            if (all[i] != exact[i])
                fail_msg("case %d voxel %d: %.17g by %s, brute force %.17g", (int)number, (int)i, all[i],
                         cm_backend_variant(be), exact[i]);
        for (int64_t k = 0; k < n_at; k++)
            if (wanted[k] != exact[at[k]])
                fail_msg("case %d wanted %d: %.17g by %s, brute force %.17g", (int)number, (int)k, wanted[k],
                         cm_backend_variant(be), exact[at[k]]);
        cm_backend_destroy(be);
    }
    free(all);
    free(wanted);
}

static void distances_equal_brute_force(void **state)
{
    cm_backend *be = *state;
    static sample s;
    static double exact[MAX_VOXELS];
    static int64_t at[MAX_VOXELS], set[MAX_VOXELS];
    int64_t compared = 0;
    for (uint64_t number = 0; number < CASES; number++) {
        sample_make(number, &s);
        int64_t n_at = 0, n_set = 0;
        for (int64_t i = 0; i < s.n_voxels; i++) {
            if (s.label[i] == 1) at[n_at++] = i;
            if (s.mask[i]) set[n_set++] = i;
        }
        if (n_set == 0) {
            assert_int_equal(be->ops->distance_squared(be, s.mask, &s.grid, exact, NULL), CM_ERR_EMPTY);
            assert_int_equal(be->ops->distance_squared_at(be, s.mask, &s.grid, at, n_at, exact, NULL, NULL),
                             CM_ERR_EMPTY);
            continue;
        }
        for (int64_t i = 0; i < s.n_voxels; i++)
            exact[i] = brute_distance2(&s.grid, set, n_set, i);
        expect_distances(number, be->pool, &s.grid, s.mask, at, n_at, exact);
        compared += s.n_voxels;
    }
    assert_true(compared > 10000);
}

/* Few seeds in long volumes: queries far from any seed take the other ways through the code (blocks that are
 * stepped over, rows made whole). Also one with more rows than a gap can count. */
static void far_distances_equal_brute_force(void **state)
{
    cm_backend *be = *state;
    enum { MOST = 80000 };
    static uint8_t mask[MOST];
    static double exact[MOST];
    static int64_t at[MOST];
    for (uint64_t number = 0; number < 60; number++) {
        cm_grid grid = {{1 + (int64_t)(number % 4), 1 + (int64_t)(number / 4 % 3), 1 + (int64_t)(number % 5)},
                        {1, 0.7, 0.3 + (double)(number % 2)}};
        const uint64_t n_seeds = number ? 1 + cm_random_below(source, number, 1u << 20, 4) : 2;
        grid.n[number % 3] = 60 + (int64_t)cm_random_below(source, number, 1u << 19, 200);
        grid.n[(number + 1) % 3] += (int64_t)cm_random_below(source, number, 1u << 18, 25);
        if (number == 0) grid = (cm_grid){{1, 70001, 1}, {1, 0.1, 1}};
        const int64_t n_voxels = grid.n[0] * grid.n[1] * grid.n[2];
        assert_true(n_voxels <= MOST);
        int64_t set[5] = {2, 69000};
        for (uint64_t i = 0; i < n_seeds && number; i++)
            set[i] = (int64_t)cm_random_below(source, number, (1u << 21) + i, (uint64_t)n_voxels);
        memset(mask, 0, sizeof mask);
        for (uint64_t i = 0; i < n_seeds; i++)
            mask[set[i]] = 1;
        for (int64_t i = 0; i < n_voxels; i++) {
            at[i] = i;
            exact[i] = brute_distance2(&grid, set, (int64_t)n_seeds, i);
        }
        expect_distances(number, be->pool, &grid, mask, at, n_voxels, exact);
    }
}

/* Flood fill by relaxing to the smallest raster index until nothing changes. */
static int64_t flood(const sample *s, int connectivity, int32_t *labels)
{
    for (int64_t i = 0; i < s->n_voxels; i++)
        labels[i] = s->mask[i] ? (int32_t)i + 1 : 0;
    for (int changed = 1; changed;) {
        changed = 0;
        for (int64_t i = 0; i < s->n_voxels; i++)
            for (int64_t j = 0; j < s->n_voxels && labels[i]; j++) {
                int64_t p[3], q[3], differ = 0, far = 0;
                if (!labels[j]) continue;
                position(&s->grid, i, p);
                position(&s->grid, j, q);
                for (int a = 0; a < 3; a++) {
                    differ += p[a] != q[a];
                    far += p[a] - q[a] > 1 || q[a] - p[a] > 1;
                }
                if (far || differ > (connectivity == 6 ? 1 : connectivity == 18 ? 2 : 3)) continue;
                if (labels[j] < labels[i]) {
                    labels[i] = labels[j];
                    changed = 1;
                }
            }
    }
    int64_t count = 0;
    for (int64_t i = 0; i < s->n_voxels; i++) /* a set's label is the index of its first voxel, plus one */
        if (labels[i] == i + 1) {
            count++;
            for (int64_t j = i + 1; j < s->n_voxels; j++)
                if (labels[j] == i + 1) labels[j] = -(int32_t)count;
            labels[i] = -(int32_t)count;
        }
    for (int64_t i = 0; i < s->n_voxels; i++)
        labels[i] = -labels[i];
    return count;
}

static void components_equal_a_flood_fill(void **state)
{
    static const int connectivities[] = {6, 18, 26};
    static sample s;
    static int32_t labels[MAX_VOXELS], flooded[MAX_VOXELS];
    int64_t several = 0;
    cm_backend *be = *state;
    for (uint64_t number = 0; number < CASES; number++) {
        sample_make(number, &s);
        if (s.n_voxels > 150) continue; /* the flood fill is quadratic */
        for (int c = 0; c < 3; c++) {
            int64_t count = -1;
            assert_int_equal(
                be->ops->components(be, s.mask, s.grid.n, connectivities[c], labels, &count, NULL), CM_OK);
            if (count != flood(&s, connectivities[c], flooded) ||
                memcmp(labels, flooded, (size_t)s.n_voxels * sizeof *labels))
                fail_msg("case %d, connectivity %d: components differ from a flood fill", (int)number,
                         connectivities[c]);
            several += count > 2;
        }
    }
    assert_true(several > 100);
}

/* Numbers components by following neighbours from each new voxel in raster order. */
static int64_t follow(const uint8_t *mask, const int64_t n[3], int most_axes, int32_t *labels, int64_t *stack)
{
    const int64_t n_voxels = n[0] * n[1] * n[2];
    int64_t count = 0;
    memset(labels, 0, (size_t)n_voxels * sizeof *labels);
    for (int64_t first = 0; first < n_voxels; first++) {
        int64_t depth = 0;
        if (!mask[first] || labels[first]) continue;
        labels[first] = (int32_t)++count;
        stack[depth++] = first;
        while (depth) {
            const int64_t v = stack[--depth], z = v / n[2] / n[1], y = v / n[2] % n[1], x = v % n[2];
            for (int k = 0; k < 27; k++) {
                const int64_t z2 = z + k / 9 - 1, y2 = y + k / 3 % 3 - 1, x2 = x + k % 3 - 1;
                const int64_t w = (z2 * n[1] + y2) * n[2] + x2;
                if ((z2 != z) + (y2 != y) + (x2 != x) > most_axes) continue;
                if (z2 < 0 || z2 >= n[0] || y2 < 0 || y2 >= n[1] || x2 < 0 || x2 >= n[2]) continue;
                if (!mask[w] || labels[w]) continue;
                labels[w] = (int32_t)count;
                stack[depth++] = w;
            }
        }
    }
    return count;
}

/* Rows of several words, values other than 1, and more threads than slices. */
static void components_of_long_rows(void **state)
{
    cm_backend *be = *state;
    enum { MOST = 7 * 9 * 210 };
    static const double shares[] = {0.05, 0.3, 0.5, 0.97};
    static uint8_t mask[MOST];
    static int32_t labels[MOST], expected[MOST];
    static int64_t stack[MOST];
    int64_t several = 0;
    for (uint64_t number = 0; number < 150; number++) {
        const int64_t n[3] = {1 + (int64_t)(number % 7), 1 + (int64_t)(number % 9),
                              60 + (int64_t)cm_random_below(source, number, 1u << 22, 150)};
        for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++)
            mask[i] = cm_random_uniform(source, number, (uint64_t)i) < shares[number % 4]
                          ? (uint8_t)(1 + i % 255)
                          : 0;
        for (int axes = 1; axes <= 3; axes++) {
            const int64_t count = follow(mask, n, axes, expected, stack);
            for (int threads = 0; threads < 2; threads++) {
                int64_t found = -1;
                memset(labels, 0x55, sizeof labels);
                const int connectivity = axes == 1 ? 6 : axes == 2 ? 18 : 26;
                assert_int_equal(threads
                                     ? be->ops->components(be, mask, n, connectivity, labels, &found, NULL)
                                     : cm_components(mask, n, connectivity, labels, &found, NULL),
                                 CM_OK);
                if (found != count || memcmp(labels, expected, (size_t)(n[0] * n[1] * n[2]) * sizeof *labels))
                    fail_msg("case %d, %d axes: components differ", (int)number, axes);
            }
            several += count > 2;
        }
    }
    assert_true(several > 100);
}

static uint8_t any_of_18(const uint8_t *mask, const int64_t n[3], int64_t i)
{
    const int64_t z = i / n[2] / n[1], y = i / n[2] % n[1], x = i % n[2];
    for (int k = 0; k < 27; k++) {
        const int64_t z2 = z + k / 9 - 1, y2 = y + k / 3 % 3 - 1, x2 = x + k % 3 - 1;
        if ((z2 != z) + (y2 != y) + (x2 != x) == 3) continue;
        if (z2 < 0 || z2 >= n[0] || y2 < 0 || y2 >= n[1] || x2 < 0 || x2 >= n[2]) continue;
        if (mask[(z2 * n[1] + y2) * n[2] + x2]) return 1;
    }
    return 0;
}

/* Rows around the length that is worked on at once. */
static void dilation_equals_the_definition(void **state)
{
    enum { MOST = 3 * 4 * 520 };
    static uint8_t mask[MOST], once[MOST], twice[MOST], out[MOST], scratch[MOST];
    static const int64_t lengths[] = {1, 2, 3, 255, 256, 257, 511, 513};
    cm_backend *be = *state;
    for (uint64_t number = 0; number < 96; number++) {
        const int64_t n[3] = {1 + (int64_t)(number % 3), 1 + (int64_t)(number % 4), lengths[number / 12]};
        const int64_t n_voxels = n[0] * n[1] * n[2];
        for (int64_t i = 0; i < n_voxels; i++)
            mask[i] = cm_random_below(source, number, (1u << 24) + (uint64_t)i, 40) == 0;
        for (int64_t i = 0; i < n_voxels; i++)
            once[i] = any_of_18(mask, n, i);
        for (int64_t i = 0; i < n_voxels; i++)
            twice[i] = any_of_18(once, n, i);
        assert_int_equal(be->ops->mask_dilate(be, mask, n, 1, out, scratch, NULL), CM_OK);
        assert_memory_equal(out, once, (size_t)n_voxels);
        assert_int_equal(be->ops->mask_dilate(be, mask, n, 2, out, scratch, NULL), CM_OK);
        assert_memory_equal(out, twice, (size_t)n_voxels);
    }
}

/* Rows of long runs with a voxel here and there that breaks them. */
static void make_runs(uint64_t number, sample *s)
{
    const int64_t length = 7 + (int64_t)(number % 30);
    s->grid.n[0] = 1 + (int64_t)(number % 3);
    s->grid.n[1] = 1 + (int64_t)(number % 2);
    s->grid.n[2] = 40 + (int64_t)(number % 60);
    s->n_voxels = s->grid.n[0] * s->grid.n[1] * s->grid.n[2];
    for (int64_t i = 0; i < s->n_voxels; i++) {
        s->label[i] = (uint16_t)(i / length % 5);
        s->other[i] = (uint16_t)((i + 5) / (length + 3) % 5);
        if (cm_random_below(source, number, (1u << 23) + (uint64_t)i, 60) == 0) s->other[i] = 2;
    }
}

static void expect_boxes(const sample *s, const uint16_t *map, const cm_box *boxes)
{
    for (int k = 0; k < 4; k++)
        for (int a = 0; a < 3; a++) {
            int64_t lo = INT64_MAX, hi = INT64_MIN, p[3];
            for (int64_t i = 0; i < s->n_voxels; i++) {
                position(&s->grid, i, p);
                if (map[i] != 3 - k) continue;
                if (p[a] < lo) lo = p[a];
                if (p[a] + 1 > hi) hi = p[a] + 1;
            }
            assert_true(boxes[k].lo[a] == lo && boxes[k].hi[a] == hi);
        }
}

static void histogram_and_boxes_equal_counting(void **state)
{
    cm_backend *be = *state;
    static sample s;
    static int32_t index_of[65536];
    for (int i = 0; i < 65536; i++)
        index_of[i] = i < 4 ? 3 - i : -1;
    for (uint64_t number = 0; number < CASES; number++) {
        int64_t counts[16], expected[16] = {0}, outside, expected_outside = 0;
        cm_box boxes[8];
        sample_make(number, &s);
        if (number % 2) make_runs(number, &s);
        for (int64_t i = 0; i < s.n_voxels; i++)
            if (s.label[i] == 4 || s.other[i] == 4)
                expected_outside++;
            else
                expected[(3 - s.label[i]) * 4 + 3 - s.other[i]]++;
        assert_int_equal(be->ops->joint_histogram(be, s.label, s.other, s.grid.n, index_of, 4, counts,
                                                  &outside, boxes, NULL),
                         CM_OK);
        assert_memory_equal(counts, expected, sizeof expected);
        assert_int_equal(outside, expected_outside);
        expect_boxes(&s, s.label, boxes);
        expect_boxes(&s, s.other, boxes + 4);
    }
}

static void surface_equals_the_definition(void **state)
{
    static sample s;
    static uint8_t surface[MAX_VOXELS];
    cm_backend *be = *state;
    for (uint64_t number = 0; number < CASES; number++) {
        sample_make(number, &s);
        assert_int_equal(be->ops->mask_surface(be, s.mask, s.grid.n, surface, NULL), CM_OK);
        for (int64_t i = 0; i < s.n_voxels; i++) {
            const int64_t stride[3] = {s.grid.n[1] * s.grid.n[2], s.grid.n[2], 1};
            int64_t p[3];
            int inside = s.mask[i];
            position(&s.grid, i, p);
            for (int a = s.grid.n[0] == 1; a < 3; a++) {
                inside = inside && p[a] > 0 && s.mask[i - stride[a]];
                inside = inside && p[a] + 1 < s.grid.n[a] && s.mask[i + stride[a]];
            }
            if (surface[i] != (s.mask[i] && !inside)) fail_msg("case %d voxel %d", (int)number, (int)i);
        }
    }
}

static int make_threaded(void **state)
{
    cm_threads *pool = NULL;
    return cm_threads_create(3, &pool, NULL) || cm_backend_cpu_create(pool, -1, (cm_backend **)state, NULL);
}

static int drop_threaded(void **state)
{
    cm_backend *be = *state;
    cm_threads_destroy(be->pool);
    cm_backend_destroy(be);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_equal_brute_force),
        cmocka_unit_test(far_distances_equal_brute_force),
        cmocka_unit_test(components_equal_a_flood_fill),
        cmocka_unit_test(components_of_long_rows),
        cmocka_unit_test(histogram_and_boxes_equal_counting),
        cmocka_unit_test(dilation_equals_the_definition),
        cmocka_unit_test(surface_equals_the_definition),
    };
    return cmocka_run_group_tests(tests, make_threaded, drop_threaded);
}
