/* Segmentation metrics of one case. One joint histogram gives the counts of all targets. Where a metric asks
 * for more, a target is cut out by its bounding box (the union of both masks) and measured there, each thing
 * once for all metrics (measure_*.c). */
#include "metrics/segmentation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pages.h"
#include "metrics/gathered.h"
#include "metrics/measure_internal.h"

enum { N_VALUES = 65536 };

/* -- label values and their indices -------------------------------------------------------------------- */

/* Index 0 is every value in no target; values of targets, and the ignored one, are 1..n_labels-1 in rising
 * order. */
typedef struct label_set {
    int32_t index_of[N_VALUES];
    int n_labels;
} label_set;

static void label_set_init(label_set *set, const cm_pair *pair, const cm_target *targets, int n_targets)
{
    memset(set->index_of, 0, sizeof set->index_of);
    if (pair->has_ignored) set->index_of[pair->ignored] = 1;
    for (int t = 0; t < n_targets; t++)
        for (int i = 0; i < targets[t].n_values; i++)
            set->index_of[targets[t].values[i]] = 1;
    set->n_labels = 1;
    for (int v = 0; v < N_VALUES; v++)
        if (set->index_of[v]) set->index_of[v] = set->n_labels++;
}

static void target_members(const label_set *set, const cm_target *target, uint8_t *is_member)
{
    memset(is_member, 0, (size_t)set->n_labels);
    for (int i = 0; i < target->n_values; i++)
        is_member[set->index_of[target->values[i]]] = 1;
}

/* -- what a case is measured with ---------------------------------------------------------------------- */

typedef struct scoring {
    cm_measuring measuring;
    const cm_pair *pair;
    label_set *set;
    int64_t *histogram; /* [n_labels][n_labels] */
    cm_box *boxes;      /* [2][n_labels] of reference and prediction; only when more than counts is needed */
    uint8_t *is_member; /* [n_labels] of the target at hand */
    cm_label_counts *labels;     /* [n_labels]: of the label values of the target at hand */
    uint8_t in_target[N_VALUES]; /* 1 for label values of the target at hand */
} scoring;

/* The row of the ignored value holds what is not counted; its column is a prediction like any other. */
static bool row_counts(const scoring *s, int row)
{
    return !s->pair->has_ignored || row != s->set->index_of[s->pair->ignored];
}

static void count_target(const scoring *s, cm_mask_facts *facts)
{
    const int n = s->set->n_labels;
    const double *spacing = s->pair->grid.spacing;
    *facts = (cm_mask_facts){.voxel_volume = spacing[0] * spacing[1] * spacing[2]};
    for (int r = 0; r < n; r++)
        for (int p = 0; p < n && row_counts(s, r); p++) {
            const int64_t count = s->histogram[(int64_t)r * n + p];
            if (s->is_member[r])
                *(s->is_member[p] ? &facts->tp : &facts->fn) += count;
            else
                *(s->is_member[p] ? &facts->fp : &facts->tn) += count;
        }
}

/* Each label value of the target against all other values. */
static void count_labels(const scoring *s, cm_mask_facts *facts)
{
    const int n = s->set->n_labels;
    facts->labels = s->labels;
    for (int k = 0; k < n; k++) {
        cm_label_counts *c = &s->labels[facts->n_labels];
        if (!s->is_member[k]) continue;
        *c = (cm_label_counts){.tp = s->histogram[(int64_t)k * n + k]};
        facts->n_labels++;
        for (int other = 0; other < n; other++) {
            if (other == k) continue;
            c->fn += s->histogram[(int64_t)k * n + other];
            if (row_counts(s, other)) c->fp += s->histogram[(int64_t)other * n + k];
        }
    }
}

static cm_emptiness emptiness_of(const cm_mask_facts *facts)
{
    const bool no_reference = facts->tp + facts->fn == 0, no_prediction = facts->tp + facts->fp == 0;
    if (no_reference && no_prediction) return CM_BOTH_EMPTY;
    return no_reference ? CM_REFERENCE_EMPTY : no_prediction ? CM_PREDICTION_EMPTY : CM_NONE_EMPTY;
}

/* -- a target cut out ------------------------------------------------------------------------------------ */

/* The union of both masks. One slice of a 3-D image gets a neighbour slice, because a grid with one slice
 * stands for a 2-D image. Nothing else needs a margin: what lies outside the box is background, as is what
 * lies outside an image. */
