/* The loops of cm_distance_loops. Included once by each distance_<isa>.c, which is compiled for its
 * instruction set and names its table with CM_DISTANCE_TABLE.
 *
 * A minimum over a whole line is found by looking outwards from each position, for LANES neighbouring
 * positions at once, until the cost of the offset alone is no less than the best sum. That is a handful of
 * steps where set voxels are near. Where they are far, stretches of CM_SEARCH_BLOCK positions are left out
 * whose least value cannot improve anything, LANES stretches at once. Sums of doubles are rounded but never
 * reordered by that: x <= y implies x + c <= y + c after rounding, too. */
#include "kernels/cpu/distance_loops.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 8
typedef __m512d lanes;
#define lanes_load(p)     _mm512_loadu_pd(p)
#define lanes_store(p, v) _mm512_storeu_pd((p), (v))
#define lanes_set(s)      _mm512_set1_pd(s)
#define lanes_add(a, b)   _mm512_add_pd((a), (b))
#define lanes_least(a, b) _mm512_min_pd((a), (b))
/* the number is less than some lane */
#define less_than_any(s, v) (_mm512_cmp_pd_mask(_mm512_set1_pd(s), (v), _CMP_LT_OQ) != 0)
#define differ(a, b)        (_mm512_cmp_pd_mask((a), (b), _CMP_NEQ_UQ) != 0)
/* a bit for each lane that is less than the number; the largest lane */
#define less_flags(v, s) ((uint32_t)_mm512_cmp_pd_mask((v), _mm512_set1_pd(s), _CMP_LT_OQ))
#define most_of(v)       _mm512_reduce_max_pd(v)
#elif defined(__AVX2__)
#include <immintrin.h>
#define LANES               4
typedef __m256d lanes;
#define lanes_load(p)       _mm256_loadu_pd(p)
#define lanes_store(p, v)   _mm256_storeu_pd((p), (v))
#define lanes_set(s)        _mm256_set1_pd(s)
#define lanes_add(a, b)     _mm256_add_pd((a), (b))
#define lanes_least(a, b)   _mm256_min_pd((a), (b))
#define less_than_any(s, v) (_mm256_movemask_pd(_mm256_cmp_pd(_mm256_set1_pd(s), (v), _CMP_LT_OQ)) != 0)
#define differ(a, b)        (_mm256_movemask_pd(_mm256_cmp_pd((a), (b), _CMP_NEQ_UQ)) != 0)
#define less_flags(v, s)    ((uint32_t)_mm256_movemask_pd(_mm256_cmp_pd((v), _mm256_set1_pd(s), _CMP_LT_OQ)))
#define most_of(v)          most_of_four(v)
static inline double most_of_four(__m256d v)
{
    const __m128d two = _mm_max_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
}
#elif defined(__aarch64__) && defined(CM_DISTANCE_NEON)
#include <arm_neon.h>
#define LANES               2
typedef float64x2_t lanes;
#define lanes_load(p)       vld1q_f64(p)
#define lanes_store(p, v)   vst1q_f64((p), (v))
#define lanes_set(s)        vdupq_n_f64(s)
#define lanes_add(a, b)     vaddq_f64((a), (b))
#define lanes_least(a, b)   vminq_f64((a), (b))
#define any_of(m)           ((vgetq_lane_u64((m), 0) | vgetq_lane_u64((m), 1)) != 0)
#define less_than_any(s, v) any_of(vcltq_f64(vdupq_n_f64(s), (v)))
#define differ(a, b)        any_of(veorq_u64(vceqq_f64((a), (b)), vdupq_n_u64(UINT64_MAX)))
#define flags_of(m)         (uint32_t)((vgetq_lane_u64((m), 0) & 1) | (vgetq_lane_u64((m), 1) & 2))
#define less_flags(v, s)    flags_of(vcltq_f64((v), vdupq_n_f64(s)))
#define most_of(v)          vmaxvq_f64(v)
#else
#define LANES               1
typedef double lanes;
#define lanes_load(p)       (*(p))
#define lanes_store(p, v)   (*(p) = (v))
#define lanes_set(s)        (s)
#define lanes_add(a, b)     ((a) + (b))
#define lanes_least(a, b)   ((b) < (a) ? (b) : (a))
#define less_than_any(s, v) ((s) < (v))
#define differ(a, b)        ((a) != (b))
#define less_flags(v, s)    ((uint32_t)((v) < (s)))
#define most_of(v)          (v)
#endif

enum { GROUPS = CM_COLUMN_TILE / LANES, NEAR = CM_SEARCH_BLOCK, NEAR_STEPS = 4 };

static inline int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* -- the first axis, in whole steps ---------------------------------------------------------------------- */

static inline uint16_t one_more(uint16_t gap)
{
    return (uint16_t)(gap + (gap != CM_GAP_FAR));
}

static void gaps_down(const uint8_t *row, const uint16_t *above, int64_t n, uint16_t *restrict gap)
{
    if (above)
        for (int64_t x = 0; x < n; x++)
            gap[x] = (uint16_t)(one_more(above[x]) & (row[x] - 1));
    else
        for (int64_t x = 0; x < n; x++)
            gap[x] = (uint16_t)(CM_GAP_FAR & (row[x] - 1));
}

