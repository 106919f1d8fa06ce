/* Preparing a case. The channels of a case are stored together in one element type:
 *  - all alike in type and scaling: as they are;
 *  - integers without scaling: the smallest integer type that holds all their types;
 *  - otherwise: float32 of raw * slope + intercept computed in double. That is the very value every tool is
 * given for a voxel, so nothing that a model could see is lost. */
#include "engine/cohort/prepare_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/image/geometry.h"

static const int64_t default_max_bytes = (int64_t)16 << 30;

void cm_prepare_context_init(cm_prepare_context *context, const char *csv_path, const char *root,
                             const cm_source *source, const cm_cohort_info *info, bool strip_text,
                             int64_t max_bytes)
{
    memset(context, 0, sizeof *context);
    context->csv_path = csv_path;
    context->root = root;
    context->source = source;
    context->info = info;
    context->read = (cm_read_options){.max_bytes = max_bytes > 0 ? max_bytes : default_max_bytes,
                                      .strip_text = strip_text,
                                      .geometry_unknown = info->geometry_unknown};
    context->reference_type = CM_U8;
    for (int i = 0; i < info->n_labels; i++) {
        context->is_label[info->labels[i].value] = 1;
        if (info->labels[i].value > UINT8_MAX) context->reference_type = CM_U16;
    }
}

/* ---- channels ---- */

static cm_status read_channels(const cm_prepare_context *x, const cm_source_case *c, cm_volume **volume,
                               cm_prepared *out, cm_error *err)
{
    cm_status st = CM_OK;
    for (int k = 0; !st && k < cm_source_columns(x->source); k++) {
        const char *name = cm_source_column(x->source, k);
        cm_audit *audit = &out->audit[out->n_audit];
        st = cm_door_read(x->root, c->channel[k], &x->read, &volume[k], audit, err);
        if (!st && k > 0 && (st = cm_geometry_equal(&volume[0]->geometry, &volume[k]->geometry, err)))
            cm_error_context(
                err, cm_strf("first channel %s (%.100s)", cm_source_column(x->source, 0), c->channel[0]).s);
        if (st) {
            cm_error_context(err, cm_strf("channel %s (%.100s)", name, c->channel[k]).s);
            return st;
        }
        audit->case_index = out->facts.case_index;
        audit->column = k;
        out->n_audit++;
        out->facts.components[k] = (int32_t)volume[k]->channels;
    }
    return st;
}

/* Width in bits and signedness of an integer type. */
static void integer_kind(cm_dtype t, int *bits, bool *is_signed)
{
    *bits = 8 * (int)cm_dtype_bytes(t);
    *is_signed = t == CM_I8 || t == CM_I16 || t == CM_I32 || t == CM_I64;
}

/* The smallest integer type that holds both; 0 when there is none. */
static cm_dtype common_integer(cm_dtype a, cm_dtype b)
{
    static const cm_dtype candidates[] = {CM_U8, CM_I8, CM_U16, CM_I16, CM_U32, CM_I32, CM_U64, CM_I64};
    const cm_dtype both[2] = {a, b};
    for (size_t k = 0; k < sizeof candidates / sizeof candidates[0]; k++) {
        int bits;
        bool is_signed, holds = true;
        integer_kind(candidates[k], &bits, &is_signed);
        for (int j = 0; j < 2; j++) {
            int need;
            bool need_sign;
            integer_kind(both[j], &need, &need_sign);
            holds = holds && (need_sign ? is_signed && bits >= need : bits >= need + (is_signed ? 1 : 0));
        }
        if (holds) return candidates[k];
    }
    return 0;
}

static bool unscaled(const cm_volume *v)
{
    return v->slope == 1 && v->intercept == 0;
}

/* The element type of the joined image; *as_is when no voxel has to change. */
static cm_dtype joined_type(cm_volume *const *volume, int n, bool *as_is)
{
    bool alike = true, integers = true;
    cm_dtype common = volume[0]->dtype;
    for (int k = 0; k < n; k++) {
        alike = alike && volume[k]->dtype == volume[0]->dtype && volume[k]->slope == volume[0]->slope &&
                volume[k]->intercept == volume[0]->intercept;
        integers = integers && cm_dtype_is_integer(volume[k]->dtype) && unscaled(volume[k]);
        common = integers && common ? common_integer(common, volume[k]->dtype) : 0;
    }
    *as_is = alike;
    return alike ? volume[0]->dtype : common ? common : CM_F32;
}

