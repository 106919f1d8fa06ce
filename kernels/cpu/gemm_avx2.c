/* Matrix products for AVX2 with FMA: 16 registers of 8 floats hold 4 rows of 3 vectors. */
#include "kernels/cpu/variants.h"

#define GEMM_TABLE          cm_cpu_gemm_avx2
#define GEMM_MOST_ROWS      4
#define GEMM_DEPTH          256
#define GEMM_EACH_ROWS(X)   X(1) X(2) X(3) X(4)
#define GEMM_TURNED_COLUMNS 12
#define GEMM_TURNED_BLOCKS  1
#define GEMM_EACH_COLUMN(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define GEMM_EACH_PAIR(X)
#include "kernels/cpu/gemm_template.h"
