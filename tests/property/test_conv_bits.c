/* Every convolution kernel of this machine gives the bits of the scalar reference, for 1, 2 and 3 threads, on
 * seeded random shapes: 1 to 3 dimensions, odd sizes, size-1 axes, strides, dilations, groups, uneven pads,
 * transposed or not; and shapes that are computed by Winograd's algorithm, which has a reference of its own.
 * The seed of a failing case is printed; run this test with it as its argument to see only that case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/property/kernel_random.h"

#ifdef CM_SANITIZED
enum { SHARE = 3 }; /* of the cases, where each takes five times as long */
#else
enum { SHARE = 1 };
#endif
enum {
    CASES = 300 / SHARE,
    WINOGRAD_CASES = 60 / SHARE,
    WINOGRAD_SEEDS = 1000000,
    TILED_CASES = 24 / SHARE,
    TILED_SEEDS = 2000000,
    PRODUCT_CASES = 60 / SHARE,
    PRODUCT_SEEDS = 500000,
    GUARD = 32
};
static const float sentinel = -12345.5f;

typedef struct conv_case {
    uint64_t seed;
    cm_conv p;
    bool transposed;
    cm_tensor x, y;
    float *weight, *bias, *input;
    int64_t outputs;
} conv_case;

static int64_t extent_of(const conv_case *c, int d, int64_t in)
{
    const cm_conv *p = &c->p;
    const int64_t reach = p->dilation[d] * (p->kernel[d] - 1) + 1;
    if (c->transposed)
        return (in - 1) * p->stride[d] + reach + p->output_padding[d] - p->pad_lo[d] - p->pad_hi[d];
    return (in + p->pad_lo[d] + p->pad_hi[d] - reach) / p->stride[d] + 1;
}

/* Fills one axis; returns the extent of the input along it. */
static int64_t draw_axis(conv_case *c, uint64_t *r, int d, int64_t largest)
{
    cm_conv *p = &c->p;
    p->kernel[d] = random_between(r, 1, next_random(r) % 4 ? 3 : 7);
    p->stride[d] = random_between(r, 1, next_random(r) % 3 ? 1 : 5);
    p->dilation[d] = random_between(r, 1, next_random(r) % 3 ? 1 : 9);
    const int64_t reach = p->dilation[d] * (p->kernel[d] - 1) + 1;
    p->pad_lo[d] = random_between(r, 0, next_random(r) % 2 ? reach / 2 : reach);
    p->pad_hi[d] = random_between(r, 0, next_random(r) % 2 ? reach / 2 : 2);
    int64_t in = random_between(r, 1, largest);
    if (c->transposed) p->output_padding[d] = random_between(r, 0, p->stride[d] - 1);
    while (extent_of(c, d, in) < 1 || (!c->transposed && in + p->pad_lo[d] + p->pad_hi[d] < reach))
        in++;
    return in;
}

/* A kernel of 3x3 or 3x3x3 without stride, and channels enough for Winograd's algorithm. */
static void draw_winograd(conv_case *c, uint64_t *r)
{
    cm_conv *p = &c->p;
    p->spatial = (int)random_between(r, 2, 3);
    p->groups = next_random(r) % 8 ? 1 : 2;
    const bool flat = p->spatial == 2 || next_random(r) % 3 == 0;
    const int64_t least = flat ? 16 : 8;
    p->in_channels = p->groups * random_between(r, least, next_random(r) % 4 ? 20 : 40);
    p->out_channels = p->groups * random_between(r, least, next_random(r) % 4 ? 20 : 40);
    for (int d = 3 - p->spatial; d < 3; d++) {
        p->kernel[d] = d == 0 && flat ? 1 : 3;
        p->pad_lo[d] = random_between(r, 0, 2);
        p->pad_hi[d] = random_between(r, 0, 2);
        const int64_t most = d == 0 ? 7 : d == 1 ? 14 : next_random(r) % 4 ? 40 : 300;
        p->in_extent[d] = random_between(r, 3, most);
    }
    if (!flat || next_random(r) % 2) return;
    /* Few tiles and whole vectors of channels, which are computed along channels. */
    p->out_channels = p->groups * 16 * random_between(r, 1, 3);
    for (int d = 3 - p->spatial; d < 3; d++)
        p->in_extent[d] = d == 0 ? random_between(r, 1, 2) : random_between(r, 8, 11);
}

/* Flat, of whole vectors of channels and with tiles enough for F(4,3): one plane, wide or narrow, or a few
 * small ones. */
