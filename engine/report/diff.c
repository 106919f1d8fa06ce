/* Two reports side by side, from what was asked to what came out: rules, cohort, tools, definitions, values,
 * ranking, verdict. */
#include "engine/report/diff_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/compared_internal.h"
#include "engine/report/document_internal.h"

enum { TEXT = 2000 };

typedef struct pair {
    xmlNodePtr a, b; /* <results> */
    double tolerance;
    cm_remarks *f;
} pair;

bool cm_diff_beyond(double a, double b, double tolerance)
{
    return a != b && !(fabs(a - b) <= tolerance * fmax(fabs(a), fabs(b)));
}

static bool is(xmlNodePtr node, const char *attribute, const char *wanted)
{
    char text[TEXT];
    return cm_xml_attribute(node, attribute, text, sizeof text) && !strcmp(text, wanted);
}

/* The child with this name whose attribute has this value. */
static xmlNodePtr find(xmlNodePtr parent, const char *name, const char *attribute, const char *value)
{
    xmlNodePtr n = cm_xml_child(parent, name);
    while (n && !is(n, attribute, value))
        n = cm_xml_next(n, name);
    return n;
}

#define CHANGED(p, topic, where, ...) cm_remarks_add((p)->f, CM_REMARK_CHANGED, (topic), (where), __VA_ARGS__)

/* ---- attributes ---- */
/* An attribute of two elements that stand for the same thing. */
static void compare_attribute(const pair *p, const char *topic, const char *where, xmlNodePtr a, xmlNodePtr b,
                              const char *name)
{
    char x[TEXT], y[TEXT];
    bool in_a = cm_xml_attribute(a, name, x, sizeof x), in_b = cm_xml_attribute(b, name, y, sizeof y);
    if (in_a && in_b && strcmp(x, y))
        CHANGED(p, topic, where, "%s: %.80s, now %.80s", name, x, y);
    else if (in_a && !in_b)
        CHANGED(p, topic, where, "%s: %.80s, now not there", name, x);
    else if (in_b && !in_a)
        CHANGED(p, topic, where, "%s: not there, now %.80s", name, y);
}

static void compare_attributes(const pair *p, const char *topic, const char *where, xmlNodePtr a,
                               xmlNodePtr b)
{
    for (xmlAttrPtr x = a ? a->properties : NULL; x; x = x->next)
        compare_attribute(p, topic, where, a, b, (const char *)x->name);
    for (xmlAttrPtr y = b ? b->properties : NULL; y; y = y->next)
        if (!xmlHasProp(a, y->name)) compare_attribute(p, topic, where, a, b, (const char *)y->name);
}

/* Named children: which are gone, which are new; same(), if any, looks at those in both. */
static void compare_lists(const pair *p, const char *topic, xmlNodePtr a, xmlNodePtr b, const char *name,
                          const char *key, void (*same)(const pair *, const char *, xmlNodePtr, xmlNodePtr))
{
    char value[TEXT];
    for (xmlNodePtr x = cm_xml_child(a, name); x; x = cm_xml_next(x, name)) {
        cm_xml_attribute(x, key, value, sizeof value);
        xmlNodePtr y = find(b, name, key, value);
        if (!y)
            CHANGED(p, topic, "", "%s %.100s is gone", name, value);
        else if (same)
            same(p, value, x, y);
    }
    for (xmlNodePtr y = cm_xml_child(b, name); y; y = cm_xml_next(y, name)) {
        cm_xml_attribute(y, key, value, sizeof value);
        if (!find(a, name, key, value)) CHANGED(p, topic, "", "%s %.100s is new", name, value);
    }
}

/* ---- what was asked ---- */
static void compare_rules(const pair *p)
{
    static const char *const rules[] = {"statistics", "policies", "ranking-rule", "privacy", "openebench"};
    xmlNodePtr a = cm_xml_child(p->a, "bench"), b = cm_xml_child(p->b, "bench");
    compare_attributes(p, "bench", "", a, b);
    for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
        compare_attributes(p, "bench", rules[k], cm_xml_child(a, rules[k]), cm_xml_child(b, rules[k]));
    compare_lists(p, "bench", a, b, "target", "name", NULL);
}

