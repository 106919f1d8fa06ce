/* Resampling kernels against the formulas of their contracts, one value at a time: an axis by voxel, line and
 * spline (the spline from its defining equations, solved at once), planes by tables. Every case is a pure
 * function of its number, which a failure prints. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "kernels/backend.h"

enum { CASES = 400, LONGEST = 12, MOST = 4 * LONGEST * LONGEST * 5, BEYOND = 60 };

static const cm_random source = {.seed = 20261123, .purpose = CM_PURPOSE_TEST};

typedef struct draws {
    uint64_t number, next;
} draws;

static int64_t below(draws *d, uint64_t n)
{
    return (int64_t)cm_random_below(source, d->number, d->next++, n);
}

static float value(draws *d)
{
    return (float)(2000 * cm_random_uniform(source, d->number, d->next++) - 1000);
}

static double clamped(double c, double low, double high)
{
    return c < low ? low : c > high ? high : c;
}

/* Coefficients c of the spline with (c[i-1] + 4 c[i] + c[i+1]) / 6 = line[i], where the line goes on with its
 * first and last value BEYOND voxels each way: elimination of the three diagonals. Returns the value at c. */
static double spline_at(const double *line, int64_t n, double at)
{
    enum { ROWS = LONGEST + 2 * BEYOND };
    double diagonal[ROWS], c[ROWS];
    const int64_t rows = n + 2 * BEYOND;
    for (int64_t i = 0; i < rows; i++) {
        const int64_t from = i < BEYOND ? 0 : i - BEYOND < n ? i - BEYOND : n - 1;
        diagonal[i] = i == 0 || i == rows - 1 ? 5 : 4; /* beyond the end the coefficient goes on, too */
        c[i] = 6 * line[from];
        if (i == 0) continue;
        c[i] -= c[i - 1] / diagonal[i - 1];
        diagonal[i] -= 1 / diagonal[i - 1];
    }
    c[rows - 1] /= diagonal[rows - 1];
    for (int64_t i = rows - 2; i >= 0; i--)
        c[i] = (c[i] - c[i + 1]) / diagonal[i];
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        const double d = fabs(at + BEYOND - (double)i);
        sum += c[i] * (d < 1 ? 2 / 3.0 - d * d * (2 - d) / 2 : d < 2 ? (2 - d) * (2 - d) * (2 - d) / 6 : 0);
    }
    return sum;
}

static double expected(const cm_resample_axis *a, const double *line, int64_t i)
{
    const double c = ((double)i + a->shift) * a->step - a->shift, last = (double)(a->n - 1);
    if (a->interpolation == CM_INTERPOLATION_CUBIC)
        return spline_at(line, a->n, clamped(c, -0.5, last + 0.5));
    const double at = clamped(c, 0, last);
    if (a->interpolation == CM_INTERPOLATION_NEAREST) return line[(int64_t)floor(at + 0.5)];
    const int64_t low = (int64_t)floor(at), high = low < a->n - 1 ? low + 1 : low;
    return line[low] + (at - (double)low) * (line[high] - line[low]);
}

static void expect_axis(uint64_t number, const cm_resample_axis *a, const float *in, const float *out)
{
    double line[LONGEST];
    for (int64_t o = 0; o < a->outer; o++)
        for (int64_t k = 0; k < a->inner; k++) {
            for (int64_t i = 0; i < a->n; i++)
                line[i] = (double)in[(o * a->n + i) * a->inner + k];
            for (int64_t i = 0; i < a->size; i++) {
                const double wanted = expected(a, line, i),
                             got = (double)out[(o * a->size + i) * a->inner + k];
                /* The spline is summed in another order: rounding of a float, and of doubles up to 1000. */
                const double bound =
                    a->interpolation == CM_INTERPOLATION_CUBIC ? fabs(wanted) * 0x1p-24 + 1e-10 : 0;
                if (!(fabs(got - (bound > 0 ? wanted : (double)(float)wanted)) <= bound))
                    fail_msg("case %llu, row %lld of %lld, column %lld: %.9g, expected %.9g",
                             (unsigned long long)number, (long long)i, (long long)o, (long long)k, got,
                             wanted);
            }
        }
}

