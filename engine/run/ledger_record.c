/* Writing what happened: attempts, results, pictures; and reading the states back for a resume. */
#include "engine/run/ledger.h"

#include <string.h>

cm_status cm_ledger_put_attempt(cm_ledger *l, int launch, int rank, const cm_work *work, cm_error *err)
{
    sqlite3_bind_int(l->put_attempt, 1, work->tool);
    sqlite3_bind_int64(l->put_attempt, 2, work->case_number);
    sqlite3_bind_int(l->put_attempt, 3, launch);
    sqlite3_bind_int(l->put_attempt, 4, rank);
    return cm_sql_done(l, l->put_attempt, err);
}

static cm_status end_attempts(cm_ledger *l, const cm_work *work, cm_item_state state, cm_error *err)
{
    sqlite3_bind_int(l->end_attempt, 1, state);
    sqlite3_bind_int(l->end_attempt, 2, work->tool);
    sqlite3_bind_int64(l->end_attempt, 3, work->case_number);
    return cm_sql_done(l, l->end_attempt, err);
}

static void bind_item(sqlite3_stmt *s, const cm_outcome *outcome)
{
    const cm_work *work = &outcome->work;
    const cm_item *item = &outcome->item;
    char digest[65];
    cm_digest_hex(&item->prediction_digest, digest);
    sqlite3_bind_int(s, 1, work->tool);
    sqlite3_bind_int64(s, 2, work->case_number);
    sqlite3_bind_int(s, 3, item->state);
    sqlite3_bind_int(s, 4, outcome->n_scores);
    sqlite3_bind_int(s, 5, outcome->decided);
    sqlite3_bind_double(s, 6, outcome->diagonal);
    sqlite3_bind_text(s, 7, digest, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(s, 8, item->shard);
    sqlite3_bind_double(s, 9, item->cost.wall_s);
    sqlite3_bind_double(s, 10, item->cost.cpu_s);
    sqlite3_bind_double(s, 11, item->cost.energy_j);
    sqlite3_bind_int64(s, 12, item->cost.peak_bytes);
    sqlite3_bind_double(s, 13, item->cost.operations);
    sqlite3_bind_int(s, 14, item->rank);
    sqlite3_bind_text(s, 15, outcome->reason, -1, SQLITE_TRANSIENT);
}

static cm_status put_value(cm_ledger *l, const cm_work *work, int target, int metric,
                           const cm_metric_value *v, cm_error *err)
{
    sqlite3_stmt *s = l->put_value;
    sqlite3_bind_int(s, 1, work->tool);
    sqlite3_bind_int64(s, 2, work->case_number);
    sqlite3_bind_int(s, 3, target);
    sqlite3_bind_int(s, 4, metric);
    sqlite3_bind_int(s, 5, v->state);
    sqlite3_bind_int(s, 6, v->empty);
    if (v->state == CM_VALUE_OK)
        sqlite3_bind_double(s, 7, v->value);
    else
        sqlite3_bind_null(s, 7);
    return cm_sql_done(l, s, err);
}

static cm_status put_score(cm_ledger *l, const cm_work *work, int k, double score, cm_error *err)
{
    sqlite3_bind_int(l->put_score, 1, work->tool);
    sqlite3_bind_int64(l->put_score, 2, work->case_number);
    sqlite3_bind_int(l->put_score, 3, k);
    sqlite3_bind_double(l->put_score, 4, score);
    return cm_sql_done(l, l->put_score, err);
}

/* Doubles as they lie in memory: a run folder is read where it was made, or on a machine with the same byte
 * order (all that the cohort store runs on have it). */
static cm_status put_evidence(cm_ledger *l, const cm_work *work, int target, int metric, const cm_evidence *e,
                              cm_error *err)
{
    sqlite3_stmt *s = l->put_evidence;
    if (e->n == 0) return CM_OK;
    sqlite3_bind_int(s, 1, work->tool);
    sqlite3_bind_int64(s, 2, work->case_number);
    sqlite3_bind_int(s, 3, target);
    sqlite3_bind_int(s, 4, metric);
    sqlite3_bind_blob64(s, 5, e->x, (sqlite3_uint64)e->n * sizeof *e->x, SQLITE_STATIC);
    return cm_sql_done(l, s, err);
}

cm_status cm_ledger_put_result(cm_ledger *l, const cm_outcome *outcome, int n_targets, int n_metrics,
                               cm_error *err)
{
    const cm_work *work = &outcome->work;
    cm_status st = end_attempts(l, work, outcome->item.state, err);
    if (st || outcome->item.state == CM_ITEM_OPEN) return st;
    if (outcome->n_values && outcome->n_values != n_targets * n_metrics)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a result has the wrong number of values",
                       .why = cm_strf("%d, expected %d x %d", outcome->n_values, n_targets, n_metrics).s);
    bind_item(l->put_item, outcome);
    st = cm_sql_done(l, l->put_item, err);
    for (int i = 0; i < outcome->n_values && !st; i++)
        st = put_value(l, work, i / n_metrics, i % n_metrics, &outcome->values[i], err);
    for (int i = 0; outcome->evidence && i < outcome->n_values && !st; i++)
        st = put_evidence(l, work, i / n_metrics, i % n_metrics, &outcome->evidence[i], err);
    for (int k = 0; k < outcome->n_scores && !st; k++)
        st = put_score(l, work, k, outcome->scores[k], err);
    return st;
}

