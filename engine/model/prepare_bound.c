/* How large an image becomes by its preparation, from its geometry alone. */
#include "engine/model/prepare.h"

#include <string.h>

#include "engine/model/resample.h"

typedef struct bound {
    int64_t size[3];
    double spacing_mm[3];
    char code[4];
    int64_t channels, peak_bytes;
} bound;

static cm_status bytes_of(const bound *b, int64_t *bytes, cm_error *err)
{
    int64_t n = b->channels;
    for (int k = 0; k < 3; k++)
        if (!cm_mul_i64(n, b->size[k], &n)) n = INT64_MAX;
    if (!cm_mul_i64(n, sizeof(float), bytes))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a prepared image would pass 64 bits of bytes");
    return CM_OK;
}

/* The state before and after a step are held together for a moment. */
static cm_status note_peak(bound *b, int64_t before, cm_error *err)
{
    int64_t after;
    cm_status st = bytes_of(b, &after, err);
    if (!st && after > INT64_MAX - before)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a prepared image would pass 64 bits of bytes");
    if (!st && before + after > b->peak_bytes) b->peak_bytes = before + after;
    return st;
}

static cm_status bound_step(bound *b, const cm_prepare_step *step, const cm_geometry *g, cm_error *err)
{
    int64_t before;
    cm_axis_map map;
    const bound old = *b;
    cm_status st = bytes_of(b, &before, err);
    if (st) return st;
    switch (step->kind) {
    case CM_STEP_ORIENT:
        if (step->u.orient.as_stored) return CM_OK;
        if (!g->orientation_known)
            return CM_FAIL(err, CM_ERR_MISMATCH,
                           .what = "the tool orients images, whose orientation is unknown");
        st = cm_axis_map_between(b->code, step->u.orient.code, &map, err);
        if (st) return st;
        memcpy(b->code, step->u.orient.code, sizeof b->code);
        for (int k = 0; k < 3; k++) {
            b->size[k] = old.size[map.axis[k]];
            b->spacing_mm[k] = old.spacing_mm[map.axis[k]];
        }
        return note_peak(b, before, err);
    case CM_STEP_PAD:
        for (int k = 0; k < 3; k++)
            if (step->u.pad.size[k] > b->size[k]) b->size[k] = step->u.pad.size[k];
        return note_peak(b, before, err);
    case CM_STEP_CROP:
        return note_peak(b, before, err);
    case CM_STEP_RESAMPLE:
        if (!g->spacing_known)
            return CM_FAIL(err, CM_ERR_MISMATCH,
                           .what = "the tool resamples images, whose spacing is unknown");
        for (int k = 0; !st && k < 3; k++) {
            if (step->u.resample.spacing_mm[k] <= 0) continue;
            st = bytes_of(b, &before, err);
            if (!st)
                st = cm_resample_size(b->size[k], b->spacing_mm[k], step->u.resample.spacing_mm[k],
                                      step->u.resample.align, step->u.resample.size_rule, &b->size[k],
                                      &b->spacing_mm[k], err);
            if (!st) st = note_peak(b, before, err);
        }
        return st;
    default:
        return CM_OK;
    }
}

cm_status cm_prepare_bound(const cm_prepare_step *steps, int n_steps, const cm_geometry *geometry,
                           int channels, int64_t size[3], int64_t *peak_bytes, cm_error *err)
{
    bound b = {
        .size = {geometry->shape.nx, geometry->shape.ny, geometry->shape.nz},
        .spacing_mm = {geometry->spacing_mm.x, geometry->spacing_mm.y, geometry->spacing_mm.z},
        .channels = channels,
    };
    cm_status st = note_peak(&b, 0, err);
    if (!st && geometry->orientation_known) st = cm_affine_orientation(&geometry->affine, b.code, err);
    for (int i = 0; !st && i < n_steps; i++)
        st = bound_step(&b, &steps[i], geometry, err);
    memcpy(size, b.size, sizeof b.size);
    *peak_bytes = b.peak_bytes;
    return st;
}
