/* Two ways to the same lines. An element is one line that stands for itself, so sorting makes the order of
 * datasets irrelevant; numbers are in the shortest text that reads back as the same double, on both ways. */
#include "engine/report/openebench_mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/openebench_internal.h"
#include "engine/report/openebench_names.h"
#include "engine/report/xml_out_internal.h"

enum { TEXT = CM_OEB_TEXT };

/* ---- lines ---- */
typedef struct lines {
    char **line;
    size_t n, capacity;
    bool failed;
    FILE *memory; /* of the element that is being written */
    char *text;
    size_t bytes;
    cm_xml_out out;
} lines;

static void begin(lines *l, const char *element)
{
    l->memory = l->failed ? NULL : open_memstream(&l->text, &l->bytes);
    l->failed |= !l->memory;
    l->out = (cm_xml_out){.file = l->memory};
    cm_xml_out_open(&l->out, element);
}

static void end(lines *l, const char *element)
{
    cm_xml_out_close(&l->out, element);
    if (!l->memory) return;
    l->failed |= fclose(l->memory) || l->out.failed;
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        char **more = realloc(l->line, capacity * sizeof *more);
        if (!more) {
            l->failed = true;
            free(l->text);
            return;
        }
        l->line = more;
        l->capacity = capacity;
    }
    l->line[l->n++] = l->text;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Joins and releases the lines. */
static cm_status join(lines *l, char **out, cm_error *err)
{
    static const char head[] = "<openebench xmlns=\"urn:cohmark:openebench:1\">\n",
                      tail[] = "</openebench>\n";
    size_t bytes = sizeof head + sizeof tail;
    if (l->n) qsort(l->line, l->n, sizeof *l->line, by_text);
    for (size_t k = 0; k < l->n; k++)
        bytes += strlen(l->line[k]) + 2;
    char *text = l->failed ? NULL : malloc(bytes), *at = text;
    if (text) at = stpcpy(at, head);
    for (size_t k = 0; k < l->n; k++) {
        if (text) at = stpcpy(stpcpy(stpcpy(at, " "), l->line[k]), "\n");
        free(l->line[k]);
    }
    if (text) stpcpy(at, tail);
    free(l->line);
    *out = text;
    return text ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the mapped part of a report");
}

static void text(lines *l, const char *name, const char *value)
{
    if (value && value[0]) cm_xml_out_attribute(&l->out, name, value);
}

static void point(lines *l, bool first, double x, double y)
{
    char a[32], b[32];
    cm_double_text(x, a);
    cm_double_text(y, b);
    cm_xml_out_text(&l->out, cm_strf("%s%s,%s", first ? "" : " ", a, b).s);
}

/* ---- from the report ---- */
static void result_from_report(lines *l, const cm_oeb *s, xmlNodePtr result)
{
    static const char *const quartiles[] = {"q1", "median", "q3"};
    char name[TEXT];
    cm_oeb_figure f = cm_oeb_figure_of(result);
    if (!f.known) return;
    begin(l, "result");
    static const char *const names[] = {"metric", "target", "tool"};
    for (int k = 0; k < 3; k++)
        if (cm_xml_attribute(result, names[k], name, sizeof name)) text(l, names[k], name);
    text(l, "of", cm_oeb_is_distance(s, result) ? "distance" : "");
    cm_xml_out_number(&l->out, "value", f.value);
    if (f.has_error) cm_xml_out_number(&l->out, "se", f.error);
    for (int k = 0; k < 3 && f.quartiles; k++) /* a public report of few cases has none */
        cm_xml_out_number(&l->out, quartiles[k], cm_xml_double(f.quartiles, quartiles[k], 0));
    end(l, "result");
}

