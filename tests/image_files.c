/* Image files made byte by byte for tests. Offsets are those of nifti1.h, nifti2.h and the PNG specification.
 */
#include "image_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A test that cannot make its input stops. */
static void require(bool good)
{
    if (good) return;
    fputs("cannot make the test input\n", stderr);
    abort();
}

static void put(const nifti_spec *s, uint8_t *out, int at, const void *value, int n)
{
    const uint8_t *from = value;
    for (int i = 0; i < n; i++)
        out[at + i] = from[s->other_endian ? n - 1 - i : i];
}

static void put_integer(const nifti_spec *s, uint8_t *out, int at, int64_t value, int n)
{
    const int16_t v2 = (int16_t)value;
    const int32_t v4 = (int32_t)value;
    put(s, out, at, n == 2 ? (const void *)&v2 : n == 4 ? (const void *)&v4 : (const void *)&value, n);
}

static void put_real(const nifti_spec *s, uint8_t *out, int at, double value, int n)
{
    const float v4 = (float)value;
    put(s, out, at, n == 4 ? (const void *)&v4 : (const void *)&value, n);
}

static void put_text(uint8_t *out, int at, const char *text)
{
    if (text) memcpy(out + at, text, strlen(text));
}

static int64_t header_1(const nifti_spec *s, uint8_t *out)
{
    put_integer(s, out, 0, 348, 4);
    put_text(out, 4, s->data_type);
    put_text(out, 14, s->db_name);
    for (int i = 0; i < 8; i++) {
        put_integer(s, out, 40 + 2 * i, s->dim[i], 2);
        put_real(s, out, 76 + 4 * i, s->pixdim[i], 4);
    }
    put_integer(s, out, 70, s->datatype, 2);
    put_integer(s, out, 72, s->bitpix, 2);
    put_real(s, out, 108, s->vox_offset, 4);
    put_real(s, out, 112, s->slope, 4);
    put_real(s, out, 116, s->intercept, 4);
    out[123] = (uint8_t)s->units;
    put_text(out, 148, s->descrip);
    put_text(out, 228, s->aux_file);
    put_integer(s, out, 252, s->qform_code, 2);
    put_integer(s, out, 254, s->sform_code, 2);
    for (int i = 0; i < 3; i++) {
        put_real(s, out, 256 + 4 * i, s->quaternion[i], 4);
        put_real(s, out, 268 + 4 * i, s->offset[i], 4);
        for (int k = 0; k < 4; k++)
            put_real(s, out, 280 + 16 * i + 4 * k, s->srow[i][k], 4);
    }
    put_text(out, 328, s->intent_name);
    if (!s->analyze) memcpy(out + 344, s->magic ? s->magic : "n+1", 4);
    return 348;
}

static int64_t header_2(const nifti_spec *s, uint8_t *out)
{
    put_integer(s, out, 0, 540, 4);
    memcpy(out + 4, s->magic ? s->magic : "n+2\0\r\n\032\n", 8);
    put_integer(s, out, 12, s->datatype, 2);
    put_integer(s, out, 14, s->bitpix, 2);
    for (int i = 0; i < 8; i++) {
        put_integer(s, out, 16 + 8 * i, s->dim[i], 8);
        put_real(s, out, 104 + 8 * i, s->pixdim[i], 8);
    }
    put_integer(s, out, 168, (int64_t)s->vox_offset, 8);
    put_real(s, out, 176, s->slope, 8);
    put_real(s, out, 184, s->intercept, 8);
    put_text(out, 240, s->descrip);
    put_text(out, 320, s->aux_file);
    put_integer(s, out, 344, s->qform_code, 4);
    put_integer(s, out, 348, s->sform_code, 4);
    for (int i = 0; i < 3; i++) {
        put_real(s, out, 352 + 8 * i, s->quaternion[i], 8);
        put_real(s, out, 376 + 8 * i, s->offset[i], 8);
        for (int k = 0; k < 4; k++)
            put_real(s, out, 400 + 32 * i + 8 * k, s->srow[i][k], 8);
    }
    put_integer(s, out, 500, s->units, 4);
    put_text(out, 508, s->intent_name);
    return 540;
}

