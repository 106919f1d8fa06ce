/* index.h5 on disk. The case table and the audit are HDF5 compound tables whose columns are listed once here;
 * what is read must have exactly these columns, and every value is checked against its range before it is
 * used. */
#include "engine/cohort/index_internal.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cohort/container_internal.h"
#include "engine/cohort/manifest_internal.h"

static const char schema_name[] = "cohmark-cohort/1";
static const int64_t most_cases = 10000000, most_audit = 650000000, most_manifest = 16 << 20;

/* ---- the tables ---- */

struct case_row {
    char id[64], patient[64];
    int32_t provider, split, class_value, shard;
    uint8_t has_reference, spacing_known, orientation_known, dtype;
    int64_t shape[3];     /* z, y, x */
    double spacing_mm[3]; /* z, y, x */
    double affine[12];    /* rows R, A, S; columns x, y, z, 1 */
    double slope, intercept;
    uint8_t image_sha256[32], reference_sha256[32];
};

struct label_row {
    int32_t value;
    char name[64], code[64];
};

enum kind { TEXT, I32, I64, U8, U32, F64 };

struct column {
    const char *name;
    enum kind kind;
    int count; /* elements; bytes for TEXT */
    size_t offset;
};

static const struct column case_columns[] = {
    {"id", TEXT, 64, offsetof(struct case_row, id)},
    {"patient", TEXT, 64, offsetof(struct case_row, patient)},
    {"provider", I32, 1, offsetof(struct case_row, provider)},
    {"split", I32, 1, offsetof(struct case_row, split)},
    {"class", I32, 1, offsetof(struct case_row, class_value)},
    {"shard", I32, 1, offsetof(struct case_row, shard)},
    {"has_reference", U8, 1, offsetof(struct case_row, has_reference)},
    {"spacing_known", U8, 1, offsetof(struct case_row, spacing_known)},
    {"orientation_known", U8, 1, offsetof(struct case_row, orientation_known)},
    {"dtype", U8, 1, offsetof(struct case_row, dtype)},
    {"shape_zyx", I64, 3, offsetof(struct case_row, shape)},
    {"spacing_zyx_mm", F64, 3, offsetof(struct case_row, spacing_mm)},
    {"affine_ras_mm", F64, 12, offsetof(struct case_row, affine)},
    {"slope", F64, 1, offsetof(struct case_row, slope)},
    {"intercept", F64, 1, offsetof(struct case_row, intercept)},
    {"image_sha256", U8, 32, offsetof(struct case_row, image_sha256)},
    {"reference_sha256", U8, 32, offsetof(struct case_row, reference_sha256)},
};

static const struct column audit_columns[] = {
    {"case", I64, 1, offsetof(cm_audit, case_index)},
    {"bytes", I64, 1, offsetof(cm_audit, bytes)},
    {"column", I32, 1, offsetof(cm_audit, column)},
    {"text_fields", I32, 1, offsetof(cm_audit, text_fields)},
    {"notes", U32, 1, offsetof(cm_audit, notes)},
    {"format", TEXT, 16, offsetof(cm_audit, format)},
    {"sha256", U8, 32, offsetof(cm_audit, sha256)},
};

static const struct column label_columns[] = {
    {"value", I32, 1, offsetof(struct label_row, value)},
    {"name", TEXT, 64, offsetof(struct label_row, name)},
    {"code", TEXT, 64, offsetof(struct label_row, code)},
};

static hid_t text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static hid_t table_type(const struct column *columns, size_t n, size_t row_bytes)
{
    hid_t table = H5Tcreate(H5T_COMPOUND, row_bytes);
    for (size_t i = 0; i < n; i++) {
        const struct column *c = &columns[i];
        const hid_t base[] = {[I32] = H5T_STD_I32LE,
                              [I64] = H5T_STD_I64LE,
                              [U8] = H5T_STD_U8LE,
                              [U32] = H5T_STD_U32LE,
                              [F64] = H5T_IEEE_F64LE};
        hsize_t count = (hsize_t)c->count;
        hid_t type = c->kind == TEXT ? text_type((size_t)c->count)
                     : c->count > 1  ? H5Tarray_create2(base[c->kind], 1, &count)
                                     : H5Tcopy(base[c->kind]);
        H5Tinsert(table, c->name, c->offset, type);
        H5Tclose(type);
    }
    return table;
}

