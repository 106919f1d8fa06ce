/* The contiguous loops for AVX-512, and a matrix product blocked for its registers. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE  cm_cpu_loops_avx512
#define CM_LOOPS_MATMUL "kernels/cpu/matmul_template.h"
#include "kernels/cpu/loops_template.h"
