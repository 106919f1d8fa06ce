/* Is one tool better than another everywhere? The difference of every pair in every group of cases, and
 * whether these differ by more than chance: Cochran's Q over the groups of a grouping, each weighted by its
 * own standard error. That is the test of interaction of tool and group, as meta-analysis tests subgroups
 * (Borenstein et al. 2009, Introduction to Meta-Analysis, chapter 19); differences within a unit take away
 * what makes units easy or hard for every tool. */
#include <math.h>
#include <stdlib.h>

#include "engine/report/compare_internal.h"

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare the tools group by group");
}

bool cm_ranked_cell_is_hidden(const cm_aggregates *a, int tool, int group)
{
    for (int g = 0; g < a->n_targets; g++)
        if ((a->ranking_target < 0 || a->ranking_target == g) &&
            cm_aggregates_cell(a, tool, g, a->ranking_metric, group)->hidden)
            return true;
    return false;
}

/* No difference is larger than from the best to the worst that tools can be compared by. */
static double largest_difference(const cm_aggregates *a)
{
    double least, greatest;
    cm_compared_range(a, a->ranking_metric, &least, &greatest);
    return greatest - least;
}

/* ---- units of the groups ---- */

/* What differences are taken of: a case, or what a patient has in one group. */
typedef struct unit_table {
    int64_t n;
    int *group;          /* [n]; 0: none */
    const double *value; /* [n_tools][n] */
    const uint8_t *has;  /* [n_tools][n] */
    double *own_value;   /* freed with the table; NULL: borrowed from the comparison */
    uint8_t *own_has;
} unit_table;

static void unit_table_fini(unit_table *u)
{
    free(u->group);
    free(u->own_value);
    free(u->own_has);
}

typedef struct tagged {
    int group;
    int32_t patient;
    int64_t k; /* row of the comparison */
} tagged;

static int by_group_and_patient(const void *x, const void *y)
{
    const tagged *a = x, *b = y;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    if (a->patient != b->patient) return a->patient < b->patient ? -1 : 1;
    return (a->k > b->k) - (a->k < b->k);
}

/* Means over the cases of a patient in a group. cases: sorted by both. */
static void average_patients(unit_table *u, const cm_comparison *c, const tagged *cases)
{
    for (int t = 0; t < c->n_tools; t++) {
        int64_t unit = -1, count = 0;
        for (int64_t k = 0; k < c->n_cases; k++) {
            const int64_t from = t * c->n_cases + cases[k].k;
            if (k == 0 || cases[k].group != cases[k - 1].group || cases[k].patient != cases[k - 1].patient) {
                unit++;
                count = 0;
            }
            if (!c->has[from]) continue;
            double *mean = &u->own_value[t * u->n + unit];
            count++;
            *mean += (c->value[from] - *mean) / (double)count;
            u->own_has[t * u->n + unit] = 1;
        }
    }
}

static cm_status tabulate_patients(unit_table *u, const cm_comparison *c, const cm_aggregates *a,
                                   const int *group_of_case, cm_error *err)
{
    tagged *cases = malloc((size_t)(c->n_cases + 1) * sizeof *cases);
    if (!cases) return no_memory(err);
    for (int64_t k = 0; k < c->n_cases; k++)
        cases[k] = (tagged){group_of_case[c->case_index[k]], a->patient_of_case[c->case_index[k]], k};
    qsort(cases, (size_t)c->n_cases, sizeof *cases, by_group_and_patient);
    for (int64_t k = 0; k < c->n_cases; k++)
        if (k == 0 || cases[k].group != cases[k - 1].group || cases[k].patient != cases[k - 1].patient)
            u->group[u->n++] = cases[k].group;
    const size_t cells = (size_t)c->n_tools * (size_t)u->n;
    u->own_value = calloc(cells + 1, sizeof *u->own_value);
    u->own_has = calloc(cells + 1, 1);
    const bool good = u->own_value && u->own_has;
    if (good) average_patients(u, c, cases);
    u->value = u->own_value;
    u->has = u->own_has;
    free(cases);
    return good ? CM_OK : no_memory(err);
}

static cm_status unit_table_init(unit_table *u, const cm_comparison *c, const cm_aggregates *a, int grouping,
                                 cm_error *err)
{
    const int *group_of_case = a->group_of_case + grouping * a->results->n_cases;
    *u = (unit_table){.group = malloc((size_t)(c->n_cases + 1) * sizeof *u->group)};
    if (!u->group) return no_memory(err);
    if (a->draw_unit == CM_DRAW_PATIENTS) return tabulate_patients(u, c, a, group_of_case, err);
    u->n = c->n_cases;
    u->value = c->value;
    u->has = c->has;
    for (int64_t k = 0; k < c->n_cases; k++)
        u->group[k] = group_of_case[c->case_index[k]];
    return CM_OK;
}

