/* Elementary functions in double whose bits do not depend on the C library: each is a written sequence of
 * operations that IEEE 754 rounds exactly (+ - * / fma floor, scaling by powers of two), with
 * -ffp-contract=off. For metrics, statistics and preparation; the kernels of models have their own, which
 * vectorise (kernels/cpu/math.h). All are pure and thread-safe; a NaN gives a NaN. The distances named are
 * those that property.base.elementary measures, in units in the last place (0.5 is the best there is). */
#ifndef CM_ENGINE_BASE_ELEMENTARY_H
#define CM_ENGINE_BASE_ELEMENTARY_H

#ifdef __cplusplus
extern "C" {
#endif

/* e^x: below 0.9 units; Inf above 709.79, 0 below -745.14, subnormal results one rounding more. */
double cm_exp(double x);

/* ln x: below 0.9 units; -Inf for 0, NaN below 0. */
double cm_ln(double x);

/* 1 - erf x = 2/sqrt(pi) * the integral of e^-t^2 from x on: below 5 units, in the small tail too; 0 from
 * 27.3 on. */
double cm_erfc(double x);

/* v within low..high; low for a NaN. Not fmin and fmax: which zero those give when a zero meets one of the
 * other sign is left to each C library. Here v itself is kept where it equals an end. */
static inline double cm_clamp(double v, double low, double high)
{
    v = v >= low ? v : low;
    return v <= high ? v : high;
}

#ifdef __cplusplus
}
#endif
#endif