static void axes_equal_the_formulas(void **state)
{
    (void)state;
    cm_threads *pool = NULL;
    cm_backend *be[2] = {NULL, NULL};
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(NULL, 0, &be[0], NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be[1], NULL), CM_OK);
    float in[MOST], out[2][MOST];
    for (uint64_t number = 0; number < CASES; number++) {
        draws d = {number, 0};
        cm_resample_axis a = {1 + below(&d, 4), 1 + below(&d, LONGEST), 1 + below(&d, 5),
                              1 + below(&d, LONGEST)};
        a.interpolation = (cm_interpolation)below(&d, 3);
        const bool edges = below(&d, 2);
        a.shift = edges ? 0.5 : 0;
        a.step = edges ? (double)a.n / (double)a.size : 0.1 * (double)(1 + below(&d, 40));
        for (int64_t i = 0; i < a.outer * a.n * a.inner; i++)
            in[i] = value(&d);
        for (int b = 0; b < 2; b++)
            assert_int_equal(be[b]->ops->resample_axis(be[b], &a, in, out[b], NULL), CM_OK);
        assert_memory_equal(out[0], out[1], (size_t)(a.outer * a.size * a.inner) * sizeof(float));
        expect_axis(number, &a, in, out[0]);
    }
    cm_backend_destroy(be[0]);
    cm_backend_destroy(be[1]);
    cm_threads_destroy(pool);
}

