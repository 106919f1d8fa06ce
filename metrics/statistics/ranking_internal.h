/* Shared by the files that compute rankings. Only metrics/statistics uses this header.
 *
 * Resampled scores are products of two whole-number matrices: how often each replicate holds each case, and
 * what each case adds to a tool's score. Whole numbers, so every sum is exact, and neither the order of
 * additions nor the width of a vector can show. */
#ifndef CM_METRICS_STATISTICS_RANKING_INTERNAL_H
#define CM_METRICS_STATISTICS_RANKING_INTERNAL_H

#include "metrics/statistics/ranking.h"

enum {
    RANK_LANES = 16,      /* replicates whose scores are computed together */
    RANK_BLOCK = 512,     /* cases multiplied at a time */
    RANK_TIMES_MAX = 255, /* how often a replicate may hold a case, so that a block's sum fits 32 bits */
    RANK_LIMBS = 5,       /* digits of a value at most */
    PAIR_LANES = 128      /* replicates whose pairs are tested together */
};

/* A table made ready for one rule: smaller is better throughout. Rows are padded with zeros to whole blocks.
 */
typedef struct ranker {
    int n_tools;
    int64_t n_cases, padded;
    cm_rank_rule rule;
    double *bad;        /* [n_tools][n_cases]: the value, or its negative, or its size */
    const uint8_t *has; /* [n_tools][n_cases] or NULL */
    bool negated;       /* bad = -value */
    int16_t *rank2;     /* rank-then-...: [n_tools][padded] doubled ranks, 0 = none; NULL otherwise */
    int32_t *order; /* medians: [n_tools][n_cases] cases by falling goodness, those without value left out */
    int64_t *n_order; /* [n_tools] */
    /* What is summed over a replicate, [n_columns][n_tools][padded]: the digits of the values, or the ranks,
     * or 1 for the better half of the order; then, when values are missing, 1 for a case that counts. */
    int n_columns;
    int16_t *column;
    bool counted; /* the last column counts cases; else all count */
    int exponent; /* means: a value is its digits, read as one number, times 2^exponent */
} ranker;

cm_status cm_ranker_init(ranker *r, cm_threads *pool, const cm_rank_table *table, const cm_rank_rule *rule,
                         cm_error *err);
void cm_ranker_fini(ranker *r);

/* Scores of RANK_LANES replicates for every method but the test-based one: score and has
 * [n_tools][RANK_LANES]. times: [RANK_LANES][padded], 0 to RANK_TIMES_MAX; sum: [n_columns * n_tools *
 * RANK_LANES] of scratch. */
void cm_ranker_scores(const ranker *r, const int16_t *times, int64_t *sum, double (*score)[RANK_LANES],
                      bool (*has)[RANK_LANES]);
/* times of one lane from counts per case; false: a count is out of range. */
bool cm_ranker_take_times(const ranker *r, const int32_t *count, int16_t *times);

/* Cases in the order of rising |d| of two tools' differences, those the first tool wins first among equal
 * ones; with room for all cases. */
typedef struct pair_order {
    int64_t n;     /* cases where both have values and differ */
    int32_t *at;   /* [n] */
    uint64_t *key; /* [n]: the bits of |d| */
    uint8_t *won;  /* [n]: 1 where the first tool is better */
    uint64_t *key_scratch;
    int32_t *at_scratch;
} pair_order;
cm_status cm_pair_order_init(pair_order *o, int64_t max_cases, cm_error *err);
void cm_pair_order_fini(pair_order *o);
void cm_pair_order_sort(pair_order *o, const ranker *r, int i, int j);

/* Rank sum in favour of the first tool, pairs, and the sum of t^3 - t over ties. */
typedef struct pair_sums {
    double v, n, ties;
} pair_sums;
/* times: [n_cases], NULL = once each. */
pair_sums cm_pair_order_ranks(const pair_order *o, const int32_t *times);
/* The same for PAIR_LANES replicates side by side. most: no count in times is larger. */
typedef uint8_t pair_times[PAIR_LANES];
typedef struct pair_lanes {
    double v[PAIR_LANES], n[PAIR_LANES], ties[PAIR_LANES];
} pair_lanes;
void cm_pair_order_lanes(const pair_order *o, const pair_times *times, int most, pair_lanes *out);

/* places of one lane from the scores of a method */
void cm_ranker_places(const ranker *r, const double (*score)[RANK_LANES], const bool (*has)[RANK_LANES],
                      int lane, double *score_out, bool *has_out, double *place);

/* wins[i]: how many tools i beats, from one-sided p [n][n], which is adjusted in place. */
cm_status cm_rank_wins(const ranker *r, double *p, double *scratch, double *wins, cm_error *err);

#endif
