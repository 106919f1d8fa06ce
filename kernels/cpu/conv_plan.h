/* A prepared convolution, as the files conv*.c share it. */
#ifndef CM_KERNELS_CPU_CONV_PLAN_H
#define CM_KERNELS_CPU_CONV_PLAN_H

#include "kernels/cpu/cpu_internal.h"

#include <stdatomic.h>

struct cm_conv_plan {
    cm_conv p; /* weight and bias point into the plan */
    bool transposed;
    int threads;          /* workers that may run it at once */
    int64_t weight_count; /* floats in p.weight */
    float *values;        /* weights, then bias */
};

/* The stop signal of a run as its tasks see it: the first status wins and ends the others. */
typedef struct conv_stop {
    const cm_stop *stop;
    atomic_int status;
} conv_stop;

static inline bool conv_stopped(conv_stop *s)
{
    if (atomic_load_explicit(&s->status, memory_order_relaxed)) return true;
    const cm_status due = cm_stop_due(s->stop);
    if (due) atomic_store(&s->status, (int)due);
    return due != CM_OK;
}

static inline float conv_activate(cm_activation activation, float alpha, float v)
{
    if (activation == CM_ACTIVATION_RELU) return v < 0.0f ? 0.0f : v;
    if (activation == CM_ACTIVATION_LEAKY_RELU) return v < 0.0f ? alpha * v : v;
    return v;
}

/* The definition, run by conv.c when no faster kernel is chosen. in, out: shapes already checked. */
void cm_cpu_conv_reference(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                           float *y, const cm_cpu_shape *out, conv_stop *stop);

#endif
