/* Reductions over any set of axes.
 *
 * Neighbouring axes of one kind are joined first. Each output then folds its elements in row-major order:
 * sums, products and norms of floats in double, rounded once at the end. Where the last axis is reduced, its
 * contiguous run is summed by the fixed tree of cm_cpu_loops.sum and the runs are added in order. Integers
 * are folded in 64 bits and wrap around. */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/math.h"

#include <math.h>
#include <string.h>

#define LANES 256

typedef struct axis_list {
    int n;
    int64_t count[CM_MAX_RANK], step[CM_MAX_RANK];
    int64_t total;
} axis_list;

typedef struct accumulator {
    double f;
    int64_t i, at; /* at: position along the reduced axes */
    double origin; /* LOG_SUM_EXP: what the exponents are taken from */
} accumulator;

typedef struct reduce_job {
    const cm_cpu_loops *loops;
    cm_reduce op;
    cm_element element;
    int64_t flip;
    axis_list kept, reduced;
    int64_t run;    /* elements of the last reduced axis when they are adjacent, else 1 */
    int64_t lanes;  /* outputs of one piece of work */
    int64_t pieces; /* pieces per row of the last kept axis */
    const void *x;
    void *y;
} reduce_job;

static int64_t offset_of(const axis_list *axes, int64_t index)
{
    int64_t at = 0;
    for (int i = axes->n - 1; i >= 0; i--) {
        at += index % axes->count[i] * axes->step[i];
        index /= axes->count[i];
    }
    return at;
}

static bool looks_for_largest(cm_reduce op)
{
    return op == CM_REDUCE_MAX || op == CM_REDUCE_ARGMAX || op == CM_REDUCE_ARGMAX_LAST;
}

static bool is_arg(cm_reduce op)
{
    return op == CM_REDUCE_ARGMAX || op == CM_REDUCE_ARGMIN || op == CM_REDUCE_ARGMAX_LAST ||
           op == CM_REDUCE_ARGMIN_LAST;
}

static bool takes_last(cm_reduce op)
{
    return op == CM_REDUCE_ARGMAX_LAST || op == CM_REDUCE_ARGMIN_LAST;
}

static bool float_wins(cm_reduce op, double v, double best)
{
    if (isnan(v) || isnan(best)) return isnan(v) && (takes_last(op) || !isnan(best)); /* a NaN stays */
    if (v == best) return takes_last(op);
    return looks_for_largest(op) ? v > best : v < best;
}

static void fold_float(cm_reduce op, double v, int64_t at, accumulator *a)
{
    switch (op) {
    case CM_REDUCE_SUM:
    case CM_REDUCE_MEAN:
    case CM_REDUCE_LOG_SUM:
        a->f += v;
        break;
    case CM_REDUCE_L1:
        a->f += fabs(v);
        break;
    case CM_REDUCE_L2:
    case CM_REDUCE_SUM_SQUARE:
        a->f += v * v;
        break;
    case CM_REDUCE_LOG_SUM_EXP:
        a->f += math_exp_core(v - a->origin);
        break;
    case CM_REDUCE_PROD:
        a->f = at == 0 ? v : a->f * v;
        break;
    default:
        if (at == 0 || float_wins(op, v, a->f)) {
            a->f = v;
            a->at = at;
        }
        break;
    }
}

static bool whole_wins(cm_reduce op, int64_t v, int64_t best)
{
    if (v == best) return takes_last(op);
    return looks_for_largest(op) ? v > best : v < best;
}

/* flip: the sign bit for U64, whose order is then that of int64_t; 0 for the others. */
static void fold_whole(cm_reduce op, int64_t v, int64_t flip, int64_t at, accumulator *a)
{
    switch (op) {
    case CM_REDUCE_SUM:
    case CM_REDUCE_MEAN:
        a->i = (int64_t)((uint64_t)a->i + (uint64_t)v);
        break;
    case CM_REDUCE_L1:
        a->i = (int64_t)((uint64_t)a->i + (v < 0 && !flip ? 0 - (uint64_t)v : (uint64_t)v));
        break;
    case CM_REDUCE_SUM_SQUARE:
        a->i = (int64_t)((uint64_t)a->i + (uint64_t)v * (uint64_t)v);
        break;
    case CM_REDUCE_L2:
        a->f += (double)v * (double)v;
        break;
    case CM_REDUCE_PROD:
        a->i = at == 0 ? v : (int64_t)((uint64_t)a->i * (uint64_t)v);
        break;
    default:
        if (at == 0 || whole_wins(op, v ^ flip, a->i ^ flip)) {
            a->i = v;
            a->at = at;
        }
        break;
    }
}

