/* From a file to a checked graph: names become numbers, every name is written once and before it is read. */
#include "engine/model/graph.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/model/onnx.h"
#include "engine/model/operator.h"

cm_str cm_node_where(const cm_node *node)
{
    if (node->name[0])
        return cm_strf("node %lld \"%s\" (%s)", (long long)node->position, node->name, node->type);
    return cm_strf("node %lld (%s)", (long long)node->position, node->type);
}

/* -- names -- */

typedef struct definition {
    cm_onnx_name name;
    int32_t scope, value;
} definition;

static int compare_names(cm_onnx_name a, cm_onnx_name b)
{
    int32_t shorter = a.length < b.length ? a.length : b.length;
    int c = shorter ? memcmp(a.text, b.text, (size_t)shorter) : 0;
    return c ? c : (a.length > b.length) - (a.length < b.length);
}

static int compare_definitions(const void *a, const void *b)
{
    const definition *p = a, *q = b;
    const int c = compare_names(p->name, q->name);
    return c ? c : (p->scope > q->scope) - (p->scope < q->scope);
}

/* Sorted once, then searched: no hash that a hostile file could aim at. */
typedef struct name_table {
    definition *rows;
    int64_t count;
} name_table;

static int32_t find_value(const name_table *table, cm_onnx_name name, int32_t scope)
{
    definition key = {.name = name, .scope = scope};
    const definition *row =
        table->count ? bsearch(&key, table->rows, (size_t)table->count, sizeof key, compare_definitions)
                     : NULL;
    return row ? row->value : -1;
}

static cm_status sort_names(name_table *table, cm_error *err)
{
    qsort(table->rows, (size_t)table->count, sizeof *table->rows, compare_definitions);
    for (int64_t i = 1; i < table->count; i++)
        if (!compare_definitions(&table->rows[i - 1], &table->rows[i]))
            return CM_FAIL(
                err, CM_ERR_FORMAT, .what = "a name is assigned twice",
                .why = cm_strf("\"%.*s\"", (int)table->rows[i].name.length, table->rows[i].name.text).s,
                .next = "Export the model again: each tensor must be written by one node");
    return CM_OK;
}

/* -- building -- */

typedef struct builder {
    cm_model *model;
    const cm_onnx_file *file;
    name_table initializers; /* by name, value = index of the initialiser */
    name_table values;
    cm_memory scratch;
} builder;

static cm_status add_value(builder *b, cm_onnx_name name, int32_t scope, const cm_tensor *constant,
                           int32_t producer, cm_error *err)
{
    cm_model *m = b->model;
    int32_t number = (int32_t)m->n_values++;
    cm_value *v = &m->values[number];
    v->constant = constant;
    v->producer = producer;
    b->values.rows[b->values.count++] = (definition){name, scope, number};
    return cm_memory_text(&m->memory, name.text, name.length, &v->name, err);
}

static cm_status index_initializers(builder *b, cm_error *err)
{
    const cm_onnx_file *file = b->file;
    cm_status st =
        cm_memory_take(&b->scratch, file->n_initializers, sizeof(definition), &b->initializers.rows, err);
    for (int64_t i = 0; !st && i < file->n_initializers; i++)
        b->initializers.rows[b->initializers.count++] =
            (definition){file->initializers[i].name, file->initializers[i].scope, (int32_t)i};
    return st ? st : sort_names(&b->initializers, err);
}

/* Graph inputs that are initialisers too (the way before IR version 4) are just initialisers. */
static cm_status add_inputs(builder *b, cm_error *err)
{
    cm_model *m = b->model;
    cm_status st = CM_OK;
    for (int64_t i = 0; !st && i < b->file->n_inputs; i++) {
        const cm_model_io *io = &b->file->inputs[i];
        cm_onnx_name name = {io->name, (int32_t)strlen(io->name)};
        if (find_value(&b->initializers, name, 0) >= 0) continue;
        if (m->n_inputs == CM_CAP_GRAPH_IO)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "the model has more inputs than are allowed",
                           .why = cm_strf("at most %d", CM_CAP_GRAPH_IO).s, .next = "See docs/limits.md");
        m->inputs[m->n_inputs] = *io;
        m->input_values[m->n_inputs++] = (int32_t)m->n_values;
        st = add_value(b, name, 0, NULL, -1, err);
    }
    return st;
}

