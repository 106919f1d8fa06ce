/* The full data model: what OpenEBench makes of the minimal datasets when it takes them in, made here at
 * once, so that it can be validated and looked at without OpenEBench's server.
 *
 * Ids of new objects begin with "cohmark:", because a submitted id must not begin with OEB; official ids of
 * challenge and tools are used as they are. */
#include "engine/report/openebench.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"
#include "engine/report/document_internal.h"
#include "engine/report/openebench_internal.h"

enum { TEXT = CM_OEB_TEXT };

typedef struct model {
    cm_oeb report; /* its out: the minimal datasets */
    json_t *all;   /* what is built */
    const char *contact;
    char created[64];
    bool failed;
} model;

/* "cohmark:" before what is ours. */
static cm_str own_id(const char *name)
{
    return cm_strf("cohmark:%s", name);
}

/* OEB, a letter, 3 digits, 7 (official) or t and 6 (temporary) of [A-Z0-9]. */
static bool is_official(const char *id, char letter)
{
    if (strlen(id) != 14 || strncmp(id, "OEB", 3) || id[3] != letter) return false;
    for (int k = 4; k < 7; k++)
        if (!isdigit((unsigned char)id[k])) return false;
    for (int k = id[7] == 't' ? 8 : 7; k < 14; k++)
        if (!isdigit((unsigned char)id[k]) && !(id[k] >= 'A' && id[k] <= 'Z')) return false;
    return true;
}

static cm_str challenge_id(const model *m)
{
    return is_official(m->report.challenge, 'X') ? cm_strf("%s", m->report.challenge)
                                                 : own_id(m->report.challenge);
}

static cm_str metric_id(const char *name)
{
    return own_id(cm_strf("metric_%s", name).s);
}

static cm_str tool_id(const model *m, const char *key)
{
    char official[TEXT];
    for (xmlNodePtr t = cm_xml_child(m->report.tools, "tool"); t; t = cm_xml_next(t, "tool"))
        if (cm_oeb_is(t, "key", key) && cm_xml_attribute(t, "openebench-id", official, sizeof official) &&
            is_official(official, 'T'))
            return cm_strf("%s", official);
    return own_id(cm_strf("tool_%s", key).s);
}

static void add(model *m, json_t *object, const char *concept)
{
    json_t *schema =
        json_string(cm_strf("https://www.elixir-europe.org/excelerate/WP2/json-schemas/1.0/%s", concept).s);
    if (!object || json_object_set_new(object, "_schema", schema) || json_array_append_new(m->all, object))
        m->failed = true;
}

static json_t *dates(const model *m)
{
    return json_pack("{s:s, s:s}", "creation", m->report.started, "modification", m->created);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

/* ---- what is compared: challenge, metrics, tools ---- */
/* Every metric and target once, in the order of the report. */
static json_t *metric_names(const model *m)
{
    json_t *names = json_array();
    xmlNodePtr next = NULL;
    for (xmlNodePtr first = cm_xml_child(m->report.aggregates, "result"); first; first = next) {
        for (next = first; next && cm_oeb_same_pair(next, first);)
            next = cm_xml_next(next, "result");
        json_array_append_new(names, json_string(cm_oeb_metric_name(&m->report, first).s));
    }
    return names;
}

static void add_challenge(model *m)
{
    char title[TEXT];
    cm_xml_attribute(m->report.bench, "title", title, sizeof title);
    json_t *names = metric_names(m), *metrics = json_array(), *name;
    size_t i;
    json_array_foreach(names, i, name) json_array_append_new(
        metrics, json_pack("{s:s}", "metrics_id", metric_id(json_string_value(name)).s));
    json_t *challenge =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:[s], s:[{s:s, s:O}, {s:s, s:o}]}", "_id",
                  challenge_id(m).s, "name", title[0] ? title : m->report.challenge, "acronym",
                  m->report.challenge, "benchmarking_event_id", m->report.event, "is_automated", 1, "dates",
                  dates(m), "challenge_contact_ids", m->contact, "metrics_categories", "category",
                  "assessment", "metrics", metrics, "category", "aggregation", "metrics", metrics);
    add(m, challenge, "Challenge");
    json_decref(names);
}

/* What of a metric that is best at zero or one OpenEBench gets. */
static cm_str distance_words(xmlNodePtr metric)
{
    const char *best = cm_oeb_is(metric, "direction", "closer-to-one") ? "1" : "0";
    return cm_oeb_is(metric, "of", "case")
               ? cm_strf("mean over the cases of |value - %s|; ", best)
               : cm_strf("|value - %s|, for macro the mean over the classes; ", best);
}