static void metrics_from_report(lines *l, const cm_oeb *s)
{
    xmlNodePtr next = NULL;
    for (xmlNodePtr first = cm_xml_child(s->aggregates, "result"); first; first = next) {
        bool any = false;
        char id[TEXT], target[TEXT];
        for (next = first; next && cm_oeb_same_pair(next, first); next = cm_xml_next(next, "result"))
            any |= cm_oeb_figure_of(next).known;
        if (!any) continue;
        const char *best = cm_oeb_optimization(s, first);
        cm_xml_attribute(first, "metric", id, sizeof id);
        cm_xml_attribute(first, "target", target, sizeof target);
        begin(l, "metric");
        text(l, "id", id);
        text(l, "target", target);
        text(l, "of", cm_oeb_is_distance(s, first) ? "distance" : "");
        text(l, "direction", !strcmp(best, "minimize") ? "lower" : "higher");
        end(l, "metric");
    }
}

static void curves_from_report(lines *l, const cm_oeb *s)
{
    static const char *const names[] = {"kind", "metric", "target", "tool"};
    xmlNodePtr curves = cm_xml_child(s->results, "curves");
    for (xmlNodePtr c = cm_xml_child(curves, "curve"); c; c = cm_xml_next(c, "curve")) {
        char name[TEXT];
        xmlNodePtr first = cm_xml_child(c, "point");
        if (!first ||
            !(cm_oeb_is(c, "kind", "roc") || cm_oeb_is(c, "kind", "pr") || cm_oeb_is(c, "kind", "froc")))
            continue;
        begin(l, "curve");
        for (int k = 0; k < 4; k++)
            if (cm_xml_attribute(c, names[k], name, sizeof name)) text(l, names[k], name);
        for (xmlNodePtr p = first; p; p = cm_xml_next(p, "point"))
            point(l, p == first, cm_xml_double(p, "x", 0), cm_xml_double(p, "y", 0));
        end(l, "curve");
    }
}

cm_status cm_mapped_from_report(xmlDocPtr report, char **out, cm_error *err)
{
    lines l = {0};
    cm_oeb s;
    int order = 0;
    l.failed = !cm_oeb_init(&s, report);
    begin(&l, "bench");
    text(&l, "community", s.community);
    text(&l, "event", s.event);
    text(&l, "challenge", s.challenge);
    end(&l, "bench");
    for (xmlNodePtr t = cm_xml_child(s.tools, "tool"); t; t = cm_xml_next(t, "tool")) {
        char key[TEXT];
        cm_xml_attribute(t, "key", key, sizeof key);
        begin(&l, "tool");
        text(&l, "key", key);
        cm_xml_out_integer(&l.out, "order", ++order);
        text(&l, "status", cm_oeb_status(&s, key));
        text(&l, "validated", s.started);
        end(&l, "tool");
    }
    metrics_from_report(&l, &s);
    for (xmlNodePtr r = cm_xml_child(s.aggregates, "result"); r; r = cm_xml_next(r, "result"))
        result_from_report(&l, &s, r);
    curves_from_report(&l, &s);
    cm_oeb_fini(&s);
    return join(&l, out, err);
}

/* ---- from openebench.json ---- */
typedef struct datasets {
    const json_t *file;
    char community[TEXT], event[TEXT], challenge[TEXT];
} datasets;

