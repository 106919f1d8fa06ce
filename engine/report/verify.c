/* The order in which a document is checked. A step that fails makes a finding; later steps are left out only
 * where they would stand on what just broke. */
#include "engine/report/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/xml.h"
#include "engine/report/document_internal.h"
#include "engine/report/verify_internal.h"

/* A failure that says something about the document becomes a finding; one of the machine is passed on. */
static cm_status as_finding(cm_status status, const cm_error *own, const char *topic, cm_remarks *f,
                            cm_error *err)
{
    bool of_document = status == CM_ERR_SCHEMA || status == CM_ERR_FORMAT || status == CM_ERR_MISMATCH ||
                       status == CM_ERR_TRUNCATED || status == CM_ERR_DAMAGED || status == CM_ERR_EMPTY ||
                       status == CM_ERR_ARG;
    bool of_us = status == CM_ERR_LIMIT || status == CM_ERR_NOT_FOUND || status == CM_ERR_UNSUPPORTED;
    if (!of_document && !of_us) {
        if (err && status) *err = *own;
        return status;
    }
    cm_remarks_add(f, of_document ? CM_REMARK_BROKEN : CM_REMARK_UNCHECKED, topic, own->where, "%s%s%s",
                   own->what, own->why[0] ? ": " : "", own->why);
    return CM_OK;
}

static cm_status check_schema(const char *path, cm_remarks *f, cm_error *err)
{
    cm_error own = {0};
    cm_status status = cm_document_validate(path, &own);
    if (status) return as_finding(status, &own, "schema", f, err);
    cm_remarks_add(f, CM_REMARK_HOLDS, "schema", "", "valid against report.xsd");
    return CM_OK;
}

static cm_status check_id(const char *path, xmlNodePtr root, cm_digest *digest, cm_remarks *f, cm_error *err)
{
    const char *problem = NULL;
    char id[100], hex[65];
    cm_status status = cm_document_digest(path, digest, &problem, err);
    if (status) return status;
    if (problem) {
        cm_remarks_add(f, CM_REMARK_BROKEN, "hash", "report/@id", "%s", problem);
        return CM_OK;
    }
    cm_xml_attribute(root, "id", id, sizeof id);
    cm_digest_hex(digest, hex);
    if (strcmp(id + strcspn(id, ":") + (strchr(id, ':') != NULL), hex))
        cm_remarks_add(
            f, CM_REMARK_BROKEN, "hash", "report/@id",
            "<results> has changed since the report was made: the id says %.30s..., its bytes give %.23s...",
            id, hex);
    else
        cm_remarks_add(f, CM_REMARK_HOLDS, "hash", "report/@id", "is the SHA-256 of the bytes of <results>");
    return CM_OK;
}

/* A file that lies beside the report, against the sha256 that the report gives for it. */
static cm_status check_file(const char *folder, const char *name, xmlNodePtr node, int64_t *good,
                            int64_t *absent, cm_remarks *f, cm_error *err)
{
    char expected[80], hex[65];
    char *path = NULL;
    cm_digest digest;
    cm_error own = {0};
    cm_status status = cm_path_beneath(folder, name, &path, &own);
    if (status == CM_ERR_NOT_FOUND) {
        (*absent)++;
        return CM_OK;
    }
    if (status == CM_ERR_POLICY) {
        cm_remarks_add(f, CM_REMARK_BROKEN, "files", name, "%s", own.what);
        return CM_OK;
    }
    if (!status) status = cm_sha256_of_file(path, &digest, err);
    free(path);
    if (status) return status;
    cm_xml_attribute(node, "sha256", expected, sizeof expected);
    cm_digest_hex(&digest, hex);
    *good += !strcmp(expected, hex);
    if (strcmp(expected, hex))
        cm_remarks_add(f, CM_REMARK_BROKEN, "files", name, "is not the file the report was made with");
    return CM_OK;
}

static cm_status check_bench(const char *folder, xmlNodePtr results, cm_remarks *f, cm_error *err)
{
    char audience[16] = "";
    char *path = cm_path_join(folder, "bench.xml");
    if (!path) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_xml_attribute(results->parent, "audience", audience, sizeof audience);
    cm_status status = cm_verify_bench_file(path, results, !strcmp(audience, "public"), f, err);
    free(path);
    return status;
}

