/* One image or label map in memory, with its geometry. */
#ifndef CM_ENGINE_IMAGE_VOLUME_H
#define CM_ENGINE_IMAGE_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

/* Element types; numbers are stored in cohorts and never change. */
typedef enum cm_dtype {
    CM_U8 = 1,
    CM_I8 = 2,
    CM_U16 = 3,
    CM_I16 = 4,
    CM_U32 = 5,
    CM_I32 = 6,
    CM_U64 = 7,
    CM_I64 = 8,
    CM_F32 = 9,
    CM_F64 = 10
} cm_dtype;
int64_t cm_dtype_bytes(cm_dtype type);    /* 0 for a number that is none */
const char *cm_dtype_name(cm_dtype type); /* "uint8" ... "float64" */
bool cm_dtype_is_integer(cm_dtype type);

typedef struct cm_shape3 {
    int64_t nz, ny, nx;
} cm_shape3;
typedef struct cm_vec3 {
    double z, y, x;
} cm_vec3;
/* Voxel (x, y, z, 1) to RAS mm: row 0 gives R, row 1 A, row 2 S. */
typedef struct cm_affine {
    double m[3][4];
} cm_affine;

typedef struct cm_geometry {
    cm_shape3 shape;
    bool spacing_known;     /* false: spacing_mm is 1,1,1 and distances are in voxels */
    bool orientation_known; /* false: only tools with as-stored orientation may run */
    cm_vec3 spacing_mm;     /* > 0, finite */
    cm_affine affine;       /* identity when orientation is unknown */
} cm_geometry;

/* data: [channels][nz][ny][nx], x fastest, native byte order. value = (float)(raw * slope + intercept),
 * computed in double; slope 1, intercept 0 when there is no scaling. */
typedef struct cm_volume {
    cm_geometry geometry;
    int64_t channels;
    cm_dtype dtype;
    double slope, intercept;
    void *data;
    int64_t bytes;
} cm_volume;

/* Zero-filled data. Errors: CM_ERR_ARG (a size < 1), CM_ERR_LIMIT (> max_bytes or overflow), CM_ERR_NOMEM. */
cm_status cm_volume_create(const cm_geometry *geometry, int64_t channels, cm_dtype dtype, int64_t max_bytes,
                           cm_volume **out, cm_error *err);
void cm_volume_destroy(cm_volume *volume);
int64_t cm_shape3_count(cm_shape3 shape); /* nz*ny*nx; -1 on overflow or a size < 1 */

/* Value of voxel i (0 .. channels*count-1) after slope and intercept. */
double cm_volume_value(const cm_volume *volume, int64_t i);
/* All values as float32 into out[channels*count] ((float)(raw*slope+intercept) in double). */
void cm_volume_to_float(const cm_volume *volume, float *out);

#endif
