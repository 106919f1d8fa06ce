/* How much memory scoring holds at most, beyond the two label maps: 12 bytes per voxel of the box around both
 * masks of a target, whatever the image, and what does not depend on the image. Every allocation of the
 * metrics and the volume kernels is counted; the functions of malloc are wrapped by the linker
 * (--wrap). */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/segmentation.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);

static atomic_llong held, most;

static void *took(void *memory)
{
    const long long now = atomic_fetch_add(&held, (long long)malloc_usable_size(memory)) +
                          (long long)malloc_usable_size(memory);
    if (now > atomic_load(&most)) atomic_store(&most, now);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return took(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return took(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    atomic_fetch_sub(&held, (long long)malloc_usable_size(memory));
    return took(__real_realloc(memory, size));
}

void __wrap_free(void *memory)
{
    atomic_fetch_sub(&held, (long long)malloc_usable_size(memory));
    __real_free(memory);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    const int failed = __real_posix_memalign(memory, alignment, size);
    if (!failed) took(*memory);
    return failed;
}

enum {
    NZ = 72,
    NY = 150,
    NX = 150,
    VOXELS = NZ * NY * NX,
    /* tables over all label values (65536 of them), a page here and there, one plane of rows per thread */
    WHATEVER_THE_IMAGE = 600000
};

static uint16_t reference[VOXELS], prediction[VOXELS];

typedef struct box {
    int64_t lo[3], hi[3];
} box;

static void ball(uint16_t *map, double z0, double y0, double x0, double radius, box *around)
{
    for (int64_t i = 0; i < VOXELS; i++) {
        const int64_t at[3] = {i / NX / NY, i / NX % NY, i % NX};
        const double dz = (double)at[0] - z0, dy = (double)at[1] - y0, dx = (double)at[2] - x0;
        if (dz * dz + dy * dy + dx * dx >= radius * radius) continue;
        map[i] = 1;
        for (int a = 0; a < 3; a++) {
            if (at[a] < around->lo[a]) around->lo[a] = at[a];
            if (at[a] + 1 > around->hi[a]) around->hi[a] = at[a] + 1;
        }
    }
}

/* A large ball and small ones, seen a little elsewhere. Returns the voxels of the box around all. */
static int64_t make_maps(void)
{
    box b = {{NZ, NY, NX}, {0, 0, 0}};
    memset(reference, 0, sizeof reference);
    memset(prediction, 0, sizeof prediction);
    ball(reference, 34, 70, 70, 31, &b);
    ball(prediction, 36, 73, 68, 30, &b);
    for (int k = 0; k < 12; k++) {
        ball(reference, 8 + 5 * k, 12, 12 + 10 * k, 3, &b);
        ball(prediction, 8 + 5 * k, 13, 12 + 10 * k, 3, &b);
    }
    return (b.hi[0] - b.lo[0]) * (b.hi[1] - b.lo[1]) * (b.hi[2] - b.lo[2]);
}

static void expect_bytes_per_voxel(const char *what, const char *const *ids, int64_t voxels, int threads,
                                   double limit)
{
    static const uint16_t one[] = {1};
    const cm_target target = {"one", 1, one};
    const cm_pair pair = {reference, prediction, {{NZ, NY, NX}, {2.5, 0.7, 0.7}}, true};
    cm_metric metrics[16];
    cm_metric_value values[16];
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    int n = 0;
    for (; ids[n]; n++)
        assert_int_equal(cm_metric_parse(ids[n], &metrics[n], NULL), CM_OK);
    assert_int_equal(cm_threads_create(threads, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
    const long long before = atomic_load(&held);
    atomic_store(&most, before);
    assert_int_equal(cm_score_segmentation(be, &pair, &target, 1, metrics, n, values, NULL, NULL), CM_OK);
    const long long peak = atomic_load(&most) - before;
    assert_true(atomic_load(&held) == before);
    assert_int_equal(values[n - 1].state, CM_VALUE_OK);
    assert_true(peak > voxels); /* it was counted */
    const double per_voxel = (double)(peak - WHATEVER_THE_IMAGE) / (double)voxels;
    print_message("%s, %d threads: %lld bytes for %lld voxels, %.2f per voxel beyond the tables\n", what,
                  threads, peak, (long long)voxels, per_voxel);
    assert_true(per_voxel <= limit);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
}

static void scoring_is_lean(void **state)
{
    static const char *const masks[] = {"DSC",      "IOU",      "HD.vox",      "HD95.vox.maxdir",
                                        "ASSD.vox", "MASD.vox", "NSD.vox@2mm", NULL};
    static const char *const bands[] = {"HD95.vox.maxdir", "BIOU@1vox", "BIOU@2vox", "BIOU@20mm", NULL};
    static const char *const surfels[] = {"HD95.surfel", "NSD.surfel@2mm", NULL};
    static const char *const lesions[] = {"LESION-F1.c26.any-overlap", "PQ.c6.iou-greedy@0.1", NULL};
    const int64_t voxels = make_maps();
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        expect_bytes_per_voxel("overlap and surface", masks, voxels, threads, 12);
        expect_bytes_per_voxel("bands", bands, voxels, threads, 12);
        expect_bytes_per_voxel("surface elements", surfels, voxels, threads, 12);
        expect_bytes_per_voxel("lesions", lesions, voxels, threads, 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scoring_is_lean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
