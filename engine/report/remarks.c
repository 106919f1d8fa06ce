/* A list of remarks that does not grow without end. */
#include "engine/report/remarks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cm_remark_kind_name(cm_remark_kind kind)
{
    static const char *const names[] = {"holds", "not-checked", "warning", "broken", "changed"};
    return (int)kind >= 0 && kind < CM_REMARK_KINDS ? names[kind] : "unknown";
}

static bool is_full(const cm_remarks *f, cm_remark_kind kind, const char *topic)
{
    int same = 0;
    for (int i = 0; i < f->n; i++)
        same += f->list[i].kind == kind && !strcmp(f->list[i].topic, topic);
    return same >= CM_REMARK_KEPT;
}

void cm_remarks_add(cm_remarks *f, cm_remark_kind kind, const char *topic, const char *where,
                    const char *format, ...)
{
    f->count[kind]++;
    if (is_full(f, kind, topic)) return;
    if (f->n == f->capacity) {
        int capacity = f->capacity ? 2 * f->capacity : 16;
        cm_remark *more = realloc(f->list, (size_t)capacity * sizeof *more);
        if (!more) {
            f->out_of_memory = true;
            return;
        }
        f->list = more;
        f->capacity = capacity;
    }
    cm_remark *remark = &f->list[f->n++];
    va_list args;
    remark->kind = kind;
    snprintf(remark->topic, sizeof remark->topic, "%s", topic);
    snprintf(remark->where, sizeof remark->where, "%s", where ? where : "");
    va_start(args, format);
    vsnprintf(remark->text, sizeof remark->text, format, args);
    va_end(args);
}

void cm_remarks_fini(cm_remarks *f)
{
    free(f->list);
    *f = (cm_remarks){0};
}
