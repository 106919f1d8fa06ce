/* Integers make the bits, so that nothing here can differ between machines. */
#include "tests/bits/numbers.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t bits_seed(const char *name)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash;
}

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static float ordinary(uint64_t r)
{
    const float v = (float)(int32_t)(uint32_t)(r >> 32) * 0x1p-30f;
    switch (r & 63) {
    case 0:
        return 0.0f;
    case 1:
        return -0.0f;
    case 2:
        return v * 1e-39f; /* subnormal */
    case 3:
        return v * 1e-20f;
    case 4:
        return v * 1e3f;
    default:
        return v;
    }
}

/* Where rounding, clipping, overflow, casts and series turn. */
static const float edges[] = {0.0f,
                              -0.0f,
                              0x1p-149f,
                              -0x1p-149f,
                              0x1.fffffcp-127f,
                              FLT_MIN,
                              -FLT_MIN,
                              FLT_MAX,
                              -FLT_MAX,
                              INFINITY,
                              -INFINITY,
                              NAN,
                              0.5f,
                              1.5f,
                              2.5f,
                              -0.5f,
                              -2.5f,
                              1.0f,
                              -1.0f,
                              0x1.fffffep-1f,
                              88.722f,
                              88.723f,
                              -87.34f,
                              -103.97f,
                              -103.98f,
                              0x1p23f,
                              0x1.000002p23f,
                              0x1p24f,
                              0x1p31f,
                              -0x1p31f,
                              0x1p63f,
                              -0x1p63f,
                              0x1p64f,
                              255.0f,
                              256.0f,
                              -255.5f,
                              4.0f,
                              -4.0f,
                              5.6f,
                              3.0f,
                              -3.0f,
                              0x1p-12f,
                              0x1p-24f,
                              6.0f,
                              1e-4f,
                              0.02f,
                              0.0200001f,
                              0.70710678f};
enum { EDGES = sizeof edges / sizeof *edges };

static float any_magnitude(uint64_t r, int64_t i)
{
    const float v = (float)(int32_t)(uint32_t)(r >> 32) * 0x1p-31f;
    if (i < EDGES) return edges[i];
    if (i % 3 == 1) return 8.0f * v;
    if (i % 3 == 2) return 110.0f * v;
    const uint32_t u = (uint32_t)r;
    float any;
    memcpy(&any, &u, sizeof any);
    return any;
}

float *bits_numbers(char kind, uint64_t seed, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x + 1);
    if (!x) abort();
    for (int64_t i = 0; i < n; i++) {
        const uint64_t r = next_random(&seed);
        x[i] = kind == 'e' ? any_magnitude(r, i) : ordinary(r);
    }
    return x;
}
