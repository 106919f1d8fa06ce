/* Writes small ONNX files byte by byte: field numbers from onnx.proto (onnx 1.12). */
#include "tests/support/onnx_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ow_free(ow_buf *b)
{
    free(b->data);
    *b = (ow_buf){0};
}

void ow_raw(ow_buf *b, const void *data, int64_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size) + 64;
        b->data = realloc(b->data, (size_t)b->capacity);
        if (!b->data) abort();
    }
    if (size > 0) memcpy(b->data + b->size, data, (size_t)size);
    b->size += size;
}

void ow_varint(ow_buf *b, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        ow_raw(b, &byte, 1);
        v >>= 7;
    } while (v);
}

void ow_int(ow_buf *b, int field, int64_t v)
{
    ow_varint(b, (uint64_t)field << 3);
    ow_varint(b, (uint64_t)v);
}

void ow_float(ow_buf *b, int field, float v)
{
    ow_varint(b, (uint64_t)field << 3 | 5);
    ow_raw(b, &v, 4);
}

void ow_bytes(ow_buf *b, int field, const void *data, int64_t size)
{
    ow_varint(b, (uint64_t)field << 3 | 2);
    ow_varint(b, (uint64_t)size);
    ow_raw(b, data, size);
}

void ow_string(ow_buf *b, int field, const char *s)
{
    ow_bytes(b, field, s, (int64_t)strlen(s));
}

void ow_message(ow_buf *b, int field, ow_buf *message)
{
    ow_bytes(b, field, message->data, message->size);
    ow_free(message);
}

ow_buf ow_tensor(const char *name, int type, int rank, const int64_t *dim)
{
    ow_buf t = {0};
    for (int i = 0; i < rank; i++)
        ow_int(&t, 1, dim[i]);
    ow_int(&t, 2, type);
    ow_string(&t, 8, name);
    return t;
}

ow_buf ow_tensor_raw(const char *name, int type, int rank, const int64_t *dim, const void *data,
                     int64_t bytes)
{
    ow_buf t = ow_tensor(name, type, rank, dim);
    ow_bytes(&t, 9, data, bytes);
    return t;
}

static int64_t count_of(int rank, const int64_t *dim)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++)
        n *= dim[i];
    return n;
}

ow_buf ow_tensor_f32(const char *name, int rank, const int64_t *dim, const float *data)
{
    return ow_tensor_raw(name, OW_FLOAT, rank, dim, data, 4 * count_of(rank, dim));
}

ow_buf ow_tensor_i64(const char *name, int rank, const int64_t *dim, const int64_t *data)
{
    return ow_tensor_raw(name, OW_INT64, rank, dim, data, 8 * count_of(rank, dim));
}

/* Ends an attribute: adds its type and appends it to the list as field 5 of a node. */
static void end_attribute(ow_buf *list, ow_buf *attribute, int type)
{
    ow_int(attribute, 20, type);
    ow_message(list, 5, attribute);
}

void ow_attr_int(ow_buf *list, const char *name, int64_t v)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    ow_int(&a, 3, v);
    end_attribute(list, &a, 2);
}

void ow_attr_float(ow_buf *list, const char *name, float v)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    ow_float(&a, 2, v);
    end_attribute(list, &a, 1);
}

void ow_attr_string(ow_buf *list, const char *name, const char *v)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    ow_string(&a, 4, v);
    end_attribute(list, &a, 3);
}

void ow_attr_ints(ow_buf *list, const char *name, int n, const int64_t *v)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    for (int i = 0; i < n; i++)
        ow_int(&a, 8, v[i]);
    end_attribute(list, &a, 7);
}

void ow_attr_floats(ow_buf *list, const char *name, int n, const float *v)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    for (int i = 0; i < n; i++)
        ow_float(&a, 7, v[i]);
    end_attribute(list, &a, 6);
}

void ow_attr_tensor(ow_buf *list, const char *name, ow_buf *tensor)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    ow_message(&a, 5, tensor);
    end_attribute(list, &a, 4);
}

void ow_attr_graph(ow_buf *list, const char *name, ow_buf *graph)
{
    ow_buf a = {0};
    ow_string(&a, 1, name);
    ow_message(&a, 6, graph);
    end_attribute(list, &a, 5);
}

/* Each part of a comma-separated list as a string field. "" is no name at all. */
static void names(ow_buf *node, int field, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        ow_bytes(node, field, list, (int64_t)n);
        list += n;
        if (*list == ',') list++;
    }
}

void ow_node(ow_buf *graph, const char *op, const char *inputs, const char *outputs, ow_buf *attributes)
{
    ow_buf node = {0};
    names(&node, 1, inputs);
    names(&node, 2, outputs);
    ow_bytes(&node, 3, outputs, (int64_t)strcspn(outputs, ","));
    ow_string(&node, 4, op);
    if (attributes) {
        ow_raw(&node, attributes->data, attributes->size);
        ow_free(attributes);
    }
    ow_message(graph, 1, &node);
}

static void value_info(ow_buf *graph, int field, const char *name, int type, int rank, const int64_t *dim)
{
    ow_buf shape = {0}, tensor = {0}, proto = {0}, info = {0};
    for (int i = 0; i < rank; i++) {
        ow_buf d = {0};
        if (dim[i] == -1)
            ow_string(&d, 2, "n");
        else
            ow_int(&d, 1, dim[i]);
        ow_message(&shape, 1, &d);
    }
    ow_int(&tensor, 1, type);
    ow_message(&tensor, 2, &shape);
    ow_message(&proto, 1, &tensor);
    ow_string(&info, 1, name);
    ow_message(&info, 2, &proto);
    ow_message(graph, field, &info);
}

void ow_input(ow_buf *graph, const char *name, int type, int rank, const int64_t *dim)
{
    value_info(graph, 11, name, type, rank, dim);
}

void ow_output(ow_buf *graph, const char *name, int type, int rank, const int64_t *dim)
{
    value_info(graph, 12, name, type, rank, dim);
}

void ow_initializer(ow_buf *graph, ow_buf *tensor)
{
    ow_message(graph, 5, tensor);
}

ow_buf ow_model(ow_buf *graph, int opset)
{
    ow_buf model = {0}, import = {0};
    ow_int(&model, 1, 8);
    ow_string(graph, 2, "g");
    ow_message(&model, 7, graph);
    ow_string(&import, 1, "");
    ow_int(&import, 2, opset);
    ow_message(&model, 8, &import);
    return model;
}

int ow_save(ow_buf *model, const char *path)
{
    remove(path); /* ext4 writes a file to disk when it replaces one by truncation */
    FILE *f = fopen(path, "wb");
    int failed = !f;
    if (f) {
        if (model->size > 0) failed |= fwrite(model->data, 1, (size_t)model->size, f) != (size_t)model->size;
        failed |= fclose(f) != 0;
    }
    ow_free(model);
    return failed ? -1 : 0;
}