static void same_label(const pair *p, const char *name, xmlNodePtr a, xmlNodePtr b)
{
    compare_attributes(p, "cohort", cm_strf("label %.60s", name).s, a, b);
}

static void same_data_use(const pair *p, const char *name, xmlNodePtr a, xmlNodePtr b)
{
    compare_attributes(p, "cohort", cm_strf("data use %.60s", name).s, a, b);
}

static void same_provider(const pair *p, const char *name, xmlNodePtr a, xmlNodePtr b)
{
    compare_attributes(p, "cohort", cm_strf("provider %.60s", name).s, a, b);
}

static void compare_cohort(const pair *p)
{
    xmlNodePtr a = cm_xml_child(p->a, "cohort"), b = cm_xml_child(p->b, "cohort");
    compare_attributes(p, "cohort", "", a, b);
    compare_lists(p, "cohort", a, b, "label", "name", same_label);
    compare_lists(p, "cohort", a, b, "data-use", "name", same_data_use);
    compare_lists(p, "cohort", a, b, "provider", "name", same_provider);
}

static void same_tool(const pair *p, const char *key, xmlNodePtr a, xmlNodePtr b)
{
    static const char *const names[] = {"id",         "version", "name", "licence", "openebench-id",
                                        "parameters", "sha256"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        compare_attribute(p, "tools", key, a, b, names[k]);
}

static void same_metric(const pair *p, const char *id, xmlNodePtr a, xmlNodePtr b)
{
    static const char *const parts[] = {"title", "formula", "range", "empty-rule", "averaging"};
    compare_attributes(p, "definitions", id, a, b);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char x[TEXT], y[TEXT];
        cm_xml_text(cm_xml_child(a, parts[k]), x, sizeof x);
        cm_xml_text(cm_xml_child(b, parts[k]), y, sizeof y);
        if (strcmp(x, y)) CHANGED(p, "definitions", id, "%s: \"%.120s\", now \"%.120s\"", parts[k], x, y);
    }
}

/* ---- what came out ---- */
static xmlNodePtr result_like(xmlNodePtr aggregates, xmlNodePtr like)
{
    char metric[TEXT], target[TEXT], tool[TEXT];
    cm_xml_attribute(like, "metric", metric, sizeof metric);
    cm_xml_attribute(like, "target", target, sizeof target);
    cm_xml_attribute(like, "tool", tool, sizeof tool);
    for (xmlNodePtr r = cm_xml_child(aggregates, "result"); r; r = cm_xml_next(r, "result"))
        if (is(r, "metric", metric) && is(r, "target", target) && is(r, "tool", tool)) return r;
    return NULL;
}

/* Everything that changed in the counts of a cell, in one line. */
static void compare_counts(const pair *p, const char *where, xmlNodePtr a, xmlNodePtr b)
{
    char changes[300] = "";
    for (xmlAttrPtr x = a && b ? a->properties : NULL; x; x = x->next) {
        const char *name = (const char *)x->name;
        long long was = cm_xml_integer(a, name, 0), now = cm_xml_integer(b, name, 0);
        size_t used = strlen(changes);
        if (was != now)
            snprintf(changes + used, sizeof changes - used, "%s%s %lld, now %lld", used ? "; " : "", name,
                     was, now);
    }
    if (changes[0]) CHANGED(p, "counts", where, "%s", changes);
}

/* What stays behind a mean that is the same. False: not in both, or the same too. */
static bool compare_behind(const pair *p, const char *where, bool distance, xmlNodePtr a, xmlNodePtr b,
                           const char *name, const char *word)
{
    if (!a || !b || !xmlHasProp(a, BAD_CAST name) || !xmlHasProp(b, BAD_CAST name)) return false;
    const double x = cm_xml_double(a, name, 0), y = cm_xml_double(b, name, 0);
    if (!cm_diff_beyond(x, y, p->tolerance)) return false;
    CHANGED(p, "values", where, "the same %s, but %s %.6g, now %.6g (%+.3g)", distance ? "distance" : "mean",
            word, x, y, y - x);
    return true;
}

