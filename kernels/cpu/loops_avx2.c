/* The contiguous loops for AVX2 with FMA, and a matrix product blocked for its registers. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE  cm_cpu_loops_avx2
#define CM_LOOPS_MATMUL "kernels/cpu/matmul_template.h"
#include "kernels/cpu/loops_template.h"
