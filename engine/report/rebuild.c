/* From a site report back to the results it was made of. The schema has been checked; what a schema cannot
 * say (a name that is nowhere declared, a number of another count) is refused here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/case_stream.h"
#include "engine/report/verify_internal.h"

/* Names as they stand in the report, to turn them into numbers. */
typedef struct rebuild {
    cm_results *r;
    xmlNodePtr results, bench, cohort;
    char (*keys)[129]; /* of the tools */
    cm_error *err;
} rebuild;

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to rebuild the results of a report");
}

static cm_status contradiction(const rebuild *b, const char *what, const char *name)
{
    return CM_FAIL(b->err, CM_ERR_MISMATCH, .what = what, .where = name);
}

static int count_children(xmlNodePtr parent, const char *name)
{
    int n = 0;
    for (xmlNodePtr c = cm_xml_child(parent, name); c; c = cm_xml_next(c, name))
        n++;
    return n;
}

static bool is(xmlNodePtr node, const char *attribute, const char *wanted)
{
    char text[300];
    return cm_xml_attribute(node, attribute, text, sizeof text) && !strcmp(text, wanted);
}

static void read_digest(xmlNodePtr node, cm_digest *out)
{
    char hex[80];
    cm_xml_attribute(node, "sha256", hex, sizeof hex);
    cm_digest_parse(hex, out);
}

#define COPY(node, name, field) cm_xml_attribute((node), (name), (field), (int64_t)sizeof(field))

/* ---- the rules ---- */
static cm_policy policy_of(xmlNodePtr policies, const char *name)
{
    if (is(policies, name, "exclude")) return CM_POLICY_EXCLUDE;
    return is(policies, name, "trivial-best") ? CM_POLICY_TRIVIAL_BEST : CM_POLICY_WORST;
}

static cm_status read_targets(const rebuild *b)
{
    cm_bench *bench = b->r->bench;
    int n = count_children(b->bench, "target");
    bench->targets = calloc((size_t)n + 1, sizeof *bench->targets);
    if (!bench->targets) return no_memory(b->err);
    for (xmlNodePtr t = cm_xml_child(b->bench, "target"); t; t = cm_xml_next(t, "target")) {
        cm_target *target = &bench->targets[bench->n_targets++];
        int n_values = count_children(t, "label-value"), k = 0;
        uint16_t *values = calloc((size_t)n_values + 1, sizeof *values);
        if (!values) return no_memory(b->err);
        target->values = values;
        target->n_values = n_values;
        COPY(t, "name", target->name);
        for (xmlNodePtr v = cm_xml_child(t, "label-value"); v; v = cm_xml_next(v, "label-value")) {
            char text[32];
            cm_xml_text(v, text, sizeof text);
            values[k++] = (uint16_t)strtoul(text, NULL, 10);
        }
        int n_classes = count_children(b->cohort, "label");
        if (bench->task == CM_TASK_CLASSIFICATION && (n_values != 1 || values[0] >= n_classes))
            return contradiction(b, "a class is not one of the cohort's", target->name);
    }
    return CM_OK;
}

static cm_status read_metrics(const rebuild *b)
{
    cm_bench *bench = b->r->bench;
    xmlNodePtr metrics = cm_xml_child(b->results, "metrics");
    bench->metrics = calloc((size_t)count_children(metrics, "metric") + 1, sizeof *bench->metrics);
    if (!bench->metrics) return no_memory(b->err);
    for (xmlNodePtr m = cm_xml_child(metrics, "metric"); m; m = cm_xml_next(m, "metric")) {
        char id[64];
        COPY(m, "id", id);
        cm_metric *metric = &bench->metrics[bench->n_metrics++];
        cm_status status = cm_metric_parse(id, metric, b->err);
        if (status) return status;
        bool of_classes = metric->definition->kind == CM_METRIC_CLASSIFICATION;
        if (of_classes != (bench->task == CM_TASK_CLASSIFICATION))
            return contradiction(b, "a metric is not of the bench's task", id);
    }
    return CM_OK;
}

static void read_rule(xmlNodePtr node, cm_subgroup *out)
{
    char cuts[600] = "", *at = cuts, *end;
    COPY(node, "name", out->name);
    out->parts = (int)cm_xml_integer(node, "parts", 0);
    if (out->parts) return; /* the cuts follow from the cases */
    COPY(node, "cuts", cuts);
    for (; out->n_cuts < CM_CUTS_MAX; out->n_cuts++, at = end) {
        out->cuts[out->n_cuts] = strtod(at, &end);
        if (end == at) break;
    }
}

