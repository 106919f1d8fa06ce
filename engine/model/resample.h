/* The geometry of changing the spacing of a volume; the arithmetic is resample_axis of kernels/backend.h. */
#ifndef CM_ENGINE_MODEL_RESAMPLE_H
#define CM_ENGINE_MODEL_RESAMPLE_H

#include "engine/model/tool_spec.h"

/* Size and true spacing of an axis of n voxels brought from spacing_mm to wanted_mm.
 * Edges: size = rule(n * spacing / wanted), at least 1; the outer edges stay, so the true spacing is n *
 * spacing / size (as scikit-image's resize and nnU-Net do it). Centres: size = rule((n - 1) * spacing /
 * wanted) + 1, the first centres coincide and the spacing is the wanted one (as ITK and MONAI do it). round
 * is to the nearest, halves to even, as numpy. Errors: CM_ERR_LIMIT (size > 65,536). */
cm_status cm_resample_size(int64_t n, double spacing_mm, double wanted_mm, cm_grid_align align,
                           cm_size_rule rule, int64_t *size, double *true_mm, cm_error *err);

/* An axis of n voxels of spacing_mm with `size` voxels of true_mm in its place: step and shift of the
 * kernel's axis, n and size; the other fields are the caller's. Output voxel i lies at (i + 0.5) * n / size -
 * 0.5 (edges) or i * true_mm / spacing_mm (centres) of the input. */
cm_resample_axis cm_resample_course(int64_t n, double spacing_mm, int64_t size, double true_mm,
                                    cm_grid_align align);

#endif
