/* How a ranking changes when the cohort is drawn again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/ranking_internal.h"
#include "metrics/statistics/sum.h"

typedef struct stability_job {
    const ranker *r;
    const cm_sampling *sampling;
    cm_random random;
    cm_stability *out;
    int32_t *drawn; /* [workers][n_cases] */
    bool *too_many; /* [workers]: a case was drawn more often than can be counted */
    /* methods by scores */
    int16_t *times;              /* [workers][RANK_LANES][padded] */
    int64_t *sum;                /* [workers][n_columns * n_tools * RANK_LANES] */
    double (*score)[RANK_LANES]; /* [workers][n_tools] */
    bool (*has)[RANK_LANES];     /* [workers][n_tools] */
    double *score_one;           /* [workers][n_tools] */
    bool *has_one;               /* [workers][n_tools] */
    /* test-based */
    int64_t first;          /* first replicate of the chunk of PAIR_LANES */
    pair_times *pair_times; /* [n_cases] */
    int *most;              /* [workers]: largest count */
    pair_order *order;      /* [workers] */
    pair_lanes *lanes;      /* [workers] */
    double *p;              /* [PAIR_LANES][n_tools * n_tools] */
} stability_job;

static void block_task(void *context, int64_t block, int worker)
{
    const stability_job *job = context;
    const ranker *r = job->r;
    const int n = r->n_tools;
    int16_t *times = job->times + (int64_t)worker * RANK_LANES * r->padded;
    int32_t *drawn = job->drawn + worker * r->n_cases;
    double(*score)[RANK_LANES] = job->score + (int64_t)worker * n;
    bool(*has)[RANK_LANES] = job->has + (int64_t)worker * n;
    for (int l = 0; l < RANK_LANES; l++) { /* replicates past the end repeat the last one */
        const int64_t b = block * RANK_LANES + l, last = job->out->replicates - 1;
        if (b <= last) cm_sampling_draw(job->sampling, job->random, (uint64_t)b, drawn);
        if (!cm_ranker_take_times(r, drawn, times + l * r->padded)) job->too_many[worker] = true;
    }
    if (job->too_many[worker]) return;
    cm_ranker_scores(r, times, job->sum + (int64_t)worker * r->n_columns * n * RANK_LANES, score, has);
    for (int l = 0; l < RANK_LANES; l++) {
        const int64_t b = block * RANK_LANES + l;
        if (b >= job->out->replicates) break;
        cm_ranker_places(r, (const double(*)[RANK_LANES])score, (const bool(*)[RANK_LANES])has, l,
                         job->score_one + (int64_t)worker * n, job->has_one + (int64_t)worker * n,
                         job->out->place + b * n);
    }
}

/* -- test-based -- */

/* Replicate `lane` of the chunk; those past the end stay empty. */
static void draw_task(void *context, int64_t lane, int worker)
{
    const stability_job *job = context;
    const int64_t n = job->r->n_cases, b = job->first + lane;
    int32_t *drawn = job->drawn + worker * n;
    const bool wanted = b < job->out->replicates;
    if (wanted) cm_sampling_draw(job->sampling, job->random, (uint64_t)b, drawn);
    for (int64_t i = 0; i < n; i++) {
        const int32_t count = wanted ? drawn[i] : 0;
        if (count > job->most[worker]) job->most[worker] = count;
        job->pair_times[i][lane] = (uint8_t)count;
    }
}

static int most_drawn(const stability_job *job, int workers)
{
    int most = 0;
    for (int w = 0; w < workers; w++)
        if (job->most[w] > most) most = job->most[w];
    return most;
}

static void pair_task(void *context, int64_t task, int worker)
{
    const stability_job *job = context;
    const int n = job->r->n_tools;
    int i = 0;
    while (task >= n - 1 - i)
        task -= n - 1 - i++;
    const int j = i + 1 + (int)task;
    pair_lanes *s = &job->lanes[worker];
    cm_pair_order_sort(&job->order[worker], job->r, i, j);
    cm_pair_order_lanes(&job->order[worker], (const pair_times *)job->pair_times, job->most[0], s);
    for (int l = 0; l < PAIR_LANES && job->first + l < job->out->replicates; l++) {
        double *p = job->p + (int64_t)l * n * n;
        const double other = s->n[l] * (s->n[l] + 1) / 2 - s->v[l];
        p[i * n + j] = cm_wilcoxon_normal_p(s->v[l], s->n[l], s->ties[l], CM_GREATER);
        p[j * n + i] = cm_wilcoxon_normal_p(other, s->n[l], s->ties[l], CM_GREATER);
    }
}

