/* What all verbs share: exit codes, printing of errors, parsing of numbers. */
#include "engine/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/utf8.h"

enum { THREADS_MOST = 1024 };

int cm_exit_code(cm_status status)
{
    switch (status) {
    case CM_OK:
        return CM_EXIT_OK;
    case CM_ERR_ARG:
        return CM_EXIT_USAGE;
    case CM_ERR_FORMAT:
    case CM_ERR_TRUNCATED:
    case CM_ERR_SCHEMA:
    case CM_ERR_MISMATCH:
    case CM_ERR_NOT_FOUND:
    case CM_ERR_EXISTS:
    case CM_ERR_UNSUPPORTED:
    case CM_ERR_EMPTY:
    case CM_ERR_DAMAGED:
        return CM_EXIT_INPUT;
    case CM_ERR_NOMEM:
    case CM_ERR_LIMIT:
    case CM_ERR_TIMEOUT:
        return CM_EXIT_LIMIT;
    case CM_ERR_POLICY:
    case CM_ERR_PRIVACY:
        return CM_EXIT_POLICY;
    case CM_ERR_IO:
    case CM_ERR_ENV:
        return CM_EXIT_ENVIRONMENT;
    case CM_ERR_STOPPED:
        return CM_EXIT_STOPPED;
    case CM_ERR_INTERNAL:
        return CM_EXIT_INTERNAL;
    }
    return CM_EXIT_INTERNAL;
}

int cm_print_error(const cm_error *err)
{
    char text[2048];
    cm_error_format(err, text, sizeof text);
    cm_utf8_make_printable(text); /* file names and file content are quoted in it */
    fflush(stdout);
    fprintf(stderr, "cohmark: %s\n", text);
    if (err->status == CM_ERR_INTERNAL && err->file)
        fprintf(stderr, "cohmark: this is a bug; please report it with this place: %s:%d\n", err->file,
                err->line);
    return cm_exit_code(err->status);
}

int cm_usage_error(const char *verb, const char *format, ...)
{
    char problem[512];
    va_list args;
    va_start(args, format);
    vsnprintf(problem, sizeof problem, format, args);
    va_end(args);
    cm_utf8_make_printable(problem);
    fflush(stdout);
    fprintf(stderr, "cohmark %s: %s. See cohmark %s --help\n", verb, problem, verb);
    return CM_EXIT_USAGE;
}

int cm_option_error(const char *verb, int option, char *const *argv)
{
    const char *word = argv[optind - 1];
    const char letter[] = {'-', (char)optopt, '\0'};
    /* optopt is the letter of a short option; in a bundle such as -qx the word would name the wrong one. */
    if (optopt > ' ' && optopt < 127 && strncmp(word, "--", 2)) word = letter;
    return cm_usage_error(verb, option == ':' ? "%s needs a value" : "unknown option %s", word);
}

bool cm_parse_integer(const char *text, long long low, long long high, long long *out)
{
    char *end = NULL;
    if (!text || !((*text >= '0' && *text <= '9') || (*text == '-' && text[1] >= '0' && text[1] <= '9')))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < low || value > high) return false;
    *out = value;
    return true;
}

int cm_parse_format(const char *verb, const char *text, bool *json)
{
    *json = !strcmp(text, "json");
    if (*json || !strcmp(text, "text")) return CM_EXIT_OK;
    return cm_usage_error(verb, "--format takes text or json, not \"%s\"", text);
}

int cm_parse_threads(const char *verb, const char *text, int *threads)
{
    long long n;
    if (!cm_parse_integer(text, 1, THREADS_MOST, &n))
        return cm_usage_error(verb, "--threads takes 1 to %d, not \"%s\"", THREADS_MOST, text);
    *threads = (int)n;
    return CM_EXIT_OK;
}

int cm_processors(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MOST ? THREADS_MOST : (int)n;
}

const char *cm_temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

cm_spill_rule cm_program_spill(void)
{
    return (cm_spill_rule){cm_temporary_folder(), CM_SPILL_FROM_BYTES};
}
