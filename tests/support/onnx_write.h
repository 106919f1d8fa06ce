/* Writes small ONNX files byte by byte, for tests: the protobuf wire format by hand, so that a file can also
 * be wrong on purpose. Test code only: an allocation that fails ends the program.
 *
 *   ow_buf graph = {0};
 *   ow_input(&graph, "x", OW_FLOAT, 4, (const int64_t[]){-1, 3, 8, 8});   // -1 = symbolic
 *   ow_node(&graph, "Relu", "x", "y", NULL);
 *   ow_output(&graph, "y", OW_FLOAT, 4, (const int64_t[]){-1, 3, 8, 8});
 *   ow_buf model = ow_model(&graph, 13);                                   // takes graph
 *   ow_save(&model, "relu.onnx");                                          // takes model
 */
#ifndef CM_TESTS_SUPPORT_ONNX_WRITE_H
#define CM_TESTS_SUPPORT_ONNX_WRITE_H

#include <stdint.h>

/* TensorProto.DataType */
enum {
    OW_FLOAT = 1,
    OW_UINT8 = 2,
    OW_INT8 = 3,
    OW_INT32 = 6,
    OW_INT64 = 7,
    OW_STRING = 8,
    OW_BOOL = 9,
    OW_FLOAT16 = 10,
    OW_DOUBLE = 11,
    OW_BFLOAT16 = 16
};

/* Bytes that grow; zero-initialise. A function that "takes" a buffer frees it and leaves it empty. */
typedef struct ow_buf {
    uint8_t *data;
    int64_t size, capacity;
} ow_buf;

void ow_free(ow_buf *b);

/* -- wire format -- */
void ow_raw(ow_buf *b, const void *data, int64_t size); /* bytes as they are */
void ow_varint(ow_buf *b, uint64_t v);
void ow_int(ow_buf *b, int field, int64_t v);
void ow_float(ow_buf *b, int field, float v);
void ow_bytes(ow_buf *b, int field, const void *data, int64_t size);
void ow_string(ow_buf *b, int field, const char *s);
void ow_message(ow_buf *b, int field, ow_buf *message); /* takes message */

/* -- TensorProto -- */
/* Header only (name, type, dims); append the data fields yourself. */
ow_buf ow_tensor(const char *name, int type, int rank, const int64_t *dim);
/* With raw_data. */
ow_buf ow_tensor_raw(const char *name, int type, int rank, const int64_t *dim, const void *data,
                     int64_t bytes);
ow_buf ow_tensor_f32(const char *name, int rank, const int64_t *dim, const float *data);
ow_buf ow_tensor_i64(const char *name, int rank, const int64_t *dim, const int64_t *data);

/* -- AttributeProto, appended to a list of attributes that ow_node takes -- */
void ow_attr_int(ow_buf *list, const char *name, int64_t v);
void ow_attr_float(ow_buf *list, const char *name, float v);
void ow_attr_string(ow_buf *list, const char *name, const char *v);
void ow_attr_ints(ow_buf *list, const char *name, int n, const int64_t *v);
void ow_attr_floats(ow_buf *list, const char *name, int n, const float *v);
void ow_attr_tensor(ow_buf *list, const char *name, ow_buf *tensor); /* takes tensor */
void ow_attr_graph(ow_buf *list, const char *name, ow_buf *graph);   /* takes graph: a branch of If */

/* -- GraphProto -- */
/* inputs, outputs: comma-separated names, an empty part = left out ("x,,roi"). attributes: NULL or taken. The
 * node is named after its first output. */
void ow_node(ow_buf *graph, const char *op, const char *inputs, const char *outputs, ow_buf *attributes);
void ow_input(ow_buf *graph, const char *name, int type, int rank, const int64_t *dim);
void ow_output(ow_buf *graph, const char *name, int type, int rank, const int64_t *dim);
void ow_initializer(ow_buf *graph, ow_buf *tensor); /* takes tensor */

/* -- ModelProto: IR version 8, the default domain at `opset` -- */
ow_buf ow_model(ow_buf *graph, int opset); /* takes graph */

/* Writes the file and frees the bytes; 0, or -1 when it could not be written. */
int ow_save(ow_buf *model, const char *path);

#endif
