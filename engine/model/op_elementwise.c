/* Operators that work element by element. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/model/fusion.h"
#include "engine/model/onnx.h"

/* -- one input -- */

typedef struct unary {
    cm_unary op;
    float alpha, beta;
} unary;

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
    case CM_UNARY_CELU:
        p->alpha = (float)cm_attr_float(s, "alpha", 1);
        if (p->alpha != 0) return CM_OK;
        return cm_step_bad(s, "alpha = 0", err);
    case CM_UNARY_THRESHOLDED_RELU:
        p->alpha = (float)cm_attr_float(s, "alpha", 1);
        return CM_OK;
    case CM_UNARY_SHRINK:
        p->alpha = (float)cm_attr_float(s, "lambd", 0.5);
        p->beta = (float)cm_attr_float(s, "bias", 0);
        return CM_OK;
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
    return op == CM_UNARY_ABS || op == CM_UNARY_NEG || op == CM_UNARY_SIGN || op == CM_UNARY_RELU;
}

static bool is_taken(cm_unary op, cm_element e)
{
    if (op == CM_UNARY_NOT) return e == CM_ELEMENT_BOOL;
    if (e == CM_ELEMENT_BOOL) return false;
    if (op == CM_UNARY_BIT_NOT) return e != CM_ELEMENT_F32;
    return e == CM_ELEMENT_F32 || takes_whole_numbers(op);
}

