/* A tool package: tool.xml + model.onnx (+ licence, readme), as a folder or one packed .tool file; and a
 * session that takes a stored volume to a label map on the stored grid, or to class scores. Knows neither
 * cohorts nor references. */
#ifndef CM_ENGINE_MODEL_TOOL_H
#define CM_ENGINE_MODEL_TOOL_H

#include "engine/base/log.h"
#include "engine/image/volume.h"
#include "engine/model/model.h"

typedef enum cm_tool_task { CM_TOOL_SEGMENTATION = 1, CM_TOOL_CLASSIFICATION = 2 } cm_tool_task;

typedef struct cm_tool_info {
    char id[65], version[33], name[129], licence[65], contact[129];
    char openebench_id[33]; /* "" when none */
    cm_tool_task task;
    int n_channels;       /* channels the model eats, in order */
    char (*channels)[64]; /* by name; must be among the cohort's */
    int n_classes;        /* output channels of the decision (2 for a sigmoid/binary classifier) */
    bool needs_orientation, needs_spacing; /* from the steps: refused on a cohort where they are unknown */
    cm_digest digest;                      /* of the canonical package content (tool.xml + model) */
} cm_tool_info;

typedef struct cm_tool cm_tool; /* immutable; shared by threads */

/* path: folder, .tool file, or a bare FILE.onnx is NOT accepted here (see cm_tool_check_model). */
cm_status cm_tool_open(const char *path, const cm_model_limits *limits, cm_tool **out, cm_error *err);
void cm_tool_close(cm_tool *tool);
const cm_tool_info *cm_tool_get_info(const cm_tool *tool);

/* Cost of one case of this stored geometry, without running anything. */
typedef struct cm_tool_cost {
    int64_t parameters,
        peak_bytes; /* peak: weights + arena + windows' accumulators + input and output copies */
    int64_t windows;
    int passes; /* over each window: mirrorings times models */
    double operations;
    double seconds; /* operations / assumed rate of the machine's variant and threads; an estimate */
} cm_tool_cost;
cm_status cm_tool_estimate(const cm_tool *tool, const cm_geometry *geometry, cm_backend *backend,
                           cm_tool_cost *out, cm_error *err);

/* What a tool says of a case. */
typedef struct cm_prediction {
    cm_geometry geometry; /* of the stored image */
    uint16_t *labels;     /* segmentation: [nz][ny][nx] on the stored grid; owned by the prediction */
    int n_scores;
    double *scores;     /* classification: one per class, as the activation gave them */
    int decided;        /* classification: chosen class */
    int64_t peak_bytes; /* high-water mark of what the session allocated */
    int64_t windows;
    double operations;
} cm_prediction;
void cm_prediction_fini(cm_prediction *prediction);

/* One thread per session; the backend's pool does the work inside. Plans are cached per window shape. */
typedef struct cm_session cm_session;
cm_status cm_session_create(const cm_tool *tool, cm_backend *backend, cm_session **out, cm_error *err);
/* image: all cohort channels; channel_index[n_channels of the tool] picks the tool's. Errors that are results
 * of the case: CM_ERR_TIMEOUT, CM_ERR_LIMIT/CM_ERR_NOMEM (memory), CM_ERR_EMPTY (empty crop),
 * CM_ERR_MISMATCH, and CM_ERR_DAMAGED for a non-finite output. Whatever comes, the session stays usable. */
cm_status cm_session_run(cm_session *session, const cm_volume *image, const int *channel_index,
                         const cm_stop *stop, cm_prediction *out, cm_error *err);
void cm_session_destroy(cm_session *session);

/* Writes PATH (a .tool file) from a folder: deterministic bytes, whole or not at all. */
cm_status cm_tool_pack(const char *folder, const char *path, cm_error *err);
/* Writes a commented tool.xml to start from, reading input and output names of folder/model.onnx when it is
 * there. */
cm_status cm_tool_init(const char *folder, cm_error *err);

#endif
