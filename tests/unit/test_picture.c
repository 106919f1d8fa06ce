/* Pictures of cases: the right slice, the right way up, outlines where the masks end, the same bytes twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/picture.h"

typedef struct decoded {
    uint32_t width, height;
    unsigned char *rgb;
} decoded;

static decoded render(const cm_picture_scene *scene)
{
    unsigned char *png = NULL;
    int64_t bytes = 0;
    assert_int_equal(cm_picture_render(scene, &png, &bytes, NULL), CM_OK);
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, png, (size_t)bytes));
    image.format = PNG_FORMAT_RGB;
    decoded d = {image.width, image.height, malloc(PNG_IMAGE_SIZE(image))};
    assert_true(png_image_finish_read(&image, NULL, d.rgb, 0, NULL));
    free(png);
    return d;
}

static const unsigned char *pixel_at(const decoded *d, uint32_t x, uint32_t y)
{
    assert_true(x < d->width && y < d->height);
    return d->rgb + (y * d->width + x) * 3;
}

static int count_colour(const decoded *d, unsigned char r, unsigned char g, unsigned char b)
{
    int n = 0;
    for (uint32_t k = 0; k < d->width * d->height; k++)
        n += d->rgb[k * 3] == r && d->rgb[k * 3 + 1] == g && d->rgb[k * 3 + 2] == b;
    return n;
}

/* nz x 40 x 40 voxels; the affine's diagonal gives the directions of x and y. */
static cm_volume *make_volume(int64_t nz, double x_sign, double y_sign, double spacing_y)
{
    cm_geometry g = {.shape = {nz, 40, 40},
                     .spacing_known = true,
                     .orientation_known = true,
                     .spacing_mm = {1, spacing_y, 1},
                     .affine = {{{x_sign, 0, 0, 0}, {0, y_sign * spacing_y, 0, 0}, {0, 0, 1, 0}}}};
    cm_volume *volume = NULL;
    assert_int_equal(cm_volume_create(&g, 1, CM_F32, 1 << 24, &volume, NULL), CM_OK);
    return volume;
}

static void set_box(uint16_t *mask, int64_t z, int x0, int x1, int y0, int y1)
{
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            mask[(z * 40 + y) * 40 + x] = 1;
}

static const uint16_t one = 1;
static const cm_target target = {"lesion", 1, &one};

static void the_same_scene_gives_the_same_bytes(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(3, -1, -1, 1);
    float *v = volume->data;
    for (int k = 0; k < 3 * 1600; k++)
        v[k] = (float)sin(k * 0.1);
    uint16_t *mask = calloc(3 * 1600, sizeof *mask);
    set_box(mask, 1, 10, 20, 10, 30);
    cm_picture_scene scene = {volume, 0, mask, mask, &target};
    unsigned char *a = NULL, *b = NULL;
    int64_t n_a, n_b;
    assert_int_equal(cm_picture_render(&scene, &a, &n_a, NULL), CM_OK);
    assert_int_equal(cm_picture_render(&scene, &b, &n_b, NULL), CM_OK);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, (size_t)n_a);
    free(a);
    free(b);
    free(mask);
    cm_volume_destroy(volume);
}

static void the_slice_with_the_largest_mask_is_shown(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(5, -1, -1, 1);
    float *v = volume->data;
    /* slice 3 is bright on its left half, the others are dark there */
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++)
            for (int z = 0; z < 5; z++)
                v[(z * 40 + y) * 40 + x] = (x < 20) == (z == 3) ? 1 : 0;
    uint16_t *reference = calloc(5 * 1600, sizeof *reference),
             *prediction = calloc(5 * 1600, sizeof *prediction);
    set_box(reference, 1, 0, 10, 0, 10);
    set_box(prediction, 3, 25, 36, 20, 31); /* 121 voxels against 100 */
    cm_picture_scene scene = {volume, 0, reference, prediction, &target};
    decoded d = render(&scene);
    assert_int_equal(d.height, 320);
    assert_int_equal(d.width, 2 * 320 + 8);
    assert_int_equal(pixel_at(&d, 40, 160)[0], 255);
    assert_int_equal(pixel_at(&d, 280, 160)[0], 0);
    assert_int_equal(count_colour(&d, 0xE6, 0x9F, 0x00), 0); /* the reference is on another slice */
    assert_true(count_colour(&d, 0x56, 0xB4, 0xE9) > 100);
    free(d.rgb);
    free(reference);
    free(prediction);
    cm_volume_destroy(volume);
}

