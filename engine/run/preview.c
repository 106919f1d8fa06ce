/* What a run would do and cost, without creating anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/run/run.h"
#include "engine/run/run_internal.h"

static cm_status estimate(const cm_setup *s, cm_backend *backend, cm_preview *out, cm_error *err)
{
    double *seconds = calloc((size_t)(s->n_tools * s->n_cases) + 1, sizeof *seconds);
    cm_tool_cost *costs = calloc((size_t)s->n_tools + 1, sizeof *costs);
    cm_status st = seconds && costs ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for estimates");
    if (!st) st = cm_setup_estimate(s, backend, seconds, costs, err);
    for (int t = 0; t < s->n_tools && !st; t++) {
        cm_preview_tool *p = &out->tools[t];
        cm_tool_cost again;
        cm_error why = {0};
        p->median = costs[t];
        for (int64_t i = 0; i < s->n_cases; i++)
            p->total_s += seconds[t * s->n_cases + i];
        const cm_geometry *first = &cm_cohort_get_case(s->cohort, s->case_index[0])->geometry;
        if (costs[t].operations == 0 && cm_tool_estimate(s->tools[t], first, backend, &again, &why))
            cm_error_format(&why, p->problem, sizeof p->problem);
    }
    free(seconds);
    free(costs);
    return st;
}

cm_status cm_run_preview(const cm_run_options *o, cm_preview *out, cm_error *err)
{
    cm_setup s = {0};
    char **paths = NULL;
    int n_paths = 0;
    cm_threads *pool = NULL;
    cm_backend *backend = NULL;
    memset(out, 0, sizeof *out);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    out->threads = o->threads > 0 ? o->threads : (cores > 0 && cores <= 1024 ? (int)cores : 1);
    cm_status st = cm_run_setup(o, &s, &paths, &n_paths, err);
    if (!st) st = cm_threads_create(out->threads, &pool, err);
    if (!st) st = cm_backend_cpu_create(pool, o->cpu_features, &backend, err);
    if (!st) {
        out->tools = calloc((size_t)s.n_tools + 1, sizeof *out->tools);
        if (!out->tools) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a preview");
    }
    if (!st) {
        const cm_cohort_info *info = cm_cohort_get_info(s.cohort);
        memcpy(out->bench, s.bench->id, sizeof out->bench);
        memcpy(out->cohort, info->id, sizeof out->cohort);
        out->n_cases = s.n_cases;
        out->n_tools = s.n_tools;
        for (int t = 0; t < s.n_tools; t++) {
            memcpy(out->tools[t].id, cm_tool_get_info(s.tools[t])->id, sizeof out->tools[t].id);
            memcpy(out->tools[t].version, cm_tool_get_info(s.tools[t])->version,
                   sizeof out->tools[t].version);
        }
        for (int64_t i = 0; i < s.n_cases; i++) {
            const cm_case *c = cm_cohort_get_case(s.cohort, s.case_index[i]);
            out->n_with_reference +=
                s.bench->task == CM_TASK_SEGMENTATION ? c->has_reference : c->class_value >= 0;
        }
        st = estimate(&s, backend, out, err);
    }
    cm_backend_destroy(backend);
    cm_threads_destroy(pool);
    cm_names_free(paths, n_paths);
    cm_setup_fini(&s);
    if (st) cm_preview_fini(out);
    return st;
}

void cm_preview_fini(cm_preview *p)
{
    free(p->tools);
    p->tools = NULL;
}
