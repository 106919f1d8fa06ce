/* Sliding windows: where they start, how they are weighted, and the accumulators that hold one window depth.
 * Tensor axes are numbered 0 = w (fastest), 1 = h, 2 = d, as in cm_placement. */
#ifndef CM_ENGINE_MODEL_WINDOW_H
#define CM_ENGINE_MODEL_WINDOW_H

#include "engine/base/threads.h"
#include "engine/model/budget.h"
#include "engine/model/tool_spec.h"

/* Windows along one axis of n >= tile voxels, by nnU-Net's rule (compute_steps_for_sliding_window): count =
 * ceil((n - tile) / (tile * (1 - overlap))) + 1, start i = round(i * ((n - tile) / (count - 1))), halves to
 * even. A step is at least one voxel, so that slices (tile 1) come once each. overlap: 0 <= overlap < 1. */
int64_t cm_window_count(int64_t n, int64_t tile, double overlap);
int64_t cm_window_start(int64_t n, int64_t tile, int64_t count, int64_t i);

/* From a prepared grid (by image axis x, y, z) to tensor axes: image axis of each tensor axis, the grid grown
 * to the window or the multiple, and the tile one run of the model sees (1 along the slices of a 2-D model).
 */
typedef struct cm_tiling {
    int axis[3];
    int64_t padded[3], tile[3];
} cm_tiling;
/* size: each 1 .. 2^31. */
void cm_tiling_of(const cm_input_spec *input, const int64_t size[3], cm_tiling *out);

/* Weight of each voxel of a tile along one axis: 1 (CONSTANT), or a Gaussian about voxel tile / 2 (rounded
 * down) with sigma tile / 8, 1 at its centre (GAUSSIAN). The weight in a window is the product over axes,
 * which is what scipy's gaussian_filter of a delta gives after division by its maximum: its truncation at 4
 * sigma lies at or beyond the rim of the tile, so no weight is 0 and nnU-Net's replacement of zeros (made for
 * half precision) has nothing to replace. */
void cm_window_weights(int64_t tile, cm_blending blending, double *weight);

/* The windows of one grid. */
typedef struct cm_windows {
    int64_t size[3], tile[3], count[3];
    int64_t *start[3]; /* [count] */
    double *weight[3]; /* [tile]; all 1 on an axis with one window */
    double *sum[3];    /* [size]: weights of all windows at each index */
} cm_windows;
/* size >= tile on every axis. Errors: CM_ERR_ARG, CM_ERR_NOMEM, CM_ERR_LIMIT (more than 2^31 windows). */
cm_status cm_windows_init(cm_windows *w, const int64_t size[3], const int64_t tile[3], double overlap,
                          cm_blending blending, cm_error *err);
void cm_windows_fini(cm_windows *w);
int64_t cm_windows_total(const cm_windows *w);
/* start of window i (ordered by d, then h, then w). */
void cm_windows_start(const cm_windows *w, int64_t i, int64_t start[3]);

/* Copies a window out of values [channels][d][h][w] into tile [channels][tile d][tile h][tile w], back to
 * front along tensor axis k where bit k of reversed is set. */
void cm_window_cut(const cm_windows *w, const int64_t start[3], unsigned reversed, const float *values,
                   int64_t channels, float *tile, cm_threads *pool);

/* Weighted means of windows for `channels` output channels over tile d + 1 slabs of h x w: those the windows
 * now running touch, and the last finished one. Slab s lives in slot s mod depth. Each window adds its share
 * of the mean, so that no sum is larger than what goes into it, and a slab is final once its last window is
 * in. */
typedef struct cm_ring {
    const cm_windows *windows;
    int64_t channels, depth;
    float *mean; /* [channels][depth][h][w] */
    /* [tile], of the window being added: its weight over the weights of all windows there; exactly 1 where it
     * is the only one. */
    double *share[3];
    cm_budget *budget;
} cm_ring;
int64_t cm_ring_bytes(const int64_t size[3], int64_t tile_d, int64_t channels); /* -1 on overflow */
cm_status cm_ring_init(cm_ring *ring, const cm_windows *windows, int64_t channels, cm_budget *budget,
                       cm_error *err);
void cm_ring_fini(cm_ring *ring);
/* Adds the output [channels][tile d][tile h][tile w] of window i; windows come in order. Its share at a voxel
 * is the product over d, h and w in double precision, rounded once to float. One fixed order of additions per
 * voxel, whatever the thread count. */
void cm_ring_add(cm_ring *ring, int64_t i, const float *output, cm_threads *pool);
/* First channel of a slab; channels are depth * h * w apart. Slab d - 1 stays readable until windows beyond d
 * are added. */
const float *cm_ring_slab(const cm_ring *ring, int64_t d);
/* Clears the slab's slot before the first window that touches it. */
void cm_ring_open(cm_ring *ring, int64_t d, cm_threads *pool);

#endif
