/* report.html: report.xsl applied to report.xml. The stylesheet is ours, but it works on names that outsiders
 * chose, so it can neither read nor write files nor reach a network; the only door is cm:picture(), which
 * gives a PNG of the run folder as a data URI after its hash was checked. */
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/base/sha256.h"
#include "engine/report/document_internal.h"

extern const unsigned char cm_report_xsl[], cm_report_xsl_end[], cm_words_xsl[], cm_words_xsl_end[];
extern const unsigned char cm_certainty_xsl[], cm_certainty_xsl_end[];
extern const unsigned char cm_plots_xsl[], cm_plots_xsl_end[], cm_report_css[], cm_report_css_end[];

#define EXTENSION_NAMESPACE "urn:cohmark:xslt:1"
static const int64_t most_picture_bytes = (int64_t)8 << 20;

/* What the extension function and the message handler share with the caller. */
typedef struct rendering {
    const char *run_folder;
    cm_status status; /* of the first picture that could not be had */
    cm_error error;
    char message[300]; /* first complaint of libxslt */
} rendering;

/* "data:image/png;base64," and RFC 4648 text; malloc'd, NULL when out of memory. */
static char *data_uri(const unsigned char *bytes, int64_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char head[] = "data:image/png;base64,";
    char *uri = malloc(sizeof head + (size_t)((n + 2) / 3 * 4));
    if (!uri) return NULL;
    memcpy(uri, head, sizeof head);
    char *out = uri + sizeof head - 1;
    for (int64_t i = 0; i < n; i += 3) {
        uint32_t word = (uint32_t)bytes[i] << 16;
        if (i + 1 < n) word |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < n) word |= bytes[i + 2];
        *out++ = digits[word >> 18];
        *out++ = digits[word >> 12 & 63];
        *out++ = i + 1 < n ? digits[word >> 6 & 63] : '=';
        *out++ = i + 2 < n ? digits[word & 63] : '=';
    }
    *out = '\0';
    return uri;
}

static cm_status load_picture(const char *run_folder, const char *file, const char *sha256, char **uri,
                              cm_error *err)
{
    char *path = NULL, *bytes = NULL, hex[65] = "";
    int64_t n = 0;
    cm_digest digest;
    cm_status status = cm_path_beneath(run_folder, file, &path, err);
    if (!status) status = cm_file_read(path, most_picture_bytes, &bytes, &n, err);
    if (!status) status = cm_sha256_of(bytes, n, &digest);
    if (!status) {
        cm_digest_hex(&digest, hex);
        if (strcmp(hex, sha256))
            status =
                CM_FAIL(err, CM_ERR_DAMAGED, .what = "a picture is not the one that was made", .where = file,
                        .why = cm_strf("sha256 %.16s..., expected %.16s...", hex, sha256).s,
                        .next = "Resume the run to make the pictures again");
    }
    if (!status) {
        *uri = data_uri((const unsigned char *)bytes, n);
        if (!*uri) status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a picture", .where = file);
    }
    free(bytes);
    free(path);
    return status;
}

/* cm:picture(file, sha256) -> data URI */
static void picture_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 2) {
        xmlXPathSetArityError(xpath);
        return;
    }
    xmlChar *sha256 = xmlXPathPopString(xpath), *file = xmlXPathPopString(xpath);
    rendering *r = xsltXPathGetTransformContext(xpath)->_private;
    char *uri = NULL;
    if (file && sha256 && !r->status)
        r->status = load_picture(r->run_folder, (const char *)file, (const char *)sha256, &uri, &r->error);
    valuePush(xpath, xmlXPathNewCString(uri ? uri : ""));
    free(uri);
    xmlFree(file);
    xmlFree(sha256);
}

/* cm:step(range, parts) -> 1, 2 or 5 times a power of ten, so that range holds about that many of it. A range
 * of nothing gets a step of its own, so that an axis always has a length. */
static void step_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 2) {
        xmlXPathSetArityError(xpath);
        return;
    }
    double parts = xmlXPathPopNumber(xpath), range = xmlXPathPopNumber(xpath);
    double wanted = isfinite(range) && isfinite(parts) && range > 0 && parts > 0 ? range / parts : 0.1;
    double power = pow(10, floor(log10(wanted))), digit = wanted / power;
    valuePush(xpath, xmlXPathNewFloat(power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10)));
}

/* cm:log10(x), for x > 0; anything else is taken as a millionth. */
static void log10_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 1) {
        xmlXPathSetArityError(xpath);
        return;
    }
    double x = xmlXPathPopNumber(xpath);
    valuePush(xpath, xmlXPathNewFloat(x > 1e-6 ? log10(x) : -6));
}

/* cm:power10(x) -> the text of 10^x with up to three digits: "0.05", "20", "1000". */
static void power10_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 1) {
        xmlXPathSetArityError(xpath);
        return;
    }
    double power = pow(10, xmlXPathPopNumber(xpath));
    valuePush(xpath, xmlXPathNewCString(cm_strf(power >= 1000 ? "%.0f" : "%.3g", power).s));
}

/* cm:style() -> report.css */
static void style_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 0) {
        xmlXPathSetArityError(xpath);
        return;
    }
    xmlChar *css = xmlStrndup(cm_report_css, (int)(cm_report_css_end - cm_report_css));
    valuePush(xpath, css ? xmlXPathWrapString(css) : xmlXPathNewCString(""));
}

