/* The memory of a plan, known before anything runs: what values share is settled (alias.c), then every place
 * gets an offset in one arena. A place is laid at the lowest offset where no two values that live at the same
 * time overlap; several orders are tried and the smallest arena is kept. */
#include <stdlib.h>
#include <string.h>

#include "engine/model/alias.h"
#include "engine/model/sweep.h"

/* Beyond these a place is laid as one block, and by a sweep through the steps, so that planning stays quick.
 */
enum { ALIGNMENT = 64, MOST_AREAS = 64, MOST_AREAS_IN_ALL = 8192 };

/* Bytes of a place that hold something between two steps. */
typedef struct area {
    int64_t offset, bytes; /* from the start of its place, or of the arena once laid */
    int64_t first, last;
} area;

/* A place to be laid: its areas, and for the order its size and life as a whole. */
typedef struct parcel {
    int32_t place;
    int64_t bytes, first, last, n_areas;
    area *areas;
} parcel;

typedef struct layout {
    cm_plan *plan;
    const cm_life *life;
    int64_t n, n_laid;
    parcel *parcels;
    int64_t *parcel_of; /* by place */
    area *areas, *laid; /* of the parcels; those that are laid, by offset */
    bool in_detail;
    int64_t *offset, *best; /* by place: of this order, of the best yet */
    int64_t arena;
} layout;

