/* What a data provider writes: cohort.xml, or a table of cases when the first byte is not that of XML. */
#include <string.h>

#include "engine/base/csv.h"
#include "engine/cohort/cases_internal.h"
#include "tests/fuzz/fuzz.h"

static const char manifest[] =
    "<cohort xmlns=\"urn:cohmark:cohort:1\" schemaVersion=\"1.0\" id=\"phantom\" version=\"1\">"
    "<title>t</title><licence>CC0-1.0</licence><publisher>p</publisher>"
    "<providers><provider id=\"site-a\"/><provider id=\"site-b\"/></providers>"
    "<modality>MR</modality><bodyPart>b</bodyPart><condition>c</condition><task>segmentation</task>"
    "<labels><label value=\"0\" name=\"background\"/><label value=\"1\" name=\"organ\"/></labels>"
    "<splits><split name=\"dev\"/><split name=\"test\"/></splits></cohort>";

static void read_table(const uint8_t *data, size_t size)
{
    cm_csv *csv = NULL;
    cm_error err = {0};
    const char *path = fuzz_path(data, size);
    cm_status st = cm_csv_read(path, &csv, &err);
    FUZZ_CHECK(st ? !csv && err.status == st : csv != NULL);
    for (int64_t row = 0; csv && row < cm_csv_rows(csv); row++)
        for (int i = 0; i < cm_csv_columns(csv); i++)
            FUZZ_CHECK(strlen(cm_csv_get(csv, row, i)) <= size);
    cm_csv_close(csv);

    static cm_cohort_info declared; /* parsed once */
    cm_cohort_info info;
    cm_source *source = NULL;
    err = (cm_error){0};
    if (!declared.n_labels)
        st = cm_manifest_parse(manifest, sizeof manifest - 1, "cohort.xml", &declared, &err);
    FUZZ_CHECK(declared.n_labels && cm_cohort_info_copy(&declared, &info, &err) == CM_OK);
    st = cm_source_read(path, &info, &source, &err);
    FUZZ_CHECK(st ? !source && err.status == st && err.what[0] : source != NULL);
    for (int64_t i = 0; source && i < cm_source_count(source); i++) {
        cm_source_case c;
        cm_source_get(source, i, &c);
        FUZZ_CHECK(c.id[0] && c.patient[0] && c.provider < info.n_providers && c.split < info.n_splits);
    }
    cm_source_destroy(source);
    cm_cohort_info_fini(&info);
}

static void read_manifest(const uint8_t *data, size_t size)
{
    cm_cohort_info info = {0};
    cm_error err = {0};
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    cm_status st = cm_manifest_parse(text, (int64_t)size, "cohort.xml", &info, &err);
    FUZZ_CHECK(st != CM_ERR_INTERNAL && err.status == st);
    if (!st) {
        FUZZ_CHECK(info.n_splits > 0 && info.id[0]);
        cm_cohort_info_fini(&info);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '<')
        read_manifest(data, size);
    else
        read_table(data, size);
    return 0;
}
