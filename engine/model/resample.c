/* Sizes and positions of resampled axes. */
#include "engine/model/resample.h"

#include <math.h>

enum { MAX_SIZE = 65536 };

cm_status cm_resample_size(int64_t n, double spacing_mm, double wanted_mm, cm_grid_align align,
                           cm_size_rule rule, int64_t *size, double *true_mm, cm_error *err)
{
    double exact = (double)(align == CM_ALIGN_EDGES ? n : n - 1) * spacing_mm / wanted_mm;
    double whole = rule == CM_SIZE_ROUND  ? nearbyint(exact)
                   : rule == CM_SIZE_CEIL ? ceil(exact)
                                          : floor(exact);
    if (align == CM_ALIGN_CENTRES) whole += 1;
    if (whole < 1) whole = 1;
    if (!(whole <= MAX_SIZE))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a resampled axis would be too long", .where = "resample",
                       .why = cm_strf("%lld voxels of %g mm give %.0f of %g mm, the limit is %d",
                                      (long long)n, spacing_mm, whole, wanted_mm, MAX_SIZE)
                                  .s);
    *size = (int64_t)whole;
    *true_mm = align == CM_ALIGN_EDGES ? (double)n * spacing_mm / whole : wanted_mm;
    return CM_OK;
}

cm_resample_axis cm_resample_course(int64_t n, double spacing_mm, int64_t size, double true_mm,
                                    cm_grid_align align)
{
    const bool edges = align == CM_ALIGN_EDGES;
    return (cm_resample_axis){.n = n,
                              .size = size,
                              .step = edges ? (double)n / (double)size : true_mm / spacing_mm,
                              .shift = edges ? 0.5 : 0.0};
}
