/* Changing the spacing of a volume, one axis at a time. */
#ifndef CM_ENGINE_MODEL_RESAMPLE_H
#define CM_ENGINE_MODEL_RESAMPLE_H

#include "engine/base/threads.h"
#include "engine/model/tool_spec.h"

/* Size and true spacing of an axis of n voxels brought from spacing_mm to wanted_mm.
 * Edges: size = rule(n * spacing / wanted), at least 1; the outer edges stay, so the true spacing is n *
 * spacing / size (as scikit-image's resize and nnU-Net do it). Centres: size = rule((n - 1) * spacing /
 * wanted) + 1, the first centres coincide and the spacing is the wanted one (as ITK and MONAI do it). round
 * is to the nearest, halves to even, as numpy. Errors: CM_ERR_LIMIT (size > 65,536). */
cm_status cm_resample_size(int64_t n, double spacing_mm, double wanted_mm, cm_grid_align align,
                           cm_size_rule rule, int64_t *size, double *true_mm, cm_error *err);

/* in: [outer][n][inner], out: [outer][size][inner], may not alias. Output voxel i lies at c = (i + 0.5) *
 * n / size - 0.5 (edges) or i * true_mm / spacing_mm (centres) of the input. NEAREST: voxel floor(c + 0.5).
 * LINEAR: between the two neighbours. CUBIC: the interpolating cubic B-spline (scipy's order 3). Outside the
 * first and last centre the rim voxel is continued. Arithmetic in double, result rounded once to float.
 * Errors: CM_ERR_NOMEM (CUBIC's line buffers). Same bits for any thread count. */
typedef struct cm_resample_axis {
    int64_t outer, n, inner, size;
    double spacing_mm, true_mm;
    cm_grid_align align;
    cm_interpolation interpolation;
} cm_resample_axis;
cm_status cm_resample_run(cm_threads *pool, const cm_resample_axis *axis, const float *in, float *out,
                          cm_error *err);

#endif
