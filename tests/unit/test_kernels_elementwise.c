/* Elementwise operations, where, cast, softmax and reductions against values worked out by hand (or, for the
 * transcendental functions, correctly rounded from mpmath 1.3 with 50 digits). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "tests/unit/kernel_fixture.h"

static void unary_row(cm_backend *be, cm_unary op, float alpha, float beta, const float *x, float *y,
                      int64_t n)
{
    cm_tensor tx = F32(x, n), ty = F32(y, n);
    ASSERT_OK(be->ops->unary(be, op, alpha, beta, &tx, &ty, err));
}

static void exact_functions(void **state)
{
    cm_backend *be = *state;
    const float x[5] = {-2.0f, -0.5f, 0.0f, 0.5f, 2.5f};
    float y[5];
    unary_row(be, CM_UNARY_RELU, 0, 0, x, y, 5);
    ASSERT_FLOATS(y, 0, 0, 0, 0.5f, 2.5f);
    unary_row(be, CM_UNARY_LEAKY_RELU, 0.25f, 0, x, y, 5);
    ASSERT_FLOATS(y, -0.5f, -0.125f, 0, 0.5f, 2.5f);
    unary_row(be, CM_UNARY_ROUND, 0, 0, x, y, 5); /* half to even */
    ASSERT_FLOATS(y, -2, -0.0f, 0, 0, 2);
    unary_row(be, CM_UNARY_CLIP, -1, 2, x, y, 5);
    ASSERT_FLOATS(y, -1, -0.5f, 0, 0.5f, 2);
    unary_row(be, CM_UNARY_HARD_SIGMOID, 0.25f, 0.5f, x, y, 5);
    ASSERT_FLOATS(y, 0, 0.375f, 0.5f, 0.625f, 1);
    unary_row(be, CM_UNARY_HARD_SWISH, 0, 0, (const float[]){-4, -3, 0, 3, 4}, y, 5);
    ASSERT_FLOATS(y, -0.0f, -0.0f, 0, 3, 4);
    unary_row(be, CM_UNARY_SIGN, 0, 0, x, y, 5);
    ASSERT_FLOATS(y, -1, -1, 0, 1, 1);
    unary_row(be, CM_UNARY_RECIPROCAL, 0, 0, (const float[]){4, -0.5f}, y, 2);
    ASSERT_FLOATS(y, 0.25f, -2);
}

/* A NaN must reach the output, where it is seen; it must not become 0 on the way. */
static void nan_is_kept(void **state)
{
    static const cm_unary ops[] = {
        CM_UNARY_RELU, CM_UNARY_LEAKY_RELU,   CM_UNARY_ELU,    CM_UNARY_SIGMOID,
        CM_UNARY_TANH, CM_UNARY_ERF,          CM_UNARY_EXP,    CM_UNARY_LOG,
        CM_UNARY_CLIP, CM_UNARY_HARD_SIGMOID, CM_UNARY_SELU,   CM_UNARY_GELU_ERF,
        CM_UNARY_SIGN, CM_UNARY_SOFTPLUS,     CM_UNARY_SILU,   CM_UNARY_GELU_TANH,
        CM_UNARY_SIN,  CM_UNARY_COS,          CM_UNARY_TAN,    CM_UNARY_MISH,
        CM_UNARY_CELU, CM_UNARY_SOFTSIGN,     CM_UNARY_SHRINK, CM_UNARY_THRESHOLDED_RELU};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        float y[1] = {0};
        unary_row(*state, ops[i], -1, 1, (const float[]){NAN}, y, 1);
        assert_true(isnan(y[0]));
    }
}

static void transcendental_functions(void **state)
{
    cm_backend *be = *state;
    float y[6];
    unary_row(be, CM_UNARY_EXP, 0, 0, (const float[]){0, 1, -1, 88, -104, 89}, y, 6);
    ASSERT_FLOATS(y, 1, 0x1.5bf0a8p+1f, 0x1.78b564p-2f, 0x1.f1056ep+126f, 0, INFINITY);
    unary_row(be, CM_UNARY_LOG, 0, 0, (const float[]){1, 2, 0.5f, 0, INFINITY, 0x1p-149f}, y, 6);
    ASSERT_FLOATS(y, 0, 0x1.62e43p-1f, -0x1.62e43p-1f, -INFINITY, INFINITY, -0x1.9d1da0p+6f);
    unary_row(be, CM_UNARY_LOG, 0, 0, (const float[]){-1}, y, 1);
    assert_true(isnan(y[0]));
    unary_row(be, CM_UNARY_SIGMOID, 0, 0, (const float[]){0, INFINITY, -INFINITY}, y, 3);
    ASSERT_FLOATS(y, 0.5f, 1, 0);
    unary_row(be, CM_UNARY_TANH, 0, 0, (const float[]){0, 1, INFINITY, -INFINITY, 1e-30f}, y, 5);
    ASSERT_FLOATS(y, 0, 0x1.85efacp-1f, 1, -1, 1e-30f);
    unary_row(be, CM_UNARY_ERF, 0, 0, (const float[]){0, 1, -1, 9}, y, 4);
    ASSERT_FLOATS(y, 0, 0x1.af767ap-1f, -0x1.af767ap-1f, 1);
    unary_row(be, CM_UNARY_ELU, 2, 0, (const float[]){-1e-30f, 3, -INFINITY}, y, 3);
    ASSERT_FLOATS(y, -2e-30f, 3, -2);
    unary_row(be, CM_UNARY_SOFTPLUS, 0, 0, (const float[]){0, 100, -104}, y, 2);
    ASSERT_FLOATS(y, 0x1.62e43p-1f, 100);
}

