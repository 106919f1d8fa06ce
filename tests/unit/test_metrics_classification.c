/* Classification metrics with values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/classification.h"

static cm_metric metric_of(const char *id)
{
    cm_metric m;
    cm_error err = {0};
    if (cm_metric_parse(id, &m, &err)) fail_msg("%s: %s", id, err.what);
    return m;
}

/* c < 0: macro. expected NAN: undefined. */
static void expect(const cm_classified *data, int c, const char *id, double expected)
{
    const cm_metric m = metric_of(id);
    cm_error err = {0};
    const cm_metric_value v = c < 0 ? cm_classify_macro(&m, data, &err) : cm_classify_one(&m, data, c, &err);
    assert_int_equal(err.status, CM_OK);
    assert_int_equal(v.empty, CM_NONE_EMPTY);
    if (isnan(expected)) {
        if (v.state != CM_VALUE_UNDEFINED) fail_msg("%s: %.17g", id, v.value);
    } else if (v.state != CM_VALUE_OK || !(fabs(v.value - expected) <= 1e-15)) {
        fail_msg("%s: %s %.17g, expected %.17g", id, cm_value_state_name(v.state), v.value, expected);
    }
}

enum { N = 6 };
static const int32_t truth[N] = {1, 0, 1, 0, 0, 1};
static const int32_t decided[N] = {1, 1, 1, 0, 0, 0};
/* Positive scores: 0.9 1, 0.5 0, 0.5 1, 0.25 0, 0 0, 0.25 1 in the order of cases. */
static const double score[2 * N] = {0.125, 0.875, 0.5, 0.5, 0.5, 0.5, 0.75, 0.25, 1, 0, 0.75, 0.25};
static const cm_classified binary = {.n = N, .k = 2, .truth = truth, .decided = decided, .score = score};

/* TP 2, FP 1, FN 1, TN 2. Of nine pairs the positive wins: 0.875 all 3; 0.5 beats 2 and ties 1; 0.25 beats 1
 * and ties 1: 7 of 9. Thresholds: 0.875 P 1 R 1/3; 0.5 P 2/3 R 2/3; 0.25 P 3/5 R 1. */
static void binary_values_by_hand(void **state)
{
    (void)state;
    expect(&binary, 1, "ACC", 4.0 / 6);
    expect(&binary, 1, "SENS", 2.0 / 3);
    expect(&binary, 1, "SPEC", 2.0 / 3);
    expect(&binary, 1, "PPV", 2.0 / 3);
    expect(&binary, 1, "NPV", 2.0 / 3);
    expect(&binary, 1, "F1", 2.0 / 3);
    expect(&binary, 1, "BACC", 2.0 / 3);
    expect(&binary, 1, "MCC", 1.0 / 3); /* (2*2 - 1*1) / sqrt(3*3*3*3) */
    expect(&binary, 1, "AUROC", 7.0 / 9);
    expect(&binary, 1, "AP.step", (1.0 + 2.0 / 3 + 3.0 / 5) / 3);
    /* 1/64 + 1/4 + 1/4 + 1/16 + 0 + 9/16 */
    expect(&binary, 1, "BRIER.binary", (1.0 / 64 + 0.25 + 0.25 + 1.0 / 16 + 9.0 / 16) / 6);
    expect(&binary, 0, "AUROC", 7.0 / 9); /* scores of class 0 are the complement */
}

/* A weight of w equals the case written w times. */
static void weights_repeat_cases(void **state)
{
    const int32_t weight[N] = {2, 0, 1, 3, 1, 1};
    int32_t t[8], d[8];
    double s[16];
    int n = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        for (int w = 0; w < weight[i]; w++) {
            t[n] = truth[i];
            d[n] = decided[i];
            s[2 * n] = score[2 * i];
            s[2 * n + 1] = score[2 * i + 1];
            n++;
        }
    assert_int_equal(n, 8);
    cm_classified weighted = binary;
    weighted.weight = weight;
    const cm_classified repeated = {.n = 8, .k = 2, .truth = t, .decided = d, .score = s};
    for (int i = 0; i < cm_metric_catalogue_count; i++) {
        const cm_metric m = metric_of(cm_metric_catalogue[i].example);
        if (m.definition->kind != CM_METRIC_CLASSIFICATION) continue;
        for (int c = -1; c < 2; c++) {
            const cm_metric_value a =
                c < 0 ? cm_classify_macro(&m, &weighted, NULL) : cm_classify_one(&m, &weighted, c, NULL);
            expect(&repeated, c, m.id, a.state == CM_VALUE_OK ? a.value : NAN);
        }
    }
}

