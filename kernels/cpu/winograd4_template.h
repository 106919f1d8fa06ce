/* The transforms and products of Winograd's F(4,3) on vectors of adjacent channels. Included once by each
 * winograd4_<isa>.c, which is compiled for its instruction set, sets WINOGRAD4_TABLE to the name of its table
 * and WINOGRAD4_TILES to how many tiles' sums for two vectors of channels its registers hold;
 * WINOGRAD4_EACH_TILES(X) lists 1 to that many. The order of every operation is that of conv_winograd4.h. */
#include <stddef.h>

#include "kernels/cpu/conv_winograd4.h"
#include "kernels/cpu/vector.h"
#include "kernels/cpu/vector_turn.h"

#define INLINE static inline __attribute__((always_inline))

enum { TILE = WINOGRAD4_TILE, REACH = WINOGRAD4_REACH };

/* -- transforms along one axis -- */

/* Six inputs d, `step` vectors apart, become v[0..5]. */
INLINE void along_input(const vec *d, const int step, vec *v)
{
    const vec a = vec_set(WINOGRAD4_A), b = vec_set(WINOGRAD4_B);
    const vec minus_a = vec_set(-WINOGRAD4_A), minus_b = vec_set(-WINOGRAD4_B);
    const vec minus_a2 = vec_set(-WINOGRAD4_A2), minus_b2 = vec_set(-WINOGRAD4_B2);
    const vec products = vec_set(WINOGRAD4_PRODUCTS), squares = vec_set(-WINOGRAD4_SQUARES);
    const vec d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const vec e = vec_fma(minus_b2, d2, d4), f = vec_fma(minus_b2, d1, d3);
    const vec g = vec_fma(minus_a2, d2, d4), h = vec_fma(minus_a2, d1, d3);
    v[0] = vec_fma(products, d[0], vec_fma(squares, d2, d4));
    v[1] = vec_fma(a, f, e);
    v[2] = vec_fma(minus_a, f, e);
    v[3] = vec_fma(b, h, g);
    v[4] = vec_fma(minus_b, h, g);
    v[5] = vec_fma(products, d1, vec_fma(squares, d3, d[5 * step]));
}

/* Six sums m, `step` vectors apart, become y[0..3]. */
INLINE void along_output(const vec *m, const int step, vec *y)
{
    const vec p = vec_add(m[step], m[2 * step]), q = vec_subtract(m[step], m[2 * step]);
    const vec r = vec_add(m[3 * step], m[4 * step]), s = vec_subtract(m[3 * step], m[4 * step]);
    y[0] = vec_add(vec_add(m[0], p), r);
    y[1] = vec_fma(vec_set(WINOGRAD4_B), s, vec_multiply(vec_set(WINOGRAD4_A), q));
    y[2] = vec_fma(vec_set(WINOGRAD4_B2), r, vec_multiply(vec_set(WINOGRAD4_A2), p));
    y[3] = vec_fma(vec_set(WINOGRAD4_B3), s, vec_fma(vec_set(WINOGRAD4_A3), q, m[5 * step]));
}

/* -- tiles -- */

/* x: the first input of the tile, rows `pitch` floats apart. */
INLINE void transform_tile(const float *x, int64_t pitch, float *v, int64_t element_step)
{
    vec plane[REACH][REACH]; /* [x][element along y] */
    for (int c = 0; c < REACH; c++) {
        vec column[REACH];
        for (int r = 0; r < REACH; r++)
            column[r] = vec_load(x + r * pitch + c * VEC_LANES);
        along_input(column, 1, plane[c]);
    }
    for (int r = 0; r < REACH; r++) {
        vec row[REACH];
        along_input(&plane[0][r], REACH, row);
        for (int c = 0; c < REACH; c++, v += element_step)
            vec_store(v, row[c]);
    }
}

static void transform_input(const winograd4_input *in)
{
    const int64_t pitch = (TILE * in->tiles[1] + 2) * VEC_LANES;
    float *v = in->v;
    for (int64_t ty = 0; ty < in->tiles[0]; ty++)
        for (int64_t tx = 0; tx < in->tiles[1]; tx++, v += in->tile_step)
            transform_tile(in->x + TILE * (ty * pitch + tx * VEC_LANES), pitch, v, in->element_step);
}

