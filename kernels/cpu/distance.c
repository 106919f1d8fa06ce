/* Exact Euclidean distance to the nearest voxel of a mask, one axis after the other (Felzenszwalb &
 * Huttenlocher 2012, section 3): along x by two scans, along y and z by lower envelopes of parabolas. Every
 * value is the sum
 * ((dx sx)^2 + (dy sy)^2) + (dz sz)^2 in this order, so that neither threads nor the choice of function show.
 *
 * cm_distance_squared answers for all voxels. cm_distance_squared_at answers for a list of them, which is all
 * a surface metric needs: it searches outwards from the query, slice by slice and in each slice row by row,
 * and stops as soon as the offset alone is farther than the best. Where surfaces lie close to each other,
 * which is usual, that is a handful of rows; where a slice takes more than SEARCH_ROWS, its column along y is
 * made by a lower envelope and serves all later queries there. */
#include "kernels/volume.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_TASK = 64, COLUMNS = 8, SEARCH_ROWS = 24 };

/* -- common ------------------------------------------------------------------------------------------- */

static cm_status check_grid(const cm_grid *grid, int64_t *n_voxels, cm_error *err)
{
    double diagonal2 = 0;
    bool good = true;
    *n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        const double s = grid->spacing[i], extent = (double)grid->n[i] * s;
        good = good && grid->n[i] >= 1 && grid->n[i] < INT32_MAX && s > 0 && s * s > 0;
        good = good && cm_mul_i64(*n_voxels, grid->n[i], n_voxels);
        diagonal2 += extent * extent;
    }
    if (good && isfinite(diagonal2)) return CM_OK;
    return CM_FAIL(err, CM_ERR_ARG, .what = "distances need a grid and a finite positive spacing",
                   .why = cm_strf("%lld x %lld x %lld voxels (z, y, x), spacing %g x %g x %g",
                                  (long long)grid->n[0], (long long)grid->n[1], (long long)grid->n[2],
                                  grid->spacing[0], grid->spacing[1], grid->spacing[2])
                              .s);
}

static cm_status no_memory(int64_t bytes, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a distance transform",
                   .why = cm_strf("%lld bytes wanted", (long long)bytes).s);
}

static cm_status empty_mask(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_EMPTY, .what = "the distance to an empty mask is not defined",
                   .why = "no voxel of the mask is set");
}

/* gap[x]: steps to the nearest set voxel (1) of the row. False for a row without one; gap is untouched then.
 */
static bool row_gaps(const uint8_t *row, int64_t nx, int32_t *gap)
{
    const uint8_t *first = memchr(row, 1, (size_t)nx);
    if (!first) return false;
    int64_t seed = first - row;
    for (int64_t x = 0; x < seed; x++)
        gap[x] = (int32_t)(seed - x);
    while (seed < nx) { /* from seed to seed: up to the middle, then down */
        const uint8_t *next = memchr(row + seed + 1, 1, (size_t)(nx - seed - 1));
        const int64_t end = next ? next - row : nx;
        const int64_t middle = next ? seed + (end - seed) / 2 : nx - 1;
        for (int64_t x = seed; x <= middle; x++)
            gap[x] = (int32_t)(x - seed);
        for (int64_t x = middle + 1; x < end; x++)
            gap[x] = (int32_t)(end - x);
        seed = end;
    }
    return true;
}

/* Scratch of one envelope over n samples. */
typedef struct envelope {
    int64_t *vertex; /* [n] samples whose parabola is lowest somewhere, from left to right */
    double *begin;   /* [n] where that starts, in sample units */
    double *in;      /* [n] */
} envelope;

static int64_t envelope_bytes(int64_t n)
{
    return n * (int64_t)(sizeof(int64_t) + 2 * sizeof(double));
}

static void envelope_place(envelope *e, void *scratch, int64_t n)
{
    e->in = scratch;
    e->begin = e->in + n;
    e->vertex = (int64_t *)(e->begin + n);
}

