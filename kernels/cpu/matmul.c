/* Matrix products over broadcast batches.
 *
 * An output is one chain of fmaf in order of k from +0, then alpha * chain, then fmaf(beta, c, ...). Work is
 * cut into tiles of the output; a transposed b is turned over panel by panel on the stack, which moves
 * numbers and changes none. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <stdatomic.h>
#include <stddef.h>

#define TILE_M  32
#define TILE_N  192
#define PANEL_K 64 /* rows of b turned over at a time: 48 KiB of stack */

typedef struct matmul_job {
    const cm_cpu_loops *loops;
    const cm_tensor *a_tensor, *b_tensor, *c_tensor, *y_tensor;
    const float *a, *b, *c;
    float *y;
    int64_t m, n, k;
    int64_t a_row, a_k;       /* steps of a along m and k */
    int64_t b_row;            /* step of b along k, or along n when it is transposed */
    int64_t c_row, c_column;  /* steps of c along m and n */
    int64_t tiles_m, tiles_n; /* per matrix */
    bool transpose_b;
    float alpha, beta;
    const cm_stop *stop;
    atomic_int *status;
} matmul_job;

/* Offset of batch `index` of y in x, whose batch dimensions broadcast to those of y. */
static int64_t batch_offset(const cm_tensor *x, const cm_tensor *y, int64_t index)
{
    int64_t step = 1, at = 0;
    for (int i = 1; i <= 2 && i <= x->rank; i++)
        step *= x->dim[x->rank - i];
    for (int i = 3; i <= y->rank; i++) {
        const int64_t position = index % y->dim[y->rank - i];
        index /= y->dim[y->rank - i];
        if (i > x->rank) continue;
        const int64_t d = x->dim[x->rank - i];
        at += d == 1 ? 0 : position * step;
        step *= d;
    }
    return at;
}

static void turn_panel(const matmul_job *j, const float *b, int64_t n, int64_t k, float *panel)
{
    for (int64_t c = 0; c < n; c++)
        for (int64_t i = 0; i < k; i++)
            panel[i * n + c] = b[c * j->b_row + i];
}

static void finish_tile(const matmul_job *j, const float *c, float *y, int64_t rows, int64_t n)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) {
            const float v = j->alpha * y[r * j->n + i];
            y[r * j->n + i] = c ? fmaf(j->beta, c[r * j->c_row + i * j->c_column], v) : v;
        }
}

static void run_tile(const matmul_job *j, const float *a, const float *b, float *y, int64_t rows, int64_t n)
{
    float panel[PANEL_K * TILE_N];
    if (!j->transpose_b) {
        j->loops->matmul_tile(a, j->a_row, j->a_k, b, j->b_row, y, j->n, rows, j->k, n, true);
        return;
    }
    for (int64_t k = 0; k < j->k || k == 0; k += PANEL_K) {
        const int64_t depth = j->k - k < PANEL_K ? j->k - k : PANEL_K;
        turn_panel(j, b + k, n, depth, panel);
        j->loops->matmul_tile(a + k * j->a_k, j->a_row, j->a_k, panel, n, y, j->n, rows, depth, n, k == 0);
    }
}

static void matmul_range(void *context, int64_t begin, int64_t end)
{
    const matmul_job *j = context;
    for (int64_t task = begin; task < end; task++) {
        if (atomic_load(j->status)) return;
        const cm_status due = cm_stop_due(j->stop);
        if (due) {
            atomic_store(j->status, due);
            return;
        }
        const int64_t n0 = task % j->tiles_n * TILE_N;
        const int64_t m0 = task / j->tiles_n % j->tiles_m * TILE_M;
        const int64_t batch = task / j->tiles_n / j->tiles_m;
        const int64_t rows = j->m - m0 < TILE_M ? j->m - m0 : TILE_M;
        const int64_t n = j->n - n0 < TILE_N ? j->n - n0 : TILE_N;
        const float *a = j->a + batch_offset(j->a_tensor, j->y_tensor, batch) + m0 * j->a_row;
        const float *b =
            j->b + batch_offset(j->b_tensor, j->y_tensor, batch) + n0 * (j->transpose_b ? j->b_row : 1);
        float *y = j->y + (batch * j->m + m0) * j->n + n0;
        run_tile(j, a, b, y, rows, n);
        const float *c = NULL;
        if (j->c) c = j->c + batch_offset(j->c_tensor, j->y_tensor, batch) + m0 * j->c_row + n0 * j->c_column;
        if (c || j->alpha != 1.0f) finish_tile(j, c, y, rows, n);
    }
}

