/* Reading bench.xml: what the schema cannot say is checked here. */
#include "engine/run/bench.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"
#include "engine/model/limits.h"

extern const unsigned char cm_bench_xsd[], cm_bench_xsd_end[];

static const int64_t max_bench_bytes = 1 << 20;
enum { MOST_METRICS = 200, MOST_PARTS = 200 };

static cm_str where_of(const char *path, xmlNodePtr node)
{
    return cm_strf("%s:%ld", path, node ? xmlGetLineNo(node) : 0L);
}

static cm_policy policy_named(xmlNodePtr node, const char *attribute, cm_policy absent)
{
    char name[32];
    if (!cm_xml_attribute(node, attribute, name, sizeof name)) return absent;
    if (strcmp(name, "worst") == 0) return CM_POLICY_WORST;
    if (strcmp(name, "trivial-best") == 0) return CM_POLICY_TRIVIAL_BEST;
    return CM_POLICY_EXCLUDE;
}

static int count_children(xmlNodePtr parent, const char *name)
{
    int n = 0;
    for (xmlNodePtr c = cm_xml_child(parent, name); c; c = cm_xml_next(c, name))
        n++;
    return n;
}

static cm_status read_tools(cm_bench *b, xmlNodePtr tools, cm_error *err)
{
    int n = count_children(tools, "tool");
    if (n == 0) return CM_OK;
    b->tool_paths = calloc((size_t)n, sizeof *b->tool_paths);
    if (!b->tool_paths) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the list of tools");
    for (xmlNodePtr t = cm_xml_child(tools, "tool"); t; t = cm_xml_next(t, "tool"))
        cm_xml_attribute(t, "path", b->tool_paths[b->n_tools++], sizeof b->tool_paths[0]);
    return CM_OK;
}

/* "1 2 4" into target->values. The schema has checked form and range. */
static cm_status read_values(cm_target *target, const char *text, cm_error *err)
{
    uint16_t *values = calloc(strlen(text) / 2 + 1, sizeof *values);
    if (!values) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the values of a region");
    target->values = values;
    for (const char *p = text; *p;) {
        char *end;
        long v = strtol(p, &end, 10);
        if (end == p) break;
        values[target->n_values++] = (uint16_t)v;
        p = end;
    }
    return CM_OK;
}

static cm_status read_targets(cm_bench *b, const char *path, xmlNodePtr targets, cm_error *err)
{
    int n = count_children(targets, NULL);
    char ignored[16];
    b->has_ignored = cm_xml_attribute(targets, "ignore", ignored, sizeof ignored);
    if (b->has_ignored) b->ignored = (uint16_t)strtol(ignored, NULL, 10);
    if (b->has_ignored && b->task == CM_TASK_CLASSIFICATION)
        return CM_FAIL(err, CM_ERR_SCHEMA,
                       .what = "an ignored label is a value of voxels and has no meaning in classification",
                       .where = where_of(path, targets).s);
    if (n == 0) return CM_OK;
    b->targets = calloc((size_t)n, sizeof *b->targets);
    if (!b->targets) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the targets");
    for (xmlNodePtr t = cm_xml_child(targets, NULL); t; t = cm_xml_next(t, NULL)) {
        cm_target *target = &b->targets[b->n_targets++];
        bool region = strcmp((const char *)t->name, "region") == 0;
        char text[2048];
        cm_xml_attribute(t, region ? "values" : "value", text, sizeof text);
        cm_status st = read_values(target, text, err);
        if (st) return st;
        for (int i = 0; i < target->n_values && b->has_ignored; i++)
            if (target->values[i] == b->ignored)
                return CM_FAIL(err, CM_ERR_SCHEMA,
                               .what = cm_strf("label value %d is both ignored and scored", b->ignored).s,
                               .where = where_of(path, t).s);
        if (region && b->task == CM_TASK_CLASSIFICATION)
            return CM_FAIL(err, CM_ERR_SCHEMA,
                           .what = "a region is a union of label values and has no meaning in classification",
                           .where = where_of(path, t).s, .next = "use <label value=\"...\"/> for a class");
        cm_xml_attribute(t, "name", target->name, sizeof target->name);
        for (int i = 0; i + 1 < b->n_targets; i++)
            if (target->name[0] && strcmp(b->targets[i].name, target->name) == 0)
                return CM_FAIL(err, CM_ERR_SCHEMA,
                               .what = cm_strf("target %s is declared twice", target->name).s,
                               .where = where_of(path, t).s);
    }
    return CM_OK;
}

