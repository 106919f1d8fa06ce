/* The voxel surface of a mask: the mask minus its erosion by the cross of direct neighbours. */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

/* The five neighbour rows are inside the image; in a 2-D image back and front are the row itself, which
 * leaves the product as it is. */
static void surface_row(const uint8_t *row, const uint8_t *above, const uint8_t *below, const uint8_t *back,
                        const uint8_t *front, int64_t nx, uint8_t *restrict surface)
{
    surface[0] = row[0];
    surface[nx - 1] = row[nx - 1];
    for (int64_t x = 1; x < nx - 1; x++) {
        const uint8_t eroded = (uint8_t)(row[x - 1] & row[x + 1] & above[x] & below[x] & back[x] & front[x]);
        surface[x] = (uint8_t)(row[x] & (eroded ^ 1));
    }
}

cm_status cm_cpu_mask_surface(cm_backend *be, const uint8_t *mask, const int64_t n[3], uint8_t *surface,
                              cm_error *err)
{
    (void)be;
    (void)err;
    const int64_t nz = n[0], ny = n[1], nx = n[2], slice = ny * nx;
    for (int64_t z = 0; z < nz; z++) {
        const int z_edge = nz > 1 && (z == 0 || z == nz - 1);
        const int64_t dz = nz > 1 ? slice : 0;
        for (int64_t y = 0; y < ny; y++) {
            const int64_t at = z * slice + y * nx;
            const uint8_t *row = mask + at;
            if (z_edge || y == 0 || y == ny - 1)
                memcpy(surface + at, row,
                       (size_t)nx); /* a neighbour is outside, so nothing survives erosion */
            else
                surface_row(row, row - nx, row + nx, row - dz, row + dz, nx, surface + at);
        }
    }
    return CM_OK;
}
