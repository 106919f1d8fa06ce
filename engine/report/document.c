/* Reading report.xml: once as a stream to hold it against the schema, once as a tree without the bulk. */
#include "engine/report/document_internal.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"

extern const unsigned char cm_report_xsd[], cm_report_xsd_end[];

void cm_complaint_keep(void *context, cm_xml_message message)
{
    cm_complaint *c = context;
    if (c->made || !message || message->level == XML_ERR_WARNING) return;
    c->made = true;
    c->line = message->line;
    snprintf(c->text, sizeof c->text, "%s", message->message ? message->message : "no reason given");
    c->text[strcspn(c->text, "\n")] = '\0';
}

static cm_status compile_schema(xmlSchemaPtr *out, cm_error *err)
{
    cm_complaint c = {0};
    xmlSchemaParserCtxtPtr parser =
        xmlSchemaNewMemParserCtxt((const char *)cm_report_xsd, (int)(cm_report_xsd_end - cm_report_xsd));
    if (!parser) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the schema", .where = "report.xsd");
    xmlSchemaSetParserStructuredErrors(parser, cm_complaint_keep, &c);
    *out = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    if (*out && !c.made) return CM_OK;
    xmlSchemaFree(*out);
    *out = NULL;
    return CM_FAIL(err, CM_ERR_INTERNAL, .what = "the built-in schema cannot be used",
                   .where = cm_strf("report.xsd:%d", c.line).s, .why = c.text);
}

/* ---- the text ---- */
typedef struct text_check {
    cm_complaint complaint;
    bool has_dtd;
} text_check;

static void meet_document_type(void *data, const xmlChar *name, const xmlChar *external,
                               const xmlChar *system)
{
    xmlParserCtxtPtr parser = data;
    (void)name;
    (void)external;
    (void)system;
    ((text_check *)parser->_private)->has_dtd = true;
    xmlStopParser(parser);
}

static void keep_text_error(void *data, cm_xml_message message)
{
    cm_complaint_keep(&((text_check *)((xmlParserCtxtPtr)data)->_private)->complaint, message);
}

/* Once through the text without the schema: libxml2 has no way to meet a document type while it validates,
 * and it loses memory when a validation has to end early. Nothing is built of what is read. */
static cm_status check_text(const char *path, cm_error *err)
{
    text_check t = {0};
    if (access(path, R_OK))
        return CM_FAIL(err, CM_ERR_IO, .what = "the report cannot be opened", .where = path,
                       .why = strerror(errno));
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read the report", .where = path);
    parser->_private = &t;
    parser->sax->startElementNs = NULL;
    parser->sax->endElementNs = NULL;
    parser->sax->characters = NULL;
    parser->sax->ignorableWhitespace = NULL;
    parser->sax->cdataBlock = NULL;
    parser->sax->comment = NULL;
    parser->sax->processingInstruction = NULL;
    parser->sax->internalSubset = meet_document_type;
    parser->sax->externalSubset = meet_document_type;
    parser->sax->serror = keep_text_error;
    xmlDocPtr doc = xmlCtxtReadFile(parser, path, NULL, CM_DOCUMENT_PARSE_OPTIONS);
    const bool good = doc && parser->wellFormed && !t.complaint.made;
    xmlFreeDoc(doc);
    xmlFreeParserCtxt(parser);
    if (t.has_dtd)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "document type declarations are not accepted",
                       .where = path, .why = "<!DOCTYPE> can pull in other files and grow without bound");
    if (good) return CM_OK;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the report is not well-formed XML",
                   .where = cm_strf("%s:%d", path, t.complaint.line).s, .why = t.complaint.text);
}

cm_status cm_document_validate(const char *path, cm_error *err)
{
    cm_complaint c = {0};
    xmlSchemaPtr schema = NULL;
    if (!cm_path_exists(path))
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no report", .where = path);
    cm_status status = check_text(path, err);
    if (!status) status = compile_schema(&schema, err);
    if (status) return status;

    xmlTextReaderPtr reader = xmlReaderForFile(path, NULL, CM_DOCUMENT_PARSE_OPTIONS);
    if (!reader || xmlTextReaderSetSchema(reader, schema)) {
        status =
            CM_FAIL(err, CM_ERR_NOMEM, .what = "the report cannot be opened for checking", .where = path);
        goto done;
    }
    /* Not the reader's own handler: with a schema, libxml2 2.9 hands it the validator in place of the parser,
     * and a text that ends early crashes it. The handler of the thread is put back. */
    xmlStructuredErrorFunc handler = xmlStructuredError;
    void *context = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(&c, cm_complaint_keep);
    int more = 1;
    while (more == 1) /* to the end, also after a complaint */
        more = xmlTextReaderRead(reader);
    xmlSetStructuredErrorFunc(context, handler);
    if (more != 0 || c.made || xmlTextReaderIsValid(reader) != 1)
        status = CM_FAIL(err, CM_ERR_SCHEMA, .what = "the report breaks its own schema",
                         .where = cm_strf("%s:%d", path, c.line).s, .why = c.text);
done:
    xmlFreeTextReader(reader);
    xmlSchemaFree(schema);
    return status;
}

/* ---- the tree ---- */
/* Elements of <cases> beyond which its children are left out: some 70 MB of tree. */
static const int64_t most_case_elements = 100000;

/* Of <failures>, of which there may be as many as items, the tree has the first; "of" tells how many there
 * are. */
static const int64_t most_failures = 1000;
/* Elements of a tree: about 1 GB. What has more is refused; it would take some hundred providers and
 * attributes. */
static const int64_t most_elements = 2500000;

