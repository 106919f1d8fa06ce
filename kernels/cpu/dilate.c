/* Dilation of a mask by its 18 neighbours, as often as wanted. */
#include "kernels/cpu/cpu_internal.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK = 256, CROSS = 5, CORNERS = 4 };

/* One row. Of the rows of `cross` (its own and its neighbours in y and z) voxels reach one step along x, too,
 * of those of `corners` they do not. */
static void dilate_row(const uint8_t *const cross[CROSS], const uint8_t *const corners[CORNERS], int64_t nx,
                       uint8_t *restrict out)
{
    for (int64_t begin = 0; begin < nx; begin += BLOCK) {
        const int64_t n = nx - begin < BLOCK ? nx - begin : BLOCK;
        uint8_t near_by[BLOCK + 2] = {0}; /* from begin - 1 on */
        for (int64_t x = begin ? -1 : 0; x <= n && begin + x < nx; x++)
            near_by[x + 1] = (uint8_t)(cross[0][begin + x] | cross[1][begin + x] | cross[2][begin + x] |
                                       cross[3][begin + x] | cross[4][begin + x]);
        for (int64_t x = 0; x < n; x++)
            out[begin + x] = (uint8_t)(near_by[x] | near_by[x + 1] | near_by[x + 2] | corners[0][begin + x] |
                                       corners[1][begin + x] | corners[2][begin + x] | corners[3][begin + x]);
    }
}

/* A neighbour outside the image is replaced by the row itself, which is in the union anyway. */
static void dilate_once(const uint8_t *in, const int64_t n[3], uint8_t *out)
{
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++) {
            const uint8_t *row = in + (z * n[1] + y) * n[2], *cross[CROSS] = {row}, *corners[CORNERS];
            int n_cross = 1, n_corners = 0;
            for (int dz = -1; dz <= 1; dz++)
                for (int dy = -1; dy <= 1; dy++) {
                    const int64_t z2 = z + dz, y2 = y + dy;
                    const bool outside = z2 < 0 || z2 >= n[0] || y2 < 0 || y2 >= n[1];
                    const uint8_t *other = outside ? row : in + (z2 * n[1] + y2) * n[2];
                    if (dz && dy)
                        corners[n_corners++] = other;
                    else if (dz || dy)
                        cross[n_cross++] = other;
                }
            dilate_row(cross, corners, n[2], out + (z * n[1] + y) * n[2]);
        }
}

cm_status cm_cpu_mask_dilate(cm_backend *be, const uint8_t *mask, const int64_t n[3], int times, uint8_t *out,
                             uint8_t *scratch, cm_error *err)
{
    (void)be;
    (void)err;
    const size_t n_voxels = (size_t)(n[0] * n[1] * n[2]);
    uint8_t *to = times % 2 ? out : scratch; /* so that the last one writes `out` */
    if (times < 1) memcpy(out, mask, n_voxels);
    for (int i = 0; i < times; i++) {
        dilate_once(i == 0 ? mask : to == out ? scratch : out, n, to);
        to = to == out ? scratch : out;
    }
    return CM_OK;
}
