/* From results to a table of values, and from the table to everything that says how sure the order is. */
#include "engine/report/compare_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare the tools");
}

/* ---- the tables ---- */

/* What a tool is compared by on a case: the compared number of the ranking target, or the mean over the
 * targets that have one. */
static bool number_of_case(const cm_aggregates *a, int tool, int64_t i, double *number)
{
    const cm_results *r = a->results;
    const cm_metric *metric = &r->bench->metrics[a->ranking_metric];
    const cm_use use = cm_item_use(a, tool, i);
    if (use != CM_USE_SCORED && use != CM_USE_MISSING) return false;
    const int first = a->ranking_target < 0 ? 0 : a->ranking_target;
    const int last = a->ranking_target < 0 ? a->n_targets - 1 : a->ranking_target;
    double sum = 0;
    int n = 0;
    for (int g = first; g <= last; g++) {
        cm_metric_value value = {.state = CM_VALUE_MISSING};
        double one = 0;
        bool substituted = false;
        if (use == CM_USE_SCORED) value = cm_results_value(r, tool, i, g * a->n_metrics + a->ranking_metric);
        if (!cm_policy_apply(metric, &value, r->cases[i].diagonal, &r->bench->policies, &one, &substituted))
            continue;
        sum += cm_direction_compared(metric->definition->direction, one);
        n++;
    }
    *number = n ? sum / n : 0;
    return n > 0;
}

static cm_status fill_cases(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    const cm_results *r = a->results;
    const size_t cells = (size_t)c->n_tools * (size_t)a->cases_with_reference;
    c->case_index = malloc((size_t)a->cases_with_reference * sizeof *c->case_index);
    c->value = malloc(cells * sizeof *c->value);
    c->has = malloc(cells);
    if (!c->case_index || !c->value || !c->has) return no_memory(err);
    for (int64_t i = 0; i < r->n_cases; i++)
        if (r->cases[i].has_reference) c->case_index[c->n_cases++] = i;
    for (int t = 0; t < c->n_tools; t++) {
        for (int64_t k = 0; k < c->n_cases; k++)
            c->has[t * c->n_cases + k] =
                number_of_case(a, t, c->case_index[k], &c->value[t * c->n_cases + k]);
        cm_results_release(r);
    }
    return CM_OK;
}

/* The mean over the cases of every patient that has a case here. */
static cm_status fill_patients(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    const size_t cells = (size_t)c->n_tools * (size_t)a->n_patients;
    int64_t *unit = malloc((size_t)(a->n_patients + 1) * sizeof *unit);
    int64_t *count = calloc(cells, sizeof *count);
    c->unit_value = calloc(cells, sizeof *c->unit_value);
    c->unit_has = calloc(cells, 1);
    cm_status status = unit && count && c->unit_value && c->unit_has ? CM_OK : no_memory(err);
    for (int64_t u = 0; u < a->n_patients && !status; u++)
        unit[u] = -1;
    for (int64_t k = 0; k < c->n_cases && !status; k++) {
        const int64_t u = a->patient_of_case[c->case_index[k]];
        if (unit[u] < 0) unit[u] = c->n_units++;
    }
    for (int t = 0; t < c->n_tools && !status; t++) {
        for (int64_t k = 0; k < c->n_cases; k++) {
            const int64_t cell = t * c->n_units + unit[a->patient_of_case[c->case_index[k]]];
            if (!c->has[t * c->n_cases + k]) continue;
            c->unit_value[cell] += c->value[t * c->n_cases + k];
            count[cell]++;
        }
        for (int64_t cell = t * c->n_units; cell < (t + 1) * c->n_units; cell++) {
            c->unit_has[cell] = count[cell] > 0;
            if (count[cell] > 1) c->unit_value[cell] /= (double)count[cell];
        }
    }
    free(unit);
    free(count);
    return status;
}

/* Tests want independent units: one value per patient, or the cases themselves where these are independent.
 */
static cm_status fill_units(cm_comparison *c, const cm_aggregates *a, cm_error *err)
{
    if (a->draw_unit == CM_DRAW_PATIENTS) return fill_patients(c, a, err);
    c->n_units = c->n_cases;
    c->unit_value = c->value;
    c->unit_has = c->has;
    return CM_OK;
}

/* ---- rankings ---- */

static cm_direction direction_of(const cm_aggregates *a)
{
    return cm_compared_direction(a, a->ranking_metric);
}

