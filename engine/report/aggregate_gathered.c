/* Cells of metrics of a cohort of segmentations: from the evidence of all cases of a group, no mean of values
 * of cases. None of them has a target (unit.metrics.catalogue), so what tools are compared by is the value. A
 * missing prediction counts as an empty one, unless the bench excludes missing ones: what the reference holds
 * is known from the evidence of any tool that was scored on the case. */
#include <math.h>
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* Books every case of the group and lists the evidence of those that count. */
static int64_t collect(const cm_aggregates *a, int tool, int place, int group, cm_evidence *cases,
                       int64_t *case_index, cm_cell *cell)
{
    const cm_results *r = a->results;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_use use = cm_item_use(a, tool, i);
        if ((use != CM_USE_SCORED && use != CM_USE_MISSING) || !cm_in_group(a, i, group)) continue;
        bool substituted = false;
        const bool counts = cm_results_evidence(r, tool, i, place, &cases[n], &substituted);
        if (counts && !substituted)
            cell->ok++;
        else
            cell->missing += use == CM_USE_SCORED;
        cell->substituted += counts && substituted;
        cell->excluded += !counts;
        if (!counts) continue;
        case_index[n++] = i;
    }
    return n;
}

static cm_status fill_cell(const cm_aggregates *a, cm_threads *pool, const cm_gathered *gathered,
                           const int64_t *case_index, bool within_group, cm_cell *cell, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    cm_sampling *sampling = NULL;
    cm_error own = {0};
    cell->has_value = cm_gathered_value(gathered, NULL, &cell->value);
    cell->of_cohort = (cm_metric_value){.state = cell->has_value ? CM_VALUE_OK : CM_VALUE_UNDEFINED,
                                        .value = cell->has_value ? cell->value : 0};
    if (!cell->has_value || cell->n < 2) return CM_OK;
    cm_status st = cm_aggregate_sampling(a, case_index, cell->n, within_group, &sampling, err);
    if (st) return st;
    st = cm_bootstrap_gathered(pool, gathered, sampling, bench->level, bench->replicates,
                               (cm_random){bench->seed, CM_PURPOSE_BOOTSTRAP}, &cell->interval,
                               &cell->undefined_replicates, &own);
    cm_sampling_destroy(sampling);
    cell->has_interval = st == CM_OK;
    cell->interval_method = CM_INTERVAL_PERCENTILE;
    if (st == CM_ERR_EMPTY) return CM_OK; /* no resample had a value: a value without an interval */
    if (st && err) *err = own;
    return st;
}

cm_status cm_aggregate_gathered(const cm_aggregates *a, cm_threads *pool, int tool, int target, int metric,
                                int group, cm_error *err)
{
    const cm_results *r = a->results;
    cm_cell *cell = cm_aggregates_cell(a, tool, target, metric, group);
    cm_evidence *cases = malloc((size_t)(r->n_cases + 1) * sizeof *cases);
    int64_t *case_index = malloc((size_t)(r->n_cases + 1) * sizeof *case_index);
    cm_gathered *gathered = NULL;
    cm_status st = cases && case_index
                       ? CM_OK
                       : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the evidence of a metric");
    if (!st) {
        cell->n = collect(a, tool, target * a->n_metrics + metric, group, cases, case_index, cell);
        if (cell->n) st = cm_gathered_create(&r->bench->metrics[metric], cases, cell->n, &gathered, err);
    }
    if (gathered) st = fill_cell(a, pool, gathered, case_index, group > 0, cell, err);
    cm_gathered_destroy(gathered);
    free(cases);
    free(case_index);
    return st;
}

/* -- to rank by -------------------------------------------------------------------------------------------
 */

bool cm_metric_of_cohort(const cm_results *r, int metric)
{
    return r->bench->task == CM_TASK_CLASSIFICATION || cm_metric_is_gathered(&r->bench->metrics[metric]);
}

static cm_status gather_cell(const cm_aggregates *a, int tool, int place, const cm_metric *metric,
                             cm_ranked_evidence *e, int64_t cell, cm_error *err)
{
    const cm_results *r = a->results;
    cm_evidence *cases = e->cases + cell * e->n_cases;
    int64_t *n = &e->n[cell];
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_use use = cm_item_use(a, tool, i);
        bool substituted = false;
        if ((use != CM_USE_SCORED && use != CM_USE_MISSING) ||
            !cm_results_evidence(r, tool, i, place, &cases[*n], &substituted))
            continue;
        e->case_index[cell * e->n_cases + (*n)++] = i;
    }
    return *n ? cm_gathered_create(metric, cases, *n, &e->gathered[cell], err) : CM_OK;
}

cm_status cm_ranked_evidence_create(const cm_aggregates *a, int metric, int first_target, int n_targets,
                                    cm_ranked_evidence **out, cm_error *err)
{
    const cm_results *r = a->results;
    const size_t cells = (size_t)r->n_tools * (size_t)n_targets, all = cells * ((size_t)r->n_cases + 1);
    cm_ranked_evidence *e = calloc(1, sizeof *e);
    cm_status st = CM_OK;
    if (e) {
        *e = (cm_ranked_evidence){.n_cases = r->n_cases,
                                  .n_tools = r->n_tools,
                                  .n_targets = n_targets,
                                  .gathered = calloc(cells, sizeof *e->gathered),
                                  .n = calloc(cells, sizeof *e->n),
                                  .cases = malloc(all * sizeof *e->cases),
                                  .case_index = malloc(all * sizeof *e->case_index)};
    }
    if (!e || !e->gathered || !e->n || !e->cases || !e->case_index)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the evidence of a ranking");
    for (int t = 0; t < r->n_tools && !st; t++)
        for (int g = 0; g < n_targets && !st; g++)
            st = gather_cell(a, t, (first_target + g) * a->n_metrics + metric, &r->bench->metrics[metric], e,
                             (int64_t)t * n_targets + g, err);
    if (st)
        cm_ranked_evidence_destroy(e);
    else
        *out = e;
    return st;
}

void cm_ranked_evidence_destroy(cm_ranked_evidence *e)
{
    if (!e) return;
    for (int64_t cell = 0; e->gathered && cell < (int64_t)e->n_tools * e->n_targets; cell++)
        cm_gathered_destroy(e->gathered[cell]);
    free(e->gathered);
    free(e->n);
    free(e->cases);
    free(e->case_index);
    free(e);
}

double cm_ranked_evidence_value(const cm_ranked_evidence *e, int tool, const int32_t *times, int32_t *weight)
{
    double sum = 0;
    int n = 0;
    for (int g = 0; g < e->n_targets; g++) {
        const int64_t cell = (int64_t)tool * e->n_targets + g;
        double value;
        for (int64_t k = 0; k < e->n[cell]; k++)
            weight[k] = times[e->case_index[cell * e->n_cases + k]];
        if (!e->gathered[cell] || !cm_gathered_value(e->gathered[cell], weight, &value)) continue;
        sum += value;
        n++;
    }
    return n ? sum / n : NAN;
}
