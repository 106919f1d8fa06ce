/* Operations on feature maps (convolution, pooling, normalisation, resize) and matrix products against values
 * worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "tests/unit/kernel_fixture.h"

static void convolve(cm_backend *be, const cm_conv *p, bool transposed, cm_tensor *x, cm_tensor *y)
{
    cm_conv_plan *plan = NULL;
    cm_conv_cost cost;
    if (transposed)
        ASSERT_OK(be->ops->conv_transposed_prepare(be, p, &plan, err));
    else
        ASSERT_OK(be->ops->conv_prepare(be, p, &plan, err));
    const int64_t bytes = be->ops->conv_workspace_bytes(plan, x, y);
    void *workspace = malloc((size_t)bytes + 1);
    ASSERT_OK(be->ops->conv_run(be, plan, x, y, workspace, NULL, err));
    ASSERT_OK(be->ops->conv_cost(be, p, transposed, x, y, &cost, err));
    assert_int_equal(cost.plan_bytes, be->ops->conv_plan_bytes(plan));
    assert_int_equal(cost.workspace_bytes, bytes);
    free(workspace);
    be->ops->conv_plan_destroy(be, plan);
}

static void convolution(void **state)
{
    cm_backend *be = *state;
    const float x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[4] = {1, 10, 100, 1000}, bias[1] = {0.5f};
    cm_conv p = {.spatial = 2,
                 .in_channels = 1,
                 .out_channels = 1,
                 .groups = 1,
                 .kernel = {1, 2, 2},
                 .stride = {1, 1, 1},
                 .dilation = {1, 1, 1},
                 .weight = w,
                 .bias = bias};
    float y[16];
    cm_tensor tx = F32(x, 1, 1, 3, 3), ty = F32(y, 1, 1, 2, 2);
    convolve(be, &p, false, &tx, &ty);
    ASSERT_FLOATS(y, 5421.5f, 6532.5f, 8754.5f, 9865.5f); /* 1 + 20 + 400 + 5000 + 0.5 ... */
    p.pad_lo[1] = p.pad_lo[2] = 1;
    p.stride[1] = p.stride[2] = 2;
    convolve(be, &p, false, &tx, &ty); /* corners of the padded image */
    ASSERT_FLOATS(y, 1000.5f, 3200.5f, 7040.5f, 9865.5f);
    p.activation = CM_ACTIVATION_LEAKY_RELU;
    p.alpha = 0.5f;
    p.bias = (const float[]){-4000.0f};
    convolve(be, &p, false, &tx, &ty);
    ASSERT_FLOATS(y, -1500, -400, 3040, 5865);
}

static void grouped_dilated_convolution(void **state)
{
    cm_backend *be = *state;
    const float x[10] = {1, 2, 3, 4, 5, 10, 20, 30, 40, 50}, w[4] = {1, 2, 3, 4};
    const cm_conv p = {.spatial = 1,
                       .in_channels = 2,
                       .out_channels = 2,
                       .groups = 2,
                       .kernel = {1, 1, 2},
                       .stride = {1, 1, 1},
                       .dilation = {1, 1, 2},
                       .weight = w};
    float y[6];
    cm_tensor tx = F32(x, 1, 2, 5), ty = F32(y, 1, 2, 3);
    convolve(be, &p, false, &tx, &ty);
    ASSERT_FLOATS(y, 7, 10, 13, 150, 220, 290);
    cm_tensor wrong = F32(y, 1, 2, 4);
    cm_conv_cost cost;
    assert_int_equal(be->ops->conv_cost(be, &p, false, &tx, &wrong, &cost, NULL), CM_ERR_ARG);
}

static void transposed_convolution(void **state)
{
    cm_backend *be = *state;
    const float x[3] = {1, 2, 3}, w[3] = {1, 10, 100};
    cm_conv p = {.spatial = 1,
                 .in_channels = 1,
                 .out_channels = 1,
                 .groups = 1,
                 .kernel = {1, 1, 2},
                 .stride = {1, 1, 2},
                 .dilation = {1, 1, 1},
                 .weight = w};
    float y[7];
    cm_tensor tx = F32(x, 1, 1, 3), ty = F32(y, 1, 1, 6);
    convolve(be, &p, true, &tx, &ty); /* every input element stamps the kernel */
    ASSERT_FLOATS(y, 1, 10, 2, 20, 3, 30);
    p.kernel[2] = 3; /* stamps overlap by one; padding cuts the first, output padding adds one */
    p.pad_lo[2] = p.pad_hi[2] = 1;
    p.output_padding[2] = 1;
    convolve(be, &p, true, &tx, &ty);
    ASSERT_FLOATS(y, 10, 102, 20, 203, 30, 300);
}

