/* The contiguous loops of cm_cpu_loops. Included once by each loops_<isa>.c, which is compiled for its
 * instruction set and names its table with CM_LOOPS_TABLE. Every element is computed by the same sequence of
 * exactly rounded operations however the compiler vectorises, so all tables give the same bits. */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/math.h"
#include "kernels/cpu/trig.h"

#include <stdbool.h>

/* Results go through a small block so that y may be x and the loop still vectorises. */
#define BLOCK 256
#define FOR_EACH(expression)                                                                                 \
    for (int64_t begin = 0; begin < n; begin += BLOCK) {                                                     \
        const int64_t m = n - begin < BLOCK ? n - begin : BLOCK;                                             \
        float out[BLOCK];                                                                                    \
        for (int64_t i = 0; i < m; i++) {                                                                    \
            const float v = x[begin + i];                                                                    \
            out[i] = (expression);                                                                           \
        }                                                                                                    \
        memcpy(y + begin, out, (size_t)m * sizeof *out);                                                     \
    }

static inline float clamp_float(float v, float lo, float hi)
{
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

static inline float relu(float v)
{
    return v < 0.0f ? 0.0f : v;
}

static inline float leaky_relu(float v, float alpha)
{
    return v < 0.0f ? alpha * v : v;
}

static void unary_exact(cm_unary op, float alpha, float beta, const float *x, float *y, int64_t n)
{
    switch (op) {
    case CM_UNARY_RELU:
        FOR_EACH(relu(v))
        break;
    case CM_UNARY_LEAKY_RELU:
        FOR_EACH(leaky_relu(v, alpha))
        break;
    case CM_UNARY_SQRT:
        FOR_EACH(sqrtf(v))
        break;
    case CM_UNARY_ABS:
        FOR_EACH(fabsf(v))
        break;
    case CM_UNARY_NEG:
        FOR_EACH(-v)
        break;
    case CM_UNARY_RECIPROCAL:
        FOR_EACH(1.0f / v)
        break;
    case CM_UNARY_FLOOR:
        FOR_EACH(floorf(v))
        break;
    case CM_UNARY_CEIL:
        FOR_EACH(ceilf(v))
        break;
    case CM_UNARY_ROUND:
        FOR_EACH(rintf(v))
        break;
    case CM_UNARY_HARD_SIGMOID:
        FOR_EACH(clamp_float(alpha * v + beta, 0.0f, 1.0f))
        break;
    case CM_UNARY_HARD_SWISH:
        FOR_EACH(v * clamp_float(v / 6.0f + 0.5f, 0.0f, 1.0f))
        break;
    case CM_UNARY_CLIP:
        FOR_EACH(clamp_float(v, alpha, beta))
        break;
    case CM_UNARY_SIGN:
        FOR_EACH(v > 0.0f ? 1.0f : v < 0.0f ? -1.0f : v)
        break;
    case CM_UNARY_SOFTSIGN:
        FOR_EACH(v / (1.0f + fabsf(v)))
        break;
    case CM_UNARY_THRESHOLDED_RELU:
        FOR_EACH(v <= alpha ? 0.0f : v)
        break;
    case CM_UNARY_SHRINK:
        FOR_EACH(v < -alpha ? v + beta : v > alpha ? v - beta : v != v ? v : 0.0f)
        break;
    default:
        break;
    }
}

static void unary(cm_unary op, float alpha, float beta, const float *x, float *y, int64_t n)
{
    switch (op) {
    case CM_UNARY_ELU:
        FOR_EACH(v < 0.0f ? (float)((double)alpha * math_expm1_core((double)v)) : v)
        break;
    case CM_UNARY_SELU:
        FOR_EACH((float)((double)beta * (v < 0.0f ? (double)alpha * math_expm1_core((double)v) : (double)v)))
        break;
    case CM_UNARY_SIGMOID:
        FOR_EACH(math_sigmoid(v))
        break;
    case CM_UNARY_SILU:
        FOR_EACH((float)((double)v * math_sigmoid_core((double)v)))
        break;
    case CM_UNARY_TANH:
        FOR_EACH(math_tanh(v))
        break;
    case CM_UNARY_ERF:
        FOR_EACH(math_erf(v))
        break;
    case CM_UNARY_EXP:
        FOR_EACH(math_exp(v))
        break;
    case CM_UNARY_LOG:
        FOR_EACH(math_log(v))
        break;
    case CM_UNARY_SOFTPLUS:
        FOR_EACH((float)math_softplus_core((double)v))
        break;
    case CM_UNARY_MISH:
        FOR_EACH((float)((double)v * math_tanh_core(math_softplus_core((double)v))))
        break;
    case CM_UNARY_CELU:
        FOR_EACH(v < 0.0f ? (float)((double)alpha * math_expm1_core((double)v / (double)alpha)) : v)
        break;
    case CM_UNARY_SIN:
        FOR_EACH(trig_sin(v))
        break;
    case CM_UNARY_COS:
        FOR_EACH(trig_cos(v))
        break;
    case CM_UNARY_TAN:
        FOR_EACH(trig_tan(v))
        break;
    case CM_UNARY_GELU_ERF:
        FOR_EACH(math_gelu_erf(v))
        break;
    case CM_UNARY_GELU_TANH:
        FOR_EACH(math_gelu_tanh(v))
        break;
    default:
        unary_exact(op, alpha, beta, x, y, n);
        break;
    }
}

static void affine(float a, float b, const float *x, float *y, int64_t n)
{
    FOR_EACH(fmaf(v, a, b))
}

static void normalise(double scale, double bias, cm_activation activation, float alpha, const float *x,
                      float *y, int64_t n)
{
    if (activation == CM_ACTIVATION_RELU) {
        FOR_EACH(relu((float)fma((double)v, scale, bias)))
    } else if (activation == CM_ACTIVATION_LEAKY_RELU) {
        FOR_EACH(leaky_relu((float)fma((double)v, scale, bias), alpha))
    } else {
        FOR_EACH((float)fma((double)v, scale, bias))
    }
}

static void normalise_each(double mean, double inv_std, const float *scale, const float *bias, const float *x,
                           float *y, int64_t n)
{
    for (int64_t begin = 0; begin < n; begin += BLOCK) {
        const int64_t m = n - begin < BLOCK ? n - begin : BLOCK;
        float out[BLOCK];
        for (int64_t i = 0; i < m; i++) {
            const double v = ((double)x[begin + i] - mean) * (inv_std * (double)scale[begin + i]);
            out[i] = (float)v;
            if (bias) out[i] = (float)(v + (double)bias[begin + i]);
        }
        memcpy(y + begin, out, (size_t)m * sizeof *out);
    }
}

/* 16 lanes added in halves: lane l takes l + 8, then l + 4, l + 2, l + 1. */
static double add_lanes(double lane[16])
{
    for (int width = 8; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

/* The fixed tree of a sum: element i of a chunk of 4096 goes to lane i mod 16, lanes are added in halves,
 * chunks in order. */
#define SUM_CHUNK 4096
#define DEFINE_SUM(name, term)                                                                               \
    static double name(const float *x, int64_t n)                                                            \
    {                                                                                                        \
        double total = 0.0;                                                                                  \
        for (int64_t begin = 0; begin < n; begin += SUM_CHUNK) {                                             \
            const int64_t m = n - begin < SUM_CHUNK ? n - begin : SUM_CHUNK;                                 \
            const float *chunk = x + begin;                                                                  \
            double lane[16] = {0};                                                                           \
            int64_t i = 0;                                                                                   \
            for (; i + 16 <= m; i += 16)                                                                     \
                for (int l = 0; l < 16; l++) {                                                               \
                    const double d = (double)chunk[i + l];                                                   \
                    lane[l] += (term);                                                                       \
                }                                                                                            \
            for (; i < m; i++) {                                                                             \
                const double d = (double)chunk[i];                                                           \
                lane[i % 16] += (term);                                                                      \
            }                                                                                                \
            total += add_lanes(lane);                                                                        \
        }                                                                                                    \
        return total;                                                                                        \
    }
DEFINE_SUM(sum, d)
DEFINE_SUM(sum_squares, d *d)

static void moments(const float *x, int64_t n, double *mean, double *variance)
{
    const double origin = (double)x[0];
    double total = 0.0, squares = 0.0;
    for (int64_t begin = 0; begin < n; begin += SUM_CHUNK) {
        const int64_t m = n - begin < SUM_CHUNK ? n - begin : SUM_CHUNK;
        const float *chunk = x + begin;
        double lane[16] = {0}, square[16] = {0};
        int64_t i = 0;
        for (; i + 16 <= m; i += 16)
            for (int l = 0; l < 16; l++) {
                const double d = (double)chunk[i + l] - origin;
                lane[l] += d;
                square[l] = fma(d, d, square[l]);
            }
        for (; i < m; i++) {
            const double d = (double)chunk[i] - origin;
            lane[i % 16] += d;
            square[i % 16] = fma(d, d, square[i % 16]);
        }
        total += add_lanes(lane);
        squares += add_lanes(square);
    }
    const double shift = total / (double)n, spread = squares / (double)n - shift * shift;
    *mean = origin + shift;
    *variance = spread < 0.0 ? 0.0 : spread;
}

static void add_columns(const float *restrict x, double *restrict sum, int64_t n, int64_t step)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i];
    else if (step == 2)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[2 * i];
    else
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i * step];
}

