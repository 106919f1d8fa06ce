/* Random tables written with random quoting read back cell for cell; damaged text is read or refused, never
 * more (run under the address sanitizer this finds reads and writes out of bounds). */
#include "tests/scratch.h"

#include "engine/base/csv.h"
#include "engine/base/random.h"

enum { TABLES = 300, MAX_ROWS = 6, MAX_COLUMNS = 4, MAX_TEXT = 4096 };

static const cm_random seed = {20, CM_PURPOSE_TEST};

/* The next random number below n; `draw` counts. */
static int below(uint64_t table, uint64_t *draw, int n)
{
    return (int)cm_random_below(seed, table, (*draw)++, (uint64_t)n);
}

static void make_cell(uint64_t table, uint64_t *draw, char *cell)
{
    static const char *const pieces[] = {"a", "Z9", ",", "\"", "\n", "\r\n", " ", "\xC3\xA4", "\xE2\x82\xAC"};
    cell[0] = '\0';
    for (int n = below(table, draw, 5); n > 0; n--)
        strcat(cell, pieces[below(table, draw, 9)]);
}

static char *write_cell(char *put, const char *cell, int quote_anyway)
{
    if (!quote_anyway && !strpbrk(cell, ",\"\r\n")) return stpcpy(put, cell);
    *put++ = '"';
    for (; *cell; cell++) {
        if (*cell == '"') *put++ = '"';
        *put++ = *cell;
    }
    *put++ = '"';
    *put = '\0';
    return put;
}

/* Returns the length of the text; cells[row][column] hold what must come back. */
static size_t make_table(uint64_t table, int *rows, int *columns, char cells[MAX_ROWS][MAX_COLUMNS][32],
                         char *text)
{
    uint64_t draw = 0;
    char *put = text;
    const char *line_end = below(table, &draw, 2) ? "\n" : "\r\n";
    *rows = below(table, &draw, MAX_ROWS + 1);
    *columns = 2 + below(table, &draw, MAX_COLUMNS - 1);
    for (int i = 0; i < *columns; i++)
        put += sprintf(put, "%sc%d", i ? "," : "", i);
    for (int row = 0; row < *rows; row++) {
        put = stpcpy(put, line_end);
        for (int i = 0; i < *columns; i++) {
            make_cell(table, &draw, cells[row][i]);
            if (i) *put++ = ',';
            put = write_cell(put, cells[row][i], below(table, &draw, 3) == 0);
        }
    }
    if (below(table, &draw, 2)) put = stpcpy(put, line_end);
    return (size_t)(put - text);
}

static void tables_come_back(void **state)
{
    (void)state;
    static char cells[MAX_ROWS][MAX_COLUMNS][32], text[MAX_TEXT];
    int compared = 0;
    for (uint64_t table = 0; table < TABLES; table++) {
        int rows, columns;
        cm_csv *csv = NULL;
        cm_error err = {0};
        size_t bytes = make_table(table, &rows, &columns, cells, text);
        scratch_write("t.csv", text, bytes);
        if (cm_csv_read("t.csv", &csv, &err))
            fail_msg("table %d: %s %s (%s)", (int)table, err.where, err.what, text);
        assert_true(cm_csv_rows(csv) == rows);
        assert_int_equal(cm_csv_columns(csv), columns);
        for (int i = 0; i < rows * columns; i++, compared++)
            assert_string_equal(cm_csv_get(csv, i / columns, i % columns), cells[i / columns][i % columns]);
        cm_csv_close(csv);
    }
    assert_true(compared > TABLES);
}

static void damage_is_read_or_refused(void **state)
{
    (void)state;
    static char cells[MAX_ROWS][MAX_COLUMNS][32], text[MAX_TEXT];
    static const char hot[] = "\",\n\r\0\xFF\xC3\xEF x";
    int refused = 0;
    for (uint64_t table = 0; table < TABLES; table++) {
        int rows, columns;
        uint64_t draw = 1000000;
        cm_csv *csv = NULL;
        size_t bytes = make_table(table, &rows, &columns, cells, text);
        for (int n = 1 + below(table, &draw, 4); n > 0; n--)
            text[below(table, &draw, (int)bytes)] = hot[below(table, &draw, sizeof hot - 1)];
        bytes = below(table, &draw, 4) ? bytes : (size_t)below(table, &draw, (int)bytes);
        scratch_write("t.csv", text, bytes);
        cm_status st = cm_csv_read("t.csv", &csv, NULL);
        assert_true(st == CM_OK || st == CM_ERR_SCHEMA);
        for (int64_t i = 0; st == CM_OK && i < cm_csv_rows(csv) * cm_csv_columns(csv); i++)
            assert_true(strlen(cm_csv_get(csv, i / cm_csv_columns(csv), (int)(i % cm_csv_columns(csv)))) <=
                        bytes);
        refused += st != CM_OK;
        cm_csv_close(csv);
    }
    assert_in_range(refused, TABLES / 4, TABLES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_come_back, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(damage_is_read_or_refused, scratch_enter, scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
