/* Segmentation metrics on thousands of small random mask pairs: against brute force over all pairs of surface
 * voxels, and by the laws that hold for every pair. A failure prints the number of the pair, which makes it.
 */
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

enum { PAIRS = 3000, PAIRS_OF_A_LAW = 600, MAX_AXIS = 8, MARGIN = 2, MAX_VOXELS = 12 * 12 * 12 };

static const cm_random source = {.seed = 1945, .purpose = CM_PURPOSE_TEST};
static const uint16_t label_one[1] = {1};
static const cm_target one = {.name = "one", .n_values = 1, .values = label_one};

enum {
    DSC,
    IOU,
    SENS,
    PPV,
    VS,
    RVD,
    HD,
    HD95,
    HD30,
    ASSD,
    POOLED95,
    MASD,
    AHD,
    HD_SURFEL,
    LAST_DISTANCE = HD_SURFEL,
    NSD1,
    NSD2,
    NSD_VOX,
    NSD_SURFEL,
    BAND,
    N_METRICS
};
static const char *const ids[N_METRICS] = {"DSC",
                                           "IOU",
                                           "SENS.vox",
                                           "PPV.vox",
                                           "VS",
                                           "RVD",
                                           "HD.vox",
                                           "HD95.vox.maxdir",
                                           "HD30.vox.maxdir",
                                           "ASSD.vox",
                                           "HD95.vox.pooled",
                                           "MASD.vox",
                                           "AHD.volume",
                                           "HD.surfel",
                                           "NSD.vox@1mm",
                                           "NSD.vox@2.5mm",
                                           "NSD.vox@2vox",
                                           "NSD.surfel@1mm",
                                           "BIOU@1.5mm"};
static cm_metric metrics[N_METRICS];

typedef struct mask_pair {
    cm_grid grid;
    int64_t n_voxels;
    uint16_t map[2][MAX_VOXELS]; /* reference, prediction */
} mask_pair;

/* Sparse noise, dense noise or overlapping boxes with noise; now and then an empty mask or a flat image. All
 * spacings are powers of two, so that squares add up without rounding and laws hold to the bit. */
static void pair_make(uint64_t number, mask_pair *p)
{
    static const double spacings[] = {0.5, 1.0, 2.0, 4.0};
    static const double shares[] = {0.03, 0.3, 0.8};
    uint64_t draw = 0;
    p->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        p->grid.n[i] = 1 + (int64_t)cm_random_below(source, number, draw++, MAX_AXIS);
        p->grid.spacing[i] = spacings[cm_random_below(source, number, draw++, 4)];
        p->n_voxels *= p->grid.n[i];
    }
    const bool boxes = cm_random_below(source, number, draw++, 2);
    for (int m = 0; m < 2; m++) {
        const double share = shares[cm_random_below(source, number, draw++, 3)];
        int64_t lo[3], hi[3];
        for (int i = 0; i < 3; i++) {
            lo[i] = (int64_t)cm_random_below(source, number, draw++, (uint64_t)p->grid.n[i]);
            hi[i] = lo[i] + 1 + (int64_t)cm_random_below(source, number, draw++, (uint64_t)p->grid.n[i]);
        }
        for (int64_t v = 0; v < p->n_voxels; v++) {
            const int64_t at[3] = {v / p->grid.n[2] / p->grid.n[1], v / p->grid.n[2] % p->grid.n[1],
                                   v % p->grid.n[2]};
            bool inside = true;
            for (int i = 0; i < 3; i++)
                inside = inside && at[i] >= lo[i] && at[i] < hi[i];
            const bool noise = cm_random_uniform(source, number, draw++) < share;
            p->map[m][v] = boxes ? inside : noise;
        }
    }
}

static void score_with(cm_backend *be, const mask_pair *p, cm_metric_value *values)
{
    const cm_pair pair = {p->map[0], p->map[1], p->grid, true};
    cm_error err = {0};
    if (cm_score_segmentation(be, &pair, &one, 1, metrics, N_METRICS, values, NULL, &err))
        fail_msg("%s: %s", err.what, err.why);
}

