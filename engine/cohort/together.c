/* Agreement between ranks, and the index made of their records in case order. */
#include "engine/cohort/together_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- agreement ---- */

struct verdict {
    int64_t case_index;
    cm_status status;
    cm_error error;
};

/* Of several failures, the one with the lowest case; failures about no case come first. */
static void choose(const struct verdict *all, int n, struct verdict *chosen)
{
    for (int r = 0; r < n; r++)
        if (all[r].status && (!chosen->status || all[r].case_index < chosen->case_index)) *chosen = all[r];
}

cm_status cm_settle(cm_team *team, cm_status mine, int64_t case_index, cm_error *err)
{
    cm_status worst = team->agree(team, mine);
    if (worst == CM_OK) return CM_OK;
    struct verdict verdict = {.case_index = case_index, .status = mine, .error = *err}, chosen = {0};
    verdict.error.file = NULL; /* an address means nothing to another rank */
    char *all = NULL;
    int64_t *counts = calloc((size_t)team->size, sizeof *counts);
    cm_error trouble = {0};
    cm_status st = counts ? CM_OK : CM_ERR_NOMEM;
    if (team->agree(team, st)) {
        free(counts);
        return worst;
    }
    st = team->gather(team, &verdict, sizeof verdict, &all, counts, &trouble);
    if (!st && team->rank == 0) choose((const struct verdict *)(const void *)all, team->size, &chosen);
    free(all);
    free(counts);
    if (!team->agree(team, st) && !team->broadcast(team, &chosen, sizeof chosen, &trouble) && chosen.status) {
        chosen.error.file = mine == chosen.status ? err->file : NULL;
        *err = chosen.error;
        return chosen.status;
    }
    if (!mine) CM_FAIL(err, worst, .what = "another rank failed", .next = "see the log of the other ranks");
    return worst;
}

cm_status cm_collect(cm_team *team, const void *mine, int64_t n, int64_t bytes, void **all, int64_t *n_all,
                     cm_error *err)
{
    int64_t *counts = calloc((size_t)team->size, sizeof *counts), total = 0;
    cm_status st = counts ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to collect records");
    if (!(st = cm_settle(team, st, -1, err)))
        st = team->gather(team, mine, n * bytes, (char **)all, counts, err);
    for (int r = 0; !st && team->rank == 0 && r < team->size; r++)
        total += counts[r];
    *n_all = total / bytes;
    free(counts);
    return st;
}

/* ---- the index ---- */

/* Channel names: NAME for a file of one component; NAME.r, .g, .b for a picture of three; NAME.1, .2 ...
 * else. */
static cm_status name_channels(const cm_assembly *a, cm_cohort_info *info, cm_error *err)
{
    int total = 0, at = 0;
    for (int k = 0; k < cm_source_columns(a->source); k++)
        total += a->facts[0].components[k];
    free(info->channels);
    info->channels = calloc((size_t)total + 1, sizeof *info->channels);
    if (!info->channels) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for channel names");
    for (int k = 0; k < cm_source_columns(a->source); k++) {
        const char *name = cm_source_column(a->source, k);
        int n = a->facts[0].components[k];
        bool picture = n == 3 && a->facts[0].geometry.shape.nz == 1;
        for (int c = 0; c < n; c++, at++) {
            if (n == 1)
                snprintf(info->channels[at], sizeof *info->channels, "%.48s", name);
            else if (picture)
                snprintf(info->channels[at], sizeof *info->channels, "%.48s.%c", name, "rgb"[c]);
            else
                snprintf(info->channels[at], sizeof *info->channels, "%.48s.%d", name, c + 1);
        }
    }
    info->n_channels = total;
    for (int i = 0; i < total; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(info->channels[i], info->channels[j]) == 0)
                return CM_FAIL(err, CM_ERR_SCHEMA, .what = "two channels end up with one name",
                               .where = "cases.csv", .why = info->channels[i],
                               .next = "rename one of the columns");
    return CM_OK;
}

static void fill_case(const cm_assembly *a, const cm_stored_facts *f, int n_attributes, cm_index *index)
{
    cm_source_case s;
    cm_source_get(a->source, f->case_index, &s);
    cm_case *c = &index->cases[f->case_index];
    snprintf(c->id, sizeof c->id, "%s", s.id);
    snprintf(c->patient, sizeof c->patient, "%s", s.patient);
    c->provider = s.provider;
    c->split = s.split;
    c->class_value = s.class_value;
    c->has_reference = f->has_reference;
    c->geometry = f->geometry;
    c->dtype = f->dtype;
    c->slope = f->slope;
    c->intercept = f->intercept;
    c->image_digest = f->image_digest;
    c->reference_digest = f->reference_digest;
    index->shard[f->case_index] = (int32_t)(f->case_index % a->n_shards);
    for (int k = 0; k < n_attributes; k++)
        snprintf(index->attribute_text[f->case_index * n_attributes + k], sizeof *index->attribute_text, "%s",
                 cm_source_attribute(a->source, f->case_index, k));
}

