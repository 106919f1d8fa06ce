/* Exact Euclidean distance to the nearest voxel of a mask, one axis after the other (Felzenszwalb &
 * Huttenlocher 2012, section 3): along x by two scans, along y and z by lower envelopes of parabolas. Every
 * value is the sum
 * ((dx sx)^2 + (dy sy)^2) + (dz sz)^2 in this order, so that neither threads nor the choice of function show.
 *
 * cm_distance_squared answers for all voxels. cm_distance_squared_at answers for a list of them, which is all
 * a surface metric needs: along y it makes a column only when a query asks for it, and along z it searches
 * outwards from the query and stops as soon as the z offset alone is farther than the best. */
#include "kernels/volume.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROWS_PER_TASK = 64, COLUMNS = 8 };

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

#define NO_SEED INT32_MAX

/* gap[x]: steps to the nearest set voxel of the row, NO_SEED in a row without one. */
static bool row_gaps(const uint8_t *row, int64_t nx, int32_t *gap)
{
    int32_t steps = NO_SEED;
    bool any = false;
    for (int64_t x = 0; x < nx; x++) {
        steps = row[x] ? 0 : steps == NO_SEED ? NO_SEED : steps + 1;
        any = any || row[x];
        gap[x] = steps;
    }
    if (!any) return false;
    steps = NO_SEED;
    for (int64_t x = nx - 1; x >= 0; x--) {
        steps = gap[x] == 0 ? 0 : steps == NO_SEED ? NO_SEED : steps + 1;
        if (steps < gap[x]) gap[x] = steps;
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
            const double d = (double)gap[x] * job->grid->spacing[2];
            job->distance2[at + x] = any ? d * d : INFINITY;
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

static bool any_set(const uint8_t *mask, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (mask[i]) return true;
    return false;
}

cm_status cm_distance_squared(cm_threads *pool, const uint8_t *mask, const cm_grid *grid, double *distance2,
                              cm_error *err)
{
    int64_t n_voxels;
    cm_status st = check_grid(grid, &n_voxels, err);
    if (st) return st;
    if (!any_set(mask, n_voxels)) return empty_mask(err);
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
    int32_t *gap;      /* [nz][ny][nx] of row_gaps */
    uint8_t *has_seed; /* [nz][ny] */
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
    double *value;  /* [nz][COLUMNS][ny]: squared distance inside slice z */
    uint8_t *state; /* [nz][COLUMNS] */
    envelope e;
} columns;
enum { NOT_MADE = 0, MADE = 1, WITHOUT_SEED = 2 };

static int64_t columns_bytes(const cm_grid *grid)
{
    const int64_t cells = grid->n[0] * COLUMNS;
    return cells * grid->n[1] * (int64_t)sizeof(double) + envelope_bytes(grid->n[1]) + cells;
}

static void columns_place(columns *c, void *scratch, const cm_grid *grid)
{
    const int64_t cells = grid->n[0] * COLUMNS;
    c->value = scratch;
    char *rest = (char *)(c->value + cells * grid->n[1]);
    envelope_place(&c->e, rest, grid->n[1]);
    c->state = (uint8_t *)rest + envelope_bytes(grid->n[1]);
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

/* The column along y at (z, x), made on first use; NULL when slice z has no seed. */
static const double *column_at(const sparse_job *job, columns *c, int64_t z, int64_t x)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2], cell = z * COLUMNS + x % COLUMNS;
    double *column = c->value + cell * ny;
    if (c->state[cell] == NOT_MADE) {
        bool any = false;
        for (int64_t y = 0; y < ny; y++) {
            const int64_t row = z * ny + y;
            const double d = (double)job->gap[row * nx + x] * job->grid->spacing[2];
            c->e.in[y] = job->has_seed[row] ? d * d : INFINITY;
            any = any || job->has_seed[row];
        }
        if (any) envelope_min(&c->e, ny, job->grid->spacing[1], column);
        c->state[cell] = any ? MADE : WITHOUT_SEED;
    }
    return c->state[cell] == MADE ? column : NULL;
}

static double nearest(const sparse_job *job, columns *c, int64_t at)
{
    const int64_t nz = job->grid->n[0], ny = job->grid->n[1], nx = job->grid->n[2];
    const int64_t x = at % nx, y = at / nx % ny, z = at / nx / ny;
    double best = INFINITY;
    for (int64_t step = 0; step < nz; step++) {
        const double dz = (double)step * job->grid->spacing[0], dz2 = dz * dz;
        if (dz2 >= best || (z - step < 0 && z + step >= nz)) break;
        const double *below = z - step >= 0 ? column_at(job, c, z - step, x) : NULL;
        const double *above = z + step < nz ? column_at(job, c, z + step, x) : NULL;
        if (below && below[y] + dz2 < best) best = below[y] + dz2;
        if (above && above[y] + dz2 < best) best = above[y] + dz2;
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
    for (int64_t i = 0; i < job->grid->n[0] * COLUMNS; i++)
        c.state[i] = NOT_MADE;
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
    job.order = malloc((size_t)(n_at + 1) * sizeof *job.order);
    job.first = malloc((size_t)(n_blocks + 1) * sizeof *job.first);
    job.scratch = calloc((size_t)workers, sizeof *job.scratch);
    if (!job.gap || !job.has_seed || !job.order || !job.first || !job.scratch) {
        st = no_memory(n_voxels * 4, err);
        goto done;
    }
    cm_threads_for(pool, (n_rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK, gaps_task, &job);
    if (!any_set(job.has_seed, n_rows)) {
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
    free(job.has_seed);
    free(job.gap);
    return st;
}
