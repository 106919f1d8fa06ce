/* Convolutions and transposed convolutions: checks, plans, and the choice of the kernel. */
#include "kernels/cpu/conv_winograd.h"
#include "kernels/cpu/conv_winograd4.h"
#include "kernels/cpu/gemm.h"

#include <stdlib.h>
#include <string.h>

static cm_status geometry_error(cm_error *err, const cm_conv *p, int d)
{
    return CM_FAIL(err, CM_ERR_ARG, .what = "a convolution needs positive kernel, stride and dilation",
                   .why = cm_strf("axis %d: kernel %lld, stride %lld, dilation %lld", d,
                                  (long long)p->kernel[d], (long long)p->stride[d], (long long)p->dilation[d])
                              .s);
}

/* Extents are kept below 2^30, so that no sum of two products of them overflows. */
#define EXTENT_CAP (INT64_C(1) << 30)

/* Fills the number of weights. */
static cm_status check_conv(const cm_conv *p, int64_t *count, cm_error *err)
{
    if (p->spatial < 1 || p->spatial > 3 || p->in_channels < 1 || p->out_channels < 1 || p->groups < 1 ||
        p->in_channels % p->groups || p->out_channels % p->groups)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the groups of a convolution must divide its channels",
                       .why = cm_strf("%d spatial axes, %lld channels in, %lld out, %lld groups", p->spatial,
                                      (long long)p->in_channels, (long long)p->out_channels,
                                      (long long)p->groups)
                                  .s);
    bool fits = cm_mul_i64(p->in_channels, p->out_channels / p->groups, count);
    for (int d = 0; d < 3; d++) {
        if (p->kernel[d] < 1 || p->stride[d] < 1 || p->dilation[d] < 1 || p->kernel[d] >= EXTENT_CAP ||
            p->stride[d] >= EXTENT_CAP || p->dilation[d] >= EXTENT_CAP || p->output_padding[d] < 0 ||
            p->output_padding[d] >= EXTENT_CAP)
            return geometry_error(err, p, d);
        fits = fits && p->pad_lo[d] > -EXTENT_CAP && p->pad_lo[d] < EXTENT_CAP &&
               p->pad_hi[d] > -EXTENT_CAP && p->pad_hi[d] < EXTENT_CAP &&
               cm_mul_i64(*count, p->kernel[d], count);
    }
    if (!fits || *count > INT64_MAX / 64)
        return CM_FAIL(err, CM_ERR_LIMIT,
                       .what = "a convolution has more weights or padding than can be counted");
    return CM_OK;
}

/* Extent of the output along axis d. */
static int64_t output_extent(const cm_conv *p, bool transposed, int d, int64_t in)
{
    const int64_t reach = p->dilation[d] * (p->kernel[d] - 1) + 1;
    if (transposed)
        return (in - 1) * p->stride[d] + reach + p->output_padding[d] - p->pad_lo[d] - p->pad_hi[d];
    const int64_t room = in + p->pad_lo[d] + p->pad_hi[d] - reach;
    return room < 0 ? 0 : room / p->stride[d] + 1;
}

static cm_status check_tensors(const cm_conv *p, bool transposed, const cm_tensor *x, const cm_tensor *y,
                               cm_cpu_shape *in, cm_cpu_shape *out, cm_error *err)
{
    cm_status st = cm_cpu_get_shape(x, false, in, err);
    if (!st) st = cm_cpu_get_shape(y, false, out, err);
    if (st) return st;
    bool fits = x->rank == p->spatial + 2 && y->rank == x->rank && in->n == out->n &&
                in->c == p->in_channels && out->c == p->out_channels;
    for (int d = 0; d < 3; d++)
        fits = fits && in->s[d] < EXTENT_CAP && (p->in_extent[d] == 0 || in->s[d] == p->in_extent[d]) &&
               out->s[d] == output_extent(p, transposed, d, in->s[d]);
    return fits ? CM_OK : cm_cpu_shape_error(err, "the output of a convolution does not fit its input", x, y);
}

/* Whether Winograd's way is taken. It and the direct way differ in their bits, so that the choice follows
 * from the shape alone, never from the machine. Measured with AVX2 and AVX-512 it wins from here on; with few
 * tiles it does not fill its vectors, and its weights are 64/27 (16/9) as large. */
static bool prefers_winograd(const cm_conv *p, bool transposed)
{
    if (!cm_cpu_winograd_fits(p, transposed)) return false;
    const bool deep = p->kernel[0] == 3;
    const int64_t least_channels = deep ? 8 : 16, least_tiles = 16;
    double tiles = 1;
    for (int d = 0; d < 3; d++) {
        if (p->in_extent[d] == 0) return false;
        const int64_t out = output_extent(p, false, d, p->in_extent[d]);
        tiles *= (double)(d > 0 || deep ? (out + 1) / 2 : out);
    }
    return p->in_channels / p->groups >= least_channels && p->out_channels / p->groups >= least_channels &&
           tiles >= (double)least_tiles;
}

