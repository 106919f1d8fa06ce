/* One table of functions per device: the operations of the field, for the executor of models and for the
 * metrics. kernels/cpu fills it; a CUDA backend fills the same table. Nothing else knows a device.
 *
 * Common rules. Tensors are plain row-major [n][c][spatial...]; 1 to 3 spatial dimensions. Outputs are
 * allocated by the caller, fully written, and may not alias inputs unless a line says so. Kernels allocate
 * nothing (but those on volumes): scratch is passed in, its size comes from the matching _workspace_bytes.
 * Every output element is one fixed sequence of fused multiply-adds (or one fixed tree), whatever the thread
 * count or instruction set: same bits everywhere. A cm_stop is polled inside long operations. Errors:
 * CM_ERR_ARG for shapes that do not fit, CM_ERR_UNSUPPORTED, CM_ERR_STOPPED, CM_ERR_TIMEOUT. */
#ifndef CM_KERNELS_BACKEND_H
#define CM_KERNELS_BACKEND_H

#include "engine/base/status.h"
#include "engine/base/threads.h"
#include "kernels/tensor.h"
#include "kernels/volume.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cm_backend cm_backend;

/* Applied to each output element last. RELU x<0 ? 0 : x, LEAKY_RELU x<0 ? alpha*x : x; a NaN stays NaN. */
typedef enum cm_activation { CM_ACTIVATION_NONE, CM_ACTIVATION_RELU, CM_ACTIVATION_LEAKY_RELU } cm_activation;

/* Spatial triples are in order z, y, x; unused leading dimensions are 1 (kernel, stride, dilation, in_extent)
 * or 0 (pads). */
typedef struct cm_conv {
    int spatial; /* 1..3 */
    int64_t in_channels, out_channels, groups;
    int64_t kernel[3], stride[3], dilation[3], pad_lo[3], pad_hi[3];
    int64_t output_padding[3]; /* transposed only */
    int64_t in_extent[3];      /* of the inputs to come, for the choice of the algorithm; 0: not known */
    const float *weight;       /* [out][in/groups][kz][ky][kx]; transposed: [in][out/groups][kz][ky][kx] */
    const float *bias;         /* [out] or NULL */
    cm_activation activation;
    float alpha;
} cm_conv;

/* y[o] = activation(acc): acc starts at bias[o] (or +0) and takes fmaf(x, w, acc) in order (ic, kz, ky, kx).
 * Taps outside the input read as +0 and are included. Transposed: the taps of output o along an axis are the
 * k with (o + pad_lo - k * dilation) divisible by the stride, the others do not exist; order as above.
 * Where the shape suits them (docs/determinism.md) Winograd's algorithms take the place of that definition
 * with their own, conv_winograd.h and conv_winograd4.h; in_extent must be known for them. */
typedef struct cm_conv_plan
    cm_conv_plan; /* packed weights and the chosen kernel; immutable, many threads may run it */

/* What a convolution will hold, without packing anything. */
typedef struct cm_conv_cost {
    int64_t plan_bytes, workspace_bytes;
} cm_conv_cost;

typedef enum cm_pool_kind { CM_POOL_MAX, CM_POOL_AVERAGE } cm_pool_kind;
typedef struct cm_pool {
    cm_pool_kind kind;
    int spatial;
    int64_t kernel[3], stride[3], dilation[3], pad_lo[3], pad_hi[3];
    bool count_include_pad; /* average */
} cm_pool;

