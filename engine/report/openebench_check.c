/* One rule after the other. The shape of each kind of object is a row of tables: which keys it may have,
 * which it must have, and what they hold; the rest is keys that must be unique or must lead somewhere. */
#include "engine/report/openebench_check.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/openebench_names.h"

/* ---- text ---- */
/* The parser stops behind the sign of "-Infinity". */
static bool is_infinity(const char *text, int64_t bytes, int position)
{
    static const char word[] = "Infinity";
    int64_t length = (int64_t)sizeof word - 1;
    for (int64_t at = position > 1 ? position - 1 : 0; at <= position + 1 && at + length <= bytes; at++)
        if (!memcmp(text + at, word, (size_t)length)) return true;
    return false;
}

cm_status cm_openebench_parse(const char *text, int64_t bytes, const char *name, json_t **out, cm_error *err)
{
    json_error_t e = {0};
    if (bytes > CM_OPENEBENCH_BYTES)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the JSON text is too large", .where = name);
    *out = json_loadb(text, (size_t)bytes, JSON_REJECT_DUPLICATES, &e);
    if (*out) return CM_OK;
    bool number = strstr(e.text, "NaN") || strstr(e.text, "Infinity") || is_infinity(text, bytes, e.position);
    return CM_FAIL(err, CM_ERR_FORMAT,
                   .what = number ? "a number is NaN or infinite: JSON has no such number, and an undefined "
                                    "result is left out of the datasets"
                                  : "the text is not JSON",
                   .where = cm_strf("%s:%d", name, e.line).s, .why = e.text);
}

/* ---- shapes ---- */
typedef enum holds { TEXT, NUMBER, FLAG, OBJECT, LIST, TEXT_OR_LIST } holds;
typedef struct key {
    const char *name;
    bool required;
    holds holds;
} key;

typedef struct checker {
    const json_t *file;
    cm_remarks *f;
    json_t *participants, *challenges, *seen; /* sets: objects with true as values */
    json_t *assessed;                         /* "participant metric" -> value */
    int64_t strangers, unnamed_challenges, datasets;
    char where[160];
} checker;

static void broken(checker *c, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void broken(checker *c, const char *topic, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cm_remarks_add(c->f, CM_REMARK_BROKEN, topic, c->where, "%s", text);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool is_held(const json_t *value, holds h)
{
    switch (h) {
    case TEXT:
        return json_is_string(value) && json_string_length(value) > 0;
    case NUMBER:
        return json_is_number(value);
    case FLAG:
        return json_is_boolean(value);
    case OBJECT:
        return json_is_object(value);
    case LIST:
        return json_is_array(value);
    case TEXT_OR_LIST:
        return json_is_array(value) || (json_is_string(value) && json_string_length(value) > 0);
    }
    return false;
}

/* No key but these, every required one, each with its kind of value. */
static bool check_shape(checker *c, const json_t *object, const char *what, const key *keys, int n)
{
    static const char *const names[] = {
        "a text that is not empty", "a number", "true or false", "an object", "a list", "a text or a list"};
    int64_t before = c->f->count[CM_REMARK_BROKEN];
    if (!json_is_object(object)) {
        broken(c, "schema", "%s is not an object", what);
        return false;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        int k = 0;
        while (k < n && strcmp(keys[k].name, name))
            k++;
        if (k == n)
            broken(c, "schema", "%s has a key \"%.60s\", which OpenEBench does not know", what, name);
        else if (!is_held(value, keys[k].holds))
            broken(c, "schema", "\"%s\" of %s is not %s", keys[k].name, what, names[keys[k].holds]);
    }
    for (int k = 0; k < n; k++)
        if (keys[k].required && !json_object_get(object, keys[k].name))
            broken(c, "schema", "%s lacks \"%s\"", what, keys[k].name);
    return c->f->count[CM_REMARK_BROKEN] == before;
}
#define SHAPE(object, what, keys)                                                                            \
    check_shape(c, (object), (what), (keys), (int)(sizeof(keys) / sizeof *(keys)))

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text))
        words++;
    return *words != NULL;
}

