/* Shards: the files that hold the pixels. */
#ifndef CM_ENGINE_COHORT_STORE_INTERNAL_H
#define CM_ENGINE_COHORT_STORE_INTERNAL_H

#include "engine/cohort/container_internal.h"
#include "engine/cohort/index_internal.h"

typedef enum cm_shard_kind { CM_SHARD_IMAGES, CM_SHARD_REFERENCES } cm_shard_kind;

/* FOLDER/images.0003.h5; malloc'd, NULL when out of memory. */
char *cm_shard_path(const char *folder, cm_shard_kind kind, int shard);
/* "images" or "references": also the group inside the file whose datasets are named by case id. */
const char *cm_shard_group(cm_shard_kind kind);

const cm_index *cm_cohort_index(const cm_cohort *cohort);

#endif
