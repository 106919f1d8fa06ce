/* Operations that only move elements: concat, slice, transpose, expand, tile, copy, gather.
 *
 * Each is a nest of loops with one step per dimension on either side (cm_cpu_walk), so there is one copy loop
 * for all of them. */
#include "kernels/cpu/cpu_internal.h"

#include <string.h>

/* Drops dimensions of one element and joins neighbours that both sides walk evenly. */
static void simplify(cm_cpu_walk *w)
{
    int kept = -1;
    for (int i = 0; i < w->rank; i++) {
        if (w->count[i] == 1) continue;
        if (kept >= 0 && w->from[kept] == w->from[i] * w->count[i] && w->to[kept] == w->to[i] * w->count[i]) {
            w->count[kept] *= w->count[i];
            w->from[kept] = w->from[i];
            w->to[kept] = w->to[i];
        } else {
            kept++;
            w->count[kept] = w->count[i];
            w->from[kept] = w->from[i];
            w->to[kept] = w->to[i];
        }
    }
    w->rank = kept + 1;
    if (w->rank == 0) {
        w->rank = 1;
        w->count[0] = w->from[0] = w->to[0] = 1;
    }
}

#define STEP_ROW(T)                                                                                          \
    for (int64_t i = 0; i < n; i++)                                                                          \
    ((T *)y)[i * to] = ((const T *)x)[i * from]

static void copy_row(int64_t bytes, const void *x, int64_t from, void *y, int64_t to, int64_t n)
{
    if (from == 1 && to == 1)
        memcpy(y, x, (size_t)(n * bytes));
    else if (bytes == 8)
        STEP_ROW(uint64_t);
    else if (bytes == 4)
        STEP_ROW(uint32_t);
    else if (bytes == 2)
        STEP_ROW(uint16_t);
    else
        STEP_ROW(uint8_t);
}

typedef struct walk_job {
    cm_cpu_walk walk;
    int64_t bytes, pieces, piece; /* a row is cut into pieces of `piece` elements */
    const char *x;
    char *y;
} walk_job;

static void walk_range(void *context, int64_t begin, int64_t end)
{
    const walk_job *j = context;
    const cm_cpu_walk *w = &j->walk;
    const int last = w->rank - 1;
    for (int64_t task = begin; task < end; task++) {
        const int64_t first = task % j->pieces * j->piece;
        int64_t row = task / j->pieces;
        int64_t from = first * w->from[last], to = first * w->to[last];
        for (int i = last - 1; i >= 0; i--) {
            const int64_t index = row % w->count[i];
            row /= w->count[i];
            from += index * w->from[i];
            to += index * w->to[i];
        }
        const int64_t n = w->count[last] - first < j->piece ? w->count[last] - first : j->piece;
        copy_row(j->bytes, j->x + from * j->bytes, w->from[last], j->y + to * j->bytes, w->to[last], n);
    }
}

void cm_cpu_walk_copy(cm_backend *be, cm_cpu_walk walk, int64_t bytes, const void *x, void *y)
{
    for (int i = 0; i < walk.rank; i++)
        if (walk.count[i] == 0) return;
    simplify(&walk);
    const int64_t row = walk.count[walk.rank - 1];
    int64_t rows = 1;
    for (int i = 0; i < walk.rank - 1; i++)
        rows *= walk.count[i];
    walk_job job = {.walk = walk, .bytes = bytes, .x = x, .y = y, .piece = 65536};
    job.pieces = (row + job.piece - 1) / job.piece;
    cm_cpu_for(be, rows * job.pieces, 1 + 32768 / row, walk_range, &job);
}

cm_status cm_cpu_concat(cm_backend *be, int n, const cm_tensor *const *x, int axis, cm_tensor *y,
                        cm_error *err)
{
    if (axis < 0 || axis >= y->rank)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the axis of a concat is outside its output",
                       .why = cm_strf("axis %d, rank %d", axis, y->rank).s);
    int64_t total = 0;
    for (int k = 0; k < n; k++) {
        bool fits = x[k]->rank == y->rank && x[k]->element == y->element;
        for (int i = 0; fits && i < y->rank; i++)
            fits = i == axis || x[k]->dim[i] == y->dim[i];
        if (!fits) return cm_cpu_shape_error(err, "an input of a concat does not fit its output", x[k], y);
        total += x[k]->dim[axis];
    }
    if (total != y->dim[axis])
        return CM_FAIL(err, CM_ERR_ARG, .what = "the inputs of a concat do not fill its output",
                       .why = cm_strf("%lld along axis %d, the output is %s", (long long)total, axis,
                                      cm_cpu_describe(y).s)
                                  .s);
    const int64_t bytes = cm_element_bytes(y->element);
    int64_t to[CM_MAX_RANK], at = 0;
    cm_cpu_steps(y, to);
    for (int k = 0; k < n; k++) {
        cm_cpu_walk w = {.rank = y->rank};
        cm_cpu_steps(x[k], w.from);
        memcpy(w.count, x[k]->dim, sizeof x[k]->dim);
        memcpy(w.to, to, sizeof to);
        char *target = (char *)y->data + at * to[axis] * bytes;
        if (x[k]->data != target) cm_cpu_walk_copy(be, w, bytes, x[k]->data, target);
        at += x[k]->dim[axis];
    }
    return CM_OK;
}

