/* cohmark diff: what changed between two reports, in words. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/cli/print_remarks.h"
#include "engine/report/diff.h"

static void print_help(void)
{
    printf(
        "Says in words what changed from one report.xml to another: rules, cohort, tools, definitions, cases,\n"
        "values, ranking, verdict, versions. How the runs went (times, machines) is not compared.\n"
        "\n"
        "Usage: cohmark diff A B [OPTIONS]\n"
        "\n"
        "  --tolerance R       numbers are the same when they differ by no more than R times the larger one,\n"
        "                      0 to 1 (default 0: to the last digit)\n"
        "  --format text|json  how to print the differences (default text)\n"
        "  -q, --quiet         print nothing, only end with 0 or 1\n"
        "  -h, --help          this text\n"
        "\n"
        "Ends with 0 when nothing differs, with 1 when something does; 2 and above are errors.\n"
        "\n"
        "Example: cohmark diff 2025/report.xml 2026/report.xml --tolerance 0.001\n");
}

typedef struct arguments {
    const char *a, *b;
    cm_diff_options diff;
    bool quiet, json, help;
} arguments;

static const struct option options[] = {{"tolerance", required_argument, NULL, 't'},
                                        {"format", required_argument, NULL, 'f'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static int parse(int argc, char **argv, arguments *a)
{
    int option, code = CM_EXIT_OK;
    char *end;
    *a = (arguments){0};
    optind = 1;
    opterr = 0;
    while (!code && (option = getopt_long(argc, argv, ":qh", options, NULL)) != -1) {
        switch (option) {
        case 't':
            a->diff.tolerance = strtod(optarg, &end);
            if (end == optarg || *end || !(a->diff.tolerance >= 0 && a->diff.tolerance <= 1))
                return cm_usage_error("diff", "--tolerance takes a number from 0 to 1, not \"%s\"", optarg);
            break;
        case 'f':
            code = cm_parse_format("diff", optarg, &a->json);
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'h':
            a->help = true;
            return CM_EXIT_OK;
        default:
            return cm_option_error("diff", option, argv);
        }
    }
    if (code) return code;
    if (optind != argc - 2) return cm_usage_error("diff", "name two reports");
    a->a = argv[optind];
    a->b = argv[optind + 1];
    return CM_EXIT_OK;
}

int cm_verb_diff(int argc, char **argv)
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
    if (cm_diff(a.a, a.b, &a.diff, &remarks, &err)) {
        code = cm_print_error(&err);
    } else {
        bool same = !remarks.count[CM_REMARK_CHANGED];
        if (!a.quiet)
            cm_print_remarks(&remarks, a.json ? CM_PRINT_JSON : CM_PRINT_TEXT,
                             same ? "nothing differs" : "the reports differ");
        code = same ? CM_EXIT_OK : CM_EXIT_DIFFERENT;
    }
    cm_remarks_fini(&remarks);
    return code;
}
