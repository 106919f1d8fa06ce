/* What a tool asks to be removed from its label map. */
#ifndef CM_ENGINE_MODEL_CLEANUP_H
#define CM_ENGINE_MODEL_CLEANUP_H

#include "engine/image/volume.h"
#include "engine/model/budget.h"
#include "engine/model/tool_spec.h"

/* Runs the rules in order on labels [nz][ny][nx]; removed voxels become 0. Largest component: the one with
 * most voxels, the first in raster order among equals. Minimum size: components with fewer voxels go.
 * Scratch is 5 bytes per voxel of the box around the label, from the budget. Errors: CM_ERR_LIMIT,
 * CM_ERR_NOMEM; labels may then be cleaned in part. */
cm_status cm_cleanup(const cm_cleanup_rule *rules, int n_rules, int connectivity, cm_shape3 shape,
                     uint16_t *labels, cm_budget *budget, cm_error *err);

#endif
