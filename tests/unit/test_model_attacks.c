/* Small files that ask for much: sizes, work and planning time. Each is refused by arithmetic, with the
 * status of its rule, within a second and without taking memory in proportion to what it asks for; what is
 * legal and merely long is planned quickly. Graphs are texts (tests/fuzz/net_text.h) or written node by node.
 */
#include "tests/unit/model_fixture.h"

#include <sys/resource.h>
#include <time.h>

#include "tests/fuzz/net_text.h"

#ifdef CM_SANITIZED
enum { SLOWER = 10 }; /* sanitizers cost time, and an address space that no limit fits */
#else
enum { SLOWER = 1 };
#endif

/* From now on the process may take 96 MiB more than it has. */
static int limit_memory(void **state)
{
    (void)state;
#ifndef CM_SANITIZED
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld", &pages) != 1) return -1;
    fclose(f);
    const rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)96 << 20);
    return setrlimit(RLIMIT_AS, &(struct rlimit){most, RLIM_INFINITY});
#else
    return 0;
#endif
}

static int lift_limit(void **state)
{
    (void)state;
    return setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
}

/* Opens and plans; *took_s is the time of both. */
static cm_status plan_bytes(const ow_buf *bytes, const cm_model_limits *limits, int rank, const int64_t *dim,
                            cm_plan_cost *cost, double *took_s, cm_error *err)
{
    cm_backend *be = NULL;
    cm_model *m = NULL;
    cm_plan *p = NULL;
    assert_int_equal(cm_backend_cpu_create(NULL, -1, &be, NULL), CM_OK);
    const clock_t start = clock(); /* of the processor: other tests run beside this one */
    cm_status st = cm_model_open_memory(bytes->data, bytes->size, "attack", limits, &m, err);
    if (!st) st = cm_plan_create(m, limits, NULL, dim, rank, NULL, be, &p, err);
    *took_s = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (!st && cost) *cost = *cm_plan_get_cost(p);
    cm_plan_destroy(p);
    cm_model_close(m);
    cm_backend_destroy(be);
    return st;
}

static void refuse_text(const char *text, cm_status expected, const char *word)
{
    net n = net_from_text(text, strlen(text));
    cm_error err = {0};
    double took_s = 0;
    cm_status st = plan_bytes(&n.model, NULL, n.rank, n.dim, NULL, &took_s, &err);
    ow_free(&n.model);
    assert_refused(st, expected, &err, word);
    if (!(took_s < 1.0 * SLOWER)) fail_msg("refused after %g s: %s", took_s, text);
}

static void tensors_that_grow(void **state)
{
    (void)state;
    char text[4096];
    int at = snprintf(text, sizeof text, "input 1 3 8 8\nConcat x,x > t0 axis=2\n");
    for (int i = 1; i < 34; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "Concat t%d,t%d > t%d axis=2\n", i - 1, i - 1, i);
    refuse_text(text, CM_ERR_LIMIT, "larger than is allowed");
    refuse_text("input 1 3 8 8\ni s 4 = 1 4000000 4000000 4000000\nExpand x,s > y\n", CM_ERR_MISMATCH,
                "Expand");
    refuse_text("input 1 1\ni s 3 = 1000000 1000000 1000000\nExpand x,s > y\n", CM_ERR_LIMIT,
                "larger than is allowed");
    refuse_text("input 1 1\ni s 1 = 9223372036854775807\nExpand x,s > y\n", CM_ERR_LIMIT,
                "dimension above the limit");
    refuse_text("input 2 2\ni r 2 = 9223372036854775807 2\nTile x,r > y\n", CM_ERR_FORMAT, "far too large");
    refuse_text("input 2 2\ni r 2 = 100000 100000\nTile x,r > y\n", CM_ERR_LIMIT, "larger than is allowed");
    refuse_text("input 1 1 4 4\nf s 4 = 1 1 1e6 1e6\nResize x,,s > y mode='nearest'\n", CM_ERR_LIMIT,
                "allowed");
    refuse_text("input 1 1 4 4\ni n 4 = 1 1 2147483647 2147483647\nResize x,,,n > y\n", CM_ERR_LIMIT,
                "allowed");
    refuse_text("input 1 1 4 4\ni p 8 = 0 0 200000 200000 0 0 200000 200000\nPad x,p > y\n", CM_ERR_LIMIT,
                "allowed");
    refuse_text("input 1 1 4 4\ni p 8 = 0 0 9223372036854775807 9223372036854775807 0 0 9223372036854775807 "
                "9223372036854775807\nPad x,p > y\n",
                CM_ERR_FORMAT, "Pad");
    refuse_text("input 100000 1\nf w 1 4096 = 1\nMatMul x,w > a\nTranspose a > b\nMatMul a,b > y\n",
                CM_ERR_LIMIT, "larger than is allowed");
    refuse_text("input 65537 1\nTranspose x > t\nAdd x,t > y\n", CM_ERR_LIMIT, "larger than is allowed");
}

