/* Winograd's transforms and products on vectors of adjacent tiles. Included once by each winograd_<isa>.c,
 * which is compiled for its instruction set, sets WINOGRAD_TABLE to the name of its table and WINOGRAD_BLOCKS
 * to the list of its block sizes. The order of every addition is that of conv_winograd.h. */
#include <stddef.h>

#include "kernels/cpu/conv_winograd.h"
#include "kernels/cpu/vector.h"
#include "kernels/cpu/vector_turn.h"

#define INLINE static inline __attribute__((always_inline))

/* -- input -- */

/* The rows of inputs of a block of tiles, summed over z and with +0 where they lie outside, one behind the
 * other without the two inputs by which a row is longer than its tiles: so the tiles of all rows fill
 * vectors. Of even and of odd rows each tile's first two inputs (near) and its last two (far); in whole
 * vectors. */
enum { ROWS_FLOATS = 4 * WINOGRAD_ROW + 4 * VEC_LANES };
typedef struct input_rows {
    _Alignas(64) float near[2][ROWS_FLOATS], far[2][ROWS_FLOATS];
} input_rows;

/* What a row is the sum of: a, a - b or a + b. A row that lies outside is NULL. */
typedef enum row_sum { ROW_ALONE, ROW_MINUS, ROW_PLUS } row_sum;

INLINE vec sum_rows(vec a, vec b, const row_sum sum)
{
    return sum == ROW_MINUS ? vec_subtract(a, b) : sum == ROW_PLUS ? vec_add(a, b) : a;
}

/* Elements from `at` on of a row of n, +0 outside. */
INLINE vec load_edge(const float *row, int64_t at, int64_t n)
{
    return row ? vec_load_range(row + at, -at, n - at) : vec_set(0.0f);
}

/* `count` elements from `start` on, and what is left of the last vector. */
INLINE void fill_row(const float *a, const float *b, int64_t start, int64_t n, int64_t count,
                     const row_sum sum, float *to)
{
    const bool whole = a && (b || sum == ROW_ALONE);
    int64_t i = 0;
    for (; i < count; i += VEC_LANES) {
        const int64_t at = start + i;
        vec v;
        if (whole && at >= 0 && at + VEC_LANES <= n)
            v = sum_rows(vec_load(a + at), sum == ROW_ALONE ? vec_set(0.0f) : vec_load(b + at), sum);
        else
            v = sum_rows(load_edge(a, at, n), sum == ROW_ALONE ? vec_set(0.0f) : load_edge(b, at, n), sum);
        vec_store(to + i, v);
    }
}

/* Element r along y of a tile, from its four rows: VEC_LANES values from i on. */
INLINE vec along_y(const float *const row[4], const int r, int64_t i)
{
    return r == 0   ? vec_subtract(vec_load(row[0] + i), vec_load(row[2] + i))
           : r == 1 ? vec_add(vec_load(row[1] + i), vec_load(row[2] + i))
           : r == 2 ? vec_subtract(vec_load(row[2] + i), vec_load(row[1] + i))
                    : vec_subtract(vec_load(row[1] + i), vec_load(row[3] + i));
}

INLINE void split_along_y(const float *const row[4], const int r, int64_t i, vec *even, vec *odd)
{
    vec_part(along_y(row, r, i), along_y(row, r, i + VEC_LANES), even, odd);
}

/* The four elements along x of element r along y. */
INLINE void transform_element(const float *const near[4], const float *const far[4], const int r,
                              int64_t tiles, float *v, int64_t step)
{
    for (int64_t i = 0; i < tiles; i += VEC_LANES) {
        vec first, second, third, fourth;
        split_along_y(near, r, 2 * i, &first, &second);
        split_along_y(far, r, 2 * i, &third, &fourth);
        vec_store(v + i, vec_subtract(first, third));
        vec_store(v + step + i, vec_add(second, third));
        vec_store(v + 2 * step + i, vec_subtract(third, second));
        vec_store(v + 3 * step + i, vec_subtract(second, fourth));
    }
}

INLINE const float *row_at(const winograd_input *in, int64_t z, int64_t y)
{
    if (z < 0 || z >= in->extent[0] || y < 0 || y >= in->extent[1]) return NULL;
    return in->x + (z * in->extent[1] + y) * in->extent[2];
}

