/* Distances between the voxel surfaces of two masks, bands along them, and distances of whole masks. A
 * distance is taken only where it is asked for: at surface voxels, or at voxels of one mask that the other
 * lacks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"
#include "metrics/statistics/sum.h"

static const double in_voxels[3] = {1, 1, 1};

static cm_grid grid_in(const cm_cutout *c, bool voxels)
{
    cm_grid grid = c->grid;
    if (voxels) memcpy(grid.spacing, in_voxels, sizeof grid.spacing);
    return grid;
}

/* Indices of the set voxels (1, others 0), in raster order; eight voxels are looked at together. */
static cm_status list_set(const uint8_t *set, int64_t n_voxels, int64_t **at, int64_t *count, cm_error *err)
{
    int64_t n = 0, i = 0, v = 0;
    for (int64_t k = 0; k < n_voxels; k++)
        n += set[k];
    *at = malloc((size_t)(n + 1) * sizeof **at);
    if (!*at) return cm_measure_no_memory(n_voxels, err);
    for (; v + 8 <= n_voxels; v += 8) {
        uint64_t eight;
        memcpy(&eight, set + v, sizeof eight);
        for (int k = 0; k < 8 && eight; k++)
            if (set[v + k]) (*at)[i++] = v + k;
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
    for (int i = 0; i < 2; i++) {
        free(s->set[i]);
        free(s->at[i]);
    }
}

/* On failure, too, surfaces_fini frees what there is. */
static cm_status surfaces_init(const cm_measuring *m, const cm_cutout *c, surfaces *s, cm_error *err)
{
    *s = (surfaces){.cutout = c, .backend = m->backend};
    for (int i = 0; i < 2; i++) {
        s->set[i] = malloc((size_t)c->n_voxels);
        if (!s->set[i]) return cm_measure_no_memory(c->n_voxels, err);
    }
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

cm_status cm_measure_surfaces(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    if (c->empty[0] || c->empty[1]) return CM_OK;
    if (m->needs[CM_NEEDS_DISTANCES] || m->needs[CM_NEEDS_VOXEL_DISTANCES]) {
        surfaces s;
        st = surfaces_init(m, c, &s, err);
        for (int unit = 0; unit < 2 && !st; unit++) {
            if (!m->needs[unit ? CM_NEEDS_VOXEL_DISTANCES : CM_NEEDS_DISTANCES]) continue;
            st = distances_make(m, &s, unit, &out->distances[unit], err);
            out->has_distances[unit] = !st;
        }
        surfaces_fini(&s);
    }
    if (m->needs[CM_NEEDS_VOLUME_DISTANCES]) {
        for (int i = 0; i < 2 && !st; i++)
            st = volume_sum(m, c, i, &out->volume.sum[i], err);
        out->has_volume = !st;
    }
    return st;
}

/* -- bands ----------------------------------------------------------------------------------------------- */

/* Squared distance of every voxel of a mask to its own surface, in mm or voxels. */
typedef struct depth {
    int64_t *at, n; /* voxels of the mask */
    double *distance2;
} depth;

static cm_status depth_make(const cm_measuring *m, const cm_cutout *c, int which, bool voxels, depth *d,
                            cm_error *err)
{
    const cm_grid grid = grid_in(c, voxels);
    uint8_t *surface = malloc((size_t)c->n_voxels);
    cm_status st = surface ? CM_OK : cm_measure_no_memory(c->n_voxels, err);
    if (!st) st = list_set(c->mask[which], c->n_voxels, &d->at, &d->n, err);
    if (!st) {
        d->distance2 = malloc((size_t)(d->n + 1) * sizeof *d->distance2);
        if (!d->distance2) st = cm_measure_no_memory(c->n_voxels, err);
    }
    if (!st) st = m->backend->ops->mask_surface(m->backend, c->mask[which], c->grid.n, surface, err);
    if (!st) st = distances_at(m, surface, &grid, d->at, d->n, d->distance2, err);
    free(surface);
    return st;
}

/* Bands of a metric: both lists rise, so one walk over both counts common voxels. */
static cm_band_counts count_band(const depth d[2], double tolerance)
{
    cm_band_counts count = {0, 0};
    int64_t i = 0, j = 0;
    while (i < d[0].n || j < d[1].n) {
        const bool first = j == d[1].n || (i < d[0].n && d[0].at[i] <= d[1].at[j]);
        const bool second = i == d[0].n || (j < d[1].n && d[1].at[j] <= d[0].at[i]);
        const bool in_first = first && sqrt(d[0].distance2[i]) < tolerance;
        const bool in_second = second && sqrt(d[1].distance2[j]) < tolerance;
        count.both += in_first && in_second;
        count.either += in_first || in_second;
        i += first;
        j += second;
    }
    return count;
}

cm_status cm_measure_bands(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    for (int unit = 0; unit < 2 && !st; unit++) {
        const cm_metric_needs needs = unit ? CM_NEEDS_VOXEL_BAND : CM_NEEDS_BAND;
        depth d[2] = {{NULL, 0, NULL}, {NULL, 0, NULL}};
        if (!m->needs[needs]) continue;
        for (int i = 0; i < 2 && !st; i++)
            if (!c->empty[i]) st = depth_make(m, c, i, unit, &d[i], err);
        for (int k = 0; k < m->n_metrics && !st; k++)
            if (m->metrics[k].definition->needs == needs)
                out->band[k] = count_band(d, m->metrics[k].tolerance);
        for (int i = 0; i < 2; i++) {
            free(d[i].at);
            free(d[i].distance2);
        }
    }
    return st;
}
