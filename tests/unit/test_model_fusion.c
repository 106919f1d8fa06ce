/* Steps that are joined compute what the nodes of the file compute. Every pattern is met once as exporters
 * write it and compared with the plan that joins nothing: to the last bit where docs/fusion.md promises that,
 * else within a bound of a few roundings. And what looks alike but is not stays as it is. */
#include "tests/unit/model_fixture.h"

enum { MOST = 4096 };

/* Numbers that are neither round nor large: a fixed sequence. */
static void fill(float *x, int64_t n, int start)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((i * 37 + start * 101) % 199 - 99) / 64.0f;
}

static void weights(ow_buf *g, const char *name, int rank, const int64_t *dim, int start, float lowest)
{
    float w[MOST];
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    assert_true(n <= MOST);
    fill(w, n, start);
    for (int64_t i = 0; i < n && lowest > 0; i++)
        w[i] = lowest + (w[i] < 0 ? -w[i] : w[i]);
    ow_buf t = ow_tensor_f32(name, rank, dim, w);
    ow_initializer(g, &t);
}

static void scalar(ow_buf *g, const char *name, float v)
{
    ow_buf t = ow_tensor_f32(name, 0, NULL, &v);
    ow_initializer(g, &t);
}

static void ints(ow_buf *g, const char *name, int n, const int64_t *v)
{
    ow_buf t = ow_tensor_i64(name, 1, DIMS(n), v);
    ow_initializer(g, &t);
}

static float *run(cm_plan *plan, const float *x, int64_t *n)
{
    cm_error err = {0};
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    *n = 1;
    for (int i = 0; i < cost->output_rank; i++)
        *n *= cost->output_dim[i];
    float *y = malloc((size_t)*n * sizeof *y);
    assert_non_null(y);
    assert_ok(cm_plan_prepare(plan, &err), &err);
    assert_ok(cm_plan_run(plan, x, y, NULL, &err), &err);
    return y;
}

/* Plans g (taken; input x, output y) both ways. layers: how many are left. bound: of the difference, relative
 * to 1 or the value; 0 = the same bits. */
static void compare(ow_buf *g, int opset, int rank, const int64_t *dim, int layers, double bound)
{
    float x[MOST];
    int64_t n_x = 1, n = 0, n_plain = 0;
    planned p;
    cm_plan *plain = NULL;
    cm_error err = {0};
    for (int i = 0; i < rank; i++)
        n_x *= dim[i];
    assert_true(n_x <= MOST);
    fill(x, n_x, 7);
    assert_ok(plan_graph(g, opset, rank, dim, NULL, &p, &err), &err);
    assert_ok(cm_plan_create_plain(p.model, NULL, NULL, dim, rank, NULL, p.be, &plain, &err), &err);
    assert_int_equal(cm_plan_layers(p.plan), layers);
    assert_true(cm_plan_layers(plain) >= layers);
    float *y = run(p.plan, x, &n), *expected = run(plain, x, &n_plain);
    assert_int_equal(n, n_plain);
    for (int64_t i = 0; i < n; i++) {
        const double size = expected[i] < 0 ? -(double)expected[i] : (double)expected[i];
        const double off = (double)y[i] - (double)expected[i];
        if (memcmp(&y[i], &expected[i], sizeof *y) &&
            !((off < 0 ? -off : off) <= bound * (size > 1 ? size : 1)))
            fail_msg("element %lld is %.9g, without fusion %.9g", (long long)i, (double)y[i],
                     (double)expected[i]);
    }
    free(y);
    free(expected);
    cm_plan_destroy(plain);
    planned_fini(&p);
}

static ow_buf start(int rank, const int64_t *dim)
{
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, rank, dim);
    return g;
}

static void end(ow_buf *g)
{
    ow_output(g, "y", OW_FLOAT, 0, NULL);
}

/* x (image of 4 channels, 6 x 5) -> Conv -> c. */
static ow_buf conv(const char *op, int groups)
{
    ow_buf g = start(SHAPE(1, 4, 6, 5)), a = {0};
    weights(&g, "w", SHAPE(4, 4 / groups, 3, 3), 1, 0);
    weights(&g, "b", SHAPE(4), 2, 0);
    ow_attr_ints(&a, "pads", 4, DIMS(1, 1, 1, 1));
    if (groups > 1) ow_attr_int(&a, "group", groups);
    ow_node(&g, op, "x,w,b", "c", &a);
    return g;
}

static void batch_norm(ow_buf *g, const char *in, const char *out)
{
    weights(g, "scale", SHAPE(4), 3, 0.5f);
    weights(g, "offset", SHAPE(4), 4, 0);
    weights(g, "mean", SHAPE(4), 5, 0);
    weights(g, "variance", SHAPE(4), 6, 0.25f);
    char inputs[64];
    snprintf(inputs, sizeof inputs, "%s,scale,offset,mean,variance", in);
    ow_node(g, "BatchNormalization", inputs, out, NULL);
}

