/* One vector of floats of the instruction set this file is compiled for, and the few operations the
 * hand-blocked kernels need. Only for files that are compiled for one instruction set. */
#ifndef CM_KERNELS_CPU_VECTOR_H
#define CM_KERNELS_CPU_VECTOR_H

#include <stdint.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define VEC_LANES 16
typedef __m512 vec;
#define vec_load(p)        _mm512_loadu_ps(p)
#define vec_store(p, v)    _mm512_storeu_ps((p), (v))
#define vec_set(s)         _mm512_set1_ps(s)
#define vec_multiply(a, b) _mm512_mul_ps((a), (b))
#define vec_add(a, b)      _mm512_add_ps((a), (b))
#define vec_subtract(a, b) _mm512_sub_ps((a), (b))
#define vec_fma(a, b, c)   _mm512_fmadd_ps((a), (b), (c)) /* a * b + c, rounded once */
/* where x < 0 (false for NaN) y, elsewhere x */
#define vec_if_negative(x, y)                                                                                \
    _mm512_mask_blend_ps(_mm512_cmp_ps_mask((x), _mm512_setzero_ps(), _CMP_LT_OQ), (x), (y))

static inline __mmask16 vec_lanes_below(int64_t n)
{
    return n <= 0 ? 0 : n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}
/* Lanes lo..hi-1 of the vector at p, which alone are read; +0 elsewhere. */
static inline vec vec_load_range(const float *p, int64_t lo, int64_t hi)
{
    return _mm512_maskz_loadu_ps((__mmask16)(vec_lanes_below(hi) & ~vec_lanes_below(lo)), p);
}
/* The first n lanes alone are written. */
static inline void vec_store_first(float *p, vec v, int64_t n)
{
    _mm512_mask_storeu_ps(p, vec_lanes_below(n), v);
}
/* Of the 2 * VEC_LANES values a, b in order: those at even places, and at odd ones. */
static inline void vec_part(vec a, vec b, vec *even, vec *odd)
{
    const __m512i first = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    *even = _mm512_permutex2var_ps(a, first, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(1)), b);
}
/* The reverse. */
static inline void vec_weave(vec even, vec odd, vec *a, vec *b)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    *a = _mm512_permutex2var_ps(even, low, odd);
    *b = _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd);
}
/* v without its first lane, then the first lane of `next`. */
static inline vec vec_advance(vec v, vec next)
{
    return _mm512_castsi512_ps(_mm512_alignr_epi32(_mm512_castps_si512(next), _mm512_castps_si512(v), 1));
}
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define VEC_LANES             8
typedef __m256 vec;
#define vec_load(p)           _mm256_loadu_ps(p)
#define vec_store(p, v)       _mm256_storeu_ps((p), (v))
#define vec_set(s)            _mm256_set1_ps(s)
#define vec_multiply(a, b)    _mm256_mul_ps((a), (b))
#define vec_add(a, b)         _mm256_add_ps((a), (b))
#define vec_subtract(a, b)    _mm256_sub_ps((a), (b))
#define vec_fma(a, b, c)      _mm256_fmadd_ps((a), (b), (c))
#define vec_if_negative(x, y) _mm256_blendv_ps((x), (y), _mm256_cmp_ps((x), _mm256_setzero_ps(), _CMP_LT_OQ))

static inline __m256i vec_lanes_below(int64_t n)
{
    const int most = n <= 0 ? 0 : n >= 8 ? 8 : (int)n;
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(most), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vec vec_load_range(const float *p, int64_t lo, int64_t hi)
{
    return _mm256_maskload_ps(p, _mm256_andnot_si256(vec_lanes_below(lo), vec_lanes_below(hi)));
}
static inline void vec_store_first(float *p, vec v, int64_t n)
{
    _mm256_maskstore_ps(p, vec_lanes_below(n), v);
}
static inline __m256 vec_join_pairs(__m256 halves) /* of the 64-bit quarters 0 2 1 3: 0 1 2 3 */
{
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(halves), 0xd8));
}
static inline void vec_part(vec a, vec b, vec *even, vec *odd)
{
    *even = vec_join_pairs(_mm256_shuffle_ps(a, b, 0x88));
    *odd = vec_join_pairs(_mm256_shuffle_ps(a, b, 0xdd));
}
static inline void vec_weave(vec even, vec odd, vec *a, vec *b)
{
    const __m256 low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
    *a = _mm256_permute2f128_ps(low, high, 0x20);
    *b = _mm256_permute2f128_ps(low, high, 0x31);
}
static inline vec vec_advance(vec v, vec next)
{
    const __m256 middle = _mm256_permute2f128_ps(v, next, 0x21);
    return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(middle), _mm256_castps_si256(v), 4));
}
#elif defined(__aarch64__)
#include <arm_neon.h>
#define VEC_LANES             4
typedef float32x4_t vec;
#define vec_load(p)           vld1q_f32(p)
#define vec_store(p, v)       vst1q_f32((p), (v))
#define vec_set(s)            vdupq_n_f32(s)
#define vec_multiply(a, b)    vmulq_f32((a), (b))
#define vec_add(a, b)         vaddq_f32((a), (b))
#define vec_subtract(a, b)    vsubq_f32((a), (b))
#define vec_fma(a, b, c)      vfmaq_f32((c), (a), (b))
#define vec_if_negative(x, y) vbslq_f32(vcltzq_f32(x), (y), (x))

static inline vec vec_load_range(const float *p, int64_t lo, int64_t hi)
{
    float lane[4] = {0};
    for (int64_t i = lo < 0 ? 0 : lo; i < (hi < 4 ? hi : 4); i++)
        lane[i] = p[i];
    return vld1q_f32(lane);
}
static inline void vec_store_first(float *p, vec v, int64_t n)
{
    float lane[4];
    vst1q_f32(lane, v);
    for (int64_t i = 0; i < (n < 4 ? n : 4); i++)
        p[i] = lane[i];
}
static inline void vec_part(vec a, vec b, vec *even, vec *odd)
{
    *even = vuzp1q_f32(a, b);
    *odd = vuzp2q_f32(a, b);
}
static inline void vec_weave(vec even, vec odd, vec *a, vec *b)
{
    *a = vzip1q_f32(even, odd);
    *b = vzip2q_f32(even, odd);
}
static inline vec vec_advance(vec v, vec next)
{
    return vextq_f32(v, next, 1);
}
#else
#error "no vector instruction set"
#endif

#endif
