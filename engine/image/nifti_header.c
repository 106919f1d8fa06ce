/* NIfTI-1 and NIfTI-2 headers by their byte offsets (nifti1.h and nifti2.h of the NIfTI data format working
 * group), both byte orders, with everything checked that later code relies on. */
#include "engine/image/nifti_internal.h"

#include <math.h>
#include <string.h>

#include "engine/image/geometry.h"

/* ---- fields in either byte order ---- */

typedef struct fields {
    const uint8_t *raw;
    bool swapped;
} fields;

static void take(const fields *f, int at, int bytes, void *out)
{
    uint8_t *to = out;
    for (int i = 0; i < bytes; i++)
        to[i] = f->raw[at + (f->swapped ? bytes - 1 - i : i)];
}

static int16_t i16(const fields *f, int at)
{
    int16_t v;
    take(f, at, 2, &v);
    return v;
}

static int32_t i32(const fields *f, int at)
{
    int32_t v;
    take(f, at, 4, &v);
    return v;
}

static int64_t i64(const fields *f, int at)
{
    int64_t v;
    take(f, at, 8, &v);
    return v;
}

static double f32(const fields *f, int at)
{
    float v;
    take(f, at, 4, &v);
    return (double)v;
}

static double f64(const fields *f, int at)
{
    double v;
    take(f, at, 8, &v);
    return v;
}

/* ---- tables ---- */

typedef struct data_type {
    int code;
    cm_dtype dtype; /* 0: refused */
    const char *name;
} data_type;

static const data_type data_types[] = {{2, CM_U8, "uint8"},
                                       {4, CM_I16, "int16"},
                                       {8, CM_I32, "int32"},
                                       {16, CM_F32, "float32"},
                                       {64, CM_F64, "float64"},
                                       {256, CM_I8, "int8"},
                                       {512, CM_U16, "uint16"},
                                       {768, CM_U32, "uint32"},
                                       {1024, CM_I64, "int64"},
                                       {1280, CM_U64, "uint64"},
                                       {1, 0, "binary (one bit per voxel)"},
                                       {32, 0, "complex64"},
                                       {128, 0, "RGB24"},
                                       {1536, 0, "float128 (long double)"},
                                       {1792, 0, "complex128"},
                                       {2048, 0, "complex256"},
                                       {2304, 0, "RGBA32"}};

typedef struct text_field {
    const char *name;
    int at1, at2, bytes; /* offset in NIfTI-1 and -2; -1 where there is none */
} text_field;

static const text_field text_fields[] = {{"data_type", 4, -1, 10},      {"db_name", 14, -1, 18},
                                         {"descrip", 148, 240, 80},     {"aux_file", 228, 320, 24},
                                         {"intent_name", 328, 508, 16}, {"unused_str", -1, 525, 15}};

static bool any_byte(const uint8_t *bytes, int n)
{
    for (int i = 0; i < n; i++)
        if (bytes[i]) return true;
    return false;
}

static void find_text(const cm_nifti_header *h, const uint8_t *raw, cm_text_found *text)
{
    for (size_t i = 0; i < sizeof text_fields / sizeof text_fields[0]; i++) {
        int at = h->version == 1 ? text_fields[i].at1 : text_fields[i].at2;
        if (at >= 0 && any_byte(raw + at, text_fields[i].bytes)) cm_text_add(text, text_fields[i].name);
    }
}

/* ---- reading ---- */

int64_t cm_nifti_header_bytes(const uint8_t *head, int64_t bytes)
{
    if (bytes < 4) return 0;
    for (int swapped = 0; swapped < 2; swapped++) {
        const fields f = {head, swapped};
        int32_t size = i32(&f, 0);
        if (size == CM_NIFTI1_BYTES || size == CM_NIFTI2_BYTES) return size;
    }
    return 0;
}

static cm_status check_magic(const uint8_t *raw, int version, const char *path, cm_error *err)
{
    static const uint8_t magic2[8] = {'n', '+', '2', 0, '\r', '\n', 032, '\n'};
    const uint8_t *magic = version == 1 ? raw + 344 : raw + 4;
    const char digit = version == 1 ? '1' : '2';
    if (magic[0] == 'n' && magic[1] == 'i' && magic[2] == digit)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a NIfTI pair (.hdr and .img) is not read",
                       .where = path, .why = "the header says that its image data lies in another file",
                       .next = "write it as one .nii or .nii.gz file");
    if (version == 1 && !any_byte(magic, 4))
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "an ANALYZE 7.5 header is not read", .where = path,
                       .why = "the NIfTI magic is absent, so orientation cannot be trusted",
                       .next = "convert it to NIfTI with a tool that knows its orientation");
    const bool good = version == 1 ? memcmp(magic, "n+1", 4) == 0 : memcmp(magic, magic2, 8) == 0;
    if (!good)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the NIfTI magic is wrong", .where = path,
                       .why = cm_strf("expected n+%c, found bytes %02x %02x %02x %02x", digit, magic[0],
                                      magic[1], magic[2], magic[3])
                                  .s);
    return CM_OK;
}

