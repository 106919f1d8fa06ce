/* The evidence of a run: short lists of numbers, millions of them, one behind the other in large blocks. */
#include <stdlib.h>
#include <string.h>

#include "engine/run/results.h"

/* Doubles of a block; a list that is longer has a block of its own. */
enum { BLOCK = 4 << 20 };

struct cm_evidence_store {
    cm_spill_rule rule; /* its folder is ours */
    int64_t bytes;      /* taken so far */
    int64_t places;
    cm_spill **index;  /* [places], each NULL or uint64_t[n_tools][n_cases]: where a list begins, see locate;
                          0: none */
    cm_spill **blocks; /* a list: its length, and its numbers */
    int64_t n_blocks, room, used; /* of the last block, in doubles */
};

static cm_status no_memory(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the evidence of a metric");
}

cm_status cm_results_reserve_evidence(cm_results *r, const cm_spill_rule *spill, cm_error *err)
{
    cm_evidence_store *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    r->evidence = s;
    s->places = r->places;
    s->index = calloc((size_t)r->places + 1, sizeof(cm_spill *));
    if (!s->index) return no_memory(err);
    if (!spill || !spill->folder) return CM_OK;
    s->rule = (cm_spill_rule){strdup(spill->folder), spill->most_in_memory};
    return s->rule.folder ? CM_OK : no_memory(err);
}

void cm_results_free_evidence(cm_results *r)
{
    cm_evidence_store *s = r->evidence;
    if (!s) return;
    for (int64_t p = 0; s->index && p < s->places; p++)
        cm_spill_destroy(s->index[p]);
    for (int64_t b = 0; b < s->n_blocks; b++)
        cm_spill_destroy(s->blocks[b]);
    free(s->index);
    free(s->blocks);
    free((char *)s->rule.folder);
    free(s);
    r->evidence = NULL;
}

void cm_results_release_evidence(const cm_results *r)
{
    const cm_evidence_store *s = r->evidence;
    for (int64_t p = 0; s && p < s->places; p++)
        cm_spill_release(s->index[p]);
    for (int64_t b = 0; s && b < s->n_blocks; b++)
        cm_spill_release(s->blocks[b]);
}

static cm_status take(cm_evidence_store *s, int64_t bytes, cm_spill **out, cm_error *err)
{
    s->bytes += bytes;
    return cm_spill_create(s->bytes > s->rule.most_in_memory ? s->rule.folder : NULL, bytes, out, err);
}

/* Room for a list of n numbers and its length, in the last block. */
static cm_status make_room(cm_evidence_store *s, int64_t n, cm_error *err)
{
    if (s->n_blocks > 0 && s->room - s->used > n) return CM_OK;
    if (n > UINT32_MAX - 1 || s->n_blocks >= UINT32_MAX - 1)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "more evidence of a metric than can be held");
    cm_spill **more = realloc(s->blocks, ((size_t)s->n_blocks + 1) * sizeof(cm_spill *));
    if (!more) return no_memory(err);
    s->blocks = more;
    const int64_t room = n < BLOCK ? BLOCK : n + 1;
    const cm_status st = take(s, room * (int64_t)sizeof(double), &s->blocks[s->n_blocks], err);
    if (st) return st;
    s->n_blocks++;
    s->room = room;
    s->used = 0;
    return CM_OK;
}

cm_status cm_results_set_evidence(cm_results *r, int tool, int64_t case_index, int place, const void *numbers,
                                  int64_t n, cm_error *err)
{
    cm_evidence_store *s = r->evidence;
    if (n == 0) return CM_OK;
    cm_status st = CM_OK;
    if (!s->index[place])
        st = take(s, r->n_tools * r->n_cases * (int64_t)sizeof(uint64_t), &s->index[place], err);
    if (!st) st = make_room(s, n, err);
    if (st) return st;
    double *to = (double *)cm_spill_memory(s->blocks[s->n_blocks - 1]) + s->used;
    to[0] = (double)n;
    memcpy(to + 1, numbers, (size_t)n * sizeof *to);
    uint64_t *index = cm_spill_memory(s->index[place]);
    index[tool * r->n_cases + case_index] = (uint64_t)s->n_blocks << 32 | (uint64_t)s->used;
    s->used += n + 1;
    return CM_OK;
}

/* The numbers of an item, n = 0 where it has none. */
static cm_evidence locate(const cm_results *r, int place, int64_t item)
{
    const cm_evidence_store *s = r->evidence;
    if (!s || !s->index[place]) return (cm_evidence){0};
    const uint64_t at = ((const uint64_t *)cm_spill_memory(s->index[place]))[item];
    if (at == 0) return (cm_evidence){0};
    double *list = (double *)cm_spill_memory(s->blocks[(at >> 32) - 1]) + (at & UINT32_MAX);
    return (cm_evidence){.n = (int64_t)list[0], .x = list + 1};
}

/* The first number of any tool's evidence stands for an empty prediction (metrics/gathered.h). */
bool cm_results_evidence(const cm_results *r, int tool, int64_t case_index, int place, cm_evidence *out,
                         bool *substituted)
{
    for (int k = -1; k < r->n_tools; k++) {
        const int64_t item = (k < 0 ? tool : k) * r->n_cases + case_index;
        if (r->items[item].state != CM_ITEM_OK) continue;
        const cm_evidence evidence = locate(r, place, item);
        if (!evidence.n) continue;
        *out = evidence;
        *substituted = k >= 0;
        if (k < 0) return true;
        out->n = 1;
        return r->bench->policies.missing != CM_POLICY_EXCLUDE;
    }
    return false;
}