static int by_case_and_column(const void *a, const void *b)
{
    const cm_audit *x = a, *y = b;
    if (x->case_index != y->case_index) return x->case_index < y->case_index ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static void sum_up(const cm_assembly *a, const cm_digest *digest, cm_ingested *sum)
{
    *sum = (cm_ingested){.cases = a->n_facts, .files = a->n_audit, .digest = *digest};
    for (int64_t i = 0; i < a->n_audit; i++) {
        uint32_t notes = a->audit[i].notes;
        sum->files_with_text += (notes & CM_NOTE_TEXT_DROPPED) != 0;
        sum->text_fields += a->audit[i].text_fields;
        sum->files_without_units += (notes & CM_NOTE_UNITS_ASSUMED_MM) != 0;
        sum->files_converted += (notes & CM_NOTE_CONVERTED) != 0;
        sum->files_non_finite += (notes & CM_NOTE_NON_FINITE) != 0;
        sum->date_like_cases += (notes & CM_NOTE_DATE_LIKE_ID) != 0;
    }
}

cm_status cm_assemble(const cm_assembly *a, const char *path, cm_ingested *sum, cm_error *err)
{
    cm_index index = {.n_shards = a->n_shards, .manifest_bytes = a->manifest_bytes};
    cm_status st = cm_cohort_info_copy(a->info, &index.info, err);
    if (!st && a->n_facts != cm_source_count(a->source))
        st = CM_FAIL(
            err, CM_ERR_INTERNAL, .what = "some cases were stored by no rank",
            .why = cm_strf("%lld of %lld", (long long)a->n_facts, (long long)cm_source_count(a->source)).s);
    if (!st && !(index.manifest = malloc((size_t)a->manifest_bytes + 1)))
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the manifest");
    if (!st) {
        memcpy(index.manifest, a->manifest, (size_t)a->manifest_bytes);
        index.manifest[a->manifest_bytes] = '\0';
        st = name_channels(a, &index.info, err);
    }
    if (!st) st = cm_index_allocate(&index, a->n_facts, err);
    for (int64_t i = 0; !st && i < a->n_facts; i++)
        fill_case(a, &a->facts[i], index.info.n_attributes, &index);
    if (!st) st = cm_index_digest(&index, &index.info.digest, err);
    if (!st) {
        qsort(a->audit, (size_t)a->n_audit, sizeof *a->audit, by_case_and_column);
        sum_up(a, &index.info.digest, sum);
        st = cm_index_write(path, &index, a->audit, a->n_audit, err);
    }
    cm_index_fini(&index);
    return st;
}

void cm_ingested_log(const cm_ingested *s, cm_log *log)
{
    char hex[65];
    cm_digest_hex(&s->digest, hex);
    if (s->files_with_text)
        cm_log_write(log, CM_LEVEL_WARNING, "ingest.text_dropped",
                     "%lld of %lld files held free text: %lld fields were dropped and are stored nowhere",
                     (long long)s->files_with_text, (long long)s->files, (long long)s->text_fields);
    if (s->files_without_units)
        cm_log_write(log, CM_LEVEL_WARNING, "ingest.units_assumed",
                     "%lld of %lld files name no unit of length: read as mm",
                     (long long)s->files_without_units, (long long)s->files);
    if (s->files_converted)
        cm_log_write(
            log, CM_LEVEL_INFO, "ingest.converted",
            "%lld of %lld files changed element type, because the channels of their case differ in it",
            (long long)s->files_converted, (long long)s->files);
    if (s->files_non_finite)
        cm_log_write(log, CM_LEVEL_WARNING, "ingest.non_finite",
                     "%lld of %lld files hold NaN or infinite values", (long long)s->files_non_finite,
                     (long long)s->files);
    if (s->date_like_cases)
        cm_log_write(log, CM_LEVEL_WARNING, "ingest.date_like",
                     "the id or patient of %lld cases looks like a date: use opaque ids",
                     (long long)s->date_like_cases);
    cm_log_write(log, CM_LEVEL_INFO, "ingest.done", "%lld cases from %lld files, digest %s",
                 (long long)s->cases, (long long)s->files, hex);
}
