/* Operations on label maps and masks, [nz][ny][nx]. For the metrics and the clean-up of predictions. Pure
 * functions; same bits for any thread count; thread-safe for distinct outputs. */
#ifndef CM_KERNELS_VOLUME_H
#define CM_KERNELS_VOLUME_H

#include <stdbool.h>

#include "engine/base/status.h"
#include "engine/base/threads.h"

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

/* counts[r * n_labels + p]: voxels with reference label index r and prediction label index p. index_of[65536]
 * maps a label value to 0..n_labels-1, or -1 for a value outside the set: voxels with such a value in either
 * map are counted in *outside and nowhere else. counts: [n_labels][n_labels], fully written. boxes: NULL, or
 * [2][n_labels], fully written: of the voxels of each label index in the reference, then in the prediction.
 * All from one pass. Errors: CM_ERR_ARG, CM_ERR_LIMIT (n_labels > CM_MAX_HISTOGRAM_LABELS), CM_ERR_NOMEM (one
 * table per thread). */
cm_status cm_joint_histogram(cm_threads *pool, const uint16_t *reference, const uint16_t *prediction,
                             const int64_t n[3], const int32_t *index_of, int n_labels, int64_t *counts,
                             int64_t *outside, cm_box *boxes, cm_error *err);

/* surface = mask minus its erosion by the 6-neighbour cross (4-neighbour where nz is 1), outside the image is
 * background. mask, surface: 0 or 1. For nz == 1 the z neighbours do not exist and are not background: a 2-D
 * image is 2-D. */
void cm_mask_surface(const uint8_t *mask, const int64_t n[3], uint8_t *surface);

/* Exact squared Euclidean distance (units of spacing squared) from each voxel to the nearest set voxel of
 * `mask` (values 0 or 1): the least, over the set voxels, of ((dx sx)^2 + (dy sy)^2) + (dz sz)^2, each
 * product and sum rounded once. distance2: double [nz][ny][nx]. Beyond the answer one slice of two bytes per
 * voxel for each thread. Errors: CM_ERR_EMPTY (no voxel set; distance2 untouched), CM_ERR_NOMEM, CM_ERR_ARG.
 */
cm_status cm_distance_squared(cm_threads *pool, const uint8_t *mask, const cm_grid *grid, double *distance2,
                              cm_error *err);

/* The same distance, to the last bit, only where it is wanted: distance2[i] belongs to voxel at[i], a raster
 * index (z*ny + y)*nx + x; `at` is increasing. Two bytes per voxel of the grid, eight per wanted voxel, and
 * [nz][nx] doubles per thread. Errors: CM_ERR_EMPTY (no voxel set), CM_ERR_NOMEM, CM_ERR_ARG, CM_ERR_STOPPED,
 * CM_ERR_TIMEOUT; distance2 is then unspecified. */
cm_status cm_distance_squared_at(cm_threads *pool, const uint8_t *mask, const cm_grid *grid,
                                 const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                 cm_error *err);

/* Connected components of mask != 0. connectivity 6, 18 or 26 (for nz == 1: 4 or 8 by 6 / 26). labels: 0 =
 * background, 1..*count numbered by raster order of first voxel. Errors: CM_ERR_ARG, CM_ERR_NOMEM,
 * CM_ERR_LIMIT (more than 2^31 - 1 runs of voxels); labels is then unspecified. */
cm_status cm_components_of(cm_threads *pool, const uint8_t *mask, const int64_t n[3], int connectivity,
                           int32_t *labels, int64_t *count, cm_error *err);
/* In the calling thread. */
cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err);
/* The same, ended early by a stop: CM_ERR_STOPPED, CM_ERR_TIMEOUT; labels is then unspecified. */
cm_status cm_components_until(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                              int64_t *count, const cm_stop *stop, cm_error *err);
/* Bytes either takes while it works, beside its arguments. */
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

/* out = mask dilated `times` times by the neighbours within two steps, at most one per axis (18 of them; 8 in
 * a 2-D image). scratch: like out. mask may be neither. */
void cm_mask_dilate(const uint8_t *mask, const int64_t n[3], int times, uint8_t *out, uint8_t *scratch);

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

#endif
