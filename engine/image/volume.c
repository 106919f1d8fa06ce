/* Element types, and one image or label map in memory. */
#include "engine/image/volume.h"

#include <stdlib.h>

static const struct {
    const char *name;
    int bytes;
    bool integer;
} types[] = {
    [CM_U8] = {"uint8", 1, true},    [CM_I8] = {"int8", 1, true},    [CM_U16] = {"uint16", 2, true},
    [CM_I16] = {"int16", 2, true},   [CM_U32] = {"uint32", 4, true}, [CM_I32] = {"int32", 4, true},
    [CM_U64] = {"uint64", 8, true},  [CM_I64] = {"int64", 8, true},  [CM_F32] = {"float32", 4, false},
    [CM_F64] = {"float64", 8, false}};

static bool is_type(cm_dtype type)
{
    return type >= CM_U8 && type <= CM_F64;
}

int64_t cm_dtype_bytes(cm_dtype type)
{
    return is_type(type) ? types[type].bytes : 0;
}

const char *cm_dtype_name(cm_dtype type)
{
    return is_type(type) ? types[type].name : "unknown";
}

bool cm_dtype_is_integer(cm_dtype type)
{
    return is_type(type) && types[type].integer;
}

int64_t cm_shape3_count(cm_shape3 shape)
{
    int64_t n = 0;
    if (shape.nz < 1 || shape.ny < 1 || shape.nx < 1) return -1;
    if (!cm_mul_i64(shape.nz, shape.ny, &n) || !cm_mul_i64(n, shape.nx, &n)) return -1;
    return n;
}

cm_status cm_volume_create(const cm_geometry *geometry, int64_t channels, cm_dtype dtype, int64_t max_bytes,
                           cm_volume **out, cm_error *err)
{
    cm_shape3 s = geometry->shape;
    *out = NULL;
    if (!is_type(dtype))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a volume needs an element type",
                       .why = cm_strf("type number %d is none", (int)dtype).s);
    if (s.nz < 1 || s.ny < 1 || s.nx < 1 || channels < 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a volume needs at least one voxel along every axis",
                       .why = cm_strf("%lld x %lld x %lld voxels, %lld channels", (long long)s.nx,
                                      (long long)s.ny, (long long)s.nz, (long long)channels)
                                  .s);
    int64_t bytes = cm_shape3_count(s);
    if (bytes < 0 || !cm_mul_i64(bytes, channels, &bytes) ||
        !cm_mul_i64(bytes, cm_dtype_bytes(dtype), &bytes) || bytes > max_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a volume would be larger than its limit",
                       .why = cm_strf("%lld x %lld x %lld voxels, %lld channels of %s, limit %lld bytes",
                                      (long long)s.nx, (long long)s.ny, (long long)s.nz, (long long)channels,
                                      cm_dtype_name(dtype), (long long)max_bytes)
                                  .s);
    cm_volume *v = calloc(1, sizeof *v);
    if (v) v->data = calloc((size_t)bytes, 1);
    if (!v || !v->data) {
        free(v);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a volume",
                       .why = cm_strf("%lld bytes asked for", (long long)bytes).s);
    }
    v->geometry = *geometry;
    v->channels = channels;
    v->dtype = dtype;
    v->slope = 1;
    v->bytes = bytes;
    *out = v;
    return CM_OK;
}

void cm_volume_destroy(cm_volume *volume)
{
    if (!volume) return;
    free(volume->data);
    free(volume);
}

static double raw_value(const cm_volume *v, int64_t i)
{
    switch (v->dtype) {
    case CM_U8:
        return ((const uint8_t *)v->data)[i];
    case CM_I8:
        return ((const int8_t *)v->data)[i];
    case CM_U16:
        return ((const uint16_t *)v->data)[i];
    case CM_I16:
        return ((const int16_t *)v->data)[i];
    case CM_U32:
        return ((const uint32_t *)v->data)[i];
    case CM_I32:
        return ((const int32_t *)v->data)[i];
    case CM_U64:
        return (double)((const uint64_t *)v->data)[i];
    case CM_I64:
        return (double)((const int64_t *)v->data)[i];
    case CM_F32:
        return (double)((const float *)v->data)[i];
    case CM_F64:
        return ((const double *)v->data)[i];
    }
    return 0;
}

double cm_volume_value(const cm_volume *volume, int64_t i)
{
    return raw_value(volume, i) * volume->slope + volume->intercept;
}

void cm_volume_to_float(const cm_volume *volume, float *out)
{
    const int64_t n = volume->bytes / cm_dtype_bytes(volume->dtype);
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(raw_value(volume, i) * volume->slope + volume->intercept);
}
