/* What happens to a work item: its image is loaded, the tool predicts, the prediction is stored, and only
 * then is the reference opened and the prediction scored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/worker_internal.h"

/* Settles a job that did not end well. The reason names the rule and the tool's own figures; the whole story,
 * which may quote the case, goes to the operator's log. */
static void settle(cm_worker *w, job *j, cm_item_state state, cm_error *err)
{
    const cm_work *work = &j->outcome.work;
    const cm_case *c = cm_cohort_get_case(w->setup.cohort, work->case_index);
    const char *tool = cm_tool_get_info(w->setup.tools[work->tool])->id;
    j->outcome.item.state = state;
    if (state == CM_ITEM_OPEN) return;
    snprintf(j->outcome.reason, sizeof j->outcome.reason, "%.255s",
             err->status ? err->what : cm_item_state_name(state));
    cm_error_context(err, cm_strf("tool %s, case %s", tool, c->id).s);
    cm_log_error(w->setup.log, "case.failed", err);
}

static bool cancelled(cm_worker *w, job *j)
{
    if (!atomic_load(&w->stop.requested)) return false;
    j->outcome.item.state = CM_ITEM_OPEN;
    return true;
}

void cm_stage_load(cm_worker *w, job *j)
{
    cm_error err = {0};
    if (cancelled(w, j)) return;
    /* Before anything can fail: the diagonal is the worst distance, which a failed case is given. */
    const cm_grid grid =
        cm_item_grid(&cm_cohort_get_case(w->setup.cohort, j->outcome.work.case_index)->geometry);
    j->outcome.diagonal = cm_grid_diagonal(&grid);
    if (cm_images_load(w->images, j->outcome.work.case_index, NULL, &j->image, &err))
        settle(w, j, CM_ITEM_DAMAGED_INPUT, &err);
}

static cm_item_state state_of(cm_status status)
{
    switch (status) {
    case CM_ERR_STOPPED:
        return CM_ITEM_OPEN;
    case CM_ERR_TIMEOUT:
        return CM_ITEM_TIMEOUT;
    case CM_ERR_NOMEM:
    case CM_ERR_LIMIT:
        return CM_ITEM_MEMORY;
    case CM_ERR_DAMAGED:
        return CM_ITEM_NON_FINITE;
    default:
        return CM_ITEM_FAILED;
    }
}

/* The tool's session; the one used longest ago makes room. */
static cm_status session_of(cm_worker *w, int tool, cm_session **out, cm_error *err)
{
    int slot = 0;
    for (int i = 0; i < SESSION_SLOTS; i++) {
        if (w->sessions[i].session && w->sessions[i].tool == tool) {
            w->sessions[i].used = ++w->session_clock;
            *out = w->sessions[i].session;
            return CM_OK;
        }
        if (w->sessions[i].used < w->sessions[slot].used) slot = i;
    }
    cm_session_destroy(w->sessions[slot].session);
    w->sessions[slot].session = NULL;
    cm_status st = cm_session_create(w->setup.tools[tool], w->backend, &w->sessions[slot].session, err);
    if (st) return st;
    w->sessions[slot].tool = tool;
    w->sessions[slot].used = ++w->session_clock;
    *out = w->sessions[slot].session;
    return CM_OK;
}

/* A suspect is tried in a child first; only a signal of that child makes it a crash. False: the job is
 * settled. */
static bool suspect_cleared(cm_worker *w, job *j)
{
    int number = 0;
    if (!j->outcome.work.suspect || !w->setup.program) return true;
    cm_probe probe =
        cm_suspect_probe(w->setup.program, w->setup.run_folder, &j->outcome.work, &w->stop, &number);
    if (probe == CM_PROBE_PASSED) return true;
    cm_error err = {0};
    if (probe == CM_PROBE_CRASHED)
        (void)CM_FAIL(&err, CM_ERR_INTERNAL,
                      .what = cm_strf("the process running the tool was ended by signal %d", number).s);
    settle(w, j, probe == CM_PROBE_CRASHED ? CM_ITEM_CRASH : CM_ITEM_OPEN, &err);
    return false;
}

static cm_status take_scores(cm_worker *w, job *j, cm_error *err)
{
    cm_outcome *o = &j->outcome;
    int classes = cm_cohort_get_info(w->setup.cohort)->n_labels;
    if (j->prediction.n_scores != classes)
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = "the tool gives another number of classes than the cohort has",
                       .why = cm_strf("%d scores, %d classes", j->prediction.n_scores, classes).s);
    o->n_scores = j->prediction.n_scores;
    o->scores = j->prediction.scores;
    o->decided = j->prediction.decided;
    j->prediction.scores = NULL;
    j->prediction.n_scores = 0;
    return CM_OK;
}

