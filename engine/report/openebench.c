/* openebench.json: the minimal datasets of OpenEBench, made from report.xml and from nothing else.
 *
 * One array: participants, the challenge's manifest, one assessment per participant and metric, then
 * aggregations: a bar plot per metric and target, a 2-D plot per target. What the report hides or leaves
 * undefined is not there at all: OpenEBench has no word for it. docs/openebench.md has the whole mapping. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"
#include "engine/report/document_internal.h"

enum { TEXT = 400 };

/* What every dataset needs to know of the report. */
typedef struct source {
    xmlNodePtr results, aggregates, tools, metrics;
    char community[TEXT], event[TEXT], challenge[TEXT], started[64];
    json_t *out;
} source;

static bool attribute_is(xmlNodePtr node, const char *name, const char *wanted)
{
    char text[TEXT];
    return cm_xml_attribute(node, name, text, sizeof text) && !strcmp(text, wanted);
}

/* Neither more nor less is better. */
static bool has_target(xmlNodePtr metric)
{
    return attribute_is(metric, "direction", "closer-to-zero") ||
           attribute_is(metric, "direction", "closer-to-one");
}

static void find_ids(source *s)
{
    xmlNodePtr bench = cm_xml_child(s->results, "bench"), ids = cm_xml_child(bench, "openebench");
    /* A bench that OpenEBench does not know yet still gets a file that can be looked at. */
    if (!ids || !cm_xml_attribute(ids, "community", s->community, TEXT)) strcpy(s->community, "unregistered");
    if (!ids || !cm_xml_attribute(ids, "event", s->event, TEXT))
        cm_xml_attribute(bench, "id", s->event, TEXT);
    if (!ids || !cm_xml_attribute(ids, "challenge", s->challenge, TEXT))
        cm_xml_attribute(bench, "id", s->challenge, TEXT);
}

static bool append(source *s, json_t *dataset)
{
    return dataset && json_array_append_new(s->out, dataset) == 0;
}

/* ok; interrupted while items are open; corrupted when no case came to a prediction. */
static const char *participant_status(const source *s, const char *key)
{
    xmlNodePtr outcome = cm_xml_child(cm_xml_child(s->results, "outcomes"), "outcome");
    while (outcome && !attribute_is(outcome, "tool", key))
        outcome = cm_xml_next(outcome, "outcome");
    bool any_good = false;
    for (xmlNodePtr n = cm_xml_child(outcome, "state"); n; n = cm_xml_next(n, "state")) {
        if (attribute_is(n, "name", "open")) return "interrupted";
        any_good |= attribute_is(n, "name", "ok") || attribute_is(n, "name", "no-reference");
    }
    return any_good ? "ok" : "corrupted";
}

static bool add_participants(source *s)
{
    json_t *participants = json_array();
    bool good = participants != NULL;
    for (xmlNodePtr n = cm_xml_child(s->tools, "tool"); n && good; n = cm_xml_next(n, "tool")) {
        char key[TEXT];
        cm_xml_attribute(n, "key", key, sizeof key);
        good = append(s, json_pack("{s:s++++, s:s, s:[s], s:s, s:s, s:{s:s, s:s}}", "_id", s->community, ":",
                                   s->event, "_", cm_strf("%s_P", key).s, "community_id", s->community,
                                   "challenge_id", s->challenge, "type", "participant", "participant_id", key,
                                   "datalink", "status", participant_status(s, key), "validation_date",
                                   s->started)) &&
               json_array_append_new(participants, json_string(key)) == 0;
    }
    if (good) good = append(s, json_pack("{s:s, s:O}", "id", s->challenge, "participants", participants));
    json_decref(participants);
    return good;
}

/* The number of a result, and its standard error where the report's figures give one. */
typedef struct figure {
    bool known, has_error;
    double value, error;
} figure;

