/* Distances at a list of voxels, which is all a surface metric needs: the value of distance_squared there,
 * to the last bit. After the sweeps along y (two bytes per voxel) each query searches outwards, slice by
 * slice and in each slice along x, where the gaps lie next to each other, and stops as soon as the offset
 * alone is no less than the best. Where surfaces lie close, which is usual, that is a handful of steps; where
 * a row takes more than SEARCH_STEPS, all of its distances inside the slice are made and serve all later
 * queries there. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pages.h"
#include "kernels/cpu/distance_internal.h"

enum { SEARCH_STEPS = 24 };

typedef struct sparse_job {
    const cm_distance_loops *loops;
    const uint8_t *mask;
    const cm_grid *grid;
    uint16_t *gap;           /* [nz][ny][nx], of slices with a set voxel */
    uint8_t *slice_has_seed; /* [nz] */
    double *cost[2]; /* of steps along z, y; that of y is INFINITY at CM_GAP_FAR where no gap is so long */
    cm_line_costs along_x;
    const int64_t *at;
    double *distance2;
    int64_t *order; /* queries grouped by y, raster order inside */
    int64_t *first; /* [ny + 1] */
    void **scratch; /* [workers], made when a worker first needs it */
    const cm_stop *stop;
    atomic_int status; /* the first thing that went wrong */
} sparse_job;

/* One worker's rows of one y. */
typedef struct rows {
    double *row; /* with margins: (gap sy)^2 */
    double *blocks;
    double *nearest; /* [nz][nx]: squared distance inside slice z */
    bool *made;      /* [nz] */
} rows;

static int64_t rows_bytes(const cm_grid *grid)
{
    const int64_t nz = grid->n[0], nx = grid->n[2];
    return (cm_row_values(nx) + cm_search_blocks(nx) + nz * nx) * (int64_t)sizeof(double) +
           nz * (int64_t)sizeof(bool);
}

static void rows_place(rows *r, void *scratch, const cm_grid *grid)
{
    const int64_t nz = grid->n[0], nx = grid->n[2];
    r->row = scratch;
    r->blocks = r->row + cm_row_values(nx);
    r->nearest = r->blocks + cm_search_blocks(nx);
    r->made = (bool *)(r->nearest + nz * nx);
}

static void gaps_task(void *context, int64_t z, int worker)
{
    sparse_job *job = context;
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    const uint8_t *slice = job->mask + z * ny * nx;
    uint16_t *gap = job->gap + z * ny * nx;
    (void)worker;
    job->slice_has_seed[z] = memchr(slice, 1, (size_t)(ny * nx)) != NULL;
    if (!job->slice_has_seed[z]) return;
    for (int64_t y = 0; y < ny; y++)
        job->loops->gaps_down(slice + y * nx, y ? gap + (y - 1) * nx : NULL, nx, gap + y * nx);
    for (int64_t y = ny - 2; y >= 0; y--)
        job->loops->gaps_up(gap + (y + 1) * nx, nx, gap + y * nx);
}

/* Square of the distance along y from voxel (z, y, x). */
static inline double along_y(const sparse_job *job, int64_t z, int64_t y, int64_t x)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    const uint16_t gap = job->gap[(z * ny + y) * nx + x];
    if (gap != CM_GAP_FAR) return job->cost[1][gap];
    if (ny <= CM_GAP_FAR) return INFINITY;
    const int64_t far = cm_distance_gap(job->mask + z * ny * nx, ny, nx, y, x, gap);
    return far < 0 ? INFINITY : job->cost[1][far];
}

static void make_row(const sparse_job *job, rows *r, int64_t z, int64_t y)
{
    const int64_t nx = job->grid->n[2];
    for (int64_t x = 0; x < nx; x++)
        r->row[CM_ROW_MARGIN + x] = along_y(job, z, y, x);
    job->loops->along_row(r->row + CM_ROW_MARGIN, nx, &job->along_x, r->blocks, r->nearest + z * nx);
    r->made[z] = true;
}

