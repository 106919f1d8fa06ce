/* One axis of a resize with antialiasing: where an axis shrinks, the filter is stretched by the inverse of
 * the scale, so that every input element has its weight somewhere (ONNX Resize, antialias). With s =
 * min(scale, 1), coordinate x of an output element, b = ceil(x) - 1 and t = x - b in (0, 1], the element b +
 * i counts with f(s (i - t)), where f is the triangle 1 - |u| (linear) or Keys' cubic; i runs over all with f
 * != 0 and one more at most; the weights are divided by their sum. Beyond the border the border element
 * counts, or none (exclude_outside). Weights and sums are in double, in the order of i, and rounded once to
 * float. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>

enum { LANES = 128 }; /* elements of the output that are summed up side by side */

typedef struct axis_job {
    const cm_resize *p;
    int axis;
    int64_t in, out, inner; /* extents along the axis, and elements from one index of it to the next */
    int64_t lanes;          /* all other indices */
    const float *x;
    float *y;
    const cm_stop *stop;
} axis_job;

typedef struct filter {
    double scale, t, sum;
    int64_t base, first, last; /* elements base + first .. base + last */
} filter;

static double weight_at(const axis_job *j, const filter *f, int64_t i)
{
    const int64_t at = f->base + i;
    if (j->p->exclude_outside && (at < 0 || at >= j->in)) return 0.0;
    const double u = fabs(f->scale * ((double)i - f->t)), a = (double)j->p->cubic_a;
    if (j->p->mode == CM_RESIZE_LINEAR) return u < 1.0 ? 1.0 - u : 0.0;
    if (u <= 1.0) return ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0;
    return u < 2.0 ? ((a * u - 5.0 * a) * u + 8.0 * a) * u - 4.0 * a : 0.0;
}

static filter filter_at(const axis_job *j, int64_t o)
{
    const double x = cm_cpu_resize_coordinate(j->p, j->axis, j->in, j->out, o);
    const double scale = j->p->scale[j->axis] < 1.0 ? j->p->scale[j->axis] : 1.0;
    const double reach = j->p->mode == CM_RESIZE_LINEAR ? 1.0 : 2.0;
    filter f = {.scale = scale, .base = (int64_t)ceil(x) - 1, .first = (int64_t)floor(-reach / scale) + 1};
    f.t = x - (double)f.base;
    f.last = 1 - f.first;
    for (int64_t i = f.first; i <= f.last; i++)
        f.sum += weight_at(j, &f, i);
    return f;
}

/* n <= LANES of the other indices, in row-major order. */
static void resize_lanes(const axis_job *j, int64_t begin, int64_t n)
{
    int64_t from[LANES], to[LANES];
    double sum[LANES];
    for (int64_t l = 0; l < n; l++) {
        const int64_t outer = (begin + l) / j->inner, rest = (begin + l) % j->inner;
        from[l] = outer * j->in * j->inner + rest;
        to[l] = outer * j->out * j->inner + rest;
    }
    for (int64_t o = 0; o < j->out && !cm_stop_due(j->stop); o++) {
        const filter f = filter_at(j, o);
        for (int64_t l = 0; l < n; l++)
            sum[l] = 0.0;
        for (int64_t i = f.first; i <= f.last; i++) {
            const double weight = weight_at(j, &f, i) / f.sum;
            const int64_t at = f.base + i < 0 ? 0 : f.base + i >= j->in ? j->in - 1 : f.base + i;
            for (int64_t l = 0; l < n; l++)
                sum[l] += weight * (double)j->x[from[l] + at * j->inner];
        }
        for (int64_t l = 0; l < n; l++)
            j->y[to[l] + o * j->inner] = (float)sum[l];
    }
}

static void axis_range(void *context, int64_t begin, int64_t end)
{
    for (int64_t at = begin; at < end; at += LANES)
        resize_lanes(context, at, end - at < LANES ? end - at : LANES);
}

cm_status cm_cpu_resize_axis(cm_backend *be, const cm_resize *p, int axis, const cm_tensor *x, cm_tensor *y,
                             cm_error *err)
{
    if (x->element != CM_ELEMENT_F32 || p->mode == CM_RESIZE_NEAREST)
        return cm_cpu_element_error(err, "resize with antialiasing", x);
    axis_job job = {
        .p = p, .axis = axis, .inner = 1, .lanes = 1, .x = x->data, .y = y->data, .stop = be->stop};
    bool same = x->rank == y->rank && axis >= 0 && axis < x->rank;
    for (int i = 0; same && i < x->rank; i++) {
        same = i == axis ? x->dim[i] > 0 : x->dim[i] == y->dim[i];
        job.inner *= i > axis ? x->dim[i] : 1;
        job.lanes *= i == axis ? 1 : x->dim[i];
    }
    if (!same || !(p->scale[axis] > 0.0) || !isfinite(p->scale[axis]))
        return cm_cpu_shape_error(err, "a resize along one axis must keep the others", x, y);
    job.in = x->dim[axis];
    job.out = y->dim[axis];
    cm_cpu_for(be, job.lanes, LANES, axis_range, &job);
    return CM_OK;
}
