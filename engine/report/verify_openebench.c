/* Checking an openebench.json: by OpenEBench's rules, and against the report it was made of. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/report/document_internal.h"
#include "engine/report/openebench_check.h"
#include "engine/report/openebench_mapped.h"
#include "engine/report/verify_internal.h"

/* The first line of two sorted texts that is in one of them only. */
static void first_difference(const char *report, const char *json, cm_remarks *f)
{
    while (*report && *json) {
        int a = (int)strcspn(report, "\n"), b = (int)strcspn(json, "\n");
        if (a != b || strncmp(report, json, (size_t)a)) {
            cm_remarks_add(f, CM_REMARK_BROKEN, "against", "", "the report says%.*s and the datasets say%.*s",
                           a < 150 ? a : 150, report, b < 150 ? b : 150, json);
            return;
        }
        report += a + (report[a] == '\n');
        json += b + (json[b] == '\n');
    }
    cm_remarks_add(f, CM_REMARK_BROKEN, "against", "", "the report and the datasets differ in length");
}

static cm_status compare_with_report(const json_t *file, const char *path, cm_remarks *f, cm_error *err)
{
    xmlDocPtr doc = NULL;
    char *of_report = NULL, *of_json = NULL;
    cm_error own = {0};
    cm_status status = cm_document_validate(path, err);
    if (!status) status = cm_document_read(path, &doc, err);
    if (!status) status = cm_mapped_from_report(doc, &of_report, err);
    if (!status) status = cm_mapped_from_openebench(file, &of_json, &own);
    if (status == CM_ERR_FORMAT && of_report) {
        cm_remarks_add(f, CM_REMARK_BROKEN, "against", own.where, "%s", own.what);
        status = CM_OK;
    } else if (!status && strcmp(of_report, of_json)) {
        first_difference(of_report, of_json, f);
    } else if (!status) {
        cm_remarks_add(
            f, CM_REMARK_HOLDS, "against", "",
            "participants, results, directions and curves are those of the report, to the last digit");
    }
    if (status && own.status && err && !err->status) *err = own;
    free(of_report);
    free(of_json);
    xmlFreeDoc(doc);
    return status;
}

cm_status cm_verify_openebench(const char *path, const char *against, cm_remarks *f, cm_error *err)
{
    char *text = NULL;
    int64_t bytes = 0;
    json_t *file = NULL;
    cm_error own = {0};
    cm_status status = cm_file_read(path, CM_OPENEBENCH_BYTES, &text, &bytes, err);
    if (status) return status;
    status = cm_openebench_parse(text, bytes, path, &file, &own);
    free(text);
    if (status == CM_ERR_FORMAT) {
        cm_remarks_add(f, CM_REMARK_BROKEN, "json", own.where, "%s: %s", own.what, own.why);
        return CM_OK;
    }
    if (status) {
        if (err) *err = own;
        return status;
    }
    cm_openebench_check(file, f);
    if (against && !f->count[CM_REMARK_BROKEN]) status = compare_with_report(file, against, f, err);
    json_decref(file);
    return status;
}
