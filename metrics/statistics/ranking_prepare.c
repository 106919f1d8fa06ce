/* What a ranking rule needs of a table, worked out once: ranks inside cases, orders for medians. */
#include <math.h>
#include <stdlib.h>

#include "metrics/statistics/key_sort.h"
#include "metrics/statistics/ranking_internal.h"

/* Beyond this a value could overflow when it is split for exact sums. */
#define LARGEST_VALUE 1e290
enum { CASES_PER_TASK = 256 };

static cm_status check(const cm_rank_table *t, const cm_rank_rule *rule, cm_error *err)
{
    if (t->n_tools < 1 || t->n_tools > CM_RANK_TOOLS_MAX || t->n_cases < 1 || t->n_cases > INT32_MAX)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a ranking needs some tools and cases",
                       .why = cm_strf("%d tools (at most %d), %lld cases", t->n_tools, CM_RANK_TOOLS_MAX,
                                      (long long)t->n_cases)
                                  .s);
    if (rule->method < CM_MEAN_THEN_RANK || rule->method > CM_TEST_BASED || rule->ties < CM_TIES_MIN ||
        rule->ties > CM_TIES_MAX || (rule->method == CM_TEST_BASED && !(rule->alpha > 0 && rule->alpha < 1)))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "a ranking rule is not complete",
            .why =
                cm_strf("method %d, ties %d, alpha %g", (int)rule->method, (int)rule->ties, rule->alpha).s);
    return CM_OK;
}

/* Smaller is better from here on. */
static cm_status take_values(ranker *r, const cm_rank_table *t, cm_error *err)
{
    const int64_t n = t->n_tools * t->n_cases;
    r->negated = t->direction == CM_HIGHER_IS_BETTER;
    for (int64_t i = 0; i < n; i++) {
        const double v = t->has && !t->has[i] ? 0 : t->value[i];
        if (!(fabs(v) <= LARGEST_VALUE))
            return CM_FAIL(err, CM_ERR_ARG, .what = "a value to rank by is not a usable number",
                           .why = cm_strf("case %lld of tool %lld: %g", (long long)(i % t->n_cases) + 1,
                                          (long long)(i / t->n_cases) + 1, v)
                                      .s);
        r->bad[i] = (r->negated                              ? -v
                     : cm_direction_has_target(t->direction) ? cm_direction_miss(t->direction, v)
                                                             : v) +
                    0.0;
    }
    return CM_OK;
}

/* -- ranks inside cases -- */

typedef struct rank_job {
    ranker *r;
    uint64_t *key; /* [workers][2][n_tools] */
    int32_t *at;   /* [workers][2][n_tools] */
} rank_job;

/* Doubled rank of those that lie at positions first..end-1 of n. */
static int16_t doubled_rank(cm_ties ties, int first, int end)
{
    return (int16_t)(ties == CM_TIES_MIN ? 2 * (first + 1) : ties == CM_TIES_MAX ? 2 * end : first + 1 + end);
}

static void rank_case(const rank_job *job, int64_t i, int worker)
{
    ranker *r = job->r;
    const int n = r->n_tools;
    uint64_t *key = job->key + (int64_t)worker * 2 * n;
    int32_t *at = job->at + (int64_t)worker * 2 * n;
    int with = 0;
    for (int t = 0; t < n; t++) {
        const int64_t cell = t * r->n_cases + i;
        if (r->has && !r->has[cell]) continue;
        key[with] = cm_sort_key(r->bad[cell]);
        at[with++] = t;
    }
    cm_sort_keys(key, at, with, key + n, at + n);
    for (int first = 0, end; first < with; first = end) {
        for (end = first + 1; end < with && key[end] == key[first];)
            end++;
        for (int j = first; j < end; j++)
            r->rank2[at[j] * r->padded + i] = doubled_rank(r->rule.ties, first, end);
    }
    if (with == n) return;
    const int16_t last = r->rule.missing == CM_MISSING_LAST ? doubled_rank(r->rule.ties, with, n) : 0;
    for (int t = 0; t < n; t++)
        if (!r->has[t * r->n_cases + i]) r->rank2[t * r->padded + i] = last;
}

static void rank_task(void *context, int64_t task, int worker)
{
    const rank_job *job = context;
    const int64_t first = task * CASES_PER_TASK;
    for (int64_t i = first; i < first + CASES_PER_TASK && i < job->r->n_cases; i++)
        rank_case(job, i, worker);
}

/* -- orders for medians -- */

typedef struct order_job {
    ranker *r;
    uint64_t *key; /* [workers][2][n_cases] */
    int32_t *at;   /* [workers][n_cases] */
} order_job;

static void order_task(void *context, int64_t tool, int worker)
{
    const order_job *job = context;
    ranker *r = job->r;
    const int64_t n = r->n_cases, base = tool * n;
    uint64_t *key = job->key + (int64_t)worker * 2 * n;
    int32_t *order = r->order + base;
    int64_t with = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t rank2 = r->rank2 ? r->rank2[tool * r->padded + i] : 0;
        if (r->rank2 ? !rank2 : r->has && !r->has[base + i]) continue;
        key[with] = r->rank2 ? (uint64_t)rank2 : cm_sort_key(r->bad[base + i]);
        order[with++] = (int32_t)i;
    }
    cm_sort_keys(key, order, with, key + n, job->at + (int64_t)worker * n);
    r->n_order[tool] = with;
}

static cm_status no_memory(const ranker *r, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a ranking",
                   .why = cm_strf("%d tools, %lld cases", r->n_tools, (long long)r->n_cases).s);
}

