/* ModelProto and GraphProto: what is in the file, and what must not be. Graphs inside nodes are refused where
 * they appear, but for the branches of If (onnx_branch.c). */
#include "engine/model/onnx.h"

#include <string.h>

cm_status cm_onnx_read_name(const cm_wire_field *field, const char *what, cm_onnx_name *out, cm_error *err)
{
    cm_status st = cm_wire_expect(field, CM_WIRE_BYTES, what, err);
    if (st) return st;
    int64_t length = field->bytes.end - field->bytes.at;
    if (length > CM_CAP_NAME)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = cm_strf("a %s is longer than is allowed", what).s,
                       .why = cm_strf("%lld bytes, at most %d", (long long)length, CM_CAP_NAME).s,
                       .next = "See docs/limits.md");
    for (const uint8_t *c = field->bytes.at; c < field->bytes.end; c++)
        if (*c < 0x20 || *c == 0x7f)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = cm_strf("a %s holds a control character", what).s,
                           .why = cm_strf("byte %d", (int)*c).s, .next = "Export the model again");
    *out = (cm_onnx_name){(const char *)field->bytes.at, (int32_t)length};
    return CM_OK;
}

/* TensorShapeProto.Dimension: a number, or a symbol, which is free. */
static cm_status read_dimension(cm_wire w, const cm_model_limits *limits, int64_t *dim, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    *dim = -1;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got)
        if (f.number == 1) {
            st = cm_wire_expect(&f, CM_WIRE_VARINT, "dimension", err);
            *dim = (int64_t)f.value;
            if (!st && *dim < 0) *dim = -1; /* some exporters write -1 for a free dimension */
            if (!st && *dim > limits->dimension)
                st = CM_FAIL(
                    err, CM_ERR_LIMIT, .what = "an input or output has a dimension above the limit",
                    .why = cm_strf("%lld, at most %lld", (long long)*dim, (long long)limits->dimension).s,
                    .next = "See docs/limits.md");
        }
    return st;
}

static cm_status read_shape(cm_wire w, const cm_model_limits *limits, cm_model_io *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number != 1) continue;
        if (out->rank == CM_MAX_RANK)
            return CM_FAIL(err, CM_ERR_LIMIT,
                           .what = "an input or output has more dimensions than are allowed",
                           .why = cm_strf("at most %d", CM_MAX_RANK).s, .next = "See docs/limits.md");
        st = cm_wire_expect(&f, CM_WIRE_BYTES, "dimension", err);
        if (!st) st = read_dimension(f.bytes, limits, &out->dim[out->rank++], err);
    }
    return st;
}

static cm_status read_tensor_type(cm_wire w, const cm_model_limits *limits, cm_model_io *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    int64_t type = 0;
    out->rank = -1; /* unknown until a shape is seen */
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == 1) {
            st = cm_wire_expect(&f, CM_WIRE_VARINT, "element type", err);
            type = (int64_t)f.value;
        } else if (f.number == 2) {
            st = cm_wire_expect(&f, CM_WIRE_BYTES, "shape", err);
            out->rank = out->rank < 0 ? 0 : out->rank;
            if (!st) st = read_shape(f.bytes, limits, out, err);
        }
    }
    if (st) return st;
    out->element = cm_onnx_element(type);
    if (out->element) return CM_OK;
    return CM_FAIL(err, type == 8 ? CM_ERR_POLICY : CM_ERR_UNSUPPORTED,
                   .what = cm_strf("an input or output of %s is not supported", cm_onnx_type_name(type).s).s,
                   .next = "Export a model that eats and gives float32");
}

static cm_status read_type(cm_wire w, const cm_model_limits *limits, cm_model_io *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == 6) /* denotation */
            continue;
        if (f.number != 1)
            return CM_FAIL(err, CM_ERR_POLICY, .what = "an input or output is not a dense tensor",
                           .why = "sequence, map, optional and sparse types are not allowed",
                           .next = "Export a model that works on tensors only");
        st = cm_wire_expect(&f, CM_WIRE_BYTES, "tensor type", err);
        if (!st) st = read_tensor_type(f.bytes, limits, out, err);
    }
    return st;
}

