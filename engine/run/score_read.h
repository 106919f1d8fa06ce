/* One file of `cohmark score`: a label map, or probabilities of one target. */
#ifndef CM_ENGINE_RUN_SCORE_READ_H
#define CM_ENGINE_RUN_SCORE_READ_H

#include "engine/base/sha256.h"
#include "engine/image/volume.h"

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

#endif
