/* Reading XML with libxml2, shut down to what the project's documents need. */
#include "engine/base/xml.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"

#define MAX_BYTES ((int64_t)16 << 20)
#define MAX_DEPTH 64

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_message;
#else
typedef xmlErrorPtr xml_message;
#endif

/* The first thing a parser or validator complained about. */
typedef struct complaint {
    bool made, has_dtd, too_deep;
    int line;
    char text[400];
} complaint;

/* Keeps the text of the first error, without namespace names in braces and without the final stop. */
static void keep_first(complaint *c, xml_message message)
{
    if (c->made || !message || message->level == XML_ERR_WARNING) return;
    c->made = true;
    c->line = message->line;
    size_t n = 0;
    bool braces = false;
    for (const char *s = message->message ? message->message : "no reason given"; *s; s++) {
        if (*s == '{') braces = true;
        if (!braces && n < sizeof c->text - 1) c->text[n++] = *s == '\n' ? ' ' : *s;
        if (*s == '}') braces = false;
    }
    while (n > 0 && strchr(" .\n", c->text[n - 1]))
        n--;
    c->text[n] = '\0';
}

static void on_parser_error(void *data, xml_message message)
{
    keep_first(((xmlParserCtxtPtr)data)->_private, message);
}

static void on_schema_error(void *data, xml_message message)
{
    keep_first(data, message);
}

/* A document type can declare entities; it is refused before any of it is read. */
static void on_document_type(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxtPtr parser = data;
    complaint *c = parser->_private;
    (void)name;
    (void)external;
    (void)system;
    if (!c->made) {
        c->made = c->has_dtd = true;
        c->line = parser->input ? parser->input->line : 0;
    }
    xmlStopParser(parser);
}

static void on_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
                       const xmlChar **attributes)
{
    xmlParserCtxtPtr parser = data;
    complaint *c = parser->_private;
    if (parser->nodeNr >= MAX_DEPTH) {
        if (!c->made) {
            c->made = c->too_deep = true;
            c->line = parser->input ? parser->input->line : 0;
        }
        xmlStopParser(parser);
        return;
    }
    xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted,
                          attributes);
}

static cm_status complain(const complaint *c, const char *name, cm_error *err)
{
    const cm_str where = cm_strf("%s:%d", name, c->line);
    if (c->has_dtd)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "document type declarations are not accepted",
                       .where = where.s, .why = "<!DOCTYPE> can pull in other files and grow without bound",
                       .next = "Remove it");
    if (c->too_deep)
        return CM_FAIL(err, CM_ERR_LIMIT, .what = "elements are nested too deeply", .where = where.s,
                       .why = cm_strf("more than %d levels", MAX_DEPTH).s);
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "XML is not well-formed", .where = where.s, .why = c->text);
}