static void whole_arithmetic(void **state)
{
    cm_backend *be = *state;
    const int64_t a[4] = {7, -7, INT64_MIN, 5}, b[4] = {2, 2, -1, 3};
    int64_t y[4];
    cm_tensor ta = I64(a, 4), tb = I64(b, 4), ty = I64(y, 4);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_DIV, &ta, &tb, &ty, err));
    ASSERT_WHOLES(y, 3, -3, INT64_MIN, 1);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_MOD, &ta, &tb, &ty, err));
    ASSERT_WHOLES(y, 1, 1, 0, 2);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_POW, &ta, &tb, &ty, err));
    ASSERT_WHOLES(y, 49, 49, 0, 125);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_MUL, &ta, &tb, &ty, err));
    ASSERT_WHOLES(y, 14, -14, INT64_MIN, 15);
}

static void division_by_zero_is_refused(void **state)
{
    cm_backend *be = *state;
    const int64_t a[2] = {7, 8}, b[2] = {2, 0};
    int64_t y[2] = {-1, -1};
    cm_tensor ta = I64(a, 2), tb = I64(b, 2), ty = I64(y, 2);
    assert_int_equal(be->ops->binary(be, CM_BINARY_DIV, &ta, &tb, &ty, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->binary(be, CM_BINARY_MOD, &ta, &tb, &ty, NULL), CM_ERR_ARG);
    ASSERT_WHOLES(y, -1, -1);
}

static void broadcasting(void **state)
{
    cm_backend *be = *state;
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[2] = {10, 20}, scalar[1] = {100};
    float y[12];
    cm_tensor ta = F32(a, 2, 1, 3), tb = F32(b, 2, 1), ty = F32(y, 2, 2, 3);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_ADD, &ta, &tb, &ty, err));
    ASSERT_FLOATS(y, 11, 12, 13, 21, 22, 23, 14, 15, 16, 24, 25, 26);
    cm_tensor ts = view_of(CM_ELEMENT_F32, scalar, 0, NULL);
    cm_tensor row = F32(a, 6), out = F32(y, 6);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_SUB, &ts, &row, &out, err));
    ASSERT_FLOATS(y, 99, 98, 97, 96, 95, 94);
    cm_tensor wrong = F32(a, 4);
    assert_int_equal(be->ops->binary(be, CM_BINARY_ADD, &row, &wrong, &out, NULL), CM_ERR_ARG);
}

/* The output may be either input, also where the other is broadcast, in rows longer than any vector. */
static void in_place(void **state)
{
    enum { LONG = 1003 };
    cm_backend *be = *state;
    float a[LONG], b[LONG];
    const float two[1] = {2};
    for (int i = 0; i < LONG; i++) {
        a[i] = (float)i;
        b[i] = (float)(2 * i);
    }
    cm_tensor ta = F32(a, LONG), tb = F32(b, LONG), ts = F32(two, 1);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_ADD, &ta, &tb, &tb, err));
    ASSERT_OK(be->ops->binary(be, CM_BINARY_MUL, &tb, &ts, &tb, err));
    ASSERT_OK(be->ops->binary(be, CM_BINARY_SUB, &ts, &ta, &ta, err));
    for (int i = 0; i < LONG; i++)
        assert_true(b[i] == (float)(6 * i) && a[i] == (float)(2 - i));
}

static void comparison_and_choice(void **state)
{
    cm_backend *be = *state;
    const float a[3] = {1, 2, NAN}, b[3] = {2, 2, 2};
    uint8_t less[3];
    cm_tensor ta = F32(a, 3), tb = F32(b, 3), tl = VIEW(CM_ELEMENT_BOOL, less, 3);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_LESS, &ta, &tb, &tl, err));
    assert_memory_equal(less, ((uint8_t[]){1, 0, 0}), 3);
    float y[3];
    cm_tensor ty = F32(y, 3);
    ASSERT_OK(be->ops->where(be, &tl, &ta, &tb, &ty, err));
    ASSERT_FLOATS(y, 1, 2, 2);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_MAX, &ta, &tb, &ty, err));
    assert_true(y[0] == 2 && y[1] == 2 && isnan(y[2]));
}

static void powers(void **state)
{
    cm_backend *be = *state;
    const float a[7] = {3, 2, -2, -2, 0, 0, 4}, b[7] = {2, 0.5f, 3, 0.5f, -1, 0, -0.5f};
    float y[7];
    cm_tensor ta = F32(a, 7), tb = F32(b, 7), ty = F32(y, 7);
    ASSERT_OK(be->ops->binary(be, CM_BINARY_POW, &ta, &tb, &ty, err));
    assert_true(isnan(y[3]));
    y[3] = 0;
    ASSERT_FLOATS(y, 9, 0x1.6a09e6p+0f, -8, 0, INFINITY, 1, 0.5f);
}

