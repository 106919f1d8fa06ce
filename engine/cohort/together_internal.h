/* How ranks that ingest together agree, and how rank 0 makes one index of what they stored. */
#ifndef CM_ENGINE_COHORT_TOGETHER_INTERNAL_H
#define CM_ENGINE_COHORT_TOGETHER_INTERNAL_H

#include "engine/cohort/index_internal.h"
#include "engine/cohort/prepare_internal.h"

/* Collective. Every rank gives how it fared and at which case (-1 = not about a case); every rank gets the
 * same status and the same *err: that of the failure with the lowest case. err not NULL. */
cm_status cm_settle(cm_team *team, cm_status mine, int64_t case_index, cm_error *err);

/* Collective. Records of all ranks, in rank order, on rank 0 (malloc'd); NULL elsewhere. */
cm_status cm_collect(cm_team *team, const void *mine, int64_t n, int64_t bytes, void **all, int64_t *n_all,
                     cm_error *err);

/* What rank 0 puts together. */
typedef struct cm_assembly {
    const cm_cohort_info *info;
    const cm_source *source;
    const char *manifest;
    int64_t manifest_bytes;
    int n_shards;
    const cm_stored_facts *facts; /* any order; one per case */
    int64_t n_facts;
    cm_audit *audit; /* any order; sorted by the call */
    int64_t n_audit;
} cm_assembly;

/* What came of it, for the log. */
typedef struct cm_ingested {
    int64_t cases, files, files_with_text, text_fields, files_without_units, files_converted,
        files_non_finite, date_like_cases;
    cm_digest digest;
} cm_ingested;

/* Writes index.h5 at path. Not collective. */
cm_status cm_assemble(const cm_assembly *assembly, const char *path, cm_ingested *sum, cm_error *err);
void cm_ingested_log(const cm_ingested *sum, cm_log *log);

#endif
