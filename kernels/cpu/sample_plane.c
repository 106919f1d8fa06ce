/* One plane of a stored grid, looked up on another grid by tables: the way of a model's numbers back to the
 * image. Linear along each axis; along an axis whose position is a whole number nothing is computed. */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

/* Floats of a worker's scratch: an interpolated row of the slabs, two rows of the plane, a row of channels.
 */
static int64_t scratch_floats(int64_t n_w, int64_t w)
{
    return w + 2 * n_w + (n_w + 1) / 2;
}

int64_t cm_sample_scratch_bytes(int64_t n_w, int64_t w)
{
    return scratch_floats(n_w, w) * (int64_t)sizeof(float);
}

typedef struct plane_job {
    const cm_slab_pair *slabs;
    const cm_taps *h, *w;
    float *scratch;
    /* rows of values */
    int64_t first, rows;
    float *values;
    /* labels */
    const uint16_t *label_of;
    uint16_t *labels;
    int64_t stride_h, stride_w;
} plane_job;

static float *worker_scratch(const plane_job *j, int worker)
{
    return j->scratch + worker * scratch_floats(j->w->n, j->slabs->w);
}

/* One channel along row `row` of the plane into out[w->n]; `line` is scratch of the slabs' row length. */
static void interpolate_row(const plane_job *j, int64_t channel, int64_t row, float *restrict line,
                            float *restrict out)
{
    const cm_slab_pair *s = j->slabs;
    const float *lower = s->lower + channel * s->channel_stride,
                *upper = s->upper + channel * s->channel_stride;
    const int64_t a = j->h->lower[row] * s->w, b = j->h->upper[row] * s->w;
    const float wh = j->h->weight[row], wd = s->weight;
    const float *from = lower + a;
    if (wh > 0 || wd > 0) {
        for (int64_t x = 0; x < s->w; x++) {
            float v = lower[a + x];
            if (wh > 0) v += wh * (lower[b + x] - v);
            if (wd > 0) {
                float u = upper[a + x];
                if (wh > 0) u += wh * (upper[b + x] - u);
                v += wd * (u - v);
            }
            line[x] = v;
        }
        from = line;
    }
    for (int64_t k = 0; k < j->w->n; k++) {
        const float v = from[j->w->lower[k]], t = j->w->weight[k];
        out[k] = t > 0 ? v + t * (from[j->w->upper[k]] - v) : v;
    }
}

static void rows_task(void *context, int64_t task, int worker)
{
    const plane_job *j = context;
    interpolate_row(j, task / j->rows, j->first + task % j->rows, worker_scratch(j, worker),
                    j->values + task * j->w->n);
}

cm_status cm_cpu_sample_rows(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                             int64_t first, int64_t rows, float *values, void *scratch, cm_error *err)
{
    (void)err;
    plane_job j = {
        .slabs = slabs, .h = h, .w = w, .scratch = scratch, .first = first, .rows = rows, .values = values};
    cm_threads_for(be->pool, slabs->channels * rows, rows_task, &j);
    return CM_OK;
}

static void argmax_task(void *context, int64_t row, int worker)
{
    const plane_job *j = context;
    const int64_t n = j->w->n;
    if (!j->h->inside[row]) return;
    float *line = worker_scratch(j, worker), *value = line + j->slabs->w, *best = value + n;
    uint16_t *chosen = (uint16_t *)(best + n);
    interpolate_row(j, 0, row, line, best);
    memset(chosen, 0, (size_t)n * sizeof *chosen);
    for (int64_t c = 1; c < j->slabs->channels; c++) {
        interpolate_row(j, c, row, line, value);
        for (int64_t k = 0; k < n; k++) {
            if (!(value[k] > best[k])) continue;
            best[k] = value[k];
            chosen[k] = (uint16_t)c;
        }
    }
    uint16_t *out = j->labels + row * j->stride_h;
    for (int64_t k = 0; k < n; k++)
        if (j->w->inside[k]) out[k * j->stride_w] = j->label_of ? j->label_of[chosen[k]] : chosen[k];
}

cm_status cm_cpu_sample_argmax(cm_backend *be, const cm_slab_pair *slabs, const cm_taps *h, const cm_taps *w,
                               const uint16_t *label_of, uint16_t *labels, int64_t stride_h, int64_t stride_w,
                               void *scratch, cm_error *err)
{
    (void)err;
    plane_job j = {.slabs = slabs,
                   .h = h,
                   .w = w,
                   .scratch = scratch,
                   .label_of = label_of,
                   .labels = labels,
                   .stride_h = stride_h,
                   .stride_w = stride_w};
    cm_threads_for(be->pool, h->n, argmax_task, &j);
    return CM_OK;
}