/* Texts that are not empty, at least one; unique: none twice. */
static void check_texts(checker *c, const json_t *list, const char *what, bool unique)
{
    json_t *item, *seen = json_object();
    size_t i;
    if (!json_array_size(list)) broken(c, "schema", "%s is empty", what);
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);
        if (!text || !text[0])
            broken(c, "schema", "%s holds something that is not a text", what);
        else if (unique && json_object_get(seen, text))
            broken(c, "unique", "%s holds \"%.80s\" twice", what, text);
        if (text) json_object_set_new(seen, text, json_true());
    }
    json_decref(seen);
}

static bool digits(const char **p, int n)
{
    for (; n > 0; n--, (*p)++)
        if (!isdigit((unsigned char)**p)) return false;
    return true;
}

/* RFC 3339, section 5.6: a date, a time, and an offset or Z. */
static bool is_time(const char *p)
{
    if (!digits(&p, 4) || *p++ != '-' || !digits(&p, 2) || *p++ != '-' || !digits(&p, 2)) return false;
    if (*p != 'T' && *p != 't' && *p != ' ') return false;
    p++;
    if (!digits(&p, 2) || *p++ != ':' || !digits(&p, 2) || *p++ != ':' || !digits(&p, 2)) return false;
    if (*p == '.' && !isdigit((unsigned char)*++p)) return false;
    while (isdigit((unsigned char)*p))
        p++;
    if (*p == 'Z' || *p == 'z') return !p[1];
    if (*p != '+' && *p != '-') return false;
    p++;
    return digits(&p, 2) && *p++ == ':' && digits(&p, 2) && !*p;
}

/* ---- entries ---- */
static void remember_once(checker *c, const char *kind, const char *id, const char *rule)
{
    cm_str name = cm_strf("%s %s", kind, id);
    if (json_object_get(c->seen, name.s)) broken(c, "unique", "%s: \"%.200s\" is there twice", rule, id);
    json_object_set_new(c->seen, name.s, json_true());
}

static void need_challenge(checker *c, const char *challenge)
{
    if (!json_object_size(c->challenges))
        c->unnamed_challenges++;
    else if (challenge && !json_object_get(c->challenges, challenge))
        broken(c, "foreign-key", "challenge \"%.100s\" has no manifest entry in this file", challenge);
}

static void check_participant(checker *c, const json_t *entry)
{
    static const key keys[] = {
        {"_id", true, TEXT},  {"community_id", true, TEXT},   {"challenge_id", true, TEXT_OR_LIST},
        {"type", true, TEXT}, {"participant_id", true, TEXT}, {"datalink", true, OBJECT}};
    static const key of_link[] = {{"validation_date", true, TEXT},
                                  {"status", true, TEXT},
                                  {"uri", false, TEXT},
                                  {"attrs", false, LIST}};
    static const char *const states[] = {"unreachable", "missing", "interrupted", "corrupted", "ok", NULL};
    static const char *const attributes[] = {"inline",   "curie", "compressed", "archive",
                                             "metalink", "sums",  NULL};
    if (!SHAPE(entry, "a participant", keys)) return;
    const json_t *link = json_object_get(entry, "datalink"),
                 *challenge = json_object_get(entry, "challenge_id");
    remember_once(c, "participant", text_of(entry, "_id"), "_id");
    json_t *item;
    size_t i;
    if (json_is_array(challenge)) {
        check_texts(c, challenge, "challenge_id", false);
        json_array_foreach(challenge, i, item) need_challenge(c, json_string_value(item));
    } else {
        need_challenge(c, json_string_value(challenge));
    }
    if (!SHAPE(link, "the datalink of a participant", of_link)) return;
    if (!is_one_of(text_of(link, "status"), states))
        broken(c, "schema", "status \"%.40s\" is none of unreachable, missing, interrupted, corrupted, ok",
               text_of(link, "status"));
    if (!is_time(text_of(link, "validation_date")))
        broken(c, "schema", "validation_date \"%.60s\" is not a time with an offset (RFC 3339)",
               text_of(link, "validation_date"));
    const json_t *attrs = json_object_get(link, "attrs");
    if (attrs) check_texts(c, attrs, "attrs", true);
    json_array_foreach(attrs, i,
                       item) if (json_is_string(item) && !is_one_of(json_string_value(item), attributes))
        broken(c, "schema", "attrs holds \"%.40s\"", json_string_value(item));
}

