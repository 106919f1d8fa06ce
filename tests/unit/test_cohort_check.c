/* Damage and hostile files: what opening, loading and checking a cohort say about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cohort_source.h"
#include "engine/base/files.h"
#include "engine/cohort/index_internal.h"

static char *folder, *source, *out;

static int set_up(void **state)
{
    (void)state;
    folder = scratch_create();
    source = cm_path_join(folder, "source");
    out = cm_path_join(folder, "cohort");
    return cm_folder_create(source, true, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    free(source);
    free(out);
    return 0;
}

/* ---- findings as one text ---- */

static void take(void *context, const cm_finding *f)
{
    char *all = context;
    const size_t n = strlen(all);
    snprintf(all + n, 8000 - n, "%s %s %s: %s\n", f->is_error ? "E" : "W", f->code, f->case_id, f->text);
}

static void must_find(cm_status want, const char *findings)
{
    char all[8000] = "";
    cm_error err = {0};
    cm_status st = cm_cohort_check(out, 1, take, all, &err);
    if (st != want || strcmp(all, findings) != 0)
        fail_msg("%s (%s: %s)\n%s", cm_status_name(st), err.what, err.why, all);
}

/* ---- clean and suspicious cohorts ---- */

static void finds_duplicates_and_leaks(void **state)
{
    (void)state;
    write_classification_xml(source);
    char *xml = NULL;
    int64_t bytes;
    char *path = cm_path_join(source, "cohort.xml");
    assert_int_equal(cm_file_read(path, 1 << 20, &xml, &bytes, NULL), CM_OK);
    char text[4096];
    *strstr(xml, "</cohort>") = '\0';
    snprintf(text, sizeof text, "%s<splits><split name=\"dev\"/><split name=\"test\"/></splits></cohort>",
             xml);
    free(xml);
    free(path);
    write_text(source, "cohort.xml", text);
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.png", i);
        write_png(source, name, 9, 8, 1, i);
    }
    write_text(source, "cases.csv",
               "case_id,patient,split,channel:film,class\n"
               "a,p1,dev,0.png,0\n"
               "b,p2,dev,1.png,1\n"
               "c,p3,test,2.png,0\n"
               "d,p4,test,2.png,1\n" /* the pixels of c, same split */
               "e,p5,test,0.png,1\n" /* the pixels of a, other split */
               "f,p2,test,3.png,\n"  /* the patient of b, other split */
               "scan-20240131,p6,dev,3.png,1\n");
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    must_find(
        CM_ERR_MISMATCH,
        "W no-reference f: there is nothing to compare with: the case is run, but not scored\n"
        "W date-like-id scan-20240131: the case id or its patient looks like a date: use opaque ids\n"
        "E duplicate-across-splits scan-20240131: in split dev, has the pixels of case f in split test\n"
        "E duplicate-across-splits e: in split test, has the pixels of case a in split dev\n"
        "W duplicate-image d: has the pixels of case c\n"
        "E patient-in-two-splits f: in split test, has the patient of case b in split dev\n");
}

static void notices_odd_values(void **state)
{
    (void)state;
    const cm_shape3 shape = {2, 3, 4};
    write_segmentation_xml(source, "");
    cm_volume *v = make_volume(shape, 1, CM_F32, 1, 1, 0);
    ((float *)v->data)[5] = 0.0f / 0.0f;
    write_volume(source, "nan.nii", v);
    cm_volume_destroy(v);
    v = make_volume(shape, 1, CM_U8, 4, 0, 0);
    write_volume(source, "flat.nii", v);
    cm_volume_destroy(v);
    write_mask(source, "empty.nii", shape, 0, 0);
    write_text(source, "cases.csv",
               "case_id,provider,split,channel:a,reference\n"
               "n,site-a,dev,nan.nii,empty.nii\nf,site-a,dev,flat.nii,empty.nii\n");
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    must_find(CM_OK, "W non-finite-values n: 1 voxels are NaN or infinite: most tools fail on them\n"
                     "W empty-reference n: the reference is background everywhere\n"
                     "W constant-image f: all voxels have one value\n"
                     "W empty-reference f: the reference is background everywhere\n");
}

