/* Tests between two tools on the same cases. Pure; same bits for any number of threads. Alternative:
 * `greater` asks whether the first tool's values are larger. Values must be finite; pairs in which a tool has
 * no value are left out by the caller. Errors of all: CM_ERR_ARG, CM_ERR_NOMEM. */
#ifndef CM_METRICS_STATISTICS_SIGNIFICANCE_H
#define CM_METRICS_STATISTICS_SIGNIFICANCE_H

#include "engine/base/random.h"
#include "metrics/statistics/summary.h"

typedef enum cm_alternative { CM_TWO_SIDED = 1, CM_GREATER = 2, CM_LESS = 3 } cm_alternative;

typedef struct cm_test {
    bool defined;     /* false: nothing to test (no pair differs, no variance); p is 1 then */
    bool exact;       /* p from the exact distribution, not an approximation */
    int64_t n;        /* pairs that entered */
    double statistic; /* V, mean difference, z or discordant pairs b */
    double p;
} cm_test;

/* Wilcoxon signed-rank test of d = a - b. Zero differences are left out (n is what remains), equal |d| share
 * their mean rank. V = sum of the ranks of positive d. CM_WILCOXON_EXACT: the exact distribution given the
 * ranks, ties included, by counting; n <= CM_WILCOXON_EXACT_MAX. CM_WILCOXON_NORMAL: normal with continuity
 * correction and tie correction, as R's wilcox.test(paired, exact = FALSE). CM_WILCOXON_AUTO: exact where it
 * can be. */
typedef enum cm_wilcoxon { CM_WILCOXON_AUTO, CM_WILCOXON_EXACT, CM_WILCOXON_NORMAL } cm_wilcoxon;
enum { CM_WILCOXON_EXACT_MAX = 50 };
cm_status cm_test_wilcoxon(const double *a, const double *b, int64_t n, cm_alternative alternative,
                           cm_wilcoxon how, cm_test *out, cm_error *err);
/* p of the normal approximation from V, the pairs n and the tie sum (over groups of equal |d|) of t^3 - t. */
double cm_wilcoxon_normal_p(double v, double n, double tie_sum, cm_alternative alternative);

/* Paired permutation test of the mean difference: signs flipped at random. n <= CM_SIGN_FLIP_EXACT_MAX: all
 * 2^n sign patterns; above: `draws` patterns (1..10,000,000) and p = (b + 1) / (draws + 1). A pattern counts
 * as extreme when its sum reaches the observed one up to 1e-12 of the sum of |d|, so that rounding cannot
 * decide. Pattern s flips pair i by bit i % 64 of the word (replicate s, draw i / 64). */
enum { CM_SIGN_FLIP_EXACT_MAX = 20 };
cm_status cm_test_sign_flip(cm_threads *pool, const double *a, const double *b, int64_t n,
                            cm_alternative alternative, int64_t draws, cm_random r, cm_test *out,
                            cm_error *err);

/* McNemar's exact test: b cases only the first tool has right, c only the second; binomial(b + c, 1/2). */
cm_status cm_test_mcnemar(int64_t b, int64_t c, cm_alternative alternative, cm_test *out, cm_error *err);

/* -- AUROC (DeLong et al. 1988, midranks after Sun & Xu 2014) -- */
typedef struct cm_delong {
    double auc[2], variance[2], covariance;
    double difference, se, z, p; /* two-sided; p 1 and z 0 when the variance of the difference is 0 */
    bool defined;
} cm_delong;
/* truth[i]: 1 positive, 0 negative; score_b may be NULL (one tool: the second entries and the test stay 0).
 * CM_ERR_EMPTY without at least two positives and two negatives. */
cm_status cm_test_delong(const uint8_t *truth, const double *score_a, const double *score_b, int64_t n,
                         cm_delong *out, cm_error *err);
/* auc -/+ z sqrt(variance), cut to 0..1. */
cm_interval cm_delong_interval(double auc, double variance, double level);

/* -- several tests at once -- */
typedef enum cm_adjustment {
    CM_ADJUST_NONE = 1,
    CM_ADJUST_BONFERRONI = 2,
    CM_ADJUST_HOLM = 3,
    CM_ADJUST_HOCHBERG = 4,
    CM_ADJUST_BH = 5,
    CM_ADJUST_BY = 6
} cm_adjustment;
const char *cm_adjustment_name(cm_adjustment a); /* "none" "bonferroni" "holm" "hochberg" "bh" "by" */
/* In place, as R's p.adjust. p: [n], n may be 0. */
cm_status cm_adjust(cm_adjustment method, double *p, int64_t n, cm_error *err);

#endif
