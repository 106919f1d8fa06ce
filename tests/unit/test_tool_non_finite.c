/* One NaN or infinity in what a model gives is the status of its case, whatever decides: argmax, thresholds,
 * regions, scores; whole images and windows; and the next case runs as if nothing had been. The images are 5
 * everywhere but in their last voxel; tool.xml takes 1 off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/model/tool.h"
#include "tests/support/onnx_write.h"

enum { NX = 5, NY = 4, NZ = 3, N = NX * NY * NZ };

static char folder[256];

static int set_up(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/cohmark-test.XXXXXX", parent && *parent ? parent : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return cm_folder_remove(folder, NULL);
}

static void save(ow_buf *graph)
{
    char path[320];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    ow_buf model = ow_model(graph, 13);
    assert_int_equal(ow_save(&model, path), 0);
}

/* y = op(x), in two channels or, pooled, as two scores. */
static void write_model(const char *op, int channels, int pooled)
{
    static const int64_t any[5] = {-1, 1, -1, -1, -1}, out[5] = {-1, -1, -1, -1, -1};
    ow_buf g = {0}, a = {0};
    ow_input(&g, "x", OW_FLOAT, 5, any);
    ow_node(&g, op, "x", "r", NULL);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", channels == 2 ? "r,r" : "r", pooled ? "c" : "y", &a);
    if (pooled) {
        ow_node(&g, "GlobalAveragePool", "c", "p", NULL);
        ow_node(&g, "Flatten", "p", "y", NULL);
    }
    ow_output(&g, "y", OW_FLOAT, pooled ? 2 : 5, out);
    save(&g);
}

static void write_xml(const char *task, const char *input, const char *output)
{
    char path[320], *text;
    snprintf(path, sizeof path, "%s/tool.xml", folder);
    const int n = asprintf(
        &text,
        "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\"><name>t</name>"
        "<licence>MIT</licence><task>%s</task><model file=\"model.onnx\"/>"
        "<channels><channel name=\"a\"/></channels><prepare><scale add=\"-1\"/></prepare>%s%s</tool>",
        task, input, output);
    assert_int_equal(cm_file_write(path, text, n, NULL), CM_OK);
    free(text);
}

/* last: of the image's voxels; what the session says of it. */
static cm_status run_case(cm_session *session, uint8_t last, cm_error *err)
{
    uint8_t voxels[N];
    const int channel = 0;
    cm_prediction p;
    memset(voxels, 5, N);
    voxels[N - 1] = last;
    const cm_volume image = {.geometry = {.shape = {NZ, NY, NX},
                                          .spacing_known = true,
                                          .orientation_known = true,
                                          .spacing_mm = {1, 1, 1},
                                          .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}},
                             .channels = 1,
                             .dtype = CM_U8,
                             .slope = 1,
                             .data = voxels,
                             .bytes = N};
    cm_status st = cm_session_run(session, &image, &channel, NULL, &p, err);
    assert_true(st == CM_OK || (!p.labels && !p.scores)); /* nothing that could be scored */
    cm_prediction_fini(&p);
    return st;
}

/* 0 - 1 = -1: its root is NaN, its logarithm NaN; 1 - 1 = 0: its logarithm is -inf, its reciprocal inf.
 * exp(88) = 1.65e38 is a number, but a mean or an interpolation of such numbers can pass the largest float.
 */
static void every_bad_value(const char *task, int channels, const char *input, const char *output)
{
    static const struct {
        const char *op;
        uint8_t last;
    } rows[] = {{"Sqrt", 0}, {"Log", 0}, {"Log", 1}, {"Reciprocal", 1}, {"Exp", 89}};
    cm_threads *pool = NULL;
    cm_backend *be = NULL;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    assert_int_equal(cm_threads_create(2, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cm_tool *tool = NULL;
        cm_session *session = NULL;
        cm_error err = {0};
        const bool pooled = strcmp(task, "classification") == 0;
        if (pooled && strcmp(rows[i].op, "Exp") == 0)
            continue; /* its mean over the image is a small number */
        write_model(rows[i].op, channels, pooled);
        write_xml(task, input, output);
        if (cm_tool_open(folder, &limits, &tool, &err)) fail_msg("%s: %s", err.what, err.why);
        assert_int_equal(cm_session_create(tool, be, &session, &err), CM_OK);
        for (int again = 0; again < 2; again++) {
            err = (cm_error){0};
            cm_status st = run_case(session, 5, &err);
            if (st) fail_msg("%s, a good image: %s %s", rows[i].op, err.what, err.why);
            st = run_case(session, rows[i].last, &err);
            if (st != CM_ERR_DAMAGED || !strstr(err.what, "non-finite output"))
                fail_msg("%s of %d - 1, %s, %s: %s (%s)", rows[i].op, rows[i].last, input, output,
                         cm_status_name(st), err.what);
        }
        cm_session_destroy(session);
        cm_tool_close(tool);
    }
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
}

#define ARGMAX_SOFTMAX    "<output activation=\"softmax\"><argmax/></output>"
#define ARGMAX_PLAIN      "<output><argmax/></output>"
#define THRESHOLD_SIGMOID "<output activation=\"sigmoid\"><threshold value=\"0.5\" label=\"1\"/></output>"
#define THRESHOLD_PLAIN   "<output><threshold value=\"0.5\" label=\"1\"/></output>"
#define REGIONS                                                                                              \
    "<output activation=\"sigmoid\"><regions value=\"0.5\"><region channel=\"0\" label=\"1\"/>"              \
    "<region channel=\"1\" label=\"2\"/></regions></output>"

static void whole_images(void **state)
{
    (void)state;
    static const char whole[] = "<input dimension=\"3\"><whole/></input>";
    every_bad_value("segmentation", 2, whole, ARGMAX_SOFTMAX);
    every_bad_value("segmentation", 2, whole, ARGMAX_PLAIN);
    every_bad_value("segmentation", 1, whole, THRESHOLD_SIGMOID);
    every_bad_value("segmentation", 1, whole, THRESHOLD_PLAIN);
    every_bad_value("segmentation", 2, whole, REGIONS);
}

/* The bad voxel lies in the last of many windows. */
static void windows(void **state)
{
    (void)state;
    static const char window[] =
        "<input dimension=\"3\"><window x=\"2\" y=\"2\" z=\"2\" overlap=\"0.5\"/></input>";
    every_bad_value("segmentation", 2, window, ARGMAX_SOFTMAX);
    every_bad_value("segmentation", 2, window, ARGMAX_PLAIN);
    every_bad_value("segmentation", 1, window, THRESHOLD_SIGMOID);
    every_bad_value("segmentation", 1, window, THRESHOLD_PLAIN);
    every_bad_value("segmentation", 2, window, REGIONS);
}

static void scores(void **state)
{
    (void)state;
    static const char whole[] = "<input dimension=\"3\"><whole/></input>";
    every_bad_value("classification", 2, whole, ARGMAX_SOFTMAX);
    every_bad_value("classification", 2, whole, ARGMAX_PLAIN);
    every_bad_value("classification", 1, whole,
                    "<output activation=\"sigmoid\"><threshold value=\"0.5\"/></output>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_images),
        cmocka_unit_test(windows),
        cmocka_unit_test(scores),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