static void score(const mask_pair *p, cm_metric_value *values)
{
    score_with(serial_backend(), p, values);
}

/* Same state, and values within `relative` (0: same bits). */
static void same(uint64_t number, const char *law, int m, cm_metric_value a, cm_metric_value b,
                 double relative)
{
    const bool equal = a.state == b.state && fabs(a.value - b.value) <= relative * fabs(a.value);
    if (!equal)
        fail_msg("pair %d, %s, %s: %s %.17g and %s %.17g", (int)number, law, ids[m],
                 cm_value_state_name(a.state), a.value, cm_value_state_name(b.state), b.value);
}

/* -- brute force ----------------------------------------------------------------------------------------- */

static bool set_at(const mask_pair *p, int m, int64_t z, int64_t y, int64_t x)
{
    const int64_t *n = p->grid.n;
    if (z < 0 || z >= n[0] || y < 0 || y >= n[1] || x < 0 || x >= n[2]) return false;
    return p->map[m][(z * n[1] + y) * n[2] + x];
}

/* Positions of surface voxels in voxels. */
static int64_t brute_surface(const mask_pair *p, int m, int64_t at[][3])
{
    const int64_t *n = p->grid.n;
    int64_t count = 0;
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int64_t x = 0; x < n[2]; x++) {
                bool inner = set_at(p, m, z, y - 1, x) && set_at(p, m, z, y + 1, x) &&
                             set_at(p, m, z, y, x - 1) && set_at(p, m, z, y, x + 1);
                if (n[0] > 1) inner = inner && set_at(p, m, z - 1, y, x) && set_at(p, m, z + 1, y, x);
                if (!set_at(p, m, z, y, x) || inner) continue;
                at[count][0] = z;
                at[count][1] = y;
                at[count++][2] = x;
            }
    return count;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted distances from each of `from` to the nearest of `to`. */
static void brute_distances(int64_t from[][3], int64_t n_from, int64_t to[][3], int64_t n_to,
                            const double spacing[3], double *out)
{
    for (int64_t i = 0; i < n_from; i++) {
        double best = INFINITY;
        for (int64_t j = 0; j < n_to; j++) {
            double d2 = 0;
            for (int a = 0; a < 3; a++) {
                const double d = (double)(from[i][a] - to[j][a]) * spacing[a];
                d2 += d * d;
            }
            if (d2 < best) best = d2;
        }
        out[i] = sqrt(best);
    }
    qsort(out, (size_t)n_from, sizeof *out, rising);
}

static double sorted_quantile(const double *x, int64_t n, double p)
{
    const double h = (double)(n - 1) * p;
    const int64_t k = (int64_t)h;
    return k + 1 < n ? x[k] + (h - (double)k) * (x[k + 1] - x[k]) : x[n - 1];
}

static cm_metric_value known(bool defined, double value)
{
    return (cm_metric_value){.state = defined ? CM_VALUE_OK : CM_VALUE_UNDEFINED,
                             .value = defined ? value : 0};
}

