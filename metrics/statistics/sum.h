/* Compensated sums (Neumaier 1974): the error does not grow with the number of terms. Needs a compiler that
 * keeps the order of additions, which the build flags promise. */
#ifndef CM_METRICS_STATISTICS_SUM_H
#define CM_METRICS_STATISTICS_SUM_H

#include <math.h>

typedef struct cm_sum {
    double total, lost; /* start with zeros */
} cm_sum;

static inline void cm_sum_add(cm_sum *sum, double x)
{
    const double t = sum->total + x;
    sum->lost += fabs(sum->total) >= fabs(x) ? (sum->total - t) + x : (x - t) + sum->total;
    sum->total = t;
}

static inline double cm_sum_value(const cm_sum *sum)
{
    return sum->total + sum->lost;
}

#endif
