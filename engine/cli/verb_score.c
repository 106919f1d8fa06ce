/* cohmark score: masks made elsewhere, compared with references, without ingest, model or MPI. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/cli/cli.h"
#include "engine/cli/stop.h"
#include "engine/report/report.h"
#include "engine/run/score_files.h"

#define DEFAULT_METRICS "DSC,IOU,HD95.vox.maxdir,ASSD.vox,NSD.vox@1vox"

static void print_help(void)
{
    printf(
        "Scores masks made elsewhere as a run would score them. Files of one case have one name in every folder\n"
        "(case7.nii.gz, case7.png ...). Several predictions make a ranking.\n"
        "\n"
        "Usage: cohmark score --reference DIR --prediction NAME=DIR... [OPTIONS]\n"
        "\n"
        "  --reference DIR         label maps that are right: NIfTI or PNG, one per case; or one file\n"
        "  --prediction NAME=DIR   label maps of one tool on the same grids; may be given again. For a reference that\n"
        "                          is a file: a file of any name\n"
        "  --bench FILE            what is measured, as for a run (its cohort and tools are not looked at)\n"
        "  --labels LIST           instead of --bench: 1,2 or liver=1,lesion=2,whole=1+2 (default: every value in\n"
        "                          the references but 0)\n"
        "  --metrics LIST          instead of --bench: ids of `cohmark metrics list`; the first decides the\n"
        "                          ranking (default " DEFAULT_METRICS ")\n"
        "  --cases FILE            CSV with case_id and patient, provider or both: cases of one patient are\n"
        "                          resampled together, results are told per provider\n"
        "  -o, --output DIR        writes report.xml, report.html and openebench.json there, and the bench.xml that was\n"
        "                          used; made when it is not there\n"
        "  --format text|csv|json  what is printed: means (text, default), or every value of every case\n"
        "  --threads N             1 to 1024 (default: processors of this machine)\n"
        "  -q, --quiet             print nothing but errors\n"
        "  -h, --help              this text\n"
        "\n"
        "A case without a mask counts as failed (the worst result, unless the bench says otherwise); label values in\n"
        "no target count as background. With --metrics SDSC (soft Dice) predictions are probabilities of one target.\n"
        "\n"
        "Exit codes: 0 done, 2 usage, 3 invalid input, 4 done, but some masks are missing or unusable.\n"
        "\n"
        "Example: cohmark score --reference gt --prediction mine=out --labels tumour=1 -o report\n");
}

typedef enum output { OUTPUT_TEXT, OUTPUT_CSV, OUTPUT_JSON } output;

typedef struct arguments {
    const char *reference, *bench, *labels, *metrics, *cases, *out;
    cm_mask_folder *tools;
    int n_tools, threads;
    output format;
    bool quiet, help;
} arguments;

static const struct option options[] = {{"reference", required_argument, NULL, 'r'},
                                        {"prediction", required_argument, NULL, 'p'},
                                        {"bench", required_argument, NULL, 'b'},
                                        {"labels", required_argument, NULL, 'l'},
                                        {"metrics", required_argument, NULL, 'm'},
                                        {"cases", required_argument, NULL, 'c'},
                                        {"output", required_argument, NULL, 'o'},
                                        {"format", required_argument, NULL, 'f'},
                                        {"threads", required_argument, NULL, 't'},
                                        {"quiet", no_argument, NULL, 'q'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static int add_prediction(arguments *a, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return cm_usage_error("score", "--prediction takes NAME=DIR, not \"%s\"", text);
    *equals = 0; /* the words of the command line are ours to cut */
    a->tools[a->n_tools++] = (cm_mask_folder){text, equals + 1};
    return CM_EXIT_OK;
}

static int parse_format(const char *text, output *out)
{
    static const char *const names[] = {"text", "csv", "json"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(text, names[i])) {
            *out = (output)i;
            return CM_EXIT_OK;
        }
    return cm_usage_error("score", "--format is text, csv or json, not \"%s\"", text);
}

