/* The protobuf wire format, read in place and never past the end of what encloses it. */
#ifndef CM_ENGINE_MODEL_WIRE_H
#define CM_ENGINE_MODEL_WIRE_H

#include <stdbool.h>

#include "engine/base/status.h"

typedef enum cm_wire_type {
    CM_WIRE_VARINT = 0,
    CM_WIRE_FIXED64 = 1,
    CM_WIRE_BYTES = 2,
    CM_WIRE_FIXED32 = 5
} cm_wire_type;

/* A stretch of bytes still to be read. */
typedef struct cm_wire {
    const uint8_t *at, *end;
} cm_wire;

typedef struct cm_wire_field {
    uint32_t number;
    cm_wire_type type;
    uint64_t value; /* of a varint or a fixed number */
    cm_wire bytes;  /* of BYTES */
} cm_wire_field;

/* The next field of a message. *got false at its end. Errors: CM_ERR_TRUNCATED (a length or number runs past
 * the end), CM_ERR_FORMAT (varint over 10 bytes, field number 0, groups and unknown wire types). */
cm_status cm_wire_next(cm_wire *message, cm_wire_field *field, bool *got, cm_error *err);

/* CM_ERR_FORMAT unless the field has the type its message demands; name for the error. */
cm_status cm_wire_expect(const cm_wire_field *field, cm_wire_type type, const char *name, cm_error *err);

/* Repeated numbers come one by one or packed in BYTES: both are read. of: VARINT, FIXED32 or FIXED64.
 * *count grows by the numbers in this field; items (NULL = only count) get them from items[*count] on. */
cm_status cm_wire_numbers(const cm_wire_field *field, cm_wire_type of, uint64_t *items, int64_t *count,
                          const char *name, cm_error *err);

/* The same, each number handed to `sink` as it is read, so that nothing has to be held. */
cm_status cm_wire_each_number(const cm_wire_field *field, cm_wire_type of,
                              void (*sink)(void *context, uint64_t value), void *context, const char *name,
                              cm_error *err);

float cm_wire_float(uint64_t fixed32);
double cm_wire_double(uint64_t fixed64);

#endif