/* Numbers, or objects of a value v and an error e; not both kinds in one list. */
static void check_values(checker *c, const json_t *values)
{
    static const key keys[] = {{"v", true, NUMBER}, {"e", false, NUMBER}};
    json_t *item;
    size_t i, numbers = 0;
    if (!json_array_size(values)) broken(c, "schema", "\"values\" is empty");
    json_array_foreach(values, i, item)
    {
        numbers += json_is_number(item);
        if (!json_is_number(item)) SHAPE(item, "an item of \"values\"", keys);
    }
    if (numbers && numbers < json_array_size(values))
        broken(c, "schema", "\"values\" mixes numbers and objects");
}

static void check_error(checker *c, const json_t *object, const char *name)
{
    if (json_number_value(json_object_get(object, name)) < 0)
        broken(c, "values", "\"%s\" is negative: a standard error is not", name);
}

static void check_assessment(checker *c, const json_t *entry)
{
    static const key keys[] = {
        {"_id", true, TEXT},  {"community_id", true, TEXT},   {"challenge_id", true, TEXT},
        {"type", true, TEXT}, {"participant_id", true, TEXT}, {"metrics", false, OBJECT}};
    static const key one[] = {{"metric_id", true, TEXT}, {"value", true, NUMBER}, {"stderr", false, NUMBER}};
    static const key many[] = {{"metric_id", true, TEXT}, {"values", true, LIST}};
    if (!SHAPE(entry, "an assessment", keys)) return;
    const json_t *metrics = json_object_get(entry, "metrics"), *values = json_object_get(metrics, "values");
    const char *participant = text_of(entry, "participant_id"), *metric = text_of(metrics, "metric_id");
    remember_once(c, "assessment", text_of(entry, "_id"), "_id");
    remember_once(c, "result",
                  cm_strf("%.90s, %.90s, %.90s, %.90s", text_of(entry, "challenge_id"),
                          text_of(entry, "community_id"), participant, metric)
                      .s,
                  "challenge, community, participant and metric");
    if (!json_object_get(c->participants, participant))
        broken(c, "foreign-key", "participant \"%.100s\" is assessed but is no participant of this file",
               participant);
    if (!metrics) return;
    bool good = values ? SHAPE(metrics, "metrics", many) : SHAPE(metrics, "metrics", one);
    if (!good) return;
    if (values) check_values(c, values);
    check_error(c, metrics, "stderr");
    if (!values)
        json_object_set(c->assessed, cm_strf("%s %s", participant, metric).s,
                        json_object_get(metrics, "value"));
}

/* ---- plots ---- */
/* A name of ours has one definition, and a plot against it is broken. What others mean by their names is
 * theirs to say: they are warned. */
static cm_remark_kind weight_of(cm_name_owner owner)
{
    return owner == CM_NAME_OURS ? CM_REMARK_BROKEN : CM_REMARK_WARNING;
}

/* OpenEBench takes "more is better" when it is told nothing. */
static void check_direction(checker *c, const char *metric, bool said, bool higher)
{
    cm_direction d = CM_HIGHER_IS_BETTER;
    cm_name_owner owner = cm_openebench_direction(metric, &d);
    bool lower_is_better = owner && d == CM_LOWER_IS_BETTER;
    if (!said) {
        cm_remarks_add(c->f, lower_is_better ? weight_of(owner) : CM_REMARK_WARNING, "direction", c->where,
                       "no optimization is given for %.80s, so OpenEBench takes \"more is better\"%s", metric,
                       lower_is_better ? ": the worst tool would be shown as the best" : "");
    } else if (owner && cm_direction_has_target(d)) {
        cm_remarks_add(c->f, weight_of(owner), "direction", c->where,
                       "%.80s is best at a value: neither direction of a plot is true", metric);
    } else if (owner && lower_is_better == higher) {
        cm_remarks_add(c->f, weight_of(owner), "direction", c->where,
                       lower_is_better ? "of %.80s less is better, the plot says more"
                                       : "of %.80s more is better, the plot says less",
                       metric);
    }
}

static void check_point(checker *c, const json_t *point, const char *metric, const char *name)
{
    cm_direction d;
    const char *participant = text_of(point, "participant_id");
    const json_t *drawn = json_object_get(point, name);
    const json_t *assessed = json_object_get(c->assessed, cm_strf("%s %s", participant, metric).s);
    if (assessed && drawn && json_number_value(assessed) != json_number_value(drawn))
        cm_remarks_add(c->f, weight_of(cm_openebench_direction(metric, &d)), "values", c->where,
                       "the plot gives %.80s another value of %.80s than its assessment", participant,
                       metric);
}

