/* Winograd's transforms and products on vectors of adjacent tiles. Included once by each winograd_<isa>.c,
 * which is compiled for its instruction set, sets WINOGRAD_TABLE to the name of its table and WINOGRAD_BLOCKS
 * to the list of its block sizes. The order of every addition is that of conv_winograd.h. */
#include <stddef.h>

#include "kernels/cpu/conv_winograd.h"
#include "kernels/cpu/vector.h"

#define INLINE static inline __attribute__((always_inline))

/* -- input -- */

/* Even and odd inputs of one row, summed over z; as long as a row of tiles plus the next tile's first two,
 * and read in whole vectors. */
typedef struct split_row {
    float even[WINOGRAD_ROW + 3 * VEC_LANES], odd[WINOGRAD_ROW + 3 * VEC_LANES];
} split_row;

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

INLINE void split_rows(const float *a, const float *b, int64_t start, int64_t n, int64_t count,
                       const row_sum sum, split_row *to)
{
    int64_t i = 0;
    for (; i < count; i += VEC_LANES) {
        const int64_t at = start + 2 * i;
        vec first, second;
        if (a && (b || sum == ROW_ALONE) && at >= 0 && at + 2 * VEC_LANES <= n) {
            first = sum_rows(vec_load(a + at), sum == ROW_ALONE ? vec_set(0.0f) : vec_load(b + at), sum);
            second = sum_rows(vec_load(a + at + VEC_LANES),
                              sum == ROW_ALONE ? vec_set(0.0f) : vec_load(b + at + VEC_LANES), sum);
        } else {
            first = sum_rows(load_edge(a, at, n), load_edge(b, at, n), sum);
            second = sum_rows(load_edge(a, at + VEC_LANES, n), load_edge(b, at + VEC_LANES, n), sum);
        }
        vec even, odd;
        vec_part(first, second, &even, &odd);
        vec_store(to->even + i, even);
        vec_store(to->odd + i, odd);
    }
    vec_store(to->even + i,
              vec_set(0.0f)); /* what lies here is computed with, and subnormal numbers are slow */
    vec_store(to->odd + i, vec_set(0.0f));
}

/* The transforms along y and x of one row of tiles, from its four rows of inputs. */
INLINE void transform_row(const split_row *row[4], int64_t tiles, float *v, int64_t step)
{
    for (int64_t i = 0; i < tiles; i += VEC_LANES) {
        vec d[4][4];
        for (int r = 0; r < 4; r++) {
            d[r][0] = vec_load(row[r]->even + i);
            d[r][1] = vec_load(row[r]->odd + i);
            d[r][2] = vec_load(row[r]->even + i + 1);
            d[r][3] = vec_load(row[r]->odd + i + 1);
        }
        for (int r = 0; r < 4; r++) {
            vec e[4];
            for (int c = 0; c < 4; c++)
                e[c] = r == 0   ? vec_subtract(d[0][c], d[2][c])
                       : r == 1 ? vec_add(d[1][c], d[2][c])
                       : r == 2 ? vec_subtract(d[2][c], d[1][c])
                                : vec_subtract(d[1][c], d[3][c]);
            float *to = v + 4 * r * step + i;
            vec_store(to, vec_subtract(e[0], e[2]));
            vec_store(to + step, vec_add(e[1], e[2]));
            vec_store(to + 2 * step, vec_subtract(e[2], e[1]));
            vec_store(to + 3 * step, vec_subtract(e[1], e[3]));
        }
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
        __builtin_prefetch(x + i, 0, 2);
}

/* Tiles whose z element is the sum of input planes za and zb of the tile. */
INLINE void transform_planes(const winograd_input *in, int64_t tile_step, int za, int zb, const row_sum sum)
{
    split_row ring[4];
    float *v = in->v;
    for (int64_t tz = 0; tz < in->tiles[0]; tz++) {
        const int64_t z = in->start[0] + tz * tile_step;
        fetch_plane(in, z + za);
        if (sum != ROW_ALONE) fetch_plane(in, z + zb);
        int64_t done = 0;
        for (int64_t ty = 0; ty < in->tiles[1]; ty++, v += in->tiles[2]) {
            for (; done < 2 * ty + 4; done++) {
                const int64_t y = in->start[1] + done;
                split_rows(row_at(in, z + za, y), sum == ROW_ALONE ? NULL : row_at(in, z + zb, y),
                           in->start[2], in->extent[2], in->tiles[2] + 1, sum, &ring[done % 4]);
            }
            const split_row *row[4] = {&ring[2 * ty % 4], &ring[(2 * ty + 1) % 4], &ring[(2 * ty + 2) % 4],
                                       &ring[(2 * ty + 3) % 4]};
            transform_row(row, in->tiles[2], v, in->element_step);
        }
    }
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
    for (int64_t c = 0; c < p->channels; c++) {
        FOR_VECTORS(LOAD, )
        FOR_CHANNELS(MULTIPLY_CHANNEL)
        v += p->v_step;
        u += channels;
    }
    FOR_CHANNELS(STORE_CHANNEL)
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

INLINE vec finish(const winograd_output *o, vec v)
{
    v = vec_add(v, vec_set(o->bias));
    if (o->activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (o->activation == CM_ACTIVATION_LEAKY_RELU)
        return vec_if_negative(v, vec_multiply(vec_set(o->alpha), v));
    return v;
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

INLINE void output_planes(const winograd_output *o, const winograd_z z)
{
    for (int64_t i = 0; i < o->count; i += VEC_LANES) {
        vec row[4][2];
        for (int r = 0; r < 4; r++) {
            const float *m = o->m + 4 * r * o->element_step + i;
            const vec m0 = vec_load(m), m1 = vec_load(m + o->element_step),
                      m2 = vec_load(m + 2 * o->element_step), m3 = vec_load(m + 3 * o->element_step);
            row[r][0] = first_of(m0, m1, m2);
            row[r][1] = second_of(m1, m2, m3);
        }
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

#define LIST_PRODUCT(channels, vectors) [channels][vectors] = product_##channels##_##vectors,
const cm_winograd_kernels WINOGRAD_TABLE = {
    .lanes = VEC_LANES,
    .channels = WINOGRAD_CHANNELS,
    .vectors = WINOGRAD_VECTORS,
    .product = {WINOGRAD_BLOCKS(LIST_PRODUCT)},
    .input = transform_input,
    .output = transform_output,
    .weave = weave_row,
};
