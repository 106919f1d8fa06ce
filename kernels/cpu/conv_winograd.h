/* Convolutions by Winograd's minimal filtering F(2,3), as the files conv_winograd*.c and winograd_*.c share
 * it.
 *
 * A tile is 2 x 2 outputs of one z (a kernel 1x3x3: "flat") or 2 x 2 x 2 (3x3x3: "deep"), beginning at even
 * indices; 4 x 4 (x 4) inputs decide it. Input, kernel and output are transformed axis by axis, so that the
 * convolution of a tile becomes 16 (64) products, one per element of the transform:
 *
 *   input d, 4 per axis    v0 = d0 - d2    v1 = d1 + d2    v2 = d2 - d1    v3 = d1 - d3    z, then y, then x
 *   kernel g, 3 per axis   u0 = g0    u1 = ((g0 + g2) + g1) / 2    u2 = ((g0 + g2) - g1) / 2    u3 = g2
 *                          x, then y, then z; in double, the result rounded to float
 *   products               m = fmaf(v, u, m) for ascending input channel, from +0
 *   output, 2 per axis     y0 = (m0 + m1) + m2    y1 = (m1 - m2) - m3                      x, then y, then z
 *
 * then the bias is added (+0 if there is none) and the activation applied. Inputs outside are +0 and take
 * part. Every addition is one rounding to float. That is the definition; conv_winograd_reference.c is its
 * code. The sums hold 16/36 (64/216) of the multiplications of the direct way. An infinite or NaN input
 * spreads over its tile, as an infinity minus itself is NaN. */
#ifndef CM_KERNELS_CPU_CONV_WINOGRAD_H
#define CM_KERNELS_CPU_CONV_WINOGRAD_H

#include "kernels/cpu/conv_plan.h"

/* Products per tile and z element, and the most a tile has. */
enum { WINOGRAD_PLANE = 16, WINOGRAD_MOST = 64 };

/* -- the kernels of one instruction set (winograd_template.h) -- */

/* Which z element a call computes; flat tiles have but one. */
typedef enum winograd_z { WINOGRAD_Z0, WINOGRAD_Z1, WINOGRAD_Z2, WINOGRAD_Z3, WINOGRAD_FLAT } winograd_z;

/* Most tiles of one z that one call transforms. */
enum { WINOGRAD_ROW = 128 };

/* The transform of one input channel for tiles[z, y, x] tiles, the tile numbered (z, y, x) row-major:
 * element e of it goes to v[e * element_step + number]; the vector after the last is set to zero. */
typedef struct winograd_input {
    const float *x;    /* the channel */
    const float *next; /* the channel after it, to be fetched ahead, or NULL */
    int64_t extent[3]; /* of the channel */
    int64_t start[3];  /* index of the first input of the first tile; may lie outside */
    int64_t tiles[3];  /* tiles[1] * tiles[2] <= WINOGRAD_ROW */
    float *v;
    int64_t element_step;
} winograd_input;

/* For output channels j and whole vectors of tiles i:
 *   m[j * m_step + i] = sum over channels c, in order, of v[c * v_step + i] * u[c * (number of j) + j] */
typedef struct winograd_product {
    const float *v, *u;
    float *m;
    int64_t channels, v_step, m_step;
} winograd_product;

/* Weights that are read but once are fetched ahead from so many places at a time, each in a page of its own:
 * what fetches memory ahead by itself follows each of them, and one alone it does not follow fast enough. On
 * a Sapphire Rapids core one stream gave 8.7 GB/s, two 11, four 13, eight 14. */
enum { WINOGRAD_STREAMS = 8 };

/* Where tiles are few, vectors run along output channels. For tiles j and the lanes i of a vector of
 * channels: m[j * m_step + i] = sum over channels c, in order, of v[c * v_step + j] * u[c * lanes + i] */