int64_t nifti_header(const nifti_spec *spec, uint8_t out[540])
{
    memset(out, 0, 540);
    return spec->version == 1 ? header_1(spec, out) : header_2(spec, out);
}

void bytes_add(bytes *b, const void *data, int64_t count)
{
    b->data = realloc(b->data, (size_t)(b->count + count + 1));
    require(b->data);
    if (count) memcpy(b->data + b->count, data, (size_t)count);
    b->count += count;
}

void bytes_add_zeros(bytes *b, int64_t count)
{
    uint8_t *zeros = calloc(1, (size_t)count + 1);
    require(zeros);
    bytes_add(b, zeros, count);
    free(zeros);
}

void bytes_free(bytes *b)
{
    free(b->data);
    *b = (bytes){0};
}

bytes nifti_file(const nifti_spec *spec, const void *voxels, int64_t voxel_bytes)
{
    uint8_t header[540];
    bytes b = {0};
    const int64_t size = nifti_header(spec, header);
    bytes_add(&b, header, size);
    bytes_add_zeros(&b, spec->vox_offset > (double)size ? (int64_t)spec->vox_offset - size : 4);
    bytes_add(&b, voxels, voxel_bytes);
    return b;
}

bytes gzip_of(const bytes *raw, const char *name, const char *comment)
{
    z_stream z = {0};
    char name_copy[64] = "", comment_copy[64] = "";
    gz_header header = {0};
    bytes b = {0};
    if (name) strncpy(name_copy, name, sizeof name_copy - 1);
    if (comment) strncpy(comment_copy, comment, sizeof comment_copy - 1);
    header.name = name ? (Bytef *)name_copy : NULL;
    header.comment = comment ? (Bytef *)comment_copy : NULL;
    header.time = 1234567; /* a time stamp is no free text and must pass */
    int rc = deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    require(rc == Z_OK);
    deflateSetHeader(&z, &header);
    const uLong bound = deflateBound(&z, (uLong)raw->count);
    bytes_add_zeros(&b, (int64_t)bound);
    z.next_in = raw->data;
    z.avail_in = (uInt)raw->count;
    z.next_out = b.data;
    z.avail_out = (uInt)bound;
    rc = deflate(&z, Z_FINISH);
    require(rc == Z_STREAM_END);
    b.count = (int64_t)z.total_out;
    deflateEnd(&z);
    return b;
}

static void add_u32(bytes *b, uint32_t v)
{
    const uint8_t raw[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    bytes_add(b, raw, 4);
}

void png_add_chunk(bytes *b, const char *type, const void *data, int64_t count)
{
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (count) crc = crc32(crc, data, (uInt)count);
    add_u32(b, (uint32_t)count);
    bytes_add(b, type, 4);
    bytes_add(b, data, count);
    add_u32(b, (uint32_t)crc);
}

void png_begin(bytes *b, uint32_t width, uint32_t height, int depth, int colour)
{
    bytes ihdr = {0};
    const uint8_t rest[5] = {(uint8_t)depth, (uint8_t)colour, 0, 0, 0};
    bytes_add(b, "\211PNG\r\n\032\n", 8);
    add_u32(&ihdr, width);
    add_u32(&ihdr, height);
    bytes_add(&ihdr, rest, 5);
    png_add_chunk(b, "IHDR", ihdr.data, ihdr.count);
    bytes_free(&ihdr);
}

void png_add_rows(bytes *b, const void *rows, int64_t count)
{
    uint8_t packed[4096];
    uLongf n = sizeof packed;
    int rc = compress(packed, &n, rows, (uLong)count);
    require(rc == Z_OK);
    png_add_chunk(b, "IDAT", packed, (int64_t)n);
}

void png_end(bytes *b)
{
    png_add_chunk(b, "IEND", NULL, 0);
}

void write_bytes(const char *path, const bytes *b)
{
    remove(path); /* ext4 writes a file to disk when it replaces one by truncation: thousands of waits */
    FILE *f = fopen(path, "wb");
    require(f);
    size_t n = fwrite(b->data, 1, (size_t)b->count, f);
    require(n == (size_t)b->count);
    fclose(f);
}
