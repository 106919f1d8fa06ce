/* TensorProto: dimensions checked before anything is believed, data used in place where it can be. */
#include "engine/model/onnx.h"

#include <assert.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ONNX raw data is little-endian and used in place");

/* TensorProto.DataType */
enum {
    TYPE_FLOAT = 1,
    TYPE_STRING = 8,
    TYPE_BOOL = 9,
    TYPE_FLOAT16 = 10,
    TYPE_DOUBLE = 11,
    TYPE_BFLOAT16 = 16
};

typedef struct type_row {
    const char *name;
    int file_bytes; /* per element in raw_data; 0 = not fixed */
    cm_element element;
    int typed_field; /* of TensorProto, used when raw_data is absent */
} type_row;

static const type_row types[] = {
    [1] = {"float", 4, CM_ELEMENT_F32, 4},    [2] = {"uint8", 1, CM_ELEMENT_U8, 5},
    [3] = {"int8", 1, CM_ELEMENT_I8, 5},      [4] = {"uint16", 2, CM_ELEMENT_U16, 5},
    [5] = {"int16", 2, CM_ELEMENT_I16, 5},    [6] = {"int32", 4, CM_ELEMENT_I32, 5},
    [7] = {"int64", 8, CM_ELEMENT_I64, 7},    [8] = {"string", 0, 0, 6},
    [9] = {"bool", 1, CM_ELEMENT_BOOL, 5},    [10] = {"float16", 2, CM_ELEMENT_F32, 5},
    [11] = {"double", 8, CM_ELEMENT_F32, 10}, [12] = {"uint32", 4, CM_ELEMENT_U32, 11},
    [13] = {"uint64", 8, CM_ELEMENT_U64, 11}, [14] = {"complex64", 8, 0, 4},
    [15] = {"complex128", 16, 0, 10},         [16] = {"bfloat16", 2, CM_ELEMENT_F32, 5},
};

static const type_row *row_of(int64_t data_type)
{
    return data_type >= 1 && data_type < (int64_t)(sizeof types / sizeof *types) ? &types[data_type] : NULL;
}

cm_str cm_onnx_type_name(int64_t data_type)
{
    const type_row *row = row_of(data_type);
    return row ? cm_strf("%s", row->name) : cm_strf("type %lld", (long long)data_type);
}

cm_element cm_onnx_element(int64_t data_type)
{
    const type_row *row = row_of(data_type);
    return row ? row->element : 0;
}

/* The message with its data still where it lies. */
typedef struct raw_tensor {
    cm_onnx_name name;
    int64_t data_type;
    int64_t rank;
    int64_t dim[CM_MAX_RANK];
    cm_wire raw;
    bool has_raw;
    bool segment;
    uint32_t typed; /* bit of each typed field that holds something */
} raw_tensor;

static cm_status take_dims(raw_tensor *t, const cm_wire_field *f, cm_error *err)
{
    uint64_t dims[CM_MAX_RANK];
    int64_t more = 0;
    cm_status st = cm_wire_numbers(f, CM_WIRE_VARINT, NULL, &more, "dims", err);
    if (!st && more > CM_MAX_RANK - t->rank)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor has more dimensions than are allowed",
                       .why = cm_strf("%lld, at most %d", (long long)(t->rank + more), CM_MAX_RANK).s,
                       .next = "See docs/limits.md");
    more = 0;
    if (!st) st = cm_wire_numbers(f, CM_WIRE_VARINT, dims, &more, "dims", err);
    for (int64_t i = 0; !st && i < more; i++)
        t->dim[t->rank++] = (int64_t)dims[i];
    return st;
}

static cm_status refuse_external(cm_error *err)
{
    return CM_FAIL(err, CM_ERR_POLICY, .what = "external data is not allowed",
                   .why = "a tensor says that its values lie in another file",
                   .next = "Save the model as one file with its weights inside");
}

static cm_status take_field(raw_tensor *t, const cm_wire_field *f, cm_error *err)
{
    cm_status st = CM_OK;
    switch (f->number) {
    case 1:
        return take_dims(t, f, err);
    case 2:
        st = cm_wire_expect(f, CM_WIRE_VARINT, "data_type", err);
        t->data_type = (int64_t)f->value;
        return st;
    case 3:
        t->segment = true;
        return CM_OK;
    case 4: /* float_data, int32_data, string_data, int64_data, double_data, uint64_data */
    case 5:
    case 6:
    case 7:
    case 10:
    case 11:
        if (f->type != CM_WIRE_BYTES || f->bytes.at < f->bytes.end) t->typed |= 1u << f->number;
        return CM_OK;
    case 8:
        return cm_onnx_read_name(f, "tensor name", &t->name, err);
    case 9:
        st = cm_wire_expect(f, CM_WIRE_BYTES, "raw_data", err);
        t->raw = f->bytes;
        t->has_raw = true;
        return st;
    case 13:
        return refuse_external(err);
    case 14:
        st = cm_wire_expect(f, CM_WIRE_VARINT, "data_location", err);
        return !st && f->value != 0 ? refuse_external(err) : st;
    default:
        return CM_OK;
    }
}