static void a_slice_with_both_masks_is_preferred(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(3, -1, -1, 1);
    uint16_t *reference = calloc(3 * 1600, sizeof *reference),
             *prediction = calloc(3 * 1600, sizeof *prediction);
    set_box(prediction, 0, 0, 40, 0, 40); /* large, but alone */
    set_box(prediction, 2, 10, 20, 10, 20);
    set_box(reference, 2, 10, 20, 10, 20);
    cm_picture_scene scene = {volume, 0, reference, prediction, &target};
    decoded d = render(&scene);
    /* equal masks of 80 x 80 pixels: the thin line on the outer half, the rest of the thick one inside it */
    assert_int_equal(count_colour(&d, 0x56, 0xB4, 0xE9), 80 * 80 - 76 * 76);
    assert_int_equal(count_colour(&d, 0xE6, 0x9F, 0x00), 76 * 76 - 72 * 72);
    free(d.rgb);
    free(reference);
    free(prediction);
    cm_volume_destroy(volume);
}

static void outlines_follow_the_edge_of_the_mask(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(1, -1, -1, 1);
    uint16_t *reference = calloc(1600, sizeof *reference);
    set_box(reference, 0, 10, 30, 10, 30);
    cm_picture_scene scene = {volume, 0, reference, NULL, &target};
    decoded d = render(&scene);
    /* 8 pixels a voxel; right panel starts at 328. x code L and y code P: nothing is flipped. */
    static const struct {
        uint32_t x, y;
        int is_line;
    } points[] = {{80, 160, 1},  {239, 160, 1}, {160, 80, 1}, {160, 239, 1}, {79, 160, 0},
                  {240, 160, 0}, {160, 160, 0}, {83, 160, 1}, {84, 160, 0}};
    for (size_t k = 0; k < sizeof points / sizeof *points; k++)
        assert_int_equal(pixel_at(&d, 328 + points[k].x, points[k].y)[0] == 0xE6, points[k].is_line);
    /* 160 x 160 pixels with a line four wide on the inside */
    assert_int_equal(count_colour(&d, 0xE6, 0x9F, 0x00), 160 * 160 - 152 * 152);
    free(d.rgb);
    free(reference);
    cm_volume_destroy(volume);
}

static void patient_right_is_on_the_left_and_anterior_is_up(void **state)
{
    (void)state;
    /* x grows to the right of the patient (sign +1), y to anterior (+1): both must be turned round. */
    cm_volume *volume = make_volume(1, 1, 1, 1);
    float *v = volume->data;
    for (int y = 30; y < 40; y++)
        for (int x = 30; x < 40; x++)
            v[y * 40 + x] = 1; /* patient right, anterior */
    cm_picture_scene scene = {volume, 0, NULL, NULL, NULL};
    decoded d = render(&scene);
    assert_int_equal(d.width, 320);
    assert_int_equal(pixel_at(&d, 40, 40)[0], 255);
    assert_int_equal(pixel_at(&d, 280, 280)[0], 0);
    free(d.rgb);
    cm_volume_destroy(volume);
}

static void spacing_shapes_the_picture(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(1, -1, -1, 0.5); /* 40 mm wide, 20 mm high */
    ((float *)volume->data)[5] = NAN;                /* drawn black, not poison for the window */
    ((float *)volume->data)[0] = 1;
    cm_picture_scene scene = {volume, 0, NULL, NULL, NULL};
    decoded d = render(&scene);
    assert_int_equal(d.width, 320);
    assert_int_equal(d.height, 160);
    free(d.rgb);
    cm_volume_destroy(volume);
}

static void a_channel_that_is_not_there_is_refused(void **state)
{
    (void)state;
    cm_volume *volume = make_volume(1, -1, -1, 1);
    cm_picture_scene scene = {volume, 1, NULL, NULL, NULL};
    unsigned char *png = NULL;
    int64_t bytes = 0;
    cm_error err = {0};
    assert_int_equal(cm_picture_render(&scene, &png, &bytes, &err), CM_ERR_ARG);
    assert_null(png);
    assert_string_equal(err.why, "channel 1 of 1");
    cm_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest claims[] = {cmocka_unit_test(the_same_scene_gives_the_same_bytes),
                                        cmocka_unit_test(the_slice_with_the_largest_mask_is_shown),
                                        cmocka_unit_test(a_slice_with_both_masks_is_preferred),
                                        cmocka_unit_test(outlines_follow_the_edge_of_the_mask),
                                        cmocka_unit_test(patient_right_is_on_the_left_and_anterior_is_up),
                                        cmocka_unit_test(spacing_shapes_the_picture),
                                        cmocka_unit_test(a_channel_that_is_not_there_is_refused)};
    return cmocka_run_group_tests_name("unit.report.picture", claims, NULL, NULL);
}
