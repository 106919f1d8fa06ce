/* cohmark report: the documents of a run, made again from its ledger. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/cli/cli.h"
#include "engine/report/openebench.h"
#include "engine/report/report.h"

static void print_help(void)
{
    printf(
        "Writes report.xml, report.html and openebench.json of a run, complete or not. Nothing is computed\n"
        "again but statistics: values come from the run's ledger.\n"
        "\n"
        "Usage: cohmark report RUN [OPTIONS]\n"
        "\n"
        "  --audience site|public  site (default): everything, with case ids and pictures, for the house that\n"
        "                          holds the cohort. public: no case ids, no values or pictures of cases, and\n"
        "                          no group of fewer cases than the bench's minimum cell\n"
        "  -o, --output DIR        folder of the three files; made when it is not there. Default: RUN for\n"
        "                          site, RUN/public for public. A report for another audience is never\n"
        "                          replaced\n"
        "  --openebench-full       also write openebench-full.json: Challenge, Metrics, Tool, Dataset and TestAction\n"
        "                          objects of OpenEBench's data model 1.0\n"
        "  --contact ID            with it: OpenEBench's id of whoever answers for them (default: unregistered)\n"
        "  --threads N             threads for the intervals, 1 to 1024 (default: processors of this machine)\n"
        "  -q, --quiet             print nothing but errors\n"
        "  -h, --help              this text\n"
        "\n"
        "report.xml is valid against the schema report.xsd; its element <results> has the same bytes for any\n"
        "number of ranks and threads. openebench.json holds OpenEBench's minimal datasets, made of report.xml.\n"
        "\n"
        "Example: cohmark report RUN --audience public && xdg-open RUN/public/report.html\n");
}

typedef struct arguments {
    const char *run, *out, *contact;
    cm_audience audience;
    int threads;
    bool quiet, help, full;
} arguments;

static const struct option options[] = {{"audience", required_argument, NULL, 'a'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"openebench-full", no_argument, NULL, 'f'},
                                        {"contact", required_argument, NULL, 'c'},
                                        {"threads", required_argument, NULL, 't'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static int parse_audience(const char *text, cm_audience *out)
{
    if (!strcmp(text, "site"))
        *out = CM_AUDIENCE_SITE;
    else if (!strcmp(text, "public"))
        *out = CM_AUDIENCE_PUBLIC;
    else
        return cm_usage_error("report", "--audience takes site or public, not \"%s\"", text);
    return CM_EXIT_OK;
}

static int parse(int argc, char **argv, arguments *a)
{
    int option, code = CM_EXIT_OK;
    *a = (arguments){.audience = CM_AUDIENCE_SITE, .threads = cm_processors()};
    optind = 1;
    opterr = 0;
    while (!code && (option = getopt_long(argc, argv, ":o:qh", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            code = parse_audience(optarg, &a->audience);
            break;
        case 'o':
            a->out = optarg;
            break;
        case 't':
            code = cm_parse_threads("report", optarg, &a->threads);
            break;
        case 'f':
            a->full = true;
            break;
        case 'c':
            if (!optarg[0]) return cm_usage_error("report", "--contact takes an id, not an empty text");
            a->contact = optarg;
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'h':
            a->help = true;
            return CM_EXIT_OK;
        default:
            return cm_option_error("report", option, argv);
        }
    }
    if (code) return code;
    if (optind != argc - 1) return cm_usage_error("report", "name one run folder");
    if (a->contact && !a->full) return cm_usage_error("report", "--contact belongs to --openebench-full");
    a->run = argv[optind];
    return CM_EXIT_OK;
}

static cm_status make_full(const arguments *a, const char *out, cm_error *err)
{
    char *report = cm_path_join(out, "report.xml"), *path = cm_path_join(out, "openebench-full.json");
    cm_status status = report && path ? cm_openebench_full_write(report, a->contact, path, err)
                                      : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    free(report);
    free(path);
    return status;
}

static cm_status make_reports(const arguments *a, const char *out, cm_error *err)
{
    cm_results *results = NULL;
    cm_report_options report = {.audience = a->audience, .threads = a->threads};
    const cm_spill_rule spill = cm_program_spill();
    cm_status status = cm_results_load(a->run, &spill, &results, err);
    if (!status && !cm_path_is_folder(out)) status = cm_folder_create(out, false, err);
    if (!status) status = cm_report_write(results, a->run, out, &report, err);
    if (!status && a->full) status = make_full(a, out, err);
    cm_results_destroy(results);
    return status;
}

int cm_verb_report(int argc, char **argv)
{
    arguments a;
    cm_error err = {0};
    int code = parse(argc, argv, &a);
    if (code) return code;
    if (a.help) {
        print_help();
        return CM_EXIT_OK;
    }
    char *beside = a.audience == CM_AUDIENCE_PUBLIC ? cm_path_join(a.run, "public") : NULL;
    const char *out = a.out ? a.out : beside ? beside : a.run;
    if (make_reports(&a, out, &err))
        code = cm_print_error(&err);
    else if (!a.quiet)
        printf("%s/report.html\n%s/report.xml\n%s/openebench.json\n", out, out, out);
    if (!code && !a.quiet && a.full) printf("%s/openebench-full.json\n", out);
    free(beside);
    return code;
}
