/* Values that share memory: views, the pieces of a Concat, and results written over their inputs. Every value
 * starts at offset 0 of a place of its own number; sharing moves whole places into others. A move is one link
 * and one joining of lists, and a value that is dead leaves its list, so that long chains take no longer per
 * step than short ones. */
#include "engine/model/alias.h"

/* Where a place was moved to. */
typedef struct forward {
    int32_t into; /* -1: it is still a place of its own */
    int64_t offset;
} forward;

/* The values of a place, linked by sharing.next; -1 and -1 when there is none. */
typedef struct list {
    int32_t first, last;
} list;

typedef struct sharing {
    cm_plan *plan;
    cm_life *life;
    forward *forwards; /* by place */
    list *lists;       /* by place */
    int32_t *next;     /* by value, -1 at the end of a list */
} sharing;

/* -- lives -- */

static cm_status measure_lives(sharing *a, cm_error *err)
{
    cm_plan *plan = a->plan;
    const int64_t n_values = plan->model->n_values;
    for (int64_t v = 0; v < n_values; v++)
        a->life[v].last = -1;
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        for (int i = 0; i < s->n_x; i++)
            if (s->x_value[i] >= 0 && !s->x[i]->data) a->life[s->x_value[i]].last = n;
    }
    if (!plan->tensors[plan->output_value].data) a->life[plan->output_value].last = plan->n_steps;
    cm_status st = cm_plan_check_tensor(&plan->limits, &plan->tensors[plan->input_value],
                                        &a->life[plan->input_value].bytes, err);
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        for (int i = 0; !st && i < s->n_y; i++) {
            if (s->y_value[i] < 0 || a->life[s->y_value[i]].last < 0) continue;
            a->life[s->y_value[i]].first = n;
            st = cm_plan_check_tensor(&plan->limits, s->y[i], &a->life[s->y_value[i]].bytes, err);
        }
    }
    return st;
}

/* -- places -- */

/* Where a value lies now. The forwards on the way are shortened to one. */
static cm_spot spot_of(const sharing *a, int32_t value)
{
    cm_spot at = {value, 0};
    while (a->forwards[at.place].into >= 0) {
        at.offset += a->forwards[at.place].offset;
        at.place = a->forwards[at.place].into;
    }
    int64_t offset = at.offset;
    for (int32_t p = value; p != at.place;) {
        const forward old = a->forwards[p];
        a->forwards[p] = (forward){at.place, offset};
        offset -= old.offset;
        p = old.into;
    }
    return at;
}

static cm_place *place_of(const sharing *a, int32_t value)
{
    return &a->plan->places[spot_of(a, value).place];
}

static void own_places(sharing *a)
{
    cm_plan *plan = a->plan;
    for (int64_t v = 0; v < plan->model->n_values; v++) {
        a->forwards[v] = (forward){-1, 0};
        a->lists[v] = (list){(int32_t)v, (int32_t)v};
        a->next[v] = -1;
        if (a->life[v].last < 0) continue; /* nobody reads it, or its content is known */
        plan->places[v].kind = CM_PLACE_ARENA;
        plan->places[v].bytes = a->life[v].bytes;
    }
    const bool as_is = plan->tensors[plan->input_value].element == CM_ELEMENT_F32;
    if (as_is) plan->places[plan->input_value].kind = CM_PLACE_INPUT; /* else converted into the arena */
}

/* The place that `value` lies in is that value and what shows it, nothing more. */
static bool fills_its_place(const sharing *a, int32_t value)
{
    const cm_spot at = spot_of(a, value);
    return at.offset == 0 && a->plan->places[at.place].bytes == a->life[value].bytes;
}

/* Everything in place `from` goes into place `to`, its start at `offset`. The place must be large enough. */
static void move_place(sharing *a, int32_t from, int32_t to, int64_t offset)
{
    list *source = &a->lists[from], *target = &a->lists[to];
    if (target->first < 0)
        *target = *source;
    else if (source->first >= 0) {
        a->next[source->last] = target->first;
        target->first = source->first;
    }
    *source = (list){-1, -1};
    a->forwards[from] = (forward){to, offset};
    a->plan->places[from].kind = CM_PLACE_NONE;
}

static bool overlap(const sharing *a, int32_t v, int32_t w)
{
    const cm_spot p = spot_of(a, v), q = spot_of(a, w);
    return p.place == q.place && p.offset < q.offset + a->life[w].bytes &&
           q.offset < p.offset + a->life[v].bytes;
}

/* -- views -- */

static void follow_views(sharing *a)
{
    for (int64_t n = 0; n < a->plan->n_steps; n++) {
        const cm_step *s = &a->plan->steps[n];
        for (int i = 0; s->view_of >= 0 && i < s->n_y; i++) {
            if (s->y_value[i] < 0 || a->life[s->y_value[i]].last < 0) continue;
            const cm_spot at = spot_of(a, s->x_value[s->view_of]);
            move_place(a, s->y_value[i], at.place, at.offset + (s->view_offset ? s->view_offset[i] : 0));
        }
    }
}

/* -- concatenations -- */