cm_status cm_cpu_slice(cm_backend *be, const int64_t *start, const int64_t *step, const cm_tensor *x,
                       cm_tensor *y, cm_error *err)
{
    if (x->rank != y->rank || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a slice must have the rank and type of its input", x,
                                  y);
    cm_cpu_walk w = {.rank = y->rank};
    int64_t from[CM_MAX_RANK], at = 0;
    cm_cpu_steps(x, from);
    cm_cpu_steps(y, w.to);
    for (int i = 0; i < y->rank; i++) {
        w.count[i] = y->dim[i];
        w.from[i] = from[i] * step[i];
        at += start[i] * from[i];
        if (y->dim[i] == 0) return CM_OK;
        const int64_t end = start[i] + (y->dim[i] - 1) * step[i];
        if (start[i] < 0 || start[i] >= x->dim[i] || end < 0 || end >= x->dim[i])
            return CM_FAIL(err, CM_ERR_ARG, .what = "a slice reaches outside its input",
                           .why = cm_strf("axis %d: from %lld to %lld, the input is %s", i,
                                          (long long)start[i], (long long)end, cm_cpu_describe(x).s)
                                      .s);
    }
    const int64_t bytes = cm_element_bytes(x->element);
    cm_cpu_walk_copy(be, w, bytes, (const char *)x->data + at * bytes, y->data);
    return CM_OK;
}

cm_status cm_cpu_transpose(cm_backend *be, const int *permutation, const cm_tensor *x, cm_tensor *y,
                           cm_error *err)
{
    if (x->rank != y->rank || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a transpose must have the rank and type of its input",
                                  x, y);
    cm_cpu_walk w = {.rank = y->rank};
    int64_t from[CM_MAX_RANK];
    uint32_t seen = 0;
    cm_cpu_steps(x, from);
    cm_cpu_steps(y, w.to);
    for (int i = 0; i < y->rank; i++) {
        const int p = permutation[i];
        if (p < 0 || p >= x->rank || (seen >> p & 1u) || y->dim[i] != x->dim[p])
            return cm_cpu_shape_error(err, "the permutation of a transpose does not give its output", x, y);
        seen |= 1u << p;
        w.count[i] = y->dim[i];
        w.from[i] = from[p];
    }
    cm_cpu_walk_copy(be, w, cm_element_bytes(x->element), x->data, y->data);
    return CM_OK;
}

cm_status cm_cpu_expand(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    if (x->element != y->element)
        return cm_cpu_shape_error(err, "the output of an expand must have the type of its input", x, y);
    cm_cpu_broadcast b;
    const cm_status st = cm_cpu_broadcast_create(1, &(const cm_tensor *){x}, y, &b, err);
    if (st) return st;
    cm_cpu_walk w = {.rank = b.rank};
    int64_t step = 1;
    for (int i = b.rank - 1; i >= 0; i--) {
        w.count[i] = b.count[i];
        w.from[i] = b.step[0][i];
        w.to[i] = step;
        step *= b.count[i];
    }
    cm_cpu_walk_copy(be, w, cm_element_bytes(x->element), x->data, y->data);
    return CM_OK;
}

