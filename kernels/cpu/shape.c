/* Shapes, broadcasting and the split of work: what every CPU operation needs before its loop. */
#include "kernels/cpu/cpu_internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const char *element_name(cm_element element)
{
    switch (element) {
    case CM_ELEMENT_F32:
        return "f32";
    case CM_ELEMENT_I64:
        return "i64";
    case CM_ELEMENT_I32:
        return "i32";
    case CM_ELEMENT_U8:
        return "u8";
    case CM_ELEMENT_BOOL:
        return "bool";
    case CM_ELEMENT_I8:
        return "i8";
    case CM_ELEMENT_I16:
        return "i16";
    case CM_ELEMENT_U16:
        return "u16";
    case CM_ELEMENT_U32:
        return "u32";
    case CM_ELEMENT_U64:
        return "u64";
    }
    return "?";
}

cm_str cm_cpu_describe(const cm_tensor *x)
{
    cm_str text = cm_strf("%s[", element_name(x->element));
    for (int i = 0; i < x->rank && i < CM_MAX_RANK; i++)
        text = cm_strf("%s%s%lld", text.s, i ? "," : "", (long long)x->dim[i]);
    return cm_strf("%s]", text.s);
}

cm_status cm_cpu_shape_error(cm_error *err, const char *what, const cm_tensor *a, const cm_tensor *b)
{
    return CM_FAIL(err, CM_ERR_ARG, .what = what,
                   .why = cm_strf("%s against %s", cm_cpu_describe(a).s, cm_cpu_describe(b).s).s);
}

cm_status cm_cpu_element_error(cm_error *err, const char *operation, const cm_tensor *x)
{
    return CM_FAIL(err, CM_ERR_UNSUPPORTED,
                   .what = cm_strf("%s does not take this element type", operation).s,
                   .why = cm_strf("the tensor is %s", cm_cpu_describe(x).s).s);
}