static cm_status check_type(cm_nifti_header *h, int bitpix, const char *path, cm_error *err)
{
    const data_type *type = NULL;
    for (size_t i = 0; i < sizeof data_types / sizeof data_types[0]; i++)
        if (data_types[i].code == h->datatype) type = &data_types[i];
    if (!type)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the NIfTI data type is none of the standard",
                       .where = path, .why = cm_strf("datatype %d", h->datatype).s);
    if (!type->dtype)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "this NIfTI data type is not read", .where = path,
                       .why = cm_strf("datatype %d, %s", type->code, type->name).s,
                       .next = "write it as an integer type of 8 to 64 bits, float32 or float64; several "
                               "components as a fourth dimension");
    if (bitpix != 0 && bitpix != 8 * (int)cm_dtype_bytes(type->dtype))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "datatype and bitpix disagree", .where = path,
                       .why = cm_strf("%s has %d bits, bitpix says %d", type->name,
                                      8 * (int)cm_dtype_bytes(type->dtype), bitpix)
                                  .s);
    h->dtype = type->dtype;
    return CM_OK;
}

static cm_status check_dims(cm_nifti_header *h, const char *path, cm_error *err)
{
    if (h->dim[0] < 1 || h->dim[0] > 7)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the number of dimensions is out of range", .where = path,
                       .why = cm_strf("dim[0] is %lld, 1 to 7 are possible", (long long)h->dim[0]).s);
    for (int i = 1; i <= 7; i++) {
        if (i > h->dim[0]) h->dim[i] = 1;
        if (h->dim[i] < 1)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "a dimension is not positive", .where = path,
                           .why = cm_strf("dim[%d] is %lld", i, (long long)h->dim[i]).s);
    }
    if (h->dim[6] > 1 || h->dim[7] > 1 || (h->dim[4] > 1 && h->dim[5] > 1))
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "more than four dimensions are in use", .where = path,
                       .why =
                           cm_strf("dim[4..7] are %lld, %lld, %lld, %lld; one of the fourth and fifth may be "
                                   "channels",
                                   (long long)h->dim[4], (long long)h->dim[5], (long long)h->dim[6],
                                   (long long)h->dim[7])
                               .s,
                       .next = "write one file per time point, or put the channels into dimension 4");
    return CM_OK;
}

static cm_status check_scaling(cm_nifti_header *h, const char *path, cm_error *err)
{
    if (h->slope == 0 || isnan(h->slope)) {
        h->slope = 1;
        h->intercept = 0;
    }
    if (!isfinite(h->slope) || !isfinite(h->intercept))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the scaling of voxel values is not finite", .where = path,
                       .why = cm_strf("scl_slope %g, scl_inter %g", h->slope, h->intercept).s);
    return CM_OK;
}

/* at least the header and four bytes of extension flag come before the data; 0 is read as exactly that. */
static cm_status check_data_at(cm_nifti_header *h, double as_written, const char *path, cm_error *err)
{
    const int64_t least = h->bytes + 4;
    if (as_written == 0)
        h->data_at = least;
    else if (!(as_written >= (double)least && as_written < 9e15) || as_written != floor(as_written))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the place of the image data is impossible", .where = path,
                       .why = cm_strf("vox_offset is %.17g, expected a whole number of at least %lld",
                                      as_written, (long long)least)
                                  .s);
    else
        h->data_at = (int64_t)as_written;
    return CM_OK;
}

static double parse_1(const fields *f, cm_nifti_header *h)
{
    for (int i = 0; i < 8; i++) {
        h->dim[i] = i16(f, 40 + 2 * i);
        h->pixdim[i] = f32(f, 76 + 4 * i);
    }
    h->datatype = i16(f, 70);
    h->slope = f32(f, 112);
    h->intercept = f32(f, 116);
    h->units = f->raw[123];
    h->qform_code = i16(f, 252);
    h->sform_code = i16(f, 254);
    for (int i = 0; i < 3; i++) {
        h->quaternion[i] = f32(f, 256 + 4 * i);
        h->offset[i] = f32(f, 268 + 4 * i);
        for (int k = 0; k < 4; k++)
            h->srow[i][k] = f32(f, 280 + 16 * i + 4 * k);
    }
    return f32(f, 108);
}