/* The rows of one plane that the next channel will need begin their way to the cache. */
INLINE void fetch_plane(const winograd_input *in, int64_t z)
{
    const int64_t from = in->start[1] < 0 ? 0 : in->start[1], to = in->start[1] + 2 * in->tiles[1] + 2;
    const int64_t rows = (to < in->extent[1] ? to : in->extent[1]) - from;
    if (!in->next || z < 0 || z >= in->extent[0]) return;
    const float *x = in->next + (z * in->extent[1] + from) * in->extent[2];
    for (int64_t i = 0; i < rows * in->extent[2]; i += 16)
        __builtin_prefetch(x + i, 0, 3);
}

/* The inputs of the tiles at one z, the sum of planes za and zb. */
INLINE void fill_rows(const winograd_input *in, int64_t za, int64_t zb, const row_sum sum, input_rows *to)
{
    const int64_t pitch = 2 * in->tiles[2], start = in->start[2], n = in->extent[2];
    for (int64_t r = 0; r < 2 * in->tiles[1] + 2; r++) {
        const float *a = row_at(in, za, in->start[1] + r);
        const float *b = sum == ROW_ALONE ? NULL : row_at(in, zb, in->start[1] + r);
        fill_row(a, b, start, n, pitch, sum, to->near[r % 2] + r / 2 * pitch);
        fill_row(a, b, start + 2, n, pitch, sum, to->far[r % 2] + r / 2 * pitch);
    }
    const int64_t end = (in->tiles[1] + 1) * pitch;
    for (int odd = 0; odd < 2; odd++) /* what follows is computed with, and subnormal numbers are slow */
        for (int64_t i = 0; i < 2 * VEC_LANES; i += VEC_LANES) {
            vec_store(to->near[odd] + end + i, vec_set(0.0f));
            vec_store(to->far[odd] + end + i, vec_set(0.0f));
        }
}

INLINE void transform_joined(const winograd_input *in, int64_t za, int64_t zb, const row_sum sum, float *v)
{
    input_rows rows;
    fill_rows(in, za, zb, sum, &rows);
    const int64_t tiles = in->tiles[1] * in->tiles[2], pitch = 2 * in->tiles[2], step = in->element_step;
    const float *const near[4] = {rows.near[0], rows.near[1], rows.near[0] + pitch, rows.near[1] + pitch};
    const float *const far[4] = {rows.far[0], rows.far[1], rows.far[0] + pitch, rows.far[1] + pitch};
    transform_element(near, far, 0, tiles, v, step);
    transform_element(near, far, 1, tiles, v + 4 * step, step);
    transform_element(near, far, 2, tiles, v + 8 * step, step);
    transform_element(near, far, 3, tiles, v + 12 * step, step);
}

/* -- where whole vectors cover a row of tiles: the last two inputs of a tile are the first two of the next --
 */

INLINE void transform_element_of_row(const float *const row[4], const int r, int64_t tiles, float *v,
                                     int64_t step)
{
    vec even, odd, next_even, next_odd;
    split_along_y(row, r, 0, &even, &odd);
    for (int64_t i = 0; i < tiles; i += VEC_LANES) {
        split_along_y(row, r, 2 * (i + VEC_LANES), &next_even, &next_odd);
        const vec third = vec_advance(even, next_even), fourth = vec_advance(odd, next_odd);
        vec_store(v + i, vec_subtract(even, third));
        vec_store(v + step + i, vec_add(odd, third));
        vec_store(v + 2 * step + i, vec_subtract(third, odd));
        vec_store(v + 3 * step + i, vec_subtract(odd, fourth));
        even = next_even;
        odd = next_odd;
    }
}

INLINE void transform_by_row(const winograd_input *in, int64_t za, int64_t zb, const row_sum sum, float *v)
{
    _Alignas(64) float ring[4][2 * WINOGRAD_ROW + 2 * VEC_LANES];
    const int64_t width = in->tiles[2], step = in->element_step;
    for (int r = 0; r < 4; r++)
        vec_store(ring[r] + 2 * width + VEC_LANES, vec_set(0.0f));
    int64_t done = 0;
    for (int64_t ty = 0; ty < in->tiles[1]; ty++, v += width) {
        for (; done < 2 * ty + 4; done++) {
            const int64_t y = in->start[1] + done;
            fill_row(row_at(in, za, y), sum == ROW_ALONE ? NULL : row_at(in, zb, y), in->start[2],
                     in->extent[2], 2 * width + 2, sum, ring[done % 4]);
        }
        const float *const row[4] = {ring[2 * ty % 4], ring[(2 * ty + 1) % 4], ring[(2 * ty + 2) % 4],
                                     ring[(2 * ty + 3) % 4]};
        transform_element_of_row(row, 0, width, v, step);
        transform_element_of_row(row, 1, width, v + 4 * step, step);
        transform_element_of_row(row, 2, width, v + 8 * step, step);
        transform_element_of_row(row, 3, width, v + 12 * step, step);
    }
}

