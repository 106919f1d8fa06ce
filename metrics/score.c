/* Segmentation metrics of one case. One joint histogram gives the counts of all targets. Where a metric asks
 * for surface distances, a target is cut out by its bounding box (the union of both masks), and two distance
 * transforms, taken only at the surface voxels, serve all its surface metrics. */
#include "metrics/segmentation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/facts.h"
#include "metrics/statistics/sum.h"

enum { N_VALUES = 65536 };

/* -- label values and their indices -------------------------------------------------------------------- */

/* Index 0 is every value in no target; values of targets are 1..n_labels-1 in rising order. */
typedef struct label_set {
    int32_t index_of[N_VALUES];
    int n_labels;
} label_set;

static void label_set_init(label_set *set, const cm_target *targets, int n_targets)
{
    memset(set->index_of, 0, sizeof set->index_of);
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
    cm_threads *pool;
    const cm_pair *pair;
    const cm_metric *metrics;
    int n_metrics;
    const cm_stop *stop;
    label_set *set;
    int64_t *histogram;      /* [n_labels][n_labels] */
    cm_box *boxes;           /* [2][n_labels] of reference and prediction; only when distances are needed */
    uint8_t *is_member;      /* [n_labels] of the target at hand */
    bool needs_distances[3]; /* by cm_metric_needs */
    uint8_t in_target[N_VALUES]; /* 1 for label values of the target at hand */
} scoring;

static void count_target(const scoring *s, cm_mask_facts *facts)
{
    const int n = s->set->n_labels;
    *facts = (cm_mask_facts){0};
    for (int r = 0; r < n; r++)
        for (int p = 0; p < n; p++) {
            const int64_t count = s->histogram[(int64_t)r * n + p];
            if (s->is_member[r])
                *(s->is_member[p] ? &facts->tp : &facts->fn) += count;
            else
                *(s->is_member[p] ? &facts->fp : &facts->tn) += count;
        }
}

static cm_emptiness emptiness_of(const cm_mask_facts *facts)
{
    const bool no_reference = facts->tp + facts->fn == 0, no_prediction = facts->tp + facts->fp == 0;
    if (no_reference && no_prediction) return CM_BOTH_EMPTY;
    return no_reference ? CM_REFERENCE_EMPTY : no_prediction ? CM_PREDICTION_EMPTY : CM_NONE_EMPTY;
}

/* -- surfaces of a target ------------------------------------------------------------------------------ */

/* A target cut out of the image, and its two surfaces. [0] reference, [1] prediction. */
typedef struct cutout {
    cm_box box;
    int64_t n[3], n_voxels;
    uint8_t *mask[2], *surface[2]; /* [n] */
    int64_t *at[2];                /* surface voxels, raster order */
    int64_t n_at[2];
} cutout;

/* The union of both masks. One slice of a 3-D image gets a neighbour slice, because kernels take nz 1 for a
 * 2-D image. Nothing else needs a margin: what lies outside the box is background, as is what lies outside an
 * image. */
static void cutout_place(const scoring *s, cutout *c)
{
    const int n_labels = s->set->n_labels;
    const int64_t *image = s->pair->grid.n;
    c->box = (cm_box){{image[0], image[1], image[2]}, {0, 0, 0}};
    for (int k = 0; k < 2 * n_labels; k++) {
        if (!s->is_member[k % n_labels]) continue;
        for (int i = 0; i < 3; i++) {
            if (s->boxes[k].lo[i] < c->box.lo[i]) c->box.lo[i] = s->boxes[k].lo[i];
            if (s->boxes[k].hi[i] > c->box.hi[i]) c->box.hi[i] = s->boxes[k].hi[i];
        }
    }
    if (image[0] > 1 && c->box.hi[0] - c->box.lo[0] == 1) {
        if (c->box.lo[0] > 0)
            c->box.lo[0]--;
        else
            c->box.hi[0]++;
    }
    c->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        c->n[i] = c->box.hi[i] - c->box.lo[i];
        c->n_voxels *= c->n[i];
    }
}

typedef struct cut_job {
    const scoring *scoring;
    cutout *cutout;
} cut_job;

