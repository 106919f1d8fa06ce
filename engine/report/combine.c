/* Every part ranks the tools by its value; the combined score is the weighted mean of the places. Resampled:
 * replicate b is one drawn cohort, on which all parts rank, so the parts stay as dependent as they are. */
#include "engine/report/combine_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to combine rankings");
}

static void placing_fini(cm_placing *p)
{
    free(p->score);
    free(p->place);
    free(p->has);
    cm_stability_destroy(p->stability);
}

static bool placing_init(cm_placing *p, size_t n)
{
    p->score = calloc(n, sizeof *p->score);
    p->place = calloc(n, sizeof *p->place);
    p->has = calloc(n, sizeof *p->has);
    return p->score && p->place && p->has;
}

/* Places by what tools are compared by, ties by average: the sum of all places is then the same in every
 * part.
 */
static void place_by(cm_direction direction, const double *value, const bool *has, int n, double *good,
                     double *place)
{
    for (int t = 0; t < n; t++)
        good[t] = !has[t] ? 0 : direction == CM_HIGHER_IS_BETTER ? value[t] : -value[t];
    cm_rank_places(good, has, n, true, CM_TIES_AVERAGE, place);
}

static cm_status find_part(const cm_aggregates *a, const cm_ranking_part *part, int *metric, int *target,
                           cm_error *err)
{
    const cm_bench *b = a->results->bench;
    *metric = 0;
    while (*metric < b->n_metrics && strcmp(b->metrics[*metric].id, part->metric))
        ++*metric;
    *target = cm_aggregates_default_target(a);
    if (part->target[0])
        for (*target = 0; *target < a->n_targets; ++*target)
            if (!strcmp(cm_aggregates_target_name(a, *target), part->target)) break;
    if (*metric < b->n_metrics && *target < a->n_targets) return CM_OK;
    return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "a part of the combined ranking is not in the bench",
                   .where = b->id, .why = cm_strf("%s of %s", part->metric, part->target).s);
}

/* One part on the whole cohort and on the resampled ones. */
static cm_status rank_part(cm_combined *c, const cm_aggregates *a, cm_threads *pool, int k, cm_error *err)
{
    const int n = a->results->n_tools;
    const int64_t replicates = a->results->bench->replicates;
    const cm_direction direction = cm_compared_direction(a, c->metric[k]);
    cm_placing *p = &c->part[k];
    double *value = NULL;
    double *places = malloc((size_t)(replicates + 2) * (size_t)n * sizeof *places);
    bool *has = malloc((size_t)n * sizeof *has);
    cm_status status = places && has ? CM_OK : no_memory(err);
    for (int t = 0; t < n && !status; t++)
        p->has[t] = cm_aggregates_value(a, t, c->metric[k], c->target[k], &p->score[t]);
    double *good = places ? places + replicates * n : NULL, *drawn = good ? good + n : NULL;
    if (!status) place_by(direction, p->score, p->has, n, good, p->place);
    if (!status && replicates > 0 && a->cases_with_reference > 1)
        status = cm_aggregate_resampled(a, pool, c->metric[k], c->target[k], &value, err);
    for (int64_t b = 0; b < replicates && value; b++) {
        for (int t = 0; t < n; t++) {
            drawn[t] = value[t * replicates + b];
            has[t] = isfinite(drawn[t]);
        }
        place_by(direction, drawn, has, n, good, places + b * n);
    }
    if (value)
        status = cm_stability_of_places(places, n, replicates, a->results->bench->level, p->place,
                                        &p->stability, err);
    free(value);
    free(places);
    free(has);
    return status;
}

/* place [n_parts][n]; tools that do not take part (has false) come after all others. */
static cm_status combine(const cm_combined *c, const double *place, const double *weight, const bool *has,
                         int n, double *score, double *out, cm_error *err)
{
    const cm_status status = cm_rank_consensus(place, weight, c->n_parts, n, score, out, err);
    if (!status) cm_rank_places(score, has, n, false, CM_TIES_AVERAGE, out);
    return status;
}

static cm_status combine_parts(cm_combined *c, const cm_aggregates *a, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    const int n = a->results->n_tools;
    const size_t tools = (size_t)n;
    double *place = malloc((size_t)c->n_parts * tools * sizeof *place);
    double *weight = malloc((size_t)c->n_parts * sizeof *weight);
    double *drawn = malloc((size_t)(bench->replicates + 1) * tools * sizeof *drawn);
    cm_status status = place && weight && drawn ? CM_OK : no_memory(err);
    bool resampled = true;
    for (int t = 0; t < n; t++)
        c->all.has[t] = true;
    for (int k = 0; k < c->n_parts && !status; k++) {
        weight[k] = bench->parts[k].weight;
        memcpy(place + k * n, c->part[k].place, tools * sizeof *place);
        resampled &= c->part[k].stability != NULL;
        for (int t = 0; t < n && bench->combination_excludes; t++)
            c->all.has[t] &= c->part[k].has[t];
    }
    if (!status) status = combine(c, place, weight, c->all.has, n, c->all.score, c->all.place, err);
    double *score = drawn ? drawn + bench->replicates * n : NULL;
    for (int64_t b = 0; b < bench->replicates && resampled && !status; b++) {
        for (int k = 0; k < c->n_parts; k++)
            memcpy(place + k * n, c->part[k].stability->place + b * n, tools * sizeof *place);
        status = combine(c, place, weight, c->all.has, n, score, drawn + b * n, err);
    }
    if (!status && resampled)
        status = cm_stability_of_places(drawn, n, bench->replicates, bench->level, c->all.place,
                                        &c->all.stability, err);
    free(place);
    free(weight);
    free(drawn);
    return status;
}

cm_status cm_combined_create(const cm_aggregates *a, cm_threads *pool, cm_combined **out, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    *out = NULL;
    if (!bench->n_parts || a->results->n_tools < 2) return CM_OK;
    cm_combined *c = calloc(1, sizeof *c);
    if (!c) return no_memory(err);
    const size_t parts = (size_t)bench->n_parts, n = (size_t)a->results->n_tools;
    c->metric = calloc(parts, sizeof *c->metric);
    c->target = calloc(parts, sizeof *c->target);
    c->part = calloc(parts, sizeof *c->part);
    bool room = c->metric && c->target && c->part && placing_init(&c->all, n);
    c->n_parts = c->part ? bench->n_parts : 0;
    for (int k = 0; k < c->n_parts && room; k++)
        room = placing_init(&c->part[k], n);
    cm_status status = room ? CM_OK : no_memory(err);
    for (int k = 0; k < c->n_parts && !status; k++) {
        status = find_part(a, &bench->parts[k], &c->metric[k], &c->target[k], err);
        if (!status) status = rank_part(c, a, pool, k, err);
    }
    if (!status) status = combine_parts(c, a, err);
    if (status)
        cm_combined_destroy(c);
    else
        *out = c;
    return status;
}

void cm_combined_destroy(cm_combined *c)
{
    if (!c) return;
    for (int k = 0; k < c->n_parts; k++)
        placing_fini(&c->part[k]);
    placing_fini(&c->all);
    free(c->metric);
    free(c->target);
    free(c->part);
    free(c);
}
