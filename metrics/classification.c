/* Classification metrics of a set of cases: sorting once per class, then one walk per weighting. */
#include "metrics/classification.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/class_view.h"
#include "metrics/facts.h"
#include "metrics/statistics/key_sort.h"

/* One class, cases by falling score. Metrics of decisions do not need the order, but it costs little. */
typedef struct ranked_class {
    double *score;
    uint8_t *positive;
    int64_t *place;
} ranked_class;

struct cm_class_view {
    const cm_classified *data;
    int first, last;      /* classes first..last-1 are evaluated against the rest */
    bool at_once;         /* over all classes: by the confusion matrix instead, */
    bool all_cases;       /* or by all scores */
    ranked_class *ranked; /* [last - first]; NULL when at_once */
};

static cm_status check_data(const cm_metric *metric, const cm_classified *data, int c, cm_error *err)
{
    if (metric->definition->kind != CM_METRIC_CLASSIFICATION)
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s is no classification metric", metric->id).s);
    if (data->n < 0 || data->n > INT32_MAX || data->k < 2 || c >= data->k)
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "classification needs two classes or more",
            .why = cm_strf("%lld cases, %d classes, class %d asked for", (long long)data->n, data->k, c).s);
    for (int64_t i = 0; i < data->n; i++) {
        bool good = data->truth[i] >= 0 && data->truth[i] < data->k && data->decided[i] >= 0 &&
                    data->decided[i] < data->k && (!data->weight || data->weight[i] >= 0);
        for (int j = 0; j < data->k; j++)
            good = good && isfinite(data->score[i * data->k + j]);
        if (!good)
            return CM_FAIL(err, CM_ERR_ARG,
                           .what =
                               "a case has a class outside the declared ones, a score that is not finite, "
                               "or a negative weight",
                           .why = cm_strf("case %lld of %lld: true class %d, decided class %d, %d classes",
                                          (long long)i + 1, (long long)data->n, (int)data->truth[i],
                                          (int)data->decided[i], data->k)
                                      .s);
    }
    return CM_OK;
}

/* On failure the parts that were made stay in *out for ranked_class_fini. */
static bool ranked_class_init(ranked_class *out, const cm_classified *data, int c)
{
    const size_t n = (size_t)data->n + 1; /* never 0 */
    uint64_t *key = malloc(2 * n * sizeof *key);
    int32_t *at = malloc(2 * n * sizeof *at);
    out->score = malloc(n * sizeof *out->score);
    out->positive = malloc(n * sizeof *out->positive);
    out->place = malloc(n * sizeof *out->place);
    const bool good = key && at && out->score && out->positive && out->place;
    if (good) {
        for (int64_t i = 0; i < data->n;
             i++) { /* keys that rise as scores fall; equal ones keep their order */
            key[i] = ~cm_sort_key(data->score[i * data->k + c]);
            at[i] = (int32_t)i;
        }
        cm_sort_keys(key, at, data->n, key + n, at + n);
        for (int64_t i = 0; i < data->n; i++) {
            out->score[i] = data->score[at[i] * (int64_t)data->k + c];
            out->place[i] = at[i];
            out->positive[i] = data->truth[at[i]] == c;
        }
    }
    free(key);
    free(at);
    return good;
}

static void ranked_class_fini(ranked_class *r)
{
    free(r->score);
    free(r->positive);
    free(r->place);
}

cm_status cm_class_view_create(const cm_metric *metric, const cm_classified *data, int c, cm_class_view **out,
                               cm_error *err)
{
    cm_status st = check_data(metric, data, c, err);
    if (st) return st;
    cm_class_view *v = calloc(1, sizeof *v);
    bool good = v;
    if (good) {
        v->data = data;
        v->at_once = c < 0 && metric->definition->all_class;
        v->all_cases = c < 0 && metric->definition->all_cases;
        v->first = c < 0 ? 0 : c;
        v->last = c < 0 ? data->k : c + 1;
        if (!v->at_once) {
            v->ranked = calloc((size_t)(v->last - v->first), sizeof *v->ranked);
            good = v->ranked;
        }
    }
    for (int i = 0; good && !v->at_once && i < v->last - v->first; i++)
        good = ranked_class_init(&v->ranked[i], data, v->first + i);
    if (!good) {
        cm_class_view_destroy(v);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to sort the cases",
                       .why = cm_strf("%lld cases, %d classes", (long long)data->n, data->k).s);
    }
    *out = v;
    return CM_OK;
}

