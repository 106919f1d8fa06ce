/* Operators that work element by element. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/model/onnx.h"
#include "engine/model/operator.h"

/* -- one input -- */

typedef struct unary {
    cm_unary op;
    float alpha, beta;
} unary;

/* Clip: bounds were attributes before opset 11, inputs since. Left out = the ends of float32. */
static cm_status clip_bounds(cm_step *s, unary *p, cm_error *err)
{
    double lo = -FLT_MAX, hi = FLT_MAX;
    if (s->x[0]->element != CM_ELEMENT_F32) lo = -HUGE_VAL, hi = HUGE_VAL;
    cm_status st = CM_OK;
    if (s->opset < 11) {
        lo = cm_attr_float(s, "min", lo);
        hi = cm_attr_float(s, "max", hi);
    } else {
        st = cm_step_number(s, 1, "lower bound", lo, &lo, err);
        if (!st) st = cm_step_number(s, 2, "upper bound", hi, &hi, err);
    }
    p->alpha = (float)lo;
    p->beta = (float)hi;
    return st;
}

static cm_status unary_attributes(cm_step *s, unary *p, cm_error *err)
{
    const char *approximate = NULL;
    switch (p->op) {
    case CM_UNARY_LEAKY_RELU:
        p->alpha = (float)cm_attr_float(s, "alpha", 0.01);
        return CM_OK;
    case CM_UNARY_ELU:
        p->alpha = (float)cm_attr_float(s, "alpha", 1);
        return CM_OK;
    case CM_UNARY_SELU:
        p->alpha = (float)cm_attr_float(s, "alpha", 1.67326319217681884765625);
        p->beta = (float)cm_attr_float(s, "gamma", 1.05070102214813232421875);
        return CM_OK;
    case CM_UNARY_HARD_SIGMOID:
        p->alpha = (float)cm_attr_float(s, "alpha", 0.2);
        p->beta = (float)cm_attr_float(s, "beta", 0.5);
        return CM_OK;
    case CM_UNARY_CLIP:
        return clip_bounds(s, p, err);
    case CM_UNARY_GELU_ERF:
        approximate = cm_attr_text(s, "approximate", "none");
        if (!strcmp(approximate, "tanh"))
            p->op = CM_UNARY_GELU_TANH;
        else if (strcmp(approximate, "none"))
            return cm_step_bad(s, cm_strf("approximate = %s does not exist", approximate).s, err);
        return CM_OK;
    default:
        return CM_OK;
    }
}

static bool takes_whole_numbers(cm_unary op)
{
    return op == CM_UNARY_ABS || op == CM_UNARY_NEG || op == CM_UNARY_SIGN || op == CM_UNARY_RELU ||
           op == CM_UNARY_CLIP;
}

static cm_status infer_unary(cm_step *s, cm_error *err)
{
    unary *p = NULL;
    const cm_element e = s->x[0]->element;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->op = (cm_unary)s->op->code;
    if (p->op == CM_UNARY_NOT ? e != CM_ELEMENT_BOOL
                              : e != CM_ELEMENT_F32 && (e == CM_ELEMENT_BOOL || !takes_whole_numbers(p->op)))
        return cm_step_unsupported(s, "the input has an element type that is not supported here", NULL, err);
    st = unary_attributes(s, p, err);
    if (st) return st;
    cm_step_set(s, 0, e, s->x[0]->rank, s->x[0]->dim);
    s->operations = cm_count_f(s->x[0]);
    s->may_alias = 1;
    if (p->op == CM_UNARY_RELU || p->op == CM_UNARY_LEAKY_RELU) { /* for fusion into what came before */
        s->activation = p->op == CM_UNARY_RELU ? CM_ACTIVATION_RELU : CM_ACTIVATION_LEAKY_RELU;
        s->alpha = p->alpha;
    }
    return CM_OK;
}

static cm_status run_unary(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const unary *p = s->parameters;
    return be->ops->unary(be, p->op, p->alpha, p->beta, s->x[0], s->y[0], err);
}

const cm_family cm_family_unary = {.infer = infer_unary, .run = run_unary};

/* -- two inputs -- */

static bool is_comparison(int op)
{
    return op == CM_BINARY_EQUAL || op == CM_BINARY_LESS || op == CM_BINARY_GREATER ||
           op == CM_BINARY_LESS_EQUAL || op == CM_BINARY_GREATER_EQUAL;
}

static cm_status check_elements(cm_step *s, cm_error *err)
{
    const cm_element a = s->x[0]->element, b = s->x[1]->element;
    const int op = s->op->code;
    if (a != b)
        return cm_step_unsupported(s, "the two inputs have different element types",
                                   "Export the model with a Cast before it", err);
    if ((op == CM_BINARY_AND || op == CM_BINARY_OR) != (a == CM_ELEMENT_BOOL) &&
        !(op == CM_BINARY_EQUAL && a == CM_ELEMENT_BOOL))
        return cm_step_bad(s, "the element type of the inputs is not one it takes", err);
    if (op == CM_BINARY_PRELU && a != CM_ELEMENT_F32)
        return cm_step_unsupported(s, "inputs that are not float", NULL, err);
    if (op == CM_BINARY_MOD && (cm_attr_int(s, "fmod", 0) != 0) != (a == CM_ELEMENT_F32))
        return cm_step_unsupported(s, "fmod = 1 is for floats and fmod = 0 for whole numbers here", NULL,
                                   err);
    return CM_OK;
}

