/* Joint histogram of two label maps and the bounding boxes of their labels, in one pass. It walks runs in
 * which neither map changes, because label maps are mostly long runs: sixteen voxels at a time are compared
 * with the values of the run. Counts are integers, so the order of threads cannot show. */
#include "kernels/cpu/cpu_internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_TASK = 64, STRIDE = 16 };

/* Not 0 where one of eight voxels from `map` on is not the value, which `four` repeats. */
static inline uint64_t eight_differ(const uint16_t *map, uint64_t four)
{
    uint64_t low, high;
    memcpy(&low, map, sizeof low);
    memcpy(&high, map + 4, sizeof high);
    return (low ^ four) | (high ^ four);
}

/* End of the run of two values that contains x. */
static int64_t run_end(const uint16_t *reference, const uint16_t *prediction, int64_t x, int64_t end)
{
    const uint64_t each = UINT64_C(0x0001000100010001);
    const uint16_t r = reference[x], p = prediction[x];
    while (x + STRIDE <= end &&
           !(eight_differ(reference + x, r * each) | eight_differ(prediction + x, p * each) |
             eight_differ(reference + x + 8, r * each) | eight_differ(prediction + x + 8, p * each)))
        x += STRIDE;
    while (x < end && reference[x] == r && prediction[x] == p)
        x++;
    return x;
}

static const cm_box no_box = {{INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN, INT64_MIN}};

static void box_include(cm_box *box, const cm_box *other)
{
    for (int i = 0; i < 3; i++) {
        if (other->lo[i] < box->lo[i]) box->lo[i] = other->lo[i];
        if (other->hi[i] > box->hi[i]) box->hi[i] = other->hi[i];
    }
}

typedef struct histogram_job {
    const uint16_t *reference, *prediction;
    int64_t n[3];
    const int32_t *index_of;
    int n_labels;
    int64_t table_size; /* n_labels^2 + 1: the last counter is for voxels outside the label set */
    int64_t *tables;    /* one per worker */
    cm_box *boxes;      /* [2][n_labels] per worker, or NULL */
} histogram_job;

static void count_row(const histogram_job *job, int64_t row, int64_t *table, cm_box *boxes)
{
    const int64_t nx = job->n[2], z = row / job->n[1], y = row % job->n[1];
    const uint16_t *reference = job->reference + row * nx, *prediction = job->prediction + row * nx;
    for (int64_t x = 0, end; x < nx; x = end) {
        end = run_end(reference, prediction, x, nx);
        const int32_t r = job->index_of[reference[x]], p = job->index_of[prediction[x]];
        const cm_box run = {{z, y, x}, {z + 1, y + 1, end}};
        table[r < 0 || p < 0 ? job->table_size - 1 : (int64_t)r * job->n_labels + p] += end - x;
        if (boxes && r >= 0) box_include(&boxes[r], &run);
        if (boxes && p >= 0) box_include(&boxes[job->n_labels + p], &run);
    }
}

static void count_task(void *context, int64_t task, int worker)
{
    const histogram_job *job = context;
    int64_t *table = job->tables + worker * job->table_size, last = (task + 1) * ROWS_PER_TASK;
    cm_box *boxes = job->boxes ? job->boxes + 2 * (int64_t)worker * job->n_labels : NULL;
    if (last > job->n[0] * job->n[1]) last = job->n[0] * job->n[1];
    for (int64_t row = task * ROWS_PER_TASK; row < last; row++)
        count_row(job, row, table, boxes);
}

static cm_status check_request(const int64_t n[3], int n_labels, cm_error *err)
{
    int64_t rows, voxels;
    if (n[0] < 0 || n[1] < 0 || n[2] < 0 || n_labels < 1 || !cm_mul_i64(n[0], n[1], &rows) ||
        !cm_mul_i64(rows, n[2], &voxels))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a joint histogram needs a grid and at least one label",
                       .why = cm_strf("%lld x %lld x %lld voxels, %d labels", (long long)n[0],
                                      (long long)n[1], (long long)n[2], n_labels)
                                  .s);
    if (n_labels > CM_MAX_HISTOGRAM_LABELS)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "too many labels for one joint histogram",
                       .why = cm_strf("%d labels, at most %d", n_labels, CM_MAX_HISTOGRAM_LABELS).s);
    return CM_OK;
}

cm_status cm_cpu_joint_histogram(cm_backend *be, const uint16_t *reference, const uint16_t *prediction,
                                 const int64_t n[3], const int32_t *index_of, int n_labels, int64_t *counts,
                                 int64_t *outside, cm_box *boxes, cm_error *err)
{
    cm_status st = check_request(n, n_labels, err);
    if (st) return st;
    const int64_t workers = cm_threads_count(be->pool), cells = (int64_t)n_labels * n_labels;
    const int64_t n_boxes = 2 * (int64_t)n_labels;
    histogram_job job = {.reference = reference,
                         .prediction = prediction,
                         .n = {n[0], n[1], n[2]},
                         .index_of = index_of,
                         .n_labels = n_labels,
                         .table_size = cells + 1};
    job.tables = calloc((size_t)(job.table_size * workers), sizeof *job.tables);
    if (boxes) job.boxes = malloc((size_t)(n_boxes * workers) * sizeof *job.boxes);
    if (!job.tables || (boxes && !job.boxes)) {
        st = CM_FAIL(
            err, CM_ERR_NOMEM, .what = "no memory for the joint histogram",
            .why = cm_strf("%lld tables of %lld counters", (long long)workers, (long long)job.table_size).s);
    } else {
        for (int64_t i = 0; i < n_boxes * workers && boxes; i++)
            job.boxes[i] = no_box;
        cm_threads_for(be->pool, (n[0] * n[1] + ROWS_PER_TASK - 1) / ROWS_PER_TASK, count_task, &job);
        memset(counts, 0, (size_t)cells * sizeof *counts);
        *outside = 0;
        for (int64_t w = 0; w < workers; w++) {
            const int64_t *table = job.tables + w * job.table_size;
            for (int64_t i = 0; i < cells; i++)
                counts[i] += table[i];
            *outside += table[cells];
        }
        for (int64_t i = 0; i < n_boxes && boxes; i++)
            boxes[i] = no_box;
        for (int64_t i = 0; i < n_boxes * workers && boxes; i++)
            box_include(&boxes[i % n_boxes], &job.boxes[i]);
    }
    free(job.tables);
    free(job.boxes);
    return st;
}
