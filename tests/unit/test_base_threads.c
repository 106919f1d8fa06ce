/* The pool runs every task once, gives no two running tasks the same worker number, and can be used again;
 * the stop signal says stopped before timeout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/base/threads.h"

enum { MAX_TASKS = 1000, MAX_WORKERS = 8 };

typedef struct record {
    int n_workers;
    atomic_int runs[MAX_TASKS];
    atomic_int busy[MAX_WORKERS];
    atomic_int faults;
} record;

static void note_task(void *context, int64_t task, int worker)
{
    record *r = context;
    if (task < 0 || task >= MAX_TASKS || worker < 0 || worker >= r->n_workers) {
        atomic_fetch_add(&r->faults, 1);
        return;
    }
    if (atomic_exchange(&r->busy[worker], 1)) atomic_fetch_add(&r->faults, 1);
    atomic_fetch_add(&r->runs[task], 1);
    atomic_store(&r->busy[worker], 0);
}

static void check_pool(cm_threads *pool, int64_t n_tasks)
{
    record *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->n_workers = cm_threads_count(pool);
    cm_threads_for(pool, n_tasks, note_task, r);
    for (int64_t i = 0; i < MAX_TASKS; i++)
        assert_int_equal(atomic_load(&r->runs[i]), i < n_tasks ? 1 : 0);
    assert_int_equal(atomic_load(&r->faults), 0);
    free(r);
}

static void each_task_runs_once(void **state)
{
    (void)state;
    const int64_t n_tasks[] = {0, 1, 2, 3, 7, 31, MAX_TASKS};
    for (int n_threads = 1; n_threads <= MAX_WORKERS; n_threads++) {
        cm_threads *pool = NULL;
        assert_int_equal(cm_threads_create(n_threads, &pool, NULL), CM_OK);
        assert_int_equal(cm_threads_count(pool), n_threads);
        for (int repeat = 0; repeat < 20; repeat++) {
            for (size_t i = 0; i < sizeof n_tasks / sizeof *n_tasks; i++)
                check_pool(pool, n_tasks[i]);
        }
        cm_threads_destroy(pool);
    }
}

static void append_task(void *context, int64_t task, int worker)
{
    int64_t **next = context;
    assert_int_equal(worker, 0);
    *(*next)++ = task;
}

static void without_a_pool_tasks_run_in_order(void **state)
{
    (void)state;
    int64_t order[5] = {-1, -1, -1, -1, -1}, *next = order;
    assert_int_equal(cm_threads_count(NULL), 1);
    cm_threads_for(NULL, 5, append_task, &next);
    for (int64_t i = 0; i < 5; i++)
        assert_true(order[i] == i);
    check_pool(NULL, MAX_TASKS);
    cm_threads_destroy(NULL);
}

static void a_senseless_number_of_threads_is_refused(void **state)
{
    (void)state;
    cm_threads *pool = NULL;
    cm_error err = {0};
    assert_int_equal(cm_threads_create(0, &pool, &err), CM_ERR_ARG);
    assert_non_null(strstr(err.why, "1 to 1024"));
    assert_int_equal(cm_threads_create(1025, &pool, NULL), CM_ERR_ARG);
    assert_int_equal(cm_threads_create(-1, &pool, NULL), CM_ERR_ARG);
    assert_null(pool);
}

static void stop_says_why(void **state)
{
    (void)state;
    cm_stop stop = {0};
    assert_int_equal(cm_stop_due(NULL), CM_OK);
    assert_int_equal(cm_stop_due(&stop), CM_OK);
    stop.deadline_s = cm_now_s() + 3600;
    assert_int_equal(cm_stop_due(&stop), CM_OK);
    stop.deadline_s = cm_now_s() - 1;
    assert_int_equal(cm_stop_due(&stop), CM_ERR_TIMEOUT);
    atomic_store(&stop.requested, 1);
    assert_int_equal(cm_stop_due(&stop), CM_ERR_STOPPED);
}

static void clocks_run(void **state)
{
    (void)state;
    const double wall = cm_now_s(), process = cm_process_cpu_s(), thread = cm_thread_cpu_s();
    volatile double sum = 0;
    while (cm_thread_cpu_s() - thread < 0.01)
        sum = sum + 1;
    assert_true(cm_now_s() - wall >= 0.009);
    assert_true(cm_process_cpu_s() - process >= 0.009);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_runs_once),
        cmocka_unit_test(without_a_pool_tasks_run_in_order),
        cmocka_unit_test(a_senseless_number_of_threads_is_refused),
        cmocka_unit_test(stop_says_why),
        cmocka_unit_test(clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
