/* Operators that move data without computing: join, cut, turn, repeat, pad. */
#include <string.h>

#include "engine/model/fusion.h"

/* What the kernels of this file take; each operator uses its part. */
typedef struct movement {
    int axis;
    int permutation[CM_MAX_RANK];
    int64_t start[CM_MAX_RANK], step[CM_MAX_RANK]; /* of a slice; of each piece of a split along axis */
    int64_t lo[CM_MAX_RANK], hi[CM_MAX_RANK];
    cm_pad_mode mode;
    double value;
    cm_tensor from, to; /* shapes that a transposition works on, where they are not x's and y's */
} movement;

/* Product of the dimensions before `axis`: 1 where a piece along it is one stretch of memory. */
static int64_t rows_before(const cm_tensor *t, int axis)
{
    int64_t rows = 1;
    for (int d = 0; d < axis; d++)
        rows *= t->dim[d]; /* of a tensor whose size is checked, or that is compared with 1 only */
    return rows;
}

/* Elements from one index of `axis` to the next. */
static int64_t step_of(const cm_tensor *t, int axis)
{
    int64_t step = 1;
    for (int d = axis + 1; d < t->rank; d++)
        step *= t->dim[d];
    return step;
}

/* y[i] starts `elements` behind the start of x[0]. */
static cm_status show_part(cm_step *s, int i, int64_t elements, cm_error *err)
{
    cm_status st = CM_OK;
    if (!s->view_offset) st = cm_memory_take(s->memory, s->n_y, sizeof *s->view_offset, &s->view_offset, err);
    if (st) return st;
    s->view_of = 0;
    s->view_offset[i] = elements * cm_element_bytes(s->x[0]->element);
    return CM_OK;
}

/* -- Concat -- */

static cm_status infer_concat(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    for (int i = 0; i < s->n_x; i++)
        if (!s->x[i] || s->x[i]->element != s->x[0]->element || s->x[i]->rank != s->x[0]->rank)
            return cm_step_mismatch(s, "the inputs must all be there, of one type and rank", err);
    const int rank = s->x[0]->rank;
    int64_t dim[CM_MAX_RANK];
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", 1), rank, false, &p->axis, err);
    if (st) return st;
    memcpy(dim, s->x[0]->dim, sizeof dim);
    for (int i = 1; i < s->n_x; i++)
        for (int d = 0; d < rank; d++) {
            if (d == p->axis)
                dim[d] += s->x[i]->dim[d]; /* at most CM_CAP_LINKS times 2^31 */
            else if (s->x[i]->dim[d] != dim[d])
                return cm_step_mismatch(s,
                                        cm_strf("input %d has %lld in dimension %d, input 0 has %lld", i,
                                                (long long)s->x[i]->dim[d], d, (long long)dim[d])
                                            .s,
                                        err);
        }
    cm_step_set(s, 0, s->x[0]->element, rank, dim);
    s->joins = rows_before(s->y[0], p->axis) == 1;
    s->view_of = s->n_x == 1 ? 0 : -1;
    return CM_OK;
}

static cm_status run_concat(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    return be->ops->concat(be, s->n_x, (const cm_tensor *const *)s->x, p->axis, s->y[0], err);
}

const cm_family cm_family_concat = {.infer = infer_concat, .run = run_concat};

/* -- Split: sizes were an attribute before opset 13, an input since; equal parts when not given -- */

static cm_status split_sizes(cm_step *s, int64_t length, int64_t *sizes, cm_error *err)
{
    const int64_t *items = NULL;
    int n = -1;
    cm_status st = CM_OK;
    if (s->opset < 13) {
        int64_t count = cm_attr_ints(s, "split", &items);
        n = count > s->n_y ? s->n_y + 1 : (int)count;
        for (int i = 0; i < n && i < s->n_y; i++)
            sizes[i] = items[i];
    } else if (cm_step_x(s, 1)) {
        st = cm_step_ints(s, 1, "sizes", sizes, s->n_y, &n, err);
    }
    if (st) return st;
    const int64_t parts = cm_attr_int(s, "num_outputs", s->n_y);
    if ((n >= 0 && n != s->n_y) || parts != s->n_y)
        return cm_step_bad(s, cm_strf("it has %d outputs but names another number of parts", s->n_y).s, err);
    const int64_t part = (length + s->n_y - 1) / s->n_y;
    if (n < 0 && s->opset < 18 && length % s->n_y)
        return cm_step_mismatch(s, cm_strf("%lld is not %d equal parts", (long long)length, s->n_y).s, err);
    for (int i = 0; n < 0 && i < s->n_y; i++) /* since opset 18 the last may be smaller */
        sizes[i] = i + 1 < s->n_y ? part : length - part * (s->n_y - 1);
    return CM_OK;
}

