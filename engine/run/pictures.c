/* See pictures.h. */
#include "engine/run/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/run/folder.h"
#include "engine/run/picture.h"

typedef struct ranked_case {
    double bad; /* rising from best to worst */
    int64_t index;
} ranked_case;

static double badness(const cm_metric *metric, double number)
{
    const cm_direction d = metric->definition->direction;
    if (cm_direction_has_target(d)) return cm_direction_miss(d, number);
    return d == CM_HIGHER_IS_BETTER ? -number : number;
}

static int ranking_metric(const cm_bench *b)
{
    for (int m = 0; m < b->n_metrics; m++)
        if (strcmp(b->metrics[m].id, b->ranking_metric) == 0) return m;
    return 0;
}

static int ranking_target(const cm_bench *b)
{
    for (int t = 0; t < b->n_targets; t++)
        if (strcmp(b->targets[t].name, b->ranking_target) == 0) return t;
    return 0;
}

static bool segmentation_badness(const cm_results *r, int tool, int64_t i, int target, double *bad)
{
    const cm_bench *b = r->bench;
    const cm_item *item = cm_results_item(r, tool, i);
    int m = ranking_metric(b);
    double number;
    bool substituted;
    if (item->state != CM_ITEM_OK || !item->scored) return false;
    const cm_metric_value value = cm_results_value(r, tool, i, target * b->n_metrics + m);
    if (!cm_policy_apply(&b->metrics[m], &value, r->cases[i].diagonal, &b->policies, &number, &substituted))
        return false;
    *bad = badness(&b->metrics[m], number);
    return true;
}

static bool case_badness(const cm_results *r, int tool, int64_t i, int target, double *bad)
{
    if (r->bench->task == CM_TASK_SEGMENTATION) return segmentation_badness(r, tool, i, target, bad);
    const double *scores = cm_results_scores(r, tool, i);
    const int c = r->cases[i].class_value;
    if (cm_results_item(r, tool, i)->state != CM_ITEM_OK || c < 0 || c >= r->cohort.n_labels || !scores)
        return false;
    *bad = -scores[c];
    return true;
}

static int from_best(const void *a, const void *b)
{
    const ranked_case *x = a, *y = b;
    if (x->bad != y->bad) return x->bad < y->bad ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

cm_status cm_picture_cases(const cm_results *r, int tool, int64_t chosen[CM_PICTURE_KINDS], int *target,
                           cm_error *err)
{
    ranked_case *cases = malloc((size_t)(r->n_cases + 1) * sizeof *cases);
    if (!cases) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to choose pictures");
    int64_t n = 0;
    *target = ranking_target(r->bench);
    for (int64_t i = 0; i < r->n_cases; i++) {
        cases[n].index = i;
        n += case_badness(r, tool, i, *target, &cases[n].bad);
    }
    qsort(cases, (size_t)n, sizeof *cases, from_best);
    int64_t worst = n - 1; /* the first in cohort order of equally bad ones */
    while (worst > 0 && cases[worst - 1].bad == cases[worst].bad)
        worst--;
    chosen[CM_PICTURE_WORST] = n > 0 ? cases[worst].index : -1;
    chosen[CM_PICTURE_BEST] = n > 1 ? cases[0].index : -1;
    chosen[CM_PICTURE_MEDIAN] = n > 2 ? cases[(n - 1) / 2].index : -1;
    for (int k = CM_PICTURE_MEDIAN; k < CM_PICTURE_KINDS; k++) /* no case twice */
        for (int before = 0; before < k; before++)
            if (chosen[k] == chosen[before]) chosen[k] = -1;
    free(cases);
    return CM_OK;
}

static cm_status load_masks(const char *run_folder, const cm_setup *s, const cm_item *item, int tool,
                            int64_t case_number, uint16_t **prediction, uint16_t **reference, cm_error *err)
{
    cm_predictions *file = NULL;
    cm_references *references = NULL;
    cm_volume *volume = NULL;
    cm_geometry geometry;
    char *path = cm_run_folder_shard(run_folder, item->shard);
    cm_status st = path ? cm_predictions_open(path, &file, err)
                        : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    if (!st)
        st = cm_predictions_load(file, tool, case_number, &item->prediction_digest, prediction, &geometry,
                                 err);
    if (file) cm_predictions_close(file, NULL);
    free(path);
    if (!st) st = cm_references_open(s->cohort, &references, err);
    if (!st) st = cm_references_load(references, s->case_index[case_number], NULL, &volume, err);
    if (!st) {
        int64_t n = cm_shape3_count(volume->geometry.shape);
        *reference = malloc((size_t)n * sizeof **reference);
        if (!*reference) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a reference");
        for (int64_t i = 0; i < n && !st; i++)
            (*reference)[i] = (uint16_t)cm_volume_value(volume, i);
    }
    cm_volume_destroy(volume);
    cm_references_close(references);
    return st;
}

static cm_status draw(const char *run_folder, const cm_setup *s, const cm_results *r, cm_picture *p,
                      cm_error *err)
{
    cm_images *images = NULL;
    cm_volume *image = NULL;
    uint16_t *prediction = NULL, *reference = NULL;
    snprintf(p->file, sizeof p->file, "pictures/%s-%s.png", r->tools[p->tool].id,
             cm_picture_kind_name(p->kind));
    char *path = cm_path_join(run_folder, p->file);
    cm_status st = path ? cm_images_open(s->cohort, &images, err)
                        : CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for a path");
    if (!st) st = cm_images_load(images, s->case_index[p->case_index], NULL, &image, err);
    bool masks = s->bench->task == CM_TASK_SEGMENTATION;
    if (!st && masks)
        st = load_masks(run_folder, s, cm_results_item(r, p->tool, p->case_index), p->tool, p->case_index,
                        &prediction, &reference, err);
    if (!st) {
        int channel = r->tools[p->tool].n_channels > 0 ? s->channels[p->tool][0] : 0;
        cm_picture_scene scene = {image, channel, reference, prediction,
                                  masks ? &s->bench->targets[p->target] : NULL};
        st = cm_picture_write(&scene, path, &p->digest, err);
    }
    free(prediction);
    free(reference);
    free(path);
    cm_volume_destroy(image);
    cm_images_close(images);
    return st;
}

cm_status cm_pictures_draw(const char *run_folder, const cm_setup *setup, const cm_spill_rule *spill,
                           cm_ledger *ledger, cm_error *err)
{
    cm_results *r = NULL;
    int n = 0;
    cm_status st = cm_results_load(run_folder, spill, &r, err);
    if (st) return st;
    cm_picture *pictures = calloc((size_t)r->n_tools * CM_PICTURE_KINDS + 1, sizeof *pictures);
    if (!pictures) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for pictures");
    for (int t = 0; t < r->n_tools && !st; t++) {
        int64_t chosen[CM_PICTURE_KINDS];
        int target = 0;
        st = cm_picture_cases(r, t, chosen, &target, err);
        cm_results_release(r);
        for (int k = 0; k < CM_PICTURE_KINDS && !st; k++) {
            if (chosen[k] < 0) continue;
            pictures[n] = (cm_picture){
                .tool = t, .case_index = (int)chosen[k], .target = target, .kind = (cm_picture_kind)k};
            st = draw(run_folder, setup, r, &pictures[n++], err);
        }
    }
    if (!st) st = cm_ledger_put_pictures(ledger, pictures, n, err);
    free(pictures);
    cm_results_destroy(r);
    return st;
}
