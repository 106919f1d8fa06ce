/* One vector of floats of the instruction set this file is compiled for, and the few operations the
 * hand-blocked kernels need. Only for files that are compiled for one instruction set. */
#ifndef CM_KERNELS_CPU_VECTOR_H
#define CM_KERNELS_CPU_VECTOR_H

#if defined(__AVX512F__)
#include <immintrin.h>
#define VEC_LANES 16
typedef __m512 vec;
#define vec_load(p)        _mm512_loadu_ps(p)
#define vec_store(p, v)    _mm512_storeu_ps((p), (v))
#define vec_set(s)         _mm512_set1_ps(s)
#define vec_multiply(a, b) _mm512_mul_ps((a), (b))
#define vec_fma(a, b, c)   _mm512_fmadd_ps((a), (b), (c)) /* a * b + c, rounded once */
/* where x < 0 (false for NaN) y, elsewhere x */
#define vec_if_negative(x, y)                                                                                \
    _mm512_mask_blend_ps(_mm512_cmp_ps_mask((x), _mm512_setzero_ps(), _CMP_LT_OQ), (x), (y))
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define VEC_LANES             8
typedef __m256 vec;
#define vec_load(p)           _mm256_loadu_ps(p)
#define vec_store(p, v)       _mm256_storeu_ps((p), (v))
#define vec_set(s)            _mm256_set1_ps(s)
#define vec_multiply(a, b)    _mm256_mul_ps((a), (b))
#define vec_fma(a, b, c)      _mm256_fmadd_ps((a), (b), (c))
#define vec_if_negative(x, y) _mm256_blendv_ps((x), (y), _mm256_cmp_ps((x), _mm256_setzero_ps(), _CMP_LT_OQ))
#elif defined(__aarch64__)
#include <arm_neon.h>
#define VEC_LANES             4
typedef float32x4_t vec;
#define vec_load(p)           vld1q_f32(p)
#define vec_store(p, v)       vst1q_f32((p), (v))
#define vec_set(s)            vdupq_n_f32(s)
#define vec_multiply(a, b)    vmulq_f32((a), (b))
#define vec_fma(a, b, c)      vfmaq_f32((c), (a), (b))
#define vec_if_negative(x, y) vbslq_f32(vcltzq_f32(x), (y), (x))
#else
#error "no vector instruction set"
#endif

#endif
