/* openebench.json: the minimal datasets of OpenEBench, made from report.xml and from nothing else.
 *
 * One array: participants, the challenge's manifest, one assessment per participant and metric, then
 * aggregations: a bar plot per metric and target, a 2-D plot per target, data series. What the report hides
 * or leaves undefined is not there at all: OpenEBench has no word for it. docs/openebench.md has the whole
 * mapping. */
#include "engine/report/openebench_internal.h"

#include <string.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"
#include "engine/report/compared_internal.h"
#include "engine/report/document_internal.h"
#include "engine/report/openebench_check.h"
#include "engine/report/openebench_names.h"

enum { TEXT = CM_OEB_TEXT };

bool cm_oeb_is(xmlNodePtr node, const char *name, const char *wanted)
{
    char text[TEXT];
    return cm_xml_attribute(node, name, text, sizeof text) && !strcmp(text, wanted);
}

static void find_ids(cm_oeb *s)
{
    xmlNodePtr ids = cm_xml_child(s->bench, "openebench");
    /* A bench that OpenEBench does not know yet still gets a file that can be looked at. */
    if (!ids || !cm_xml_attribute(ids, "community", s->community, TEXT)) strcpy(s->community, "unregistered");
    if (!ids || !cm_xml_attribute(ids, "event", s->event, TEXT))
        cm_xml_attribute(s->bench, "id", s->event, TEXT);
    if (!ids || !cm_xml_attribute(ids, "challenge", s->challenge, TEXT))
        cm_xml_attribute(s->bench, "id", s->challenge, TEXT);
    s->eucanimage = cm_oeb_is(ids, "metric-names", "eucanimage");
}

bool cm_oeb_init(cm_oeb *s, xmlDocPtr doc)
{
    *s = (cm_oeb){.report = xmlDocGetRootElement(doc), .out = json_array(), .ids = json_object()};
    s->results = cm_xml_child(s->report, "results");
    s->bench = cm_xml_child(s->results, "bench");
    s->tools = cm_xml_child(s->results, "tools");
    s->metrics = cm_xml_child(s->results, "metrics");
    s->aggregates = cm_xml_child(s->results, "aggregates");
    cm_xml_attribute(cm_xml_child(s->report, "execution"), "started", s->started, sizeof s->started);
    find_ids(s);
    return s->out && s->ids;
}

void cm_oeb_fini(cm_oeb *s)
{
    json_decref(s->out);
    json_decref(s->ids);
}

/* Ids put names together with "_", which names may hold, too: target "t" with tool "x_y" and target "t_x"
 * with tool "y" would be one id. The later one gets a number. */
static bool take_id(cm_oeb *s, json_t *dataset)
{
    const char *id = json_string_value(json_object_get(dataset, "_id"));
    cm_str free_id = cm_strf("%s", id ? id : "");
    if (!id) return true; /* a manifest */
    for (int n = 2; json_object_get(s->ids, free_id.s) && n <= CM_OEB_SAME_IDS; n++)
        free_id = cm_strf("%s-%d", id, n);
    return json_object_set_new(dataset, "_id", json_string(free_id.s)) == 0 &&
           json_object_set_new(s->ids, free_id.s, json_true()) == 0;
}

bool cm_oeb_append(cm_oeb *s, json_t *dataset)
{
    bool good = dataset && take_id(s, dataset);
    if (!good) json_decref(dataset);
    return good && json_array_append_new(s->out, dataset) == 0;
}

const char *cm_oeb_status(const cm_oeb *s, const char *key)
{
    xmlNodePtr outcome = cm_xml_child(cm_xml_child(s->results, "outcomes"), "outcome");
    while (outcome && !cm_oeb_is(outcome, "tool", key))
        outcome = cm_xml_next(outcome, "outcome");
    if (cm_oeb_is(outcome, "validation", "interrupted")) return "interrupted";
    return cm_oeb_is(outcome, "validation", "ok") ? "ok" : "corrupted";
}