static void batch_norm_folds_into_a_convolution(void **state)
{
    (void)state;
    for (int groups = 1; groups <= 2; groups++)
        for (int transposed = 0; transposed < 2; transposed++) {
            ow_buf g = conv(transposed ? "ConvTranspose" : "Conv", groups);
            batch_norm(&g, "c", "n");
            ow_node(&g, "Relu", "n", "y", NULL);
            end(&g);
            /* 36 products of up to 1.5 * 1.5, scaled by up to 4: 300 at most, a rounding each */
            compare(&g, 13, SHAPE(1, 4, 6, 5), 1, 36 * 300 * 0x1p-24);
        }
    ow_buf g = conv("Conv", 1); /* somebody else reads the convolution */
    batch_norm(&g, "c", "n");
    ow_node(&g, "Add", "n,c", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 3, 0);
}

static void activations_keep_their_bits(void **state)
{
    (void)state;
    ow_buf g = start(SHAPE(1, 4, 6, 5)); /* pre-activation, as in a DenseNet */
    batch_norm(&g, "x", "n");
    ow_node(&g, "Relu", "n", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 1, 0);

    g = conv("Conv", 1); /* the end of a residual block */
    ow_node(&g, "Add", "c,x", "s", NULL);
    ow_node(&g, "LeakyRelu", "s", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 2, 0);

    g = conv("Conv", 1); /* one slope for all is a LeakyRelu */
    weights(&g, "slope", SHAPE(1, 1, 1), 9, 0);
    ow_node(&g, "PRelu", "c,slope", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 1, 0);

    g = conv("Conv", 1); /* one per channel is not */
    weights(&g, "slope", SHAPE(4, 1, 1), 9, 0);
    ow_node(&g, "PRelu", "c,slope", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 2, 0);

    g = conv("Conv", 1); /* spread over the image: a sum of another kind */
    weights(&g, "row", SHAPE(5), 9, 0);
    ow_node(&g, "Add", "c,row", "s", NULL);
    ow_node(&g, "Relu", "s", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(1, 4, 6, 5), 3, 0);
}

static void silu(void **state)
{
    (void)state;
    ow_buf g = start(SHAPE(2, 50));
    ow_node(&g, "Sigmoid", "x", "s", NULL);
    ow_node(&g, "Mul", "x,s", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(2, 50), 1, 2 * 0x1p-24);

    g = start(SHAPE(2, 50)); /* a gate by something else */
    ow_node(&g, "Sigmoid", "x", "s", NULL);
    ow_node(&g, "Neg", "x", "m", NULL);
    ow_node(&g, "Mul", "m,s", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(2, 50), 3, 0);
}

/* half: at which place the factor 0.5 comes; divides: x / sqrt 2 or x * (1 / sqrt 2). */
static ow_buf gelu(int half, bool divides, float root)
{
    ow_buf g = start(SHAPE(2, 50));
    scalar(&g, "half", 0.5f);
    scalar(&g, "one", 1.0f);
    scalar(&g, "root", root);
    ow_node(&g, divides ? "Div" : "Mul", "x,root", "d", NULL);
    ow_node(&g, "Erf", "d", "e", NULL);
    ow_node(&g, "Add", "e,one", "a", NULL);
    if (half == 0) {
        ow_node(&g, "Mul", "x,a", "m", NULL);
        ow_node(&g, "Mul", "m,half", "y", NULL);
    } else if (half == 1) {
        ow_node(&g, "Mul", "x,half", "m", NULL);
        ow_node(&g, "Mul", "m,a", "y", NULL);
    } else {
        ow_node(&g, "Mul", "half,a", "m", NULL);
        ow_node(&g, "Mul", "x,m", "y", NULL);
    }
    end(&g);
    return g;
}

static void gelu_as_exported(void **state)
{
    (void)state;
    for (int half = 0; half < 3; half++) {
        ow_buf g = gelu(half, true, 1.41421354f);
        compare(&g, 13, SHAPE(2, 50), 1, 4 * 0x1p-24);
        g = gelu(half, false, 0.707106769f);
        compare(&g, 13, SHAPE(2, 50), 1, 4 * 0x1p-24);
        g = gelu(half, true, 1.41f); /* not the function */
        compare(&g, 13, SHAPE(2, 50), 5, 0);
    }
}

