/* Speed of one convolution: GFLOP per second of thread CPU time, best and median of the repeats.
 * usage: bench_conv IN OUT KERNEL SIZE [VARIANT [STRIDE [DILATION [REPEATS]]]]
 * A cube of SIZE^3 voxels, padded to keep its size at stride 1; VARIANT scalar, avx2, avx512, neon or best.
 * One thread, so that the figure is that of a core. */
#include "kernels/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int feature_of(const char *name)
{
    static const struct {
        const char *name;
        int feature;
    } known[] = {
        {"scalar", CM_CPU_SCALAR}, {"avx2", CM_CPU_AVX2}, {"avx512", CM_CPU_AVX512}, {"neon", CM_CPU_NEON}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].feature;
    return -1;
}

static int ascending(const void *a, const void *b)
{
    const double u = *(const double *)a, v = *(const double *)b;
    return (u > v) - (u < v);
}

static float *fill(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (float)((i * 7919) % 1013) / 1013.0f - 0.5f;
    return x;
}

static int measure(cm_backend *be, const cm_conv *p, cm_tensor *x, cm_tensor *y, int repeats)
{
    cm_error err = {0};
    cm_conv_plan *plan = NULL;
    if (be->ops->conv_prepare(be, p, &plan, &err)) {
        fprintf(stderr, "%s: %s\n", err.what, err.why);
        return 1;
    }
    const int64_t bytes = be->ops->conv_workspace_bytes(plan, x, y);
    void *workspace = malloc((size_t)bytes);
    const double flop = 2.0 * (double)cm_tensor_count(y) * (double)(p->in_channels / p->groups) *
                        (double)(p->kernel[0] * p->kernel[1] * p->kernel[2]);
    double rate[100];
    for (int i = 0; i < repeats; i++) {
        const double start = cm_thread_cpu_s();
        be->ops->conv_run(be, plan, x, y, workspace, NULL, &err);
        rate[i] = flop / (cm_thread_cpu_s() - start) * 1e-9;
    }
    qsort(rate, (size_t)repeats, sizeof *rate, ascending);
    printf("%s %lld->%lld k%lld s%lld d%lld @%lld^3: best %.1f median %.1f GFLOP/s, workspace %.2f MB\n",
           cm_backend_variant(be), (long long)p->in_channels, (long long)p->out_channels,
           (long long)p->kernel[0], (long long)p->stride[0], (long long)p->dilation[0], (long long)x->dim[2],
           rate[repeats - 1], rate[repeats / 2], (double)bytes * 1e-6);
    free(workspace);
    be->ops->conv_plan_destroy(be, plan);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s IN OUT KERNEL SIZE [VARIANT [STRIDE [DILATION [REPEATS]]]]\n", argv[0]);
        return 2;
    }
    const int64_t kernel = atoll(argv[3]), size = atoll(argv[4]);
    const int64_t stride = argc > 6 ? atoll(argv[6]) : 1, dilation = argc > 7 ? atoll(argv[7]) : 1;
    int repeats = argc > 8 ? atoi(argv[8]) : 5;
    repeats = repeats < 1 ? 1 : repeats > 100 ? 100 : repeats;
    cm_conv p = {.spatial = 3, .in_channels = atoll(argv[1]), .out_channels = atoll(argv[2]), .groups = 1};
    const int64_t pad = dilation * (kernel - 1) / 2;
    const int64_t out = (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    for (int d = 0; d < 3; d++) {
        p.in_extent[d] = size;
        p.kernel[d] = kernel;
        p.stride[d] = stride;
        p.dilation[d] = dilation;
        p.pad_lo[d] = p.pad_hi[d] = pad;
    }
    p.activation = CM_ACTIVATION_LEAKY_RELU;
    p.alpha = 0.01f;
    cm_tensor x = {.element = CM_ELEMENT_F32, .rank = 5, .dim = {1, p.in_channels, size, size, size}};
    cm_tensor y = {.element = CM_ELEMENT_F32, .rank = 5, .dim = {1, p.out_channels, out, out, out}};
    x.data = fill(cm_tensor_count(&x));
    y.data = fill(cm_tensor_count(&y));
    float *weight = fill(p.in_channels * p.out_channels * kernel * kernel * kernel);
    p.weight = weight;
    p.bias = weight;
    cm_backend *be = NULL;
    if (cm_backend_cpu_create(NULL, argc > 5 ? feature_of(argv[5]) : -1, &be, NULL)) return 1;
    const int rc = measure(be, &p, &x, &y, repeats);
    cm_backend_destroy(be);
    free(weight);
    free(x.data);
    free(y.data);
    return rc;
}
