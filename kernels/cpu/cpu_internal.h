/* What the files of the CPU backend share: the table of instruction-set dependent loops, the split of work
 * over threads, and the entries of the operation table. */
#ifndef CM_KERNELS_CPU_INTERNAL_H
#define CM_KERNELS_CPU_INTERNAL_H

#include "kernels/backend.h"

/* Loops over contiguous floats. One table per instruction set, made from loops_template.h; all give the same
 * bits. x and y may be the same array. */
typedef struct cm_cpu_loops {
    void (*unary)(cm_unary op, float alpha, float beta, const float *x, float *y, int64_t n);
    void (*affine)(float a, float b, const float *x, float *y, int64_t n);
    /* y = activation((float)fma(x, scale, bias)), in double until the rounding */
    void (*normalise)(double scale, double bias, cm_activation activation, float alpha, const float *x,
                      float *y, int64_t n);
    /* y[i] = (float)((x[i] - mean) * (inv_std * scale[i]) + bias[i]); bias NULL: without it */
    void (*normalise_each)(double mean, double inv_std, const float *scale, const float *bias, const float *x,
                           float *y, int64_t n);
    /* Sum, and sum of the squares, in double and in a fixed tree. */
    double (*sum)(const float *x, int64_t n);
    double (*sum_squares)(const float *x, int64_t n);
    /* Mean and mean square of the differences from it, both from sums over x - x[0] in the same tree: so no
     * digits cancel, whatever the mean (x[0] is one of the n, so the shift is at most sqrt(n) deviations). */
    void (*moments)(const float *x, int64_t n, double *mean, double *variance);
    /* sum[i] += x[i * step]; best[i] = x[i * step] where that is larger or NaN. */
    void (*add_columns)(const float *x, double *sum, int64_t n, int64_t step);
    void (*raise_columns)(const float *x, float *best, int64_t n, int64_t step);
    /* y[i] = the largest of rows[0][i], rows[1][i]...; of x[i * step], x[i * step + tap]...: the first of
     * equal ones, or a NaN. */
    void (*largest_of_rows)(const float *const *rows, int64_t count, int64_t n, float *y);
    void (*largest_of_columns)(const float *x, int64_t taps, int64_t tap, int64_t step, int64_t n, float *y);
    /* Softmax over `count` slices that lie `pitch` elements apart, n lanes wide. y is not x. */
    void (*softmax)(bool log, const float *x, float *y, int64_t count, int64_t pitch, int64_t n);
} cm_cpu_loops;

/* The activation in place. */
static inline void cm_cpu_activate(const cm_cpu_loops *loops, cm_activation activation, float alpha, float *y,
                                   int64_t n)
{
    if (activation == CM_ACTIVATION_RELU)
        loops->unary(CM_UNARY_RELU, 0.0f, 0.0f, y, y, n);
    else if (activation == CM_ACTIVATION_LEAKY_RELU)
        loops->unary(CM_UNARY_LEAKY_RELU, alpha, 0.0f, y, y, n);
}

/* The micro-kernels of convolutions and of matrix products; see conv_plan.h, conv_winograd.h,
 * conv_winograd4.h, gemm.h. */
struct cm_conv_kernels;
struct cm_winograd_kernels;
struct cm_winograd4_kernels;
struct cm_gemm_kernels;

/* One row of the variant table. */
/* What CPU and operating system together offer: bits of cm_cpu_feature. */
int cm_cpu_features(void);

typedef struct cm_cpu_variant {
    const char *name;
    int feature; /* cm_cpu_feature */
    const cm_cpu_loops *loops;
    const struct cm_conv_kernels *conv;           /* NULL: the scalar reference */
    const struct cm_winograd_kernels *winograd;   /* as well */
    const struct cm_winograd4_kernels *winograd4; /* as well */
    const struct cm_gemm_kernels *gemm;           /* as well */
} cm_cpu_variant;

static inline const cm_cpu_variant *cm_cpu_get_variant(const cm_backend *be)
{
    return (const cm_cpu_variant *)be->device;
}

/* -- work -- */
/* Calls fn for consecutive ranges of about `grain` items that cover 0..n-1, over the threads of the backend.
 */
