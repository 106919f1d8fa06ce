/* The table of image formats, and picking one by content. */
#include "engine/image/reader.h"

#include <stddef.h>

#include "engine/image/nifti.h"
#include "engine/image/png.h"
#include "engine/image/stream_internal.h"

const cm_image_format cm_image_formats[] = {
    {"NIfTI (.nii, .nii.gz)", cm_nifti_is, cm_nifti_read},
    {"PNG", cm_png_is, cm_png_read},
};
const int cm_image_format_count = sizeof cm_image_formats / sizeof cm_image_formats[0];

enum { HEAD_BYTES = 64 };
static const int64_t default_max_bytes = (int64_t)16 << 30;

static cm_status read_head(const char *path, uint8_t head[HEAD_BYTES], int64_t *got, cm_error *err)
{
    cm_stream *in = NULL;
    cm_status st = cm_stream_open(path, &in, err);
    if (!st) st = cm_stream_read(in, head, HEAD_BYTES, got, err);
    cm_stream_close(in);
    return st;
}

cm_status cm_image_read(const char *path, const cm_read_options *options, cm_volume **out,
                        cm_read_notes *notes, cm_error *err)
{
    uint8_t head[HEAD_BYTES];
    int64_t got = 0;
    cm_read_options opt = options ? *options : (cm_read_options){0};
    cm_read_notes seen = {0};
    if (opt.max_bytes <= 0) opt.max_bytes = default_max_bytes;
    *out = NULL;
    cm_status st = read_head(path, head, &got, err);
    if (st) return st;
    for (int i = 0; i < cm_image_format_count; i++) {
        if (!cm_image_formats[i].is(head, got)) continue;
        st = cm_image_formats[i].read(path, &opt, out, &seen, err);
        if (!st && notes) *notes = seen;
        return st;
    }
    cm_str names = cm_strf("%s", cm_image_formats[0].name);
    for (int i = 1; i < cm_image_format_count; i++)
        names = cm_strf("%s, %s", names.s, cm_image_formats[i].name);
    return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "no reader knows this image format", .where = path,
                   .why = cm_strf("the first %lld bytes fit none of: %s", (long long)got, names.s).s,
                   .next = "convert the image to one of these formats");
}