/* Labels 0 0 1 1 0 1 1 1 by rising score; thresholds on a grid; figures worked out on paper. */
static void curves_and_costs_by_hand(void **state)
{
    enum { M = 8 };
    const double p[M] = {0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0};
    const int32_t t[M] = {0, 0, 1, 1, 0, 1, 1, 1}, d[M] = {0, 0, 0, 0, 1, 1, 1, 1};
    double s[2 * M];
    (void)state;
    for (int i = 0; i < M; i++) {
        s[2 * i + 1] = p[i];
        s[2 * i] = 1 - p[i];
    }
    const cm_classified data = {.n = M, .k = 2, .truth = t, .decided = d, .score = s};
    /* TP 3, FP 1, FN 2, TN 2 */
    expect(&data, 1, "F2", 5 * 3.0 / (5 * 3 + 4 * 2 + 1));
    expect(&data, 1, "YOUDEN", 3.0 / 5 + 2.0 / 3 - 1);
    expect(&data, 1, "YOUDEN.max", 1.0 + 2.0 / 3 - 1); /* threshold 0.25: all five, one false alarm */
    expect(&data, 1, "LR-PLUS", (3.0 / 5) / (1.0 / 3));
    expect(&data, 1, "LR-MINUS", (2.0 / 5) / (2.0 / 3));
    expect(&data, 1, "SENS@0.9spec", 3.0 / 5);
    expect(&data, 1, "SENS@0.6spec", 1.0);
    expect(&data, 1, "SPEC@0.9sens", 2.0 / 3);
    expect(&data, 1, "SPEC@0.5sens", 1.0);
    expect(&data, 1, "NB@0.5", 3.0 / 8 - 1.0 / 8); /* 0.5 itself is positive */
    expect(&data, 1, "NB@0.25", 5.0 / 8 - 1.0 / 8 / 3);
    expect(&data, 1, "NB-ALL@0.5", 2.0 / 8);
    expect(&data, 1, "EC.equal", 3.0 / 8);
    expect(&data, 1, "ECN.equal", (3.0 / 8) / (3.0 / 8));
    expect(&data, 1, "EC.balanced", (2.0 / 5 + 1.0 / 3) / 2);
    expect(&data, 1, "EC.miss5", (5 * 2 + 1) / 8.0);
    expect(&data, 1, "ECN.miss5", (5 * 2 + 1) / 3.0); /* deciding always for it costs 3 */
    expect(&data, 1, "KAPPA", (5.0 / 8 - (4 * 5 + 4 * 3) / 64.0) / (1 - (4 * 5 + 4 * 3) / 64.0));
    /* bins [0, .5) and [.5, 1]: 2 of 4 against mean .1875; 3 of 4 against mean .71875 */
    expect(&data, 1, "ECE.2.width", (0.3125 + 0.03125) / 2);
    expect(&data, 1, "MCE.2.width", 0.3125);
    expect(&data, 1, "ECE.2.mass", (0.3125 + 0.03125) / 2);
    /* parts of 3, 3, 2 cases: 1/3 - .125; 2/3 - .5; 1 - .875 */
    expect(&data, 1, "ECE.3.mass", 3.0 / 8 * (1.0 / 3 - 0.125) + 3.0 / 8 * (2.0 / 3 - 0.5) + 2.0 / 8 * 0.125);
    expect(&data, 1, "OE", 5 / 3.625);
    expect(&data, 1, "LOGLOSS.eps15",
           -(log(1 - 1e-15) + log(0.875) + log(0.25) + log(0.375) + log(0.5) + log(0.625) + log(0.75) +
             log(1 - 1e-15)) /
               8);
    expect(&data, 1, "ECE-TOP.1.width", fabs(6.0 / 8 - (1 + .875 + .75 + .625 + .5 + .625 + .75 + 1) / 8));
}

