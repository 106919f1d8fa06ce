/* cohmark verify: whether a document of a report is whole, unchanged, without contradiction, and what its own
 * values of cases give when everything is computed again. */
#ifndef CM_ENGINE_REPORT_VERIFY_H
#define CM_ENGINE_REPORT_VERIFY_H

#include "engine/base/spill.h"
#include "engine/report/remarks.h"

typedef struct cm_verify_options {
    int threads;                /* 0 = 1 */
    const cm_spill_rule *spill; /* where many items that are computed again lie; NULL: in memory */
    const char *against;        /* for openebench.json: the report.xml it was made of; NULL = none */
} cm_verify_options;

/* Checks a report.xml or an openebench.json (told apart by their first character) and adds what it finds.
 * report.xml: schema; report/@id against the bytes of <results>; pictures and bench.xml beside it against
 * their sha256; sums, orders and places; what only a site may know; and, when the report carries the values
 * of cases, every summary, interval and place computed again. openebench.json: docs/openebench.md. CM_OK: the
 * check was made, look at remarks->count[CM_REMARK_BROKEN]. Errors: CM_ERR_NOT_FOUND, CM_ERR_FORMAT
 * (neither kind of document), CM_ERR_LIMIT, CM_ERR_IO, CM_ERR_NOMEM. Not collective. */
cm_status cm_verify(const char *path, const cm_verify_options *options, cm_remarks *remarks, cm_error *err);

#endif
