/* Voxels near a set: a dilation by a ball, in rows of bits, 64 voxels at a time.
 *
 * Seen from a row of voxels, a ball is a segment on each row around it, |dx| <= w(dz, dy). Rows with the same
 * w are joined first; from the longest segment to the shortest, what has been joined is spread by the
 * difference to the next w. So a row costs a few words for each row around it, and one spreading for each w
 * there is. Where the ball holds very many rows, distances (distance_at.c) are cheaper; they give the same:
 * the root of the least sum is less than the reach exactly where the root of some sum is. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/cpu/distance_internal.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "voxels become bits in the order of their bytes");

/* Of a quarter of the ball. So many rows cost a voxel a fraction of what its distance does. */
enum { MOST_ROWS = 1024 };

/* Rows (+-dz, +-dy) around, dz and dy >= 0, by falling half-width. */
typedef struct around {
    int64_t dz, dy, half_width;
} around;

typedef struct within_job {
    const uint8_t *mask, *seeds;
    int64_t n[3], words; /* words of a row */
    uint64_t *bits;      /* [nz][ny][words]: the seeds */
    around *rows;
    int64_t n_rows;
    uint64_t *scratch; /* [workers][2][words] */
    uint8_t *out;
    const cm_stop *stop;
    atomic_int status; /* why it was stopped */
} within_job;

/* -- the ball -------------------------------------------------------------------------------------------- */

static double squared(int64_t steps, double spacing)
{
    const double d = (double)steps * spacing;
    return d * d;
}

/* The largest dx < nx whose sum is near enough, from `from` downwards; -1: none. */
static int64_t half_width(const cm_grid *grid, int64_t dz, int64_t dy, double reach, int64_t from)
{
    const double dy2 = squared(dy, grid->spacing[1]), dz2 = squared(dz, grid->spacing[0]);
    int64_t w = from;
    while (w >= 0 && !(sqrt((squared(w, grid->spacing[2]) + dy2) + dz2) < reach))
        w--;
    return w;
}

static int by_falling_width(const void *a, const void *b)
{
    const around *x = a, *y = b;
    if (x->half_width != y->half_width) return x->half_width < y->half_width ? 1 : -1;
    if (x->dz != y->dz) return x->dz < y->dz ? -1 : 1;
    return (x->dy > y->dy) - (x->dy < y->dy);
}

/* rows: [MOST_ROWS]. -1: the ball has more. */
static int64_t list_rows(const cm_grid *grid, double reach, around *rows)
{
    int64_t n = 0, of_slice = grid->n[2] - 1;
    for (int64_t dz = 0; dz < grid->n[0]; dz++) {
        int64_t w = of_slice = half_width(grid, dz, 0, reach, of_slice);
        if (w < 0) break;
        for (int64_t dy = 0; dy < grid->n[1]; dy++) {
            w = half_width(grid, dz, dy, reach, w);
            if (w < 0) break;
            if (n == MOST_ROWS) return -1;
            rows[n++] = (around){dz, dy, w};
        }
    }
    qsort(rows, (size_t)n, sizeof *rows, by_falling_width);
    return n;
}

/* -- rows of bits ---------------------------------------------------------------------------------------- */

static void pack_row(const uint8_t *row, int64_t n, uint64_t *bits)
{
    memset(bits, 0, (size_t)((n + 63) / 64) * sizeof *bits);
    int64_t x = 0;
    for (; x + 8 <= n; x += 8) {
        uint64_t eight;
        memcpy(&eight, row + x, sizeof eight);
        bits[x / 64] |= (eight * UINT64_C(0x0102040810204080) >> 56) << (x % 64);
    }
    for (; x < n; x++)
        bits[x / 64] |= (uint64_t)row[x] << (x % 64);
}

/* out = mask where the bit is set. */
static void unpack_row(const uint64_t *bits, const uint8_t *mask, int64_t n, uint8_t *out)
{
    int64_t x = 0;
    for (; x + 8 <= n; x += 8) {
        uint64_t eight = (bits[x / 64] >> (x % 64) & 0xff) * UINT64_C(0x0101010101010101), of_mask;
        eight &= UINT64_C(0x8040201008040201); /* byte i keeps bit i */
        eight = (eight + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101);
        memcpy(&of_mask, mask + x, sizeof of_mask);
        eight &= of_mask;
        memcpy(out + x, &eight, sizeof eight);
    }
    for (; x < n; x++)
        out[x] = (uint8_t)(bits[x / 64] >> (x % 64) & mask[x]);
}

/* bits |= bits shifted by `by` >= 1 to both sides; other: scratch. */
static void join_shifted(uint64_t *bits, uint64_t *other, int64_t words, int64_t by)
{
    const int64_t whole = by / 64;
    const int part = (int)(by % 64);
    memcpy(other, bits, (size_t)words * sizeof *bits);
    for (int64_t i = whole; i < words; i++) {
        uint64_t up = other[i - whole] << part, down = other[i] >> part;
        if (part && i > whole) up |= other[i - whole - 1] >> (64 - part);
        if (part && i + 1 < words) down |= other[i + 1] << (64 - part);
        bits[i] |= up;
        bits[i - whole] |= down;
    }
}

/* Every bit becomes a segment from `by` before to `by` behind it. Segments of r make those of r + s for s <=
 * r
 * + 1: where one is cut off by the end of the row, the half with the bit itself is enough. */
