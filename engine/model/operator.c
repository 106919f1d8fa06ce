/* What the families of operators have in common: attributes, inputs, answers. */
#include "engine/model/operator.h"

#include <math.h>
#include <string.h>

/* -- attributes -- */

static const cm_attribute *find_attribute(cm_step *s, const char *name)
{
    for (int i = 0; i < s->node->n_attributes; i++)
        if (!strcmp(s->node->attributes[i].name, name)) {
            s->attributes_read |= UINT64_C(1) << i;
            return &s->node->attributes[i];
        }
    return NULL;
}

static const cm_attribute *find_kind(cm_step *s, const char *name, cm_attribute_kind kind)
{
    const cm_attribute *a = find_attribute(s, name);
    if (!a || a->kind == kind) return a;
    if (!s->attribute_status)
        s->attribute_status =
            CM_FAIL(s->err, CM_ERR_FORMAT, .what = cm_strf("attribute %s has the wrong kind", name).s,
                    .why = cm_strf("type %d, expected %d", (int)a->kind, (int)kind).s,
                    .next = "Export the model again");
    return NULL;
}

bool cm_attr_has(cm_step *s, const char *name)
{
    return find_attribute(s, name) != NULL;
}

int64_t cm_attr_int(cm_step *s, const char *name, int64_t otherwise)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_INT);
    return a ? a->i : otherwise;
}

double cm_attr_float(cm_step *s, const char *name, double otherwise)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_FLOAT);
    return a ? a->f : otherwise;
}

const char *cm_attr_text(cm_step *s, const char *name, const char *otherwise)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_STRING);
    return a ? a->s : otherwise;
}

const cm_tensor *cm_attr_tensor(cm_step *s, const char *name)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_TENSOR);
    return a ? a->tensor : NULL;
}

int64_t cm_attr_ints(cm_step *s, const char *name, const int64_t **items)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_INTS);
    *items = a ? a->ints : NULL;
    return a ? a->count : -1;
}

int64_t cm_attr_floats(cm_step *s, const char *name, const double **items)
{
    const cm_attribute *a = find_kind(s, name, CM_ATTRIBUTE_FLOATS);
    *items = a ? a->floats : NULL;
    return a ? a->count : -1;
}

cm_status cm_attr_geometry(cm_step *s, const char *name, int n, int64_t lo, int64_t hi, int64_t otherwise,
                           int64_t *out, cm_error *err)
{
    const int64_t *items = NULL;
    int64_t count = cm_attr_ints(s, name, &items);
    if (count >= 0 && count != n)
        return cm_step_bad(
            s, cm_strf("attribute %s has %lld numbers, expected %d", name, (long long)count, n).s, err);
    for (int i = 0; i < n; i++) {
        out[i] = count < 0 ? otherwise : items[i];
        if (out[i] < lo || out[i] > hi)
            return cm_step_bad(s,
                               cm_strf("attribute %s holds %lld, expected %lld to %lld", name,
                                       (long long)out[i], (long long)lo, (long long)hi)
                                   .s,
                               err);
    }
    return CM_OK;
}

/* -- refusals -- */

cm_status cm_step_unsupported(const cm_step *s, const char *why, const char *next, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_UNSUPPORTED,
                   .what = cm_strf("operator %s is not supported in this form", s->op->name).s, .why = why,
                   .next = next ? next : "See docs/operators.md");
}

cm_status cm_step_mismatch(const cm_step *s, const char *why, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_MISMATCH,
                   .what = cm_strf("the shapes that meet at operator %s do not fit", s->op->name).s,
                   .why = why, .next = "Check the shape of the input that the model is given");
}

cm_status cm_step_bad(const cm_step *s, const char *why, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_FORMAT, .what = cm_strf("operator %s is used wrongly", s->op->name).s,
                   .why = why, .next = "Export the model again");
}

/* -- inputs -- */

cm_status cm_step_need_known(const cm_step *s, int i, const char *what, cm_error *err)
{
    const cm_tensor *t = cm_step_x(s, i);
    if (t && t->data) return CM_OK;
    return cm_step_unsupported(s, cm_strf("the %s is computed from the image, or left out", what).s,
                               "Export the model with a fixed input shape", err);
}

int64_t cm_known_int(const cm_tensor *t, int64_t i)
{
    if (t->element != CM_ELEMENT_F32) return cm_whole_at(t->element, t->data, i);
    const double v = (double)((const float *)t->data)[i];
    return v >= -0x1p62 && v <= 0x1p62 ? (int64_t)v : 0;
}

