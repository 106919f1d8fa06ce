/* Surface metrics: formulas over the distances from each surface to the other. */
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

bool cm_mask_hausdorff(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = larger(maximum(d->of_reference, d->n_reference), maximum(d->of_prediction, d->n_prediction));
    return true;
}

bool cm_mask_hausdorff_percentile(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    const cm_surface_distances *d = facts->distances;
    const double p = metric->percentile / 100;
    if (!d) return false;
    *value = larger(cm_quantile7_permuting(d->of_reference, d->n_reference, p),
                    cm_quantile7_permuting(d->of_prediction, d->n_prediction, p));
    return true;
}

bool cm_mask_assd(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    const cm_surface_distances *d = facts->distances;
    (void)metric;
    if (!d) return false;
    *value = (d->sum_reference + d->sum_prediction) / (double)(d->n_reference + d->n_prediction);
    return true;
}

bool cm_mask_nsd(const cm_mask_facts *facts, const cm_metric *metric, double *value)
{
    const cm_surface_distances *d = facts->distances;
    if (!d) return false;
    const int64_t within = count_within(d->of_reference, d->n_reference, metric->tolerance) +
                           count_within(d->of_prediction, d->n_prediction, metric->tolerance);
    *value = (double)within / (double)(d->n_reference + d->n_prediction);
    return true;
}
