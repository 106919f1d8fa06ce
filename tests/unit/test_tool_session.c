/* A tool from its folder to labels and scores, with small models written here whose answers are known. */
#include "tests/unit/tool_fixture.h"

/* Runs the tool in the folder; labels must be those of the image moved by (dx, dy, dz). */
static void labels_are_moved(const fixture *f, int dx, int dy, int dz, int64_t windows)
{
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    cm_error err = {0};
    cm_tool_cost cost;
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    for (int again = 0; again < 2; again++) { /* the second case uses the kept plan */
        if (cm_session_run(session, &image, &first_channel, NULL, &p, &err))
            fail_msg("%s: %s: %s", err.where, err.what, err.why);
        for (int z = 0; z < NZ; z++)
            for (int y = 0; y < NY; y++)
                for (int x = 0; x < NX; x++) {
                    int fx = x - dx, fy = y - dy, fz = z - dz;
                    int wanted = fx >= 0 && fy >= 0 && fz >= 0 ? voxels[(fz * NY + fy) * NX + fx] : 0;
                    assert_int_equal(p.labels[(z * NY + y) * NX + x], wanted);
                }
        assert_int_equal(p.windows, windows);
        assert_int_equal(cm_tool_estimate(tool, &image.geometry, f->backend, &cost, NULL), CM_OK);
        assert_int_equal(cost.windows, windows);
        assert_true(p.operations > 0 && p.operations <= cost.operations); /* a crop may make it less */
        assert_true(p.peak_bytes > 0 && p.peak_bytes <= cost.peak_bytes);
        cm_prediction_fini(&p);
    }
    cm_session_destroy(session);
    cm_tool_close(tool);
}

/* The model moves the image along the first tensor axis: which image axis that is shows in the labels. */
static void axes_go_where_tool_xml_says(void **state)
{
    const fixture *f = *state;
    write_shift(f, 3);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>", HALF);
    labels_are_moved(f, 0, 0, 1, 1);
    write_xml(f, "segmentation", "", "<input dimension=\"3\" axes=\"xyz\"><whole/></input>", HALF);
    labels_are_moved(f, 1, 0, 0, 1);
    write_shift(f, 2);
    write_xml(f, "segmentation", "", "<input dimension=\"2\"><whole/></input>", HALF);
    labels_are_moved(f, 0, 1, 0, NZ); /* [y][x], slices along z */
    write_xml(f, "segmentation", "", "<input dimension=\"2\" axes=\"xyz\"><whole/></input>", HALF);
    labels_are_moved(f, 1, 0, 0, NZ); /* [x][y] */
    write_xml(f, "segmentation", "", "<input dimension=\"2\" slice-axis=\"y\"><whole/></input>", HALF);
    labels_are_moved(f, 0, 0, 1, NY); /* [z][x] */
    write_xml(f, "segmentation", "", "<input dimension=\"2\" slice-axis=\"x\" axes=\"xyz\"><whole/></input>",
              HALF);
    labels_are_moved(f, 0, 1, 0, NX); /* [y][z] */
    write_shift(f, 3);
    write_xml(f, "segmentation", "<orient code=\"SAR\"/>", "<input dimension=\"3\"><whole/></input>", HALF);
    labels_are_moved(f, 1, 0, 0, 1); /* z of SAR is the stored x */
}

static void padding_and_windows_leave_no_trace(void **state)
{
    const fixture *f = *state;
    write_scale(f, 3, 1.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole multiple=\"4\"/></input>", HALF);
    labels_are_moved(f, 0, 0, 0, 1);
    write_xml(f, "segmentation", "<pad x=\"9\" y=\"8\"/><crop above=\"0\" margin=\"1\"/>",
              "<input dimension=\"3\"><whole/></input>", HALF);
    labels_are_moved(f, 0, 0, 0, 1);
    /* x 5 on 2: steps of 1, 4 windows; y 4 on 4: 1; z 3 grown to 4 on 4: 1 */
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><window x=\"2\" y=\"4\" z=\"4\"/></input>",
              HALF);
    labels_are_moved(f, 0, 0, 0, 4);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><window x=\"2\" y=\"2\" z=\"2\"/></input>",
              HALF);
    labels_are_moved(f, 0, 0, 0, 4 * 3 * 2);
    write_xml(
        f, "segmentation", "",
        "<input dimension=\"3\"><window x=\"4\" y=\"2\" z=\"2\" overlap=\"0\" blending=\"constant\"/></input>",
        HALF);
    labels_are_moved(f, 0, 0, 0, 2 * 2 * 2);
    write_scale(f, 2, 1.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"2\"><window x=\"4\" y=\"2\"/></input>", HALF);
    labels_are_moved(f, 0, 0, 0, 2 * 3 * NZ);
}