/* An exact integer of an unscaled integer volume, any type that fits 64 signed bits or is U64 into U64. */
static void store_integer(cm_dtype to, void *data, int64_t i, const cm_volume *from, int64_t j)
{
    int64_t value = 0;
    switch (from->dtype) {
    case CM_U8:
        value = ((const uint8_t *)from->data)[j];
        break;
    case CM_I8:
        value = ((const int8_t *)from->data)[j];
        break;
    case CM_U16:
        value = ((const uint16_t *)from->data)[j];
        break;
    case CM_I16:
        value = ((const int16_t *)from->data)[j];
        break;
    case CM_U32:
        value = ((const uint32_t *)from->data)[j];
        break;
    case CM_I32:
        value = ((const int32_t *)from->data)[j];
        break;
    default: /* 64 bits: the same bits either way */
        memcpy(&value, (const int64_t *)from->data + j, sizeof value);
    }
    memcpy((char *)data + i * cm_dtype_bytes(to), &value, (size_t)cm_dtype_bytes(to)); /* little-endian */
}

static void convert(const cm_volume *from, cm_dtype to, void *data, int64_t at)
{
    int64_t n = from->channels * cm_shape3_count(from->geometry.shape);
    if (to == CM_F32)
        cm_volume_to_float(from, (float *)data + at);
    else
        for (int64_t j = 0; j < n; j++)
            store_integer(to, data, at + j, from, j);
}

/* Makes one image of the channels' volumes, which are used up. */
static cm_status join(const cm_prepare_context *x, cm_volume **volume, int n, cm_prepared *out, cm_error *err)
{
    bool as_is;
    int64_t channels = 0, at = 0;
    cm_dtype type = joined_type(volume, n, &as_is);
    for (int k = 0; k < n; k++)
        channels += volume[k]->channels;
    if (channels > CM_MAX_CHANNELS)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the case has too many channels",
                       .why = cm_strf("%lld, at most %d", (long long)channels, CM_MAX_CHANNELS).s);
    if (n == 1) {
        out->image = volume[0];
        volume[0] = NULL;
        return CM_OK;
    }
    cm_status st =
        cm_volume_create(&volume[0]->geometry, channels, type, x->read.max_bytes, &out->image, err);
    for (int k = 0; !st && k < n; k++) {
        if (as_is)
            memcpy((char *)out->image->data + at * cm_dtype_bytes(type), volume[k]->data,
                   (size_t)volume[k]->bytes);
        else
            convert(volume[k], type, out->image->data, at);
        if (volume[k]->dtype != type || !as_is) out->audit[k].notes |= CM_NOTE_CONVERTED;
        at += volume[k]->channels * cm_shape3_count(volume[k]->geometry.shape);
        if (k > 0) { /* the first one's scaling is still needed */
            cm_volume_destroy(volume[k]);
            volume[k] = NULL;
        }
    }
    if (!st) {
        out->image->slope = as_is ? volume[0]->slope : 1;
        out->image->intercept = as_is ? volume[0]->intercept : 0;
    }
    return st;
}

/* ---- reference ---- */

static cm_status fail_label(const cm_prepare_context *x, double value, int64_t i, cm_shape3 s, cm_error *err)
{
    char list[200] = "";
    size_t n = 0;
    for (int k = 0; k < x->info->n_labels && n < sizeof list - 16; k++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%d", k ? ", " : "", x->info->labels[k].value);
    return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the reference holds a value outside the label set",
                   .why = cm_strf("value %.9g at voxel x=%lld y=%lld z=%lld, labels are %s%s", value,
                                  (long long)(i % s.nx), (long long)(i / s.nx % s.ny),
                                  (long long)(i / s.nx / s.ny), list, n >= sizeof list - 16 ? ", ..." : "")
                              .s,
                   .next = "add the label to cohort.xml, or correct the reference");
}

/* Label values after scaling, each checked against the label set. */
static cm_status take_labels(const cm_prepare_context *x, const cm_volume *from, cm_volume *to, cm_error *err)
{
    int64_t n = cm_shape3_count(from->geometry.shape);
    const uint8_t *bytes = from->dtype == CM_U8 && unscaled(from) ? from->data : NULL;
    for (int64_t i = 0; i < n; i++) {
        double value = bytes ? bytes[i] : cm_volume_value(from, i);
        if (!(value >= 0 && value <= UINT16_MAX) || value != floor(value) || !x->is_label[(int)value])
            return fail_label(x, value, i, from->geometry.shape, err);
        if (to->dtype == CM_U8)
            ((uint8_t *)to->data)[i] = (uint8_t)value;
        else
            ((uint16_t *)to->data)[i] = (uint16_t)value;
    }
    return CM_OK;
}

