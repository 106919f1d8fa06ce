/* The first ranking: tools in the order of one value each (mean-then-rank), and how sure the order is.
 *
 * Every tool saw the same cases, so the difference of two tools is resampled as a difference: replicate b
 * draws cases once and gives every tool a value on the drawn cases. That is far sharper than to compare the
 * intervals of single tools, which mostly show how unlike the cases are. */
#include <math.h>
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* What a replicate works on. Numbers of cases are those of one target at a time, so that many targets take no
 * more room than one: number[t * n_cases + i]. */
typedef struct resampling {
    const cm_aggregates *a;
    int group;           /* 0: all cases */
    int64_t *drawn_from; /* its cases with a reference */
    int64_t n_from;
    cm_sampling *sampling;               /* of these */
    int metric, first_target, n_targets; /* targets whose mean is ranked; classification: one */
    double *number;                      /* segmentation: compared */
    bool *has_number;
    cm_classified_cases *classified; /* classification: one per tool */
    cm_ranked_evidence *evidence;    /* segmentation by a metric of the cohort */
    int32_t *drawn;                  /* [workers][n_from]: how often a replicate drew a case */
    int32_t *times;                  /* [workers][n_cases]: the same by number of the case */
    int32_t *weight; /* [workers][n_cases]: the same in the order of a tool's classified cases */
    double *value;   /* [n_tools][replicates]; NaN = the replicate has no value */
    int *n_means;    /* segmentation: the same shape, of how many targets `value` is the sum so far */
} resampling;

/* Adds the mean of the target at hand, if the drawn cases have one. */
static void add_mean(const resampling *s, int tool, const int32_t *times, double *sum_of_means, int *n_means)
{
    const int64_t n_cases = s->a->results->n_cases, base = tool * n_cases;
    int64_t count = 0;
    double sum = 0;
    for (int64_t i = 0; i < n_cases; i++) {
        if (!times[i] || !s->has_number[base + i]) continue;
        sum += times[i] * s->number[base + i];
        count += times[i];
    }
    if (!count) return;
    *sum_of_means += sum / (double)count;
    ++*n_means;
}

static double classification_replicate(const resampling *s, int tool, const int32_t *times, int32_t *weight)
{
    const cm_classified_cases *cases = &s->classified[tool];
    cm_classified data = cases->data;
    for (int64_t j = 0; j < data.n; j++)
        weight[j] = times[cases->case_index[j]];
    data.weight = weight;
    const cm_metric *metric = &s->a->results->bench->metrics[s->metric];
    cm_metric_value v =
        cm_classified_compared(metric, &data, cm_aggregates_class(s->a, s->first_target), NULL);
    return v.state == CM_VALUE_OK ? v.value : NAN;
}

static double value_of(const resampling *s, int tool, const int32_t *times, int32_t *weight)
{
    return s->classified ? classification_replicate(s, tool, times, weight)
                         : cm_ranked_evidence_value(s->evidence, tool, times, weight);
}

static void replicate(void *context, int64_t b, int worker)
{
    const resampling *s = context;
    const cm_results *r = s->a->results;
    int32_t *times = s->times + worker * r->n_cases, *weight = s->weight + worker * r->n_cases;
    int32_t *drawn = s->drawn + worker * s->n_from;
    cm_random random = {r->bench->seed, CM_PURPOSE_BOOTSTRAP};
    for (int64_t i = 0; i < r->n_cases; i++)
        times[i] = 0;
    cm_sampling_draw(s->sampling, random, (uint64_t)b, drawn);
    for (int64_t j = 0; j < s->n_from; j++)
        times[s->drawn_from[j]] = drawn[j];
    for (int t = 0; t < r->n_tools; t++) {
        const int64_t at = t * r->bench->replicates + b;
        if (s->n_means)
            add_mean(s, t, times, &s->value[at], &s->n_means[at]);
        else
            s->value[at] = value_of(s, t, times, weight);
    }
}

/* The numbers of a target that entered the cells, once more and by case. */
static void collect_segmentation(resampling *s, int target)
{
    const cm_results *r = s->a->results;
    const cm_metric *metric = &r->bench->metrics[s->metric];
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++) {
            const int64_t at = t * r->n_cases + i;
            const cm_use use = cm_item_use(s->a, t, i);
            cm_metric_value value = {.state = CM_VALUE_MISSING};
            bool substituted;
            if (use == CM_USE_SCORED) value = cm_results_value(r, t, i, target * s->a->n_metrics + s->metric);
            s->has_number[at] = (use == CM_USE_SCORED || use == CM_USE_MISSING) &&
                                cm_policy_apply(metric, &value, r->cases[i].diagonal, &r->bench->policies,
                                                &s->number[at], &substituted);
            if (s->has_number[at])
                s->number[at] = cm_direction_compared(metric->definition->direction, s->number[at]);
        }
    cm_results_release(r);
}

