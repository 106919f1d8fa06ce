/* Writes small ONNX files into a folder for the command-line tests: some good, some that must be refused. */
#include <stdio.h>

#include "tests/support/onnx_write.h"

static const int64_t any[4] = {-1, 1, -1, -1};
static const char *folder;

static void save(ow_buf *graph, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ow_buf model = ow_model(graph, 13);
    if (ow_save(&model, path)) perror(path);
}

static ow_buf start(void)
{
    ow_buf graph = {0};
    ow_input(&graph, "image", OW_FLOAT, 4, any);
    return graph;
}

/* A convolution over three dimensions, kernel^3, that keeps the size. */
static void conv3d(ow_buf *graph, const char *inputs, const char *output, int64_t kernel)
{
    const int64_t pads[6] = {kernel / 2, kernel / 2, kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    ow_buf attributes = {0};
    ow_attr_ints(&attributes, "pads", 6, pads);
    ow_node(graph, "Conv", inputs, output, &attributes);
}

/* A net that takes minutes for an image another tool is done with at once: 200 convolutions 5x5x5 of 32
 * channels. */
static void save_slow(void)
{
    enum { WIDE = 32, KERNEL = 5, DEEP = 200, COUNT = WIDE * WIDE * KERNEL * KERNEL * KERNEL };
    static const int64_t cube[5] = {-1, 1, -1, -1, -1}, first[5] = {WIDE, 1, 1, 1, 1},
                         last[5] = {1, WIDE, 1, 1, 1};
    static const int64_t wide[5] = {WIDE, WIDE, KERNEL, KERNEL, KERNEL};
    static float zero[COUNT];
    ow_buf g = {0}, w[3] = {ow_tensor_f32("first", 5, first, zero), ow_tensor_f32("wide", 5, wide, zero),
                            ow_tensor_f32("last", 5, last, zero)};
    ow_input(&g, "image", OW_FLOAT, 5, cube);
    for (int i = 0; i < 3; i++)
        ow_initializer(&g, &w[i]);
    conv3d(&g, "image,first", "t0", 1);
    for (int i = 0; i < DEEP; i++) {
        char inputs[32], to[16];
        snprintf(inputs, sizeof inputs, "t%d,wide", i);
        snprintf(to, sizeof to, "t%d", i + 1);
        conv3d(&g, inputs, to, KERNEL);
    }
    char inputs[32];
    snprintf(inputs, sizeof inputs, "t%d,last", DEEP);
    conv3d(&g, inputs, "y", 1);
    ow_output(&g, "y", OW_FLOAT, 5, cube);
    save(&g, "slow.onnx");
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    folder = argv[1];
    const int64_t kernel[4] = {2, 1, 1, 1}, pads[4] = {0, 0, 0, 0}, out[4] = {-1, 2, -1, -1};

    ow_buf g = start(), attributes = {0}; /* two channels: x and 1 - x */
    ow_buf weight = ow_tensor_f32("w", 4, kernel, (float[]){1, -1});
    ow_buf bias = ow_tensor_f32("b", 1, (int64_t[]){2}, (float[]){0, 1});
    ow_initializer(&g, &weight);
    ow_initializer(&g, &bias);
    ow_attr_ints(&attributes, "kernel_shape", 2, kernel + 2);
    ow_attr_ints(&attributes, "pads", 4, pads);
    ow_node(&g, "Conv", "image,w,b", "logits", &attributes);
    ow_output(&g, "logits", OW_FLOAT, 4, out);
    save(&g, "good.onnx");

    g = start();
    ow_node(&g, "Relu", "image", "first", NULL);
    ow_node(&g, "Sigmoid", "image", "second", NULL);
    ow_output(&g, "first", OW_FLOAT, 4, any);
    ow_output(&g, "second", OW_FLOAT, 4, any);
    save(&g, "two_outputs.onnx");

    g = start();
    ow_node(&g, "Loop", "image", "a", NULL);
    ow_node(&g, "Det", "a", "b", NULL);
    ow_node(&g, "RandomNormalLike", "b", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, 4, any);
    save(&g, "loop.onnx");

    g = start();
    weight = ow_tensor("w", OW_FLOAT, 1, (int64_t[]){1});
    ow_int(&weight, 14, 1); /* data_location = EXTERNAL */
    ow_initializer(&g, &weight);
    ow_node(&g, "Mul", "image,w", "y", NULL);
    ow_output(&g, "y", OW_FLOAT, 4, any);
    save(&g, "external.onnx");

    g = start();
    for (int i = 0; i < 40; i++) { /* 2^40 times the input */
        char from[16], both[40], to[16];
        snprintf(from, sizeof from, i ? "t%d" : "image", i - 1);
        snprintf(to, sizeof to, i == 39 ? "y" : "t%d", i);
        snprintf(both, sizeof both, "%s,%s", from, from);
        attributes = (ow_buf){0};
        ow_attr_int(&attributes, "axis", 2);
        ow_node(&g, "Concat", both, to, &attributes);
    }
    ow_output(&g, "y", OW_FLOAT, 4, any);
    save(&g, "doubling.onnx");
    save_slow();
    return 0;
}