/* The attributes that results are split by: those the report shows. */
static cm_status read_subgroups(const rebuild *b)
{
    cm_bench *bench = b->r->bench;
    xmlNodePtr shown = cm_xml_child(b->results, "subgroups");
    bench->has_subgroups = true;
    bench->subgroups = calloc((size_t)count_children(shown, "attribute") + 1, sizeof *bench->subgroups);
    if (!bench->subgroups) return no_memory(b->err);
    for (xmlNodePtr a = cm_xml_child(shown, "attribute"); a; a = cm_xml_next(a, "attribute"))
        if (is(a, "kind", "attribute")) read_rule(a, &bench->subgroups[bench->n_subgroups++]);
    return CM_OK;
}

/* Whether a child of a part of <results> has this name. */
static bool is_declared(const rebuild *b, const char *part, const char *child, const char *attribute,
                        const char *name)
{
    xmlNodePtr node = cm_xml_child(cm_xml_child(b->results, part), child);
    while (node && !is(node, attribute, name))
        node = cm_xml_next(node, child);
    return node != NULL;
}

/* What enters the combined ranking, when there is one. */
static cm_status read_parts(const rebuild *b)
{
    cm_bench *bench = b->r->bench;
    xmlNodePtr combined = cm_xml_child(b->results, "combined");
    bench->combination_excludes = is(combined, "missing", "exclude");
    bench->parts = calloc((size_t)count_children(combined, "part") + 1, sizeof *bench->parts);
    if (!bench->parts) return no_memory(b->err);
    for (xmlNodePtr p = cm_xml_child(combined, "part"); p; p = cm_xml_next(p, "part")) {
        cm_ranking_part *part = &bench->parts[bench->n_parts++];
        COPY(p, "metric", part->metric);
        if (!is(p, "target", "mean-of-targets")) COPY(p, "target", part->target);
        part->weight = cm_xml_double(p, "weight", 1);
        if (!(part->weight > 0)) return contradiction(b, "a weight is not above zero", part->metric);
        if (!is_declared(b, "metrics", "metric", "id", part->metric))
            return contradiction(b, "a part of the combined order is of a metric that is not declared",
                                 part->metric);
        if (part->target[0] && strcmp(part->target, "macro") &&
            !is_declared(b, "bench", "target", "name", part->target))
            return contradiction(b, "a part of the combined order is of a target that is not declared",
                                 part->target);
    }
    return CM_OK;
}

static cm_status read_bench(const rebuild *b)
{
    cm_bench *bench = b->r->bench = calloc(1, sizeof *bench);
    if (!bench) return no_memory(b->err);
    xmlNodePtr node = b->bench, rules = cm_xml_child(node, "statistics");
    xmlNodePtr policies = cm_xml_child(node, "policies"), ranking = cm_xml_child(node, "ranking-rule");
    xmlNodePtr ids = cm_xml_child(node, "openebench"), ignored = cm_xml_child(node, "ignored-label");
    char seed[32];
    COPY(node, "id", bench->id);
    COPY(node, "version", bench->version);
    COPY(node, "title", bench->title);
    bench->task = is(node, "task", "classification") ? CM_TASK_CLASSIFICATION : CM_TASK_SEGMENTATION;
    read_digest(node, &bench->digest);
    COPY(ids, "community", bench->community);
    COPY(ids, "event", bench->event);
    COPY(ids, "challenge", bench->challenge);
    COPY(ids, "community-acronym", bench->community_acronym);
    COPY(ids, "event-name", bench->event_name);
    COPY(ids, "challenge-label", bench->challenge_label);
    COPY(ids, "visibility", bench->visibility);
    bench->eucanimage_names = is(ids, "metric-names", "eucanimage");
    COPY(b->cohort, "split", bench->split);
    bench->level = cm_xml_double(rules, "confidence-level", 0.95);
    bench->replicates = cm_xml_integer(rules, "replicates", 0);
    if (bench->replicates > 10000000)
        return CM_FAIL(b->err, CM_ERR_LIMIT, .what = "more replicates than are ever drawn", .where = "bench");
    COPY(rules, "seed", seed);
    bench->seed = strtoull(seed, NULL, 10);
    bench->policies = (cm_policies){policy_of(policies, "one-empty"), policy_of(policies, "both-empty"),
                                    policy_of(policies, "missing")};
    COPY(ranking, "metric", bench->ranking_metric);
    bench->margin = cm_xml_double(ranking, "margin", 0);
    if (!is(ranking, "target", "mean-of-targets")) COPY(ranking, "target", bench->ranking_target);
    bench->minimum_cell = (int)cm_xml_integer(cm_xml_child(node, "privacy"), "minimum-cell", 5);
    bench->has_ignored = ignored != NULL;
    bench->ignored = (uint16_t)cm_xml_integer(ignored, "value", 0);
    cm_status status = read_targets(b);
    if (!status) status = read_subgroups(b);
    if (!status) status = read_parts(b);
    return status ? status : read_metrics(b);
}

