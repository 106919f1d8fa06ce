/* Cells of metrics of a case: the numbers behind them, their summaries and intervals; of a metric with a
 * target once of the numbers as they are, which show the bias, and once of their distances, which tools are
 * compared by. Tools that have numbers on the same cases are resampled together: the draws cost more than the
 * means. */
#include <stdlib.h>
#include <string.h>

#include "engine/report/aggregate_internal.h"

static cm_metric_value segmentation_value(const cm_aggregates *a, int tool, int64_t i, int target, int metric)
{
    if (cm_item_use(a, tool, i) == CM_USE_MISSING) return (cm_metric_value){.state = CM_VALUE_MISSING};
    return cm_results_value(a->results, tool, i, target * a->n_metrics + metric);
}

/* Fills the numbers of one cell in cohort order and books how each came about. */
static int64_t collect_numbers(const cm_aggregates *a, int tool, int target, int metric, int group,
                               double *numbers, int64_t *case_index, cm_cell *cell)
{
    const cm_results *r = a->results;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        cm_use use = cm_item_use(a, tool, i);
        if ((use != CM_USE_SCORED && use != CM_USE_MISSING) || !cm_in_group(a, i, group)) continue;
        cm_metric_value value = segmentation_value(a, tool, i, target, metric);
        if (use == CM_USE_SCORED) {
            if (value.state == CM_VALUE_OK)
                cell->ok++;
            else if (value.state == CM_VALUE_UNDEFINED)
                cell->undefined[value.empty]++;
            else
                cell->missing++;
        }
        bool substituted = false;
        if (cm_policy_apply(&r->bench->metrics[metric], &value, r->cases[i].diagonal, &r->bench->policies,
                            &numbers[n], &substituted)) {
            case_index[n++] = i;
            cell->substituted += substituted;
        } else {
            cell->excluded++;
        }
    }
    return n;
}

/* The numbers of every tool for one target, metric and group. */
typedef struct numbers {
    int64_t most;          /* room per tool */
    double *number;        /* [n_tools][most] */
    int64_t *case_index;   /* [n_tools][most] */
    double *packed;        /* [n_tools * most]: rows of tools that are resampled together */
    int *row;              /* [n_tools]: which tools these are */
    bool *done;            /* [n_tools] */
    cm_interval *interval; /* [n_tools] */
} numbers;

static void numbers_fini(numbers *s)
{
    free(s->number);
    free(s->case_index);
    free(s->packed);
    free(s->row);
    free(s->done);
    free(s->interval);
}

static cm_status numbers_init(numbers *s, const cm_results *r, cm_error *err)
{
    const size_t tools = (size_t)r->n_tools, cells = tools * (size_t)(r->n_cases + 1);
    *s = (numbers){.most = r->n_cases + 1,
                   .number = malloc(cells * sizeof *s->number),
                   .case_index = malloc(cells * sizeof *s->case_index),
                   .packed = malloc(cells * sizeof *s->packed),
                   .row = malloc(tools * sizeof *s->row),
                   .done = malloc(tools * sizeof *s->done),
                   .interval = malloc(tools * sizeof *s->interval)};
    if (s->number && s->case_index && s->packed && s->row && s->done && s->interval) return CM_OK;
    numbers_fini(s);
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the numbers of a metric");
}

static cm_status summarise_cell(const cm_aggregates *a, const double *number, cm_cell *cell, cm_error *err)
{
    if (cell->n == 0) return CM_OK;
    const cm_status status = cm_summarise(number, cell->n, &cell->summary, err);
    if (status) return status;
    cell->has_value = true;
    return cell->n < 2 ? CM_OK
                       : cm_interval_median(number, cell->n, a->results->bench->level, &cell->median_interval,
                                            &cell->median_coverage, err);
}

/* Tools with numbers on the same cases as `tool`, in input order, their numbers side by side. */
static int pack_rows(const cm_aggregates *a, numbers *s, int tool, int target, int metric, int group)
{
    const int64_t n = cm_aggregates_cell(a, tool, target, metric, group)->n;
    const int64_t *mine = s->case_index + tool * s->most;
    int rows = 0;
    for (int t = tool; t < a->results->n_tools && rows < CM_RANK_TOOLS_MAX; t++) {
        if (s->done[t] || cm_aggregates_cell(a, t, target, metric, group)->n != n ||
            memcmp(mine, s->case_index + t * s->most, (size_t)n * sizeof *mine))
            continue;
        memcpy(s->packed + rows * n, s->number + t * s->most, (size_t)n * sizeof *s->packed);
        s->done[t] = true;
        s->row[rows++] = t;
    }
    return rows;
}

/* Intervals of all these tools. What the joint way refuses (a case drawn hundreds of times, enormous values)
 * is done row by row. */
