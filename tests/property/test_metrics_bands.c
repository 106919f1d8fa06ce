/* Voxels near a set, and the boundary IoU that comes of them, against distances looked up one by one: several
 * reaches (some of them exactly a distance, which is not less), spacings, 2-D and 3-D, masks that touch the
 * border, rows longer than a word of bits, and a reach of more rows than the fast way takes. Every case is a
 * pure function of its number, which a failure prints. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "metrics/segmentation.h"

enum { CASES = 300, MOST_VOXELS = 4000, N_IDS = 6 };

static const cm_random source = {.seed = 20261124, .purpose = CM_PURPOSE_TEST};

typedef struct sample {
    uint64_t number, next;
    cm_grid grid;
    int64_t n_voxels;
    uint8_t mask[2][MOST_VOXELS];
} sample;

static uint64_t below(sample *s, uint64_t n)
{
    return cm_random_below(source, s->number, s->next++, n);
}

/* Boxes in noise: interiors of some voxels, holes, contact with every side. */
static void mask_make(sample *s, uint8_t *mask)
{
    const uint64_t holes = below(s, 3) ? 40 : 6;
    int64_t lo[3], hi[3];
    for (int i = 0; i < 3; i++) {
        lo[i] = (int64_t)below(s, (uint64_t)s->grid.n[i]) / 2;
        hi[i] = s->grid.n[i] - (int64_t)below(s, (uint64_t)s->grid.n[i]) / 3;
    }
    for (int64_t v = 0; v < s->n_voxels; v++) {
        const int64_t at[3] = {v / s->grid.n[2] / s->grid.n[1], v / s->grid.n[2] % s->grid.n[1],
                               v % s->grid.n[2]};
        bool inside = true;
        for (int i = 0; i < 3; i++)
            inside = inside && at[i] >= lo[i] && at[i] < hi[i];
        mask[v] = inside == (below(s, holes) > 0);
    }
}

static void sample_make(uint64_t number, sample *s)
{
    static const double spacings[] = {1, 0.5, 0.7, 5, 2.25};
    s->number = number;
    s->next = 0;
    const bool flat = below(s, 4) == 0, wide = below(s, 3) == 0;
    s->grid.n[0] = flat ? 1 : 1 + (int64_t)below(s, wide ? 3 : 9);
    s->grid.n[1] = 1 + (int64_t)below(s, wide ? 5 : 12);
    s->grid.n[2] = 1 + (int64_t)below(s, wide ? 200 : 20);
    s->n_voxels = s->grid.n[0] * s->grid.n[1] * s->grid.n[2];
    for (int i = 0; i < 3; i++)
        s->grid.spacing[i] = spacings[below(s, 5)];
    for (int m = 0; m < 2; m++)
        mask_make(s, s->mask[m]);
}

/* Of steps, as distance_squared defines it. */
static double distance(const cm_grid *grid, int64_t a, int64_t b)
{
    const int64_t nx = grid->n[2], ny = grid->n[1];
    const double x = (double)llabs(a % nx - b % nx) * grid->spacing[2],
                 y = (double)llabs(a / nx % ny - b / nx % ny) * grid->spacing[1],
                 z = (double)llabs(a / nx / ny - b / nx / ny) * grid->spacing[0];
    return sqrt(x * x + y * y + z * z);
}

static void brute_within(const cm_grid *grid, int64_t n, const uint8_t *mask, const uint8_t *seeds,
                         double reach, uint8_t *out)
{
    for (int64_t v = 0; v < n; v++) {
        out[v] = 0;
        for (int64_t k = 0; k < n && mask[v] && !out[v]; k++)
            out[v] = seeds[k] && distance(grid, v, k) < reach;
    }
}

static void expect_within(cm_backend *be, uint64_t number, const cm_grid *grid, int64_t n,
                          const uint8_t *mask, const uint8_t *seeds, double reach)
{
    static uint8_t wanted[MOST_VOXELS], got[MOST_VOXELS];
    memset(got, 9, sizeof got);
    brute_within(grid, n, mask, seeds, reach, wanted);
    assert_int_equal(be->ops->mask_within(be, mask, seeds, grid, reach, got, NULL, NULL), CM_OK);
    for (int64_t v = 0; v < n; v++)
        if (got[v] != wanted[v])
            fail_msg("case %llu, %lld x %lld x %lld, reach %.17g: voxel %lld is %d, expected %d",
                     (unsigned long long)number, (long long)grid->n[0], (long long)grid->n[1],
                     (long long)grid->n[2], reach, (long long)v, got[v], wanted[v]);
}