static bool add_participants(cm_oeb *s)
{
    json_t *participants = json_array();
    bool good = participants != NULL;
    for (xmlNodePtr n = cm_xml_child(s->tools, "tool"); n && good; n = cm_xml_next(n, "tool")) {
        char key[TEXT];
        cm_xml_attribute(n, "key", key, sizeof key);
        good = cm_oeb_append(s, json_pack("{s:s++++, s:s, s:[s], s:s, s:s, s:{s:s, s:s}}", "_id",
                                          s->community, ":", s->event, "_", cm_strf("%s_P", key).s,
                                          "community_id", s->community, "challenge_id", s->challenge, "type",
                                          "participant", "participant_id", key, "datalink", "status",
                                          cm_oeb_status(s, key), "validation_date", s->started)) &&
               json_array_append_new(participants, json_string(key)) == 0;
    }
    if (good)
        good = cm_oeb_append(s, json_pack("{s:s, s:O}", "id", s->challenge, "participants", participants));
    json_decref(participants);
    return good;
}

cm_oeb_figure cm_oeb_figure_of(xmlNodePtr result)
{
    cm_oeb_figure f = {0};
    cm_compared compared;
    if (!cm_compared_of(cm_xml_child(result, "of-all"), &compared)) return f;
    f.known = true;
    f.value = compared.value;
    f.error = cm_xml_double(compared.spread, "se", -1);
    f.has_error = f.error >= 0;
    if (compared.spread && xmlHasProp(compared.spread, BAD_CAST "q1")) f.quartiles = compared.spread;
    return f;
}

bool cm_oeb_is_distance(const cm_oeb *s, xmlNodePtr result)
{
    xmlNodePtr metric = cm_oeb_metric_of(s, result);
    return cm_oeb_is(metric, "direction", "closer-to-zero") ||
           cm_oeb_is(metric, "direction", "closer-to-one");
}

cm_str cm_oeb_own_name(const cm_oeb *s, xmlNodePtr result)
{
    char metric[TEXT], target[TEXT];
    cm_xml_attribute(result, "metric", metric, sizeof metric);
    cm_xml_attribute(result, "target", target, sizeof target);
    return cm_strf("%s%s_%s", metric, cm_oeb_is_distance(s, result) ? CM_OEB_DISTANCE : "", target);
}

/* EuCanImage's benchmarks know one label, or the positive one of two classes: class 1. */
static bool is_eucanimage_target(const cm_oeb *s, const char *name)
{
    xmlNodePtr target = cm_xml_child(s->bench, "target"), second = cm_xml_next(target, "target");
    char value[32];
    if (cm_oeb_is(s->bench, "task", "segmentation")) return !second && cm_oeb_is(target, "name", name);
    for (; target; target = cm_xml_next(target, "target"))
        if (cm_oeb_is(target, "name", name))
            return cm_xml_text(cm_xml_child(target, "label-value"), value, sizeof value) &&
                   !strcmp(value, "1");
    return false;
}

/* Two classes at most, whatever targets the bench names. */
static bool fits_eucanimage(const cm_oeb *s)
{
    xmlNodePtr label = cm_xml_child(cm_xml_child(s->results, "cohort"), "label");
    int n = 0;
    for (; label; label = cm_xml_next(label, "label"))
        n++;
    return cm_oeb_is(s->bench, "task", "segmentation") || n == 2;
}

cm_str cm_oeb_metric_name(const cm_oeb *s, xmlNodePtr result)
{
    char metric[TEXT], target[TEXT];
    cm_xml_attribute(result, "metric", metric, sizeof metric);
    cm_xml_attribute(result, "target", target, sizeof target);
    bool theirs = s->eucanimage && fits_eucanimage(s) && is_eucanimage_target(s, target);
    const char *other = theirs ? cm_eucanimage_name(metric) : NULL;
    return other ? cm_strf("%s", other) : cm_oeb_own_name(s, result);
}

static bool add_assessments(cm_oeb *s)
{
    bool good = true;
    for (xmlNodePtr r = cm_xml_child(s->aggregates, "result"); r && good; r = cm_xml_next(r, "result")) {
        cm_oeb_figure f = cm_oeb_figure_of(r);
        if (!f.known) continue;
        char tool[TEXT];
        cm_xml_attribute(r, "tool", tool, sizeof tool);
        cm_str own = cm_oeb_own_name(s, r);
        json_t *metrics = json_pack("{s:s, s:f}", "metric_id", cm_oeb_metric_name(s, r).s, "value", f.value);
        if (metrics && f.has_error) json_object_set_new(metrics, "stderr", json_real(f.error));
        good = cm_oeb_append(s, json_pack("{s:s+++++, s:s, s:s, s:s, s:s, s:o}", "_id", s->community, ":",
                                          s->event, "_", s->challenge, cm_strf("_%s_%s_A", own.s, tool).s,
                                          "community_id", s->community, "challenge_id", s->challenge, "type",
                                          "assessment", "participant_id", tool, "metrics", metrics));
    }
    return good;
}

