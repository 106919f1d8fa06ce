/* What a call came to, and the story of a failure.
 *
 * Every function that can fail returns cm_status and takes `cm_error *err` last (NULL is allowed). A cm_error
 * is filled while failing without allocating; the first error wins, callers add where it happened. */
#ifndef CM_ENGINE_BASE_STATUS_H
#define CM_ENGINE_BASE_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pinned and grouped: numbers and names are never reused. Names (cm_status_name) appear in reports. */
typedef enum cm_status {
    CM_OK = 0,
    /* 10..29 the input is wrong */
    CM_ERR_ARG = 10,         /* an argument of the call or the command line is out of range */
    CM_ERR_FORMAT = 11,      /* a file does not follow its format */
    CM_ERR_TRUNCATED = 12,   /* a file ends before its own header says */
    CM_ERR_SCHEMA = 13,      /* an XML or CSV document breaks its schema */
    CM_ERR_MISMATCH = 14,    /* two things that must agree do not (geometry, labels, shapes) */
    CM_ERR_NOT_FOUND = 15,   /* something named is not there */
    CM_ERR_EXISTS = 16,      /* something that must be new exists already */
    CM_ERR_UNSUPPORTED = 17, /* legal, but this version cannot do it */
    CM_ERR_EMPTY = 18,       /* nothing to compute on */
    CM_ERR_DAMAGED = 19,     /* a stored hash does not match the content */
    /* 30..49 a resource ran out */
    CM_ERR_NOMEM = 30,   /* the system refused memory */
    CM_ERR_LIMIT = 31,   /* a declared cap would be passed */
    CM_ERR_TIMEOUT = 32, /* the time limit of a case was reached */
    CM_ERR_IO = 33,      /* reading or writing failed */
    /* 50..59 refused by a rule */
    CM_ERR_POLICY =
        50, /* security: external data, control flow, foreign operators, links that leave a folder */
    CM_ERR_PRIVACY = 51, /* the anonymisation door */
    /* 60..69 the machine lacks something */
    CM_ERR_ENV = 60,
    /* 70..79 */
    CM_ERR_STOPPED = 70, /* asked to stop; can be resumed */
    /* 90..99 */
    CM_ERR_INTERNAL = 90 /* a bug of ours */
} cm_status;

/* Stable lower-case name such as "truncated", "limit"; "unknown" for a number that is none. Thread-safe. */
const char *cm_status_name(cm_status status);

typedef struct cm_error {
    cm_status status;
    char what[320];   /* what went wrong, one clause, no full stop */
    char where[256];  /* file:line, case, node, tool ...; context is prepended by callers */
    char why[512];    /* the figures: expected and found */
    char next[320];   /* what to do about it; may be empty */
    const char *file; /* source position, for the operator's log only */
    int line;
} cm_error;

/* The texts of one failure; any may be NULL. */
typedef struct cm_error_text {
    const char *what, *where, *why, *next;
} cm_error_text;

/* Fills *err unless it already holds an error, and returns `status`. Use through CM_FAIL. */
cm_status cm_error_set(cm_error *err, cm_status status, const char *file, int line,
                       const cm_error_text *text);

/* return CM_FAIL(err, CM_ERR_TRUNCATED, .what = "...", .where = path, .why = cm_strf("%d", n).s, .next =
 * "..."); */
#define CM_FAIL(err, status, ...)                                                                            \
    cm_error_set((err), (status), __FILE__, __LINE__, &(cm_error_text){__VA_ARGS__})

/* Prepends "context: " to err->where (context is e.g. "case 0041"). No effect on NULL or an unset error. */
void cm_error_context(cm_error *err, const char *context);

/* One line "where: what: why. next" into buf, for people. Always terminated. */
void cm_error_format(const cm_error *err, char *buf, int64_t size);

/* A short formatted text returned by value, so that it lives to the end of the full expression. */
typedef struct cm_str {
    char s[400];
} cm_str;
cm_str cm_strf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* *product = a*b for a, b >= 0. Returns 0 when it would pass INT64_MAX (then *product is untouched), else 1.
 */
int cm_mul_i64(int64_t a, int64_t b, int64_t *product);

#ifdef __cplusplus
}
#endif
#endif
