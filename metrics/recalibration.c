/* The line through outcomes: logit P(y = 1) = intercept + slope logit p, by maximum likelihood (Cox 1958).
 * Newton's method from (0, 1), steps halved while they would lower the likelihood, until a step is below
 * 1e-12. There is no finite maximum when the scores separate the classes; then the estimate runs away and
 * there is no value. */
#include "metrics/facts.h"

#include <math.h>

#include "engine/base/elementary.h"
#include "metrics/statistics/sum.h"

enum { MAX_STEPS = 100, MAX_HALVINGS = 40 };
static const double clip = 1e-12, smallest_step = 1e-12, furthest = 1e3, rounding = 1e-11;

static double logit(double p)
{
    const double low = clip, high = 1 - clip, q = p < low ? low : p > high ? high : p;
    return cm_ln(q / (1 - q));
}

/* log(1 + e^x) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + cm_ln(1 + cm_exp(-x)) : cm_ln(1 + cm_exp(x));
}

typedef struct line {
    double intercept, slope;
} line;

static double likelihood(const cm_class_facts *f, line l)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < f->n; i++) {
        const double x = l.intercept + l.slope * logit(f->score[i]);
        cm_sum_add(&sum, (double)cm_class_weight(f, i) * ((f->positive[i] ? x : 0) - softplus(x)));
    }
    return cm_sum_value(&sum);
}

/* The Newton step; without_slope: the slope stays. False: the information is singular. */
static bool newton_step(const cm_class_facts *f, line l, bool without_slope, line *step)
{
    cm_sum g[2] = {{0, 0}, {0, 0}}, h[3] = {{0, 0}, {0, 0}, {0, 0}};
    for (int64_t i = 0; i < f->n; i++) {
        const double weight = (double)cm_class_weight(f, i), z = logit(f->score[i]);
        const double p = 1 / (1 + cm_exp(-(l.intercept + l.slope * z)));
        const double miss = weight * ((f->positive[i] ? 1 : 0) - p), spread = weight * (p * (1 - p));
        cm_sum_add(&g[0], miss);
        cm_sum_add(&g[1], miss * z);
        cm_sum_add(&h[0], spread);
        cm_sum_add(&h[1], spread * z);
        cm_sum_add(&h[2], spread * z * z);
    }
    const double a = cm_sum_value(&h[0]), b = cm_sum_value(&h[1]), c = cm_sum_value(&h[2]);
    if (without_slope) {
        *step = (line){cm_sum_value(&g[0]) / a, 0};
        return a > 0;
    }
    const double determinant = a * c - b * b;
    *step = (line){(cm_sum_value(&g[0]) * c - cm_sum_value(&g[1]) * b) / determinant,
                   (cm_sum_value(&g[1]) * a - cm_sum_value(&g[0]) * b) / determinant};
    return determinant > 1e-14 * a * c;
}

static bool fit(const cm_class_facts *f, bool without_slope, line *out)
{
    line at = {0, 1}, step;
    if (f->tp + f->fn == 0 || f->fp + f->tn == 0) return false;
    for (int64_t i = 0; i < f->n; i++)
        if (!(f->score[i] >= 0 && f->score[i] <= 1)) return false; /* no probability */
    double here = likelihood(f, at);
    for (int n = 0; n < MAX_STEPS; n++) {
        if (!newton_step(f, at, without_slope, &step)) return false;
        line next = {at.intercept + step.intercept, at.slope + step.slope};
        double there = likelihood(f, next);
        for (int k = 0; k < MAX_HALVINGS && !(there >= here - rounding * (1 + fabs(here))); k++) {
            step = (line){step.intercept / 2, step.slope / 2};
            next = (line){at.intercept + step.intercept, at.slope + step.slope};
            there = likelihood(f, next);
        }
        at = next;
        here = there;
        if (!(fabs(at.intercept) < furthest && fabs(at.slope) < furthest)) return false;
        if (fabs(step.intercept) <= smallest_step * (1 + fabs(at.intercept)) &&
            fabs(step.slope) <= smallest_step * (1 + fabs(at.slope))) {
            *out = at;
            return true;
        }
    }
    return false;
}

/* Every case of the class has a higher score than every other, or none has: no finite line. */
static bool is_separated(const cm_class_facts *f)
{
    double least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY};
    for (int64_t i = 0; i < f->n; i++) {
        const int side = f->positive[i];
        if (cm_class_weight(f, i) == 0) continue;
        if (f->score[i] < least[side]) least[side] = f->score[i];
        if (f->score[i] > most[side]) most[side] = f->score[i];
    }
    return least[1] >= most[0] || least[0] >= most[1];
}

CM_CLASS_METRIC(cm_class_calibration_slope)
{
    line l;
    (void)metric;
    if (is_separated(facts) || !fit(facts, false, &l)) return false;
    *value = l.slope;
    return true;
}

CM_CLASS_METRIC(cm_class_calibration_intercept)
{
    line l;
    (void)metric;
    if (is_separated(facts) || !fit(facts, false, &l)) return false;
    *value = l.intercept;
    return true;
}

/* The intercept with the slope held at 1 has a finite value even then. */
CM_CLASS_METRIC(cm_class_calibration_in_the_large)
{
    line l;
    (void)metric;
    if (!fit(facts, true, &l)) return false;
    *value = l.intercept;
    return true;
}
