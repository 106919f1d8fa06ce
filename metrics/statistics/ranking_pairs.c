/* Signed-rank tests of all pairs of tools, for many replicates at once: the differences of a pair are sorted
 * once, each replicate only counts along that order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/key_sort.h"
#include "metrics/statistics/ranking_internal.h"

#define FOR_LANES for (int l = 0; l < PAIR_LANES; l++)

cm_status cm_pair_order_init(pair_order *o, int64_t max_cases, cm_error *err)
{
    const size_t n = (size_t)max_cases;
    *o = (pair_order){.at = malloc(n * sizeof *o->at),
                      .key = malloc(n * sizeof *o->key),
                      .won = malloc(n),
                      .key_scratch = malloc(n * sizeof *o->key),
                      .at_scratch = malloc(n * sizeof *o->at)};
    if (o->at && o->key && o->won && o->key_scratch && o->at_scratch) return CM_OK;
    cm_pair_order_fini(o);
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs",
                   .why = cm_strf("%lld cases", (long long)max_cases).s);
}

void cm_pair_order_fini(pair_order *o)
{
    free(o->at);
    free(o->key);
    free(o->won);
    free(o->key_scratch);
    free(o->at_scratch);
    *o = (pair_order){0};
}

/* The sort keeps the order of equal keys, so who comes first here is first among equals. */
void cm_pair_order_sort(pair_order *o, const ranker *r, int i, int j)
{
    const int64_t a = i * r->n_cases, b = j * r->n_cases;
    int64_t n = 0;
    for (int winners = 1; winners >= 0; winners--)
        for (int64_t k = 0; k < r->n_cases; k++) {
            if (r->has && !(r->has[a + k] && r->has[b + k])) continue;
            const double d = r->bad[a + k] - r->bad[b + k];
            if (winners ? !(d < 0) : !(d > 0)) continue;
            o->key[n] = cm_sort_key(fabs(d));
            o->at[n++] = (int32_t)k;
        }
    cm_sort_keys(o->key, o->at, n, o->key_scratch, o->at_scratch);
    for (int64_t k = 0; k < n; k++)
        o->won[k] = r->bad[a + o->at[k]] < r->bad[b + o->at[k]];
    o->n = n;
}

/* Ends of the group of equal |d| from k: of those won, and of all. */
static int64_t group_end(const pair_order *o, int64_t k, int64_t *won_end)
{
    const uint64_t key = o->key[k];
    while (k < o->n && o->key[k] == key && o->won[k])
        k++;
    *won_end = k;
    while (k < o->n && o->key[k] == key)
        k++;
    return k;
}

/* All numbers stay whole and below 2^53 up to some 100 million pairs, except the tie sum, which is rounded
 * the same way everywhere. */
pair_sums cm_pair_order_ranks(const pair_order *o, const int32_t *times)
{
    pair_sums s = {0, 0, 0};
    for (int64_t k = 0, won_end; k < o->n;) {
        const int64_t end = group_end(o, k, &won_end);
        double group = 0, won = 0;
        for (; k < end; k++) {
            group += times ? times[o->at[k]] : 1;
            if (k < won_end) won = group;
        }
        s.v += won * (2 * s.n + group + 1);
        s.ties += group * (group * group - 1);
        s.n += group;
    }
    s.v /= 2;
    return s;
}

/* -- lanes -- */

typedef struct lanes {
    double before[PAIR_LANES]; /* draws of smaller |d| */
    double v2[PAIR_LANES], ties[PAIR_LANES];
} lanes;

/* Cases whose |d| no other case has, counted in 16 bits: with at most 15 draws of each, 16 of them are at
 * most 240 draws, so sums of ranks (240 * 241) and of ties (16 * (15^3 - 15)) fit. */
enum { SINGLES = 16, SINGLES_TIMES = 15, AHEAD = 12 };

static int singles_from(const pair_order *o, int64_t k)
{
    int n = 0;
    while (n < SINGLES && k + n < o->n && (k + n + 1 == o->n || o->key[k + n + 1] != o->key[k + n]))
        n++;
    return n;
}

static const uint8_t *times_at(const pair_order *o, const pair_times *times, int64_t k)
{
    const int32_t ahead = o->at[k + AHEAD < o->n ? k + AHEAD : k]; /* the order jumps about */
    __builtin_prefetch(times[ahead]);
    __builtin_prefetch(times[ahead] + 64);
    return times[o->at[k]];
}

