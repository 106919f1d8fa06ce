/* What a convolution, a pooling or a matrix product can take along. */
#include "engine/model/fusion.h"

/* Zeros around an image, then Conv or AveragePool: their own padding. Same bits. */
cm_status cm_fuse_pad(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    const bool conv = s->op->family == &cm_family_convolution, pool = s->op->family == &cm_family_pooling;
    const cm_step *pad = conv || pool ? cm_fusion_own(f, s, 0, &cm_family_pad, -1) : NULL;
    const int64_t *lo = NULL, *hi = NULL;
    if (!pad || pad->x_value[0] < 0 || !cm_pad_is_zero(pad, &lo, &hi)) return CM_OK;
    if (conv ? !cm_conv_take_pads(s, pad->x[0], lo, hi) : !cm_pool_take_pads(s, lo, hi)) return CM_OK;
    int32_t values[3] = {pad->x_value[0], s->n_x > 1 ? s->x_value[1] : -1, s->n_x > 2 ? s->x_value[2] : -1};
    *done = true;
    return cm_fusion_read(f, s, s->n_x < 3 ? s->n_x : 3, values, err);
}

/* Transpose of the last two dimensions, MatMul -> the product reads it turned. Same bits. */
cm_status cm_fuse_transposed(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    if (s->op->family != &cm_family_matmul) return CM_OK;
    for (int i = 0; i < 2; i++) {
        const cm_step *turn = cm_fusion_own(f, s, i, &cm_family_transpose, -1);
        if (!turn || turn->view_of >= 0 || turn->x_value[0] < 0 || !cm_transpose_is_of_matrices(turn))
            continue;
        cm_matmul_turn(s, i);
        int32_t values[3] = {s->x_value[0], s->x_value[1], s->n_x > 2 ? s->x_value[2] : -1};
        values[i] = turn->x_value[0];
        *done = true;
        return cm_fusion_read(f, s, s->n_x, values, err);
    }
    return CM_OK;
}

/* MatMul, Add of a known row -> the product's addend. Same bits. */
cm_status cm_fuse_bias(cm_fusion *f, cm_step *s, bool *done, cm_error *err)
{
    if (s->op->family != &cm_family_binary || s->op->code != CM_BINARY_ADD || s->opset < 7) return CM_OK;
    for (int i = 0; i < 2; i++) {
        const cm_tensor *row = s->x[i];
        cm_step *product = cm_fusion_own(f, s, 1 - i, &cm_family_matmul, -1);
        if (!product || !row->data || row->rank != 1 || s->x_value[i] < 0 || product->n_x != 2 ||
            product->x[1]->rank < 2 || !cm_same_shape(product->y[0], s->y[0]) ||
            row->dim[0] != s->y[0]->dim[s->y[0]->rank - 1])
            continue;
        const int32_t values[3] = {product->x_value[0], product->x_value[1], s->x_value[i]};
        *done = true;
        cm_status st = cm_fusion_read(f, product, 3, values, err);
        if (!st) cm_fusion_take_over(f, product, s);
        return st;
    }
    return CM_OK;
}
