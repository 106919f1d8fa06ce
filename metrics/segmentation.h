/* Segmentation metrics of one case: all metrics of all targets from one joint histogram and two distance
 * transforms per target. Pure; the backend that does the work on volumes is an argument. */
#ifndef CM_METRICS_SEGMENTATION_H
#define CM_METRICS_SEGMENTATION_H

#include "engine/base/threads.h"
#include "kernels/backend.h"
#include "metrics/metric.h"

/* A label, or a region: the union of label values in the final label map. */
typedef struct cm_target {
    char name[64];
    int n_values;
    const uint16_t *values;
} cm_target;

typedef struct cm_pair {
    const uint16_t *reference, *prediction; /* [nz][ny][nx] label values */
    cm_grid grid;                           /* spacing in mm; 1,1,1 when unknown */
    bool spacing_known; /* false: distances are in voxels, and a tolerance in mm is CM_ERR_ARG */
    /* With has_ignored, voxels whose reference has the value `ignored` are left out: they are in no count,
     * and for all else they are like the outside of the image. In a prediction the value is background. It
     * may be in no target. */
    bool has_ignored;
    uint16_t ignored;
    /* NULL, or [nz][ny][nx]: the probability from 0 to 1 that a voxel is of the target, of which there is one
     * then. `prediction` has to be the support: a value of the target where it is above 0, background
     * elsewhere. */
    const float *probability;
} cm_pair;

/* values: [n_targets][n_metrics], fully written on CM_OK; each has state OK or UNDEFINED and says which mask
 * was empty. Label values in no target count as background. The same bits for any thread count and any choice
 * of other metrics and targets. Errors: CM_ERR_ARG (no voxel, a classification metric, a tolerance in mm with
 * unknown spacing, a spacing that is not finite and > 0, an ignored value in a target, a metric of
 * probabilities without them or with several targets), CM_ERR_LIMIT (more
 * than CM_MAX_HISTOGRAM_LABELS - 1 label values in all targets), CM_ERR_NOMEM, CM_ERR_STOPPED,
 * CM_ERR_TIMEOUT. Thread-safe, but one call at a time per backend. */
cm_status cm_score_segmentation(cm_backend *backend, const cm_pair *pair, const cm_target *targets,
                                int n_targets, const cm_metric *metrics, int n_metrics,
                                cm_metric_value *values, const cm_stop *stop, cm_error *err);

/* The image diagonal sqrt(sum (n_i s_i)^2): the worst value of a distance. */
double cm_grid_diagonal(const cm_grid *grid);

typedef enum cm_policy { CM_POLICY_WORST = 1, CM_POLICY_EXCLUDE = 2, CM_POLICY_TRIVIAL_BEST = 3 } cm_policy;
typedef struct cm_policies {
    cm_policy one_empty;  /* default WORST: one mask alone is empty and the formula has no value */
    cm_policy both_empty; /* default EXCLUDE */
    cm_policy missing;    /* default WORST: no prediction */
} cm_policies;
const char *cm_policy_name(cm_policy policy); /* "worst" "exclude" "trivial-best" */

/* The number an aggregate uses for a value. Returns false when the value is left out. An OK value is used as
 * it is. TRIVIAL_BEST is for two empty masks; for the other two rules it is read as WORST, so that a missing
 * result is never rewarded. A metric without a finite worst value (RVD) is left out instead. A value without
 * reference, and an undefined one with no empty mask, are always left out. diagonal: cm_grid_diagonal of the
 * case. substituted: the number comes from the policy. */
bool cm_policy_apply(const cm_metric *metric, const cm_metric_value *value, double diagonal,
                     const cm_policies *policies, double *number, bool *substituted);

#endif
