/* Curves behind metrics of a cohort, for plots: ROC, precision-recall, reliability, decision, free-response.
 * A metric is one number of such a curve; the points here come from the same walks. */
#ifndef CM_METRICS_CURVE_H
#define CM_METRICS_CURVE_H

#include "metrics/classification.h"
#include "metrics/gathered.h"

typedef enum cm_curve_kind {
    /* x false positive rate, y sensitivity, by falling threshold (positive: score at or above it), from (0,
     * 0) to (1, 1); straight lines between points have the area AUROC. */
    CM_CURVE_ROC = 1,
    /* x recall, y precision, by falling threshold; steps (y of the point to the right) have the area AP.step.
     */
    CM_CURVE_PRECISION_RECALL = 2,
    /* x mean probability, y share of the class, one point per bin of equal width that holds cases. */
    CM_CURVE_RELIABILITY = 3,
    /* x threshold probability (0.01 to 0.99), y net benefit; `other`: of deciding for the class always. */
    CM_CURVE_DECISION = 4,
    /* x false positives per case, y sensitivity of lesions, by falling volume, from (0, 0). */
    CM_CURVE_FREE_RESPONSE = 5
} cm_curve_kind;
const char *cm_curve_kind_name(cm_curve_kind kind); /* "roc" "pr" "calibration" "decision" "froc" */

typedef struct cm_curve_point {
    double x, y, other;
    bool has_threshold; /* the first point of ROC and free-response has none */
    double threshold;   /* the score, probability or volume at or above which something counts as positive;
                           reliability: the lower end of the bin */
    int64_t cases;      /* reliability: cases of the bin; else cases (lesions) at or above the threshold */
} cm_curve_point;

typedef struct cm_curve {
    int64_t n;
    cm_curve_point *points; /* [n]; NULL when the curve is not defined */
    int64_t cases;          /* behind the curve; free-response: lesions */
    int64_t left_out;       /* points that the rules left out */
} cm_curve;

/* What is drawn of a curve. */
typedef struct cm_curve_rules {
    int64_t most_points; /* >= 2: beyond it points that hardly differ from their neighbours are left out */
    /* Two points differ by no case or by at least so many (reliability: a bin holds at least so many, bins
     * are joined), and each side (class, rest) has at least so many, or there is no curve. 0: all is told. */
    int64_t least_cases;
    int bins; /* reliability: 1..1000 */
} cm_curve_rules;

/* One class against the rest. A curve without a value is empty: ROC and decision when a side has no case,
 * precision-recall without a case of the class, reliability and decision also when a score is no probability.
 * Caller frees out->points, also after a failure. Errors: CM_ERR_ARG (as cm_classify_one; another kind; rules
 * out of range), CM_ERR_NOMEM. Pure, thread-safe. */
cm_status cm_curve_of_class(cm_curve_kind kind, const cm_classified *data, int c, const cm_curve_rules *rules,
                            cm_curve *out, cm_error *err);

/* Whether the metric is a number of a free-response curve, and whether two metrics are of one curve. */
bool cm_metric_has_free_response(const cm_metric *metric);
bool cm_metric_same_free_response(const cm_metric *a, const cm_metric *b);

/* The free-response curve of a metric that has one, from all cases once each. Empty without a reference
 * lesion. Ownership and errors as above. */
cm_status cm_curve_of_gathered(const cm_gathered *gathered, const cm_curve_rules *rules, cm_curve *out,
                               cm_error *err);

#endif