static hid_t case_type(void)
{
    return table_type(case_columns, sizeof case_columns / sizeof *case_columns, sizeof(struct case_row));
}

static hid_t audit_type(void)
{
    return table_type(audit_columns, sizeof audit_columns / sizeof *audit_columns, sizeof(cm_audit));
}

static hid_t label_type(void)
{
    return table_type(label_columns, sizeof label_columns / sizeof *label_columns, sizeof(struct label_row));
}

/* ---- writing ---- */

static void copy_text(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    memset(to, 0, size);
    memcpy(to, from, n < size ? n : size);
}

static void fill_row(const cm_case *c, int32_t shard, struct case_row *r)
{
    const cm_geometry *g = &c->geometry;
    memset(r, 0, sizeof *r);
    copy_text(r->id, sizeof r->id, c->id);
    copy_text(r->patient, sizeof r->patient, c->patient);
    r->provider = c->provider;
    r->split = c->split;
    r->class_value = c->class_value;
    r->shard = shard;
    r->has_reference = c->has_reference;
    r->spacing_known = g->spacing_known;
    r->orientation_known = g->orientation_known;
    r->dtype = (uint8_t)c->dtype;
    r->shape[0] = g->shape.nz;
    r->shape[1] = g->shape.ny;
    r->shape[2] = g->shape.nx;
    r->spacing_mm[0] = g->spacing_mm.z;
    r->spacing_mm[1] = g->spacing_mm.y;
    r->spacing_mm[2] = g->spacing_mm.x;
    memcpy(r->affine, g->affine.m, sizeof r->affine);
    r->slope = c->slope;
    r->intercept = c->intercept;
    memcpy(r->image_sha256, c->image_digest.byte, 32);
    memcpy(r->reference_sha256, c->reference_digest.byte, 32);
}

static cm_status write_cases(hid_t file, const cm_index *index, cm_error *err)
{
    struct case_row *rows = calloc((size_t)index->n + 1, sizeof *rows);
    if (!rows) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table");
    for (int64_t i = 0; i < index->n; i++)
        fill_row(&index->cases[i], index->shard[i], &rows[i]);
    hid_t type = case_type();
    const int64_t dim[2] = {index->n, 0};
    cm_status st = cm_table_write(file, "cases", type, 1, dim, rows, err);
    H5Tclose(type);
    free(rows);
    return st;
}

/* A list of names as 64-byte texts; the source rows are `width` <= 64 bytes each. */
static cm_status write_names(hid_t file, const char *name, const void *names, int n, size_t width,
                             cm_error *err)
{
    char(*rows)[64] = calloc((size_t)n + 1, sizeof *rows);
    if (!rows) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for names");
    for (int i = 0; i < n; i++)
        copy_text(rows[i], sizeof rows[i], (const char *)names + (size_t)i * width);
    hid_t type = text_type(64);
    const int64_t dim[2] = {n, 0};
    cm_status st = cm_table_write(file, name, type, 1, dim, rows, err);
    H5Tclose(type);
    free(rows);
    return st;
}

static cm_status write_labels(hid_t file, const cm_cohort_info *info, cm_error *err)
{
    struct label_row *rows = calloc((size_t)info->n_labels + 1, sizeof *rows);
    if (!rows) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the label set");
    for (int i = 0; i < info->n_labels; i++) {
        rows[i].value = info->labels[i].value;
        copy_text(rows[i].name, sizeof rows[i].name, info->labels[i].name);
        copy_text(rows[i].code, sizeof rows[i].code, info->labels[i].code);
    }
    hid_t type = label_type();
    const int64_t dim[2] = {info->n_labels, 0};
    cm_status st = cm_table_write(file, "labels", type, 1, dim, rows, err);
    H5Tclose(type);
    free(rows);
    return st;
}

