/* Connected components by union-find over runs: a run is a stretch of set voxels in one row. Runs are
 * numbered in raster order and a set is represented by its first run, so numbering by raster order of the
 * first voxel falls out, whoever united what first. Threads find runs, unite those of their own slab of
 * slices and write labels; slabs are sewn together by one. Memory is 12 bytes per run and 8 per row, not per
 * voxel. */
#include "kernels/cpu/cpu_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WORD = 64, ROWS_PER_TASK = 64, FILL = 8 };

/* Rows that come before row (z, y) and may touch it; reach 1 also joins runs that meet at a corner. */
typedef struct earlier_row {
    int dz, dy, reach;
} earlier_row;

static const earlier_row rows_6[] = {{0, -1, 0}, {-1, 0, 0}};
static const earlier_row rows_18[] = {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 0}, {-1, 1, 0}};
static const earlier_row rows_26[] = {{0, -1, 1}, {-1, 0, 1}, {-1, -1, 1}, {-1, 1, 1}};

typedef struct components_job {
    const uint8_t *mask;
    int64_t n[3], n_rows;
    const earlier_row *neighbours;
    int n_neighbours;
    int64_t *first_run; /* [n_rows + 1]: runs of a row are first_run[row] .. first_run[row + 1] - 1 */
    int32_t *edge;      /* [2 n_runs]: where a run begins and ends (exclusive) */
    int32_t *parent;    /* [n_runs] of the union-find, then the number of the component */
    int64_t slices_per_slab;
    int32_t *labels;
    const cm_stop *stop; /* looked for between the passes, and in those that stay sound when they end early */
} components_job;

#ifdef __SSE2__ /* every x86-64 */
static uint64_t bits_of_word(const uint8_t *row)
{
    uint64_t bits = 0;
    for (int k = 0; k < WORD; k += 16) {
        const __m128i unset =
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(row + k)), _mm_setzero_si128());
        bits |= (uint64_t)(uint16_t)~_mm_movemask_epi8(unset) << k;
    }
    return bits;
}
#else
static uint64_t bits_of_word(const uint8_t *row)
{
    const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f), ones = UINT64_C(0x0101010101010101);
    uint64_t bits = 0;
    for (int k = 0; k < WORD; k += 8) {
        uint64_t eight = 0;
        for (int i = 0; i < 8; i++) /* one load where bytes are in this order */
            eight |= (uint64_t)row[k + i] << (8 * i);
        const uint64_t set = ((((eight & low7) + low7) | eight) >> 7) & ones;
        bits |= (set * UINT64_C(0x0102040810204080) >> 56) << k;
    }
    return bits;
}
#endif

/* Bit k says whether row[k] is set; k < count <= WORD. */
static uint64_t bits_of(const uint8_t *row, int64_t count)
{
    uint8_t part[WORD] = {0};
    return bits_of_word(count < WORD ? memcpy(part, row, (size_t)count) : row);
}

static int count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)(bits * UINT64_C(0x0101010101010101) >> 56);
}

/* Places where a row turns from unset to set or back, also at its end; edge NULL: only counts. */
static int64_t find_edges(const uint8_t *row, int64_t nx, int32_t *edge)
{
    int64_t count = 0;
    uint64_t before = 0;
    for (int64_t x = 0; x < nx; x += WORD) {
        const int64_t here = nx - x < WORD ? nx - x : WORD;
        const uint64_t bits = bits_of(row + x, here);
        uint64_t turns = bits ^ (bits << 1 | before);
        before = bits >> (WORD - 1);
        if (!edge) count += count_bits(turns);
        for (; turns && edge; turns &= turns - 1)
            edge[count++] = (int32_t)(x + __builtin_ctzll(turns));
    }
    if (before) { /* a last word that is full; a shorter one turns back by itself */
        if (edge) edge[count] = (int32_t)nx;
        count++;
    }
    return count;
}

static int64_t last_row_of(const components_job *job, int64_t task)
{
    const int64_t last = (task + 1) * ROWS_PER_TASK;
    return last < job->n_rows ? last : job->n_rows;
}

/* first_run[row + 1]: the number of runs of the row alone; added up over the rows once all are counted. */
static void count_task(void *context, int64_t task, int worker)
{
    const components_job *job = context;
    (void)worker;
    for (int64_t row = task * ROWS_PER_TASK; row < last_row_of(job, task); row++)
        job->first_run[row + 1] = find_edges(job->mask + row * job->n[2], job->n[2], NULL) / 2;
}

