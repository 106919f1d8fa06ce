/* Offsets for blocks of memory that live for some steps each. Shared inside engine/model only. */
#ifndef CM_ENGINE_MODEL_SWEEP_H
#define CM_ENGINE_MODEL_SWEEP_H

#include "engine/model/memory.h"

typedef struct cm_block {
    int64_t bytes, first, last; /* > 0; in use from step first to step last */
    int64_t number;             /* the caller's, all different; settles the order where all else is equal */
    int64_t offset;             /* out */
} cm_block;

/* Walks through the steps and lays every block into the lowest hole that holds it, so that blocks that live
 * at the same time do not overlap. Sorts the blocks. n log n, and as many looks at each block as there are
 * holes. *end: the first byte behind all. Bytes are not rounded, and their sum must fit an int64_t. Errors:
 * CM_ERR_NOMEM. */
cm_status cm_sweep(cm_block *blocks, int64_t n, cm_memory *scratch, int64_t *end, cm_error *err);

#endif
