/* Reading a metric id by a pattern of the catalogue. Only metric.c uses this header. */
#ifndef CM_METRICS_ID_INTERNAL_H
#define CM_METRICS_ID_INTERNAL_H

#include "metrics/metric.h"

typedef enum cm_id_match { CM_ID_NO_MATCH, CM_ID_MATCH, CM_ID_BAD_PARAMETER } cm_id_match;

/* Walks pattern and id together. On CM_ID_MATCH out holds the canonical id and the parameters; its definition
 * and row are left alone. */
cm_id_match cm_id_read(const char *pattern, const char *id, cm_metric *out);

#endif
