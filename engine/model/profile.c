/* Timing of layers: the plan adds up its own seconds, here they are divided. */
#include "engine/model/profile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t count_of(const int64_t *dim, int rank)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dim[i]; /* of a tensor that was planned */
    return n;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A fixed sequence between -1 and 1. */
static void fill(float *x, int64_t n)
{
    uint32_t r = 1;
    for (int64_t i = 0; i < n; i++) {
        r = r * 1664525u + 1013904223u;
        x[i] = (float)(r >> 8) / 8388608.0f - 1.0f;
    }
}

static cm_status run(cm_profile *p, float *x, float *y, int repeat, const cm_stop *stop, cm_error *err)
{
    cm_status st = cm_plan_run(p->plan, x, y, stop, err); /* touches all memory for the first time */
    cm_plan_measure(p->plan, p->seconds);
    const double start = now();
    for (int i = 0; !st && i < repeat; i++)
        st = cm_plan_run(p->plan, x, y, stop, err);
    p->total = (now() - start) / repeat;
    for (int64_t i = 0; i < p->layers; i++)
        p->seconds[i] /= repeat;
    cm_plan_measure(p->plan, NULL);
    return st;
}

cm_status cm_profile_run(const cm_check *check, const cm_model_limits *limits, int repeat,
                         cm_backend *backend, const cm_stop *stop, cm_profile *out, cm_error *err)
{
    memset(out, 0, sizeof *out);
    const cm_tool_model *m = &check->models[0];
    cm_status st =
        cm_plan_create(m->model, limits, cm_model_input(m->model, m->input)->name, check->dim, check->rank,
                       cm_model_output(m->model, m->output)->name, backend, &out->plan, err);
    if (!st) st = cm_plan_prepare(out->plan, err);
    if (st) return st;
    const cm_plan_cost *cost = cm_plan_get_cost(out->plan);
    const int64_t n_x = count_of(check->dim, check->rank);
    const int64_t n_y = count_of(cost->output_dim, (int)cost->output_rank);
    out->layers = cm_plan_layers(out->plan);
    out->seconds = calloc((size_t)out->layers + 1, sizeof *out->seconds);
    float *x = malloc((size_t)n_x * sizeof *x + 1), *y = malloc((size_t)n_y * sizeof *y + 1);
    if (!out->seconds || !x || !y) {
        st = CM_FAIL(err, CM_ERR_NOMEM, .what = "not enough memory to run the model");
    } else {
        fill(x, n_x);
        st = run(out, x, y, repeat, stop, err);
    }
    free(x);
    free(y);
    return st;
}

void cm_profile_fini(cm_profile *profile)
{
    cm_plan_destroy(profile->plan);
    free(profile->seconds);
    memset(profile, 0, sizeof *profile);
}
