/* Reads masks and probabilities of one file each. */
#include "engine/run/score_read.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/image/geometry.h"
#include "engine/image/labels.h"
#include "engine/image/reader.h"

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to score masks");
}

static cm_status digest_of(const cm_scored_file *f, int64_t n, cm_digest *digest, cm_error *err)
{
    uint8_t chunk[8192];
    const int64_t bytes = f->probability ? 4 : 2;
    cm_sha256 *hash = NULL;
    cm_status st = cm_sha256_create(&hash, err);
    for (int64_t i = 0; !st && i < n;) {
        int64_t k = 0;
        for (; i < n && k < (int64_t)sizeof chunk; i++, k += bytes) {
            uint32_t word = f->labels[i];
            if (f->probability) memcpy(&word, &f->probability[i], sizeof word);
            for (int64_t b = 0; b < bytes; b++)
                chunk[k + b] = (uint8_t)(word >> 8 * b & 255);
        }
        st = cm_sha256_update(hash, chunk, k);
    }
    if (!st) st = cm_sha256_final(hash, digest);
    cm_sha256_destroy(hash);
    return st;
}

static cm_status no_probability(const cm_volume *v, int64_t i, float value, cm_error *err)
{
    const cm_shape3 s = v->geometry.shape;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "a probability is a number from 0 to 1",
                   .why = cm_strf("voxel (x %lld, y %lld, z %lld) is %.9g", (long long)(i % s.nx),
                                  (long long)(i / s.nx % s.ny), (long long)(i / s.nx / s.ny), (double)value)
                              .s,
                   .next = "Store the probability of the target, one number per voxel");
}

static cm_status take_probabilities(const cm_volume *v, uint16_t value, cm_scored_file *out, cm_error *err)
{
    const int64_t n = cm_shape3_count(v->geometry.shape);
    if (v->channels != 1)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a map of probabilities has one channel",
                       .why = cm_strf("this image has %lld", (long long)v->channels).s);
    out->probability = malloc((size_t)n * sizeof *out->probability);
    out->labels = malloc((size_t)n * sizeof *out->labels);
    if (!out->probability || !out->labels) return no_memory(err);
    cm_volume_to_float(v, out->probability);
    for (int64_t i = 0; i < n; i++) {
        const float p = out->probability[i];
        if (!(p >= 0 && p <= 1)) return no_probability(v, i, p, err);
        out->labels[i] = p > 0 ? value : 0;
    }
    return CM_OK;
}

/* value: of the target of probabilities; -1 for labels. */
static cm_status read_file(const char *folder, const char *name, int32_t value, cm_scored_file *out,
                           cm_error *err)
{
    const cm_read_options options = {.strip_text = true, .palette_index = true};
    cm_read_notes notes;
    cm_volume *volume = NULL;
    char *path = cm_path_join(folder, name);
    *out = (cm_scored_file){.labels = NULL};
    cm_status st = path ? cm_image_read(path, &options, &volume, &notes, err) : no_memory(err);
    if (!st) {
        out->geometry = volume->geometry;
        st = value < 0 ? cm_volume_labels(volume, &out->labels, err)
                       : take_probabilities(volume, (uint16_t)value, out, err);
    }
    if (!st) st = digest_of(out, cm_shape3_count(out->geometry.shape), &out->digest, err);
    if (st) {
        if (err && !err->where[0]) cm_error_context(err, path ? path : name);
        cm_scored_fini(out);
    }
    cm_volume_destroy(volume);
    free(path);
    return st;
}

cm_status cm_scored_labels(const char *folder, const char *name, cm_scored_file *out, cm_error *err)
{
    return read_file(folder, name, -1, out, err);
}

cm_status cm_scored_probabilities(const char *folder, const char *name, uint16_t value, cm_scored_file *out,
                                  cm_error *err)
{
    return read_file(folder, name, value, out, err);
}

/* Elements of `bytes` at *data in their new order, in place of the old. */
static cm_status turn_array(void **data, cm_axis_map map, cm_shape3 shape, int64_t bytes, cm_error *err)
{
    cm_shape3 turned;
    if (!*data) return CM_OK;
    void *out = malloc((size_t)(cm_shape3_count(shape) * bytes));
    if (!out) return no_memory(err);
    cm_axis_map_apply(map, *data, 1, shape, bytes, out, &turned);
    free(*data);
    *data = out;
    return CM_OK;
}

cm_status cm_scored_turn(cm_scored_file *file, const cm_geometry *to, cm_error *err)
{
    const cm_geometry from = file->geometry;
    char stored[4], wanted[4];
    cm_axis_map map;
    if (!from.orientation_known || !to->orientation_known ||
        cm_affine_orientation(&from.affine, stored, NULL) ||
        cm_affine_orientation(&to->affine, wanted, NULL) || !strcmp(stored, wanted) ||
        cm_axis_map_between(stored, wanted, &map, NULL))
        return cm_geometry_equal(to, &from, err);
    const cm_geometry turned = cm_geometry_mapped(&from, map);
    if (cm_geometry_equal(to, &turned, NULL)) return cm_geometry_equal(to, &from, err);
    void *labels = file->labels, *probability = file->probability;
    cm_status st = turn_array(&labels, map, from.shape, (int64_t)sizeof *file->labels, err);
    if (!st) st = turn_array(&probability, map, from.shape, (int64_t)sizeof *file->probability, err);
    file->labels = labels;
    file->probability = probability;
    if (!st) file->geometry = turned;
    return st;
}

void cm_scored_fini(cm_scored_file *file)
{
    free(file->labels);
    free(file->probability);
    file->labels = NULL;
    file->probability = NULL;
}