/* Where scores separate the classes the line has no finite slope, and says so. */
static void separated_classes_have_no_slope(void **state)
{
    const int32_t t[4] = {0, 0, 1, 1};
    const double s[8] = {.9, .1, .8, .2, .3, .7, .25, .75}, touching[8] = {.9, .1, .5, .5, .5, .5, .25, .75};
    const cm_classified data = {.n = 4, .k = 2, .truth = t, .decided = t, .score = s};
    const cm_classified quasi = {.n = 4, .k = 2, .truth = t, .decided = t, .score = touching};
    (void)state;
    expect(&data, 1, "CAL-SLOPE", NAN);
    expect(&data, 1, "CAL-INTERCEPT", NAN);
    expect(&quasi, 1, "CAL-SLOPE", NAN);
    const cm_metric citl = metric_of("CITL");
    assert_int_equal(cm_classify_one(&citl, &data, 1, NULL).state, CM_VALUE_OK);
    expect(&data, 1, "LR-PLUS", NAN);
    expect(&data, 1, "LR-MINUS", 0);
}

/* Three classes; confusion rows (truth): {2 0 0} {1 1 0} {0 1 1}. */
static void macro_values_by_hand(void **state)
{
    const int32_t t[6] = {0, 0, 1, 1, 2, 2}, d[6] = {0, 0, 0, 1, 1, 2};
    const double s[18] = {.75, .25, 0, .5, .25, .25, .5, .25, .25, 0, 1, 0, .25, .5, .25, 0, .25, .75};
    const cm_classified data = {.n = 6, .k = 3, .truth = t, .decided = d, .score = s};
    (void)state;
    expect(&data, -1, "ACC", 4.0 / 6);
    expect(&data, 2, "ACC", 5.0 / 6);
    expect(&data, -1, "SENS", 2.0 / 3); /* 1, 1/2, 1/2 */
    expect(&data, -1, "BACC", 2.0 / 3);
    expect(&data, 1, "BACC", (0.5 + 0.75) / 2);
    expect(&data, -1, "PPV", (2.0 / 3 + 0.5 + 1) / 3);
    expect(&data, -1, "F1", (4.0 / 5 + 0.5 + 2.0 / 3) / 3);
    /* R_K: (4*6 - (2*3 + 2*2 + 2*1)) / (sqrt(36 - 12) sqrt(36 - 14)) = 12 / sqrt(528) */
    expect(&data, -1, "MCC", 12 / sqrt(528.0));
    /* class 0: 0.75 beats 4, 0.5 beats 3, ties 1: 7.5 of 8; class 1: 0.25 | 1 against .25 .25 .5 .25:
     * (3 halves + 0) + 4 = 5.5 of 8; class 2: 0.25 against 0 .25 .25 0: 2 + 2 halves; 0.75: 4: 7 of 8 */
    expect(&data, -1, "AUROC", (7.5 + 5.5 + 7) / 24);
}

