/* The limits of cm_model_limits that a bench may set, one row each. Those no caller changes are in graph.h.
 */
#ifndef CM_ENGINE_MODEL_LIMITS_H
#define CM_ENGINE_MODEL_LIMITS_H

#include <stddef.h>

#include "engine/model/model.h"

typedef enum cm_limit_kind { CM_LIMIT_BYTES, CM_LIMIT_COUNT, CM_LIMIT_REAL } cm_limit_kind;

typedef struct cm_limit {
    const char *attribute; /* of <limits> in bench.xml */
    const char *what;      /* for docs/limits.md */
    cm_limit_kind kind;
    size_t offset; /* of the field */
    double usual;  /* the default */
    double most;   /* that a bench may ask for; at most 2^53 where it is a whole number */
} cm_limit;

/* Row i; NULL past the end. */
const cm_limit *cm_limit_at(int i);
double cm_limit_get(const cm_model_limits *limits, const cm_limit *limit);
/* value: 0..most, whole unless the kind is REAL. */
void cm_limit_set(cm_model_limits *limits, const cm_limit *limit, double value);

#endif
