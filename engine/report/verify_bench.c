/* The rules of a report against the bench.xml beside it, whose sha256 the report names: whoever writes other
 * rules into a report, and makes every number follow them, has not written them into the file that was
 * declared. What bench.xml leaves to the cohort (targets, their names) or to a default that depends on it is
 * not compared. */
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/verify_internal.h"

enum { NAME = 300 };

typedef struct sides {
    cm_remarks *f;
    int64_t same;
} sides;

static void differs(sides *s, const char *what, const char *declared, const char *said)
{
    cm_remarks_add(s->f, CM_REMARK_BROKEN, "bench", what,
                   "is \"%.120s\" in bench.xml and \"%.120s\" in the report", declared, said);
}

static void text(sides *s, const char *what, const char *declared, xmlNodePtr node, const char *attribute)
{
    char said[NAME] = "";
    cm_xml_attribute(node, attribute, said, sizeof said);
    if (strcmp(declared, said))
        differs(s, what, declared, said);
    else
        s->same++;
}

static void number(sides *s, const char *what, double declared, xmlNodePtr node, const char *attribute)
{
    const double said = cm_xml_double(node, attribute, 0);
    if (declared != said)
        differs(s, what, cm_strf("%.17g", declared).s, cm_strf("%.17g", said).s);
    else
        s->same++;
}

static void compare_ids(sides *s, const cm_bench *b, xmlNodePtr bench)
{
    xmlNodePtr ids = cm_xml_child(bench, "openebench");
    text(s, "id", b->id, bench, "id");
    text(s, "version", b->version, bench, "version");
    text(s, "title", b->title, bench, "title");
    text(s, "task", b->task == CM_TASK_CLASSIFICATION ? "classification" : "segmentation", bench, "task");
    text(s, "openebench/@community", b->community, ids, "community");
    text(s, "openebench/@event", b->event, ids, "event");
    text(s, "openebench/@challenge", b->challenge, ids, "challenge");
    text(s, "openebench/@community-acronym", b->community_acronym, ids, "community-acronym");
    text(s, "openebench/@event-name", b->event_name, ids, "event-name");
    text(s, "openebench/@challenge-label", b->challenge_label, ids, "challenge-label");
    text(s, "openebench/@visibility", b->visibility, ids, "visibility");
    text(s, "openebench/@metric-names", b->eucanimage_names ? "eucanimage" : "", ids, "metric-names");
}

static void compare_rules(sides *s, const cm_bench *b, xmlNodePtr bench)
{
    xmlNodePtr statistics = cm_xml_child(bench, "statistics"), policies = cm_xml_child(bench, "policies");
    xmlNodePtr ranking = cm_xml_child(bench, "ranking-rule"), ignored = cm_xml_child(bench, "ignored-label");
    number(s, "statistics/@level", b->level, statistics, "confidence-level");
    number(s, "statistics/@replicates", (double)b->replicates, statistics, "replicates");
    text(s, "statistics/@seed", cm_strf("%llu", (unsigned long long)b->seed).s, statistics, "seed");
    text(s, "policy/@one-empty", cm_policy_name(b->policies.one_empty), policies, "one-empty");
    text(s, "policy/@both-empty", cm_policy_name(b->policies.both_empty), policies, "both-empty");
    text(s, "policy/@missing", cm_policy_name(b->policies.missing), policies, "missing");
    text(s, "ranking/@metric", b->ranking_metric, ranking, "metric");
    if (b->ranking_target[0]) text(s, "ranking/@target", b->ranking_target, ranking, "target");
    number(s, "ranking/@margin", b->margin, ranking, "margin");
    number(s, "privacy/@minimum-cell", b->minimum_cell, cm_xml_child(bench, "privacy"), "minimum-cell");
    if (b->has_ignored || ignored)
        text(s, "targets/@ignore", b->has_ignored ? cm_strf("%d", b->ignored).s : "", ignored, "value");
}

static void compare_metrics(sides *s, const cm_bench *b, xmlNodePtr results)
{
    xmlNodePtr metric = cm_xml_child(cm_xml_child(results, "metrics"), "metric");
    for (int m = 0; m < b->n_metrics; m++, metric = cm_xml_next(metric, "metric"))
        text(s, "metric/@id", b->metrics[m].id, metric, "id");
    if (metric) text(s, "metric/@id", "", metric, "id");
}

/* A public report may hide the combined order; what it shows is the declared one. */
static void compare_parts(sides *s, const cm_bench *b, xmlNodePtr results, bool public)
{
    xmlNodePtr combined = cm_xml_child(results, "combined"), part = cm_xml_child(combined, "part");
    if (!combined && (public || !b->n_parts)) return;
    text(s, "combination/@missing", b->combination_excludes ? "exclude" : "last", combined, "missing");
    for (int k = 0; k < b->n_parts; k++, part = cm_xml_next(part, "part")) {
        text(s, "part/@metric", b->parts[k].metric, part, "metric");
        if (b->parts[k].target[0]) text(s, "part/@target", b->parts[k].target, part, "target");
        number(s, "part/@weight", b->parts[k].weight, part, "weight");
    }
    if (part) text(s, "part/@metric", "", part, "metric");
}

/* Declared attributes are all there, and no other is; their results may be hidden. */
static void compare_subgroups(sides *s, const cm_bench *b, xmlNodePtr results)
{
    xmlNodePtr shown = cm_xml_child(results, "subgroups"), a = cm_xml_child(shown, "attribute");
    if (!shown || !b->has_subgroups) return;
    int k = 0;
    for (; a; a = cm_xml_next(a, "attribute")) {
        char kind[NAME] = "";
        cm_xml_attribute(a, "kind", kind, sizeof kind);
        if (strcmp(kind, "attribute")) continue;
        text(s, "subgroups/attribute/@name", k < b->n_subgroups ? b->subgroups[k].name : "", a, "name");
        if (k < b->n_subgroups) number(s, "subgroups/attribute/@parts", b->subgroups[k].parts, a, "parts");
        k++;
    }
    for (; k < b->n_subgroups; k++)
        differs(s, "subgroups/attribute/@name", b->subgroups[k].name, "");
}

cm_status cm_verify_bench_file(const char *path, xmlNodePtr results, bool public, cm_remarks *f,
                               cm_error *err)
{
    cm_bench *bench = NULL;
    cm_error own = {0};
    sides s = {.f = f};
    const int64_t broken = f->count[CM_REMARK_BROKEN];
    cm_status status = cm_bench_read(path, &bench, &own);
    if (status == CM_ERR_NOMEM) {
        if (err) *err = own;
        return status;
    }
    if (status) { /* such as one of a later version */
        cm_remarks_add(f, CM_REMARK_UNCHECKED, "bench", own.where, "bench.xml is not understood: %s",
                       own.what);
        return CM_OK;
    }
    compare_ids(&s, bench, cm_xml_child(results, "bench"));
    compare_rules(&s, bench, cm_xml_child(results, "bench"));
    if (bench->split[0]) text(&s, "cohort/@split", bench->split, cm_xml_child(results, "cohort"), "split");
    compare_metrics(&s, bench, results);
    compare_parts(&s, bench, results, public);
    compare_subgroups(&s, bench, results);
    cm_bench_destroy(bench);
    if (f->count[CM_REMARK_BROKEN] == broken)
        cm_remarks_add(f, CM_REMARK_HOLDS, "bench", "",
                       "%lld rules and ids are those of the bench.xml beside it", (long long)s.same);
    return CM_OK;
}
