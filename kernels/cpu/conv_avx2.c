/* Convolution micro-kernels for AVX2 with FMA: 16 registers of 8 floats hold up to 12 accumulators. */
#include "kernels/cpu/variants.h"

#define CONV_TABLE    cm_cpu_conv_avx2
#define CONV_CHANNELS 4
#define CONV_VECTORS                                                                                         \
    {                                                                                                        \
        0, 8, 5, 3, 3                                                                                        \
    }
#define CONV_BLOCKS(X)                                                                                       \
    X(1, 1)                                                                                                  \
    X(1, 2)                                                                                                  \
    X(1, 3)                                                                                                  \
    X(1, 4)                                                                                                  \
    X(1, 5)                                                                                                  \
    X(1, 6)                                                                                                  \
    X(1, 7) X(1, 8) X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(3, 1) X(3, 2) X(3, 3) X(4, 1) X(4, 2) X(4, 3)
#include "kernels/cpu/conv_template.h"