/* One slice of both masks. */
static void cut_task(void *context, int64_t z, int worker)
{
    const cut_job *job = context;
    const cutout *c = job->cutout;
    const cm_pair *pair = job->scoring->pair;
    const uint8_t *in_target = job->scoring->in_target;
    (void)worker;
    for (int64_t y = 0; y < c->n[1]; y++) {
        const int64_t from =
            ((z + c->box.lo[0]) * pair->grid.n[1] + y + c->box.lo[1]) * pair->grid.n[2] + c->box.lo[2];
        const int64_t to = (z * c->n[1] + y) * c->n[2];
        for (int64_t x = 0; x < c->n[2]; x++)
            c->mask[0][to + x] = in_target[pair->reference[from + x]];
        for (int64_t x = 0; x < c->n[2]; x++)
            c->mask[1][to + x] = in_target[pair->prediction[from + x]];
    }
}

/* The surface of one mask and the list of its voxels (at stays NULL without memory). */
static void surface_task(void *context, int64_t which, int worker)
{
    cutout *c = ((const cut_job *)context)->cutout;
    const uint8_t *surface = c->surface[which];
    (void)worker;
    cm_mask_surface(c->mask[which], c->n, c->surface[which]);
    int64_t count = 0, i = 0;
    for (int64_t v = 0; v < c->n_voxels; v++)
        count += surface[v];
    c->n_at[which] = count;
    c->at[which] = malloc((size_t)count * sizeof *c->at[which]);
    for (int64_t v = 0; c->at[which] && i < count; v++) {
        const uint8_t *next = memchr(surface + v, 1, (size_t)(c->n_voxels - v));
        v = next - surface;
        c->at[which][i++] = v;
    }
}

static void cutout_fini(cutout *c)
{
    for (int i = 0; i < 2; i++) {
        free(c->mask[i]);
        free(c->surface[i]);
        free(c->at[i]);
    }
}

static cm_status no_memory(int64_t n_voxels, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to score a segmentation",
                   .why = cm_strf("for %lld voxels", (long long)n_voxels).s);
}

/* Neither mask of the target at hand is empty. On failure, too, cutout_fini frees what there is. */
static cm_status cutout_make(const scoring *s, cutout *c, cm_error *err)
{
    cut_job job = {s, c};
    *c = (cutout){0};
    cutout_place(s, c);
    for (int i = 0; i < 2; i++) {
        c->mask[i] = malloc((size_t)c->n_voxels);
        c->surface[i] = malloc((size_t)c->n_voxels);
        if (!c->mask[i] || !c->surface[i]) return no_memory(c->n_voxels, err);
    }
    cm_threads_for(s->pool, c->n[0], cut_task, &job);
    cm_threads_for(s->pool, 2, surface_task, &job);
    return c->at[0] && c->at[1] ? CM_OK : no_memory(c->n_voxels, err);
}

/* -- distances of a target ----------------------------------------------------------------------------- */

static void distances_fini(cm_surface_distances *d)
{
    free(d->of_reference);
    free(d->of_prediction);
}

static double root_all(double *values, int64_t n)
{
    cm_sum sum = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        values[i] = sqrt(values[i]);
        cm_sum_add(&sum, values[i]);
    }
    return cm_sum_value(&sum);
}

static cm_status distances_make(const scoring *s, const cutout *c, const double spacing[3],
                                cm_surface_distances *d, cm_error *err)
{
    const cm_grid grid = {{c->n[0], c->n[1], c->n[2]}, {spacing[0], spacing[1], spacing[2]}};
    *d = (cm_surface_distances){.n_reference = c->n_at[0], .n_prediction = c->n_at[1]};
    d->of_reference = malloc((size_t)d->n_reference * sizeof *d->of_reference);
    d->of_prediction = malloc((size_t)d->n_prediction * sizeof *d->of_prediction);
    if (!d->of_reference || !d->of_prediction) return no_memory(c->n_voxels, err);
    cm_status st = cm_distance_squared_at(s->pool, c->surface[1], &grid, c->at[0], d->n_reference,
                                          d->of_reference, s->stop, err);
    if (!st)
        st = cm_distance_squared_at(s->pool, c->surface[0], &grid, c->at[1], d->n_prediction,
                                    d->of_prediction, s->stop, err);
    if (st) return st;
    d->sum_reference = root_all(d->of_reference, d->n_reference);
    d->sum_prediction = root_all(d->of_prediction, d->n_prediction);
    return CM_OK;
}