static void check_points(checker *c, const json_t *points, bool plane, const json_t *look)
{
    static const key of_plane[] = {{"participant_id", true, TEXT},
                                   {"metric_x", true, NUMBER},
                                   {"metric_y", true, NUMBER},
                                   {"stderr_x", false, NUMBER},
                                   {"stderr_y", false, NUMBER}};
    /* The schema lets the rows of a bar plot have more keys, "stderr" being the one that is seen. */
    static const key of_bar[] = {
        {"participant_id", true, TEXT}, {"metric_value", true, NUMBER}, {"stderr", false, NUMBER}};
    json_t *point, *seen = json_object();
    size_t i;
    json_array_foreach(points, i, point)
    {
        bool good = plane ? SHAPE(point, "a point", of_plane) : SHAPE(point, "a bar", of_bar);
        if (!good) continue;
        const char *participant = text_of(point, "participant_id");
        c->strangers += !json_object_get(c->participants, participant);
        if (json_object_get(seen, participant))
            broken(c, "unique", "participant \"%.100s\" is drawn twice", participant);
        json_object_set_new(seen, participant, json_true());
        check_error(c, point, "stderr_x");
        check_error(c, point, "stderr_y");
        check_error(c, point, "stderr");
        check_point(c, point, text_of(look, plane ? "x_axis" : "metric"),
                    plane ? "metric_x" : "metric_value");
        if (plane) check_point(c, point, text_of(look, "y_axis"), "metric_y");
    }
    json_decref(seen);
}

static void check_plot(checker *c, const json_t *data, const json_t *look)
{
    static const key of_data[] = {{"challenge_participants", true, LIST}, {"visualization", true, OBJECT}};
    static const key of_plane[] = {
        {"type", true, TEXT}, {"x_axis", true, TEXT}, {"y_axis", true, TEXT}, {"optimization", false, TEXT}};
    static const key of_bar[] = {{"type", true, TEXT}, {"metric", true, TEXT}, {"optimization", false, TEXT}};
    static const char *const corners[] = {"top-left", "top-right", "bottom-left", "bottom-right", NULL};
    static const char *const sides[] = {"left", "right", "minimize", "maximize", NULL};
    bool plane = !strcmp(text_of(look, "type"), "2D-plot");
    if (!SHAPE(data, "inline_data", of_data)) return;
    bool good = plane ? SHAPE(look, "the visualization of a 2D-plot", of_plane)
                      : SHAPE(look, "the visualization of a bar-plot", of_bar);
    if (!good) return;
    const char *best = text_of(look, "optimization");
    if (best[0] && !is_one_of(best, plane ? corners : sides)) {
        broken(c, "schema", "optimization \"%.40s\" is none of %s", best,
               plane ? "top-left, top-right, bottom-left, bottom-right" : "left, right, minimize, maximize");
        return;
    }
    if (plane) {
        check_direction(c, text_of(look, "x_axis"), best[0], strstr(best, "right") != NULL);
        check_direction(c, text_of(look, "y_axis"), best[0], strstr(best, "top") != NULL);
    } else {
        check_direction(c, text_of(look, "metric"), best[0],
                        !strcmp(best, "maximize") || !strcmp(best, "right"));
    }
    check_points(c, json_object_get(data, "challenge_participants"), plane, look);
}

/* ---- series ---- */
static bool lists(const json_t *list, const char *text)
{
    json_t *item;
    size_t i;
    json_array_foreach(list, i,
                       item) if (json_is_string(item) && !strcmp(json_string_value(item), text)) return true;
    return false;
}

static bool has_axis(const json_t *clues, const char *axis)
{
    json_t *clue;
    size_t i;
    json_array_foreach(clues, i, clue) if (!strcmp(text_of(clue, "axis"), axis)) return true;
    return false;
}