static cm_status resample_rows(const cm_aggregates *a, cm_threads *pool, numbers *s, int rows, int64_t n,
                               const int64_t *case_index, bool within_group, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    const cm_random random = {bench->seed, CM_PURPOSE_BOOTSTRAP};
    cm_sampling *sampling = NULL;
    cm_error own = {0};
    cm_status status = cm_aggregate_sampling(a, case_index, n, within_group, &sampling, err);
    if (status) return status;
    status = cm_bootstrap_means(pool, s->packed, rows, n, sampling, bench->level, bench->replicates, random,
                                s->interval, &own);
    if (status == CM_ERR_LIMIT || status == CM_ERR_ARG) {
        status = CM_OK;
        for (int k = 0; k < rows && !status; k++)
            status = cm_bootstrap_mean(pool, s->packed + k * n, n, sampling, bench->level, bench->replicates,
                                       random, &s->interval[k], err);
    } else if (status && err) {
        *err = own;
    }
    cm_sampling_destroy(sampling);
    return status;
}

/* The interval of the mean of the numbers of every tool that has two of them. */
static cm_status fill_intervals(cm_aggregates *a, cm_threads *pool, numbers *s, int target, int metric,
                                int group, cm_error *err)
{
    cm_status status = CM_OK;
    for (int t = 0; t < a->results->n_tools; t++)
        s->done[t] = cm_aggregates_cell(a, t, target, metric, group)->n < 2;
    for (int t = 0; t < a->results->n_tools && !status; t++) {
        if (s->done[t]) continue;
        const int64_t n = cm_aggregates_cell(a, t, target, metric, group)->n;
        const int rows = pack_rows(a, s, t, target, metric, group);
        status = resample_rows(a, pool, s, rows, n, s->case_index + t * s->most, group > 0, err);
        for (int k = 0; k < rows && !status; k++) {
            cm_cell *cell = cm_aggregates_cell(a, s->row[k], target, metric, group);
            cell->has_interval = true;
            cell->interval = s->interval[k];
            cell->interval_method = CM_INTERVAL_PERCENTILE;
        }
    }
    return status;
}

/* Turns the numbers of a tool into what it is compared by. */
static cm_status measure_distances(const cm_metric_definition *of, double *number, cm_cell *cell,
                                   cm_error *err)
{
    for (int64_t i = 0; i < cell->n; i++) {
        cell->below += number[i] < of->best;
        cell->above += number[i] > of->best;
        number[i] = cm_direction_compared(of->direction, number[i]);
    }
    const cm_status status = cell->n ? cm_summarise(number, cell->n, &cell->distance, err) : CM_OK;
    cell->value = cell->distance.mean;
    cell->has_signed_interval = cell->has_interval;
    cell->signed_interval = cell->interval;
    return status;
}

static cm_status fill_cells(cm_aggregates *a, cm_threads *pool, numbers *s, int target, int metric, int group,
                            cm_error *err)
{
    const cm_metric_definition *of = a->results->bench->metrics[metric].definition;
    const int n_tools = a->results->n_tools;
    cm_status status = CM_OK;
    for (int t = 0; t < n_tools && !status; t++) {
        cm_cell *cell = cm_aggregates_cell(a, t, target, metric, group);
        double *number = s->number + t * s->most;
        cell->n = collect_numbers(a, t, target, metric, group, number, s->case_index + t * s->most, cell);
        status = summarise_cell(a, number, cell, err);
        cell->value = cell->summary.mean;
    }
    if (!status) status = fill_intervals(a, pool, s, target, metric, group, err);
    if (status || !cm_metric_is_distance(a, metric)) return status;
    for (int t = 0; t < n_tools && !status; t++)
        status = measure_distances(of, s->number + t * s->most,
                                   cm_aggregates_cell(a, t, target, metric, group), err);
    return status ? status : fill_intervals(a, pool, s, target, metric, group, err);
}

cm_status cm_aggregate_segmentation(cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    const cm_results *r = a->results;
    numbers s;
    cm_status status = numbers_init(&s, r, err);
    if (status) return status;
    for (int g = 0; g < a->n_targets && !status; g++)
        for (int m = 0; m < a->n_metrics && !status; m++, cm_results_release(r))
            for (int group = 0; group < a->n_all_groups && !status; group++) {
                if (!cm_metric_is_gathered(&r->bench->metrics[m])) {
                    status = fill_cells(a, pool, &s, g, m, group, err);
                    continue;
                }
                for (int t = 0; t < r->n_tools && !status; t++)
                    status = cm_aggregate_gathered(a, pool, t, g, m, group, err);
            }
    numbers_fini(&s);
    return status;
}
