/* Groups of an attribute that is a number, such as an age or a volume: below, between and above cut points,
 * declared or taken where they make parts of about equal size. What is no number, and what is not told, are
 * groups of their own, so that no case is lost. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"
#include "engine/report/write_internal.h"
#include "metrics/statistics/quantile.h"

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the groups of a number");
}

static const char *text_of(const cm_results *r, int64_t i, int attribute)
{
    return r->cases[i].attributes ? r->cases[i].attributes[attribute] : "";
}

/* A decimal number and nothing beside it; no hexadecimal, no "inf". */
static bool is_number(const char *text, double *out)
{
    char *end;
    if (!text[0] || text[strspn(text, "0123456789+-.eE")]) return false;
    *out = strtod(text, &end);
    return !*end && isfinite(*out);
}

/* Type 7 quantiles of the cases that have a number; equal ones count once. */
static cm_status cut_into_parts(const cm_aggregates *a, int attribute, cm_grouping *g, cm_error *err)
{
    const cm_results *r = a->results;
    double *number = malloc(2 * (size_t)(r->n_cases + 1) * sizeof *number);
    int64_t n = 0;
    if (!number) return no_memory(err);
    for (int64_t i = 0; i < r->n_cases; i++)
        n += is_number(text_of(r, i, attribute), &number[n]);
    for (int k = 1; k < g->rule->parts && n > 0; k++) {
        const double cut = cm_quantile7(number, n, (double)k / g->rule->parts, number + r->n_cases + 1);
        if (!g->n_cuts || cut > g->cuts[g->n_cuts - 1]) g->cuts[g->n_cuts++] = cut;
    }
    g->cuts_are_shown = cm_quantile_is_shown(a, n, g->rule->parts);
    free(number);
    return CM_OK;
}

/* 0 to n_cuts: the parts from below; then what is no number, and what is not told. */
static int part_of(const cm_grouping *g, const char *text)
{
    double number;
    int part = 0;
    if (!text[0]) return g->n_cuts + 2;
    if (!is_number(text, &number)) return g->n_cuts + 1;
    while (part < g->n_cuts && number >= g->cuts[part])
        part++;
    return part;
}

static void name_part(const cm_grouping *g, int part, char name[CM_RANGE_NAME])
{
    char low[32] = "", high[32] = "";
    if (part > 0 && part <= g->n_cuts) cm_double_text(g->cuts[part - 1], low);
    if (part < g->n_cuts) cm_double_text(g->cuts[part], high);
    if (part == g->n_cuts + 2)
        name[0] = '\0';
    else if (part == g->n_cuts + 1)
        snprintf(name, CM_RANGE_NAME, "no number");
    else if (!g->cuts_are_shown)
        snprintf(name, CM_RANGE_NAME, "part %d of %d", part + 1, g->n_cuts + 1);
    else if (g->n_cuts == 0)
        snprintf(name, CM_RANGE_NAME, "any number");
    else if (part == 0)
        snprintf(name, CM_RANGE_NAME, "below %s", high);
    else if (part == g->n_cuts)
        snprintf(name, CM_RANGE_NAME, "%s and above", low);
    else
        snprintf(name, CM_RANGE_NAME, "%s to below %s", low, high);
}

static cm_status reserve_names(cm_aggregates *a, cm_error *err)
{
    const size_t most = (size_t)a->results->n_attributes * CM_GROUPS_OF_ATTRIBUTE_MAX;
    if (!a->range_names) a->range_names = calloc(most, sizeof *a->range_names);
    return a->range_names ? CM_OK : no_memory(err);
}

/* Parts that have cases become groups, from below. */
static void sort_cases(cm_aggregates *a, int attribute, int k, const int64_t *cases)
{
    const cm_results *r = a->results;
    cm_grouping *g = &a->groupings[k];
    int group_of_part[CM_GROUPS_OF_ATTRIBUTE_MAX];
    for (int part = 0; part < g->n_cuts + 3; part++) {
        if (!cases[part]) continue;
        char *name = a->range_names[attribute * CM_GROUPS_OF_ATTRIBUTE_MAX + part];
        name_part(g, part, name);
        group_of_part[part] = a->n_all_groups;
        a->groups[a->n_all_groups++] = (cm_group){.name = name, .grouping = k, .cases = cases[part]};
        g->n++;
    }
    for (int64_t i = 0; i < r->n_cases; i++)
        a->group_of_case[k * r->n_cases + i] = group_of_part[part_of(g, text_of(r, i, attribute))];
}

_Static_assert(CM_CUTS_MAX + 3 <= CM_GROUPS_OF_ATTRIBUTE_MAX && CM_PARTS_MAX <= CM_CUTS_MAX,
               "every part, what is no number and what is not told have room");

cm_status cm_aggregate_group_by_cuts(cm_aggregates *a, int attribute, const cm_subgroup *rule, cm_error *err)
{
    const cm_results *r = a->results;
    const int k = a->n_groupings++;
    int64_t cases[CM_GROUPS_OF_ATTRIBUTE_MAX] = {0};
    cm_grouping *g = &a->groupings[k];
    *g = (cm_grouping){.name = r->attribute_names[attribute],
                       .first = a->n_all_groups,
                       .rule = rule,
                       .cuts_are_shown = true,
                       .n_cuts = rule->n_cuts};
    memcpy(g->cuts, rule->cuts, sizeof g->cuts);
    cm_status status = reserve_names(a, err);
    if (!status && rule->parts) status = cut_into_parts(a, attribute, g, err);
    if (status) return status;
    int filled = 0;
    for (int64_t i = 0; i < r->n_cases; i++)
        filled += cases[part_of(g, text_of(r, i, attribute))]++ == 0;
    g->grouped = filled > 1 && filled < r->n_cases;
    if (g->grouped) sort_cases(a, attribute, k, cases);
    return CM_OK;
}
