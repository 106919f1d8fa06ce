/* What may be said of several tools together: whether they differ at all, which places are possible, who
 * cannot be told apart, and one order from several rankings. Pure; thread-safe. Errors: CM_ERR_ARG,
 * CM_ERR_EMPTY, CM_ERR_NOMEM. */
#ifndef CM_METRICS_STATISTICS_GROUPS_H
#define CM_METRICS_STATISTICS_GROUPS_H

#include "metrics/statistics/ranking.h"

/* Friedman's test with tie correction over the cases on which every tool has a value, and the F statistic of
 * Iman & Davenport (1980), which is less conservative. */
typedef struct cm_friedman {
    int64_t n;           /* complete cases */
    bool defined;        /* two tools, two cases, and not all ranks equal */
    double statistic, p; /* chi-squared, k-1 degrees of freedom */
    double f, f_p;       /* F with k-1 and (k-1)(n-1); f is infinite, f_p 0, when all cases agree */
} cm_friedman;
cm_status cm_test_friedman(cm_threads *pool, const cm_rank_table *table, cm_friedman *out, cm_error *err);

/* Two-sided tests of all pairs, adjusted together over the k(k-1)/2 pairs. Entry i * n + j: */
typedef struct cm_pairwise {
    int n_tools;
    int64_t *pairs; /* Wilcoxon: cases in which both have a value and differ; 0 for other tests */
    double *v;      /* Wilcoxon: rank sum in favour of i; 0 for other tests */
    uint8_t *exact; /* Wilcoxon: 1: p from the exact distribution */
    double *p, *adjusted;
    uint8_t *better; /* 1: i is significantly better than j */
    double alpha;
    cm_adjustment adjustment;
} cm_pairwise;
/* Wilcoxon's signed-rank test of every pair; how: normal for all, or exact up to CM_WILCOXON_EXACT_MAX
 * differing cases (CM_WILCOXON_AUTO). */
cm_status cm_pairwise_create(cm_threads *pool, const cm_rank_table *table, cm_wilcoxon how, double alpha,
                             cm_adjustment adjustment, cm_pairwise **out, cm_error *err);
/* From tests made elsewhere: p [n * n], two-sided, and favour [n * n], above 0 where i is the better one; of
 * both the entries i < j are read. */
cm_status cm_pairwise_of_tests(int n_tools, const double *p, const double *favour, double alpha,
                               cm_adjustment adjustment, cm_pairwise **out, cm_error *err);
void cm_pairwise_destroy(cm_pairwise *w); /* NULL is fine */

/* Places that the tests leave open: [1 + tools significantly better, n - tools significantly worse]; all of
 * them, 1..n, unless `gate` (Iman-Davenport p below alpha). */
void cm_rank_limits(const cm_pairwise *w, bool gate, int *low, int *high);

/* Runs of the tools in the given order (best first) in which no pair differs significantly and which no
 * longer run contains: groups of tools that cannot be told apart. A tool may be in several. first, last:
 * positions in order, [n_tools] each; returns the number of groups. */
int cm_equal_groups(const cm_pairwise *w, const int *order, int *first, int *last);

/* One order from several rankings of the same tools (several metrics, labels or benches): the weighted mean
 * of the places, ties by average. place[k * n_tools + t]; weight > 0. With equal weights it is the consensus
 * that minimises the squared distance to the rankings. */
cm_status cm_rank_consensus(const double *place, const double *weight, int n_rankings, int n_tools,
                            double *score, double *consensus, cm_error *err);

/* -- the same difference in several groups (providers, age bands) -- */
typedef struct cm_heterogeneity {
    int groups;             /* that entered: se > 0 */
    bool defined;           /* at least two groups */
    double fixed;           /* inverse-variance mean */
    double q, p, i_squared; /* Cochran's Q, chi-squared with groups-1; share of variation beyond chance */
    double tau_squared;     /* DerSimonian & Laird (1986) */
    double random;          /* random-effects mean */
    cm_interval interval;   /* of it, normal */
} cm_heterogeneity;
/* estimate, se [n]: per group. Left out are groups without a finite se above 0, and those whose se is 1e-12
 * of the largest estimate or less: that is rounding, no spread. Every number of *out is then finite. */
cm_status cm_test_heterogeneity(const double *estimate, const double *se, int n, double level,
                                cm_heterogeneity *out, cm_error *err);

#endif
