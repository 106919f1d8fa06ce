#include "tests/conformance/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

enum { MOST_BYTES = 1 << 30 };

/* Fields of the messages that are looked at. */
enum { MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_FUNCTIONS = 25 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_TYPE = 4, NODE_DOMAIN = 7, TENSOR_TYPE = 2, TENSOR_NAME = 8, TYPE_BFLOAT16 = 16 };

typedef void (*on_field)(void *context, const cm_wire_field *field);

/* Calls on for each field of a message; what is no message any more ends it. */
static void each_field(cm_wire w, on_field on, void *context)
{
    cm_wire_field f;
    bool got = true;
    while (!cm_wire_next(&w, &f, &got, NULL) && got)
        on(context, &f);
}

static bool is_standard(cm_wire domain)
{
    const int64_t n = domain.end - domain.at;
    return n == 0 || (n == 7 && !memcmp(domain.at, "ai.onnx", 7));
}

static void say(outline *o, cm_str why)
{
    if (!o->outside.s[0]) o->outside = why;
}

typedef struct node_outline {
    cm_wire type, domain;
} node_outline;

static void node_field(void *context, const cm_wire_field *f)
{
    node_outline *n = context;
    if (f->number == NODE_TYPE) n->type = f->bytes;
    if (f->number == NODE_DOMAIN) n->domain = f->bytes;
}

static void take_node(outline *o, cm_wire bytes)
{
    node_outline n = {{0}, {0}};
    char name[64] = "";
    each_field(bytes, node_field, &n);
    const int64_t length = n.type.end - n.type.at;
    if (length > 0 && length < (int64_t)sizeof name) memcpy(name, n.type.at, (size_t)length);
    const cm_operator *op = is_standard(n.domain) ? cm_operator_find(name) : NULL;
    if (!op) {
        say(o, cm_strf("operator %s", name));
        return;
    }
    for (int i = 0; i < o->n_used; i++)
        if (o->used[i] == op) return;
    if (o->n_used < 256) o->used[o->n_used++] = op;
}

typedef struct graph_outline {
    outline *o;
    cm_wire initializer_name; /* of the tensor being looked at */
    char names[4096][260];    /* of initialisers */
    int n_names;
} graph_outline;

static void tensor_name(void *context, const cm_wire_field *f)
{
    if (f->number == TENSOR_NAME) ((graph_outline *)context)->initializer_name = f->bytes;
}

static void note_initializer(void *context, const cm_wire_field *f)
{
    graph_outline *g = context;
    if (f->number != GRAPH_INITIALIZER || g->n_names == 4096) return;
    g->initializer_name = (cm_wire){NULL, NULL};
    each_field(f->bytes, tensor_name, g);
    const int64_t length = g->initializer_name.end - g->initializer_name.at;
    if (length < 1 || length >= 260) return;
    memcpy(g->names[g->n_names], g->initializer_name.at, (size_t)length);
    g->names[g->n_names++][length] = '\0';
}

static void take_io(graph_outline *g, cm_wire bytes, bool is_input)
{
    outline *o = g->o;
    cm_model_limits limits;
    cm_model_io io;
    cm_error err = {0};
    cm_model_limits_default(&limits);
    if (cm_onnx_read_io(bytes, &limits, &io, &err)) {
        say(o, cm_strf("type: %s", err.what));
        return;
    }
    for (int i = 0; is_input && i < g->n_names; i++)
        if (!strcmp(g->names[i], io.name)) return;
    int *n = is_input ? &o->n_inputs : &o->n_outputs;
    if (*n == MOST_ARRAYS) {
        say(o, cm_strf("more than %d arrays", MOST_ARRAYS));
        return;
    }
    (is_input ? o->inputs : o->outputs)[(*n)++] = io;
}

static void graph_field(void *context, const cm_wire_field *f)
{
    graph_outline *g = context;
    if (f->number == GRAPH_NODE) take_node(g->o, f->bytes);
    if (f->number == GRAPH_INPUT) take_io(g, f->bytes, true);
    if (f->number == GRAPH_OUTPUT) take_io(g, f->bytes, false);
}

typedef struct opset_outline {
    cm_wire domain;
    int64_t version;
} opset_outline;

static void opset_field(void *context, const cm_wire_field *f)
{
    opset_outline *v = context;
    if (f->number == 1) v->domain = f->bytes;
    if (f->number == 2) v->version = (int64_t)f->value;
}

