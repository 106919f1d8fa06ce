/* Winograd's kernels for 64-bit Arm: 32 registers of 4 floats. */
#include "kernels/cpu/variants.h"

#define WINOGRAD_TABLE cm_cpu_winograd_neon
#include "kernels/cpu/winograd_registers32.h"
#include "kernels/cpu/winograd_template.h"
