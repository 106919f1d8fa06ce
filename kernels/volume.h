/* Operations on label maps and masks, [nz][ny][nx]. For the metrics and the clean-up of predictions. Pure
 * functions; same bits for any thread count; thread-safe for distinct outputs. */
#ifndef CM_KERNELS_VOLUME_H
#define CM_KERNELS_VOLUME_H

#include "engine/base/status.h"
#include "engine/base/threads.h"

/* Shapes as z, y, x counts; spacing as z, y, x. (kernels/ knows no image type.) */
typedef struct cm_grid {
    int64_t n[3];
    double spacing[3];
} cm_grid;

/* counts[r * n_labels + p]: voxels with reference label index r and prediction label index p. index_of[65536]
 * maps a label value to 0..n_labels-1, or -1 for a value outside the set: those voxels are counted in
 * *outside and nowhere else. */
cm_status cm_joint_histogram(cm_threads *pool, const uint16_t *reference, const uint16_t *prediction,
                             int64_t n_voxels, const int32_t *index_of, int n_labels, int64_t *counts,
                             int64_t *outside, cm_error *err);

/* surface = mask minus its erosion by the 6-neighbour cross (4-neighbour where nz is 1), outside the image is
 * background. mask, surface: 0 or 1. For nz == 1 the z neighbours do not exist and are not background: a 2-D
 * image is 2-D. */
void cm_mask_surface(const uint8_t *mask, const int64_t n[3], uint8_t *surface);

/* Exact squared Euclidean distance (units of spacing squared) from each voxel to the nearest set voxel of
 * `mask` (Felzenszwalb & Huttenlocher 2012, section 3; separable lower envelopes). distance2: double
 * [nz][ny][nx]. Errors: CM_ERR_EMPTY (no voxel set; distance2 untouched), CM_ERR_NOMEM, CM_ERR_ARG. */
cm_status cm_distance_squared(cm_threads *pool, const uint8_t *mask, const cm_grid *grid, double *distance2,
                              cm_error *err);

/* Connected components of mask != 0. connectivity 6, 18 or 26 (for nz == 1: 4 or 8 by 6 / 26). labels: 0 =
 * background, 1..*count numbered by raster order of first voxel. */
cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err);

#endif
