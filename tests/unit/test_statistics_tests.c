/* Distribution functions, intervals, tests and effects with values worked out elsewhere: SciPy 1.17, R 4.2,
 * mpmath where said, or by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/statistics/confidence.h"
#include "metrics/statistics/distribution.h"
#include "metrics/statistics/effect.h"
#include "metrics/statistics/groups.h"

static bool near(double got, double expected, double relative)
{
    return fabs(got - expected) <= relative * fabs(expected) || got == expected;
}

static const cm_random source = {3, CM_PURPOSE_TEST};

/* R: the twelve pairs of rank/single_task.json's misc block */
static const double left[12] = {0.767, 0.901, 0.818, 0.802, 0.787, 0.883,
                                0.816, 0.892, 0.875, 0.818, 0.927, 0.868};
static const double right[12] = {0.781, 0.918, 0.838, 0.795, 0.768, 0.848,
                                 0.776, 0.887, 0.898, 0.799, 0.913, 0.863};

static void distributions(void **state)
{
    (void)state;
    assert_true(near(cm_normal_quantile(0.975), 1.959963984540054, 1e-15));
    assert_true(near(cm_normal_quantile(0.9), 1.2815515655446004, 1e-15));
    assert_true(near(cm_normal_quantile(1e-10), -6.361340902404056, 1e-15));
    assert_true(near(cm_normal_quantile(0.3), -0.5244005127080409, 1e-15));
    assert_true(cm_normal_quantile(0.5) == 0 && isinf(cm_normal_quantile(0)) && isinf(cm_normal_quantile(1)));
    assert_true(near(cm_normal_above(30), 4.906713927148187e-198, 1e-12)); /* mpmath */
    assert_true(near(cm_student_quantile(0.975, 1), 12.706204736174694, 1e-12));
    assert_true(near(cm_student_quantile(0.975, 59), 2.000995378088267706, 1e-12));      /* mpmath */
    assert_true(near(cm_student_quantile(0.975, 100000), 1.9599877075346096386, 1e-12)); /* mpmath */
    assert_true(near(cm_student_quantile(0.025, 5), -2.5705818356363146, 1e-12));
    assert_true(near(cm_student_above(2.3, 7), 0.027495547602185796, 1e-12));
    assert_true(near(cm_student_above(-2.3, 7), 1 - 0.027495547602185796, 1e-12));
    assert_true(near(cm_student_above(12, 50), 1.2311903126662716e-16, 1e-12));
    assert_true(near(cm_beta_below(0.3, 3.5, 2), 0.05102035623160621, 1e-13));
    assert_true(near(cm_beta_below(0.49, 5000, 5001), 0.023281712519269027, 1e-12));
    assert_true(near(cm_beta_quantile(0.1, 3.5, 2), 0.3715077668549304, 1e-13));
    assert_true(near(cm_chi_squared_above(289.089340350018, 9), 5.37007657013376e-57, 1e-11));
    assert_true(near(cm_chi_squared_above(1, 3), 0.8012519569012009, 1e-13));
    assert_true(near(cm_f_above(4.2, 3, 27), 0.014603732416627328, 1e-12));
    assert_true(near(cm_f_above(90, 9, 441), 4.448519873743135e-94, 1e-11));
    assert_true(near(cm_coin_below(40, 100), 0.028443966820490444, 1e-13));
    assert_true(near(cm_coin_below(3, 10), 0.171875, 1e-13)); /* 176 / 1024 */
    assert_true(cm_coin_below(-1, 10) == 0 && cm_coin_below(10, 10) == 1);
    assert_true(near(cm_log_gamma(0.5), 0.5723649429247001, 1e-14));
    assert_true(near(cm_log_gamma(1e5), 1051287.7089736569, 1e-15));
}