static double parse_2(const fields *f, cm_nifti_header *h)
{
    for (int i = 0; i < 8; i++) {
        h->dim[i] = i64(f, 16 + 8 * i);
        h->pixdim[i] = f64(f, 104 + 8 * i);
    }
    h->datatype = i16(f, 12);
    h->slope = f64(f, 176);
    h->intercept = f64(f, 184);
    h->units = i32(f, 500);
    h->qform_code = i32(f, 344);
    h->sform_code = i32(f, 348);
    for (int i = 0; i < 3; i++) {
        h->quaternion[i] = f64(f, 352 + 8 * i);
        h->offset[i] = f64(f, 376 + 8 * i);
        for (int k = 0; k < 4; k++)
            h->srow[i][k] = f64(f, 400 + 32 * i + 8 * k);
    }
    return (double)i64(f, 168);
}

cm_status cm_nifti_header_parse(const uint8_t *raw, int64_t raw_bytes, const char *path, cm_nifti_header *out,
                                cm_text_found *text, cm_error *err)
{
    cm_nifti_header *h = out;
    fields f = {raw, false};
    *h = (cm_nifti_header){.bytes = cm_nifti_header_bytes(raw, raw_bytes)};
    if (h->bytes == 0 || h->bytes > raw_bytes)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "this is no NIfTI header", .where = path);
    h->version = h->bytes == CM_NIFTI1_BYTES ? 1 : 2;
    f.swapped = h->swapped = i32(&f, 0) != h->bytes;
    cm_status st = check_magic(raw, h->version, path, err);
    if (st) return st;
    const double data_at = h->version == 1 ? parse_1(&f, h) : parse_2(&f, h);
    find_text(h, raw, text);
    st = check_type(h, i16(&f, h->version == 1 ? 72 : 14), path, err);
    if (!st) st = check_dims(h, path, err);
    if (!st) st = check_scaling(h, path, err);
    if (!st) st = check_data_at(h, data_at, path, err);
    return st;
}

/* ---- geometry ---- */

/* Rotation of a unit quaternion (a, b, c, d) times voxel sizes, third column times qfac: nifti1.h, method 2.
 */
static cm_status affine_of_qform(const cm_nifti_header *h, const char *path, cm_affine *out, cm_error *err)
{
    double b = h->quaternion[0], c = h->quaternion[1], d = h->quaternion[2];
    double rest = 1.0 - (b * b + c * c + d * d), a = 0;
    if (!(rest > -1e-4) || !(fabs(rest) <= 1))
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the qform rotation is no rotation", .where = path,
                       .why = cm_strf("b*b + c*c + d*d of the quaternion is %g, more than 1", 1.0 - rest).s);
    if (rest > 1e-7)
        a = sqrt(rest);
    else { /* half a turn, give or take rounding */
        double norm = sqrt(b * b + c * c + d * d);
        b /= norm;
        c /= norm;
        d /= norm;
    }
    const double r[3][3] = {{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
                            {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
                            {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b}};
    for (int k = 0; k < 3; k++) {
        double size = h->pixdim[k + 1];
        if (k >= h->dim[0] && !(size > 0)) size = 1; /* an axis the image does not have */
        if (!(size > 0) || !isfinite(size))
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "a voxel size is not positive", .where = path,
                           .why = cm_strf("pixdim[%d] is %g", k + 1, size).s,
                           .next = "correct the header, or declare the geometry of the cohort unknown");
        if (k == 2 && h->pixdim[0] < 0) size = -size;
        for (int row = 0; row < 3; row++)
            out->m[row][k] = r[row][k] * size;
    }
    for (int row = 0; row < 3; row++)
        out->m[row][3] = h->offset[row];
    return CM_OK;
}

static cm_status mm_per_unit(const cm_nifti_header *h, const char *path, double *out, cm_read_notes *notes,
                             cm_error *err)
{
    switch (h->units & 7) {
    case 0:
        if (notes) notes->units_assumed_mm = true;
        *out = 1;
        return CM_OK;
    case 1:
        *out = 1000;
        return CM_OK;
    case 2:
        *out = 1;
        return CM_OK;
    case 3:
        *out = 0.001;
        return CM_OK;
    default:
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the unit of length is none of the standard",
                       .where = path,
                       .why = cm_strf("xyzt_units is %d; metre 1, millimetre 2, micrometre 3", h->units).s);
    }
}

