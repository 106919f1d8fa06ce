/* Label maps and masks, [nz][ny][nx]: their types, and what is done with them beside the backend's table
 * (backend.h has the operations that carry the work of the metrics). For the metrics and the clean-up of
 * predictions. Pure functions; same bits everywhere; thread-safe for distinct outputs. */
#ifndef CM_KERNELS_VOLUME_H
#define CM_KERNELS_VOLUME_H

#include <stdbool.h>

#include "engine/base/status.h"
#include "engine/base/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shapes as z, y, x counts; spacing as z, y, x. (kernels/ knows no image type.) */
typedef struct cm_grid {
    int64_t n[3];
    double spacing[3];
} cm_grid;

#define CM_MAX_HISTOGRAM_LABELS 2048

/* The smallest box that holds a set of voxels: lo inclusive, hi exclusive, in order z, y, x. Empty: hi[i] <=
 * lo[i] in every axis. */
typedef struct cm_box {
    int64_t lo[3], hi[3];
} cm_box;

/* How a value between voxels is found. */
typedef enum cm_interpolation {
    CM_INTERPOLATION_NEAREST, /* voxel floor(c + 0.5) */
    CM_INTERPOLATION_LINEAR,  /* between the two neighbours */
    CM_INTERPOLATION_CUBIC    /* the interpolating cubic B-spline (scipy's order 3) */
} cm_interpolation;

/* Resampling along one axis, [outer][n][inner] to [outer][size][inner]. Output voxel i lies at c = (i +
 * shift) * step - shift of the input. Outside the first and last centre the rim voxel is continued. All
 * sizes >= 1, step finite. */
typedef struct cm_resample_axis {
    int64_t outer, n, inner, size;
    double step, shift;
    cm_interpolation interpolation;
} cm_resample_axis;

/* Linear interpolation on one axis at every index of another grid's axis: value = (1 - weight) * v[lower] +
 * weight * v[upper]; weight is 0 and lower == upper where the position is a whole number. */
typedef struct cm_taps {
    int64_t n;
    int64_t *lower, *upper;
    float *weight;
    uint8_t *inside; /* 0: background; the other entries are 0 then */
} cm_taps;

/* Two neighbouring slabs of values, [channel][h][w], channels channel_stride apart, to be mixed by weight:
 * (1 - weight) * lower + weight * upper. */
typedef struct cm_slab_pair {
    const float *lower, *upper;
    float weight;
    int64_t channels, channel_stride, h, w;
} cm_slab_pair;
/* Scratch of sample_rows and sample_argmax (backend.h) for each thread of the backend: n_w the length of a
 * row of the plane, w that of the slabs. */
int64_t cm_sample_scratch_bytes(int64_t n_w, int64_t w);

/* Connected components as the backend's `components` finds them (backend.h), in the calling thread. */
cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err);
/* The same, ended early by a stop: CM_ERR_STOPPED, CM_ERR_TIMEOUT; labels is then unspecified. */
cm_status cm_components_until(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                              int64_t *count, const cm_stop *stop, cm_error *err);
/* Bytes any of the three takes while it works, beside its arguments. */
int64_t cm_components_bytes(const uint8_t *mask, const int64_t n[3]);

/* Surface elements. On the lattice of voxel corners, [nz+1][ny+1][nx+1], every corner has a code that says
 * which of the eight voxels around it are set: bit 4 dz + 2 dy + dx is voxel (z-1+dz, y-1+dy, x-1+dx),
 * outside the image nothing is set. A corner with a code other than 0 and 255 carries a piece of surface. For
 * nz == 1: [ny+1][nx+1], bits 0..3, pieces of contour at codes other than 0 and 15. codes: fully written. */
void cm_surfel_codes(const uint8_t *mask, const int64_t n[3], uint8_t *codes);

/* area[code] of the surface piece at a corner, in units of spacing squared (flat: length of the contour
 * piece, in units of spacing): the area of the marching-cubes surface through edge midpoints, in which set
 * voxels that share no voxel face stay apart (Lorensen & Cline 1987; the table of Nikolov et al. 2021). area:
 * [256]. */
void cm_surfel_areas(const double spacing[3], bool flat, double *area);

/* A piece of triangle mesh, from the corner it belongs to, z, y, x in units of spacing. Flat: a line, whose
 * last two corners are the same and whose area is its length. */
typedef struct cm_triangle {
    double corner[3][3], centre[3], area;
} cm_triangle;
typedef struct cm_surfel_pieces {
    int n; /* 0 for codes without a piece */
    cm_triangle triangle[8];
} cm_surfel_pieces;

/* The pieces at a corner as triangles: voxels that share faces are a group (of the set ones where at most
 * half are set, else of the others), and a group has the polygon through the middles of the edges around it.
 * A triangle is one piece; a polygon of more corners is cut from the mean of its corners. pieces: [256],
 * fully written. The areas of bent polygons are not those of cm_surfel_areas. */
void cm_surfel_triangles(const double spacing[3], bool flat, cm_surfel_pieces pieces[256]);

/* Sets in mask what is not set but cut off from the edge of the image (6-connected; 4 in a 2-D image).
 * Errors: CM_ERR_NOMEM, CM_ERR_LIMIT; mask is then as it was. */
cm_status cm_mask_fill_holes(uint8_t *mask, const int64_t n[3], cm_error *err);

/* skeleton = mask thinned to lines. Voxels are removed one by one as long as that changes no topology
 * (26-connected object, 6-connected background) and spares the ends of lines: in turn for the directions -z
 * +z -y +y -x +x (the last four in a 2-D image), first the voxels with no neighbour in that direction but one
 * opposite that are simple and no line end (more than one of 26 neighbours set) are found, then each is
 * removed if that still holds, in raster order; until a turn of all directions removes nothing. Errors:
 * CM_ERR_NOMEM, CM_ERR_STOPPED, CM_ERR_TIMEOUT. */
cm_status cm_mask_thin(const uint8_t *mask, const int64_t n[3], uint8_t *skeleton, const cm_stop *stop,
                       cm_error *err);

/* betti: pieces (26-connected), tunnels, cavities (6-connected background that does not reach the outside);
 * for nz == 1 pieces (8-connected), holes (4-connected), 0. From the Euler characteristic of the union of
 * closed voxels and two component counts. Errors: CM_ERR_NOMEM, CM_ERR_LIMIT. */
cm_status cm_betti_numbers(const uint8_t *mask, const int64_t n[3], int64_t betti[3], cm_error *err);

#ifdef __cplusplus
}
#endif
#endif