static int64_t align(int64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void use_output_array(cm_plan *plan)
{
    const cm_spot *spot = &plan->spots[plan->output_value];
    const cm_tensor *t = &plan->tensors[plan->output_value];
    cm_place *p = &plan->places[spot->place];
    if (p->kind == CM_PLACE_ARENA && spot->offset == 0 && t->element == CM_ELEMENT_F32 &&
        p->bytes == cm_tensor_count(t) * cm_element_bytes(t->element))
        p->kind = CM_PLACE_OUTPUT;
}

/* Scratch lives for its step only. Also what the weights of each step will take. */
static cm_status ask_cost(cm_plan *plan, cm_error *err)
{
    cm_status st = CM_OK;
    for (int64_t n = 0; !st && n < plan->n_steps; n++) {
        cm_step *s = &plan->steps[n];
        if (s->op->family->cost) st = s->op->family->cost(s, plan->backend, err);
        if (st) {
            cm_error_context(err, cm_node_where(s->node).s);
            return st;
        }
        if (s->scratch_bytes > 0)
            plan->places[plan->model->n_values + n] = (cm_place){CM_PLACE_ARENA, s->scratch_bytes, 0};
        plan->cost.weight_bytes += s->packed_bytes;
    }
    return st;
}

/* -- parcels -- */

static int by_start(const void *a, const void *b)
{
    const area *p = a, *q = b;
    if (p->offset != q->offset) return p->offset < q->offset ? -1 : 1;
    if (p->bytes != q->bytes) return p->bytes < q->bytes ? -1 : 1;
    return p->first < q->first ? -1 : p->first > q->first;
}

/* Areas of the same bytes that follow each other become one; too many become one about all of them. */
static void simplify(parcel *p, int64_t most)
{
    int64_t kept = 0;
    qsort(p->areas, (size_t)p->n_areas, sizeof *p->areas, by_start);
    for (int64_t i = 0; i < p->n_areas; i++) {
        const area a = p->areas[i];
        area *last = kept ? &p->areas[kept - 1] : NULL;
        if (last && last->offset == a.offset && last->bytes == a.bytes && a.first <= last->last + 1)
            last->last = a.last > last->last ? a.last : last->last;
        else
            p->areas[kept++] = a;
    }
    p->n_areas = kept;
    if (kept <= most) return;
    p->areas[0] = (area){0, p->bytes, p->first, p->last};
    p->n_areas = 1;
}

static cm_status take_lists(layout *l, cm_memory *memory, int64_t n, cm_error *err)
{
    cm_status st = cm_memory_take(memory, n, sizeof *l->parcels, &l->parcels, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *l->parcel_of, &l->parcel_of, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *l->areas, &l->areas, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *l->laid, &l->laid, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *l->offset, &l->offset, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *l->best, &l->best, err);
    return st;
}

/* The parcel of a value in the arena; NULL for others. */
static parcel *parcel_of(const layout *l, int64_t value)
{
    const int32_t place = l->plan->spots[value].place;
    const bool in_arena = l->life[value].last >= 0 && l->plan->places[place].kind == CM_PLACE_ARENA;
    return in_arena ? &l->parcels[l->parcel_of[place]] : NULL;
}

static void list_parcels(layout *l)
{
    cm_plan *plan = l->plan;
    const int64_t n_values = plan->model->n_values;
    for (int64_t i = 0; i < plan->n_places; i++) {
        cm_place *place = &plan->places[i];
        if (place->kind != CM_PLACE_ARENA) continue;
        place->bytes = align(place->bytes);
        l->parcel_of[i] = l->n;
        parcel *p = &l->parcels[l->n++];
        *p = (parcel){.place = (int32_t)i, .bytes = place->bytes, .first = INT64_MAX, .last = -1};
        if (i < n_values) continue;
        p->first = p->last = i - n_values; /* scratch */
        p->n_areas = 1;
    }
    for (int64_t v = 0; v < n_values; v++)
        if (parcel_of(l, v)) parcel_of(l, v)->n_areas++;
}

static void list_areas(layout *l)
{
    area *next = l->areas;
    for (int64_t i = 0; i < l->n; i++) { /* a piece of the list for each */
        parcel *p = &l->parcels[i];
        p->areas = next;
        next += p->n_areas;
        p->n_areas = 0;
        if (p->last >= 0) p->areas[p->n_areas++] = (area){0, p->bytes, p->first, p->last};
    }
    for (int64_t v = 0; v < l->plan->model->n_values; v++) {
        parcel *p = parcel_of(l, v);
        if (!p) continue;
        const cm_life *life = &l->life[v];
        p->areas[p->n_areas++] = (area){l->plan->spots[v].offset, life->bytes, life->first, life->last};
        p->first = life->first < p->first ? life->first : p->first;
        p->last = life->last > p->last ? life->last : p->last;
    }
    int64_t total = 0;
    for (int64_t i = 0; i < l->n; i++) {
        simplify(&l->parcels[i], MOST_AREAS);
        total += l->parcels[i].n_areas;
    }
    l->in_detail = total <= MOST_AREAS_IN_ALL;
    for (int64_t i = 0; i < l->n && !l->in_detail; i++)
        simplify(&l->parcels[i], 1);
}

/* -- orders in which parcels are laid -- */

static int tie(const parcel *p, const parcel *q)
{
    return p->place < q->place ? -1 : p->place > q->place; /* does not depend on qsort */
}

static int larger_first(const void *a, const void *b)
{
    const parcel *p = a, *q = b;
    if (p->bytes != q->bytes) return p->bytes > q->bytes ? -1 : 1;
    return tie(p, q);
}

static int bulkier_first(const void *a, const void *b) /* bytes times steps */
{
    const parcel *p = a, *q = b;
    const double vp = (double)p->bytes * (double)(p->last - p->first + 1);
    const double vq = (double)q->bytes * (double)(q->last - q->first + 1);
    if (vp != vq) return vp > vq ? -1 : 1;
    return tie(p, q);
}

static int earlier_first(const void *a, const void *b)
{
    const parcel *p = a, *q = b;
    if (p->first != q->first) return p->first < q->first ? -1 : 1;
    return larger_first(a, b);
}

/* -- laying -- */

/* Offset at or above `at` where area g of a parcel meets nothing that is laid. */
static int64_t clear_of(const layout *l, const area *g, int64_t at)
{
    for (int64_t i = 0; i < l->n_laid; i++) {
        const area *other = &l->laid[i];
        if (other->first > g->last || other->last < g->first) continue;
        if (other->offset >= at + g->offset + g->bytes) break; /* by offset: nor do the others */
        const int64_t end = other->offset + other->bytes - g->offset;
        if (end > at) at = align(end);
    }
    return at;
}

static void lay(layout *l, const parcel *p)
{
    int64_t at = 0, before = -1;
    while (at != before) {
        before = at;
        for (int64_t i = 0; i < p->n_areas; i++)
            at = clear_of(l, &p->areas[i], at);
    }
    l->offset[p->place] = at;
    if (at + p->bytes > l->arena) l->arena = at + p->bytes;
    for (int64_t i = 0; i < p->n_areas; i++) {
        area a = p->areas[i];
        a.offset += at;
        int64_t to = l->n_laid++;
        for (; to > 0 && l->laid[to - 1].offset > a.offset; to--)
            l->laid[to] = l->laid[to - 1];
        l->laid[to] = a;
    }
}

static cm_status over_memory(const cm_plan *plan, double bytes, cm_error *err)
{
    return CM_FAIL(
        err, CM_ERR_LIMIT, .what = "the model would need more memory than is allowed",
        .why = cm_strf("%.4g bytes planned, at most %.4g", bytes, (double)plan->limits.memory_bytes).s,
        .next = "Use a smaller window, or raise the limit (docs/limits.md)");
}

/* Offsets cannot overflow: each parcel lies below the sum of all, and that is checked first. */
static cm_status check_sum(const layout *l, cm_error *err)
{
    double sum = 0;
    for (int64_t i = 0; i < l->n; i++)
        sum += (double)l->parcels[i].bytes;
    return sum < 0x1p60 ? CM_OK : over_memory(l->plan, sum, err);
}

static void try_orders(layout *l)
{
    static int (*const orders[])(const void *, const void *) = {larger_first, bulkier_first, earlier_first};
    cm_plan *plan = l->plan;
    plan->cost.arena_bytes = INT64_MAX;
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        qsort(l->parcels, (size_t)l->n, sizeof *l->parcels, orders[o]);
        l->n_laid = l->arena = 0;
        for (int64_t i = 0; i < l->n; i++)
            lay(l, &l->parcels[i]);
        if (l->arena >= plan->cost.arena_bytes) continue;
        plan->cost.arena_bytes = l->arena;
        memcpy(l->best, l->offset, (size_t)plan->n_places * sizeof *l->best);
    }
    for (int64_t i = 0; i < plan->n_places; i++)
        plan->places[i].offset = l->best[i];
}