static cm_status chunk_places(const stability_job *job, double *scratch, cm_error *err)
{
    const int n = job->r->n_tools;
    for (int l = 0; l < PAIR_LANES && job->first + l < job->out->replicates; l++) {
        const cm_status st = cm_rank_wins(job->r, job->p + (int64_t)l * n * n, scratch, job->score_one, err);
        if (st) return st;
        cm_rank_places(job->score_one, NULL, n, true, job->r->rule.ties,
                       job->out->place + (job->first + l) * n);
    }
    return CM_OK;
}

static cm_status drawn_too_often(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_LIMIT, .what = "a resampled cohort holds a case too often to rank by",
                   .why = cm_strf("more than %d times", RANK_TIMES_MAX).s);
}

static cm_status run_tests(cm_threads *pool, stability_job *job, cm_error *err)
{
    const int64_t n = job->r->n_tools;
    double *scratch = malloc((size_t)(n * n) * sizeof *scratch);
    cm_status st = scratch ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample a ranking");
    for (job->first = 0; job->first < job->out->replicates && !st; job->first += PAIR_LANES) {
        for (int w = 0; w < cm_threads_count(pool); w++)
            job->most[w] = 0;
        cm_threads_for(pool, PAIR_LANES, draw_task, job);
        job->most[0] = most_drawn(job, cm_threads_count(pool));
        if (job->most[0] > RANK_TIMES_MAX) st = drawn_too_often(err);
        if (st) break;
        cm_threads_for(pool, n * (n - 1) / 2, pair_task, job);
        st = chunk_places(job, scratch, err);
    }
    free(scratch);
    return st;
}

static cm_status run_scores(cm_threads *pool, stability_job *job, cm_error *err)
{
    cm_threads_for(pool, (job->out->replicates + RANK_LANES - 1) / RANK_LANES, block_task, job);
    for (int w = 0; w < cm_threads_count(pool); w++)
        if (job->too_many[w]) return drawn_too_often(err);
    return CM_OK;
}

/* -- memory -- */

static bool take_for_scores(stability_job *job, size_t workers)
{
    const ranker *r = job->r;
    const size_t n = (size_t)r->n_tools;
    job->times = malloc(workers * RANK_LANES * (size_t)r->padded * sizeof *job->times);
    job->sum = malloc(workers * (size_t)r->n_columns * n * RANK_LANES * sizeof *job->sum);
    job->score = malloc(workers * n * sizeof *job->score);
    job->has = malloc(workers * n * sizeof *job->has);
    job->score_one = malloc(workers * n * sizeof *job->score_one);
    job->has_one = malloc(workers * n * sizeof *job->has_one);
    job->too_many = calloc(workers, sizeof *job->too_many);
    return job->times && job->sum && job->score && job->has && job->score_one && job->has_one &&
           job->too_many;
}

static bool take_for_tests(stability_job *job, size_t workers)
{
    const size_t n = (size_t)job->r->n_tools;
    job->pair_times = malloc((size_t)job->r->n_cases * sizeof *job->pair_times);
    job->p = malloc(PAIR_LANES * n * n * sizeof *job->p);
    job->score_one = malloc(n * sizeof *job->score_one);
    job->most = calloc(workers, sizeof *job->most);
    job->lanes = malloc(workers * sizeof *job->lanes);
    job->order = calloc(workers, sizeof *job->order);
    bool ok = job->pair_times && job->p && job->score_one && job->most && job->lanes && job->order;
    for (size_t w = 0; w < workers && ok; w++)
        ok = cm_pair_order_init(&job->order[w], job->r->n_cases, NULL) == CM_OK;
    for (int64_t k = 0; ok && k < (int64_t)(PAIR_LANES * n * n); k++)
        job->p[k] = 1;
    return ok;
}

static bool take(stability_job *job, size_t workers)
{
    job->drawn = malloc(workers * (size_t)job->r->n_cases * sizeof *job->drawn);
    return job->drawn && (job->r->rule.method == CM_TEST_BASED ? take_for_tests(job, workers)
                                                               : take_for_scores(job, workers));
}

static void job_fini(stability_job *job, size_t workers)
{
    for (size_t w = 0; w < workers && job->order; w++)
        cm_pair_order_fini(&job->order[w]);
    free(job->order);
    free(job->drawn);
    free(job->too_many);
    free(job->times);
    free(job->sum);
    free(job->score);
    free(job->has);
    free(job->score_one);
    free(job->has_one);
    free(job->pair_times);
    free(job->most);
    free(job->lanes);
    free(job->p);
}