/* The smaller of `best` and the squared distance from (y, x) to slice z, which is dz2 away. Near an edge of
 * the row, and where a gap may need a second look, along_y is asked. */
static double search_slice(const sparse_job *job, rows *r, int64_t z, int64_t y, int64_t x, double dz2,
                           double best)
{
    const int64_t nx = job->grid->n[2], ny = job->grid->n[1];
    const double *cost = job->along_x.cost, *squared = job->cost[1];
    const uint16_t *gap = job->gap + (z * ny + y) * nx + x;
    int64_t inside = x < nx - 1 - x ? x : nx - 1 - x, step = 0;
    if (!job->slice_has_seed[z]) return best;
    if (inside >= SEARCH_STEPS) inside = SEARCH_STEPS - 1;
    if (ny > CM_GAP_FAR || r->made[z]) inside = -1;
    for (; step <= inside; step++) {
        if (cost[step] + dz2 >= best) return best;
        const uint16_t nearer = gap[-step] < gap[step] ? gap[-step] : gap[step];
        const double d2 = (cost[step] + squared[nearer]) + dz2;
        best = d2 < best ? d2 : best;
    }
    for (; step < SEARCH_STEPS && !r->made[z]; step++) {
        double in_slice = INFINITY;
        if (step > x && step >= nx - x) return best;
        if (cost[step] + dz2 >= best) return best;
        if (step <= x) in_slice = along_y(job, z, y, x - step);
        if (step < nx - x) {
            const double other = along_y(job, z, y, x + step);
            in_slice = other < in_slice ? other : in_slice;
        }
        const double d2 = (cost[step] + in_slice) + dz2;
        best = d2 < best ? d2 : best;
    }
    if (!r->made[z]) make_row(job, r, z, y);
    const double d2 = r->nearest[z * nx + x] + dz2;
    return d2 < best ? d2 : best;
}

static double nearest(const sparse_job *job, rows *r, int64_t y, int64_t at)
{
    const int64_t nz = job->grid->n[0], ny = job->grid->n[1], nx = job->grid->n[2];
    const int64_t z = at / (ny * nx), x = at - (z * ny + y) * nx;
    double best = INFINITY;
    for (int64_t step = 0; step <= z || step < nz - z; step++) {
        const double dz2 = job->cost[0][step];
        if (dz2 >= best) break;
        if (step <= z) best = search_slice(job, r, z - step, y, x, dz2, best);
        if (step && step < nz - z) best = search_slice(job, r, z + step, y, x, dz2, best);
    }
    return best;
}

static void nearest_task(void *context, int64_t y, int worker)
{
    sparse_job *job = context;
    const int64_t begin = job->first[y], end = job->first[y + 1];
    if (begin == end || atomic_load(&job->status)) return;
    cm_status st = cm_stop_due(job->stop);
    if (!st && !job->scratch[worker]) {
        job->scratch[worker] = malloc((size_t)rows_bytes(job->grid));
        if (!job->scratch[worker]) st = CM_ERR_NOMEM;
    }
    if (st) {
        atomic_store(&job->status, (int)st);
        return;
    }
    rows r;
    rows_place(&r, job->scratch[worker], job->grid);
    cm_row_margins(r.row, job->grid->n[2]);
    memset(r.made, 0, (size_t)job->grid->n[0] * sizeof *r.made);
    for (int64_t i = begin; i < end; i++)
        job->distance2[job->order[i]] = nearest(job, &r, y, job->at[job->order[i]]);
}

/* y of one query after the other; they come in raster order, so a row is divided out once. */
typedef struct row_walk {
    int64_t ny, nx, end, y; /* the row at hand ends before `end` */
} row_walk;

static inline int64_t walk_to(row_walk *w, int64_t at)
{
    if (at >= w->end) {
        const int64_t row = at / w->nx;
        w->end = (row + 1) * w->nx;
        w->y = row % w->ny;
    }
    return w->y;
}

