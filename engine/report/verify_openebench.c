/* Checking an openebench.json: by OpenEBench's rules, and against the report it was made of. */
#include <stdlib.h>

#include "engine/base/files.h"
#include "engine/report/document_internal.h"
#include "engine/report/openebench_check.h"
#include "engine/report/verify_internal.h"

cm_status cm_verify_openebench(const char *path, const char *against, cm_remarks *f, cm_error *err)
{
    char *text = NULL;
    int64_t bytes = 0;
    json_t *file = NULL;
    cm_error own = {0};
    (void)against;
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
    json_decref(file);
    return CM_OK;
}
