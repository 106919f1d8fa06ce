/* The comparison by a metric of the cohort: one value per tool, so one way to rank; its resampled values give
 * the places and the differences, and pairs are tested by what fits the metric:
 *
 *   AUROC of one class                   DeLong
 *   ACC; SENS and SPEC of one class      McNemar, exact, on the cases that count for it
 *   every other metric                   difference over its bootstrap standard error, normal
 *
 * DeLong and McNemar take cases as independent; where patients have several, the third is used for all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/compare_internal.h"
#include "metrics/statistics/distribution.h"
#include "metrics/statistics/quantile.h"

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare the tools");
}

static const cm_metric *metric_of(const cm_aggregates *a)
{
    return &a->results->bench->metrics[a->ranking_metric];
}

/* What the values of the tools come from: classified cases, or evidence of segmentations. */
typedef struct origin {
    cm_classified_cases *classified; /* [n_tools]; NULL: segmentation */
    cm_ranked_evidence *evidence;    /* NULL: classification */
} origin;

static cm_status origin_init(const cm_aggregates *a, origin *o, cm_error *err)
{
    const int n_tools = a->results->n_tools, all = a->ranking_target < 0;
    *o = (origin){NULL, NULL};
    if (a->results->bench->task == CM_TASK_SEGMENTATION)
        return cm_ranked_evidence_create(a, a->ranking_metric, all ? 0 : a->ranking_target,
                                         all ? a->n_targets : 1, &o->evidence, err);
    o->classified = calloc((size_t)n_tools, sizeof *o->classified);
    cm_status status = o->classified ? CM_OK : no_memory(err);
    for (int t = 0; t < n_tools && !status; t++)
        status = cm_classified_cases_collect(a, t, 0, &o->classified[t], err);
    return status;
}

static void origin_fini(const cm_aggregates *a, origin *o)
{
    for (int t = 0; o->classified && t < a->results->n_tools; t++)
        cm_classified_cases_fini(&o->classified[t]);
    free(o->classified);
    cm_ranked_evidence_destroy(o->evidence);
}

/* -- rankings -- */

/* Larger is better, for every direction. */
static double goodness(const cm_aggregates *a, double compared)
{
    return cm_compared_direction(a, a->ranking_metric) == CM_HIGHER_IS_BETTER ? compared : -compared;
}

static void place_values(const cm_aggregates *a, const double *value, const bool *has, double *good,
                         double *place)
{
    for (int t = 0; t < a->results->n_tools; t++)
        good[t] = has[t] ? goodness(a, value[t]) : 0;
    cm_rank_places(good, has, a->results->n_tools, true, CM_TIES_MIN, place);
}

static cm_status rank_values(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    const size_t n = (size_t)c->n_tools;
    const int64_t replicates = a->results->bench->replicates;
    cm_method_result *m = &c->method[0];
    c->n_methods = 1;
    m->rule = (cm_rank_rule){.method = CM_MEAN_THEN_RANK, .ties = CM_TIES_MIN, .missing = CM_MISSING_LAST};
    m->score = malloc(n * sizeof *m->score);
    m->has = malloc(n * sizeof *m->has);
    m->place = malloc(n * sizeof *m->place);
    double *places = malloc((size_t)replicates * n * sizeof *places), *work = malloc(2 * n * sizeof *work);
    bool *has = malloc(n * sizeof *has);
    cm_status status = m->score && m->has && m->place && places && work && has ? CM_OK : no_memory(err);
    for (size_t t = 0; t < n && !status; t++) {
        m->score[t] = a->standings[t].value;
        m->has[t] = a->standings[t].has_value;
    }
    if (!status) place_values(a, m->score, m->has, work, m->place);
    for (int64_t b = 0; b < replicates && !status; b++) {
        for (size_t t = 0; t < n; t++) {
            work[t] = a->replicate_value[(int64_t)t * replicates + b];
            has[t] = isfinite(work[t]);
        }
        place_values(a, work, has, work + n, places + b * c->n_tools);
    }
    if (!status)
        status = cm_stability_of_places(places, c->n_tools, replicates, a->results->bench->level, m->place,
                                        &m->stability, err);
    free(places);
    free(work);
    free(has);
    return status;
}

