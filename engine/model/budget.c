/* Counted memory: a limit is checked before the system is asked. */
#include "engine/model/budget.h"

#include <stdlib.h>

void cm_budget_init(cm_budget *budget, int64_t limit_bytes)
{
    *budget = (cm_budget){.limit_bytes = limit_bytes};
}

cm_status cm_budget_take(cm_budget *budget, int64_t bytes, const char *what, cm_error *err)
{
    if (bytes < 0 || bytes > budget->limit_bytes - budget->used_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the memory limit would be passed", .where = what,
                       .why = cm_strf("%lld bytes more are needed, %lld of %lld are in use", (long long)bytes,
                                      (long long)budget->used_bytes, (long long)budget->limit_bytes)
                                  .s,
                       .next = "raise the memory limit of the bench, or use a smaller window");
    budget->used_bytes += bytes;
    if (budget->used_bytes > budget->peak_bytes) budget->peak_bytes = budget->used_bytes;
    return CM_OK;
}

void cm_budget_give(cm_budget *budget, int64_t bytes)
{
    budget->used_bytes -= bytes;
}

cm_status cm_budget_alloc(cm_budget *budget, int64_t count, int64_t element_bytes, const char *what,
                          void **out, cm_error *err)
{
    *out = NULL;
    int64_t bytes;
    if (count < 0 || !cm_mul_i64(count, element_bytes, &bytes))
        return CM_FAIL(
            err, CM_ERR_LIMIT, .what = "a size passes 64 bits", .where = what,
            .why = cm_strf("%lld elements of %lld bytes", (long long)count, (long long)element_bytes).s);
    cm_status st = cm_budget_take(budget, bytes, what, err);
    if (st) return st;
    *out = calloc((size_t)(bytes > 0 ? bytes : 1), 1);
    if (*out) return CM_OK;
    cm_budget_give(budget, bytes);
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "the system refused memory", .where = what,
                   .why = cm_strf("%lld bytes", (long long)bytes).s,
                   .next = "free memory on this machine or use a smaller window");
}

void cm_budget_free(cm_budget *budget, void *memory, int64_t count, int64_t element_bytes)
{
    if (!memory) return;
    free(memory);
    cm_budget_give(budget, count * element_bytes);
}