static const char *text_of(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static bool is_type(const json_t *entry, const char *type)
{
    return !strcmp(text_of(entry, "type"), type);
}

static const json_t *data_of(const json_t *entry)
{
    return json_object_get(json_object_get(entry, "datalink"), "inline_data");
}

/* Copies what stands between head and tail; false when the text does not begin and end so. */
static bool between(const char *whole, const char *head, const char *tail, char *out, size_t size)
{
    size_t n = strlen(whole), a = strlen(head), b = strlen(tail);
    if (n < a + b || n - a - b >= size || strncmp(whole, head, a) || strcmp(whole + n - b, tail))
        return false;
    memcpy(out, whole + a, n - a - b);
    out[n - a - b] = '\0';
    return true;
}

/* "METRIC_TARGET" at its first underscore. */
static bool split(char *name, const char **target)
{
    char *bar = strchr(name, '_');
    *target = bar ? bar + 1 : "";
    if (bar) *bar = '\0';
    return bar && bar > name && bar[1];
}

static bool find_ids(datasets *d)
{
    const json_t *first = json_array_get(d->file, 0), *challenge = json_object_get(first, "challenge_id");
    const char *name = json_is_array(challenge) ? json_string_value(json_array_get(challenge, 0))
                                                : json_string_value(challenge);
    snprintf(d->community, TEXT, "%s", text_of(first, "community_id"));
    snprintf(d->challenge, TEXT, "%s", name ? name : "");
    return between(text_of(first, "_id"), cm_strf("%s:", d->community).s,
                   cm_strf("_%s_P", text_of(first, "participant_id")).s, d->event, TEXT);
}

/* What stands in the id of an aggregation behind "_agg_" and a prefix. */
static bool aggregation_name(const datasets *d, const json_t *entry, const char *prefix, char *out)
{
    cm_str head = cm_strf("%s:%s_%s_agg_%s", d->community, d->event, d->challenge, prefix);
    return is_type(entry, "aggregation") && between(text_of(entry, "_id"), head.s, "", out, TEXT);
}

/* The box of a participant and metric, if there is one. */
static const json_t *box_of(const datasets *d, const char *own_name, const char *participant)
{
    json_t *entry, *series;
    size_t i, k;
    char name[TEXT];
    json_array_foreach(d->file, i, entry)
    {
        if (!aggregation_name(d, entry, "BOX_", name) || strcmp(name, own_name)) continue;
        json_array_foreach(json_object_get(data_of(entry), "challenge_participants"), k,
                           series) if (!strcmp(text_of(series, "label"),
                                               participant)) return json_object_get(series, "values");
    }
    return NULL;
}

/* "METRIC_TARGET" between the head of an assessment's id and its tool, with or without a number behind. */
static bool assessment_name(const datasets *d, const json_t *entry, char *out)
{
    const cm_str head = cm_strf("%s:%s_%s_", d->community, d->event, d->challenge);
    cm_str tail = cm_strf("_%s_A", text_of(entry, "participant_id"));
    bool found = between(text_of(entry, "_id"), head.s, tail.s, out, TEXT);
    for (int n = 2; n <= CM_OEB_SAME_IDS && !found; n++) {
        tail = cm_strf("_%s_A-%d", text_of(entry, "participant_id"), n);
        found = between(text_of(entry, "_id"), head.s, tail.s, out, TEXT);
    }
    return found;
}

static bool result_from_json(lines *l, const datasets *d, const json_t *entry)
{
    static const char *const quartiles[] = {"q1", "median", "q3"};
    const json_t *metrics = json_object_get(entry, "metrics"), *error = json_object_get(metrics, "stderr");
    const char *participant = text_of(entry, "participant_id"), *target;
    char name[TEXT], own[TEXT];
    if (!assessment_name(d, entry, name)) return false;
    memcpy(own, name, sizeof own);
    if (!split(name, &target)) return false;
    const json_t *box = box_of(d, own, participant);
    const bool distance = cm_oeb_cut_distance(name);
    begin(l, "result");
    text(l, "metric", name);
    text(l, "target", target);
    text(l, "tool", participant);
    text(l, "of", distance ? "distance" : "");
    cm_xml_out_number(&l->out, "value", json_number_value(json_object_get(metrics, "value")));
    if (error) cm_xml_out_number(&l->out, "se", json_number_value(error));
    for (size_t k = 0; k < 3 && json_array_size(box) == 5; k++)
        cm_xml_out_number(&l->out, quartiles[k], json_number_value(json_array_get(box, k + 1)));
    end(l, "result");
    return true;
}

static void tool_from_json(lines *l, const json_t *entry, int order)
{
    const json_t *link = json_object_get(entry, "datalink");
    begin(l, "tool");
    text(l, "key", text_of(entry, "participant_id"));
    cm_xml_out_integer(&l->out, "order", order);
    text(l, "status", text_of(link, "status"));
    text(l, "validated", text_of(link, "validation_date"));
    end(l, "tool");
}

static bool metric_from_json(lines *l, const datasets *d, const json_t *entry)
{
    char name[TEXT];
    const char *target, *best = text_of(json_object_get(data_of(entry), "visualization"), "optimization");
    if (!aggregation_name(d, entry, "", name) || !split(name, &target)) return false;
    const bool distance = cm_oeb_cut_distance(name);
    begin(l, "metric");
    text(l, "id", name);
    text(l, "target", target);
    text(l, "of", distance ? "distance" : "");
    text(l, "direction", !strcmp(best, "minimize") ? "lower" : "higher");
    end(l, "metric");
    return true;
}

/* Series come in pairs: the x and the y values of a participant. */
static bool curves_from_json(lines *l, const datasets *d, const json_t *entry)
{
    static const struct {
        const char *head, *kind;
        bool of_metric;
    } kinds[] = {{"ROC_", "roc", false}, {"PR_", "pr", false}, {"FROC_", "froc", true}};
    const json_t *series = json_object_get(data_of(entry), "challenge_participants");
    char name[TEXT];
    size_t kind = 0;
    if (!aggregation_name(d, entry, "", name)) return false;
    while (kind < 3 && strncmp(name, kinds[kind].head, strlen(kinds[kind].head)))
        kind++;
    if (kind == 3) return false;
    char *rest = name + strlen(kinds[kind].head);
    const char *target = rest;
    if (kinds[kind].of_metric && !split(rest, &target)) return false;
    for (size_t i = 0; i + 1 < json_array_size(series); i += 2) {
        const json_t *x = json_object_get(json_array_get(series, i), "values");
        const json_t *y = json_object_get(json_array_get(series, i + 1), "values");
        begin(l, "curve");
        text(l, "kind", kinds[kind].kind);
        if (kinds[kind].of_metric) text(l, "metric", rest);
        text(l, "target", target);
        text(l, "tool", text_of(json_array_get(series, i), "label"));
        for (size_t k = 0; k < json_array_size(x); k++)
            point(l, k == 0, json_number_value(json_array_get(x, k)),
                  json_number_value(json_array_get(y, k)));
        end(l, "curve");
    }
    return true;
}

static bool entry_from_json(lines *l, const datasets *d, const json_t *entry, int *order)
{
    const char *look = text_of(json_object_get(data_of(entry), "visualization"), "type");
    char name[TEXT];
    if (is_type(entry, "participant")) {
        tool_from_json(l, entry, ++*order);
        return true;
    }
    if (is_type(entry, "assessment")) return result_from_json(l, d, entry);
    if (!is_type(entry, "aggregation") || !strcmp(look, "2D-plot")) return true;
    if (!strcmp(look, "bar-plot")) return metric_from_json(l, d, entry);
    return aggregation_name(d, entry, "BOX_", name) || curves_from_json(l, d, entry);
}

cm_status cm_mapped_from_openebench(const json_t *file, char **out, cm_error *err)
{
    lines l = {0};
    datasets d = {.file = file};
    json_t *entry;
    size_t i;
    int order = 0;
    const char *strange = find_ids(&d) ? NULL : text_of(json_array_get(file, 0), "_id");
    begin(&l, "bench");
    text(&l, "community", d.community);
    text(&l, "event", d.event);
    text(&l, "challenge", d.challenge);
    end(&l, "bench");
    json_array_foreach(file, i, entry) if (!strange && !entry_from_json(&l, &d, entry, &order)) strange =
        text_of(entry, "_id");
    cm_status status = join(&l, out, err);
    if (status || !strange) return status;
    free(*out);
    *out = NULL;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the id of a dataset does not follow cohmark's naming",
                   .where = cm_strf("%.200s", strange).s,
                   .next = "Only a file written by cohmark leads back to a report");
}
