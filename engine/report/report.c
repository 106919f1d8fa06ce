/* The order of things: aggregate, write report.xml, hold it against its schema, make HTML and JSON of what
 * was written, and only then let the three files take their names. */
#include "engine/report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/report/document_internal.h"
#include "engine/report/write_internal.h"

static const char *const names[] = {"report.xml", "report.html", "openebench.json"};
enum { XML, HTML, JSON, N_FILES };

/* Where each file goes, and what it is called until all three are whole. */
typedef struct targets {
    char *final[N_FILES], *fresh[N_FILES];
} targets;

static void targets_fini(targets *t)
{
    for (int f = 0; f < N_FILES; f++) {
        if (t->fresh[f]) unlink(t->fresh[f]); /* left over only after a failure */
        free(t->fresh[f]);
        free(t->final[f]);
    }
}

static cm_status targets_init(targets *t, const char *folder, cm_error *err)
{
    for (int f = 0; f < N_FILES; f++) {
        t->final[f] = cm_path_join(folder, names[f]);
        t->fresh[f] = cm_path_join(folder, cm_strf("%s.new.%ld", names[f], (long)getpid()).s);
        if (!t->final[f] || !t->fresh[f]) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    }
    return CM_OK;
}

static cm_status take_names(targets *t, cm_error *err)
{
    for (int f = 0; f < N_FILES; f++)
        if (rename(t->fresh[f], t->final[f]))
            return CM_FAIL(err, CM_ERR_IO, .what = "a finished file of the report could not be renamed",
                           .where = t->final[f], .why = strerror(errno));
    return CM_OK;
}

/* A site report and a public one never replace each other: they have the same file names. */
static cm_status check_audience(const char *path, cm_audience wanted, cm_error *err)
{
    cm_audience there;
    if (!cm_path_exists(path)) return CM_OK;
    cm_status status = cm_document_audience(path, &there, err);
    if (status || there == wanted) return status;
    bool public = wanted == CM_AUDIENCE_PUBLIC;
    return CM_FAIL(err, CM_ERR_EXISTS, .what = "a report for another audience is there already",
                   .where = path,
                   .why = public ? "it is the site's, the new one would be public"
                                 : "it is public, the new one would be the site's",
                   .next = "Name another folder with -o");
}

static void created_text(const cm_report_options *options, char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    if (options->created && options->created[0])
        snprintf(text, 32, "%.31s", options->created);
    else
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

enum { HEX = 64 }; /* digits of a SHA-256 */

/* The id of a report is the hash of its <results>, which stand after it: the place of the digits is kept, and
 * filled when they are known. */
static void write_head(cm_xml_out *out, const cm_aggregates *a, const cm_report_options *options, long *at)
{
    char created[32], no_digits[HEX + 1];
    created_text(options, created);
    memset(no_digits, '0', HEX);
    no_digits[HEX] = '\0';
    cm_xml_out_raw(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    cm_xml_out_open(out, "report");
    cm_xml_out_attribute(out, "xmlns", "urn:cohmark:report:1");
    cm_xml_out_attribute(out, "schemaVersion", "1.0");
    cm_xml_out_attribute(out, "id", cm_strf("sha256:%s", no_digits).s);
    *at = ftell(out->file) - HEX - 1; /* and the closing quote */
    cm_xml_out_attribute(out, "created", created);
    cm_xml_out_attribute(out, "audience", a->audience == CM_AUDIENCE_PUBLIC ? "public" : "site");
}

static cm_status write_document(cm_xml_out *out, const cm_aggregates *a, const cm_report_options *options,
                                cm_error *err)
{
    cm_digest id;
    cm_sha256 *hash = NULL;
    char hex[HEX + 1];
    long at = 0;
    cm_status status = cm_sha256_create(&hash, err);
    if (status) return status;
    write_head(out, a, options, &at);
    cm_xml_out_hash(out, hash);
    cm_write_results(out, a);
    cm_xml_out_hash(out, NULL);
    if (cm_sha256_final(hash, &id))
        status = CM_FAIL(err, CM_ERR_INTERNAL, .what = "the results could not be hashed");
    if (!status) status = cm_write_execution(out, a, err);
    cm_xml_out_close(out, "report");
    cm_xml_out_raw(out, "\n");
    cm_digest_hex(&id, hex);
    if (fseek(out->file, at, SEEK_SET) || fwrite(hex, 1, HEX, out->file) != HEX) out->failed = true;
    cm_sha256_destroy(hash);
    return status;
}

static cm_status write_xml(const cm_aggregates *a, const cm_report_options *options, const char *path,
                           cm_error *err)
{
    cm_new_file *file = NULL;
    cm_xml_out out = {0};
    cm_status status = cm_new_file_open(path, &file, &out.file, err);
    if (status) return status;
    status = write_document(&out, a, options, err);
    if (!status && out.failed)
        status = ferror(out.file)
                     ? CM_FAIL(err, CM_ERR_IO, .what = "the report could not be written", .where = path,
                               .why = strerror(errno), .next = "Look for space on the disk")
                     : CM_FAIL(err, CM_ERR_INTERNAL, .what = "the results could not be written as XML",
                               .why = "a number that is not finite, or the hash failed");
    if (status) {
        cm_new_file_abandon(file);
        return status;
    }
    return cm_new_file_commit(file, err);
}

cm_status cm_report_write(const cm_results *results, const char *run_folder, const char *out_folder,
                          const cm_report_options *options, cm_error *err)
{
    cm_threads *pool = NULL;
    cm_aggregates *a = NULL;
    xmlDocPtr doc = NULL;
    targets t = {0};
    cm_status status = targets_init(&t, out_folder, err);
    if (!status) status = check_audience(t.final[XML], options->audience, err);
    if (!status) status = cm_threads_create(options->threads > 0 ? options->threads : 1, &pool, err);
    if (!status) status = cm_aggregates_create(results, options->audience, pool, &a, err);
    if (!status) status = write_xml(a, options, t.fresh[XML], err);
    cm_aggregates_destroy(a); /* the page is made of the file: no need to hold both */
    cm_results_release(results);
    a = NULL;
    if (!status) status = cm_document_validate(t.fresh[XML], err);
    if (!status) status = cm_document_read(t.fresh[XML], &doc, err);
    if (!status) status = cm_document_to_html(doc, run_folder, t.fresh[HTML], err);
    if (!status) status = cm_document_to_openebench(doc, t.fresh[JSON], err);
    if (!status) status = take_names(&t, err);
    xmlFreeDoc(doc);
    cm_aggregates_destroy(a);
    cm_threads_destroy(pool);
    targets_fini(&t);
    return status;
}
