/* Measuring one target of one case: a cutout of the image goes in, facts (metrics/facts.h) come out. Only
 * score.c and measure_*.c use this header. [0] is the reference, [1] the prediction. */
#ifndef CM_METRICS_MEASURE_INTERNAL_H
#define CM_METRICS_MEASURE_INTERNAL_H

#include "kernels/backend.h"
#include "metrics/facts.h"
#include "metrics/segmentation.h"

/* A target cut out of the image by the bounding box of both masks. What lies outside is background, as is
 * what lies outside an image. grid.n[0] is 1 for 2-D images only. */
typedef struct cm_cutout {
    cm_grid grid;
    int64_t n_voxels;
    uint8_t *mask[2]; /* [n_voxels]: 0 or 1 */
    bool empty[2];    /* at most one */
    cm_grid image;    /* what it was cut from */
} cm_cutout;

typedef struct cm_measuring {
    cm_backend *backend;
    const cm_metric *metrics;
    int n_metrics;
    const cm_stop *stop;
    bool needs[CM_NEEDS_COUNT]; /* some metric does */
} cm_measuring;

/* Start with zeros; cm_measured_fini frees whatever is there. */
typedef struct cm_measured {
    int n_metrics;
    cm_surface_distances distances[2]; /* in mm, in voxels */
    cm_surfel_distances surfels[2];
    cm_mesh_distances meshes[2];
    cm_volume_distances volume;
    cm_skeleton_counts skeletons;
    cm_topology topology;
    cm_soft_overlap soft;
    bool has_distances[2], has_surfels[2], has_meshes[2], has_volume, has_skeletons;
    cm_band_counts *band;    /* [n_metrics], NULL without such a metric */
    cm_brats_counts *brats;  /* [n_metrics], NULL without such a metric */
    cm_slice_values *slices; /* [n_metrics], NULL without such a metric */
    cm_lesion_counts *lesions;
} cm_measured;

/* Room for `band`, `brats`, `slices` and `lesions`. Errors: CM_ERR_NOMEM. */
cm_status cm_measured_init(const cm_measuring *m, cm_measured *out, cm_error *err);
void cm_measured_fini(cm_measured *measured);

/* Each fills the parts of *out that its name says and some metric needs, and leaves out what an empty mask
 * does not have. Errors: CM_ERR_NOMEM, CM_ERR_LIMIT, CM_ERR_STOPPED, CM_ERR_TIMEOUT; *out may then be
 * incomplete. */
cm_status cm_measure_surfaces(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_surfels(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_meshes(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_shapes(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_lesions(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_slices(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);
cm_status cm_measure_brats(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err);

/* Sums of pair->probability over the whole image. in_target: [65536], 1 for label values of the target.
 * Errors: CM_ERR_NOMEM. */
cm_status cm_measure_soft(const cm_measuring *m, const cm_pair *pair, const uint8_t *in_target,
                          cm_measured *out, cm_error *err);

/* The parts of a metric's facts that were measured. */
void cm_measured_facts(const cm_measured *measured, const cm_metric *metric, int index, cm_mask_facts *facts);

/* Surface elements of two masks that are not empty. Caller frees with cm_surfels_fini, also after a failure.
 */
cm_status cm_surfels_between(cm_backend *backend, const uint8_t *const mask[2], const cm_grid *grid,
                             const cm_stop *stop, cm_surfel_distances *out, cm_error *err);
void cm_surfels_fini(cm_surfel_distances *surfels);

typedef struct cm_lesion_overlap {
    int32_t reference, prediction; /* lesion numbers from 0 */
    int64_t voxels;                /* > 0 */
} cm_lesion_overlap;

/* Overlaps of two label maps (0 = nothing, 1..n), ordered by reference, then prediction. Caller frees *out.
 */
cm_status cm_overlaps_count(const int32_t *reference, const int32_t *prediction, int64_t n_voxels,
                            cm_lesion_overlap **out, int64_t *count, cm_error *err);

/* Lesions (connected components) of both masks in raster order of their first voxel. */
typedef struct cm_lesions {
    int64_t n[2];
    int64_t *size[2];      /* [n]: voxels */
    int64_t *covered[2];   /* [n]: voxels that are set in the other mask */
    uint8_t *hit[2];       /* [n]: written by cm_lesions_match */
    int64_t *partner_size; /* [n[0]]: voxels of the predicted lesion of a hit (the largest); by the same */
    int64_t n_overlaps;    /* pairs that share a voxel */
    cm_lesion_overlap *overlaps; /* as by cm_overlaps_count */
} cm_lesions;

/* Volume of so many voxels, to 14 decimal digits. Spacings are decimals: 100 voxels of 0.7 x 0.1 x 1 mm are 7
 * mm3 and no less, and equal volumes in images of different spacing are equal. */
double cm_lesion_volume(int64_t voxels, double voxel_volume);

/* Caller frees with cm_lesions_fini, also after a failure. Errors: CM_ERR_NOMEM, CM_ERR_LIMIT. */
cm_status cm_lesions_find(cm_backend *backend, const cm_cutout *c, int connectivity, cm_lesions *out,
                          cm_error *err);
void cm_lesions_fini(cm_lesions *lesions);

/* Applies the rule of the metric (matching.c): fills hit, hits and the sums of *out. False: no memory. */
bool cm_lesions_match(cm_lesions *lesions, const cm_metric *metric, cm_lesion_counts *out);

/* Value of a metric of a cohort for a cohort of one case. keep: takes the evidence; NULL: nobody wants it. */
struct cm_evidence;
cm_status cm_gathered_case(const cm_metric *metric, const cm_mask_facts *facts, struct cm_evidence *keep,
                           bool *defined, double *value, cm_error *err);

struct cm_gathered;
/* What the metric of `gathered` sees, its metric as result; borrows. */
const cm_metric *cm_gathered_get_facts(const struct cm_gathered *gathered, const int32_t *weight,
                                       cm_gathered_facts *facts);

cm_status cm_measure_no_memory(int64_t n_voxels, cm_error *err);

#endif
