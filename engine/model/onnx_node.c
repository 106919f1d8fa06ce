/* NodeProto and AttributeProto. */
#include "engine/model/onnx.h"

#include <string.h>

#include "engine/model/operator.h"

/* AttributeProto.AttributeType of what is refused */
enum {
    KIND_GRAPH = 5,
    KIND_STRINGS = 8,
    KIND_TENSORS = 9,
    KIND_GRAPHS = 10,
    KIND_SPARSE = 11,
    KIND_SPARSES = 12,
    KIND_TYPE = 13,
    KIND_TYPES = 14
};

static cm_status refuse_attribute(int kind, cm_error *err)
{
    switch (kind) {
    case KIND_GRAPH:
    case KIND_GRAPHS:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "a graph inside a node (control flow) is not allowed",
                       .next = "Export the model without loops; If is the only operator with graphs inside");
    case KIND_SPARSE:
    case KIND_SPARSES:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "sparse tensors are not allowed",
                       .next = "Export the model with dense tensors");
    case KIND_TYPE:
    case KIND_TYPES:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "sequence and optional types are not allowed",
                       .next = "Export a model that works on tensors only");
    default:
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "an attribute of this kind is not supported",
                       .why = cm_strf("attribute type %d", kind).s, .next = "See docs/operators.md");
    }
}

/* Lists are counted in a first pass, so that they are taken in one piece. */
typedef struct list_sizes {
    int64_t floats, ints;
} list_sizes;

static cm_status count_lists(cm_wire w, list_sizes *sizes, cm_error *err)
{
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got) {
        if (f.number == 7)
            st = cm_wire_numbers(&f, CM_WIRE_FIXED32, NULL, &sizes->floats, "floats", err);
        else if (f.number == 8)
            st = cm_wire_numbers(&f, CM_WIRE_VARINT, NULL, &sizes->ints, "ints", err);
        if (!st && (sizes->floats > CM_CAP_ATTRIBUTE_ITEMS || sizes->ints > CM_CAP_ATTRIBUTE_ITEMS))
            st = CM_FAIL(err, CM_ERR_LIMIT, .what = "an attribute is a longer list than is allowed",
                         .why = cm_strf("more than %d numbers", CM_CAP_ATTRIBUTE_ITEMS).s,
                         .next = "See docs/limits.md");
    }
    return st;
}

typedef struct attribute_reader {
    cm_attribute *a;
    uint64_t *floats, *ints; /* as they lie in the file */
    int64_t n_floats, n_ints;
    int has; /* bit of each kind that was seen, for files that leave the type out (IR version 1) */
    const cm_model_limits *limits;
    int64_t *room;
    cm_memory *memory;
} attribute_reader;

static cm_status read_attribute_tensor(attribute_reader *r, const cm_wire_field *f, cm_error *err)
{
    cm_tensor *tensor = NULL;
    cm_onnx_name name = {0};
    cm_status st = cm_wire_expect(f, CM_WIRE_BYTES, "attribute tensor", err);
    if (!st) st = cm_memory_take(r->memory, 1, sizeof *tensor, &tensor, err);
    if (!st) st = cm_onnx_read_tensor(f->bytes, r->limits, r->room, r->memory, &name, tensor, err);
    if (!st) st = cm_onnx_align_tensor(tensor, r->memory, err);
    r->a->tensor = tensor;
    return st;
}

static cm_status read_attribute_field(attribute_reader *r, const cm_wire_field *f, cm_error *err)
{
    cm_attribute *a = r->a;
    cm_onnx_name name = {0};
    cm_status st = CM_OK;
    switch (f->number) {
    case 1:
        st = cm_onnx_read_name(f, "attribute name", &name, err);
        return st ? st : cm_memory_text(r->memory, name.text, name.length, &a->name, err);
    case 2:
        r->has |= 1 << CM_ATTRIBUTE_FLOAT;
        a->f = (double)cm_wire_float(f->value);
        return cm_wire_expect(f, CM_WIRE_FIXED32, "attribute number", err);
    case 3:
        r->has |= 1 << CM_ATTRIBUTE_INT;
        a->i = (int64_t)f->value;
        return cm_wire_expect(f, CM_WIRE_VARINT, "attribute number", err);
    case 4:
        r->has |= 1 << CM_ATTRIBUTE_STRING;
        st = cm_onnx_read_name(f, "attribute text", &name, err);
        return st ? st : cm_memory_text(r->memory, name.text, name.length, &a->s, err);
    case 5:
        r->has |= 1 << CM_ATTRIBUTE_TENSOR;
        return read_attribute_tensor(r, f, err);
    case 6:
        return refuse_attribute(KIND_GRAPH, err);
    case 7:
        r->has |= 1 << CM_ATTRIBUTE_FLOATS;
        return cm_wire_numbers(f, CM_WIRE_FIXED32, r->floats, &r->n_floats, "floats", err);
    case 8:
        r->has |= 1 << CM_ATTRIBUTE_INTS;
        return cm_wire_numbers(f, CM_WIRE_VARINT, r->ints, &r->n_ints, "ints", err);
    case 9:
    case 10:
        return refuse_attribute(f->number == 9 ? KIND_STRINGS : KIND_TENSORS, err);
    case 11:
        return refuse_attribute(KIND_GRAPHS, err);
    case 14:
    case 15:
        return refuse_attribute(KIND_TYPE, err);
    case 20:
        a->kind = (cm_attribute_kind)(f->value > 99 ? 99 : f->value);
        return cm_wire_expect(f, CM_WIRE_VARINT, "attribute type", err);
    case 21:
        return CM_FAIL(err, CM_ERR_POLICY, .what = "an attribute refers to a function's parameter",
                       .next = "Export the model without functions");
    case 22:
    case 23:
        return refuse_attribute(KIND_SPARSE, err);
    default:
        return CM_OK;
    }
}

