/* One operator at a time against values worked out by hand (the arithmetic beside each). The comparison over
 * all opsets and forms is real.model.onnxruntime. */
#include "tests/unit/model_fixture.h"

#include <math.h>

static void conv_and_its_bias(void **state)
{
    (void)state;
    ow_buf g = one("Conv", "x,w,b", NULL, SHAPE(1, 1, 3, 3));
    add_f32(&g, "w", SHAPE(1, 1, 2, 2), FLOATS(1, 2, 3, 4));
    add_f32(&g, "b", SHAPE(1), FLOATS(0.5f));
    /* top left: 1*1 + 2*2 + 3*4 + 4*5 = 37 */
    assert_gives(&g, 13, SHAPE(1, 1, 3, 3), FLOATS(1, 2, 3, 4, 5, 6, 7, 8, 9),
                 VALUES(37.5f, 47.5f, 67.5f, 77.5f), 0);
}

/* Weights, and a bias, that the model computes: the image is its own filter. Twice with other numbers,
 * because what is packed in one run must not stay for the next. */
static void weights_that_are_computed(void **state)
{
    (void)state;
    for (int sign = 1; sign >= -1; sign -= 2) {
        const float k = (float)sign;
        ow_buf g = {0}, a = {0};
        ow_input(&g, "x", OW_FLOAT, SHAPE(1, 2, 1, 2));
        ow_node(&g, "Identity", "x", "w", NULL);
        add_i64(&g, "one", SHAPE(1), DIMS(1));
        ow_attr_int(&a, "keepdims", 0);
        ow_node(&g, "ReduceMax", "x", "largest", &a);
        ow_node(&g, "Reshape", "largest,one", "b", NULL);
        ow_node(&g, "Conv", "x,w,b", "y", NULL);
        ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, 1, 1));
        /* 1 + 4 + 9 + 16 and the largest */
        assert_gives(&g, 13, SHAPE(1, 2, 1, 2), FLOATS(k, 2 * k, 3 * k, 4 * k), VALUES(sign > 0 ? 34 : 29),
                     0);
    }
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(1, 1, 2, 2));
    ow_node(&g, "Relu", "x", "w", NULL);
    ow_node(&g, "ConvTranspose", "x,w", "t", NULL);
    ow_node(&g, "Relu", "t", "y", NULL); /* joined to it */
    ow_output(&g, "y", OW_FLOAT, SHAPE(1, 1, 3, 3));
    assert_gives(&g, 13, SHAPE(1, 1, 2, 2), FLOATS(1, -2, 3, 4), VALUES(1, 0, 0, 6, 2, 0, 9, 24, 16), 0);
}

static void conv_transposed(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_ints(&a, "strides", 1, DIMS(2));
    ow_attr_ints(&a, "output_padding", 1, DIMS(1));
    ow_buf g = one("ConvTranspose", "x,w", &a, SHAPE(1, 1, 2));
    add_f32(&g, "w", SHAPE(1, 1, 3), FLOATS(1, 10, 100));
    /* 2 at 0..2, 3 at 2..4, one more element of padding */
    assert_gives(&g, 13, SHAPE(1, 1, 2), FLOATS(2, 3), VALUES(2, 20, 203, 30, 300, 0), 0);
}

static void pools(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_ints(&a, "kernel_shape", 1, DIMS(2));
    ow_attr_ints(&a, "strides", 1, DIMS(2));
    ow_attr_int(&a, "ceil_mode", 1);
    ow_buf g = one("MaxPool", "x", &a, SHAPE(1, 1, 5));
    assert_gives(&g, 13, SHAPE(1, 1, 5), FLOATS(1, 5, 2, 3, 4), VALUES(5, 3, 4), 0);
    ow_attr_ints(&a, "kernel_shape", 1, DIMS(3));
    ow_attr_ints(&a, "pads", 2, DIMS(1, 1));
    g = one("AveragePool", "x", &a, SHAPE(1, 1, 3)); /* the padding does not count */
    assert_gives(&g, 13, SHAPE(1, 1, 3), FLOATS(2, 4, 9), VALUES(3, 5, 6.5f), 1e-7);
    ow_attr_ints(&a, "kernel_shape", 1, DIMS(3));
    ow_attr_string(&a, "auto_pad", "SAME_UPPER");
    ow_attr_int(&a, "count_include_pad", 1);
    g = one("AveragePool", "x", &a, SHAPE(1, 1, 3)); /* it counts as zeros */
    assert_gives(&g, 13, SHAPE(1, 1, 3), FLOATS(3, 6, 9), VALUES(3, 6, 5), 1e-7);
    g = one("GlobalAveragePool", "x", NULL, SHAPE(1, 2, 2));
    assert_gives(&g, 13, SHAPE(1, 2, 2), FLOATS(1, 3, 5, 10), VALUES(2, 7.5f), 0);
}

