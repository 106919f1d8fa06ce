/* What a report says, worked out from the results of a run: one cell per tool, target, metric and group of
 * cases, the ranking, the verdict and the warnings. Nothing here depends on when, where or how fast the run
 * went. */
#ifndef CM_ENGINE_REPORT_AGGREGATE_INTERNAL_H
#define CM_ENGINE_REPORT_AGGREGATE_INTERNAL_H

#include "engine/report/report.h"
#include "metrics/statistics/confidence.h"
#include "metrics/statistics/groups.h"

/* Fewer cases than this cannot tell two tools apart: with 5 pairs the smallest two-sided p of a sign test is
 * 2/2^5 = 0.0625, with 6 it is 0.03125. */
enum { CM_CASES_FOR_A_VERDICT = 6 };
/* Below this, percentile intervals of a mean are known to be too narrow (Hesterberg 2015, doi:
 * 10.1080/00031305.2015.1089789: by about sqrt((n-1)/n) and normal for t quantiles), and the words say so.
 */
enum { CM_CASES_FOR_INTERVALS = 20 };

typedef enum cm_hidden {
    CM_SHOWN = 0,
    CM_HIDDEN_SMALL = 1,        /* fewer cases than the bench's minimum cell */
    CM_HIDDEN_COMPLEMENTARY = 2 /* hidden because it would give away a small neighbour */
} cm_hidden;

/* One tool, target, metric and group of cases. */
typedef struct cm_cell {
    int64_t cases; /* of the group, with a reference; the sum of ok, undefined[], missing, open and damaged */
    int64_t ok, undefined[4] /* by cm_emptiness */, missing, open, damaged;
    int64_t no_reference;          /* cases of the group without a reference; not in `cases` */
    int64_t substituted, excluded; /* by policy: numbers put in, cases left out */
    int64_t n;                     /* cases behind the value: ok + substituted */
    bool has_value;
    double value;              /* what tools are compared by: the mean of the compared numbers of the cases
                                  (cm_direction_compared), or the compared value of the cohort */
    cm_summary summary;        /* metrics of a case, when has_value: of the numbers as they are */
    cm_metric_value of_cohort; /* metrics of a cohort: as it is */
    bool has_interval;
    cm_interval interval; /* of `value` */
    cm_interval_method interval_method;
    cm_interval median_interval;  /* metrics of a case: by order statistics, of the numbers as they are */
    double median_coverage;       /* what it covers at least */
    int64_t undefined_replicates; /* metrics of a cohort: resamples that had no value */
    /* A metric with a target, which is compared by distances to it; else nothing of this. */
    cm_summary distance;      /* metrics of a case, when has_value: distance.mean is `value` */
    bool has_signed_interval; /* of summary.mean or of_cohort, whose sign tells the bias */
    cm_interval signed_interval;
    int64_t below, above; /* metrics of a case: numbers below and above the target */
    int place;            /* among the tools; group 0 only */
    cm_hidden hidden;
} cm_cell;

typedef struct cm_group {
    const char *name; /* provider, or value of an attribute ("" = not told); "" for all */
    int grouping;     /* what it is a group by; 0 for all */
    int64_t cases;    /* of the run's split, with or without reference */
    cm_hidden hidden; /* the number of cases itself */
} cm_group;

/* An attribute with more different values makes no groups: nobody reads them, and they are small. */
enum { CM_GROUPS_OF_ATTRIBUTE_MAX = 20 };

/* Room for two numbers of 31 characters and " to below " between them. */
enum { CM_RANGE_NAME = 80 };

/* What cases are grouped by: 0 is the provider, the others are attributes of the cohort. */
typedef struct cm_grouping {
    const char *name;
    bool grouped;            /* false: too many values, or only one, or as many as cases */
    int first, n;            /* its groups */
    const cm_subgroup *rule; /* NULL: by its values; else by where the number lies */
    bool cuts_are_shown;     /* in public, quantiles of few cases are not */
    int n_cuts;
    double cuts[CM_CUTS_MAX];
} cm_grouping;

