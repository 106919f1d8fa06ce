/* How sure the order of the tools is: other ways to rank, resampled places, tests of all pairs, groups that
 * cannot be told apart, rankings without one group. On the ranking metric and target of the bench. */
#ifndef CM_ENGINE_REPORT_COMPARE_INTERNAL_H
#define CM_ENGINE_REPORT_COMPARE_INTERNAL_H

#include "engine/report/aggregate_internal.h"
#include "metrics/statistics/effect.h"
#include "metrics/statistics/groups.h"

enum { CM_METHODS = 5 };
#define CM_POWER 0.8

/* The test-based method costs pairs x replicates x cases; beyond this many it is resampled fewer times. */
#define CM_TEST_BASED_WORK 2e10
enum { CM_TEST_BASED_REPLICATES = 100 };

typedef struct cm_method_result {
    cm_rank_rule rule;
    double *score; /* [n_tools] */
    bool *has;     /* [n_tools] */
    double *place; /* [n_tools] */
    cm_stability *stability;
} cm_method_result;

typedef struct cm_without {
    int group;     /* the provider or other group left out */
    int64_t units; /* what remains, in cases */
    double *score; /* [n_tools] by the bench's method */
    bool *has;
    double *place;
} cm_without;

typedef enum cm_pair_test_kind {
    CM_PAIR_WILCOXON = 0,
    CM_PAIR_DELONG = 1,
    CM_PAIR_MCNEMAR = 2,
    CM_PAIR_BOOTSTRAP = 3
} cm_pair_test_kind;
/* "wilcoxon-signed-rank" "delong" "mcnemar" "paired-bootstrap" */
const char *cm_pair_test_name(cm_pair_test_kind kind);

/* Two tools by a metric of the cohort. */
typedef struct cm_pair_test {
    cm_pair_test_kind kind;
    bool exact;
    int64_t units; /* that entered */
    int64_t wins, ties,
        losses;          /* McNemar: decided rightly by the first alone, by both or none, by the second */
    double statistic, p; /* z, or McNemar's wins */
    double favour;       /* above 0: the first has the better value */
    double difference;   /* first minus second, of what tools are compared by */
    bool has_interval;
    double low, high; /* of the difference */
} cm_pair_test;

/* Two tools in one group of cases, by what tools are compared by: the mean over its units of first minus
 * second, or the difference of the group's values for a metric of the cohort. */
typedef struct cm_group_difference {
    bool enters; /* into the test; false: hidden, or fewer than CM_UNITS_FOR_A_STRATUM units */
    int64_t units;
    double difference, se; /* se: sd / sqrt(units); of the cohort: sd of the resampled differences */
} cm_group_difference;

typedef struct cm_tool_pair {
    int first, second; /* in input order */
} cm_tool_pair;
enum { CM_TOOLS_IN_ALL_PAIRS = 50 };

typedef struct cm_comparison {
    int n_tools;
    bool of_cohort;  /* a metric of the cohort: value, has, unit_..., friedman, shift and win are not there */
    int64_t n_cases; /* rows of the table: cases with a reference */
    int64_t *case_index; /* [n_cases] */
    double *value;      /* [n_tools][n_cases] compared numbers after the bench's policies; for several targets
                           their mean */
    uint8_t *has;       /* [n_tools][n_cases] */
    int64_t n_units;    /* for tests: patients when they repeat, else cases */
    double *unit_value; /* [n_tools][n_units]: the mean over a patient's cases; `value` itself when units are
                           cases */
    uint8_t *unit_has;
    double alpha;  /* 1 - level */
    int n_methods; /* CM_METHODS, or 1 for a metric of the cohort */
    cm_method_result method[CM_METHODS];
    cm_friedman friedman;
    cm_pairwise *pairs;
    cm_shift *shift; /* [n_tools * n_tools], first < second used */
    cm_win *win;
    double *detectable; /* [n_tools * n_tools]: mean difference that would have been seen, power CM_POWER; -1:
                           one unit */
    cm_equivalence
        *equivalence;   /* [n_tools * n_tools]: p corrected over all pairs; NULL: the bench has no margin */
    cm_pair_test *test; /* [n_tools * n_tools], first < second used; metrics of the cohort */
    bool *compared;     /* [n_tools * n_tools]: the pair shares a unit */
    int *low, *high;    /* [n_tools]: places the tests leave open */
    int *order;         /* [n_tools]: by place of the bench's method */
    int n_groups;
    int *first, *last; /* [n_tools]: positions in order */
    int n_without;
    cm_without *without;
    /* Whether the difference of two tools is the same in all groups of a grouping (interaction). */
    int64_t n_pairs;
    cm_tool_pair
        *pair; /* [n_pairs]: all, or, of more than CM_TOOLS_IN_ALL_PAIRS tools, those of the leader */
    int n_all_groups;
    cm_group_difference *in_group; /* [n_pairs][n_all_groups] */
    cm_heterogeneity *interaction; /* [groupings][n_pairs] */
    double *interaction_p;         /* [groupings][n_pairs]: corrected over the pairs of a grouping */
} cm_comparison;

/* NULL in *out, and no error, when there is nothing to compare: one tool, or fewer than two cases. Same bits
 * for any number of threads. Errors: CM_ERR_NOMEM. */
cm_status cm_comparison_create(const cm_aggregates *a, cm_threads *pool, cm_comparison **out, cm_error *err);
void cm_comparison_destroy(cm_comparison *c); /* NULL is fine */
/* The part of cm_comparison_create for a metric of the cohort: rankings, rankings without groups, pairs. */
cm_status cm_comparison_of_cohort(cm_comparison *c, const cm_aggregates *a, cm_error *err);
/* Fills in_group and interaction: compare_groups.c. Errors: CM_ERR_NOMEM. */
cm_status cm_comparison_by_groups(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err);
/* Whether a cell that a tool is ranked by is hidden in this group. */
bool cm_ranked_cell_is_hidden(const cm_aggregates *a, int tool, int group);

#endif
