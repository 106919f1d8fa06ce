/* Memory that is counted before it is asked for, so that a declared limit holds and the peak of a case is
 * known. */
#ifndef CM_ENGINE_MODEL_BUDGET_H
#define CM_ENGINE_MODEL_BUDGET_H

#include "engine/base/status.h"

/* Plain data; one thread per object. */
typedef struct cm_budget {
    int64_t limit_bytes, used_bytes, peak_bytes;
} cm_budget;

void cm_budget_init(cm_budget *budget, int64_t limit_bytes);
/* Counts bytes held elsewhere (a plan's arena, say). Errors: CM_ERR_LIMIT with both figures; `what` names the
 * memory ("prepared image"). Nothing is counted then. */
cm_status cm_budget_take(cm_budget *budget, int64_t bytes, const char *what, cm_error *err);
void cm_budget_give(cm_budget *budget, int64_t bytes);
/* count * element_bytes zeroed bytes, counted. Errors: CM_ERR_LIMIT, CM_ERR_NOMEM; *out is NULL then. Freed
 * by cm_budget_free with the same sizes (NULL pointer: nothing happens). */
cm_status cm_budget_alloc(cm_budget *budget, int64_t count, int64_t element_bytes, const char *what,
                          void **out, cm_error *err);
void cm_budget_free(cm_budget *budget, void *memory, int64_t count, int64_t element_bytes);

#endif
