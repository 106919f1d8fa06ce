/* The catalogue: every metric is an id in which all choices are fixed. Grammar:
 * NAME[percentile][.surface][.rule][@tolerance+unit], e.g. DSC, HD95.vox.maxdir, NSD.vox@2mm, AP.step. A new
 * metric is one function (metrics/facts.h) and one row of metrics/catalogue.c: docs/add-a-metric.md. */
#ifndef CM_METRICS_METRIC_H
#define CM_METRICS_METRIC_H

#include <stdbool.h>

#include "engine/base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cm_metric_kind { CM_METRIC_SEGMENTATION = 1, CM_METRIC_CLASSIFICATION = 2 } cm_metric_kind;
typedef enum cm_direction {
    CM_HIGHER_IS_BETTER = 1,
    CM_LOWER_IS_BETTER = 2,
    CM_CLOSER_TO_ZERO_IS_BETTER = 3
} cm_direction;
/* "higher" "lower" "closer-to-zero" */
const char *cm_direction_name(cm_direction d);
const char *cm_metric_kind_name(cm_metric_kind kind); /* "segmentation" "classification" */

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
    double value; /* meaningful only when state is CM_VALUE_OK; never NaN or Inf then; 0 otherwise */
} cm_metric_value;

typedef struct cm_metric cm_metric;
struct cm_mask_facts;      /* metrics/facts.h: what a segmentation metric is computed from */
struct cm_class_facts;     /* metrics/facts.h: what a one-vs-rest metric is computed from */
struct cm_confusion_facts; /* metrics/facts.h: what a metric over all classes is computed from */

/* The function of a metric. True: *value is finite. False: the formula has no value here. Pure; allocates
 * nothing. */
typedef bool (*cm_mask_function)(const struct cm_mask_facts *facts, const cm_metric *metric, double *value);
typedef bool (*cm_class_function)(const struct cm_class_facts *facts, const cm_metric *metric, double *value);
typedef bool (*cm_confusion_function)(const struct cm_confusion_facts *facts, const cm_metric *metric,
                                      double *value);

/* What must be measured before a segmentation metric can be computed. */
typedef enum cm_metric_needs {
    CM_NEEDS_COUNTS = 0,
    CM_NEEDS_DISTANCES = 1,      /* surface distances in mm (voxels where the cohort's spacing is unknown) */
    CM_NEEDS_VOXEL_DISTANCES = 2 /* surface distances in voxels whatever the spacing */
} cm_metric_needs;

/* One row of the catalogue: everything a reader needs to recompute it. No text is NULL. */
typedef struct cm_metric_definition {
    const char *pattern; /* "NSD.vox@<t>mm"; <q> = whole percentile 1..99, <t> = tolerance > 0 */
    const char *example; /* an id it matches: "NSD.vox@2mm"; equal to pattern when there is no parameter */
    int version;         /* grows when a value may change */
    cm_metric_kind kind;
    const char *title, *formula, *range, *unit; /* unit: "1", "mm", ... */
    const char *parameters;                     /* "none", or what <q>, <t> mean */
    const char *empty_rule, *averaging, *reference;
    cm_direction direction;
    double best;            /* the value of a perfect result */
    double worst;           /* finite worst value; only if has_worst and not worst_is_diagonal */
    bool has_worst;         /* false: RVD */
    bool worst_is_diagonal; /* distances: the image diagonal in the metric's unit */
    bool needs_spacing;     /* a bench with this metric is refused for a cohort of unknown spacing */
    cm_metric_needs needs;
    cm_mask_function mask;           /* segmentation */
    cm_class_function one_vs_rest;   /* classification */
    cm_confusion_function all_class; /* classification over all classes at once; NULL: mean over classes */
} cm_metric_definition;

extern const cm_metric_definition cm_metric_catalogue[];
extern const int cm_metric_catalogue_count;

/* A definition with its parameters bound. */
struct cm_metric {
    const cm_metric_definition *definition;
    int row;           /* in the catalogue */
    char id[64];       /* canonical id: no leading or trailing zeros in numbers */
    double tolerance;  /* <t>: > 0; 0 without that parameter */
    double percentile; /* <q>: 1..99; 0 without that parameter */
};

/* Errors: CM_ERR_NOT_FOUND with the nearest known ids, CM_ERR_ARG (tolerance not > 0 or with more than six
 * digits on a side of the point; percentile not 1..99). *out is written on CM_OK only. */
cm_status cm_metric_parse(const char *id, cm_metric *out, cm_error *err);

/* The unit of its values: the definition's, but "voxel" for distances of a cohort whose spacing is unknown.
 */
const char *cm_metric_unit(const cm_metric *metric, bool spacing_known);

#ifdef __cplusplus
}
#endif
#endif