static void find_task(void *context, int64_t task, int worker)
{
    const components_job *job = context;
    (void)worker;
    for (int64_t row = task * ROWS_PER_TASK; row < last_row_of(job, task); row++) {
        const int64_t first = job->first_run[row], end = job->first_run[row + 1];
        if (first < end) find_edges(job->mask + row * job->n[2], job->n[2], job->edge + 2 * first);
        for (int64_t i = first; i < end; i++)
            job->parent[i] = (int32_t)i;
    }
}

static int32_t root_of(int32_t *parent, int32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

static void unite(int32_t *parent, int32_t a, int32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* Unites touching runs of two rows; both lists are sorted, so one walk over both is enough. */
static void unite_rows(const components_job *job, int64_t row_a, int64_t row_b, int reach)
{
    const int32_t *edge = job->edge;
    int32_t *parent = job->parent;
    int64_t a = job->first_run[row_a], b = job->first_run[row_b];
    const int64_t a_end = job->first_run[row_a + 1], b_end = job->first_run[row_b + 1];
    while (a < a_end && b < b_end) {
        const int32_t end_a = edge[2 * a + 1], end_b = edge[2 * b + 1];
        /* mostly they are of one set already, which is easier to foresee than whether they touch */
        if (parent[a] != parent[b] && edge[2 * a] < end_b + reach && edge[2 * b] < end_a + reach)
            unite(parent, (int32_t)a, (int32_t)b);
        const bool a_is_over = end_a < end_b; /* no branch: it would be a coin toss */
        a += a_is_over;
        b += !a_is_over;
    }
}

/* Unites slice z with itself (first_slice < 0: only with the slice before) and with the one before where that
 * is not before first_slice. */
static void unite_slice(const components_job *job, int64_t z, int64_t first_slice)
{
    for (int64_t y = 0; y < job->n[1]; y++)
        for (int k = 0; k < job->n_neighbours; k++) {
            const int64_t z2 = z + job->neighbours[k].dz, y2 = y + job->neighbours[k].dy;
            if (z2 < first_slice || y2 < 0 || y2 >= job->n[1] || (first_slice < 0 && z2 == z)) continue;
            unite_rows(job, z2 * job->n[1] + y2, z * job->n[1] + y, job->neighbours[k].reach);
        }
}

static void unite_task(void *context, int64_t slab, int worker)
{
    const components_job *job = context;
    const int64_t first = slab * job->slices_per_slab, last = first + job->slices_per_slab;
    (void)worker;
    for (int64_t z = first; z < last && z < job->n[0] && !cm_stop_due(job->stop); z++)
        unite_slice(job, z, first);
}

/* `value` from begin to end. Short stretches are common: FILL values are written at once where the row has
 * room for them, since what comes after is written later. */
static void fill(int32_t *row, int64_t begin, int64_t end, int64_t nx, int32_t value)
{
    int64_t x = begin;
    for (; x < end && x + FILL <= nx; x += FILL)
        for (int k = 0; k < FILL; k++)
            row[x + k] = value;
    for (; x < end; x++)
        row[x] = value;
}

static void label_task(void *context, int64_t task, int worker)
{
    const components_job *job = context;
    const int64_t nx = job->n[2];
    (void)worker;
    if (cm_stop_due(job->stop)) return;
    for (int64_t row = task * ROWS_PER_TASK; row < last_row_of(job, task); row++) {
        int32_t *label = job->labels + row * nx;
        int64_t x = 0;
        for (int64_t i = job->first_run[row]; i < job->first_run[row + 1]; i++) {
            fill(label, x, job->edge[2 * i], nx, 0);
            fill(label, job->edge[2 * i], job->edge[2 * i + 1], nx, job->parent[i]);
            x = job->edge[2 * i + 1];
        }
        fill(label, x, nx, nx, 0);
    }
}

/* Turns parents into component numbers: a root always comes before its children. */
static int64_t number_components(int32_t *parent, int64_t n_runs)
{
    int32_t count = 0;
    for (int64_t i = 0; i < n_runs; i++)
        parent[i] = parent[i] == i ? ++count : parent[parent[i]];
    return count;
}

/* first_run becomes the sum of the counts before. */
static int64_t add_up_runs(components_job *job)
{
    job->first_run[0] = 0;
    for (int64_t row = 0; row < job->n_rows; row++)
        job->first_run[row + 1] += job->first_run[row];
    return job->first_run[job->n_rows];
}

static cm_status check_request(const int64_t n[3], int connectivity, int64_t *n_rows, cm_error *err)
{
    int64_t n_voxels = 0;
    if (connectivity != 6 && connectivity != 18 && connectivity != 26)
        return CM_FAIL(err, CM_ERR_ARG, .what = "connectivity must be 6, 18 or 26",
                       .why = cm_strf("it is %d", connectivity).s);
    if (n[0] < 1 || n[1] < 1 || n[2] < 1 || n[2] >= INT32_MAX || !cm_mul_i64(n[0], n[1], n_rows) ||
        !cm_mul_i64(*n_rows, n[2], &n_voxels))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "components need a grid",
            .why = cm_strf("it is %lld x %lld x %lld", (long long)n[0], (long long)n[1], (long long)n[2]).s);
    return CM_OK;
}

static cm_status find_components(cm_threads *pool, const uint8_t *mask, const int64_t n[3], int connectivity,
                                 int32_t *labels, int64_t *count, const cm_stop *stop, cm_error *err)
{
    components_job job = {.mask = mask,
                          .n = {n[0], n[1], n[2]},
                          .neighbours = connectivity == 6    ? rows_6
                                        : connectivity == 18 ? rows_18
                                                             : rows_26,
                          .n_neighbours = connectivity == 6 ? 2 : 4,
                          .labels = labels,
                          .stop = stop};
    cm_status st = check_request(n, connectivity, &job.n_rows, err);
    if (st) return st;
    const int64_t tasks = (job.n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK, slabs = cm_threads_count(pool);
    int64_t n_runs = 0;
    job.slices_per_slab = (n[0] + slabs - 1) / slabs;
    job.first_run = malloc((size_t)(job.n_rows + 1) * sizeof *job.first_run);
    if (job.first_run) {
        cm_threads_for(pool, tasks, count_task, &job);
        n_runs = add_up_runs(&job);
        if (n_runs > INT32_MAX)
            st = CM_FAIL(err, CM_ERR_LIMIT, .what = "too many separate runs of voxels",
                         .why = cm_strf("%lld, at most %d", (long long)n_runs, INT32_MAX).s);
    }
    if (job.first_run && !st) {
        job.edge = malloc((size_t)(2 * n_runs + 1) * sizeof *job.edge);
        job.parent = malloc((size_t)(n_runs + 1) * sizeof *job.parent);
    }
    if (!st && (!job.edge || !job.parent))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for connected components",
                     .why = cm_strf("%lld rows, %lld runs", (long long)job.n_rows, (long long)n_runs).s);
    if (!st) {
        cm_threads_for(pool, tasks, find_task, &job);
        cm_threads_for(pool, slabs, unite_task, &job);
        for (int64_t z = job.slices_per_slab; z < n[0] && !cm_stop_due(stop); z += job.slices_per_slab)
            unite_slice(&job, z, -1);
        *count = number_components(job.parent, n_runs);
        cm_threads_for(pool, tasks, label_task, &job);
        st = cm_stop_due(stop);
        if (st) CM_FAIL(err, st, .what = "stopped while looking for connected components");
    }
    free(job.first_run);
    free(job.edge);
    free(job.parent);
    return st;
}

int64_t cm_components_bytes(const uint8_t *mask, const int64_t n[3])
{
    const int64_t n_rows = n[0] * n[1];
    int64_t edges = 0;
    for (int64_t row = 0; row < n_rows; row++)
        edges += find_edges(mask + row * n[2], n[2], NULL);
    return (edges + 1) * (int64_t)sizeof(int32_t) + (edges / 2 + 1) * (int64_t)sizeof(int32_t) +
           (n_rows + 1) * (int64_t)sizeof(int64_t);
}

cm_status cm_cpu_components(cm_backend *be, const uint8_t *mask, const int64_t n[3], int connectivity,
                            int32_t *labels, int64_t *count, cm_error *err)
{
    return find_components(be->pool, mask, n, connectivity, labels, count, NULL, err);
}

cm_status cm_components_until(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                              int64_t *count, const cm_stop *stop, cm_error *err)
{
    return find_components(NULL, mask, n, connectivity, labels, count, stop, err);
}

cm_status cm_components(const uint8_t *mask, const int64_t n[3], int connectivity, int32_t *labels,
                        int64_t *count, cm_error *err)
{
    return find_components(NULL, mask, n, connectivity, labels, count, NULL, err);
}
