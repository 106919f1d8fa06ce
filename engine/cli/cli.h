/* The command line: one file per verb, one row per verb in main.c. Verbs parse, call, print; no logic of
 * their own. */
#ifndef CM_ENGINE_CLI_CLI_H
#define CM_ENGINE_CLI_CLI_H

#include <stdbool.h>

#include "engine/base/log.h"
#include "engine/base/spill.h"
#include "engine/base/status.h"

/* Exit codes (DESIGN: pinned). */
enum {
    CM_EXIT_OK = 0,
    CM_EXIT_INTERNAL = 1,
    CM_EXIT_DIFFERENT = 1, /* of diff alone, as everyone knows it */
    CM_EXIT_USAGE = 2,
    CM_EXIT_INPUT = 3,
    CM_EXIT_FAILED_CASES = 4,
    CM_EXIT_LIMIT = 5,
    CM_EXIT_POLICY = 6,
    CM_EXIT_ENVIRONMENT = 7,
    CM_EXIT_STOPPED = 75
};

typedef struct cm_verb {
    const char *name, *summary;        /* "cohort", "put images into a cohort, check and show it" */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns an exit code */
} cm_verb;

int cm_verb_cohort(int argc, char **argv);
int cm_verb_tool(int argc, char **argv);
int cm_verb_bench(int argc, char **argv);
int cm_verb_run(int argc, char **argv);
int cm_verb_status(int argc, char **argv);
int cm_verb_report(int argc, char **argv);
int cm_verb_verify(int argc, char **argv);
int cm_verb_diff(int argc, char **argv);
int cm_verb_consensus(int argc, char **argv);
int cm_verb_score(int argc, char **argv);
int cm_verb_metrics(int argc, char **argv);
int cm_verb_doctor(int argc, char **argv);
int cm_verb_demo(int argc, char **argv);

/* The one table from status to exit code. */
int cm_exit_code(cm_status status);
/* Prints "cohmark: <where>: <what>: <why>. <next>" to stderr; returns cm_exit_code. */
int cm_print_error(const cm_error *err);
/* "cohmark <verb>: <problem>. See cohmark <verb> --help" and CM_EXIT_USAGE. */
int cm_usage_error(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What getopt_long means by '?' or ':' (optstring begins with ':', opterr = 0), told as a usage error. */
int cm_option_error(const char *verb, int option, char *const *argv);
/* Whole decimal number in [low, high] into *out; false otherwise. */
bool cm_parse_integer(const char *text, long long low, long long high, long long *out);
/* The value of --format, text or json, and of --threads, 1 to 1024: CM_EXIT_OK, or a usage error that was
 * told. */
int cm_parse_format(const char *verb, const char *text, bool *json);
int cm_parse_threads(const char *verb, const char *text, int *threads);
/* The folder for temporary files: TMPDIR, or /tmp. */
const char *cm_temporary_folder(void);
/* The results of very many items lie in a file there. */
cm_spill_rule cm_program_spill(void);
/* Processors of this machine, 1 to 1024: how many threads a verb takes unless told otherwise. */
int cm_processors(void);

#endif
