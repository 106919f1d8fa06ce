/* What metric functions are computed from. Counting and measuring is done once for all metrics (score.c,
 * measure_*.c, classification.c); a metric is a formula over these facts. Only metrics/ uses this header.
 * [0] is always the reference, [1] the prediction. */
#ifndef CM_METRICS_FACTS_H
#define CM_METRICS_FACTS_H

#include "metrics/metric.h"
#include "metrics/statistics/sum.h"

/* Surface distances of one reference and one prediction, neither empty. The order of an array means nothing:
 * a function may permute it (to select a percentile), which is why the sums are made beforehand. */
typedef struct cm_surface_distances {
    int64_t n_reference, n_prediction; /* surface voxels, > 0 */
    double *of_reference;  /* [n_reference]: from each reference surface voxel to the prediction surface */
    double *of_prediction; /* [n_prediction]: the reverse */
    double *both;          /* [n_reference + n_prediction]: all of them, for pooled percentiles */
    double sum_reference, sum_prediction; /* compensated sums in raster order */
} cm_surface_distances;

/* A piece of surface at a corner between voxels: how far the nearest corner with a piece of the other surface
 * is, and its code (kernels/volume.h), which gives the area. */
typedef struct cm_surfel {
    double distance;
    uint8_t code;
} cm_surfel;

/* Neither mask is empty. */
typedef struct cm_surfel_distances {
    int64_t n[2];     /* > 0 */
    cm_surfel *at[2]; /* by rising distance */
    double area[256]; /* of a code */
} cm_surfel_distances;

/* Voxels of a mask that lie closer than the tolerance of the metric at hand to its own surface: how many are
 * in both masks' bands, and in either. */
typedef struct cm_band_counts {
    int64_t both, either;
} cm_band_counts;

/* Sums over all voxels of a mask of the distance to the other mask (0 inside it). */
typedef struct cm_volume_distances {
    double sum[2];
} cm_volume_distances;

/* Counts of one label value of a target against all other values. */
typedef struct cm_label_counts {
    int64_t tp, fp, fn;
} cm_label_counts;

/* Skeleton voxels, and how many of them lie in the other mask. */
typedef struct cm_skeleton_counts {
    int64_t n[2], inside[2];
} cm_skeleton_counts;

typedef struct cm_topology {
    int64_t betti[2][3];
} cm_topology;

/* Lesions and what the matching rule of the metric at hand comes to. One-to-one rules have as many hits on
 * one side as on the other, and sums over the pairs; the other rules count each side by itself and have no
 * pairs. */
typedef struct cm_lesion_counts {
    int64_t n[2];
    int64_t hits[2]; /* lesions of the reference that were found; lesions of the prediction that are right */
    double sum_iou, sum_dice;
    int64_t n_of_size[2], hits_of_size[2]; /* those of low <= volume < high of the metric */
    /* For metrics of a cohort, else NULL: of each found reference lesion the volume of the predicted one (of
     * several, the largest), then the volumes of the predicted lesions that are wrong. */
    double *scores;
} cm_lesion_counts;

/* The BraTS 2023 rule: reference lesions larger than the threshold, and predicted lesions that touch none. */
typedef struct cm_brats_counts {
    int64_t n_lesions, n_false;
    double sum_dice, sum_hd95; /* over the lesions; a missed one has Dice 0 and HD95 374 */
} cm_brats_counts;

/* A triangle of a mesh (a line in a 2-D image): how far from its centre the other mesh is, and its area. */
typedef struct cm_mesh_element {
    double distance, area;
} cm_mesh_element;

/* Neither mask is empty. */
typedef struct cm_mesh_distances {
    int64_t n[2];           /* > 0 */
    cm_mesh_element *at[2]; /* by rising distance */
} cm_mesh_distances;

/* Values of slices. */
typedef struct cm_slice_values {
    int64_t n; /* slices in which a mask has a voxel */
    cm_sum sum;
} cm_slice_values;

/* Sums over the voxels that are not ignored, compensated along each slice and over the slices. */
typedef struct cm_soft_overlap {
    double inside, all; /* probabilities of voxels of the reference; of all voxels */
} cm_soft_overlap;

