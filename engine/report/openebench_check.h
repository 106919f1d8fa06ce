/* The rules of OpenEBench's minimal datasets, checked by ourselves: shape, keys, foreign keys, directions. */
#ifndef CM_ENGINE_REPORT_OPENEBENCH_CHECK_H
#define CM_ENGINE_REPORT_OPENEBENCH_CHECK_H

#include <jansson.h>

#include "engine/report/remarks.h"

/* Largest openebench.json that is read, in bytes. */
#define CM_OPENEBENCH_BYTES ((int64_t)256 << 20)

/* Parses a JSON text with caps: at most CM_OPENEBENCH_BYTES, 2048 levels, no key twice, no NaN. *out is freed
 * with json_decref. What is wrong with the text is CM_ERR_FORMAT with its line. */
cm_status cm_openebench_parse(const char *text, int64_t bytes, const char *name, json_t **out, cm_error *err);

/* Holds a whole file of datasets (one array) against the rules of docs/openebench.md; adds what is broken,
 * what misleads and what could not be checked. */
void cm_openebench_check(const json_t *file, cm_remarks *f);

#endif
