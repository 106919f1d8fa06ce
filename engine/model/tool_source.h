/* Where a tool's bytes come from: a folder or a packed file. */
#ifndef CM_ENGINE_MODEL_TOOL_SOURCE_H
#define CM_ENGINE_MODEL_TOOL_SOURCE_H

#include "engine/model/model.h"
#include "engine/model/survey.h"
#include "engine/model/tool_pack.h"
#include "engine/model/tool_spec.h"

typedef struct cm_tool_source {
    char *folder; /* NULL for a packed file */
    char *path;   /* as given */
    char *xml;    /* text of tool.xml, with a NUL behind */
    int64_t xml_bytes;
    char xml_name[1040]; /* for messages */
    void *mapping;       /* of a packed file; a model opened from it borrows from it */
    int64_t mapped;
    cm_pack *pack;
} cm_tool_source;

/* Finds and reads tool.xml. A bare FILE.onnx is refused with a hint. fini in any case. Errors:
 * CM_ERR_NOT_FOUND, CM_ERR_POLICY (a link, a member that may not be in a tool), CM_ERR_FORMAT,
 * CM_ERR_TRUNCATED, CM_ERR_LIMIT, CM_ERR_IO, CM_ERR_NOMEM. */
cm_status cm_tool_source_open(const char *path, const cm_model_limits *limits, cm_tool_source *out,
                              cm_error *err);
/* Opens a model by its plain name; the source must outlive it. */
cm_status cm_tool_source_model(const cm_tool_source *source, const char *file, const cm_model_limits *limits,
                               cm_model **out, cm_error *err);
/* Operators of a model that would be refused; nothing is found where it cannot be read. */
void cm_tool_source_survey(const cm_tool_source *source, const char *file, cm_survey *out);
/* A package may hold only the models that tool.xml names: CM_ERR_POLICY. Folders may hold anything. */
cm_status cm_tool_source_check(const cm_tool_source *source, const cm_tool_spec *spec, cm_error *err);
void cm_tool_source_fini(cm_tool_source *source);

#endif
