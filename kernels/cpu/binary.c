/* Elementwise functions of two inputs, with NumPy broadcasting.
 *
 * One row function per function and element type works on a row of the output, each input advancing by 1 or
 * by 0. Integers wrap around; a division by zero is refused before anything is written. */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/math.h"

#include <stdlib.h>

/* a and b advance by sa and sb elements: 1, or 0 where broadcast. y may be a or b. */
typedef void (*row_function)(const void *a, int64_t sa, const void *b, int64_t sb, void *y, int64_t n);

/* y is an input or apart from it, never shifted against it, so no step of a row depends on another. */
#if defined(__clang__)
#define ROW_LOOP /* clang has none that does not insist: it checks at run time */
#else
#define ROW_LOOP _Pragma("GCC ivdep")
#endif

/* One loop per way the inputs advance, so that each can be vectorised. */
#define ROW(name, T, R, expression)                                                                          \
    static inline R name##_one(T u, T v)                                                                     \
    {                                                                                                        \
        return (R)(expression);                                                                              \
    }                                                                                                        \
    static void name(const void *pa, int64_t sa, const void *pb, int64_t sb, void *py, int64_t n)            \
    {                                                                                                        \
        const T *a = pa, *b = pb;                                                                            \
        R *y = py;                                                                                           \
        if (sa == 1 && sb == 1) {                                                                            \
            ROW_LOOP                                                                                         \
            for (int64_t i = 0; i < n; i++)                                                                  \
                y[i] = name##_one(a[i], b[i]);                                                               \
        } else if (sa == 1) {                                                                                \
            const T v = n > 0 ? *b : 0;                                                                      \
            ROW_LOOP                                                                                         \
            for (int64_t i = 0; i < n; i++)                                                                  \
                y[i] = name##_one(a[i], v);                                                                  \
        } else {                                                                                             \
            const T u = n > 0 ? *a : 0;                                                                      \
            ROW_LOOP                                                                                         \
            for (int64_t i = 0; i < n; i++)                                                                  \
                y[i] = name##_one(u, b[i * sb]);                                                             \
        }                                                                                                    \
    }

