/* What was measured of a target, as the facts of one metric. */
#include "metrics/measure_internal.h"

#include <stdlib.h>

cm_status cm_measure_no_memory(int64_t n_voxels, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to score a segmentation",
                   .why = cm_strf("for %lld voxels", (long long)n_voxels).s);
}

cm_status cm_measured_init(const cm_measuring *m, cm_measured *out, cm_error *err)
{
    const size_t n = (size_t)m->n_metrics;
    *out = (cm_measured){.n_metrics = m->n_metrics};
    if (m->needs[CM_NEEDS_BAND] || m->needs[CM_NEEDS_VOXEL_BAND]) {
        out->band = calloc(n, sizeof *out->band);
        if (!out->band) return cm_measure_no_memory(0, err);
    }
    if (m->needs[CM_NEEDS_BRATS]) {
        out->brats = calloc(n, sizeof *out->brats);
        if (!out->brats) return cm_measure_no_memory(0, err);
    }
    if (m->needs[CM_NEEDS_SLICES]) {
        out->slices = calloc(n, sizeof *out->slices);
        if (!out->slices) return cm_measure_no_memory(0, err);
    }
    if (m->needs[CM_NEEDS_LESIONS]) {
        out->lesions = calloc(n, sizeof *out->lesions);
        if (!out->lesions) return cm_measure_no_memory(0, err);
    }
    return CM_OK;
}

void cm_measured_fini(cm_measured *measured)
{
    for (int i = 0; i < 2; i++) {
        free(measured->distances[i].both);
        cm_surfels_fini(&measured->surfels[i]);
        free(measured->meshes[i].at[0]);
        free(measured->meshes[i].at[1]);
    }
    free(measured->band);
    free(measured->brats);
    free(measured->slices);
    for (int i = 0; measured->lesions && i < measured->n_metrics; i++)
        free(measured->lesions[i].scores);
    free(measured->lesions);
}

void cm_measured_facts(const cm_measured *measured, const cm_metric *metric, int index, cm_mask_facts *facts)
{
    switch (metric->definition->needs) {
    case CM_NEEDS_DISTANCES:
    case CM_NEEDS_VOXEL_DISTANCES: {
        const int unit = metric->definition->needs == CM_NEEDS_VOXEL_DISTANCES;
        facts->distances = measured->has_distances[unit] ? &measured->distances[unit] : NULL;
        break;
    }
    case CM_NEEDS_SURFELS:
    case CM_NEEDS_VOXEL_SURFELS: {
        const int unit = metric->definition->needs == CM_NEEDS_VOXEL_SURFELS;
        facts->surfels = measured->has_surfels[unit] ? &measured->surfels[unit] : NULL;
        break;
    }
    case CM_NEEDS_MESH:
    case CM_NEEDS_VOXEL_MESH: {
        const int unit = metric->definition->needs == CM_NEEDS_VOXEL_MESH;
        facts->meshes = measured->has_meshes[unit] ? &measured->meshes[unit] : NULL;
        break;
    }
    case CM_NEEDS_BAND:
    case CM_NEEDS_VOXEL_BAND:
        facts->band = &measured->band[index];
        break;
    case CM_NEEDS_VOLUME_DISTANCES:
        facts->volume = measured->has_volume ? &measured->volume : NULL;
        break;
    case CM_NEEDS_SKELETONS:
        facts->skeletons = measured->has_skeletons ? &measured->skeletons : NULL;
        break;
    case CM_NEEDS_TOPOLOGY:
        facts->topology = &measured->topology;
        break;
    case CM_NEEDS_LESIONS:
        facts->lesions = &measured->lesions[index];
        break;
    case CM_NEEDS_BRATS:
        facts->brats = &measured->brats[index];
        break;
    case CM_NEEDS_SLICES:
        facts->slices = &measured->slices[index];
        break;
    case CM_NEEDS_PROBABILITIES:
        facts->soft = &measured->soft;
        break;
    case CM_NEEDS_COUNTS:
    case CM_NEEDS_LABELS:
    case CM_NEEDS_COUNT:
        break;
    }
}
