/* Classification metrics of scores: one walk down the cases from the highest score, equal scores together. */
#include "metrics/facts.h"

#include "metrics/statistics/sum.h"

__extension__ typedef unsigned __int128 wide; /* pairs of cases */

/* The cases that share score[begin]: their weights, and where the next score begins. */
typedef struct tie {
    int64_t end, positives, negatives;
} tie;

static tie tie_at(const cm_class_facts *f, int64_t begin)
{
    tie t = {begin, 0, 0};
    int64_t all = 0;
    for (; t.end < f->n && f->score[t.end] == f->score[begin]; t.end++) {
        const int64_t weight = cm_class_weight(f, t.end);
        t.positives += weight & -(int64_t)f->positive[t.end]; /* no branch: it would be a coin toss */
        all += weight;
    }
    t.negatives = all - t.positives;
    return t;
}

/* Cases of the class, and others. */
static void count_all(const cm_class_facts *f, int64_t *positives, int64_t *negatives)
{
    *positives = f->tp + f->fn;
    *negatives = f->fp + f->tn;
}

/* Mann-Whitney: pairs (positive, negative) in the right order, a tie counts half. Halves are counted in twos.
 */
CM_CLASS_METRIC(cm_class_auroc)
{
    const cm_class_facts *f = facts;
    wide twice_won = 0;
    int64_t positives_above = 0, negatives_above = 0;
    (void)metric;
    for (int64_t i = 0; i < f->n;) {
        const tie t = tie_at(f, i);
        twice_won += (wide)t.negatives * (wide)(2 * positives_above + t.positives);
        positives_above += t.positives;
        negatives_above += t.negatives;
        i = t.end;
    }
    const wide pairs = (wide)positives_above * (wide)negatives_above;
    if (pairs == 0) return false;
    *value = (double)twice_won / (2 * (double)pairs);
    return true;
}

/* Sum over scores of (recall here - recall above) * precision here. */
CM_CLASS_METRIC(cm_class_average_precision)
{
    const cm_class_facts *f = facts;
    cm_sum sum = {0, 0};
    int64_t positives = 0, cases = 0;
    (void)metric;
    for (int64_t i = 0; i < f->n;) {
        const tie t = tie_at(f, i);
        positives += t.positives;
        cases += t.positives + t.negatives;
        if (t.positives) cm_sum_add(&sum, (double)t.positives * ((double)positives / (double)cases));
        i = t.end;
    }
    if (positives == 0) return false;
    *value = cm_sum_value(&sum) / (double)positives;
    return true;
}

/* -- along the ROC and precision-recall curves
 * ------------------------------------------------------------------ */

/* Area under the ROC curve left of the given false positive rate, straight lines between points, put on the
 * scale on which chance is 1/2 and perfection 1 (McClish). */
CM_CLASS_METRIC(cm_class_partial_auroc)
{
    const double end = metric->share;
    int64_t positives, negatives, tp = 0, fp = 0;
    cm_sum area = {0, 0};
    count_all(facts, &positives, &negatives);
    if (positives == 0 || negatives == 0) return false;
    for (int64_t i = 0; i < facts->n;) {
        const tie t = tie_at(facts, i);
        const double from = (double)fp / (double)negatives,
                     to = (double)(fp + t.negatives) / (double)negatives;
        const double low = (double)tp / (double)positives,
                     high = (double)(tp + t.positives) / (double)positives;
        if (from >= end) break;
        if (to > end) { /* the curve is cut between two points */
            const double cut = low + (high - low) * ((end - from) / (to - from));
            cm_sum_add(&area, (end - from) * (low + cut) / 2);
        } else {
            cm_sum_add(&area, (to - from) * (low + high) / 2);
        }
        tp += t.positives;
        fp += t.negatives;
        i = t.end;
    }
    const double chance = end * end / 2;
    *value = (1 + (cm_sum_value(&area) - chance) / (end - chance)) / 2;
    return true;
}

/* Straight lines between the points (recall, precision) of all thresholds, starting at (0, 1). */
CM_CLASS_METRIC(cm_class_auprc_trapezoid)
{
    int64_t positives, negatives, tp = 0, fp = 0;
    double recall = 0, precision = 1;
    cm_sum area = {0, 0};
    (void)metric;
    count_all(facts, &positives, &negatives);
    if (positives == 0) return false;
    for (int64_t i = 0; i < facts->n;) {
        const tie t = tie_at(facts, i);
        i = t.end;
        if (t.positives + t.negatives == 0) continue; /* cases that no replicate drew */
        tp += t.positives;
        fp += t.negatives;
        const double next_recall = (double)tp / (double)positives;
        const double next_precision = (double)tp / (double)(tp + fp);
        cm_sum_add(&area, (next_recall - recall) * (next_precision + precision) / 2);
        recall = next_recall;
        precision = next_precision;
    }
    *value = cm_sum_value(&area);
    return true;
}

