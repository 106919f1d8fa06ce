/* Thinning, Betti numbers, dilation and lesion matching on small random masks, against the shortest honest
 * code and by laws. A failure prints the number of the mask, which makes it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "kernels/volume.h"
#include "metrics/segmentation.h"
#include "tests/unit/serial_backend.h"

enum { MASKS = 800, MAX_AXIS = 9, MAX_VOXELS = MAX_AXIS * MAX_AXIS * MAX_AXIS };

static const cm_random source = {.seed = 1789, .purpose = CM_PURPOSE_TEST};

typedef struct sample {
    int64_t n[3], n_voxels;
    uint8_t mask[2][MAX_VOXELS];
} sample;

/* Noise of several densities, or boxes with holes; one in four is a 2-D image. */
static void sample_make(uint64_t number, sample *s)
{
    static const double shares[] = {0.05, 0.2, 0.5, 0.8, 0.95};
    uint64_t draw = 0;
    s->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        s->n[i] = 2 + (int64_t)cm_random_below(source, number, draw++, MAX_AXIS - 1);
        if (i == 0 && number % 4 == 0) s->n[i] = 1;
        s->n_voxels *= s->n[i];
    }
    for (int m = 0; m < 2; m++) {
        const double share = shares[cm_random_below(source, number, draw++, 5)];
        for (int64_t v = 0; v < s->n_voxels; v++)
            s->mask[m][v] = cm_random_uniform(source, number, draw++) < share;
    }
}

static bool set_at(const sample *s, int64_t z, int64_t y, int64_t x)
{
    const int64_t *n = s->n;
    if (z < 0 || z >= n[0] || y < 0 || y >= n[1] || x < 0 || x >= n[2]) return false;
    return s->mask[0][(z * n[1] + y) * n[2] + x];
}

static void betti_of(const uint8_t *mask, const int64_t n[3], int64_t betti[3])
{
    cm_error err = {0};
    if (cm_betti_numbers(mask, n, betti, &err)) fail_msg("%s", err.what);
}

/* -- Betti numbers
 * --------------------------------------------------------------------------------------------- */

/* Vertices - edges + faces - cubes of the union of closed voxels, cell by cell: a cell of size (a, b, c) in
 * {0, 1}^3 at a corner is there when one of the voxels around it is set. A 2-D image has cells in the plane
 * only. */
static int64_t euler_by_cells(const sample *s)
{
    const bool flat = s->n[0] == 1;
    int64_t sum = 0;
    for (int64_t z = 0; z <= (flat ? 0 : s->n[0]); z++)
        for (int64_t y = 0; y <= s->n[1]; y++)
            for (int64_t x = 0; x <= s->n[2]; x++)
                for (int cell = 0; cell < (flat ? 4 : 8); cell++) {
                    const int c = cell >> 2 & 1, b = cell >> 1 & 1, a = cell & 1; /* extends in z, y, x */
                    bool there = false;
                    for (int64_t i = z - 1 + c; i <= z && !flat; i++)
                        for (int64_t j = y - 1 + b; j <= y; j++)
                            for (int64_t k = x - 1 + a; k <= x; k++)
                                there = there || set_at(s, i, j, k);
                    for (int64_t j = y - 1 + b; j <= y && flat; j++)
                        for (int64_t k = x - 1 + a; k <= x; k++)
                            there = there || set_at(s, 0, j, k);
                    if (there) sum += (a + b + c) % 2 ? -1 : 1;
                }
    return sum;
}

static void betti_numbers_add_up(void **state)
{
    static sample s;
    static int32_t labels[MAX_VOXELS];
    (void)state;
    for (uint64_t number = 0; number < MASKS; number++) {
        int64_t b[3], pieces;
        sample_make(number, &s);
        betti_of(s.mask[0], s.n, b);
        assert_int_equal(cm_components(s.mask[0], s.n, 26, labels, &pieces, NULL), CM_OK);
        const bool good =
            b[0] == pieces && b[1] >= 0 && b[2] >= 0 && b[0] - b[1] + b[2] == euler_by_cells(&s);
        if (!good)
            fail_msg("mask %d: %d %d %d, Euler %d", (int)number, (int)b[0], (int)b[1], (int)b[2],
                     (int)euler_by_cells(&s));
    }
}