typedef struct winograd_turned {
    const float *v, *u;
    float *m;
    int64_t channels, v_step, m_step;
    /* Weights of a later call are fetched meanwhile: with channel c, the line of the cache at
     * ahead[c % WINOGRAD_STREAMS * stream_step + c / WINOGRAD_STREAMS * ahead_step]. */
    const float *ahead;
    int64_t stream_step, ahead_step;
} winograd_turned;
typedef void (*winograd_turned_product)(const winograd_turned *p);

/* The output transform of one flat tile, `count` output channels (whole vectors): each of its 2 x 2 outputs,
 * with bias and activation, to at[y * 2 + x]. */
typedef struct winograd_turned_output {
    const float *m; /* element e of channel i: m[e * element_step + i] */
    int64_t element_step, count;
    const float *bias;
    float *at[4];
    cm_activation activation;
    float alpha;
} winograd_turned_output;

/* The output transform of one output channel, `count` tiles (whole vectors). Deep tiles come z element by z
 * element, their sums waiting in partial; partial[(z * 4 + y * 2 + x) * step + number] holds, after
 * WINOGRAD_Z2 (z = 0), WINOGRAD_Z3 (z = 1) and WINOGRAD_FLAT (z = 0), the outputs with bias and activation.
 */
typedef struct winograd_output {
    const float *m; /* element e (of 16) of tile i: m[e * element_step + i] */
    int64_t element_step;
    float *partial;
    int64_t step, count;
    float bias, alpha;
    cm_activation activation;
} winograd_output;

/* One row of `length` outputs from their even and their odd ones. */
typedef void (*winograd_weave)(const float *even, const float *odd, int64_t length, float *row);

enum { WINOGRAD_MAX_CHANNELS = 8, WINOGRAD_MAX_VECTORS = 6, WINOGRAD_MAX_TILES = 16 };
typedef struct cm_winograd_kernels {
    int lanes;                              /* floats of a vector */
    int channels;                           /* largest block of output channels */
    int vectors[WINOGRAD_MAX_CHANNELS + 1]; /* most vectors for a block of that many channels */
    void (*product[WINOGRAD_MAX_CHANNELS + 1][WINOGRAD_MAX_VECTORS + 1])(const winograd_product *p);
    int tiles, pair_tiles; /* most of a turned product, and of one for two blocks of channels (0: none) */
    winograd_turned_product turned[WINOGRAD_MAX_TILES + 1], turned_pair[WINOGRAD_MAX_TILES + 1];
    void (*turned_output)(const winograd_turned_output *out);
    /* to[k * to_step + r] = from[r * from_step + k], r < n, k < depth. */
    void (*turn)(const float *from, int64_t from_step, int64_t n, int64_t depth, float *to, int64_t to_step);
    void (*input)(const winograd_input *in, winograd_z z);
    void (*output)(const winograd_output *out, winograd_z z);
    winograd_weave weave;
} cm_winograd_kernels;

/* -- for conv.c -- */

/* Whether a convolution is of a kind that Winograd's way can compute. */
bool cm_cpu_winograd_fits(const cm_conv *p, bool transposed);
/* Products per tile: 16 or 64. */
int64_t cm_cpu_winograd_elements(const cm_conv *p);

/* u[elements] of one kernel g[kz][3][3]. */
void cm_cpu_winograd_weight(const cm_conv *p, const float *g, float *u);

/* The definition. plan->values: u as [out][in/groups][element]. */
void cm_cpu_winograd_reference(cm_backend *be, const cm_conv_plan *plan, const float *x,
                               const cm_cpu_shape *in, float *y, const cm_cpu_shape *out, conv_stop *stop);
void cm_cpu_winograd_reference_pack(const cm_conv_plan *plan, const float *weight, float *packed);

/* The fast way, for plan->winograd. */
void cm_cpu_winograd_pack(const cm_conv_plan *plan, const float *weight, float *packed);
/* INT64_MAX when it cannot be counted. */
int64_t cm_cpu_winograd_workspace(const cm_conv_plan *plan, const cm_cpu_shape *out);
void cm_cpu_winograd_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                         float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop);

#endif
