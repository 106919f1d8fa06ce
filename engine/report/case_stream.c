/* <cases> through libxml2's reader: brothers of <results>' children are stepped over, a case is expanded into
 * a small tree and dropped again. */
#include "engine/report/case_stream.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>

#include "engine/base/files.h"
#include "engine/report/document_internal.h"

struct cm_case_stream {
    xmlTextReaderPtr reader;
    const char *path;
    cm_complaint complaint;
    enum { BEFORE, INSIDE, AFTER } place;
};

cm_status cm_case_stream_open(const char *path, cm_case_stream **out, cm_error *err)
{
    if (!cm_path_exists(path))
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no report", .where = path);
    cm_case_stream *s = calloc(1, sizeof *s);
    if (!s) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to read a report", .where = path);
    s->path = path;
    s->reader = xmlReaderForFile(path, NULL, CM_DOCUMENT_PARSE_OPTIONS);
    if (!s->reader) {
        free(s);
        return CM_FAIL(err, CM_ERR_IO, .what = "the report cannot be opened", .where = path);
    }
    xmlTextReaderSetStructuredErrorHandler(s->reader, cm_complaint_keep, &s->complaint);
    *out = s;
    return CM_OK;
}

static bool is_at(xmlTextReaderPtr reader, const char *name, int depth)
{
    return xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT && xmlTextReaderDepth(reader) == depth &&
           xmlStrEqual(xmlTextReaderConstLocalName(reader), BAD_CAST name);
}

/* To the inside of report/results/cases. 1: there; 0: no such element; -1: not well-formed. */
static int find_cases(xmlTextReaderPtr reader)
{
    int more = xmlTextReaderRead(reader);
    while (more == 1) {
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_DOCUMENT_TYPE) return -1;
        if (is_at(reader, "cases", 2)) return 1;
        bool deeper = is_at(reader, "report", 0) || is_at(reader, "results", 1);
        more = deeper ? xmlTextReaderRead(reader) : xmlTextReaderNext(reader);
    }
    return more;
}

cm_status cm_case_stream_next(cm_case_stream *s, xmlNodePtr *out, cm_error *err)
{
    int more = 1;
    *out = NULL;
    if (s->place == BEFORE) {
        more = find_cases(s->reader);
        s->place = more == 1 ? INSIDE : AFTER;
        if (more == 1) more = xmlTextReaderRead(s->reader);
    } else if (s->place == INSIDE) {
        more = xmlTextReaderNext(s->reader); /* over the case of the last call */
    }
    while (s->place == INSIDE && more == 1 && !s->complaint.made) {
        if (xmlTextReaderDepth(s->reader) < 3) {
            s->place = AFTER;
        } else if (is_at(s->reader, "case", 3)) {
            *out = xmlTextReaderExpand(s->reader);
            if (*out && !s->complaint.made) return CM_OK;
            more = -1;
        } else {
            more = xmlTextReaderNext(s->reader);
        }
    }
    *out = NULL;
    if (more >= 0 && !s->complaint.made) return CM_OK;
    return CM_FAIL(err, CM_ERR_FORMAT, .what = "the cases of the report cannot be read",
                   .where = cm_strf("%s:%d", s->path, s->complaint.line).s,
                   .why =
                       s->complaint.made ? s->complaint.text : "the text ends early or has a document type");
}

void cm_case_stream_close(cm_case_stream *s)
{
    if (!s) return;
    xmlFreeTextReader(s->reader);
    free(s);
}
