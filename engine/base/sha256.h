/* SHA-256 (FIPS 180-4) by libcrypto. */
#ifndef CM_ENGINE_BASE_SHA256_H
#define CM_ENGINE_BASE_SHA256_H

#include "engine/base/status.h"

typedef struct cm_digest {
    uint8_t byte[32];
} cm_digest;
typedef struct cm_sha256 cm_sha256; /* running hash; one thread per object */

cm_status cm_sha256_create(cm_sha256 **out, cm_error *err);
cm_status cm_sha256_update(cm_sha256 *hash, const void *data, int64_t bytes);
cm_status cm_sha256_final(cm_sha256 *hash, cm_digest *out); /* the object may only be destroyed afterwards */
void cm_sha256_destroy(cm_sha256 *hash);

cm_status cm_sha256_of(const void *data, int64_t bytes, cm_digest *out);
/* The whole file, streamed. Errors: CM_ERR_NOT_FOUND, CM_ERR_IO. */
cm_status cm_sha256_of_file(const char *path, cm_digest *out, cm_error *err);

/* 64 lower-case digits + NUL. parse returns 0 when text is not exactly that. */
void cm_digest_hex(const cm_digest *digest, char hex[65]);
int cm_digest_parse(const char *hex, cm_digest *out);

#endif
