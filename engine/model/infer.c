/* The first part of a plan: which nodes are needed, what shapes flow between them, and every value that
 * follows from shapes and constants alone. */
#include "engine/model/plan.h"

#include <string.h>

cm_status cm_plan_check_tensor(const cm_model_limits *limits, const cm_tensor *t, int64_t *bytes,
                               cm_error *err)
{
    int64_t n = cm_element_bytes(t->element);
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0 || t->dim[i] > limits->dimension)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor would have a dimension above the limit",
                           .why = cm_strf("dimension %d would be %lld, at most %lld", i, (long long)t->dim[i],
                                          (long long)limits->dimension)
                                      .s,
                           .next = "See docs/limits.md");
        if (!cm_mul_i64(n, t->dim[i], &n))
            n = INT64_MAX; /* stays above the cap unless a later dimension is 0 */
    }
    if (n > limits->tensor_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor would be larger than is allowed",
                       .why = cm_strf("%.4g bytes, at most %.4g",
                                      (double)cm_element_bytes(t->element) * cm_count_f(t),
                                      (double)limits->tensor_bytes)
                                  .s,
                       .next = "Use a smaller window, or raise the limit (docs/limits.md)");
    *bytes = n;
    return CM_OK;
}

/* Backwards from the output: a node is needed when one of its outputs is. */
static cm_status mark_needed(cm_plan *plan, bool *node_needed, cm_error *err)
{
    const cm_model *m = plan->model;
    cm_memory scratch = {0};
    bool *value_needed = NULL;
    cm_status st = cm_memory_take(&scratch, m->n_values, sizeof *value_needed, &value_needed, err);
    if (st) return st;
    value_needed[plan->output_value] = true;
    for (int64_t n = m->n_nodes - 1; n >= 0; n--) {
        const cm_node *node = &m->nodes[n];
        for (int i = 0; i < node->n_outputs; i++)
            node_needed[n] = node_needed[n] || (node->outputs[i] >= 0 && value_needed[node->outputs[i]]);
        for (int i = 0; node_needed[n] && i < node->n_inputs; i++)
            if (node->inputs[i] >= 0) value_needed[node->inputs[i]] = true;
    }
    cm_memory_fini(&scratch);
    return CM_OK;
}

static cm_status take_step(cm_plan *plan, const cm_node *node, cm_step *s, cm_error *err)
{
    *s = (cm_step){.node = node,
                   .op = node->op,
                   .opset = plan->model->opset,
                   .limits = &plan->limits,
                   .memory = &plan->memory,
                   .budget = &plan->budget,
                   .n_x = node->n_inputs,
                   .n_y = node->n_outputs,
                   .view_of = -1};
    cm_tensor *unwanted = NULL;
    cm_status st = cm_memory_take(s->memory, s->n_x, sizeof(cm_tensor *), &s->x, err);
    if (!st) st = cm_memory_take(s->memory, s->n_y, sizeof(cm_tensor *), &s->y, err);
    if (!st) st = cm_memory_take(s->memory, s->n_x + s->n_y, sizeof(int32_t), &s->x_value, err);
    if (!st) st = cm_memory_take(s->memory, s->n_y, sizeof *unwanted, &unwanted, err);
    if (st) return st;
    s->y_value = s->x_value + s->n_x;
    for (int i = 0; i < s->n_x; i++) {
        s->x_value[i] = node->inputs[i];
        s->x[i] = node->inputs[i] < 0 ? NULL : &plan->tensors[node->inputs[i]];
    }
    for (int i = 0; i < s->n_y; i++) {
        s->y_value[i] = node->outputs[i];
        s->y[i] = node->outputs[i] < 0 ? &unwanted[i] : &plan->tensors[node->outputs[i]];
    }
    return CM_OK;
}

static cm_status check_inputs_are_given(const cm_plan *plan, const cm_step *s, cm_error *err)
{
    for (int i = 0; i < s->n_x; i++) {
        if (!s->x[i] || s->x[i]->element) continue;
        const cm_value *v = &plan->model->values[s->x_value[i]];
        if (v->producer < 0)
            return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "the model needs more than one input",
                           .why = cm_strf("\"%s\" is an input too", v->name).s,
                           .next = "Export the model with a single input (its channels stacked)");
        return CM_FAIL(
            err, CM_ERR_UNSUPPORTED, .what = "it reads an output that is not given",
            .why = cm_strf("\"%s\" of %s", v->name, cm_node_where(&plan->model->nodes[v->producer]).s).s,
            .next = "See docs/operators.md");
    }
    return CM_OK;
}

/* What infer left behind: attributes it did not ask for, and outputs to be measured. */
static cm_status check_step(cm_step *s, cm_error *err)
{
    for (int i = 0; i < s->node->n_attributes; i++)
        if (!(s->attributes_read >> i & 1))
            return cm_step_unsupported(s, cm_strf("attribute %s", s->node->attributes[i].name).s, NULL, err);
    for (int i = 0; i < s->n_y; i++) {
        int64_t bytes = 0;
        cm_status st = s->y[i]->element ? cm_plan_check_tensor(s->limits, s->y[i], &bytes, err) : CM_OK;
        if (st) return st;
    }
    return CM_OK;
}

static bool all_inputs_known(const cm_step *s)
{
    for (int i = 0; i < s->n_x; i++)
        if (s->x[i] && !s->x[i]->data) return false;
    return true;
}

