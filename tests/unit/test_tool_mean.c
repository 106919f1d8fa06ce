/* Windows, mirrorings and several models together against their definition, written here with loops and
 * doubles: every window goes through every model on every mirroring, outputs are turned back and averaged,
 * windows are blended by Gaussian weights, and the largest channel wins. Only the models themselves are run
 * by the engine. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/model/tool.h"
#include "engine/model/window.h"
#include "tests/support/onnx_write.h"

enum { X, Y, Z, MODELS = 2, CLASSES = 3 };
static const int64_t size[3] = {19, 14, 11}, tile[3] = {8, 6, 5}; /* by x, y, z */
enum { VOXELS = 19 * 14 * 11, TILE = 8 * 6 * 5 };

static char folder[256];

static float number(int i)
{
    return (float)((i * 7919 + 13) % 401 - 200) / 200.0f;
}

static void model_path(int m, char path[320])
{
    snprintf(path, 320, "%s/fold%d.onnx", folder, m);
}

/* n random weights whose sum is 0, so that no channel wins everywhere. */
static void random_filter(float *w, int n, int start)
{
    float sum = 0;
    for (int i = 0; i < n; i++)
        sum += w[i] = number(i * i + start);
    for (int i = 0; i < n; i++)
        w[i] = (w[i] - sum / (float)n) / 3.0f;
}

/* Two convolutions of random weights: nothing is symmetric. */
static void write_model(int m)
{
    static const int64_t any[5] = {-1, 1, -1, -1, -1}, out[5] = {-1, CLASSES, -1, -1, -1};
    static const int64_t first[5] = {4, 1, 3, 3, 3}, last[5] = {CLASSES, 4, 3, 3, 3},
                         pads[6] = {1, 1, 1, 1, 1, 1};
    float w[4 * CLASSES * 27], v[4 * 27];
    for (int c = 0; c < CLASSES; c++)
        random_filter(w + c * 4 * 27, 4 * 27, 100 * c + 1000 * m);
    for (int c = 0; c < 4; c++)
        random_filter(v + c * 27, 27, 5000 + 100 * c + 1000 * m);
    ow_buf g = {0}, a = {0}, b = {0}, t = ow_tensor_f32("v", 5, first, v), u = ow_tensor_f32("w", 5, last, w);
    char path[320];
    ow_input(&g, "x", OW_FLOAT, 5, any);
    ow_initializer(&g, &t);
    ow_initializer(&g, &u);
    ow_attr_ints(&a, "pads", 6, pads);
    ow_attr_ints(&b, "pads", 6, pads);
    ow_node(&g, "Conv", "x,v", "c", &a);
    ow_node(&g, "Tanh", "c", "r", NULL);
    ow_node(&g, "Conv", "r,w", "y", &b);
    ow_output(&g, "y", OW_FLOAT, 5, out);
    ow_buf model = ow_model(&g, 13);
    model_path(m, path);
    assert_int_equal(ow_save(&model, path), 0);
}

static void write_xml(const char *mirror)
{
    char path[320], *text;
    snprintf(path, sizeof path, "%s/tool.xml", folder);
    const int n = asprintf(
        &text,
        "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\"><name>t</name>"
        "<licence>MIT</licence><task>segmentation</task><model file=\"fold0.onnx\"/><model file=\"fold1.onnx\"/>"
        "<channels><channel name=\"a\"/></channels><prepare><divide by=\"100\"/></prepare><input dimension=\"3\">"
        "<window x=\"%d\" y=\"%d\" z=\"%d\"/><mirror axes=\"%s\"/></input>"
        "<output activation=\"softmax\"><argmax/></output></tool>",
        (int)tile[X], (int)tile[Y], (int)tile[Z], mirror);
    assert_int_equal(cm_file_write(path, text, n, NULL), CM_OK);
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/cohmark-test.XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(folder)) return -1;
    for (int m = 0; m < MODELS; m++)
        write_model(m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return cm_folder_remove(folder, NULL);
}

/* Place of (x, y, z) in an array of n, mirrored where flips says so (bits by x, y, z). */
static int64_t place(const int64_t at[3], const int64_t n[3], int flips)
{
    int64_t p[3];
    for (int k = 0; k < 3; k++)
        p[k] = flips >> k & 1 ? n[k] - 1 - at[k] : at[k];
    return (p[Z] * n[Y] + p[Y]) * n[X] + p[X];
}

/* Adds what the models say of the window at start: sum and weights of all windows. */
static void add_window(cm_plan *const plans[MODELS], const float *image, const int64_t start[3], int axes,
                       double *sum, double *weights)
{
    static float in[TILE], out[CLASSES * TILE];
    double weight[3][16];
    int passes = 0;
    for (int k = 0; k < 3; k++)
        cm_window_weights(tile[k], CM_BLENDING_GAUSSIAN, weight[k]);
    for (int flips = 0; flips < 8; flips++)
        passes += !(flips & ~axes) * MODELS;
    for (int pass = 0; pass < 8 * MODELS; pass++) {
        const int flips = pass % 8;
        if (flips & ~axes) continue;
        int64_t at[3];
        for (at[Z] = 0; at[Z] < tile[Z]; at[Z]++)
            for (at[Y] = 0; at[Y] < tile[Y]; at[Y]++)
                for (at[X] = 0; at[X] < tile[X]; at[X]++) {
                    const int64_t there[3] = {start[X] + at[X], start[Y] + at[Y], start[Z] + at[Z]};
                    in[place(at, tile, flips)] = image[place(there, size, 0)];
                }
        assert_int_equal(cm_plan_run(plans[pass / 8], in, out, NULL, NULL), CM_OK);
        for (at[Z] = 0; at[Z] < tile[Z]; at[Z]++)
            for (at[Y] = 0; at[Y] < tile[Y]; at[Y]++)
                for (at[X] = 0; at[X] < tile[X]; at[X]++) {
                    const int64_t there[3] = {start[X] + at[X], start[Y] + at[Y], start[Z] + at[Z]};
                    const int64_t to = place(there, size, 0);
                    const double w = weight[X][at[X]] * weight[Y][at[Y]] * weight[Z][at[Z]] / passes;
                    weights[to] += w;
                    for (int c = 0; c < CLASSES; c++)
                        sum[c * VOXELS + to] += w * (double)out[c * TILE + place(at, tile, flips)];
                }
    }
}

