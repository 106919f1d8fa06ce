/* The definition of a convolution by Winograd's F(2,3), in scalar code; conv_winograd.h states it in words.
 */
#include "kernels/cpu/conv_winograd.h"

#include <math.h>

bool cm_cpu_winograd_fits(const cm_conv *p, bool transposed)
{
    bool fits = !transposed && p->spatial >= 2 && (p->kernel[0] == 1 || p->kernel[0] == 3) &&
                p->kernel[1] == 3 && p->kernel[2] == 3;
    for (int d = 0; d < 3; d++)
        fits = fits && p->stride[d] == 1 && (p->dilation[d] == 1 || p->kernel[d] == 1);
    return fits;
}

int64_t cm_cpu_winograd_elements(const cm_conv *p)
{
    return p->kernel[0] == 3 ? WINOGRAD_MOST : WINOGRAD_PLANE;
}

/* -- transforms of four values that lie `step` apart -- */

static void transform_kernel(double *g, int step) /* three values become four */
{
    const double outer = g[0] + g[2 * step], inner = g[step];
    g[3 * step] = g[2 * step];
    g[step] = (outer + inner) * 0.5;
    g[2 * step] = (outer - inner) * 0.5;
}

static void transform_input(float *d, int step)
{
    const float d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    d[0] = d0 - d2;
    d[step] = d1 + d2;
    d[2 * step] = d2 - d1;
    d[3 * step] = d1 - d3;
}

static void transform_output(float *m, int step) /* four values become two */
{
    const float m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step];
    m[0] = (m0 + m1) + m2;
    m[step] = (m1 - m2) - m3;
}

/* -- a tile: a cube [z][y][x] of 4 x 4 x 4, or a plane of 4 x 4 -- */

void cm_cpu_winograd_weight(const cm_conv *p, const float *g, float *u)
{
    const int64_t depth = p->kernel[0];
    double cube[WINOGRAD_MOST] = {0};
    for (int64_t z = 0; z < depth; z++)
        for (int64_t y = 0; y < 3; y++)
            for (int64_t x = 0; x < 3; x++)
                cube[z * 16 + y * 4 + x] = (double)g[(z * 3 + y) * 3 + x];
    for (int64_t z = 0; z < depth; z++)
        for (int64_t y = 0; y < 3; y++)
            transform_kernel(cube + z * 16 + y * 4, 1);
    for (int64_t z = 0; z < depth; z++)
        for (int64_t x = 0; x < 4; x++)
            transform_kernel(cube + z * 16 + x, 4);
    if (depth == 3)
        for (int64_t yx = 0; yx < 16; yx++)
            transform_kernel(cube + yx, 16);
    const int64_t elements = cm_cpu_winograd_elements(p);
    for (int64_t e = 0; e < elements; e++)
        u[e] = (float)cube[e];
}

/* The inputs of the tile whose first output is o, transformed. */
static void get_input(const cm_conv *p, const float *x, const cm_cpu_shape *in, const int64_t o[3], float *v)
{
    const bool deep = p->kernel[0] == 3;
    const int depth = deep ? 4 : 1;
    for (int e = 0; e < depth * 16; e++) {
        const int64_t i[3] = {o[0] - p->pad_lo[0] + e / 16, o[1] - p->pad_lo[1] + e / 4 % 4,
                              o[2] - p->pad_lo[2] + e % 4};
        const bool inside =
            i[0] >= 0 && i[0] < in->s[0] && i[1] >= 0 && i[1] < in->s[1] && i[2] >= 0 && i[2] < in->s[2];
        v[e] = inside ? x[(i[0] * in->s[1] + i[1]) * in->s[2] + i[2]] : 0.0f;
    }
    for (int yx = 0; deep && yx < 16; yx++)
        transform_input(v + yx, 16);
    for (int zx = 0; zx < depth * 4; zx++)
        transform_input(v + zx / 4 * 16 + zx % 4, 4);
    for (int zy = 0; zy < depth * 4; zy++)
        transform_input(v + zy * 4, 1);
}

