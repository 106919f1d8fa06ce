/* Softmax and its logarithm along one axis. */
#include "kernels/cpu/cpu_internal.h"

#define LANES 1024 /* lanes of one piece of work */

typedef struct softmax_job {
    const cm_cpu_loops *loops;
    const float *x;
    float *y;
    int64_t count, inner, pieces;
    bool log;
} softmax_job;

static void softmax_range(void *context, int64_t begin, int64_t end)
{
    const softmax_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i % j->pieces * LANES;
        const int64_t n = j->inner - first < LANES ? j->inner - first : LANES;
        const int64_t at = i / j->pieces * j->count * j->inner + first;
        j->loops->softmax(j->log, j->x + at, j->y + at, j->count, j->inner, n);
    }
}

cm_status cm_cpu_softmax(cm_backend *be, const cm_tensor *x, int axis, bool log, cm_tensor *y, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "softmax", x);
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a softmax must have the shape of its input", x, y);
    if (axis < 0 || axis >= x->rank)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the axis of a softmax is outside its input",
                       .why = cm_strf("axis %d, rank %d", axis, x->rank).s);
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < x->rank; i++)
        if (i != axis) *(i < axis ? &outer : &inner) *= x->dim[i];
    const int64_t count = x->dim[axis];
    if (count == 0 || inner == 0) return CM_OK;
    softmax_job job = {.loops = cm_cpu_get_variant(be)->loops,
                       .x = x->data,
                       .y = y->data,
                       .count = count,
                       .inner = inner,
                       .pieces = (inner + LANES - 1) / LANES,
                       .log = log};
    const int64_t piece = count * (inner < LANES ? inner : LANES);
    cm_cpu_for(be, outer * job.pieces, 1 + 8192 / piece, softmax_range, &job);
    return CM_OK;
}

typedef struct hardmax_job {
    const float *x;
    float *y;
    int64_t n, inner;
} hardmax_job;

static void hardmax_range(void *context, int64_t begin, int64_t end)
{
    const hardmax_job *j = context;
    for (int64_t line = begin; line < end; line++) {
        const int64_t first = line / j->inner * j->n * j->inner + line % j->inner;
        int64_t best = 0;
        for (int64_t i = 1; i < j->n; i++)
            if (j->x[first + i * j->inner] > j->x[first + best * j->inner]) best = i;
        for (int64_t i = 0; i < j->n; i++)
            j->y[first + i * j->inner] = i == best ? 1.0f : 0.0f;
    }
}

cm_status cm_cpu_hardmax(cm_backend *be, const cm_tensor *x, int axis, cm_tensor *y, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "hardmax", x);
    if (y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y) || axis < 0 || axis >= x->rank)
        return cm_cpu_shape_error(err, "the output of a hardmax must be like its input", x, y);
    hardmax_job job = {.x = x->data, .y = y->data, .n = x->dim[axis], .inner = 1};
    for (int i = axis + 1; i < x->rank; i++)
        job.inner *= x->dim[i];
    const int64_t count = cm_tensor_count(x);
    if (count > 0) cm_cpu_for(be, count / job.n, 1 + 8192 / job.n, hardmax_range, &job);
    return CM_OK;
}
