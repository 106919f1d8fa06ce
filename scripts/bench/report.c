/* bench_report TOOLS CASES METRICS TARGETS FOLDER [STEP...]: how much memory and time the documents of that
 * many items take, from the results of a run to what is made of them and done with them. The results are made
 * up (a few failures among them); replicates are few, because it is the documents that are measured here, not
 * the statistics (bench_ranking).
 *
 * Every step is a process of its own, so that each line tells its own largest memory beside its seconds on
 * the clock and on the processors. FOLDER must exist; report.xml, changed.xml (one letter of the title is
 * another one), report.html, openebench.json and openebench-full.json stay in it. STEP: only these, 1 for the
 * first, with the files that an earlier call left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/base/threads.h"
#include "engine/report/diff.h"
#include "engine/report/document_internal.h"
#include "engine/report/openebench.h"
#include "engine/report/report.h"
#include "engine/report/verify.h"

enum { REPLICATES = 2, THREADS = 2, PROVIDERS = 5, MOST_TARGETS = 20 };
static const char *const metrics[] = {"DSC",      "HD95.vox.pooled", "NSD.surfel@2mm", "IOU",
                                      "ASSD.vox", "SENS.vox",        "PPV.vox",        "VS",
                                      "AVDR",     "MCC.vox"};
enum { MOST_METRICS = sizeof metrics / sizeof *metrics };
static const char title_of_bench[] = "How large may a report be?";

static void *must(void *p)
{
    if (p) return p;
    fprintf(stderr, "no memory\n");
    exit(1);
}

static cm_bench *make_bench(int n_metrics, int n_targets)
{
    cm_bench *b = must(calloc(1, sizeof *b));
    strcpy(b->id, "bench-report");
    strcpy(b->version, "1");
    strcpy(b->title, title_of_bench);
    b->task = CM_TASK_SEGMENTATION;
    b->targets = must(calloc((size_t)n_targets, sizeof *b->targets));
    b->metrics = must(calloc((size_t)n_metrics, sizeof *b->metrics));
    b->n_targets = n_targets;
    b->n_metrics = n_metrics;
    for (int g = 0; g < n_targets; g++) {
        uint16_t *value = must(calloc(1, sizeof *value));
        *value = (uint16_t)(g + 1);
        snprintf(b->targets[g].name, sizeof b->targets[g].name, "organ-%d", g + 1);
        b->targets[g].n_values = 1;
        b->targets[g].values = value;
    }
    for (int m = 0; m < n_metrics; m++)
        if (cm_metric_parse(metrics[m], &b->metrics[m], NULL)) exit(1);
    b->policies = (cm_policies){CM_POLICY_WORST, CM_POLICY_EXCLUDE, CM_POLICY_WORST};
    b->level = 0.95;
    b->replicates = REPLICATES;
    b->seed = 1;
    b->minimum_cell = 5;
    strcpy(b->ranking_metric, "DSC");
    return b;
}

static cm_results *make_cohort(int n_tools, int64_t n_cases, int n_metrics, int n_targets,
                               const cm_spill_rule *spill)
{
    cm_results *r = must(calloc(1, sizeof *r));
    r->bench = make_bench(n_metrics, n_targets);
    r->n_tools = n_tools;
    r->n_cases = n_cases;
    r->cases = must(calloc((size_t)n_cases, sizeof *r->cases));
    r->tools = must(calloc((size_t)n_tools, sizeof *r->tools));
    r->cohort.n_labels = 1 + n_targets;
    r->cohort.labels = must(calloc((size_t)r->cohort.n_labels, sizeof *r->cohort.labels));
    strcpy(r->cohort.labels[0].name, "background");
    for (int g = 0; g < n_targets; g++) {
        r->cohort.labels[g + 1].value = g + 1;
        memcpy(r->cohort.labels[g + 1].name, r->bench->targets[g].name, sizeof r->cohort.labels[g + 1].name);
    }
    strcpy(r->cohort.id, "made-up");
    strcpy(r->cohort.version, "1");
    strcpy(r->cohort.title, "Made-up cases");
    r->cohort.task = CM_TASK_SEGMENTATION;
    r->cohort.n_providers = PROVIDERS;
    r->cohort.providers = must(calloc(PROVIDERS, sizeof *r->cohort.providers));
    for (int p = 0; p < PROVIDERS; p++)
        snprintf(r->cohort.providers[p], sizeof r->cohort.providers[p], "hospital-%d", p + 1);
    strcpy(r->engine_version, CM_VERSION);
    strcpy(r->created, "2026-01-02T03:04:05Z");
    strcpy(r->energy_reason, "made up");
    if (cm_results_reserve(r, spill, NULL)) exit(1);
    for (int64_t i = 0; i < n_cases; i++) {
        snprintf(r->cases[i].id, sizeof r->cases[i].id, "case-%06lld", (long long)i);
        memcpy(r->cases[i].patient, r->cases[i].id, sizeof r->cases[i].patient);
        memcpy(r->cases[i].provider, r->cohort.providers[i % PROVIDERS], sizeof r->cases[i].provider);
        r->cases[i].has_reference = true;
        r->cases[i].voxels = 1000000;
        r->cases[i].diagonal = 400;
    }
    for (int t = 0; t < n_tools; t++) {
        snprintf(r->tools[t].id, sizeof r->tools[t].id, "tool-%02d", t);
        strcpy(r->tools[t].version, "1");
        strcpy(r->tools[t].name, r->tools[t].id);
    }
    return r;
}

static void fill_item(cm_results *r, int t, int64_t i)
{
    cm_item *item = cm_results_item(r, t, i);
    uint64_t mixed = (uint64_t)(i * 50 + t) * 0x9E3779B97F4A7C15u;
    item->state = i % 1000 == t ? CM_ITEM_CRASH : CM_ITEM_OK;
    item->shard = 0;
    memset(item->prediction_digest.byte, (int)(mixed & 255), sizeof item->prediction_digest.byte);
    item->cost = (cm_item_cost){.wall_s = 1 + (double)(mixed >> 44) / 1e6,
                                .cpu_s = 2 + (double)(mixed >> 44) / 1e6,
                                .energy_j = -1,
                                .peak_bytes = 1000000,
                                .operations = 1e9};
    if (item->state == CM_ITEM_CRASH) {
        if (cm_results_set_reason(r, item, "the process running the tool was ended by signal 11", NULL))
            exit(1);
        return;
    }
    for (int place = 0; place < r->places; place++, mixed = mixed * 0x9E3779B97F4A7C15u + 1) {
        const double value = (double)(mixed >> 11) / 9007199254740992.0 * (1 - 0.002 * t);
        cm_results_set_value(r, t, i, place, (cm_metric_value){.value = value});
    }
}

/* In the order of cases, as a run ends them. */
static cm_results *make_results(int n_tools, int64_t n_cases, int n_metrics, int n_targets,
                                const cm_spill_rule *spill)
{
    cm_results *r = make_cohort(n_tools, n_cases, n_metrics, n_targets, spill);
    for (int64_t i = 0; i < n_cases; i++) {
        for (int t = 0; t < n_tools; t++)
            fill_item(r, t, i);
        if (i % CM_CASES_AT_ONCE == 0) cm_results_release(r);
    }
    return r;
}

