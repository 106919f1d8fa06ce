/* Plans survive every failing allocation (CM_ERR_NOMEM, and under the address sanitizer nothing leaks), and
 * running an operation allocates nothing at all. malloc and calloc are wrapped by the linker (--wrap). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/property/kernel_random.h"

static int64_t until_failure = -1; /* allocations that still succeed; < 0: all do */
static int64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fails_now(void)
{
    allocations++;
    return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

enum { N = 6 };
static float x_data[8 * N * N * N], y_data[64 * N * N * N], weight[8 * 8 * 27];

static const cm_conv conv = {.spatial = 3,
                             .in_channels = 4,
                             .out_channels = 4,
                             .groups = 1,
                             .kernel = {3, 3, 3},
                             .stride = {1, 1, 1},
                             .dilation = {1, 1, 1},
                             .pad_lo = {1, 1, 1},
                             .pad_hi = {1, 1, 1},
                             .weight = weight};

/* Of a shape that Winograd's algorithm takes. */
static const cm_conv winograd = {.spatial = 3,
                                 .in_channels = 8,
                                 .out_channels = 8,
                                 .groups = 1,
                                 .kernel = {3, 3, 3},
                                 .stride = {1, 1, 1},
                                 .dilation = {1, 1, 1},
                                 .pad_lo = {1, 1, 1},
                                 .pad_hi = {1, 1, 1},
                                 .in_extent = {N, N, N},
                                 .weight = weight};

static cm_status make_plans(int allowed, cm_error *err)
{
    cm_backend *be = NULL;
    cm_conv_plan *plain = NULL, *transposed = NULL, *tiled = NULL;
    cm_conv_cost cost;
    const cm_tensor x = F32(x_data, 1, 4, N, N, N), y = F32(y_data, 1, 4, N, N, N);
    cm_status st = cm_backend_cpu_create(NULL, allowed, &be, err);
    if (!st) st = be->ops->conv_prepare(be, &conv, &plain, err);
    if (!st) st = be->ops->conv_transposed_prepare(be, &conv, &transposed, err);
    if (!st) st = be->ops->conv_prepare(be, &winograd, &tiled, err);
    if (!st) st = be->ops->conv_cost(be, &conv, false, &x, &y, &cost, err);
    if (be) {
        be->ops->conv_plan_destroy(be, plain);
        be->ops->conv_plan_destroy(be, transposed);
        be->ops->conv_plan_destroy(be, tiled);
    }
    cm_backend_destroy(be);
    return st;
}

static void plans_survive(void **state)
{
    (void)state;
    for (int allowed = -1; allowed <= 0; allowed++) /* the best variant and the reference */
        for (int64_t k = 0;; k++) {
            cm_error err = {0};
            until_failure = k;
            const cm_status st = make_plans(allowed, &err);
            const bool untouched = until_failure >= 0;
            until_failure = -1;
            if (untouched) {
                assert_int_equal(st, CM_OK);
                assert_true(k >= 7); /* backend, three plans of at least two blocks */
                break;
            }
            assert_int_equal(st, CM_ERR_NOMEM);
            assert_true(err.what[0]);
        }
}

static void running_allocates_nothing(void **state)
{
    cm_backend *be = *state;
    cm_conv_plan *plan = NULL, *tiled = NULL;
    cm_tensor x = F32(x_data, 1, 4, N, N, N), y = F32(y_data, 1, 4, N, N, N),
              big = F32(y_data, 1, 4, 2 * N, 2 * N, 2 * N);
    cm_tensor a = F32(x_data, 20, 30), b = F32(x_data, 30, 25), c = F32(y_data, 20, 25),
              sums = F32(y_data, 4);
    const cm_pool window = {CM_POOL_AVERAGE, 3, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, true};
    const cm_resize twice = {.mode = CM_RESIZE_LINEAR, .scale = {1, 1, 2, 2, 2}};
    ASSERT_OK(be->ops->conv_prepare(be, &conv, &plan, err));
    void *workspace = malloc((size_t)be->ops->conv_workspace_bytes(plan, &x, &y) + 1);
    const cm_tensor x8 = F32(x_data, 1, 8, N, N, N);
    cm_tensor y8 = F32(y_data, 1, 8, N, N, N);
    cm_conv_cost cost;
    ASSERT_OK(be->ops->conv_prepare(be, &winograd, &tiled, err));
    ASSERT_OK(be->ops->conv_cost(be, &winograd, false, &x8, &y8, &cost, err));
    assert_int_equal(cost.plan_bytes, be->ops->conv_plan_bytes(tiled));
    assert_int_equal(cost.workspace_bytes, be->ops->conv_workspace_bytes(tiled, &x8, &y8));
    assert_true(cost.plan_bytes > 8 * 8 * 64 * 4); /* 64 products per tile: it was taken */
    void *tiles = malloc((size_t)cost.workspace_bytes + 1);
    const int64_t packed_count = be->ops->matmul_packed_count(be, 30, 25);
    cm_packed_matrix packed = {.data = aligned_alloc(64, (size_t)(packed_count + 15) / 16 * 64)};
    ASSERT_OK(be->ops->matmul_pack(be, &b, false, &packed, err));
    const int64_t before = allocations;
    ASSERT_OK(be->ops->conv_run(be, plan, &x, &y, workspace, NULL, err));
    ASSERT_OK(be->ops->conv_run(be, tiled, &x8, &y8, tiles, NULL, err));
    ASSERT_OK(be->ops->pool(be, &window, &x, &y, err));
    ASSERT_OK(be->ops->instance_norm(be, &x, weight, weight, 1e-5f, CM_ACTIVATION_RELU, 0, &y, err));
    ASSERT_OK(be->ops->resize(be, &twice, &x, &big, err));
    ASSERT_OK(be->ops->softmax(be, &x, 1, false, &y, err));
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_MEAN, &x, 29, &sums, err));
    ASSERT_OK(be->ops->matmul(be, &a, false, &b, false, 1, NULL, 0, &c, NULL, err));
    ASSERT_OK(be->ops->matmul_packed(be, &a, false, &packed, 1, NULL, 0, &c, NULL, err));
    ASSERT_OK(be->ops->binary(be, CM_BINARY_ADD, &x, &x, &y, err));
    ASSERT_OK(be->ops->transpose(be, (int[]){0, 1, 4, 3, 2}, &x, &y, err));
    assert_int_equal(allocations, before);
    free(workspace);
    free(tiles);
    free(packed.data);
    be->ops->conv_plan_destroy(be, plan);
    be->ops->conv_plan_destroy(be, tiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_survive),
        cmocka_unit_test_setup_teardown(running_allocates_nothing, make_backend, drop_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
