/* Classification metrics of decisions: formulas over weighted counts. */
#include "metrics/facts.h"

#include <math.h>

__extension__ typedef __int128 wide; /* products of two counts */

static bool ratio(int64_t numerator, int64_t denominator, double *value)
{
    if (denominator == 0) return false;
    *value = (double)numerator / (double)denominator;
    return true;
}

CM_CLASS_METRIC(cm_class_accuracy)
{
    (void)metric;
    return ratio(facts->tp + facts->tn, facts->tp + facts->tn + facts->fp + facts->fn, value);
}

CM_CLASS_METRIC(cm_class_sensitivity)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fn, value);
}

CM_CLASS_METRIC(cm_class_specificity)
{
    (void)metric;
    return ratio(facts->tn, facts->tn + facts->fp, value);
}

CM_CLASS_METRIC(cm_class_ppv)
{
    (void)metric;
    return ratio(facts->tp, facts->tp + facts->fp, value);
}

CM_CLASS_METRIC(cm_class_npv)
{
    (void)metric;
    return ratio(facts->tn, facts->tn + facts->fn, value);
}

/* (1 + b^2) TP / ((1 + b^2) TP + b^2 FN + FP) */
static bool f_beta(int64_t tp, int64_t fp, int64_t fn, double beta, double *value)
{
    const double b2 = beta * beta, hits = (1 + b2) * (double)tp;
    if (tp + fp + fn == 0) return false;
    *value = hits / (hits + (b2 * (double)fn + (double)fp));
    return true;
}

CM_CLASS_METRIC(cm_class_f_beta)
{
    return f_beta(facts->tp, facts->fp, facts->fn, metric->beta, value);
}

CM_CLASS_METRIC(cm_class_balanced_accuracy)
{
    double sensitivity, specificity;
    if (!cm_class_sensitivity(facts, metric, &sensitivity) ||
        !cm_class_specificity(facts, metric, &specificity))
        return false;
    *value = (sensitivity + specificity) / 2;
    return true;
}

CM_CLASS_METRIC(cm_class_youden)
{
    double sensitivity, specificity;
    if (!cm_class_sensitivity(facts, metric, &sensitivity) ||
        !cm_class_specificity(facts, metric, &specificity))
        return false;
    *value = sensitivity + specificity - 1;
    return true;
}

/* SENS / (1 - SPEC) */
CM_CLASS_METRIC(cm_class_positive_likelihood_ratio)
{
    double sensitivity, false_alarms;
    if (!cm_class_sensitivity(facts, metric, &sensitivity) ||
        !ratio(facts->fp, facts->tn + facts->fp, &false_alarms) || false_alarms == 0)
        return false;
    *value = sensitivity / false_alarms;
    return true;
}

/* (1 - SENS) / SPEC */
CM_CLASS_METRIC(cm_class_negative_likelihood_ratio)
{
    double specificity, misses;
    if (!cm_class_specificity(facts, metric, &specificity) ||
        !ratio(facts->fn, facts->tp + facts->fn, &misses) || specificity == 0)
        return false;
    *value = misses / specificity;
    return true;
}

CM_CLASS_METRIC(cm_class_kappa)
{
    const int64_t count[4] = {facts->tn, facts->fp, facts->fn, facts->tp};
    return cm_confusion_kappa(&(cm_confusion_facts){.k = 2, .count = count}, metric, value);
}

CM_CLASS_METRIC(cm_class_mcc)
{
    const int64_t count[4] = {facts->tn, facts->fp, facts->fn, facts->tp};
    return cm_confusion_mcc(&(cm_confusion_facts){.k = 2, .count = count}, metric, value);
}

/* Sums of a row (true class c), of a column (decided class c). */
static int64_t true_cases(const cm_confusion_facts *f, int c)
{
    int64_t sum = 0;
    for (int d = 0; d < f->k; d++)
        sum += f->count[c * f->k + d];
    return sum;
}

static int64_t decided_cases(const cm_confusion_facts *f, int c)
{
    int64_t sum = 0;
    for (int t = 0; t < f->k; t++)
        sum += f->count[t * f->k + c];
    return sum;
}

