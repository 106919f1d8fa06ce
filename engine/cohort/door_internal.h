/* The anonymisation door: every file from outside comes in here, and only pixels, geometry and counts go on.
 */
#ifndef CM_ENGINE_COHORT_DOOR_INTERNAL_H
#define CM_ENGINE_COHORT_DOOR_INTERNAL_H

#include "engine/base/sha256.h"
#include "engine/image/reader.h"

/* What was noticed about an input file. Bits are stored and never change. */
enum {
    CM_NOTE_TEXT_DROPPED = 1,     /* free text in the header was there and was dropped */
    CM_NOTE_UNITS_ASSUMED_MM = 2, /* the header names no unit of length */
    CM_NOTE_CONVERTED = 4,        /* element type changed so that the channels of the case share one */
    CM_NOTE_NON_FINITE = 8,       /* some values are NaN or infinite */
    CM_NOTE_DATE_LIKE_ID = 16     /* the case id or patient looks like a date */
};

/* One record per input file: hashes, counts and codes, never a value, a name or a path. */
typedef struct cm_audit {
    int64_t case_index, bytes;
    int32_t column; /* of channel:NAME, -1 = reference */
    int32_t text_fields;
    uint32_t notes;
    char format[16]; /* "NIfTI" */
    uint8_t sha256[32];
} cm_audit;

/* Reads root/relative through the readers. audit gets everything but the case. Errors: those of
 * cm_path_beneath and cm_image_read. Thread-safe. */
cm_status cm_door_read(const char *root, const char *relative, const cm_read_options *options,
                       cm_volume **out, cm_audit *audit, cm_error *err);

#endif
