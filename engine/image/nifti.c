/* NIfTI-1 and NIfTI-2 single files, plain or gzip, as one volume. The order matters: header, then sizes
 * against the bytes that can be there, then free text, and only then memory for the voxels. */
#include "engine/image/nifti.h"

#include <string.h>

#include "engine/image/nifti_internal.h"
#include "engine/image/stream_internal.h"

/* Zero bytes after the image data are padding; more than this many are not believed to be. */
static const int64_t most_padding = 1 << 20;

bool cm_nifti_is(const uint8_t *head, int64_t bytes)
{
    return cm_nifti_header_bytes(head, bytes) != 0;
}

static cm_status truncated(const char *path, int64_t promised, const char *found, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the file ends before its image data does", .where = path,
                   .why = cm_strf("the header promises %lld bytes, %s", (long long)promised, found).s,
                   .next = "copy the file again and compare its sha256");
}

static cm_status read_header(cm_stream *in, const char *path, cm_nifti_header *h, cm_text_found *text,
                             cm_error *err)
{
    uint8_t raw[CM_NIFTI2_BYTES];
    int64_t got = 0, more = 0;
    cm_status st = cm_stream_read(in, raw, 4, &got, err);
    if (st) return st;
    const int64_t bytes = cm_nifti_header_bytes(raw, got);
    if (bytes) st = cm_stream_read(in, raw + 4, bytes - 4, &more, err);
    if (st) return st;
    if (bytes && got + more < bytes)
        return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the file ends inside its header", .where = path,
                       .why = cm_strf("a header has %lld bytes, the file holds %lld", (long long)bytes,
                                      (long long)(got + more))
                                  .s,
                       .next = "copy the file again and compare its sha256");
    return cm_nifti_header_parse(raw, got + more, path, h, text, err);
}

/* Where the image data ends, or CM_ERR_TRUNCATED / CM_ERR_LIMIT, before anything is allocated. A file that
 * cannot hold that much is read to its end once, to tell how much it holds. */
static cm_status check_sizes(cm_stream *in, const cm_nifti_header *h, const cm_read_options *options,
                             const char *path, int64_t *data_bytes, cm_error *err)
{
    int64_t bytes = cm_dtype_bytes(h->dtype), skipped = 0;
    bool fits = true, zeros;
    for (int i = 1; i <= 7; i++)
        fits = fits && cm_mul_i64(bytes, h->dim[i], &bytes);
    fits = fits && bytes <= INT64_MAX - h->data_at;
    if (!fits)
        return CM_FAIL(
            err, CM_ERR_LIMIT, .what = "the header asks for more bytes than can be counted", .where = path,
            .why = cm_strf("%lld x %lld x %lld x %lld x %lld voxels; the file holds %lld bytes",
                           (long long)h->dim[1], (long long)h->dim[2], (long long)h->dim[3],
                           (long long)h->dim[4], (long long)h->dim[5], (long long)cm_stream_file_bytes(in))
                       .s);
    *data_bytes = bytes;
    const int64_t end = h->data_at + bytes;
    if (end > cm_stream_capacity(in)) {
        if (!cm_stream_is_gzip(in))
            return truncated(path, end, cm_strf("the file holds %lld", (long long)cm_stream_file_bytes(in)).s,
                             err);
        const int64_t cap = (int64_t)1 << 30;
        cm_status st = cm_stream_skip(in, cap, &skipped, &zeros, err);
        if (st) return st;
        return truncated(
            path, end,
            cm_strf(skipped < cap ? "the gzip file holds %lld" : "the gzip file holds more than %lld",
                    (long long)(h->bytes + skipped))
                .s,
            err);
    }
    if (bytes > options->max_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the image is larger than the limit", .where = path,
                       .why = cm_strf("the header asks for %lld bytes, the limit is %lld", (long long)bytes,
                                      (long long)options->max_bytes)
                                  .s,
                       .next = "raise the limit if the image is meant to be that large");
    return CM_OK;
}