/* A tool's standing in the first ranking. value: what it is compared by. */
typedef struct cm_standing {
    bool has_value;
    double value;
    int place;
    bool has_interval;
    cm_interval interval;
    cm_interval_method interval_method;
    /* Difference of the leader's value and this tool's, over the same resampled cases. */
    bool has_difference;
    double difference;
    cm_interval difference_interval;
    bool apart;  /* the interval of the difference does not hold zero */
    bool hidden; /* too few cases to publish */
} cm_standing;

typedef enum cm_outcome {
    CM_OUTCOME_CLEAR = 1,      /* one tool leads and is apart from every other */
    CM_OUTCOME_NOT_CLEAR = 2,  /* one tool leads, others are not clearly apart */
    CM_OUTCOME_EQUAL = 3,      /* several tools share place 1 */
    CM_OUTCOME_SINGLE = 4,     /* only one tool has a value: nothing to compare */
    CM_OUTCOME_TOO_FEW = 5,    /* fewer than CM_CASES_FOR_A_VERDICT cases */
    CM_OUTCOME_NO_VALUE = 6,   /* no tool has a value */
    CM_OUTCOME_INCOMPLETE = 7, /* the run has open items */
    CM_OUTCOME_HIDDEN = 8      /* too few cases to publish */
} cm_outcome;
const char *cm_outcome_name(cm_outcome outcome);

typedef struct cm_warning {
    const char *code;
    int tool; /* -1: of the whole report */
    int64_t cases;
    char text[400];
} cm_warning;

typedef struct cm_aggregates {
    const cm_results *results;
    cm_audience audience;
    int n_targets; /* those of the bench and, for more than one class, last, the macro average over all
                      classes */
    int n_metrics;
    int n_groups;     /* all cases and the providers */
    int n_all_groups; /* and the groups of every attribute */
    cm_group *groups; /* 0: all cases; then the providers in the cohort's order; then attributes' groups */
    char (*range_names)[CM_RANGE_NAME]; /* of groups of numbers; NULL: there are none */
    int n_groupings;                    /* the provider and the attributes that the bench asks for */
    cm_grouping *groupings;
    int *group_of_case; /* [n_groupings][n_cases]; 0 = none: the attribute makes no groups. The first n_cases
                           are the providers' */
    cm_heterogeneity *heterogeneity; /* [n_groupings][n_tools][n_targets][n_metrics] */
    uint8_t *use;                    /* [n_tools][n_cases]: cm_use */
    char (*keys)[128];               /* a unique short name per tool: its id, with version where ids repeat */
    cm_cell *cells;                  /* [n_tools][n_targets][n_metrics][n_all_groups] */
    int ranking_metric, ranking_target; /* ranking_target -1: mean over the targets of a segmentation */
    int64_t cases_with_reference, n_patients;
    int32_t *patient_of_case;         /* from 0, in the order of their first cases */
    cm_draw_unit draw_unit;           /* what resampling draws: patients as soon as one has several cases */
    bool stratified;                  /* and draws within each provider */
    cm_standing *standings;           /* one per tool */
    double *replicate_value;          /* metric of a cohort: [n_tools][replicates] what is ranked by, of every
                                         resampled          cohort; NaN where undefined. NULL: nothing was resampled */
    int leader;                       /* the first tool at place 1, or -1 */
    struct cm_curves *curves;         /* curves_internal.h; NULL: none */
    struct cm_comparison *comparison; /* how sure the order is; NULL: nothing to compare */
    struct cm_class_views *class_views;
    struct cm_combined *combined; /* NULL: the bench combines nothing */
    struct cm_examples *examples; /* site only, else NULL */
    cm_outcome outcome;
    char verdict[1200];
    int n_warnings;
    cm_warning *warnings;
} cm_aggregates;

/* Borrows results, which must live longer. Errors: CM_ERR_NOMEM, CM_ERR_MISMATCH (results that contradict
 * their bench), CM_ERR_NOT_FOUND (ranking metric or target). Same bits for any number of threads. */
cm_status cm_aggregates_create(const cm_results *results, cm_audience audience, cm_threads *pool,
                               cm_aggregates **out, cm_error *err);
void cm_aggregates_destroy(cm_aggregates *a);

