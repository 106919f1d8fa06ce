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

cm_status cm_results_reserve(cm_results *r, const cm_spill_rule *spill, cm_error *err)
{
    const bool classes = r->bench->task == CM_TASK_CLASSIFICATION;
    r->places = (int64_t)r->bench->n_targets * r->bench->n_metrics;
    const int64_t each = classes ? r->cohort.n_labels : r->places;
    const int64_t beside = classes ? (int64_t)sizeof *r->decided : each; /* bytes per item */
    int64_t items, all;
    if (!cm_mul_i64(r->n_tools, r->n_cases, &items) ||
        !cm_mul_i64(items, each * (int64_t)sizeof(double) + beside + (int64_t)sizeof *r->items, &all) ||
        all > INT64_MAX / 2)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "more items than can be counted",
                       .why = cm_strf("%d tools, %lld cases", r->n_tools, (long long)r->n_cases).s);
    const char *folder = spill && all > spill->most_in_memory ? spill->folder : NULL;
    const int64_t bytes[] = {(items + 1) * (int64_t)sizeof *r->items,
                             (items * each + 1) * (int64_t)sizeof(double), items * beside + 4};
    cm_error own = {0};
    cm_status st = CM_OK;
    for (int k = 0; k < 3 && !st; k++)
        st = cm_spill_create(folder, bytes[k], &r->store[k], &own);
    if (st == CM_ERR_NOMEM) return no_room(r, err);
    if (st) {
        if (err) *err = own;
        return st;
    }
    r->items = cm_spill_memory(r->store[0]);
    *(classes ? &r->scores : &r->value) = cm_spill_memory(r->store[1]);
    if (classes)
        r->decided = cm_spill_memory(r->store[2]);
    else
        r->value_kind = cm_spill_memory(r->store[2]);
    for (int t = 0; t < r->n_tools; t++) {
        for (int64_t i = 0; i < r->n_cases; i++)
            cm_results_item(r, t, i)->shard = -1;
        cm_results_release(r);
    }
    return cm_results_reserve_evidence(r, spill, err);
}

void cm_results_release(const cm_results *r)
{
    for (int k = 0; k < 3; k++)
        cm_spill_release(r->store[k]);
    cm_results_release_evidence(r);
}

void cm_results_free_items(cm_results *r)
{
    cm_results_free_evidence(r);
    for (int k = 0; k < 3; k++)
        cm_spill_destroy(r->store[k]);
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