/* -- */

/* Tiles whose z element is the sum of input planes za and zb of the tile. */
INLINE void transform_planes(const winograd_input *in, int64_t tile_step, int za, int zb, const row_sum sum)
{
    const int64_t tiles = in->tiles[1] * in->tiles[2];
    float *v = in->v;
    for (int64_t tz = 0; tz < in->tiles[0]; tz++, v += tiles) {
        const int64_t z = in->start[0] + tz * tile_step;
        fetch_plane(in, z + za);
        if (sum != ROW_ALONE) fetch_plane(in, z + zb);
        if (in->tiles[2] % VEC_LANES == 0)
            transform_by_row(in, z + za, z + zb, sum, v);
        else
            transform_joined(in, z + za, z + zb, sum, v);
    }
    for (int e = 0; e < WINOGRAD_PLANE; e++) /* the last tiles end within a vector */
        vec_store(v + e * in->element_step, vec_set(0.0f));
}

static void transform_input(const winograd_input *in, winograd_z z)
{
    switch (z) {
    case WINOGRAD_Z0:
        transform_planes(in, 2, 0, 2, ROW_MINUS);
        break;
    case WINOGRAD_Z1:
        transform_planes(in, 2, 1, 2, ROW_PLUS);
        break;
    case WINOGRAD_Z2:
        transform_planes(in, 2, 2, 1, ROW_MINUS);
        break;
    case WINOGRAD_Z3:
        transform_planes(in, 2, 1, 3, ROW_MINUS);
        break;
    case WINOGRAD_FLAT:
        transform_planes(in, 1, 0, 0, ROW_ALONE);
        break;
    }
}

/* -- products -- */

/* Written out for every accumulator rather than looped: each must become a register, whatever a compiler
 * thinks of unrolling. `channels` and `vectors` are constants where multiply is inlined. */
#define FOR_CHANNELS(DO)   DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define FOR_VECTORS(DO, j) DO(j, 0) DO(j, 1) DO(j, 2) DO(j, 3) DO(j, 4) DO(j, 5)

#define START(j, i)                                                                                          \
    if ((i) < vectors) sum[j][i] = vec_set(0.0f);
#define START_CHANNEL(j)                                                                                     \
    if ((j) < channels) {                                                                                    \
        FOR_VECTORS(START, j)                                                                                \
    }
#define LOAD(unused, i)                                                                                      \
    if ((i) < vectors) in[i] = vec_load(v + (i)*VEC_LANES);
#define MULTIPLY(j, i)                                                                                       \
    if ((i) < vectors) sum[j][i] = vec_fma(in[i], weight, sum[j][i]);
#define MULTIPLY_CHANNEL(j)                                                                                  \
    if ((j) < channels) {                                                                                    \
        const vec weight = vec_set(u[j]);                                                                    \
        FOR_VECTORS(MULTIPLY, j)                                                                             \
    }
#define STORE(j, i)                                                                                          \
    if ((i) < vectors) vec_store(p->m + (j)*p->m_step + (i)*VEC_LANES, sum[j][i]);
#define STORE_CHANNEL(j)                                                                                     \
    if ((j) < channels) {                                                                                    \
        FOR_VECTORS(STORE, j)                                                                                \
    }

INLINE void multiply(const winograd_product *p, const int channels, const int vectors)
{
    vec sum[WINOGRAD_MAX_CHANNELS][WINOGRAD_MAX_VECTORS], in[WINOGRAD_MAX_VECTORS];
    FOR_CHANNELS(START_CHANNEL)
    const float *v = p->v, *u = p->u;
    const int64_t next_block = p->channels * channels;
    for (int64_t c = 0; c < p->channels; c++) {
        FOR_VECTORS(LOAD, )
        __builtin_prefetch(u + next_block);
        FOR_CHANNELS(MULTIPLY_CHANNEL)
        v += p->v_step;
        u += channels;
    }
    FOR_CHANNELS(STORE_CHANNEL)
}

/* -- products, turned: weights come from afar and are fetched a call ahead -- */

