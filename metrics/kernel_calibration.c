/* Calibration error without bins: the share of the class at a probability is estimated from the other cases
 * by the beta kernel of Chen (1999, doi:10.1016/S0167-9473(99)00010-9), as Popordanoska et al. 2022 take it.
 * Every pair of distinct scores is looked at once, so n cases cost up to n^2 / 2 exponentials and more. */
#include "metrics/facts.h"

#include <math.h>

#include "engine/base/elementary.h"
#include "metrics/statistics/distribution.h"
#include "metrics/statistics/sum.h"

enum { BLOCK = 256 };

/* The cases of one score. */
typedef struct tie {
    double score;
    int64_t end, positives, all;
} tie;

static tie tie_at(const cm_class_facts *f, int64_t begin)
{
    tie t = {f->score[begin], begin, 0, 0};
    for (; t.end < f->n && f->score[t.end] == t.score; t.end++) {
        const int64_t weight = cm_class_weight(f, t.end);
        t.all += weight;
        t.positives += f->positive[t.end] ? weight : 0;
    }
    return t;
}

/* x ln y, and 0 for x = 0 whatever y. */
static double times_log(double x, double log_y)
{
    return x == 0 ? 0 : x * log_y;
}

/* The logarithm of the beta density of a case: that of z is constant + a ln z + b ln(1 - z). */
typedef struct kernel {
    double a, b, constant;
} kernel;

static kernel kernel_of(double score, double bandwidth)
{
    const double a = score / bandwidth, b = (1 - score) / bandwidth;
    return (kernel){a, b, cm_log_gamma(a + b + 2) - cm_log_gamma(a + 1) - cm_log_gamma(b + 1)};
}

/* A score at which the share of the class is estimated. Sums over other scores are of exp(log kernel - most).
 */
typedef struct place {
    double score, log_score, log_rest; /* -infinity for ln 0 */
    int64_t positives, all;
    double own, most, positive_sum, sum;
} place;

static void add_kernel(place *p, double log_kernel, const tie *t)
{
    if (log_kernel == -INFINITY) return;
    if (log_kernel > p->most) {
        const double shrink = p->most == -INFINITY ? 0 : cm_exp(p->most - log_kernel);
        p->positive_sum *= shrink;
        p->sum *= shrink;
        p->most = log_kernel;
    }
    const double weight = cm_exp(log_kernel - p->most);
    p->positive_sum += weight * (double)t->positives;
    p->sum += weight * (double)t->all;
}

static double log_kernel_at(const kernel *k, const place *p)
{
    return k->constant + times_log(k->a, p->log_score) + times_log(k->b, p->log_rest);
}

/* |estimate - score| summed over the cases of one outcome, each without itself. */
static void add_gaps(const place *p, bool positive, cm_sum *gaps, int64_t *cases)
{
    const int64_t times = positive ? p->positives : p->all - p->positives;
    if (times == 0) return;
    const double most = p->own > p->most ? p->own : p->most;
    const double own = cm_exp(p->own - most), others = p->most == -INFINITY ? 0 : cm_exp(p->most - most);
    const double above = others * p->positive_sum + own * (double)(p->positives - positive);
    const double below = others * p->sum + own * (double)(p->all - 1);
    if (below == 0) return; /* the only case for which any kernel is above 0 */
    cm_sum_add(gaps, (double)times * fabs(above / below - p->score));
    *cases += times;
}

static int64_t fill_block(const cm_class_facts *f, int64_t begin, double bandwidth, place *places, int *n)
{
    int64_t i = begin;
    for (*n = 0; *n < BLOCK && i < f->n;) {
        const tie t = tie_at(f, i);
        i = t.end;
        if (t.all == 0) continue; /* no replicate drew it */
        const kernel k = kernel_of(t.score, bandwidth);
        place *p = &places[(*n)++];
        *p = (place){.score = t.score,
                     .log_score = t.score > 0 ? cm_ln(t.score) : -INFINITY,
                     .log_rest = t.score < 1 ? cm_ln(1 - t.score) : -INFINITY,
                     .positives = t.positives,
                     .all = t.all,
                     .most = -INFINITY};
        p->own = log_kernel_at(&k, p);
    }
    return i;
}

CM_CLASS_METRIC(cm_class_ece_kernel)
{
    place places[BLOCK];
    cm_sum gaps = {0, 0};
    int64_t cases = 0;
    if (facts->n && (facts->score[0] > 1 || facts->score[facts->n - 1] < 0)) return false;
    for (int64_t begin = 0; begin < facts->n;) {
        int n;
        const int64_t end = fill_block(facts, begin, metric->share, places, &n);
        for (int64_t i = 0; i < facts->n;) {
            const tie t = tie_at(facts, i);
            i = t.end;
            if (t.all == 0) continue;
            const kernel k = kernel_of(t.score, metric->share);
            for (int j = 0; j < n; j++)
                if (places[j].score != t.score) add_kernel(&places[j], log_kernel_at(&k, &places[j]), &t);
        }
        for (int j = 0; j < n; j++) {
            add_gaps(&places[j], true, &gaps, &cases);
            add_gaps(&places[j], false, &gaps, &cases);
        }
        begin = end;
    }
    if (cases == 0) return false;
    *value = cm_sum_value(&gaps) / (double)cases;
    return true;
}
