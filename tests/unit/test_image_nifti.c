/* NIfTI files made byte by byte: versions, byte orders, types, scaling, geometry, and every kind of lie a
 * header can tell. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/image/geometry.h"
#include "engine/image/reader.h"

#include "../image_files.h"

static const char *const path = "image_nifti_test.nii";

/* 2 x 3 x 2 uint8 voxels, 1.5 x 2 x 3 mm, sform LPS. */
static nifti_spec plain_spec(int version)
{
    return (nifti_spec){
        .version = version,
        .datatype = 2,
        .bitpix = 8,
        .dim = {3, 2, 3, 2, 1, 1, 1, 1},
        .pixdim = {1, 1.5, 2, 3},
        .units = 2,
        .sform_code = 1,
        .srow = {{-1.5, 0, 0, 10}, {0, -2, 0, 20}, {0, 0, 3, -30}},
    };
}

static const uint8_t twelve[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255};

static cm_status read_with(const bytes *b, const cm_read_options *options, cm_volume **v,
                           cm_read_notes *notes, cm_error *err)
{
    write_bytes(path, b);
    memset(err, 0, sizeof *err);
    cm_status st = cm_image_read(path, options, v, notes, err);
    if (st) {
        assert_null(*v);
        assert_int_equal(err->status, st);
        assert_true(err->what[0] != 0);
    }
    remove(path);
    return st;
}

/* Reads, expects success, frees b. */
static cm_volume *read_good(bytes b)
{
    cm_volume *v = NULL;
    cm_error err;
    cm_status st = read_with(&b, NULL, &v, NULL, &err);
    if (st) print_error("%s: %s\n", err.what, err.why);
    assert_int_equal(st, CM_OK);
    bytes_free(&b);
    return v;
}

/* Reads, expects a status and a part of the why; frees b. */
static void read_bad(bytes b, cm_status expected, const char *part_of_why)
{
    cm_volume *v = NULL;
    cm_error err;
    cm_status st = read_with(&b, NULL, &v, NULL, &err);
    if (st != expected || !strstr(err.why, part_of_why))
        print_error("expected %s with \"%s\", got %s: %s: %s\n", cm_status_name(expected), part_of_why,
                    cm_status_name(st), err.what, err.why);
    assert_int_equal(st, expected);
    assert_non_null(strstr(err.why, part_of_why));
    bytes_free(&b);
}

static bytes spec_file(const nifti_spec *s)
{
    return nifti_file(s, twelve, sizeof twelve);
}

/* ---- voxels ---- */

static void reverse_elements(uint8_t *data, int64_t count, int element)
{
    for (int64_t i = 0; i < count; i++) {
        for (int k = 0; k < element / 2; k++) {
            uint8_t t = data[i * element + k];
            data[i * element + k] = data[i * element + element - 1 - k];
            data[i * element + element - 1 - k] = t;
        }
    }
}

static void every_type_survives_exactly(void **state)
{
    static const struct {
        int code;
        cm_dtype dtype;
    } types[] = {{2, CM_U8},  {256, CM_I8}, {512, CM_U16},  {4, CM_I16},    {768, CM_U32},
                 {8, CM_I32}, {16, CM_F32}, {1280, CM_U64}, {1024, CM_I64}, {64, CM_F64}};
    /* Any bytes are values of the integer types; for the float types these are finite numbers. */
    uint8_t native[96], in_file[96];
    (void)state;
    for (int i = 0; i < 96; i++)
        native[i] = (uint8_t)(37 * i + 11);
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        const int element = (int)cm_dtype_bytes(types[t].dtype);
        for (int kind = 0; kind < 8; kind++) {
            nifti_spec s = plain_spec(1 + (kind & 1));
            s.other_endian = kind & 2;
            s.datatype = types[t].code;
            s.bitpix = 8 * element;
            memcpy(in_file, native, sizeof native);
            if (s.other_endian) reverse_elements(in_file, 12, element);
            bytes b = nifti_file(&s, in_file, 12 * element);
            if (kind & 4) {
                bytes packed = gzip_of(&b, NULL, NULL);
                bytes_free(&b);
                b = packed;
            }
            cm_volume *v = read_good(b);
            assert_int_equal(v->dtype, types[t].dtype);
            assert_int_equal(v->bytes, 12 * element);
            assert_memory_equal(v->data, native, (size_t)(12 * element));
            assert_int_equal(v->channels, 1);
            assert_int_equal(v->geometry.shape.nx, 2);
            assert_int_equal(v->geometry.shape.ny, 3);
            assert_int_equal(v->geometry.shape.nz, 2);
            cm_volume_destroy(v);
        }
    }
}