#define FOR_TILES(DO)                                                                                        \
    FOR_CHANNELS(DO)                                                                                         \
    DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define START_TILE(j)                                                                                        \
    if ((j) < tiles) first[j] = second[j] = vec_set(0.0f);
#define MULTIPLY_TILE(j)                                                                                     \
    if ((j) < tiles) {                                                                                       \
        const vec input = vec_set(v[j]);                                                                     \
        first[j] = vec_fma(input, weights, first[j]);                                                        \
        if (blocks == 2) second[j] = vec_fma(input, more_weights, second[j]);                                \
    }
#define STORE_TILE(j)                                                                                        \
    if ((j) < tiles) {                                                                                       \
        vec_store(p->m + (j)*p->m_step, first[j]);                                                           \
        if (blocks == 2) vec_store(p->m + (j)*p->m_step + VEC_LANES, second[j]);                             \
    }

INLINE void multiply_tiles(const winograd_turned *p, const int tiles, const int blocks)
{
    vec first[WINOGRAD_MAX_TILES], second[WINOGRAD_MAX_TILES];
    FOR_TILES(START_TILE)
    const float *v = p->v, *u = p->u, *more = p->u + p->channels * VEC_LANES;
    const int64_t stream_step = p->stream_step, ahead_step = p->ahead_step;
    for (int64_t c = 0; c < p->channels; c++) {
        const vec weights = vec_load(u), more_weights = blocks == 2 ? vec_load(more) : weights;
        const float *ahead = p->ahead + c % WINOGRAD_STREAMS * stream_step;
        __builtin_prefetch(ahead + c / WINOGRAD_STREAMS * ahead_step, 0, 2);
        FOR_TILES(MULTIPLY_TILE)
        v += p->v_step;
        u += VEC_LANES;
        more += VEC_LANES;
    }
    FOR_TILES(STORE_TILE)
}

/* -- output -- */

INLINE vec first_of(vec m0, vec m1, vec m2)
{
    return vec_add(vec_add(m0, m1), m2);
}

INLINE vec second_of(vec m1, vec m2, vec m3)
{
    return vec_subtract(vec_subtract(m1, m2), m3);
}

