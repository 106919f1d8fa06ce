/* A plain or gzip file read from front to back, the same way. It never allocates by what a file says. */
#ifndef CM_ENGINE_IMAGE_STREAM_INTERNAL_H
#define CM_ENGINE_IMAGE_STREAM_INTERNAL_H

#include "engine/image/text_internal.h"

typedef struct cm_stream cm_stream; /* one thread per object */

/* Errors: CM_ERR_NOT_FOUND, CM_ERR_POLICY (not a regular file), CM_ERR_IO, CM_ERR_NOMEM. path must live as
 * long as the stream. */
cm_status cm_stream_open(const char *path, cm_stream **out, cm_error *err);
void cm_stream_close(cm_stream *stream); /* NULL is fine */

/* Up to `bytes` bytes; *got is less only at the end of the file or of a cut gzip stream. Errors: CM_ERR_IO,
 * CM_ERR_FORMAT (damaged gzip data). */
cm_status cm_stream_read(cm_stream *stream, void *out, int64_t bytes, int64_t *got, cm_error *err);

/* Reads on to the end, or until `cap` bytes were read; *zeros says whether all of them were 0. */
cm_status cm_stream_skip(cm_stream *stream, int64_t cap, int64_t *skipped, bool *zeros, cm_error *err);

/* No more than this many bytes can come out of the file: its size, or for gzip 1032 times its size, the most
 * that deflate can do (258 bytes from 2 bits; zlib's technical details). */
int64_t cm_stream_capacity(const cm_stream *stream);
int64_t cm_stream_file_bytes(const cm_stream *stream);
bool cm_stream_is_gzip(const cm_stream *stream);
/* The gzip data ended inside a member (only known once the end was reached). */
bool cm_stream_is_cut(const cm_stream *stream);
/* Adds the text fields of the gzip headers read so far. The time stamp is no text and is never kept. */
void cm_stream_add_text(const cm_stream *stream, cm_text_found *found);

#endif
