/* Exact Euclidean distance to the nearest voxel of a mask, one axis after the other: along y in whole steps
 * by two sweeps, along x and z by looking outwards (distance_template.h). Every value is the least of the
 * sums
 * ((dx sx)^2 + (dy sy)^2) + (dz sz)^2 over the set voxels, each rounded in this way, so that neither threads
 * nor instruction sets nor the choice of function show.
 *
 * Lower envelopes of parabolas (Felzenszwalb & Huttenlocher 2012) need fewer operations where distances are
 * long, but one after the other; and of two nearest voxels whose sums differ by their rounding they take
 * either. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/distance_internal.h"

enum { TILES_PER_TASK = 4 };

const cm_distance_loops *cm_distance_loops_of(const cm_backend *be)
{
    const int feature = cm_cpu_get_variant(be)->feature;
    (void)feature;
#if defined(__x86_64__)
    if (feature & CM_CPU_AVX512) return &cm_distance_avx512;
    if (feature & CM_CPU_AVX2) return &cm_distance_avx2;
#elif defined(__aarch64__)
    if (feature & CM_CPU_NEON) return &cm_distance_neon;
#endif
    return &cm_distance_scalar;
}

cm_status cm_distance_check(const cm_grid *grid, int64_t *n_voxels, cm_error *err)
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

cm_status cm_distance_no_memory(int64_t bytes, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a distance transform",
                   .why = cm_strf("%lld bytes wanted", (long long)bytes).s);
}

cm_status cm_distance_empty(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_EMPTY, .what = "the distance to an empty mask is not defined",
                   .why = "no voxel of the mask is set");
}

double *cm_distance_costs(int64_t n, int64_t room, double spacing)
{
    double *cost = malloc((size_t)room * sizeof *cost);
    for (int64_t k = 0; k < n && cost; k++) {
        const double d = (double)k * spacing;
        cost[k] = d * d;
    }
    return cost;
}

/* Least steps from place r of a block, or up to `reach` behind it, to the block that is `away` blocks behind;
 * INFINITY where all of it is near, or too far to be there. */
static double block_bound(const double *cost, int64_t n, int64_t r, int64_t away, int64_t reach)
{
    const int64_t edge = away * CM_SEARCH_BLOCK - r, last = CM_SEARCH_BLOCK - 1;
    const int64_t least = away < 0 ? -edge - last : edge - reach,
                  most = away < 0 ? -edge + reach : edge + last;
    const int64_t steps = least > CM_SEARCH_BLOCK ? least : CM_SEARCH_BLOCK + 1;
    return away == 0 || most <= CM_SEARCH_BLOCK || steps >= n ? INFINITY : cost[steps];
}

static bool line_costs_make(cm_line_costs *costs, int64_t n, double spacing, int64_t reach)
{
    const int64_t blocks = cm_search_blocks(n);
    costs->cost = cm_distance_costs(n, n, spacing);
    costs->bound = malloc((size_t)(CM_SEARCH_BLOCK * 2 * blocks) * sizeof *costs->bound);
    if (!costs->cost || !costs->bound) return false;
    for (int64_t r = 0; r < CM_SEARCH_BLOCK; r++)
        for (int64_t k = 0; k < 2 * blocks; k++)
            costs->bound[r * 2 * blocks + k] = block_bound(costs->cost, n, r, k - blocks, reach);
    return true;
}

bool cm_line_costs_of_columns(cm_line_costs *costs, int64_t n, double spacing)
{
    return line_costs_make(costs, n, spacing, 0);
}

bool cm_line_costs_of_rows(cm_line_costs *costs, int64_t n, double spacing)
{
    return line_costs_make(costs, n, spacing, CM_ROW_MARGIN - 1); /* as many lanes as there may be */
}

void cm_line_costs_fini(cm_line_costs *costs)
{
    free(costs->cost);
    free(costs->bound);
}

void cm_row_margins(double *row, int64_t n)
{
    for (int64_t i = 0; i < CM_ROW_MARGIN; i++)
        row[i] = row[CM_ROW_MARGIN + n + i] = INFINITY;
}

int64_t cm_distance_gap(const uint8_t *slice, int64_t ny, int64_t nx, int64_t y, int64_t x, uint16_t gap)
{
    if (gap != CM_GAP_FAR) return gap;
    for (int64_t step = CM_GAP_FAR; step <= y || step < ny - y; step++)
        if ((step <= y && slice[(y - step) * nx + x]) || (step < ny - y && slice[(y + step) * nx + x]))
            return step;
    return -1;
}

/* -- every voxel ----------------------------------------------------------------------------------------- */

typedef struct dense_job {
    const cm_distance_loops *loops;
    const uint8_t *mask;
    const cm_grid *grid;
    double *distance2;
    cm_line_costs along_z, along_x;
    void **scratch; /* [workers], made when a worker first needs it */
    int64_t scratch_bytes;
    atomic_bool no_memory;
} dense_job;

static void *scratch_of(dense_job *job, int worker)
{
    if (!job->scratch[worker]) {
        job->scratch[worker] = malloc((size_t)job->scratch_bytes);
        if (!job->scratch[worker]) atomic_store(&job->no_memory, true);
    }
    return job->scratch[worker];
}

