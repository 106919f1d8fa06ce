/* What a plan knows before it runs, and that planning never changes a result: memory and operations by hand,
 * limits, fusion, shared memory, computed shapes. */
#include "tests/unit/model_fixture.h"

#define FLOATS(...) ((const float[]){__VA_ARGS__})
#define VALUES(...) (int)(sizeof(FLOATS(__VA_ARGS__)) / sizeof(float)), FLOATS(__VA_ARGS__)

static void refuse_plan(ow_buf *g, int opset, int rank, const int64_t *dim, const cm_model_limits *limits,
                        cm_status expected, const char *word)
{
    planned p;
    cm_error err = {0};
    cm_status st = plan_graph(g, opset, rank, dim, limits, &p, &err);
    assert_null(p.plan);
    planned_fini(&p);
    assert_refused(st, expected, &err, word);
}

static void constant_i64(ow_buf *g, const char *name, int n, const int64_t *data)
{
    ow_buf t = ow_tensor_i64(name, 1, DIMS(n), data);
    ow_initializer(g, &t);
}

static void add_scalar(ow_buf *g, const char *name, float value)
{
    ow_buf t = ow_tensor_f32(name, 0, NULL, &value);
    ow_initializer(g, &t);
}

static void operations_and_memory_by_hand(void **state)
{
    (void)state;
    static const float w[4 * 3 * 3 * 3];
    ow_buf g = {0}, a = {0}, t = ow_tensor_f32("w", SHAPE(4, 3, 3, 3), w);
    ow_attr_ints(&a, "pads", 4, DIMS(1, 1, 1, 1));
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, 3, -1, -1));
    ow_initializer(&g, &t);
    ow_node(&g, "Conv", "x,w", "c", &a);
    ow_node(&g, "Relu", "c", "r", NULL);
    ow_node(&g, "Sigmoid", "r", "s", NULL);
    ow_node(&g, "Add", "s,s", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 4, -1, -1));
    planned p;
    cm_error err = {0};
    assert_ok(plan_graph(&g, 13, SHAPE(2, 3, 8, 16), NULL, &p, &err), &err);
    const cm_plan_cost *cost = cm_plan_get_cost(p.plan);
    const double out = 2 * 4 * 8 * 16;
    /* each output of the convolution is 3*3*3 multiply-adds; Relu, Sigmoid and Add are one per element */
    assert_true(cost->operations == out * 2 * 27 + 3 * out);
    assert_int_equal(cost->parameters, 4 * 27);
    assert_int_equal(cost->output_rank, 4);
    assert_int_equal(cost->output_dim[3], 16);
    /* Relu is part of the convolution, the others write over their inputs: all of it lies in the caller's
     * output, so that the arena holds nothing but what the convolution itself asks for */
    assert_true(cost->arena_bytes < (int64_t)(out * sizeof(float)) + 200000);
    planned_fini(&p);
}

/* Two tensors of different size that never live together share their bytes. */
static void memory_is_shared_over_time(void **state)
{
    (void)state;
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 1, 1000));
    for (int i = 0; i < 6; i++) { /* x -> transposed back and forth, each a tensor of its own */
        char from[16] = "x", to[16];
        if (i) snprintf(from, sizeof from, "t%d", i - 1);
        snprintf(to, sizeof to, i == 5 ? "y" : "t%d", i);
        ow_buf a = {0};
        ow_attr_int(&a, "axis", 2);
        ow_node(&g, "Softmax", from, to, &a);
    }
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, 1000));
    planned p;
    cm_error err = {0};
    assert_ok(plan_graph(&g, 13, SHAPE(1, 1, 1000), NULL, &p, &err), &err);
    /* five between x and y, of which two live at a time: 4000 bytes are 63 lines of 64 */
    assert_int_equal(cm_plan_get_cost(p.plan)->arena_bytes, 2 * 63 * 64);
    planned_fini(&p);
}

