/* The tables that the files compiled for one instruction set export; backend.c chooses among them. */
#ifndef CM_KERNELS_CPU_VARIANTS_H
#define CM_KERNELS_CPU_VARIANTS_H

#include "kernels/cpu/cpu_internal.h"

extern const cm_cpu_loops cm_cpu_loops_scalar;

#endif
