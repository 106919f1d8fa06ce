/* Small caps under which models are fuzzed, so that what passes a cap is seen: the limits on memory that the
 * drivers set (docs/fuzzing.md) lie just above them. */
#ifndef CM_TESTS_FUZZ_MODEL_LIMITS_H
#define CM_TESTS_FUZZ_MODEL_LIMITS_H

#include "engine/model/model.h"

static inline cm_model_limits fuzz_limits(void)
{
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    limits.file_bytes = 1 << 20;
    limits.nodes = 500;
    limits.initializer_bytes = 1 << 20;
    limits.tensor_bytes = 1 << 22;
    limits.memory_bytes = 1 << 22;
    limits.operations = 2e6;
    return limits;
}

#endif