static cm_rank_table case_table(const cm_comparison *c, const cm_aggregates *a)
{
    return (cm_rank_table){c->n_tools, c->n_cases, c->value, c->has, direction_of(a)};
}

static int64_t replicates_of(const cm_comparison *c, const cm_aggregates *a, cm_ranking_method method)
{
    const int64_t asked = a->results->bench->replicates;
    const double pairs = c->n_tools * (c->n_tools - 1) / 2.0;
    const bool costly = pairs * (double)c->n_cases * (double)asked > CM_TEST_BASED_WORK;
    return method == CM_TEST_BASED && costly && asked > CM_TEST_BASED_REPLICATES ? CM_TEST_BASED_REPLICATES
                                                                                 : asked;
}

static cm_status rank_by(cm_comparison *c, const cm_aggregates *a, cm_threads *pool,
                         const cm_sampling *sampling, cm_method_result *m, cm_error *err)
{
    const cm_bench *bench = a->results->bench;
    const cm_rank_table table = case_table(c, a);
    const size_t n = (size_t)c->n_tools;
    m->score = malloc(n * sizeof *m->score);
    m->has = malloc(n * sizeof *m->has);
    m->place = malloc(n * sizeof *m->place);
    if (!m->score || !m->has || !m->place) return no_memory(err);
    cm_status status = cm_rank(pool, &table, &m->rule, NULL, m->score, m->has, m->place, err);
    if (!status && bench->replicates > 0)
        status = cm_rank_stability(pool, &table, &m->rule, sampling, replicates_of(c, a, m->rule.method),
                                   (cm_random){bench->seed, CM_PURPOSE_RANKING}, bench->level, m->place,
                                   &m->stability, err);
    return status;
}

static cm_status rank_all_ways(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    cm_sampling *sampling = NULL;
    cm_status status = cm_aggregate_sampling(a, c->case_index, c->n_cases, false, &sampling, err);
    c->n_methods = CM_METHODS;
    for (int k = 0; k < c->n_methods && !status; k++) {
        c->method[k].rule = (cm_rank_rule){.method = (cm_ranking_method)(CM_MEAN_THEN_RANK + k),
                                           .ties = CM_TIES_MIN,
                                           .missing = CM_MISSING_LEFT_OUT,
                                           .alpha = c->alpha,
                                           .adjustment = CM_ADJUST_HOLM};
        status = rank_by(c, a, pool, sampling, &c->method[k], err);
    }
    cm_sampling_destroy(sampling);
    return status;
}

/* The bench's method once for every group that may be shown, without its cases. */
static cm_status rank_without_groups(cm_comparison *c, const cm_aggregates *a, cm_threads *pool,
                                     cm_error *err)
{
    const cm_rank_table table = case_table(c, a);
    const size_t n = (size_t)c->n_tools;
    int32_t *times = malloc((size_t)c->n_cases * sizeof *times);
    c->without = calloc((size_t)a->n_all_groups, sizeof *c->without);
    if (!times || !c->without) {
        free(times);
        return no_memory(err);
    }
    cm_status status = CM_OK;
    for (int group = 1; group < a->n_all_groups && !status; group++) {
        int64_t left = 0;
        for (int64_t k = 0; k < c->n_cases; k++) {
            times[k] = !cm_in_group(a, c->case_index[k], group);
            left += times[k];
        }
        if (a->groups[group].hidden || left == 0 || left == c->n_cases) continue;
        cm_without *w = &c->without[c->n_without++];
        *w = (cm_without){.group = group,
                          .units = left,
                          .score = malloc(n * sizeof *w->score),
                          .has = malloc(n * sizeof *w->has),
                          .place = malloc(n * sizeof *w->place)};
        status = w->score && w->has && w->place
                     ? cm_rank(pool, &table, &c->method[0].rule, times, w->score, w->has, w->place, err)
                     : no_memory(err);
    }
    free(times);
    return status;
}

/* ---- pairs ---- */

/* The units on which both have a value, side by side. */
static int64_t pair_up(const cm_comparison *c, int i, int j, double *x, double *y)
{
    int64_t n = 0;
    for (int64_t u = 0; u < c->n_units; u++) {
        if (!c->unit_has[i * c->n_units + u] || !c->unit_has[j * c->n_units + u]) continue;
        x[n] = c->unit_value[i * c->n_units + u];
        y[n++] = c->unit_value[j * c->n_units + u];
    }
    return n;
}

