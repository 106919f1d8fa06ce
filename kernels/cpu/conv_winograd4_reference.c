/* The definition of a flat convolution by Winograd's F(4,3), in scalar code; conv_winograd4.h states it in
 * words. */
#include "kernels/cpu/conv_winograd4.h"

#include "kernels/cpu/conv_winograd.h"

#include <math.h>

enum { TILE = WINOGRAD4_TILE, REACH = WINOGRAD4_REACH, ELEMENTS = WINOGRAD4_ELEMENTS };

bool cm_cpu_winograd4_fits(const cm_conv *p, bool transposed)
{
    return cm_cpu_winograd_fits(p, transposed) && p->kernel[0] == 1 &&
           p->in_channels / p->groups % WINOGRAD4_CHANNELS == 0 &&
           p->out_channels / p->groups % WINOGRAD4_CHANNELS == 0;
}

/* -- transforms of values that lie `step` apart -- */

static void transform_kernel(double *g, int step) /* three values become six */
{
    const double a = (double)WINOGRAD4_A, b = (double)WINOGRAD4_B, a2 = a * a, b2 = b * b;
    const double g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const double near = g0 + a2 * g2, far = g0 + b2 * g2;
    g[0] = g0 / (a2 * b2);
    g[step] = (near + a * g1) / (2 * a2 * (a2 - b2));
    g[2 * step] = (near - a * g1) / (2 * a2 * (a2 - b2));
    g[3 * step] = (far + b * g1) / (2 * b2 * (b2 - a2));
    g[4 * step] = (far - b * g1) / (2 * b2 * (b2 - a2));
    g[5 * step] = g2;
}

static void transform_input(float *d, int step)
{
    const float d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
                d5 = d[5 * step];
    const float e = fmaf(-WINOGRAD4_B2, d2, d4), f = fmaf(-WINOGRAD4_B2, d1, d3);
    const float g = fmaf(-WINOGRAD4_A2, d2, d4), h = fmaf(-WINOGRAD4_A2, d1, d3);
    d[0] = fmaf(WINOGRAD4_PRODUCTS, d0, fmaf(-WINOGRAD4_SQUARES, d2, d4));
    d[step] = fmaf(WINOGRAD4_A, f, e);
    d[2 * step] = fmaf(-WINOGRAD4_A, f, e);
    d[3 * step] = fmaf(WINOGRAD4_B, h, g);
    d[4 * step] = fmaf(-WINOGRAD4_B, h, g);
    d[5 * step] = fmaf(WINOGRAD4_PRODUCTS, d1, fmaf(-WINOGRAD4_SQUARES, d3, d5));
}

static void transform_output(float *m, int step) /* six values become four */
{
    const float m0 = m[0], m5 = m[5 * step];
    const float p = m[step] + m[2 * step], q = m[step] - m[2 * step];
    const float r = m[3 * step] + m[4 * step], s = m[3 * step] - m[4 * step];
    m[0] = (m0 + p) + r;
    m[step] = fmaf(WINOGRAD4_B, s, WINOGRAD4_A * q);
    m[2 * step] = fmaf(WINOGRAD4_B2, r, WINOGRAD4_A2 * p);
    m[3 * step] = fmaf(WINOGRAD4_B3, s, fmaf(WINOGRAD4_A3, q, m5));
}

/* -- a tile: a plane [y][x] of 6 x 6 -- */

void cm_cpu_winograd4_weight(const float *g, float *u)
{
    double plane[ELEMENTS] = {0};
    for (int i = 0; i < 9; i++)
        plane[i / 3 * REACH + i % 3] = (double)g[i];
    for (int y = 0; y < 3; y++)
        transform_kernel(plane + y * REACH, 1);
    for (int x = 0; x < REACH; x++)
        transform_kernel(plane + x, REACH);
    for (int e = 0; e < ELEMENTS; e++)
        u[e] = (float)plane[e];
}

