/* Elementwise functions of one input. Floats run the loops of the instruction set; integers and booleans take
 * the few functions that mean something for them. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>

#define GRAIN 16384

typedef struct unary_job {
    const cm_cpu_loops *loops;
    cm_unary op;
    cm_element element;
    float alpha, beta;
    const void *x;
    void *y;
} unary_job;

static void float_range(void *context, int64_t begin, int64_t end)
{
    const unary_job *j = context;
    j->loops->unary(j->op, j->alpha, j->beta, (const float *)j->x + begin, (float *)j->y + begin,
                    end - begin);
}

/* A float as the nearest integer within reach of int64_t; NaN is 0. */
static int64_t limit_of(float v)
{
    if (isnan(v)) return 0;
    if (v >= 0x1p63f) return INT64_MAX;
    return v < -0x1p63f ? INT64_MIN : (int64_t)v;
}

static int64_t whole_value(const unary_job *j, int64_t v)
{
    if (j->op == CM_UNARY_BIT_NOT) return ~v;
    /* beyond the reach of int64_t: above everything but itself */
    if (j->element == CM_ELEMENT_U64 && v < 0 && j->op != CM_UNARY_NEG)
        return j->op == CM_UNARY_SIGN                        ? 1
               : j->op == CM_UNARY_CLIP && j->beta < 0x1p63f ? limit_of(j->beta)
                                                             : v;
    switch (j->op) {
    case CM_UNARY_ABS:
        return v < 0 ? (int64_t)(0u - (uint64_t)v) : v;
    case CM_UNARY_NEG:
        return (int64_t)(0u - (uint64_t)v);
    case CM_UNARY_SIGN:
        return (v > 0) - (v < 0);
    case CM_UNARY_RELU:
        return v < 0 ? 0 : v;
    case CM_UNARY_CLIP: {
        const int64_t lo = limit_of(j->alpha), hi = limit_of(j->beta);
        v = v < lo ? lo : v;
        return v > hi ? hi : v;
    }
    default: /* FLOOR, CEIL, ROUND */
        return v;
    }
}

static void whole_range(void *context, int64_t begin, int64_t end)
{
    const unary_job *j = context;
    for (int64_t i = begin; i < end; i++)
        cm_whole_put(j->element, j->y, i, whole_value(j, cm_whole_at(j->element, j->x, i)));
}

static void not_range(void *context, int64_t begin, int64_t end)
{
    const unary_job *j = context;
    for (int64_t i = begin; i < end; i++)
        ((uint8_t *)j->y)[i] = !((const uint8_t *)j->x)[i];
}

static bool has_whole_meaning(cm_unary op)
{
    switch (op) {
    case CM_UNARY_ABS:
    case CM_UNARY_NEG:
    case CM_UNARY_SIGN:
    case CM_UNARY_RELU:
    case CM_UNARY_CLIP:
    case CM_UNARY_FLOOR:
    case CM_UNARY_CEIL:
    case CM_UNARY_ROUND:
    case CM_UNARY_BIT_NOT:
        return true;
    default:
        return false;
    }
}

cm_status cm_cpu_unary(cm_backend *be, cm_unary op, float alpha, float beta, const cm_tensor *x, cm_tensor *y,
                       cm_error *err)
{
    const int64_t n = cm_tensor_count(x);
    if (n < 0 || cm_tensor_count(y) != n || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of an elementwise function must be like its input", x, y);
    const bool is_bool = x->element == CM_ELEMENT_BOOL;
    cm_cpu_range fn = x->element == CM_ELEMENT_F32 ? float_range : whole_range;
    if (is_bool && op == CM_UNARY_NOT)
        fn = not_range;
    else if (is_bool || op == CM_UNARY_NOT || (fn == whole_range && !has_whole_meaning(op)))
        return cm_cpu_element_error(err, "this elementwise function", x);
    unary_job job = {cm_cpu_get_variant(be)->loops, op, x->element, alpha, beta, x->data, y->data};
    cm_cpu_for(be, n, GRAIN, fn, &job);
    return CM_OK;
}
