/* What must hold of a name or number wherever in <results> it stands: a tool, target, metric, provider or
 * group that is named is declared; a share lies from 0 to 1, a place among the tools; an interval begins
 * before it ends; what is hidden once is hidden everywhere. Needs no values of cases, so it holds of public
 * reports. */
#include <libxml/hash.h>
#include <math.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/verify_internal.h"

enum { NAME = 300 };

typedef struct names {
    xmlHashTablePtr table; /* (name, kind) */
    xmlNodePtr results, bench;
    double n_tools, level;
    int64_t replicates, checked;
    cm_remarks *f;
} names;

static void expect(names *n, bool holds, xmlNodePtr node, const char *attribute, const char *what)
{
    n->checked++;
    if (!holds)
        cm_remarks_add(n->f, CM_REMARK_BROKEN, "consistency",
                       cm_strf("%.60s/%.60s/@%.60s", (const char *)node->parent->name,
                               (const char *)node->name, attribute)
                           .s,
                       "%s", what);
}

static bool has(xmlNodePtr node, const char *attribute)
{
    return node && xmlHasProp(node, BAD_CAST attribute);
}

static bool is_named(xmlNodePtr node, const char *name)
{
    return !strcmp((const char *)node->name, name);
}

/* ---- names ---- */
static void declare(names *n, xmlNodePtr parent, const char *child, const char *attribute, const char *kind)
{
    char text[NAME];
    for (xmlNodePtr c = cm_xml_child(parent, child); c; c = cm_xml_next(c, child))
        if (cm_xml_attribute(c, attribute, text, sizeof text))
            xmlHashAddEntry2(n->table, BAD_CAST text, BAD_CAST kind, has(c, "hidden") ? c : parent);
}

/* The element that declares it; its parent when it is not hidden; NULL when nothing does. */
static xmlNodePtr declared(const names *n, const char *text, const char *kind)
{
    return xmlHashLookup2(n->table, BAD_CAST text, BAD_CAST kind);
}

/* Attributes that name something, and what. */
static const char *kind_named_by(xmlNodePtr node, const char *attribute)
{
    static const struct {
        const char *attribute, *kind;
    } naming[] = {{"tool", "tool"},     {"from", "tool"},     {"better", "tool"},      {"second", "tool"},
                  {"target", "target"}, {"metric", "metric"}, {"provider", "provider"}};
    if (!strcmp(attribute, "first")) return has(node, "second") ? "tool" : NULL; /* else a share */
    if (is_named(node, "plane") && !strcmp(attribute, "better")) return NULL;    /* a corner */
    for (size_t k = 0; k < sizeof naming / sizeof *naming; k++)
        if (!strcmp(attribute, naming[k].attribute)) return naming[k].kind;
    return NULL;
}

static void check_name(names *n, xmlNodePtr node, const char *attribute, const char *text)
{
    const char *const kind = kind_named_by(node, attribute);
    if (!kind) return;
    xmlNodePtr by = declared(n, text, kind);
    expect(n, by != NULL, node, attribute, "names what the report does not declare");
    if (by && !strcmp(kind, "provider") && is_named(by, "provider"))
        expect(n, has(node, "hidden") && !cm_xml_child(node, NULL), node, attribute,
               "the provider is hidden, and still something of it is shown");
}

