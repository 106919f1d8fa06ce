/* The loops of cm_gemm_kernels. Included once by each gemm_<isa>.c, which is compiled for its instruction set
 * and sets GEMM_TABLE (its name), GEMM_MOST_ROWS, GEMM_DEPTH and GEMM_BLOCKS (the list of block sizes).
 *
 * Vectorised along the columns of y and blocked over its rows: every loaded vector of b serves all rows and
 * every broadcast element of a all vectors, with the sums in registers. Each sum stays one chain in order of
 * k, so the bits are those of the definitions. */
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/vector.h"
#include "kernels/cpu/vector_turn.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

_Static_assert(GEMM_DEPTH *CM_GEMM_STEP(VEC_LANES) <= CM_GEMM_PANEL, "a panel too large for its place");

static inline __attribute__((always_inline)) vec activate(vec v, cm_activation activation, float alpha)
{
    if (activation == CM_ACTIVATION_RELU) return vec_if_negative(v, vec_set(0.0f));
    if (activation == CM_ACTIVATION_LEAKY_RELU) return vec_if_negative(v, vec_multiply(vec_set(alpha), v));
    return v;
}

/* Written out for every accumulator rather than looped: each must become a register, whatever a compiler
 * thinks of unrolling. `rows` and `vectors` are constants where run_block is inlined. */
#define FOR_ROWS(DO)       DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define FOR_VECTORS(DO, i) DO(i, 0) DO(i, 1) DO(i, 2)

#define START(i, v)                                                                                          \
    if ((v) < vectors) acc[i][v] = start;
#define START_ROW(i)                                                                                         \
    if ((i) < rows) {                                                                                        \
        const vec start = vec_set(b->start == CM_GEMM_BIAS ? b->bias[i] : 0.0f);                             \
        FOR_VECTORS(START, i)                                                                                \
    }
#define RESUME(i, v)                                                                                         \
    if ((v) < vectors)                                                                                       \
        acc[i][v] = (v) + 1 < vectors || b->last == VEC_LANES                                                \
                        ? vec_load(y + (v)*VEC_LANES)                                                        \
                        : vec_load_range(y + (v)*VEC_LANES, 0, b->last);
#define RESUME_ROW(i)                                                                                        \
    if ((i) < rows) {                                                                                        \
        const float *y = b->y + (i)*b->y_step;                                                               \
        FOR_VECTORS(RESUME, i)                                                                               \
    }
#define LOAD(unused, v)                                                                                      \
    if ((v) < vectors) in[v] = vec_load(x + (v)*VEC_LANES);
#define MULTIPLY(i, v)                                                                                       \
    if ((v) < vectors) acc[i][v] = vec_fma(in[v], weight, acc[i][v]);
#define MULTIPLY_ROW(i)                                                                                      \
    if ((i) < rows) {                                                                                        \
        const vec weight = vec_set(w[i]);                                                                    \
        FOR_VECTORS(MULTIPLY, i)                                                                             \
    }
#define STORE(i, v)                                                                                          \
    if ((v) < vectors) {                                                                                     \
        const vec done = activate(acc[i][v], b->activation, b->alpha);                                       \
        if ((v) + 1 < vectors || b->last == VEC_LANES)                                                       \
            vec_store(y + (v)*VEC_LANES, done);                                                              \
        else                                                                                                 \
            vec_store_first(y + (v)*VEC_LANES, done, b->last);                                               \
    }
#define STORE_ROW(i)                                                                                         \
    if ((i) < rows) {                                                                                        \
        float *y = b->y + (i)*b->y_step;                                                                     \
        FOR_VECTORS(STORE, i)                                                                                \
    }

