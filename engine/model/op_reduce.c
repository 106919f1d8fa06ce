/* Softmax and reductions along axes. */
#include <string.h>

#include "engine/model/fusion.h"

/* -- Softmax, LogSoftmax, Hardmax -- */

typedef struct softmax {
    int axis;
    cm_tensor flat; /* shape the kernel sees: before opset 13 all dimensions from axis on are one */
} softmax;

static cm_status infer_softmax(cm_step *s, cm_error *err)
{
    softmax *p = NULL;
    const cm_tensor *x = s->x[0];
    cm_status st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st)
        st = cm_step_axis(s, cm_attr_int(s, "axis", s->opset < 13 ? 1 : -1), x->rank, s->opset < 13, &p->axis,
                          err);
    if (st) return st;
    p->flat = *x;
    if (s->opset < 13) {
        int64_t dim[2] = {1, 1};
        for (int i = 0; i < x->rank; i++)
            dim[i >= p->axis] *= x->dim[i]; /* parts of a tensor whose size was checked */
        p->flat.rank = 2;
        memcpy(p->flat.dim, dim, sizeof dim);
        p->axis = 1;
    }
    cm_step_set(s, 0, CM_ELEMENT_F32, x->rank, x->dim);
    s->operations = 5 * cm_count_f(x);
    return CM_OK;
}

static cm_status run_softmax(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const softmax *p = s->parameters;
    cm_tensor x = p->flat, y = p->flat;
    x.data = s->x[0]->data;
    y.data = s->y[0]->data;
    return be->ops->softmax(be, &x, p->axis, s->op->code == 1, &y, err);
}

const cm_family cm_family_softmax = {.infer = infer_softmax, .run = run_softmax};

static cm_status run_hardmax(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const softmax *p = s->parameters;
    cm_tensor x = p->flat, y = p->flat;
    x.data = s->x[0]->data;
    y.data = s->y[0]->data;
    return be->ops->hardmax(be, &x, p->axis, &y, err);
}

const cm_family cm_family_hardmax = {.infer = infer_softmax, .run = run_hardmax}; /* the same shapes */

/* -- reductions -- */

typedef struct reduction {
    cm_reduce op;
    uint32_t axes; /* bit i = dimension i */
} reduction;

/* Opset in which the axes became an input. */
static int axes_are_input_from(int op)
{
    return op == CM_REDUCE_SUM ? 13 : 18;
}

static cm_status read_axes(cm_step *s, uint32_t *axes, cm_error *err)
{
    const int rank = s->x[0]->rank;
    const int64_t *items = NULL;
    int64_t given[CM_MAX_RANK], count = -1;
    cm_status st = CM_OK;
    if (s->opset < axes_are_input_from(s->op->code)) {
        if (cm_step_x(s, 1))
            return cm_step_bad(s, cm_strf("axes are an attribute in opset %d", s->opset).s, err);
        count = cm_attr_ints(s, "axes", &items);
    } else if (cm_step_x(s, 1)) {
        int n = 0;
        st = cm_step_ints(s, 1, "axes", given, CM_MAX_RANK, &n, err);
        items = given;
        count = n;
    }
    *axes = 0;
    for (int64_t i = 0; !st && i < count; i++) {
        int axis = 0;
        st = cm_step_axis(s, items[i], rank, false, &axis, err);
        *axes |= 1u << axis;
    }
    if (!st && count <= 0 && !cm_attr_int(s, "noop_with_empty_axes", 0)) *axes = (1u << rank) - 1;
    cm_attr_int(s, "noop_with_empty_axes", 0);
    return st;
}

static void set_reduced(cm_step *s, cm_element element, uint32_t axes, bool keep)
{
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < s->x[0]->rank; i++) {
        const bool reduced = axes >> i & 1;
        if (!reduced || keep) dim[rank++] = reduced ? 1 : s->x[0]->dim[i];
    }
    cm_step_set(s, 0, element, rank, dim);
    s->operations = cm_count_f(s->x[0]);
}

/* Over a single element the value itself; the others do something to it even then. */
static bool keeps_one(int op)
{
    return op == CM_REDUCE_SUM || op == CM_REDUCE_MEAN || op == CM_REDUCE_MAX || op == CM_REDUCE_MIN ||
           op == CM_REDUCE_PROD;
}

static cm_status check_reduced(const cm_step *s, cm_error *err)
{
    const int op = s->op->code;
    const cm_element e = s->x[0]->element;
    if (e == CM_ELEMENT_BOOL && op != CM_REDUCE_MAX && op != CM_REDUCE_MIN)
        return cm_step_unsupported(s, "a bool input", NULL, err);
    if (op == CM_REDUCE_L2 || op == CM_REDUCE_MEAN || op == CM_REDUCE_LOG_SUM || op == CM_REDUCE_LOG_SUM_EXP)
        return cm_step_need_float(s, 0, err);
    return CM_OK;
}

static cm_status infer_reduce(cm_step *s, cm_error *err)
{
    reduction *p = NULL;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) p->op = (cm_reduce)s->op->code;
    if (!st) st = read_axes(s, &p->axes, err);
    if (!st) st = check_reduced(s, err);
    if (st) return st;
    if (!p->axes && s->x[0]->rank > 0 && !keeps_one(s->op->code)) /* noop_with_empty_axes */
        return cm_step_unsupported(s, "nothing to reduce", NULL, err);
    set_reduced(s, s->x[0]->element, p->axes, cm_attr_int(s, "keepdims", 1) != 0);
    if (!p->axes && keeps_one(s->op->code))
        s->view_of = 0;
    else if (s->op->code == CM_REDUCE_MEAN && cm_count_f(s->x[0]) == 0)
        return cm_step_unsupported(s, "the mean of nothing", NULL, err);
    return CM_OK;
}

static cm_status run_reduce(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const reduction *p = s->parameters;
    return be->ops->reduce(be, p->op, s->x[0], p->axes, s->y[0], err);
}

const cm_family cm_family_reduce = {.infer = infer_reduce, .run = run_reduce};

static cm_status infer_arg(cm_step *s, cm_error *err)
{
    reduction *p = NULL;
    int axis = 0;
    cm_status st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", 0), s->x[0]->rank, false, &axis, err);
    if (st) return st;
    p->op = (cm_reduce)s->op->code;
    if (cm_attr_int(s, "select_last_index", 0))
        p->op = p->op == CM_REDUCE_ARGMAX ? CM_REDUCE_ARGMAX_LAST : CM_REDUCE_ARGMIN_LAST;
    if (s->x[0]->element == CM_ELEMENT_BOOL) return cm_step_bad(s, "a bool input", err);
    if (s->x[0]->dim[axis] < 1) return cm_step_mismatch(s, "an empty dimension has no largest element", err);
    p->axes = 1u << axis;
    set_reduced(s, CM_ELEMENT_I64, p->axes, cm_attr_int(s, "keepdims", 1) != 0);
    return CM_OK;
}

const cm_family cm_family_arg = {.infer = infer_arg, .run = run_reduce};

uint32_t cm_reduce_axes(const cm_step *s)
{
    return ((const reduction *)s->parameters)->axes;
}