static inline cm_cell *cm_aggregates_cell(const cm_aggregates *a, int tool, int target, int metric, int group)
{
    return &a->cells[(((int64_t)tool * a->n_targets + target) * a->n_metrics + metric) * a->n_all_groups +
                     group];
}
static inline bool cm_in_group(const cm_aggregates *a, int64_t i, int group)
{
    return !group || a->group_of_case[a->groups[group].grouping * a->results->n_cases + i] == group;
}
static inline const cm_heterogeneity *cm_aggregates_heterogeneity(const cm_aggregates *a, int grouping,
                                                                  int tool, int target, int metric)
{
    return &a->heterogeneity[(((int64_t)grouping * a->results->n_tools + tool) * a->n_targets + target) *
                                 a->n_metrics +
                             metric];
}
/* Tools are compared by distances to the best value of this metric, and not by its values. */
bool cm_metric_is_distance(const cm_aggregates *a, int metric);
/* Which of the compared numbers of a metric are better: the higher or the lower ones. */
cm_direction cm_compared_direction(const cm_aggregates *a, int metric);
/* Between which values they lie; infinite where there is no bound. */
void cm_compared_range(const cm_aggregates *a, int metric, double *least, double *greatest);
const char *cm_aggregates_target_name(const cm_aggregates *a, int target);
/* Classification: the class a target stands for, or -1 for the macro average. */
int cm_aggregates_class(const cm_aggregates *a, int target);

/* How one case enters the aggregates of one tool. Damaged and open items never do; a failed one counts as
 * missing. */
typedef enum cm_use {
    CM_USE_SCORED,
    CM_USE_MISSING,
    CM_USE_OPEN,
    CM_USE_DAMAGED,
    CM_USE_NO_REFERENCE
} cm_use;
static inline cm_use cm_item_use(const cm_aggregates *a, int tool, int64_t case_index)
{
    return (cm_use)a->use[tool * a->results->n_cases + case_index];
}

/* Values of a cohort for one tool: the cases of a group that count (0: all), with a missing prediction put in
 * as the worst possible one when the bench's policy for missing ones is `worst`. Arrays have room for all
 * cases; data->weight is NULL. */
typedef struct cm_classified_cases {
    cm_classified data;
    int32_t *truth, *decided;
    double *score;
    int64_t *case_index;
} cm_classified_cases;
cm_status cm_classified_cases_collect(const cm_aggregates *a, int tool, int group, cm_classified_cases *out,
                                      cm_error *err);
void cm_classified_cases_fini(cm_classified_cases *c);
/* The interval of a metric of classified cases that needs no resampling: DeLong's for the AUROC of a class,
 * Wilson's for shares of cases (accuracy; sensitivity, specificity and predictive values of a class). c < 0:
 * over all classes. *found false, and no error, for every other metric and where there are too few cases.
 * Takes cases as independent. */
cm_status cm_cohort_interval(const cm_metric *metric, const cm_classified *data, int c, double level,
                             cm_interval *out, cm_interval_method *method, bool *found, cm_error *err);
/* What tools are compared by on these cases; c < 0: over all classes. Undefined without a case. */
cm_metric_value cm_classified_compared(const cm_metric *metric, const cm_classified *data, int c,
                                       cm_error *err);

/* Drawn within providers only when each has at least this many units, or their own spread would be lost. */
enum { CM_UNITS_FOR_A_STRATUM = 5 };
/* groups.c: who belongs where; sets groups, groupings, group_of_case, cases_with_reference. Errors:
 * CM_ERR_NOMEM, CM_ERR_MISMATCH (a provider that the cohort does not list). */
cm_status cm_aggregate_group(cm_aggregates *a, cm_error *err);
/* group_cuts.c: one more grouping, of an attribute that is a number. Errors: CM_ERR_NOMEM. */
cm_status cm_aggregate_group_by_cuts(cm_aggregates *a, int attribute, const cm_subgroup *rule, cm_error *err);
/* Whether tools differ between groups; after small cells are hidden, for those do not enter. */
cm_status cm_aggregate_heterogeneity(cm_aggregates *a, cm_error *err);
/* Chooses draw_unit and stratified. */
cm_status cm_aggregate_choose_drawing(cm_aggregates *a, cm_error *err);
/* How n cases (case_index[i], numbers of the run) are resampled by the report's rule; within_group: they all
 * belong to one provider. */
