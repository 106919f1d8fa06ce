/* Where windows lie, and their weighted mean in a ring of slabs. */
#include "engine/model/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t cm_window_count(int64_t n, int64_t tile, double overlap)
{
    double step = fmax((double)tile * (1.0 - overlap), 1.0);
    return (int64_t)ceil((double)(n - tile) / step) + 1;
}

int64_t cm_window_start(int64_t n, int64_t tile, int64_t count, int64_t i)
{
    if (count < 2) return 0;
    return (int64_t)nearbyint((double)(n - tile) / (double)(count - 1) * (double)i);
}

void cm_tiling_of(const cm_input_spec *input, const int64_t size[3], cm_tiling *out)
{
    cm_tool_spec_tensor_axes(input, out->axis);
    for (int k = 0; k < 3; k++) {
        int64_t n = size[out->axis[k]];
        bool slices = input->dimension == 2 && k == 2;
        if (slices) {
            out->padded[k] = n;
            out->tile[k] = 1;
        } else if (input->whole) {
            out->padded[k] = (n + input->multiple - 1) / input->multiple * input->multiple;
            out->tile[k] = out->padded[k];
        } else {
            out->tile[k] = input->window[out->axis[k]];
            out->padded[k] = n > out->tile[k] ? n : out->tile[k];
        }
    }
}

/* exp(-x) for 0 <= x <= 8 by a series and six squarings: relative error below 1e-13 and, unlike the C
 * library's, the same bits on every machine. */
static double exp_of_minus(double x)
{
    double t = -x / 64.0, sum = 1.0;
    for (int k = 12; k >= 1; k--)
        sum = 1.0 + sum * t / (double)k;
    for (int k = 0; k < 6; k++)
        sum *= sum;
    return sum;
}

void cm_window_weights(int64_t tile, cm_blending blending, double *weight)
{
    double sigma = (double)tile / 8.0;
    for (int64_t i = 0; i < tile; i++) {
        double t = (double)(i - tile / 2) / sigma;
        weight[i] = blending == CM_BLENDING_CONSTANT ? 1.0 : exp_of_minus(0.5 * t * t);
    }
}

static cm_status init_axis(cm_windows *w, int k, double overlap, cm_blending blending, cm_error *err)
{
    int64_t n = w->size[k], tile = w->tile[k], count = cm_window_count(n, tile, overlap);
    w->count[k] = count;
    w->start[k] = malloc((size_t)count * sizeof *w->start[k]);
    w->weight[k] = malloc((size_t)tile * sizeof *w->weight[k]);
    w->sum[k] = calloc((size_t)n, sizeof *w->sum[k]);
    if (!w->start[k] || !w->weight[k] || !w->sum[k])
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the tables of the windows");
    /* With one window an axis' weights would cancel in the mean; 1 keeps the model's own bits. */
    cm_window_weights(tile, count == 1 ? CM_BLENDING_CONSTANT : blending, w->weight[k]);
    for (int64_t i = 0; i < count; i++) {
        w->start[k][i] = cm_window_start(n, tile, count, i);
        for (int64_t t = 0; t < tile; t++)
            w->sum[k][w->start[k][i] + t] += w->weight[k][t];
    }
    return CM_OK;
}

cm_status cm_windows_init(cm_windows *w, const int64_t size[3], const int64_t tile[3], double overlap,
                          cm_blending blending, cm_error *err)
{
    memset(w, 0, sizeof *w);
    int64_t total = 1;
    for (int k = 0; k < 3; k++) {
        w->size[k] = size[k];
        w->tile[k] = tile[k];
        if (tile[k] < 1 || size[k] < tile[k])
            return CM_FAIL(err, CM_ERR_ARG, .what = "a window does not fit the grid",
                           .why = cm_strf("%lld of %lld voxels", (long long)tile[k], (long long)size[k]).s);
        if (!cm_mul_i64(total, cm_window_count(size[k], tile[k], overlap), &total) || total > INT32_MAX)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "too many windows", .why = "more than 2^31",
                           .next = "use a larger window or less overlap");
    }
    cm_status st = CM_OK;
    for (int k = 0; !st && k < 3; k++)
        st = init_axis(w, k, overlap, blending, err);
    return st;
}

void cm_windows_fini(cm_windows *w)
{
    for (int k = 0; k < 3; k++) {
        free(w->start[k]);
        free(w->weight[k]);
        free(w->sum[k]);
    }
    memset(w, 0, sizeof *w);
}

int64_t cm_windows_total(const cm_windows *w)
{
    return w->count[0] * w->count[1] * w->count[2];
}

void cm_windows_start(const cm_windows *w, int64_t i, int64_t start[3])
{
    start[0] = w->start[0][i % w->count[0]];
    start[1] = w->start[1][i / w->count[0] % w->count[1]];
    start[2] = w->start[2][i / w->count[0] / w->count[1]];
}

typedef struct cut_job {
    const cm_windows *w;
    const int64_t *start;
    unsigned reversed;
    const float *values;
    float *tile;
} cut_job;

