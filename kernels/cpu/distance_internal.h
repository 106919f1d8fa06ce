/* What the two distance transforms share. */
#ifndef CM_KERNELS_CPU_DISTANCE_INTERNAL_H
#define CM_KERNELS_CPU_DISTANCE_INTERNAL_H

#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/distance_loops.h"

#include <stdbool.h>

/* Shape and spacing are usable; *n_voxels: their number. Errors: CM_ERR_ARG. */
cm_status cm_distance_check(const cm_grid *grid, int64_t *n_voxels, cm_error *err);
cm_status cm_distance_no_memory(int64_t bytes, cm_error *err);
cm_status cm_distance_empty(cm_error *err);

/* cost[k] = (k spacing)^2 for k < n, and room for `room` >= n. NULL: no memory. Caller frees. */
double *cm_distance_costs(int64_t n, int64_t room, double spacing);

/* For along_columns, and for along_row, which looks from neighbouring positions at once. False: no memory.
 * Caller frees with cm_line_costs_fini, also then. */
bool cm_line_costs_of_columns(cm_line_costs *costs, int64_t n, double spacing);
bool cm_line_costs_of_rows(cm_line_costs *costs, int64_t n, double spacing);
void cm_line_costs_fini(cm_line_costs *costs);

/* A row for cm_distance_loops.along_row: margins of INFINITY around n values. */
static inline int64_t cm_row_values(int64_t n)
{
    return n + 2 * CM_ROW_MARGIN;
}
void cm_row_margins(double *row, int64_t n);

/* Steps along y from voxel (z, y, x) to the nearest set voxel of its column, in words: gap as the loops made
 * it, or, where that only says "far", found by looking. -1: the column has none. */
int64_t cm_distance_gap(const uint8_t *slice, int64_t ny, int64_t nx, int64_t y, int64_t x, uint16_t gap);

/* Those of the instruction set the backend runs. */
const cm_distance_loops *cm_distance_loops_of(const cm_backend *be);

#endif
