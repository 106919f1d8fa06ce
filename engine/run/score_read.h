/* What `cohmark score` reads: label maps, probabilities of one target, and a table of cases. */
#ifndef CM_ENGINE_RUN_SCORE_READ_H
#define CM_ENGINE_RUN_SCORE_READ_H

#include "engine/base/sha256.h"
#include "engine/image/volume.h"
#include "engine/run/results.h"

typedef struct cm_scored_file {
    cm_geometry geometry;
    uint16_t *labels;   /* [nz][ny][nx] */
    float *probability; /* [nz][ny][nx] from 0 to 1, or NULL */
    cm_digest digest;   /* of the label values (16 bits) or the probabilities (32), little end first */
} cm_scored_file;

/* Errors: those of cm_image_read and cm_volume_labels. Caller frees with cm_scored_fini after CM_OK; after a
 * failure nothing is held. Thread-safe. */
cm_status cm_scored_labels(const char *folder, const char *name, cm_scored_file *out, cm_error *err);

/* The same for probabilities; labels: `value` where the probability is above 0, else 0. CM_ERR_FORMAT also
 * for a value that is not from 0 to 1 (says which voxel). */
cm_status cm_scored_probabilities(const char *folder, const char *name, uint16_t value, cm_scored_file *out,
                                  cm_error *err);
void cm_scored_fini(cm_scored_file *file);

/* Brings a file onto the grid of `to`: one whose axes are only stored in another order or direction (LPS for
 * RAS) is turned, which changes no value; its digest stays that of the file. CM_ERR_MISMATCH with both sides'
 * figures where that is not enough, CM_ERR_NOMEM. */
cm_status cm_scored_turn(cm_scored_file *file, const cm_geometry *to, cm_error *err);

/* Patients and providers of r's cases from a CSV with case_id and patient, provider or both; a blank of an id
 * counts as '_', an empty field leaves what is there, rows of other cases are left alone. Errors:
 * CM_ERR_SCHEMA (a column is missing, a case has no row, or two), CM_ERR_LIMIT (too long), those of
 * cm_csv_read. */
cm_status cm_scored_cases(const char *path, cm_results *r, cm_error *err);

#endif
