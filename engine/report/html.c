/* report.html: report.xsl applied to report.xml. The stylesheet is ours, but it works on names that outsiders
 * chose, so it can neither read nor write files nor reach a network; the only door is cm:picture(), which
 * gives a PNG of the run folder as a data URI after its hash was checked. */
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/extra.h>
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
#include "engine/report/compared_internal.h"
#include "engine/report/document_internal.h"
#include "engine/report/figure.h"

#define EMBEDDED(name) extern const unsigned char name[], name##_end[]
EMBEDDED(cm_report_xsl);
EMBEDDED(cm_ranking_xsl);
EMBEDDED(cm_certainty_xsl);
EMBEDDED(cm_stability_xsl);
EMBEDDED(cm_tables_xsl);
EMBEDDED(cm_classes_xsl);
EMBEDDED(cm_curves_xsl);
EMBEDDED(cm_groups_xsl);
EMBEDDED(cm_costs_xsl);
EMBEDDED(cm_cases_xsl);
EMBEDDED(cm_sources_xsl);
EMBEDDED(cm_plots_xsl);
EMBEDDED(cm_boxes_xsl);
EMBEDDED(cm_plane_xsl);
EMBEDDED(cm_words_xsl);
EMBEDDED(cm_report_css);
EMBEDDED(cm_report_js);

/* The stylesheet: the first part is the page, the others bring the templates it calls. */
static const struct part {
    const char *name;
    const unsigned char *begin, *end;
} parts[] = {{"report.xsl", cm_report_xsl, cm_report_xsl_end},
             {"ranking.xsl", cm_ranking_xsl, cm_ranking_xsl_end},
             {"certainty.xsl", cm_certainty_xsl, cm_certainty_xsl_end},
             {"stability.xsl", cm_stability_xsl, cm_stability_xsl_end},
             {"tables.xsl", cm_tables_xsl, cm_tables_xsl_end},
             {"classes.xsl", cm_classes_xsl, cm_classes_xsl_end},
             {"curves.xsl", cm_curves_xsl, cm_curves_xsl_end},
             {"groups.xsl", cm_groups_xsl, cm_groups_xsl_end},
             {"costs.xsl", cm_costs_xsl, cm_costs_xsl_end},
             {"cases.xsl", cm_cases_xsl, cm_cases_xsl_end},
             {"sources.xsl", cm_sources_xsl, cm_sources_xsl_end},
             {"plots.xsl", cm_plots_xsl, cm_plots_xsl_end},
             {"boxes.xsl", cm_boxes_xsl, cm_boxes_xsl_end},
             {"plane.xsl", cm_plane_xsl, cm_plane_xsl_end},
             {"words.xsl", cm_words_xsl, cm_words_xsl_end}};

#define EXTENSION_NAMESPACE "urn:cohmark:xslt:1"
static const int64_t most_picture_bytes = (int64_t)8 << 20;
/* A page stays under 5 MB where it can: pictures get what the rest of it leaves, and where the rest alone is
 * more, parts of it are left out that are farthest from the question. */
static const int64_t most_page_bytes = 4900000;
/* How much a page holds; cm:detail() tells the stylesheet, which says what it left out. */
enum {
    DETAIL_RANKED = 1, /* spread and groups of the target alone that is ranked first */
    DETAIL_SUMMARIES,  /* of every target, but no point for a case */
    DETAIL_WHOLE
};

/* What the extension function and the message handler share with the caller. */
typedef struct rendering {
    const char *run_folder;
    int detail;
    int64_t room;     /* bytes of PNG that the page still takes */
    int n_left_out;   /* pictures for which there was no room */
    cm_status status; /* of the first picture that could not be had */
    cm_error error;
    char message[300]; /* first complaint of libxslt */
} rendering;

/* head and the bytes as RFC 4648 text; malloc'd, NULL when out of memory. */
static char *base64(const char *head, const unsigned char *bytes, int64_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(strlen(head) + (size_t)((n + 2) / 3 * 4) + 1);
    if (!text) return NULL;
    memcpy(text, head, strlen(head));
    char *out = text + strlen(head);
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
    return text;
}

