/* Predictions of a run. Every append ends in a flush: what was appended before a kill stays readable, because
 * HDF5 1.8's format puts no "still open" mark on the file and its changes to metadata stay in memory until
 * the flush. Only a kill inside that flush (some 0.1 ms) can leave a file that does not open; the reader then
 * says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cohort/cohort.h"
#include "engine/cohort/container_internal.h"

static const char schema_name[] = "cohmark-predictions/1";

struct cm_predictions {
    char *path;
    hid_t file;
    bool writing;
    cm_codec *codec;
};

static cm_status make(const char *path, bool writing, cm_predictions **out, cm_error *err)
{
    cm_predictions *p = calloc(1, sizeof *p);
    if (!p || !(p->path = strdup(path))) {
        free(p);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to open a file of predictions", .where = path);
    }
    p->file = -1;
    p->writing = writing;
    *out = p;
    return cm_codec_create(1, &p->codec, err);
}

static void unmake(cm_predictions *p)
{
    if (!p) return;
    cm_codec_destroy(p->codec);
    free(p->path);
    free(p);
}

cm_status cm_predictions_create(const char *path, cm_predictions **out, cm_error *err)
{
    cm_predictions *p = NULL;
    cm_status st = make(path, true, &p, err);
    if (!st) st = cm_h5_create(path, &p->file, err);
    if (!st) st = cm_h5_text_write(p->file, "schema", schema_name, err);
    if (!st && H5Fflush(p->file, H5F_SCOPE_LOCAL) < 0)
        st = cm_h5_fail(err, CM_ERR_IO, "the file cannot be written", path);
    if (st && p) {
        cm_h5_close(&p->file, path, false, NULL);
        unmake(p);
    } else if (!st) {
        *out = p;
    }
    return st;
}

cm_status cm_predictions_open(const char *path, cm_predictions **out, cm_error *err)
{
    char schema[64];
    cm_predictions *p = NULL;
    cm_status st = make(path, false, &p, err);
    if (!st) st = cm_h5_open(path, &p->file, err);
    if (!st && (st = cm_h5_text_read(p->file, "schema", schema, sizeof schema, err)))
        cm_error_context(err, path);
    if (!st && strcmp(schema, schema_name) != 0)
        st = CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "the predictions have another version", .where = path,
                     .why = cm_strf("found \"%s\", this program reads \"%s\"", schema, schema_name).s);
    if (st && p) {
        cm_h5_close(&p->file, path, false, NULL);
        unmake(p);
    } else if (!st) {
        *out = p;
    }
    return st;
}

cm_status cm_predictions_close(cm_predictions *p, cm_error *err)
{
    if (!p) return CM_OK;
    cm_status st = cm_h5_close(&p->file, p->path, p->writing, err);
    unmake(p);
    return st;
}

/* ---- geometry and hash, as attributes of the dataset ---- */

