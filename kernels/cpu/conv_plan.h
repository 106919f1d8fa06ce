/* A prepared convolution, as the files conv*.c share it. */
#ifndef CM_KERNELS_CPU_CONV_PLAN_H
#define CM_KERNELS_CPU_CONV_PLAN_H

#include "kernels/cpu/cpu_internal.h"

#include <stdatomic.h>

/* -- micro-kernels, one table per instruction set (conv_template.h) -- */

/* What one call computes: `channels` (output channels, the table's first index) times `vectors` (its second)
 * vectors of adjacent outputs. Output channel j, output i:
 *   acc = bias[j]; for c, t in order: acc = fmaf(patch[c * channel_step + tap[t] + i], weights[..][j], acc)
 * with weights packed [c][t][j]; then the activation; stored at out[j * out_step + i]. That is for vector 0;
 * vector v reads v * vector_step and writes v * out_vector_step floats further on. */
typedef struct conv_block {
    const float *patch, *weights, *bias;
    const int64_t *tap;
    int64_t in_channels, channel_step, taps, vector_step;
    float *out;
    int64_t out_step, out_vector_step;
    cm_activation activation;
    float alpha;
} conv_block;
typedef void (*conv_micro)(const conv_block *block);

/* CONV_MAX_BLOCK: channels times vectors. */
enum { CONV_MAX_CHANNELS = 8, CONV_MAX_VECTORS = 8, CONV_MAX_BLOCK = 32, CONV_MAX_LANES = 16 };
typedef struct cm_conv_kernels {
    int lanes;                          /* floats of a vector */
    int channels;                       /* largest block of output channels */
    int vectors[CONV_MAX_CHANNELS + 1]; /* most vectors for a block of that many channels */
    conv_micro micro[CONV_MAX_CHANNELS + 1][CONV_MAX_VECTORS + 1];
} cm_conv_kernels;

/* -- plans -- */

/* The taps along one axis, grouped by output phase. An output o = phase + phases * j reads, with tap i of its
 * phase, input in_step * j + offset[i]. A convolution has one phase and in_step = stride; a transposed one
 * has `stride` phases and in_step 1. */
typedef struct conv_axis {
    int64_t phases, in_step;
    int64_t *first;  /* [phases + 1]: where the taps of a phase begin */
    int64_t *k;      /* [kernel]: kernel index, ascending within a phase */
    int64_t *offset; /* [kernel] */
} conv_axis;

/* What defines the bits of the outputs, chosen by shape alone: the direct way or Winograd's F(2,3) or
 * F(4,3). */
typedef enum conv_algorithm { CONV_DIRECT, CONV_WINOGRAD, CONV_WINOGRAD4 } conv_algorithm;

struct cm_conv_plan {
    cm_conv p; /* bias points into the plan; weight too (reference) or is NULL (packed) */
    bool transposed;
    int threads;          /* workers that may run it at once */
    int64_t weight_count; /* floats */
    float *values;        /* weights as the kernels want them, then out_channels biases */
    conv_algorithm algorithm;
    const struct cm_winograd_kernels *winograd;   /* of F(2,3); NULL: its reference */
    const struct cm_winograd4_kernels *winograd4; /* of F(4,3); as well */
    const struct cm_gemm_kernels *gemm;           /* of the direct way, as a matrix product (conv_gemm.c) */
    const cm_conv_kernels *kernels; /* or in blocks of rows (conv_blocked.c); both NULL: its reference */
    conv_axis axis[3];              /* of conv_blocked.c */
    int64_t *axis_values;
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

static inline float cm_cpu_conv_activate(const cm_conv *p, float v)
{
    if (p->activation == CM_ACTIVATION_RELU) return v < 0.0f ? 0.0f : v;
    if (p->activation == CM_ACTIVATION_LEAKY_RELU) return v < 0.0f ? p->alpha * v : v;
    return v;
}

/* The definition, run by conv.c when no faster kernel is chosen. in, out: shapes already checked. */
void cm_cpu_conv_reference(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                           float *y, const cm_cpu_shape *out, conv_stop *stop);

/* Whether conv_gemm.c can run this convolution and does it well. */
bool cm_cpu_conv_gemm_fits(const struct cm_gemm_kernels *g, const cm_conv *p, bool transposed);
/* Arranges weights (in the order of cm_conv) for it. */
void cm_cpu_conv_gemm_pack(const cm_conv_plan *plan, const float *weight, float *packed);
/* INT64_MAX when it cannot be counted. */
int64_t cm_cpu_conv_gemm_workspace(const cm_conv_plan *plan);
void cm_cpu_conv_gemm_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                          float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop);

/* Whether conv_blocked.c can run this convolution at all. */
bool cm_cpu_conv_blocked_fits(const cm_conv *p, bool transposed);
/* Fills plan->axis. plan->p, transposed and kernels are set. Errors: CM_ERR_NOMEM. */
cm_status cm_cpu_conv_blocked_axes(cm_conv_plan *plan, cm_error *err);
/* Integers held in plan->axis_values. */
int64_t cm_cpu_conv_blocked_axis_count(const cm_conv *p, bool transposed);
/* Arranges weights (in the order of cm_conv) for the micro-kernels. */
void cm_cpu_conv_blocked_pack(const cm_conv_plan *plan, const float *weight, float *packed);
/* INT64_MAX when it cannot be counted. */
int64_t cm_cpu_conv_blocked_workspace(const cm_conv_plan *plan, const cm_cpu_shape *in,
                                      const cm_cpu_shape *out);
void cm_cpu_conv_blocked_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                             float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop);

#endif