void cm_class_view_destroy(cm_class_view *view)
{
    if (!view) return;
    for (int i = 0; view->ranked && i < view->last - view->first; i++)
        ranked_class_fini(&view->ranked[i]);
    free(view->ranked);
    free(view);
}

int64_t cm_class_view_scratch_bytes(const cm_class_view *view)
{
    const int64_t k = view->data->k;
    return view->at_once     ? k * k * (int64_t)sizeof(int64_t)
           : view->all_cases ? k * (int64_t)sizeof(cm_class_facts)
                             : (int64_t)sizeof(int64_t);
}

static bool value_at_once(const cm_class_view *v, const cm_metric *metric, const int32_t *weight,
                          int64_t *count, double *value)
{
    const cm_classified *data = v->data;
    const int64_t k = data->k;
    for (int64_t i = 0; i < k * k; i++)
        count[i] = 0;
    for (int64_t i = 0; i < data->n; i++)
        count[data->truth[i] * k + data->decided[i]] += weight ? weight[i] : 1;
    return metric->definition->all_class(&(cm_confusion_facts){.k = data->k, .count = count}, metric, value);
}

static cm_class_facts facts_of_class(const cm_class_view *v, const int32_t *weight, int c)
{
    const cm_classified *data = v->data;
    const ranked_class *r = &v->ranked[c - v->first];
    int64_t count[2][2] = {{0, 0}, {0, 0}}; /* [is the class][decided as the class] */
    for (int64_t i = 0; i < data->n; i++)
        count[data->truth[i] == c][data->decided[i] == c] += weight ? weight[i] : 1;
    return (cm_class_facts){.n = data->n,
                            .score = r->score,
                            .positive = r->positive,
                            .place = r->place,
                            .weight = weight,
                            .tp = count[1][1],
                            .fp = count[0][1],
                            .fn = count[1][0],
                            .tn = count[0][0]};
}

static bool value_of_all_cases(const cm_class_view *v, const cm_metric *metric, const int32_t *weight,
                               cm_class_facts *of_class, double *value)
{
    const cm_classified *data = v->data;
    for (int c = 0; c < data->k; c++)
        of_class[c] = facts_of_class(v, weight, c);
    const cm_cases_facts facts = {.n = data->n,
                                  .k = data->k,
                                  .truth = data->truth,
                                  .score = data->score,
                                  .weight = weight,
                                  .of_class = of_class};
    return metric->definition->all_cases(&facts, metric, value);
}

bool cm_class_view_value(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                         void *scratch, double *value)
{
    if (view->at_once) return value_at_once(view, metric, weight, scratch, value);
    if (view->all_cases) return value_of_all_cases(view, metric, weight, scratch, value);
    double sum = 0;
    for (int c = view->first; c < view->last; c++) {
        double one;
        const cm_class_facts facts = facts_of_class(view, weight, c);
        if (!metric->definition->one_vs_rest(&facts, metric, &one)) return false;
        sum += one;
    }
    *value = sum / (view->last - view->first);
    return true;
}

static cm_metric_value classify(const cm_metric *metric, const cm_classified *data, int c, cm_error *err)
{
    cm_metric_value out = {.state = CM_VALUE_UNDEFINED};
    cm_class_view *view = NULL;
    double value = 0;
    if (cm_class_view_create(metric, data, c, &view, err)) return out;
    void *scratch = malloc((size_t)cm_class_view_scratch_bytes(view));
    if (!scratch)
        CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a confusion matrix",
                .why = cm_strf("%d classes", data->k).s);
    else if (cm_class_view_value(view, metric, data->weight, scratch, &value))
        out = (cm_metric_value){.state = CM_VALUE_OK, .value = value};
    free(scratch);
    cm_class_view_destroy(view);
    return out;
}

cm_metric_value cm_classify_one(const cm_metric *metric, const cm_classified *data, int c, cm_error *err)
{
    if (c < 0) {
        CM_FAIL(err, CM_ERR_ARG, .what = "a class is numbered from 0", .why = cm_strf("class %d", c).s);
        return (cm_metric_value){.state = CM_VALUE_UNDEFINED};
    }
    return classify(metric, data, c, err);
}

cm_metric_value cm_classify_macro(const cm_metric *metric, const cm_classified *data, cm_error *err)
{
    return classify(metric, data, -1, err);
}
