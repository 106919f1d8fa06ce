/* Signed-rank tests of all pairs of tools, for many replicates at once: the differences of a pair are sorted
 * once, each replicate only counts along that order. */
#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/key_sort.h"
#include "metrics/statistics/ranking_internal.h"

#define FOR_LANES for (int l = 0; l < RANK_LANES; l++)

cm_status cm_pair_order_init(pair_order *o, int64_t max_cases, cm_error *err)
{
    const size_t n = (size_t)max_cases;
    *o = (pair_order){.at = malloc(n * sizeof *o->at),
                      .key = malloc(n * sizeof *o->key),
                      .first_won = malloc(n),
                      .key_scratch = malloc(n * sizeof *o->key),
                      .at_scratch = malloc(n * sizeof *o->at)};
    if (o->at && o->key && o->first_won && o->key_scratch && o->at_scratch) return CM_OK;
    cm_pair_order_fini(o);
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs",
                   .why = cm_strf("%lld cases", (long long)max_cases).s);
}

void cm_pair_order_fini(pair_order *o)
{
    free(o->at);
    free(o->key);
    free(o->first_won);
    free(o->key_scratch);
    free(o->at_scratch);
    *o = (pair_order){0};
}

void cm_pair_order_sort(pair_order *o, const ranker *r, int i, int j)
{
    const int64_t a = i * r->n_cases, b = j * r->n_cases;
    int64_t n = 0;
    for (int64_t k = 0; k < r->n_cases; k++) {
        if (r->has && !(r->has[a + k] && r->has[b + k])) continue;
        const double d = r->bad[a + k] - r->bad[b + k];
        if (d == 0) continue;
        o->key[n] = cm_sort_key(fabs(d));
        o->at[n++] = (int32_t)k;
    }
    cm_sort_keys(o->key, o->at, n, o->key_scratch, o->at_scratch);
    for (int64_t k = 0; k < n; k++)
        o->first_won[k] = r->bad[a + o->at[k]] < r->bad[b + o->at[k]];
    o->n = n;
}

/* All numbers stay whole and below 2^53 up to some 100 million pairs, except the tie sum, which is rounded
 * the same way everywhere. */
void cm_pair_order_ranks(const pair_order *o, const rank_times *times, double *v, double *n, double *ties)
{
    enum { AHEAD = 24 };
    double before[RANK_LANES] = {0}, v2[RANK_LANES] = {0}, tie_sum[RANK_LANES] = {0};
    for (int64_t k = 0; k < o->n;) {
        double group[RANK_LANES] = {0}, won[RANK_LANES] = {0};
        const uint64_t key = o->key[k];
        do {
            const double first = o->first_won[k];
            const int32_t *t = times[o->at[k]];
            __builtin_prefetch(times[o->at[k + AHEAD < o->n ? k + AHEAD : k]]); /* the order jumps about */
            FOR_LANES
            {
                group[l] += t[l];
                won[l] += first * t[l];
            }
            k++;
        } while (k < o->n && o->key[k] == key);
        FOR_LANES
        {
            v2[l] += won[l] * (2 * before[l] + group[l] + 1);
            tie_sum[l] += group[l] * (group[l] * group[l] - 1);
            before[l] += group[l];
        }
    }
    FOR_LANES
    {
        v[l] = v2[l] / 2;
        n[l] = before[l];
        ties[l] = tie_sum[l];
    }
}

cm_status cm_rank_wins(const ranker *r, double *p, double *scratch, double *wins, cm_error *err)
{
    const int n = r->n_tools;
    int64_t count = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j) scratch[count++] = p[i * n + j];
    const cm_status st = cm_adjust(r->rule.adjustment, scratch, count, err);
    if (st) return st;
    count = 0;
    for (int i = 0; i < n; i++) {
        wins[i] = 0;
        for (int j = 0; j < n; j++)
            if (i != j) wins[i] += scratch[count++] <= r->rule.alpha;
    }
    return CM_OK;
}

/* -- once, over the whole cohort -- */

typedef struct all_pairs_job {
    const ranker *r;
    const rank_times *times;
    pair_order *order; /* [workers] */
    double *v, *p;
    int64_t *pairs;
} all_pairs_job;

/* Task numbers run over i < j, row by row. */
static void pair_of(int64_t task, int n, int *i, int *j)
{
    *i = 0;
    while (task >= n - 1 - *i)
        task -= n - 1 - (*i)++;
    *j = *i + 1 + (int)task;
}

static void all_pairs_task(void *context, int64_t task, int worker)
{
    const all_pairs_job *job = context;
    const int n = job->r->n_tools;
    int i, j;
    pair_of(task, n, &i, &j);
    pair_order *o = &job->order[worker];
    double v[RANK_LANES], count[RANK_LANES], ties[RANK_LANES];
    cm_pair_order_sort(o, job->r, i, j);
    cm_pair_order_ranks(o, job->times, v, count, ties);
    const double other = count[0] * (count[0] + 1) / 2 - v[0];
    job->p[i * n + j] = cm_wilcoxon_normal_p(v[0], count[0], ties[0], CM_GREATER);
    job->p[j * n + i] = cm_wilcoxon_normal_p(other, count[0], ties[0], CM_GREATER);
    if (job->v) {
        job->v[i * n + j] = v[0];
        job->v[j * n + i] = other;
    }
    if (job->pairs) job->pairs[i * n + j] = job->pairs[j * n + i] = (int64_t)count[0];
}

cm_status cm_rank_all_pairs(cm_threads *pool, const cm_rank_table *table, const int32_t *times, double *v,
                            double *p, int64_t *pairs, cm_error *err)
{
    const cm_rank_rule rule = {CM_TEST_BASED, CM_TIES_MIN, CM_MISSING_LEFT_OUT, 0.05, CM_ADJUST_NONE};
    const int workers = cm_threads_count(pool), n = table->n_tools;
    ranker r;
    cm_status st = cm_ranker_init(&r, pool, table, &rule, err);
    if (st) return st;
    all_pairs_job job = {.r = &r, .v = v, .p = p, .pairs = pairs};
    rank_times *block = calloc((size_t)r.n_cases, sizeof *block);
    job.order = calloc((size_t)workers, sizeof *job.order);
    if (!block || !job.order) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs");
    for (int w = 0; w < workers && !st; w++)
        st = cm_pair_order_init(&job.order[w], r.n_cases, err);
    if (!st) {
        for (int64_t i = 0; i < r.n_cases; i++)
            block[i][0] = times ? times[i] : 1;
        for (int i = 0; i < n; i++) {
            p[i * n + i] = 1;
            if (v) v[i * n + i] = 0;
            if (pairs) pairs[i * n + i] = 0;
        }
        job.times = (const rank_times *)block;
        cm_threads_for(pool, (int64_t)n * (n - 1) / 2, all_pairs_task, &job);
    }
    for (int w = 0; w < workers && job.order; w++)
        cm_pair_order_fini(&job.order[w]);
    free(job.order);
    free(block);
    cm_ranker_fini(&r);
    return st;
}
