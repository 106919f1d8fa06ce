/* The limits that a caller can set, in one table: bench.xml, its schema, `bench show` and docs/limits.md
 * follow it. */
#include "engine/model/limits.h"

#define GIB (INT64_C(1) << 30)

/* attribute of bench.xml, what, unit, place in the struct, default, most */
static const cm_limit table[] = {
    {"file-bytes", "model file", CM_LIMIT_BYTES, offsetof(cm_model_limits, file_bytes), 2.0 * GIB,
     1024.0 * GIB},
    {"weight-bytes", "weights of a tool together", CM_LIMIT_BYTES,
     offsetof(cm_model_limits, initializer_bytes), 2.0 * GIB, 1024.0 * GIB},
    {"nodes", "nodes", CM_LIMIT_COUNT, offsetof(cm_model_limits, nodes), 20000, 100000},
    {"tensor-bytes", "one tensor", CM_LIMIT_BYTES, offsetof(cm_model_limits, tensor_bytes), 16.0 * GIB,
     1024.0 * GIB},
    {"memory-bytes",
     "planned memory: activations, work space and packed weights; with images and windows, of a case",
     CM_LIMIT_BYTES, offsetof(cm_model_limits, memory_bytes), 16.0 * GIB, 1024.0 * GIB},
    {"operations",
     "planned floating-point operations of one run (a multiply-add is 2), and elements that are only moved",
     CM_LIMIT_REAL, offsetof(cm_model_limits, operations), 1e15, 1e21},
};

enum { ROWS = sizeof table / sizeof *table };

const cm_limit *cm_limit_at(int i)
{
    return i >= 0 && i < ROWS ? &table[i] : NULL;
}

double cm_limit_get(const cm_model_limits *limits, const cm_limit *limit)
{
    const char *at = (const char *)limits + limit->offset;
    return limit->kind == CM_LIMIT_REAL ? *(const double *)at : (double)*(const int64_t *)at;
}

void cm_limit_set(cm_model_limits *limits, const cm_limit *limit, double value)
{
    char *at = (char *)limits + limit->offset;
    if (limit->kind == CM_LIMIT_REAL)
        *(double *)at = value;
    else
        *(int64_t *)at = (int64_t)value; /* whole, below 2^53: `most` */
}

void cm_model_limits_default(cm_model_limits *limits)
{
    *limits = (cm_model_limits){.dimension = INT32_MAX};
    for (int i = 0; i < ROWS; i++)
        cm_limit_set(limits, &table[i], table[i].usual);
}