/* The decimal that was meant: NIfTI-1 stores 0.9 mm as the nearest 32-bit number, 0.89999998; of all numbers
 * that are stored so this takes the one with the fewest decimal places, as whoever wrote it did. Distances
 * are then those of a program that was told 0.9. NIfTI-2 has double precision and is taken as it is. */
static double meant_length(const cm_nifti_header *h, double x)
{
    const float stored = (float)x;
    double scale = 1;
    for (int places = 0; places <= 9 && h->version == 1; places++, scale *= 10) {
        const double decimal = nearbyint((double)stored * scale) / scale;
        if ((float)decimal == stored) return decimal;
    }
    return x;
}

static cm_vec3 meant_spacing(const cm_nifti_header *h, cm_vec3 s)
{
    return (cm_vec3){.z = meant_length(h, s.z), .y = meant_length(h, s.y), .x = meant_length(h, s.x)};
}

/* The size along axis k (0 = x) of voxels whose affine has a column that long. The column of an oblique image
 * is three rounded numbers, often of cosines with six digits, so its length is 0.70000005 where pixdim says
 * 0.7: within that rounding pixdim is the one that was meant. Where they differ by more, the affine holds. */
static double size_beside_affine(const cm_nifti_header *h, int k, double column, double mm)
{
    const double rounding = 1e-5, pixdim = h->pixdim[k + 1] * mm;
    return fabs(pixdim - column) <= rounding * column ? pixdim : column;
}

/* Without sform and qform pixdim alone is left: a spacing, no orientation. */
static void spacing_of_pixdim(const cm_nifti_header *h, double mm, cm_geometry *g)
{
    double size[3];
    for (int k = 0; k < 3; k++) {
        size[k] = h->pixdim[k + 1] * mm;
        if (k >= h->dim[0] && !(size[k] > 0)) size[k] = mm;
        if (!(size[k] > 0) || !isfinite(size[k])) return;
    }
    g->spacing_known = true;
    g->spacing_mm = meant_spacing(h, (cm_vec3){.z = size[2], .y = size[1], .x = size[0]});
}

cm_status cm_nifti_header_geometry(const cm_nifti_header *h, const cm_read_options *options, const char *path,
                                   cm_geometry *geometry, int64_t *channels, cm_read_notes *notes,
                                   cm_error *err)
{
    cm_geometry *g = geometry;
    double mm = 1;
    *channels = h->dim[4] > 1 ? h->dim[4] : h->dim[5];
    *g = (cm_geometry){.shape = {.nz = h->dim[3], .ny = h->dim[2], .nx = h->dim[1]},
                       .spacing_mm = {1, 1, 1},
                       .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
    if (options->geometry_unknown) return CM_OK;
    cm_status st = mm_per_unit(h, path, &mm, notes, err);
    if (st) return st;
    if (h->sform_code <= 0 && h->qform_code <= 0) {
        spacing_of_pixdim(h, mm, g);
        return CM_OK;
    }
    const bool sform = h->sform_code > 0;
    if (sform)
        memcpy(g->affine.m, h->srow, sizeof g->affine.m);
    else
        st = affine_of_qform(h, path, &g->affine, err);
    if (st) return st;
    char code[4];
    for (int row = 0; row < 3; row++)
        for (int k = 0; k < 4; k++)
            g->affine.m[row][k] *= mm;
    if (cm_affine_orientation(&g->affine, code, NULL) != CM_OK)
        return CM_FAIL(
            err, CM_ERR_FORMAT, .what = "the orientation of the image does not span space", .where = path,
            .why = cm_strf("%s_code is %d, but two of its axes coincide, or a number is zero or not "
                           "finite",
                           sform ? "sform" : "qform", sform ? h->sform_code : h->qform_code)
                       .s,
            .next = "correct the header, or declare the geometry of the cohort unknown");
    g->spacing_known = g->orientation_known = true;
    const cm_vec3 column = cm_affine_spacing(&g->affine);
    g->spacing_mm = meant_spacing(h, (cm_vec3){.z = size_beside_affine(h, 2, column.z, mm),
                                               .y = size_beside_affine(h, 1, column.y, mm),
                                               .x = size_beside_affine(h, 0, column.x, mm)});
    return CM_OK;
}
