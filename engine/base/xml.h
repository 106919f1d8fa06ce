/* Reading XML that may be hostile: size-capped, no DTD, no entities beyond the five of XML, no network,
 * validated against an embedded XSD before anyone looks at it. libxml2 does the work; its messages become
 * cm_error. */
#ifndef CM_ENGINE_BASE_XML_H
#define CM_ENGINE_BASE_XML_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "engine/base/status.h"

/* An XSD embedded by cm_embed: first byte and one past the last. name is for messages ("tool.xsd"). */
typedef struct cm_schema {
    const char *name;
    const unsigned char *begin, *end;
} cm_schema;

/* Parses and validates. *out is freed with xmlFreeDoc. Errors carry "file:line": CM_ERR_NOT_FOUND,
 * CM_ERR_LIMIT
 * (> 16 MiB, depth > 64), CM_ERR_FORMAT (not well-formed, DTD), CM_ERR_SCHEMA (the first violation). */
cm_status cm_xml_read(const char *path, const cm_schema *schema, xmlDocPtr *out, cm_error *err);
cm_status cm_xml_parse(const char *text, int64_t bytes, const char *name, const cm_schema *schema,
                       xmlDocPtr *out, cm_error *err);
/* Validates a document in memory (a report about to be written, say). */
cm_status cm_xml_validate(xmlDocPtr doc, const char *name, const cm_schema *schema, cm_error *err);

/* First child element / next sibling element with that name; NULL name = any. NULL in gives NULL out. */
xmlNodePtr cm_xml_child(xmlNodePtr parent, const char *name);
xmlNodePtr cm_xml_next(xmlNodePtr node, const char *name);
/* Attribute copied into buf (always terminated). False when absent (buf = "") or longer than size-1 (buf =
 * ""). */
bool cm_xml_attribute(xmlNodePtr node, const char *name, char *buf, int64_t size);
/* Element text, likewise. */
bool cm_xml_text(xmlNodePtr node, char *buf, int64_t size);
/* Numbers; `absent` when the attribute is not there. The XSD has checked the form. */
double cm_xml_double(xmlNodePtr node, const char *name, double absent);
int64_t cm_xml_integer(xmlNodePtr node, const char *name, int64_t absent);
bool cm_xml_bool(xmlNodePtr node, const char *name, bool absent);

/* Shortest decimal text that reads back as the same double ("0.1", "1e-30", "-0"); finite values only. */
void cm_double_text(double value, char buf[32]);

#endif