static void large_integers_keep_every_digit(void **state)
{
    const int64_t values[2] = {INT64_MIN + 1, 9007199254740993}; /* 2^53 + 1: no double holds it */
    nifti_spec s = plain_spec(2);
    (void)state;
    s.datatype = 1024;
    s.bitpix = 64;
    s.dim[1] = 2;
    s.dim[2] = s.dim[3] = 1;
    cm_volume *v = read_good(nifti_file(&s, values, sizeof values));
    assert_memory_equal(v->data, values, sizeof values);
    cm_volume_destroy(v);
}

static void scaling_is_slope_times_raw_plus_intercept(void **state)
{
    nifti_spec s = plain_spec(1);
    float out[12];
    (void)state;
    s.slope = 0.5;
    s.intercept = -3;
    cm_volume *v = read_good(spec_file(&s));
    assert_true(cm_volume_value(v, 11) == 255 * 0.5 - 3);
    cm_volume_to_float(v, out);
    assert_true(out[0] == -3.0f && out[11] == 124.5f);
    cm_volume_destroy(v);
    const double none[] = {0, NAN};
    for (int i = 0; i < 2; i++) {
        s.slope = none[i];
        v = read_good(spec_file(&s));
        assert_true(v->slope == 1 && v->intercept == 0);
        cm_volume_destroy(v);
    }
    s.slope = INFINITY;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "scl_slope inf");
    s.slope = 1;
    s.intercept = NAN;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "scl_inter nan");
}

static void fourth_or_fifth_dimension_is_channels(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    s.dim[0] = 4;
    s.dim[3] = 1;
    s.dim[4] = 2;
    cm_volume *v = read_good(spec_file(&s));
    assert_int_equal(v->channels, 2);
    assert_memory_equal(v->data, twelve, 12);
    cm_volume_destroy(v);
    s.dim[0] = 5;
    s.dim[4] = 1;
    s.dim[5] = 2;
    v = read_good(spec_file(&s));
    assert_int_equal(v->channels, 2);
    cm_volume_destroy(v);
    s.dim[3] = 1;
    s.dim[2] = 1;
    s.dim[4] = 3;
    read_bad(spec_file(&s), CM_ERR_UNSUPPORTED, "3, 2, 1, 1");
}

static void types_without_a_number_per_voxel_are_named(void **state)
{
    static const struct {
        int code;
        const char *name;
    } refused[] = {{32, "complex64"},    {128, "RGB24"},   {1536, "float128"},
                   {1792, "complex128"}, {2304, "RGBA32"}, {1, "binary"}};
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        nifti_spec s = plain_spec(1);
        s.datatype = refused[i].code;
        read_bad(spec_file(&s), CM_ERR_UNSUPPORTED, refused[i].name);
    }
    nifti_spec s = plain_spec(1);
    s.datatype = 77;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "datatype 77");
    s.datatype = 4;
    s.bitpix = 8;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "int16 has 16 bits, bitpix says 8");
}

/* ---- geometry ---- */

static void sform_is_preferred(void **state)
{
    nifti_spec s = plain_spec(1);
    char code[4];
    (void)state;
    s.qform_code = 1; /* identity rotation: RAS, which must not be used */
    for (int version = 1; version <= 2; version++) {
        s.version = version;
        cm_volume *v = read_good(spec_file(&s));
        assert_int_equal(cm_affine_orientation(&v->geometry.affine, code, NULL), CM_OK);
        assert_string_equal(code, "LPS");
        assert_true(v->geometry.spacing_known && v->geometry.orientation_known);
        assert_true(v->geometry.spacing_mm.x == 1.5 && v->geometry.spacing_mm.y == 2 &&
                    v->geometry.spacing_mm.z == 3);
        assert_true(v->geometry.affine.m[2][3] == -30);
        cm_volume_destroy(v);
    }
}

