/* The tile of a matrix product, blocked for the registers of one instruction set: 4 rows by 3 vectors of
 * columns keep their chains in registers over all of k. Included by loops_template.h. Same bits as the
 * definition there: every element is one chain in order of k. */
#include "kernels/cpu/vector.h"

#define MATMUL_ROWS    4
#define MATMUL_VECTORS 3

typedef struct matmul_operands {
    const float *a, *b;
    float *y;
    int64_t a_row, a_k, b_row, y_row, k;
    bool first;
} matmul_operands;

/* Written out, as in conv_template.h. `rows` and `vectors` are constants where matmul_block is inlined. */
#define FOR_ROWS(DO)              DO(0) DO(1) DO(2) DO(3)
#define FOR_MATMUL_VECTORS(DO, i) DO(i, 0) DO(i, 1) DO(i, 2)

#define MATMUL_START(i, v)                                                                                   \
    if ((i) < rows && (v) < vectors)                                                                         \
        acc[i][v] = o->first ? vec_set(0.0f) : vec_load(y + (i)*o->y_row + (v)*VEC_LANES);
#define MATMUL_START_ROW(i) FOR_MATMUL_VECTORS(MATMUL_START, i)
#define MATMUL_LOAD(unused, v)                                                                               \
    if ((v) < vectors) in[v] = vec_load(b + k * o->b_row + (v)*VEC_LANES);
#define MATMUL_ADD(i, v)                                                                                     \
    if ((v) < vectors) acc[i][v] = vec_fma(weight, in[v], acc[i][v]);
#define MATMUL_ADD_ROW(i)                                                                                    \
    if ((i) < rows) {                                                                                        \
        const vec weight = vec_set(a[(i)*o->a_row + k * o->a_k]);                                            \
        FOR_MATMUL_VECTORS(MATMUL_ADD, i)                                                                    \
    }
#define MATMUL_STORE(i, v)                                                                                   \
    if ((i) < rows && (v) < vectors) vec_store(y + (i)*o->y_row + (v)*VEC_LANES, acc[i][v]);
#define MATMUL_STORE_ROW(i) FOR_MATMUL_VECTORS(MATMUL_STORE, i)

static inline __attribute__((always_inline)) void matmul_block(const matmul_operands *o, int64_t r, int64_t j,
                                                               const int rows, const int vectors)
{
    vec acc[MATMUL_ROWS][MATMUL_VECTORS], in[MATMUL_VECTORS];
    const float *a = o->a + r * o->a_row, *b = o->b + j;
    float *y = o->y + r * o->y_row + j;
    FOR_ROWS(MATMUL_START_ROW)
    for (int64_t k = 0; k < o->k; k++) {
        FOR_MATMUL_VECTORS(MATMUL_LOAD, )
        FOR_ROWS(MATMUL_ADD_ROW)
    }
    FOR_ROWS(MATMUL_STORE_ROW)
}

/* Columns that do not fill a vector. */
static void matmul_column(const matmul_operands *o, int64_t rows, int64_t j)
{
    for (int64_t r = 0; r < rows; r++) {
        float acc = o->first ? 0.0f : o->y[r * o->y_row + j];
        for (int64_t k = 0; k < o->k; k++)
            acc = fmaf(o->a[r * o->a_row + k * o->a_k], o->b[k * o->b_row + j], acc);
        o->y[r * o->y_row + j] = acc;
    }
}

static void matmul_tile(const float *a, int64_t a_row, int64_t a_k, const float *b, int64_t b_row, float *y,
                        int64_t y_row, int64_t rows, int64_t k, int64_t n, bool first)
{
    const matmul_operands o = {a, b, y, a_row, a_k, b_row, y_row, k, first};
    int64_t j = 0;
    for (; j + MATMUL_VECTORS * VEC_LANES <= n; j += MATMUL_VECTORS * VEC_LANES) {
        int64_t r = 0;
        for (; r + MATMUL_ROWS <= rows; r += MATMUL_ROWS)
            matmul_block(&o, r, j, MATMUL_ROWS, MATMUL_VECTORS);
        for (; r < rows; r++)
            matmul_block(&o, r, j, 1, MATMUL_VECTORS);
    }
    for (; j + VEC_LANES <= n; j += VEC_LANES) {
        int64_t r = 0;
        for (; r + MATMUL_ROWS <= rows; r += MATMUL_ROWS)
            matmul_block(&o, r, j, MATMUL_ROWS, 1);
        for (; r < rows; r++)
            matmul_block(&o, r, j, 1, 1);
    }
    for (; j < n; j++)
        matmul_column(&o, rows, j);
}
