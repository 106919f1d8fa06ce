/* Probing a suspect: only a signal of the child is a crash; launcher variables do not reach it; a stop ends
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/run/worker_internal.h"

static char root[] = "/tmp/cohmark-suspect.XXXXXX";

/* A stand-in for the program: a script with the given body. */
static cm_probe probe_with(const char *body, cm_stop *stop, int *number)
{
    char path[256], text[512];
    snprintf(path, sizeof path, "%s/program", root);
    int n = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    assert_int_equal(cm_file_write(path, text, n, NULL), CM_OK);
    assert_int_equal(chmod(path, 0755), 0);
    const cm_work work = {.tool = 2, .suspect = 1, .case_number = 7, .case_index = 9};
    return cm_suspect_probe(path, root, &work, stop, number);
}

static void only_a_signal_is_a_crash(void **state)
{
    (void)state;
    cm_stop stop = {0};
    int number = 0;
    assert_int_equal(probe_with("exit 0", &stop, &number), CM_PROBE_PASSED);
    assert_int_equal(probe_with("exit 3", &stop, &number), CM_PROBE_PASSED);
    assert_int_equal(probe_with("kill -SEGV $$", &stop, &number), CM_PROBE_CRASHED);
    assert_int_equal(number, 11);
}

static void the_child_gets_the_item_and_no_launcher(void **state)
{
    (void)state;
    cm_stop stop = {0};
    int number = 0;
    setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
    assert_int_equal(
        probe_with(
            "[ \"$1 $2 $3\" = 'run --probe 2:7' ] && [ -z \"$OMPI_COMM_WORLD_SIZE\" ] || kill -ABRT $$",
            &stop, &number),
        CM_PROBE_PASSED);
    unsetenv("OMPI_COMM_WORLD_SIZE");
}

static void a_stop_ends_the_child(void **state)
{
    (void)state;
    cm_stop stop = {0};
    int number = 0;
    atomic_store(&stop.requested, 1);
    assert_int_equal(probe_with("exec sleep 60", &stop, &number), CM_PROBE_STOPPED);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return cm_folder_remove(root, NULL) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_a_signal_is_a_crash),
                                       cmocka_unit_test(the_child_gets_the_item_and_no_launcher),
                                       cmocka_unit_test(a_stop_ends_the_child)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
