/* What sliding a window over a whole CT costs beside the model itself: cutting windows out, checking what the
 * model gave, blending, and deciding every voxel, against the seconds of the model. usage: bench_window MODEL
 * DIMS [RUNS [THREADS [NX NY NZ [OVERLAP]]]] DIMS "1,1,128,128,128": what one run of the model takes. The
 * image has NX x NY x NZ voxels (512 512 300), as many channels as the model, overlap 0.5, Gaussian weights.
 * The model runs for the first RUNS windows (3) only and its mean time stands for the others, which blend the
 * last output again: they cost the same whatever is in it. Prints one line of JSON: seconds of CPU (THREADS
 * 1) or wall by part, and the share of all but the model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/decide.h"
#include "engine/model/session.h"

enum { CUT, MODEL, CHECK, OPEN, BLEND, DECIDE, PARTS };
static const char *const part_name[PARTS] = {"cut_s", "model_s", "check_s", "open_s", "blend_s", "decide_s"};

typedef struct bench {
    cm_threads *pool;
    cm_backend *backend;
    cm_model *model;
    cm_plan *plan;
    cm_budget budget;
    cm_placement placement;
    cm_windows windows;
    cm_ring ring;
    cm_decider decider;
    cm_taps taps[3];
    cm_output_spec rule;
    int threads, runs;
    int64_t channels, classes, size[3], tile[3];
    float *image, *in, *out;
    uint16_t *labels;
    double spent[PARTS], at;
} bench;

static double now(const bench *b)
{
    return b->threads == 1 ? cm_process_cpu_s() : cm_now_s();
}

/* The time since the last call belongs to this part. */
static void spent_on(bench *b, int part)
{
    const double t = now(b);
    b->spent[part] += t - b->at;
    b->at = t;
}

static cm_status load(bench *b, const char *path, const char *dims, double overlap, cm_error *err)
{
    int64_t dim[CM_MAX_RANK];
    int rank = 0;
    for (char *text = (char *)(uintptr_t)dims; *text && rank < CM_MAX_RANK; text += *text == ',')
        dim[rank++] = strtoll(text, &text, 10);
    if (rank != 5) return CM_FAIL(err, CM_ERR_ARG, .what = "DIMS must have five numbers");
    b->channels = dim[1];
    for (int k = 0; k < 3; k++)
        b->tile[k] = dim[4 - k];
    cm_status st = cm_model_open(path, NULL, &b->model, err);
    if (!st)
        st = cm_plan_create(b->model, NULL, NULL, dim, rank, cm_model_output(b->model, 0)->name, b->backend,
                            &b->plan, err);
    if (!st) st = cm_plan_prepare(b->plan, err);
    if (!st) b->classes = cm_plan_get_cost(b->plan)->output_dim[1];
    if (!st) st = cm_windows_init(&b->windows, b->size, b->tile, overlap, CM_BLENDING_GAUSSIAN, err);
    if (!st) st = cm_ring_init(&b->ring, &b->windows, b->classes, &b->budget, err);
    if (!st) st = cm_placement_init(&b->placement, b->size, (double[]){1, 1, 1}, err);
    for (int k = 0; !st && k < 3; k++)
        st = cm_taps_init(&b->taps[k], &b->placement, k, err);
    if (!st)
        st = cm_decider_init(&b->decider, &b->rule, b->classes, b->size[1], b->size[0], b->size[0],
                             b->backend, &b->budget, err);
    return st;
}

static cm_status make_arrays(bench *b, cm_error *err)
{
    const int64_t n = b->size[0] * b->size[1] * b->size[2], t = b->tile[0] * b->tile[1] * b->tile[2];
    b->image = malloc((size_t)(b->channels * n) * sizeof *b->image);
    b->in = malloc((size_t)(b->channels * t) * sizeof *b->in);
    b->out = malloc((size_t)(b->classes * t) * sizeof *b->out);
    b->labels = calloc((size_t)n, sizeof *b->labels);
    if (!b->image || !b->in || !b->out || !b->labels)
        return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the image");
    for (int64_t i = 0; i < b->channels * n; i++)
        b->image[i] = (float)(i * 7919 % 1009) / 500.0f - 1.0f;
    return CM_OK;
}

