/* Triangle meshes of masks: known shapes, all pairs of triangles as brute force, and the laws of distances. A
 * failure prints the number of the pair, which makes it. */
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
#include "tests/unit/serial_backend.h"

enum { PAIRS = 60, MAX_AXIS = 6, SIDE = 10, MAX_VOXELS = SIDE * SIDE * SIDE };
enum { MAX_ELEMENTS = 8 * (SIDE + 1) * (SIDE + 1) * (SIDE + 1) };

static const cm_random source = {.seed = 2509, .purpose = CM_PURPOSE_TEST};
static const uint16_t label_one[1] = {1};
static const cm_target one = {.name = "one", .n_values = 1, .values = label_one};

enum { HD, HD95, ASSD, MASD, NSD, NSD_VOX, N_METRICS };
static const char *const ids[N_METRICS] = {"HD.mesh",   "HD95.mesh",      "ASSD.mesh",
                                           "MASD.mesh", "NSD.mesh@1.1mm", "NSD.mesh@0.7vox"};
static cm_metric metrics[N_METRICS];

typedef struct mask_pair {
    cm_grid grid;
    int64_t n_voxels;
    uint16_t map[2][MAX_VOXELS];
} mask_pair;

static void pair_make(uint64_t number, mask_pair *p)
{
    uint64_t draw = 0;
    p->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        p->grid.n[i] = 1 + (int64_t)cm_random_below(source, number, draw++, MAX_AXIS);
        p->grid.spacing[i] = 0.3 + 3 * cm_random_uniform(source, number, draw++);
        p->n_voxels *= p->grid.n[i];
    }
    for (int m = 0; m < 2; m++) {
        const double share = cm_random_uniform(source, number, draw++);
        for (int64_t v = 0; v < p->n_voxels; v++)
            p->map[m][v] = cm_random_uniform(source, number, draw++) < share;
    }
}

static void score_with(cm_backend *be, const mask_pair *p, cm_metric_value *values)
{
    const cm_pair pair = {
        .reference = p->map[0], .prediction = p->map[1], .grid = p->grid, .spacing_known = true};
    assert_int_equal(cm_score_segmentation(be, &pair, &one, 1, metrics, N_METRICS, values, NULL, NULL),
                     CM_OK);
}

static void same(uint64_t number, const char *what, int m, cm_metric_value a, double b, double relative)
{
    if (a.state != CM_VALUE_OK || !(fabs(a.value - b) <= relative * fabs(b) + 1e-15))
        fail_msg("pair %d, %s, %s: %s %.17g and %.17g", (int)number, what, ids[m],
                 cm_value_state_name(a.state), a.value, b);
}

/* -- brute force -------------------------------------------------------------------------------------------
 */

typedef struct element {
    double corner[3][3], centre[3], area, distance;
} element;

static int64_t elements_of(const mask_pair *p, int m, const double spacing[3], element *out)
{
    static uint8_t mask[MAX_VOXELS], codes[(SIDE + 1) * (SIDE + 1) * (SIDE + 1)];
    static cm_surfel_pieces pieces[256];
    const bool flat = p->grid.n[0] == 1;
    const int64_t nz = flat ? 1 : p->grid.n[0] + 1, ny = p->grid.n[1] + 1, nx = p->grid.n[2] + 1;
    int64_t n = 0;
    for (int64_t v = 0; v < p->n_voxels; v++)
        mask[v] = (uint8_t)p->map[m][v];
    cm_surfel_codes(mask, p->grid.n, codes);
    cm_surfel_triangles(spacing, flat, pieces);
    for (int64_t i = 0; i < nz * ny * nx; i++)
        for (int t = 0; t < pieces[codes[i]].n; t++) {
            const cm_triangle *from = &pieces[codes[i]].triangle[t];
            const double at[3] = {(double)(i / nx / ny) * spacing[0], (double)(i / nx % ny) * spacing[1],
                                  (double)(i % nx) * spacing[2]};
            for (int a = 0; a < 3; a++) {
                for (int c = 0; c < 3; c++)
                    out[n].corner[c][a] = from->corner[c][a] + at[a];
                out[n].centre[a] = from->centre[a] + at[a];
            }
            out[n++].area = from->area;
        }
    return n;
}

/* Distance to a point of the triangle at every step of a search that narrows down on the nearest one. */
static double to_element(const double p[3], const element *e)
{
    double s0 = 0, s1 = 1, best = INFINITY;
    for (int step = 0; step < 45; step++) { /* convex in s after the best t: golden section by thirds */
        double at[2], value[2];
        for (int k = 0; k < 2; k++) {
            double from[3], along[3], dot = 0, whole = 0, d2 = 0;
            at[k] = s0 + (s1 - s0) * (k + 1) / 3;
            for (int a = 0; a < 3; a++) { /* the line across the triangle at s, from side 0-1 to side 0-2 */
                from[a] = e->corner[0][a] + at[k] * (e->corner[1][a] - e->corner[0][a]);
                along[a] = (e->corner[2][a] - e->corner[0][a]) * at[k] + e->corner[0][a] - from[a];
                dot += along[a] * (p[a] - from[a]);
                whole += along[a] * along[a];
            }
            const double t = whole > 0 ? fmin(1, fmax(0, dot / whole)) : 0;
            for (int a = 0; a < 3; a++)
                d2 += (from[a] + t * along[a] - p[a]) * (from[a] + t * along[a] - p[a]);
            value[k] = d2;
            best = fmin(best, d2);
        }
        if (value[0] < value[1])
            s1 = at[1];
        else
            s0 = at[0];
    }
    return sqrt(best);
}

