/* From results to cells: who counts where, in what order the cells are filled. A cell never loses a case
 * silently: every case with a reference is in exactly one of its counts. */
#include "engine/report/class_views_internal.h"
#include "engine/report/combine_internal.h"
#include "engine/report/compare_internal.h"

#include <stdlib.h>
#include <string.h>

#include "engine/report/curves_internal.h"
#include "engine/report/examples_internal.h"

static cm_use use_of(const cm_results *results, int tool, int64_t case_index)
{
    const cm_item *item = cm_results_item(results, tool, case_index);
    if (!results->cases[case_index].has_reference) return CM_USE_NO_REFERENCE;
    switch (item->state) {
    case CM_ITEM_OPEN:
        return CM_USE_OPEN;
    case CM_ITEM_DAMAGED_INPUT:
        return CM_USE_DAMAGED;
    case CM_ITEM_OK:
        return item->scored ? CM_USE_SCORED : CM_USE_MISSING;
    default:
        return CM_USE_MISSING;
    }
}

bool cm_metric_is_distance(const cm_aggregates *a, int metric)
{
    return cm_direction_has_target(a->results->bench->metrics[metric].definition->direction);
}

cm_direction cm_compared_direction(const cm_aggregates *a, int metric)
{
    return cm_direction_of_compared(a->results->bench->metrics[metric].definition->direction);
}

void cm_compared_range(const cm_aggregates *a, int metric, double *least, double *greatest)
{
    const cm_metric_definition *d = a->results->bench->metrics[metric].definition;
    const double low = cm_direction_compared(d->direction, d->least),
                 high = cm_direction_compared(d->direction, d->greatest);
    *least = cm_metric_is_distance(a, metric) ? 0 : low;
    *greatest = low > high ? low : high;
}

const char *cm_aggregates_target_name(const cm_aggregates *a, int target)
{
    return target < a->results->bench->n_targets ? a->results->bench->targets[target].name : "macro";
}

int cm_aggregates_class(const cm_aggregates *a, int target)
{
    return target < a->results->bench->n_targets ? a->results->bench->targets[target].values[0] : -1;
}

/* Asked for so often that the items, which may lie on the disk, are read once. */
static void set_uses(cm_aggregates *a)
{
    const cm_results *r = a->results;
    for (int t = 0; t < r->n_tools; t++) {
        for (int64_t i = 0; i < r->n_cases; i++)
            a->use[t * r->n_cases + i] = (uint8_t)use_of(r, t, i);
        cm_results_release(r);
    }
}

static void use_counts(cm_cell *cell, cm_use use)
{
    switch (use) {
    case CM_USE_NO_REFERENCE:
        cell->no_reference++;
        return;
    case CM_USE_OPEN:
        cell->open++;
        break;
    case CM_USE_DAMAGED:
        cell->damaged++;
        break;
    case CM_USE_MISSING:
        cell->missing++;
        break;
    case CM_USE_SCORED:
        break;
    }
    cell->cases++;
}

void cm_aggregate_count(cm_aggregates *a)
{
    const cm_results *r = a->results;
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++) {
            const cm_use use = cm_item_use(a, t, i);
            for (int g = 0; g < a->n_targets; g++)
                for (int m = 0; m < a->n_metrics; m++) {
                    use_counts(cm_aggregates_cell(a, t, g, m, 0), use);
                    for (int k = 0; k < a->n_groupings; k++) {
                        const int group = a->group_of_case[k * r->n_cases + i];
                        if (group) use_counts(cm_aggregates_cell(a, t, g, m, group), use);
                    }
                }
        }
}

/* ---- the frame ---- */
/* A tool is called by its id; when two packages share it, also by version, then by its place in the input. */
static void name_tools(cm_aggregates *a)
{
    const cm_results *r = a->results;
    for (int t = 0; t < r->n_tools; t++) {
        bool id_repeats = false, both_repeat = false;
        for (int u = 0; u < r->n_tools; u++) {
            if (u == t || strcmp(r->tools[u].id, r->tools[t].id)) continue;
            id_repeats = true;
            both_repeat |= !strcmp(r->tools[u].version, r->tools[t].version);
        }
        cm_str key = !id_repeats   ? cm_strf("%s", r->tools[t].id)
                     : both_repeat ? cm_strf("%s-%s-%d", r->tools[t].id, r->tools[t].version, t + 1)
                                   : cm_strf("%s-%s", r->tools[t].id, r->tools[t].version);
        memcpy(a->keys[t], key.s, sizeof a->keys[t] - 1);
    }
}

int cm_aggregates_default_target(const cm_aggregates *a)
{
    const cm_bench *b = a->results->bench;
    return b->task == CM_TASK_CLASSIFICATION ? a->n_targets - 1 : b->n_targets == 1 ? 0 : -1;
}

