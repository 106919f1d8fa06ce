/* The memory of a plan, known before anything runs. Views share the place of what they show; a step may write
 * over an input that nobody reads after it; all other places are laid into one arena, largest first, each at
 * the lowest offset that is free while it lives. */
#include "engine/model/plan.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static int64_t align(int64_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Every value starts with a place of its own number; views then take their source's. */
static void follow_views(cm_plan *plan)
{
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        if (s->view_of >= 0) plan->place_of[s->y_value[0]] = plan->place_of[s->x_value[s->view_of]];
    }
}

static void measure_lives(cm_plan *plan)
{
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        for (int i = 0; i < s->n_x; i++)
            if (s->x_value[i] >= 0 && !s->x[i]->data) plan->places[plan->place_of[s->x_value[i]]].last = n;
    }
    plan->places[plan->place_of[plan->output_value]].last = plan->n_steps;
}

/* An input of step n whose place the output can take: it dies here, and no other input is a view of it. */
static int input_to_overwrite(const cm_plan *plan, const cm_step *s, int64_t n)
{
    for (int i = 0; i < s->n_x && i < 32; i++) {
        if (!(s->may_alias >> i & 1) || s->x[i]->data) continue;
        const int32_t place = plan->place_of[s->x_value[i]];
        bool alone = plan->places[place].kind == CM_PLACE_ARENA && plan->places[place].last == n;
        for (int j = 0; j < s->n_x; j++)
            if (s->x_value[j] >= 0 && s->x_value[j] != s->x_value[i] &&
                plan->place_of[s->x_value[j]] == place)
                alone = false;
        if (alone) return i;
    }
    return -1;
}

/* place_of of views must follow when their source's value moves into another place: `moved` maps the place a
 * value was born with to where it went. */
static cm_status give_places(cm_plan *plan, cm_memory *memory, cm_error *err)
{
    int32_t *moved = NULL;
    const int64_t n_values = plan->model->n_values;
    cm_status st = cm_memory_take(memory, n_values, sizeof *moved, &moved, err);
    if (st) return st;
    for (int64_t v = 0; v < n_values; v++)
        moved[v] = (int32_t)v;
    cm_place *input = &plan->places[plan->input_value];
    const bool as_is = plan->tensors[plan->input_value].element == CM_ELEMENT_F32;
    input->kind = as_is ? CM_PLACE_INPUT : CM_PLACE_ARENA; /* else it is converted into the arena */
    st = cm_plan_check_tensor(&plan->limits, &plan->tensors[plan->input_value], &input->bytes, err);
    for (int64_t n = 0; !st && n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        for (int i = 0; i < s->n_x; i++) /* inputs' places as they are now */
            if (s->x_value[i] >= 0) plan->place_of[s->x_value[i]] = moved[plan->place_of[s->x_value[i]]];
        const int over = s->view_of < 0 ? input_to_overwrite(plan, s, n) : -1;
        for (int i = 0; !st && s->view_of < 0 && i < s->n_y; i++) {
            if (s->y_value[i] < 0 || plan->places[s->y_value[i]].last < 0) continue; /* nobody reads it */
            cm_place *own = &plan->places[s->y_value[i]];
            st = cm_plan_check_tensor(&plan->limits, s->y[i], &own->bytes, err);
            own->kind = CM_PLACE_ARENA;
            own->first = n;
            if (i > 0 || over < 0) continue;
            const int32_t to = plan->place_of[s->x_value[over]];
            plan->places[to].last = own->last;
            own->kind = CM_PLACE_NONE;
            moved[s->y_value[i]] = to;
        }
    }
    for (int64_t v = 0; !st && v < n_values; v++)
        plan->place_of[v] = moved[plan->place_of[v]];
    return st;
}

static void use_output_array(cm_plan *plan)
{
    cm_place *p = &plan->places[plan->place_of[plan->output_value]];
    if (p->kind == CM_PLACE_ARENA && plan->tensors[plan->output_value].element == CM_ELEMENT_F32 &&
        plan->tensors[plan->input_value].element == CM_ELEMENT_F32)
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
            plan->places[plan->model->n_values + n] = (cm_place){CM_PLACE_ARENA, s->scratch_bytes, 0, n, n};
        plan->cost.weight_bytes += s->packed_bytes;
    }
    return st;
}