/* One run of adjacent elements into one accumulator. */
static void fold_run(const reduce_job *j, int64_t x, int64_t at, accumulator *a)
{
    const float *f = j->x;
    if (j->element != CM_ELEMENT_F32)
        for (int64_t i = 0; i < j->run; i++)
            fold_whole(j->op, cm_whole_at(j->element, j->x, x + i), j->flip, at + i, a);
    else if (j->op == CM_REDUCE_SUM || j->op == CM_REDUCE_MEAN || j->op == CM_REDUCE_LOG_SUM)
        a->f += j->loops->sum(f + x, j->run);
    else if (j->op == CM_REDUCE_L2 || j->op == CM_REDUCE_SUM_SQUARE)
        a->f += j->loops->sum_squares(f + x, j->run);
    else
        for (int64_t i = 0; i < j->run; i++)
            fold_float(j->op, (double)f[x + i], at + i, a);
}

/* One element into each of n accumulators whose elements are adjacent. */
static void fold_lanes(const reduce_job *j, int64_t x, int64_t at, accumulator *a, int64_t n)
{
    if (j->element == CM_ELEMENT_F32)
        for (int64_t i = 0; i < n; i++)
            fold_float(j->op, (double)((const float *)j->x)[x + i], at, a + i);
    else
        for (int64_t i = 0; i < n; i++)
            fold_whole(j->op, cm_whole_at(j->element, j->x, x + i), j->flip, at, a + i);
}

static double log_of(double v)
{
    if (v == 0.0) return -(double)INFINITY;
    return v > 0.0 && isfinite(v) ? math_log_core(v) : v < 0.0 ? (double)NAN : v;
}

static void store_float(const reduce_job *j, int64_t at, const accumulator *a)
{
    double v = a->f;
    if (j->op == CM_REDUCE_MEAN)
        v /= (double)j->reduced.total;
    else if (j->op == CM_REDUCE_L2)
        v = sqrt(v);
    else if (j->op == CM_REDUCE_LOG_SUM)
        v = log_of(v);
    else if (j->op == CM_REDUCE_LOG_SUM_EXP)
        v = a->origin + log_of(v);
    ((float *)j->y)[at] = (float)v;
}

static void store_whole(const reduce_job *j, int64_t at, const accumulator *a)
{
    int64_t v = a->i;
    if (j->op == CM_REDUCE_MEAN)
        v /= j->reduced.total;
    else if (j->op == CM_REDUCE_L2)
        v = (int64_t)sqrt(a->f);
    cm_whole_put(j->element, j->y, at, v);
}

static void store(const reduce_job *j, int64_t at, const accumulator *a)
{
    if (is_arg(j->op))
        ((int64_t *)j->y)[at] = a->at;
    else if (j->element == CM_ELEMENT_F32)
        store_float(j, at, a);
    else
        store_whole(j, at, a);
}

/* What an output is before any element: for the largest and smallest, if there is none, the end of the type.
 */
static accumulator start_of(const reduce_job *j, int64_t at)
{
    accumulator a = {.f = 0};
    if (j->op == CM_REDUCE_LOG_SUM_EXP) { /* the largest element is there from a pass before */
        a.origin = (double)((const float *)j->y)[at];
        if (!isfinite(a.origin)) a.origin = 0;
    }
    if (j->reduced.total > 0) return a;
    if (j->op == CM_REDUCE_PROD) return (accumulator){.f = 1.0, .i = 1};
    if (j->op != CM_REDUCE_MAX && j->op != CM_REDUCE_MIN) return a;
    const int bits = 8 * (int)cm_element_bytes(j->element);
    const bool has_sign = j->element == CM_ELEMENT_I64 || j->element == CM_ELEMENT_I32 ||
                          j->element == CM_ELEMENT_I16 || j->element == CM_ELEMENT_I8;
    const uint64_t largest = j->element == CM_ELEMENT_BOOL ? 1 : UINT64_MAX >> (64 - bits + has_sign);
    if (j->op == CM_REDUCE_MIN) return (accumulator){.f = (double)INFINITY, .i = (int64_t)largest};
    return (accumulator){.f = -(double)INFINITY, .i = has_sign ? (int64_t)~largest : 0};
}

