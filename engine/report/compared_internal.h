/* What tools are compared by, read from a report: the one place that knows where in a cell it stands. */
#ifndef CM_ENGINE_REPORT_COMPARED_INTERNAL_H
#define CM_ENGINE_REPORT_COMPARED_INTERNAL_H

#include <libxml/tree.h>
#include <stdbool.h>

typedef struct cm_compared {
    double value;      /* the distance to the best value where there is one, else the mean or the value */
    xmlNodePtr node;   /* the attribute or element it stands in */
    bool is_distance;  /* smaller is better */
    xmlNodePtr spread; /* the element with sd, se and quantiles of the cases; NULL: a metric of the cohort */
    xmlNodePtr interval; /* NULL: none */
} cm_compared;

/* cell: an element of type "cell", or a standing of the ranking; NULL is fine. False: it has no value (or
 * hides it), and *out is untouched. Borrows. */
bool cm_compared_of(xmlNodePtr cell, cm_compared *out);

#endif
