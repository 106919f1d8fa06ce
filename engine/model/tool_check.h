/* Everything that can be said about a tool, or a bare model, without running it: what would be refused, and
 * what it costs. */
#ifndef CM_ENGINE_MODEL_TOOL_CHECK_H
#define CM_ENGINE_MODEL_TOOL_CHECK_H

#include "engine/model/tool_internal.h"

typedef struct cm_check_options {
    /* Bare model: output to compute (NULL = the only one); shape of the input, all its dimensions (rank 0 =
     * from the file, batch 1 and 64 where a dimension is free). */
    const char *output;
    int rank;
    int64_t dim[CM_MAX_RANK];
    /* Tool: geometry of a case. NULL: 256x256x128 voxels of 1 mm (256x256x1 for a 2-D model), or the model's
     * own fixed size where the image goes in whole. */
    const cm_geometry *like;
} cm_check_options;

/* What came of it. Absent parts are NULL or zero, and then `problems` says why. */
typedef struct cm_check {
    bool is_tool;
    cm_problems problems;
    cm_tool_source source;
    cm_tool_spec *spec;
    cm_tool_model models[CM_MAX_MODELS]; /* a bare model is the first; tensors -1 = not settled */
    bool has_digest;
    cm_digest digest; /* of the tool */
    cm_geometry like; /* tool: the geometry the cost is for */
    int rank;         /* of the tensor one run of the model sees */
    int64_t dim[CM_MAX_RANK];
    bool has_cost;
    cm_tool_cost cost;    /* an estimate */
    bool crop_may_reduce; /* a crop step keeps everything in this estimate */
} cm_check;

/* The call succeeds whenever there is something to say; look at problems.count. Errors: CM_ERR_NOMEM only.
 * Allocates nothing in proportion to a case. */
cm_status cm_check_create(const char *path, const cm_check_options *options, const cm_model_limits *limits,
                          cm_backend *backend, cm_check **out, cm_error *err);
void cm_check_destroy(cm_check *check);
/* The status that stands for all problems: a refusal by policy before a limit before any other; CM_OK without
 * problems. */
cm_status cm_check_worst(const cm_check *check);

#endif
