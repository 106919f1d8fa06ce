/* Distances between the surface elements of two masks (kernels/volume.h says what they are). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"
#include "metrics/statistics/key_sort.h"

/* The lattice of corners of a grid. */
static cm_grid lattice_of(const cm_grid *grid)
{
    cm_grid lattice = *grid;
    for (int i = grid->n[0] == 1 ? 1 : 0; i < 3; i++)
        lattice.n[i]++;
    return lattice;
}

static bool is_surface(uint8_t code, uint8_t full)
{
    return code != 0 && code != full;
}

typedef struct corners {
    cm_grid lattice;
    int64_t n_corners;
    uint8_t full;
    uint8_t *codes[2], *set[2]; /* [n_corners] */
    int64_t *at[2], n[2];
    double *distance2; /* of one side after the other */
} corners;

static bool corners_init(corners *k, const uint8_t *const mask[2], const cm_grid *grid)
{
    *k = (corners){.lattice = lattice_of(grid), .full = grid->n[0] == 1 ? 15 : 255};
    k->n_corners = k->lattice.n[0] * k->lattice.n[1] * k->lattice.n[2];
    for (int i = 0; i < 2; i++) {
        k->codes[i] = malloc((size_t)k->n_corners);
        k->set[i] = malloc((size_t)k->n_corners);
        if (!k->codes[i] || !k->set[i]) return false;
        cm_surfel_codes(mask[i], grid->n, k->codes[i]);
        for (int64_t v = 0; v < k->n_corners; v++) {
            k->set[i][v] = is_surface(k->codes[i][v], k->full);
            k->n[i] += k->set[i][v];
        }
        k->at[i] = malloc((size_t)k->n[i] * sizeof *k->at[i]);
        if (!k->at[i]) return false;
        for (int64_t v = 0, j = 0; j < k->n[i]; v++)
            if (k->set[i][v]) k->at[i][j++] = v;
    }
    k->distance2 = malloc((size_t)(k->n[0] > k->n[1] ? k->n[0] : k->n[1]) * sizeof *k->distance2);
    return k->distance2;
}

static void corners_fini(corners *k)
{
    for (int i = 0; i < 2; i++) {
        free(k->codes[i]);
        free(k->set[i]);
        free(k->at[i]);
    }
    free(k->distance2);
}

/* Elements of one side by rising distance; how equal ones are ordered means nothing (metrics/surfel.c). */
static bool order_elements(const corners *k, int side, cm_surfel *out)
{
    const int64_t n = k->n[side];
    uint64_t *key = malloc((size_t)(2 * n) * sizeof *key);
    int32_t *code = malloc((size_t)(2 * n) * sizeof *code);
    const bool good = key && code;
    for (int64_t j = 0; j < n && good; j++) {
        key[j] = cm_sort_key(sqrt(k->distance2[j]));
        code[j] = k->codes[side][k->at[side][j]];
    }
    if (good) cm_sort_keys(key, code, n, key + n, code + n);
    for (int64_t j = 0; j < n && good; j++) {
        memset(&out[j], 0, sizeof out[j]);
        out[j].distance = cm_sort_value(key[j]);
        out[j].code = (uint8_t)code[j];
    }
    free(key);
    free(code);
    return good;
}

cm_status cm_surfels_between(cm_backend *backend, const uint8_t *const mask[2], const cm_grid *grid,
                             const cm_stop *stop, cm_surfel_distances *out, cm_error *err)
{
    corners k;
    cm_status st = corners_init(&k, mask, grid) ? CM_OK : cm_measure_no_memory(k.n_corners, err);
    cm_surfel_areas(grid->spacing, grid->n[0] == 1, out->area);
    for (int i = 0; i < 2 && !st; i++) {
        out->n[i] = k.n[i];
        if (k.n[i] > INT32_MAX)
            st = CM_FAIL(err, CM_ERR_LIMIT, .what = "too many surface elements",
                         .why = cm_strf("%lld, at most %d", (long long)k.n[i], INT32_MAX).s);
        if (st) break;
        st = backend->ops->distance_squared_at(backend, k.set[1 - i], &k.lattice, k.at[i], k.n[i],
                                               k.distance2, stop, err);
        if (st) break;
        out->at[i] = malloc((size_t)k.n[i] * sizeof *out->at[i]);
        if (!out->at[i] || !order_elements(&k, i, out->at[i])) st = cm_measure_no_memory(k.n_corners, err);
    }
    corners_fini(&k);
    return st;
}

void cm_surfels_fini(cm_surfel_distances *surfels)
{
    free(surfels->at[0]);
    free(surfels->at[1]);
    surfels->at[0] = surfels->at[1] = NULL;
}

cm_status cm_measure_surfels(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    const uint8_t *const mask[2] = {c->mask[0], c->mask[1]};
    cm_status st = CM_OK;
    if (c->empty[0] || c->empty[1]) return CM_OK;
    for (int unit = 0; unit < 2 && !st; unit++) {
        cm_grid grid = c->grid;
        if (!m->needs[unit ? CM_NEEDS_VOXEL_SURFELS : CM_NEEDS_SURFELS]) continue;
        if (unit) grid.spacing[0] = grid.spacing[1] = grid.spacing[2] = 1;
        st = cm_surfels_between(m->backend, mask, &grid, m->stop, &out->surfels[unit], err);
        out->has_surfels[unit] = !st;
    }
    return st;
}
