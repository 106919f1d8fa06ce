/* Classification metrics of a set of cases: sorting once per class for all metrics, then one walk per metric
 * and weighting. */
#include "metrics/classification.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/pages.h"
#include "metrics/class_view.h"
#include "metrics/facts.h"
#include "metrics/statistics/key_sort.h"

/* One class against the rest: counts of truth and decision, and the cases by falling score. */
typedef struct ranked_class {
    double *score;
    uint8_t *positive;
    int32_t *place;
    int64_t count[2][2]; /* [is the class][decided as the class], each case once */
} ranked_class;

struct cm_class_view {
    const cm_classified *data;
    int c;                /* < 0: over all classes */
    int first, last;      /* classes first..last-1 are evaluated against the rest */
    ranked_class *ranked; /* [last - first]; NULL when all metrics are made from the confusion matrix */
};

static bool by_confusion(const cm_metric *metric, int c)
{
    return c < 0 && metric->definition->all_class;
}

static cm_status check_request(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                               cm_error *err)
{
    for (int m = 0; m < n_metrics; m++)
        if (metrics[m].definition->kind != CM_METRIC_CLASSIFICATION)
            return CM_FAIL(err, CM_ERR_ARG,
                           .what = cm_strf("%s is no classification metric", metrics[m].id).s);
    if (data->n < 0 || data->n > INT32_MAX || data->k < 2 || c >= data->k)
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "classification needs two classes or more",
            .why = cm_strf("%lld cases, %d classes, class %d asked for", (long long)data->n, data->k, c).s);
    return CM_OK;
}

static bool good_case(const cm_classified *data, int64_t i)
{
    bool good = data->truth[i] >= 0 && data->truth[i] < data->k && data->decided[i] >= 0 &&
                data->decided[i] < data->k && (!data->weight || data->weight[i] >= 0);
    for (int j = 0; j < data->k; j++)
        good = good && isfinite(data->score[i * data->k + j]);
    return good;
}

/* All at once, without a branch, because all are good nearly always. */
static bool all_good(const cm_classified *data)
{
    const uint32_t k = (uint32_t)data->k;
    const int64_t n_scores = data->n * data->k;
    int bad = 0;
    for (int64_t i = 0; i < data->n; i++)
        bad |= ((uint32_t)data->truth[i] >= k) | ((uint32_t)data->decided[i] >= k);
    for (int64_t i = 0; i < data->n && data->weight; i++)
        bad |= data->weight[i] < 0;
    for (int64_t i = 0; i < n_scores; i++)
        bad |= !(fabs(data->score[i]) <= DBL_MAX);
    return !bad;
}

static cm_status check_data(const cm_classified *data, cm_error *err)
{
    int64_t i = 0;
    if (all_good(data)) return CM_OK;
    while (good_case(data, i))
        i++;
    return CM_FAIL(err, CM_ERR_ARG,
                   .what = "a case has a class outside the declared ones, a score that is not finite, "
                           "or a negative weight",
                   .why = cm_strf("case %lld of %lld: true class %d, decided class %d, %d classes",
                                  (long long)i + 1, (long long)data->n, (int)data->truth[i],
                                  (int)data->decided[i], data->k)
                              .s);
}

static void count_decisions(const cm_classified *data, int c, const int32_t *weight, int64_t count[2][2])
{
    int64_t class = 0, chosen = 0, both = 0, all = 0;
    for (int64_t i = 0; i < data->n; i++) {
        const int64_t w = weight ? weight[i] : 1;
        const int64_t is = -(int64_t)(data->truth[i] == c), says = -(int64_t)(data->decided[i] == c);
        all += w;
        class += w & is;
        chosen += w & says;
        both += w & is & says;
    }
    count[1][1] = both;
    count[1][0] = class - both;
    count[0][1] = chosen - both;
    count[0][0] = all - class - chosen + both;
}

static void *large_array(size_t bytes)
{
    void *array = malloc(bytes);
    cm_prefer_large_pages(array, bytes);
    return array;
}

/* On failure the parts that were made stay in *out for ranked_class_fini. */
static bool ranked_class_init(ranked_class *out, const cm_classified *data, int c)
{
    const int64_t n = data->n;
    const size_t room = (size_t)n + 1; /* never 0 */
    uint64_t *entry = large_array(room * sizeof *entry);
    out->score = large_array(room * sizeof *out->score);
    out->positive = large_array(room * sizeof *out->positive);
    out->place = large_array(room * sizeof *out->place);
    const bool good = entry && out->score && out->positive && out->place;
    if (good) cm_sort_falling(data->score + c, data->k, n, entry, out->score);
    for (int64_t i = 0; i < n && good; i++) {
        const int64_t at = (int64_t)(entry[i] & UINT32_MAX);
        out->place[i] = (int32_t)at;
        out->positive[i] = data->truth[at] == c;
    }
    free(entry);
    count_decisions(data, c, NULL, out->count);
    return good;
}

static void ranked_class_fini(ranked_class *r)
{
    free(r->score);
    free(r->positive);
    free(r->place);
}