static void normalisations(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_float(&a, "epsilon", 0);
    ow_buf g = one("BatchNormalization", "x,s,b,m,v", &a, SHAPE(1, 2, 2));
    add_f32(&g, "s", SHAPE(2), FLOATS(2, 3));
    add_f32(&g, "b", SHAPE(2), FLOATS(1, -1));
    add_f32(&g, "m", SHAPE(2), FLOATS(5, 0));
    add_f32(&g, "v", SHAPE(2), FLOATS(4, 9));
    /* (x - 5) 2/2 + 1 and x 3/3 - 1 */
    assert_gives(&g, 13, SHAPE(1, 2, 2), FLOATS(5, 7, 2, 4), VALUES(1, 3, 1, 3), 0);
    ow_attr_float(&a, "epsilon", 0);
    g = one("InstanceNormalization", "x,s,b", &a, SHAPE(1, 1, 4));
    add_f32(&g, "s", SHAPE(1), FLOATS(2));
    add_f32(&g, "b", SHAPE(1), FLOATS(10));
    /* mean 4, variance (9 + 1 + 1 + 9)/4 = 5 */
    const float r = (float)(2 / sqrt(5.0));
    assert_gives(&g, 13, SHAPE(1, 1, 4), FLOATS(1, 3, 5, 7), VALUES(10 - 3 * r, 10 - r, 10 + r, 10 + 3 * r),
                 1e-6);
}

static void group_norm_per_group_and_per_channel(void **state)
{
    (void)state;
    const float x[4] = {1, 3, 10,
                        30}; /* two groups of one channel pair: means 2 and 20, deviations 1 and 10 */
    ow_buf a = {0};
    ow_attr_int(&a, "num_groups", 2);
    ow_attr_float(&a, "epsilon", 0);
    ow_buf g = one("GroupNormalization", "x,s,b", &a, SHAPE(1, 4, 1));
    add_f32(&g, "s", SHAPE(2), FLOATS(1, 2));
    add_f32(&g, "b", SHAPE(2), FLOATS(0, 5));
    assert_gives(&g, 18, SHAPE(1, 4, 1), x, VALUES(-1, 1, 3, 7), 1e-6);
    ow_attr_int(&a, "num_groups", 2);
    ow_attr_float(&a, "epsilon", 0);
    g = one("GroupNormalization", "x,s,b", &a, SHAPE(1, 4, 1));
    add_f32(&g, "s", SHAPE(4), FLOATS(1, 2, 3, 4));
    add_f32(&g, "b", SHAPE(4), FLOATS(0, 0, 0, 1));
    assert_gives(&g, 21, SHAPE(1, 4, 1), x, VALUES(-1, 2, -3, 5), 1e-6);
}

static void softmax_before_and_since_opset_13(void **state)
{
    (void)state;
    const float x[4] = {0, 0, 0, 0};
    ow_buf g = one("Softmax", "x", NULL, SHAPE(1, 2, 2));
    assert_gives(&g, 11, SHAPE(1, 2, 2), x, VALUES(0.25f, 0.25f, 0.25f, 0.25f),
                 1e-7); /* over all from axis 1 */
    g = one("Softmax", "x", NULL, SHAPE(1, 2, 2));
    assert_gives(&g, 13, SHAPE(1, 2, 2), x, VALUES(0.5f, 0.5f, 0.5f, 0.5f), 1e-7); /* over the last */
}

static void matrices(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_int(&a, "transB", 1);
    ow_attr_float(&a, "beta", 2);
    ow_buf g = one("Gemm", "x,w,c", &a, SHAPE(1, 2));
    add_f32(&g, "w", SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6));
    add_f32(&g, "c", SHAPE(3), FLOATS(1, 1, 1));
    assert_gives(&g, 13, SHAPE(1, 2), FLOATS(10, 1), VALUES(14, 36, 58), 0); /* 10 + 2 + 2, 30 + 4 + 2, ... */
    g = one("MatMul", "x,w", NULL, SHAPE(2));
    add_f32(&g, "w", SHAPE(2, 2), FLOATS(1, 2, 3, 4));
    assert_gives(&g, 13, SHAPE(2), FLOATS(1, 10), VALUES(31, 42), 0);
}

