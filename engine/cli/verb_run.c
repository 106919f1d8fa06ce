/* cohmark run: parses, starts MPI if a launcher did, runs, writes the report. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/cli.h"
#include "engine/cli/stop.h"
#include "engine/report/report.h"
#include "engine/run/run.h"

static const char help[] =
    "Usage: cohmark run BENCH.xml -o RUN [OPTION]...\n"
    "       mpirun -n RANKS cohmark run ...      srun cohmark run ...\n"
    "\n"
    "Runs every tool on every case of the bench's cohort, scores the predictions and writes RUN/report.xml,\n"
    "report.html and openebench.json. The results are the same for any number of ranks and threads.\n"
    "\n"
    "  -t, --tool=PATH        a tool package (folder or .tool) besides those of the bench; repeatable\n"
    "  -o, --output=RUN       the run folder; must not exist (unless --resume)\n"
    "      --resume           go on with the run folder: only what is not done is done (BENCH is not needed)\n"
    "      --smoke=N          only the first N cases (1..1000000): is everything in place?\n"
    "      --dry-run          say what would run and what it would cost; create nothing\n"
    "      --threads=N        compute threads per rank, 1..1024 (default: cores / ranks on the node)\n"
    "      --max-failures=N   stop when more than N cases failed (default: never)\n"
    "      --cpu=NAME         kernels to use: scalar, avx2, avx512, neon (default: the best this CPU has)\n"
    "  -q, --quiet            no progress on the terminal\n"
    "  -v, --verbose          more messages\n"
    "  -h, --help             this text\n"
    "\n"
    "Exit codes: 0 done, 4 done but cases failed, 75 stopped early (SIGTERM, SIGUSR1): go on with --resume.\n"
    "Example: cohmark run bench.xml -t my-tool/ -o run1 --smoke 2\n";

typedef struct run_arguments {
    cm_run_options options;
    const char *tools[1024];
    bool dry_run, verbose, help;
    const char *probe; /* hidden: "TOOL:CASE", what a resume starts for a suspect */
    char program[4096];
} run_arguments;

enum { OPT_RESUME = 256, OPT_SMOKE, OPT_DRY, OPT_THREADS, OPT_MAX, OPT_CPU, OPT_PROBE };

