/* The rule about free text in image files: refused by name, or dropped and counted. */
#include "engine/image/text_internal.h"

#include <string.h>

void cm_text_add(cm_text_found *found, const char *name)
{
    const size_t used = strlen(found->names), length = strlen(name);
    for (const char *at = found->names; (at = strstr(at, name)); at += length) {
        bool starts = at == found->names || at[-1] == ' ';
        if (starts && (at[length] == 0 || at[length] == ',')) return;
    }
    found->count++;
    if (used + length + 3 > sizeof found->names) return; /* counted, though there is no room for its name */
    if (used) strcat(found->names, ", ");
    strcat(found->names, name);
}

cm_status cm_text_decide(const cm_text_found *found, const char *path, const cm_read_options *options,
                         cm_read_notes *notes, cm_error *err)
{
    if (found->count && !options->strip_text)
        return CM_FAIL(err, CM_ERR_PRIVACY, .what = "the file carries free text, which may identify a person",
                       .where = path, .why = cm_strf("not empty: %s", found->names).s,
                       .next =
                           "ingest with --strip-text, which drops these fields, or clear them in the source "
                           "file");
    if (notes) notes->text_fields = found->count;
    return CM_OK;
}