static void casts(void **state)
{
    cm_backend *be = *state;
    const float x[6] = {1.9f, -1.9f, NAN, 1e30f, -1e30f, 0.25f};
    int64_t whole[6];
    uint8_t flag[6];
    cm_tensor tx = F32(x, 6), tw = I64(whole, 6), tb = VIEW(CM_ELEMENT_BOOL, flag, 6);
    ASSERT_OK(be->ops->cast(be, &tx, &tw, err));
    ASSERT_WHOLES(whole, 1, -1, 0, INT64_MAX, INT64_MIN, 0);
    ASSERT_OK(be->ops->cast(be, &tx, &tb, err));
    assert_memory_equal(flag, ((uint8_t[]){1, 1, 1, 1, 1, 1}), 6);
}

static void softmax(void **state)
{
    cm_backend *be = *state;
    /* equal logits share evenly; a logit 200 lower gets nothing; no overflow at 1000 */
    const float x[6] = {1000, 1, 1000, 1, 800, 1};
    float y[6];
    cm_tensor tx = F32(x, 3, 2), ty = F32(y, 3, 2);
    ASSERT_OK(be->ops->softmax(be, &tx, 0, false, &ty, err));
    ASSERT_FLOATS(y, 0.5f, 1.0f / 3, 0.5f, 1.0f / 3, 0, 1.0f / 3);
    ASSERT_OK(be->ops->softmax(be, &tx, 1, true, &ty, err));
    ASSERT_FLOATS(y, 0, -999, 0, -999, 0, -799);
}

static void reductions(void **state)
{
    cm_backend *be = *state;
    const float x[6] = {1, 5, 3, 4, 5, -6};
    float y[6];
    int64_t at[3];
    cm_tensor tx = F32(x, 2, 3), rows = F32(y, 2), columns = F32(y, 1, 3),
              all = view_of(CM_ELEMENT_F32, y, 0, NULL);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_SUM, &tx, 2, &rows, err));
    ASSERT_FLOATS(y, 9, 3);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_MEAN, &tx, 1, &columns, err));
    ASSERT_FLOATS(y, 2.5f, 5, -1.5f);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_MAX, &tx, 3, &all, err));
    ASSERT_FLOATS(y, 5);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_L2, &tx, 1, &columns, err));
    ASSERT_FLOATS(y, 0x1.07e0f6p+2f, 0x1.c48c6p+2f, 0x1.ad5336p+2f);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_PROD, &tx, 3, &all, err));
    ASSERT_FLOATS(y, -1800);
    cm_tensor ta = I64(at, 3);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_ARGMAX, &tx, 1, &ta, err));
    ASSERT_WHOLES(at, 1, 0, 0); /* a tie goes to the lowest */
    const int64_t w[4] = {1, 2, 3, 4};
    int64_t product[1];
    cm_tensor tw = I64(w, 4), tp = I64(product, 1);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_PROD, &tw, 1, &tp, err));
    ASSERT_WHOLES(product, 24);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_L1, &tx, 2, &rows, err));
    ASSERT_FLOATS(y, 9, 15);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_SUM_SQUARE, &tx, 1, &columns, err));
    ASSERT_FLOATS(y, 17, 50, 45);
    const float e[2] = {100, 100};
    cm_tensor te = F32(e, 2), one = F32(y, 1);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_LOG_SUM_EXP, &te, 1, &one, err));
    ASSERT_FLOATS(y, 0x1.92c5c8p+6f); /* 100 + ln 2, though e^100 is no float */
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_LOG_SUM, &te, 1, &one, err));
    ASSERT_FLOATS(y, 0x1.5317a2p+2f); /* ln 200 */
    cm_tensor last = I64(at, 1);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_ARGMAX_LAST, &te, 1, &last, err));
    ASSERT_WHOLES(at, 1);
    cm_tensor empty = F32(x, 2, 0), two = F32(y, 2), two_at = I64(at, 2);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_MAX, &empty, 2, &two, err));
    ASSERT_FLOATS(y, -INFINITY, -INFINITY);
    ASSERT_OK(be->ops->reduce(be, CM_REDUCE_PROD, &empty, 2, &two, err));
    ASSERT_FLOATS(y, 1, 1);
    assert_int_equal(be->ops->reduce(be, CM_REDUCE_ARGMAX, &empty, 2, &two_at, NULL), CM_ERR_ARG);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_backend, drop_backend)
    const struct CMUnitTest tests[] = {
        TEST(exact_functions),
        TEST(nan_is_kept),
        TEST(transcendental_functions),
        TEST(whole_arithmetic),
        TEST(division_by_zero_is_refused),
        TEST(broadcasting),
        TEST(in_place),
        TEST(comparison_and_choice),
        TEST(powers),
        TEST(casts),
        TEST(softmax),
        TEST(reductions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
