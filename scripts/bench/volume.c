/* One measurement of the metrics, for scripts/bench/metrics.py, which makes the inputs and runs the peers.
 * usage: bench_volume score      REFERENCE PREDICTION NZ NY NX SZ SY SX THREADS   (uint16 label maps, raw)
 *        bench_volume boundary   REFERENCE PREDICTION NZ NY NX SZ SY SX THREADS   (the same)
 *        bench_volume elements   REFERENCE PREDICTION NZ NY NX SZ SY SX THREADS   (the same)
 *        bench_volume lesions    REFERENCE PREDICTION NZ NY NX SZ SY SX THREADS   (the same, values 1, 2, 3)
 *        bench_volume distance   MASK NZ NY NX SZ SY SX THREADS                   (uint8 mask, raw)
 *        bench_volume components CONNECTIVITY MASK NZ NY NX THREADS               (uint8 mask, raw)
 *        bench_volume ranked     SCORES N                                        (float64 scores, then uint8
 * truth) Prints one line of JSON: wall and CPU seconds of the work alone, memory above the level before it in
 * bytes, and a number to compare with a peer's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pages.h"
#include "metrics/classification.h"
#include "metrics/segmentation.h"

enum { MOST_METRICS = 80 };

static const char *const lesion_ids[] = {"LESION-SENS.c26.any-overlap", "LESION-PPV.c26.any-overlap",
                                         "LESION-F1.c26.cover@0.5",     "PQ.c26.iou-strict@0.5",
                                         "PQ.c26.iou-greedy@0.1",       "PQ.c26.iou-hungarian@0.1",
                                         "BRATS23-DSC.dil3.vol50mm3",   "BRATS23-HD95.dil3.vol50mm3",
                                         "LESION-F1.c26.any-overlap",   NULL};

/* The high-water mark of this program alone; getrusage would count what started it, too. */
static double peak_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[200];
    double kib = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1) break;
    if (f) fclose(f);
    return kib * 1024;
}

static void *read_raw(const char *path, size_t bytes)
{
    FILE *f = fopen(path, "rb");
    void *data = malloc(bytes);
    if (!f || !data || fread(data, 1, bytes, f) != bytes) {
        fprintf(stderr, "bench_volume: %s does not hold %zu bytes\n", path, bytes);
        exit(1);
    }
    fclose(f);
    return data;
}

typedef struct clock_at {
    double wall, cpu, peak;
} clock_at;

static clock_at start(void)
{
    return (clock_at){cm_now_s(), cm_process_cpu_s(), peak_bytes()};
}

static int finish(clock_at from, cm_status st, const cm_error *err, double answer)
{
    if (st) fprintf(stderr, "bench_volume: %s %s\n", err->what, err->why);
    printf("{\"wall\": %.6f, \"cpu\": %.6f, \"bytes\": %.0f, \"answer\": %.17g}\n", cm_now_s() - from.wall,
           cm_process_cpu_s() - from.cpu, peak_bytes() - from.peak, answer);
    return st != CM_OK;
}

static cm_grid grid_from(char **argv)
{
    cm_grid g;
    for (int k = 0; k < 3; k++) {
        g.n[k] = atoll(argv[k]);
        g.spacing[k] = atof(argv[3 + k]);
    }
    return g;
}

static size_t voxels(const cm_grid *g)
{
    return (size_t)(g->n[0] * g->n[1] * g->n[2]);
}

/* The example of each row of the catalogue that is a formula over counts or over distances between the voxel
 * surfaces in mm, and at last the NSD that the peers give, too. */
static void list_mask_metrics(const char **ids)
{
    int n = 0;
    for (int i = 0; i < cm_metric_catalogue_count && n < MOST_METRICS - 2; i++) {
        const cm_metric_definition *d = &cm_metric_catalogue[i];
        if (d->kind == CM_METRIC_SEGMENTATION && d->mask &&
            (d->needs == CM_NEEDS_COUNTS || d->needs == CM_NEEDS_LABELS || d->needs == CM_NEEDS_DISTANCES))
            ids[n++] = d->example;
    }
    ids[n++] = "NSD.vox@2mm";
    ids[n] = NULL;
}

