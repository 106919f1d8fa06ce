/* Gather and scatter at places that another input names. The places may be known only while running: the
 * kernels look at each before anything is written. */
#include <string.h>

#include "engine/model/operator.h"

typedef struct places {
    int axis; /* of elements; of slices: leading dimensions that run along (batch_dims) */
    cm_scatter how;
} places;

static cm_status check_indices(const cm_step *s, int i, cm_error *err)
{
    const cm_element e = s->x[i]->element;
    if (e == CM_ELEMENT_I64 || e == CM_ELEMENT_I32) return CM_OK;
    return cm_step_bad(s, "the indices are not whole numbers", err);
}

static cm_status larger_than(const cm_step *s, const char *what, const cm_tensor *a, const char *than,
                             const cm_tensor *b, cm_error *err)
{
    return cm_step_mismatch(
        s, cm_strf("%s (%d dimensions) does not fit %s (%d)", what, a->rank, than, b->rank).s, err);
}

/* -- GatherElements -- */

static cm_status check_along(const cm_step *s, const cm_tensor *data, const cm_tensor *indices, int axis,
                             cm_error *err)
{
    bool fits = data->rank == indices->rank;
    for (int d = 0; fits && d < data->rank; d++)
        fits = d == axis || indices->dim[d] <= data->dim[d];
    return fits ? CM_OK : larger_than(s, "the list of indices", indices, "the data", data, err);
}

static cm_status infer_gather_elements(cm_step *s, cm_error *err)
{
    places *p = NULL;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = check_indices(s, 1, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", 0), s->x[0]->rank, false, &p->axis, err);
    if (!st) st = check_along(s, s->x[0], s->x[1], p->axis, err);
    if (!st) cm_step_set(s, 0, s->x[0]->element, s->x[1]->rank, s->x[1]->dim);
    return st;
}

static cm_status run_gather_elements(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                     cm_error *err)
{
    (void)scratch, (void)stop;
    const places *p = s->parameters;
    return be->ops->gather_elements(be, s->x[0], s->x[1], p->axis, s->y[0], err);
}

const cm_family cm_family_gather_elements = {.infer = infer_gather_elements, .run = run_gather_elements};

/* -- ScatterElements, and Scatter of opset 9, which is the same without a reduction -- */

static cm_status read_reduction(cm_step *s, cm_scatter *out, cm_error *err)
{
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    const char *text = cm_attr_text(s, "reduction", "none");
    for (int i = 0; i < 5; i++)
        if (!strcmp(text, names[i])) {
            *out = (cm_scatter)i;
            if (i > 0 && s->x[0]->element == CM_ELEMENT_BOOL)
                return cm_step_unsupported(s, "a reduction of bool", NULL, err);
            return CM_OK;
        }
    return cm_step_bad(s, cm_strf("reduction = %s does not exist", text).s, err);
}

static void like_data(cm_step *s, const cm_tensor *updates)
{
    cm_step_set(s, 0, s->x[0]->element, s->x[0]->rank, s->x[0]->dim);
    s->operations = cm_count_f(updates);
    s->may_alias = 1;
}

static cm_status infer_scatter_elements(cm_step *s, cm_error *err)
{
    places *p = NULL;
    const cm_tensor *data = s->x[0], *indices = s->x[1], *updates = s->x[2];
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = check_indices(s, 1, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", 0), data->rank, false, &p->axis, err);
    if (!st) st = check_along(s, data, indices, p->axis, err);
    if (!st) st = read_reduction(s, &p->how, err);
    if (st) return st;
    if (updates->element != data->element || !cm_same_shape(updates, indices))
        return larger_than(s, "the list of updates", updates, "the list of indices", indices, err);
    like_data(s, updates);
    return CM_OK;
}

static cm_status run_scatter_elements(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                      cm_error *err)
{
    (void)scratch, (void)stop;
    const places *p = s->parameters;
    return be->ops->scatter_elements(be, p->how, s->x[0], s->x[1], s->x[2], p->axis, s->y[0], err);
}

const cm_family cm_family_scatter_elements = {.infer = infer_scatter_elements, .run = run_scatter_elements};

/* -- GatherND, ScatterND: the last dimension of the indices is a place in the leading dimensions -- */

/* Shape of what the indices name: their own without the last dimension, then what is left of the data. */
static cm_status named_shape(const cm_step *s, int batch_dims, int *rank, int64_t *dim, cm_error *err)
{
    const cm_tensor *data = s->x[0], *indices = s->x[1];
    cm_status st = check_indices(s, 1, err);
    if (!st) st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_need_rank(s, 1, 1, CM_MAX_RANK, err);
    if (st) return st;
    const int64_t depth = indices->dim[indices->rank - 1];
    if (depth < 1 || depth > data->rank - batch_dims || batch_dims >= indices->rank)
        return larger_than(s, "the list of indices", indices, "the data", data, err);
    const int left = data->rank - batch_dims - (int)depth;
    *rank = indices->rank - 1 + left;
    if (*rank > CM_MAX_RANK)
        return cm_step_unsupported(s, "the result would have more than 8 dimensions", NULL, err);
    for (int i = 0; i < *rank; i++)
        dim[i] = i < indices->rank - 1 ? indices->dim[i]
                                       : data->dim[batch_dims + (int)depth + i - (indices->rank - 1)];
    for (int d = 0; d < batch_dims; d++)
        if (indices->dim[d] != data->dim[d])
            return larger_than(s, "the batch of the indices", indices, "that of the data", data, err);
    return CM_OK;
}

static cm_status infer_gather_nd(cm_step *s, cm_error *err)
{
    places *p = NULL;
    int rank = 0;
    int64_t dim[CM_MAX_RANK];
    const int64_t batch_dims = cm_attr_int(s, "batch_dims", 0);
    if (batch_dims < 0 || batch_dims >= CM_MAX_RANK)
        return cm_step_bad(s, cm_strf("batch_dims = %lld", (long long)batch_dims).s, err);
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = named_shape(s, (int)batch_dims, &rank, dim, err);
    if (st) return st;
    p->axis = (int)batch_dims;
    cm_step_set(s, 0, s->x[0]->element, rank, dim);
    return CM_OK;
}

static cm_status run_gather_nd(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const places *p = s->parameters;
    return be->ops->gather_nd(be, s->x[0], s->x[1], p->axis, s->y[0], err);
}

const cm_family cm_family_gather_nd = {.infer = infer_gather_nd, .run = run_gather_nd};

static cm_status infer_scatter_nd(cm_step *s, cm_error *err)
{
    places *p = NULL;
    cm_tensor named = {0};
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = named_shape(s, 0, &named.rank, named.dim, err);
    if (!st) st = read_reduction(s, &p->how, err);
    if (st) return st;
    if (s->x[2]->element != s->x[0]->element || !cm_same_shape(&named, s->x[2]))
        return larger_than(s, "the list of updates", s->x[2], "what the indices name", &named, err);
    like_data(s, s->x[2]);
    return CM_OK;
}

static cm_status run_scatter_nd(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const places *p = s->parameters;
    return be->ops->scatter_nd(be, p->how, s->x[0], s->x[1], s->x[2], s->y[0], err);
}

const cm_family cm_family_scatter_nd = {.infer = infer_scatter_nd, .run = run_scatter_nd};