/* What means could have shown, and whether they are the same in practice. */
static cm_status measure_means(cm_comparison *c, const cm_aggregates *a, const double *x, const double *y,
                               int64_t n, int cell, cm_error *err)
{
    const double margin = a->results->bench->margin;
    if (n < 2) return CM_OK;
    const cm_status status =
        cm_detectable_difference(x, y, n, 1 - c->alpha, CM_POWER, &c->detectable[cell], err);
    return status || !c->equivalence
               ? status
               : cm_equivalence_test(x, y, n, margin, c->alpha, &c->equivalence[cell], err);
}

/* Tests of equivalence are as many as tests of difference, and corrected alike. */
static cm_status adjust_equivalence(cm_comparison *c, cm_error *err)
{
    const size_t pairs = (size_t)c->n_tools * (size_t)(c->n_tools - 1) / 2;
    double *p = malloc(pairs * sizeof *p);
    if (!p) return no_memory(err);
    int64_t n = 0;
    for (int i = 0; i < c->n_tools; i++)
        for (int j = i + 1; j < c->n_tools; j++)
            if (c->detectable[i * c->n_tools + j] >= 0) p[n++] = c->equivalence[i * c->n_tools + j].p;
    const cm_status status = cm_adjust(CM_ADJUST_HOLM, p, n, err);
    n = 0;
    for (int i = 0; i < c->n_tools && !status; i++)
        for (int j = i + 1; j < c->n_tools; j++)
            if (c->detectable[i * c->n_tools + j] >= 0) {
                cm_equivalence *e = &c->equivalence[i * c->n_tools + j];
                e->p = p[n++];
                e->equivalent = e->p <= c->alpha;
            }
    free(p);
    return status;
}

typedef struct effects_job {
    cm_comparison *c;
    const cm_aggregates *a;
    double *scratch;   /* [workers][2 * (n_units + 1)] */
    cm_status *status; /* [workers] */
} effects_job;

static cm_status measure_pair(const effects_job *job, int i, int j, double *x, double *y)
{
    cm_comparison *c = job->c;
    const int cell = i * c->n_tools + j;
    const int64_t n = pair_up(c, i, j, x, y);
    c->compared[cell] = n > 0;
    c->detectable[cell] = -1;
    if (!n) return CM_OK;
    cm_status status = cm_hodges_lehmann(x, y, n, 1 - c->alpha, &c->shift[cell], NULL);
    if (!status)
        status = cm_win_probability(x, y, n, direction_of(job->a), 1 - c->alpha, &c->win[cell], NULL);
    return status ? status : measure_means(c, job->a, x, y, n, cell, NULL);
}

static void effects_task(void *context, int64_t task, int worker)
{
    const effects_job *job = context;
    const int n = job->c->n_tools;
    double *x = job->scratch + worker * 2 * (job->c->n_units + 1), *y = x + job->c->n_units + 1;
    int i = 0;
    while (task >= n - 1 - i)
        task -= n - 1 - i++;
    const cm_status status = measure_pair(job, i, i + 1 + (int)task, x, y);
    if (status) job->status[worker] = status;
}

static cm_status measure_effects(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    const size_t workers = (size_t)cm_threads_count(pool);
    effects_job job = {.c = c,
                       .a = a,
                       .scratch = malloc(workers * 2 * (size_t)(c->n_units + 1) * sizeof *job.scratch),
                       .status = calloc(workers, sizeof *job.status)};
    cm_status status = job.scratch && job.status ? CM_OK : no_memory(err);
    if (!status) cm_threads_for(pool, (int64_t)c->n_tools * (c->n_tools - 1) / 2, effects_task, &job);
    for (size_t w = 0; w < workers && !status; w++)
        if (job.status[w])
            status =
                CM_FAIL(err, job.status[w], .what = "the differences of two tools could not be measured");
    if (!status && c->equivalence) status = adjust_equivalence(c, err);
    free(job.scratch);
    free(job.status);
    return status;
}

/* Stable by place, so that the input order decides among equals. */
static void order_by_place(cm_comparison *c)
{
    const double *place = c->method[0].place;
    for (int t = 0; t < c->n_tools; t++) {
        int at = t;
        for (; at > 0 && place[c->order[at - 1]] > place[t]; at--)
            c->order[at] = c->order[at - 1];
        c->order[at] = t;
    }
}