static cm_status write_lists(hid_t file, const cm_index *index, cm_error *err)
{
    const cm_cohort_info *info = &index->info;
    cm_status st = write_labels(file, info, err);
    if (!st)
        st = write_names(file, "channels", info->channels, info->n_channels, sizeof *info->channels, err);
    if (!st)
        st = write_names(file, "providers", info->providers, info->n_providers, sizeof *info->providers, err);
    if (!st) st = write_names(file, "splits", info->splits, info->n_splits, sizeof *info->splits, err);
    if (!st)
        st = write_names(file, "attributes", info->attributes, info->n_attributes, sizeof *info->attributes,
                         err);
    if (!st && info->n_attributes > 0) {
        const int64_t dim[2] = {index->n, info->n_attributes};
        hid_t type = text_type(64);
        st = cm_table_write(file, "attribute_values", type, 2, dim, index->attribute_text, err);
        H5Tclose(type);
    }
    return st;
}

static cm_status write_all(hid_t file, const cm_index *index, const cm_audit *audit, int64_t n_audit,
                           cm_error *err)
{
    char hex[65];
    cm_digest_hex(&index->info.digest, hex);
    const int64_t manifest[2] = {index->manifest_bytes, 0}, records[2] = {n_audit, 0};
    hid_t type = audit_type();
    cm_status st = cm_h5_text_write(file, "schema", schema_name, err);
    if (!st) st = cm_h5_text_write(file, "digest", hex, err);
    if (!st) st = cm_h5_text_write(file, "shards", cm_strf("%d", index->n_shards).s, err);
    if (!st) st = cm_table_write(file, "manifest", H5T_STD_U8LE, 1, manifest, index->manifest, err);
    if (!st) st = write_lists(file, index, err);
    if (!st) st = write_cases(file, index, err);
    if (!st) st = cm_table_write(file, "audit", type, 1, records, audit, err);
    H5Tclose(type);
    return st;
}

cm_status cm_index_write(const char *path, const cm_index *index, const cm_audit *audit, int64_t n_audit,
                         cm_error *err)
{
    hid_t file = -1;
    cm_status st = cm_h5_create(path, &file, err);
    if (!st) st = write_all(file, index, audit, n_audit, err);
    cm_status closed = cm_h5_close(&file, path, true, st ? NULL : err);
    return st ? st : closed;
}

/* ---- reading ---- */

static cm_status fail_row(int64_t i, const char *what, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_FORMAT, .what = what, .where = cm_strf("cases, row %lld", (long long)i).s,
                   .next = "the index was not written by cohmark, or is damaged: ingest the cohort again");
}