static inline __attribute__((always_inline)) void run_block(const cm_gemm_block *b, const int rows,
                                                            const int vectors)
{
    vec acc[CM_GEMM_ROWS][CM_GEMM_VECTORS], in[CM_GEMM_VECTORS];
    if (b->start == CM_GEMM_RESUME) {
        FOR_ROWS(RESUME_ROW)
    } else {
        FOR_ROWS(START_ROW)
    }
    const float *w = b->a, *x = b->b, *next = b->next_a;
    const int64_t step = b->b_step;
    for (int64_t k = b->k; k > 0; k--) {
        FOR_VECTORS(LOAD, )
        __builtin_prefetch(next);
        FOR_ROWS(MULTIPLY_ROW)
        w += rows;
        next += rows;
        x += step;
    }
    FOR_ROWS(STORE_ROW)
}

/* GEMM_BLOCKS(X) lists X(rows, vectors): one micro-kernel each. */
#define DEFINE_MICRO(rows, vectors)                                                                          \
    static void micro_##rows##_##vectors(const cm_gemm_block *block)                                         \
    {                                                                                                        \
        run_block(block, rows, vectors);                                                                     \
    }
#define DEFINE_ROW(rows) DEFINE_MICRO(rows, 1) DEFINE_MICRO(rows, 2) DEFINE_MICRO(rows, 3)
GEMM_EACH_ROWS(DEFINE_ROW)

/* -- few columns -- */

#define FOR_COLUMNS(DO) FOR_ROWS(DO) DO(8) DO(9) DO(10) DO(11) DO(12)
#define START_COLUMN(j)                                                                                      \
    if ((j) < columns) {                                                                                     \
        const float *y = b->y + (j)*b->y_step;                                                               \
        first[j] = resumes ? vec_load(y) : start;                                                            \
        second[j] = blocks < 2 ? start : resumes ? vec_load(y + VEC_LANES) : more;                           \
    }
#define MULTIPLY_COLUMN(j)                                                                                   \
    if ((j) < columns) {                                                                                     \
        const vec input = vec_set(x[j]);                                                                     \
        first[j] = vec_fma(input, weights, first[j]);                                                        \
        if (blocks == 2) second[j] = vec_fma(input, more_weights, second[j]);                                \
    }
#define STORE_COLUMN(j)                                                                                      \
    if ((j) < columns) {                                                                                     \
        float *y = b->y + (j)*b->y_step;                                                                     \
        vec_store(y, activate(first[j], b->activation, b->alpha));                                           \
        if (blocks == 2) vec_store(y + VEC_LANES, activate(second[j], b->activation, b->alpha));             \
    }

static inline __attribute__((always_inline)) void run_turned(const cm_gemm_turned *b, const int columns,
                                                             const int blocks)
{
    vec first[CM_GEMM_TURNED_COLUMNS], second[CM_GEMM_TURNED_COLUMNS];
    const bool resumes = b->start == CM_GEMM_RESUME;
    const vec zero = vec_set(0.0f), start = b->start == CM_GEMM_BIAS ? vec_load(b->bias) : zero,
              more = b->start == CM_GEMM_BIAS && blocks == 2 ? vec_load(b->bias + VEC_LANES) : zero;
    FOR_COLUMNS(START_COLUMN)
    const float *w = b->a, *x = b->b;
    const int64_t a_step = b->a_step, stream_step = b->stream_step, ahead_step = b->ahead_step;
    for (int64_t k = 0; k < b->k; k++) {
        const vec weights = vec_load(w), more_weights = blocks == 2 ? vec_load(w + a_step) : weights;
        const float *ahead = b->ahead + k % CM_GEMM_STREAMS * stream_step;
        __builtin_prefetch(ahead + k / CM_GEMM_STREAMS * ahead_step, 0, 2);
        FOR_COLUMNS(MULTIPLY_COLUMN)
        w += VEC_LANES;
        x += b->b_step;
    }
    FOR_COLUMNS(STORE_COLUMN)
}

/* GEMM_TURNED_COLUMNS and GEMM_TURNED_BLOCKS fit the registers; GEMM_EACH_COLUMN(X) lists 1 to that many, and
 * GEMM_EACH_PAIR(X) as well where two blocks do, or nothing. */