double cm_known_number(const cm_tensor *t, int64_t i)
{
    return t->element == CM_ELEMENT_F32 ? (double)((const float *)t->data)[i] : (double)cm_known_int(t, i);
}

cm_status cm_step_ints(const cm_step *s, int i, const char *what, int64_t *out, int max, int *n,
                       cm_error *err)
{
    cm_status st = cm_step_need_known(s, i, what, err);
    if (st) return st;
    const cm_tensor *t = s->x[i];
    int64_t count = cm_tensor_count(t);
    if (t->rank > 1 || (t->element != CM_ELEMENT_I64 && t->element != CM_ELEMENT_I32))
        return cm_step_bad(s, cm_strf("the %s must be a list of whole numbers", what).s, err);
    if (count > max)
        return cm_step_bad(s, cm_strf("the %s has %lld numbers, at most %d", what, (long long)count, max).s,
                           err);
    *n = (int)count;
    for (int j = 0; j < *n; j++)
        out[j] = cm_known_int(t, j);
    return CM_OK;
}

cm_status cm_step_number(const cm_step *s, int i, const char *what, double otherwise, double *out,
                         cm_error *err)
{
    *out = otherwise;
    if (!cm_step_x(s, i)) return CM_OK;
    cm_status st = cm_step_need_known(s, i, what, err);
    if (!st && cm_tensor_count(s->x[i]) != 1)
        st = cm_step_bad(s, cm_strf("the %s must be one number", what).s, err);
    if (!st) *out = cm_known_number(s->x[i], 0);
    return st;
}

cm_status cm_step_need_rank(const cm_step *s, int i, int lo, int hi, cm_error *err)
{
    int rank = s->x[i]->rank;
    if (rank >= lo && rank <= hi) return CM_OK;
    return cm_step_mismatch(s, cm_strf("input %d has %d dimensions, expected %d to %d", i, rank, lo, hi).s,
                            err);
}

cm_status cm_step_need_float(const cm_step *s, int i, cm_error *err)
{
    if (!cm_step_x(s, i) || s->x[i]->element == CM_ELEMENT_F32) return CM_OK;
    return cm_step_unsupported(s, cm_strf("input %d is not of type float", i).s,
                               "Export the model with float32 activations", err);
}

/* -- outputs -- */

void cm_step_set(cm_step *s, int i, cm_element element, int rank, const int64_t *dim)
{
    cm_tensor *y = s->y[i];
    y->element = element;
    y->rank = rank;
    for (int d = 0; d < rank; d++)
        y->dim[d] = dim[d];
}

cm_status cm_step_axis(const cm_step *s, int64_t axis, int rank, bool open_end, int *out, cm_error *err)
{
    if (axis < -rank || axis >= rank + (open_end ? 1 : 0))
        return cm_step_bad(s, cm_strf("axis %lld of a tensor with %d dimensions", (long long)axis, rank).s,
                           err);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return CM_OK;
}

cm_status cm_step_broadcast(const cm_step *s, const cm_tensor *a, const cm_tensor *b, int *rank, int64_t *dim,
                            cm_error *err)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 1; i <= *rank; i++) { /* from the last dimension */
        int64_t m = i <= a->rank ? a->dim[a->rank - i] : 1;
        int64_t n = i <= b->rank ? b->dim[b->rank - i] : 1;
        if (m != n && m != 1 && n != 1)
            return cm_step_mismatch(
                s, cm_strf("%lld against %lld in dimension %d from the end", (long long)m, (long long)n, i).s,
                err);
        dim[*rank - i] = m == 1 ? n : m;
    }
    return CM_OK;
}

cm_status cm_step_spend(const cm_step *s, int64_t elements, cm_error *err)
{
    if (elements > *s->budget)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the model needs too much work before it can be run",
                       .why = cm_strf("%lld more numbers at operator %s, %lld are left", (long long)elements,
                                      s->op->name, (long long)*s->budget)
                                  .s,
                       .next = "See docs/limits.md");
    *s->budget -= elements;
    return CM_OK;
}

cm_status cm_step_parameters(cm_step *s, int64_t size, void *out, cm_error *err)
{
    cm_status st = cm_memory_take(s->memory, 1, size, &s->parameters, err);
    if (!st) memcpy(out, &s->parameters, sizeof s->parameters);
    return st;
}

double cm_count_f(const cm_tensor *t)
{
    double n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= (double)t->dim[i];
    return n;
}

bool cm_same_shape(const cm_tensor *a, const cm_tensor *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}
