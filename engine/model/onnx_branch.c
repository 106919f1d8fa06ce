/* If, whose branches are graphs inside a node. They are laid out flat: the nodes of both branches come before
 * the If, each in a scope of names of its own, and the If becomes one node per output that takes the
 * condition and the two answers. Which branch counts is settled by a plan, where the condition must follow
 * from shapes and constants (infer.c); the nodes of the other are never looked at. Nothing here goes deeper
 * than CM_CAP_BRANCH_DEPTH. */
#include <string.h>

#include "engine/model/onnx.h"

enum {
    NODE_OUTPUT = 2,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_GRAPH = 6,
    ATTRIBUTE_DOC = 13,
    ATTRIBUTE_TYPE = 20
};

/* -- counting, before lists are taken; what is malformed is told when it is read -- */

static void count_graph(cm_wire w, int depth, cm_onnx_file *out);

static bool next_field(cm_wire *w, cm_wire_field *f)
{
    bool got = false;
    return !cm_wire_next(w, f, &got, NULL) && got;
}

void cm_onnx_count_node(cm_wire node, int depth, cm_onnx_file *out)
{
    int64_t outputs = 0, graphs = 0;
    for (cm_wire_field f; next_field(&node, &f);) {
        outputs += f.number == NODE_OUTPUT;
        if (f.number != NODE_ATTRIBUTE || f.type != CM_WIRE_BYTES) continue;
        for (cm_wire_field part; next_field(&f.bytes, &part);) {
            if (part.number != ATTRIBUTE_GRAPH || part.type != CM_WIRE_BYTES) continue;
            graphs++;
            if (depth < CM_CAP_BRANCH_DEPTH) count_graph(part.bytes, depth + 1, out);
        }
    }
    out->n_nodes += graphs && outputs > 1 ? outputs : 1;
    out->n_scopes += graphs;
}

static void count_graph(cm_wire w, int depth, cm_onnx_file *out)
{
    for (cm_wire_field f; next_field(&w, &f);) {
        if (f.number == CM_ONNX_GRAPH_NODE && f.type == CM_WIRE_BYTES)
            cm_onnx_count_node(f.bytes, depth, out);
        out->n_initializers += f.number == CM_ONNX_GRAPH_INITIALIZER;
    }
}

/* -- reading -- */

cm_status cm_onnx_read_branch_attribute(cm_wire w, cm_wire branches[2], cm_error *err)
{
    cm_onnx_name name = {0};
    cm_wire graph = {0};
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == ATTRIBUTE_NAME) {
            st = cm_onnx_read_name(&f, "attribute name", &name, err);
        } else if (f.number == ATTRIBUTE_GRAPH) {
            st = cm_wire_expect(&f, CM_WIRE_BYTES, "branch", err);
            graph = f.bytes;
        } else if (f.number != ATTRIBUTE_TYPE && f.number != ATTRIBUTE_DOC) {
            st = CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "an attribute of If is not a branch",
                         .why = cm_strf("field %d", (int)f.number).s, .next = "Export the model again");
        }
    }
    if (st) return st;
    const bool is_then = name.length == 11 && !memcmp(name.text, "then_branch", 11);
    const bool is_else = name.length == 11 && !memcmp(name.text, "else_branch", 11);
    if (!graph.at || (!is_then && !is_else) || branches[is_else].at)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "If must have a then_branch and an else_branch",
                       .why = cm_strf("attribute \"%.*s\"", (int)name.length, name.text ? name.text : "").s,
                       .next = "Export the model again");
    branches[is_else] = graph;
    return CM_OK;
}

static cm_status add_node(cm_onnx_reader *r, const cm_onnx_node *node, cm_error *err)
{
    r->links += node->node.n_inputs + node->node.n_outputs;
    if (r->nodes >= r->out->n_nodes || r->links > CM_CAP_ALL_LINKS)
        return CM_FAIL(err, CM_ERR_LIMIT,
                       .what = "the model has more inputs and outputs of nodes than are allowed",
                       .why = cm_strf("at most %d", CM_CAP_ALL_LINKS).s, .next = "See docs/limits.md");
    r->out->nodes[r->nodes++] = *node;
    return CM_OK;
}

/* Name of an output of a branch; its type follows from the node that writes it. */
static cm_status read_output_name(cm_wire w, cm_onnx_name *out, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    *out = (cm_onnx_name){0};
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got)
        if (f.number == 1) st = cm_onnx_read_name(&f, "name of an output of a branch", out, err);
    if (!st && !out->length)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "an output of a branch has no name",
                     .next = "Export the model again");
    return st;
}