static void limits_come_before_allocation(void **state)
{
    (void)state;
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 3, 8, 8));
    for (int i = 0; i < 34; i++) { /* 768 bytes, doubled 34 times */
        char in[40] = "x,x", out[16];
        if (i) snprintf(in, sizeof in, "a%d,a%d", i - 1, i - 1);
        snprintf(out, sizeof out, "a%d", i);
        ow_buf a = {0};
        ow_attr_int(&a, "axis", 0);
        ow_node(&g, "Concat", in, out, &a);
    }
    ow_node(&g, "ReduceMean", "a33", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, 1, 1));
    refuse_plan(&g, 13, SHAPE(1, 3, 8, 8), NULL, CM_ERR_LIMIT, "larger than is allowed");

    ow_input(&g, "x", OW_FLOAT, SHAPE(1));
    constant_i64(&g, "s", 2, DIMS(1000000, 1000000));
    ow_node(&g, "ConstantOfShape", "s", "c", NULL);
    ow_node(&g, "Add", "x,c", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(1));
    refuse_plan(&g, 13, SHAPE(1), NULL, CM_ERR_LIMIT, "ConstantOfShape");

    ow_input(&g, "x", OW_FLOAT, SHAPE(1));
    constant_i64(&g, "s", 3, DIMS(INT64_C(1) << 40, INT64_C(1) << 40, 1));
    ow_node(&g, "Expand", "x,s", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(1));
    refuse_plan(&g, 13, SHAPE(1), NULL, CM_ERR_LIMIT, "dimension above the limit");

    ow_input(&g, "x", OW_FLOAT, SHAPE(1));
    ow_buf zero = ow_tensor_i64("zero", 0, NULL, DIMS(0)), one = ow_tensor_i64("one", 0, NULL, DIMS(1));
    ow_buf much = ow_tensor_i64("much", 0, NULL, DIMS(INT64_C(1) << 35));
    ow_initializer(&g, &zero);
    ow_initializer(&g, &one);
    ow_initializer(&g, &much);
    ow_node(&g, "Range", "zero,much,one", "r", NULL);
    ow_node(&g, "Cast", "x", "y", NULL);
    ow_output(&g, "r", OW_INT64, SHAPE(1));
    refuse_plan(&g, 13, SHAPE(1), NULL, CM_ERR_LIMIT, "before it can be run");
}

static ow_buf two_sigmoids(void)
{
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, 4));
    ow_node(&g, "Softmax", "x", "a", NULL);
    ow_node(&g, "Softmax", "a", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 4));
    return g;
}

static void limits_of_a_run(void **state)
{
    (void)state;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    limits.memory_bytes = 100000;
    ow_buf g = two_sigmoids();
    refuse_plan(&g, 13, SHAPE(100000, 4), &limits, CM_ERR_LIMIT, "more memory than is allowed");
    cm_model_limits_default(&limits);
    limits.operations = 100;
    g = two_sigmoids();
    refuse_plan(&g, 13, SHAPE(1000, 4), &limits, CM_ERR_LIMIT, "more operations than are allowed");
}

/* A run that ends early says why; before, a case over its time limit was logged as "ok". */
static void a_stopped_run_has_a_story(void **state)
{
    (void)state;
    ow_buf g = two_sigmoids();
    planned p;
    cm_error err = {0};
    const float x[8] = {0};
    float y[8];
    assert_ok(plan_graph(&g, 13, SHAPE(2, 4), NULL, &p, &err), &err);
    assert_ok(cm_plan_prepare(p.plan, &err), &err);
    cm_stop stop = {.requested = 1};
    assert_refused(cm_plan_run(p.plan, x, y, &stop, &err), CM_ERR_STOPPED, &err, "stopped");
    err = (cm_error){0};
    stop = (cm_stop){.deadline_s = 1e-9};
    assert_refused(cm_plan_run(p.plan, x, y, &stop, &err), CM_ERR_TIMEOUT, &err, "time limit");
    err = (cm_error){0};
    assert_ok(cm_plan_run(p.plan, x, y, NULL, &err), &err);
    planned_fini(&p);
}

/* 2^31 elements and more: counted, planned, never allocated here. */
static void sizes_past_31_bits(void **state)
{
    (void)state;
    ow_buf g = two_sigmoids();
    planned p;
    cm_error err = {0};
    assert_ok(plan_graph(&g, 13, SHAPE(600000000, 4), NULL, &p, &err), &err);
    assert_true(cm_plan_get_cost(p.plan)->arena_bytes == INT64_C(9600000000));
    planned_fini(&p);
}

