/* CSV: what RFC 4180 allows is read exactly, everything else is refused with its line. */
#include "tests/scratch.h"

#include "engine/base/csv.h"
#include "engine/base/utf8.h"

static cm_status read_text(const char *text, size_t bytes, cm_csv **csv, cm_error *err)
{
    scratch_write("t.csv", text, bytes);
    return cm_csv_read("t.csv", csv, err);
}

/* The table as "cell|cell;cell|cell;" with the header first. */
static void assert_table(const char *text, const char *expected)
{
    cm_csv *csv = NULL;
    cm_error err = {0};
    char shown[512] = "";
    cm_status st = read_text(text, strlen(text), &csv, &err);
    if (st) fail_msg("%s: %s", err.what, err.why);
    for (int64_t row = -1; row < cm_csv_rows(csv); row++) {
        for (int i = 0; i < cm_csv_columns(csv); i++) {
            size_t n = strlen(shown);
            snprintf(shown + n, sizeof shown - n, "%s%c",
                     row < 0 ? cm_csv_name(csv, i) : cm_csv_get(csv, row, i),
                     i + 1 < cm_csv_columns(csv) ? '|' : ';');
        }
    }
    assert_string_equal(shown, expected);
    cm_csv_close(csv);
}

static void what_the_format_allows_is_read(void **state)
{
    (void)state;
    assert_table("a,b\n1,2\n", "a|b;1|2;");
    assert_table("a,b\r\n1,2\r\n", "a|b;1|2;");
    assert_table("a,b\n1,2", "a|b;1|2;");
    assert_table("\xEF\xBB\xBF"
                 "a,b\n1,2\n",
                 "a|b;1|2;");
    assert_table("a,b\n,\n", "a|b;|;");
    assert_table("a,b\n,", "a|b;|;");
    assert_table("a,b\n1,\"\"\n", "a|b;1|;");
    assert_table("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "a|b;x,y|say \"hi\";");
    assert_table("a,b\n\"two\nlines\",2\n3,4\n", "a|b;two\nlines|2;3|4;");
    assert_table("\"a\",\"b\"\n\"1\",2", "a|b;1|2;");
    assert_table("a\n", "a;");
    assert_table("a", "a;");
    assert_table("a\n1\n\n\n", "a;1;");           /* empty lines at the end are not rows */
    assert_table("a\n\n1\n", "a;;1;");            /* between, with one column, one is an empty field */
    assert_table("a, b\n 1 ,2\n", "a| b; 1 |2;"); /* spaces belong to the field */
    assert_table("n\xC3\xA4me\n\xF0\x9F\xA9\xBB\n", "n\xC3\xA4me;\xF0\x9F\xA9\xBB;");
}

static void columns_and_lines_are_found(void **state)
{
    (void)state;
    cm_csv *csv = NULL;
    const char text[] = "id,x\n1,\"a\nb\"\n2,c\n";
    assert_int_equal(read_text(text, strlen(text), &csv, NULL), CM_OK);
    assert_int_equal(cm_csv_find(csv, "x"), 1);
    assert_int_equal(cm_csv_find(csv, "X"), -1);
    assert_int_equal(cm_csv_line(csv, 0), 2);
    assert_int_equal(cm_csv_line(csv, 1), 4);
    cm_csv_close(csv);
    cm_csv_close(NULL);
    assert_int_equal(cm_csv_read("absent.csv", &csv, NULL), CM_ERR_NOT_FOUND);
}