static cm_status read_reference(const cm_prepare_context *x, const cm_source_case *c, cm_prepared *out,
                                cm_error *err)
{
    cm_volume *raw = NULL;
    cm_audit *audit = &out->audit[out->n_audit];
    cm_read_options as_labels = x->read;
    as_labels.palette_index = true;
    cm_status st = cm_door_read(x->root, c->reference, &as_labels, &raw, audit, err);
    if (!st && raw->channels != 1)
        st = CM_FAIL(err, CM_ERR_MISMATCH, .what = "the reference is not one label map",
                     .why = cm_strf("it has %lld components per voxel", (long long)raw->channels).s);
    if (!st && (st = cm_geometry_equal(&out->image->geometry, &raw->geometry, err)))
        cm_error_context(err, "image and reference");
    if (!st)
        st = cm_volume_create(&raw->geometry, 1, x->reference_type, x->read.max_bytes, &out->reference, err);
    if (!st) st = take_labels(x, raw, out->reference, err);
    cm_volume_destroy(raw);
    if (st) {
        cm_error_context(err, cm_strf("reference (%.100s)", c->reference).s);
        return st;
    }
    audit->case_index = out->facts.case_index;
    audit->column = -1;
    out->n_audit++;
    out->facts.has_reference = true;
    return CM_OK;
}

/* ---- the case ---- */

static cm_status finish_facts(cm_prepared *out, cm_error *err)
{
    cm_stored_facts *f = &out->facts;
    const cm_volume *v = out->image;
    f->geometry = v->geometry;
    f->dtype = v->dtype;
    f->slope = v->slope;
    f->intercept = v->intercept;
    cm_status st = cm_sha256_of(v->data, v->bytes, &f->image_digest);
    if (!st && out->reference)
        st = cm_sha256_of(out->reference->data, out->reference->bytes, &f->reference_digest);
    return st ? CM_FAIL(err, st, .what = "the pixels cannot be hashed") : CM_OK;
}

void cm_prepare_read(const cm_prepare_context *x, int64_t i, cm_prepared *out)
{
    cm_volume *volume[CM_MAX_CHANNELS] = {NULL};
    int n = cm_source_columns(x->source);
    cm_source_case c;
    cm_error *err = &out->error;
    cm_source_get(x->source, i, &c);
    out->facts.case_index = i;
    cm_status st = read_channels(x, &c, volume, out, err);
    if (!st) st = join(x, volume, n, out, err);
    if (!st && c.reference) st = read_reference(x, &c, out, err);
    if (!st) st = finish_facts(out, err);
    if (x->info->task == CM_TASK_CLASSIFICATION) out->facts.has_reference = c.class_value >= 0;
    if (!st && (cm_date_like(c.id) || cm_date_like(c.patient))) out->audit[0].notes |= CM_NOTE_DATE_LIKE_ID;
    for (int k = 0; k < n; k++)
        cm_volume_destroy(volume[k]);
    if (st) cm_error_context(err, cm_strf("%s:%d: case %s", x->csv_path, c.line, c.id).s);
    out->status = st;
}

int64_t cm_prepared_bytes(const cm_prepared *p)
{
    return (p->image ? p->image->bytes : 0) + (p->reference ? p->reference->bytes : 0);
}

static cm_status encode(const cm_volume *v, cm_codec *codec, cm_threads *pool, cm_chunk_plan *plan,
                        cm_piece **pieces, cm_error *err)
{
    const cm_shape3 s = v->geometry.shape;
    const int64_t dim[4] = {v->channels, s.nz, s.ny, s.nx};
    cm_status st = cm_chunk_plan_choose(dim, cm_dtype_bytes(v->dtype), plan, err);
    return st ? st : cm_codec_encode(codec, pool, plan, v->data, pieces, err);
}

void cm_prepare_encode(cm_prepared *p, cm_codec *codec, cm_threads *pool)
{
    if (!p->status) p->status = encode(p->image, codec, pool, &p->image_plan, &p->image_pieces, &p->error);
    if (!p->status && p->reference)
        p->status = encode(p->reference, codec, pool, &p->reference_plan, &p->reference_pieces, &p->error);
    cm_volume_destroy(p->image);
    cm_volume_destroy(p->reference);
    p->image = p->reference = NULL;
}

void cm_prepared_case_fini(cm_prepared *p)
{
    cm_volume_destroy(p->image);
    cm_volume_destroy(p->reference);
    cm_pieces_free(p->image_pieces, p->image_plan.total);
    cm_pieces_free(p->reference_pieces, p->reference_plan.total);
    memset(p, 0, sizeof *p);
}
