/* Matrix products for AVX2 with FMA: 16 registers of 8 floats hold 4 rows of 3 vectors. */
#include "kernels/cpu/variants.h"

#define GEMM_TABLE        cm_cpu_gemm_avx2
#define GEMM_MOST_ROWS    4
#define GEMM_DEPTH        256
#define GEMM_EACH_ROWS(X) X(1) X(2) X(3) X(4)
#include "kernels/cpu/gemm_template.h"
