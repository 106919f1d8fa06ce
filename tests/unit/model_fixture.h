/* What the tests of engine/model share: a graph is written, opened, and the answer looked at. */
#ifndef CM_TESTS_UNIT_MODEL_FIXTURE_H
#define CM_TESTS_UNIT_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/model/model.h"
#include "tests/support/onnx_write.h"

#define DIMS(...)  ((const int64_t[]){__VA_ARGS__})
#define COUNT(...) (int)(sizeof(DIMS(__VA_ARGS__)) / sizeof(int64_t))
/* rank and dims in one */
#define SHAPE(...) COUNT(__VA_ARGS__), DIMS(__VA_ARGS__)

/* Opens bytes (taken) as a file of its own. */
static inline cm_status open_bytes(ow_buf *bytes, const cm_model_limits *limits, cm_model **out,
                                   cm_error *err)
{
    char path[] = "/tmp/cohmark-model.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(ow_save(bytes, path), 0);
    cm_status st = cm_model_open(path, limits, out, err);
    unlink(path);
    return st;
}

/* Fails the test with the whole story of the error. */
static inline void assert_ok(cm_status st, const cm_error *err)
{
    if (st) {
        char text[1500];
        cm_error_format(err, text, sizeof text);
        fail_msg("%s: %s", cm_status_name(st), text);
    }
}

/* The status, and a word of the rule in the message. */
static inline void assert_refused(cm_status got, cm_status expected, const cm_error *err, const char *word)
{
    char text[1500];
    cm_error_format(err, text, sizeof text);
    if (got != expected || !strstr(text, word))
        fail_msg("expected %s with \"%s\", got %s: %s", cm_status_name(expected), word, cm_status_name(got),
                 text);
}

/* A model, its plan for one input shape and a backend of one thread. */
typedef struct planned {
    cm_backend *be;
    cm_model *model;
    cm_plan *plan;
} planned;

static inline void planned_fini(planned *p)
{
    cm_plan_destroy(p->plan);
    cm_model_close(p->model);
    cm_backend_destroy(p->be);
}

/* Opens and plans the graph (taken); what it came to. limits: NULL = default. */
static inline cm_status plan_graph(ow_buf *graph, int opset, int rank, const int64_t *dim,
                                   const cm_model_limits *limits, planned *p, cm_error *err)
{
    *p = (planned){0};
    ow_buf model = ow_model(graph, opset);
    assert_ok(cm_backend_cpu_create(NULL, -1, &p->be, err), err);
    cm_status st = open_bytes(&model, limits, &p->model, err);
    return st ? st : cm_plan_create(p->model, limits, NULL, dim, rank, NULL, p->be, &p->plan, err);
}

/* Plans the graph for an input of this shape, runs it on x, and expects y (n numbers) to the last bit but
 * `tolerance`, relative to 1 or the number, whichever is larger. */
static inline void assert_gives(ow_buf *graph, int opset, int rank, const int64_t *dim, const float *x, int n,
                                const float *y, double tolerance)
{
    planned p;
    cm_error err = {0};
    assert_ok(plan_graph(graph, opset, rank, dim, NULL, &p, &err), &err);
    const cm_plan_cost *cost = cm_plan_get_cost(p.plan);
    int64_t count = 1;
    for (int i = 0; i < cost->output_rank; i++)
        count *= cost->output_dim[i];
    assert_int_equal(count, n);
    float *got = malloc((size_t)n * sizeof *got);
    assert_non_null(got);
    assert_ok(cm_plan_prepare(p.plan, &err), &err);
    for (int again = 0; again < 2; again++) { /* a plan can be run more than once */
        memset(got, 0xff, (size_t)n * sizeof *got);
        assert_ok(cm_plan_run(p.plan, x, got, NULL, &err), &err);
        for (int i = 0; i < n; i++) {
            double size = y[i] < 0 ? -(double)y[i] : (double)y[i];
            double off = (double)got[i] - (double)y[i];
            if (got[i] != y[i] && !((off < 0 ? -off : off) <= tolerance * (size > 1 ? size : 1)))
                fail_msg("element %d is %.9g, expected %.9g", i, (double)got[i], (double)y[i]);
        }
    }
    free(got);
    planned_fini(&p);
}

#define FLOATS(...) ((const float[]){__VA_ARGS__})
#define VALUES(...) (int)(sizeof(FLOATS(__VA_ARGS__)) / sizeof(float)), FLOATS(__VA_ARGS__)

/* x -> op(x, inputs) -> y with constants added by the caller. rank of y is not needed. */
static inline ow_buf one(const char *op, const char *inputs, ow_buf *attributes, int rank, const int64_t *dim)
{
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, rank, dim);
    ow_node(&g, op, inputs, "y", attributes);
    ow_output(&g, "y", OW_FLOAT, 0, NULL);
    return g;
}

static inline void add_f32(ow_buf *g, const char *name, int rank, const int64_t *dim, const float *data)
{
    ow_buf t = ow_tensor_f32(name, rank, dim, data);
    ow_initializer(g, &t);
}

static inline void add_i64(ow_buf *g, const char *name, int rank, const int64_t *dim, const int64_t *data)
{
    ow_buf t = ow_tensor_i64(name, rank, dim, data);
    ow_initializer(g, &t);
}

#endif
