/* Patients and providers of scored cases, from a CSV. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/csv.h"
#include "engine/run/score_read.h"

static cm_status take_attribute(const cm_csv *csv, int64_t row, int column, char *to, size_t size,
                                const char *path, cm_error *err)
{
    const char *text = column < 0 ? "" : cm_csv_get(csv, row, column);
    if (!text[0]) return CM_OK;
    if (strlen(text) >= size)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a value of a case is too long",
                       .where = cm_strf("%s:%d", path, cm_csv_line(csv, row)).s,
                       .why = cm_strf("at most %d bytes", (int)size - 1).s);
    memset(to, 0, size);
    memcpy(to, text, strlen(text));
    return CM_OK;
}

/* As strcmp does, a blank being '_' as in the ids of cases. */
static int compare_ids(const char *id, const char *text)
{
    for (; *id && *id == (*text == ' ' ? '_' : *text); id++)
        text++;
    return (unsigned char)*id - (*text == ' ' ? '_' : (unsigned char)*text);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(cm_result_case *const *)a)->id, (*(cm_result_case *const *)b)->id);
}

static int id_to_case(const void *text, const void *place)
{
    return -compare_ids((*(cm_result_case *const *)place)->id, text);
}

/* sorted: the cases by id. told[i]: the line that told of case i of r, 0: none. */
static cm_status take_rows(const cm_csv *csv, const char *path, const cm_results *r, cm_result_case **sorted,
                           int *told, cm_error *err)
{
    const int id = cm_csv_find(csv, "case_id"), patient = cm_csv_find(csv, "patient"),
              provider = cm_csv_find(csv, "provider");
    cm_status st = CM_OK;
    if (id < 0)
        return CM_FAIL(err, CM_ERR_SCHEMA, .what = "a table of cases needs the column case_id",
                       .where = path);
    if (patient < 0 && provider < 0)
        return CM_FAIL(err, CM_ERR_SCHEMA, .what = "a table of cases needs the column patient or provider",
                       .where = path, .why = "without them it says nothing");
    for (int64_t row = 0; !st && row < cm_csv_rows(csv); row++) {
        cm_result_case **place =
            bsearch(cm_csv_get(csv, row, id), sorted, (size_t)r->n_cases, sizeof *sorted, id_to_case);
        if (!place) continue;
        cm_result_case *c = *place;
        const int64_t i = c - r->cases;
        if (told[i])
            return CM_FAIL(err, CM_ERR_SCHEMA, .what = cm_strf("case %s has two rows", c->id).s,
                           .where = cm_strf("%s:%d", path, cm_csv_line(csv, row)).s,
                           .why = cm_strf("the other is line %d", told[i]).s, .next = "Keep one of them");
        told[i] = cm_csv_line(csv, row);
        st = take_attribute(csv, row, patient, c->patient, sizeof c->patient, path, err);
        if (!st) st = take_attribute(csv, row, provider, c->provider, sizeof c->provider, path, err);
    }
    return st;
}

cm_status cm_scored_cases(const char *path, cm_results *r, cm_error *err)
{
    cm_csv *csv = NULL;
    cm_status st = cm_csv_read(path, &csv, err);
    if (st) return st;
    int *told = calloc((size_t)r->n_cases, sizeof *told);
    cm_result_case **sorted = malloc((size_t)r->n_cases * sizeof *sorted);
    if (!told || !sorted) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a table of cases");
    for (int64_t i = 0; i < r->n_cases && !st; i++)
        sorted[i] = &r->cases[i];
    if (!st) qsort(sorted, (size_t)r->n_cases, sizeof *sorted, by_id);
    if (!st) st = take_rows(csv, path, r, sorted, told, err);
    for (int64_t i = 0; i < r->n_cases && !st; i++)
        if (!told[i])
            st = CM_FAIL(err, CM_ERR_SCHEMA, .what = cm_strf("case %s has no row", r->cases[i].id).s,
                         .where = path, .why = "every reference needs its patient or provider",
                         .next = "Add the row; case_id is the name of the file without its ending");
    free(sorted);
    free(told);
    cm_csv_close(csv);
    return st;
}
