/* tool.xml as plain data. Read once, checked once; everything behind a session works from this struct. */
#ifndef CM_ENGINE_MODEL_TOOL_SPEC_H
#define CM_ENGINE_MODEL_TOOL_SPEC_H

#include <stdbool.h>

#include "engine/base/status.h"
#include "kernels/volume.h"

enum {
    CM_MAX_STEPS = 32,
    CM_MAX_MODELS = 16,
    CM_MAX_CHANNELS = 64,
    CM_MAX_REGIONS = 256,
    CM_MAX_OUTPUTS = 4096,
    CM_MAX_CLEANUPS = 64
};

/* Triples of this file are by image axis: 0 = x, 1 = y, 2 = z. */
typedef enum cm_step_kind {
    CM_STEP_ORIENT,
    CM_STEP_PAD,
    CM_STEP_CROP,
    CM_STEP_RESAMPLE,
    CM_STEP_CLIP,
    CM_STEP_SCALE,
    CM_STEP_DIVIDE,
    CM_STEP_Z_SCORE,
    CM_STEP_MIN_MAX,
    CM_STEP_PERCENTILE
} cm_step_kind;
const char *cm_step_name(cm_step_kind kind); /* the element name in tool.xml */

typedef enum cm_voxels { CM_VOXELS_ALL, CM_VOXELS_POSITIVE, CM_VOXELS_CROP } cm_voxels;
typedef enum cm_grid_align { CM_ALIGN_EDGES, CM_ALIGN_CENTRES } cm_grid_align;
typedef enum cm_size_rule { CM_SIZE_ROUND, CM_SIZE_CEIL, CM_SIZE_FLOOR } cm_size_rule;

/* What a z-score, min-max or percentile step measures, and where it is applied. */
typedef struct cm_statistic_scope {
    cm_voxels voxels;
    bool channels_together; /* one figure for all channels */
    int at;                 /* the state after this step; -1 = before any step; its own index - 1 = current */
    bool only_voxels;       /* apply to the chosen voxels only */
} cm_statistic_scope;

typedef struct cm_prepare_step {
    cm_step_kind kind;
    int line; /* in tool.xml */
    char id[33];
    cm_statistic_scope statistic; /* z-score, min-max, percentile */
    union {
        struct {
            bool as_stored;
            char code[4];
        } orient;
        struct {
            int64_t size[3]; /* 0 = leave the axis */
            double value;
        } pad;
        struct {
            bool is_fraction; /* threshold is a fraction of the maximum */
            bool channels_together;
            double threshold;
            int64_t margin;
        } crop;
        struct {
            double spacing_mm[3]; /* 0 = leave the axis */
            cm_interpolation interpolation;
            cm_grid_align align;
            cm_size_rule size_rule;
            bool keep_overshoot;
        } resample;
        struct {
            double low, high; /* -INFINITY, INFINITY when not given */
        } clip;
        struct {
            double multiply, add;
        } scale;
        struct {
            double by;
        } divide;
        struct {
            bool sample_sd;   /* n - 1 */
            double low, high; /* percentile: 0..100 */
            bool clip_to_unit;
        } normalise;
    } u;
} cm_prepare_step;

typedef enum cm_blending { CM_BLENDING_GAUSSIAN, CM_BLENDING_CONSTANT } cm_blending;
typedef enum cm_axes { CM_AXES_ZYX, CM_AXES_XYZ } cm_axes;
typedef struct cm_input_spec {
    int line;
    int dimension; /* 2 or 3 */
    cm_axes axes;
    int slice_axis; /* image axis; dimension 2 */
    bool whole;
    int64_t multiple;  /* whole */
    int64_t window[3]; /* by image axis; 1 on the slice axis */
    double overlap;
    cm_blending blending;
    bool mirror[3]; /* by image axis: the mean over inputs mirrored along these axes, and all their
                       combinations */
} cm_input_spec;

typedef enum cm_output_activation {
    CM_OUTPUT_NONE,
    CM_OUTPUT_SOFTMAX,
    CM_OUTPUT_SIGMOID
} cm_output_activation;
typedef struct cm_region_rule {
    int channel;
    uint16_t label;
} cm_region_rule;
typedef enum cm_decision_kind {
    CM_DECISION_ARGMAX,
    CM_DECISION_THRESHOLD,
    CM_DECISION_REGIONS
} cm_decision_kind;
/* Regions are written in order where their channel > threshold, later wins; THRESHOLD is one region. */
typedef struct cm_output_spec {
    int line;
    cm_output_activation activation;
    cm_decision_kind decision;
    double threshold;
    int n_regions;
    cm_region_rule *regions;
    int n_labels;     /* 0 = channel number; else one per output channel */
    uint16_t *labels; /* argmax: label value (or class) of each channel */
} cm_output_spec;

typedef struct cm_cleanup_rule {
    int line;
    uint16_t label;
    int64_t minimum_voxels; /* 0 = keep the largest component only */
} cm_cleanup_rule;

typedef struct cm_model_spec {
    int line;
    char file[72], input[128], output[128]; /* names "" when not given */
} cm_model_spec;

typedef struct cm_tool_spec {
    char id[65], version[33], name[129], licence[65], contact[129], openebench_id[33];
    bool classification;
    int n_models, n_channels, n_steps, n_cleanups, connectivity;
    cm_model_spec *models;
    char (*channels)[64];
    cm_prepare_step *steps;
    cm_input_spec input;
    cm_output_spec output;
    cm_cleanup_rule *cleanups;
} cm_tool_spec;

/* Everything that is wrong with a tool, not only the first. */
enum { CM_MAX_PROBLEMS = 32 };
typedef struct cm_problems {
    int count; /* of those kept; more than CM_MAX_PROBLEMS are dropped */
    cm_error item[CM_MAX_PROBLEMS];
} cm_problems;
/* Adds what `err` holds (nothing when it holds no error). */
void cm_problems_add(cm_problems *problems, const cm_error *err);

/* Parses text against tool.xsd, then checks what a schema cannot say. name: for messages. Every violation of
 * the second kind goes to `problems` (may be NULL); *err holds the first. *out is NULL on failure; the caller
 * destroys it. Errors: CM_ERR_FORMAT, CM_ERR_SCHEMA, CM_ERR_UNSUPPORTED,
 * CM_ERR_LIMIT, CM_ERR_NOMEM. Thread-safe. */
cm_status cm_tool_spec_parse(const char *text, int64_t bytes, const char *name, cm_tool_spec **out,
                             cm_problems *problems, cm_error *err);
void cm_tool_spec_destroy(cm_tool_spec *spec);
/* What a schema cannot say; used by parse. */
void cm_tool_spec_check(const cm_tool_spec *spec, const char *name, cm_problems *problems);
/* What the steps need to know of a stored image. */
bool cm_tool_spec_needs_orientation(const cm_tool_spec *spec);
bool cm_tool_spec_needs_spacing(const cm_tool_spec *spec);
/* Image axis of tensor axis k (0 = fastest, w; 1 = h; 2 = d, the slices of a 2-D model). */
void cm_tool_spec_tensor_axes(const cm_input_spec *input, int axis[3]);

#endif
