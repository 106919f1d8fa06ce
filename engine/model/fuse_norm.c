/* Normalisations: folded into the convolution before them, or put together from the nodes an exporter wrote.
 */
#include "engine/model/fusion.h"

/* Conv, BatchNormalization -> Conv. With the map a y + b of a channel in double: weights (float)(a w), bias
 * (float)(a bias + b). */
cm_status cm_fuse_batch_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    if (s->op->family != &cm_family_batch_norm) return CM_OK;
    cm_step *conv = cm_fusion_own(f, s, 0, &cm_family_convolution, -1);
    if (!conv || conv->activation != CM_ACTIVATION_NONE) return CM_OK;
    const int64_t channels = s->y[0]->dim[1];
    double *a = NULL, *b = NULL;
    cm_status st = cm_memory_take(s->memory, channels, sizeof *a, &a, err);
    if (!st) st = cm_memory_take(s->memory, channels, sizeof *b, &b, err);
    if (st) return st;
    for (int64_t c = 0; c < channels; c++)
        cm_batch_norm_map(s, c, &a[c], &b[c]);
    if (!cm_conv_map_output(conv, a, b)) return CM_OK;
    cm_fusion_take_over(f, conv, s);
    *done = true;
    return CM_OK;
}

/* Input i of s when it is known, one number per channel of y, spread over the rest. */
static const float *per_channel(const cm_step *s, int i)
{
    const cm_tensor *t = s->x[i], *y = s->y[0];
    if (!t->data || t->element != CM_ELEMENT_F32 || t->rank > y->rank) return NULL;
    for (int d = 1; d <= t->rank; d++)
        if (t->dim[t->rank - d] != (d == y->rank - 1 ? y->dim[1] : 1)) return NULL;
    return t->rank >= y->rank - 1 ? t->data : NULL;
}

/* Input i of s when it is known and the same for all leading dimensions: as many numbers as those from axis
 * on. */
static const float *per_element(const cm_step *s, int i, int axis)
{
    const cm_tensor *t = s->x[i], *y = s->y[0];
    if (!t->data || t->element != CM_ELEMENT_F32 || t->rank > y->rank) return NULL;
    for (int d = 1; d <= t->rank; d++)
        if (t->dim[t->rank - d] != (d <= y->rank - axis ? y->dim[y->rank - d] : 1)) return NULL;
    return t->rank >= y->rank - axis ? t->data : NULL;
}

static bool all_are(const cm_tensor *t, float value)
{
    for (int64_t i = 0; t->data && i < cm_tensor_count(t); i++)
        if (((const float *)t->data)[i] != value) return false;
    return t->data != NULL;
}

static bool adds(const cm_step *s)
{
    /* before opset 7 an attribute says how shapes are spread */
    return s->op->family == &cm_family_binary && s->op->code == CM_BINARY_ADD && s->opset >= 7 &&
           s->x[0]->element == CM_ELEMENT_F32;
}

/* Add(Mul(v, scale), bias): the step that computes v, and which inputs hold the constants. */
typedef struct affine_end {
    cm_step *mul;
    int at_bias, at_scale; /* of the Add, of the Mul */
} affine_end;

static bool ends_affine(const cm_fusion *f, const cm_step *s, affine_end *out)
{
    for (int i = 0; adds(s) && i < 2; i++) {
        if (!s->x[i]->data) continue;
        cm_step *mul = cm_fusion_own(f, s, 1 - i, &cm_family_binary, CM_BINARY_MUL);
        for (int k = 0; mul && k < 2; k++)
            if (mul->x[k]->data) {
                *out = (affine_end){mul, i, k};
                return true;
            }
    }
    return false;
}

/* Reshape [n][groups][rest], InstanceNormalization with scale 1 and bias 0, Reshape back, Mul, Add ->
 * GroupNormalization, rounded once. */
