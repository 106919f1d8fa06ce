/* The pipeline of one rank: load(i+1), infer(i) and score(i-1) overlap on three threads. The loader thread
 * alone touches HDF5; the inference thread owns the pool of compute threads; the main thread only pushes work
 * and takes outcomes. */
#ifndef CM_ENGINE_RUN_WORKER_H
#define CM_ENGINE_RUN_WORKER_H

#include "engine/base/log.h"
#include "engine/run/item.h"

typedef struct cm_worker_setup {
    const cm_bench *bench;       /* bound to the cohort */
    const cm_cohort *cohort;     /* only the loader thread uses it while the worker lives */
    const cm_tool *const *tools; /* [n_tools] */
    const int *const *channels;  /* [n_tools][tool's n_channels]: index among the cohort's channels */
    int n_tools;
    int threads, cpu_features;
    int rank, shard;
    const char *predictions_path;     /* new file of this rank */
    const char *run_folder, *program; /* for probing suspects in a child process; program NULL: no probing */
    bool shared_node;                 /* energy cannot be told apart */
    cm_log *log;
} cm_worker_setup;

typedef struct cm_worker cm_worker;

/* Everything in setup is borrowed until cm_worker_finish. */
cm_status cm_worker_start(const cm_worker_setup *setup, cm_worker **out, cm_error *err);
/* One thread: the main one. */
cm_status cm_worker_push(cm_worker *worker, const cm_work *work, cm_error *err);
/* Waits at most wait_s for an outcome; the caller then owns it (cm_outcome_fini). */
bool cm_worker_take(cm_worker *worker, double wait_s, cm_outcome *out);
/* Work in flight comes back soon as CM_ITEM_OPEN. */
void cm_worker_cancel(cm_worker *worker);
/* After the last outcome was taken: ends the threads and closes the predictions. Frees the worker in any
 * case. */
cm_status cm_worker_finish(cm_worker *worker, cm_error *err);
const char *cm_worker_variant(const cm_worker *worker);

#endif
