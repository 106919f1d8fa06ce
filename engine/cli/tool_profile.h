/* cohmark tool profile: a table of layers, on stdout. */
#ifndef CM_ENGINE_CLI_TOOL_PROFILE_H
#define CM_ENGINE_CLI_TOOL_PROFILE_H

#include "engine/model/profile.h"

/* Return exit codes. */
int cm_profile_print(const cm_profile *profile, int repeat, cm_backend *backend);
int cm_profile_print_json(const cm_check *check, const cm_profile *profile, int repeat, cm_backend *backend);

#endif
