/* Metric ids: matching an id with the patterns of the catalogue, and what to say when none matches. */
#include "metrics/metric.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_DIGITS = 6, MAX_ID = 63, NEAREST = 3, SLACK = 2 };

const char *cm_direction_name(cm_direction d)
{
    switch (d) {
    case CM_HIGHER_IS_BETTER:
        return "higher";
    case CM_LOWER_IS_BETTER:
        return "lower";
    case CM_CLOSER_TO_ZERO_IS_BETTER:
        return "closer-to-zero";
    }
    return "unknown";
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
    return d->worst_is_diagonal && !spacing_known ? "voxel" : d->unit;
}

/* A decimal number as an id writes it: digits, perhaps a point and more digits. */
typedef struct number {
    int64_t digits, scale; /* value = digits / scale */
    int whole, fraction;   /* how many digits were written on each side of the point */
} number;

/* Returns the text after the number, or NULL when there is none. Counts digits, keeps the first few only. */
static const char *read_number(const char *text, bool with_fraction, number *out)
{
    *out = (number){.scale = 1};
    for (; *text >= '0' && *text <= '9'; text++)
        if (++out->whole <= MAX_DIGITS) out->digits = out->digits * 10 + (*text - '0');
    if (out->whole == 0) return NULL;
    if (!with_fraction || *text != '.' || text[1] < '0' || text[1] > '9') return text;
    for (text++; *text >= '0' && *text <= '9'; text++)
        if (++out->fraction <= MAX_DIGITS) {
            out->digits = out->digits * 10 + (*text - '0');
            out->scale *= 10;
        }
    return text;
}

typedef enum match { NO_MATCH, MATCH, BAD_PARAMETER } match;

/* Appends the number in its shortest form. */
static void append_number(char *id, number n)
{
    char buf[32];
    while (n.scale > 1 && n.digits % 10 == 0) {
        n.digits /= 10;
        n.scale /= 10;
    }
    int width = 0;
    for (int64_t scale = n.scale; scale > 1; scale /= 10)
        width++;
    snprintf(buf, sizeof buf, "%.*f", width, (double)n.digits / (double)n.scale);
    strncat(id, buf, MAX_ID - strlen(id));
}

/* Walks pattern and id together; <q> and <t> take a number. */
static match match_pattern(const char *pattern, const char *id, cm_metric *out)
{
    bool good = true;
    out->id[0] = '\0';
    out->percentile = out->tolerance = 0;
    while (*pattern) {
        if (*pattern != '<') {
            if (*id != *pattern) return NO_MATCH;
            strncat(out->id, id, 1);
            pattern++;
            id++;
            continue;
        }
        const bool is_tolerance = pattern[1] == 't';
        number n;
        id = read_number(id, is_tolerance, &n);
        if (!id) return NO_MATCH;
        good = good && n.whole <= MAX_DIGITS && n.fraction <= MAX_DIGITS && n.digits > 0;
        if (is_tolerance)
            out->tolerance = (double)n.digits / (double)n.scale;
        else
            out->percentile = (double)n.digits;
        good = good && out->percentile < 100;
        append_number(out->id, n);
        pattern += 3;
    }
    return *id ? NO_MATCH : good ? MATCH : BAD_PARAMETER;
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
        const match found = match_pattern(m.definition->pattern, id, &m);
        if (found == BAD_PARAMETER)
            return CM_FAIL(err, CM_ERR_ARG,
                           .what = cm_strf("the metric id \"%.60s\" has a parameter out of range", id).s,
                           .why = m.definition->parameters,
                           .next = cm_strf("Write it like %s", m.definition->example).s);
        if (found == MATCH) {
            *out = m;
            return CM_OK;
        }
    }
    return unknown_id(id, err);
}