cm_status cm_onnx_read_io(cm_wire bytes, const cm_model_limits *limits, cm_model_io *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    *out = (cm_model_io){0};
    while (!st && !(st = cm_wire_next(&bytes, &f, &got, err)) && got) {
        cm_onnx_name name = {0};
        if (f.number == 1) {
            st = cm_onnx_read_name(&f, "name of an input or output", &name, err);
            if (!st && name.length >= (int32_t)sizeof out->name)
                st = CM_FAIL(
                    err, CM_ERR_LIMIT, .what = "the name of an input or output is too long",
                    .why = cm_strf("%d bytes, at most %d", (int)name.length, (int)sizeof out->name - 1).s,
                    .next = "Rename it when exporting");
            if (!st) memcpy(out->name, name.text, (size_t)name.length);
        } else if (f.number == 2) {
            st = cm_wire_expect(&f, CM_WIRE_BYTES, "type", err);
            if (!st) st = read_type(f.bytes, limits, out, err);
        }
    }
    if (!st && !out->name[0])
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "an input or output has no name",
                     .next = "Export the model again");
    if (!st && !out->element)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "an input or output has no type",
                     .why = cm_strf("\"%s\"", out->name).s, .next = "Export the model again");
    return st;
}

static cm_status over_cap(const char *what, int64_t cap, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_LIMIT, .what = cm_strf("the model has more %s than are allowed", what).s,
                   .why = cm_strf("at most %lld", (long long)cap).s, .next = "See docs/limits.md");
}

static cm_status count_graph(cm_wire w, const cm_model_limits *limits, cm_onnx_file *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    out->n_scopes = 1;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == CM_ONNX_GRAPH_NODE && f.type == CM_WIRE_BYTES) cm_onnx_count_node(f.bytes, 0, out);
        out->n_initializers += f.number == CM_ONNX_GRAPH_INITIALIZER;
        out->n_inputs += f.number == CM_ONNX_GRAPH_INPUT;
        out->n_outputs += f.number == CM_ONNX_GRAPH_OUTPUT;
        if (f.number == CM_ONNX_GRAPH_SPARSE)
            return CM_FAIL(err, CM_ERR_POLICY, .what = "sparse initialisers are not allowed",
                           .next = "Export the model with dense weights");
    }
    if (st) return st;
    if (out->n_nodes > limits->nodes) return over_cap("nodes", limits->nodes, err);
    if (out->n_initializers > CM_CAP_INITIALIZERS) return over_cap("initialisers", CM_CAP_INITIALIZERS, err);
    if (out->n_inputs > CM_CAP_INITIALIZERS) /* before IR version 4 every initialiser is an input too */
        return over_cap("inputs", CM_CAP_INITIALIZERS, err);
    if (out->n_outputs > CM_CAP_GRAPH_IO) return over_cap("outputs", CM_CAP_GRAPH_IO, err);
    return CM_OK;
}

cm_status cm_onnx_read_initializer(cm_onnx_reader *r, cm_wire bytes, int32_t scope, cm_error *err)
{
    if (r->initializers >= r->out->n_initializers) return over_cap("initialisers", CM_CAP_INITIALIZERS, err);
    cm_onnx_initializer *init = &r->out->initializers[r->initializers++];
    init->scope = scope;
    cm_status st =
        cm_onnx_read_tensor(bytes, r->limits, &r->room, r->memory, &init->name, &init->tensor, err);
    if (!st && init->name.length == 0)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "an initialiser has no name",
                     .next = "Export the model again");
    return st;
}

static cm_status read_graph_field(cm_onnx_reader *r, const cm_wire_field *f, cm_error *err)
{
    cm_onnx_file *out = r->out;
    bool ours = f->number == CM_ONNX_GRAPH_NODE || f->number == CM_ONNX_GRAPH_INITIALIZER ||
                f->number == CM_ONNX_GRAPH_INPUT || f->number == CM_ONNX_GRAPH_OUTPUT;
    cm_status st = ours ? cm_wire_expect(f, CM_WIRE_BYTES, "part of the graph", err) : CM_OK;
    if (st || !ours) return st;
    switch (f->number) {
    case CM_ONNX_GRAPH_NODE:
        return cm_onnx_read_scoped_node(r, f->bytes, 0, r->positions++, err);
    case CM_ONNX_GRAPH_INITIALIZER:
        return cm_onnx_read_initializer(r, f->bytes, 0, err);
    case CM_ONNX_GRAPH_INPUT:
        return cm_onnx_read_io(f->bytes, r->limits, &out->inputs[r->inputs++], err);
    default:
        return cm_onnx_read_io(f->bytes, r->limits, &out->outputs[r->outputs++], err);
    }
}