cm_status cm_class_view_create(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                               cm_class_view **out, cm_error *err)
{
    cm_status st = check_request(metrics, n_metrics, data, c, err);
    if (!st) st = check_data(data, err);
    if (st) return st;
    bool ranks = false;
    for (int m = 0; m < n_metrics; m++)
        ranks = ranks || !by_confusion(&metrics[m], c);
    cm_class_view *v = calloc(1, sizeof *v);
    bool good = v;
    if (good) {
        *v = (cm_class_view){.data = data, .c = c, .first = c < 0 ? 0 : c, .last = c < 0 ? data->k : c + 1};
        if (ranks) v->ranked = calloc((size_t)(v->last - v->first), sizeof *v->ranked);
        good = !ranks || v->ranked;
    }
    for (int i = 0; good && ranks && i < v->last - v->first; i++)
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
    const int64_t confusion = k * k * (int64_t)sizeof(int64_t), classes = k * (int64_t)sizeof(cm_class_facts);
    if (view->c >= 0) return (int64_t)sizeof(int64_t);
    return confusion > classes ? confusion : classes;
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
    const ranked_class *r = &v->ranked[c - v->first];
    int64_t own[2][2];
    const int64_t(*count)[2] = r->count;
    if (weight) {
        count_decisions(v->data, c, weight, own);
        count = own;
    }
    return (cm_class_facts){.n = v->data->n,
                            .score = r->score,
                            .positive = r->positive,
                            .place = r->place,
                            .weight = weight,
                            .tp = count[1][1],
                            .fp = count[0][1],
                            .fn = count[1][0],
                            .tn = count[0][0]};
}

void cm_class_view_facts(const cm_class_view *view, const int32_t *weight, cm_class_facts *out)
{
    *out = facts_of_class(view, weight, view->first);
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

/* What is asked of a class before the mean over the classes is taken. */
typedef double (*of_class)(cm_direction direction, double value);

static double as_it_is(cm_direction direction, double value)
{
    (void)direction;
    return value;
}

static bool read_value(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                       void *scratch, of_class read, double *value)
{
    const cm_direction direction = metric->definition->direction;
    const bool confusion = by_confusion(metric, view->c);
    if (confusion || (view->c < 0 && metric->definition->all_cases)) {
        const bool defined = confusion ? value_at_once(view, metric, weight, scratch, value)
                                       : value_of_all_cases(view, metric, weight, scratch, value);
        if (defined) *value = read(direction, *value);
        return defined;
    }
    double sum = 0;
    for (int c = view->first; c < view->last; c++) {
        double one;
        const cm_class_facts facts = facts_of_class(view, weight, c);
        if (!metric->definition->one_vs_rest(&facts, metric, &one)) return false;
        sum += read(direction, one);
    }
    *value = sum / (view->last - view->first);
    return true;
}

bool cm_class_view_value(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                         void *scratch, double *value)
{
    return read_value(view, metric, weight, scratch, as_it_is, value);
}

bool cm_class_view_compared(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                            void *scratch, double *value)
{
    return read_value(view, metric, weight, scratch, cm_direction_compared, value);
}

static cm_status classify(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                          cm_class_view_reading read, cm_metric_value *values, cm_error *err)
{
    cm_class_view *view = NULL;
    cm_status st = cm_class_view_create(metrics, n_metrics, data, c, &view, err);
    for (int m = 0; m < n_metrics; m++)
        values[m] = (cm_metric_value){.state = CM_VALUE_UNDEFINED};
    if (st) return st;
    void *scratch = malloc((size_t)cm_class_view_scratch_bytes(view));
    if (!scratch)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a confusion matrix",
                     .why = cm_strf("%d classes", data->k).s);
    for (int m = 0; m < n_metrics && !st; m++) {
        double value = 0;
        if (read(view, &metrics[m], data->weight, scratch, &value))
            values[m] = (cm_metric_value){.state = CM_VALUE_OK, .value = value};
    }
    free(scratch);
    cm_class_view_destroy(view);
    return st;
}

cm_status cm_classify(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                      cm_metric_value *values, cm_error *err)
{
    return classify(metrics, n_metrics, data, c, cm_class_view_value, values, err);
}

cm_metric_value cm_classify_compared(const cm_metric *metric, const cm_classified *data, int c, cm_error *err)
{
    cm_metric_value value;
    classify(metric, 1, data, c, cm_class_view_compared, &value, err);
    return value;
}

cm_metric_value cm_classify_one(const cm_metric *metric, const cm_classified *data, int c, cm_error *err)
{
    cm_metric_value value = {.state = CM_VALUE_UNDEFINED};
    if (c < 0)
        CM_FAIL(err, CM_ERR_ARG, .what = "a class is numbered from 0", .why = cm_strf("class %d", c).s);
    else
        cm_classify(metric, 1, data, c, &value, err);
    return value;
}

cm_metric_value cm_classify_macro(const cm_metric *metric, const cm_classified *data, cm_error *err)
{
    cm_metric_value value;
    cm_classify(metric, 1, data, -1, &value, err);
    return value;
}