static void brute_surface_metrics(const mask_pair *p, cm_metric_value *out)
{
    static int64_t at[2][MAX_VOXELS][3];
    static double d[2][MAX_VOXELS], voxels[2][MAX_VOXELS], pooled[2 * MAX_VOXELS];
    double mean = 0;
    static const double unit[3] = {1, 1, 1};
    int64_t n[2];
    double sum = 0, within1 = 0, within2 = 0, within_voxels = 0;
    for (int m = 0; m < 2; m++)
        n[m] = brute_surface(p, m, at[m]);
    const bool defined = n[0] && n[1];
    for (int m = 0; m < 2 && defined; m++) {
        brute_distances(at[m], n[m], at[1 - m], n[1 - m], p->grid.spacing, d[m]);
        brute_distances(at[m], n[m], at[1 - m], n[1 - m], unit, voxels[m]);
        for (int64_t i = 0; i < n[m]; i++) {
            pooled[m * n[0] + i] = d[m][i];
            mean += d[m][i] / (double)n[m] / 2;
            sum += d[m][i];
            within1 += d[m][i] <= 1;
            within2 += d[m][i] <= 2.5;
            within_voxels += voxels[m][i] <= 2;
        }
    }
    const double all = (double)(n[0] + n[1]);
    out[HD] = known(defined, defined ? fmax(d[0][n[0] - 1], d[1][n[1] - 1]) : 0);
    out[HD95] = known(defined,
                      defined ? fmax(sorted_quantile(d[0], n[0], .95), sorted_quantile(d[1], n[1], .95)) : 0);
    out[HD30] = known(defined,
                      defined ? fmax(sorted_quantile(d[0], n[0], .30), sorted_quantile(d[1], n[1], .30)) : 0);
    out[ASSD] = known(defined, sum / all);
    out[MASD] = known(defined, mean);
    qsort(pooled, (size_t)(defined ? n[0] + n[1] : 0), sizeof *pooled, rising);
    out[POOLED95] = known(defined, defined ? sorted_quantile(pooled, n[0] + n[1], .95) : 0);
    out[NSD1] = known(defined, within1 / all);
    out[NSD2] = known(defined, within2 / all);
    out[NSD_VOX] = known(defined, within_voxels / all);
}

/* Distance of a voxel to the nearest of a list. */
static double brute_nearest(const int64_t at[3], int64_t to[][3], int64_t n_to, const double spacing[3])
{
    double best = INFINITY;
    for (int64_t j = 0; j < n_to; j++) {
        double d2 = 0;
        for (int a = 0; a < 3; a++) {
            const double d = (double)(at[a] - to[j][a]) * spacing[a];
            d2 += d * d;
        }
        if (d2 < best) best = d2;
    }
    return sqrt(best);
}

/* Voxels of a mask, all of them. */
static int64_t brute_voxels(const mask_pair *p, int m, int64_t at[][3])
{
    int64_t count = 0;
    for (int64_t v = 0; v < p->n_voxels; v++)
        if (p->map[m][v]) {
            at[count][0] = v / p->grid.n[2] / p->grid.n[1];
            at[count][1] = v / p->grid.n[2] % p->grid.n[1];
            at[count++][2] = v % p->grid.n[2];
        }
    return count;
}

/* Corners with a piece of surface: some but not all of the voxels around them are set. */
static int64_t brute_corners(const mask_pair *p, int m, int64_t at[][3], uint8_t *codes)
{
    const int64_t *n = p->grid.n;
    const bool flat = n[0] == 1;
    int64_t count = 0;
    for (int64_t z = 0; z < (flat ? 1 : n[0] + 1); z++)
        for (int64_t y = 0; y <= n[1]; y++)
            for (int64_t x = 0; x <= n[2]; x++) {
                int code = 0;
                for (int k = 0; k < (flat ? 4 : 8); k++)
                    code |= set_at(p, m, flat ? 0 : z - 1 + k / 4, y - 1 + k / 2 % 2, x - 1 + k % 2) << k;
                if (code == 0 || code == (flat ? 15 : 255)) continue;
                codes[count] = (uint8_t)code;
                at[count][0] = z;
                at[count][1] = y;
                at[count++][2] = x;
            }
    return count;
}

enum { MAX_CORNERS = (MAX_AXIS + 1) * (MAX_AXIS + 1) * (MAX_AXIS + 1) };

static void brute_surfel_metrics(const mask_pair *p, cm_metric_value *out)
{
    static int64_t at[2][MAX_CORNERS][3];
    static uint8_t codes[2][MAX_CORNERS];
    double area[256], most = 0, within = 0, whole = 0;
    int64_t n[2];
    cm_surfel_areas(p->grid.spacing, p->grid.n[0] == 1, area);
    for (int m = 0; m < 2; m++)
        n[m] = brute_corners(p, m, at[m], codes[m]);
    for (int m = 0; m < 2 && n[0] && n[1]; m++)
        for (int64_t i = 0; i < n[m]; i++) {
            const double d = brute_nearest(at[m][i], at[1 - m], n[1 - m], p->grid.spacing);
            most = fmax(most, d);
            whole += area[codes[m][i]];
            within += d <= 1 ? area[codes[m][i]] : 0;
        }
    out[HD_SURFEL] = known(n[0] && n[1], most);
    out[NSD_SURFEL] = known(n[0] && n[1], n[0] && n[1] ? within / whole : 0);
}

