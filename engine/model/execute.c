/* The second half of a plan's life: weights packed, arena taken, steps run in order. */
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/model/plan.h"

static const cm_place *place_of(const cm_plan *plan, int64_t value)
{
    return &plan->places[plan->spots[value].place];
}

/* Where a value lies when its place starts at base. */
static void *at(const cm_plan *plan, int64_t value, void *base)
{
    return (char *)base + plan->spots[value].offset;
}

/* Copies of weights that were made for packing leave holes in the heap, which the C library would keep. */
static void give_holes_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

cm_status cm_plan_prepare(cm_plan *plan, cm_error *err)
{
    if (plan->prepared) return CM_OK;
    if (!plan->arena) /* one more line, so that it is never nothing */
        plan->arena = aligned_alloc(64, (size_t)plan->cost.arena_bytes + 64);
    if (!plan->arena)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "not enough memory to run the model",
                       .why = cm_strf("%lld bytes were refused", (long long)plan->cost.arena_bytes).s,
                       .next = "Use a smaller window, or a machine with more memory");
    for (int64_t v = 0; v < plan->model->n_values; v++)
        if (place_of(plan, v)->kind == CM_PLACE_ARENA)
            plan->tensors[v].data = at(plan, v, plan->arena + place_of(plan, v)->offset);
    cm_status st = CM_OK;
    for (int64_t n = 0; !st && n < plan->n_steps; n++) {
        cm_step *s = &plan->steps[n];
        if (!s->op->family->prepare || s->packed) continue;
        st = s->op->family->prepare(s, plan->backend, err);
        for (int i = 0; !st && i < s->n_x; i++) /* what was packed need not stay */
            if (s->x[i] && s->x_value[i] >= 0 && plan->model->values[s->x_value[i]].constant)
                cm_model_give_back(plan->model, s->x[i]->data,
                                   cm_tensor_count(s->x[i]) * cm_element_bytes(s->x[i]->element));
        if (st) cm_error_context(err, cm_node_where(s->node).s);
    }
    give_holes_back();
    plan->prepared = !st;
    return st;
}

cm_status cm_plan_prepare_within(cm_plan *plan, const cm_plan *lender, cm_error *err)
{
    if (!lender->prepared || lender->cost.arena_bytes < plan->cost.arena_bytes || plan->prepared)
        return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a plan cannot be prepared within another's memory");
    plan->arena = lender->arena;
    plan->arena_is_lent = true;
    return cm_plan_prepare(plan, err);
}

/* The caller's arrays take their part in this run. */
static cm_status bind(cm_plan *plan, const float *input, float *output, cm_error *err)
{
    for (int64_t v = 0; v < plan->model->n_values; v++) {
        const cm_place_kind kind = place_of(plan, v)->kind;
        if (kind == CM_PLACE_INPUT)
            plan->tensors[v].data = at(plan, v, (void *)(uintptr_t)input); /* no step writes over the input */
        else if (kind == CM_PLACE_OUTPUT)
            plan->tensors[v].data = at(plan, v, output);
    }
    if (place_of(plan, plan->input_value)->kind != CM_PLACE_ARENA) return CM_OK; /* as it is, or not read */
    cm_tensor from = plan->tensors[plan->input_value];
    from.element = CM_ELEMENT_F32;
    from.data = (void *)(uintptr_t)input;
    return plan->backend->ops->cast(plan->backend, &from, &plan->tensors[plan->input_value], err);
}

/* An output that could not be computed in the caller's array: it is a constant, the input, or not float. */
static cm_status hand_over(cm_plan *plan, float *output, cm_error *err)
{
    const cm_tensor *y = &plan->tensors[plan->output_value];
    cm_tensor to = *y;
    to.element = CM_ELEMENT_F32;
    to.data = output;
    const int64_t count = cm_tensor_count(y);
    if (place_of(plan, plan->output_value)->kind == CM_PLACE_OUTPUT || count == 0) return CM_OK;
    if (y->element != CM_ELEMENT_F32) return plan->backend->ops->cast(plan->backend, y, &to, err);
    return plan->backend->ops->copy(plan->backend, y, &to, err);
}

static bool has_work(const cm_step *s)
{
    if (s->view_of >= 0) return false;
    for (int i = 0; i < s->n_y; i++)
        if (s->y[i]->element && cm_tensor_count(s->y[i]) > 0) return true;
    return false;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

cm_status cm_plan_run(cm_plan *plan, const float *input, float *output, const cm_stop *stop, cm_error *err)
{
    if (!plan->prepared) return CM_FAIL(err, CM_ERR_INTERNAL, .what = "a plan is run before it was prepared");
    cm_status st = bind(plan, input, output, err);
    double *seconds = plan->seconds;
    cm_backend backend = *plan->backend; /* so that every kernel polls the stop of this run */
    backend.stop = stop;
    for (int64_t n = 0; !st && n < plan->n_steps; n++) {
        cm_step *s = &plan->steps[n];
        st = cm_stop_due(stop);
        if (st || !has_work(s)) continue;
        const double start = seconds ? now() : 0;
        void *scratch = plan->arena + plan->places[plan->model->n_values + n].offset;
        st = s->op->family->run(s, &backend, scratch, stop, err);
        if (seconds) *seconds++ += now() - start;
        if (st && st != CM_ERR_STOPPED && st != CM_ERR_TIMEOUT)
            cm_error_context(err, cm_node_where(s->node).s);
    }
    if (!st) st = cm_stop_due(stop);                  /* the last layer may be incomplete */
    if (st == CM_ERR_STOPPED || st == CM_ERR_TIMEOUT) /* keeps what a kernel has said */
        return CM_FAIL(err, st,
                       .what = st == CM_ERR_TIMEOUT ? "the time limit was reached inside the model"
                                                    : "the model was stopped");
    return st ? st : hand_over(plan, output, err);
}

/* -- what a plan consists of -- */

int64_t cm_plan_layers(const cm_plan *plan)
{
    int64_t layers = 0;
    for (int64_t n = 0; n < plan->n_steps; n++)
        layers += has_work(&plan->steps[n]);
    return layers;
}

void cm_plan_get_layer(const cm_plan *plan, int64_t i, cm_plan_layer *out)
{
    const cm_step *s = plan->steps;
    for (; !has_work(s) || i-- > 0; s++)
        ;
    *out = (cm_plan_layer){.name = s->node->name,
                           .op = s->op->name,
                           .rank = s->y[0]->rank,
                           .operations = s->operations,
                           .activation = s->activation,
                           .kernel = ""};
    memcpy(out->dim, s->y[0]->dim, sizeof out->dim);
    if (s->packed && plan->backend->ops->conv_kernel)
        out->kernel = plan->backend->ops->conv_kernel(s->packed);
}

void cm_plan_measure(cm_plan *plan, double *seconds)
{
    plan->seconds = seconds;
}

void cm_plan_destroy(cm_plan *plan)
{
    if (!plan) return;
    for (int64_t n = 0; n < plan->n_steps; n++)
        if (plan->steps[n].op && plan->steps[n].op->family->release)
            plan->steps[n].op->family->release(&plan->steps[n], plan->backend);
    if (!plan->arena_is_lent) free(plan->arena);
    cm_memory_fini(&plan->memory);
    free(plan);
}
