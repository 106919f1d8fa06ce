/* Runs one ONNX model as often as it is told, and says what each run cost; the cohmark side of inference.py.
 * usage: bench_model MODEL DIMS INPUT OUTPUT [THREADS [VARIANT]]
 * DIMS "1,1,64,64,64"; INPUT float32 numbers of that shape; OUTPUT gets those of the first run, which is not
 * counted; VARIANT scalar, avx2, avx512, neon or best. Then one line of JSON on stdout says what was planned,
 * and each line on stdin asks for something: "run" = one run, answered with its wall and CPU seconds;
 * "memory" = the most memory the process has had resident (with
 * pages of the model's file), and what it holds now without pages of files, each less what there was before
 * the model was opened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/threads.h"
#include "engine/model/model.h"

enum { MOST_BYTES = 1 << 30 };

typedef struct bench {
    cm_threads *pool;
    cm_backend *backend;
    cm_model *model;
    cm_plan *plan;
    char *input;
    float *output;
    int64_t level_bytes, level_held_bytes, output_count;
    double load_s;
} bench;

static int feature_of(const char *name)
{
    static const struct {
        const char *name;
        int feature;
    } known[] = {{"best", -1},
                 {"scalar", CM_CPU_SCALAR},
                 {"avx2", CM_CPU_AVX2},
                 {"avx512", CM_CPU_AVX2 | CM_CPU_AVX512},
                 {"neon", CM_CPU_NEON}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0) return known[i].feature;
    fprintf(stderr, "no variant is called %s\n", name);
    exit(2);
}

/* A figure of /proc/self/status in bytes, such as VmHWM (most resident so far) or VmRSS (resident now). */
static int64_t status_bytes(const char *figure)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    int64_t kib = 0;
    const size_t n = strlen(figure);
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, figure, n) == 0 && line[n] == ':') kib = strtoll(line + n + 1, NULL, 10);
    if (f) fclose(f);
    return kib * 1024;
}

static cm_status load(bench *b, char **argv, const int64_t *dim, int rank, cm_error *err)
{
    int64_t bytes = 0, expected = sizeof(float);
    for (int i = 0; i < rank; i++)
        expected *= dim[i];
    cm_status st = cm_file_read(argv[3], MOST_BYTES, &b->input, &bytes, err);
    if (!st && bytes != expected) st = CM_FAIL(err, CM_ERR_ARG, .what = "INPUT does not fit DIMS");
    b->level_bytes = status_bytes("VmRSS");
    b->level_held_bytes = status_bytes("RssAnon");
    const double start = cm_now_s();
    if (!st) st = cm_model_open(argv[1], NULL, &b->model, err);
    if (!st)
        st = cm_plan_create(b->model, NULL, NULL, dim, rank, cm_model_output(b->model, 0)->name, b->backend,
                            &b->plan, err);
    if (st) return st;
    const cm_plan_cost *cost = cm_plan_get_cost(b->plan);
    b->output_count = 1;
    for (int i = 0; i < cost->output_rank; i++)
        b->output_count *= cost->output_dim[i];
    b->output = malloc((size_t)b->output_count * sizeof *b->output);
    if (!b->output) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the output");
    st = cm_plan_prepare(b->plan, err);
    b->load_s = cm_now_s() - start;
    return st;
}

static cm_status once(bench *b, cm_error *err)
{
    return cm_plan_run(b->plan, (const float *)(void *)b->input, b->output, NULL, err);
}

static cm_status serve(bench *b, cm_error *err)
{
    const cm_plan_cost *cost = cm_plan_get_cost(b->plan);
    printf("{\"variant\": \"%s\", \"load_s\": %.4f, \"operations\": %.0f, \"weight_bytes\": %lld, "
           "\"arena_bytes\": %lld, \"output_bytes\": %lld}\n",
           cm_backend_variant(b->backend), b->load_s, cost->operations, (long long)cost->weight_bytes,
           (long long)cost->arena_bytes, (long long)(b->output_count * (int64_t)sizeof *b->output));
    fflush(stdout);
    char line[32];
    cm_status st = CM_OK;
    while (!st && fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "memory\n") == 0) {
            printf("{\"peak_bytes\": %lld, \"held_bytes\": %lld}\n",
                   (long long)(status_bytes("VmHWM") - b->level_bytes),
                   (long long)(status_bytes("RssAnon") - b->level_held_bytes));
        } else {
            const double wall = cm_now_s(), cpu = cm_process_cpu_s();
            st = once(b, err);
            printf("{\"wall_s\": %.6f, \"cpu_s\": %.6f}\n", cm_now_s() - wall, cm_process_cpu_s() - cpu);
        }
        fflush(stdout);
    }
    return st;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s MODEL DIMS INPUT OUTPUT [THREADS [VARIANT]]\n", argv[0]);
        return 2;
    }
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    for (char *text = argv[2]; *text && rank < CM_MAX_RANK; text += *text == ',')
        dim[rank++] = strtoll(text, &text, 10);
    cm_error err = {0};
    bench b = {0};
    cm_status st = cm_threads_create(argc > 5 ? atoi(argv[5]) : 1, &b.pool, &err);
    if (!st) st = cm_backend_cpu_create(b.pool, argc > 6 ? feature_of(argv[6]) : -1, &b.backend, &err);
    if (!st) st = load(&b, argv, dim, rank, &err);
    if (!st) st = once(&b, &err);
    if (!st) st = cm_file_write(argv[4], b.output, b.output_count * (int64_t)sizeof *b.output, &err);
    if (!st) st = serve(&b, &err);
    if (st) {
        char text[1500];
        cm_error_format(&err, text, sizeof text);
        fprintf(stderr, "%s: %s\n", cm_status_name(st), text);
    }
    cm_plan_destroy(b.plan);
    cm_model_close(b.model);
    cm_backend_destroy(b.backend);
    cm_threads_destroy(b.pool);
    free(b.input);
    free(b.output);
    return (int)st;
}