static void draw_tiled(conv_case *c, uint64_t *r)
{
    cm_conv *p = &c->p;
    const bool planes = next_random(r) % 3 == 0;
    p->spatial = planes ? 3 : 2;
    p->groups = next_random(r) % 4 ? 1 : 2;
    p->in_channels = p->groups * 16 * random_between(r, 1, next_random(r) % 4 ? 2 : 5);
    p->out_channels = p->groups * 16 * random_between(r, 1, 5);
    p->kernel[1] = p->kernel[2] = 3;
    for (int d = 3 - p->spatial; d < 3; d++) {
        p->pad_lo[d] = random_between(r, 0, 2);
        p->pad_hi[d] = random_between(r, 0, 2);
    }
    p->in_extent[0] = planes ? random_between(r, 2, 9) : 1;
    p->in_extent[1] = planes ? random_between(r, 15, 19) : random_between(r, 22, 40);
    p->in_extent[2] =
        planes ? random_between(r, 15, 19) : random_between(r, 23, next_random(r) % 4 ? 40 : 150);
}

/* Extents of the tensors, weights and data of a case whose parameters are drawn. */
static void draw_data(conv_case *c, uint64_t *r)
{
    cm_conv *p = &c->p;
    c->x = (cm_tensor){.element = CM_ELEMENT_F32, .rank = p->spatial + 2};
    c->y = c->x;
    c->x.dim[0] = c->y.dim[0] = random_between(r, 1, 2);
    c->x.dim[1] = p->in_channels;
    c->y.dim[1] = p->out_channels;
    int64_t taps = 1;
    for (int d = 3 - p->spatial; d < 3; d++) {
        const int i = d + p->spatial - 1;
        c->x.dim[i] = p->in_extent[d];
        c->y.dim[i] = extent_of(c, d, c->x.dim[i]);
        taps *= p->kernel[d];
    }
    p->activation = (cm_activation)random_between(r, 0, 2);
    p->alpha = 0.01f;
    c->weight = random_floats(r, p->in_channels * (p->out_channels / p->groups) * taps);
    c->bias = random_floats(r, p->out_channels);
    c->input = random_floats(r, cm_tensor_count(&c->x) + 1);
    p->weight = c->weight;
    p->bias = next_random(r) % 4 ? c->bias : NULL;
    c->x.data = c->input + next_random(r) % 2; /* not always aligned */
    c->outputs = cm_tensor_count(&c->y);
}

/* Any kind of convolution, of few channels. */
static void draw_any(conv_case *c, uint64_t *r)
{
    static const int64_t largest[4] = {0, 150, 33, 11};
    cm_conv *p = &c->p;
    c->transposed = next_random(r) % 3 == 0;
    p->spatial = (int)random_between(r, 1, 3);
    p->groups = next_random(r) % 4 ? 1 : random_between(r, 2, 4);
    p->in_channels = p->groups * random_between(r, 1, next_random(r) % 2 ? 4 : 1);
    p->out_channels = p->groups * random_between(r, 1, next_random(r) % 2 ? 18 : 3);
    for (int d = 3 - p->spatial; d < 3; d++)
        p->in_extent[d] = draw_axis(c, r, d, next_random(r) % 8 ? largest[p->spatial] : 1);
}

/* What runs as a matrix product: taps in one place, many channels with strides or dilation, or a transposed
 * kernel as large as its stride. */
static void draw_product(conv_case *c, uint64_t *r)
{
    static const int64_t largest[4] = {0, 300, 30, 7}, smallest[4] = {0, 49, 7, 3};
    cm_conv *p = &c->p;
    const int64_t kind = random_between(r, 0, 2);
    c->transposed = kind == 2;
    p->spatial = (int)random_between(r, 1, 3);
    p->groups = next_random(r) % 6 ? 1 : 2;
    p->in_channels =
        p->groups * random_between(r, kind == 1 ? 16 : 1, kind == 0 && next_random(r) % 2 ? 300 : 24);
    p->out_channels = p->groups * random_between(r, kind == 1 ? 32 : 8, 70);
    /* Few outputs of whole vectors of channels are computed along channels. */
    const bool few = next_random(r) % 3 == 0;
    if (few) p->out_channels = p->groups * 16 * random_between(r, 2, 4);
    for (int d = 3 - p->spatial; d < 3; d++) {
        p->in_extent[d] = random_between(r, 1, few ? smallest[p->spatial] : largest[p->spatial]);
        if (kind == 0) continue;
        p->kernel[d] = random_between(r, 1, kind == 1 ? 3 : 4);
        p->stride[d] = kind == 1 ? random_between(r, 1, 3) : p->kernel[d];
        if (kind == 2) continue;
        p->dilation[d] = next_random(r) % 4 ? 1 : 2;
        p->pad_lo[d] = random_between(r, 0, 3);
        p->pad_hi[d] = p->dilation[d] * (p->kernel[d] - 1);
    }
}