static cm_status infer_unary(cm_step *s, cm_error *err)
{
    unary *p = NULL;
    const cm_element e = s->x[0]->element;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->op = (cm_unary)s->op->code;
    if (!is_taken(p->op, e))
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

/* -- Clip: bounds were attributes before opset 11, inputs since. Known ones of a float input, or none, are a
 * function of one input; others are two of two -- */

typedef struct clip {
    bool by_tensors;
    float lo, hi;
} clip;

static cm_status known_bounds(cm_step *s, clip *p, cm_error *err)
{
    double lo = -FLT_MAX, hi = FLT_MAX; /* the ends of float32 where nothing is said */
    cm_status st = CM_OK;
    if (s->opset < 11) {
        lo = cm_attr_float(s, "min", lo);
        hi = cm_attr_float(s, "max", hi);
    } else {
        st = cm_step_number(s, 1, "lower bound", lo, &lo, err);
        if (!st) st = cm_step_number(s, 2, "upper bound", hi, &hi, err);
    }
    p->lo = (float)lo;
    p->hi = (float)hi;
    return st;
}

static cm_status infer_clip(cm_step *s, cm_error *err)
{
    clip *p = NULL;
    const cm_element e = s->x[0]->element;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    if (e == CM_ELEMENT_BOOL) return cm_step_bad(s, "a bool input", err);
    p->by_tensors = e != CM_ELEMENT_F32;
    for (int i = 1; i < 3; i++) {
        const cm_tensor *bound = cm_step_x(s, i);
        if (!bound) continue;
        if (bound->element != e || cm_tensor_count(bound) != 1)
            return cm_step_bad(s, "a bound is not one number of the type of the input", err);
        p->by_tensors = p->by_tensors || !bound->data;
    }
    if (!p->by_tensors) st = known_bounds(s, p, err);
    if (p->by_tensors && !cm_step_x(s, 1) && !cm_step_x(s, 2)) s->view_of = 0;
    cm_step_set(s, 0, e, s->x[0]->rank, s->x[0]->dim);
    s->operations = cm_count_f(s->x[0]);
    s->may_alias = 1;
    return st;
}

static cm_status run_clip(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const clip *p = s->parameters;
    if (!p->by_tensors) return be->ops->unary(be, CM_UNARY_CLIP, p->lo, p->hi, s->x[0], s->y[0], err);
    static const cm_binary ops[3] = {CM_BINARY_ADD, CM_BINARY_MAX, CM_BINARY_MIN}; /* the first is not used */
    const cm_tensor *from = s->x[0];
    cm_status st = CM_OK;
    for (int i = 1; !st && i < 3; i++) {
        if (!cm_step_x(s, i)) continue;
        cm_tensor bound = *s->x[i];
        bound.rank = 0; /* some write it as a list of one */
        st = be->ops->binary(be, ops[i], from, &bound, s->y[0], err);
        from = s->y[0];
    }
    return st;
}

const cm_family cm_family_clip = {.infer = infer_clip, .run = run_clip};

/* -- IsNaN, IsInf -- */

static cm_status infer_classify(cm_step *s, cm_error *err)
{
    uint32_t *p = NULL;
    cm_status st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    *p = (uint32_t)s->op->code;
    if (!cm_attr_int(s, "detect_positive", 1)) *p &= ~(uint32_t)CM_CLASS_PLUS_INFINITY;
    if (!cm_attr_int(s, "detect_negative", 1)) *p &= ~(uint32_t)CM_CLASS_MINUS_INFINITY;
    cm_step_set(s, 0, CM_ELEMENT_BOOL, s->x[0]->rank, s->x[0]->dim);
    s->operations = cm_count_f(s->x[0]);
    return CM_OK;
}

static cm_status run_classify(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->classify(be, *(const uint32_t *)s->parameters, s->x[0], s->y[0], err);
}

const cm_family cm_family_classify = {.infer = infer_classify, .run = run_classify};

/* -- two inputs -- */

static bool is_comparison(int op)
{
    return op == CM_BINARY_EQUAL || op == CM_BINARY_LESS || op == CM_BINARY_GREATER ||
           op == CM_BINARY_LESS_EQUAL || op == CM_BINARY_GREATER_EQUAL;
}

static bool is_logical(int op)
{
    return op == CM_BINARY_AND || op == CM_BINARY_OR || op == CM_BINARY_XOR;
}

static bool is_of_bits(int op)
{
    return op >= CM_BINARY_BIT_AND && op <= CM_BINARY_SHIFT_RIGHT;
}

static cm_status check_elements(cm_step *s, cm_error *err)
{
    const cm_element a = s->x[0]->element, b = s->x[1]->element;
    const int op = s->op->code;
    if (a != b)
        return cm_step_unsupported(s, "the two inputs have different element types",
                                   "Export the model with a Cast before it", err);
    if ((is_logical(op) != (a == CM_ELEMENT_BOOL) && !(op == CM_BINARY_EQUAL && a == CM_ELEMENT_BOOL)) ||
        (is_of_bits(op) && a == CM_ELEMENT_F32))
        return cm_step_bad(s, "the element type of the inputs is not one it takes", err);
    if (op == CM_BINARY_PRELU && a != CM_ELEMENT_F32)
        return cm_step_unsupported(s, "inputs that are not float", NULL, err);
    return CM_OK;
}

/* What some operators say in an attribute: which remainder, which direction. */
static cm_status choose_function(cm_step *s, cm_binary *op, cm_error *err)
{
    *op = (cm_binary)s->op->code;
    if (*op == CM_BINARY_MOD) {
        const bool like_c = cm_attr_int(s, "fmod", 0) != 0;
        if (like_c) *op = CM_BINARY_REMAINDER;
        if (!like_c && s->x[0]->element == CM_ELEMENT_F32) return cm_step_bad(s, "floats need fmod = 1", err);
    } else if (*op == CM_BINARY_SHIFT_LEFT) {
        const char *direction = cm_attr_text(s, "direction", "");
        if (!strcmp(direction, "RIGHT"))
            *op = CM_BINARY_SHIFT_RIGHT;
        else if (strcmp(direction, "LEFT"))
            return cm_step_bad(s, cm_strf("direction = %s", direction).s, err);
    }
    return CM_OK;
}

typedef struct binary {
    cm_binary op;
    cm_tensor exponent; /* in the type of the base */
    bool is_aligned;    /* b is read as if it had the shape of `aligned` */
    cm_tensor aligned;
} binary;

/* Before opset 7 shapes were spread only when asked for (broadcast), b's dimensions beginning at one of a's
 * (axis), and a slope per channel was a list. */
static cm_status align_old(cm_step *s, binary *p, cm_error *err)
{
    const cm_tensor *a = s->x[0], *b = s->x[1];
    const bool slope = s->op->code == CM_BINARY_PRELU && b->rank == 1 && b->dim[0] > 1;
    const bool spread = cm_attr_int(s, "broadcast", 0) != 0;
    const bool placed = slope || cm_attr_has(s, "axis");
    int axis = 1;
    cm_status st =
        slope || !placed ? CM_OK : cm_step_axis(s, cm_attr_int(s, "axis", 0), a->rank, false, &axis, err);
    if (st) return st;
    if (!spread && s->op->code != CM_BINARY_PRELU && !cm_same_shape(a, b))
        return cm_step_mismatch(s, "the shapes differ and broadcast is not set", err);
    if (!placed || !(spread || slope)) return CM_OK;
    if (axis + b->rank > a->rank)
        return cm_step_mismatch(s, "the second input reaches beyond the first", err);
    p->is_aligned = true;
    p->aligned = *b;
    p->aligned.rank = a->rank - axis;
    for (int i = b->rank; i < p->aligned.rank; i++)
        p->aligned.dim[i] = 1;
    return CM_OK;
}

/* Pow may have an exponent of another type than its base: a known one is converted here. */
static cm_status convert_exponent(cm_step *s, cm_tensor *converted, cm_error *err)
{
    const cm_tensor *b = s->x[1];
    const cm_element e = s->x[0]->element;
    const int64_t count = cm_tensor_count(b);
    void *data = NULL;
    if (!b->data)
        return cm_step_unsupported(s, "base and exponent have different element types",
                                   "Export the model with a Cast before it", err);
    cm_status st = cm_step_spend(s, count, err);
    if (!st) st = cm_memory_take(s->memory, count, cm_element_bytes(e), &data, err);
    for (int64_t i = 0; !st && i < count; i++) {
        const double v = cm_known_number(b, i);
        if (e == CM_ELEMENT_F32)
            ((float *)data)[i] = (float)v;
        else if (v == floor(v) && fabs(v) < 0x1p53)
            cm_whole_put(e, data, i, (int64_t)v);
        else
            st = cm_step_unsupported(s, "whole numbers to a power that is none",
                                     "Export the model with a Cast before it", err);
    }
    *converted = *b;
    converted->element = e;
    converted->data = data;
    s->x[1] = converted;
    return st;
}

static cm_status infer_binary(cm_step *s, cm_error *err)
{
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    binary *p = NULL;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st && s->op->code == CM_BINARY_POW && s->x[0]->element != s->x[1]->element)
        st = convert_exponent(s, &p->exponent, err);
    if (!st) st = check_elements(s, err);
    if (!st) st = choose_function(s, &p->op, err);
    if (!st && s->opset < 7) st = align_old(s, p, err);
    if (!st) st = cm_step_broadcast(s, s->x[0], p->is_aligned ? &p->aligned : s->x[1], &rank, dim, err);
    if (st) return st;
    const cm_element e = is_comparison(s->op->code) ? CM_ELEMENT_BOOL : s->x[0]->element;
    cm_step_set(s, 0, e, rank, dim);
    if (s->op->code == CM_BINARY_PRELU && !cm_same_shape(s->y[0], s->x[0]))
        return cm_step_mismatch(s, "the slope is larger than the input", err);
    for (int i = 0; i < 2; i++)
        if (cm_same_shape(s->y[0], s->x[i]) && s->x[i]->element == e) s->may_alias |= 1u << i;
    s->operations = cm_count_f(s->y[0]);
    s->fuses_activation =
        s->op->code == CM_BINARY_ADD && e == CM_ELEMENT_F32 && cm_same_shape(s->x[0], s->x[1]);
    if (s->op->code == CM_BINARY_PRELU && s->x[1]->data && cm_tensor_count(s->x[1]) == 1) {
        s->activation = CM_ACTIVATION_LEAKY_RELU; /* one slope for all */
        s->alpha = *(const float *)s->x[1]->data;
    }
    return CM_OK;
}