static void intervals_of_shares(void **state)
{
    cm_interval i;
    (void)state;
    /* statsmodels: proportion_confint(164, 200) */
    assert_int_equal(cm_interval_wilson(164, 200, 0.95, &i, NULL), CM_OK);
    assert_true(near(i.low, 0.7608852497127511, 1e-12) && near(i.high, 0.8670537414057983, 1e-12));
    assert_int_equal(cm_interval_clopper_pearson(164, 200, 0.95, &i, NULL), CM_OK);
    assert_true(near(i.low, 0.7596189031159926, 1e-12) && near(i.high, 0.8706310716516028, 1e-12));
    /* none of ten: 1 - 0.025^(1/10) by hand */
    assert_int_equal(cm_interval_clopper_pearson(0, 10, 0.95, &i, NULL), CM_OK);
    assert_true(i.low == 0 && near(i.high, 1 - pow(0.025, 0.1), 1e-12));
    assert_int_equal(cm_interval_wilson(10, 10, 0.95, &i, NULL), CM_OK);
    assert_true(i.high == 1 && i.low > 0.7);
    assert_int_equal(cm_interval_wilson(3, 2, 0.95, &i, NULL), CM_ERR_ARG);
    assert_int_equal(cm_interval_wilson(0, 0, 0.95, &i, NULL), CM_ERR_EMPTY);
    assert_int_equal(cm_interval_wilson(1, 2, 1, &i, NULL), CM_ERR_ARG);
}

static void interval_of_a_median(void **state)
{
    double values[20], coverage = 0;
    cm_interval i;
    (void)state;
    for (int k = 0; k < 20; k++)
        values[k] = (k * 7) % 20 + 1; /* 1..20, shuffled */
    /* 1 - 2 P(X <= j-1), X binomial(20, 1/2): j = 6 covers 0.9586, j = 7 only 0.8847 */
    assert_int_equal(cm_interval_median(values, 20, 0.95, &i, &coverage, NULL), CM_OK);
    assert_true(i.low == 6 && i.high == 15 && near(coverage, 0.9586105346679688, 1e-12));
    /* five values cannot give 0.95: the range, and what it covers, 1 - 2/32 */
    assert_int_equal(cm_interval_median(values, 5, 0.95, &i, &coverage, NULL), CM_OK);
    assert_true(i.low == 1 && i.high == 15 && near(coverage, 0.9375, 1e-14));
}

static void bias_corrected_interval_falls_back(void **state)
{
    double replicates[4] = {2, 3, 4, 5};
    const double jackknife[2] = {1, 1};
    cm_interval i;
    cm_interval_method used;
    (void)state;
    assert_int_equal(
        cm_interval_bootstrap(CM_INTERVAL_BCA, replicates, 4, 1, jackknife, 2, 0.95, &i, &used, NULL), CM_OK);
    assert_int_equal(used, CM_INTERVAL_PERCENTILE); /* all replicates above the estimate */
    assert_int_equal(cm_interval_bootstrap(CM_INTERVAL_T, replicates, 4, 1, NULL, 0, 0.95, &i, &used, NULL),
                     CM_ERR_ARG);
    /* no bias and no acceleration: BCa is the percentile interval */
    double even[5] = {1, 2, 3, 4, 5};
    assert_int_equal(cm_interval_bootstrap(CM_INTERVAL_BCA, even, 5, 3, jackknife, 2, 0.5, &i, &used, NULL),
                     CM_OK);
    assert_true(used == CM_INTERVAL_BCA && near(i.low, 2, 1e-12) && near(i.high, 4, 1e-12));
}

