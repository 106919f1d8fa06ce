/* Convolutions by Winograd's algorithms against sums in double: every sampled output lies within the bound
 * that follows from the roundings of its definition, and where values are of one magnitude the errors
 * together are no larger than those of the direct algorithm in float (F(2,3)) or than 1.9 times those
 * (F(4,3)).
 *
 * The bound. An output is a signed sum of products of signed sums. A value that has passed k roundings is off
 * by at most k units u = 2^-24 of the same sum with every sign made plus (to first order; 1.01 covers the
 * rest). Per axis inputs and outputs pass as many as their scheme says; the weights are rounded once, the
 * products once per input channel, the bias is added once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/property/kernel_random.h"

enum { CASES = 24, SAMPLES = 60 };

/* An algorithm, along one axis: what its sums are made of, every sign made plus (conv_winograd.h,
 * conv_winograd4.h). */
typedef struct winograd_scheme {
    const char *name; /* as a plan tells it */
    int tile, reach;  /* outputs, inputs */
    double input[6][6], kernel[6][3], output[4][6];
    int input_roundings, output_roundings;
    double most; /* root mean square error, in that of the direct algorithm */
} winograd_scheme;

static const winograd_scheme two = {
    .name = "winograd",
    .tile = 2,
    .reach = 4,
    .input = {{1, 0, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 0, 1}},
    .kernel = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, {0, 0, 1}},
    .output = {{1, 1, 1, 0}, {0, 1, 1, 1}},
    .input_roundings = 1,
    .output_roundings = 2,
    .most = 1,
};

/* Points 0, +-5/8, +-3/2 and infinity. */
#define A  0.625
#define B  1.5
#define NA (2 * A * A * (B * B - A * A))
#define NB (2 * B * B * (B * B - A * A))
static const winograd_scheme four = {
    .name = "winograd 4x4",
    .tile = 4,
    .reach = 6,
    .input = {{A * A * B * B, 0, A *A + B *B, 0, 1, 0},
              {0, A *B *B, B *B, A, 1, 0},
              {0, A *B *B, B *B, A, 1, 0},
              {0, B *A *A, A *A, B, 1, 0},
              {0, B *A *A, A *A, B, 1, 0},
              {0, A *A *B *B, 0, A *A + B *B, 0, 1}},
    .kernel = {{1 / (A * A * B * B), 0, 0},
               {1 / NA, A / NA, A *A / NA},
               {1 / NA, A / NA, A *A / NA},
               {1 / NB, B / NB, B *B / NB},
               {1 / NB, B / NB, B *B / NB},
               {0, 0, 1}},
    .output = {{1, 1, 1, 1, 1, 0},
               {0, A, A, B, B, 0},
               {0, A *A, A *A, B *B, B *B, 0},
               {0, A *A *A, A *A *A, B *B *B, B *B *B, 1}},
    .input_roundings = 2,
    .output_roundings = 3,
    .most = 1.9,
};

typedef struct accuracy_case {
    const winograd_scheme *scheme;
    cm_conv p;
    int64_t out[3], voxels_in, voxels_out;
    float *x, *weight, *bias;
} accuracy_case;

static const double u = 0x1p-24;

/* Within +-1. */
static float *even_floats(uint64_t *r, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(int32_t)(next_random(r) >> 32) * 0x1p-31f;
    return x;
}