static void add_metric(model *m, xmlNodePtr result)
{
    char title[TEXT] = "", formula[4000] = "", unit[TEXT] = "", range[TEXT] = "", target[TEXT] = "";
    xmlNodePtr metric = cm_oeb_metric_of(&m->report, result);
    cm_str name = cm_oeb_metric_name(&m->report, result), what = {""};
    cm_xml_text(cm_xml_child(metric, "title"), title, sizeof title);
    cm_xml_text(cm_xml_child(metric, "formula"), formula, sizeof formula);
    cm_xml_text(cm_xml_child(metric, "range"), range, sizeof range);
    cm_xml_attribute(metric, "unit", unit, sizeof unit);
    cm_xml_attribute(result, "target", target, sizeof target);
    if (cm_oeb_is_distance(&m->report, result)) {
        what = distance_words(metric);
        strcpy(range, "0 upwards");
    }
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s++, s:[s], s:{s:s, s:s, s:s}, s:{s:s, s:s}}", "_id", metric_id(name.s).s, "title",
        name.s, "description", cm_strf("%s%.250s, of %.100s", what.s, title, target).s, "formal_definition",
        what.s, what.s[0] ? "the value: " : "", formula, "metrics_contact_ids", m->contact,
        "representation_hints", "unit", unit, "range", range, "optimization",
        cm_oeb_optimization(&m->report, result), "_metadata", "level_2:metric_id", name.s, "cohmark:metric",
        cm_oeb_own_name(&m->report, result).s);
    add(m, object, "Metrics");
}

static void add_tools(model *m)
{
    char key[TEXT], name[TEXT], version[TEXT], sha[TEXT];
    for (xmlNodePtr t = cm_xml_child(m->report.tools, "tool"); t; t = cm_xml_next(t, "tool")) {
        cm_xml_attribute(t, "key", key, sizeof key);
        cm_xml_attribute(t, "name", name, sizeof name);
        cm_xml_attribute(t, "version", version, sizeof version);
        cm_xml_attribute(t, "sha256", sha, sizeof sha);
        json_t *tool = json_pack(
            "{s:s, s:s, s:[s], s:b, s:[s], s:s, s:[{s:s}], s:{s:s, s:s, s:s}}", "_id", tool_id(m, key).s,
            "name", name[0] ? name : key, "community_ids", m->report.community, "is_automated", 1,
            "tool_contact_ids", m->contact, "status", "unknown", "tool_access", "tool_access_type", "other",
            "_metadata", "level_2:participant_id", key, "cohmark:version", version, "cohmark:sha256", sha);
        add(m, tool, "Tool");
    }
}

/* ---- datasets ---- */
/* related: array of {dataset_id, role}, taken; NULL: depends on nothing. */
static json_t *dataset(const model *m, const char *id, const char *type, const char *name,
                       const char *version, json_t *data, const char *schema_url, json_t *related)
{
    bool public = cm_oeb_is(m->report.report, "audience", "public");
    char visibility[32]; /* as the bench declares it */
    if (!cm_xml_attribute(cm_xml_child(m->report.bench, "openebench"), "visibility", visibility,
                          sizeof visibility))
        strcpy(visibility, public ? "public" : "challenge");
    json_t *object =
        json_pack("{s:s, s:[s], s:[s], s:s, s:s, s:s, s:s, s:o, s:{s:o}, s:[s]}", "_id", id, "community_ids",
                  m->report.community, "challenge_ids", challenge_id(m).s, "visibility", visibility, "name",
                  name, "version", version, "type", type, "dates", dates(m), "datalink", "inline_data", data,
                  "dataset_contact_ids", m->contact);
    if (object && schema_url)
        json_object_set_new(json_object_get(object, "datalink"), "schema_url", json_string(schema_url));
    if (object && related)
        json_object_set_new(object, "depends_on", json_pack("{s:o}", "rel_dataset_ids", related));
    if (!object) json_decref(related);
    return object;
}

static json_t *link_to(const char *id, const char *role)
{
    return json_pack("{s:s, s:s}", "dataset_id", id, "role", role);
}

/* Attributes of an element as a JSON object of texts. */
static json_t *attributes_of(xmlNodePtr node)
{
    json_t *object = json_object();
    for (xmlAttrPtr a = node ? node->properties : NULL; a; a = a->next) {
        char value[TEXT];
        if (cm_xml_attribute(node, (const char *)a->name, value, sizeof value))
            json_object_set_new(object, (const char *)a->name, json_string(value));
    }
    return object;
}

/* What is known of the cohort as a whole: its attributes, its labels with their codes, what it may be used
 * for. */
