/* Metric ids: names of things, finding an id in the catalogue, and what to say when it is not there. */
#include "metrics/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "metrics/id_internal.h"

enum { MAX_ID = 63, NEAREST = 3, SLACK = 2 };

const char *cm_direction_name(cm_direction d)
{
    switch (d) {
    case CM_HIGHER_IS_BETTER:
        return "higher";
    case CM_LOWER_IS_BETTER:
        return "lower";
    case CM_CLOSER_TO_ZERO_IS_BETTER:
        return "closer-to-zero";
    case CM_CLOSER_TO_ONE_IS_BETTER:
        return "closer-to-one";
    }
    return "unknown";
}

bool cm_direction_has_target(cm_direction d)
{
    return d == CM_CLOSER_TO_ZERO_IS_BETTER || d == CM_CLOSER_TO_ONE_IS_BETTER;
}

double cm_direction_miss(cm_direction d, double value)
{
    return fabs(d == CM_CLOSER_TO_ONE_IS_BETTER ? value - 1 : value);
}

double cm_direction_compared(cm_direction d, double value)
{
    return cm_direction_has_target(d) ? cm_direction_miss(d, value) : value;
}

cm_direction cm_direction_of_compared(cm_direction d)
{
    return cm_direction_has_target(d) ? CM_LOWER_IS_BETTER : d;
}

const char *cm_metric_kind_name(cm_metric_kind kind)
{
    switch (kind) {
    case CM_METRIC_SEGMENTATION:
        return "segmentation";
    case CM_METRIC_CLASSIFICATION:
        return "classification";
    }
    return "unknown";
}

const char *cm_value_state_name(cm_value_state s)
{
    switch (s) {
    case CM_VALUE_OK:
        return "ok";
    case CM_VALUE_UNDEFINED:
        return "undefined";
    case CM_VALUE_MISSING:
        return "missing";
    case CM_VALUE_NO_REFERENCE:
        return "no-reference";
    }
    return "unknown";
}

const char *cm_emptiness_name(cm_emptiness e)
{
    switch (e) {
    case CM_NONE_EMPTY:
        return "none";
    case CM_BOTH_EMPTY:
        return "both-empty";
    case CM_REFERENCE_EMPTY:
        return "reference-empty";
    case CM_PREDICTION_EMPTY:
        return "prediction-empty";
    }
    return "unknown";
}

const char *cm_metric_unit(const cm_metric *metric, bool spacing_known)
{
    const cm_metric_definition *d = metric->definition;
    const bool of_space = !strcmp(d->unit, "mm") || !strcmp(d->unit, "mm3");
    return of_space && !spacing_known ? "voxel" : d->unit;
}

/* -- the nearest known ids ----------------------------------------------------------------------------- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* Levenshtein distance without regard to case; a is at most MAX_ID long. */
static int edit_distance(const char *a, const char *b)
{
    int row[MAX_ID + 1];
    const int n = (int)strnlen(a, MAX_ID);
    for (int i = 0; i <= n; i++)
        row[i] = i;
    for (int j = 1; b[j - 1]; j++) {
        int diagonal = row[0];
        row[0] = j;
        for (int i = 1; i <= n; i++) {
            const int above = row[i];
            int best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            if (row[i - 1] + 1 < best) best = row[i - 1] + 1;
            if (above + 1 < best) best = above + 1;
            row[i] = best;
            diagonal = above;
        }
    }
    return row[n];
}

/* Small = near. A start of the id ("HD95") or a word of the title ("dice") is as near as it gets. */
static int distance_to(const char *id, const cm_metric_definition *d)
{
    const size_t n = strlen(id);
    if (!strncasecmp(d->example, id, n) || !strncasecmp(d->pattern, id, n)) return 0;
    if (n >= 3 && strcasestr(d->title, id)) return 0;
    const int to_example = edit_distance(id, d->example), to_pattern = edit_distance(id, d->pattern);
    return to_example < to_pattern ? to_example : to_pattern;
}

static cm_status unknown_id(const char *id, cm_error *err)
{
    const char *nearest[NEAREST];
    int distance[NEAREST];
    for (int i = 0; i < NEAREST; i++) {
        nearest[i] = NULL;
        distance[i] = 1 << 20;
    }
    for (int row = 0; row < cm_metric_catalogue_count; row++) {
        const char *candidate = cm_metric_catalogue[row].example;
        int d = distance_to(id, &cm_metric_catalogue[row]);
        for (int i = 0; i < NEAREST; i++) {
            if (d >= distance[i]) continue;
            const char *pushed = nearest[i];
            const int pushed_distance = distance[i];
            nearest[i] = candidate;
            distance[i] = d;
            candidate = pushed;
            d = pushed_distance;
        }
    }
    char list[4 * MAX_ID] = "";
    for (int i = 0; i < NEAREST && nearest[i] && distance[i] <= distance[0] + SLACK; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", nearest[i]);
    return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = cm_strf("no metric has the id \"%.60s\"", id).s,
                   .why = cm_strf("the nearest known: %s", list).s,
                   .next = "`cohmark metrics list` shows all of them");
}

cm_status cm_metric_parse(const char *id, cm_metric *out, cm_error *err)
{
    if (strlen(id) > MAX_ID) return unknown_id(id, err);
    for (int row = 0; row < cm_metric_catalogue_count; row++) {
        cm_metric m = {.definition = &cm_metric_catalogue[row], .row = row};
        const cm_id_match found = cm_id_read(m.definition->pattern, id, &m);
        if (found == CM_ID_BAD_PARAMETER)
            return CM_FAIL(err, CM_ERR_ARG,
                           .what = cm_strf("the metric id \"%.60s\" has a parameter out of range", id).s,
                           .why = m.definition->parameters,
                           .next = cm_strf("Write it like %s", m.definition->example).s);
        if (found == CM_ID_MATCH) {
            *out = m;
            return CM_OK;
        }
    }
    return unknown_id(id, err);
}
