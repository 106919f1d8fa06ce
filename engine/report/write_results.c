/* <results>: bench, cohort, tools, metrics, verdict, ranking and one cell per tool, target, metric and group.
 * Element by element in the order of report.xsd. */
#include <stdio.h>

#include "engine/report/write_internal.h"

static const char *task_name(cm_task_kind task)
{
    return task == CM_TASK_CLASSIFICATION ? "classification" : "segmentation";
}

static void optional(cm_xml_out *out, const char *name, const char *text)
{
    if (text[0]) cm_xml_out_attribute(out, name, text);
}

/* What the ranking goes by, as a name: a target, "macro", or "mean-of-targets". */
static const char *ranking_target_name(const cm_aggregates *a)
{
    return a->ranking_target < 0 ? "mean-of-targets" : cm_aggregates_target_name(a, a->ranking_target);
}

static void write_rules(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_bench *b = a->results->bench;
    cm_write_statistics(out, a);
    cm_xml_out_open(out, "policies");
    cm_xml_out_attribute(out, "one-empty", cm_policy_name(b->policies.one_empty));
    cm_xml_out_attribute(out, "both-empty", cm_policy_name(b->policies.both_empty));
    cm_xml_out_attribute(out, "missing", cm_policy_name(b->policies.missing));
    cm_xml_out_close(out, "policies");

    cm_xml_out_open(out, "ranking-rule");
    cm_xml_out_attribute(out, "method", "mean-then-rank");
    cm_xml_out_attribute(out, "metric", b->metrics[a->ranking_metric].id);
    cm_xml_out_attribute(out, "target", ranking_target_name(a));
    cm_xml_out_attribute(out, "ties", "min");
    if (b->margin > 0) cm_xml_out_number(out, "margin", b->margin);
    cm_xml_out_close(out, "ranking-rule");

    cm_xml_out_open(out, "privacy");
    cm_xml_out_integer(out, "minimum-cell", b->minimum_cell);
    cm_xml_out_close(out, "privacy");
}

static void write_openebench(cm_xml_out *out, const cm_bench *b)
{
    cm_xml_out_open(out, "openebench");
    optional(out, "community", b->community);
    optional(out, "community-acronym", b->community_acronym);
    optional(out, "event", b->event);
    optional(out, "event-name", b->event_name);
    optional(out, "challenge", b->challenge);
    optional(out, "challenge-label", b->challenge_label);
    optional(out, "visibility", b->visibility);
    if (b->eucanimage_names) cm_xml_out_attribute(out, "metric-names", "eucanimage");
    cm_xml_out_attribute(out, "minimal-schema", "https://github.com/inab/benchmarking/minimal-json-schemas");
    cm_xml_out_attribute(out, "full-schema", "https://www.elixir-europe.org/excelerate/WP2/json-schemas/1.0");
    cm_xml_out_close(out, "openebench");
}

static void write_bench(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_bench *b = a->results->bench;
    cm_xml_out_open(out, "bench");
    cm_xml_out_attribute(out, "id", b->id);
    cm_xml_out_attribute(out, "version", b->version);
    cm_xml_out_attribute(out, "title", b->title);
    cm_xml_out_attribute(out, "task", task_name(b->task));
    cm_xml_out_digest(out, "sha256", &b->digest);
    write_openebench(out, b);
    write_rules(out, a);
    for (int g = 0; g < b->n_targets; g++) {
        cm_xml_out_open(out, "target");
        cm_xml_out_attribute(out, "name", b->targets[g].name);
        for (int v = 0; v < b->targets[g].n_values; v++)
            cm_xml_out_leaf(out, "label-value", cm_strf("%d", b->targets[g].values[v]).s);
        cm_xml_out_close(out, "target");
    }
    if (b->has_ignored) {
        cm_xml_out_open(out, "ignored-label");
        cm_xml_out_integer(out, "value", b->ignored);
        cm_xml_out_close(out, "ignored-label");
    }
    cm_xml_out_close(out, "bench");
}

static void write_groups(cm_xml_out *out, const cm_aggregates *a)
{
    for (int g = 1; g < a->n_groups; g++) {
        cm_xml_out_open(out, "provider");
        cm_xml_out_attribute(out, "name", a->groups[g].name);
        if (a->groups[g].hidden)
            cm_xml_out_attribute(out, "hidden", cm_hidden_name(a->groups[g].hidden));
        else
            cm_xml_out_integer(out, "cases", a->groups[g].cases);
        cm_xml_out_close(out, "provider");
    }
}