static void fill(uint8_t *mask, const int64_t n[3], const int64_t lo[3], const int64_t hi[3], uint8_t value)
{
    for (int64_t z = lo[0]; z < hi[0]; z++)
        for (int64_t y = lo[1]; y < hi[1]; y++)
            for (int64_t x = lo[2]; x < hi[2]; x++)
                mask[(z * n[1] + y) * n[2] + x] = value;
}

static void known_shapes_have_their_numbers(void **state)
{
    const int64_t n[3] = {7, 7, 7}, flat[3] = {1, 7, 7}, lo[3] = {1, 1, 1}, hi[3] = {6, 6, 6};
    const int64_t inner_lo[3] = {3, 3, 3}, inner_hi[3] = {4, 4, 4}, bore_lo[3] = {0, 3, 3},
                  bore_hi[3] = {7, 4, 4};
    uint8_t mask[343] = {0};
    int64_t b[3];
    (void)state;
    betti_of(mask, n, b);
    assert_true(b[0] == 0 && b[1] == 0 && b[2] == 0);
    fill(mask, n, lo, hi, 1);
    betti_of(mask, n, b);
    assert_true(b[0] == 1 && b[1] == 0 && b[2] == 0); /* a cube */
    fill(mask, n, inner_lo, inner_hi, 0);
    betti_of(mask, n, b);
    assert_true(b[0] == 1 && b[1] == 0 && b[2] == 1); /* with a cavity */
    fill(mask, n, bore_lo, bore_hi, 0);
    betti_of(mask, n, b);
    assert_true(b[0] == 1 && b[1] == 1 && b[2] == 0); /* bored through */
    memset(mask, 0, sizeof mask);
    mask[0] = mask[8] = 1; /* two pixels that meet at a corner are one piece */
    betti_of(mask, flat, b);
    assert_true(b[0] == 1 && b[1] == 0);
    memset(mask, 1, sizeof mask);
    mask[24] = mask[32] = 0; /* two holes that meet at a corner are two */
    betti_of(mask, flat, b);
    assert_true(b[0] == 1 && b[1] == 2 && b[2] == 0);
}

/* -- thinning
 * ---------------------------------------------------------------------------------------------------- */

static void thinning_keeps_the_topology(void **state)
{
    static sample s;
    static uint8_t skeleton[MAX_VOXELS], again[MAX_VOXELS];
    (void)state;
    for (uint64_t number = 0; number < MASKS; number++) {
        int64_t before[3], after[3];
        sample_make(number, &s);
        assert_int_equal(cm_mask_thin(s.mask[0], s.n, skeleton, NULL, NULL), CM_OK);
        for (int64_t v = 0; v < s.n_voxels; v++)
            assert_true(skeleton[v] <= s.mask[0][v]);
        betti_of(s.mask[0], s.n, before);
        betti_of(skeleton, s.n, after);
        if (memcmp(before, after, sizeof before)) fail_msg("mask %d changes its topology", (int)number);
        assert_int_equal(cm_mask_thin(skeleton, s.n, again, NULL, NULL), CM_OK);
        if (memcmp(skeleton, again, (size_t)s.n_voxels))
            fail_msg("mask %d can be thinned further", (int)number);
    }
}

