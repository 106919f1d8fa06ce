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
    bool resume, quiet;
    cm_level level;                   /* messages below it stay out of the terminal; RUN/log.jsonl gets all */
    int64_t smoke;                    /* > 0: only the first n cases */
    int threads;                      /* per rank; 0 = cores / local ranks */
    int cpu_features;                 /* -1 = all */
    const atomic_int *stop_requested; /* set by SIGTERM/SIGUSR1 */
    int64_t max_failures;             /* 0 = no bound */
    const char *program;              /* argv[0] resolved, for suspect children */
    const cm_spill_rule *spill;       /* for the results, read once for the pictures; NULL: in memory */
} cm_run_options;

/* Collective. Creates (or resumes) the run folder, executes every open item, scores, writes pictures. CM_OK
 * also when cases failed
 * (*failed counts them); CM_ERR_STOPPED when asked to stop: resumable. */
cm_status cm_run(const cm_run_options *options, cm_team *team, int64_t *failed, cm_error *err);

/* One item of a run folder alone in this process, writing nothing: a resume starts this in a child for each
 * item that was in flight when a job died. case_number counts the cases of the run. */
cm_status cm_run_probe(const char *run_folder, int tool, int64_t case_number, cm_error *err);

/* What a run would do: tools, cases, cost of the median case and of everything, without creating anything.
 * Not collective. */
typedef struct cm_preview_tool {
    char id[65], version[33];
    cm_tool_cost median; /* of the case with the median number of voxels; zero when it cannot be planned */
    char problem[512];   /* why it cannot be planned; "" */
    double total_s;      /* estimated seconds over all cases on this machine's threads */
} cm_preview_tool;
typedef struct cm_preview {
    char bench[65], cohort[128];
    int64_t n_cases, n_with_reference;
    int n_tools, threads;
    cm_preview_tool *tools;
} cm_preview;
cm_status cm_run_preview(const cm_run_options *options, cm_preview *out, cm_error *err);
void cm_preview_fini(cm_preview *preview);

/* Status of a run folder, also while it runs. */
typedef struct cm_run_status {
    int64_t total, done, failed, in_flight;
    double rate_per_s; /* of the last launch */
    double left_s;     /* -1 unknown */
    bool running;      /* the last launch has not ended */
} cm_run_status;
cm_status cm_run_status_read(const char *run_folder, cm_run_status *out, cm_error *err);

#endif
