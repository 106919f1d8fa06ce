/* What a tool holds once it is open. */
#ifndef CM_ENGINE_MODEL_TOOL_INTERNAL_H
#define CM_ENGINE_MODEL_TOOL_INTERNAL_H

#include "engine/model/tool.h"
#include "engine/model/tool_source.h"
#include "engine/model/window.h"

/* A model with the numbers of its tensors that are used; -1 = not settled. */
typedef struct cm_tool_model {
    cm_model *model;
    int input, output;
} cm_tool_model;

struct cm_tool {
    cm_tool_info info;
    cm_tool_spec *spec;
    cm_tool_model models[CM_MAX_MODELS]; /* spec->n_models */
    cm_model_limits limits;
    cm_tool_source source;
};

/* sha256 over lines: a title, the sha256 of tool.xml and that of each model in order. Licence and readme do
 * not count, and a folder and its package agree. */
cm_status cm_tool_digest(const cm_tool_source *source, const cm_tool_model *models, int n_models,
                         cm_digest *out);

/* Opens models[i] of a tool by its file; those before it are open. The limit on weights is for all together.
 * Errors: as cm_model_open. */
cm_status cm_tool_open_model(const cm_tool_source *source, const char *file, int i, cm_tool_model *models,
                             const cm_model_limits *limits, cm_error *err);

/* Numbers of the tensors that are named, or of the only ones; -1 for one that is not settled. Errors and
 * problems: as cm_tool_bind_model. */
cm_status cm_tool_choose_tensors(const cm_model_spec *names, const cm_model *model, int *input, int *output,
                                 cm_problems *problems, cm_error *err);

/* Whether the inputs and outputs of model i of tool.xml are what it describes; its numbers are filled in.
 * Every violation goes to `problems` (may be NULL), the first to *err. Errors: CM_ERR_NOT_FOUND (a name),
 * CM_ERR_MISMATCH (several and none named, rank, channels, sizes, element type). */
cm_status cm_tool_bind_model(const cm_tool_spec *spec, int i, cm_tool_model *model, cm_problems *problems,
                             cm_error *err);

/* Shape of the tensor one run of the model sees, [1][channels][d?][h][w]; returns the rank. */
int cm_tool_tensor_shape(const cm_tool_spec *spec, const int64_t tile[3], int64_t dim[CM_MAX_RANK]);

/* Number of channels of a segmentation output that has the input's spatial shape; of a classifier's classes.
 * costs: of spec->n_models plans, which must agree. Errors: CM_ERR_MISMATCH. */
cm_status cm_tool_output_channels(const cm_tool_spec *spec, const cm_plan_cost *const *costs,
                                  const int64_t tile[3], int64_t *channels, cm_error *err);

/* Grid and tiling that the preparation leads to when no crop cuts anything, and the most bytes the
 * preparation holds at once. Errors: as cm_prepare_bound. */
cm_status cm_tool_bound(const cm_tool_spec *spec, const cm_geometry *geometry, cm_tiling *tiling,
                        int64_t *peak_bytes, cm_error *err);

/* cm_tool_estimate from its parts. models: spec->n_models. */
cm_status cm_estimate(const cm_tool_spec *spec, const cm_tool_model *models, const cm_model_limits *limits,
                      const cm_geometry *geometry, cm_backend *backend, cm_tool_cost *out, cm_error *err);

#endif
