/* Overlap metrics: formulas over the four voxel counts, and over those of each label of a target. */
#include "metrics/facts.h"

#include <math.h>

#include "metrics/statistics/sum.h"

__extension__ typedef __int128 wide; /* products of two counts */

/* numerator / denominator, undefined when the denominator is 0. */
static bool ratio(int64_t numerator, int64_t denominator, double *value)
{
    if (denominator == 0) return false;
    *value = (double)numerator / (double)denominator;
    return true;
}

CM_MASK_METRIC(cm_mask_dsc)
{
    (void)metric;
    return ratio(2 * facts->tp, 2 * facts->tp + facts->fp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_iou)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_sensitivity)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_specificity)
{
    (void)metric;
    return ratio(facts->tn, facts->tn + facts->fp, value);
}

CM_MASK_METRIC(cm_mask_ppv)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fp, value);
}

CM_MASK_METRIC(cm_mask_npv)
{
    (void)metric;
    return ratio(facts->tn, facts->tn + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_accuracy)
{
    (void)metric;
    return ratio(facts->tp + facts->tn, facts->tp + facts->tn + facts->fp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_balanced_accuracy)
{
    double sensitivity, specificity;
    if (!cm_mask_sensitivity(facts, metric, &sensitivity) ||
        !cm_mask_specificity(facts, metric, &specificity))
        return false;
    *value = (sensitivity + specificity) / 2;
    return true;
}

/* The closed form has no 0/0 where precision and recall are both 0. */
CM_MASK_METRIC(cm_mask_f_beta)
{
    const double b2 = metric->beta * metric->beta;
    const double hits = (1 + b2) * (double)facts->tp;
    const double all = hits + (b2 * (double)facts->fn + (double)facts->fp);
    if (facts->tp + facts->fn + facts->fp == 0) return false;
    *value = hits / all;
    return true;
}

/* Counts are whole numbers until the last line, so that no digit cancels. */
CM_MASK_METRIC(cm_mask_mcc)
{
    const wide tp = facts->tp, fp = facts->fp, fn = facts->fn, tn = facts->tn;
    const wide predicted = (tp + fp) * (tn + fn), actual = (tp + fn) * (tn + fp);
    (void)metric;
    if (predicted == 0 || actual == 0) return false;
    const double r = (double)(tp * tn - fp * fn) / (sqrt((double)predicted) * sqrt((double)actual));
    *value = r > 1 ? 1 : r < -1 ? -1 : r; /* rounding may pass 1 by one unit in the last place */
    return true;
}

/* (po - pe) / (1 - pe) = 2 (TP TN - FP FN) / ((TP+FP)(FP+TN) + (TP+FN)(FN+TN)). */
CM_MASK_METRIC(cm_mask_kappa)
{
    const wide tp = facts->tp, fp = facts->fp, fn = facts->fn, tn = facts->tn;
    const wide all = (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn);
    (void)metric;
    if (all == 0) return false;
    *value = (double)(2 * (tp * tn - fp * fn)) / (double)all;
    return true;
}

/* -- volumes --------------------------------------------------------------------------------------------- */

CM_MASK_METRIC(cm_mask_volume_similarity)
{
    const int64_t both = 2 * facts->tp + facts->fp + facts->fn;
    const int64_t difference = facts->fn > facts->fp ? facts->fn - facts->fp : facts->fp - facts->fn;
    (void)metric;
    return ratio(both - difference, both, value); /* 1 - |FN-FP| / both with one rounding */
}

CM_MASK_METRIC(cm_mask_relative_volume_difference)
{
    (void)metric;
    return ratio(facts->fp - facts->fn, facts->tp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_absolute_relative_volume_difference)
{
    if (!cm_mask_relative_volume_difference(facts, metric, value)) return false;
    *value = fabs(*value);
    return true;
}

CM_MASK_METRIC(cm_mask_symmetric_volume_difference)
{
    (void)metric;
    return ratio(2 * (facts->fp - facts->fn), 2 * facts->tp + facts->fp + facts->fn, value);
}

CM_MASK_METRIC(cm_mask_reference_volume)
{
    (void)metric;
    *value = (double)(facts->tp + facts->fn) * facts->voxel_volume;
    return true;
}

CM_MASK_METRIC(cm_mask_prediction_volume)
{
    (void)metric;
    *value = (double)(facts->tp + facts->fp) * facts->voxel_volume;
    return true;
}

/* -- over the labels of a target ------------------------------------------------------------------------- */

static int64_t voxels_in_reference(const cm_label_counts *c)
{
    return c->tp + c->fn;
}

CM_MASK_METRIC(cm_mask_dsc_macro)
{
    cm_sum sum = {0, 0};
    int n = 0;
    (void)metric;
    for (int i = 0; i < facts->n_labels; i++) {
        const cm_label_counts *c = &facts->labels[i];
        double dsc;
        if (!ratio(2 * c->tp, 2 * c->tp + c->fp + c->fn, &dsc)) continue;
        cm_sum_add(&sum, dsc);
        n++;
    }
    if (n == 0) return false;
    *value = cm_sum_value(&sum) / n;
    return true;
}

CM_MASK_METRIC(cm_mask_dsc_micro)
{
    int64_t tp = 0, wrong = 0;
    (void)metric;
    for (int i = 0; i < facts->n_labels; i++) {
        tp += facts->labels[i].tp;
        wrong += facts->labels[i].fp + facts->labels[i].fn;
    }
    return ratio(2 * tp, 2 * tp + wrong, value);
}

CM_MASK_METRIC(cm_mask_dsc_weighted)
{
    cm_sum sum = {0, 0};
    int64_t all = 0;
    (void)metric;
    for (int i = 0; i < facts->n_labels; i++) {
        const cm_label_counts *c = &facts->labels[i];
        const int64_t weight = voxels_in_reference(c);
        double dsc;
        if (weight == 0 || !ratio(2 * c->tp, 2 * c->tp + c->fp + c->fn, &dsc)) continue;
        cm_sum_add(&sum, (double)weight * dsc);
        all += weight;
    }
    if (all == 0) return false;
    *value = cm_sum_value(&sum) / (double)all;
    return true;
}

/* A label that is not in the reference has no weight of its own and is left out. */
CM_MASK_METRIC(cm_mask_generalised_dice)
{
    cm_sum hits = {0, 0}, all = {0, 0};
    (void)metric;
    for (int i = 0; i < facts->n_labels; i++) {
        const cm_label_counts *c = &facts->labels[i];
        const double size = (double)voxels_in_reference(c);
        if (size == 0) continue;
        cm_sum_add(&hits, 2 * (double)c->tp / (size * size));
        cm_sum_add(&all, (double)(2 * c->tp + c->fp + c->fn) / (size * size));
    }
    if (cm_sum_value(&all) == 0) return false;
    *value = cm_sum_value(&hits) / cm_sum_value(&all);
    return true;
}