static int take_option(arguments *a, int option, int argc, char **argv)
{
    const char **const texts[] = {['r'] = &a->reference, ['b'] = &a->bench, ['l'] = &a->labels,
                                  ['m'] = &a->metrics,   ['c'] = &a->cases, ['o'] = &a->out};
    (void)argc;
    if (option == 'p') return add_prediction(a, optarg);
    if (option == 'f') return parse_format(optarg, &a->format);
    if (option == 'q' || option == 'h') {
        a->quiet |= option == 'q';
        a->help |= option == 'h';
        return CM_EXIT_OK;
    }
    if (option == 't') return cm_parse_threads("score", optarg, &a->threads);
    if (option == '?' || option == ':') return cm_option_error("score", option, argv);
    *texts[option] = optarg;
    return CM_EXIT_OK;
}

static int parse(int argc, char **argv, arguments *a)
{
    int option, code = CM_EXIT_OK;
    a->threads = cm_processors();
    optind = 1;
    opterr = 0;
    while (!code && !a->help && (option = getopt_long(argc, argv, ":o:qh", options, NULL)) != -1)
        code = take_option(a, option, argc, argv);
    if (code || a->help) return code;
    if (optind < argc) return cm_usage_error("score", "\"%s\" is not understood", argv[optind]);
    if (!a->reference || !a->n_tools)
        return cm_usage_error("score", "--reference and at least one --prediction are needed");
    if (a->bench && (a->labels || a->metrics))
        return cm_usage_error("score", "--labels and --metrics are for a call without --bench");
    return CM_EXIT_OK;
}

/* ---- printing ---- */

static const char *tool_name(const cm_results *r, int t)
{
    return r->tools[t].id;
}

/* A metric of the cohort from the evidence of all cases; false: it has no value. */
static bool value_of_cohort(const cm_results *r, int tool, int target, int metric, int64_t *n, double *value)
{
    cm_evidence *cases = malloc((size_t)(r->n_cases + 1) * sizeof *cases);
    cm_gathered *gathered = NULL;
    bool substituted;
    *n = 0;
    for (int64_t i = 0; i < r->n_cases && cases; i++)
        *n +=
            cm_results_evidence(r, tool, i, target * r->bench->n_metrics + metric, &cases[*n], &substituted);
    const bool defined = cases &&
                         !cm_gathered_create(&r->bench->metrics[metric], cases, *n, &gathered, NULL) &&
                         cm_gathered_value(gathered, NULL, value);
    cm_gathered_destroy(gathered);
    free(cases);
    return defined;
}

static cm_metric_value value_of_case(const cm_results *r, int tool, int64_t i, int target, int metric)
{
    if (!cm_results_item(r, tool, i)->scored) return (cm_metric_value){.state = CM_VALUE_MISSING};
    return cm_results_value(r, tool, i, target * r->bench->n_metrics + metric);
}

/* Calls `one` for every value of every case, also those that are not there; then for the metrics of the
 * cohort, with -1 as the case. */
static void for_values(const cm_results *r,
                       void (*one)(void *to, const cm_results *r, int tool, int64_t i, int target, int metric,
                                   const cm_metric_value *value),
                       void *to)
{
    for (int64_t i = 0; i < r->n_cases; i++)
        for (int t = 0; t < r->n_tools; t++)
            for (int g = 0; g < r->bench->n_targets; g++)
                for (int m = 0; m < r->bench->n_metrics; m++) {
                    if (cm_metric_is_gathered(&r->bench->metrics[m])) continue;
                    const cm_metric_value v = value_of_case(r, t, i, g, m);
                    one(to, r, t, i, g, m, &v);
                }
    for (int t = 0; t < r->n_tools; t++)
        for (int g = 0; g < r->bench->n_targets; g++)
            for (int m = 0; m < r->bench->n_metrics; m++) {
                cm_metric_value v = {.state = CM_VALUE_UNDEFINED};
                int64_t n;
                if (!cm_metric_is_gathered(&r->bench->metrics[m])) continue;
                if (value_of_cohort(r, t, g, m, &n, &v.value)) v.state = CM_VALUE_OK;
                one(to, r, t, -1, g, m, &v);
            }
}