static cm_box place_of_target(const scoring *s)
{
    const int n_labels = s->set->n_labels;
    const int64_t *image = s->pair->grid.n;
    cm_box box = {{image[0], image[1], image[2]}, {0, 0, 0}};
    for (int k = 0; k < 2 * n_labels; k++) {
        if (!s->is_member[k % n_labels]) continue;
        for (int i = 0; i < 3; i++) {
            if (s->boxes[k].lo[i] < box.lo[i]) box.lo[i] = s->boxes[k].lo[i];
            if (s->boxes[k].hi[i] > box.hi[i]) box.hi[i] = s->boxes[k].hi[i];
        }
    }
    if (image[0] > 1 && box.hi[0] - box.lo[0] == 1) {
        if (box.lo[0] > 0)
            box.lo[0]--;
        else
            box.hi[0]++;
    }
    return box;
}

typedef struct cut_job {
    const scoring *scoring;
    const cm_target *target;
    cm_cutout *cutout;
    cm_box box;
} cut_job;

/* A row of one map: 1 where the value belongs to the target. Of one or two values by comparing, which is many
 * voxels at a time, of more by looking them up. */
static void cut_row(const uint16_t *map, int64_t n, const cm_target *target, const uint8_t *in_target,
                    uint8_t *restrict mask)
{
    const uint16_t first = target->values[0], second = target->values[target->n_values - 1];
    if (target->n_values <= 2)
        for (int64_t x = 0; x < n; x++)
            mask[x] = (map[x] == first) | (map[x] == second);
    else
        for (int64_t x = 0; x < n; x++)
            mask[x] = in_target[map[x]];
}

/* One slice of both masks. A voxel that is ignored is in neither. */
static void cut_task(void *context, int64_t z, int worker)
{
    const cut_job *job = context;
    const cm_cutout *c = job->cutout;
    const cm_pair *pair = job->scoring->pair;
    const uint8_t *in_target = job->scoring->in_target;
    const int64_t *n = c->grid.n, *lo = job->box.lo;
    (void)worker;
    for (int64_t y = 0; y < n[1]; y++) {
        const int64_t from = ((z + lo[0]) * pair->grid.n[1] + y + lo[1]) * pair->grid.n[2] + lo[2];
        const uint16_t *reference = pair->reference + from, *prediction = pair->prediction + from;
        uint8_t *mask[2] = {c->mask[0] + (z * n[1] + y) * n[2], c->mask[1] + (z * n[1] + y) * n[2]};
        cut_row(reference, n[2], job->target, in_target, mask[0]);
        cut_row(prediction, n[2], job->target, in_target, mask[1]);
        for (int64_t x = 0; x < n[2] && pair->has_ignored; x++)
            if (reference[x] == pair->ignored) mask[0][x] = mask[1][x] = 0;
    }
}

static cm_status cutout_init(const scoring *s, const cm_target *target, cm_emptiness empty, cm_cutout *c,
                             cm_error *err)
{
    cut_job job = {s, target, c, place_of_target(s)};
    *c = (cm_cutout){.grid = s->pair->grid,
                     .image = s->pair->grid,
                     .n_voxels = 1,
                     .empty = {empty == CM_REFERENCE_EMPTY, empty == CM_PREDICTION_EMPTY}};
    for (int i = 0; i < 3; i++)
        c->n_voxels *= c->grid.n[i] = job.box.hi[i] - job.box.lo[i];
    c->mask[0] = cm_large_malloc(2 * (size_t)c->n_voxels);
    if (!c->mask[0]) return cm_measure_no_memory(2 * c->n_voxels, err);
    c->mask[1] = c->mask[0] + c->n_voxels;
    cm_threads_for(s->measuring.backend->pool, c->grid.n[0], cut_task, &job);
    return CM_OK;
}

static cm_status measure_target(scoring *s, const cm_target *target, cm_emptiness empty, cm_measured *out,
                                cm_error *err)
{
    const cm_measuring *m = &s->measuring;
    cm_cutout c;
    cm_status st = cutout_init(s, target, empty, &c, err);
    if (!st) st = cm_measure_surfaces(m, &c, out, err);
    if (!st) st = cm_measure_surfels(m, &c, out, err);
    if (!st) st = cm_measure_meshes(m, &c, out, err);
    if (!st) st = cm_measure_shapes(m, &c, out, err);
    if (!st) st = cm_measure_lesions(m, &c, out, err);
    if (!st) st = cm_measure_brats(m, &c, out, err);
    if (!st) st = cm_measure_slices(m, &c, out, err);
    free(c.mask[0]); /* one allocation holds both */
    return st;
}