/* Whether the batch dimensions of x broadcast to those of y. */
static bool batch_fits(const cm_tensor *x, const cm_tensor *y)
{
    if (x->rank > y->rank) return false;
    for (int i = 3; i <= x->rank; i++) {
        const int64_t d = x->dim[x->rank - i];
        if (d != 1 && d != y->dim[y->rank - i]) return false;
    }
    return true;
}

static cm_status check_matmul(const cm_tensor *a, bool transpose_a, const cm_tensor *b, bool transpose_b,
                              const cm_tensor *c, const cm_tensor *y, matmul_job *j, cm_error *err)
{
    const cm_tensor *const all[] = {a, b, y, c ? c : y};
    for (int i = 0; i < 4; i++)
        if (all[i]->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "a matrix product", all[i]);
    if (a->rank < 2 || b->rank < 2 || y->rank < 2)
        return cm_cpu_shape_error(err, "a matrix product needs at least two dimensions", a, b);
    const int64_t *da = a->dim + a->rank - 2, *db = b->dim + b->rank - 2, *dy = y->dim + y->rank - 2;
    j->m = da[transpose_a];
    j->k = da[!transpose_a];
    j->n = db[!transpose_b];
    if (db[transpose_b] != j->k || !batch_fits(a, y) || !batch_fits(b, y))
        return cm_cpu_shape_error(err, "the inputs of a matrix product do not fit each other", a, b);
    if (dy[0] != j->m || dy[1] != j->n)
        return cm_cpu_shape_error(err, "the output of a matrix product does not fit its inputs", a, y);
    j->a_row = transpose_a ? 1 : j->k;
    j->a_k = transpose_a ? j->m : 1;
    j->b_row = db[1];
    if (!c) return CM_OK;
    const int64_t columns = c->rank >= 1 ? c->dim[c->rank - 1] : 1;
    const int64_t rows = c->rank >= 2 ? c->dim[c->rank - 2] : 1;
    if ((columns != 1 && columns != j->n) || (rows != 1 && rows != j->m) || !batch_fits(c, y))
        return cm_cpu_shape_error(err, "the addend of a matrix product does not broadcast to its output", c,
                                  y);
    j->c_column = columns == 1 ? 0 : 1;
    j->c_row = rows == 1 ? 0 : columns;
    return CM_OK;
}

cm_status cm_cpu_matmul(cm_backend *be, const cm_tensor *a, bool transpose_a, const cm_tensor *b,
                        bool transpose_b, float alpha, const cm_tensor *c, float beta, cm_tensor *y,
                        const cm_stop *stop, cm_error *err)
{
    atomic_int stopped = 0;
    matmul_job job = {.loops = cm_cpu_get_variant(be)->loops,
                      .a_tensor = a,
                      .b_tensor = b,
                      .c_tensor = c,
                      .y_tensor = y,
                      .a = a->data,
                      .b = b->data,
                      .c = c ? c->data : NULL,
                      .y = y->data,
                      .transpose_b = transpose_b,
                      .alpha = alpha,
                      .beta = beta,
                      .stop = stop,
                      .status = &stopped};
    const cm_status st = check_matmul(a, transpose_a, b, transpose_b, c, y, &job, err);
    if (st) return st;
    int64_t batches = 1;
    for (int i = 0; i < y->rank - 2; i++)
        batches *= y->dim[i];
    job.tiles_m = (job.m + TILE_M - 1) / TILE_M;
    job.tiles_n = (job.n + TILE_N - 1) / TILE_N;
    const int64_t cost = (job.m < TILE_M ? job.m : TILE_M) * (job.n < TILE_N ? job.n : TILE_N) * job.k + 1;
    cm_cpu_for(be, batches * job.tiles_m * job.tiles_n, 1 + 65536 / cost, matmul_range, &job);
    if (atomic_load(&stopped))
        return CM_FAIL(err, (cm_status)atomic_load(&stopped), .what = "a matrix product was stopped");
    return CM_OK;
}
