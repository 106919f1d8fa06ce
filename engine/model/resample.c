/* One-dimensional interpolation along one axis of [outer][n][inner]. */
#include "engine/model/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/elementary.h"

enum { MAX_SIZE = 65536, LINES_PER_TASK = 64, RIM = 2 };

cm_status cm_resample_size(int64_t n, double spacing_mm, double wanted_mm, cm_grid_align align,
                           cm_size_rule rule, int64_t *size, double *true_mm, cm_error *err)
{
    double exact = (double)(align == CM_ALIGN_EDGES ? n : n - 1) * spacing_mm / wanted_mm;
    double whole = rule == CM_SIZE_ROUND  ? nearbyint(exact)
                   : rule == CM_SIZE_CEIL ? ceil(exact)
                                          : floor(exact);
    if (align == CM_ALIGN_CENTRES) whole += 1;
    if (whole < 1) whole = 1;
    if (!(whole <= MAX_SIZE))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a resampled axis would be too long", .where = "resample",
                       .why = cm_strf("%lld voxels of %g mm give %.0f of %g mm, the limit is %d",
                                      (long long)n, spacing_mm, whole, wanted_mm, MAX_SIZE)
                                  .s);
    *size = (int64_t)whole;
    *true_mm = align == CM_ALIGN_EDGES ? (double)n * spacing_mm / whole : wanted_mm;
    return CM_OK;
}

typedef struct job {
    const cm_resample_axis *axis;
    const float *in;
    float *out;
    double *lines; /* cubic: one padded line per worker */
} job;

static double source_position(const cm_resample_axis *a, int64_t i)
{
    double c = a->align == CM_ALIGN_EDGES ? ((double)i + 0.5) * ((double)a->n / (double)a->size) - 0.5
                                          : (double)i * (a->true_mm / a->spacing_mm);
    /* A spline has a course of its own between the rim voxel and its continuation. */
    double rim = a->interpolation == CM_INTERPOLATION_CUBIC ? 0.5 : 0.0;
    return cm_clamp(c, -rim, (double)(a->n - 1) + rim);
}

/* One output row of `inner` values, from one or two input rows. */
static void rows_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const job *j = context;
    const cm_resample_axis *a = j->axis;
    int64_t outer = task / a->size, i = task % a->size;
    double c = source_position(a, i);
    float *out = j->out + task * a->inner;
    const float *block = j->in + outer * a->n * a->inner;
    if (a->interpolation == CM_INTERPOLATION_NEAREST) {
        memcpy(out, block + (int64_t)floor(c + 0.5) * a->inner, (size_t)a->inner * sizeof *out);
        return;
    }
    int64_t low = (int64_t)floor(c), high = low + 1 < a->n ? low + 1 : low;
    double w = c - (double)low;
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
    double u = 1.0 - t;
    return (u * u * u * coefficient[0] + (4.0 - 6.0 * t * t + 3.0 * t * t * t) * coefficient[1] +
            (4.0 - 6.0 * u * u + 3.0 * u * u * u) * coefficient[2] + t * t * t * coefficient[3]) /
           6.0;
}

static void cubic_task(void *context, int64_t task, int worker)
{
    const job *j = context;
    const cm_resample_axis *a = j->axis;
    int64_t padded = a->n + 2 * RIM, lines = a->outer * a->inner;
    double *line = j->lines + (int64_t)worker * padded;
    int64_t end = (task + 1) * LINES_PER_TASK < lines ? (task + 1) * LINES_PER_TASK : lines;
    for (int64_t l = task * LINES_PER_TASK; l < end; l++) {
        const float *in = j->in + (l / a->inner) * a->n * a->inner + l % a->inner;
        float *out = j->out + (l / a->inner) * a->size * a->inner + l % a->inner;
        for (int64_t i = 0; i < padded; i++) {
            int64_t from = i < RIM ? 0 : i - RIM < a->n ? i - RIM : a->n - 1;
            line[i] = (double)in[from * a->inner];
        }
        spline_coefficients(line, padded);
        for (int64_t i = 0; i < a->size; i++) {
            double c = source_position(a, i);
            int64_t low = (int64_t)floor(c);
            out[i * a->inner] = (float)spline_value(line + low + RIM - 1, c - (double)low);
        }
    }
}

cm_status cm_resample_run(cm_threads *pool, const cm_resample_axis *axis, const float *in, float *out,
                          cm_error *err)
{
    job j = {axis, in, out, NULL};
    if (axis->interpolation != CM_INTERPOLATION_CUBIC) {
        cm_threads_for(pool, axis->outer * axis->size, rows_task, &j);
        return CM_OK;
    }
    j.lines = malloc((size_t)cm_threads_count(pool) * (size_t)(axis->n + 2 * RIM) * sizeof *j.lines);
    if (!j.lines) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the lines of a resampling");
    int64_t lines = axis->outer * axis->inner;
    cm_threads_for(pool, (lines + LINES_PER_TASK - 1) / LINES_PER_TASK, cubic_task, &j);
    free(j.lines);
    return CM_OK;
}
