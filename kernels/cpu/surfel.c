/* Surface elements: codes of the corners between voxels, and the area that belongs to a code. */
#include "kernels/volume.h"

#include <math.h>
#include <string.h>

/* One lattice row from up to four voxel rows; rows[k] is the row at dz = k / 2, dy = k % 2, NULL outside. */
static void code_row(const uint8_t *const rows[4], int64_t nx, uint8_t *code)
{
    memset(code, 0, (size_t)nx + 1);
    for (int k = 0; k < 4; k++) {
        const uint8_t *row = rows[k];
        if (!row) continue;
        for (int64_t x = 0; x < nx; x++)
            code[x] = (uint8_t)(code[x] | row[x] << (2 * k));
    }
    for (int64_t x = nx; x > 0; x--)
        code[x] = (uint8_t)(code[x - 1] | code[x] << 1);
    code[0] = (uint8_t)(code[0] << 1);
}

void cm_surfel_codes(const uint8_t *mask, const int64_t n[3], uint8_t *codes)
{
    const int64_t nz = n[0], ny = n[1], nx = n[2];
    const bool flat = nz == 1;
    for (int64_t z = 0; z < (flat ? 1 : nz + 1); z++)
        for (int64_t y = 0; y <= ny; y++) {
            const uint8_t *rows[4] = {NULL, NULL, NULL, NULL};
            for (int k = 0; k < (flat ? 2 : 4); k++) {
                const int64_t row_z = flat ? 0 : z - 1 + k / 2, row_y = y - 1 + k % 2;
                if (row_z >= 0 && row_z < nz && row_y >= 0 && row_y < ny)
                    rows[k] = mask + (row_z * ny + row_y) * nx;
            }
            code_row(rows, nx, codes + (z * (ny + 1) + y) * (nx + 1));
        }
}

/* -- areas ----------------------------------------------------------------------------------------------- */

/* The pieces that cut off one voxel, an edge of two along axis a, a face of four across axis a. */
typedef struct pieces {
    double corner, edge[3], face[3];
} pieces;

static pieces pieces_of(const double s[3])
{
    pieces p;
    const double yz = s[0] * s[1], xz = s[0] * s[2], xy = s[1] * s[2];
    p.corner = sqrt(yz * yz + xz * xz + xy * xy) / 8;
    for (int a = 0; a < 3; a++) {
        const double b = s[(a + 1) % 3], c = s[(a + 2) % 3];
        p.edge[a] = s[a] * sqrt(b * b + c * c) / 2;
        p.face[a] = b * c;
    }
    return p;
}

static int axis_of(int bit) /* of a step between corners: 4 is z, 2 is y, 1 is x */
{
    return bit == 4 ? 0 : bit == 2 ? 1 : 2;
}

/* The set corners reached from `first` along edges of the cube. */
static int grow(int set, int first)
{
    int found = 1 << first, before = 0;
    while (found != before) {
        before = found;
        for (int c = 0; c < 8; c++)
            for (int step = 1; step < 8 && before >> c & 1; step *= 2)
                found |= set & 1 << (c ^ step);
    }
    return found;
}

static int degree_of(int set, int corner)
{
    return (set >> (corner ^ 1) & 1) + (set >> (corner ^ 2) & 1) + (set >> (corner ^ 4) & 1);
}

/* One to four corners that hang together. */
static double area_of_group(const pieces *p, int set)
{
    int count = 0, edges[3] = {0, 0, 0}, greatest = 0;
    double ends = 0; /* edges at the ends of a chain of four */
    for (int c = 0; c < 8; c++) {
        if (!(set >> c & 1)) continue;
        const int degree = degree_of(set, c);
        count++;
        if (degree > greatest) greatest = degree;
        for (int step = 1; step < 8; step *= 2) {
            if (!(set >> (c ^ step) & 1)) continue;
            if (c < (c ^ step)) edges[axis_of(step)]++;
            if (degree == 1) ends += p->edge[axis_of(step)];
        }
    }
    const int across = !edges[0] ? 0 : !edges[1] ? 1 : 2; /* an axis without edges */
    if (count == 1) return p->corner;
    if (count == 2) return ends / 2; /* the one edge, seen from both ends */
    if (count == 3) return 3 * p->corner + p->face[across] / 2;
    if (edges[0] + edges[1] + edges[2] == 4) return p->face[across];
    if (greatest == 3) return 6 * p->corner;
    return 4 * p->corner + ends / 2;
}

void cm_surfel_areas(const double spacing[3], bool flat, double *area)
{
    const pieces p = pieces_of(spacing);
    for (int code = 0; code < 256; code++)
        area[code] = 0;
    if (flat) {
        const double y = spacing[1], x = spacing[2], slope = sqrt(y * y + x * x) / 2;
        for (int code = 1; code < 15; code++) {
            const int set = __builtin_popcount((unsigned)code);
            area[code] = set != 2                  ? slope
                         : code == 3 || code == 12 ? x /* two beside each other along x */
                         : code == 5 || code == 10 ? y
                                                   : 2 * slope;
        }
        return;
    }
    for (int code = 1; code < 255; code++) {
        int left = __builtin_popcount((unsigned)code) > 4 ? 255 - code : code; /* the smaller side decides */
        while (left) {
            const int group = grow(left, __builtin_ctz((unsigned)left));
            area[code] += area_of_group(&p, group);
            left &= ~group;
        }
    }
}
