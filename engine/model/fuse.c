/* What a plan can do without: steps whose results are known or unused go, activations join the step before
 * them. */
#include "engine/model/plan.h"

/* How many steps read each value; the output counts as read. */
static cm_status count_readers(const cm_plan *plan, cm_memory *memory, int32_t **readers, cm_error *err)
{
    cm_status st = cm_memory_take(memory, plan->model->n_values, sizeof **readers, readers, err);
    if (st) return st;
    (*readers)[plan->output_value] = 1;
    for (int64_t n = 0; n < plan->n_steps; n++)
        for (int i = 0; i < plan->steps[n].n_x; i++)
            if (plan->steps[n].x_value[i] >= 0) (*readers)[plan->steps[n].x_value[i]]++;
    return CM_OK;
}

static bool is_wanted(const cm_step *s, const int32_t *readers)
{
    for (int i = 0; i < s->n_y; i++)
        if (s->y_value[i] >= 0 && !s->y[i]->data && readers[s->y_value[i]] > 0) return true;
    return false;
}

/* From the last step on: one that is not wanted no longer reads its inputs. */
static void drop_unwanted(cm_plan *plan, int32_t *readers)
{
    for (int64_t n = plan->n_steps - 1; n >= 0; n--) {
        cm_step *s = &plan->steps[n];
        if (is_wanted(s, readers)) continue;
        for (int i = 0; i < s->n_x; i++)
            if (s->x_value[i] >= 0) readers[s->x_value[i]]--;
        s->op = NULL;
    }
}

/* s can take its reader's activation when nobody else looks at what lies between. */
static bool can_join(const cm_step *s, const cm_step *reader, const int32_t *readers)
{
    return s->fuses_activation && s->activation == CM_ACTIVATION_NONE && readers[s->y_value[0]] == 1 &&
           reader->op->family == &cm_family_unary && reader->activation != CM_ACTIVATION_NONE;
}

static cm_status join_activations(cm_plan *plan, const int32_t *readers, cm_memory *memory, cm_error *err)
{
    int64_t *writer = NULL; /* step that writes a value, plus 1 */
    cm_status st = cm_memory_take(memory, plan->model->n_values, sizeof *writer, &writer, err);
    for (int64_t n = 0; !st && n < plan->n_steps; n++) {
        cm_step *s = &plan->steps[n];
        if (!s->op) continue;
        cm_step *before = s->n_x && s->x_value[0] >= 0 && writer[s->x_value[0]]
                              ? &plan->steps[writer[s->x_value[0]] - 1]
                              : NULL;
        if (before && can_join(before, s, readers)) {
            before->activation = s->activation;
            before->alpha = s->alpha;
            before->operations += s->operations;
            before->y[0] = s->y[0];
            before->y_value[0] = s->y_value[0];
            writer[s->y_value[0]] = before - plan->steps + 1;
            s->op = NULL;
            continue;
        }
        for (int i = 0; i < s->n_y; i++)
            if (s->y_value[i] >= 0) writer[s->y_value[i]] = n + 1;
    }
    return st;
}

cm_status cm_plan_fuse(cm_plan *plan, cm_error *err)
{
    cm_memory scratch = {0};
    int32_t *readers = NULL;
    cm_status st = count_readers(plan, &scratch, &readers, err);
    if (!st) {
        drop_unwanted(plan, readers);
        if (!plan->plain) st = join_activations(plan, readers, &scratch, err);
    }
    int64_t kept = 0;
    for (int64_t n = 0; !st && n < plan->n_steps; n++)
        if (plan->steps[n].op) plan->steps[kept++] = plan->steps[n];
    if (!st) plan->n_steps = kept;
    cm_memory_fini(&scratch);
    return st;
}
