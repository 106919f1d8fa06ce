/* Operators of transformers, old opsets and rare forms against values worked out by hand. */
#include "tests/unit/model_fixture.h"

#include <math.h>

static void sorted_and_summed(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2, 4));
    ow_node(&g, "TopK", "x,k", "v,i", NULL);
    ow_attr_int(&a, "to", OW_FLOAT);
    ow_node(&g, "Cast", "i", "f", &a);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", "v,f", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2, 4));
    add_i64(&g, "k", SHAPE(1), DIMS(2));
    /* of equal ones the first; a NaN is largest */
    assert_gives(&g, 13, SHAPE(2, 4), FLOATS(3, 7, 7, 1, -1, -5, -2, -1), VALUES(7, 7, 1, 2, -1, -1, 0, 3),
                 0);
    g = one("CumSum", "x,axis", NULL, SHAPE(2, 2));
    add_i64(&g, "axis", SHAPE(1), DIMS(0));
    assert_gives(&g, 13, SHAPE(2, 2), FLOATS(1, 2, 3, 4), VALUES(1, 2, 4, 6), 0);
    ow_attr_int(&a, "exclusive", 1);
    ow_attr_int(&a, "reverse", 1);
    g = one("CumSum", "x,axis", &a, SHAPE(3));
    add_i64(&g, "axis", SHAPE(1), DIMS(-1));
    assert_gives(&g, 13, SHAPE(3), FLOATS(1, 2, 4), VALUES(6, 4, 0), 0);
    g = one("Trilu", "x,k", NULL, SHAPE(2, 3));
    add_i64(&g, "k", SHAPE(1), DIMS(1));
    assert_gives(&g, 14, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6), VALUES(0, 2, 3, 0, 0, 6), 0);
    ow_attr_int(&a, "upper", 0);
    g = one("Trilu", "x", &a, SHAPE(2, 3));
    assert_gives(&g, 14, SHAPE(2, 3), FLOATS(1, 2, 3, 4, 5, 6), VALUES(1, 0, 0, 4, 5, 0), 0);
    ow_attr_int(&a, "axis", 0);
    g = one("OneHot", "x,d,v", &a, SHAPE(2));
    add_i64(&g, "d", SHAPE(1), DIMS(3));
    add_f32(&g, "v", SHAPE(2), FLOATS(-1, 5));
    assert_gives(&g, 13, SHAPE(2), FLOATS(2, -3), VALUES(-1, 5, -1, -1, 5, -1), 0);
    g = one("Hardmax", "x", NULL, SHAPE(2, 2));
    assert_gives(&g, 13, SHAPE(2, 2), FLOATS(1, 3, 2, 2), VALUES(0, 1, 1, 0), 0);
}

static void sampling(void **state)
{
    (void)state;
    ow_buf a = {0};
    /* -1 is the outer edge of the first voxel; half of what is read there lies outside, as zero */
    ow_buf g = one("GridSample", "x,g", NULL, SHAPE(1, 1, 2, 2));
    add_f32(&g, "g", SHAPE(1, 1, 3, 2), FLOATS(0, 0, -0.5f, -0.5f, -1, -0.5f));
    assert_gives(&g, 16, SHAPE(1, 1, 2, 2), FLOATS(1, 2, 3, 4), VALUES(2.5f, 1, 0.5f), 0);
    ow_attr_string(&a, "padding_mode", "border");
    ow_attr_string(&a, "mode", "nearest");
    ow_attr_int(&a, "align_corners", 1);
    g = one("GridSample", "x,g", &a, SHAPE(1, 1, 1, 2, 2));
    add_f32(&g, "g", SHAPE(1, 1, 1, 2, 3), FLOATS(1, -1, 7, -9, 1, 0));
    assert_gives(&g, 20, SHAPE(1, 1, 1, 2, 2), FLOATS(1, 2, 3, 4), VALUES(2, 3), 0);
    g = one("AffineGrid", "x,size", NULL, SHAPE(1, 2, 3));
    add_i64(&g, "size", SHAPE(4), DIMS(1, 1, 1, 2)); /* places -0.5 and 0.5 along x, 0 along y */
    assert_gives(&g, 20, SHAPE(1, 2, 3), FLOATS(2, 0, 1, 0, 1, 3), VALUES(0, 3, 2, 3), 0);
}

