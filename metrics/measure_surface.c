/* Distances between the voxel surfaces of two masks, bands along them, and distances of whole masks. A
 * distance is taken only where it is asked for: at surface voxels, or at voxels of one mask that the other
 * lacks. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pages.h"
#include "metrics/measure_internal.h"
#include "metrics/statistics/sum.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first of eight voxels is the lowest byte");

static const uint64_t ONES = UINT64_C(0x0101010101010101); /* times eight bytes: their sum in the highest */
static const double in_voxels[3] = {1, 1, 1};

static cm_grid grid_in(const cm_cutout *c, bool voxels)
{
    cm_grid grid = c->grid;
    if (voxels) memcpy(grid.spacing, in_voxels, sizeof grid.spacing);
    return grid;
}

static int64_t count_set(const uint8_t *set, int64_t n_voxels)
{
    int64_t n = 0, v = 0;
    for (; v + 8 <= n_voxels; v += 8) {
        uint64_t eight;
        memcpy(&eight, set + v, sizeof eight);
        n += (int64_t)(eight * ONES >> 56);
    }
    for (; v < n_voxels; v++)
        n += set[v];
    return n;
}

/* Indices of the set voxels (1, others 0), in raster order; of eight voxels only those that are set are
 * looked at, by the lowest bit of their number. */
static cm_status list_set(const uint8_t *set, int64_t n_voxels, int64_t **at, int64_t *count, cm_error *err)
{
    const int64_t n = count_set(set, n_voxels);
    int64_t i = 0, v = 0;
    *at = malloc((size_t)(n + 1) * sizeof **at);
    if (!*at) return cm_measure_no_memory(n_voxels, err);
    for (; v + 8 <= n_voxels; v += 8) {
        uint64_t eight;
        memcpy(&eight, set + v, sizeof eight);
        for (; eight; eight &= eight - 1)
            (*at)[i++] = v + __builtin_ctzll(eight) / 8;
    }
    for (; v < n_voxels; v++)
        if (set[v]) (*at)[i++] = v;
    *count = n;
    return CM_OK;
}

static cm_status distances_at(const cm_measuring *m, const uint8_t *mask, const cm_grid *grid,
                              const int64_t *at, int64_t n, double *distance2, cm_error *err)
{
    return m->backend->ops->distance_squared_at(m->backend, mask, grid, at, n, distance2, m->stop, err);
}

/* -- surfaces -------------------------------------------------------------------------------------------- */

typedef struct surfaces {
    const cm_cutout *cutout;
    uint8_t *set[2];
    int64_t *at[2], n[2];
    cm_backend *backend;
    cm_status status[2];
    cm_error error[2];
} surfaces;

static void surface_task(void *context, int64_t which, int worker)
{
    surfaces *s = context;
    (void)worker;
    cm_error *err = &s->error[which];
    cm_status st = s->backend->ops->mask_surface(s->backend, s->cutout->mask[which], s->cutout->grid.n,
                                                 s->set[which], err);
    if (!st) st = list_set(s->set[which], s->cutout->n_voxels, &s->at[which], &s->n[which], err);
    s->status[which] = st;
}

static void surfaces_fini(surfaces *s)
{
    free(s->set[0]); /* one allocation holds both */
    free(s->at[0]);
    free(s->at[1]);
}

/* On failure, too, surfaces_fini frees what there is. */
static cm_status surfaces_init(const cm_measuring *m, const cm_cutout *c, surfaces *s, cm_error *err)
{
    *s = (surfaces){.cutout = c, .backend = m->backend};
    s->set[0] = cm_large_malloc(2 * (size_t)c->n_voxels);
    if (!s->set[0]) return cm_measure_no_memory(2 * c->n_voxels, err);
    s->set[1] = s->set[0] + c->n_voxels;
    cm_threads_for(m->backend->pool, 2, surface_task, s);
    const int failed = s->status[0] ? 0 : 1;
    if (s->status[failed] && err) *err = s->error[failed];
    return s->status[failed];
}

static double root_all(double *values, int64_t n)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        values[i] = sqrt(values[i]);
        cm_sum_add(&sum, values[i]);
    }
    return cm_sum_value(&sum);
}

/* One allocation holds both directions twice: once by direction, once together. */
static cm_status distances_make(const cm_measuring *m, const surfaces *s, bool voxels,
                                cm_surface_distances *d, cm_error *err)
{
    const cm_grid grid = grid_in(s->cutout, voxels);
    const int64_t n = s->n[0] + s->n[1];
    d->n_reference = s->n[0];
    d->n_prediction = s->n[1];
    d->both = malloc((size_t)(2 * n) * sizeof *d->both);
    if (!d->both) return cm_measure_no_memory(s->cutout->n_voxels, err);
    d->of_reference = d->both + n;
    d->of_prediction = d->of_reference + s->n[0];
    cm_status st = distances_at(m, s->set[1], &grid, s->at[0], s->n[0], d->of_reference, err);
    if (!st) st = distances_at(m, s->set[0], &grid, s->at[1], s->n[1], d->of_prediction, err);
    if (st) return st;
    d->sum_reference = root_all(d->of_reference, d->n_reference);
    d->sum_prediction = root_all(d->of_prediction, d->n_prediction);
    memcpy(d->both, d->of_reference, (size_t)n * sizeof *d->both);
    return CM_OK;
}