/* A bar is left as a line near its axis, a ring as a closed curve, a ball as a point. */
static void known_shapes_have_their_skeletons(void **state)
{
    enum { NZ = 44, NY = 12, NX = 12 };
    static uint8_t mask[NZ * NY * NX], skeleton[NZ * NY * NX];
    const int64_t n[3] = {NZ, NY, NX}, lo[3] = {2, 4, 4}, hi[3] = {42, 8, 8};
    int64_t count = 0, b[3];
    (void)state;
    fill(mask, n, lo, hi, 1);
    assert_int_equal(cm_mask_thin(mask, n, skeleton, NULL, NULL), CM_OK);
    for (int64_t v = 0; v < NZ * NY * NX; v++) {
        count += skeleton[v];
        if (skeleton[v]) assert_true(v / NX % NY >= 4 && v / NX % NY < 8 && v % NX >= 4 && v % NX < 8);
    }
    if (count < 34 || count > 48)
        fail_msg("%d voxels", (int)count); /* about as many voxels as the bar is long */
    memset(mask, 0, sizeof mask);
    for (int64_t v = 0; v < NZ * NY * NX; v++) {
        const double z = (double)(v / NX / NY) - 20, y = (double)(v / NX % NY) - 5.5,
                     x = (double)(v % NX) - 5.5;
        mask[v] = z * z + y * y + x * x < 16;
    }
    assert_int_equal(cm_mask_thin(mask, n, skeleton, NULL, NULL), CM_OK);
    count = 0;
    for (int64_t v = 0; v < NZ * NY * NX; v++)
        count += skeleton[v];
    assert_true(count >= 1 && count <= 4);
    memset(mask, 0, sizeof mask);
    for (int64_t v = 0; v < NY * NX; v++) {
        const double y = (double)(v / NX) - 5.5, x = (double)(v % NX) - 5.5, r = y * y + x * x;
        mask[v] = r < 30 && r > 8;
    }
    const int64_t flat[3] = {1, NY, NX};
    assert_int_equal(cm_mask_thin(mask, flat, skeleton, NULL, NULL), CM_OK);
    betti_of(skeleton, flat, b);
    assert_true(b[0] == 1 && b[1] == 1);
}

/* -- dilation
 * ------------------------------------------------------------------------------------------------------ */

static void dilation_equals_the_definition(void **state)
{
    static sample s;
    static uint8_t out[MAX_VOXELS], scratch[MAX_VOXELS], expected[2][MAX_VOXELS];
    cm_backend *be = serial_backend();
    (void)state;
    for (uint64_t number = 0; number < MASKS / 4; number++) {
        const int times = (int)(number % 4);
        sample_make(number, &s);
        memcpy(expected[0], s.mask[0], sizeof expected[0]);
        for (int t = 0; t < times; t++) {
            memset(expected[1], 0, sizeof expected[1]);
            memcpy(s.mask[0], expected[0], sizeof expected[0]);
            for (int64_t v = 0; v < s.n_voxels; v++)
                for (int p = 0; p < 27; p++) {
                    const int dz = p / 9 - 1, dy = p / 3 % 3 - 1, dx = p % 3 - 1;
                    if (dz * dz + dy * dy + dx * dx > 2) continue;
                    expected[1][v] |=
                        set_at(&s, v / s.n[2] / s.n[1] + dz, v / s.n[2] % s.n[1] + dy, v % s.n[2] + dx);
                }
            memcpy(expected[0], expected[1], sizeof expected[0]);
        }
        sample_make(number, &s);
        assert_int_equal(be->ops->mask_dilate(be, s.mask[0], s.n, times, out, scratch, NULL), CM_OK);
        if (memcmp(out, expected[0], (size_t)s.n_voxels)) fail_msg("mask %d, %d times", (int)number, times);
    }
}

/* -- lesions
 * ---------------------------------------------------------------------------------------------------------
 */

enum { MAX_LESIONS = 64, MAX_TRIED = 9 };

typedef struct lesions {
    int64_t n[2];
    double iou[MAX_LESIONS][MAX_LESIONS];
} lesions;

static bool lesions_of(const sample *s, lesions *l)
{
    static int32_t labels[2][MAX_VOXELS];
    for (int m = 0; m < 2; m++) {
        cm_components(s->mask[m], s->n, 6, labels[m], &l->n[m], NULL);
        if (l->n[m] > MAX_LESIONS) return false;
    }
    for (int64_t r = 0; r < l->n[0]; r++)
        for (int64_t p = 0; p < l->n[1]; p++) {
            int64_t both = 0, either = 0;
            for (int64_t v = 0; v < s->n_voxels; v++) {
                both += labels[0][v] == r + 1 && labels[1][v] == p + 1;
                either += labels[0][v] == r + 1 || labels[1][v] == p + 1;
            }
            l->iou[r][p] = (double)both / (double)either;
        }
    return true;
}