typedef enum cm_unary {
    CM_UNARY_RELU,       /* x < 0 ? 0 : x */
    CM_UNARY_LEAKY_RELU, /* x < 0 ? alpha x : x */
    CM_UNARY_ELU,        /* x < 0 ? alpha (e^x - 1) : x */
    CM_UNARY_SIGMOID,
    CM_UNARY_TANH,
    CM_UNARY_ERF,
    CM_UNARY_EXP,
    CM_UNARY_LOG,
    CM_UNARY_SQRT,
    CM_UNARY_ABS,
    CM_UNARY_NEG,
    CM_UNARY_RECIPROCAL,
    CM_UNARY_FLOOR,
    CM_UNARY_CEIL,
    CM_UNARY_ROUND,        /* half to even */
    CM_UNARY_HARD_SIGMOID, /* max(0, min(1, alpha x + beta)) */
    CM_UNARY_HARD_SWISH,   /* x max(0, min(1, x / 6 + 1/2)) */
    CM_UNARY_SOFTPLUS,
    CM_UNARY_GELU_ERF,
    CM_UNARY_GELU_TANH,
    CM_UNARY_CLIP, /* min(max(x, alpha), beta); integers: alpha, beta truncated */
    CM_UNARY_SELU, /* beta (x < 0 ? alpha (e^x - 1) : x): alpha as in ONNX, beta = gamma */
    CM_UNARY_NOT,
    CM_UNARY_SIGN,
    CM_UNARY_SILU,    /* x sigmoid(x) */
    CM_UNARY_BIT_NOT, /* of integers only */
    CM_UNARY_SIN,
    CM_UNARY_COS,
    CM_UNARY_TAN,
    CM_UNARY_SOFTSIGN,         /* x / (1 + |x|) */
    CM_UNARY_MISH,             /* x tanh(softplus(x)) */
    CM_UNARY_CELU,             /* x < 0 ? alpha (e^(x / alpha) - 1) : x */
    CM_UNARY_THRESHOLDED_RELU, /* x > alpha ? x : 0 */
    CM_UNARY_SHRINK            /* x < -alpha ? x + beta : x > alpha ? x - beta : 0 */
} cm_unary;

typedef enum cm_binary {
    CM_BINARY_ADD,
    CM_BINARY_SUB,
    CM_BINARY_MUL,
    CM_BINARY_DIV,
    CM_BINARY_POW,
    CM_BINARY_MIN,
    CM_BINARY_MAX,
    CM_BINARY_EQUAL,
    CM_BINARY_LESS,
    CM_BINARY_GREATER,
    CM_BINARY_LESS_EQUAL,
    CM_BINARY_GREATER_EQUAL,
    CM_BINARY_AND,
    CM_BINARY_OR,
    CM_BINARY_MOD, /* integers: sign of the divisor; floats: C's fmodf */
    CM_BINARY_PRELU,
    CM_BINARY_REMAINDER, /* sign of the dividend */
    CM_BINARY_XOR,       /* of BOOL, like AND and OR; the next five of integers */
    CM_BINARY_BIT_AND,
    CM_BINARY_BIT_OR,
    CM_BINARY_BIT_XOR,
    CM_BINARY_SHIFT_LEFT, /* by b bits; 0 from 64 on */
    CM_BINARY_SHIFT_RIGHT
} cm_binary;
enum { CM_BINARY_LAST = CM_BINARY_SHIFT_RIGHT };

typedef enum cm_reduce {
    CM_REDUCE_SUM,
    CM_REDUCE_MEAN,
    CM_REDUCE_MAX,
    CM_REDUCE_MIN,
    CM_REDUCE_PROD,
    CM_REDUCE_ARGMAX,
    CM_REDUCE_ARGMIN,
    CM_REDUCE_L2,
    CM_REDUCE_L1,
    CM_REDUCE_SUM_SQUARE,
    CM_REDUCE_LOG_SUM,
    CM_REDUCE_LOG_SUM_EXP, /* of floats, like LOG_SUM */
    CM_REDUCE_ARGMAX_LAST, /* of several that are largest the last */
    CM_REDUCE_ARGMIN_LAST
} cm_reduce;

