/* cm_plan_create: the input and output chosen, then the parts of planning one after the other. */
#include "engine/model/plan.h"

#include <stdlib.h>
#include <string.h>

/* Index of the named one, or of the only one. */
static cm_status choose(const cm_model_io *list, int n, const char *name, const char *what, int *out,
                        cm_error *err)
{
    char names[300] = "";
    for (int i = 0; i < n; i++) {
        const size_t used = strlen(names);
        if (used + strlen(list[i].name) + 5 < sizeof names) {
            strcat(names, i ? ", \"" : "\"");
            strcat(strcat(names, list[i].name), "\"");
        }
    }
    for (int i = 0; i < n; i++)
        if (name ? !strcmp(list[i].name, name) : n == 1) {
            *out = i;
            return CM_OK;
        }
    if (n == 0) return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = cm_strf("the model has no %s", what).s);
    if (name)
        return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("the model has no %s named \"%s\"", what, name).s,
                       .why = cm_strf("it has %s", names).s, .next = "Name one of these");
    return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("the model has several %ss and none is named", what).s,
                   .why = cm_strf("it has %s", names).s, .next = "Name one of these");
}

static cm_status check_input(const cm_model_io *io, const int64_t *dim, int rank, cm_error *err)
{
    if (rank < 0 || rank > CM_MAX_RANK)
        return CM_FAIL(err, CM_ERR_ARG, .what = "the rank of the input is out of range");
    if (io->rank >= 0 && io->rank != rank)
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = cm_strf("input \"%s\" has another number of dimensions", io->name).s,
                       .why = cm_strf("the model has %d, it would be given %d", io->rank, rank).s);
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 1)
            return CM_FAIL(err, CM_ERR_ARG, .what = "a dimension of the input is below 1",
                           .why = cm_strf("dimension %d is %lld", i, (long long)dim[i]).s);
        if (i < io->rank && io->dim[i] >= 0 && io->dim[i] != dim[i])
            return CM_FAIL(err, CM_ERR_MISMATCH, .what = cm_strf("input \"%s\" has another size", io->name).s,
                           .why = cm_strf("dimension %d is %lld in the model, it would be given %lld", i,
                                          (long long)io->dim[i], (long long)dim[i])
                                      .s,
                           .next = "Set the window to the size the model was exported for");
    }
    return CM_OK;
}

/* Tensors of all values: constants with their content, the input with its shape, the rest empty. */
static cm_status take_tensors(cm_plan *plan, cm_element element, const int64_t *dim, int rank, cm_error *err)
{
    const cm_model *m = plan->model;
    int64_t bytes = 0;
    cm_status st = cm_memory_take(&plan->memory, m->n_values, sizeof *plan->tensors, &plan->tensors, err);
    if (st) return st;
    for (int64_t v = 0; v < m->n_values; v++)
        if (m->values[v].constant) plan->tensors[v] = *m->values[v].constant;
    cm_tensor *input = &plan->tensors[plan->input_value];
    *input = (cm_tensor){.element = element, .rank = rank};
    memcpy(input->dim, dim, (size_t)rank * sizeof *dim);
    return cm_plan_check_tensor(&plan->limits, input, &bytes, err);
}

/* Elements that steps only move are no operations, but they take time: they count against the limit. */
static double moved_elements(const cm_step *s)
{
    double moved = 0;
    for (int i = 0; s->view_of < 0 && s->operations <= 0 && i < s->n_y; i++)
        if (s->y[i]->element) moved += cm_count_f(s->y[i]);
    return moved;
}

static cm_status count_operations(cm_plan *plan, cm_error *err)
{
    double moved = 0;
    for (int64_t n = 0; n < plan->n_steps; n++) {
        plan->cost.operations += plan->steps[n].operations;
        moved += moved_elements(&plan->steps[n]);
    }
    if (plan->cost.operations + moved <= plan->limits.operations) return CM_OK;
    return CM_FAIL(err, CM_ERR_LIMIT,
                   .what = "one run of the model would need more operations than are allowed",
                   .why = cm_strf("%.4g planned and %.4g elements moved, at most %.4g", plan->cost.operations,
                                  moved, plan->limits.operations)
                              .s,
                   .next = "Use a smaller window, or raise the limit (docs/limits.md)");
}

static cm_status make(cm_plan *plan, const char *input, const int64_t *dim, int rank, const char *output,
                      cm_error *err)
{
    const cm_model *m = plan->model;
    int in = 0, out = 0;
    cm_status st = choose(m->inputs, m->n_inputs, input, "input", &in, err);
    if (!st) st = choose(m->outputs, m->n_outputs, output, "output", &out, err);
    if (!st) st = check_input(&m->inputs[in], dim, rank, err);
    if (st) return st;
    plan->input_value = m->input_values[in];
    plan->output_value = m->output_values[out];
    st = take_tensors(plan, m->inputs[in].element, dim, rank, err);
    if (!st) st = cm_plan_infer(plan, err);
    if (!st) st = cm_plan_fuse(plan, err);
    if (!st) st = count_operations(plan, err);
    const cm_tensor *y = &plan->tensors[plan->output_value];
    if (!st && !y->element) /* an input that nobody computes, or an output a node does not give */
        st = CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "the output of the model is not given by any node",
                     .why = cm_strf("\"%s\"", m->outputs[out].name).s, .next = "Name another output");
    if (!st) st = cm_plan_place(plan, err);
    plan->cost.parameters = m->parameters;
    plan->cost.output_rank = y->rank;
    memcpy(plan->cost.output_dim, y->dim, sizeof y->dim);
    return st;
}

static cm_status create(bool plain, const cm_model *model, const cm_model_limits *limits, const char *input,
                        const int64_t *dim, int rank, const char *output, cm_backend *backend, cm_plan **out,
                        cm_error *err)
{
    cm_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return CM_FAIL(err, CM_ERR_NOMEM, .what = "not enough memory for a plan");
    plan->model = model;
    plan->limits = limits ? *limits : model->limits;
    plan->backend = backend;
    plan->plain = plain;
    /* what is known while planning is held as well: up to 8 bytes each */
    plan->budget =
        plan->limits.memory_bytes / 8 < CM_PLAN_BUDGET ? plan->limits.memory_bytes / 8 : CM_PLAN_BUDGET;
    cm_status st = make(plan, input, dim, rank, output, err);
    if (st) {
        cm_plan_destroy(plan);
        return st;
    }
    *out = plan;
    return CM_OK;
}

cm_status cm_plan_create(const cm_model *model, const cm_model_limits *limits, const char *input,
                         const int64_t *dim, int rank, const char *output, cm_backend *backend, cm_plan **out,
                         cm_error *err)
{
    return create(false, model, limits, input, dim, rank, output, backend, out, err);
}

cm_status cm_plan_create_plain(const cm_model *model, const cm_model_limits *limits, const char *input,
                               const int64_t *dim, int rank, const char *output, cm_backend *backend,
                               cm_plan **out, cm_error *err)
{
    return create(true, model, limits, input, dim, rank, output, backend, out, err);
}

const cm_plan_cost *cm_plan_get_cost(const cm_plan *plan)
{
    return &plan->cost;
}