/* The largest sum of IoU >= share over all one-to-one matchings, by trying all. */
static double best_sum(const lesions *l, int64_t r, uint64_t used, double share)
{
    if (r == l->n[0]) return 0;
    double best = best_sum(l, r + 1, used, share);
    for (int64_t p = 0; p < l->n[1]; p++)
        if (!(used >> p & 1) && l->iou[r][p] >= share)
            best = fmax(best, l->iou[r][p] + best_sum(l, r + 1, used | UINT64_C(1) << p, share));
    return best;
}

static double greedy_sum(const lesions *l, double share)
{
    bool taken[2][MAX_LESIONS] = {{false}};
    double sum = 0;
    for (;;) {
        int64_t best_r = -1, best_p = -1;
        for (int64_t r = 0; r < l->n[0]; r++)
            for (int64_t p = 0; p < l->n[1]; p++)
                if (!taken[0][r] && !taken[1][p] && l->iou[r][p] >= share &&
                    (best_r < 0 || l->iou[r][p] > l->iou[best_r][best_p])) {
                    best_r = r;
                    best_p = p;
                }
        if (best_r < 0) return sum;
        taken[0][best_r] = taken[1][best_p] = true;
        sum += l->iou[best_r][best_p];
    }
}

static void pq_of(const sample *s, const char *const *ids, int n, cm_metric_value *values)
{
    static uint16_t map[2][MAX_VOXELS];
    const uint16_t one[1] = {1};
    const cm_target target = {.name = "lesion", .n_values = 1, .values = one};
    cm_metric metrics[8];
    for (int m = 0; m < 2; m++)
        for (int64_t v = 0; v < s->n_voxels; v++)
            map[m][v] = s->mask[m][v];
    for (int i = 0; i < n; i++)
        assert_int_equal(cm_metric_parse(ids[i], &metrics[i], NULL), CM_OK);
    const cm_pair pair = {.reference = map[0],
                          .prediction = map[1],
                          .grid = {{s->n[0], s->n[1], s->n[2]}, {1, 1, 1}},
                          .spacing_known = true};
    assert_int_equal(
        cm_score_segmentation(serial_backend(), &pair, &target, 1, metrics, n, values, NULL, NULL), CM_OK);
}

static void matching_equals_trying_all(void **state)
{
    static const char *const ids[] = {"PQ.c6.iou-hungarian@0.1", "PQ.c6.iou-greedy@0.1",
                                      "PQ.c6.iou-strict@0.5", "PQ.c6.iou-hungarian@0.01"};
    static const double shares[] = {0.1, 0.1, 0.5, 0.01};
    static sample s;
    static lesions l;
    cm_metric_value v[4];
    int tried = 0, differed = 0;
    (void)state;
    for (uint64_t number = 0; number < 4 * MASKS; number++) {
        sample_make(number, &s);
        /* a prediction that resembles the reference, so that lesions overlap */
        for (int64_t i = 0; i < s.n_voxels; i++)
            if (cm_random_uniform(source, number, 100000 + (uint64_t)i) < 0.7) s.mask[1][i] = s.mask[0][i];
        if (!lesions_of(&s, &l) || l.n[0] > MAX_TRIED || l.n[0] + l.n[1] == 0) continue;
        pq_of(&s, ids, 4, v);
        const double lesions_in_all = (double)(l.n[0] + l.n[1]);
        for (int i = 0; i < 4; i++) {
            double sum =
                i == 1 ? greedy_sum(&l, shares[i]) : best_sum(&l, 0, 0, i == 2 ? 0.5000001 : shares[i]);
            assert_int_equal(v[i].state, CM_VALUE_OK);
            if (!(fabs(v[i].value - 2 * sum / lesions_in_all) <= 1e-12))
                fail_msg("mask %d, %s: %.17g, expected %.17g", (int)number, ids[i], v[i].value,
                         2 * sum / lesions_in_all);
        }
        assert_true(v[1].value <= v[0].value + 1e-12 && v[2].value <= v[0].value + 1e-12);
        differed += v[1].value < v[0].value - 1e-12;
        tried++;
    }
    assert_true(tried > MASKS / 2);
    assert_true(differed > 0); /* greedy and optimal matching are not the same thing */
}