cm_status cm_fuse_group_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    affine_end end;
    if (!ends_affine(f, s, &end)) return CM_OK;
    const float *bias = per_channel(s, end.at_bias), *scale = per_channel(end.mul, end.at_scale);
    const cm_step *back = cm_fusion_own(f, end.mul, 1 - end.at_scale, &cm_family_reshape, -1);
    const cm_step *norm = back ? cm_fusion_own(f, back, 0, &cm_family_instance_norm, -1) : NULL;
    const cm_step *split = norm ? cm_fusion_own(f, norm, 0, &cm_family_reshape, -1) : NULL;
    if (!bias || !scale || !split || norm->activation != CM_ACTIVATION_NONE) return CM_OK;
    const cm_tensor *x = split->x[0], *groups = split->y[0];
    if (split->x_value[0] < 0 || x->rank < 3 || !cm_same_shape(x, s->y[0]) || groups->dim[0] != x->dim[0] ||
        groups->dim[1] < 1 || x->dim[1] % groups->dim[1] || !all_are(norm->x[1], 1.0f) ||
        !all_are(norm->x[2], 0.0f))
        return CM_OK;
    const double epsilon = cm_norm_epsilon(norm);
    const int64_t n = groups->dim[1];
    *done = true;
    cm_status st = cm_fusion_read(f, s, 1, &(const int32_t){split->x_value[0]}, err);
    return st ? st : cm_step_as_group_norm(s, n, epsilon, scale, bias, err);
}

/* ReduceMean over the dimensions from one on, kept: the first of them, or -1. */
static int mean_axis(const cm_step *mean)
{
    const int rank = mean ? mean->x[0]->rank : 0;
    if (!mean || mean->y[0]->rank != rank) return -1;
    const uint32_t axes = cm_reduce_axes(mean);
    for (int axis = rank - 1; axis >= 0; axis--)
        if (axes == (1u << rank) - (1u << axis)) return axis;
    return -1;
}

/* x - mean(x): the value x and the axis. */
static bool is_centred(const cm_fusion *f, const cm_step *sub, int32_t *x, int *axis)
{
    const cm_step *mean = sub ? cm_fusion_writer(f, sub, 1, &cm_family_reduce, CM_REDUCE_MEAN) : NULL;
    *axis = mean_axis(mean);
    *x = sub ? sub->x_value[0] : -1;
    return *axis >= 0 && *x >= 0 && mean->x_value[0] == *x && !sub->x[0]->data;
}

/* Sqrt(mean(d * d) + epsilon) of the same d: input i of s. */
static bool is_deviation(const cm_fusion *f, const cm_step *s, int i, int32_t x, int axis, double *epsilon)
{
    const cm_step *root = cm_fusion_own(f, s, i, &cm_family_unary, CM_UNARY_SQRT);
    const cm_step *sum = root ? cm_fusion_own(f, root, 0, &cm_family_binary, CM_BINARY_ADD) : NULL;
    if (!sum) return false;
    const int at = cm_fusion_number(sum, 1, epsilon) ? 0 : 1;
    const cm_step *mean = cm_fusion_own(f, sum, at, &cm_family_reduce, CM_REDUCE_MEAN);
    if (!cm_fusion_number(sum, 1 - at, epsilon) || mean_axis(mean) != axis) return false;
    const cm_step *pow = cm_fusion_own(f, mean, 0, &cm_family_binary, CM_BINARY_POW);
    const cm_step *mul = cm_fusion_own(f, mean, 0, &cm_family_binary, CM_BINARY_MUL);
    double two = 0;
    if (pow ? !cm_fusion_number(pow, 1, &two) || two != 2.0 : !mul || mul->x_value[0] != mul->x_value[1])
        return false;
    int32_t from = -1;
    int over = -1;
    const cm_step *sub = cm_fusion_writer(f, pow ? pow : mul, 0, &cm_family_binary, CM_BINARY_SUB);
    return is_centred(f, sub, &from, &over) && from == x && over == axis;
}

/* (x - mean) / Sqrt(mean((x - mean)^2) + epsilon) * scale + bias -> LayerNormalization, rounded once. */
cm_status cm_fuse_layer_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    affine_end end;
    if (!ends_affine(f, s, &end)) return CM_OK;
    const cm_step *div = cm_fusion_own(f, end.mul, 1 - end.at_scale, &cm_family_binary, CM_BINARY_DIV);
    const cm_step *sub = div ? cm_fusion_writer(f, div, 0, &cm_family_binary, CM_BINARY_SUB) : NULL;
    int32_t x = -1;
    int axis = -1;
    double epsilon = 0;
    if (!is_centred(f, sub, &x, &axis) || !is_deviation(f, div, 1, x, axis, &epsilon)) return CM_OK;
    const float *bias = per_element(s, end.at_bias, axis), *scale = per_element(end.mul, end.at_scale, axis);
    if (!bias || !scale || !cm_same_shape(s->y[0], &f->plan->tensors[x])) return CM_OK;
    *done = true;
    cm_status st = cm_fusion_read(f, s, 1, &x, err);
    return st ? st : cm_step_as_layer_norm(s, axis, epsilon, scale, bias, err);
}