static cm_status read_branch(cm_onnx_reader *r, cm_wire w, int32_t scope, int64_t position,
                             cm_onnx_name *outputs, int n_outputs, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    int found = 0;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        const bool ours = f.number == CM_ONNX_GRAPH_NODE || f.number == CM_ONNX_GRAPH_INITIALIZER ||
                          f.number == CM_ONNX_GRAPH_OUTPUT;
        if (ours) st = cm_wire_expect(&f, CM_WIRE_BYTES, "part of a branch", err);
        if (st) return st;
        if (f.number == CM_ONNX_GRAPH_NODE) {
            st = cm_onnx_read_scoped_node(r, f.bytes, scope, position, err);
        } else if (f.number == CM_ONNX_GRAPH_INITIALIZER) {
            st = cm_onnx_read_initializer(r, f.bytes, scope, err);
        } else if (f.number == CM_ONNX_GRAPH_OUTPUT) {
            cm_onnx_name name;
            st = read_output_name(f.bytes, &name, err);
            if (!st && found < n_outputs) outputs[found] = name;
            found++;
        } else if (f.number == CM_ONNX_GRAPH_INPUT || f.number == CM_ONNX_GRAPH_SPARSE) {
            st = CM_FAIL(err, f.number == CM_ONNX_GRAPH_SPARSE ? CM_ERR_POLICY : CM_ERR_FORMAT,
                         .what = f.number == CM_ONNX_GRAPH_SPARSE ? "sparse initialisers are not allowed"
                                                                  : "a branch of If has an input",
                         .next = "Export the model again");
        }
    }
    if (!st && found != n_outputs)
        st = CM_FAIL(err, CM_ERR_FORMAT, .what = "a branch of If has another number of outputs than the If",
                     .why = cm_strf("%d, expected %d", found, n_outputs).s, .next = "Export the model again");
    return st;
}

static cm_status open_scope(cm_onnx_reader *r, int32_t parent, bool when, int32_t *out, cm_error *err)
{
    cm_onnx_file *file = r->out;
    const int depth = file->scopes[parent].depth + 1;
    if (depth > CM_CAP_BRANCH_DEPTH || r->scopes >= file->n_scopes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "branches lie deeper inside each other than is allowed",
                       .why = cm_strf("at most %d", CM_CAP_BRANCH_DEPTH).s, .next = "See docs/limits.md");
    *out = (int32_t)r->scopes++;
    file->scopes[*out] = (cm_scope){.parent = parent, .when = when, .condition = -1, .depth = depth};
    return CM_OK;
}

/* One node per output: condition, answer of then, answer of else. */
static cm_status add_choices(cm_onnx_reader *r, const cm_onnx_node *node, const int32_t scopes[2],
                             cm_onnx_name *const answers[2], cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = 0; !st && i < node->node.n_outputs; i++) {
        cm_onnx_node one = *node;
        one.node.n_inputs = 3;
        one.node.n_outputs = 1;
        one.outputs = &node->outputs[i];
        st = cm_memory_take(r->memory, 3, sizeof *one.inputs, &one.inputs, err);
        if (!st) st = cm_memory_take(r->memory, 3, sizeof *one.input_scopes, &one.input_scopes, err);
        if (st) return st;
        one.inputs[0] = node->inputs[0];
        one.input_scopes[0] = node->node.scope;
        for (int b = 0; b < 2; b++) {
            one.inputs[1 + b] = answers[b][i];
            one.input_scopes[1 + b] = scopes[b];
        }
        st = add_node(r, &one, err);
    }
    return st;
}

static cm_status read_branches(cm_onnx_reader *r, const cm_onnx_node *node, cm_error *err)
{
    const int n = node->node.n_outputs;
    int32_t scopes[2];
    cm_onnx_name *answers[2] = {NULL, NULL};
    if (node->node.n_inputs != 1 || n < 1 || !node->branches[0].at || !node->branches[1].at)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "If must have a condition, two branches and outputs",
                       .next = "Export the model again");
    cm_status st = CM_OK;
    for (int b = 0; !st && b < 2; b++) {
        st = cm_memory_take(r->memory, n, sizeof **answers, &answers[b], err);
        if (!st) st = open_scope(r, node->node.scope, b == 0, &scopes[b], err);
        if (!st) st = read_branch(r, node->branches[b], scopes[b], node->node.position, answers[b], n, err);
    }
    return st ? st : add_choices(r, node, scopes, answers, err);
}

cm_status cm_onnx_read_scoped_node(cm_onnx_reader *r, cm_wire bytes, int32_t scope, int64_t position,
                                   cm_error *err)
{
    cm_onnx_node node;
    cm_status st = cm_onnx_read_node(bytes, position, r->limits, &r->room, r->memory, &node, err);
    if (st) return st;
    node.node.scope = scope;
    if (strcmp(node.node.type, "If") != 0) return add_node(r, &node, err);
    st = read_branches(r, &node, err);
    if (st) cm_error_context(err, cm_node_where(&node.node).s);
    return st;
}
