/* Instance, group and layer normalisation, and the per-channel affine map.
 *
 * The statistics are sums in double over the fixed tree of cm_cpu_loops.moments. The result is evaluated in
 * double and rounded once. One channel, group or row is one piece of work, so the number of threads changes
 * nothing. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <stddef.h>

typedef struct norm_job {
    const cm_cpu_loops *loops;
    const float *x, *scale, *bias;
    float *y;
    double epsilon;
    int64_t channels; /* group norm: channels of one group; else unused */
    int64_t period;   /* instance, affine: channels; group: groups per sample; layer: elements of a row */
    int64_t voxels;
    cm_activation activation;
    float alpha;
} norm_job;

typedef struct statistics {
    double mean, inv_std;
} statistics;

static statistics get_statistics(const norm_job *j, const float *x, int64_t n)
{
    double mean, variance;
    j->loops->moments(x, n, &mean, &variance);
    return (statistics){mean, 1.0 / sqrt(variance + j->epsilon)};
}

/* y = (x - mean) * inv_std * scale + bias of one channel. */
static void normalise_channel(const norm_job *j, statistics s, int64_t channel, int64_t at)
{
    const double scale = s.inv_std * (double)j->scale[channel];
    j->loops->normalise(scale, fma(-s.mean, scale, (double)j->bias[channel]), j->activation, j->alpha,
                        j->x + at, j->y + at, j->voxels);
}

static void instance_range(void *context, int64_t begin, int64_t end)
{
    const norm_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const int64_t at = i * j->voxels;
        normalise_channel(j, get_statistics(j, j->x + at, j->voxels), i % j->period, at);
    }
}

static cm_status check_maps(const cm_tensor *x, const cm_tensor *y, cm_cpu_shape *s, cm_error *err)
{
    const cm_status st = cm_cpu_get_shape(x, true, s, err);
    if (st) return st;
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a normalisation must have the shape of its input", x,
                                  y);
    return CM_OK;
}

cm_status cm_cpu_instance_norm(cm_backend *be, const cm_tensor *x, const float *scale, const float *bias,
                               float epsilon, cm_activation activation, float alpha, cm_tensor *y,
                               cm_error *err)
{
    cm_cpu_shape s;
    const cm_status st = check_maps(x, y, &s, err);
    if (st) return st;
    norm_job job = {.loops = cm_cpu_get_variant(be)->loops,
                    .x = x->data,
                    .y = y->data,
                    .scale = scale,
                    .bias = bias,
                    .epsilon = (double)epsilon,
                    .period = s.c,
                    .voxels = s.voxels,
                    .activation = activation,
                    .alpha = alpha};
    if (s.voxels > 0) cm_cpu_for(be, s.n * s.c, 1, instance_range, &job);
    return CM_OK;
}

static void group_range(void *context, int64_t begin, int64_t end)
{
    const norm_job *j = context;
    const int64_t size = j->channels * j->voxels;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i % j->period * j->channels;
        const statistics m = get_statistics(j, j->x + i * size, size);
        for (int64_t c = 0; c < j->channels; c++)
            normalise_channel(j, m, first + c, i * size + c * j->voxels);
    }
}

cm_status cm_cpu_group_norm(cm_backend *be, const cm_tensor *x, int64_t groups, const float *scale,
                            const float *bias, float epsilon, cm_activation activation, float alpha,
                            cm_tensor *y, cm_error *err)
{
    cm_cpu_shape s;
    const cm_status st = check_maps(x, y, &s, err);
    if (st) return st;
    if (groups < 1 || s.c % groups != 0)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the groups of a group norm must divide its channels",
                       .why = cm_strf("%lld groups, %lld channels", (long long)groups, (long long)s.c).s);
    norm_job job = {.loops = cm_cpu_get_variant(be)->loops,
                    .x = x->data,
                    .y = y->data,
                    .scale = scale,
                    .bias = bias,
                    .epsilon = (double)epsilon,
                    .channels = s.c / groups,
                    .period = groups,
                    .voxels = s.voxels,
                    .activation = activation,
                    .alpha = alpha};
    if (s.voxels > 0 && s.c > 0) cm_cpu_for(be, s.n * groups, 1, group_range, &job);
    return CM_OK;
}

static void layer_range(void *context, int64_t begin, int64_t end)
{
    const norm_job *j = context;
    const int64_t n = j->period;
    for (int64_t i = begin; i < end; i++) {
        const statistics m = get_statistics(j, j->x + i * n, n);
        j->loops->normalise_each(m.mean, m.inv_std, j->scale, j->bias, j->x + i * n, j->y + i * n, n);
    }
}