static void gaps_up(const uint16_t *below, int64_t n, uint16_t *restrict gap)
{
    for (int64_t x = 0; x < n; x++) {
        const uint16_t up = one_more(below[x]);
        gap[x] = up < gap[x] ? up : gap[x];
    }
}

static void squares(const uint16_t *gap, int64_t n, double spacing, double *restrict out)
{
    for (int64_t x = 0; x < n; x++) {
        const double d = (double)gap[x] * spacing;
        out[x] = gap[x] == CM_GAP_FAR ? INFINITY : d * d;
    }
}

/* -- the other axes -------------------------------------------------------------------------------------- */

/* A line of n positions, `step` values apart; LANES values at each. In a row step is 1, so the values of a
 * position are those of the next ones, too: its lanes reach LANES - 1 positions further. */
typedef struct line {
    const double *value;
    int64_t n, step, reach;
    const cm_line_costs *costs;
    const double *cost;  /* of costs */
    const double *least; /* [cm_search_blocks(n)]: the least value of a block, INFINITY for those beyond n */
} line;

static inline lanes sum_at(const double *at, int64_t step, const double *cost, int64_t k)
{
    return lanes_add(lanes_load(at + k * step), lanes_set(cost[k]));
}

/* Offsets k..end-1 in one direction (step < 0: towards the front). Four at a time, so that one does not wait
 * for the other. */
static inline lanes look(const double *at, int64_t step, const double *cost, int64_t k, int64_t end,
                         lanes best)
{
    for (; k + 4 <= end; k += 4) {
        const lanes first = lanes_least(sum_at(at, step, cost, k), sum_at(at, step, cost, k + 1));
        const lanes second = lanes_least(sum_at(at, step, cost, k + 2), sum_at(at, step, cost, k + 3));
        best = lanes_least(best, lanes_least(first, second));
    }
    for (; k < end; k++)
        best = lanes_least(best, sum_at(at, step, cost, k));
    return best;
}

static inline int64_t block_at(const line *l, int64_t i)
{
    return (i < 0 ? 0 : i < l->n ? i : l->n - 1) / CM_SEARCH_BLOCK;
}

/* The smallest offset, of `from` and more, at which lanes of position i see block b in front of them, or
 * behind. */
static inline int64_t offset_before(int64_t i, int64_t b, int64_t from)
{
    const int64_t offset = i - (b * CM_SEARCH_BLOCK + CM_SEARCH_BLOCK - 1);
    return offset > from ? offset : from;
}

static inline int64_t offset_behind(const line *l, int64_t i, int64_t b, int64_t from)
{
    const int64_t offset = b * CM_SEARCH_BLOCK - i - l->reach;
    return offset > from ? offset : from;
}

static inline lanes look_before(const line *l, int64_t i, int64_t b, int64_t from, lanes best)
{
    const int64_t end = smaller(i + l->reach - b * CM_SEARCH_BLOCK + 1, l->n);
    return look(l->value + i * l->step, -l->step, l->cost, offset_before(i, b, from), end, best);
}

static inline lanes look_behind(const line *l, int64_t i, int64_t b, int64_t from, lanes best)
{
    const int64_t end = smaller((b + 1) * CM_SEARCH_BLOCK, l->n) - i;
    return look(l->value + i * l->step, l->step, l->cost, offset_behind(l, i, b, from), end, best);
}

/* Offsets of more than NEAR, in the blocks whose least value may improve some lane. */
static lanes look_far(const line *l, int64_t i, lanes best, int64_t *hint)
{
    const int64_t blocks = cm_search_blocks(l->n), own = i / CM_SEARCH_BLOCK;
    const double *bound = cm_block_bounds(l->costs, l->n, i);
    double most = most_of(best);
    for (int64_t first = 0; first < blocks; first += LANES) {
        uint32_t flags = less_flags(lanes_add(lanes_load(l->least + first), lanes_load(bound + first)), most);
        for (; flags; flags &= flags - 1) {
            const int64_t b = first + __builtin_ctz(flags);
            if (!(l->least[b] + bound[b] < most)) continue; /* no longer */
            const lanes start = best;
            best = b < own ? look_before(l, i, b, NEAR + 1, best) : look_behind(l, i, b, NEAR + 1, best);
            if (differ(start, best)) *hint = b;
            most = most_of(best);
        }
    }
    return best;
}

/* The least value at all offsets up to NEAR, and perhaps some around. */
static inline double least_near(const line *l, int64_t i)
{
    const int64_t last = block_at(l, i + NEAR + l->reach);
    double least = INFINITY;
    for (int64_t b = block_at(l, i - NEAR); b <= last; b++)
        least = l->least[b] < least ? l->least[b] : least;
    return least;
}

/* *hint: the block where the best of the position before was found, -1: near it. Looking there first makes
 * most of what lies between too large to look at. */
