/* What a plan can do without: steps whose results are known or unused go, and what several steps do together
 * is done by one. The patterns are in fuse_*.c, one line each in the table below. */
#include <math.h>

#include "engine/model/fusion.h"

/* Tried in this order at each step, from the first to the last. */
static const cm_pattern patterns[] = {
    cm_fuse_batch_norm, cm_fuse_activation, cm_fuse_silu,       cm_fuse_gelu, cm_fuse_group_norm,
    cm_fuse_layer_norm, cm_fuse_pad,        cm_fuse_transposed, cm_fuse_bias,
};

/* -- writers and readers -- */

cm_step *cm_fusion_writer(const cm_fusion *f, const cm_step *s, int i, const cm_family *family, int code)
{
    if (i >= s->n_x || s->x_value[i] < 0 || s->x[i]->data || !f->writer[s->x_value[i]]) return NULL;
    cm_step *before = &f->plan->steps[f->writer[s->x_value[i]] - 1];
    const bool fits = before->op && (!family || before->op->family == family) &&
                      (code < 0 || before->op->code == code) && before->y_value[0] == s->x_value[i];
    return fits ? before : NULL;
}

cm_step *cm_fusion_own(const cm_fusion *f, const cm_step *s, int i, const cm_family *family, int code)
{
    cm_step *before = cm_fusion_writer(f, s, i, family, code);
    return before && f->readers[s->x_value[i]] == 1 ? before : NULL;
}

bool cm_fusion_number(const cm_step *s, int i, double *out)
{
    const cm_tensor *t = cm_step_x(s, i);
    if (!t || !t->data || t->element != CM_ELEMENT_F32 || cm_tensor_count(t) != 1) return false;
    *out = cm_known_number(t, 0);
    return true;
}

bool cm_fusion_near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

/* One reader of a value less; a step that nobody reads any more goes, and with it its own reading. */
static void let_go(cm_fusion *f, int32_t value)
{
    if (value < 0 || --f->readers[value] > 0 || !f->writer[value]) return;
    cm_step *s = &f->plan->steps[f->writer[value] - 1];
    for (int i = 0; i < s->n_y; i++)
        if (s->y_value[i] >= 0 && f->readers[s->y_value[i]] > 0) return;
    if (!s->op) return;
    s->op = NULL;
    for (int i = 0; i < s->n_x; i++) /* as deep as a pattern: what it reads from outside is still read */
        let_go(f, s->x_value[i]);
}

cm_status cm_fusion_read(cm_fusion *f, cm_step *s, int n, const int32_t *values, cm_error *err)
{
    cm_tensor **x = NULL;
    int32_t *x_value = NULL;
    const int old_n = s->n_x;
    const int32_t *old = s->x_value;
    cm_status st = cm_memory_take(s->memory, n, sizeof(cm_tensor *), &x, err);
    if (!st) st = cm_memory_take(s->memory, n, sizeof *x_value, &x_value, err);
    if (st) return st;
    for (int i = 0; i < n; i++) {
        x_value[i] = values[i];
        x[i] = values[i] < 0 ? NULL : &f->plan->tensors[values[i]];
        if (values[i] >= 0) f->readers[values[i]]++;
    }
    s->x = x;
    s->x_value = x_value;
    s->n_x = n;
    for (int i = 0; i < old_n; i++)
        let_go(f, old[i]);
    return CM_OK;
}

void cm_fusion_take_over(cm_fusion *f, cm_step *before, cm_step *s)
{
    before->y[0] = s->y[0];
    before->y_value[0] = s->y_value[0];
    before->operations += s->operations;
    f->writer[s->y_value[0]] = before - f->plan->steps + 1;
    s->op = NULL;
}

void cm_fusion_become(cm_step *s, const char *name)
{
    s->op = cm_operator_find(name);
    s->parameters = NULL;
    s->may_alias = 0;
    s->view_of = -1;
    s->view_offset = NULL;
    s->joins = s->fuses_activation = false;
    s->activation = CM_ACTIVATION_NONE;
}

/* -- the whole graph -- */

static cm_status count_uses(cm_fusion *f, cm_memory *memory, cm_error *err)
{
    const cm_plan *plan = f->plan;
    cm_status st = cm_memory_take(memory, plan->model->n_values, sizeof *f->readers, &f->readers, err);
    if (!st) st = cm_memory_take(memory, plan->model->n_values, sizeof *f->writer, &f->writer, err);
    if (st) return st;
    f->readers[plan->output_value] = 1;
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        for (int i = 0; i < s->n_x; i++)
            if (s->x_value[i] >= 0) f->readers[s->x_value[i]]++;
        for (int i = 0; i < s->n_y; i++)
            if (s->y_value[i] >= 0) f->writer[s->y_value[i]] = n + 1;
    }
    return CM_OK;
}

static bool is_wanted(const cm_step *s, const int32_t *readers)
{
    for (int i = 0; i < s->n_y; i++)
        if (s->y_value[i] >= 0 && !s->y[i]->data && readers[s->y_value[i]] > 0) return true;
    return false;
}

/* From the last step on: one that is not wanted no longer reads its inputs. */
static void drop_unwanted(cm_fusion *f)
{
    for (int64_t n = f->plan->n_steps - 1; n >= 0; n--) {
        cm_step *s = &f->plan->steps[n];
        if (is_wanted(s, f->readers)) continue;
        for (int i = 0; i < s->n_x; i++)
            if (s->x_value[i] >= 0) f->readers[s->x_value[i]]--;
        s->op = NULL;
    }
}

static cm_status join_steps(cm_fusion *f, cm_error *err)
{
    cm_status st = CM_OK;
    for (int64_t n = 0; !st && n < f->plan->n_steps; n++) {
        cm_step *s = &f->plan->steps[n];
        bool done = false;
        for (size_t i = 0; !st && !done && s->op && i < sizeof patterns / sizeof *patterns; i++)
            st = patterns[i](f, s, &done, err);
        if (st) cm_error_context(err, cm_node_where(s->node).s);
    }
    return st;
}

cm_status cm_plan_fuse(cm_plan *plan, cm_error *err)
{
    cm_memory scratch = {0};
    cm_fusion f = {.plan = plan};
    cm_status st = count_uses(&f, &scratch, err);
    if (!st) {
        drop_unwanted(&f);
        if (!plan->plain) st = join_steps(&f, err);
    }
    int64_t kept = 0;
    for (int64_t n = 0; !st && n < plan->n_steps; n++)
        if (plan->steps[n].op) plan->steps[kept++] = plan->steps[n];
    if (!st) plan->n_steps = kept;
    cm_memory_fini(&scratch);
    return st;
}
