/* cohmark bench: a bench.xml to start from, what is wrong with one, what one says. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/cli/cli.h"
#include "engine/model/limits.h"
#include "engine/run/run.h"

static const char help[] =
    "Usage: cohmark bench init FILE [--task=segmentation|classification]\n"
    "       cohmark bench check FILE [--tool=PATH]...\n"
    "       cohmark bench show FILE\n"
    "\n"
    "init writes a commented bench.xml to start from (FILE must not exist). check reads it, its cohort and its\n"
    "tools, and says what would be refused, without running anything. show prints the rules in words.\n"
    "\n"
    "      --task=NAME   init: which kind of bench (default segmentation)\n"
    "  -t, --tool=PATH   check: a tool package besides those of the bench; repeatable\n"
    "  -h, --help        this text\n"
    "\n"
    "Example: cohmark bench init bench.xml && cohmark bench check bench.xml\n";

static const char template_head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!-- The rules of one comparison. cohmark bench check FILE says what is wrong; docs/formats.md explains every element. -->\n"
    "<bench xmlns=\"urn:cohmark:bench:1\" schemaVersion=\"1.0\" id=\"my-bench\" version=\"1\" title=\"What is compared, in one line\" task=\"%s\">\n"
    "  <!-- the ingested cohort (cohmark cohort ingest), relative to this file; split=\"test\" takes one split only -->\n"
    "  <cohort path=\"cohort\"/>\n"
    "  <!-- tool packages (cohmark tool init), relative to this file; more with cohmark run -t -->\n"
    "  <tools>\n"
    "    <tool path=\"my-tool\"/>\n"
    "  </tools>\n";

static const char template_segmentation[] =
    "  <!-- without <targets> every label of the cohort is scored; a region is a union of labels -->\n"
    "  <!-- <targets><label value=\"1\"/><region name=\"whole\" values=\"1 2\"/></targets> -->\n"
    "  <metrics>\n"
    "    <metric id=\"DSC\"/>\n"
    "    <metric id=\"HD95.vox.maxdir\"/>\n"
    "    <metric id=\"NSD.vox@2mm\"/>\n"
    "  </metrics>\n"
    "  <policy one-empty=\"worst\" both-empty=\"exclude\" missing=\"worst\"/>\n"
    "  <ranking metric=\"DSC\"/>\n";

static const char template_classification[] = "  <metrics>\n"
                                              "    <metric id=\"AUROC\"/>\n"
                                              "    <metric id=\"BACC\"/>\n"
                                              "    <metric id=\"AP.step\"/>\n"
                                              "  </metrics>\n"
                                              "  <ranking metric=\"AUROC\"/>\n";

static const char template_tail[] =
    "  <statistics level=\"0.95\" replicates=\"2000\" seed=\"1\"/>\n"
    "  <!-- 0 = no time limit; the memory cap is on what a tool is planned to use; more: docs/limits.md -->\n"
    "  <limits seconds-per-case=\"600\" memory-bytes=\"8589934592\"/>\n"
    "  <privacy minimum-cell=\"5\"/>\n"
    "  <!-- <openebench community=\"OEBC000\" event=\"OEBE0000000000\" challenge=\"OEBX0000000000\"/> -->\n"
    "</bench>\n";

typedef struct bench_arguments {
    const char *task, *file, *tools[1024];
    int n_tools;
    bool help;
} bench_arguments;

static int init(const bench_arguments *a)
{
    cm_error err = {0};
    char text[8192];
    bool segmentation = strcmp(a->task, "segmentation") == 0;
    int n = snprintf(text, sizeof text, template_head, a->task);
    n += snprintf(text + n, sizeof text - (size_t)n, "%s%s",
                  segmentation ? template_segmentation : template_classification, template_tail);
    cm_status st = CM_OK;
    if (cm_path_exists(a->file))
        st = CM_FAIL(&err, CM_ERR_EXISTS, .what = "the file exists already", .where = a->file,
                     .next = "choose another name");
    if (!st) st = cm_file_write(a->file, text, n, &err);
    if (st) return cm_print_error(&err);
    printf("wrote %s: edit it, then cohmark bench check %s\n", a->file, a->file);
    return CM_EXIT_OK;
}

static int check(const bench_arguments *a)
{
    cm_error err = {0};
    cm_preview p;
    cm_run_options o = {.bench = a->file, .tools = a->tools, .n_tools = a->n_tools, .cpu_features = -1};
    if (cm_run_preview(&o, &p, &err)) return cm_print_error(&err);
    int problems = 0;
    printf("%s: bench %s fits cohort %s: %lld cases, %lld with a reference, %d tools\n", a->file, p.bench,
           p.cohort, (long long)p.n_cases, (long long)p.n_with_reference, p.n_tools);
    for (int t = 0; t < p.n_tools; t++) {
        if (!p.tools[t].problem[0]) continue;
        problems++;
        printf("tool %s cannot run on the first case: %s\n", p.tools[t].id, p.tools[t].problem);
    }
    cm_preview_fini(&p);
    return problems ? CM_EXIT_INPUT : CM_EXIT_OK;
}

static const char *policy_word(cm_policy p)
{
    return p == CM_POLICY_WORST ? "worst" : p == CM_POLICY_EXCLUDE ? "exclude" : "trivial-best";
}

static void print_subgroup(const cm_subgroup *g)
{
    printf("subgroup   %s", g->name);
    for (int k = 0; k < g->n_cuts; k++)
        printf("%s%.17g", k ? " " : ", cut at ", g->cuts[k]);
    if (g->parts) printf(", in %d parts of about equal size", g->parts);
    printf("\n");
}

static int show(const bench_arguments *a)
{
    cm_error err = {0};
    cm_bench *b = NULL;
    if (cm_bench_read(a->file, &b, &err)) return cm_print_error(&err);
    printf("%s (version %s): %s\n", b->id, b->version, b->title);
    printf("task       %s\n", b->task == CM_TASK_SEGMENTATION ? "segmentation" : "classification");
    printf("cohort     %s%s%s\n", b->cohort_path, b->split[0] ? ", split " : ", all cases", b->split);
    for (int i = 0; i < b->n_tools; i++)
        printf("tool       %s\n", b->tool_paths[i]);
    for (int i = 0; i < b->n_targets; i++) {
        printf("target     %s =", b->targets[i].name[0] ? b->targets[i].name : "(name from the cohort)");
        for (int k = 0; k < b->targets[i].n_values; k++)
            printf(" %d", b->targets[i].values[k]);
        printf("\n");
    }
    if (b->has_ignored) printf("ignored    voxels whose reference is %d\n", b->ignored);
    if (!b->n_targets) printf("target     every label (segmentation) or class of the cohort\n");
    for (int i = 0; i < b->n_metrics; i++)
        printf("metric     %-20s %s\n", b->metrics[i].id, b->metrics[i].definition->title);
    printf("policy     one mask empty: %s; both empty: %s; no prediction: %s\n",
           policy_word(b->policies.one_empty), policy_word(b->policies.both_empty),
           policy_word(b->policies.missing));
    printf("ranking    mean-then-rank by %s%s%s\n", b->ranking_metric, b->ranking_target[0] ? " of " : "",
           b->ranking_target);
    for (int i = 0; i < b->n_parts; i++)
        printf("combined   %s%s%s, weight %g%s\n", b->parts[i].metric, b->parts[i].target[0] ? " of " : "",
               b->parts[i].target, b->parts[i].weight,
               i                         ? ""
               : b->combination_excludes ? "; a tool without a value is left out"
                                         : "; a tool without a value is last");
    for (int i = 0; i < b->n_subgroups; i++)
        print_subgroup(&b->subgroups[i]);
    if (!b->has_subgroups) printf("subgroup   every attribute of the cohort\n");
    printf("intervals  percentile bootstrap, level %g, %lld replicates, seed %llu\n", b->level,
           (long long)b->replicates, (unsigned long long)b->seed);
    if (b->seconds_per_case > 0)
        printf("limits     %g s a case\n", b->seconds_per_case);
    else
        printf("limits     no time limit\n");
    for (int i = 0; cm_limit_at(i); i++)
        printf("           %s %.16g\n", cm_limit_at(i)->attribute, cm_limit_get(&b->limits, cm_limit_at(i)));
    printf("privacy    groups below %d cases are suppressed in public reports\n", b->minimum_cell);
    cm_bench_destroy(b);
    return CM_EXIT_OK;
}

static int parse(int argc, char **argv, bench_arguments *a)
{
    static const struct option options[] = {{"task", required_argument, NULL, 'k'},
                                            {"tool", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;
    a->task = "segmentation";
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":t:h", options, NULL)) != -1) {
        if (c == '?' || c == ':') return cm_option_error("bench", c, argv);
        if (c == 'h') a->help = true;
        if (c == 'k') a->task = optarg;
        if (c == 't' && a->n_tools == 1024) return cm_usage_error("bench", "more than 1024 tools");
        if (c == 't') a->tools[a->n_tools++] = optarg;
    }
    if (a->help) return 0;
    if (strcmp(a->task, "segmentation") != 0 && strcmp(a->task, "classification") != 0)
        return cm_usage_error("bench", "--task is segmentation or classification, not \"%s\"", a->task);
    if (optind + 1 != argc) return cm_usage_error("bench", "name one file");
    a->file = argv[optind];
    return 0;
}

int cm_verb_bench(int argc, char **argv)
{
    bench_arguments a = {0};
    static const struct {
        const char *name;
        int (*run)(const bench_arguments *);
    } actions[] = {{"init", init}, {"check", check}, {"show", show}};
    bool wants_help = argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0;
    int rc = wants_help ? 0 : parse(argc - 1, argv + 1, &a);
    if (rc) return rc;
    if (wants_help || a.help) {
        fputs(help, stdout);
        return argc < 2 ? CM_EXIT_USAGE : CM_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(argv[1], actions[i].name) == 0) return actions[i].run(&a);
    return cm_usage_error("bench", "there is no \"%s\"; it is init, check or show", argv[1]);
}
