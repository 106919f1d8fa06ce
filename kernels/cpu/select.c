/* Where (a choice per element) and casts between element types. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <string.h>

typedef struct where_job {
    cm_cpu_broadcast walk;
    const uint8_t *condition;
    const char *a, *b;
    char *y;
    int64_t bytes;
} where_job;

static void where_range(void *context, int64_t begin, int64_t end)
{
    const where_job *j = context;
    const int last = j->walk.rank - 1;
    const int64_t n = j->walk.count[last];
    for (int64_t row = begin; row < end; row++) {
        int64_t at[3];
        cm_cpu_broadcast_row(&j->walk, row, at);
        char *y = j->y + row * n * j->bytes;
        for (int64_t i = 0; i < n; i++) {
            const bool first = j->condition[at[0] + i * j->walk.step[0][last]] != 0;
            const char *from = first ? j->a + (at[1] + i * j->walk.step[1][last]) * j->bytes
                                     : j->b + (at[2] + i * j->walk.step[2][last]) * j->bytes;
            if (j->bytes == 4)
                memcpy(y + i * 4, from, 4);
            else if (j->bytes == 8)
                memcpy(y + i * 8, from, 8);
            else if (j->bytes == 2)
                memcpy(y + i * 2, from, 2);
            else
                y[i] = *from;
        }
    }
}

cm_status cm_cpu_where(cm_backend *be, const cm_tensor *condition, const cm_tensor *a, const cm_tensor *b,
                       cm_tensor *y, cm_error *err)
{
    if (condition->element != CM_ELEMENT_BOOL)
        return cm_cpu_element_error(err, "the condition of where", condition);
    if (a->element != b->element || a->element != y->element)
        return cm_cpu_shape_error(err, "both choices of where must have the element type of the output", a,
                                  b);
    where_job job = {.condition = condition->data,
                     .a = a->data,
                     .b = b->data,
                     .y = y->data,
                     .bytes = cm_element_bytes(y->element)};
    const cm_status st =
        cm_cpu_broadcast_create(3, (const cm_tensor *const[]){condition, a, b}, y, &job.walk, err);
    if (!st)
        cm_cpu_for(be, job.walk.rows, 1 + 16384 / (job.walk.count[job.walk.rank - 1] + 1), where_range, &job);
    return st;
}

typedef struct classify_job {
    const float *x;
    uint8_t *y;
    uint32_t kinds;
} classify_job;

static void classify_range(void *context, int64_t begin, int64_t end)
{
    const classify_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const float v = j->x[i];
        const uint32_t kind = isnan(v)         ? CM_CLASS_NAN
                              : v == INFINITY  ? CM_CLASS_PLUS_INFINITY
                              : v == -INFINITY ? CM_CLASS_MINUS_INFINITY
                                               : 0;
        j->y[i] = (kind & j->kinds) != 0;
    }
}

cm_status cm_cpu_classify(cm_backend *be, uint32_t kinds, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "a test for NaN or infinity", x);
    if (y->element != CM_ELEMENT_BOOL || !cm_cpu_same_shape(x, y))
        return cm_cpu_shape_error(err, "the output of a test must be bools of the shape of its input", x, y);
    classify_job job = {x->data, y->data, kinds};
    cm_cpu_for(be, cm_tensor_count(x), 16384, classify_range, &job);
    return CM_OK;
}

typedef struct cast_job {
    const void *x;
    void *y;
    cm_element from, to;
} cast_job;

/* Towards zero; values out of reach become the nearest end, NaN becomes 0. */
static int64_t truncate_float(float v, int64_t lo, int64_t hi)
{
    if (isnan(v)) return 0;
    if (v >= 0x1p63f) return hi;
    if (v < -0x1p63f) return lo;
    const int64_t w = (int64_t)v;
    return w < lo ? lo : w > hi ? hi : w;
}

static int64_t truncate_float_to(cm_element to, float v)
{
    switch (to) {
    case CM_ELEMENT_I64:
        return truncate_float(v, INT64_MIN, INT64_MAX);
    case CM_ELEMENT_I32:
        return truncate_float(v, INT32_MIN, INT32_MAX);
    case CM_ELEMENT_I16:
        return truncate_float(v, INT16_MIN, INT16_MAX);
    case CM_ELEMENT_I8:
        return truncate_float(v, INT8_MIN, INT8_MAX);
    case CM_ELEMENT_U32:
        return truncate_float(v, 0, UINT32_MAX);
    case CM_ELEMENT_U16:
        return truncate_float(v, 0, UINT16_MAX);
    case CM_ELEMENT_U8:
        return truncate_float(v, 0, UINT8_MAX);
    case CM_ELEMENT_U64:
        if (v >= 0x1p63f) return v >= 0x1p64f ? -1 : (int64_t)(uint64_t)v; /* -1: all bits set */
        return truncate_float(v, 0, INT64_MAX);
    case CM_ELEMENT_BOOL:
        return v != 0.0f;
    case CM_ELEMENT_F32:
        break; /* copied, not truncated */
    }
    return 0;
}

static void cast_from_float(const cast_job *j, int64_t begin, int64_t end)
{
    const float *x = j->x;
    if (j->to == CM_ELEMENT_F32)
        memcpy((float *)j->y + begin, x + begin, (size_t)(end - begin) * sizeof *x);
    else
        for (int64_t i = begin; i < end; i++)
            cm_whole_put(j->to, j->y, i, truncate_float_to(j->to, x[i]));
}

static void cast_from_whole(const cast_job *j, int64_t begin, int64_t end)
{
    float *y = j->y;
    for (int64_t i = begin; i < end; i++) {
        const int64_t v = cm_whole_at(j->from, j->x, i);
        if (j->to != CM_ELEMENT_F32)
            cm_whole_put(j->to, j->y, i, v);
        else
            y[i] = j->from == CM_ELEMENT_U64 ? (float)(uint64_t)v : (float)v;
    }
}

static void cast_range(void *context, int64_t begin, int64_t end)
{
    const cast_job *j = context;
    if (j->from == CM_ELEMENT_F32)
        cast_from_float(j, begin, end);
    else
        cast_from_whole(j, begin, end);
}

cm_status cm_cpu_cast(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    const int64_t n = cm_tensor_count(x);
    if (n < 0 || cm_tensor_count(y) != n)
        return cm_cpu_shape_error(err, "the output of a cast must have as many elements as its input", x, y);
    cast_job job = {x->data, y->data, x->element, y->element};
    cm_cpu_for(be, n, 16384, cast_range, &job);
    return CM_OK;
}
