/* Which values of a plan share memory. Shared inside engine/model only. */
#ifndef CM_ENGINE_MODEL_ALIAS_H
#define CM_ENGINE_MODEL_ALIAS_H

#include "engine/model/plan.h"

/* When a value holds something: from the step that writes it to the last that reads it. last -1: never. */
typedef struct cm_life {
    int64_t first, last, bytes;
} cm_life;

/* life: one per value, filled by this call in memory. Fills plan->spots, and bytes and kind of the places
 * that hold something. Three ways to share, in this order: a view lies in what it shows; what a Concat of
 * adjacent pieces joins is written where the result lies, so that nothing is copied (a value that goes into
 * several of them is placed for the last; a Concat whose inputs lie in order is a view); a step writes over
 * an input that nobody reads after it. Errors: CM_ERR_LIMIT (a tensor), CM_ERR_NOMEM. */
cm_status cm_plan_alias(cm_plan *plan, cm_memory *memory, cm_life **life, cm_error *err);

#endif
