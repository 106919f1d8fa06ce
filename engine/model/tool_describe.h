/* A tool in words, for `tool show`. */
#ifndef CM_ENGINE_MODEL_TOOL_DESCRIBE_H
#define CM_ENGINE_MODEL_TOOL_DESCRIBE_H

#include "engine/model/tool_spec.h"

/* One line, such as "crop: any channel > 3 % of its maximum, margin 4". */
cm_str cm_step_text(const cm_tool_spec *spec, int step);
cm_str cm_input_text(const cm_tool_spec *spec);
cm_str cm_output_text(const cm_tool_spec *spec);
cm_str cm_cleanup_text(const cm_tool_spec *spec, int rule);

#endif
