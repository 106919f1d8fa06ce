/* The catalogue: every metric is an id in which all choices are fixed. Grammar:
 * NAME[percentile][.surface][.rule][@tolerance+unit], e.g. DSC, HD95.vox.maxdir, NSD.vox@2mm, AP.step. A new
 * metric is one function (metrics/facts.h) and one row of the table: docs/add-a-metric.md. */
#ifndef CM_METRICS_METRIC_H
#define CM_METRICS_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cm_metric_kind { CM_METRIC_SEGMENTATION = 1, CM_METRIC_CLASSIFICATION = 2 } cm_metric_kind;
typedef enum cm_direction {
    CM_HIGHER_IS_BETTER = 1,
    CM_LOWER_IS_BETTER = 2,
    CM_CLOSER_TO_ZERO_IS_BETTER = 3,
    CM_CLOSER_TO_ONE_IS_BETTER = 4
} cm_direction;
/* "higher" "lower" "closer-to-zero" "closer-to-one" */
const char *cm_direction_name(cm_direction d);
/* Whether values near a target are better, and the distance of a value to it: the smaller the better. */
bool cm_direction_has_target(cm_direction d);
double cm_direction_miss(cm_direction d, double value);
/* What results are compared by: the value itself, or its distance to the target where there is one, before
 * any mean is taken (values on both sides of a target would cancel). Which compared numbers are better: the
 * higher or the lower ones. */
double cm_direction_compared(cm_direction d, double value);
cm_direction cm_direction_of_compared(cm_direction d);
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
struct cm_gathered_facts;  /* metrics/facts.h: what a metric of a cohort of segmentations is computed from */
struct cm_class_facts;     /* metrics/facts.h: what a one-vs-rest metric is computed from */
struct cm_confusion_facts; /* metrics/facts.h: what a metric over all classes is computed from */
struct cm_cases_facts; /* metrics/facts.h: what a metric over all scores of all classes is computed from */

/* The function of a metric. True: *value is finite. False: the formula has no value here. Pure; allocates
 * nothing. */
typedef bool (*cm_mask_function)(const struct cm_mask_facts *facts, const cm_metric *metric, double *value);
typedef bool (*cm_gathered_function)(const struct cm_gathered_facts *facts, const cm_metric *metric,
                                     double *value);
typedef bool (*cm_class_function)(const struct cm_class_facts *facts, const cm_metric *metric, double *value);
typedef bool (*cm_confusion_function)(const struct cm_confusion_facts *facts, const cm_metric *metric,
                                      double *value);
typedef bool (*cm_cases_function)(const struct cm_cases_facts *facts, const cm_metric *metric, double *value);

/* What must be measured before a segmentation metric can be computed. "In mm": in voxels where the spacing of
 * the cohort is unknown. */
typedef enum cm_metric_needs {
    CM_NEEDS_COUNTS = 0,
    CM_NEEDS_DISTANCES = 1,        /* between voxel surfaces, in mm */
    CM_NEEDS_VOXEL_DISTANCES = 2,  /* the same in voxels whatever the spacing */
    CM_NEEDS_SURFELS = 3,          /* between surface elements, in mm, with their areas */
    CM_NEEDS_VOXEL_SURFELS = 4,    /* the same in voxels whatever the spacing */
    CM_NEEDS_BAND = 5,             /* voxels of each mask near its own surface, in mm */
    CM_NEEDS_VOXEL_BAND = 6,       /* the same in voxels whatever the spacing */
    CM_NEEDS_VOLUME_DISTANCES = 7, /* from every voxel of a mask to the other mask, in mm */
    CM_NEEDS_LABELS = 8,           /* counts for each label value of the target */
    CM_NEEDS_SKELETONS = 9,
    CM_NEEDS_TOPOLOGY = 10,      /* Betti numbers */
    CM_NEEDS_LESIONS = 11,       /* connected components of both masks and their overlaps */
    CM_NEEDS_BRATS = 12,         /* lesions as the BraTS 2023 evaluation joins them */
    CM_NEEDS_SLICES = 13,        /* the same metric of every slice */
    CM_NEEDS_MESH = 14,          /* between triangles of meshes, in mm, with their areas */
    CM_NEEDS_VOXEL_MESH = 15,    /* the same in voxels whatever the spacing */
    CM_NEEDS_PROBABILITIES = 16, /* of voxels (cm_pair.probability), beside the masks */
    CM_NEEDS_COUNT = 17          /* how many there are */
} cm_metric_needs;

