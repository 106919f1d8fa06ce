/* The contiguous loops for AVX2 with FMA. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE cm_cpu_loops_avx2
#include "kernels/cpu/loops_template.h"
