/* A cohort ingested and read back: values, types, names, identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cohort_source.h"
#include "engine/base/files.h"

struct scratch {
    char *folder, *source, *out;
};

static int set_up(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    s->folder = scratch_create();
    s->source = cm_path_join(s->folder, "source");
    s->out = cm_path_join(s->folder, "cohort");
    *state = s;
    return cm_folder_create(s->source, true, NULL);
}

static int tear_down(void **state)
{
    struct scratch *s = *state;
    scratch_remove(s->folder);
    free(s->source);
    free(s->out);
    free(s);
    return 0;
}

static void must_ingest(const struct scratch *s)
{
    cm_error err = {0};
    if (ingest(s->source, s->out, &err)) {
        char text[2000];
        cm_error_format(&err, text, sizeof text);
        fail_msg("%s", text);
    }
}

static cm_cohort *must_open(const struct scratch *s)
{
    cm_cohort *cohort = NULL;
    cm_error err = {0};
    if (cm_cohort_open(s->out, &cohort, &err)) fail_msg("%s: %s: %s", err.where, err.what, err.why);
    return cohort;
}

static void describes_the_source(void **state)
{
    const struct scratch *s = *state;
    make_segmentation(s->source, 5);
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    assert_string_equal(info->id, "phantom");
    assert_string_equal(info->licence, "CC0-1.0");
    assert_int_equal(info->task, CM_TASK_SEGMENTATION);
    assert_false(info->geometry_unknown);
    assert_int_equal(info->n_labels, 3);
    assert_string_equal(info->labels[2].code, "SCT:52988006");
    assert_string_equal(info->modality_code, "DCM:MR");
    assert_string_equal(info->body_part_code, "SCT:12738006");
    assert_string_equal(info->condition_code, "");
    assert_int_equal(info->n_data_uses, 2);
    assert_string_equal(info->data_uses[0].name, "general research use");
    assert_string_equal(info->data_uses[0].code, "DUO:0000042");
    assert_string_equal(info->data_uses[1].name, "no attempt to identify a patient");
    assert_string_equal(info->data_uses[1].code, "");
    assert_int_equal(info->n_channels, 2);
    assert_string_equal(info->channels[1], "b");
    assert_int_equal(info->n_providers, 2);
    assert_int_equal(info->n_splits, 2);
    assert_int_equal(info->n_attributes, 1);
    assert_int_equal(info->n_patients, 3); /* 5 cases, two a patient */
    assert_int_equal(cm_cohort_count(cohort), 5);
    const cm_case *c = cm_cohort_get_case(cohort, 3);
    assert_string_equal(c->id, "case-003");
    assert_string_equal(c->patient, "p1");
    assert_string_equal(info->providers[c->provider], "site-b");
    assert_string_equal(info->splits[c->split], "test");
    assert_string_equal(c->attributes[0], "M");
    assert_int_equal(c->class_value, -1);
    assert_true(c->has_reference);
    assert_false(cm_cohort_get_case(cohort, 2)->has_reference);
    assert_int_equal(cm_cohort_get_case(cohort, 1)->geometry.shape.nx, 33);
    assert_true(c->geometry.spacing_mm.z == 3 && c->geometry.affine.m[0][3] == 3 - 5);
    int64_t bytes;
    assert_non_null(strstr(cm_cohort_get_manifest(cohort, &bytes), "Phantoms for a test"));
    cm_cohort_close(cohort);
}

/* int16 and uint8 without scaling share int16; every voxel comes back. */
static void gives_back_every_voxel(void **state)
{
    const struct scratch *s = *state;
    make_segmentation(s->source, 4);
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    cm_images *images = NULL;
    cm_references *references = NULL;
    cm_threads *pool = NULL;
    assert_int_equal(cm_threads_create(2, &pool, NULL), CM_OK);
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    assert_int_equal(cm_references_open(cohort, &references, NULL), CM_OK);
    for (int i = 0; i < 4; i++) {
        const cm_shape3 shape = cm_cohort_get_case(cohort, i)->geometry.shape;
        cm_volume *a = make_volume(shape, 1, CM_I16, -100 + 3 * i, 1 + i, i);
        cm_volume *b = make_volume(shape, 1, CM_U8, i, 5, i), *v = NULL;
        assert_int_equal(cm_images_load(images, i, i % 2 ? pool : NULL, &v, NULL), CM_OK);
        int64_t n = cm_shape3_count(shape);
        assert_int_equal(v->dtype, CM_I16);
        assert_int_equal(v->channels, 2);
        assert_memory_equal(v->data, a->data, (size_t)a->bytes);
        for (int64_t k = 0; k < n; k++)
            assert_int_equal(((int16_t *)v->data)[n + k], ((uint8_t *)b->data)[k]);
        cm_volume_destroy(a);
        cm_volume_destroy(b);
        cm_volume_destroy(v);
        v = NULL;
        cm_error err = {0};
        cm_status st = cm_references_load(references, i, pool, &v, &err);
        assert_int_equal(st, i == 2 ? CM_ERR_EMPTY : CM_OK);
        if (!st) {
            int64_t sum = 0;
            for (int64_t k = 0; k < n; k++)
                sum += ((uint8_t *)v->data)[k] == 1 + i % 2;
            /* the box of write_mask: z 1..4, y 1..4, x 1..5, and nothing for the flat case */
            assert_int_equal(sum, i == 1 ? 0 : 4 * 4 * 5);
        }
        cm_volume_destroy(v);
    }
    cm_images_close(images);
    cm_references_close(references);
    cm_threads_destroy(pool);
    cm_cohort_close(cohort);
}