/* Known while planning: computed at once, so capped before it is. */
static void numbers_made_while_planning(void **state)
{
    (void)state;
    refuse_text("input 1 1\ni s 2 = 1000000 1000000\nConstantOfShape s > c\nAdd x,c > y\n", CM_ERR_LIMIT,
                "larger than is allowed");
    refuse_text("input 1 1\ni s 2 = 4611686018427387904 4\nConstantOfShape s > c\nAdd x,c > y\n",
                CM_ERR_LIMIT, "above the limit");
    refuse_text("input 1\nf a = 0\nf b = 1e9\nf c = 1\nRange a,b,c > r\nAdd x,r > y\n", CM_ERR_LIMIT,
                "too much work");
    refuse_text("input 1\nf a = 0\nf b = 1\nf c = 1e-30\nRange a,b,c > r\nAdd x,r > y\n", CM_ERR_FORMAT,
                "Range");
    refuse_text("input 1\nf a = 0\nf b = nan\nf c = 1\nRange a,b,c > r\nAdd x,r > y\n", CM_ERR_FORMAT,
                "Range");
    /* numbers of one byte, of which a list of int32 would be four times too long */
    refuse_text("input 1\ni a = 0\ni b = 100\ni c = 1\nCast a > d to=3\nCast b > e to=3\nCast c > f to=3\n"
                "Range d,e,f > r\nCast r > s to=1\nAdd x,s > y\n",
                CM_ERR_FORMAT, "Range");
    refuse_text("input 1\ni a = 0\ni b = 9223372036854775807\ni c = 1\nRange a,b,c > r\n"
                "Cast r > y to=1\n",
                CM_ERR_FORMAT, "Range");
}

static void windows_of_any_size(void **state)
{
    (void)state;
    refuse_text(
        "input 1 1 4 4\nf w 1 1 3 3 = 1\nConv x,w > y pads=[2147483647,2147483647,2147483647,2147483647]\n",
        CM_ERR_LIMIT, "above the limit");
    refuse_text("input 1 1 4 4\nf w 1 1 3 3 = 1\nConv x,w > y pads=[9223372036854775807,0,0,0]\n",
                CM_ERR_FORMAT, "pads");
    refuse_text("input 1 1 4 4\nf w 1 1 3 3 = 1\nConv x,w > y dilations=[2147483647,2147483647]\n",
                CM_ERR_MISMATCH, "does not fit");
    refuse_text("input 1 1 4 4\nf w 1 1 2 2 = 1\nConvTranspose x,w > y strides=[2147483647,2147483647]\n",
                CM_ERR_LIMIT, "above the limit");
    refuse_text("input 1 1 4 4\nMaxPool x > y kernel_shape=[2147483647,2147483647]\n", CM_ERR_MISMATCH,
                "does not fit");
    refuse_text("input 1 1 4 4\nAveragePool x > y kernel_shape=[100000,100000] "
                "pads=[99999,99999,99999,99999]\n",
                CM_ERR_LIMIT, "allowed");
}

/* Little memory, endless work: the operations are counted before anything is run. */
static void work_without_end(void **state)
{
    (void)state;
    refuse_text("input 1 1 1 65536\nAveragePool x > y kernel_shape=[2000000,2000000] "
                "pads=[1999999,1999999,1000000,999999] strides=[4,65536]\n",
                CM_ERR_LIMIT, "operations than are allowed");
    char text[4096];
    int at = snprintf(text, sizeof text, "input 20000 20000\nMatMul x,x > t0\n");
    for (int i = 1; i < 63; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "MatMul t%d,x > t%d\n", i - 1, i);
    refuse_text(text, CM_ERR_LIMIT, "operations than are allowed");
    cm_model_limits limits; /* what is only moved counts, too */
    cm_model_limits_default(&limits);
    limits.operations = 1e6;
    const char *moves = "input 1000 1000\nTranspose x > a\nTranspose a > y\n";
    net n = net_from_text(moves, strlen(moves));
    cm_error err = {0};
    double took_s = 0;
    cm_status st = plan_bytes(&n.model, &limits, n.rank, n.dim, NULL, &took_s, &err);
    ow_free(&n.model);
    assert_refused(st, CM_ERR_LIMIT, &err, "2e+06 elements moved, at most 1e+06");
}