/* One target of one case. What the metric does not need, or cannot be measured because a mask is empty, is
 * NULL. Distances are in the unit the metric needs. */
typedef struct cm_mask_facts {
    int64_t tp, fp, fn, tn; /* voxels that are not ignored */
    double voxel_volume;    /* in mm3; 1 where the spacing is unknown */
    int n_labels;
    const cm_label_counts *labels; /* [n_labels]: for each label value of the target */
    const cm_surface_distances *distances;
    const cm_surfel_distances *surfels;
    const cm_mesh_distances *meshes;
    const cm_band_counts *band;
    const cm_volume_distances *volume;
    const cm_skeleton_counts *skeletons; /* NULL where a mask is empty */
    const cm_topology *topology;         /* never NULL when asked for */
    const cm_lesion_counts *lesions;     /* never NULL when asked for */
    const cm_brats_counts *brats;        /* never NULL when asked for */
    const cm_slice_values *slices;       /* never NULL when asked for */
    const cm_soft_overlap *soft;         /* never NULL when asked for */
} cm_mask_facts;

/* The function of a metric over one target of one case, in the file of its family. */
#define CM_MASK_METRIC(name) bool name(const cm_mask_facts *facts, const cm_metric *metric, double *value)

/* overlap.c */
CM_MASK_METRIC(cm_mask_dsc);
CM_MASK_METRIC(cm_mask_iou);
CM_MASK_METRIC(cm_mask_sensitivity);
CM_MASK_METRIC(cm_mask_specificity);
CM_MASK_METRIC(cm_mask_ppv);
CM_MASK_METRIC(cm_mask_npv);
CM_MASK_METRIC(cm_mask_accuracy);
CM_MASK_METRIC(cm_mask_balanced_accuracy);
CM_MASK_METRIC(cm_mask_f_beta);
CM_MASK_METRIC(cm_mask_mcc);
CM_MASK_METRIC(cm_mask_kappa);
CM_MASK_METRIC(cm_mask_volume_similarity);
CM_MASK_METRIC(cm_mask_relative_volume_difference);
CM_MASK_METRIC(cm_mask_absolute_relative_volume_difference);
CM_MASK_METRIC(cm_mask_symmetric_volume_difference);
CM_MASK_METRIC(cm_mask_reference_volume);
CM_MASK_METRIC(cm_mask_prediction_volume);
CM_MASK_METRIC(cm_mask_dsc_macro);
CM_MASK_METRIC(cm_mask_dsc_micro);
CM_MASK_METRIC(cm_mask_dsc_weighted);
CM_MASK_METRIC(cm_mask_generalised_dice);

/* measure_soft.c */
CM_MASK_METRIC(cm_mask_soft_dice);

/* surface.c */
CM_MASK_METRIC(cm_mask_hausdorff);
CM_MASK_METRIC(cm_mask_hausdorff_percentile);
CM_MASK_METRIC(cm_mask_hausdorff_pooled);
CM_MASK_METRIC(cm_mask_hausdorff_mean_direction);
CM_MASK_METRIC(cm_mask_assd);
CM_MASK_METRIC(cm_mask_masd);
CM_MASK_METRIC(cm_mask_asd_of_reference);
CM_MASK_METRIC(cm_mask_asd_of_prediction);
CM_MASK_METRIC(cm_mask_nsd);
CM_MASK_METRIC(cm_mask_nsd_mean_direction);
CM_MASK_METRIC(cm_mask_boundary_iou);
CM_MASK_METRIC(cm_mask_average_hausdorff_of_volumes);

/* measure_slices.c */
CM_MASK_METRIC(cm_mask_mean_of_slices);

/* surfel.c */
CM_MASK_METRIC(cm_surfel_hausdorff);
CM_MASK_METRIC(cm_surfel_hausdorff_percentile);
CM_MASK_METRIC(cm_surfel_assd);
CM_MASK_METRIC(cm_surfel_masd);
CM_MASK_METRIC(cm_surfel_nsd);

