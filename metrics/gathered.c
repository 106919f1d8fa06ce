/* Gathering evidence of cases: sums, and scores of lesions sorted once, so that a resampled cohort is one
 * walk. */
#include "metrics/gathered.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/facts.h"
#include "metrics/measure_internal.h"

enum { N_SUMS = 5, REPLICATES_PER_TASK = 16 };

struct cm_gathered {
    const cm_metric *metric;
    const cm_evidence *cases;
    int64_t n;
    cm_gathered_entry *entries; /* by falling score */
    int64_t n_entries;
};

bool cm_metric_is_gathered(const cm_metric *metric)
{
    return metric->definition->gathered;
}

static double element(const cm_evidence *e, int i)
{
    return i < e->n ? e->x[i] : 0;
}

static bool is_sound(const cm_evidence *e)
{
    if (e->n < 1) return false;
    for (int64_t i = 0; i < e->n; i++)
        if (!(e->x[i] >= 0)) return false;
    if (element(e, 1) > element(e, 0) || element(e, 3) > element(e, 2)) return false;
    if (e->n <= N_SUMS) return true;
    return (double)(e->n - N_SUMS) == element(e, 1) + element(e, 2) - element(e, 3);
}

static int by_falling_score(const void *a, const void *b)
{
    const cm_gathered_entry *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    if (x->is_found != y->is_found) return x->is_found ? -1 : 1;
    return (x->case_index > y->case_index) - (x->case_index < y->case_index);
}

static void add_entries(cm_gathered *g, int64_t i)
{
    const cm_evidence *e = &g->cases[i];
    const int64_t n_found = (int64_t)element(e, 1);
    for (int64_t k = N_SUMS; k < e->n; k++)
        g->entries[g->n_entries++] = (cm_gathered_entry){e->x[k], i, k - N_SUMS < n_found};
}

cm_status cm_gathered_create(const cm_metric *metric, const cm_evidence *cases, int64_t n, cm_gathered **out,
                             cm_error *err)
{
    int64_t room = 0;
    if (!cm_metric_is_gathered(metric))
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s is no metric of a cohort", metric->id).s);
    for (int64_t i = 0; i < n; i++) {
        if (!is_sound(&cases[i]))
            return CM_FAIL(err, CM_ERR_ARG,
                           .what = cm_strf("evidence for %s contradicts itself", metric->id).s,
                           .why = cm_strf("case %lld of %lld", (long long)i + 1, (long long)n).s);
        if (cases[i].n > N_SUMS) room += cases[i].n - N_SUMS;
    }
    cm_gathered *g = calloc(1, sizeof *g);
    cm_gathered_entry *entries = malloc((size_t)(room + 1) * sizeof *entries);
    if (!g || !entries) {
        free(g);
        free(entries);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to gather the evidence of cases",
                       .why = cm_strf("%lld lesions", (long long)room).s);
    }
    *g = (cm_gathered){.metric = metric, .cases = cases, .n = n, .entries = entries};
    for (int64_t i = 0; i < n; i++)
        add_entries(g, i);
    qsort(entries, (size_t)room, sizeof *entries, by_falling_score);
    *out = g;
    return CM_OK;
}

void cm_gathered_destroy(cm_gathered *gathered)
{
    if (!gathered) return;
    free(gathered->entries);
    free(gathered);
}

const cm_metric *cm_gathered_get_facts(const cm_gathered *gathered, const int32_t *weight,
                                       cm_gathered_facts *facts)
{
    *facts =
        (cm_gathered_facts){.n_entries = gathered->n_entries, .entries = gathered->entries, .weight = weight};
    double *const sums[N_SUMS] = {&facts->reference, &facts->found, &facts->prediction, &facts->right,
                                  &facts->sum_iou};
    for (int64_t i = 0; i < gathered->n; i++) {
        const int64_t times = weight ? weight[i] : 1;
        facts->cases += times;
        for (int k = 0; k < N_SUMS && times; k++)
            *sums[k] += (double)times * element(&gathered->cases[i], k);
    }
    return gathered->metric;
}

bool cm_gathered_value(const cm_gathered *gathered, const int32_t *weight, double *value)
{
    cm_gathered_facts facts;
    const cm_metric *metric = cm_gathered_get_facts(gathered, weight, &facts);
    return metric->definition->gathered(&facts, metric, value);
}

/* -- evidence of one case
 * ------------------------------------------------------------------------------------ */

