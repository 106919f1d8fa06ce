/* Operations that move elements, against arrangements written out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/kernel_fixture.h"

static const float x6[6] = {1, 2, 3, 4, 5, 6};

static void padding(void **state)
{
    cm_backend *be = *state;
    float y[12];
    cm_tensor tx = F32(x6, 3), seven = F32(y, 7);
    ASSERT_OK(be->ops->pad(be, CM_PAD_CONSTANT, (int64_t[]){2}, (int64_t[]){2}, 9, &tx, &seven, err));
    ASSERT_FLOATS(y, 9, 9, 1, 2, 3, 9, 9);
    ASSERT_OK(be->ops->pad(be, CM_PAD_EDGE, (int64_t[]){2}, (int64_t[]){2}, 9, &tx, &seven, err));
    ASSERT_FLOATS(y, 1, 1, 1, 2, 3, 3, 3);
    ASSERT_OK(be->ops->pad(be, CM_PAD_REFLECT, (int64_t[]){2}, (int64_t[]){2}, 9, &tx, &seven, err));
    ASSERT_FLOATS(y, 3, 2, 1, 2, 3, 2, 1);
    cm_tensor matrix = F32(x6, 2, 3), cropped = F32(y, 3, 2);
    ASSERT_OK(
        be->ops->pad(be, CM_PAD_CONSTANT, (int64_t[]){1, -1}, (int64_t[]){0, 0}, 0, &matrix, &cropped, err));
    ASSERT_FLOATS(y, 0, 0, 2, 3, 5, 6);
    const int64_t w[1] = {7};
    int64_t v[3];
    cm_tensor tw = I64(w, 1), tv = I64(v, 3);
    ASSERT_OK(be->ops->pad(be, CM_PAD_CONSTANT, (int64_t[]){1}, (int64_t[]){1}, -3, &tw, &tv, err));
    ASSERT_WHOLES(v, -3, 7, -3);
}

static void concatenation(void **state)
{
    cm_backend *be = *state;
    const float more[2] = {7, 8};
    float y[8];
    cm_tensor a = F32(x6, 2, 3), b = F32(more, 2, 1), ty = F32(y, 2, 4);
    ASSERT_OK(be->ops->concat(be, 2, (const cm_tensor *[]){&a, &b}, 1, &ty, err));
    ASSERT_FLOATS(y, 1, 2, 3, 7, 4, 5, 6, 8);
    assert_int_equal(be->ops->concat(be, 1, (const cm_tensor *[]){&a}, 1, &ty, NULL), CM_ERR_ARG);
}

static void slicing(void **state)
{
    cm_backend *be = *state;
    float y[4];
    cm_tensor tx = F32(x6, 2, 3), ty = F32(y, 2, 2);
    ASSERT_OK(be->ops->slice(be, (int64_t[]){0, 2}, (int64_t[]){1, -2}, &tx, &ty, err));
    ASSERT_FLOATS(y, 3, 1, 6, 4);
    assert_int_equal(be->ops->slice(be, (int64_t[]){0, 2}, (int64_t[]){1, 1}, &tx, &ty, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->slice(be, (int64_t[]){1, 0}, (int64_t[]){1, 1}, &tx, &ty, NULL), CM_ERR_ARG);
    cm_tensor none = F32(y, 0, 2);
    ASSERT_OK(be->ops->slice(be, (int64_t[]){2, 0}, (int64_t[]){1, 1}, &tx, &none, err));
}

static void transposition(void **state)
{
    cm_backend *be = *state;
    float y[6];
    cm_tensor tx = F32(x6, 2, 3), ty = F32(y, 3, 2);
    ASSERT_OK(be->ops->transpose(be, (int[]){1, 0}, &tx, &ty, err));
    ASSERT_FLOATS(y, 1, 4, 2, 5, 3, 6);
    assert_int_equal(be->ops->transpose(be, (int[]){1, 1}, &tx, &ty, NULL), CM_ERR_ARG);
    cm_tensor t3 = F32(x6, 1, 2, 3), u3 = F32(y, 3, 1, 2);
    ASSERT_OK(be->ops->transpose(be, (int[]){2, 0, 1}, &t3, &u3, err));
    ASSERT_FLOATS(y, 1, 4, 2, 5, 3, 6);
}

static void gathering(void **state)
{
    cm_backend *be = *state;
    float y[4];
    const int64_t good[2] = {2, -3}, bad[2] = {0, 3}, below[2] = {0, -4};
    cm_tensor tx = F32(x6, 2, 3), ty = F32(y, 2, 2), ti = I64(good, 2);
    ASSERT_OK(be->ops->gather(be, &tx, &ti, 1, &ty, err));
    ASSERT_FLOATS(y, 3, 1, 6, 4);
    cm_tensor tb = I64(bad, 2), tl = I64(below, 2);
    assert_int_equal(be->ops->gather(be, &tx, &tb, 1, &ty, NULL), CM_ERR_ARG);
    assert_int_equal(be->ops->gather(be, &tx, &tl, 1, &ty, NULL), CM_ERR_ARG);
    const int64_t one[1] = {1};
    cm_tensor scalar = view_of(CM_ELEMENT_I64, one, 0, NULL), row = F32(y, 3);
    ASSERT_OK(be->ops->gather(be, &tx, &scalar, 0, &row, err));
    ASSERT_FLOATS(y, 4, 5, 6);
}

static void repeating(void **state)
{
    cm_backend *be = *state;
    float y[12];
    cm_tensor row = F32(x6, 3), two = F32(y, 2, 3), column = F32(x6, 2, 1);
    ASSERT_OK(be->ops->expand(be, &row, &two, err));
    ASSERT_FLOATS(y, 1, 2, 3, 1, 2, 3);
    ASSERT_OK(be->ops->expand(be, &column, &two, err));
    ASSERT_FLOATS(y, 1, 1, 1, 2, 2, 2);
    cm_tensor small = F32(x6, 1, 2), tiled = F32(y, 2, 6);
    ASSERT_OK(be->ops->tile(be, &small, &tiled, err));
    ASSERT_FLOATS(y, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2);
    cm_tensor odd = F32(y, 2, 5);
    assert_int_equal(be->ops->tile(be, &small, &odd, NULL), CM_ERR_ARG);
}

/* A row longer than one piece of the copy loop arrives whole. */
static void long_copies(void **state)
{
    enum { N = 200001 };
    static uint8_t from[N], to[N];
    cm_backend *be = *state;
    for (int i = 0; i < N; i++)
        from[i] = (uint8_t)(i * 7);
    cm_tensor a = VIEW(CM_ELEMENT_U8, from, N), b = VIEW(CM_ELEMENT_U8, to, 3, N / 3);
    ASSERT_OK(be->ops->copy(be, &a, &b, err));
    assert_memory_equal(from, to, N);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_backend, drop_backend)
    const struct CMUnitTest tests[] = {
        TEST(padding),   TEST(concatenation), TEST(slicing),     TEST(transposition),
        TEST(gathering), TEST(repeating),     TEST(long_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
