/* Pooling and resize against the plainest loops that follow their definition, on seeded random shapes, for 1
 * and 3 threads. Pooling is compared bit for bit; resize within the rounding of a sum in another order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/property/kernel_random.h"

enum { CASES = 150 };

static cm_backend *open_backend(int n_threads, cm_threads **pool)
{
    cm_backend *be = NULL;
    ASSERT_OK(cm_threads_create(n_threads, pool, err));
    ASSERT_OK(cm_backend_cpu_create(*pool, -1, &be, err));
    return be;
}

static void close_backend(cm_backend *be, cm_threads *pool)
{
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
}

/* One window: every position of the kernel is visited and asked where it lies. */
static float pool_by_hand(const cm_pool *p, const float *x, const int64_t in[3], const int64_t o[3])
{
    double sum = 0, best = -INFINITY;
    int64_t inside = 0, padded = 0;
    for (int64_t z = 0; z < p->kernel[0]; z++)
        for (int64_t y = 0; y < p->kernel[1]; y++)
            for (int64_t k = 0; k < p->kernel[2]; k++) {
                const int64_t tap[3] = {z, y, k};
                int64_t i[3];
                bool in_input = true, in_pad = true;
                for (int d = 0; d < 3; d++) {
                    i[d] = o[d] * p->stride[d] - p->pad_lo[d] + tap[d] * p->dilation[d];
                    in_input = in_input && i[d] >= 0 && i[d] < in[d];
                    in_pad = in_pad && i[d] >= -p->pad_lo[d] && i[d] < in[d] + p->pad_hi[d];
                }
                padded += in_pad;
                if (!in_input) continue;
                const double v = (double)x[(i[0] * in[1] + i[1]) * in[2] + i[2]];
                inside++;
                sum += v;
                best = v > best ? v : best;
            }
    if (p->kind == CM_POOL_MAX) return (float)best;
    const int64_t divisor = p->count_include_pad ? padded : inside;
    return divisor ? (float)(sum / (double)divisor) : 0.0f;
}

static void draw_pool(uint64_t *r, cm_pool *p, int64_t in[3], int64_t out[3])
{
    *p = (cm_pool){.kind = next_random(r) % 2 ? CM_POOL_MAX : CM_POOL_AVERAGE,
                   .spatial = 3,
                   .count_include_pad = next_random(r) % 2};
    for (int d = 0; d < 3; d++) {
        p->kernel[d] = random_between(r, 1, 4);
        p->stride[d] = random_between(r, 1, 3);
        p->dilation[d] = random_between(r, 1, next_random(r) % 2 ? 1 : 3);
        p->pad_lo[d] = random_between(r, 0, p->kernel[d] - 1);
        p->pad_hi[d] = random_between(r, 0, p->kernel[d] - 1);
        const int64_t reach = p->dilation[d] * (p->kernel[d] - 1) + 1;
        in[d] = reach + random_between(r, 0, d == 2 && next_random(r) % 8 == 0 ? 600 : 12);
        const int64_t room = in[d] + p->pad_lo[d] + p->pad_hi[d] - reach;
        /* half of the cases in ceil mode */
        out[d] = next_random(r) % 2 ? room / p->stride[d] + 1 : (room + p->stride[d] - 1) / p->stride[d] + 1;
    }
}

static void pooling(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        uint64_t r = seed;
        cm_pool p;
        int64_t in[3], out[3];
        draw_pool(&r, &p, in, out);
        const int64_t c = random_between(&r, 1, 3), n_in = in[0] * in[1] * in[2],
                      n_out = out[0] * out[1] * out[2];
        float *x = random_floats(&r, c * n_in), *y = malloc((size_t)(c * n_out) * sizeof *y);
        cm_tensor tx = F32(x, 1, c, in[0], in[1], in[2]), ty = F32(y, 1, c, out[0], out[1], out[2]);
        cm_threads *pool = NULL;
        cm_backend *be = open_backend(seed % 2 ? 1 : 3, &pool);
        ASSERT_OK(be->ops->pool(be, &p, &tx, &ty, err));
        for (int64_t i = 0; i < c * n_out; i++) {
            const int64_t o[3] = {i / out[2] / out[1] % out[0], i / out[2] % out[1], i % out[2]};
            const float expected = pool_by_hand(&p, x + i / n_out * n_in, in, o);
            if (!(y[i] == expected)) {
                print_error("seed %llu, output %lld: got %a, expected %a\n", (unsigned long long)seed,
                            (long long)i, (double)y[i], (double)expected);
                fail();
            }
        }
        close_backend(be, pool);
        free(x);
        free(y);
    }
}