static void put_output(const cm_conv *p, float bias, float *m, float *y, const cm_cpu_shape *out,
                       const int64_t o[3])
{
    const bool deep = p->kernel[0] == 3;
    const int depth = deep ? 4 : 1;
    for (int zy = 0; zy < depth * 4; zy++)
        transform_output(m + zy * 4, 1);
    for (int zx = 0; zx < depth * 2; zx++)
        transform_output(m + zx / 2 * 16 + zx % 2, 4);
    for (int yx = 0; deep && yx < 4; yx++)
        transform_output(m + yx / 2 * 4 + yx % 2, 16);
    for (int i = 0; i < (deep ? 8 : 4); i++) {
        const int z = i / 4, r = i / 2 % 2, c = i % 2;
        if (o[0] + z >= out->s[0] || o[1] + r >= out->s[1] || o[2] + c >= out->s[2]) continue;
        const float v = m[z * 16 + r * 4 + c] + bias;
        y[((o[0] + z) * out->s[1] + o[1] + r) * out->s[2] + o[2] + c] = cm_cpu_conv_activate(p, v);
    }
}

/* -- all tiles -- */

typedef struct winograd_job {
    const cm_conv_plan *plan;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    conv_stop *stop;
} winograd_job;

/* Output channels that share the transformed inputs of a tile. */
enum { TOGETHER = 16 };

static void compute_tile(const winograd_job *j, int64_t n, int64_t group, const int64_t o[3])
{
    const cm_conv *p = &j->plan->p;
    const int64_t elements = cm_cpu_winograd_elements(p);
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    for (int64_t first = group * per_out; first < (group + 1) * per_out; first += TOGETHER) {
        const int64_t left = (group + 1) * per_out - first, channels = left < TOGETHER ? left : TOGETHER;
        float v[WINOGRAD_MOST], m[TOGETHER][WINOGRAD_MOST] = {0};
        for (int64_t ic = 0; ic < per_in; ic++) {
            get_input(p, j->x + (n * p->in_channels + group * per_in + ic) * j->in->voxels, j->in, o, v);
            for (int64_t c = 0; c < channels; c++) {
                const float *u = j->plan->values + ((first + c) * per_in + ic) * elements;
                for (int64_t e = 0; e < elements; e++)
                    m[c][e] = fmaf(v[e], u[e], m[c][e]);
            }
        }
        for (int64_t c = 0; c < channels; c++)
            put_output(p, p->bias[first + c], m[c], j->y + (n * p->out_channels + first + c) * j->out->voxels,
                       j->out, o);
    }
}

/* Rows of tiles, in order n, group, z, y. */
static void reference_range(void *context, int64_t begin, int64_t end)
{
    const winograd_job *j = context;
    const cm_conv *p = &j->plan->p;
    const int64_t depth = p->kernel[0] == 3 ? 2 : 1;
    const int64_t tz = (j->out->s[0] + depth - 1) / depth, ty = (j->out->s[1] + 1) / 2;
    for (int64_t row = begin; row < end && !conv_stopped(j->stop); row++) {
        int64_t o[3] = {row / ty % tz * depth, row % ty * 2, 0};
        const int64_t map = row / ty / tz;
        for (; o[2] < j->out->s[2]; o[2] += 2)
            compute_tile(j, map / p->groups, map % p->groups, o);
    }
}

void cm_cpu_winograd_reference(cm_backend *be, const cm_conv_plan *plan, const float *x,
                               const cm_cpu_shape *in, float *y, const cm_cpu_shape *out, conv_stop *stop)
{
    winograd_job job = {plan, x, y, in, out, stop};
    const int64_t depth = plan->p.kernel[0] == 3 ? 2 : 1;
    const int64_t rows = (out->s[0] + depth - 1) / depth * ((out->s[1] + 1) / 2);
    if (out->s[2] > 0) cm_cpu_for(be, out->n * plan->p.groups * rows, 1, reference_range, &job);
}

void cm_cpu_winograd_reference_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const cm_conv *p = &plan->p;
    const int64_t elements = cm_cpu_winograd_elements(p), taps = p->kernel[0] * 9;
    const int64_t filters = p->out_channels * (p->in_channels / p->groups);
    for (int64_t f = 0; f < filters; f++)
        cm_cpu_winograd_weight(p, weight + f * taps, packed + f * elements);
}
