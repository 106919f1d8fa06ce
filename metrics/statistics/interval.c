/* Percentile bootstrap intervals. A replicate is a pure function of its number, so threads cannot show. */
#include "metrics/statistics/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/class_view.h"
#include "metrics/statistics/quantile.h"
#include "metrics/statistics/sum.h"

enum { REPLICATES_PER_TASK = 16, MAX_REPLICATES = 10000000 };

static cm_status check_request(int64_t n, const cm_sampling *sampling, double level, int64_t replicates,
                               cm_error *err)
{
    if (n < 1) return CM_FAIL(err, CM_ERR_EMPTY, .what = "no cases to resample");
    if (sampling && cm_sampling_cases(sampling) != n)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the cases to draw are not the cases at hand",
                       .why =
                           cm_strf("%lld and %lld", (long long)cm_sampling_cases(sampling), (long long)n).s);
    if (level > 0 && level < 1 && replicates >= 1 && replicates <= MAX_REPLICATES) return CM_OK;
    return CM_FAIL(
        err, CM_ERR_ARG, .what = "a bootstrap needs a level inside 0 to 1 and some replicates",
        .why =
            cm_strf("level %g, %lld replicates, at most %d", level, (long long)replicates, MAX_REPLICATES).s);
}

static cm_status no_memory(int64_t replicates, int64_t n, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a bootstrap",
                   .why = cm_strf("%lld replicates of %lld cases", (long long)replicates, (long long)n).s);
}

/* The middle `level` of the n replicate values, which are permuted. */
static cm_interval interval_of(double *replicate, int64_t n, double level)
{
    const double tail = (1 - level) / 2;
    cm_interval out = {.level = level, .replicates = n};
    out.low = cm_quantile7_permuting(replicate, n, tail);
    out.high = cm_quantile7_permuting(replicate, n, 1 - tail);
    return out;
}

/* What one thread draws into, and the sampling when the caller gave none. */
typedef struct drawing {
    const cm_sampling *sampling;
    cm_sampling *own;
    cm_random random;
    int64_t n;
    int32_t *times; /* [workers][n] */
} drawing;

static cm_status drawing_init(drawing *d, cm_threads *pool, int64_t n, const cm_sampling *sampling,
                              cm_random random, cm_error *err)
{
    *d = (drawing){.sampling = sampling, .random = random, .n = n};
    if (!sampling) {
        const cm_status st = cm_sampling_create(n, NULL, NULL, CM_DRAW_CASES, false, &d->own, err);
        if (st) return st;
        d->sampling = d->own;
    }
    d->times = malloc((size_t)cm_threads_count(pool) * (size_t)n * sizeof *d->times);
    return d->times ? CM_OK : no_memory(1, n, err);
}

static void drawing_fini(drawing *d)
{
    cm_sampling_destroy(d->own);
    free(d->times);
}

/* How often replicate b holds each case. */
static const int32_t *draw(const drawing *d, int64_t b, int worker)
{
    int32_t *times = d->times + worker * d->n;
    cm_sampling_draw(d->sampling, d->random, (uint64_t)b, times);
    return times;
}

static int64_t task_end(int64_t task, int64_t replicates)
{
    const int64_t end = (task + 1) * REPLICATES_PER_TASK;
    return end < replicates ? end : replicates;
}

/* -- the mean ------------------------------------------------------------------------------------------ */

typedef struct mean_job {
    drawing drawing;
    const double *values;
    int64_t replicates;
    double *mean; /* [replicates] */
} mean_job;

static void mean_task(void *context, int64_t task, int worker)
{
    const mean_job *job = context;
    for (int64_t b = task * REPLICATES_PER_TASK; b < task_end(task, job->replicates); b++) {
        const int32_t *times = draw(&job->drawing, b, worker);
        cm_sum sum = {0, 0};
        int64_t count = 0;
        for (int64_t i = 0; i < job->drawing.n; i++) {
            if (times[i]) cm_sum_add(&sum, times[i] * job->values[i]);
            count += times[i];
        }
        job->mean[b] = cm_sum_value(&sum) / (double)count;
    }
}

