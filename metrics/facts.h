/* What metric functions are computed from, and the functions themselves. Counting and measuring is done once
 * for all metrics (score.c, classification.c); a metric is a formula over these facts. Only metrics/ uses
 * this header. */
#ifndef CM_METRICS_FACTS_H
#define CM_METRICS_FACTS_H

#include "metrics/metric.h"

/* Surface distances of one reference and one prediction, neither empty. The order of an array means nothing:
 * a function may permute it (to select a percentile), which is why the sums are made beforehand. */
typedef struct cm_surface_distances {
    int64_t n_reference, n_prediction; /* surface voxels, > 0 */
    double *of_reference;  /* [n_reference]: from each reference surface voxel to the prediction surface */
    double *of_prediction; /* [n_prediction]: the reverse */
    double sum_reference, sum_prediction; /* compensated sums in raster order */
} cm_surface_distances;

/* One target of one case. distances: in the unit the metric needs; NULL where a mask is empty. */
typedef struct cm_mask_facts {
    int64_t tp, fp, fn, tn; /* voxels */
    const cm_surface_distances *distances;
} cm_mask_facts;

/* One class against the rest, cases sorted by falling score (equal scores by case number). */
typedef struct cm_class_facts {
    int64_t n;
    const double *score;     /* [n], falling */
    const uint8_t *positive; /* [n]: 1 where the truth is this class */
    const int64_t *place;    /* [n]: the case number of entry i */
    const int32_t *weight;   /* by case number, how often the case counts; NULL = once */
    int64_t tp, fp, fn, tn;  /* weighted counts of truth and decision */
} cm_class_facts;

static inline int64_t cm_class_weight(const cm_class_facts *facts, int64_t i)
{
    return facts->weight ? facts->weight[facts->place[i]] : 1;
}

/* count[t * k + d]: weighted cases of true class t decided as d. */
typedef struct cm_confusion_facts {
    int k;
    const int64_t *count;
} cm_confusion_facts;

/* overlap.c */
bool cm_mask_dsc(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_iou(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_sensitivity(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_ppv(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_volume_similarity(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_relative_volume_difference(const cm_mask_facts *facts, const cm_metric *metric, double *value);

/* surface.c */
bool cm_mask_hausdorff(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_hausdorff_percentile(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_assd(const cm_mask_facts *facts, const cm_metric *metric, double *value);
bool cm_mask_nsd(const cm_mask_facts *facts, const cm_metric *metric, double *value);

/* decision.c: one class against the rest by decisions, and over all classes at once */
bool cm_class_accuracy(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_balanced_accuracy(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_sensitivity(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_specificity(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_ppv(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_npv(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_f1(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_mcc(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_confusion_accuracy(const cm_confusion_facts *facts, const cm_metric *metric, double *value);
bool cm_confusion_balanced_accuracy(const cm_confusion_facts *facts, const cm_metric *metric, double *value);
bool cm_confusion_mcc(const cm_confusion_facts *facts, const cm_metric *metric, double *value);

/* ranked.c: by scores */
bool cm_class_auroc(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_average_precision(const cm_class_facts *facts, const cm_metric *metric, double *value);
bool cm_class_brier(const cm_class_facts *facts, const cm_metric *metric, double *value);

#endif
