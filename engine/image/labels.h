/* A volume read as a label map. */
#ifndef CM_ENGINE_IMAGE_LABELS_H
#define CM_ENGINE_IMAGE_LABELS_H

#include "engine/image/volume.h"

/* The values of a volume of one channel as label values [nz][ny][nx]. Errors: CM_ERR_FORMAT (several
 * channels, or a value that is no whole number from 0 to 65535: says which voxel), CM_ERR_NOMEM. Caller frees
 * *out. Thread-safe. */
cm_status cm_volume_labels(const cm_volume *volume, uint16_t **out, cm_error *err);

#endif
