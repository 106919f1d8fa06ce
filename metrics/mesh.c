/* Surface metrics over triangles, each weighing as much as its area. */
#include "metrics/facts.h"

#include "metrics/statistics/sum.h"

/* Area of the elements that lie within a distance, and the sum of area times distance. */
static double area_within(const cm_mesh_distances *s, int side, double distance)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < s->n[side] && s->at[side][i].distance <= distance; i++)
        cm_sum_add(&sum, s->at[side][i].area);
    return cm_sum_value(&sum);
}

static double longest(const cm_mesh_distances *s, int side)
{
    return s->at[side][s->n[side] - 1].distance;
}

static double whole_area(const cm_mesh_distances *s, int side)
{
    return area_within(s, side, longest(s, side));
}

static double moment(const cm_mesh_distances *s, int side)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < s->n[side]; i++)
        cm_sum_add(&sum, s->at[side][i].area * s->at[side][i].distance);
    return cm_sum_value(&sum);
}

CM_MASK_METRIC(cm_mesh_hausdorff)
{
    const cm_mesh_distances *s = facts->meshes;
    (void)metric;
    if (!s) return false;
    *value = longest(s, 0) > longest(s, 1) ? longest(s, 0) : longest(s, 1);
    return true;
}

static double percentile_of(const cm_mesh_distances *s, int side, double p)
{
    const double wanted = p * whole_area(s, side);
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < s->n[side]; i++) {
        cm_sum_add(&sum, s->at[side][i].area);
        if (cm_sum_value(&sum) >= wanted) return s->at[side][i].distance;
    }
    return longest(s, side);
}

CM_MASK_METRIC(cm_mesh_hausdorff_percentile)
{
    const cm_mesh_distances *s = facts->meshes;
    if (!s) return false;
    const double there = percentile_of(s, 0, metric->percentile / 100);
    const double back = percentile_of(s, 1, metric->percentile / 100);
    *value = there > back ? there : back;
    return true;
}

CM_MASK_METRIC(cm_mesh_assd)
{
    const cm_mesh_distances *s = facts->meshes;
    (void)metric;
    if (!s) return false;
    *value = (moment(s, 0) + moment(s, 1)) / (whole_area(s, 0) + whole_area(s, 1));
    return true;
}

CM_MASK_METRIC(cm_mesh_masd)
{
    const cm_mesh_distances *s = facts->meshes;
    (void)metric;
    if (!s) return false;
    *value = (moment(s, 0) / whole_area(s, 0) + moment(s, 1) / whole_area(s, 1)) / 2;
    return true;
}

CM_MASK_METRIC(cm_mesh_nsd)
{
    const cm_mesh_distances *s = facts->meshes;
    if (!s) return false;
    *value = (area_within(s, 0, metric->tolerance) + area_within(s, 1, metric->tolerance)) /
             (whole_area(s, 0) + whole_area(s, 1));
    return true;
}
