/* Queues and threads of the pipeline; what the stages do is in stages.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/run/worker_internal.h"

static void push(cm_worker *w, stage s, job *j)
{
    j->next = NULL;
    if (w->queues[s].tail)
        w->queues[s].tail->next = j;
    else
        w->queues[s].head = j;
    w->queues[s].tail = j;
    pthread_cond_broadcast(&w->changed);
}

static job *pop(cm_worker *w, stage s)
{
    job *j = w->queues[s].head;
    if (!j) return NULL;
    w->queues[s].head = j->next;
    if (!j->next) w->queues[s].tail = NULL;
    pthread_cond_broadcast(&w->changed);
    return j;
}

static void job_destroy(job *j)
{
    cm_volume_destroy(j->image);
    cm_prediction_fini(&j->prediction);
    free(j->reference);
    cm_outcome_fini(&j->outcome);
    free(j);
}

/* A job whose outcome is settled skips the stages that are left. */
static stage stage_after(const cm_worker *w, stage s, const job *j)
{
    if (j->outcome.item.state != CM_ITEM_OK) return STAGE_DONE;
    if (s == STAGE_LOAD) return STAGE_INFER;
    if (s == STAGE_INFER) return w->setup.bench->task == CM_TASK_SEGMENTATION ? STAGE_STORE : STAGE_DONE;
    if (s == STAGE_STORE && j->reference) return STAGE_SCORE;
    return STAGE_DONE;
}

/* The next job for a thread that serves `serves`, or NULL when the worker closes. The loader (which serves
 * two stages) stores first, and loads ahead by one only, so that memory stays bounded. */
