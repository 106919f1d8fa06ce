/* Handing out work: rank 0's main thread owns the ledger and decides who does what; every rank's main thread
 * feeds its own pipeline and answers. Main thread only. */
#ifndef CM_ENGINE_RUN_COORDINATOR_H
#define CM_ENGINE_RUN_COORDINATOR_H

#include "engine/run/ledger.h"
#include "engine/run/run.h"
#include "engine/run/worker.h"

typedef struct cm_coordination {
    cm_team *team;
    cm_worker *worker; /* this rank's pipeline */
    const atomic_int *stop_requested;
    cm_log *log;
} cm_coordination;

/* What is to be done, on rank 0. */
typedef struct cm_worklist {
    int64_t n_items, n_cases;
    cm_work *items;  /* longest first */
    double *seconds; /* estimate per item, same order */
    int n_targets, n_metrics;
    int launch;
    int64_t total, done, failed; /* of the whole run, for progress: done counts what an earlier launch did */
    int64_t max_failures;        /* 0 = no bound */
    double seconds_per_case;     /* time limit; 0 = none */
    bool quiet;
    bool hung; /* set when a rank no longer answers: nothing collective may follow */
} cm_worklist;

/* Rank 0. Returns when every item is recorded, or CM_ERR_STOPPED when asked to stop (also when items came
 * back undone). list->done and failed are kept up to date. All other ranks are told to end in any case. */
cm_status cm_coordinate(const cm_coordination *c, cm_ledger *ledger, cm_worklist *list, cm_error *err);
/* The other ranks: work until rank 0 says end. */
cm_status cm_serve(const cm_coordination *c, cm_error *err);

#endif
