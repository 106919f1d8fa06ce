/* Maximum pooling that also says where each maximum was, and that of whole numbers. Rare, so it is short: one
 * output after the other, taps in order z, y, x. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <string.h>

typedef struct index_job {
    const cm_pool *p;
    int64_t in[3], out[3], step[3]; /* step: of a coordinate in an index that is given */
    int64_t in_voxels, out_voxels, bytes;
    cm_element element;
    const char *x;
    char *y;
    int64_t *indices;
} index_job;

/* A later element takes over only when it is larger, or a NaN. */
static bool takes_over(const index_job *j, int64_t a, int64_t best)
{
    if (j->element == CM_ELEMENT_F32) {
        const float *x = (const float *)(const void *)j->x;
        return x[a] > x[best] || isnan(x[a]);
    }
    const int64_t flip = j->element == CM_ELEMENT_U64 ? INT64_MIN : 0;
    return (cm_whole_at(j->element, j->x, a) ^ flip) > (cm_whole_at(j->element, j->x, best) ^ flip);
}

static void index_range(void *context, int64_t begin, int64_t end)
{
    const index_job *j = context;
    const cm_pool *p = j->p;
    for (int64_t o = begin; o < end; o++) {
        const int64_t map = o / j->out_voxels * j->in_voxels, rest = o % j->out_voxels;
        const int64_t at[3] = {rest / j->out[2] / j->out[1], rest / j->out[2] % j->out[1], rest % j->out[2]};
        int64_t best = -1, index = 0;
        for (int64_t k = 0; k < p->kernel[0] * p->kernel[1] * p->kernel[2]; k++) {
            const int64_t tap[3] = {k / p->kernel[2] / p->kernel[1], k / p->kernel[2] % p->kernel[1],
                                    k % p->kernel[2]};
            int64_t i[3];
            bool inside = true;
            for (int d = 0; d < 3; d++) {
                i[d] = at[d] * p->stride[d] - p->pad_lo[d] + tap[d] * p->dilation[d];
                inside = inside && i[d] >= 0 && i[d] < j->in[d];
            }
            const int64_t from = map + (i[0] * j->in[1] + i[1]) * j->in[2] + i[2];
            if (!inside || (best >= 0 && !takes_over(j, from, best))) continue;
            best = from;
            index = map + i[0] * j->step[0] + i[1] * j->step[1] + i[2] * j->step[2];
        }
        const float nothing = -INFINITY; /* a window of padding alone */
        if (j->y && best >= 0)
            memcpy(j->y + o * j->bytes, j->x + best * j->bytes, (size_t)j->bytes);
        else if (j->y)
            memcpy(j->y + o * j->bytes,
                   j->element == CM_ELEMENT_F32 ? (const void *)&nothing : "\0\0\0\0\0\0\0",
                   (size_t)j->bytes);
        if (j->indices) j->indices[o] = index;
    }
}

cm_status cm_cpu_pool_indices(cm_backend *be, const cm_pool *p, bool column_major, const cm_tensor *x,
                              cm_tensor *y, cm_tensor *indices, const cm_stop *stop, cm_error *err)
{
    if (x->rank != p->spatial + 2 || !cm_cpu_same_shape(y, indices) || y->rank != x->rank ||
        x->dim[0] != y->dim[0] || x->dim[1] != y->dim[1] || y->element != x->element ||
        indices->element != CM_ELEMENT_I64)
        return cm_cpu_shape_error(err, "the output of a pooling does not fit its input", x, y);
    index_job job = {.p = p,
                     .in = {1, 1, 1},
                     .out = {1, 1, 1},
                     .bytes = cm_element_bytes(x->element),
                     .element = x->element,
                     .x = x->data,
                     .y = y->data,
                     .indices = indices->data};
    for (int i = 0; i < p->spatial; i++) {
        job.in[3 - p->spatial + i] = x->dim[2 + i];
        job.out[3 - p->spatial + i] = y->dim[2 + i];
    }
    job.in_voxels = job.in[0] * job.in[1] * job.in[2];
    job.out_voxels = job.out[0] * job.out[1] * job.out[2];
    job.step[0] = column_major ? 1 : job.in[1] * job.in[2];
    job.step[1] = column_major ? job.in[0] : job.in[2];
    job.step[2] = column_major ? job.in[0] * job.in[1] : 1;
    return cm_cpu_for_stop(be, cm_tensor_count(y), 512, index_range, &job, stop, err);
}