static const struct option long_options[] = {{"tool", required_argument, NULL, 't'},
                                             {"output", required_argument, NULL, 'o'},
                                             {"resume", no_argument, NULL, OPT_RESUME},
                                             {"smoke", required_argument, NULL, OPT_SMOKE},
                                             {"dry-run", no_argument, NULL, OPT_DRY},
                                             {"threads", required_argument, NULL, OPT_THREADS},
                                             {"max-failures", required_argument, NULL, OPT_MAX},
                                             {"cpu", required_argument, NULL, OPT_CPU},
                                             {"probe", required_argument, NULL, OPT_PROBE},
                                             {"quiet", no_argument, NULL, 'q'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

static int cpu_features_named(const char *name)
{
    if (strcmp(name, "scalar") == 0) return CM_CPU_SCALAR;
    if (strcmp(name, "avx2") == 0) return CM_CPU_AVX2;
    if (strcmp(name, "avx512") == 0) return CM_CPU_AVX2 | CM_CPU_AVX512;
    if (strcmp(name, "neon") == 0) return CM_CPU_NEON;
    return -2;
}

static int take_option(int c, run_arguments *a)
{
    cm_run_options *o = &a->options;
    long long n = 0;
    switch (c) {
    case 't':
        if (o->n_tools == 1024) return cm_usage_error("run", "more than 1024 tools");
        a->tools[o->n_tools++] = optarg;
        return 0;
    case 'o':
        o->out = optarg;
        return 0;
    case OPT_RESUME:
        o->resume = true;
        return 0;
    case OPT_DRY:
        a->dry_run = true;
        return 0;
    case OPT_PROBE:
        a->probe = optarg;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case 'v':
        a->verbose = true;
        return 0;
    case 'h':
        a->help = true;
        return 0;
    case OPT_SMOKE:
        if (!cm_parse_integer(optarg, 1, 1000000, &n))
            return cm_usage_error("run", "--smoke wants a number 1..1000000, not \"%s\"", optarg);
        o->smoke = n;
        return 0;
    case OPT_THREADS:
        return cm_parse_threads("run", optarg, &o->threads);
    case OPT_MAX:
        if (!cm_parse_integer(optarg, 1, 1000000000, &n))
            return cm_usage_error("run", "--max-failures wants a number 1..1000000000, not \"%s\"", optarg);
        o->max_failures = n;
        return 0;
    case OPT_CPU:
        o->cpu_features = cpu_features_named(optarg);
        return o->cpu_features == -2
                   ? cm_usage_error("run", "--cpu knows scalar, avx2, avx512, neon, not \"%s\"", optarg)
                   : 0;
    default:
        return CM_EXIT_USAGE;
    }
}

static int parse(int argc, char **argv, run_arguments *a)
{
    int c, rc = 0;
    a->options.cpu_features = -1;
    opterr = 0;
    while (!rc && (c = getopt_long(argc, argv, ":t:o:qvh", long_options, NULL)) != -1)
        rc = c == '?' || c == ':' ? cm_option_error("run", c, argv) : take_option(c, a);
    if (rc || a->help) return rc;
    a->options.tools = a->tools;
    if (a->probe) return 0;
    if (!a->options.out && !a->dry_run) return cm_usage_error("run", "-o RUN is missing");
    if (optind < argc) a->options.bench = argv[optind++];
    if (optind < argc) return cm_usage_error("run", "one bench at a time; \"%s\" is too much", argv[optind]);
    if (!a->options.bench && !a->options.resume) return cm_usage_error("run", "BENCH.xml is missing");
    if (a->options.resume && (a->options.n_tools || a->options.smoke))
        return cm_usage_error(
            "run",
            "--resume goes on with what the run folder holds; --tool and --smoke belong to the first start");
    return 0;
}

static void print_seconds(double s)
{
    if (s < 120)
        printf("%.1f s", s);
    else
        printf("%.1f min", s / 60);
}

static int preview(const run_arguments *a)
{
    cm_preview p;
    cm_error err = {0};
    if (cm_run_preview(&a->options, &p, &err)) return cm_print_error(&err);
    double total = 0;
    printf("bench %s on cohort %s: %lld cases (%lld with a reference), %d tools\n", p.bench, p.cohort,
           (long long)p.n_cases, (long long)p.n_with_reference, p.n_tools);
    for (int t = 0; t < p.n_tools; t++) {
        const cm_preview_tool *tool = &p.tools[t];
        printf("  %-24s %s: ", tool->id, tool->version);
        if (tool->problem[0]) {
            printf("cannot run: %s\n", tool->problem);
            continue;
        }
        printf("%.3g GFLOP, %.1f MiB, %lld windows a case (median); about ", tool->median.operations * 1e-9,
               (double)tool->median.peak_bytes / 1048576.0, (long long)tool->median.windows);
        print_seconds(tool->total_s);
        printf(" in all\n");
        total += tool->total_s;
    }
    printf("together about ");
    print_seconds(total);
    printf(" on one rank with %d threads (an estimate); nothing was created\n", p.threads);
    cm_preview_fini(&p);
    return CM_EXIT_OK;
}

static int probe(const run_arguments *a)
{
    int tool;
    long long case_number;
    cm_error err = {0};
    if (sscanf(a->probe, "%d:%lld", &tool, &case_number) != 2 || !a->options.out) return CM_EXIT_USAGE;
    cm_status st = cm_run_probe(a->options.out, tool, case_number, &err);
    return st ? cm_print_error(&err) : CM_EXIT_OK;
}

static cm_status write_report(const run_arguments *a, cm_error *err)
{
    cm_results *results = NULL;
    cm_report_options report = {CM_AUDIENCE_SITE, 1};
    cm_status st = cm_results_load(a->options.out, a->options.spill, &results, err);
    if (!st) st = cm_report_write(results, a->options.out, a->options.out, &report, err);
    cm_results_destroy(results);
    return st;
}

static void announce(const run_arguments *a, int64_t failed)
{
    if (failed) printf("%lld cases failed: the report lists them with their status\n", (long long)failed);
    printf("report: %s/report.html (and report.xml, openebench.json)\n", a->options.out);
}

static int run_as_team(run_arguments *a)
{
    cm_team team;
    cm_error err = {0};
    int64_t failed = 0;
    int code = CM_EXIT_OK;
    cm_status st = cm_team_begin(&team, &err);
    const cm_spill_rule spill = cm_program_spill();
    a->options.spill = &spill;
    a->options.stop_requested = cm_stop_on_signals();
    if (readlink("/proc/self/exe", a->program, sizeof a->program - 1) > 0) a->options.program = a->program;
    a->options.level = a->verbose ? CM_LEVEL_DEBUG : CM_LEVEL_WARNING;
    if (!st) st = cm_run(&a->options, &team, &failed, &err);
    if (team.rank == 0) {
        if (!st) st = write_report(a, &err);
        code = st ? cm_print_error(&err) : failed ? CM_EXIT_FAILED_CASES : CM_EXIT_OK;
        if (!st && !a->options.quiet) announce(a, failed);
    } else if (err.status) {
        cm_print_error(&err);
    }
    if (st != CM_ERR_INTERNAL)
        team.broadcast(&team, &code, sizeof code, NULL); /* every rank ends with the same code */
    cm_team_end(&team, st);
    return code;
}

int cm_verb_run(int argc, char **argv)
{
    static run_arguments a; /* large, and only one run a process */
    int rc = parse(argc, argv, &a);
    if (rc) return rc;
    if (a.help) {
        fputs(help, stdout);
        return CM_EXIT_OK;
    }
    if (a.probe) return probe(&a);
    if (a.dry_run) return preview(&a);
    return run_as_team(&a);
}
