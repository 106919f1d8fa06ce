/* exp, log and erfc by argument reduction and polynomials. */
#include "engine/base/elementary.h"

#include <math.h>

/* ln 2 in two parts; the first has 21 zero bits at its end, so that a whole number times it is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW  0x1.a39ef35793c76p-33

/* n coefficients, the highest power first. */
static double polynomial(const double *c, int n, double x)
{
    double y = c[0];
    for (int i = 1; i < n; i++)
        y = y * x + c[i];
    return y;
}

/* x = k ln 2 + r with |r| <= 0.3466; e^r by its series to r^13 (remainder 4e-18), in which the rounding error
 * of r is put back. */
double cm_exp(double x)
{
    static const double series[12] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                      1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                      1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
    if (isnan(x)) return x;
    if (x > 709.79) return INFINITY;
    if (x < -745.14) return 0;
    const double k = floor(x * 0x1.71547652b82fep0 + 0.5);
    const double high = x - k * LN2_HIGH, low = k * LN2_LOW;
    const double r = high - low;
    const double rest = (high - r) - low;
    return ldexp(1 + (r + (r * r * polynomial(series, 12, r) + rest)), (int)k);
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)); with f = m - 1 and s = f / (2 + f),
 * ln m = 2 atanh s = f - (f^2/2 - s (f^2/2 + q)), q = 2 s^2 (1/3 + s^2/5 + ...): the large terms are exact.
 */
double cm_ln(double x)
{
    static const double series[11] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                      2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
    if (isnan(x) || x < 0) return NAN;
    if (x == 0) return -INFINITY;
    if (isinf(x)) return x;
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752440) {
        m *= 2;
        e--;
    }
    const double f = m - 1, s = f / (2 + f), s2 = s * s, half = 0.5 * f * f;
    const double q = s2 * polynomial(series, 11, s2);
    const double small = half - (s * (half + q) + e * LN2_LOW);
    return e * LN2_HIGH - (small - f);
}

/* (x + 1) e^(x^2) erfc x for 0.5 <= x, which is nearly level: a polynomial in 1 / (x + 3) or 1 / (x + 2),
 * mapped to -1..1, by Chebyshev interpolation of degree 14 on [0.5, 2], [2, 6] and [6, 28]; relative errors
 * 9e-20, 9e-19, 1.2e-19. */
static double scaled_erfc(double x)
{
    static const double near[15] = {-0x1.e73d4defc6fcbp-48, -0x1.b4da99a92c917p-44, 0x1.602779e032b82p-40,
                                    0x1.14b807f9bea4ep-37,  -0x1.85aac829d363dp-33, -0x1.d007429ecdee5p-31,
                                    0x1.99ebf66abeb77p-26,  0x1.99958c94795c2p-23,  -0x1.57e718eed1cdep-19,
                                    -0x1.ddb8a23c70074p-15, -0x1.eb656a9398762p-12, -0x1.baa1f3d6b530ep-10,
                                    0x1.dfff0d4ba3360p-9,   0x1.4965f864a0a03p-4,   0x1.aeef6aed63a39p-1};
    static const double middle[15] = {0x1.211e9eaa4d920p-46,  0x1.2840f7fd8c343p-42,  -0x1.46caa89adb5dfp-40,
                                      -0x1.ba129bffd953cp-36, 0x1.366b6604e010dp-35,  0x1.58697852dc603p-29,
                                      0x1.7492a2c53c6c3p-27,  -0x1.880e5750c9356p-23, -0x1.aeb736e854496p-19,
                                      -0x1.9c2a9cad78b9ap-16, -0x1.6b0c6d9bb06b7p-14, 0x1.37760509685e4p-12,
                                      0x1.c14304beb657ap-8,   0x1.dbfb5479e1974p-5,   0x1.66ef8291f3a76p-1};
    static const double far[15] = {-0x1.4aad3c780ca86p-50, 0x1.e945a413fb8e5p-48,  0x1.b7258356939f8p-44,
                                   -0x1.75b27f30ac576p-42, -0x1.3a2ea64e559c1p-37, -0x1.2087b02c751a8p-38,
                                   0x1.cfec3bcab0702p-31,  0x1.7f4ca71d6e3aap-28,  -0x1.e87d05becea66p-25,
                                   -0x1.61b86b0fec994p-20, -0x1.2c18daa0d9738p-17, 0x1.b50700c2a16fep-15,
                                   0x1.19a345922d440p-9,   0x1.0bbe6bc58f6e6p-5,   0x1.3aa7db22f47fdp-1};
    if (x < 2) return polynomial(near, 15, (19 - 17 * x) / (3 * x + 9));
    if (x < 6) return polynomial(middle, 15, (24 - 7 * x) / (2 * x + 6));
    return polynomial(far, 15, (202 - 19 * x) / (11 * x + 22));
}

double cm_erfc(double x)
{
    /* erf x / x - 1 in x^2 on |x| <= 0.5: degree 9, error 2.3e-20 */
    static const double centre[10] = {-0x1.39fb524e9c1f7p-50, 0x1.8b4eec9ae50fbp-44,  -0x1.c08f4c66745d9p-38,
                                      0x1.c5c56e4c5ba9ap-32,  -0x1.93403af72f07bp-26, 0x1.35219bf056f52p-20,
                                      -0x1.8f7e682c96cdap-15, 0x1.a6db683de1270p-10,  -0x1.658407f4c04c0p-5,
                                      0x1.5446b34ed3488p-4};
    if (isnan(x)) return x;
    const double a = fabs(x);
    if (a < 0.5) return (1 - x) - x * polynomial(centre, 10, 8 * x * x - 1);
    if (a > 27.3) return x < 0 ? 2 : 0;
    const double square = a * a, rest = fma(a, a, -square);
    const double e = cm_exp(-square);
    const double tail = (e - e * rest) * scaled_erfc(a) / (a + 1);
    return x < 0 ? 2 - tail : tail;
}
