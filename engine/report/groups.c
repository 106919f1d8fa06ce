/* Who belongs where: providers, and the values of the cohort's attributes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/aggregate_internal.h"
#include "metrics/statistics/distribution.h"

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the groups of cases");
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The different values of an attribute, sorted, those without a value last; as many as make groups, else 0.
 */
static int list_values(const cm_results *r, int attribute, const char *value[CM_GROUPS_OF_ATTRIBUTE_MAX])
{
    int n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const char *mine = r->cases[i].attributes ? r->cases[i].attributes[attribute] : "";
        int k = 0;
        while (k < n && strcmp(value[k], mine))
            k++;
        if (k < n) continue;
        if (n == CM_GROUPS_OF_ATTRIBUTE_MAX) return 0;
        value[n++] = mine;
    }
    if (n < 2 || n == r->n_cases) return 0;
    qsort(value, (size_t)n, sizeof *value, by_text);
    if (!value[0][0]) {
        const char *none = value[0];
        memmove(value, value + 1, (size_t)(n - 1) * sizeof *value);
        value[n - 1] = none;
    }
    return n;
}

static cm_status sort_providers(cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    a->groupings[0] =
        (cm_grouping){.name = "provider", .grouped = true, .first = 1, .n = r->cohort.n_providers};
    for (int p = 0; p < r->cohort.n_providers; p++)
        a->groups[p + 1].name = r->cohort.providers[p];
    for (int64_t i = 0; i < r->n_cases; i++) {
        int group = 1;
        while (group < a->n_groups && strcmp(a->groups[group].name, r->cases[i].provider))
            group++;
        if (group == a->n_groups)
            return CM_FAIL(err, CM_ERR_MISMATCH,
                           .what = "a case comes from a provider its cohort does not list",
                           .where = r->cases[i].id, .why = r->cases[i].provider);
        a->group_of_case[i] = group;
        a->groups[0].cases++;
        a->groups[group].cases++;
        a->cases_with_reference += r->cases[i].has_reference;
    }
    return CM_OK;
}

static void sort_attribute(cm_aggregates *a, int attribute)
{
    const cm_results *r = a->results;
    const char *value[CM_GROUPS_OF_ATTRIBUTE_MAX];
    const int n = list_values(r, attribute, value), k = a->n_groupings++;
    a->groupings[k] = (cm_grouping){
        .name = r->attribute_names[attribute], .grouped = n > 0, .first = a->n_all_groups, .n = n};
    for (int v = 0; v < n; v++)
        a->groups[a->n_all_groups++] = (cm_group){.name = value[v], .grouping = k};
    for (int64_t i = 0; i < r->n_cases && n; i++) {
        const char *mine = r->cases[i].attributes ? r->cases[i].attributes[attribute] : "";
        int group = a->groupings[k].first;
        while (strcmp(a->groups[group].name, mine))
            group++;
        a->group_of_case[k * r->n_cases + i] = group;
        a->groups[group].cases++;
    }
}

cm_status cm_aggregate_group(cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    const int most = r->n_attributes + 1;
    a->n_groupings = 1;
    a->n_groups = a->n_all_groups = r->cohort.n_providers + 1;
    a->groups =
        calloc((size_t)(a->n_groups + r->n_attributes * CM_GROUPS_OF_ATTRIBUTE_MAX), sizeof *a->groups);
    a->groupings = calloc((size_t)most, sizeof *a->groupings);
    a->group_of_case = calloc((size_t)most * (size_t)(r->n_cases + 1), sizeof *a->group_of_case);
    if (!a->groups || !a->groupings || !a->group_of_case) return no_memory(err);
    a->groups[0].name = "";
    cm_status status = sort_providers(a, err);
    for (int s = 0; s < r->bench->n_subgroups && !status; s++) {
        const cm_subgroup *rule = &r->bench->subgroups[s];
        int k = 0;
        while (k < r->n_attributes && strcmp(r->attribute_names[k], rule->name))
            k++;
        if (k == r->n_attributes) continue;
        if (rule->n_cuts || rule->parts)
            status = cm_aggregate_group_by_cuts(a, k, rule, err);
        else
            sort_attribute(a, k);
    }
    if (status) return status;
    for (int k = 0; k < r->n_attributes && !r->bench->has_subgroups; k++)
        sort_attribute(a, k);
    return CM_OK;
}

/* The standard error of a group's value, from its interval, which holds patients together; 0 without one. */
static double error_of(const cm_cell *cell)
{
    if (cell->hidden || !cell->has_interval) return 0;
    return (cell->interval.high - cell->interval.low) /
           (2 * cm_normal_quantile((1 + cell->interval.level) / 2));
}

cm_status cm_aggregate_heterogeneity(cm_aggregates *a, cm_error *err)
{
    const size_t n_tests =
        (size_t)(a->n_groupings * a->results->n_tools) * (size_t)(a->n_targets * a->n_metrics);
    a->heterogeneity = calloc(n_tests, sizeof *a->heterogeneity);
    double *estimate = malloc((size_t)a->n_all_groups * 2 * sizeof *estimate);
    cm_status status = a->heterogeneity && estimate ? CM_OK : no_memory(err);
    cm_heterogeneity *out = a->heterogeneity;
    for (int k = 0; k < a->n_groupings && !status; k++)
        for (int t = 0; t < a->results->n_tools; t++)
            for (int g = 0; g < a->n_targets; g++)
                for (int m = 0; m < a->n_metrics && !status; m++) {
                    const cm_grouping *grouping = &a->groupings[k];
                    double *se = estimate + grouping->n;
                    for (int j = 0; j < grouping->n; j++) {
                        const cm_cell *cell = cm_aggregates_cell(a, t, g, m, grouping->first + j);
                        estimate[j] = cell->value;
                        se[j] = error_of(cell);
                    }
                    status =
                        cm_test_heterogeneity(estimate, se, grouping->n, a->results->bench->level, out, err);
                    double least, greatest;
                    cm_compared_range(a, m, &least, &greatest);
                    cm_interval_cut(&out++->interval, least, greatest);
                }
    free(estimate);
    return status;
}
