/* Status names, the story of a failure, and two small helpers used to tell it. */
#include "engine/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *cm_status_name(cm_status status)
{
    switch (status) {
    case CM_OK:
        return "ok";
    case CM_ERR_ARG:
        return "argument";
    case CM_ERR_FORMAT:
        return "format";
    case CM_ERR_TRUNCATED:
        return "truncated";
    case CM_ERR_SCHEMA:
        return "schema";
    case CM_ERR_MISMATCH:
        return "mismatch";
    case CM_ERR_NOT_FOUND:
        return "not-found";
    case CM_ERR_EXISTS:
        return "exists";
    case CM_ERR_UNSUPPORTED:
        return "unsupported";
    case CM_ERR_EMPTY:
        return "empty";
    case CM_ERR_DAMAGED:
        return "damaged";
    case CM_ERR_NOMEM:
        return "no-memory";
    case CM_ERR_LIMIT:
        return "limit";
    case CM_ERR_TIMEOUT:
        return "timeout";
    case CM_ERR_IO:
        return "io";
    case CM_ERR_POLICY:
        return "policy";
    case CM_ERR_PRIVACY:
        return "privacy";
    case CM_ERR_ENV:
        return "environment";
    case CM_ERR_STOPPED:
        return "stopped";
    case CM_ERR_INTERNAL:
        return "internal";
    }
    return "unknown";
}

/* Copies text into to[size]; what does not fit is cut between two characters, never inside one. */
static void copy_text(char *to, size_t size, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    if (n > 0) memmove(to, text, n);
    to[n] = '\0';
}

cm_status cm_error_set(cm_error *err, cm_status status, const char *file, int line, const cm_error_text *text)
{
    if (!err || err->status != CM_OK) return status;
    err->status = status;
    copy_text(err->what, sizeof err->what, text->what);
    copy_text(err->where, sizeof err->where, text->where);
    copy_text(err->why, sizeof err->why, text->why);
    copy_text(err->next, sizeof err->next, text->next);
    err->file = file;
    err->line = line;
    return status;
}

void cm_error_context(cm_error *err, const char *context)
{
    if (!err || err->status == CM_OK) return;
    char joined[2 * sizeof err->where];
    snprintf(joined, sizeof joined, "%s%s%s", context, err->where[0] ? ": " : "", err->where);
    copy_text(err->where, sizeof err->where, joined);
}

void cm_error_format(const cm_error *err, char *buf, int64_t size)
{
    char line[sizeof err->what + sizeof err->where + sizeof err->why + sizeof err->next + 16];
    if (!buf || size < 1) return;
    const char *what = err->what[0] ? err->what : cm_status_name(err->status);
    snprintf(line, sizeof line, "%s%s%s%s%s%s%s", err->where, err->where[0] ? ": " : "", what,
             err->why[0] ? ": " : "", err->why, err->next[0] ? ". " : "", err->next);
    copy_text(buf, (size_t)size, line);
}

cm_str cm_strf(const char *format, ...)
{
    cm_str out;
    char text[4 * sizeof out.s];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy_text(out.s, sizeof out.s, text);
    return out;
}

int cm_mul_i64(int64_t a, int64_t b, int64_t *product)
{
    int64_t result;
    if (__builtin_mul_overflow(a, b, &result)) return 0;
    *product = result;
    return 1;
}
