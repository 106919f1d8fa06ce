/* One case through one tool: prepare, plan, run, decide, clean up. Memory is counted before it is asked for,
 * and what a case may use depends on the case alone, not on the cases before it. */
#include "engine/model/session.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/cleanup.h"
#include "engine/model/passes.h"

cm_status cm_session_create(const cm_tool *tool, cm_backend *backend, cm_session **out, cm_error *err)
{
    cm_session *session = calloc(1, sizeof *session);
    *out = session;
    if (!session) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for a session");
    session->tool = tool;
    session->backend = backend;
    return CM_OK;
}

static void drop_plans(cm_session *s)
{
    for (int i = 0; i < CM_MAX_MODELS; i++)
        cm_plan_destroy(s->plans[i]);
    memset(s->plans, 0, sizeof s->plans);
    s->plan_bytes = 0;
}

void cm_session_destroy(cm_session *session)
{
    if (!session) return;
    drop_plans(session);
    free(session);
}

void cm_prediction_fini(cm_prediction *prediction)
{
    free(prediction->labels);
    free(prediction->scores);
    memset(prediction, 0, sizeof *prediction);
}

/* ---- non-finite values ---- */

static const float largest_output = 0x1p126f;

enum { FINITE_CHUNK = 1 << 16 };

typedef struct finite_job {
    const float *values;
    int64_t n;
    atomic_llong bad;
} finite_job;

static void finite_task(void *context, int64_t task, int worker)
{
    (void)worker;
    finite_job *j = context;
    int64_t end = (task + 1) * FINITE_CHUNK < j->n ? (task + 1) * FINITE_CHUNK : j->n;
    long long bad = 0;
    for (int64_t i = task * FINITE_CHUNK; i < end; i++)
        bad += !(fabsf(j->values[i]) <= largest_output); /* true for NaN, too */
    if (bad) atomic_fetch_add(&j->bad, bad);
}

cm_status cm_check_finite(const float *values, int64_t n, cm_threads *pool, const char *what, cm_error *err)
{
    finite_job j = {values, n, 0};
    cm_threads_for(pool, (n + FINITE_CHUNK - 1) / FINITE_CHUNK, finite_task, &j);
    long long bad = atomic_load(&j.bad);
    if (!bad) return CM_OK;
    return CM_FAIL(err, CM_ERR_DAMAGED,
                   .what = "non-finite output: the model gave NaN, infinity or a number beyond 8.5e37",
                   .where = what, .why = cm_strf("%lld of %lld values", bad, (long long)n).s,
                   .next = "the case cannot be scored; look at the model's normalisation and divisions");
}

/* ---- plans ---- */

static bool plans_fit(const cm_session *s, const int64_t tile[3])
{
    return s->plans[0] && memcmp(s->plan_tile, tile, sizeof s->plan_tile) == 0;
}

static cm_status make_plans(cm_session *s, const int64_t tile[3], cm_error *err)
{
    const cm_tool *tool = s->tool;
    int64_t dim[CM_MAX_RANK], arena = 0;
    const int rank = cm_tool_tensor_shape(tool->spec, tile, dim);
    cm_status st = CM_OK;
    for (int i = 0; !st && i < tool->spec->n_models; i++) {
        const cm_tool_model *m = &tool->models[i];
        st = cm_plan_create(m->model, &tool->limits, cm_model_input(m->model, m->input)->name, dim, rank,
                            cm_model_output(m->model, m->output)->name, s->backend, &s->plans[i], err);
        if (st) {
            s->plans[i] = NULL;
            break;
        }
        const cm_plan_cost *cost = cm_plan_get_cost(s->plans[i]);
        s->plan_bytes += cost->weight_bytes;
        arena = cost->arena_bytes > arena ? cost->arena_bytes : arena;
    }
    s->plan_bytes += arena;
    memcpy(s->plan_tile, tile, sizeof s->plan_tile);
    return st;
}

/* The one with the largest arena lends it to the others. */
static cm_status prepare_plans(cm_session *s, cm_error *err)
{
    const int n = s->tool->spec->n_models;
    int lender = 0;
    for (int i = 1; i < n; i++)
        if (cm_plan_get_cost(s->plans[i])->arena_bytes > cm_plan_get_cost(s->plans[lender])->arena_bytes)
            lender = i;
    cm_status st = cm_plan_prepare(s->plans[lender], err);
    for (int i = 0; !st && i < n; i++)
        if (i != lender) st = cm_plan_prepare_within(s->plans[i], s->plans[lender], err);
    return st;
}

