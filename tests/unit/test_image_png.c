/* PNG files made chunk by chunk: depths, colours, free text, lies, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/image/reader.h"

#include "../image_files.h"

static const char *const path = "image_png_test.png";

static cm_status read_with(const bytes *b, const cm_read_options *options, cm_volume **v,
                           cm_read_notes *notes, cm_error *err)
{
    write_bytes(path, b);
    memset(err, 0, sizeof *err);
    cm_status st = cm_image_read(path, options, v, notes, err);
    if (st) assert_null(*v);
    remove(path);
    return st;
}

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

static bytes png(uint32_t width, uint32_t height, int depth, int colour, const void *rows, int64_t count)
{
    bytes b = {0};
    png_begin(&b, width, height, depth, colour);
    png_add_rows(&b, rows, count);
    png_end(&b);
    return b;
}

/* 3 x 2 grey; each row begins with filter 0. */
static const uint8_t grey_rows[] = {0, 10, 20, 30, 0, 40, 50, 255};

static bytes grey_png(void)
{
    return png(3, 2, 8, 0, grey_rows, sizeof grey_rows);
}

static void grey_is_one_channel_without_geometry(void **state)
{
    const uint8_t wanted[] = {10, 20, 30, 40, 50, 255};
    (void)state;
    cm_volume *v = read_good(grey_png());
    assert_int_equal(v->dtype, CM_U8);
    assert_int_equal(v->channels, 1);
    assert_int_equal(v->geometry.shape.nx, 3);
    assert_int_equal(v->geometry.shape.ny, 2);
    assert_int_equal(v->geometry.shape.nz, 1);
    assert_false(v->geometry.spacing_known || v->geometry.orientation_known);
    assert_true(v->geometry.spacing_mm.x == 1 && v->geometry.affine.m[1][1] == 1);
    assert_true(v->slope == 1 && v->intercept == 0);
    assert_memory_equal(v->data, wanted, sizeof wanted);
    cm_volume_destroy(v);
}

static void sixteen_bits_are_kept(void **state)
{
    const uint8_t rows[] = {0, 0x12, 0x34, 0xff, 0xff, 0, 0x00, 0x01, 0x80, 0x00};
    const uint16_t wanted[] = {0x1234, 0xffff, 1, 0x8000};
    (void)state;
    cm_volume *v = read_good(png(2, 2, 16, 0, rows, sizeof rows));
    assert_int_equal(v->dtype, CM_U16);
    assert_memory_equal(v->data, wanted, sizeof wanted);
    cm_volume_destroy(v);
    const uint8_t rgb[] = {0, 0, 1, 0, 2, 0, 3, 1, 0, 2, 0, 3, 0};
    const uint16_t planes[] = {1, 256, 2, 512, 3, 768};
    v = read_good(png(2, 1, 16, 2, rgb, sizeof rgb));
    assert_int_equal(v->channels, 3);
    assert_memory_equal(v->data, planes, sizeof planes);
    cm_volume_destroy(v);
}

static void colour_is_three_planes(void **state)
{
    const uint8_t rows[] = {0, 1, 2, 3, 4, 5, 6};
    const uint8_t wanted[] = {1, 4, 2, 5, 3, 6};
    (void)state;
    cm_volume *v = read_good(png(2, 1, 8, 2, rows, sizeof rows));
    assert_int_equal(v->channels, 3);
    assert_memory_equal(v->data, wanted, sizeof wanted);
    cm_volume_destroy(v);
}

static void a_palette_is_looked_up(void **state)
{
    const uint8_t palette[] = {9, 8, 7, 100, 110, 120}, rows[] = {0, 1, 0},
                  wanted[] = {100, 9, 110, 8, 120, 7};
    bytes b = {0};
    (void)state;
    png_begin(&b, 2, 1, 8, 3);
    png_add_chunk(&b, "PLTE", palette, sizeof palette);
    png_add_rows(&b, rows, sizeof rows);
    png_end(&b);
    cm_volume *v = read_good(b);
    assert_int_equal(v->channels, 3);
    assert_memory_equal(v->data, wanted, sizeof wanted);
    cm_volume_destroy(v);
}

