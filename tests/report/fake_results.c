/* See fake_results.h. */
#include "tests/report/fake_results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/run/item.h"

static void *must(void *p)
{
    if (!p) abort(); /* a test without memory proves nothing */
    return p;
}

static void set_metric(cm_bench *b, int m, const char *id)
{
    cm_error err = {0};
    if (cm_metric_parse(id, &b->metrics[m], &err)) {
        fprintf(stderr, "%s: %s\n", id, err.what);
        abort();
    }
}

static cm_bench *make_bench(cm_task_kind task, int n_targets, const char *const *targets, int n_metrics,
                            const char *const *metrics)
{
    static const uint16_t label_values[] = {1, 2, 3, 4, 0, 1};
    cm_bench *b = must(calloc(1, sizeof *b));
    snprintf(b->id, sizeof b->id, "liver-ct");
    snprintf(b->version, sizeof b->version, "1.0");
    snprintf(b->title, sizeof b->title, "Which tool outlines the organ best?");
    b->task = task;
    b->n_targets = n_targets;
    b->targets = must(calloc((size_t)n_targets, sizeof *b->targets));
    for (int g = 0; g < n_targets; g++) {
        snprintf(b->targets[g].name, sizeof b->targets[g].name, "%s", targets[g]);
        b->targets[g].n_values = 1;
        b->targets[g].values = task == CM_TASK_CLASSIFICATION ? &label_values[4 + g] : &label_values[g];
    }
    b->n_metrics = n_metrics;
    b->metrics = must(calloc((size_t)n_metrics, sizeof *b->metrics));
    for (int m = 0; m < n_metrics; m++)
        set_metric(b, m, metrics[m]);
    b->policies = (cm_policies){CM_POLICY_WORST, CM_POLICY_EXCLUDE, CM_POLICY_WORST};
    b->level = 0.95;
    b->replicates = 200;
    b->seed = 20260101;
    b->minimum_cell = 5;
    snprintf(b->ranking_metric, sizeof b->ranking_metric, "%s", metrics[0]);
    snprintf(b->community, sizeof b->community, "OEBC012");
    snprintf(b->event, sizeof b->event, "2026-autumn");
    snprintf(b->challenge, sizeof b->challenge, "liver");
    snprintf(b->challenge_label, sizeof b->challenge_label, "LIVER-SEG");
    snprintf(b->visibility, sizeof b->visibility, "community");
    memset(b->digest.byte, 0xB1, sizeof b->digest.byte);
    return b;
}

static void make_cohort(cm_results *r, int n_labels, const char *const *labels)
{
    static const char *const providers[] = {"A", "B", "C"};
    cm_cohort_info *c = &r->cohort;
    snprintf(c->id, sizeof c->id, "phantom-liver");
    snprintf(c->version, sizeof c->version, "2");
    snprintf(c->title, sizeof c->title, "Phantoms of the liver");
    snprintf(c->licence, sizeof c->licence, "CC0-1.0");
    snprintf(c->modality, sizeof c->modality, "CT");
    snprintf(c->body_part, sizeof c->body_part, "liver");
    snprintf(c->condition, sizeof c->condition, "liver tumour");
    snprintf(c->modality_code, sizeof c->modality_code, "DCM:CT");
    snprintf(c->body_part_code, sizeof c->body_part_code, "SCT:10200004");
    snprintf(c->condition_code, sizeof c->condition_code, "SCT:126851005");
    c->n_data_uses = 2;
    c->data_uses = must(calloc(2, sizeof *c->data_uses));
    snprintf(c->data_uses[0].name, sizeof c->data_uses[0].name, "general research use");
    snprintf(c->data_uses[0].code, sizeof c->data_uses[0].code, "DUO:0000042");
    snprintf(c->data_uses[1].name, sizeof c->data_uses[1].name, "no attempt to identify a patient");
    c->task = r->bench->task;
    c->n_labels = n_labels;
    c->labels = must(calloc((size_t)n_labels, sizeof *c->labels));
    for (int l = 0; l < n_labels; l++) {
        c->labels[l].value = l;
        snprintf(c->labels[l].name, sizeof c->labels[l].name, "%s", labels[l]);
    }
    snprintf(c->labels[n_labels - 1].code, sizeof c->labels[0].code, "SCT:4147007");
    c->n_providers = 3;
    c->providers = must(calloc(3, sizeof *c->providers));
    for (int p = 0; p < 3; p++)
        snprintf(c->providers[p], sizeof c->providers[p], "%s", providers[p]);
    c->n_channels = 1;
    c->channels = must(calloc(1, sizeof *c->channels));
    snprintf(c->channels[0], sizeof c->channels[0], "ct");
    memset(c->digest.byte, 0xC0, sizeof c->digest.byte);

    static const int provider_of[] = {0, 1, 0, 1, 0, 2};
    r->cases = must(calloc((size_t)r->n_cases + 1, sizeof *r->cases));
    for (int64_t i = 0; i < r->n_cases; i++) {
        cm_result_case *k = &r->cases[i];
        snprintf(k->id, sizeof k->id, "case-%04lld", (long long)i);
        snprintf(k->patient, sizeof k->patient, "secret-patient-%lld", (long long)i);
        snprintf(k->provider, sizeof k->provider, "%s", providers[provider_of[i % 6]]);
        k->has_reference = true;
        k->class_value = (int)(i % 2);
        k->voxels = 32768;
    }
    c->n_patients = r->n_cases;
}

