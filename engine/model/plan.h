/* A plan: the nodes that one output needs, for one input shape, with a place in memory for every value.
 * Shared inside engine/model only. Made in this order: infer.c (shapes, known values), fuse.c (what can be
 * joined or dropped), alias.c and place.c (memory), execute.c (weights packed, run). */
#ifndef CM_ENGINE_MODEL_PLAN_H
#define CM_ENGINE_MODEL_PLAN_H

#include "engine/model/operator.h"

typedef enum cm_place_kind {
    CM_PLACE_NONE, /* nobody reads it, or its content is known */
    CM_PLACE_ARENA,
    CM_PLACE_INPUT,  /* the caller's input array, never written */
    CM_PLACE_OUTPUT, /* the caller's output array */
} cm_place_kind;

/* A stretch of memory that one or more values use, at the same time or one after the other (alias.c). */
typedef struct cm_place {
    cm_place_kind kind;
    int64_t bytes, offset; /* in the arena, multiples of 64 */
} cm_place;

/* Where a value lies. */
typedef struct cm_spot {
    int32_t place;
    int64_t offset; /* bytes from the start of the place */
} cm_spot;

struct cm_plan {
    const cm_model *model;
    cm_model_limits limits;
    cm_backend *backend;
    bool plain; /* made by cm_plan_create_plain */
    cm_memory memory;
    int64_t budget; /* elements that may still be touched while planning */

    cm_tensor *tensors; /* one per value of the model; data = known content while planning */
    int64_t n_steps;
    cm_step *steps;
    int32_t input_value, output_value;

    int64_t n_places;
    cm_place *places; /* one per value, then one per step for its scratch */
    cm_spot *spots;   /* one per value */
    char *arena;
    bool arena_is_lent; /* it belongs to another plan */
    double *seconds;    /* of each layer, or NULL */
    bool prepared;
    cm_plan_cost cost;
};

/* Elements a plan may touch before anything is run: known values, folded constants, lists of indices. The
 * attention masks of a SwinUNETR at 64^3 take some 40 million. */
enum { CM_PLAN_BUDGET = 1 << 26 };

/* Steps of the nodes that output_value needs, shapes inferred, constants folded on the host. */
cm_status cm_plan_infer(cm_plan *plan, cm_error *err);
/* Drops steps whose results turned out to be known or unused; joins activations to what came before them. */
cm_status cm_plan_fuse(cm_plan *plan, cm_error *err);
/* Where everything lies; fills the memory part of plan->cost. */
cm_status cm_plan_place(cm_plan *plan, cm_error *err);

/* A tensor's bytes against the caps of a plan: CM_ERR_LIMIT. */
cm_status cm_plan_check_tensor(const cm_model_limits *limits, const cm_tensor *t, int64_t *bytes,
                               cm_error *err);

#endif
