/* The inner loops of matrix products, one table per instruction set (gemm_template.h): what products, most
 * convolutions and some transposed ones come down to. Everything is packed first, so that the loop reads both
 * sides in order from the first-level cache. */
#ifndef CM_KERNELS_CPU_GEMM_H
#define CM_KERNELS_CPU_GEMM_H

#include "kernels/backend.h"

/* A chain of multiply-adds may be cut along k: one call leaves the sums in y, the next resumes there. Floats
 * survive memory unchanged, so cutting changes no bit. */
typedef enum cm_gemm_start { CM_GEMM_ZERO, CM_GEMM_BIAS, CM_GEMM_RESUME } cm_gemm_start;

/* `rows` (the table's first index) times `vectors` (its second) vectors of sums:
 *   acc = +0, bias[i] or y[i][j]; for k in order: acc = fmaf(b[k * b_step + j], a[k * rows + i], acc)
 * then the activation; stored at y[i * y_step + j]. Of the last vector only `last` lanes are read from y and
 * written, 1 to all of them. */
typedef struct cm_gemm_block {
    const float *a, *b, *bias;
    const float *next_a; /* what the call after this one multiplies with, to be fetched ahead; or a */
    int64_t k, b_step;
    float *y;
    int64_t y_step, last;
    cm_gemm_start start;
    cm_activation activation;
    float alpha;
} cm_gemm_block;
typedef void (*cm_gemm_micro)(const cm_gemm_block *block);

/* The same where columns are few: vectors run along rows of a, here `blocks` (the table's first index) of a
 * vector each, for `columns` (its second) columns j: acc = +0, bias[i] or y[j * y_step + i]; for k in order:
 * acc = fmaf(b[k * b_step + j], a[k * lanes + i], acc) then the activation; block 1 reads a from a_step on
 * and bias and y from `lanes` on. What a later call reads of a is fetched meanwhile, with row k the line of
 * the cache at ahead[k % CM_GEMM_STREAMS * stream_step + k / CM_GEMM_STREAMS * ahead_step]: from several
 * pages at a time, as memory is read much faster so than from one place (conv_winograd.h has figures). */
typedef struct cm_gemm_turned {
    const float *a, *b, *bias, *ahead;
    int64_t stream_step, ahead_step;
    int64_t k, a_step, b_step;
    float *y;
    int64_t y_step;
    cm_gemm_start start;
    cm_activation activation;
    float alpha;
} cm_gemm_turned;
typedef void (*cm_gemm_turned_micro)(const cm_gemm_turned *block);

/* Adjacent outputs of one row of a convolution: n of them, which begin in lane `to` of the panel. z, y, x:
 * where in the input the first tap of the first of them lies, perhaps outside. */
typedef struct cm_gemm_segment {
    int64_t z, y, x, to, n;
} cm_gemm_segment;

/* The inputs that outputs of a convolution read, as a matrix: row k for (channel, kz, ky, kx) in this order,
 * one column per output; +0 where a tap lies outside. */
typedef struct cm_gemm_patch {
    const float *x;       /* first channel of the group */
    int64_t channel_step; /* floats */
    int64_t in[3], kernel[3], dilation[3], stride_x;
    int n_segments;
    const cm_gemm_segment *segment;
} cm_gemm_patch;

enum { CM_GEMM_TURNED_COLUMNS = 13, CM_GEMM_TURNED_BLOCKS = 2, CM_GEMM_STREAMS = 4 };
enum { CM_GEMM_ROWS = 8, CM_GEMM_VECTORS = 3, CM_GEMM_LANES = 16, CM_GEMM_PANEL = 8192 };
/* From one row of a panel to the next: its widest columns, and a vector that stores may run over. */
#define CM_GEMM_STEP(lanes) ((CM_GEMM_VECTORS + 1) * (lanes))

typedef struct cm_gemm_kernels {
    int lanes; /* floats of a vector */
    int rows;  /* most rows of a block */
    int depth; /* rows of a panel: depth * CM_GEMM_STEP(lanes) floats fit CM_GEMM_PANEL */
    cm_gemm_micro micro[CM_GEMM_ROWS + 1][CM_GEMM_VECTORS + 1];
    int turned_columns, turned_blocks; /* most of a turned block */
    cm_gemm_turned_micro turned[CM_GEMM_TURNED_BLOCKS + 1][CM_GEMM_TURNED_COLUMNS + 1];
    /* Rows k0..k1-1 of a patch to panel[(k - k0) * CM_GEMM_STEP(lanes) + column]. */
    void (*gather)(const cm_gemm_patch *patch, int64_t k0, int64_t k1, float *panel);
    /* Columns first[p]..first[p + 1]-1 of `depth` rows, from_step apart, to panel p < panels: row k of it at
     * to[p * CM_GEMM_PANEL + k * CM_GEMM_STEP(lanes)]. */
    void (*copy)(const float *from, int64_t from_step, int64_t depth, int64_t panels, const int64_t *first,
                 float *to);
    /* to[k * to_step + r] = from[r * from_step + k], r < n, k < depth. */
    void (*turn)(const float *from, int64_t from_step, int64_t n, int64_t depth, float *to, int64_t to_step);
    /* to[i * ways + f] = from[f * from_step + i], i < n, f < ways. */
    void (*weave)(const float *from, int64_t from_step, int64_t ways, int64_t n, float *to);
    /* y[r][i] = alpha * y[r][i], then fmaf(beta, c[r * c_row + i * c_column], .) unless c is NULL. */
    void (*finish)(float alpha, float beta, const float *c, int64_t c_row, int64_t c_column, float *y,
                   int64_t y_row, int64_t rows, int64_t n);
} cm_gemm_kernels;

/* Columns of a panel, and from one row of it to the next. */
static inline int64_t cm_gemm_width(const cm_gemm_kernels *g)
{
    return (int64_t)CM_GEMM_VECTORS * g->lanes;
}
static inline int64_t cm_gemm_step(const cm_gemm_kernels *g)
{
    return CM_GEMM_STEP((int64_t)g->lanes);
}

/* n things in nearly equal parts of at most `most`: how many parts, and where part i begins. */
static inline int64_t cm_gemm_parts(int64_t n, int64_t most)
{
    return (n + most - 1) / most;
}
static inline int64_t cm_gemm_part_first(int64_t n, int64_t parts, int64_t i)
{
    const int64_t small = n / parts, larger = n % parts;
    return i * small + (i < larger ? i : larger);
}

/* Panels of a matrix of n columns, and the column where panel i begins; where the last one ends is a multiple
 * of a vector, so perhaps beyond n. */
static inline int64_t cm_gemm_panels(const cm_gemm_kernels *g, int64_t n)
{
    return cm_gemm_parts(cm_gemm_parts(n, g->lanes), CM_GEMM_VECTORS);
}
static inline int64_t cm_gemm_panel_start(const cm_gemm_kernels *g, int64_t n, int64_t i)
{
    return cm_gemm_part_first(cm_gemm_parts(n, g->lanes), cm_gemm_panels(g, n), i) * g->lanes;
}

#endif
