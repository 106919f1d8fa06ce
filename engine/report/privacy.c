/* What a public report must not show: cells of fewer cases than the bench's minimum, and more cells where
 * what is hidden could be worked out as the whole minus what is shown. */
#include <stdlib.h>

#include "engine/report/aggregate_internal.h"

/* Groups that together make up the whole, n[g] cases each. Hidden ones stay so; empty groups hide nothing and
 * protect nobody. Whoever has the whole can take all shown groups away: what is left are the hidden ones
 * together, so there must be two of them at least, and no fewer cases in them than the minimum. */
static void decide(int minimum, const int64_t *n, cm_hidden *hidden, int n_groups)
{
    for (int g = 0; g < n_groups; g++)
        if (!hidden[g] && n[g] > 0 && n[g] < minimum) hidden[g] = CM_HIDDEN_SMALL;
    for (;;) {
        int n_hidden = 0, smallest = -1;
        int64_t cases_hidden = 0;
        for (int g = 0; g < n_groups; g++) {
            if (hidden[g] && n[g] > 0) {
                n_hidden++;
                cases_hidden += n[g];
            } else if (!hidden[g] && n[g] > 0 && (smallest < 0 || n[g] < n[smallest])) {
                smallest = g;
            }
        }
        if (!n_hidden || smallest < 0 || (n_hidden > 1 && cases_hidden >= minimum)) return;
        hidden[smallest] = CM_HIDDEN_COMPLEMENTARY;
    }
}

/* All cases, then the groups of every grouping among themselves. */
static void decide_all(const cm_aggregates *a, const int64_t *n, cm_hidden *hidden)
{
    const int minimum = a->results->bench->minimum_cell;
    if (!hidden[0] && n[0] > 0 && n[0] < minimum) hidden[0] = CM_HIDDEN_SMALL;
    for (int k = 0; k < a->n_groupings; k++) {
        const cm_grouping *grouping = &a->groupings[k];
        decide(minimum, n + grouping->first, hidden + grouping->first, grouping->n);
    }
}

static void hide_groups(cm_aggregates *a, int64_t *n, cm_hidden *hidden)
{
    for (int g = 0; g < a->n_all_groups; g++) {
        n[g] = a->groups[g].cases;
        hidden[g] = CM_SHOWN;
    }
    decide_all(a, n, hidden);
    for (int g = 0; g < a->n_all_groups; g++)
        a->groups[g].hidden = hidden[g];
}

/* A group whose size is hidden has no cell to show either. */
static void hide_cells(cm_aggregates *a, int tool, int target, int metric, int64_t *n, cm_hidden *hidden)
{
    for (int g = 0; g < a->n_all_groups; g++) {
        n[g] = cm_aggregates_cell(a, tool, target, metric, g)->n;
        hidden[g] = a->groups[g].hidden;
    }
    decide_all(a, n, hidden);
    for (int g = 0; g < a->n_all_groups; g++)
        cm_aggregates_cell(a, tool, target, metric, g)->hidden = hidden[g];
}

cm_status cm_aggregate_hide(cm_aggregates *a, cm_error *err)
{
    if (a->audience != CM_AUDIENCE_PUBLIC) return CM_OK;
    int64_t *n = calloc((size_t)a->n_all_groups, sizeof *n);
    cm_hidden *hidden = calloc((size_t)a->n_all_groups, sizeof *hidden);
    cm_status status = CM_OK;
    if (n && hidden) {
        hide_groups(a, n, hidden);
        status = cm_privacy_protect_overlaps(a, err);
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
