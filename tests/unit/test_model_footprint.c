/* A plan takes the memory it announced: measured in a child as the peak of the resident set, from before the
 * model is opened until it has run. The file's weights are packed, and not in memory a second time. */
#include "tests/unit/model_fixture.h"

#include <sys/wait.h>

/* The kernel counts what sanitizers add. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_MEASURABLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_MEASURABLE 0
#endif
#endif
#ifndef IS_MEASURABLE
#define IS_MEASURABLE 1
#endif

enum { SIDE = 64, WIDE = 2048, DEEP = 1024 };

/* kB in /proc/self/status; -1 when it is not there. */
static long status_kb(const char *key)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, key, strlen(key))) kb = strtol(line + strlen(key) + 1, NULL, 10);
    if (f) fclose(f);
    return kb;
}

static void conv(ow_buf *g, const char *in, const char *out, int64_t from, int64_t to)
{
    char weight[32], inputs[64];
    float *w = calloc((size_t)(from * to), sizeof *w);
    assert_non_null(w);
    for (int64_t i = 0; i < from * to; i++)
        w[i] = (float)(i % 7) / 64.0f;
    snprintf(weight, sizeof weight, "w_%s", out);
    snprintf(inputs, sizeof inputs, "%s,%s", in, weight);
    ow_buf t = ow_tensor_f32(weight, SHAPE(to, from, 1, 1, 1), w);
    ow_initializer(g, &t);
    ow_node(g, "Conv", inputs, out, NULL);
    free(w);
}

/* Large tensors with a skip connection, and a gate with large weights. */
static void write_model(const char *path)
{
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 4, SIDE, SIDE, SIDE));
    conv(&g, "x", "skip", 4, 32);
    ow_node(&g, "Relu", "skip", "r", NULL);
    conv(&g, "r", "up", 32, 32);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", "skip,up", "both", &a);
    conv(&g, "both", "last", 64, 4);
    ow_node(&g, "GlobalAveragePool", "x", "mean", NULL);
    conv(&g, "mean", "g1", 4, WIDE);
    conv(&g, "g1", "g2", WIDE, WIDE);
    conv(&g, "g2", "gate", WIDE, 4);
    ow_node(&g, "Mul", "last,gate", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, 4, SIDE, SIDE, SIDE));
    ow_buf model = ow_model(&g, 13);
    assert_int_equal(ow_save(&model, path), 0);
}

/* Convolutions whose weights a batch norm changes, so that each is copied before it is packed. */
static void write_deep_model(const char *path)
{
    static const char *const names[] = {"x", "a", "b", "c", "d", "e", "f", "g", "h", "y"};
    ow_buf g = {0};
    float ones[DEEP];
    for (int i = 0; i < DEEP; i++)
        ones[i] = 1.0f;
    ow_buf t = ow_tensor_f32("ones", SHAPE(DEEP), ones);
    ow_initializer(&g, &t);
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, DEEP, 1, 1, 1));
    for (int i = 0; i < 9; i++) {
        char inputs[64], before[8];
        snprintf(before, sizeof before, "%s_", names[i + 1]);
        conv(&g, names[i], before, DEEP, DEEP);
        snprintf(inputs, sizeof inputs, "%s,ones,ones,ones,ones", before);
        ow_node(&g, "BatchNormalization", inputs, names[i + 1], NULL);
    }
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, DEEP, 1, 1, 1));
    ow_buf model = ow_model(&g, 13);
    assert_int_equal(ow_save(&model, path), 0);
}

/* Products with matrices, which lie unaligned in the file where their names want it so. */
static void write_products(const char *path)
{
    static const char *const names[] = {"x", "a", "bc", "def", "ghij", "k", "lm", "nop", "qrst", "y"};
    ow_buf g = {0};
    float *w = calloc(DEEP * DEEP, sizeof *w);
    assert_non_null(w);
    for (int i = 0; i < DEEP * DEEP; i++)
        w[i] = (float)(i % 7) / 64.0f;
    ow_input(&g, "x", OW_FLOAT, SHAPE(3, DEEP));
    for (int i = 0; i < 9; i++) {
        char weight[32], inputs[64];
        snprintf(weight, sizeof weight, "w_%s", names[i + 1]);
        snprintf(inputs, sizeof inputs, "%s,%s", names[i], weight);
        ow_buf t = ow_tensor_f32(weight, SHAPE(DEEP, DEEP), w), turned = {0};
        ow_initializer(&g, &t);
        ow_attr_int(&turned, "transB", 1);
        if (i % 2)
            ow_node(&g, "Gemm", inputs, names[i + 1], &turned);
        else
            ow_node(&g, "MatMul", inputs, names[i + 1], NULL);
    }
    ow_output(&g, "y", OW_FLOAT, SHAPE(3, DEEP));
    ow_buf model = ow_model(&g, 13);
    assert_int_equal(ow_save(&model, path), 0);
    free(w);
}