static void stopping(void **state)
{
    cm_backend *be = *state;
    const float x[4] = {1, 2, 3, 4}, w[1] = {1};
    const cm_conv p = {.spatial = 1,
                       .in_channels = 1,
                       .out_channels = 1,
                       .groups = 1,
                       .kernel = {1, 1, 1},
                       .stride = {1, 1, 1},
                       .dilation = {1, 1, 1},
                       .weight = w};
    float y[4];
    cm_tensor tx = F32(x, 1, 1, 4), ty = F32(y, 1, 1, 4);
    cm_conv_plan *plan = NULL;
    ASSERT_OK(be->ops->conv_prepare(be, &p, &plan, err));
    void *workspace = malloc((size_t)be->ops->conv_workspace_bytes(plan, &tx, &ty) + 1);
    const cm_stop stop = {.requested = 1}, late = {.deadline_s = 1e-9};
    assert_int_equal(be->ops->conv_run(be, plan, &tx, &ty, workspace, &stop, NULL), CM_ERR_STOPPED);
    assert_int_equal(be->ops->conv_run(be, plan, &tx, &ty, workspace, &late, NULL), CM_ERR_TIMEOUT);
    cm_tensor ta = F32(x, 2, 2), tb = F32(y, 2, 2);
    assert_int_equal(be->ops->matmul(be, &ta, false, &ta, false, 1, NULL, 0, &tb, &stop, NULL),
                     CM_ERR_STOPPED);
    free(workspace);
    be->ops->conv_plan_destroy(be, plan);
}

static void pooling(void **state)
{
    cm_backend *be = *state;
    const float x[5] = {1, -2, 3, 4, 8};
    float y[4];
    cm_pool p = {
        .kind = CM_POOL_MAX, .spatial = 1, .kernel = {1, 1, 2}, .stride = {1, 1, 2}, .dilation = {1, 1, 1}};
    cm_tensor tx = F32(x, 1, 1, 5), floor_mode = F32(y, 1, 1, 2), ceil_mode = F32(y, 1, 1, 3);
    ASSERT_OK(be->ops->pool(be, &p, &tx, &floor_mode, err));
    ASSERT_FLOATS(y, 1, 4);
    ASSERT_OK(be->ops->pool(be, &p, &tx, &ceil_mode, err));
    ASSERT_FLOATS(y, 1, 4, 8);
    p.kind = CM_POOL_AVERAGE;
    ASSERT_OK(be->ops->pool(be, &p, &tx, &ceil_mode, err));
    ASSERT_FLOATS(y, -0.5f, 3.5f, 8);
    p.pad_lo[2] = 1; /* windows (pad,1) (-2,3) (4,8) */
    ASSERT_OK(be->ops->pool(be, &p, &tx, &ceil_mode, err));
    ASSERT_FLOATS(y, 1, 0.5f, 6);
    p.count_include_pad = true;
    ASSERT_OK(be->ops->pool(be, &p, &tx, &ceil_mode, err));
    ASSERT_FLOATS(y, 0.5f, 0.5f, 6);
    p = (cm_pool){
        .kind = CM_POOL_MAX, .spatial = 1, .kernel = {1, 1, 2}, .stride = {1, 1, 1}, .dilation = {1, 1, 3}};
    cm_tensor two = F32(y, 1, 1, 2);
    ASSERT_OK(be->ops->pool(be, &p, &tx, &two, err));
    ASSERT_FLOATS(y, 4, 8);
}