static void check_representation(checker *c, const json_t *shown, const json_t *available)
{
    static const key keys[] = {{"type", true, TEXT},
                               {"metrics_series", true, LIST},
                               {"axes_clues", false, LIST},
                               {"type_group_id", false, TEXT}};
    static const key of_series[] = {{"metric_id", true, TEXT},
                                    {"optimization", false, TEXT},
                                    {"axis", false, TEXT},
                                    {"title", false, TEXT}};
    static const key of_clue[] = {{"axis", true, TEXT}, {"title", false, TEXT}, {"scale", false, TEXT}};
    static const char *const types[] = {"2D-plot", "box-plot", "bar-plot", "line-plot", "radar-plot", NULL};
    static const char *const axes[] = {"x", "y", "x2", "y2", NULL};
    json_t *item;
    size_t i;
    if (!SHAPE(shown, "a representation", keys)) return;
    if (!is_one_of(text_of(shown, "type"), types))
        broken(c, "schema", "a representation of type \"%.40s\" is not known", text_of(shown, "type"));
    const json_t *clues = json_object_get(shown, "axes_clues");
    json_array_foreach(clues, i, item) SHAPE(item, "a clue of an axis", of_clue);
    json_array_foreach(json_object_get(shown, "metrics_series"), i, item)
    {
        if (!SHAPE(item, "a series of a representation", of_series)) continue;
        const char *metric = text_of(item, "metric_id"), *axis = text_of(item, "axis");
        const char *best = text_of(item, "optimization");
        if (!lists(available, metric))
            broken(c, "foreign-key", "metric \"%.80s\" is drawn but not among available_metrics", metric);
        if (axis[0] && !is_one_of(axis, axes)) broken(c, "schema", "there is no axis \"%.20s\"", axis);
        if (axis[0] && clues && !has_axis(clues, axis))
            broken(c, "foreign-key", "axis \"%.20s\" is used but has no clue", axis);
        if (best[0] && strcmp(best, "minimize") && strcmp(best, "maximize"))
            broken(c, "schema", "optimization \"%.40s\" is neither minimize nor maximize", best);
        else if (strcmp(text_of(shown, "type"), "line-plot"))
            check_direction(c, metric, best[0], !strcmp(best, "maximize"));
    }
}

static void check_series(checker *c, const json_t *data, const json_t *look)
{
    static const key of_data[] = {{"series_type", true, TEXT},
                                  {"challenge_participants", true, LIST},
                                  {"visualization", true, OBJECT},
                                  {"labels", false, LIST}};
    static const key of_series[] = {
        {"label", true, TEXT}, {"metric_id", true, TEXT}, {"values", true, LIST}, {"hide", false, FLAG}};
    static const key of_labels[] = {{"label", true, TEXT}, {"dataset_orig_id", true, TEXT}};
    json_t *item;
    size_t i;
    if (!SHAPE(data, "inline_data", of_data)) return;
    const json_t *labels = json_object_get(data, "labels");
    if (labels && !json_array_size(labels)) broken(c, "schema", "\"labels\" of a series is empty");
    json_array_foreach(labels, i, item) SHAPE(item, "a label of a series", of_labels);
    if (strcmp(text_of(data, "series_type"), "aggregation-data-series"))
        broken(c, "schema", "series_type \"%.60s\" is not aggregation-data-series",
               text_of(data, "series_type"));
    const json_t *available = json_object_get(look, "available_metrics");
    if (!json_is_array(available)) {
        broken(c, "schema", "the visualization of a series lacks \"available_metrics\"");
        return;
    }
    check_texts(c, available, "available_metrics", true);
    json_array_foreach(json_object_get(data, "challenge_participants"), i, item)
    {
        if (!SHAPE(item, "a series", of_series)) continue;
        c->strangers += !json_object_get(c->participants, text_of(item, "label"));
        if (!lists(available, text_of(item, "metric_id")))
            broken(c, "foreign-key", "metric \"%.80s\" of a series is not among available_metrics",
                   text_of(item, "metric_id"));
        check_values(c, json_object_get(item, "values"));
    }
    const json_t *shown = json_object_get(look, "representations");
    if (!shown && !json_object_get(look, "type"))
        broken(c, "schema", "the visualization of a series has neither \"representations\" nor \"type\"");
    json_array_foreach(shown, i, item) check_representation(c, item, available);
}