static int by_distance(const void *a, const void *b)
{
    const element *x = a, *y = b;
    return (x->distance > y->distance) - (x->distance < y->distance);
}

static bool brute(const mask_pair *p, const double spacing[3], double tolerance, double out[5])
{
    static element e[2][MAX_ELEMENTS];
    int64_t n[2];
    double area[2] = {0, 0}, moment[2] = {0, 0}, within = 0;
    out[HD] = out[HD95] = 0;
    for (int m = 0; m < 2; m++)
        n[m] = elements_of(p, m, spacing, e[m]);
    if (!n[0] || !n[1]) return false;
    for (int m = 0; m < 2; m++) {
        for (int64_t i = 0; i < n[m]; i++) {
            e[m][i].distance = INFINITY;
            for (int64_t j = 0; j < n[1 - m]; j++)
                e[m][i].distance = fmin(e[m][i].distance, to_element(e[m][i].centre, &e[1 - m][j]));
            area[m] += e[m][i].area;
            moment[m] += e[m][i].area * e[m][i].distance;
            within += e[m][i].distance <= tolerance ? e[m][i].area : 0;
        }
    }
    for (int m = 0; m < 2; m++) { /* sorted only now: the other side needed the corners */
        double sum = 0;
        int64_t i = 0;
        qsort(e[m], (size_t)n[m], sizeof **e, by_distance);
        while (i < n[m] - 1 && sum + e[m][i].area < 0.95 * area[m])
            sum += e[m][i++].area;
        out[HD] = fmax(out[HD], e[m][n[m] - 1].distance);
        out[HD95] = fmax(out[HD95], e[m][i].distance);
    }
    out[ASSD] = (moment[0] + moment[1]) / (area[0] + area[1]);
    out[MASD] = (moment[0] / area[0] + moment[1] / area[1]) / 2;
    out[NSD] = within / (area[0] + area[1]);
    return true;
}

static void values_equal_brute_force(void **state)
{
    static mask_pair p;
    static const double unit[3] = {1, 1, 1};
    int64_t checked = 0;
    (void)state;
    for (uint64_t number = 0; number < 20; number++) {
        cm_metric_value got[N_METRICS];
        double mm[5], voxels[5];
        pair_make(number, &p);
        for (int i = 0; i < 3; i++)
            if (p.grid.n[i] > 3) p.grid.n[i] = 3;
        p.n_voxels = p.grid.n[0] * p.grid.n[1] * p.grid.n[2];
        score_with(serial_backend(), &p, got);
        const bool defined = brute(&p, p.grid.spacing, 1.1, mm) && brute(&p, unit, 0.7, voxels);
        for (int m = 0; m < N_METRICS; m++) {
            if (defined)
                same(number, "brute force", m, got[m], m == NSD_VOX ? voxels[NSD] : mm[m], 1e-7);
            else
                assert_int_equal(got[m].state, CM_VALUE_UNDEFINED);
        }
        checked += defined;
    }
    assert_true(checked > 10);
}

/* -- shapes and laws ---------------------------------------------------------------------------------------
 */

static void box(mask_pair *p, int m, int64_t lo, int64_t hi)
{
    for (int64_t v = 0; v < p->n_voxels; v++) {
        const int64_t at[3] = {v / p->grid.n[2] / p->grid.n[1], v / p->grid.n[2] % p->grid.n[1],
                               v % p->grid.n[2]};
        bool inside = true;
        for (int a = 0; a < 3; a++)
            inside = inside && (p->grid.n[a] == 1 || (at[a] >= lo && at[a] < hi));
        p->map[m][v] = inside;
    }
}

/* A cut from the centre never has more area than the cut of the marching-cubes table, and has the same
 * wherever the polygon is flat. */
static void areas_are_those_of_the_surface_elements(void **state)
{
    static cm_surfel_pieces pieces[256];
    const double spacing[3] = {2, 0.75, 1.25};
    double area[256];
    (void)state;
    for (int flat = 0; flat < 2; flat++) {
        int equal = 0;
        cm_surfel_triangles(spacing, flat, pieces);
        cm_surfel_areas(spacing, flat, area);
        for (int code = 0; code < 256; code++) {
            double sum = 0;
            for (int t = 0; t < pieces[code].n; t++)
                sum += pieces[code].triangle[t].area;
            assert_int_equal(pieces[code].n > 0, area[code] > 0);
            if (!(sum >= 0.7 * area[code] && sum <= area[code] * (1 + 1e-14)))
                fail_msg("code %d: %g, table %g", code, sum, area[code]);
            equal += area[code] > 0 && fabs(sum - area[code]) <= 1e-14 * area[code];
        }
        assert_true(equal == (flat ? 14 : 158));
    }
}