/* Whole masks: distances of all voxels to the other mask, and the band along the own surface. */
static void brute_volume_metrics(const mask_pair *p, cm_metric_value *out)
{
    static int64_t all[2][MAX_VOXELS][3], surface[2][MAX_VOXELS][3];
    static bool in_band[2][MAX_VOXELS];
    int64_t n[2], n_surface[2], both = 0, either = 0;
    double mean[2] = {0, 0};
    memset(in_band, 0, sizeof in_band);
    for (int m = 0; m < 2; m++) {
        n[m] = brute_voxels(p, m, all[m]);
        n_surface[m] = brute_surface(p, m, surface[m]);
    }
    for (int m = 0; m < 2; m++)
        for (int64_t i = 0; i < n[m]; i++) {
            const int64_t *v = all[m][i];
            if (n[1 - m]) mean[m] += brute_nearest(v, all[1 - m], n[1 - m], p->grid.spacing) / (double)n[m];
            in_band[m][(v[0] * p->grid.n[1] + v[1]) * p->grid.n[2] + v[2]] =
                brute_nearest(v, surface[m], n_surface[m], p->grid.spacing) < 1.5;
        }
    for (int64_t v = 0; v < p->n_voxels; v++) {
        both += in_band[0][v] && in_band[1][v];
        either += in_band[0][v] || in_band[1][v];
    }
    out[AHD] = known(n[0] && n[1], (mean[0] + mean[1]) / 2);
    out[BAND] = known(either > 0, either ? (double)both / (double)either : 0);
}

static void brute_overlap_metrics(const mask_pair *p, cm_metric_value *out)
{
    double tp = 0, fp = 0, fn = 0;
    for (int64_t v = 0; v < p->n_voxels; v++) {
        tp += p->map[0][v] && p->map[1][v];
        fp += !p->map[0][v] && p->map[1][v];
        fn += p->map[0][v] && !p->map[1][v];
    }
    out[DSC] = known(tp + fp + fn > 0, 2 * tp / (2 * tp + fp + fn));
    out[IOU] = known(tp + fp + fn > 0, tp / (tp + fp + fn));
    out[SENS] = known(tp + fn > 0, tp / (tp + fn));
    out[PPV] = known(tp + fp > 0, tp / (tp + fp));
    out[VS] = known(tp + fp + fn > 0, 1 - fabs(fn - fp) / (2 * tp + fp + fn));
    out[RVD] = known(tp + fn > 0, (fp - fn) / (tp + fn));
}

static void values_equal_brute_force(void **state)
{
    static mask_pair p;
    cm_metric_value got[N_METRICS], expected[N_METRICS];
    int64_t defined = 0;
    (void)state;
    for (uint64_t number = 0; number < PAIRS; number++) {
        pair_make(number, &p);
        score(&p, got);
        brute_overlap_metrics(&p, expected);
        brute_surface_metrics(&p, expected);
        brute_surfel_metrics(&p, expected);
        brute_volume_metrics(&p, expected);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "brute force", m, expected[m], got[m], 1e-12);
        defined += got[HD].state == CM_VALUE_OK;
    }
    assert_true(defined > PAIRS / 2);
}

/* -- laws ------------------------------------------------------------------------------------------------ */

static void laws_between_metrics_hold(void **state)
{
    static mask_pair p;
    cm_metric_value v[N_METRICS];
    (void)state;
    for (uint64_t number = 0; number < PAIRS_OF_A_LAW; number++) {
        pair_make(number, &p);
        score(&p, v);
        if (v[DSC].state == CM_VALUE_OK)
            same(number, "DSC = 2 IOU / (1 + IOU)", DSC, v[DSC],
                 known(true, 2 * v[IOU].value / (1 + v[IOU].value)), 1e-15);
        for (int m = 0; m < N_METRICS; m++)
            if (v[m].state == CM_VALUE_OK && m != RVD) assert_true(v[m].value >= 0 && isfinite(v[m].value));
        if (v[HD].state != CM_VALUE_OK) continue;
        assert_true(v[HD30].value <= v[HD95].value && v[HD95].value <= v[HD].value);
        assert_true(v[ASSD].value <= v[HD].value);
        assert_true(v[HD].value <= cm_grid_diagonal(&p.grid)); /* so that the worst value is the worst */
        assert_true(v[NSD1].value <= v[NSD2].value && v[NSD2].value <= 1);
    }
}

