/* Pictures of cases. Three steps: choose the slice, resample image and masks onto square pixels in viewing
 * order (one view decides where an output pixel looks), then paint panels and outlines and hand them to
 * libpng. */
#include "engine/run/picture.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/image/geometry.h"
#include "metrics/statistics/summary.h"

enum {
    LONG_SIDE_MIN = 320,
    LONG_SIDE_MAX = 640,
    SHORT_SIDE_MIN = 16, /* a needle-like slice still gets a visible width */
    PANEL_GAP = 8,
    /* Both lines hug the inside of their mask's edge; where the edges agree, the thin one lies on the outer
     * half of the thick one and both are seen. */
    REFERENCE_WIDTH = 4,
    PREDICTION_WIDTH = 2,
    ZLIB_LEVEL = 9
};

typedef struct pixel {
    uint8_t r, g, b;
} pixel;

/* Okabe and Ito's palette: orange and sky blue differ in lightness and hue for every common colour vision. */
static const pixel reference_colour = {0xE6, 0x9F, 0x00};
static const pixel prediction_colour = {0x56, 0xB4, 0xE9};
static const pixel gap_colour = {0x30, 0x30, 0x30};

/* How an output panel looks at a stored slice. Column axis a and row axis b are stored x (0) or y (1). */
typedef struct view {
    bool transposed; /* columns run along stored y */
    bool flip_columns, flip_rows;
    int64_t columns, rows;    /* output pixels of one panel */
    int64_t n_across, n_down; /* stored voxels along columns and rows */
} view;

static bool in_target(const cm_target *target, uint16_t value)
{
    for (int k = 0; k < target->n_values; k++)
        if (target->values[k] == value) return true;
    return false;
}

/* Lowest z with the largest area of the target in either map, among the slices that show it in both if there
 * is one; the middle slice when nothing is there. */
static int64_t slice_with_most(const cm_picture_scene *s)
{
    cm_shape3 n = s->image->geometry.shape;
    int64_t best = n.nz / 2, best_area = 0, plane = n.ny * n.nx;
    bool best_has_both = false;
    if (!s->target || (!s->reference && !s->prediction)) return best;
    for (int64_t z = 0; z < n.nz; z++) {
        int64_t in_reference = 0, in_prediction = 0, in_either = 0;
        for (int64_t i = z * plane; i < (z + 1) * plane; i++) {
            bool r = s->reference && in_target(s->target, s->reference[i]);
            bool p = s->prediction && in_target(s->target, s->prediction[i]);
            in_reference += r;
            in_prediction += p;
            in_either += r || p;
        }
        bool has_both = in_reference && in_prediction;
        if (has_both > best_has_both || (has_both == best_has_both && in_either > best_area)) {
            best_has_both = has_both;
            best_area = in_either;
            best = z;
        }
    }
    return best;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Radiological view: superior, else anterior, up; patient right, else anterior, left. */
static view view_of(const cm_geometry *g)
{
    view v = {.n_across = g->shape.nx, .n_down = g->shape.ny};
    double across_mm = g->spacing_mm.x, down_mm = g->spacing_mm.y;
    char code[4];
    if (g->orientation_known && !cm_affine_orientation(&g->affine, code, NULL)) {
        char across = code[0], down = code[1];
        if (strchr("SI", across) || strchr("LR", down)) {
            v.transposed = true;
            across = code[1];
            down = code[0];
            v.n_across = g->shape.ny;
            v.n_down = g->shape.nx;
            across_mm = g->spacing_mm.y;
            down_mm = g->spacing_mm.x;
        }
        v.flip_columns = across == 'R' || across == 'A';
        v.flip_rows = down == 'A' || down == 'S';
    }
    double width = (double)v.n_across * across_mm, height = (double)v.n_down * down_mm;
    int64_t most = v.n_across > v.n_down ? v.n_across : v.n_down;
    double side = (double)clamp(most, LONG_SIDE_MIN, LONG_SIDE_MAX);
    double scale = side / (width > height ? width : height);
    v.columns = clamp(llround(width * scale), SHORT_SIDE_MIN, LONG_SIDE_MAX);
    v.rows = clamp(llround(height * scale), SHORT_SIDE_MIN, LONG_SIDE_MAX);
    return v;
}

/* Position on the stored grid, in voxels along columns and rows, of an output pixel's centre. */
static double across_of(const view *v, int64_t column)
{
    double p = ((double)column + 0.5) * (double)v->n_across / (double)v->columns - 0.5;
    return v->flip_columns ? (double)(v->n_across - 1) - p : p;
}

static double down_of(const view *v, int64_t row)
{
    double p = ((double)row + 0.5) * (double)v->n_down / (double)v->rows - 0.5;
    return v->flip_rows ? (double)(v->n_down - 1) - p : p;
}

/* Index inside a stored slice. */
static int64_t stored_index(const view *v, int64_t across, int64_t down)
{
    int64_t nx = v->transposed ? v->n_down : v->n_across;
    return v->transposed ? across * nx + down : down * nx + across;
}

static float interpolated(const view *v, const float *slice, double across, double down)
{
    double a = fmin(fmax(across, 0), (double)(v->n_across - 1));
    double d = fmin(fmax(down, 0), (double)(v->n_down - 1));
    int64_t a0 = (int64_t)a, d0 = (int64_t)d;
    int64_t a1 = a0 + (a0 + 1 < v->n_across), d1 = d0 + (d0 + 1 < v->n_down);
    double fa = a - (double)a0, fd = d - (double)d0;
    double top = slice[stored_index(v, a0, d0)] * (1 - fa) + slice[stored_index(v, a1, d0)] * fa;
    double bottom = slice[stored_index(v, a0, d1)] * (1 - fa) + slice[stored_index(v, a1, d1)] * fa;
    return (float)(top * (1 - fd) + bottom * fd);
}

/* The slice mapped to 0..255 by its 1st and 99th percentile; not-finite voxels are drawn black. */
static cm_status windowed_slice(const cm_picture_scene *s, int64_t z, float **out, cm_error *err)
{
    cm_shape3 n = s->image->geometry.shape;
    int64_t plane = n.ny * n.nx, first = (s->channel * n.nz + z) * plane, finite = 0;
    float *slice = malloc((size_t)plane * sizeof *slice);
    double *values = malloc((size_t)plane * sizeof *values), *sorted = malloc((size_t)plane * sizeof *sorted);
    cm_status status = CM_OK;
    if (!slice || !values || !sorted) {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a picture",
                         .why = cm_strf("a slice of %lld pixels", (long long)plane).s);
        goto done;
    }
    for (int64_t i = 0; i < plane; i++) {
        double value = cm_volume_value(s->image, first + i);
        slice[i] = (float)value;
        if (isfinite(value)) values[finite++] = value;
    }
    double low = finite ? cm_quantile7(values, finite, 0.01, sorted) : 0;
    double high = finite ? cm_quantile7(values, finite, 0.99, sorted) : 1;
    double range = high - low > 0 ? high - low : 1;
    for (int64_t i = 0; i < plane; i++) {
        double shade = (slice[i] - low) / range;
        slice[i] = isfinite(slice[i]) ? (float)(255 * fmin(fmax(shade, 0), 1)) : 0;
    }
    *out = slice;
    slice = NULL;
done:
    free(sorted);
    free(values);
    free(slice);
    return status;
}

