/* Cells of metrics of a cohort of segmentations: from the evidence of all cases of a group, no mean of values
 * of cases. A missing prediction counts as an empty one, unless the bench excludes missing ones: what the
 * reference holds is known from the evidence of any tool that was scored on the case. */
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* Books every case of the group and lists the evidence of those that count. */
static int64_t collect(const cm_aggregates *a, int tool, int place, int group, cm_evidence *cases,
                       int64_t *case_index, cm_cell *cell)
{
    const cm_results *r = a->results;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_use use = cm_item_use(r, tool, i);
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
