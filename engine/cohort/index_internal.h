/* index.h5: what a cohort is and which cases it has, in one table. */
#ifndef CM_ENGINE_COHORT_INDEX_INTERNAL_H
#define CM_ENGINE_COHORT_INDEX_INTERNAL_H

#include "engine/cohort/cohort.h"
#include "engine/cohort/door_internal.h"

typedef struct cm_index {
    cm_cohort_info info;
    char *manifest; /* NUL behind it */
    int64_t manifest_bytes;
    int64_t n;
    cm_case *cases; /* [n]; attributes point into attribute_text */
    int32_t *shard; /* [n] */
    int n_shards;
    char (*attribute_text)[64]; /* [n][n_attributes] */
    const char **attribute;     /* [n][n_attributes] */
} cm_index;

/* Rows for n cases, zero-filled, with attribute pointers in place. info.n_attributes must be set. */
cm_status cm_index_allocate(cm_index *index, int64_t n, cm_error *err);
/* Fills info.digest: sha256 over the canonical text of docs/formats.md ("Identity of a cohort"). */
cm_status cm_index_digest(const cm_index *index, cm_digest *out, cm_error *err);
/* A new file, synced. info.digest must be set. */
cm_status cm_index_write(const char *path, const cm_index *index, const cm_audit *audit, int64_t n_audit,
                         cm_error *err);
/* Reads, checks every value against its range, and compares the digest (CM_ERR_DAMAGED). */
cm_status cm_index_read(const char *path, cm_index **out, cm_error *err);
/* The audit records of a file; the caller frees. */
cm_status cm_index_read_audit(const char *path, cm_audit **out, int64_t *n, cm_error *err);
void cm_index_fini(cm_index *index);

#endif