static void moving_data(void **state)
{
    (void)state;
    ow_buf g = one("Slice", "x,s,e,,t", NULL, SHAPE(5));
    add_i64(&g, "s", SHAPE(1), DIMS(-1));
    add_i64(&g, "e", SHAPE(1), DIMS(INT64_MIN));
    add_i64(&g, "t", SHAPE(1), DIMS(-2));
    assert_gives(&g, 13, SHAPE(5), FLOATS(1, 2, 3, 4, 5), VALUES(5, 3, 1), 0);
    ow_buf a = {0};
    ow_attr_string(&a, "mode", "reflect");
    g = one("Pad", "x,p", &a, SHAPE(3));
    add_i64(&g, "p", SHAPE(2), DIMS(2, 1));
    assert_gives(&g, 13, SHAPE(3), FLOATS(1, 2, 3), VALUES(3, 2, 1, 2, 3, 2), 0);
    ow_attr_ints(&a, "pads", 2, DIMS(-1, 2));
    ow_attr_float(&a, "value", 7);
    g = one("Pad", "x", &a, SHAPE(3));
    assert_gives(&g, 9, SHAPE(3), FLOATS(1, 2, 3), VALUES(2, 3, 7, 7), 0);
    g = one("Gather", "x,i", NULL, SHAPE(3, 2));
    add_i64(&g, "i", SHAPE(2), DIMS(-1, 0));
    assert_gives(&g, 13, SHAPE(3, 2), FLOATS(1, 2, 3, 4, 5, 6), VALUES(5, 6, 1, 2), 0);
    g = one("Tile", "x,r", NULL, SHAPE(2));
    add_i64(&g, "r", SHAPE(1), DIMS(3));
    assert_gives(&g, 13, SHAPE(2), FLOATS(1, 2), VALUES(1, 2, 1, 2, 1, 2), 0);
    ow_attr_int(&a, "blocksize", 2);
    g = one("DepthToSpace", "x", &a, SHAPE(1, 4, 1, 1));
    assert_gives(&g, 13, SHAPE(1, 4, 1, 1), FLOATS(1, 2, 3, 4), VALUES(1, 2, 3, 4), 0);
}

static void resizing(void **state)
{
    (void)state;
    ow_buf a = {0};
    ow_attr_string(&a, "mode", "linear");
    ow_buf g = one("Resize", "x,,s", &a, SHAPE(1, 1, 2));
    add_f32(&g, "s", SHAPE(3), FLOATS(1, 1, 2));
    /* half_pixel: at -0.25, 0.25, 0.75, 1.25 of 0 and 4 */
    assert_gives(&g, 13, SHAPE(1, 1, 2), FLOATS(0, 4), VALUES(0, 1, 3, 4), 0);
    ow_attr_string(&a, "mode", "linear");
    ow_attr_string(&a, "coordinate_transformation_mode", "align_corners");
    g = one("Resize", "x,,,n", &a, SHAPE(1, 1, 2));
    add_i64(&g, "n", SHAPE(3), DIMS(1, 1, 5));
    assert_gives(&g, 13, SHAPE(1, 1, 2), FLOATS(0, 4), VALUES(0, 1, 2, 3, 4), 0);
}

static ow_buf antialiased(const char *mode, int exclude, int rank, const int64_t *from, const int64_t *to)
{
    ow_buf a = {0};
    ow_attr_string(&a, "mode", mode);
    ow_attr_int(&a, "antialias", 1);
    ow_attr_int(&a, "exclude_outside", exclude);
    ow_buf g = one("Resize", "x,,,n", &a, rank, from);
    add_i64(&g, "n", SHAPE(rank), to);
    return g;
}