INLINE vec activate(vec v, cm_activation activation, vec alpha)
{
    if (activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (activation == CM_ACTIVATION_LEAKY_RELU) return vec_if_negative(v, vec_multiply(alpha, v));
    return v;
}

/* m, y, bias: of one vector of channels of the tile. */
INLINE void finish_tile(const winograd4_output *o, const float *m, const float *bias_at, float *y,
                        const cm_activation activation)
{
    const vec bias = vec_load(bias_at), alpha = vec_set(o->alpha);
    const int64_t pitch = TILE * o->tiles[1] * o->width;
    vec plane[REACH][TILE]; /* [element along y][x] */
    for (int r = 0; r < REACH; r++) {
        vec row[REACH];
        for (int c = 0; c < REACH; c++, m += o->element_step)
            row[c] = vec_load(m);
        along_output(row, 1, plane[r]);
    }
    for (int c = 0; c < TILE; c++) {
        vec column[TILE];
        along_output(&plane[0][c], TILE, column);
        for (int r = 0; r < TILE; r++)
            vec_store(y + r * pitch + c * o->width, activate(vec_add(column[r], bias), activation, alpha));
    }
}

INLINE void finish_tiles(const winograd4_output *o, const cm_activation activation)
{
    const float *m = o->m;
    for (int64_t ty = 0; ty < o->tiles[0]; ty++)
        for (int64_t tx = 0; tx < o->tiles[1]; tx++, m += o->width) {
            float *y = o->y + TILE * (ty * TILE * o->tiles[1] + tx) * o->width;
            for (int64_t i = 0; i < o->width; i += VEC_LANES)
                finish_tile(o, m + i, o->bias + i, y + i, activation);
        }
}

static void transform_output(const winograd4_output *o)
{
    if (o->activation == CM_ACTIVATION_RELU)
        finish_tiles(o, CM_ACTIVATION_RELU);
    else if (o->activation == CM_ACTIVATION_LEAKY_RELU)
        finish_tiles(o, CM_ACTIVATION_LEAKY_RELU);
    else
        finish_tiles(o, CM_ACTIVATION_NONE);
}

/* -- products: each step is written out, so that all sums stay in registers -- */

#define FOR_TILES(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13)
#define START_TILE(j)                                                                                        \
    if ((j) < tiles) first[j] = second[j] = vec_set(0.0f);
#define MULTIPLY_TILE(j)                                                                                     \
    if ((j) < tiles) {                                                                                       \
        const vec input = vec_set(v[(j)*p->tile_step]);                                                      \
        first[j] = vec_fma(input, weights, first[j]);                                                        \
        if (vectors == 2) second[j] = vec_fma(input, more_weights, second[j]);                               \
    }
#define STORE_TILE(j)                                                                                        \
    if ((j) < tiles) {                                                                                       \
        vec_store(p->m + (j)*vectors * VEC_LANES, first[j]);                                                 \
        if (vectors == 2) vec_store(p->m + (j)*vectors * VEC_LANES + VEC_LANES, second[j]);                  \
    }

INLINE void multiply(const winograd4_product *p, const int vectors, const int tiles)
{
    vec first[WINOGRAD4_MAX_TILES], second[WINOGRAD4_MAX_TILES];
    FOR_TILES(START_TILE)
    const float *v = p->v, *u = p->u;
    for (int64_t c = 0; c < p->channels; c++, v++) {
        const vec weights = vec_load(u), more_weights = vectors == 2 ? vec_load(u + VEC_LANES) : weights;
        FOR_TILES(MULTIPLY_TILE)
        u += vectors * VEC_LANES;
    }
    FOR_TILES(STORE_TILE)
}

#define DEFINE_PRODUCTS(tiles)                                                                               \
    static void product_1_##tiles(const winograd4_product *p)                                                \
    {                                                                                                        \
        multiply(p, 1, tiles);                                                                               \
    }                                                                                                        \
    static void product_2_##tiles(const winograd4_product *p)                                                \
    {                                                                                                        \
        multiply(p, 2, tiles);                                                                               \
    }
WINOGRAD4_EACH_TILES(DEFINE_PRODUCTS)

#define LIST_ONE(tiles) [tiles] = product_1_##tiles,
#define LIST_TWO(tiles) [tiles] = product_2_##tiles,
const cm_winograd4_kernels WINOGRAD4_TABLE = {
    .lanes = VEC_LANES,
    .tiles = WINOGRAD4_TILES,
    .product = {{NULL},
                {[0] = NULL, WINOGRAD4_EACH_TILES(LIST_ONE)},
                {[0] = NULL, WINOGRAD4_EACH_TILES(LIST_TWO)}},
    .input = transform_input,
    .output = transform_output,
    .turn = vec_turn,
};
