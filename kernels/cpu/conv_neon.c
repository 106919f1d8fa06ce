/* Convolution micro-kernels for 64-bit Arm: 32 registers of 4 floats hold up to 25 accumulators. */
#include "kernels/cpu/variants.h"

#define CONV_TABLE cm_cpu_conv_neon
#include "kernels/cpu/conv_registers32.h"
#include "kernels/cpu/conv_template.h"
