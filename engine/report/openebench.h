/* OpenEBench's data model 1.0.x, made of a report. The minimal datasets (openebench.json) are written with
 * every report; see docs/openebench.md. */
#ifndef CM_ENGINE_REPORT_OPENEBENCH_H
#define CM_ENGINE_REPORT_OPENEBENCH_H

#include "engine/base/status.h"

/* Writes one array of Challenge, Metrics, Tool, Dataset and TestAction objects. contact: the id of whoever
 * answers for them at OpenEBench; NULL = "unregistered". The report is validated first. Errors: those of
 * validating, CM_ERR_MISMATCH (ids that would be doubled or lead nowhere), CM_ERR_NOMEM, CM_ERR_IO. Not
 * collective. */
cm_status cm_openebench_full_write(const char *report_path, const char *contact, const char *path,
                                   cm_error *err);

#endif
