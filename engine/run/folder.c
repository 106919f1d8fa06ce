#include "engine/run/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/files.h"

char *cm_run_folder_shard(const char *run_folder, int shard)
{
    return cm_path_join(run_folder, cm_strf("predictions.%04d.h5", shard).s);
}

static cm_status join(const char *a, const char *b, char **out, cm_error *err)
{
    *out = cm_path_join(a, b);
    return *out ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
}

static cm_status make_below(const char *folder, const char *name, cm_error *err)
{
    char *path = NULL;
    cm_status st = join(folder, name, &path, err);
    if (!st) st = cm_folder_create(path, true, err);
    free(path);
    return st;
}

/* Folders are packed, files copied: either way tools/<id>.tool is what ran. */
static cm_status keep_tool(const char *folder, const char *id, const char *from, cm_error *err)
{
    char *to = NULL;
    cm_status st = join(folder, cm_strf("tools/%s.tool", id).s, &to, err);
    if (!st) st = cm_path_is_folder(from) ? cm_tool_pack(from, to, err) : cm_file_copy(from, to, err);
    free(to);
    return st;
}

static cm_status fill(const char *folder, const char *bench_path, const cm_setup *s,
                      const char *const *tool_paths, const cm_tool_cost *costs, int64_t smoke, cm_error *err)
{
    char *bench = NULL;
    cm_ledger ledger = {0};
    cm_tool_info *infos = calloc((size_t)s->n_tools + 1, sizeof *infos);
    cm_status st = infos ? join(folder, "bench.xml", &bench, err)
                         : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools");
    if (!st) st = cm_file_copy(bench_path, bench, err);
    if (!st) st = make_below(folder, "tools", err);
    if (!st) st = make_below(folder, "pictures", err);
    for (int i = 0; i < s->n_tools && !st; i++) {
        infos[i] = *cm_tool_get_info(s->tools[i]);
        st = keep_tool(folder, infos[i].id, tool_paths[i], err);
    }
    if (!st)
        st = cm_ledger_create(folder, s->bench, s->cohort, s->case_index, s->n_cases, infos, costs,
                              s->n_tools, &ledger, err);
    if (!st) st = cm_ledger_put_meta(&ledger, "cohort_path", s->cohort_path, err);
    if (!st) st = cm_ledger_put_meta(&ledger, "distances_in_voxels", s->spacing_known ? "0" : "1", err);
    if (!st) st = cm_ledger_put_meta(&ledger, "smoke", cm_strf("%lld", (long long)smoke).s, err);
    cm_ledger_close(&ledger);
    free(bench);
    free(infos);
    return st;
}

cm_status cm_run_folder_create(const char *out, const char *bench_path, const cm_setup *setup,
                               const char *const *tool_paths, const cm_tool_cost *costs, int64_t smoke,
                               cm_error *err)
{
    if (cm_path_exists(out))
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "the run folder exists already", .where = out,
                       .next = "choose another -o, or go on with --resume");
    cm_str making = cm_strf("%s.making.%ld", out, (long)getpid());
    if (strlen(making.s) + 1 >= sizeof making.s)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the path of the run folder is too long", .where = out);
    cm_status st = cm_folder_create(making.s, true, err);
    if (st) return st;
    st = fill(making.s, bench_path, setup, tool_paths, costs, smoke, err);
    if (!st && rename(making.s, out) != 0)
        st = CM_FAIL(err, CM_ERR_IO, .what = "the run folder could not be put in place", .where = out);
    if (st) cm_folder_remove(making.s, NULL);
    return st;
}

cm_status cm_run_folder_tools(const char *run_folder, cm_ledger *ledger, char ***paths, int64_t *count,
                              cm_error *err)
{
    sqlite3_stmt *s = NULL;
    char **list = NULL;
    int64_t n = 0;
    cm_status st = cm_sql_prepare(ledger, "SELECT id FROM tools ORDER BY i", &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        char id[65];
        cm_sql_text(s, 0, id, sizeof id);
        char **more = realloc(list, (size_t)(n + 1) * sizeof *more);
        if (more) list = more;
        if (!more || !(list[n] = cm_path_join(run_folder, cm_strf("tools/%s.tool", id).s)))
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the tools of the run");
        else
            n++;
    }
    *paths = list;
    *count = n;
    return cm_sql_end(ledger, s, st, err);
}

/* Checks one prediction; an unreadable file, a missing data set or another hash all mean: run it again. */
static bool prediction_there(const char *run_folder, int shard, int tool, int64_t case_number,
                             const char *hex, int *open_shard, cm_predictions **file)
{
    cm_digest expected;
    cm_geometry geometry;
    uint16_t *values = NULL;
    if (*open_shard != shard) {
        if (*file) cm_predictions_close(*file, NULL);
        *file = NULL;
        *open_shard = shard;
        char *path = cm_run_folder_shard(run_folder, shard);
        if (path && cm_predictions_open(path, file, NULL)) *file = NULL;
        free(path);
    }
    if (!*file || !cm_digest_parse(hex, &expected)) return false;
    bool there = cm_predictions_load(*file, tool, case_number, &expected, &values, &geometry, NULL) == CM_OK;
    free(values);
    return there;
}

cm_status cm_run_folder_recover(const char *run_folder, cm_ledger *ledger, int64_t *reopened, cm_error *err)
{
    sqlite3_stmt *s = NULL;
    cm_predictions *file = NULL;
    int open_shard = -1;
    *reopened = 0;
    cm_status st = cm_ledger_begin(ledger, err);
    if (!st)
        st = cm_sql_prepare(
            ledger,
            "SELECT i.tool, i.case_i, i.shard, i.prediction_sha256 FROM items i JOIN launches l ON i.shard >= l.first_shard AND"
            " i.shard < l.first_shard + l.ranks WHERE l.ended = '' AND i.shard >= 0 ORDER BY i.shard",
            &s, err);
    while (!st && sqlite3_step(s) == SQLITE_ROW) {
        int tool = sqlite3_column_int(s, 0);
        int64_t case_number = sqlite3_column_int64(s, 1);
        char hex[65];
        cm_sql_text(s, 3, hex, sizeof hex);
        if (prediction_there(run_folder, sqlite3_column_int(s, 2), tool, case_number, hex, &open_shard,
                             &file))
            continue;
        st = cm_ledger_reopen(ledger, tool, case_number, err);
        (*reopened)++;
    }
    st = cm_sql_end(ledger, s, st, err);
    if (file) cm_predictions_close(file, NULL);
    return st ? st : cm_ledger_commit(ledger, err);
}

cm_status cm_run_folder_hold(const char *run_folder, int *fd, cm_error *err)
{
    *fd = open(run_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "the run folder cannot be opened", .where = run_folder,
                       .why = strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0) return CM_OK;
    bool held = errno == EWOULDBLOCK;
    close(*fd);
    *fd = -1;
    if (!held) return CM_OK;
    return CM_FAIL(err, CM_ERR_EXISTS, .what = "another cohmark is working on this run folder",
                   .where = run_folder, .next = "wait for it (cohmark status), or end it and resume");
}