/* What the mean does not show, or the mean distance: the first of these that changed. */
static void compare_spread(const pair *p, const char *where, const cm_compared *x, const cm_compared *y,
                           xmlNodePtr summary_a, xmlNodePtr summary_b)
{
    static const char *const names[] = {"median", "q1", "q3", "sd"};
    const bool distance = x->is_distance;
    bool told = distance && compare_behind(p, where, true, summary_a, summary_b, "mean", "bias");
    for (size_t k = 0; k < sizeof names / sizeof *names && !told; k++)
        told = compare_behind(p, where, distance, x->spread, y->spread, names[k], names[k]);
}

/* "distance " before a number that is one. */
static const char *word_of(const cm_compared *x)
{
    return x->is_distance ? "distance " : "";
}

static void compare_intervals(const pair *p, const char *where, xmlNodePtr i, xmlNodePtr j)
{
    if (i && j &&
        (cm_diff_beyond(cm_xml_double(i, "low", 0), cm_xml_double(j, "low", 0), p->tolerance) ||
         cm_diff_beyond(cm_xml_double(i, "high", 0), cm_xml_double(j, "high", 0), p->tolerance)))
        CHANGED(p, "intervals", where, "%.6g to %.6g, now %.6g to %.6g", cm_xml_double(i, "low", 0),
                cm_xml_double(i, "high", 0), cm_xml_double(j, "low", 0), cm_xml_double(j, "high", 0));
}

static void compare_values(const pair *p, const char *where, xmlNodePtr a, xmlNodePtr b)
{
    cm_compared x = {0}, y = {0};
    if (xmlHasProp(a, BAD_CAST "hidden") || xmlHasProp(b, BAD_CAST "hidden")) return;
    bool in_a = cm_compared_of(a, &x), in_b = cm_compared_of(b, &y);
    if (in_a && !in_b)
        CHANGED(p, "values", where, "%s%.6g, now no value", word_of(&x), x.value);
    else if (in_b && !in_a)
        CHANGED(p, "values", where, "no value, now %s%.6g", word_of(&y), y.value);
    else if (in_a && cm_diff_beyond(x.value, y.value, p->tolerance))
        CHANGED(p, "values", where, "%s%.6g, now %s%.6g (%+.3g)", word_of(&x), x.value, word_of(&y), y.value,
                y.value - x.value);
    else
        compare_spread(p, where, &x, &y, cm_xml_child(a, "summary"), cm_xml_child(b, "summary"));
    compare_intervals(p, where, x.interval, y.interval);
    compare_counts(p, where, cm_xml_child(a, "counts"), cm_xml_child(b, "counts"));
}

/* The cells of the providers, after all cells of the whole: what is most general comes first. */
static void compare_providers(const pair *p, const char *where, xmlNodePtr a, xmlNodePtr b)
{
    for (xmlNodePtr x = cm_xml_child(a, "of-provider"); x; x = cm_xml_next(x, "of-provider")) {
        char provider[TEXT];
        cm_xml_attribute(x, "provider", provider, sizeof provider);
        xmlNodePtr y = find(b, "of-provider", "provider", provider);
        if (y) compare_values(p, cm_strf("%s, %.60s", where, provider).s, x, y);
    }
}

static void walk_results(const pair *p, bool providers)
{
    xmlNodePtr a = cm_xml_child(p->a, "aggregates"), b = cm_xml_child(p->b, "aggregates");
    xmlNodePtr next_b = cm_xml_child(b, "result");
    for (xmlNodePtr r = cm_xml_child(a, "result"); r; r = cm_xml_next(r, "result")) {
        char metric[TEXT], target[TEXT], tool[TEXT];
        cm_xml_attribute(r, "metric", metric, sizeof metric);
        cm_xml_attribute(r, "target", target, sizeof target);
        cm_xml_attribute(r, "tool", tool, sizeof tool);
        bool in_step = next_b && is(next_b, "metric", metric) && is(next_b, "target", target) &&
                       is(next_b, "tool", tool);
        xmlNodePtr other = in_step ? next_b : result_like(b, r);
        if (!other) continue; /* a tool, metric or target that is gone is said to be */
        next_b = cm_xml_next(other, "result");
        cm_str where = cm_strf("%.60s of %.60s, %.80s", metric, target, tool);
        if (providers)
            compare_providers(p, where.s, r, other);
        else
            compare_values(p, where.s, cm_xml_child(r, "of-all"), cm_xml_child(other, "of-all"));
    }
}