static json_t *cohort_data(xmlNodePtr cohort)
{
    static const char *const lists[] = {"label", "data-use"};
    json_t *data = attributes_of(cohort);
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        json_t *list = json_array();
        for (xmlNodePtr n = cm_xml_child(cohort, lists[k]); n; n = cm_xml_next(n, lists[k]))
            json_array_append_new(list, attributes_of(n));
        if (json_array_size(list))
            json_object_set_new(data, cm_strf("%ss", lists[k]).s, list);
        else
            json_decref(list);
    }
    return data;
}

static void add_cohort(model *m)
{
    char version[TEXT], title[TEXT];
    xmlNodePtr cohort = cm_xml_child(m->report.results, "cohort");
    cm_xml_attribute(cohort, "version", version, sizeof version);
    cm_xml_attribute(cohort, "title", title, sizeof title);
    const char *v = version[0] ? version : "unknown", *name = title[0] ? title : "cohort";
    add(m, dataset(m, own_id("cohort_images").s, "input", name, v, cohort_data(cohort), NULL, NULL),
        "Dataset");
    add(m,
        dataset(m, own_id("cohort_references").s, "metrics_reference", name, v, cohort_data(cohort), NULL,
                NULL),
        "Dataset");
}

static void add_report(model *m)
{
    char id[TEXT], version[TEXT];
    cm_xml_attribute(m->report.report, "id", id, sizeof id);
    cm_xml_attribute(m->report.report, "schemaVersion", version, sizeof version);
    add(m,
        dataset(m, own_id("report").s, "other", "report of the run", version,
                json_pack("{s:s, s:s}", "report", id, "format", "urn:cohmark:report:1"), NULL, NULL),
        "Dataset");
}

static xmlNodePtr outcome_of(const model *m, const char *key)
{
    xmlNodePtr outcome = cm_xml_child(cm_xml_child(m->report.results, "outcomes"), "outcome");
    while (outcome && !cm_oeb_is(outcome, "tool", key))
        outcome = cm_xml_next(outcome, "outcome");
    return outcome;
}

static void add_participant(model *m, const json_t *entry)
{
    const char *key = text_of(entry, "participant_id");
    char version[TEXT] = "", sha[TEXT] = "", message[TEXT];
    for (xmlNodePtr t = cm_xml_child(m->report.tools, "tool"); t; t = cm_xml_next(t, "tool")) {
        if (!cm_oeb_is(t, "key", key)) continue;
        cm_xml_attribute(t, "version", version, sizeof version);
        cm_xml_attribute(t, "sha256", sha, sizeof sha);
    }
    json_t *related = json_pack("[o]", link_to(own_id("cohort_images").s, "dependency"));
    json_t *data = json_pack("{s:s, s:s, s:s}", "participant_id", key, "tool_sha256", sha, "status",
                             text_of(json_object_get(entry, "datalink"), "status"));
    if (data && cm_xml_attribute(outcome_of(m, key), "message", message, sizeof message))
        json_object_set_new(data, "message", json_string(message));
    json_t *object =
        dataset(m, own_id(text_of(entry, "_id")).s, "participant", cm_strf("predictions of %.300s", key).s,
                version[0] ? version : "unknown", data, NULL, related);
    if (object)
        json_object_set_new(json_object_get(object, "depends_on"), "tool_id", json_string(tool_id(m, key).s));
    add(m, object, "Dataset");
}

static cm_str participant_of(const model *m, const char *key)
{
    return own_id(cm_strf("%s:%s_%s_P", m->report.community, m->report.event, key).s);
}

static void add_assessment(model *m, const json_t *entry)
{
    const char *key = text_of(entry, "participant_id");
    const json_t *metrics = json_object_get(entry, "metrics"), *error = json_object_get(metrics, "stderr");
    const char *name = text_of(metrics, "metric_id");
    json_t *data = json_pack("{s:O}", "value", json_object_get(metrics, "value"));
    if (data && error) json_object_set(data, "error", (json_t *)error);
    json_t *related = json_pack("[o, o, o]", link_to(participant_of(m, key).s, "dependency"),
                                link_to(own_id("cohort_references").s, "dependency"),
                                link_to(own_id("report").s, "report"));
    json_t *object =
        dataset(m, own_id(text_of(entry, "_id")).s, "assessment", cm_strf("%.180s of %.180s", name, key).s,
                "1", data, "https://github.com/inab/OEB_level2_data_migration/single-metric", related);
    json_t *depends = json_object_get(object, "depends_on");
    json_object_set_new(depends, "metrics_id", json_string(metric_id(name).s));
    json_object_set_new(depends, "tool_id", json_string(tool_id(m, key).s));
    add(m, object, "Dataset");
}