typedef enum cm_resize_mode { CM_RESIZE_NEAREST, CM_RESIZE_LINEAR, CM_RESIZE_CUBIC } cm_resize_mode;
typedef enum cm_resize_coordinates {
    CM_COORD_HALF_PIXEL,
    CM_COORD_ALIGN_CORNERS,
    CM_COORD_ASYMMETRIC,
    CM_COORD_PYTORCH_HALF_PIXEL,
    CM_COORD_HALF_PIXEL_SYMMETRIC,
    CM_COORD_TF_HALF_PIXEL_FOR_NN,
    CM_COORD_CROP /* roi of the input; outside it is extrapolation */
} cm_resize_coordinates;
typedef enum cm_resize_nearest {
    CM_NEAREST_ROUND_PREFER_FLOOR,
    CM_NEAREST_ROUND_PREFER_CEIL,
    CM_NEAREST_FLOOR,
    CM_NEAREST_CEIL
} cm_resize_nearest;
typedef struct cm_resize {
    cm_resize_mode mode;
    cm_resize_coordinates coordinates;
    cm_resize_nearest nearest;
    double scale[CM_MAX_RANK]; /* output/input per dimension as the model states it (1 where unchanged) */
    float cubic_a;             /* -0.75 by default */
    bool exclude_outside;      /* cubic and antialiased: elements beyond the border have no weight */
    double roi_start[CM_MAX_RANK], roi_end[CM_MAX_RANK]; /* CROP: of the input, 0 to 1 */
    float extrapolation;
} cm_resize;

/* A matrix b of k rows and n columns as matrix products read it fastest; data belongs to whoever packed it.
 */
typedef struct cm_packed_matrix {
    int64_t k, n;
    float *data;
} cm_packed_matrix;

typedef enum cm_pad_mode { CM_PAD_CONSTANT, CM_PAD_EDGE, CM_PAD_REFLECT, CM_PAD_WRAP } cm_pad_mode;

typedef enum cm_sample_mode { CM_SAMPLE_LINEAR, CM_SAMPLE_NEAREST, CM_SAMPLE_CUBIC } cm_sample_mode;
typedef enum cm_sample_padding { CM_SAMPLE_ZEROS, CM_SAMPLE_BORDER, CM_SAMPLE_REFLECT } cm_sample_padding;
typedef struct cm_grid_sample {
    cm_sample_mode mode;
    cm_sample_padding padding;
    bool align_corners; /* -1 and 1 are the centres of the outermost voxels, not their outer edges */
} cm_grid_sample;

typedef struct cm_rotary {
    bool interleaved; /* a pair is two neighbours, else i and i + turned / 2 */
    int64_t heads;    /* of [b][position][head ...]; [b][head][position][...] has its own */
    int64_t turned;   /* numbers of a head that are turned, from the first on; even */
} cm_rotary;

/* Kinds of floats; bits of a set. */
typedef enum cm_class { CM_CLASS_NAN = 1, CM_CLASS_PLUS_INFINITY = 2, CM_CLASS_MINUS_INFINITY = 4 } cm_class;

/* What a scatter does where it writes. */
typedef enum cm_scatter {
    CM_SCATTER_REPLACE,
    CM_SCATTER_ADD,
    CM_SCATTER_MUL,
    CM_SCATTER_MAX,
    CM_SCATTER_MIN
} cm_scatter;

