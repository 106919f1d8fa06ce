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
    int32_t *input_scopes; /* where each input is looked up; NULL = in the node's own scope */
    cm_wire branches[2];   /* of If while it is read: then, else */
} cm_onnx_node;

typedef struct cm_onnx_initializer {
    cm_onnx_name name;
    int32_t scope;
    cm_tensor tensor;
} cm_onnx_initializer;

typedef struct cm_onnx_file {
    int opset;
    int64_t n_nodes, n_initializers, n_inputs, n_outputs;
    int64_t n_scopes; /* the graph itself, and the branches */
    cm_scope *scopes;
    cm_onnx_node *nodes;
    cm_onnx_initializer *initializers;
    cm_model_io *inputs, *outputs; /* inputs: those that are initialisers too */
} cm_onnx_file;

/* Fields of GraphProto that are lists. */
enum {
    CM_ONNX_GRAPH_NODE = 1,
    CM_ONNX_GRAPH_INITIALIZER = 5,
    CM_ONNX_GRAPH_INPUT = 11,
    CM_ONNX_GRAPH_OUTPUT = 12,
    CM_ONNX_GRAPH_SPARSE = 15
};

/* A graph while it is read. */
typedef struct cm_onnx_reader {
    const cm_model_limits *limits;
    cm_memory *memory;
    int64_t room; /* bytes that initialisers may still take */
    cm_onnx_file *out;
    int64_t nodes, initializers, inputs, outputs, scopes; /* read so far */
    int64_t positions;                                    /* nodes of the graph itself */
    int64_t links;                                        /* of all nodes so far */
} cm_onnx_reader;

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

/* Adds the node, and what lies in the branches of an If, to the reader's lists. */
cm_status cm_onnx_read_scoped_node(cm_onnx_reader *r, cm_wire bytes, int32_t scope, int64_t position,
                                   cm_error *err);
cm_status cm_onnx_read_initializer(cm_onnx_reader *r, cm_wire bytes, int32_t scope, cm_error *err);
/* An attribute of If: then_branch into branches[0], else_branch into branches[1]. */
cm_status cm_onnx_read_branch_attribute(cm_wire bytes, cm_wire branches[2], cm_error *err);
/* Adds to n_nodes, n_initializers and n_scopes what cm_onnx_read_scoped_node will add, or more. */
void cm_onnx_count_node(cm_wire node, int depth, cm_onnx_file *out);

/* ValueInfoProto of a graph input or output. */
cm_status cm_onnx_read_io(cm_wire bytes, const cm_model_limits *limits, cm_model_io *out, cm_error *err);

/* A name: at most CM_CAP_NAME bytes, no control characters. what: "tensor name". */
cm_status cm_onnx_read_name(const cm_wire_field *field, const char *what, cm_onnx_name *out, cm_error *err);

/* "float16" for 10; "type 42" for what is not known. */
cm_str cm_onnx_type_name(int64_t data_type);
/* What an ONNX element type is inside; 0 when it is not taken. */
cm_element cm_onnx_element(int64_t data_type);

#endif
