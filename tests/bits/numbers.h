/* Seeded input numbers of the cases. */
#ifndef CM_TESTS_BITS_NUMBERS_H
#define CM_TESTS_BITS_NUMBERS_H

#include <stdint.h>

/* A name as a seed. */
uint64_t bits_seed(const char *name);

/* n numbers; the caller frees. kind 'n': most within +-2, some zeros of either sign, subnormal, small and
 * large. kind 'e': every magnitude alike, with the values at which functions turn, infinities and NaNs. */
float *bits_numbers(char kind, uint64_t seed, int64_t n);

#endif