static conv_case draw_case(uint64_t seed)
{
    uint64_t r = seed;
    conv_case c = {
        .seed = seed,
        .p = {.kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}, .in_extent = {1, 1, 1}}};
    if (seed > TILED_SEEDS)
        draw_tiled(&c, &r);
    else if (seed > WINOGRAD_SEEDS)
        draw_winograd(&c, &r);
    else if (seed > PRODUCT_SEEDS)
        draw_product(&c, &r);
    else
        draw_any(&c, &r);
    draw_data(&c, &r);
    return c;
}

static void drop_case(conv_case *c)
{
    free(c->weight);
    free(c->bias);
    free(c->input);
}

/* Runs the case; the outputs lie between guards that must stay as they are. */
static float *run_case(const conv_case *c, int allowed, int n_threads)
{
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    cm_conv_plan *plan = NULL;
    ASSERT_OK(cm_threads_create(n_threads, &pool, err));
    ASSERT_OK(cm_backend_cpu_create(pool, allowed, &be, err));
    if (c->transposed)
        ASSERT_OK(be->ops->conv_transposed_prepare(be, &c->p, &plan, err));
    else
        ASSERT_OK(be->ops->conv_prepare(be, &c->p, &plan, err));
    const int64_t n = c->outputs + 2 * GUARD;
    float *block = malloc((size_t)n * sizeof *block);
    assert_non_null(block);
    for (int64_t i = 0; i < n; i++)
        block[i] = sentinel;
    cm_tensor y = c->y;
    y.data = block + GUARD;
    void *workspace = malloc((size_t)be->ops->conv_workspace_bytes(plan, &c->x, &y) + 1);
    assert_non_null(workspace);
    ASSERT_OK(be->ops->conv_run(be, plan, &c->x, &y, workspace, NULL, err));
    for (int64_t i = 0; i < GUARD; i++)
        assert_true(block[i] == sentinel && block[n - 1 - i] == sentinel);
    free(workspace);
    be->ops->conv_plan_destroy(be, plan);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    return block;
}

static void describe(const conv_case *c)
{
    const cm_conv *p = &c->p;
    print_error("seed %llu: %s, %d-d, groups %lld, channels %lld to %lld\n", (unsigned long long)c->seed,
                c->transposed ? "transposed" : "plain", p->spatial, (long long)p->groups,
                (long long)p->in_channels, (long long)p->out_channels);
    for (int d = 3 - p->spatial; d < 3; d++)
        print_error("  axis %d: in %lld out %lld kernel %lld stride %lld dilation %lld pads %lld %lld\n", d,
                    (long long)c->x.dim[d + p->spatial - 1], (long long)c->y.dim[d + p->spatial - 1],
                    (long long)p->kernel[d], (long long)p->stride[d], (long long)p->dilation[d],
                    (long long)p->pad_lo[d], (long long)p->pad_hi[d]);
}

static void compare_case(uint64_t seed)
{
    conv_case c = draw_case(seed);
    int allowed[3];
    const int variants = list_variants(allowed);
    float *expected = run_case(&c, CM_CPU_SCALAR, 1);
    for (int v = -1; v < variants; v++)
        for (int threads = 1; threads <= 3; threads++) {
            float *got = run_case(&c, v < 0 ? CM_CPU_SCALAR : allowed[v], threads);
            for (int64_t i = 0; i < c.outputs; i++)
                if (memcmp(got + GUARD + i, expected + GUARD + i, sizeof *got) != 0) {
                    describe(&c);
                    print_error("variant %d, %d threads, output %lld: got %a, expected %a\n",
                                v < 0 ? 0 : allowed[v], threads, (long long)i, (double)got[GUARD + i],
                                (double)expected[GUARD + i]);
                    fail();
                }
            free(got);
        }
    free(expected);
    drop_case(&c);
}

static void same_bits(void **state)
{
    const uint64_t *only = *state;
    if (only)
        compare_case(*only);
    else
        for (uint64_t seed = 1; seed <= CASES; seed++)
            compare_case(seed);
}

static void same_bits_as_product(void **state)
{
    (void)state;
    for (uint64_t seed = PRODUCT_SEEDS + 1; seed <= PRODUCT_SEEDS + PRODUCT_CASES; seed++)
        compare_case(seed);
}

