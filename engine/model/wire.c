/* The protobuf wire format (protobuf.dev, "Encoding"): tag = number << 3 | type, then a varint, 4 or 8 bytes,
 * or a length and as many bytes. */
#include "engine/model/wire.h"

#include <string.h>

static cm_status cut_short(const char *what, int64_t wanted, int64_t present, cm_error *err)
{
    return CM_FAIL(
        err, CM_ERR_TRUNCATED, .what = what,
        .why = cm_strf("%lld bytes are promised, %lld are left", (long long)wanted, (long long)present).s,
        .next = "Copy or export the model again");
}

static cm_status read_varint(cm_wire *w, uint64_t *value, cm_error *err)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (w->at == w->end)
            return cut_short("the model file ends inside a number", shift / 7 + 1, shift / 7, err);
        uint8_t byte = *w->at++;
        if (shift == 63 && byte > 1) break;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = v;
            return CM_OK;
        }
    }
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the model file holds a number longer than 64 bits",
                   .next = "This is not a valid ONNX file; export it again");
}

static cm_status read_fixed(cm_wire *w, int bytes, uint64_t *value, cm_error *err)
{
    if (w->end - w->at < bytes)
        return cut_short("the model file ends inside a number", bytes, w->end - w->at, err);
    *value = 0;
    for (int i = 0; i < bytes; i++)
        *value |= (uint64_t)w->at[i] << (8 * i);
    w->at += bytes;
    return CM_OK;
}

static cm_status read_bytes(cm_wire *w, cm_wire *out, cm_error *err)
{
    uint64_t length = 0;
    cm_status st = read_varint(w, &length, err);
    if (st) return st;
    if (length > (uint64_t)(w->end - w->at))
        return cut_short("the model file is cut short: a length runs past the end",
                         length > INT64_MAX ? INT64_MAX : (int64_t)length, w->end - w->at, err);
    *out = (cm_wire){w->at, w->at + length};
    w->at += length;
    return CM_OK;
}

cm_status cm_wire_next(cm_wire *message, cm_wire_field *field, bool *got, cm_error *err)
{
    *got = message->at < message->end;
    if (!*got) return CM_OK;
    uint64_t tag = 0;
    cm_status st = read_varint(message, &tag, err);
    if (st) return st;
    *field = (cm_wire_field){.number = (uint32_t)(tag >> 3), .type = (cm_wire_type)(tag & 7)};
    if (tag >> 32 || field->number == 0 || field->number > (1u << 29) - 1)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "the model file holds a field number that cannot be",
                       .why = cm_strf("tag %llu", (unsigned long long)tag).s,
                       .next = "This is not a valid ONNX file; export it again");
    switch (field->type) {
    case CM_WIRE_VARINT:
        return read_varint(message, &field->value, err);
    case CM_WIRE_FIXED64:
        return read_fixed(message, 8, &field->value, err);
    case CM_WIRE_FIXED32:
        return read_fixed(message, 4, &field->value, err);
    case CM_WIRE_BYTES:
        return read_bytes(message, &field->bytes, err);
    }
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the model file holds a field of an unknown kind",
                   .why = cm_strf("field %u has wire type %d", (unsigned)field->number, (int)field->type).s,
                   .next = "This is not a valid ONNX file; export it again");
}

cm_status cm_wire_expect(const cm_wire_field *field, cm_wire_type type, const char *name, cm_error *err)
{
    if (field->type == type) return CM_OK;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = cm_strf("%s is stored as the wrong kind of field", name).s,
                   .why = cm_strf("wire type %d, expected %d", (int)field->type, (int)type).s,
                   .next = "This is not a valid ONNX file; export it again");
}

cm_status cm_wire_each_number(const cm_wire_field *field, cm_wire_type of,
                              void (*sink)(void *context, uint64_t value), void *context, const char *name,
                              cm_error *err)
{
    if (field->type == of) {
        sink(context, field->value);
        return CM_OK;
    }
    cm_status st = cm_wire_expect(field, CM_WIRE_BYTES, name, err);
    if (st) return st;
    cm_wire packed = field->bytes;
    while (!st && packed.at < packed.end) {
        uint64_t value = 0;
        if (of == CM_WIRE_VARINT)
            st = read_varint(&packed, &value, err);
        else
            st = read_fixed(&packed, of == CM_WIRE_FIXED32 ? 4 : 8, &value, err);
        if (!st) sink(context, value);
    }
    return st;
}

typedef struct number_list {
    uint64_t *items;
    int64_t *count;
} number_list;

static void append(void *context, uint64_t value)
{
    const number_list *list = context;
    if (list->items) list->items[*list->count] = value;
    ++*list->count;
}

cm_status cm_wire_numbers(const cm_wire_field *field, cm_wire_type of, uint64_t *items, int64_t *count,
                          const char *name, cm_error *err)
{
    number_list list = {items, count};
    return cm_wire_each_number(field, of, append, &list, name, err);
}

float cm_wire_float(uint64_t fixed32)
{
    uint32_t bits = (uint32_t)fixed32;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

double cm_wire_double(uint64_t fixed64)
{
    double d;
    memcpy(&d, &fixed64, sizeof d);
    return d;
}
