/* cases.csv: which files belong to which case. */
#ifndef CM_ENGINE_COHORT_CASES_INTERNAL_H
#define CM_ENGINE_COHORT_CASES_INTERNAL_H

#include "engine/cohort/manifest_internal.h"

/* One line. All strings are borrowed from the table. */
typedef struct cm_source_case {
    const char *id, *patient;
    int provider, split;
    const char *channel[CM_MAX_CHANNELS]; /* relative paths, one per column channel:NAME */
    const char *reference;                /* relative path, NULL when empty */
    int class_value;                      /* -1 when empty */
    int line;
} cm_source_case;

typedef struct cm_source cm_source;

/* Reads and checks everything that needs no image: columns, ids, providers, splits, classes. info (from
 * cohort.xml) gets attributes and n_patients, and channels (the column names) when it declares none.
 * Errors with file:line: CM_ERR_SCHEMA, CM_ERR_MISMATCH, CM_ERR_LIMIT, CM_ERR_EMPTY, those of cm_csv_read. */
cm_status cm_source_read(const char *path, cm_cohort_info *info, cm_source **out, cm_error *err);
void cm_source_destroy(cm_source *source);
int64_t cm_source_count(const cm_source *source);
/* Filled into *out; strings live as long as the source. */
void cm_source_get(const cm_source *source, int64_t i, cm_source_case *out);
const char *cm_source_attribute(const cm_source *source, int64_t i, int attribute);
int cm_source_columns(const cm_source *source); /* columns channel:NAME */
const char *cm_source_column(const cm_source *source, int column);

/* Whether a text holds something like a date: YYYYMMDD or YYYY-MM-DD, years 1900 to 2099. Thread-safe. */
bool cm_date_like(const char *text);

#endif
