/* Insertion for few keys, least-significant-digit radix sort for many.
 *
 * Scores are sorted by the upper 32 of the bits in which their keys differ, packed with their number into one
 * word: three passes over eight bytes each instead of six over twelve. Scores that differ only in lower bits
 * are few and next to each other then; each such group is sorted by itself. */
#include "metrics/statistics/key_sort.h"

#include <stdbool.h>

enum { FEW = 96, DIGITS = 6, DIGIT_BITS = 11, BUCKETS = 1 << DIGIT_BITS };
enum { UPPER_DIGITS = 3 }; /* of the upper half of an entry */
enum { AHEAD = 16 };       /* entries whose score is fetched before it is wanted */

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

/* -- scores ---------------------------------------------------------------------------------------------- */

typedef struct scores {
    const double *score;
    int64_t stride;
} scores;

static double score_of(const scores *s, uint64_t entry)
{
    return s->score[(int64_t)(entry & UINT32_MAX) * s->stride];
}

static uint64_t falling_key(double score)
{
    return ~cm_sort_key(score);
}

/* Scores of entries; memory is asked for ahead of its use, for the order is a random one. */
static void gather(const scores *s, const uint64_t *entry, int64_t n, double *sorted)
{
    for (int64_t i = 0; i < n; i++) {
        const uint64_t ahead = entry[i + AHEAD < n ? i + AHEAD : i] & UINT32_MAX;
        __builtin_prefetch(&s->score[(int64_t)ahead * s->stride]);
        sorted[i] = score_of(s, entry[i]);
    }
}

/* By the upper halves, stable; the result is in `entry`. */
static void sort_upper_halves(uint64_t *entry, int64_t n, uint64_t *scratch)
{
    int32_t count[UPPER_DIGITS][BUCKETS] = {{0}};
    uint64_t *from = entry, *to = scratch;
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < UPPER_DIGITS; d++)
            count[d][entry[i] >> (32 + DIGIT_BITS * d) & (BUCKETS - 1)]++;
    for (int d = 0; d < UPPER_DIGITS; d++) {
        const int shift = 32 + DIGIT_BITS * d;
        int32_t first = 0;
        if (count[d][from[0] >> shift & (BUCKETS - 1)] == n) continue; /* all share this digit */
        for (int b = 0; b < BUCKETS; b++) {
            const int32_t here = count[d][b];
            count[d][b] = first;
            first += here;
        }
        for (int64_t i = 0; i < n; i++)
            to[count[d][from[i] >> shift & (BUCKETS - 1)]++] = from[i];
        uint64_t *const swap = from;
        from = to;
        to = swap;
    }
    if (from != entry) memcpy(entry, from, (size_t)n * sizeof *entry);
}

static void insert_entries(double *sorted, uint64_t *entry, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const uint64_t e = entry[i];
        const double x = sorted[i];
        int64_t j = i;
        for (; j > 0 && sorted[j - 1] < x; j--) {
            sorted[j] = sorted[j - 1];
            entry[j] = entry[j - 1];
        }
        sorted[j] = x;
        entry[j] = e;
    }
}

/* Calls itself for groups of equal upper halves that hide a difference below; those have no more than 32
 * such bits, so that goes one level deep. `sorted` is the scratch of the upper halves before it is the
 * answer.
 */
static void sort_entries(const scores *s, uint64_t *entry, int64_t n, double *sorted)
{
    uint64_t least = UINT64_MAX, greatest = 0;
    if (n <= FEW) {
        gather(s, entry, n, sorted);
        insert_entries(sorted, entry, n);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const uint64_t k = falling_key(score_of(s, entry[i]));
        least = k < least ? k : least;
        greatest = k > greatest ? k : greatest;
    }
    const int bits = least == greatest ? 0 : 64 - __builtin_clzll(greatest - least);
    const int hidden = bits > 32 ? bits - 32 : 0;
    for (int64_t i = 0; i < n; i++)
        entry[i] = (falling_key(score_of(s, entry[i])) - least) >> hidden << 32 | (entry[i] & UINT32_MAX);
    sort_upper_halves(entry, n, (uint64_t *)(void *)sorted);
    gather(s, entry, n, sorted);
    for (int64_t i = 0, end; i < n && hidden; i = end) {
        bool same = true;
        for (end = i + 1; end < n && entry[end] >> 32 == entry[i] >> 32; end++)
            same = same && sorted[end] == sorted[i];
        if (same) continue;
        if (end - i <= FEW)
            insert_entries(sorted + i, entry + i, end - i);
        else
            sort_entries(s, entry + i, end - i, sorted + i);
    }
}

void cm_sort_falling(const double *score, int64_t stride, int64_t n, uint64_t *entry, double *sorted)
{
    for (int64_t i = 0; i < n; i++)
        entry[i] = (uint64_t)i;
    sort_entries(&(scores){score, stride}, entry, n, sorted);
}
