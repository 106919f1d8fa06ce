/* Conv and ConvTranspose. Weights are packed once per plan, or in every run where the model computes them; an
 * activation that follows is applied by the same kernel. */
#include <stdlib.h>
#include <string.h>

#include "engine/model/fusion.h"
#include "engine/model/op_window.h"

enum { TRANSPOSED = 1 };

static void take_window(cm_conv *p, const cm_window *w)
{
    p->spatial = w->spatial;
    memcpy(p->kernel, w->kernel, sizeof p->kernel);
    memcpy(p->stride, w->stride, sizeof p->stride);
    memcpy(p->dilation, w->dilation, sizeof p->dilation);
    memcpy(p->pad_lo, w->pad_lo, sizeof p->pad_lo);
    memcpy(p->pad_hi, w->pad_hi, sizeof p->pad_hi);
}

/* Channels of image, weights and bias against each other. */
static cm_status check_channels(cm_step *s, cm_conv *p, bool transposed, cm_error *err)
{
    const cm_tensor *x = s->x[0], *w = s->x[1], *b = cm_step_x(s, 2);
    int64_t groups = cm_attr_int(s, "group", 1);
    if (groups < 1 || groups > INT32_MAX)
        return cm_step_bad(s, cm_strf("group = %lld", (long long)groups).s, err);
    p->groups = groups;
    p->in_channels = x->dim[1];
    if (!cm_mul_i64(transposed ? w->dim[1] : w->dim[0], transposed ? groups : 1, &p->out_channels))
        return cm_step_bad(s, "too many channels", err);
    int64_t expected = transposed ? w->dim[0] : w->dim[1] * groups; /* dims and groups are < 2^31 */
    if (p->in_channels != expected)
        return cm_step_mismatch(s,
                                cm_strf("the input has %lld channels, the weights expect %lld",
                                        (long long)p->in_channels, (long long)expected)
                                    .s,
                                err);
    if (p->in_channels < 1 || p->out_channels < 1 || p->in_channels % groups || p->out_channels % groups)
        return cm_step_bad(s,
                           cm_strf("%lld and %lld channels in %lld groups", (long long)p->in_channels,
                                   (long long)p->out_channels, (long long)groups)
                               .s,
                           err);
    if (b && (b->rank != 1 || b->dim[0] != p->out_channels))
        return cm_step_bad(s, cm_strf("the bias does not have %lld numbers", (long long)p->out_channels).s,
                           err);
    p->weight = w->data;
    p->bias = b ? b->data : NULL;
    return CM_OK;
}

/* Paddings that give the output_shape the model asks for, or SAME (ONNX ConvTranspose, "total_padding"). */
static cm_status settle_transposed_pads(cm_step *s, cm_window *w, int64_t *output_padding, cm_error *err)
{
    const int first = cm_window_first(w);
    int64_t wanted[3] = {0};
    const bool given = cm_attr_has(s, "output_shape");
    const int64_t *items = NULL;
    if (given && cm_attr_ints(s, "output_shape", &items) == w->spatial + 2)
        return cm_step_unsupported(s, "output_shape with batch and channels",
                                   "Export output_shape with the spatial sizes only", err);
    cm_status st = cm_attr_geometry(s, "output_shape", w->spatial, 0, INT32_MAX, 0, wanted, err);
    for (int i = 0; !st && i < w->spatial && (given || w->padding != CM_PADS_GIVEN); i++) {
        const int a = first + i;
        const int64_t in = s->x[0]->dim[2 + i];
        const int64_t full =
            w->stride[a] * (in - 1) + output_padding[a] + w->dilation[a] * (w->kernel[a] - 1) + 1;
        const int64_t total = full - (given ? wanted[i] : in * w->stride[a]);
        if (total < 0) { /* the output is longer than the taps reach: it ends in bias alone */
            output_padding[a] -= total;
            w->pad_lo[a] = w->pad_hi[a] = 0;
            continue;
        }
        w->pad_lo[a] = w->padding == CM_PADS_SAME_UPPER ? total / 2 : total - total / 2;
        w->pad_hi[a] = total - w->pad_lo[a];
    }
    return st;
}