static void reduce_range(void *context, int64_t begin, int64_t end)
{
    const reduce_job *j = context;
    const int64_t row = j->lanes > 1 ? j->kept.count[j->kept.n - 1] : 1;
    accumulator a[LANES];
    for (int64_t task = begin; task < end; task++) {
        const int64_t lane = task % j->pieces * j->lanes;
        const int64_t first = task / j->pieces * row + lane;
        const int64_t n = row - lane < j->lanes ? row - lane : j->lanes;
        const int64_t x = offset_of(&j->kept, first);
        for (int64_t i = 0; i < n; i++)
            a[i] = start_of(j, first + i);
        for (int64_t r = 0; r < j->reduced.total; r += j->run) {
            const int64_t at = x + offset_of(&j->reduced, r);
            if (j->lanes > 1)
                fold_lanes(j, at, r, a, n);
            else
                fold_run(j, at, r, a);
        }
        for (int64_t i = 0; i < n; i++)
            store(j, first + i, a + i);
    }
}

static void split_axes(const cm_tensor *x, uint32_t axes, axis_list *kept, axis_list *reduced)
{
    int64_t step[CM_MAX_RANK];
    cm_cpu_steps(x, step);
    *kept = *reduced = (axis_list){.total = 1};
    bool previous = false;
    for (int i = 0; i < x->rank; i++) {
        const bool is_reduced = axes >> i & 1u;
        axis_list *list = is_reduced ? reduced : kept;
        list->total *= x->dim[i];
        if (i > 0 && previous == is_reduced)
            list->count[list->n - 1] *= x->dim[i];
        else
            list->count[list->n++] = x->dim[i];
        list->step[list->n - 1] = step[i];
        previous = is_reduced;
    }
}

cm_status cm_cpu_reduce(cm_backend *be, cm_reduce op, const cm_tensor *x, uint32_t axes, cm_tensor *y,
                        cm_error *err)
{
    const bool logs = op == CM_REDUCE_LOG_SUM || op == CM_REDUCE_LOG_SUM_EXP;
    if ((x->element == CM_ELEMENT_BOOL && op != CM_REDUCE_MAX && op != CM_REDUCE_MIN) ||
        (logs && x->element != CM_ELEMENT_F32))
        return cm_cpu_element_error(err, "this reduction", x);
    if (op == CM_REDUCE_LOG_SUM_EXP) {
        const cm_status st = cm_cpu_reduce(be, CM_REDUCE_MAX, x, axes, y, err);
        if (st) return st;
    }
    axes &= (1u << x->rank) - 1u;
    if (is_arg(op) && __builtin_popcount(axes) != 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "an argmax or argmin takes exactly one axis",
                       .why = cm_strf("%d axes given", __builtin_popcount(axes)).s);
    reduce_job job = {.loops = cm_cpu_get_variant(be)->loops,
                      .op = op,
                      .element = x->element,
                      .flip = x->element == CM_ELEMENT_U64 ? INT64_MIN : 0,
                      .run = 1,
                      .lanes = 1,
                      .pieces = 1,
                      .x = x->data,
                      .y = y->data};
    split_axes(x, axes, &job.kept, &job.reduced);
    if (cm_tensor_count(y) != job.kept.total || y->element != (is_arg(op) ? CM_ELEMENT_I64 : x->element))
        return cm_cpu_shape_error(err, "the output of a reduction does not fit its input", x, y);
    const bool needs_one = is_arg(op) || (op == CM_REDUCE_MEAN && x->element != CM_ELEMENT_F32);
    if (job.kept.total > 0 && job.reduced.total == 0 && needs_one)
        return cm_cpu_shape_error(err, "this reduction needs at least one element", x, y);
    int64_t tasks = job.kept.total;
    if (tasks == 0) return CM_OK;
    if (x->rank > 0 && (axes >> (x->rank - 1) & 1u)) {
        job.run = job.reduced.count[job.reduced.n - 1];
    } else if (job.kept.n > 0) {
        const int64_t row = job.kept.count[job.kept.n - 1];
        job.lanes = row < 2 ? 2 : row < LANES ? row : LANES;
        job.pieces = (row + job.lanes - 1) / job.lanes;
        tasks = tasks / row * job.pieces;
    }
    if (job.run < 1) job.run = 1;
    const int64_t cost = job.reduced.total * (job.lanes > 1 ? job.lanes : 1) + 1;
    cm_cpu_for(be, tasks, 1 + 16384 / cost, reduce_range, &job);
    return CM_OK;
}
