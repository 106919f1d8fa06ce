/* Attention of opset 23, made of the kernels that a spelled-out attention uses, and RotaryEmbedding.
 *
 * Queries [b][group of heads][head in group][position][size] meet keys [b][group][1][position][size]: heads
 * that share a key are a broadcast of the matrix product, nothing is repeated. */
#include <math.h>
#include <string.h>

#include "engine/model/operator.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE };                     /* inputs */
enum { Y, PRESENT_KEY, PRESENT_VALUE, SCORES };                   /* outputs */
enum { RAW_SCORES, CAPPED_SCORES, BIASED_SCORES, PROBABILITIES }; /* qk_matmul_output_mode */

typedef struct attention {
    int64_t batch, heads, groups, length, past, total, size, value_size;
    float scale, softcap;
    bool causal, packed; /* packed: heads side by side in the last dimension */
    int64_t mode;
    /* in the scratch; -1 where not needed */
    int64_t query_at, key_at, value_at, now_at, scores_at, causal_at, result_at, most_at, blind_at,
        scratch_bytes;
} attention;

/* -- shapes -- */

static cm_status read_heads(cm_step *s, attention *p, cm_error *err)
{
    const cm_tensor *q = s->x[Q], *k = s->x[K], *v = s->x[V];
    p->packed = q->rank == 3;
    p->heads = cm_attr_int(s, "q_num_heads", p->packed ? 0 : q->dim[1]);
    p->groups = cm_attr_int(s, "kv_num_heads", p->packed ? 0 : k->dim[1]);
    if (k->rank != q->rank || v->rank != q->rank)
        return cm_step_mismatch(s, "queries, keys and values have different numbers of dimensions", err);
    if (p->heads < 1 || p->heads > INT32_MAX || p->groups < 1 || p->heads % p->groups)
        return cm_step_bad(
            s, cm_strf("%lld heads share %lld keys", (long long)p->heads, (long long)p->groups).s, err);
    const int64_t heads[3] = {p->heads, p->groups, p->groups};
    int64_t size[3];
    for (int i = 0; i < 3; i++) {
        const cm_tensor *x = s->x[i];
        if (p->packed ? x->dim[2] % heads[i] : x->dim[1] != heads[i])
            return cm_step_mismatch(s, cm_strf("input %d does not have %lld heads", i, (long long)heads[i]).s,
                                    err);
        size[i] = p->packed ? x->dim[2] / heads[i] : x->dim[3];
        if (x->dim[0] != q->dim[0]) return cm_step_mismatch(s, "the batch sizes differ", err);
    }
    const int at = p->packed ? 1 : 2;
    if (size[0] != size[1] || k->dim[at] != v->dim[at])
        return cm_step_mismatch(s, "keys fit neither queries nor values", err);
    p->batch = q->dim[0];
    p->length = q->dim[at];
    p->total = k->dim[at];
    p->size = size[0];
    p->value_size = size[2];
    return CM_OK;
}

/* What came before is put in front of keys and values. */
static cm_status read_past(cm_step *s, attention *p, cm_error *err)
{
    const cm_tensor *k = cm_step_x(s, PAST_KEY), *v = cm_step_x(s, PAST_VALUE);
    if (!k && !v) return CM_OK;
    if (!k || !v) return cm_step_bad(s, "only one of past_key and past_value is given", err);
    if (k->rank != 4 || v->rank != 4 || k->dim[0] != p->batch || v->dim[0] != p->batch ||
        k->dim[1] != p->groups || v->dim[1] != p->groups || k->dim[2] != v->dim[2] || k->dim[3] != p->size ||
        v->dim[3] != p->value_size)
        return cm_step_mismatch(s, "the past does not fit keys and values", err);
    p->past = k->dim[2];
    p->total += p->past;
    return CM_OK;
}

