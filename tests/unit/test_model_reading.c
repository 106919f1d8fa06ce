/* What a model says of itself after it was read. */
#include "tests/unit/model_fixture.h"

typedef struct seen {
    char text[256];
} seen;

static void note(void *context, const char *name, int64_t count)
{
    seen *s = context;
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s=%d ", name, (int)count);
}

static void inputs_outputs_and_operators(void **state)
{
    (void)state;
    ow_buf g = {0};
    float w[6] = {1, 2, 3, 4, 5, 6};
    ow_input(&g, "image", OW_FLOAT, SHAPE(-1, 3, 8, 8));
    ow_input(&g, "w", OW_FLOAT, SHAPE(3, 1, 1)); /* an initialiser that is an input too, as before IR 4 */
    ow_buf t = ow_tensor_f32("w", SHAPE(3, 1, 1), w);
    ow_initializer(&g, &t);
    t = ow_tensor_i64("unused", SHAPE(2), DIMS(7, 8)); /* not of float type: no parameter */
    ow_initializer(&g, &t);
    ow_node(&g, "Relu", "image", "a", NULL);
    ow_node(&g, "Add", "a,w", "b", NULL);
    ow_node(&g, "Relu", "b", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, SHAPE(-1, 3, 8, 8));
    ow_output(&g, "b", OW_FLOAT, SHAPE(-1, 3, 8, 8));
    ow_buf model = ow_model(&g, 17);
    cm_digest expected;
    assert_int_equal(cm_sha256_of(model.data, model.size, &expected), CM_OK);
    cm_model *m = NULL;
    cm_error err = {0};
    assert_ok(open_bytes(&model, NULL, &m, &err), &err);

    assert_int_equal(cm_model_input_count(m), 1);
    assert_int_equal(cm_model_output_count(m), 2);
    const cm_model_io *in = cm_model_input(m, 0);
    assert_string_equal(in->name, "image");
    assert_int_equal(in->rank, 4);
    assert_int_equal(in->dim[0], -1);
    assert_int_equal(in->dim[3], 8);
    assert_int_equal(in->element, CM_ELEMENT_F32);
    assert_string_equal(cm_model_output(m, 1)->name, "b");
    assert_null(cm_model_output(m, 2));
    assert_int_equal(cm_model_opset(m), 17);
    assert_int_equal(cm_model_parameters(m), 3);
    assert_memory_equal(cm_model_digest(m), &expected, sizeof expected);
    seen s = {""};
    cm_model_operators(m, note, &s);
    assert_string_equal(s.text, "Add=1 Relu=2 ");
    cm_model_close(m);
}

static void a_shape_that_is_not_told_has_no_rank(void **state)
{
    (void)state;
    ow_buf g = {0}, info = {0}, type = {0}, tensor = {0};
    ow_input(&g, "x", OW_FLOAT, SHAPE(2));
    ow_node(&g, "Relu", "x", "y", NULL);
    ow_int(&tensor, 1, OW_FLOAT);
    ow_message(&type, 1, &tensor);
    ow_string(&info, 1, "y");
    ow_message(&info, 2, &type);
    ow_message(&g, 12, &info);
    ow_buf model = ow_model(&g, 13);
    cm_model *m = NULL;
    cm_error err = {0};
    assert_ok(open_bytes(&model, NULL, &m, &err), &err);
    assert_int_equal(cm_model_output(m, 0)->rank, -1);
    cm_model_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_outputs_and_operators),
        cmocka_unit_test(a_shape_that_is_not_told_has_no_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
