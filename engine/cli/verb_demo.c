/* cohmark demo: a synthetic cohort of each task. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/cli/cli.h"
#include "engine/demo/demo.h"

static void print_help(void)
{
    printf(
        "Make synthetic cohorts: abdominal MR with lesions to segment, and breast findings to classify.\n"
        "\n"
        "Usage: cohmark demo DIR [OPTIONS]\n"
        "\n"
        "  DIR               a folder that does not exist yet\n"
        "  --source-only     write the two source folders and stop\n"
        "  --cases N         patients to segment, 1 to 9999 (default 21)\n"
        "  --images N        findings to classify, 1 to 9999 (default 120)\n"
        "  --seed N          0 to 2147483647 (default 1); the same seed gives the same images anywhere\n"
        "  --threads N       1 to 1024 (default: the cores of this machine)\n"
        "  -h, --help        this text\n"
        "\n"
        "Nothing in the images comes from a person.\n"
        "\n"
        "Example: cohmark demo demo --source-only && cohmark cohort ingest demo/segmentation/source -o demo/cohort\n");
}

typedef struct demo_arguments {
    cm_demo_options demo;
    bool source_only, help;
    int threads;
} demo_arguments;

enum { OPT_SOURCE_ONLY = 256, OPT_CASES, OPT_IMAGES, OPT_SEED, OPT_THREADS };

static const struct option long_options[] = {{"source-only", no_argument, NULL, OPT_SOURCE_ONLY},
                                             {"cases", required_argument, NULL, OPT_CASES},
                                             {"images", required_argument, NULL, OPT_IMAGES},
                                             {"seed", required_argument, NULL, OPT_SEED},
                                             {"threads", required_argument, NULL, OPT_THREADS},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

static int number(const char *name, const char *text, long long low, long long high, long long *out)
{
    if (cm_parse_integer(text, low, high, out)) return CM_EXIT_OK;
    return cm_usage_error("demo", "%s takes a whole number from %lld to %lld, not \"%s\"", name, low, high,
                          text);
}

static int take_option(int option, demo_arguments *a)
{
    long long value = 0;
    int code = CM_EXIT_OK;
    switch (option) {
    case OPT_SOURCE_ONLY:
        a->source_only = true;
        break;
    case OPT_CASES:
        code = number("--cases", optarg, 1, 9999, &value);
        a->demo.cases = value;
        break;
    case OPT_IMAGES:
        code = number("--images", optarg, 1, 9999, &value);
        a->demo.images = value;
        break;
    case OPT_SEED:
        code = number("--seed", optarg, 0, 2147483647, &value);
        a->demo.seed = (uint64_t)value;
        break;
    case OPT_THREADS:
        code = number("--threads", optarg, 1, 1024, &value);
        a->threads = (int)value;
        break;
    case 'h':
        a->help = true;
        break;
    default:
        code = cm_usage_error("demo", "unknown option or missing value");
    }
    return code;
}

static int parse(int argc, char **argv, demo_arguments *a)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *a = (demo_arguments){.demo = {.cases = 21, .images = 120, .seed = 1},
                          .threads = cores < 1      ? 1
                                     : cores > 1024 ? 1024
                                                    : (int)cores};
    int option, code = CM_EXIT_OK;
    opterr = 0;
    optind = 1;
    while (!code && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
        code = take_option(option, a);
    if (code || a->help) return code;
    if (optind != argc - 1)
        return cm_usage_error("demo", "one folder is expected, %d were given", argc - optind);
    a->demo.folder = argv[optind];
    return CM_EXIT_OK;
}

static cm_status write_sources(const demo_arguments *a, cm_error *err)
{
    cm_threads *pool = NULL;
    cm_status st = cm_threads_create(a->threads, &pool, err);
    if (!st) st = cm_demo_write_sources(&a->demo, pool, err);
    cm_threads_destroy(pool);
    return st;
}

int cm_verb_demo(int argc, char **argv)
{
    demo_arguments a;
    cm_error err = {0};
    int code = parse(argc, argv, &a);
    if (code) return code;
    if (a.help) {
        print_help();
        return CM_EXIT_OK;
    }
    if (!a.source_only)
        return cm_usage_error("demo", "this version makes source folders only; give --source-only");
    if (write_sources(&a, &err)) return cm_print_error(&err);
    printf("%s/segmentation/source\n%s/classification/source\n", a.demo.folder, a.demo.folder);
    return CM_EXIT_OK;
}
