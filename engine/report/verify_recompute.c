/* A site report computed again from its own values of cases. When everything is there the same bytes must
 * come out; otherwise the two documents are walked side by side, and what the report does not carry
 * (evidence of metrics of the cohort; the patients, in reports of older versions) is named and left out. What
 * this version wrote, it would write again: then the whole is compared, and nothing may be missing on either
 * side. Of another version only numbers are, and an element or attribute that it did not know is no fault. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/document_internal.h"
#include "engine/report/verify_internal.h"
#include "engine/report/write_internal.h"

enum { NAME = 300 };

typedef struct walk {
    cm_remarks *f;
    const cm_results *r;
    bool patients_unknown;  /* intervals cannot be drawn again */
    bool diagonals_unknown; /* nor what stands for a missing distance be put in again */
    bool gathered;          /* some metric is of the cohort */
    bool same_engine;
    bool whole; /* everything is compared, from both sides */
    int64_t equal, left_out;
} walk;

/* ---- what cannot be computed again ---- */
static bool is_gathered(const cm_results *r, const char *metric)
{
    for (int m = 0; m < r->bench->n_metrics; m++)
        if (!strcmp(r->bench->metrics[m].id, metric)) return cm_metric_is_gathered(&r->bench->metrics[m]);
    return false;
}

/* By policy a distance may stand in place of a missing one, and the report does not say which. */
static bool lacks_diagonals(const cm_results *r, const char *metric)
{
    if (r->n_cases && r->cases[0].diagonal > 0) return false;
    for (int m = 0; m < r->bench->n_metrics; m++)
        if (!strcmp(r->bench->metrics[m].id, metric))
            return r->bench->metrics[m].definition->worst_is_diagonal;
    return false;
}

/* Whether the element is of a metric whose values the report does not carry: it names one, or a child does
 * (the axes of a plane, the parts of a combination), or it is about the ranking by one. */
static bool of_gathered(const walk *w, xmlNodePtr node)
{
    static const char *const about_ranking[] = {"verdict", "comparison", "examples", "interaction",
                                                "without"};
    static const char *const of_parts[] = {"plane", "bar", "combined"};
    char metric[NAME];
    if (cm_xml_attribute(node, "metric", metric, sizeof metric) && is_gathered(w->r, metric)) return true;
    for (size_t k = 0; k < sizeof about_ranking / sizeof *about_ranking; k++)
        if (!strcmp((const char *)node->name, about_ranking[k]) &&
            is_gathered(w->r, w->r->bench->ranking_metric))
            return true;
    bool has_parts = false;
    for (size_t k = 0; k < sizeof of_parts / sizeof *of_parts; k++)
        has_parts |= !strcmp((const char *)node->name, of_parts[k]);
    if (!has_parts) return false;
    for (xmlNodePtr child = cm_xml_child(node, NULL); child; child = cm_xml_next(child, NULL))
        if (cm_xml_attribute(child, "metric", metric, sizeof metric) && is_gathered(w->r, metric))
            return true;
    return false;
}

static bool skipped(const walk *w, xmlNodePtr node)
{
    static const char *const of_patients[] = {"interval", "difference", "comparison", "heterogeneity",
                                              "interaction"};
    char metric[NAME];
    const char *name = (const char *)node->name;
    for (size_t k = 0; w->patients_unknown && k < sizeof of_patients / sizeof *of_patients; k++)
        if (!strcmp(name, of_patients[k])) return true;
    if (!strcmp(name, "cases") || !strcmp(name, "pictures")) return true; /* what the rest is computed from */
    if (of_gathered(w, node)) return true;
    if (w->gathered && !strcmp(name, "warnings")) return true; /* some count what is undefined */
    bool by_metric = !strcmp(name, "result") || !strcmp(name, "ranking");
    return by_metric && cm_xml_attribute(node, "metric", metric, sizeof metric) &&
           lacks_diagonals(w->r, metric);
}

/* ---- side by side ---- */
/* "result DSC lesion unet, of-provider b, summary": the names on the way to a node. */
static void path_of(xmlNodePtr node, char *out, size_t size)
{
    static const char *const naming[] = {"metric", "target", "tool", "provider", "name", "first", "second"};
    if (!node || node->type != XML_ELEMENT_NODE || !strcmp((const char *)node->name, "results")) return;
    path_of(node->parent, out, size);
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s", used ? ", " : "", (const char *)node->name);
    for (size_t k = 0; k < sizeof naming / sizeof *naming; k++) {
        char text[NAME];
        used = strlen(out);
        if (cm_xml_attribute(node, naming[k], text, sizeof text))
            snprintf(out + used, size - used, " %s", text);
    }
}

/* The same engine gives the same bits; another one may round the last digits otherwise. */
static bool same_text(const walk *w, const char *a, const char *b)
{
    char *end_a, *end_b;
    if (!strcmp(a, b)) return true;
    if (w->same_engine) return false;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return end_a != a && end_b != b && !*end_a && !*end_b &&
           fabs(x - y) <= 1e-9 * (fabs(x) + fabs(y)) + 1e-12;
}

