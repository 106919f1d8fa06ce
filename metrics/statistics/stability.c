/* How a ranking changes when the cohort is drawn again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/quantile.h"
#include "metrics/statistics/ranking_internal.h"
#include "metrics/statistics/sum.h"

/* Replicates handled together by the test-based method: as many as this memory holds, so that the differences
 * of a pair are sorted few times. */
enum { CHUNK_BLOCKS = 8, CHUNK_BYTES = 256 << 20 };

typedef struct stability_job {
    const ranker *r;
    const cm_sampling *sampling;
    cm_random random;
    cm_stability *out;
    rank_times *times;           /* [workers or blocks][n_cases] */
    int32_t *lane;               /* [workers][n_cases] */
    double (*score)[RANK_LANES]; /* [workers][n_tools] */
    bool (*has)[RANK_LANES];     /* [workers][n_tools] */
    double *score_one;           /* [workers][n_tools] */
    bool *has_one;               /* [workers][n_tools] */
    int64_t first;               /* test-based: first replicate of the chunk */
    int blocks;                  /* test-based: blocks of the chunk */
    pair_order *order;           /* [workers] */
    double *p;                   /* [replicates of the chunk][n_tools * n_tools] */
} stability_job;

/* Draws replicates first.. of a block; those past the end stay empty. One lane at a time in a small array of
 * its own: the draws jump about, and a block would miss the cache at every jump. */
static void draw_block(const stability_job *job, int64_t first, int worker, rank_times *times)
{
    const int64_t n = job->r->n_cases;
    int32_t *one = job->lane + worker * n;
    for (int l = 0; l < RANK_LANES; l++) {
        const bool drawn = first + l < job->out->replicates;
        if (drawn) cm_sampling_draw(job->sampling, job->random, (uint64_t)(first + l), one);
        for (int64_t i = 0; i < n; i++)
            times[i][l] = drawn ? one[i] : 0;
    }
}

static void block_task(void *context, int64_t block, int worker)
{
    const stability_job *job = context;
    const int n = job->r->n_tools;
    rank_times *times = job->times + worker * job->r->n_cases;
    double(*score)[RANK_LANES] = job->score + (int64_t)worker * n;
    bool(*has)[RANK_LANES] = job->has + (int64_t)worker * n;
    draw_block(job, block * RANK_LANES, worker, times);
    cm_ranker_scores(job->r, (const rank_times *)times, score, has);
    for (int l = 0; l < RANK_LANES; l++) {
        const int64_t b = block * RANK_LANES + l;
        if (b >= job->out->replicates) break;
        cm_ranker_places(job->r, (const double(*)[RANK_LANES])score, (const bool(*)[RANK_LANES])has, l,
                         job->score_one + (int64_t)worker * n, job->has_one + (int64_t)worker * n,
                         job->out->place + b * n);
    }
}

/* -- test-based -- */

static void draw_task(void *context, int64_t block, int worker)
{
    const stability_job *job = context;
    draw_block(job, job->first + block * RANK_LANES, worker, job->times + block * job->r->n_cases);
}

static void pair_task(void *context, int64_t task, int worker)
{
    const stability_job *job = context;
    const int n = job->r->n_tools;
    int i = 0;
    while (task >= n - 1 - i)
        task -= n - 1 - i++;
    const int j = i + 1 + (int)task;
    pair_order *o = &job->order[worker];
    cm_pair_order_sort(o, job->r, i, j);
    for (int block = 0; block < job->blocks; block++) {
        double v[RANK_LANES], count[RANK_LANES], ties[RANK_LANES];
        cm_pair_order_ranks(o, (const rank_times *)job->times + block * job->r->n_cases, v, count, ties);
        for (int l = 0; l < RANK_LANES; l++) {
            double *p = job->p + (int64_t)(block * RANK_LANES + l) * n * n;
            const double other = count[l] * (count[l] + 1) / 2 - v[l];
            p[i * n + j] = cm_wilcoxon_normal_p(v[l], count[l], ties[l], CM_GREATER);
            p[j * n + i] = cm_wilcoxon_normal_p(other, count[l], ties[l], CM_GREATER);
        }
    }
}

