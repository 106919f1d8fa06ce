/* Elementwise functions, normalisation, softmax, reductions and matrix products give the bits of the scalar
 * reference on every instruction set of this machine and with any number of threads; and normalisation keeps
 * to a double reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/property/kernel_random.h"

typedef void (*operation)(cm_backend *be, uint64_t seed, float *y, int64_t *n);
enum { MOST = 1 << 17 };

static void run_on(operation op, int allowed, int n_threads, uint64_t seed, float *y, int64_t *n)
{
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    ASSERT_OK(cm_threads_create(n_threads, &pool, err));
    ASSERT_OK(cm_backend_cpu_create(pool, allowed, &be, err));
    op(be, seed, y, n);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
}

/* NaN must stand where NaN stood; its payload is nobody's promise. */
static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static void compare(operation op, int seeds)
{
    float *expected = malloc(MOST * sizeof *expected), *got = malloc(MOST * sizeof *got);
    int allowed[3];
    const int variants = list_variants(allowed);
    for (uint64_t seed = 1; seed <= (uint64_t)seeds; seed++) {
        int64_t n = 0, m = 0;
        run_on(op, CM_CPU_SCALAR, 1, seed, expected, &n);
        assert_true(n > 0 && n <= MOST);
        for (int v = -1; v < variants; v++)
            for (int threads = 1; threads <= 3; threads += 2) {
                run_on(op, v < 0 ? CM_CPU_SCALAR : allowed[v], threads, seed, got, &m);
                assert_int_equal(n, m);
                for (int64_t i = 0; i < n; i++)
                    if (!same(expected[i], got[i])) {
                        print_error("seed %llu, variant %d, %d threads, element %lld: got %a, expected %a\n",
                                    (unsigned long long)seed, v < 0 ? 0 : allowed[v], threads, (long long)i,
                                    (double)got[i], (double)expected[i]);
                        fail();
                    }
            }
    }
    free(expected);
    free(got);
}

/* Every function, over random bit patterns: all magnitudes, infinities, NaN, subnormals. */
static void all_unary(cm_backend *be, uint64_t seed, float *y, int64_t *n)
{
    static const cm_unary ops[] = {
        CM_UNARY_RELU,         CM_UNARY_LEAKY_RELU, CM_UNARY_ELU,      CM_UNARY_SIGMOID,
        CM_UNARY_TANH,         CM_UNARY_ERF,        CM_UNARY_EXP,      CM_UNARY_LOG,
        CM_UNARY_SQRT,         CM_UNARY_ABS,        CM_UNARY_NEG,      CM_UNARY_RECIPROCAL,
        CM_UNARY_FLOOR,        CM_UNARY_CEIL,       CM_UNARY_ROUND,    CM_UNARY_SOFTPLUS,
        CM_UNARY_HARD_SIGMOID, CM_UNARY_HARD_SWISH, CM_UNARY_GELU_ERF, CM_UNARY_GELU_TANH,
        CM_UNARY_CLIP,         CM_UNARY_SELU,       CM_UNARY_SIGN,     CM_UNARY_SILU,
        CM_UNARY_SIN,          CM_UNARY_COS,        CM_UNARY_TAN,      CM_UNARY_SOFTSIGN,
        CM_UNARY_MISH,         CM_UNARY_CELU,       CM_UNARY_SHRINK,   CM_UNARY_THRESHOLDED_RELU};
    enum { COUNT = 3001 };
    float x[COUNT];
    for (int i = 0; i < COUNT; i++) {
        const uint32_t bits = (uint32_t)(next_random(&seed) >> 32);
        if (i % 2)
            memcpy(x + i, &bits, sizeof bits);
        else
            x[i] = (float)(int32_t)bits * 0x1p-26f;
    }
    *n = 0;
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        memcpy(y + *n, x, sizeof x);
        cm_tensor t = F32(y + *n, COUNT);
        ASSERT_OK(be->ops->unary(be, ops[k], -0.7f, 1.3f, &t, &t, err)); /* in place */
        *n += COUNT;
    }
}

static void all_norms(cm_backend *be, uint64_t seed, float *y, int64_t *n)
{
    const int64_t groups = random_between(&seed, 1, 3), c = groups * random_between(&seed, 1, 3);
    const int64_t voxels = random_between(&seed, 1, 9000);
    float *x = random_floats(&seed, c * voxels), *scale = random_floats(&seed, c + voxels);
    cm_tensor tx = F32(x, 1, c, voxels), ty = F32(y, 1, c, voxels);
    const int64_t size = c * voxels;
    ASSERT_OK(
        be->ops->instance_norm(be, &tx, scale, scale + 1, 1e-5f, CM_ACTIVATION_LEAKY_RELU, 0.01f, &ty, err));
    ty.data = y + size;
    ASSERT_OK(be->ops->group_norm(be, &tx, groups, scale, scale, 1e-5f, CM_ACTIVATION_RELU, 0, &ty, err));
    *n = 2 * size;
    free(x);
    free(scale);
}

