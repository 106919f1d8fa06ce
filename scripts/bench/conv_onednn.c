/* One 3-D convolution with LeakyReLU in oneDNN (2.x and 3.x), with the protocol of model.c: the oneDNN side
 * of inference.py, which compiles it.
 * usage: conv_onednn NAME FILES OUTPUT     NAME as in nets.py (32-64@96k3s1d1); FILES.in, FILES.w and FILES.b
 * hold float32 input and weights What is timed starts from and ends in the layout that oneDNN likes best:
 * reorders of input, weights and output are outside, in its favour. Threads: OMP_NUM_THREADS. */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(call)                                                                                          \
    do {                                                                                                     \
        const dnnl_status_t status_ = (call);                                                                \
        if (status_ != dnnl_success) {                                                                       \
            fprintf(stderr, "oneDNN: status %d at line %d: %s\n", (int)status_, __LINE__, #call);            \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *numbers(const char *stem, const char *ending, size_t count)
{
    char path[4096];
    snprintf(path, sizeof path, "%s%s", stem, ending);
    float *data = malloc(count * sizeof *data);
    FILE *f = fopen(path, "rb");
    if (!data || !f || fread(data, sizeof *data, count, f) != count) {
        fprintf(stderr, "%s: cannot read %zu numbers\n", path, count);
        exit(1);
    }
    fclose(f);
    return data;
}

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc;
typedef const_dnnl_memory_desc_t found_desc;
static desc describe(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    desc d;
    CHECK(dnnl_memory_desc_create_with_tag(&d, rank, dims, dnnl_f32, tag));
    return d;
}
#else
typedef dnnl_memory_desc_t *desc;
typedef const dnnl_memory_desc_t *found_desc;
static desc describe(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    desc d = malloc(sizeof *d);
    CHECK(dnnl_memory_desc_init_by_tag(d, rank, dims, dnnl_f32, tag));
    return d;
}
#endif

typedef struct layer {
    long long in, out, edge, kernel, stride, dilation, out_edge;
} layer;

/* "32-64@96" or "32-64@96k1s2d1"; what is not said is kernel 3, stride 1, dilation 1. */
static layer layer_of(const char *name)
{
    layer l = {.kernel = 3, .stride = 1, .dilation = 1};
    int read = 0;
    if (sscanf(name, "%lld-%lld@%lld%n", &l.in, &l.out, &l.edge, &read) != 3) exit(2);
    for (const char *more = name + read; *more; more += read) {
        char what;
        long long n;
        if (sscanf(more, "%c%lld%n", &what, &n, &read) != 2) exit(2);
        *(what == 'k' ? &l.kernel : what == 's' ? &l.stride : &l.dilation) = n;
    }
    const long long pad = l.dilation * (l.kernel - 1) / 2;
    l.out_edge = (l.edge + 2 * pad - l.dilation * (l.kernel - 1) - 1) / l.stride + 1;
    return l;
}

static dnnl_primitive_desc_t convolution(const layer *l, desc x, desc w, desc b, desc y)
{
    const long long lo = l->dilation * (l->kernel - 1) / 2;
    const long long hi = (l->out_edge - 1) * l->stride + l->dilation * (l->kernel - 1) + 1 - l->edge - lo;
    const dnnl_dims_t stride = {l->stride, l->stride, l->stride}, before = {lo, lo, lo}, after = {hi, hi, hi};
    const dnnl_dims_t gap = {l->dilation - 1, l->dilation - 1, l->dilation - 1};
    dnnl_primitive_desc_t pd;
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops;
    CHECK(dnnl_primitive_attr_create(&attr));
    CHECK(dnnl_post_ops_create(&ops));
#if DNNL_VERSION_MAJOR >= 3
    CHECK(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.01f, 0));
    CHECK(dnnl_primitive_attr_set_post_ops(attr, ops));
    CHECK(dnnl_convolution_forward_primitive_desc_create(&pd, engine, dnnl_forward_inference,
                                                         dnnl_convolution_direct, x, w, b, y, stride, gap,
                                                         before, after, attr));
#else
    CHECK(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0.01f, 0));
    CHECK(dnnl_primitive_attr_set_post_ops(attr, ops));
    dnnl_convolution_desc_t cd;
    CHECK(dnnl_dilated_convolution_forward_desc_init(&cd, dnnl_forward_inference, dnnl_convolution_direct, x,
                                                     w, b, y, stride, gap, before, after));
    CHECK(dnnl_primitive_desc_create(&pd, &cd, attr, engine, NULL));
#endif
    CHECK(dnnl_post_ops_destroy(ops));
    CHECK(dnnl_primitive_attr_destroy(attr));
    return pd;
}

static dnnl_memory_t reordered(dnnl_memory_t from, found_desc from_desc, found_desc to_desc)
{
    dnnl_memory_t to;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t p;
    CHECK(dnnl_memory_create(&to, to_desc, engine, DNNL_MEMORY_ALLOCATE));
    CHECK(dnnl_reorder_primitive_desc_create(&pd, from_desc, engine, to_desc, engine, NULL));
    CHECK(dnnl_primitive_create(&p, pd));
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    CHECK(dnnl_primitive_execute(p, stream, 2, args));
    CHECK(dnnl_stream_wait(stream));
    dnnl_primitive_destroy(p);
    dnnl_primitive_desc_destroy(pd);
    return to;
}

static dnnl_memory_t placed(void *data, desc plain, found_desc wanted)
{
    dnnl_memory_t from;
    CHECK(dnnl_memory_create(&from, plain, engine, data));
    return reordered(from, plain, wanted);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s NAME FILES OUTPUT\n", argv[0]);
        return 2;
    }
    const layer l = layer_of(argv[1]);
    const long long k = l.kernel, e = l.edge, f = l.out_edge;
    const dnnl_dims_t xd = {1, l.in, e, e, e}, wd = {l.out, l.in, k, k, k}, bd = {l.out},
                      yd = {1, l.out, f, f, f};
    const size_t n_x = (size_t)(l.in * e * e * e), n_w = (size_t)(l.in * l.out * k * k * k);
    const size_t n_y = (size_t)(l.out * f * f * f);
    CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
    dnnl_primitive_desc_t pd =
        convolution(&l, describe(5, xd, dnnl_format_tag_any), describe(5, wd, dnnl_format_tag_any),
                    describe(1, bd, dnnl_a), describe(5, yd, dnnl_format_tag_any));
    const char *name;
    CHECK(dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name));
    dnnl_primitive_t conv;
    CHECK(dnnl_primitive_create(&conv, pd));
    found_desc y_desc = dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    dnnl_memory_t x = placed(numbers(argv[2], ".in", n_x), describe(5, xd, dnnl_abcde),
                             dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0));
    dnnl_memory_t w = placed(numbers(argv[2], ".w", n_w), describe(5, wd, dnnl_abcde),
                             dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    dnnl_memory_t b, y;
    CHECK(dnnl_memory_create(&b, describe(1, bd, dnnl_a), engine, numbers(argv[2], ".b", (size_t)l.out)));
    CHECK(dnnl_memory_create(&y, y_desc, engine, DNNL_MEMORY_ALLOCATE));
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}};
    CHECK(dnnl_primitive_execute(conv, stream, 4, args));
    CHECK(dnnl_stream_wait(stream));

    void *plain;
    CHECK(dnnl_memory_get_data_handle(reordered(y, y_desc, describe(5, yd, dnnl_abcde)), &plain));
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(plain, sizeof(float), n_y, file) != n_y || fclose(file)) return 1;

    const dnnl_version_t *v = dnnl_version();
    printf("{\"version\": \"%d.%d.%d\", \"variant\": \"%s\"}\n", v->major, v->minor, v->patch, name);
    fflush(stdout);
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        const double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        CHECK(dnnl_primitive_execute(conv, stream, 4, args));
        CHECK(dnnl_stream_wait(stream));
        printf("{\"wall_s\": %.6f, \"cpu_s\": %.6f}\n", seconds(CLOCK_MONOTONIC) - wall,
               seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        fflush(stdout);
    }
    return 0;
}
