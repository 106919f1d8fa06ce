/* Sine, cosine and tangent of a float, of any magnitude: the same bits everywhere, as math.h has it.
 *
 * The argument is taken modulo a quarter turn in whole numbers: a float is m 2^e with m < 2^24, and of the
 * bits of 2/pi only 96 around 2^-e matter (Payne and Hanek, "Radian reduction for trigonometric functions",
 * SIGNUM 1983). What is left, at most pi/4 in double, goes through the Taylor series. */
#ifndef CM_KERNELS_CPU_TRIG_H
#define CM_KERNELS_CPU_TRIG_H

#include "kernels/cpu/math.h"

__extension__ typedef unsigned __int128 trig_wide;

/* Bits first .. first + 31 of 2/pi after the point, counted from 1. */
static inline uint32_t trig_two_over_pi(int first)
{
    static const uint32_t bits[8] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                     0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561};
    const int word = (first - 1) / 32, shift = (first - 1) % 32;
    const uint64_t two = (uint64_t)bits[word] << 32 | (word < 7 ? bits[word + 1] : 0);
    return (uint32_t)(two >> (32 - shift));
}

/* x = quarter turns + rest with |rest| <= pi/4; the quarters modulo 4. x is finite. */
static inline int trig_quarters(float x, double *rest)
{
    if (fabsf(x) <= 0x1.921fb4p-1f) {
        *rest = (double)x;
        return 0;
    }
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const int e = (int)(u >> 23 & 0xff) - 150; /* x = m 2^e; the exponent is not that of a subnormal here */
    const uint64_t m = (u & 0x7fffff) | 0x800000;
    const int first = e > 2 ? e - 1 : 1; /* bits before it are whole turns */
    const trig_wide window = (trig_wide)trig_two_over_pi(first) << 64 |
                             (trig_wide)trig_two_over_pi(first + 32) << 32 | trig_two_over_pi(first + 64);
    const trig_wide product = window * m; /* below 2^120 */
    const int point = first + 95 - e;     /* bits of the product after the point: 94 to 120 */
    const int64_t fraction = (int64_t)(uint64_t)(product >> (point - 64));
    const int up = fraction < 0; /* to the nearest quarter */
    *rest = (double)fraction * 0x1p-64 * 0x1.921fb54442d18p0;
    int quarters = (int)((uint64_t)(product >> point) & 3) + up;
    if (u >> 31) {
        *rest = -*rest;
        quarters = -quarters;
    }
    return quarters & 3;
}

/* For |x| <= pi/4; the first term left out is below 1e-15 of the value. */
static inline double trig_sin_core(double x)
{
    const double q = x * x;
    double p = -1.0 / 1307674368000.0;
    p = p * q + 1.0 / 6227020800.0;
    p = p * q - 1.0 / 39916800.0;
    p = p * q + 1.0 / 362880.0;
    p = p * q - 1.0 / 5040.0;
    p = p * q + 1.0 / 120.0;
    p = p * q - 1.0 / 6.0;
    return x + x * q * p;
}

static inline double trig_cos_core(double x)
{
    const double q = x * x;
    double p = -1.0 / 87178291200.0;
    p = p * q + 1.0 / 479001600.0;
    p = p * q - 1.0 / 3628800.0;
    p = p * q + 1.0 / 40320.0;
    p = p * q - 1.0 / 720.0;
    p = p * q + 1.0 / 24.0;
    p = p * q - 0.5;
    return 1.0 + q * p;
}

static inline float trig_sin(float x)
{
    double rest;
    if (!(fabsf(x) < INFINITY)) return NAN;
    const int quarters = trig_quarters(x, &rest);
    const double v = quarters & 1 ? trig_cos_core(rest) : trig_sin_core(rest);
    return (float)(quarters & 2 ? -v : v);
}

static inline float trig_cos(float x)
{
    double rest;
    if (!(fabsf(x) < INFINITY)) return NAN;
    const int quarters = trig_quarters(x, &rest);
    const double v = quarters & 1 ? trig_sin_core(rest) : trig_cos_core(rest);
    return (float)(quarters == 1 || quarters == 2 ? -v : v);
}

static inline float trig_tan(float x)
{
    double rest;
    if (!(fabsf(x) < INFINITY)) return NAN;
    const int quarters = trig_quarters(x, &rest);
    const double s = trig_sin_core(rest), c = trig_cos_core(rest);
    return (float)(quarters & 1 ? -c / s : s / c);
}

#endif