static void make_tools(cm_results *r, int n_tools, const char *const *ids)
{
    r->n_tools = n_tools;
    r->tools = must(calloc((size_t)n_tools, sizeof *r->tools));
    r->tool_costs = must(calloc((size_t)n_tools, sizeof *r->tool_costs));
    for (int t = 0; t < n_tools; t++) {
        cm_tool_info *tool = &r->tools[t];
        if (t < 3)
            snprintf(tool->id, sizeof tool->id, "%s", ids[t]);
        else
            snprintf(tool->id, sizeof tool->id, "tool-%d", t + 1);
        snprintf(tool->version, sizeof tool->version, "1.%d", t);
        snprintf(tool->name, sizeof tool->name, "The %s tool", tool->id);
        snprintf(tool->licence, sizeof tool->licence, "Apache-2.0");
        snprintf(tool->contact, sizeof tool->contact, "team-%d@example.org", t + 1);
        memset(tool->digest.byte, 0x70 + t, sizeof tool->digest.byte);
        r->tool_costs[t] = (cm_tool_cost){.parameters = 1000 * (t + 1),
                                          .peak_bytes = 1 << 20,
                                          .windows = 8,
                                          .operations = 1e9,
                                          .seconds = 0.5};
    }
}

static void make_items(cm_results *r)
{
    if (cm_results_reserve(r, NULL, NULL)) abort();
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++) {
            cm_item *item = cm_results_item(r, t, i);
            item->state = CM_ITEM_OK;
            r->cases[i].diagonal = 100;
            item->shard = 0;
            memset(item->prediction_digest.byte, (int)(i + 1), sizeof item->prediction_digest.byte);
            item->cost = (cm_item_cost){.wall_s = 0.5 * (t + 1) + 0.01 * (double)i,
                                        .cpu_s = 1.0 * (t + 1) + 0.02 * (double)i,
                                        .energy_j = -1,
                                        .peak_bytes = INT64_C(50000000) * (t + 1),
                                        .operations = 1e9};
        }
}

static void make_execution(cm_results *r)
{
    snprintf(r->engine_version, sizeof r->engine_version, "0.1.0");
    snprintf(r->engine_commit, sizeof r->engine_commit, "0123456789abcdef");
    snprintf(r->energy_reason, sizeof r->energy_reason, "RAPL counters are not readable");
    snprintf(r->machine, sizeof r->machine, "Example CPU 9000");
    snprintf(r->created, sizeof r->created, "2026-01-02T03:04:05Z");
    r->n_launches = 1;
    r->launches = must(calloc(1, sizeof *r->launches));
    snprintf(r->launches[0].started, sizeof r->launches[0].started, "2026-01-02T03:04:05Z");
    snprintf(r->launches[0].ended, sizeof r->launches[0].ended, "2026-01-02T03:05:05Z");
    snprintf(r->launches[0].variant, sizeof r->launches[0].variant, "avx2");
    r->launches[0].ranks = 1;
    r->launches[0].threads = 2;
    r->launches[0].wall_s = 60;
}

cm_results *fake_segmentation(int n_tools, int64_t n_cases)
{
    static const char *const targets[] = {"organ", "lesion"}, *const labels[] = {"background", "organ",
                                                                                 "lesion"};
    static const char *const metrics[] = {"DSC", "HD95.vox.maxdir", "RVD"}, *const ids[] = {"good", "weak",
                                                                                            "third"};
    cm_results *r = must(calloc(1, sizeof *r));
    r->n_cases = n_cases;
    r->bench = make_bench(CM_TASK_SEGMENTATION, 2, targets, 3, metrics);
    make_cohort(r, 3, labels);
    make_tools(r, n_tools, ids);
    make_items(r);
    make_execution(r);
    for (int t = 0; t < n_tools; t++)
        for (int64_t i = 0; i < n_cases; i++) {
            for (int g = 0; g < 2; g++) {
                const double x = (double)i;
                const double v[] = {(t ? 0.8 - 0.02 * x : 0.9 - 0.01 * x) - 0.05 * g, (t ? 3 : 1) + x,
                                    t ? -0.1 : 0.01 * x};
                for (int m = 0; m < 3; m++)
                    cm_results_set_value(r, t, i, g * 3 + m, (cm_metric_value){.value = v[m]});
            }
        }
    return r;
}

