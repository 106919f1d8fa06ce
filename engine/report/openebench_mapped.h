/* The part of a report that OpenEBench has words for, as XML in one canonical form: from report.xml, and back
 * from openebench.json. Both give the same bytes exactly when nothing was lost on the way. */
#ifndef CM_ENGINE_REPORT_OPENEBENCH_MAPPED_H
#define CM_ENGINE_REPORT_OPENEBENCH_MAPPED_H

#include <jansson.h>
#include <libxml/tree.h>

#include "engine/base/status.h"

/* One element a line, sorted, inside <openebench xmlns="urn:cohmark:openebench:1">: bench (ids), tool (key,
 * order, status, validated), metric (id, target, direction), result (metric, target, tool, value, se, q1,
 * median, q3) and curve (kind, metric, target, tool, points "x,y x,y"). *out is malloc'd. Errors:
 * CM_ERR_NOMEM. */
cm_status cm_mapped_from_report(xmlDocPtr report, char **out, cm_error *err);
/* file: passed cm_openebench_check. An id that does not follow the naming of docs/openebench.md:
 * CM_ERR_FORMAT. */
cm_status cm_mapped_from_openebench(const json_t *file, char **out, cm_error *err);

#endif
