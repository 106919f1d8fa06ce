/* Percentile intervals of the means of many rows over the same cases: each cohort is drawn once for all. */
#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/ranking_internal.h"

typedef struct means_job {
    const ranker *r;
    const cm_sampling *sampling;
    cm_random random;
    int64_t replicates;
    int32_t *drawn;              /* [workers][n] */
    int16_t *times;              /* [workers][RANK_LANES][padded] */
    int64_t *sum;                /* [workers][n_columns * rows * RANK_LANES] */
    double (*score)[RANK_LANES]; /* [workers][rows] */
    bool (*has)[RANK_LANES];     /* [workers][rows] */
    bool *too_many;              /* [workers] */
    double *mean;                /* [rows][replicates] */
} means_job;

static void means_task(void *context, int64_t block, int worker)
{
    const means_job *job = context;
    const ranker *r = job->r;
    int32_t *drawn = job->drawn + worker * r->n_cases;
    int16_t *times = job->times + (int64_t)worker * RANK_LANES * r->padded;
    double(*score)[RANK_LANES] = job->score + (int64_t)worker * r->n_tools;
    for (int l = 0; l < RANK_LANES; l++) { /* replicates past the end repeat the last one */
        const int64_t b = block * RANK_LANES + l;
        if (b < job->replicates) cm_sampling_draw(job->sampling, job->random, (uint64_t)b, drawn);
        if (!cm_ranker_take_times(r, drawn, times + l * r->padded)) job->too_many[worker] = true;
    }
    cm_ranker_scores(r, times, job->sum + (int64_t)worker * r->n_columns * r->n_tools * RANK_LANES, score,
                     job->has + (int64_t)worker * r->n_tools);
    for (int t = 0; t < r->n_tools; t++)
        for (int l = 0; l < RANK_LANES && block * RANK_LANES + l < job->replicates; l++)
            job->mean[t * job->replicates + block * RANK_LANES + l] = score[t][l];
}

static bool take(means_job *job, size_t workers)
{
    const ranker *r = job->r;
    const size_t rows = (size_t)r->n_tools;
    job->drawn = malloc(workers * (size_t)r->n_cases * sizeof *job->drawn);
    job->times = malloc(workers * RANK_LANES * (size_t)r->padded * sizeof *job->times);
    job->sum = malloc(workers * (size_t)r->n_columns * rows * RANK_LANES * sizeof *job->sum);
    job->score = malloc(workers * rows * sizeof *job->score);
    job->has = malloc(workers * rows * sizeof *job->has);
    job->too_many = calloc(workers, sizeof *job->too_many);
    job->mean = malloc(rows * (size_t)job->replicates * sizeof *job->mean);
    return job->drawn && job->times && job->sum && job->score && job->has && job->too_many && job->mean;
}

static void give_back(means_job *job)
{
    free(job->drawn);
    free(job->times);
    free(job->sum);
    free(job->score);
    free(job->has);
    free(job->too_many);
    free(job->mean);
}

cm_status cm_bootstrap_means(cm_threads *pool, const double *values, int n_rows, int64_t n,
                             const cm_sampling *sampling, double level, int64_t replicates, cm_random r,
                             cm_interval *out, cm_error *err)
{
    const cm_rank_table table = {n_rows, n, values, NULL, CM_LOWER_IS_BETTER};
    const cm_rank_rule rule = {CM_MEAN_THEN_RANK, CM_TIES_MIN, CM_MISSING_LEFT_OUT, 0.05, CM_ADJUST_NONE};
    if (replicates < 1 || replicates > 10000000 || !(level > 0 && level < 1) ||
        cm_sampling_cases(sampling) != n)
        return CM_FAIL(err, CM_ERR_ARG, .what = "means cannot be resampled like this",
                       .why = cm_strf("level %g, %lld replicates, %lld cases drawn of %lld", level,
                                      (long long)replicates, (long long)cm_sampling_cases(sampling),
                                      (long long)n)
                                  .s);
    ranker ready;
    cm_status st = cm_ranker_init(&ready, pool, &table, &rule, err);
    if (st) return st;
    means_job job = {.r = &ready, .sampling = sampling, .random = r, .replicates = replicates};
    bool too_many = false;
    if (take(&job, (size_t)cm_threads_count(pool)))
        cm_threads_for(pool, (replicates + RANK_LANES - 1) / RANK_LANES, means_task, &job);
    else
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample means",
                     .why = cm_strf("%d rows, %lld cases, %lld replicates", n_rows, (long long)n,
                                    (long long)replicates)
                                .s);
    for (int w = 0; w < cm_threads_count(pool) && !st; w++)
        too_many |= job.too_many[w];
    if (too_many)
        st = CM_FAIL(err, CM_ERR_LIMIT, .what = "a resampled cohort holds a case too often",
                     .why = cm_strf("more than %d times", RANK_TIMES_MAX).s);
    const double tail = (1 - level) / 2;
    for (int t = 0; t < n_rows && !st; t++) {
        double *mean = job.mean + t * replicates;
        out[t] = (cm_interval){.level = level, .replicates = replicates};
        out[t].low = cm_quantile7_permuting(mean, replicates, tail);
        out[t].high = cm_quantile7_permuting(mean, replicates, 1 - tail);
    }
    give_back(&job);
    cm_ranker_fini(&ready);
    return st;
}