/* Answer: the last metric of the first target. */
static int score_targets(char **argv, const char *const *ids, const cm_target *targets, int n,
                         uint16_t *reference, uint16_t *prediction)
{
    const cm_grid grid = grid_from(argv + 2);
    cm_metric metrics[MOST_METRICS];
    cm_error err = {0};
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    int n_metrics = 0;
    cm_status st = cm_threads_create(atoi(argv[8]), &pool, &err);
    if (!st) st = cm_backend_cpu_create(pool, -1, &be, &err);
    for (; ids[n_metrics] && !st; n_metrics++)
        st = cm_metric_parse(ids[n_metrics], &metrics[n_metrics], &err);
    cm_metric_value *values = calloc((size_t)n * (size_t)n_metrics + 1, sizeof *values);
    const cm_pair pair = {
        .reference = reference, .prediction = prediction, .grid = grid, .spacing_known = true};
    const clock_at from = start();
    if (!st) st = cm_score_segmentation(be, &pair, targets, n, metrics, n_metrics, values, NULL, &err);
    const int code = finish(from, st, &err, n_metrics ? values[n_metrics - 1].value : 0);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    free(values);
    free(reference);
    free(prediction);
    return code;
}

/* Every label of the reference. */
static int score_labels(char **argv, const char *const *ids)
{
    const cm_grid grid = grid_from(argv + 2);
    static uint16_t value[65536];
    static cm_target targets[65536];
    static bool seen[65536];
    uint16_t *reference = read_raw(argv[0], 2 * voxels(&grid)),
             *prediction = read_raw(argv[1], 2 * voxels(&grid));
    int n = 0;
    for (size_t i = 0; i < voxels(&grid); i++)
        seen[reference[i]] = true;
    for (int v = 1; v < 65536; v++)
        if (seen[v]) {
            value[n] = (uint16_t)v;
            targets[n] = (cm_target){.n_values = 1, .values = &value[n]};
            n++;
        }
    return score_targets(argv, ids, targets, n, reference, prediction);
}

static int score(char **argv)
{
    const char *ids[MOST_METRICS];
    list_mask_metrics(ids);
    return score_labels(argv, ids);
}

/* The same and the boundary IoU in voxels that MetricsReloaded gives. */
static int boundary(char **argv)
{
    const char *ids[MOST_METRICS + 1] = {"BIOU@1vox"};
    list_mask_metrics(ids + 1);
    return score_labels(argv, ids);
}

static int elements(char **argv)
{
    static const char *const ids[] = {"DSC",         "HD.surfel",      "HD95.surfel", "ASSD.surfel",
                                      "MASD.surfel", "NSD.surfel@2mm", NULL};
    return score_labels(argv, ids);
}

/* The regions of BraTS 2023: whole tumour, tumour core, enhancing tumour. */
static int lesions(char **argv)
{
    static const uint16_t whole[] = {1, 2, 3}, core[] = {1, 3}, enhancing[] = {3};
    static const cm_target targets[] = {{"WT", 3, whole}, {"TC", 2, core}, {"ET", 1, enhancing}};
    const cm_grid grid = grid_from(argv + 2);
    uint16_t *reference = read_raw(argv[0], 2 * voxels(&grid)),
             *prediction = read_raw(argv[1], 2 * voxels(&grid));
    return score_targets(argv, lesion_ids, targets, 3, reference, prediction);
}