/* Refuses a list that is longer than most, at the first element that is too many. */
static cm_status hold_length(const char *path, xmlNodePtr list, const char *name, int most, const char *next,
                             cm_error *err)
{
    const int n = count_children(list, name);
    if (n <= most) return CM_OK;
    xmlNodePtr first = cm_xml_child(list, name);
    for (int i = 0; i < most; i++)
        first = cm_xml_next(first, name);
    return CM_FAIL(
        err, CM_ERR_SCHEMA,
        .what = cm_strf("<%s> has more than %d elements <%s>", (const char *)list->name, most, name).s,
        .where = where_of(path, first).s,
        .why = cm_strf("it has %d; every one is computed for every case and compared over all tools", n).s,
        .next = next);
}

static cm_status read_metrics(cm_bench *b, const char *path, xmlNodePtr metrics, cm_error *err)
{
    const cm_status few = hold_length(
        path, metrics, "metric", MOST_METRICS,
        "Keep those that the question needs; another bench of the same cohort can have the others", err);
    if (few) return few;
    b->metrics = calloc((size_t)count_children(metrics, "metric"), sizeof *b->metrics);
    if (!b->metrics) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the metrics");
    for (xmlNodePtr m = cm_xml_child(metrics, "metric"); m; m = cm_xml_next(m, "metric")) {
        char id[64];
        cm_metric *metric = &b->metrics[b->n_metrics];
        cm_xml_attribute(m, "id", id, sizeof id);
        cm_status st = cm_metric_parse(id, metric, err);
        if (st) {
            cm_error_context(err, where_of(path, m).s);
            return st;
        }
        if ((int)metric->definition->kind != (int)b->task)
            return CM_FAIL(
                err, CM_ERR_SCHEMA, .what = cm_strf("metric %s does not fit the task", metric->id).s,
                .where = where_of(path, m).s,
                .why = cm_strf("the bench is a %s, the metric is for %s",
                               b->task == CM_TASK_SEGMENTATION ? "segmentation" : "classification",
                               metric->definition->kind == CM_METRIC_SEGMENTATION ? "segmentation"
                                                                                  : "classification")
                           .s,
                .next = "see cohmark metrics list");
        for (int i = 0; i < b->n_metrics; i++)
            if (strcmp(b->metrics[i].id, metric->id) == 0)
                return CM_FAIL(err, CM_ERR_SCHEMA,
                               .what = cm_strf("metric %s is declared twice", metric->id).s,
                               .where = where_of(path, m).s);
        b->n_metrics++;
    }
    return CM_OK;
}

/* A metric that decides a ranking: one of the bench's. */
static cm_status read_deciding_metric(const cm_bench *b, const char *path, xmlNodePtr node, char id[64],
                                      cm_error *err)
{
    char text[201];
    cm_metric wanted;
    cm_xml_attribute(node, "metric", text, sizeof text);
    const cm_status st = cm_metric_parse(text, &wanted, err);
    if (st) {
        cm_error_context(err, where_of(path, node).s);
        return st;
    }
    memcpy(id, wanted.id, sizeof wanted.id);
    for (int i = 0; i < b->n_metrics; i++)
        if (strcmp(b->metrics[i].id, wanted.id) == 0) return CM_OK;
    return CM_FAIL(err, CM_ERR_SCHEMA,
                   .what =
                       cm_strf("the ranking metric %s is not among the metrics of the bench", wanted.id).s,
                   .where = where_of(path, node).s, .next = "add it to <metrics>");
}

static cm_status read_ranking(cm_bench *b, const char *path, xmlNodePtr ranking, cm_error *err)
{
    if (ranking) {
        cm_xml_attribute(ranking, "target", b->ranking_target, sizeof b->ranking_target);
        b->margin = cm_xml_double(ranking, "margin", 0);
        return read_deciding_metric(b, path, ranking, b->ranking_metric, err);
    }
    memcpy(b->ranking_metric, b->metrics[0].id, sizeof b->ranking_metric);
    return CM_OK;
}