static void normalisation(void **state)
{
    cm_backend *be = *state;
    const float x[8] = {1, 3, 1, 3, 10, 10, 14, 14}, scale[2] = {1, 2}, bias[2] = {0, 1};
    float y[8];
    cm_tensor tx = F32(x, 1, 2, 4), ty = F32(y, 1, 2, 4);
    /* means 2 and 12, deviations 1 and 2 */
    ASSERT_OK(be->ops->instance_norm(be, &tx, scale, bias, 0, CM_ACTIVATION_RELU, 0, &ty, err));
    ASSERT_FLOATS(y, 0, 1, 0, 1, 0, 0, 3, 3);
    /* one group: mean 7, squares 36 16 36 16 9 9 49 49 = 220 / 8 = 27.5, + 8.5 = 36 */
    ASSERT_OK(be->ops->group_norm(be, &tx, 1, scale, bias, 8.5f, CM_ACTIVATION_NONE, 0, &ty, err));
    ASSERT_FLOATS(y, -1, -2.0f / 3, -1, -2.0f / 3, 2, 2, 10.0f / 3, 10.0f / 3);
    const float gamma[4] = {1, 1, 1, 2};
    ASSERT_OK(be->ops->layer_norm(be, &tx, 2, gamma, NULL, 0, &ty, err));
    ASSERT_FLOATS(y, -1, 1, -1, 2, -1, -1, 1, 2);
    ASSERT_OK(be->ops->affine_channels(be, &tx, scale, bias, CM_ACTIVATION_NONE, 0, &ty, err));
    ASSERT_FLOATS(y, 1, 3, 1, 3, 21, 21, 29, 29);
    assert_int_equal(be->ops->group_norm(be, &tx, 3, scale, bias, 0, CM_ACTIVATION_NONE, 0, &ty, NULL),
                     CM_ERR_ARG);
}

static void matrix_products(void **state)
{
    cm_backend *be = *state;
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 0, 1, 1, 1}, c[2] = {100, 200};
    float y[8];
    cm_tensor ta = F32(a, 2, 3), tb = F32(b, 3, 2), tc = F32(c, 2), ty = F32(y, 2, 2);
    ASSERT_OK(be->ops->matmul(be, &ta, false, &tb, false, 1, NULL, 0, &ty, NULL, err));
    ASSERT_FLOATS(y, 4, 5, 10, 11);
    ASSERT_OK(be->ops->matmul(be, &ta, false, &tb, false, 2, &tc, 0.5f, &ty, NULL, err));
    ASSERT_FLOATS(y, 58, 110, 70, 122);
    cm_tensor at = F32(a, 3, 2), bt = F32(b, 2, 3);
    ASSERT_OK(be->ops->matmul(be, &at, true, &bt, true, 1, NULL, 0, &ty, NULL, err));
    /* a' = [1 3 5; 2 4 6], b' = [1 1; 0 1; 0 1] */
    ASSERT_FLOATS(y, 1, 9, 2, 12);
    cm_tensor batch = F32(a, 2, 1, 3), out = F32(y, 2, 1, 2);
    ASSERT_OK(be->ops->matmul(be, &batch, false, &tb, false, 1, NULL, 0, &out, NULL, err));
    ASSERT_FLOATS(y, 4, 5, 10, 11);
    assert_int_equal(be->ops->matmul(be, &ta, false, &ta, false, 1, NULL, 0, &ty, NULL, NULL), CM_ERR_ARG);
}

/* A matrix on the right that is packed once gives the same products; one that does not fit is refused. */
static void packed_products(void **state)
{
    cm_backend *be = *state;
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 0, 1, 1, 1}, c[2] = {100, 200};
    _Alignas(64) float packed[256];
    float y[8];
    cm_tensor ta = F32(a, 2, 3), tb = F32(b, 3, 2), tc = F32(c, 2), ty = F32(y, 2, 2), bt = F32(b, 2, 3);
    cm_packed_matrix matrix = {.data = packed};
    assert_in_range(be->ops->matmul_packed_count(be, 3, 2), 3 * 2, 256);
    ASSERT_OK(be->ops->matmul_pack(be, &tb, false, &matrix, err));
    assert_true(matrix.k == 3 && matrix.n == 2);
    ASSERT_OK(be->ops->matmul_packed(be, &ta, false, &matrix, 2, &tc, 0.5f, &ty, NULL, err));
    ASSERT_FLOATS(y, 58, 110, 70, 122);
    cm_tensor batch = F32(a, 2, 1, 3), out = F32(y, 2, 1, 2);
    ASSERT_OK(be->ops->matmul_packed(be, &batch, false, &matrix, 1, NULL, 0, &out, NULL, err));
    ASSERT_FLOATS(y, 4, 5, 10, 11);
    assert_int_equal(be->ops->matmul_packed(be, &tb, false, &matrix, 1, NULL, 0, &ty, NULL, NULL),
                     CM_ERR_ARG);
    assert_int_equal(be->ops->matmul_pack(be, &batch, false, &matrix, NULL), CM_ERR_ARG);
    ASSERT_OK(be->ops->matmul_pack(be, &bt, true, &matrix, err));
    ASSERT_OK(be->ops->matmul_packed(be, &ta, false, &matrix, 1, NULL, 0, &ty, NULL, err));
    ASSERT_FLOATS(y, 1, 6, 4, 15); /* b' = [1 1; 0 1; 0 1] */
}

