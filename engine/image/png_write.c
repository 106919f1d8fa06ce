/* PNG 8-bit grey and RGB, whole or not at all. No ancillary chunks, so no text and no time. */
#include "engine/image/reader.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "engine/base/files.h"

static void stay_silent(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void jump_back(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

/* Nothing local changes after setjmp. */
static bool encode(png_structp png, png_infop info, FILE *file, const uint8_t *pixels, int64_t width,
                   int64_t height, int channels)
{
    if (setjmp(png_jmpbuf(png))) return false;
    png_init_io(png, file);
    png_set_user_limits(png, INT32_MAX, INT32_MAX);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8,
                 channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int64_t y = 0; y < height; y++)
        png_write_row(png, pixels + y * width * channels);
    png_write_end(png, NULL);
    return true;
}

static cm_status write_whole(cm_new_file *new_file, FILE *file, const char *path, const uint8_t *pixels,
                             int64_t width, int64_t height, int channels, cm_error *err)
{
    cm_status st = CM_OK;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, jump_back, stay_silent);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to write a PNG", .where = path);
    else if (!encode(png, info, file, pixels, width, height, channels))
        st = CM_FAIL(err, CM_ERR_IO, .what = "a PNG cannot be written", .where = path,
                     .why = "the disk may be full");
    if (png) png_destroy_write_struct(&png, &info);
    if (st) {
        cm_new_file_abandon(new_file);
        return st;
    }
    return cm_new_file_commit(new_file, err);
}

cm_status cm_png_write(const char *path, const uint8_t *pixels, int64_t width, int64_t height, int channels,
                       cm_error *err)
{
    cm_new_file *new_file = NULL;
    FILE *file = NULL;
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX ||
        (channels != 1 && channels != 3))
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "a PNG is written as grey or RGB, of at least one pixel", .where = path,
            .why =
                cm_strf("%lld x %lld pixels, %d channels", (long long)width, (long long)height, channels).s);
    cm_status st = cm_new_file_open(path, &new_file, &file, err);
    return st ? st : write_whole(new_file, file, path, pixels, width, height, channels, err);
}
