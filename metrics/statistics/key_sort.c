/* Insertion for few keys, least-significant-digit radix sort for many. */
#include "metrics/statistics/key_sort.h"

enum { FEW = 48, DIGITS = 6, DIGIT_BITS = 11, BUCKETS = 1 << DIGIT_BITS };

static void insertion(uint64_t *key, int32_t *at, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const uint64_t k = key[i];
        const int32_t a = at[i];
        int64_t j = i;
        for (; j > 0 && key[j - 1] > k; j--) {
            key[j] = key[j - 1];
            at[j] = at[j - 1];
        }
        key[j] = k;
        at[j] = a;
    }
}

void cm_sort_keys(uint64_t *key, int32_t *at, int64_t n, uint64_t *key_scratch, int32_t *at_scratch)
{
    if (n <= FEW) {
        insertion(key, at, n);
        return;
    }
    int32_t count[DIGITS][BUCKETS] = {{0}};
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++)
            count[d][key[i] >> (DIGIT_BITS * d) & (BUCKETS - 1)]++;
    uint64_t *from = key, *to = key_scratch;
    int32_t *at_from = at, *at_to = at_scratch;
    for (int d = 0; d < DIGITS; d++) {
        if (count[d][from[0] >> (DIGIT_BITS * d) & (BUCKETS - 1)] == n)
            continue; /* all keys share this digit */
        int32_t first = 0;
        for (int b = 0; b < BUCKETS; b++) {
            const int32_t here = count[d][b];
            count[d][b] = first;
            first += here;
        }
        for (int64_t i = 0; i < n; i++) {
            const int32_t place = count[d][from[i] >> (DIGIT_BITS * d) & (BUCKETS - 1)]++;
            to[place] = from[i];
            at_to[place] = at_from[i];
        }
        uint64_t *const k = from;
        int32_t *const a = at_from;
        from = to;
        at_from = at_to;
        to = k;
        at_to = a;
    }
    if (from == key) return;
    memcpy(key, from, (size_t)n * sizeof *key);
    memcpy(at, at_from, (size_t)n * sizeof *at);
}