static void softmax_and_sums(cm_backend *be, uint64_t seed, float *y, int64_t *n)
{
    const int64_t a = random_between(&seed, 1, 3), b = random_between(&seed, 1, 40),
                  c = random_between(&seed, 1, 400);
    float *x = random_floats(&seed, a * b * c);
    const int64_t size = a * b * c;
    cm_tensor tx = F32(x, a, b, c);
    for (int axis = 0; axis < 3; axis++) {
        cm_tensor ty = F32(y + axis % 2 * size, a, b, c);
        ASSERT_OK(be->ops->softmax(be, &tx, axis, axis == 1, &ty, err));
    }
    *n = 2 * size;
    static const cm_reduce ops[] = {CM_REDUCE_L2,         CM_REDUCE_MEAN,       CM_REDUCE_L1,
                                    CM_REDUCE_MAX,        CM_REDUCE_SUM_SQUARE, CM_REDUCE_LOG_SUM,
                                    CM_REDUCE_LOG_SUM_EXP};
    for (uint32_t axes = 1; axes < 8; axes++) {
        cm_tensor r = F32(y + *n, axes & 1 ? 1 : a, axes & 2 ? 1 : b, axes & 4 ? 1 : c);
        ASSERT_OK(be->ops->reduce(be, ops[(axes + seed) % 7], &tx, axes, &r, err));
        *n += cm_tensor_count(&r);
    }
    free(x);
}

/* Sampling, sorting, running sums and scatters: only the split over threads could change a bit. */
static void places(cm_backend *be, uint64_t seed, float *y, int64_t *n)
{
    const int64_t c = random_between(&seed, 1, 5), h = random_between(&seed, 1, 40),
                  w = random_between(&seed, 1, 40);
    const int64_t size = c * h * w;
    float *x = random_floats(&seed, size), *grid = random_floats(&seed, 2 * h * w);
    int64_t *at = malloc((size_t)size * sizeof *at);
    const cm_tensor tx = F32(x, 1, c, h, w), tg = F32(grid, 1, h, w, 2), ti = I64(at, 1, c, h, w);
    *n = 0;
    for (int mode = 0; mode < 3; mode++) {
        const cm_grid_sample p = {(cm_sample_mode)mode, (cm_sample_padding)((seed + (uint64_t)mode) % 3),
                                  (seed & 2) != 0};
        cm_tensor ty = F32(y + *n, 1, c, h, w);
        ASSERT_OK(be->ops->grid_sample(be, &p, &tx, &tg, &ty, NULL, err));
        *n += size;
    }
    for (int axis = 1; axis < 4; axis++) {
        cm_tensor ty = F32(y + *n, 1, c, h, w), tt = ti;
        ASSERT_OK(be->ops->cumulative_sum(be, axis, axis == 2, axis == 3, &tx, &ty, err));
        *n += size;
        ty.data = y + *n;
        ASSERT_OK(be->ops->topk(be, axis, axis == 1, &tx, &ty, &tt, NULL, err));
        *n += size;
        for (int64_t i = 0; i < size; i++)
            at[i] = (int64_t)(next_random(&seed) % (uint64_t)ty.dim[axis]);
        ty.data = y + *n;
        ASSERT_OK(be->ops->scatter_elements(be, (cm_scatter)(axis - 1), &tx, &ti, &tx, axis, &ty, err));
        *n += size;
    }
    cm_tensor ty = F32(y + *n, 1, c, h, w);
    ASSERT_OK(be->ops->local_response_norm(be, 1 + (int64_t)(seed % 7), 0.3f, 0.75f, 1, &tx, &ty, err));
    *n += size;
    free(x);
    free(grid);
    free(at);
}

