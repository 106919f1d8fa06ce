/* Speed of scoring one case: overlap metrics alone, then all segmentation metrics. Two spheres in 256x256x160
 * voxels of 0.7x0.7x5 mm, the case that other tools were timed on.
 * usage: bench_score [THREADS [REPEATS]]
 * Prints the best and the median wall time in milliseconds. */
#include <stdio.h>
#include <stdlib.h>

#include "metrics/segmentation.h"

enum { NZ = 160, NY = 256, NX = 256, OVERLAP = 6, ALL = 10, MAX_REPEATS = 1000 };

static const char *const ids[ALL] = {"DSC", "IOU",    "SENS.vox",        "PPV.vox",  "VS",
                                     "RVD", "HD.vox", "HD95.vox.maxdir", "ASSD.vox", "NSD.vox@2mm"};

static void draw_sphere(uint16_t *map, double z0, double y0, double x0, double radius_mm)
{
    for (int64_t z = 0; z < NZ; z++)
        for (int64_t y = 0; y < NY; y++)
            for (int64_t x = 0; x < NX; x++) {
                const double dz = ((double)z - z0) * 5, dy = ((double)y - y0) * 0.7,
                             dx = ((double)x - x0) * 0.7;
                map[(z * NY + y) * NX + x] = dz * dz + dy * dy + dx * dx < radius_mm * radius_mm;
            }
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(cm_backend *be, const cm_pair *pair, const cm_metric *metrics, int n_metrics, int repeats)
{
    static double elapsed_ms[MAX_REPEATS];
    const uint16_t value = 1;
    const cm_target target = {.name = "sphere", .n_values = 1, .values = &value};
    cm_metric_value values[ALL];
    for (int i = 0; i < repeats; i++) {
        const double start_s = cm_now_s();
        if (cm_score_segmentation(be, pair, &target, 1, metrics, n_metrics, values, NULL, NULL)) return 1;
        elapsed_ms[i] = (cm_now_s() - start_s) * 1e3;
    }
    qsort(elapsed_ms, (size_t)repeats, sizeof *elapsed_ms, rising);
    printf("%2d metrics, %d threads: best %.1f ms, median %.1f ms; %s = %.4f\n", n_metrics,
           cm_threads_count(be->pool), elapsed_ms[0], elapsed_ms[repeats / 2], metrics[n_metrics - 1].id,
           values[n_metrics - 1].value);
    return 0;
}

int main(int argc, char **argv)
{
    const int n_threads = argc > 1 ? atoi(argv[1]) : 1, repeats = argc > 2 ? atoi(argv[2]) : 20;
    uint16_t *reference = malloc(sizeof *reference * NZ * NY * NX);
    uint16_t *prediction = malloc(sizeof *prediction * NZ * NY * NX);
    cm_metric metrics[ALL];
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    int failed = !reference || !prediction || repeats < 1 || repeats > MAX_REPEATS ||
                 cm_threads_create(n_threads, &pool, NULL) || cm_backend_cpu_create(pool, -1, &be, NULL);
    for (int i = 0; i < ALL && !failed; i++)
        failed = cm_metric_parse(ids[i], &metrics[i], NULL) != CM_OK;
    if (!failed) {
        const cm_pair pair = {reference, prediction, {{NZ, NY, NX}, {5, 0.7, 0.7}}, true};
        draw_sphere(reference, 80, 128, 128, 70);
        draw_sphere(prediction, 81, 131, 125, 66);
        failed = measure(be, &pair, metrics, OVERLAP, repeats) || measure(be, &pair, metrics, ALL, repeats);
    }
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
    free(reference);
    free(prediction);
    return failed;
}