/* *uri stays NULL when the page would get too heavy. */
static cm_status load_picture(rendering *r, const char *file, const char *sha256, char **uri, cm_error *err)
{
    char *path = NULL, *bytes = NULL, hex[65] = "";
    int64_t n = 0;
    cm_digest digest;
    cm_status status = cm_path_beneath(r->run_folder, file, &path, err);
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
    if (!status && n > r->room) {
        r->n_left_out++;
    } else if (!status) {
        r->room -= n;
        *uri = base64("data:image/png;base64,", (const unsigned char *)bytes, n);
        if (!*uri) status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a picture", .where = file);
    }
    free(bytes);
    free(path);
    return status;
}

/* cm:picture(file, sha256) -> data URI, or nothing when the page has pictures enough */
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
        r->status = load_picture(r, (const char *)file, (const char *)sha256, &uri, &r->error);
    valuePush(xpath, xmlXPathNewCString(uri ? uri : ""));
    free(uri);
    xmlFree(file);
    xmlFree(sha256);
}

/* cm:step(least, greatest, parts) -> 1, 2 or 5 times a power of ten, so that the range holds about that many
 * of it. A range of nothing gets a step of its own, so that an axis always has a length; and no step is so
 * small beside the numbers that adding it changes nothing, as where two means differ in their last bit. */
static void step_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 3) {
        xmlXPathSetArityError(xpath);
        return;
    }
    const double smallest = 1e-6;
    const double count = xmlXPathPopNumber(xpath), greatest = xmlXPathPopNumber(xpath),
                 least = xmlXPathPopNumber(xpath), range = greatest - least;
    double wanted = isfinite(range) && isfinite(count) && range > 0 && count > 0 ? range / count : 0.1;
    if (isfinite(range)) wanted = fmax(wanted, smallest * fmax(fabs(least), fabs(greatest)));
    const double power = pow(10, floor(log10(wanted))), digit = wanted / power;
    valuePush(xpath, xmlXPathNewFloat(power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10)));
}

/* cm:root(x) -> its square root, 0 for what is not above zero. */
static void root_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 1) {
        xmlXPathSetArityError(xpath);
        return;
    }
    double x = xmlXPathPopNumber(xpath);
    valuePush(xpath, xmlXPathNewFloat(x > 0 ? sqrt(x) : 0));
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

/* The node of every cell that has one, in the order of the cells. */
static void push_of_cells(xmlXPathParserContextPtr xpath, int n_arguments,
                          xmlNodePtr (*part)(const cm_compared *))
{
    if (n_arguments != 1) {
        xmlXPathSetArityError(xpath);
        return;
    }
    xmlNodeSetPtr cells = xmlXPathPopNodeSet(xpath), found = xmlXPathNodeSetCreate(NULL);
    for (int k = 0; cells && found && k < cells->nodeNr; k++) {
        cm_compared compared;
        if (cm_compared_of(cells->nodeTab[k], &compared) && part(&compared))
            xmlXPathNodeSetAdd(found, part(&compared));
    }
    xmlXPathFreeNodeSet(cells);
    valuePush(xpath, xmlXPathWrapNodeSet(found));
}

static xmlNodePtr number_of(const cm_compared *c)
{
    return c->node;
}

static xmlNodePtr interval_of(const cm_compared *c)
{
    return c->interval;
}

/* cm:compared(cells) -> of each cell or standing the number that tools are compared by */
static void compared_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    push_of_cells(xpath, n_arguments, number_of);
}

/* cm:compared-interval(cells) -> of each its interval */
static void compared_interval_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    push_of_cells(xpath, n_arguments, interval_of);
}