/* ---- numbers ---- */
static void check_number(names *n, xmlNodePtr node, const char *attribute, const char *text)
{
    static const char *const shares[] = {
        "p",       "f-p",      "adjusted-p",      "equivalence-p",   "share",
        "win-low", "win-high", "win-probability", "median-coverage", "i-squared"};
    static const char *const not_negative[] = {"q", "tau-squared", "sd", "se", "weight"};
    const double value = cm_xml_double(node, attribute, NAN);
    bool share = !strcmp(attribute, "first") && !has(node, "second"), negative = value < 0;
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
        share |= !strcmp(attribute, shares[k]);
    if (share)
        expect(n, value >= 0 && value <= 1, node, attribute, "a probability or share is not from 0 to 1");
    for (size_t k = 0; negative && k < sizeof not_negative / sizeof *not_negative; k++)
        expect(n, strcmp(attribute, not_negative[k]) != 0, node, attribute, "is negative");
    if (!strcmp(attribute, "place"))
        expect(n, value >= 1 && value <= n->n_tools, node, attribute, "is not a place among the tools");
    if (!strcmp(attribute, "mean-tau") || !strcmp(attribute, "median-tau"))
        expect(n, value >= -1 && value <= 1, node, attribute, "a rank correlation is not from -1 to 1");
    if (!strcmp(attribute, "confidence-level"))
        expect(n, value == n->level, node, attribute, "is not the declared level");
    if (!strcmp(attribute, "replicates"))
        expect(n, strtoll(text, NULL, 10) <= n->replicates, node, attribute,
               "there are more than the bench declares");
}

/* low, high: attributes of one node; about equal ones are in order. */
static void check_order(names *n, xmlNodePtr node, const char *low, const char *high)
{
    if (!has(node, low) || !has(node, high)) return;
    const double a = cm_xml_double(node, low, NAN), b = cm_xml_double(node, high, NAN);
    expect(n, a <= b + 1e-12 * (fabs(a) + fabs(b)), node, high, "is below what it should not be below");
}