/* Answer: the sum of the squared distances. */
static int distance(char **argv)
{
    const cm_grid grid = grid_from(argv + 1);
    cm_error err = {0};
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    uint8_t *mask = read_raw(argv[0], voxels(&grid));
    double *out = malloc(voxels(&grid) * sizeof *out), sum = 0;
    cm_status st = cm_threads_create(atoi(argv[7]), &pool, &err);
    if (!st) st = cm_backend_cpu_create(pool, -1, &be, &err);
    const clock_at from = start(); /* the first writing of the answer counts, as it does for the peer */
    cm_prefer_large_pages(out, voxels(&grid) * sizeof *out);
    if (!st) st = be->ops->distance_squared(be, mask, &grid, out, &err);
    const double wall = cm_now_s(), cpu = cm_process_cpu_s();
    for (size_t i = 0; i < voxels(&grid); i++)
        sum += out[i];
    const clock_at without_sum = {from.wall + (cm_now_s() - wall), from.cpu + (cm_process_cpu_s() - cpu),
                                  from.peak};
    const int code = finish(without_sum, st, &err, sum);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    free(mask);
    free(out);
    return code;
}

static int components(char **argv)
{
    const int64_t n[3] = {atoll(argv[2]), atoll(argv[3]), atoll(argv[4])};
    const size_t count = (size_t)(n[0] * n[1] * n[2]);
    cm_error err = {0};
    uint8_t *mask = read_raw(argv[1], count);
    int32_t *labels = malloc(count * sizeof *labels);
    int64_t found = 0;
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    cm_status st = cm_threads_create(atoi(argv[5]), &pool, &err);
    if (!st) st = cm_backend_cpu_create(pool, -1, &be, &err);
    const clock_at from = start(); /* the first writing of the labels counts, as it does for the peer */
    cm_prefer_large_pages(labels, count * sizeof *labels); /* NumPy does that, too */
    if (!st) st = be->ops->components(be, mask, n, atoi(argv[0]), labels, &found, &err);
    const int code = finish(from, st, &err, (double)found);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    free(mask);
    free(labels);
    return code;
}

/* AUROC and AP of one class; answer: their sum. */
static int ranked(char **argv)
{
    const int64_t n = atoll(argv[1]);
    char *raw = read_raw(argv[0], (size_t)n * 9);
    double *score_of = malloc((size_t)n * 2 * sizeof *score_of);
    int32_t *truth = malloc((size_t)n * 2 * sizeof *truth), *decided = truth + n;
    cm_metric metrics[2];
    cm_metric_value values[2];
    cm_error err = {0};
    for (int64_t i = 0; i < n; i++) {
        memcpy(&score_of[2 * i + 1], raw + 8 * i, 8);
        score_of[2 * i] = 1 - score_of[2 * i + 1];
        truth[i] = (unsigned char)raw[8 * n + i];
        decided[i] = score_of[2 * i + 1] > 0.5;
    }
    cm_status st = cm_metric_parse("AUROC", &metrics[0], &err);
    if (!st) st = cm_metric_parse("AP.step", &metrics[1], &err);
    const cm_classified data = {.n = n, .k = 2, .truth = truth, .decided = decided, .score = score_of};
    const clock_at from = start();
    if (!st) st = cm_classify(metrics, 2, &data, 1, values, &err);
    const int code = finish(from, st, &err, values[0].value + values[1].value);
    free(raw);
    free(score_of);
    free(truth);
    return code;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(char **argv);
        int arguments;
    } works[] = {{"score", score, 9},     {"boundary", boundary, 9}, {"elements", elements, 9},
                 {"lesions", lesions, 9}, {"distance", distance, 8}, {"components", components, 6},
                 {"ranked", ranked, 2}};
    for (size_t w = 0; w < sizeof works / sizeof *works; w++)
        if (argc == works[w].arguments + 2 && !strcmp(argv[1], works[w].name)) return works[w].run(argv + 2);
    fprintf(
        stderr,
        "usage: bench_volume score|boundary|elements|lesions|distance|components|ranked ... (see scripts/bench/volume.c)\n");
    return 2;
}
