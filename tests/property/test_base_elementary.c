/* How far exp, log and erfc of engine/base/elementary.h are from the true values, and that their bits stay.
 * The oracle is the C library in long double, where that is wider than double; elsewhere the test is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "engine/base/elementary.h"
#include "engine/base/random.h"

enum { DRAWS = 300000 };
static const cm_random draws = {20261122, CM_PURPOSE_TEST};

typedef double (*own_function)(double x);
typedef long double (*true_function)(long double x);

/* Distance of own from truth at x in units in the last place of the truth. */
static double units_off(own_function own, true_function truth, double x)
{
    const long double t = truth((long double)x);
    const long double unit = ldexpl(1, ilogbl(t) - (DBL_MANT_DIG - 1));
    return (double)(fabsl((long double)own(x) - t) / unit);
}

static void stays_below(own_function own, true_function truth, double lo, double hi, double bound)
{
    if (LDBL_MANT_DIG < 64) skip();
    for (int i = 0; i < DRAWS; i++) {
        const double x = lo + (hi - lo) * cm_random_uniform(draws, 0, (uint64_t)i);
        if (x == 0) continue;
        const double off = units_off(own, truth, x);
        if (!(off < bound)) fail_msg("at %a: %.3f units off, below %.2f is promised", x, off, bound);
    }
}

static void exp_is_close(void **state)
{
    (void)state;
    stays_below(cm_exp, expl, -1, 1, 0.9);
    stays_below(cm_exp, expl, -708, 709.7, 0.9);
    assert_true(cm_exp(0) == 1 && isinf(cm_exp(710)) && cm_exp(-746) == 0 && isnan(cm_exp(NAN)));
    assert_true(cm_exp(INFINITY) == INFINITY && cm_exp(-INFINITY) == 0);
    assert_true(cm_exp(-745.1) == 0x1p-1074 && cm_exp(709.78) < INFINITY);
}

/* x = 2^v: every magnitude alike. */
static double own_log_of_power(double v)
{
    return cm_ln(exp2(v));
}

static long double true_log_of_power(long double v)
{
    return logl((long double)exp2((double)v));
}

static void log_is_close(void **state)
{
    (void)state;
    stays_below(cm_ln, logl, 0.5, 2, 0.9);
    stays_below(cm_ln, logl, 0.999, 1.001, 0.9);
    stays_below(own_log_of_power, true_log_of_power, -1070, 1023.9, 0.9);
    assert_true(cm_ln(1) == 0 && cm_ln(0) == -INFINITY && isnan(cm_ln(-1)) && isnan(cm_ln(NAN)));
    assert_true(cm_ln(INFINITY) == INFINITY);
}

static void erfc_is_close(void **state)
{
    (void)state;
    stays_below(cm_erfc, erfcl, -7, 1, 5);
    stays_below(cm_erfc, erfcl, 0.4, 6.5, 5);
    stays_below(cm_erfc, erfcl, 5.5, 26.5, 5);
    assert_true(cm_erfc(0) == 1 && cm_erfc(30) == 0 && cm_erfc(-30) == 2 && isnan(cm_erfc(NAN)));
    assert_true(cm_erfc(INFINITY) == 0 && cm_erfc(-INFINITY) == 2);
}

static void clamp_keeps_the_sign_of_a_zero(void **state)
{
    (void)state;
    assert_true(signbit(cm_clamp(-0.0, 0.0, 1.0)) && !signbit(cm_clamp(0.0, -0.0, 1.0)));
    assert_true(signbit(cm_clamp(-0.0, -1.0, 0.0)) && !signbit(cm_clamp(0.0, -1.0, -0.0)));
    assert_true(cm_clamp(3, 0, 1) == 1 && cm_clamp(-3, 0, 1) == 0 && cm_clamp(0.25, 0, 1) == 0.25);
    assert_true(cm_clamp(NAN, 2, 3) == 2);
}

/* The same to the last bit on every processor: worked out once, on x86-64. */
static void bits_are_fixed(void **state)
{
    (void)state;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (uint64_t i = 0; i < 20000; i++) {
        const double u = cm_random_uniform(draws, 1, i);
        const double value[3] = {cm_exp(1400 * u - 700), cm_ln(1e6 * u), cm_erfc(34 * u - 7)};
        for (int k = 0; k < 3; k++) {
            union {
                double number;
                uint64_t bits;
            } v = {value[k]};
            for (int byte = 0; byte < 8; byte++)
                hash = (hash ^ (v.bits >> (8 * byte) & 0xff)) * 1099511628211u;
        }
    }
    if (hash != 0xc9efb345755ee998u) fail_msg("the bits have changed: %#llx", (unsigned long long)hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_close),   cmocka_unit_test(log_is_close),
        cmocka_unit_test(erfc_is_close),  cmocka_unit_test(clamp_keeps_the_sign_of_a_zero),
        cmocka_unit_test(bits_are_fixed),
    };
    return cmocka_run_group_tests_name("property.base.elementary", tests, NULL, NULL);
}
