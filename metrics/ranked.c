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
    for (; t.end < f->n && f->score[t.end] == f->score[begin]; t.end++) {
        const int64_t weight = cm_class_weight(f, t.end);
        if (f->positive[t.end])
            t.positives += weight;
        else
            t.negatives += weight;
    }
    return t;
}

/* Mann-Whitney: pairs (positive, negative) in the right order, a tie counts half. Halves are counted in twos.
 */
bool cm_class_auroc(const cm_class_facts *f, const cm_metric *metric, double *value)
{
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
bool cm_class_average_precision(const cm_class_facts *f, const cm_metric *metric, double *value)
{
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

bool cm_class_brier(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    cm_sum sum = {0, 0};
    int64_t cases = 0;
    (void)metric;
    for (int64_t i = 0; i < f->n; i++) {
        const int64_t weight = cm_class_weight(f, i);
        const double miss = f->score[i] - f->positive[i];
        if (f->score[i] < 0 || f->score[i] > 1) return false; /* no probability */
        cm_sum_add(&sum, (double)weight * (miss * miss));
        cases += weight;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&sum) / (double)cases;
    return true;
}