/* Nearest doubling and linear return: exact on the stored grid (every stored voxel lies between equal ones).
 */
static void resampled_and_back(void **state)
{
    const fixture *f = *state;
    write_scale(f, 3, 1.0f);
    const char *twice = "<resample x=\"0.5\" y=\"0.5\" z=\"0.5\" interpolation=\"nearest\"/>";
    write_xml(f, "segmentation", twice, "<input dimension=\"3\"><whole/></input>", HALF);
    labels_are_moved(f, 0, 0, 0, 1);
    /* the same in slabs: 10 x 8 x 6 on 4 x 4 x 2 */
    write_xml(f, "segmentation", twice, "<input dimension=\"3\"><window x=\"4\" y=\"4\" z=\"2\"/></input>",
              HALF);
    labels_are_moved(f, 0, 0, 0, 4 * 3 * 5);
}

static void clean_up_is_on_the_stored_grid(void **state)
{
    const fixture *f = *state;
    uint8_t voxels[N] = {0};
    voxels[0] = voxels[1] = voxels[NX * NY * 2 + 7] = 1;
    cm_volume image = image_of(voxels);
    write_scale(f, 3, 1.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>",
              "<output><threshold value=\"0.5\" label=\"3\"/></output>"
              "<cleanup><largest-component label=\"3\"/></cleanup>");
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(p.labels[i], i < 2 ? 3 : 0);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);
}

/* Whatever happens to a case, the session takes the next one. */
static void failures_are_results_of_a_case(void **state)
{
    fixture *f = *state;
    uint8_t voxels[N] = {0}, full[N];
    pattern(full);
    cm_volume empty = image_of(voxels), image = image_of(full);
    write_scale(f, 3, 1.0f);
    write_xml(f, "segmentation", "<crop above=\"0\"/>", "<input dimension=\"3\"><whole/></input>", HALF);
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    cm_error err = {0};
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &empty, &first_channel, NULL, &p, &err), CM_ERR_EMPTY);
    assert_null(p.labels);
    cm_stop stop = {.requested = 1};
    assert_int_equal(cm_session_run(session, &image, &first_channel, &stop, &p, NULL), CM_ERR_STOPPED);
    stop = (cm_stop){.deadline_s = 1e-9};
    assert_int_equal(cm_session_run(session, &image, &first_channel, &stop, &p, NULL), CM_ERR_TIMEOUT);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);

    write_scale(f, 3, 1e38f); /* 1e38 * 20 overflows to infinity */
    write_xml(f, "segmentation", "<scale multiply=\"20\"/>", "<input dimension=\"3\"><whole/></input>", HALF);
    tool = open_tool(f);
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, &err), CM_ERR_DAMAGED);
    assert_non_null(strstr(err.what, "non-finite output"));
    assert_int_equal(cm_session_run(session, &empty, &first_channel, NULL, &p, NULL), CM_OK);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);
}

/* A decision that is true everywhere shows the box of the crop: nothing outside it. */
static void outside_the_crop_is_background(void **state)
{
    const fixture *f = *state;
    uint8_t voxels[N] = {0};
    voxels[(1 * NY + 1) * NX + 1] = voxels[(1 * NY + 2) * NX + 3] = 9; /* x 1..3, y 1..2, z 1 */
    cm_volume image = image_of(voxels);
    write_scale(f, 3, 1.0f);
    write_xml(f, "segmentation", "<orient code=\"LPI\"/><crop above=\"0\"/><pad x=\"8\" y=\"8\"/>",
              "<input dimension=\"3\"><whole/></input>",
              "<output><threshold value=\"-1\" label=\"1\"/></output>");
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
    for (int z = 0; z < NZ; z++)
        for (int y = 0; y < NY; y++)
            for (int x = 0; x < NX; x++)
                assert_int_equal(p.labels[(z * NY + y) * NX + x],
                                 x >= 1 && x <= 3 && y >= 1 && y <= 2 && z == 1);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);
}

