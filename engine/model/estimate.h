/* Cost of a tool on a geometry, without running anything and without a stored image. */
#ifndef CM_ENGINE_MODEL_ESTIMATE_H
#define CM_ENGINE_MODEL_ESTIMATE_H

#include "engine/model/tool_internal.h"

/* Floating-point operations per second that an estimate assumes of one thread of a kernel variant; figures
 * and how they were got: docs/tool-package.md. */
double cm_assumed_rate(const char *variant);
/* Of the machine a backend runs on: rate times threads. */
double cm_assumed_speed(cm_backend *backend);

#endif