/* All inputs lie where they would be read from if the result were a view of them. */
static bool lies_in_order(const sharing *a, const cm_step *s)
{
    if (!s->n_x || s->x[0]->data) return false;
    const cm_spot first = spot_of(a, s->x_value[0]);
    int64_t at = first.offset;
    for (int i = 0; i < s->n_x; i++) {
        if (s->x[i]->data) return false;
        const cm_spot p = spot_of(a, s->x_value[i]);
        if (p.place != first.place || p.offset != at) return false;
        at += a->life[s->x_value[i]].bytes;
    }
    return true;
}

/* The inputs whose place can be a part of the result's are put there; the others stay and are copied. */
static void gather_pieces(sharing *a, const cm_step *s)
{
    const int32_t y = s->y_value[0];
    const cm_spot whole = spot_of(a, y);
    int64_t at = whole.offset;
    if (fills_its_place(a, y) && lies_in_order(a, s)) {
        const cm_spot first = spot_of(a, s->x_value[0]);
        move_place(a, whole.place, first.place, first.offset);
        return;
    }
    for (int i = 0; i < s->n_x; i++) {
        const int32_t x = s->x_value[i];
        const bool known = s->x[i]->data != NULL;
        int64_t bytes = cm_tensor_count(s->x[i]) * cm_element_bytes(s->x[i]->element);
        const int32_t place = known ? -1 : spot_of(a, x).place;
        if (!known && bytes > 0 && place != whole.place && a->plan->places[place].kind == CM_PLACE_ARENA &&
            fills_its_place(a, x))
            move_place(a, place, whole.place, at);
        at += bytes;
    }
}

/* From the last to the first, so that what is joined several times, each time with more behind it, ends up in
 * the largest result and the earlier ones are views of its beginning. */
static void join_pieces(sharing *a)
{
    for (int64_t n = a->plan->n_steps - 1; n >= 0; n--) {
        const cm_step *s = &a->plan->steps[n];
        if (s->joins && s->view_of < 0 && s->y_value[0] >= 0 && a->life[s->y_value[0]].last >= 0 &&
            a->life[s->y_value[0]].bytes > 0)
            gather_pieces(a, s);
    }
}

/* -- results over inputs -- */

/* Whether a value in the place of x is read after step n and shares bytes with x. Steps come in order: what
 * is dead now stays dead, and leaves the list. */
static bool outlived(sharing *a, int32_t x, int64_t n)
{
    list *l = &a->lists[spot_of(a, x).place];
    int32_t before = -1;
    for (int32_t w = l->first; w >= 0; w = a->next[w]) {
        if (a->life[w].last > n) {
            if (overlap(a, x, w)) return true;
            before = w;
            continue;
        }
        *(before < 0 ? &l->first : &a->next[before]) = a->next[w];
        if (l->last == w) l->last = before;
    }
    return false;
}

/* Input i of step n ends there with all that shares its bytes, and no other input lies in them. */
static bool dies(sharing *a, const cm_step *s, int i, int64_t n)
{
    const int32_t x = s->x_value[i];
    if (s->x[i]->data || place_of(a, x)->kind != CM_PLACE_ARENA) return false;
    for (int j = 0; j < s->n_x; j++)
        if (s->x_value[j] >= 0 && s->x_value[j] != x && !s->x[j]->data && overlap(a, x, s->x_value[j]))
            return false;
    return !outlived(a, x, n);
}

static void write_over_inputs(sharing *a)
{
    for (int64_t n = 0; n < a->plan->n_steps; n++) {
        const cm_step *s = &a->plan->steps[n];
        const int32_t y = s->n_y ? s->y_value[0] : -1;
        if (s->view_of >= 0 || y < 0 || a->life[y].last < 0) continue;
        for (int i = 0; i < s->n_x && i < 32; i++) {
            if (!(s->may_alias >> i & 1) || s->x_value[i] < 0 || !dies(a, s, i, n)) continue;
            const cm_spot from = spot_of(a, s->x_value[i]), to = spot_of(a, y);
            if (from.place == to.place || a->life[s->x_value[i]].bytes != a->life[y].bytes) continue;
            if (fills_its_place(a, y))
                move_place(a, to.place, from.place, from.offset);
            else if (fills_its_place(a, s->x_value[i])) /* y is a piece of a Concat: only it lies there yet */
                move_place(a, from.place, to.place, to.offset);
            else
                continue;
            break;
        }
    }
}

cm_status cm_plan_alias(cm_plan *plan, cm_memory *memory, cm_life **life, cm_error *err)
{
    sharing a = {.plan = plan};
    const int64_t n = plan->model->n_values;
    cm_status st = cm_memory_take(memory, n, sizeof *a.life, &a.life, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *a.forwards, &a.forwards, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *a.lists, &a.lists, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *a.next, &a.next, err);
    if (!st) st = measure_lives(&a, err);
    if (st) return st;
    own_places(&a);
    follow_views(&a);
    if (!plan->plain) {
        join_pieces(&a);
        write_over_inputs(&a);
    }
    for (int64_t v = 0; v < n; v++)
        plan->spots[v] = spot_of(&a, (int32_t)v);
    *life = a.life;
    return CM_OK;
}
