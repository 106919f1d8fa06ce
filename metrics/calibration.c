/* Metrics that read scores as probabilities. A score outside 0 to 1 makes them undefined. */
#include "metrics/facts.h"

#include "engine/base/elementary.h"
#include "metrics/statistics/sum.h"

static const double log_loss_clip = 1e-15;

static bool is_probability(double p)
{
    return p >= 0 && p <= 1;
}

static int64_t weight_of(const cm_cases_facts *f, int64_t i)
{
    return f->weight ? f->weight[i] : 1;
}

/* -- Brier and logarithmic scores
 * --------------------------------------------------------------------------------- */

CM_CLASS_METRIC(cm_class_brier)
{
    cm_sum sum = {0, 0};
    int64_t cases = 0;
    (void)metric;
    for (int64_t i = 0; i < facts->n; i++) {
        const int64_t weight = cm_class_weight(facts, i);
        const double miss = facts->score[i] - facts->positive[i];
        if (!is_probability(facts->score[i])) return false;
        cm_sum_add(&sum, (double)weight * (miss * miss));
        cases += weight;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&sum) / (double)cases;
    return true;
}

/* Both terms of two classes: twice the same. */
CM_CLASS_METRIC(cm_class_brier_of_both)
{
    if (!cm_class_brier(facts, metric, value)) return false;
    *value *= 2;
    return true;
}

CM_CLASS_METRIC(cm_class_brier_skill)
{
    const double positives = (double)(facts->tp + facts->fn), negatives = (double)(facts->fp + facts->tn);
    double brier;
    if (!cm_class_brier(facts, metric, &brier) || positives == 0 || negatives == 0) return false;
    const double n = positives + negatives;
    *value = 1 - brier / ((positives / n) * (negatives / n));
    return true;
}

CM_CASES_METRIC(cm_cases_brier)
{
    cm_sum sum = {0, 0};
    int64_t cases = 0;
    (void)metric;
    for (int64_t i = 0; i < facts->n; i++) {
        const int64_t weight = weight_of(facts, i);
        for (int c = 0; c < facts->k; c++) {
            const double p = facts->score[i * facts->k + c], miss = p - (facts->truth[i] == c);
            if (!is_probability(p)) return false;
            cm_sum_add(&sum, (double)weight * (miss * miss));
        }
        cases += weight;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&sum) / (double)cases;
    return true;
}

static double surprise(double p)
{
    const double low = log_loss_clip, high = 1 - log_loss_clip;
    return -cm_ln(p < low ? low : p > high ? high : p);
}

CM_CLASS_METRIC(cm_class_log_loss)
{
    cm_sum sum = {0, 0};
    int64_t cases = 0;
    (void)metric;
    for (int64_t i = 0; i < facts->n; i++) {
        const int64_t weight = cm_class_weight(facts, i);
        const double p = facts->score[i];
        if (!is_probability(p)) return false;
        cm_sum_add(&sum, (double)weight * surprise(facts->positive[i] ? p : 1 - p));
        cases += weight;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&sum) / (double)cases;
    return true;
}

CM_CASES_METRIC(cm_cases_log_loss)
{
    cm_sum sum = {0, 0};
    int64_t cases = 0;
    (void)metric;
    for (int64_t i = 0; i < facts->n; i++) {
        const int64_t weight = weight_of(facts, i);
        for (int c = 0; c < facts->k; c++)
            if (!is_probability(facts->score[i * facts->k + c])) return false;
        cm_sum_add(&sum, (double)weight * surprise(facts->score[i * facts->k + facts->truth[i]]));
        cases += weight;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&sum) / (double)cases;
    return true;
}

/* -- calibration errors over bins
 * --------------------------------------------------------------------------------- */

enum { MAX_BINS = 1000 };

typedef struct bin {
    int64_t cases, positives;
    cm_sum expected;
} bin;

static void bin_add(bin *b, int64_t cases, bool positive, double p)
{
    b->cases += cases;
    b->positives += positive ? cases : 0;
    cm_sum_add(&b->expected, (double)cases * p);
}

/* Mean outcome against mean probability. */
static double gap_of(const bin *b)
{
    const double gap =
        (double)b->positives / (double)b->cases - cm_sum_value(&b->expected) / (double)b->cases;
    return gap < 0 ? -gap : gap;
}

/* Bin j of m holds j/m <= p < (j+1)/m, the last one p = 1 as well. */
static int bin_of_width(double p, int m)
{
    int j = (int)(p * m);
    if (j >= m) j = m - 1;
    while (j + 1 < m && (double)(j + 1) / m <= p) /* the product may have been rounded */
        j++;
    while (j > 0 && (double)j / m > p)
        j--;
    return j;
}