static void write_cohort(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_results *r = a->results;
    const cm_cohort_info *c = &r->cohort;
    cm_xml_out_open(out, "cohort");
    cm_xml_out_attribute(out, "id", c->id);
    cm_xml_out_attribute(out, "version", c->version);
    cm_xml_out_attribute(out, "title", c->title);
    optional(out, "licence", c->licence);
    optional(out, "publisher", c->publisher);
    optional(out, "modality", c->modality);
    optional(out, "body-part", c->body_part);
    optional(out, "condition", c->condition);
    optional(out, "modality-code", c->modality_code);
    optional(out, "body-part-code", c->body_part_code);
    optional(out, "condition-code", c->condition_code);
    cm_xml_out_attribute(out, "task", task_name(c->task));
    optional(out, "split", r->bench->split);
    cm_xml_out_attribute(out, "distance-unit", r->distances_in_voxels ? "voxel" : "mm");
    if (a->groups[0].hidden) {
        cm_xml_out_attribute(out, "hidden", cm_hidden_name(a->groups[0].hidden));
    } else {
        cm_xml_out_integer(out, "cases", r->n_cases);
        cm_xml_out_integer(out, "cases-with-reference", a->cases_with_reference);
        cm_xml_out_integer(out, "patients", a->n_patients);
    }
    cm_xml_out_digest(out, "sha256", &c->digest);
    for (int i = 0; i < c->n_labels; i++) {
        cm_xml_out_open(out, "label");
        cm_xml_out_integer(out, "value", c->labels[i].value);
        cm_xml_out_attribute(out, "name", c->labels[i].name);
        optional(out, "code", c->labels[i].code);
        cm_xml_out_close(out, "label");
    }
    for (int i = 0; i < c->n_channels; i++) {
        cm_xml_out_open(out, "channel");
        cm_xml_out_attribute(out, "name", c->channels[i]);
        cm_xml_out_close(out, "channel");
    }
    for (int i = 0; i < c->n_data_uses; i++) {
        cm_xml_out_open(out, "data-use");
        cm_xml_out_attribute(out, "name", c->data_uses[i].name);
        optional(out, "code", c->data_uses[i].code);
        cm_xml_out_close(out, "data-use");
    }
    write_groups(out, a);
    cm_xml_out_close(out, "cohort");
}

static void write_tools(cm_xml_out *out, const cm_aggregates *a)
{
    cm_xml_out_open(out, "tools");
    for (int t = 0; t < a->results->n_tools; t++) {
        const cm_tool_info *tool = &a->results->tools[t];
        cm_xml_out_open(out, "tool");
        cm_xml_out_attribute(out, "key", a->keys[t]);
        cm_xml_out_integer(out, "order", t + 1);
        cm_xml_out_attribute(out, "id", tool->id);
        cm_xml_out_attribute(out, "version", tool->version);
        cm_xml_out_attribute(out, "name", tool->name);
        optional(out, "licence", tool->licence);
        optional(out, "contact", tool->contact);
        optional(out, "openebench-id", tool->openebench_id);
        if (a->results->tool_costs)
            cm_xml_out_integer(out, "parameters", a->results->tool_costs[t].parameters);
        cm_xml_out_digest(out, "sha256", &tool->digest);
        cm_xml_out_close(out, "tool");
    }
    cm_xml_out_close(out, "tools");
}

static void write_metrics(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_bench *b = a->results->bench;
    cm_xml_out_open(out, "metrics");
    for (int m = 0; m < b->n_metrics; m++) {
        const cm_metric_definition *d = b->metrics[m].definition;
        cm_xml_out_open(out, "metric");
        cm_xml_out_attribute(out, "id", b->metrics[m].id);
        cm_xml_out_integer(out, "version", d->version);
        cm_xml_out_attribute(out, "of",
                             d->kind == CM_METRIC_CLASSIFICATION || d->gathered ? "cohort" : "case");
        cm_xml_out_attribute(out, "direction", cm_direction_name(d->direction));
        cm_xml_out_attribute(out, "unit", cm_metric_unit(&b->metrics[m], !a->results->distances_in_voxels));
        cm_xml_out_leaf(out, "title", d->title);
        cm_xml_out_leaf(out, "formula", d->formula);
        cm_xml_out_leaf(out, "range", d->range);
        cm_xml_out_leaf(out, "empty-rule", d->empty_rule);
        cm_xml_out_leaf(out, "averaging", d->averaging);
        cm_xml_out_leaf(out, "reference", d->reference);
        cm_write_parameters(out, &b->metrics[m]);
        cm_xml_out_close(out, "metric");
    }
    cm_xml_out_close(out, "metrics");
}

