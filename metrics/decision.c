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

bool cm_class_accuracy(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(f->tp + f->tn, f->tp + f->tn + f->fp + f->fn, value);
}

bool cm_class_sensitivity(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(f->tp, f->tp + f->fn, value);
}

bool cm_class_specificity(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(f->tn, f->tn + f->fp, value);
}

bool cm_class_ppv(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(f->tp, f->tp + f->fp, value);
}

bool cm_class_npv(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(f->tn, f->tn + f->fn, value);
}

bool cm_class_f1(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    (void)metric;
    return ratio(2 * f->tp, 2 * f->tp + f->fp + f->fn, value);
}

bool cm_class_balanced_accuracy(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    double sensitivity, specificity;
    if (!cm_class_sensitivity(f, metric, &sensitivity) || !cm_class_specificity(f, metric, &specificity))
        return false;
    *value = (sensitivity + specificity) / 2;
    return true;
}

bool cm_class_mcc(const cm_class_facts *f, const cm_metric *metric, double *value)
{
    const int64_t count[4] = {f->tn, f->fp, f->fn, f->tp};
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

bool cm_confusion_accuracy(const cm_confusion_facts *f, const cm_metric *metric, double *value)
{
    int64_t right = 0, all = 0;
    (void)metric;
    for (int c = 0; c < f->k; c++) {
        right += f->count[c * f->k + c];
        all += true_cases(f, c);
    }
    return ratio(right, all, value);
}

bool cm_confusion_balanced_accuracy(const cm_confusion_facts *f, const cm_metric *metric, double *value)
{
    double sum = 0;
    (void)metric;
    for (int c = 0; c < f->k; c++) {
        double sensitivity;
        if (!ratio(f->count[c * f->k + c], true_cases(f, c), &sensitivity)) return false;
        sum += sensitivity;
    }
    *value = sum / f->k;
    return true;
}

/* Gorodkin's R_K; for two classes it is Matthews' coefficient. All integers until the last line. */
bool cm_confusion_mcc(const cm_confusion_facts *f, const cm_metric *metric, double *value)
{
    wide all = 0, right = 0, products = 0, true_squares = 0, decided_squares = 0;
    (void)metric;
    for (int c = 0; c < f->k; c++) {
        const wide t = true_cases(f, c), d = decided_cases(f, c);
        all += t;
        right += f->count[c * f->k + c];
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