static cm_status add_initializers(builder *b, cm_error *err)
{
    cm_model *m = b->model;
    cm_status st = CM_OK;
    for (int64_t i = 0; !st && i < b->file->n_initializers; i++) {
        const cm_onnx_initializer *init = &b->file->initializers[i];
        if (init->tensor.element == CM_ELEMENT_F32) m->parameters += cm_tensor_count(&init->tensor);
        m->initializer_bytes += cm_tensor_count(&init->tensor) * cm_element_bytes(init->tensor.element);
        st = add_value(b, init->name, init->scope, &init->tensor, -1, err);
    }
    return st;
}

/* Numbers for the outputs of all nodes. An empty name is an output nobody wants. */
static cm_status add_node_outputs(builder *b, cm_error *err)
{
    cm_model *m = b->model;
    cm_status st = CM_OK;
    for (int64_t n = 0; !st && n < m->n_nodes; n++) {
        const cm_onnx_node *from = &b->file->nodes[n];
        cm_node *node = &m->nodes[n];
        *node = from->node;
        st = cm_memory_take(&m->memory, node->n_inputs, sizeof *node->inputs, &node->inputs, err);
        if (!st) st = cm_memory_take(&m->memory, node->n_outputs, sizeof *node->outputs, &node->outputs, err);
        for (int i = 0; !st && i < node->n_outputs; i++) {
            node->outputs[i] = from->outputs[i].length ? (int32_t)m->n_values : -1;
            if (from->outputs[i].length)
                st = add_value(b, from->outputs[i], node->scope, NULL, (int32_t)n, err);
        }
    }
    return st;
}

/* In the scope or those around it; -1 = nowhere. */
static int32_t find_in_scopes(const builder *b, cm_onnx_name name, int32_t scope)
{
    int32_t value = -1;
    for (; value < 0 && scope >= 0; scope = b->model->scopes[scope].parent)
        value = find_value(&b->values, name, scope);
    return value;
}

static cm_status resolve_inputs(builder *b, int64_t n, cm_error *err)
{
    const cm_onnx_node *from = &b->file->nodes[n];
    cm_node *node = &b->model->nodes[n];
    for (int i = 0; i < node->n_inputs; i++) {
        cm_onnx_name name = from->inputs[i];
        node->inputs[i] = -1;
        if (!name.length) continue;
        int32_t value = find_in_scopes(b, name, from->input_scopes ? from->input_scopes[i] : node->scope);
        if (value < 0)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "an input of a node is not defined anywhere",
                           .why = cm_strf("\"%.*s\"", (int)name.length, name.text).s,
                           .next = "Export the model again");
        if (b->model->values[value].producer >= n)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "the graph is not in topological order",
                           .why = cm_strf("\"%.*s\" is read here but written by node %d", (int)name.length,
                                          name.text, (int)b->model->values[value].producer)
                                      .s,
                           .next = "Export the model again; a graph with a cycle cannot be run");
        node->inputs[i] = value;
        if (i > 0 && from->input_scopes) b->model->scopes[from->input_scopes[i]].condition = node->inputs[0];
    }
    return CM_OK;
}

/* Number of inputs and outputs against the table, and the opset in which the operator exists. */
static cm_status check_signature(const cm_node *node, int opset, cm_error *err)
{
    const cm_operator *op = node->op;
    if (opset < op->first_opset || (op->last_opset && opset > op->last_opset))
        return CM_FAIL(err, CM_ERR_FORMAT,
                       .what = cm_strf("operator %s does not exist in opset %d", op->name, opset).s,
                       .next = "Export the model again");
    if (node->n_inputs < op->min_x || (op->max_x >= 0 && node->n_inputs > op->max_x))
        return CM_FAIL(err, CM_ERR_FORMAT,
                       .what = cm_strf("operator %s has a wrong number of inputs", op->name).s,
                       .why = cm_strf("%d, expected %d to %d", node->n_inputs, op->min_x, op->max_x).s,
                       .next = "Export the model again");
    if (node->n_outputs < op->min_y || node->n_outputs > op->max_y)
        return CM_FAIL(err, node->n_outputs < op->min_y ? CM_ERR_FORMAT : CM_ERR_UNSUPPORTED,
                       .what =
                           cm_strf("operator %s has a number of outputs that is not supported", op->name).s,
                       .why = cm_strf("%d, expected %d to %d", node->n_outputs, op->min_y, op->max_y).s,
                       .next = "See docs/operators.md");
    for (int i = 0; i < op->min_x; i++)
        if (node->inputs[i] < 0)
            return CM_FAIL(err, CM_ERR_FORMAT,
                           .what = cm_strf("operator %s lacks an input that it needs", op->name).s,
                           .why = cm_strf("input %d is left out", i).s, .next = "Export the model again");
    return CM_OK;
}