INLINE vec activate(vec v, cm_activation activation, float alpha)
{
    if (activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (activation == CM_ACTIVATION_LEAKY_RELU) return vec_if_negative(v, vec_multiply(vec_set(alpha), v));
    return v;
}

INLINE vec finish(const winograd_output *o, vec v)
{
    return activate(vec_add(v, vec_set(o->bias)), o->activation, o->alpha);
}

/* One of the four outputs of a tile's plane, summed along x and y, joins the sums along z. */
INLINE void add_plane(const winograd_output *o, const winograd_z z, float *low, float *high, vec v)
{
    switch (z) {
    case WINOGRAD_Z0:
        vec_store(low, v);
        break;
    case WINOGRAD_Z1:
        vec_store(low, vec_add(vec_load(low), v));
        vec_store(high, v);
        break;
    case WINOGRAD_Z2:
        vec_store(low, finish(o, vec_add(vec_load(low), v)));
        vec_store(high, vec_subtract(vec_load(high), v));
        break;
    case WINOGRAD_Z3:
        vec_store(high, finish(o, vec_subtract(vec_load(high), v)));
        break;
    case WINOGRAD_FLAT:
        vec_store(low, finish(o, v));
        break;
    }
}

/* The sums along x of a plane of elements. */
INLINE void sum_along_x(const float *m, int64_t element_step, vec row[4][2])
{
    for (int r = 0; r < 4; r++, m += 4 * element_step) {
        const vec m0 = vec_load(m), m1 = vec_load(m + element_step), m2 = vec_load(m + 2 * element_step),
                  m3 = vec_load(m + 3 * element_step);
        row[r][0] = first_of(m0, m1, m2);
        row[r][1] = second_of(m1, m2, m3);
    }
}

INLINE void output_planes(const winograd_output *o, const winograd_z z)
{
    for (int64_t i = 0; i < o->count; i += VEC_LANES) {
        vec row[4][2];
        sum_along_x(o->m + i, o->element_step, row);
        for (int c = 0; c < 2; c++) {
            float *low = o->partial + c * o->step + i;
            float *high = low + 4 * o->step;
            add_plane(o, z, low, high, first_of(row[0][c], row[1][c], row[2][c]));
            add_plane(o, z, low + 2 * o->step, high + 2 * o->step,
                      second_of(row[1][c], row[2][c], row[3][c]));
        }
    }
}

static void transform_output(const winograd_output *o, winograd_z z)
{
    switch (z) {
    case WINOGRAD_Z0:
        output_planes(o, WINOGRAD_Z0);
        break;
    case WINOGRAD_Z1:
        output_planes(o, WINOGRAD_Z1);
        break;
    case WINOGRAD_Z2:
        output_planes(o, WINOGRAD_Z2);
        break;
    case WINOGRAD_Z3:
        output_planes(o, WINOGRAD_Z3);
        break;
    case WINOGRAD_FLAT:
        output_planes(o, WINOGRAD_FLAT);
        break;
    }
}

static void turned_output(const winograd_turned_output *o)
{
    for (int64_t i = 0; i < o->count; i += VEC_LANES) {
        vec row[4][2];
        sum_along_x(o->m + i, o->element_step, row);
        const vec bias = vec_load(o->bias + i);
        for (int c = 0; c < 2; c++) {
            const vec low = first_of(row[0][c], row[1][c], row[2][c]),
                      high = second_of(row[1][c], row[2][c], row[3][c]);
            vec_store(o->at[c] + i, activate(vec_add(low, bias), o->activation, o->alpha));
            vec_store(o->at[2 + c] + i, activate(vec_add(high, bias), o->activation, o->alpha));
        }
    }
}

static void weave_row(const float *even, const float *odd, int64_t length, float *row)
{
    int64_t i = 0;
    vec a, b;
    for (; 2 * (i + VEC_LANES) <= length; i += VEC_LANES) {
        vec_weave(vec_load(even + i), vec_load(odd + i), &a, &b);
        vec_store(row + 2 * i, a);
        vec_store(row + 2 * i + VEC_LANES, b);
    }
    if (2 * i >= length) return;
    vec_weave(vec_load(even + i), vec_load(odd + i), &a, &b);
    vec_store_first(row + 2 * i, a, length - 2 * i);
    if (length - 2 * i > VEC_LANES) vec_store_first(row + 2 * i + VEC_LANES, b, length - 2 * i - VEC_LANES);
}

/* WINOGRAD_BLOCKS(X) lists X(channels, vectors): one kernel each. */
#define DEFINE_PRODUCT(channels, vectors)                                                                    \
    static void product_##channels##_##vectors(const winograd_product *p)                                    \
    {                                                                                                        \
        multiply(p, channels, vectors);                                                                      \
    }
WINOGRAD_BLOCKS(DEFINE_PRODUCT)

/* WINOGRAD_TILES: how many sums and a vector of weights fit the registers; WINOGRAD_EACH_TILES(X) lists 1 to
 * that many. The same for two blocks of channels at once, where there are registers enough to gain by it:
 * WINOGRAD_PAIR_TILES (or 0), WINOGRAD_EACH_PAIR(X). */
#define DEFINE_TURNED(tiles)                                                                                 \
    static void turned_##tiles(const winograd_turned *p)                                                     \
    {                                                                                                        \
        multiply_tiles(p, tiles, 1);                                                                         \
    }
#define DEFINE_TURNED_PAIR(tiles)                                                                            \
    static void turned_pair_##tiles(const winograd_turned *p)                                                \
    {                                                                                                        \
        multiply_tiles(p, tiles, 2);                                                                         \
    }
WINOGRAD_EACH_TILES(DEFINE_TURNED)
WINOGRAD_EACH_PAIR(DEFINE_TURNED_PAIR)

#define LIST_TURNED(tiles)              [tiles] = turned_##tiles,
#define LIST_TURNED_PAIR(tiles)         [tiles] = turned_pair_##tiles,
#define LIST_PRODUCT(channels, vectors) [channels][vectors] = product_##channels##_##vectors,
const cm_winograd_kernels WINOGRAD_TABLE = {
    .lanes = VEC_LANES,
    .channels = WINOGRAD_CHANNELS,
    .vectors = WINOGRAD_VECTORS,
    .product = {WINOGRAD_BLOCKS(LIST_PRODUCT)},
    .tiles = WINOGRAD_TILES,
    .pair_tiles = WINOGRAD_PAIR_TILES,
    .turned = {WINOGRAD_EACH_TILES(LIST_TURNED)},
    .turned_pair = {[0] = NULL, WINOGRAD_EACH_PAIR(LIST_TURNED_PAIR)},
    .turned_output = turned_output,
    .turn = vec_turn,
    .input = transform_input,
    .output = transform_output,
    .weave = weave_row,
};