static void write_verdict(cm_xml_out *out, const cm_aggregates *a)
{
    bool names_a_leader = a->leader >= 0 && a->outcome != CM_OUTCOME_HIDDEN &&
                          a->outcome != CM_OUTCOME_INCOMPLETE && a->outcome != CM_OUTCOME_NO_VALUE;
    cm_xml_out_open(out, "verdict");
    cm_xml_out_attribute(out, "outcome", cm_outcome_name(a->outcome));
    cm_xml_out_leaf(out, "text", a->verdict);
    for (int t = 0; names_a_leader && t < a->results->n_tools; t++) {
        if (!a->standings[t].has_value || a->standings[t].place != 1) continue;
        cm_xml_out_open(out, "best");
        cm_xml_out_attribute(out, "tool", a->keys[t]);
        cm_xml_out_close(out, "best");
    }
    cm_xml_out_close(out, "verdict");

    cm_xml_out_open(out, "warnings");
    for (int w = 0; w < a->n_warnings; w++) {
        cm_xml_out_open(out, "warning");
        cm_xml_out_attribute(out, "code", a->warnings[w].code);
        if (a->warnings[w].tool >= 0) cm_xml_out_attribute(out, "tool", a->keys[a->warnings[w].tool]);
        if (a->warnings[w].cases) cm_xml_out_integer(out, "cases", a->warnings[w].cases);
        cm_xml_out_text(out, a->warnings[w].text);
        cm_xml_out_close(out, "warning");
    }
    cm_xml_out_close(out, "warnings");
}

static void write_standing(cm_xml_out *out, const cm_aggregates *a, int t)
{
    const cm_standing *s = &a->standings[t];
    cm_xml_out_open(out, "standing");
    cm_xml_out_attribute(out, "tool", a->keys[t]);
    if (s->hidden) {
        cm_xml_out_attribute(out, "hidden", "small");
        cm_xml_out_close(out, "standing");
        return;
    }
    cm_xml_out_integer(out, "place", s->place);
    if (s->has_value) {
        cm_xml_out_open(out, "value");
        cm_xml_out_text_number(out, s->value);
        cm_xml_out_close(out, "value");
        if (s->has_interval) cm_write_interval(out, &s->interval, s->interval_method, 0);
    } else {
        cm_write_undefined(out, "nothing-left");
    }
    if (s->has_difference) {
        cm_xml_out_open(out, "difference");
        cm_xml_out_attribute(out, "from", a->keys[a->leader]);
        cm_xml_out_number(out, "value", s->difference);
        cm_xml_out_flag(out, "apart", s->apart);
        cm_write_interval(out, &s->difference_interval, CM_INTERVAL_PERCENTILE, 0);
        cm_xml_out_close(out, "difference");
    }
    cm_xml_out_close(out, "standing");
}

static void write_ranking(cm_xml_out *out, const cm_aggregates *a)
{
    cm_xml_out_open(out, "ranking");
    cm_xml_out_attribute(out, "method", "mean-then-rank");
    cm_xml_out_attribute(out, "metric", a->results->bench->metrics[a->ranking_metric].id);
    cm_xml_out_attribute(out, "target", ranking_target_name(a));
    for (int t = 0; t < a->results->n_tools; t++)
        write_standing(out, a, t);
    cm_xml_out_close(out, "ranking");
}

/* In OpenEBench's words: whether the tool may be said to have taken part. */
static const char *validation_of(const cm_results *r, int tool)
{
    bool any = false;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_item_state state = cm_results_item(r, tool, i)->state;
        if (state == CM_ITEM_OPEN) return "interrupted";
        any |= state == CM_ITEM_OK || state == CM_ITEM_NO_REFERENCE;
    }
    return any ? "ok" : "corrupted";
}

enum { N_STATES = CM_ITEM_DAMAGED_INPUT + 1 };

/* Why the tool is said to have taken part or not: "22 of 24 cases have a prediction; 2 timeout". */
static void write_message(cm_xml_out *out, const int64_t n[N_STATES], int64_t n_cases)
{
    char message[512];
    int used = snprintf(message, sizeof message, "%lld of %lld cases have a prediction",
                        (long long)(n[CM_ITEM_OK] + n[CM_ITEM_NO_REFERENCE]), (long long)n_cases);
    const char *before = "; ";
    for (int state = 0; state < N_STATES && used < (int)sizeof message; state++) {
        if (!n[state] || state == CM_ITEM_OK || state == CM_ITEM_NO_REFERENCE) continue;
        used += snprintf(message + used, sizeof message - (size_t)used, "%s%lld %s", before,
                         (long long)n[state], cm_item_state_name((cm_item_state)state));
        before = ", ";
    }
    cm_xml_out_attribute(out, "message", message);
}

