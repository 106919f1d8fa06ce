/* The header of a NIfTI-1 or NIfTI-2 file, read into one form. */
#ifndef CM_ENGINE_IMAGE_NIFTI_INTERNAL_H
#define CM_ENGINE_IMAGE_NIFTI_INTERNAL_H

#include "engine/image/text_internal.h"

enum { CM_NIFTI1_BYTES = 348, CM_NIFTI2_BYTES = 540 };

typedef struct cm_nifti_header {
    int version;     /* 1 or 2 */
    bool swapped;    /* the file's byte order is not this machine's */
    int64_t bytes;   /* 348 or 540 */
    int64_t data_at; /* where image data begins */
    int64_t dim[8];
    int datatype;
    cm_dtype dtype;
    double pixdim[8];
    double slope, intercept; /* 1, 0 when the file has no scaling */
    int qform_code, sform_code, units;
    double quaternion[3], offset[3]; /* b, c, d; x, y, z */
    double srow[3][4];
} cm_nifti_header;

/* Header size by the first four bytes: 348, 540, or 0 when neither in any byte order. */
int64_t cm_nifti_header_bytes(const uint8_t *head, int64_t bytes);

/* raw: cm_nifti_header_bytes() bytes. Checks magic, type, dimensions and scaling, and notes text fields.
 * Errors: CM_ERR_FORMAT, CM_ERR_UNSUPPORTED (a pair of files, complex, RGB, long double). */
cm_status cm_nifti_header_parse(const uint8_t *raw, int64_t raw_bytes, const char *path, cm_nifti_header *out,
                                cm_text_found *text, cm_error *err);

/* Shape, channels and geometry from dimensions, sform, qform, pixdim and units. */
cm_status cm_nifti_header_geometry(const cm_nifti_header *h, const cm_read_options *options, const char *path,
                                   cm_geometry *geometry, int64_t *channels, cm_read_notes *notes,
                                   cm_error *err);

#endif
