/* Which numbers are classified together, and the classes. */
#include "engine/report/class_views_internal.h"

#include <stdlib.h>

bool cm_class_axis_rises(const cm_aggregates *a, int metric)
{
    return cm_compared_direction(a, metric) == CM_HIGHER_IS_BETTER;
}

static bool has_number(const cm_aggregates *a, const cm_class_view *view, int tool)
{
    for (int d = 0; d < view->dimensions; d++) {
        const cm_cell *cell = cm_aggregates_cell(a, tool, view->target, view->metric[d], 0);
        if (!cell->has_value || cell->hidden) return false;
    }
    return true;
}

static cm_status classify(const cm_aggregates *a, cm_class_view *view, cm_error *err)
{
    const size_t n_tools = (size_t)a->results->n_tools;
    view->tool = malloc(n_tools * sizeof *view->tool);
    view->value = malloc(n_tools * (size_t)view->dimensions * sizeof *view->value);
    if (!view->tool || !view->value) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to classify tools");
    for (int t = 0; t < a->results->n_tools; t++) {
        if (!has_number(a, view, t)) continue;
        for (int d = 0; d < view->dimensions; d++)
            view->value[view->n * view->dimensions + d] =
                cm_aggregates_cell(a, t, view->target, view->metric[d], 0)->value;
        view->tool[view->n++] = t;
    }
    if (view->n == 0) return CM_OK;
    cm_class_points points = {.n = view->n, .dimensions = view->dimensions, .value = view->value};
    for (int d = 0; d < view->dimensions; d++)
        points.higher[d] = cm_class_axis_rises(a, view->metric[d]);
    return cm_oeb_classify(&points, &view->classes, err);
}

/* x, y of a pair of metrics. */
static cm_class_view pair_view(const cm_aggregates *a, int target, int first, int second)
{
    const cm_metric *metrics = a->results->bench->metrics;
    const bool swap =
        metrics[first].definition->worst_is_diagonal && !metrics[second].definition->worst_is_diagonal;
    return (cm_class_view){
        .target = target, .dimensions = 2, .metric = {swap ? second : first, swap ? first : second}};
}

static void list_views(const cm_aggregates *a, cm_class_views *v)
{
    for (int g = 0; g < a->n_targets; g++) {
        for (int i = 0; i < a->n_metrics; i++)
            for (int j = i + 1; j < a->n_metrics; j++)
                if (v->all_pairs || i == a->ranking_metric || j == a->ranking_metric)
                    v->view[v->n++] = pair_view(a, g, i, j);
        for (int m = 0; m < a->n_metrics; m++)
            v->view[v->n++] = (cm_class_view){.target = g, .dimensions = 1, .metric = {m, m}};
    }
}

cm_status cm_class_views_create(const cm_aggregates *a, cm_class_views **out, cm_error *err)
{
    const int64_t m = a->n_metrics;
    cm_class_views *v = calloc(1, sizeof *v);
    if (v) {
        v->all_pairs = m <= CM_METRICS_FOR_ALL_PAIRS;
        const int64_t pairs = v->all_pairs ? m * (m - 1) / 2 : m - 1;
        v->view = calloc((size_t)(a->n_targets * (pairs + m)), sizeof *v->view);
    }
    if (!v || !v->view) {
        free(v);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to classify tools");
    }
    list_views(a, v);
    cm_status status = CM_OK;
    for (int k = 0; k < v->n && !status; k++)
        status = classify(a, &v->view[k], err);
    if (status)
        cm_class_views_destroy(v);
    else
        *out = v;
    return status;
}

void cm_class_views_destroy(cm_class_views *v)
{
    if (!v) return;
    for (int k = 0; k < v->n; k++) {
        free(v->view[k].tool);
        free(v->view[k].value);
        cm_oeb_classes_destroy(v->view[k].classes);
    }
    free(v->view);
    free(v);
}
