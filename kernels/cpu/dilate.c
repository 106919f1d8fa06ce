/* Dilation of a mask by its 18 neighbours, as often as wanted. */
#include "kernels/volume.h"

#include <string.h>

/* out |= row shifted by -1, 0 and 1 (reach 1) or just row (reach 0). */
static void spread_row(const uint8_t *row, int64_t nx, int reach, uint8_t *out)
{
    for (int64_t x = 0; x < nx; x++)
        out[x] |= row[x];
    if (!reach) return;
    for (int64_t x = 1; x < nx; x++)
        out[x] |= row[x - 1];
    for (int64_t x = 0; x + 1 < nx; x++)
        out[x] |= row[x + 1];
}

static void dilate_once(const uint8_t *in, const int64_t n[3], uint8_t *out)
{
    memset(out, 0, (size_t)(n[0] * n[1] * n[2]));
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int dz = -1; dz <= 1; dz++)
                for (int dy = -1; dy <= 1; dy++) {
                    const int64_t from_z = z + dz, from_y = y + dy;
                    if (from_z < 0 || from_z >= n[0] || from_y < 0 || from_y >= n[1]) continue;
                    spread_row(in + (from_z * n[1] + from_y) * n[2], n[2], dz == 0 || dy == 0,
                               out + (z * n[1] + y) * n[2]);
                }
}

void cm_mask_dilate(const uint8_t *mask, const int64_t n[3], int times, uint8_t *out, uint8_t *scratch)
{
    const size_t n_voxels = (size_t)(n[0] * n[1] * n[2]);
    uint8_t *to = times % 2 ? out : scratch; /* so that the last one writes `out` */
    if (times < 1) memcpy(out, mask, n_voxels);
    for (int i = 0; i < times; i++) {
        dilate_once(i == 0 ? mask : to == out ? scratch : out, n, to);
        to = to == out ? scratch : out;
    }
}