/* The weight of input i for coordinate x; at the border the outermost element stands for all beyond. */
static double weight_by_hand(const cm_resize *p, double x, int64_t i, int64_t n)
{
    double sum = 0;
    for (int64_t k = (int64_t)floor(x) - 2; k <= (int64_t)floor(x) + 3; k++) {
        const double t = fabs(x - (double)k), a = (double)p->cubic_a;
        double w = t < 1 ? 1 - t : 0;
        if (p->mode == CM_RESIZE_CUBIC)
            w = t < 1   ? (a + 2) * t * t * t - (a + 3) * t * t + 1
                : t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a
                        : 0;
        const int64_t inside = k < 0 ? 0 : k >= n ? n - 1 : k;
        if (inside == i) sum += w;
    }
    return sum;
}

static double coordinate_by_hand(const cm_resize *p, int64_t o, double scale, int64_t in, int64_t out)
{
    switch (p->coordinates) {
    case CM_COORD_ALIGN_CORNERS:
        return out == 1 ? 0 : (double)o * (double)(in - 1) / (double)(out - 1);
    case CM_COORD_ASYMMETRIC:
        return (double)o / scale;
    case CM_COORD_PYTORCH_HALF_PIXEL:
        return out == 1 ? 0 : ((double)o + 0.5) / scale - 0.5;
    default:
        return ((double)o + 0.5) / scale - 0.5;
    }
}

static void resizing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        uint64_t r = seed;
        cm_resize p = {.mode = next_random(&r) % 2 ? CM_RESIZE_LINEAR : CM_RESIZE_CUBIC,
                       .coordinates = (cm_resize_coordinates)(next_random(&r) % 4),
                       .scale = {1, 1},
                       .cubic_a = -0.75f};
        int64_t in[2], out[2];
        for (int d = 0; d < 2; d++) {
            in[d] = random_between(&r, 1, d == 1 && seed % 10 == 0 ? 3000 : 20);
            out[d] = random_between(&r, 1, d == 1 && seed % 10 == 5 ? 500 : 30);
            p.scale[d + 1] = (double)out[d] / (double)in[d];
        }
        float *x = random_floats(&r, in[0] * in[1]), *y = malloc((size_t)(out[0] * out[1]) * sizeof *y);
        cm_tensor tx = F32(x, 1, in[0], in[1]), ty = F32(y, 1, out[0], out[1]);
        cm_threads *pool = NULL;
        cm_backend *be = open_backend(seed % 2 ? 1 : 3, &pool);
        ASSERT_OK(be->ops->resize(be, &p, &tx, &ty, err));
        for (int64_t i = 0; i < out[0] * out[1]; i++) {
            const double cy = coordinate_by_hand(&p, i / out[1], p.scale[1], in[0], out[0]);
            const double cx = coordinate_by_hand(&p, i % out[1], p.scale[2], in[1], out[1]);
            double expected = 0, magnitude = 0;
            for (int64_t a = 0; a < in[0]; a++) {
                const double wy = weight_by_hand(&p, cy, a, in[0]);
                for (int64_t b = 0; wy != 0 && b < in[1]; b++) {
                    const double term = wy * weight_by_hand(&p, cx, b, in[1]) * (double)x[a * in[1] + b];
                    expected += term;
                    magnitude += fabs(term);
                }
            }
            /* one rounding to float; in double, weights a few ulp apart and cancellation within the sum */
            const double bound = fabs(expected) * 0x1p-24 + magnitude * 1e-12 + 1e-30;
            if (!(fabs((double)y[i] - expected) <= bound)) {
                print_error("seed %llu, output %lld: got %a, expected %a\n", (unsigned long long)seed,
                            (long long)i, (double)y[i], expected);
                fail();
            }
        }
        close_backend(be, pool);
        free(x);
        free(y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pooling), cmocka_unit_test(resizing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