static void compare_results(const pair *p)
{
    walk_results(p, false);
    walk_results(p, true);
}

static void same_standing(const pair *p, const char *tool, xmlNodePtr a, xmlNodePtr b)
{
    cm_compared x, y;
    compare_attribute(p, "ranking", tool, a, b, "place");
    if (cm_compared_of(a, &x) && cm_compared_of(b, &y) && cm_diff_beyond(x.value, y.value, p->tolerance))
        CHANGED(p, "ranking", tool, "ranked by %.6g, now %.6g (%+.3g)", x.value, y.value, y.value - x.value);
    compare_attribute(p, "ranking", cm_strf("%.80s, difference to the leader", tool).s,
                      cm_xml_child(a, "difference"), cm_xml_child(b, "difference"), "apart");
}

static void same_outcome(const pair *p, const char *tool, xmlNodePtr a, xmlNodePtr b)
{
    char name[TEXT];
    compare_attribute(p, "outcomes", tool, a, b, "validation");
    for (xmlNodePtr s = cm_xml_child(a, "state"); s; s = cm_xml_next(s, "state")) {
        cm_xml_attribute(s, "name", name, sizeof name);
        long long was = cm_xml_integer(s, "cases", 0),
                  now = cm_xml_integer(find(b, "state", "name", name), "cases", 0);
        if (was != now) CHANGED(p, "outcomes", tool, "%s: %lld cases, now %lld", name, was, now);
    }
    for (xmlNodePtr s = cm_xml_child(b, "state"); s; s = cm_xml_next(s, "state")) {
        cm_xml_attribute(s, "name", name, sizeof name);
        if (!find(a, "state", "name", name))
            CHANGED(p, "outcomes", tool, "%s: no case, now %lld", name,
                    (long long)cm_xml_integer(s, "cases", 0));
    }
}

static cm_str name_of_warning(xmlNodePtr warning)
{
    char code[TEXT] = "", tool[TEXT] = "";
    cm_xml_attribute(warning, "code", code, sizeof code);
    cm_xml_attribute(warning, "tool", tool, sizeof tool);
    return cm_strf("%.60s%s%.80s", code, tool[0] ? ", " : "", tool);
}

/* The warning with this code about this tool: the second, when `like` is the second in its own list. */
static xmlNodePtr warning_like(xmlNodePtr warnings, xmlNodePtr like)
{
    const cm_str name = name_of_warning(like);
    int before = 0;
    for (xmlNodePtr w = cm_xml_child(like->parent, "warning"); w != like; w = cm_xml_next(w, "warning"))
        before += !strcmp(name_of_warning(w).s, name.s);
    xmlNodePtr w = cm_xml_child(warnings, "warning");
    while (w && (strcmp(name_of_warning(w).s, name.s) || before-- > 0))
        w = cm_xml_next(w, "warning");
    return w;
}

/* One code may stand for several tools, and for several targets of one. */
static void compare_warnings(const pair *p)
{
    xmlNodePtr a = cm_xml_child(p->a, "warnings"), b = cm_xml_child(p->b, "warnings");
    for (xmlNodePtr x = cm_xml_child(a, "warning"); x; x = cm_xml_next(x, "warning")) {
        xmlNodePtr y = warning_like(b, x);
        if (!y)
            CHANGED(p, "warnings", "", "warning %s is gone", name_of_warning(x).s);
        else
            compare_attribute(p, "warnings", name_of_warning(x).s, x, y, "cases");
    }
    for (xmlNodePtr y = cm_xml_child(b, "warning"); y; y = cm_xml_next(y, "warning"))
        if (!warning_like(a, y)) CHANGED(p, "warnings", "", "warning %s is new", name_of_warning(y).s);
}

static void compare_verdict(const pair *p)
{
    xmlNodePtr a = cm_xml_child(p->a, "verdict"), b = cm_xml_child(p->b, "verdict");
    compare_attribute(p, "verdict", "", a, b, "outcome");
    compare_lists(p, "verdict", a, b, "best", "tool", NULL);
    compare_warnings(p);
}