static void check_aggregation(checker *c, const json_t *entry)
{
    static const key keys[] = {{"_id", true, TEXT},           {"challenge_ids", true, LIST},
                               {"type", true, TEXT},          {"datalink", true, OBJECT},
                               {"community_id", false, TEXT}, {"aggregation_metric_id", false, TEXT}};
    static const key of_link[] = {{"inline_data", false, OBJECT}};
    if (!SHAPE(entry, "an aggregation", keys)) return;
    const json_t *link = json_object_get(entry, "datalink"), *data = json_object_get(link, "inline_data");
    const json_t *look = json_object_get(data, "visualization"),
                 *challenges = json_object_get(entry, "challenge_ids");
    json_t *item;
    size_t i;
    remember_once(
        c, "aggregation",
        cm_strf("%.200s %.80s %.80s", text_of(entry, "_id"), text_of(look, "x_axis"), text_of(look, "y_axis"))
            .s,
        "_id, x axis and y axis");
    check_texts(c, challenges, "challenge_ids", false);
    json_array_foreach(challenges, i, item) need_challenge(c, json_string_value(item));
    if (!SHAPE(link, "the datalink of an aggregation", of_link) || !data) return;
    if (json_object_get(data, "series_type"))
        check_series(c, data, look);
    else if (!strcmp(text_of(look, "type"), "2D-plot") || !strcmp(text_of(look, "type"), "bar-plot"))
        check_plot(c, data, look);
    else
        broken(c, "schema",
               "an aggregation is neither a 2D-plot, a bar-plot nor a data series, but \"%.40s\"",
               text_of(look, "type"));
}

static void check_manifest(checker *c, const json_t *entry)
{
    static const key keys[] = {{"id", true, TEXT}, {"participants", true, LIST}};
    if (!SHAPE(entry, "a manifest", keys)) return;
    remember_once(c, "manifest", text_of(entry, "id"), "id");
    check_texts(c, json_object_get(entry, "participants"), "participants of a manifest", true);
}

/* ---- the file ---- */
static void collect_names(checker *c)
{
    json_t *entry;
    size_t i;
    json_array_foreach(c->file, i, entry)
    {
        const char *id = text_of(entry, "id"), *participant = text_of(entry, "participant_id");
        if (!strcmp(text_of(entry, "type"), "participant") && participant[0])
            json_object_set_new(c->participants, participant, json_true());
        if (!json_object_get(entry, "_id") && id[0]) json_object_set_new(c->challenges, id, json_true());
    }
}

static void check_entry(checker *c, const json_t *entry, size_t i)
{
    const char *type = text_of(entry, "type"), *id = text_of(entry, "_id");
    snprintf(c->where, sizeof c->where, "entry %zu%s%.120s", i + 1, id[0] ? ", " : "", id);
    if (i == 0 && strcmp(type, "participant")) broken(c, "schema", "the first entry is not a participant");
    if (!json_is_object(entry))
        broken(c, "schema", "the entry is not an object");
    else if (!json_object_get(entry, "_id"))
        check_manifest(c, entry);
    else if (!strcmp(type, "participant"))
        check_participant(c, entry);
    else if (!strcmp(type, "assessment"))
        check_assessment(c, entry);
    else if (!strcmp(type, "aggregation"))
        check_aggregation(c, entry);
    else
        broken(c, "schema", "type \"%.40s\" is none of participant, assessment, aggregation", type);
}

static void say_notes(checker *c)
{
    if (c->unnamed_challenges)
        cm_remarks_add(c->f, CM_REMARK_UNCHECKED, "foreign-key", "",
                       "challenges: the file has no manifest entry that would name them");
    if (c->strangers)
        cm_remarks_add(
            c->f, CM_REMARK_UNCHECKED, "foreign-key", "",
            "%lld drawn points are of participants that are not in this file; OpenEBench must know them "
            "from earlier submissions",
            (long long)c->strangers);
}

void cm_openebench_check(const json_t *file, cm_remarks *f)
{
    checker c = {.file = file, .f = f, .participants = json_object(), .challenges = json_object()};
    c.seen = json_object();
    c.assessed = json_object();
    int64_t before = f->count[CM_REMARK_BROKEN];
    json_t *entry;
    size_t i;
    if (!json_is_array(file)) {
        broken(&c, "schema", "the file is not one array of datasets");
    } else {
        if (!json_array_size(file)) broken(&c, "schema", "the array of datasets is empty");
        collect_names(&c);
        json_array_foreach(file, i, entry) check_entry(&c, entry, i);
        say_notes(&c);
    }
    if (f->count[CM_REMARK_BROKEN] == before)
        cm_remarks_add(f, CM_REMARK_HOLDS, "schema", "",
                       "%zu datasets: shapes, unique keys, foreign keys, directions and values hold",
                       json_array_size(file));
    json_decref(c.participants);
    json_decref(c.challenges);
    json_decref(c.seen);
    json_decref(c.assessed);
}
