/* Winograd's kernels for AVX2 with FMA: 16 registers of 8 floats hold 12 accumulators. */
#include "kernels/cpu/variants.h"

#define WINOGRAD_TABLE    cm_cpu_winograd_avx2
#define WINOGRAD_CHANNELS 4
/* clang-format off */
#define WINOGRAD_VECTORS {0, 6, 6, 4, 3}
#define WINOGRAD_BLOCKS(X)                                                                                   \
    X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6)                                                          \
    X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(2, 6)                                                          \
    X(3, 1) X(3, 2) X(3, 3) X(3, 4)                                                                          \
    X(4, 1) X(4, 2) X(4, 3)
#define WINOGRAD_TILES 12
#define WINOGRAD_EACH_TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define WINOGRAD_PAIR_TILES 0
#define WINOGRAD_EACH_PAIR(X)
/* clang-format on */
#include "kernels/cpu/winograd_template.h"
