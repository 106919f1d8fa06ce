/* Exit codes are pinned, errors print on one line, numbers parse whole or not at all. */
#include "tests/scratch.h"

#include <fcntl.h>

#include "engine/cli/cli.h"

static void exit_codes_are_pinned(void **state)
{
    (void)state;
    const struct {
        cm_status status;
        int code;
    } pinned[] = {{CM_OK, 0},
                  {CM_ERR_ARG, 2},
                  {CM_ERR_FORMAT, 3},
                  {CM_ERR_TRUNCATED, 3},
                  {CM_ERR_SCHEMA, 3},
                  {CM_ERR_MISMATCH, 3},
                  {CM_ERR_NOT_FOUND, 3},
                  {CM_ERR_EXISTS, 3},
                  {CM_ERR_UNSUPPORTED, 3},
                  {CM_ERR_EMPTY, 3},
                  {CM_ERR_DAMAGED, 3},
                  {CM_ERR_NOMEM, 5},
                  {CM_ERR_LIMIT, 5},
                  {CM_ERR_TIMEOUT, 5},
                  {CM_ERR_IO, 7},
                  {CM_ERR_POLICY, 6},
                  {CM_ERR_PRIVACY, 6},
                  {CM_ERR_ENV, 7},
                  {CM_ERR_STOPPED, 75},
                  {CM_ERR_INTERNAL, 1},
                  {(cm_status)99, 1}};
    for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++)
        assert_int_equal(cm_exit_code(pinned[i].status), pinned[i].code);
}

static void errors_print_on_one_printable_line(void **state)
{
    (void)state;
    cm_error err = {0};
    char text[256] = "";
    (void)CM_FAIL(&err, CM_ERR_TRUNCATED, .what = "image data is cut short", .where = "bad\x1B[2J\n.nii",
                  .why = "10 promised, 7 found", .next = "Copy it again");
    fflush(stderr);
    int kept = dup(STDERR_FILENO), fd = open("stderr", O_RDWR | O_CREAT, 0600);
    dup2(fd, STDERR_FILENO);
    int code = cm_print_error(&err), usage = cm_usage_error("run", "unknown option %s", "--x");
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
    close(fd);
    assert_int_equal(code, 3);
    assert_int_equal(usage, 2);
    assert_string_equal(
        text, "cohmark: bad?[2J?.nii: image data is cut short: 10 promised, 7 found. Copy it again\n"
              "cohmark run: unknown option --x. See cohmark run --help\n");
}

static void numbers_are_whole_and_in_range(void **state)
{
    (void)state;
    long long value = -1;
    assert_true(cm_parse_integer("42", 0, 100, &value));
    assert_true(value == 42);
    assert_true(cm_parse_integer("-7", -7, 0, &value));
    assert_true(value == -7);
    const char *const bad[] = {
        "", "x", "4x", " 4", "+4", "4.0", "0x10", "101", "-1", "-", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cm_parse_integer(bad[i], 0, 100, &value));
    assert_false(cm_parse_integer(NULL, 0, 100, &value));
    assert_true(value == -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_are_pinned),
        cmocka_unit_test_setup_teardown(errors_print_on_one_printable_line, scratch_enter, scratch_leave),
        cmocka_unit_test(numbers_are_whole_and_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
