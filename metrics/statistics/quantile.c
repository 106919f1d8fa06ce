/* Quantiles by quickselect: median of three as pivot, sorting when the pivots turn out badly. The result is
 * an order statistic, so the way it is found cannot show. */
#include "metrics/statistics/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/statistics/summary.h"

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle_of_three(double a, double b, double c)
{
    if (a > b) {
        const double t = a;
        a = b;
        b = t;
    }
    return c <= a ? a : c >= b ? b : c;
}

/* Permutes so that values[k] is the k-th smallest and nothing after it is smaller. */
static void select_kth(double *values, int64_t n, int64_t k)
{
    int64_t low = 0, high = n - 1;
    int patience = 64;
    while (low < high) {
        if (patience-- == 0) {
            qsort(values + low, (size_t)(high - low + 1), sizeof *values, by_value);
            return;
        }
        const double pivot = middle_of_three(values[low], values[low + (high - low) / 2], values[high]);
        int64_t i = low, j = high;
        while (i <= j) { /* Hoare: both sides stop at equal values, so ties split evenly */
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j) break;
            const double t = values[i];
            values[i++] = values[j];
            values[j--] = t;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            return;
    }
}

double cm_quantile7_permuting(double *values, int64_t n, double p)
{
    const double h = (double)(n - 1) * p;
    int64_t k = (int64_t)floor(h);
    if (k >= n - 1) k = n - 1;
    select_kth(values, n, k);
    const double low = values[k];
    if (k == n - 1 || h == (double)k) return low;
    double high = values[k + 1];
    for (int64_t i = k + 2; i < n; i++)
        if (values[i] < high) high = values[i];
    return low + (h - (double)k) * (high - low);
}

double cm_quantile7(const double *values, int64_t n, double p, double *scratch)
{
    memcpy(scratch, values, (size_t)n * sizeof *values);
    return cm_quantile7_permuting(scratch, n, p);
}