/* The mean of all windows by class, [class][z][y][x]. */
static double *mean_of_all(const float *image, int axes, cm_backend *be)
{
    cm_model *models[MODELS];
    cm_plan *plans[MODELS];
    const int64_t dim[5] = {1, 1, tile[Z], tile[Y], tile[X]};
    double *sum = calloc(CLASSES * VOXELS, sizeof *sum), *weights = calloc(VOXELS, sizeof *weights);
    assert_true(sum && weights);
    for (int m = 0; m < MODELS; m++) {
        char path[320];
        model_path(m, path);
        assert_int_equal(cm_model_open(path, NULL, &models[m], NULL), CM_OK);
        assert_int_equal(cm_plan_create(models[m], NULL, NULL, dim, 5, NULL, be, &plans[m], NULL), CM_OK);
        assert_int_equal(cm_plan_prepare(plans[m], NULL), CM_OK);
    }
    int64_t i[3], count[3];
    for (int k = 0; k < 3; k++)
        count[k] = cm_window_count(size[k], tile[k], 0.5);
    for (i[Z] = 0; i[Z] < count[Z]; i[Z]++)
        for (i[Y] = 0; i[Y] < count[Y]; i[Y]++)
            for (i[X] = 0; i[X] < count[X]; i[X]++) {
                int64_t start[3];
                for (int k = 0; k < 3; k++)
                    start[k] = cm_window_start(size[k], tile[k], count[k], i[k]);
                add_window(plans, image, start, axes, sum, weights);
            }
    for (int64_t v = 0; v < CLASSES * VOXELS; v++)
        sum[v] /= weights[v % VOXELS];
    for (int m = 0; m < MODELS; m++) {
        cm_plan_destroy(plans[m]);
        cm_model_close(models[m]);
    }
    free(weights);
    return sum;
}

static void labels_are_the_largest_mean(const char *mirror, int axes)
{
    static uint8_t voxels[VOXELS];
    static float image[VOXELS];
    const int channel = 0;
    cm_threads *pool;
    cm_backend *be;
    cm_tool *tool;
    cm_session *session;
    cm_prediction p;
    cm_model_limits limits;
    for (int i = 0; i < VOXELS; i++) {
        voxels[i] = (uint8_t)(i * 131 % 251);
        image[i] = (float)((double)voxels[i] / 100.0);
    }
    const cm_volume volume = {.geometry = {.shape = {size[Z], size[Y], size[X]},
                                           .spacing_known = true,
                                           .orientation_known = true,
                                           .spacing_mm = {1, 1, 1},
                                           .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}},
                              .channels = 1,
                              .dtype = CM_U8,
                              .slope = 1,
                              .data = voxels,
                              .bytes = VOXELS};
    write_xml(mirror);
    cm_model_limits_default(&limits);
    assert_int_equal(cm_threads_create(2, &pool, NULL), CM_OK);
    assert_int_equal(cm_backend_cpu_create(pool, -1, &be, NULL), CM_OK);
    assert_int_equal(cm_tool_open(folder, &limits, &tool, NULL), CM_OK);
    assert_int_equal(cm_session_create(tool, be, &session, NULL), CM_OK);
    assert_int_equal(cm_session_run(session, &volume, &channel, NULL, &p, NULL), CM_OK);
    double *mean = mean_of_all(image, axes, be);
    int counts[CLASSES] = {0}, close = 0;
    for (int v = 0; v < VOXELS; v++) {
        int best = 0;
        double second = -1e30;
        for (int c = 1; c < CLASSES; c++)
            if (mean[c * VOXELS + v] > mean[best * VOXELS + v]) best = c;
        for (int c = 0; c < CLASSES; c++)
            if (c != best) second = fmax(second, mean[c * VOXELS + v]);
        counts[best]++;
        if (mean[best * VOXELS + v] - second < 1e-5)
            close++; /* float32 may decide otherwise */
        else if (p.labels[v] != best)
            fail_msg("mirror \"%s\", voxel %d: label %d, the mean says %d (%.9g, then %.9g)", mirror, v,
                     p.labels[v], best, mean[best * VOXELS + v], second);
    }
    assert_true(close < VOXELS / 100);
    for (int c = 0; c < CLASSES; c++)
        assert_true(counts[c] > VOXELS / 50); /* the comparison says something */
    free(mean);
    cm_prediction_fini(&p);
    cm_session_destroy(session);
    cm_tool_close(tool);
    cm_backend_destroy(be);
    cm_threads_destroy(pool);
}

static void as_defined(void **state)
{
    (void)state;
    labels_are_the_largest_mean("none", 0);
    labels_are_the_largest_mean("y", 1 << Y);
    labels_are_the_largest_mean("x z", 1 << X | 1 << Z);
    labels_are_the_largest_mean("x y z", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_defined)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
