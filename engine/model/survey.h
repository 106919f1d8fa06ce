/* Which operators of a model file would be refused, all of them, where opening it stops at the first. */
#ifndef CM_ENGINE_MODEL_SURVEY_H
#define CM_ENGINE_MODEL_SURVEY_H

#include "engine/base/status.h"

enum { CM_MAX_SURVEY = 64 };
typedef struct cm_survey_row {
    char name[65], domain[65]; /* domain "" = the standard one */
    cm_status status;          /* CM_ERR_POLICY (control flow, foreign domain ...) or CM_ERR_UNSUPPORTED */
    int64_t nodes;
    char node[65];    /* name of the first of them, may be "" */
    int64_t position; /* in the file, from 0 */
} cm_survey_row;
typedef struct cm_survey {
    int n_rows; /* in order of first appearance; types beyond CM_MAX_SURVEY are left out */
    cm_survey_row row[CM_MAX_SURVEY];
} cm_survey;

/* Looks at the types and names of the nodes only; stops quietly where the file is damaged (opening it tells).
 * data is borrowed for the call. Thread-safe. */
void cm_survey_operators(const void *data, int64_t bytes, cm_survey *out);
/* The same for a file; nothing is found where it cannot be mapped. */
void cm_survey_file(const char *path, cm_survey *out);

#endif