static void check_orders(names *n, xmlNodePtr node)
{
    static const char *const pairs[][2] = {{"low", "high"},
                                           {"win-low", "win-probability"},
                                           {"win-probability", "win-high"},
                                           {"shift-low", "shift"},
                                           {"shift", "shift-high"},
                                           {"difference-low", "difference-high"},
                                           {"median-low", "median"},
                                           {"median", "median-high"},
                                           {"p", "adjusted-p"},
                                           {"q1", "q2"},
                                           {"q2", "q3"}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        check_order(n, node, pairs[k][0], pairs[k][1]);
}

/* ---- elements ---- */
/* A place over resampled cohorts: every share is of one place, and they are all. */
static void check_shares(names *n, xmlNodePtr node)
{
    double sum = 0, first = 0;
    xmlNodePtr at = cm_xml_child(node, "at");
    if (!at) return;
    for (; at; at = cm_xml_next(at, "at")) {
        const double share = cm_xml_double(at, "share", 0);
        sum += share;
        if (cm_xml_double(at, "place", 0) == 1) first = share;
    }
    expect(n, fabs(sum - 1) <= 1e-9, node, "place", "the shares of its places do not sum to 1");
    expect(n, first <= cm_xml_double(node, "first", 0) + 1e-9, node, "first",
           "is less than the share of the first place"); /* more, where the best share a place by average */
}

static void check_pair(names *n, xmlNodePtr pair)
{
    char first[NAME] = "", second[NAME] = "", better[NAME];
    cm_xml_attribute(pair, "first", first, sizeof first);
    cm_xml_attribute(pair, "second", second, sizeof second);
    expect(n, strcmp(first, second) != 0, pair, "second", "a tool is paired with itself");
    if (cm_xml_attribute(pair, "better", better, sizeof better))
        expect(n, !strcmp(better, first) || !strcmp(better, second), pair, "better", "is neither of the two");
    if (!has(pair, "units") || !has(pair, "v")) return;
    const double units = (double)cm_xml_integer(pair, "units", -1);
    expect(n, (double)cm_xml_integer(pair, "wins", 0) + (double)cm_xml_integer(pair, "losses", 0) == units,
           pair, "units", "is not the number of units won and lost");
    const double v = cm_xml_double(pair, "v", -1);
    expect(n, v >= 0 && v <= units * (units + 1) / 2, pair, "v", "is no rank sum of so many units");
}

/* Results, differences and rankings of a group belong to one that is listed, and not to a hidden one. */
static void check_group(names *n, xmlNodePtr node)
{
    char value[NAME] = "", other[NAME];
    xmlNodePtr of = is_named(node, "without") ? node->parent : node->parent->parent;
    xmlNodePtr group = cm_xml_child(of, "group");
    cm_xml_attribute(node, "value", value, sizeof value);
    while (group && !(cm_xml_attribute(group, "value", other, sizeof other) && !strcmp(value, other)))
        group = cm_xml_next(group, "group");
    expect(n, group != NULL, node, "value", "is of a group that is not listed");
    if (has(group, "hidden"))
        expect(n, is_named(node, "of-group") && has(node, "hidden") && !cm_xml_child(node, NULL), node,
               "value", "the group is hidden, and still something of it is shown");
}

static void check_element(names *n, xmlNodePtr node)
{
    if (is_named(node, "place")) check_shares(n, node);
    if (is_named(node, "pair")) check_pair(n, node);
    const bool of_subgroups = is_named(node, "of-group") || is_named(node, "in-group") ||
                              (is_named(node, "without") && has(node, "value"));
    if (of_subgroups) check_group(n, node);
    if (is_named(node, "group") && has(node, "value"))
        expect(n, has(node, "hidden") != has(node, "cases"), node, "cases",
               "a group is hidden, or it says how many cases it has");
    if (is_named(node, "of-all") || is_named(node, "of-provider") || is_named(node, "of-group"))
        expect(n, has(node, "hidden") != (cm_xml_child(node, NULL) != NULL), node, "hidden",
               "a cell is hidden, or it shows something");
}

static void walk(names *n, xmlNodePtr node)
{
    for (; node; node = cm_xml_next(node, NULL)) {
        for (xmlAttrPtr a = node->properties; a; a = a->next) {
            char text[NAME] = "";
            cm_xml_attribute(node, (const char *)a->name, text, sizeof text);
            check_name(n, node, (const char *)a->name, text);
            check_number(n, node, (const char *)a->name, text);
        }
        check_orders(n, node);
        check_element(n, node);
        walk(n, cm_xml_child(node, NULL));
    }
}

int64_t cm_verify_values(xmlNodePtr results, cm_remarks *f)
{
    static const char *const parts[] = {"verdict",    "warnings", "ranking",   "comparison",
                                        "combined",   "classes",  "subgroups", "outcomes",
                                        "aggregates", "curves",   "examples",  "pictures"};
    static const char *const of_none[] = {"macro", "mean-of-targets"};
    names n = {.table = xmlHashCreate(64), .results = results, .f = f};
    if (!n.table) {
        f->out_of_memory = true;
        return 0;
    }
    xmlNodePtr tools = cm_xml_child(results, "tools");
    n.bench = cm_xml_child(results, "bench");
    declare(&n, tools, "tool", "key", "tool");
    declare(&n, n.bench, "target", "name", "target");
    declare(&n, cm_xml_child(results, "metrics"), "metric", "id", "metric");
    declare(&n, cm_xml_child(results, "cohort"), "provider", "name", "provider");
    for (size_t k = 0; k < sizeof of_none / sizeof *of_none; k++)
        xmlHashAddEntry2(n.table, BAD_CAST of_none[k], BAD_CAST "target", n.bench);
    xmlHashAddEntry2(n.table, BAD_CAST "score-of-true-class", BAD_CAST "metric", n.bench); /* of examples */
    for (xmlNodePtr t = cm_xml_child(tools, "tool"); t; t = cm_xml_next(t, "tool"))
        n.n_tools++;
    n.level = cm_xml_double(cm_xml_child(n.bench, "statistics"), "confidence-level", NAN);
    n.replicates = cm_xml_integer(cm_xml_child(n.bench, "statistics"), "replicates", 0);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        for (xmlNodePtr part = cm_xml_child(results, parts[k]); part; part = cm_xml_next(part, parts[k]))
            walk(&n, cm_xml_child(part, NULL));
    xmlHashFree(n.table, NULL);
    return n.checked;
}
