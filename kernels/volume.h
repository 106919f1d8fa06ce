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

#define CM_MAX_HISTOGRAM_LABELS 2048

/* counts[r * n_labels + p]: voxels with reference label index r and prediction label index p. index_of[65536]
 * maps a label value to 0..n_labels-1, or -1 for a value outside the set: voxels with such a value in either
 * map are counted in *outside and nowhere else. counts: [n_labels][n_labels], fully written. Errors:
 * CM_ERR_ARG, CM_ERR_LIMIT (n_labels > CM_MAX_HISTOGRAM_LABELS), CM_ERR_NOMEM (one table per thread). */
cm_status cm_joint_histogram(cm_threads *pool, const uint16_t *reference, const uint16_t *prediction,
                             int64_t n_voxels, const int32_t *index_of, int n_labels, int64_t *counts,
                             int64_t *outside, cm_error *err);

/* The smallest box that holds a set of voxels: lo inclusive, hi exclusive, in order z, y, x. Empty: hi[i] <=
 * lo[i] in every axis. */
typedef struct cm_box {
    int64_t lo[3], hi[3];
} cm_box;

/* boxes[k]: the box of the voxels of `map` whose label index (index_of as above) is k; fully written. Errors:
 * CM_ERR_ARG, CM_ERR_NOMEM. */
cm_status cm_label_boxes(cm_threads *pool, const uint16_t *map, const int64_t n[3], const int32_t *index_of,
                         int n_labels, cm_box *boxes, cm_error *err);

/* surface = mask minus its erosion by the 6-neighbour cross (4-neighbour where nz is 1), outside the image is
 * background. mask, surface: 0 or 1. For nz == 1 the z neighbours do not exist and are not background: a 2-D
 * image is 2-D. */
void cm_mask_surface(const uint8_t *mask, const int64_t n[3], uint8_t *surface);

/* Exact squared Euclidean distance (units of spacing squared) from each voxel to the nearest set voxel of
 * `mask` (values 0 or 1) (Felzenszwalb & Huttenlocher 2012, section 3; separable lower envelopes). distance2:
 * double [nz][ny][nx]. Errors: CM_ERR_EMPTY (no voxel set; distance2 untouched), CM_ERR_NOMEM, CM_ERR_ARG. */
cm_status cm_distance_squared(cm_threads *pool, const uint8_t *mask, const cm_grid *grid, double *distance2,
                              cm_error *err);

/* The same distance, only where it is wanted: distance2[i] belongs to voxel at[i], a raster index (z*ny +
 * y)*nx
 * + x; `at` is increasing. Work and memory follow the wanted voxels: one int32 per voxel of the grid plus a
 * few columns per thread. Errors: CM_ERR_EMPTY (no voxel set), CM_ERR_NOMEM, CM_ERR_ARG, CM_ERR_STOPPED,
 * CM_ERR_TIMEOUT; distance2 is then unspecified. */
cm_status cm_distance_squared_at(cm_threads *pool, const uint8_t *mask, const cm_grid *grid,
                                 const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                 cm_error *err);

/* Connected components of mask != 0. connectivity 6, 18 or 26 (for nz == 1: 4 or 8 by 6 / 26). labels: 0 =
 * background, 1..*count numbered by raster order of first voxel. Errors: CM_ERR_ARG, CM_ERR_NOMEM,
 * CM_ERR_LIMIT (more than 2^31 - 1 runs of voxels); labels is then unspecified. */
cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err);

#endif