/* Masks: the index is the label, whatever its colour; few bits are not scaled. */
static void a_palette_is_read_as_indices_on_request(void **state)
{
    const cm_read_options as_index = {.palette_index = true};
    const uint8_t palette[12] = {9, 8, 7, 100, 110, 120}, rows[][3] = {{0, 3, 1}, {0, 0xd0}}; /* 3 1 */
    (void)state;
    for (int few = 0; few < 2; few++) {
        cm_volume *v = NULL;
        cm_error err;
        bytes b = {0};
        png_begin(&b, 2, 1, few ? 2 : 8, 3);
        png_add_chunk(&b, "PLTE", palette, sizeof palette);
        png_add_rows(&b, rows[few], few ? 2 : 3);
        png_end(&b);
        assert_int_equal(read_with(&b, &as_index, &v, NULL, &err), CM_OK);
        assert_int_equal(v->channels, 1);
        assert_memory_equal(v->data, ((const uint8_t[]){3, 1}), 2);
        cm_volume_destroy(v);
        bytes_free(&b);
    }
    bytes b = png(2, 1, 8, 2, (const uint8_t[]){0, 1, 2, 3, 4, 5, 6}, 7); /* RGB has no palette */
    cm_volume *v = NULL;
    cm_error err;
    assert_int_equal(read_with(&b, &as_index, &v, NULL, &err), CM_OK);
    assert_int_equal(v->channels, 3);
    cm_volume_destroy(v);
    bytes_free(&b);
}

static void few_bits_are_scaled_to_eight_but_for_masks(void **state)
{
    const cm_read_options as_mask = {.palette_index = true};
    const uint8_t one_bit[] = {0, 0xa0}, two_bits[] = {0, 0x1b}; /* 1 0 1; 0 1 2 3 */
    const uint8_t wanted_1[] = {255, 0, 255}, wanted_2[] = {0, 85, 170, 255};
    (void)state;
    cm_volume *v = read_good(png(3, 1, 1, 0, one_bit, sizeof one_bit));
    assert_memory_equal(v->data, wanted_1, 3);
    cm_volume_destroy(v);
    v = read_good(png(4, 1, 2, 0, two_bits, sizeof two_bits));
    assert_memory_equal(v->data, wanted_2, 4);
    cm_volume_destroy(v);
    cm_error err;
    bytes b = png(3, 1, 1, 0, one_bit, sizeof one_bit);
    assert_int_equal(read_with(&b, &as_mask, &v, NULL, &err), CM_OK);
    assert_memory_equal(v->data, ((const uint8_t[]){1, 0, 1}), 3);
    cm_volume_destroy(v);
    bytes_free(&b);
    b = png(4, 1, 2, 0, two_bits, sizeof two_bits);
    assert_int_equal(read_with(&b, &as_mask, &v, NULL, &err), CM_OK);
    assert_memory_equal(v->data, ((const uint8_t[]){0, 1, 2, 3}), 4);
    cm_volume_destroy(v);
    bytes_free(&b);
}

static void transparency_is_refused(void **state)
{
    const uint8_t rows[] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, clear[2] = {0, 1};
    bytes b = {0};
    (void)state;
    read_bad(png(2, 1, 8, 6, rows, 9), CM_ERR_UNSUPPORTED, "colour type 6");
    read_bad(png(2, 1, 8, 4, rows, 5), CM_ERR_UNSUPPORTED, "colour type 4");
    png_begin(&b, 3, 2, 8, 0);
    png_add_chunk(&b, "tRNS", clear, 2);
    png_add_rows(&b, grey_rows, sizeof grey_rows);
    png_end(&b);
    read_bad(b, CM_ERR_UNSUPPORTED, "tRNS");
}

static void text_chunks_are_refused_by_name_and_dropped_on_request(void **state)
{
    static const char *const kinds[] = {"tEXt", "zTXt", "iTXt", "eXIf", "tIME", "prVt"};
    const cm_read_options strip = {.strip_text = true};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int after = 0; after < 2; after++) {
            cm_volume *v = NULL;
            cm_read_notes notes = {0};
            cm_error err;
            bytes b = {0};
            png_begin(&b, 3, 2, 8, 0);
            if (!after) png_add_chunk(&b, kinds[i], "Author\0Jane Doe", 15);
            png_add_rows(&b, grey_rows, sizeof grey_rows);
            if (after) png_add_chunk(&b, kinds[i], "Author\0Jane Doe", 15);
            png_end(&b);
            assert_int_equal(read_with(&b, NULL, &v, NULL, &err), CM_ERR_PRIVACY);
            assert_non_null(strstr(err.why, i < 5 ? kinds[i] : "unknown type"));
            assert_null(strstr(err.why, "Jane"));
            assert_non_null(strstr(err.next, "--strip-text"));
            assert_int_equal(read_with(&b, &strip, &v, &notes, &err), CM_OK);
            assert_int_equal(notes.text_fields, 1);
            assert_int_equal(((uint8_t *)v->data)[5], 255);
            cm_volume_destroy(v);
            bytes_free(&b);
        }
    }
    bytes b = {0};
    png_begin(&b, 3, 2, 8, 0);
    png_add_chunk(&b, "gAMA", "\0\0\261\217", 4); /* numbers about display are no text */
    png_add_rows(&b, grey_rows, sizeof grey_rows);
    png_end(&b);
    cm_volume_destroy(read_good(b));
}