static void input_and_output_are_checked(void **state)
{
    (void)state;
    ow_buf g = two_sigmoids();
    refuse_plan(&g, 13, SHAPE(2, 5), NULL, CM_ERR_MISMATCH,
                "dimension 1 is 4 in the model, it would be given 5");
    g = two_sigmoids();
    refuse_plan(&g, 13, SHAPE(2, 4, 1), NULL, CM_ERR_MISMATCH, "the model has 2, it would be given 3");
    g = two_sigmoids();
    refuse_plan(&g, 13, SHAPE(0, 4), NULL, CM_ERR_ARG, "below 1");
    g = two_sigmoids();
    ow_output(&g, "a", OW_FLOAT, SHAPE(-1, 4));
    refuse_plan(&g, 13, SHAPE(2, 4), NULL, CM_ERR_ARG, "\"y\", \"a\"");
    g = (ow_buf){0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_input(&g, "z", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Add", "x,z", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    refuse_plan(&g, 13, SHAPE(2), NULL, CM_ERR_ARG, "several inputs");
}

static void shapes_that_do_not_fit(void **state)
{
    (void)state;
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, -1));
    constant_i64(&g, "s", 2, DIMS(7, -1));
    ow_node(&g, "Reshape", "x,s", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, -1));
    refuse_plan(&g, 13, SHAPE(2, 5), NULL, CM_ERR_MISMATCH, "node 0 \"y\" (Reshape)");
}

static void what_depends_on_the_image_is_refused(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_attr_int(&a, "to", OW_INT64);
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Cast", "x", "s", &a);
    ow_node(&g, "Reshape", "x,s", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    refuse_plan(&g, 13, SHAPE(2), NULL, CM_ERR_UNSUPPORTED, "computed from the image");
}

static void attributes_nobody_knows_are_refused(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_attr_int(&a, "surprise", 1);
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Relu", "x", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    refuse_plan(&g, 13, SHAPE(2), NULL, CM_ERR_UNSUPPORTED, "attribute surprise");
    ow_attr_string(&a, "alpha", "many");
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Elu", "x", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    refuse_plan(&g, 13, SHAPE(2), NULL, CM_ERR_FORMAT, "alpha has the wrong kind");
}

/* [n, 6] -> [n * 2, 3] by way of Shape, Gather, Mul, Concat. */
static void shapes_are_computed_while_planning(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(-1, 6));
    constant_i64(&g, "zero", 1, DIMS(0));
    constant_i64(&g, "two", 1, DIMS(2));
    constant_i64(&g, "three", 1, DIMS(3));
    ow_node(&g, "Shape", "x", "s", NULL);
    ow_node(&g, "Gather", "s,zero", "n", NULL);
    ow_node(&g, "Mul", "n,two", "m", NULL);
    ow_attr_int(&a, "axis", 0);
    ow_node(&g, "Concat", "m,three", "t", &a);
    ow_node(&g, "Reshape", "x,t", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 3));
    planned p;
    cm_error err = {0};
    assert_ok(plan_graph(&g, 13, SHAPE(5, 6), NULL, &p, &err), &err);
    const cm_plan_cost *cost = cm_plan_get_cost(p.plan);
    assert_int_equal(cost->output_dim[0], 10);
    assert_int_equal(cost->output_dim[1], 3);
    assert_int_equal(cost->arena_bytes, 0);
    assert_true(cost->operations == 0); /* all of it was done while planning */
    planned_fini(&p);
}

