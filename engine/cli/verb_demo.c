/* cohmark demo: synthetic cohorts, tools and benches of both tasks, run and reported. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/threads.h"
#include "engine/cli/cli.h"
#include "engine/cli/stop.h"
#include "engine/demo/demo.h"

static const char help[] =
    "Make two synthetic cohorts with tools and a bench each, run them and write the reports:\n"
    "abdominal MR with lesions to segment, and breast findings to classify.\n"
    "\n"
    "Usage: cohmark demo DIR [OPTIONS]\n"
    "\n"
    "  DIR               a folder that does not exist yet\n"
    "  --source-only     write sources, tools and benches, and stop\n"
    "  --cases N         patients to segment, 1 to 9999 (default 21)\n"
    "  --images N        findings to classify, 1 to 9999 (default 120)\n"
    "  --seed N          0 to 2147483647 (default 1); the same seed gives the same images anywhere\n"
    "  --threads N       1 to 1024 (default: the cores of this machine)\n"
    "  -q, --quiet       no progress\n"
    "  -h, --help        this text\n"
    "\n"
    "Takes half a minute on two cores. Nothing in the images comes from a person. DIR/segmentation and\n"
    "DIR/classification hold all that a bench of your own needs: source/, cohort/, tools/, bench.xml, run/.\n"
    "\n"
    "Example: cohmark demo demo && xdg-open demo/segmentation/run/report.html\n";

typedef struct demo_arguments {
    cm_demo_options demo;
    bool source_only, help;
    char program[4096];
} demo_arguments;

enum { OPT_SOURCE_ONLY = 256, OPT_CASES, OPT_IMAGES, OPT_SEED, OPT_THREADS };

static const struct option long_options[] = {{"source-only", no_argument, NULL, OPT_SOURCE_ONLY},
                                             {"cases", required_argument, NULL, OPT_CASES},
                                             {"images", required_argument, NULL, OPT_IMAGES},
                                             {"seed", required_argument, NULL, OPT_SEED},
                                             {"threads", required_argument, NULL, OPT_THREADS},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

static int number(const char *name, long long low, long long high, long long *out)
{
    if (cm_parse_integer(optarg, low, high, out)) return CM_EXIT_OK;
    return cm_usage_error("demo", "%s takes a whole number from %lld to %lld, not \"%s\"", name, low, high,
                          optarg);
}

static int take_option(int option, char *const *argv, demo_arguments *a)
{
    long long value = 0;
    int code = CM_EXIT_OK;
    switch (option) {
    case OPT_SOURCE_ONLY:
        a->source_only = true;
        break;
    case OPT_CASES:
        code = number("--cases", 1, 9999, &value);
        a->demo.cases = value;
        break;
    case OPT_IMAGES:
        code = number("--images", 1, 9999, &value);
        a->demo.images = value;
        break;
    case OPT_SEED:
        code = number("--seed", 0, 2147483647, &value);
        a->demo.seed = (uint64_t)value;
        break;
    case OPT_THREADS:
        code = number("--threads", 1, 1024, &value);
        a->demo.threads = (int)value;
        break;
    case 'q':
        a->demo.quiet = true;
        break;
    case 'h':
        a->help = true;
        break;
    default:
        code = cm_usage_error("demo", "\"%s\" is no option, or lacks its value", argv[optind - 1]);
    }
    return code;
}

static int parse(int argc, char **argv, demo_arguments *a)
{
    *a = (demo_arguments){.demo = {.cases = 21, .images = 120, .seed = 1, .threads = cm_processors()}};
    int option, code = CM_EXIT_OK;
    opterr = 0;
    optind = 1;
    while (!code && (option = getopt_long(argc, argv, "qh", long_options, NULL)) != -1)
        code = take_option(option, argv, a);
    if (code || a->help) return code;
    if (optind != argc - 1)
        return cm_usage_error("demo", "one folder is expected, %d were given", argc - optind);
    a->demo.folder = argv[optind];
    if (readlink("/proc/self/exe", a->program, sizeof a->program - 1) > 0) a->demo.program = a->program;
    return CM_EXIT_OK;
}

static int show_sources(const demo_arguments *a)
{
    for (int t = 0; t < CM_DEMO_TASKS; t++)
        printf("%s/%s/source\n", a->demo.folder, cm_demo_tasks[t]);
    return CM_EXIT_OK;
}

static int measure(const demo_arguments *a)
{
    int code = CM_EXIT_OK;
    cm_error err = {0};
    for (int t = 0; t < CM_DEMO_TASKS; t++) {
        const double began = cm_now_s();
        int64_t failed = 0;
        if (cm_demo_measure(&a->demo, cm_demo_tasks[t], &failed, &err)) return cm_print_error(&err);
        printf("%-14s  %s/%s/run/report.html  (%.0f s)\n", cm_demo_tasks[t], a->demo.folder, cm_demo_tasks[t],
               cm_now_s() - began);
        fflush(stdout);
        if (failed) {
            printf("%lld cases failed: the report lists them with their status\n", (long long)failed);
            code = CM_EXIT_FAILED_CASES;
        }
    }
    return code;
}

int cm_verb_demo(int argc, char **argv)
{
    demo_arguments a;
    cm_error err = {0};
    const int code = parse(argc, argv, &a);
    if (code) return code;
    if (a.help) {
        fputs(help, stdout);
        return CM_EXIT_OK;
    }
    a.demo.stop_requested = cm_stop_on_signals();
    if (cm_demo_write_sources(&a.demo, &err) || cm_demo_write_benches(&a.demo, &err))
        return cm_print_error(&err);
    return a.source_only ? show_sources(&a) : measure(&a);
}
