/* Shared by the files that compute rankings. A block holds some replicates side by side, so that one walk
 * over the cases serves all of them. Only metrics/statistics uses this header. */
#ifndef CM_METRICS_STATISTICS_RANKING_INTERNAL_H
#define CM_METRICS_STATISTICS_RANKING_INTERNAL_H

#include "metrics/statistics/ranking.h"

enum { RANK_LANES = 16 };

/* times of one case in the replicates of a block */
typedef int32_t rank_times[RANK_LANES];

/* A table made ready for one rule: smaller is better throughout. */
typedef struct ranker {
    int n_tools;
    int64_t n_cases;
    cm_rank_rule rule;
    double *bad;        /* [n_tools][n_cases]: the value, or its negative, or its size */
    const uint8_t *has; /* [n_tools][n_cases] or NULL */
    bool negated;       /* bad = -value */
    int32_t *rank2;     /* rank-then-...: [n_tools][n_cases] doubled ranks, 0 = none; NULL otherwise */
    int32_t *order; /* medians: [n_tools][n_cases] cases by falling goodness, those without value left out */
    int64_t *n_order; /* [n_tools] */
} ranker;

cm_status cm_ranker_init(ranker *r, cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                         cm_error *err);
void cm_ranker_fini(ranker *r);

/* Scores of one block for every method but the test-based one: score and has [n_tools][RANK_LANES]. */
void cm_ranker_scores(const ranker *r, const rank_times *times, double (*score)[RANK_LANES],
                      bool (*has)[RANK_LANES]);

/* Cases in the order of rising |d| of two tools' differences, with room for all cases. */
typedef struct pair_order {
    int64_t n;          /* cases where both have values and differ */
    int32_t *at;        /* [n] */
    uint64_t *key;      /* [n]: the bits of |d| */
    uint8_t *first_won; /* [n]: 1 where the first tool is better */
    uint64_t *key_scratch;
    int32_t *at_scratch;
} pair_order;
/* One allocation for max_cases. */
cm_status cm_pair_order_init(pair_order *o, int64_t max_cases, cm_error *err);
void cm_pair_order_fini(pair_order *o);
void cm_pair_order_sort(pair_order *o, const ranker *r, int i, int j);
/* v: rank sum in favour of the first tool; n: pairs; ties: sum of t^3 - t, per lane. */
void cm_pair_order_ranks(const pair_order *o, const rank_times *times, double *v, double *n, double *ties);

/* places of one lane from the scores of a method */
void cm_ranker_places(const ranker *r, const double (*score)[RANK_LANES], const bool (*has)[RANK_LANES],
                      int lane, double *score_out, bool *has_out, double *place);

/* wins[i]: how many tools i beats, from one-sided p [n][n], which is adjusted in place. */
cm_status cm_rank_wins(const ranker *r, double *p, double *scratch, double *wins, cm_error *err);

#endif