static cm_status run_binary(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const binary *p = s->parameters;
    if (s->fuses_activation && s->activation != CM_ACTIVATION_NONE)
        return be->ops->add(be, s->x[0], s->x[1], s->activation, s->alpha, s->y[0], err);
    cm_tensor b = *s->x[1];
    if (p->is_aligned) {
        b.rank = p->aligned.rank;
        memcpy(b.dim, p->aligned.dim, sizeof b.dim);
    }
    return be->ops->binary(be, p->op, s->x[0], &b, s->y[0], err);
}

const cm_family cm_family_binary = {.infer = infer_binary, .run = run_binary};

/* -- any number of inputs: Min, Max, Sum, Mean -- */

enum { MEAN = -1 }; /* a sum, then divided */

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
    if (s->op->code == MEAN && shape.element != CM_ELEMENT_F32) return cm_step_need_float(s, 0, err);
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
    const cm_binary op = s->op->code == MEAN ? CM_BINARY_ADD : (cm_binary)s->op->code;
    cm_status st = s->n_x == 2 ? be->ops->binary(be, op, s->x[0], s->x[1], s->y[0], err)
                               : be->ops->expand(be, s->x[0], s->y[0], err);
    for (int i = s->n_x == 2 ? 2 : 1; !st && i < s->n_x; i++)
        st = be->ops->binary(be, op, s->y[0], s->x[i], s->y[0], err);
    float count = (float)s->n_x;
    const cm_tensor divisor = {.element = CM_ELEMENT_F32, .data = &count};
    if (!st && s->op->code == MEAN) st = be->ops->binary(be, CM_BINARY_DIV, s->y[0], &divisor, s->y[0], err);
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

/* -- Cast, CastLike -- */

enum { LIKE = 1 };

static cm_status infer_cast(cm_step *s, cm_error *err)
{
    const int64_t to = s->op->code == LIKE ? 0 : cm_attr_int(s, "to", 0);
    const cm_element e = s->op->code == LIKE ? s->x[1]->element : cm_onnx_element(to);
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

cm_status cm_step_as_unary(cm_step *s, cm_unary op, cm_error *err)
{
    unary *p = NULL;
    cm_fusion_become(s, op == CM_UNARY_SILU ? "Sigmoid" : "Gelu"); /* the row only names the family */
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->op = op;
    s->operations = cm_count_f(s->x[0]);
    s->may_alias = 1;
    return CM_OK;
}