/* ---- the cohort and the tools ---- */
static cm_status read_cohort_lists(const rebuild *b)
{
    cm_cohort_info *c = &b->r->cohort;
    c->labels = calloc((size_t)count_children(b->cohort, "label") + 1, sizeof *c->labels);
    c->channels = calloc((size_t)count_children(b->cohort, "channel") + 1, sizeof *c->channels);
    c->providers = calloc((size_t)count_children(b->cohort, "provider") + 1, sizeof *c->providers);
    c->data_uses = calloc((size_t)count_children(b->cohort, "data-use") + 1, sizeof *c->data_uses);
    if (!c->labels || !c->channels || !c->providers || !c->data_uses) return no_memory(b->err);
    for (xmlNodePtr n = cm_xml_child(b->cohort, "label"); n; n = cm_xml_next(n, "label")) {
        cm_label *label = &c->labels[c->n_labels++];
        label->value = (int)cm_xml_integer(n, "value", 0);
        COPY(n, "name", label->name);
        COPY(n, "code", label->code);
    }
    for (xmlNodePtr n = cm_xml_child(b->cohort, "data-use"); n; n = cm_xml_next(n, "data-use")) {
        cm_data_use *use = &c->data_uses[c->n_data_uses++];
        COPY(n, "name", use->name);
        COPY(n, "code", use->code);
    }
    for (xmlNodePtr n = cm_xml_child(b->cohort, "channel"); n; n = cm_xml_next(n, "channel"))
        COPY(n, "name", c->channels[c->n_channels++]);
    for (xmlNodePtr n = cm_xml_child(b->cohort, "provider"); n; n = cm_xml_next(n, "provider"))
        COPY(n, "name", c->providers[c->n_providers++]);
    return CM_OK;
}

static cm_status read_cohort(const rebuild *b)
{
    cm_cohort_info *c = &b->r->cohort;
    COPY(b->cohort, "id", c->id);
    COPY(b->cohort, "version", c->version);
    COPY(b->cohort, "title", c->title);
    COPY(b->cohort, "licence", c->licence);
    COPY(b->cohort, "publisher", c->publisher);
    COPY(b->cohort, "modality", c->modality);
    COPY(b->cohort, "body-part", c->body_part);
    COPY(b->cohort, "condition", c->condition);
    COPY(b->cohort, "modality-code", c->modality_code);
    COPY(b->cohort, "body-part-code", c->body_part_code);
    COPY(b->cohort, "condition-code", c->condition_code);
    c->task = is(b->cohort, "task", "classification") ? CM_TASK_CLASSIFICATION : CM_TASK_SEGMENTATION;
    b->r->distances_in_voxels = is(b->cohort, "distance-unit", "voxel");
    read_digest(b->cohort, &c->digest);
    return read_cohort_lists(b);
}

static cm_status read_tools(rebuild *b)
{
    cm_results *r = b->r;
    xmlNodePtr tools = cm_xml_child(b->results, "tools"), first = cm_xml_child(tools, "tool");
    int n = count_children(tools, "tool");
    char text[32];
    r->tools = calloc((size_t)n + 1, sizeof *r->tools);
    b->keys = calloc((size_t)n + 1, sizeof *b->keys);
    if (!r->tools || !b->keys) return no_memory(b->err);
    if (cm_xml_attribute(first, "parameters", text, sizeof text)) {
        r->tool_costs = calloc((size_t)n + 1, sizeof *r->tool_costs);
        if (!r->tool_costs) return no_memory(b->err);
    }
    for (xmlNodePtr node = first; node; node = cm_xml_next(node, "tool")) {
        cm_tool_info *tool = &r->tools[r->n_tools];
        COPY(node, "key", b->keys[r->n_tools]);
        COPY(node, "id", tool->id);
        COPY(node, "version", tool->version);
        COPY(node, "name", tool->name);
        COPY(node, "licence", tool->licence);
        COPY(node, "contact", tool->contact);
        COPY(node, "openebench-id", tool->openebench_id);
        read_digest(node, &tool->digest);
        if (r->tool_costs) r->tool_costs[r->n_tools].parameters = cm_xml_integer(node, "parameters", 0);
        r->n_tools++;
    }
    return CM_OK;
}

