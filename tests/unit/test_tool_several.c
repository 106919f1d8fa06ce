/* Tools of several models, and of mirrored inputs: means whose values are known, and what is refused. The
 * definition as a whole is unit.tool.mean's. */
#include "tests/unit/tool_fixture.h"

/* Packed and opened again it is the same tool. */
static void packed_keeps_all_models(const fixture *f)
{
    char file[320];
    snprintf(file, sizeof file, "%s/all.tool", f->folder);
    cm_tool *folder = open_tool(f), *packed;
    assert_int_equal(cm_tool_pack(f->folder, file, NULL), CM_OK);
    assert_int_equal(cm_tool_open(file, &f->limits, &packed, NULL), CM_OK);
    assert_memory_equal(&cm_tool_get_info(folder)->digest, &cm_tool_get_info(packed)->digest,
                        sizeof(cm_digest));
    cm_tool_close(packed);
    cm_tool_close(folder);
}

/* The labels of one case. */
static cm_status run_tool(const fixture *f, const cm_volume *image, cm_prediction *p, cm_error *err)
{
    cm_session *session;
    cm_tool *tool = open_tool(f);
    cm_tool_cost cost;
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    cm_status st = cm_tool_estimate(tool, &image->geometry, f->backend, &cost, err);
    cm_status ran = cm_session_run(session, image, &first_channel, NULL, p, st ? NULL : err);
    assert_int_equal(ran, st);
    if (!st) {
        assert_true(p->operations == cost.operations);
        assert_true(p->peak_bytes <= cost.peak_bytes);
    }
    cm_session_destroy(session);
    cm_tool_close(tool);
    return st;
}

/* y[d] = x[d - 1], and its mirror image y[d] = x[d + 1]: their mean is at least 0.5 where a neighbour is set,
 * and mirroring along the other axis changes nothing. */
static void mirrored_inputs_are_averaged(void **state)
{
    const fixture *f = *state;
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    static const char *const inputs[] = {
        "<input dimension=\"3\"><whole/><mirror axes=\"z\"/></input>",
        "<input dimension=\"3\"><whole/><mirror axes=\"x z\"/></input>",
        "<input dimension=\"3\"><whole/><mirror axes=\"z y x\"/></input>",
        "<input dimension=\"3\"><window x=\"3\" y=\"3\" z=\"3\"/><mirror axes=\"z y\"/></input>",
        "<input dimension=\"3\" axes=\"xyz\"><whole/><mirror axes=\"x\"/></input>",
    };
    write_shift(f, 3);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const bool along_x = strstr(inputs[i], "xyz") != NULL;
        const int step = along_x ? 1 : NX * NY, n = along_x ? NX : NZ;
        cm_prediction p;
        cm_error err = {0};
        write_xml(f, "segmentation", "", inputs[i],
                  "<output><threshold value=\"0.4\" label=\"1\"/></output>");
        if (run_tool(f, &image, &p, &err)) fail_msg("%s: %s", err.what, err.why);
        for (int v = 0; v < N; v++) {
            const int at = along_x ? v % NX : v / (NX * NY);
            const int wanted = (at > 0 && voxels[v - step]) || (at + 1 < n && voxels[v + step]);
            if (p.labels[v] != wanted) fail_msg("%s: voxel %d is %d", inputs[i], v, p.labels[v]);
        }
        cm_prediction_fini(&p);
    }
}

