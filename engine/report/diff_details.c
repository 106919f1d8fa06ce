/* What a comparison of two reports has no words of its own for: every part of <results> but the cases is
 * walked side by side, and each attribute or text that differs is told with the names on the way to it. What
 * diff.c says already (means, quartiles, counts, places) is passed over. */
#include <libxml/hash.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/diff_internal.h"

enum { TEXT = 2000, NAME = 300 };

typedef struct walk {
    const char *topic;
    double tolerance;
    cm_remarks *f;
} walk;

static bool is_named(xmlNodePtr node, const char *name)
{
    return node && !strcmp((const char *)node->name, name);
}

/* "pair good weak": the element and what tells it from its like. */
static void identity_of(xmlNodePtr node, char *out, size_t size)
{
    static const char *const naming[] = {"key",    "code", "for",      "kind", "id",    "metric",
                                         "target", "tool", "provider", "name", "second"};
    static const char *const by_value[] = {"group", "of-group", "in-group", "without"};
    char text[NAME];
    size_t used = (size_t)snprintf(out, size, "%s", (const char *)node->name);
    if (xmlHasProp(node, BAD_CAST "second") && cm_xml_attribute(node, "first", text, sizeof text))
        used += (size_t)snprintf(out + used, size - used, " %.80s", text);
    for (size_t k = 0; k < sizeof naming / sizeof *naming && used < size; k++)
        if (!(is_named(node, "attribute") && !strcmp(naming[k], "kind")) &&
            cm_xml_attribute(node, naming[k], text, sizeof text) && text[0])
            used += (size_t)snprintf(out + used, size - used, " %.80s", text);
    for (xmlNodePtr axis = cm_xml_child(node, "axis"); axis && used < size; axis = cm_xml_next(axis, "axis"))
        if (cm_xml_attribute(axis, "metric", text, sizeof text))
            used += (size_t)snprintf(out + used, size - used, " %.80s", text);
    bool valued = is_named(node, "at") && cm_xml_attribute(node, "place", text, sizeof text);
    for (size_t k = 0; k < sizeof by_value / sizeof *by_value; k++)
        valued |= is_named(node, by_value[k]) && cm_xml_attribute(node, "value", text, sizeof text);
    if (valued && used < size) snprintf(out + used, size - used, " %.80s", text);
}

/* ---- what is said elsewhere ---- */
static bool is_cell(xmlNodePtr node)
{
    return is_named(node, "of-all") || is_named(node, "of-provider");
}

static bool attribute_is_said(xmlNodePtr node, const char *name)
{
    static const struct {
        const char *element, *attribute;
    } said[] = {{"summary", "mean"},     {"summary", "median"},     {"summary", "q1"},
                {"summary", "q3"},       {"summary", "sd"},         {"standing", "place"},
                {"difference", "apart"}, {"outcome", "validation"}, {"warning", "cases"},
                {"verdict", "outcome"}};
    if (is_named(node, "statistics") || (is_named(node, "metric") && is_named(node->parent, "metrics")))
        return true;
    if (is_named(node, "tool")) return strcmp(name, "contact") && strcmp(name, "order");
    const bool of_cell = is_cell(node->parent) && !is_named(node->parent->parent->parent, "subgroups");
    for (size_t k = 0; k < sizeof said / sizeof *said; k++)
        if (is_named(node, said[k].element) && !strcmp(name, said[k].attribute)) return k >= 5 || of_cell;
    return is_named(node, "interval") && of_cell && (!strcmp(name, "low") || !strcmp(name, "high"));
}

static bool element_is_said(xmlNodePtr node)
{
    static const struct {
        const char *parent, *element;
    } said[] = {{"standing", "value"},   {"outcome", "state"},      {"verdict", "best"},
                {"bench", "openebench"}, {"bench", "policies"},     {"bench", "privacy"},
                {"cohort", "label"},     {"bench", "ranking-rule"}, {"cohort", "provider"},
                {"cohort", "data-use"},  {"metric", "title"},       {"metric", "formula"},
                {"metric", "range"},     {"metric", "empty-rule"},  {"metric", "averaging"}};
    bool yes = is_cell(node->parent) && (is_named(node, "counts") || is_named(node, "value"));
    for (size_t k = 0; k < sizeof said / sizeof *said; k++)
        yes |= is_named(node->parent, said[k].parent) && is_named(node, said[k].element);
    return yes;
}

/* ---- side by side ---- */
static bool same_text(const walk *w, const char *a, const char *b)
{
    char *end_a, *end_b;
    if (!strcmp(a, b)) return true;
    const double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return end_a != a && end_b != b && !*end_a && !*end_b && !cm_diff_beyond(x, y, w->tolerance);
}

static void compare_attributes(const walk *w, xmlNodePtr a, xmlNodePtr b, const char *where)
{
    char x[TEXT], y[TEXT];
    for (xmlAttrPtr p = a->properties; p; p = p->next) {
        const char *name = (const char *)p->name;
        if (attribute_is_said(a, name)) continue;
        cm_xml_attribute(a, name, x, sizeof x);
        if (!cm_xml_attribute(b, name, y, sizeof y))
            cm_remarks_add(w->f, CM_REMARK_CHANGED, w->topic, where, "%s: %.100s, now not there", name, x);
        else if (!same_text(w, x, y))
            cm_remarks_add(w->f, CM_REMARK_CHANGED, w->topic, where, "%s: %.100s, now %.100s", name, x, y);
    }
    for (xmlAttrPtr p = b->properties; p; p = p->next)
        if (!xmlHasProp(a, p->name) && cm_xml_attribute(b, (const char *)p->name, y, sizeof y))
            cm_remarks_add(w->f, CM_REMARK_CHANGED, w->topic, where, "%s: not there, now %.100s",
                           (const char *)p->name, y);
}