/* ---- aggregations ---- */
xmlNodePtr cm_oeb_metric_of(const cm_oeb *s, xmlNodePtr result)
{
    char id[TEXT];
    cm_xml_attribute(result, "metric", id, sizeof id);
    xmlNodePtr m = cm_xml_child(s->metrics, "metric");
    while (m && !cm_oeb_is(m, "id", id))
        m = cm_xml_next(m, "metric");
    return m;
}

static bool same_target(xmlNodePtr a, xmlNodePtr b)
{
    char target[TEXT];
    return cm_xml_attribute(a, "target", target, sizeof target) && cm_oeb_is(b, "target", target);
}

bool cm_oeb_same_pair(xmlNodePtr a, xmlNodePtr b)
{
    char metric[TEXT];
    return same_target(a, b) && cm_xml_attribute(a, "metric", metric, sizeof metric) &&
           cm_oeb_is(b, "metric", metric);
}

/* The result of the same tool for the metric and target of `other`. Results are grouped by target and metric.
 */
static xmlNodePtr partner(xmlNodePtr first_of_other, xmlNodePtr result)
{
    char tool[TEXT];
    cm_xml_attribute(result, "tool", tool, sizeof tool);
    for (xmlNodePtr r = first_of_other; r && cm_oeb_same_pair(r, first_of_other);
         r = cm_xml_next(r, "result"))
        if (cm_oeb_is(r, "tool", tool)) return r;
    return NULL;
}

const char *cm_oeb_optimization(const cm_oeb *s, xmlNodePtr result)
{
    return cm_oeb_is(cm_oeb_metric_of(s, result), "direction", "higher") ? "maximize" : "minimize";
}

json_t *cm_oeb_aggregation(const cm_oeb *s, const char *name, const char *metric, json_t *inline_data)
{
    json_t *dataset =
        json_pack("{s:s+++++, s:s, s:[s], s:s, s:{s:o}}", "_id", s->community, ":", s->event, "_",
                  s->challenge, cm_strf("_agg_%s", name).s, "community_id", s->community, "challenge_ids",
                  s->challenge, "type", "aggregation", "datalink", "inline_data", inline_data);
    if (dataset && metric) json_object_set_new(dataset, "aggregation_metric_id", json_string(metric));
    return dataset;
}

static json_t *plot(const cm_oeb *s, const char *name, const char *metric, json_t *points, json_t *look)
{
    return cm_oeb_aggregation(
        s, name, metric, json_pack("{s:o, s:o}", "challenge_participants", points, "visualization", look));
}

/* A bar plot per metric and target. OpenEBench knows "more is better" and "less is better", and takes the
 * first when told nothing. */
static bool add_bars(cm_oeb *s)
{
    xmlNodePtr next = NULL;
    bool good = true;
    for (xmlNodePtr first = cm_xml_child(s->aggregates, "result"); first && good; first = next) {
        json_t *points = json_array();
        for (next = first; next && cm_oeb_same_pair(next, first); next = cm_xml_next(next, "result")) {
            cm_oeb_figure f = cm_oeb_figure_of(next);
            char tool[TEXT];
            if (!f.known) continue;
            cm_xml_attribute(next, "tool", tool, sizeof tool);
            json_array_append_new(points,
                                  json_pack("{s:s, s:f}", "participant_id", tool, "metric_value", f.value));
        }
        if (!json_array_size(points)) {
            json_decref(points);
            continue;
        }
        cm_str id = cm_oeb_metric_name(s, first);
        json_t *look = json_pack("{s:s, s:s, s:s}", "type", "bar-plot", "metric", id.s, "optimization",
                                 cm_oeb_optimization(s, first));
        good = cm_oeb_append(s, plot(s, cm_oeb_own_name(s, first).s, id.s, points, look));
    }
    return good;
}

/* Among the metrics of a target, in the bench's order: the first that is no distance, and the first distance;
 * when there is no distance the first two. A distance is here a length. */
