/* The demo: two cohorts, their tools and benches in one folder, run and reported.
 *
 * folder/segmentation/ and folder/classification/ each get: source/ (what a hospital would hand over),
 * cohort/ (the ingested store), tools/, bench.xml and run/ (with report.xml, report.html, openebench.json).
 */
#ifndef CM_ENGINE_DEMO_DEMO_H
#define CM_ENGINE_DEMO_DEMO_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/base/status.h"

typedef struct cm_demo_options {
    const char *folder;    /* must not exist; at most 300 characters */
    int64_t cases, images; /* patients of the segmentation cohort, findings of the classification cohort */
    uint64_t seed;
    int threads;                      /* 1..1024 */
    bool quiet;                       /* no progress on stderr */
    const atomic_int *stop_requested; /* set by a signal handler; may be NULL */
    const char *program; /* this program, for children that try items which crashed; may be NULL */
} cm_demo_options;

/* The two tasks, in the order in which the demo goes through them: "segmentation", "classification". */
enum { CM_DEMO_TASKS = 2 };
extern const char *const cm_demo_tasks[CM_DEMO_TASKS];

/* Writes the source folders of both tasks. What was written before an error stays. The same bytes for any
 * number of threads. Errors: CM_ERR_EXISTS, CM_ERR_ARG, CM_ERR_IO, CM_ERR_NOMEM. */
cm_status cm_demo_write_sources(const cm_demo_options *options, cm_error *err);

/* Writes bench.xml and the tools of both tasks, beside the sources. */
cm_status cm_demo_write_benches(const cm_demo_options *options, cm_error *err);

/* One task: ingests its source, runs its bench in this process alone, writes the reports. *failed counts
 * cases that ended without a result. Errors: of cm_cohort_ingest, cm_run and cm_report_write; CM_ERR_STOPPED.
 */
cm_status cm_demo_measure(const cm_demo_options *options, const char *task, int64_t *failed, cm_error *err);

#endif
