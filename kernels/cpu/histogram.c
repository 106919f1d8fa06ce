/* Joint histogram of two label maps and the bounding boxes of labels. Both walk runs of equal voxels, because
 * label maps are mostly long runs: four voxels at a time are compared with the value of the run. Counts are
 * integers, so the order of threads cannot show. */
#include "kernels/volume.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { VOXELS_PER_TASK = 1 << 18, ROWS_PER_TASK = 64 };

/* End of the run of `value` that contains i. */
static int64_t run_end(const uint16_t *map, int64_t i, int64_t end, uint16_t value)
{
    const uint64_t four = value * UINT64_C(0x0001000100010001);
    uint64_t next;
    while (i + 4 <= end) {
        memcpy(&next, map + i, sizeof next);
        if (next != four) break;
        i += 4;
    }
    while (i < end && map[i] == value)
        i++;
    return i;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

typedef struct histogram_job {
    const uint16_t *reference, *prediction;
    int64_t n_voxels;
    const int32_t *index_of;
    int n_labels;
    int64_t table_size; /* n_labels^2 + 1: the last counter is for voxels outside the label set */
    int64_t *tables;    /* one per worker */
} histogram_job;

static void count_task(void *context, int64_t task, int worker)
{
    const histogram_job *job = context;
    int64_t *table = job->tables + worker * job->table_size;
    int64_t i = task * VOXELS_PER_TASK;
    const int64_t end = smaller(i + VOXELS_PER_TASK, job->n_voxels);
    int64_t reference_end = i, prediction_end = i;
    int32_t r = -1, p = -1;
    while (i < end) {
        if (reference_end == i) {
            r = job->index_of[job->reference[i]];
            reference_end = run_end(job->reference, i, end, job->reference[i]);
        }
        if (prediction_end == i) {
            p = job->index_of[job->prediction[i]];
            prediction_end = run_end(job->prediction, i, end, job->prediction[i]);
        }
        const int64_t next = smaller(reference_end, prediction_end);
        const bool outside = r < 0 || p < 0;
        table[outside ? job->table_size - 1 : (int64_t)r * job->n_labels + p] += next - i;
        i = next;
    }
}

cm_status cm_joint_histogram(cm_threads *pool, const uint16_t *reference, const uint16_t *prediction,
                             int64_t n_voxels, const int32_t *index_of, int n_labels, int64_t *counts,
                             int64_t *outside, cm_error *err)
{
    if (n_voxels < 0 || n_labels < 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a joint histogram needs at least one label",
                       .why = cm_strf("%lld voxels, %d labels", (long long)n_voxels, n_labels).s);
    if (n_labels > CM_MAX_HISTOGRAM_LABELS)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "too many labels for one joint histogram",
                       .why = cm_strf("%d labels, at most %d", n_labels, CM_MAX_HISTOGRAM_LABELS).s);
    const int workers = cm_threads_count(pool);
    const int64_t cells = (int64_t)n_labels * n_labels;
    histogram_job job = {.reference = reference,
                         .prediction = prediction,
                         .n_voxels = n_voxels,
                         .index_of = index_of,
                         .n_labels = n_labels,
                         .table_size = cells + 1};
    job.tables = calloc((size_t)(job.table_size * workers), sizeof *job.tables);
    if (!job.tables)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the joint histogram",
                       .why = cm_strf("%d tables of %lld counters", workers, (long long)job.table_size).s);
    cm_threads_for(pool, (n_voxels + VOXELS_PER_TASK - 1) / VOXELS_PER_TASK, count_task, &job);
    memset(counts, 0, (size_t)cells * sizeof *counts);
    *outside = 0;
    for (int w = 0; w < workers; w++) {
        const int64_t *table = job.tables + w * job.table_size;
        for (int64_t i = 0; i < cells; i++)
            counts[i] += table[i];
        *outside += table[cells];
    }
    free(job.tables);
    return CM_OK;
}

typedef struct boxes_job {
    const uint16_t *map;
    int64_t n[3];
    const int32_t *index_of;
    int n_labels;
    cm_box *boxes; /* one row of n_labels per worker */
} boxes_job;

static const cm_box no_box = {{INT64_MAX, INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN, INT64_MIN}};

static void box_include(cm_box *box, const cm_box *other)
{
    for (int i = 0; i < 3; i++) {
        box->lo[i] = smaller(box->lo[i], other->lo[i]);
        box->hi[i] = larger(box->hi[i], other->hi[i]);
    }
}

static void boxes_task(void *context, int64_t task, int worker)
{
    const boxes_job *job = context;
    cm_box *boxes = job->boxes + (int64_t)worker * job->n_labels;
    const int64_t ny = job->n[1], nx = job->n[2];
    const int64_t last = smaller((task + 1) * ROWS_PER_TASK, job->n[0] * ny);
    for (int64_t row = task * ROWS_PER_TASK; row < last; row++) {
        const uint16_t *voxel = job->map + row * nx;
        const int64_t z = row / ny, y = row % ny;
        for (int64_t x = 0, end; x < nx; x = end) {
            end = run_end(voxel, x, nx, voxel[x]);
            const int32_t k = job->index_of[voxel[x]];
            if (k >= 0) box_include(&boxes[k], &(cm_box){{z, y, x}, {z + 1, y + 1, end}});
        }
    }
}

cm_status cm_label_boxes(cm_threads *pool, const uint16_t *map, const int64_t n[3], const int32_t *index_of,
                         int n_labels, cm_box *boxes, cm_error *err)
{
    if (n[0] < 1 || n[1] < 1 || n[2] < 1 || n_labels < 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "label boxes need a grid and at least one label",
                       .why = cm_strf("%lld x %lld x %lld voxels, %d labels", (long long)n[0],
                                      (long long)n[1], (long long)n[2], n_labels)
                                  .s);
    const int64_t all = (int64_t)cm_threads_count(pool) * n_labels;
    boxes_job job = {.map = map, .n = {n[0], n[1], n[2]}, .index_of = index_of, .n_labels = n_labels};
    job.boxes = malloc((size_t)all * sizeof *job.boxes);
    if (!job.boxes)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for label boxes",
                       .why = cm_strf("%lld boxes", (long long)all).s);
    for (int64_t i = 0; i < all; i++)
        job.boxes[i] = no_box;
    cm_threads_for(pool, (n[0] * n[1] + ROWS_PER_TASK - 1) / ROWS_PER_TASK, boxes_task, &job);
    for (int k = 0; k < n_labels; k++)
        boxes[k] = no_box;
    for (int64_t i = 0; i < all; i++)
        box_include(&boxes[i % n_labels], &job.boxes[i]);
    free(job.boxes);
    return CM_OK;
}