/* Values of onnx 1.23's ReferenceEvaluator. */
static void resizing_with_antialiasing(void **state)
{
    (void)state;
    const float row[10] = {0, 1, 4, 2, 8, 5, 7, 3, 9, 6};
    ow_buf g = antialiased("linear", 0, SHAPE(1, 1, 10), DIMS(1, 1, 4));
    assert_gives(&g, 19, SHAPE(1, 1, 10), row, VALUES(1.24f, 4.4f, 5.84f, 6.52f), 1e-6);
    g = antialiased("cubic", 0, SHAPE(1, 1, 10), DIMS(1, 1, 4));
    assert_gives(&g, 19, SHAPE(1, 1, 10), row, VALUES(0.96520096f, 4.7740993f, 5.8997f, 6.5038f), 1e-6);
    g = antialiased("cubic", 1, SHAPE(1, 1, 10), DIMS(1, 1, 4));
    assert_gives(&g, 19, SHAPE(1, 1, 10), row, VALUES(1.0334057f, 4.685542f, 5.901561f, 6.5394f), 1e-6);
    const float plane[20] = {0, 1, 4, 2, 8, 5, 7, 3, 9, 6, 1, 1, 2, 3, 5, 8, 0, 2, 9, 4};
    g = antialiased("linear", 0, SHAPE(1, 1, 4, 5), DIMS(1, 1, 2, 3));
    assert_gives(&g, 19, SHAPE(1, 1, 4, 5), plane,
                 VALUES(2.46875f, 3.6527777f, 6.078125f, 3.59375f, 2.9583333f, 5.421875f), 1e-6);
    g = antialiased("linear", 0, SHAPE(1, 1, 4, 5), DIMS(1, 1, 6, 3)); /* one axis grows: as without */
    assert_gives(&g, 19, SHAPE(1, 1, 4, 5), plane,
                 VALUES(0.375f, 2.8888888f, 5.75f, 3.0625f, 4.0555553f, 6.4375f, 4.9583335f, 4.685185f,
                        6.6458335f, 1.7916666f, 2.5370371f, 4.7291665f, 3, 2.5555556f, 5.0625f, 5, 3.1111112f,
                        5.875f),
                 1e-6);
}

/* All forms of a weight: what is stored, and that 1.5 and -2 come out of it. */
static void weights_of_other_types_are_widened(void **state)
{
    (void)state;
    const uint16_t half[2] = {0x3e00, 0xc000}, brain[2] = {0x3fc0, 0xc000};
    const double wide[2] = {1.5, -2};
    struct {
        int type;
        const void *data;
        int64_t bytes;
    } raw[] = {{OW_FLOAT16, half, 4},
               {OW_BFLOAT16, brain, 4},
               {OW_DOUBLE, wide, 16},
               {OW_FLOAT, FLOATS(1.5f, -2), 8}};
    for (int i = 0; i < 4; i++) {
        ow_buf g = one("Add", "x,w", NULL, SHAPE(2));
        ow_buf t = ow_tensor_raw("w", raw[i].type, SHAPE(2), raw[i].data, raw[i].bytes);
        ow_initializer(&g, &t);
        assert_gives(&g, 13, SHAPE(2), FLOATS(1, 1), VALUES(2.5f, -1), 0);
    }
    for (int i = 0; i < 2; i++) { /* typed fields: float16 lies in int32_data as its bits */
        ow_buf g = one("Add", "x,w", NULL, SHAPE(2));
        ow_buf t = ow_tensor("w", i ? OW_FLOAT16 : OW_FLOAT, SHAPE(2));
        if (i) {
            ow_int(&t, 5, half[0]);
            ow_int(&t, 5, half[1]);
        } else {
            ow_bytes(&t, 4, FLOATS(1.5f, -2), 8); /* packed */
        }
        ow_initializer(&g, &t);
        assert_gives(&g, 13, SHAPE(2), FLOATS(1, 1), VALUES(2.5f, -1), 0);
    }
}

