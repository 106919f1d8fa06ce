/* The cases of two reports, read side by side as streams. First the ids of both, then, case by case, what is
 * in both. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/case_stream.h"
#include "engine/report/diff_internal.h"

typedef char case_id[65];

typedef struct id_list {
    case_id *id; /* sorted */
    int64_t n, capacity;
} id_list;

/* What differs over all cases that both reports have. */
typedef struct totals {
    double tolerance;
    int64_t cases, states, predictions, values, undefined, cases_with_values;
    double largest; /* relative */
    char where[256];
    double was, now;
    bool other_order;
} totals;

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

static cm_status read_ids(const char *path, id_list *out, cm_error *err)
{
    cm_case_stream *stream = NULL;
    xmlNodePtr node = NULL;
    cm_status status = cm_case_stream_open(path, &stream, err);
    while (!status) {
        status = cm_case_stream_next(stream, &node, err);
        if (status || !node) break;
        if (out->n == out->capacity) {
            int64_t capacity = out->capacity ? 2 * out->capacity : 1024;
            case_id *more = realloc(out->id, (size_t)capacity * sizeof *more);
            if (!more) {
                status =
                    CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the ids of the cases", .where = path);
                break;
            }
            out->id = more;
            out->capacity = capacity;
        }
        cm_xml_attribute(node, "id", out->id[out->n++], sizeof *out->id);
    }
    cm_case_stream_close(stream);
    if (!status && out->n) qsort(out->id, (size_t)out->n, sizeof *out->id, by_id);
    return status;
}

static bool has_id(const id_list *list, const char *id)
{
    return list->n && bsearch(id, list->id, (size_t)list->n, sizeof *list->id, by_id);
}

/* How many ids of one list are not in the other, and the first few by name. */
static void say_missing(const id_list *from, const id_list *in, const char *what, cm_remarks *f)
{
    char names[200] = "";
    int64_t n = 0;
    for (int64_t k = 0; k < from->n; k++) {
        if (has_id(in, from->id[k])) continue;
        size_t used = strlen(names);
        if (n < 3) snprintf(names + used, sizeof names - used, "%s%s", n ? ", " : "", from->id[k]);
        n++;
    }
    if (n)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", "", "%lld %s: %s%s", (long long)n, what, names,
                       n > 3 ? " ..." : "");
}

/* ---- one case in both ---- */
static bool has_attribute(xmlNodePtr node, const char *name, const char *wanted)
{
    char text[160];
    cm_xml_attribute(node, name, text, sizeof text);
    return !strcmp(text, wanted);
}

static bool is_value_of(xmlNodePtr v, const char *metric, const char *target)
{
    return has_attribute(v, "metric", metric) && has_attribute(v, "target", target);
}

/* likely: where it stands when both reports have the same order; NULL: none. */
static xmlNodePtr value_like(xmlNodePtr item, xmlNodePtr likely, const char *metric, const char *target)
{
    if (likely && is_value_of(likely, metric, target)) return likely;
    for (xmlNodePtr v = cm_xml_child(item, NULL); v; v = cm_xml_next(v, NULL))
        if (is_value_of(v, metric, target)) return v;
    return NULL;
}

static xmlNodePtr item_of(xmlNodePtr of_case, xmlNodePtr likely, const char *tool)
{
    if (likely && has_attribute(likely, "tool", tool)) return likely;
    for (xmlNodePtr y = cm_xml_child(of_case, "item"); y; y = cm_xml_next(y, "item"))
        if (has_attribute(y, "tool", tool)) return y;
    return NULL;
}

static double number_of(xmlNodePtr value)
{
    char text[64];
    cm_xml_text(value, text, sizeof text);
    return strtod(text, NULL);
}

static void note(totals *t, double was, double now, const char *metric, const char *target, const char *tool,
                 const char *id)
{
    double size = fmax(fabs(was), fabs(now)), relative = size > 0 ? fabs(was - now) / size : 0;
    t->values++;
    if (relative <= t->largest) return;
    t->largest = relative;
    t->was = was;
    t->now = now;
    snprintf(t->where, sizeof t->where, "%.40s%s%.40s, %.40s, %.32s", metric, target[0] ? " of " : "", target,
             tool, id);
}

static void compare_values(totals *t, xmlNodePtr a, xmlNodePtr b, const char *tool, const char *id)
{
    xmlNodePtr likely = cm_xml_child(b, NULL);
    for (xmlNodePtr v = cm_xml_child(a, NULL); v; v = cm_xml_next(v, NULL)) {
        char metric[80], target[80];
        cm_xml_attribute(v, "metric", metric, sizeof metric);
        cm_xml_attribute(v, "target", target, sizeof target);
        xmlNodePtr w = value_like(b, likely, metric, target);
        if (!w) continue;
        likely = cm_xml_next(w, NULL);
        if (strcmp((const char *)v->name, (const char *)w->name)) {
            t->undefined++;
        } else if (!strcmp((const char *)v->name, "value")) {
            double was = number_of(v), now = number_of(w);
            if (cm_diff_beyond(was, now, t->tolerance)) note(t, was, now, metric, target, tool, id);
        }
    }
    xmlNodePtr s = cm_xml_child(cm_xml_child(a, "scores"), "score"),
               u = cm_xml_child(cm_xml_child(b, "scores"), "score");
    for (; s && u; s = cm_xml_next(s, "score"), u = cm_xml_next(u, "score"))
        if (cm_diff_beyond(number_of(s), number_of(u), t->tolerance))
            note(t, number_of(s), number_of(u), "score", "", tool, id);
}

