/* MaxPool, AveragePool, and the two global poolings, which are reductions. */
#include <string.h>

#include "engine/model/op_window.h"

static cm_status infer(cm_step *s, cm_error *err)
{
    cm_pool *p = NULL;
    cm_window w = {0};
    int64_t dim[CM_MAX_RANK] = {0};
    cm_status st = cm_step_need_rank(s, 0, 3, 5, err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_window_read(s, s->x[0]->rank - 2, NULL, &w, err);
    if (st) return st;
    w.ceil_mode = cm_attr_int(s, "ceil_mode", 0) != 0;
    *p = (cm_pool){.kind = (cm_pool_kind)s->op->code, .spatial = w.spatial};
    if (p->kind == CM_POOL_AVERAGE)
        p->count_include_pad = cm_attr_int(s, "count_include_pad", 0) != 0;
    else
        cm_attr_int(s, "storage_order", 0); /* order of the indices output, which is not given */
    st = cm_window_slide(s, &w, dim + 2, err);
    if (st) return st;
    memcpy(p->kernel, w.kernel, sizeof p->kernel);
    memcpy(p->stride, w.stride, sizeof p->stride);
    memcpy(p->dilation, w.dilation, sizeof p->dilation);
    memcpy(p->pad_lo, w.pad_lo, sizeof p->pad_lo);
    memcpy(p->pad_hi, w.pad_hi, sizeof p->pad_hi);
    dim[0] = s->x[0]->dim[0];
    dim[1] = s->x[0]->dim[1];
    cm_step_set(s, 0, CM_ELEMENT_F32, s->x[0]->rank, dim);
    s->operations = cm_count_f(s->y[0]) * (double)w.kernel[0] * (double)w.kernel[1] * (double)w.kernel[2];
    return CM_OK;
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->pool(be, s->parameters, s->x[0], s->y[0], err);
}

const cm_family cm_family_pooling = {.infer = infer, .run = run};

static cm_status infer_global(cm_step *s, cm_error *err)
{
    cm_status st = cm_step_need_rank(s, 0, 3, CM_MAX_RANK, err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (st) return st;
    int64_t dim[CM_MAX_RANK] = {s->x[0]->dim[0], s->x[0]->dim[1]};
    for (int i = 2; i < s->x[0]->rank; i++)
        dim[i] = 1;
    cm_step_set(s, 0, CM_ELEMENT_F32, s->x[0]->rank, dim);
    s->operations = cm_count_f(s->x[0]);
    return CM_OK;
}

static cm_status run_global(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const uint32_t spatial = (1u << s->x[0]->rank) - 4; /* all but batch and channel */
    return be->ops->reduce(be, (cm_reduce)s->op->code, s->x[0], spatial, s->y[0], err);
}

const cm_family cm_family_global_pooling = {.infer = infer_global, .run = run_global};
