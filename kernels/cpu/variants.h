/* The tables that the files compiled for one instruction set export; backend.c chooses among them. */
#ifndef CM_KERNELS_CPU_VARIANTS_H
#define CM_KERNELS_CPU_VARIANTS_H

#include "kernels/cpu/conv_winograd.h"
#include "kernels/cpu/conv_winograd4.h"
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/gemm.h"

extern const cm_cpu_loops cm_cpu_loops_scalar;
#if defined(__x86_64__)
extern const cm_cpu_loops cm_cpu_loops_avx2, cm_cpu_loops_avx512;
extern const cm_conv_kernels cm_cpu_conv_avx2, cm_cpu_conv_avx512;
extern const cm_winograd_kernels cm_cpu_winograd_avx2, cm_cpu_winograd_avx512;
extern const cm_winograd4_kernels cm_cpu_winograd4_avx2, cm_cpu_winograd4_avx512;
extern const cm_gemm_kernels cm_cpu_gemm_avx2, cm_cpu_gemm_avx512;
#elif defined(__aarch64__)
extern const cm_cpu_loops cm_cpu_loops_neon;
extern const cm_conv_kernels cm_cpu_conv_neon;
extern const cm_winograd_kernels cm_cpu_winograd_neon;
extern const cm_winograd4_kernels cm_cpu_winograd4_neon;
extern const cm_gemm_kernels cm_cpu_gemm_neon;
#endif

#endif
