/* Where every stored voxel lies on the grid a model sees, axis by axis. Orientation, padding, cropping and
 * resampling all keep axes apart, so their whole composition is three one-dimensional tables; predictions
 * come back by looking up. Pure, one thread per object. */
#ifndef CM_ENGINE_MODEL_PLACEMENT_H
#define CM_ENGINE_MODEL_PLACEMENT_H

#include "engine/image/geometry.h"
#include "engine/model/tool_spec.h"

/* Axes are numbered 0 = x (fastest), 1 = y, 2 = z, in both grids. */
typedef struct cm_placement {
    int64_t stored[3]; /* sizes of the stored grid */
    int axis[3];       /* current axis k runs along stored axis axis[k] */
    int64_t size[3];   /* sizes of the current grid */
    double spacing_mm[3];
    /* Per current axis k, for each index of stored axis axis[k]: position on the current axis, and whether
     * the voxel is still there (not cropped away). */
    double *position[3];
    uint8_t *inside[3];
} cm_placement;

/* Errors: CM_ERR_ARG (a size < 1), CM_ERR_NOMEM; fini is safe after a failure. */
cm_status cm_placement_init(cm_placement *p, const int64_t stored[3], const double spacing_mm[3],
                            cm_error *err);
void cm_placement_fini(cm_placement *p);
void cm_placement_map(cm_placement *p, cm_axis_map map);
/* `before` voxels come first, the axis then has n (>= size). */
void cm_placement_pad(cm_placement *p, int k, int64_t before, int64_t n);
/* Keeps low <= index < high; a stored voxel stays when the current voxel nearest to it does. */
void cm_placement_crop(cm_placement *p, int k, int64_t low, int64_t high);
/* The axis gets n voxels of spacing_mm; see cm_resample_size. */
void cm_placement_resample(cm_placement *p, int k, cm_grid_align align, int64_t n, double spacing_mm);

/* Linear interpolation on current axis k at every index of its stored axis. Errors: CM_ERR_NOMEM. */
cm_status cm_taps_init(cm_taps *taps, const cm_placement *p, int k, cm_error *err);
void cm_taps_fini(cm_taps *taps);

#endif