static void cut_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const cut_job *j = context;
    const int64_t *tile = j->w->tile, *n = j->w->size, *start = j->start;
    const int64_t c = task / tile[2], d = task % tile[2], from_d = j->reversed & 4 ? tile[2] - 1 - d : d;
    for (int64_t h = 0; h < tile[1]; h++) {
        const int64_t from_h = j->reversed & 2 ? tile[1] - 1 - h : h;
        const float *from =
            j->values + ((c * n[2] + start[2] + from_d) * n[1] + start[1] + from_h) * n[0] + start[0];
        float *to = j->tile + (task * tile[1] + h) * tile[0];
        if (!(j->reversed & 1)) memcpy(to, from, (size_t)tile[0] * sizeof *from);
        for (int64_t x = 0; j->reversed & 1 && x < tile[0]; x++)
            to[x] = from[tile[0] - 1 - x];
    }
}

void cm_window_cut(const cm_windows *w, const int64_t start[3], unsigned reversed, const float *values,
                   int64_t channels, float *tile, cm_threads *pool)
{
    cut_job j = {w, start, reversed, values, tile};
    cm_threads_for(pool, channels * w->tile[2], cut_task, &j);
}

int64_t cm_ring_bytes(const int64_t size[3], int64_t tile_d, int64_t channels)
{
    int64_t n = sizeof(float);
    if (!cm_mul_i64(n, channels, &n) || !cm_mul_i64(n, tile_d + 1, &n) || !cm_mul_i64(n, size[1], &n) ||
        !cm_mul_i64(n, size[0], &n))
        return -1;
    return n;
}

cm_status cm_ring_init(cm_ring *ring, const cm_windows *windows, int64_t channels, cm_budget *budget,
                       cm_error *err)
{
    *ring =
        (cm_ring){.windows = windows, .channels = channels, .depth = windows->tile[2] + 1, .budget = budget};
    void *mean;
    int64_t bytes = cm_ring_bytes(windows->size, windows->tile[2], channels);
    cm_status st = cm_budget_alloc(budget, bytes, 1, "accumulators of the windows", &mean, err);
    ring->mean = mean;
    for (int k = 0; !st && k < 3; k++) {
        ring->share[k] = malloc((size_t)windows->tile[k] * sizeof *ring->share[k]);
        if (!ring->share[k])
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the tables of the windows");
    }
    return st;
}

void cm_ring_fini(cm_ring *ring)
{
    if (ring->mean)
        cm_budget_free(ring->budget, ring->mean,
                       cm_ring_bytes(ring->windows->size, ring->windows->tile[2], ring->channels), 1);
    for (int k = 0; k < 3; k++)
        free(ring->share[k]);
    memset(ring, 0, sizeof *ring);
}

static float *slab_of(const cm_ring *ring, int64_t channel, int64_t d)
{
    const int64_t *n = ring->windows->size;
    return ring->mean + (channel * ring->depth + d % ring->depth) * n[1] * n[0];
}

const float *cm_ring_slab(const cm_ring *ring, int64_t d)
{
    return slab_of(ring, 0, d);
}

typedef struct add_job {
    cm_ring *ring;
    int64_t start[3];
    const float *output;
} add_job;

static void add_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const add_job *j = context;
    const cm_windows *w = j->ring->windows;
    const int64_t *tile = w->tile, *start = j->start;
    double *const *share = j->ring->share;
    const int64_t c = task / tile[2], d = task % tile[2];
    float *slab = slab_of(j->ring, c, start[2] + d);
    for (int64_t h = 0; h < tile[1]; h++) {
        float *restrict mean = slab + (start[1] + h) * w->size[0] + start[0];
        const float *restrict row = j->output + (task * tile[1] + h) * tile[0];
        const double part = share[2][d] * share[1][h];
        for (int64_t x = 0; x < tile[0]; x++)
            mean[x] += (float)(part * share[0][x]) * row[x];
    }
}

void cm_ring_add(cm_ring *ring, int64_t i, const float *output, cm_threads *pool)
{
    const cm_windows *w = ring->windows;
    add_job j = {.ring = ring, .output = output};
    cm_windows_start(w, i, j.start);
    for (int k = 0; k < 3; k++)
        for (int64_t t = 0; t < w->tile[k]; t++)
            ring->share[k][t] = w->weight[k][t] / w->sum[k][j.start[k] + t];
    cm_threads_for(pool, ring->channels * w->tile[2], add_task, &j);
}

typedef struct open_job {
    cm_ring *ring;
    int64_t d;
} open_job;

static void open_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const open_job *j = context;
    const int64_t *n = j->ring->windows->size;
    memset(slab_of(j->ring, task, j->d), 0, (size_t)(n[0] * n[1]) * sizeof(float));
}

void cm_ring_open(cm_ring *ring, int64_t d, cm_threads *pool)
{
    open_job j = {ring, d};
    cm_threads_for(pool, ring->channels, open_task, &j);
}
