/* Operators that give a tensor another shape and leave its data where it is, and those that tell a shape. */
#include <string.h>

#include "engine/model/operator.h"

/* y[0] is x[0] with these dimensions. */
static cm_status as_view(cm_step *s, int rank, const int64_t *dim)
{
    cm_step_set(s, 0, s->x[0]->element, rank, dim);
    s->view_of = 0;
    return CM_OK;
}

static cm_status too_many_dimensions(const cm_step *s, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor has more dimensions than are allowed",
                   .why = cm_strf("operator %s, at most %d", s->op->name, CM_MAX_RANK).s,
                   .next = "See docs/limits.md");
}

/* -- Reshape: 0 copies a dimension (not with allowzero), one -1 takes what is left -- */

static cm_status infer_reshape(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    int64_t dim[CM_MAX_RANK], known = 1, total = cm_tensor_count(x);
    int rank = 0, open = -1;
    const bool allow_zero = cm_attr_int(s, "allowzero", 0) != 0;
    cm_status st = cm_step_ints(s, 1, "shape", dim, CM_MAX_RANK, &rank, err);
    for (int i = 0; !st && i < rank; i++) {
        if (dim[i] == 0 && !allow_zero) {
            if (i >= x->rank) return cm_step_bad(s, "the shape copies a dimension that is not there", err);
            dim[i] = x->dim[i];
        }
        if (dim[i] == -1 && open < 0)
            open = i;
        else if (dim[i] < 0)
            st = cm_step_bad(s, cm_strf("the shape holds %lld", (long long)dim[i]).s, err);
        else if (!cm_mul_i64(known, dim[i], &known))
            st = cm_step_mismatch(s, "the new shape has more elements than the input", err);
    }
    if (st) return st;
    if (open >= 0) dim[open] = known > 0 ? total / known : 0;
    if (open >= 0 ? known == 0 || total % known : total != known)
        return cm_step_mismatch(
            s, cm_strf("%lld elements do not fill a shape of %lld", (long long)total, (long long)known).s,
            err);
    return as_view(s, rank, dim);
}

const cm_family cm_family_reshape = {.infer = infer_reshape};

static cm_status infer_flatten(cm_step *s, cm_error *err)
{
    int axis = 0;
    cm_status st = cm_step_axis(s, cm_attr_int(s, "axis", 1), s->x[0]->rank, true, &axis, err);
    int64_t dim[2] = {1, 1};
    for (int i = 0; !st && i < s->x[0]->rank; i++)
        dim[i >= axis] *= s->x[0]->dim[i];
    return st ? st : as_view(s, 2, dim);
}

const cm_family cm_family_flatten = {.infer = infer_flatten};

/* -- Squeeze, Unsqueeze: axes were an attribute before opset 13, an input since -- */

static cm_status read_axes(cm_step *s, int64_t *axes, int *count, cm_error *err)
{
    const int64_t *items = NULL;
    *count = -1;
    if (s->opset >= 13)
        return cm_step_x(s, 1) ? cm_step_ints(s, 1, "axes", axes, CM_MAX_RANK, count, err) : CM_OK;
    if (cm_step_x(s, 1)) return cm_step_bad(s, cm_strf("axes are an attribute in opset %d", s->opset).s, err);
    const int64_t n = cm_attr_ints(s, "axes", &items);
    if (n > CM_MAX_RANK) return too_many_dimensions(s, err);
    for (int64_t i = 0; i < n; i++)
        axes[i] = items[i];
    *count = (int)n;
    return CM_OK;
}

static cm_status axes_mask(cm_step *s, int rank, uint32_t *mask, int *count, cm_error *err)
{
    int64_t axes[CM_MAX_RANK];
    *mask = 0;
    cm_status st = read_axes(s, axes, count, err);
    for (int i = 0; !st && i < *count; i++) {
        int axis = 0;
        st = cm_step_axis(s, axes[i], rank, false, &axis, err);
        if (!st && *mask >> axis & 1) st = cm_step_bad(s, "an axis is given twice", err);
        *mask |= 1u << axis;
    }
    return st;
}

static cm_status infer_squeeze(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    uint32_t mask = 0;
    int count = 0, rank = 0;
    int64_t dim[CM_MAX_RANK];
    cm_status st = axes_mask(s, x->rank, &mask, &count, err);
    for (int i = 0; !st && i < x->rank; i++) {
        const bool named = mask >> i & 1;
        if (named && x->dim[i] != 1)
            st = cm_step_mismatch(s, cm_strf("dimension %d is %lld, not 1", i, (long long)x->dim[i]).s, err);
        if (!(named || (count < 0 && x->dim[i] == 1))) dim[rank++] = x->dim[i];
    }
    return st ? st : as_view(s, rank, dim);
}