static cm_status resolve_nodes(builder *b, cm_error *err)
{
    cm_status st = CM_OK;
    for (int64_t n = 0; !st && n < b->model->n_nodes; n++) {
        st = resolve_inputs(b, n, err);
        if (!st) st = check_signature(&b->model->nodes[n], b->model->opset, err);
        if (st) cm_error_context(err, cm_node_where(&b->model->nodes[n]).s);
    }
    return st;
}

static cm_status resolve_outputs(builder *b, cm_error *err)
{
    cm_model *m = b->model;
    if (b->file->n_outputs == 0)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the model has no output", .next = "Export it again");
    for (int i = 0; i < b->file->n_outputs; i++) {
        m->outputs[i] = b->file->outputs[i];
        cm_onnx_name name = {m->outputs[i].name, (int32_t)strlen(m->outputs[i].name)};
        m->output_values[i] = find_value(&b->values, name, 0);
        if (m->output_values[i] < 0)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "an output of the model is not defined anywhere",
                           .why = cm_strf("\"%s\"", m->outputs[i].name).s, .next = "Export the model again");
        m->n_outputs++;
    }
    return CM_OK;
}

/* Lists that are as long as the file's, taken before they are filled. */
static cm_status take_lists(builder *b, cm_error *err)
{
    cm_model *m = b->model;
    int64_t values = b->file->n_inputs + b->file->n_initializers;
    for (int64_t n = 0; n < b->file->n_nodes; n++)
        values += b->file->nodes[n].node.n_outputs;
    m->n_nodes = b->file->n_nodes;
    m->n_scopes = b->file->n_scopes;
    m->scopes = b->file->scopes; /* in the model's memory, as all that was read */
    cm_status st = cm_memory_take(&m->memory, m->n_nodes, sizeof *m->nodes, &m->nodes, err);
    if (!st) st = cm_memory_take(&m->memory, values, sizeof *m->values, &m->values, err);
    if (!st) st = cm_memory_take(&b->scratch, values, sizeof(definition), &b->values.rows, err);
    if (!st) st = cm_memory_take(&m->memory, CM_CAP_GRAPH_IO, sizeof *m->inputs, &m->inputs, err);
    if (!st) st = cm_memory_take(&m->memory, CM_CAP_GRAPH_IO, sizeof *m->outputs, &m->outputs, err);
    if (!st) st = cm_memory_take(&m->memory, CM_CAP_GRAPH_IO, sizeof *m->input_values, &m->input_values, err);
    if (!st)
        st = cm_memory_take(&m->memory, CM_CAP_GRAPH_IO, sizeof *m->output_values, &m->output_values, err);
    return st;
}

static cm_status build(cm_model *model, const cm_onnx_file *file, cm_error *err)
{
    builder b = {.model = model, .file = file};
    model->opset = file->opset;
    cm_status st = take_lists(&b, err);
    if (!st) st = index_initializers(&b, err);
    if (!st) st = add_inputs(&b, err);
    if (!st) st = add_initializers(&b, err);
    if (!st) st = add_node_outputs(&b, err);
    if (!st) st = sort_names(&b.values, err);
    if (!st) st = resolve_nodes(&b, err);
    if (!st) st = resolve_outputs(&b, err);
    cm_memory_fini(&b.scratch);
    return st;
}

/* -- the file -- */

static cm_status map_file(const char *path, cm_model *m, cm_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return CM_FAIL(err, errno == ENOENT || errno == ENOTDIR ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                       .what = "the model file cannot be opened", .why = strerror(errno));
    cm_status st = CM_OK;
    struct stat info;
    if (fstat(fd, &info))
        st = CM_FAIL(err, CM_ERR_IO, .what = "the model file cannot be looked at", .why = strerror(errno));
    else if (!S_ISREG(info.st_mode))
        st = CM_FAIL(err, CM_ERR_POLICY, .what = "the model is not a regular file");
    else if (info.st_size > m->limits.file_bytes)
        st = CM_FAIL(err, CM_ERR_LIMIT, .what = "the model file is larger than is allowed",
                     .why = cm_strf("%lld bytes, at most %lld", (long long)info.st_size,
                                    (long long)m->limits.file_bytes)
                                .s,
                     .next = "See docs/limits.md");
    else if (info.st_size == 0)
        st = CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the model file is empty", .next = "Copy it again");
    if (!st) {
        void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            st =
                CM_FAIL(err, CM_ERR_NOMEM, .what = "the model file cannot be mapped", .why = strerror(errno));
        } else {
            m->file = at;
            m->file_bytes = info.st_size;
            m->is_mapped = true;
        }
    }
    close(fd);
    return st;
}