static void differs(walk *w, xmlNodePtr node, const char *what, const char *said, const char *is)
{
    char where[400] = "";
    path_of(node, where, sizeof where);
    cm_remarks_add(w->f, CM_REMARK_BROKEN, "recomputed", where,
                   "%s is %.60s in the report and %.60s computed again", what, said, is);
}

static void compare_attributes(walk *w, xmlNodePtr said, xmlNodePtr is)
{
    for (xmlAttrPtr a = w->whole ? is->properties : NULL; a; a = a->next) {
        char y[2000];
        if (xmlHasProp(said, a->name)) continue;
        cm_xml_attribute(is, (const char *)a->name, y, sizeof y);
        differs(w, said, (const char *)a->name, "not there", y);
    }
    for (xmlAttrPtr a = said->properties; a; a = a->next) {
        char x[2000], y[2000];
        const char *name = (const char *)a->name;
        cm_xml_attribute(said, name, x, sizeof x);
        if (!cm_xml_attribute(is, name, y, sizeof y))
            w->left_out++;
        else if (same_text(w, x, y))
            w->equal++;
        else
            differs(w, said, name, x, y);
    }
}

/* The next of these elements that is not left out. */
static xmlNodePtr next_checked(const walk *w, xmlNodePtr node, const char *name)
{
    while (node && skipped(w, node))
        node = cm_xml_next(node, name);
    return node;
}

/* The counterpart of a child is the same number of the same name, among those that are checked: what cannot
 * be computed again may be there on one side only. */
static xmlNodePtr counterpart(const walk *w, xmlNodePtr said, xmlNodePtr child, xmlNodePtr is)
{
    const char *name = (const char *)child->name;
    xmlNodePtr other = next_checked(w, cm_xml_child(is, name), name);
    for (xmlNodePtr k = cm_xml_child(said, name); k != child; k = cm_xml_next(k, name))
        if (!skipped(w, k)) other = next_checked(w, cm_xml_next(other, name), name);
    return other;
}

static int64_t count_checked(const walk *w, xmlNodePtr parent, const char *name)
{
    int64_t n = 0;
    for (xmlNodePtr c = cm_xml_child(parent, name); c; c = cm_xml_next(c, name))
        n += !skipped(w, c);
    return n;
}

/* What has no counterpart in the report: fewer elements of a name than were written again. */
static void compare_counts(walk *w, xmlNodePtr said, xmlNodePtr is)
{
    for (xmlNodePtr child = cm_xml_child(is, NULL); child; child = cm_xml_next(child, NULL)) {
        const char *name = (const char *)child->name;
        if (cm_xml_child(is, name) != child) continue;
        const int64_t n = count_checked(w, said, name), wanted = count_checked(w, is, name);
        if (n < wanted)
            differs(w, said, cm_strf("the number of elements \"%.40s\"", name).s,
                    cm_strf("%lld", (long long)n).s, cm_strf("%lld", (long long)wanted).s);
    }
}

/* Every element of the report has its counterpart. */
static void compare(walk *w, xmlNodePtr said, xmlNodePtr is)
{
    char x[4000], y[4000];
    compare_attributes(w, said, is);
    if (!cm_xml_child(said, NULL) && !cm_xml_child(is, NULL) && cm_xml_text(said, x, sizeof x) &&
        cm_xml_text(is, y, sizeof y) && (x[0] || y[0])) {
        if (same_text(w, x, y))
            w->equal++;
        else
            differs(w, said, "the value", x, y);
    }
    for (xmlNodePtr child = cm_xml_child(said, NULL); child; child = cm_xml_next(child, NULL)) {
        if (skipped(w, child)) {
            w->left_out++;
            continue;
        }
        xmlNodePtr other = counterpart(w, said, child, is);
        if (other)
            compare(w, child, other);
        else
            differs(w, child, "the element", "there", "not there");
    }
    if (w->whole) compare_counts(w, said, is);
}

/* ---- the order of things ---- */
static cm_status digest_of(const cm_aggregates *a, cm_digest *out, cm_error *err)
{
    cm_xml_out stream = {.depth = 1};
    cm_status status = cm_sha256_create(&stream.hash, err);
    if (status) return status;
    cm_write_results(&stream, a);
    if (stream.failed || cm_sha256_final(stream.hash, out))
        status = CM_FAIL(err, CM_ERR_INTERNAL, .what = "the results could not be written again");
    cm_sha256_destroy(stream.hash);
    return status;
}