static inline float larger(float v, float best)
{
    return v > best || v != v ? v : best;
}

static void raise_columns(const float *restrict x, float *restrict best, int64_t n, int64_t step)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++)
            best[i] = larger(x[i], best[i]);
    else if (step == 2)
        for (int64_t i = 0; i < n; i++)
            best[i] = larger(x[2 * i], best[i]);
    else
        for (int64_t i = 0; i < n; i++)
            best[i] = larger(x[i * step], best[i]);
}

static void largest_of_rows(const float *const *rows, int64_t count, int64_t n, float *restrict y)
{
    const float *restrict a = rows[0], *restrict b = rows[count > 1], *restrict c = rows[count > 2 ? 2 : 0];
    if (count == 1)
        memcpy(y, a, (size_t)n * sizeof *y);
    else if (count == 2)
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(b[i], a[i]);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(c[i], larger(b[i], a[i]));
    for (int64_t k = 3; k < count; k++)
        raise_columns(rows[k], y, n, 1);
}

static void largest_of_columns(const float *restrict x, int64_t taps, int64_t tap, int64_t step, int64_t n,
                               float *restrict y)
{
    int64_t done = 1;
    if (step == 2 && tap == 1 && taps == 2) {
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(x[2 * i + 1], x[2 * i]);
        done = 2;
    } else if (step == 2 && tap == 1 && taps >= 3) {
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(x[2 * i + 2], larger(x[2 * i + 1], x[2 * i]));
        done = 3;
    } else {
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i * step];
    }
    for (; done < taps; done++)
        raise_columns(x + done * tap, y, n, step);
}