#define DEFINE_TURNED(columns)                                                                               \
    static void turned_##columns(const cm_gemm_turned *block)                                                \
    {                                                                                                        \
        run_turned(block, columns, 1);                                                                       \
    }
#define DEFINE_TURNED_PAIR(columns)                                                                          \
    static void turned_pair_##columns(const cm_gemm_turned *block)                                           \
    {                                                                                                        \
        run_turned(block, columns, 2);                                                                       \
    }
GEMM_EACH_COLUMN(DEFINE_TURNED)
GEMM_EACH_PAIR(DEFINE_TURNED_PAIR)

/* -- packing -- */

static inline void set_zero(float *to, int64_t n)
{
    const vec zero = vec_set(0.0f);
    for (int64_t i = 0; i < n; i += VEC_LANES)
        vec_store(to + i, zero);
}

/* Outputs i < n read row[x + i]: those inside 0..in-1. */
static inline void gather_adjacent(const float *row, int64_t x, int64_t in, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i += VEC_LANES) {
        const int64_t at = x + i;
        if (at >= 0 && at + VEC_LANES <= in)
            vec_store(to + i, vec_load(row + at));
        else
            vec_store(to + i, vec_load_range(row + at, -at, in - at));
    }
}

/* Outputs i < n read row[x + 2 * i]. */
static inline void gather_even(const float *row, int64_t x, int64_t in, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i += VEC_LANES) {
        const int64_t at = x + 2 * i;
        vec a, b, even, odd;
        if (at >= 0 && at + 2 * VEC_LANES <= in) {
            a = vec_load(row + at);
            b = vec_load(row + at + VEC_LANES);
        } else {
            a = vec_load_range(row + at, -at, in - at);
            b = vec_load_range(row + at + VEC_LANES, -at - VEC_LANES, in - at - VEC_LANES);
        }
        vec_part(a, b, &even, &odd);
        vec_store(to + i, even);
    }
}

static inline void gather_apart(const float *row, int64_t x, int64_t step, int64_t in, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = x + i * step;
        to[i] = at >= 0 && at < in ? row[at] : 0.0f;
    }
}

/* What the same segment will read of the next channel begins its way to the cache. */
static inline void fetch_ahead(const float *row, int64_t x, int64_t floats)
{
    for (int64_t i = 0; i < floats; i += 16)
        __builtin_prefetch(row + x + i);
}

/* The taps of one segment along x, from input x on, to rows of the panel. */
static inline void gather_taps(const cm_gemm_patch *p, const float *row, int64_t x, int64_t taps, int64_t n,
                               float *to)
{
    const int64_t in = p->in[2], step = p->dilation[2];
    if (p->stride_x == 1)
        for (int64_t t = 0; t < taps; t++)
            gather_adjacent(row, x + t * step, in, n, to + t * CM_GEMM_STEP(VEC_LANES));
    else if (p->stride_x == 2)
        for (int64_t t = 0; t < taps; t++)
            gather_even(row, x + t * step, in, n, to + t * CM_GEMM_STEP(VEC_LANES));
    else
        for (int64_t t = 0; t < taps; t++)
            gather_apart(row, x + t * step, p->stride_x, in, n, to + t * CM_GEMM_STEP(VEC_LANES));
}

/* Segment after segment: what a store writes past the end of one, the next one overwrites. */
static void gather(const cm_gemm_patch *p, int64_t k0, int64_t k1, float *panel)
{
    const int64_t nx = p->kernel[2], ny = p->kernel[1], nz = p->kernel[0];
    int64_t kx = k0 % nx, ky = k0 / nx % ny, kz = k0 / (nx * ny) % nz;
    const float *channel = p->x + k0 / (nx * ny * nz) * p->channel_step;
    for (int64_t k = k0; k < k1;) {
        const int64_t taps = nx - kx < k1 - k ? nx - kx : k1 - k;
        for (int s = 0; s < p->n_segments; s++) {
            const cm_gemm_segment *g = p->segment + s;
            const int64_t z = g->z + kz * p->dilation[0], y = g->y + ky * p->dilation[1];
            if (z >= 0 && z < p->in[0] && y >= 0 && y < p->in[1]) {
                const float *row = channel + (z * p->in[1] + y) * p->in[2];
                fetch_ahead(row + p->channel_step, g->x, g->n * p->stride_x);
                gather_taps(p, row, g->x + kx * p->dilation[2], taps, g->n, panel + g->to);
            } else
                for (int64_t t = 0; t < taps; t++)
                    set_zero(panel + t * CM_GEMM_STEP(VEC_LANES) + g->to, g->n);
        }
        k += taps;
        panel += taps * CM_GEMM_STEP(VEC_LANES);
        kx = 0;
        if (++ky < ny) continue;
        ky = 0;
        if (++kz < nz) continue;
        kz = 0;
        channel += p->channel_step;
    }
}

