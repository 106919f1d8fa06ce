/* Opening the ledger, its schema, transactions, launches. */
#include "engine/run/ledger_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/files.h"

/* Version of the tables below, in meta "schema". */
static const char schema_version[] = "3";

static const char schema_sql[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE lists(kind TEXT, i INTEGER, name TEXT NOT NULL, value INTEGER, code TEXT, PRIMARY KEY(kind, i)) WITHOUT ROWID;"
    "CREATE TABLE tools(i INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, sha256 TEXT NOT NULL, parameters INTEGER, peak_bytes INTEGER,"
    " windows INTEGER, operations REAL, seconds REAL);"
    "CREATE TABLE cases(i INTEGER PRIMARY KEY, cohort_index INTEGER NOT NULL, id TEXT UNIQUE NOT NULL, patient TEXT, provider TEXT,"
    " has_reference INTEGER, class_value INTEGER, voxels INTEGER);"
    "CREATE TABLE attributes(case_i INTEGER, k INTEGER, value TEXT NOT NULL, PRIMARY KEY(case_i, k)) WITHOUT ROWID;"
    "CREATE TABLE items(tool INTEGER, case_i INTEGER, state INTEGER NOT NULL, n_scores INTEGER, decided INTEGER, diagonal REAL,"
    " prediction_sha256 TEXT, shard INTEGER, wall_s REAL, cpu_s REAL, energy_j REAL, peak_bytes INTEGER, operations REAL,"
    " rank INTEGER, reason TEXT, PRIMARY KEY(tool, case_i)) WITHOUT ROWID;"
    "CREATE TABLE metric_values(tool INTEGER, case_i INTEGER, target INTEGER, metric INTEGER, state INTEGER NOT NULL,"
    " empty INTEGER NOT NULL, value REAL, PRIMARY KEY(tool, case_i, target, metric)) WITHOUT ROWID;"
    "CREATE TABLE scores(tool INTEGER, case_i INTEGER, class INTEGER, score REAL NOT NULL, PRIMARY KEY(tool, case_i, class)) WITHOUT ROWID;"
    "CREATE TABLE evidence(tool INTEGER, case_i INTEGER, target INTEGER, metric INTEGER, numbers BLOB NOT NULL,"
    " PRIMARY KEY(tool, case_i, target, metric)) WITHOUT ROWID;"
    "CREATE TABLE attempts(id INTEGER PRIMARY KEY, tool INTEGER NOT NULL, case_i INTEGER NOT NULL, launch INTEGER NOT NULL,"
    " rank INTEGER NOT NULL, outcome INTEGER);"
    "CREATE INDEX attempts_open ON attempts(tool, case_i) WHERE outcome IS NULL;"
    "CREATE TABLE launches(i INTEGER PRIMARY KEY, started TEXT, ended TEXT, ranks INTEGER, threads INTEGER, variant TEXT, machine TEXT,"
    " energy_reason TEXT, first_shard INTEGER, wall_s REAL);"
    "CREATE TABLE pictures(tool INTEGER, kind INTEGER, case_i INTEGER, target INTEGER, file TEXT, sha256 TEXT,"
    " PRIMARY KEY(tool, kind)) WITHOUT ROWID;";

static cm_status fail_sql(cm_ledger *ledger, const char *what, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_IO, .what = what, .where = "run.db", .why = sqlite3_errmsg(ledger->db),
                   .next = "check free space and permissions of the run folder");
}

cm_status cm_sql_prepare(cm_ledger *ledger, const char *sql, sqlite3_stmt **out, cm_error *err)
{
    if (sqlite3_prepare_v2(ledger->db, sql, -1, out, NULL) != SQLITE_OK)
        return fail_sql(ledger, "the ledger refused a statement", err);
    return CM_OK;
}

cm_status cm_sql_done(cm_ledger *ledger, sqlite3_stmt *statement, cm_error *err)
{
    int rc = sqlite3_step(statement);
    cm_status st = rc == SQLITE_DONE ? CM_OK : fail_sql(ledger, "writing to the ledger failed", err);
    sqlite3_reset(statement);
    return st;
}

