/* Loading what a run came to: run.db, bench.xml and the tool packages of a run folder become one plain
 * struct. */
#include "engine/run/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/run/item.h"
#include "engine/run/ledger.h"

/* malloc'd array of fixed-size names of one kind from table lists. */
static cm_status load_names(cm_ledger *l, const char *kind, size_t width, void **out, int *count,
                            cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = cm_sql_prepare(l, "SELECT name FROM lists WHERE kind=? ORDER BY i", &s, err);
    if (st) return st;
    sqlite3_bind_text(s, 1, kind, -1, SQLITE_STATIC);
    char *names = NULL;
    int n = 0;
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        char *more = realloc(names, (size_t)(n + 1) * width);
        if (!more) {
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a list of names");
            break;
        }
        names = more;
        cm_sql_text(s, 0, names + (size_t)n++ * width, width);
    }
    *out = names;
    *count = n;
    return cm_sql_end(l, s, st, err);
}

static cm_status load_labels(cm_ledger *l, cm_cohort_info *c, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st =
        cm_sql_prepare(l, "SELECT name, value, code FROM lists WHERE kind='label' ORDER BY i", &s, err);
    if (st) return st;
    while (sqlite3_step(s) == SQLITE_ROW) {
        cm_label *more = realloc(c->labels, (size_t)(c->n_labels + 1) * sizeof *more);
        if (!more) {
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the labels");
            break;
        }
        c->labels = more;
        cm_label *label = &more[c->n_labels++];
        cm_sql_text(s, 0, label->name, sizeof label->name);
        label->value = sqlite3_column_int(s, 1);
        cm_sql_text(s, 2, label->code, sizeof label->code);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_data_uses(cm_ledger *l, cm_cohort_info *c, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st =
        cm_sql_prepare(l, "SELECT name, code FROM lists WHERE kind='data-use' ORDER BY i", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        cm_data_use *more = realloc(c->data_uses, (size_t)(c->n_data_uses + 1) * sizeof *more);
        if (!more) {
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the conditions of use");
            break;
        }
        c->data_uses = more;
        cm_data_use *use = &more[c->n_data_uses++];
        cm_sql_text(s, 0, use->name, sizeof use->name);
        cm_sql_text(s, 1, use->code, sizeof use->code);
    }
    return cm_sql_end(l, s, st, err);
}

static int64_t meta_integer(cm_ledger *l, const char *key)
{
    char text[32];
    cm_ledger_get_meta(l, key, text, sizeof text, NULL);
    return strtoll(text, NULL, 10);
}

static cm_status load_cohort(cm_ledger *l, cm_results *r, cm_error *err)
{
    cm_cohort_info *c = &r->cohort;
    char digest[65];
    cm_ledger_get_meta(l, "cohort.id", c->id, sizeof c->id, err);
    cm_ledger_get_meta(l, "cohort.version", c->version, sizeof c->version, err);
    cm_ledger_get_meta(l, "cohort.title", c->title, sizeof c->title, err);
    cm_ledger_get_meta(l, "cohort.licence", c->licence, sizeof c->licence, err);
    cm_ledger_get_meta(l, "cohort.publisher", c->publisher, sizeof c->publisher, err);
    cm_ledger_get_meta(l, "cohort.modality", c->modality, sizeof c->modality, err);
    cm_ledger_get_meta(l, "cohort.body_part", c->body_part, sizeof c->body_part, err);
    cm_ledger_get_meta(l, "cohort.condition", c->condition, sizeof c->condition, err);
    cm_ledger_get_meta(l, "cohort.modality_code", c->modality_code, sizeof c->modality_code, err);
    cm_ledger_get_meta(l, "cohort.body_part_code", c->body_part_code, sizeof c->body_part_code, err);
    cm_ledger_get_meta(l, "cohort.condition_code", c->condition_code, sizeof c->condition_code, err);
    cm_ledger_get_meta(l, "cohort.sha256", digest, sizeof digest, err);
    if (!cm_digest_parse(digest, &c->digest))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the ledger holds no cohort digest", .where = "run.db");
    c->task = (cm_task_kind)meta_integer(l, "cohort.task");
    c->geometry_unknown = meta_integer(l, "cohort.geometry_unknown") != 0;
    c->n_patients = meta_integer(l, "cohort.n_patients");
    r->smoke = meta_integer(l, "smoke");
    r->distances_in_voxels = meta_integer(l, "distances_in_voxels") != 0;
    cm_status st = load_labels(l, c, err);
    if (!st) st = load_data_uses(l, c, err);
    if (!st) st = load_names(l, "channel", sizeof c->channels[0], (void **)&c->channels, &c->n_channels, err);
    if (!st)
        st = load_names(l, "provider", sizeof c->providers[0], (void **)&c->providers, &c->n_providers, err);
    if (!st) st = load_names(l, "split", sizeof c->splits[0], (void **)&c->splits, &c->n_splits, err);
    if (!st)
        st = load_names(l, "attribute", sizeof c->attributes[0], (void **)&c->attributes, &c->n_attributes,
                        err);
    if (!st)
        st = load_names(l, "attribute", sizeof r->attribute_names[0], (void **)&r->attribute_names,
                        &r->n_attributes, err);
    return st;
}

static cm_status count_rows(cm_ledger *l, const char *sql, int64_t *n, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    *n = 0;
    cm_status st = cm_sql_prepare(l, sql, &s, err);
    if (!st && sqlite3_step(s) == SQLITE_ROW) *n = sqlite3_column_int64(s, 0);
    return cm_sql_end(l, s, st, err);
}

static cm_status load_attributes(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    if (!r->n_attributes) return CM_OK;
    for (int64_t i = 0; i < r->n_cases; i++) {
        r->cases[i].attributes = calloc((size_t)r->n_attributes, sizeof r->cases[i].attributes[0]);
        if (!r->cases[i].attributes)
            return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the attributes");
    }
    cm_status st = cm_sql_prepare(l, "SELECT case_i, k, value FROM attributes", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        int64_t i = sqlite3_column_int64(s, 0);
        int k = sqlite3_column_int(s, 1);
        if (i >= 0 && i < r->n_cases && k >= 0 && k < r->n_attributes)
            cm_sql_text(s, 2, r->cases[i].attributes[k], sizeof r->cases[i].attributes[k]);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_cases(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_status st = count_rows(l, "SELECT count(*) FROM cases", &r->n_cases, err);
    if (st) return st;
    r->cases = calloc((size_t)r->n_cases + 1, sizeof *r->cases);
    if (!r->cases) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the cases");
    st = cm_sql_prepare(
        l, "SELECT id, provider, patient, has_reference, class_value, voxels FROM cases ORDER BY i", &s, err);
    for (int64_t i = 0; !st && i < r->n_cases && sqlite3_step(s) == SQLITE_ROW; i++) {
        cm_result_case *c = &r->cases[i];
        cm_sql_text(s, 0, c->id, sizeof c->id);
        cm_sql_text(s, 1, c->provider, sizeof c->provider);
        cm_sql_text(s, 2, c->patient, sizeof c->patient);
        c->has_reference = sqlite3_column_int(s, 3) != 0;
        c->class_value = sqlite3_column_int(s, 4);
        c->voxels = sqlite3_column_int64(s, 5);
    }
    st = cm_sql_end(l, s, st, err);
    return st ? st : load_attributes(l, r, err);
}

static cm_status copy_tool_info(const cm_tool_info *from, cm_tool_info *to, cm_error *err)
{
    *to = *from;
    size_t bytes = (size_t)from->n_channels * sizeof from->channels[0];
    to->channels = malloc(bytes + 1);
    if (!to->channels) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the channels of a tool");
    memcpy(to->channels, from->channels, bytes);
    return CM_OK;
}

/* What a tool is comes from its package in the run folder; what it costs from the ledger. */
static cm_status load_tool(cm_results *r, const char *run_folder, sqlite3_stmt *row, int i, cm_error *err)
{
    char id[65], digest[65], found[65];
    cm_sql_text(row, 0, id, sizeof id);
    cm_sql_text(row, 1, digest, sizeof digest);
    cm_tool *tool = NULL;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    char *path = cm_path_join(run_folder, cm_strf("tools/%s.tool", id).s);
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_status st = cm_tool_open(path, &limits, &tool, err);
    free(path);
    if (st) return st;
    st = copy_tool_info(cm_tool_get_info(tool), &r->tools[i], err);
    cm_tool_close(tool);
    if (st) return st;
    cm_digest_hex(&r->tools[i].digest, found);
    if (strcmp(found, digest) != 0)
        return CM_FAIL(err, CM_ERR_DAMAGED, .what = "a tool package of the run has changed since the run",
                       .where = cm_strf("tool %s", id).s,
                       .why = cm_strf("sha256 was %.16s..., is %.16s...", digest, found).s);
    cm_tool_cost *cost = &r->tool_costs[i];
    cost->parameters = sqlite3_column_int64(row, 2);
    cost->peak_bytes = sqlite3_column_int64(row, 3);
    cost->windows = sqlite3_column_int64(row, 4);
    cost->operations = sqlite3_column_double(row, 5);
    cost->seconds = sqlite3_column_double(row, 6);
    return CM_OK;
}

static cm_status load_tools(cm_ledger *l, cm_results *r, const char *run_folder, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int64_t n;
    cm_status st = count_rows(l, "SELECT count(*) FROM tools", &n, err);
    if (st) return st;
    r->tools = calloc((size_t)n + 1, sizeof *r->tools);
    r->tool_costs = calloc((size_t)n + 1, sizeof *r->tool_costs);
    if (!r->tools || !r->tool_costs) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools");
    st = cm_sql_prepare(
        l, "SELECT id, sha256, parameters, peak_bytes, windows, operations, seconds FROM tools ORDER BY i",
        &s, err);
    while (!st && r->n_tools < n && sqlite3_step(s) == SQLITE_ROW) {
        st = load_tool(r, run_folder, s, r->n_tools, err);
        if (!st) r->n_tools++;
    }
    return cm_sql_end(l, s, st, err);
}

/* Tool and case of a row, in columns 0 and 1. False: outside. */
static bool row_item(const cm_results *r, sqlite3_stmt *s, int *tool, int64_t *i)
{
    const int64_t t = sqlite3_column_int64(s, 0);
    *i = sqlite3_column_int64(s, 1);
    *tool = (int)t;
    return t >= 0 && t < r->n_tools && *i >= 0 && *i < r->n_cases;
}

/* Target and metric of a row, in columns 2 and 3, as a place; -1 outside. */
static int row_place(const cm_results *r, sqlite3_stmt *s)
{
    const int target = sqlite3_column_int(s, 2), metric = sqlite3_column_int(s, 3);
    const bool inside =
        target >= 0 && target < r->bench->n_targets && metric >= 0 && metric < r->bench->n_metrics;
    return inside ? target * r->bench->n_metrics + metric : -1;
}

static cm_status read_item(cm_results *r, sqlite3_stmt *s, int tool, int64_t i, cm_error *err)
{
    cm_item *item = cm_results_item(r, tool, i);
    const int n_scores = sqlite3_column_int(s, 3);
    const double diagonal = sqlite3_column_double(s, 5);
    char digest[65], reason[256];
    if (n_scores && (n_scores != r->cohort.n_labels || !r->scores))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "an item of the ledger has an impossible number of scores",
                       .where = "run.db",
                       .why = cm_strf("%d scores, %d classes", n_scores, r->cohort.n_labels).s);
    item->state = (uint8_t)sqlite3_column_int(s, 2);
    if (n_scores) {
        item->scored = true;
        *cm_results_decided(r, tool, i) = sqlite3_column_int(s, 4);
    }
    if (diagonal > 0) r->cases[i].diagonal = diagonal; /* the grid is the case's: the same for every tool */
    cm_sql_text(s, 6, digest, sizeof digest);
    cm_digest_parse(digest, &item->prediction_digest);
    item->shard = sqlite3_column_int(s, 7);
    item->cost = (cm_item_cost){.wall_s = sqlite3_column_double(s, 8),
                                .cpu_s = sqlite3_column_double(s, 9),
                                .energy_j = sqlite3_column_double(s, 10),
                                .peak_bytes = sqlite3_column_int64(s, 11),
                                .operations = sqlite3_column_double(s, 12)};
    item->rank = sqlite3_column_int(s, 13);
    cm_sql_text(s, 14, reason, sizeof reason);
    return cm_results_set_reason(r, item, reason, err);
}

/* Rows come in any order, and every one touches a page. */
static void count_row(const cm_results *r, int64_t *rows)
{
    if (++*rows % CM_ROWS_AT_ONCE == 0) cm_results_release(r);
}

static cm_status load_items(cm_ledger *l, cm_results *r, const cm_spill_rule *spill, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int tool;
    int64_t i, rows = 0;
    cm_status st = cm_results_reserve(r, spill, err);
    if (!st) st = cm_sql_prepare(l, "SELECT * FROM items", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        if (row_item(r, s, &tool, &i)) st = read_item(r, s, tool, i, err);
        count_row(r, &rows);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_scores(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int tool;
    int64_t i, rows = 0;
    cm_status st = cm_sql_prepare(l, "SELECT tool, case_i, class, score FROM scores", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        count_row(r, &rows);
        double *scores = row_item(r, s, &tool, &i) ? cm_results_scores(r, tool, i) : NULL;
        const int k = sqlite3_column_int(s, 2);
        if (scores && k >= 0 && k < r->cohort.n_labels) scores[k] = sqlite3_column_double(s, 3);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_values(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int tool;
    int64_t i, rows = 0;
    if (r->bench->task != CM_TASK_SEGMENTATION) return CM_OK;
    cm_status st = cm_sql_prepare(
        l, "SELECT tool, case_i, target, metric, state, empty, value FROM metric_values", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        const int place = row_place(r, s);
        count_row(r, &rows);
        if (place < 0 || !row_item(r, s, &tool, &i)) continue;
        cm_results_set_value(r, tool, i, place,
                             (cm_metric_value){.state = (cm_value_state)sqlite3_column_int(s, 4),
                                               .empty = (cm_emptiness)sqlite3_column_int(s, 5),
                                               .value = sqlite3_column_double(s, 6)});
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_evidence(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int tool;
    int64_t i, rows = 0;
    cm_status st = cm_sql_prepare(l, "SELECT tool, case_i, target, metric, numbers FROM evidence", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        const int place = row_place(r, s);
        count_row(r, &rows);
        if (place < 0 || !row_item(r, s, &tool, &i)) continue;
        const int64_t n = sqlite3_column_bytes(s, 4) / (int)sizeof(double);
        st = cm_results_set_evidence(r, tool, i, place, sqlite3_column_blob(s, 4), n, err);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_launches(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    int64_t n;
    cm_status st = count_rows(l, "SELECT count(*) FROM launches", &n, err);
    if (st) return st;
    r->launches = calloc((size_t)n + 1, sizeof *r->launches);
    if (!r->launches) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the launches");
    st = cm_sql_prepare(
        l,
        "SELECT started, ended, ranks, threads, variant, wall_s, machine, energy_reason FROM launches ORDER BY i",
        &s, err);
    while (!st && r->n_launches < n && sqlite3_step(s) == SQLITE_ROW) {
        cm_launch *launch = &r->launches[r->n_launches++];
        cm_sql_text(s, 0, launch->started, sizeof launch->started);
        cm_sql_text(s, 1, launch->ended, sizeof launch->ended);
        launch->ranks = sqlite3_column_int(s, 2);
        launch->threads = sqlite3_column_int(s, 3);
        cm_sql_text(s, 4, launch->variant, sizeof launch->variant);
        launch->wall_s = sqlite3_column_double(s, 5);
        cm_sql_text(s, 6, r->machine, sizeof r->machine);
        cm_sql_text(s, 7, r->energy_reason, sizeof r->energy_reason);
    }
    if (r->n_launches) memcpy(r->created, r->launches[0].started, sizeof r->created);
    return cm_sql_end(l, s, st, err);
}

const char *cm_picture_kind_name(cm_picture_kind kind)
{
    static const char *const names[CM_PICTURE_KINDS] = {"worst", "median", "best"};
    return (unsigned)kind < CM_PICTURE_KINDS ? names[kind] : "unknown";
}

static cm_status load_pictures(cm_ledger *l, cm_results *r, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    const int most = r->n_tools * CM_PICTURE_KINDS;
    r->pictures = calloc((size_t)most + 1, sizeof *r->pictures);
    if (!r->pictures) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the pictures");
    cm_status st = cm_sql_prepare(
        l, "SELECT tool, case_i, target, file, sha256, kind FROM pictures ORDER BY kind, tool", &s, err);
    while (!st && r->n_pictures < most && sqlite3_step(s) == SQLITE_ROW) {
        cm_picture *p = &r->pictures[r->n_pictures++];
        char digest[65];
        p->tool = sqlite3_column_int(s, 0);
        p->case_index = sqlite3_column_int(s, 1);
        p->target = sqlite3_column_int(s, 2);
        cm_sql_text(s, 3, p->file, sizeof p->file);
        cm_sql_text(s, 4, digest, sizeof digest);
        cm_digest_parse(digest, &p->digest);
        p->kind = (cm_picture_kind)sqlite3_column_int(s, 5);
    }
    return cm_sql_end(l, s, st, err);
}

static cm_status load_bench(cm_ledger *l, cm_results *r, const char *run_folder, cm_error *err)
{
    char was[65], is[65];
    char *path = cm_path_join(run_folder, "bench.xml");
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_status st = cm_bench_read(path, &r->bench, err);
    free(path);
    if (st) return st;
    cm_ledger_get_meta(l, "bench.sha256", was, sizeof was, err);
    cm_digest_hex(&r->bench->digest, is);
    if (strcmp(was, is) != 0)
        return CM_FAIL(err, CM_ERR_DAMAGED, .what = "bench.xml of the run folder has changed since the run",
                       .where = "bench.xml", .why = cm_strf("sha256 was %.16s..., is %.16s...", was, is).s,
                       .next = "restore it, or run the changed bench anew");
    return cm_bench_bind(r->bench, &r->cohort, err);
}

cm_status cm_results_load(const char *run_folder, const cm_spill_rule *spill, cm_results **out, cm_error *err)
{
    cm_ledger l;
    cm_results *r = calloc(1, sizeof *r);
    if (!r) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the results");
    cm_status st = cm_ledger_open(run_folder, true, &l, err);
    if (!st) {
        st = cm_sql_run(&l, "BEGIN", err); /* one consistent view, also while a run writes */
        if (!st) st = load_cohort(&l, r, err);
        if (!st) st = load_bench(&l, r, run_folder, err);
        if (!st) st = load_cases(&l, r, err);
        if (!st) st = load_tools(&l, r, run_folder, err);
        if (!st) st = load_items(&l, r, spill, err);
        if (!st) st = load_scores(&l, r, err);
        if (!st) st = load_values(&l, r, err);
        if (!st) st = load_evidence(&l, r, err);
        if (!st) st = load_launches(&l, r, err);
        if (!st) st = load_pictures(&l, r, err);
        if (!st)
            st = cm_ledger_get_meta(&l, "engine.version", r->engine_version, sizeof r->engine_version, err);
        if (!st) st = cm_ledger_get_meta(&l, "engine.commit", r->engine_commit, sizeof r->engine_commit, err);
        cm_ledger_close(&l);
        cm_results_release(r);
    }
    if (st) {
        cm_results_destroy(r);
        return st;
    }
    *out = r;
    return CM_OK;
}

void cm_results_destroy(cm_results *r)
{
    if (!r) return;
    cm_results_free_items(r);
    for (int64_t i = 0; r->cases && i < r->n_cases; i++)
        free(r->cases[i].attributes);
    for (int i = 0; i < r->n_tools; i++)
        free(r->tools[i].channels);
    cm_bench_destroy(r->bench);
    free(r->cohort.data_uses);
    free(r->cohort.labels);
    free(r->cohort.channels);
    free(r->cohort.providers);
    free(r->cohort.splits);
    free(r->cohort.attributes);
    free(r->attribute_names);
    free(r->cases);
    free(r->tools);
    free(r->tool_costs);
    free(r->launches);
    free(r->pictures);
    free(r);
}