/* out[i] = min over j of e->in[j] + ((i-j) spacing)^2; INFINITY in e->in is no parabola. */
static void envelope_min(const envelope *e, int64_t n, double spacing, double *out)
{
    const double *in = e->in;
    const double unit = 1.0 / (spacing * spacing);
    int64_t top = -1;
    for (int64_t j = 0; j < n; j++) {
        if (in[j] == INFINITY) continue;
        double meet = -INFINITY;
        while (top >= 0) {
            const int64_t v = e->vertex[top];
            meet = 0.5 * ((in[j] - in[v]) * unit / (double)(j - v) + (double)(j + v));
            if (meet > e->begin[top]) break;
            top--;
        }
        top++;
        e->vertex[top] = j;
        e->begin[top] = top ? meet : -INFINITY;
    }
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++) {
        if (top < 0) {
            out[i] = INFINITY;
            continue;
        }
        while (k < top && e->begin[k + 1] < (double)i)
            k++;
        const double d = (double)(i - e->vertex[k]) * spacing;
        out[i] = in[e->vertex[k]] + d * d;
    }
}

/* -- every voxel --------------------------------------------------------------------------------------- */

typedef struct dense_job {
    const uint8_t *mask;
    const cm_grid *grid;
    double *distance2;
    int32_t *gaps;   /* [workers][nx] */
    char *envelopes; /* [workers] scratch of the longest axis, with room for one output column */
    int64_t envelope_stride;
} dense_job;

static void dense_rows(void *context, int64_t z, int worker)
{
    const dense_job *job = context;
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    int32_t *gap = job->gaps + worker * nx;
    for (int64_t y = 0; y < ny; y++) {
        const int64_t at = (z * ny + y) * nx;
        const bool any = row_gaps(job->mask + at, nx, gap);
        for (int64_t x = 0; x < nx; x++) {
            const double d = any ? (double)gap[x] * job->grid->spacing[2] : INFINITY;
            job->distance2[at + x] = d * d;
        }
    }
}

static void dense_column(const dense_job *job, int worker, double *column, int64_t n, int64_t stride,
                         double spacing)
{
    envelope e;
    envelope_place(&e, job->envelopes + worker * job->envelope_stride, n);
    double *out = (double *)(e.vertex + n);
    for (int64_t i = 0; i < n; i++)
        e.in[i] = column[i * stride];
    envelope_min(&e, n, spacing, out);
    for (int64_t i = 0; i < n; i++)
        column[i * stride] = out[i];
}

static void dense_along_y(void *context, int64_t z, int worker)
{
    const dense_job *job = context;
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    for (int64_t x = 0; x < nx; x++)
        dense_column(job, worker, job->distance2 + z * ny * nx + x, ny, nx, job->grid->spacing[1]);
}

static void dense_along_z(void *context, int64_t y, int worker)
{
    const dense_job *job = context;
    const int64_t nz = job->grid->n[0], ny = job->grid->n[1], nx = job->grid->n[2];
    for (int64_t x = 0; x < nx; x++)
        dense_column(job, worker, job->distance2 + y * nx + x, nz, ny * nx, job->grid->spacing[0]);
}

cm_status cm_distance_squared(cm_threads *pool, const uint8_t *mask, const cm_grid *grid, double *distance2,
                              cm_error *err)
{
    int64_t n_voxels;
    cm_status st = check_grid(grid, &n_voxels, err);
    if (st) return st;
    if (!memchr(mask, 1, (size_t)n_voxels)) return empty_mask(err);
    const int64_t longest = grid->n[0] > grid->n[1] ? grid->n[0] : grid->n[1];
    const int64_t workers = cm_threads_count(pool);
    dense_job job = {.mask = mask, .grid = grid, .distance2 = distance2};
    job.envelope_stride = envelope_bytes(longest) + longest * (int64_t)sizeof(double);
    job.gaps = malloc((size_t)(workers * grid->n[2]) * sizeof *job.gaps);
    job.envelopes = malloc((size_t)(workers * job.envelope_stride));
    if (!job.gaps || !job.envelopes) {
        st = no_memory(workers * (job.envelope_stride + 4 * grid->n[2]), err);
    } else {
        cm_threads_for(pool, grid->n[0], dense_rows, &job);
        if (grid->n[1] > 1) cm_threads_for(pool, grid->n[0], dense_along_y, &job);
        if (grid->n[0] > 1) cm_threads_for(pool, grid->n[1], dense_along_z, &job);
    }
    free(job.gaps);
    free(job.envelopes);
    return st;
}

/* -- wanted voxels only -------------------------------------------------------------------------------- */

