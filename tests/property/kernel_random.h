/* Seeded random inputs of the kernel properties, and the variants they compare. Included after cmocka.h. */
#ifndef CM_TESTS_PROPERTY_KERNEL_RANDOM_H
#define CM_TESTS_PROPERTY_KERNEL_RANDOM_H

#include <stdlib.h>

#include "tests/unit/kernel_fixture.h"

static inline uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* lo..hi, both included */
static inline int64_t random_between(uint64_t *state, int64_t lo, int64_t hi)
{
    return lo + (int64_t)(next_random(state) % (uint64_t)(hi - lo + 1));
}

/* Mostly within +-2, now and then a zero of either sign or a value of another magnitude. */
static inline float random_float(uint64_t *state)
{
    const uint64_t r = next_random(state);
    const float v = (float)(int32_t)(r >> 32) * 0x1p-30f;
    switch (r & 31) {
    case 0:
        return 0.0f;
    case 1:
        return -0.0f;
    case 2:
        return v * 1e-20f;
    case 3:
        return v * 1e6f;
    default:
        return v;
    }
}

static inline float *random_floats(uint64_t *state, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x + 1);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = random_float(state);
    return x;
}

/* Every instruction set this machine can run beside the scalar reference. */
static inline int list_variants(int allowed[3])
{
    static const int features[3] = {CM_CPU_AVX2, CM_CPU_AVX512, CM_CPU_NEON};
    int n = 0;
    for (int i = 0; i < 3; i++) {
        cm_backend *be = NULL;
        assert_int_equal(cm_backend_cpu_create(NULL, features[i], &be, NULL), CM_OK);
        if (strcmp(cm_backend_variant(be), "scalar") != 0) allowed[n++] = features[i];
        cm_backend_destroy(be);
    }
    return n;
}

#endif