/* -- long, but legal: planned quickly, whatever the shape of the graph -- */

enum { LONG = 19999 };

static ow_buf start_long(void)
{
    ow_buf g = {0};
    const float one = 1;
    ow_buf t = ow_tensor_f32("one", 0, NULL, &one);
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 2, 4, 4));
    ow_initializer(&g, &t);
    return g;
}

/* The graph (taken) ends in `last`. */
static void plan_long(const char *kind, ow_buf *g, const char *last, int64_t most_bytes)
{
    ow_output(g, last, OW_FLOAT, 0, NULL);
    ow_buf model = ow_model(g, 13);
    cm_plan_cost cost = {0};
    cm_error err = {0};
    double took_s = 0;
    cm_status st = plan_bytes(&model, NULL, SHAPE(1, 2, 4, 4), &cost, &took_s, &err);
    ow_free(&model);
    assert_ok(st, &err);
    print_message("%-28s %.2f s, arena %lld bytes\n", kind, took_s, (long long)cost.arena_bytes);
    if (!(took_s < 0.7 * SLOWER)) fail_msg("%s: planned in %g s", kind, took_s);
    assert_true(cost.arena_bytes <= most_bytes);
}

/* op(previous, other) LONG times; other NULL = one input. */
static void plan_chain(const char *kind, const char *op, const char *other, ow_buf (*attributes)(void),
                       int64_t most_bytes)
{
    ow_buf g = start_long();
    char from[40] = "x", to[40];
    for (int i = 0; i < LONG; i++) {
        char inputs[96];
        ow_buf a = attributes ? attributes() : (ow_buf){0};
        snprintf(to, sizeof to, "t%d", i);
        snprintf(inputs, sizeof inputs, other ? "%s,%s" : "%s", from, other);
        ow_node(&g, op, inputs, to, attributes ? &a : NULL);
        memcpy(from, to, sizeof from);
    }
    plan_long(kind, &g, from, most_bytes);
}

static ow_buf first_axis(void)
{
    ow_buf a = {0};
    ow_attr_int(&a, "axis", 0);
    return a;
}

static void long_chains(void **state)
{
    (void)state;
    plan_chain("chain of Sigmoid", "Sigmoid", NULL, NULL, 4096);
    plan_chain("chain of Add", "Add", "one", NULL, 4096);
    plan_chain("chain that reads the input", "Add", "x", NULL, 4096);
    plan_chain("chain of views", "Identity", NULL, NULL, 4096);
    plan_chain("chain of Transpose", "Transpose", NULL, NULL, 8192);
    plan_chain("chain of growing Concat", "Concat", "x", first_axis, INT64_C(20000) * 128 * 2);
}

/* Everything read at the end, so that thousands of places are open at once. */
static void wide_graphs(void **state)
{
    (void)state;
    enum { WIDTH = 4000, GROUPS = 4 };
    char *inputs = calloc(WIDTH, 12), name[40];
    assert_non_null(inputs);
    ow_buf g = start_long();
    for (int i = 0; i < GROUPS * WIDTH; i++) {
        snprintf(name, sizeof name, "t%d", i);
        ow_node(&g, "Sigmoid", "x", name, NULL);
    }
    char last[120] = "";
    for (int k = 0; k < GROUPS; k++) {
        char *put = inputs;
        for (int i = 0; i < WIDTH; i++)
            put += sprintf(put, "%st%d", i ? "," : "", k * WIDTH + i);
        snprintf(name, sizeof name, "s%d", k);
        ow_node(&g, "Sum", inputs, name, NULL);
        sprintf(last + strlen(last), "%s%s", k ? "," : "", name);
    }
    ow_node(&g, "Sum", last, "y", NULL);
    plan_long("16,000 tensors at once", &g, "y", INT64_C(16100) * 128);
    free(inputs);
}

