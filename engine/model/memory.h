/* Memory of a model or a plan: many small pieces that live and die together. */
#ifndef CM_ENGINE_MODEL_MEMORY_H
#define CM_ENGINE_MODEL_MEMORY_H

#include "engine/base/status.h"

typedef struct cm_memory_block cm_memory_block;

/* Zero-initialise; one thread per object. */
typedef struct cm_memory {
    cm_memory_block *blocks;
    int64_t held; /* bytes taken from the system */
} cm_memory;

/* count * size zeroed bytes, aligned to 64; never NULL on success, also for nothing. *out is untouched on
 * failure. Errors: CM_ERR_NOMEM, CM_ERR_LIMIT (the product overflows). Freed by cm_memory_fini. */
cm_status cm_memory_take(cm_memory *memory, int64_t count, int64_t size, void *out, cm_error *err);
/* A copy of length bytes with a NUL behind. */
cm_status cm_memory_text(cm_memory *memory, const char *text, int64_t length, const char **out,
                         cm_error *err);
void cm_memory_fini(cm_memory *memory);

#endif