/* e_i = (float)exp(x_i - max); their sum in order, in double; y_i = e_i * (1 / sum). The log form is
 * x_i - max - ln(sum). One lane of up to BLOCK per pass. */
static void softmax_block(bool take_log, const float *x, float *y, int64_t count, int64_t pitch, int64_t n)
{
    float max[BLOCK], e[BLOCK];
    double total[BLOCK] = {0};
    for (int64_t i = 0; i < n; i++)
        max[i] = x[i];
    for (int64_t k = 1; k < count; k++)
        for (int64_t i = 0; i < n; i++)
            max[i] = x[k * pitch + i] > max[i] ? x[k * pitch + i] : max[i];
    for (int64_t k = 0; k < count; k++) {
        for (int64_t i = 0; i < n; i++) {
            const double shifted = (double)x[k * pitch + i] - (double)max[i];
            e[i] = (float)math_exp_core(shifted);
            total[i] += (double)e[i];
            e[i] = take_log ? (float)shifted : e[i];
        }
        if (!take_log) memcpy(y + k * pitch, e, (size_t)n * sizeof *e);
    }
    for (int64_t i = 0; i < n; i++)
        total[i] = take_log ? math_log_core(total[i]) : 1.0 / total[i];
    for (int64_t k = 0; k < count; k++) {
        for (int64_t i = 0; i < n; i++)
            e[i] = take_log ? (float)((double)x[k * pitch + i] - (double)max[i] - total[i])
                            : (float)((double)y[k * pitch + i] * total[i]);
        memcpy(y + k * pitch, e, (size_t)n * sizeof *e);
    }
}

/* The same for one slice whose elements are adjacent: the sum is the fixed tree of `sum`. y is not x. */
static void softmax_row(bool take_log, const float *restrict x, float *restrict y, int64_t count)
{
    float lane[16], max = x[0];
    int64_t k = 0;
    for (int l = 0; l < 16; l++)
        lane[l] = x[0];
    for (; k + 16 <= count; k += 16)
        for (int l = 0; l < 16; l++)
            lane[l] = x[k + l] > lane[l] ? x[k + l] : lane[l];
    for (; k < count; k++)
        max = x[k] > max ? x[k] : max;
    for (int l = 0; l < 16; l++)
        max = lane[l] > max ? lane[l] : max;
    for (k = 0; k < count; k++)
        y[k] = (float)math_exp_core((double)x[k] - (double)max);
    const double total = sum(y, count), log_total = math_log_core(total), inverse = 1.0 / total;
    if (take_log)
        for (k = 0; k < count; k++)
            y[k] = (float)((double)x[k] - (double)max - log_total);
    else
        for (k = 0; k < count; k++)
            y[k] = (float)((double)y[k] * inverse);
}

static void softmax(bool take_log, const float *x, float *y, int64_t count, int64_t pitch, int64_t n)
{
    if (pitch == 1) {
        softmax_row(take_log, x, y, count);
        return;
    }
    for (int64_t i = 0; i < n; i += BLOCK)
        softmax_block(take_log, x + i, y + i, count, pitch, n - i < BLOCK ? n - i : BLOCK);
}

const cm_cpu_loops CM_LOOPS_TABLE = {
    unary,       affine,        normalise,       normalise_each,     sum,    sum_squares, moments,
    add_columns, raise_columns, largest_of_rows, largest_of_columns, softmax};