typedef void (*cm_cpu_range)(void *context, int64_t begin, int64_t end);
void cm_cpu_for(cm_backend *be, int64_t n, int64_t grain, cm_cpu_range fn, void *context);
/* The same, with stop looked at before each range. Errors: CM_ERR_STOPPED, CM_ERR_TIMEOUT. */
cm_status cm_cpu_for_stop(cm_backend *be, int64_t n, int64_t grain, cm_cpu_range fn, void *context,
                          const cm_stop *stop, cm_error *err);

/* -- shapes -- */
typedef struct cm_cpu_shape {
    int64_t n, c, s[3]; /* leading spatial dimensions that are absent are 1 */
    int64_t voxels;     /* s[0] * s[1] * s[2] */
} cm_cpu_shape;
/* [n][c][spatial 0..3]. Errors: CM_ERR_ARG for another rank (4 spatial dimensions and more are folded where
 * `fold` says so) or element type. */
cm_status cm_cpu_get_shape(const cm_tensor *x, bool fold, cm_cpu_shape *out, cm_error *err);
bool cm_cpu_same_shape(const cm_tensor *a, const cm_tensor *b);
/* Text such as "f32[1,32,96,96,96]". */
cm_str cm_cpu_describe(const cm_tensor *x);
/* CM_ERR_ARG "<what>" with both tensors in the why. */
cm_status cm_cpu_shape_error(cm_error *err, const char *what, const cm_tensor *a, const cm_tensor *b);
cm_status cm_cpu_element_error(cm_error *err, const char *operation, const cm_tensor *x);

/* -- strided copies; every operation that only moves data becomes one -- */
#define CM_WALK_RANK (2 * CM_MAX_RANK)
typedef struct cm_cpu_walk {
    int rank;
    int64_t count[CM_WALK_RANK];
    int64_t from[CM_WALK_RANK], to[CM_WALK_RANK]; /* steps in elements; may be 0 or negative */
} cm_cpu_walk;
/* Copies elements of `bytes` (1, 2, 4 or 8) from x to y; x and y point at the elements of index 0. */
void cm_cpu_walk_copy(cm_backend *be, cm_cpu_walk walk, int64_t bytes, const void *x, void *y);
/* Element steps of a plain tensor. */
void cm_cpu_steps(const cm_tensor *x, int64_t step[CM_MAX_RANK]);

/* A loop nest over an output and up to three inputs broadcast to it; the last dimension is the row. */
typedef struct cm_cpu_broadcast {
    int rank; /* >= 1 */
    int64_t count[CM_MAX_RANK];
    int64_t step[3][CM_MAX_RANK]; /* 0 where broadcast */
    int64_t rows;                 /* product of all counts but the last */
} cm_cpu_broadcast;
/* Errors: CM_ERR_ARG when an input does not broadcast to y. */
cm_status cm_cpu_broadcast_create(int n_inputs, const cm_tensor *const *x, const cm_tensor *y,
                                  cm_cpu_broadcast *out, cm_error *err);
/* Element offsets of row `row` in each input. */
void cm_cpu_broadcast_row(const cm_cpu_broadcast *b, int64_t row, int64_t offset[3]);

/* -- the operations; contracts in backend.h -- */
cm_status cm_cpu_conv_prepare(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err);
cm_status cm_cpu_conv_transposed_prepare(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err);
int64_t cm_cpu_conv_workspace_bytes(const cm_conv_plan *plan, const cm_tensor *x, const cm_tensor *y);
const char *cm_cpu_conv_kernel(const cm_conv_plan *plan);
int64_t cm_cpu_conv_plan_bytes(const cm_conv_plan *plan);
cm_status cm_cpu_conv_run(cm_backend *be, const cm_conv_plan *plan, const cm_tensor *x, cm_tensor *y,
                          void *workspace, const cm_stop *stop, cm_error *err);
void cm_cpu_conv_plan_destroy(cm_backend *be, cm_conv_plan *plan);
cm_status cm_cpu_conv_cost(cm_backend *be, const cm_conv *p, bool transposed, const cm_tensor *x,
                           const cm_tensor *y, cm_conv_cost *out, cm_error *err);