/* Count of elements from dims, each of them checked. */
static cm_status count_elements(const raw_tensor *t, const cm_model_limits *limits, int64_t *count,
                                cm_error *err)
{
    *count = 1;
    for (int64_t i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0)
            return CM_FAIL(err, CM_ERR_FORMAT, .what = "a tensor has a negative dimension",
                           .why = cm_strf("dimension %lld is %lld", (long long)i, (long long)t->dim[i]).s,
                           .next = "Export the model again");
        if (t->dim[i] > limits->dimension)
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor has a dimension above the limit",
                           .why = cm_strf("dimension %lld is %lld, at most %lld", (long long)i,
                                          (long long)t->dim[i], (long long)limits->dimension)
                                      .s,
                           .next = "See docs/limits.md");
        if (!cm_mul_i64(*count, t->dim[i], count))
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "the dimensions of a tensor multiply past 2^63",
                           .next = "See docs/limits.md");
    }
    return CM_OK;
}

static float from_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 0x1f, fraction = h & 0x3ff, bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        float tiny = (float)fraction * 0x1p-24f; /* subnormal or zero: exact */
        return sign ? -tiny : tiny;
    }
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static float from_bfloat(uint16_t b)
{
    uint32_t bits = (uint32_t)b << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* One element, given as the integer its bytes or its typed field hold. Typed float16 lies in int32_data. */
static void store(const raw_tensor *t, cm_element element, void *data, int64_t i, uint64_t v)
{
    float *f = data;
    switch (t->data_type) {
    case TYPE_FLOAT:
        f[i] = cm_wire_float(v);
        break;
    case TYPE_FLOAT16:
        f[i] = from_half((uint16_t)v);
        break;
    case TYPE_BFLOAT16:
        f[i] = from_bfloat((uint16_t)v);
        break;
    case TYPE_DOUBLE:
        f[i] = (float)cm_wire_double(v);
        break;
    default: /* checked against the type table */
        cm_whole_put(element, data, i, (int64_t)v);
    }
}

static cm_status wrong_size(const char *unit, int64_t expected, int64_t found, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the data of a tensor does not fit its dimensions",
                   .why =
                       cm_strf("expected %lld %s, found %lld", (long long)expected, unit, (long long)found).s,
                   .next = "Export the model again");
}

/* raw_data: in place when nothing has to be changed, aligned for its type or not. */
static cm_status read_raw(const raw_tensor *t, const type_row *row, int64_t count, cm_memory *memory,
                          cm_tensor *out, cm_error *err)
{
    int64_t found = t->raw.end - t->raw.at, expected = 0;
    if (!cm_mul_i64(count, row->file_bytes, &expected) || expected != found)
        return wrong_size("bytes", expected, found, err);
    bool as_is = t->data_type != TYPE_FLOAT16 && t->data_type != TYPE_BFLOAT16 &&
                 t->data_type != TYPE_DOUBLE && t->data_type != TYPE_BOOL;
    if (as_is && count > 0) {
        out->data = (void *)(uintptr_t)t->raw.at; /* read-only mapping: constants are never written */
        return CM_OK;
    }
    cm_status st = cm_memory_take(memory, count, cm_element_bytes(row->element), &out->data, err);
    for (int64_t i = 0; !st && i < count; i++) {
        uint64_t v = 0;
        memcpy(&v, t->raw.at + i * row->file_bytes, (size_t)row->file_bytes);
        store(t, row->element, out->data, i, v);
    }
    return st;
}

/* Numbers of a typed field on their way into a tensor. */
typedef struct filling {
    const raw_tensor *t;
    cm_element element;
    void *data;
    int64_t i;
} filling;

static void store_next(void *context, uint64_t value)
{
    filling *f = context;
    store(f->t, f->element, f->data, f->i++, value);
}