typedef struct sparse_job {
    const uint8_t *mask;
    const cm_grid *grid;
    int32_t *gap;            /* [nz][ny][nx] of row_gaps */
    uint8_t *has_seed;       /* [nz][ny] */
    uint8_t *slice_has_seed; /* [nz] */
    const int64_t *at;
    double *distance2;
    int64_t *order; /* queries grouped by block of COLUMNS neighbouring x, raster order inside */
    int64_t *first; /* [blocks + 1] */
    void **scratch; /* [workers], made when a worker first needs it */
    const cm_stop *stop;
    atomic_int status; /* the first thing that went wrong */
} sparse_job;

/* One worker's columns along y, for COLUMNS values of x. */
typedef struct columns {
    double *value; /* [nz][COLUMNS][ny]: squared distance inside slice z */
    bool *made;    /* [nz][COLUMNS] */
    envelope e;
} columns;

static int64_t columns_bytes(const cm_grid *grid)
{
    const int64_t cells = grid->n[0] * COLUMNS;
    return cells * grid->n[1] * (int64_t)sizeof(double) + envelope_bytes(grid->n[1]) +
           cells * (int64_t)sizeof(bool);
}

static void columns_place(columns *c, void *scratch, const cm_grid *grid)
{
    const int64_t cells = grid->n[0] * COLUMNS;
    c->value = scratch;
    char *rest = (char *)(c->value + cells * grid->n[1]);
    envelope_place(&c->e, rest, grid->n[1]);
    c->made = (bool *)(rest + envelope_bytes(grid->n[1]));
}

static void gaps_task(void *context, int64_t task, int worker)
{
    sparse_job *job = context;
    const int64_t nx = job->grid->n[2], n_rows = job->grid->n[0] * job->grid->n[1];
    int64_t last = (task + 1) * ROWS_PER_TASK;
    (void)worker;
    if (last > n_rows) last = n_rows;
    for (int64_t row = task * ROWS_PER_TASK; row < last; row++)
        job->has_seed[row] = row_gaps(job->mask + row * nx, nx, job->gap + row * nx);
}

/* Squared distance inside slice z from (y, x), by the column along y, which is made on first use. */
static double by_column(const sparse_job *job, columns *c, int64_t z, int64_t y, int64_t x)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2], cell = z * COLUMNS + x % COLUMNS;
    double *column = c->value + cell * ny;
    if (!c->made[cell]) {
        for (int64_t i = 0; i < ny; i++) {
            const int64_t row = z * ny + i;
            const double d =
                job->has_seed[row] ? (double)job->gap[row * nx + x] * job->grid->spacing[2] : INFINITY;
            c->e.in[i] = d * d;
        }
        envelope_min(&c->e, ny, job->grid->spacing[1], column);
        c->made[cell] = true;
    }
    return column[y];
}

/* The smaller of `best` and the squared distance from (y, x) to slice z, which is dz2 away. */
static double search_slice(const sparse_job *job, columns *c, int64_t z, int64_t y, int64_t x, double dz2,
                           double best)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    const uint8_t *has_seed = job->has_seed + z * ny;
    const int32_t *gap = job->gap + z * ny * nx + x;
    if (!job->slice_has_seed[z]) return best;
    const bool made = c->made[z * COLUMNS + x % COLUMNS];
    for (int64_t step = 0; step <= y || step < ny - y; step++) {
        const double dy = (double)step * job->grid->spacing[1], dy2 = dy * dy;
        if (dy2 + dz2 >= best) return best;
        if (step == SEARCH_ROWS || made) {
            const double d2 = by_column(job, c, z, y, x) + dz2;
            return d2 < best ? d2 : best;
        }
        for (int side = 0; side < 2; side++) {
            const int64_t row = side ? y + step : y - step;
            if (row < 0 || row >= ny || !has_seed[row]) continue;
            const double dx = (double)gap[row * nx] * job->grid->spacing[2];
            const double d2 = (dx * dx + dy2) + dz2;
            if (d2 < best) best = d2;
        }
    }
    return best;
}

static double nearest(const sparse_job *job, columns *c, int64_t at)
{
    const int64_t nz = job->grid->n[0], ny = job->grid->n[1], nx = job->grid->n[2];
    const int64_t x = at % nx, y = at / nx % ny, z = at / nx / ny;
    double best = INFINITY;
    for (int64_t step = 0; step <= z || step < nz - z; step++) {
        const double dz = (double)step * job->grid->spacing[0], dz2 = dz * dz;
        if (dz2 >= best) break;
        if (step <= z) best = search_slice(job, c, z - step, y, x, dz2, best);
        if (step < nz - z) best = search_slice(job, c, z + step, y, x, dz2, best);
    }
    return best;
}