/* Groups queries by y: a counting sort, so raster order stays inside a group. */
static void group_queries(sparse_job *job, int64_t n_at)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    row_walk counting = {ny, nx, 0, 0}, placing = counting;
    memset(job->first, 0, (size_t)(ny + 1) * sizeof *job->first);
    for (int64_t i = 0; i < n_at; i++)
        job->first[walk_to(&counting, job->at[i]) + 1]++;
    for (int64_t y = 0; y < ny; y++)
        job->first[y + 1] += job->first[y];
    for (int64_t i = 0; i < n_at; i++)
        job->order[job->first[walk_to(&placing, job->at[i])]++] = i;
    for (int64_t y = ny; y > 0; y--)
        job->first[y] = job->first[y - 1];
    job->first[0] = 0;
}

static bool sparse_init(sparse_job *job, int64_t n_voxels, int64_t n_at, int workers)
{
    const cm_grid *grid = job->grid;
    bool good;
    job->gap = cm_large_malloc((size_t)n_voxels * sizeof *job->gap);
    job->slice_has_seed = malloc((size_t)grid->n[0]);
    job->order = malloc((size_t)(n_at + 1) * sizeof *job->order);
    job->first = malloc((size_t)(grid->n[1] + 1) * sizeof *job->first);
    job->scratch = calloc((size_t)workers, sizeof *job->scratch);
    good = cm_line_costs_of_rows(&job->along_x, grid->n[2], grid->spacing[2]);
    for (int i = 0; i < 2; i++) {
        const int64_t n = grid->n[i];
        job->cost[i] = cm_distance_costs(n, i == 1 && n <= CM_GAP_FAR ? CM_GAP_FAR + 1 : n, grid->spacing[i]);
        good = good && job->cost[i];
    }
    if (job->cost[1] && grid->n[1] <= CM_GAP_FAR) job->cost[1][CM_GAP_FAR] = INFINITY;
    return good && job->gap && job->slice_has_seed && job->order && job->first && job->scratch;
}

static void sparse_fini(sparse_job *job, int workers)
{
    for (int w = 0; job->scratch && w < workers; w++)
        free(job->scratch[w]);
    free(job->scratch);
    free(job->first);
    free(job->order);
    free(job->slice_has_seed);
    free(job->gap);
    for (int i = 0; i < 2; i++)
        free(job->cost[i]);
    cm_line_costs_fini(&job->along_x);
}

cm_status cm_cpu_distance_squared_at(cm_backend *be, const uint8_t *mask, const cm_grid *grid,
                                     const int64_t *at, int64_t n_at, double *distance2, const cm_stop *stop,
                                     cm_error *err)
{
    int64_t n_voxels;
    const int workers = cm_threads_count(be->pool);
    cm_status st = cm_distance_check(grid, &n_voxels, err);
    if (st) return st;
    sparse_job job = {.loops = cm_distance_loops_of(be),
                      .mask = mask,
                      .grid = grid,
                      .at = at,
                      .distance2 = distance2,
                      .stop = stop};
    if (!sparse_init(&job, n_voxels, n_at, workers)) {
        st = cm_distance_no_memory(n_voxels * (int64_t)sizeof *job.gap, err);
    } else {
        cm_threads_for(be->pool, grid->n[0], gaps_task, &job);
        if (!memchr(job.slice_has_seed, 1, (size_t)grid->n[0])) st = cm_distance_empty(err);
    }
    if (!st) {
        group_queries(&job, n_at);
        cm_threads_for(be->pool, grid->n[1], nearest_task, &job);
        st = (cm_status)atomic_load(&job.status);
        if (st == CM_ERR_NOMEM)
            cm_distance_no_memory(rows_bytes(grid), err);
        else if (st)
            CM_FAIL(err, st, .what = "stopped while measuring distances");
    }
    sparse_fini(&job, workers);
    return st;
}
