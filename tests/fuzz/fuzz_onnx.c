/* ONNX files: any bytes are opened, planned for several shapes and, where that is cheap, run. Every refusal
 * has a status of the contract and a story; no bug of ours is ever the answer. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/model_limits.h"
#include "tests/fuzz/net_work.h"

static void check_refusal(cm_status st, const cm_error *err)
{
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    FUZZ_CHECK(st == CM_OK || (err->status == st && err->what[0]));
}

static void run_plan(cm_plan *plan, const int64_t *dim, int rank)
{
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    cm_stop stop = {.deadline_s = cm_now_s() + 600};
    cm_error err = {0};
    int64_t in = 1, out = 1;
    for (int i = 0; i < rank; i++)
        in *= dim[i];
    for (int i = 0; i < cost->output_rank; i++)
        out *= cost->output_dim[i];
    float *x = calloc((size_t)in, sizeof *x), *y = malloc((size_t)out * sizeof *y + 1);
    FUZZ_CHECK(x && y);
    cm_status st = cm_plan_prepare(plan, &err);
    if (!st) st = cm_plan_run(plan, x, y, &stop, &err);
    FUZZ_CHECK(st != CM_ERR_TIMEOUT); /* its work is small */
    check_refusal(st, &err);
    free(x);
    free(y);
}

/* free: what a free dimension becomes. work: what the runs of this file may still take. */
static void plan_model(const cm_model *model, cm_backend *be, int input, int output, int64_t free_size,
                       double *work)
{
    const cm_model_io *io = cm_model_input(model, input);
    int64_t dim[CM_MAX_RANK] = {1, 1, 4, 4};
    const int rank = io->rank < 0 ? 4 : io->rank;
    int64_t count = 1;
    for (int i = 0; i < rank; i++) {
        if (io->rank >= 0) dim[i] = io->dim[i] < 1 ? free_size : io->dim[i];
        if (dim[i] > 4096 || (count *= dim[i]) > 4096) dim[i] = count = 1;
    }
    cm_plan *plan = NULL;
    cm_error err = {0};
    cm_status st = cm_plan_create(model, NULL, io->name, dim, rank, cm_model_output(model, output)->name, be,
                                  &plan, &err);
    check_refusal(st, &err);
    if (!st && net_work(plan) <= *work) {
        *work -= net_work(plan);
        run_plan(plan, dim, rank);
    }
    cm_plan_destroy(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cm_backend *be;
    if (!be && cm_backend_cpu_create(NULL, -1, &be, NULL)) abort();
    const cm_model_limits limits = fuzz_limits();
    double work = NET_WORK_MOST;
    cm_model *model = NULL;
    cm_error err = {0};
    cm_status st = cm_model_open_memory(data, (int64_t)size, "fuzz.onnx", &limits, &model, &err);
    check_refusal(st, &err);
    FUZZ_CHECK(!st == !!model);
    for (int in = 0; !st && in < cm_model_input_count(model) && in < 2; in++)
        for (int out = 0; out < cm_model_output_count(model) && out < 2; out++)
            for (int64_t n = 1; n <= 6; n += 5)
                plan_model(model, be, in, out, n, &work);
    cm_model_close(model);
    return 0;
}