static void nearest_task(void *context, int64_t block, int worker)
{
    sparse_job *job = context;
    const int64_t begin = job->first[block], end = job->first[block + 1];
    if (begin == end || atomic_load(&job->status)) return;
    cm_status st = cm_stop_due(job->stop);
    if (!st && !job->scratch[worker]) {
        job->scratch[worker] = malloc((size_t)columns_bytes(job->grid));
        if (!job->scratch[worker]) st = CM_ERR_NOMEM;
    }
    if (st) {
        atomic_store(&job->status, (int)st);
        return;
    }
    columns c;
    columns_place(&c, job->scratch[worker], job->grid);
    memset(c.made, 0, (size_t)(job->grid->n[0] * COLUMNS) * sizeof *c.made);
    for (int64_t i = begin; i < end; i++)
        job->distance2[job->order[i]] = nearest(job, &c, job->at[job->order[i]]);
}

/* Groups queries by block of columns: a counting sort, so raster order stays inside a block. */
static void group_queries(sparse_job *job, int64_t n_at, int64_t n_blocks)
{
    const int64_t nx = job->grid->n[2];
    for (int64_t b = 0; b <= n_blocks; b++)
        job->first[b] = 0;
    for (int64_t i = 0; i < n_at; i++)
        job->first[job->at[i] % nx / COLUMNS + 1]++;
    for (int64_t b = 0; b < n_blocks; b++)
        job->first[b + 1] += job->first[b];
    for (int64_t i = 0; i < n_at; i++)
        job->order[job->first[job->at[i] % nx / COLUMNS]++] = i;
    for (int64_t b = n_blocks; b > 0; b--)
        job->first[b] = job->first[b - 1];
    job->first[0] = 0;
}

cm_status cm_distance_squared_at(cm_threads *pool, const uint8_t *mask, const cm_grid *grid,
                                 const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                 cm_error *err)
{
    int64_t n_voxels;
    cm_status st = check_grid(grid, &n_voxels, err);
    if (st) return st;
    const int64_t n_rows = grid->n[0] * grid->n[1], n_blocks = (grid->n[2] + COLUMNS - 1) / COLUMNS;
    const int workers = cm_threads_count(pool);
    sparse_job job = {.mask = mask, .grid = grid, .at = at, .distance2 = distance2, .stop = stop};
    job.gap = malloc((size_t)n_voxels * sizeof *job.gap);
    job.has_seed = malloc((size_t)n_rows);
    job.slice_has_seed = malloc((size_t)grid->n[0]);
    job.order = malloc((size_t)(n_at + 1) * sizeof *job.order);
    job.first = malloc((size_t)(n_blocks + 1) * sizeof *job.first);
    job.scratch = calloc((size_t)workers, sizeof *job.scratch);
    if (!job.gap || !job.has_seed || !job.slice_has_seed || !job.order || !job.first || !job.scratch) {
        st = no_memory(n_voxels * 4, err);
        goto done;
    }
    cm_threads_for(pool, (n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK, gaps_task, &job);
    for (int64_t z = 0; z < grid->n[0]; z++)
        job.slice_has_seed[z] = memchr(job.has_seed + z * grid->n[1], 1, (size_t)grid->n[1]) != NULL;
    if (!memchr(job.slice_has_seed, 1, (size_t)grid->n[0])) {
        st = empty_mask(err);
        goto done;
    }
    group_queries(&job, n_at, n_blocks);
    cm_threads_for(pool, n_blocks, nearest_task, &job);
    st = (cm_status)atomic_load(&job.status);
    if (st == CM_ERR_NOMEM)
        no_memory(columns_bytes(grid), err);
    else if (st)
        CM_FAIL(err, st, .what = "stopped while measuring distances");
done:
    for (int w = 0; job.scratch && w < workers; w++)
        free(job.scratch[w]);
    free(job.scratch);
    free(job.first);
    free(job.order);
    free(job.slice_has_seed);
    free(job.has_seed);
    free(job.gap);
    return st;
}
