/* Rotary position embedding: pairs of numbers of each head, turned by an angle that grows with the position.
 */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

typedef struct rotary_job {
    const cm_rotary *p;
    const float *x, *cosine, *sine;
    const cm_tensor *positions;
    float *y;
    int64_t batch, length, heads, size, half; /* half: pairs that are turned */
    int64_t step_batch, step_position, step_head;
} rotary_job;

/* Rows: a position of a sample. */
static void rotary_range(void *context, int64_t begin, int64_t end)
{
    const rotary_job *j = context;
    for (int64_t row = begin; row < end; row++) {
        const int64_t b = row / j->length, s = row % j->length;
        const int64_t at = j->positions ? cm_whole_at(j->positions->element, j->positions->data, row) : row;
        const float *c = j->cosine + at * j->half, *d = j->sine + at * j->half;
        for (int64_t h = 0; h < j->heads; h++) {
            const int64_t first = b * j->step_batch + s * j->step_position + h * j->step_head;
            const float *x = j->x + first;
            float *y = j->y + first;
            memmove(y + 2 * j->half, x + 2 * j->half, (size_t)(j->size - 2 * j->half) * sizeof *x);
            for (int64_t i = 0; i < j->half; i++) {
                const int64_t u = j->p->interleaved ? 2 * i : i,
                              v = j->p->interleaved ? 2 * i + 1 : i + j->half;
                const double real = (double)x[u], imaginary = (double)x[v];
                y[u] = (float)((double)c[i] * real - (double)d[i] * imaginary);
                y[v] = (float)((double)d[i] * real + (double)c[i] * imaginary);
            }
        }
    }
}

cm_status cm_cpu_rotary(cm_backend *be, const cm_rotary *p, const cm_tensor *x, const cm_tensor *cosine,
                        const cm_tensor *sine, const cm_tensor *positions, cm_tensor *y, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32 || cosine->element != CM_ELEMENT_F32 || sine->element != CM_ELEMENT_F32)
        return cm_cpu_element_error(err, "a rotary embedding", x);
    if ((x->rank != 3 && x->rank != 4) || y->element != CM_ELEMENT_F32 || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a rotary embedding must be like its input", x, y);
    const bool heads_first = x->rank == 4; /* [b][head][position][...], else [b][position][head ...] */
    rotary_job job = {.p = p,
                      .x = x->data,
                      .cosine = cosine->data,
                      .sine = sine->data,
                      .positions = positions,
                      .y = y->data,
                      .batch = x->dim[0],
                      .length = x->dim[heads_first ? 2 : 1],
                      .heads = heads_first ? x->dim[1] : p->heads,
                      .half = p->turned / 2};
    if (job.heads < 1 || (!heads_first && x->dim[2] % job.heads))
        return cm_cpu_shape_error(err, "the heads of a rotary embedding do not fill its input", x, cosine);
    job.size = heads_first ? x->dim[3] : x->dim[2] / job.heads;
    job.step_batch = job.length * job.heads * job.size;
    job.step_position = heads_first ? job.size : job.heads * job.size;
    job.step_head = heads_first ? job.length * job.size : job.size;
    const int64_t rows = job.batch * job.length, angles = cm_tensor_count(cosine);
    if (p->turned < 2 || p->turned % 2 || p->turned > job.size || cm_tensor_count(sine) != angles ||
        angles % job.half || (!positions && angles != rows * job.half) ||
        (positions && cm_tensor_count(positions) != rows))
        return cm_cpu_shape_error(err, "the angles of a rotary embedding do not fit its input", x, cosine);
    for (int64_t i = 0; positions && i < rows; i++) {
        const int64_t at = cm_whole_at(positions->element, positions->data, i);
        if (at < 0 || at >= angles / job.half)
            return CM_FAIL(
                err, CM_ERR_ARG, .what = "a position has no angle",
                .why = cm_strf("position %lld of %lld", (long long)at, (long long)(angles / job.half)).s);
    }
    cm_cpu_for(be, rows, 1 + 8192 / (job.heads * job.size), rotary_range, &job);
    return CM_OK;
}