/* Paints the outline of the target in one label map: the pixels of the mask within `line` pixels of its edge.
 */
static void paint_outline(const cm_picture_scene *s, const view *v, const uint16_t *labels, int64_t z,
                          pixel colour, int line, uint8_t *mask, pixel *panel, int64_t stride)
{
    int64_t plane = v->n_across * v->n_down;
    for (int64_t r = 0; r < v->rows; r++)
        for (int64_t c = 0; c < v->columns; c++) {
            int64_t a = clamp((int64_t)floor(across_of(v, c) + 0.5), 0, v->n_across - 1);
            int64_t d = clamp((int64_t)floor(down_of(v, r) + 0.5), 0, v->n_down - 1);
            mask[r * v->columns + c] = in_target(s->target, labels[z * plane + stored_index(v, a, d)]);
        }
    for (int64_t r = 0; r < v->rows; r++)
        for (int64_t c = 0; c < v->columns; c++) {
            if (!mask[r * v->columns + c]) continue;
            bool edge = false;
            for (int64_t k = -line; k <= line && !edge; k++) {
                int64_t rr = r + k, cc = c + k;
                edge = rr < 0 || rr >= v->rows || !mask[rr * v->columns + c] || cc < 0 || cc >= v->columns ||
                       !mask[r * v->columns + cc];
            }
            if (edge) panel[r * stride + c] = colour;
        }
}

static void paint_image(const view *v, const float *slice, pixel *panel, int64_t stride)
{
    for (int64_t r = 0; r < v->rows; r++)
        for (int64_t c = 0; c < v->columns; c++) {
            uint8_t grey = (uint8_t)lrintf(interpolated(v, slice, across_of(v, c), down_of(v, r)));
            panel[r * stride + c] = (pixel){grey, grey, grey};
        }
}

