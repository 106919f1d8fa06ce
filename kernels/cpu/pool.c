/* Maximum and average pooling, 1 to 3 spatial dimensions.
 *
 * The extents of y say how many windows there are (so ceil and floor modes are the caller's matter). An
 * average adds its elements in double, in order z, y, x. With count_include_pad the divisor counts positions
 * of the padded input, without it those of the input. A NaN in a window is its maximum. A row of outputs is
 * folded tap by tap, so that the inner loop runs along the row; a maximum first down the window. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct pool_job {
    const cm_cpu_loops *loops;
    const cm_pool *p;
    cm_cpu_shape in, out;
    const float *x;
    float *y;
} pool_job;

/* The kernel positions k0 <= k < k1 of an output index that lie inside 0..n-1. */
typedef struct tap_range {
    int64_t k0, k1, first; /* first: the input index at k = 0, may be negative */
} tap_range;

static tap_range taps_of(const cm_pool *p, int d, int64_t o, int64_t lo, int64_t hi)
{
    tap_range t = {.first = o * p->stride[d] - p->pad_lo[d]};
    const int64_t dilation = p->dilation[d];
    t.k0 = t.first < lo ? (lo - t.first + dilation - 1) / dilation : 0;
    t.k1 = t.first >= hi ? 0 : (hi - t.first + dilation - 1) / dilation;
    t.k1 = t.k1 < p->kernel[d] ? t.k1 : p->kernel[d];
    t.k1 = t.k1 < t.k0 ? t.k0 : t.k1;
    return t;
}

/* The outputs o0 <= o < o1 of a segment that tap k of the row has inside the input, and what the first of
 * them reads. */
typedef struct tap_span {
    int64_t o0, o1, at;
} tap_span;

/* Outputs of a row that are worked on together; taps along it whose spans are found once for all rows; input
 * columns of a maximum that are kept, rows of a window they may come from, and outputs in a run of maxima. */
enum { SEGMENT = 256, SPANS = 16, COLUMNS = 1024, WINDOW_ROWS = 64, RUN = 16 };

static tap_span span_of(const pool_job *j, int64_t k, int64_t first, int64_t n)
{
    const int64_t stride = j->p->stride[2], shift = k * j->p->dilation[2] - j->p->pad_lo[2];
    const int64_t lo = shift < 0 ? (-shift + stride - 1) / stride : 0;
    const int64_t hi = shift < j->in.s[2] ? (j->in.s[2] - shift + stride - 1) / stride : 0;
    tap_span t = {.o0 = lo < first       ? 0
                        : lo > first + n ? n
                                         : lo - first,
                  .o1 = hi < first       ? 0
                        : hi > first + n ? n
                                         : hi - first};
    t.at = (first + t.o0) * stride + shift;
    return t;
}

/* All taps of a segment of outputs, in order z, y, x for each output. best or sum is NULL. */
static void fold_segment(const pool_job *j, const float *x, const tap_range t[2], int64_t first, int64_t n,
                         float *best, double *sum)
{
    const cm_pool *p = j->p;
    tap_span spans[SPANS];
    for (int64_t k = 0; k < SPANS && k < p->kernel[2]; k++)
        spans[k] = span_of(j, k, first, n);
    for (int64_t z = t[0].k0; z < t[0].k1; z++)
        for (int64_t y = t[1].k0; y < t[1].k1; y++) {
            const int64_t iz = t[0].first + z * p->dilation[0], iy = t[1].first + y * p->dilation[1];
            const float *row = x + (iz * j->in.s[1] + iy) * j->in.s[2];
            for (int64_t k = 0; k < p->kernel[2]; k++) {
                const tap_span s = k < SPANS ? spans[k] : span_of(j, k, first, n);
                if (s.o0 >= s.o1) continue;
                if (best)
                    j->loops->raise_columns(row + s.at, best + s.o0, s.o1 - s.o0, p->stride[2]);
                else
                    j->loops->add_columns(row + s.at, sum + s.o0, s.o1 - s.o0, p->stride[2]);
            }
        }
}

/* The maximum of a segment of outputs: first down all rows of the window, for every column that some output
 * reads, then along the row. Columns outside are below any number. false: more of them than fit, nothing
 * done. Outputs are computed in whole runs, and one more as vectors that step by two look one further: what
 * is left of a row would be done one by one, with branches that no processor foresees. */
