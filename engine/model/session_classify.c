/* A classifier: the whole prepared image at once, a score per class. */
#include <stdlib.h>

#include "engine/model/decide.h"
#include "engine/model/session.h"

cm_status cm_session_classify(cm_session *session, const cm_prepared *prepared, const cm_tiling *tiling,
                              const cm_stop *stop, cm_prediction *out, cm_error *err)
{
    const cm_tool_spec *spec = session->tool->spec;
    const cm_plan_cost *cost = cm_plan_get_cost(session->plan);
    int64_t n = 0;
    void *output = NULL;
    if (spec->input.dimension == 2 && tiling->padded[2] != 1)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "a 2-D classifier takes one slice", .where = "image",
                       .why = cm_strf("the image has %lld slices", (long long)tiling->padded[2]).s,
                       .next = "use a 3-D classifier or a cohort of single slices");
    cm_status st = cm_tool_output_channels(spec, cost, tiling->tile, &n, err);
    if (!st) st = cm_budget_alloc(&session->budget, n, sizeof(float), "model output", &output, err);
    if (!st) st = cm_plan_run(session->plan, prepared->values, output, stop, err);
    if (!st) st = cm_check_finite(output, n, session->backend->pool, "scores", err);
    if (!st) {
        out->scores = calloc((size_t)(n > 2 ? n : 2), sizeof *out->scores);
        if (!out->scores) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for the scores");
    }
    if (!st)
        st = cm_decide_class(&spec->output, session->backend, output, n, out->scores, &out->n_scores,
                             &out->decided, err);
    out->windows = 1;
    out->operations = cost->operations;
    cm_budget_free(&session->budget, output, n, sizeof(float));
    return st;
}
