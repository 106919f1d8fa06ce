/* Reading a cohort: the index at once, shards when a case of theirs is first asked for. Images and references
 * have one mechanism and two types, so that a reference cannot be read through what a model run holds. */
#include "engine/cohort/store_internal.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

struct cm_cohort {
    char *folder;
    cm_index *index;
};

char *cm_shard_path(const char *folder, cm_shard_kind kind, int shard)
{
    return cm_path_join(folder, cm_strf("%s.%04d.h5", cm_shard_group(kind), shard).s);
}

const char *cm_shard_group(cm_shard_kind kind)
{
    return kind == CM_SHARD_IMAGES ? "images" : "references";
}

cm_status cm_cohort_open(const char *folder, cm_cohort **out, cm_error *err)
{
    char *path = cm_path_join(folder, "index.h5");
    cm_cohort *c = calloc(1, sizeof *c);
    cm_status st = CM_OK;
    if (!path || !c || !(c->folder = strdup(folder)))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to open a cohort", .where = folder);
    if (!st && !cm_path_exists(path))
        st = CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "this is not a cohort", .where = folder,
                     .why = "there is no index.h5 in it",
                     .next = "make one with: cohmark cohort ingest SRC -o COHORT");
    if (!st) st = cm_index_read(path, &c->index, err);
    free(path);
    if (st)
        cm_cohort_close(c);
    else
        *out = c;
    return st;
}

void cm_cohort_close(cm_cohort *cohort)
{
    if (!cohort) return;
    if (cohort->index) cm_index_fini(cohort->index);
    free(cohort->index);
    free(cohort->folder);
    free(cohort);
}

const cm_cohort_info *cm_cohort_get_info(const cm_cohort *cohort)
{
    return &cohort->index->info;
}

int64_t cm_cohort_count(const cm_cohort *cohort)
{
    return cohort->index->n;
}

const cm_case *cm_cohort_get_case(const cm_cohort *cohort, int64_t i)
{
    return &cohort->index->cases[i];
}

const char *cm_cohort_get_manifest(const cm_cohort *cohort, int64_t *bytes)
{
    *bytes = cohort->index->manifest_bytes;
    return cohort->index->manifest;
}

const cm_index *cm_cohort_index(const cm_cohort *cohort)
{
    return cohort->index;
}

/* ---- shards ---- */

/* What both readers are. Files stay open once they were opened. */
struct reader {
    const cm_cohort *cohort;
    cm_shard_kind kind;
    hid_t *file; /* [n_shards], -1 = not opened yet */
    cm_codec *codec;
};
struct cm_images {
    struct reader reader;
};
struct cm_references {
    struct reader reader;
};

static cm_status reader_init(struct reader *r, const cm_cohort *cohort, cm_shard_kind kind, cm_error *err)
{
    int n = cohort->index->n_shards;
    r->cohort = cohort;
    r->kind = kind;
    r->file = malloc((size_t)n * sizeof *r->file);
    if (!r->file)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to open a cohort", .where = cohort->folder);
    for (int s = 0; s < n; s++)
        r->file[s] = -1;
    return cm_codec_create(1, &r->codec, err);
}

static void reader_fini(struct reader *r)
{
    for (int s = 0; r->file && s < r->cohort->index->n_shards; s++)
        cm_h5_close(&r->file[s], "", false, NULL);
    free(r->file);
    cm_codec_destroy(r->codec);
}

static cm_status open_shard(struct reader *r, int shard, cm_error *err)
{
    if (r->file[shard] >= 0) return CM_OK;
    char *path = cm_shard_path(r->cohort->folder, r->kind, shard);
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_status st = cm_h5_open(path, &r->file[shard], err);
    free(path);
    return st;
}

static cm_status fit_codec(struct reader *r, cm_threads *pool, cm_error *err)
{
    int workers = cm_threads_count(pool);
    if (cm_codec_workers(r->codec) >= workers) return CM_OK;
    cm_codec *larger = NULL;
    cm_status st = cm_codec_create(workers, &larger, err);
    if (st) return st;
    cm_codec_destroy(r->codec);
    r->codec = larger;
    return CM_OK;
}

/* The stored array must be what the index says before memory is taken for it. */
static cm_status compare_facts(const cm_array_facts *facts, const cm_case *c, int64_t channels, cm_error *err)
{
    const cm_shape3 s = c->geometry.shape;
    const int64_t want[4] = {channels, s.nz, s.ny, s.nx};
    const int64_t *have = facts->dim;
    if (memcmp(want, have, sizeof want) != 0)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the stored array does not have the shape of the index",
                       .why = cm_strf("index %lldx%lldx%lldx%lld, array %lldx%lldx%lldx%lld",
                                      (long long)want[0], (long long)want[1], (long long)want[2],
                                      (long long)want[3], (long long)have[0], (long long)have[1],
                                      (long long)have[2], (long long)have[3])
                                  .s);
    return CM_OK;
}