static void attention(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_float(&a, "scale", 1);
    ow_attr_int(&a, "is_causal", 1);
    ow_buf g = one("Attention", "x,k,v", &a, SHAPE(1, 1, 2, 1));
    add_f32(&g, "k", SHAPE(1, 1, 2, 1), FLOATS(0, 1));
    add_f32(&g, "v", SHAPE(1, 1, 2, 1), FLOATS(10, 20));
    /* the first sees itself; the second both, with scores 0 and ln 3: weights 1/4 and 3/4 */
    assert_gives(&g, 23, SHAPE(1, 1, 2, 1), FLOATS(5, 1.0986123f), VALUES(10, 17.5f), 1e-6);
    ow_attr_float(&a, "scale", 1);
    ow_attr_int(&a, "q_num_heads", 2);
    ow_attr_int(&a, "kv_num_heads", 1);
    g = one("Attention", "x,k,v,m", &a, SHAPE(1, 1, 2)); /* two heads side by side share one key */
    add_f32(&g, "k", SHAPE(1, 2, 1), FLOATS(0, 1));
    add_f32(&g, "v", SHAPE(1, 2, 1), FLOATS(10, 20));
    add_f32(&g, "m", SHAPE(1, 2), FLOATS(0, 0));
    assert_gives(&g, 23, SHAPE(1, 1, 2), FLOATS(0, 1.0986123f), VALUES(15, 17.5f), 1e-6);
    /* of three positions the second may look at nothing (it was NaN) */
    ow_attr_float(&a, "scale", 1);
    g = one("Attention", "x,k,v,m", &a, SHAPE(1, 1, 3, 1));
    add_f32(&g, "k", SHAPE(1, 1, 2, 1), FLOATS(0, 1));
    add_f32(&g, "v", SHAPE(1, 1, 2, 1), FLOATS(10, 20));
    add_f32(&g, "m", SHAPE(3, 2), FLOATS(0, -INFINITY, -INFINITY, -INFINITY, -INFINITY, 0));
    assert_gives(&g, 23, SHAPE(1, 1, 3, 1), FLOATS(5, 6, 7), VALUES(10, 0, 20), 0);
    ow_attr_int(&a, "interleaved", 1);
    g = one("RotaryEmbedding", "x,c,s,p", &a, SHAPE(1, 1, 2, 2)); /* by nothing, then by a quarter turn */
    add_f32(&g, "c", SHAPE(2, 1), FLOATS(0, 1));
    add_f32(&g, "s", SHAPE(2, 1), FLOATS(1, 0));
    add_i64(&g, "p", SHAPE(1, 2), DIMS(1, 0));
    assert_gives(&g, 23, SHAPE(1, 1, 2, 2), FLOATS(3, 4, 3, 4), VALUES(3, 4, -4, 3), 0);
    ow_attr_float(&a, "epsilon", 0);
    g = one("RMSNormalization", "x,s", &a, SHAPE(1, 2));
    add_f32(&g, "s", SHAPE(2), FLOATS(5, 10));
    assert_gives(&g, 23, SHAPE(1, 2), FLOATS(1, 7), VALUES(1, 14), 1e-6); /* root mean square 5 */
}

static void norms_and_pools_that_say_more(void **state)
{
    (void)state;
    ow_buf a = {0}, g = {0};
    ow_attr_int(&a, "size", 3);
    ow_attr_float(&a, "alpha", 3);
    ow_attr_float(&a, "beta", 1);
    g = one("LRN", "x", &a, SHAPE(1, 3, 1));
    /* 1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9) */
    assert_gives(&g, 13, SHAPE(1, 3, 1), FLOATS(1, 2, 3), VALUES(1 / 6.f, 2 / 15.f, 3 / 14.f), 1e-7);
    g = (ow_buf){0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2, 2));
    ow_attr_float(&a, "epsilon", 0);
    ow_node(&g, "LayerNormalization", "x,s", "n,m,d", &a);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", "n,m,d", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2, 4));
    add_f32(&g, "s", SHAPE(2), FLOATS(1, 1));
    assert_gives(&g, 17, SHAPE(2, 2), FLOATS(1, 5, 0, 1), VALUES(-1, 1, 3, 0.5f, -1, 1, 0.5f, 2), 1e-6);
    g = (ow_buf){0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 1, 2, 3));
    ow_attr_ints(&a, "kernel_shape", 2, DIMS(2, 2));
    ow_attr_int(&a, "storage_order", 1);
    ow_node(&g, "MaxPool", "x", "m,i", &a);
    ow_attr_int(&a, "to", OW_FLOAT);
    ow_node(&g, "Cast", "i", "f", &a);
    ow_attr_int(&a, "axis", 3);
    ow_node(&g, "Concat", "m,f", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, 1, 4));
    /* 5 at row 1, column 1 and 6 at row 0, column 2, counted down the columns */
    assert_gives(&g, 12, SHAPE(1, 1, 2, 3), FLOATS(1, 2, 6, 4, 5, 3), VALUES(5, 6, 3, 4), 0);
}