static cm_status check_files(const char *path, xmlNodePtr results, cm_remarks *f, cm_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + (slash == path)) : strdup(".");
    int64_t good = 0, absent = 0;
    if (!folder) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    cm_status status =
        check_file(folder, "bench.xml", cm_xml_child(results, "bench"), &good, &absent, f, err);
    const bool bench_is_there = good > 0;
    xmlNodePtr p = cm_xml_child(cm_xml_child(results, "pictures"), "picture");
    for (; p && !status; p = cm_xml_next(p, "picture")) {
        char name[300];
        cm_xml_attribute(p, "file", name, sizeof name);
        status = check_file(folder, name, p, &good, &absent, f, err);
    }
    if (!status && bench_is_there) status = check_bench(folder, results, f, err);
    if (good)
        cm_remarks_add(f, CM_REMARK_HOLDS, "files", "",
                       "%lld beside the report (bench, pictures) have the sha256 it names", (long long)good);
    if (absent)
        cm_remarks_add(f, CM_REMARK_UNCHECKED, "files", "",
                       "%lld named by the report (bench, pictures) are not beside it", (long long)absent);
    free(folder);
    return status;
}

static bool carries_cases(xmlNodePtr root)
{
    return cm_xml_child(cm_xml_child(root, "results"), "cases") != NULL;
}

static cm_status recompute(xmlDocPtr doc, const char *path, const cm_digest *digest,
                           const cm_verify_options *o, cm_remarks *f, cm_error *err)
{
    cm_error own = {0};
    if (!carries_cases(xmlDocGetRootElement(doc))) {
        cm_remarks_add(f, CM_REMARK_UNCHECKED, "recomputed", "",
                       "means, intervals, tests and rankings: the report carries no values of cases");
        return CM_OK;
    }
    cm_status status = cm_verify_by_recomputing(doc, path, digest, o, f, &own);
    return status ? as_finding(status, &own, "recomputed", f, err) : CM_OK;
}

static cm_status verify_report(const char *path, const cm_verify_options *o, cm_remarks *f, cm_error *err)
{
    xmlDocPtr doc = NULL;
    cm_digest digest = {0};
    cm_error own = {0};
    cm_status status = check_schema(path, f, err);
    if (status || f->count[CM_REMARK_BROKEN]) return status;
    status = cm_document_read(path, &doc, &own);
    if (status) return as_finding(status, &own, "schema", f, err);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    status = check_id(path, root, &digest, f, err);
    if (!status) status = check_files(path, cm_xml_child(root, "results"), f, err);
    if (!status) cm_verify_consistency(root, f);
    if (!status) status = recompute(doc, path, &digest, o, f, err);
    xmlFreeDoc(doc);
    return status;
}

/* The first character that is no blank and no byte order mark; 0 for an empty file. */
static cm_status first_character(const char *path, int *out, cm_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file || !cm_path_exists(path) || cm_path_is_folder(path)) {
        if (file) fclose(file);
        return CM_FAIL(err, CM_ERR_NOT_FOUND, .what = "there is no such file to verify", .where = path,
                       .next = "Name a report.xml or an openebench.json");
    }
    int c = fgetc(file);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xEF || c == 0xBB || c == 0xBF)
        c = fgetc(file);
    *out = c == EOF ? 0 : c;
    fclose(file);
    return CM_OK;
}

cm_status cm_verify(const char *path, const cm_verify_options *options, cm_remarks *f, cm_error *err)
{
    int c = 0;
    cm_status status = first_character(path, &c, err);
    if (status) return status;
    if (options->against && c == '<')
        return CM_FAIL(err, CM_ERR_ARG, .what = "only an openebench.json is compared with a report",
                       .where = path, .next = "cohmark diff compares two reports");
    if (c == '<')
        status = verify_report(path, options, f, err);
    else if (c == '[' || c == '{')
        status = cm_verify_openebench(path, options->against, f, err);
    else
        status =
            CM_FAIL(err, CM_ERR_FORMAT, .what = "this is neither XML nor JSON", .where = path,
                    .next = "Name a report.xml or an openebench.json; unpack it first if it is compressed");
    if (!status && f->out_of_memory) status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the remarks");
    return status;
}