static cm_status infer_split(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    int64_t *sizes = NULL, left = 0;
    int axis = 0;
    cm_status st = cm_step_axis(s, cm_attr_int(s, "axis", 0), x->rank, false, &axis, err);
    if (!st) st = cm_memory_take(s->memory, s->n_y + 1, sizeof *sizes, &sizes, err);
    if (!st) st = split_sizes(s, x->dim[axis], sizes, err);
    left = x->dim[axis];
    for (int i = 0; !st && i < s->n_y; i++) {
        if (sizes[i] < 0 || sizes[i] > left)
            return cm_step_mismatch(s, "the parts do not add up to the whole", err);
        left -= sizes[i];
        int64_t dim[CM_MAX_RANK];
        memcpy(dim, x->dim, sizeof dim);
        dim[axis] = sizes[i];
        cm_step_set(s, i, x->element, x->rank, dim);
        if (rows_before(x, axis) == 1)
            st = show_part(s, i, (x->dim[axis] - left - sizes[i]) * step_of(x, axis), err);
    }
    if (!st && left) return cm_step_mismatch(s, "the parts do not add up to the whole", err);
    int *kept = NULL;
    if (!st) st = cm_step_parameters(s, sizeof *kept, &kept, err);
    if (!st) *kept = axis;
    return st;
}

static cm_status run_split(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const int axis = *(const int *)s->parameters;
    int64_t start[CM_MAX_RANK] = {0}, step[CM_MAX_RANK];
    cm_status st = CM_OK;
    for (int d = 0; d < CM_MAX_RANK; d++)
        step[d] = 1;
    for (int i = 0; !st && i < s->n_y; i++) {
        if (s->y[i]->data && cm_tensor_count(s->y[i]) > 0)
            st = be->ops->slice(be, start, step, s->x[0], s->y[i], err);
        start[axis] += s->y[i]->dim[axis];
    }
    return st;
}

const cm_family cm_family_split = {.infer = infer_split, .run = run_split};

/* -- Slice: all attributes before opset 10, all inputs since -- */

typedef struct slice_lists {
    int64_t start[CM_MAX_RANK], end[CM_MAX_RANK], axis[CM_MAX_RANK], step[CM_MAX_RANK];
    int n;
} slice_lists;

static cm_status attribute_list(cm_step *s, const char *name, int64_t *out, int *n, cm_error *err)
{
    const int64_t *items = NULL;
    const int64_t count = cm_attr_ints(s, name, &items);
    if (count > CM_MAX_RANK) return cm_step_bad(s, cm_strf("%s is too long", name).s, err);
    for (int64_t i = 0; i < count; i++)
        out[i] = items[i];
    *n = (int)count;
    return CM_OK;
}