static cm_stability *stability_of(int n_tools, int64_t replicates, double level)
{
    cm_stability *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    const size_t n = (size_t)n_tools;
    s->n_tools = n_tools;
    s->replicates = replicates;
    s->level = level;
    s->place = malloc((size_t)replicates * n * sizeof *s->place);
    s->tau = malloc((size_t)replicates * sizeof *s->tau);
    s->winner = calloc(n * 5, sizeof *s->winner); /* one allocation for the five summaries */
    s->at = calloc(n * (2 * n + 1), sizeof *s->at);
    if (!s->place || !s->tau || !s->winner || !s->at) {
        cm_stability_destroy(s);
        return NULL;
    }
    s->mean = s->winner + n;
    s->median = s->winner + 2 * n;
    s->low = s->winner + 3 * n;
    s->high = s->winner + 4 * n;
    return s;
}

void cm_stability_destroy(cm_stability *s)
{
    if (!s) return;
    free(s->place);
    free(s->tau);
    free(s->winner);
    free(s->at);
    free(s);
}

/* -- summaries -- */

static void summarise(cm_stability *s, const double *full, double *scratch)
{
    const int n = s->n_tools;
    const int64_t count = s->replicates;
    const double tail = (1 - s->level) / 2;
    cm_sum sum = {0, 0};
    for (int64_t b = 0; b < count; b++) {
        double best = INFINITY;
        for (int t = 0; t < n; t++)
            best = fmin(best, s->place[b * n + t]);
        for (int t = 0; t < n; t++)
            s->winner[t] += s->place[b * n + t] == best;
        s->tau[b] = cm_kendall_tau(full, s->place + b * n, n);
        cm_sum_add(&sum, s->tau[b]);
    }
    s->mean_tau = cm_sum_value(&sum) / (double)count;
    s->median_tau = cm_quantile7(s->tau, count, 0.5, scratch);
    for (int t = 0; t < n; t++) {
        cm_sum places = {0, 0};
        s->winner[t] /= (double)count;
        for (int64_t b = 0; b < count; b++) {
            scratch[b] = s->place[b * n + t];
            s->at[(int64_t)t * (2 * n + 1) + (int64_t)(2 * scratch[b])]++;
            cm_sum_add(&places, scratch[b]);
        }
        s->mean[t] = cm_sum_value(&places) / (double)count;
        s->median[t] = cm_quantile7_permuting(scratch, count, 0.5);
        s->low[t] = cm_quantile7_permuting(scratch, count, tail);
        s->high[t] = cm_quantile7_permuting(scratch, count, 1 - tail);
    }
}

cm_status cm_stability_of_places(const double *place, int n_tools, int64_t replicates, double level,
                                 const double *full, cm_stability **out, cm_error *err)
{
    if (n_tools < 1 || replicates < 1 || !(level > 0 && level < 1))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "no places to summarise",
            .why = cm_strf("%d tools, %lld replicates, level %g", n_tools, (long long)replicates, level).s);
    cm_stability *s = stability_of(n_tools, replicates, level);
    double *scratch = malloc((size_t)replicates * sizeof *scratch);
    if (!s || !scratch) {
        free(scratch);
        cm_stability_destroy(s);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for resampled places");
    }
    memcpy(s->place, place, (size_t)replicates * (size_t)n_tools * sizeof *place);
    summarise(s, full, scratch);
    free(scratch);
    *out = s;
    return CM_OK;
}

cm_status cm_rank_stability(cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                            const cm_sampling *sampling, int64_t replicates, cm_random r, double level,
                            const double *full, cm_stability **out, cm_error *err)
{
    if (replicates < 1 || replicates > 1000000 || !(level > 0 && level < 1) ||
        cm_sampling_cases(sampling) != table->n_cases)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a ranking cannot be resampled like this",
                       .why = cm_strf("%lld replicates (1 to 1,000,000), level %g, %lld cases drawn of %lld",
                                      (long long)replicates, level, (long long)cm_sampling_cases(sampling),
                                      (long long)table->n_cases)
                                  .s);
    const size_t workers = (size_t)cm_threads_count(pool);
    ranker ready;
    cm_status st = cm_ranker_init(&ready, pool, table, rule, err);
    if (st) return st;
    stability_job job = {.r = &ready, .sampling = sampling, .random = r};
    double *scratch = malloc((size_t)replicates * sizeof *scratch);
    job.out = stability_of(table->n_tools, replicates, level);
    if (!job.out || !scratch || !take(&job, workers))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample a ranking",
                     .why = cm_strf("%d tools, %lld cases, %lld replicates", table->n_tools,
                                    (long long)table->n_cases, (long long)replicates)
                                .s);
    if (!st) st = rule->method == CM_TEST_BASED ? run_tests(pool, &job, err) : run_scores(pool, &job, err);
    if (!st) {
        summarise(job.out, full, scratch);
        *out = job.out;
    } else {
        cm_stability_destroy(job.out);
    }
    job_fini(&job, workers);
    free(scratch);
    cm_ranker_fini(&ready);
    return st;
}