static void what_it_forbids_is_refused_with_its_line(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t bytes; /* 0: strlen */
        cm_status status;
        const char *where, *what;
    } bad[] = {
        {"", 0, CM_ERR_SCHEMA, "t.csv:1", "file is empty"},
        {"\n\n", 0, CM_ERR_SCHEMA, "t.csv:1", "file is empty"},
        {"a,b\n1\n", 0, CM_ERR_SCHEMA, "t.csv:2", "one field per column"},
        {"a,b\n1,2\n1,2,3\n", 0, CM_ERR_SCHEMA, "t.csv:3", "one field per column"},
        {"a,b\n1,2\n\n1,2\n", 0, CM_ERR_SCHEMA, "t.csv:3", "one field per column"},
        {"a,a\n1,2\n", 0, CM_ERR_SCHEMA, "t.csv:1", "used twice"},
        {"a,\n1,2\n", 0, CM_ERR_SCHEMA, "t.csv:1", "no name"},
        {"a,b\n1,\xFF\n", 0, CM_ERR_SCHEMA, "t.csv:2", "not UTF-8"},
        {"a,b\n1,\xC3\n", 0, CM_ERR_SCHEMA, "t.csv:2", "not UTF-8"},
        {"a,b\n1,\xED\xA0\x80\n", 0, CM_ERR_SCHEMA, "t.csv:2", "not UTF-8"}, /* surrogate */
        {"a,b\n1,\xC0\x80\n", 0, CM_ERR_SCHEMA, "t.csv:2", "not UTF-8"},     /* overlong NUL */
        {"a,b\n1,x\0y\n", 10, CM_ERR_SCHEMA, "t.csv:2", "control character"},
        {"a,b\n1,x\ty\n", 0, CM_ERR_SCHEMA, "t.csv:2", "control character"},
        {"a,b\n1,x\x7Fy\n", 0, CM_ERR_SCHEMA, "t.csv:2", "control character"},
        {"a,b\n1,\"x\x1By\"\n", 0, CM_ERR_SCHEMA, "t.csv:2", "control character"},
        {"a,b\n1,x\"y\n", 0, CM_ERR_SCHEMA, "t.csv:2", "stray quote"},
        {"a,b\n1,\"x\"y\n", 0, CM_ERR_SCHEMA, "t.csv:2", "after a closing quote"},
        {"a,b\n1,\"x\n2,3\n", 0, CM_ERR_SCHEMA, "t.csv:2", "never closed"},
        {"a,b\r1,2\r", 0, CM_ERR_SCHEMA, "t.csv:1", "carriage return"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cm_csv *csv = NULL;
        cm_error err = {0};
        assert_int_equal(
            read_text(bad[i].text, bad[i].bytes ? bad[i].bytes : strlen(bad[i].text), &csv, &err),
            bad[i].status);
        assert_null(csv);
        assert_string_equal(err.where, bad[i].where);
        if (!strstr(err.what, bad[i].what))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.what, bad[i].what);
    }
}

static void caps_hold(void **state)
{
    (void)state;
    cm_csv *csv = NULL;
    cm_error err = {0};
    char *text = malloc(200000);
    assert_non_null(text);
    memcpy(text, "a\n", 2);
    memset(text + 2, 'x', 65536);
    assert_int_equal(read_text(text, 2 + 65536, &csv, NULL), CM_OK);
    assert_int_equal(strlen(cm_csv_get(csv, 0, 0)), 65536);
    cm_csv_close(csv);
    text[2 + 65536] = 'x';
    assert_int_equal(read_text(text, 2 + 65537, &csv, &err), CM_ERR_LIMIT);
    assert_string_equal(err.where, "t.csv:2");
    size_t n = 0;
    for (int i = 0; i < 1025; i++)
        n += (size_t)sprintf(text + n, "%sc%d", i ? "," : "", i);
    assert_int_equal(read_text(text, n, &csv, NULL), CM_ERR_LIMIT);
    *strrchr(text, ',') = '\0';
    assert_int_equal(read_text(text, strlen(text), &csv, NULL), CM_OK);
    assert_int_equal(cm_csv_columns(csv), 1024);
    cm_csv_close(csv);
    free(text);
    /* 1 GiB and one byte, as a hole in the file: refused before any of it is read. */
    scratch_write("t.csv", "a", 1);
    assert_int_equal(truncate("t.csv", (1L << 30) + 1), 0);
    assert_int_equal(cm_csv_read("t.csv", &csv, NULL), CM_ERR_LIMIT);
}

static void text_is_made_printable(void **state)
{
    (void)state;
    char text[] = "ok\x1B[31m\xC3\xA4\xFF\xC2\x9B\n\x7F";
    cm_utf8_make_printable(text);
    assert_string_equal(text, "ok?[31m\xC3\xA4??"
                              "???");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_the_format_allows_is_read),
        IN_SCRATCH(columns_and_lines_are_found),
        IN_SCRATCH(what_it_forbids_is_refused_with_its_line),
        IN_SCRATCH(caps_hold),
        cmocka_unit_test(text_is_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