static figure figure_of(xmlNodePtr result)
{
    figure f = {0};
    xmlNodePtr all = cm_xml_child(result, "of-all"), summary = cm_xml_child(all, "summary");
    xmlNodePtr value = cm_xml_child(all, "value");
    char text[64];
    if (summary) {
        double n = cm_xml_double(all, "n", 0), sd = cm_xml_double(summary, "sd", -1);
        f.value = cm_xml_double(summary, "mean", 0);
        f.known = true;
        f.has_error = sd >= 0 && n >= 1;
        if (f.has_error) f.error = sd / sqrt(n);
    } else if (value && cm_xml_text(value, text, sizeof text)) {
        f.value = strtod(text, NULL);
        f.known = true;
    }
    return f;
}

/* Our metric id and the target, the way OpenEBench joins words. Metric ids hold no underscore, so two pairs
 * never give the same id. */
static cm_str metric_id(xmlNodePtr result)
{
    char metric[TEXT], target[TEXT];
    cm_xml_attribute(result, "metric", metric, sizeof metric);
    cm_xml_attribute(result, "target", target, sizeof target);
    return cm_strf("%s_%s", metric, target);
}

static bool add_assessments(source *s)
{
    bool good = true;
    for (xmlNodePtr r = cm_xml_child(s->aggregates, "result"); r && good; r = cm_xml_next(r, "result")) {
        figure f = figure_of(r);
        if (!f.known) continue;
        char tool[TEXT];
        cm_xml_attribute(r, "tool", tool, sizeof tool);
        cm_str id = metric_id(r);
        json_t *metrics = json_pack("{s:s, s:f}", "metric_id", id.s, "value", f.value);
        if (metrics && f.has_error) json_object_set_new(metrics, "stderr", json_real(f.error));
        good = append(s, json_pack("{s:s+++++, s:s, s:s, s:s, s:s, s:o}", "_id", s->community, ":", s->event,
                                   "_", s->challenge, cm_strf("_%s_%s_A", id.s, tool).s, "community_id",
                                   s->community, "challenge_id", s->challenge, "type", "assessment",
                                   "participant_id", tool, "metrics", metrics));
    }
    return good;
}

/* ---- aggregations ---- */
static xmlNodePtr metric_of(const source *s, xmlNodePtr result)
{
    char id[TEXT];
    cm_xml_attribute(result, "metric", id, sizeof id);
    xmlNodePtr m = cm_xml_child(s->metrics, "metric");
    while (m && !attribute_is(m, "id", id))
        m = cm_xml_next(m, "metric");
    return m;
}

static bool same_pair(xmlNodePtr a, xmlNodePtr b)
{
    return !strcmp(metric_id(a).s, metric_id(b).s);
}

static bool same_target(xmlNodePtr a, xmlNodePtr b)
{
    char target[TEXT];
    return cm_xml_attribute(a, "target", target, sizeof target) && attribute_is(b, "target", target);
}

/* The result of the same tool for the metric and target of `other`. Results are grouped by target and metric.
 */
static xmlNodePtr partner(xmlNodePtr first_of_other, xmlNodePtr result)
{
    char tool[TEXT];
    cm_xml_attribute(result, "tool", tool, sizeof tool);
    for (xmlNodePtr r = first_of_other; r && same_pair(r, first_of_other); r = cm_xml_next(r, "result"))
        if (attribute_is(r, "tool", tool)) return r;
    return NULL;
}

static json_t *aggregation(const source *s, const char *name, const char *metric, json_t *points,
                           json_t *look)
{
    if (!points || !look) {
        json_decref(points);
        json_decref(look);
        return NULL;
    }
    json_t *dataset =
        json_pack("{s:s+++++, s:s, s:[s], s:s, s:{s:{s:o, s:o}}}", "_id", s->community, ":", s->event, "_",
                  s->challenge, cm_strf("_agg_%s", name).s, "community_id", s->community, "challenge_ids",
                  s->challenge, "type", "aggregation", "datalink", "inline_data", "challenge_participants",
                  points, "visualization", look);
    if (dataset && metric) json_object_set_new(dataset, "aggregation_metric_id", json_string(metric));
    return dataset;
}