/* Ids may fill all 64 bytes; other texts end before. */
static bool good_text(const char text[64], bool id)
{
    size_t n = strnlen(text, 64);
    if (!id) return n < 64;
    for (size_t i = 0; i < n; i++)
        if (!text[i] || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", text[i]))
            return false;
    return n > 0 && text[0] != '.';
}

static cm_status take_geometry(int64_t i, const struct case_row *r, cm_geometry *g, cm_error *err)
{
    *g = (cm_geometry){.shape = {r->shape[0], r->shape[1], r->shape[2]},
                       .spacing_known = r->spacing_known,
                       .orientation_known = r->orientation_known,
                       .spacing_mm = {r->spacing_mm[0], r->spacing_mm[1], r->spacing_mm[2]}};
    memcpy(g->affine.m, r->affine, sizeof r->affine);
    for (int a = 0; a < 3; a++)
        if (r->shape[a] < 1 || r->shape[a] > INT32_MAX || !isfinite(r->spacing_mm[a]) ||
            !(r->spacing_mm[a] > 0))
            return fail_row(i, "a shape or spacing is out of range", err);
    for (int a = 0; a < 12; a++)
        if (!isfinite(r->affine[a])) return fail_row(i, "an affine is not finite", err);
    return CM_OK;
}

static cm_status take_case(cm_index *index, int64_t i, const struct case_row *r, cm_error *err)
{
    cm_case *c = &index->cases[i];
    const cm_cohort_info *info = &index->info;
    if (!good_text(r->id, true) || !good_text(r->patient, true))
        return fail_row(i, "an id is not usable", err);
    if (r->provider < 0 || r->provider >= info->n_providers || r->split < 0 || r->split >= info->n_splits ||
        r->shard < 0 || r->shard >= index->n_shards || cm_dtype_bytes(r->dtype) == 0 || r->class_value < -1 ||
        (r->class_value >= info->n_labels && r->class_value != -1) || !isfinite(r->slope) ||
        !isfinite(r->intercept))
        return fail_row(i, "a value is out of range", err);
    memcpy(c->id, r->id, 64);
    memcpy(c->patient, r->patient, 64);
    c->provider = r->provider;
    c->split = r->split;
    c->class_value = r->class_value;
    c->has_reference = r->has_reference != 0;
    c->dtype = r->dtype;
    c->slope = r->slope;
    c->intercept = r->intercept;
    memcpy(c->image_digest.byte, r->image_sha256, 32);
    memcpy(c->reference_digest.byte, r->reference_sha256, 32);
    index->shard[i] = r->shard;
    return take_geometry(i, r, &c->geometry, err);
}

static cm_status read_names(hid_t file, const char *name, int64_t most, void *out, int *n, cm_error *err)
{
    hid_t type = text_type(64);
    char(*rows)[64] = NULL;
    int64_t count = 0;
    cm_status st = cm_table_read(file, name, type, 1, 0, most, (void **)&rows, &count, err);
    H5Tclose(type);
    for (int64_t i = 0; !st && i < count; i++)
        if (!good_text(rows[i], false))
            st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a name is not terminated", .where = name);
    if (st) {
        free(rows);
        return st;
    }
    free(*(void **)out);
    *(void **)out = rows;
    *n = (int)count;
    return CM_OK;
}

static cm_status read_manifest(hid_t file, const char *path, cm_index *index, cm_error *err)
{
    cm_status st =
        cm_table_read(file, "manifest", H5T_STD_U8LE, 1, 0, most_manifest, (void **)&index->manifest,
                      &index->manifest_bytes, err); /* has a spare zero byte at its end */
    if (!st)
        st = cm_manifest_parse(index->manifest, index->manifest_bytes, cm_strf("%s: manifest", path).s,
                               &index->info, err);
    if (!st)
        st = read_names(file, "channels", CM_MAX_CHANNELS, &index->info.channels, &index->info.n_channels,
                        err);
    if (!st)
        st = read_names(file, "attributes", CM_MAX_ATTRIBUTES, &index->info.attributes,
                        &index->info.n_attributes, err);
    if (!st && index->info.n_channels < 1)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "the cohort has no channels", .where = path);
    return st;
}

static cm_status read_head(hid_t file, cm_index *index, cm_error *err)
{
    char schema[64], hex[80], shards[32];
    cm_status st = cm_h5_text_read(file, "schema", schema, sizeof schema, err);
    if (!st && strcmp(schema, schema_name) != 0)
        st = CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "the cohort has another version",
                     .why = cm_strf("found \"%s\", this program reads \"%s\"", schema, schema_name).s);
    if (!st) st = cm_h5_text_read(file, "digest", hex, sizeof hex, err);
    if (!st) st = cm_h5_text_read(file, "shards", shards, sizeof shards, err);
    if (st) return st;
    index->n_shards = atoi(shards);
    if (index->n_shards < 1 || index->n_shards > 1000000 || !cm_digest_parse(hex, &index->info.digest))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "an attribute is out of range", .where = "shards, digest");
    return CM_OK;
}

