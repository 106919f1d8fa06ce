/* cohmark verify: is a document whole, unchanged and without contradiction. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/cli/cli.h"
#include "engine/cli/print_remarks.h"
#include "engine/report/verify.h"

static void print_help(void)
{
    printf(
        "Checks a report.xml or an openebench.json, and says what holds, what is broken and what could not be\n"
        "checked.\n"
        "\n"
        "Usage: cohmark verify FILE [OPTIONS]\n"
        "\n"
        "  --against REPORT.xml  openebench.json: also compare it with the report it was made of\n"
        "  --format text|json    how to print the remarks (default text)\n"
        "  --threads N           threads to compute again with, 1 to 1024 (default: processors)\n"
        "  -q, --quiet           print what is broken and nothing else\n"
        "  -h, --help            this text\n"
        "\n"
        "report.xml: schema; the id against the bytes of <results>; bench and pictures beside it against their\n"
        "sha256; sums, orders, places, definitions and the rules of its audience; and when it carries values of\n"
        "cases (site), every summary, interval, test and place computed again. openebench.json: OpenEBench's\n"
        "schema, unique and foreign keys, directions, finite numbers.\n"
        "\n"
        "Ends with 0 when nothing is broken, with 3 when something is.\n"
        "\n"
        "Example: cohmark verify RUN/report.xml && cohmark verify RUN/openebench.json --against RUN/report.xml\n");
}

typedef struct arguments {
    const char *path;
    cm_verify_options verify;
    bool quiet, json, help;
} arguments;

static const struct option options[] = {
    {"against", required_argument, NULL, 'a'}, {"format", required_argument, NULL, 'f'},
    {"threads", required_argument, NULL, 't'}, {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

static int parse(int argc, char **argv, arguments *a)
{
    int option, code = CM_EXIT_OK;
    *a = (arguments){.verify.threads = cm_processors()};
    optind = 1;
    opterr = 0;
    while (!code && (option = getopt_long(argc, argv, ":qh", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            a->verify.against = optarg;
            break;
        case 'f':
            code = cm_parse_format("verify", optarg, &a->json);
            break;
        case 't':
            code = cm_parse_threads("verify", optarg, &a->verify.threads);
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'h':
            a->help = true;
            return CM_EXIT_OK;
        default:
            return cm_option_error("verify", option, argv);
        }
    }
    if (code) return code;
    if (optind != argc - 1) return cm_usage_error("verify", "name one report.xml or openebench.json");
    a->path = argv[optind];
    return CM_EXIT_OK;
}

int cm_verb_verify(int argc, char **argv)
{
    arguments a;
    cm_error err = {0};
    cm_remarks remarks = {0};
    int code = parse(argc, argv, &a);
    if (code) return code;
    if (a.help) {
        print_help();
        return CM_EXIT_OK;
    }
    const cm_spill_rule spill = cm_program_spill();
    a.verify.spill = &spill;
    if (cm_verify(a.path, &a.verify, &remarks, &err)) {
        code = cm_print_error(&err);
    } else {
        bool good = !remarks.count[CM_REMARK_BROKEN];
        cm_print_remarks(&remarks,
                         a.json    ? CM_PRINT_JSON
                         : a.quiet ? CM_PRINT_BROKEN
                                   : CM_PRINT_TEXT,
                         good ? "nothing is broken" : "this document is not to be relied on");
        code = good ? CM_EXIT_OK : CM_EXIT_INPUT;
    }
    cm_remarks_fini(&remarks);
    return code;
}