/* Fills s->value. Targets are added in their order, so the sums are those of all targets at once. */
static void run_replicates(resampling *s, cm_threads *pool)
{
    const int64_t replicates = s->a->results->bench->replicates, n = s->a->results->n_tools * replicates;
    if (!s->n_means) {
        cm_threads_for(pool, replicates, replicate, s);
        return;
    }
    for (int64_t k = 0; k < n; k++)
        s->value[k] = 0;
    for (int g = 0; g < s->n_targets; g++) {
        collect_segmentation(s, s->first_target + g);
        cm_threads_for(pool, replicates, replicate, s);
    }
    for (int64_t k = 0; k < n; k++)
        s->value[k] = s->n_means[k] ? s->value[k] / s->n_means[k] : NAN;
}

static cm_status resampling_prepare(resampling *s, cm_threads *pool, cm_error *err)
{
    const cm_results *r = s->a->results;
    size_t cases = (size_t)r->n_cases + 1, tools = (size_t)r->n_tools;
    size_t workers = (size_t)cm_threads_count(pool);
    s->drawn_from = malloc(cases * sizeof *s->drawn_from);
    s->times = malloc(workers * cases * sizeof *s->times);
    s->drawn = malloc(workers * cases * sizeof *s->drawn);
    s->weight = malloc(workers * cases * sizeof *s->weight);
    s->value = malloc((tools * (size_t)r->bench->replicates + 1) * sizeof *s->value);
    if (!s->drawn_from || !s->times || !s->drawn || !s->weight || !s->value) goto no_memory;
    for (int64_t i = 0; i < r->n_cases; i++)
        if (r->cases[i].has_reference && cm_in_group(s->a, i, s->group)) s->drawn_from[s->n_from++] = i;
    cm_status status = cm_aggregate_sampling(s->a, s->drawn_from, s->n_from, s->group > 0, &s->sampling, err);
    if (status) return status;

    if (r->bench->task == CM_TASK_CLASSIFICATION) {
        s->classified = calloc(tools, sizeof *s->classified);
        if (!s->classified) goto no_memory;
        for (int t = 0; t < r->n_tools; t++) {
            status = cm_classified_cases_collect(s->a, t, s->group, &s->classified[t], err);
            if (status) return status;
        }
        return CM_OK;
    }
    if (cm_metric_of_cohort(r, s->metric))
        return cm_ranked_evidence_create(s->a, s->metric, s->first_target, s->n_targets, &s->evidence, err);
    s->number = malloc(tools * cases * sizeof *s->number);
    s->has_number = malloc(tools * cases * sizeof *s->has_number);
    s->n_means = calloc(tools * (size_t)r->bench->replicates + 1, sizeof *s->n_means);
    if (!s->number || !s->has_number || !s->n_means) goto no_memory;
    return CM_OK;
no_memory:
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to resample the ranking",
                   .why = cm_strf("%d tools, %lld cases, %lld replicates", r->n_tools, (long long)r->n_cases,
                                  (long long)r->bench->replicates)
                              .s);
}

static void resampling_fini(resampling *s)
{
    for (int t = 0; s->classified && t < s->a->results->n_tools; t++)
        cm_classified_cases_fini(&s->classified[t]);
    free(s->classified);
    cm_ranked_evidence_destroy(s->evidence);
    free(s->drawn_from);
    free(s->number);
    free(s->has_number);
    free(s->times);
    free(s->drawn);
    cm_sampling_destroy(s->sampling);
    free(s->weight);
    free(s->value);
    free(s->n_means);
}

/* Percentile interval of n finite values; false when there are none. */
static bool interval_of(const cm_bench *bench, const double *values, int64_t n, double *scratch,
                        cm_interval *out)
{
    if (n < 1) return false;
    double tail = (1 - bench->level) / 2;
    *out = (cm_interval){.low = cm_quantile7(values, n, tail, scratch),
                         .high = cm_quantile7(values, n, 1 - tail, scratch),
                         .level = bench->level,
                         .replicates = n};
    return true;
}

static cm_status intervals(cm_aggregates *a, const resampling *s, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    int64_t most = bench->replicates;
    double *values = malloc(((size_t)most + 1) * sizeof *values);
    double *scratch = malloc(((size_t)most + 1) * sizeof *scratch);
    if (!values || !scratch) {
        free(values);
        free(scratch);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the intervals of the ranking");
    }
    for (int t = 0; t < a->results->n_tools; t++) {
        cm_standing *standing = &a->standings[t];
        const double *mine = s->value + t * most, *best = a->leader < 0 ? NULL : s->value + a->leader * most;
        int64_t n = 0;
        for (int64_t b = 0; b < most; b++)
            if (isfinite(mine[b])) values[n++] = mine[b];
        if (standing->has_value && !standing->has_interval) {
            standing->interval_method = CM_INTERVAL_PERCENTILE;
            standing->has_interval = interval_of(bench, values, n, scratch, &standing->interval);
        }
        if (!best || !standing->has_value || t == a->leader) continue;
        n = 0;
        for (int64_t b = 0; b < most; b++)
            if (isfinite(mine[b]) && isfinite(best[b])) values[n++] = best[b] - mine[b];
        standing->difference = a->standings[a->leader].value - standing->value;
        standing->has_difference = interval_of(bench, values, n, scratch, &standing->difference_interval);
        standing->apart = standing->has_difference &&
                          (standing->difference_interval.low > 0 || standing->difference_interval.high < 0);
    }
    free(values);
    free(scratch);
    return CM_OK;
}

