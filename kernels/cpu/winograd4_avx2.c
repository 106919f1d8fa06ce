/* The kernels of Winograd's F(4,3) for AVX2 with FMA: 16 registers of 8 floats hold 12 sums. */
#include "kernels/cpu/variants.h"

#define WINOGRAD4_TABLE cm_cpu_winograd4_avx2
#define WINOGRAD4_TILES 6
/* clang-format off */
#define WINOGRAD4_EACH_TILES(X) X(1) X(2) X(3) X(4) X(5) X(6)
/* clang-format on */
#include "kernels/cpu/winograd4_template.h"