/* The columns of a turned image have lengths such as 0.70000005; the file says 0.7. */
static void spacing_of_an_oblique_image_is_that_of_pixdim(void **state)
{
    const double size[3] = {0.7, 0.9, 5}, c = cos(0.5), d = sin(0.5), e = cos(0.3), f = sin(0.3);
    const double turn[3][3] = {{c, -d * e, d * f}, {d, c * e, -c * f}, {0, f, e}};
    nifti_spec s = plain_spec(1);
    (void)state;
    for (int k = 0; k < 3; k++) {
        s.pixdim[k + 1] = size[k];
        for (int row = 0; row < 3; row++)
            s.srow[row][k] = turn[row][k] * size[k];
    }
    cm_volume *v = read_good(spec_file(&s));
    const cm_vec3 mm = v->geometry.spacing_mm;
    assert_true(mm.x == 0.7 && mm.y == 0.9 && mm.z == 5);
    cm_volume_destroy(v);
    s.pixdim[2] = 1.5; /* no rounding: the affine holds */
    v = read_good(spec_file(&s));
    assert_true(fabs(v->geometry.spacing_mm.y - 0.9) < 1e-6 && v->geometry.spacing_mm.x == 0.7);
    cm_volume_destroy(v);
}

static void qform_turns_and_reflects(void **state)
{
    /* A quarter turn about z: b = c = 0, d = sin(45 deg); x of the voxels points to A, y to L. nifti1.h. */
    nifti_spec s = plain_spec(2);
    char code[4];
    (void)state;
    s.sform_code = 0;
    s.qform_code = 2;
    s.quaternion[2] = sqrt(0.5);
    s.offset[0] = 7;
    cm_volume *v = read_good(spec_file(&s));
    const double expected[3][4] = {{0, -2, 0, 7}, {1.5, 0, 0, 0}, {0, 0, 3, 0}};
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 4; k++)
            assert_true(fabs(v->geometry.affine.m[r][k] - expected[r][k]) < 1e-12);
    cm_affine_orientation(&v->geometry.affine, code, NULL);
    assert_string_equal(code, "ALS");
    cm_volume_destroy(v);
    s.pixdim[0] = -1;
    v = read_good(spec_file(&s));
    cm_affine_orientation(&v->geometry.affine, code, NULL);
    assert_string_equal(code, "ALI");
    cm_volume_destroy(v);
    s.quaternion[0] = 1;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "more than 1");
    s.quaternion[0] = 0;
    s.pixdim[2] = 0;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "pixdim[2] is 0");
}

static void without_codes_orientation_is_unknown(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    s.sform_code = 0;
    cm_volume *v = read_good(spec_file(&s));
    assert_true(v->geometry.spacing_known);
    assert_false(v->geometry.orientation_known);
    assert_true(v->geometry.spacing_mm.z == 3);
    assert_true(v->geometry.affine.m[0][0] == 1 && v->geometry.affine.m[0][3] == 0);
    cm_volume_destroy(v);
    s.pixdim[1] = 0;
    v = read_good(spec_file(&s));
    assert_false(v->geometry.spacing_known);
    assert_true(v->geometry.spacing_mm.z == 1);
    cm_volume_destroy(v);
}

static void units_are_brought_to_millimetres(void **state)
{
    static const struct {
        int units;
        double mm;
        bool assumed;
    } cases[] = {{0, 1, true}, {1, 1000, false}, {2, 1, false}, {3, 0.001, false}, {2 | 8, 1, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nifti_spec s = plain_spec(2);
        cm_volume *v = NULL;
        cm_read_notes notes;
        cm_error err;
        s.units = cases[i].units;
        bytes b = spec_file(&s);
        assert_int_equal(read_with(&b, NULL, &v, &notes, &err), CM_OK);
        assert_int_equal(notes.units_assumed_mm, cases[i].assumed);
        assert_true(fabs(v->geometry.spacing_mm.y - 2 * cases[i].mm) < 1e-12);
        assert_true(fabs(v->geometry.affine.m[0][3] - 10 * cases[i].mm) < 1e-9);
        cm_volume_destroy(v);
        bytes_free(&b);
    }
    nifti_spec s = plain_spec(1);
    s.units = 5;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "xyzt_units is 5");
}

static void a_flat_sform_is_refused_unless_geometry_is_declared_unknown(void **state)
{
    nifti_spec s = plain_spec(1);
    cm_volume *v = NULL;
    cm_error err;
    const cm_read_options unknown = {.geometry_unknown = true};
    (void)state;
    s.srow[2][2] = 0;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "sform_code is 1");
    s.srow[2][2] = NAN;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "sform_code is 1");
    bytes b = spec_file(&s);
    assert_int_equal(read_with(&b, &unknown, &v, NULL, &err), CM_OK);
    assert_false(v->geometry.spacing_known || v->geometry.orientation_known);
    cm_volume_destroy(v);
    bytes_free(&b);
}

