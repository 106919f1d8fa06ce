/* What a tool holds once it is open. */
#ifndef CM_ENGINE_MODEL_TOOL_INTERNAL_H
#define CM_ENGINE_MODEL_TOOL_INTERNAL_H

#include "engine/model/tool.h"
#include "engine/model/tool_pack.h"
#include "engine/model/tool_spec.h"

struct cm_tool {
    cm_tool_info info;
    cm_tool_spec *spec;
    cm_model *model;
    cm_model_limits limits;
    int input, output;  /* of the model's */
    void *mapping;      /* of a packed tool; the model borrows from it */
    int64_t mapped;
};

/* Whether a model's inputs and outputs are what tool.xml describes; *input and *output get their numbers.
 * Every violation goes to `problems` (may be NULL), the first to *err. Errors: CM_ERR_NOT_FOUND (a name),
 * CM_ERR_MISMATCH (several and none named, rank, channels, sizes, element type). */
cm_status cm_tool_bind_model(const cm_tool_spec *spec, const cm_model *model, int *input, int *output,
                             cm_problems *problems, cm_error *err);

/* Shape of the tensor one run of the model sees, [1][channels][d?][h][w]; returns the rank. */
int cm_tool_tensor_shape(const cm_tool_spec *spec, const int64_t tile[3], int64_t dim[CM_MAX_RANK]);

/* Number of channels of a segmentation output that has the input's spatial shape; of a classifier's classes.
 * Errors: CM_ERR_MISMATCH. */
cm_status cm_tool_output_channels(const cm_tool_spec *spec, const cm_plan_cost *cost, const int64_t tile[3],
                                  int64_t *channels, cm_error *err);

#endif