#define COMPARISONS(T, suffix)                                                                               \
    ROW(equal_##suffix, T, uint8_t, u == v)                                                                  \
    ROW(less_##suffix, T, uint8_t, u < v)                                                                    \
    ROW(greater_##suffix, T, uint8_t, u > v)                                                                 \
    ROW(less_equal_##suffix, T, uint8_t, u <= v)                                                             \
    ROW(greater_equal_##suffix, T, uint8_t, u >= v)

static inline float min_float(float u, float v)
{
    return u != u || u < v ? u : v; /* NaN wins */
}

static inline float max_float(float u, float v)
{
    return u != u || u > v ? u : v;
}

ROW(add_f32, float, float, u + v)
ROW(sub_f32, float, float, u - v)
ROW(mul_f32, float, float, u *v)
ROW(div_f32, float, float, u / v)
ROW(pow_f32, float, float, v == 2.0f ? u * u : math_pow(u, v))
ROW(min_f32, float, float, min_float(u, v))
ROW(max_f32, float, float, max_float(u, v))
ROW(mod_f32, float, float, fmodf(u, v))
ROW(rem_f32, float, float, fmodf(u, v))
ROW(prelu_f32, float, float, u < 0.0f ? u * v : u)
COMPARISONS(float, f32)
ROW(and_bool, uint8_t, uint8_t, u &&v)
ROW(or_bool, uint8_t, uint8_t, u || v)
ROW(xor_bool, uint8_t, uint8_t, !u != !v)
ROW(equal_bool, uint8_t, uint8_t, !u == !v)

/* Wraps around in two's complement, as NumPy does. */
static inline int64_t wrap(uint64_t u)
{
    return (int64_t)u;
}

static inline int64_t divide(int64_t u, int64_t v)
{
    return v == -1 ? wrap(0 - (uint64_t)u) : u / v; /* INT64_MIN / -1 wraps instead of trapping */
}

static inline int64_t modulo(int64_t u, int64_t v)
{
    const int64_t r = v == -1 ? 0 : u % v;
    return r != 0 && (r < 0) != (v < 0) ? r + v : r;
}

static inline int64_t remainder_of(int64_t u, int64_t v)
{
    return v == -1 ? 0 : u % v;
}

static inline uint64_t shift_left(uint64_t u, uint64_t v)
{
    return v < 64 ? u << v : 0;
}

static inline uint64_t shift_right(uint64_t u, uint64_t v)
{
    return v < 64 ? u >> v : 0;
}

/* u^v by squaring. */
static uint64_t power_bits(uint64_t u, uint64_t v)
{
    uint64_t result = 1;
    for (; v; v >>= 1) {
        if (v & 1) result *= u;
        u *= u;
    }
    return result;
}

/* For v < 0 the whole part of 1 / u^-v. */
static int64_t power(int64_t u, int64_t v)
{
    if (v < 0) return u == 1 ? 1 : u == -1 ? (v & 1 ? -1 : 1) : 0;
    return wrap(power_bits((uint64_t)u, (uint64_t)v));
}

/* Division and remainder by type: those of int64 hold every narrower type, uint64 needs its own. */
#define DIVIDE(u, v) _Generic((u), uint64_t : (u) / (v), default : divide((int64_t)(u), (int64_t)(v)))
#define MODULO(u, v) _Generic((u), uint64_t : (u) % (v), default : modulo((int64_t)(u), (int64_t)(v)))
#define POWER(u, v)  _Generic((u), uint64_t : power_bits(u, v), default : power((int64_t)(u), (int64_t)(v)))
/* The remainder with the sign of the dividend, as C has it. */
#define REMAINDER(u, v)                                                                                      \
    _Generic((u), uint64_t : (u) % (v), default : remainder_of((int64_t)(u), (int64_t)(v)))

#define WHOLE(T, suffix)                                                                                     \
    ROW(add_##suffix, T, T, wrap((uint64_t)u + (uint64_t)v))                                                 \
    ROW(sub_##suffix, T, T, wrap((uint64_t)u - (uint64_t)v))                                                 \
    ROW(mul_##suffix, T, T, wrap((uint64_t)u *(uint64_t)v))                                                  \
    ROW(div_##suffix, T, T, DIVIDE(u, v))                                                                    \
    ROW(pow_##suffix, T, T, POWER(u, v))                                                                     \
    ROW(min_##suffix, T, T, u < v ? u : v)                                                                   \
    ROW(max_##suffix, T, T, u > v ? u : v)                                                                   \
    ROW(mod_##suffix, T, T, MODULO(u, v))                                                                    \
    ROW(rem_##suffix, T, T, REMAINDER(u, v))                                                                 \
    ROW(bit_and_##suffix, T, T, u &v)                                                                        \
    ROW(bit_or_##suffix, T, T, u | v)                                                                        \
    ROW(bit_xor_##suffix, T, T, u ^ v)                                                                       \
    ROW(shift_left_##suffix, T, T, shift_left((uint64_t)u, (uint64_t)v))                                     \
    ROW(shift_right_##suffix, T, T, shift_right((uint64_t)u, (uint64_t)v))                                   \
    COMPARISONS(T, suffix)

WHOLE(int64_t, i64)
WHOLE(int32_t, i32)
WHOLE(uint8_t, u8)
WHOLE(int8_t, i8)
WHOLE(int16_t, i16)
WHOLE(uint16_t, u16)
WHOLE(uint32_t, u32)
WHOLE(uint64_t, u64)

enum { FUNCTIONS = CM_BINARY_LAST + 1 };

#define WHOLE_TABLE(suffix)                                                                                  \
    [CM_BINARY_ADD] = add_##suffix, [CM_BINARY_SUB] = sub_##suffix, [CM_BINARY_MUL] = mul_##suffix,          \
    [CM_BINARY_DIV] = div_##suffix, [CM_BINARY_POW] = pow_##suffix, [CM_BINARY_MIN] = min_##suffix,          \
    [CM_BINARY_MAX] = max_##suffix, [CM_BINARY_MOD] = mod_##suffix, [CM_BINARY_REMAINDER] = rem_##suffix,    \
    [CM_BINARY_EQUAL] = equal_##suffix, [CM_BINARY_LESS] = less_##suffix,                                    \
    [CM_BINARY_GREATER] = greater_##suffix, [CM_BINARY_LESS_EQUAL] = less_equal_##suffix,                    \
    [CM_BINARY_GREATER_EQUAL] = greater_equal_##suffix
#define BIT_TABLE(suffix)                                                                                    \
    [CM_BINARY_BIT_AND] = bit_and_##suffix, [CM_BINARY_BIT_OR] = bit_or_##suffix,                            \
    [CM_BINARY_BIT_XOR] = bit_xor_##suffix, [CM_BINARY_SHIFT_LEFT] = shift_left_##suffix,                    \
    [CM_BINARY_SHIFT_RIGHT] = shift_right_##suffix

static const row_function table[CM_ELEMENT_LAST + 1][FUNCTIONS] = {
    [CM_ELEMENT_F32] = {WHOLE_TABLE(f32), [CM_BINARY_PRELU] = prelu_f32},
    [CM_ELEMENT_I64] = {WHOLE_TABLE(i64), BIT_TABLE(i64)},
    [CM_ELEMENT_I32] = {WHOLE_TABLE(i32), BIT_TABLE(i32)},
    [CM_ELEMENT_U8] = {WHOLE_TABLE(u8), BIT_TABLE(u8)},
    [CM_ELEMENT_I8] = {WHOLE_TABLE(i8), BIT_TABLE(i8)},
    [CM_ELEMENT_I16] = {WHOLE_TABLE(i16), BIT_TABLE(i16)},
    [CM_ELEMENT_U16] = {WHOLE_TABLE(u16), BIT_TABLE(u16)},
    [CM_ELEMENT_U32] = {WHOLE_TABLE(u32), BIT_TABLE(u32)},
    [CM_ELEMENT_U64] = {WHOLE_TABLE(u64), BIT_TABLE(u64)},
    [CM_ELEMENT_BOOL] = {[CM_BINARY_AND] = and_bool,
                         [CM_BINARY_OR] = or_bool,
                         [CM_BINARY_XOR] = xor_bool,
                         [CM_BINARY_EQUAL] = equal_bool},
};

static bool gives_bool(cm_binary op)
{
    return (op >= CM_BINARY_EQUAL && op <= CM_BINARY_OR) || op == CM_BINARY_XOR;
}

typedef struct binary_job {
    cm_cpu_broadcast walk;
    row_function row;
    const char *a, *b;
    char *y;
    int64_t bytes, y_bytes;
} binary_job;

static void binary_range(void *context, int64_t begin, int64_t end)
{
    const binary_job *j = context;
    const int last = j->walk.rank - 1;
    const int64_t n = j->walk.count[last];
    for (int64_t row = begin; row < end; row++) {
        int64_t at[3];
        cm_cpu_broadcast_row(&j->walk, row, at);
        j->row(j->a + at[0] * j->bytes, j->walk.step[0][last], j->b + at[1] * j->bytes, j->walk.step[1][last],
               j->y + row * n * j->y_bytes, n);
    }
}

/* A single long row, cut into pieces. */
static void binary_piece(void *context, int64_t begin, int64_t end)
{
    const binary_job *j = context;
    j->row(j->a + begin * j->walk.step[0][0] * j->bytes, j->walk.step[0][0],
           j->b + begin * j->walk.step[1][0] * j->bytes, j->walk.step[1][0], j->y + begin * j->y_bytes,
           end - begin);
}

static bool holds_zero(const cm_tensor *x)
{
    const int64_t n = cm_tensor_count(x);
    for (int64_t i = 0; i < n; i++)
        if (!cm_whole_at(x->element, x->data, i)) return true;
    return false;
}

cm_status cm_cpu_binary(cm_backend *be, cm_binary op, const cm_tensor *a, const cm_tensor *b, cm_tensor *y,
                        cm_error *err)
{
    if (a->element != b->element)
        return cm_cpu_shape_error(err, "both inputs of an elementwise function must have one element type", a,
                                  b);
    const row_function row = table[a->element][op];
    if (!row) return cm_cpu_element_error(err, "this elementwise function", a);
    if (y->element != (gives_bool(op) ? CM_ELEMENT_BOOL : a->element))
        return cm_cpu_shape_error(err, "the output of an elementwise function has the wrong element type", a,
                                  y);
    if ((op == CM_BINARY_DIV || op == CM_BINARY_MOD || op == CM_BINARY_REMAINDER) &&
        a->element != CM_ELEMENT_F32 && holds_zero(b))
        return CM_FAIL(err, CM_ERR_ARG, .what = "an integer division by zero",
                       .why = cm_strf("the divisor %s holds a 0", cm_cpu_describe(b).s).s);
    binary_job job = {.row = row,
                      .a = a->data,
                      .b = b->data,
                      .y = y->data,
                      .bytes = cm_element_bytes(a->element),
                      .y_bytes = cm_element_bytes(y->element)};
    const cm_status st = cm_cpu_broadcast_create(2, (const cm_tensor *const[]){a, b}, y, &job.walk, err);
    if (st) return st;
    if (job.walk.rank == 1)
        cm_cpu_for(be, job.walk.count[0], 16384, binary_piece, &job);
    else
        cm_cpu_for(be, job.walk.rows, 1 + 16384 / (job.walk.count[job.walk.rank - 1] + 1), binary_range,
                   &job);
    return CM_OK;
}

/* -- sum and activation in one walk, for the ends of residual blocks -- */

typedef struct add_job {
    const cm_cpu_loops *loops;
    const float *a, *b;
    float *y;
    cm_activation activation;
    float alpha;
} add_job;

static void add_range(void *context, int64_t begin, int64_t end)
{
    enum { CACHED = 4096 }; /* elements that are still near when the activation comes to them */
    const add_job *j = context;
    for (int64_t i = begin; i < end; i += CACHED) {
        const int64_t n = end - i < CACHED ? end - i : CACHED;
        add_f32(j->a + i, 1, j->b + i, 1, j->y + i, n);
        cm_cpu_activate(j->loops, j->activation, j->alpha, j->y + i, n);
    }
}

cm_status cm_cpu_add(cm_backend *be, const cm_tensor *a, const cm_tensor *b, cm_activation activation,
                     float alpha, cm_tensor *y, cm_error *err)
{
    if (a->element != CM_ELEMENT_F32) return cm_cpu_element_error(err, "a sum with an activation", a);
    if (b->element != a->element || !cm_cpu_same_shape(a, b))
        return cm_cpu_shape_error(err, "the inputs of a sum with an activation must be alike", a, b);
    if (y->element != a->element || !cm_cpu_same_shape(a, y))
        return cm_cpu_shape_error(err, "the output of a sum does not fit its inputs", a, y);
    add_job job = {cm_cpu_get_variant(be)->loops, a->data, b->data, y->data, activation, alpha};
    cm_cpu_for(be, cm_tensor_count(y), 16384, add_range, &job);
    return CM_OK;
}