/* ---- lies ---- */

static void truncated_files_give_both_counts(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    bytes b = nifti_file(&s, twelve, 7); /* 352 + 12 promised, 352 + 7 there */
    bytes packed = gzip_of(&b, NULL, NULL);
    read_bad(b, CM_ERR_TRUNCATED, "promises 364 bytes, the file holds 359");
    read_bad(packed, CM_ERR_TRUNCATED, "promises 364 bytes, the gzip file holds 359");
    b = spec_file(&s);
    b.count = 200;
    read_bad(b, CM_ERR_TRUNCATED, "348 bytes, the file holds 200");
    b = spec_file(&s);
    packed = gzip_of(&b, NULL, NULL);
    packed.count -= 8; /* all data, no checksum */
    read_bad(packed, CM_ERR_TRUNCATED, "all 364 bytes were there");
    bytes_free(&b);
}

static void a_small_file_cannot_ask_for_18_gigabytes(void **state)
{
    /* NIFTI-Imaging/nifti_clib issue 196: 377 bytes asked for 18 GB. 2 * 3000 * 3000 * 1000 bytes here. */
    nifti_spec s = plain_spec(1);
    (void)state;
    s.datatype = 4;
    s.bitpix = 16;
    s.dim[1] = s.dim[2] = 3000;
    s.dim[3] = 1000;
    bytes b = nifti_file(&s, twelve, 12);
    bytes_add_zeros(&b, 377 - b.count);
    bytes packed = gzip_of(&b, NULL, NULL);
    read_bad(b, CM_ERR_TRUNCATED, "promises 18000000352 bytes, the file holds 377");
    read_bad(packed, CM_ERR_TRUNCATED, "promises 18000000352 bytes, the gzip file holds 377");
    s = plain_spec(2);
    s.dim[1] = s.dim[2] = s.dim[3] = INT64_MAX / 2;
    read_bad(spec_file(&s), CM_ERR_LIMIT, "the file holds 556 bytes");
}

static void dimensions_must_be_positive(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    s.dim[2] = -3;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "dim[2] is -3");
    s.dim[2] = 0;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "dim[2] is 0");
    s.dim[2] = 3;
    s.dim[0] = 0;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "dim[0] is 0");
    s.dim[0] = 8;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "dim[0] is 8");
}

static void the_limit_is_kept(void **state)
{
    nifti_spec s = plain_spec(1);
    cm_volume *v = NULL;
    cm_error err;
    const cm_read_options eleven = {.max_bytes = 11}, twelve_bytes = {.max_bytes = 12};
    (void)state;
    bytes b = spec_file(&s);
    assert_int_equal(read_with(&b, &eleven, &v, NULL, &err), CM_ERR_LIMIT);
    assert_non_null(strstr(err.why, "asks for 12 bytes, the limit is 11"));
    assert_int_equal(read_with(&b, &twelve_bytes, &v, NULL, &err), CM_OK);
    cm_volume_destroy(v);
    bytes_free(&b);
}

static void only_zero_padding_may_follow(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    bytes b = spec_file(&s);
    bytes_add_zeros(&b, 100);
    cm_volume_destroy(read_good(b));
    b = spec_file(&s);
    bytes_add(&b, "more", 4);
    read_bad(b, CM_ERR_FORMAT, "promises 364 bytes, 4 more follow");
    b = spec_file(&s);
    bytes_add_zeros(&b, 40 << 20); /* a small gzip file that unpacks to 40 MiB of nothing */
    bytes packed = gzip_of(&b, NULL, NULL);
    assert_true(packed.count < 100000);
    bytes_free(&b);
    read_bad(packed, CM_ERR_FORMAT, "at least 1048577 more follow");
    b = spec_file(&s);
    packed = gzip_of(&b, NULL, NULL);
    bytes_add(&packed, "no gzip", 7);
    read_bad(packed, CM_ERR_FORMAT, "at least 7 bytes before the end");
    bytes_free(&b);
}

