/* The CSV reader. The file is read once and cut up in place: separators become NUL and quotes are closed up,
 * so a cell is an offset into the text. */
#include "engine/base/csv.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/utf8.h"

#define MAX_BYTES   ((int64_t)1 << 30)
#define MAX_COLUMNS 1024
#define MAX_FIELD   65536

struct cm_csv {
    char *text;
    int columns;
    int64_t rows;
    uint32_t *cells; /* [1 + rows][columns] offsets into text; the first row is the header */
    int *lines;      /* [1 + rows] line on which a row starts */
};

/* Where the parser is. Cells of the row being read are counted in row_cells. */
typedef struct parser {
    cm_csv *csv;
    const char *path;
    int64_t at, bytes; /* read position, end of text */
    int64_t put;       /* write position, never past `at` */
    int line;
    int row_cells;
    int64_t n_cells, cell_capacity, n_lines, line_capacity;
    cm_error *err;
} parser;

static cm_status fail(parser *p, cm_status status, const char *what, const char *why, const char *next)
{
    return CM_FAIL(p->err, status, .what = what, .where = cm_strf("%s:%d", p->path, p->line).s, .why = why,
                   .next = next);
}

/* Makes room for one more item in an array that doubles. */
static cm_status grow(parser *p, void **array, int64_t count, int64_t *capacity, size_t item)
{
    if (count < *capacity) return CM_OK;
    int64_t wanted = *capacity ? 2 * *capacity : 256;
    void *larger = realloc(*array, (size_t)wanted * item);
    if (!larger) return fail(p, CM_ERR_NOMEM, "no memory for the table", "", "");
    *array = larger;
    *capacity = wanted;
    return CM_OK;
}

/* One character into the current field. */
static cm_status take_character(parser *p, int64_t field_start)
{
    char *text = p->csv->text;
    unsigned char c = (unsigned char)text[p->at];
    int n = cm_utf8_length(text + p->at, p->bytes - p->at);
    if (n == 0)
        return fail(p, CM_ERR_SCHEMA, "text is not UTF-8", cm_strf("byte 0x%02X", c).s,
                    "Save the file as UTF-8");
    if ((c < 0x20 && c != '\n' && c != '\r') || c == 0x7F)
        return fail(p, CM_ERR_SCHEMA, "control character in a field", cm_strf("byte 0x%02X", c).s,
                    c == '\t' ? "Separate fields by commas, not tabs" : "Remove it");
    if (p->put - field_start + n > MAX_FIELD)
        return fail(p, CM_ERR_LIMIT, "field is too long", cm_strf("more than %d bytes", MAX_FIELD).s,
                    "Check for a quote that is never closed");
    memmove(text + p->put, text + p->at, (size_t)n);
    p->put += n;
    p->at += n;
    return CM_OK;
}

static bool at_separator(const parser *p)
{
    const char *s = p->csv->text + p->at;
    return p->at >= p->bytes || s[0] == ',' || s[0] == '\n' || (s[0] == '\r' && s[1] == '\n');
}

static cm_status read_quoted(parser *p, int64_t start)
{
    const char *text = p->csv->text;
    const int first_line = p->line;
    p->at++;
    for (;;) {
        if (p->at >= p->bytes) {
            p->line = first_line;
            return fail(p, CM_ERR_SCHEMA, "quoted field is never closed", "", "Add the closing quote");
        }
        if (text[p->at] == '"') {
            if (text[p->at + 1] != '"') break;
            p->at++; /* a doubled quote stands for one */
        }
        if (text[p->at] == '\n') p->line++;
        cm_status st = take_character(p, start);
        if (st) return st;
    }
    p->at++;
    if (!at_separator(p))
        return fail(p, CM_ERR_SCHEMA, "text after a closing quote", "",
                    "Write a quote inside a quoted field twice");
    return CM_OK;
}

static cm_status read_plain(parser *p, int64_t start)
{
    const char *text = p->csv->text;
    while (!at_separator(p)) {
        if (text[p->at] == '"')
            return fail(p, CM_ERR_SCHEMA, "stray quote in a field", "",
                        "Put the whole field in quotes and write the quote twice");
        if (text[p->at] == '\r')
            return fail(p, CM_ERR_SCHEMA, "carriage return without line feed", "",
                        "End lines with LF or CRLF");
        cm_status st = take_character(p, start);
        if (st) return st;
    }
    return CM_OK;
}