static cm_status check_mask(cm_step *s, const attention *p, cm_error *err)
{
    const cm_tensor *mask = cm_step_x(s, MASK);
    if (!mask) return CM_OK;
    if (mask->element != CM_ELEMENT_BOOL && mask->element != CM_ELEMENT_F32)
        return cm_step_bad(s, "the mask is neither bool nor float", err);
    const int64_t dim[4] = {p->batch, p->heads, p->length, p->total};
    bool fits = mask->rank >= 2 && mask->rank <= 4;
    for (int i = 1; fits && i <= mask->rank; i++)
        fits = mask->dim[mask->rank - i] == dim[4 - i] || mask->dim[mask->rank - i] == 1;
    return fits ? CM_OK : cm_step_mismatch(s, "the mask does not fit queries and keys", err);
}

static cm_status reserve(const cm_step *s, attention *p, const int64_t *dim, int n, int64_t bytes,
                         int64_t *at, cm_error *err)
{
    for (int i = 0; i < n; i++)
        if (!cm_mul_i64(bytes, dim[i], &bytes)) bytes = INT64_MAX;
    if (bytes > s->limits->tensor_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT,
                       .what = "a product within operator Attention is larger than is allowed",
                       .next = "See docs/limits.md");
    *at = p->scratch_bytes;
    p->scratch_bytes += (bytes + 63) / 64 * 64;
    return CM_OK;
}

static cm_status plan_scratch(const cm_step *s, attention *p, cm_error *err)
{
    const bool copy = p->packed || p->past > 0;
    const int64_t query[] = {p->batch, p->heads, p->length, p->size};
    const int64_t key[] = {p->batch, p->groups, p->total, p->size};
    const int64_t value[] = {p->batch, p->groups, p->total, p->value_size};
    const int64_t scores[] = {p->batch, p->heads, p->length, p->total};
    const int64_t result[] = {p->batch, p->heads, p->length, p->value_size};
    /* keys or values of now, unpacked, before their past is put in front */
    const int64_t now[] = {p->batch, p->groups, p->total - p->past,
                           p->size > p->value_size ? p->size : p->value_size};
    p->query_at = p->key_at = p->value_at = p->now_at = p->causal_at = p->result_at = -1;
    p->most_at = p->blind_at = -1;
    cm_status st = reserve(s, p, scores, 4, sizeof(float), &p->scores_at, err);
    if (!st && p->packed) st = reserve(s, p, query, 4, sizeof(float), &p->query_at, err);
    if (!st && p->packed) st = reserve(s, p, result, 4, sizeof(float), &p->result_at, err);
    if (!st && copy) st = reserve(s, p, key, 4, sizeof(float), &p->key_at, err);
    if (!st && copy) st = reserve(s, p, value, 4, sizeof(float), &p->value_at, err);
    if (!st && p->packed && p->past) st = reserve(s, p, now, 4, sizeof(float), &p->now_at, err);
    if (!st && p->causal) st = reserve(s, p, scores + 2, 2, 1, &p->causal_at, err);
    if (!st && cm_step_x(s, MASK)) st = reserve(s, p, scores, 3, sizeof(float), &p->most_at, err);
    if (!st && cm_step_x(s, MASK)) st = reserve(s, p, scores, 3, 1, &p->blind_at, err);
    return st;
}

static void set_outputs(cm_step *s, const attention *p)
{
    const int64_t flat[] = {p->batch, p->length, p->heads * p->value_size};
    const int64_t dims[4][4] = {{p->batch, p->heads, p->length, p->value_size},
                                {p->batch, p->groups, p->total, p->size},
                                {p->batch, p->groups, p->total, p->value_size},
                                {p->batch, p->heads, p->length, p->total}};
    for (int i = 0; i < s->n_y; i++)
        cm_step_set(s, i, CM_ELEMENT_F32, 4, dims[i]);
    if (p->packed) cm_step_set(s, Y, CM_ELEMENT_F32, 3, flat);
    s->operations = (double)p->batch * (double)p->heads * (double)p->length * (double)p->total *
                    (2 * (double)p->size + 2 * (double)p->value_size + 6);
}

