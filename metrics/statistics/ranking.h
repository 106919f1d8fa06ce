/* Rankings of tools that saw the same cases: five methods, and how far each can be trusted (bootstrap). Pure;
 * the same bits for any number of threads. Definitions follow challengeR 1.0.5 (Wiesenfarth et al. 2021, doi:
 * 10.1038/s41598-021-82017-6) but for one defect: here every draw of a bootstrap is a case of its own, so
 * that a case drawn twice weighs twice. Errors: CM_ERR_ARG, CM_ERR_EMPTY, CM_ERR_NOMEM, CM_ERR_LIMIT. */
#ifndef CM_METRICS_STATISTICS_RANKING_H
#define CM_METRICS_STATISTICS_RANKING_H

#include "metrics/statistics/resample.h"
#include "metrics/statistics/significance.h"

typedef enum cm_ties { CM_TIES_MIN = 1, CM_TIES_AVERAGE = 2, CM_TIES_MAX = 3 } cm_ties;
const char *cm_ties_name(cm_ties ties); /* "min" "average" "max" */

typedef enum cm_ranking_method {
    CM_MEAN_THEN_RANK = 1,
    CM_MEDIAN_THEN_RANK = 2,
    CM_RANK_THEN_MEAN = 3,
    CM_RANK_THEN_MEDIAN = 4,
    CM_TEST_BASED = 5
} cm_ranking_method;
const char *cm_ranking_method_name(cm_ranking_method method); /* "mean-then-rank" ... "test-based" */

/* A case on which a tool has no value, when tools are ranked inside cases. LEFT_OUT: it has no rank there and
 * the case does not count for it. LAST: it shares the last places. Means, medians and tests always leave such
 * cases out (of the pair, for tests): a number for them is put in by the caller's policy. */
typedef enum cm_missing_rule { CM_MISSING_LEFT_OUT = 1, CM_MISSING_LAST = 2 } cm_missing_rule;

typedef struct cm_rank_rule {
    cm_ranking_method method;
    cm_ties ties;
    cm_missing_rule missing;
    double alpha;             /* test-based: significance level */
    cm_adjustment adjustment; /* test-based: over all ordered pairs */
} cm_rank_rule;

/* value[t * n_cases + i]; has likewise, NULL = all there. n_tools 1..CM_RANK_TOOLS_MAX. */
enum { CM_RANK_TOOLS_MAX = 1000 };
typedef struct cm_rank_table {
    int n_tools;
    int64_t n_cases;
    const double *value;
    const uint8_t *has;
    cm_direction direction;
} cm_rank_table;

/* Places from scores, 1 = best. higher: larger scores are better. Tools without a score (has false; NULL =
 * all have) share the last places by the same ties rule. */
void cm_rank_places(const double *score, const bool *has, int n, bool higher, cm_ties ties, double *place);

/* score [n_tools]: mean, median, mean rank, median rank, or the share of other tools beaten significantly
 * (one-sided Wilcoxon, normal approximation); score_has and place [n_tools]. times: [n_cases] how often each
 * case counts, 0 to 255, NULL = once. A mean is the exact sum of the values (of the part above 2^-75 of the
 * largest), rounded, divided by their number. */
cm_status cm_rank(cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                  const int32_t *times, double *score, bool *score_has, double *place, cm_error *err);

/* Kendall's tau-b of two lists of places, n >= 1; 1 when both are one big tie, 0 when only one is. */
double cm_kendall_tau(const double *a, const double *b, int n);

/* -- stability -- */
typedef struct cm_stability {
    int n_tools;
    int64_t replicates;
    double *place; /* [replicates][n_tools] */
    double *tau;   /* [replicates]: with the full ranking */
    double mean_tau, median_tau;
    double *winner;                     /* [n_tools]: share of replicates at the first place */
    int64_t *at;                        /* [n_tools][2 n_tools + 1]: replicates at place k / 2 */
    double *mean, *median, *low, *high; /* [n_tools]: of the places; low, high at level, type 7 */
    double level;
} cm_stability;
/* Resamples by `sampling` (over table->n_cases cases) and ranks each replicate by the rule; full: the places
 * of the whole cohort. Memory, beside the table: 36 bytes per case and thread, and 8 to 22 per tool and case;
 * test-based: 128 per case and 32 per case and thread; 8 per tool and replicate. CM_ERR_LIMIT: a replicate
 * holds a case more than 255 times. */
cm_status cm_rank_stability(cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                            const cm_sampling *sampling, int64_t replicates, cm_random r, double level,
                            const double *full, cm_stability **out, cm_error *err);
/* The same summaries of places that were made elsewhere, place [replicates][n_tools]. */
cm_status cm_stability_of_places(const double *place, int n_tools, int64_t replicates, double level,
                                 const double *full, cm_stability **out, cm_error *err);
void cm_stability_destroy(cm_stability *s); /* NULL is fine */

/* -- all pairs -- */
/* One-sided Wilcoxon tests of every ordered pair, on the cases where both have values: entry i * n_tools + j
 * asks whether tool i is better than tool j. v: the rank sum in favour of i; p: normal approximation; on the
 * diagonal 0 and 1. Arrays [n_tools * n_tools], v and pairs may be NULL. */
cm_status cm_rank_all_pairs(cm_threads *pool, const cm_rank_table *table, const int32_t *times, double *v,
                            double *p, int64_t *pairs, cm_error *err);

#endif