static void damaged_gzip_is_refused(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    bytes b = spec_file(&s);
    bytes packed = gzip_of(&b, NULL, NULL);
    packed.data[packed.count - 8] ^= 1; /* the CRC */
    read_bad(packed, CM_ERR_FORMAT, "incorrect data check");
    bytes_free(&b);
}

static void several_gzip_members_are_one_file(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    bytes b = spec_file(&s);
    bytes first = {b.data, 355}, rest = {b.data + 355, b.count - 355};
    bytes both = gzip_of(&first, NULL, NULL), second = gzip_of(&rest, NULL, NULL);
    bytes_add(&both, second.data, second.count);
    bytes_add_zeros(&both, 512); /* as tape blocks leave it */
    cm_volume *v = read_good(both);
    assert_memory_equal(v->data, twelve, 12);
    cm_volume_destroy(v);
    bytes_free(&second);
    both = gzip_of(&first, NULL, NULL);
    second = gzip_of(&rest, "name of a person.nii", NULL);
    bytes_add(&both, second.data, second.count);
    read_bad(both, CM_ERR_PRIVACY, "gzip file name");
    bytes_free(&second);
    bytes_free(&b);
}

static void other_formats_are_named(void **state)
{
    nifti_spec s = plain_spec(1);
    (void)state;
    s.magic = "ni1";
    read_bad(spec_file(&s), CM_ERR_UNSUPPORTED, "lies in another file");
    s.magic = "n+3";
    read_bad(spec_file(&s), CM_ERR_FORMAT, "6e 2b 33");
    s.analyze = true;
    read_bad(spec_file(&s), CM_ERR_UNSUPPORTED, "magic is absent");
    s = plain_spec(2);
    s.magic = "ni2\0\r\n\032\n";
    read_bad(spec_file(&s), CM_ERR_UNSUPPORTED, "lies in another file");
    bytes b = {0};
    bytes_add(&b, "NRRD0004 and so on", 18);
    read_bad(b, CM_ERR_UNSUPPORTED, "NIfTI (.nii, .nii.gz), PNG");
    b = (bytes){0};
    bytes_add(&b, "", 0);
    read_bad(b, CM_ERR_UNSUPPORTED, "the first 0 bytes");
    s = plain_spec(1);
    s.vox_offset = 100;
    read_bad(spec_file(&s), CM_ERR_FORMAT, "vox_offset is 100");
    s.vox_offset = 1e30;
    bytes huge = {0};
    uint8_t header[540];
    bytes_add(&huge, header, nifti_header(&s, header));
    read_bad(huge, CM_ERR_FORMAT, "vox_offset is 1.0");
}

/* ---- free text ---- */

static void free_text_is_refused_by_name_and_dropped_on_request(void **state)
{
    static const char secret[] = "Jane Doe 1950";
    const cm_read_options strip = {.strip_text = true};
    (void)state;
    for (int version = 1; version <= 2; version++) {
        nifti_spec s = plain_spec(version);
        cm_volume *v = NULL;
        cm_read_notes notes = {0};
        cm_error err;
        s.descrip = s.aux_file = s.intent_name = s.db_name = secret;
        bytes raw = spec_file(&s);
        bytes b = gzip_of(&raw, secret, secret);
        assert_int_equal(read_with(&b, NULL, &v, NULL, &err), CM_ERR_PRIVACY);
        assert_string_equal(err.why, version == 1
                                         ? "not empty: db_name, descrip, aux_file, intent_name, gzip file "
                                           "name, gzip comment"
                                         : "not empty: descrip, aux_file, intent_name, gzip file name, "
                                           "gzip comment");
        assert_null(strstr(err.what, "Jane"));
        assert_non_null(strstr(err.next, "--strip-text"));
        assert_int_equal(read_with(&b, &strip, &v, &notes, &err), CM_OK);
        assert_int_equal(notes.text_fields, version == 1 ? 6 : 5);
        assert_memory_equal(v->data, twelve, 12);
        cm_volume_destroy(v);
        bytes_free(&raw);
        bytes_free(&b);
    }
}

