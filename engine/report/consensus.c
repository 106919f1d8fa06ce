/* Several benches, one order: the weighted mean of the places, which minimises the weighted squared distance
 * to the rankings; how far it hangs on one bench, and how alike the benches order the tools. */
#include "engine/report/consensus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/document_internal.h"
#include "metrics/statistics/groups.h"

enum { MOST_BENCHES = 1000, MOST_TOOLS = 10000 };

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a consensus");
}

static int find_tool(const cm_consensus *c, const char *id)
{
    for (int t = 0; t < c->n_tools; t++)
        if (!strcmp(c->tool[t], id)) return t;
    return -1;
}

static xmlNodePtr tool_with_key(xmlNodePtr results, const char *key)
{
    for (xmlNodePtr t = cm_xml_child(cm_xml_child(results, "tools"), "tool"); t; t = cm_xml_next(t, "tool")) {
        char own[200];
        if (cm_xml_attribute(t, "key", own, sizeof own) && !strcmp(own, key)) return t;
    }
    return NULL;
}

static void describe(xmlDocPtr doc, cm_consensus_bench *b)
{
    xmlNodePtr root = xmlDocGetRootElement(doc), results = cm_xml_child(root, "results");
    xmlNodePtr bench = cm_xml_child(results, "bench"), ranking = cm_xml_child(results, "ranking");
    cm_xml_attribute(root, "id", b->report_id, sizeof b->report_id);
    cm_xml_attribute(bench, "id", b->id, sizeof b->id);
    cm_xml_attribute(bench, "version", b->version, sizeof b->version);
    cm_xml_attribute(ranking, "metric", b->metric, sizeof b->metric);
    cm_xml_attribute(ranking, "target", b->target, sizeof b->target);
}

/* What one report says of one tool, before all tools are known. */
typedef struct standing {
    int bench, tool;
    bool has_value;
    double place; /* as in the report: equal ones share the better place */
} standing;

typedef struct standings {
    standing *list;
    int n, room;
} standings;

static bool add_standing(standings *all, standing s)
{
    if (all->n == all->room) {
        const int room = all->room ? 2 * all->room : 64;
        standing *more = realloc(all->list, (size_t)room * sizeof *more);
        if (!more) return false;
        all->list = more;
        all->room = room;
    }
    all->list[all->n++] = s;
    return true;
}

static cm_status add_tool(cm_consensus *c, const char *id, int *out, cm_error *err)
{
    *out = find_tool(c, id);
    if (*out >= 0) return CM_OK;
    if (c->n_tools == MOST_TOOLS)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "more tools than a consensus takes",
                       .why = cm_strf("at most %d", MOST_TOOLS).s);
    void *more = realloc(c->tool, ((size_t)c->n_tools + 1) * sizeof *c->tool);
    if (!more) return no_memory(err);
    c->tool = more;
    *out = c->n_tools++;
    snprintf(c->tool[*out], sizeof c->tool[0], "%s", id);
    return CM_OK;
}

static cm_status read_standing(cm_consensus *c, xmlNodePtr results, xmlNodePtr node, int bench,
                               standings *all, const char *path, cm_error *err)
{
    char key[200] = "", id[129] = "";
    standing s = {.bench = bench, .has_value = cm_xml_child(node, "value") != NULL};
    cm_xml_attribute(node, "tool", key, sizeof key);
    cm_xml_attribute(tool_with_key(results, key), "id", id, sizeof id);
    s.place = cm_xml_double(node, "place", 0);
    if (s.place < 1)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "a report hides the places of its tools", .where = path,
                       .next = "Take the site's report, or leave this bench out");
    const cm_status status = add_tool(c, id, &s.tool, err);
    for (int k = 0; k < all->n && !status; k++)
        if (all->list[k].bench == bench && all->list[k].tool == s.tool)
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = cm_strf("the tool %s is in this report twice", id).s,
                           .where = path, .why = "versions of a tool cannot be told apart across benches");
    if (status) return status;
    return add_standing(all, s) ? CM_OK : no_memory(err);
}

static cm_status read_report(cm_consensus *c, int k, const cm_consensus_source *source, standings *all,
                             cm_error *err)
{
    xmlDocPtr doc = NULL;
    cm_status status = cm_document_validate(source->path, err);
    if (!status) status = cm_document_read(source->path, &doc, err);
    if (status) return status;
    xmlNodePtr results = cm_xml_child(xmlDocGetRootElement(doc), "results");
    xmlNodePtr ranking = cm_xml_child(results, "ranking");
    describe(doc, &c->bench[k]);
    c->bench[k].weight = source->weight;
    for (int other = 0; other < k && !status; other++)
        if (!strcmp(c->bench[other].report_id, c->bench[k].report_id))
            status =
                CM_FAIL(err, CM_ERR_MISMATCH, .what = "the same report is named twice", .where = source->path,
                        .why = c->bench[k].report_id, .next = "Give it one weight instead");
    for (xmlNodePtr s = cm_xml_child(ranking, "standing"); s && !status; s = cm_xml_next(s, "standing"))
        status = read_standing(c, results, s, k, all, source->path, err);
    xmlFreeDoc(doc);
    return status;
}

/* What the reports say, by bench and tool. */
static void sort_standings(cm_consensus *c, const standings *all)
{
    for (int s = 0; s < all->n; s++) {
        const int64_t cell = (int64_t)all->list[s].bench * c->n_tools + all->list[s].tool;
        c->ranked[cell] = all->list[s].has_value;
        c->place[cell] = all->list[s].place;
    }
}

