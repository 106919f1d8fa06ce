/* PNG as one slice without geometry: grey 8/16 bits (1, 2, 4 bits are scaled to 8), RGB and palette as three
 * channels, or a palette as one channel of indices. The chunks are walked here first, so that sizes and free
 * text are known before libpng sees a byte; libpng then gets the four critical kinds of chunk and nothing
 * else. */
#include "engine/image/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/image/text_internal.h"

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 032, '\n'};

enum { CHUNK_FRAME = 12, IHDR_BYTES = 13 }; /* length, type and CRC around the data of a chunk */

/* A PNG file whose chunks were walked. The critical chunks are moved to the front of `data`, one behind the
 * other, as libpng is to read them. */
typedef struct png_source {
    const char *path;
    uint8_t *data;
    int64_t file_bytes;
    int64_t kept;       /* bytes of signature and critical chunks */
    int64_t at;         /* read so far by libpng */
    int64_t idat_bytes; /* compressed image data */
    int64_t width, height;
    int depth, colour;
    bool as_index;     /* a palette stays indices */
    bool as_label;     /* a mask is read: few bits are not scaled */
    char message[160]; /* what libpng said */
} png_source;

bool cm_png_is(const uint8_t *head, int64_t bytes)
{
    return bytes >= 8 && memcmp(head, signature, 8) == 0;
}

static uint32_t big_endian_32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool is_type(const uint8_t *chunk, const char *type)
{
    return memcmp(chunk + 4, type, 4) == 0;
}

static bool is_one_of(const uint8_t *chunk, const char *const *types)
{
    for (; *types; types++)
        if (is_type(chunk, *types)) return true;
    return false;
}

static const char *const critical[] = {"IHDR", "PLTE", "IDAT", "IEND", NULL};
/* Numbers about display; they change nothing here and cannot carry text. */
static const char *const numeric[] = {"cHRM", "gAMA", "sRGB", "sBIT", "bKGD", "hIST", "pHYs", "cICP", NULL};
static const char *const textual[] = {"tEXt", "zTXt", "iTXt", "eXIf", "iCCP",
                                      "sPLT", "pCAL", "sCAL", "tIME", NULL};

static cm_status note_chunk(png_source *s, const uint8_t *chunk, cm_text_found *text, cm_error *err)
{
    if (is_type(chunk, "tRNS"))
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a PNG with transparency is not read",
                       .where = s->path,
                       .why = "it has a tRNS chunk; what a transparent pixel is worth is not defined",
                       .next = "write it as grey or RGB without transparency");
    if (is_one_of(chunk, numeric)) return CM_OK;
    for (int i = 0; textual[i]; i++) {
        if (!is_type(chunk, textual[i])) continue;
        cm_text_add(text, textual[i]);
        return CM_OK;
    }
    if ((chunk[4] & 0x20) == 0)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a PNG has a critical chunk that is not known",
                       .where = s->path, .why = "by its type it must be understood to show the image");
    cm_text_add(text, "chunk of unknown type");
    return CM_OK;
}

static cm_status cut_short(const png_source *s, int64_t at, int64_t needed, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "a PNG ends before its own chunks do", .where = s->path,
                   .why = cm_strf("expected at least %lld bytes, found %lld", (long long)(at + needed),
                                  (long long)s->file_bytes)
                              .s,
                   .next = "copy the file again and compare its sha256");
}

/* One pass over all chunks: bounds, text, and the critical ones moved to the front. */
static cm_status walk_chunks(png_source *s, cm_text_found *text, cm_error *err)
{
    int64_t at = 8;
    bool ended = false;
    s->kept = 8;
    while (!ended) {
        uint8_t *chunk = s->data + at;
        if (s->file_bytes - at < CHUNK_FRAME) return cut_short(s, at, CHUNK_FRAME, err);
        const int64_t whole = CHUNK_FRAME + (int64_t)big_endian_32(chunk);
        if (s->file_bytes - at < whole) return cut_short(s, at, whole, err);
        ended = is_type(chunk, "IEND");
        if (is_type(chunk, "IDAT")) s->idat_bytes += whole - CHUNK_FRAME;
        if (is_one_of(chunk, critical)) {
            memmove(s->data + s->kept, chunk, (size_t)whole);
            s->kept += whole;
        } else {
            cm_status st = note_chunk(s, chunk, text, err);
            if (st) return st;
        }
        at += whole;
    }
    for (int64_t i = at; i < s->file_bytes; i++)
        if (s->data[i])
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "something follows the end of a PNG", .where = s->path,
                           .why = cm_strf("its chunks end at byte %lld, the file has %lld", (long long)at,
                                          (long long)s->file_bytes)
                                      .s,
                           .next = "write the file again; hidden content is not accepted");
    return CM_OK;
}

