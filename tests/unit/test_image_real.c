/* Real NIfTI files of the shared material: shape, type, orientation, minimum, maximum and sum as its README
 * gives them. Skipped where that material is absent. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/image/geometry.h"
#include "engine/image/reader.h"

typedef struct expected {
    const char *file;
    int64_t nx, ny, nz;
    cm_dtype dtype;
    const char *orientation;
    double spacing_mm, lowest, highest, sum, tolerance; /* spacing 0: not given */
} expected;

static cm_volume *read_shared(const char *shared, const char *file)
{
    cm_volume *v = NULL;
    cm_error err = {0};
    const cm_read_options strip = {.strip_text = true};
    char *path = cm_path_join(shared, file);
    cm_status st = cm_image_read(path, &strip, &v, NULL, &err);
    if (st) {
        char line[1024];
        cm_error_format(&err, line, sizeof line);
        print_error("%s\n", line);
    }
    assert_int_equal(st, CM_OK);
    free(path);
    return v;
}

static void check_file(const char *shared, const expected *e)
{
    cm_volume *v = read_shared(shared, e->file);
    char code[4];
    double lowest = INFINITY, highest = -INFINITY, sum = 0;
    assert_int_equal(v->geometry.shape.nx, e->nx);
    assert_int_equal(v->geometry.shape.ny, e->ny);
    assert_int_equal(v->geometry.shape.nz, e->nz);
    assert_int_equal(v->channels, 1);
    assert_int_equal(v->dtype, e->dtype);
    assert_int_equal(cm_affine_orientation(&v->geometry.affine, code, NULL), CM_OK);
    assert_string_equal(code, e->orientation);
    if (e->spacing_mm > 0) assert_true(fabs(v->geometry.spacing_mm.x - e->spacing_mm) < 1e-5);
    for (int64_t i = 0; i < e->nx * e->ny * e->nz; i++) {
        double value = cm_volume_value(v, i);
        lowest = fmin(lowest, value);
        highest = fmax(highest, value);
        sum += value;
    }
    assert_true(fabs(lowest - e->lowest) <= e->tolerance);
    assert_true(fabs(highest - e->highest) <= e->tolerance);
    assert_true(fabs(sum - e->sum) <= e->tolerance);
    cm_volume_destroy(v);
}

static void samples_have_the_published_numbers(void **state)
{
    /* data/nifti-samples/README.md; sums of labels: 330 and 75 voxels of 1. The README prints three decimals.
     */
    static const expected table[] = {
        {"data/nifti-samples/anatomical.nii", 33, 41, 25, CM_I16, "LAS", 2, -610, 30393, 284166082, 0},
        {"data/nifti-samples/anatomical_label.nii.gz", 33, 41, 25, CM_U16, "LAS", 2, 0, 1, 330, 0},
        {"data/nifti-samples/reoriented_anat_moved.nii", 21, 26, 22, CM_F32, "RAS", 4, 0, 21199.936,
         32739769.449, 6e-4},
        {"data/nifti-samples/reoriented_anat_moved_label.nii.gz", 21, 26, 22, CM_U16, "RAS", 4, 0, 1, 75, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        check_file(*state, &table[i]);
}

static void label_map_is_psr(void **state)
{
    /* data/brain-labels/README.md: 242x242x180 int32, PSR, 1 mm, 33 values. */
    cm_volume *v = read_shared(*state, "data/brain-labels/gt_image1.nii.gz");
    char code[4];
    bool seen[4096] = {false};
    int distinct = 0;
    assert_int_equal(v->dtype, CM_I32);
    assert_int_equal(v->geometry.shape.nz, 180);
    assert_int_equal(cm_affine_orientation(&v->geometry.affine, code, NULL), CM_OK);
    assert_string_equal(code, "PSR");
    for (int64_t i = 0; i < v->bytes / 4; i++) {
        int32_t label = ((const int32_t *)v->data)[i];
        assert_in_range(label, 0, 4095);
        distinct += !seen[label];
        seen[label] = true;
    }
    assert_int_equal(distinct, 33);
    cm_volume_destroy(v);
}

static void free_text_of_real_files_is_refused(void **state)
{
    cm_volume *v = NULL;
    cm_error err = {0};
    char *path = cm_path_join(*state, "data/brain-labels/gt_image1.nii.gz");
    assert_int_equal(cm_image_read(path, NULL, &v, NULL, &err), CM_ERR_PRIVACY);
    assert_null(v);
    assert_non_null(strstr(err.why, "descrip"));
    free(path);
}

int main(void)
{
    char *shared = getenv("CM_SHARED");
    char *probe = shared ? cm_path_join(shared, "data/nifti-samples/anatomical.nii") : NULL;
    const bool there = probe && cm_path_exists(probe);
    free(probe);
    if (!there) {
        puts("skipped: CM_SHARED names no folder with data/nifti-samples");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(samples_have_the_published_numbers, shared),
        cmocka_unit_test_prestate(label_map_is_psr, shared),
        cmocka_unit_test_prestate(free_text_of_real_files_is_refused, shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