cm_status cm_cpu_layer_norm(cm_backend *be, const cm_tensor *x, int axis, const float *scale,
                            const float *bias, float epsilon, cm_tensor *y, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "layer norm", x);
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a normalisation must have the shape of its input", x,
                                  y);
    if (axis < 0 || axis > x->rank)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the axis of a layer norm is outside its input",
                       .why = cm_strf("axis %d, rank %d", axis, x->rank).s);
    int64_t rows = 1, n = 1;
    for (int i = 0; i < x->rank; i++)
        *(i < axis ? &rows : &n) *= x->dim[i];
    norm_job job = {.loops = cm_cpu_get_variant(be)->loops,
                    .x = x->data,
                    .y = y->data,
                    .scale = scale,
                    .bias = bias,
                    .epsilon = (double)epsilon,
                    .period = n};
    if (n > 0) cm_cpu_for(be, rows, 1 + 16384 / n, layer_range, &job);
    return CM_OK;
}

typedef struct moments_job {
    norm_job of;
    float *mean, *inv_std;
} moments_job;

static void moments_range(void *context, int64_t begin, int64_t end)
{
    const moments_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const statistics m = get_statistics(&j->of, j->of.x + i * j->of.period, j->of.period);
        if (j->mean) j->mean[i] = (float)m.mean;
        if (j->inv_std) j->inv_std[i] = (float)m.inv_std;
    }
}

/* Rows of a normalisation over the dimensions from axis on, and their length. */
static cm_status split_rows(const cm_tensor *x, int axis, int64_t *rows, int64_t *n, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "a normalisation", x);
    if (axis < 0 || axis > x->rank)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the axis of a normalisation is outside its input",
                       .why = cm_strf("axis %d, rank %d", axis, x->rank).s);
    *rows = *n = 1;
    for (int i = 0; i < x->rank; i++)
        *(i < axis ? rows : n) *= x->dim[i];
    return CM_OK;
}

cm_status cm_cpu_moments(cm_backend *be, const cm_tensor *x, int axis, float epsilon, cm_tensor *mean,
                         cm_tensor *inv_std, cm_error *err)
{
    int64_t rows = 0, n = 0;
    const cm_status st = split_rows(x, axis, &rows, &n, err);
    if (st) return st;
    if ((mean && cm_tensor_count(mean) != rows) || (inv_std && cm_tensor_count(inv_std) != rows))
        return cm_cpu_shape_error(err, "mean and deviation do not fit their input", x, mean ? mean : inv_std);
    moments_job job = {
        .of = {.loops = cm_cpu_get_variant(be)->loops, .x = x->data, .epsilon = (double)epsilon, .period = n},
        .mean = mean ? mean->data : NULL,
        .inv_std = inv_std ? inv_std->data : NULL};
    if (n > 0) cm_cpu_for(be, rows, 1 + 16384 / n, moments_range, &job);
    return CM_OK;
}

static void rms_range(void *context, int64_t begin, int64_t end)
{
    const norm_job *j = context;
    const int64_t n = j->period;
    for (int64_t i = begin; i < end; i++) {
        const float *x = j->x + i * n;
        const double mean = j->loops->sum_squares(x, n) / (double)n;
        const double inverse = 1.0 / sqrt(mean + j->epsilon);
        for (int64_t k = 0; k < n; k++)
            j->y[i * n + k] = (float)((double)x[k] * (inverse * (double)j->scale[k]));
    }
}

cm_status cm_cpu_rms_norm(cm_backend *be, const cm_tensor *x, int axis, const float *scale, float epsilon,
                          cm_tensor *y, cm_error *err)
{
    int64_t rows = 0, n = 0;
    const cm_status st = split_rows(x, axis, &rows, &n, err);
    if (st) return st;
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a normalisation must have the shape of its input", x,
                                  y);
    norm_job job = {.loops = cm_cpu_get_variant(be)->loops,
                    .x = x->data,
                    .y = y->data,
                    .scale = scale,
                    .epsilon = (double)epsilon,
                    .period = n};
    if (n > 0) cm_cpu_for(be, rows, 1 + 16384 / n, rms_range, &job);
    return CM_OK;
}

/* Elements that are still near when the activation comes to them. */
enum { CACHED = 4096 };

static void affine_range(void *context, int64_t begin, int64_t end)
{
    const norm_job *j = context;
    for (int64_t i = begin; i < end; i++)
        for (int64_t at = 0; at < j->voxels; at += CACHED) {
            const int64_t n = j->voxels - at < CACHED ? j->voxels - at : CACHED;
            float *y = j->y + i * j->voxels + at;
            j->loops->affine(j->scale[i % j->period], j->bias[i % j->period], j->x + i * j->voxels + at, y,
                             n);
            cm_cpu_activate(j->loops, j->activation, j->alpha, y, n);
        }
}

cm_status cm_cpu_affine_channels(cm_backend *be, const cm_tensor *x, const float *a, const float *b,
                                 cm_activation activation, float alpha, cm_tensor *y, cm_error *err)
{
    cm_cpu_shape s;
    const cm_status st = check_maps(x, y, &s, err);
    if (st) return st;
    norm_job job = {.loops = cm_cpu_get_variant(be)->loops,
                    .x = x->data,
                    .y = y->data,
                    .scale = a,
                    .bias = b,
                    .period = s.c,
                    .voxels = s.voxels,
                    .activation = activation,
                    .alpha = alpha};
    cm_cpu_for(be, s.n * s.c, 1 + 16384 / (s.voxels + 1), affine_range, &job);
    return CM_OK;
}
