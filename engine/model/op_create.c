/* Operators that make a tensor out of nothing but attributes and small numbers. */
#include <math.h>
#include <string.h>

#include "engine/model/operator.h"

/* -- Constant -- */

static cm_status known_list(cm_step *s, cm_element element, int rank, int64_t count, void *out, cm_error *err)
{
    cm_status st = cm_memory_take(s->memory, count, cm_element_bytes(element), out, err);
    if (!st) {
        cm_step_set(s, 0, element, rank, &count);
        memcpy(&s->y[0]->data, out, sizeof s->y[0]->data);
    }
    return st;
}

static cm_status infer_constant(cm_step *s, cm_error *err)
{
    const cm_tensor *value = cm_attr_tensor(s, "value");
    const double *floats = NULL;
    const int64_t *ints = NULL;
    float *f = NULL;
    int64_t *i = NULL;
    cm_status st = CM_OK;
    int64_t count = 1;
    if (s->node->n_attributes != 1) return cm_step_bad(s, "it must have exactly one value", err);
    if (value) {
        *s->y[0] = *value; /* lives with the model */
    } else if (cm_attr_has(s, "value_float")) {
        st = known_list(s, CM_ELEMENT_F32, 0, 1, &f, err);
        if (!st) f[0] = (float)cm_attr_float(s, "value_float", 0);
    } else if (cm_attr_has(s, "value_int")) {
        st = known_list(s, CM_ELEMENT_I64, 0, 1, &i, err);
        if (!st) i[0] = cm_attr_int(s, "value_int", 0);
    } else if ((count = cm_attr_floats(s, "value_floats", &floats)) >= 0) {
        st = known_list(s, CM_ELEMENT_F32, 1, count, &f, err);
        for (int64_t k = 0; !st && k < count; k++)
            f[k] = (float)floats[k];
    } else if ((count = cm_attr_ints(s, "value_ints", &ints)) >= 0) {
        st = known_list(s, CM_ELEMENT_I64, 1, count, &i, err);
        for (int64_t k = 0; !st && k < count; k++)
            i[k] = ints[k];
    } else {
        st = cm_step_unsupported(s, "its value is not numbers", "Export the model without strings", err);
    }
    return st;
}

const cm_family cm_family_constant = {.infer = infer_constant};

/* -- ConstantOfShape: one value spread over a shape -- */

static cm_status infer_constant_of_shape(cm_step *s, cm_error *err)
{
    cm_tensor *p = NULL;
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    const cm_tensor *value = cm_attr_tensor(s, "value");
    cm_status st = cm_step_ints(s, 0, "shape", dim, CM_MAX_RANK, &rank, err);
    if (!st && value && cm_tensor_count(value) != 1) st = cm_step_bad(s, "its value is not one number", err);
    for (int i = 0; !st && i < rank; i++)
        if (dim[i] < 0) st = cm_step_bad(s, cm_strf("the shape holds %lld", (long long)dim[i]).s, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    float *zero = NULL;
    if (!st && !value) st = cm_memory_take(s->memory, 1, sizeof *zero, &zero, err);
    if (st) return st;
    *p = (cm_tensor){.element = value ? value->element : CM_ELEMENT_F32, .data = value ? value->data : zero};
    cm_step_set(s, 0, p->element, rank, dim);
    return CM_OK;
}

static cm_status run_constant_of_shape(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                       cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->expand(be, s->parameters, s->y[0], err);
}

const cm_family cm_family_constant_of_shape = {.infer = infer_constant_of_shape,
                                               .run = run_constant_of_shape};

/* -- Range -- */

static cm_status infer_range(cm_step *s, cm_error *err)
{
    double start = 0, limit = 0, delta = 0;
    const cm_element e = s->x[0]->element;
    cm_status st = cm_step_number(s, 0, "start", 0, &start, err);
    if (!st) st = cm_step_number(s, 1, "limit", 0, &limit, err);
    if (!st) st = cm_step_number(s, 2, "step", 0, &delta, err);
    if (st) return st;
    if (s->x[1]->element != e || s->x[2]->element != e ||
        (e != CM_ELEMENT_F32 && e != CM_ELEMENT_I64 && e != CM_ELEMENT_I32 && e != CM_ELEMENT_I16))
        return cm_step_bad(
            s, "start, limit and step must be numbers of one type: float, int16, int32 or int64", err);
    const double n = ceil((limit - start) / delta);
    if (delta == 0 || !isfinite(n) || n > 0x1p40)
        return cm_step_bad(s, cm_strf("from %g to %g in steps of %g", start, limit, delta).s, err);
    const int64_t count = n > 0 ? (int64_t)n : 0;
    st = cm_step_spend(s, count, err);
    if (st) return st;
    void *data = NULL;
    st = known_list(s, e, 1, count, &data, err);
    for (int64_t i = 0; !st && i < count; i++) {
        if (e == CM_ELEMENT_F32)
            ((float *)data)[i] = (float)start + (float)i * (float)delta;
        else if (e == CM_ELEMENT_I64)
            ((int64_t *)data)[i] = (int64_t)((uint64_t)cm_known_int(s->x[0], 0) + /* wraps on the way */
                                             (uint64_t)i * (uint64_t)cm_known_int(s->x[2], 0));
        else if (e == CM_ELEMENT_I32)
            ((int32_t *)data)[i] = (int32_t)(start + (double)i * delta);
        else
            ((int16_t *)data)[i] = (int16_t)(start + (double)i * delta);
    }
    return st;
}

const cm_family cm_family_range = {.infer = infer_range};