/* half: as above; cubed: Pow, or Mul twice; kappa: 0.044715 where it is the function. */
static ow_buf gelu_tanh(int half, bool cubed_by_pow, float kappa)
{
    ow_buf g = start(SHAPE(2, 50));
    scalar(&g, "half", 0.5f);
    scalar(&g, "one", 1.0f);
    scalar(&g, "three", 3.0f);
    scalar(&g, "kappa", kappa);
    scalar(&g, "beta", 0.797884583f);
    if (!cubed_by_pow) ow_node(&g, "Mul", "x,x", "x2", NULL);
    ow_node(&g, cubed_by_pow ? "Pow" : "Mul", cubed_by_pow ? "x,three" : "x,x2", "x3", NULL);
    ow_node(&g, "Mul", "kappa,x3", "k", NULL);
    ow_node(&g, "Add", "x,k", "i", NULL);
    ow_node(&g, "Mul", cubed_by_pow ? "i,beta" : "beta,i", "o", NULL);
    ow_node(&g, "Tanh", "o", "t", NULL);
    ow_node(&g, "Add", half ? "t,one" : "one,t", "a", NULL);
    if (half == 0) {
        ow_node(&g, "Mul", "x,a", "m", NULL);
        ow_node(&g, "Mul", "half,m", "y", NULL);
    } else {
        ow_node(&g, "Mul", "x,half", "m", NULL);
        ow_node(&g, "Mul", "m,a", "y", NULL);
    }
    end(&g);
    return g;
}

static void gelu_of_tanh_as_exported(void **state)
{
    (void)state;
    for (int half = 0; half < 2; half++)
        for (int by_pow = 0; by_pow < 2; by_pow++) {
            ow_buf g = gelu_tanh(half, by_pow, 0.044715f);
            compare(&g, 13, SHAPE(2, 50), 1, 4 * 0x1p-24);
            g = gelu_tanh(half, by_pow, 0.05f); /* not the function */
            compare(&g, 13, SHAPE(2, 50), by_pow ? 8 : 9, 0);
        }
}

/* x [2, 3, 7, 5] with its matrices turned, as the left or the right factor. */
static ow_buf turned_product(bool right)
{
    ow_buf g = start(SHAPE(2, 3, 7, 5)), a = {0};
    ow_attr_ints(&a, "perm", 4, DIMS(0, 1, 3, 2));
    ow_node(&g, "Transpose", "x", "t", &a);
    if (right)
        weights(&g, "w", SHAPE(3, 6, 5), 1, 0);
    else
        weights(&g, "w", SHAPE(3, 7, 6), 1, 0);
    ow_node(&g, "MatMul", right ? "w,t" : "t,w", "y", NULL);
    end(&g);
    return g;
}

static void transpose_into_product(void **state)
{
    (void)state;
    for (int right = 0; right < 2; right++) {
        ow_buf g = turned_product(right);
        compare(&g, 13, SHAPE(2, 3, 7, 5), 1, 0);
    }
    ow_buf g = start(SHAPE(2, 4, 6)), a = {0}, b = {0}; /* both factors, and a vector beside one */
    ow_attr_ints(&a, "perm", 3, DIMS(0, 2, 1));
    ow_node(&g, "Transpose", "x", "t", &a);
    ow_node(&g, "Relu", "x", "r", NULL);
    ow_node(&g, "MatMul", "t,r", "m", NULL); /* [2, 6, 6] */
    weights(&g, "v", SHAPE(6), 3, 0);
    ow_attr_ints(&b, "perm", 3, DIMS(0, 2, 1));
    ow_node(&g, "Transpose", "m", "n", &b);
    ow_node(&g, "MatMul", "n,v", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(2, 4, 6), 3, 0);

    g = start(SHAPE(3, 3, 3, 3)); /* another permutation stays */
    a = (ow_buf){0};
    ow_attr_ints(&a, "perm", 4, DIMS(0, 3, 1, 2));
    ow_node(&g, "Transpose", "x", "t", &a);
    ow_node(&g, "MatMul", "t,x", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(3, 3, 3, 3), 2, 0);

    g = start(SHAPE(3, 4)); /* somebody else reads the turned one: it is made once */
    a = (ow_buf){0};
    ow_attr_ints(&a, "perm", 2, DIMS(1, 0));
    ow_node(&g, "Transpose", "x", "t", &a);
    ow_node(&g, "MatMul", "t,x", "m", NULL);
    ow_node(&g, "MatMul", "m,t", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(3, 4), 3, 0);
}

/* by: the name of what is added to the variance; squared: Pow or Mul. */
static ow_buf layer_norm(bool squared_by_pow, int64_t second_axis)
{
    ow_buf g = start(SHAPE(3, 7, 8)), a = {0}, b = {0};
    weights(&g, "w", SHAPE(8), 1, 0);
    weights(&g, "b", SHAPE(8), 2, 0);
    scalar(&g, "two", 2.0f);
    scalar(&g, "epsilon", 1e-5f);
    ow_attr_ints(&a, "axes", 1, DIMS(-1));
    ow_attr_ints(&b, "axes", 1, DIMS(second_axis));
    ow_node(&g, "ReduceMean", "x", "mean", &a);
    ow_node(&g, "Sub", "x,mean", "d", NULL);
    ow_node(&g, squared_by_pow ? "Pow" : "Mul", squared_by_pow ? "d,two" : "d,d", "q", NULL);
    ow_node(&g, "ReduceMean", "q", "v", &b);
    ow_node(&g, "Add", "v,epsilon", "e", NULL);
    ow_node(&g, "Sqrt", "e", "s", NULL);
    ow_node(&g, "Div", "d,s", "n", NULL);
    ow_node(&g, "Mul", "n,w", "m", NULL);
    ow_node(&g, "Add", "m,b", "y", NULL);
    end(&g);
    return g;
}