static void write_outcome(cm_xml_out *out, const cm_aggregates *a, int tool)
{
    const cm_results *r = a->results;
    int64_t n[N_STATES] = {0};
    for (int64_t i = 0; i < r->n_cases; i++)
        n[cm_results_item(r, tool, i)->state]++;
    cm_xml_out_open(out, "outcome");
    cm_xml_out_attribute(out, "tool", a->keys[tool]);
    cm_xml_out_attribute(out, "validation", validation_of(r, tool));
    if (!a->groups[0].hidden) write_message(out, n, r->n_cases); /* counts would tell what is hidden */
    for (int state = 0; state < N_STATES && !a->groups[0].hidden; state++) {
        if (!n[state]) continue;
        cm_xml_out_open(out, "state");
        cm_xml_out_attribute(out, "name", cm_item_state_name((cm_item_state)state));
        cm_xml_out_integer(out, "cases", n[state]);
        cm_xml_out_flag(out, "depends-on-machine", cm_item_state_depends_on_machine((cm_item_state)state));
        cm_xml_out_close(out, "state");
    }
    cm_xml_out_close(out, "outcome");
    cm_results_release(r);
}

static void write_outcomes(cm_xml_out *out, const cm_aggregates *a)
{
    cm_xml_out_open(out, "outcomes");
    for (int t = 0; t < a->results->n_tools; t++)
        write_outcome(out, a, t);
    cm_xml_out_close(out, "outcomes");
}

static void write_group(cm_xml_out *out, const cm_aggregates *a, int tool, int target, int metric, int group)
{
    const char *element = group ? "of-provider" : "of-all";
    cm_xml_out_open(out, element);
    if (group) cm_xml_out_attribute(out, "provider", a->groups[group].name);
    cm_write_cell(out, a, tool, target, metric, group);
    cm_xml_out_close(out, element);
}

static void write_aggregates(cm_xml_out *out, const cm_aggregates *a)
{
    cm_xml_out_open(out, "aggregates");
    for (int g = 0; g < a->n_targets; g++)
        for (int m = 0; m < a->n_metrics; m++)
            for (int t = 0; t < a->results->n_tools; t++) {
                const cm_cell *all = cm_aggregates_cell(a, t, g, m, 0);
                cm_xml_out_open(out, "result");
                cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, g));
                cm_xml_out_attribute(out, "metric", a->results->bench->metrics[m].id);
                cm_xml_out_attribute(out, "tool", a->keys[t]);
                if (!all->hidden) cm_xml_out_integer(out, "place", all->place);
                for (int group = 0; group < a->n_groups; group++)
                    write_group(out, a, t, g, m, group);
                cm_xml_out_close(out, "result");
            }
    cm_xml_out_close(out, "aggregates");
}

static void write_all(cm_xml_out *out, const cm_aggregates *a, bool with_cases)
{
    cm_xml_out_open(out, "results");
    write_bench(out, a);
    write_cohort(out, a);
    cm_xml_out_open(out, "engine");
    cm_xml_out_attribute(out, "name", "cohmark");
    cm_xml_out_attribute(out, "version", a->results->engine_version);
    cm_xml_out_close(out, "engine");
    write_tools(out, a);
    write_metrics(out, a);
    write_verdict(out, a);
    write_ranking(out, a);
    cm_write_comparison(out, a);
    cm_write_combined(out, a);
    cm_write_classes(out, a);
    cm_write_subgroups(out, a);
    write_outcomes(out, a);
    write_aggregates(out, a);
    cm_write_curves(out, a);
    if (a->audience == CM_AUDIENCE_SITE) cm_write_examples(out, a);
    if (with_cases && a->audience == CM_AUDIENCE_SITE) {
        cm_write_pictures(out, a);
        cm_write_cases(out, a);
    }
    cm_xml_out_close(out, "results");
}

void cm_write_results(cm_xml_out *out, const cm_aggregates *a)
{
    write_all(out, a, true);
}

void cm_write_computed(cm_xml_out *out, const cm_aggregates *a)
{
    write_all(out, a, false);
}