/* A cohort by another writer, whose label set lacks a value of its masks. */
static void finds_labels_outside_the_set(void **state)
{
    (void)state;
    make_segmentation(source, 4);
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    must_find(CM_OK,
              "W empty-reference case-001: the reference is background everywhere\n"
              "W no-reference case-002: there is nothing to compare with: the case is run, but not scored\n");
    char *path = cm_path_join(out, "index.h5");
    cm_index *index = NULL;
    assert_int_equal(cm_index_read(path, &index, NULL), CM_OK);
    memcpy(strstr(index->manifest, "value=\"2\""), "value=\"5\"", 9);
    index->info.labels[2].value = 5;
    assert_int_equal(cm_index_digest(index, &index->info.digest, NULL), CM_OK);
    unlink(path);
    assert_int_equal(cm_index_write(path, index, NULL, 0, NULL), CM_OK);
    cm_index_fini(index);
    free(index);
    free(path);
    must_find(
        CM_ERR_MISMATCH,
        "W empty-reference case-001: the reference is background everywhere\n"
        "W no-reference case-002: there is nothing to compare with: the case is run, but not scored\n"
        "E label-outside-set case-003: 80 voxels of the reference have values outside the label set, the "
        "first is 2\n");
}

/* ---- damage ---- */

/* Flips one bit of a file. */
static void flip(const char *name, long offset)
{
    char *path = cm_path_join(out, name);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, offset, SEEK_SET);
    int byte = fgetc(f);
    fseek(f, offset, SEEK_SET);
    fputc(byte ^ 0x10, f);
    fclose(f);
    free(path);
}

/* Where a dataset's first chunk, or a contiguous table's first row, lies in its file. */
static long data_offset(const char *name, const char *dataset)
{
    char *path = cm_path_join(out, name);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, dataset, H5P_DEFAULT);
    haddr_t address = H5Dget_offset(set);
    if (address == HADDR_UNDEF) {
        hsize_t start[4], size;
        unsigned mask;
        hid_t space = H5Dget_space(set);
        assert_true(H5Dget_chunk_info(set, space, 0, start, &mask, &address, &size) >= 0);
        H5Sclose(space);
        address += size / 2;
    }
    H5Dclose(set);
    H5Fclose(file);
    free(path);
    return (long)address;
}

static void notices_a_flipped_bit(void **state)
{
    (void)state;
    make_segmentation(source, 2);
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    const long image = data_offset("images.0000.h5", "images/case-000");
    const long mask = data_offset("references.0000.h5", "references/case-001");
    const long table = data_offset("index.h5", "cases");
    flip("images.0000.h5", image);
    flip("references.0000.h5", mask);
    char all[8000] = "";
    assert_int_equal(cm_cohort_check(out, 1, take, all, NULL), CM_ERR_DAMAGED);
    assert_non_null(strstr(all, "E image-damaged case-000"));
    assert_non_null(strstr(all, "E reference-damaged case-001"));
    cm_cohort *cohort = NULL;
    cm_images *images = NULL;
    cm_volume *v = NULL;
    cm_error err = {0};
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_OK);
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    assert_int_equal(cm_images_load(images, 0, NULL, &v, &err), CM_ERR_DAMAGED);
    assert_non_null(strstr(err.where, "case case-000"));
    assert_int_equal(cm_images_load(images, 1, NULL, &v, NULL), CM_OK); /* the other one is fine */
    cm_volume_destroy(v);
    cm_images_close(images);
    cm_cohort_close(cohort);
    flip("index.h5", table + 3); /* a letter of the first case id */
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_cohort_open(out, &cohort, &err), CM_ERR_DAMAGED);
    assert_non_null(strstr(err.where, "index.h5"));
}

static void says_what_is_missing(void **state)
{
    (void)state;
    cm_cohort *cohort = NULL;
    cm_images *images = NULL;
    cm_volume *v = NULL;
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_ERR_NOT_FOUND);
    make_segmentation(source, 1);
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    char *shard = cm_path_join(out, "images.0000.h5"), *index = cm_path_join(out, "index.h5");
    unlink(shard);
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_OK);
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    assert_int_equal(cm_images_load(images, 0, NULL, &v, NULL), CM_ERR_NOT_FOUND);
    cm_images_close(images);
    cm_cohort_close(cohort);
    assert_int_equal(truncate(index, 700), 0);
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_ERR_FORMAT);
    free(shard);
    free(index);
}

/* ---- hostile files ---- */

enum trick { SOFT, EXTERNAL_LINK, EXTERNAL_STORAGE, VIRTUAL, FILTER, WRONG_SHAPE, HUGE_SHAPE };

