/* What every OpenEBench dataset needs to know of a report; shared by the files openebench*.c. */
#ifndef CM_ENGINE_REPORT_OPENEBENCH_INTERNAL_H
#define CM_ENGINE_REPORT_OPENEBENCH_INTERNAL_H

#include <jansson.h>
#include <libxml/tree.h>
#include <stdbool.h>

#include "engine/base/status.h"

enum { CM_OEB_TEXT = 400 };

/* A report as a tree, with the parts that are looked up again and again. */
typedef struct cm_oeb {
    xmlNodePtr report, results, bench, tools, metrics, aggregates;
    char community[CM_OEB_TEXT], event[CM_OEB_TEXT], challenge[CM_OEB_TEXT], started[64];
    bool eucanimage; /* the bench asks for EuCanImage's metric names where they mean the same */
    json_t *out;     /* the array that is built */
    json_t *ids;     /* of what is in it */
} cm_oeb;

/* Borrows doc; out is a new array, released by cm_oeb_fini. False: no memory. */
bool cm_oeb_init(cm_oeb *s, xmlDocPtr doc);
void cm_oeb_fini(cm_oeb *s);
/* Takes the dataset, also when it cannot be added; false for NULL or without memory. An id that is there
 * already gets "-2" behind it, up to CM_OEB_SAME_IDS. */
enum { CM_OEB_SAME_IDS = 99 };
bool cm_oeb_append(cm_oeb *s, json_t *dataset);
bool cm_oeb_is(xmlNodePtr node, const char *attribute, const char *wanted);

/* ok; interrupted while items are open; corrupted when no case came to a prediction. */
const char *cm_oeb_status(const cm_oeb *s, const char *tool_key);

/* The number that tools are compared by, its standard error where the report has one, and the element with
 * the quartiles of the cases (NULL: none). */
typedef struct cm_oeb_figure {
    bool known, has_error;
    double value, error;
    xmlNodePtr quartiles;
} cm_oeb_figure;
cm_oeb_figure cm_oeb_figure_of(xmlNodePtr result);

/* "METRIC_TARGET" of a result, "METRIC.distance_TARGET" of one that is best at zero or one: the number is not
 * the metric but the distance to that. Metric ids hold no underscore, so two pairs never give the same text.
 */
cm_str cm_oeb_own_name(const cm_oeb *s, xmlNodePtr result);
/* The same, or EuCanImage's name. */
cm_str cm_oeb_metric_name(const cm_oeb *s, xmlNodePtr result);
bool cm_oeb_same_pair(xmlNodePtr a, xmlNodePtr b); /* of one metric and target */
xmlNodePtr cm_oeb_metric_of(const cm_oeb *s, xmlNodePtr result);
/* The metric is best at zero or one: not itself, its distance to that is compared. */
bool cm_oeb_is_distance(const cm_oeb *s, xmlNodePtr result);
/* "minimize" or "maximize". */
const char *cm_oeb_optimization(const cm_oeb *s, xmlNodePtr result);

/* An aggregation with this inline_data (taken). name: what follows "_agg_" in its id; metric: its
 * aggregation_metric_id, or NULL. */
json_t *cm_oeb_aggregation(const cm_oeb *s, const char *name, const char *metric, json_t *inline_data);

/* The minimal datasets, into s->out. False: no memory. */
bool cm_oeb_build(cm_oeb *s);
/* Whole or not at all, numbers with 17 digits. Errors: CM_ERR_NOMEM, CM_ERR_IO. */
cm_status cm_oeb_write(const json_t *value, const char *path, cm_error *err);

/* Data series: a box plot per metric and target, curves per target. */
bool cm_oeb_add_series(cm_oeb *s);

#endif
