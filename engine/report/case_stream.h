/* The cases of a site report one after another, so that a report of any length is read in the memory of one
 * case. */
#ifndef CM_ENGINE_REPORT_CASE_STREAM_H
#define CM_ENGINE_REPORT_CASE_STREAM_H

#include <libxml/tree.h>

#include "engine/base/status.h"

typedef struct cm_case_stream cm_case_stream; /* one thread per object */

/* Errors: CM_ERR_NOT_FOUND, CM_ERR_IO, CM_ERR_NOMEM. */
cm_status cm_case_stream_open(const char *path, cm_case_stream **out, cm_error *err);
/* *out: the next element <case> with all that is in it, borrowed until the next call; NULL after the last,
 * and at once when the report carries none. Errors: CM_ERR_FORMAT (not well-formed, or a document type). */
cm_status cm_case_stream_next(cm_case_stream *s, xmlNodePtr *out, cm_error *err);
void cm_case_stream_close(cm_case_stream *s); /* NULL is fine */

#endif