static cm_status find_ranking_rule(cm_aggregates *a, cm_error *err)
{
    const cm_bench *b = a->results->bench;
    for (a->ranking_metric = 0; a->ranking_metric < b->n_metrics; a->ranking_metric++)
        if (!b->ranking_metric[0] || !strcmp(b->metrics[a->ranking_metric].id, b->ranking_metric)) break;
    if (a->ranking_metric == b->n_metrics)
        return CM_FAIL(err, CM_ERR_NOT_FOUND,
                       .what = "the ranking metric is not among the metrics of the bench", .where = b->id,
                       .why = b->ranking_metric);
    if (!b->ranking_target[0]) {
        a->ranking_target = cm_aggregates_default_target(a);
        return CM_OK;
    }
    for (a->ranking_target = 0; a->ranking_target < a->n_targets; a->ranking_target++)
        if (!strcmp(cm_aggregates_target_name(a, a->ranking_target), b->ranking_target)) return CM_OK;
    return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the ranking target is not among the targets of the bench",
                   .where = b->id, .why = b->ranking_target);
}

static cm_status check_results(const cm_results *r, cm_error *err)
{
    if (r->n_tools < 1 || r->bench->n_metrics < 1 || r->bench->n_targets < 1)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "there is nothing to report", .where = r->bench->id,
                       .why = cm_strf("%d tools, %d metrics, %d targets", r->n_tools, r->bench->n_metrics,
                                      r->bench->n_targets)
                                  .s);
    bool classification = r->bench->task == CM_TASK_CLASSIFICATION;
    for (int64_t i = 0; classification && i < r->n_cases; i++)
        if (r->cases[i].has_reference &&
            (r->cases[i].class_value < 0 || r->cases[i].class_value >= r->cohort.n_labels))
            return CM_FAIL(
                err, CM_ERR_MISMATCH, .what = "the reference class of a case is not a class of the cohort",
                .where = r->cases[i].id,
                .why =
                    cm_strf("class %d, classes 0 to %d", r->cases[i].class_value, r->cohort.n_labels - 1).s);
    return CM_OK;
}

/* Reserves everything whose size is known from the start. */
static cm_status reserve(cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    int64_t cells = r->n_tools;
    if (!cm_mul_i64(cells, a->n_targets, &cells) || !cm_mul_i64(cells, a->n_metrics, &cells) ||
        !cm_mul_i64(cells, a->n_all_groups, &cells))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "more result cells than can be counted");
    a->keys = calloc((size_t)r->n_tools, sizeof *a->keys);
    a->cells = calloc((size_t)cells, sizeof *a->cells);
    a->standings = calloc((size_t)r->n_tools, sizeof *a->standings);
    a->use = malloc((size_t)r->n_tools * (size_t)r->n_cases + 1);
    if (!a->keys || !a->cells || !a->standings || !a->use)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the cells of the report",
                       .why = cm_strf("%lld cells", (long long)cells).s);
    return CM_OK;
}

cm_status cm_aggregates_create(const cm_results *results, cm_audience audience, cm_threads *pool,
                               cm_aggregates **out, cm_error *err)
{
    cm_status status = check_results(results, err);
    if (status) return status;
    cm_aggregates *a = calloc(1, sizeof *a);
    if (!a) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the report");

    bool classification = results->bench->task == CM_TASK_CLASSIFICATION;
    a->results = results;
    a->audience = audience;
    a->n_targets = results->bench->n_targets + (classification && results->bench->n_targets > 1);
    a->n_metrics = results->bench->n_metrics;
    status = cm_aggregate_group(a, err);
    if (!status) status = cm_aggregate_choose_drawing(a, err);
    if (!status) status = reserve(a, err);
    if (!status) status = find_ranking_rule(a, err);
    if (!status) {
        set_uses(a);
        name_tools(a);
        cm_aggregate_count(a);
        status = classification ? cm_aggregate_classification(a, pool, err)
                                : cm_aggregate_segmentation(a, pool, err);
    }
    if (!status) status = cm_aggregate_rank(a, pool, err);
    if (!status) status = cm_aggregate_hide(a, err);
    if (!status) status = cm_aggregate_heterogeneity(a, err);
    if (!status) status = cm_comparison_create(a, pool, &a->comparison, err);
    if (!status) status = cm_combined_create(a, pool, &a->combined, err);
    if (!status) status = cm_class_views_create(a, &a->class_views, err);
    if (!status) status = cm_curves_create(a, &a->curves, err);
    if (!status && audience == CM_AUDIENCE_SITE) status = cm_examples_create(a, &a->examples, err);
    if (!status) status = cm_aggregate_judge(a, err);
    if (status) {
        cm_aggregates_destroy(a);
        return status;
    }
    *out = a;
    return CM_OK;
}

void cm_aggregates_destroy(cm_aggregates *a)
{
    if (!a) return;
    free(a->groups);
    free(a->groupings);
    free(a->range_names);
    free(a->group_of_case);
    free(a->heterogeneity);
    free(a->patient_of_case);
    free(a->use);
    free(a->keys);
    free(a->cells);
    free(a->standings);
    cm_curves_destroy(a->curves);
    cm_examples_destroy(a->examples);
    free(a->replicate_value);
    cm_comparison_destroy(a->comparison);
    cm_class_views_destroy(a->class_views);
    cm_combined_destroy(a->combined);
    free(a->warnings);
    free(a);
}