/* Sets at[tool][case] to a number of each row (tool, case_i, number); rows outside the run are no item of it.
 */
static cm_status mark(cm_ledger *l, const char *sql, int64_t n_cases, uint8_t *at, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(l, sql, &s, err);
    if (st) return st;
    sqlite3_bind_int64(s, 1, n_cases);
    while (sqlite3_step(s) == SQLITE_ROW)
        at[sqlite3_column_int64(s, 0) * n_cases + sqlite3_column_int64(s, 1)] =
            (uint8_t)sqlite3_column_int(s, 2);
    return cm_sql_end(l, s, CM_OK, err);
}

cm_status cm_ledger_states(cm_ledger *l, int64_t n_cases, uint8_t *states, uint8_t *suspects, cm_error *err)
{
#define OF_THE_RUN " tool >= 0 AND tool < (SELECT count(*) FROM tools) AND case_i >= 0 AND case_i < ?1"
    cm_status st = mark(l, "SELECT tool, case_i, state FROM items WHERE" OF_THE_RUN, n_cases, states, err);
    return st ? st
              : mark(l, "SELECT DISTINCT tool, case_i, 1 FROM attempts WHERE outcome IS NULL AND" OF_THE_RUN,
                     n_cases, suspects, err);
#undef OF_THE_RUN
}

cm_status cm_ledger_reopen(cm_ledger *l, int tool, int64_t case_number, cm_error *err)
{
    const char *deletes[] = {
        "DELETE FROM items WHERE tool=? AND case_i=?", "DELETE FROM metric_values WHERE tool=? AND case_i=?",
        "DELETE FROM scores WHERE tool=? AND case_i=?", "DELETE FROM evidence WHERE tool=? AND case_i=?"};
    cm_status st = CM_OK;
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes && !st; i++) {
        sqlite3_stmt *s = NULL;
        st = cm_sql_prepare(l, deletes[i], &s, err);
        if (st) break;
        sqlite3_bind_int(s, 1, tool);
        sqlite3_bind_int64(s, 2, case_number);
        st = cm_sql_done(l, s, err);
        sqlite3_finalize(s);
    }
    return st;
}

cm_status cm_ledger_put_pictures(cm_ledger *l, const cm_picture *pictures, int n, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_ledger_begin(l, err);
    if (!st) st = cm_sql_run(l, "DELETE FROM pictures", err);
    if (!st)
        st = cm_sql_prepare(
            l, "INSERT INTO pictures(tool, case_i, target, file, sha256, kind) VALUES(?,?,?,?,?,?)", &s, err);
    for (int i = 0; i < n && !st; i++) {
        char digest[65];
        cm_digest_hex(&pictures[i].digest, digest);
        sqlite3_bind_int(s, 1, pictures[i].tool);
        sqlite3_bind_int(s, 2, pictures[i].case_index);
        sqlite3_bind_int(s, 3, pictures[i].target);
        sqlite3_bind_text(s, 4, pictures[i].file, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 5, digest, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(s, 6, (int)pictures[i].kind);
        st = cm_sql_done(l, s, err);
    }
    sqlite3_finalize(s);
    return st ? st : cm_ledger_commit(l, err);
}
