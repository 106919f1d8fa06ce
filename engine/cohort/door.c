/* The door. The readers refuse or drop free text; here the file is hashed, named by format, and its notes
 * become codes of an audit record. */
#include "engine/cohort/door_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "engine/base/files.h"

/* Format by content, as the reader table sees it: the first bytes, through gzip when there is one. */
static void name_format(const char *path, char name[16])
{
    uint8_t head[64];
    gzFile file = gzopen(path, "rb"); /* reads plain files as they are */
    int n = file ? gzread(file, head, sizeof head) : 0;
    if (file) gzclose(file);
    for (int i = 0; n > 0 && i < cm_image_format_count; i++)
        if (cm_image_formats[i].is(head, n)) {
            snprintf(name, 16, "%.*s", (int)strcspn(cm_image_formats[i].name, " "), cm_image_formats[i].name);
            return;
        }
}

static bool all_finite(const cm_volume *v)
{
    int64_t n = v->bytes / cm_dtype_bytes(v->dtype);
    if (v->dtype == CM_F32) {
        const float *x = v->data;
        for (int64_t i = 0; i < n; i++)
            if (!isfinite(x[i])) return false;
    } else if (v->dtype == CM_F64) {
        const double *x = v->data;
        for (int64_t i = 0; i < n; i++)
            if (!isfinite(x[i])) return false;
    }
    return true;
}

cm_status cm_door_read(const char *root, const char *relative, const cm_read_options *options,
                       cm_volume **out, cm_audit *audit, cm_error *err)
{
    char *path = NULL;
    cm_digest digest;
    cm_read_notes notes = {0};
    *out = NULL;
    memset(audit, 0, sizeof *audit);
    cm_status st = cm_path_beneath(root, relative, &path, err);
    if (!st) st = cm_image_read(path, options, out, &notes, err);
    if (!st) st = cm_sha256_of_file(path, &digest, err);
    if (!st) {
        struct stat s;
        audit->bytes = stat(path, &s) == 0 ? (int64_t)s.st_size : 0;
        memcpy(audit->sha256, digest.byte, sizeof digest.byte);
        name_format(path, audit->format);
        audit->text_fields = notes.text_fields;
        audit->notes = (notes.text_fields ? CM_NOTE_TEXT_DROPPED : 0) |
                       (notes.units_assumed_mm ? CM_NOTE_UNITS_ASSUMED_MM : 0) |
                       (all_finite(*out) ? 0 : CM_NOTE_NON_FINITE);
    } else {
        cm_volume_destroy(*out);
        *out = NULL;
    }
    free(path);
    return st;
}
