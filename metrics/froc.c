/* Metrics of a cohort: pooled counts, and curves over predicted lesions by falling volume. */
#include "metrics/facts.h"

#include "metrics/statistics/sum.h"

static bool ratio(double numerator, double denominator, double *value)
{
    if (denominator == 0) return false;
    *value = numerator / denominator;
    return true;
}

CM_GATHERED_METRIC(cm_gathered_dsc)
{
    (void)metric;
    return ratio(2 * facts->found, facts->reference + facts->prediction, value);
}

CM_GATHERED_METRIC(cm_gathered_sensitivity)
{
    (void)metric;
    return ratio(facts->found, facts->reference, value);
}

CM_GATHERED_METRIC(cm_gathered_ppv)
{
    (void)metric;
    return ratio(facts->right, facts->prediction, value);
}

CM_GATHERED_METRIC(cm_gathered_f1)
{
    (void)metric;
    if (facts->reference + facts->prediction == 0) return false;
    if (facts->found == 0 || facts->right == 0) {
        *value = 0;
        return true;
    }
    const double sensitivity = facts->found / facts->reference, precision = facts->right / facts->prediction;
    *value = 2 * sensitivity * precision / (sensitivity + precision);
    return true;
}

CM_GATHERED_METRIC(cm_gathered_panoptic_quality)
{
    (void)metric;
    return ratio(2 * facts->sum_iou, facts->reference + facts->prediction, value);
}

/* Entries of the same score, weighted. */
typedef struct step {
    int64_t end, found, wrong;
} step;

static step step_at(const cm_gathered_facts *f, int64_t begin)
{
    step s = {begin, 0, 0};
    for (; s.end < f->n_entries && f->entries[s.end].score == f->entries[begin].score; s.end++) {
        const cm_gathered_entry *e = &f->entries[s.end];
        const int64_t times = f->weight ? f->weight[e->case_index] : 1;
        *(e->is_found ? &s.found : &s.wrong) += times;
    }
    return s;
}

/* The largest sensitivity of all thresholds with at most `rate` false positives per case. */
static double sensitivity_at(const cm_gathered_facts *f, double rate)
{
    int64_t found = 0, wrong = 0;
    double best = 0;
    for (int64_t i = 0; i < f->n_entries;) {
        const step s = step_at(f, i);
        found += s.found;
        wrong += s.wrong;
        if ((double)wrong > rate * (double)f->cases) break; /* it only grows */
        best = (double)found / f->reference;
        i = s.end;
    }
    return best;
}

CM_GATHERED_METRIC(cm_gathered_sensitivity_at_rate)
{
    if (facts->reference == 0 || facts->cases == 0) return false;
    *value = sensitivity_at(facts, metric->rate);
    return true;
}

CM_GATHERED_METRIC(cm_gathered_froc)
{
    double rate = 1.0 / 8, sum = 0;
    (void)metric;
    if (facts->reference == 0 || facts->cases == 0) return false;
    for (int i = 0; i < 7; i++, rate *= 2)
        sum += sensitivity_at(facts, rate);
    *value = sum / 7;
    return true;
}

/* Sum over thresholds of the growth of recall times precision; equal volumes together. */
CM_GATHERED_METRIC(cm_gathered_average_precision)
{
    int64_t found = 0, all = 0;
    cm_sum sum = {0, 0};
    (void)metric;
    if (facts->reference == 0) return false;
    for (int64_t i = 0; i < facts->n_entries;) {
        const step s = step_at(facts, i);
        found += s.found;
        all += s.found + s.wrong;
        if (s.found) cm_sum_add(&sum, (double)s.found * ((double)found / (double)all));
        i = s.end;
    }
    *value = cm_sum_value(&sum) / facts->reference;
    return true;
}