/* ---- the steps ---- */

typedef struct job {
    int n_tools, n_metrics, n_targets;
    int64_t n_cases;
    const char *folder;
    cm_spill_rule spill;
    char *report, *changed, *html, *json, *full;
} job;

static cm_status write_all(const job *j, cm_remarks *remarks, cm_error *err)
{
    (void)remarks;
    cm_results *r = make_results(j->n_tools, j->n_cases, j->n_metrics, j->n_targets, &j->spill);
    const cm_status status = cm_report_write(
        r, j->folder, j->folder, &(cm_report_options){.audience = CM_AUDIENCE_SITE, .threads = THREADS}, err);
    cm_results_destroy(r);
    return status;
}

static cm_status make_page(const job *j, cm_remarks *remarks, cm_error *err)
{
    (void)remarks;
    xmlDocPtr doc = NULL;
    cm_status status = cm_document_read(j->report, &doc, err);
    if (!status) status = cm_document_to_html(doc, j->folder, j->html, err);
    xmlFreeDoc(doc);
    return status;
}

static cm_status make_json(const job *j, cm_remarks *remarks, cm_error *err)
{
    (void)remarks;
    xmlDocPtr doc = NULL;
    cm_status status = cm_document_read(j->report, &doc, err);
    if (!status) status = cm_document_to_openebench(doc, j->json, err);
    xmlFreeDoc(doc);
    return status;
}

static cm_status make_full(const job *j, cm_remarks *remarks, cm_error *err)
{
    (void)remarks;
    return cm_openebench_full_write(j->report, "made-up", j->full, err);
}

static cm_status verify_json(const job *j, cm_remarks *remarks, cm_error *err)
{
    return cm_verify(j->json, &(cm_verify_options){.threads = THREADS, .against = j->report}, remarks, err);
}

static cm_status verify_report(const job *j, cm_remarks *remarks, cm_error *err)
{
    return cm_verify(j->report, &(cm_verify_options){.threads = THREADS, .spill = &j->spill}, remarks, err);
}

