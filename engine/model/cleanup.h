/* What a tool asks to be removed from its label map. */
#ifndef CM_ENGINE_MODEL_CLEANUP_H
#define CM_ENGINE_MODEL_CLEANUP_H

#include "engine/base/threads.h"
#include "engine/image/volume.h"
#include "engine/model/budget.h"
#include "engine/model/tool_spec.h"

/* Runs the rules in order on labels [nz][ny][nx]; removed voxels become 0. Largest component: the one with
 * most voxels, the first in raster order among equals. Minimum size: components with fewer voxels go.
 * Scratch, from the budget: 5 bytes per voxel of the box around the label, 12 for each stretch of the label
 * in a row, 8 per row. Errors: CM_ERR_LIMIT, CM_ERR_NOMEM, CM_ERR_STOPPED, CM_ERR_TIMEOUT; labels may then be
 * cleaned in part. */
cm_status cm_cleanup(const cm_cleanup_rule *rules, int n_rules, int connectivity, cm_shape3 shape,
                     uint16_t *labels, cm_budget *budget, const cm_stop *stop, cm_error *err);
/* What that takes for a label map of few stretches, two in a row. */
int64_t cm_cleanup_bytes(cm_shape3 shape);

#endif
