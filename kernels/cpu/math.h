/* Transcendental functions of the engine: the same bits on every machine, whatever its C library.
 *
 * A float argument is widened to double, the function is evaluated there with additions, multiplications,
 * divisions and fused multiply-adds only (each exactly rounded by IEEE 754; none is fused that does not say
 * so), and rounded once to float. The
 * evaluation error is below 1e-11 relative, so a result differs from the true value by less than 0.5003 units
 * in the last place of the float, except where a comment says otherwise. All functions are free of branches
 * and calls, so that a compiler can vectorise a loop over them without changing a bit. NaN gives NaN. */
#ifndef CM_KERNELS_CPU_MATH_H
#define CM_KERNELS_CPU_MATH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t math_bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double math_double(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* e^x for |x| <= 200, outside as at +-200 (a float is then inf or 0). Cody-Waite reduction by ln 2, Taylor
 * series of degree 11 on |r| <= 0.347 (remainder 0.347^12 / 12! = 6e-15). */
static inline double math_exp_core(double x)
{
    const double shift = 0x1.8p52; /* adding it rounds to an integer, kept in the low bits */
    x = x > 200.0 ? 200.0 : x;
    x = x < -200.0 ? -200.0 : x;
    const double shifted = fma(x, 0x1.71547652b82fep0, shift);
    const double n = shifted - shift;
    const double r = fma(-n, 0x1.a39ef35793c76p-33, fma(-n, 0x1.62e42feep-1, x));
    double p = 1.0 / 39916800.0;
    p = fma(p, r, 1.0 / 3628800.0);
    p = fma(p, r, 1.0 / 362880.0);
    p = fma(p, r, 1.0 / 40320.0);
    p = fma(p, r, 1.0 / 5040.0);
    p = fma(p, r, 1.0 / 720.0);
    p = fma(p, r, 1.0 / 120.0);
    p = fma(p, r, 1.0 / 24.0);
    p = fma(p, r, 1.0 / 6.0);
    p = fma(p, r, 0.5);
    p = fma(p, r, 1.0);
    p = fma(p, r, 1.0);
    const double power = math_double((math_bits(shifted) + 1023) << 52);
    return p * power;
}

/* 2 atanh(s) for |s| <= 1/3: the odd series to s^27 (remainder below 3e-15 relative at 1/3). */
static inline double math_atanh2(double s)
{
    const double q = s * s;
    double p = 1.0 / 27.0;
    p = p * q + 1.0 / 25.0;
    p = p * q + 1.0 / 23.0;
    p = p * q + 1.0 / 21.0;
    p = p * q + 1.0 / 19.0;
    p = p * q + 1.0 / 17.0;
    p = p * q + 1.0 / 15.0;
    p = p * q + 1.0 / 13.0;
    p = p * q + 1.0 / 11.0;
    p = p * q + 1.0 / 9.0;
    p = p * q + 1.0 / 7.0;
    p = p * q + 1.0 / 5.0;
    p = p * q + 1.0 / 3.0;
    p = p * q + 1.0;
    return 2.0 * s * p;
}

