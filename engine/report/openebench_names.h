/* Names of metrics in OpenEBench: our own, and EuCanImage's where they mean the same. */
#ifndef CM_ENGINE_REPORT_OPENEBENCH_NAMES_H
#define CM_ENGINE_REPORT_OPENEBENCH_NAMES_H

#include <stdbool.h>

#include "metrics/metric.h"

/* One metric of EuCanImage's benchmarks (ECI_UC7_Class, ECI_UC7_Seg). ours: the metric of this engine with
 * the same definition, NULL where there is none; why: what agrees, or what differs. */
typedef struct cm_eucanimage_metric {
    const char *name, *ours, *why;
    cm_metric_kind kind;
    bool lower_is_better;
} cm_eucanimage_metric;
extern const cm_eucanimage_metric cm_eucanimage_metrics[];
extern const int cm_eucanimage_metric_count;

/* EuCanImage's name of a metric of ours, NULL when none means the same. */
const char *cm_eucanimage_name(const char *metric_id);

/* Behind the id of a metric that is best at zero or one: what stands under the name is its distance to that.
 */
#define CM_OEB_DISTANCE ".distance"
/* Takes that ending off an id; false: it does not have it. */
bool cm_oeb_cut_distance(char *id);

/* The direction of a metric as OpenEBench names it, and whose name it is: ours ("DSC_organ": metric id, "_",
 * target; "RVD.distance_organ", of which less is better) or EuCanImage's. */
typedef enum cm_name_owner { CM_NAME_UNKNOWN = 0, CM_NAME_OURS = 1, CM_NAME_EUCANIMAGE = 2 } cm_name_owner;
cm_name_owner cm_openebench_direction(const char *name, cm_direction *out);

#endif