typedef enum bin_summary { WEIGHTED_MEAN, MAXIMUM } bin_summary;

static bool summarise_bins(const bin *bins, int m, bin_summary how, double *value)
{
    cm_sum sum = {0, 0};
    double most = 0;
    int64_t cases = 0;
    for (int j = 0; j < m; j++)
        cases += bins[j].cases;
    if (cases == 0) return false;
    for (int j = 0; j < m; j++) {
        if (bins[j].cases == 0) continue;
        const double gap = gap_of(&bins[j]);
        cm_sum_add(&sum, (double)bins[j].cases / (double)cases * gap);
        if (gap > most) most = gap;
    }
    *value = how == MAXIMUM ? most : cm_sum_value(&sum);
    return true;
}

static bool by_width(const cm_class_facts *facts, int m, bin_summary how, double *value)
{
    bin bins[MAX_BINS] = {{0}};
    for (int64_t i = 0; i < facts->n; i++) {
        if (!is_probability(facts->score[i])) return false;
        bin_add(&bins[bin_of_width(facts->score[i], m)], cm_class_weight(facts, i), facts->positive[i],
                facts->score[i]);
    }
    return summarise_bins(bins, m, how, value);
}

CM_CLASS_METRIC(cm_class_ece_width)
{
    return by_width(facts, metric->bins, WEIGHTED_MEAN, value);
}

CM_CLASS_METRIC(cm_class_mce_width)
{
    return by_width(facts, metric->bins, MAXIMUM, value);
}

/* Cases in the order of rising score, ties by case number, are dealt out in parts of equal size; when the
 * number of cases is no multiple of the number of bins, the first ones get one case more. A case that counts
 * often may be divided between bins, as its copies would be. */
CM_CLASS_METRIC(cm_class_ece_mass)
{
    bin bins[MAX_BINS] = {{0}};
    const int m = metric->bins;
    const int64_t all = facts->tp + facts->fn + facts->fp + facts->tn, size = all / m, larger = all % m;
    int at = 0;
    int64_t room = size + (larger > 0);
    for (int64_t end = facts->n; end > 0;) {
        int64_t begin = end - 1;
        while (begin > 0 && facts->score[begin - 1] == facts->score[end - 1])
            begin--;
        for (int64_t i = begin; i < end; i++) {
            if (!is_probability(facts->score[i])) return false;
            for (int64_t left = cm_class_weight(facts, i); left > 0;) {
                while (room == 0)
                    room = size + (++at < larger);
                const int64_t part = left < room ? left : room;
                bin_add(&bins[at], part, facts->positive[i], facts->score[i]);
                left -= part;
                room -= part;
            }
        }
        end = begin;
    }
    return summarise_bins(bins, m, WEIGHTED_MEAN, value);
}

CM_CASES_METRIC(cm_cases_ece_of_top)
{
    bin bins[MAX_BINS] = {{0}};
    for (int64_t i = 0; i < facts->n; i++) {
        const double *p = facts->score + i * facts->k;
        int top = 0;
        for (int c = 0; c < facts->k; c++) {
            if (!is_probability(p[c])) return false;
            if (p[c] > p[top]) top = c;
        }
        bin_add(&bins[bin_of_width(p[top], metric->bins)], weight_of(facts, i), facts->truth[i] == top,
                p[top]);
    }
    return summarise_bins(bins, metric->bins, WEIGHTED_MEAN, value);
}

/* Two classes with the probabilities 1 - p and p; the rest wins a tie. */
CM_CLASS_METRIC(cm_class_ece_of_top)
{
    bin bins[MAX_BINS] = {{0}};
    for (int64_t i = 0; i < facts->n; i++) {
        const double p = facts->score[i];
        if (!is_probability(p)) return false;
        const bool is_class = p > 1 - p;
        const double top = is_class ? p : 1 - p;
        bin_add(&bins[bin_of_width(top, metric->bins)], cm_class_weight(facts, i),
                facts->positive[i] == is_class, top);
    }
    return summarise_bins(bins, metric->bins, WEIGHTED_MEAN, value);
}

CM_CLASS_METRIC(cm_class_observed_expected)
{
    cm_sum expected = {0, 0};
    (void)metric;
    for (int64_t i = 0; i < facts->n; i++) {
        if (!is_probability(facts->score[i])) return false;
        cm_sum_add(&expected, (double)cm_class_weight(facts, i) * facts->score[i]);
    }
    if (cm_sum_value(&expected) == 0) return false;
    *value = (double)(facts->tp + facts->fn) / cm_sum_value(&expected);
    return true;
}