/* Whether F(4,3) takes the place of F(2,3), which `prefers_winograd` has taken. Measured with AVX2 and
 * AVX-512 it wins where few outputs of its tiles lie beyond the edge; where the transforms, dearer than those
 * of F(2,3), are used for enough channels; and where there are tiles enough to read its weights for, four
 * times the net's, or so few weights that they stay in the caches. */
static bool prefers_winograd4(const cm_conv *p, bool transposed)
{
    if (!cm_cpu_winograd4_fits(p, transposed)) return false;
    double tiles = 1, small_tiles = 1; /* small: of F(2,3) */
    for (int d = 0; d < 3; d++) {
        const int64_t out = output_extent(p, false, d, p->in_extent[d]);
        tiles *= (double)(d > 0 ? (out + 3) / 4 : out);
        small_tiles *= (double)(d > 0 ? (out + 1) / 2 : out);
    }
    const double kernels = (double)(p->in_channels / p->groups) * (double)(p->out_channels / p->groups);
    return kernels >= 512 && kernels <= 65536 && tiles >= (kernels > 16384 ? 49 : 16) &&
           3 * tiles <= small_tiles;
}

static conv_algorithm choose_algorithm(const cm_conv *p, bool transposed)
{
    if (!prefers_winograd(p, transposed)) return CONV_DIRECT;
    return prefers_winograd4(p, transposed) ? CONV_WINOGRAD4 : CONV_WINOGRAD;
}

/* A plan without its values: which kernel, how many weights, and the taps. Errors: CM_ERR_ARG, CM_ERR_NOMEM.
 */
static cm_status outline(cm_backend *be, const cm_conv *p, bool transposed, cm_conv_plan *plan, cm_error *err)
{
    *plan = (cm_conv_plan){.p = *p, .transposed = transposed, .threads = cm_threads_count(be->pool)};
    const cm_status st = check_conv(p, &plan->weight_count, err);
    if (st) return st;
    const cm_cpu_variant *variant = cm_cpu_get_variant(be);
    const int64_t filters = p->out_channels * (p->in_channels / p->groups);
    plan->algorithm = choose_algorithm(p, transposed);
    if (plan->algorithm == CONV_WINOGRAD4) {
        plan->winograd4 = variant->winograd4;
        plan->weight_count = filters * WINOGRAD4_ELEMENTS;
    } else if (plan->algorithm == CONV_WINOGRAD) {
        plan->winograd = variant->winograd;
        plan->weight_count = filters * cm_cpu_winograd_elements(p);
    } else if (variant->gemm && cm_cpu_conv_gemm_fits(variant->gemm, p, transposed)) {
        plan->gemm = variant->gemm;
    } else if (cm_cpu_conv_blocked_fits(p, transposed)) {
        plan->kernels = variant->conv;
    }
    return plan->kernels ? cm_cpu_conv_blocked_axes(plan, err) : CM_OK;
}

/* Weights and biases, owned by the plan. */
static cm_status keep_values(cm_conv_plan *plan, cm_error *err)
{
    const cm_conv *p = &plan->p;
    const int64_t count = plan->weight_count + p->out_channels;
    float *values = malloc((size_t)count * sizeof *values);
    if (!values)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the weights of a convolution",
                       .why = cm_strf("%lld bytes", (long long)count * 4).s);
    if (plan->winograd4)
        cm_cpu_winograd4_pack(plan, p->weight, values);
    else if (plan->algorithm == CONV_WINOGRAD4)
        cm_cpu_winograd4_reference_pack(plan, p->weight, values);
    else if (plan->winograd)
        cm_cpu_winograd_pack(plan, p->weight, values);
    else if (plan->algorithm == CONV_WINOGRAD)
        cm_cpu_winograd_reference_pack(plan, p->weight, values);
    else if (plan->gemm)
        cm_cpu_conv_gemm_pack(plan, p->weight, values);
    else if (plan->kernels)
        cm_cpu_conv_blocked_pack(plan, p->weight, values);
    else
        memcpy(values, p->weight, (size_t)plan->weight_count * sizeof *values);
    float *bias = values + plan->weight_count;
    for (int64_t i = 0; i < p->out_channels; i++)
        bias[i] = p->bias ? p->bias[i] : 0.0f;
    plan->p.weight = plan->algorithm != CONV_DIRECT || plan->gemm || plan->kernels ? NULL : values;
    plan->p.bias = bias;
    plan->values = values;
    return CM_OK;
}

