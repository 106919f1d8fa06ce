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
    return 0;
}
