/* <subgroups>: attribute by attribute the groups, their results, whether they and the differences of tools
 * differ, and the ranking without each of them. */
#include <stdio.h>

#include "engine/base/xml.h"
#include "engine/report/compare_internal.h"
#include "engine/report/write_internal.h"

static void write_group(cm_xml_out *out, const cm_group *group)
{
    cm_xml_out_open(out, "group");
    cm_xml_out_attribute(out, "value", group->name);
    if (group->hidden)
        cm_xml_out_attribute(out, "hidden", cm_hidden_name(group->hidden));
    else
        cm_xml_out_integer(out, "cases", group->cases);
    cm_xml_out_close(out, "group");
}

static void name_result(cm_xml_out *out, const cm_aggregates *a, int tool, int target, int metric)
{
    cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, target));
    cm_xml_out_attribute(out, "metric", a->results->bench->metrics[metric].id);
    cm_xml_out_attribute(out, "tool", a->keys[tool]);
}

static void write_result(cm_xml_out *out, const cm_aggregates *a, const cm_grouping *grouping, int tool,
                         int target, int metric)
{
    cm_xml_out_open(out, "result");
    name_result(out, a, tool, target, metric);
    for (int group = grouping->first; group < grouping->first + grouping->n; group++) {
        cm_xml_out_open(out, "of-group");
        cm_xml_out_attribute(out, "value", a->groups[group].name);
        cm_write_cell(out, a, tool, target, metric, group);
        cm_xml_out_close(out, "of-group");
    }
    cm_xml_out_close(out, "result");
}

static void write_heterogeneity(cm_xml_out *out, const cm_aggregates *a, int k, int tool, int target,
                                int metric)
{
    const cm_heterogeneity *h = cm_aggregates_heterogeneity(a, k, tool, target, metric);
    if (!h->defined) return;
    cm_xml_out_open(out, "heterogeneity");
    name_result(out, a, tool, target, metric);
    cm_xml_out_integer(out, "groups", h->groups);
    cm_xml_out_number(out, "q", h->q);
    cm_xml_out_number(out, "p", h->p);
    cm_xml_out_number(out, "i-squared", h->i_squared);
    cm_xml_out_number(out, "tau-squared", h->tau_squared);
    cm_xml_out_number(out, "mean", h->random);
    cm_xml_out_number(out, "low", h->interval.low);
    cm_xml_out_number(out, "high", h->interval.high);
    cm_xml_out_close(out, "heterogeneity");
}

/* Whether two tools differ alike in all groups. Of a public group it is not told how many units entered. */
static void write_interaction(cm_xml_out *out, const cm_aggregates *a, int k, int64_t pair)
{
    const cm_comparison *c = a->comparison;
    const cm_grouping *grouping = &a->groupings[k];
    const cm_heterogeneity *h = &c->interaction[k * c->n_pairs + pair];
    if (!h->defined) return;
    cm_xml_out_open(out, "interaction");
    cm_xml_out_attribute(out, "first", a->keys[c->pair[pair].first]);
    cm_xml_out_attribute(out, "second", a->keys[c->pair[pair].second]);
    cm_xml_out_integer(out, "groups", h->groups);
    cm_xml_out_number(out, "q", h->q);
    cm_xml_out_number(out, "p", h->p);
    cm_xml_out_number(out, "adjusted-p", c->interaction_p[k * c->n_pairs + pair]);
    cm_xml_out_number(out, "i-squared", h->i_squared);
    cm_xml_out_number(out, "tau-squared", h->tau_squared);
    cm_xml_out_number(out, "mean", h->random);
    cm_xml_out_number(out, "low", h->interval.low);
    cm_xml_out_number(out, "high", h->interval.high);
    for (int group = grouping->first; group < grouping->first + grouping->n; group++) {
        const cm_group_difference *d = &c->in_group[pair * c->n_all_groups + group];
        if (!d->enters) continue;
        cm_xml_out_open(out, "in-group");
        cm_xml_out_attribute(out, "value", a->groups[group].name);
        if (a->audience != CM_AUDIENCE_PUBLIC) cm_xml_out_integer(out, "units", d->units);
        cm_xml_out_number(out, "difference", d->difference);
        cm_xml_out_number(out, "se", d->se);
        cm_xml_out_close(out, "in-group");
    }
    cm_xml_out_close(out, "interaction");
}

static void write_interactions(cm_xml_out *out, const cm_aggregates *a, int k)
{
    if (!cm_comparison_is_shown(a)) return;
    for (int64_t pair = 0; pair < a->comparison->n_pairs; pair++)
        write_interaction(out, a, k, pair);
}

static void write_without(cm_xml_out *out, const cm_aggregates *a, const cm_grouping *grouping)
{
    const cm_comparison *c = a->comparison;
    if (!cm_comparison_is_shown(a)) return;
    for (int k = 0; k < c->n_without; k++) {
        const int group = c->without[k].group;
        if (group >= grouping->first && group < grouping->first + grouping->n)
            cm_write_without(out, a, &c->without[k], "value");
    }
}

static void write_rule(cm_xml_out *out, const cm_grouping *grouping)
{
    char cuts[CM_CUTS_MAX * 32] = "", one[32];
    size_t used = 0;
    for (int k = 0; k < grouping->n_cuts; k++) {
        cm_double_text(grouping->cuts[k], one);
        used += (size_t)snprintf(cuts + used, sizeof cuts - used, "%s%s", k ? " " : "", one);
    }
    if (grouping->rule->parts) cm_xml_out_integer(out, "parts", grouping->rule->parts);
    if (grouping->cuts_are_shown) cm_xml_out_attribute(out, "cuts", cuts);
}

static void write_grouping(cm_xml_out *out, const cm_aggregates *a, int k)
{
    const cm_grouping *grouping = &a->groupings[k];
    const bool of_attribute = k > 0;
    cm_xml_out_open(out, "attribute");
    cm_xml_out_attribute(out, "name", grouping->name);
    cm_xml_out_attribute(out, "kind", of_attribute ? "attribute" : "provider");
    if (grouping->rule) write_rule(out, grouping);
    if (grouping->grouped) cm_xml_out_integer(out, "values", grouping->n);
    cm_xml_out_flag(out, "grouped", grouping->grouped);
    for (int group = grouping->first; group < grouping->first + grouping->n; group++)
        write_group(out, &a->groups[group]);
    for (int step = of_attribute ? 0 : 1; step < 2 && grouping->grouped; step++)
        for (int g = 0; g < a->n_targets; g++)
            for (int m = 0; m < a->n_metrics; m++)
                for (int t = 0; t < a->results->n_tools; t++)
                    if (step == 0)
                        write_result(out, a, grouping, t, g, m);
                    else
                        write_heterogeneity(out, a, k, t, g, m);
    write_interactions(out, a, k);
    if (of_attribute) write_without(out, a, grouping);
    cm_xml_out_close(out, "attribute");
}

void cm_write_subgroups(cm_xml_out *out, const cm_aggregates *a)
{
    if (a->groups[0].hidden) return;
    cm_xml_out_open(out, "subgroups");
    cm_xml_out_integer(out, "minimum-cell", a->results->bench->minimum_cell);
    cm_xml_out_integer(out, "most-groups", CM_GROUPS_OF_ATTRIBUTE_MAX);
    for (int k = 0; k < a->n_groupings; k++)
        write_grouping(out, a, k);
    cm_xml_out_close(out, "subgroups");
}
