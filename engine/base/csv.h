/* Comma-separated values, RFC 4180, UTF-8 with header line. Quoted fields, CRLF or LF, an optional byte-order
 * mark. */
#ifndef CM_ENGINE_BASE_CSV_H
#define CM_ENGINE_BASE_CSV_H

#include "engine/base/status.h"

typedef struct cm_csv cm_csv;

/* Caps: 1 GiB of text, 1,024 columns, 64 KiB a field. Errors with file:line: CM_ERR_SCHEMA (ragged row,
 * duplicate or empty column name, invalid UTF-8, control character, stray quote), CM_ERR_NOT_FOUND,
 * CM_ERR_LIMIT. */
cm_status cm_csv_read(const char *path, cm_csv **out, cm_error *err);
void cm_csv_close(cm_csv *csv);
int64_t cm_csv_rows(const cm_csv *csv); /* without the header */
int cm_csv_columns(const cm_csv *csv);
const char *cm_csv_name(const cm_csv *csv, int column);
int cm_csv_find(const cm_csv *csv, const char *name); /* -1 when absent */
/* Borrowed until close; "" for an empty field. 0 <= row < rows, 0 <= column < columns. */
const char *cm_csv_get(const cm_csv *csv, int64_t row, int column);
int cm_csv_line(const cm_csv *csv, int64_t row); /* line number in the file, for messages */

#endif