/* A tool's value without the cases of one group; NaN: none. times, weight: room for all cases. */
static double value_without(const cm_aggregates *a, const origin *o, int tool, int group, int32_t *times,
                            int32_t *weight)
{
    for (int64_t i = 0; i < a->results->n_cases; i++)
        times[i] = !cm_in_group(a, i, group);
    if (o->evidence) return cm_ranked_evidence_value(o->evidence, tool, times, weight);
    cm_classified data = o->classified[tool].data;
    data.weight = weight;
    for (int64_t k = 0; k < data.n; k++)
        weight[k] = times[o->classified[tool].case_index[k]];
    const cm_metric_value v =
        cm_classified_compared(metric_of(a), &data, cm_aggregates_class(a, a->ranking_target), NULL);
    return v.state == CM_VALUE_OK ? v.value : NAN;
}

/* The values once more without the cases of one group. */
static cm_status rank_without(cm_comparison *c, const cm_aggregates *a, const origin *o, int group,
                              cm_error *err)
{
    const size_t n = (size_t)c->n_tools, n_cases = (size_t)a->results->n_cases + 1;
    cm_without *w = &c->without[c->n_without++];
    *w = (cm_without){.group = group,
                      .score = malloc(n * sizeof *w->score),
                      .has = malloc(n * sizeof *w->has),
                      .place = malloc(n * sizeof *w->place)};
    int32_t *weight = malloc(2 * n_cases * sizeof *weight);
    double *good = malloc(n * sizeof *good);
    cm_status status = w->score && w->has && w->place && weight && good ? CM_OK : no_memory(err);
    for (int t = 0; t < c->n_tools && !status; t++) {
        const double value = value_without(a, o, t, group, weight + n_cases, weight);
        w->has[t] = isfinite(value);
        w->score[t] = w->has[t] ? value : 0;
    }
    if (!status) place_values(a, w->score, w->has, good, w->place);
    free(weight);
    free(good);
    return status;
}

static cm_status rank_without_groups(cm_comparison *c, const cm_aggregates *a, const origin *o, cm_error *err)
{
    c->without = calloc((size_t)a->n_all_groups, sizeof *c->without);
    cm_status status = c->without ? CM_OK : no_memory(err);
    for (int group = 1; group < a->n_all_groups && !status; group++) {
        int64_t in = 0;
        for (int64_t k = 0; k < c->n_cases; k++)
            in += cm_in_group(a, c->case_index[k], group);
        if (a->groups[group].hidden || in == 0 || in == c->n_cases) continue;
        status = rank_without(c, a, o, group, err);
    }
    return status;
}

/* -- pairs -- */

/* The cases that both tools have, side by side. */
typedef struct side_by_side {
    int64_t n;
    uint8_t *positive, *right[2]; /* [n]: is of the class; decided rightly */
    double *score[2];             /* [n]: of the class */
} side_by_side;

static void side_by_side_fini(side_by_side *s)
{
    free(s->positive);
    free(s->score[0]);
}

static cm_status side_by_side_init(side_by_side *s, int64_t most, cm_error *err)
{
    *s = (side_by_side){.positive = malloc(3 * (size_t)(most + 1)),
                        .score = {malloc(2 * (size_t)(most + 1) * sizeof(double)), NULL}};
    if (!s->positive || !s->score[0]) {
        side_by_side_fini(s);
        return no_memory(err);
    }
    s->right[0] = s->positive + most + 1;
    s->right[1] = s->positive + 2 * (most + 1);
    s->score[1] = s->score[0] + most + 1;
    return CM_OK;
}