static cm_status lay_by_sweep(layout *l, cm_memory *scratch, cm_error *err)
{
    cm_block *blocks = NULL;
    int64_t n = 0;
    cm_status st = cm_memory_take(scratch, l->n, sizeof *blocks, &blocks, err);
    for (int64_t i = 0; !st && i < l->n; i++) {
        const parcel *p = &l->parcels[i];
        if (p->bytes > 0) blocks[n++] = (cm_block){p->bytes, p->first, p->last, p->place, 0};
    }
    if (!st) st = cm_sweep(blocks, n, scratch, &l->plan->cost.arena_bytes, err);
    for (int64_t i = 0; !st && i < n; i++)
        l->plan->places[blocks[i].number].offset = blocks[i].offset;
    return st;
}

static cm_status lay_out(layout *l, cm_memory *scratch, cm_error *err)
{
    cm_status st = check_sum(l, err);
    if (!st && l->in_detail)
        try_orders(l);
    else if (!st)
        st = lay_by_sweep(l, scratch, err);
    return st;
}

cm_status cm_plan_place(cm_plan *plan, cm_error *err)
{
    cm_memory scratch = {0};
    cm_life *life = NULL;
    const int64_t n_values = plan->model->n_values;
    plan->n_places = n_values + plan->n_steps;
    cm_status st = cm_memory_take(&plan->memory, plan->n_places, sizeof *plan->places, &plan->places, err);
    if (!st) st = cm_memory_take(&plan->memory, n_values, sizeof *plan->spots, &plan->spots, err);
    if (!st) st = cm_plan_alias(plan, &scratch, &life, err);
    if (!st) use_output_array(plan);
    if (!st) st = ask_cost(plan, err);
    layout l = {.plan = plan, .life = life};
    if (!st) st = take_lists(&l, &scratch, plan->n_places, err);
    if (!st) {
        list_parcels(&l);
        list_areas(&l);
        st = lay_out(&l, &scratch, err);
    }
    plan->cost.weight_bytes += plan->memory.held + plan->model->memory.held; /* constants among it */
    const double total = (double)plan->cost.weight_bytes + (double)plan->cost.arena_bytes;
    if (!st && total > (double)plan->limits.memory_bytes) st = over_memory(plan, total, err);
    cm_memory_fini(&scratch);
    return st;
}