static void layer_norm_as_exported(void **state)
{
    (void)state;
    ow_buf g = layer_norm(true, -1);
    compare(&g, 13, SHAPE(3, 7, 8), 1, 16 * 0x1p-24);
    g = layer_norm(false, -1);
    compare(&g, 13, SHAPE(3, 7, 8), 1, 16 * 0x1p-24);
    g = layer_norm(true, 1); /* a variance over something else */
    compare(&g, 13, SHAPE(3, 7, 8), 9, 0);
}

static ow_buf group_norm(float scale_of_norm)
{
    ow_buf g = start(SHAPE(1, 4, 3, 5)), a = {0};
    const float ones[2] = {1, scale_of_norm}, zeros[2] = {0, 0};
    ow_buf one = ow_tensor_f32("one", 1, DIMS(2), ones), zero = ow_tensor_f32("zero", 1, DIMS(2), zeros);
    ow_initializer(&g, &one);
    ow_initializer(&g, &zero);
    ints(&g, "split", 3, DIMS(0, 2, -1));
    weights(&g, "w", SHAPE(4, 1, 1), 1, 0);
    weights(&g, "b", SHAPE(4, 1, 1), 2, 0);
    ow_attr_float(&a, "epsilon", 1e-3f);
    ow_node(&g, "Reshape", "x,split", "r", NULL);
    ow_node(&g, "InstanceNormalization", "r,one,zero", "n", &a);
    ow_node(&g, "Shape", "x", "shape", NULL);
    ow_node(&g, "Reshape", "n,shape", "t", NULL);
    ow_node(&g, "Mul", "t,w", "m", NULL);
    ow_node(&g, "Add", "m,b", "z", NULL);
    ow_node(&g, "Relu", "z", "y", NULL);
    end(&g);
    return g;
}

static void group_norm_as_exported(void **state)
{
    (void)state;
    ow_buf g = group_norm(1);
    compare(&g, 13, SHAPE(1, 4, 3, 5), 1, 8 * 0x1p-24);
    g = group_norm(2); /* a scale of its own: not the pattern; views are no layers */
    compare(&g, 13, SHAPE(1, 4, 3, 5), 4, 0);
}

static void padding_by_zeros(void **state)
{
    (void)state;
    for (int op = 0; op < 3; op++) {
        ow_buf g = start(SHAPE(1, 4, 6, 5)), a = {0};
        ints(&g, "pads", 8, DIMS(0, 0, 1, 2, 0, 0, 2, 0));
        ints(&g, "channels", 8, DIMS(0, 1, 1, 0, 0, 0, 0, 0));
        ow_node(&g, "Pad", op == 2 ? "x,channels" : "x,pads", "p", NULL);
        if (op != 1) weights(&g, "w", SHAPE(2, op == 2 ? 5 : 4, 3, 3), 1, 0);
        ow_attr_ints(&a, "kernel_shape", 2, DIMS(3, 3));
        ow_node(&g, op == 1 ? "AveragePool" : "Conv", op == 1 ? "p" : "p,w", "y", &a);
        end(&g);
        compare(&g, 13, SHAPE(1, 4, 6, 5), op == 2 ? 2 : 1, 0); /* channels of zeros are no padding */
    }
}

static void bias_of_a_product(void **state)
{
    (void)state;
    ow_buf g = start(SHAPE(2, 3, 8));
    weights(&g, "w", SHAPE(8, 6), 1, 0);
    weights(&g, "b", SHAPE(6), 2, 0);
    ow_node(&g, "MatMul", "x,w", "m", NULL);
    ow_node(&g, "Add", "b,m", "y", NULL);
    end(&g);
    compare(&g, 13, SHAPE(2, 3, 8), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_folds_into_a_convolution),
        cmocka_unit_test(activations_keep_their_bits),
        cmocka_unit_test(silu),
        cmocka_unit_test(gelu_as_exported),
        cmocka_unit_test(gelu_of_tanh_as_exported),
        cmocka_unit_test(transpose_into_product),
        cmocka_unit_test(layer_norm_as_exported),
        cmocka_unit_test(group_norm_as_exported),
        cmocka_unit_test(padding_by_zeros),
        cmocka_unit_test(bias_of_a_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