static cm_status decide(bench *b, int64_t d, cm_error *err)
{
    const int64_t *n = b->size;
    const float *slab = cm_ring_slab(&b->ring, d);
    const cm_slab_pair slabs = {slab, slab, 0.0f, b->classes, b->ring.depth * n[1] * n[0], n[1], n[0]};
    return cm_decide_plane(&b->decider, &slabs, &b->taps[1], &b->taps[0], b->labels + d * n[1] * n[0], n[0],
                           1, err);
}

static cm_status run(bench *b, cm_error *err)
{
    const int64_t total = cm_windows_total(&b->windows), t = b->tile[0] * b->tile[1] * b->tile[2];
    int64_t opened = 0, decided = 0;
    cm_status st = cm_plan_run(b->plan, b->image, b->out, NULL, err); /* not counted: pages are touched */
    b->at = now(b);
    for (int64_t i = 0; !st && i < total; i++) {
        int64_t start[3], next[3] = {0, 0, b->size[2]};
        cm_windows_start(&b->windows, i, start);
        if (i + 1 < total) cm_windows_start(&b->windows, i + 1, next);
        for (; opened < start[2] + b->tile[2]; opened++)
            cm_ring_open(&b->ring, opened, b->pool);
        spent_on(b, OPEN);
        cm_window_cut(&b->windows, start, 0, b->image, b->channels, b->in, b->pool);
        spent_on(b, CUT);
        if (i < b->runs) st = cm_plan_run(b->plan, b->in, b->out, NULL, err);
        spent_on(b, MODEL);
        if (!st) st = cm_check_finite(b->out, b->classes * t, b->pool, "a window", err);
        spent_on(b, CHECK);
        cm_ring_add(&b->ring, i, b->out, b->pool);
        spent_on(b, BLEND);
        for (; !st && decided < next[2]; decided++)
            st = decide(b, decided, err);
        spent_on(b, DECIDE);
    }
    return st;
}

static void print(const bench *b)
{
    const double total = (double)cm_windows_total(&b->windows), runs = fmin(total, b->runs);
    const double model = b->spent[MODEL] / runs * total;
    double beside = 0;
    printf("{\"windows\": %.0f, \"classes\": %lld, \"threads\": %d, \"variant\": \"%s\"", total,
           (long long)b->classes, b->threads, cm_backend_variant(b->backend));
    for (int p = CUT; p < PARTS; p++) {
        printf(", \"%s\": %.3f", part_name[p], p == MODEL ? model : b->spent[p]);
        if (p != MODEL) beside += b->spent[p];
    }
    printf(", \"beside_the_model\": %.4f}\n", beside / model);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL DIMS [RUNS [THREADS [NX NY NZ [OVERLAP]]]]\n", argv[0]);
        return 2;
    }
    bench b = {.rule = {.decision = CM_DECISION_ARGMAX},
               .runs = argc > 3 ? atoi(argv[3]) : 3,
               .threads = argc > 4 ? atoi(argv[4]) : 1,
               .size = {512, 512, 300}};
    for (int k = 0; k < 3 && argc > 7; k++)
        b.size[k] = atoll(argv[5 + k]);
    cm_error err = {0};
    cm_budget_init(&b.budget, INT64_MAX);
    cm_status st = cm_threads_create(b.threads, &b.pool, &err);
    if (!st) st = cm_backend_cpu_create(b.pool, -1, &b.backend, &err);
    if (!st) st = load(&b, argv[1], argv[2], argc > 8 ? atof(argv[8]) : 0.5, &err);
    if (!st) st = make_arrays(&b, &err);
    if (!st) st = run(&b, &err);
    if (!st) print(&b);
    if (st) {
        char text[1500];
        cm_error_format(&err, text, sizeof text);
        fprintf(stderr, "%s: %s\n", cm_status_name(st), text);
    }
    free(b.image);
    free(b.in);
    free(b.out);
    free(b.labels);
    cm_decider_fini(&b.decider);
    for (int k = 0; k < 3; k++)
        cm_taps_fini(&b.taps[k]);
    cm_placement_fini(&b.placement);
    cm_ring_fini(&b.ring);
    cm_windows_fini(&b.windows);
    cm_plan_destroy(b.plan);
    cm_model_close(b.model);
    cm_backend_destroy(b.backend);
    cm_threads_destroy(b.pool);
    return (int)st;
}
