/* An ONNX file as it stands: messages read, names not yet resolved. Between wire.h and graph.h. */
#ifndef CM_ENGINE_MODEL_ONNX_H
#define CM_ENGINE_MODEL_ONNX_H

#include "engine/model/graph.h"
#include "engine/model/wire.h"

/* A name where it lies in the file. */
typedef struct cm_onnx_name {
    const char *text;
    int32_t length;
} cm_onnx_name;

typedef struct cm_onnx_node {
    cm_node node; /* inputs and outputs not filled */
    cm_onnx_name *inputs, *outputs;
} cm_onnx_node;

typedef struct cm_onnx_initializer {
    cm_onnx_name name;
    cm_tensor tensor;
} cm_onnx_initializer;

typedef struct cm_onnx_file {
    int opset;
    int64_t n_nodes, n_initializers, n_inputs, n_outputs;
    cm_onnx_node *nodes;
    cm_onnx_initializer *initializers;
    cm_model_io *inputs, *outputs; /* inputs: those that are initialisers too */
} cm_onnx_file;

/* Reads the model in bytes; small things are copied into memory, large weights stay where they are (so bytes
 * must outlive the result). Checks all that one message can tell; names and order are graph.c's. Errors: as
 * cm_model_open. */
cm_status cm_onnx_read(cm_wire bytes, const cm_model_limits *limits, cm_memory *memory, cm_onnx_file *out,
                       cm_error *err);

/* TensorProto. room: bytes that initialisers may still take; reduced by this tensor. Element types: float,
 * whole numbers and bool as they are; float16, bfloat16, double become float32. out->data may lie in bytes,
 * aligned for its type or not. */
cm_status cm_onnx_read_tensor(cm_wire bytes, const cm_model_limits *limits, int64_t *room, cm_memory *memory,
                              cm_onnx_name *name, cm_tensor *out, cm_error *err);

/* Moves the data of a tensor into memory unless it is aligned for its type where it is. */
cm_status cm_onnx_align_tensor(cm_tensor *tensor, cm_memory *memory, cm_error *err);

/* NodeProto: its operator is looked up, its attributes are read. */
cm_status cm_onnx_read_node(cm_wire bytes, int64_t position, const cm_model_limits *limits, int64_t *room,
                            cm_memory *memory, cm_onnx_node *out, cm_error *err);

/* ValueInfoProto of a graph input or output. */
cm_status cm_onnx_read_io(cm_wire bytes, const cm_model_limits *limits, cm_model_io *out, cm_error *err);

/* A name: at most CM_CAP_NAME bytes, no control characters. what: "tensor name". */
cm_status cm_onnx_read_name(const cm_wire_field *field, const char *what, cm_onnx_name *out, cm_error *err);

/* "float16" for 10; "type 42" for what is not known. */
cm_str cm_onnx_type_name(int64_t data_type);
/* What an ONNX element type is inside; 0 when it is not taken. */
cm_element cm_onnx_element(int64_t data_type);

#endif