static cm_status read_slice(cm_step *s, slice_lists *l, cm_error *err)
{
    int n[4] = {-1, -1, -1, -1};
    int64_t *const lists[4] = {l->start, l->end, l->axis, l->step};
    static const char *const names[4] = {"starts", "ends", "axes", "steps"};
    cm_status st = CM_OK;
    for (int i = 0; !st && i < 4; i++) {
        if (s->opset < 10 && i < 3)
            st = attribute_list(s, names[i], lists[i], &n[i], err);
        else if (s->opset >= 10 && cm_step_x(s, 1 + i))
            st = cm_step_ints(s, 1 + i, names[i], lists[i], CM_MAX_RANK, &n[i], err);
    }
    if (st) return st;
    l->n = n[0];
    if (n[0] < 0 || n[1] != n[0] || (n[2] >= 0 && n[2] != n[0]) || (n[3] >= 0 && n[3] != n[0]))
        return cm_step_bad(s, "starts, ends, axes and steps do not have the same length", err);
    for (int i = 0; i < l->n; i++) {
        l->axis[i] = n[2] < 0 ? i : l->axis[i];
        l->step[i] = n[3] < 0 ? 1 : l->step[i];
    }
    return CM_OK;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* What a slice keeps is one stretch of memory: it takes a run along one dimension, all of those behind it,
 * and one index of those before it. */
static bool is_stretch(const movement *p, const cm_tensor *x, const cm_tensor *y)
{
    bool rest = false; /* a dimension was seen that is longer than 1 */
    for (int d = 0; d < x->rank; d++) {
        if (y->dim[d] < 1 || (y->dim[d] > 1 && p->step[d] != 1) || (rest && y->dim[d] != x->dim[d]))
            return false;
        rest = rest || y->dim[d] > 1;
    }
    return true;
}

/* Elements before the first that a slice keeps. */
static int64_t first_of(const movement *p, const cm_tensor *x)
{
    int64_t first = 0;
    for (int d = 0; d < x->rank; d++)
        first += p->start[d] * step_of(x, d);
    return first;
}

static cm_status infer_slice(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    slice_lists l = {.n = 0};
    const cm_tensor *x = s->x[0];
    int64_t dim[CM_MAX_RANK];
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = read_slice(s, &l, err);
    memcpy(dim, x->dim, sizeof dim);
    for (int d = 0; !st && d < x->rank; d++)
        p->step[d] = 1;
    for (int i = 0; !st && i < l.n; i++) {
        int a = 0;
        st = cm_step_axis(s, l.axis[i], x->rank, false, &a, err);
        if (!st && (l.step[i] == 0 || l.step[i] < -INT32_MAX))
            st = cm_step_bad(s, cm_strf("a step of %lld", (long long)l.step[i]).s, err);
        if (st) break;
        const int64_t n = x->dim[a];
        const int64_t step = l.step[i] > INT32_MAX ? INT32_MAX : l.step[i];
        /* counted from the end when negative, then clamped (ONNX Slice) */
        int64_t start = l.start[i] < 0 ? l.start[i] + n : l.start[i];
        int64_t end = l.end[i] < 0 ? l.end[i] + n : l.end[i];
        start = step > 0 ? clamp(start, 0, n) : clamp(start, 0, n - 1);
        end = step > 0 ? clamp(end, 0, n) : clamp(end, -1, n - 1);
        dim[a] = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
        dim[a] = n < 1 || dim[a] < 0 ? 0 : dim[a];
        p->start[a] = start;
        p->step[a] = step;
    }
    if (st) return st;
    cm_step_set(s, 0, x->element, x->rank, dim);
    return is_stretch(p, x, s->y[0]) ? show_part(s, 0, first_of(p, x), err) : CM_OK;
}

static cm_status run_slice(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    return be->ops->slice(be, p->start, p->step, s->x[0], s->y[0], err);
}

const cm_family cm_family_slice = {.infer = infer_slice, .run = run_slice};

/* -- Transpose -- */

static cm_status infer_transpose(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    const cm_tensor *x = s->x[0];
    const int64_t *items = NULL;
    int64_t dim[CM_MAX_RANK];
    uint32_t seen = 0;
    bool still = true;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    const int64_t count = cm_attr_ints(s, "perm", &items);
    if (!st && count >= 0 && count != x->rank) st = cm_step_bad(s, "perm does not name each dimension", err);
    for (int i = 0; !st && i < x->rank; i++) {
        const int64_t from = count < 0 ? x->rank - 1 - i : items[i];
        if (from < 0 || from >= x->rank || seen >> from & 1)
            return cm_step_bad(s, "perm does not name each dimension once", err);
        seen |= 1u << from;
        p->permutation[i] = (int)from;
        dim[i] = x->dim[from];
        still = still && from == i;
    }
    if (st) return st;
    cm_step_set(s, 0, x->element, x->rank, dim);
    s->view_of = still ? 0 : -1;
    return CM_OK;
}

bool cm_transpose_is_of_matrices(const cm_step *s)
{
    const movement *p = s->parameters;
    const int rank = s->x[0]->rank;
    bool is = rank >= 2;
    for (int i = 0; is && i < rank; i++)
        is = p->permutation[i] == (i < rank - 2 ? i : 2 * rank - 3 - i);
    return is;
}

static cm_status run_transpose(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    return be->ops->transpose(be, p->permutation, s->x[0], s->y[0], err);
}

const cm_family cm_family_transpose = {.infer = infer_transpose, .run = run_transpose};

/* -- Gather -- */

static cm_status infer_gather(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    const cm_tensor *x = s->x[0], *indices = s->x[1];
    int64_t dim[CM_MAX_RANK];
    cm_status st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st && indices->element != CM_ELEMENT_I64 && indices->element != CM_ELEMENT_I32)
        st = cm_step_bad(s, "the indices are not whole numbers", err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", 0), x->rank, false, &p->axis, err);
    if (st) return st;
    const int64_t count = indices->data ? cm_tensor_count(indices) : 0, n = x->dim[p->axis];
    st = cm_step_spend(s, count, err);
    if (st) return st;
    for (int64_t i = 0; i < count; i++) { /* those that are not known yet are looked at while running */
        const int64_t index = cm_known_int(indices, i);
        if (index < -n || index >= n)
            return cm_step_bad(
                s, cm_strf("index %lld of a dimension of %lld", (long long)index, (long long)n).s, err);
    }
    const int rank = x->rank - 1 + indices->rank;
    if (rank > CM_MAX_RANK)
        return cm_step_unsupported(s, "the result would have more than 8 dimensions", NULL, err);
    for (int i = 0; i < rank; i++)
        dim[i] = i < p->axis                   ? x->dim[i]
                 : i < p->axis + indices->rank ? indices->dim[i - p->axis]
                                               : x->dim[i - indices->rank + 1];
    cm_step_set(s, 0, x->element, rank, dim);
    if (count != 1 || rows_before(x, p->axis) != 1) return CM_OK;
    const int64_t index = cm_known_int(indices, 0);
    return show_part(s, 0, (index < 0 ? index + n : index) * step_of(x, p->axis), err);
}

static cm_status run_gather(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    return be->ops->gather(be, s->x[0], s->x[1], p->axis, s->y[0], err);
}

const cm_family cm_family_gather = {.infer = infer_gather, .run = run_gather};

/* -- Expand, Tile -- */

static cm_status infer_expand(cm_step *s, cm_error *err)
{
    cm_tensor wanted = {0};
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    cm_status st = cm_step_ints(s, 1, "shape", wanted.dim, CM_MAX_RANK, &wanted.rank, err);
    for (int i = 0; !st && i < wanted.rank; i++)
        if (wanted.dim[i] < 0)
            st = cm_step_bad(s, cm_strf("the shape holds %lld", (long long)wanted.dim[i]).s, err);
    if (!st) st = cm_step_broadcast(s, s->x[0], &wanted, &rank, dim, err);
    if (st) return st;
    cm_step_set(s, 0, s->x[0]->element, rank, dim);
    if (cm_same_shape(s->x[0], s->y[0])) s->view_of = 0;
    return CM_OK;
}

static cm_status run_expand(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->expand(be, s->x[0], s->y[0], err);
}

const cm_family cm_family_expand = {.infer = infer_expand, .run = run_expand};

static cm_status infer_tile(cm_step *s, cm_error *err)
{
    const cm_tensor *x = s->x[0];
    int64_t dim[CM_MAX_RANK];
    int n = 0;
    cm_status st = cm_step_ints(s, 1, "repeats", dim, CM_MAX_RANK, &n, err);
    if (!st && n != x->rank) st = cm_step_bad(s, "repeats does not have a number for each dimension", err);
    for (int i = 0; !st && i < n; i++)
        if (dim[i] < 0 || !cm_mul_i64(dim[i], x->dim[i], &dim[i]))
            st = cm_step_bad(s, "a repeat is negative or far too large", err);
    if (st) return st;
    cm_step_set(s, 0, x->element, x->rank, dim);
    if (cm_same_shape(s->x[0], s->y[0])) s->view_of = 0;
    return CM_OK;
}

static cm_status run_tile(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->tile(be, s->x[0], s->y[0], err);
}

const cm_family cm_family_tile = {.infer = infer_tile, .run = run_tile};

/* -- DepthToSpace, SpaceToDepth: a transposition of a finer shape -- */

enum { SPACE_TO_DEPTH = 1 };

static void depth_shapes(movement *p, const cm_tensor *x, int64_t b, bool to_depth, bool crd)
{
    const int64_t n = x->dim[0], c = x->dim[1], h = x->dim[2], w = x->dim[3];
    static const int order[3][6] = {
        {0, 3, 4, 1, 5, 2}, /* DCR: [n, b, b, c', h, w] to [n, c', h, b, w, b] */
        {0, 1, 4, 2, 5, 3}, /* CRD: [n, c', b, b, h, w] to the same */
        {0, 3, 5, 1, 2, 4}, /* to depth: [n, c, h', b, w', b] to [n, b, b, c, h', w'] */
    };
    const int which = to_depth ? 2 : crd ? 1 : 0;
    const int64_t from[3][6] = {
        {n, b, b, c / (b * b), h, w},
        {n, c / (b * b), b, b, h, w},
        {n, c, h / b, b, w / b, b},
    };
    p->from = (cm_tensor){.element = x->element, .rank = 6};
    p->to = p->from;
    for (int i = 0; i < 6; i++) {
        p->from.dim[i] = from[which][i];
        p->permutation[i] = order[which][i];
        p->to.dim[i] = from[which][order[which][i]];
    }
}

static cm_status infer_depth_space(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    const cm_tensor *x = s->x[0];
    const bool to_depth = s->op->code == SPACE_TO_DEPTH;
    const int64_t b = cm_attr_int(s, "blocksize", 0);
    const char *mode = to_depth ? "DCR" : cm_attr_text(s, "mode", "DCR");
    cm_status st = cm_step_need_rank(s, 0, 4, 4, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    if (b < 1 || b > 4096 || (strcmp(mode, "DCR") && strcmp(mode, "CRD")))
        return cm_step_bad(s, cm_strf("blocksize = %lld, mode = %s", (long long)b, mode).s, err);
    if (to_depth ? x->dim[2] % b || x->dim[3] % b : x->dim[1] % (b * b))
        return cm_step_mismatch(s, cm_strf("blocks of %lld do not divide the input", (long long)b).s, err);
    const int64_t dim[4] = {x->dim[0], to_depth ? x->dim[1] * b * b : x->dim[1] / (b * b),
                            to_depth ? x->dim[2] / b : x->dim[2] * b,
                            to_depth ? x->dim[3] / b : x->dim[3] * b};
    cm_step_set(s, 0, x->element, 4, dim);
    depth_shapes(p, x, b, to_depth, !strcmp(mode, "CRD"));
    return CM_OK;
}

static cm_status run_depth_space(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop,
                                 cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    cm_tensor from = p->from, to = p->to;
    from.data = s->x[0]->data;
    to.data = s->y[0]->data;
    return be->ops->transpose(be, p->permutation, &from, &to, err);
}

const cm_family cm_family_depth_space = {.infer = infer_depth_space, .run = run_depth_space};

/* -- Pad: attributes before opset 11, inputs since, axes since 18 -- */

static cm_status read_pads(cm_step *s, int64_t *pads, int *n, double *value, cm_error *err)
{
    const int64_t *items = NULL;
    if (s->opset >= 11) {
        cm_status st = cm_step_x(s, 1) ? cm_step_ints(s, 1, "pads", pads, 2 * CM_MAX_RANK, n, err)
                                       : cm_step_bad(s, "pads are missing", err);
        return st ? st : cm_step_number(s, 2, "padding value", 0, value, err);
    }
    const int64_t count = cm_attr_ints(s, "pads", &items);
    if (count < 0 || count > 2 * CM_MAX_RANK) return cm_step_bad(s, "pads are missing or too long", err);
    for (int64_t i = 0; i < count; i++)
        pads[i] = items[i];
    *n = (int)count;
    *value = cm_attr_float(s, "value", 0);
    return CM_OK;
}

static cm_status pad_axes(cm_step *s, int64_t *axes, int *n, cm_error *err)
{
    *n = s->x[0]->rank;
    for (int i = 0; i < *n; i++)
        axes[i] = i;
    if (s->opset >= 18 && cm_step_x(s, 3)) return cm_step_ints(s, 3, "axes", axes, CM_MAX_RANK, n, err);
    return CM_OK;
}

static cm_status pad_mode(cm_step *s, cm_pad_mode *out, cm_error *err)
{
    static const char *const names[] = {"constant", "edge", "reflect", "wrap"};
    const char *mode = cm_attr_text(s, "mode", "constant");
    for (int i = 0; i < 4; i++)
        if (!strcmp(mode, names[i])) {
            *out = (cm_pad_mode)i;
            return CM_OK;
        }
    return cm_step_unsupported(s, cm_strf("mode = %s", mode).s,
                               "Export with mode constant, edge, reflect or wrap", err);
}

static cm_status infer_pad(cm_step *s, cm_error *err)
{
    movement *p = NULL;
    const cm_tensor *x = s->x[0];
    int64_t pads[2 * CM_MAX_RANK], axes[CM_MAX_RANK], dim[CM_MAX_RANK];
    int n = 0, n_axes = 0;
    bool nothing = true;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = pad_mode(s, &p->mode, err);
    if (!st) st = read_pads(s, pads, &n, &p->value, err);
    if (!st) st = pad_axes(s, axes, &n_axes, err);
    if (!st && n != 2 * n_axes) st = cm_step_bad(s, cm_strf("%d pads for %d dimensions", n, n_axes).s, err);
    memcpy(dim, x->dim, sizeof dim);
    for (int i = 0; !st && i < n_axes; i++) {
        const int64_t lo = pads[i], hi = pads[n_axes + i];
        int a = 0;
        st = cm_step_axis(s, axes[i], x->rank, false, &a, err);
        if (st) break;
        if (lo < -INT32_MAX || lo > INT32_MAX || hi < -INT32_MAX || hi > INT32_MAX)
            return cm_step_bad(s, cm_strf("pads of %lld and %lld", (long long)lo, (long long)hi).s, err);
        dim[a] = x->dim[a] + lo + hi;
        if (dim[a] < 0 || (p->mode == CM_PAD_REFLECT && (lo >= x->dim[a] || hi >= x->dim[a])) ||
            ((p->mode == CM_PAD_EDGE || p->mode == CM_PAD_WRAP) && x->dim[a] < 1))
            return cm_step_mismatch(s,
                                    cm_strf("pads of %lld and %lld do not fit a dimension of %lld",
                                            (long long)lo, (long long)hi, (long long)x->dim[a])
                                        .s,
                                    err);
        p->lo[a] = lo;
        p->hi[a] = hi;
        nothing = nothing && lo == 0 && hi == 0;
    }
    if (st) return st;
    cm_step_set(s, 0, x->element, x->rank, dim);
    s->view_of = nothing ? 0 : -1;
    return CM_OK;
}

static cm_status run_pad(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const movement *p = s->parameters;
    return be->ops->pad(be, p->mode, p->lo, p->hi, p->value, s->x[0], s->y[0], err);
}

const cm_family cm_family_pad = {.infer = infer_pad, .run = run_pad};

bool cm_pad_is_zero(const cm_step *s, const int64_t **lo, const int64_t **hi)
{
    const movement *p = s->parameters;
    if (p->mode != CM_PAD_CONSTANT || p->value != 0 || s->view_of >= 0 || s->x[0]->rank < 3) return false;
    for (int i = 0; i < s->x[0]->rank; i++)
        if (p->lo[i] < 0 || p->hi[i] < 0 || (i < 2 && (p->lo[i] || p->hi[i]))) return false;
    *lo = p->lo;
    *hi = p->hi;
    return true;
}
