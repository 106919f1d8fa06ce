/* Distribution functions that tests and intervals need. Pure, thread-safe; relative errors below 1e-12 where
 * not said otherwise, in the small tail too. Sources: Wichura (1988, AS 241) for
 * the normal quantile, continued fractions after Lentz for the incomplete beta and gamma functions (Numerical
 * Recipes 6.2, 6.4), Lanczos (1964) for the logarithm of the gamma function. */
#ifndef CM_METRICS_STATISTICS_DISTRIBUTION_H
#define CM_METRICS_STATISTICS_DISTRIBUTION_H

#include <stdint.h>

double cm_normal_below(double z); /* P(Z <= z) */
double cm_normal_above(double z); /* P(Z > z) */
/* z with P(Z <= z) = p; -Inf for p <= 0, Inf for p >= 1. */
double cm_normal_quantile(double p);

/* P(T > t), T Student with df > 0 degrees of freedom. */
double cm_student_above(double t, double df);
/* t with P(T <= t) = p, 0 < p < 1. */
double cm_student_quantile(double p, double df);

/* P(X <= x), X beta distributed; a, b > 0. */
double cm_beta_below(double x, double a, double b);
/* x with P(X <= x) = p; 0 for p <= 0, 1 for p >= 1. */
double cm_beta_quantile(double p, double a, double b);

/* P(X > x), X chi-squared with df > 0; P(F > f), F with d1, d2 > 0. */
double cm_chi_squared_above(double x, double df);
double cm_f_above(double f, double d1, double d2);

/* P(X <= k), X binomial(n, 1/2), n >= 0; 0 for k < 0, 1 for k >= n. */
double cm_coin_below(int64_t k, int64_t n);

/* ln of the gamma function, x > 0. */
double cm_log_gamma(double x);

#endif