/* A bar plot per metric and target. OpenEBench knows "more is better" and "less is better", and takes the
 * first when told nothing; a metric that is best at a value has no bar plot rather than a wrong one. */
static bool add_bars(source *s)
{
    xmlNodePtr next = NULL;
    bool good = true;
    for (xmlNodePtr first = cm_xml_child(s->aggregates, "result"); first && good; first = next) {
        xmlNodePtr metric = metric_of(s, first);
        json_t *points = json_array();
        for (next = first; next && same_pair(next, first); next = cm_xml_next(next, "result")) {
            figure f = figure_of(next);
            char tool[TEXT];
            if (!f.known) continue;
            cm_xml_attribute(next, "tool", tool, sizeof tool);
            json_array_append_new(points,
                                  json_pack("{s:s, s:f}", "participant_id", tool, "metric_value", f.value));
        }
        if (!json_array_size(points) || has_target(metric)) {
            json_decref(points);
            continue;
        }
        cm_str id = metric_id(first);
        bool lower = attribute_is(metric, "direction", "lower");
        json_t *look = json_pack("{s:s, s:s, s:s}", "type", "bar-plot", "metric", id.s, "optimization",
                                 lower ? "minimize" : "maximize");
        good = append(s, aggregation(s, id.s, id.s, points, look));
    }
    return good;
}

/* Among the metrics of a target, in the bench's order: the first that is no distance, and the first distance;
 * when there is no distance the first two. Metrics best at a value have no better corner and stay out. */
static void choose_axes(const source *s, xmlNodePtr first, xmlNodePtr *x, xmlNodePtr *y)
{
    xmlNodePtr second = NULL, distance = NULL;
    *x = *y = NULL;
    for (xmlNodePtr r = first, last = NULL; r && same_target(r, first);
         last = r, r = cm_xml_next(r, "result")) {
        xmlNodePtr metric = metric_of(s, r);
        if ((last && same_pair(last, r)) || has_target(metric)) continue;
        bool is_distance = attribute_is(metric, "unit", "mm") || attribute_is(metric, "unit", "voxel");
        if (is_distance && !distance)
            distance = r;
        else if (!is_distance && !*x)
            *x = r;
        else if (!second)
            second = r;
    }
    if (!*x) *x = distance, distance = NULL;
    *y = distance ? distance : second;
}

static const char *better_corner(const source *s, xmlNodePtr x, xmlNodePtr y)
{
    bool right = attribute_is(metric_of(s, x), "direction", "higher");
    bool top = attribute_is(metric_of(s, y), "direction", "higher");
    return top ? (right ? "top-right" : "top-left") : right ? "bottom-right" : "bottom-left";
}

static json_t *point_of(xmlNodePtr x_result, figure x, figure y)
{
    char tool[TEXT];
    cm_xml_attribute(x_result, "tool", tool, sizeof tool);
    json_t *point =
        json_pack("{s:s, s:f, s:f}", "participant_id", tool, "metric_x", x.value, "metric_y", y.value);
    if (point && x.has_error) json_object_set_new(point, "stderr_x", json_real(x.error));
    if (point && y.has_error) json_object_set_new(point, "stderr_y", json_real(y.error));
    return point;
}

