/* The contiguous loops for any machine: no instruction set is assumed. */
#include "kernels/cpu/variants.h"

#define CM_LOOPS_TABLE cm_cpu_loops_scalar
#include "kernels/cpu/loops_template.h"