/* Rows of b lie pages apart, where no hardware fetches ahead. */
#define AHEAD 8

/* Row by row through all panels, in long runs. */
static void copy(const float *from, int64_t from_step, int64_t depth, int64_t panels, const int64_t *first,
                 float *to)
{
    for (int64_t k = 0; k < depth; k++, from += from_step, to += CM_GEMM_STEP(VEC_LANES))
        for (int64_t p = 0; p < panels; p++) {
            const float *row = from + first[p] - first[0];
            const int64_t n = first[p + 1] - first[p];
            float *panel = to + p * CM_GEMM_PANEL;
            int64_t i = 0;
            for (; i + VEC_LANES <= n; i += VEC_LANES) {
                __builtin_prefetch(row + AHEAD * from_step + i);
                vec_store(panel + i, vec_load(row + i));
            }
            if (i < n) vec_store(panel + i, vec_load_range(row + i, 0, n - i));
        }
}

static void weave(const float *from, int64_t from_step, int64_t ways, int64_t n, float *to)
{
    int64_t i = 0;
    if (ways == 2)
        for (; i + VEC_LANES <= n; i += VEC_LANES) {
            vec a, b;
            vec_weave(vec_load(from + i), vec_load(from + from_step + i), &a, &b);
            vec_store(to + 2 * i, a);
            vec_store(to + 2 * i + VEC_LANES, b);
        }
    for (; i < n; i++)
        for (int64_t f = 0; f < ways; f++)
            to[i * ways + f] = from[f * from_step + i];
}

static void finish(float alpha, float beta, const float *c, int64_t c_row, int64_t c_column, float *y,
                   int64_t y_row, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++, y += y_row) {
        const float *addend = c ? c + r * c_row : NULL;
        if (!addend)
            for (int64_t i = 0; i < n; i++)
                y[i] = alpha * y[i];
        else if (c_column == 1)
            for (int64_t i = 0; i < n; i++)
                y[i] = fmaf(beta, addend[i], alpha * y[i]);
        else
            for (int64_t i = 0; i < n; i++)
                y[i] = fmaf(beta, addend[i * c_column], alpha * y[i]);
    }
}

#define LIST_ROW(rows)            [rows] = {0, micro_##rows##_1, micro_##rows##_2, micro_##rows##_3},
#define LIST_TURNED(columns)      [columns] = turned_##columns,
#define LIST_TURNED_PAIR(columns) [columns] = turned_pair_##columns,
const cm_gemm_kernels GEMM_TABLE = {
    .lanes = VEC_LANES,
    .rows = GEMM_MOST_ROWS,
    .depth = GEMM_DEPTH,
    .micro = {GEMM_EACH_ROWS(LIST_ROW)},
    .turned_columns = GEMM_TURNED_COLUMNS,
    .turned_blocks = GEMM_TURNED_BLOCKS,
    .turned = {[1] = {GEMM_EACH_COLUMN(LIST_TURNED)}, [2] = {[0] = NULL, GEMM_EACH_PAIR(LIST_TURNED_PAIR)}},
    .gather = gather,
    .copy = copy,
    .turn = vec_turn,
    .weave = weave,
    .finish = finish,
};
