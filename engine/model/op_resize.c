/* Resize, and Upsample up to opset 9, which is a Resize of few words. */
#include <math.h>
#include <string.h>

#include "engine/model/plan.h"

enum { UPSAMPLE = 1 };

typedef struct resizing {
    cm_resize p;  /* first: what the kernels are given */
    int n_passes; /* antialiased: one axis after the other, from the last */
    int axis[CM_MAX_RANK];
} resizing;

static const char *const mode_names[] = {"nearest", "linear", "cubic"};
static const char *const coordinate_names[] = {
    "half_pixel",           "align_corners",        "asymmetric",        "pytorch_half_pixel",
    "half_pixel_symmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
enum { COORDINATES = sizeof coordinate_names / sizeof *coordinate_names };
static const char *const nearest_names[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};

static cm_status choose(cm_step *s, const char *attribute, const char *otherwise, const char *const *names,
                        int n, int *out, cm_error *err)
{
    const char *text = cm_attr_text(s, attribute, otherwise);
    for (int i = 0; i < n; i++)
        if (!strcmp(text, names[i])) {
            *out = i;
            return CM_OK;
        }
    return cm_step_unsupported(s, cm_strf("%s = %s", attribute, text).s,
                               cm_strf("Export with %s = %s", attribute, names[0]).s, err);
}

/* Which dimensions the scales or sizes speak of: all, or those of the attribute axes (opset 18). */
static cm_status read_axes(cm_step *s, int *axes, int *n, cm_error *err)
{
    const int64_t *items = NULL;
    const int64_t count = cm_attr_ints(s, "axes", &items);
    cm_status st = CM_OK;
    *n = s->x[0]->rank;
    for (int i = 0; i < *n; i++)
        axes[i] = i;
    if (count > s->x[0]->rank) return cm_step_bad(s, "more axes than dimensions", err);
    for (int i = 0; !st && i < (int)count; i++)
        st = cm_step_axis(s, items[i], s->x[0]->rank, false, &axes[i], err);
    *n = count < 0 ? *n : (int)count;
    return st;
}

/* An input since opset 9, an attribute of Upsample before. */
static cm_status read_scales(cm_step *s, int input, int n, float *scales, cm_error *err)
{
    const double *items = NULL;
    const cm_tensor *given = cm_step_x(s, input);
    const int64_t listed = s->opset < 9 ? cm_attr_floats(s, "scales", &items) : 0;
    cm_status st = s->opset < 9 ? CM_OK : cm_step_need_known(s, input, "list of scales", err);
    if (st) return st;
    if (items ? listed != n : !given || given->element != CM_ELEMENT_F32 || cm_tensor_count(given) != n)
        return cm_step_bad(s, cm_strf("the scales are not %d floats", n).s, err);
    for (int i = 0; i < n; i++)
        scales[i] = items ? (float)items[i] : ((const float *)given->data)[i];
    return CM_OK;
}

static cm_status from_scales(cm_step *s, int input, const int *axes, int n, cm_resize *p, int64_t *dim,
                             cm_error *err)
{
    float scales[CM_MAX_RANK];
    cm_status st = read_scales(s, input, n, scales, err);
    for (int i = 0; !st && i < n; i++) {
        const float scale = scales[i];
        const int a = axes[i];
        const float size = scale * (float)s->x[0]->dim[a]; /* float32, as every exporter's peer computes it */
        if (!(scale > 0) || !(size < 0x1p31f))
            return cm_step_bad(s, cm_strf("a scale of %g", (double)scale).s, err);
        p->scale[a] = (double)scale;
        dim[a] = (int64_t)floorf(size);
    }
    return st;
}

/* One scale for all: the smallest or the largest that the sizes ask for; sizes are rounded, halves up. */
static cm_status keep_aspect_ratio(cm_step *s, const int *axes, int n, cm_resize *p, int64_t *dim,
                                   cm_error *err)
{
    const char *policy = cm_attr_text(s, "keep_aspect_ratio_policy", "stretch");
    const bool smallest = !strcmp(policy, "not_larger");
    if (!strcmp(policy, "stretch") || n < 1) return CM_OK;
    if (!smallest && strcmp(policy, "not_smaller"))
        return cm_step_bad(s, cm_strf("keep_aspect_ratio_policy = %s", policy).s, err);
    double scale = p->scale[axes[0]];
    for (int i = 1; i < n; i++)
        if (smallest ? p->scale[axes[i]] < scale : p->scale[axes[i]] > scale) scale = p->scale[axes[i]];
    for (int i = 0; i < n; i++) {
        const double size = floor(scale * (double)s->x[0]->dim[axes[i]] + 0.5);
        if (!(size >= 1 && size <= INT32_MAX)) return cm_step_bad(s, cm_strf("a size of %g", size).s, err);
        dim[axes[i]] = (int64_t)size;
        p->scale[axes[i]] = scale;
    }
    return CM_OK;
}

/* The part of the image that is looked at, 0 to 1; all of it where nothing is said. */
static cm_status read_roi(cm_step *s, const int *axes, int n, cm_resize *p, cm_error *err)
{
    for (int i = 0; i < CM_MAX_RANK; i++)
        p->roi_end[i] = 1;
    if (p->coordinates != CM_COORD_CROP) return CM_OK;
    cm_status st = cm_step_need_known(s, 1, "region of interest", err);
    if (!st && (s->x[1]->element != CM_ELEMENT_F32 || cm_tensor_count(s->x[1]) != 2 * n))
        st = cm_step_bad(s, cm_strf("the region of interest is not %d floats", 2 * n).s, err);
    for (int i = 0; !st && i < n; i++) {
        p->roi_start[axes[i]] = cm_known_number(s->x[1], i);
        p->roi_end[axes[i]] = cm_known_number(s->x[1], n + i);
        if (!isfinite(p->roi_start[axes[i]]) || !isfinite(p->roi_end[axes[i]]))
            st = cm_step_bad(s, "the region of interest is not finite", err);
    }
    return st;
}

static cm_status from_sizes(cm_step *s, const int *axes, int n, cm_resize *p, int64_t *dim, cm_error *err)
{
    int64_t sizes[CM_MAX_RANK];
    int count = 0;
    cm_status st = cm_step_ints(s, 3, "list of sizes", sizes, CM_MAX_RANK, &count, err);
    if (!st && count != n) st = cm_step_bad(s, cm_strf("%d sizes for %d dimensions", count, n).s, err);
    for (int i = 0; !st && i < n; i++) {
        const int a = axes[i];
        if (sizes[i] < 1 || s->x[0]->dim[a] < 1)
            return cm_step_bad(s, cm_strf("a size of %lld", (long long)sizes[i]).s, err);
        dim[a] = sizes[i];
        p->scale[a] = (double)sizes[i] / (double)s->x[0]->dim[a];
    }
    return st ? st : keep_aspect_ratio(s, axes, n, p, dim, err);
}

/* Before opset 11 nothing was said about rounding: floor when growing, ceil when shrinking, as ONNX Runtime
 * has it. */
static cm_status old_nearest(cm_step *s, cm_resize *p, cm_error *err)
{
    bool grows = false, shrinks = false;
    for (int i = 0; i < s->x[0]->rank; i++) {
        grows = grows || p->scale[i] > 1;
        shrinks = shrinks || p->scale[i] < 1;
    }
    if (grows && shrinks)
        return cm_step_unsupported(s, "it grows one dimension and shrinks another",
                                   "Export with opset 11 or later", err);
    p->coordinates = CM_COORD_ASYMMETRIC;
    p->nearest = shrinks ? CM_NEAREST_CEIL : CM_NEAREST_FLOOR;
    return CM_OK;
}

static cm_status read_modes(cm_step *s, cm_resize *p, cm_error *err)
{
    int mode = 0, coordinates = 0, nearest = 0;
    cm_status st = choose(s, "mode", "nearest", mode_names, s->opset < 11 ? 2 : 3, &mode, err);
    p->mode = (cm_resize_mode)mode;
    p->cubic_a = -0.75f;
    if (st || s->opset < 11) return st;
    st = choose(s, "coordinate_transformation_mode", "half_pixel", coordinate_names, COORDINATES,
                &coordinates, err);
    if (!st) st = choose(s, "nearest_mode", "round_prefer_floor", nearest_names, 4, &nearest, err);
    p->coordinates = (cm_resize_coordinates)coordinates;
    p->nearest = (cm_resize_nearest)nearest;
    p->cubic_a = (float)cm_attr_float(s, "cubic_coeff_a", -0.75);
    p->extrapolation = (float)cm_attr_float(s, "extrapolation_value", 0);
    p->exclude_outside = cm_attr_int(s, "exclude_outside", 0) != 0;
    return st;
}

/* The shape after the passes up to `pass`. */
static cm_tensor after_pass(const cm_step *s, const resizing *r, int pass)
{
    cm_tensor t = *s->x[0];
    for (int i = 0; i <= pass; i++)
        t.dim[r->axis[i]] = s->y[0]->dim[r->axis[i]];
    return t;
}

/* Which axes are filtered. Each output element of a pass adds up the elements under its filter. */
static cm_status plan_passes(cm_step *s, resizing *r, cm_error *err)
{
    const bool wanted = cm_attr_int(s, "antialias", 0) != 0 && r->p.mode != CM_RESIZE_NEAREST;
    if (wanted && r->p.coordinates == CM_COORD_CROP)
        return cm_step_unsupported(s, "antialias = 1 of a cropped part", "Export with antialias = 0", err);
    for (int a = s->x[0]->rank - 1; wanted && a >= 0; a--)
        if (s->x[0]->dim[a] != s->y[0]->dim[a] || r->p.scale[a] != 1) r->axis[r->n_passes++] = a;
    if (r->n_passes) s->operations = 0;
    for (int i = 0; i < r->n_passes; i++) {
        const cm_tensor t = after_pass(s, r, i);
        const double scale = r->p.scale[r->axis[i]] < 1 ? r->p.scale[r->axis[i]] : 1;
        s->operations += cm_count_f(&t) * 4 * ((r->p.mode == CM_RESIZE_LINEAR ? 2 : 4) / scale + 2);
        int64_t bytes = 0;
        cm_status st = cm_plan_check_tensor(s->limits, &t, &bytes, err);
        if (st) return st;
    }
    return CM_OK;
}

static bool is_given(const cm_step *s, int i)
{
    return cm_step_x(s, i) && cm_tensor_count(s->x[i]) > 0; /* an empty list says nothing */
}

static cm_status infer(cm_step *s, cm_error *err)
{
    resizing *r = NULL;
    int axes[CM_MAX_RANK], n = 0;
    int64_t dim[CM_MAX_RANK];
    const int scales = s->opset < 11 ? 1 : 2;
    cm_status st = cm_step_parameters(s, sizeof *r, &r, err);
    if (st) return st;
    cm_resize *p = &r->p;
    st = read_modes(s, p, err);
    if (!st && (p->mode != CM_RESIZE_NEAREST || p->coordinates == CM_COORD_CROP))
        st = cm_step_need_float(s, 0, err);
    if (!st) st = read_axes(s, axes, &n, err);
    if (!st && s->opset >= 11) st = read_roi(s, axes, n, p, err);
    if (st) return st;
    memcpy(dim, s->x[0]->dim, sizeof dim);
    for (int i = 0; i < CM_MAX_RANK; i++)
        p->scale[i] = 1;
    if (s->opset < 9 || is_given(s, scales))
        st = from_scales(s, scales, axes, n, p, dim, err);
    else if (s->opset >= 11 && is_given(s, 3))
        st = from_sizes(s, axes, n, p, dim, err);
    else
        st = cm_step_bad(s, "neither scales nor sizes are given", err);
    cm_attr_text(s, "keep_aspect_ratio_policy", "stretch"); /* says nothing about scales */
    if (!st && s->opset < 11) st = old_nearest(s, p, err);
    if (st) return st;
    cm_step_set(s, 0, s->x[0]->element, s->x[0]->rank, dim);
    for (int i = 0; i < s->x[0]->rank; i++)
        if (s->x[0]->dim[i] < 1 || dim[i] < 1)
            return cm_step_mismatch(s, "an empty image cannot be resized", err);
    s->operations = cm_count_f(s->y[0]) * (p->mode == CM_RESIZE_NEAREST  ? 1
                                           : p->mode == CM_RESIZE_LINEAR ? 10
                                                                         : 80);
    return s->opset < 11 ? CM_OK : plan_passes(s, r, err);
}

/* What lies between two passes: they write into the two halves of the scratch in turn, the last into y. */
static void scratch_bytes(const cm_step *s, const resizing *r, int64_t half[2])
{
    half[0] = half[1] = 0;
    for (int i = 0; i + 1 < r->n_passes; i++) {
        const cm_tensor t = after_pass(s, r, i);
        const int64_t bytes = (cm_tensor_count(&t) * (int64_t)sizeof(float) + 63) / 64 * 64;
        if (bytes > half[i % 2]) half[i % 2] = bytes;
    }
}

static cm_status cost(cm_step *s, cm_backend *be, cm_error *err)
{
    (void)be, (void)err;
    int64_t half[2];
    scratch_bytes(s, s->parameters, half);
    s->scratch_bytes = half[0] + half[1];
    return CM_OK;
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    const resizing *r = s->parameters;
    if (!r->n_passes) return be->ops->resize(be, &r->p, s->x[0], s->y[0], err);
    int64_t half[2];
    scratch_bytes(s, r, half);
    cm_status st = CM_OK;
    cm_tensor from = *s->x[0];
    for (int i = 0; !st && i < r->n_passes; i++) {
        cm_tensor to = after_pass(s, r, i);
        to.data = i + 1 == r->n_passes ? s->y[0]->data : (char *)scratch + i % 2 * half[0];
        st = be->ops->resize_axis(be, &r->p, r->axis[i], &from, &to, err);
        if (!st) st = cm_stop_due(stop);
        from = to;
    }
    return st;
}

const cm_family cm_family_resize = {.infer = infer, .cost = cost, .run = run};
