/* Scores of tools in several replicates at once: sums as exact products of whole numbers, and medians by a
 * short walk along a sorted order from where such a sum says the walk should start. */
#include <math.h>

#include "metrics/statistics/ranking_internal.h"

/* Below 2^31: digits are at most 2^14 in size, ranks fewer, times at most 255. The length is fixed so that
 * compilers turn it into multiply-and-add of 16-bit words. */
static int32_t dot(const int16_t *a, const int16_t *b)
{
    int32_t sum = 0;
    for (int i = 0; i < RANK_BLOCK; i++)
        sum += a[i] * b[i];
    return sum;
}

/* sum [tool][column][lane]. Block by block, so that the times of a block stay near while all tools pass. */
static void multiply(const ranker *r, const int16_t *times, int64_t *sum)
{
    const int64_t rows = (int64_t)r->n_tools * r->n_columns;
    for (int64_t k = 0; k < rows * RANK_LANES; k++)
        sum[k] = 0;
    for (int64_t first = 0; first < r->padded; first += RANK_BLOCK)
        for (int t = 0; t < r->n_tools; t++)
            for (int c = 0; c < r->n_columns; c++) {
                const int16_t *row = r->column + ((int64_t)c * r->n_tools + t) * r->padded + first;
                int64_t *to = sum + ((int64_t)t * r->n_columns + c) * RANK_LANES;
                for (int l = 0; l < RANK_LANES; l++)
                    to[l] += dot(row, times + l * r->padded + first);
            }
}

__extension__ typedef __int128 wide;

/* The sum of the values, but for the exponent: its digits joined to one number, rounded once. Equal sums are
 * equal numbers, however their digits came about. */
static double sum_of_values(const int64_t *sum, int n_digits)
{
    wide joined = 0;
    for (int k = 0; k < n_digits; k++)
        joined = joined * 32768 + sum[k * RANK_LANES];
    return (double)joined;
}

static double value_at(const ranker *r, int tool, int64_t i)
{
    return r->rank2 ? r->rank2[tool * r->padded + i] / 2.0 : r->bad[tool * r->n_cases + i];
}

/* The two middle values (the same when the draws are odd in number). passed: draws before the middle of the
 * order. */
static double median(const ranker *r, int tool, const int16_t *times, int64_t passed, int64_t total)
{
    const int32_t *order = r->order + tool * r->n_cases;
    const int64_t lower = (total - 1) / 2, upper = total / 2;
    int64_t j = r->n_order[tool] / 2;
    while (passed > lower)
        passed -= times[order[--j]];
    while (passed + times[order[j]] <= lower)
        passed += times[order[j++]];
    const double low = value_at(r, tool, order[j]);
    while (passed + times[order[j]] <= upper)
        passed += times[order[j++]];
    return (low + value_at(r, tool, order[j])) / 2;
}

void cm_ranker_scores(const ranker *r, const int16_t *times, int64_t *sum, double (*score)[RANK_LANES],
                      bool (*has)[RANK_LANES])
{
    const int n_digits = r->n_columns - r->counted;
    int64_t all[RANK_LANES];
    multiply(r, times, sum);
    for (int l = 0; l < RANK_LANES; l++) {
        all[l] = 0;
        for (int64_t i = 0; i < r->n_cases && !r->counted; i++)
            all[l] += times[l * r->padded + i];
    }
    for (int t = 0; t < r->n_tools; t++)
        for (int l = 0; l < RANK_LANES; l++) {
            const int64_t *mine = sum + (int64_t)t * r->n_columns * RANK_LANES + l;
            const int64_t total = r->counted ? mine[n_digits * RANK_LANES] : all[l];
            has[t][l] = total > 0;
            score[t][l] = 0;
            if (!total) continue;
            if (r->order)
                score[t][l] = median(r, t, times + l * r->padded, mine[0], total);
            else if (r->rank2)
                score[t][l] = (double)mine[0] / (2 * (double)total);
            else
                score[t][l] = ldexp(sum_of_values(mine, n_digits) / (double)total, r->exponent);
        }
}

bool cm_ranker_take_times(const ranker *r, const int32_t *count, int16_t *times)
{
    bool good = true;
    for (int64_t i = 0; i < r->n_cases; i++) {
        good &= count[i] >= 0 && count[i] <= RANK_TIMES_MAX;
        times[i] = (int16_t)count[i];
    }
    for (int64_t i = r->n_cases; i < r->padded; i++)
        times[i] = 0;
    return good;
}
