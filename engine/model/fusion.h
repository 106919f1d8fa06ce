/* What the patterns of fuse_*.c share: who writes and who reads a value, and steps that take the place of
 * others. Shared inside engine/model only. docs/fusion.md says what becomes of what.
 *
 * A pattern looks at one step, the last of what it joins, and at the steps before it. It answers through
 * *done. It goes by the graph alone, so that a model has the same bits on every machine. */
#ifndef CM_ENGINE_MODEL_FUSION_H
#define CM_ENGINE_MODEL_FUSION_H

#include "engine/model/plan.h"

typedef struct cm_fusion {
    cm_plan *plan;
    int32_t *readers; /* inputs that are the value; the output of the plan counts as one */
    int64_t *writer;  /* step that computes it, plus 1; 0 = none */
} cm_fusion;

typedef cm_status (*cm_pattern)(cm_fusion *f, cm_step *s, bool *done, cm_error *err);

/* The step that computes input i of s, of a family and code (-1 = any); NULL when there is none. _own: and s
 * is the only one to read it. */
cm_step *cm_fusion_writer(const cm_fusion *f, const cm_step *s, int i, const cm_family *family, int code);
cm_step *cm_fusion_own(const cm_fusion *f, const cm_step *s, int i, const cm_family *family, int code);
/* Input i of s is one known number. */
bool cm_fusion_number(const cm_step *s, int i, double *out);
/* a is b up to what a constant loses in float32. */
bool cm_fusion_near(double a, double b);

/* s reads n values from now on; what only served its old inputs is dropped. Its outputs stay. */
cm_status cm_fusion_read(cm_fusion *f, cm_step *s, int n, const int32_t *values, cm_error *err);
/* before computes the output of s itself; s is dropped. */
void cm_fusion_take_over(cm_fusion *f, cm_step *before, cm_step *s);
/* s is another operator of the table now. */
void cm_fusion_become(cm_step *s, const char *name);

/* -- what families tell and take for it -- */
uint32_t cm_reduce_axes(const cm_step *s); /* ReduceMean and its like */
double cm_norm_epsilon(const cm_step *s);  /* InstanceNormalization */
/* BatchNormalization of channel c is x -> a x + b. */
void cm_batch_norm_map(const cm_step *s, int64_t c, double *a, double *b);
/* s becomes a normalisation of x[0]; scale and bias (copied): per channel, or as many as the dimensions from
 * axis on have elements. */
cm_status cm_step_as_group_norm(cm_step *s, int64_t groups, double epsilon, const float *scale,
                                const float *bias, cm_error *err);
cm_status cm_step_as_layer_norm(cm_step *s, int axis, double epsilon, const float *scale, const float *bias,
                                cm_error *err);
/* s becomes a function of x[0]. */
cm_status cm_step_as_unary(cm_step *s, cm_unary op, cm_error *err);
/* A convolution's output is mapped to a y + b by channel (arrays of the plan); false when that cannot be. */
bool cm_conv_map_output(cm_step *s, const double *a, const double *b);
/* Zeros around x[0] become paddings; false when they cannot. pads: lo, hi [rank] of x[0]. */
bool cm_conv_take_pads(cm_step *s, const cm_tensor *x, const int64_t *lo, const int64_t *hi);
bool cm_pool_take_pads(cm_step *s, const int64_t *lo, const int64_t *hi);
/* A Transpose that turns the matrices of the last two dimensions and moves nothing else. */
bool cm_transpose_is_of_matrices(const cm_step *s);
/* From now on MatMul s takes the transpose of its input i; the caller exchanges the input. */
void cm_matmul_turn(cm_step *s, int i);
/* A Pad with the constant 0 of spatial dimensions only: its paddings, or false. */
bool cm_pad_is_zero(const cm_step *s, const int64_t **lo, const int64_t **hi);

/* -- the patterns -- */
cm_status cm_fuse_activation(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_silu(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_gelu(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_batch_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_group_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_layer_norm(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_pad(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_transposed(cm_fusion *f, cm_step *s, bool *done, cm_error *err);
cm_status cm_fuse_bias(cm_fusion *f, cm_step *s, bool *done, cm_error *err);

#endif