static void signed_ranks_by_hand(void **state)
{
    /* differences 1 2 3 -4: V = 6, P(V >= 6) = 7/16, P(V <= 6) = 11/16 */
    const double a[5] = {1, 2, 3, -4, 0}, zero[5] = {0, 0, 0, 0, 0};
    cm_test t;
    (void)state;
    assert_int_equal(cm_test_wilcoxon(a, zero, 5, CM_GREATER, CM_WILCOXON_AUTO, &t, NULL), CM_OK);
    assert_true(t.exact && t.n == 4 && t.statistic == 6 && t.p == 7 / 16.0);
    assert_int_equal(cm_test_wilcoxon(a, zero, 5, CM_LESS, CM_WILCOXON_AUTO, &t, NULL), CM_OK);
    assert_true(t.p == 11 / 16.0);
    assert_int_equal(cm_test_wilcoxon(a, zero, 5, CM_TWO_SIDED, CM_WILCOXON_AUTO, &t, NULL), CM_OK);
    assert_true(t.p == 14 / 16.0);
    /* ties 1 1 -1: doubled ranks 4 4 4, V = 4; of 8 patterns V >= 4 in 4 */
    const double tied[3] = {1, 1, -1};
    assert_int_equal(cm_test_wilcoxon(tied, zero, 3, CM_GREATER, CM_WILCOXON_EXACT, &t, NULL), CM_OK);
    assert_true(t.statistic == 4 && t.p == 0.5);
    /* nothing differs */
    assert_int_equal(cm_test_wilcoxon(zero, zero, 5, CM_TWO_SIDED, CM_WILCOXON_AUTO, &t, NULL), CM_OK);
    assert_true(!t.defined && t.n == 0 && t.p == 1);
    const double broken[1] = {NAN};
    assert_int_equal(cm_test_wilcoxon(broken, zero, 1, CM_TWO_SIDED, CM_WILCOXON_AUTO, &t, NULL), CM_ERR_ARG);
}

static void sign_flips(void **state)
{
    cm_test t, again;
    cm_threads *pool = NULL;
    double a[40], b[40];
    (void)state;
    assert_int_equal(cm_test_sign_flip(NULL, left, right, 12, CM_TWO_SIDED, 0, source, &t, NULL), CM_OK);
    assert_true(t.exact && t.p == 0.3544921875 &&
                near(t.statistic, 0.00583333333333332, 1e-13)); /* 1452/4096 */
    assert_int_equal(cm_test_sign_flip(NULL, left, right, 12, CM_GREATER, 0, source, &t, NULL), CM_OK);
    assert_true(t.p == 0.17724609375);
    for (int i = 0; i < 40; i++) {
        a[i] = sin(i);
        b[i] = sin(i) - 0.3 * cos(3.0 * i) - 0.05;
    }
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_test_sign_flip(NULL, a, b, 40, CM_TWO_SIDED, 9999, source, &t, NULL), CM_OK);
    assert_int_equal(cm_test_sign_flip(pool, a, b, 40, CM_TWO_SIDED, 9999, source, &again, NULL), CM_OK);
    assert_true(!t.exact && t.p == again.p && t.p > 0 && t.p < 1);
    /* near the t test, whose p is 0.1278 (SciPy: ttest_rel(a, b)) */
    assert_true(fabs(t.p - 0.1278) < 0.015);
    cm_threads_destroy(pool);
}

static void mcnemar_and_adjustments(void **state)
{
    cm_test t;
    /* R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.005), ...) */
    const double p[5] = {0.01, 0.02, 0.03, 0.04, 0.005};
    const struct {
        cm_adjustment method;
        double expected[5];
    } rows[] = {
        {CM_ADJUST_BONFERRONI, {0.05, 0.1, 0.15, 0.2, 0.025}},
        {CM_ADJUST_HOLM, {0.04, 0.06, 0.06, 0.06, 0.025}},
        {CM_ADJUST_HOCHBERG, {0.04, 0.04, 0.04, 0.04, 0.025}},
        {CM_ADJUST_BH, {0.025, 0.1 / 3, 0.0375, 0.04, 0.025}},
        {CM_ADJUST_BY,
         {0.025 * 137 / 60, 0.1 / 3 * 137 / 60, 0.0375 * 137 / 60, 0.04 * 137 / 60, 0.025 * 137 / 60}},
        {CM_ADJUST_NONE, {0.01, 0.02, 0.03, 0.04, 0.005}}};
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        double got[5];
        memcpy(got, p, sizeof got);
        assert_int_equal(cm_adjust(rows[k].method, got, 5, NULL), CM_OK);
        for (int i = 0; i < 5; i++)
            assert_true(near(got[i], rows[k].expected[i], 1e-14));
    }
    assert_int_equal(cm_test_mcnemar(5, 1, CM_TWO_SIDED, &t, NULL), CM_OK);
    assert_true(near(t.p, 14 / 64.0, 1e-13)); /* 2 (1 + 6) / 2^6 */
    assert_int_equal(cm_test_mcnemar(5, 1, CM_GREATER, &t, NULL), CM_OK);
    assert_true(near(t.p, 7 / 64.0, 1e-13));
    assert_int_equal(cm_test_mcnemar(0, 0, CM_TWO_SIDED, &t, NULL), CM_OK);
    assert_true(!t.defined && t.p == 1);
    assert_int_equal(cm_test_mcnemar(-1, 0, CM_TWO_SIDED, &t, NULL), CM_ERR_ARG);
}

