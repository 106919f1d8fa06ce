/* Winograd's kernels for AVX-512: 32 registers of 16 floats. */
#include "kernels/cpu/variants.h"

#define WINOGRAD_TABLE cm_cpu_winograd_avx512
#include "kernels/cpu/winograd_registers32.h"
#include "kernels/cpu/winograd_template.h"