/* distances[CM_NEEDS_...] where some metric needs them. */
static cm_status measure_target(scoring *s, const cm_target *target, cm_surface_distances distances[3],
                                cm_error *err)
{
    static const double unit[3] = {1, 1, 1};
    cutout c;
    memset(s->in_target, 0, sizeof s->in_target);
    for (int i = 0; i < target->n_values; i++)
        s->in_target[target->values[i]] = 1;
    cm_status st = cutout_make(s, &c, err);
    if (!st && s->needs_distances[CM_NEEDS_DISTANCES])
        st = distances_make(s, &c, s->pair->grid.spacing, &distances[CM_NEEDS_DISTANCES], err);
    if (!st && s->needs_distances[CM_NEEDS_VOXEL_DISTANCES])
        st = distances_make(s, &c, unit, &distances[CM_NEEDS_VOXEL_DISTANCES], err);
    cutout_fini(&c);
    return st;
}

/* -- one target, all targets --------------------------------------------------------------------------- */

static cm_status score_target(scoring *s, const cm_target *target, cm_metric_value *values, cm_error *err)
{
    cm_surface_distances distances[3] = {{0}};
    cm_mask_facts facts;
    cm_status st = CM_OK;
    target_members(s->set, target, s->is_member);
    count_target(s, &facts);
    const cm_emptiness empty = emptiness_of(&facts);
    if (s->boxes && empty == CM_NONE_EMPTY) st = measure_target(s, target, distances, err);
    for (int m = 0; m < s->n_metrics && !st; m++) {
        const cm_metric_definition *definition = s->metrics[m].definition;
        const cm_surface_distances *d = &distances[definition->needs];
        double value = 0;
        facts.distances = d->of_reference ? d : NULL;
        const bool defined = definition->mask(&facts, &s->metrics[m], &value);
        values[m] = (cm_metric_value){.state = defined ? CM_VALUE_OK : CM_VALUE_UNDEFINED,
                                      .empty = empty,
                                      .value = defined ? value : 0};
    }
    for (int i = 0; i < 3; i++)
        distances_fini(&distances[i]);
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
                           .next = "Use a tolerance in voxels, such as NSD.vox@1vox");
    }
    return CM_OK;
}

/* Histogram, and boxes when distances are needed. */
static cm_status measure_case(scoring *s, int64_t n_voxels, cm_error *err)
{
    const int n = s->set->n_labels;
    const cm_pair *pair = s->pair;
    int64_t outside;
    if (n <= CM_MAX_HISTOGRAM_LABELS) {
        s->histogram = malloc((size_t)n * (size_t)n * sizeof *s->histogram);
        s->is_member = malloc((size_t)n);
        if (!s->histogram || !s->is_member) return no_memory(n_voxels, err);
    } /* else the histogram refuses */
    cm_status st = cm_joint_histogram(s->pool, pair->reference, pair->prediction, n_voxels, s->set->index_of,
                                      n, s->histogram, &outside, err);
    if (st || !(s->needs_distances[CM_NEEDS_DISTANCES] || s->needs_distances[CM_NEEDS_VOXEL_DISTANCES]))
        return st;
    s->boxes = malloc((size_t)(2 * n) * sizeof *s->boxes);
    if (!s->boxes) return no_memory(n_voxels, err);
    st = cm_label_boxes(s->pool, pair->reference, pair->grid.n, s->set->index_of, n, s->boxes, err);
    if (!st)
        st = cm_label_boxes(s->pool, pair->prediction, pair->grid.n, s->set->index_of, n, s->boxes + n, err);
    return st;
}

cm_status cm_score_segmentation(cm_threads *pool, const cm_pair *pair, const cm_target *targets,
                                int n_targets, const cm_metric *metrics, int n_metrics,
                                cm_metric_value *values, const cm_stop *stop, cm_error *err)
{
    int64_t n_voxels;
    cm_status st = check_request(pair, metrics, n_metrics, &n_voxels, err);
    if (st) return st;
    scoring *s = calloc(1, sizeof *s);
    if (!s) return no_memory(n_voxels, err);
    s->pool = pool;
    s->pair = pair;
    s->metrics = metrics;
    s->n_metrics = n_metrics;
    s->stop = stop;
    for (int m = 0; m < n_metrics; m++)
        s->needs_distances[metrics[m].definition->needs] = true;
    s->set = malloc(sizeof *s->set);
    if (!s->set) {
        st = no_memory(n_voxels, err);
        goto done;
    }
    label_set_init(s->set, targets, n_targets);
    st = measure_case(s, n_voxels, err);
    for (int t = 0; t < n_targets && !st; t++) {
        st = cm_stop_due(stop);
        if (st)
            CM_FAIL(err, st, .what = "stopped while scoring");
        else
            st = score_target(s, &targets[t], values + (int64_t)t * n_metrics, err);
    }
done:
    free(s->set);
    free(s->histogram);
    free(s->is_member);
    free(s->boxes);
    free(s);
    return st;
}