static void read_warnings(const rebuild *b)
{
    xmlNodePtr warnings = cm_xml_child(b->results, "warnings");
    for (xmlNodePtr w = cm_xml_child(warnings, "warning"); w; w = cm_xml_next(w, "warning"))
        if (is(w, "code", "trial-run")) b->r->smoke = cm_xml_integer(w, "cases", 1);
}

/* ---- the cases ---- */
enum { NOT_THERE = -1 }; /* the rank of an item that was not read yet */

static int tool_of(const rebuild *b, xmlNodePtr node, int expected)
{
    char key[129];
    COPY(node, "tool", key);
    if (expected < b->r->n_tools && !strcmp(key, b->keys[expected])) return expected;
    for (int t = 0; t < b->r->n_tools; t++)
        if (!strcmp(key, b->keys[t])) return t;
    return -1;
}

static bool is_place(const cm_bench *bench, int place, const char *target, const char *metric)
{
    return !strcmp(metric, bench->metrics[place % bench->n_metrics].id) &&
           !strcmp(target, bench->targets[place / bench->n_metrics].name);
}

/* likely: looked at first. */
static int place_of(const rebuild *b, xmlNodePtr node, int likely)
{
    char target[65], metric[65];
    COPY(node, "target", target);
    COPY(node, "metric", metric);
    if (likely < b->r->places && is_place(b->r->bench, likely, target, metric)) return likely;
    for (int place = 0; place < b->r->places; place++)
        if (is_place(b->r->bench, place, target, metric)) return place;
    return -1;
}

static cm_emptiness emptiness_of(const char *name)
{
    for (int e = CM_BOTH_EMPTY; e <= CM_PREDICTION_EMPTY; e++)
        if (!strcmp(name, cm_emptiness_name((cm_emptiness)e))) return (cm_emptiness)e;
    return CM_NONE_EMPTY;
}

static cm_metric_value value_of(xmlNodePtr node)
{
    char text[64];
    cm_metric_value v = {.state = CM_VALUE_OK};
    if (!strcmp((const char *)node->name, "value")) {
        COPY(node, "empty", text);
        v.empty = emptiness_of(text);
        cm_xml_text(node, text, sizeof text);
        v.value = strtod(text, NULL);
        return v;
    }
    COPY(node, "reason", text);
    v.empty = emptiness_of(text);
    v.state = !strcmp(text, cm_value_state_name(CM_VALUE_MISSING))        ? CM_VALUE_MISSING
              : !strcmp(text, cm_value_state_name(CM_VALUE_NO_REFERENCE)) ? CM_VALUE_NO_REFERENCE
                                                                          : CM_VALUE_UNDEFINED;
    return v;
}

static cm_status read_scores(const rebuild *b, xmlNodePtr scores, int tool, int64_t i)
{
    int n = count_children(scores, "score"), k = 0;
    if (n != b->r->cohort.n_labels)
        return contradiction(b, "a case has another number of scores than the cohort has classes", "cases");
    cm_results_item(b->r, tool, i)->scored = true;
    *cm_results_decided(b->r, tool, i) = (int)cm_xml_integer(scores, "decided", -1);
    for (xmlNodePtr s = cm_xml_child(scores, "score"); s; s = cm_xml_next(s, "score")) {
        char text[64];
        cm_xml_text(s, text, sizeof text);
        cm_results_scores(b->r, tool, i)[k++] = strtod(text, NULL);
    }
    return CM_OK;
}

