/* Resampling along one axis of [outer][n][inner]: the nearest voxel, a straight line, or a cubic spline. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/elementary.h"

enum { LINES_PER_TASK = 64, RIM = 2 };

typedef struct job {
    const cm_resample_axis *axis;
    const float *in;
    float *out;
    double *lines; /* cubic: one padded line per worker */
} job;

static double source_position(const cm_resample_axis *a, int64_t i)
{
    const double c = ((double)i + a->shift) * a->step - a->shift;
    /* A spline has a course of its own between the rim voxel and its continuation. */
    const double rim = a->interpolation == CM_INTERPOLATION_CUBIC ? 0.5 : 0.0;
    return cm_clamp(c, -rim, (double)(a->n - 1) + rim);
}

/* One output row of `inner` values, from one or two input rows. */
static void rows_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const job *j = context;
    const cm_resample_axis *a = j->axis;
    const int64_t outer = task / a->size, i = task % a->size;
    const double c = source_position(a, i);
    float *out = j->out + task * a->inner;
    const float *block = j->in + outer * a->n * a->inner;
    if (a->interpolation == CM_INTERPOLATION_NEAREST) {
        memcpy(out, block + (int64_t)floor(c + 0.5) * a->inner, (size_t)a->inner * sizeof *out);
        return;
    }
    const int64_t low = (int64_t)floor(c), high = low + 1 < a->n ? low + 1 : low;
    const double w = c - (double)low;
    const float *p = block + low * a->inner, *q = block + high * a->inner;
    for (int64_t k = 0; k < a->inner; k++)
        out[k] = (float)((double)p[k] + w * ((double)q[k] - (double)p[k]));
}

/* Coefficients of the cubic B-spline through line[0..n): recursive filters of Unser (1999) with pole sqrt(3)
 * - 2, started as if the first and last value went on for ever. */
static void spline_coefficients(double *line, int64_t n)
{
    const double pole = sqrt(3.0) - 2.0;
    const double gain = (1.0 - pole) * (1.0 - 1.0 / pole);
    const double tail = gain * line[n - 1] / (1.0 - pole); /* where the forward filter would settle */
    double last = gain * line[0] / (1.0 - pole);
    line[0] = last;
    for (int64_t i = 1; i < n; i++)
        line[i] = last = gain * line[i] + pole * last;
    line[n - 1] = -pole * (tail / (1.0 - pole) + (line[n - 1] - tail) / (1.0 - pole * pole));
    for (int64_t i = n - 2; i >= 0; i--)
        line[i] = pole * (line[i + 1] - line[i]);
}

static double spline_value(const double *coefficient, double t)
{
    const double u = 1.0 - t;
    return (u * u * u * coefficient[0] + (4.0 - 6.0 * t * t + 3.0 * t * t * t) * coefficient[1] +
            (4.0 - 6.0 * u * u + 3.0 * u * u * u) * coefficient[2] + t * t * t * coefficient[3]) /
           6.0;
}

static void cubic_task(void *context, int64_t task, int worker)
{
    const job *j = context;
    const cm_resample_axis *a = j->axis;
    const int64_t padded = a->n + 2 * RIM, lines = a->outer * a->inner;
    double *line = j->lines + (int64_t)worker * padded;
    const int64_t end = (task + 1) * LINES_PER_TASK < lines ? (task + 1) * LINES_PER_TASK : lines;
    for (int64_t l = task * LINES_PER_TASK; l < end; l++) {
        const float *in = j->in + (l / a->inner) * a->n * a->inner + l % a->inner;
        float *out = j->out + (l / a->inner) * a->size * a->inner + l % a->inner;
        for (int64_t i = 0; i < padded; i++) {
            const int64_t from = i < RIM ? 0 : i - RIM < a->n ? i - RIM : a->n - 1;
            line[i] = (double)in[from * a->inner];
        }
        spline_coefficients(line, padded);
        for (int64_t i = 0; i < a->size; i++) {
            const double c = source_position(a, i);
            const int64_t low = (int64_t)floor(c);
            out[i * a->inner] = (float)spline_value(line + low + RIM - 1, c - (double)low);
        }
    }
}

cm_status cm_cpu_resample_axis(cm_backend *be, const cm_resample_axis *p, const float *in, float *out,
                               cm_error *err)
{
    job j = {p, in, out, NULL};
    if (p->outer < 1 || p->n < 1 || p->inner < 1 || p->size < 1 || !isfinite(p->step))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "an axis to resample has no voxel, or its step is not finite",
            .why = cm_strf("%lld voxels to %lld in steps of %g", (long long)p->n, (long long)p->size, p->step)
                       .s);
    if (p->interpolation != CM_INTERPOLATION_CUBIC) {
        cm_threads_for(be->pool, p->outer * p->size, rows_task, &j);
        return CM_OK;
    }
    j.lines = malloc((size_t)cm_threads_count(be->pool) * (size_t)(p->n + 2 * RIM) * sizeof *j.lines);
    if (!j.lines) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the lines of a resampling");
    const int64_t lines = p->outer * p->inner;
    cm_threads_for(be->pool, (lines + LINES_PER_TASK - 1) / LINES_PER_TASK, cubic_task, &j);
    free(j.lines);
    return CM_OK;
}