static cm_status read_volume(struct reader *r, hid_t group, const cm_case *c, int64_t channels,
                             const cm_digest *digest, cm_threads *pool, cm_volume **out, cm_error *err)
{
    cm_array_facts facts;
    cm_volume *v = NULL;
    cm_digest found;
    cm_status st = cm_array_look(group, c->id, 4, &facts, err);
    if (!st) st = compare_facts(&facts, c, channels, err);
    if (!st && r->kind == CM_SHARD_IMAGES && facts.type != c->dtype)
        st = CM_FAIL(
            err, CM_ERR_MISMATCH, .what = "the stored array does not have the element type of the index",
            .why = cm_strf("index %s, array %s", cm_dtype_name(c->dtype), cm_dtype_name(facts.type)).s);
    if (!st && r->kind == CM_SHARD_REFERENCES && facts.type != CM_U8 && facts.type != CM_U16)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a stored reference is not a label map",
                     .why = cm_strf("its elements are %s", cm_dtype_name(facts.type)).s);
    if (!st) st = cm_volume_create(&c->geometry, channels, facts.type, INT64_MAX, &v, err);
    if (!st) st = fit_codec(r, pool, err);
    if (!st) st = cm_array_read(group, c->id, &facts, 4, r->codec, pool, v->data, err);
    if (!st) st = cm_sha256_of(v->data, v->bytes, &found);
    if (!st && memcmp(found.byte, digest->byte, sizeof found.byte) != 0)
        st = CM_FAIL(err, CM_ERR_DAMAGED, .what = "the stored pixels do not have their stored hash",
                     .next = "copy the cohort again, or ingest it again");
    if (st) {
        cm_volume_destroy(v);
        return st;
    }
    v->slope = r->kind == CM_SHARD_IMAGES ? c->slope : 1;
    v->intercept = r->kind == CM_SHARD_IMAGES ? c->intercept : 0;
    *out = v;
    return CM_OK;
}

static cm_status reader_load(struct reader *r, int64_t i, cm_threads *pool, cm_volume **out, cm_error *err)
{
    const cm_index *index = r->cohort->index;
    const cm_case *c = &index->cases[i];
    bool images = r->kind == CM_SHARD_IMAGES;
    int shard = index->shard[i];
    hid_t group = -1;
    cm_status st = open_shard(r, shard, err);
    if (!st && (group = H5Gopen2(r->file[shard], cm_shard_group(r->kind), H5P_DEFAULT)) < 0)
        st = cm_h5_fail(err, CM_ERR_FORMAT, "the file is not a shard of a cohort", cm_shard_group(r->kind));
    if (!st)
        st = read_volume(r, group, c, images ? index->info.n_channels : 1,
                         images ? &c->image_digest : &c->reference_digest, pool, out, err);
    if (group >= 0) H5Gclose(group);
    if (st) cm_error_context(err, cm_strf("case %s (%s.%04d.h5)", c->id, cm_shard_group(r->kind), shard).s);
    return st;
}

cm_status cm_images_open(const cm_cohort *cohort, cm_images **out, cm_error *err)
{
    cm_images *images = calloc(1, sizeof *images);
    cm_status st = images ? reader_init(&images->reader, cohort, CM_SHARD_IMAGES, err)
                          : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to open a cohort");
    if (st)
        cm_images_close(images);
    else
        *out = images;
    return st;
}

cm_status cm_images_load(cm_images *images, int64_t i, cm_threads *pool, cm_volume **out, cm_error *err)
{
    return reader_load(&images->reader, i, pool, out, err);
}

void cm_images_close(cm_images *images)
{
    if (images) reader_fini(&images->reader);
    free(images);
}

cm_status cm_references_open(const cm_cohort *cohort, cm_references **out, cm_error *err)
{
    cm_references *references = calloc(1, sizeof *references);
    cm_status st = references ? reader_init(&references->reader, cohort, CM_SHARD_REFERENCES, err)
                              : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to open a cohort");
    if (st)
        cm_references_close(references);
    else
        *out = references;
    return st;
}

cm_status cm_references_load(cm_references *references, int64_t i, cm_threads *pool, cm_volume **out,
                             cm_error *err)
{
    const cm_case *c = cm_cohort_get_case(references->reader.cohort, i);
    const cm_cohort_info *info = cm_cohort_get_info(references->reader.cohort);
    if (!c->has_reference || info->task != CM_TASK_SEGMENTATION)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "the case has no reference mask",
                       .where = cm_strf("case %s", c->id).s);
    return reader_load(&references->reader, i, pool, out, err);
}

void cm_references_close(cm_references *references)
{
    if (references) reader_fini(&references->reader);
    free(references);
}