static int channels_of(const png_source *s)
{
    return s->colour == PNG_COLOR_TYPE_GRAY || s->as_index ? 1 : 3;
}

static int sample_bytes(const png_source *s)
{
    return s->depth == 16 ? 2 : 1;
}

static cm_status read_ihdr(png_source *s, const cm_read_options *options, cm_error *err)
{
    const uint8_t *chunk = s->data + 8, *ihdr = chunk + 8;
    if (s->kept < 8 + CHUNK_FRAME + IHDR_BYTES || !is_type(chunk, "IHDR") ||
        big_endian_32(chunk) != IHDR_BYTES)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a PNG must begin with its header chunk",
                       .where = s->path);
    s->width = big_endian_32(ihdr);
    s->height = big_endian_32(ihdr + 4);
    s->depth = ihdr[8];
    s->colour = ihdr[9];
    s->as_index = s->colour == PNG_COLOR_TYPE_PALETTE && options->palette_index;
    s->as_label = options->palette_index;
    if (s->width < 1 || s->height < 1 || s->width > INT32_MAX || s->height > INT32_MAX)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the size of a PNG is out of range", .where = s->path,
                       .why = cm_strf("%lld x %lld pixels", (long long)s->width, (long long)s->height).s);
    if (s->colour & PNG_COLOR_MASK_ALPHA)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a PNG with an alpha channel is not read",
                       .where = s->path, .why = cm_strf("colour type %d", s->colour).s,
                       .next = "write it as grey or RGB without transparency");
    return CM_OK;
}

/* Pixels promised against what the compressed data can give (deflate: at most 1032 to 1) and the limit. */
static cm_status check_sizes(const png_source *s, const cm_read_options *options, cm_error *err)
{
    const int64_t bits = s->depth * (s->colour == PNG_COLOR_TYPE_RGB ? 3 : 1);
    int64_t rows = INT64_MAX; /* with one filter byte each; stays there when it cannot be counted */
    (void)cm_mul_i64(s->height, 1 + (s->width * bits + 7) / 8, &rows);
    const int64_t bytes = s->width * s->height; /* < 2^62 */
    if (s->idat_bytes < rows / 1032)
        return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "a PNG holds less image data than its header promises",
                       .where = s->path,
                       .why =
                           cm_strf("expected %lld bytes of rows, %lld compressed bytes can give at most %lld",
                                   (long long)rows, (long long)s->idat_bytes, (long long)s->idat_bytes * 1032)
                               .s,
                       .next = "copy the file again and compare its sha256");
    if (bytes > options->max_bytes / (channels_of(s) * sample_bytes(s)))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the image is larger than the limit", .where = s->path,
                       .why = cm_strf("%lld x %lld pixels, %d channels of %d bytes, limit %lld bytes",
                                      (long long)s->width, (long long)s->height, channels_of(s),
                                      sample_bytes(s), (long long)options->max_bytes)
                                  .s,
                       .next = "raise the limit if the image is meant to be that large");
    return CM_OK;
}

/* ---- libpng ---- */

static void give_bytes(png_structp png, png_bytep out, size_t bytes)
{
    png_source *s = png_get_io_ptr(png);
    if ((int64_t)bytes > s->kept - s->at) png_error(png, "data ends early");
    memcpy(out, s->data + s->at, bytes);
    s->at += (int64_t)bytes;
}

