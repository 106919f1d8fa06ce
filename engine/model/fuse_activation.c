/* Activations: joined to what comes before them, or put together from the nodes an exporter wrote for them.
 */
#include "engine/model/fusion.h"

/* Relu, LeakyRelu and PRelu with one slope become the last thing that a convolution, a normalisation or a sum
 * does. Same bits. */
cm_status cm_fuse_activation(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    (void)err;
    if (s->activation == CM_ACTIVATION_NONE || s->fuses_activation) return CM_OK;
    cm_step *before = cm_fusion_own(f, s, 0, NULL, -1);
    if (!before || !before->fuses_activation || before->activation != CM_ACTIVATION_NONE) return CM_OK;
    before->activation = s->activation;
    before->alpha = s->alpha;
    cm_fusion_take_over(f, before, s);
    *done = true;
    return CM_OK;
}

static bool is_binary(const cm_step *s, cm_binary op)
{
    return s->op->family == &cm_family_binary && s->op->code == (int)op && s->x[0]->element == CM_ELEMENT_F32;
}

/* x * Sigmoid(x) -> the kernel's x sigmoid(x), rounded once. */
cm_status cm_fuse_silu(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    if (!is_binary(s, CM_BINARY_MUL)) return CM_OK;
    for (int i = 0; i < 2; i++) {
        const cm_step *sigmoid = cm_fusion_own(f, s, i, &cm_family_unary, CM_UNARY_SIGMOID);
        if (!sigmoid || sigmoid->x_value[0] != s->x_value[1 - i]) continue;
        *done = true;
        cm_status st = cm_fusion_read(f, s, 1, &(const int32_t){s->x_value[1 - i]}, err);
        return st ? st : cm_step_as_unary(s, CM_UNARY_SILU, err);
    }
    return CM_OK;
}

/* An input of a product: which step reads it, and where. */
typedef struct factor {
    const cm_step *reader;
    int i;
} factor;

/* a * (b * c), (a * b) * c and so on. */
static bool three_factors(const cm_fusion *f, const cm_step *s, factor out[3])
{
    for (int i = 0; i < 2; i++) {
        const cm_step *inner = cm_fusion_own(f, s, i, &cm_family_binary, CM_BINARY_MUL);
        if (!inner) continue;
        out[0] = (factor){inner, 0};
        out[1] = (factor){inner, 1};
        out[2] = (factor){s, 1 - i};
        return true;
    }
    return false;
}

/* The value v of Erf(v / sqrt 2) + 1, or -1. */
static int32_t erf_of(const cm_fusion *f, factor q)
{
    const cm_step *sum = cm_fusion_own(f, q.reader, q.i, &cm_family_binary, CM_BINARY_ADD);
    double one = 0, by = 0;
    for (int i = 0; sum && i < 2; i++) {
        if (!cm_fusion_number(sum, i, &one) || one != 1.0) continue;
        const cm_step *erf = cm_fusion_own(f, sum, 1 - i, &cm_family_unary, CM_UNARY_ERF);
        const cm_step *div = erf ? cm_fusion_own(f, erf, 0, &cm_family_binary, CM_BINARY_DIV) : NULL;
        const cm_step *mul = erf ? cm_fusion_own(f, erf, 0, &cm_family_binary, CM_BINARY_MUL) : NULL;
        if (div && cm_fusion_number(div, 1, &by) && cm_fusion_near(by, 1.4142135623730951))
            return div->x_value[0];
        for (int k = 0; mul && k < 2; k++)
            if (cm_fusion_number(mul, k, &by) && cm_fusion_near(by, 0.7071067811865476))
                return mul->x_value[1 - k];
    }
    return -1;
}

/* Input i of s is a number times something: which input of that product is the something; -1 when it is not
 * so. */
static int scaled_by(const cm_fusion *f, const cm_step *s, int i, double number, const cm_step **product)
{
    double by = 0;
    *product = cm_fusion_own(f, s, i, &cm_family_binary, CM_BINARY_MUL);
    for (int k = 0; *product && k < 2; k++)
        if (cm_fusion_number(*product, k, &by) && cm_fusion_near(by, number)) return 1 - k;
    return -1;
}

/* Input i of s is v^3, as Pow or as v * (v * v). */
static bool is_cube_of(const cm_fusion *f, const cm_step *s, int i, int32_t v)
{
    double power = 0;
    const cm_step *pow = cm_fusion_own(f, s, i, &cm_family_binary, CM_BINARY_POW);
    if (pow) return pow->x_value[0] == v && cm_fusion_number(pow, 1, &power) && power == 3.0;
    const cm_step *cube = cm_fusion_own(f, s, i, &cm_family_binary, CM_BINARY_MUL);
    for (int k = 0; cube && k < 2; k++) {
        const cm_step *square = cm_fusion_own(f, cube, k, &cm_family_binary, CM_BINARY_MUL);
        if (square && square->x_value[0] == v && square->x_value[1] == v && cube->x_value[1 - k] == v)
            return true;
    }
    return false;
}

/* The value v of Tanh(sqrt(2 / pi) * (v + 0.044715 * v^3)) + 1, or -1. */
static int32_t tanh_of(const cm_fusion *f, factor q)
{
    const cm_step *sum = cm_fusion_own(f, q.reader, q.i, &cm_family_binary, CM_BINARY_ADD);
    double one = 0;
    for (int i = 0; sum && i < 2; i++) {
        if (!cm_fusion_number(sum, i, &one) || one != 1.0) continue;
        const cm_step *tanh = cm_fusion_own(f, sum, 1 - i, &cm_family_unary, CM_UNARY_TANH);
        const cm_step *outer = NULL, *third = NULL;
        const int at = tanh ? scaled_by(f, tanh, 0, 0.7978845608028654, &outer) : -1;
        const cm_step *inner = at < 0 ? NULL : cm_fusion_own(f, outer, at, &cm_family_binary, CM_BINARY_ADD);
        for (int k = 0; inner && k < 2; k++) {
            const int cube = scaled_by(f, inner, k, 0.044715, &third);
            if (cube >= 0 && is_cube_of(f, third, cube, inner->x_value[1 - k])) return inner->x_value[1 - k];
        }
    }
    return -1;
}

/* x * (Erf(x / sqrt 2) + 1) * 0.5, in any order of the factors -> the kernel's Gelu, rounded once; and the
 * same with the tanh that stands for it. */
cm_status cm_fuse_gelu(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    factor factors[3];
    double half = 0;
    if (!is_binary(s, CM_BINARY_MUL) || !three_factors(f, s, factors)) return CM_OK;
    for (int order = 0; order < 6; order++) {
        const int a = order % 3, b = (a + 1 + order / 3) % 3, c = 3 - a - b;
        if (!cm_fusion_number(factors[a].reader, factors[a].i, &half) || half != 0.5) continue;
        const int32_t by_erf = erf_of(f, factors[b]), x = by_erf < 0 ? tanh_of(f, factors[b]) : by_erf;
        if (x < 0 || x != factors[c].reader->x_value[factors[c].i] ||
            !cm_same_shape(&f->plan->tensors[x], s->y[0]))
            continue;
        *done = true;
        cm_status st = cm_fusion_read(f, s, 1, &x, err);
        return st ? st : cm_step_as_unary(s, by_erf < 0 ? CM_UNARY_GELU_TANH : CM_UNARY_GELU_ERF, err);
    }
    return CM_OK;
}