cm_status cm_cpu_tile(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    if (x->rank != y->rank || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a tile must have the rank and type of its input", x, y);
    cm_cpu_walk w = {.rank = 2 * y->rank};
    int64_t from[CM_MAX_RANK], to[CM_MAX_RANK];
    cm_cpu_steps(x, from);
    cm_cpu_steps(y, to);
    for (int i = 0; i < y->rank; i++) {
        if (x->dim[i] ? y->dim[i] % x->dim[i] != 0 : y->dim[i] != 0)
            return cm_cpu_shape_error(err, "a tile must repeat its input a whole number of times", x, y);
        if (y->dim[i] == 0) return CM_OK;
        w.count[2 * i] = y->dim[i] / x->dim[i]; /* repeats, then the elements of one copy */
        w.from[2 * i] = 0;
        w.to[2 * i] = to[i] * x->dim[i];
        w.count[2 * i + 1] = x->dim[i];
        w.from[2 * i + 1] = from[i];
        w.to[2 * i + 1] = to[i];
    }
    cm_cpu_walk_copy(be, w, cm_element_bytes(x->element), x->data, y->data);
    return CM_OK;
}

cm_status cm_cpu_copy(cm_backend *be, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    const int64_t n = cm_tensor_count(x);
    if (n < 0 || n != cm_tensor_count(y) || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a reshape must hold the elements of its input", x, y);
    const cm_cpu_walk w = {.rank = 1, .count = {n}, .from = {1}, .to = {1}};
    cm_cpu_walk_copy(be, w, cm_element_bytes(x->element), x->data, y->data);
    return CM_OK;
}

cm_status cm_cpu_rearrange(cm_backend *be, const int64_t *step, const cm_tensor *x, cm_tensor *y,
                           cm_error *err)
{
    cm_cpu_walk w = {.rank = y->rank};
    int64_t last = 0;
    bool empty = false;
    cm_cpu_steps(y, w.to);
    for (int i = 0; i < y->rank; i++) {
        w.count[i] = y->dim[i];
        w.from[i] = step[i];
        last += (y->dim[i] - 1) * step[i];
        empty = empty || y->dim[i] == 0;
        if (step[i] < 0)
            return CM_FAIL(err, CM_ERR_ARG, .what = "a rearrangement with a negative step",
                           .why = cm_strf("axis %d: %lld", i, (long long)step[i]).s);
    }
    if (x->element != y->element || (!empty && last >= cm_tensor_count(x)))
        return cm_cpu_shape_error(err, "a rearrangement reaches outside its input", x, y);
    if (!empty) cm_cpu_walk_copy(be, w, cm_element_bytes(x->element), x->data, y->data);
    return CM_OK;
}

/* -- gather -- */
typedef struct gather_job {
    const char *x;
    char *y;
    const cm_tensor *indices;
    int64_t n_indices, extent, bytes; /* bytes of the elements behind one index */
} gather_job;

static int64_t index_at(const gather_job *j, int64_t i)
{
    const int64_t v = cm_whole_at(j->indices->element, j->indices->data, i);
    return v < 0 ? v + j->extent : v;
}

static void gather_range(void *context, int64_t begin, int64_t end)
{
    const gather_job *j = context;
    for (int64_t i = begin; i < end; i++) {
        const int64_t outer = i / j->n_indices;
        const int64_t at = outer * j->extent + index_at(j, i % j->n_indices);
        memcpy(j->y + i * j->bytes, j->x + at * j->bytes, (size_t)j->bytes);
    }
}

/* y = x[..., indices, ...]: the shape of the indices stands in place of the axis. */
static bool gather_fits(const cm_tensor *x, const cm_tensor *indices, int axis, const cm_tensor *y)
{
    if (y->rank != x->rank - 1 + indices->rank || y->element != x->element) return false;
    for (int i = 0; i < y->rank; i++) {
        const int64_t d = i < axis                   ? x->dim[i]
                          : i < axis + indices->rank ? indices->dim[i - axis]
                                                     : x->dim[i - indices->rank + 1];
        if (y->dim[i] != d) return false;
    }
    return true;
}

cm_status cm_cpu_gather(cm_backend *be, const cm_tensor *x, const cm_tensor *indices, int axis, cm_tensor *y,
                        cm_error *err)
{
    if (indices->element != CM_ELEMENT_I64 && indices->element != CM_ELEMENT_I32)
        return cm_cpu_element_error(err, "the indices of a gather", indices);
    if (axis < 0 || axis >= x->rank || !gather_fits(x, indices, axis, y))
        return cm_cpu_shape_error(err, "the output of a gather does not fit its input", x, y);
    gather_job job = {.x = x->data,
                      .y = y->data,
                      .indices = indices,
                      .n_indices = cm_tensor_count(indices),
                      .extent = x->dim[axis],
                      .bytes = cm_element_bytes(x->element)};
    int64_t outer = 1;
    for (int i = 0; i < x->rank; i++) {
        if (i < axis)
            outer *= x->dim[i];
        else if (i > axis)
            job.bytes *= x->dim[i];
    }
    for (int64_t i = 0; i < job.n_indices; i++) {
        const int64_t v = index_at(&job, i);
        if (v < 0 || v >= job.extent)
            return CM_FAIL(err, CM_ERR_ARG, .what = "an index of a gather is out of range",
                           .why = cm_strf("index %lld, the axis has %lld elements",
                                          (long long)(v < 0 ? v - job.extent : v), (long long)job.extent)
                                      .s);
    }
    if (job.bytes > 0) cm_cpu_for(be, outer * job.n_indices, 1 + 65536 / job.bytes, gather_range, &job);
    return CM_OK;
}