static void keep_message(png_structp png, png_const_charp message)
{
    png_source *s = png_get_error_ptr(png);
    if (s) {
        strncpy(s->message, message, sizeof s->message - 1);
        s->message[sizeof s->message - 1] = 0;
    }
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Everything libpng does between two returns. Nothing local changes after setjmp, so nothing is lost by it.
 * rows: height pointers to row_bytes each. */
static bool decode(png_structp png, png_infop info, png_source *s, png_bytepp rows, size_t row_bytes)
{
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, INT32_MAX, INT32_MAX); /* sizes were checked already */
    png_set_read_fn(png, s, give_bytes);
    png_read_info(png, info);
    const bool few_grey = s->colour == PNG_COLOR_TYPE_GRAY && s->depth < 8;
    if (s->as_index || (few_grey && s->as_label))
        png_set_packing(png); /* 1, 2, 4 bits: one number per byte, not scaled */
    else if (s->colour == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    else if (few_grey)
        png_set_expand_gray_1_2_4_to_8(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "rows have an unexpected length");
    png_read_image(png, rows);
    png_read_end(png, NULL);
    return true;
}

/* pixels: [height][width][channels], samples of two bytes most significant byte first. */
static cm_status decode_pixels(png_source *s, uint8_t *pixels, cm_error *err)
{
    const size_t row_bytes = (size_t)(s->width * channels_of(s) * sample_bytes(s));
    png_bytepp rows = malloc((size_t)s->height * sizeof *rows);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, s, keep_message, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    cm_status st = CM_OK;
    if (!rows || !info)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to decode a PNG", .where = s->path);
    for (int64_t y = 0; !st && y < s->height; y++)
        rows[y] = pixels + (size_t)y * row_bytes;
    if (!st && !decode(png, info, s, rows, row_bytes))
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a PNG cannot be decoded", .where = s->path,
                     .why = s->message, .next = "copy the file again and compare its sha256");
    if (png) png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return st;
}

/* Interleaved samples to one plane per channel in native byte order. */
static void separate(const png_source *s, const uint8_t *pixels, void *planes)
{
    const int64_t count = s->width * s->height;
    const int channels = channels_of(s);
    for (int c = 0; c < channels; c++) {
        if (sample_bytes(s) == 1) {
            uint8_t *plane = (uint8_t *)planes + c * count;
            for (int64_t i = 0; i < count; i++)
                plane[i] = pixels[i * channels + c];
        } else {
            uint16_t *plane = (uint16_t *)planes + c * count;
            for (int64_t i = 0; i < count; i++) {
                const uint8_t *sample = pixels + 2 * (i * channels + c);
                plane[i] = (uint16_t)(sample[0] << 8 | sample[1]);
            }
        }
    }
}

static cm_status make_volume(png_source *s, const cm_read_options *options, cm_volume **out, cm_error *err)
{
    const cm_geometry geometry = {.shape = {.nz = 1, .ny = s->height, .nx = s->width},
                                  .spacing_mm = {1, 1, 1},
                                  .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    cm_status st = cm_volume_create(&geometry, channels_of(s), sample_bytes(s) == 2 ? CM_U16 : CM_U8,
                                    options->max_bytes, out, err);
    if (st) return st;
    uint8_t *pixels = malloc((size_t)(*out)->bytes);
    if (!pixels) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to decode a PNG", .where = s->path);
    st = decode_pixels(s, pixels, err);
    if (!st) separate(s, pixels, (*out)->data);
    free(pixels);
    return st;
}

cm_status cm_png_read(const char *path, const cm_read_options *options, cm_volume **out, cm_read_notes *notes,
                      cm_error *err)
{
    png_source s = {.path = path};
    cm_text_found text = {0};
    char *file = NULL;
    *out = NULL;
    cm_status st = cm_file_read(path, options->max_bytes, &file, &s.file_bytes, err);
    s.data = (uint8_t *)file;
    if (!st && !cm_png_is(s.data, s.file_bytes))
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a PNG inside gzip is not read", .where = path,
                     .why = "the file is compressed twice", .next = "unpack it with gunzip");
    if (!st) st = walk_chunks(&s, &text, err);
    if (!st) st = read_ihdr(&s, options, err);
    if (!st) st = check_sizes(&s, options, err);
    if (!st) st = cm_text_decide(&text, path, options, notes, err);
    if (!st) st = make_volume(&s, options, out, err);
    free(file);
    if (st) {
        cm_volume_destroy(*out);
        *out = NULL;
    }
    return st;
}
