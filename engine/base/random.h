/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11). A draw is a pure function of its key
 * and counter, so nothing depends on threads, ranks or order. */
#ifndef CM_ENGINE_BASE_RANDOM_H
#define CM_ENGINE_BASE_RANDOM_H

#include <stdint.h>

/* Ten rounds. Known answers: counter 0, key 0 gives 6627e8d5 e169c58d bc57ac4c 9b00dbd8. Thread-safe. */
void cm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* What a stream of draws is for; part of the key, so that two purposes never share draws. Never renumbered.
 */
typedef enum cm_purpose {
    CM_PURPOSE_BOOTSTRAP = 1,
    CM_PURPOSE_DEMO = 2,
    CM_PURPOSE_TEST = 3,
    CM_PURPOSE_RANKING = 4
} cm_purpose;

typedef struct cm_random {
    uint64_t seed;
    cm_purpose purpose;
} cm_random;

/* Unbiased integer in 0..n-1 (n >= 1) for (replicate, draw): Lemire's multiply-shift with rejection on 64-bit
 * words; a rejected try moves on in a fourth counter word, so the answer stays a pure function. Thread-safe.
 */
uint64_t cm_random_below(cm_random r, uint64_t replicate, uint64_t draw, uint64_t n);
/* Uniform in [0,1) with 53 bits; standard normal by Box-Muller. Pure, thread-safe. replicate, draw < 2^32. */
double cm_random_uniform(cm_random r, uint64_t replicate, uint64_t draw);
double cm_random_normal(cm_random r, uint64_t replicate, uint64_t draw);

#endif