static void zero_by_zero_is_undefined(void **state)
{
    const int32_t all_positive[3] = {1, 1, 1}, none[3] = {0, 0, 0}, mixed[3] = {1, 0, 0};
    const double s[6] = {0.5, 0.5, 0.25, 0.75, 0.75, 0.25};
    cm_classified data = {.n = 3, .k = 2, .truth = all_positive, .decided = none, .score = s};
    (void)state;
    expect(&data, 1, "AUROC", NAN);
    expect(&data, 1, "SENS", 0);
    expect(&data, 1, "SPEC", NAN);
    expect(&data, 1, "BACC", NAN);
    expect(&data, 1, "PPV", NAN);
    expect(&data, 1, "NPV", 0);
    expect(&data, 1, "MCC", NAN);
    expect(&data, 1, "F1", 0);
    expect(&data, 1, "AP.step", 1);
    expect(&data, 0, "AP.step", NAN);
    expect(&data, 0, "F1", 0);
    expect(&data, -1, "SENS", NAN); /* class 0 has no case */
    expect(&data, -1, "BACC", NAN);
    expect(&data, -1, "AUROC", NAN);
    expect(&data, -1, "ACC", 0);
    data.truth = mixed;
    expect(&data, 1, "MCC", NAN); /* nothing is decided positive */
    data.truth = none;
    expect(&data, 1, "F1", NAN); /* nothing is positive, nothing is decided so */
    expect(&data, 1, "ACC", 1);
    data.n = 0;
    expect(&data, 1, "ACC", NAN);
    expect(&data, 1, "AUROC", NAN);
    expect(&data, 1, "AP.step", NAN);
    expect(&data, 1, "BRIER.binary", NAN);
    expect(&data, -1, "ACC", NAN);
}

static void brier_is_for_probabilities(void **state)
{
    const int32_t t[2] = {0, 1};
    const double logits[4] = {-3, 3, 2, -2};
    const cm_classified data = {.n = 2, .k = 2, .truth = t, .decided = t, .score = logits};
    (void)state;
    expect(&data, 1, "BRIER.binary", NAN);
    expect(&data, 1, "AUROC", 0);
}

/* Four positives and four negatives, each 2^31 - 1 times: some 2^66 pairs. */
static void pair_counts_do_not_overflow(void **state)
{
    int32_t t[8], weight[8];
    double s[16];
    const cm_classified data = {.n = 8, .k = 2, .truth = t, .decided = t, .score = s, .weight = weight};
    (void)state;
    for (int i = 0; i < 8; i++) {
        t[i] = i % 2;
        weight[i] = INT32_MAX;
        s[2 * i + 1] = i % 2 ? 0.5 : i == 0 ? 0.75 : 0.25; /* one negative above all, three below */
        s[2 * i] = 1 - s[2 * i + 1];
    }
    expect(&data, 1, "AUROC", 0.75);
    expect(&data, 1, "MCC", 1.0);
    expect(&data, -1, "MCC", 1.0);
    expect(&data, 1, "AP.step", 0.8);
}

static void expect_refused(const cm_classified *data, const char *id, int c)
{
    const cm_metric m = metric_of(id);
    cm_error err = {0};
    assert_int_equal(cm_classify_one(&m, data, c, &err).state, CM_VALUE_UNDEFINED);
    assert_int_equal(err.status, CM_ERR_ARG);
}

static void wrong_cases_are_refused(void **state)
{
    int32_t t[2] = {0, 1}, d[2] = {1, 0}, weight[2] = {1, 1};
    double s[4] = {0, 1, 1, 0};
    cm_classified data = {.n = 2, .k = 2, .truth = t, .decided = d, .score = s, .weight = weight};
    (void)state;
    expect_refused(&data, "DSC", 1);
    expect_refused(&data, "ACC", 2);
    expect_refused(&data, "ACC", -1);
    s[2] = NAN;
    expect_refused(&data, "AUROC", 1);
    s[2] = INFINITY;
    expect_refused(&data, "AUROC", 1);
    s[2] = 1;
    t[1] = 2;
    expect_refused(&data, "ACC", 1);
    t[1] = 1;
    d[0] = -1;
    expect_refused(&data, "ACC", 1);
    d[0] = 1;
    weight[0] = -1;
    expect_refused(&data, "ACC", 1);
    weight[0] = 1;
    data.k = 1;
    expect_refused(&data, "ACC", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_values_by_hand),      cmocka_unit_test(weights_repeat_cases),
        cmocka_unit_test(curves_and_costs_by_hand),   cmocka_unit_test(separated_classes_have_no_slope),
        cmocka_unit_test(macro_values_by_hand),       cmocka_unit_test(zero_by_zero_is_undefined),
        cmocka_unit_test(brier_is_for_probabilities), cmocka_unit_test(pair_counts_do_not_overflow),
        cmocka_unit_test(wrong_cases_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