/* In the child: what was announced for weights and activations and what a prepared plan holds, in bytes. */
static int measure_held(const char *path, int fd)
{
    cm_backend *be = NULL;
    cm_model *model = NULL;
    cm_plan *plan = NULL;
    if (cm_backend_cpu_create(NULL, -1, &be, NULL)) return 1;
    const long before = status_kb("RssAnon:");
    if (cm_model_open(path, NULL, &model, NULL)) return 2;
    const cm_model_io *x = cm_model_input(model, 0);
    if (cm_plan_create(model, NULL, NULL, x->dim, x->rank, NULL, be, &plan, NULL) ||
        cm_plan_prepare(plan, NULL))
        return 3;
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    const int64_t figures[2] = {cost->weight_bytes + cost->arena_bytes,
                                (int64_t)(status_kb("RssAnon:") - before) * 1024};
    return write(fd, figures, sizeof figures) == sizeof figures ? 0 : 5;
}

/* In the child: what was announced and what was taken, in bytes. */
static int measure(const char *path, int fd)
{
    const int64_t dim[5] = {1, 4, SIDE, SIDE, SIDE}, voxels = (int64_t)SIDE * SIDE * SIDE;
    cm_backend *be = NULL;
    cm_model *model = NULL;
    cm_plan *plan = NULL;
    if (cm_backend_cpu_create(NULL, -1, &be, NULL)) return 1;
    const long before = status_kb("VmRSS:");
    float *x = calloc((size_t)(4 * voxels), sizeof *x), *y = calloc((size_t)(4 * voxels), sizeof *y);
    if (!x || !y || cm_model_open(path, NULL, &model, NULL)) return 2;
    memset(x, 1, (size_t)(4 * voxels) * sizeof *x);
    if (cm_plan_create(model, NULL, NULL, dim, 5, NULL, be, &plan, NULL) || cm_plan_prepare(plan, NULL))
        return 3;
    if (cm_plan_run(plan, x, y, NULL, NULL)) return 4;
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    const int64_t figures[2] = {cost->weight_bytes + cost->arena_bytes + 2 * 4 * voxels * (int64_t)sizeof *x,
                                (int64_t)(status_kb("VmHWM:") - before) * 1024};
    return write(fd, figures, sizeof figures) == sizeof figures ? 0 : 5;
}

/* In a child, so that what it frees is no memory to be had for nothing. */
static void write_apart(void (*write_file)(const char *), const char *path)
{
    int how = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        write_file(path);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

/* Writes a model, measures it in a child, and compares. */
static void compare(void (*write_file)(const char *), int (*measure_file)(const char *, int))
{
    char path[] = "/tmp/cohmark-footprint.XXXXXX";
    int fd = mkstemp(path), ends[2];
    assert_true(fd >= 0);
    close(fd);
    write_apart(write_file, path);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(measure_file(path, ends[1]));
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    unlink(path);
    assert_int_equal(how, 0);
    int64_t figures[2];
    assert_int_equal(read(ends[0], figures, sizeof figures), sizeof figures);
    close(ends[0]);
    close(ends[1]);
    const double ratio = (double)figures[1] / (double)figures[0];
    print_message("announced %.1f MB, taken %.1f MB, ratio %.3f\n", 1e-6 * (double)figures[0],
                  1e-6 * (double)figures[1], ratio);
    if (!(ratio > 0.95 && ratio < 1.05))
        fail_msg("announced %lld bytes, taken %lld", (long long)figures[0], (long long)figures[1]);
}

static void memory_is_what_was_announced(void **state)
{
    (void)state;
    compare(write_model, measure);
}

/* The bug: the copy of the largest weights left its memory to the heap (ResNet-50: 9 % more than announced).
 */
static void nothing_is_kept_of_copied_weights(void **state)
{
    (void)state;
    compare(write_deep_model, measure_held);
}

/* The bug: they were packed anew in every run, and copied where the file holds them unaligned. */
static void weights_of_products_are_held_once(void **state)
{
    (void)state;
    compare(write_products, measure_held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_is_what_was_announced),
                                       cmocka_unit_test(nothing_is_kept_of_copied_weights),
                                       cmocka_unit_test(weights_of_products_are_held_once)};
    if (!IS_MEASURABLE || status_kb("VmHWM:") < 0) {
        printf("skipped: resident memory cannot be measured here\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