/* Points name tools where the minimal datasets name participants, and a missing error is 0. */
static json_t *uplifted(const model *m, const json_t *data)
{
    json_t *copy = json_deep_copy(data), *points = json_object_get(copy, "challenge_participants"), *point;
    size_t i;
    if (json_object_get(copy, "series_type")) {
        json_array_foreach(json_object_get(copy, "labels"), i, point) json_object_set_new(
            point, "dataset_orig_id", json_string(own_id(text_of(point, "dataset_orig_id")).s));
        return copy;
    }
    json_t *labels = json_array();
    json_array_foreach(points, i, point)
    {
        cm_str key = cm_strf("%s", text_of(point, "participant_id"));
        bool plane = json_object_get(point, "metric_x") != NULL;
        json_object_del(point, "participant_id");
        json_object_set_new(point, "tool_id", json_string(key.s));
        if (plane && !json_object_get(point, "stderr_x"))
            json_object_set_new(point, "stderr_x", json_real(0));
        if (plane && !json_object_get(point, "stderr_y"))
            json_object_set_new(point, "stderr_y", json_real(0));
        json_array_append_new(
            labels, json_pack("{s:s, s:s}", "label", key.s, "dataset_orig_id", participant_of(m, key.s).s));
    }
    json_object_set_new(copy, "labels", labels);
    return copy;
}

/* The assessments of the metrics a plot shows; for curves, which have none, the predictions. */
static json_t *sources_of(const model *m, const json_t *data)
{
    const json_t *look = json_object_get(data, "visualization");
    const char *shown[3] = {text_of(look, "metric"), text_of(look, "x_axis"), text_of(look, "y_axis")};
    const char *box = json_string_value(json_array_get(json_object_get(look, "available_metrics"), 0));
    json_t *related = json_array(), *entry;
    size_t i;
    for (int pass = 0; pass < 2 && !json_array_size(related); pass++)
        json_array_foreach(m->report.out, i, entry)
        {
            const char *name = text_of(json_object_get(entry, "metrics"), "metric_id");
            bool source = pass ? !strcmp(text_of(entry, "type"), "participant")
                               : name[0] && (!strcmp(name, shown[0]) || !strcmp(name, shown[1]) ||
                                             !strcmp(name, shown[2]) || (box && !strcmp(name, box)));
            if (source)
                json_array_append_new(related, link_to(own_id(text_of(entry, "_id")).s, "dependency"));
        }
    json_array_append_new(related, link_to(own_id("report").s, "report"));
    return related;
}

static void add_aggregation(model *m, const json_t *entry)
{
    const json_t *data = json_object_get(json_object_get(entry, "datalink"), "inline_data");
    const char *type = text_of(json_object_get(data, "visualization"), "type");
    const char *kind = json_object_get(data, "series_type") ? "aggregation-data-series"
                       : !strcmp(type, "2D-plot")           ? "aggregation-2d-plot"
                                                            : "aggregation-bar-plot";
    const char *name = strstr(text_of(entry, "_id"), "_agg_");
    add(m,
        dataset(m, own_id(text_of(entry, "_id")).s, "aggregation", name ? name + 5 : kind, "1",
                uplifted(m, data), cm_strf("https://github.com/inab/OEB_level2_data_migration/%s", kind).s,
                sources_of(m, data)),
        "Dataset");
}

/* ---- what was done ---- */
/* The objects of the report's <execution> that say how. */
static json_t *how_it_ran(const model *m)
{
    xmlNodePtr execution = cm_xml_child(m->report.report, "execution");
    json_t *launches = json_array();
    for (xmlNodePtr l = cm_xml_child(execution, "launch"); l; l = cm_xml_next(l, "launch"))
        json_array_append_new(launches, attributes_of(l));
    return json_pack("{s:o, s:o, s:o}", "engine", attributes_of(cm_xml_child(m->report.results, "engine")),
                     "execution", attributes_of(execution), "launches", launches);
}

