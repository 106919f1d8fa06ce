/* Philox4x32-10 and the draws made from it.
 *
 * Key = the 64-bit seed; counter = {draw, replicate, purpose, try}. So two draws share a block only when
 * they are the same draw. */
#include "engine/base/random.h"

#include <math.h>

/* Round multipliers and Weyl increments of Salmon et al. 2011, table 2 and section 4. */
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u

void cm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0, p1 = (uint64_t)MULTIPLIER_1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The two 64-bit words of a draw. */
static void draw_words(cm_random r, uint64_t replicate, uint64_t draw, uint32_t attempt, uint64_t word[2])
{
    const uint32_t counter[4] = {(uint32_t)draw, (uint32_t)replicate, (uint32_t)r.purpose, attempt};
    const uint32_t key[2] = {(uint32_t)r.seed, (uint32_t)(r.seed >> 32)};
    uint32_t block[4];
    cm_philox4x32(counter, key, block);
    word[0] = (uint64_t)block[1] << 32 | block[0];
    word[1] = (uint64_t)block[3] << 32 | block[2];
}

/* a*b as high and low 64-bit words, from 32-bit halves (ISO C has no 128-bit integer). */
static uint64_t multiply_wide(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    uint64_t middle = (p00 >> 32) + (uint32_t)p01 + (uint32_t)p10;
    *low = middle << 32 | (uint32_t)p00;
    return p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

uint64_t cm_random_below(cm_random r, uint64_t replicate, uint64_t draw, uint64_t n)
{
    if (n <= 1) return 0;
    /* Of the 2^64 words, the first 2^64 mod n low parts are one too many for an even share. */
    for (uint32_t attempt = 0;; attempt++) {
        uint64_t word[2], low;
        draw_words(r, replicate, draw, attempt, word);
        uint64_t high = multiply_wide(word[0], n, &low);
        if (low >= n || low >= (0 - n) % n) return high; /* the remainder is below n and costs a division */
    }
}

double cm_random_uniform(cm_random r, uint64_t replicate, uint64_t draw)
{
    uint64_t word[2];
    draw_words(r, replicate, draw, 0, word);
    return (double)(word[0] >> 11) * 0x1p-53;
}

/* Natural logarithm of 0 < x <= 1, and cosine of turn full circles. Own series, because the C library picks
 * variants by CPU that differ in the last bit; these use only operations IEEE 754 rounds exactly. */
static double fixed_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    const double s = (m - 1) / (m + 1), s2 = s * s; /* |s| <= 0.1716, so 11 terms reach 2^-53 */
    double sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return 2 * s * sum + exponent * 0.69314718055994530942;
}

static double fixed_cos_turn(double turn)
{
    const double quarter = floor(4 * turn + 0.5);
    const double x = (turn - quarter / 4) * 6.28318530717958647693, x2 = x * x; /* |x| <= pi/4 */
    double cosine = 1, sine = 1;
    for (int k = 16; k >= 2; k -= 2) {
        cosine = 1 - cosine * x2 / (k * (k - 1));
        sine = 1 - sine * x2 / (k * (k + 1));
    }
    sine *= x;
    switch ((int)quarter & 3) {
    case 0:
        return cosine;
    case 1:
        return -sine;
    case 2:
        return -cosine;
    default:
        return sine;
    }
}

double cm_random_normal(cm_random r, uint64_t replicate, uint64_t draw)
{
    uint64_t word[2];
    draw_words(r, replicate, draw, 0, word);
    const double u = ((double)(word[0] >> 11) + 1) * 0x1p-53; /* (0, 1] */
    const double turn = (double)(word[1] >> 11) * 0x1p-53;
    return sqrt(-2 * fixed_log(u)) * fixed_cos_turn(turn);
}
