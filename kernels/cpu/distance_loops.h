/* The inner loops of the distance transforms, one table per instruction set. All give the same bits: every
 * value is the least of the sums in[j] + cost[|i - j|], each rounded once, whatever order they are looked at.
 */
#ifndef CM_KERNELS_CPU_DISTANCE_LOOPS_H
#define CM_KERNELS_CPU_DISTANCE_LOOPS_H

#include <stdint.h>

/* gap: rows from a voxel to the nearest set voxel of its column, or this where it has none, or one so far. */
#define CM_GAP_FAR UINT16_MAX

enum {
    CM_ROW_MARGIN = 8,    /* values before and behind a row, all INFINITY */
    CM_SEARCH_BLOCK = 16, /* positions that are skipped at once when their least value is too large */
    CM_COLUMN_TILE = 64   /* neighbouring columns that are done together */
};

/* Blocks of a line; padded, so that a vector of them can be read. */
static inline int64_t cm_search_blocks(int64_t n)
{
    const int64_t blocks = (n + CM_SEARCH_BLOCK - 1) / CM_SEARCH_BLOCK;
    return (blocks + 7) / 8 * 8;
}

/* What steps along a line of n positions cost. */
typedef struct cm_line_costs {
    double *cost; /* [n], not falling, cost[0] = 0 */
    /* The least cost of the steps of more than CM_SEARCH_BLOCK from a position to a block, INFINITY where
     * there is none; by the position's place in its block and how many blocks away: [CM_SEARCH_BLOCK][2 *
     * cm_search_blocks(n)]. */
    double *bound;
} cm_line_costs;

/* Those of position i, by block: [cm_search_blocks(n)]. */
static inline const double *cm_block_bounds(const cm_line_costs *costs, int64_t n, int64_t i)
{
    const int64_t blocks = cm_search_blocks(n);
    return costs->bound + (i % CM_SEARCH_BLOCK) * 2 * blocks + blocks - i / CM_SEARCH_BLOCK;
}

typedef struct cm_distance_loops {
    const char *name;
    /* gap[x] = 0 where row[x] is 1, else one more than above[x]; above NULL: there is no row above. */
    void (*gaps_down)(const uint8_t *row, const uint16_t *above, int64_t n, uint16_t *gap);
    /* gap[x] = the smaller of itself and one more than below[x]. */
    void (*gaps_up)(const uint16_t *below, int64_t n, uint16_t *gap);
    /* out[x] = (gap[x] spacing)^2, INFINITY for CM_GAP_FAR. */
    void (*squares)(const uint16_t *gap, int64_t n, double spacing, double *out);
    /* out[i] = min over j of in[j] + cost[|i - j|]. in: with margins; blocks: scratch, [cm_search_blocks(n)].
     */
    void (*along_row)(const double *in, int64_t n, const cm_line_costs *costs, double *blocks, double *out);
    /* The same in place for `width` <= CM_COLUMN_TILE columns next to each other; row i is at value + i *
     * stride. scratch: cm_column_tile_values(n). */
    void (*along_columns)(double *value, int64_t n, int64_t stride, int64_t width, const cm_line_costs *costs,
                          double *scratch);
} cm_distance_loops;

static inline int64_t cm_column_tile_values(int64_t n)
{
    return CM_COLUMN_TILE * (n + cm_search_blocks(n));
}

extern const cm_distance_loops cm_distance_scalar;
#if defined(__x86_64__)
extern const cm_distance_loops cm_distance_avx2, cm_distance_avx512;
#elif defined(__aarch64__)
extern const cm_distance_loops cm_distance_neon;
#endif

#endif