static void axes_that_are_none_are_refused(void **state)
{
    (void)state;
    cm_backend *be = NULL;
    assert_int_equal(cm_backend_cpu_create(NULL, -1, &be, NULL), CM_OK);
    float in[1] = {1}, out[1] = {7};
    cm_resample_axis none = {1, 1, 1, 0, 1, 0, CM_INTERPOLATION_LINEAR};
    cm_resample_axis endless = {1, 1, 1, 1, INFINITY, 0, CM_INTERPOLATION_LINEAR};
    assert_int_equal(be->ops->resample_axis(be, &none, in, out, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->resample_axis(be, &endless, in, out, NULL), CM_ERR_ARG);
    assert_true(out[0] == 7);
    cm_backend_destroy(be);
}

/* -- planes ---------------------------------------------------------------------------------------------- */

typedef struct tables {
    int64_t lower[LONGEST], upper[LONGEST];
    float weight[LONGEST];
    uint8_t inside[LONGEST];
} tables;

static cm_taps draw_taps(draws *d, int64_t size, tables *t)
{
    const cm_taps taps = {1 + below(d, LONGEST), t->lower, t->upper, t->weight, t->inside};
    memset(t, 0, sizeof *t);
    for (int64_t i = 0; i < taps.n; i++) {
        t->inside[i] = below(d, 5) > 0;
        if (!t->inside[i]) continue;
        t->lower[i] = t->upper[i] = below(d, (uint64_t)size);
        if (t->lower[i] == size - 1 || !below(d, 3)) continue;
        t->upper[i]++;
        t->weight[i] = (float)(1 + below(d, 7)) / 8;
    }
    return taps;
}

/* Weights of 0 leave their neighbour alone: it may be anything. */
static float between(float a, float b, float weight)
{
    return weight > 0 ? a + weight * (b - a) : a;
}

static float plane_value(const cm_slab_pair *s, const cm_taps *h, const cm_taps *w, int64_t c, int64_t j,
                         int64_t k)
{
    float corner[2];
    for (int side = 0; side < 2; side++) {
        const int64_t x = side ? w->upper[k] : w->lower[k];
        const float *slab[2] = {s->lower + c * s->channel_stride, s->upper + c * s->channel_stride};
        float mixed[2];
        for (int i = 0; i < 2; i++)
            mixed[i] =
                between(slab[i][h->lower[j] * s->w + x], slab[i][h->upper[j] * s->w + x], h->weight[j]);
        corner[side] = between(mixed[0], mixed[1], s->weight);
    }
    return between(corner[0], corner[1], w->weight[k]);
}

/* The plane runs through the labels with strides of its own; what is outside keeps its label. */
static void expect_plane(cm_backend *be, const cm_slab_pair *s, const cm_taps *h, const cm_taps *w,
                         uint64_t number)
{
    enum { UNTOUCHED = 999 };
    static const uint16_t label_of[4] = {7, 3, 3, 11};
    float values[MOST];
    uint16_t labels[LONGEST * LONGEST];
    void *scratch = malloc((size_t)(cm_sample_scratch_bytes(w->n, s->w) * cm_threads_count(be->pool)));
    assert_non_null(scratch);
    const int64_t first = h->n / 3, rows = h->n - first;
    for (int64_t i = 0; i < h->n * w->n; i++)
        labels[i] = UNTOUCHED;
    assert_int_equal(be->ops->sample_rows(be, s, h, w, first, rows, values, scratch, NULL), CM_OK);
    assert_int_equal(
        be->ops->sample_argmax(be, s, h, w, number % 2 ? label_of : NULL, labels, 1, h->n, scratch, NULL),
        CM_OK);
    for (int64_t j = 0; j < h->n; j++)
        for (int64_t k = 0; k < w->n; k++) {
            const bool inside = h->inside[j] && w->inside[k];
            int best = 0;
            for (int64_t c = 0; c < s->channels; c++) {
                const float wanted = plane_value(s, h, w, c, j, k);
                if (wanted > plane_value(s, h, w, best, j, k)) best = (int)c;
                if (!inside || j < first) continue;
                const float got = values[(c * rows + j - first) * w->n + k];
                if (memcmp(&got, &wanted, sizeof got))
                    fail_msg("case %llu, channel %lld at %lld, %lld: %.9g, expected %.9g",
                             (unsigned long long)number, (long long)c, (long long)j, (long long)k,
                             (double)got, (double)wanted);
            }
            const int label = !inside ? UNTOUCHED : number % 2 ? label_of[best] : best;
            if (labels[k * h->n + j] != label)
                fail_msg("case %llu: label %d at %lld, %lld, expected %d", (unsigned long long)number,
                         labels[k * h->n + j], (long long)j, (long long)k, label);
        }
    free(scratch);
}

static void planes_equal_the_formulas(void **state)
{
    (void)state;
    cm_threads *pool = NULL;
    cm_backend *be[2] = {NULL, NULL};
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(NULL, 0, &be[0], NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be[1], NULL), CM_OK);
    static float slabs[2][MOST];
    for (uint64_t number = 0; number < CASES; number++) {
        draws d = {number, 0};
        tables along[2];
        cm_slab_pair s = {slabs[0],
                          slabs[1],
                          (float)below(&d, 4) / 4,
                          1 + below(&d, 4),
                          0,
                          1 + below(&d, LONGEST),
                          1 + below(&d, LONGEST)};
        s.channel_stride = s.h * s.w + below(&d, 3);
        const cm_taps h = draw_taps(&d, s.h, &along[0]), w = draw_taps(&d, s.w, &along[1]);
        for (int64_t i = 0; i < s.channels * s.channel_stride; i++) {
            slabs[0][i] = (float)below(&d, 9) / 8; /* few values: ties */
            slabs[1][i] = (float)below(&d, 9) / 8;
        }
        for (int b = 0; b < 2; b++)
            expect_plane(be[b], &s, &h, &w, number);
    }
    cm_backend_destroy(be[0]);
    cm_backend_destroy(be[1]);
    cm_threads_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_equal_the_formulas),
        cmocka_unit_test(axes_that_are_none_are_refused),
        cmocka_unit_test(planes_equal_the_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
