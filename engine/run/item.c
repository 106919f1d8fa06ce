#include "engine/run/item.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
    "open",          "ok",    "no-reference", "timeout",      "memory-limit", "non-finite-output",
    "unknown-label", "crash", "failed",       "damaged-input"};

const char *cm_item_state_name(cm_item_state s)
{
    size_t n = sizeof state_names / sizeof state_names[0];
    return (size_t)s < n ? state_names[s] : "unknown";
}

bool cm_item_state_depends_on_machine(cm_item_state s)
{
    return s == CM_ITEM_TIMEOUT || s == CM_ITEM_MEMORY;
}

cm_grid cm_item_grid(const cm_geometry *geometry)
{
    cm_grid grid = {{geometry->shape.nz, geometry->shape.ny, geometry->shape.nx}, {1, 1, 1}};
    if (geometry->spacing_known) {
        grid.spacing[0] = geometry->spacing_mm.z;
        grid.spacing[1] = geometry->spacing_mm.y;
        grid.spacing[2] = geometry->spacing_mm.x;
    }
    return grid;
}

void cm_evidence_free(cm_evidence *evidence, int64_t n)
{
    for (int64_t i = 0; evidence && i < n; i++)
        free(evidence[i].x);
    free(evidence);
}

static bool gathers(const cm_bench *bench)
{
    for (int m = 0; m < bench->n_metrics; m++)
        if (cm_metric_is_gathered(&bench->metrics[m])) return true;
    return false;
}

cm_status cm_item_score(cm_backend *backend, const cm_pair *pair, const cm_bench *bench,
                        cm_metric_value **values, cm_evidence **evidence, const cm_stop *stop, cm_error *err)
{
    const int64_t n = (int64_t)bench->n_targets * bench->n_metrics;
    const bool wanted = gathers(bench);
    *values = calloc((size_t)n, sizeof **values);
    *evidence = wanted ? calloc((size_t)n, sizeof **evidence) : NULL;
    cm_status st =
        *values && (*evidence || !wanted)
            ? cm_score_with_evidence(backend, pair, bench->targets, bench->n_targets, bench->metrics,
                                     bench->n_metrics, *values, *evidence, stop, err)
            : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for metric values");
    if (!st) return CM_OK;
    cm_evidence_free(*evidence, n);
    free(*values);
    *evidence = NULL;
    *values = NULL;
    return st;
}

void cm_outcome_fini(cm_outcome *outcome)
{
    cm_evidence_free(outcome->evidence, outcome->n_values);
    free(outcome->values);
    free(outcome->scores);
    outcome->evidence = NULL;
    outcome->values = NULL;
    outcome->scores = NULL;
}

static void append(char **to, const void *from, size_t bytes)
{
    if (bytes) memcpy(*to, from, bytes);
    *to += bytes;
}

/* Bytes: the struct (its pointers mean nothing there), then values, then scores, then for each value the
 * length of its evidence and the evidence, when there is any. */
cm_status cm_outcome_pack(const cm_outcome *outcome, char **bytes, int64_t *count, cm_error *err)
{
    size_t values = (size_t)outcome->n_values * sizeof(cm_metric_value);
    size_t scores = (size_t)outcome->n_scores * sizeof(double), evidence = 0;
    for (int i = 0; outcome->evidence && i < outcome->n_values; i++)
        evidence += sizeof(int64_t) + (size_t)outcome->evidence[i].n * sizeof(double);
    char *flat = malloc(sizeof *outcome + values + scores + evidence);
    if (!flat) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the message of a result");
    char *to = flat;
    append(&to, outcome, sizeof *outcome);
    append(&to, outcome->values, values);
    append(&to, outcome->scores, scores);
    for (int i = 0; outcome->evidence && i < outcome->n_values; i++) {
        append(&to, &outcome->evidence[i].n, sizeof outcome->evidence[i].n);
        append(&to, outcome->evidence[i].x, (size_t)outcome->evidence[i].n * sizeof(double));
    }
    *bytes = flat;
    *count = (int64_t)(sizeof *outcome + values + scores + evidence);
    return CM_OK;
}

static void *copy_of(const void *from, size_t bytes)
{
    void *to = malloc(bytes ? bytes : 1);
    if (to && bytes) memcpy(to, from, bytes);
    return to;
}

static cm_status wrong_length(const cm_outcome *out, int64_t count, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a result message has the wrong length",
                   .why = cm_strf("%lld bytes for %d values and %d scores", (long long)count, out->n_values,
                                  out->n_scores)
                              .s);
}

/* The rest of a message: nothing, or evidence for every value. */
static cm_status unpack_evidence(const char *bytes, int64_t left, int64_t count, cm_outcome *out,
                                 cm_error *err)
{
    if (left == 0) return CM_OK;
    out->evidence = calloc((size_t)out->n_values + 1, sizeof *out->evidence);
    if (!out->evidence) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a result");
    for (int i = 0; i < out->n_values; i++) {
        cm_evidence *e = &out->evidence[i];
        int64_t n = 0;
        if (left < (int64_t)sizeof n) return wrong_length(out, count, err);
        memcpy(&n, bytes, sizeof n);
        bytes += sizeof n;
        left -= (int64_t)sizeof n;
        if (n < 0 || n > left / (int64_t)sizeof(double)) return wrong_length(out, count, err);
        if (n == 0) continue;
        e->x = copy_of(bytes, (size_t)n * sizeof(double));
        if (!e->x) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a result");
        e->n = n;
        bytes += n * (int64_t)sizeof(double);
        left -= n * (int64_t)sizeof(double);
    }
    return left == 0 ? CM_OK : wrong_length(out, count, err);
}

cm_status cm_outcome_unpack(const char *bytes, int64_t count, cm_outcome *out, cm_error *err)
{
    if (count < (int64_t)sizeof *out)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a result message is too short");
    memcpy(out, bytes, sizeof *out);
    out->values = NULL;
    out->evidence = NULL;
    out->scores = NULL;
    out->reason[sizeof out->reason - 1] = '\0';
    size_t values = (size_t)out->n_values * sizeof(cm_metric_value);
    size_t scores = (size_t)out->n_scores * sizeof(double);
    const int64_t left = count - (int64_t)(sizeof *out + values + scores);
    if (out->n_values < 0 || out->n_scores < 0 || left < 0) return wrong_length(out, count, err);
    out->values = copy_of(bytes + sizeof *out, values);
    out->scores = copy_of(bytes + sizeof *out + values, scores);
    cm_status st = out->values && out->scores
                       ? unpack_evidence(bytes + sizeof *out + values + scores, left, count, out, err)
                       : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a result");
    if (st) cm_outcome_fini(out);
    return st;
}
