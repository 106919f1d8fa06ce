/* Laws of the chunk codec, on seeded random arrays:
 * - what is encoded decodes to itself, with the same bytes for any number of threads;
 * - HDF5's own filters read what we write, and we read what they write (H5Dread, H5Dwrite as oracle). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/random.h"
#include "engine/cohort/container_internal.h"

static const uint64_t seed = 20260101;
static const cm_random randomness = {20260101, CM_PURPOSE_TEST};

static int64_t draw(uint64_t replicate, uint64_t i, int64_t low, int64_t high)
{
    return low + (int64_t)cm_random_below(randomness, replicate, i, (uint64_t)(high - low + 1));
}

struct array {
    cm_dtype type;
    int64_t dim[4], bytes;
    uint8_t *data;
};

/* Small odd sizes mostly; sometimes slices or rows past the chunk size. */
static struct array make(uint64_t r)
{
    struct array a = {.type = (cm_dtype)draw(r, 0, CM_U8, CM_F64), .bytes = 1};
    const int shape = (int)draw(r, 1, 0, 5);
    for (int k = 0; k < 4; k++)
        a.dim[k] = draw(r, 2 + (uint64_t)k, 1, k == 0 ? 3 : 33);
    if (shape == 0) a.dim[1] = 70, a.dim[2] = 140, a.dim[3] = 121;
    if (shape == 1) a.dim[0] = 1, a.dim[1] = 2, a.dim[2] = 1300, a.dim[3] = 801;
    if (shape == 2 && r % 4 == 0) a.dim[0] = a.dim[1] = 1, a.dim[2] = 2, a.dim[3] = 1100003;
    a.bytes = cm_dtype_bytes(a.type);
    for (int k = 0; k < 4; k++)
        a.bytes *= a.dim[k];
    a.data = malloc((size_t)a.bytes);
    const int64_t noise = draw(r, 9, 0, 2); /* constant, smooth, or random */
    for (int64_t i = 0; i < a.bytes; i++)
        a.data[i] = noise == 0   ? 7
                    : noise == 1 ? (uint8_t)(i / 64)
                                 : (uint8_t)((uint64_t)(i * 2654435761u) >> 7);
    return a;
}

static void say(const char *what, uint64_t r, const struct array *a)
{
    fail_msg("%s: seed %llu, replicate %llu: %s [%lld][%lld][%lld][%lld]", what, (unsigned long long)seed,
             (unsigned long long)r, cm_dtype_name(a->type), (long long)a->dim[0], (long long)a->dim[1],
             (long long)a->dim[2], (long long)a->dim[3]);
}

/* Every byte belongs to exactly one chunk. */
static void check_plan(const cm_chunk_plan *plan, uint64_t r, const struct array *a)
{
    uint8_t *seen = calloc((size_t)a->bytes, 1);
    for (int64_t k = 0; k < plan->total; k++) {
        int64_t start[4], first, bytes;
        cm_chunk_locate(plan, k, start, &first, &bytes);
        if (first < 0 || bytes < 1 || first + bytes > a->bytes || bytes > plan->chunk_bytes)
            say("a chunk lies outside", r, a);
        for (int64_t i = 0; i < bytes; i++)
            if (seen[first + i]++) say("two chunks overlap", r, a);
    }
    for (int64_t i = 0; i < a->bytes; i++)
        if (!seen[i]) say("a byte is in no chunk", r, a);
    free(seen);
}

static void decodes_to_itself(void **state)
{
    (void)state;
    cm_threads *pool = NULL;
    cm_codec *one = NULL, *three = NULL;
    assert_int_equal(cm_threads_create(3, &pool, NULL), CM_OK);
    assert_int_equal(cm_codec_create(1, &one, NULL), CM_OK);
    assert_int_equal(cm_codec_create(3, &three, NULL), CM_OK);
    for (uint64_t r = 0; r < 40; r++) {
        struct array a = make(r);
        cm_chunk_plan plan, again;
        cm_piece *p = NULL, *q = NULL;
        assert_int_equal(cm_chunk_plan_choose(a.dim, cm_dtype_bytes(a.type), &plan, NULL), CM_OK);
        assert_int_equal(cm_chunk_plan_of(a.dim, plan.chunk, cm_dtype_bytes(a.type), &again, NULL), CM_OK);
        assert_memory_equal(&plan, &again, sizeof plan);
        check_plan(&plan, r, &a);
        assert_int_equal(cm_codec_encode(one, NULL, &plan, a.data, &p, NULL), CM_OK);
        assert_int_equal(cm_codec_encode(three, pool, &plan, a.data, &q, NULL), CM_OK);
        for (int64_t k = 0; k < plan.total; k++)
            if (p[k].bytes != q[k].bytes || memcmp(p[k].data, q[k].data, (size_t)p[k].bytes) != 0)
                say("threads change the bytes", r, &a);
        uint8_t *back = malloc((size_t)a.bytes);
        assert_int_equal(cm_codec_decode(three, pool, &plan, 0, plan.total, p, back, NULL), CM_OK);
        if (memcmp(back, a.data, (size_t)a.bytes) != 0) say("decoded bytes differ", r, &a);
        ((uint8_t *)p[0].data)[p[0].bytes - 1] ^= 1; /* the last byte of a zlib stream is a checksum */
        assert_int_equal(cm_codec_decode(one, NULL, &plan, 0, 1, p, back, NULL), CM_ERR_DAMAGED);
        free(back);
        cm_pieces_free(p, plan.total);
        cm_pieces_free(q, plan.total);
        free(a.data);
    }
    cm_codec_destroy(one);
    cm_codec_destroy(three);
    cm_threads_destroy(pool);
}

