/* A cohort's index in memory, and its identity: a hash over a canonical text of everything that can change a
 * result, so that it depends neither on shards nor on how files are laid out. */
#include "engine/cohort/index_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"

cm_status cm_index_allocate(cm_index *index, int64_t n, cm_error *err)
{
    int width = index->info.n_attributes;
    int64_t texts = n * width;
    index->n = n;
    index->cases = calloc((size_t)n + 1, sizeof *index->cases);
    index->shard = calloc((size_t)n + 1, sizeof *index->shard);
    index->attribute_text = calloc((size_t)texts + 1, sizeof *index->attribute_text);
    index->attribute = calloc((size_t)texts + 1, sizeof *index->attribute);
    if (!index->cases || !index->shard || !index->attribute_text || !index->attribute)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the case table",
                       .why = cm_strf("%lld cases", (long long)n).s);
    for (int64_t i = 0; i < texts; i++)
        index->attribute[i] = index->attribute_text[i];
    for (int64_t i = 0; i < n; i++)
        index->cases[i].attributes = index->attribute + i * width;
    return CM_OK;
}

void cm_index_fini(cm_index *index)
{
    cm_cohort_info_fini(&index->info);
    free(index->manifest);
    free(index->cases);
    free(index->shard);
    free(index->attribute_text);
    free(index->attribute);
    memset(index, 0, sizeof *index);
}

/* ---- identity ---- */

/* A hash that takes text: fields end with a tab, records with a line feed; neither occurs inside a field. */
struct writer {
    cm_sha256 *hash;
    cm_status st;
};

static void put(struct writer *w, const char *text)
{
    if (!w->st) w->st = cm_sha256_update(w->hash, text, (int64_t)strlen(text));
    if (!w->st) w->st = cm_sha256_update(w->hash, "\t", 1);
}

static void put_integer(struct writer *w, int64_t value)
{
    put(w, cm_strf("%lld", (long long)value).s);
}

static void put_double(struct writer *w, double value)
{
    char text[32];
    cm_double_text(value, text);
    put(w, text);
}

static void end_record(struct writer *w)
{
    if (!w->st) w->st = cm_sha256_update(w->hash, "\n", 1);
}

static void put_names(struct writer *w, const char *kind, const void *names, int n, size_t width)
{
    put(w, kind);
    for (int i = 0; i < n; i++)
        put(w, (const char *)names + (size_t)i * width);
    end_record(w);
}

static void put_info(struct writer *w, const cm_cohort_info *info)
{
    put(w, "cohmark-cohort-1");
    put(w, info->id);
    put(w, info->version);
    put(w, info->task == CM_TASK_SEGMENTATION ? "segmentation" : "classification");
    put(w, info->geometry_unknown ? "unknown" : "from-header");
    end_record(w);
    for (int i = 0; i < info->n_labels; i++) {
        put(w, "label");
        put_integer(w, info->labels[i].value);
        put(w, info->labels[i].name);
        put(w, info->labels[i].code);
        end_record(w);
    }
    put_names(w, "channels", info->channels, info->n_channels, sizeof *info->channels);
    put_names(w, "providers", info->providers, info->n_providers, sizeof *info->providers);
    put_names(w, "splits", info->splits, info->n_splits, sizeof *info->splits);
    put_names(w, "attributes", info->attributes, info->n_attributes, sizeof *info->attributes);
}

static void put_geometry(struct writer *w, const cm_geometry *g)
{
    put_integer(w, g->shape.nz);
    put_integer(w, g->shape.ny);
    put_integer(w, g->shape.nx);
    put(w, g->spacing_known ? "mm" : "voxel");
    put_double(w, g->spacing_mm.z);
    put_double(w, g->spacing_mm.y);
    put_double(w, g->spacing_mm.x);
    put(w, g->orientation_known ? "ras" : "unoriented");
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            put_double(w, g->affine.m[r][c]);
}

static void put_case(struct writer *w, const cm_case *c, const cm_cohort_info *info)
{
    char hex[65];
    put(w, c->id);
    put(w, c->patient);
    put(w, info->providers[c->provider]);
    put(w, info->splits[c->split]);
    put_integer(w, c->class_value);
    put_geometry(w, &c->geometry);
    put(w, cm_dtype_name(c->dtype));
    put_double(w, c->slope);
    put_double(w, c->intercept);
    cm_digest_hex(&c->image_digest, hex);
    put(w, hex);
    cm_digest_hex(&c->reference_digest, hex);
    put(w, c->has_reference ? hex : "none");
    for (int a = 0; a < info->n_attributes; a++)
        put(w, c->attributes[a]);
    end_record(w);
}

cm_status cm_index_digest(const cm_index *index, cm_digest *out, cm_error *err)
{
    struct writer w = {0};
    w.st = cm_sha256_create(&w.hash, err);
    if (w.st) return w.st;
    put_info(&w, &index->info);
    for (int64_t i = 0; i < index->n; i++)
        put_case(&w, &index->cases[i], &index->info);
    if (!w.st) w.st = cm_sha256_final(w.hash, out);
    cm_sha256_destroy(w.hash);
    if (w.st) return CM_FAIL(err, w.st, .what = "the cohort's digest cannot be computed");
    return CM_OK;
}