static void spread(uint64_t *bits, uint64_t *other, int64_t words, int64_t by)
{
    for (int64_t r = 0; r < by;) {
        const int64_t step = by - r < r + 1 ? by - r : r + 1;
        join_shifted(bits, other, words, step);
        r += step;
    }
}

static void join_row(const within_job *j, int64_t z, int64_t y, uint64_t *bits)
{
    if (z < 0 || z >= j->n[0] || y < 0 || y >= j->n[1]) return;
    const uint64_t *row = j->bits + (z * j->n[1] + y) * j->words;
    for (int64_t i = 0; i < j->words; i++)
        bits[i] |= row[i];
}

static void near_row(const within_job *j, int64_t z, int64_t y, uint64_t *bits, uint64_t *other)
{
    memset(bits, 0, (size_t)j->words * sizeof *bits);
    for (int64_t k = 0; k < j->n_rows; k++) {
        const around *a = &j->rows[k];
        join_row(j, z + a->dz, y + a->dy, bits);
        if (a->dz) join_row(j, z - a->dz, y + a->dy, bits);
        if (a->dy) join_row(j, z + a->dz, y - a->dy, bits);
        if (a->dz && a->dy) join_row(j, z - a->dz, y - a->dy, bits);
        spread(bits, other, j->words, a->half_width - (k + 1 < j->n_rows ? a[1].half_width : 0));
    }
}

static void pack_task(void *context, int64_t z, int worker)
{
    const within_job *j = context;
    (void)worker;
    for (int64_t row = z * j->n[1]; row < (z + 1) * j->n[1]; row++)
        pack_row(j->seeds + row * j->n[2], j->n[2], j->bits + row * j->words);
}

static void near_task(void *context, int64_t z, int worker)
{
    within_job *j = context;
    uint64_t *bits = j->scratch + 2 * worker * j->words;
    const cm_status due = cm_stop_due(j->stop);
    if (due) atomic_store(&j->status, (int)due);
    if (atomic_load(&j->status)) return;
    for (int64_t y = 0; y < j->n[1]; y++) {
        const int64_t at = (z * j->n[1] + y) * j->n[2];
        if (!memchr(j->mask + at, 1, (size_t)j->n[2])) {
            memset(j->out + at, 0, (size_t)j->n[2]);
            continue;
        }
        near_row(j, z, y, bits, bits + j->words);
        unpack_row(bits, j->mask + at, j->n[2], j->out + at);
    }
}

/* -- by distances ---------------------------------------------------------------------------------------- */

static cm_status by_distance(cm_backend *be, const uint8_t *mask, const uint8_t *seeds, const cm_grid *grid,
                             int64_t n_voxels, double reach, uint8_t *out, const cm_stop *stop, cm_error *err)
{
    int64_t count = 0, k = 0;
    for (int64_t v = 0; v < n_voxels; v++) {
        count += mask[v];
        out[v] = 0;
    }
    int64_t *at = malloc((size_t)(count + 1) * sizeof *at);
    double *distance2 = malloc((size_t)(count + 1) * sizeof *distance2);
    cm_status st = at && distance2 ? CM_OK : cm_distance_no_memory(16 * count, err);
    for (int64_t v = 0; v < n_voxels && !st; v++)
        if (mask[v]) at[k++] = v;
    if (!st && memchr(seeds, 1, (size_t)n_voxels)) {
        st = cm_cpu_distance_squared_at(be, seeds, grid, at, count, distance2, stop, err);
        for (int64_t i = 0; i < count && !st; i++)
            out[at[i]] = sqrt(distance2[i]) < reach;
    }
    free(distance2);
    free(at);
    return st;
}

cm_status cm_cpu_mask_within(cm_backend *be, const uint8_t *mask, const uint8_t *seeds, const cm_grid *grid,
                             double reach, uint8_t *out, const cm_stop *stop, cm_error *err)
{
    int64_t n_voxels;
    cm_status st = cm_distance_check(grid, &n_voxels, err);
    if (st) return st;
    within_job job = {.mask = mask,
                      .seeds = seeds,
                      .n = {grid->n[0], grid->n[1], grid->n[2]},
                      .words = (grid->n[2] + 63) / 64,
                      .rows = malloc(MOST_ROWS * sizeof *job.rows),
                      .out = out,
                      .stop = stop};
    if (!job.rows) return cm_distance_no_memory(MOST_ROWS * (int64_t)sizeof *job.rows, err);
    job.n_rows = list_rows(grid, reach, job.rows);
    if (job.n_rows < 0) {
        st = by_distance(be, mask, seeds, grid, n_voxels, reach, out, stop, err);
    } else {
        const int64_t of_bits = grid->n[0] * grid->n[1] * job.words,
                      of_scratch = 2 * cm_threads_count(be->pool) * job.words;
        job.bits = malloc((size_t)of_bits * sizeof *job.bits);
        job.scratch = malloc((size_t)of_scratch * sizeof *job.scratch);
        if (!job.bits || !job.scratch) {
            st = cm_distance_no_memory((of_bits + of_scratch) * (int64_t)sizeof *job.bits, err);
        } else {
            cm_threads_for(be->pool, grid->n[0], pack_task, &job);
            cm_threads_for(be->pool, grid->n[0], near_task, &job);
            st = (cm_status)atomic_load(&job.status);
            if (st) CM_FAIL(err, st, .what = "stopped while looking for voxels near a set");
        }
    }
    free(job.scratch);
    free(job.bits);
    free(job.rows);
    return st;
}