static void delong_by_hand(void **state)
{
    /* positives 3 2, negatives 2 1: pairs 1, 1, 1/2, 1 -> 3.5/4. Placements of positives 1, 0.75; of
     * negatives 0.75, 1: variances 0.03125 each, over 2 -> 0.03125. */
    const uint8_t truth[4] = {1, 1, 0, 0}, one_class[4] = {1, 0, 0, 0};
    const double score[4] = {3, 2, 2, 1}, reverse[4] = {1, 2, 2, 3};
    cm_delong d;
    (void)state;
    assert_int_equal(cm_test_delong(truth, score, reverse, 4, &d, NULL), CM_OK);
    assert_true(d.auc[0] == 0.875 && d.auc[1] == 0.125 && near(d.variance[0], 0.03125, 1e-14));
    assert_true(near(d.covariance, -0.03125, 1e-14) && d.defined && near(d.z, 0.75 / sqrt(0.125), 1e-14));
    assert_int_equal(cm_test_delong(truth, score, score, 4, &d, NULL), CM_OK);
    assert_true(!d.defined && d.p == 1 && d.difference == 0); /* the same tool twice */
    assert_int_equal(cm_test_delong(one_class, score, NULL, 4, &d, NULL), CM_ERR_EMPTY);
    const cm_interval i = cm_delong_interval(0.99, 0.01, 0.95);
    assert_true(i.high == 1 && near(i.low, 0.99 - 0.1 * 1.959963984540054, 1e-14));
}

static void effects(void **state)
{
    cm_shift shift;
    cm_win win;
    cm_equivalence tost;
    double least = 0;
    (void)state;
    /* NumPy: median of the 78 Walsh averages; the 14th from both ends (qsignrank(0.025, 12) = 14) */
    assert_int_equal(cm_hodges_lehmann(left, right, 12, 0.95, &shift, NULL), CM_OK);
    assert_true(near(shift.estimate, 0.006000000000000005, 1e-12) && shift.has_interval);
    assert_true(near(shift.interval.low, -0.007500000000000007, 1e-12));
    assert_true(near(shift.interval.high, 0.020000000000000018, 1e-12));
    assert_int_equal(cm_hodges_lehmann(left, right, 5, 0.95, &shift, NULL), CM_OK);
    assert_false(shift.has_interval); /* 2 / 2^5 > 0.05 */
    assert_int_equal(cm_win_probability(left, right, 12, CM_HIGHER_IS_BETTER, 0.95, &win, NULL), CM_OK);
    assert_true(win.wins == 8 && win.losses == 4 && win.ties == 0 && near(win.probability, 2 / 3.0, 1e-15));
    assert_int_equal(cm_win_probability(left, right, 12, CM_LOWER_IS_BETTER, 0.95, &win, NULL), CM_OK);
    assert_true(win.wins == 4 && win.losses == 8);
    const double signed_errors[2] = {-3, 1}, others[2] = {2, -1};
    assert_int_equal(
        cm_win_probability(signed_errors, others, 2, CM_CLOSER_TO_ZERO_IS_BETTER, 0.95, &win, NULL), CM_OK);
    assert_true(win.wins == 0 && win.losses == 1 && win.ties == 1 && win.probability == 0.25);
    /* SciPy: (ndtri(.975) + ndtri(.8)) * se, t.sf and t.interval */
    assert_int_equal(cm_detectable_difference(left, right, 12, 0.95, 0.8, &least, NULL), CM_OK);
    assert_true(near(least, 0.01697787166295096, 1e-12));
    assert_int_equal(cm_equivalence_test(left, right, 12, 0.02, 0.05, &tost, NULL), CM_OK);
    assert_true(near(tost.p, 0.019665846695501952, 1e-11) && tost.equivalent);
    assert_true(near(tost.interval.low, -0.005049898694117274, 1e-11));
    assert_true(near(tost.interval.high, 0.01671656536078391, 1e-11));
    assert_int_equal(cm_equivalence_test(left, right, 12, 0.01, 0.05, &tost, NULL), CM_OK);
    assert_true(!tost.equivalent && tost.p > 0.05);
    assert_int_equal(cm_equivalence_test(left, right, 12, 0, 0.05, &tost, NULL), CM_ERR_ARG);
}

