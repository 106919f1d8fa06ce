/* How the blocked convolution cuts one pass into tiles and what of the input a tile needs. */
#ifndef CM_KERNELS_CPU_CONV_LAYOUT_H
#define CM_KERNELS_CPU_CONV_LAYOUT_H

#include "kernels/cpu/conv_plan.h"

/* One axis of a pass: outputs first + step * j for j < count. The inputs that a tile of outputs reads are
 * copied into `planes` runs of `extent` adjacent elements, in_step apart in the input. Taps t and t + period
 * share a run, the second reading it further on. */
typedef struct conv_axis_layout {
    int64_t count, first, step, in_step;
    int64_t taps;
    const int64_t *offset;
    int64_t lowest; /* of the offsets */
    int64_t period, planes, extent;
} conv_axis_layout;

/* A pass computes the outputs of one phase along z and y and of one or, interleaved, a few adjacent phases
 * along x (a convolution has one pass, a transposed one a pass per position in its stride) as a plain
 * convolution over a zero-padded patch of the input:
 * [channel][z tap][y plane][x plane][y extent][x extent]. */
enum { CONV_JOINED = 4 };
typedef struct conv_pass {
    conv_axis_layout axis[3];         /* axis[2]: count of the first joined phase, taps of all */
    int joined;                       /* phases along x */
    int64_t x_first[CONV_JOINED + 1]; /* where the x taps of a joined phase begin */
    int64_t rows_of_taps;             /* taps along z times taps along y */
    int64_t weights;                  /* where its packed weights begin */
    int64_t tile, tiles;              /* output rows of a tile; tiles along y */
    int64_t channel_step;             /* floats of one input channel in the patch */
    int64_t patch_floats;             /* all channels of a group, and slack; -1: not countable */
    int64_t blocks;                   /* output-channel blocks of a group */
    int64_t chunks;                   /* pieces of work that share the blocks of a tile */
} conv_pass;

/* Largest read past the end of a patch, in floats. */
enum { CONV_SLACK = CONV_MAX_VECTORS * CONV_MAX_LANES };

/* The input offset where run `plane` begins, and how far into its run tap t reads. */
int64_t cm_cpu_conv_plane_start(const conv_axis_layout *l, int64_t plane);
int64_t cm_cpu_conv_shift(const conv_axis_layout *l, int64_t t);

/* First channel and channels of block `block` of a group of out_channels / groups. */
void cm_cpu_conv_channel_block(const cm_conv_plan *plan, int64_t block, int64_t *first, int64_t *channels);

/* Phases along x that one pass joins: 1, or all of them. */
int cm_cpu_conv_joined(const cm_conv_plan *plan);

/* The pass that begins at phases phase[z, y, x]; weights is left to the caller. */
void cm_cpu_conv_pass(const cm_conv_plan *plan, const int64_t phase[3], const cm_cpu_shape *out,
                      conv_pass *pass);

#endif