bool cm_aggregates_value(const cm_aggregates *a, int tool, int metric, int target, double *value)
{
    const int first = target < 0 ? 0 : target, last = target < 0 ? a->n_targets - 1 : target;
    double sum = 0;
    int n = 0;
    for (int g = first; g <= last; g++) {
        const cm_cell *cell = cm_aggregates_cell(a, tool, g, metric, 0);
        if (!cell->has_value) continue;
        sum += cell->value;
        n++;
    }
    *value = n ? sum / n : 0;
    return n > 0;
}

static void set_values(cm_aggregates *a)
{
    for (int t = 0; t < a->results->n_tools; t++) {
        cm_standing *standing = &a->standings[t];
        standing->has_value =
            cm_aggregates_value(a, t, a->ranking_metric, a->ranking_target, &standing->value);
        if (a->ranking_target < 0) continue;
        const cm_cell *cell = cm_aggregates_cell(a, t, a->ranking_target, a->ranking_metric, 0);
        standing->has_interval = cell->has_interval;
        standing->interval = cell->interval;
        standing->interval_method = cell->interval_method;
    }
}

static cm_status set_places(cm_aggregates *a, cm_error *err)
{
    int n = a->results->n_tools;
    double *value = malloc((size_t)n * sizeof *value);
    bool *has = malloc((size_t)n * sizeof *has);
    int *place = malloc((size_t)n * sizeof *place);
    cm_status status = CM_OK;
    if (!value || !has || !place) {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the places of the tools");
        goto done;
    }
    for (int g = 0; g < a->n_targets; g++)
        for (int m = 0; m < a->n_metrics; m++) {
            for (int t = 0; t < n; t++) {
                const cm_cell *cell = cm_aggregates_cell(a, t, g, m, 0);
                value[t] = cell->value;
                has[t] = cell->has_value;
            }
            cm_places(value, has, n, cm_compared_direction(a, m), place);
            for (int t = 0; t < n; t++)
                cm_aggregates_cell(a, t, g, m, 0)->place = place[t];
        }
    for (int t = 0; t < n; t++) {
        value[t] = a->standings[t].value;
        has[t] = a->standings[t].has_value;
    }
    cm_places(value, has, n, cm_compared_direction(a, a->ranking_metric), place);
    a->leader = -1;
    for (int t = 0; t < n; t++) {
        a->standings[t].place = place[t];
        if (a->leader < 0 && place[t] == 1 && has[t]) a->leader = t;
    }
done:
    free(value);
    free(has);
    free(place);
    return status;
}

cm_status cm_aggregate_rank(cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    set_values(a);
    cm_status status = set_places(a, err);
    if (status || a->cases_with_reference < 2 || a->results->bench->replicates < 1) return status;

    bool all_targets = a->ranking_target < 0;
    resampling s = {.a = a,
                    .metric = a->ranking_metric,
                    .first_target = all_targets ? 0 : a->ranking_target,
                    .n_targets = all_targets ? a->n_targets : 1};
    status = resampling_prepare(&s, pool, err);
    if (!status) {
        run_replicates(&s, pool);
        status = intervals(a, &s, err);
    }
    if (!status && (s.classified || s.evidence)) {
        a->replicate_value = s.value;
        s.value = NULL;
    }
    resampling_fini(&s);
    return status;
}

cm_status cm_aggregate_resampled(const cm_aggregates *a, cm_threads *pool, int metric, int target,
                                 double **value, cm_error *err)
{
    const bool all_targets = target < 0;
    resampling s = {.a = a,
                    .metric = metric,
                    .first_target = all_targets ? 0 : target,
                    .n_targets = all_targets ? a->n_targets : 1};
    cm_status status = resampling_prepare(&s, pool, err);
    if (!status) {
        run_replicates(&s, pool);
        *value = s.value;
        s.value = NULL;
    }
    resampling_fini(&s);
    return status;
}

cm_status cm_aggregate_resampled_group(const cm_aggregates *a, cm_threads *pool, int group, double *observed,
                                       double **value, cm_error *err)
{
    const bool all_targets = a->ranking_target < 0;
    resampling s = {.a = a,
                    .group = group,
                    .metric = a->ranking_metric,
                    .first_target = all_targets ? 0 : a->ranking_target,
                    .n_targets = all_targets ? a->n_targets : 1};
    cm_status status = resampling_prepare(&s, pool, err);
    if (!status) {
        for (int64_t i = 0; i < a->results->n_cases; i++)
            s.times[i] = 0;
        for (int64_t j = 0; j < s.n_from; j++)
            s.times[s.drawn_from[j]] = 1;
        for (int t = 0; t < a->results->n_tools; t++)
            observed[t] = value_of(&s, t, s.times, s.weight);
        run_replicates(&s, pool);
        *value = s.value;
        s.value = NULL;
    }
    resampling_fini(&s);
    return status;
}
