/* Classified cases made ready for some metrics: sorted once, evaluated for many weightings (bootstrap
 * replicates). Only metrics/ uses this header. */
#ifndef CM_METRICS_CLASS_VIEW_H
#define CM_METRICS_CLASS_VIEW_H

#include "metrics/classification.h"

typedef struct cm_class_view cm_class_view;

/* c: the class, or < 0 for the macro value. Borrows data (truth and decided), which must live longer. Errors:
 * CM_ERR_ARG (a metric that is none of classification; k < 2; c >= k; a class outside 0..k-1; a score that is
 * not finite; a negative weight), CM_ERR_NOMEM. Read-only afterwards: many threads may evaluate one view. */
cm_status cm_class_view_create(const cm_metric *metrics, int n_metrics, const cm_classified *data, int c,
                               cm_class_view **out, cm_error *err);
void cm_class_view_destroy(cm_class_view *view); /* NULL is fine */

/* metric: one of those the view was made for. weight: [n] >= 0 by case, NULL = once each. scratch:
 * cm_class_view_scratch_bytes, aligned as by malloc, one per thread. False: the metric has no value. */
bool cm_class_view_value(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                         void *scratch, double *value);
/* The same of what results are compared by (cm_direction_compared): for a metric with a target the distance
 * of the class, or the mean of the classes' distances. */
bool cm_class_view_compared(const cm_class_view *view, const cm_metric *metric, const int32_t *weight,
                            void *scratch, double *value);
/* One of these two. */
typedef bool (*cm_class_view_reading)(const cm_class_view *view, const cm_metric *metric,
                                      const int32_t *weight, void *scratch, double *value);
/* What a metric of the first class of the view sees. Not for a metric over all classes at once. */
struct cm_class_facts;
void cm_class_view_facts(const cm_class_view *view, const int32_t *weight, struct cm_class_facts *out);
int64_t cm_class_view_scratch_bytes(const cm_class_view *view);

#endif
