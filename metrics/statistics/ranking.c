/* Places from values. */
#include "metrics/statistics/summary.h"

#include <math.h>

/* True when a is strictly better than b. */
static bool better(double a, double b, cm_direction direction)
{
    switch (direction) {
    case CM_HIGHER_IS_BETTER:
        return a > b;
    case CM_LOWER_IS_BETTER:
        return a < b;
    case CM_CLOSER_TO_ZERO_IS_BETTER:
        return fabs(a) < fabs(b);
    }
    return false;
}

void cm_places(const double *value, const bool *has, int n, cm_direction direction, int *place)
{
    for (int i = 0; i < n; i++) {
        place[i] = 1;
        for (int j = 0; j < n; j++)
            if (has[j] && (!has[i] || better(value[j], value[i], direction))) place[i]++;
    }
}
