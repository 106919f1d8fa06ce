/* How large a difference between two tools is, and what a cohort could have shown. Paired values a, b [n],
 * finite. Pure; thread-safe. Errors of all: CM_ERR_EMPTY (too few pairs), CM_ERR_ARG, CM_ERR_NOMEM. */
#ifndef CM_METRICS_STATISTICS_EFFECT_H
#define CM_METRICS_STATISTICS_EFFECT_H

#include "metrics/statistics/summary.h"

/* Hodges-Lehmann: the median of the Walsh averages (d_i + d_j) / 2, i <= j, of d = a - b; the interval has
 * the Walsh averages as ends that Wilcoxon's signed-rank test at 1 - level does not reject: exact ranks up to
 * 50 pairs (as R's wilcox.test(conf.int = TRUE) does without ties), normal above. n >= 1; an interval needs
 * pairs enough (6 at 0.95), has_interval false otherwise. O(n log n) time, O(n) memory. */
typedef struct cm_shift {
    double estimate;
    bool has_interval;
    cm_interval interval;
} cm_shift;
cm_status cm_hodges_lehmann(const double *a, const double *b, int64_t n, double level, cm_shift *out,
                            cm_error *err);

/* Chance that a is better on a case, ties half, and its Wilson interval. better: the direction. n >= 1. */
typedef struct cm_win {
    int64_t wins, ties, losses;
    double probability;
    cm_interval interval;
} cm_win;
cm_status cm_win_probability(const double *a, const double *b, int64_t n, cm_direction direction,
                             double level, cm_win *out, cm_error *err);

/* The smallest true mean difference that n pairs with this spread would show (two-sided test at 1 - level)
 * with the given power: (z(1 - (1-level)/2) + z(power)) sd(d) / sqrt(n). n >= 2. */
cm_status cm_detectable_difference(const double *a, const double *b, int64_t n, double level, double power,
                                   double *out, cm_error *err);

/* Two one-sided t tests (Schuirmann 1987): p <= alpha says that the mean difference lies inside
 * -margin..margin. n >= 2, margin > 0. */
typedef struct cm_equivalence {
    double p;             /* the larger of the two */
    cm_interval interval; /* t interval of the mean difference at 1 - 2 alpha */
    bool equivalent;      /* interval inside -margin..margin */
} cm_equivalence;
cm_status cm_equivalence_test(const double *a, const double *b, int64_t n, double margin, double alpha,
                              cm_equivalence *out, cm_error *err);

#endif