/* Every limit from 0 upwards is kept: refused, or done within it; and the second case, which finds the plan
 * of the first, comes to the same. */
static void limits_are_kept(fixture *f, const char *mirror, const char *output)
{
    const cm_str input =
        cm_strf("<input dimension=\"3\"><window x=\"4\" y=\"4\" z=\"2\"/>%s</input>", mirror);
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    write_shift(f, 3);
    write_xml(f, "segmentation", "<orient code=\"LPS\"/><pad x=\"7\"/>", input.s, output);
    int refused = 0, done = 0;
    cm_tool_cost cost;
    cm_model_limits_default(&f->limits);
    cm_tool *free_tool = open_tool(f);
    assert_int_equal(cm_tool_estimate(free_tool, &image.geometry, f->backend, &cost, NULL), CM_OK);
    cm_tool_close(free_tool);
    for (int64_t limit = 0; limit <= cost.peak_bytes + cost.peak_bytes / 50; limit += cost.peak_bytes / 100) {
        f->limits.memory_bytes = limit;
        cm_tool *tool = open_tool(f);
        cm_session *session;
        cm_prediction p;
        assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
        cm_status st = cm_session_run(session, &image, &first_channel, NULL, &p, NULL);
        assert_true(st == CM_OK || st == CM_ERR_LIMIT);
        if (st == CM_OK) assert_true(p.peak_bytes <= limit);
        assert_true(done == 0 || st == CM_OK); /* what fits goes on fitting */
        st ? refused++ : done++;
        cm_prediction_fini(&p);
        assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), st);
        cm_prediction_fini(&p);
        cm_session_destroy(session);
        cm_tool_close(tool);
    }
    if (!refused || !done)
        fail_msg("%d refused, %d done: the limits tried are not around what it takes", refused, done);
}

static void the_memory_limit_is_kept(void **state)
{
    limits_are_kept(*state, "", HALF);
    fixture *f = *state;
    char from[320], to[320];
    snprintf(from, sizeof from, "%s/model.onnx", f->folder);
    snprintf(to, sizeof to, "%s/again.onnx", f->folder);
    char *bytes;
    int64_t n;
    assert_int_equal(cm_file_read(from, 1 << 20, &bytes, &n, NULL), CM_OK);
    assert_int_equal(cm_file_write(to, bytes, n, NULL), CM_OK);
    free(bytes);
    f->models = "<model file=\"model.onnx\"/><model file=\"again.onnx\"/>";
    limits_are_kept(f, "<mirror axes=\"x z\"/>", HALF);
    f->models = NULL;
    limits_are_kept(*state, "",
                    "<output><threshold value=\"0.5\" label=\"1\"/></output>"
                    "<cleanup><largest-component label=\"1\"/></cleanup>");
}

/* Clean-up of a large map takes the room of the plan, which lies idle by then: 5 bytes a voxel beside the
 * labels, where the slices that ran took far less. */
static void clean_up_may_take_the_room_of_the_plan(void **state)
{
    fixture *f = *state;
    enum { SIDE = 64, COUNT = SIDE * SIDE * SIDE };
    uint8_t *voxels = malloc(COUNT);
    memset(voxels, 1, COUNT);
    cm_volume image = image_of(voxels);
    image.geometry.shape = (cm_shape3){SIDE, SIDE, SIDE};
    image.bytes = COUNT;
    write_scale(f, 2, 1.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"2\"><whole/></input>",
              "<output><threshold value=\"0.5\" label=\"1\"/></output>"
              "<cleanup><largest-component label=\"1\"/></cleanup>");
    /* Labels and scratch, and not a byte for the plan; running holds 4 bytes a voxel beside the labels. */
    f->limits.memory_bytes = (2 + 5) * COUNT + 48 * SIDE * SIDE;
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
        assert_int_equal(p.labels[COUNT - 1], 1);
        cm_prediction_fini(&p);
    }
    cm_session_destroy(session);
    cm_tool_close(tool);
    free(voxels);
}