static bool raise_segment(const pool_job *j, const float *x, const tap_range t[2], int64_t first, int64_t n,
                          float *best)
{
    const cm_pool *p = j->p;
    const int64_t lo = first * p->stride[2] - p->pad_lo[2];
    const int64_t runs = n < RUN ? n : (n + RUN - 1) / RUN * RUN + 1;
    const int64_t span = (runs - 1) * p->stride[2] + (p->kernel[2] - 1) * p->dilation[2] + 1;
    const int64_t left = lo > 0 ? 0 : -lo < span ? -lo : span;
    const int64_t end = j->in.s[2] - lo < span ? j->in.s[2] - lo : span;
    const int64_t rows = (t[0].k1 - t[0].k0) * (t[1].k1 - t[1].k0);
    float column[COLUMNS], largest[SEGMENT + RUN + 1];
    const float *row[WINDOW_ROWS];
    if (span > COLUMNS || rows > WINDOW_ROWS || rows == 0 || end <= left) return false;
    int64_t count = 0;
    for (int64_t z = t[0].k0; z < t[0].k1; z++)
        for (int64_t y = t[1].k0; y < t[1].k1; y++) {
            const int64_t iz = t[0].first + z * p->dilation[0], iy = t[1].first + y * p->dilation[1];
            row[count++] = x + (iz * j->in.s[1] + iy) * j->in.s[2] + lo + left;
        }
    for (int64_t i = 0; i < left; i++)
        column[i] = -INFINITY;
    for (int64_t i = end; i < span; i++)
        column[i] = -INFINITY;
    j->loops->largest_of_rows(row, count, end - left, column + left);
    j->loops->largest_of_columns(column, p->kernel[2], p->dilation[2], p->stride[2], runs, largest);
    memcpy(best, largest, (size_t)n * sizeof *best);
    return true;
}

static void average_segment(const pool_job *j, const float *x, float *y, const tap_range t[2], int64_t first,
                            int64_t n, int64_t padded_rows)
{
    const cm_pool *p = j->p;
    double sum[SEGMENT] = {0};
    fold_segment(j, x, t, first, n, NULL, sum);
    for (int64_t i = 0; i < n; i++) {
        tap_range along = taps_of(p, 2, first + i, 0, j->in.s[2]);
        int64_t rows = (t[0].k1 - t[0].k0) * (t[1].k1 - t[1].k0);
        if (p->count_include_pad) {
            along = taps_of(p, 2, first + i, -p->pad_lo[2], j->in.s[2] + p->pad_hi[2]);
            rows = padded_rows;
        }
        const int64_t divisor = rows * (along.k1 - along.k0);
        y[i] = divisor > 0 ? (float)(sum[i] / (double)divisor) : 0.0f;
    }
}

static void pool_row(const pool_job *j, const float *x, float *y, const tap_range t[2], int64_t padded_rows)
{
    for (int64_t first = 0; first < j->out.s[2]; first += SEGMENT) {
        const int64_t n = j->out.s[2] - first < SEGMENT ? j->out.s[2] - first : SEGMENT;
        if (j->p->kind == CM_POOL_AVERAGE) {
            average_segment(j, x, y + first, t, first, n, padded_rows);
            continue;
        }
        if (raise_segment(j, x, t, first, n, y + first)) continue;
        for (int64_t i = 0; i < n; i++)
            y[first + i] = -INFINITY;
        fold_segment(j, x, t, first, n, y + first, NULL);
    }
}

static void pool_range(void *context, int64_t begin, int64_t end)
{
    const pool_job *j = context;
    const cm_pool *p = j->p;
    for (int64_t row = begin; row < end; row++) {
        const int64_t oy = row % j->out.s[1], oz = row / j->out.s[1] % j->out.s[0];
        const int64_t map = row / j->out.s[1] / j->out.s[0];
        const tap_range t[2] = {taps_of(p, 0, oz, 0, j->in.s[0]), taps_of(p, 1, oy, 0, j->in.s[1])};
        const tap_range pz = taps_of(p, 0, oz, -p->pad_lo[0], j->in.s[0] + p->pad_hi[0]);
        const tap_range py = taps_of(p, 1, oy, -p->pad_lo[1], j->in.s[1] + p->pad_hi[1]);
        pool_row(j, j->x + map * j->in.voxels, j->y + row * j->out.s[2], t,
                 (pz.k1 - pz.k0) * (py.k1 - py.k0));
    }
}

cm_status cm_cpu_pool(cm_backend *be, const cm_pool *p, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    pool_job job = {.loops = cm_cpu_get_variant(be)->loops, .p = p, .x = x->data, .y = y->data};
    cm_status st = cm_cpu_get_shape(x, false, &job.in, err);
    if (!st) st = cm_cpu_get_shape(y, false, &job.out, err);
    if (st) return st;
    if (x->rank != p->spatial + 2 || y->rank != x->rank || job.in.n != job.out.n || job.in.c != job.out.c)
        return cm_cpu_shape_error(err, "the output of a pooling does not fit its input", x, y);
    int64_t taps = 1;
    for (int d = 0; d < 3; d++) {
        if (p->kernel[d] < 1 || p->stride[d] < 1 || p->dilation[d] < 1 || p->pad_lo[d] < 0 ||
            p->pad_hi[d] < 0)
            return CM_FAIL(err, CM_ERR_ARG, .what = "a pooling needs positive kernel, stride and dilation",
                           .why = cm_strf("kernel %lld, stride %lld, dilation %lld, pads %lld and %lld",
                                          (long long)p->kernel[d], (long long)p->stride[d],
                                          (long long)p->dilation[d], (long long)p->pad_lo[d],
                                          (long long)p->pad_hi[d])
                                      .s);
        taps *= p->kernel[d] < 64 ? p->kernel[d] : 64;
    }
    const int64_t cost = taps * job.out.s[2] + 1;
    if (job.out.s[2] > 0)
        cm_cpu_for(be, job.out.n * job.out.c * job.out.s[0] * job.out.s[1], 1 + 32768 / cost, pool_range,
                   &job);
    return CM_OK;
}
