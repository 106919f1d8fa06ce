/* Skeletons of both masks and where they lie, and Betti numbers. */
#include <stdlib.h>

#include "metrics/measure_internal.h"

static cm_status measure_skeletons(const cm_measuring *m, const cm_cutout *c, cm_skeleton_counts *out,
                                   cm_error *err)
{
    cm_status st = CM_OK;
    uint8_t *skeleton = malloc((size_t)c->n_voxels);
    if (!skeleton) return cm_measure_no_memory(c->n_voxels, err);
    for (int i = 0; i < 2 && !st; i++) {
        st = cm_mask_thin(c->mask[i], c->grid.n, skeleton, m->stop, err);
        for (int64_t v = 0; v < c->n_voxels && !st; v++) {
            out->n[i] += skeleton[v];
            out->inside[i] += skeleton[v] & c->mask[1 - i][v];
        }
    }
    free(skeleton);
    return st;
}

cm_status cm_measure_shapes(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    if (m->needs[CM_NEEDS_SKELETONS] && !c->empty[0] && !c->empty[1]) {
        st = measure_skeletons(m, c, &out->skeletons, err);
        out->has_skeletons = !st;
    }
    for (int i = 0; i < 2 && !st && m->needs[CM_NEEDS_TOPOLOGY]; i++)
        if (!c->empty[i]) st = cm_betti_numbers(c->mask[i], c->grid.n, out->topology.betti[i], err);
    return st;
}
