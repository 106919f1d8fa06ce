/* Damaged models: whatever bytes arrive, the answer is a status, never a crash, a hang or memory beyond the
 * caps. Seeded: a failure prints the seed and the round, and the same seed gives the same files. Run it under
 * the asan preset to see what a release build would not. */
#include "tests/unit/model_fixture.h"

#include <stdint.h>
#include <sys/resource.h>

#include "engine/base/random.h"

enum { ROUNDS = 4000, SEED = 20251122 };

static const cm_random draws = {SEED, CM_PURPOSE_TEST};

static uint64_t draw(uint64_t round, uint64_t *n, uint64_t below)
{
    return cm_random_below(draws, round, (*n)++, below);
}

/* A net with something of everything: lists, tensors as attributes, typed fields, computed shapes. */
static ow_buf net_with_much_in_it(void)
{
    static const float w[2 * 1 * 3 * 3] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const float ones[4] = {1, 1, 1, 1}, doubled[4] = {1, 1, 2, 2};
    ow_buf g = {0}, a = {0}, t = ow_tensor_f32("w", SHAPE(2, 1, 3, 3), w);
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, 1, -1, -1));
    ow_initializer(&g, &t);
    t = ow_tensor("b", OW_FLOAT, SHAPE(2));
    ow_float(&t, 4, 0.5f);
    ow_float(&t, 4, -0.5f);
    ow_initializer(&g, &t);
    t = ow_tensor_f32("s", SHAPE(2), ones);
    ow_initializer(&g, &t);
    t = ow_tensor_f32("scales", SHAPE(4), doubled);
    ow_initializer(&g, &t);
    t = ow_tensor_i64("rest", SHAPE(1), DIMS(-1));
    ow_initializer(&g, &t);
    ow_attr_ints(&a, "pads", 4, DIMS(1, 1, 1, 1));
    ow_attr_ints(&a, "dilations", 2, DIMS(1, 1));
    ow_node(&g, "Conv", "x,w,b", "c", &a);
    ow_node(&g, "InstanceNormalization", "c,s,b", "n", NULL);
    ow_attr_float(&a, "alpha", 0.1f);
    ow_node(&g, "LeakyRelu", "n", "l", &a);
    ow_attr_ints(&a, "kernel_shape", 2, DIMS(2, 2));
    ow_attr_ints(&a, "strides", 2, DIMS(2, 2));
    ow_node(&g, "MaxPool", "l", "p", &a);
    ow_attr_string(&a, "mode", "linear");
    ow_node(&g, "Resize", "p,,scales", "u", &a);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", "u,l,x", "j", &a);
    ow_node(&g, "Shape", "x", "sx", NULL);
    t = ow_tensor_i64("", SHAPE(1), DIMS(0));
    ow_attr_tensor(&a, "value", &t);
    ow_node(&g, "Constant", "", "zero", &a);
    ow_node(&g, "Gather", "sx,zero", "batch", NULL);
    ow_attr_int(&a, "axis", 0);
    ow_node(&g, "Concat", "batch,rest", "flat", &a);
    ow_node(&g, "Reshape", "j,flat", "f", NULL);
    ow_attr_ints(&a, "perm", 2, DIMS(1, 0));
    ow_node(&g, "Transpose", "f", "t", &a);
    ow_node(&g, "Softmax", "t", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, -1));
    return ow_model(&g, 13);
}

