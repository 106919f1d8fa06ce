/* Conv and ConvTranspose. Weights are packed once per plan; an activation that follows is applied by the same
 * kernel. */
#include <stdlib.h>
#include <string.h>

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

static cm_status infer(cm_step *s, cm_error *err)
{
    const bool transposed = s->op->code == TRANSPOSED;
    cm_conv *p = NULL;
    cm_window w = {0};
    int64_t dim[CM_MAX_RANK] = {0};
    cm_status st = cm_step_need_rank(s, 0, 3, 5, err);
    for (int i = 0; !st && i < 3; i++)
        st = cm_step_need_float(s, i, err);
    for (int i = 1; !st && i < s->n_x; i++)
        if (s->x[i]) st = cm_step_need_known(s, i, i == 1 ? "weight" : "bias", err);
    const int spatial = s->x[0]->rank - 2;
    if (!st) st = cm_step_need_rank(s, 1, spatial + 2, spatial + 2, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_window_read(s, spatial, s->x[1], &w, err);
    if (!st) st = check_channels(s, p, transposed, err);
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

/* The kernels read the weights once, to pack them; in the file they may lie unaligned. */
static cm_status prepare(cm_step *s, cm_backend *be, cm_error *err)
{
    const int64_t bytes = cm_tensor_count(s->x[1]) * (int64_t)sizeof(float);
    cm_conv p = *(const cm_conv *)s->parameters;
    float *aligned = NULL;
    p.activation = s->activation;
    p.alpha = s->alpha;
    if ((uintptr_t)p.weight % sizeof(float)) {
        aligned = malloc((size_t)bytes);
        if (!aligned)
            return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the weights of a convolution",
                           .why = cm_strf("%lld bytes", (long long)bytes).s);
        memcpy(aligned, p.weight, (size_t)bytes);
        p.weight = aligned;
    }
    const cm_status st = s->op->code == TRANSPOSED ? be->ops->conv_transposed_prepare(be, &p, &s->packed, err)
                                                   : be->ops->conv_prepare(be, &p, &s->packed, err);
    free(aligned);
    return st;
}

static void release(cm_step *s, cm_backend *be)
{
    if (s->packed) be->ops->conv_plan_destroy(be, s->packed);
    s->packed = NULL;
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    return be->ops->conv_run(be, s->packed, s->x[0], s->y[0], scratch, stop, err);
}

const cm_family cm_family_convolution = {infer, cost, prepare, release, run};
