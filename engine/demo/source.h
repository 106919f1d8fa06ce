/* The source folders of the demo cohorts: what a hospital would hand over, before ingest. */
#ifndef CM_ENGINE_DEMO_SOURCE_H
#define CM_ENGINE_DEMO_SOURCE_H

#include "engine/base/threads.h"

enum { CM_DEMO_MAX_CASES = 9999, CM_DEMO_NO_REFERENCE = 5 };

/* Writes folder (at most 340 characters, must not exist): cases.csv and the images of `cases` synthetic
 * patients as .nii.gz with their label maps; case CM_DEMO_NO_REFERENCE has none. cohort.xml is left to the
 * caller. Errors: CM_ERR_EXISTS, CM_ERR_IO, CM_ERR_NOMEM, CM_ERR_ARG (cases not 1..CM_DEMO_MAX_CASES). The
 * same for any number of threads. */
cm_status cm_demo_write_patients(const char *folder, uint64_t seed, int64_t cases, cm_threads *pool,
                                 cm_error *err);

/* The same with `cases` small PNG images and their class. */
cm_status cm_demo_write_findings(const char *folder, uint64_t seed, int64_t cases, cm_threads *pool,
                                 cm_error *err);

#endif
