/* Running a bench: ranks, items, ledger. The only part that knows MPI. */
#ifndef CM_ENGINE_RUN_RUN_H
#define CM_ENGINE_RUN_RUN_H

#include "engine/run/results.h"

/* MPI for the program's life: starts it only when a launcher did (its environment says so); otherwise a team
 * of one. Call once from the main thread, before threads exist. cm_team_end finalises. Main thread only. */
cm_status cm_team_begin(cm_team *out, cm_error *err);
void cm_team_end(cm_team *team, cm_status status);

typedef struct cm_run_options {
    const char *bench;        /* bench.xml */
    const char *const *tools; /* -t, added to those of the bench */
    int n_tools;
    const char *out; /* run folder */
    bool resume, dry_run, quiet;
    int64_t smoke;                    /* > 0: only the first n cases */
    int threads;                      /* per rank; 0 = cores / local ranks */
    int cpu_features;                 /* -1 = all */
    const atomic_int *stop_requested; /* set by SIGTERM/SIGUSR1 */
    int64_t max_failures;             /* 0 = no bound */
    const char *program;              /* argv[0] resolved, for suspect children */
} cm_run_options;

/* Collective. Creates (or resumes) the run folder, executes every open item, scores, writes pictures. CM_OK
 * also when cases failed
 * (*failed counts them); CM_ERR_STOPPED when asked to stop: resumable. */
cm_status cm_run(const cm_run_options *options, cm_team *team, cm_log *log, int64_t *failed, cm_error *err);

/* Status of a run folder, also while it runs. */
typedef struct cm_run_status {
    int64_t total, done, failed, in_flight;
    double rate_per_s; /* of the last launch */
    double left_s;     /* -1 unknown */
    bool running;      /* the last launch has not ended */
} cm_run_status;
cm_status cm_run_status_read(const char *run_folder, cm_run_status *out, cm_error *err);

#endif
