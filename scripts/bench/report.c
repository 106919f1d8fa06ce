/* bench_report TOOLS CASES FOLDER: how much memory and time a report of that many items takes to write, to
 * verify and to compare. The results are made up (one target, one metric, a few failures); replicates are
 * few, because it is the documents that are measured here, not the statistics (bench_ranking).
 *
 * Prints one line per step: seconds on the clock, largest memory of the process so far. FOLDER must exist. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "engine/base/files.h"
#include "engine/base/threads.h"
#include "engine/report/diff.h"
#include "engine/report/report.h"
#include "engine/report/verify.h"

enum { REPLICATES = 2 };

static void *must(void *p)
{
    if (p) return p;
    fprintf(stderr, "no memory\n");
    exit(1);
}

static void tell(const char *step, double begun)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-22s %7.1f s   %7.0f MiB\n", step, cm_now_s() - begun, (double)usage.ru_maxrss / 1024);
    fflush(stdout);
}

static cm_bench *make_bench(void)
{
    cm_bench *b = must(calloc(1, sizeof *b));
    uint16_t *value = must(calloc(1, sizeof *value));
    strcpy(b->id, "bench-report");
    strcpy(b->version, "1");
    strcpy(b->title, "How large may a report be?");
    b->task = CM_TASK_SEGMENTATION;
    b->targets = must(calloc(1, sizeof *b->targets));
    b->metrics = must(calloc(1, sizeof *b->metrics));
    b->n_targets = b->n_metrics = 1;
    strcpy(b->targets[0].name, "organ");
    value[0] = 1;
    b->targets[0].n_values = 1;
    b->targets[0].values = value;
    if (cm_metric_parse("DSC", b->metrics, NULL)) exit(1);
    b->policies = (cm_policies){CM_POLICY_WORST, CM_POLICY_EXCLUDE, CM_POLICY_WORST};
    b->level = 0.95;
    b->replicates = REPLICATES;
    b->seed = 1;
    b->minimum_cell = 5;
    strcpy(b->ranking_metric, "DSC");
    return b;
}

static cm_results *make_results(int n_tools, int64_t n_cases)
{
    cm_results *r = must(calloc(1, sizeof *r));
    r->bench = make_bench();
    r->n_tools = n_tools;
    r->n_cases = n_cases;
    r->cases = must(calloc((size_t)n_cases, sizeof *r->cases));
    r->tools = must(calloc((size_t)n_tools, sizeof *r->tools));
    r->cohort.n_labels = 2;
    r->cohort.labels = must(calloc(2, sizeof *r->cohort.labels));
    r->cohort.labels[1].value = 1;
    strcpy(r->cohort.labels[0].name, "background");
    strcpy(r->cohort.labels[1].name, "organ");
    strcpy(r->cohort.id, "made-up");
    strcpy(r->cohort.version, "1");
    strcpy(r->cohort.title, "Made-up cases");
    r->cohort.task = CM_TASK_SEGMENTATION;
    r->cohort.n_providers = 1;
    r->cohort.providers = must(calloc(1, sizeof *r->cohort.providers));
    strcpy(r->cohort.providers[0], "somewhere");
    strcpy(r->engine_version, CM_VERSION);
    strcpy(r->created, "2026-01-02T03:04:05Z");
    strcpy(r->energy_reason, "made up");
    if (cm_results_reserve(r, NULL)) exit(1);
    for (int64_t i = 0; i < n_cases; i++) {
        snprintf(r->cases[i].id, sizeof r->cases[i].id, "case-%06lld", (long long)i);
        memcpy(r->cases[i].patient, r->cases[i].id, sizeof r->cases[i].patient);
        strcpy(r->cases[i].provider, "somewhere");
        r->cases[i].has_reference = true;
        r->cases[i].voxels = 1000000;
        r->cases[i].diagonal = 400;
    }
    for (int t = 0; t < n_tools; t++) {
        snprintf(r->tools[t].id, sizeof r->tools[t].id, "tool-%02d", t);
        strcpy(r->tools[t].version, "1");
        strcpy(r->tools[t].name, r->tools[t].id);
        for (int64_t i = 0; i < n_cases; i++) {
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
                if (cm_results_set_reason(r, item, "the process running the tool was ended by signal 11",
                                          NULL))
                    exit(1);
                continue;
            }
            const double value = (double)(mixed >> 11) / 9007199254740992.0 * (1 - 0.002 * t);
            cm_results_set_value(r, t, i, 0, (cm_metric_value){.value = value});
        }
    }
    return r;
}

static int fail(const cm_error *err)
{
    fprintf(stderr, "%s: %s: %s\n", err->where, err->what, err->why);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_report TOOLS CASES FOLDER\n");
        return 2;
    }
    int n_tools = atoi(argv[1]);
    int64_t n_cases = atoll(argv[2]);
    if (n_tools < 1 || n_tools > 50 || n_cases < 10) return 2;
    cm_error err = {0};
    cm_remarks remarks = {0};
    struct stat file;
    char *path = must(cm_path_join(argv[3], "report.xml"));
    double begun = cm_now_s();
    cm_results *r = make_results(n_tools, n_cases);
    tell("results in memory", begun);
    begun = cm_now_s();
    if (cm_report_write(r, argv[3], argv[3], &(cm_report_options){.audience = CM_AUDIENCE_SITE, .threads = 2},
                        &err))
        return fail(&err);
    cm_results_destroy(r);
    tell("all documents written", begun);
    if (!stat(path, &file)) printf("report.xml %.0f MiB\n", (double)file.st_size / 1048576);
    begun = cm_now_s();
    if (cm_diff(path, path, &(cm_diff_options){0}, &remarks, &err)) return fail(&err);
    tell("compared with itself", begun);
    begun = cm_now_s();
    if (cm_verify(path, &(cm_verify_options){.threads = 2}, &remarks, &err)) return fail(&err);
    tell("verified", begun);
    for (int k = 0; k < remarks.n; k++)
        printf("%s %s: %s\n", cm_remark_kind_name(remarks.list[k].kind), remarks.list[k].topic,
               remarks.list[k].text);
    int broken = remarks.count[CM_REMARK_BROKEN] > 0;
    cm_remarks_fini(&remarks);
    free(path);
    return broken;
}