static void unknown_geometry_needs_an_as_stored_tool(void **state)
{
    const fixture *f = *state;
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    image.geometry.orientation_known = image.geometry.spacing_known = false;
    write_scale(f, 3, 1.0f);
    write_xml(f, "segmentation", "<orient code=\"RAS\"/>", "<input dimension=\"3\"><whole/></input>", HALF);
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    assert_true(cm_tool_get_info(tool)->needs_orientation);
    assert_false(cm_tool_get_info(tool)->needs_spacing);
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_ERR_MISMATCH);
    cm_session_destroy(session);
    cm_tool_close(tool);
}

/* Mean of the image through GlobalAveragePool, then a sigmoid by cohmark: p and 1 - p. */
static void a_classifier_of_one_output(void **state)
{
    const fixture *f = *state;
    ow_buf graph = {0};
    const int64_t any[4] = {-1, 1, -1, -1}, flat[2] = {-1, 1};
    ow_input(&graph, "x", OW_FLOAT, 4, any);
    ow_node(&graph, "GlobalAveragePool", "x", "m", NULL);
    ow_node(&graph, "Flatten", "m", "y", NULL);
    ow_output(&graph, "y", OW_FLOAT, 2, flat);
    save(f, &graph);
    write_xml(f, "classification", "<scale add=\"-1\"/>", "<input dimension=\"2\"><whole/></input>",
              "<output activation=\"sigmoid\"><threshold value=\"0.5\" label=\"1\"/></output>");
    cm_tool *tool = open_tool(f);
    cm_session *session;
    cm_prediction p;
    uint8_t voxels[N];
    memset(voxels, 3, sizeof voxels);
    cm_volume image = image_of(voxels);
    assert_int_equal(cm_tool_get_info(tool)->n_classes, 2);
    assert_int_equal(cm_session_create(tool, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL),
                     CM_ERR_MISMATCH); /* 3 slices */
    image.geometry.shape.nz = 1;
    image.bytes = NX * NY;
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
    assert_int_equal(p.n_scores, 2);
    assert_null(p.labels);
    /* sigmoid(2) = 0.880797077977882 */
    assert_true(p.scores[1] > 0.8807970 && p.scores[1] < 0.8807972);
    assert_true(p.scores[0] == 1.0 - p.scores[1]);
    assert_int_equal(p.decided, 1);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);
}

static void same_labels_on_any_number_of_threads(void **state)
{
    const fixture *f = *state;
    enum { SIDE = 24, COUNT = SIDE * SIDE * SIDE };
    uint8_t *voxels = malloc(COUNT);
    for (int i = 0; i < COUNT; i++)
        voxels[i] = (uint8_t)(i * 7919 % 251);
    cm_volume image = image_of(voxels);
    image.geometry.shape = (cm_shape3){SIDE, SIDE, SIDE};
    image.bytes = COUNT;
    write_shift(f, 3);
    write_xml(f, "segmentation",
              "<z-score/><resample x=\"1.3\" y=\"0.8\" z=\"1.1\" interpolation=\"cubic\"/>",
              "<input dimension=\"3\"><window x=\"8\" y=\"8\" z=\"8\"/><mirror axes=\"x y z\"/></input>",
              "<output><threshold value=\"0.1\" label=\"1\"/></output>");
    cm_tool *tool = open_tool(f);
    uint16_t *kept = NULL;
    for (int threads = 1; threads <= 3; threads++) {
        cm_threads *pool;
        cm_backend *backend;
        cm_session *session;
        cm_prediction p;
        assert_int_equal(cm_threads_create(threads, &pool, NULL), CM_OK);
        assert_int_equal(cm_backend_cpu_create(pool, threads == 2 ? CM_CPU_SCALAR : -1, &backend, NULL),
                         CM_OK);
        assert_int_equal(cm_session_create(tool, backend, &session, NULL), CM_OK);
        assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
        if (kept)
            assert_memory_equal(kept, p.labels, COUNT * sizeof *kept);
        else {
            kept = p.labels;
            p.labels = NULL;
        }
        cm_prediction_fini(&p);
        cm_session_destroy(session);
        cm_backend_destroy(backend);
        cm_threads_destroy(pool);
    }
    free(kept);
    free(voxels);
    cm_tool_close(tool);
}