static cm_status make_ranks(ranker *r, cm_threads *pool, cm_error *err)
{
    const size_t room = (size_t)cm_threads_count(pool) * 2 * (size_t)r->n_tools;
    rank_job job = {.r = r, .key = malloc(room * sizeof *job.key), .at = malloc(room * sizeof *job.at)};
    r->rank2 = calloc((size_t)r->n_tools * (size_t)r->padded, sizeof *r->rank2);
    const bool ok = job.key && job.at && r->rank2;
    if (ok) cm_threads_for(pool, (r->n_cases + CASES_PER_TASK - 1) / CASES_PER_TASK, rank_task, &job);
    free(job.key);
    free(job.at);
    return ok ? CM_OK : no_memory(r, err);
}

static cm_status make_orders(ranker *r, cm_threads *pool, cm_error *err)
{
    const size_t room = (size_t)cm_threads_count(pool) * (size_t)r->n_cases;
    order_job job = {.r = r, .key = malloc(2 * room * sizeof *job.key), .at = malloc(room * sizeof *job.at)};
    r->order = malloc((size_t)r->n_tools * (size_t)r->n_cases * sizeof *r->order);
    r->n_order = calloc((size_t)r->n_tools, sizeof *r->n_order);
    const bool ok = job.key && job.at && r->order && r->n_order;
    if (ok) cm_threads_for(pool, r->n_tools, order_task, &job);
    free(job.key);
    free(job.at);
    return ok ? CM_OK : no_memory(r, err);
}

/* -- columns -- */

/* x = sum over k of digit[k] * 2^(14 - 15 k) / 2^scale, digits at most 2^14 in size; what is below the last
 * is rounded away, which is 2^-75 of the largest value. */
static void split(double x, int scale, int n_digits, int16_t *digit, int64_t step)
{
    double rest = ldexp(x, 14 - scale);
    for (int k = 0; k < n_digits; k++) {
        const double whole = rint(rest);
        digit[k * step] = (int16_t)whole;
        rest = (rest - whole) * 32768;
    }
}

/* How many digits the values need: those after it are zero for all of them. */
static int digits_needed(const ranker *r, int scale)
{
    int most = 1;
    for (int64_t i = 0; i < r->n_tools * r->n_cases; i++) {
        int16_t digit[RANK_LIMBS];
        split(r->bad[i], scale, RANK_LIMBS, digit, 1);
        for (int k = most; k < RANK_LIMBS; k++)
            if (digit[k]) most = k + 1;
    }
    return most;
}

static int scale_of(const ranker *r)
{
    double largest = 0;
    int scale = 0;
    for (int64_t i = 0; i < r->n_tools * r->n_cases; i++)
        largest = fmax(largest, fabs(r->bad[i]));
    frexp(largest, &scale);
    return scale;
}

static bool counts(const ranker *r, int tool, int64_t i)
{
    return r->rank2 ? r->rank2[tool * r->padded + i] > 0 : !r->has || r->has[tool * r->n_cases + i];
}

static void fill_columns(const ranker *r, int scale, int n_sums)
{
    const int64_t step = (int64_t)r->n_tools * r->padded;
    for (int t = 0; t < r->n_tools; t++) {
        int16_t *row = r->column + t * r->padded, *count = row + n_sums * step;
        for (int64_t i = 0; i < r->n_cases && r->counted; i++)
            count[i] = counts(r, t, i);
        if (r->order) {
            for (int64_t j = 0; j < r->n_order[t] / 2; j++)
                row[r->order[t * r->n_cases + j]] = 1;
            continue;
        }
        for (int64_t i = 0; i < r->n_cases; i++)
            if (r->rank2)
                row[i] = r->rank2[t * r->padded + i];
            else if (counts(r, t, i))
                split(r->bad[t * r->n_cases + i], scale, n_sums, row + i, step);
    }
}

static cm_status make_columns(ranker *r, cm_error *err)
{
    const bool digits = r->rule.method == CM_MEAN_THEN_RANK;
    const int scale = digits ? scale_of(r) : 0, n_sums = digits ? digits_needed(r, scale) : 1;
    for (int t = 0; t < r->n_tools && !r->counted; t++)
        for (int64_t i = 0; i < r->n_cases && !r->counted; i++)
            r->counted = !counts(r, t, i);
    r->n_columns = n_sums + r->counted;
    r->exponent = scale - 14 - 15 * (n_sums - 1);
    r->column = calloc((size_t)r->n_columns * (size_t)r->n_tools * (size_t)r->padded, sizeof *r->column);
    if (!r->column) return no_memory(r, err);
    fill_columns(r, scale, n_sums);
    return CM_OK;
}

cm_status cm_ranker_init(ranker *r, cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                         cm_error *err)
{
    *r = (ranker){.n_tools = table->n_tools, .n_cases = table->n_cases, .rule = *rule, .has = table->has};
    cm_status st = check(table, rule, err);
    if (st) return st;
    r->padded = (r->n_cases + RANK_BLOCK - 1) / RANK_BLOCK * RANK_BLOCK;
    r->bad = malloc((size_t)r->n_tools * (size_t)r->n_cases * sizeof *r->bad);
    if (!r->bad) return no_memory(r, err);
    st = take_values(r, table, err);
    const cm_ranking_method m = rule->method;
    if (!st && (m == CM_RANK_THEN_MEAN || m == CM_RANK_THEN_MEDIAN)) st = make_ranks(r, pool, err);
    if (!st && (m == CM_MEDIAN_THEN_RANK || m == CM_RANK_THEN_MEDIAN)) st = make_orders(r, pool, err);
    if (!st && m != CM_TEST_BASED) st = make_columns(r, err);
    if (st) cm_ranker_fini(r);
    return st;
}

void cm_ranker_fini(ranker *r)
{
    free(r->bad);
    free(r->rank2);
    free(r->order);
    free(r->n_order);
    free(r->column);
    *r = (ranker){0};
}
