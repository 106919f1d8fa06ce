#ifndef CM_ENGINE_RUN_WORKER_INTERNAL_H
#define CM_ENGINE_RUN_WORKER_INTERNAL_H

#include <pthread.h>

#include "engine/run/meter.h"
#include "engine/run/worker.h"

typedef enum stage { STAGE_LOAD, STAGE_INFER, STAGE_STORE, STAGE_SCORE, STAGE_DONE, STAGE_COUNT } stage;

/* One work item on its way through the stages; whoever has taken it from a queue owns it. */
typedef struct job {
    struct job *next;
    cm_outcome outcome;
    cm_volume *image;
    cm_prediction prediction;
    uint16_t *reference; /* label values; NULL when there is nothing to score */
} job;

typedef struct queue {
    job *head, *tail;
} queue;

enum { SESSION_SLOTS = 4 };

struct cm_worker {
    cm_worker_setup setup;
    cm_threads *pool;
    cm_backend *backend;
    cm_backend *scorer; /* of the scoring thread, which works alone */
    cm_images *images;
    cm_references *references;
    cm_predictions *predictions;
    cm_meter meter;
    cm_stop stop;    /* of the tool that runs: its deadline, and cancelling */
    cm_stop scoring; /* cancelling only */
    struct {
        cm_session *session;
        int tool;
        int64_t used;
    } sessions[SESSION_SLOTS]; /* inference thread only */
    int64_t session_clock;
    uint8_t *is_label; /* [65536]: values of the cohort's label set */

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    queue queues[STAGE_COUNT];
    bool closing;
    pthread_t threads[3];
    int n_threads;
};

/* One stage each; they fill job->outcome and never fail: a failure is an outcome. */
void cm_stage_load(cm_worker *w, job *j);
void cm_stage_infer(cm_worker *w, job *j);
void cm_stage_store(cm_worker *w, job *j);
void cm_stage_score(cm_worker *w, job *j);
/* What came of a job, for the operator's log. */
void cm_stage_log(cm_worker *w, const job *j);

/* What a probe of a suspect said (suspect.c). */
typedef enum cm_probe { CM_PROBE_PASSED, CM_PROBE_CRASHED, CM_PROBE_STOPPED } cm_probe;
cm_probe cm_suspect_probe(const char *program, const char *run_folder, const cm_work *work,
                          const cm_stop *stop, int *signal_number);

#endif