cm_status cm_sql_end(cm_ledger *ledger, sqlite3_stmt *statement, cm_status st, cm_error *err)
{
    if (sqlite3_finalize(statement) == SQLITE_OK || st) return st;
    return fail_sql(ledger, "reading the ledger failed", err);
}

cm_status cm_sql_run(cm_ledger *ledger, const char *sql, cm_error *err)
{
    return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? CM_OK
               : fail_sql(ledger, "the ledger refused a statement", err);
}

void cm_sql_text(sqlite3_stmt *row, int column, char *buf, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    size_t n = text ? strlen(text) : 0;
    if (n >= size) n = size - 1;
    if (n) memcpy(buf, text, n);
    buf[n] = 0;
}

cm_status cm_ledger_begin(cm_ledger *ledger, cm_error *err)
{
    return cm_sql_run(ledger, "BEGIN IMMEDIATE", err);
}

cm_status cm_ledger_commit(cm_ledger *ledger, cm_error *err)
{
    return cm_sql_run(ledger, "COMMIT", err);
}

/* DELETE journal, not WAL: WAL needs shared memory, which network file systems do not give. */
static cm_status open_database(const char *run_folder, int flags, cm_ledger *out, cm_error *err)
{
    memset(out, 0, sizeof *out);
    char *path = cm_path_join(run_folder, "run.db");
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    int rc = sqlite3_open_v2(path, &out->db, flags, NULL);
    free(path);
    if (rc != SQLITE_OK) {
        cm_status st = CM_FAIL(err, CM_ERR_IO, .what = "the ledger cannot be opened", .where = "run.db",
                               .why = out->db ? sqlite3_errmsg(out->db) : "out of memory");
        cm_ledger_close(out);
        return st;
    }
    sqlite3_busy_timeout(out->db, 60000);
    if (flags & SQLITE_OPEN_READONLY) return CM_OK;
    return cm_sql_run(out, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", err);
}

static cm_status prepare_statements(cm_ledger *l, cm_error *err)
{
    cm_status st = cm_sql_prepare(l, "INSERT OR REPLACE INTO items VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                  &l->put_item, err);
    if (!st)
        st = cm_sql_prepare(l, "INSERT OR REPLACE INTO metric_values VALUES(?,?,?,?,?,?,?)", &l->put_value,
                            err);
    if (!st) st = cm_sql_prepare(l, "INSERT OR REPLACE INTO scores VALUES(?,?,?,?)", &l->put_score, err);
    if (!st)
        st = cm_sql_prepare(l, "DELETE FROM metric_values WHERE tool=? AND case_i=?", &l->drop_values, err);
    if (!st) st = cm_sql_prepare(l, "DELETE FROM scores WHERE tool=? AND case_i=?", &l->drop_scores, err);
    if (!st)
        st = cm_sql_prepare(l, "INSERT OR REPLACE INTO evidence VALUES(?,?,?,?,?)", &l->put_evidence, err);
    if (!st)
        st = cm_sql_prepare(l, "INSERT INTO attempts(tool,case_i,launch,rank) VALUES(?,?,?,?)",
                            &l->put_attempt, err);
    if (!st)
        st = cm_sql_prepare(l, "UPDATE attempts SET outcome=? WHERE tool=? AND case_i=? AND outcome IS NULL",
                            &l->end_attempt, err);
    return st;
}

cm_status cm_ledger_open(const char *run_folder, bool read_only, cm_ledger *out, cm_error *err)
{
    memset(out, 0, sizeof *out);
    char *path = cm_path_join(run_folder, "run.db");
    bool exists = path && cm_path_exists(path);
    free(path);
    if (!exists)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "this is not a run folder: it holds no run.db",
                       .where = run_folder, .next = "name the folder given to cohmark run -o");
    cm_status st =
        open_database(run_folder, read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, out, err);
    char version[16];
    if (!st) st = cm_ledger_get_meta(out, "schema", version, sizeof version, err);
    if (!st && strcmp(version, schema_version) != 0)
        st = CM_FAIL(
            err, CM_ERR_FORMAT, .what = "the run folder was written by another version of cohmark",
            .where = run_folder,
            .why = cm_strf("its ledger has schema %s, this program reads %s", version, schema_version).s);
    if (!st && !read_only) st = prepare_statements(out, err);
    if (st) cm_ledger_close(out);
    return st;
}

cm_status cm_ledger_create_database(const char *run_folder, cm_ledger *out, cm_error *err)
{
    cm_status st = open_database(run_folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, out, err);
    if (!st) st = cm_sql_run(out, schema_sql, err);
    if (!st) st = cm_ledger_put_meta(out, "schema", schema_version, err);
    if (!st) st = prepare_statements(out, err);
    if (st) cm_ledger_close(out);
    return st;
}

void cm_ledger_close(cm_ledger *l)
{
    sqlite3_stmt *all[] = {l->put_item,    l->put_value,   l->put_score,   l->put_evidence,
                           l->drop_values, l->drop_scores, l->put_attempt, l->end_attempt};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(l->db);
    memset(l, 0, sizeof *l);
}

cm_status cm_ledger_put_meta(cm_ledger *ledger, const char *key, const char *value, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(ledger, "INSERT OR REPLACE INTO meta VALUES(?,?)", &s, err);
    if (st) return st;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(s, 2, value, -1, SQLITE_TRANSIENT);
    st = cm_sql_done(ledger, s, err);
    sqlite3_finalize(s);
    return st;
}

cm_status cm_ledger_get_meta(cm_ledger *ledger, const char *key, char *buf, int64_t size, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(ledger, "SELECT value FROM meta WHERE key=?", &s, err);
    buf[0] = 0;
    if (st) return st;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_TRANSIENT);
    if (sqlite3_step(s) == SQLITE_ROW) cm_sql_text(s, 0, buf, (size_t)size);
    return cm_sql_end(ledger, s, CM_OK, err);
}