static void known_values(void **state)
{
    (void)state;
    ow_buf g = start_long();
    char from[40] = "one", to[40], inputs[96];
    for (int i = 0; i + 1 < LONG; i++) {
        snprintf(to, sizeof to, "t%d", i);
        snprintf(inputs, sizeof inputs, "%s,one", from);
        ow_node(&g, "Mul", inputs, to, NULL);
        memcpy(from, to, sizeof from);
    }
    snprintf(inputs, sizeof inputs, "x,%s", from);
    ow_node(&g, "Add", inputs, "y", NULL);
    plan_long("20,000 folded constants", &g, "y", 4096);
}

/* The way before IR version 4: each initialiser is an input, too. */
static void many_initializers(void **state)
{
    (void)state;
    for (int n = 99999; n <= 100000; n++) {
        ow_buf g = start_long();
        for (int i = 1; i < n; i++) {
            char name[40];
            const float v = 1;
            snprintf(name, sizeof name, "w%d", i);
            ow_buf t = ow_tensor_f32(name, 0, NULL, &v);
            ow_initializer(&g, &t);
            ow_input(&g, name, OW_FLOAT, 0, NULL);
        }
        ow_node(&g, "Add", "x,w1", "y", NULL);
        if (n == 99999) { /* with x 99,999 inputs and as many initialisers: both below their cap */
            plan_long("100,000 initialisers", &g, "y", 4096);
            continue;
        }
        const float v = 1;
        ow_buf t = ow_tensor_f32("one more", 0, NULL, &v);
        ow_initializer(&g, &t);
        ow_output(&g, "y", OW_FLOAT, 0, NULL);
        ow_buf model = ow_model(&g, 13);
        cm_error err = {0};
        double took_s = 0;
        cm_status st = plan_bytes(&model, NULL, SHAPE(1, 2, 4, 4), NULL, &took_s, &err);
        ow_free(&model);
        assert_refused(st, CM_ERR_LIMIT, &err, "more initialisers than are allowed");
    }
}

static void too_many_of_anything(void **state)
{
    (void)state;
    cm_error err = {0};
    double took_s = 0;
    ow_buf g = start_long();
    for (int i = 0; i < 20001; i++) {
        char name[40];
        snprintf(name, sizeof name, "t%d", i);
        ow_node(&g, "Sigmoid", "x", name, NULL);
    }
    ow_output(&g, "t0", OW_FLOAT, 0, NULL);
    ow_buf model = ow_model(&g, 13);
    cm_status st = plan_bytes(&model, NULL, SHAPE(1, 2, 4, 4), NULL, &took_s, &err);
    ow_free(&model);
    assert_refused(st, CM_ERR_LIMIT, &err, "more nodes than are allowed");
    g = start_long();
    ow_buf a = {0};
    for (int i = 0; i < 33; i++) {
        char name[40];
        snprintf(name, sizeof name, "a%d", i);
        ow_attr_int(&a, name, i);
    }
    ow_node(&g, "Sigmoid", "x", "y", &a);
    ow_output(&g, "y", OW_FLOAT, 0, NULL);
    model = ow_model(&g, 13);
    err = (cm_error){0};
    st = plan_bytes(&model, NULL, SHAPE(1, 2, 4, 4), NULL, &took_s, &err);
    ow_free(&model);
    assert_refused(st, CM_ERR_LIMIT, &err, "33, at most 32");
    g = start_long();
    for (int i = 0; i < 65; i++)
        ow_output(&g, "x", OW_FLOAT, 0, NULL);
    model = ow_model(&g, 13);
    err = (cm_error){0};
    st = plan_bytes(&model, NULL, SHAPE(1, 2, 4, 4), NULL, &took_s, &err);
    ow_free(&model);
    assert_refused(st, CM_ERR_LIMIT, &err, "more outputs than are allowed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tensors_that_grow, limit_memory, lift_limit),
        cmocka_unit_test_setup_teardown(numbers_made_while_planning, limit_memory, lift_limit),
        cmocka_unit_test_setup_teardown(windows_of_any_size, limit_memory, lift_limit),
        cmocka_unit_test_setup_teardown(work_without_end, limit_memory, lift_limit),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(wide_graphs),
        cmocka_unit_test(known_values),
        cmocka_unit_test(many_initializers),
        cmocka_unit_test(too_many_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
