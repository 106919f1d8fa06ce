/* Maximum and average pooling, 1 to 3 spatial dimensions.
 *
 * The extents of y say how many windows there are (so ceil and floor modes are the caller's matter). An
 * average adds its elements in double, in order z, y, x. With count_include_pad the divisor counts positions
 * of the padded input, without it those of the input. A NaN in a window is its maximum. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>

typedef struct pool_job {
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

static float pool_max(const pool_job *j, const float *x, const tap_range t[3])
{
    float best = -INFINITY;
    for (int64_t z = t[0].k0; z < t[0].k1; z++)
        for (int64_t y = t[1].k0; y < t[1].k1; y++) {
            const float *row =
                x + ((t[0].first + z * j->p->dilation[0]) * j->in.s[1] + t[1].first + y * j->p->dilation[1]) *
                        j->in.s[2];
            for (int64_t k = t[2].k0; k < t[2].k1; k++) {
                const float v = row[t[2].first + k * j->p->dilation[2]];
                best = v > best || v != v ? v : best;
            }
        }
    return best;
}

static float pool_average(const pool_job *j, const float *x, const tap_range t[3], int64_t divisor)
{
    double sum = 0.0;
    for (int64_t z = t[0].k0; z < t[0].k1; z++)
        for (int64_t y = t[1].k0; y < t[1].k1; y++) {
            const float *row =
                x + ((t[0].first + z * j->p->dilation[0]) * j->in.s[1] + t[1].first + y * j->p->dilation[1]) *
                        j->in.s[2];
            for (int64_t k = t[2].k0; k < t[2].k1; k++)
                sum += (double)row[t[2].first + k * j->p->dilation[2]];
        }
    return divisor > 0 ? (float)(sum / (double)divisor) : 0.0f;
}

static void pool_row(const pool_job *j, const float *x, float *y, tap_range t[3], int64_t padded_rows)
{
    const cm_pool *p = j->p;
    for (int64_t o = 0; o < j->out.s[2]; o++) {
        t[2] = taps_of(p, 2, o, 0, j->in.s[2]);
        if (p->kind == CM_POOL_MAX) {
            y[o] = pool_max(j, x, t);
            continue;
        }
        int64_t divisor = (t[0].k1 - t[0].k0) * (t[1].k1 - t[1].k0) * (t[2].k1 - t[2].k0);
        if (p->count_include_pad) {
            const tap_range padded = taps_of(p, 2, o, -p->pad_lo[2], j->in.s[2] + p->pad_hi[2]);
            divisor = padded_rows * (padded.k1 - padded.k0);
        }
        y[o] = pool_average(j, x, t, divisor);
    }
}

static void pool_range(void *context, int64_t begin, int64_t end)
{
    const pool_job *j = context;
    const cm_pool *p = j->p;
    for (int64_t row = begin; row < end; row++) {
        const int64_t oy = row % j->out.s[1], oz = row / j->out.s[1] % j->out.s[0];
        const int64_t map = row / j->out.s[1] / j->out.s[0];
        tap_range t[3] = {taps_of(p, 0, oz, 0, j->in.s[0]), taps_of(p, 1, oy, 0, j->in.s[1])};
        const tap_range pz = taps_of(p, 0, oz, -p->pad_lo[0], j->in.s[0] + p->pad_hi[0]);
        const tap_range py = taps_of(p, 1, oy, -p->pad_lo[1], j->in.s[1] + p->pad_hi[1]);
        pool_row(j, j->x + map * j->in.voxels, j->y + row * j->out.s[2], t,
                 (pz.k1 - pz.k0) * (py.k1 - py.k0));
    }
}

cm_status cm_cpu_pool(cm_backend *be, const cm_pool *p, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    pool_job job = {.p = p, .x = x->data, .y = y->data};
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
