/* Surface metrics: formulas over the distances from each voxel surface to the other, over bands along the
 * surfaces and over the distances of whole masks. */
#include "metrics/facts.h"

#include "metrics/statistics/quantile.h"

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double maximum(const double *values, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = larger(most, values[i]);
    return most;
}

static int64_t count_within(const double *values, int64_t n, double tolerance)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += values[i] <= tolerance;
    return count;
}

CM_MASK_METRIC(cm_mask_hausdorff)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = larger(maximum(d->of_reference, d->n_reference), maximum(d->of_prediction, d->n_prediction));
    return true;
}

CM_MASK_METRIC(cm_mask_hausdorff_percentile)
{
    const cm_surface_distances *d = facts->distances;
    const double p = metric->percentile / 100;
    if (!d) return false;
    *value = larger(cm_quantile7_permuting(d->of_reference, d->n_reference, p),
                    cm_quantile7_permuting(d->of_prediction, d->n_prediction, p));
    return true;
}

CM_MASK_METRIC(cm_mask_assd)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = (d->sum_reference + d->sum_prediction) / (double)(d->n_reference + d->n_prediction);
    return true;
}

CM_MASK_METRIC(cm_mask_nsd)
{
    const cm_surface_distances *d = facts->distances;
    if (!d) return false;
    const int64_t within = count_within(d->of_reference, d->n_reference, metric->tolerance) +
                           count_within(d->of_prediction, d->n_prediction, metric->tolerance);
    *value = (double)within / (double)(d->n_reference + d->n_prediction);
    return true;
}

CM_MASK_METRIC(cm_mask_nsd_mean_direction)
{
    const cm_surface_distances *d = facts->distances;
    if (!d) return false;
    const int64_t there = count_within(d->of_reference, d->n_reference, metric->tolerance);
    const int64_t back = count_within(d->of_prediction, d->n_prediction, metric->tolerance);
    *value = ((double)there / (double)d->n_reference + (double)back / (double)d->n_prediction) / 2;
    return true;
}

CM_MASK_METRIC(cm_mask_hausdorff_pooled)
{
    const cm_surface_distances *d = facts->distances;
    if (!d) return false;
    *value = cm_quantile7_permuting(d->both, d->n_reference + d->n_prediction, metric->percentile / 100);
    return true;
}

CM_MASK_METRIC(cm_mask_hausdorff_mean_direction)
{
    const cm_surface_distances *d = facts->distances;
    const double p = metric->percentile / 100;
    if (!d) return false;
    *value = (cm_quantile7_permuting(d->of_reference, d->n_reference, p) +
              cm_quantile7_permuting(d->of_prediction, d->n_prediction, p)) /
             2;
    return true;
}

CM_MASK_METRIC(cm_mask_asd_of_reference)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = d->sum_reference / (double)d->n_reference;
    return true;
}

CM_MASK_METRIC(cm_mask_asd_of_prediction)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = d->sum_prediction / (double)d->n_prediction;
    return true;
}

CM_MASK_METRIC(cm_mask_masd)
{
    double there, back;
    if (!cm_mask_asd_of_reference(facts, metric, &there)) return false;
    cm_mask_asd_of_prediction(facts, metric, &back);
    *value = (there + back) / 2;
    return true;
}

/* One mask alone empty: the band of the other is all there is, so the value is 0. */
CM_MASK_METRIC(cm_mask_boundary_iou)
{
    (void)metric;
    if (!facts->band || facts->band->either == 0) return false;
    *value = (double)facts->band->both / (double)facts->band->either;
    return true;
}

CM_MASK_METRIC(cm_mask_average_hausdorff_of_volumes)
{
    const cm_volume_distances *d = facts->volume;
    (void)metric;
    if (!d) return false;
    *value = (d->sum[0] / (double)(facts->tp + facts->fn) + d->sum[1] / (double)(facts->tp + facts->fp)) / 2;
    return true;
}
