/* Reading and writing at places that other tensors name: gather and scatter, by element and by slice.
 *
 * Every index is looked at before anything is written. A scatter goes through its updates in row-major order,
 * so that of two that meet the later one counts, or is combined later; threads share out lines (or stretches
 * of a slice) that never meet. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <string.h>

/* y[at] = y[at] (op) u, one element. */
typedef void (*combine_function)(void *y, int64_t at, const void *u, int64_t i);

#define COMBINE(name, T, expression)                                                                         \
    static void name(void *py, int64_t at, const void *pu, int64_t i)                                        \
    {                                                                                                        \
        const T a = ((const T *)py)[at], b = ((const T *)pu)[i];                                             \
        ((T *)py)[at] = (T)(expression);                                                                     \
    }
#define COMBINE_WHOLE(T, suffix)                                                                             \
    COMBINE(add_##suffix, T, (uint64_t)a + (uint64_t)b)                                                      \
    COMBINE(mul_##suffix, T, (uint64_t)a *(uint64_t)b)                                                       \
    COMBINE(max_##suffix, T, b > a ? b : a)                                                                  \
    COMBINE(min_##suffix, T, b < a ? b : a)
#define COMBINE_ROW(suffix)                                                                                  \
    {                                                                                                        \
        add_##suffix, mul_##suffix, max_##suffix, min_##suffix                                               \
    }

COMBINE(add_f32, float, a + b)
COMBINE(mul_f32, float, a *b)
COMBINE(max_f32, float, isnan(a) || a > b ? a : b)
COMBINE(min_f32, float, isnan(a) || a < b ? a : b)
COMBINE_WHOLE(int64_t, i64)
COMBINE_WHOLE(int32_t, i32)
COMBINE_WHOLE(int16_t, i16)
COMBINE_WHOLE(int8_t, i8)
COMBINE_WHOLE(uint64_t, u64)
COMBINE_WHOLE(uint32_t, u32)
COMBINE_WHOLE(uint16_t, u16)
COMBINE_WHOLE(uint8_t, u8)

/* [element][cm_scatter - CM_SCATTER_ADD]; BOOL has none. */
static const combine_function combine[CM_ELEMENT_LAST + 1][4] = {
    [CM_ELEMENT_F32] = COMBINE_ROW(f32), [CM_ELEMENT_I64] = COMBINE_ROW(i64),
    [CM_ELEMENT_I32] = COMBINE_ROW(i32), [CM_ELEMENT_I16] = COMBINE_ROW(i16),
    [CM_ELEMENT_I8] = COMBINE_ROW(i8),   [CM_ELEMENT_U64] = COMBINE_ROW(u64),
    [CM_ELEMENT_U32] = COMBINE_ROW(u32), [CM_ELEMENT_U16] = COMBINE_ROW(u16),
    [CM_ELEMENT_U8] = COMBINE_ROW(u8),
};

static cm_status get_combine(cm_scatter how, const cm_tensor *x, combine_function *out, cm_error *err)
{
    *out = how == CM_SCATTER_REPLACE ? NULL : combine[x->element][how - CM_SCATTER_ADD];
    return how == CM_SCATTER_REPLACE || *out ? CM_OK : cm_cpu_element_error(err, "a combining scatter", x);
}

static int64_t from_end(int64_t index, int64_t extent)
{
    return index < 0 ? index + extent : index;
}

static cm_status check_index_type(const cm_tensor *indices, cm_error *err)
{
    if (indices->element == CM_ELEMENT_I64 || indices->element == CM_ELEMENT_I32) return CM_OK;
    return cm_cpu_element_error(err, "a list of indices", indices);
}

static cm_status out_of_range(int64_t index, int64_t extent, cm_error *err)
{
    return CM_FAIL(
        err, CM_ERR_ARG, .what = "an index is out of range",
        .why = cm_strf("index %lld, the axis has %lld elements", (long long)index, (long long)extent).s);
}

/* -- by element: indices have the rank of x; along one axis they say where, along the others they lie where
 * they are -- */

typedef struct element_job {
    const cm_tensor *indices;
    int rank, axis;
    int64_t lines[CM_MAX_RANK]; /* extents of the indices but 1 along the axis */
    int64_t index_step[CM_MAX_RANK], data_step[CM_MAX_RANK];
    int64_t n, extent, bytes; /* of the axis: of the indices, of the data */
    combine_function combine;
    const char *from; /* gather: the data; scatter: the updates */
    char *to;         /* gather: a tensor like the indices; scatter: the data */
    bool is_scatter;
} element_job;

static void element_range(void *context, int64_t begin, int64_t end)
{
    const element_job *j = context;
    const int64_t along_index = j->index_step[j->axis], along_data = j->data_step[j->axis];
    for (int64_t line = begin; line < end; line++) {
        int64_t rest = line, in_index = 0, in_data = 0;
        for (int d = j->rank - 1; d >= 0; d--) {
            in_index += rest % j->lines[d] * j->index_step[d];
            in_data += rest % j->lines[d] * j->data_step[d];
            rest /= j->lines[d];
        }
        for (int64_t i = 0; i < j->n; i++) {
            const int64_t at = in_index + i * along_index;
            const int64_t index = from_end(cm_whole_at(j->indices->element, j->indices->data, at), j->extent);
            const int64_t data = in_data + index * along_data;
            if (j->combine)
                j->combine(j->to, data, j->from, at);
            else if (j->is_scatter)
                memcpy(j->to + data * j->bytes, j->from + at * j->bytes, (size_t)j->bytes);
            else
                memcpy(j->to + at * j->bytes, j->from + data * j->bytes, (size_t)j->bytes);
        }
    }
}

static cm_status check_elements(const cm_tensor *data, const cm_tensor *indices, int axis, cm_error *err)
{
    cm_status st = check_index_type(indices, err);
    if (st) return st;
    if (indices->rank != data->rank || axis < 0 || axis >= data->rank)
        return cm_cpu_shape_error(err, "the indices must have the rank of what they point into", indices,
                                  data);
    for (int d = 0; d < data->rank; d++)
        if (d != axis && indices->dim[d] > data->dim[d])
            return cm_cpu_shape_error(err, "the indices are larger than what they point into", indices, data);
    const int64_t count = cm_tensor_count(indices), extent = data->dim[axis];
    for (int64_t i = 0; i < count; i++) {
        const int64_t index = cm_whole_at(indices->element, indices->data, i);
        if (index < -extent || index >= extent) return out_of_range(index, extent, err);
    }
    return CM_OK;
}

static void run_elements(cm_backend *be, element_job *j, const cm_tensor *data)
{
    int64_t lines = 1;
    j->rank = data->rank;
    j->bytes = cm_element_bytes(data->element);
    j->n = j->indices->dim[j->axis];
    j->extent = data->dim[j->axis];
    cm_cpu_steps(j->indices, j->index_step);
    cm_cpu_steps(data, j->data_step);
    for (int d = 0; d < j->rank; d++) {
        j->lines[d] = d == j->axis ? 1 : j->indices->dim[d];
        lines *= j->lines[d];
    }
    if (j->n > 0) cm_cpu_for(be, lines, 1 + 8192 / j->n, element_range, j);
}

cm_status cm_cpu_gather_elements(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis,
                                 cm_tensor *y, cm_error *err)
{
    const cm_status st = check_elements(x, indices, axis, err);
    if (st) return st;
    if (y->element != x->element || !cm_cpu_same_shape(y, indices))
        return cm_cpu_shape_error(err, "the output of a gather does not fit its indices", y, indices);
    element_job job = {.indices = indices, .axis = axis, .from = x->data, .to = y->data};
    run_elements(be, &job, x);
    return CM_OK;
}

cm_status cm_cpu_scatter_elements(cm_backend *be, cm_scatter how, const cm_tensor *x,
                                  const cm_tensor *indices, const cm_tensor *updates, int axis, cm_tensor *y,
                                  cm_error *err)
{
    element_job job = {
        .indices = indices, .axis = axis, .from = updates->data, .to = y->data, .is_scatter = true};
    cm_status st = check_elements(x, indices, axis, err);
    if (!st) st = get_combine(how, x, &job.combine, err);
    if (st) return st;
    if (updates->element != x->element || !cm_cpu_same_shape(updates, indices))
        return cm_cpu_shape_error(err, "the updates of a scatter do not fit its indices", updates, indices);
    if (y->element != x->element || !cm_cpu_same_shape(y, x))
        return cm_cpu_shape_error(err, "the output of a scatter must be like its input", y, x);
    if (y->data != x->data) st = cm_cpu_copy(be, x, y, err);
    if (!st) run_elements(be, &job, x);
    return st;
}

/* -- by slice: the last dimension of the indices is a place in the leading dimensions of the data -- */

typedef struct slice_job {
    const cm_tensor *indices;
    int batch_dims, depth;            /* dimensions that run along, dimensions an index names */
    int64_t extent[CM_MAX_RANK];      /* of those an index names */
    int64_t step[CM_MAX_RANK];        /* in slices */
    int64_t places, per_batch, batch; /* of places; places and slices of data of one batch */
    int64_t slice, bytes;             /* elements of a slice, bytes of an element */
    combine_function combine;
    const char *from;
    char *to;
} slice_job;

/* Which slice of the data place p names, or -1 with the index that is out of range. */
static int64_t slice_of(const slice_job *j, int64_t p, int64_t *bad, int64_t *extent)
{
    int64_t at = p / j->per_batch * j->batch;
    for (int k = 0; k < j->depth; k++) {
        const int64_t index = cm_whole_at(j->indices->element, j->indices->data, p * j->depth + k);
        const int64_t found = from_end(index, j->extent[k]);
        if (found < 0 || found >= j->extent[k]) {
            *bad = index;
            *extent = j->extent[k];
            return -1;
        }
        at += found * j->step[k];
    }
    return at;
}

static cm_status take_slices(const cm_tensor *data, const cm_tensor *indices, int batch_dims, slice_job *j,
                             cm_error *err)
{
    const cm_status st = check_index_type(indices, err);
    if (st) return st;
    j->indices = indices;
    j->batch_dims = batch_dims;
    j->depth = indices->rank > 0 ? (int)indices->dim[indices->rank - 1] : 0;
    if (indices->rank < 1 || j->depth < 0 || indices->dim[indices->rank - 1] > data->rank - batch_dims ||
        batch_dims < 0 || batch_dims >= indices->rank)
        return cm_cpu_shape_error(err, "the indices name more dimensions than there are", indices, data);
    j->places = j->per_batch = j->batch = j->slice = 1;
    for (int d = 0; d < indices->rank - 1; d++) {
        j->places *= indices->dim[d];
        if (d >= batch_dims) j->per_batch *= indices->dim[d];
        if (d < batch_dims && indices->dim[d] != data->dim[d])
            return cm_cpu_shape_error(err, "the batch dimensions of indices and data differ", indices, data);
    }
    for (int d = data->rank - 1; d >= batch_dims; d--) {
        if (d >= batch_dims + j->depth) {
            j->slice *= data->dim[d];
            continue;
        }
        j->extent[d - batch_dims] = data->dim[d];
        j->step[d - batch_dims] = j->batch;
        j->batch *= data->dim[d];
    }
    j->bytes = cm_element_bytes(data->element);
    for (int64_t p = 0; p < j->places; p++) {
        int64_t bad = 0, extent = 0;
        if (slice_of(j, p, &bad, &extent) < 0) return out_of_range(bad, extent, err);
    }
    return CM_OK;
}

static void gather_slices(void *context, int64_t begin, int64_t end)
{
    const slice_job *j = context;
    const int64_t bytes = j->slice * j->bytes;
    int64_t bad, extent;
    for (int64_t p = begin; p < end; p++)
        memcpy(j->to + p * bytes, j->from + slice_of(j, p, &bad, &extent) * bytes, (size_t)bytes);
}

cm_status cm_cpu_gather_nd(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int batch_dims,
                           cm_tensor *y, cm_error *err)
{
    slice_job job = {.from = x->data, .to = y->data};
    const cm_status st = take_slices(x, indices, batch_dims, &job, err);
    if (st) return st;
    if (y->element != x->element || cm_tensor_count(y) != job.places * job.slice)
        return cm_cpu_shape_error(err, "the output of a gather does not fit its indices", y, indices);
    if (job.slice > 0) cm_cpu_for(be, job.places, 1 + 32768 / (job.slice * job.bytes), gather_slices, &job);
    return CM_OK;
}

/* All updates, elements begin to end of each slice. */
static void scatter_stretch(void *context, int64_t begin, int64_t end)
{
    const slice_job *j = context;
    int64_t bad, extent;
    for (int64_t p = 0; p < j->places; p++) {
        const int64_t to = slice_of(j, p, &bad, &extent) * j->slice, from = p * j->slice;
        if (!j->combine)
            memcpy(j->to + (to + begin) * j->bytes, j->from + (from + begin) * j->bytes,
                   (size_t)((end - begin) * j->bytes));
        for (int64_t i = begin; j->combine && i < end; i++)
            j->combine(j->to, to + i, j->from, from + i);
    }
}

cm_status cm_cpu_scatter_nd(cm_backend *be, cm_scatter how, const cm_tensor *x, const cm_tensor *indices,
                            const cm_tensor *updates, cm_tensor *y, cm_error *err)
{
    slice_job job = {.from = updates->data, .to = y->data};
    cm_status st = take_slices(x, indices, 0, &job, err);
    if (!st) st = get_combine(how, x, &job.combine, err);
    if (st) return st;
    if (updates->element != x->element || cm_tensor_count(updates) != job.places * job.slice)
        return cm_cpu_shape_error(err, "the updates of a scatter do not fit its indices", updates, indices);
    if (y->element != x->element || !cm_cpu_same_shape(y, x))
        return cm_cpu_shape_error(err, "the output of a scatter must be like its input", y, x);
    if (y->data != x->data) st = cm_cpu_copy(be, x, y, err);
    if (!st) cm_cpu_for(be, job.slice, 4096, scatter_stretch, &job);
    return st;
}

/* -- one hot -- */

typedef struct hot_job {
    const cm_tensor *indices;
    int64_t depth, inner, bytes;
    const char *values; /* off, on */
    char *y;
} hot_job;

static void hot_range(void *context, int64_t begin, int64_t end)
{
    const hot_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        int64_t index;
        if (j->indices->element == CM_ELEMENT_F32) { /* rare: some write whole numbers as floats */
            const float v = ((const float *)j->indices->data)[i];
            index = v >= -0x1p31f && v <= 0x1p31f ? (int64_t)v : INT64_MIN;
        } else {
            index = cm_whole_at(j->indices->element, j->indices->data, i);
        }
        index = from_end(index, j->depth);
        const int64_t first = i / j->inner * j->depth * j->inner + i % j->inner;
        for (int64_t k = 0; k < j->depth; k++)
            memcpy(j->y + (first + k * j->inner) * j->bytes, j->values + (k == index ? j->bytes : 0),
                   (size_t)j->bytes);
    }
}

cm_status cm_cpu_one_hot(cm_backend *be, const cm_tensor *indices, int axis, const cm_tensor *values,
                         cm_tensor *y, cm_error *err)
{
    bool fits = axis >= 0 && axis <= indices->rank && y->rank == indices->rank + 1 &&
                values->element == y->element && cm_tensor_count(values) == 2;
    hot_job job = {.indices = indices, .inner = 1, .values = values->data, .y = y->data};
    for (int i = 0; fits && i < indices->rank; i++) {
        fits = indices->dim[i] == y->dim[i < axis ? i : i + 1];
        if (i >= axis) job.inner *= indices->dim[i];
    }
    if (!fits) return cm_cpu_shape_error(err, "the output of a one-hot does not fit its indices", indices, y);
    job.depth = y->dim[axis];
    job.bytes = cm_element_bytes(y->element);
    cm_cpu_for(be, cm_tensor_count(indices), 1 + 8192 / (job.depth + 1), hot_range, &job);
    return CM_OK;
}