/* x, 3x and 5x: the mean is 3x, whatever the order; 3x > 2.9 and not > 3.1. */
static void models_are_averaged(void **state)
{
    fixture *f = *state;
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    char from[320], to[320];
    snprintf(from, sizeof from, "%s/model.onnx", f->folder);
    for (int i = 0; i < 3; i++) {
        write_scale(f, 3, 1.0f + 2.0f * (float)i);
        snprintf(to, sizeof to, "%s/fold%d.onnx", f->folder, i);
        assert_int_equal(rename(from, to), 0);
    }
    static const char *const orders[] = {
        "<model file=\"fold0.onnx\"/><model file=\"fold1.onnx\"/><model file=\"fold2.onnx\"/>",
        "<model file=\"fold2.onnx\"/><model file=\"fold0.onnx\" input=\"x\"/><model file=\"fold1.onnx\"/>"};
    static const char *const inputs[] = {
        "<input dimension=\"3\"><whole/></input>",
        "<input dimension=\"3\"><window x=\"3\" y=\"2\" z=\"2\"/><mirror axes=\"y\"/></input>"};
    cm_digest digests[2];
    for (int i = 0; i < 4; i++)
        for (int above = 0; above < 2; above++) {
            cm_prediction p;
            cm_error err = {0};
            f->models = orders[i % 2];
            write_xml(f, "segmentation", "", inputs[i / 2],
                      above ? "<output><threshold value=\"3.1\"/></output>"
                            : "<output><threshold value=\"2.9\"/></output>");
            if (run_tool(f, &image, &p, &err)) fail_msg("%s: %s", err.what, err.why);
            for (int v = 0; v < N; v++)
                assert_int_equal(p.labels[v], above ? 0 : voxels[v]);
            cm_prediction_fini(&p);
            cm_tool *tool = open_tool(f);
            digests[i % 2] = cm_tool_get_info(tool)->digest;
            cm_tool_close(tool);
        }
    assert_memory_not_equal(&digests[0], &digests[1], sizeof *digests);
    f->models = orders[0];
    packed_keeps_all_models(f);
}

/* A limit of 4 bytes of weights lets one model of one number in, not two. */
static void weights_of_models_count_together(void **state)
{
    fixture *f = *state;
    char from[320], to[320];
    snprintf(from, sizeof from, "%s/model.onnx", f->folder);
    snprintf(to, sizeof to, "%s/other.onnx", f->folder);
    write_scale(f, 3, 2.0f);
    assert_int_equal(rename(from, to), 0);
    write_scale(f, 3, 1.0f);
    for (int models = 1; models <= 2; models++)
        for (int bytes = 4; bytes <= 8; bytes += 4) {
            cm_tool *tool;
            cm_error err = {0};
            f->models = models == 1 ? NULL : "<model file=\"model.onnx\"/><model file=\"other.onnx\"/>";
            write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>", HALF);
            f->limits.initializer_bytes = bytes;
            assert_int_equal(cm_tool_open(f->folder, &f->limits, &tool, &err),
                             bytes < 4 * models ? CM_ERR_LIMIT : CM_OK);
            if (bytes < 4 * models) assert_non_null(strstr(err.where, "other.onnx"));
            cm_tool_close(tool);
        }
}

static void models_must_agree(void **state)
{
    fixture *f = *state;
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    cm_prediction p;
    cm_error err = {0};
    ow_buf g = {0}, a = {0};
    const int64_t any[5] = {-1, 1, -1, -1, -1}, two[5] = {-1, -1, -1, -1, -1};
    ow_input(&g, "x", OW_FLOAT, 5, any);
    ow_attr_int(&a, "axis", 1);
    ow_node(&g, "Concat", "x,x", "y", &a);
    ow_output(&g, "y", OW_FLOAT, 5, two);
    save(f, &g);
    char from[320], to[320];
    snprintf(from, sizeof from, "%s/model.onnx", f->folder);
    snprintf(to, sizeof to, "%s/other.onnx", f->folder);
    assert_int_equal(rename(from, to), 0);
    write_scale(f, 3, 1.0f);
    f->models = "<model file=\"model.onnx\"/><model file=\"other.onnx\"/>";
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>", HALF);
    assert_int_equal(run_tool(f, &image, &p, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "other.onnx gives 2"));
    unlink(to);
    cm_tool *tool;
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_tool_open(f->folder, &f->limits, &tool, &err), CM_ERR_NOT_FOUND);
    assert_non_null(strstr(err.where, "other.onnx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(mirrored_inputs_are_averaged),
        WITH_FOLDER(models_are_averaged),
        WITH_FOLDER(models_must_agree),
        WITH_FOLDER(weights_of_models_count_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