typedef struct backends {
    cm_threads *pool;
    cm_backend *be[2]; /* one thread and no instruction set; three threads and all */
} backends;

static int start(void **state)
{
    static backends b;
    *state = &b;
    return cm_threads_create(3, &b.pool, NULL) || cm_backend_cpu_create(NULL, 0, &b.be[0], NULL) ||
           cm_backend_cpu_create(b.pool, -1, &b.be[1], NULL);
}

static int stop(void **state)
{
    backends *b = *state;
    cm_backend_destroy(b->be[0]);
    cm_backend_destroy(b->be[1]);
    cm_threads_destroy(b->pool);
    return 0;
}

static void near_voxels_equal_brute_force(void **state)
{
    const backends *b = *state;
    static sample s;
    for (uint64_t number = 0; number < CASES; number++) {
        sample_make(number, &s);
        /* A reach that is a distance, the next double above it, and one of any length. */
        const double exact = distance(&s.grid, (int64_t)below(&s, (uint64_t)s.n_voxels),
                                      (int64_t)below(&s, (uint64_t)s.n_voxels) / (1 + (int64_t)below(&s, 3)));
        const double reaches[] = {exact, nextafter(exact, INFINITY), (double)below(&s, 60) / 10};
        /* Seeds: few voxels, so that distances are long; now and then almost none. */
        const uint64_t one_in = below(&s, 2) ? 20 : 400;
        for (int64_t v = 0; v < s.n_voxels; v++)
            s.mask[1][v] &= below(&s, one_in) == 0;
        for (int i = 0; i < 3; i++)
            expect_within(b->be[(number + (uint64_t)i) % 2], number, &s.grid, s.n_voxels, s.mask[0],
                          s.mask[1], reaches[i]);
    }
}

/* One seed in one row, at every place and with every reach: segments cut off at either end. */
static void segments_of_a_row(void **state)
{
    const backends *b = *state;
    static const int64_t lengths[] = {1, 9, 63, 64, 65, 130};
    uint8_t mask[130], seeds[130] = {0}, got[130];
    memset(mask, 1, sizeof mask);
    for (int i = 0; i < 6; i++)
        for (int64_t at = 0; at < lengths[i]; at++) {
            const cm_grid grid = {{1, 1, lengths[i]}, {1, 1, 1}};
            seeds[at] = 1;
            for (int64_t reach = 0; reach <= lengths[i] + 1; reach++) {
                assert_int_equal(
                    b->be[0]->ops->mask_within(b->be[0], mask, seeds, &grid, (double)reach, got, NULL, NULL),
                    CM_OK);
                for (int64_t v = 0; v < lengths[i]; v++)
                    if (got[v] != (llabs(v - at) < reach))
                        fail_msg("%lld voxels, seed %lld, reach %lld: voxel %lld is %d",
                                 (long long)lengths[i], (long long)at, (long long)reach, (long long)v,
                                 got[v]);
            }
            seeds[at] = 0;
        }
}

/* More than a thousand rows within reach; and nothing at all that is near. */
static void far_reaches_equal_brute_force(void **state)
{
    const backends *b = *state;
    const cm_grid grid = {{36, 36, 3}, {1, 1, 2}};
    static uint8_t mask[36 * 36 * 3], seeds[36 * 36 * 3];
    const int64_t n = sizeof mask;
    memset(mask, 1, sizeof mask);
    for (int k = 0; k < 2; k++) {
        expect_within(b->be[k], 0, &grid, n, mask, seeds, 100); /* no seed: none is near */
        seeds[n / 3 + k] = 1;
        for (int reach = 30; reach < 60;
             reach += 7) /* from 38 on the quarter of the ball has over 1,024 rows */
            expect_within(b->be[k], (uint64_t)reach, &grid, n, mask, seeds, reach);
    }
}