static cm_status prepare(cm_backend *be, const cm_conv *p, bool transposed, cm_conv_plan **out, cm_error *err)
{
    cm_conv_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the plan of a convolution");
    cm_status st = outline(be, p, transposed, plan, err);
    if (!st) st = keep_values(plan, err);
    if (!st)
        *out = plan;
    else
        cm_cpu_conv_plan_destroy(be, plan);
    return st;
}

cm_status cm_cpu_conv_prepare(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err)
{
    return prepare(be, p, false, out, err);
}

cm_status cm_cpu_conv_transposed_prepare(cm_backend *be, const cm_conv *p, cm_conv_plan **out, cm_error *err)
{
    return prepare(be, p, true, out, err);
}

void cm_cpu_conv_plan_destroy(cm_backend *be, cm_conv_plan *plan)
{
    (void)be;
    if (plan) {
        free(plan->values);
        free(plan->axis_values);
    }
    free(plan);
}

int64_t cm_cpu_conv_plan_bytes(const cm_conv_plan *plan)
{
    const int64_t floats = plan->weight_count + plan->p.out_channels;
    const int64_t wholes = plan->kernels ? cm_cpu_conv_blocked_axis_count(&plan->p, plan->transposed) : 0;
    return (int64_t)sizeof *plan + floats * (int64_t)sizeof(float) + wholes * (int64_t)sizeof(int64_t);
}

const char *cm_cpu_conv_kernel(const cm_conv_plan *plan)
{
    if (plan->algorithm == CONV_WINOGRAD4)
        return plan->winograd4 ? "winograd 4x4" : "winograd 4x4, reference";
    if (plan->algorithm == CONV_WINOGRAD) return plan->winograd ? "winograd" : "winograd, reference";
    if (plan->gemm) return "matrix product";
    return plan->kernels ? "direct" : "direct, reference";
}

int64_t cm_cpu_conv_workspace_bytes(const cm_conv_plan *plan, const cm_tensor *x, const cm_tensor *y)
{
    cm_cpu_shape in, out;
    if (check_tensors(&plan->p, plan->transposed, x, y, &in, &out, NULL))
        return 0; /* conv_run refuses such tensors */
    if (plan->winograd4) return cm_cpu_winograd4_workspace(plan, &out);
    if (plan->winograd) return cm_cpu_winograd_workspace(plan, &out);
    if (plan->gemm) return cm_cpu_conv_gemm_workspace(plan);
    if (!plan->kernels) return 0; /* a reference */
    return cm_cpu_conv_blocked_workspace(plan, &in, &out);
}

cm_status cm_cpu_conv_cost(cm_backend *be, const cm_conv *p, bool transposed, const cm_tensor *x,
                           const cm_tensor *y, cm_conv_cost *out, cm_error *err)
{
    cm_cpu_shape in, shape_out;
    cm_conv_plan plan;
    cm_status st = outline(be, p, transposed, &plan, err);
    if (!st) st = check_tensors(p, transposed, x, y, &in, &shape_out, err);
    if (!st) *out = (cm_conv_cost){cm_cpu_conv_plan_bytes(&plan), cm_cpu_conv_workspace_bytes(&plan, x, y)};
    free(plan.axis_values);
    return st;
}

cm_status cm_cpu_conv_run(cm_backend *be, const cm_conv_plan *plan, const cm_tensor *x, cm_tensor *y,
                          void *workspace, const cm_stop *stop, cm_error *err)
{
    cm_cpu_shape in, out;
    const cm_status st = check_tensors(&plan->p, plan->transposed, x, y, &in, &out, err);
    if (st) return st;
    conv_stop stopped = {.stop = stop};
    if (plan->winograd4)
        cm_cpu_winograd4_run(be, plan, x->data, &in, y->data, &out, workspace, &stopped);
    else if (plan->algorithm == CONV_WINOGRAD4)
        cm_cpu_winograd4_reference(be, plan, x->data, &in, y->data, &out, &stopped);
    else if (plan->winograd)
        cm_cpu_winograd_run(be, plan, x->data, &in, y->data, &out, workspace, &stopped);
    else if (plan->algorithm == CONV_WINOGRAD)
        cm_cpu_winograd_reference(be, plan, x->data, &in, y->data, &out, &stopped);
    else if (plan->gemm)
        cm_cpu_conv_gemm_run(be, plan, x->data, &in, y->data, &out, workspace, &stopped);
    else if (plan->kernels)
        cm_cpu_conv_blocked_run(be, plan, x->data, &in, y->data, &out, workspace, &stopped);
    else
        cm_cpu_conv_reference(be, plan, x->data, &in, y->data, &out, &stopped);
    const cm_status end = (cm_status)atomic_load(&stopped.status);
    return end ? CM_FAIL(err, end, .what = "a convolution was stopped") : CM_OK;
}