static cm_status attribute(hid_t file, const char *name, const char *what, hid_t type, int n, bool write,
                           void *data, cm_error *err)
{
    hsize_t count = (hsize_t)n;
    bool ok = false;
    if (write) {
        hid_t space = H5Screate_simple(1, &count, NULL);
        hid_t a = H5Acreate_by_name(file, name, what, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        ok = a >= 0 && H5Awrite(a, type, data) >= 0;
        if (a >= 0) H5Aclose(a);
        H5Sclose(space);
    } else {
        hid_t a = H5Aopen_by_name(file, name, what, H5P_DEFAULT, H5P_DEFAULT);
        hid_t space = a >= 0 ? H5Aget_space(a) : -1;
        ok = space >= 0 && H5Sget_simple_extent_npoints(space) == n && H5Aread(a, type, data) >= 0;
        if (space >= 0) H5Sclose(space);
        if (a >= 0) H5Aclose(a);
    }
    if (ok) return CM_OK;
    return cm_h5_fail(err, write ? CM_ERR_IO : CM_ERR_DAMAGED, cm_strf("attribute %s is not usable", what).s,
                      name);
}

/* Writes or reads everything of a prediction but its voxels and shape. */
static cm_status attributes(hid_t file, const char *name, bool write, cm_geometry *g, cm_digest *digest,
                            cm_error *err)
{
    uint8_t known[2] = {g->spacing_known, g->orientation_known};
    double spacing[3] = {g->spacing_mm.z, g->spacing_mm.y, g->spacing_mm.x};
    cm_status st = attribute(file, name, "known", H5T_STD_U8LE, 2, write, known, err);
    if (!st) st = attribute(file, name, "spacing_zyx_mm", H5T_IEEE_F64LE, 3, write, spacing, err);
    if (!st) st = attribute(file, name, "affine_ras_mm", H5T_IEEE_F64LE, 12, write, g->affine.m, err);
    if (!st) st = attribute(file, name, "sha256", H5T_STD_U8LE, 32, write, digest->byte, err);
    g->spacing_known = known[0];
    g->orientation_known = known[1];
    g->spacing_mm = (cm_vec3){.z = spacing[0], .y = spacing[1], .x = spacing[2]};
    return st;
}

/* ---- append, load ---- */

struct pair_name {
    char group[32], set[64];
};

static struct pair_name name_pair(int tool, int64_t case_index)
{
    struct pair_name n;
    snprintf(n.group, sizeof n.group, "t%d", tool);
    snprintf(n.set, sizeof n.set, "t%d/c%lld", tool, (long long)case_index);
    return n;
}

static cm_status write_prediction(cm_predictions *p, const struct pair_name *name, const uint16_t *values,
                                  const cm_geometry *geometry, cm_digest *digest, cm_error *err)
{
    const cm_shape3 s = geometry->shape;
    const int64_t dim[4] = {1, s.nz, s.ny, s.nx};
    cm_geometry copy = *geometry;
    cm_chunk_plan plan;
    cm_piece *pieces = NULL;
    cm_status st = cm_chunk_plan_choose(dim, 2, &plan, err);
    if (!st) st = cm_codec_encode(p->codec, NULL, &plan, values, &pieces, err);
    if (!st) st = cm_array_write(p->file, name->set, 3, &plan, CM_U16, pieces, err);
    if (pieces) cm_pieces_free(pieces, plan.total);
    if (!st && (st = attributes(p->file, name->set, true, &copy, digest, err)))
        H5Ldelete(p->file, name->set, H5P_DEFAULT); /* no prediction rather than half of one */
    if (!st && H5Fflush(p->file, H5F_SCOPE_LOCAL) < 0)
        st = cm_h5_fail(err, CM_ERR_IO, "the predictions cannot be written", p->path);
    return st;
}

cm_status cm_predictions_append(cm_predictions *p, int tool, int64_t case_index, const uint16_t *values,
                                const cm_geometry *geometry, cm_digest *digest, cm_error *err)
{
    const struct pair_name name = name_pair(tool, case_index);
    cm_digest found;
    int64_t count = cm_shape3_count(geometry->shape);
    if (!p->writing || count < 1)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a prediction cannot be appended", .where = p->path,
                       .why = p->writing ? "its shape is out of range" : "the file is open for reading");
    htri_t has_group = H5Lexists(p->file, name.group, H5P_DEFAULT);
    if (has_group > 0 && H5Lexists(p->file, name.set, H5P_DEFAULT) > 0)
        return CM_FAIL(err, CM_ERR_EXISTS, .what = "the prediction is stored already",
                       .where = cm_strf("%.200s: %s", p->path, name.set).s);
    cm_status st = cm_sha256_of(values, count * 2, &found);
    if (st) return CM_FAIL(err, st, .what = "the prediction cannot be hashed", .where = p->path);
    if (has_group <= 0) st = cm_h5_group_create(p->file, name.group, err);
    if (!st) st = write_prediction(p, &name, values, geometry, &found, err);
    if (!st)
        *digest = found;
    else
        cm_error_context(err, p->path);
    return st;
}

static cm_status read_prediction(cm_predictions *p, const struct pair_name *name, const cm_array_facts *facts,
                                 uint16_t *values, int64_t bytes, const cm_digest *expected,
                                 cm_geometry *geometry, cm_error *err)
{
    cm_digest stored, found;
    memset(geometry, 0, sizeof *geometry);
    cm_status st = attributes(p->file, name->set, false, geometry, &stored, err);
    geometry->shape = (cm_shape3){.nz = facts->dim[1], .ny = facts->dim[2], .nx = facts->dim[3]};
    if (!st) st = cm_array_read(p->file, name->set, facts, 3, p->codec, NULL, values, err);
    if (!st && cm_sha256_of(values, bytes, &found))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "the prediction cannot be hashed", .where = name->set);
    if (!st && memcmp(found.byte, (expected ? expected : &stored)->byte, sizeof found.byte) != 0) {
        char hex[65], want[65];
        cm_digest_hex(&found, hex);
        cm_digest_hex(expected ? expected : &stored, want);
        st = CM_FAIL(err, CM_ERR_DAMAGED, .what = "a stored prediction does not have its hash",
                     .where = name->set, .why = cm_strf("expected %s, found %s", want, hex).s,
                     .next = "run the case again");
    }
    return st;
}

cm_status cm_predictions_load(cm_predictions *p, int tool, int64_t case_index, const cm_digest *expected,
                              uint16_t **values, cm_geometry *geometry, cm_error *err)
{
    const struct pair_name name = name_pair(tool, case_index);
    cm_array_facts facts;
    uint16_t *data = NULL;
    int64_t bytes = 2;
    cm_status st = CM_OK;
    if (H5Lexists(p->file, name.group, H5P_DEFAULT) <= 0)
        st = CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no such prediction", .where = name.set);
    if (!st) st = cm_array_look(p->file, name.set, 3, &facts, err);
    if (!st && facts.type != CM_U16)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a prediction is not a label map of 16 bits",
                     .where = name.set);
    if (!st) {
        bytes *= facts.dim[1] * facts.dim[2] * facts.dim[3]; /* the look has checked the product */
        data = malloc((size_t)bytes);
        if (!data)
            st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a prediction", .where = name.set,
                         .why = cm_strf("%lld bytes", (long long)bytes).s);
    }
    if (!st) st = read_prediction(p, &name, &facts, data, bytes, expected, geometry, err);
    if (st) {
        cm_error_context(err, p->path);
        free(data);
    } else {
        *values = data;
    }
    return st;
}
