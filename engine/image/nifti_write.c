/* NIfTI-1 single files, plain or gzip, in native byte order: geometry and voxels, and no text at all. */
#include "engine/image/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/base/files.h"

enum { DATA_AT = 352 };

static void put(uint8_t *header, int at, const void *value, size_t bytes)
{
    memcpy(header + at, value, bytes);
}

static void put_i16(uint8_t *header, int at, int64_t value)
{
    int16_t v = (int16_t)value;
    put(header, at, &v, sizeof v);
}

static void put_f32(uint8_t *header, int at, double value)
{
    float v = (float)value;
    put(header, at, &v, sizeof v);
}

static int16_t data_type_of(cm_dtype type)
{
    static const int16_t codes[] = {
        [CM_U8] = 2,  [CM_I8] = 256,   [CM_U16] = 512,  [CM_I16] = 4,  [CM_U32] = 768,
        [CM_I32] = 8, [CM_U64] = 1280, [CM_I64] = 1024, [CM_F32] = 16, [CM_F64] = 64};
    return codes[type];
}

static void make_header(const cm_volume *v, uint8_t header[DATA_AT])
{
    const cm_geometry *g = &v->geometry;
    const int32_t size = 348;
    const double known = g->spacing_known ? 1 : 0; /* an unknown spacing is written as 0, which no size is */
    memset(header, 0, DATA_AT);
    put(header, 0, &size, sizeof size);
    header[38] = 'r'; /* "regular", asked for by ANALYZE readers */
    put_i16(header, 40, v->channels > 1 ? 4 : 3);
    put_i16(header, 42, g->shape.nx);
    put_i16(header, 44, g->shape.ny);
    put_i16(header, 46, g->shape.nz);
    put_i16(header, 48, v->channels);
    for (int at = 50; at < 56; at += 2)
        put_i16(header, at, 1);
    put_i16(header, 70, data_type_of(v->dtype));
    put_i16(header, 72, 8 * cm_dtype_bytes(v->dtype));
    put_f32(header, 76, 1);
    put_f32(header, 80, known * g->spacing_mm.x);
    put_f32(header, 84, known * g->spacing_mm.y);
    put_f32(header, 88, known * g->spacing_mm.z);
    put_f32(header, 108, DATA_AT);
    put_f32(header, 112, v->slope);
    put_f32(header, 116, v->intercept);
    header[123] = g->spacing_known ? 2 : 0; /* millimetre, or unknown */
    if (g->orientation_known) {
        put_i16(header, 254, 1);
        for (int row = 0; row < 3; row++)
            for (int k = 0; k < 4; k++)
                put_f32(header, 280 + 16 * row + 4 * k, g->affine.m[row][k]);
    }
    put(header, 344, "n+1", 4);
}

static cm_status check_writable(const char *path, const cm_volume *v, cm_error *err)
{
    const cm_shape3 s = v->geometry.shape;
    const int64_t most = INT16_MAX;
    if (s.nx > most || s.ny > most || s.nz > most || v->channels > most)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED,
                       .what = "a NIfTI-1 file holds at most 32767 voxels along an axis", .where = path,
                       .why = cm_strf("%lld x %lld x %lld voxels, %lld channels", (long long)s.nx,
                                      (long long)s.ny, (long long)s.nz, (long long)v->channels)
                                  .s);
    if ((double)(float)v->slope != v->slope || (double)(float)v->intercept != v->intercept)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a NIfTI-1 file holds slope and intercept as float32",
                       .where = path,
                       .why = cm_strf("%.17g and %.17g are not exact in float32", v->slope, v->intercept).s);
    return CM_OK;
}

static bool write_plain(FILE *file, const void *data, int64_t bytes)
{
    return fwrite(data, 1, (size_t)bytes, file) == (size_t)bytes;
}

/* Feeds one piece through deflate; the last with Z_FINISH. */
static bool deflate_piece(z_stream *z, FILE *file, const void *data, int64_t bytes, int flush)
{
    unsigned char block[32768];
    const unsigned char *at = data;
    int rc = Z_OK;
    do {
        const int64_t take = bytes < (1 << 30) ? bytes : (1 << 30);
        z->next_in = (unsigned char *)(uintptr_t)at; /* zlib does not write here; its type just says so */
        z->avail_in = (uInt)take;
        at += take;
        bytes -= take;
        do {
            z->next_out = block;
            z->avail_out = sizeof block;
            rc = deflate(z, bytes ? Z_NO_FLUSH : flush);
            if (rc == Z_STREAM_ERROR || !write_plain(file, block, (int64_t)(sizeof block - z->avail_out)))
                return false;
        } while (z->avail_out == 0);
    } while (bytes);
    return flush != Z_FINISH || rc == Z_STREAM_END;
}

static bool write_gzip(FILE *file, const uint8_t *header, const cm_volume *v)
{
    z_stream z = {0};
    /* 15 + 16: gzip, whose default header has no name and time 0. Level 4: most of the gain, half the time.
     */
    if (deflateInit2(&z, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    bool good = deflate_piece(&z, file, header, DATA_AT, Z_NO_FLUSH) &&
                deflate_piece(&z, file, v->data, v->bytes, Z_FINISH);
    deflateEnd(&z);
    return good;
}

cm_status cm_nifti_write(const char *path, const cm_volume *volume, cm_error *err)
{
    uint8_t header[DATA_AT];
    cm_new_file *new_file = NULL;
    FILE *file = NULL;
    const size_t length = strlen(path);
    const bool gzip = length >= 3 && strcmp(path + length - 3, ".gz") == 0;
    cm_status st = check_writable(path, volume, err);
    if (!st) st = cm_new_file_open(path, &new_file, &file, err);
    if (st) return st;
    make_header(volume, header);
    bool good = gzip ? write_gzip(file, header, volume)
                     : write_plain(file, header, DATA_AT) && write_plain(file, volume->data, volume->bytes);
    if (!good) {
        cm_new_file_abandon(new_file);
        return CM_FAIL(err, CM_ERR_IO, .what = "an image cannot be written", .where = path,
                       .why = "the disk may be full");
    }
    return cm_new_file_commit(new_file, err);
}