/* Pow may have an exponent of another type than its base: a known one is converted here. */
static cm_status convert_exponent(cm_step *s, cm_tensor **converted, cm_error *err)
{
    const cm_tensor *b = s->x[1];
    const int64_t count = cm_tensor_count(b);
    float *data = NULL;
    if (!b->data || s->x[0]->element != CM_ELEMENT_F32)
        return cm_step_unsupported(s, "base and exponent have different element types",
                                   "Export the model with a Cast before it", err);
    cm_status st = cm_step_spend(s, count, err);
    if (!st) st = cm_step_parameters(s, sizeof **converted, converted, err);
    if (!st) st = cm_memory_take(s->memory, count, sizeof *data, &data, err);
    for (int64_t i = 0; !st && i < count; i++)
        data[i] = (float)cm_known_number(b, i);
    if (!st) {
        **converted = *b;
        (*converted)->element = CM_ELEMENT_F32;
        (*converted)->data = data;
        s->x[1] = *converted;
    }
    return st;
}

static cm_status infer_binary(cm_step *s, cm_error *err)
{
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    cm_tensor *converted = NULL;
    cm_status st = CM_OK;
    if (s->op->code == CM_BINARY_POW && s->x[0]->element != s->x[1]->element)
        st = convert_exponent(s, &converted, err);
    if (!st) st = check_elements(s, err);
    if (!st) st = cm_step_broadcast(s, s->x[0], s->x[1], &rank, dim, err);
    if (st) return st;
    const cm_element e = is_comparison(s->op->code) ? CM_ELEMENT_BOOL : s->x[0]->element;
    cm_step_set(s, 0, e, rank, dim);
    if (s->op->code == CM_BINARY_PRELU && !cm_same_shape(s->y[0], s->x[0]))
        return cm_step_mismatch(s, "the slope is larger than the input", err);
    for (int i = 0; i < 2; i++)
        if (cm_same_shape(s->y[0], s->x[i]) && s->x[i]->element == e) s->may_alias |= 1u << i;
    s->operations = cm_count_f(s->y[0]);
    return CM_OK;
}

static cm_status run_binary(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->binary(be, (cm_binary)s->op->code, s->x[0], s->x[1], s->y[0], err);
}

const cm_family cm_family_binary = {.infer = infer_binary, .run = run_binary};

/* -- any number of inputs: Min, Max, Sum -- */

static cm_status infer_variadic(cm_step *s, cm_error *err)
{
    cm_tensor shape = *s->x[0];
    cm_status st = CM_OK;
    for (int i = 0; !st && i < s->n_x; i++) {
        if (!s->x[i] || s->x[i]->element != shape.element || shape.element == CM_ELEMENT_BOOL)
            return cm_step_bad(s, "the inputs must all be there and of one numeric type", err);
        cm_tensor wider = {.element = shape.element};
        st = cm_step_broadcast(s, &shape, s->x[i], &wider.rank, wider.dim, err);
        shape = wider;
    }
    if (st) return st;
    cm_step_set(s, 0, shape.element, shape.rank, shape.dim);
    s->view_of = s->n_x == 1 ? 0 : -1;
    for (int i = 0; i < 2 && s->n_x == 2; i++)
        if (cm_same_shape(s->y[0], s->x[i])) s->may_alias |= 1u << i;
    s->operations = cm_count_f(s->y[0]) * (s->n_x - 1);
    return CM_OK;
}

/* From left to right. With more than two the first is spread over the result, which then takes the others. */
static cm_status run_variadic(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const cm_binary op = (cm_binary)s->op->code;
    if (s->n_x == 2) return be->ops->binary(be, op, s->x[0], s->x[1], s->y[0], err);
    cm_status st = be->ops->expand(be, s->x[0], s->y[0], err);
    for (int i = 1; !st && i < s->n_x; i++)
        st = be->ops->binary(be, op, s->y[0], s->x[i], s->y[0], err);
    return st;
}

const cm_family cm_family_variadic = {.infer = infer_variadic, .run = run_variadic};

/* -- Where -- */

static cm_status infer_where(cm_step *s, cm_error *err)
{
    int64_t dim[CM_MAX_RANK];
    cm_tensor ab = {0};
    int rank = 0;
    if (s->x[0]->element != CM_ELEMENT_BOOL || s->x[1]->element != s->x[2]->element)
        return cm_step_bad(s, "it takes a bool and two inputs of one type", err);
    cm_status st = cm_step_broadcast(s, s->x[1], s->x[2], &ab.rank, ab.dim, err);
    if (!st) st = cm_step_broadcast(s, s->x[0], &ab, &rank, dim, err);
    if (st) return st;
    cm_step_set(s, 0, s->x[1]->element, rank, dim);
    s->operations = cm_count_f(s->y[0]);
    return CM_OK;
}

static cm_status run_where(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->where(be, s->x[0], s->x[1], s->x[2], s->y[0], err);
}

const cm_family cm_family_where = {.infer = infer_where, .run = run_where};

/* -- Cast -- */

static cm_status infer_cast(cm_step *s, cm_error *err)
{
    const int64_t to = cm_attr_int(s, "to", 0);
    const cm_element e = cm_onnx_element(to);
    cm_attr_int(s, "saturate", 1); /* of float8 targets, which are refused */
    if (!e)
        return cm_step_unsupported(s, cm_strf("a cast to %s", cm_onnx_type_name(to).s).s,
                                   "Export the model with float32, whole numbers or bool", err);
    cm_step_set(s, 0, e, s->x[0]->rank, s->x[0]->dim);
    s->view_of = e == s->x[0]->element ? 0 : -1;
    s->operations = s->view_of < 0 ? cm_count_f(s->x[0]) : 0;
    return CM_OK;
}

static cm_status run_cast(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->cast(be, s->x[0], s->y[0], err);
}

const cm_family cm_family_cast = {.infer = infer_cast, .run = run_cast};