/* One to three changes: mostly a bit or a byte, also a run of bytes, a cut, a repeated or removed stretch. */
static ow_buf damaged(const ow_buf *whole, uint64_t round)
{
    ow_buf b = {0};
    uint64_t n = 0;
    ow_raw(&b, whole->data, whole->size);
    const int changes = 1 + (int)draw(round, &n, 3);
    for (int c = 0; c < changes && b.size > 8; c++) {
        const int64_t at = (int64_t)draw(round, &n, (uint64_t)b.size);
        const int64_t length = 1 + (int64_t)draw(round, &n, (uint64_t)(b.size - at < 40 ? b.size - at : 40));
        ow_buf next = {0};
        switch (draw(round, &n, 12)) {
        case 0: /* a cut */
            b.size = at;
            break;
        case 1: /* a stretch twice */
            ow_raw(&next, b.data, at + length);
            ow_raw(&next, b.data + at, b.size - at);
            break;
        case 2: /* a stretch gone */
            ow_raw(&next, b.data, at);
            ow_raw(&next, b.data + at + length, b.size - at - length);
            break;
        case 3: /* large numbers */
            memset(b.data + at, draw(round, &n, 2) ? 0xff : 0x7f, (size_t)(length < 9 ? length : 9));
            break;
        case 4:
        case 5:
        case 6:
        case 7: /* one bit */
            b.data[at] ^= (uint8_t)(1u << draw(round, &n, 8));
            break;
        default:
            b.data[at] = (uint8_t)draw(round, &n, 256);
        }
        if (next.data) {
            ow_free(&b);
            b = next;
        }
    }
    return b;
}

typedef struct tally {
    int opened, planned, ran;
} tally;

/* As far as the file gets: open, plan, run. Every refusal must have a story. */
static void try_model(ow_buf *bytes, cm_backend *be, tally *seen)
{
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    limits.memory_bytes = limits.tensor_bytes = limits.initializer_bytes = 1 << 24;
    limits.operations = 1e7;
    static const int64_t dim[4] = {2, 1, 8, 8};
    static float x[2 * 8 * 8], y[1 << 22];
    cm_model *m = NULL;
    cm_plan *p = NULL;
    cm_error err = {0};
    cm_status st = open_bytes(bytes, &limits, &m, &err);
    seen->opened += !st;
    if (!st) st = cm_plan_create(m, NULL, NULL, dim, 4, NULL, be, &p, &err);
    if (!st) {
        seen->planned++;
        st = cm_plan_prepare(p, &err);
    }
    if (!st) st = cm_plan_run(p, x, y, NULL, &err);
    seen->ran += !st;
    assert_true(st == CM_OK || err.what[0]);
    assert_int_not_equal(st, CM_ERR_INTERNAL);
    cm_plan_destroy(p);
    cm_model_close(m);
}

static void damaged_files_get_an_answer(void **state)
{
    (void)state;
    cm_backend *be = NULL;
    assert_int_equal(cm_backend_cpu_create(NULL, -1, &be, NULL), CM_OK);
    ow_buf whole = net_with_much_in_it(), copy = {0};
    tally seen = {0};
    ow_raw(&copy, whole.data, whole.size);
    try_model(&copy, be, &seen);
    assert_int_equal(seen.ran, 1); /* untouched it runs, so damage reaches every part */
    const double start = cm_now_s();
    for (uint64_t round = 0; round < ROUNDS; round++) {
        ow_buf b = damaged(&whole, round);
        const double before = cm_now_s();
        try_model(&b, be, &seen);
        if (!(cm_now_s() - before < 5))
            fail_msg("seed %d, round %d took %g s", SEED, (int)round, cm_now_s() - before);
    }
    print_message("%d files in %.1f s: %d opened, %d planned, %d ran\n", ROUNDS + 1, cm_now_s() - start,
                  seen.opened, seen.planned, seen.ran);
    assert_true(seen.opened > seen.planned &&
                seen.planned > 0); /* damage was neither all fatal nor harmless */
    ow_free(&whole);
    cm_backend_destroy(be);
}

static void memory_stays_within_the_caps(void **state)
{
    (void)state;
    struct rusage use;
    assert_int_equal(getrusage(RUSAGE_SELF, &use), 0);
#ifndef __SANITIZE_ADDRESS__                 /* it keeps freed memory for a while */
    assert_true(use.ru_maxrss < 200 * 1024); /* KiB, of the whole process so far */
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_files_get_an_answer),
        cmocka_unit_test(memory_stays_within_the_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
