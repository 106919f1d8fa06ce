/* report.xml read back: what HTML and JSON are made from, so that they can say nothing the report does not.
 */
#ifndef CM_ENGINE_REPORT_DOCUMENT_INTERNAL_H
#define CM_ENGINE_REPORT_DOCUMENT_INTERNAL_H

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "engine/base/sha256.h"
#include "engine/report/report.h"

/* No network, nothing from outside the file, line numbers above 65535. */
enum { CM_DOCUMENT_PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES };

/* The first complaint of a parser or validator. */
typedef struct cm_complaint {
    bool made;
    int line;
    char text[300];
} cm_complaint;

#if LIBXML_VERSION >= 21200
typedef const xmlError *cm_xml_message;
#else
typedef xmlErrorPtr cm_xml_message;
#endif
/* A structured error handler of libxml2; context is a cm_complaint. */
void cm_complaint_keep(void *context, cm_xml_message message);

/* Validates a file against report.xsd, streaming: memory does not grow with the file. Errors:
 * CM_ERR_NOT_FOUND, CM_ERR_FORMAT (not well-formed, a document type), CM_ERR_SCHEMA with file:line,
 * CM_ERR_INTERNAL (the schema itself), CM_ERR_NOMEM. */
cm_status cm_document_validate(const char *path, cm_error *err);

/* Parses a file into a tree, leaving out the children of <item-costs>, and those of <cases> when they hold
 * more than 100,000 elements: the values of five million items are for machines, and a tree of them would not
 * fit; "of" on <cases> tells how many there are. Of <failures> the first 1,000 are kept; "of" on it then
 * tells how many there are. *out is freed with xmlFreeDoc. Errors: CM_ERR_NOT_FOUND, CM_ERR_FORMAT (not
 * well-formed, or a document type declaration), CM_ERR_LIMIT (more than 2.5 million elements beside these).
 */
cm_status cm_document_read(const char *path, xmlDocPtr *out, cm_error *err);

/* The SHA-256 of the bytes from "<results>" to "</results>". *problem: why these bytes cannot be trusted to
 * be the element that a parser sees (comments, CDATA, another encoding, no such element), NULL when they can.
 * Errors: CM_ERR_NOT_FOUND, CM_ERR_IO, CM_ERR_NOMEM. */
cm_status cm_document_digest(const char *path, cm_digest *out, const char **problem, cm_error *err);

/* The audience of an existing report, from its root element. CM_ERR_NOT_FOUND when there is no file. */
cm_status cm_document_audience(const char *path, cm_audience *out, cm_error *err);

/* Makes report.html of a report's tree with report.xsl. The stylesheet can read and write nothing; pictures
 * come from run_folder, checked against their sha256, as data inside the page. Errors: CM_ERR_DAMAGED (a
 * picture), CM_ERR_NOT_FOUND, CM_ERR_NOMEM, CM_ERR_INTERNAL (the stylesheet). */
cm_status cm_document_to_html(xmlDocPtr doc, const char *run_folder, const char *path, cm_error *err);
/* The same for another weight than 4.9 MB: above it the page leaves out points of cases, then spread and
 * groups of all targets but one, and what is then left may still be more. */
cm_status cm_document_to_html_within(xmlDocPtr doc, const char *run_folder, int64_t most_bytes,
                                     const char *path, cm_error *err);

/* Makes openebench.json of a report's tree: docs/openebench.md. Errors: CM_ERR_MISMATCH (ids that would be
 * doubled), CM_ERR_NOMEM, CM_ERR_IO. */
cm_status cm_document_to_openebench(xmlDocPtr doc, const char *path, cm_error *err);

#endif
