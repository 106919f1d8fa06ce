/* What the tests of a tool's session share: a folder with tool.xml and small models whose answers are known.
 */
#ifndef CM_TESTS_UNIT_TOOL_FIXTURE_H
#define CM_TESTS_UNIT_TOOL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/model/tool.h"
#include "tests/support/onnx_write.h"

typedef struct fixture {
    char folder[256];
    const char *models; /* elements of tool.xml; NULL = model.onnx */
    cm_model_limits limits;
    cm_threads *pool;
    cm_backend *backend;
} fixture;

static inline int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    const char *parent = getenv("TMPDIR");
    snprintf(f->folder, sizeof f->folder, "%.200s/cohmark-test.XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(f->folder)) return -1;
    cm_model_limits_default(&f->limits);
    *state = f;
    if (cm_threads_create(2, &f->pool, NULL)) return -1;
    return cm_backend_cpu_create(f->pool, -1, &f->backend, NULL) ? -1 : 0;
}

static inline int teardown(void **state)
{
    fixture *f = *state;
    cm_backend_destroy(f->backend);
    cm_threads_destroy(f->pool);
    cm_folder_remove(f->folder, NULL);
    free(f);
    return 0;
}

static inline void write_xml(const fixture *f, const char *task, const char *prepare, const char *input,
                             const char *output)
{
    char path[320], *text;
    snprintf(path, sizeof path, "%s/tool.xml", f->folder);
    int n = asprintf(
        &text,
        "<tool xmlns=\"urn:cohmark:tool:1\" schemaVersion=\"1.0\" id=\"t\" version=\"1\"><name>t</name>"
        "<licence>MIT</licence><task>%s</task>%s"
        "<channels><channel name=\"a\"/></channels><prepare>%s</prepare>%s%s</tool>",
        task, f->models ? f->models : "<model file=\"model.onnx\"/>", prepare, input, output);
    assert_int_equal(cm_file_write(path, text, n, NULL), CM_OK);
    free(text);
}

static inline void save(const fixture *f, ow_buf *graph)
{
    char path[320];
    snprintf(path, sizeof path, "%s/model.onnx", f->folder);
    ow_buf model = ow_model(graph, 13);
    assert_int_equal(ow_save(&model, path), 0);
}

/* y[d] = x[d - 1], 0 at d = 0, along the first spatial axis: a convolution with kernel 3 along it. */
static inline void write_shift(const fixture *f, int dimension)
{
    ow_buf graph = {0}, attributes = {0};
    const int64_t any[5] = {-1, 1, -1, -1, -1}, kernel[5] = {1, 1, 3, 1, 1};
    const int64_t pads[6] = {1, 0, 0, 1, 0, 0}, pads2[4] = {1, 0, 1, 0};
    ow_buf weight = ow_tensor_f32("w", dimension + 2, kernel, (float[]){1, 0, 0});
    ow_input(&graph, "x", OW_FLOAT, dimension + 2, any);
    ow_initializer(&graph, &weight);
    ow_attr_ints(&attributes, "kernel_shape", dimension, kernel + 2);
    ow_attr_ints(&attributes, "pads", 2 * dimension, dimension == 3 ? pads : pads2);
    ow_node(&graph, "Conv", "x,w", "y", &attributes);
    ow_output(&graph, "y", OW_FLOAT, dimension + 2, any);
    save(f, &graph);
}

/* y = x * by */
static inline void write_scale(const fixture *f, int dimension, float by)
{
    ow_buf graph = {0};
    const int64_t any[5] = {-1, 1, -1, -1, -1}, one[1] = {1};
    ow_buf factor = ow_tensor_f32("k", 1, one, &by);
    ow_input(&graph, "x", OW_FLOAT, dimension + 2, any);
    ow_initializer(&graph, &factor);
    ow_node(&graph, "Mul", "x,k", "y", NULL);
    ow_output(&graph, "y", OW_FLOAT, dimension + 2, any);
    save(f, &graph);
}

/* A pattern without symmetry, shape x 5, y 4, z 3, about a third of the voxels set. */
enum { NX = 5, NY = 4, NZ = 3, N = NX * NY * NZ };
static inline void pattern(uint8_t voxels[N])
{
    for (int i = 0; i < N; i++)
        voxels[i] = (i * 37 + i / 7) % 11 < 4;
}

static inline cm_volume image_of(uint8_t *voxels)
{
    return (cm_volume){.geometry = {.shape = {NZ, NY, NX},
                                    .spacing_known = true,
                                    .orientation_known = true,
                                    .spacing_mm = {1, 1, 1},
                                    .affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}},
                       .channels = 1,
                       .dtype = CM_U8,
                       .slope = 1,
                       .data = voxels,
                       .bytes = N};
}

static inline cm_tool *open_tool(const fixture *f)
{
    cm_tool *tool = NULL;
    cm_error err = {0};
    if (cm_tool_open(f->folder, &f->limits, &tool, &err))
        fail_msg("%s: %s: %s", err.where, err.what, err.why);
    return tool;
}

static const int first_channel = 0;
#define HALF "<output><threshold value=\"0.5\" label=\"1\"/></output>"

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
