/* First fit in the order of time, for plans of so many values that trying several orders would take too long.
 */
#include "engine/model/sweep.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct hole {
    int64_t offset, bytes;
} hole;

typedef struct sweep {
    hole *holes; /* by offset, no two adjacent */
    int64_t n_holes, end;
} sweep;

static int by_first(const void *a, const void *b)
{
    const cm_block *p = a, *q = b;
    if (p->first != q->first) return p->first < q->first ? -1 : 1;
    if (p->bytes != q->bytes) return p->bytes > q->bytes ? -1 : 1;
    return p->number < q->number ? -1 : p->number > q->number;
}

static int by_last(const void *a, const void *b)
{
    const cm_block *p = *(cm_block *const *)a, *q = *(cm_block *const *)b;
    if (p->last != q->last) return p->last < q->last ? -1 : 1;
    return p->number < q->number ? -1 : p->number > q->number;
}

static void remove_hole(sweep *s, int64_t i)
{
    s->n_holes--;
    memmove(&s->holes[i], &s->holes[i + 1], (size_t)(s->n_holes - i) * sizeof *s->holes);
}

static int64_t take(sweep *s, int64_t bytes)
{
    for (int64_t i = 0; i < s->n_holes; i++) {
        hole *h = &s->holes[i];
        if (h->bytes < bytes) continue;
        const int64_t at = h->offset;
        h->offset += bytes;
        h->bytes -= bytes;
        if (!h->bytes) remove_hole(s, i);
        return at;
    }
    s->end += bytes;
    return s->end - bytes;
}

static void give_back(sweep *s, const cm_block *b)
{
    int64_t low = 0, high = s->n_holes; /* the first hole behind b */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->holes[middle].offset < b->offset)
            low = middle + 1;
        else
            high = middle;
    }
    hole *before = low > 0 ? &s->holes[low - 1] : NULL;
    hole *after = low < s->n_holes ? &s->holes[low] : NULL;
    const bool joins_before = before && before->offset + before->bytes == b->offset;
    if (after && b->offset + b->bytes == after->offset) {
        after->offset -= b->bytes;
        after->bytes += b->bytes;
        if (!joins_before) return;
        before->bytes += after->bytes;
        remove_hole(s, low);
    } else if (joins_before) {
        before->bytes += b->bytes;
    } else {
        memmove(&s->holes[low + 1], &s->holes[low], (size_t)(s->n_holes - low) * sizeof *s->holes);
        s->holes[low] = (hole){b->offset, b->bytes};
        s->n_holes++;
    }
}

cm_status cm_sweep(cm_block *blocks, int64_t n, cm_memory *scratch, int64_t *end, cm_error *err)
{
    sweep s = {0};
    cm_block **ending = NULL;
    cm_status st = cm_memory_take(scratch, n + 1, sizeof *s.holes, &s.holes, err);
    if (!st) st = cm_memory_take(scratch, n, sizeof *ending, &ending, err);
    if (st) return st;
    qsort(blocks, (size_t)n, sizeof *blocks, by_first);
    for (int64_t i = 0; i < n; i++)
        ending[i] = &blocks[i];
    qsort(ending, (size_t)n, sizeof *ending, by_last);
    int64_t ended = 0;
    for (int64_t i = 0; i < n; i++) {
        for (; ending[ended]->last < blocks[i].first; ended++)
            give_back(&s, ending[ended]);
        blocks[i].offset = take(&s, blocks[i].bytes);
    }
    *end = s.end;
    return CM_OK;
}