/* BatchNormalization of constant weights by their own statistics, which is how weight standardisation is
 * exported; of anything that a run computes they are of training. */
static ow_buf batch_statistics_of(const char *input, const char *output)
{
    ow_buf g = {0}, a = {0};
    char inputs[32];
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 2, 2, 2));
    add_f32(&g, "w", SHAPE(1, 2, 4), FLOATS(1, 3, 1, 3, 0, 4, 4, 0));
    add_f32(&g, "two", SHAPE(2, 2, 4), (const float[16]){1});
    add_f32(&g, "scale", SHAPE(2), FLOATS(1, 2));
    add_f32(&g, "bias", SHAPE(2), FLOATS(0.5f, 0));
    add_f32(&g, "unused", SHAPE(2), FLOATS(7, 7));
    ow_attr_int(&a, "training_mode", 1);
    ow_attr_float(&a, "epsilon", 0);
    snprintf(inputs, sizeof inputs, "%s,scale,bias,unused,unused", input);
    ow_node(&g, "BatchNormalization", inputs, output, &a);
    return g;
}

static void weights_standardised(void **state)
{
    (void)state;
    ow_buf g = batch_statistics_of("w", "n,mean,variance");
    add_i64(&g, "shape", SHAPE(4), DIMS(2, 1, 2, 2));
    ow_node(&g, "Reshape", "n,shape", "filters", NULL);
    add_i64(&g, "start", SHAPE(1), DIMS(0));
    add_i64(&g, "end", SHAPE(1), DIMS(1));
    ow_node(&g, "Slice", "x,start,end,end", "first", NULL);
    ow_node(&g, "Conv", "first,filters", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, 0, NULL);
    /* filters -0.5 1.5 -0.5 1.5 and -2 2 2 -2 over 1 2 3 5 */
    assert_gives(&g, 15, SHAPE(1, 2, 2, 2), FLOATS(1, 2, 3, 5, 0, 0, 0, 0), VALUES(8.5f, -2), 0);
    static const char *const refused[] = {"x", "two"};
    for (int i = 0; i < 2; i++) {
        planned p;
        cm_error err = {0};
        g = batch_statistics_of(refused[i], "y");
        ow_output(&g, "y", OW_FLOAT, 0, NULL);
        assert_refused(plan_graph(&g, 15, SHAPE(1, 2, 2, 2), NULL, &p, &err), CM_ERR_UNSUPPORTED, &err,
                       "evaluation mode");
        planned_fini(&p);
    }
}

static void resize_forms(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_string(&a, "mode", "linear");
    ow_attr_string(&a, "coordinate_transformation_mode", "tf_crop_and_resize");
    ow_attr_float(&a, "extrapolation_value", -7);
    ow_attr_ints(&a, "axes", 1, DIMS(2));
    ow_buf g = one("Resize", "x,roi,,size", &a, SHAPE(1, 1, 3));
    add_f32(&g, "roi", SHAPE(2), FLOATS(0.25f, 1.25f)); /* from 0.5 on in steps of 1 */
    add_i64(&g, "size", SHAPE(1), DIMS(3));
    assert_gives(&g, 18, SHAPE(1, 1, 3), FLOATS(1, 3, 7), VALUES(2, 5, -7), 0);
    ow_attr_string(&a, "keep_aspect_ratio_policy", "not_larger");
    ow_attr_ints(&a, "axes", 2, DIMS(2, 3));
    g = one("Resize", "x,,,size", &a, SHAPE(1, 1, 1, 2)); /* 5 and 4 become 2 and 4 */
    add_i64(&g, "size", SHAPE(2), DIMS(5, 4));
    assert_gives(&g, 18, SHAPE(1, 1, 1, 2), FLOATS(1, 2), VALUES(1, 1, 2, 2, 1, 1, 2, 2), 0);
}

