/* Topology metrics: skeletons in each other's mask, and differences of Betti numbers. */
#include "metrics/facts.h"

CM_MASK_METRIC(cm_mask_cldice)
{
    const cm_skeleton_counts *s = facts->skeletons;
    (void)metric;
    if (!s) return false;
    const double precision = (double)s->inside[1] / (double)s->n[1];
    const double sensitivity = (double)s->inside[0] / (double)s->n[0];
    const double sum = precision + sensitivity;
    *value = sum > 0 ? 2 * precision * sensitivity / sum : 0;
    return true;
}

static double betti_error(const cm_topology *t, int k)
{
    const int64_t difference = t->betti[1][k] - t->betti[0][k];
    return (double)(difference < 0 ? -difference : difference);
}

CM_MASK_METRIC(cm_mask_betti0_error)
{
    (void)metric;
    *value = betti_error(facts->topology, 0);
    return true;
}

CM_MASK_METRIC(cm_mask_betti1_error)
{
    (void)metric;
    *value = betti_error(facts->topology, 1);
    return true;
}

CM_MASK_METRIC(cm_mask_betti2_error)
{
    (void)metric;
    *value = betti_error(facts->topology, 2);
    return true;
}

CM_MASK_METRIC(cm_mask_euler_error)
{
    int64_t characteristic[2];
    (void)metric;
    for (int m = 0; m < 2; m++) {
        const int64_t *b = facts->topology->betti[m];
        characteristic[m] = b[0] - b[1] + b[2];
    }
    const int64_t difference = characteristic[1] - characteristic[0];
    *value = (double)(difference < 0 ? -difference : difference);
    return true;
}