static void heterogeneity_by_hand(void **state)
{
    /* estimates 1, 3 with se 1: mean 2, Q = 2, one degree of freedom; tau^2 = (2-1)/(2 - 2/2) = 1 */
    const double estimate[3] = {1, 3, 100}, se[3] = {1, 1, 0};
    cm_heterogeneity h;
    (void)state;
    assert_int_equal(cm_test_heterogeneity(estimate, se, 3, 0.95, &h, NULL), CM_OK);
    assert_true(h.groups == 2 && h.defined && h.fixed == 2 && h.q == 2 && h.i_squared == 0.5);
    assert_true(near(h.tau_squared, 1, 1e-14) && near(h.p, 0.15729920705028513, 1e-12) && h.random == 2);
    assert_true(near(h.interval.high - 2, 1.959963984540054, 1e-12));
    assert_int_equal(cm_test_heterogeneity(estimate, se + 2, 1, 0.95, &h, NULL), CM_OK);
    assert_false(h.defined);
}

/* A bug: with spreads of very different size the variance between groups came out as infinite, and no report
 * could be written. */
static void heterogeneity_of_very_unequal_spreads(void **state)
{
    static const double estimate[3] = {0.9, 0.5, 0.7};
    static const double spreads[][3] = {{1e-17, 0.01, 0.02}, {1e-11, 0.1, 0.1}, {1e-9, 1e-2, 1e3},
                                        {1e-11, 1e-11, 1},   {1, 1, 1e300},     {3e-12, 1e150, 1}};
    (void)state;
    for (size_t k = 0; k < sizeof spreads / sizeof *spreads; k++) {
        cm_heterogeneity h;
        assert_int_equal(cm_test_heterogeneity(estimate, spreads[k], 3, 0.95, &h, NULL), CM_OK);
        assert_true(h.defined && h.groups == (k == 0 ? 2 : 3));
        assert_true(isfinite(h.q) && isfinite(h.p) && isfinite(h.tau_squared) && isfinite(h.random));
        assert_true(isfinite(h.interval.low) && isfinite(h.interval.high) && h.interval.low <= h.random);
        assert_true(h.random >= 0.5 && h.random <= 0.9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions),
        cmocka_unit_test(intervals_of_shares),
        cmocka_unit_test(interval_of_a_median),
        cmocka_unit_test(bias_corrected_interval_falls_back),
        cmocka_unit_test(signed_ranks_by_hand),
        cmocka_unit_test(sign_flips),
        cmocka_unit_test(mcnemar_and_adjustments),
        cmocka_unit_test(delong_by_hand),
        cmocka_unit_test(effects),
        cmocka_unit_test(heterogeneity_by_hand),
        cmocka_unit_test(heterogeneity_of_very_unequal_spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