/* float_data, int32_data, int64_data, double_data: counted, compared with the dimensions, then taken. */
static cm_status read_typed(cm_wire bytes, const raw_tensor *t, const type_row *row, int64_t count,
                            cm_memory *memory, cm_tensor *out, cm_error *err)
{
    static const cm_wire_type wire_of[] = {[4] = CM_WIRE_FIXED32,
                                           [5] = CM_WIRE_VARINT,
                                           [7] = CM_WIRE_VARINT,
                                           [10] = CM_WIRE_FIXED64,
                                           [11] = CM_WIRE_VARINT};
    const cm_wire_type of = wire_of[row->typed_field];
    cm_wire_field f;
    bool got = true;
    int64_t found = 0;
    cm_status st = CM_OK;
    for (cm_wire w = bytes; !st && !(st = cm_wire_next(&w, &f, &got, err)) && got;)
        if ((int)f.number == row->typed_field) st = cm_wire_numbers(&f, of, NULL, &found, "tensor data", err);
    if (!st && found != count) return wrong_size("values", count, found, err);
    if (!st) st = cm_memory_take(memory, count, cm_element_bytes(row->element), &out->data, err);
    filling fill = {.t = t, .element = row->element, .data = out->data};
    for (cm_wire w = bytes; !st && !(st = cm_wire_next(&w, &f, &got, err)) && got;)
        if ((int)f.number == row->typed_field)
            st = cm_wire_each_number(&f, of, store_next, &fill, "tensor data", err);
    return st;
}

/* Data in two places would leave open which counts; readers differ in what they take. */
static cm_status check_one_place(const raw_tensor *t, const type_row *row, cm_error *err)
{
    const uint32_t others = t->typed & ~(t->has_raw ? 0 : 1u << row->typed_field);
    if (!others) return CM_OK;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "a tensor has data in more than one field",
                   .why = "raw data and typed data, or typed data of another type",
                   .next = "Export the model again");
}

static cm_status check_type(const raw_tensor *t, const type_row **row, cm_error *err)
{
    *row = row_of(t->data_type);
    if (*row && (*row)->element) return CM_OK;
    cm_str name = cm_onnx_type_name(t->data_type);
    if (t->data_type == TYPE_STRING)
        return CM_FAIL(err, CM_ERR_POLICY, .what = "string tensors are not allowed",
                       .next = "Export a model that works on numbers only");
    if (t->data_type == 0)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "a tensor has no element type",
                       .next = "Export the model again");
    return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = cm_strf("tensors of %s are not supported", name.s).s,
                   .next =
                       "export with float32 weights; float, float16, bfloat16, double, bool and the whole "
                       "numbers of 8 to 64 bits are read");
}

/* The element bytes a tensor takes here, against the caps; *room shrinks. */
static cm_status take_room(const cm_model_limits *limits, int64_t count, cm_element element, int64_t *room,
                           cm_error *err)
{
    int64_t bytes = 0;
    if (!cm_mul_i64(count, cm_element_bytes(element), &bytes) || bytes > limits->tensor_bytes)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "a tensor is larger than is allowed",
                       .why = cm_strf("%lld elements, at most %lld bytes", (long long)count,
                                      (long long)limits->tensor_bytes)
                                  .s,
                       .next = "See docs/limits.md");
    if (bytes > *room)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "the weights of the model are larger than is allowed",
                       .why =
                           cm_strf("more than %lld bytes together", (long long)limits->initializer_bytes).s,
                       .next = "See docs/limits.md");
    *room -= bytes;
    return CM_OK;
}

cm_status cm_onnx_read_tensor(cm_wire bytes, const cm_model_limits *limits, int64_t *room, cm_memory *memory,
                              cm_onnx_name *name, cm_tensor *out, cm_error *err)
{
    raw_tensor t = {0};
    const type_row *row = NULL;
    int64_t count = 0;
    cm_wire w = bytes;
    cm_wire_field f;
    bool got = true;
    cm_status st = CM_OK;
    while (!st && !(st = cm_wire_next(&w, &f, &got, err)) && got)
        st = take_field(&t, &f, err);
    if (!st && t.segment)
        st = CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "a tensor is stored in segments",
                     .next = "Export the model with whole tensors");
    if (!st) st = check_type(&t, &row, err);
    if (!st) st = check_one_place(&t, row, err);
    if (!st) st = count_elements(&t, limits, &count, err);
    if (!st) st = take_room(limits, count, row->element, room, err);
    if (!st) {
        *name = t.name;
        *out = (cm_tensor){.element = row->element, .rank = (int)t.rank};
        memcpy(out->dim, t.dim, sizeof t.dim);
        st = t.has_raw ? read_raw(&t, row, count, memory, out, err)
                       : read_typed(bytes, &t, row, count, memory, out, err);
    }
    if (st && t.name.length)
        cm_error_context(err, cm_strf("tensor \"%.*s\"", (int)t.name.length, t.name.text).s);
    return st;
}

cm_status cm_onnx_align_tensor(cm_tensor *tensor, cm_memory *memory, cm_error *err)
{
    const int64_t count = cm_tensor_count(tensor), bytes = cm_element_bytes(tensor->element);
    const void *from = tensor->data;
    void *to = NULL;
    if ((uintptr_t)from % (uintptr_t)bytes == 0) return CM_OK;
    cm_status st = cm_memory_take(memory, count, bytes, &to, err);
    if (st) return st;
    memcpy(to, from, (size_t)(count * bytes));
    tensor->data = to;
    return CM_OK;
}