CM_CONFUSION_METRIC(cm_confusion_accuracy)
{
    int64_t right = 0, all = 0;
    (void)metric;
    for (int c = 0; c < facts->k; c++) {
        right += facts->count[c * facts->k + c];
        all += true_cases(facts, c);
    }
    return ratio(right, all, value);
}

CM_CONFUSION_METRIC(cm_confusion_balanced_accuracy)
{
    double sum = 0;
    (void)metric;
    for (int c = 0; c < facts->k; c++) {
        double sensitivity;
        if (!ratio(facts->count[c * facts->k + c], true_cases(facts, c), &sensitivity)) return false;
        sum += sensitivity;
    }
    *value = sum / facts->k;
    return true;
}

/* Gorodkin's R_K; for two classes it is Matthews' coefficient. All integers until the last line. */
CM_CONFUSION_METRIC(cm_confusion_mcc)
{
    wide all = 0, right = 0, products = 0, true_squares = 0, decided_squares = 0;
    (void)metric;
    for (int c = 0; c < facts->k; c++) {
        const wide t = true_cases(facts, c), d = decided_cases(facts, c);
        all += t;
        right += facts->count[c * facts->k + c];
        products += t * d;
        true_squares += t * t;
        decided_squares += d * d;
    }
    const wide covariance = right * all - products;
    const wide true_variance = all * all - true_squares, decided_variance = all * all - decided_squares;
    if (true_variance == 0 || decided_variance == 0) return false;
    const double r = (double)covariance / sqrt((double)true_variance * (double)decided_variance);
    *value = r > 1 ? 1 : r < -1 ? -1 : r; /* rounding may pass 1 by one unit in the last place */
    return true;
}

/* -- averages of F ------------------------------------------------------------------------------------------
 */

CM_CONFUSION_METRIC(cm_confusion_f_beta_micro)
{
    int64_t right = 0, all = 0;
    for (int c = 0; c < facts->k; c++) {
        right += facts->count[c * facts->k + c];
        all += true_cases(facts, c);
    }
    return f_beta(right, all - right, all - right, metric->beta, value);
}

/* A class without cases has no weight. */
CM_CONFUSION_METRIC(cm_confusion_f_beta_weighted)
{
    double sum = 0;
    int64_t all = 0;
    for (int c = 0; c < facts->k; c++) {
        const int64_t tp = facts->count[c * facts->k + c], cases = true_cases(facts, c);
        double one;
        if (cases == 0 || !f_beta(tp, decided_cases(facts, c) - tp, cases - tp, metric->beta, &one)) continue;
        sum += (double)cases * one;
        all += cases;
    }
    if (all == 0) return false;
    *value = sum / (double)all;
    return true;
}

/* -- kappa
 * --------------------------------------------------------------------------------------------------- */

/* 1 - sum w O / sum w E with O the counts and E = (row sum)(column sum) / n; whole numbers until the last
 * line. power 0: w = 1 off the diagonal; otherwise |t - d|^power. */
static bool kappa(const cm_confusion_facts *f, int power, double *value)
{
    wide observed = 0, expected = 0, all = 0;
    for (int t = 0; t < f->k; t++) {
        const wide cases = true_cases(f, t);
        all += cases;
        for (int d = 0; d < f->k; d++) {
            const wide steps = t > d ? t - d : d - t;
            const wide weight = power == 0 ? steps > 0 : power == 1 ? steps : steps * steps;
            observed += weight * f->count[t * f->k + d];
            expected += weight * cases * decided_cases(f, d);
        }
    }
    if (expected == 0) return false;
    *value = (double)(expected - observed * all) / (double)expected;
    return true;
}

CM_CONFUSION_METRIC(cm_confusion_kappa)
{
    (void)metric;
    return kappa(facts, 0, value);
}

CM_CONFUSION_METRIC(cm_confusion_kappa_linear)
{
    (void)metric;
    return kappa(facts, 1, value);
}

CM_CONFUSION_METRIC(cm_confusion_kappa_quadratic)
{
    (void)metric;
    return kappa(facts, 2, value);
}