/* Sum over the voxels of mask `from` of the distance to the other mask. */
static cm_status volume_sum(const cm_measuring *m, const cm_cutout *c, int from, double *sum, cm_error *err)
{
    const int to = 1 - from;
    int64_t *at = NULL, n = 0;
    double *distance2 = NULL;
    uint8_t *outside = malloc((size_t)c->n_voxels);
    if (!outside) return cm_measure_no_memory(c->n_voxels, err);
    for (int64_t v = 0; v < c->n_voxels; v++)
        outside[v] = (uint8_t)(c->mask[from][v] & (c->mask[to][v] ^ 1));
    cm_status st = list_set(outside, c->n_voxels, &at, &n, err);
    free(outside);
    if (!st) {
        distance2 = malloc((size_t)(n + 1) * sizeof *distance2);
        if (!distance2) st = cm_measure_no_memory(c->n_voxels, err);
    }
    if (!st) st = distances_at(m, c->mask[to], &c->grid, at, n, distance2, err);
    if (!st) *sum = root_all(distance2, n);
    free(distance2);
    free(at);
    return st;
}

/* -- bands ----------------------------------------------------------------------------------------------- */

/* A band that no voxel beside the surface lies in: the nearest is further than the tolerance allows. */
static bool is_surface_alone(const cm_grid *grid, double tolerance)
{
    for (int i = 0; i < 3; i++)
        if (grid->n[i] > 1 && sqrt(grid->spacing[i] * grid->spacing[i]) < tolerance) return false;
    return tolerance > 0;
}

/* Of bytes 0 and 1, eight at a time. */
static cm_band_counts count_bands(const uint8_t *first, const uint8_t *second, int64_t n)
{
    cm_band_counts count = {0, 0};
    int64_t v = 0;
    for (; v + 8 <= n; v += 8) {
        uint64_t a, b;
        memcpy(&a, first + v, sizeof a);
        memcpy(&b, second + v, sizeof b);
        count.both += (int64_t)((a & b) * ONES >> 56);
        count.either += (int64_t)((a | b) * ONES >> 56);
    }
    for (; v < n; v++) {
        count.both += first[v] & second[v];
        count.either += first[v] | second[v];
    }
    return count;
}

/* Bands of one metric; near: two masks, made where they are needed. */
static cm_status band_make(const cm_measuring *m, const surfaces *s, const cm_metric *metric,
                           uint8_t *near[2], cm_band_counts *count, cm_error *err)
{
    const cm_cutout *c = s->cutout;
    const cm_grid grid = grid_in(c, metric->definition->needs == CM_NEEDS_VOXEL_BAND);
    if (is_surface_alone(&grid, metric->tolerance)) {
        *count = count_bands(s->set[0], s->set[1], c->n_voxels);
        return CM_OK;
    }
    cm_status st = CM_OK;
    for (int i = 0; i < 2 && !st; i++) {
        if (!near[i]) near[i] = malloc((size_t)c->n_voxels);
        if (!near[i]) return cm_measure_no_memory(c->n_voxels, err);
        st = m->backend->ops->mask_within(m->backend, c->mask[i], s->set[i], &grid, metric->tolerance,
                                          near[i], m->stop, err);
    }
    if (!st) *count = count_bands(near[0], near[1], c->n_voxels);
    return st;
}

static cm_status bands_make(const cm_measuring *m, const surfaces *s, cm_measured *out, cm_error *err)
{
    uint8_t *near[2] = {NULL, NULL};
    cm_status st = CM_OK;
    for (int k = 0; k < m->n_metrics && !st; k++) {
        const cm_metric_needs needs = m->metrics[k].definition->needs;
        if (needs == CM_NEEDS_BAND || needs == CM_NEEDS_VOXEL_BAND)
            st = band_make(m, s, &m->metrics[k], near, &out->band[k], err);
    }
    free(near[0]);
    free(near[1]);
    return st;
}

/* -- all that is measured along surfaces ------------------------------------------------------------------
 */

cm_status cm_measure_surfaces(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    static const cm_metric_needs distances[2] = {CM_NEEDS_DISTANCES, CM_NEEDS_VOXEL_DISTANCES};
    const bool have_both = !c->empty[0] && !c->empty[1];
    const bool bands = m->needs[CM_NEEDS_BAND] || m->needs[CM_NEEDS_VOXEL_BAND];
    cm_status st = CM_OK;
    if (bands || (have_both && (m->needs[distances[0]] || m->needs[distances[1]]))) {
        surfaces s;
        st = surfaces_init(m, c, &s, err);
        for (int unit = 0; unit < 2 && !st && have_both; unit++) {
            if (!m->needs[distances[unit]]) continue;
            st = distances_make(m, &s, unit, &out->distances[unit], err);
            out->has_distances[unit] = !st;
        }
        if (!st && bands) st = bands_make(m, &s, out, err);
        surfaces_fini(&s);
    }
    if (m->needs[CM_NEEDS_VOLUME_DISTANCES] && have_both) {
        for (int i = 0; i < 2 && !st; i++)
            st = volume_sum(m, c, i, &out->volume.sum[i], err);
        out->has_volume = !st;
    }
    return st;
}