/* Anything but zero between header and data is an extension, whatever its size field says. */
static cm_status skip_extensions(cm_stream *in, const cm_nifti_header *h, const char *path, int64_t end,
                                 cm_text_found *text, cm_error *err)
{
    const int64_t gap = h->data_at - h->bytes;
    int64_t skipped = 0;
    bool zeros;
    cm_status st = cm_stream_skip(in, gap, &skipped, &zeros, err);
    if (st) return st;
    if (skipped < gap)
        return truncated(path, end, cm_strf("the file holds %lld", (long long)(h->bytes + skipped)).s, err);
    if (!zeros) cm_text_add(text, "header extension");
    return CM_OK;
}

static void swap_bytes(void *data, int64_t bytes, int64_t element)
{
    if (element == 2) {
        uint16_t *v = data;
        for (int64_t i = 0; i < bytes / 2; i++)
            v[i] = __builtin_bswap16(v[i]);
    } else if (element == 4) {
        uint32_t *v = data;
        for (int64_t i = 0; i < bytes / 4; i++)
            v[i] = __builtin_bswap32(v[i]);
    } else if (element == 8) {
        uint64_t *v = data;
        for (int64_t i = 0; i < bytes / 8; i++)
            v[i] = __builtin_bswap64(v[i]);
    }
}

/* Voxels, then the end of the file: no more than zero padding may follow. */
static cm_status read_voxels(cm_stream *in, const cm_nifti_header *h, const char *path, cm_volume *volume,
                             cm_error *err)
{
    int64_t got = 0, after = 0;
    bool zeros;
    const int64_t end = h->data_at + volume->bytes;
    cm_status st = cm_stream_read(in, volume->data, volume->bytes, &got, err);
    if (st) return st;
    if (got < volume->bytes)
        return truncated(path, end,
                         cm_strf("%s %lld", cm_stream_is_gzip(in) ? "the gzip file holds" : "the file holds",
                                 (long long)(h->data_at + got))
                             .s,
                         err);
    st = cm_stream_skip(in, most_padding + 1, &after, &zeros, err);
    if (st) return st;
    if (cm_stream_is_cut(in))
        return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the gzip data ends before its checksum", .where = path,
                       .why = cm_strf("all %lld bytes were there, but nothing proves that they are right",
                                      (long long)end)
                                  .s,
                       .next = "copy the file again and compare its sha256");
    if (!zeros || after > most_padding)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "more than padding follows the image data", .where = path,
                       .why = cm_strf("the header promises %lld bytes, %s%lld more follow", (long long)end,
                                      after > most_padding ? "at least " : "", (long long)after)
                                  .s,
                       .next = "write the file again so that header and data agree");
    if (h->swapped) swap_bytes(volume->data, volume->bytes, cm_dtype_bytes(h->dtype));
    return CM_OK;
}

static cm_status read_stream(cm_stream *in, const char *path, const cm_read_options *options, cm_volume **out,
                             cm_read_notes *notes, cm_error *err)
{
    cm_nifti_header h;
    cm_text_found text = {0};
    cm_geometry geometry;
    int64_t channels = 0, bytes = 0;
    cm_status st = read_header(in, path, &h, &text, err);
    if (!st) st = check_sizes(in, &h, options, path, &bytes, err);
    if (!st) st = skip_extensions(in, &h, path, h.data_at + bytes, &text, err);
    if (!st) cm_stream_add_text(in, &text);
    if (!st) st = cm_text_decide(&text, path, options, notes, err);
    if (!st) st = cm_nifti_header_geometry(&h, options, path, &geometry, &channels, notes, err);
    if (!st) st = cm_volume_create(&geometry, channels, h.dtype, options->max_bytes, out, err);
    if (st) return st;
    (*out)->slope = h.slope;
    (*out)->intercept = h.intercept;
    st = read_voxels(in, &h, path, *out, err);
    if (!st) cm_stream_add_text(in, &text); /* later gzip members have headers of their own */
    if (!st) st = cm_text_decide(&text, path, options, notes, err);
    return st;
}

cm_status cm_nifti_read(const char *path, const cm_read_options *options, cm_volume **out,
                        cm_read_notes *notes, cm_error *err)
{
    cm_stream *in = NULL;
    *out = NULL;
    cm_status st = cm_stream_open(path, &in, err);
    if (!st) st = read_stream(in, path, options, out, notes, err);
    cm_stream_close(in);
    if (st) {
        cm_volume_destroy(*out);
        *out = NULL;
    }
    return st;
}