static cm_status read_attributes(hid_t file, cm_index *index, cm_error *err)
{
    int width = index->info.n_attributes;
    if (width == 0) return CM_OK;
    hid_t type = text_type(64);
    char(*rows)[64] = NULL;
    int64_t n = 0;
    cm_status st =
        cm_table_read(file, "attribute_values", type, 2, width, most_cases, (void **)&rows, &n, err);
    H5Tclose(type);
    if (!st && n != index->n)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "attributes and cases differ in number",
                     .why = cm_strf("%lld and %lld", (long long)n, (long long)index->n).s);
    for (int64_t i = 0; !st && i < n * width; i++)
        if (!good_text(rows[i], false))
            st = CM_FAIL(err, CM_ERR_FORMAT, .what = "an attribute is not terminated");
    if (!st) memcpy(index->attribute_text, rows, (size_t)(n * width) * sizeof *rows);
    free(rows);
    return st;
}

static int compare_patients(const void *a, const void *b)
{
    return strcmp((*(const cm_case *const *)a)->patient, (*(const cm_case *const *)b)->patient);
}

static cm_status count_patients(cm_index *index, cm_error *err)
{
    const cm_case **sorted = calloc((size_t)index->n + 1, sizeof *sorted);
    if (!sorted) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table");
    for (int64_t i = 0; i < index->n; i++)
        sorted[i] = &index->cases[i];
    qsort(sorted, (size_t)index->n, sizeof *sorted, compare_patients);
    index->info.n_patients = index->n > 0;
    for (int64_t i = 1; i < index->n; i++)
        index->info.n_patients += strcmp(sorted[i]->patient, sorted[i - 1]->patient) != 0;
    free(sorted);
    return CM_OK;
}

static cm_status read_cases(hid_t file, cm_index *index, cm_error *err)
{
    hid_t type = case_type();
    struct case_row *rows = NULL;
    int64_t n = 0;
    cm_status st = cm_table_read(file, "cases", type, 1, 0, most_cases, (void **)&rows, &n, err);
    H5Tclose(type);
    if (!st) st = cm_index_allocate(index, n, err);
    for (int64_t i = 0; !st && i < n; i++)
        st = take_case(index, i, &rows[i], err);
    free(rows);
    if (!st) st = read_attributes(file, index, err);
    return st ? st : count_patients(index, err);
}

/* The stored digest against that of what was read. */
static cm_status compare_digest(const cm_index *index, cm_error *err)
{
    cm_digest found;
    char hex[65], stored[65];
    cm_status st = cm_index_digest(index, &found, err);
    if (st || memcmp(found.byte, index->info.digest.byte, sizeof found.byte) == 0) return st;
    cm_digest_hex(&found, hex);
    cm_digest_hex(&index->info.digest, stored);
    return CM_FAIL(err, CM_ERR_DAMAGED, .what = "the case table does not have its stored digest",
                   .why = cm_strf("stored %s, found %s", stored, hex).s,
                   .next = "copy the cohort again, or ingest it again");
}

cm_status cm_index_read(const char *path, cm_index **out, cm_error *err)
{
    hid_t file = -1;
    cm_index *index = calloc(1, sizeof *index);
    if (!index) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the index", .where = path);
    cm_status st = cm_h5_open(path, &file, err);
    cm_digest digest = {{0}};
    if (!st && !(st = read_head(file, index, err)))
        digest = index->info.digest; /* reading the manifest starts the info anew */
    if (!st) st = read_manifest(file, path, index, err);
    if (!st) {
        index->info.digest = digest;
        st = read_cases(file, index, err);
    }
    if (!st) st = compare_digest(index, err);
    cm_h5_close(&file, path, false, NULL);
    if (st) {
        if (err && !strstr(err->where, path)) cm_error_context(err, path);
        cm_index_fini(index);
        free(index);
    } else {
        *out = index;
    }
    return st;
}

cm_status cm_index_read_audit(const char *path, cm_audit **out, int64_t *n, cm_error *err)
{
    hid_t file = -1;
    cm_status st = cm_h5_open(path, &file, err);
    if (st) return st;
    hid_t type = audit_type();
    st = cm_table_read(file, "audit", type, 1, 0, most_audit, (void **)out, n, err);
    H5Tclose(type);
    cm_h5_close(&file, path, false, NULL);
    return st;
}
