/* The contiguous loops for AVX-512. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE cm_cpu_loops_avx512
#include "kernels/cpu/loops_template.h"