const cm_family cm_family_squeeze = {.infer = infer_squeeze};

static cm_status infer_unsqueeze(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    int64_t axes[CM_MAX_RANK], dim[CM_MAX_RANK];
    uint32_t mask = 0;
    int count = 0;
    cm_status st = read_axes(s, axes, &count, err);
    if (!st && count < 0) st = cm_step_bad(s, "axes are missing", err);
    const int rank = x->rank + count;
    if (!st && rank > CM_MAX_RANK) st = too_many_dimensions(s, err);
    if (!st) st = axes_mask(s, rank, &mask, &count, err);
    for (int i = 0, from = 0; !st && i < rank; i++)
        dim[i] = mask >> i & 1 ? 1 : x->dim[from++];
    return st ? st : as_view(s, rank, dim);
}

const cm_family cm_family_unsqueeze = {.infer = infer_unsqueeze};

/* -- Identity, and Dropout, which is one at inference; so it is in training when it drops nothing -- */

enum { DROPOUT = 1 };

static cm_status check_dropout(cm_step *s, cm_error *err)
{
    double training = 0, ratio = cm_attr_float(s, "ratio", 0.5);
    cm_attr_int(s, "seed", 0);
    cm_status st = cm_step_number(s, 2, "training mode", 0, &training, err);
    if (s->opset < 7) training = !cm_attr_int(s, "is_test", 0);
    if (st || training == 0) return st;
    st = cm_step_number(s, 1, "ratio", ratio, &ratio, err);
    if (!st && ratio != 0)
        st = CM_FAIL(err, CM_ERR_POLICY, .what = "random numbers are not allowed",
                     .why = "operator Dropout is in training mode",
                     .next = "Export the model in evaluation mode");
    return st;
}

static cm_status infer_identity(cm_step *s, cm_error *err)
{
    const cm_status st = s->op->code == DROPOUT ? check_dropout(s, err) : CM_OK;
    if (st) return st;
    as_view(s, s->x[0]->rank, s->x[0]->dim);
    if (s->n_y < 2 || s->y_value[1] < 0) return CM_OK;
    s->view_of = -1; /* somebody wants to know what was kept: everything */
    cm_step_set(s, 1, CM_ELEMENT_BOOL, s->x[0]->rank, s->x[0]->dim);
    return CM_OK;
}

static cm_status run_identity(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    uint8_t yes = 1;
    const cm_tensor kept = {.element = CM_ELEMENT_BOOL, .data = &yes};
    cm_status st = s->y[0]->data ? be->ops->copy(be, s->x[0], s->y[0], err) : CM_OK;
    if (!st && s->y[1]->data) st = be->ops->expand(be, &kept, s->y[1], err);
    return st;
}

const cm_family cm_family_identity = {.infer = infer_identity, .run = run_identity};

/* -- Shape, Size -- */

enum { SIZE = 1 };

static int64_t clamp_axis(int64_t axis, int rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis < 0 ? 0 : axis > rank ? rank : axis;
}

static cm_status infer_shape(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    int64_t *data = NULL;
    cm_status st = cm_memory_take(s->memory, CM_MAX_RANK, sizeof *data, &data, err);
    if (st) return st;
    s->y[0]->data = data;
    if (s->op->code == SIZE) {
        data[0] = cm_tensor_count(x);
        cm_step_set(s, 0, CM_ELEMENT_I64, 0, NULL);
        return CM_OK;
    }
    const int64_t start = clamp_axis(cm_attr_int(s, "start", 0), x->rank);
    const int64_t end = clamp_axis(cm_attr_int(s, "end", x->rank), x->rank);
    const int64_t count = end > start ? end - start : 0;
    for (int64_t i = 0; i < count; i++)
        data[i] = x->dim[start + i];
    cm_step_set(s, 0, CM_ELEMENT_I64, 1, &count);
    return CM_OK;
}

const cm_family cm_family_shape = {.infer = infer_shape};

/* -- If: x[0] is the condition, x[1] the answer of then, x[2] that of else; infer.c has left the other one
 * out -- */

static cm_status infer_branch(cm_step *s, cm_error *err)
{
    const cm_tensor *condition = s->x[0];
    if (condition->data && (condition->element != CM_ELEMENT_BOOL || cm_tensor_count(condition) != 1))
        return cm_step_bad(s, "the condition is not one truth value", err);
    cm_status st = cm_step_need_known(s, 0, "condition", err);
    if (st) return st;
    s->view_of = s->x[1] ? 1 : 2;
    cm_step_set(s, 0, s->x[s->view_of]->element, s->x[s->view_of]->rank, s->x[s->view_of]->dim);
    return CM_OK;
}

const cm_family cm_family_branch = {.infer = infer_branch};
