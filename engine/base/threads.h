/* A pool of threads that runs numbered tasks, and the stop signal that long work looks at. */
#ifndef CM_ENGINE_BASE_THREADS_H
#define CM_ENGINE_BASE_THREADS_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef struct cm_threads cm_threads;

/* n_threads: 1..1024, the caller of cm_threads_for counts as one of them. Errors: CM_ERR_ARG, CM_ERR_NOMEM,
 * CM_ERR_ENV (no thread could be started). Its threads start in the mode of cm_float_mode_restore. */
cm_status cm_threads_create(int n_threads, cm_threads **out, cm_error *err);
void cm_threads_destroy(cm_threads *pool);    /* NULL is fine; no cm_threads_for may be running */
int cm_threads_count(const cm_threads *pool); /* 1 for NULL */

/* CPU seconds used so far by the pool's own threads (not by the caller of cm_threads_for); 0 for NULL. Call
 * it while no cm_threads_for runs. */
double cm_threads_cpu_s(const cm_threads *pool);

/* task: 0..n_tasks-1, each exactly once, in no promised order. worker: 0..count-1, for per-thread scratch. */
typedef void (*cm_task)(void *context, int64_t task, int worker);

/* Runs all tasks and returns when the last has finished. pool NULL: in the calling thread, in order. One call
 * at a time per pool; a task must not call it on the same pool. */
void cm_threads_for(cm_threads *pool, int64_t n_tasks, cm_task task, void *context);

/* Seconds on the monotonic clock; CPU seconds of the process; CPU seconds of the calling thread. Thread-safe.
 */
double cm_now_s(void);
double cm_process_cpu_s(void);
double cm_thread_cpu_s(void);

/* Long work polls cm_stop_due between pieces of at most some 50 ms. */
typedef struct cm_stop {
    atomic_int requested; /* set to 1 by anyone, also a signal handler */
    double deadline_s;    /* against cm_now_s(); 0 = none */
} cm_stop;

/* CM_OK, CM_ERR_STOPPED or CM_ERR_TIMEOUT. stop may be NULL. Thread-safe. */
cm_status cm_stop_due(const cm_stop *stop);

#endif