static void resizing(void **state)
{
    cm_backend *be = *state;
    const float x[2] = {0, 4};
    float y[5];
    cm_tensor tx = F32(x, 1, 1, 2), four = F32(y, 1, 1, 4), five = F32(y, 1, 1, 5);
    cm_resize p = {.mode = CM_RESIZE_LINEAR, .coordinates = CM_COORD_HALF_PIXEL, .scale = {1, 1, 2}};
    ASSERT_OK(be->ops->resize(be, &p, &tx, &four, err));
    ASSERT_FLOATS(y, 0, 1, 3, 4);
    p.coordinates = CM_COORD_ASYMMETRIC;
    ASSERT_OK(be->ops->resize(be, &p, &tx, &four, err));
    ASSERT_FLOATS(y, 0, 2, 4, 4);
    p.coordinates = CM_COORD_ALIGN_CORNERS;
    p.scale[2] = 2.5;
    ASSERT_OK(be->ops->resize(be, &p, &tx, &five, err));
    ASSERT_FLOATS(y, 0, 1, 2, 3, 4);
    p = (cm_resize){.mode = CM_RESIZE_NEAREST,
                    .coordinates = CM_COORD_ASYMMETRIC,
                    .nearest = CM_NEAREST_FLOOR,
                    .scale = {1, 1, 2}};
    ASSERT_OK(be->ops->resize(be, &p, &tx, &four, err));
    ASSERT_FLOATS(y, 0, 0, 4, 4);
    p.nearest = CM_NEAREST_CEIL;
    ASSERT_OK(be->ops->resize(be, &p, &tx, &four, err));
    ASSERT_FLOATS(y, 0, 4, 4, 4);
    /* cubic, a = -0.75, halfway between equal neighbours keeps the value */
    p = (cm_resize){
        .mode = CM_RESIZE_CUBIC, .coordinates = CM_COORD_HALF_PIXEL, .scale = {1, 1, 2}, .cubic_a = -0.75f};
    const float flat[2] = {4, 4};
    cm_tensor tf = F32(flat, 1, 1, 2);
    ASSERT_OK(be->ops->resize(be, &p, &tf, &four, err));
    ASSERT_FLOATS(y, 4, 4, 4, 4);
    /* at x = 0.25 the weights are -0.10546875, 0.87890625, 0.26171875, -0.03515625 */
    ASSERT_OK(be->ops->resize(be, &p, &tx, &four, err));
    assert_float_equal(y[1], 4 * (0.26171875f - 0.03515625f), 1e-6f);
}

static void resizing_in_two_dimensions(void **state)
{
    cm_backend *be = *state;
    const float x[4] = {0, 4, 8, 12};
    float y[16];
    cm_tensor tx = F32(x, 1, 1, 2, 2), ty = F32(y, 1, 1, 4, 4);
    const cm_resize p = {.mode = CM_RESIZE_LINEAR, .coordinates = CM_COORD_HALF_PIXEL, .scale = {1, 1, 2, 2}};
    ASSERT_OK(be->ops->resize(be, &p, &tx, &ty, err));
    ASSERT_FLOATS(y, 0, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_backend, drop_backend)
    const struct CMUnitTest tests[] = {
        TEST(convolution),
        TEST(grouped_dilated_convolution),
        TEST(transposed_convolution),
        TEST(stopping),
        TEST(pooling),
        TEST(normalisation),
        TEST(matrix_products),
        TEST(packed_products),
        TEST(resizing),
        TEST(resizing_in_two_dimensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
