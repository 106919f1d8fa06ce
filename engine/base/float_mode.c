/* One control register per kind of processor. */
#include "engine/base/float_mode.h"

#include <fenv.h>
#include <float.h>
#include <stdint.h>

#if defined(__FAST_MATH__)
#error "-ffast-math changes results and hides NaN: docs/determinism.md"
#endif
_Static_assert(FLT_EVAL_METHOD == 0, "intermediate results must be rounded to their type: no x87 arithmetic");

#if defined(__x86_64__)
#include <xmmintrin.h>

bool cm_float_mode_restore(void)
{
    const unsigned odd = 0x8000u | 0x0040u | 0x6000u; /* flush to zero, subnormals are zero, rounding */
    const unsigned mode = _mm_getcsr();
    if (!(mode & odd)) return false;
    _mm_setcsr(mode & ~odd);
    return true;
}

#elif defined(__aarch64__)

bool cm_float_mode_restore(void)
{
    /* FIZ, AH, NEP; FZ16, RMode, FZ, DN */
    const uint64_t odd = UINT64_C(7) | UINT64_C(1) << 19 | UINT64_C(15) << 22;
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    if (!(mode & odd)) return false;
    __asm__ volatile("msr fpcr, %0" : : "r"(mode & ~odd));
    return true;
}

#else

bool cm_float_mode_restore(void)
{
    if (fegetround() == FE_TONEAREST) return false;
    fesetround(FE_TONEAREST);
    return true;
}

#endif
