/* Metrics of a cohort: one value for a set of classified cases. A case without a prediction cannot be left to
 * luck: by the policy `worst` it enters as the worst prediction there could be, otherwise it is left out and
 * counted. */
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

void cm_classified_cases_fini(cm_classified_cases *c)
{
    free(c->truth);
    free(c->decided);
    free(c->score);
    free(c->case_index);
    *c = (cm_classified_cases){0};
}

cm_metric_value cm_classified_compared(const cm_metric *metric, const cm_classified *data, int c,
                                       cm_error *err)
{
    if (data->n == 0) return (cm_metric_value){.state = CM_VALUE_UNDEFINED};
    return cm_classify_compared(metric, data, c, err);
}

/* No score for its class, full score for every other, and a wrong decision. "Full" is 1, or more when the
 * tool's own scores go beyond the range of a probability. */
static void worst_prediction(int32_t truth, int k, double low, double high, int32_t *decided, double *score)
{
    *decided = (truth + 1) % k;
    for (int c = 0; c < k; c++)
        score[c] = c == truth ? low : high;
}

/* A tool's scores of a case, when it decided for a class there is; else NULL. */
static const double *usable(const cm_results *r, int tool, int64_t i)
{
    const double *scores = cm_results_scores(r, tool, i);
    const int32_t decided = *cm_results_decided(r, tool, i);
    return decided >= 0 && decided < r->cohort.n_labels ? scores : NULL;
}

cm_status cm_classified_cases_collect(const cm_aggregates *a, int tool, int group, cm_classified_cases *out,
                                      cm_error *err)
{
    const cm_results *r = a->results;
    int k = r->cohort.n_labels;
    size_t most = (size_t)r->n_cases + 1;
    *out = (cm_classified_cases){.truth = malloc(most * sizeof(int32_t)),
                                 .decided = malloc(most * sizeof(int32_t)),
                                 .score = calloc(most * (size_t)k, sizeof(double)),
                                 .case_index = malloc(most * sizeof(int64_t))};
    if (!out->truth || !out->decided || !out->score || !out->case_index) {
        cm_classified_cases_fini(out);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the classified cases");
    }
    double low = 0, high = 1;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const double *scores = usable(r, tool, i);
        if (cm_item_use(a, tool, i) != CM_USE_SCORED || !scores) continue;
        for (int c = 0; c < k; c++) {
            if (scores[c] < low) low = scores[c];
            if (scores[c] > high) high = scores[c];
        }
    }
    bool worst = r->bench->policies.missing != CM_POLICY_EXCLUDE;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const double *scores = usable(r, tool, i);
        cm_use use = cm_item_use(a, tool, i);
        if ((use != CM_USE_SCORED && use != CM_USE_MISSING) || !cm_in_group(a, i, group)) continue;
        bool predicted = use == CM_USE_SCORED && scores;
        if (!predicted && !worst) continue;
        out->truth[n] = r->cases[i].class_value;
        out->decided[n] = *cm_results_decided(r, tool, i);
        out->case_index[n] = i;
        if (predicted)
            for (int c = 0; c < k; c++)
                out->score[n * k + c] = scores[c];
        else
            worst_prediction(out->truth[n], k, low, high, &out->decided[n], &out->score[n * k]);
        n++;
    }
    out->data =
        (cm_classified){.n = n, .k = k, .truth = out->truth, .decided = out->decided, .score = out->score};
    return CM_OK;
}

static void book(const cm_aggregates *a, int tool, int group, cm_cell *cell)
{
    const cm_results *r = a->results;
    bool worst = r->bench->policies.missing != CM_POLICY_EXCLUDE;
    for (int64_t i = 0; i < r->n_cases; i++) {
        if (cm_item_use(a, tool, i) != CM_USE_SCORED || !cm_in_group(a, i, group)) continue;
        if (usable(r, tool, i))
            cell->ok++;
        else
            cell->missing++;
    }
    if (worst)
        cell->substituted = cell->missing;
    else
        cell->excluded = cell->missing;
}

