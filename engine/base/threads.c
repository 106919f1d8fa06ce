/* The thread pool: workers sleep on a condition until a job is posted, then take task numbers from one
 * shared counter. Nothing spins, so ranks may share cores. */
#include "engine/base/threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/float_mode.h"

#define MAX_THREADS 1024

typedef struct worker {
    cm_threads *pool;
    pthread_t thread;
    int number;
} worker;

struct cm_threads {
    int count;       /* with the caller */
    int n_started;   /* workers whose thread runs */
    worker *workers; /* count - 1 of them */
    pthread_mutex_t lock;
    pthread_cond_t posted, finished;
    uint64_t job; /* number of the job last posted */
    int n_busy;   /* workers that have not finished that job */
    int closing;
    cm_task task;
    void *context;
    int64_t n_tasks;
    atomic_llong next; /* next task nobody has taken */
};

static void take_tasks(cm_threads *pool, int number)
{
    for (;;) {
        int64_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->n_tasks) return;
        pool->task(pool->context, task, number);
    }
}

static void *worker_main(void *argument)
{
    worker *me = argument;
    cm_threads *pool = me->pool;
    uint64_t last_job = 0;
    cm_float_mode_restore();
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->job == last_job && !pool->closing)
            pthread_cond_wait(&pool->posted, &pool->lock);
        if (pool->closing) break;
        last_job = pool->job;
        pthread_mutex_unlock(&pool->lock);
        take_tasks(pool, me->number);
        pthread_mutex_lock(&pool->lock);
        if (--pool->n_busy == 0) pthread_cond_signal(&pool->finished);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

cm_status cm_threads_create(int n_threads, cm_threads **out, cm_error *err)
{
    if (n_threads < 1 || n_threads > MAX_THREADS)
        return CM_FAIL(err, CM_ERR_ARG, .what = "number of threads is out of range",
                       .why = cm_strf("%d asked, 1 to %d allowed", n_threads, MAX_THREADS).s);
    cm_threads *pool = calloc(1, sizeof *pool);
    worker *workers = calloc((size_t)n_threads, sizeof *workers);
    if (!pool || !workers) {
        free(pool);
        free(workers);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the thread pool");
    }
    pool->count = n_threads;
    pool->workers = workers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->posted, NULL);
    pthread_cond_init(&pool->finished, NULL);
    for (int i = 0; i < n_threads - 1; i++) {
        workers[i].pool = pool;
        workers[i].number = i + 1;
        int code = pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
        if (code) {
            cm_threads_destroy(pool);
            return CM_FAIL(err, CM_ERR_ENV, .what = "a thread could not be started",
                           .why = cm_strf("thread %d of %d: %s", i + 2, n_threads, strerror(code)).s,
                           .next = "Ask for fewer threads, or raise the limit on processes (ulimit -u)");
        }
        pool->n_started++;
    }
    *out = pool;
    return CM_OK;
}

void cm_threads_destroy(cm_threads *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = 1;
    pthread_cond_broadcast(&pool->posted);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->posted);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

int cm_threads_count(const cm_threads *pool)
{
    return pool ? pool->count : 1;
}

void cm_threads_for(cm_threads *pool, int64_t n_tasks, cm_task task, void *context)
{
    if (n_tasks <= 0) return;
    if (!pool || pool->count == 1 || n_tasks == 1) {
        for (int64_t i = 0; i < n_tasks; i++)
            task(context, i, 0);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->n_tasks = n_tasks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    pool->n_busy = pool->n_started;
    pool->job++;
    pthread_cond_broadcast(&pool->posted);
    pthread_mutex_unlock(&pool->lock);
    take_tasks(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->n_busy > 0)
        pthread_cond_wait(&pool->finished, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static double read_clock(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t)) return 0;
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cm_now_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double cm_process_cpu_s(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

double cm_thread_cpu_s(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

cm_status cm_stop_due(const cm_stop *stop)
{
    if (!stop) return CM_OK;
    if (atomic_load_explicit(&stop->requested, memory_order_relaxed)) return CM_ERR_STOPPED;
    if (stop->deadline_s > 0 && cm_now_s() >= stop->deadline_s) return CM_ERR_TIMEOUT;
    return CM_OK;
}

double cm_threads_cpu_s(const cm_threads *pool)
{
    double sum = 0;
    for (int i = 0; pool && i < pool->n_started; i++) {
        clockid_t clock;
        if (pthread_getcpuclockid(pool->workers[i].thread, &clock) == 0) sum += read_clock(clock);
    }
    return sum;
}
