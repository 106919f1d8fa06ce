/* Large arrays in a file without a name: as memory, but not kept in the process, and nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/spill.h"

enum { BYTES = 16 << 20 };

static int make_folder(void **state)
{
    char name[] = "/tmp/cohmark-spill.XXXXXX";
    *state = mkdtemp(name) ? strdup(name) : NULL;
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    cm_folder_remove(*state, NULL);
    free(*state);
    return 0;
}

static int64_t files_in(const char *folder)
{
    char **names;
    int64_t n;
    assert_int_equal(cm_folder_list(folder, &names, &n, NULL), CM_OK);
    cm_names_free(names, n);
    return n;
}

/* Bytes of the process that are in memory, files that are mapped among them. */
static int64_t resident(void)
{
    long long all, here;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return -1;
    const int read = fscanf(file, "%lld %lld", &all, &here);
    fclose(file);
    return read == 2 ? here * sysconf(_SC_PAGESIZE) : -1;
}

static uint8_t mark(int64_t i)
{
    return (uint8_t)(i * 2654435761u >> 7);
}

static void check_memory(const char *folder)
{
    cm_spill *s = NULL;
    assert_int_equal(cm_spill_create(folder, BYTES, &s, NULL), CM_OK);
    uint8_t *byte = cm_spill_memory(s);
    for (int64_t i = 0; i < BYTES; i++)
        if (byte[i]) fail_msg("byte %lld is %d at first", (long long)i, byte[i]);
    for (int64_t i = 0; i < BYTES; i++)
        byte[i] = mark(i);
    cm_spill_release(s);
    for (int64_t i = 0; i < BYTES; i++)
        if (byte[i] != mark(i)) fail_msg("byte %lld is lost", (long long)i);
    cm_spill_destroy(s);
}

static void keeps_what_was_written(void **state)
{
    check_memory(NULL);
    check_memory(*state);
}

static void leaves_nothing_in_the_folder(void **state)
{
    cm_spill *s = NULL;
    assert_int_equal(cm_spill_create(*state, BYTES, &s, NULL), CM_OK);
    memset(cm_spill_memory(s), 1, BYTES);
    assert_int_equal(files_in(*state), 0); /* so a process that is killed now leaves none */
    cm_spill_destroy(s);
}

static void released_memory_is_not_the_process_s(void **state)
{
    cm_spill *s = NULL;
    if (resident() < 0) skip();
    assert_int_equal(cm_spill_create(*state, BYTES, &s, NULL), CM_OK);
    memset(cm_spill_memory(s), 1, BYTES);
    const int64_t before = resident();
    cm_spill_release(s);
    const int64_t after = resident();
    cm_spill_destroy(s);
    if (before - after < BYTES / 2)
        fail_msg("%lld bytes before, %lld after", (long long)before, (long long)after);
}

static void says_where_there_is_no_room(void **state)
{
    cm_spill *s = NULL;
    cm_error err = {0};
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20; /* as a full disk, for this process alone */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const cm_status status = cm_spill_create(*state, BYTES, &s, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, CM_ERR_IO);
    assert_string_equal(err.where, *state);
    assert_non_null(strstr(err.why, "17 MB are needed"));
    assert_non_null(strstr(err.next, "TMPDIR"));
    assert_null(s);
    assert_int_equal(files_in(*state), 0);

    char *nowhere = cm_path_join(*state, "not-there");
    err = (cm_error){0};
    assert_int_equal(cm_spill_create(nowhere, BYTES, &s, &err), CM_ERR_IO);
    assert_string_equal(err.where, nowhere);
    free(nowhere);
    cm_spill_release(NULL);
    cm_spill_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_what_was_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(leaves_nothing_in_the_folder, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(released_memory_is_not_the_process_s, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(says_where_there_is_no_room, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