static bool attribute_differs(xmlNodePtr a, xmlNodePtr b, const char *name)
{
    char x[80], y[80];
    bool in_a = cm_xml_attribute(a, name, x, sizeof x), in_b = cm_xml_attribute(b, name, y, sizeof y);
    return in_a && in_b && strcmp(x, y) != 0;
}

static void compare_case(totals *t, xmlNodePtr a, xmlNodePtr b)
{
    char id[65], tool[160];
    int64_t before = t->values + t->undefined;
    cm_xml_attribute(a, "id", id, sizeof id);
    t->cases++;
    xmlNodePtr likely = cm_xml_child(b, "item");
    for (xmlNodePtr x = cm_xml_child(a, "item"); x; x = cm_xml_next(x, "item")) {
        cm_xml_attribute(x, "tool", tool, sizeof tool);
        xmlNodePtr y = item_of(b, likely, tool);
        if (!y) continue;
        likely = cm_xml_next(y, "item");
        t->states += attribute_differs(x, y, "state");
        t->predictions += attribute_differs(x, y, "prediction-sha256");
        compare_values(t, x, y, tool, id);
    }
    t->cases_with_values += t->values + t->undefined > before;
}

/* The next case that is in the other report, too. */
static cm_status next_common(cm_case_stream *s, const id_list *other, xmlNodePtr *node, case_id id,
                             cm_error *err)
{
    cm_status status = CM_OK;
    do {
        status = cm_case_stream_next(s, node, err);
        if (status || !*node) return status;
        cm_xml_attribute(*node, "id", id, sizeof(case_id));
    } while (!has_id(other, id));
    return CM_OK;
}

static cm_status compare_common(const char *a, const char *b, const id_list *of_a, const id_list *of_b,
                                totals *t, cm_error *err)
{
    cm_case_stream *x = NULL, *y = NULL;
    cm_status status = cm_case_stream_open(a, &x, err);
    if (!status) status = cm_case_stream_open(b, &y, err);
    while (!status && !t->other_order) {
        xmlNodePtr first = NULL, second = NULL;
        case_id id, other;
        status = next_common(x, of_b, &first, id, err);
        if (!status) status = next_common(y, of_a, &second, other, err);
        if (status || !first || !second) break;
        t->other_order = strcmp(id, other) != 0;
        if (!t->other_order) compare_case(t, first, second);
    }
    cm_case_stream_close(x);
    cm_case_stream_close(y);
    return status;
}

static void say(const totals *t, cm_remarks *f)
{
    if (t->other_order)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", "",
                       "the cases come in another order, so that their values were not compared one by one");
    if (t->states)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", "", "%lld items ended in another state",
                       (long long)t->states);
    if (t->predictions)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", "", "%lld predictions are others (sha256)",
                       (long long)t->predictions);
    if (t->values)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", t->where,
                       "%lld values of %lld cases differ, this one the most: %.6g, now %.6g",
                       (long long)t->values, (long long)t->cases_with_values, t->was, t->now);
    if (t->undefined)
        cm_remarks_add(f, CM_REMARK_CHANGED, "cases", "",
                       "%lld values of cases became undefined, or have become defined",
                       (long long)t->undefined);
    if (!t->undefined && !t->other_order && !t->states && !t->predictions && !t->values)
        cm_remarks_add(f, CM_REMARK_HOLDS, "cases", "",
                       "the %lld cases that both have ended alike, with the same values within the tolerance",
                       (long long)t->cases);
}

cm_status cm_diff_cases(const char *a, const char *b, double tolerance, cm_remarks *f, cm_error *err)
{
    id_list of_a = {0}, of_b = {0};
    totals t = {.tolerance = tolerance};
    cm_status status = read_ids(a, &of_a, err);
    if (!status) status = read_ids(b, &of_b, err);
    if (!status && of_a.n && of_b.n) {
        say_missing(&of_a, &of_b, "cases are gone", f);
        say_missing(&of_b, &of_a, "cases are new", f);
        status = compare_common(a, b, &of_a, &of_b, &t, err);
        if (!status) say(&t, f);
    } else if (!status) {
        cm_remarks_add(f, CM_REMARK_UNCHECKED, "cases", "", "%s no values of cases",
                       !of_a.n && !of_b.n ? "the reports carry"
                       : !of_a.n          ? "the first report carries"
                                          : "the second report carries");
    }
    free(of_a.id);
    free(of_b.id);
    return status;
}
