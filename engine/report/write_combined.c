/* <combined>: the parts and the order they make together. */
#include "engine/report/combine_internal.h"
#include "engine/report/write_internal.h"

static void write_placing(cm_xml_out *out, const cm_aggregates *a, const cm_placing *p, bool only_with_score)
{
    for (int t = 0; t < a->results->n_tools; t++)
        if (p->has[t] || !only_with_score)
            cm_write_place(out, a, t, p->has[t], p->score[t], p->place[t], p->stability);
}

static bool any_hidden(const cm_aggregates *a, const cm_combined *c)
{
    bool hidden = a->groups[0].hidden != CM_SHOWN;
    for (int k = 0; k < c->n_parts; k++)
        for (int g = 0; g < a->n_targets; g++)
            for (int t = 0; t < a->results->n_tools; t++)
                hidden |= (c->target[k] < 0 || c->target[k] == g) &&
                          cm_aggregates_cell(a, t, g, c->metric[k], 0)->hidden != CM_SHOWN;
    return hidden;
}

void cm_write_combined(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_combined *c = a->combined;
    const cm_bench *bench = a->results->bench;
    if (!c || any_hidden(a, c)) return;
    cm_xml_out_open(out, "combined");
    cm_xml_out_attribute(out, "method", "weighted-mean-of-places");
    cm_xml_out_attribute(out, "missing", bench->combination_excludes ? "exclude" : "last");
    cm_xml_out_attribute(out, "ties", cm_ties_name(CM_TIES_AVERAGE));
    if (c->all.stability) {
        cm_xml_out_integer(out, "replicates", c->all.stability->replicates);
        cm_xml_out_number(out, "mean-tau", c->all.stability->mean_tau);
        cm_xml_out_number(out, "median-tau", c->all.stability->median_tau);
    }
    for (int k = 0; k < c->n_parts; k++) {
        cm_xml_out_open(out, "part");
        cm_xml_out_attribute(out, "metric", bench->metrics[c->metric[k]].id);
        cm_xml_out_attribute(
            out, "target", c->target[k] < 0 ? "mean-of-targets" : cm_aggregates_target_name(a, c->target[k]));
        cm_xml_out_attribute(out, "method",
                             cm_metric_of_cohort(a->results, c->metric[k]) ? "value-then-rank"
                                                                           : "mean-then-rank");
        cm_xml_out_number(out, "weight", bench->parts[k].weight);
        write_placing(out, a, &c->part[k], false);
        cm_xml_out_close(out, "part");
    }
    write_placing(out, a, &c->all, true);
    cm_xml_out_close(out, "combined");
}
