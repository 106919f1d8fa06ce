/* Floats turned over (rows become columns), for the files compiled for one instruction set.
 * from, to: row steps in floats. vec_turn_square: VEC_SQUARE rows and columns; vec_turn_four: 4. */
#ifndef CM_KERNELS_CPU_VECTOR_TURN_H
#define CM_KERNELS_CPU_VECTOR_TURN_H

#include <stdint.h>

#if defined(__AVX2__)
#include <immintrin.h>
#define VEC_SQUARE 8

static inline void vec_turn_four(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_step), c = _mm_loadu_ps(from + 2 * from_step),
           d = _mm_loadu_ps(from + 3 * from_step);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_step, b);
    _mm_storeu_ps(to + 2 * to_step, c);
    _mm_storeu_ps(to + 3 * to_step, d);
}

/* Four floats of a row in the low half, of the row four below it in the high half. */
static inline __m256 vec_halves(const float *row, int64_t step)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row)), _mm_loadu_ps(row + 4 * step), 1);
}

/* Columns 0..3 of 8 rows. */
static inline void vec_turn_half(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    const __m256 a = vec_halves(from, from_step), b = vec_halves(from + from_step, from_step),
                 c = vec_halves(from + 2 * from_step, from_step),
                 d = vec_halves(from + 3 * from_step, from_step);
    const __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d);
    const __m256 ab_high = _mm256_unpackhi_ps(a, b), cd_high = _mm256_unpackhi_ps(c, d);
    _mm256_storeu_ps(to, _mm256_shuffle_ps(ab, cd, 0x44));
    _mm256_storeu_ps(to + to_step, _mm256_shuffle_ps(ab, cd, 0xee));
    _mm256_storeu_ps(to + 2 * to_step, _mm256_shuffle_ps(ab_high, cd_high, 0x44));
    _mm256_storeu_ps(to + 3 * to_step, _mm256_shuffle_ps(ab_high, cd_high, 0xee));
}

static inline void vec_turn_square(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    vec_turn_half(from, from_step, to, to_step);
    vec_turn_half(from + 4, from_step, to + 4 * to_step, to_step);
}
#elif defined(__aarch64__)
#include <arm_neon.h>
#define VEC_SQUARE 4

static inline void vec_turn_four(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    const float32x4_t a = vld1q_f32(from), b = vld1q_f32(from + from_step),
                      c = vld1q_f32(from + 2 * from_step), d = vld1q_f32(from + 3 * from_step);
    const float32x4_t ac = vzip1q_f32(a, c), bd = vzip1q_f32(b, d);
    const float32x4_t ac_high = vzip2q_f32(a, c), bd_high = vzip2q_f32(b, d);
    vst1q_f32(to, vzip1q_f32(ac, bd));
    vst1q_f32(to + to_step, vzip2q_f32(ac, bd));
    vst1q_f32(to + 2 * to_step, vzip1q_f32(ac_high, bd_high));
    vst1q_f32(to + 3 * to_step, vzip2q_f32(ac_high, bd_high));
}

static inline void vec_turn_square(const float *from, int64_t from_step, float *to, int64_t to_step)
{
    vec_turn_four(from, from_step, to, to_step);
}
#endif

/* Any size: to[k * to_step + r] = from[r * from_step + k], r < n, k < depth. */
static inline void vec_turn(const float *from, int64_t from_step, int64_t n, int64_t depth, float *to,
                            int64_t to_step)
{
    int64_t r = 0;
    for (; r + VEC_SQUARE <= n; r += VEC_SQUARE) {
        const float *rows = from + r * from_step;
        int64_t k = 0;
        for (; k + VEC_SQUARE <= depth; k += VEC_SQUARE)
            vec_turn_square(rows + k, from_step, to + k * to_step + r, to_step);
        for (; k < depth; k++)
            for (int64_t i = 0; i < VEC_SQUARE; i++)
                to[k * to_step + r + i] = rows[i * from_step + k];
    }
    for (; r + 4 <= n; r += 4) {
        const float *rows = from + r * from_step;
        int64_t k = 0;
        for (; k + 4 <= depth; k += 4)
            vec_turn_four(rows + k, from_step, to + k * to_step + r, to_step);
        for (; k < depth; k++)
            for (int64_t i = 0; i < 4; i++)
                to[k * to_step + r + i] = rows[i * from_step + k];
    }
    for (; r < n; r++)
        for (int64_t k = 0; k < depth; k++)
            to[k * to_step + r] = from[r * from_step + k];
}

#endif