static cm_status read_item(const rebuild *b, xmlNodePtr node, int tool, int64_t i)
{
    cm_item *item = cm_results_item(b->r, tool, i);
    const cm_bench *bench = b->r->bench;
    char text[80];
    xmlNodePtr scores = cm_xml_child(node, "scores");
    COPY(node, "state", text);
    for (int s = CM_ITEM_OPEN; s <= CM_ITEM_DAMAGED_INPUT; s++)
        if (!strcmp(text, cm_item_state_name((cm_item_state)s))) item->state = (uint8_t)s;
    if (COPY(node, "prediction-sha256", text)) cm_digest_parse(text, &item->prediction_digest);
    if ((bench->task == CM_TASK_CLASSIFICATION) != (scores != NULL) && cm_xml_child(node, NULL))
        return contradiction(b, "what an item holds does not fit the bench's task", "cases");
    if (scores) return read_scores(b, scores, tool, i);
    int likely = 0;
    for (xmlNodePtr v = cm_xml_child(node, NULL); v; v = cm_xml_next(v, NULL)) {
        const int place = place_of(b, v, likely);
        if (place < 0)
            return contradiction(b, "a value is of a metric or target that is not declared", "cases");
        cm_results_set_value(b->r, tool, i, place, value_of(v));
        likely = place + 1;
    }
    return CM_OK;
}

static cm_status read_attributes(const rebuild *b, xmlNodePtr node, cm_result_case *c)
{
    cm_results *r = b->r;
    int n = count_children(node, "attribute"), k = 0;
    if (!n && !r->n_attributes) return CM_OK;
    if (!r->attribute_names) {
        r->attribute_names = calloc((size_t)n + 1, sizeof *r->attribute_names);
        if (!r->attribute_names) return no_memory(b->err);
        for (xmlNodePtr a = cm_xml_child(node, "attribute"); a; a = cm_xml_next(a, "attribute"))
            COPY(a, "name", r->attribute_names[r->n_attributes++]);
    }
    if (n != r->n_attributes) return contradiction(b, "cases have different attributes", c->id);
    c->attributes = calloc((size_t)n + 1, sizeof *c->attributes);
    if (!c->attributes) return no_memory(b->err);
    for (xmlNodePtr a = cm_xml_child(node, "attribute"); a; a = cm_xml_next(a, "attribute"))
        COPY(a, "value", c->attributes[k++]);
    return CM_OK;
}

static cm_status read_case(const rebuild *b, xmlNodePtr node, int64_t i)
{
    cm_results *r = b->r;
    cm_result_case *c = &r->cases[i];
    COPY(node, "id", c->id);
    if (!COPY(node, "patient", c->patient)) memcpy(c->patient, c->id, sizeof c->patient);
    COPY(node, "provider", c->provider);
    c->has_reference = cm_xml_bool(node, "reference", false);
    c->voxels = cm_xml_integer(node, "voxels", 0);
    c->class_value = (int)cm_xml_integer(node, "class", -1);
    c->diagonal = cm_xml_double(node, "diagonal", 0);
    int expected = 0;
    cm_status status = read_attributes(b, node, c);
    for (xmlNodePtr n = cm_xml_child(node, "item"); n && !status; n = cm_xml_next(n, "item")) {
        int t = tool_of(b, n, expected);
        if (t < 0) return contradiction(b, "an item is of a tool that is not declared", c->id);
        cm_item *item = cm_results_item(r, t, i);
        if (item->rank != NOT_THERE) return contradiction(b, "a case has two items of one tool", c->id);
        item->rank = 0;
        status = read_item(b, n, t, i);
        expected = t + 1;
    }
    if (!status && count_children(node, "item") != r->n_tools)
        return contradiction(b, "a case has not one item per tool", c->id);
    return status;
}

static cm_status stream_cases(const rebuild *b, const char *path)
{
    cm_case_stream *stream = NULL;
    xmlNodePtr node = NULL;
    cm_status status = cm_case_stream_open(path, &stream, b->err);
    for (int64_t n = 0; !status && n < b->r->n_cases; n++) {
        status = cm_case_stream_next(stream, &node, b->err);
        if (!status && !node) status = contradiction(b, "the cases end early", "cases");
        if (!status) status = read_case(b, node, n);
        if (n % CM_CASES_AT_ONCE == CM_CASES_AT_ONCE - 1) cm_results_release(b->r);
    }
    cm_case_stream_close(stream);
    cm_results_release(b->r);
    return status;
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(const cm_result_case *const *)a)->id, (*(const cm_result_case *const *)b)->id);
}