/* What a metric with a target is compared by, when the cell has all else. */
static cm_status measure_distance(const cm_aggregates *a, cm_threads *pool, const cm_metric *metric, int c,
                                  const cm_classified *data, const cm_sampling *sampling, cm_cell *cell,
                                  cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    int64_t undefined = 0; /* as many as of the value */
    cell->value = cm_classified_compared(metric, data, c, err).value;
    cell->has_signed_interval = cell->has_interval;
    cell->signed_interval = cell->interval;
    if (!cell->has_interval) return CM_OK;
    return cm_bootstrap_compared(pool, metric, data, c, sampling, bench->level, bench->replicates,
                                 (cm_random){bench->seed, CM_PURPOSE_BOOTSTRAP}, &cell->interval, &undefined,
                                 err);
}

static cm_status fill_cell(const cm_aggregates *a, cm_threads *pool, int metric, int c,
                           const cm_classified *data, const cm_metric_value *value,
                           const cm_sampling *sampling, cm_cell *cell, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    cell->n = data->n;
    cell->of_cohort = *value;
    cell->has_value = cell->of_cohort.state == CM_VALUE_OK;
    if (!cell->has_value) return CM_OK;
    cell->value = cell->of_cohort.value;
    if (data->n < 2) return CM_OK;
    if (a->draw_unit == CM_DRAW_CASES) {
        const cm_status direct =
            cm_cohort_interval(&bench->metrics[metric], data, c, bench->level, &cell->interval,
                               &cell->interval_method, &cell->has_interval, err);
        if (direct || cell->has_interval) return direct;
    }
    cell->interval_method = CM_INTERVAL_PERCENTILE;
    cm_error own = {0};
    cm_status status = cm_bootstrap_classification(
        pool, &bench->metrics[metric], data, c, sampling, bench->level, bench->replicates,
        (cm_random){bench->seed, CM_PURPOSE_BOOTSTRAP}, &cell->interval, &cell->undefined_replicates, &own);
    cell->has_interval = status == CM_OK;
    if (status == CM_ERR_EMPTY) return CM_OK; /* no resample had a value: a value without an interval */
    if (status && err) *err = own;
    return status;
}

/* All metrics of one class, or over all (c < 0): the cases are sorted once. */
static cm_status fill_cells(cm_aggregates *a, cm_threads *pool, int tool, int target, int group,
                            const cm_classified *data, const cm_sampling *sampling, cm_error *err)
{
    const int c = cm_aggregates_class(a, target);
    cm_status status = CM_OK;
    cm_metric_value *values = calloc((size_t)a->n_metrics + 1, sizeof *values);
    if (!values) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the values of the metrics");
    for (int m = 0; m < a->n_metrics; m++)
        values[m].state = CM_VALUE_UNDEFINED;
    if (data->n) status = cm_classify(a->results->bench->metrics, a->n_metrics, data, c, values, err);
    for (int m = 0; m < a->n_metrics && !status; m++) {
        cm_cell *cell = cm_aggregates_cell(a, tool, target, m, group);
        book(a, tool, group, cell);
        status = fill_cell(a, pool, m, c, data, &values[m], sampling, cell, err);
        if (!status && cell->has_value && cm_metric_is_distance(a, m))
            status = measure_distance(a, pool, &a->results->bench->metrics[m], c, data, sampling, cell, err);
    }
    free(values);
    return status;
}

cm_status cm_aggregate_classification(cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    cm_status status = CM_OK;
    for (int t = 0; t < a->results->n_tools && !status; t++)
        for (int group = 0; group < a->n_all_groups && !status; group++) {
            cm_classified_cases cases;
            cm_sampling *sampling = NULL;
            status = cm_classified_cases_collect(a, t, group, &cases, err);
            if (!status && cases.data.n)
                status = cm_aggregate_sampling(a, cases.case_index, cases.data.n, group > 0, &sampling, err);
            for (int g = 0; g < a->n_targets && !status; g++)
                status = fill_cells(a, pool, t, g, group, &cases.data, sampling, err);
            cm_sampling_destroy(sampling);
            cm_classified_cases_fini(&cases);
            cm_results_release(a->results);
        }
    return status;
}