static void packed_is_the_same_tool(void **state)
{
    const fixture *f = *state;
    char file[320], again[320], readme[320];
    snprintf(file, sizeof file, "%s/a.tool", f->folder);
    snprintf(again, sizeof again, "%s/b.tool", f->folder);
    snprintf(readme, sizeof readme, "%s/README.md", f->folder);
    write_scale(f, 3, 2.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>", HALF);
    assert_int_equal(cm_file_write(readme, "hello", 5, NULL), CM_OK);
    cm_error err = {0};
    if (cm_tool_pack(f->folder, file, &err)) fail_msg("%s: %s %s", err.where, err.what, err.why);
    assert_int_equal(cm_tool_pack(f->folder, again, NULL), CM_OK);
    char *one, *two;
    int64_t n_one, n_two;
    assert_int_equal(cm_file_read(file, 1 << 20, &one, &n_one, NULL), CM_OK);
    assert_int_equal(cm_file_read(again, 1 << 20, &two, &n_two, NULL), CM_OK);
    assert_int_equal(n_one, n_two);
    assert_memory_equal(one, two, (size_t)n_one);
    cm_tool *folder = open_tool(f), *packed;
    assert_int_equal(cm_tool_open(file, &f->limits, &packed, NULL), CM_OK);
    assert_memory_equal(&cm_tool_get_info(folder)->digest, &cm_tool_get_info(packed)->digest,
                        sizeof(cm_digest));
    uint8_t voxels[N];
    pattern(voxels);
    cm_volume image = image_of(voxels);
    cm_session *session;
    cm_prediction p;
    assert_int_equal(cm_session_create(packed, f->backend, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &image, &first_channel, NULL, &p, NULL), CM_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(p.labels[i], voxels[i]);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(packed);
    cm_tool_close(folder);
    free(one);
    free(two);
}

static void a_tool_that_cannot_work_is_refused_when_opened(void **state)
{
    const fixture *f = *state;
    cm_tool *tool;
    cm_error err = {0};
    write_scale(f, 2, 1.0f);
    write_xml(f, "segmentation", "", "<input dimension=\"3\"><whole/></input>", HALF); /* a 2-D model */
    assert_int_equal(cm_tool_open(f->folder, &f->limits, &tool, &err), CM_ERR_MISMATCH);
    assert_non_null(strstr(err.why, "rank 4"));
    assert_null(tool);
    char onnx[320];
    snprintf(onnx, sizeof onnx, "%s/model.onnx", f->folder);
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_tool_open(onnx, &f->limits, &tool, &err), CM_ERR_FORMAT);
    assert_non_null(strstr(err.next, "tool init"));
    memset(&err, 0, sizeof err);
    unlink(onnx);
    assert_int_equal(cm_tool_open(f->folder, &f->limits, &tool, &err), CM_ERR_NOT_FOUND);
    assert_int_equal(symlink("/etc/hostname", onnx), 0);
    memset(&err, 0, sizeof err);
    assert_int_equal(cm_tool_open(f->folder, &f->limits, &tool, &err), CM_ERR_POLICY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(axes_go_where_tool_xml_says),
        WITH_FOLDER(padding_and_windows_leave_no_trace),
        WITH_FOLDER(resampled_and_back),
        WITH_FOLDER(clean_up_is_on_the_stored_grid),
        WITH_FOLDER(failures_are_results_of_a_case),
        WITH_FOLDER(outside_the_crop_is_background),
        WITH_FOLDER(the_memory_limit_is_kept),
        WITH_FOLDER(clean_up_may_take_the_room_of_the_plan),
        WITH_FOLDER(unknown_geometry_needs_an_as_stored_tool),
        WITH_FOLDER(a_classifier_of_one_output),
        WITH_FOLDER(same_labels_on_any_number_of_threads),
        WITH_FOLDER(packed_is_the_same_tool),
        WITH_FOLDER(a_tool_that_cannot_work_is_refused_when_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