static cm_status read_combination(cm_bench *b, const char *path, xmlNodePtr combination, cm_error *err)
{
    char missing[16] = "";
    const int n = count_children(combination, "part");
    if (n == 0) return CM_OK;
    const cm_status few =
        hold_length(path, combination, "part", MOST_PARTS,
                    "Combine fewer; a part without a target is of what the ranking is of", err);
    if (few) return few;
    b->combination_excludes =
        cm_xml_attribute(combination, "missing", missing, sizeof missing) && strcmp(missing, "exclude") == 0;
    b->parts = calloc((size_t)n, sizeof *b->parts);
    if (!b->parts) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the combined ranking");
    for (xmlNodePtr p = cm_xml_child(combination, "part"); p; p = cm_xml_next(p, "part")) {
        cm_ranking_part *part = &b->parts[b->n_parts];
        part->weight = cm_xml_double(p, "weight", 1);
        cm_xml_attribute(p, "target", part->target, sizeof part->target);
        const cm_status st = read_deciding_metric(b, path, p, part->metric, err);
        if (st) return st;
        for (int i = 0; i < b->n_parts; i++)
            if (!strcmp(b->parts[i].metric, part->metric) && !strcmp(b->parts[i].target, part->target))
                return CM_FAIL(err, CM_ERR_SCHEMA,
                               .what = cm_strf("%s%s%s is combined twice", part->metric,
                                               part->target[0] ? " of " : "", part->target)
                                           .s,
                               .where = where_of(path, p).s,
                               .next = "give it one part with both weights together");
        b->n_parts++;
    }
    return CM_OK;
}

static cm_status read_cuts(cm_subgroup *group, const char *path, xmlNodePtr node, cm_error *err)
{
    char text[600], *at = text, *end;
    if (!cm_xml_attribute(node, "cuts", text, sizeof text)) return CM_OK;
    const char *why = strlen(text) + 1 < sizeof text ? NULL : "they are written too long";
    for (; !why && group->n_cuts < CM_CUTS_MAX; group->n_cuts++, at = end) {
        group->cuts[group->n_cuts] = strtod(at, &end);
        if (end == at) break;
        if (group->n_cuts && !(group->cuts[group->n_cuts] > group->cuts[group->n_cuts - 1]))
            why = "each must be above the one before";
    }
    if (!why && group->parts) why = "the attribute has parts, too";
    if (!why) return CM_OK;
    return CM_FAIL(
        err, CM_ERR_SCHEMA, .what = cm_strf("the cuts of subgroup %s cannot be used", group->name).s,
        .where = where_of(path, node).s, .why = why, .next = "such as cuts=\"50 65\", or parts=\"3\"");
}

static cm_status read_subgroups(cm_bench *b, const char *path, xmlNodePtr subgroups, cm_error *err)
{
    b->has_subgroups = subgroups != NULL;
    const int n = count_children(subgroups, "attribute");
    if (n == 0) return CM_OK;
    b->subgroups = calloc((size_t)n, sizeof *b->subgroups);
    if (!b->subgroups) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the subgroups");
    for (xmlNodePtr s = cm_xml_child(subgroups, "attribute"); s; s = cm_xml_next(s, "attribute")) {
        cm_subgroup *group = &b->subgroups[b->n_subgroups];
        cm_xml_attribute(s, "name", group->name, sizeof group->name);
        group->parts = (int)cm_xml_integer(s, "parts", 0);
        for (int i = 0; i < b->n_subgroups; i++)
            if (strcmp(b->subgroups[i].name, group->name) == 0)
                return CM_FAIL(err, CM_ERR_SCHEMA,
                               .what = cm_strf("subgroup %s is declared twice", group->name).s,
                               .where = where_of(path, s).s);
        const cm_status st = read_cuts(group, path, s, err);
        if (st) return st;
        b->n_subgroups++;
    }
    return CM_OK;
}

