/* TopK, CumSum, Trilu, OneHot, and the two that are known as soon as shapes are: EyeLike and NonZero. */
#include <string.h>

#include "engine/model/onnx.h"
#include "engine/model/operator.h"

/* -- TopK: k was an attribute before opset 10 -- */

typedef struct topk {
    int axis;
    bool largest;
} topk;

static cm_status read_k(cm_step *s, int64_t *k, cm_error *err)
{
    int n = 0;
    if (s->opset < 10) {
        *k = cm_attr_int(s, "k", -1);
        return CM_OK;
    }
    if (!cm_step_x(s, 1)) return cm_step_bad(s, "k is missing", err);
    const cm_status st = cm_step_ints(s, 1, "k", k, 1, &n, err);
    return !st && n != 1 ? cm_step_bad(s, "k is not one number", err) : st;
}

static cm_status infer_topk(cm_step *s, cm_error *err)
{
    topk *p = NULL;
    const cm_tensor *x = s->x[0];
    int64_t k = 0, dim[CM_MAX_RANK];
    cm_status st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", -1), x->rank, false, &p->axis, err);
    if (!st) st = read_k(s, &k, err);
    if (st) return st;
    if (k < 0 || k > x->dim[p->axis])
        return cm_step_mismatch(
            s, cm_strf("%lld of %lld elements", (long long)k, (long long)x->dim[p->axis]).s, err);
    if (x->element == CM_ELEMENT_BOOL) return cm_step_bad(s, "a bool input", err);
    p->largest = cm_attr_int(s, "largest", 1) != 0;
    cm_attr_int(s, "sorted", 1); /* they are, whether asked for or not */
    memcpy(dim, x->dim, sizeof dim);
    dim[p->axis] = k;
    cm_step_set(s, 0, x->element, x->rank, dim);
    cm_step_set(s, 1, CM_ELEMENT_I64, x->rank, dim);
    s->operations = 2 * cm_count_f(x);
    return CM_OK;
}

static cm_status cost_topk(cm_step *s, cm_backend *be, cm_error *err)
{
    (void)be, (void)err;
    /* both outputs are written; the one that nobody reads goes here */
    s->scratch_bytes = 8 * (int64_t)cm_count_f(s->y[0]);
    return CM_OK;
}

static cm_status run_topk(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    const topk *p = s->parameters;
    cm_tensor values = *s->y[0], indices = *s->y[1];
    if (!values.data) values.data = scratch;
    if (!indices.data) indices.data = scratch;
    return be->ops->topk(be, p->axis, p->largest, s->x[0], &values, &indices, stop, err);
}

const cm_family cm_family_topk = {.infer = infer_topk, .cost = cost_topk, .run = run_topk};

/* -- CumSum -- */

typedef struct cumulation {
    int axis;
    bool exclusive, reverse;
} cumulation;

static cm_status infer_cumsum(cm_step *s, cm_error *err)
{
    cumulation *p = NULL;
    int64_t axis = 0;
    int n = 0;
    cm_status st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_ints(s, 1, "axis", &axis, 1, &n, err);
    if (!st && n != 1) st = cm_step_bad(s, "the axis is not one number", err);
    if (!st) st = cm_step_axis(s, axis, s->x[0]->rank, false, &p->axis, err);
    if (st) return st;
    if (s->x[0]->element == CM_ELEMENT_BOOL) return cm_step_bad(s, "a bool input", err);
    p->exclusive = cm_attr_int(s, "exclusive", 0) != 0;
    p->reverse = cm_attr_int(s, "reverse", 0) != 0;
    cm_step_set(s, 0, s->x[0]->element, s->x[0]->rank, s->x[0]->dim);
    s->operations = cm_count_f(s->x[0]);
    return CM_OK;
}

static cm_status run_cumsum(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const cumulation *p = s->parameters;
    return be->ops->cumulative_sum(be, p->axis, p->exclusive, p->reverse, s->x[0], s->y[0], err);
}

const cm_family cm_family_cumsum = {.infer = infer_cumsum, .run = run_cumsum};

/* -- Trilu -- */

typedef struct triangle {
    bool upper;
    int64_t diagonal;
} triangle;

static cm_status infer_trilu(cm_step *s, cm_error *err)
{
    triangle *p = NULL;
    int n = 0;
    cm_status st = cm_step_need_rank(s, 0, 2, CM_MAX_RANK, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st && cm_step_x(s, 1)) st = cm_step_ints(s, 1, "diagonal", &p->diagonal, 1, &n, err);
    if (st) return st;
    if (cm_step_x(s, 1) && n != 1) return cm_step_bad(s, "the diagonal is not one number", err);
    p->upper = cm_attr_int(s, "upper", 1) != 0;
    cm_step_set(s, 0, s->x[0]->element, s->x[0]->rank, s->x[0]->dim);
    s->may_alias = 1;
    return CM_OK;
}

