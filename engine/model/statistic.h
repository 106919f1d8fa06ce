/* Figures of an image that a preparation step normalises by. Exact where they can be (extremes, percentiles);
 * sums in double, per z-slab and then over slabs in order, so the same bits for any thread count. */
#ifndef CM_ENGINE_MODEL_STATISTIC_H
#define CM_ENGINE_MODEL_STATISTIC_H

#include "engine/base/threads.h"
#include "engine/model/tool_spec.h"

/* A box of voxels by axis x, y, z; high is exclusive. */
typedef struct cm_extent {
    int64_t low[3], high[3];
} cm_extent;

/* Channels first .. first + channels - 1 of values [c][z][y][x], those voxels inside the box, and with
 * positive_only those of them > 0. All values must be finite. */
typedef struct cm_selection {
    const float *values;
    int64_t size[3]; /* x, y, z */
    int64_t first, channels;
    cm_extent box;
    bool positive_only;
} cm_selection;

/* Errors of all: CM_ERR_EMPTY (no voxel is selected), CM_ERR_NOMEM. */
/* sd: n - 1 in the denominator with sample_sd (0 when n is 1), else n. */
cm_status cm_statistic_moments(cm_threads *pool, const cm_selection *s, bool sample_sd, double *mean,
                               double *sd, cm_error *err);
cm_status cm_statistic_range(cm_threads *pool, const cm_selection *s, double *minimum, double *maximum,
                             cm_error *err);
/* percent: 0..100; linear interpolation between order statistics (type 7, numpy's default). */
cm_status cm_statistic_percentiles(const cm_selection *s, const double percent[2], double value[2],
                                   cm_error *err);

#endif
