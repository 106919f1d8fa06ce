/* Matrix products for AVX-512: 32 registers of 16 floats hold 8 rows of 3 vectors. */
#include "kernels/cpu/variants.h"

#define GEMM_TABLE          cm_cpu_gemm_avx512
#define GEMM_MOST_ROWS      8
#define GEMM_DEPTH          128
#define GEMM_EACH_ROWS(X)   X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define GEMM_TURNED_COLUMNS 13
#define GEMM_TURNED_BLOCKS  2
#define GEMM_EACH_COLUMN(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#define GEMM_EACH_PAIR(X)   GEMM_EACH_COLUMN(X)
#include "kernels/cpu/gemm_template.h"
