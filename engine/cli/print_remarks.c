/* Findings as lines, or as JSON. */
#include "engine/cli/print_remarks.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/utf8.h"

static void print_json(const cm_remarks *f, const char *verdict)
{
    json_t *list = json_array(), *counts = json_object();
    for (int k = 0; k < CM_REMARK_KINDS; k++)
        if (f->count[k])
            json_object_set_new(counts, cm_remark_kind_name((cm_remark_kind)k), json_integer(f->count[k]));
    for (int i = 0; i < f->n; i++) {
        const cm_remark *remark = &f->list[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "kind",
                                              cm_remark_kind_name(remark->kind), "topic", remark->topic,
                                              "where", remark->where, "text", remark->text));
    }
    json_t *all = json_pack("{s:s, s:o, s:o}", "verdict", verdict, "counts", counts, "remarks", list);
    char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    printf("%s\n", text ? text : "{}");
    free(text);
    json_decref(all);
}

static void print_line(const cm_remark *remark)
{
    char text[800];
    snprintf(text, sizeof text, "%-11s  %-12s %s%s%s", cm_remark_kind_name(remark->kind), remark->topic,
             remark->where, remark->where[0] ? ": " : "", remark->text);
    cm_utf8_make_printable(text); /* names out of the document */
    printf("%s\n", text);
}

void cm_print_remarks(const cm_remarks *f, cm_print_remarks_as as, const char *verdict)
{
    if (as == CM_PRINT_JSON) {
        print_json(f, verdict);
        return;
    }
    int64_t more = 0;
    for (int k = 0; k < CM_REMARK_KINDS; k++)
        if (as == CM_PRINT_TEXT || k == CM_REMARK_BROKEN) more += f->count[k];
    for (int i = 0; i < f->n; i++) {
        if (as == CM_PRINT_BROKEN && f->list[i].kind != CM_REMARK_BROKEN) continue;
        print_line(&f->list[i]);
        more--;
    }
    if (more > 0) printf("... and %lld more of these kinds\n", (long long)more);
    if (as == CM_PRINT_TEXT) printf("%s\n", verdict);
}
