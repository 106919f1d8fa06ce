/* Convolution micro-kernels for AVX-512: 32 registers of 16 floats hold up to 25 accumulators. */
#include "kernels/cpu/variants.h"

#define CONV_TABLE cm_cpu_conv_avx512
#include "kernels/cpu/conv_registers32.h"
#include "kernels/cpu/conv_template.h"
