/* What a check or a comparison of documents found, as a list for people and machines. */
#ifndef CM_ENGINE_REPORT_REMARKS_H
#define CM_ENGINE_REPORT_REMARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

typedef enum cm_remark_kind {
    CM_REMARK_HOLDS = 0,     /* "holds": was checked and is as it should be */
    CM_REMARK_UNCHECKED = 1, /* "not-checked": could not be checked, and why */
    CM_REMARK_WARNING = 2,   /* "warning": allowed, but it misleads */
    CM_REMARK_BROKEN = 3,    /* "broken": a rule does not hold */
    CM_REMARK_CHANGED = 4,   /* "changed": two documents differ */
    CM_REMARK_KINDS = 5
} cm_remark_kind;
const char *cm_remark_kind_name(cm_remark_kind kind);

typedef struct cm_remark {
    cm_remark_kind kind;
    char topic[24];  /* "schema", "hash", "ranking" ... */
    char where[160]; /* place in the document; may be empty */
    char text[400];
} cm_remark;

/* Zero-initialise. One thread per object. A list that grows without end helps nobody: of each topic and kind
 * the first CM_REMARK_KEPT are kept, all are counted. */
enum { CM_REMARK_KEPT = 20 };
typedef struct cm_remarks {
    cm_remark *list;
    int n, capacity;
    int64_t count[CM_REMARK_KINDS];
    bool out_of_memory; /* something is missing from the list */
} cm_remarks;

void cm_remarks_add(cm_remarks *f, cm_remark_kind kind, const char *topic, const char *where,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
void cm_remarks_fini(cm_remarks *f);

#endif
