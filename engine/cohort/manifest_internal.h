/* cohort.xml into a cm_cohort_info. */
#ifndef CM_ENGINE_COHORT_MANIFEST_INTERNAL_H
#define CM_ENGINE_COHORT_MANIFEST_INTERNAL_H

#include "engine/cohort/cohort.h"

enum { CM_MAX_CHANNELS = 64, CM_MAX_ATTRIBUTES = 64 };

/* Parses text (bytes of a cohort.xml; name is for messages) into *out, which the caller releases with
 * cm_cohort_info_fini. Channels are those declared, or none when the file leaves them to cases.csv;
 * attributes, n_patients and digest stay empty. Splits default to one called "test". Errors with file:line:
 * CM_ERR_SCHEMA, CM_ERR_FORMAT, CM_ERR_LIMIT, CM_ERR_NOMEM. Thread-safe. */
cm_status cm_manifest_parse(const char *text, int64_t bytes, const char *name, cm_cohort_info *out,
                            cm_error *err);

#endif