cm_status cm_cpu_pool(cm_backend *be, const cm_pool *p, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_instance_norm(cm_backend *be, const cm_tensor *x, const float *scale, const float *bias,
                               float epsilon, cm_activation activation, float alpha, cm_tensor *y,
                               cm_error *err);
cm_status cm_cpu_group_norm(cm_backend *be, const cm_tensor *x, int64_t groups, const float *scale,
                            const float *bias, float epsilon, cm_activation activation, float alpha,
                            cm_tensor *y, cm_error *err);
cm_status cm_cpu_layer_norm(cm_backend *be, const cm_tensor *x, int axis, const float *scale,
                            const float *bias, float epsilon, cm_tensor *y, cm_error *err);
cm_status cm_cpu_affine_channels(cm_backend *be, const cm_tensor *x, const float *a, const float *b,
                                 cm_activation activation, float alpha, cm_tensor *y, cm_error *err);
cm_status cm_cpu_add(cm_backend *be, const cm_tensor *a, const cm_tensor *b, cm_activation activation,
                     float alpha, cm_tensor *y, cm_error *err);
cm_status cm_cpu_unary(cm_backend *be, cm_unary op, float alpha, float beta, const cm_tensor *x, cm_tensor *y,
                       cm_error *err);
cm_status cm_cpu_binary(cm_backend *be, cm_binary op, const cm_tensor *a, const cm_tensor *b, cm_tensor *y,
                        cm_error *err);
cm_status cm_cpu_where(cm_backend *be, const cm_tensor *condition, const cm_tensor *a, const cm_tensor *b,
                       cm_tensor *y, cm_error *err);
cm_status cm_cpu_cast(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_softmax(cm_backend *be, const cm_tensor *x, int axis, bool log, cm_tensor *y, cm_error *err);
cm_status cm_cpu_reduce(cm_backend *be, cm_reduce op, const cm_tensor *x, uint32_t axes, cm_tensor *y,
                        cm_error *err);
cm_status cm_cpu_matmul(cm_backend *be, const cm_tensor *a, bool transpose_a, const cm_tensor *b,
                        bool transpose_b, float alpha, const cm_tensor *c, float beta, cm_tensor *y,
                        const cm_stop *stop, cm_error *err);
int64_t cm_cpu_matmul_packed_count(cm_backend *be, int64_t k, int64_t n);
cm_status cm_cpu_matmul_pack(cm_backend *be, const cm_tensor *b, bool transpose_b, cm_packed_matrix *out,
                             cm_error *err);
cm_status cm_cpu_matmul_packed(cm_backend *be, const cm_tensor *a, bool transpose_a,
                               const cm_packed_matrix *b, float alpha, const cm_tensor *c, float beta,
                               cm_tensor *y, const cm_stop *stop, cm_error *err);
cm_status cm_cpu_resize(cm_backend *be, const cm_resize *p, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_resize_axis(cm_backend *be, const cm_resize *p, int axis, const cm_tensor *x, cm_tensor *y,
                             cm_error *err);
/* Where element o of dimension d, of n_out, lies among the n_in of the input. */
double cm_cpu_resize_coordinate(const cm_resize *p, int d, int64_t n_in, int64_t n_out, int64_t o);
cm_status cm_cpu_pad(cm_backend *be, cm_pad_mode mode, const int64_t *lo, const int64_t *hi, double value,
                     const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_concat(cm_backend *be, int n, const cm_tensor *const *x, int axis, cm_tensor *y,
                        cm_error *err);
cm_status cm_cpu_slice(cm_backend *be, const int64_t *start, const int64_t *step, const cm_tensor *x,
                       cm_tensor *y, cm_error *err);
cm_status cm_cpu_transpose(cm_backend *be, const int *permutation, const cm_tensor *x, cm_tensor *y,
                           cm_error *err);
cm_status cm_cpu_gather(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis, cm_tensor *y,
                        cm_error *err);
cm_status cm_cpu_expand(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_tile(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_copy(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_rearrange(cm_backend *be, const int64_t *step, const cm_tensor *x, cm_tensor *y,
                           cm_error *err);
cm_status cm_cpu_gather_elements(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis,
                                 cm_tensor *y, cm_error *err);
cm_status cm_cpu_gather_nd(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int batch_dims,
                           cm_tensor *y, cm_error *err);
cm_status cm_cpu_scatter_elements(cm_backend *be, cm_scatter how, const cm_tensor *x,
                                  const cm_tensor *indices, const cm_tensor *updates, int axis, cm_tensor *y,
                                  cm_error *err);
cm_status cm_cpu_scatter_nd(cm_backend *be, cm_scatter how, const cm_tensor *x, const cm_tensor *indices,
                            const cm_tensor *updates, cm_tensor *y, cm_error *err);
cm_status cm_cpu_classify(cm_backend *be, uint32_t kinds, const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_hardmax(cm_backend *be, const cm_tensor *x, int axis, cm_tensor *y, cm_error *err);
cm_status cm_cpu_local_response_norm(cm_backend *be, int64_t size, float alpha, float beta, float bias,
                                     const cm_tensor *x, cm_tensor *y, cm_error *err);
cm_status cm_cpu_cumulative_sum(cm_backend *be, int axis, bool exclusive, bool reverse, const cm_tensor *x,
                                cm_tensor *y, cm_error *err);
cm_status cm_cpu_triangle(cm_backend *be, bool upper, int64_t diagonal, const cm_tensor *x, cm_tensor *y,
                          cm_error *err);
cm_status cm_cpu_topk(cm_backend *be, int axis, bool largest, const cm_tensor *x, cm_tensor *values,
                      cm_tensor *indices, const cm_stop *stop, cm_error *err);
cm_status cm_cpu_one_hot(cm_backend *be, const cm_tensor *indices, int axis, const cm_tensor *values,
                         cm_tensor *y, cm_error *err);
cm_status cm_cpu_grid_sample(cm_backend *be, const cm_grid_sample *p, const cm_tensor *x,
                             const cm_tensor *grid, cm_tensor *y, const cm_stop *stop, cm_error *err);
cm_status cm_cpu_pool_indices(cm_backend *be, const cm_pool *p, bool column_major, const cm_tensor *x,
                              cm_tensor *y, cm_tensor *indices, const cm_stop *stop, cm_error *err);
cm_status cm_cpu_moments(cm_backend *be, const cm_tensor *x, int axis, float epsilon, cm_tensor *mean,
                         cm_tensor *inv_std, cm_error *err);
cm_status cm_cpu_rms_norm(cm_backend *be, const cm_tensor *x, int axis, const float *scale, float epsilon,
                          cm_tensor *y, cm_error *err);
cm_status cm_cpu_rotary(cm_backend *be, const cm_rotary *p, const cm_tensor *x, const cm_tensor *cosine,
                        const cm_tensor *sine, const cm_tensor *positions, cm_tensor *y, cm_error *err);
cm_status cm_cpu_affine_grid(cm_backend *be, bool align_corners, const cm_tensor *theta, cm_tensor *y,
                             cm_error *err);
cm_status cm_cpu_joint_histogram(cm_backend *be, const uint16_t *reference, const uint16_t *prediction,
                                 const int64_t n[3], const int32_t *index_of, int n_labels, int64_t *counts,
                                 int64_t *outside, cm_box *boxes, cm_error *err);
cm_status cm_cpu_mask_surface(cm_backend *be, const uint8_t *mask, const int64_t n[3], uint8_t *surface,
                              cm_error *err);
cm_status cm_cpu_mask_dilate(cm_backend *be, const uint8_t *mask, const int64_t n[3], int times, uint8_t *out,
                             uint8_t *scratch, cm_error *err);
cm_status cm_cpu_distance_squared(cm_backend *be, const uint8_t *mask, const cm_grid *grid, double *distance2,
                                  cm_error *err);
cm_status cm_cpu_distance_squared_at(cm_backend *be, const uint8_t *mask, const cm_grid *grid,
                                     const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                     cm_error *err);
cm_status cm_cpu_mask_within(cm_backend *be, const uint8_t *mask, const uint8_t *seeds, const cm_grid *grid,
                             double reach, uint8_t *out, const cm_stop *stop, cm_error *err);
cm_status cm_cpu_components(cm_backend *be, const uint8_t *mask, const int64_t n[3], int connectivity,
                            int32_t *labels, int64_t *count, cm_error *err);
cm_status cm_cpu_resample_axis(cm_backend *be, const cm_resample_axis *p, const float *in, float *out,
                               cm_error *err);
cm_status cm_cpu_sample_rows(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                             int64_t first, int64_t rows, float *values, void *scratch, cm_error *err);
cm_status cm_cpu_sample_argmax(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                               const uint16_t *label_of, uint16_t *labels, int64_t stride_h, int64_t stride_w,
                               void *scratch, cm_error *err);

#endif
