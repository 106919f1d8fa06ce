/* Stable sorting of numbered keys. Pure; thread-safe. Only metrics/ uses this header. */
#ifndef CM_METRICS_STATISTICS_KEY_SORT_H
#define CM_METRICS_STATISTICS_KEY_SORT_H

#include <stdint.h>
#include <string.h>

/* Rising keys, equal ones in the order they came; at moves along. Scratch arrays as large. n <= INT32_MAX.
 * O(n). */
void cm_sort_keys(uint64_t *key, int32_t *at, int64_t n, uint64_t *key_scratch, int32_t *at_scratch);

/* The order of n scores, score[i * stride], finite: sorted[i] is the i-th from the highest, and entry[i] &
 * UINT32_MAX its number; equal ones by rising number. The upper half of an entry means nothing. entry,
 * sorted: [n], from malloc, fully written. n <= INT32_MAX. O(n). */
void cm_sort_falling(const double *score, int64_t stride, int64_t n, uint64_t *entry, double *sorted);

/* A key that rises with x (finite; -0 and 0 alike). */
static inline uint64_t cm_sort_key(double x)
{
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The x of a key. */
static inline double cm_sort_value(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