/* One case of channels with the given types and slopes; returns the loaded image. */
static cm_volume *joined(const struct scratch *s, const cm_dtype type[2], const double slope[2])
{
    write_segmentation_xml(s->source, "");
    for (int k = 0; k < 2; k++) {
        cm_volume *v = make_volume((cm_shape3){2, 3, 4}, 1, type[k], 1 + k, 2, 0);
        v->slope = slope[k];
        v->intercept = slope[k] == 1 ? 0 : 0.25;
        write_volume(s->source, k ? "b.nii" : "a.nii", v);
        cm_volume_destroy(v);
    }
    write_text(s->source, "cases.csv",
               "case_id,provider,split,channel:a,channel:b\nx,site-a,dev,a.nii,b.nii\n");
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    cm_images *images = NULL;
    cm_volume *v = NULL;
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    assert_int_equal(cm_images_load(images, 0, NULL, &v, NULL), CM_OK);
    cm_images_close(images);
    cm_cohort_close(cohort);
    assert_int_equal(cm_folder_remove(s->out, NULL), CM_OK);
    return v;
}

/* The element type of a case whose channels differ, and its values. */
static void joins_channels_exactly(void **state)
{
    const struct {
        cm_dtype type[2];
        double slope[2];
        cm_dtype want;
        double want_slope;
    } table[] = {
        {{CM_U8, CM_U8}, {1, 1}, CM_U8, 1},      {{CM_U8, CM_U8}, {0.5, 0.5}, CM_U8, 0.5},
        {{CM_U8, CM_U8}, {1, 0.5}, CM_F32, 1},   {{CM_U8, CM_I8}, {1, 1}, CM_I16, 1},
        {{CM_U16, CM_I16}, {1, 1}, CM_I32, 1},   {{CM_U8, CM_U16}, {1, 1}, CM_U16, 1},
        {{CM_I32, CM_U32}, {1, 1}, CM_I64, 1},   {{CM_I16, CM_F32}, {1, 1}, CM_F32, 1},
        {{CM_F64, CM_F64}, {1, 1}, CM_F64, 1},   {{CM_F64, CM_U8}, {1, 1}, CM_F32, 1},
        {{CM_U16, CM_U16}, {2, 0.5}, CM_F32, 1},
    };
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        cm_volume *v = joined(*state, table[t].type, table[t].slope);
        assert_int_equal(v->dtype, table[t].want);
        assert_true(v->slope == table[t].want_slope);
        for (int64_t i = 0; i < 48; i++) {
            int k = (int)(i / 24);
            double raw = 1 + k + 2.0 * (double)(i % 24);
            double want = raw * table[t].slope[k] + (table[t].slope[k] == 1 ? 0 : 0.25);
            assert_true(cm_volume_value(v, i) == want);
        }
        cm_volume_destroy(v);
    }
}

static void stores_pictures_and_classes(void **state)
{
    const struct scratch *s = *state;
    write_classification_xml(s->source);
    write_png(s->source, "a.png", 28, 27, 3, 1);
    write_png(s->source, "b.png", 28, 27, 3, 2);
    write_text(s->source, "cases.csv", "case_id,channel:film,class\na,a.png,ill\nb,b.png,0\nc,a.png,\n");
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    const cm_cohort_info *info = cm_cohort_get_info(cohort);
    assert_int_equal(info->n_channels, 3);
    assert_string_equal(info->channels[0], "film.r");
    assert_string_equal(info->channels[2], "film.b");
    assert_string_equal(info->splits[0], "test");
    assert_int_equal(cm_cohort_get_case(cohort, 0)->class_value, 1);
    assert_int_equal(cm_cohort_get_case(cohort, 1)->class_value, 0);
    assert_int_equal(cm_cohort_get_case(cohort, 2)->class_value, -1);
    assert_false(cm_cohort_get_case(cohort, 2)->has_reference);
    cm_images *images = NULL;
    cm_volume *v = NULL;
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    assert_int_equal(cm_images_load(images, 1, NULL, &v, NULL), CM_OK);
    /* green of pixel (y 2, x 5): byte (2 * 28 + 5) * 3 + 1 of the picture */
    assert_int_equal(((uint8_t *)v->data)[27 * 28 + 2 * 28 + 5], (uint8_t)(2 + ((2 * 28 + 5) * 3 + 1) * 7));
    cm_volume_destroy(v);
    cm_images_close(images);
    cm_references *references = NULL;
    assert_int_equal(cm_references_open(cohort, &references, NULL), CM_OK);
    assert_int_equal(cm_references_load(references, 0, NULL, &v, NULL), CM_ERR_EMPTY);
    cm_references_close(references);
    cm_cohort_close(cohort);
}