static void compare_texts(const walk *w, xmlNodePtr a, xmlNodePtr b, const char *where)
{
    char x[TEXT] = "", y[TEXT] = "";
    if (cm_xml_child(a, NULL) || cm_xml_child(b, NULL)) return;
    cm_xml_text(a, x, sizeof x);
    cm_xml_text(b, y, sizeof y);
    if (!same_text(w, x, y))
        cm_remarks_add(w->f, CM_REMARK_CHANGED, w->topic, where, "\"%.150s\", now \"%.150s\"", x, y);
}

/* Who a child is among its siblings: the second of the same is another one. seen: how many of each there
 * were. */
static void key_of(xmlHashTablePtr seen, xmlNodePtr child, char key[TEXT])
{
    identity_of(child, key, TEXT - 32);
    const intptr_t n = (intptr_t)xmlHashLookup(seen, BAD_CAST key) + 1;
    xmlHashUpdateEntry(seen, BAD_CAST key, (void *)n, NULL);
    if (n > 1) snprintf(key + strlen(key), 32, " (%d)", (int)n);
}

static xmlHashTablePtr index_of(xmlNodePtr parent, xmlHashTablePtr seen)
{
    xmlHashTablePtr table = xmlHashCreate(16);
    char key[TEXT];
    for (xmlNodePtr c = cm_xml_child(parent, NULL); table && c; c = cm_xml_next(c, NULL)) {
        key_of(seen, c, key);
        xmlHashAddEntry(table, BAD_CAST key, c);
    }
    return table;
}

static void compare(const walk *w, xmlNodePtr a, xmlNodePtr b, const char *where);

/* Children of `parent` that the index of the other parent lacks, in one line; compares: those it has are
 * looked into. */
static void look_for(const walk *w, xmlNodePtr parent, xmlHashTablePtr other, xmlHashTablePtr seen,
                     bool compares, const char *where)
{
    char key[TEXT];
    cm_str first = cm_strf("%s", "");
    int missing = 0;
    for (xmlNodePtr c = cm_xml_child(parent, NULL); c; c = cm_xml_next(c, NULL)) {
        key_of(seen, c, key);
        if (element_is_said(c)) continue;
        xmlNodePtr like = xmlHashLookup(other, BAD_CAST key);
        const cm_str place = cm_strf("%.150s%s%.100s", where, where[0] ? ", " : "", key);
        if (like && compares) compare(w, c, like, place.s);
        if (!like && !missing++) first = cm_strf("%.150s", key);
    }
    if (missing)
        cm_remarks_add(w->f, CM_REMARK_CHANGED, w->topic, where, "%s: %s%s", compares ? "gone" : "new",
                       first.s, missing > 1 ? cm_strf(" and %d more", missing - 1).s : "");
}

static void compare_children(const walk *w, xmlNodePtr a, xmlNodePtr b, const char *where)
{
    xmlHashTablePtr seen[4] = {xmlHashCreate(16), xmlHashCreate(16), xmlHashCreate(16), xmlHashCreate(16)};
    const bool memory = seen[0] && seen[1] && seen[2] && seen[3];
    xmlHashTablePtr in_a = memory ? index_of(a, seen[0]) : NULL, in_b = memory ? index_of(b, seen[1]) : NULL;
    if (in_a && in_b) {
        look_for(w, a, in_b, seen[2], true, where);
        look_for(w, b, in_a, seen[3], false, where);
    } else {
        w->f->out_of_memory = true;
    }
    for (int k = 0; k < 4; k++)
        xmlHashFree(seen[k], NULL);
    xmlHashFree(in_a, NULL);
    xmlHashFree(in_b, NULL);
}

static void compare(const walk *w, xmlNodePtr a, xmlNodePtr b, const char *where)
{
    compare_attributes(w, a, b, where);
    compare_texts(w, a, b, where);
    if (cm_xml_child(a, NULL) && cm_xml_child(b, NULL)) compare_children(w, a, b, where);
}

void cm_diff_details(xmlNodePtr a, xmlNodePtr b, double tolerance, cm_remarks *f)
{
    static const struct {
        const char *part, *topic, *same;
    } parts[] = {{"comparison", "comparison", "the same tests, rankings and places over resampled cohorts"},
                 {"combined", "combined", "the same combined order"},
                 {"classes", "classes", "the same classes"},
                 {"subgroups", "subgroups", "the same results of groups"},
                 {"curves", "curves", "the same curves"},
                 {"examples", "examples", "the same examples"},
                 {"warnings", "details", NULL},
                 {"verdict", "details", NULL},
                 {"ranking", "details", NULL},
                 {"outcomes", "details", NULL},
                 {"aggregates", "details", NULL},
                 {"metrics", "details", NULL},
                 {"tools", "details", NULL},
                 {"bench", "details", NULL},
                 {"cohort", "details", NULL}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        const walk w = {parts[k].topic, tolerance, f};
        const int64_t before = f->count[CM_REMARK_CHANGED];
        xmlNodePtr x = cm_xml_child(a, parts[k].part), y = cm_xml_child(b, parts[k].part);
        if (x && y)
            compare_children(&w, x, y, "");
        else if (x || y)
            cm_remarks_add(f, CM_REMARK_CHANGED, parts[k].topic, "", x ? "is gone" : "is new");
        if (x && y && parts[k].same && f->count[CM_REMARK_CHANGED] == before)
            cm_remarks_add(f, CM_REMARK_HOLDS, parts[k].topic, "", "%s", parts[k].same);
    }
}