static void choose_axes(const cm_oeb *s, xmlNodePtr first, xmlNodePtr *x, xmlNodePtr *y)
{
    xmlNodePtr second = NULL, distance = NULL;
    *x = *y = NULL;
    for (xmlNodePtr r = first, last = NULL; r && same_target(r, first);
         last = r, r = cm_xml_next(r, "result")) {
        xmlNodePtr metric = cm_oeb_metric_of(s, r);
        if (last && cm_oeb_same_pair(last, r)) continue;
        bool is_distance = cm_oeb_is(metric, "unit", "mm") || cm_oeb_is(metric, "unit", "voxel");
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

static const char *better_corner(const cm_oeb *s, xmlNodePtr x, xmlNodePtr y)
{
    bool right = cm_oeb_is(cm_oeb_metric_of(s, x), "direction", "higher");
    bool top = cm_oeb_is(cm_oeb_metric_of(s, y), "direction", "higher");
    return top ? (right ? "top-right" : "top-left") : right ? "bottom-right" : "bottom-left";
}

static json_t *point_of(xmlNodePtr x_result, cm_oeb_figure x, cm_oeb_figure y)
{
    char tool[TEXT];
    cm_xml_attribute(x_result, "tool", tool, sizeof tool);
    json_t *point =
        json_pack("{s:s, s:f, s:f}", "participant_id", tool, "metric_x", x.value, "metric_y", y.value);
    if (point && x.has_error) json_object_set_new(point, "stderr_x", json_real(x.error));
    if (point && y.has_error) json_object_set_new(point, "stderr_y", json_real(y.error));
    return point;
}

static bool add_plane(cm_oeb *s, xmlNodePtr x, xmlNodePtr y)
{
    json_t *points = json_array();
    for (xmlNodePtr r = x; r && cm_oeb_same_pair(r, x); r = cm_xml_next(r, "result")) {
        xmlNodePtr other = partner(y, r);
        cm_oeb_figure fx = cm_oeb_figure_of(r), fy = other ? cm_oeb_figure_of(other) : (cm_oeb_figure){0};
        if (fx.known && fy.known) json_array_append_new(points, point_of(r, fx, fy));
    }
    if (!json_array_size(points)) {
        json_decref(points);
        return true;
    }
    cm_str x_id = cm_oeb_metric_name(s, x), y_id = cm_oeb_metric_name(s, y);
    json_t *look = json_pack("{s:s, s:s, s:s, s:s}", "type", "2D-plot", "x_axis", x_id.s, "y_axis", y_id.s,
                             "optimization", better_corner(s, x, y));
    cm_str name = cm_strf("%s+%s", cm_oeb_own_name(s, x).s, cm_oeb_own_name(s, y).s);
    return cm_oeb_append(s, plot(s, name.s, NULL, points, look));
}

static bool add_planes(cm_oeb *s)
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

/* No file leaves that our own check of OpenEBench's rules would refuse. */
static cm_status check(const cm_oeb *s, cm_error *err)
{
    cm_remarks remarks = {0};
    cm_status status = CM_OK;
    cm_openebench_check(s->out, &remarks);
    for (int k = 0; k < remarks.n && !status; k++)
        if (remarks.list[k].kind == CM_REMARK_BROKEN)
            status = CM_FAIL(err, CM_ERR_MISMATCH,
                             .what = "the OpenEBench datasets would break a rule of OpenEBench",
                             .where = remarks.list[k].where, .why = remarks.list[k].text,
                             .next = "Look at the names of tools and targets in bench.xml");
    cm_remarks_fini(&remarks);
    return status;
}

cm_status cm_oeb_write(const json_t *value, const char *path, cm_error *err)
{
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    if (!text) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the JSON text", .where = path);
    cm_status status = cm_file_write(path, text, (int64_t)strlen(text), err);
    free(text);
    return status;
}

bool cm_oeb_build(cm_oeb *s)
{
    return add_participants(s) && add_assessments(s) && add_bars(s) && add_planes(s) && cm_oeb_add_series(s);
}

cm_status cm_document_to_openebench(xmlDocPtr doc, const char *path, cm_error *err)
{
    cm_oeb s;
    cm_status status = CM_OK;
    if (!cm_oeb_init(&s, doc) || !cm_oeb_build(&s))
        status =
            CM_FAIL(err, CM_ERR_NOMEM, .what = "the OpenEBench datasets could not be built", .where = path);
    if (!status) status = check(&s, err);
    if (!status) status = cm_oeb_write(s.out, path, err);
    cm_oeb_fini(&s);
    return status;
}