static inline lanes nearest(const line *l, int64_t i, int64_t *hint)
{
    const double *at = l->value + i * l->step;
    const int64_t left = smaller(i + l->reach, l->n - 1) + 1,
                  right = l->n - i; /* offsets that exist, and 1 */
    const int64_t all = left > right ? left : right;
    lanes best = lanes_load(at);
    int64_t k = 1;
    if (*hint >= 0) {
        best = *hint * CM_SEARCH_BLOCK > i ? look_behind(l, i, *hint, 1, best)
                                           : look_before(l, i, *hint, 1, best);
        if (!less_than_any(least_near(l, i) + l->cost[1], best)) k = NEAR + 1;
    }
    const lanes start = best;
    for (; k < all && k <= NEAR; k += NEAR_STEPS) {
        if (!less_than_any(l->cost[k], best)) break;
        best = look(at, -l->step, l->cost, k, smaller(k + NEAR_STEPS, left), best);
        best = look(at, l->step, l->cost, k, smaller(k + NEAR_STEPS, right), best);
    }
    if (differ(start, best)) *hint = -1;
    if (all > NEAR + 1 && less_than_any(l->cost[NEAR + 1], best)) best = look_far(l, i, best, hint);
    return best;
}

static void along_row(const double *in, int64_t n, const cm_line_costs *costs, double *least, double *out)
{
    int64_t hint = -1;
    for (int64_t b = 0; b < cm_search_blocks(n); b++) {
        const int64_t end = smaller((b + 1) * CM_SEARCH_BLOCK, n);
        least[b] = INFINITY;
        for (int64_t i = b * CM_SEARCH_BLOCK; i < end; i++)
            least[b] = in[i] < least[b] ? in[i] : least[b];
    }
    const line l = {in, n, 1, LANES - 1, costs, costs->cost, least};
    for (int64_t i = 0; i < n; i += LANES) {
        const lanes best = nearest(&l, i, &hint);
        if (i + LANES <= n) {
            lanes_store(out + i, best);
        } else {
            double rest[LANES];
            lanes_store(rest, best);
            memcpy(out + i, rest, (size_t)(n - i) * sizeof *out);
        }
    }
}

static inline double least_of(lanes v)
{
    double each[LANES], least;
    lanes_store(each, v);
    least = each[0];
    for (int64_t k = 1; k < LANES; k++)
        least = each[k] < least ? each[k] : least;
    return least;
}

/* Columns into [group][n][LANES], row by row, for a row is a page of memory to itself; of_blocks: the least
 * of each block, [group][blocks]. What is missing in the last group is 0, which is never looked past. */
static void take_columns(const double *value, int64_t n, int64_t stride, int64_t width, double *columns,
                         double *of_blocks)
{
    const int64_t blocks = cm_search_blocks(n), groups = (width + LANES - 1) / LANES;
    double row[CM_COLUMN_TILE] = {0};
    for (int64_t b = 0; b < blocks; b++) {
        lanes least[GROUPS];
        for (int64_t g = 0; g < groups; g++)
            least[g] = lanes_set(INFINITY);
        for (int64_t i = b * CM_SEARCH_BLOCK; i < smaller((b + 1) * CM_SEARCH_BLOCK, n); i++) {
            const double *from = value + i * stride;
            if (width < CM_COLUMN_TILE) from = memcpy(row, from, (size_t)width * sizeof *row);
            for (int64_t g = 0; g < groups; g++) {
                const lanes v = lanes_load(from + g * LANES);
                lanes_store(columns + (g * n + i) * LANES, v);
                least[g] = lanes_least(least[g], v);
            }
        }
        for (int64_t g = 0; g < groups; g++)
            of_blocks[g * blocks + b] = least_of(least[g]);
    }
}

/* The tile lies in scratch group by group, so that what one looks at is together. */
static void along_columns(double *value, int64_t n, int64_t stride, int64_t width, const cm_line_costs *costs,
                          double *scratch)
{
    const int64_t blocks = cm_search_blocks(n), groups = (width + LANES - 1) / LANES;
    double *of_blocks = scratch + n * CM_COLUMN_TILE;
    line lines[GROUPS];
    int64_t hint[GROUPS];
    take_columns(value, n, stride, width, scratch, of_blocks);
    for (int64_t g = 0; g < groups; g++) {
        lines[g] = (line){scratch + g * n * LANES, n, LANES, 0, costs, costs->cost, of_blocks + g * blocks};
        hint[g] = -1;
    }
    for (int64_t i = 0; i < n; i++) {
        double row[CM_COLUMN_TILE];
        for (int64_t g = 0; g < groups; g++)
            lanes_store(row + g * LANES, nearest(&lines[g], i, &hint[g]));
        memcpy(value + i * stride, row, (size_t)width * sizeof *row);
    }
}

const cm_distance_loops CM_DISTANCE_TABLE = {
    .name = CM_DISTANCE_NAME,
    .gaps_down = gaps_down,
    .gaps_up = gaps_up,
    .squares = squares,
    .along_row = along_row,
    .along_columns = along_columns,
};
