/* What a public report must not show: cells of fewer cases than the bench's minimum, and the cell next in
 * size when a single hidden one could be worked out from the total. */
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* n[g] cases in group g, 0 being all of them. Groups already hidden stay so; empty groups hide nothing and
 * protect nobody. */
static void decide(int minimum, const int64_t *n, cm_hidden *hidden, int n_groups)
{
    int n_hidden = 0, smallest_shown = -1;
    for (int g = 0; g < n_groups; g++)
        if (!hidden[g] && n[g] > 0 && n[g] < minimum) hidden[g] = CM_HIDDEN_SMALL;
    for (int g = 1; g < n_groups; g++) {
        if (hidden[g])
            n_hidden++;
        else if (n[g] > 0 && (smallest_shown < 0 || n[g] < n[smallest_shown]))
            smallest_shown = g;
    }
    if (n_hidden == 1 && smallest_shown > 0) hidden[smallest_shown] = CM_HIDDEN_COMPLEMENTARY;
}

static void hide_groups(cm_aggregates *a, int64_t *n, cm_hidden *hidden)
{
    for (int g = 0; g < a->n_groups; g++) {
        n[g] = a->groups[g].cases;
        hidden[g] = CM_SHOWN;
    }
    decide(a->results->bench->minimum_cell, n, hidden, a->n_groups);
    for (int g = 0; g < a->n_groups; g++)
        a->groups[g].hidden = hidden[g];
}

/* A group whose size is hidden has no cell to show either. */
static void hide_cells(cm_aggregates *a, int tool, int target, int metric, int64_t *n, cm_hidden *hidden)
{
    for (int g = 0; g < a->n_groups; g++) {
        n[g] = cm_aggregates_cell(a, tool, target, metric, g)->n;
        hidden[g] = a->groups[g].hidden;
    }
    decide(a->results->bench->minimum_cell, n, hidden, a->n_groups);
    for (int g = 0; g < a->n_groups; g++)
        cm_aggregates_cell(a, tool, target, metric, g)->hidden = hidden[g];
}

cm_status cm_aggregate_hide(cm_aggregates *a, cm_error *err)
{
    if (a->audience != CM_AUDIENCE_PUBLIC) return CM_OK;
    int64_t *n = calloc((size_t)a->n_groups, sizeof *n);
    cm_hidden *hidden = calloc((size_t)a->n_groups, sizeof *hidden);
    cm_status status = CM_OK;
    if (n && hidden) {
        hide_groups(a, n, hidden);
        for (int t = 0; t < a->results->n_tools; t++)
            for (int g = 0; g < a->n_targets; g++)
                for (int m = 0; m < a->n_metrics; m++) {
                    hide_cells(a, t, g, m, n, hidden);
                    bool ranked = m == a->ranking_metric && (a->ranking_target < 0 || a->ranking_target == g);
                    if (ranked && hidden[0]) a->standings[t].hidden = true;
                }
    } else {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to hide small cells");
    }
    free(n);
    free(hidden);
    return status;
}