/* c < 0: over all classes. Both lists of cases rise. */
static void align(side_by_side *s, const cm_classified_cases *const tool[2], int c)
{
    int64_t at[2] = {0, 0};
    s->n = 0;
    while (at[0] < tool[0]->data.n && at[1] < tool[1]->data.n) {
        const int64_t i = tool[0]->case_index[at[0]], j = tool[1]->case_index[at[1]];
        if (i != j) {
            at[i > j]++;
            continue;
        }
        const int32_t truth = tool[0]->truth[at[0]];
        s->positive[s->n] = truth == c;
        for (int side = 0; side < 2; side++) {
            const int32_t decided = tool[side]->decided[at[side]];
            s->right[side][s->n] = c < 0 ? decided == truth : (decided == c) == (truth == c);
            s->score[side][s->n] = c < 0 ? 0 : tool[side]->score[at[side] * tool[side]->data.k + c];
            at[side]++;
        }
        s->n++;
    }
}

/* McNemar over the cases that count: all, those of the class, or the others. */
static cm_status test_decisions(const side_by_side *s, bool positives, bool negatives, cm_pair_test *test,
                                cm_error *err)
{
    cm_test result;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->positive[i] ? !positives : !negatives) continue;
        test->units++;
        test->wins += s->right[0][i] && !s->right[1][i];
        test->losses += s->right[1][i] && !s->right[0][i];
    }
    test->ties = test->units - test->wins - test->losses;
    const cm_status status = cm_test_mcnemar(test->wins, test->losses, CM_TWO_SIDED, &result, err);
    test->kind = CM_PAIR_MCNEMAR;
    test->exact = true;
    test->statistic = result.statistic;
    test->p = result.p;
    return status;
}

/* False: too few cases of a class. */
static bool test_areas(const cm_aggregates *a, const side_by_side *s, cm_pair_test *test, cm_status *status,
                       cm_error *err)
{
    cm_delong d;
    cm_error own = {0};
    const cm_status st = cm_test_delong(s->positive, s->score[0], s->score[1], s->n, &d, &own);
    if (st == CM_ERR_EMPTY) return false;
    *status = st;
    if (st && err) *err = own;
    const double half = cm_normal_quantile((1 + a->results->bench->level) / 2) * d.se;
    test->kind = CM_PAIR_DELONG;
    test->units = s->n;
    test->statistic = d.z;
    test->p = d.p;
    test->has_interval = true;
    test->low = d.difference - half;
    test->high = d.difference + half;
    return true;
}

/* The differences of the resampled values, their interval and the test by their spread. */
static void test_by_bootstrap(const cm_aggregates *a, int i, int j, double *work, bool decides,
                              cm_pair_test *test)
{
    const int64_t replicates = a->results->bench->replicates;
    const double tail = (1 - a->results->bench->level) / 2;
    double mean = 0, squares = 0;
    int64_t n = 0;
    for (int64_t b = 0; b < replicates; b++) {
        const double x = a->replicate_value[i * replicates + b], y = a->replicate_value[j * replicates + b];
        if (!isfinite(x) || !isfinite(y)) continue;
        const double d = goodness(a, x) - goodness(a, y), step = d - mean;
        work[n++] = d;
        mean += step / (double)n;
        squares += step * (d - mean);
    }
    if (n && !test->has_interval) {
        const bool falls = metric_of(a)->definition->direction != CM_HIGHER_IS_BETTER;
        const double low = cm_quantile7_permuting(work, n, tail),
                     high = cm_quantile7_permuting(work, n, 1 - tail);
        test->has_interval = true;
        test->low = falls ? -high : low;
        test->high = falls ? -low : high;
    }
    if (!decides) return;
    const double se = n > 1 ? sqrt(squares / (double)(n - 1)) : 0, d = test->favour;
    test->kind = CM_PAIR_BOOTSTRAP;
    test->statistic = se > 0 ? d / se : 0;
    test->p = d == 0 ? 1 : se > 0 ? fmin(1, 2 * cm_normal_above(fabs(d / se))) : 2 / (double)(n + 1);
}

