/* The steps of the demo: sources, benches, and for each task ingest, run and report. */
#include "engine/demo/demo.h"

#include <string.h>

#include "engine/base/files.h"
#include "engine/base/team.h"
#include "engine/base/threads.h"
#include "engine/cohort/cohort.h"
#include "engine/demo/assets.h"
#include "engine/demo/source.h"
#include "engine/report/report.h"
#include "engine/run/run.h"

const char *const cm_demo_tasks[CM_DEMO_TASKS] = {"segmentation", "classification"};

/* Paths are built in a cm_str of 400; the longest part below the folder has some 50 characters. */
enum { MAX_FOLDER = 300 };

static cm_str below(const cm_demo_options *options, const char *task, const char *name)
{
    return cm_strf("%s/%s%s%s", options->folder, task, name[0] ? "/" : "", name);
}

static cm_status make_images(const cm_demo_options *o, cm_threads *pool, cm_error *err)
{
    cm_status st =
        cm_demo_write_patients(below(o, cm_demo_tasks[0], "source").s, o->seed, o->cases, pool, err);
    if (!st)
        st = cm_demo_write_findings(below(o, cm_demo_tasks[1], "source").s, o->seed, o->images, pool, err);
    return st;
}

cm_status cm_demo_write_sources(const cm_demo_options *options, cm_error *err)
{
    cm_threads *pool = NULL;
    if (strlen(options->folder) > MAX_FOLDER)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the name of the folder is too long",
                       .where = options->folder,
                       .why = cm_strf("%zu characters, at most %d", strlen(options->folder), MAX_FOLDER).s);
    cm_status st = cm_threads_create(options->threads, &pool, err);
    if (!st) st = cm_folder_create(options->folder, true, err);
    for (int t = 0; t < CM_DEMO_TASKS && !st; t++)
        st = cm_folder_create(below(options, cm_demo_tasks[t], "").s, true, err);
    if (!st) st = make_images(options, pool, err);
    for (int t = 0; t < CM_DEMO_TASKS && !st; t++)
        st = cm_assets_write(options->folder, cm_strf("%s/source/", cm_demo_tasks[t]).s, err);
    cm_threads_destroy(pool);
    return st;
}

cm_status cm_demo_write_benches(const cm_demo_options *options, cm_error *err)
{
    cm_status st = CM_OK;
    for (int t = 0; t < CM_DEMO_TASKS && !st; t++) {
        st = cm_assets_write(options->folder, cm_strf("%s/tools/", cm_demo_tasks[t]).s, err);
        if (!st) st = cm_assets_write(options->folder, cm_strf("%s/bench.xml", cm_demo_tasks[t]).s, err);
    }
    return st;
}

static cm_status ingest(const cm_demo_options *o, const char *task, cm_team *team, cm_error *err)
{
    const cm_str source = below(o, task, "source"), cohort = below(o, task, "cohort");
    const cm_ingest_options options = {
        .source = source.s, .out = cohort.s, .threads = o->threads, .quiet = o->quiet};
    return cm_cohort_ingest(&options, team, NULL, err);
}

static cm_status run(const cm_demo_options *o, const char *task, cm_team *team, int64_t *failed,
                     cm_error *err)
{
    const cm_str bench = below(o, task, "bench.xml"), out = below(o, task, "run");
    const cm_run_options options = {.bench = bench.s,
                                    .out = out.s,
                                    .quiet = o->quiet,
                                    .level = CM_LEVEL_WARNING,
                                    .threads = o->threads,
                                    .cpu_features = -1,
                                    .stop_requested = o->stop_requested,
                                    .program = o->program};
    return cm_run(&options, team, failed, err);
}

static cm_status report(const cm_demo_options *o, const char *task, cm_error *err)
{
    cm_results *results = NULL;
    const cm_str folder = below(o, task, "run");
    const cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = o->threads};
    cm_status st = cm_results_load(folder.s, NULL, &results, err);
    if (!st) st = cm_report_write(results, folder.s, folder.s, &options, err);
    cm_results_destroy(results);
    return st;
}

cm_status cm_demo_measure(const cm_demo_options *options, const char *task, int64_t *failed, cm_error *err)
{
    cm_team team;
    cm_team_alone(&team);
    *failed = 0;
    cm_status st = ingest(options, task, &team, err);
    if (!st) st = run(options, task, &team, failed, err);
    if (!st) st = report(options, task, err);
    if (st) cm_error_context(err, cm_strf("demo, %s", task).s);
    return st;
}
