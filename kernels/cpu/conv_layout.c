/* Geometry of the blocked convolution: phases and taps per axis, tiles, and the packing of weights. */
#include "kernels/cpu/conv_layout.h"

#include <stdlib.h>

/* A patch of about this size stays in the second-level cache beside the weights of a block. */
#define PATCH_BYTES (384 * 1024)

static int64_t phases_of(const cm_conv *p, bool transposed, int d)
{
    return transposed ? p->stride[d] : 1;
}

bool cm_cpu_conv_blocked_fits(const cm_conv *p, bool transposed)
{
    for (int d = 0; d < 3; d++)
        if (transposed && p->stride[d] > 64)
            return false; /* one pass per position in the stride would be all passes and no work */
    return true;
}

int64_t cm_cpu_conv_blocked_axis_count(const cm_conv *p, bool transposed)
{
    int64_t n = 0;
    for (int d = 0; d < 3; d++)
        n += phases_of(p, transposed, d) + 1 + 2 * p->kernel[d];
    return n;
}

cm_status cm_cpu_conv_blocked_axes(cm_conv_plan *plan, cm_error *err)
{
    const cm_conv *p = &plan->p;
    const int64_t n = cm_cpu_conv_blocked_axis_count(p, plan->transposed);
    int64_t *values = malloc((size_t)n * sizeof *values);
    if (!values)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the taps of a convolution",
                       .why = cm_strf("%lld bytes", (long long)n * 8).s);
    plan->axis_values = values;
    for (int d = 0; d < 3; d++) {
        conv_axis *a = &plan->axis[d];
        a->phases = phases_of(p, plan->transposed, d);
        a->in_step = plan->transposed ? 1 : p->stride[d];
        a->first = values;
        a->k = a->first + a->phases + 1;
        a->offset = a->k + p->kernel[d];
        values = a->offset + p->kernel[d];
        int64_t taps = 0;
        for (int64_t phase = 0; phase < a->phases; phase++) {
            a->first[phase] = taps;
            for (int64_t k = 0; k < p->kernel[d]; k++) {
                const int64_t at = plan->transposed ? phase + p->pad_lo[d] - k * p->dilation[d]
                                                    : k * p->dilation[d] - p->pad_lo[d];
                if (at % a->phases != 0) continue;
                a->k[taps] = k;
                a->offset[taps++] = at / a->phases;
            }
        }
        a->first[a->phases] = taps;
    }
    return CM_OK;
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

int64_t cm_cpu_conv_plane_start(const conv_axis_layout *l, int64_t plane)
{
    return l->period == 1 ? l->lowest : l->offset[plane];
}

int64_t cm_cpu_conv_shift(const conv_axis_layout *l, int64_t t)
{
    return (l->offset[t] - cm_cpu_conv_plane_start(l, t % l->period)) / l->in_step;
}

/* Decides for `tile` outputs whether taps share runs (neighbours overlap) or each has its own. */
static void share_planes(conv_axis_layout *l, int64_t dilation, int64_t tile)
{
    l->period = l->in_step / greatest_divisor(dilation, l->in_step);
    if (l->period > l->taps) l->period = l->taps > 0 ? l->taps : 1;
    int64_t reach = 0;
    for (int64_t t = 0; t < l->taps; t++) {
        const int64_t shift = cm_cpu_conv_shift(l, t);
        reach = shift > reach ? shift : reach;
    }
    const bool apart = (double)l->taps * (double)tile < (double)l->period * (double)(tile + reach);
    if (apart) l->period = l->taps;
    l->planes = l->taps < l->period ? l->taps : l->period;
    l->extent = apart ? tile : tile + reach;
}

/* The outputs and taps of `phases` adjacent phases. */
static void lay_axis(const cm_conv_plan *plan, int d, int64_t phase, int64_t phases, int64_t out_extent,
                     conv_axis_layout *l)
{
    const conv_axis *a = &plan->axis[d];
    l->first = phase;
    l->step = a->phases;
    l->count = out_extent > phase ? (out_extent - phase + a->phases - 1) / a->phases : 0;
    l->in_step = a->in_step;
    l->taps = a->first[phase + phases] - a->first[phase];
    l->offset = a->offset + a->first[phase];
    l->lowest = l->taps > 0 ? l->offset[0] : 0;
    for (int64_t t = 1; t < l->taps; t++)
        l->lowest = l->offset[t] < l->lowest ? l->offset[t] : l->lowest;
}

int cm_cpu_conv_joined(const cm_conv_plan *plan)
{
    return plan->axis[2].phases <= CONV_JOINED ? (int)plan->axis[2].phases : 1;
}

/* Floats of one channel of the patch for tiles of `tile` rows, or INT64_MAX. */
static int64_t size_channel(const cm_conv_plan *plan, conv_pass *pass, int64_t tile)
{
    conv_axis_layout *z = &pass->axis[0], *y = &pass->axis[1], *x = &pass->axis[2];
    z->period = z->planes = z->taps;
    z->extent = 1;
    share_planes(y, plan->p.dilation[1], tile);
    share_planes(x, plan->p.dilation[2], x->count);
    const int64_t factor[] = {y->planes, x->planes, y->extent, x->extent};
    int64_t n = z->planes;
    for (int i = 0; i < 4; i++)
        if (!cm_mul_i64(n, factor[i], &n)) return INT64_MAX;
    return n;
}

