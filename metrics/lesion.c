/* Lesion metrics: formulas over how many lesions there are and how many of them were matched. */
#include "metrics/facts.h"

static bool ratio(int64_t numerator, int64_t denominator, double *value)
{
    if (denominator == 0) return false;
    *value = (double)numerator / (double)denominator;
    return true;
}

CM_MASK_METRIC(cm_lesion_sensitivity)
{
    (void)metric;
    return ratio(facts->lesions->hits[0], facts->lesions->n[0], value);
}

CM_MASK_METRIC(cm_lesion_ppv)
{
    (void)metric;
    return ratio(facts->lesions->hits[1], facts->lesions->n[1], value);
}

/* Harmonic mean of both; 0 when there are lesions but no match. */
CM_MASK_METRIC(cm_lesion_f1)
{
    const cm_lesion_counts *l = facts->lesions;
    (void)metric;
    if (l->n[0] + l->n[1] == 0) return false;
    if (l->hits[0] == 0 || l->hits[1] == 0) {
        *value = 0;
    } else if (l->hits[0] == l->hits[1]) { /* the usual form, with one rounding */
        *value = (double)(2 * l->hits[0]) / (double)(l->n[0] + l->n[1]);
    } else {
        const double sensitivity = (double)l->hits[0] / (double)l->n[0];
        const double precision = (double)l->hits[1] / (double)l->n[1];
        *value = 2 * sensitivity * precision / (sensitivity + precision);
    }
    return true;
}

CM_MASK_METRIC(cm_lesion_false_positives)
{
    (void)metric;
    *value = (double)(facts->lesions->n[1] - facts->lesions->hits[1]);
    return true;
}

CM_MASK_METRIC(cm_lesion_false_negatives)
{
    (void)metric;
    *value = (double)(facts->lesions->n[0] - facts->lesions->hits[0]);
    return true;
}

CM_MASK_METRIC(cm_lesion_count_difference)
{
    (void)metric;
    *value = (double)(facts->lesions->n[1] - facts->lesions->n[0]);
    return true;
}

CM_MASK_METRIC(cm_lesion_mean_dsc)
{
    const cm_lesion_counts *l = facts->lesions;
    (void)metric;
    if (l->hits[0] == 0) return false;
    *value = l->sum_dice / (double)l->hits[0];
    return true;
}

/* TP / (TP + FP/2 + FN/2) with TP + FN and TP + FP lesions on the two sides. */
CM_MASK_METRIC(cm_lesion_recognition_quality)
{
    (void)metric;
    return ratio(2 * facts->lesions->hits[0], facts->lesions->n[0] + facts->lesions->n[1], value);
}

CM_MASK_METRIC(cm_lesion_segmentation_quality)
{
    const cm_lesion_counts *l = facts->lesions;
    (void)metric;
    if (l->hits[0] == 0) return false;
    *value = l->sum_iou / (double)l->hits[0];
    return true;
}

/* RQ SQ, without the division by TP that both share. */
CM_MASK_METRIC(cm_lesion_panoptic_quality)
{
    const cm_lesion_counts *l = facts->lesions;
    (void)metric;
    if (l->n[0] + l->n[1] == 0) return false;
    *value = 2 * l->sum_iou / (double)(l->n[0] + l->n[1]);
    return true;
}

CM_MASK_METRIC(cm_lesion_sensitivity_of_size)
{
    (void)metric;
    return ratio(facts->lesions->hits_of_size[0], facts->lesions->n_of_size[0], value);
}

CM_MASK_METRIC(cm_lesion_ppv_of_size)
{
    (void)metric;
    return ratio(facts->lesions->hits_of_size[1], facts->lesions->n_of_size[1], value);
}

CM_MASK_METRIC(cm_brats_dice)
{
    const cm_brats_counts *b = facts->brats;
    (void)metric;
    if (b->n_lesions + b->n_false == 0) return false;
    *value = b->sum_dice / (double)(b->n_lesions + b->n_false);
    return true;
}

CM_MASK_METRIC(cm_brats_hd95)
{
    const cm_brats_counts *b = facts->brats;
    (void)metric;
    if (b->n_lesions + b->n_false == 0) return false;
    *value = b->sum_hd95 / (double)(b->n_lesions + b->n_false);
    return true;
}
