/* A classifier: the whole prepared image at once, a score per class. */
#include <stdlib.h>

#include "engine/model/decide.h"
#include "engine/model/passes.h"
#include "engine/model/session.h"

typedef struct scores {
    int64_t n;
    float *in, *result, *mean; /* in NULL: the image is not mirrored; mean NULL: one pass only */
    int64_t in_values;
} scores;

static cm_status take_arrays(cm_session *s, const cm_prepared *prepared, const cm_tiling *tiling,
                             int mirrorings, int passes, scores *out, cm_error *err)
{
    cm_budget *budget = &s->budget;
    void *memory = NULL;
    cm_status st = cm_session_channels(s, tiling->tile, &out->n, err);
    if (!st) st = cm_budget_alloc(budget, out->n, sizeof(float), "model output", &memory, err);
    if (st) return st;
    out->result = memory;
    if (passes > 1) st = cm_budget_alloc(budget, out->n, sizeof(float), "mean of the passes", &memory, err);
    if (!st && passes > 1) out->mean = memory;
    out->in_values = prepared->channels * tiling->tile[0] * tiling->tile[1] * tiling->tile[2];
    if (st || mirrorings < 2) return st;
    st = cm_budget_alloc(budget, out->in_values, sizeof(float), "window", &memory, err);
    out->in = memory;
    return st;
}

static void give_arrays(cm_session *s, scores *a)
{
    cm_budget_free(&s->budget, a->in, a->in_values, sizeof(float));
    cm_budget_free(&s->budget, a->mean, a->n, sizeof(float));
    cm_budget_free(&s->budget, a->result, a->n, sizeof(float));
}

/* Models in order, each on all mirrorings. */
static cm_status run_passes(cm_session *s, const cm_prepared *prepared, const cm_windows *whole,
                            const unsigned *reversed, int mirrorings, scores *a, const cm_stop *stop,
                            cm_error *err)
{
    static const int64_t origin[3] = {0, 0, 0}, one[3] = {1, 1, 1};
    cm_threads *pool = s->backend->pool;
    const int passes = mirrorings * s->tool->spec->n_models;
    cm_status st = CM_OK;
    for (int i = 0; !st && i < passes; i++) {
        if (a->in)
            cm_window_cut(whole, origin, reversed[i % mirrorings], prepared->values, prepared->channels,
                          a->in, pool);
        st = cm_plan_run(s->plans[i / mirrorings], a->in ? a->in : prepared->values, a->result, stop, err);
        if (!st) st = cm_check_finite(a->result, a->n, pool, "scores", err);
        if (!st && a->mean) cm_pass_add(a->result, a->n, one, 0, passes, i == 0, a->mean, NULL);
    }
    return st;
}

cm_status cm_session_classify(cm_session *session, const cm_prepared *prepared, const cm_tiling *tiling,
                              const cm_stop *stop, cm_prediction *out, cm_error *err)
{
    const cm_tool_spec *spec = session->tool->spec;
    unsigned reversed[CM_MAX_MIRRORINGS];
    const int mirrorings = cm_mirrorings(&spec->input, reversed);
    scores a = {0};
    cm_windows whole = {0};
    if (spec->input.dimension == 2 && tiling->padded[2] != 1)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "a 2-D classifier takes one slice", .where = "image",
                       .why = cm_strf("the image has %lld slices", (long long)tiling->padded[2]).s,
                       .next = "use a 3-D classifier or a cohort of single slices");
    cm_status st = take_arrays(session, prepared, tiling, mirrorings, mirrorings * spec->n_models, &a, err);
    if (!st) st = cm_windows_init(&whole, tiling->padded, tiling->padded, 0, CM_BLENDING_CONSTANT, err);
    if (!st) st = run_passes(session, prepared, &whole, reversed, mirrorings, &a, stop, err);
    if (!st) {
        out->scores = calloc((size_t)(a.n > 2 ? a.n : 2), sizeof *out->scores);
        if (!out->scores) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the scores");
    }
    if (!st)
        st = cm_decide_class(&spec->output, session->backend, a.mean ? a.mean : a.result, a.n, out->scores,
                             &out->n_scores, &out->decided, err);
    out->windows = 1;
    out->operations = cm_session_operations(session);
    cm_windows_fini(&whole);
    give_arrays(session, &a);
    return st;
}