static const struct extension {
    const char *name;
    xmlXPathFunction function;
} extensions[] = {{"style", style_function},
                  {"picture", picture_function},
                  {"step", step_function},
                  {"log10", log10_function},
                  {"power10", power10_function}};

static bool register_extensions(xsltTransformContextPtr context)
{
    for (size_t e = 0; e < sizeof extensions / sizeof *extensions; e++)
        if (xsltRegisterExtFunction(context, BAD_CAST extensions[e].name, BAD_CAST EXTENSION_NAMESPACE,
                                    extensions[e].function))
            return false;
    return true;
}

static void keep_message(void *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void keep_message(void *context, const char *format, ...)
{
    rendering *r = context;
    size_t used = strlen(r->message);
    va_list args;
    va_start(args, format);
    vsnprintf(r->message + used, sizeof r->message - used, format, args);
    va_end(args);
}

static xmlDocPtr parse_part(const unsigned char *begin, const unsigned char *end)
{
    return xmlReadMemory((const char *)begin, (int)(end - begin), "report.xsl", NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

/* Moves the templates of a part into the main document: what xsl:include would do, without a file to open. */
static bool include(xmlDocPtr main, xmlDocPtr part)
{
    xmlNodePtr root = xmlDocGetRootElement(main), next = NULL;
    for (xmlNodePtr n = part ? xmlDocGetRootElement(part)->children : NULL; n; n = next) {
        next = n->next;
        xmlNodePtr copy = n->type == XML_ELEMENT_NODE ? xmlDocCopyNode(n, main, 1) : NULL;
        if (copy)
            xmlAddChild(root, copy);
        else if (n->type == XML_ELEMENT_NODE)
            return false;
    }
    return part != NULL;
}

static xsltStylesheetPtr compile(cm_error *err)
{
    xmlDocPtr doc = parse_part(cm_report_xsl, cm_report_xsl_end);
    xmlDocPtr words = parse_part(cm_words_xsl, cm_words_xsl_end),
              plots = parse_part(cm_plots_xsl, cm_plots_xsl_end),
              certainty = parse_part(cm_certainty_xsl, cm_certainty_xsl_end);
    bool whole = doc && include(doc, words) && include(doc, plots) && include(doc, certainty);
    xsltStylesheetPtr sheet = whole ? xsltParseStylesheetDoc(doc) : NULL;
    xmlFreeDoc(words);
    xmlFreeDoc(plots);
    xmlFreeDoc(certainty);
    if (sheet && sheet->errors == 0) return sheet;
    if (sheet)
        xsltFreeStylesheet(sheet); /* and doc with it */
    else
        xmlFreeDoc(doc);
    CM_FAIL(err, CM_ERR_INTERNAL, .what = "the built-in stylesheet cannot be used", .where = "report.xsl");
    return NULL;
}

static bool forbid_everything(xsltSecurityPrefsPtr prefs, xsltTransformContextPtr context)
{
    static const xsltSecurityOption doors[] = {XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE,
                                               XSLT_SECPREF_CREATE_DIRECTORY, XSLT_SECPREF_READ_NETWORK,
                                               XSLT_SECPREF_WRITE_NETWORK};
    for (size_t d = 0; d < sizeof doors / sizeof *doors; d++)
        if (xsltSetSecurityPrefs(prefs, doors[d], xsltSecurityForbid)) return false;
    return xsltSetCtxtSecurityPrefs(prefs, context) == 0;
}

static cm_status transform(xsltStylesheetPtr sheet, xmlDocPtr doc, rendering *r, xmlDocPtr *html,
                           cm_error *err)
{
    cm_status status = CM_OK;
    xsltSecurityPrefsPtr prefs = xsltNewSecurityPrefs();
    xsltTransformContextPtr context = xsltNewTransformContext(sheet, doc);
    if (!prefs || !context || !forbid_everything(prefs, context)) {
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to make the HTML report");
        goto done;
    }
    context->_private = r;
    xsltSetTransformErrorFunc(context, r, keep_message);
    if (!register_extensions(context)) {
        status =
            CM_FAIL(err, CM_ERR_INTERNAL, .what = "the functions of the stylesheet could not be registered");
        goto done;
    }
    *html = xsltApplyStylesheetUser(sheet, doc, NULL, NULL, NULL, context);
    if (r->status) {
        status = r->status;
        if (err) *err = r->error;
    } else if (!*html || context->state != XSLT_STATE_OK) {
        status = CM_FAIL(err, CM_ERR_INTERNAL, .what = "the HTML report could not be made",
                         .where = "report.xsl", .why = r->message);
    }
done:
    xsltFreeTransformContext(context);
    xsltFreeSecurityPrefs(prefs);
    return status;
}

cm_status cm_document_to_html(xmlDocPtr doc, const char *run_folder, const char *path, cm_error *err)
{
    rendering r = {.run_folder = run_folder};
    xmlDocPtr html = NULL;
    xmlChar *text = NULL;
    int bytes = 0;
    xsltStylesheetPtr sheet = compile(err);
    if (!sheet) return CM_ERR_INTERNAL;
    cm_status status = transform(sheet, doc, &r, &html, err);
    if (!status && (xsltSaveResultToString(&text, &bytes, html, sheet) || !text))
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the HTML text", .where = path);
    if (!status) status = cm_file_write(path, text, bytes, err);
    xmlFree(text);
    xmlFreeDoc(html);
    xsltFreeStylesheet(sheet);
    return status;
}
