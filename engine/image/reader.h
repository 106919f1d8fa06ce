/* Reading image files, by a table of formats. Files are hostile: every size is capped and compared with the
 * bytes that are there before anything is allocated. */
#ifndef CM_ENGINE_IMAGE_READER_H
#define CM_ENGINE_IMAGE_READER_H

#include "engine/image/volume.h"

typedef struct cm_read_options {
    int64_t max_bytes;  /* cap on decoded voxel data; 0 = 16 GiB */
    bool strip_text;    /* free text in headers is dropped instead of refused */
    bool palette_index; /* a PNG as masks are stored: one with a palette is one channel of indices, not RGB,
                           and grey of 1, 2 or 4 bits holds the numbers 0 to 1, 3 or 15, not scaled to 255 */
    bool geometry_unknown; /* the cohort declares spacing and orientation unknown: header geometry is ignored
                            */
} cm_read_options;

/* What a reader noticed without failing. */
typedef struct cm_read_notes {
    bool units_assumed_mm; /* NIfTI xyzt_units 0: read as mm */
    int text_fields;       /* free-text fields present and dropped (strip_text); never their content */
} cm_read_notes;

/* Picks the format by content (magic), not by name. The volume never holds header text.
 * Errors: CM_ERR_NOT_FOUND, CM_ERR_UNSUPPORTED (no reader knows it; names the formats there are),
 * CM_ERR_FORMAT, CM_ERR_TRUNCATED (expected and found byte counts), CM_ERR_LIMIT, CM_ERR_PRIVACY (free text
 * and no strip_text: names the fields, never their content, and says to use --strip-text or to clean the
 * file), CM_ERR_NOMEM. Thread-safe. */
cm_status cm_image_read(const char *path, const cm_read_options *options, cm_volume **out,
                        cm_read_notes *notes, cm_error *err);

/* One row per format; a new format is one file and one line in reader.c. */
typedef struct cm_image_format {
    const char *name; /* "NIfTI", "PNG" */
    /* head: the first bytes of the file (up to 64; gzip is looked through). */
    bool (*is)(const uint8_t *head, int64_t bytes);
    cm_status (*read)(const char *path, const cm_read_options *options, cm_volume **out, cm_read_notes *notes,
                      cm_error *err);
} cm_image_format;
extern const cm_image_format cm_image_formats[];
extern const int cm_image_format_count;

/* Writers, for the demo, pictures and tests. NIfTI-1 single file, gzip when the path ends in .gz (mtime 0, no
 * name), no text fields, sform code 1 (0 when orientation is unknown); PNG 8-bit grey (channels 1) or RGB
 * (3): nz must be 1. Whole or not at all. */
cm_status cm_nifti_write(const char *path, const cm_volume *volume, cm_error *err);
cm_status cm_png_write(const char *path, const uint8_t *pixels, int64_t width, int64_t height, int channels,
                       cm_error *err);

#endif
