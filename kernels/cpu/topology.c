/* Holes and Betti numbers of a mask: pieces and cavities are counted as components, tunnels follow from the
 * Euler characteristic of the union of closed voxels, which is a sum over the corners between voxels. */
#include "kernels/volume.h"

#include <stdlib.h>
#include <string.h>

/* Vertices - edges + faces - cubes that belong to a corner: the corner itself and what extends from it
 * towards greater z, y, x. A cell is there when one of the voxels around it is set. */
static int cells_at(int code, bool flat)
{
    static const int above[3] = {0xf0, 0xcc, 0xaa}; /* voxels on the greater side of the corner in z, y, x */
    int sum = 0;
    for (int axes = flat ? 4 : 0; axes < 8; axes++) { /* bits: extended in z, y, x; flat: z always */
        int voxels = flat ? 0x0f : 0xff, dimension = 0;
        for (int a = flat ? 1 : 0; a < 3; a++)
            if (axes >> (2 - a) & 1) {
                voxels &= above[a];
                dimension++;
            }
        if (code & voxels) sum += dimension % 2 ? -1 : 1;
    }
    return sum;
}

static int64_t euler(const uint8_t *codes, int64_t n_codes, bool flat)
{
    int64_t count[256] = {0}, sum = 0;
    for (int64_t i = 0; i < n_codes; i++)
        count[codes[i]]++;
    for (int code = 1; code < 256; code++)
        sum += count[code] * cells_at(code, flat);
    return sum;
}

/* What is not set, with a margin all around (within the plane for a 2-D image), is 1. */
static void invert_padded(const uint8_t *mask, const int64_t n[3], const int64_t padded[3], uint8_t *out)
{
    const int64_t first_z = padded[0] == n[0] ? 0 : 1;
    memset(out, 1, (size_t)(padded[0] * padded[1] * padded[2]));
    for (int64_t z = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int64_t x = 0; x < n[2]; x++)
                if (mask[(z * n[1] + y) * n[2] + x])
                    out[((z + first_z) * padded[1] + y + 1) * padded[2] + x + 1] = 0;
}

cm_status cm_betti_numbers(const uint8_t *mask, const int64_t n[3], int64_t betti[3], cm_error *err)
{
    const bool flat = n[0] == 1;
    const int64_t padded[3] = {flat ? 1 : n[0] + 2, n[1] + 2, n[2] + 2};
    const int64_t n_padded = padded[0] * padded[1] * padded[2];
    const int64_t n_codes = (flat ? 1 : n[0] + 1) * (n[1] + 1) * (n[2] + 1);
    int64_t pieces = 0, outsides = 0;
    cm_status st = CM_OK;
    uint8_t *bytes = malloc((size_t)n_padded); /* n_codes <= n_padded */
    int32_t *labels = malloc((size_t)n_padded * sizeof *labels);
    if (!bytes || !labels) {
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to count the pieces of a mask",
                     .why = cm_strf("%lld voxels", (long long)n_padded).s);
    } else {
        cm_surfel_codes(mask, n, bytes);
        const int64_t characteristic = euler(bytes, n_codes, flat);
        st = cm_components(mask, n, 26, labels, &pieces, err);
        if (!st) {
            invert_padded(mask, n, padded, bytes);
            st = cm_components(bytes, padded, 6, labels, &outsides, err);
        }
        if (!st) {
            const int64_t cavities = outsides - 1;
            betti[0] = pieces;
            betti[1] = flat ? cavities : pieces + cavities - characteristic;
            betti[2] = flat ? 0 : cavities;
        }
    }
    free(bytes);
    free(labels);
    return st;
}

/* The outside is the component of the first voxel of the margin. */
cm_status cm_mask_fill_holes(uint8_t *mask, const int64_t n[3], cm_error *err)
{
    const bool flat = n[0] == 1;
    const int64_t padded[3] = {flat ? 1 : n[0] + 2, n[1] + 2, n[2] + 2};
    const int64_t n_padded = padded[0] * padded[1] * padded[2];
    int64_t count = 0;
    cm_status st = CM_OK;
    uint8_t *unset = malloc((size_t)n_padded);
    int32_t *labels = malloc((size_t)n_padded * sizeof *labels);
    if (!unset || !labels) {
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to fill the holes of a mask",
                     .why = cm_strf("%lld voxels", (long long)n_padded).s);
    } else {
        invert_padded(mask, n, padded, unset);
        st = cm_components(unset, padded, 6, labels, &count, err);
    }
    for (int64_t z = 0; z < n[0] && !st; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int64_t x = 0; x < n[2]; x++) {
                const int32_t label = labels[((z + !flat) * padded[1] + y + 1) * padded[2] + x + 1];
                if (label != 1) mask[(z * n[1] + y) * n[2] + x] = 1;
            }
    free(unset);
    free(labels);
    return st;
}