static cm_status check_ids(const rebuild *b)
{
    const int64_t n = b->r->n_cases;
    const cm_result_case **sorted = malloc((size_t)(n + 1) * sizeof *sorted), *twice = NULL;
    if (!sorted) return no_memory(b->err);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = &b->r->cases[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_id);
    for (int64_t i = 1; i < n && !twice; i++)
        if (!strcmp(sorted[i]->id, sorted[i - 1]->id)) twice = sorted[i];
    free(sorted);
    return twice ? contradiction(b, "two cases have one id", twice->id) : CM_OK;
}

static cm_status read_cases(const rebuild *b, const char *path, const cm_spill_rule *spill)
{
    cm_results *r = b->r;
    const int64_t declared = cm_xml_integer(b->cohort, "cases", -1);
    int64_t items;
    r->n_cases = cm_xml_integer(cm_xml_child(b->results, "cases"), "of", 0);
    if (declared != r->n_cases)
        return CM_FAIL(b->err, CM_ERR_MISMATCH, .what = "the report does not carry as many cases as it says",
                       .where = "cases",
                       .why = cm_strf("%lld said, %lld there", (long long)declared, (long long)r->n_cases).s);
    if (!cm_mul_i64(r->n_tools, r->n_cases, &items) || items > CM_REBUILD_ITEMS)
        return CM_FAIL(b->err, CM_ERR_LIMIT, .what = "too many items to compute again",
                       .why = cm_strf("%d tools, %lld cases; at most %lld items", r->n_tools,
                                      (long long)r->n_cases, (long long)CM_REBUILD_ITEMS)
                                  .s);
    r->cases = calloc((size_t)r->n_cases + 1, sizeof *r->cases);
    if (!r->cases) return no_memory(b->err);
    cm_status status = cm_results_reserve(r, spill, b->err);
    if (status) return status;
    for (int t = 0; t < r->n_tools; t++) {
        for (int64_t i = 0; i < r->n_cases; i++)
            cm_results_item(r, t, i)->rank = NOT_THERE;
        cm_results_release(r);
    }
    status = stream_cases(b, path);
    return status ? status : check_ids(b);
}

static cm_status read_pictures(const rebuild *b)
{
    cm_results *r = b->r;
    xmlNodePtr pictures = cm_xml_child(b->results, "pictures");
    r->pictures = calloc((size_t)count_children(pictures, "picture") + 1, sizeof *r->pictures);
    if (!r->pictures) return no_memory(b->err);
    for (xmlNodePtr n = cm_xml_child(pictures, "picture"); n; n = cm_xml_next(n, "picture")) {
        cm_picture p = {.tool = tool_of(b, n, 0), .target = -1};
        char id[65], target[65], kind[16] = "";
        COPY(n, "case", id);
        COPY(n, "file", p.file);
        COPY(n, "kind", kind);
        while (p.kind < CM_PICTURE_KINDS - 1 && strcmp(kind, cm_picture_kind_name(p.kind)))
            p.kind++;
        read_digest(n, &p.digest);
        if (COPY(n, "target", target))
            for (int g = 0; g < r->bench->n_targets; g++)
                if (!strcmp(target, r->bench->targets[g].name)) p.target = g;
        while (p.case_index < r->n_cases && strcmp(id, r->cases[p.case_index].id))
            p.case_index++;
        if (p.tool < 0 || p.case_index >= r->n_cases)
            return contradiction(b, "a picture is of a tool or case that is not declared", p.file);
        r->pictures[r->n_pictures++] = p;
    }
    return CM_OK;
}

cm_status cm_report_rebuild(xmlDocPtr doc, const char *path, const cm_spill_rule *spill, cm_results **out,
                            cm_error *err)
{
    rebuild b = {.r = calloc(1, sizeof(cm_results)), .err = err};
    if (!b.r) return no_memory(err);
    b.results = cm_xml_child(xmlDocGetRootElement(doc), "results");
    b.bench = cm_xml_child(b.results, "bench");
    b.cohort = cm_xml_child(b.results, "cohort");
    cm_xml_attribute(cm_xml_child(b.results, "engine"), "version", b.r->engine_version,
                     sizeof b.r->engine_version);
    read_warnings(&b);
    cm_status status = read_bench(&b);
    if (!status) status = read_cohort(&b);
    if (!status) status = read_tools(&b);
    if (!status) status = read_cases(&b, path, spill);
    if (!status) status = read_pictures(&b);
    free(b.keys);
    if (status) {
        cm_results_destroy(b.r);
        return status;
    }
    *out = b.r;
    return CM_OK;
}