static cm_status evidence_make(const cm_mask_facts *facts, cm_evidence *out, cm_error *err)
{
    const cm_lesion_counts *l = facts->lesions;
    const int64_t n_scores = l && l->scores ? l->hits[0] + l->n[1] - l->hits[1] : 0;
    out->x = malloc((size_t)(N_SUMS + n_scores) * sizeof *out->x);
    if (!out->x) return cm_measure_no_memory(0, err);
    out->n = N_SUMS + n_scores;
    out->x[0] = (double)(l ? l->n[0] : facts->tp + facts->fn);
    out->x[1] = (double)(l ? l->hits[0] : facts->tp);
    out->x[2] = (double)(l ? l->n[1] : facts->tp + facts->fp);
    out->x[3] = (double)(l ? l->hits[1] : facts->tp);
    out->x[4] = l ? l->sum_iou : 0;
    if (n_scores) memcpy(out->x + N_SUMS, l->scores, (size_t)n_scores * sizeof *out->x);
    return CM_OK;
}

cm_status cm_gathered_case(const cm_metric *metric, const cm_mask_facts *facts, cm_evidence *keep,
                           bool *defined, double *value, cm_error *err)
{
    cm_evidence own = {0, NULL};
    cm_gathered *gathered = NULL;
    cm_status st = evidence_make(facts, &own, err);
    if (!st) st = cm_gathered_create(metric, &own, 1, &gathered, err);
    if (!st) *defined = cm_gathered_value(gathered, NULL, value);
    cm_gathered_destroy(gathered);
    if (!st && keep)
        *keep = own;
    else
        free(own.x);
    return st;
}

/* -- intervals
 * ------------------------------------------------------------------------------------------------- */

typedef struct bootstrap_job {
    const cm_gathered *gathered;
    const cm_sampling *sampling;
    cm_random random;
    int64_t replicates;
    int32_t *times; /* [workers][n] */
    double *value;  /* [replicates] */
    bool *defined;  /* [replicates] */
} bootstrap_job;

static void bootstrap_task(void *context, int64_t task, int worker)
{
    const bootstrap_job *job = context;
    int32_t *times = job->times + worker * job->gathered->n;
    for (int64_t b = task * REPLICATES_PER_TASK; b < job->replicates && b < (task + 1) * REPLICATES_PER_TASK;
         b++) {
        cm_sampling_draw(job->sampling, job->random, (uint64_t)b, times);
        job->defined[b] = cm_gathered_value(job->gathered, times, &job->value[b]);
    }
}

static cm_status interval_of(bootstrap_job *job, double level, cm_interval *out, int64_t *undefined,
                             cm_error *err)
{
    const double tail = (1 - level) / 2;
    int64_t defined = 0;
    double *scratch = malloc((size_t)job->replicates * sizeof *scratch);
    if (!scratch) return cm_measure_no_memory(0, err);
    for (int64_t b = 0; b < job->replicates; b++)
        if (job->defined[b]) job->value[defined++] = job->value[b];
    *undefined = job->replicates - defined;
    cm_status st = CM_OK;
    if (defined)
        *out = (cm_interval){.low = cm_quantile7(job->value, defined, tail, scratch),
                             .high = cm_quantile7(job->value, defined, 1 - tail, scratch),
                             .level = level,
                             .replicates = defined};
    else
        st = CM_FAIL(err, CM_ERR_EMPTY,
                     .what = cm_strf("%s has no value in any resampled cohort", job->gathered->metric->id).s);
    free(scratch);
    return st;
}

cm_status cm_bootstrap_gathered(cm_threads *pool, const cm_gathered *gathered, const cm_sampling *sampling,
                                double level, int64_t replicates, cm_random random, cm_interval *out,
                                int64_t *undefined, cm_error *err)
{
    cm_sampling *own = NULL;
    if (replicates < 1 || !(level > 0 && level < 1) ||
        (sampling && cm_sampling_cases(sampling) != gathered->n))
        return CM_FAIL(err, CM_ERR_ARG,
                       .what = "an interval needs replicates, a level and a sampling of its cases");
    cm_status st = CM_OK;
    if (!sampling) st = cm_sampling_create(gathered->n, NULL, NULL, CM_DRAW_CASES, false, &own, err);
    if (st) return st;
    bootstrap_job job = {.gathered = gathered,
                         .sampling = sampling ? sampling : own,
                         .random = random,
                         .replicates = replicates};
    job.times = malloc((size_t)cm_threads_count(pool) * (size_t)gathered->n * sizeof *job.times);
    job.value = malloc((size_t)replicates * sizeof *job.value);
    job.defined = malloc((size_t)replicates * sizeof *job.defined);
    if (!job.times || !job.value || !job.defined) {
        st = cm_measure_no_memory(0, err);
    } else {
        cm_threads_for(pool, (replicates + REPLICATES_PER_TASK - 1) / REPLICATES_PER_TASK, bootstrap_task,
                       &job);
        st = interval_of(&job, level, out, undefined, err);
    }
    free(job.times);
    free(job.value);
    free(job.defined);
    cm_sampling_destroy(own);
    return st;
}