/* A new model that knows its limits, no file yet. */
static cm_status new_model(const cm_model_limits *limits, const char *name, cm_model **out, cm_error *err)
{
    cm_model *m = calloc(1, sizeof *m);
    *out = m;
    if (!m) return CM_FAIL(err, CM_ERR_NOMEM, .what = "not enough memory for the model", .where = name);
    if (limits)
        m->limits = *limits;
    else
        cm_model_limits_default(&m->limits);
    return CM_OK;
}

/* Reads the file that m holds; m is closed on failure. */
static cm_status read_model(cm_model *m, const char *name, cm_status st, cm_model **out, cm_error *err)
{
    cm_memory scratch = {0};
    cm_onnx_file *file = NULL;
    if (!st) st = cm_sha256_of(m->file, m->file_bytes, &m->digest);
    if (!st) st = cm_memory_take(&scratch, 1, sizeof *file, &file, err);
    if (!st)
        st = cm_onnx_read((cm_wire){m->file, m->file + m->file_bytes}, &m->limits, &m->memory, file, err);
    if (!st) st = build(m, file, err);
    if (!st) st = cm_model_align_constants(m, err);
    cm_memory_fini(&scratch);
    if (st) {
        cm_error_context(err, name);
        cm_model_close(m);
        return st;
    }
    cm_model_give_back(m, m->file, m->file_bytes); /* the hash read all of it */
    *out = m;
    return CM_OK;
}

cm_status cm_model_open(const char *path, const cm_model_limits *limits, cm_model **out, cm_error *err)
{
    cm_model *m;
    cm_status st = new_model(limits, path, &m, err);
    if (st) return st;
    st = map_file(path, m, err);
    return read_model(m, path, st, out, err);
}

cm_status cm_model_open_memory(const void *data, int64_t bytes, const char *name,
                               const cm_model_limits *limits, cm_model **out, cm_error *err)
{
    cm_model *m;
    cm_status st = new_model(limits, name, &m, err);
    if (st) return st;
    m->file = data;
    m->file_bytes = bytes;
    m->is_borrowed = true;
    if (bytes > m->limits.file_bytes)
        st = CM_FAIL(
            err, CM_ERR_LIMIT, .what = "the model is larger than is allowed",
            .why = cm_strf("%lld bytes, at most %lld", (long long)bytes, (long long)m->limits.file_bytes).s,
            .next = "see docs/limits.md");
    else if (bytes < 1)
        st = CM_FAIL(err, CM_ERR_TRUNCATED, .what = "the model is empty", .next = "pack the tool again");
    return read_model(m, name, st, out, err);
}

void cm_model_set_mapped(cm_model *model)
{
    model->is_mapped = true;
    cm_model_give_back(model, model->file, model->file_bytes);
}

void cm_model_close(cm_model *model)
{
    if (!model) return;
    if (model->file && !model->is_borrowed) munmap((void *)(uintptr_t)model->file, (size_t)model->file_bytes);
    cm_memory_fini(&model->memory);
    free(model);
}

int cm_model_input_count(const cm_model *model)
{
    return model->n_inputs;
}

int cm_model_output_count(const cm_model *model)
{
    return model->n_outputs;
}

const cm_model_io *cm_model_input(const cm_model *model, int i)
{
    return i >= 0 && i < model->n_inputs ? &model->inputs[i] : NULL;
}

const cm_model_io *cm_model_output(const cm_model *model, int i)
{
    return i >= 0 && i < model->n_outputs ? &model->outputs[i] : NULL;
}

int cm_model_opset(const cm_model *model)
{
    return model->opset;
}

int64_t cm_model_parameters(const cm_model *model)
{
    return model->parameters;
}

const cm_digest *cm_model_digest(const cm_model *model)
{
    return &model->digest;
}

void cm_model_operators(const cm_model *model, void (*sink)(void *context, const char *name, int64_t count),
                        void *context)
{
    for (int i = 0; cm_operator_at(i); i++) { /* the table is sorted by name */
        const cm_operator *op = cm_operator_at(i);
        int64_t count = 0;
        for (int64_t n = 0; n < model->n_nodes; n++)
            count += model->nodes[n].op == op;
        if (count) sink(context, op->name, count);
    }
}
