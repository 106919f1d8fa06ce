/* The demo: two cohorts, their benches and tools, in one folder. */
#ifndef CM_ENGINE_DEMO_DEMO_H
#define CM_ENGINE_DEMO_DEMO_H

#include "engine/base/threads.h"

typedef struct cm_demo_options {
    const char *folder;    /* must not exist */
    int64_t cases, images; /* patients of the segmentation cohort, findings of the classification cohort */
    uint64_t seed;
} cm_demo_options;

/* Writes folder/segmentation/source and folder/classification/source. Errors as in source.h; what was written
 * before an error stays. */
cm_status cm_demo_write_sources(const cm_demo_options *options, cm_threads *pool, cm_error *err);

#endif