/* As initialisers, raw and typed, and through Cast to float and back: 200 and -3 as each type has them. */
static void whole_numbers_of_every_width(void **state)
{
    (void)state;
    const uint64_t raw[2] = {200, (uint64_t)-3};
    struct {
        int type, bytes, field;
        float a, b;
    } rows[] = {{2, 1, 5, 200, 253},
                {3, 1, 5, -56, -3},
                {4, 2, 5, 200, 65533},
                {5, 2, 5, 200, -3},
                {6, 4, 5, 200, -3},
                {7, 8, 7, 200, -3},
                {12, 4, 11, 200, (float)4294967293},
                {13, 8, 11, 200, 0x1p64f},
                {9, 1, 5, 1, 1}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const int type = rows[i / 2].type;
        ow_buf g = {0}, a = {0}, t = ow_tensor("w", type, SHAPE(2));
        char packed[16];
        for (int k = 0; k < 2; k++) /* little-endian: the low bytes come first */
            memcpy(packed + k * rows[i / 2].bytes, &raw[k], (size_t)rows[i / 2].bytes);
        if (i % 2) {
            ow_int(&t, rows[i / 2].field, (int64_t)raw[0]);
            ow_int(&t, rows[i / 2].field, (int64_t)raw[1]);
        } else {
            ow_bytes(&t, 9, packed, 2 * rows[i / 2].bytes);
        }
        ow_initializer(&g, &t);
        ow_input(&g, "x", OW_FLOAT, SHAPE(2));
        ow_attr_int(&a, "to", type);
        ow_node(&g, "Cast", "x", "n", &a);
        ow_node(&g, type == OW_BOOL ? "Or" : "Max", "n,w", "m", NULL);
        ow_attr_int(&a, "to", OW_FLOAT);
        ow_node(&g, "Cast", "m", "y", &a);
        ow_output(&g, "y", OW_FLOAT, SHAPE(2));
        assert_gives(&g, 13, SHAPE(2), FLOATS(-300, -300), VALUES(rows[i / 2].a, rows[i / 2].b), 0);
    }
}

/* Subnormal, infinite and signed-zero float16, through Constant. */
static void half_precision_corners(void **state)
{
    (void)state;
    const uint16_t half[4] = {0x0001, 0x7c00, 0x8000, 0x83ff};
    ow_buf g = {0}, a = {0}, t = ow_tensor_raw("", OW_FLOAT16, SHAPE(4), half, 8);
    ow_attr_tensor(&a, "value", &t);
    ow_input(&g, "x", OW_FLOAT, SHAPE(4));
    ow_node(&g, "Constant", "", "c", &a);
    ow_node(&g, "Mul", "x,c", "m", NULL);
    ow_node(&g, "Reciprocal", "m", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(4));
    /* 1/(2^24 2^-24), 1/inf, 1/-0 clipped by the float below, 1/(-1023 2^-24) */
    assert_gives(&g, 13, SHAPE(4), FLOATS(0x1p24f, 1, -0x1p127f, 0x1p24f),
                 VALUES(1, 0, INFINITY, -1.0f / 1023), 1e-7);
}

static void operators_of_one_number(void **state)
{
    (void)state;
    struct {
        const char *op;
        float at, value;
    } rows[] = {
        {"Relu", -1, 0},
        {"Abs", -2.5f, 2.5f},
        {"Neg", 3, -3},
        {"Floor", -0.5f, -1},
        {"Ceil", 0.25f, 1},
        {"Sqrt", 9, 3},
        {"Reciprocal", 4, .25f},
        {"Sign", -7, -1},
        {"Round", 2.5f, 2},
        {"Exp", 0, 1},
        {"Log", 1, 0},
        {"Sigmoid", 0, 0.5f},
        {"Tanh", 0, 0},
        {"Erf", 0, 0},
        {"LeakyRelu", -1, -0.01f},
        {"HardSigmoid", 1, 0.7f},
        {"Elu", -1, -0.63212056f},
        {"Softplus", 0, 0.69314718f},
        {"Identity", 6, 6},
        {"Dropout", 6, 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ow_buf g = one(rows[i].op, "x", NULL, SHAPE(1));
        assert_gives(&g, 13, SHAPE(1), &rows[i].at, 1, &rows[i].value, 2e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_and_its_bias),
        cmocka_unit_test(weights_that_are_computed),
        cmocka_unit_test(conv_transposed),
        cmocka_unit_test(pools),
        cmocka_unit_test(normalisations),
        cmocka_unit_test(group_norm_per_group_and_per_channel),
        cmocka_unit_test(softmax_before_and_since_opset_13),
        cmocka_unit_test(matrices),
        cmocka_unit_test(moving_data),
        cmocka_unit_test(resizing),
        cmocka_unit_test(resizing_with_antialiasing),
        cmocka_unit_test(weights_of_other_types_are_widened),
        cmocka_unit_test(whole_numbers_of_every_width),
        cmocka_unit_test(half_precision_corners),
        cmocka_unit_test(operators_of_one_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
