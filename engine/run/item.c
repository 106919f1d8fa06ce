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

void cm_outcome_fini(cm_outcome *outcome)
{
    free(outcome->item.values);
    free(outcome->item.scores);
    outcome->item.values = NULL;
    outcome->item.scores = NULL;
}

/* Bytes: the struct (its pointers mean nothing there), then values, then scores. */
cm_status cm_outcome_pack(const cm_outcome *outcome, char **bytes, int64_t *count, cm_error *err)
{
    size_t values = (size_t)outcome->n_values * sizeof(cm_metric_value);
    size_t scores = (size_t)outcome->item.n_scores * sizeof(double);
    char *flat = malloc(sizeof *outcome + values + scores);
    if (!flat) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the message of a result");
    memcpy(flat, outcome, sizeof *outcome);
    if (values) memcpy(flat + sizeof *outcome, outcome->item.values, values);
    if (scores) memcpy(flat + sizeof *outcome + values, outcome->item.scores, scores);
    *bytes = flat;
    *count = (int64_t)(sizeof *outcome + values + scores);
    return CM_OK;
}

static void *copy_of(const void *from, size_t bytes)
{
    void *to = malloc(bytes ? bytes : 1);
    if (to && bytes) memcpy(to, from, bytes);
    return to;
}

cm_status cm_outcome_unpack(const char *bytes, int64_t count, cm_outcome *out, cm_error *err)
{
    if (count < (int64_t)sizeof *out)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a result message is too short");
    memcpy(out, bytes, sizeof *out);
    out->item.values = NULL;
    out->item.scores = NULL;
    size_t values = (size_t)out->n_values * sizeof(cm_metric_value);
    size_t scores = (size_t)out->item.n_scores * sizeof(double);
    if (out->n_values < 0 || out->item.n_scores < 0 || (size_t)count != sizeof *out + values + scores)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a result message has the wrong length",
                       .why = cm_strf("%lld bytes for %d values and %d scores", (long long)count,
                                      out->n_values, out->item.n_scores)
                                  .s);
    out->item.values = copy_of(bytes + sizeof *out, values);
    out->item.scores = copy_of(bytes + sizeof *out + values, scores);
    if (!out->item.values || !out->item.scores) {
        cm_outcome_fini(out);
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a result");
    }
    return CM_OK;
}