/* b packed once; what lies behind the place for it stays as it was. */
static void packed_product(cm_backend *be, const cm_tensor *a, bool turn_a, const cm_tensor *b, bool turn_b,
                           const cm_tensor *c, cm_tensor *y)
{
    enum { GUARD = 16 };
    const int64_t count = be->ops->matmul_packed_count(be, b->dim[turn_b], b->dim[!turn_b]);
    cm_packed_matrix packed = {.data = aligned_alloc(64, (size_t)(count + GUARD + 15) / 16 * 64)};
    assert_non_null(packed.data);
    memset(packed.data, 0x7f, (size_t)(count + GUARD) * sizeof(float));
    ASSERT_OK(be->ops->matmul_pack(be, b, turn_b, &packed, err));
    for (int64_t i = 0; i < (int64_t)(GUARD * sizeof(float)); i++)
        assert_int_equal(((const unsigned char *)(packed.data + count))[i], 0x7f);
    ASSERT_OK(be->ops->matmul_packed(be, a, turn_a, &packed, 0.7f, c, 2, y, NULL, err));
    free(packed.data);
}

static void products(cm_backend *be, uint64_t seed, float *y, int64_t *n)
{
    const bool tall = next_random(&seed) % 4 == 0; /* more than one tile of rows, ... */
    const bool deep = next_random(&seed) % 8 == 0; /* more than one stretch along k */
    const int64_t m = deep ? random_between(&seed, 200, 300) : random_between(&seed, 1, tall ? 300 : 70);
    const int64_t k = deep ? random_between(&seed, 600, 1000) : random_between(&seed, 1, 300);
    const int64_t columns = random_between(&seed, 1, deep ? 20 : tall ? 70 : 460);
    const int64_t addend = next_random(&seed) % 4; /* per row, per column, every element, none */
    const bool turn_a = next_random(&seed) & 1, turn_b = next_random(&seed) & 1;
    float *a = random_floats(&seed, 2 * m * k), *b = random_floats(&seed, k * columns);
    float *c = random_floats(&seed, m * columns);
    cm_tensor ta = F32(a, 2, turn_a ? k : m, turn_a ? m : k);
    cm_tensor tb = F32(b, turn_b ? columns : k, turn_b ? k : columns);
    cm_tensor ty = F32(y, 2, m, columns), tc = F32(c, addend == 1 ? 1 : m, addend ? columns : 1);
    ASSERT_OK(be->ops->matmul(be, &ta, turn_a, &tb, turn_b, addend == 2 ? 1.0f : 0.3f,
                              addend < 3 ? &tc : NULL, 2, &ty, NULL, err));
    ty.data = y + 2 * m * columns;
    packed_product(be, &ta, turn_a, &tb, turn_b, addend < 3 ? &tc : NULL, &ty);
    *n = 4 * m * columns;
    free(c);
    free(a);
    free(b);
}

static void unary_bits(void **state)
{
    (void)state;
    compare(all_unary, 20);
}

static void norm_bits(void **state)
{
    (void)state;
    compare(all_norms, 20);
}

static void softmax_and_sum_bits(void **state)
{
    (void)state;
    compare(softmax_and_sums, 20);
}

static void place_bits(void **state)
{
    (void)state;
    compare(places, 20);
}

static void product_bits(void **state)
{
    (void)state;
    compare(products, 60);
}

/* |error| <= half an ulp of the result plus what double statistics lose: n terms of 2^-53 relative to the
 * largest deviation, amplified by the scale. A large offset must not hurt. */
static void norm_against_double(void **state)
{
    enum { N = 5000 };
    static float x[N], y[N];
    uint64_t seed = 7;
    for (int i = 0; i < N; i++)
        x[i] = 1e4f + random_float(&seed) * (i % 3 ? 1.0f : 1e-3f);
    long double mean = 0, variance = 0;
    for (int i = 0; i < N; i++)
        mean += (long double)x[i] / N;
    for (int i = 0; i < N; i++)
        variance += ((long double)x[i] - mean) * ((long double)x[i] - mean) / N;
    const long double inv = 1 / sqrtl(variance + 1e-5f);
    cm_tensor tx = F32(x, 1, 1, N), ty = F32(y, 1, 1, N);
    ASSERT_OK(((cm_backend *)*state)
                  ->ops->instance_norm(*state, &tx, (float[]){2}, (float[]){-3}, 1e-5f, CM_ACTIVATION_NONE, 0,
                                       &ty, err));
    for (int i = 0; i < N; i++) {
        const double expected = (double)(((long double)x[i] - mean) * inv * 2 - 3);
        const double bound = 0x1p-24 * fabs(expected) + N * 0x1p-53 * 1e6 * (double)inv * 2;
        assert_true(fabs((double)y[i] - expected) <= bound);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_bits),
        cmocka_unit_test(norm_bits),
        cmocka_unit_test(softmax_and_sum_bits),
        cmocka_unit_test(place_bits),
        cmocka_unit_test(product_bits),
        cmocka_unit_test_setup_teardown(norm_against_double, make_backend, drop_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