/* Makes s->plans those for the tile; their bytes are counted from here to the end of the case. */
static cm_status plan_for(cm_session *s, const int64_t tile[3], cm_error *err)
{
    if (plans_fit(s, tile)) return cm_budget_take(&s->budget, s->plan_bytes, "model", err);
    drop_plans(s);
    cm_status st = make_plans(s, tile, err);
    if (!st) st = cm_budget_take(&s->budget, s->plan_bytes, "model", err);
    if (!st) st = prepare_plans(s, err);
    if (st) drop_plans(s);
    return st;
}

cm_status cm_session_channels(const cm_session *session, const int64_t tile[3], int64_t *channels,
                              cm_error *err)
{
    const cm_plan_cost *costs[CM_MAX_MODELS];
    for (int i = 0; i < session->tool->spec->n_models; i++)
        costs[i] = cm_plan_get_cost(session->plans[i]);
    return cm_tool_output_channels(session->tool->spec, costs, tile, channels, err);
}

double cm_session_operations(const cm_session *session)
{
    double sum = 0;
    for (int i = 0; i < session->tool->spec->n_models; i++)
        sum += cm_plan_get_cost(session->plans[i])->operations;
    return sum * cm_mirroring_count(&session->tool->spec->input);
}

/* A plan kept from an earlier case is not counted while an image is prepared, so it may stay only where both
 * fit for certain. */
static cm_status keep_plan_if_it_fits(cm_session *s, const cm_volume *image, cm_error *err)
{
    int64_t peak;
    cm_tiling tiling;
    cm_status st = cm_tool_bound(s->tool->spec, &image->geometry, &tiling, &peak, err);
    if (!st && s->plans[0] && s->plan_bytes > s->budget.limit_bytes - s->budget.used_bytes - peak)
        drop_plans(s);
    return st;
}

/* ---- a case ---- */

/* By image axis: what the tiling wants along each. */
static cm_status to_tensor(cm_prepared *p, const cm_tool_spec *spec, cm_tiling *tiling, cm_error *err)
{
    cm_tiling_of(&spec->input, p->placement.size, tiling);
    cm_status st = cm_prepared_permute(p, tiling->axis, err);
    if (!st) st = cm_prepared_pad(p, tiling->padded, 0.0, err);
    return st;
}

static cm_status new_prediction(cm_session *s, const cm_volume *image, cm_prediction *out, cm_error *err)
{
    memset(out, 0, sizeof *out);
    out->geometry = image->geometry;
    if (s->tool->spec->classification) return CM_OK;
    int64_t n = cm_shape3_count(image->geometry.shape);
    void *labels;
    cm_status st = cm_budget_alloc(&s->budget, n, sizeof(uint16_t), "label map", &labels, err);
    out->labels = labels;
    return st;
}

/* The plan lies idle by now and makes room where the scratch needs it. */
static cm_status clean(cm_session *s, const cm_volume *image, const cm_stop *stop, cm_prediction *out,
                       cm_error *err)
{
    const cm_tool_spec *spec = s->tool->spec;
    /* At most half as many stretches as voxels, and 12 bytes for each. */
    const int64_t most = cm_cleanup_bytes(image->geometry.shape) + 6 * cm_shape3_count(image->geometry.shape);
    if (most > s->budget.limit_bytes - s->budget.used_bytes) {
        cm_budget_give(&s->budget, s->plan_bytes);
        drop_plans(s);
    }
    return cm_cleanup(spec->cleanups, spec->n_cleanups, spec->connectivity, image->geometry.shape,
                      out->labels, &s->budget, stop, err);
}

cm_status cm_session_run(cm_session *session, const cm_volume *image, const int *channel_index,
                         const cm_stop *stop, cm_prediction *out, cm_error *err)
{
    const cm_tool_spec *spec = session->tool->spec;
    cm_prepared prepared = {0};
    cm_tiling tiling;
    cm_budget_init(&session->budget, session->tool->limits.memory_bytes);
    cm_status st = new_prediction(session, image, out, err);
    if (!st) st = keep_plan_if_it_fits(session, image, err);
    if (!st)
        st = cm_prepare(spec->steps, spec->n_steps, image, channel_index, spec->n_channels, session->backend,
                        &session->budget, stop, &prepared, err);
    if (!st) st = to_tensor(&prepared, spec, &tiling, err);
    if (!st) st = plan_for(session, tiling.tile, err);
    if (!st)
        st = spec->classification ? cm_session_classify(session, &prepared, &tiling, stop, out, err)
                                  : cm_session_segment(session, &prepared, &tiling, stop, out, err);
    cm_prepared_fini(&prepared);
    if (!st && spec->n_cleanups) st = clean(session, image, stop, out, err);
    if (st) cm_prediction_fini(out);
    out->peak_bytes = session->budget.peak_bytes;
    return st;
}