/* The kind is what the file says; a file that does not say it shows it by the field it uses. */
static cm_status settle_kind(attribute_reader *r, cm_error *err)
{
    cm_attribute *a = r->a;
    if (!a->name || !a->name[0])
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "an attribute has no name",
                       .next = "Export the model again");
    for (int kind = CM_ATTRIBUTE_FLOAT; a->kind == 0 && kind <= CM_ATTRIBUTE_INTS; kind++)
        if (r->has == 1 << kind) a->kind = (cm_attribute_kind)kind;
    switch (a->kind) {
    case CM_ATTRIBUTE_STRING:
        if (!a->s) a->s = "";
        return CM_OK;
    case CM_ATTRIBUTE_TENSOR:
        if (a->tensor) return CM_OK;
        return CM_FAIL(err, CM_ERR_FORMAT, .what = cm_strf("attribute %s has no tensor", a->name).s,
                       .next = "Export the model again");
    case CM_ATTRIBUTE_FLOAT:
    case CM_ATTRIBUTE_INT:
    case CM_ATTRIBUTE_FLOATS:
    case CM_ATTRIBUTE_INTS:
        return CM_OK;
    }
    return refuse_attribute((int)a->kind, err);
}

static cm_status read_attribute(cm_wire bytes, attribute_reader *r, cm_error *err)
{
    list_sizes sizes = {0};
    cm_status st = count_lists(bytes, &sizes, err);
    const int64_t taken = (sizes.floats + sizes.ints) * (int64_t)sizeof(int64_t); /* both capped */
    if (!st && taken > *r->room)
        st = CM_FAIL(
            err, CM_ERR_LIMIT, .what = "the lists in the attributes of the model are too long together",
            .why =
                cm_strf("with the weights more than %lld bytes", (long long)r->limits->initializer_bytes).s,
            .next = "See docs/limits.md");
    if (!st) *r->room -= taken;
    if (!st) st = cm_memory_take(r->memory, sizes.floats, sizeof *r->floats, &r->floats, err);
    if (!st) st = cm_memory_take(r->memory, sizes.ints, sizeof *r->ints, &r->ints, err);
    cm_wire w = bytes;
    cm_wire_field f;
    bool got = true;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got)
        st = read_attribute_field(r, &f, err);
    if (!st) st = settle_kind(r, err);
    if (!st) {
        double *floats = (double *)r->floats; /* same size: widened in place */
        for (int64_t i = 0; i < r->n_floats; i++)
            floats[i] = (double)cm_wire_float(r->floats[i]);
        r->a->floats = floats;
        r->a->ints = (const int64_t *)r->ints;
        r->a->count = r->a->kind == CM_ATTRIBUTE_FLOATS ? r->n_floats : r->n_ints;
    }
    if (st && r->a->name) cm_error_context(err, cm_strf("attribute %s", r->a->name).s);
    return st;
}

enum { FIELD_ATTRIBUTE = 5 }; /* of NodeProto */

static cm_status count_links(cm_wire w, int64_t counts[3], cm_error *err)
{
    static const int field_of[] = {1, 2, FIELD_ATTRIBUTE};
    static const char *const names[] = {"inputs", "outputs", "attributes"};
    static const int64_t caps[] = {CM_CAP_LINKS, CM_CAP_LINKS, CM_CAP_ATTRIBUTES};
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got)
        for (int i = 0; i < 3; i++)
            counts[i] += (int)f.number == field_of[i];
    for (int i = 0; !st && i < 3; i++)
        if (counts[i] > caps[i])
            st =
                CM_FAIL(err, CM_ERR_LIMIT, .what = cm_strf("a node has more %s than are allowed", names[i]).s,
                        .why = cm_strf("%lld, at most %lld", (long long)counts[i], (long long)caps[i]).s,
                        .next = "See docs/limits.md");
    return st;
}

