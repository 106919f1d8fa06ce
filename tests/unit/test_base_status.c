/* Errors: pinned numbers and names, first one wins, context, cutting, checked products. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/base/status.h"
#include "engine/base/team.h"

#include <stdlib.h>

static void numbers_and_names_are_pinned(void **state)
{
    (void)state;
    const struct {
        int number;
        const char *name;
    } pinned[] = {{0, "ok"},           {10, "argument"},    {11, "format"},    {12, "truncated"},
                  {13, "schema"},      {14, "mismatch"},    {15, "not-found"}, {16, "exists"},
                  {17, "unsupported"}, {18, "empty"},       {19, "damaged"},   {30, "no-memory"},
                  {31, "limit"},       {32, "timeout"},     {33, "io"},        {50, "policy"},
                  {51, "privacy"},     {60, "environment"}, {70, "stopped"},   {90, "internal"},
                  {20, "unknown"},     {-1, "unknown"}};
    for (size_t i = 0; i < sizeof pinned / sizeof *pinned; i++)
        assert_string_equal(cm_status_name((cm_status)pinned[i].number), pinned[i].name);
}

static cm_status fail_twice(cm_error *err)
{
    (void)CM_FAIL(err, CM_ERR_TRUNCATED, .what = "image data is cut short", .where = "t1.nii",
                  .why = cm_strf("%d bytes promised, %d found", 10, 7).s, .next = "Copy the file again");
    return CM_FAIL(err, CM_ERR_IO, .what = "second");
}

static void the_first_error_wins_and_reads_as_one_line(void **state)
{
    (void)state;
    cm_error err = {0};
    char text[256];
    assert_int_equal(fail_twice(&err), CM_ERR_IO);
    assert_int_equal(err.status, CM_ERR_TRUNCATED);
    assert_string_equal(err.what, "image data is cut short");
    assert_non_null(strstr(err.file, "test_base_status.c"));
    cm_error_context(&err, "case 0041");
    cm_error_format(&err, text, sizeof text);
    assert_string_equal(text,
                        "case 0041: t1.nii: image data is cut short: 10 bytes promised, 7 found. Copy the "
                        "file again");
}

static void a_null_error_is_fine(void **state)
{
    (void)state;
    assert_int_equal(fail_twice(NULL), CM_ERR_IO);
    cm_error_context(NULL, "x");
    cm_error unset = {0};
    cm_error_context(&unset, "x");
    assert_string_equal(unset.where, "");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    cm_error err = {0};
    char text[1000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2) /* two-byte letters, so that an odd place is inside one */
        memcpy(text + i, "\xC3\xA9", 2);
    text[998] = '\0';
    (void)CM_FAIL(&err, CM_ERR_ARG, .what = text, .where = text, .why = text, .next = text);
    assert_int_equal(strlen(err.what), sizeof err.what - 2);
    char small[8];
    cm_error_format(&err, small, sizeof small);
    assert_string_equal(small, "\xC3\xA9\xC3\xA9\xC3\xA9");
    for (int i = 0; i < 100; i++)
        cm_error_context(&err, "context");
    assert_true(strlen(err.where) < sizeof err.where);
    assert_memory_equal(err.where, "context: context: ", 18);
}

static void products_are_checked(void **state)
{
    (void)state;
    int64_t product = -7;
    assert_int_equal(cm_mul_i64(3037000499, 3037000499, &product), 1);
    assert_true(product == INT64_C(9223372030926249001));
    assert_int_equal(cm_mul_i64(INT64_C(1) << 32, INT64_C(1) << 31, &product), 0);
    assert_true(product == INT64_C(9223372030926249001));
    assert_int_equal(cm_mul_i64(INT64_MAX, 0, &product), 1);
    assert_true(product == 0);
    assert_int_equal(cm_mul_i64(INT64_MAX, 1, &product), 1);
    assert_true(product == INT64_MAX);
}

static void a_team_of_one_agrees_with_itself(void **state)
{
    (void)state;
    cm_team team;
    char *all = NULL;
    int64_t count = -1;
    cm_team_alone(&team);
    assert_int_equal(team.size, 1);
    assert_int_equal(team.rank, 0);
    assert_int_equal(team.agree(&team, CM_ERR_IO), CM_ERR_IO);
    assert_int_equal(team.gather(&team, "abc", 3, &all, &count, NULL), CM_OK);
    assert_true(count == 3);
    assert_memory_equal(all, "abc", 3);
    free(all);
    assert_int_equal(team.gather(&team, NULL, 0, &all, &count, NULL), CM_OK);
    assert_true(count == 0);
    assert_non_null(all);
    free(all);
    assert_int_equal(team.broadcast(&team, &count, sizeof count, NULL), CM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names_are_pinned),
        cmocka_unit_test(the_first_error_wins_and_reads_as_one_line),
        cmocka_unit_test(a_null_error_is_fine),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(products_are_checked),
        cmocka_unit_test(a_team_of_one_agrees_with_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