cm_status cm_aggregate_sampling(const cm_aggregates *a, const int64_t *case_index, int64_t n,
                                bool within_group, cm_sampling **out, cm_error *err);

/* The steps of cm_aggregates_create, in order. */
cm_status cm_aggregate_segmentation(cm_aggregates *a, cm_threads *pool, cm_error *err);
/* One cell of a metric of a cohort (metrics/gathered.h). */
cm_status cm_aggregate_gathered(const cm_aggregates *a, cm_threads *pool, int tool, int target, int metric,
                                int group, cm_error *err);

/* A metric of a cohort of segmentations by which tools are ranked: everything to work it out again for
 * resampled cases. targets: first_target and the n_targets - 1 after it; more than one: the mean of those
 * with a value. */
typedef struct cm_ranked_evidence {
    int64_t n_cases; /* of the run */
    int n_tools, n_targets;
    struct cm_gathered **gathered; /* [n_tools][n_targets]; NULL: no case counts */
    int64_t *n;                    /* [n_tools][n_targets]: cases that count */
    struct cm_evidence *cases;     /* [n_tools][n_targets][n_cases] */
    int64_t *case_index;           /* the same shape */
} cm_ranked_evidence;
/* Errors: CM_ERR_NOMEM, CM_ERR_ARG (evidence that contradicts itself). */
cm_status cm_ranked_evidence_create(const cm_aggregates *a, int metric, int first_target, int n_targets,
                                    cm_ranked_evidence **out, cm_error *err);
void cm_ranked_evidence_destroy(cm_ranked_evidence *e); /* NULL is fine */
/* times: [n_cases] how often each case counts. weight: room for n_cases. NaN: no value. Thread-safe for
 * distinct weight. */
double cm_ranked_evidence_value(const cm_ranked_evidence *e, int tool, const int32_t *times, int32_t *weight);
/* Whether tools are ranked by one value of a cohort, not by values of cases. */
bool cm_metric_of_cohort(const cm_results *r, int metric);
cm_status cm_aggregate_classification(cm_aggregates *a, cm_threads *pool, cm_error *err);
void cm_aggregate_count(cm_aggregates *a); /* cases and states that do not depend on the metric's value */
cm_status cm_aggregate_rank(cm_aggregates *a, cm_threads *pool, cm_error *err);
/* What a tool is ranked by, by any metric and target (-1: the unweighted mean of the targets' values); false:
 * it has none. */
bool cm_aggregates_value(const cm_aggregates *a, int tool, int metric, int target, double *value);
/* What rankings go by unless the bench says so: macro, the only target, or the mean of targets (-1). */
int cm_aggregates_default_target(const cm_aggregates *a);
/* What tools would be ranked by, by any metric and target (-1: mean of targets), on every resampled cohort:
 * value [n_tools][replicates], NaN where undefined; replicate b draws the same cases for every metric. The
 * caller frees. Errors: CM_ERR_NOMEM. */
cm_status cm_aggregate_resampled(const cm_aggregates *a, cm_threads *pool, int metric, int target,
                                 double **value, cm_error *err);
/* What tools would be ranked by on the cases of one group alone, which has a case with a reference: observed
 * [n_tools], and on resampled ones, value [n_tools][replicates]; NaN where undefined. The caller frees. Only
 * for a ranking by a metric of the cohort.
 * Errors: CM_ERR_NOMEM. */
cm_status cm_aggregate_resampled_group(const cm_aggregates *a, cm_threads *pool, int group, double *observed,
                                       double **value, cm_error *err);
cm_status cm_aggregate_hide(cm_aggregates *a, cm_error *err); /* public audience: small cells, neighbours */
/* Hides further groups until no small one is a combination of shown ones of any attribute. Errors:
 * CM_ERR_NOMEM. */
cm_status cm_privacy_protect_overlaps(cm_aggregates *a, cm_error *err);
cm_status cm_aggregate_judge(cm_aggregates *a, cm_error *err); /* verdict and warnings */

#endif
