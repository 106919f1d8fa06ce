/* Expected cost of decisions: the mean over cases of what a decision d costs for a case of class t, and the
 * same divided by the cost of the best decision that looks at no case (always the same class). */
#include "metrics/facts.h"

#include "metrics/statistics/sum.h"

typedef enum cost_kind { EQUAL, BALANCED, LINEAR, QUADRATIC, MISSES } cost_kind;

/* Costs are per case; BALANCED is 1 / (k times the share of class t), which makes all classes weigh the same.
 */
typedef struct costs {
    const cm_confusion_facts *facts;
    cost_kind kind;
    double miss; /* MISSES: of a case of class 1 decided as 0; a false alarm costs 1 */
    int64_t all;
} costs;

static int64_t true_cases(const cm_confusion_facts *f, int t)
{
    int64_t sum = 0;
    for (int d = 0; d < f->k; d++)
        sum += f->count[t * f->k + d];
    return sum;
}

static double cost_of(const costs *c, int t, int d)
{
    const int steps = t > d ? t - d : d - t;
    if (steps == 0) return 0;
    switch (c->kind) {
    case EQUAL:
        return 1;
    case BALANCED:
        return (double)c->all / (double)(c->facts->k * true_cases(c->facts, t));
    case LINEAR:
        return steps;
    case QUADRATIC:
        return (double)steps * steps;
    case MISSES:
        return t == 1 ? c->miss : 1;
    }
    return 0;
}

/* The sum over cases; decided < 0: as they were decided, otherwise all as that class. */
static double total_cost(const costs *c, int decided)
{
    const int k = c->facts->k;
    cm_sum sum = {0, 0};
    for (int t = 0; t < k; t++)
        for (int d = 0; d < k; d++) {
            const int64_t n = c->facts->count[t * k + d];
            if (n) cm_sum_add(&sum, (double)n * cost_of(c, t, decided < 0 ? d : decided));
        }
    return cm_sum_value(&sum);
}

static bool expected_cost(const cm_confusion_facts *facts, cost_kind kind, double miss, bool normalised,
                          double *value)
{
    costs c = {.facts = facts, .kind = kind, .miss = miss};
    bool has_empty = false;
    for (int t = 0; t < facts->k; t++) {
        c.all += true_cases(facts, t);
        has_empty = has_empty || true_cases(facts, t) == 0;
    }
    if (c.all == 0 || (kind == BALANCED && has_empty)) return false;
    const double paid = total_cost(&c, -1);
    if (!normalised) {
        *value = paid / (double)c.all;
        return true;
    }
    double naive = total_cost(&c, 0);
    for (int d = 1; d < facts->k; d++) {
        const double other = total_cost(&c, d);
        if (other < naive) naive = other;
    }
    if (naive == 0) return false;
    *value = paid / naive;
    return true;
}

/* One class against the rest: two classes, 1 is the class. */
static bool cost_of_one(const cm_class_facts *facts, cost_kind kind, double miss, bool normalised,
                        double *value)
{
    const int64_t count[4] = {facts->tn, facts->fp, facts->fn, facts->tp};
    return expected_cost(&(cm_confusion_facts){.k = 2, .count = count}, kind, miss, normalised, value);
}

#define DEFINE_COST_METRICS(name, kind)                                                                      \
    CM_CLASS_METRIC(cm_class_cost_##name)                                                                    \
    {                                                                                                        \
        (void)metric;                                                                                        \
        return cost_of_one(facts, kind, 0, false, value);                                                    \
    }                                                                                                        \
    CM_CLASS_METRIC(cm_class_normalised_cost_##name)                                                         \
    {                                                                                                        \
        (void)metric;                                                                                        \
        return cost_of_one(facts, kind, 0, true, value);                                                     \
    }                                                                                                        \
    CM_CONFUSION_METRIC(cm_confusion_cost_##name)                                                            \
    {                                                                                                        \
        (void)metric;                                                                                        \
        return expected_cost(facts, kind, 0, false, value);                                                  \
    }                                                                                                        \
    CM_CONFUSION_METRIC(cm_confusion_normalised_cost_##name)                                                 \
    {                                                                                                        \
        (void)metric;                                                                                        \
        return expected_cost(facts, kind, 0, true, value);                                                   \
    }

DEFINE_COST_METRICS(equal, EQUAL)
DEFINE_COST_METRICS(balanced, BALANCED)
DEFINE_COST_METRICS(linear, LINEAR)
DEFINE_COST_METRICS(quadratic, QUADRATIC)

CM_CLASS_METRIC(cm_class_cost_of_misses)
{
    return cost_of_one(facts, MISSES, metric->rate, false, value);
}

CM_CLASS_METRIC(cm_class_normalised_cost_of_misses)
{
    return cost_of_one(facts, MISSES, metric->rate, true, value);
}