/* What the best of all thresholds gives, the one at which nothing is decided positive among them. */
typedef double (*goodness)(double sensitivity, double specificity, double demanded);

static bool best_of_thresholds(const cm_class_facts *f, goodness good, double demanded, double *value)
{
    int64_t positives, negatives, tp = 0, fp = 0;
    count_all(f, &positives, &negatives);
    if (positives == 0 || negatives == 0) return false;
    double best = good(0, 1, demanded);
    for (int64_t i = 0; i < f->n;) {
        const tie t = tie_at(f, i);
        tp += t.positives;
        fp += t.negatives;
        const double here =
            good((double)tp / (double)positives, (double)(negatives - fp) / (double)negatives, demanded);
        if (here > best) best = here;
        i = t.end;
    }
    *value = best;
    return true;
}

static double youden(double sensitivity, double specificity, double demanded)
{
    (void)demanded;
    return sensitivity + specificity - 1;
}

static double sensitivity_if(double sensitivity, double specificity, double demanded)
{
    return specificity >= demanded ? sensitivity : 0;
}

static double specificity_if(double sensitivity, double specificity, double demanded)
{
    return sensitivity >= demanded ? specificity : 0;
}

CM_CLASS_METRIC(cm_class_best_youden)
{
    (void)metric;
    return best_of_thresholds(facts, youden, 0, value);
}

CM_CLASS_METRIC(cm_class_sensitivity_at_specificity)
{
    return best_of_thresholds(facts, sensitivity_if, metric->share, value);
}

CM_CLASS_METRIC(cm_class_specificity_at_sensitivity)
{
    return best_of_thresholds(facts, specificity_if, metric->share, value);
}

/* -- decision curves
 * -------------------------------------------------------------------------------------------- */

/* TP/N - FP/N t/(1-t), positive where the probability is at least t. */
CM_CLASS_METRIC(cm_class_net_benefit)
{
    int64_t positives, negatives, tp = 0, fp = 0;
    const double t = metric->share;
    count_all(facts, &positives, &negatives);
    if (positives + negatives == 0) return false;
    for (int64_t i = 0; i < facts->n; i++) {
        if (facts->score[i] < 0 || facts->score[i] > 1) return false; /* no probability */
        if (facts->score[i] < t) continue;
        *(facts->positive[i] ? &tp : &fp) += cm_class_weight(facts, i);
    }
    const double n = (double)(positives + negatives);
    *value = (double)tp / n - (double)fp / n * (t / (1 - t));
    return true;
}

CM_CLASS_METRIC(cm_class_net_benefit_of_all)
{
    int64_t positives, negatives;
    const double t = metric->share;
    count_all(facts, &positives, &negatives);
    if (positives + negatives == 0) return false;
    const double n = (double)(positives + negatives);
    *value = (double)positives / n - (double)negatives / n * (t / (1 - t));
    return true;
}

/* -- over all classes
 * ------------------------------------------------------------------------------------------- */

CM_CASES_METRIC(cm_cases_auroc_weighted)
{
    cm_sum sum = {0, 0};
    int64_t all = 0;
    for (int c = 0; c < facts->k; c++) {
        const cm_class_facts *f = &facts->of_class[c];
        const int64_t cases = f->tp + f->fn;
        double one;
        if (cases == 0) continue; /* no weight */
        if (!cm_class_auroc(f, metric, &one)) return false;
        cm_sum_add(&sum, (double)cases * one);
        all += cases;
    }
    if (all == 0) return false;
    *value = cm_sum_value(&sum) / (double)all;
    return true;
}

/* The AUROC of class c among the cases of c and of one other class, by the score of c. */
static double auroc_of_pair(const cm_cases_facts *facts, int c, int other)
{
    const cm_class_facts *f = &facts->of_class[c];
    wide twice_won = 0;
    int64_t above = 0, negatives_above = 0;
    for (int64_t i = 0; i < f->n;) {
        int64_t end = i, positives = 0, negatives = 0;
        for (; end < f->n && f->score[end] == f->score[i]; end++) {
            const int32_t truth = facts->truth[f->place[end]];
            if (truth == c) positives += cm_class_weight(f, end);
            if (truth == other) negatives += cm_class_weight(f, end);
        }
        twice_won += (wide)negatives * (wide)(2 * above + positives);
        above += positives;
        negatives_above += negatives;
        i = end;
    }
    return (double)twice_won / (2 * ((double)above * (double)negatives_above));
}

CM_CASES_METRIC(cm_cases_auroc_one_vs_one)
{
    cm_sum sum = {0, 0};
    (void)metric;
    for (int c = 0; c < facts->k; c++)
        if (facts->of_class[c].tp + facts->of_class[c].fn == 0) return false;
    for (int c = 0; c < facts->k; c++)
        for (int other = 0; other < facts->k; other++)
            if (other != c) cm_sum_add(&sum, auroc_of_pair(facts, c, other));
    *value = cm_sum_value(&sum) / ((double)facts->k * (facts->k - 1));
    return true;
}
