/* From a value to the number an aggregate uses: where a policy puts a number in place of none. */
#include "metrics/segmentation.h"

#include <math.h>

double cm_grid_diagonal(const cm_grid *grid)
{
    double sum = 0;
    for (int i = 2; i >= 0; i--) {
        const double extent = (double)grid->n[i] * grid->spacing[i];
        sum += extent * extent;
    }
    return sqrt(sum);
}

const char *cm_policy_name(cm_policy policy)
{
    switch (policy) {
    case CM_POLICY_WORST:
        return "worst";
    case CM_POLICY_EXCLUDE:
        return "exclude";
    case CM_POLICY_TRIVIAL_BEST:
        return "trivial-best";
    }
    return "unknown";
}

/* Which policy speaks for a value without a number. */
static cm_policy policy_for(const cm_metric_value *value, const cm_policies *policies)
{
    if (value->state == CM_VALUE_MISSING)
        return policies->missing == CM_POLICY_TRIVIAL_BEST ? CM_POLICY_WORST : policies->missing;
    if (value->state != CM_VALUE_UNDEFINED) return CM_POLICY_EXCLUDE;
    switch (value->empty) {
    case CM_BOTH_EMPTY:
        return policies->both_empty;
    case CM_REFERENCE_EMPTY:
    case CM_PREDICTION_EMPTY:
        return policies->one_empty == CM_POLICY_TRIVIAL_BEST ? CM_POLICY_WORST : policies->one_empty;
    case CM_NONE_EMPTY:
        break;
    }
    return CM_POLICY_EXCLUDE;
}

bool cm_policy_apply(const cm_metric *metric, const cm_metric_value *value, double diagonal,
                     const cm_policies *policies, double *number, bool *substituted)
{
    const cm_metric_definition *d = metric->definition;
    *substituted = false;
    if (value->state == CM_VALUE_OK) {
        *number = value->value;
        return true;
    }
    const cm_policy policy = policy_for(value, policies);
    if (policy == CM_POLICY_TRIVIAL_BEST && !d->best_is_unbounded) {
        *number = d->best;
    } else if (policy == CM_POLICY_WORST && d->has_worst) {
        *number = d->worst_is_diagonal ? diagonal : d->worst;
    } else {
        return false;
    }
    *substituted = true;
    return true;
}