static void an_extension_is_free_text_whatever_its_size_says(void **state)
{
    (void)state;
    for (int version = 1; version <= 2; version++) {
        nifti_spec s = plain_spec(version);
        const int64_t at = version == 1 ? 348 : 540;
        s.vox_offset = (double)at + 4 + 32;
        bytes b = spec_file(&s);
        b.data[at] = 1;                   /* extensions follow */
        memset(b.data + at + 4, 0xff, 4); /* esize -1 */
        memcpy(b.data + at + 12, "a comment in it", 15);
        read_bad(b, CM_ERR_PRIVACY, "header extension");
        b = spec_file(&s);
        memcpy(b.data + at + 12, "no flag, but here", 17);
        read_bad(b, CM_ERR_PRIVACY, "header extension");
        cm_volume_destroy(read_good(spec_file(&s))); /* an empty gap is fine */
    }
}

/* ---- writing ---- */

static void what_is_written_is_read_back(void **state)
{
    static const char *const paths[] = {"image_written.nii", "image_written.nii.gz"};
    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        cm_geometry g = {.shape = {4, 3, 5},
                         .spacing_known = kind % 3 > 0,
                         .orientation_known = kind % 3 == 2,
                         .spacing_mm = {1, 1, 1},
                         .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}};
        if (g.spacing_known) g.spacing_mm = (cm_vec3){.z = 3, .y = 1.25, .x = 0.75};
        if (g.orientation_known) g.affine = (cm_affine){{{0, 0, 3, -1}, {-0.75, 0, 0, 2}, {0, 1.25, 0, 3.5}}};
        cm_volume *v = NULL, *back = NULL;
        assert_int_equal(cm_volume_create(&g, 2, CM_I16, 1000, &v, NULL), CM_OK);
        for (int i = 0; i < 120; i++)
            ((int16_t *)v->data)[i] = (int16_t)(i * 541 - 32000);
        v->slope = 0.25;
        v->intercept = -1;
        assert_int_equal(cm_nifti_write(paths[kind / 3], v, NULL), CM_OK);
        assert_int_equal(cm_image_read(paths[kind / 3], NULL, &back, NULL, NULL), CM_OK); /* so: no text */
        assert_int_equal(back->channels, 2);
        assert_int_equal(back->dtype, CM_I16);
        assert_memory_equal(back->data, v->data, (size_t)v->bytes);
        assert_true(back->slope == 0.25 && back->intercept == -1);
        assert_int_equal(back->geometry.spacing_known, g.spacing_known);
        assert_int_equal(back->geometry.orientation_known, g.orientation_known);
        assert_int_equal(cm_geometry_equal(&g, &back->geometry, NULL), CM_OK);
        cm_volume_destroy(v);
        cm_volume_destroy(back);
        remove(paths[kind / 3]);
    }
}

static void no_file_and_no_regular_file(void **state)
{
    cm_volume *v = NULL;
    (void)state;
    assert_int_equal(cm_image_read("image_absent.nii", NULL, &v, NULL, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(mkfifo("image_pipe.nii", 0600), 0); /* nobody writes: opening it must not wait */
    assert_int_equal(cm_image_read("image_pipe.nii", NULL, &v, NULL, NULL), CM_ERR_POLICY);
    remove("image_pipe.nii");
    assert_int_equal(cm_image_read(".", NULL, &v, NULL, NULL), CM_ERR_POLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives_exactly),
        cmocka_unit_test(large_integers_keep_every_digit),
        cmocka_unit_test(scaling_is_slope_times_raw_plus_intercept),
        cmocka_unit_test(fourth_or_fifth_dimension_is_channels),
        cmocka_unit_test(types_without_a_number_per_voxel_are_named),
        cmocka_unit_test(sform_is_preferred),
        cmocka_unit_test(spacing_of_an_oblique_image_is_that_of_pixdim),
        cmocka_unit_test(qform_turns_and_reflects),
        cmocka_unit_test(without_codes_orientation_is_unknown),
        cmocka_unit_test(units_are_brought_to_millimetres),
        cmocka_unit_test(a_flat_sform_is_refused_unless_geometry_is_declared_unknown),
        cmocka_unit_test(truncated_files_give_both_counts),
        cmocka_unit_test(a_small_file_cannot_ask_for_18_gigabytes),
        cmocka_unit_test(dimensions_must_be_positive),
        cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(only_zero_padding_may_follow),
        cmocka_unit_test(damaged_gzip_is_refused),
        cmocka_unit_test(several_gzip_members_are_one_file),
        cmocka_unit_test(other_formats_are_named),
        cmocka_unit_test(free_text_is_refused_by_name_and_dropped_on_request),
        cmocka_unit_test(an_extension_is_free_text_whatever_its_size_says),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(no_file_and_no_regular_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
