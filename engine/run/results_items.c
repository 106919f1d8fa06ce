/* The items of a run in memory: plain arrays, so that millions of them stay small. */
#include <stdlib.h>
#include <string.h>

#include "engine/run/item.h"

static cm_status no_room(const cm_results *r, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the items",
                   .why = cm_strf("%d tools, %lld cases, %d targets, %d metrics", r->n_tools,
                                  (long long)r->n_cases, r->bench->n_targets, r->bench->n_metrics)
                              .s);
}

cm_status cm_results_reserve(cm_results *r, cm_error *err)
{
    const bool classes = r->bench->task == CM_TASK_CLASSIFICATION;
    r->places = (int64_t)r->bench->n_targets * r->bench->n_metrics;
    const int64_t each = classes ? r->cohort.n_labels : r->places;
    int64_t items, numbers, bytes;
    if (!cm_mul_i64(r->n_tools, r->n_cases, &items) || !cm_mul_i64(items, each, &numbers) ||
        !cm_mul_i64(numbers, (int64_t)sizeof *r->value, &bytes) ||
        !cm_mul_i64(items, (int64_t)sizeof *r->items, &bytes))
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "more items than can be counted",
                       .why = cm_strf("%d tools, %lld cases", r->n_tools, (long long)r->n_cases).s);
    r->items = calloc((size_t)items + 1, sizeof *r->items);
    if (classes) {
        r->scores = calloc((size_t)numbers + 1, sizeof *r->scores);
        r->decided = calloc((size_t)items + 1, sizeof *r->decided);
    } else {
        r->value = calloc((size_t)numbers + 1, sizeof *r->value);
        r->value_kind = calloc((size_t)numbers + 1, sizeof *r->value_kind);
    }
    if (!r->items || (classes ? !r->scores || !r->decided : !r->value || !r->value_kind))
        return no_room(r, err);
    for (int64_t k = 0; k < items; k++)
        r->items[k].shard = -1;
    return CM_OK;
}

void cm_results_free_items(cm_results *r)
{
    for (int64_t k = 0; r->evidence && k < r->n_tools * r->n_cases; k++)
        cm_evidence_free(r->evidence[k], r->places);
    free(r->evidence);
    free(r->items);
    free(r->value);
    free(r->value_kind);
    free(r->scores);
    free(r->decided);
    free(r->reasons);
}

/* FNV-1a; which texts share a slot matters to nobody. */
static size_t slot_of(const char *text, size_t slots)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash % slots;
}

static cm_status make_room(cm_results *r, int64_t bytes, cm_error *err)
{
    if (r->reason_bytes + bytes > UINT32_MAX)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the reasons of failures are too long together",
                       .why = "more than 4 GiB");
    if (r->reason_bytes + bytes <= r->reason_room) return CM_OK;
    const int64_t room = 2 * (r->reason_bytes + bytes) + 4096;
    char *more = realloc(r->reasons, (size_t)room);
    if (!more) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the reason of a failure");
    r->reasons = more;
    r->reason_room = room;
    return CM_OK;
}

cm_status cm_results_set_reason(cm_results *r, cm_item *item, const char *reason, cm_error *err)
{
    const int64_t bytes = (int64_t)strlen(reason) + 1;
    item->reason = 0;
    if (!reason[0]) return CM_OK;
    uint32_t *recent = &r->recent_reason[slot_of(reason, sizeof r->recent_reason / sizeof(uint32_t))];
    if (!*recent || strcmp(r->reasons + *recent, reason) != 0) {
        const cm_status st = make_room(r, bytes + 1, err);
        if (st) return st;
        if (r->reason_bytes == 0) r->reasons[r->reason_bytes++] = '\0';
        *recent = (uint32_t)r->reason_bytes;
        memcpy(r->reasons + r->reason_bytes, reason, (size_t)bytes);
        r->reason_bytes += bytes;
    }
    item->reason = *recent;
    return CM_OK;
}

cm_status cm_results_set_evidence(cm_results *r, int tool, int64_t case_index, cm_evidence *evidence,
                                  cm_error *err)
{
    if (!r->evidence) r->evidence = calloc((size_t)(r->n_tools * r->n_cases) + 1, sizeof *r->evidence);
    if (!r->evidence) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the evidence of a metric");
    r->evidence[tool * r->n_cases + case_index] = evidence;
    return CM_OK;
}

/* The first number of any tool's evidence stands for an empty prediction (metrics/gathered.h). */
bool cm_results_evidence(const cm_results *r, int tool, int64_t case_index, int place, cm_evidence *out,
                         bool *substituted)
{
    for (int k = -1; r->evidence && k < r->n_tools; k++) {
        const int64_t at = (k < 0 ? tool : k) * r->n_cases + case_index;
        const cm_evidence *evidence = r->evidence[at];
        if (r->items[at].state != CM_ITEM_OK || !evidence || !evidence[place].n) continue;
        *out = evidence[place];
        *substituted = k >= 0;
        if (k < 0) return true;
        out->n = 1;
        return r->bench->policies.missing != CM_POLICY_EXCLUDE;
    }
    return false;
}
