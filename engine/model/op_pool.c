/* MaxPool, AveragePool, and the two global poolings, which are reductions. */
#include <string.h>

#include "engine/model/fusion.h"
#include "engine/model/op_window.h"

typedef struct pooling {
    cm_pool pool;
    bool by_index; /* the indices are wanted, or the numbers are whole: another kernel */
    bool column_major;
} pooling;

static bool wants_indices(const cm_step *s)
{
    return s->n_y > 1 && s->y_value[1] >= 0;
}

static cm_status infer(cm_step *s, cm_error *err)
{
    pooling *q = NULL;
    cm_pool *p = NULL;
    cm_window w = {0};
    int64_t dim[CM_MAX_RANK] = {0};
    cm_status st = cm_step_need_rank(s, 0, 3, 5, err);
    if (!st && s->op->code == CM_POOL_AVERAGE) st = cm_step_need_float(s, 0, err);
    if (!st && s->x[0]->element == CM_ELEMENT_BOOL) st = cm_step_bad(s, "a bool input", err);
    if (!st) st = cm_step_parameters(s, sizeof *q, &q, err);
    if (!st) st = cm_window_read(s, s->x[0]->rank - 2, NULL, &w, err);
    if (st) return st;
    p = &q->pool;
    q->by_index = wants_indices(s) || s->x[0]->element != CM_ELEMENT_F32;
    w.ceil_mode = cm_attr_int(s, "ceil_mode", 0) != 0;
    *p = (cm_pool){.kind = (cm_pool_kind)s->op->code, .spatial = w.spatial};
    if (p->kind == CM_POOL_AVERAGE)
        p->count_include_pad = cm_attr_int(s, "count_include_pad", 0) != 0;
    else
        q->column_major = cm_attr_int(s, "storage_order", 0) != 0; /* of the indices */
    st = cm_window_slide(s, &w, dim + 2, err);
    if (st) return st;
    memcpy(p->kernel, w.kernel, sizeof p->kernel);
    memcpy(p->stride, w.stride, sizeof p->stride);
    memcpy(p->dilation, w.dilation, sizeof p->dilation);
    memcpy(p->pad_lo, w.pad_lo, sizeof p->pad_lo);
    memcpy(p->pad_hi, w.pad_hi, sizeof p->pad_hi);
    dim[0] = s->x[0]->dim[0];
    dim[1] = s->x[0]->dim[1];
    cm_step_set(s, 0, s->x[0]->element, s->x[0]->rank, dim);
    if (wants_indices(s)) cm_step_set(s, 1, CM_ELEMENT_I64, s->x[0]->rank, dim);
    const double taps = (double)w.kernel[0] * (double)w.kernel[1] * (double)w.kernel[2];
    if (q->by_index && taps > INT32_MAX) /* they are counted in one number */
        return cm_step_unsupported(s, "a window of more than 2^31 voxels", NULL, err);
    s->operations = cm_count_f(s->y[0]) * taps;
    return CM_OK;
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch;
    const pooling *p = s->parameters;
    if (!p->by_index) return be->ops->pool(be, &p->pool, s->x[0], s->y[0], err);
    cm_tensor indices = *s->y[0];
    indices.element = CM_ELEMENT_I64;
    indices.data = wants_indices(s) ? s->y[1]->data : NULL;
    return be->ops->pool_indices(be, &p->pool, p->column_major, s->x[0], s->y[0], &indices, stop, err);
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

/* The zeros count in a mean, and the windows stay where they are: not where the last one was rounded up. */
bool cm_pool_take_pads(cm_step *s, const int64_t *lo, const int64_t *hi)
{
    cm_pool *p = s->parameters;
    if (p->kind != CM_POOL_AVERAGE) return false;
    for (int i = 0; i < p->spatial; i++) {
        const int a = 3 - p->spatial + i;
        const int64_t room = s->x[0]->dim[2 + i] + p->pad_lo[a] + p->pad_hi[a] - p->kernel[a];
        if (p->dilation[a] != 1 || s->y[0]->dim[2 + i] != room / p->stride[a] + 1 ||
            (!p->count_include_pad && (p->pad_lo[a] || p->pad_hi[a])))
            return false;
    }
    for (int i = 0; i < p->spatial; i++) {
        p->pad_lo[3 - p->spatial + i] += lo[2 + i];
        p->pad_hi[3 - p->spatial + i] += hi[2 + i];
    }
    p->count_include_pad = true;
    return true;
}