/* Arrays of several chunks (whole slices, parts of a slice) and one long row. */
static void stores_large_arrays(void **state)
{
    const struct scratch *s = *state;
    const cm_shape3 shapes[] = {{21, 200, 301}, {2, 1100, 700}, {1, 2, 32767}};
    char csv[1000] = "case_id,provider,split,channel:a\n";
    write_segmentation_xml(s->source, "");
    for (int i = 0; i < 3; i++) {
        cm_volume *v = make_volume(shapes[i], 1, i == 1 ? CM_F32 : CM_I16, 1, 1, 0);
        for (int64_t k = 0; i != 1 && k < cm_shape3_count(shapes[i]); k++)
            ((int16_t *)v->data)[k] = (int16_t)(k * 7 % 4099);
        char name[16];
        snprintf(name, sizeof name, "%d.nii", i);
        write_volume(s->source, name, v);
        snprintf(csv + strlen(csv), 100, "c%d,site-a,dev,%s\n", i, name);
        cm_volume_destroy(v);
    }
    write_text(s->source, "cases.csv", csv);
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    cm_images *images = NULL;
    cm_threads *pool = NULL;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_images_open(cohort, &images, NULL), CM_OK);
    for (int i = 0; i < 3; i++) {
        cm_volume *v = NULL;
        assert_int_equal(cm_images_load(images, i, pool, &v, NULL), CM_OK);
        for (int64_t k = 0; k < cm_shape3_count(shapes[i]); k++)
            if (i == 1 ? ((float *)v->data)[k] != (float)(1 + k) : ((int16_t *)v->data)[k] != k * 7 % 4099)
                fail_msg("case %d, voxel %lld", i, (long long)k);
        cm_volume_destroy(v);
    }
    cm_images_close(images);
    cm_threads_destroy(pool);
    cm_cohort_close(cohort);
}

/* Declared unknown: headers are ignored, so image and mask with different affines fit. */
static void ignores_untrusted_geometry(void **state)
{
    const struct scratch *s = *state;
    const cm_shape3 shape = {4, 5, 6};
    write_segmentation_xml(s->source, "<geometry>unknown</geometry>");
    cm_volume *v = make_volume(shape, 1, CM_U8, 0, 1, 0);
    write_volume(s->source, "a.nii.gz", v);
    cm_volume_destroy(v);
    write_mask(s->source, "m.nii.gz", shape, 1, 77);
    write_text(s->source, "cases.csv",
               "case_id,provider,split,channel:a,reference\nx,site-a,dev,a.nii.gz,m.nii.gz\n");
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    const cm_geometry *g = &cm_cohort_get_case(cohort, 0)->geometry;
    assert_true(cm_cohort_get_info(cohort)->geometry_unknown);
    assert_false(g->spacing_known || g->orientation_known);
    assert_true(g->spacing_mm.z == 1 && g->spacing_mm.y == 1 && g->spacing_mm.x == 1);
    cm_cohort_close(cohort);
}

static void copies_its_description(void **state)
{
    const struct scratch *s = *state;
    make_segmentation(s->source, 1);
    must_ingest(s);
    cm_cohort *cohort = must_open(s);
    cm_cohort_info copy;
    assert_int_equal(cm_cohort_info_copy(cm_cohort_get_info(cohort), &copy, NULL), CM_OK);
    cm_cohort_close(cohort);
    assert_string_equal(copy.labels[1].name, "organ");
    assert_string_equal(copy.data_uses[0].code, "DUO:0000042");
    assert_string_equal(copy.channels[0], "a");
    assert_string_equal(copy.attributes[0], "sex");
    cm_cohort_info_fini(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(describes_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_back_every_voxel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_channels_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stores_pictures_and_classes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stores_large_arrays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ignores_untrusted_geometry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_its_description, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