static void print_csv_row(void *to, const cm_results *r, int tool, int64_t i, int target, int metric,
                          const cm_metric_value *value)
{
    (void)to;
    printf("%s,%s,%s,%s,", i < 0 ? "" : r->cases[i].id, tool_name(r, tool), r->bench->targets[target].name,
           r->bench->metrics[metric].id);
    if (value->state == CM_VALUE_OK) printf("%.17g", value->value);
    printf(",%s,%s,%s\n", cm_metric_unit(&r->bench->metrics[metric], !r->distances_in_voxels),
           cm_value_state_name(value->state), cm_emptiness_name(value->empty));
}

static void add_json_value(void *to, const cm_results *r, int tool, int64_t i, int target, int metric,
                           const cm_metric_value *value)
{
    json_t *number = value->state == CM_VALUE_OK ? json_real(value->value) : json_null();
    json_array_append_new(
        to, json_pack("{s:s?, s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "case", i < 0 ? NULL : r->cases[i].id,
                      "tool", tool_name(r, tool), "target", r->bench->targets[target].name, "metric",
                      r->bench->metrics[metric].id, "value", number, "unit",
                      cm_metric_unit(&r->bench->metrics[metric], !r->distances_in_voxels), "state",
                      cm_value_state_name(value->state), "empty", cm_emptiness_name(value->empty)));
}

static int print_json(const cm_results *r)
{
    const cm_error no_memory = {.status = CM_ERR_NOMEM, .what = "no memory to print the values"};
    json_t *values = json_array();
    for_values(r, add_json_value, values);
    json_t *doc = json_pack("{s:s, s:o}", "engine", r->engine_version, "values", values);
    char *text = doc ? json_dumps(doc, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(doc);
    if (!text) return cm_print_error(&no_memory);
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

/* Mean over the cases by the bench's policies, and how many numbers that is. */
static double mean_of(const cm_results *r, int tool, int target, int metric, int64_t *n)
{
    double sum = 0;
    *n = 0;
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_metric_value value = value_of_case(r, tool, i, target, metric);
        double number = 0;
        bool substituted = false;
        if (!cm_policy_apply(&r->bench->metrics[metric], &value, r->cases[i].diagonal, &r->bench->policies,
                             &number, &substituted))
            continue;
        sum += number;
        (*n)++;
    }
    return *n ? sum / (double)*n : 0;
}

static void print_text(const cm_results *r)
{
    printf("%-20s %-20s %-28s %12s %-6s %6s\n", "tool", "target", "metric", "mean", "unit",
           "cases"); /* or of the cohort */
    for (int g = 0; g < r->bench->n_targets; g++)
        for (int m = 0; m < r->bench->n_metrics; m++)
            for (int t = 0; t < r->n_tools; t++) {
                int64_t n = 0;
                double mean = 0;
                bool has_value = true;
                if (cm_metric_is_gathered(&r->bench->metrics[m]))
                    has_value = value_of_cohort(r, t, g, m, &n, &mean);
                else
                    mean = mean_of(r, t, g, m, &n);
                printf("%-20s %-20s %-28s ", tool_name(r, t), r->bench->targets[g].name,
                       r->bench->metrics[m].id);
                if (n && has_value)
                    printf("%12.6g", mean);
                else
                    printf("%12s", "-");
                const char *unit = cm_metric_unit(&r->bench->metrics[m], !r->distances_in_voxels);
                printf(" %-6s %6lld\n", strcmp(unit, "1") ? unit : "", (long long)n);
            }
}

static int print_values(const arguments *a, const cm_results *r)
{
    if (a->quiet) return CM_EXIT_OK;
    if (a->format == OUTPUT_JSON) return print_json(r);
    if (a->format == OUTPUT_CSV) {
        puts("case,tool,target,metric,value,unit,state,empty");
        for_values(r, print_csv_row, NULL);
    } else {
        print_text(r);
    }
    return CM_EXIT_OK;
}

/* A target that no mask of any case holds is more often a slip than a finding. */
static void tell_absent_targets(const cm_results *r)
{
    for (int g = 0; g < r->bench->n_targets; g++) {
        bool absent = true;
        for (int t = 0; t < r->n_tools && absent; t++)
            for (int64_t i = 0; i < r->n_cases && absent; i++) {
                absent = cm_results_item(r, t, i)->scored &&
                         cm_results_value(r, t, i, g * r->bench->n_metrics).empty == CM_BOTH_EMPTY;
            }
        if (absent) fprintf(stderr, "cohmark: note: no mask holds %s\n", r->bench->targets[g].name);
    }
}

/* What went wrong, case by case, for the person at the terminal. */
static int64_t tell_failures(const cm_results *r)
{
    int64_t failed = 0;
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++) {
            const cm_item *item = cm_results_item(r, t, i);
            if (item->state == CM_ITEM_OK) continue;
            if (++failed <= 10)
                fprintf(stderr, "cohmark: %s, case %s: %s\n", tool_name(r, t), r->cases[i].id,
                        item->reason ? cm_results_reason(r, item) : "failed");
        }
    if (failed > 10) fprintf(stderr, "cohmark: and %lld more\n", (long long)(failed - 10));
    return failed;
}

