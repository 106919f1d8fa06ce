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
    /* The last plans made, one per model, kept for the next case of the same tile. They run one after the
     * other, in the arena of the one that needs most. */
    cm_plan *plans[CM_MAX_MODELS];
    int64_t plan_tile[3];
    int64_t plan_bytes; /* of all together */
};

/* Output channels, or classes, that all models agree on. Errors: CM_ERR_MISMATCH. */
cm_status cm_session_channels(const cm_session *session, const int64_t tile[3], int64_t *channels,
                              cm_error *err);
/* Operations of one window: all models, all mirrorings. */
double cm_session_operations(const cm_session *session);

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
