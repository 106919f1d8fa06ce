/* The kernels of Winograd's F(4,3) for AVX-512: 32 registers of 16 floats. */
#include "kernels/cpu/variants.h"

#define WINOGRAD4_TABLE cm_cpu_winograd4_avx512
#include "kernels/cpu/winograd4_registers32.h"
#include "kernels/cpu/winograd4_template.h"