static cm_status chunk_places(const stability_job *job, double *scratch, cm_error *err)
{
    const int n = job->r->n_tools;
    for (int l = 0; l < job->blocks * RANK_LANES; l++) {
        const int64_t b = job->first + l;
        if (b >= job->out->replicates) break;
        const cm_status st = cm_rank_wins(job->r, job->p + (int64_t)l * n * n, scratch, job->score_one, err);
        if (st) return st;
        cm_rank_places(job->score_one, NULL, n, true, job->r->rule.ties, job->out->place + b * n);
    }
    return CM_OK;
}

static cm_status run_tests(cm_threads *pool, stability_job *job, cm_error *err)
{
    const int64_t n = job->r->n_tools;
    double *scratch = malloc((size_t)(n * n) * sizeof *scratch);
    cm_status st = scratch ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample a ranking");
    const int64_t all_blocks = (job->out->replicates + RANK_LANES - 1) / RANK_LANES;
    const int chunk = job->blocks;
    for (int64_t done = 0; done < all_blocks && !st; done += chunk) {
        job->first = done * RANK_LANES;
        job->blocks = all_blocks - done < chunk ? (int)(all_blocks - done) : chunk;
        cm_threads_for(pool, job->blocks, draw_task, job);
        cm_threads_for(pool, n * (n - 1) / 2, pair_task, job);
        st = chunk_places(job, scratch, err);
    }
    free(scratch);
    return st;
}

/* -- memory -- */

static bool take_for_scores(stability_job *job, size_t workers)
{
    const size_t n = (size_t)job->r->n_tools;
    job->times = malloc(workers * (size_t)job->r->n_cases * sizeof *job->times);
    job->score = malloc(workers * n * sizeof *job->score);
    job->has = malloc(workers * n * sizeof *job->has);
    job->score_one = malloc(workers * n * sizeof *job->score_one);
    job->has_one = malloc(workers * n * sizeof *job->has_one);
    job->lane = malloc(workers * (size_t)job->r->n_cases * sizeof *job->lane);
    return job->times && job->score && job->has && job->score_one && job->has_one && job->lane;
}

static bool take_for_tests(stability_job *job, size_t workers)
{
    const int64_t n = job->r->n_tools, of_block = n * n * RANK_LANES * (int64_t)sizeof(double) +
                                                  job->r->n_cases * (int64_t)sizeof(rank_times);
    const int64_t fit = CHUNK_BYTES / of_block;
    job->blocks = fit < 1 ? 1 : fit > CHUNK_BLOCKS ? CHUNK_BLOCKS : (int)fit;
    job->times = malloc((size_t)job->blocks * (size_t)job->r->n_cases * sizeof *job->times);
    job->p = malloc((size_t)(job->blocks * RANK_LANES * n * n) * sizeof *job->p);
    job->score_one = malloc((size_t)n * sizeof *job->score_one);
    job->order = calloc(workers, sizeof *job->order);
    job->lane = malloc(workers * (size_t)job->r->n_cases * sizeof *job->lane);
    bool ok = job->times && job->p && job->score_one && job->order && job->lane;
    for (size_t w = 0; w < workers && ok; w++)
        ok = cm_pair_order_init(&job->order[w], job->r->n_cases, NULL) == CM_OK;
    return ok;
}

static void job_fini(stability_job *job, size_t workers)
{
    for (size_t w = 0; w < workers && job->order; w++)
        cm_pair_order_fini(&job->order[w]);
    free(job->order);
    free(job->times);
    free(job->lane);
    free(job->score);
    free(job->has);
    free(job->score_one);
    free(job->has_one);
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
    const bool tests = rule->method == CM_TEST_BASED;
    ranker ready;
    cm_status st = cm_ranker_init(&ready, pool, table, rule, err);
    if (st) return st;
    stability_job job = {.r = &ready, .sampling = sampling, .random = r};
    double *scratch = malloc((size_t)replicates * sizeof *scratch);
    job.out = stability_of(table->n_tools, replicates, level);
    if (!job.out || !scratch || !(tests ? take_for_tests(&job, workers) : take_for_scores(&job, workers)))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample a ranking",
                     .why = cm_strf("%d tools, %lld cases, %lld replicates", table->n_tools,
                                    (long long)table->n_cases, (long long)replicates)
                                .s);
    if (!st && tests) st = run_tests(pool, &job, err);
    if (!st && !tests) cm_threads_for(pool, (replicates + RANK_LANES - 1) / RANK_LANES, block_task, &job);
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
