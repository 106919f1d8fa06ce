/* The contiguous loops for 64-bit Arm. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE cm_cpu_loops_neon
#include "kernels/cpu/loops_template.h"
