/* Sources and small helpers of the cohort tests. */
#include "cohort_source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

static void must(int ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "test set-up failed: %s\n", what);
    abort();
}

char *scratch_create(void)
{
    const char *base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/cohmark-cohort.XXXXXX", base ? base : "/tmp");
    must(mkdtemp(path) != NULL, path);
    return strdup(path);
}

void scratch_remove(char *folder)
{
    cm_folder_remove(folder, NULL);
    free(folder);
}

void write_text(const char *folder, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    must(cm_file_write(path, text, (int64_t)strlen(text), NULL) == CM_OK, path);
}

static void set_voxel(cm_volume *v, int64_t i, double value)
{
    switch (v->dtype) {
    case CM_U8:
        ((uint8_t *)v->data)[i] = (uint8_t)value;
        break;
    case CM_I8:
        ((int8_t *)v->data)[i] = (int8_t)value;
        break;
    case CM_U16:
        ((uint16_t *)v->data)[i] = (uint16_t)value;
        break;
    case CM_I16:
        ((int16_t *)v->data)[i] = (int16_t)value;
        break;
    case CM_U32:
        ((uint32_t *)v->data)[i] = (uint32_t)value;
        break;
    case CM_I32:
        ((int32_t *)v->data)[i] = (int32_t)value;
        break;
    case CM_F32:
        ((float *)v->data)[i] = (float)value;
        break;
    case CM_F64:
        ((double *)v->data)[i] = value;
        break;
    default:
        must(0, "element type");
    }
}

cm_volume *make_volume(cm_shape3 shape, int channels, cm_dtype type, double first, double step, double shift)
{
    cm_geometry g = {.shape = shape,
                     .spacing_known = true,
                     .orientation_known = true,
                     .spacing_mm = {.z = 3, .y = 2, .x = 1},
                     .affine = {{{1, 0, 0, shift - 5}, {0, 2, 0, 7}, {0, 0, 3, -20}}}};
    cm_volume *v = NULL;
    must(cm_volume_create(&g, channels, type, 1 << 30, &v, NULL) == CM_OK, "volume");
    int64_t n = channels * cm_shape3_count(shape);
    for (int64_t i = 0; i < n; i++)
        set_voxel(v, i, type == CM_U8 ? fmod(first + (double)i * step, 251) : first + (double)i * step);
    return v;
}

void write_volume(const char *folder, const char *name, const cm_volume *v)
{
    char path[1024];
    cm_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cm_status st = cm_nifti_write(path, v, &err);
    must(st == CM_OK, err.what);
}

void write_mask(const char *folder, const char *name, cm_shape3 shape, int value, double shift)
{
    cm_volume *v = make_volume(shape, 1, CM_U8, 0, 0, shift);
    for (int64_t z = 1; z < shape.nz / 2 + 1; z++)
        for (int64_t y = 1; y < shape.ny / 2; y++)
            for (int64_t x = 1; x < shape.nx / 2; x++)
                ((uint8_t *)v->data)[(z * shape.ny + y) * shape.nx + x] = (uint8_t)value;
    write_volume(folder, name, v);
    cm_volume_destroy(v);
}

void write_png(const char *folder, const char *name, int width, int height, int channels, int first)
{
    char path[1024];
    int n = width * height * channels;
    uint8_t *pixels = malloc((size_t)n);
    must(pixels != NULL, "memory");
    for (int i = 0; i < n; i++)
        pixels[i] = (uint8_t)(first + i * 7);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    must(cm_png_write(path, pixels, width, height, channels, NULL) == CM_OK, path);
    free(pixels);
}

void write_segmentation_xml(const char *folder, const char *extra)
{
    char text[4096];
    snprintf(
        text, sizeof text,
        "<cohort xmlns=\"urn:cohmark:cohort:1\" schemaVersion=\"1.0\" id=\"phantom\" version=\"1.0.0\">\n"
        "<title>Phantoms for a test</title><licence>CC0-1.0</licence><publisher>nobody</publisher>\n"
        "<providers><provider id=\"site-a\"/><provider id=\"site-b\"/></providers>\n"
        "<dataUses><dataUse code=\" DUO:0000042 \"> general  research use</dataUse>"
        "<dataUse>no attempt to identify a patient</dataUse></dataUses>\n"
        "<modality code=\"DCM:MR\">MR</modality><bodyPart code=\"SCT:12738006\">brain</bodyPart>"
        "<condition>none</condition>\n"
        "<task>segmentation</task>\n"
        "<labels><label value=\"0\" name=\"background\"/><label value=\"1\" name=\"organ\"/>"
        "<label value=\"2\" name=\"lesion\" code=\"SCT:52988006\"/></labels>\n"
        "<splits><split name=\"dev\"/><split name=\"test\"/></splits>\n%s</cohort>\n",
        extra);
    write_text(folder, "cohort.xml", text);
}

void write_classification_xml(const char *folder)
{
    write_text(folder, "cohort.xml",
               "<cohort xmlns=\"urn:cohmark:cohort:1\" schemaVersion=\"1.0\" id=\"films\" version=\"2\">\n"
               "<title>Pictures for a test</title><licence>CC0-1.0</licence><publisher>nobody</publisher>\n"
               "<providers><provider id=\"site-a\"/></providers>\n"
               "<modality>DX</modality><bodyPart>chest</bodyPart><condition>pneumonia</condition>\n"
               "<task>classification</task>\n"
               "<labels><label value=\"0\" name=\"normal\"/><label value=\"1\" name=\"ill\"/></labels>\n"
               "</cohort>\n");
}

void make_segmentation(const char *folder, int n)
{
    char csv[65536];
    size_t at = (size_t)snprintf(csv, sizeof csv,
                                 "case_id,patient,provider,split,channel:a,channel:b,reference,attr:sex\n");
    write_segmentation_xml(folder, "");
    for (int i = 0; i < n; i++) {
        const cm_shape3 shape = i == 1 ? (cm_shape3){1, 3, 33} : (cm_shape3){8, 10, 12};
        char a[32], b[32], m[32];
        snprintf(a, sizeof a, "a%03d.nii.gz", i);
        snprintf(b, sizeof b, "b%03d.nii.gz", i);
        snprintf(m, sizeof m, "m%03d.nii.gz", i);
        cm_volume *v = make_volume(shape, 1, CM_I16, -100 + 3 * i, 1 + i, i);
        write_volume(folder, a, v);
        cm_volume_destroy(v);
        v = make_volume(shape, 1, CM_U8, i, 5, i);
        write_volume(folder, b, v);
        cm_volume_destroy(v);
        write_mask(folder, m, shape, 1 + i % 2, i);
        at += (size_t)snprintf(csv + at, sizeof csv - at, "case-%03d,p%d,site-%c,%s,%s,%s,%s,%s\n", i, i / 2,
                               i / 2 % 2 ? 'b' : 'a', i / 2 % 3 ? "test" : "dev", a, b, i == 2 ? "" : m,
                               i % 3 ? "F" : "M");
    }
    write_text(folder, "cases.csv", csv);
}

cm_status ingest(const char *source, const char *out, cm_error *err)
{
    cm_team team;
    cm_team_alone(&team);
    const cm_ingest_options options = {.source = source, .out = out, .threads = 2, .quiet = true};
    return cm_cohort_ingest(&options, &team, NULL, err);
}
