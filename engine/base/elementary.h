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
double cm_log(double x);

/* 1 - erf x = 2/sqrt(pi) * the integral of e^-t^2 from x on: below 5 units, in the small tail too; 0 from
 * 27.3 on. */
double cm_erfc(double x);

#ifdef __cplusplus
}
#endif
#endif