bool cm_cpu_same_shape(const cm_tensor *a, const cm_tensor *b)
{
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

cm_status cm_cpu_get_shape(const cm_tensor *x, bool fold, cm_cpu_shape *out, cm_error *err)
{
    if (x->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "an operation on feature maps", x);
    if (x->rank < 2 || (x->rank > 5 && !fold) || (x->rank == 2 && !fold))
        return CM_FAIL(err, CM_ERR_ARG,
                       .what = "a feature map needs a batch, a channel and 1 to 3 spatial axes",
                       .why = cm_strf("the tensor is %s", cm_cpu_describe(x).s).s);
    *out = (cm_cpu_shape){.n = x->dim[0], .c = x->dim[1], .s = {1, 1, 1}};
    for (int i = 2; i < x->rank; i++) {
        if (x->rank <= 5)
            out->s[i + 3 - x->rank] = x->dim[i];
        else
            out->s[2] *= x->dim[i];
    }
    out->voxels = out->s[0] * out->s[1] * out->s[2];
    return CM_OK;
}

typedef struct range_job {
    cm_cpu_range fn;
    void *context;
    int64_t n, grain;
} range_job;

static void range_task(void *context, int64_t task, int worker)
{
    const range_job *job = context;
    (void)worker;
    const int64_t begin = task * job->grain;
    const int64_t end = job->n - begin < job->grain ? job->n : begin + job->grain;
    job->fn(job->context, begin, end);
}

void cm_cpu_for(cm_backend *be, int64_t n, int64_t grain, cm_cpu_range fn, void *context)
{
    if (n <= 0) return;
    if (grain < 1) grain = 1;
    if (be->stop) {
        cm_cpu_for_stop(be, n, grain, fn, context, be->stop, NULL); /* the caller asks, too */
        return;
    }
    if (n <= grain || !be->pool) {
        fn(context, 0, n);
        return;
    }
    range_job job = {fn, context, n, grain};
    cm_threads_for(be->pool, (n + grain - 1) / grain, range_task, &job);
}

typedef struct stop_job {
    range_job work;
    const cm_stop *stop;
    atomic_int status;
} stop_job;

static void stop_task(void *context, int64_t task, int worker)
{
    stop_job *job = context;
    if (atomic_load(&job->status)) return;
    const cm_status due = cm_stop_due(job->stop);
    if (due)
        atomic_store(&job->status, (int)due);
    else
        range_task(&job->work, task, worker);
}

cm_status cm_cpu_for_stop(cm_backend *be, int64_t n, int64_t grain, cm_cpu_range fn, void *context,
                          const cm_stop *stop, cm_error *err)
{
    if (grain < 1) grain = 1;
    stop_job job = {.work = {fn, context, n, grain}, .stop = stop};
    atomic_init(&job.status, 0);
    const int64_t tasks = (n + grain - 1) / grain;
    if (be->pool && tasks > 1)
        cm_threads_for(be->pool, tasks, stop_task, &job);
    else
        for (int64_t task = 0; task < tasks; task++)
            stop_task(&job, task, 0);
    const cm_status st = (cm_status)atomic_load(&job.status);
    return st ? CM_FAIL(err, st, .what = "an operation was stopped") : CM_OK;
}

void cm_cpu_steps(const cm_tensor *x, int64_t step[CM_MAX_RANK])
{
    int64_t s = 1;
    for (int i = x->rank - 1; i >= 0; i--) {
        step[i] = s;
        s *= x->dim[i];
    }
}

/* Joins dimensions that all inputs walk evenly, so that rows are as long as can be. */
static void merge_dimensions(cm_cpu_broadcast *b, int n_inputs)
{
    int kept = 0;
    for (int i = 1; i < b->rank; i++) {
        bool even = true;
        for (int k = 0; k < n_inputs; k++)
            even = even && b->step[k][kept] == b->step[k][i] * b->count[i];
        if (even) {
            b->count[kept] *= b->count[i];
        } else {
            kept++;
            b->count[kept] = b->count[i];
        }
        for (int k = 0; k < n_inputs; k++)
            b->step[k][kept] = b->step[k][i];
    }
    b->rank = kept + 1;
}

cm_status cm_cpu_broadcast_create(int n_inputs, const cm_tensor *const *x, const cm_tensor *y,
                                  cm_cpu_broadcast *out, cm_error *err)
{
    memset(out, 0, sizeof *out);
    out->rank = 0;
    for (int i = 0; i < y->rank; i++) {
        if (y->dim[i] == 1) continue; /* adds nothing to the walk */
        out->count[out->rank++] = y->dim[i];
    }
    for (int k = 0; k < n_inputs; k++) {
        if (x[k]->rank > y->rank)
            return cm_cpu_shape_error(err, "the input does not broadcast to the output", x[k], y);
        int64_t step[CM_MAX_RANK] = {0};
        cm_cpu_steps(x[k], step);
        int kept = 0;
        for (int i = 0; i < y->rank; i++) {
            const int j = i - (y->rank - x[k]->rank);
            const int64_t d = j < 0 ? 1 : x[k]->dim[j];
            if (d != y->dim[i] && d != 1)
                return cm_cpu_shape_error(err, "the input does not broadcast to the output", x[k], y);
            if (y->dim[i] != 1) out->step[k][kept++] = d == 1 ? 0 : step[j];
        }
    }
    if (out->rank == 0) {
        out->rank = 1;
        out->count[0] = 1;
    }
    merge_dimensions(out, n_inputs);
    out->rows = 1;
    for (int i = 0; i < out->rank - 1; i++)
        out->rows *= out->count[i];
    if (out->count[out->rank - 1] == 0) out->rows = 0;
    return CM_OK;
}

void cm_cpu_broadcast_row(const cm_cpu_broadcast *b, int64_t row, int64_t offset[3])
{
    offset[0] = offset[1] = offset[2] = 0;
    for (int i = b->rank - 2; i >= 0; i--) {
        const int64_t index = row % b->count[i];
        row /= b->count[i];
        for (int k = 0; k < 3; k++)
            offset[k] += index * b->step[k][i];
    }
}