cm_results *fake_classification(int64_t n_cases)
{
    static const char *const classes[] = {"healthy", "tumour"}, *const ids[] = {"sharp", "blunt", "third"};
    static const char *const metrics[] = {"AUROC", "BACC", "BRIER.binary"};
    cm_results *r = must(calloc(1, sizeof *r));
    r->n_cases = n_cases;
    r->bench = make_bench(CM_TASK_CLASSIFICATION, 2, classes, 3, metrics);
    make_cohort(r, 2, classes);
    make_tools(r, 2, ids);
    make_items(r);
    make_execution(r);
    for (int t = 0; t < 2; t++)
        for (int64_t i = 0; i < n_cases; i++) {
            double own = t ? (i % 3 == 2 ? 0.45 : 0.6) : (i % 7 == 6 ? 0.2 : 0.9);
            int truth = (int)(i % 2);
            cm_results_item(r, t, i)->scored = true;
            double *scores = cm_results_scores(r, t, i);
            scores[truth] = own;
            scores[1 - truth] = 1 - own;
            *cm_results_decided(r, t, i) = scores[1] > scores[0];
        }
    return r;
}

void fake_lesions(cm_results *r)
{
    /* reference, found, predicted, right, IoU; then the volumes of what was found and of what is none */
    static const double both[] = {2, 2, 3, 2, 0, 100, 40, 20}, one[] = {2, 1, 2, 1, 0, 60, 80};
    set_metric(r->bench, 2, "FROC.c26.any-overlap.by-volume");
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++)
            for (int g = 0; g < r->bench->n_targets; g++) {
                const size_t bytes = t ? sizeof one : sizeof both;
                if (cm_results_set_evidence(r, t, i, g * 3 + 2, t ? one : both,
                                            (int64_t)(bytes / sizeof one[0]), NULL))
                    abort();
            }
}

void fake_attribute(cm_results *r, const char *name, int n_values, const char *const *values)
{
    const size_t n = (size_t)++r->n_attributes;
    r->attribute_names = must(realloc(r->attribute_names, n * sizeof *r->attribute_names));
    snprintf(r->attribute_names[n - 1], sizeof r->attribute_names[0], "%s", name);
    for (int64_t i = 0; i < r->n_cases; i++) {
        cm_result_case *c = &r->cases[i];
        c->attributes = must(realloc(c->attributes, n * sizeof *c->attributes));
        snprintf(c->attributes[n - 1], sizeof c->attributes[0], "%s", values[i % n_values]);
    }
}

void fake_fail(cm_results *r, int tool, int64_t case_index, cm_item_state state, const char *reason)
{
    cm_item *item = cm_results_item(r, tool, case_index);
    item->state = (uint8_t)state;
    item->scored = false;
    memset(&item->prediction_digest, 0, sizeof item->prediction_digest);
    if (cm_results_set_reason(r, item, reason, NULL)) abort();
}

void fake_value(cm_results *r, int tool, int64_t case_index, int target, int metric, cm_metric_value value)
{
    cm_results_set_value(r, tool, case_index, target * r->bench->n_metrics + metric, value);
}

void fake_results_free(cm_results *r)
{
    if (!r) return;
    cm_results_free_items(r);
    free(r->bench->targets);
    free(r->bench->metrics);
    free(r->bench);
    free(r->cohort.data_uses);
    free(r->cohort.labels);
    free(r->cohort.providers);
    free(r->cohort.channels);
    for (int64_t i = 0; i < r->n_cases; i++)
        free(r->cases[i].attributes);
    free(r->attribute_names);
    free(r->cases);
    free(r->tools);
    free(r->tool_costs);
    free(r->pictures);
    free(r->launches);
    free(r);
}

char *fake_file(const char *path)
{
    char *text = NULL;
    int64_t bytes = 0;
    return cm_file_read(path, (int64_t)1 << 28, &text, &bytes, NULL) ? NULL : text;
}

char *fake_results_element(const char *path)
{
    char *text = fake_file(path);
    char *first = text ? strstr(text, "<results>") : NULL, *last = first ? strstr(first, "</results>") : NULL;
    char *element = last ? strndup(first, (size_t)(last - first) + strlen("</results>")) : NULL;
    free(text);
    return element;
}