/* How lesions (connected components) of prediction and reference are matched: <r> in a pattern. */
typedef enum cm_lesion_rule {
    CM_RULE_NONE = 0,
    CM_RULE_ANY_OVERLAP = 1,
    CM_RULE_COVER = 2,        /* cover@S: at least the share S of a lesion is covered by the other mask */
    CM_RULE_IOU_STRICT = 3,   /* iou-strict@S: IoU > S >= 0.5, so that a match is unique */
    CM_RULE_IOU_GREEDY = 4,   /* iou-greedy@S: IoU >= S, best pair first */
    CM_RULE_IOU_HUNGARIAN = 5 /* iou-hungarian@S: IoU >= S, largest sum */
} cm_lesion_rule;

/* One row of the catalogue: everything a reader needs to recompute it. No text is NULL. */
typedef struct cm_metric_definition {
    const char *pattern; /* "NSD.vox@<t>mm"; the letters are listed in metrics/id.c */
    const char *example; /* an id it matches: "NSD.vox@2mm"; equal to pattern when there is no parameter */
    int version;         /* grows when a value may change */
    cm_metric_kind kind;
    const char *title, *formula, *range, *unit; /* unit: "1", "mm", ... */
    double least, greatest; /* no value lies outside; infinite where there is no such bound, or none that all
                               images share (the diagonal) */
    const char *parameters; /* "none", or what the letters of the pattern mean */
    const char *empty_rule, *averaging, *reference;
    cm_direction direction;
    double best;            /* the value of a perfect result; 0 with best_is_unbounded */
    bool best_is_unbounded; /* there is no largest value: LR-PLUS */
    double worst;           /* finite worst value; only if has_worst and not worst_is_diagonal */
    bool has_worst;         /* false: RVD */
    bool worst_is_diagonal; /* distances: the image diagonal in the metric's unit */
    bool needs_spacing;     /* a bench with this metric is refused for a cohort of unknown spacing */
    cm_metric_needs needs;
    cm_metric_needs slice_needs;   /* with CM_NEEDS_SLICES: counts or distances of a slice, for */
    cm_mask_function slice;        /* the metric of one slice */
    cm_mask_function mask;         /* segmentation, of a case; NULL for metrics of a cohort: */
    cm_gathered_function gathered; /* from the evidence of all cases (metrics/gathered.h) */
    cm_class_function one_vs_rest; /* classification */
    /* Classification over all classes at once, by decisions or by scores; both NULL: mean over classes. */
    cm_confusion_function all_class;
    cm_cases_function all_cases;
} cm_metric_definition;

extern const cm_metric_definition cm_metric_catalogue[];
extern const int cm_metric_catalogue_count;

/* A definition with its parameters bound. A parameter that the pattern does not have is 0. */
struct cm_metric {
    const cm_metric_definition *definition;
    int row;             /* in the catalogue */
    char id[64];         /* canonical id: no leading or trailing zeros in numbers */
    double tolerance;    /* <t>: > 0 */
    double percentile;   /* <q>: > 0, < 100 */
    double beta;         /* <b>: > 0 */
    double share;        /* <p>, <k>, or the share of a lesion rule <r>: > 0, <= 1 */
    double rate;         /* <f>: > 0 */
    double low, high;    /* <l>, <h>: bounds of a size, >= 0 */
    int bins;            /* <n>: 1..1000 */
    int connectivity;    /* <c>: 6, 18 or 26 */
    int dilation;        /* <d>: 0..99 */
    int axis;            /* <a>: which axis is cut into slices: 0 z, 1 y, 2 x (as stored; x is fastest) */
    cm_lesion_rule rule; /* <r> */
};

/* Errors: CM_ERR_NOT_FOUND with the nearest known ids, CM_ERR_ARG (a parameter out of its range, or with more
 * than six digits on a side of the point). *out is written on CM_OK only. */
cm_status cm_metric_parse(const char *id, cm_metric *out, cm_error *err);

/* The pattern of a row as a regular expression in the dialect of XML Schema (anchored by definition there).
 * Writes at most `size` bytes with the closing 0; false when that is too short. */
bool cm_metric_regex(const cm_metric_definition *definition, char *out, size_t size);

/* The unit of its values: the definition's, but "voxel" for mm and mm3 where the spacing of a cohort is
 * unknown. */
const char *cm_metric_unit(const cm_metric *metric, bool spacing_known);

#ifdef __cplusplus
}
#endif
#endif