static void swapping_the_masks_swaps_the_roles(void **state)
{
    static const char *const ids[] = {"LESION-SENS.c26.any-overlap",
                                      "LESION-PPV.c26.any-overlap",
                                      "LESION-SENS.c6.cover@0.5",
                                      "LESION-PPV.c6.cover@0.5",
                                      "LESION-F1.c18.any-overlap",
                                      "PQ.c6.iou-hungarian@0.1",
                                      "CLDICE",
                                      "BETTI1-ERROR"};
    static const int partner[] = {1, 0, 3, 2, 4, 5, 6, 7};
    static sample s, swapped;
    cm_metric_value a[8], b[8];
    (void)state;
    for (uint64_t number = 0; number < MASKS / 2; number++) {
        sample_make(number, &s);
        swapped = s;
        memcpy(swapped.mask[0], s.mask[1], sizeof s.mask[0]);
        memcpy(swapped.mask[1], s.mask[0], sizeof s.mask[0]);
        pq_of(&s, ids, 8, a);
        pq_of(&swapped, ids, 8, b);
        for (int i = 0; i < 8; i++)
            if (a[i].state != b[partner[i]].state || !(fabs(a[i].value - b[partner[i]].value) <= 1e-12))
                fail_msg("mask %d, %s: %.17g and %.17g", (int)number, ids[i], a[i].value,
                         b[partner[i]].value);
    }
}

/* -- areas of surface elements
 * ----------------------------------------------------------------------------------------- */

/* Worked out from the pieces by hand: a corner cuts a triangle through three edge midpoints, and so on. Codes
 * of other tools number the corners the other way round. */
static void areas_by_hand(void **state)
{
    const double unit[3] = {1, 1, 1}, spacing[3] = {3, 2, 1}, corner = sqrt(3) / 8;
    double area[256];
    (void)state;
    cm_surfel_areas(unit, false, area);
    assert_true(area[0] == 0 && area[255] == 0);
    assert_true(fabs(area[1] - corner) < 1e-15);             /* one voxel of eight */
    assert_true(fabs(area[254] - corner) < 1e-15);           /* all but one */
    assert_true(fabs(area[3] - sqrt(0.5)) < 1e-15);          /* two along x */
    assert_true(fabs(area[9] - 2 * corner) < 1e-15);         /* two across a face: apart */
    assert_true(fabs(area[15] - 1) < 1e-15);                 /* a face */
    assert_true(fabs(area[7] - (3 * corner + 0.5)) < 1e-15); /* three around a corner of a face */
    assert_true(fabs(area[23] - 6 * corner) < 1e-15);        /* a voxel and its three neighbours: a hexagon */
    assert_true(fabs(area[105] - 4 * corner) < 1e-15);       /* four that share no face */
    cm_surfel_areas(spacing, false, area);
    assert_true(fabs(area[15] - 2) < 1e-15);               /* a face across z: 2 x 1 */
    assert_true(fabs(area[51] - 3) < 1e-15);               /* across y: 3 x 1 */
    assert_true(fabs(area[85] - 6) < 1e-15);               /* across x: 3 x 2 */
    assert_true(fabs(area[3] - 1 * sqrt(13) / 2) < 1e-15); /* two along x: length 1, slope of 3 and 2 */
    assert_true(fabs(area[17] - 3 * sqrt(5) / 2) < 1e-15); /* two along z */
    assert_true(fabs(area[1] - 7.0 / 8) < 1e-15);          /* sqrt(6^2 + 3^2 + 2^2) / 8 */
    cm_surfel_areas(spacing, true, area);
    assert_true(area[0] == 0 && area[15] == 0);
    assert_true(fabs(area[1] - sqrt(5) / 2) < 1e-15);
    assert_true(area[3] == 1 && area[5] == 2);    /* along x, along y */
    assert_true(fabs(area[6] - sqrt(5)) < 1e-15); /* two that meet at the corner: two pieces */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(betti_numbers_add_up),
        cmocka_unit_test(known_shapes_have_their_numbers),
        cmocka_unit_test(thinning_keeps_the_topology),
        cmocka_unit_test(known_shapes_have_their_skeletons),
        cmocka_unit_test(dilation_equals_the_definition),
        cmocka_unit_test(matching_equals_trying_all),
        cmocka_unit_test(swapping_the_masks_swaps_the_roles),
        cmocka_unit_test(areas_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
