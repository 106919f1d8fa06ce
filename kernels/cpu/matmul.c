/* Matrix products over broadcast batches.
 *
 * An output is one chain of fmaf in order of k from +0, then alpha * chain, then fmaf(beta, c, ...). Work is
 * cut into tiles of the output. Of a tile, both sides are packed along k: the rows of a in long stretches,
 * the columns of b a few panels at a time, so that the inner loop (gemm_template.h) reads both in order from
 * the nearest cache. A b that many products read, the weights of a layer, is packed once. Packing moves
 * numbers and changes none. */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/gemm.h"

#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

enum {
    PACKED_A = 131072, /* floats of a that a tile packs at a time: on the stack, in the second-level cache */
    PANELS = 4,        /* of b that are packed at a time, likewise */
    TILE_M = 256,      /* most rows of a tile, about */
    FEW_ROWS = 8,      /* with so few rows b is read where it lies */
    PIECES = 3         /* of work per thread */
};

typedef struct matmul_job {
    const cm_gemm_kernels *kernels; /* NULL: the definition */
    const cm_tensor *a_tensor, *b_tensor, *c_tensor, *y_tensor;
    const float *a, *b, *c;
    bool b_is_packed; /* as cm_cpu_matmul_pack does */
    float *y;
    int64_t batches, m, n, k;
    int64_t a_row, a_k;       /* steps of a along m and k */
    int64_t b_k, b_column;    /* steps of b along k and n */
    int64_t c_row, c_column;  /* steps of c along m and n */
    int64_t strips, panels;   /* blocks of rows and of columns, of one matrix */
    int64_t tiles_m, tiles_n; /* which the tiles share */
    float alpha, beta;
    const cm_stop *stop;
    atomic_int *status;
} matmul_job;

/* One matrix of the batch, and the part of it that is one tile. */
typedef struct matmul_tile {
    const float *a, *b, *c;
    float *y;
    int64_t strip0, strip1, panel0, panel1;
} matmul_tile;

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

/* Rows of a where strip i begins; columns of b where panel i begins. */
static int64_t strip_first(const matmul_job *j, int64_t i)
{
    return cm_gemm_part_first(j->m, j->strips, i);
}

static int64_t panel_first(const matmul_job *j, int64_t i)
{
    const int64_t column = cm_gemm_panel_start(j->kernels, j->n, i);
    return column < j->n ? column : j->n;
}

/* Strip after strip, each [k][rows of the strip]. */
static void pack_rows(const matmul_job *j, const matmul_tile *t, int64_t k, int64_t depth, float *packed)
{
    for (int64_t i = t->strip0; i < t->strip1; i++) {
        const int64_t row = strip_first(j, i), rows = strip_first(j, i + 1) - row;
        const float *from = t->a + row * j->a_row + k * j->a_k;
        if (j->a_k == 1)
            j->kernels->turn(from, j->a_row, rows, depth, packed, rows);
        else
            for (int64_t d = 0; d < depth; d++)
                for (int64_t r = 0; r < rows; r++)
                    packed[d * rows + r] = from[d * j->a_k + r];
        packed += rows * depth;
    }
}

/* What is packed for good and multiplied next comes from memory, in shares while strips are multiplied. */
static void fetch_ahead(const float *from, int64_t floats, int64_t share, int64_t shares)
{
    enum { LINE = 16 };
    const int64_t end = cm_gemm_part_first(floats, shares, share + 1);
    for (int64_t i = cm_gemm_part_first(floats, shares, share); i < end; i += LINE)
        __builtin_prefetch(from + i, 0, 2);
}

/* All strips of a tile against one panel, for one block of k. ahead: floats of b after it to be fetched. */
static void run_panel(const matmul_job *j, const matmul_tile *t, cm_gemm_block block, int64_t panel,
                      int64_t ahead)
{
    const int64_t lanes = j->kernels->lanes, column = panel_first(j, panel);
    const int64_t n = panel_first(j, panel + 1) - column, vectors = (n + lanes - 1) / lanes;
    block.last = n - (vectors - 1) * lanes;
    block.y_step = j->n;
    for (int64_t i = t->strip0; i < t->strip1; i++) {
        const int64_t row = strip_first(j, i), rows = strip_first(j, i + 1) - row;
        block.y = t->y + row * j->n + column;
        block.next_a = block.a + rows * block.k;
        if (ahead) fetch_ahead(block.b + block.k * block.b_step, ahead, i - t->strip0, t->strip1 - t->strip0);
        j->kernels->micro[rows][vectors](&block);
        block.a += rows * block.k;
    }
}

/* Of b read just once nothing is packed, provided whole vectors of it can be read. */
static bool reads_in_place(const matmul_job *j, int64_t columns)
{
    return j->b_column == 1 && j->m <= FEW_ROWS && columns % j->kernels->lanes == 0;
}