/* A value that is read again later must outlive the steps that could have written over it. */
static void values_read_twice_survive(void **state)
{
    (void)state;
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    constant_i64(&g, "s", 2, DIMS(2, 1));
    ow_node(&g, "Abs", "x", "a", NULL);
    ow_node(&g, "Neg", "a", "b", NULL);       /* a is read again by the reshape */
    ow_node(&g, "Reshape", "a,s", "c", NULL); /* [2, 1] */
    ow_node(&g, "Add", "c,b", "d", NULL);     /* [2, 2]: |x_i| - |x_j| */
    ow_node(&g, "Mul", "d,c", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2, 2));
    assert_gives(&g, 13, SHAPE(2), FLOATS(-1, 3), VALUES(0, -2, 6, 0), 0);

    ow_input(&g, "x", OW_FLOAT, SHAPE(2)); /* the input is never written over */
    ow_node(&g, "Neg", "x", "a", NULL);
    ow_node(&g, "Neg", "a", "b", NULL);
    ow_node(&g, "Add", "b,x", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    assert_gives(&g, 13, SHAPE(2), FLOATS(-1, 3), VALUES(-2, 6), 0);

    /* a tensor against its own other shape: [2, 1] + [1, 2] of the same numbers */
    ow_input(&g, "x", OW_FLOAT, SHAPE(2, 1));
    constant_i64(&g, "s", 2, DIMS(1, 2));
    ow_node(&g, "Neg", "x", "a", NULL);
    ow_node(&g, "Reshape", "a,s", "b", NULL);
    ow_node(&g, "Sub", "a,b", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2, 2));
    assert_gives(&g, 13, SHAPE(2, 1), FLOATS(1, 5), VALUES(0, 4, -4, 0), 0);
}

static void fusion_changes_no_bit(void **state)
{
    (void)state;
    float x[3 * 5 * 7], w[2 * 3 * 3 * 3], fused[2 * 5 * 7], apart[2 * 5 * 7];
    for (int i = 0; i < (int)(sizeof x / sizeof *x); i++)
        x[i] = (float)((i * 7919) % 101 - 50) / 37.0f;
    for (int i = 0; i < (int)(sizeof w / sizeof *w); i++)
        w[i] = (float)((i * 104729) % 89 - 44) / 53.0f;
    static const char *const norm[2] = {"Conv", "InstanceNormalization"};
    for (int which = 0; which < 2; which++)
        for (int keep = 0; keep < 2;
             keep++) { /* keep: the middle is an output too, so nothing can be joined */
            ow_buf g = {0}, a = {0}, leaky = {0};
            ow_input(&g, "x", OW_FLOAT, SHAPE(1, which ? 2 : 3, 5, 7));
            ow_buf t = which ? ow_tensor_f32("w", SHAPE(2), w) : ow_tensor_f32("w", SHAPE(2, 3, 3, 3), w);
            ow_initializer(&g, &t);
            if (!which) ow_attr_ints(&a, "pads", 4, DIMS(1, 1, 1, 1));
            ow_node(&g, norm[which], which ? "x,w,w" : "x,w", "c", &a);
            ow_attr_float(&leaky, "alpha", 0.1f);
            ow_node(&g, "LeakyRelu", "c", "l", &leaky);
            ow_node(&g, keep ? "Max" : "Identity", keep ? "l,c" : "l", "y",
                    NULL); /* max(l, c) = l: alpha < 1 */
            ow_output(&g, "y", OW_FLOAT, SHAPE(1, 2, 5, 7));
            planned p;
            cm_error err = {0};
            assert_ok(plan_graph(&g, 13, SHAPE(1, which ? 2 : 3, 5, 7), NULL, &p, &err), &err);
            assert_ok(cm_plan_prepare(p.plan, &err), &err);
            assert_ok(cm_plan_run(p.plan, x, keep ? apart : fused, NULL, &err), &err);
            planned_fini(&p);
            if (keep) assert_memory_equal(fused, apart, sizeof fused);
        }
}

static void outputs_that_are_not_computed_floats(void **state)
{
    (void)state;
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2)); /* the output is the input */
    ow_node(&g, "Identity", "x", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    assert_gives(&g, 13, SHAPE(2), FLOATS(3, 4), VALUES(3, 4), 0);
    ow_input(&g, "x", OW_FLOAT, SHAPE(2)); /* it is known before the run */
    ow_node(&g, "Shape", "x", "y", NULL);
    ow_output(&g, "y", OW_INT64, SHAPE(1));
    assert_gives(&g, 13, SHAPE(2), FLOATS(3, 4), VALUES(2), 0);
    ow_buf a = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(3)); /* it is whole numbers */
    ow_attr_int(&a, "axis", 0);
    ow_node(&g, "ArgMax", "x", "y", &a);
    ow_output(&g, "y", OW_INT64, SHAPE(1));
    assert_gives(&g, 13, SHAPE(3), FLOATS(3, 9, 9), VALUES(1), 0);
    ow_input(&g, "x", OW_UINT8, SHAPE(2)); /* and here the input is */
    ow_attr_int(&a, "to", OW_FLOAT);
    ow_node(&g, "Cast", "x", "f", &a);
    add_scalar(&g, "half", 0.5f);
    ow_node(&g, "Mul", "f,half", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    assert_gives(&g, 13, SHAPE(2), FLOATS(3, 255), VALUES(1.5f, 127.5f), 0);
}

