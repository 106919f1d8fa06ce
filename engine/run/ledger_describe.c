/* Filling a new ledger: the cohort's description, the cases and the tools, so that a run folder explains
 * itself. */
#include "engine/run/ledger_internal.h"

#include <stdio.h>

static cm_status put_list(cm_ledger *l, const char *kind, int i, const char *name, int value,
                          const char *code, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(l, "INSERT INTO lists VALUES(?,?,?,?,?)", &s, err);
    if (st) return st;
    sqlite3_bind_text(s, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 2, i);
    sqlite3_bind_text(s, 3, name, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, value);
    sqlite3_bind_text(s, 5, code, -1, SQLITE_STATIC);
    st = cm_sql_done(l, s, err);
    sqlite3_finalize(s);
    return st;
}

static cm_status put_number(cm_ledger *l, const char *key, long long value, cm_error *err)
{
    return cm_ledger_put_meta(l, key, cm_strf("%lld", value).s, err);
}

static cm_status put_cohort(cm_ledger *l, const cm_cohort_info *c, cm_error *err)
{
    char digest[65];
    cm_digest_hex(&c->digest, digest);
    const char *texts[][2] = {{"cohort.id", c->id},
                              {"cohort.version", c->version},
                              {"cohort.title", c->title},
                              {"cohort.licence", c->licence},
                              {"cohort.publisher", c->publisher},
                              {"cohort.modality", c->modality},
                              {"cohort.body_part", c->body_part},
                              {"cohort.condition", c->condition},
                              {"cohort.modality_code", c->modality_code},
                              {"cohort.body_part_code", c->body_part_code},
                              {"cohort.condition_code", c->condition_code},
                              {"cohort.sha256", digest}};
    cm_status st = CM_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !st; i++)
        st = cm_ledger_put_meta(l, texts[i][0], texts[i][1], err);
    if (!st) st = put_number(l, "cohort.task", c->task, err);
    if (!st) st = put_number(l, "cohort.geometry_unknown", c->geometry_unknown, err);
    if (!st) st = put_number(l, "cohort.n_patients", c->n_patients, err);
    for (int i = 0; i < c->n_labels && !st; i++)
        st = put_list(l, "label", i, c->labels[i].name, c->labels[i].value, c->labels[i].code, err);
    for (int i = 0; i < c->n_data_uses && !st; i++)
        st = put_list(l, "data-use", i, c->data_uses[i].name, 0, c->data_uses[i].code, err);
    for (int i = 0; i < c->n_channels && !st; i++)
        st = put_list(l, "channel", i, c->channels[i], 0, "", err);
    for (int i = 0; i < c->n_providers && !st; i++)
        st = put_list(l, "provider", i, c->providers[i], 0, "", err);
    for (int i = 0; i < c->n_splits && !st; i++)
        st = put_list(l, "split", i, c->splits[i], 0, "", err);
    for (int i = 0; i < c->n_attributes && !st; i++)
        st = put_list(l, "attribute", i, c->attributes[i], 0, "", err);
    return st;
}

static cm_status put_attributes(cm_ledger *l, sqlite3_stmt *s, int64_t number, const cm_case *c, int n,
                                cm_error *err)
{
    cm_status st = CM_OK;
    for (int k = 0; k < n && !st; k++) {
        sqlite3_bind_int64(s, 1, number);
        sqlite3_bind_int(s, 2, k);
        sqlite3_bind_text(s, 3, c->attributes[k], -1, SQLITE_STATIC);
        st = cm_sql_done(l, s, err);
    }
    return st;
}

static cm_status put_cases(cm_ledger *l, const cm_cohort *cohort, const int64_t *case_index, int64_t n_cases,
                           cm_error *err)
{
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    sqlite3_stmt *s = NULL, *a = NULL;
    cm_status st = cm_sql_prepare(l, "INSERT INTO cases VALUES(?,?,?,?,?,?,?,?)", &s, err);
    if (!st) st = cm_sql_prepare(l, "INSERT INTO attributes VALUES(?,?,?)", &a, err);
    for (int64_t i = 0; i < n_cases && !st; i++) {
        const cm_case *c = cm_cohort_get_case(cohort, case_index[i]);
        bool reference = info->task == CM_TASK_SEGMENTATION ? c->has_reference : c->class_value >= 0;
        sqlite3_bind_int64(s, 1, i);
        sqlite3_bind_int64(s, 2, case_index[i]);
        sqlite3_bind_text(s, 3, c->id, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 4, c->patient, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 5, info->providers[c->provider], -1, SQLITE_STATIC);
        sqlite3_bind_int(s, 6, reference);
        sqlite3_bind_int(s, 7, c->class_value);
        sqlite3_bind_int64(s, 8, cm_shape3_count(c->geometry.shape));
        st = cm_sql_done(l, s, err);
        if (!st) st = put_attributes(l, a, i, c, info->n_attributes, err);
    }
    sqlite3_finalize(s);
    sqlite3_finalize(a);
    return st;
}

static cm_status put_tools(cm_ledger *l, const cm_tool_info *tools, const cm_tool_cost *costs, int n_tools,
                           cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(l, "INSERT INTO tools VALUES(?,?,?,?,?,?,?,?)", &s, err);
    for (int i = 0; i < n_tools && !st; i++) {
        char digest[65];
        cm_digest_hex(&tools[i].digest, digest);
        sqlite3_bind_int(s, 1, i);
        sqlite3_bind_text(s, 2, tools[i].id, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 3, digest, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(s, 4, costs[i].parameters);
        sqlite3_bind_int64(s, 5, costs[i].peak_bytes);
        sqlite3_bind_int64(s, 6, costs[i].windows);
        sqlite3_bind_double(s, 7, costs[i].operations);
        sqlite3_bind_double(s, 8, costs[i].seconds);
        st = cm_sql_done(l, s, err);
    }
    sqlite3_finalize(s);
    return st;
}

cm_status cm_ledger_create(const char *run_folder, const cm_bench *bench, const cm_cohort *cohort,
                           const int64_t *case_index, int64_t n_cases, const cm_tool_info *tools,
                           const cm_tool_cost *costs, int n_tools, cm_ledger *out, cm_error *err)
{
    char digest[65];
    cm_digest_hex(&bench->digest, digest);
    cm_status st = cm_ledger_create_database(run_folder, out, err);
    if (st) return st;
    st = cm_ledger_begin(out, err);
    if (!st) st = put_cohort(out, cm_cohort_get_info(cohort), err);
    if (!st) st = cm_ledger_put_meta(out, "bench.sha256", digest, err);
    if (!st) st = cm_ledger_put_meta(out, "engine.version", CM_VERSION, err);
    if (!st) st = cm_ledger_put_meta(out, "engine.commit", CM_COMMIT, err);
    if (!st) st = put_cases(out, cohort, case_index, n_cases, err);
    if (!st) st = put_tools(out, tools, costs, n_tools, err);
    if (!st) st = cm_ledger_commit(out, err);
    if (st) cm_ledger_close(out);
    return st;
}