static int larger_first(const void *a, const void *b)
{
    const cm_place *p = *(cm_place *const *)a, *q = *(cm_place *const *)b;
    if (p->bytes != q->bytes) return p->bytes > q->bytes ? -1 : 1;
    return p < q ? -1 : p > q; /* same array: an order that does not depend on qsort */
}

/* laid: places that have an offset, by offset. The lowest gap among those that live at the same time. */
static int64_t lowest_gap(cm_place *const *laid, int64_t n, const cm_place *p)
{
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        if (laid[i]->first > p->last || laid[i]->last < p->first) continue;
        if (laid[i]->offset - at >= p->bytes) break;
        const int64_t end = laid[i]->offset + laid[i]->bytes;
        at = end > at ? end : at;
    }
    return at;
}

static cm_status over_memory(const cm_plan *plan, double bytes, cm_error *err)
{
    return CM_FAIL(
        err, CM_ERR_LIMIT, .what = "the model would need more memory than is allowed",
        .why = cm_strf("%.4g bytes planned, at most %.4g", bytes, (double)plan->limits.memory_bytes).s,
        .next = "Use a smaller window, or raise the limit (docs/limits.md)");
}

static cm_status lay_out(cm_plan *plan, cm_memory *memory, cm_error *err)
{
    cm_place **waiting = NULL, **laid = NULL;
    int64_t n = 0;
    cm_status st = cm_memory_take(memory, plan->n_places, sizeof *waiting, &waiting, err);
    if (!st) st = cm_memory_take(memory, plan->n_places, sizeof *laid, &laid, err);
    if (st) return st;
    for (int64_t i = 0; i < plan->n_places; i++)
        if (plan->places[i].kind == CM_PLACE_ARENA) {
            waiting[n] = &plan->places[i];
            waiting[n++]->bytes = align(plan->places[i].bytes);
        }
    qsort(waiting, (size_t)n, sizeof *waiting, larger_first);
    for (int64_t i = 0; i < n; i++) {
        cm_place *p = waiting[i];
        p->offset = lowest_gap(laid, i, p);
        if (p->offset + p->bytes > plan->cost.arena_bytes) plan->cost.arena_bytes = p->offset + p->bytes;
        if (plan->cost.arena_bytes > plan->limits.memory_bytes)
            return over_memory(plan, (double)plan->cost.arena_bytes, err);
        int64_t at = i;
        for (; at > 0 && laid[at - 1]->offset > p->offset; at--)
            laid[at] = laid[at - 1];
        laid[at] = p;
    }
    return CM_OK;
}

cm_status cm_plan_place(cm_plan *plan, cm_error *err)
{
    cm_memory scratch = {0};
    const int64_t n_values = plan->model->n_values;
    plan->n_places = n_values + plan->n_steps;
    cm_status st = cm_memory_take(&plan->memory, plan->n_places, sizeof *plan->places, &plan->places, err);
    if (!st) st = cm_memory_take(&plan->memory, n_values, sizeof *plan->place_of, &plan->place_of, err);
    for (int64_t v = 0; !st && v < n_values; v++) {
        plan->place_of[v] = (int32_t)v;
        plan->places[v].last = -1;
    }
    if (!st) {
        follow_views(plan);
        measure_lives(plan);
        st = give_places(plan, &scratch, err);
    }
    if (!st) {
        use_output_array(plan);
        st = ask_cost(plan, err);
    }
    if (!st) st = lay_out(plan, &scratch, err);
    plan->cost.weight_bytes += plan->memory.held; /* folded constants among it */
    const double total = (double)plan->cost.weight_bytes + (double)plan->cost.arena_bytes;
    if (!st && total > (double)plan->limits.memory_bytes) st = over_memory(plan, total, err);
    cm_memory_fini(&scratch);
    return st;
}
