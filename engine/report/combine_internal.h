/* One order from rankings by several metrics and targets, with the weights of the bench. */
#ifndef CM_ENGINE_REPORT_COMBINE_INTERNAL_H
#define CM_ENGINE_REPORT_COMBINE_INTERNAL_H

#include "engine/report/aggregate_internal.h"

/* Places of the tools by one score, and over the resampled cohorts. */
typedef struct cm_placing {
    double *score, *place;   /* [n_tools] */
    bool *has;               /* [n_tools]: it has a score */
    cm_stability *stability; /* NULL: nothing was resampled */
} cm_placing;

typedef struct cm_combined {
    int n_parts;
    int *metric, *target; /* [n_parts]; target -1: mean of targets */
    cm_placing *part;     /* [n_parts] */
    cm_placing all;       /* score: the weighted mean of the places */
} cm_combined;

/* *out NULL, and no error, when the bench combines nothing. Errors: CM_ERR_NOMEM, CM_ERR_NOT_FOUND (a metric
 * or target the bench does not have). */
cm_status cm_combined_create(const cm_aggregates *a, cm_threads *pool, cm_combined **out, cm_error *err);
void cm_combined_destroy(cm_combined *c); /* NULL is fine */

#endif
