/* Graphs made of the engine's own operators, as text (net_text.h): shapes inferred, memory planned, and run
 * twice with the machine's best kernels and shared memory, twice with the scalar ones and a place for each
 * value and each node. What must hold: nothing is taken that was not planned, running takes nothing at all,
 * and all outputs are the same bits. (Where nodes were joined to something of bits of its own, the scalar
 * kernels run them joined, too.) */
#include <string.h>

#ifdef CM_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc comes without the header */
#define HELD_BYTES() ((int64_t)__sanitizer_get_current_allocated_bytes())
#else
#define HELD_BYTES() ((int64_t)0)
#endif

#include "engine/model/plan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/model_limits.h"
#include "tests/fuzz/net_mutate.h"
#include "tests/fuzz/net_text.h"
#include "tests/fuzz/net_work.h"

enum {
    SLACK_BYTES = 64 * 1024, /* small objects that no cost counts */
    RUNS = 4                 /* of one input, but two more where nodes were joined */
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (size == 0 || seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
    return net_mutate(data, size, max_size, seed);
}

static void check_refusal(cm_status st, const cm_error *err)
{
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    FUZZ_CHECK(st == CM_OK || (err->status == st && err->what[0]));
}

/* Values of both signs, a few of them special. */
static void fill_input(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((i * 37 + 11) % 23 - 11) * 0.25f;
}

/* NaN is NaN, whatever its payload. */
static void check_same(const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i] == a[i] || b[i] == b[i]) FUZZ_CHECK(memcmp(&a[i], &b[i], sizeof *a) == 0);
}

typedef struct outcome {
    cm_status status; /* CM_ERR_LIMIT also of a net that would run for too long here */
    int64_t count;
    float *y, *again;
    int64_t batch_norms; /* that run */
    bool renamed;        /* a node runs as another operator, see own_bits */
} outcome;

static void look_at_steps(outcome *o, const cm_plan *plan)
{
    for (int64_t n = 0; n < plan->n_steps; n++) {
        const cm_step *s = &plan->steps[n];
        if (!s->op) continue;
        o->renamed = o->renamed || strcmp(s->op->name, s->node->type) != 0;
        o->batch_norms += strcmp(s->op->name, "BatchNormalization") == 0;
    }
}

/* Whether a plan may have joined nodes to something that has bits of its own (docs/fusion.md): a convolution
 * took a batch norm over, or the last node of a pattern became what the pattern is. */
static bool own_bits(const outcome *joined, const outcome *plain)
{
    return joined->renamed || joined->batch_norms != plain->batch_norms;
}

static outcome run_net(const cm_model *model, const net *of, bool plain, cm_backend *be)
{
    outcome o = {0};
    cm_plan *plan = NULL;
    cm_error err = {0};
    cm_model_limits limits = fuzz_limits();
    if (plain) limits.memory_bytes *= 3; /* without sharing it needs more */
    o.status = (plain ? cm_plan_create_plain : cm_plan_create)(model, &limits, NULL, of->dim, of->rank, NULL,
                                                               be, &plan, &err);
    check_refusal(o.status, &err);
    if (!o.status && RUNS * net_work(plan) > NET_WORK_MOST) {
        cm_plan_destroy(plan);
        o.status = CM_ERR_LIMIT;
    }
    if (o.status) return o;
    look_at_steps(&o, plan);
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    int64_t in = 1;
    o.count = 1;
    for (int i = 0; i < of->rank; i++)
        in *= of->dim[i];
    for (int i = 0; i < cost->output_rank; i++)
        o.count *= cost->output_dim[i];
    float *x = malloc((size_t)in * sizeof *x);
    o.y = malloc((size_t)o.count * sizeof *x + 1);
    o.again = malloc((size_t)o.count * sizeof *x + 1);
    FUZZ_CHECK(x && o.y && o.again);
    fill_input(x, in);
    cm_stop stop = {.deadline_s = cm_now_s() + 600};
    const int64_t before = HELD_BYTES();
    o.status = cm_plan_prepare(plan, &err);
    const int64_t prepared = HELD_BYTES();
    FUZZ_CHECK(prepared - before <= cost->arena_bytes + cost->weight_bytes + SLACK_BYTES);
    if (!o.status) o.status = cm_plan_run(plan, x, o.y, &stop, &err);
    if (!o.status) o.status = cm_plan_run(plan, x, o.again, &stop, &err);
    FUZZ_CHECK(HELD_BYTES() == prepared);
    FUZZ_CHECK(o.status != CM_ERR_TIMEOUT); /* its work is small */
    check_refusal(o.status, &err);
    if (!o.status) check_same(o.y, o.again, o.count);
    cm_plan_destroy(plan);
    free(x);
    return o;
}

static void forget(outcome *o)
{
    free(o->y);
    free(o->again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cm_backend *best, *scalar;
    if (!best && (cm_backend_cpu_create(NULL, -1, &best, NULL) ||
                  cm_backend_cpu_create(NULL, CM_CPU_SCALAR, &scalar, NULL)))
        abort();
    const cm_model_limits limits = fuzz_limits();
    net made = net_from_text((const char *)data, size);
    cm_model *model = NULL;
    cm_error err = {0};
    cm_status st = cm_model_open_memory(made.model.data, made.model.size, "net", &limits, &model, &err);
    check_refusal(st, &err);
    if (!st) {
        outcome a = run_net(model, &made, false, best), b = run_net(model, &made, true, scalar);
        FUZZ_CHECK(a.status == b.status || a.status == CM_ERR_LIMIT || b.status == CM_ERR_LIMIT);
        if (!a.status && !b.status && own_bits(&a, &b)) {
            forget(&b);
            b = run_net(model, &made, false, scalar);
            FUZZ_CHECK(!b.status);
        }
        if (!a.status && !b.status) {
            FUZZ_CHECK(a.count == b.count);
            check_same(a.y, b.y, a.count);
        }
        forget(&a);
        forget(&b);
    }
    cm_model_close(model);
    ow_free(&made.model);
    return 0;
}