static void add_action(model *m, const char *type, const json_t *entry, const char *tool, json_t *incoming,
                       bool failed)
{
    const char *id = text_of(entry, "_id");
    json_t *involved = json_array(), *item, *metadata = how_it_ran(m);
    size_t i;
    json_array_foreach(incoming, i, item) json_array_append_new(
        involved, json_pack("{s:s, s:s}", "dataset_id", text_of(item, "dataset_id"), "role", "incoming"));
    json_array_append_new(involved, json_pack("{s:s, s:s}", "dataset_id", own_id(id).s, "role", "outgoing"));
    json_t *action = json_pack("{s:s, s:s, s:o, s:s, s:[s], s:s, s:{s:s}, s:o}", "_id",
                               own_id(cm_strf("%s_%s", id, type).s).s, "action_type", type,
                               "involved_datasets", involved, "challenge_id", challenge_id(m).s,
                               "test_contact_ids", m->contact, "status", failed ? "failed" : "complete",
                               "dates", "creation", m->report.started, "metadata", metadata);
    if (action && tool) json_object_set_new(action, "tool_id", json_string(tool));
    add(m, action, "TestAction");
    json_decref(incoming);
}

static void add_entry(model *m, const json_t *entry)
{
    const char *type = text_of(entry, "type"), *key = text_of(entry, "participant_id");
    if (!strcmp(type, "participant")) {
        add_participant(m, entry);
        bool ok = !strcmp(text_of(json_object_get(entry, "datalink"), "status"), "ok");
        add_action(m, "TestEvent", entry, tool_id(m, key).s,
                   json_pack("[o]", link_to(own_id("cohort_images").s, "dependency")), !ok);
    } else if (!strcmp(type, "assessment")) {
        add_assessment(m, entry);
        add_action(m, "MetricsEvent", entry, tool_id(m, key).s,
                   json_pack("[o, o]", link_to(participant_of(m, key).s, "dependency"),
                             link_to(own_id("cohort_references").s, "dependency")),
                   false);
    } else if (!strcmp(type, "aggregation")) {
        json_t *sources = sources_of(m, json_object_get(json_object_get(entry, "datalink"), "inline_data"));
        json_array_remove(sources, json_array_size(sources) - 1); /* the report itself is no source */
        add_aggregation(m, entry);
        add_action(m, "AggregationEvent", entry, NULL, sources, false);
    }
}

/* Ids are unique, and what is named is there. */
static cm_status check(const model *m, cm_error *err)
{
    json_t *ids = json_object(), *object, *item;
    size_t i, k;
    cm_status status = CM_OK;
    json_array_foreach(m->all, i, object)
    {
        const char *id = text_of(object, "_id");
        if (json_object_get(ids, id) && !status)
            status =
                CM_FAIL(err, CM_ERR_MISMATCH, .what = "two objects for OpenEBench would have the same id",
                        .where = id, .next = "Give the tools of the bench different OpenEBench ids");
        json_object_set_new(ids, id, json_true());
    }
    json_array_foreach(m->all, i, object)
    {
        json_t *named = json_object_get(json_object_get(object, "depends_on"), "rel_dataset_ids");
        if (!named) named = json_object_get(object, "involved_datasets");
        json_array_foreach(named, k, item) if (!json_object_get(ids, text_of(item, "dataset_id")) && !status)
            status = CM_FAIL(err, CM_ERR_MISMATCH,
                             .what = "an object for OpenEBench names a dataset that is not there",
                             .where = text_of(item, "dataset_id"));
    }
    json_decref(ids);
    return status;
}

static cm_status build(model *m, xmlDocPtr doc, cm_error *err)
{
    json_t *entry;
    size_t i;
    if (!cm_oeb_init(&m->report, doc) || !m->all || !cm_oeb_build(&m->report)) m->failed = true;
    if (!m->failed) {
        xmlNodePtr next = NULL;
        cm_xml_attribute(m->report.report, "created", m->created, sizeof m->created);
        add_challenge(m);
        for (xmlNodePtr first = cm_xml_child(m->report.aggregates, "result"); first; first = next) {
            add_metric(m, first);
            for (next = first; next && cm_oeb_same_pair(next, first);)
                next = cm_xml_next(next, "result");
        }
        add_tools(m);
        add_cohort(m);
        add_report(m);
        json_array_foreach(m->report.out, i, entry) add_entry(m, entry);
    }
    if (m->failed) return CM_FAIL(err, CM_ERR_NOMEM, .what = "OpenEBench's data model could not be built");
    return check(m, err);
}

cm_status cm_openebench_full_write(const char *report_path, const char *contact, const char *path,
                                   cm_error *err)
{
    model m = {.all = json_array(), .contact = contact ? contact : "unregistered"};
    xmlDocPtr doc = NULL;
    cm_status status = cm_document_validate(report_path, err);
    if (!status) status = cm_document_read(report_path, &doc, err);
    if (!status) status = build(&m, doc, err);
    if (!status) status = cm_oeb_write(m.all, path, err);
    cm_oeb_fini(&m.report);
    json_decref(m.all);
    xmlFreeDoc(doc);
    return status;
}
