/* The k largest or smallest along an axis, best first; of equal ones the first counts more, and a NaN is
 * larger than anything (as NumPy and PyTorch sort).
 *
 * The indices output is a heap of the k best so far with the worst of them on top, while the line is gone
 * through once; it is then sorted in place. So no scratch is needed and the order is total: any number of
 * threads gives the same. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <string.h>

typedef struct topk_job {
    const char *x;
    char *values;
    int64_t *indices;
    cm_element element;
    bool largest;
    int64_t n, k, inner, bytes;
} topk_job;

typedef struct line {
    const topk_job *j;
    int64_t x, y; /* of element 0 of the line */
} line;

static int64_t *place(const line *l, int64_t i)
{
    return &l->j->indices[l->y + i * l->j->inner];
}

/* a < b, a > b or neither: -1, 1, 0. */
static int compare_values(const line *l, int64_t a, int64_t b)
{
    const topk_job *j = l->j;
    const int64_t at = l->x + a * j->inner, bt = l->x + b * j->inner;
    if (j->element == CM_ELEMENT_F32) {
        const float u = ((const float *)(const void *)j->x)[at], v = ((const float *)(const void *)j->x)[bt];
        if (isnan(u) || isnan(v)) return isnan(u) - isnan(v);
        return (u > v) - (u < v);
    }
    const int64_t flip = j->element == CM_ELEMENT_U64 ? INT64_MIN : 0;
    const int64_t u = cm_whole_at(j->element, j->x, at) ^ flip, v = cm_whole_at(j->element, j->x, bt) ^ flip;
    return (u > v) - (u < v);
}

static bool is_worse(const line *l, int64_t a, int64_t b)
{
    const int order = compare_values(l, a, b);
    if (order) return l->j->largest ? order < 0 : order > 0;
    return a > b;
}

/* Restores the heap of `count` below i: no child is worse than its parent. */
static void sift(const line *l, int64_t i, int64_t count)
{
    for (;;) {
        int64_t worst = i;
        for (int64_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (is_worse(l, *place(l, child), *place(l, worst))) worst = child;
        if (worst == i) return;
        const int64_t t = *place(l, i);
        *place(l, i) = *place(l, worst);
        *place(l, worst) = t;
        i = worst;
    }
}

static void topk_line(const line *l)
{
    const topk_job *j = l->j;
    for (int64_t i = 0; i < j->k; i++)
        *place(l, i) = i;
    for (int64_t i = j->k / 2 - 1; i >= 0; i--)
        sift(l, i, j->k);
    for (int64_t i = j->k; i < j->n; i++)
        if (is_worse(l, *place(l, 0), i)) {
            *place(l, 0) = i;
            sift(l, 0, j->k);
        }
    for (int64_t last = j->k - 1; last > 0; last--) { /* the worst goes to the end */
        const int64_t t = *place(l, 0);
        *place(l, 0) = *place(l, last);
        *place(l, last) = t;
        sift(l, 0, last);
    }
    for (int64_t i = 0; i < j->k; i++)
        memcpy(j->values + (l->y + i * j->inner) * j->bytes,
               j->x + (l->x + *place(l, i) * j->inner) * j->bytes, (size_t)j->bytes);
}

static void topk_range(void *context, int64_t begin, int64_t end)
{
    const topk_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const line l = {j, i / j->inner * j->n * j->inner + i % j->inner,
                        i / j->inner * j->k * j->inner + i % j->inner};
        topk_line(&l);
    }
}

cm_status cm_cpu_topk(cm_backend *be, int axis, bool largest, const cm_tensor *x, cm_tensor *values,
                      cm_tensor *indices, const cm_stop *stop, cm_error *err)
{
    bool fits = axis >= 0 && axis < x->rank && values->rank == x->rank &&
                cm_cpu_same_shape(values, indices) && values->element == x->element &&
                indices->element == CM_ELEMENT_I64;
    for (int i = 0; fits && i < x->rank; i++)
        fits = i == axis ? values->dim[i] <= x->dim[i] : values->dim[i] == x->dim[i];
    if (!fits) return cm_cpu_shape_error(err, "the outputs of a top-k do not fit its input", x, values);
    topk_job job = {.x = x->data,
                    .values = values->data,
                    .indices = indices->data,
                    .element = x->element,
                    .largest = largest,
                    .n = x->dim[axis],
                    .k = values->dim[axis],
                    .inner = 1,
                    .bytes = cm_element_bytes(x->element)};
    for (int i = axis + 1; i < x->rank; i++)
        job.inner *= x->dim[i];
    const int64_t count = cm_tensor_count(values);
    if (count == 0) return CM_OK;
    return cm_cpu_for_stop(be, count / job.k, 1 + 4096 / job.n, topk_range, &job, stop, err);
}
