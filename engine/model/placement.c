/* Composition of the geometric steps as one table per axis. */
#include "engine/model/placement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/elementary.h"

cm_status cm_placement_init(cm_placement *p, const int64_t stored[3], const double spacing_mm[3],
                            cm_error *err)
{
    memset(p, 0, sizeof *p);
    for (int k = 0; k < 3; k++) {
        if (stored[k] < 1) return CM_FAIL(err, CM_ERR_ARG, .what = "an image axis has no voxel");
        p->stored[k] = p->size[k] = stored[k];
        p->axis[k] = k;
        p->spacing_mm[k] = spacing_mm[k];
        p->position[k] = malloc((size_t)stored[k] * sizeof *p->position[k]);
        p->inside[k] = malloc((size_t)stored[k]);
        if (!p->position[k] || !p->inside[k])
            return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the tables of a grid");
        memset(p->inside[k], 1, (size_t)stored[k]);
        for (int64_t i = 0; i < stored[k]; i++)
            p->position[k][i] = (double)i;
    }
    return CM_OK;
}

void cm_placement_fini(cm_placement *p)
{
    for (int k = 0; k < 3; k++) {
        free(p->position[k]);
        free(p->inside[k]);
    }
    memset(p, 0, sizeof *p);
}

void cm_placement_map(cm_placement *p, cm_axis_map map)
{
    const cm_placement old = *p;
    for (int k = 0; k < 3; k++) {
        int from = map.axis[k];
        p->axis[k] = old.axis[from];
        p->size[k] = old.size[from];
        p->spacing_mm[k] = old.spacing_mm[from];
        p->position[k] = old.position[from];
        p->inside[k] = old.inside[from];
        if (!map.flip[k]) continue;
        for (int64_t i = 0; i < p->stored[p->axis[k]]; i++)
            p->position[k][i] = (double)(p->size[k] - 1) - p->position[k][i];
    }
}

void cm_placement_pad(cm_placement *p, int k, int64_t before, int64_t n)
{
    for (int64_t i = 0; i < p->stored[p->axis[k]]; i++)
        p->position[k][i] += (double)before;
    p->size[k] = n;
}

void cm_placement_crop(cm_placement *p, int k, int64_t low, int64_t high)
{
    for (int64_t i = 0; i < p->stored[p->axis[k]]; i++) {
        double nearest = floor(p->position[k][i] + 0.5);
        if (nearest < (double)low || nearest >= (double)high) p->inside[k][i] = 0;
        p->position[k][i] -= (double)low;
    }
    p->size[k] = high - low;
}

void cm_placement_resample(cm_placement *p, int k, cm_grid_align align, int64_t n, double spacing_mm)
{
    double edge_ratio = (double)n / (double)p->size[k];
    double centre_ratio = p->spacing_mm[k] / spacing_mm;
    for (int64_t i = 0; i < p->stored[p->axis[k]]; i++) {
        double c = p->position[k][i];
        c = align == CM_ALIGN_EDGES ? (c + 0.5) * edge_ratio - 0.5 : c * centre_ratio;
        p->position[k][i] = cm_clamp(c, 0.0, (double)(n - 1));
    }
    p->size[k] = n;
    p->spacing_mm[k] = spacing_mm;
}

cm_status cm_taps_init(cm_taps *taps, const cm_placement *p, int k, cm_error *err)
{
    int64_t n = p->stored[p->axis[k]];
    *taps = (cm_taps){
        .n = n,
        .lower = calloc((size_t)n, sizeof *taps->lower),
        .upper = calloc((size_t)n, sizeof *taps->upper),
        .weight = calloc((size_t)n, sizeof *taps->weight),
        .inside = calloc((size_t)n, 1),
    };
    if (!taps->lower || !taps->upper || !taps->weight || !taps->inside) {
        cm_taps_fini(taps);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the tables of a grid");
    }
    for (int64_t i = 0; i < n; i++) {
        if (!p->inside[k][i]) continue;
        /* A resampled voxel on the rim of a crop may lie up to half a voxel outside: the rim value holds. */
        double c = cm_clamp(p->position[k][i], 0.0, (double)(p->size[k] - 1));
        taps->inside[i] = 1;
        taps->lower[i] = (int64_t)floor(c);
        taps->weight[i] = (float)(c - floor(c));
        if (taps->weight[i] >= 1.0f) { /* rounded up: the next voxel itself */
            taps->lower[i]++;
            taps->weight[i] = 0.0f;
        }
        taps->upper[i] = taps->weight[i] > 0.0f ? taps->lower[i] + 1 : taps->lower[i];
    }
    return CM_OK;
}

void cm_taps_fini(cm_taps *taps)
{
    free(taps->lower);
    free(taps->upper);
    free(taps->weight);
    free(taps->inside);
    memset(taps, 0, sizeof *taps);
}