/* The same but for one letter of the bench's title: everything is compared, case by case. */
static cm_status change(const job *j, cm_remarks *remarks, cm_error *err)
{
    enum { BLOCK = 1 << 16 };
    static char block[BLOCK];
    size_t n;
    bool first = true, good = true;
    FILE *from = fopen(j->report, "rb"), *to = fopen(j->changed, "wb");
    (void)remarks;
    while (from && to && good && (n = fread(block, 1, BLOCK, from)) > 0) {
        char *title = first ? memmem(block, n, title_of_bench, strlen(title_of_bench)) : NULL;
        if (first) good = title != NULL;
        if (title) title[strlen(title_of_bench) - 1] = '!';
        first = false;
        good = good && fwrite(block, 1, n, to) == n;
    }
    if (from) fclose(from);
    good = to && !fclose(to) && good && from;
    return good ? CM_OK : CM_FAIL(err, CM_ERR_IO, .what = "the report could not be copied");
}

static cm_status diff(const job *j, cm_remarks *remarks, cm_error *err)
{
    return cm_diff(j->report, j->changed, &(cm_diff_options){0}, remarks, err);
}

static const struct step {
    const char *name;
    cm_status (*run)(const job *j, cm_remarks *remarks, cm_error *err);
} steps[] = {{"results to all documents", write_all},
             {"report.xml to page", make_page},
             {"report.xml to OpenEBench", make_json},
             {"... the full model", make_full},
             {"verify openebench.json", verify_json},
             {"verify report.xml", verify_report},
             {"copy, changed", change},
             {"diff", diff}};
enum { N_STEPS = sizeof steps / sizeof *steps };

static bool is_wanted(int step, int argc, char **argv)
{
    bool wanted = argc == 6;
    for (int k = 6; k < argc; k++)
        wanted |= atoi(argv[k]) == step;
    return wanted;
}

static int run_here(const struct step *step, const job *j)
{
    cm_error err = {0};
    cm_remarks remarks = {0};
    if (step->run(j, &remarks, &err)) {
        fprintf(stderr, "%s: %s: %s: %s\n", step->name, err.where, err.what, err.why);
        return 1;
    }
    for (int k = 0; k < remarks.n; k++)
        printf("    %s %s: %s\n", cm_remark_kind_name(remarks.list[k].kind), remarks.list[k].topic,
               remarks.list[k].text);
    fflush(stdout);
    const int broken = remarks.count[CM_REMARK_BROKEN] > 0;
    cm_remarks_fini(&remarks);
    return broken;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static int run_apart(const struct step *step, const job *j)
{
    struct rusage used;
    int ended = 0;
    const double begun = cm_now_s();
    const pid_t child = fork();
    if (child == 0) _exit(run_here(step, j));
    if (child < 0 || wait4(child, &ended, 0, &used) != child) {
        perror(step->name);
        return 1;
    }
    printf("%-26s %7.1f s %7.1f CPU s %6.0f MiB\n", step->name, cm_now_s() - begun,
           seconds(used.ru_utime) + seconds(used.ru_stime), (double)used.ru_maxrss / 1024);
    fflush(stdout);
    return !WIFEXITED(ended) || WEXITSTATUS(ended) != 0;
}

static void tell_sizes(const job *j)
{
    const char *const files[] = {j->report, j->html, j->json, j->full};
    struct stat file;
    for (size_t k = 0; k < sizeof files / sizeof *files; k++)
        if (!stat(files[k], &file)) printf("%s %.1f MB\n", files[k], (double)file.st_size / 1e6);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: bench_report TOOLS CASES METRICS TARGETS FOLDER [STEP...]\n");
        return 2;
    }
    job j = {.n_tools = atoi(argv[1]),
             .n_cases = atoll(argv[2]),
             .n_metrics = atoi(argv[3]),
             .n_targets = atoi(argv[4]),
             .folder = argv[5],
             .spill = {argv[5], CM_SPILL_FROM_BYTES}};
    if (j.n_tools < 1 || j.n_tools > 50 || j.n_cases < 10 || j.n_metrics < 1 || j.n_metrics > MOST_METRICS ||
        j.n_targets < 1 || j.n_targets > MOST_TARGETS)
        return 2;
    j.report = must(cm_path_join(j.folder, "report.xml"));
    j.changed = must(cm_path_join(j.folder, "changed.xml"));
    j.html = must(cm_path_join(j.folder, "report.html"));
    j.json = must(cm_path_join(j.folder, "openebench.json"));
    j.full = must(cm_path_join(j.folder, "openebench-full.json"));
    int failed = 0;
    for (int k = 1; k <= N_STEPS && !failed; k++)
        if (is_wanted(k, argc, argv)) failed = run_apart(&steps[k - 1], &j);
    tell_sizes(&j);
    free(j.report);
    free(j.changed);
    free(j.html);
    free(j.json);
    free(j.full);
    return failed;
}