/* Reference and prediction change places: SENS and PPV do, too, and all others but RVD stay. */
static void swapping_the_masks_swaps_the_roles(void **state)
{
    static mask_pair p, swapped;
    cm_metric_value a[N_METRICS], b[N_METRICS];
    (void)state;
    for (uint64_t number = 0; number < PAIRS_OF_A_LAW; number++) {
        pair_make(number, &p);
        swapped = p;
        memcpy(swapped.map[0], p.map[1], sizeof p.map[0]);
        memcpy(swapped.map[1], p.map[0], sizeof p.map[1]);
        score(&p, a);
        score(&swapped, b);
        for (int m = 0; m < N_METRICS; m++) {
            if (m == RVD) continue;
            same(number, "swap", m, a[m], b[m == SENS ? PPV : m == PPV ? SENS : m], 0);
        }
    }
}

/* out voxel = in voxel after the axes are permuted, then flipped. */
static void rearrange(const mask_pair *in, const int axis[3], unsigned flips, mask_pair *out)
{
    out->n_voxels = in->n_voxels;
    for (int i = 0; i < 3; i++) {
        out->grid.n[i] = in->grid.n[axis[i]];
        out->grid.spacing[i] = in->grid.spacing[axis[i]];
    }
    for (int64_t v = 0; v < out->n_voxels; v++) {
        const int64_t to[3] = {v / out->grid.n[2] / out->grid.n[1], v / out->grid.n[2] % out->grid.n[1],
                               v % out->grid.n[2]};
        int64_t from[3];
        for (int i = 0; i < 3; i++)
            from[axis[i]] = flips >> i & 1 ? out->grid.n[i] - 1 - to[i] : to[i];
        const int64_t source_voxel = (from[0] * in->grid.n[1] + from[1]) * in->grid.n[2] + from[2];
        for (int m = 0; m < 2; m++)
            out->map[m][v] = in->map[m][source_voxel];
    }
}

/* Means add in raster order and areas by code, so their last bit may move. */
static void flips_and_axis_order_do_not_matter(void **state)
{
    static const int axes[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static mask_pair p, other;
    cm_metric_value a[N_METRICS], b[N_METRICS];
    (void)state;
    for (uint64_t number = 0; number < PAIRS_OF_A_LAW; number++) {
        pair_make(number, &p);
        const int *axis = axes[number % 6];
        if (axis[0] != 0 && (p.grid.n[0] == 1 || p.grid.n[axis[0]] == 1)) continue; /* 2-D must stay 2-D */
        rearrange(&p, axis, (unsigned)(number / 6 % 8), &other);
        score(&p, a);
        score(&other, b);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "flip or permutation", m, a[m], b[m],
                 m == ASSD || m == MASD || m == AHD || m == NSD_SURFEL ? 1e-14 : 0);
    }
}

static void spacing_scales_distances(void **state)
{
    static mask_pair p, scaled;
    cm_metric_value a[N_METRICS], b[N_METRICS];
    (void)state;
    for (uint64_t number = 0; number < PAIRS_OF_A_LAW; number++) {
        pair_make(number, &p);
        scaled = p;
        for (int i = 0; i < 3; i++)
            scaled.grid.spacing[i] *= 8;
        score(&p, a);
        score(&scaled, b);
        for (int m = 0; m < N_METRICS; m++) {
            if (m == NSD1 || m == NSD2 || m == NSD_SURFEL || m == BAND) continue;
            if (m >= HD && m <= LAST_DISTANCE) a[m].value *= 8;
            same(number, "spacing", m, a[m], b[m], 0);
        }
    }
}