static void add_singles(const pair_order *o, const pair_times *times, int64_t k, int n, lanes *s)
{
    uint16_t before[PAIR_LANES] = {0}, won[PAIR_LANES] = {0}, v[PAIR_LANES] = {0}, ties[PAIR_LANES] = {0};
    for (int64_t end = k + n; k < end; k++) {
        const uint8_t *c = times_at(o, times, k);
        if (o->won[k]) FOR_LANES
            {
                v[l] = (uint16_t)(v[l] + c[l] * (2 * before[l] + c[l] + 1));
                won[l] = (uint16_t)(won[l] + c[l]);
            }
        FOR_LANES
        {
            ties[l] = (uint16_t)(ties[l] + c[l] * (c[l] * c[l] - 1));
            before[l] = (uint16_t)(before[l] + c[l]);
        }
    }
    FOR_LANES
    {
        s->v2[l] += 2 * s->before[l] * won[l] + v[l];
        s->ties[l] += ties[l];
        s->before[l] += before[l];
    }
}

/* group += the times of cases k..end-1, in 16 bits as far as they go. */
static void add_times(const pair_order *o, const pair_times *times, int64_t k, int64_t end, double *group)
{
    enum { TOGETHER = UINT16_MAX / RANK_TIMES_MAX };
    while (k < end) {
        uint16_t sum[PAIR_LANES] = {0};
        for (const int64_t stop = k + TOGETHER < end ? k + TOGETHER : end; k < stop; k++) {
            const uint8_t *c = times_at(o, times, k);
            FOR_LANES sum[l] = (uint16_t)(sum[l] + c[l]);
        }
        FOR_LANES group[l] += sum[l];
    }
}

static int64_t add_group(const pair_order *o, const pair_times *times, int64_t k, lanes *s)
{
    double group[PAIR_LANES] = {0}, won[PAIR_LANES];
    int64_t won_end;
    const int64_t end = group_end(o, k, &won_end);
    add_times(o, times, k, won_end, group);
    memcpy(won, group, sizeof won);
    add_times(o, times, won_end, end, group);
    FOR_LANES
    {
        s->v2[l] += won[l] * (2 * s->before[l] + group[l] + 1);
        s->ties[l] += group[l] * (group[l] * group[l] - 1);
        s->before[l] += group[l];
    }
    return end;
}

void cm_pair_order_lanes(const pair_order *o, const pair_times *times, int most, pair_lanes *out)
{
    lanes s = {{0}, {0}, {0}};
    for (int64_t k = 0; k < o->n;) {
        const int n = most <= SINGLES_TIMES ? singles_from(o, k) : 0;
        if (n) {
            add_singles(o, times, k, n, &s);
            k += n;
        } else {
            k = add_group(o, times, k, &s);
        }
    }
    FOR_LANES
    {
        out->v[l] = s.v2[l] / 2;
        out->n[l] = s.before[l];
        out->ties[l] = s.ties[l];
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
    const int32_t *times;
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
    cm_pair_order_sort(o, job->r, i, j);
    const pair_sums s = cm_pair_order_ranks(o, job->times);
    const double other = s.n * (s.n + 1) / 2 - s.v;
    job->p[i * n + j] = cm_wilcoxon_normal_p(s.v, s.n, s.ties, CM_GREATER);
    job->p[j * n + i] = cm_wilcoxon_normal_p(other, s.n, s.ties, CM_GREATER);
    if (job->v) {
        job->v[i * n + j] = s.v;
        job->v[j * n + i] = other;
    }
    if (job->pairs) job->pairs[i * n + j] = job->pairs[j * n + i] = (int64_t)s.n;
}

cm_status cm_rank_all_pairs(cm_threads *pool, const cm_rank_table *table, const int32_t *times, double *v,
                            double *p, int64_t *pairs, cm_error *err)
{
    const cm_rank_rule rule = {CM_TEST_BASED, CM_TIES_MIN, CM_MISSING_LEFT_OUT, 0.05, CM_ADJUST_NONE};
    const int workers = cm_threads_count(pool), n = table->n_tools;
    ranker r;
    cm_status st = cm_ranker_init(&r, pool, table, &rule, err);
    if (st) return st;
    all_pairs_job job = {.r = &r, .times = times, .v = v, .p = p, .pairs = pairs};
    job.order = calloc((size_t)workers, sizeof *job.order);
    if (!job.order) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare tools in pairs");
    for (int w = 0; w < workers && !st; w++)
        st = cm_pair_order_init(&job.order[w], r.n_cases, err);
    if (!st) {
        for (int i = 0; i < n; i++) {
            p[i * n + i] = 1;
            if (v) v[i * n + i] = 0;
            if (pairs) pairs[i * n + i] = 0;
        }
        cm_threads_for(pool, (int64_t)n * (n - 1) / 2, all_pairs_task, &job);
    }
    for (int w = 0; w < workers && job.order; w++)
        cm_pair_order_fini(&job.order[w]);
    free(job.order);
    cm_ranker_fini(&r);
    return st;
}