/* (gap sy)^2 of one row; an image of more rows than a gap can count is looked at again where that may matter.
 */
static void square_gaps(const dense_job *job, const uint8_t *slice, const uint16_t *gap, int64_t y,
                        double *out)
{
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    const double spacing = job->grid->spacing[1];
    job->loops->squares(gap, nx, spacing, out);
    for (int64_t x = 0; x < nx && ny > CM_GAP_FAR; x++) {
        const int64_t far = cm_distance_gap(slice, ny, nx, y, x, gap[x]);
        const double d = (double)far * spacing;
        if (far >= 0) out[x] = d * d;
    }
}

/* A whole slice: down the rows, then up, where each row is finished. */
static void dense_slice(void *context, int64_t z, int worker)
{
    dense_job *job = context;
    const cm_distance_loops *loops = job->loops;
    const int64_t ny = job->grid->n[1], nx = job->grid->n[2];
    const uint8_t *slice = job->mask + z * ny * nx;
    double *distance2 = job->distance2 + z * ny * nx;
    double *row = scratch_of(job, worker);
    if (!row) return;
    if (!memchr(slice, 1, (size_t)(ny * nx))) {
        for (int64_t i = 0; i < ny * nx; i++)
            distance2[i] = INFINITY;
        return;
    }
    double *blocks = row + cm_row_values(nx);
    uint16_t *gap = (uint16_t *)(blocks + cm_search_blocks(nx));
    cm_row_margins(row, nx);
    for (int64_t y = 0; y < ny; y++)
        loops->gaps_down(slice + y * nx, y ? gap + (y - 1) * nx : NULL, nx, gap + y * nx);
    for (int64_t y = ny - 1; y >= 0; y--) {
        if (y < ny - 1) loops->gaps_up(gap + (y + 1) * nx, nx, gap + y * nx);
        square_gaps(job, slice, gap + y * nx, y, row + CM_ROW_MARGIN);
        loops->along_row(row + CM_ROW_MARGIN, nx, &job->along_x, blocks, distance2 + y * nx);
    }
}

static void dense_along_z(void *context, int64_t task, int worker)
{
    dense_job *job = context;
    const int64_t slice = job->grid->n[1] * job->grid->n[2];
    double *scratch = scratch_of(job, worker);
    for (int64_t tile = task * TILES_PER_TASK; tile < (task + 1) * TILES_PER_TASK && scratch; tile++) {
        const int64_t first = tile * CM_COLUMN_TILE;
        if (first >= slice) break;
        job->loops->along_columns(job->distance2 + first, job->grid->n[0], slice,
                                  slice - first < CM_COLUMN_TILE ? slice - first : CM_COLUMN_TILE,
                                  &job->along_z, scratch);
    }
}

static int64_t dense_scratch_bytes(const cm_grid *grid)
{
    const int64_t nz = grid->n[0], ny = grid->n[1], nx = grid->n[2];
    const int64_t row_values = cm_row_values(nx) + cm_search_blocks(nx);
    const int64_t of_slice = row_values * (int64_t)sizeof(double) + ny * nx * (int64_t)sizeof(uint16_t);
    const int64_t of_tile = cm_column_tile_values(nz) * (int64_t)sizeof(double);
    return of_slice > of_tile ? of_slice : of_tile;
}

cm_status cm_cpu_distance_squared(cm_backend *be, const uint8_t *mask, const cm_grid *grid, double *distance2,
                                  cm_error *err)
{
    int64_t n_voxels;
    cm_status st = cm_distance_check(grid, &n_voxels, err);
    if (st) return st;
    if (!memchr(mask, 1, (size_t)n_voxels)) return cm_distance_empty(err);
    const int workers = cm_threads_count(be->pool);
    const int64_t slice = grid->n[1] * grid->n[2];
    dense_job job = {.loops = cm_distance_loops_of(be), .mask = mask, .grid = grid, .distance2 = distance2};
    job.scratch_bytes = dense_scratch_bytes(grid);
    job.scratch = calloc((size_t)workers, sizeof *job.scratch);
    const bool costs = cm_line_costs_of_columns(&job.along_z, grid->n[0], grid->spacing[0]) &&
                       cm_line_costs_of_rows(&job.along_x, grid->n[2], grid->spacing[2]);
    if (!job.scratch || !costs) {
        st = cm_distance_no_memory(24 * (grid->n[0] + grid->n[2]), err);
    } else {
        const int64_t tiles = (slice + CM_COLUMN_TILE - 1) / CM_COLUMN_TILE;
        cm_threads_for(be->pool, grid->n[0], dense_slice, &job);
        if (grid->n[0] > 1 && !atomic_load(&job.no_memory))
            cm_threads_for(be->pool, (tiles + TILES_PER_TASK - 1) / TILES_PER_TASK, dense_along_z, &job);
        if (atomic_load(&job.no_memory)) st = cm_distance_no_memory(job.scratch_bytes, err);
    }
    for (int w = 0; w < workers && job.scratch; w++)
        free(job.scratch[w]);
    free(job.scratch);
    cm_line_costs_fini(&job.along_z);
    cm_line_costs_fini(&job.along_x);
    return st;
}
