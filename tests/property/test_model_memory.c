/* Sharing memory between values never changes a result: random graphs of nodes that join, cut, turn and
 * overwrite give the bits of a plan that shares nothing, whatever their inputs lie in and whoever reads them
 * again later. */
#include "engine/model/sweep.h"
#include "tests/unit/model_fixture.h"

enum { GRAPHS = 2000, NODES = 24, H = 3, W = 5 };

static uint64_t random_bits(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static int below(uint64_t *state, int n)
{
    return (int)(random_bits(state) % (uint64_t)n);
}

/* A graph as it grows: values v0, v1 ... of [1, channels, H, W]. */
typedef struct growing {
    ow_buf g;
    uint64_t seed;
    int n, channels[4 * NODES];
} growing;

static int add_value(growing *b, int channels)
{
    b->channels[b->n] = channels;
    return b->n++;
}

static int any_value(growing *b)
{
    /* mostly a recent one, so that chains grow */
    return below(&b->seed, 3) ? b->n - 1 - below(&b->seed, b->n < 4 ? b->n : 4) : below(&b->seed, b->n);
}

static void add_slice(growing *b, int from, const char *to)
{
    const int first = below(&b->seed, b->channels[from]);
    const int count = 1 + below(&b->seed, b->channels[from] - first);
    char start[16], end[16], inputs[64];
    snprintf(start, sizeof start, "s%d", b->n);
    snprintf(end, sizeof end, "e%d", b->n);
    ow_buf lo = ow_tensor_i64(start, SHAPE(1), DIMS(first)),
           hi = ow_tensor_i64(end, SHAPE(1), DIMS(first + count));
    ow_initializer(&b->g, &lo);
    ow_initializer(&b->g, &hi);
    snprintf(inputs, sizeof inputs, "v%d,%s,%s,one", from, start, end);
    ow_node(&b->g, "Slice", inputs, to, NULL);
    add_value(b, count);
}

static void add_concat(growing *b, const char *to)
{
    char inputs[128] = "";
    int channels = 0;
    for (int i = 0, n = 2 + below(&b->seed, 3); i < n; i++) {
        const int from = any_value(b);
        if (i && channels + b->channels[from] > 60) break;
        const size_t used = strlen(inputs);
        snprintf(inputs + used, sizeof inputs - used, "%sv%d", i ? "," : "", from);
        channels += b->channels[from];
    }
    ow_node(&b->g, "Concat", inputs, to, NULL);
    add_value(b, channels);
}

static void add_split(growing *b, int from)
{
    const int first = 1 + below(&b->seed, b->channels[from] - 1);
    char outputs[32], inputs[32], sizes[16];
    snprintf(sizes, sizeof sizes, "p%d", b->n);
    ow_buf t = ow_tensor_i64(sizes, SHAPE(2), DIMS(first, b->channels[from] - first));
    ow_initializer(&b->g, &t);
    snprintf(outputs, sizeof outputs, "v%d,v%d", b->n, b->n + 1);
    snprintf(inputs, sizeof inputs, "v%d,%s", from, sizes);
    ow_buf a = {0};
    ow_attr_int(&a, "axis", 1);
    ow_node(&b->g, "Split", inputs, outputs, &a);
    const int rest = b->channels[from] - first;
    add_value(b, first);
    add_value(b, rest);
}

/* Two with the same number of channels: the value itself and another where there is one. */
static void add_sum(growing *b, int from, const char *to)
{
    int other = from;
    for (int i = 0; i < 8 && other == from; i++) {
        const int v = any_value(b);
        if (b->channels[v] == b->channels[from]) other = v;
    }
    char inputs[32];
    snprintf(inputs, sizeof inputs, "v%d,v%d", from, other);
    ow_node(&b->g, below(&b->seed, 2) ? "Add" : "Sub", inputs, to, NULL);
    add_value(b, b->channels[from]);
}

static void add_node(growing *b)
{
    static const char *const unary[] = {"Relu", "Neg", "Tanh"};
    char to[16], in[16];
    const int from = any_value(b);
    snprintf(to, sizeof to, "v%d", b->n);
    snprintf(in, sizeof in, "v%d", from);
    switch (below(&b->seed, 8)) {
    case 0:
    case 1:
        add_concat(b, to);
        break;
    case 2:
        add_slice(b, from, to);
        break;
    case 3:
        if (b->channels[from] > 1)
            add_split(b, from);
        else
            add_sum(b, from, to);
        break;
    case 4:
        add_sum(b, from, to);
        break;
    case 5: { /* a node whose result never lies over its input */
        ow_buf a = {0};
        ow_attr_int(&a, "axis", 2);
        ow_node(&b->g, "Softmax", in, to, &a);
        add_value(b, b->channels[from]);
        break;
    }
    default:
        ow_node(&b->g, unary[below(&b->seed, 3)], in, to, NULL);
        add_value(b, b->channels[from]);
    }
}

static cm_model *grow_model(uint64_t seed)
{
    growing b = {.seed = seed};
    cm_model *model = NULL;
    cm_error err = {0};
    ow_buf one = ow_tensor_i64("one", SHAPE(1), DIMS(1));
    ow_input(&b.g, "v0", OW_FLOAT, SHAPE(1, 3, H, W));
    ow_initializer(&b.g, &one);
    add_value(&b, 3);
    for (int i = 0; i < NODES; i++)
        add_node(&b);
    const int outputs[2] = {b.n - 1, below(&b.seed, b.n)};
    for (int i = 0; i < 2; i++) {
        char name[16];
        snprintf(name, sizeof name, "v%d", outputs[i]);
        if (i == 0 || outputs[1] != outputs[0])
            ow_output(&b.g, name, OW_FLOAT, SHAPE(1, b.channels[outputs[i]], H, W));
    }
    ow_buf bytes = ow_model(&b.g, 13);
    assert_ok(open_bytes(&bytes, NULL, &model, &err), &err);
    return model;
}

static float *run_plan(cm_plan *plan, const float *x, int64_t *count)
{
    cm_error err = {0};
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    *count = cost->output_dim[1] * H * W;
    float *y = malloc((size_t)*count * sizeof *y);
    assert_non_null(y);
    assert_ok(cm_plan_prepare(plan, &err), &err);
    for (int again = 0; again < 2; again++) {
        memset(y, 0xff, (size_t)*count * sizeof *y);
        assert_ok(cm_plan_run(plan, x, y, NULL, &err), &err);
    }
    return y;
}

static void sharing_changes_no_bit(void **state)
{
    (void)state;
    float x[3 * H * W];
    int64_t shared_bytes = 0, plain_bytes = 0;
    cm_backend *be = NULL;
    cm_error err = {0};
    assert_ok(cm_backend_cpu_create(NULL, -1, &be, &err), &err);
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        uint64_t r = seed;
        for (int i = 0; i < 3 * H * W; i++)
            x[i] = (float)below(&r, 2001) / 1000.0f - 1.0f;
        cm_model *model = grow_model(seed);
        for (int o = 0; o < cm_model_output_count(model); o++) {
            cm_plan *shared = NULL, *plain = NULL;
            const char *name = cm_model_output(model, o)->name;
            int64_t n, n_plain;
            assert_ok(cm_plan_create(model, NULL, NULL, DIMS(1, 3, H, W), 4, name, be, &shared, &err), &err);
            assert_ok(cm_plan_create_plain(model, NULL, NULL, DIMS(1, 3, H, W), 4, name, be, &plain, &err),
                      &err);
            float *y = run_plan(shared, x, &n), *expected = run_plan(plain, x, &n_plain);
            if (n != n_plain || memcmp(y, expected, (size_t)n * sizeof *y))
                fail_msg("seed %llu, output %s: another result", (unsigned long long)seed, name);
            shared_bytes += cm_plan_get_cost(shared)->arena_bytes;
            plain_bytes += cm_plan_get_cost(plain)->arena_bytes;
            free(y);
            free(expected);
            cm_plan_destroy(shared);
            cm_plan_destroy(plain);
        }
        cm_model_close(model);
    }
    cm_backend_destroy(be);
    assert_true(shared_bytes < plain_bytes); /* and it is of use */
}