/* ln x for a positive normal double. */
static inline double math_log_core(double x)
{
    /* x = 2^e m with m in [sqrt(1/2), sqrt(2)) */
    const uint64_t u = math_bits(x) - 0x3fe6a09e667f3bcdu;
    const uint64_t exponent = (u >> 52) - ((u >> 63) << 12); /* sign extended */
    const double e = math_double(exponent + 0x4338000000000000u) - 0x1.8p52;
    const double m = math_double((u & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    return e * 0x1.62e42fefa39efp-1 + math_atanh2((m - 1.0) / (m + 1.0));
}

/* erf x / x as a polynomial in (x^2 - 8) / 8 on |x| <= 4: Chebyshev interpolation of degree 22, error 4e-13
 * relative; beyond 4 it is 1 within 1.6e-8, as the float is. */
static inline double math_erf_core(double x)
{
    static const double c[23] = {
        0x1.6a040781a49aap-2,  -0x1.69a0ccda54561p-3,  0x1.0dabaf0618bb5p-3,  -0x1.b92e95b233264p-4,
        0x1.717efc7447fa9p-4,  -0x1.3215da4640e20p-4,  0x1.ea97f22694c13p-5,  -0x1.76e83f564daa9p-5,
        0x1.0ed52177d1d91p-5,  -0x1.7036e7f28849cp-6,  0x1.d6364604f1c89p-7,  -0x1.19f2a40b5121ap-7,
        0x1.3e0bf9134f4dcp-8,  -0x1.528fbca519bd2p-9,  0x1.5338acabc8590p-10, -0x1.3d213039f4deap-11,
        0x1.1e68cccfffffep-12, -0x1.0940f60b21642p-13, 0x1.a76828a6f4dedp-15, -0x1.a825a6f4de9bep-17,
        0x1.5577c590b215bp-18, -0x1.33b8642c8590bp-18, 0x1.8e9121642c859p-20};
    const double v = (x * x - 8.0) * 0.125;
    double p = c[22];
#pragma GCC unroll 22
    for (int i = 21; i >= 0; i--)
        p = fma(p, v, c[i]);
    p = x > 4.0 ? 1.0 : p * x;
    return x < -4.0 ? -1.0 : p;
}

/* tanh x; near 0 by its series (remainder at 0.02: 3e-14), elsewhere 1 - 2 / (e^2x + 1). */
static inline double math_tanh_core(double x)
{
    const double q = x * x;
    const double series = x * (1.0 + q * (-1.0 / 3.0 + q * (2.0 / 15.0 + q * (-17.0 / 315.0))));
    const double wide = 1.0 - 2.0 / (math_exp_core(2.0 * x) + 1.0);
    return q < 0.0004 ? series : wide;
}

static inline double math_expm1_core(double x)
{
    const double wide = math_exp_core(x) - 1.0;
    const double series = x * (1.0 + x * (0.5 + x * (1.0 / 6.0)));
    return x * x < 1e-8 ? series : wide;
}

static inline double math_sigmoid_core(double x)
{
    return 1.0 / (1.0 + math_exp_core(-x));
}

/* ln(1 + e^x) = max(x, 0) + 2 atanh(t / (2 + t)) with t = e^-|x|. */
static inline double math_softplus_core(double x)
{
    const double t = math_exp_core(-fabs(x));
    return (x < 0.0 ? 0.0 : x) + math_atanh2(t / (2.0 + t));
}

static inline float math_exp(float x)
{
    return (float)math_exp_core((double)x);
}

static inline float math_log(float x)
{
    double y = math_log_core((double)x);
    y = x == 0.0f ? -(double)INFINITY : y;
    y = x == INFINITY ? (double)INFINITY : y;
    return x >= 0.0f ? (float)y : NAN;
}

static inline float math_tanh(float x)
{
    return (float)math_tanh_core((double)x);
}

static inline float math_erf(float x)
{
    return (float)math_erf_core((double)x);
}

static inline float math_sigmoid(float x)
{
    return (float)math_sigmoid_core((double)x);
}

/* The error is below 1e-12 |x|, and below 5e-8 where x < -5.6, where the value 0 is given. */
static inline float math_gelu_erf(float x)
{
    return (float)(0.5 * (double)x * (1.0 + math_erf_core((double)x * 0x1.6a09e667f3bcdp-1)));
}

/* As gelu_erf, with tanh in the place of erf. */
static inline float math_gelu_tanh(float x)
{
    const double v = (double)x;
    const double inner = 0x1.9884533d43651p-1 * (v + 0.044715 * v * v * v);
    return (float)(0.5 * v * (1.0 + math_tanh_core(inner)));
}

/* x^y as C's powf defines it. e^(y ln|x|) in double: below 0.501 units in the last place. */
static inline float math_pow(float x, float y)
{
    if (y == 0.0f || x == 1.0f) return 1.0f;
    if (isnan(x) || isnan(y)) return NAN;
    const float a = fabsf(x);
    if (isinf(y)) {
        if (a == 1.0f) return 1.0f;
        return (a > 1.0f) == (y > 0.0f) ? INFINITY : 0.0f;
    }
    const bool whole = floorf(y) == y;
    const bool odd = whole && fabsf(y) < 16777216.0f && ((int32_t)y & 1);
    if (x < 0.0f && !whole && !isinf(x)) return NAN;
    float r;
    if (a == 0.0f || isinf(a))
        r = (a == 0.0f) == (y > 0.0f) ? 0.0f : INFINITY;
    else
        r = (float)math_exp_core((double)y * math_log_core((double)a));
    return odd && signbit(x) ? -r : r;
}

#endif