static cm_status test_pair(cm_comparison *c, const cm_aggregates *a, const origin *o, int i, int j,
                           side_by_side *s, double *work, cm_error *err)
{
    cm_pair_test *test = &c->test[i * c->n_tools + j];
    const cm_standing *first = &a->standings[i], *second = &a->standings[j];
    const char *id = metric_of(a)->id;
    const int of_class = o->classified ? cm_aggregates_class(a, a->ranking_target) : -1;
    const bool falls = metric_of(a)->definition->direction != CM_HIGHER_IS_BETTER;
    cm_status status = CM_OK;
    bool tested = false;
    *test = (cm_pair_test){.p = 1};
    c->compared[i * c->n_tools + j] = first->has_value && second->has_value;
    if (!c->compared[i * c->n_tools + j]) return CM_OK;
    test->favour = goodness(a, first->value) - goodness(a, second->value);
    test->difference = falls ? -test->favour : test->favour;
    test->units = 0;
    if (a->draw_unit == CM_DRAW_CASES && o->classified) {
        align(s, (const cm_classified_cases *const[2]){&o->classified[i], &o->classified[j]}, of_class);
        if (!strcmp(id, "ACC"))
            tested = true, status = test_decisions(s, true, true, test, err);
        else if (of_class >= 0 && (!strcmp(id, "SENS") || !strcmp(id, "SPEC")))
            tested = true, status = test_decisions(s, id[1] == 'E', id[1] == 'P', test, err);
        else if (of_class >= 0 && !strcmp(id, "AUROC"))
            tested = test_areas(a, s, test, &status, err);
    }
    if (!tested) test->units = c->n_units;
    test_by_bootstrap(a, i, j, work, !tested, test);
    return status;
}

static cm_status compare_pairs(cm_comparison *c, const cm_aggregates *a, const origin *o, cm_error *err)
{
    const size_t n = (size_t)c->n_tools;
    side_by_side s = {0};
    double *work = malloc(((size_t)a->results->bench->replicates + 1) * sizeof *work);
    double *p = malloc(2 * n * n * sizeof *p), *favour = p ? p + n * n : NULL;
    c->test = calloc(n * n, sizeof *c->test);
    c->compared = calloc(n * n, sizeof *c->compared);
    cm_status status = work && p && c->test && c->compared ? CM_OK : no_memory(err);
    if (!status) status = side_by_side_init(&s, a->results->n_cases, err);
    for (int i = 0; i < c->n_tools && !status; i++)
        for (int j = i + 1; j < c->n_tools && !status; j++) {
            status = test_pair(c, a, o, i, j, &s, work, err);
            p[i * c->n_tools + j] = c->test[i * c->n_tools + j].p;
            favour[i * c->n_tools + j] = c->test[i * c->n_tools + j].favour;
        }
    if (!status)
        status = cm_pairwise_of_tests(c->n_tools, p, favour, c->alpha, CM_ADJUST_HOLM, &c->pairs, err);
    side_by_side_fini(&s);
    free(work);
    free(p);
    return status;
}

cm_status cm_comparison_of_cohort(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    c->of_cohort = true;
    c->n_units = a->draw_unit == CM_DRAW_PATIENTS ? a->n_patients : a->cases_with_reference;
    c->case_index = malloc((size_t)a->cases_with_reference * sizeof *c->case_index);
    origin o = {NULL, NULL};
    cm_status status = c->case_index ? origin_init(a, &o, err) : no_memory(err);
    for (int64_t i = 0; i < r->n_cases && !status; i++)
        if (r->cases[i].has_reference) c->case_index[c->n_cases++] = i;
    if (!status) status = rank_values(c, a, err);
    if (!status) status = rank_without_groups(c, a, &o, err);
    if (!status) status = compare_pairs(c, a, &o, err);
    origin_fini(a, &o);
    return status;
}

const char *cm_pair_test_name(cm_pair_test_kind kind)
{
    switch (kind) {
    case CM_PAIR_WILCOXON:
        return "wilcoxon-signed-rank";
    case CM_PAIR_DELONG:
        return "delong";
    case CM_PAIR_MCNEMAR:
        return "mcnemar";
    case CM_PAIR_BOOTSTRAP:
        return "paired-bootstrap";
    }
    return "";
}