static cm_status compare_pairs(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    const cm_rank_table table = {c->n_tools, c->n_units, c->unit_value, c->unit_has, direction_of(a)};
    const size_t n = (size_t)c->n_tools;
    c->shift = calloc(n * n, sizeof *c->shift);
    c->win = calloc(n * n, sizeof *c->win);
    c->compared = calloc(n * n, sizeof *c->compared);
    c->detectable = calloc(n * n, sizeof *c->detectable);
    if (a->results->bench->margin > 0) c->equivalence = calloc(n * n, sizeof *c->equivalence);
    if (!c->shift || !c->win || !c->compared || !c->detectable ||
        (a->results->bench->margin > 0 && !c->equivalence))
        return no_memory(err);
    cm_status status = cm_test_friedman(pool, &table, &c->friedman, err);
    if (!status)
        status = cm_pairwise_create(pool, &table, CM_WILCOXON_AUTO, c->alpha, CM_ADJUST_HOLM, &c->pairs, err);
    return status ? status : measure_effects(c, a, pool, err);
}

/* What follows from the tests. */
static cm_status conclude(cm_comparison *c, cm_error *err)
{
    const size_t n = (size_t)c->n_tools;
    c->low = calloc(n * 5, sizeof *c->low); /* one allocation for five lists */
    if (!c->low) return no_memory(err);
    c->high = c->low + n;
    c->order = c->low + 2 * n;
    c->first = c->low + 3 * n;
    c->last = c->low + 4 * n;
    order_by_place(c);
    cm_rank_limits(c->pairs, c->of_cohort || (c->friedman.defined && c->friedman.f_p <= c->alpha), c->low,
                   c->high);
    c->n_groups = cm_equal_groups(c->pairs, c->order, c->first, c->last);
    return CM_OK;
}

static cm_status compare_values(cm_comparison *c, const cm_aggregates *a, cm_threads *pool, cm_error *err)
{
    cm_status status = fill_cases(c, a, err);
    if (!status) status = fill_units(c, a, err);
    if (!status) status = rank_all_ways(c, a, pool, err);
    if (!status) status = rank_without_groups(c, a, pool, err);
    return status ? status : compare_pairs(c, a, pool, err);
}

cm_status cm_comparison_create(const cm_aggregates *a, cm_threads *pool, cm_comparison **out, cm_error *err)
{
    *out = NULL;
    const int n_tools = a->results->n_tools;
    const bool of_cohort = cm_metric_of_cohort(a->results, a->ranking_metric);
    if (n_tools < 2 || n_tools > CM_RANK_TOOLS_MAX || a->cases_with_reference < 2 ||
        (of_cohort && !a->replicate_value))
        return CM_OK;
    cm_comparison *c = calloc(1, sizeof *c);
    if (!c) return no_memory(err);
    c->n_tools = n_tools;
    c->alpha = nearbyint((1 - a->results->bench->level) * 1e12) / 1e12; /* 0.05, not 0.05000000000000004 */
    cm_status status = of_cohort ? cm_comparison_of_cohort(c, a, err) : compare_values(c, a, pool, err);
    if (!status) status = conclude(c, err);
    if (!status) status = cm_comparison_by_groups(c, a, pool, err);
    if (status)
        cm_comparison_destroy(c);
    else
        *out = c;
    return status;
}

void cm_comparison_destroy(cm_comparison *c)
{
    if (!c) return;
    for (int k = 0; k < CM_METHODS; k++) {
        free(c->method[k].score);
        free(c->method[k].has);
        free(c->method[k].place);
        cm_stability_destroy(c->method[k].stability);
    }
    for (int k = 0; k < c->n_without; k++) {
        free(c->without[k].score);
        free(c->without[k].has);
        free(c->without[k].place);
    }
    free(c->without);
    free(c->pair);
    free(c->in_group);
    free(c->interaction);
    free(c->interaction_p);
    cm_pairwise_destroy(c->pairs);
    free(c->case_index);
    if (c->unit_value != c->value) free(c->unit_value);
    if (c->unit_has != c->has) free(c->unit_has);
    free(c->value);
    free(c->has);
    free(c->shift);
    free(c->win);
    free(c->test);
    free(c->detectable);
    free(c->equivalence);
    free(c->compared);
    free(c->low);
    free(c);
}