typedef struct cm_backend_ops {
    const char *name; /* "cpu" */

    /* -- convolution; prepare packs weights once per model, workspace is per run -- */
    cm_status (*conv_prepare)(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err);
    cm_status (*conv_transposed_prepare)(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err);
    int64_t (*conv_workspace_bytes)(const cm_conv_plan *plan, const cm_tensor *x, const cm_tensor *y);
    int64_t (*conv_plan_bytes)(const cm_conv_plan *plan); /* memory held by the plan */
    /* How it is computed, for people: "winograd"; "winograd 4x4"; "matrix product" and "direct", which have
     * the same bits; or one with ", reference". */
    const char *(*conv_kernel)(const cm_conv_plan *plan);
    cm_status (*conv_run)(cm_backend *be, const cm_conv_plan *plan, const cm_tensor *x, cm_tensor *y,
                          void *workspace, const cm_stop *stop, cm_error *err);
    void (*conv_plan_destroy)(cm_backend *be, cm_conv_plan *plan);

    /* -- pooling, normalisation -- */
    cm_status (*pool)(cm_backend *be, const cm_pool *p, const cm_tensor *x, cm_tensor *y, cm_error *err);
    /* y = (x-mean)*inv_std*scale + bias per (n, c) over the spatial elements; statistics in double, fixed
     * tree. y may alias x. scale, bias: [c]. */
    cm_status (*instance_norm)(cm_backend *be, const cm_tensor *x, const float *scale, const float *bias,
                               float epsilon, cm_activation activation, float alpha, cm_tensor *y,
                               cm_error *err);
    /* groups channels per group share the statistics. y may alias x. */
    cm_status (*group_norm)(cm_backend *be, const cm_tensor *x, int64_t groups, const float *scale,
                            const float *bias, float epsilon, cm_activation activation, float alpha,
                            cm_tensor *y, cm_error *err);
    /* Over the trailing dimensions from `axis` on; scale, bias: their product elements, bias may be NULL. y
     * may alias x. */
    cm_status (*layer_norm)(cm_backend *be, const cm_tensor *x, int axis, const float *scale,
                            const float *bias, float epsilon, cm_tensor *y, cm_error *err);
    /* y = activation(fmaf(x, a[c], b[c])) for [n][c][...]: batch norm at inference, folded by the caller. y
     * may alias x. */
    cm_status (*affine_channels)(cm_backend *be, const cm_tensor *x, const float *a, const float *b,
                                 cm_activation activation, float alpha, cm_tensor *y, cm_error *err);

    /* -- elementwise; y may alias an input of the same shape -- */
    cm_status (*unary)(cm_backend *be, cm_unary op, float alpha, float beta, const cm_tensor *x, cm_tensor *y,
                       cm_error *err);
    /* NumPy broadcasting. Comparisons give BOOL. PRELU: a<0 ? a*b : a. */
    cm_status (*binary)(cm_backend *be, cm_binary op, const cm_tensor *a, const cm_tensor *b, cm_tensor *y,
                        cm_error *err);
    /* y = activation(a + b), all float and of one shape. */
    cm_status (*add)(cm_backend *be, const cm_tensor *a, const cm_tensor *b, cm_activation activation,
                     float alpha, cm_tensor *y, cm_error *err);
    cm_status (*where)(cm_backend *be, const cm_tensor *condition, const cm_tensor *a, const cm_tensor *b,
                       cm_tensor *y, cm_error *err);
    cm_status (*cast)(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err);

    /* -- reductions; of softmax y may alias x -- */
    cm_status (*softmax)(cm_backend *be, const cm_tensor *x, int axis, bool log, cm_tensor *y, cm_error *err);
    /* axes: bit i set = reduce dimension i. y has those dimensions 1 or removed (same count). ARG*: one axis,
     * y I64. Over nothing at all: 0 for sums, 1 for products, the end of the type for the largest and
     * smallest; not for ARG* and the mean. */
    cm_status (*reduce)(cm_backend *be, cm_reduce op, const cm_tensor *x, uint32_t axes, cm_tensor *y,
                        cm_error *err);

    /* -- matrices: y[..., m, n] = sum in order k of fmaf; a [..., m, k], b [..., k, n], batch dims broadcast;
     * c (or NULL) broadcast-added: y = alpha * a.b + beta * c; transposes read in place -- */
    cm_status (*matmul)(cm_backend *be, const cm_tensor *a, bool transpose_a, const cm_tensor *b,
                        bool transpose_b, float alpha, const cm_tensor *c, float beta, cm_tensor *y,
                        const cm_stop *stop, cm_error *err);
    /* -- the same, with one b for all batches that is packed once for many products: the floats that packing
     * k by n of them fills, the packing (b [k, n], or [n, k] with transpose_b; out->data, aligned to 64
     * bytes, is the caller's, the rest is filled in), and the product -- */
    int64_t (*matmul_packed_count)(cm_backend *be, int64_t k, int64_t n);
    cm_status (*matmul_pack)(cm_backend *be, const cm_tensor *b, bool transpose_b, cm_packed_matrix *out,
                             cm_error *err);
    cm_status (*matmul_packed)(cm_backend *be, const cm_tensor *a, bool transpose_a,
                               const cm_packed_matrix *b, float alpha, const cm_tensor *c, float beta,
                               cm_tensor *y, const cm_stop *stop, cm_error *err);

    /* -- moving data; every element type -- */
    cm_status (*resize)(cm_backend *be, const cm_resize *p, const cm_tensor *x, cm_tensor *y, cm_error *err);
    /* One axis of a linear or cubic resize with antialiasing; y has the extent of the result along it, the
     * others are those of x. Floats; not for CROP. */
    cm_status (*resize_axis)(cm_backend *be, const cm_resize *p, int axis, const cm_tensor *x, cm_tensor *y,
                             cm_error *err);
    cm_status (*pad)(cm_backend *be, cm_pad_mode mode, const int64_t *lo, const int64_t *hi, double value,
                     const cm_tensor *x, cm_tensor *y, cm_error *err); /* lo, hi [rank]; negative crops */
    /* An input may already lie where it belongs in y (where nothing but dimensions of 1 comes before the
     * axis): it is left alone. */
    cm_status (*concat)(cm_backend *be, int n, const cm_tensor *const *x, int axis, cm_tensor *y,
                        cm_error *err);
    cm_status (*slice)(cm_backend *be, const int64_t *start, const int64_t *step, const cm_tensor *x,
                       cm_tensor *y, cm_error *err); /* [rank]; y.dim gives the counts */
    cm_status (*transpose)(cm_backend *be, const int *permutation, const cm_tensor *x, cm_tensor *y,
                           cm_error *err);
    cm_status (*gather)(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis, cm_tensor *y,
                        cm_error *err);
    cm_status (*expand)(cm_backend *be, const cm_tensor *x, cm_tensor *y,
                        cm_error *err); /* broadcasts; also Tile via repeated dims */
    cm_status (*tile)(cm_backend *be, const cm_tensor *x, cm_tensor *y,
                      cm_error *err); /* y.dim[i] = r * x.dim[i] */
    cm_status (*copy)(cm_backend *be, const cm_tensor *x, cm_tensor *y,
                      cm_error *err); /* same count and element: reshape */

    /* -- what conv_plan_bytes and conv_workspace_bytes will be; reads no weights (p->weight may be NULL) and
     * no data -- */
    cm_status (*conv_cost)(cm_backend *be, const cm_conv *p, bool transposed, const cm_tensor *x,
                           const cm_tensor *y, cm_conv_cost *out, cm_error *err);

    /* -- y[i0, i1, ...] = x[sum of i_k * step[k]], steps in elements, 0 or more: any turn, repetition or
     * diagonal -- */
    cm_status (*rearrange)(cm_backend *be, const int64_t *step, const cm_tensor *x, cm_tensor *y,
                           cm_error *err);

    /* -- at places that other tensors name (ONNX GatherElements, GatherND, ScatterElements, ScatterND).
     * indices: I64 or I32, from the end where negative, may be known only now: one out of range is CM_ERR_ARG
     * and nothing is written. Scatters take the updates in row-major order; y may alias x -- */
    cm_status (*gather_elements)(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis,
                                 cm_tensor *y, cm_error *err);
    cm_status (*gather_nd)(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int batch_dims,
                           cm_tensor *y, cm_error *err);
    cm_status (*scatter_elements)(cm_backend *be, cm_scatter how, const cm_tensor *x,
                                  const cm_tensor *indices, const cm_tensor *updates, int axis, cm_tensor *y,
                                  cm_error *err);
    cm_status (*scatter_nd)(cm_backend *be, cm_scatter how, const cm_tensor *x, const cm_tensor *indices,
                            const cm_tensor *updates, cm_tensor *y, cm_error *err);

    /* -- y (BOOL) says whether x is of one of the kinds (a set of cm_class) -- */
    cm_status (*classify)(cm_backend *be, uint32_t kinds, const cm_tensor *x, cm_tensor *y, cm_error *err);
    /* -- 1 where x is largest along the axis (the first of several), else 0 -- */
    cm_status (*hardmax)(cm_backend *be, const cm_tensor *x, int axis, cm_tensor *y, cm_error *err);
    /* -- y = x / (bias + alpha / size * s)^beta with s the sum of the squares of the `size` channels around
     * its own (one more behind than before when size is even), added in double in order -- */
    cm_status (*local_response_norm)(cm_backend *be, int64_t size, float alpha, float beta, float bias,
                                     const cm_tensor *x, cm_tensor *y, cm_error *err);
    /* -- running sum along the axis; exclusive: without the element itself -- */
    cm_status (*cumulative_sum)(cm_backend *be, int axis, bool exclusive, bool reverse, const cm_tensor *x,
                                cm_tensor *y, cm_error *err);
    /* -- of matrices [..., m, n] what is on or above (upper) or on or below the diagonal, the rest 0. The
     * diagonal is columns - rows; y may alias x -- */
    cm_status (*triangle)(cm_backend *be, bool upper, int64_t diagonal, const cm_tensor *x, cm_tensor *y,
                          cm_error *err);
    /* -- the best values.dim[axis] along the axis, best first, and where they were (I64) -- */
    cm_status (*topk)(cm_backend *be, int axis, bool largest, const cm_tensor *x, cm_tensor *values,
                      cm_tensor *indices, const cm_stop *stop, cm_error *err);
    /* -- values [2]: y is values[1] where the position along the axis is the index, else values[0] -- */
    cm_status (*one_hot)(cm_backend *be, const cm_tensor *indices, int axis, const cm_tensor *values,
                         cm_tensor *y, cm_error *err);
    /* -- x [n][c][(z)][y][x] at grid [n][spatial of y...][2 or 3], x first, -1 to 1 -- */
    cm_status (*grid_sample)(cm_backend *be, const cm_grid_sample *p, const cm_tensor *x,
                             const cm_tensor *grid, cm_tensor *y, const cm_stop *stop, cm_error *err);
    /* -- such a grid y for theta [n][d][d + 1] -- */
    cm_status (*affine_grid)(cm_backend *be, bool align_corners, const cm_tensor *theta, cm_tensor *y,
                             cm_error *err);

    /* -- maximum pooling of any element type but BOOL; indices (I64, like y) say where in x each was, the
     * first of several. column_major: the spatial coordinates run z fastest in them. y->data or indices->data
     * may be NULL -- */
    cm_status (*pool_indices)(cm_backend *be, const cm_pool *p, bool column_major, const cm_tensor *x,
                              cm_tensor *y, cm_tensor *indices, const cm_stop *stop, cm_error *err);
    /* -- mean and 1 / sqrt(variance + epsilon) over the dimensions from axis on, as layer_norm has them;
     * either may be NULL -- */
    cm_status (*moments)(cm_backend *be, const cm_tensor *x, int axis, float epsilon, cm_tensor *mean,
                         cm_tensor *inv_std, cm_error *err);
    /* -- y = x / sqrt(mean of squares + epsilon) * scale over the dimensions from axis on; y may alias x --
     */
    cm_status (*rms_norm)(cm_backend *be, const cm_tensor *x, int axis, const float *scale, float epsilon,
                          cm_tensor *y, cm_error *err);
    /* -- pairs (u, v) of x become (c u - d v, d u + c v), in double, rounded once; c, d: rows of cosine and
     * sine, that of positions (whole numbers [b][position]) or, without them, [b][position] themselves -- */
    cm_status (*rotary)(cm_backend *be, const cm_rotary *p, const cm_tensor *x, const cm_tensor *cosine,
                        const cm_tensor *sine, const cm_tensor *positions, cm_tensor *y, cm_error *err);
    /* -- volumes: label maps, masks and images [nz][ny][nx], types in kernels/volume.h. Metrics call these,
     * and what goes before and after a model. Unlike the others they may allocate: what their lines say -- */
    /* -- counts[r * n_labels + p]: voxels with reference label index r and prediction label index p.
     * index_of[65536] maps a label value to 0..n_labels-1, or -1 for a value outside the set: voxels with
     * such a value in either map are counted in *outside and nowhere else. counts: [n_labels][n_labels],
     * fully written. boxes: NULL, or [2][n_labels], fully written: of the voxels of each label index in the
     * reference, then in the prediction. All from one pass; one table per thread. Errors: CM_ERR_ARG,
     * CM_ERR_LIMIT (n_labels > CM_MAX_HISTOGRAM_LABELS), CM_ERR_NOMEM -- */
    cm_status (*joint_histogram)(cm_backend *be, const uint16_t *reference, const uint16_t *prediction,
                                 const int64_t n[3], const int32_t *index_of, int n_labels, int64_t *counts,
                                 int64_t *outside, cm_box *boxes, cm_error *err);
    /* -- surface = mask minus its erosion by the 6-neighbour cross (4-neighbour where nz is 1), outside the
     * image is background. mask, surface: 0 or 1. For nz == 1 the z neighbours do not exist and are not
     * background: a 2-D image is 2-D. In the calling thread, which may be one of the pool's -- */
    cm_status (*mask_surface)(cm_backend *be, const uint8_t *mask, const int64_t n[3], uint8_t *surface,
                              cm_error *err);
    /* -- out = mask (0 or 1) dilated `times` times by the neighbours within two steps, at most one per axis
     * (18 of them; 8 in a 2-D image). scratch: like out. mask may be neither. Thread as mask_surface -- */
    cm_status (*mask_dilate)(cm_backend *be, const uint8_t *mask, const int64_t n[3], int times, uint8_t *out,
                             uint8_t *scratch, cm_error *err);
    /* -- exact squared Euclidean distance (units of spacing squared) from each voxel to the nearest set voxel
     * of `mask` (values 0 or 1): the least, over the set voxels, of ((dx sx)^2 + (dy sy)^2) + (dz sz)^2, each
     * product and sum rounded once. distance2: double [nz][ny][nx]. Beyond the answer one slice of two bytes
     * per voxel for each thread. Errors: CM_ERR_EMPTY (no voxel set; distance2 untouched), CM_ERR_NOMEM,
     * CM_ERR_ARG -- */
    cm_status (*distance_squared)(cm_backend *be, const uint8_t *mask, const cm_grid *grid, double *distance2,
                                  cm_error *err);
    /* -- the same distance, to the last bit, only where it is wanted: distance2[i] belongs to voxel at[i], a
     * raster index (z*ny + y)*nx + x; `at` is increasing. Two bytes per voxel of the grid, eight per wanted
     * voxel, and [nz][nx] doubles per thread. Errors: CM_ERR_EMPTY (no voxel set), CM_ERR_NOMEM, CM_ERR_ARG,
     * CM_ERR_STOPPED, CM_ERR_TIMEOUT; distance2 is then unspecified -- */
    cm_status (*distance_squared_at)(cm_backend *be, const uint8_t *mask, const cm_grid *grid,
                                     const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                     cm_error *err);
    /* -- out = the voxels of `mask` that lie closer than `reach` to a set voxel of `seeds` (all 0 or 1):
     * those where the root of distance_squared is less, none where nothing is set. A bit per voxel for a
     * reach of some voxels; where more than a thousand rows of voxels lie within reach, what
     * distance_squared_at takes at all voxels of the mask. out: neither of the others. Errors: CM_ERR_NOMEM,
     * CM_ERR_ARG, CM_ERR_STOPPED, CM_ERR_TIMEOUT; out is then unspecified -- */
    cm_status (*mask_within)(cm_backend *be, const uint8_t *mask, const uint8_t *seeds, const cm_grid *grid,
                             double reach, uint8_t *out, const cm_stop *stop, cm_error *err);
    /* -- connected components of mask != 0. connectivity 6, 18 or 26 (for nz == 1: 4 or 8 by 6 / 26). labels:
     * 0 = background, 1..*count numbered by raster order of first voxel. Takes cm_components_bytes. Errors:
     * CM_ERR_ARG, CM_ERR_NOMEM, CM_ERR_LIMIT (more than 2^31 - 1 runs of voxels); labels is then unspecified
     * -- */
    cm_status (*components)(cm_backend *be, const uint8_t *mask, const int64_t n[3], int connectivity,
                            int32_t *labels, int64_t *count, cm_error *err);
    /* -- a volume on a grid of other spacing, one axis at a time. Arithmetic in double, rounded once. CUBIC
     * takes a line of n + 4 doubles for each thread. Errors: CM_ERR_ARG (a size < 1, a step that is not
     * finite), CM_ERR_NOMEM -- */
    cm_status (*resample_axis)(cm_backend *be, const cm_resample_axis *p, const float *in, float *out,
                               cm_error *err);
    /* -- the way back: one plane of a stored grid from two slabs of another, by tables along h and w. A value
     * is interpolated along h in each slab, between the slabs, then along w, in float. Rows first .. first +
     * rows - 1 of the plane: values [channels][rows][w->n], anything finite where a tap is not inside.
     * scratch: cm_sample_scratch_bytes for each thread, aligned as malloc does; here and below -- */
    cm_status (*sample_rows)(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                             int64_t first, int64_t rows, float *values, void *scratch, cm_error *err);
    /* -- of the same values the channel of the largest, the lowest of several; label_of[channel], or the
     * channel where it is NULL, goes to labels[j * stride_h + k * stride_w] for indices j, k along h and w
     * where both taps are inside. At most 65,536 channels -- */
    cm_status (*sample_argmax)(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                               const uint16_t *label_of, uint16_t *labels, int64_t stride_h, int64_t stride_w,
                               void *scratch, cm_error *err);
} cm_backend_ops;

struct cm_backend {
    const cm_backend_ops *ops;
    cm_threads *pool;   /* borrowed; may be NULL */
    const void *device; /* private to the backend; const after creation */
    /* Polled between pieces of work by the operations that are not given one; NULL: none. It belongs to a
     * caller who runs on a copy of this struct, and who asks it after each call: what was computed is then
     * incomplete. */
    const cm_stop *stop;
};

/* Instruction sets the CPU backend may use. */
typedef enum cm_cpu_feature {
    CM_CPU_SCALAR = 0,
    CM_CPU_AVX2 = 1,
    CM_CPU_AVX512 = 2,
    CM_CPU_NEON = 4
} cm_cpu_feature;

/* allowed: bit set of cm_cpu_feature, or -1 for all the machine has. pool is borrowed and must outlive the
 * backend. */
cm_status cm_backend_cpu_create(cm_threads *pool, int allowed, cm_backend **out, cm_error *err);
void cm_backend_destroy(cm_backend *be);
const char *cm_backend_variant(const cm_backend *be); /* "scalar", "avx2", "avx512", "neon" */

#ifdef __cplusplus
}
#endif
#endif
