#include "engine/run/setup.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

/* path relative to the folder of `file`, unless it is absolute; resolved. */
static cm_status resolve_beside(const char *file, const char *path, char *out, size_t size, cm_error *err)
{
    char folder[4096], joined[8300], resolved[PATH_MAX];
    size_t n = strlen(file);
    if (n >= sizeof folder) return CM_FAIL(err, CM_ERR_ARG, .what = "a path is too long", .where = "bench");
    memcpy(folder, file, n + 1);
    if (path[0] == '/')
        snprintf(joined, sizeof joined, "%s", path);
    else
        snprintf(joined, sizeof joined, "%s/%s", dirname(folder), path);
    if (!realpath(joined, resolved) || strlen(resolved) >= size)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "a path named in the bench does not exist",
                       .where = file, .why = path,
                       .next = "paths in bench.xml are relative to its own folder");
    memcpy(out, resolved, strlen(resolved) + 1);
    return CM_OK;
}

static cm_status pick_cases(cm_setup *s, int64_t smoke, cm_error *err)
{
    const cm_cohort_info *info = cm_cohort_get_info(s->cohort);
    int64_t count = cm_cohort_count(s->cohort);
    s->case_index = calloc((size_t)count + 1, sizeof *s->case_index);
    if (!s->case_index) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the list of cases");
    s->spacing_known = true;
    for (int64_t i = 0; i < count && (smoke <= 0 || s->n_cases < smoke); i++) {
        const cm_case *c = cm_cohort_get_case(s->cohort, i);
        if (s->bench->split[0] && strcmp(info->splits[c->split], s->bench->split) != 0) continue;
        s->spacing_known &= c->geometry.spacing_known;
        s->case_index[s->n_cases++] = i;
    }
    if (s->n_cases == 0)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "the bench has no case to run on",
                       .where = cm_strf("cohort %s, split %s", info->id, s->bench->split).s);
    return CM_OK;
}

/* A tool's session gives decided masks. */
static cm_status check_kept(const cm_bench *b, cm_error *err)
{
    for (int i = 0; i < b->n_metrics; i++)
        if (b->metrics[i].definition->needs == CM_NEEDS_PROBABILITIES)
            return CM_FAIL(err, CM_ERR_MISMATCH,
                           .what = cm_strf("%s cannot be computed in a run", b->metrics[i].id).s,
                           .where = cm_strf("bench %s", b->id).s,
                           .why = "it is of probabilities of voxels, and a run keeps the decided masks only",
                           .next = "Score files of probabilities with cohmark score, or use DSC");
    return CM_OK;
}

cm_status cm_setup_cohort(const char *bench_path, const char *cohort_path, int64_t smoke, cm_setup *s,
                          cm_error *err)
{
    memset(s, 0, sizeof *s);
    cm_status st = cm_bench_read(bench_path, &s->bench, err);
    if (st) return st;
    st = resolve_beside(bench_path, cohort_path ? cohort_path : s->bench->cohort_path, s->cohort_path,
                        sizeof s->cohort_path, err);
    if (!st) st = cm_cohort_open(s->cohort_path, &s->cohort, err);
    if (!st) st = cm_bench_bind(s->bench, cm_cohort_get_info(s->cohort), err);
    if (!st) st = pick_cases(s, smoke, err);
    if (!st) st = cm_bench_check_units(s->bench, s->spacing_known, err);
    if (!st) st = check_kept(s->bench, err);
    if (!st) s->limits = s->bench->limits;
    return st;
}

static cm_status map_channels(const cm_tool_info *t, const cm_cohort_info *c, int **out, cm_error *err)
{
    int *map = calloc((size_t)t->n_channels + 1, sizeof *map);
    if (!map) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the channels");
    *out = map;
    for (int i = 0; i < t->n_channels; i++) {
        map[i] = -1;
        for (int k = 0; k < c->n_channels; k++)
            if (strcmp(t->channels[i], c->channels[k]) == 0) map[i] = k;
        if (map[i] < 0)
            return CM_FAIL(
                err, CM_ERR_MISMATCH,
                .what =
                    cm_strf("the tool wants channel %s, which the cohort does not have", t->channels[i]).s,
                .where = cm_strf("tool %s, cohort %s", t->id, c->id).s,
                .next = "name the cohort's channels in tool.xml (cohmark cohort show)");
    }
    return CM_OK;
}

static cm_status check_fit(const cm_setup *s, const cm_tool_info *t, cm_error *err)
{
    const cm_cohort_info *c = cm_cohort_get_info(s->cohort);
    cm_str where = cm_strf("tool %s, cohort %s", t->id, c->id);
    if ((int)t->task != (int)s->bench->task)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the tool is for another task than the bench",
                       .where = where.s);
    if (s->bench->task == CM_TASK_CLASSIFICATION && t->n_classes && t->n_classes != c->n_labels)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the tool has another number of classes than the cohort",
                       .where = where.s, .why = cm_strf("%d and %d", t->n_classes, c->n_labels).s);
    for (int64_t i = 0; i < s->n_cases; i++) {
        const cm_geometry *g = &cm_cohort_get_case(s->cohort, s->case_index[i])->geometry;
        if ((t->needs_orientation && !g->orientation_known) || (t->needs_spacing && !g->spacing_known))
            return CM_FAIL(
                err, CM_ERR_MISMATCH,
                .what =
                    t->needs_spacing && !g->spacing_known
                        ? "the tool resamples to a spacing in mm, but the spacing of the images is unknown"
                        : "the tool orients its input, but the orientation of the images is unknown",
                .where = where.s, .next = "only tools that take images as stored can run on this cohort");
    }
    return CM_OK;
}

static cm_status open_tool(cm_setup *s, const char *path, cm_error *err)
{
    int i = s->n_tools;
    cm_status st = cm_tool_open(path, &s->limits, &s->tools[i], err);
    if (st) {
        cm_error_context(err, cm_strf("tool %d of the bench", i + 1).s);
        return st;
    }
    s->n_tools++;
    const cm_tool_info *t = cm_tool_get_info(s->tools[i]);
    for (int k = 0; k < i; k++)
        if (strcmp(cm_tool_get_info(s->tools[k])->id, t->id) == 0)
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = cm_strf("two tools have the id %s", t->id).s,
                           .next = "give each tool an id of its own in tool.xml");
    st = check_fit(s, t, err);
    if (!st) st = map_channels(t, cm_cohort_get_info(s->cohort), &s->channels[i], err);
    return st;
}

cm_status cm_setup_tools(cm_setup *s, const char *const *paths, int n_paths, cm_error *err)
{
    s->tools = calloc((size_t)n_paths + 1, sizeof *s->tools);
    s->channels = calloc((size_t)n_paths + 1, sizeof *s->channels);
    if (!s->tools || !s->channels) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools");
    if (n_paths == 0)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "the bench has no tool to run",
                       .next = "list tools in bench.xml or give them with --tool");
    cm_status st = CM_OK;
    for (int i = 0; i < n_paths && !st; i++)
        st = open_tool(s, paths[i], err);
    return st;
}

void cm_setup_fini(cm_setup *s)
{
    for (int i = 0; i < s->n_tools; i++) {
        cm_tool_close(s->tools[i]);
        free(s->channels[i]);
    }
    free(s->tools);
    free(s->channels);
    free(s->case_index);
    cm_cohort_close(s->cohort);
    cm_bench_destroy(s->bench);
    memset(s, 0, sizeof *s);
}