/* Background around a 3-D image changes nothing: outside is background already. */
static void padding_changes_nothing(void **state)
{
    static mask_pair p, padded;
    cm_metric_value a[N_METRICS], b[N_METRICS];
    (void)state;
    for (uint64_t number = 0; number < PAIRS_OF_A_LAW; number++) {
        pair_make(number, &p);
        const bool flat = p.grid.n[0] == 1;
        memset(&padded, 0, sizeof padded);
        padded.grid = p.grid;
        padded.n_voxels = 1;
        for (int i = 0; i < 3; i++) {
            padded.grid.n[i] += i == 0 && flat ? 0 : 2 * MARGIN;
            padded.n_voxels *= padded.grid.n[i];
        }
        for (int64_t v = 0; v < p.n_voxels; v++) {
            const int64_t x = v % p.grid.n[2] + MARGIN, y = v / p.grid.n[2] % p.grid.n[1] + MARGIN;
            const int64_t z = v / p.grid.n[2] / p.grid.n[1] + (flat ? 0 : MARGIN);
            for (int m = 0; m < 2; m++)
                padded.map[m][(z * padded.grid.n[1] + y) * padded.grid.n[2] + x] = p.map[m][v];
        }
        score(&p, a);
        score(&padded, b);
        for (int m = 0; m < N_METRICS; m++)
            same(number, "padding", m, a[m], b[m], 0);
    }
}

/* A larger pair of noisy balls with odd spacing, so that every kernel has several tasks. */
static void threads_do_not_matter(void **state)
{
    enum { NZ = 41, NY = 67, NX = 73, SIZE = NZ * NY * NX };
    static uint16_t map[2][SIZE];
    const uint16_t values[] = {1, 2, 3};
    const cm_target targets[] = {{"1", 1, values}, {"2+3", 2, values + 1}, {"all", 3, values}};
    const cm_pair pair = {map[0], map[1], {{NZ, NY, NX}, {2.7, 0.83, 0.71}}, true};
    cm_metric_value first[3 * N_METRICS], other[3 * N_METRICS];
    (void)state;
    for (int m = 0; m < 2; m++)
        for (int v = 0; v < SIZE; v++) {
            const int z = v / NX / NY, y = v / NX % NY, x = v % NX;
            const double r =
                sqrt((z - 20.0) * (z - 20) * 4 + (y - 30.0 - m) * (y - 30 - m) + (x - 36.0) * (x - 36));
            const double noise = cm_random_uniform(source, 1000000u + (unsigned)m, (uint64_t)v);
            map[m][v] = (uint16_t)(r + 3 * noise < 12   ? 1
                                   : r + 3 * noise < 20 ? 2
                                   : r + 3 * noise < 28 ? 3
                                                        : 0);
        }
    for (int n = 1; n <= 3; n++) {
        cm_threads *pool = NULL;
        cm_backend *be = NULL;
        memset(other, 0, sizeof other);
        assert_int_equal(cm_threads_create(n, &pool, NULL), CM_OK);
        assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
        assert_int_equal(cm_score_segmentation(be, &pair, targets, 3, metrics, N_METRICS, other, NULL, NULL),
                         CM_OK);
        cm_backend_destroy(be);
        cm_threads_destroy(pool);
        if (n == 1) memcpy(first, other, sizeof first);
        for (int i = 0; i < 3 * N_METRICS; i++) {
            assert_int_equal(other[i].state, CM_VALUE_OK);
            same((uint64_t)n, "threads", i % N_METRICS, first[i], other[i], 0);
        }
    }
}

static int prepare(void **state)
{
    (void)state;
    for (int m = 0; m < N_METRICS; m++)
        if (cm_metric_parse(ids[m], &metrics[m], NULL)) return -1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_brute_force),
        cmocka_unit_test(laws_between_metrics_hold),
        cmocka_unit_test(swapping_the_masks_swaps_the_roles),
        cmocka_unit_test(flips_and_axis_order_do_not_matter),
        cmocka_unit_test(spacing_scales_distances),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
