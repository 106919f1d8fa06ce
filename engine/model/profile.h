/* Where the time of a model goes: one run of it, layer by layer. */
#ifndef CM_ENGINE_MODEL_PROFILE_H
#define CM_ENGINE_MODEL_PROFILE_H

#include "engine/model/tool_check.h"

typedef struct cm_profile {
    cm_plan *plan; /* its layers: cm_plan_get_layer */
    int64_t layers;
    double *seconds; /* of each, the mean over the runs */
    double total;    /* of a whole run, the mean */
} cm_profile;

/* Runs what the check found (model, input, output, shape of one window) repeat times, after once that is not
 * counted, on an image of made-up numbers between -1 and 1. check: accepted, must outlive the profile.
 * repeat: >=
 * 1. Errors: as cm_plan_create and cm_plan_run. Freed by cm_profile_fini, also after a failure. */
cm_status cm_profile_run(const cm_check *check, const cm_model_limits *limits, int repeat,
                         cm_backend *backend, const cm_stop *stop, cm_profile *out, cm_error *err);
void cm_profile_fini(cm_profile *profile);

#endif