static cm_status parse(const char *text, int64_t bytes, const char *name, xmlDocPtr *out, cm_error *err)
{
    complaint c = {0};
    xmlInitParser();
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read XML", .where = name);
    parser->_private = &c;
    parser->sax->serror = on_parser_error;
    parser->sax->internalSubset = on_document_type;
    parser->sax->externalSubset = on_document_type;
    parser->sax->startElementNs = on_element;
    xmlDocPtr doc = xmlCtxtReadMemory(parser, text, (int)bytes, name, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
    cm_status st = CM_OK;
    if (c.made || !doc || !parser->wellFormed) {
        if (!c.made) snprintf(c.text, sizeof c.text, "the parser gave no reason");
        st = complain(&c, name, err);
    }
    xmlFreeParserCtxt(parser);
    if (st)
        xmlFreeDoc(doc);
    else
        *out = doc;
    return st;
}

cm_status cm_xml_validate(xmlDocPtr doc, const char *name, const cm_schema *schema, cm_error *err)
{
    complaint c = {0};
    cm_status st = CM_OK;
    xmlSchemaPtr compiled = NULL;
    xmlSchemaValidCtxtPtr validator = NULL;
    xmlInitParser();
    xmlSchemaParserCtxtPtr reader =
        xmlSchemaNewMemParserCtxt((const char *)schema->begin, (int)(schema->end - schema->begin));
    if (reader) {
        xmlSchemaSetParserStructuredErrors(reader, on_schema_error, &c);
        compiled = xmlSchemaParse(reader);
    }
    if (!compiled || c.made)
        st = CM_FAIL(err, CM_ERR_INTERNAL, .what = "the built-in schema cannot be used",
                     .where = cm_strf("%s:%d", schema->name, c.line).s, .why = c.text);
    if (!st) {
        validator = xmlSchemaNewValidCtxt(compiled);
        if (!validator) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to validate XML", .where = name);
    }
    if (!st) {
        xmlSchemaSetValidStructuredErrors(validator, on_schema_error, &c);
        if (xmlSchemaValidateDoc(validator, doc) != 0 || c.made)
            st = CM_FAIL(err, CM_ERR_SCHEMA, .what = cm_strf("document does not follow %s", schema->name).s,
                         .where = cm_strf("%s:%d", name, c.line).s, .why = c.text);
    }
    xmlSchemaFreeValidCtxt(validator);
    xmlSchemaFree(compiled);
    xmlSchemaFreeParserCtxt(reader);
    return st;
}

cm_status cm_xml_parse(const char *text, int64_t bytes, const char *name, const cm_schema *schema,
                       xmlDocPtr *out, cm_error *err)
{
    xmlDocPtr doc = NULL;
    if (bytes > MAX_BYTES)
        return CM_FAIL(
            err, CM_ERR_LIMIT, .what = "XML document is too large", .where = name,
            .why = cm_strf("%lld bytes, at most %lld allowed", (long long)bytes, (long long)MAX_BYTES).s);
    cm_status st = parse(text, bytes, name, &doc, err);
    if (!st && schema) st = cm_xml_validate(doc, name, schema, err);
    if (st)
        xmlFreeDoc(doc);
    else
        *out = doc;
    return st;
}

cm_status cm_xml_read(const char *path, const cm_schema *schema, xmlDocPtr *out, cm_error *err)
{
    char *text = NULL;
    int64_t bytes = 0;
    cm_status st = cm_file_read(path, MAX_BYTES, &text, &bytes, err);
    if (!st) st = cm_xml_parse(text, bytes, path, schema, out, err);
    free(text);
    return st;
}

/* First element from `node` on among its siblings, with that name. */
static xmlNodePtr find_element(xmlNodePtr node, const char *name)
{
    for (; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && (!name || !strcmp((const char *)node->name, name))) return node;
    }
    return NULL;
}

xmlNodePtr cm_xml_child(xmlNodePtr parent, const char *name)
{
    return parent ? find_element(parent->children, name) : NULL;
}

xmlNodePtr cm_xml_next(xmlNodePtr node, const char *name)
{
    return node ? find_element(node->next, name) : NULL;
}

/* Copies into buf and frees `value`. */
static bool take_value(xmlChar *value, char *buf, int64_t size)
{
    bool fits = value && (int64_t)strlen((const char *)value) < size;
    if (fits)
        strcpy(buf, (const char *)value);
    else if (size > 0)
        buf[0] = '\0';
    xmlFree(value);
    return fits;
}

bool cm_xml_attribute(xmlNodePtr node, const char *name, char *buf, int64_t size)
{
    return take_value(node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL, buf, size);
}

bool cm_xml_text(xmlNodePtr node, char *buf, int64_t size)
{
    return take_value(node ? xmlNodeGetContent(node) : NULL, buf, size);
}

double cm_xml_double(xmlNodePtr node, const char *name, double absent)
{
    char text[64];
    return cm_xml_attribute(node, name, text, sizeof text) ? strtod(text, NULL) : absent;
}

int64_t cm_xml_integer(xmlNodePtr node, const char *name, int64_t absent)
{
    char text[64];
    return cm_xml_attribute(node, name, text, sizeof text) ? strtoll(text, NULL, 10) : absent;
}

bool cm_xml_bool(xmlNodePtr node, const char *name, bool absent)
{
    char text[64];
    if (!cm_xml_attribute(node, name, text, sizeof text)) return absent;
    return !strcmp(text, "true") || !strcmp(text, "1");
}

static bool reads_back(double value, int digits)
{
    char text[32];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    return strtod(text, NULL) == value;
}

/* Fewest digits that read back. More digits always do when fewer do, so a search finds them; 15 come first
 * because numbers that were computed need 16 or 17, and those that were written by hand far fewer. */
static int fewest_digits(double value)
{
    if (!reads_back(value, 15)) return reads_back(value, 16) ? 16 : 17;
    int low = 1, high = 15;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (reads_back(value, middle))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void cm_double_text(double value, char buf[32])
{
    const int digits = fewest_digits(value);
    snprintf(buf, 32, "%.*e", digits - 1, value);
    char *e = strchr(buf, 'e');
    if (!e) return;
    const int exponent = atoi(e + 1);
    if (exponent >= -5 && exponent <= 15) {
        int decimals = digits - 1 - exponent;
        snprintf(buf, 32, "%.*f", decimals > 0 ? decimals : 0, value);
    } else {
        snprintf(e, (size_t)(buf + 32 - e), "e%d", exponent);
    }
}
