/* Writing XML as a stream: elements, attributes, text, indented by one blank a level. Whatever the strings
 * hold, the document stays well-formed: markup is escaped, and what XML or UTF-8 does not allow becomes
 * U+FFFD. */
#ifndef CM_ENGINE_REPORT_XML_OUT_INTERNAL_H
#define CM_ENGINE_REPORT_XML_OUT_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/sha256.h"

/* Zero-initialise and set file, hash or both. One thread per object. Errors are remembered: look at `failed`
 * at the end. */
typedef struct cm_xml_out {
    FILE *file;      /* NULL: not written */
    cm_sha256 *hash; /* NULL: not hashed */
    int depth;
    bool begun, tag_open, line_has_text, failed;
} cm_xml_out;

void cm_xml_out_open(cm_xml_out *out, const char *element);
void cm_xml_out_close(cm_xml_out *out, const char *element);
/* After open, before anything else in the element. */
void cm_xml_out_attribute(cm_xml_out *out, const char *name, const char *text);
void cm_xml_out_integer(cm_xml_out *out, const char *name, int64_t value);
void cm_xml_out_number(cm_xml_out *out, const char *name,
                       double value); /* a value that is not finite fails */
void cm_xml_out_flag(cm_xml_out *out, const char *name, bool value);
void cm_xml_out_digest(cm_xml_out *out, const char *name, const cm_digest *digest);
void cm_xml_out_text(cm_xml_out *out, const char *text);
void cm_xml_out_text_number(cm_xml_out *out, double value);
/* <element>text</element> */
void cm_xml_out_leaf(cm_xml_out *out, const char *element, const char *text);
/* Hashes, too, what is written from the '<' of the element that is opened next; NULL: no more. */
void cm_xml_out_hash(cm_xml_out *out, cm_sha256 *hash);
/* Bytes as they are. */
void cm_xml_out_raw(cm_xml_out *out, const char *text);

#endif