/* cm:figure(value, unit, like, end) -> a number for people; end: whether it is one of an interval. */
static void figure_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 4) {
        xmlXPathSetArityError(xpath);
        return;
    }
    const bool end = xmlXPathPopBoolean(xpath);
    const double like = xmlXPathPopNumber(xpath);
    xmlChar *unit = xmlXPathPopString(xpath);
    const double value = xmlXPathPopNumber(xpath);
    const cm_str text =
        cm_figure(value, unit ? (const char *)unit : "", like, end ? CM_FIGURE_END : CM_FIGURE_ALONE);
    valuePush(xpath, xmlXPathNewCString(text.s));
    xmlFree(unit);
}

/* cm:detail() -> 1 to 3: see DETAIL_WHOLE. */
static void detail_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 0) {
        xmlXPathSetArityError(xpath);
        return;
    }
    const rendering *r = xsltXPathGetTransformContext(xpath)->_private;
    valuePush(xpath, xmlXPathNewFloat(r->detail));
}

static void push_text(xmlXPathParserContextPtr xpath, int n_arguments, const unsigned char *begin,
                      const unsigned char *end)
{
    if (n_arguments != 0) {
        xmlXPathSetArityError(xpath);
        return;
    }
    xmlChar *text = xmlStrndup(begin, (int)(end - begin));
    valuePush(xpath, text ? xmlXPathWrapString(text) : xmlXPathNewCString(""));
}

/* About how wide a character is set in the page's font, in em. */
static double em_of(const char *c)
{
    const unsigned char first = (unsigned char)*c;
    if (first >= 0xE1) return 1; /* U+1000 and above: ideographs, kana, hangul, pictures */
    if (first >= 0xC0) return 0.65;
    if (strchr("MWmw@%", *c)) return 1;
    if (strchr("iIjl.,:;'|!()[] ", *c)) return 0.38;
    return first >= 'A' && first <= 'Z' ? 0.72 : 0.62;
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80; /* of UTF-8 */
}

/* Where to cut text[0, n) so that the beginning (or, from the end, the rest) is at most `room` wide. */
static size_t cut_at(const char *text, size_t n, double room, bool from_end)
{
    size_t cut = from_end ? n : 0;
    double width = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t i = from_end ? n - 1 - k : k;
        if (!begins_character(text[i])) continue;
        if (!from_end) cut = i;
        width += em_of(text + i);
        if (width > room) return cut;
        if (from_end) cut = i;
    }
    return from_end ? 0 : n;
}

/* cm:short(text, most) -> text, its middle replaced by an ellipsis where it is wider than about that many
 * ordinary letters. Names of tools differ at their ends (unet-fold-1, unet-fold-2) as often as at their
 * beginnings. */
static void short_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 2) {
        xmlXPathSetArityError(xpath);
        return;
    }
    const double most = 0.62 * xmlXPathPopNumber(xpath), ellipsis = 1;
    xmlChar *text = xmlXPathPopString(xpath);
    const char *c = text ? (const char *)text : "";
    const size_t n = strlen(c);
    if (cut_at(c, n, most, false) < n) {
        const size_t head = cut_at(c, n, 0.6 * (most - ellipsis), false);
        const size_t tail = cut_at(c, n, 0.4 * (most - ellipsis), true);
        xmlChar *shortened = xmlStrndup(text, (int)head);
        shortened = xmlStrcat(shortened, BAD_CAST "\xE2\x80\xA6");
        shortened = xmlStrcat(shortened, BAD_CAST c + tail);
        xmlFree(text);
        text = shortened;
    }
    valuePush(xpath, xmlXPathNewString(text ? text : BAD_CAST ""));
    xmlFree(text);
}

/* cm:style() -> report.css */
static void style_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    push_text(xpath, n_arguments, cm_report_css, cm_report_css_end);
}

/* cm:script() -> report.js */
static void script_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    push_text(xpath, n_arguments, cm_report_js, cm_report_js_end);
}

/* cm:script-hash() -> 'sha256-...', by which the page's policy lets this one script run and no other. */
static void script_hash_function(xmlXPathParserContextPtr xpath, int n_arguments)
{
    if (n_arguments != 0) {
        xmlXPathSetArityError(xpath);
        return;
    }
    cm_digest digest;
    char *text = NULL;
    if (!cm_sha256_of(cm_report_js, cm_report_js_end - cm_report_js, &digest))
        text = base64("sha256-", digest.byte, sizeof digest.byte);
    valuePush(xpath, xmlXPathNewCString(text ? text : ""));
    free(text);
}

