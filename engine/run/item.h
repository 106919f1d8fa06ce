/* What travels between the coordinator and the workers: work out, outcomes back. */
#ifndef CM_ENGINE_RUN_ITEM_H
#define CM_ENGINE_RUN_ITEM_H

#include "engine/run/results.h"

/* One (tool, case) to do. case_number counts the run's cases; case_index is the cohort's. */
typedef struct cm_work {
    int32_t tool;
    int32_t suspect; /* was in flight when a job died: probe it in a child process first */
    int64_t case_number, case_index;
} cm_work;

/* What came of it. values: [targets][metrics] for a scored segmentation, else none; evidence likewise, when
 * the bench has a metric of a cohort. state CM_ITEM_OPEN: given back undone (asked to stop). */
typedef struct cm_outcome {
    cm_work work;
    cm_item item;            /* without its reason, which is below */
    cm_metric_value *values; /* [n_values] */
    cm_evidence *evidence;   /* [n_values] or NULL */
    double *scores;          /* [n_scores]: a classification */
    double diagonal;         /* of the case's grid, in the distance unit of the cohort */
    int32_t n_values, n_scores, decided;
    char reason[256]; /* of a failure, for the operator's log and the site report: status name and figures */
} cm_outcome;

/* The voxel grid of a case as metrics count on it: spacing in mm, or 1 where it is unknown. */
cm_grid cm_item_grid(const cm_geometry *geometry);
/* [n], zeroed lists are fine; frees what they hold and the array. */
void cm_evidence_free(cm_evidence *evidence, int64_t n);
/* Scores a pair by the rules of a bench into *values and, when the bench has a metric of the cohort,
 * *evidence (else NULL): malloc'd, [n_targets][n_metrics]. NULL after a failure. Errors as
 * cm_score_segmentation. */
cm_status cm_item_score(cm_backend *backend, const cm_pair *pair, const cm_bench *bench,
                        cm_metric_value **values, cm_evidence **evidence, const cm_stop *stop, cm_error *err);
void cm_outcome_fini(cm_outcome *outcome);

/* Flat bytes for one message, malloc'd. The ranks of a job share one architecture. */
cm_status cm_outcome_pack(const cm_outcome *outcome, char **bytes, int64_t *count, cm_error *err);
/* CM_ERR_INTERNAL when the bytes are not a packed outcome. */
cm_status cm_outcome_unpack(const char *bytes, int64_t count, cm_outcome *out, cm_error *err);

#endif