/* ---- differences of a metric of a case ---- */

typedef struct pairs_job {
    cm_comparison *c;
    const cm_aggregates *a;
    const unit_table *units;
    int grouping;
} pairs_job;

/* The means, then the squares about them. out: by number of the group. */
static void measure_pair(const pairs_job *job, int i, int j, cm_group_difference *out)
{
    const unit_table *u = job->units;
    const double *x = u->value + i * u->n, *y = u->value + j * u->n;
    const uint8_t *has_x = u->has + i * u->n, *has_y = u->has + j * u->n;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = 0; k < u->n; k++) {
            cm_group_difference *d = &out[u->group[k]];
            if (!u->group[k] || !has_x[k] || !has_y[k]) continue;
            const double difference = x[k] - y[k];
            if (pass == 0) {
                d->units++;
                d->difference += (difference - d->difference) / (double)d->units;
            } else {
                d->se += (difference - d->difference) * (difference - d->difference);
            }
        }
}

/* In public, a case on which only one of two tools counts could be worked out from the tools' means and the
 * difference over those on which both do. */
static bool same_cases(const cm_comparison *c, const cm_aggregates *a, int group, int i, int j)
{
    for (int64_t k = 0; k < c->n_cases; k++)
        if (cm_in_group(a, c->case_index[k], group) &&
            c->has[i * c->n_cases + k] != c->has[j * c->n_cases + k])
            return false;
    return true;
}

static void close_pair(const pairs_job *job, int i, int j, cm_group_difference *d)
{
    const cm_grouping *grouping = &job->a->groupings[job->grouping];
    const bool public = job->a->audience == CM_AUDIENCE_PUBLIC;
    for (int group = grouping->first; group < grouping->first + grouping->n; group++) {
        const double n = (double)d[group].units;
        d[group].se = n > 1 ? sqrt(d[group].se / (n - 1)) / sqrt(n) : 0;
        d[group].enters = d[group].units >= CM_UNITS_FOR_A_STRATUM && !job->a->groups[group].hidden &&
                          !cm_ranked_cell_is_hidden(job->a, i, group) &&
                          !cm_ranked_cell_is_hidden(job->a, j, group) &&
                          (!public || (d[group].units >= job->a->results->bench->minimum_cell &&
                                       same_cases(job->c, job->a, group, i, j)));
    }
}

static void pair_task(void *context, int64_t pair, int worker)
{
    const pairs_job *job = context;
    const int i = job->c->pair[pair].first, j = job->c->pair[pair].second;
    (void)worker;
    cm_group_difference *out = job->c->in_group + pair * job->c->n_all_groups;
    measure_pair(job, i, j, out);
    close_pair(job, i, j, out);
}

static cm_status measure_cases(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, int grouping,
                               cm_error *err)
{
    unit_table units;
    const cm_status status = unit_table_init(&units, c, a, grouping, err);
    const pairs_job job = {c, a, &units, grouping};
    if (!status) cm_threads_for(pool, c->n_pairs, pair_task, (void *)&job);
    unit_table_fini(&units);
    return status;
}

/* ---- differences of a metric of the cohort ---- */

/* How many units a group has, of cases with a reference. */
static cm_status count_units(const cm_comparison *c, const cm_aggregates *a, int group, int64_t *out,
                             cm_error *err)
{
    int64_t *index = malloc((size_t)(c->n_cases + 1) * sizeof *index), n = 0;
    cm_sampling *sampling = NULL;
    if (!index) return no_memory(err);
    for (int64_t k = 0; k < c->n_cases; k++)
        if (cm_in_group(a, c->case_index[k], group)) index[n++] = c->case_index[k];
    const cm_status status = n ? cm_aggregate_sampling(a, index, n, true, &sampling, err) : CM_OK;
    *out = n && !status ? cm_sampling_units(sampling) : 0;
    cm_sampling_destroy(sampling);
    free(index);
    return status;
}

/* The spread of the difference over the resampled groups; 0: fewer than half of them have both values. */
static double spread_of(int64_t replicates, const double *x, const double *y)
{
    double mean = 0, squares = 0;
    int64_t n = 0;
    for (int64_t b = 0; b < replicates; b++) {
        if (!isfinite(x[b]) || !isfinite(y[b])) continue;
        const double d = x[b] - y[b], step = d - mean;
        mean += step / (double)++n;
        squares += step * (d - mean);
    }
    return n > 1 && 2 * n >= replicates ? sqrt(squares / (double)(n - 1)) : 0;
}