static cm_status read_graph(cm_wire bytes, const cm_model_limits *limits, cm_memory *memory,
                            cm_onnx_file *out, cm_error *err)
{
    cm_onnx_reader r = {
        .limits = limits, .memory = memory, .room = limits->initializer_bytes, .out = out, .scopes = 1};
    cm_wire_field f;
    bool got = true;
    cm_status st = count_graph(bytes, limits, out, err);
    if (!st) st = cm_memory_take(memory, out->n_nodes, sizeof *out->nodes, &out->nodes, err);
    if (!st)
        st = cm_memory_take(memory, out->n_initializers, sizeof *out->initializers, &out->initializers, err);
    if (!st) st = cm_memory_take(memory, out->n_scopes, sizeof *out->scopes, &out->scopes, err);
    if (!st) st = cm_memory_take(memory, out->n_inputs, sizeof *out->inputs, &out->inputs, err);
    if (!st) out->scopes[0].parent = -1;
    if (!st) st = cm_memory_take(memory, out->n_outputs, sizeof *out->outputs, &out->outputs, err);
    while (!st && !(st = cm_wire_next(&bytes, &f, &got, err)) && got)
        st = read_graph_field(&r, &f, err);
    out->n_nodes = r.nodes; /* where less was read than was counted */
    out->n_initializers = r.initializers;
    out->n_scopes = r.scopes;
    return st;
}

/* OperatorSetIdProto. Other domains may be declared; a node that uses one is refused. */
static cm_status read_opset(cm_wire w, int *opset, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    cm_onnx_name domain = {0};
    int64_t version = 0;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == 1) {
            st = cm_onnx_read_name(&f, "operator domain", &domain, err);
        } else if (f.number == 2) {
            st = cm_wire_expect(&f, CM_WIRE_VARINT, "opset version", err);
            version = (int64_t)f.value;
        }
    }
    bool standard = domain.length == 0 || (domain.length == 7 && !memcmp(domain.text, "ai.onnx", 7));
    if (st || !standard) return st;
    if (version < CM_OPSET_MIN || version > CM_OPSET_MAX)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "the operator set of the model is not supported",
                       .why = cm_strf("opset %lld, supported are %d to %d", (long long)version, CM_OPSET_MIN,
                                      CM_OPSET_MAX)
                                  .s,
                       .next = "Export with another opset, such as 17");
    *opset = (int)version;
    return CM_OK;
}

/* Fields of ModelProto. */
enum { MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_TRAINING = 20, MODEL_FUNCTIONS = 25 };

static cm_status read_model_field(const cm_wire_field *f, cm_wire *graph, int *opset, cm_error *err)
{
    cm_status st = CM_OK;
    switch (f->number) {
    case MODEL_GRAPH:
        st = cm_wire_expect(f, CM_WIRE_BYTES, "graph", err);
        if (!st && graph->at)
            st = CM_FAIL(err, CM_ERR_FORMAT, .what = "the model holds two graphs",
                         .next = "Export the model again");
        *graph = f->bytes;
        return st;
    case MODEL_OPSET:
        st = cm_wire_expect(f, CM_WIRE_BYTES, "opset", err);
        return st ? st : read_opset(f->bytes, opset, err);
    case MODEL_TRAINING:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "training information in a model is not allowed",
                       .next = "Export the model for inference");
    case MODEL_FUNCTIONS:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "functions inside a model are not allowed",
                       .next = "Export the model with its functions inlined");
    default:
        return CM_OK;
    }
}

cm_status cm_onnx_read(cm_wire bytes, const cm_model_limits *limits, cm_memory *memory, cm_onnx_file *out,
                       cm_error *err)
{
    cm_wire graph = {0};
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    *out = (cm_onnx_file){0};
    while (!st && !(st = cm_wire_next(&bytes, &f, &got, err)) && got)
        st = read_model_field(&f, &graph, &out->opset, err);
    if (!st && !graph.at)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "the file holds no graph",
                     .next = "This is not an ONNX model; export it again");
    if (!st && !out->opset)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "the model does not say its operator set (opset)",
                     .next = "Export the model again");
    return st ? st : read_graph(graph, limits, memory, out, err);
}