/* Weights that are going to be packed may lie anywhere in the file (constants.c). */
static bool all_inputs_are_aligned(const cm_step *s)
{
    for (int i = 0; i < s->n_x; i++)
        if (s->x[i] && (uintptr_t)s->x[i]->data % (uintptr_t)cm_element_bytes(s->x[i]->element)) return false;
    return true;
}

static bool runs_now(const cm_step *s)
{
    const cm_family *f = s->op->family;
    return f->run && (!f->prepare || (f->runs_unprepared && all_inputs_are_aligned(s)));
}

/* Runs the step on the host now, when that is cheap; otherwise it stays in the plan. */
static cm_status fold(cm_step *s, cm_backend *host, cm_error *err)
{
    enum { CHEAP = 1 << 24 }; /* operations */
    double elements = s->operations;
    for (int i = 0; i < s->n_y; i++)
        elements += cm_count_f(s->y[i]);
    if (!runs_now(s) || s->operations > CHEAP || elements > (double)*s->budget) return CM_OK;
    cm_status st = s->op->family->cost ? s->op->family->cost(s, host, err) : CM_OK;
    if (st || s->scratch_bytes / 4 > *s->budget - (int64_t)elements) return st;
    cm_memory taken = {0};
    void *scratch = NULL;
    *s->budget -= (int64_t)elements + s->scratch_bytes / 4;
    if (s->scratch_bytes > 0) st = cm_memory_take(&taken, s->scratch_bytes, 1, &scratch, err);
    for (int i = 0; !st && i < s->n_y; i++)
        if (s->y[i]->element)
            st = cm_memory_take(s->memory, cm_tensor_count(s->y[i]), cm_element_bytes(s->y[i]->element),
                                &s->y[i]->data, err);
    if (!st && cm_tensor_count(s->y[0]) > 0) st = s->op->family->run(s, host, scratch, NULL, err);
    cm_memory_fini(&taken);
    return st;
}

/* -- branches -- */

/* A condition that follows from shapes and constants; 0 or 1, -1 when it is not known. */
static int known_condition(const cm_plan *plan, int32_t value)
{
    const cm_tensor *c = value < 0 ? NULL : &plan->tensors[value];
    if (!c || !c->data || c->element != CM_ELEMENT_BOOL || cm_tensor_count(c) != 1) return -1;
    return cm_known_int(c, 0) != 0;
}

/* Whether nodes of this scope are run. Of an If whose condition is not known neither branch is; the If says
 * so. */
static bool is_taken(const cm_plan *plan, int32_t scope)
{
    const cm_scope *scopes = plan->model->scopes;
    for (; scope > 0; scope = scopes[scope].parent)
        if (known_condition(plan, scopes[scope].condition) != scopes[scope].when) return false;
    return true;
}

/* An If reads the answer of the branch that is taken, and no other. */
static void leave_out_branches(const cm_plan *plan, cm_step *s)
{
    const int condition = known_condition(plan, s->x_value[0]);
    for (int i = 1; i < s->n_x; i++) {
        if (condition == (i == 1)) continue;
        s->x[i] = NULL;
        s->x_value[i] = -1;
    }
}

static cm_status infer_node(cm_plan *plan, cm_step *s, cm_backend *host, cm_error *err)
{
    if (s->op->family == &cm_family_branch) leave_out_branches(plan, s);
    cm_status st = check_inputs_are_given(plan, s, err);
    s->err = err;
    if (!st) st = s->op->family->infer(s, err);
    if (s->attribute_status) st = s->attribute_status; /* it came first, so err tells of it */
    if (!st) st = check_step(s, err);
    s->err = NULL;
    if (st || s->y[0]->data) return st;
    if (s->view_of < 0) return all_inputs_known(s) ? fold(s, host, err) : CM_OK;
    if (!s->x[s->view_of]->data) return CM_OK;
    /* a view of something known is known, whatever the other inputs are (Dropout's ratio) */
    for (int i = 0; i < s->n_y; i++)
        s->y[i]->data = (char *)s->x[s->view_of]->data + (s->view_offset ? s->view_offset[i] : 0);
    return CM_OK;
}

cm_status cm_plan_infer(cm_plan *plan, cm_error *err)
{
    const cm_model *m = plan->model;
    cm_memory scratch = {0};
    cm_backend *host = NULL;
    bool *needed = NULL;
    cm_status st = cm_memory_take(&plan->memory, m->n_nodes, sizeof *plan->steps, &plan->steps, err);
    if (!st) st = cm_memory_take(&scratch, m->n_nodes, sizeof *needed, &needed, err);
    if (!st) st = mark_needed(plan, needed, err);
    if (!st) st = cm_backend_cpu_create(NULL, CM_CPU_SCALAR, &host, err);
    for (int64_t n = 0; !st && n < m->n_nodes; n++) {
        if (!needed[n] || !is_taken(plan, m->nodes[n].scope)) continue;
        cm_step *s = &plan->steps[plan->n_steps++];
        st = take_step(plan, &m->nodes[n], s, err);
        if (!st) st = infer_node(plan, s, host, err);
        if (st) cm_error_context(err, cm_node_where(&m->nodes[n]).s);
    }
    cm_backend_destroy(host);
    cm_memory_fini(&scratch);
    return st;
}