static cm_status infer(cm_worker *w, job *j, cm_error *err)
{
    cm_item_cost *cost = &j->outcome.item.cost;
    const cm_work *work = &j->outcome.work;
    cm_session *session = NULL;
    cm_status st = session_of(w, work->tool, &session, err);
    if (st) return st;
    double limit = w->setup.bench->seconds_per_case;
    double wall = cm_now_s(), cpu = cm_thread_cpu_s() + cm_threads_cpu_s(w->pool);
    cm_energy_reading before = cm_meter_read(&w->meter);
    w->stop.deadline_s = limit > 0 ? wall + limit : 0;
    st = cm_session_run(session, j->image, w->setup.channels[work->tool], &w->stop, &j->prediction, err);
    cm_energy_reading after = cm_meter_read(&w->meter);
    cost->wall_s = cm_now_s() - wall;
    cost->cpu_s = cm_thread_cpu_s() + cm_threads_cpu_s(w->pool) - cpu;
    cost->energy_j = cm_meter_joules(&w->meter, &before, &after);
    cost->peak_bytes = j->prediction.peak_bytes;
    cost->operations = j->prediction.operations;
    if (!st && w->setup.bench->task == CM_TASK_CLASSIFICATION) st = take_scores(w, j, err);
    return st;
}

void cm_stage_infer(cm_worker *w, job *j)
{
    cm_error err = {0};
    if (cancelled(w, j) || !suspect_cleared(w, j)) return;
    cm_status st = infer(w, j, &err);
    if (st) settle(w, j, state_of(st), &err);
    const cm_case *c = cm_cohort_get_case(w->setup.cohort, j->outcome.work.case_index);
    if (!st && w->setup.bench->task == CM_TASK_CLASSIFICATION && c->class_value < 0)
        j->outcome.item.state = CM_ITEM_NO_REFERENCE;
    cm_volume_destroy(j->image);
    j->image = NULL;
}

static bool labels_known(const cm_worker *w, const cm_prediction *p, int *value)
{
    int64_t n = cm_shape3_count(p->geometry.shape);
    for (int64_t i = 0; i < n; i++)
        if (!w->is_label[p->labels[i]]) {
            *value = p->labels[i];
            return false;
        }
    return true;
}

/* Label values of a reference as the metrics want them; ingest has checked that they are in the label set. */
static cm_status load_reference(cm_worker *w, job *j, cm_error *err)
{
    cm_volume *volume = NULL;
    cm_status st = cm_references_load(w->references, j->outcome.work.case_index, NULL, &volume, err);
    if (st) return st;
    int64_t n = cm_shape3_count(volume->geometry.shape);
    j->reference = malloc((size_t)n * sizeof *j->reference);
    if (!j->reference) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a reference");
    for (int64_t i = 0; i < n && !st; i++)
        j->reference[i] = (uint16_t)cm_volume_value(volume, i);
    cm_volume_destroy(volume);
    return st;
}

void cm_stage_store(cm_worker *w, job *j)
{
    cm_error err = {0};
    const cm_work *work = &j->outcome.work;
    cm_item *item = &j->outcome.item;
    const cm_case *c = cm_cohort_get_case(w->setup.cohort, work->case_index);
    int value = 0;
    if (cm_predictions_append(w->predictions, work->tool, work->case_number, j->prediction.labels,
                              &j->prediction.geometry, &item->prediction_digest, &err)) {
        settle(w, j, CM_ITEM_OPEN, &err); /* our disk, not the tool: stays open for a resume */
        cm_log_error(w->setup.log, "prediction.not-stored", &err);
        return;
    }
    item->shard = w->setup.shard;
    if (!labels_known(w, &j->prediction, &value)) {
        (void)CM_FAIL(
            &err, CM_ERR_MISMATCH,
            .what = cm_strf("the prediction holds label value %d, which the cohort does not have", value).s);
        settle(w, j, CM_ITEM_UNKNOWN_LABEL, &err);
    } else if (!c->has_reference) {
        item->state = CM_ITEM_NO_REFERENCE;
    } else if (load_reference(w, j, &err)) {
        settle(w, j, CM_ITEM_DAMAGED_INPUT, &err);
    }
}

void cm_stage_score(cm_worker *w, job *j)
{
    const cm_bench *b = w->setup.bench;
    cm_error err = {0};
    cm_item *item = &j->outcome.item;
    cm_pair pair = {.reference = j->reference,
                    .prediction = j->prediction.labels,
                    .grid = cm_item_grid(&j->prediction.geometry),
                    .spacing_known = j->prediction.geometry.spacing_known,
                    .has_ignored = b->has_ignored,
                    .ignored = b->ignored};
    cm_status st =
        cm_item_score(w->scorer, &pair, b, &j->outcome.values, &j->outcome.evidence, &w->scoring, &err);
    if (!st) {
        j->outcome.n_values = b->n_targets * b->n_metrics;
        return;
    }
    /* Scoring is ours: what it cannot do now (memory, a stop) is not the tool's failure; the item stays open.
     */
    cm_log_error(w->setup.log, "score.failed", &err);
    item->state = CM_ITEM_OPEN;
}

void cm_stage_log(cm_worker *w, const job *j)
{
    const cm_item *item = &j->outcome.item;
    const cm_work *work = &j->outcome.work;
    cm_log_write(w->setup.log, CM_LEVEL_DEBUG, "case.done", "tool %s, case %s: %s, %.3f s, %.1f MiB",
                 cm_tool_get_info(w->setup.tools[work->tool])->id,
                 cm_cohort_get_case(w->setup.cohort, work->case_index)->id, cm_item_state_name(item->state),
                 item->cost.wall_s, (double)item->cost.peak_bytes / 1048576.0);
}