static cm_status run_trilu(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const triangle *p = s->parameters;
    return be->ops->triangle(be, p->upper, p->diagonal, s->x[0], s->y[0], err);
}

const cm_family cm_family_trilu = {.infer = infer_trilu, .run = run_trilu};

/* -- OneHot -- */

static cm_status infer_one_hot(cm_step *s, cm_error *err)
{
    int *axis = NULL;
    double depth = 0;
    int64_t dim[CM_MAX_RANK];
    const cm_tensor *x = s->x[0], *values = s->x[2];
    cm_status st = cm_step_need_rank(s, 0, 0, CM_MAX_RANK - 1, err);
    if (!st) st = cm_step_parameters(s, sizeof *axis, &axis, err);
    if (!st) st = cm_step_need_known(s, 1, "depth", err);
    if (!st) st = cm_step_number(s, 1, "depth", 0, &depth, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", -1), x->rank + 1, false, axis, err);
    if (st) return st;
    if (!(depth >= 0 && depth <= INT32_MAX)) return cm_step_bad(s, cm_strf("a depth of %g", depth).s, err);
    if (x->element == CM_ELEMENT_BOOL || cm_tensor_count(values) != 2)
        return cm_step_bad(s, "the indices must be numbers, the values two", err);
    for (int i = 0; i <= x->rank; i++)
        dim[i] = i < *axis ? x->dim[i] : i == *axis ? (int64_t)depth : x->dim[i - 1];
    cm_step_set(s, 0, values->element, x->rank + 1, dim);
    return CM_OK;
}

static cm_status run_one_hot(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->one_hot(be, s->x[0], *(const int *)s->parameters, s->x[2], s->y[0], err);
}

const cm_family cm_family_one_hot = {.infer = infer_one_hot, .run = run_one_hot};

/* -- EyeLike: known as soon as the shape is -- */

static cm_status infer_eye(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    const int64_t k = cm_attr_int(s, "k", 0);
    const int64_t to = cm_attr_int(s, "dtype", 0);
    const cm_element e = cm_attr_has(s, "dtype") ? cm_onnx_element(to) : x->element;
    cm_status st = cm_step_need_rank(s, 0, 2, 2, err);
    if (!st && !e) st = cm_step_unsupported(s, cm_strf("type %s", cm_onnx_type_name(to).s).s, NULL, err);
    if (!st) st = cm_step_spend(s, cm_tensor_count(x), err);
    void *data = NULL;
    if (!st) st = cm_memory_take(s->memory, cm_tensor_count(x), cm_element_bytes(e), &data, err);
    if (st) return st;
    cm_step_set(s, 0, e, 2, x->dim);
    s->y[0]->data = data;
    for (int64_t row = 0; row < x->dim[0]; row++) {
        if (k < -x->dim[0] || k > x->dim[1] || row + k < 0 || row + k >= x->dim[1]) continue;
        const int64_t at = row * x->dim[1] + row + k;
        if (e == CM_ELEMENT_F32)
            ((float *)data)[at] = 1;
        else
            cm_whole_put(e, data, at, 1);
    }
    return CM_OK;
}

const cm_family cm_family_eye = {.infer = infer_eye};

/* -- NonZero of something known: its shape is what is found -- */

static bool is_zero(const cm_tensor *t, int64_t i)
{
    return t->element == CM_ELEMENT_F32 ? ((const float *)t->data)[i] == 0
                                        : !cm_whole_at(t->element, t->data, i);
}

static cm_status infer_nonzero(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    const int64_t count = cm_tensor_count(x);
    int64_t *data = NULL, found = 0, dim[2] = {x->rank, 0};
    cm_status st = cm_step_need_known(s, 0, "input", err);
    if (!st) st = cm_step_spend(s, count * (1 + x->rank), err);
    if (st) return st;
    for (int64_t i = 0; i < count; i++)
        dim[1] += !is_zero(x, i);
    st = cm_memory_take(s->memory, dim[0] * dim[1], sizeof *data, &data, err);
    if (st) return st;
    cm_step_set(s, 0, CM_ELEMENT_I64, 2, dim);
    s->y[0]->data = data;
    for (int64_t i = 0; i < count; i++) {
        if (is_zero(x, i)) continue;
        int64_t rest = i;
        for (int d = x->rank - 1; d >= 0; d--) {
            data[d * dim[1] + found] = rest % x->dim[d];
            rest /= x->dim[d];
        }
        found++;
    }
    return CM_OK;
}

const cm_family cm_family_nonzero = {.infer = infer_nonzero};