static cm_status check_operator(cm_node *node, cm_onnx_name domain, cm_error *err)
{
    bool standard = domain.length == 0 || (domain.length == 7 && !memcmp(domain.text, "ai.onnx", 7));
    if (!standard)
        return CM_FAIL(
            err, CM_ERR_POLICY,
            .what = cm_strf("operators of domain %.*s are not allowed", (int)domain.length, domain.text).s,
            .why = cm_strf("operator %s", node->type).s,
            .next = "Export with operators of the standard domain (ai.onnx) only");
    if (cm_operator_is_banned(node->type))
        return CM_FAIL(err, CM_ERR_POLICY, .what = cm_strf("operator %s is not allowed", node->type).s,
                       .why = "loops, sequences, optional values, strings and random numbers are refused",
                       .next = "Export the model without it");
    node->op = cm_operator_find(node->type);
    if (!node->op)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = cm_strf("operator %s is not supported", node->type).s,
                       .next = "Export with operators of docs/operators.md");
    return CM_OK;
}

static cm_status read_node_field(const cm_wire_field *f, cm_onnx_node *out, cm_onnx_name *domain,
                                 attribute_reader *reader, cm_error *err)
{
    cm_node *node = &out->node;
    cm_onnx_name name = {0};
    cm_status st = CM_OK;
    switch (f->number) {
    case 1:
        return cm_onnx_read_name(f, "input name", &out->inputs[node->n_inputs++], err);
    case 2:
        return cm_onnx_read_name(f, "output name", &out->outputs[node->n_outputs++], err);
    case 3:
        st = cm_onnx_read_name(f, "node name", &name, err);
        return st ? st : cm_memory_text(reader->memory, name.text, name.length, &node->name, err);
    case 4:
        st = cm_onnx_read_name(f, "operator name", &name, err);
        return st ? st : cm_memory_text(reader->memory, name.text, name.length, &node->type, err);
    case FIELD_ATTRIBUTE:
        st = cm_wire_expect(f, CM_WIRE_BYTES, "attribute", err);
        if (st || !strcmp(node->type, "If"))
            return st ? st : cm_onnx_read_branch_attribute(f->bytes, out->branches, err);
        reader->a = &node->attributes[node->n_attributes++];
        reader->n_floats = reader->n_ints = 0;
        reader->has = 0;
        return read_attribute(f->bytes, reader, err);
    case 7:
        return cm_onnx_read_name(f, "operator domain", domain, err);
    default:
        return CM_OK;
    }
}

/* An attribute given twice would leave open which one counts. */
static cm_status check_attribute_names(const cm_node *node, cm_error *err)
{
    for (int i = 0; i < node->n_attributes; i++)
        for (int j = 0; j < i; j++)
            if (!strcmp(node->attributes[i].name, node->attributes[j].name))
                return CM_FAIL(err, CM_ERR_FORMAT,
                               .what = cm_strf("attribute %s is given twice", node->attributes[i].name).s,
                               .next = "Export the model again");
    return CM_OK;
}

cm_status cm_onnx_read_node(cm_wire bytes, int64_t position, const cm_model_limits *limits, int64_t *room,
                            cm_memory *memory, cm_onnx_node *out, cm_error *err)
{
    cm_node *node = &out->node;
    *out = (cm_onnx_node){.node = {.name = "", .type = "", .position = position}};
    cm_onnx_name domain = {0};
    attribute_reader reader = {.limits = limits, .room = room, .memory = memory};
    int64_t counts[3] = {0};
    cm_wire_field f;
    bool got = true;
    cm_status st = count_links(bytes, counts, err);
    if (!st) st = cm_memory_take(memory, counts[0], sizeof *out->inputs, &out->inputs, err);
    if (!st) st = cm_memory_take(memory, counts[1], sizeof *out->outputs, &out->outputs, err);
    if (!st) st = cm_memory_take(memory, counts[2], sizeof *node->attributes, &node->attributes, err);
    for (cm_wire w = bytes; !st && !(st = cm_wire_next(&w, &f, &got, err)) && got;)
        if (f.number != FIELD_ATTRIBUTE) st = read_node_field(&f, out, &domain, &reader, err);
    if (!st) /* before its attributes: an operator that is not allowed is refused by name */
        st = check_operator(node, domain, err);
    for (cm_wire w = bytes; !st && !(st = cm_wire_next(&w, &f, &got, err)) && got;)
        if (f.number == FIELD_ATTRIBUTE) st = read_node_field(&f, out, &domain, &reader, err);
    if (!st) st = check_attribute_names(node, err);
    if (st) cm_error_context(err, cm_node_where(node).s);
    return st;
}
