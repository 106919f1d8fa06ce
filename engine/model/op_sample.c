/* GridSample and AffineGrid. */
#include <string.h>

#include "engine/model/operator.h"

/* mode: linear and cubic are called bilinear and bicubic before opset 20. */
static cm_status read_mode(cm_step *s, cm_grid_sample *p, cm_error *err)
{
    static const char *const modes[] = {"linear", "nearest", "cubic", "bilinear", "nearest", "bicubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    const int first = s->opset < 20 ? 3 : 0;
    const char *mode = cm_attr_text(s, "mode", modes[first]);
    const char *padding = cm_attr_text(s, "padding_mode", "zeros");
    int m = 0, q = 0;
    while (m < 3 && strcmp(mode, modes[first + m]))
        m++;
    while (q < 3 && strcmp(padding, paddings[q]))
        q++;
    if (m == 3 || q == 3)
        return cm_step_bad(s, cm_strf("mode = %s, padding_mode = %s", mode, padding).s, err);
    p->mode = (cm_sample_mode)m;
    p->padding = (cm_sample_padding)q;
    p->align_corners = cm_attr_int(s, "align_corners", 0) != 0;
    return CM_OK;
}

static cm_status infer_grid_sample(cm_step *s, cm_error *err)
{
    cm_grid_sample *p = NULL;
    const cm_tensor *x = s->x[0], *grid = s->x[1];
    int64_t dim[CM_MAX_RANK];
    cm_status st = cm_step_need_rank(s, 0, 4, 5, err);
    for (int i = 0; !st && i < 2; i++)
        st = cm_step_need_float(s, i, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = read_mode(s, p, err);
    if (st) return st;
    if (grid->rank != x->rank || grid->dim[0] != x->dim[0] || grid->dim[grid->rank - 1] != x->rank - 2)
        return cm_step_mismatch(s, "the grid is not one of this image", err);
    dim[0] = x->dim[0];
    dim[1] = x->dim[1];
    for (int i = 2; i < x->rank; i++) {
        dim[i] = grid->dim[i - 1];
        if (x->dim[i] < 1) return cm_step_mismatch(s, "an empty image cannot be sampled", err);
    }
    cm_step_set(s, 0, CM_ELEMENT_F32, x->rank, dim);
    const double taps = p->mode == CM_SAMPLE_NEAREST ? 1 : p->mode == CM_SAMPLE_LINEAR ? 2 : 4;
    s->operations = 2 * cm_count_f(s->y[0]) * taps * taps * (x->rank == 5 ? taps : 1);
    return CM_OK;
}

static cm_status run_grid_sample(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                 cm_error *err)
{
    (void)scratch;
    return be->ops->grid_sample(be, s->parameters, s->x[0], s->x[1], s->y[0], stop, err);
}

const cm_family cm_family_grid_sample = {.infer = infer_grid_sample, .run = run_grid_sample};

static cm_status infer_affine_grid(cm_step *s, cm_error *err)
{
    bool *align_corners = NULL;
    int64_t size[CM_MAX_RANK], dim[CM_MAX_RANK];
    int n = 0;
    const cm_tensor *theta = s->x[0];
    cm_status st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_need_rank(s, 0, 3, 3, err);
    if (!st) st = cm_step_parameters(s, sizeof *align_corners, &align_corners, err);
    if (!st) st = cm_step_ints(s, 1, "size", size, CM_MAX_RANK, &n, err);
    if (st) return st;
    if ((n != 4 && n != 5) || theta->dim[0] != size[0] || theta->dim[1] != n - 2 || theta->dim[2] != n - 1)
        return cm_step_mismatch(s, "the affine map is not one of this size", err);
    *align_corners = cm_attr_int(s, "align_corners", 0) != 0;
    dim[0] = size[0];
    for (int i = 2; i < n; i++) {
        if (size[i] < 1 || size[i] > INT32_MAX)
            return cm_step_bad(s, cm_strf("a size of %lld", (long long)size[i]).s, err);
        dim[i - 1] = size[i];
    }
    dim[n - 1] = n - 2;
    cm_step_set(s, 0, CM_ELEMENT_F32, n, dim);
    s->operations = 2 * cm_count_f(s->y[0]) * (n - 1);
    return CM_OK;
}

static cm_status run_affine_grid(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                 cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->affine_grid(be, *(const bool *)s->parameters, s->x[0], s->y[0], err);
}

const cm_family cm_family_affine_grid = {.infer = infer_affine_grid, .run = run_affine_grid};
