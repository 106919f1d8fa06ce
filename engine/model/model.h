/* A submitted ONNX graph: read with caps, checked, planned for fixed shapes, executed. Hostile until proved
 * otherwise; everything that would be refused is refused before anything large is allocated or anything is
 * run. */
#ifndef CM_ENGINE_MODEL_MODEL_H
#define CM_ENGINE_MODEL_MODEL_H

#include "engine/base/sha256.h"
#include "kernels/backend.h"

/* Caps; zero-initialise and call cm_model_limits_default for the documented values. */
typedef struct cm_model_limits {
    int64_t file_bytes;        /* 2 GiB */
    int64_t nodes;             /* 20,000 */
    int64_t initializer_bytes; /* 2 GiB together */
    int64_t dimension;         /* 2^31 - 1 */
    int64_t tensor_bytes;      /* 16 GiB */
    int64_t memory_bytes;      /* planned peak; 16 GiB */
    double operations;         /* planned floating-point operations of one run; 1e15 */
} cm_model_limits;
void cm_model_limits_default(cm_model_limits *limits);

typedef struct cm_model_io {
    char name[128];
    cm_element element;
    int rank;                 /* -1 = the file does not say */
    int64_t dim[CM_MAX_RANK]; /* -1 = free (symbolic or absent) */
} cm_model_io;

typedef struct cm_model cm_model; /* immutable after open; shared by threads */

/* Maps the file, parses, checks (protobuf bounds, opset 6..23 of the standard domain, operators in the table,
 * topological order, single assignment, defined inputs, initialiser sizes). Weights are used in place from
 * the mapping, so the file must not change while the model is open; constants are folded per plan. limits:
 * NULL = the documented values; a plan made without its own takes those of its model. Errors:
 * CM_ERR_NOT_FOUND; CM_ERR_FORMAT / CM_ERR_TRUNCATED (malformed); CM_ERR_LIMIT (a cap, dimension overflow);
 * CM_ERR_POLICY (external data, Loop/Scan, foreign domain, functions, sequence/string/sparse/optional
 * types); CM_ERR_UNSUPPORTED (operator, attribute or opset this version lacks: names node and operator and
 * what to do). */
cm_status cm_model_open(const char *path, const cm_model_limits *limits, cm_model **out, cm_error *err);
/* The same from memory (a member of a packed tool); data is borrowed and must outlive the model. name: for
 * messages. */
cm_status cm_model_open_memory(const void *data, int64_t bytes, const char *name,
                               const cm_model_limits *limits, cm_model **out, cm_error *err);
/* Of a model opened from memory: its data is a private mapping of a file that nobody writes to, so that the
 * pages of weights that a plan has packed may leave memory (they are read again when they are needed again).
 */
void cm_model_set_mapped(cm_model *model);
void cm_model_close(cm_model *model);
int cm_model_input_count(const cm_model *model); /* graph inputs that are not initialisers */
int cm_model_output_count(const cm_model *model);
const cm_model_io *cm_model_input(const cm_model *model, int i);
const cm_model_io *cm_model_output(const cm_model *model, int i);
int cm_model_opset(const cm_model *model);
int64_t cm_model_parameters(const cm_model *model); /* elements in initialisers of float type */
const cm_digest *cm_model_digest(const cm_model *model);
/* Names of the operators used, with counts, sorted by name: calls `sink` for each. */
void cm_model_operators(const cm_model *model, void (*sink)(void *context, const char *name, int64_t count),
                        void *context);

typedef struct cm_plan_cost {
    int64_t parameters;
    int64_t
        weight_bytes; /* weights held by the plan and, where the file cannot be used as it is, by the model */
    int64_t arena_bytes; /* activations + workspace, allocated once per cm_plan_instance */
    double operations;   /* floating-point operations of one run (multiply-add = 2) */
    int64_t output_rank;
    int64_t output_dim[CM_MAX_RANK];
} cm_plan_cost;

/* Everything for one input shape: inferred shapes, folded constants, memory offsets, packed weights. */
typedef struct cm_plan cm_plan;

/* Works out shapes and cost only: no weights packed, nothing proportional to activations allocated. model
 * must outlive the plan. input: name may be NULL when the model has exactly one; dims fixed. output: likewise
 * (CM_ERR_ARG names the choices when there are several and none is named). Nodes the output does not need are
 * dropped. Errors: as above, CM_ERR_MISMATCH (shapes), CM_ERR_LIMIT. */
cm_status cm_plan_create(const cm_model *model, const cm_model_limits *limits, const char *input,
                         const int64_t *dim, int rank, const char *output, cm_backend *backend, cm_plan **out,
                         cm_error *err);
/* The same with every node as it is in the file: nothing is fused, and no value shares memory with another
 * but a view with what it shows. Slower and larger; what cm_plan_create is compared with. */
cm_status cm_plan_create_plain(const cm_model *model, const cm_model_limits *limits, const char *input,
                               const int64_t *dim, int rank, const char *output, cm_backend *backend,
                               cm_plan **out, cm_error *err);
const cm_plan_cost *cm_plan_get_cost(const cm_plan *plan);
/* Packs weights and allocates the arena. After that cm_plan_run allocates nothing but the packed form of
 * weights that the model itself computes, which is counted in weight_bytes and given back at once. */
cm_status cm_plan_prepare(cm_plan *plan, cm_error *err);
/* The same, in the arena of a plan that is prepared, needs at least as much (cost.arena_bytes), is not run at
 * the same time and lives longer. */
cm_status cm_plan_prepare_within(cm_plan *plan, const cm_plan *lender, cm_error *err);
/* input and output: plain float32 arrays of the planned shapes. One thread per plan. Errors: CM_ERR_STOPPED,
 * CM_ERR_TIMEOUT, CM_ERR_NOMEM. The output may hold NaN: the caller looks. */
cm_status cm_plan_run(cm_plan *plan, const float *input, float *output, const cm_stop *stop, cm_error *err);
/* What runs, in order: nodes that only show a value under another shape are none, nodes that were joined are
 * one. */
typedef struct cm_plan_layer {
    const char *name, *op; /* of the last node that became part of it; the operator it is now */
    int rank;
    int64_t dim[CM_MAX_RANK]; /* of the first output */
    double operations;
    cm_activation activation; /* applied at its end */
    const char *kernel; /* how a convolution is computed ("winograd", "matrix product"); "" for others */
} cm_plan_layer;
int64_t cm_plan_layers(const cm_plan *plan);
/* i: 0 .. cm_plan_layers - 1. Borrowed from the plan and its model. kernel is known once the plan is
 * prepared. */
void cm_plan_get_layer(const cm_plan *plan, int64_t i, cm_plan_layer *out);
/* From now on every run adds the seconds of each layer to seconds[layer]; NULL: no longer. */
void cm_plan_measure(cm_plan *plan, double *seconds);
void cm_plan_destroy(cm_plan *plan);

#endif
