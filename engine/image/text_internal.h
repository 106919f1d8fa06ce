/* Names of free-text fields found in a file, and the one rule about them: refuse, or drop and count. Only
 * names that this program chose are kept, never content. */
#ifndef CM_ENGINE_IMAGE_TEXT_INTERNAL_H
#define CM_ENGINE_IMAGE_TEXT_INTERNAL_H

#include "engine/image/reader.h"

typedef struct cm_text_found {
    char names[256]; /* "descrip, aux_file" */
    int count;
} cm_text_found;

/* name: of a field, chosen by this program. A name already there is not counted again. */
void cm_text_add(cm_text_found *found, const char *name);

/* CM_OK when nothing was found or options->strip_text (then notes->text_fields is set; notes may be NULL),
 * else CM_ERR_PRIVACY. */
cm_status cm_text_decide(const cm_text_found *found, const char *path, const cm_read_options *options,
                         cm_read_notes *notes, cm_error *err);

#endif