static void pack_panels(const matmul_job *j, const matmul_tile *t, int64_t k, int64_t depth, int64_t panels,
                        const int64_t *first, float *packed)
{
    const cm_gemm_kernels *g = j->kernels;
    const float *b = t->b + k * j->b_k + first[0] * j->b_column;
    if (j->b_column == 1) {
        g->copy(b, j->b_k, depth, panels, first, packed);
        return;
    }
    for (int64_t i = 0; i < panels; i++)
        g->turn(b + (first[i] - first[0]) * j->b_column, j->b_column, first[i + 1] - first[i], depth,
                packed + i * CM_GEMM_PANEL, cm_gemm_step(g));
}

static void finish_tile(const matmul_job *j, const matmul_tile *t)
{
    const int64_t row = strip_first(j, t->strip0), column = panel_first(j, t->panel0);
    if (t->c || j->alpha != 1.0f)
        j->kernels->finish(j->alpha, j->beta, t->c ? t->c + row * j->c_row + column * j->c_column : NULL,
                           j->c_row, j->c_column, t->y + row * j->n + column, j->n,
                           strip_first(j, t->strip1) - row, panel_first(j, t->panel1) - column);
}

/* `panels` panels from `panel` on, whose columns are packed now; one block of k. */
static void run_and_pack(const matmul_job *j, const matmul_tile *t, cm_gemm_block block, int64_t k,
                         int64_t panel, int64_t panels)
{
    _Alignas(64) float b[PANELS * CM_GEMM_PANEL];
    int64_t first[PANELS + 1];
    for (int64_t i = 0; i <= panels; i++)
        first[i] = panel_first(j, panel + i);
    const bool in_place = reads_in_place(j, first[panels] - first[0]);
    if (!in_place) pack_panels(j, t, k, block.k, panels, first, b);
    block.b_step = in_place ? j->b_k : cm_gemm_step(j->kernels);
    for (int64_t i = 0; i < panels; i++) {
        block.b = in_place ? t->b + k * j->b_k + first[i] : b + i * CM_GEMM_PANEL;
        run_panel(j, t, block, panel + i, 0);
    }
}

/* A panel that is packed: after this block of k comes the next one, or the next panel. */
static void run_packed(const matmul_job *j, const matmul_tile *t, cm_gemm_block block, int64_t k,
                       int64_t panel)
{
    const int64_t start = cm_gemm_panel_start(j->kernels, j->n, panel);
    block.b_step = cm_gemm_panel_start(j->kernels, j->n, panel + 1) - start;
    block.b = t->b + start * j->k + k * block.b_step;
    const int64_t rest = cm_gemm_panel_start(j->kernels, j->n, j->panels) * j->k -
                         (start * j->k + (k + block.k) * block.b_step);
    run_panel(j, t, block, panel, rest < block.k * block.b_step ? rest : block.k * block.b_step);
}

static int64_t depth_of(const matmul_job *j, int64_t block)
{
    const int64_t depth = j->kernels->depth, rest = j->k - block * depth;
    return rest < depth ? rest : depth;
}

/* Rows of a are packed, blocks block0 to block1 - 1 of k, and multiplied with panel after panel. */
static void run_stretch(const matmul_job *j, const matmul_tile *t, int64_t block0, int64_t block1, float *a)
{
    const int64_t rows = strip_first(j, t->strip1) - strip_first(j, t->strip0);
    const int64_t depth = j->kernels->depth, together = j->b_is_packed ? 1 : PANELS;
    for (int64_t i = block0; i < block1; i++)
        pack_rows(j, t, i * depth, depth_of(j, i), a + (i - block0) * rows * depth);
    for (int64_t p = t->panel0; p < t->panel1; p += together)
        for (int64_t i = block0; i < block1; i++) {
            const cm_gemm_block block = {.a = a + (i - block0) * rows * depth,
                                         .k = depth_of(j, i),
                                         .start = i == 0 ? CM_GEMM_ZERO : CM_GEMM_RESUME};
            if (j->b_is_packed)
                run_packed(j, t, block, i * depth, p);
            else
                run_and_pack(j, t, block, i * depth, p, t->panel1 - p < PANELS ? t->panel1 - p : PANELS);
        }
}

static void run_tile(const matmul_job *j, const matmul_tile *t)
{
    _Alignas(64) float a[PACKED_A];
    const int64_t depth = j->kernels->depth;
    const int64_t rows = strip_first(j, t->strip1) - strip_first(j, t->strip0);
    const int64_t blocks = j->k > 0 ? cm_gemm_parts(j->k, depth) : 1; /* of nothing the sums are 0 */
    const int64_t stretches = cm_gemm_parts(blocks, PACKED_A / (rows * depth));
    for (int64_t i = 0; i < stretches; i++)
        run_stretch(j, t, cm_gemm_part_first(blocks, stretches, i),
                    cm_gemm_part_first(blocks, stretches, i + 1), a);
    finish_tile(j, t);
}

