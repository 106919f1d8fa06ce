/* The scalar convolution: the definition every faster kernel equals bit for bit.
 *
 * An output starts at its bias (or +0) and takes acc = fmaf(x, w, acc) for ic, then kz, ky, kx in ascending
 * order; taps outside the input read as +0 and are included, so every output has the same number of steps.
 * Transposed: along each axis the taps k with (o + pad_lo - k * dilation) divisible by the stride. */
#include "kernels/cpu/conv_plan.h"

#include <math.h>

typedef struct reference_job {
    const cm_conv_plan *plan;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    conv_stop *stop;
} reference_job;

/* The input index along axis d that tap k of output o reads, false if the tap does not exist. */
static bool tap_position(const cm_conv_plan *plan, int d, int64_t o, int64_t k, int64_t *i)
{
    const cm_conv *p = &plan->p;
    if (!plan->transposed) {
        *i = o * p->stride[d] - p->pad_lo[d] + k * p->dilation[d];
        return true;
    }
    const int64_t at = o + p->pad_lo[d] - k * p->dilation[d];
    if (at % p->stride[d] != 0) return false;
    *i = at / p->stride[d];
    return true;
}

static float input_at(const float *x, const cm_cpu_shape *in, const int64_t i[3])
{
    for (int d = 0; d < 3; d++)
        if (i[d] < 0 || i[d] >= in->s[d]) return 0.0f;
    return x[(i[0] * in->s[1] + i[1]) * in->s[2] + i[2]];
}

/* All taps of one input channel. */
static float add_channel(const reference_job *j, const float *x, const float *w, const int64_t o[3],
                         float acc)
{
    const cm_conv *p = &j->plan->p;
    int64_t i[3];
    for (int64_t kz = 0; kz < p->kernel[0]; kz++) {
        if (!tap_position(j->plan, 0, o[0], kz, &i[0])) continue;
        for (int64_t ky = 0; ky < p->kernel[1]; ky++) {
            if (!tap_position(j->plan, 1, o[1], ky, &i[1])) continue;
            for (int64_t kx = 0; kx < p->kernel[2]; kx++) {
                if (!tap_position(j->plan, 2, o[2], kx, &i[2])) continue;
                acc = fmaf(input_at(x, j->in, i), w[(kz * p->kernel[1] + ky) * p->kernel[2] + kx], acc);
            }
        }
    }
    return acc;
}

static float output_at(const reference_job *j, int64_t n, int64_t oc, const int64_t o[3])
{
    const cm_conv *p = &j->plan->p;
    const int64_t taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    const int64_t group = oc / per_out;
    float acc = p->bias ? p->bias[oc] : 0.0f;
    for (int64_t ic = 0; ic < per_in; ic++) {
        const int64_t channel = group * per_in + ic;
        const int64_t filter = j->plan->transposed ? channel * per_out + oc % per_out : oc * per_in + ic;
        acc = add_channel(j, j->x + (n * p->in_channels + channel) * j->in->voxels, p->weight + filter * taps,
                          o, acc);
    }
    return cm_cpu_conv_activate(p, acc);
}

/* Rows of the output, in order n, channel, z, y. */
static void reference_range(void *context, int64_t begin, int64_t end)
{
    const reference_job *j = context;
    const cm_cpu_shape *out = j->out;
    for (int64_t row = begin; row < end && !conv_stopped(j->stop); row++) {
        int64_t o[3] = {row / out->s[1] % out->s[0], row % out->s[1], 0};
        const int64_t map = row / out->s[1] / out->s[0];
        for (o[2] = 0; o[2] < out->s[2]; o[2]++)
            j->y[row * out->s[2] + o[2]] = output_at(j, map / out->c, map % out->c, o);
    }
}

void cm_cpu_conv_reference(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                           float *y, const cm_cpu_shape *out, conv_stop *stop)
{
    reference_job job = {plan, x, y, in, out, stop};
    if (out->s[2] > 0)
        cm_cpu_for(be, out->n * out->c * out->s[0] * out->s[1], 1 + 256 / out->s[2], reference_range, &job);
}
