/* Cases worth a look, for the site only. */
#ifndef CM_ENGINE_REPORT_EXAMPLES_INTERNAL_H
#define CM_ENGINE_REPORT_EXAMPLES_INTERNAL_H

#include "engine/report/write_internal.h"

enum { CM_EXAMPLE_KINDS = 3 };

typedef struct cm_example {
    const char *kind; /* "best" "median" "worst" */
    int tool, target;
    int64_t case_index;
    double value; /* of the ranking metric, or the score a classifier gave the true class */
} cm_example;

typedef struct cm_examples {
    int n;
    cm_example *example; /* by tool and target; three of each that has a value */
} cm_examples;

/* Errors: CM_ERR_NOMEM. */
cm_status cm_examples_create(const cm_aggregates *a, cm_examples **out, cm_error *err);
void cm_examples_destroy(cm_examples *e); /* NULL is fine */

#endif
