/* Local response normalisation across channels (AlexNet's, and the first Inception's). */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/math.h"

typedef struct response_job {
    int64_t size, channels, voxels;
    double alpha, beta, bias;
    const float *x;
    float *y;
} response_job;

/* u^-beta for a positive u; a sum that is not finite stays what it is. */
static double power_of(double u, double beta)
{
    if (!isfinite(u)) return u > 0.0 ? 0.0 : u;
    return u > 0.0 ? math_exp_core(-beta * math_log_core(u)) : (double)NAN;
}

/* Channels of all samples. */
static void response_range(void *context, int64_t begin, int64_t end)
{
    const response_job *j = context;
    for (int64_t task = begin; task < end; task++) {
        const int64_t c = task % j->channels, first = task - c;
        const int64_t lo = c - (j->size - 1) / 2, hi = c + j->size / 2;
        const int64_t from = lo < 0 ? 0 : lo, to = hi < j->channels ? hi : j->channels - 1;
        for (int64_t v = 0; v < j->voxels; v++) {
            double sum = 0.0;
            for (int64_t k = from; k <= to; k++) {
                const double u = (double)j->x[(first + k) * j->voxels + v];
                sum += u * u;
            }
            const int64_t at = task * j->voxels + v;
            j->y[at] =
                (float)((double)j->x[at] * power_of(j->bias + j->alpha / (double)j->size * sum, j->beta));
        }
    }
}

cm_status cm_cpu_local_response_norm(cm_backend *be, int64_t size, float alpha, float beta, float bias,
                                     const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    cm_cpu_shape s;
    const cm_status st = cm_cpu_get_shape(x, true, &s, err);
    if (st) return st;
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a normalisation must have the shape of its input", x,
                                  y);
    if (size < 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a local response norm over no channel",
                       .why = cm_strf("size %lld", (long long)size).s);
    response_job job = {.size = size,
                        .channels = s.c,
                        .voxels = s.voxels,
                        .alpha = (double)alpha,
                        .beta = (double)beta,
                        .bias = (double)bias,
                        .x = x->data,
                        .y = y->data};
    if (s.voxels > 0 && s.c > 0) cm_cpu_for(be, s.n * s.c, 1, response_range, &job);
    return CM_OK;
}
