/* Reading and writing one stored volume: HDF5's own filters against encoded chunks handed over and worked on
 * by threads of ours. Alternated, median of 7. The volume is a CT-like one of 128 x 512 x 512 int16 (64 MiB):
 * smooth structures with noise of sigma 15.
 *
 * cmake --build --preset release --target bench_chunks && build/release/engine/cohort/bench_chunks [THREADS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/random.h"
#include "engine/cohort/container_internal.h"

enum { NZ = 128, NY = 512, NX = 512, ROUNDS = 7 };
static const char path[] = "bench_chunks.h5";

static int16_t *make_volume(void)
{
    const cm_random r = {1, CM_PURPOSE_TEST};
    int16_t *v = malloc((size_t)NZ * NY * NX * 2);
    for (int64_t i = 0; v && i < (int64_t)NZ * NY * NX; i++) {
        const double x = (double)(i % NX), y = (double)(i / NX % NY), z = (double)(i / NX / NY);
        const double body = 60 * sin(x / 40) * cos(y / 55) + 3 * z;
        const double noise = 15 * cm_random_normal(r, (uint64_t)(i >> 20), (uint64_t)(i & 0xFFFFF));
        v[i] = (int16_t)lround(hypot(x - 256, y - 256) < 200 ? body + noise : -1024);
    }
    return v;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *s)
{
    qsort(s, ROUNDS, sizeof *s, by_value);
    return s[ROUNDS / 2];
}

static double ours_write(hid_t file, const char *name, const cm_chunk_plan *plan, const void *v,
                         cm_codec *codec, cm_threads *pool)
{
    cm_piece *pieces = NULL;
    const double start = cm_now_s();
    if (cm_codec_encode(codec, pool, plan, v, &pieces, NULL) ||
        cm_array_write(file, name, 4, plan, CM_I16, pieces, NULL))
        exit(1);
    cm_pieces_free(pieces, plan->total);
    H5Fflush(file, H5F_SCOPE_LOCAL);
    return cm_now_s() - start;
}

static double hdf5_write(hid_t file, const char *name, const cm_chunk_plan *plan, const void *v)
{
    hsize_t dim[4], chunk[4];
    for (int a = 0; a < 4; a++) {
        dim[a] = (hsize_t)plan->dim[a];
        chunk[a] = (hsize_t)plan->chunk[a];
    }
    const double start = cm_now_s();
    hid_t space = H5Screate_simple(4, dim, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 4, chunk);
    H5Pset_shuffle(dcpl);
    H5Pset_deflate(dcpl, 1);
    hid_t set = H5Dcreate2(file, name, H5T_STD_I16LE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    if (H5Dwrite(set, H5T_STD_I16LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, v) < 0) exit(1);
    H5Dclose(set);
    H5Pclose(dcpl);
    H5Sclose(space);
    H5Fflush(file, H5F_SCOPE_LOCAL);
    return cm_now_s() - start;
}

static double ours_read(hid_t file, const char *name, void *back, cm_codec *codec, cm_threads *pool)
{
    cm_array_facts facts;
    const double start = cm_now_s();
    if (cm_array_look(file, name, 4, &facts, NULL) ||
        cm_array_read(file, name, &facts, 4, codec, pool, back, NULL))
        exit(1);
    return cm_now_s() - start;
}

static double hdf5_read(hid_t file, const char *name, void *back)
{
    const double start = cm_now_s();
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (H5Dread(set, H5T_STD_I16LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, back) < 0) exit(1);
    H5Dclose(set);
    return cm_now_s() - start;
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 1;
    const int64_t dim[4] = {1, NZ, NY, NX};
    const double mib = (double)NZ * NY * NX * 2 / 1048576;
    double w[2][ROUNDS], r[2][ROUNDS];
    cm_chunk_plan plan;
    cm_codec *codec = NULL;
    cm_threads *pool = NULL;
    hid_t file = -1;
    int16_t *v = make_volume(), *back = malloc((size_t)NZ * NY * NX * 2);
    unlink(path);
    if (!v || !back || cm_chunk_plan_choose(dim, 2, &plan, NULL) || cm_threads_create(threads, &pool, NULL) ||
        cm_codec_create(threads, &codec, NULL) || cm_h5_create(path, &file, NULL))
        return 1;
    for (int k = 0; k < ROUNDS; k++) {
        char ours[16], hdf5[16];
        snprintf(ours, sizeof ours, "ours%d", k);
        snprintf(hdf5, sizeof hdf5, "hdf5%d", k);
        w[0][k] = ours_write(file, ours, &plan, v, codec, pool);
        w[1][k] = hdf5_write(file, hdf5, &plan, v);
        r[0][k] = ours_read(file, k % 2 ? hdf5 : ours, back, codec, pool);
        if (memcmp(v, back, (size_t)plan.array_bytes)) return 1;
        r[1][k] = hdf5_read(file, k % 2 ? hdf5 : ours, back);
        if (memcmp(v, back, (size_t)plan.array_bytes)) return 1;
    }
    const double write[2] = {median(w[0]), median(w[1])}, read[2] = {median(r[0]), median(r[1])};
    printf(
        "%d threads   write MiB/s: ours %.0f, HDF5 %.0f (x%.2f)   read MiB/s: ours %.0f, HDF5 %.0f (x%.2f)\n",
        threads, mib / write[0], mib / write[1], write[1] / write[0], mib / read[0], mib / read[1],
        read[1] / read[0]);
    cm_h5_close(&file, path, false, NULL);
    unlink(path);
    cm_codec_destroy(codec);
    cm_threads_destroy(pool);
    free(v);
    free(back);
    return 0;
}
