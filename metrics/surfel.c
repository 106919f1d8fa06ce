/* Surface metrics over surface elements, each weighing as much as its area. There are only 254 different
 * areas, so a sum of areas is a sum over codes of count times area: the same bits in any order of the
 * elements. */
#include "metrics/facts.h"

#include "metrics/statistics/sum.h"

static double area_of_counts(const cm_surfel_distances *s, const int64_t count[256])
{
    cm_sum sum = {0, 0};
    for (int code = 1; code < 255; code++)
        if (count[code]) cm_sum_add(&sum, (double)count[code] * s->area[code]);
    return cm_sum_value(&sum);
}

/* Area of the elements [begin, end) of a side, added to count. */
static void count_codes(const cm_surfel *at, int64_t begin, int64_t end, int64_t count[256])
{
    for (int64_t i = begin; i < end; i++)
        count[at[i].code]++;
}

static double area_of(const cm_surfel_distances *s, int side, int64_t end)
{
    int64_t count[256] = {0};
    count_codes(s->at[side], 0, end, count);
    return area_of_counts(s, count);
}

CM_MASK_METRIC(cm_surfel_hausdorff)
{
    const cm_surfel_distances *s = facts->surfels;
    (void)metric;
    if (!s) return false;
    const double there = s->at[0][s->n[0] - 1].distance, back = s->at[1][s->n[1] - 1].distance;
    *value = there > back ? there : back;
    return true;
}

/* The smallest distance within which lies at least the share p of the area. Elements of equal distance are
 * taken together. */
static double percentile_of(const cm_surfel_distances *s, int side, double p)
{
    const cm_surfel *at = s->at[side];
    const int64_t n = s->n[side];
    const double whole = area_of(s, side, n);
    int64_t low = 0, high = n - 1; /* the answer is at[low..high].distance: bisection over whole ties */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        int64_t end = middle + 1;
        while (end < n && at[end].distance == at[middle].distance)
            end++;
        if (area_of(s, side, end) / whole >= p)
            high = middle;
        else
            low = end < n ? end : n - 1;
    }
    return at[low].distance;
}

CM_MASK_METRIC(cm_surfel_hausdorff_percentile)
{
    const cm_surfel_distances *s = facts->surfels;
    if (!s) return false;
    const double there = percentile_of(s, 0, metric->percentile / 100);
    const double back = percentile_of(s, 1, metric->percentile / 100);
    *value = there > back ? there : back;
    return true;
}

/* Sum over the elements of area times distance. */
static double moment_of(const cm_surfel_distances *s, int side)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < s->n[side];) {
        int64_t count[256] = {0}, end = i;
        while (end < s->n[side] && s->at[side][end].distance == s->at[side][i].distance)
            end++;
        count_codes(s->at[side], i, end, count);
        cm_sum_add(&sum, s->at[side][i].distance * area_of_counts(s, count));
        i = end;
    }
    return cm_sum_value(&sum);
}

CM_MASK_METRIC(cm_surfel_assd)
{
    const cm_surfel_distances *s = facts->surfels;
    (void)metric;
    if (!s) return false;
    *value = (moment_of(s, 0) + moment_of(s, 1)) / (area_of(s, 0, s->n[0]) + area_of(s, 1, s->n[1]));
    return true;
}

CM_MASK_METRIC(cm_surfel_masd)
{
    const cm_surfel_distances *s = facts->surfels;
    (void)metric;
    if (!s) return false;
    *value = (moment_of(s, 0) / area_of(s, 0, s->n[0]) + moment_of(s, 1) / area_of(s, 1, s->n[1])) / 2;
    return true;
}

CM_MASK_METRIC(cm_surfel_nsd)
{
    const cm_surfel_distances *s = facts->surfels;
    double within = 0, whole = 0;
    if (!s) return false;
    for (int side = 0; side < 2; side++) {
        int64_t end = 0;
        while (end < s->n[side] && s->at[side][end].distance <= metric->tolerance)
            end++;
        within += area_of(s, side, end);
        whole += area_of(s, side, s->n[side]);
    }
    *value = within / whole;
    return true;
}
