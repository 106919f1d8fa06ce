/* Models that lie outside the project (folder in CM_SHARED): the hostile ones are refused by the rule their
 * list names, the others are read and planned. */
#include "tests/unit/model_fixture.h"

static char folder[3000];

static void refuse_within_a_second(const char *file, cm_status expected, const char *word)
{
    char path[4000];
    cm_error err = {0};
    cm_model *m = NULL;
    cm_plan *p = NULL;
    cm_backend *be = NULL;
    snprintf(path, sizeof path, "%s/models/hostile/%s.onnx", folder, file);
    assert_int_equal(cm_backend_cpu_create(NULL, -1, &be, NULL), CM_OK);
    const double start = cm_now_s();
    cm_status st = cm_model_open(path, NULL, &m, &err);
    if (!st) st = cm_plan_create(m, NULL, NULL, (const int64_t[]){1, 3, 8, 8}, 4, NULL, be, &p, &err);
    assert_true(cm_now_s() - start < 1);
    assert_null(p);
    cm_model_close(m);
    cm_backend_destroy(be);
    assert_refused(st, expected, &err, word);
}

static void hostile_files(void **state)
{
    (void)state;
    refuse_within_a_second("01-truncated", CM_ERR_TRUNCATED, "cut short");
    refuse_within_a_second("02-negative-dim", CM_ERR_FORMAT, "negative dimension");
    refuse_within_a_second("03-dim-product-overflow", CM_ERR_LIMIT, "dimension above the limit");
    refuse_within_a_second("04-external-data-parent-path", CM_ERR_POLICY, "external data");
    refuse_within_a_second("05-loop-2-to-62", CM_ERR_POLICY, "operator Loop is not allowed");
    refuse_within_a_second("06-concat-doubling-34", CM_ERR_LIMIT, "larger than is allowed");
    refuse_within_a_second("07-custom-domain-op", CM_ERR_POLICY, "com.example.evil");
    refuse_within_a_second("08-cycle", CM_ERR_FORMAT, "topological order");
    refuse_within_a_second("09-duplicate-output-name", CM_ERR_FORMAT, "assigned twice");
    refuse_within_a_second("10-raw-data-too-short", CM_ERR_FORMAT, "expected 36 bytes, found 20");
    refuse_within_a_second("11-missing-input", CM_ERR_FORMAT, "\"nowhere\"");
    refuse_within_a_second("12-output-nan", CM_ERR_ARG, "\"y\", \"y2\"");
}

/* A legal model whose answer is NaN gives NaN: to judge that is the caller's. */
static void not_a_number_comes_out_as_it_is(void **state)
{
    (void)state;
    char path[4000];
    cm_error err = {0};
    cm_model *m = NULL;
    cm_plan *p = NULL;
    cm_backend *be = NULL;
    static float x[192], y[192];
    for (int i = 0; i < 192; i++)
        x[i] = 1;
    snprintf(path, sizeof path, "%s/models/hostile/12-output-nan.onnx", folder);
    assert_ok(cm_backend_cpu_create(NULL, -1, &be, &err), &err);
    assert_ok(cm_model_open(path, NULL, &m, &err), &err);
    assert_ok(cm_plan_create(m, NULL, "x", (const int64_t[]){1, 3, 8, 8}, 4, "y", be, &p, &err), &err);
    assert_ok(cm_plan_prepare(p, &err), &err);
    assert_ok(cm_plan_run(p, x, y, NULL, &err), &err);
    for (int i = 0; i < 192; i++)
        assert_true(y[i] != y[i]);
    cm_plan_destroy(p);
    cm_model_close(m);
    cm_backend_destroy(be);
}

/* Shapes as the files' own list of inputs and outputs gives them. */
static void models_are_read_and_planned(void **state)
{
    (void)state;
    const struct {
        const char *file;
        int rank;
        int64_t dim[5], out[5];
        int out_rank;
    } rows[] = {
        {"glioma/dilated_c16", 4, {1, 3, 256, 256}, {1, 1, 256, 256}, 4},
        {"glioma/unet_c8d3", 4, {2, 3, 256, 256}, {2, 1, 256, 256}, 4},
        {"pneumonia/logreg", 4, {5, 1, 28, 28}, {5, 2}, 2},
        {"pneumonia/resnet_mini", 4, {1, 1, 28, 28}, {1, 2}, 2},
        {"meshnet/mindgrab", 5, {1, 1, 64, 65, 66}, {1, 2, 64, 65, 66}, 5},
        {"meshnet/model18cls", 5, {1, 1, 33, 32, 31}, {1, 18, 33, 32, 31}, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[4000];
        cm_error err = {0};
        cm_model *m = NULL;
        cm_plan *p = NULL;
        cm_backend *be = NULL;
        snprintf(path, sizeof path, "%s/models/%s.onnx", folder, rows[i].file);
        assert_ok(cm_backend_cpu_create(NULL, -1, &be, &err), &err);
        assert_ok(cm_model_open(path, NULL, &m, &err), &err);
        assert_ok(cm_plan_create(m, NULL, NULL, rows[i].dim, rows[i].rank, NULL, be, &p, &err), &err);
        const cm_plan_cost *cost = cm_plan_get_cost(p);
        assert_int_equal(cost->output_rank, rows[i].out_rank);
        assert_memory_equal(cost->output_dim, rows[i].out, (size_t)rows[i].out_rank * sizeof(int64_t));
        assert_true(cost->parameters > 0 && cost->operations > 2 * (double)cost->parameters - 100);
        cm_plan_destroy(p);
        cm_model_close(m);
        cm_backend_destroy(be);
    }
}

int main(void)
{
    const char *shared = getenv("CM_SHARED");
    if (shared) snprintf(folder, sizeof folder, "%s", shared);
    char probe[4000];
    snprintf(probe, sizeof probe, "%s/models/hostile/01-truncated.onnx", folder);
    if (!shared || access(probe, R_OK)) {
        printf("skipped: no models in the folder that CM_SHARED names\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_files),
        cmocka_unit_test(not_a_number_comes_out_as_it_is),
        cmocka_unit_test(models_are_read_and_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
