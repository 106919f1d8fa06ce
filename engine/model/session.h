/* What a session and an estimate share. */
#ifndef CM_ENGINE_MODEL_SESSION_H
#define CM_ENGINE_MODEL_SESSION_H

#include "engine/model/prepare.h"
#include "engine/model/tool_internal.h"
#include "engine/model/window.h"

struct cm_session {
    const cm_tool *tool;
    cm_backend *backend;
    cm_budget budget;
    /* The last plan made, kept for the next case of the same tile. */
    cm_plan *plan;
    int64_t plan_tile[3];
    int64_t plan_bytes;
};

/* Runs the model over a prepared image (tensor axes, padded) and decides on the stored grid. tiling: of the
 * prepared image. labels: zeroed. */
cm_status cm_session_segment(cm_session *session, const cm_prepared *prepared, const cm_tiling *tiling,
                             const cm_stop *stop, cm_prediction *out, cm_error *err);
cm_status cm_session_classify(cm_session *session, const cm_prepared *prepared, const cm_tiling *tiling,
                              const cm_stop *stop, cm_prediction *out, cm_error *err);

/* CM_ERR_DAMAGED when a value is NaN, infinite or beyond 2^126 = 8.5e37: up to there neither a mean of
 * windows nor an interpolation between two voxels can overflow. what: "window 3 of 8". */
cm_status cm_check_finite(const float *values, int64_t n, cm_threads *pool, const char *what, cm_error *err);

#endif
