/* How far the engine's own exp, log, tanh, erf ... are from the true values: kernels/cpu/math.h promises less
 * than 0.5003 units in the last place. The oracle is the C library's double function, itself within a few
 * 2^-53; floats are taken at even steps through all bit patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "kernels/cpu/trig.h"

/* The distance between neighbouring floats around |v|. */
static double ulp_at(double v)
{
    const double a = fabs(v);
    if (a < 0x1p-126) return 0x1p-149;
    return ldexp(1.0, ilogb(a) - 23);
}

typedef float (*own_function)(float x);
typedef double (*true_function)(double x);

static double worst_error(own_function own, true_function truth, double extra)
{
    double worst = 0;
    int64_t counted = 0;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 4999) {
        const uint32_t u = (uint32_t)bits;
        float x;
        memcpy(&x, &u, sizeof x);
        const float got = own(x);
        const double expected = truth((double)x);
        if (isnan(expected)) {
            assert_true(isnan(got));
            continue;
        }
        if (!isfinite((float)expected)) {
            assert_true(got == (float)expected);
            continue;
        }
        const double allowed = extra * fabs((double)x) + (extra > 0 && x < -5.6f ? 5e-8 : 0);
        const double error = (fabs((double)got - expected) - allowed) / ulp_at(expected);
        assert_true(isfinite(error));
        worst = error > worst ? error : worst;
        counted++;
    }
    assert_true(counted > 100000);
    return worst;
}

static double true_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double true_gelu(double x)
{
    return isinf(x) && x < 0 ? (double)NAN : 0.5 * x * erfc(-x * sqrt(0.5));
}

static float own_softplus(float x)
{
    return (float)math_softplus_core((double)x);
}

static double true_softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static float own_expm1(float x)
{
    return (float)math_expm1_core((double)x);
}

static float own_mish(float x)
{
    return (float)((double)x * math_tanh_core(math_softplus_core((double)x)));
}

static double true_mish(double x)
{
    return x * tanh(true_softplus(x));
}

static void accuracy(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        own_function own;
        true_function truth;
        double extra; /* absolute error allowed beside, as stated at math_gelu_erf */
    } rows[] = {
        {"exp", math_exp, exp, 0},
        {"log", math_log, log, 0},
        {"tanh", math_tanh, tanh, 0},
        {"erf", math_erf, erf, 0},
        {"expm1", own_expm1, expm1, 0},
        {"sigmoid", math_sigmoid, true_sigmoid, 0},
        {"softplus", own_softplus, true_softplus, 0},
        {"gelu", math_gelu_erf, true_gelu, 1e-12},
        {"sin", trig_sin, sin, 0},
        {"cos", trig_cos, cos, 0},
        {"tan", trig_tan, tan, 0},
        {"mish", own_mish, true_mish, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double worst = worst_error(rows[i].own, rows[i].truth, rows[i].extra);
        print_message("%s: %.6f units in the last place\n", rows[i].name, worst);
        assert_true(worst < 0.5003);
    }
}

static void power(void **state)
{
    (void)state;
    double worst = 0;
    for (uint32_t i = 1; i < 2000; i++)
        for (uint32_t k = 1; k < 60; k++) {
            const float x = (float)i * 0.037f, y = ((float)k - 30.0f) * 0.21f;
            const double expected = pow((double)x, (double)y);
            if (expected > 3e38 || expected < 1e-37) continue;
            const double error = fabs((double)math_pow(x, y) - expected) / ulp_at(expected);
            worst = error > worst ? error : worst;
        }
    print_message("pow: %.6f units in the last place\n", worst);
    assert_true(worst < 0.501);
    static const float special[][3] = {{-8, 3, -512},       {-2, -1, -0.5f},        {2, INFINITY, INFINITY},
                                       {0.5f, INFINITY, 0}, {-0.0f, -3, -INFINITY}, {-INFINITY, 3, -INFINITY},
                                       {INFINITY, -2, 0},   {-1, INFINITY, 1}};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        assert_true(math_pow(special[i][0], special[i][1]) == special[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accuracy), cmocka_unit_test(power)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