static cm_status infer(cm_step *s, cm_error *err)
{
    attention *p = NULL;
    cm_status st = cm_step_need_rank(s, Q, 3, 4, err);
    for (int i = 0; !st && i < 6; i++)
        if (i != MASK) st = cm_step_need_float(s, i, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = read_heads(s, p, err);
    if (!st) st = read_past(s, p, err);
    if (!st) st = check_mask(s, p, err);
    if (st) return st;
    p->scale = (float)cm_attr_float(s, "scale", 1 / sqrt((double)p->size));
    p->softcap = (float)cm_attr_float(s, "softcap", 0);
    p->causal = cm_attr_int(s, "is_causal", 0) != 0;
    p->mode = cm_attr_int(s, "qk_matmul_output_mode", RAW_SCORES);
    cm_attr_int(s, "softmax_precision", 1); /* it is float32, with sums in double */
    if (p->mode < RAW_SCORES || p->mode > PROBABILITIES || p->softcap < 0)
        return cm_step_bad(
            s,
            cm_strf("qk_matmul_output_mode = %lld, softcap = %g", (long long)p->mode, (double)p->softcap).s,
            err);
    set_outputs(s, p);
    return plan_scratch(s, p, err);
}

static cm_status cost(cm_step *s, cm_backend *be, cm_error *err)
{
    (void)be, (void)err;
    s->scratch_bytes = ((const attention *)s->parameters)->scratch_bytes;
    return CM_OK;
}

/* -- running -- */

static cm_tensor array(void *data, int rank, const int64_t *dim)
{
    cm_tensor t = {.element = CM_ELEMENT_F32, .rank = rank, .data = data};
    memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
    return t;
}

/* [b][position][head ...] as [b][head][position][...]. */
static cm_status unpack(cm_backend *be, const cm_tensor *x, int64_t heads, int64_t size, cm_tensor *y,
                        cm_error *err)
{
    const int64_t length = x->dim[1], row = heads * size;
    const int64_t step[] = {length * row, size, row, 1};
    return be->ops->rearrange(be, step, x, y, err);
}

/* Keys or values with their past in front: those that are given, or a copy in the scratch. */
static cm_status join_past(const cm_step *s, const attention *p, cm_backend *be, int input, int past,
                           int64_t size, char *scratch, int64_t at, cm_tensor *out, cm_error *err)
{
    const cm_tensor *now = s->x[input], *before = cm_step_x(s, past);
    const int64_t dim[] = {p->batch, p->groups, p->total, size};
    if (!p->packed && !before) {
        *out = *now;
        return CM_OK;
    }
    *out = array(scratch + at, 4, dim);
    if (!before) return unpack(be, now, p->groups, size, out, err);
    const int64_t unpacked[] = {p->batch, p->groups, p->total - p->past, size};
    cm_tensor turned = *now;
    cm_status st = CM_OK;
    if (p->packed) {
        turned = array(scratch + p->now_at, 4, unpacked);
        st = unpack(be, now, p->groups, size, &turned, err);
    }
    const cm_tensor *const both[] = {before, &turned};
    return st ? st : be->ops->concat(be, 2, both, 2, out, err);
}

static cm_status add_mask(const cm_step *s, const attention *p, cm_backend *be, char *scratch,
                          cm_tensor *scores, cm_error *err)
{
    const cm_tensor *mask = cm_step_x(s, MASK);
    float low = -INFINITY;
    const cm_tensor never = {.element = CM_ELEMENT_F32, .data = &low};
    cm_status st = CM_OK;
    if (p->causal) { /* a position looks at what came before it and at itself */
        uint8_t yes = 1;
        const cm_tensor one = {.element = CM_ELEMENT_BOOL, .data = &yes};
        cm_tensor seen = array(scratch + p->causal_at, 2, scores->dim + 2);
        seen.element = CM_ELEMENT_BOOL;
        st = be->ops->expand(be, &one, &seen, err);
        if (!st) st = be->ops->triangle(be, false, p->past, &seen, &seen, err);
        if (!st) st = be->ops->where(be, &seen, scores, &never, scores, err);
    }
    if (st || !mask) return st;
    if (mask->element == CM_ELEMENT_BOOL) return be->ops->where(be, mask, scores, &never, scores, err);
    return be->ops->binary(be, CM_BINARY_ADD, scores, mask, scores, err);
}

static cm_status cap(const attention *p, cm_backend *be, cm_tensor *scores, cm_error *err)
{
    float limit = p->softcap;
    const cm_tensor by = {.element = CM_ELEMENT_F32, .data = &limit};
    if (!(p->softcap > 0)) return CM_OK;
    cm_status st = be->ops->binary(be, CM_BINARY_DIV, scores, &by, scores, err);
    if (!st) st = be->ops->unary(be, CM_UNARY_TANH, 0, 0, scores, scores, err);
    return st ? st : be->ops->binary(be, CM_BINARY_MUL, scores, &by, scores, err);
}

/* The scores as they are now, if this is the moment an output asks for. */
static cm_status show(const cm_step *s, const attention *p, cm_backend *be, int64_t moment,
                      const cm_tensor *scores, cm_error *err)
{
    if (s->n_y <= SCORES || !s->y[SCORES]->data || p->mode != moment) return CM_OK;
    return be->ops->copy(be, scores, s->y[SCORES], err);
}

/* Softmax of the scores. A position to which the mask leaves nothing looks at nothing: zeros, where the
 * softmax alone would give 0 / 0 (ONNX's definition since its erratum to opset 23, and PyTorch's). */
static cm_status make_probabilities(const cm_step *s, const attention *p, cm_backend *be, char *scratch,
                                    cm_tensor *scores, cm_error *err)
{
    float low = -INFINITY, zero = 0;
    const cm_tensor never = {.element = CM_ELEMENT_F32, .data = &low};
    const cm_tensor nothing = {.element = CM_ELEMENT_F32, .data = &zero};
    const int64_t rows[] = {p->batch, p->heads, p->length, 1};
    if (!cm_step_x(s, MASK)) return be->ops->softmax(be, scores, 3, false, scores, err);
    cm_tensor most = array(scratch + p->most_at, 4, rows), blind = array(scratch + p->blind_at, 4, rows);
    blind.element = CM_ELEMENT_BOOL;
    cm_status st = be->ops->reduce(be, CM_REDUCE_MAX, scores, 1u << 3, &most, err);
    if (!st) st = be->ops->binary(be, CM_BINARY_EQUAL, &most, &never, &blind, err);
    if (!st) st = be->ops->softmax(be, scores, 3, false, scores, err);
    return st ? st : be->ops->where(be, &blind, &nothing, scores, scores, err);
}

static cm_status make_scores(const cm_step *s, const attention *p, cm_backend *be, char *scratch,
                             const cm_tensor *query, const cm_tensor *key, cm_tensor *scores,
                             const cm_stop *stop, cm_error *err)
{
    const int64_t shared = p->heads / p->groups;
    const int64_t q[] = {p->batch, p->groups, shared, p->length, p->size};
    const int64_t k[] = {p->batch, p->groups, 1, p->total, p->size};
    const int64_t l[] = {p->batch, p->groups, shared, p->length, p->total};
    const cm_tensor a = array(query->data, 5, q), b = array(key->data, 5, k);
    cm_tensor y = array(scores->data, 5, l);
    cm_status st = be->ops->matmul(be, &a, false, &b, true, p->scale, NULL, 0, &y, stop, err);
    if (!st) st = show(s, p, be, RAW_SCORES, scores, err);
    if (!st) st = cap(p, be, scores, err);
    if (!st) st = show(s, p, be, CAPPED_SCORES, scores, err);
    if (!st) st = add_mask(s, p, be, scratch, scores, err);
    if (!st) st = show(s, p, be, BIASED_SCORES, scores, err);
    if (!st) st = make_probabilities(s, p, be, scratch, scores, err);
    return st ? st : show(s, p, be, PROBABILITIES, scores, err);
}

static cm_status weigh_values(const cm_step *s, const attention *p, cm_backend *be, char *scratch,
                              const cm_tensor *scores, const cm_tensor *value, const cm_stop *stop,
                              cm_error *err)
{
    const int64_t shared = p->heads / p->groups;
    const int64_t l[] = {p->batch, p->groups, shared, p->length, p->total};
    const int64_t v[] = {p->batch, p->groups, 1, p->total, p->value_size};
    const int64_t r[] = {p->batch, p->groups, shared, p->length, p->value_size};
    const cm_tensor a = array(scores->data, 5, l), b = array(value->data, 5, v);
    cm_tensor y = array(p->packed ? scratch + p->result_at : s->y[Y]->data, 5, r);
    cm_status st = be->ops->matmul(be, &a, false, &b, false, 1, NULL, 0, &y, stop, err);
    if (st || !p->packed) return st;
    const int64_t side[] = {p->batch, p->length, p->heads, p->value_size};
    const int64_t step[] = {p->heads * p->length * p->value_size, p->value_size, p->length * p->value_size,
                            1};
    cm_tensor out = array(s->y[Y]->data, 4, side);
    return be->ops->rearrange(be, step, &y, &out, err);
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch_at, const cm_stop *stop, cm_error *err)
{
    const attention *p = s->parameters;
    char *scratch = scratch_at;
    const int64_t q[] = {p->batch, p->heads, p->length, p->size};
    const int64_t l[] = {p->batch, p->heads, p->length, p->total};
    cm_tensor query = *s->x[Q], key, value, scores = array(scratch + p->scores_at, 4, l);
    cm_status st = CM_OK;
    if (p->packed) {
        query = array(scratch + p->query_at, 4, q);
        st = unpack(be, s->x[Q], p->heads, p->size, &query, err);
    }
    if (!st) st = join_past(s, p, be, K, PAST_KEY, p->size, scratch, p->key_at, &key, err);
    if (!st) st = join_past(s, p, be, V, PAST_VALUE, p->value_size, scratch, p->value_at, &value, err);
    if (!st && s->n_y > PRESENT_KEY && s->y[PRESENT_KEY]->data)
        st = be->ops->copy(be, &key, s->y[PRESENT_KEY], err);
    if (!st && s->n_y > PRESENT_VALUE && s->y[PRESENT_VALUE]->data)
        st = be->ops->copy(be, &value, s->y[PRESENT_VALUE], err);
    if (!st) st = make_scores(s, p, be, scratch, &query, &key, &scores, stop, err);
    if (!st && s->y[Y]->data) st = weigh_values(s, p, be, scratch, &scores, &value, stop, err);
    return st;
}

const cm_family cm_family_attention = {.infer = infer, .cost = cost, .run = run};

/* -- RotaryEmbedding -- */

static cm_status infer_rotary(cm_step *s, cm_error *err)
{
    cm_rotary *p = NULL;
    const cm_tensor *x = s->x[0];
    cm_status st = cm_step_need_rank(s, 0, 3, 4, err);
    for (int i = 0; !st && i < 3; i++)
        st = cm_step_need_float(s, i, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->interleaved = cm_attr_int(s, "interleaved", 0) != 0;
    p->heads = cm_attr_int(s, "num_heads", 0);
    if (x->rank == 4) p->heads = x->dim[1];
    if (p->heads < 1 || (x->rank == 3 && x->dim[2] % p->heads))
        return cm_step_bad(s, cm_strf("num_heads = %lld", (long long)p->heads).s, err);
    const int64_t size = x->rank == 4 ? x->dim[3] : x->dim[2] / p->heads;
    p->turned = cm_attr_int(s, "rotary_embedding_dim", 0);
    if (!p->turned) p->turned = size;
    if (p->turned < 2 || p->turned % 2 || p->turned > size)
        return cm_step_bad(
            s, cm_strf("%lld of %lld numbers are turned", (long long)p->turned, (long long)size).s, err);
    cm_step_set(s, 0, CM_ELEMENT_F32, x->rank, x->dim);
    s->operations = 6 * cm_count_f(x);
    s->may_alias = 0;
    return CM_OK;
}

static cm_status run_rotary(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    return be->ops->rotary(be, s->parameters, s->x[0], s->x[1], s->x[2], cm_step_x(s, 3), s->y[0], err);
}

const cm_family cm_family_rotary = {.infer = infer_rotary, .run = run_rotary};