static bool meet(const cm_block *a, const cm_block *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

/* Random lives and sizes: no two blocks meet, and the memory is at least what is alive at once and rarely
 * much more. Blocks of one size need no more than that at all. */
static void swept_blocks_do_not_meet(void **state)
{
    (void)state;
    enum { ROUNDS = 300, MOST = 60, STEPS = 40 };
    cm_block blocks[MOST];
    double needed_in_all = 0, taken_in_all = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        uint64_t r = seed;
        const int n = 1 + below(&r, MOST), sizes = 1 + below(&r, 5);
        for (int i = 0; i < n; i++) {
            const int first = below(&r, STEPS);
            blocks[i] = (cm_block){.bytes = 64 * (1 + below(&r, sizes)),
                                   .first = first,
                                   .last = first + below(&r, STEPS - first),
                                   .number = i};
        }
        cm_memory scratch = {0};
        int64_t end = -1, needed = 0;
        assert_int_equal(cm_sweep(blocks, n, &scratch, &end, NULL), CM_OK);
        cm_memory_fini(&scratch);
        for (int i = 0; i < n; i++) {
            assert_true(blocks[i].offset >= 0 && blocks[i].offset + blocks[i].bytes <= end);
            for (int j = 0; j < i; j++)
                if (meet(&blocks[i], &blocks[j]))
                    fail_msg("seed %llu: blocks %d and %d meet", (unsigned long long)seed, i, j);
        }
        for (int step = 0; step < STEPS; step++) {
            int64_t alive = 0;
            for (int i = 0; i < n; i++)
                alive += blocks[i].first <= step && step <= blocks[i].last ? blocks[i].bytes : 0;
            needed = alive > needed ? alive : needed;
        }
        assert_true(end >= needed);
        if (sizes == 1) assert_int_equal(end, needed);
        needed_in_all += (double)needed;
        taken_in_all += (double)end;
    }
    if (!(taken_in_all < 1.2 * needed_in_all))
        fail_msg("%g times what is alive at once", taken_in_all / needed_in_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sharing_changes_no_bit),
                                       cmocka_unit_test(swept_blocks_do_not_meet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
