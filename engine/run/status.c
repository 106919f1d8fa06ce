/* How far a run is, read from its ledger while it may still be written. */
#include <stdlib.h>

#include "engine/run/ledger.h"
#include "engine/run/run.h"

static double number(cm_ledger *l, const char *sql, cm_status *st, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    double value = 0;
    if (*st) return 0;
    *st = cm_sql_prepare(l, sql, &s, err);
    if (!*st && sqlite3_step(s) == SQLITE_ROW) value = sqlite3_column_double(s, 0);
    *st = cm_sql_end(l, s, *st, err);
    return value;
}

cm_status cm_run_status_read(const char *run_folder, cm_run_status *out, cm_error *err)
{
    cm_ledger l;
    cm_status st = cm_ledger_open(run_folder, true, &l, err);
    if (st) return st;
    *out = (cm_run_status){.left_s = -1};
    st = cm_sql_run(&l, "BEGIN", err);
    out->total =
        (int64_t)number(&l, "SELECT (SELECT count(*) FROM tools) * (SELECT count(*) FROM cases)", &st, err);
    out->done = (int64_t)number(&l, "SELECT count(*) FROM items", &st, err);
    out->failed = (int64_t)number(&l, "SELECT count(*) FROM items WHERE state > 2", &st, err);
    double launched = number(&l, "SELECT count(*) FROM launches", &st, err);
    out->running =
        launched > 0 && number(&l, "SELECT ended = '' FROM launches ORDER BY i DESC LIMIT 1", &st, err) != 0;
    out->in_flight = (int64_t)number(
        &l, "SELECT count(*) FROM attempts WHERE outcome IS NULL AND launch = (SELECT max(i) FROM launches)",
        &st, err);
    double here = number(
        &l, "SELECT count(*) FROM attempts WHERE outcome > 0 AND launch = (SELECT max(i) FROM launches)", &st,
        err);
    double seconds = number(
        &l,
        "SELECT CASE WHEN ended = '' THEN strftime('%s','now') - strftime('%s', started) ELSE wall_s END"
        " FROM launches ORDER BY i DESC LIMIT 1",
        &st, err);
    if (seconds > 0 && here > 0) {
        out->rate_per_s = here / seconds;
        out->left_s = (double)(out->total - out->done) / out->rate_per_s;
    }
    cm_ledger_close(&l);
    return st;
}
