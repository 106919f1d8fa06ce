/* What ingest refuses: each rule once, with its status, what the message names, and no folder left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cohort_source.h"
#include "engine/base/files.h"
#include "engine/cohort/cases_internal.h"

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

/* Ingest fails with this status, names all of the words, and leaves nothing but the source. */
static void must_refuse(cm_status want, const char *const *words)
{
    cm_error err = {0};
    char text[2000], **names = NULL;
    int64_t n = 0;
    cm_status st = ingest(source, out, &err);
    cm_error_format(&err, text, sizeof text);
    if (st != want) fail_msg("status %s instead of %s: %s", cm_status_name(st), cm_status_name(want), text);
    for (; *words; words++)
        if (!strstr(text, *words)) fail_msg("\"%s\" is not in: %s", *words, text);
    assert_int_equal(cm_folder_list(folder, &names, &n, NULL), CM_OK);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "source");
    cm_names_free(names, n);
}
#define REFUSES(status, ...) must_refuse((status), (const char *const[]){__VA_ARGS__, NULL})

static void csv(const char *text)
{
    write_text(source, "cases.csv", text);
}

static void refuses_a_wrong_case_table(void **state)
{
    (void)state;
    make_segmentation(source, 2);
    csv("case_id,provider,split,channel:a,colour\nx,site-a,dev,a000.nii.gz,red\n");
    REFUSES(CM_ERR_SCHEMA, "cases.csv:1", "unknown column \"colour\"", "attr:NAME");
    csv("case,provider,split,channel:a\nx,site-a,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "unknown column \"case\"");
    csv("patient,provider,split,channel:a\nx,site-a,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "case_id is missing");
    csv("case_id,provider,split\nx,site-a,dev\n");
    REFUSES(CM_ERR_SCHEMA, "no column channel:NAME");
    csv("case_id,provider,split,channel:a,class\nx,site-a,dev,a000.nii.gz,1\n");
    REFUSES(CM_ERR_SCHEMA, "class does not fit the task");
    csv("case_id,split,channel:a\nx,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "column provider is missing", "2 providers");
    csv("case_id,provider,channel:a\nx,site-a,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "column split is missing");
    csv("case_id,provider,split,channel:a\n");
    REFUSES(CM_ERR_EMPTY, "no cases");
    csv("case_id,provider,split,channel:a\nx,site-a,dev\n");
    REFUSES(CM_ERR_SCHEMA, "cases.csv:2");
}

static void refuses_a_wrong_row(void **state)
{
    (void)state;
    make_segmentation(source, 2);
    csv("case_id,provider,split,channel:a\nx,site-a,dev,a000.nii.gz\ny,site-a,dev,a000.nii.gz\nx,site-b,dev,a001.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "cases.csv:4: case x", "occurs twice", "lines 2 and 4");
    csv("case_id,provider,split,channel:a\nJos\xc3\xa9 P,site-a,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "cases.csv:2", "case id is not usable");
    csv("case_id,provider,split,channel:a\n.x,site-a,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "case id is not usable");
    csv("case_id,patient,provider,split,channel:a\nx,Jane Doe,site-a,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_SCHEMA, "case x", "patient is not an opaque id");
    csv("case_id,provider,split,channel:a\nx,site-c,dev,a000.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "case x", "provider \"site-c\" is not declared");
    csv("case_id,provider,split,channel:a\nx,site-a,train,a000.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "split \"train\" is not declared");
    csv("case_id,provider,split,channel:a,channel:b\nx,site-a,dev,a000.nii.gz,\n");
    REFUSES(CM_ERR_SCHEMA, "channel:b is empty");
    csv("case_id,provider,split,channel:a,attr:note\nx,site-a,dev,a000.nii.gz,"
        "0123456789012345678901234567890123456789012345678901234567890123456789\n");
    REFUSES(CM_ERR_LIMIT, "attr:note", "70 bytes");
}

static void refuses_paths_that_leave_the_source(void **state)
{
    (void)state;
    make_segmentation(source, 1);
    csv("case_id,provider,split,channel:a\nx,site-a,dev,../source/a000.nii.gz\n");
    REFUSES(CM_ERR_POLICY, "case x", "channel a");
    csv("case_id,provider,split,channel:a\nx,site-a,dev,/etc/hostname\n");
    REFUSES(CM_ERR_POLICY, "case x");
    char *link = cm_path_join(source, "link.nii.gz");
    assert_int_equal(symlink("a000.nii.gz", link), 0);
    free(link);
    csv("case_id,provider,split,channel:a\nx,site-a,dev,link.nii.gz\n");
    REFUSES(CM_ERR_POLICY, "case x");
    csv("case_id,provider,split,channel:a\nx,site-a,dev,absent.nii.gz\n");
    REFUSES(CM_ERR_NOT_FOUND, "cases.csv:2: case x", "absent.nii.gz");
}

static void refuses_a_wrong_manifest(void **state)
{
    (void)state;
    make_segmentation(source, 1);
    write_segmentation_xml(source, "<colour>red</colour>");
    REFUSES(CM_ERR_SCHEMA, "cohort.xml:", "colour");
    write_segmentation_xml(source, "<channels><channel name=\"a\"/></channels>");
    REFUSES(CM_ERR_SCHEMA, "more channels than declared", "2 columns");
    write_segmentation_xml(source, "<channels><channel name=\"a\"/><channel name=\"c\"/></channels>");
    REFUSES(CM_ERR_SCHEMA, "channel:c is missing");
    write_segmentation_xml(source, "<geometry>guess</geometry>");
    REFUSES(CM_ERR_SCHEMA, "cohort.xml:");
    const char *head =
        "<cohort xmlns=\"urn:cohmark:cohort:1\" schemaVersion=\"1.0\" id=\"x\" version=\"1\">"
        "<title>t</title><licence>MIT</licence><publisher>p</publisher><providers><provider "
        "id=\"a\"/></providers><modality>MR</modality><bodyPart>b</bodyPart><condition>c</condition>";
    const struct {
        const char *rest, *word;
    } bad[] = {
        {"<task>segmentation</task><labels><label value=\"1\" name=\"organ\"/></labels>", "background"},
        {"<task>classification</task><labels><label value=\"1\" name=\"a\"/><label value=\"0\" "
         "name=\"b\"/></labels>",
         "not numbered"},
        {"<task>classification</task><labels><label value=\"0\" name=\"a\"/></labels>", "two classes"},
        {"<task>segmentation</task><labels><label value=\"0\" name=\"a\"/><label value=\"0\" "
         "name=\"b\"/></labels>",
         "cohort.xsd"},
        {"<task>detection</task><labels><label value=\"0\" name=\"a\"/></labels>", "cohort.xsd"},
        {"<dataUses><dataUse code=\"research\">r</dataUse></dataUses>", "dataUse"},
        {"<dataUses><dataUse>r</dataUse><dataUse>r</dataUse></dataUses>", "dataUse"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[4096];
        snprintf(text, sizeof text, "%s%s</cohort>", head, bad[i].rest);
        write_text(source, "cohort.xml", text);
        REFUSES(CM_ERR_SCHEMA, "cohort.xml:1", bad[i].word);
    }
    char *xml = cm_path_join(source, "cohort.xml");
    unlink(xml);
    free(xml);
    REFUSES(CM_ERR_NOT_FOUND, "cohort.xml");
}

static void refuses_grids_that_differ(void **state)
{
    (void)state;
    const cm_shape3 shape = {4, 5, 6};
    write_segmentation_xml(source, "");
    cm_volume *v = make_volume(shape, 1, CM_U8, 0, 1, 0);
    write_volume(source, "a.nii.gz", v);
    cm_volume_destroy(v);
    write_mask(source, "moved.nii.gz", shape, 1, 0.5);
    write_mask(source, "other.nii.gz", (cm_shape3){4, 5, 7}, 1, 0);
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,moved.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "cases.csv:2: case x", "moved.nii.gz", "image and reference");
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,other.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "case x", "other.nii.gz", "6", "7");
    csv("case_id,provider,split,channel:a,channel:b\nx,site-a,dev,a.nii.gz,other.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "case x", "channel b (other.nii.gz)", "first channel a (a.nii.gz)");
}

static void refuses_values_that_are_no_labels(void **state)
{
    (void)state;
    const cm_shape3 shape = {4, 5, 6};
    write_segmentation_xml(source, "");
    cm_volume *v = make_volume(shape, 1, CM_U8, 0, 1, 0);
    write_volume(source, "a.nii.gz", v);
    cm_volume_destroy(v);
    write_mask(source, "three.nii.gz", shape, 3, 0);
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,three.nii.gz\n");
    /* the first voxel of the box of write_mask */
    REFUSES(CM_ERR_MISMATCH, "case x", "value 3 at voxel x=1 y=1 z=1", "labels are 0, 1, 2");
    v = make_volume(shape, 1, CM_F32, 0, 0, 0);
    ((float *)v->data)[7] = 0.5f;
    write_volume(source, "half.nii.gz", v);
    ((float *)v->data)[7] = -1;
    write_volume(source, "minus.nii.gz", v);
    v->slope = 2;
    ((float *)v->data)[7] = 1; /* 2 after scaling: fine */
    write_volume(source, "scaled.nii.gz", v);
    cm_volume_destroy(v);
    v = make_volume(shape, 2, CM_U8, 0, 0, 0);
    write_volume(source, "two.nii.gz", v);
    cm_volume_destroy(v);
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,half.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "value 0.5");
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,minus.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "value -1");
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,two.nii.gz\n");
    REFUSES(CM_ERR_MISMATCH, "two.nii.gz", "2 components");
    csv("case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,scaled.nii.gz\n");
    assert_int_equal(ingest(source, out, NULL), CM_OK);
}

static void refuses_files_that_do_not_fit_together(void **state)
{
    (void)state;
    write_classification_xml(source);
    write_png(source, "grey.png", 8, 8, 1, 0);
    write_png(source, "colour.png", 8, 8, 3, 0);
    csv("case_id,channel:film,class\na,grey.png,0\nb,grey.png,1\nc,colour.png,1\n");
    REFUSES(CM_ERR_MISMATCH, "cases.csv:4: case c, channel film", "3 here, 1 in case a");
    csv("case_id,channel:film,class\na,grey.png,0\nb,grey.png,2\n");
    REFUSES(CM_ERR_MISMATCH, "cases.csv:3: case b", "class \"2\" is not declared");
    csv("case_id,channel:film,reference\na,grey.png,grey.png\n");
    REFUSES(CM_ERR_SCHEMA, "reference does not fit the task");
    csv("case_id,channel:film,class\na,grey.png,0\n");
    assert_int_equal(ingest(source, out, NULL), CM_OK);
    cm_error err = {0};
    assert_int_equal(ingest(source, out, &err), CM_ERR_EXISTS); /* never over an existing cohort */
    assert_non_null(strstr(err.where, "cohort"));
}

/* A gzipped NIfTI cut short: expected and found byte counts, and the case. */
static void refuses_a_truncated_file(void **state)
{
    (void)state;
    make_segmentation(source, 1);
    cm_volume *v = make_volume((cm_shape3){4, 5, 6}, 1, CM_U8, 0, 1, 0);
    write_volume(source, "a.nii", v);
    cm_volume_destroy(v);
    char *path = cm_path_join(source, "a.nii");
    assert_int_equal(truncate(path, 352 + 60), 0);
    free(path);
    csv("case_id,provider,split,channel:a\nx,site-a,dev,a.nii\n");
    REFUSES(CM_ERR_TRUNCATED, "case x", "472 bytes", "412");
}

static void sees_dates(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool date;
    } table[] = {{"p20240131", true}, {"20240131", true},   {"a-2024-01-31-b", true}, {"19991231x", true},
                 {"20241331", false}, {"20240132", false},  {"120240131", false},     {"202401311", false},
                 {"18990101", false}, {"case-0041", false}, {"2024-1-31", false},     {"", false},
                 {"2024-01", false},  {"x2024013", false}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (cm_date_like(table[i].text) != table[i].date) fail_msg("%s", table[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_a_wrong_case_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_paths_that_leave_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_manifest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_grids_that_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_values_that_are_no_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_files_that_do_not_fit_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_truncated_file, set_up, tear_down),
        cmocka_unit_test(sees_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
