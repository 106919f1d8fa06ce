/* Gemm and MatMul. A matrix of weights on the right is packed once per plan. */
#include <stdlib.h>
#include <string.h>

#include "engine/model/fusion.h"

typedef struct gemm {
    bool transpose_a, transpose_b;
    float alpha, beta;
    cm_packed_matrix packed; /* input 1; data NULL: not packed */
} gemm;

enum { FEWEST_PACKED = 16 }; /* columns, and rows: a panel is then filled, and packing pays */

bool cm_matmul_packs(const cm_tensor *b)
{
    return b->element == CM_ELEMENT_F32 && b->rank == 2 && b->dim[0] >= FEWEST_PACKED &&
           b->dim[1] >= FEWEST_PACKED;
}

static cm_status cost(cm_step *s, cm_backend *be, cm_error *err)
{
    (void)err;
    const gemm *p = s->parameters;
    const cm_tensor *b = s->x[1];
    if (b->data && cm_matmul_packs(b))
        s->packed_bytes = (int64_t)sizeof(float) *
                          be->ops->matmul_packed_count(be, b->dim[p->transpose_b], b->dim[!p->transpose_b]);
    return CM_OK;
}

/* In the file the weights may lie unaligned; the kernels read them once, to pack them. */
static cm_status pack_aligned(gemm *p, const cm_tensor *b, cm_backend *be, cm_error *err)
{
    cm_tensor aligned = *b;
    float *copy = NULL;
    if ((uintptr_t)b->data % sizeof(float) != 0) {
        const size_t bytes = (size_t)cm_tensor_count(b) * sizeof(float);
        aligned.data = copy = malloc(bytes);
        if (!copy)
            return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the weights of a matrix product",
                           .why = cm_strf("%zu bytes", bytes).s);
        memcpy(copy, b->data, bytes);
    }
    const cm_status st = be->ops->matmul_pack(be, &aligned, p->transpose_b, &p->packed, err);
    free(copy);
    return st;
}

static cm_status prepare(cm_step *s, cm_backend *be, cm_error *err)
{
    enum { LINE = 64 };
    gemm *p = s->parameters;
    if (s->packed_bytes == 0 || p->packed.data) return CM_OK;
    p->packed.data = aligned_alloc(LINE, (size_t)(s->packed_bytes + LINE - 1) / LINE * LINE);
    if (!p->packed.data)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the packed weights of a matrix product",
                       .why = cm_strf("%lld bytes", (long long)s->packed_bytes).s);
    return pack_aligned(p, s->x[1], be, err);
}

static void release(cm_step *s, cm_backend *be)
{
    (void)be;
    gemm *p = s->parameters;
    if (!p) return; /* a step that was never inferred */
    free(p->packed.data);
    p->packed.data = NULL;
}

static cm_status multiply(const cm_step *s, cm_backend *be, const cm_tensor *a, const cm_tensor *b,
                          cm_tensor *y, const cm_stop *stop, cm_error *err)
{
    const gemm *p = s->parameters;
    const cm_tensor *c = cm_step_x(s, 2);
    return p->packed.data
               ? be->ops->matmul_packed(be, a, p->transpose_a, &p->packed, p->alpha, c, p->beta, y, stop, err)
               : be->ops->matmul(be, a, p->transpose_a, b, p->transpose_b, p->alpha, c, p->beta, y, stop,
                                 err);
}