/* mesh.c */
CM_MASK_METRIC(cm_mesh_hausdorff);
CM_MASK_METRIC(cm_mesh_hausdorff_percentile);
CM_MASK_METRIC(cm_mesh_assd);
CM_MASK_METRIC(cm_mesh_masd);
CM_MASK_METRIC(cm_mesh_nsd);

/* topology.c */
CM_MASK_METRIC(cm_mask_cldice);
CM_MASK_METRIC(cm_mask_betti0_error);
CM_MASK_METRIC(cm_mask_betti1_error);
CM_MASK_METRIC(cm_mask_betti2_error);
CM_MASK_METRIC(cm_mask_euler_error);

/* lesion.c */
CM_MASK_METRIC(cm_lesion_sensitivity);
CM_MASK_METRIC(cm_lesion_ppv);
CM_MASK_METRIC(cm_lesion_f1);
CM_MASK_METRIC(cm_lesion_false_positives);
CM_MASK_METRIC(cm_lesion_false_negatives);
CM_MASK_METRIC(cm_lesion_count_difference);
CM_MASK_METRIC(cm_lesion_mean_dsc);
CM_MASK_METRIC(cm_lesion_recognition_quality);
CM_MASK_METRIC(cm_lesion_segmentation_quality);
CM_MASK_METRIC(cm_lesion_panoptic_quality);
CM_MASK_METRIC(cm_lesion_sensitivity_of_size);
CM_MASK_METRIC(cm_lesion_ppv_of_size);
CM_MASK_METRIC(cm_brats_dice);
CM_MASK_METRIC(cm_brats_hd95);

/* -- a cohort of segmentations ------------------------------------------------------------------------------
 */

/* A found reference lesion or a wrong predicted one. */
typedef struct cm_gathered_entry {
    double score;
    int64_t case_index;
    bool is_found;
} cm_gathered_entry;

/* Sums over the cases, weighted (metrics/gathered.h says of what), and entries by falling score. */
typedef struct cm_gathered_facts {
    int64_t cases;
    double reference, found, prediction, right, sum_iou;
    int64_t n_entries;
    const cm_gathered_entry *entries;
    const int32_t *weight; /* by case_index, how often the case counts; NULL = once */
} cm_gathered_facts;

#define CM_GATHERED_METRIC(name)                                                                             \
    bool name(const cm_gathered_facts *facts, const cm_metric *metric, double *value)

/* froc.c */
CM_GATHERED_METRIC(cm_gathered_dsc);
CM_GATHERED_METRIC(cm_gathered_sensitivity);
CM_GATHERED_METRIC(cm_gathered_ppv);
CM_GATHERED_METRIC(cm_gathered_f1);
CM_GATHERED_METRIC(cm_gathered_panoptic_quality);
CM_GATHERED_METRIC(cm_gathered_sensitivity_at_rate);
CM_GATHERED_METRIC(cm_gathered_froc);
CM_GATHERED_METRIC(cm_gathered_average_precision);

/* -- classification ----------------------------------------------------------------------------------------
 */