static void read_rest(cm_bench *b, xmlNodePtr root)
{
    xmlNodePtr policy = cm_xml_child(root, "policy");
    b->policies.one_empty = policy_named(policy, "one-empty", CM_POLICY_WORST);
    b->policies.both_empty = policy_named(policy, "both-empty", CM_POLICY_EXCLUDE);
    b->policies.missing = policy_named(policy, "missing", CM_POLICY_WORST);
    xmlNodePtr statistics = cm_xml_child(root, "statistics");
    b->level = cm_xml_double(statistics, "level", 0.95);
    b->replicates = cm_xml_integer(statistics, "replicates", 2000);
    b->seed = (uint64_t)cm_xml_integer(statistics, "seed", 1);
    xmlNodePtr limits = cm_xml_child(root, "limits");
    b->seconds_per_case = cm_xml_double(limits, "seconds-per-case", 0);
    cm_model_limits_default(&b->limits);
    for (int i = 0; cm_limit_at(i); i++) {
        const double value = cm_xml_double(limits, cm_limit_at(i)->attribute, 0);
        if (value > 0) cm_limit_set(&b->limits, cm_limit_at(i), value);
    }
    b->minimum_cell = (int)cm_xml_integer(cm_xml_child(root, "privacy"), "minimum-cell", 5);
    xmlNodePtr oeb = cm_xml_child(root, "openebench");
    cm_xml_attribute(oeb, "community", b->community, sizeof b->community);
    cm_xml_attribute(oeb, "event", b->event, sizeof b->event);
    cm_xml_attribute(oeb, "challenge", b->challenge, sizeof b->challenge);
    cm_xml_attribute(oeb, "community-acronym", b->community_acronym, sizeof b->community_acronym);
    cm_xml_attribute(oeb, "event-name", b->event_name, sizeof b->event_name);
    cm_xml_attribute(oeb, "challenge-label", b->challenge_label, sizeof b->challenge_label);
    cm_xml_attribute(oeb, "visibility", b->visibility, sizeof b->visibility);
    char names[32];
    b->eucanimage_names =
        cm_xml_attribute(oeb, "metric-names", names, sizeof names) && !strcmp(names, "eucanimage");
}

static cm_status read_root(cm_bench *b, const char *path, xmlNodePtr root, cm_error *err)
{
    char task[32];
    cm_xml_attribute(root, "id", b->id, sizeof b->id);
    cm_xml_attribute(root, "version", b->version, sizeof b->version);
    cm_xml_attribute(root, "title", b->title, sizeof b->title);
    cm_xml_attribute(root, "task", task, sizeof task);
    b->task = strcmp(task, "segmentation") == 0 ? CM_TASK_SEGMENTATION : CM_TASK_CLASSIFICATION;
    xmlNodePtr cohort = cm_xml_child(root, "cohort");
    cm_xml_attribute(cohort, "path", b->cohort_path, sizeof b->cohort_path);
    cm_xml_attribute(cohort, "split", b->split, sizeof b->split);
    cm_status st = read_tools(b, cm_xml_child(root, "tools"), err);
    if (!st) st = read_targets(b, path, cm_xml_child(root, "targets"), err);
    if (!st) st = read_metrics(b, path, cm_xml_child(root, "metrics"), err);
    if (!st) st = read_ranking(b, path, cm_xml_child(root, "ranking"), err);
    if (!st) st = read_combination(b, path, cm_xml_child(root, "combination"), err);
    if (!st) st = read_subgroups(b, path, cm_xml_child(root, "subgroups"), err);
    if (!st) read_rest(b, root);
    return st;
}

cm_status cm_bench_read(const char *path, cm_bench **out, cm_error *err)
{
    const cm_schema schema = {"bench.xsd", cm_bench_xsd, cm_bench_xsd_end};
    char *text = NULL;
    int64_t bytes = 0;
    xmlDocPtr doc = NULL;
    cm_bench *b = calloc(1, sizeof *b);
    if (!b) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a bench");
    cm_status st = cm_file_read(path, max_bench_bytes, &text, &bytes, err);
    if (!st) st = cm_xml_parse(text, bytes, path, &schema, &doc, err);
    if (!st) st = cm_sha256_of(text, bytes, &b->digest);
    if (!st) st = read_root(b, path, xmlDocGetRootElement(doc), err);
    if (doc) xmlFreeDoc(doc);
    free(text);
    if (st) {
        cm_bench_destroy(b);
        return st;
    }
    *out = b;
    return CM_OK;
}

void cm_bench_destroy(cm_bench *bench)
{
    if (!bench) return;
    for (int i = 0; i < bench->n_targets; i++)
        free((void *)bench->targets[i].values);
    free(bench->targets);
    free(bench->metrics);
    free(bench->subgroups);
    free(bench->parts);
    free(bench->tool_paths);
    free(bench);
}
