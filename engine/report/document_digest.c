/* The hash behind a report's id, of the very bytes of <results>. The bytes are found without a parser, so the
 * file must leave no doubt that a parser sees the same element: one encoding, no comment, no CDATA, no second
 * processing instruction, in which the tags could stand as text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report/document_internal.h"

static const char declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
static const char first_tag[] = "<results>", last_tag[] = "</results>";
enum { BLOCK = 1 << 16 };

typedef struct scan {
    cm_sha256 *hash;
    enum { BEFORE, INSIDE, AFTER } place;
    size_t matched; /* characters of the tag that is looked for */
    int64_t offset;
    char previous;
    const char *problem;
} scan;

/* Both tags hold '<' only at their beginning, so a mismatch never has to look back. */
static bool completes(scan *s, const char *tag, char c)
{
    s->matched = c == tag[s->matched] ? s->matched + 1 : c == tag[0];
    if (tag[s->matched]) return false;
    s->matched = 0;
    return true;
}

static void check_character(scan *s, char c)
{
    if (s->offset < (int64_t)sizeof declaration - 1) {
        if (c != declaration[s->offset])
            s->problem = "the file does not begin with the XML declaration of a report in UTF-8";
    } else if (s->previous == '<' && (c == '!' || c == '?')) {
        s->problem = "a report holds no comments, CDATA or processing instructions; this file does";
    }
}

static cm_status scan_block(scan *s, const char *bytes, size_t n)
{
    size_t from = 0; /* where the part of the block begins that is still to be hashed */
    for (size_t i = 0; i < n && !s->problem; i++) {
        check_character(s, bytes[i]);
        if (s->place == BEFORE && completes(s, first_tag, bytes[i])) {
            if (cm_sha256_update(s->hash, first_tag, (int64_t)strlen(first_tag))) return CM_ERR_INTERNAL;
            s->place = INSIDE;
            from = i + 1;
        } else if (s->place == INSIDE && completes(s, last_tag, bytes[i])) {
            if (cm_sha256_update(s->hash, bytes + from, (int64_t)(i + 1 - from))) return CM_ERR_INTERNAL;
            s->place = AFTER;
        }
        s->previous = bytes[i];
        s->offset++;
    }
    if (s->place == INSIDE && !s->problem)
        return cm_sha256_update(s->hash, bytes + from, (int64_t)(n - from));
    return CM_OK;
}

cm_status cm_document_digest(const char *path, cm_digest *out, const char **problem, cm_error *err)
{
    scan s = {0};
    FILE *file = fopen(path, "rb");
    char *block = malloc(BLOCK);
    size_t n = 0;
    if (!file) {
        free(block);
        return CM_FAIL(err, errno == ENOENT ? CM_ERR_NOT_FOUND : CM_ERR_IO,
                       .what = "the report cannot be opened", .where = path, .why = strerror(errno));
    }
    cm_status status = block
                           ? cm_sha256_create(&s.hash, err)
                           : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to hash a report", .where = path);
    while (!status && !s.problem && (n = fread(block, 1, BLOCK, file)) > 0)
        status = scan_block(&s, block, n);
    if (!status && ferror(file))
        status = CM_FAIL(err, CM_ERR_IO, .what = "the report cannot be read", .where = path,
                         .why = strerror(errno));
    if (!status && !s.problem && s.place != AFTER) s.problem = "there is no element <results>";
    if (!status && cm_sha256_final(s.hash, out)) status = CM_ERR_INTERNAL;
    if (status && err && !err->status)
        CM_FAIL(err, status, .what = "the report could not be hashed", .where = path);
    *problem = s.problem;
    cm_sha256_destroy(s.hash);
    free(block);
    fclose(file);
    return status;
}