/* One class against the rest, cases sorted by falling score (equal scores by case number). */
typedef struct cm_class_facts {
    int64_t n;
    const double *score;     /* [n], falling */
    const uint8_t *positive; /* [n]: 1 where the truth is this class */
    const int32_t *place;    /* [n]: the case number of entry i */
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

/* All classes and scores at once. */
typedef struct cm_cases_facts {
    int64_t n;
    int k;
    const int32_t *truth;           /* [n] */
    const double *score;            /* [n][k] */
    const int32_t *weight;          /* [n], NULL = once each */
    const cm_class_facts *of_class; /* [k]: each class against the rest */
} cm_cases_facts;

#define CM_CLASS_METRIC(name) bool name(const cm_class_facts *facts, const cm_metric *metric, double *value)
#define CM_CONFUSION_METRIC(name)                                                                            \
    bool name(const cm_confusion_facts *facts, const cm_metric *metric, double *value)
#define CM_CASES_METRIC(name) bool name(const cm_cases_facts *facts, const cm_metric *metric, double *value)

/* decision.c: one class against the rest by decisions, and over all classes at once */
CM_CLASS_METRIC(cm_class_accuracy);
CM_CLASS_METRIC(cm_class_balanced_accuracy);
CM_CLASS_METRIC(cm_class_youden);
CM_CLASS_METRIC(cm_class_sensitivity);
CM_CLASS_METRIC(cm_class_specificity);
CM_CLASS_METRIC(cm_class_ppv);
CM_CLASS_METRIC(cm_class_npv);
CM_CLASS_METRIC(cm_class_f_beta);
CM_CLASS_METRIC(cm_class_mcc);
CM_CLASS_METRIC(cm_class_kappa);
CM_CLASS_METRIC(cm_class_positive_likelihood_ratio);
CM_CLASS_METRIC(cm_class_negative_likelihood_ratio);
CM_CONFUSION_METRIC(cm_confusion_accuracy);
CM_CONFUSION_METRIC(cm_confusion_balanced_accuracy);
CM_CONFUSION_METRIC(cm_confusion_mcc);
CM_CONFUSION_METRIC(cm_confusion_f_beta_micro);
CM_CONFUSION_METRIC(cm_confusion_f_beta_weighted);
CM_CONFUSION_METRIC(cm_confusion_kappa);
CM_CONFUSION_METRIC(cm_confusion_kappa_linear);
CM_CONFUSION_METRIC(cm_confusion_kappa_quadratic);

/* cost.c: what wrong decisions cost; each for one class and for all */
#define CM_COST_METRICS(kind)                                                                                \
    CM_CLASS_METRIC(cm_class_cost_##kind);                                                                   \
    CM_CLASS_METRIC(cm_class_normalised_cost_##kind);                                                        \
    CM_CONFUSION_METRIC(cm_confusion_cost_##kind);                                                           \
    CM_CONFUSION_METRIC(cm_confusion_normalised_cost_##kind)
CM_COST_METRICS(equal);
CM_COST_METRICS(balanced);
CM_COST_METRICS(linear);
CM_COST_METRICS(quadratic);
CM_CLASS_METRIC(cm_class_cost_of_misses);
CM_CLASS_METRIC(cm_class_normalised_cost_of_misses);

/* ranked.c: by scores */
CM_CLASS_METRIC(cm_class_auroc);
CM_CLASS_METRIC(cm_class_partial_auroc);
CM_CLASS_METRIC(cm_class_average_precision);
CM_CLASS_METRIC(cm_class_auprc_trapezoid);
CM_CLASS_METRIC(cm_class_best_youden);
CM_CLASS_METRIC(cm_class_sensitivity_at_specificity);
CM_CLASS_METRIC(cm_class_specificity_at_sensitivity);
CM_CLASS_METRIC(cm_class_net_benefit);
CM_CLASS_METRIC(cm_class_net_benefit_of_all);
CM_CASES_METRIC(cm_cases_auroc_weighted);
CM_CASES_METRIC(cm_cases_auroc_one_vs_one);

/* calibration.c: scores as probabilities */
CM_CLASS_METRIC(cm_class_brier);
CM_CLASS_METRIC(cm_class_brier_of_both);
CM_CLASS_METRIC(cm_class_brier_skill);
CM_CLASS_METRIC(cm_class_log_loss);
CM_CLASS_METRIC(cm_class_ece_width);
CM_CLASS_METRIC(cm_class_ece_mass);
CM_CLASS_METRIC(cm_class_mce_width);
CM_CLASS_METRIC(cm_class_ece_of_top);
CM_CLASS_METRIC(cm_class_observed_expected);
CM_CASES_METRIC(cm_cases_brier);
CM_CASES_METRIC(cm_cases_log_loss);
CM_CASES_METRIC(cm_cases_ece_of_top);

/* kernel_calibration.c */
CM_CLASS_METRIC(cm_class_ece_kernel);

/* recalibration.c: the logistic line through outcomes and scores */
CM_CLASS_METRIC(cm_class_calibration_slope);
CM_CLASS_METRIC(cm_class_calibration_intercept);
CM_CLASS_METRIC(cm_class_calibration_in_the_large);

#endif