static void same_bits_by_winograd(void **state)
{
    (void)state;
    int64_t other_bits = 0;
    for (uint64_t seed = WINOGRAD_SEEDS + 1; seed <= WINOGRAD_SEEDS + WINOGRAD_CASES; seed++) {
        compare_case(seed);
        conv_case c = draw_case(seed);
        float *chosen = run_case(&c, -1, 1);
        for (int d = 0; d < 3; d++)
            c.p.in_extent[d] = 0; /* not known: the direct algorithm */
        float *direct = run_case(&c, -1, 1);
        other_bits += memcmp(chosen + GUARD, direct + GUARD, (size_t)c.outputs * sizeof *direct) != 0;
        free(chosen);
        free(direct);
        drop_case(&c);
    }
    assert_true(other_bits > WINOGRAD_CASES / 2); /* Winograd's algorithm was what ran */
}

/* Whether the kernels of an instruction set compute this by the algorithm of that name. */
static bool is_computed_by(const cm_conv *p, int allowed, const char *algorithm)
{
    cm_backend *be = NULL;
    cm_conv_plan *plan = NULL;
    ASSERT_OK(cm_backend_cpu_create(NULL, allowed, &be, err));
    ASSERT_OK(be->ops->conv_prepare(be, p, &plan, err));
    const char *kernel = be->ops->conv_kernel(plan);
    const size_t n = strcspn(kernel, ","); /* ", reference" may follow */
    const bool same = n == strlen(algorithm) && strncmp(kernel, algorithm, n) == 0;
    be->ops->conv_plan_destroy(be, plan);
    cm_backend_destroy(be);
    return same;
}

/* What docs/determinism.md says of flat convolutions, on this machine and on one without vectors. */
static void algorithm_follows_from_shape(void **state)
{
    (void)state;
    static const struct {
        int64_t in, out, extent[3];
        const char *algorithm;
    } shapes[] = {
        {64, 64, {1, 56, 56}, "winograd 4x4"},   {16, 32, {1, 13, 13}, "winograd 4x4"},
        {16, 16, {1, 56, 56}, "winograd"}, /* too few kernels, */
        {32, 40, {1, 56, 56}, "winograd"}, /* no whole vectors, */
        {32, 32, {1, 16, 12}, "winograd"}, /* too few tiles, */
        {32, 32, {1, 41, 5}, "winograd"},  /* too much of them beyond the edge */
        {32, 32, {2, 16, 12}, "winograd 4x4"},   {128, 128, {1, 16, 16}, "winograd 4x4"},
        {128, 144, {1, 24, 24}, "winograd"},     {128, 144, {1, 28, 28}, "winograd 4x4"},
        {256, 256, {1, 25, 28}, "winograd 4x4"}, {256, 272, {1, 32, 32}, "winograd"},
        {64, 64, {1, 5, 5}, "direct"},
    };
    static float weight[256 * 272 * 9];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        cm_conv p = {.spatial = 3,
                     .in_channels = shapes[i].in,
                     .out_channels = shapes[i].out,
                     .groups = 1,
                     .kernel = {1, 3, 3},
                     .stride = {1, 1, 1},
                     .dilation = {1, 1, 1},
                     .pad_lo = {0, 1, 1},
                     .pad_hi = {0, 1, 1},
                     .weight = weight};
        memcpy(p.in_extent, shapes[i].extent, sizeof p.in_extent);
        if (!is_computed_by(&p, CM_CPU_SCALAR, shapes[i].algorithm) ||
            (strcmp(shapes[i].algorithm, "direct") != 0 && !is_computed_by(&p, -1, shapes[i].algorithm)))
            fail_msg("shape %d is not computed by %s", (int)i, shapes[i].algorithm);
    }
}

static void same_bits_by_larger_tiles(void **state)
{
    (void)state;
    int taken = 0;
    for (uint64_t seed = TILED_SEEDS + 1; seed <= TILED_SEEDS + TILED_CASES; seed++) {
        conv_case c = draw_case(seed);
        taken += is_computed_by(&c.p, -1, "winograd 4x4");
        drop_case(&c);
        compare_case(seed);
    }
    assert_true(taken > TILED_CASES / 2);
}

int main(int argc, char **argv)
{
    uint64_t only = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(same_bits, argc > 1 ? &only : NULL), cmocka_unit_test(same_bits_as_product),
        cmocka_unit_test(same_bits_by_winograd), cmocka_unit_test(same_bits_by_larger_tiles),
        cmocka_unit_test(algorithm_follows_from_shape)};
    if (argc > 1)
        return cmocka_run_group_tests_name("one case", ((const struct CMUnitTest[]){tests[0]}), NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