static void refusals_and_stops(void **state)
{
    const backends *b = *state;
    cm_backend *be = b->be[0];
    const cm_grid grid = {{1, 2, 2}, {1, 1, 1}}, none = {{1, 2, 0}, {1, 1, 1}}, flat = {{1, 2, 2}, {1, 0, 1}};
    const uint8_t mask[4] = {1, 1, 1, 1}, seeds[4] = {1, 0, 0, 0};
    uint8_t out[4];
    cm_stop now = {.deadline_s = 0};
    atomic_store(&now.requested, 1);
    assert_int_equal(be->ops->mask_within(be, mask, seeds, &none, 1, out, NULL, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->mask_within(be, mask, seeds, &flat, 1, out, NULL, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->mask_within(be, mask, seeds, &grid, 1, out, &now, NULL), CM_ERR_STOPPED);
}

/* -- the metric ------------------------------------------------------------------------------------------ */

static void brute_surface(const sample *s, const uint8_t *mask, uint8_t *surface)
{
    const int64_t *n = s->grid.n, step[3] = {n[1] * n[2], n[2], 1};
    for (int64_t v = 0; v < s->n_voxels; v++) {
        const int64_t at[3] = {v / step[0], v / n[2] % n[1], v % n[2]};
        bool inner = true;
        for (int i = n[0] == 1; i < 3; i++)
            inner = inner && at[i] > 0 && at[i] < n[i] - 1 && mask[v - step[i]] && mask[v + step[i]];
        surface[v] = mask[v] && !inner;
    }
}

static const struct {
    const char *id;
    double reach;
    bool voxels;
} wanted[N_IDS] = {{"BIOU@1vox", 1, true},     {"BIOU@1.5vox", 1.5, true},   {"BIOU@3vox", 3, true},
                   {"BIOU@0.6mm", 0.6, false}, {"BIOU@2.25mm", 2.25, false}, {"BIOU@7mm", 7, false}};

static void expect_boundary_iou(const sample *s, const cm_metric_value *got, int which)
{
    static uint8_t surface[MOST_VOXELS], band[2][MOST_VOXELS];
    cm_grid grid = s->grid;
    double both = 0, either = 0;
    for (int i = 0; i < 3 && wanted[which].voxels; i++)
        grid.spacing[i] = 1;
    for (int m = 0; m < 2; m++) {
        brute_surface(s, s->mask[m], surface);
        brute_within(&grid, s->n_voxels, s->mask[m], surface, wanted[which].reach, band[m]);
    }
    for (int64_t v = 0; v < s->n_voxels; v++) {
        both += band[0][v] && band[1][v];
        either += band[0][v] || band[1][v];
    }
    if (got->state != (either > 0 ? CM_VALUE_OK : CM_VALUE_UNDEFINED))
        fail_msg("case %llu, %s: state %d", (unsigned long long)s->number, wanted[which].id, got->state);
    if (either > 0 && !(got->value == both / either))
        fail_msg("case %llu, %s: %.17g, expected %.17g", (unsigned long long)s->number, wanted[which].id,
                 got->value, both / either);
}

static void boundary_iou_is_its_definition(void **state)
{
    const backends *b = *state;
    static sample s;
    static uint16_t maps[2][MOST_VOXELS];
    const uint16_t label = 1;
    const cm_target target = {"one", 1, &label};
    cm_metric metrics[N_IDS];
    cm_metric_value values[N_IDS];
    for (int i = 0; i < N_IDS; i++)
        assert_int_equal(cm_metric_parse(wanted[i].id, &metrics[i], NULL), CM_OK);
    for (uint64_t number = 0; number < CASES; number++) {
        sample_make(number, &s);
        if (number % 17 == 0) memset(s.mask[number % 2], 0, sizeof s.mask[0]);
        if (number % 68 == 0) memset(s.mask, 0, sizeof s.mask);
        for (int m = 0; m < 2; m++)
            for (int64_t v = 0; v < s.n_voxels; v++)
                maps[m][v] = s.mask[m][v];
        const cm_pair pair = {
            .reference = maps[0], .prediction = maps[1], .grid = s.grid, .spacing_known = true};
        assert_int_equal(
            cm_score_segmentation(b->be[number % 2], &pair, &target, 1, metrics, N_IDS, values, NULL, NULL),
            CM_OK);
        for (int i = 0; i < N_IDS; i++)
            expect_boundary_iou(&s, &values[i], i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_voxels_equal_brute_force),  cmocka_unit_test(segments_of_a_row),
        cmocka_unit_test(far_reaches_equal_brute_force),  cmocka_unit_test(refusals_and_stops),
        cmocka_unit_test(boundary_iou_is_its_definition),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
