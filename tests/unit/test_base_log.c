/* The log writes one JSON object a line whatever is in a message; progress speaks plainly off a terminal. */
#include "tests/scratch.h"

#include <fcntl.h>
#include <jansson.h>

#include "engine/base/log.h"
#include "engine/base/threads.h"

/* Sends stderr to a file; returns what to put back. */
static int divert_stderr(const char *path)
{
    fflush(stderr);
    int kept = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
    return kept;
}

static char *restore_stderr(int kept, const char *path)
{
    char *text = NULL;
    int64_t bytes = 0;
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_int_equal(cm_file_read(path, 1 << 20, &text, &bytes, NULL), CM_OK);
    return text;
}

static void messages_go_to_both_places(void **state)
{
    (void)state;
    cm_log *log = NULL;
    cm_error err = {0};
    int kept = divert_stderr("terminal");
    assert_int_equal(cm_log_create(CM_LEVEL_WARNING, "log.jsonl", 3, &log, NULL), CM_OK);
    cm_log_write(log, CM_LEVEL_INFO, "case.done", "dropped on the terminal, %d", 1);
    cm_log_write(log, CM_LEVEL_WARNING, "case.odd", "bad \x1B[31m \"bytes\" \xFF\n");
    (void)CM_FAIL(&err, CM_ERR_IO, .what = "disk is full", .where = "case 7");
    cm_log_error(log, "case.failed", &err);
    cm_log_write(NULL, CM_LEVEL_ERROR, "x", "nowhere");
    cm_log_destroy(log);
    cm_log_destroy(NULL);
    char *terminal = restore_stderr(kept, "terminal");
    assert_string_equal(terminal,
                        "cohmark: warning: bad ?[31m \"bytes\" ??\ncohmark: error: case 7: disk is full\n");
    free(terminal);

    const char *const messages[] = {"dropped on the terminal, 1", "bad ?[31m \"bytes\" ??",
                                    "case 7: disk is full"};
    const char *const levels[] = {"info", "warning", "error"};
    const char *const events[] = {"case.done", "case.odd", "case.failed"};
    FILE *file = fopen("log.jsonl", "r");
    assert_non_null(file);
    for (int i = 0; i < 3; i++) {
        json_t *line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(line);
        assert_int_equal(json_object_size(line), 5);
        assert_string_equal(json_string_value(json_object_get(line, "message")), messages[i]);
        assert_string_equal(json_string_value(json_object_get(line, "level")), levels[i]);
        assert_string_equal(json_string_value(json_object_get(line, "event")), events[i]);
        assert_int_equal(json_integer_value(json_object_get(line, "rank")), 3);
        const char *time = json_string_value(json_object_get(line, "time"));
        assert_int_equal(strlen(time), strlen("2026-05-04T11:22:33.456Z"));
        json_decref(line);
    }
    fclose(file);
}

static void write_some(void *context, int64_t task, int worker)
{
    (void)worker;
    cm_log_write(context, CM_LEVEL_DEBUG, "task", "task %lld", (long long)task);
}

static void threads_do_not_mix_lines(void **state)
{
    (void)state;
    cm_log *log = NULL;
    cm_threads *pool = NULL;
    int seen[200] = {0};
    assert_int_equal(cm_log_create(CM_LEVEL_ERROR, "log.jsonl", 0, &log, NULL), CM_OK);
    assert_int_equal(cm_threads_create(4, &pool, NULL), CM_OK);
    cm_threads_for(pool, 200, write_some, log);
    cm_threads_destroy(pool);
    cm_log_destroy(log);
    FILE *file = fopen("log.jsonl", "r");
    assert_non_null(file);
    for (int i = 0; i < 200; i++) {
        json_t *line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
        int task = -1;
        assert_non_null(line);
        assert_int_equal(sscanf(json_string_value(json_object_get(line, "message")), "task %d", &task), 1);
        assert_in_range(task, 0, 199);
        seen[task]++;
        json_decref(line);
    }
    fclose(file);
    for (int i = 0; i < 200; i++)
        assert_int_equal(seen[i], 1);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    cm_log *log = NULL;
    assert_int_equal(cm_log_create(CM_LEVEL_INFO, "absent/log.jsonl", 0, &log, NULL), CM_ERR_IO);
    assert_null(log);
}

static void progress_ends_with_one_plain_line(void **state)
{
    (void)state;
    cm_progress *progress = NULL;
    int kept = divert_stderr("terminal");
    assert_int_equal(cm_progress_create("cases", 4, false, &progress, NULL), CM_OK);
    for (int i = 0; i <= 4; i++)
        cm_progress_update(progress, i, i / 2);
    cm_progress_destroy(progress);
    assert_int_equal(cm_progress_create("quiet", 4, true, &progress, NULL), CM_OK);
    cm_progress_update(progress, 4, 0);
    cm_progress_destroy(progress);
    cm_progress_update(NULL, 1, 0);
    cm_progress_destroy(NULL);
    char *terminal = restore_stderr(kept, "terminal");
    assert_memory_equal(terminal, "cohmark: cases: 4 of 4, 2 failed, ", 34);
    assert_ptr_equal(strchr(terminal, '\n'), terminal + strlen(terminal) - 1);
    assert_null(strchr(terminal, '\r'));
    free(terminal);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(messages_go_to_both_places),
        IN_SCRATCH(threads_do_not_mix_lines),
        IN_SCRATCH(a_log_that_cannot_be_opened_is_an_error),
        IN_SCRATCH(progress_ends_with_one_plain_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
