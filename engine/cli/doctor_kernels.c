/* cohmark doctor, the arithmetic: do the fastest kernels of this machine give the bits of the definition? */
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"
#include "engine/cli/doctor_internal.h"
#include "kernels/backend.h"

enum {
    CHANNELS = 16,
    VOXELS = 6 * 7 * 9,
    TAPS = 27,
    N = CHANNELS * VOXELS,
    WEIGHTS = CHANNELS * CHANNELS * TAPS
};

typedef struct trial {
    float x[N], weight[WEIGHTS], ones[CHANNELS];
    float y[9][N]; /* one per operation */
} trial;

static cm_tensor volume(float *data, int64_t nz, int64_t ny, int64_t nx)
{
    return (cm_tensor){.element = CM_ELEMENT_F32, .rank = 5, .dim = {1, CHANNELS, nz, ny, nx}, .data = data};
}

/* 3x3x3, of stride 1 (by Winograd's algorithm) or 2 (the direct way). */
static cm_status convolve(cm_backend *be, trial *t, int64_t stride, float *out, cm_error *err)
{
    cm_conv p = {.spatial = 3,
                 .in_channels = CHANNELS,
                 .out_channels = CHANNELS,
                 .groups = 1,
                 .in_extent = {6, 7, 9},
                 .weight = t->weight,
                 .bias = t->ones};
    for (int d = 0; d < 3; d++) {
        p.kernel[d] = 3;
        p.stride[d] = stride;
        p.dilation[d] = p.pad_lo[d] = p.pad_hi[d] = 1;
    }
    const cm_tensor x = volume(t->x, 6, 7, 9);
    cm_tensor y = stride == 1 ? volume(out, 6, 7, 9) : volume(out, 3, 4, 5);
    cm_conv_plan *plan = NULL;
    void *workspace = NULL;
    cm_status st = be->ops->conv_prepare(be, &p, &plan, err);
    if (!st) {
        const int64_t bytes = be->ops->conv_workspace_bytes(plan, &x, &y);
        workspace = aligned_alloc(64, (size_t)(bytes + 127) / 64 * 64);
        st = workspace ? be->ops->conv_run(be, plan, &x, &y, workspace, NULL, err) : CM_ERR_NOMEM;
    }
    free(workspace);
    if (plan) be->ops->conv_plan_destroy(be, plan);
    return st;
}

static cm_status run_all(cm_backend *be, trial *t, cm_error *err)
{
    static const cm_unary functions[4] = {CM_UNARY_EXP, CM_UNARY_TANH, CM_UNARY_ERF, CM_UNARY_LOG};
    const cm_tensor x = volume(t->x, 6, 7, 9);
    cm_tensor y;
    int n = 0;
    cm_status st = convolve(be, t, 1, t->y[n++], err);
    if (!st) st = convolve(be, t, 2, t->y[n++], err);
    for (int f = 0; !st && f < 4; f++) {
        y = volume(t->y[n++], 6, 7, 9);
        st = be->ops->unary(be, functions[f], 0, 0, &x, &y, err);
    }
    y = volume(t->y[n++], 6, 7, 9);
    if (!st)
        st = be->ops->instance_norm(be, &x, t->ones, t->x, 1e-5f, CM_ACTIVATION_LEAKY_RELU, 0.01f, &y, err);
    y = volume(t->y[n++], 6, 7, 9);
    if (!st) st = be->ops->softmax(be, &x, 1, false, &y, err);
    const cm_tensor rows = {.element = CM_ELEMENT_F32, .rank = 2, .dim = {CHANNELS, VOXELS}, .data = t->x};
    y = (cm_tensor){.element = CM_ELEMENT_F32, .rank = 2, .dim = {CHANNELS, CHANNELS}, .data = t->y[n++]};
    if (!st) st = be->ops->matmul(be, &rows, false, &rows, true, 1, NULL, 0, &y, NULL, err);
    return st;
}

static void fill(trial *t)
{
    const cm_random r = {1, CM_PURPOSE_TEST};
    for (int i = 0; i < N; i++)
        t->x[i] = (float)(8 * cm_random_uniform(r, 0, (uint64_t)i) - 4);
    for (int i = 0; i < WEIGHTS; i++)
        t->weight[i] = (float)(0.1 * cm_random_uniform(r, 1, (uint64_t)i) - 0.05);
    for (int i = 0; i < CHANNELS; i++)
        t->ones[i] = 1;
    t->x[0] = 0x1p-140f; /* subnormal: not to be flushed to zero */
}

cm_finding cm_doctor_kernels(void)
{
    cm_finding f = {.name = "kernels"};
    cm_backend *best = NULL, *definition = NULL;
    trial *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    cm_error err = {0};
    cm_status st = a && b ? CM_OK : CM_ERR_NOMEM;
    if (!st) st = cm_backend_cpu_create(NULL, -1, &best, &err);
    if (!st) st = cm_backend_cpu_create(NULL, CM_CPU_SCALAR, &definition, &err);
    if (!st) fill(a);
    if (!st) fill(b);
    if (!st) st = run_all(best, a, &err);
    if (!st) st = run_all(definition, b, &err);
    if (st) {
        f.state = CM_FINDING_MISSING;
        f.found = cm_strf("they do not run: %s", err.what[0] ? err.what : cm_status_name(st));
        f.advice = cm_strf("Build again on this machine");
    } else if (memcmp(a->y, b->y, sizeof a->y) != 0) {
        f.state = CM_FINDING_MISSING;
        f.found = cm_strf("%s, other bits than the definition", cm_backend_variant(best));
        f.advice =
            cm_strf("Results would differ from those of other machines. Was it built with -ffast-math? "
                    "See docs/determinism.md");
    } else {
        f.found = cm_strf("%s, same bits as the definition", cm_backend_variant(best));
    }
    cm_backend_destroy(best);
    cm_backend_destroy(definition);
    free(a);
    free(b);
    return f;
}
