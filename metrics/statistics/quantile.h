/* Quantiles by selection. Pure, thread-safe. */
#ifndef CM_METRICS_STATISTICS_QUANTILE_H
#define CM_METRICS_STATISTICS_QUANTILE_H

#include <stdint.h>

/* Type 7 quantile (Hyndman & Fan 1996; the default of R and NumPy): linear between the order statistics
 * around (n-1)p. values: finite, [n], n >= 1, permuted; 0 <= p <= 1. O(n) on average, O(n log n) at worst. */
double cm_quantile7_permuting(double *values, int64_t n, double p);

#endif