static cm_status measure_group_of_cohort(cm_comparison *c, const cm_aggregates *a, cm_threads *pool,
                                         int group, cm_error *err)
{
    const int64_t replicates = a->results->bench->replicates;
    double *observed = malloc((size_t)c->n_tools * sizeof *observed), *value = NULL;
    int64_t units = 0;
    cm_status status = observed ? count_units(c, a, group, &units, err) : no_memory(err);
    if (!status && units >= CM_UNITS_FOR_A_STRATUM)
        status = cm_aggregate_resampled_group(a, pool, group, observed, &value, err);
    for (int64_t pair = 0; value && pair < c->n_pairs; pair++) {
        const int i = c->pair[pair].first, j = c->pair[pair].second;
        cm_group_difference *d = &c->in_group[pair * c->n_all_groups + group];
        if (!isfinite(observed[i]) || !isfinite(observed[j])) continue;
        d->units = units;
        d->difference = observed[i] - observed[j];
        d->se = spread_of(replicates, value + i * replicates, value + j * replicates);
        d->enters = !cm_ranked_cell_is_hidden(a, i, group) && !cm_ranked_cell_is_hidden(a, j, group);
    }
    free(observed);
    free(value);
    return status;
}

static cm_status measure_cohorts(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, int k,
                                 cm_error *err)
{
    const cm_grouping *grouping = &a->groupings[k];
    cm_status status = CM_OK;
    for (int group = grouping->first; group < grouping->first + grouping->n && !status; group++)
        if (!a->groups[group].hidden) status = measure_group_of_cohort(c, a, pool, group, err);
    return status;
}

/* ---- the tests ---- */

/* estimate, se, p: room for the groups and for the pairs. */
static cm_status test_pairs(cm_comparison *c, const cm_aggregates *a, int k, double *estimate, double *se,
                            double *p, cm_error *err)
{
    const cm_grouping *grouping = &a->groupings[k];
    cm_heterogeneity *tests = c->interaction + k * c->n_pairs;
    int64_t n = 0;
    cm_status status = CM_OK;
    for (int64_t pair = 0; pair < c->n_pairs && !status; pair++) {
        const cm_group_difference *d = c->in_group + pair * c->n_all_groups + grouping->first;
        for (int g = 0; g < grouping->n; g++) {
            estimate[g] = d[g].difference;
            se[g] = d[g].enters ? d[g].se : 0;
        }
        status =
            cm_test_heterogeneity(estimate, se, grouping->n, a->results->bench->level, &tests[pair], err);
        cm_interval_cut(&tests[pair].interval, -largest_difference(a), largest_difference(a));
        if (tests[pair].defined) p[n++] = tests[pair].p;
    }
    if (!status) status = cm_adjust(CM_ADJUST_HOLM, p, n, err);
    n = 0;
    for (int64_t pair = 0; pair < c->n_pairs && !status; pair++)
        c->interaction_p[k * c->n_pairs + pair] = tests[pair].defined ? p[n++] : 1;
    return status;
}

/* All pairs of a thousand tools in every group would be half a million tables nobody reads. */
static cm_status list_pairs(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    const bool all = c->n_tools <= CM_TOOLS_IN_ALL_PAIRS;
    const int64_t most = all ? (int64_t)c->n_tools * (c->n_tools - 1) / 2 : c->n_tools;
    c->pair = malloc((size_t)most * sizeof *c->pair);
    if (!c->pair) return no_memory(err);
    for (int i = 0; i < c->n_tools; i++)
        for (int j = i + 1; j < c->n_tools; j++)
            if (all || i == a->leader || j == a->leader) c->pair[c->n_pairs++] = (cm_tool_pair){i, j};
    return CM_OK;
}

cm_status cm_comparison_by_groups(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    const cm_status listed = list_pairs(c, a, err);
    if (listed) return listed;
    c->n_all_groups = a->n_all_groups;
    const size_t pairs = (size_t)c->n_pairs + 1, tests = (size_t)a->n_groupings * pairs;
    double *room = malloc((2 * (size_t)a->n_all_groups + pairs) * sizeof *room);
    c->in_group = calloc(pairs * (size_t)a->n_all_groups, sizeof *c->in_group);
    c->interaction = calloc(tests, sizeof *c->interaction);
    c->interaction_p = calloc(tests, sizeof *c->interaction_p);
    cm_status status = room && c->in_group && c->interaction && c->interaction_p ? CM_OK : no_memory(err);
    for (int k = 0; k < a->n_groupings && !status; k++) {
        if (!a->groupings[k].grouped || a->groupings[k].n < 2) continue;
        status = c->of_cohort ? measure_cohorts(c, a, pool, k, err) : measure_cases(c, a, pool, k, err);
        if (!status)
            status = test_pairs(c, a, k, room, room + a->n_all_groups, room + 2 * a->n_all_groups, err);
    }
    free(room);
    return status;
}
