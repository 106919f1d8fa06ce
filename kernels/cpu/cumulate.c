/* Running sums along an axis, and triangles of matrices. */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

/* -- running sum: floats are added in double in the order of the run, each output is rounded once -- */

typedef struct cumulate_job {
    const void *x;
    void *y;
    cm_element element;
    int64_t n, inner; /* elements along the axis, and between two of them */
    bool exclusive, reverse;
} cumulate_job;

static void cumulate_line(const cumulate_job *j, int64_t first)
{
    double sum = 0.0;
    uint64_t whole = 0;
    for (int64_t i = 0; i < j->n; i++) {
        const int64_t at = first + (j->reverse ? j->n - 1 - i : i) * j->inner;
        const double before = sum;
        const uint64_t whole_before = whole;
        if (j->element == CM_ELEMENT_F32) {
            sum += (double)((const float *)j->x)[at];
            ((float *)j->y)[at] = (float)(j->exclusive ? before : sum);
        } else {
            whole += (uint64_t)cm_whole_at(j->element, j->x, at);
            cm_whole_put(j->element, j->y, at, (int64_t)(j->exclusive ? whole_before : whole));
        }
    }
}

static void cumulate_range(void *context, int64_t begin, int64_t end)
{
    const cumulate_job *j = context;
    for (int64_t line = begin; line < end; line++)
        cumulate_line(j, line / j->inner * j->n * j->inner + line % j->inner);
}

cm_status cm_cpu_cumulative_sum(cm_backend *be, int axis, bool exclusive, bool reverse, const cm_tensor *x,
                                cm_tensor *y, cm_error *err)
{
    if (axis < 0 || axis >= x->rank || x->element != y->element || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a running sum must be like its input", x, y);
    if (x->element == CM_ELEMENT_BOOL) return cm_cpu_element_error(err, "a running sum", x);
    cumulate_job job = {.x = x->data,
                        .y = y->data,
                        .element = x->element,
                        .n = x->dim[axis],
                        .inner = 1,
                        .exclusive = exclusive,
                        .reverse = reverse};
    for (int i = axis + 1; i < x->rank; i++)
        job.inner *= x->dim[i];
    const int64_t count = cm_tensor_count(x);
    if (count > 0) cm_cpu_for(be, count / job.n, 1 + 16384 / job.n, cumulate_range, &job);
    return CM_OK;
}

/* -- triangles -- */

typedef struct triangle_job {
    const char *x;
    char *y;
    int64_t rows, columns, bytes, diagonal;
    bool upper;
} triangle_job;

/* Rows of all matrices: a stretch is kept, the rest is zero. */
static void triangle_range(void *context, int64_t begin, int64_t end)
{
    const triangle_job *j = context;
    for (int64_t row = begin; row < end; row++) {
        int64_t edge =
            row % j->rows + j->diagonal + (j->upper ? 0 : 1); /* first kept, or first that is not */
        edge = edge < 0 ? 0 : edge > j->columns ? j->columns : edge;
        const int64_t from = j->upper ? edge : 0, to = j->upper ? j->columns : edge;
        char *y = j->y + row * j->columns * j->bytes;
        const char *x = j->x + row * j->columns * j->bytes;
        memset(y, 0, (size_t)(from * j->bytes));
        memmove(y + from * j->bytes, x + from * j->bytes, (size_t)((to - from) * j->bytes));
        memset(y + to * j->bytes, 0, (size_t)((j->columns - to) * j->bytes));
    }
}

cm_status cm_cpu_triangle(cm_backend *be, bool upper, int64_t diagonal, const cm_tensor *x, cm_tensor *y,
                          cm_error *err)
{
    if (x->rank < 2 || x->element != y->element || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "a triangle is of matrices, and like its input", x, y);
    triangle_job job = {.x = x->data,
                        .y = y->data,
                        .rows = x->dim[x->rank - 2],
                        .columns = x->dim[x->rank - 1],
                        .bytes = cm_element_bytes(x->element),
                        .upper = upper};
    /* further out all is kept, or nothing, all the same */
    const int64_t far = job.rows + job.columns;
    job.diagonal = diagonal > far ? far : diagonal < -far ? -far : diagonal;
    const int64_t count = cm_tensor_count(x);
    if (count > 0) cm_cpu_for(be, count / job.columns, 1 + 16384 / job.columns, triangle_range, &job);
    return CM_OK;
}