static void sizes_are_checked_before_decoding(void **state)
{
    cm_volume *v = NULL;
    cm_error err;
    const cm_read_options five = {.max_bytes = 400};
    (void)state;
    read_bad(png(2000000000, 2000000000, 16, 2, grey_rows, sizeof grey_rows), CM_ERR_TRUNCATED,
             "can give at most");
    read_bad(png(0, 2, 8, 0, grey_rows, sizeof grey_rows), CM_ERR_FORMAT, "0 x 2 pixels");
    uint8_t rows[41 * 21] = {0};
    bytes b = png(40, 21, 8, 0, rows, sizeof rows); /* 840 bytes of pixels in a file of fewer than 100 */
    assert_int_equal(read_with(&b, &five, &v, NULL, &err), CM_ERR_LIMIT);
    assert_non_null(strstr(err.why, "40 x 21 pixels"));
    bytes_free(&b);
}

static void cut_and_damaged_files_are_refused(void **state)
{
    (void)state;
    bytes whole = grey_png();
    for (int64_t count = 8; count < whole.count; count++) {
        cm_volume *v = NULL;
        cm_error err;
        bytes b = {whole.data, count};
        assert_int_equal(read_with(&b, NULL, &v, NULL, &err), CM_ERR_TRUNCATED);
        char found[40];
        snprintf(found, sizeof found, "found %d", (int)count);
        assert_non_null(strstr(err.why, found));
    }
    whole.data[whole.count - 12 - 2] ^= 1; /* CRC of IDAT */
    read_bad(whole, CM_ERR_FORMAT, "CRC error");
    whole = grey_png();
    bytes_add(&whole, "hidden", 6);
    read_bad(whole, CM_ERR_FORMAT, "the file has");
    read_bad(png(3, 2, 8, 0, grey_rows, 4), CM_ERR_FORMAT, "ot enough image data");
    read_bad(png(3, 2, 5, 0, grey_rows, sizeof grey_rows), CM_ERR_FORMAT, "Invalid");
}

static void a_packed_png_is_refused(void **state)
{
    (void)state;
    bytes raw = grey_png();
    read_bad(gzip_of(&raw, NULL, NULL), CM_ERR_FORMAT, "compressed twice");
    bytes_free(&raw);
}

static void what_is_written_is_read_back(void **state)
{
    uint8_t pixels[3 * 7 * 5];
    (void)state;
    for (int i = 0; i < 105; i++)
        pixels[i] = (uint8_t)(i * 91);
    for (int channels = 1; channels <= 3; channels += 2) {
        cm_volume *v = NULL;
        assert_int_equal(cm_png_write(path, pixels, 7, 5, channels, NULL), CM_OK);
        assert_int_equal(cm_image_read(path, NULL, &v, NULL, NULL), CM_OK); /* so: no text */
        assert_int_equal(v->channels, channels);
        for (int i = 0; i < 35; i++)
            for (int c = 0; c < channels; c++)
                assert_int_equal(((uint8_t *)v->data)[c * 35 + i], pixels[i * channels + c]);
        cm_volume_destroy(v);
    }
    remove(path);
    assert_int_equal(cm_png_write(path, pixels, 7, 5, 2, NULL), CM_ERR_ARG);
    assert_int_not_equal(cm_png_write("no_such_folder/a.png", pixels, 7, 5, 1, NULL), CM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_is_one_channel_without_geometry),
        cmocka_unit_test(sixteen_bits_are_kept),
        cmocka_unit_test(colour_is_three_planes),
        cmocka_unit_test(a_palette_is_looked_up),
        cmocka_unit_test(a_palette_is_read_as_indices_on_request),
        cmocka_unit_test(few_bits_are_scaled_to_eight_but_for_masks),
        cmocka_unit_test(transparency_is_refused),
        cmocka_unit_test(text_chunks_are_refused_by_name_and_dropped_on_request),
        cmocka_unit_test(sizes_are_checked_before_decoding),
        cmocka_unit_test(cut_and_damaged_files_are_refused),
        cmocka_unit_test(a_packed_png_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
