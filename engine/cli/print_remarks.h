/* Findings of verify and diff on standard output. */
#ifndef CM_ENGINE_CLI_PRINT_REMARKS_H
#define CM_ENGINE_CLI_PRINT_REMARKS_H

#include "engine/report/remarks.h"

typedef enum cm_print_remarks_as {
    CM_PRINT_TEXT = 1,
    CM_PRINT_BROKEN = 2,
    CM_PRINT_JSON = 3
} cm_print_remarks_as;

/* One line each, then the verdict and counts; JSON: {"verdict", "counts": {kind: n}, "remarks": [{"kind",
 * "topic", "where", "text"}]}. */
void cm_print_remarks(const cm_remarks *f, cm_print_remarks_as as, const char *verdict);

#endif
