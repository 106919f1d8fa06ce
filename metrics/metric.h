/* The catalogue: every metric is an id in which all choices are fixed. Grammar:
 * NAME[percentile][.surface][.rule][@tolerance+unit], e.g. DSC, HD95.vox.maxdir, NSD.vox@2mm, AP.step. */
#ifndef CM_METRICS_METRIC_H
#define CM_METRICS_METRIC_H

#include <stdbool.h>

#include "engine/base/status.h"

typedef enum cm_metric_kind { CM_METRIC_SEGMENTATION = 1, CM_METRIC_CLASSIFICATION = 2 } cm_metric_kind;
typedef enum cm_direction {
    CM_HIGHER_IS_BETTER = 1,
    CM_LOWER_IS_BETTER = 2,
    CM_CLOSER_TO_ZERO_IS_BETTER = 3
} cm_direction;

/* What came of a metric. Numbers are stored and never change. */
typedef enum cm_value_state {
    CM_VALUE_OK = 0,
    CM_VALUE_UNDEFINED = 1, /* 0/0, or a distance to an empty surface */
    CM_VALUE_MISSING = 2,   /* there is no prediction (failed, timed out ...) */
    CM_VALUE_NO_REFERENCE = 3
} cm_value_state;
typedef enum cm_emptiness {
    CM_NONE_EMPTY = 0,
    CM_BOTH_EMPTY = 1,
    CM_REFERENCE_EMPTY = 2,
    CM_PREDICTION_EMPTY = 3
} cm_emptiness;
const char *cm_value_state_name(cm_value_state s); /* "ok" "undefined" "missing" "no-reference" */
const char *cm_emptiness_name(cm_emptiness e); /* "none" "both-empty" "reference-empty" "prediction-empty" */

typedef struct cm_metric_value {
    cm_value_state state;
    cm_emptiness empty;
    double value; /* meaningful only when state is CM_VALUE_OK; never NaN or Inf then */
} cm_metric_value;

/* One row of the catalogue: everything a reader needs to recompute it. */
typedef struct cm_metric_definition {
    const char *pattern; /* "NSD.vox@<t>mm" */
    int version;
    cm_metric_kind kind;
    const char *title, *formula, *range, *unit; /* unit: "1", "mm", ... */
    const char *empty_rule, *averaging, *reference;
    cm_direction direction;
    double worst;           /* finite worst value; only if has_worst */
    bool has_worst;         /* false: RVD */
    bool worst_is_diagonal; /* distances: the image diagonal in the metric's unit */
} cm_metric_definition;

extern const cm_metric_definition cm_metric_catalogue[];
extern const int cm_metric_catalogue_count;

/* A definition with its parameters bound. */
typedef struct cm_metric {
    const cm_metric_definition *definition;
    int row;          /* in the catalogue */
    char id[64];      /* canonical id */
    double tolerance; /* NSD: > 0 */
} cm_metric;

/* Errors: CM_ERR_NOT_FOUND with the nearest known ids, CM_ERR_ARG (tolerance not > 0 and finite). */
cm_status cm_metric_parse(const char *id, cm_metric *out, cm_error *err);

#endif