/* ---- PNG ---- */
typedef struct png_bytes {
    unsigned char *data;
    size_t used, capacity;
    bool failed;
} png_bytes;

static void keep_bytes(png_structp png, png_bytep data, size_t length)
{
    png_bytes *out = png_get_io_ptr(png);
    if (out->used + length > out->capacity) {
        size_t capacity = (out->used + length) * 2;
        unsigned char *more = realloc(out->data, capacity);
        if (!more) {
            out->failed = true;
            png_error(png, "out of memory");
        }
        out->data = more;
        out->capacity = capacity;
    }
    memcpy(out->data + out->used, data, length);
    out->used += length;
}

static void keep_nothing(png_structp png)
{
    (void)png;
}

static void png_failed(png_structp png, png_const_charp message)
{
    (void)message;
    longjmp(png_jmpbuf(png), 1);
}

static void png_warned(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Fixed level, strategy and filter, no time stamp: the bytes depend on the pixels alone. */
static bool encode(const pixel *pixels, int64_t width, int64_t height, png_bytes *out)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, info ? &info : NULL);
        return false;
    }
    png_set_write_fn(png, out, keep_bytes, keep_nothing);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, ZLIB_LEVEL);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_write_info(png, info);
    for (int64_t r = 0; r < height; r++)
        png_write_row(png, (png_const_bytep)(pixels + r * width));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return true;
}

static cm_status check_scene(const cm_picture_scene *s, cm_error *err)
{
    cm_shape3 n = s->image->geometry.shape;
    if (s->channel < 0 || s->channel >= s->image->channels)
        return CM_FAIL(
            err, CM_ERR_ARG, .what = "the channel to draw does not exist",
            .why = cm_strf("channel %lld of %lld", (long long)s->channel, (long long)s->image->channels).s);
    cm_vec3 mm = s->image->geometry.spacing_mm;
    if (cm_shape3_count(n) < 0 || !(mm.x > 0 && mm.y > 0) || !isfinite(mm.x) || !isfinite(mm.y))
        return CM_FAIL(err, CM_ERR_ARG, .what = "an image of this shape cannot be drawn",
                       .why = cm_strf("%lld x %lld x %lld voxels, %g x %g mm", (long long)n.nx,
                                      (long long)n.ny, (long long)n.nz, mm.x, mm.y)
                                  .s);
    return CM_OK;
}

cm_status cm_picture_render(const cm_picture_scene *scene, unsigned char **png, int64_t *bytes, cm_error *err)
{
    cm_status status = check_scene(scene, err);
    if (status) return status;

    view v = view_of(&scene->image->geometry);
    bool outlines = scene->target && (scene->reference || scene->prediction);
    int64_t z = slice_with_most(scene), width = outlines ? 2 * v.columns + PANEL_GAP : v.columns;
    float *slice = NULL;
    pixel *pixels = malloc((size_t)(width * v.rows) * sizeof *pixels);
    uint8_t *mask = malloc((size_t)(v.columns * v.rows));
    png_bytes out = {0};
    if (!pixels || !mask) {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a picture");
        goto done;
    }
    status = windowed_slice(scene, z, &slice, err);
    if (status) goto done;

    for (int64_t i = 0; i < width * v.rows; i++)
        pixels[i] = gap_colour;
    paint_image(&v, slice, pixels, width);
    if (outlines) {
        pixel *right = pixels + v.columns + PANEL_GAP;
        paint_image(&v, slice, right, width);
        if (scene->reference)
            paint_outline(scene, &v, scene->reference, z, reference_colour, REFERENCE_WIDTH, mask, right,
                          width);
        if (scene->prediction)
            paint_outline(scene, &v, scene->prediction, z, prediction_colour, PREDICTION_WIDTH, mask, right,
                          width);
    }
    if (!encode(pixels, width, v.rows, &out)) {
        status =
            CM_FAIL(err, out.failed ? CM_ERR_NOMEM : CM_ERR_IO, .what = "the picture could not be encoded");
        goto done;
    }
    *png = out.data;
    *bytes = (int64_t)out.used;
    out.data = NULL;
done:
    free(out.data);
    free(mask);
    free(pixels);
    free(slice);
    return status;
}

cm_status cm_picture_write(const cm_picture_scene *scene, const char *path, cm_digest *digest, cm_error *err)
{
    unsigned char *png = NULL;
    int64_t bytes = 0;
    cm_status status = cm_picture_render(scene, &png, &bytes, err);
    if (!status && cm_sha256_of(png, bytes, digest)) {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "the picture could not be hashed", .where = path);
    }
    if (!status) status = cm_file_write(path, png, bytes, err);
    free(png);
    return status;
}