/* Places among those that take part; tools that the bench does not rank share the last ones. */
static void place_again(cm_consensus *c, const bool *takes_part, double *given, bool *has)
{
    for (int k = 0; k < c->n_benches; k++) {
        const int64_t first = (int64_t)k * c->n_tools;
        for (int t = 0; t < c->n_tools; t++) {
            given[t] = c->place[first + t];
            has[t] = c->ranked[first + t] && takes_part[t];
        }
        cm_rank_places(given, has, c->n_tools, false, CM_TIES_AVERAGE, c->place + first);
    }
}

/* The consensus of all benches but one (-1: of all). */
static cm_status agree(const cm_consensus *c, int but, const bool *takes_part, double *place, double *weight,
                       double *score, double *out, cm_error *err)
{
    int n = 0;
    for (int k = 0; k < c->n_benches; k++) {
        if (k == but) continue;
        weight[n] = c->bench[k].weight;
        memcpy(place + (int64_t)n++ * c->n_tools, c->place + (int64_t)k * c->n_tools,
               (size_t)c->n_tools * sizeof *place);
    }
    const cm_status status = cm_rank_consensus(place, weight, n, c->n_tools, score, out, err);
    if (!status) cm_rank_places(score, takes_part, c->n_tools, false, CM_TIES_AVERAGE, out);
    return status;
}

static void compare(cm_consensus *c, int i, int j, double *x, double *y)
{
    int n = 0;
    for (int t = 0; t < c->n_tools; t++) {
        const int64_t a = (int64_t)i * c->n_tools + t, b = (int64_t)j * c->n_tools + t;
        if (!c->ranked[a] || !c->ranked[b]) continue;
        x[n] = c->place[a];
        y[n++] = c->place[b];
    }
    c->shared[i * c->n_benches + j] = n;
    c->tau[i * c->n_benches + j] = n > 1 ? cm_kendall_tau(x, y, n) : 0;
}

static cm_status work_out(cm_consensus *c, const standings *all, bool exclude, cm_error *err)
{
    const size_t tools = (size_t)c->n_tools, cells = tools * (size_t)c->n_benches;
    c->ranked = calloc(cells, sizeof *c->ranked);
    c->place = calloc(cells, sizeof *c->place);
    c->without = calloc(cells, sizeof *c->without);
    c->score = calloc(tools, sizeof *c->score);
    c->consensus = calloc(tools, sizeof *c->consensus);
    c->left_out = calloc(tools, sizeof *c->left_out);
    c->tau = calloc((size_t)c->n_benches * (size_t)c->n_benches, sizeof *c->tau);
    c->shared = calloc((size_t)c->n_benches * (size_t)c->n_benches, sizeof *c->shared);
    double *place = malloc((cells + 2 * tools) * sizeof *place);
    double *weight = malloc((size_t)c->n_benches * sizeof *weight);
    bool *takes_part = malloc(2 * tools * sizeof *takes_part);
    cm_status status = c->ranked && c->place && c->without && c->score && c->consensus && c->left_out &&
                               c->tau && c->shared && place && weight && takes_part
                           ? CM_OK
                           : no_memory(err);
    double *x = place ? place + cells : NULL, *y = x ? x + tools : NULL;
    int left = 0;
    if (!status) sort_standings(c, all);
    for (int t = 0; t < c->n_tools && !status; t++) {
        for (int k = 0; k < c->n_benches; k++)
            c->left_out[t] |= exclude && !c->ranked[(int64_t)k * c->n_tools + t];
        takes_part[t] = !c->left_out[t];
        left += takes_part[t];
    }
    if (!status && !left)
        status = CM_FAIL(err, CM_ERR_EMPTY, .what = "no tool is ranked by every bench",
                         .next = "Use --missing last");
    for (int k = 0; k < c->n_benches && !status; k++) /* of the places that the benches gave */
        for (int j = 0; j < c->n_benches; j++)
            compare(c, k, j, x, y);
    if (!status) place_again(c, takes_part, x, takes_part + tools);
    if (!status) status = agree(c, -1, takes_part, place, weight, c->score, c->consensus, err);
    for (int k = 0; k < c->n_benches && !status; k++)
        status = agree(c, k, takes_part, place, weight, x, c->without + (int64_t)k * c->n_tools, err);
    free(place);
    free(weight);
    free(takes_part);
    return status;
}

cm_status cm_consensus_create(const cm_consensus_source *source, int n_sources, bool exclude,
                              cm_consensus **out, cm_error *err)
{
    if (n_sources < 2 || n_sources > MOST_BENCHES)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a consensus needs the reports of two benches or more",
                       .why = cm_strf("%d named, at most %d", n_sources, MOST_BENCHES).s);
    standings all = {0};
    cm_consensus *c = calloc(1, sizeof *c);
    if (c) c->bench = calloc((size_t)n_sources, sizeof *c->bench);
    cm_status status = c && c->bench ? CM_OK : no_memory(err);
    for (int k = 0; k < n_sources && !status; k++) {
        c->n_benches = k + 1;
        status = read_report(c, k, &source[k], &all, err);
    }
    if (!status && c->n_tools == 0) status = CM_FAIL(err, CM_ERR_EMPTY, .what = "the reports rank no tool");
    if (!status) status = work_out(c, &all, exclude, err);
    free(all.list);
    if (status)
        cm_consensus_destroy(c);
    else
        *out = c;
    return status;
}

void cm_consensus_destroy(cm_consensus *c)
{
    if (!c) return;
    free(c->bench);
    free(c->tool);
    free(c->ranked);
    free(c->place);
    free(c->score);
    free(c->consensus);
    free(c->left_out);
    free(c->without);
    free(c->tau);
    free(c->shared);
    free(c);
}
