/* A packed tool: a POSIX tar (ustar) of tool.xml, the model, licence and readme. Read with the suspicion an
 * archive from a stranger deserves. */
#ifndef CM_ENGINE_MODEL_TOOL_PACK_H
#define CM_ENGINE_MODEL_TOOL_PACK_H

#include <stdbool.h>

#include "engine/base/status.h"

enum { CM_MAX_MEMBERS = 32 };
#define CM_TOOL_XML_BYTES  ((int64_t)1 << 20)  /* cap on tool.xml */
#define CM_TOOL_TEXT_BYTES ((int64_t)16 << 20) /* cap on a licence or readme */

typedef struct cm_pack_member {
    char name[101];
    const unsigned char *data; /* inside the archive's bytes */
    int64_t bytes;
} cm_pack_member;

typedef struct cm_pack {
    int n_members;
    cm_pack_member member[CM_MAX_MEMBERS];
} cm_pack;

/* Lists the members of an archive in memory; data is borrowed by *out. Only regular files with plain known
 * names (tool.xml, *.onnx, LICENSE*, LICENCE*, README*), each once, no folders, links, devices or long-name
 * extensions; every size is compared with the bytes that are there and with the caps (model_bytes for a
 * model). Errors: CM_ERR_FORMAT (not a tar, a bad checksum or number, data behind the end), CM_ERR_TRUNCATED,
 * CM_ERR_POLICY (names and kinds of members), CM_ERR_LIMIT. Thread-safe. */
cm_status cm_pack_read(const void *data, int64_t bytes, const char *archive, int64_t model_bytes,
                       cm_pack *out, cm_error *err);
/* NULL when it is not there. */
const cm_pack_member *cm_pack_find(const cm_pack *pack, const char *name);

/* Whether a file of a tool folder goes into the package by its name alone (LICENSE*, LICENCE*, README*). */
bool cm_pack_is_text(const char *name);

#endif
