/* The kernels of Winograd's F(4,3) for 64-bit Arm: 32 registers of 4 floats. */
#include "kernels/cpu/variants.h"

#define WINOGRAD4_TABLE cm_cpu_winograd4_neon
#include "kernels/cpu/winograd4_registers32.h"
#include "kernels/cpu/winograd4_template.h"