static cm_status slide_transposed(cm_step *s, cm_window *w, cm_conv *p, int64_t *dim, cm_error *err)
{
    const int first = cm_window_first(w);
    cm_status st =
        cm_attr_geometry(s, "output_padding", w->spatial, 0, INT32_MAX, 0, p->output_padding + first, err);
    if (!st) st = settle_transposed_pads(s, w, p->output_padding, err);
    for (int i = 0; !st && i < w->spatial; i++) {
        const int a = first + i;
        dim[i] = w->stride[a] * (s->x[0]->dim[2 + i] - 1) + p->output_padding[a] +
                 w->dilation[a] * (w->kernel[a] - 1) + 1 - w->pad_lo[a] - w->pad_hi[a];
        if (s->x[0]->dim[2 + i] < 1 || dim[i] < 1)
            st = cm_step_mismatch(s, cm_strf("the output would have %lld voxels", (long long)dim[i]).s, err);
    }
    return st;
}

typedef struct convolution {
    cm_conv p;       /* first: what the kernels are given */
    bool is_dynamic; /* weights or bias are not known while planning */
    const double *map_scale,
        *map_offset; /* NULL, or the output of channel c is map_scale[c] y + map_offset[c] */
} convolution;

static cm_status infer(cm_step *s, cm_error *err)
{
    const bool transposed = s->op->code == TRANSPOSED;
    convolution *c = NULL;
    cm_window w = {0};
    int64_t dim[CM_MAX_RANK] = {0};
    cm_status st = cm_step_need_rank(s, 0, 3, 5, err);
    for (int i = 0; !st && i < 3; i++)
        st = cm_step_need_float(s, i, err);
    const int spatial = s->x[0]->rank - 2;
    if (!st) st = cm_step_need_rank(s, 1, spatial + 2, spatial + 2, err);
    if (!st) st = cm_step_parameters(s, sizeof *c, &c, err);
    if (st) return st;
    cm_conv *p = &c->p;
    st = cm_window_read(s, spatial, s->x[1], &w, err);
    if (!st) st = check_channels(s, p, transposed, err);
    c->is_dynamic = !s->x[1]->data || (cm_step_x(s, 2) && !s->x[2]->data);
    if (!st)
        st = transposed ? slide_transposed(s, &w, p, dim + 2, err) : cm_window_slide(s, &w, dim + 2, err);
    if (st) return st;
    take_window(p, &w);
    for (int i = 0; i < 3; i++)
        p->in_extent[i] = i < 3 - spatial ? 1 : s->x[0]->dim[i + spatial - 1];
    dim[0] = s->x[0]->dim[0];
    dim[1] = p->out_channels;
    cm_step_set(s, 0, CM_ELEMENT_F32, spatial + 2, dim);
    s->operations = 2 * cm_count_f(transposed ? s->x[0] : s->y[0]) * cm_count_f(s->x[1]) /
                    (double)(transposed ? p->in_channels : p->out_channels);
    /* With a stride beyond the kernel most outputs have no tap, but each is looked at for every channel. */
    const double visits = 2 * cm_count_f(s->y[0]) * (double)(p->in_channels / p->groups);
    if (transposed && visits > s->operations) s->operations = visits;
    s->fuses_activation = true;
    return CM_OK;
}

static cm_status cost(cm_step *s, cm_backend *be, cm_error *err)
{
    cm_conv_cost c = {0};
    cm_status st =
        be->ops->conv_cost(be, s->parameters, s->op->code == TRANSPOSED, s->x[0], s->y[0], &c, err);
    s->packed_bytes = c.plan_bytes;
    s->scratch_bytes = c.workspace_bytes;
    return st;
}

/* Weight i of a convolution belongs to which output channel. */
static int64_t channel_of(const cm_step *s, const cm_conv *p, int64_t i)
{
    const int64_t volume = p->kernel[0] * p->kernel[1] * p->kernel[2];
    if (s->op->code != TRANSPOSED) return i / (p->in_channels / p->groups * volume);
    const int64_t per_group = p->out_channels / p->groups, filter = i / volume;
    return filter / per_group / (p->in_channels / p->groups) * per_group + filter % per_group;
}

/* (float)(scale w) and (float)(scale bias + offset), computed in double. values: the weights, then the
 * biases. */
