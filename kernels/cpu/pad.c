/* Pad: constant, edge, reflect and wrap, before and after each dimension; a negative amount crops. */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

typedef struct pad_job {
    cm_pad_mode mode;
    int rank;
    int64_t lo[CM_MAX_RANK], in[CM_MAX_RANK], out[CM_MAX_RANK], step[CM_MAX_RANK];
    int64_t bytes;
    const char *x;
    char *y;
    uint64_t value; /* the constant, as `bytes` bytes */
} pad_job;

/* The input index an output index shows, or -1 for the constant. Reflect may bounce several times. */
static int64_t source_index(const pad_job *j, int d, int64_t i)
{
    const int64_t n = j->in[d];
    int64_t s = i - j->lo[d];
    if (s >= 0 && s < n) return s;
    if (j->mode == CM_PAD_CONSTANT) return -1;
    if (j->mode == CM_PAD_WRAP) return (s % n + n) % n;
    if (j->mode == CM_PAD_EDGE || n == 1) return s < 0 ? 0 : n - 1;
    const int64_t period = 2 * (n - 1);
    s %= period;
    s = s < 0 ? s + period : s;
    return s < n ? s : period - s;
}

static void put(const pad_job *j, char *y, const char *from)
{
    memcpy(y, from ? (const void *)from : (const void *)&j->value, (size_t)j->bytes);
}

static void pad_row(const pad_job *j, char *y, const char *x)
{
    const int last = j->rank - 1;
    const int64_t n = j->out[last];
    int64_t i = 0;
    while (i < n) {
        const int64_t s = x ? source_index(j, last, i) : -1;
        if (s >= 0 && s == i - j->lo[last]) { /* the run that lies inside the input */
            int64_t run = j->in[last] - s;
            run = run < n - i ? run : n - i;
            memcpy(y + i * j->bytes, x + s * j->bytes, (size_t)(run * j->bytes));
            i += run;
        } else {
            put(j, y + i * j->bytes, s < 0 ? NULL : x + s * j->bytes);
            i++;
        }
    }
}

static void pad_range(void *context, int64_t begin, int64_t end)
{
    const pad_job *j = context;
    for (int64_t row = begin; row < end; row++) {
        int64_t rest = row, at = 0;
        bool inside = true;
        for (int d = j->rank - 2; d >= 0; d--) {
            const int64_t s = source_index(j, d, rest % j->out[d]);
            rest /= j->out[d];
            inside = inside && s >= 0;
            at += s * j->step[d];
        }
        pad_row(j, j->y + row * j->out[j->rank - 1] * j->bytes, inside ? j->x + at * j->bytes : NULL);
    }
}

static uint64_t constant_bits(cm_element element, double value)
{
    uint64_t bits = 0;
    if (element == CM_ELEMENT_F32) {
        const float v = (float)value;
        memcpy(&bits, &v, sizeof v);
    } else {
        const int64_t v = value != value    ? 0
                          : value >= 0x1p63 ? INT64_MAX
                          : value < -0x1p63 ? INT64_MIN
                                            : (int64_t)value;
        cm_whole_put(element, &bits, 0, v);
    }
    return bits;
}

cm_status cm_cpu_pad(cm_backend *be, cm_pad_mode mode, const int64_t *lo, const int64_t *hi, double value,
                     const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    if (x->rank != y->rank || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a pad must have the rank and type of its input", x, y);
    pad_job job = {.mode = mode,
                   .rank = x->rank,
                   .bytes = cm_element_bytes(x->element),
                   .x = x->data,
                   .y = y->data,
                   .value = constant_bits(x->element, value)};
    if (x->rank == 0) {
        put(&job, y->data, x->data);
        return CM_OK;
    }
    const int64_t total = cm_tensor_count(y);
    cm_cpu_steps(x, job.step);
    int64_t rows = 1;
    for (int i = 0; i < x->rank; i++) {
        if (y->dim[i] != x->dim[i] + lo[i] + hi[i])
            return cm_cpu_shape_error(err, "the output of a pad must be its input plus the amounts", x, y);
        if (x->dim[i] == 0 && total > 0 && mode != CM_PAD_CONSTANT)
            return cm_cpu_shape_error(err, "an empty input can only be padded with a constant", x, y);
        job.lo[i] = lo[i];
        job.in[i] = x->dim[i];
        job.out[i] = y->dim[i];
        rows *= i < x->rank - 1 ? y->dim[i] : 1;
    }
    if (total > 0) cm_cpu_for(be, rows, 1 + 16384 / (y->dim[y->rank - 1] + 1), pad_range, &job);
    return CM_OK;
}