static void a_stop_ends_a_run(void **state)
{
    (void)state;
    ow_buf g = two_sigmoids();
    planned p;
    cm_error err = {0};
    float x[8] = {0}, y[8];
    assert_ok(plan_graph(&g, 13, SHAPE(2, 4), NULL, &p, &err), &err);
    assert_ok(cm_plan_prepare(p.plan, &err), &err);
    cm_stop stop = {0};
    atomic_store(&stop.requested, 1);
    assert_int_equal(cm_plan_run(p.plan, x, y, &stop, &err), CM_ERR_STOPPED);
    cm_stop late = {.deadline_s = cm_now_s() - 1};
    assert_int_equal(cm_plan_run(p.plan, x, y, &late, &err), CM_ERR_TIMEOUT);
    err = (cm_error){0};
    assert_ok(cm_plan_run(p.plan, x, y, NULL, &err), &err); /* the plan is still good */
    planned_fini(&p);
}

/* One node that would take an hour: the kernel itself is stopped, with one thread and with several. */
static void a_stop_ends_a_long_node(void **state)
{
    (void)state;
    enum { SIDE = 128 };
    static float x[SIDE * SIDE * SIDE], y[SIDE * SIDE * SIDE];
    for (int threads = 1; threads <= 2; threads++) {
        cm_threads *pool = NULL;
        cm_backend *be = NULL;
        cm_plan *plan = NULL;
        planned p;
        cm_error err = {0};
        ow_buf g = {0}, a = {0};
        ow_attr_ints(&a, "kernel_shape", 3, DIMS(127, 127, 127));
        ow_attr_ints(&a, "pads", 6, DIMS(63, 63, 63, 63, 63, 63));
        ow_input(&g, "x", OW_FLOAT, SHAPE(1, 1, SIDE, SIDE, SIDE));
        ow_node(&g, "MaxPool", "x", "y", &a);
        ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, SIDE, SIDE, SIDE));
        assert_ok(plan_graph(&g, 13, SHAPE(1, 1, SIDE, SIDE, SIDE), NULL, &p, &err), &err);
        assert_ok(cm_threads_create(threads, &pool, &err), &err);
        assert_ok(cm_backend_cpu_create(pool, -1, &be, &err), &err);
        assert_ok(cm_plan_create(p.model, NULL, NULL, DIMS(1, 1, SIDE, SIDE, SIDE), 5, NULL, be, &plan, &err),
                  &err);
        assert_ok(cm_plan_prepare(plan, &err), &err);
        const double start = cm_now_s();
        cm_stop stop = {.deadline_s = start + 0.1};
        assert_int_equal(cm_plan_run(plan, x, y, &stop, &err), CM_ERR_TIMEOUT);
        assert_true(cm_now_s() - start < 20); /* on a busy machine */
        cm_plan_destroy(plan);
        cm_backend_destroy(be);
        cm_threads_destroy(pool);
        planned_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_and_memory_by_hand),
        cmocka_unit_test(memory_is_shared_over_time),
        cmocka_unit_test(limits_come_before_allocation),
        cmocka_unit_test(limits_of_a_run),
        cmocka_unit_test(a_stopped_run_has_a_story),
        cmocka_unit_test(sizes_past_31_bits),
        cmocka_unit_test(input_and_output_are_checked),
        cmocka_unit_test(shapes_that_do_not_fit),
        cmocka_unit_test(what_depends_on_the_image_is_refused),
        cmocka_unit_test(attributes_nobody_knows_are_refused),
        cmocka_unit_test(shapes_are_computed_while_planning),
        cmocka_unit_test(values_read_twice_survive),
        cmocka_unit_test(fusion_changes_no_bit),
        cmocka_unit_test(outputs_that_are_not_computed_floats),
        cmocka_unit_test(a_stop_ends_a_run),
        cmocka_unit_test(a_stop_ends_a_long_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