static void utc_now(char text[32])
{
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
}

cm_status cm_ledger_launch_begin(cm_ledger *ledger, int ranks, int threads, const char *variant,
                                 const char *machine, const char *energy_reason, int *launch,
                                 int *first_shard, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(
        ledger, "SELECT count(*), coalesce(max(first_shard + ranks), 0) FROM launches", &s, err);
    if (st) return st;
    if (sqlite3_step(s) == SQLITE_ROW) {
        *launch = sqlite3_column_int(s, 0);
        *first_shard = sqlite3_column_int(s, 1);
    }
    st = cm_sql_end(ledger, s, CM_OK, err);
    if (!st) st = cm_sql_prepare(ledger, "INSERT INTO launches VALUES(?,?,'',?,?,?,?,?,?,0)", &s, err);
    if (st) return st;
    char now[32];
    utc_now(now);
    sqlite3_bind_int(s, 1, *launch);
    sqlite3_bind_text(s, 2, now, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(s, 3, ranks);
    sqlite3_bind_int(s, 4, threads);
    sqlite3_bind_text(s, 5, variant, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(s, 6, machine, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(s, 7, energy_reason, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(s, 8, *first_shard);
    st = cm_sql_done(ledger, s, err);
    sqlite3_finalize(s);
    return st;
}

cm_status cm_ledger_launch_end(cm_ledger *ledger, int launch, double wall_s, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(ledger, "UPDATE launches SET ended=?, wall_s=? WHERE i=?", &s, err);
    if (st) return st;
    char now[32];
    utc_now(now);
    sqlite3_bind_text(s, 1, now, -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(s, 2, wall_s);
    sqlite3_bind_int(s, 3, launch);
    st = cm_sql_done(ledger, s, err);
    sqlite3_finalize(s);
    return st;
}
