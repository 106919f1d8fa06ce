/* Overlap metrics: formulas over the four voxel counts. */
#include "metrics/facts.h"

/* numerator / denominator, undefined when the denominator is 0. */
static bool ratio(int64_t numerator, int64_t denominator, double *value)
{
    if (denominator == 0) return false;
    *value = (double)numerator / (double)denominator;
    return true;
}

bool cm_mask_dsc(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(2 * facts->tp, 2 * facts->tp + facts->fp + facts->fn, value);
}

bool cm_mask_iou(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fp + facts->fn, value);
}

bool cm_mask_sensitivity(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fn, value);
}

bool cm_mask_ppv(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fp, value);
}

bool cm_mask_volume_similarity(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    const int64_t both = 2 * facts->tp + facts->fp + facts->fn;
    const int64_t difference = facts->fn > facts->fp ? facts->fn - facts->fp : facts->fp - facts->fn;
    (void)metric;
    return ratio(both - difference, both, value); /* 1 - |FN-FP| / both with one rounding */
}

bool cm_mask_relative_volume_difference(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(facts->fp - facts->fn, facts->tp + facts->fn, value);
}
