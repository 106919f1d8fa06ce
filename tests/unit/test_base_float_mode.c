/* A thread that flushes subnormal numbers to zero, or rounds otherwise, is put right; threads of a pool are
 * from their start, whoever starts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fenv.h>
#include <unistd.h>

#include "engine/base/float_mode.h"
#include "engine/base/threads.h"

/* As a library linked with -ffast-math does; false where this test does not know how. */
static bool flush_to_zero(void)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);
    return true;
#elif defined(__aarch64__)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | UINT64_C(1) << 24));
    return true;
#else
    return false;
#endif
}

static bool keeps_subnormals(void)
{
    volatile float smallest_normal = 0x1p-126f;
    const volatile float half = smallest_normal * 0.5f;
    return half != 0;
}

static bool rounds_to_nearest(void)
{
    volatile float one = 1, little = 0x1p-30f;
    return one + little == 1 && -one - little == -1;
}

static void the_calling_thread(void **state)
{
    (void)state;
    assert_false(cm_float_mode_restore());
    if (flush_to_zero()) {
        assert_false(keeps_subnormals());
        assert_true(cm_float_mode_restore());
    }
    assert_true(keeps_subnormals());
    assert_int_equal(fesetround(FE_UPWARD), 0);
    assert_false(rounds_to_nearest());
    assert_true(cm_float_mode_restore());
    assert_true(rounds_to_nearest() && !cm_float_mode_restore());
}

typedef struct seen {
    atomic_int wrong, by_others;
} seen;

static void look(void *context, int64_t task, int worker)
{
    seen *s = context;
    (void)task;
    if (worker != 0) {
        if (!keeps_subnormals()) s->wrong++;
        s->by_others++;
    }
    usleep(500); /* so that every thread gets some */
}

static void threads_of_a_pool(void **state)
{
    (void)state;
    seen s = {0};
    cm_threads *pool = NULL;
    if (!flush_to_zero()) skip();
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK); /* they inherit the mode of this one */
    cm_threads_for(pool, 60, look, &s);
    cm_threads_destroy(pool);
    assert_true(cm_float_mode_restore());
    assert_true(s.by_others > 0);
    assert_int_equal(s.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calling_thread),
        cmocka_unit_test(threads_of_a_pool),
    };
    return cmocka_run_group_tests_name("unit.base.float_mode", tests, NULL, NULL);
}
