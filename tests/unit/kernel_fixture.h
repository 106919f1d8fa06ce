/* Small helpers of the kernel tests: views on C arrays and comparisons of bits. Included after cmocka.h. */
#ifndef CM_TESTS_UNIT_KERNEL_FIXTURE_H
#define CM_TESTS_UNIT_KERNEL_FIXTURE_H

#include "kernels/backend.h"

#include <stdio.h>
#include <string.h>

static inline cm_tensor view_of(cm_element element, const void *data, int rank, const int64_t *dim)
{
    cm_tensor t = {.element = element, .rank = rank, .data = (void *)data};
    for (int i = 0; i < rank; i++)
        t.dim[i] = dim[i];
    return t;
}

/* VIEW(CM_ELEMENT_F32, array, 1, 2, 3): a tensor of shape [1][2][3] over array. */
#define VIEW(element, data, ...)                                                                             \
    view_of((element), (data), (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),                    \
            (int64_t[]){__VA_ARGS__})
#define F32(data, ...) VIEW(CM_ELEMENT_F32, data, __VA_ARGS__)
#define I64(data, ...) VIEW(CM_ELEMENT_I64, data, __VA_ARGS__)

static inline void assert_floats(const float *got, const float *expected, size_t n, const char *file,
                                 int line)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(got + i, expected + i, sizeof *got) != 0) {
            print_error("element %zu: got %.9g, expected %.9g\n", i, (double)got[i], (double)expected[i]);
            _fail(file, line);
        }
}
/* ASSERT_FLOATS(got, 1, 2, 3): the first elements of got have exactly these bits. */
#define ASSERT_FLOATS(got, ...)                                                                              \
    assert_floats((got), (float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / sizeof(float), __FILE__,   \
                  __LINE__)

static inline void assert_wholes(const int64_t *got, const int64_t *expected, size_t n, const char *file,
                                 int line)
{
    for (size_t i = 0; i < n; i++)
        if (got[i] != expected[i]) {
            print_error("element %zu: got %lld, expected %lld\n", i, (long long)got[i],
                        (long long)expected[i]);
            _fail(file, line);
        }
}
#define ASSERT_WHOLES(got, ...)                                                                              \
    assert_wholes((got), (int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),       \
                  __FILE__, __LINE__)

#define ASSERT_OK(call)                                                                                      \
    do {                                                                                                     \
        cm_error call_error = {0};                                                                           \
        cm_error *const err = &call_error;                                                                   \
        const cm_status call_status = (call);                                                                \
        if (call_status) {                                                                                   \
            print_error("%s: %s\n", call_error.what, call_error.why);                                        \
            fail();                                                                                          \
        }                                                                                                    \
    } while (0)

static inline int make_backend(void **state)
{
    cm_backend *be = NULL;
    const cm_status st = cm_backend_cpu_create(NULL, -1, &be, NULL);
    *state = be;
    return st ? -1 : 0;
}

static inline int drop_backend(void **state)
{
    cm_backend_destroy(*state);
    return 0;
}

#endif