static cm_status document_of(const cm_aggregates *a, xmlDocPtr *out, cm_error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    cm_xml_out stream = {.file = open_memstream(&text, &bytes)};
    if (!stream.file) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to write the results again");
    cm_write_computed(&stream, a);
    bool good = !stream.failed && !fclose(stream.file) && bytes <= INT32_MAX;
    *out =
        good ? xmlReadMemory(text, (int)bytes, "results", NULL, CM_DOCUMENT_PARSE_OPTIONS | XML_PARSE_NOERROR)
             : NULL;
    free(text);
    return *out ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "the results could not be written again");
}

static void say_what_is_left_out(walk *w)
{
    if (w->patients_unknown)
        cm_remarks_add(
            w->f, CM_REMARK_UNCHECKED, "recomputed", "",
            "intervals and the comparison: patients have several cases and are drawn with them, and this "
            "report does not say which cases belong together");
    if (w->gathered)
        cm_remarks_add(w->f, CM_REMARK_UNCHECKED, "recomputed", "",
                       "metrics of the whole cohort: their evidence is in the run folder, not in the report");
    if (!w->same_engine)
        cm_remarks_add(w->f, CM_REMARK_UNCHECKED, "recomputed", "",
                       "the last digits: the report was made by version %s, this is %s", w->r->engine_version,
                       CM_VERSION);
}

/* Of reports that this version would not write in the same words: the parts that hold numbers. */
static void compare_numbers(walk *w, xmlNodePtr said, xmlNodePtr is)
{
    static const char *const parts[] = {"verdict",   "ranking",  "comparison", "classes", "combined",
                                        "subgroups", "outcomes", "aggregates", "curves"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        xmlNodePtr x = cm_xml_child(said, parts[k]), y = cm_xml_child(is, parts[k]);
        bool words = !strcmp(parts[k], "verdict") && (w->patients_unknown || !w->same_engine);
        if (x && y && !words && !skipped(w, x)) compare(w, x, y);
    }
}

static cm_status compare_parts(walk *w, xmlDocPtr doc, const cm_aggregates *a, cm_error *err)
{
    xmlDocPtr again = NULL;
    cm_status status = document_of(a, &again, err);
    if (status) return status;
    int64_t broken = w->f->count[CM_REMARK_BROKEN];
    xmlNodePtr said = cm_xml_child(xmlDocGetRootElement(doc), "results"), is = xmlDocGetRootElement(again);
    say_what_is_left_out(w);
    if (w->whole)
        compare(w, said, is);
    else
        compare_numbers(w, said, is);
    xmlFreeDoc(again);
    if (w->f->count[CM_REMARK_BROKEN] != broken) return CM_OK;
    if (w->whole && !w->gathered)
        cm_remarks_add(w->f, CM_REMARK_BROKEN, "recomputed", "",
                       "every number is the same, but not every byte of <results>: its cases or pictures are "
                       "written otherwise than this version of the engine does");
    else
        cm_remarks_add(w->f, CM_REMARK_HOLDS, "recomputed", "",
                       "%lld numbers computed again from the values of %lld cases are the same",
                       (long long)w->equal, (long long)w->r->n_cases);
    return CM_OK;
}

cm_status cm_verify_by_recomputing(xmlDocPtr doc, const char *path, const cm_digest *digest,
                                   const cm_verify_options *options, cm_remarks *f, cm_error *err)
{
    cm_results *r = NULL;
    cm_threads *pool = NULL;
    cm_aggregates *a = NULL;
    cm_digest again;
    xmlNodePtr results = cm_xml_child(xmlDocGetRootElement(doc), "results");
    char unit[32];
    cm_status status = cm_report_rebuild(doc, path, options->spill, &r, err);
    if (!status) status = cm_threads_create(options->threads > 0 ? options->threads : 1, &pool, err);
    if (!status) status = cm_aggregates_create(r, CM_AUDIENCE_SITE, pool, &a, err);
    if (!status) status = digest_of(a, &again, err);
    if (!status) {
        walk w = {.f = f, .r = r, .same_engine = !strcmp(r->engine_version, CM_VERSION)};
        cm_xml_attribute(cm_xml_child(cm_xml_child(results, "bench"), "statistics"), "resampled", unit,
                         sizeof unit);
        w.patients_unknown = strcmp(unit, cm_draw_unit_name(a->draw_unit)) != 0;
        for (int m = 0; m < r->bench->n_metrics; m++) {
            w.gathered |= cm_metric_is_gathered(&r->bench->metrics[m]);
            w.diagonals_unknown |= lacks_diagonals(r, r->bench->metrics[m].id);
        }
        w.whole = w.same_engine && !w.patients_unknown && !w.diagonals_unknown;
        if (!memcmp(&again, digest, sizeof again))
            cm_remarks_add(
                f, CM_REMARK_HOLDS, "recomputed", "",
                "everything computed again from the values of %lld cases gives <results> byte for byte",
                (long long)r->n_cases);
        else
            status = compare_parts(&w, doc, a, err);
    }
    cm_aggregates_destroy(a);
    cm_threads_destroy(pool);
    cm_results_destroy(r);
    return status;
}