/* The definition, element by element. */
static void run_definition(const matmul_job *j, const matmul_tile *t)
{
    for (int64_t r = t->strip0; r < t->strip1; r++)
        for (int64_t i = 0; i < j->n; i++) {
            float acc = 0.0f;
            for (int64_t k = 0; k < j->k; k++)
                acc = fmaf(t->a[r * j->a_row + k * j->a_k], t->b[k * j->b_k + i * j->b_column], acc);
            acc = j->alpha * acc;
            t->y[r * j->n + i] = t->c ? fmaf(j->beta, t->c[r * j->c_row + i * j->c_column], acc) : acc;
        }
}

static bool is_stopped(const matmul_job *j)
{
    if (atomic_load(j->status)) return true;
    const cm_status due = cm_stop_due(j->stop);
    if (due) atomic_store(j->status, due);
    return due != CM_OK;
}

static void matmul_range(void *context, int64_t begin, int64_t end)
{
    const matmul_job *j = context;
    for (int64_t task = begin; task < end && !is_stopped(j); task++) {
        const int64_t tile_n = task % j->tiles_n, tile_m = task / j->tiles_n % j->tiles_m;
        const int64_t batch = task / j->tiles_n / j->tiles_m;
        const matmul_tile t = {
            .a = j->a + batch_offset(j->a_tensor, j->y_tensor, batch),
            .b = j->b + batch_offset(j->b_tensor, j->y_tensor, batch),
            .c = j->c ? j->c + batch_offset(j->c_tensor, j->y_tensor, batch) : NULL,
            .y = j->y + batch * j->m * j->n,
            .strip0 = cm_gemm_part_first(j->strips, j->tiles_m, tile_m),
            .strip1 = cm_gemm_part_first(j->strips, j->tiles_m, tile_m + 1),
            .panel0 = cm_gemm_part_first(j->panels, j->tiles_n, tile_n),
            .panel1 = cm_gemm_part_first(j->panels, j->tiles_n, tile_n + 1),
        };
        if (j->kernels)
            run_tile(j, &t);
        else
            run_definition(j, &t);
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
    j->b_k = transpose_b ? 1 : j->n;
    j->b_column = transpose_b ? j->k : 1;
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

/* A batch that multiplies one b is one tall product. */
static void join_batches(matmul_job *j)
{
    const bool one_b = cm_tensor_count(j->b_tensor) == j->k * j->n;
    const bool plain_a = j->a_k == 1 && cm_tensor_count(j->a_tensor) == j->batches * j->m * j->k;
    const bool plain_c = !j->c || (j->c_row == 0 && cm_tensor_count(j->c_tensor) == (j->c_column ? j->n : 1));
    if (!one_b || !plain_a || !plain_c) return;
    j->m *= j->batches;
    j->batches = 1;
}

/* Tiles as large as the caches allow, and small enough that all threads have some. */
static void cut_tiles(matmul_job *j, int64_t threads)
{
    j->strips = j->m;
    j->panels = j->tiles_n = 1;
    j->tiles_m = j->m;
    if (!j->kernels) return;
    const cm_gemm_kernels *g = j->kernels;
    j->strips = cm_gemm_parts(j->m, g->rows);
    j->panels = cm_gemm_panels(g, j->n);
    j->tiles_m = cm_gemm_parts(j->strips, TILE_M / g->rows);
    while (threads > 1 && j->batches * j->tiles_m * j->tiles_n < PIECES * threads) {
        const int64_t rows = j->m / j->tiles_m, columns = j->n / j->tiles_n;
        if (columns >= rows && j->tiles_n < j->panels)
            j->tiles_n++;
        else if (j->tiles_m < j->strips)
            j->tiles_m++;
        else if (j->tiles_n < j->panels)
            j->tiles_n++;
        else
            break;
    }
}

static cm_status run_job(cm_backend *be, matmul_job *job, cm_error *err)
{
    atomic_int stopped = 0;
    const cm_tensor *y = job->y_tensor;
    job->status = &stopped;
    job->batches = 1;
    for (int i = 0; i < y->rank - 2; i++)
        job->batches *= y->dim[i];
    if (job->batches * job->m * job->n == 0) return CM_OK;
    join_batches(job);
    cut_tiles(job, cm_threads_count(be->pool));
    const int64_t tiles = job->tiles_m * job->tiles_n;
    const int64_t cost = (job->m * job->n + tiles - 1) / tiles * (job->k + 1); /* of a tile */
    cm_cpu_for(be, job->batches * tiles, 1 + 65536 / cost, matmul_range, job);
    if (atomic_load(&stopped))
        return CM_FAIL(err, (cm_status)atomic_load(&stopped), .what = "a matrix product was stopped");
    return CM_OK;
}

static cm_status multiply(cm_backend *be, const cm_tensor *a, bool transpose_a, const cm_tensor *b,
                          bool transpose_b, bool b_is_packed, float alpha, const cm_tensor *c, float beta,
                          cm_tensor *y, const cm_stop *stop, cm_error *err)
{
    matmul_job job = {.kernels = cm_cpu_get_variant(be)->gemm,
                      .a_tensor = a,
                      .b_tensor = b,
                      .c_tensor = c,
                      .y_tensor = y,
                      .a = a->data,
                      .b = b->data,
                      .c = c ? c->data : NULL,
                      .y = y->data,
                      .b_is_packed = b_is_packed,
                      .alpha = alpha,
                      .beta = beta,
                      .stop = stop};
    const cm_status st = check_matmul(a, transpose_a, b, transpose_b, c, y, &job, err);
    return st ? st : run_job(be, &job, err);
}

cm_status cm_cpu_matmul(cm_backend *be, const cm_tensor *a, bool transpose_a, const cm_tensor *b,
                        bool transpose_b, float alpha, const cm_tensor *c, float beta, cm_tensor *y,
                        const cm_stop *stop, cm_error *err)
{
    return multiply(be, a, transpose_a, b, transpose_b, false, alpha, c, beta, y, stop, err);
}

/* -- a b that is packed once: panel after panel, each [k][columns], the last filled up with zeros; for the
 * definition as it is -- */

int64_t cm_cpu_matmul_packed_count(cm_backend *be, int64_t k, int64_t n)
{
    const cm_gemm_kernels *g = cm_cpu_get_variant(be)->gemm;
    return g ? cm_gemm_panel_start(g, n, cm_gemm_panels(g, n)) * k : k * n;
}

typedef struct pack_job {
    const cm_gemm_kernels *kernels; /* NULL: the definition */
    const float *b;
    int64_t b_k, b_column, k, n;
    float *packed;
} pack_job;

static void pack_range(void *context, int64_t begin, int64_t end)
{
    const pack_job *j = context;
    for (int64_t p = begin; p < end; p++) {
        const int64_t start = j->kernels ? cm_gemm_panel_start(j->kernels, j->n, p) : 0;
        const int64_t step = j->kernels ? cm_gemm_panel_start(j->kernels, j->n, p + 1) - start : j->n;
        const int64_t n = j->n - start < step ? j->n - start : step;
        const float *b = j->b + start * j->b_column;
        float *to = j->packed + start * j->k;
        for (int64_t k = 0; k < j->k; k++) {
            if (j->b_column == 1) memcpy(to + k * step, b + k * j->b_k, (size_t)n * sizeof *to);
            memset(to + k * step + n, 0, (size_t)(step - n) * sizeof *to);
        }
        if (j->b_column == 1) continue;
        if (j->kernels)
            j->kernels->turn(b, j->b_column, n, j->k, to, step);
        else
            for (int64_t i = 0; i < n; i++)
                for (int64_t k = 0; k < j->k; k++)
                    to[k * step + i] = b[i * j->b_column + k];
    }
}

cm_status cm_cpu_matmul_pack(cm_backend *be, const cm_tensor *b, bool transpose_b, cm_packed_matrix *out,
                             cm_error *err)
{
    if (b->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "a matrix product", b);
    if (b->rank != 2)
        return CM_FAIL(err, CM_ERR_ARG, .what = "only one matrix can be packed",
                       .why = cm_strf("rank %d", b->rank).s);
    out->k = b->dim[transpose_b];
    out->n = b->dim[!transpose_b];
    pack_job job = {.kernels = cm_cpu_get_variant(be)->gemm,
                    .b = b->data,
                    .b_k = transpose_b ? 1 : out->n,
                    .b_column = transpose_b ? out->k : 1,
                    .k = out->k,
                    .n = out->n,
                    .packed = out->data};
    if (out->k * out->n > 0)
        cm_cpu_for(be, job.kernels ? cm_gemm_panels(job.kernels, job.n) : 1, 1, pack_range, &job);
    return CM_OK;
}

cm_status cm_cpu_matmul_packed(cm_backend *be, const cm_tensor *a, bool transpose_a,
                               const cm_packed_matrix *b, float alpha, const cm_tensor *c, float beta,
                               cm_tensor *y, const cm_stop *stop, cm_error *err)
{
    const cm_tensor b_tensor = {.element = CM_ELEMENT_F32, .rank = 2, .dim = {b->k, b->n}, .data = b->data};
    return multiply(be, a, transpose_a, &b_tensor, false, true, alpha, c, beta, y, stop, err);
}