static void known_shapes(void **state)
{
    mask_pair p = {.grid = {{SIDE, SIDE, SIDE}, {2, 2, 2}}, .n_voxels = MAX_VOXELS};
    cm_metric_value v[N_METRICS];
    (void)state;
    box(&p, 0, 2, 8);
    box(&p, 1, 2, 8);
    score_with(serial_backend(), &p, v);
    for (int m = 0; m < N_METRICS; m++)
        assert_true(v[m].value == (m >= NSD ? 1 : 0)); /* identical: exactly */
    box(&p, 1, 3, 7);                                  /* every flat piece is one voxel of 2 mm away */
    score_with(serial_backend(), &p, v);
    assert_true(v[HD95].value >= 2 && fabs(v[HD].value - 2 * sqrt(3)) < 1e-12 && v[ASSD].value >= 2 &&
                v[ASSD].value < 2.5);
    p.grid.n[0] = 1; /* flat: a square of 6 in one of 4 */
    p.n_voxels = SIDE * SIDE;
    box(&p, 0, 2, 8);
    box(&p, 1, 3, 7);
    score_with(serial_backend(), &p, v);
    assert_true(v[HD].value >= 2 && v[HD].value <= 2 * sqrt(2) && v[NSD].value == 0);
}

/* Swap, scaling of the spacing, flips, other axis order, a margin of background, any number of threads. */
static void laws_hold(void **state)
{
    static mask_pair p, q;
    cm_threads *pool = NULL;
    cm_backend *threaded = NULL;
    (void)state;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &threaded, NULL), CM_OK);
    for (uint64_t number = 0; number < PAIRS; number++) {
        cm_metric_value a[N_METRICS], b[N_METRICS];
        pair_make(number, &p);
        score_with(serial_backend(), &p, a);
        if (a[HD].state != CM_VALUE_OK) continue;
        score_with(threaded, &p, b);
        assert_memory_equal(a, b, sizeof a);
        assert_true(a[HD95].value <= a[HD].value && a[ASSD].value <= a[HD].value && a[HD].value >= 0);

        q = p;
        memcpy(q.map[0], p.map[1], sizeof q.map[0]);
        memcpy(q.map[1], p.map[0], sizeof q.map[1]);
        score_with(serial_backend(), &q, b);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "swap", m, b[m], a[m].value, 1e-13);

        q = p;
        for (int i = 0; i < 3; i++)
            q.grid.spacing[i] *= 4;
        score_with(serial_backend(), &q, b);
        for (int m = 0; m < NSD; m++)
            same(number, "spacing times 4", m, b[m], 4 * a[m].value, 1e-13);

        for (int64_t v = 0; v < p.n_voxels; v++) /* all axes flipped */
            for (int m = 0; m < 2; m++)
                q.map[m][v] = p.map[m][p.n_voxels - 1 - v];
        q.grid = p.grid;
        score_with(serial_backend(), &q, b);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "flip", m, b[m], a[m].value, 1e-12);

        memset(q.map, 0, sizeof q.map); /* z y x becomes x z y where no axis turns flat, in a margin of 2 */
        const bool flat = p.grid.n[0] == 1 || p.grid.n[2] == 1;
        for (int i = 0; i < 3; i++) {
            q.grid.n[i] = p.grid.n[flat ? i : (i + 2) % 3] + (p.grid.n[i] == 1 && i == 0 ? 0 : 4);
            q.grid.spacing[i] = p.grid.spacing[flat ? i : (i + 2) % 3];
        }
        q.n_voxels = q.grid.n[0] * q.grid.n[1] * q.grid.n[2];
        for (int64_t v = 0; v < p.n_voxels; v++) {
            const int64_t at[3] = {v / p.grid.n[2] / p.grid.n[1], v / p.grid.n[2] % p.grid.n[1],
                                   v % p.grid.n[2]};
            int64_t to[3];
            for (int i = 0; i < 3; i++)
                to[i] = at[flat ? i : (i + 2) % 3] + (q.grid.n[0] == 1 && i == 0 ? 0 : 2);
            for (int m = 0; m < 2; m++)
                q.map[m][(to[0] * q.grid.n[1] + to[1]) * q.grid.n[2] + to[2]] = p.map[m][v];
        }
        score_with(serial_backend(), &q, b);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "axes and margin", m, b[m], a[m].value, 1e-12);
    }
    cm_backend_destroy(threaded);
    cm_threads_destroy(pool);
}

static int parse_all(void **state)
{
    (void)state;
    for (int m = 0; m < N_METRICS; m++)
        assert_int_equal(cm_metric_parse(ids[m], &metrics[m], NULL), CM_OK);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_those_of_the_surface_elements), cmocka_unit_test(known_shapes),
        cmocka_unit_test(values_equal_brute_force), cmocka_unit_test(laws_hold)};
    return cmocka_run_group_tests(tests, parse_all, NULL);
}