static cm_status read_field(parser *p)
{
    if (p->row_cells == MAX_COLUMNS)
        return fail(p, CM_ERR_LIMIT, "too many columns", cm_strf("more than %d", MAX_COLUMNS).s, "");
    cm_status st = grow(p, (void **)&p->csv->cells, p->n_cells, &p->cell_capacity, sizeof *p->csv->cells);
    if (st) return st;
    const int64_t start = p->put;
    st = p->csv->text[p->at] == '"' ? read_quoted(p, start) : read_plain(p, start);
    if (st) return st;
    p->csv->cells[p->n_cells++] = (uint32_t)start;
    p->row_cells++;
    return CM_OK;
}

/* One record with its line end. */
static cm_status read_record(parser *p)
{
    cm_csv *csv = p->csv;
    const int first_line = p->line;
    cm_status st = grow(p, (void **)&csv->lines, p->n_lines, &p->line_capacity, sizeof *csv->lines);
    if (st) return st;
    csv->lines[p->n_lines++] = first_line;
    p->row_cells = 0;
    for (bool more = true; more && !st;) {
        st = read_field(p);
        if (st) break;
        more = p->at < p->bytes && csv->text[p->at] == ',';
        if (p->at < p->bytes) p->at += csv->text[p->at] == '\r' ? 2 : 1;
        csv->text[p->put++] = '\0'; /* in the place of the separator, or of the NUL after the text */
    }
    if (st) return st;
    if (p->n_lines == 1) csv->columns = p->row_cells;
    if (p->row_cells != csv->columns) {
        p->line = first_line;
        return fail(p, CM_ERR_SCHEMA, "row does not have one field per column",
                    cm_strf("%d fields, the header has %d", p->row_cells, csv->columns).s,
                    "Put fields with commas in quotes");
    }
    p->line++;
    return CM_OK;
}

static cm_status check_header(parser *p)
{
    const cm_csv *csv = p->csv;
    p->line = 1;
    for (int i = 0; i < csv->columns; i++) {
        const char *name = cm_csv_name(csv, i);
        if (!name[0]) return fail(p, CM_ERR_SCHEMA, "column has no name", cm_strf("column %d", i + 1).s, "");
        if (cm_csv_find(csv, name) != i)
            return fail(p, CM_ERR_SCHEMA, "column name is used twice", cm_strf("\"%.100s\"", name).s, "");
    }
    return CM_OK;
}

/* Cuts csv->text up. Empty lines at the end of the file are not rows. */
static cm_status parse(cm_csv *csv, const char *path, int64_t bytes, cm_error *err)
{
    parser p = {.csv = csv, .path = path, .bytes = bytes, .line = 1, .err = err};
    if (bytes >= 3 && !memcmp(csv->text, "\xEF\xBB\xBF", 3)) p.at = p.put = 3;
    while (p.bytes > p.at && (csv->text[p.bytes - 1] == '\n' || csv->text[p.bytes - 1] == '\r'))
        p.bytes--;
    csv->text[p.bytes] = '\0';
    if (p.bytes == p.at)
        return fail(&p, CM_ERR_SCHEMA, "file is empty", "no header line",
                    "Begin with a line of column names");
    cm_status st = CM_OK;
    while (!st && (p.at < p.bytes || p.n_lines == 0))
        st = read_record(&p);
    if (st) return st;
    csv->rows = p.n_lines - 1;
    return check_header(&p);
}

cm_status cm_csv_read(const char *path, cm_csv **out, cm_error *err)
{
    int64_t bytes = 0;
    cm_csv *csv = calloc(1, sizeof *csv);
    if (!csv) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the table", .where = path);
    cm_status st = cm_file_read(path, MAX_BYTES, &csv->text, &bytes, err);
    if (!st) st = parse(csv, path, bytes, err);
    if (st)
        cm_csv_close(csv);
    else
        *out = csv;
    return st;
}

void cm_csv_close(cm_csv *csv)
{
    if (!csv) return;
    free(csv->text);
    free(csv->cells);
    free(csv->lines);
    free(csv);
}

int64_t cm_csv_rows(const cm_csv *csv)
{
    return csv->rows;
}

int cm_csv_columns(const cm_csv *csv)
{
    return csv->columns;
}

const char *cm_csv_name(const cm_csv *csv, int column)
{
    return csv->text + csv->cells[column];
}

int cm_csv_find(const cm_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++) {
        if (!strcmp(cm_csv_name(csv, i), name)) return i;
    }
    return -1;
}

const char *cm_csv_get(const cm_csv *csv, int64_t row, int column)
{
    return csv->text + csv->cells[(row + 1) * csv->columns + column];
}

int cm_csv_line(const cm_csv *csv, int64_t row)
{
    return csv->lines[row + 1];
}