/* -- one target, all targets --------------------------------------------------------------------------- */

static bool needs_more_than_counts(const cm_measuring *m)
{
    for (int i = 0; i < CM_NEEDS_COUNT; i++)
        if (m->needs[i] && i != CM_NEEDS_COUNTS && i != CM_NEEDS_LABELS && i != CM_NEEDS_PROBABILITIES)
            return true;
    return false;
}

static cm_status value_of(const cm_metric *metric, const cm_mask_facts *facts, cm_evidence *evidence,
                          bool *defined, double *value, cm_error *err)
{
    if (metric->definition->gathered) return cm_gathered_case(metric, facts, evidence, defined, value, err);
    *defined = metric->definition->mask(facts, metric, value);
    return CM_OK;
}

/* evidence: [n_metrics], or NULL. */
static cm_status score_target(scoring *s, const cm_target *target, cm_metric_value *values,
                              cm_evidence *evidence, cm_error *err)
{
    const cm_measuring *m = &s->measuring;
    cm_measured measured;
    cm_mask_facts facts;
    target_members(s->set, target, s->is_member);
    memset(s->in_target, 0, sizeof s->in_target);
    for (int i = 0; i < target->n_values; i++)
        s->in_target[target->values[i]] = 1;
    count_target(s, &facts);
    count_labels(s, &facts);
    const cm_emptiness empty = emptiness_of(&facts);
    cm_status st = cm_measured_init(m, &measured, err);
    if (!st && s->boxes && empty != CM_BOTH_EMPTY) st = measure_target(s, target, empty, &measured, err);
    if (!st && m->needs[CM_NEEDS_PROBABILITIES])
        st = cm_measure_soft(m, s->pair, s->in_target, &measured, err);
    for (int i = 0; i < m->n_metrics && !st; i++) {
        cm_mask_facts own = facts;
        double value = 0;
        cm_measured_facts(&measured, &m->metrics[i], i, &own);
        bool defined = false;
        st = value_of(&m->metrics[i], &own, evidence ? &evidence[i] : NULL, &defined, &value, err);
        values[i] = (cm_metric_value){.state = defined ? CM_VALUE_OK : CM_VALUE_UNDEFINED,
                                      .empty = empty,
                                      .value = defined ? value : 0};
    }
    cm_measured_fini(&measured);
    return st;
}

static cm_status check_request(const cm_pair *pair, const cm_metric *metrics, int n_metrics,
                               int64_t *n_voxels, cm_error *err)
{
    const cm_grid *g = &pair->grid;
    bool good = cm_grid_diagonal(g) > 0 && isfinite(cm_grid_diagonal(g));
    *n_voxels = 1;
    for (int i = 0; i < 3; i++)
        good = good && g->n[i] >= 1 && g->spacing[i] > 0 && cm_mul_i64(*n_voxels, g->n[i], n_voxels);
    if (!good)
        return CM_FAIL(err, CM_ERR_ARG, .what = "a segmentation needs voxels and a finite positive spacing",
                       .why = cm_strf("%lld x %lld x %lld voxels (z, y, x), spacing %g x %g x %g",
                                      (long long)g->n[0], (long long)g->n[1], (long long)g->n[2],
                                      g->spacing[0], g->spacing[1], g->spacing[2])
                                  .s);
    for (int m = 0; m < n_metrics; m++) {
        const cm_metric_definition *d = metrics[m].definition;
        if (d->kind != CM_METRIC_SEGMENTATION)
            return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s is no segmentation metric", metrics[m].id).s,
                           .why = cm_strf("it is one of %s", cm_metric_kind_name(d->kind)).s);
        if (d->needs_spacing && !pair->spacing_known)
            return CM_FAIL(err, CM_ERR_ARG, .what = cm_strf("%s needs a spacing in mm", metrics[m].id).s,
                           .why = "the spacing of this cohort is unknown",
                           .next = "Use a metric in voxels, such as NSD.vox@1vox");
    }
    return CM_OK;
}