void cm_cpu_conv_channel_block(const cm_conv_plan *plan, int64_t block, int64_t *first, int64_t *channels)
{
    const int64_t per_group = plan->p.out_channels / plan->p.groups;
    const int64_t blocks = (per_group + plan->kernels->channels - 1) / plan->kernels->channels;
    const int64_t small = per_group / blocks,
                  larger = per_group % blocks; /* the first `larger` have one more */
    *channels = small + (block < larger);
    *first = block * small + (block < larger ? block : larger);
}

/* Enough pieces for all workers, if need be by sharing a tile's channel blocks among several. */
static void share_work(const cm_conv_plan *plan, const cm_cpu_shape *out, conv_pass *pass)
{
    const int64_t per_group = plan->p.out_channels / plan->p.groups;
    pass->blocks = (per_group + plan->kernels->channels - 1) / plan->kernels->channels;
    pass->chunks = 1;
    const int64_t pieces = out->n * plan->p.groups * pass->axis[0].count * pass->tiles;
    const int64_t wanted = plan->threads > 1 ? 3 * (int64_t)plan->threads : 1;
    if (pieces > 0 && pieces < wanted) {
        pass->chunks = (wanted + pieces - 1) / pieces;
        pass->chunks = pass->chunks < pass->blocks ? pass->chunks : pass->blocks;
    }
}

void cm_cpu_conv_pass(const cm_conv_plan *plan, const int64_t phase[3], const cm_cpu_shape *out,
                      conv_pass *pass)
{
    *pass = (conv_pass){.joined = cm_cpu_conv_joined(plan)};
    for (int d = 0; d < 3; d++)
        lay_axis(plan, d, phase[d], d == 2 ? pass->joined : 1, out->s[d], &pass->axis[d]);
    for (int i = 0; i <= pass->joined; i++)
        pass->x_first[i] = plan->axis[2].first[phase[2] + i] - plan->axis[2].first[phase[2]];
    pass->rows_of_taps = pass->axis[0].taps * pass->axis[1].taps;
    const int64_t channels = plan->p.in_channels / plan->p.groups;
    const int64_t rows = pass->axis[1].count;
    int64_t tile = rows < 64 ? rows : 64;
    int64_t size = size_channel(plan, pass, tile);
    while (tile > 1 && size > PATCH_BYTES / 4 / channels)
        size = size_channel(plan, pass, --tile);
    pass->tiles = tile > 0 ? (rows + tile - 1) / tile : 0;
    pass->tile = pass->tiles > 0 ? (rows + pass->tiles - 1) / pass->tiles : 0;
    pass->channel_step = size_channel(plan, pass, pass->tile);
    int64_t floats = -1;
    if (pass->channel_step == INT64_MAX || !cm_mul_i64(pass->channel_step, channels, &floats) ||
        floats > INT64_MAX / 16)
        pass->patch_floats = -1;
    else
        pass->patch_floats = floats + CONV_SLACK;
    share_work(plan, out, pass);
}

/* One block of output channels of one pass: [input channel][tap][channel of the block]. */
static float *pack_block(const cm_conv_plan *plan, const int64_t phase[3], int64_t group, int64_t block,
                         const float *weight, float *packed)
{
    const cm_conv *p = &plan->p;
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    const int64_t volume = p->kernel[0] * p->kernel[1] * p->kernel[2];
    const conv_axis *a = plan->axis;
    int64_t first, channels;
    cm_cpu_conv_channel_block(plan, block, &first, &channels);
    for (int64_t c = 0; c < per_in; c++)
        for (int64_t z = a[0].first[phase[0]]; z < a[0].first[phase[0] + 1]; z++)
            for (int64_t y = a[1].first[phase[1]]; y < a[1].first[phase[1] + 1]; y++)
                for (int64_t x = a[2].first[phase[2]]; x < a[2].first[phase[2] + 1]; x++)
                    for (int64_t j = first; j < first + channels; j++) {
                        const int64_t filter = plan->transposed ? (group * per_in + c) * per_out + j
                                                                : (group * per_out + j) * per_in + c;
                        const int64_t k = (a[0].k[z] * p->kernel[1] + a[1].k[y]) * p->kernel[2] + a[2].k[x];
                        *packed++ = weight[filter * volume + k];
                    }
    return packed;
}

void cm_cpu_conv_blocked_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const int64_t per_group = plan->p.out_channels / plan->p.groups;
    const int64_t blocks = (per_group + plan->kernels->channels - 1) / plan->kernels->channels;
    int64_t phase[3];
    for (phase[0] = 0; phase[0] < plan->axis[0].phases; phase[0]++)
        for (phase[1] = 0; phase[1] < plan->axis[1].phases; phase[1]++)
            for (phase[2] = 0; phase[2] < plan->axis[2].phases; phase[2]++)
                for (int64_t g = 0; g < plan->p.groups; g++)
                    for (int64_t b = 0; b < blocks; b++)
                        packed = pack_block(plan, phase, g, b, weight, packed);
}