/* ---- the order of things ---- */
typedef struct part {
    const char *topic, *same;
    void (*compare)(const pair *);
} part;

static void compare_engine(const pair *p)
{
    compare_attributes(p, "engine", "", cm_xml_child(p->a, "engine"), cm_xml_child(p->b, "engine"));
}

static void compare_tools(const pair *p)
{
    compare_lists(p, "tools", cm_xml_child(p->a, "tools"), cm_xml_child(p->b, "tools"), "tool", "key",
                  same_tool);
}

static void compare_definitions(const pair *p)
{
    compare_lists(p, "definitions", cm_xml_child(p->a, "metrics"), cm_xml_child(p->b, "metrics"), "metric",
                  "id", same_metric);
}

static void compare_outcomes(const pair *p)
{
    compare_lists(p, "outcomes", cm_xml_child(p->a, "outcomes"), cm_xml_child(p->b, "outcomes"), "outcome",
                  "tool", same_outcome);
}

static void compare_ranking(const pair *p)
{
    compare_lists(p, "ranking", cm_xml_child(p->a, "ranking"), cm_xml_child(p->b, "ranking"), "standing",
                  "tool", same_standing);
}

static const part parts[] = {{"verdict", "the same verdict and warnings", compare_verdict},
                             {"ranking", "the same places and differences", compare_ranking},
                             {"engine", "the same engine version", compare_engine},
                             {"bench", "the same bench and rules", compare_rules},
                             {"cohort", "the same cohort", compare_cohort},
                             {"tools", "the same tools", compare_tools},
                             {"definitions", "the same metrics and definitions", compare_definitions},
                             {"outcomes", "the same outcomes", compare_outcomes},
                             {"values", "the same results within the tolerance", compare_results}};

static void compare_parts(const pair *p)
{
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        int64_t before = p->f->count[CM_REMARK_CHANGED];
        parts[k].compare(p);
        if (p->f->count[CM_REMARK_CHANGED] == before)
            cm_remarks_add(p->f, CM_REMARK_HOLDS, parts[k].topic, "", "%s", parts[k].same);
    }
}

static cm_status read_report(const char *path, xmlDocPtr *out, cm_error *err)
{
    cm_status status = cm_document_validate(path, err);
    return status ? status : cm_document_read(path, out, err);
}

static bool same_id(xmlNodePtr a, xmlNodePtr b)
{
    char id[100];
    return cm_xml_attribute(a, "id", id, sizeof id) && is(b, "id", id);
}

cm_status cm_diff(const char *a, const char *b, const cm_diff_options *options, cm_remarks *f, cm_error *err)
{
    xmlDocPtr first = NULL, second = NULL;
    cm_digest one, two;
    const char *problem_a = NULL, *problem_b = NULL;
    cm_status status = read_report(a, &first, err);
    if (!status) status = read_report(b, &second, err);
    if (!status) status = cm_document_digest(a, &one, &problem_a, err);
    if (!status) status = cm_document_digest(b, &two, &problem_b, err);
    if (!status) {
        xmlNodePtr x = xmlDocGetRootElement(first), y = xmlDocGetRootElement(second);
        pair p = {cm_xml_child(x, "results"), cm_xml_child(y, "results"), options->tolerance, f};
        compare_attribute(&p, "report", "", x, y, "schemaVersion");
        compare_attribute(&p, "report", "", x, y, "audience");
        bool same_bytes = !problem_a && !problem_b && !memcmp(&one, &two, sizeof one);
        if (same_bytes && same_id(x, y)) {
            cm_remarks_add(f, CM_REMARK_HOLDS, "results", "", "<results> is the same, byte for byte");
        } else {
            compare_parts(&p);
            cm_diff_details(p.a, p.b, p.tolerance, f);
            status = cm_diff_cases(a, b, options->tolerance, f, err);
            if (!status && !f->count[CM_REMARK_CHANGED] && p.tolerance == 0)
                CHANGED(&p, "results", "",
                        "the bytes differ, though nothing that is compared: how something is "
                        "written, or what is said of cases and pictures beside their values");
        }
    }
    if (!status && f->out_of_memory)
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the differences");
    xmlFreeDoc(first);
    xmlFreeDoc(second);
    return status;
}