static void bounds_that_only_the_run_knows(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(3));
    ow_attr_int(&a, "keepdims", 0);
    ow_node(&g, "ReduceMean", "x", "m", &a);
    ow_node(&g, "Clip", "x,m", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(3));
    assert_gives(&g, 13, SHAPE(3), FLOATS(1, 2, 6), VALUES(3, 3, 6), 0);
    g = one("Pow", "x,e", NULL, SHAPE(2)); /* the exponent is converted */
    add_i64(&g, "e", SHAPE(1), DIMS(3));
    assert_gives(&g, 13, SHAPE(2), FLOATS(2, -2), VALUES(8, -8), 0);
    ow_attr_string(&a, "mode", "wrap");
    g = one("Pad", "x,p", &a, SHAPE(3));
    add_i64(&g, "p", SHAPE(2), DIMS(4, 1));
    assert_gives(&g, 19, SHAPE(3), FLOATS(1, 2, 3), VALUES(3, 1, 2, 3, 1, 2, 3, 1), 0);
    g = one("Mean", "x,b", NULL, SHAPE(2));
    add_f32(&g, "b", SHAPE(1), FLOATS(4));
    assert_gives(&g, 13, SHAPE(2), FLOATS(2, 8), VALUES(3, 6), 0);
}

/* Before opset 7 a list was spread from an axis on, and a slope per channel was a list. */
static void old_broadcasts(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_int(&a, "broadcast", 1);
    ow_attr_int(&a, "axis", 0);
    ow_buf g = one("Add", "x,b", &a, SHAPE(2, 2));
    add_f32(&g, "b", SHAPE(2), FLOATS(10, 20));
    assert_gives(&g, 6, SHAPE(2, 2), FLOATS(1, 2, 3, 4), VALUES(11, 12, 23, 24), 0);
    ow_attr_int(&a, "broadcast", 1);
    g = one("Mul", "x,b", &a, SHAPE(2, 2));
    add_f32(&g, "b", SHAPE(2), FLOATS(10, 20));
    assert_gives(&g, 6, SHAPE(2, 2), FLOATS(1, 2, 3, 4), VALUES(10, 40, 30, 80), 0);
    g = one("PRelu", "x,b", NULL, SHAPE(1, 2, 2));
    add_f32(&g, "b", SHAPE(2), FLOATS(10, 20));
    assert_gives(&g, 6, SHAPE(1, 2, 2), FLOATS(-1, 2, -3, -4), VALUES(-10, 2, -60, -80), 0);
    planned p;
    cm_error err = {0};
    g = one("Add", "x,b", NULL, SHAPE(2, 2));
    add_f32(&g, "b", SHAPE(2), FLOATS(10, 20));
    assert_refused(plan_graph(&g, 6, SHAPE(2, 2), NULL, &p, &err), CM_ERR_MISMATCH, &err, "broadcast");
    planned_fini(&p);
}

/* Inputs that decide nothing must not make a known output unknown, and one that nobody reads need not be
 * there. */
static void inputs_that_do_not_matter(void **state)
{
    (void)state;
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, 0, NULL);
    ow_node(&g, "Dropout", "c,x", "y,mask", NULL); /* the ratio is given, and nothing is dropped */
    ow_output(&g, "y", OW_FLOAT, SHAPE(2));
    add_f32(&g, "c", SHAPE(2), FLOATS(3, 4));
    assert_gives(&g, 13, 0, DIMS(0), FLOATS(0.5f), VALUES(3, 4), 0);
    g = (ow_buf){0};
    ow_input(&g, "x", OW_INT64, SHAPE(2, 2));
    ow_attr_int(&a, "dtype", OW_FLOAT);
    ow_node(&g, "EyeLike", "x", "y", &a);
    ow_output(&g, "y", OW_FLOAT, SHAPE(2, 2));
    assert_gives(&g, 13, SHAPE(2, 2), FLOATS(1, 2, 3, 4), VALUES(1, 0, 0, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_summed),
        cmocka_unit_test(sampling),
        cmocka_unit_test(attention),
        cmocka_unit_test(norms_and_pools_that_say_more),
        cmocka_unit_test(resize_forms),
        cmocka_unit_test(bounds_that_only_the_run_knows),
        cmocka_unit_test(old_broadcasts),
        cmocka_unit_test(inputs_that_do_not_matter),
        cmocka_unit_test(weights_standardised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
