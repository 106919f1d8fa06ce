/* Values that share memory: views, the pieces of a Concat, and results written over their inputs. Every value
 * starts at offset 0 of a place of its own number; sharing moves whole places into others. */
#include "engine/model/alias.h"

typedef struct sharing {
    cm_plan *plan;
    cm_life *life;
    int32_t *first_in, *next; /* the values of each place: a list, -1 at its end */
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

static cm_place *place_of(const sharing *a, int32_t value)
{
    return &a->plan->places[a->plan->spots[value].place];
}

static void own_places(sharing *a)
{
    cm_plan *plan = a->plan;
    for (int64_t v = 0; v < plan->model->n_values; v++) {
        plan->spots[v] = (cm_spot){(int32_t)v, 0};
        a->first_in[v] = (int32_t)v;
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
    return a->plan->spots[value].offset == 0 && place_of(a, value)->bytes == a->life[value].bytes;
}

/* Everything in place `from` goes into place `to`, its start at `offset`. The place must be large enough. */
static void move_place(sharing *a, int32_t from, int32_t to, int64_t offset)
{
    int32_t last = -1;
    for (int32_t v = a->first_in[from]; v >= 0; v = a->next[v]) {
        a->plan->spots[v].place = to;
        a->plan->spots[v].offset += offset;
        last = v;
    }
    a->next[last] = a->first_in[to];
    a->first_in[to] = a->first_in[from];
    a->first_in[from] = -1;
    a->plan->places[from].kind = CM_PLACE_NONE;
}

static bool overlap(const sharing *a, int32_t v, int32_t w)
{
    const cm_spot *p = &a->plan->spots[v], *q = &a->plan->spots[w];
    return p->place == q->place && p->offset < q->offset + a->life[w].bytes &&
           q->offset < p->offset + a->life[v].bytes;
}

/* -- views -- */

static void follow_views(sharing *a)
{
    for (int64_t n = 0; n < a->plan->n_steps; n++) {
        const cm_step *s = &a->plan->steps[n];
        for (int i = 0; s->view_of >= 0 && i < s->n_y; i++) {
            if (s->y_value[i] < 0 || a->life[s->y_value[i]].last < 0) continue;
            const cm_spot at = a->plan->spots[s->x_value[s->view_of]];
            move_place(a, s->y_value[i], at.place, at.offset + (s->view_offset ? s->view_offset[i] : 0));
        }
    }
}

/* -- concatenations -- */

/* All inputs lie where they would be read from if the result were a view of them. */
static bool lies_in_order(const sharing *a, const cm_step *s)
{
    const cm_spot *first = s->x[0]->data ? NULL : &a->plan->spots[s->x_value[0]];
    int64_t at = first ? first->offset : 0;
    for (int i = 0; i < s->n_x; i++) {
        if (!first || s->x[i]->data) return false;
        const cm_spot *p = &a->plan->spots[s->x_value[i]];
        if (p->place != first->place || p->offset != at) return false;
        at += a->life[s->x_value[i]].bytes;
    }
    return true;
}

/* The inputs whose place can be a part of the result's are put there; the others stay and are copied. */
static void gather_pieces(sharing *a, const cm_step *s)
{
    const int32_t y = s->y_value[0];
    int64_t at = a->plan->spots[y].offset;
    if (fills_its_place(a, y) && lies_in_order(a, s)) {
        const cm_spot first = a->plan->spots[s->x_value[0]];
        move_place(a, a->plan->spots[y].place, first.place, first.offset);
        return;
    }
    for (int i = 0; i < s->n_x; i++) {
        const int32_t x = s->x_value[i];
        const bool known = s->x[i]->data != NULL;
        int64_t bytes = cm_tensor_count(s->x[i]) * cm_element_bytes(s->x[i]->element);
        if (!known && bytes > 0 && a->plan->spots[x].place != a->plan->spots[y].place &&
            place_of(a, x)->kind == CM_PLACE_ARENA && fills_its_place(a, x))
            move_place(a, a->plan->spots[x].place, a->plan->spots[y].place, at);
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

/* Input i of step n ends there with all that shares its bytes, and no other input lies in them. */
static bool dies(const sharing *a, const cm_step *s, int i, int64_t n)
{
    const int32_t x = s->x_value[i];
    if (s->x[i]->data || place_of(a, x)->kind != CM_PLACE_ARENA) return false;
    for (int j = 0; j < s->n_x; j++)
        if (s->x_value[j] >= 0 && s->x_value[j] != x && !s->x[j]->data && overlap(a, x, s->x_value[j]))
            return false;
    for (int32_t w = a->first_in[a->plan->spots[x].place]; w >= 0; w = a->next[w])
        if (a->life[w].last > n && overlap(a, x, w)) return false;
    return true;
}

static void write_over_inputs(sharing *a)
{
    for (int64_t n = 0; n < a->plan->n_steps; n++) {
        const cm_step *s = &a->plan->steps[n];
        const int32_t y = s->n_y ? s->y_value[0] : -1;
        if (s->view_of >= 0 || y < 0 || a->life[y].last < 0) continue;
        for (int i = 0; i < s->n_x && i < 32; i++) {
            if (!(s->may_alias >> i & 1) || s->x_value[i] < 0 || !dies(a, s, i, n)) continue;
            const cm_spot from = a->plan->spots[s->x_value[i]], to = a->plan->spots[y];
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
    if (!st) st = cm_memory_take(memory, n, sizeof *a.first_in, &a.first_in, err);
    if (!st) st = cm_memory_take(memory, n, sizeof *a.next, &a.next, err);
    if (!st) st = measure_lives(&a, err);
    if (st) return st;
    own_places(&a);
    follow_views(&a);
    if (!plan->plain) {
        join_pieces(&a);
        write_over_inputs(&a);
    }
    *life = a.life;
    return CM_OK;
}