static void write_ours(hid_t file, const struct array *a)
{
    cm_codec *codec = NULL;
    cm_chunk_plan plan;
    cm_piece *pieces = NULL;
    assert_int_equal(cm_codec_create(1, &codec, NULL), CM_OK);
    assert_int_equal(cm_chunk_plan_choose(a->dim, cm_dtype_bytes(a->type), &plan, NULL), CM_OK);
    assert_int_equal(cm_codec_encode(codec, NULL, &plan, a->data, &pieces, NULL), CM_OK);
    assert_int_equal(cm_array_write(file, "ours", 4, &plan, a->type, pieces, NULL), CM_OK);
    cm_pieces_free(pieces, plan.total);
    cm_codec_destroy(codec);
}

/* The same data through HDF5's filters, in chunks of our shape. */
static void write_theirs(hid_t file, const struct array *a)
{
    cm_chunk_plan plan;
    hsize_t dim[4], chunk[4];
    assert_int_equal(cm_chunk_plan_choose(a->dim, cm_dtype_bytes(a->type), &plan, NULL), CM_OK);
    for (int k = 0; k < 4; k++) {
        dim[k] = (hsize_t)a->dim[k];
        chunk[k] = (hsize_t)plan.chunk[k];
    }
    hid_t space = H5Screate_simple(4, dim, NULL), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 4, chunk);
    if (cm_dtype_bytes(a->type) > 1) H5Pset_shuffle(dcpl);
    H5Pset_deflate(dcpl, 6);
    hid_t set = H5Dcreate2(file, "theirs", cm_h5_type(a->type), space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    assert_true(H5Dwrite(set, cm_h5_type(a->type), H5S_ALL, H5S_ALL, H5P_DEFAULT, a->data) >= 0);
    H5Dclose(set);
    H5Pclose(dcpl);
    H5Sclose(space);
}

static void agrees_with_hdf5(void **state)
{
    (void)state;
    char path[] = "/tmp/cohmark-codec.XXXXXX";
    close(mkstemp(path));
    for (uint64_t r = 100; r < 120; r++) {
        struct array a = make(r);
        uint8_t *back = malloc((size_t)a.bytes);
        hid_t file = -1;
        cm_array_facts facts;
        cm_codec *codec = NULL;
        unlink(path);
        assert_int_equal(cm_h5_create(path, &file, NULL), CM_OK);
        write_ours(file, &a);
        write_theirs(file, &a);
        assert_int_equal(cm_h5_close(&file, path, false, NULL), CM_OK);
        assert_int_equal(cm_h5_open(path, &file, NULL), CM_OK);
        hid_t set = H5Dopen2(file, "ours", H5P_DEFAULT);
        memset(back, 0xA5, (size_t)a.bytes);
        if (H5Dread(set, cm_h5_type(a.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, back) < 0 ||
            memcmp(back, a.data, (size_t)a.bytes) != 0)
            say("HDF5 reads our chunks differently", r, &a);
        H5Dclose(set);
        memset(back, 0xA5, (size_t)a.bytes);
        assert_int_equal(cm_codec_create(1, &codec, NULL), CM_OK);
        assert_int_equal(cm_array_look(file, "theirs", 4, &facts, NULL), CM_OK);
        if (facts.type != a.type || memcmp(facts.dim, a.dim, sizeof a.dim) != 0)
            say("the facts of HDF5's array differ", r, &a);
        assert_int_equal(cm_array_read(file, "theirs", &facts, 4, codec, NULL, back, NULL), CM_OK);
        if (memcmp(back, a.data, (size_t)a.bytes) != 0) say("we read HDF5's chunks differently", r, &a);
        cm_codec_destroy(codec);
        assert_int_equal(cm_h5_close(&file, path, false, NULL), CM_OK);
        free(back);
        free(a.data);
    }
    unlink(path);
}

static void refuses_other_chunks(void **state)
{
    (void)state;
    const int64_t dim[4] = {2, 8, 9, 10};
    const int64_t bad[][4] = {{2, 8, 9, 10}, {1, 2, 4, 10}, {1, 2, 9, 5},
                              {1, 1, 2, 5},  {1, 9, 9, 10}, {1, 0, 9, 10}};
    const int64_t good[][4] = {{1, 3, 9, 10}, {1, 1, 4, 10}, {1, 1, 1, 7}, {1, 8, 9, 10}};
    const int64_t huge[4] = {1, INT32_MAX, INT32_MAX, INT32_MAX};
    cm_chunk_plan plan;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cm_chunk_plan_of(dim, bad[i], 2, &plan, NULL), CM_ERR_UNSUPPORTED);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(cm_chunk_plan_of(dim, good[i], 2, &plan, NULL), CM_OK);
    assert_int_equal(cm_chunk_plan_choose(huge, 8, &plan, NULL), CM_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_to_itself),
        cmocka_unit_test(agrees_with_hdf5),
        cmocka_unit_test(refuses_other_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
