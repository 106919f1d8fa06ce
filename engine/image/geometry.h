/* Affines, orientation codes and the comparison of grids. The only place where an affine becomes a spacing or
 * an axis order. Pure functions, thread-safe. */
#ifndef CM_ENGINE_IMAGE_GEOMETRY_H
#define CM_ENGINE_IMAGE_GEOMETRY_H

#include "engine/image/volume.h"

/* Column norms of the affine. */
cm_vec3 cm_affine_spacing(const cm_affine *affine);
/* 3-letter code of the closest anatomical axes of x, y, z, such as "LIA": the letter is the direction in
 * which the voxel index grows. Greedy by largest |cosine|. Errors: CM_ERR_ARG (singular or not finite). */
cm_status cm_affine_orientation(const cm_affine *affine, char code[4], cm_error *err);
/* Whether `code` is three letters, one of each of RL, AP, SI. */
bool cm_orientation_valid(const char *code);

/* How to bring stored axes into a wanted orientation: output axis k (0 = x, 1 = y, 2 = z) is stored axis
 * axis[k], reversed when flip[k]. */
typedef struct cm_axis_map {
    int axis[3];
    bool flip[3];
} cm_axis_map;
cm_status cm_axis_map_between(const char *from_code, const char *to_code, cm_axis_map *out, cm_error *err);
cm_axis_map cm_axis_map_inverse(cm_axis_map map);
/* Applies a map to an array of elements [c][z][y][x] of element_bytes; out has the mapped shape, may not
 * alias. */
void cm_axis_map_apply(cm_axis_map map, const void *in, int64_t channels, cm_shape3 in_shape,
                       int64_t element_bytes, void *out, cm_shape3 *out_shape);
/* Geometry after the map: shape, spacing and affine permuted and flipped to match. */
cm_geometry cm_geometry_mapped(const cm_geometry *in, cm_axis_map map);

/* CM_OK when shapes are equal and, if orientation is known in both, every corner voxel of `a` mapped by both
 * affines lies within 1e-3 voxel; CM_ERR_MISMATCH with both sides' figures otherwise. Known against unknown
 * orientation or spacing is a mismatch, too. */
cm_status cm_geometry_equal(const cm_geometry *a, const cm_geometry *b, cm_error *err);

#endif