/* even: inputs and weights of one magnitude. */
static accuracy_case draw(const winograd_scheme *scheme, uint64_t *r, bool even)
{
    float *(*floats)(uint64_t *, int64_t) = even ? even_floats : random_floats;
    accuracy_case c = {.scheme = scheme, .voxels_in = 1, .voxels_out = 1};
    const bool flat = scheme == &four, deep = !flat && next_random(r) % 2;
    c.p = (cm_conv){.spatial = deep ? 3 : 2, .groups = 1, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    c.p.in_channels = flat ? 16 * random_between(r, 2, 4) : random_between(r, 16, 70);
    c.p.out_channels = flat ? 16 : random_between(r, 17, 24);
    for (int d = 0; d < 3; d++) {
        const bool used = d > 0 || deep;
        c.p.kernel[d] = used ? 3 : 1;
        c.p.pad_lo[d] = c.p.pad_hi[d] = used;
        c.p.in_extent[d] = c.out[d] = !used ? 1 : flat ? random_between(r, 13, 20) : random_between(r, 7, 13);
        c.voxels_in *= c.p.in_extent[d];
        c.voxels_out *= c.out[d];
    }
    c.x = floats(r, c.p.in_channels * c.voxels_in);
    c.weight = floats(r, c.p.in_channels * c.p.out_channels * 9 * c.p.kernel[0]);
    c.bias = floats(r, c.p.out_channels);
    c.p.weight = c.weight;
    c.p.bias = c.bias;
    return c;
}

/* A plan's words for its kernel, perhaps with ", reference" behind. */
static bool is_by(const char *kernel, const char *name)
{
    const size_t n = strcspn(kernel, ",");
    return n == strlen(name) && strncmp(kernel, name, n) == 0;
}

static float *run(const accuracy_case *c, bool direct)
{
    cm_backend *be = NULL;
    cm_conv_plan *plan = NULL;
    cm_conv p = c->p;
    if (direct) memset(p.in_extent, 0, sizeof p.in_extent);
    ASSERT_OK(cm_backend_cpu_create(NULL, -1, &be, err));
    ASSERT_OK(be->ops->conv_prepare(be, &p, &plan, err));
    assert_int_equal(is_by(be->ops->conv_kernel(plan), c->scheme->name), !direct);
    float *values = malloc((size_t)(p.out_channels * c->voxels_out) * sizeof *values);
    assert_non_null(values);
    const int64_t *s = c->p.in_extent;
    const bool deep = p.spatial == 3;
    cm_tensor x =
        deep ? F32(c->x, 1, p.in_channels, s[0], s[1], s[2]) : F32(c->x, 1, p.in_channels, s[1], s[2]);
    cm_tensor y =
        deep ? F32(values, 1, p.out_channels, s[0], s[1], s[2]) : F32(values, 1, p.out_channels, s[1], s[2]);
    void *workspace = malloc((size_t)be->ops->conv_workspace_bytes(plan, &x, &y) + 1);
    ASSERT_OK(be->ops->conv_run(be, plan, &x, &y, workspace, NULL, err));
    free(workspace);
    be->ops->conv_plan_destroy(be, plan);
    cm_backend_destroy(be);
    return values;
}

/* x at z, y, x of the input, 0 outside. */
static double input_at(const accuracy_case *c, int64_t channel, int64_t z, int64_t y, int64_t x)
{
    const int64_t *s = c->p.in_extent;
    if (z < 0 || z >= s[0] || y < 0 || y >= s[1] || x < 0 || x >= s[2]) return 0;
    return (double)c->x[channel * c->voxels_in + (z * s[1] + y) * s[2] + x];
}

static double true_output(const accuracy_case *c, int64_t oc, const int64_t o[3])
{
    double sum = (double)c->bias[oc];
    const float *w = c->weight + oc * c->p.in_channels * 9 * c->p.kernel[0];
    for (int64_t ic = 0; ic < c->p.in_channels; ic++)
        for (int64_t t = 0; t < 9 * c->p.kernel[0]; t++)
            sum += (double)*w++ * input_at(c, ic, o[0] + t / 9 - c->p.pad_lo[0],
                                           o[1] + t / 3 % 3 - c->p.pad_lo[1], o[2] + t % 3 - c->p.pad_lo[2]);
    return sum;
}

/* |v| |u| of element (ez, ey, ex) of one input channel. */
static double element_size(const accuracy_case *c, int64_t ic, const float *w, const int64_t from[3],
                           const int e[3])
{
    const winograd_scheme *s = c->scheme;
    const int depth = c->p.kernel[0] == 3 ? s->reach : 1, taps = (int)c->p.kernel[0];
    double v = 0, g = 0;
    for (int z = 0; z < depth; z++)
        for (int y = 0; y < s->reach; y++)
            for (int x = 0; x < s->reach; x++) {
                const double part =
                    (depth > 1 ? s->input[e[0]][z] : 1) * s->input[e[1]][y] * s->input[e[2]][x];
                if (part > 0) v += part * fabs(input_at(c, ic, from[0] + z, from[1] + y, from[2] + x));
            }
    for (int t = 0; t < taps * 9; t++)
        g += fabs((double)w[t]) * (depth > 1 ? s->kernel[e[0]][t / 9] : 1) * s->kernel[e[1]][t / 3 % 3] *
             s->kernel[e[2]][t % 3];
    return v * g;
}

/* The sum of an output's products with every sign made plus. */
static double sum_of_sizes(const accuracy_case *c, int64_t oc, const int64_t o[3])
{
    const winograd_scheme *s = c->scheme;
    const bool deep = c->p.kernel[0] == 3;
    const int64_t taps = 9 * c->p.kernel[0];
    int64_t from[3], place[3];
    for (int d = 0; d < 3; d++) {
        place[d] = d > 0 || deep ? o[d] % s->tile : 0;
        from[d] = o[d] - place[d] - c->p.pad_lo[d];
    }
    double sum = fabs((double)c->bias[oc]);
    int e[3];
    for (e[0] = 0; e[0] < (deep ? s->reach : 1); e[0]++)
        for (e[1] = 0; e[1] < s->reach; e[1]++)
            for (e[2] = 0; e[2] < s->reach; e[2]++) {
                const double part = (deep ? s->output[place[0]][e[0]] : 1) * s->output[place[1]][e[1]] *
                                    s->output[place[2]][e[2]];
                for (int64_t ic = 0; part > 0 && ic < c->p.in_channels; ic++)
                    sum +=
                        part * element_size(c, ic, c->weight + (oc * c->p.in_channels + ic) * taps, from, e);
            }
    return sum;
}

static void check_case(const winograd_scheme *scheme, uint64_t *r, bool even, double *own_squares,
                       double *direct_squares)
{
    accuracy_case c = draw(scheme, r, even);
    float *own = run(&c, false), *direct = run(&c, true);
    assert_memory_not_equal(own, direct, (size_t)(c.p.out_channels * c.voxels_out) * sizeof *own);
    const int axes = c.p.spatial;
    const double roundings =
        (double)(axes * (scheme->input_roundings + scheme->output_roundings) + 1 + c.p.in_channels + 1);
    for (int i = 0; i < SAMPLES; i++) {
        const int64_t oc = random_between(r, 0, c.p.out_channels - 1);
        int64_t o[3], at = oc;
        for (int d = 0; d < 3; d++) {
            o[d] = random_between(r, 0, c.out[d] - 1);
            at = at * c.out[d] + o[d];
        }
        const double truth = true_output(&c, oc, o);
        const double bound = 1.01 * u * roundings * sum_of_sizes(&c, oc, o);
        const double error = fabs((double)own[at] - truth), of_direct = fabs((double)direct[at] - truth);
        if (!(error <= bound)) print_error("output %lld: error %g, bound %g\n", (long long)at, error, bound);
        assert_true(error <= bound);
        *own_squares += error * error;
        *direct_squares += of_direct * of_direct;
    }
    free(own);
    free(direct);
    free(c.x);
    free(c.weight);
    free(c.bias);
}

static void any_magnitude(void **state)
{
    const winograd_scheme *scheme = *state;
    uint64_t r = 1;
    double own = 0, direct = 0;
    for (int i = 0; i < CASES; i++)
        check_case(scheme, &r, false, &own, &direct);
}

static void one_magnitude(void **state)
{
    const winograd_scheme *scheme = *state;
    uint64_t r = 2;
    double own = 0, direct = 0;
    for (int i = 0; i < CASES; i++)
        check_case(scheme, &r, true, &own, &direct);
    print_message("root mean square error: %s %.3g, direct %.3g\n", scheme->name,
                  sqrt(own / (CASES * SAMPLES)), sqrt(direct / (CASES * SAMPLES)));
    assert_true(direct > 0 && sqrt(own) <= scheme->most * sqrt(direct));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(any_magnitude, (void *)(uintptr_t)&two),
                                       cmocka_unit_test_prestate(one_magnitude, (void *)(uintptr_t)&two),
                                       cmocka_unit_test_prestate(any_magnitude, (void *)(uintptr_t)&four),
                                       cmocka_unit_test_prestate(one_magnitude, (void *)(uintptr_t)&four)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