static job *wait_for_job(cm_worker *w, const stage *serves, int n_serves, stage *which)
{
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        for (int i = 0; i < n_serves; i++) {
            if (serves[i] == STAGE_LOAD && w->queues[STAGE_INFER].head) continue;
            job *j = pop(w, serves[i]);
            if (!j) continue;
            pthread_mutex_unlock(&w->mutex);
            *which = serves[i];
            return j;
        }
        if (w->closing) break;
        pthread_cond_wait(&w->changed, &w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

static void run_stages(cm_worker *w, const stage *serves, int n_serves)
{
    static void (*const work[STAGE_COUNT])(cm_worker *, job *) = {cm_stage_load, cm_stage_infer,
                                                                  cm_stage_store, cm_stage_score, NULL};
    stage s;
    job *j;
    while ((j = wait_for_job(w, serves, n_serves, &s)) != NULL) {
        work[s](w, j);
        stage next = stage_after(w, s, j);
        if (next == STAGE_DONE) cm_stage_log(w, j);
        pthread_mutex_lock(&w->mutex);
        push(w, next, j);
        pthread_mutex_unlock(&w->mutex);
    }
}

static void *loader_main(void *context)
{
    const stage serves[] = {STAGE_STORE, STAGE_LOAD};
    run_stages(context, serves, 2);
    return NULL;
}

static void *inference_main(void *context)
{
    const stage serves[] = {STAGE_INFER};
    cm_worker *w = context;
    run_stages(w, serves, 1);
    for (int i = 0; i < SESSION_SLOTS; i++)
        cm_session_destroy(w->sessions[i].session);
    return NULL;
}

static void *scorer_main(void *context)
{
    const stage serves[] = {STAGE_SCORE};
    run_stages(context, serves, 1);
    return NULL;
}

static cm_status open_files(cm_worker *w, cm_error *err)
{
    const cm_worker_setup *s = &w->setup;
    cm_status st = cm_images_open(s->cohort, &w->images, err);
    if (st || s->bench->task != CM_TASK_SEGMENTATION) return st;
    st = cm_references_open(s->cohort, &w->references, err);
    if (!st) st = cm_predictions_create(s->predictions_path, &w->predictions, err);
    return st;
}

static cm_status start_threads(cm_worker *w, cm_error *err)
{
    void *(*const mains[3])(void *) = {loader_main, inference_main, scorer_main};
    for (; w->n_threads < 3; w->n_threads++)
        if (pthread_create(&w->threads[w->n_threads], NULL, mains[w->n_threads], w) != 0)
            return CM_FAIL(err, CM_ERR_ENV, .what = "a thread could not be started",
                           .next = "raise the limit on processes (ulimit -u)");
    return CM_OK;
}

static cm_status mark_labels(cm_worker *w, cm_error *err)
{
    const cm_cohort_info *info = cm_cohort_get_info(w->setup.cohort);
    w->is_label = calloc(65536, 1);
    if (!w->is_label) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the label set");
    w->is_label[0] = 1; /* background is always there */
    for (int i = 0; i < info->n_labels; i++)
        w->is_label[(uint16_t)info->labels[i].value] = 1;
    return CM_OK;
}

cm_status cm_worker_start(const cm_worker_setup *setup, cm_worker **out, cm_error *err)
{
    cm_worker *w = calloc(1, sizeof *w);
    if (!w) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a worker");
    w->setup = *setup;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &clock);
    pthread_condattr_destroy(&clock);
    cm_meter_open("/sys/class/powercap", setup->shared_node, &w->meter);
    cm_status st = cm_threads_create(setup->threads, &w->pool, err);
    if (!st) st = cm_backend_cpu_create(w->pool, setup->cpu_features, &w->backend, err);
    if (!st) st = cm_backend_cpu_create(NULL, setup->cpu_features, &w->scorer, err);
    if (!st) st = mark_labels(w, err);
    if (!st) st = open_files(w, err);
    if (!st) st = start_threads(w, err);
    if (st) {
        cm_worker_finish(w, NULL);
        return st;
    }
    *out = w;
    return CM_OK;
}

cm_status cm_worker_push(cm_worker *w, const cm_work *work, cm_error *err)
{
    job *j = calloc(1, sizeof *j);
    if (!j) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a work item");
    j->outcome.work = *work;
    j->outcome.item.state = CM_ITEM_OK;
    j->outcome.item.shard = -1;
    j->outcome.item.rank = w->setup.rank;
    j->outcome.item.cost = (cm_item_cost){.wall_s = -1, .cpu_s = -1, .energy_j = -1};
    pthread_mutex_lock(&w->mutex);
    push(w, STAGE_LOAD, j);
    pthread_mutex_unlock(&w->mutex);
    return CM_OK;
}

bool cm_worker_take(cm_worker *w, double wait_s, cm_outcome *out)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    long ns = until.tv_nsec + (long)((wait_s - (double)(long)wait_s) * 1e9);
    until.tv_sec += (long)wait_s + ns / 1000000000L;
    until.tv_nsec = ns % 1000000000L;
    pthread_mutex_lock(&w->mutex);
    int rc = 0;
    while (!w->queues[STAGE_DONE].head && wait_s > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&w->changed, &w->mutex, &until);
    job *j = pop(w, STAGE_DONE);
    pthread_mutex_unlock(&w->mutex);
    if (!j) return false;
    *out = j->outcome;
    j->outcome.values = NULL;
    j->outcome.evidence = NULL;
    j->outcome.scores = NULL;
    job_destroy(j);
    return true;
}

void cm_worker_cancel(cm_worker *w)
{
    atomic_store(&w->stop.requested, 1);
    atomic_store(&w->scoring.requested, 1);
}

const char *cm_worker_variant(const cm_worker *w)
{
    return cm_backend_variant(w->backend);
}

cm_status cm_worker_finish(cm_worker *w, cm_error *err)
{
    cm_status st = CM_OK;
    if (!w) return CM_OK;
    pthread_mutex_lock(&w->mutex);
    w->closing = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    for (int i = 0; i < w->n_threads; i++)
        pthread_join(w->threads[i], NULL);
    for (int s = 0; s < STAGE_COUNT; s++)
        for (job *j; (j = pop(w, (stage)s)) != NULL;)
            job_destroy(j);
    if (w->predictions) st = cm_predictions_close(w->predictions, err);
    cm_references_close(w->references);
    cm_images_close(w->images);
    cm_backend_destroy(w->scorer);
    cm_backend_destroy(w->backend);
    cm_threads_destroy(w->pool);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w->is_label);
    free(w);
    return st;
}