/* Puts another dataset in the place of /images/case-000 ([2][8][10][12] int16). */
static void play(enum trick trick)
{
    hsize_t dim[4] = {2, 8, 10, 12};
    char *path = cm_path_join(out, "images.0000.h5");
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Ldelete(file, "images/case-000", H5P_DEFAULT) >= 0);
    if (trick == SOFT) H5Lcreate_soft("/images/case-001", file, "images/case-000", H5P_DEFAULT, H5P_DEFAULT);
    if (trick == EXTERNAL_LINK)
        H5Lcreate_external("/etc/hostname", "/x", file, "images/case-000", H5P_DEFAULT, H5P_DEFAULT);
    if (trick == EXTERNAL_STORAGE) H5Pset_external(dcpl, "/etc/passwd", 0, 2 * 8 * 10 * 12 * 2);
    if (trick == FILTER) {
        H5Pset_chunk(dcpl, 4, dim);
        H5Pset_fletcher32(dcpl);
    }
    if (trick == WRONG_SHAPE) dim[3] = 13;
    if (trick == HUGE_SHAPE) dim[1] = 2000000000;
    hid_t space = H5Screate_simple(4, dim, NULL);
    if (trick == VIRTUAL) H5Pset_virtual(dcpl, space, "/etc/passwd.h5", "/x", space);
    if (trick == WRONG_SHAPE || trick == HUGE_SHAPE) {
        hsize_t chunk[4] = {1, 1, 10, 12};
        H5Pset_chunk(dcpl, 4, chunk);
        H5Pset_shuffle(dcpl);
        H5Pset_deflate(dcpl, 1);
    }
    if (trick != SOFT && trick != EXTERNAL_LINK) {
        hid_t set = H5Dcreate2(file, "images/case-000", H5T_STD_I16LE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
        assert_true(set >= 0);
        H5Dclose(set);
    }
    H5Sclose(space);
    H5Pclose(dcpl);
    H5Fclose(file);
    free(path);
}

static void refuses_tricks(void **state)
{
    (void)state;
    const struct {
        enum trick trick;
        cm_status want;
        const char *word;
    } table[] = {
        {SOFT, CM_ERR_POLICY, "link"},
        {EXTERNAL_LINK, CM_ERR_POLICY, "link"},
        {EXTERNAL_STORAGE, CM_ERR_POLICY, "outside its file"},
        {VIRTUAL, CM_ERR_POLICY, "virtual"},
        {FILTER, CM_ERR_POLICY, "filter"},
        {WRONG_SHAPE, CM_ERR_DAMAGED, "longer than what is stored"},
        {HUGE_SHAPE, CM_ERR_DAMAGED, "longer than what is stored"},
    };
    make_segmentation(source, 2);
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        cm_cohort *cohort = NULL;
        cm_images *images = NULL;
        cm_volume *v = NULL;
        cm_error err = {0};
        assert_int_equal(ingest(source, out, NULL), CM_OK);
        play(table[t].trick);
        assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_OK);
        assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
        cm_status st = cm_images_load(images, 0, NULL, &v, &err);
        if (st != table[t].want || !strstr(err.what, table[t].word))
            fail_msg("trick %d: %s: %s: %s", (int)table[t].trick, cm_status_name(st), err.what, err.why);
        cm_images_close(images);
        cm_cohort_close(cohort);
        assert_int_equal(cm_folder_remove(out, NULL), CM_OK);
    }
}

/* The index is refused when it is opened, whichever of its objects leads elsewhere. */
static void refuses_an_index_with_links(void **state)
{
    (void)state;
    make_segmentation(source, 1);
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    char *path = cm_path_join(out, "index.h5");
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Lcreate_external("elsewhere.h5", "/x", file, "more", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    cm_cohort *cohort = NULL;
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_ERR_POLICY);
    file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "more", H5P_DEFAULT);
    H5Ldelete(file, "manifest", H5P_DEFAULT);
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t n = 100;
    hid_t space = H5Screate_simple(1, &n, NULL);
    H5Pset_external(dcpl, "/etc/passwd", 0, 100);
    H5Dclose(H5Dcreate2(file, "manifest", H5T_STD_U8LE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(dcpl);
    H5Fclose(file);
    assert_int_equal(cm_cohort_open(out, &cohort, NULL), CM_ERR_POLICY);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_duplicates_and_leaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_odd_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_labels_outside_the_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_a_flipped_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_tricks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_an_index_with_links, set_up, tear_down),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