cm_status cm_bootstrap_mean(cm_threads *pool, const double *values, int64_t n, const cm_sampling *sampling,
                            double level, int64_t replicates, cm_random r, cm_interval *out, cm_error *err)
{
    cm_status st = check_request(n, sampling, level, replicates, err);
    if (st) return st;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a value to resample is not finite",
                           .why = cm_strf("value %lld of %lld", (long long)i + 1, (long long)n).s);
    mean_job job = {.values = values, .replicates = replicates};
    st = drawing_init(&job.drawing, pool, n, sampling, r, err);
    job.mean = malloc((size_t)replicates * sizeof *job.mean);
    if (!st && !job.mean) st = no_memory(replicates, n, err);
    if (!st) {
        cm_threads_for(pool, (replicates + REPLICATES_PER_TASK - 1) / REPLICATES_PER_TASK, mean_task, &job);
        *out = interval_of(job.mean, replicates, level);
    }
    drawing_fini(&job.drawing);
    free(job.mean);
    return st;
}

/* -- a metric of the cohort ---------------------------------------------------------------------------- */

typedef struct metric_job {
    const cm_metric *metric;
    const cm_class_view *view;
    cm_class_view_reading read;
    drawing drawing;
    int64_t replicates;
    char *scratch; /* [workers] of the view */
    int64_t scratch_bytes;
    double *value; /* [replicates] */
    bool *defined; /* [replicates] */
} metric_job;

static void metric_task(void *context, int64_t task, int worker)
{
    const metric_job *job = context;
    for (int64_t b = task * REPLICATES_PER_TASK; b < task_end(task, job->replicates); b++)
        job->defined[b] = job->read(job->view, job->metric, draw(&job->drawing, b, worker),
                                    job->scratch + worker * job->scratch_bytes, &job->value[b]);
}

static cm_status resample(cm_threads *pool, metric_job *job, double level, cm_interval *out,
                          int64_t *undefined, cm_error *err)
{
    const int64_t workers = cm_threads_count(pool);
    int64_t defined = 0;
    job->scratch = malloc((size_t)(workers * job->scratch_bytes));
    job->value = malloc((size_t)job->replicates * sizeof *job->value);
    job->defined = malloc((size_t)job->replicates * sizeof *job->defined);
    if (!job->scratch || !job->value || !job->defined) return no_memory(job->replicates, job->drawing.n, err);
    cm_threads_for(pool, (job->replicates + REPLICATES_PER_TASK - 1) / REPLICATES_PER_TASK, metric_task, job);
    for (int64_t b = 0; b < job->replicates; b++)
        if (job->defined[b]) job->value[defined++] = job->value[b];
    *undefined = job->replicates - defined;
    if (defined == 0)
        return CM_FAIL(err, CM_ERR_EMPTY,
                       .what = cm_strf("%s has no value in any resampled cohort", job->metric->id).s,
                       .why = cm_strf("%lld replicates of %lld cases", (long long)job->replicates,
                                      (long long)job->drawing.n)
                                  .s);
    *out = interval_of(job->value, defined, level);
    return CM_OK;
}

static cm_status bootstrap(cm_threads *pool, const cm_metric *metric, const cm_classified *data, int c,
                           cm_class_view_reading read, const cm_sampling *sampling, double level,
                           int64_t replicates, cm_random r, cm_interval *out, int64_t *undefined,
                           cm_error *err)
{
    cm_class_view *view = NULL;
    cm_status st = check_request(data->n, sampling, level, replicates, err);
    if (!st && data->weight)
        st = CM_FAIL(err, CM_ERR_ARG, .what = "a resampled cohort cannot be resampled again",
                     .why = "the cases have weights");
    if (!st) st = cm_class_view_create(metric, 1, data, c, &view, err);
    if (st) return st;
    metric_job job = {.metric = metric, .view = view, .read = read, .replicates = replicates};
    job.scratch_bytes = cm_class_view_scratch_bytes(view);
    st = drawing_init(&job.drawing, pool, data->n, sampling, r, err);
    if (!st) st = resample(pool, &job, level, out, undefined, err);
    drawing_fini(&job.drawing);
    free(job.scratch);
    free(job.value);
    free(job.defined);
    cm_class_view_destroy(view);
    return st;
}

cm_status cm_bootstrap_classification(cm_threads *pool, const cm_metric *metric, const cm_classified *data,
                                      int c, const cm_sampling *sampling, double level, int64_t replicates,
                                      cm_random r, cm_interval *out, int64_t *undefined, cm_error *err)
{
    return bootstrap(pool, metric, data, c, cm_class_view_value, sampling, level, replicates, r, out,
                     undefined, err);
}

cm_status cm_bootstrap_compared(cm_threads *pool, const cm_metric *metric, const cm_classified *data, int c,
                                const cm_sampling *sampling, double level, int64_t replicates, cm_random r,
                                cm_interval *out, int64_t *undefined, cm_error *err)
{
    return bootstrap(pool, metric, data, c, cm_class_view_compared, sampling, level, replicates, r, out,
                     undefined, err);
}
