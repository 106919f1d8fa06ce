/* Flat convolutions (1x3x3) by Winograd's minimal filtering F(4,3), as the files conv_winograd4*.c and
 * winograd4_*.c share it.
 *
 * A tile is 4 x 4 outputs of one z, beginning at indices that are multiples of 4; 6 x 6 inputs decide it.
 * They are polynomials' values at 0, +-a, +-b and infinity, a = 5/8, b = 3/2:
 *
 *   input d, 6 per axis    e = fma(-b^2, d2, d4)    f = fma(-b^2, d1, d3)                    y, then x
 *                          g = fma(-a^2, d2, d4)    h = fma(-a^2, d1, d3)
 *                          v0 = fma(a^2 b^2, d0, fma(-(a^2 + b^2), d2, d4))
 *                          v1 = fma(a, f, e)    v2 = fma(-a, f, e)
 *                          v3 = fma(b, h, g)    v4 = fma(-b, h, g)
 *                          v5 = fma(a^2 b^2, d1, fma(-(a^2 + b^2), d3, d5))
 *   kernel g, 3 per axis   u0 = g0 / (a^2 b^2)    u5 = g2                                    x, then y
 *                          u1 = ((g0 + a^2 g2) + a g1) / (2 a^2 (a^2 - b^2))    u2 with - a g1
 *                          u3 = ((g0 + b^2 g2) + b g1) / (2 b^2 (b^2 - a^2))    u4 with - b g1
 *                          in double, the result rounded to float
 *   products               m = fmaf(v, u, m) for ascending input channel, from +0
 *   output, 4 per axis     p = m1 + m2    q = m1 - m2    r = m3 + m4    s = m3 - m4          x, then y
 *                          y0 = (m0 + p) + r          y1 = fma(b, s, a q)
 *                          y2 = fma(b^2, r, a^2 p)    y3 = fma(b^3, s, fma(a^3, q, m5))
 *
 * then the bias is added (+0 if there is none) and the activation applied. Inputs outside are +0 and take
 * part. Every operation, fma included, is one rounding to float. That is the definition;
 * conv_winograd4_reference.c is its code. The sums hold 36/144 of the multiplications of the direct way,
 * F(2,3)'s hold 64/144. Of the points that cost the same these were the most exact: root mean square errors
 * were 0.45 of those of the usual 0, +-1, +-2. All constants are floats. */
#ifndef CM_KERNELS_CPU_CONV_WINOGRAD4_H
#define CM_KERNELS_CPU_CONV_WINOGRAD4_H

#include "kernels/cpu/conv_plan.h"

/* Along an axis: outputs and inputs of a tile. In all: products. */
enum { WINOGRAD4_TILE = 4, WINOGRAD4_REACH = 6, WINOGRAD4_ELEMENTS = 36 };

/* a, b and what is made of them; all of these are floats. */
#define WINOGRAD4_A        0.625f
#define WINOGRAD4_B        1.5f
#define WINOGRAD4_A2       0.390625f    /* a^2 */
#define WINOGRAD4_B2       2.25f        /* b^2 */
#define WINOGRAD4_A3       0.244140625f /* a^3 */
#define WINOGRAD4_B3       3.375f       /* b^3 */
#define WINOGRAD4_SQUARES  2.640625f    /* a^2 + b^2 */
#define WINOGRAD4_PRODUCTS 0.87890625f  /* a^2 b^2 */

/* Channels in and out of a group are multiples of this, so that they fill vectors on every machine. */
enum { WINOGRAD4_CHANNELS = 16 };

/* -- the kernels of one instruction set (winograd4_template.h); vectors run along channels -- */

/* The transform of one vector of input channels for tiles[0] rows of tiles[1] tiles each, numbered row-major:
 * element e of tile t goes to v[e * element_step + t * tile_step]. */
typedef struct winograd4_input {
    const float *x;   /* [4 tiles[0] + 2][4 tiles[1] + 2][lanes] */
    int64_t tiles[2]; /* y, x */
    float *v;
    int64_t element_step, tile_step;
} winograd4_input;

/* For tiles j and a block of `width` output channels i (the table's first index, in vectors):
 *   m[j * width + i] = sum over channels c, in order, of v[j * tile_step + c] * u[c * width + i] */
typedef struct winograd4_product {
    const float *v, *u;
    float *m;
    int64_t channels, tile_step;
} winograd4_product;

/* The output transform of a block of `width` output channels (whole vectors), of tiles as in winograd4_input:
 * y[4 tiles[0]][4 tiles[1]][width], with bias and activation. */
typedef struct winograd4_output {
    const float *m; /* element e of tile t: m[e * element_step + t * width] */
    int64_t element_step, width;
    int64_t tiles[2];
    const float *bias;
    cm_activation activation;
    float alpha;
    float *y;
} winograd4_output;

enum { WINOGRAD4_MAX_VECTORS = 2, WINOGRAD4_MAX_TILES = 14 };
typedef struct cm_winograd4_kernels {
    int lanes; /* floats of a vector */
    int tiles; /* most of a product */
    void (*product[WINOGRAD4_MAX_VECTORS + 1][WINOGRAD4_MAX_TILES + 1])(const winograd4_product *p);
    void (*input)(const winograd4_input *in);
    void (*output)(const winograd4_output *out);
    /* to[k * to_step + r] = from[r * from_step + k], r < n, k < depth. */
    void (*turn)(const float *from, int64_t from_step, int64_t n, int64_t depth, float *to, int64_t to_step);
} cm_winograd4_kernels;

/* -- for conv.c -- */

/* Whether a convolution is of a kind that F(4,3) can compute: flat, and of whole vectors of channels. */
bool cm_cpu_winograd4_fits(const cm_conv *p, bool transposed);

/* u[36] of one kernel g[3][3]. */
void cm_cpu_winograd4_weight(const float *g, float *u);

/* The definition. plan->values: u as [out][in/groups][element]. */
void cm_cpu_winograd4_reference(cm_backend *be, const cm_conv_plan *plan, const float *x,
                                const cm_cpu_shape *in, float *y, const cm_cpu_shape *out, conv_stop *stop);
void cm_cpu_winograd4_reference_pack(const cm_conv_plan *plan, const float *weight, float *packed);

/* The fast way, for plan->winograd4. */
void cm_cpu_winograd4_pack(const cm_conv_plan *plan, const float *weight, float *packed);
int64_t cm_cpu_winograd4_workspace(const cm_conv_plan *plan, const cm_cpu_shape *out);
void cm_cpu_winograd4_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                          float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop);

#endif
