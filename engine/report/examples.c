/* The best, the median and the worst case of every tool: where a reader of a site report looks first. */
#include "engine/report/examples_internal.h"

#include <stdlib.h>

static const char *const kind_names[] = {"best", "median", "worst"};

typedef struct ranked_case {
    double badness; /* rising from best to worst */
    double value;
    int64_t index;
} ranked_case;

static int from_best(const void *a, const void *b)
{
    const ranked_case *x = a, *y = b;
    if (x->badness != y->badness) return x->badness < y->badness ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The tool's value on a case as it is, before any policy; a classifier's: the score it gave the true class.
 */
static bool value_of(const cm_aggregates *a, int tool, int target, int64_t i, ranked_case *out)
{
    const cm_results *r = a->results;
    if (cm_item_use(a, tool, i) != CM_USE_SCORED) return false;
    out->index = i;
    if (r->bench->task == CM_TASK_CLASSIFICATION) {
        const double *scores = cm_results_scores(r, tool, i);
        if (!scores || r->cases[i].class_value >= r->cohort.n_labels) return false;
        out->value = scores[r->cases[i].class_value];
        out->badness = -out->value;
        return true;
    }
    const cm_metric_value v = cm_results_value(r, tool, i, target * a->n_metrics + a->ranking_metric);
    const cm_direction d = r->bench->metrics[a->ranking_metric].definition->direction;
    out->value = v.value;
    out->badness = cm_direction_has_target(d) ? cm_direction_miss(d, v.value)
                   : d == CM_HIGHER_IS_BETTER ? -v.value
                                              : v.value;
    return v.state == CM_VALUE_OK;
}

static void choose(const cm_aggregates *a, int tool, int target, ranked_case *cases, cm_examples *out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < a->results->n_cases; i++)
        n += value_of(a, tool, target, i, &cases[n]);
    if (n == 0) return;
    qsort(cases, (size_t)n, sizeof *cases, from_best);
    int64_t worst = n - 1; /* the first in cohort order of equally bad ones */
    while (worst > 0 && cases[worst - 1].badness == cases[worst].badness)
        worst--;
    const int64_t at[CM_EXAMPLE_KINDS] = {0, (n - 1) / 2, worst};
    for (int k = 0; k < CM_EXAMPLE_KINDS; k++)
        out->example[out->n++] = (cm_example){.kind = kind_names[k],
                                              .tool = tool,
                                              .target = target,
                                              .case_index = cases[at[k]].index,
                                              .value = cases[at[k]].value};
}

cm_status cm_examples_create(const cm_aggregates *a, cm_examples **out, cm_error *err)
{
    const cm_results *r = a->results;
    const bool all = a->ranking_target < 0;
    const int targets = all ? a->n_targets : 1, first = all ? 0 : a->ranking_target;
    cm_examples *e = calloc(1, sizeof *e);
    ranked_case *cases = malloc((size_t)(r->n_cases + 1) * sizeof *cases);
    if (e) e->example = calloc((size_t)(r->n_tools * targets * CM_EXAMPLE_KINDS), sizeof *e->example);
    if (!e || !cases || !e->example) {
        free(cases);
        cm_examples_destroy(e);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to choose examples");
    }
    for (int t = 0; t < r->n_tools; t++) {
        for (int g = first; g < first + targets; g++)
            choose(a, t, g, cases, e);
        cm_results_release(r);
    }
    free(cases);
    *out = e;
    return CM_OK;
}

void cm_examples_destroy(cm_examples *e)
{
    if (!e) return;
    free(e->example);
    free(e);
}

void cm_write_examples(cm_xml_out *out, const cm_aggregates *a)
{
    const bool classes = a->results->bench->task == CM_TASK_CLASSIFICATION;
    cm_xml_out_open(out, "examples");
    for (int k = 0; k < a->examples->n; k++) {
        const cm_example *e = &a->examples->example[k];
        cm_xml_out_open(out, "example");
        cm_xml_out_attribute(out, "kind", e->kind);
        cm_xml_out_attribute(out, "tool", a->keys[e->tool]);
        cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, e->target));
        cm_xml_out_attribute(out, "metric",
                             classes ? "score-of-true-class"
                                     : a->results->bench->metrics[a->ranking_metric].id);
        cm_xml_out_attribute(out, "case", a->results->cases[e->case_index].id);
        cm_xml_out_number(out, "value", e->value);
        cm_xml_out_close(out, "example");
    }
    cm_xml_out_close(out, "examples");
}