static const struct extension {
    const char *name;
    xmlXPathFunction function;
} extensions[] = {{"short", short_function},
                  {"style", style_function},
                  {"script", script_function},
                  {"script-hash", script_hash_function},
                  {"nodes", xsltFunctionNodeSet}, /* of the tree in a variable */
                  {"picture", picture_function},
                  {"step", step_function},
                  {"root", root_function},
                  {"log10", log10_function},
                  {"power10", power10_function},
                  {"compared", compared_function},
                  {"compared-interval", compared_interval_function},
                  {"detail", detail_function},
                  {"figure", figure_function}};

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

static xmlDocPtr parse_part(const struct part *part)
{
    return xmlReadMemory((const char *)part->begin, (int)(part->end - part->begin), part->name, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

/* Copies the templates of a part into the main document: what xsl:include would do, without a file to open.
 */
static bool include(xmlDocPtr main, const struct part *part)
{
    xmlDocPtr doc = parse_part(part);
    xmlNodePtr root = xmlDocGetRootElement(main);
    bool whole = doc != NULL;
    for (xmlNodePtr n = doc ? xmlDocGetRootElement(doc)->children : NULL; n && whole; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        xmlNodePtr copy = xmlDocCopyNode(n, main, 1);
        whole = copy && xmlAddChild(root, copy);
    }
    xmlFreeDoc(doc);
    return whole;
}

static xsltStylesheetPtr compile(cm_error *err)
{
    xmlDocPtr doc = parse_part(&parts[0]);
    bool whole = doc != NULL;
    for (size_t p = 1; p < sizeof parts / sizeof *parts && whole; p++)
        whole = include(doc, &parts[p]);
    xsltStylesheetPtr sheet = whole ? xsltParseStylesheetDoc(doc) : NULL;
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

static cm_status render(xsltStylesheetPtr sheet, xmlDocPtr doc, rendering *r, xmlChar **text, int *bytes,
                        cm_error *err)
{
    xmlDocPtr html = NULL;
    cm_status status = transform(sheet, doc, r, &html, err);
    if (!status && (xsltSaveResultToString(text, bytes, html, sheet) || !*text))
        status = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the HTML text");
    xmlFreeDoc(html);
    return status;
}

/* A page is rendered without its pictures first, to know how much room it has for them; and again with less
 * in it when that alone is too much. */
cm_status cm_document_to_html_within(xmlDocPtr doc, const char *run_folder, int64_t most_bytes,
                                     const char *path, cm_error *err)
{
    rendering r = {.run_folder = run_folder, .detail = DETAIL_WHOLE};
    xmlChar *text = NULL;
    int bytes = 0;
    xsltStylesheetPtr sheet = compile(err);
    if (!sheet) return CM_ERR_INTERNAL;
    cm_status status = render(sheet, doc, &r, &text, &bytes, err);
    while (!status && bytes > most_bytes && r.detail > DETAIL_RANKED) {
        xmlFree(text);
        text = NULL;
        r.detail--;
        r.n_left_out = 0;
        status = render(sheet, doc, &r, &text, &bytes, err);
    }
    if (!status && r.n_left_out > 0 && bytes < most_bytes) {
        xmlFree(text);
        text = NULL;
        r.room = (most_bytes - bytes) / 4 * 3; /* four letters of base64 are three bytes */
        status = render(sheet, doc, &r, &text, &bytes, err);
    }
    if (!status) status = cm_file_write(path, text, bytes, err);
    xmlFree(text);
    xsltFreeStylesheet(sheet);
    return status;
}

cm_status cm_document_to_html(xmlDocPtr doc, const char *run_folder, const char *path, cm_error *err)
{
    return cm_document_to_html_within(doc, run_folder, most_page_bytes, path, err);
}