static cm_status infer_gemm(cm_step *s, cm_error *err)
{
    gemm *p = NULL;
    cm_status st = CM_OK;
    for (int i = 0; !st && i < 3; i++)
        st = cm_step_need_float(s, i, err);
    for (int i = 0; !st && i < 2; i++)
        st = cm_step_need_rank(s, i, 2, 2, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->transpose_a = cm_attr_int(s, "transA", 0) != 0;
    p->transpose_b = cm_attr_int(s, "transB", 0) != 0;
    p->alpha = (float)cm_attr_float(s, "alpha", 1);
    p->beta = (float)cm_attr_float(s, "beta", 1);
    if (s->opset < 7) cm_attr_int(s, "broadcast", 0); /* C is spread where its shape asks for it */
    const cm_tensor *a = s->x[0], *b = s->x[1], *c = cm_step_x(s, 2);
    const int64_t inner = a->dim[!p->transpose_a], inner_b = b->dim[p->transpose_b];
    if (inner != inner_b)
        return cm_step_mismatch(
            s, cm_strf("%lld columns against %lld rows", (long long)inner, (long long)inner_b).s, err);
    const int64_t dim[2] = {a->dim[p->transpose_a], b->dim[!p->transpose_b]};
    cm_step_set(s, 0, CM_ELEMENT_F32, 2, dim);
    for (int i = 1; c && i <= 2; i++)
        if (c->rank > 2 || (i <= c->rank && c->dim[c->rank - i] != 1 && c->dim[c->rank - i] != dim[2 - i]))
            return cm_step_mismatch(s, "C cannot be spread over the product", err);
    s->operations = 2 * cm_count_f(s->y[0]) * (double)inner;
    return CM_OK;
}

static cm_status run_gemm(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch;
    return multiply(s, be, s->x[0], s->x[1], s->y[0], stop, err);
}

const cm_family cm_family_gemm = {infer_gemm, cost, prepare, release, run_gemm, .runs_unprepared = true};

/* A vector on the left is a row, on the right a column; that dimension is not in the result. */
static cm_tensor as_matrix(const cm_tensor *t, bool left)
{
    cm_tensor m = *t;
    if (t->rank == 1) {
        m.rank = 2;
        m.dim[left ? 1 : 0] = t->dim[0];
        m.dim[left ? 0 : 1] = 1;
    }
    return m;
}

static cm_status infer_matmul(cm_step *s, cm_error *err)
{
    gemm *p = NULL;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->alpha = p->beta = 1;
    for (int i = 0; !st && i < 2; i++) {
        st = cm_step_need_float(s, i, err);
        if (!st) st = cm_step_need_rank(s, i, 1, CM_MAX_RANK, err);
    }
    if (st) return st;
    const cm_tensor a = as_matrix(s->x[0], true), b = as_matrix(s->x[1], false);
    cm_tensor batch_a = a, batch_b = b;
    const int64_t inner = a.dim[a.rank - 1], inner_b = b.dim[b.rank - 2];
    if (inner != inner_b)
        return cm_step_mismatch(
            s, cm_strf("%lld columns against %lld rows", (long long)inner, (long long)inner_b).s, err);
    batch_a.rank -= 2;
    batch_b.rank -= 2;
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    st = cm_step_broadcast(s, &batch_a, &batch_b, &rank, dim, err);
    if (st) return st;
    if (s->x[0]->rank > 1) dim[rank++] = a.dim[a.rank - 2];
    if (s->x[1]->rank > 1) dim[rank++] = b.dim[b.rank - 1];
    cm_step_set(s, 0, CM_ELEMENT_F32, rank, dim);
    s->operations = 2 * cm_count_f(s->y[0]) * (double)inner;
    return CM_OK;
}

static cm_status run_matmul(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch;
    const cm_tensor a = as_matrix(s->x[0], true), b = as_matrix(s->x[1], false);
    cm_tensor y = *s->y[0];
    if (s->x[0]->rank == 1) { /* [..., n] is [..., 1, n] to the kernel */
        const int at = y.rank - (s->x[1]->rank > 1);
        memmove(y.dim + at + 1, y.dim + at, (size_t)(y.rank - at) * sizeof *y.dim);
        y.dim[at] = 1;
        y.rank++;
    }
    if (s->x[1]->rank == 1) y.dim[y.rank++] = 1;
    return multiply(s, be, &a, &b, &y, stop, err);
}

void cm_matmul_turn(cm_step *s, int i)
{
    gemm *p = s->parameters;
    if (i == 0)
        p->transpose_a = !p->transpose_a;
    else
        p->transpose_b = !p->transpose_b;
}

const cm_family cm_family_matmul = {infer_matmul, cost,       prepare,
                                    release,      run_matmul, .runs_unprepared = true};