static cm_status check_probabilities(const cm_pair *pair, int n_targets, const cm_metric *metrics,
                                     int n_metrics, cm_error *err)
{
    for (int m = 0; m < n_metrics; m++)
        if (metrics[m].definition->needs == CM_NEEDS_PROBABILITIES && (!pair->probability || n_targets != 1))
            return CM_FAIL(err, CM_ERR_ARG,
                           .what = cm_strf("%s needs probabilities of voxels of one target", metrics[m].id).s,
                           .why = cm_strf("%s, %d targets",
                                          pair->probability ? "there are" : "there are none", n_targets)
                                      .s,
                           .next = "Use DSC for decided masks");
    return CM_OK;
}

static cm_status check_targets(const cm_pair *pair, const cm_target *targets, int n_targets, cm_error *err)
{
    for (int t = 0; t < n_targets && pair->has_ignored; t++)
        for (int i = 0; i < targets[t].n_values; i++)
            if (targets[t].values[i] == pair->ignored)
                return CM_FAIL(err, CM_ERR_ARG,
                               .what = cm_strf("target %s holds the ignored label value", targets[t].name).s,
                               .why = cm_strf("the value %d is ignored", (int)pair->ignored).s);
    return CM_OK;
}

/* Histogram, and boxes when more than counts is needed. */
static cm_status measure_case(scoring *s, int64_t n_voxels, cm_error *err)
{
    const int n = s->set->n_labels;
    const cm_pair *pair = s->pair;
    int64_t outside;
    if (n <= CM_MAX_HISTOGRAM_LABELS) {
        s->histogram = malloc((size_t)n * (size_t)n * sizeof *s->histogram);
        s->is_member = malloc((size_t)n);
        s->labels = malloc((size_t)n * sizeof *s->labels);
        if (!s->histogram || !s->is_member || !s->labels) return cm_measure_no_memory(n_voxels, err);
    } /* else the histogram refuses */
    if (needs_more_than_counts(&s->measuring)) {
        s->boxes = malloc((size_t)(2 * n) * sizeof *s->boxes);
        if (!s->boxes) return cm_measure_no_memory(n_voxels, err);
    }
    cm_backend *be = s->measuring.backend;
    return be->ops->joint_histogram(be, pair->reference, pair->prediction, pair->grid.n, s->set->index_of, n,
                                    s->histogram, &outside, s->boxes, err);
}

cm_status cm_score_segmentation(cm_backend *backend, const cm_pair *pair, const cm_target *targets,
                                int n_targets, const cm_metric *metrics, int n_metrics,
                                cm_metric_value *values, const cm_stop *stop, cm_error *err)
{
    return cm_score_with_evidence(backend, pair, targets, n_targets, metrics, n_metrics, values, NULL, stop,
                                  err);
}

cm_status cm_score_with_evidence(cm_backend *backend, const cm_pair *pair, const cm_target *targets,
                                 int n_targets, const cm_metric *metrics, int n_metrics,
                                 cm_metric_value *values, cm_evidence *evidence, const cm_stop *stop,
                                 cm_error *err)
{
    int64_t n_voxels;
    cm_status st = check_request(pair, metrics, n_metrics, &n_voxels, err);
    if (!st) st = check_targets(pair, targets, n_targets, err);
    if (!st) st = check_probabilities(pair, n_targets, metrics, n_metrics, err);
    if (st) return st;
    scoring *s = calloc(1, sizeof *s);
    if (!s) return cm_measure_no_memory(n_voxels, err);
    s->measuring =
        (cm_measuring){.backend = backend, .metrics = metrics, .n_metrics = n_metrics, .stop = stop};
    s->pair = pair;
    for (int m = 0; m < n_metrics; m++)
        s->measuring.needs[metrics[m].definition->needs] = true;
    s->set = malloc(sizeof *s->set);
    if (!s->set) {
        st = cm_measure_no_memory(n_voxels, err);
        goto done;
    }
    label_set_init(s->set, pair, targets, n_targets);
    st = measure_case(s, n_voxels, err);
    for (int t = 0; t < n_targets && !st; t++) {
        st = cm_stop_due(stop);
        if (st)
            CM_FAIL(err, st, .what = "stopped while scoring");
        else
            st = score_target(s, &targets[t], values + (int64_t)t * n_metrics,
                              evidence ? evidence + (int64_t)t * n_metrics : NULL, err);
    }
done:
    free(s->set);
    free(s->histogram);
    free(s->is_member);
    free(s->labels);
    free(s->boxes);
    free(s);
    return st;
}
