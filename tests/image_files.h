/* Image files made byte by byte for tests, independent of the engine's own writers. */
#ifndef CM_TESTS_IMAGE_FILES_H
#define CM_TESTS_IMAGE_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* A NIfTI header in words. Zero fields are written as zero. */
typedef struct nifti_spec {
    int version;       /* 1 or 2 */
    bool other_endian; /* not this machine's byte order */
    int datatype, bitpix;
    int64_t dim[8];
    double pixdim[8];
    double vox_offset;
    double slope, intercept;
    int qform_code, sform_code, units;
    double quaternion[3], offset[3], srow[3][4];
    const char *descrip, *aux_file, *intent_name, *db_name, *data_type;
    const char *magic; /* NULL: the right one */
    bool analyze;      /* no magic at all */
} nifti_spec;

/* 348 or 540 bytes into out; returns how many. */
int64_t nifti_header(const nifti_spec *spec, uint8_t out[540]);

/* A whole small file in memory, grown as needed. */
typedef struct bytes {
    uint8_t *data;
    int64_t count;
} bytes;
void bytes_add(bytes *b, const void *data, int64_t count);
void bytes_add_zeros(bytes *b, int64_t count);
void bytes_free(bytes *b);

/* Header, zeros up to vox_offset (or 4), then `voxels` as they are. */
bytes nifti_file(const nifti_spec *spec, const void *voxels, int64_t voxel_bytes);

/* gzip of raw; name and comment NULL = none. */
bytes gzip_of(const bytes *raw, const char *name, const char *comment);

/* One PNG chunk with its CRC; and a PNG of one IDAT from filtered rows (each row begins with its filter
 * byte). */
void png_add_chunk(bytes *b, const char *type, const void *data, int64_t count);
void png_begin(bytes *b, uint32_t width, uint32_t height, int depth, int colour);
void png_add_rows(bytes *b, const void *rows, int64_t count);
void png_end(bytes *b);

void write_bytes(const char *path, const bytes *b);

#endif