static void map_values(const cm_step *s, const convolution *c, float *values)
{
    const int64_t count = cm_tensor_count(s->x[1]);
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)(c->map_scale[channel_of(s, &c->p, i)] * (double)values[i]);
    for (int64_t o = 0; o < c->p.out_channels; o++)
        values[count + o] = (float)(c->map_scale[o] * (double)values[count + o] + c->map_offset[o]);
}

/* A copy of weights and biases where they cannot be used as they are: in the file they may lie unaligned, and
 * a batch norm may be part of them. The kernels read them once, to pack them. */
static cm_status copy_values(const cm_step *s, const convolution *c, float **out, cm_error *err)
{
    const int64_t count = cm_tensor_count(s->x[1]), channels = c->p.out_channels;
    *out = NULL;
    if ((uintptr_t)c->p.weight % sizeof(float) == 0 && !c->map_scale) return CM_OK;
    float *values = malloc((size_t)(count + channels) * sizeof *values);
    if (!values)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the weights of a convolution",
                       .why = cm_strf("%lld bytes", (long long)count * 4).s);
    memcpy(values, c->p.weight, (size_t)count * sizeof *values);
    for (int64_t o = 0; o < channels; o++)
        values[count + o] = c->p.bias ? c->p.bias[o] : 0.0f;
    if (c->map_scale) map_values(s, c, values);
    *out = values;
    return CM_OK;
}

static cm_status pack(const cm_step *s, const cm_conv *p, cm_backend *be, cm_conv_plan **out, cm_error *err)
{
    return s->op->code == TRANSPOSED ? be->ops->conv_transposed_prepare(be, p, out, err)
                                     : be->ops->conv_prepare(be, p, out, err);
}

static cm_status prepare(cm_step *s, cm_backend *be, cm_error *err)
{
    const convolution *c = s->parameters;
    cm_conv p = c->p;
    float *values = NULL;
    if (c->is_dynamic) return CM_OK;
    cm_status st = copy_values(s, c, &values, err);
    if (st) return st;
    p.activation = s->activation;
    p.alpha = s->alpha;
    if (values) {
        p.weight = values;
        p.bias = values + cm_tensor_count(s->x[1]);
    }
    st = pack(s, &p, be, &s->packed, err);
    free(values);
    return st;
}

static void release(cm_step *s, cm_backend *be)
{
    if (s->packed) be->ops->conv_plan_destroy(be, s->packed);
    s->packed = NULL;
}

/* What is packed here was planned for (packed_bytes), and is given back at once. */
static cm_status pack_and_run(const cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                              cm_error *err)
{
    cm_conv p = ((const convolution *)s->parameters)->p;
    cm_conv_plan *packed = NULL;
    p.weight = s->x[1]->data;
    p.bias = cm_step_x(s, 2) ? s->x[2]->data : NULL;
    p.activation = s->activation;
    p.alpha = s->alpha;
    cm_status st = pack(s, &p, be, &packed, err);
    if (st) return st;
    st = be->ops->conv_run(be, packed, s->x[0], s->y[0], scratch, stop, err);
    be->ops->conv_plan_destroy(be, packed);
    return st;
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    if (((const convolution *)s->parameters)->is_dynamic) return pack_and_run(s, be, scratch, stop, err);
    return be->ops->conv_run(be, s->packed, s->x[0], s->y[0], scratch, stop, err);
}

const cm_family cm_family_convolution = {infer, cost, prepare, release, run};

bool cm_conv_map_output(cm_step *s, const double *a, const double *b)
{
    convolution *c = s->parameters;
    if (c->map_scale || c->is_dynamic) return false;
    c->map_scale = a;
    c->map_offset = b;
    return true;
}

bool cm_conv_take_pads(cm_step *s, const cm_tensor *x, const int64_t *lo, const int64_t *hi)
{
    cm_conv *p = &((convolution *)s->parameters)->p;
    if (s->op->code == TRANSPOSED) return false;
    for (int i = 0; i < p->spatial; i++) {
        const int a = 3 - p->spatial + i;
        p->pad_lo[a] += lo[2 + i];
        p->pad_hi[a] += hi[2 + i];
        p->in_extent[a] = x->dim[2 + i];
    }
    return true;
}