/* ---- the call ---- */

/* bench.xml from --labels and --metrics, in a file of its own; *path is malloc'd. */
static cm_status make_bench(const arguments *a, char **path, cm_error *err)
{
    char *name = cm_path_join(cm_temporary_folder(), "cohmark-score.XXXXXX");
    if (!name) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a file name");
    const int fd = mkstemp(name);
    if (fd < 0) {
        const cm_status st =
            CM_FAIL(err, CM_ERR_IO, .what = "no temporary file", .where = name, .why = strerror(errno),
                    .next = "Set TMPDIR to a folder you may write to");
        free(name);
        return st;
    }
    close(fd);
    *path = name;
    return cm_score_bench_write(name, a->labels, a->metrics ? a->metrics : DEFAULT_METRICS, err);
}

static cm_status write_report(const arguments *a, const char *bench, const cm_results *r, cm_error *err)
{
    const cm_report_options report = {.audience = CM_AUDIENCE_SITE, .threads = a->threads};
    char *copy = cm_path_join(a->out, "bench.xml");
    cm_status st = copy ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a file name");
    if (!st && !cm_path_is_folder(a->out)) st = cm_folder_create(a->out, false, err);
    if (!st && (!a->bench || strcmp(a->bench, copy))) st = cm_file_copy(bench, copy, err);
    if (!st) st = cm_report_write(r, a->out, a->out, &report, err);
    free(copy);
    return st;
}

static void print_note(const char *text)
{
    fprintf(stderr, "cohmark: note: %s\n", text);
}

static int score(const arguments *a)
{
    cm_error err = {0};
    cm_results *r = NULL;
    char *made = NULL;
    cm_status st = a->bench ? CM_OK : make_bench(a, &made, &err);
    const char *bench = a->bench ? a->bench : made;
    const cm_spill_rule spill = cm_program_spill();
    const cm_score_request request = {.bench = bench,
                                      .references = a->reference,
                                      .n_tools = a->n_tools,
                                      .tools = a->tools,
                                      .cases = a->cases,
                                      .note = a->quiet ? NULL : print_note,
                                      .threads = a->threads,
                                      .spill = &spill,
                                      .stop_requested = cm_stop_on_signals()};
    if (!st) st = cm_score_files(&request, &r, &err);
    if (!st && a->out) st = write_report(a, bench, r, &err);
    if (made) unlink(made);
    free(made);
    int code = st ? cm_print_error(&err) : print_values(a, r);
    if (!st && a->out && !a->quiet) fprintf(stderr, "%s/report.html\n", a->out);
    if (!code && !a->quiet) tell_absent_targets(r);
    if (!code && tell_failures(r)) code = CM_EXIT_FAILED_CASES;
    cm_results_destroy(r);
    return code;
}

int cm_verb_score(int argc, char **argv)
{
    arguments a = {.tools = calloc((size_t)argc, sizeof *a.tools)};
    const cm_error no_memory = {.status = CM_ERR_NOMEM, .what = "no memory for the arguments"};
    if (!a.tools) return cm_print_error(&no_memory);
    int code = parse(argc, argv, &a);
    if (!code && a.help)
        print_help();
    else if (!code)
        code = score(&a);
    free(a.tools);
    return code;
}