typedef struct pruning {
    cm_complaint first;
    int depth; /* levels inside an element whose children are left out; 0 = outside */
    int64_t cases, case_elements, failures, elements;
    bool in_cases, in_failures, has_dtd;
    bool whole; /* the element that is left out is left out itself, not only its children */
} pruning;

/* Whether the element itself is left out, with all that is in it. */
static bool wholly_left_out(pruning *p, const xmlChar *name)
{
    if (p->in_cases && xmlStrEqual(name, BAD_CAST "case")) p->cases++;
    if (p->in_cases) return ++p->case_elements > most_case_elements;
    return p->in_failures && xmlStrEqual(name, BAD_CAST "failure") && ++p->failures > most_failures;
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
                     const xmlChar **attributes)
{
    pruning *p = ((xmlParserCtxtPtr)data)->_private;
    if (p->depth++ > 0) return;
    p->whole = wholly_left_out(p, name);
    if (p->whole) return;
    if (xmlStrEqual(name, BAD_CAST "cases")) p->in_cases = true;
    if (xmlStrEqual(name, BAD_CAST "failures")) p->in_failures = true;
    if (!xmlStrEqual(name, BAD_CAST "item-costs")) p->depth = 0;
    if (++p->elements > most_elements) {
        xmlStopParser(data);
        return;
    }
    xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces, n_attributes, n_defaulted,
                          attributes);
}

/* How many there are, also of those that are left out. */
static void set_number(xmlNodePtr node, int64_t n)
{
    if (node) xmlNewProp(node, BAD_CAST "of", BAD_CAST cm_strf("%lld", (long long)n).s);
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    xmlParserCtxtPtr parser = data;
    pruning *p = parser->_private;
    if (p->depth > 0 && --p->depth > 0) return;
    if (p->whole) {
        p->whole = false;
        return;
    }
    if (xmlStrEqual(name, BAD_CAST "failures")) {
        p->in_failures = false;
        if (p->failures > most_failures) set_number(parser->node, p->failures);
    }
    if (xmlStrEqual(name, BAD_CAST "cases")) {
        p->in_cases = false;
        set_number(parser->node, p->cases);
        if (p->case_elements > most_case_elements && parser->node) { /* all cases or none */
            xmlFreeNodeList(parser->node->children);
            parser->node->children = parser->node->last = NULL;
        }
    }
    xmlSAX2EndElementNs(data, name, prefix, uri);
}

static void on_text(void *data, const xmlChar *text, int length)
{
    pruning *p = ((xmlParserCtxtPtr)data)->_private;
    const bool between = (p->in_failures && p->failures > most_failures) ||
                         (p->in_cases && p->case_elements > most_case_elements); /* blanks that stay behind */
    if (!p->depth && !between) xmlSAX2Characters(data, text, length);
}

static void on_document_type(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxtPtr parser = data;
    (void)name;
    (void)external;
    (void)system;
    ((pruning *)parser->_private)->has_dtd = true;
    xmlStopParser(parser);
}

static void on_error(void *data, cm_xml_message message)
{
    cm_complaint_keep(&((pruning *)((xmlParserCtxtPtr)data)->_private)->first, message);
}

cm_status cm_document_read(const char *path, xmlDocPtr *out, cm_error *err)
{
    pruning p = {0};
    if (!cm_path_exists(path))
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no report", .where = path);
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read the report", .where = path);
    parser->_private = &p;
    parser->sax->startElementNs = on_start;
    parser->sax->endElementNs = on_end;
    parser->sax->characters = on_text;
    parser->sax->ignorableWhitespace = on_text;
    parser->sax->internalSubset = on_document_type;
    parser->sax->externalSubset = on_document_type;
    parser->sax->serror = on_error;
    xmlDocPtr doc = xmlCtxtReadFile(parser, path, NULL, CM_DOCUMENT_PARSE_OPTIONS);
    bool good = doc && parser->wellFormed && !p.has_dtd && !p.first.made;
    xmlFreeParserCtxt(parser);
    if (good) {
        *out = doc;
        return CM_OK;
    }
    xmlFreeDoc(doc);
    if (p.elements > most_elements)
        return CM_FAIL(
            err, CM_ERR_LIMIT, .what = "the report is too large to be held as a tree", .where = path,
            .why = cm_strf("more than %lld elements beside its cases", (long long)most_elements).s);
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the report is not well-formed XML",
                   .where = cm_strf("%s:%d", path, p.first.line).s,
                   .why = p.has_dtd ? "it has a document type declaration" : p.first.text);
}

cm_status cm_document_audience(const char *path, cm_audience *out, cm_error *err)
{
    if (!cm_path_exists(path))
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no report", .where = path);
    cm_complaint c = {0};
    xmlTextReaderPtr reader = xmlReaderForFile(path, NULL, CM_DOCUMENT_PARSE_OPTIONS);
    if (!reader) return CM_FAIL(err, CM_ERR_IO, .what = "the report cannot be opened", .where = path);
    xmlTextReaderSetStructuredErrorHandler(reader, cm_complaint_keep, &c);
    int more = xmlTextReaderRead(reader);
    while (more == 1 && xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT)
        more = xmlTextReaderRead(reader);
    xmlChar *text = more == 1 ? xmlTextReaderGetAttribute(reader, BAD_CAST "audience") : NULL;
    bool public = xmlStrEqual(text, BAD_CAST "public"), site = xmlStrEqual(text, BAD_CAST "site");
    xmlFree(text);
    xmlFreeTextReader(reader);
    if (!public && !site)
        return CM_FAIL(err, CM_ERR_FORMAT, .what = "this is not a report of cohmark", .where = path,
                       .why = c.text);
    *out = public ? CM_AUDIENCE_PUBLIC : CM_AUDIENCE_SITE;
    return CM_OK;
}
