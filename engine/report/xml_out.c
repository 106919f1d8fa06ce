/* The XML stream. Two decisions: an element's start tag stays open until something follows it, so that empty
 * elements close themselves; and text is checked character by character on its way out. */
#include "engine/report/xml_out_internal.h"

#include <math.h>
#include <string.h>

#include "engine/base/xml.h"

static void put(cm_xml_out *out, const char *bytes, size_t length)
{
    if (out->failed || !length) return;
    out->begun = true;
    if (out->file && fwrite(bytes, 1, length, out->file) != length) out->failed = true;
    if (out->hash && cm_sha256_update(out->hash, bytes, (int64_t)length)) out->failed = true;
}

void cm_xml_out_raw(cm_xml_out *out, const char *text)
{
    put(out, text, strlen(text));
}

/* Length of the well-formed UTF-8 sequence of an XML character at p (1..4), or 0. RFC 3629 and XML 1.0,
 * production 2: no surrogates, no U+FFFE or U+FFFF, no controls but tab and line ends. */
static int character_length(const unsigned char *p)
{
    if (p[0] < 0x80) return p[0] >= 0x20 || p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
    int length = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                 : (p[0] & 0xF0) == 0xE0        ? 3
                 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                : 0;
    for (int k = 1; k < length; k++)
        if ((p[k] & 0xC0) != 0x80) return 0;
    if (length == 3 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] >= 0xA0) ||
                        (p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE)))
        return 0;
    if (length == 4 && ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] >= 0x90))) return 0;
    return length;
}

static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* Characters that need nothing go out together, up to the next one that does. */
static void put_escaped(cm_xml_out *out, const char *text)
{
    const char *plain = text;
    while (*text) {
        const unsigned char *p = (const unsigned char *)text;
        const char *entity = entity_of(*p);
        const int length = character_length(p);
        text += length ? length : 1;
        if (length && !entity) continue;
        put(out, plain, (size_t)((const char *)p - plain));
        cm_xml_out_raw(out, entity ? entity : "\xEF\xBF\xBD");
        plain = text;
    }
    put(out, plain, (size_t)(text - plain));
}

static void end_start_tag(cm_xml_out *out)
{
    if (out->tag_open) cm_xml_out_raw(out, ">");
    out->tag_open = false;
}

static void new_line(cm_xml_out *out)
{
    if (!out->begun) return; /* so that the bytes of an element alone are those between its brackets */
    static const char blanks[] = "                ";
    cm_xml_out_raw(out, "\n");
    for (int left = out->depth; left > 0; left -= (int)sizeof blanks - 1)
        put(out, blanks, left < (int)sizeof blanks - 1 ? (size_t)left : sizeof blanks - 1);
}

void cm_xml_out_open(cm_xml_out *out, const char *element)
{
    end_start_tag(out);
    new_line(out);
    cm_xml_out_raw(out, "<");
    cm_xml_out_raw(out, element);
    out->depth++;
    out->tag_open = true;
    out->line_has_text = false;
}

void cm_xml_out_hash(cm_xml_out *out, cm_sha256 *hash)
{
    if (hash) {
        end_start_tag(out);
        new_line(out);
        out->begun = false;
    }
    out->hash = hash;
}

void cm_xml_out_close(cm_xml_out *out, const char *element)
{
    out->depth--;
    if (out->tag_open) {
        cm_xml_out_raw(out, "/>");
    } else {
        if (!out->line_has_text) new_line(out);
        cm_xml_out_raw(out, "</");
        cm_xml_out_raw(out, element);
        cm_xml_out_raw(out, ">");
    }
    out->tag_open = out->line_has_text = false;
}

void cm_xml_out_attribute(cm_xml_out *out, const char *name, const char *text)
{
    cm_xml_out_raw(out, " ");
    cm_xml_out_raw(out, name);
    cm_xml_out_raw(out, "=\"");
    put_escaped(out, text);
    cm_xml_out_raw(out, "\"");
}

void cm_xml_out_integer(cm_xml_out *out, const char *name, int64_t value)
{
    cm_xml_out_attribute(out, name, cm_strf("%lld", (long long)value).s);
}

void cm_xml_out_number(cm_xml_out *out, const char *name, double value)
{
    char text[32];
    if (!isfinite(value)) {
        out->failed = true;
        return;
    }
    cm_double_text(value, text);
    cm_xml_out_attribute(out, name, text);
}

void cm_xml_out_flag(cm_xml_out *out, const char *name, bool value)
{
    cm_xml_out_attribute(out, name, value ? "true" : "false");
}

void cm_xml_out_digest(cm_xml_out *out, const char *name, const cm_digest *digest)
{
    char hex[65];
    cm_digest_hex(digest, hex);
    cm_xml_out_attribute(out, name, hex);
}

void cm_xml_out_text(cm_xml_out *out, const char *text)
{
    end_start_tag(out);
    put_escaped(out, text);
    out->line_has_text = true;
}

void cm_xml_out_text_number(cm_xml_out *out, double value)
{
    char text[32];
    if (!isfinite(value)) {
        out->failed = true;
        return;
    }
    cm_double_text(value, text);
    cm_xml_out_text(out, text);
}

void cm_xml_out_leaf(cm_xml_out *out, const char *element, const char *text)
{
    cm_xml_out_open(out, element);
    cm_xml_out_text(out, text);
    cm_xml_out_close(out, element);
}