static void model_field(void *context, const cm_wire_field *f)
{
    outline *o = context;
    if (f->number == MODEL_OPSET) {
        opset_outline v = {{0}, 0};
        each_field(f->bytes, opset_field, &v);
        if (is_standard(v.domain)) o->opset = (int)v.version;
    } else if (f->number == MODEL_GRAPH) {
        graph_outline *g = calloc(1, sizeof *g);
        if (!g) abort();
        g->o = o;
        each_field(f->bytes, note_initializer, g);
        each_field(f->bytes, graph_field, g);
        free(g);
    } else if (f->number == MODEL_FUNCTIONS) {
        say(o, cm_strf("functions inside the model"));
    }
}

static cm_wire wire_of(content file)
{
    const uint8_t *at = (const uint8_t *)file.data;
    return (cm_wire){at, at + file.size};
}

void outline_read(content model, outline *out)
{
    memset(out, 0, sizeof *out);
    each_field(wire_of(model), model_field, out);
    if (out->opset < CM_OPSET_MIN || out->opset > CM_OPSET_MAX) say(out, cm_strf("opset %d", out->opset));
}

static void array_type(void *context, const cm_wire_field *f)
{
    if (f->number == TENSOR_TYPE) *(int *)context = (int)f->value;
}

cm_status arrays_read(const char *folder, const char *stem, cm_memory *memory, array *list, int *n,
                      cm_error *err)
{
    cm_status st = CM_OK;
    cm_model_limits limits;
    cm_model_limits_default(&limits);
    int64_t room = limits.initializer_bytes;
    for (*n = 0; !st && *n < MOST_ARRAYS; (*n)++) {
        char path[4096 + 128];
        array *a = &list[*n];
        cm_onnx_name name;
        snprintf(path, sizeof path, "%s/%s_%d.pb", folder, stem, *n);
        if (!cm_path_exists(path)) break;
        *a = (array){.type = 0};
        st = cm_file_read(path, MOST_BYTES, &a->file.data, &a->file.size, err);
        if (st) return st;
        each_field(wire_of(a->file), array_type, &a->type);
        st = cm_onnx_read_tensor(wire_of(a->file), &limits, &room, memory, &name, &a->tensor, err);
        if (!st) st = cm_onnx_align_tensor(&a->tensor, memory, err);
    }
    return st;
}

cm_status array_as_declared(const cm_model_io *io, cm_memory *memory, array *a, cm_error *err)
{
    const int64_t n = cm_tensor_count(&a->tensor);
    float *wide = NULL;
    if (io->element != CM_ELEMENT_F32 || a->tensor.element != CM_ELEMENT_U16) return CM_OK;
    const cm_status st = cm_memory_take(memory, n, sizeof *wide, &wide, err);
    for (int64_t i = 0; !st && i < n; i++) { /* the upper half of a float */
        const uint32_t bits = (uint32_t)((const uint16_t *)a->tensor.data)[i] << 16;
        memcpy(&wide[i], &bits, sizeof bits);
    }
    if (st) return st;
    a->type = TYPE_BFLOAT16;
    a->tensor.element = CM_ELEMENT_F32;
    a->tensor.data = wide;
    return CM_OK;
}

static void copy_field(ow_buf *to, const cm_wire_field *f)
{
    if (f->type == CM_WIRE_BYTES)
        ow_bytes(to, (int)f->number, f->bytes.at, f->bytes.end - f->bytes.at);
    else if (f->type == CM_WIRE_VARINT)
        ow_int(to, (int)f->number, (int64_t)f->value);
    /* other kinds of numbers do not occur where this is used */
}

ow_buf model_with(content model, const outline *o, const array *const *given)
{
    cm_wire w = wire_of(model);
    cm_wire_field f;
    bool got = true, left = false;
    ow_buf out = {0}, graph = {0};
    while (!cm_wire_next(&w, &f, &got, NULL) && got) {
        if (f.number == MODEL_GRAPH)
            ow_raw(&graph, f.bytes.at, f.bytes.end - f.bytes.at);
        else
            copy_field(&out, &f);
    }
    for (int i = 0; i < o->n_inputs; i++) {
        left = left || !given[i];
        if (!given[i]) continue;
        ow_buf t = {0}; /* of two names in a message the last counts */
        ow_raw(&t, given[i]->file.data, given[i]->file.size);
        ow_string(&t, TENSOR_NAME, o->inputs[i].name);
        ow_int(&t, TENSOR_TYPE, given[i]->type);
        ow_initializer(&graph, &t);
    }
    if (!left) ow_input(&graph, "cohmark_unused", OW_FLOAT, 1, (const int64_t[]){1});
    ow_message(&out, MODEL_GRAPH, &graph);
    return out;
}