/* The inputs of the tile whose first output is o, transformed. */
static void get_input(const cm_conv *p, const float *x, const cm_cpu_shape *in, const int64_t o[3], float *v)
{
    const int64_t z = o[0] - p->pad_lo[0];
    for (int e = 0; e < ELEMENTS; e++) {
        const int64_t y = o[1] - p->pad_lo[1] + e / REACH, column = o[2] - p->pad_lo[2] + e % REACH;
        const bool inside =
            z >= 0 && z < in->s[0] && y >= 0 && y < in->s[1] && column >= 0 && column < in->s[2];
        v[e] = inside ? x[(z * in->s[1] + y) * in->s[2] + column] : 0.0f;
    }
    for (int i = 0; i < REACH; i++)
        transform_input(v + i, REACH);
    for (int i = 0; i < REACH; i++)
        transform_input(v + i * REACH, 1);
}

static void put_output(const cm_conv *p, float bias, float *m, float *y, const cm_cpu_shape *out,
                       const int64_t o[3])
{
    for (int i = 0; i < REACH; i++)
        transform_output(m + i * REACH, 1);
    for (int i = 0; i < TILE; i++)
        transform_output(m + i, REACH);
    for (int i = 0; i < TILE * TILE; i++) {
        const int64_t row = o[1] + i / TILE, column = o[2] + i % TILE;
        if (row >= out->s[1] || column >= out->s[2]) continue;
        const float v = m[i / TILE * REACH + i % TILE] + bias;
        y[(o[0] * out->s[1] + row) * out->s[2] + column] = cm_cpu_conv_activate(p, v);
    }
}

/* -- all tiles -- */

typedef struct winograd4_job {
    const cm_conv_plan *plan;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    conv_stop *stop;
} winograd4_job;

/* Output channels that share the transformed inputs of a tile; they divide WINOGRAD4_CHANNELS. */
enum { TOGETHER = 16 };

static void compute_tile(const winograd4_job *j, int64_t n, int64_t group, const int64_t o[3])
{
    const cm_conv *p = &j->plan->p;
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    for (int64_t first = group * per_out; first < (group + 1) * per_out; first += TOGETHER) {
        float v[ELEMENTS], m[TOGETHER][ELEMENTS] = {0};
        for (int64_t ic = 0; ic < per_in; ic++) {
            get_input(p, j->x + (n * p->in_channels + group * per_in + ic) * j->in->voxels, j->in, o, v);
            for (int64_t c = 0; c < TOGETHER; c++) {
                const float *u = j->plan->values + ((first + c) * per_in + ic) * ELEMENTS;
                for (int e = 0; e < ELEMENTS; e++)
                    m[c][e] = fmaf(v[e], u[e], m[c][e]);
            }
        }
        for (int64_t c = 0; c < TOGETHER; c++)
            put_output(p, p->bias[first + c], m[c], j->y + (n * p->out_channels + first + c) * j->out->voxels,
                       j->out, o);
    }
}

/* Rows of tiles, in order n, group, z, y. */
static void reference_range(void *context, int64_t begin, int64_t end)
{
    const winograd4_job *j = context;
    const cm_conv *p = &j->plan->p;
    const int64_t tz = j->out->s[0], ty = (j->out->s[1] + TILE - 1) / TILE;
    for (int64_t row = begin; row < end && !conv_stopped(j->stop); row++) {
        int64_t o[3] = {row / ty % tz, row % ty * TILE, 0};
        const int64_t map = row / ty / tz;
        for (; o[2] < j->out->s[2]; o[2] += TILE)
            compute_tile(j, map / p->groups, map % p->groups, o);
    }
}

void cm_cpu_winograd4_reference(cm_backend *be, const cm_conv_plan *plan, const float *x,
                                const cm_cpu_shape *in, float *y, const cm_cpu_shape *out, conv_stop *stop)
{
    winograd4_job job = {plan, x, y, in, out, stop};
    const int64_t rows = out->s[0] * ((out->s[1] + TILE - 1) / TILE);
    if (out->s[2] > 0) cm_cpu_for(be, out->n * plan->p.groups * rows, 1, reference_range, &job);
}

void cm_cpu_winograd4_reference_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const cm_conv *p = &plan->p;
    const int64_t filters = p->out_channels * (p->in_channels / p->groups);
    for (int64_t f = 0; f < filters; f++)
        cm_cpu_winograd4_weight(weight + f * 9, packed + f * ELEMENTS);
}