static bool add_plane(source *s, xmlNodePtr x, xmlNodePtr y)
{
    json_t *points = json_array();
    for (xmlNodePtr r = x; r && same_pair(r, x); r = cm_xml_next(r, "result")) {
        xmlNodePtr other = partner(y, r);
        figure fx = figure_of(r), fy = other ? figure_of(other) : (figure){0};
        if (fx.known && fy.known) json_array_append_new(points, point_of(r, fx, fy));
    }
    if (!json_array_size(points)) {
        json_decref(points);
        return true;
    }
    cm_str x_id = metric_id(x), y_id = metric_id(y);
    json_t *look = json_pack("{s:s, s:s, s:s, s:s}", "type", "2D-plot", "x_axis", x_id.s, "y_axis", y_id.s,
                             "optimization", better_corner(s, x, y));
    return append(s, aggregation(s, cm_strf("%s+%s", x_id.s, y_id.s).s, NULL, points, look));
}

static bool add_planes(source *s)
{
    bool good = true;
    xmlNodePtr first = cm_xml_child(s->aggregates, "result"), x, y;
    while (first && good) {
        choose_axes(s, first, &x, &y);
        if (x && y) good = add_plane(s, x, y);
        xmlNodePtr next = first;
        while (next && same_target(next, first))
            next = cm_xml_next(next, "result");
        first = next;
    }
    return good;
}

/* What OpenEBench's own keywords ask for and a JSON schema cannot say: ids are unique, and whoever is
 * assessed or drawn takes part. */
static cm_status check_keys(const source *s, cm_error *err)
{
    json_t *seen = json_object(), *participants = json_object(), *entry, *point;
    cm_status status = CM_OK;
    size_t i, k;
    json_array_foreach(s->out, i, entry)
    {
        const char *id = json_string_value(json_object_get(entry, "_id"));
        const char *participant = json_string_value(json_object_get(entry, "participant_id"));
        const char *type = json_string_value(json_object_get(entry, "type"));
        if (id && json_object_get(seen, id))
            status = CM_FAIL(err, CM_ERR_MISMATCH, .what = "two OpenEBench datasets would have the same id",
                             .where = id, .next = "Rename one of the targets in bench.xml");
        if (id) json_object_set_new(seen, id, json_true());
        if (type && participant && !strcmp(type, "participant"))
            json_object_set_new(participants, participant, json_true());
        else if (participant && !json_object_get(participants, participant))
            status = CM_FAIL(err, CM_ERR_MISMATCH, .what = "an assessment names no participant",
                             .where = participant);
        json_t *data = json_object_get(json_object_get(entry, "datalink"), "inline_data");
        json_array_foreach(json_object_get(data, "challenge_participants"), k, point)
        {
            const char *name = json_string_value(json_object_get(point, "participant_id"));
            if (!name || !json_object_get(participants, name))
                status = CM_FAIL(err, CM_ERR_MISMATCH, .what = "an aggregation names no participant",
                                 .where = name ? name : "");
        }
        if (status) break;
    }
    json_decref(seen);
    json_decref(participants);
    return status;
}

static cm_status write_json(const json_t *value, const char *path, cm_error *err)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!text) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the JSON text", .where = path);
    cm_status status = cm_file_write(path, text, (int64_t)strlen(text), err);
    free(text);
    return status;
}

cm_status cm_document_to_openebench(xmlDocPtr doc, const char *path, cm_error *err)
{
    xmlNodePtr report = xmlDocGetRootElement(doc);
    source s = {.results = cm_xml_child(report, "results"), .out = json_array()};
    s.tools = cm_xml_child(s.results, "tools");
    s.metrics = cm_xml_child(s.results, "metrics");
    s.aggregates = cm_xml_child(s.results, "aggregates");
    cm_xml_attribute(cm_xml_child(report, "execution"), "started", s.started, sizeof s.started);
    find_ids(&s);
    cm_status status = CM_OK;
    if (!s.out || !add_participants(&s) || !add_assessments(&s) || !add_bars(&s) || !add_planes(&s))
        status =
            CM_FAIL(err, CM_ERR_NOMEM, .what = "the OpenEBench datasets could not be built", .where = path);
    if (!status) status = check_keys(&s, err);
    if (!status) status = write_json(s.out, path, err);
    json_decref(s.out);
    return status;
}
