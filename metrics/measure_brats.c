/* Lesions as the BraTS 2023 evaluation counts them: reference components (26) whose dilated masks touch are
 * one lesion; all predicted components (26) that touch the dilated lesion are its prediction, together; what
 * touches no lesion, however small, is a false positive; lesions not larger than a volume are left out. A
 * missed lesion has Dice 0 and HD95 374 mm, the rounded diagonal of 240x240x155 voxels of 1 mm, whatever the
 * image. Dice and the 95th percentile (over surface elements) of a lesion compare it with its prediction. */
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"

#define HD95_OF_A_MISS 374.0

typedef struct brats {
    const cm_measuring *measuring;
    const cm_cutout *cutout;
    int32_t *lesion;    /* [n_voxels]: number of the joined reference lesion, 0 = none */
    int32_t *predicted; /* [n_voxels]: number of the predicted component */
    int64_t n_lesions, n_predicted;
    cm_lesion_overlap *touching; /* (lesion, component) pairs: the dilated lesion shares a voxel with it */
    int64_t n_touching;
    uint8_t *scratch[2]; /* [n_voxels] */
} brats;

/* Components of the dilated reference; what they touch of the prediction; then only the reference keeps their
 * numbers. Dilated lesions never overlap, for where two would, they are one; and none loses all its voxels,
 * for it contains what it grew from. */
static cm_status join_lesions(brats *b, int dilation, cm_error *err)
{
    const cm_cutout *c = b->cutout;
    cm_backend *be = b->measuring->backend;
    cm_status st =
        be->ops->mask_dilate(be, c->mask[0], c->grid.n, dilation, b->scratch[0], b->scratch[1], err);
    if (!st) st = be->ops->components(be, b->scratch[0], c->grid.n, 26, b->lesion, &b->n_lesions, err);
    if (!st) st = cm_overlaps_count(b->lesion, b->predicted, c->n_voxels, &b->touching, &b->n_touching, err);
    for (int64_t v = 0; v < c->n_voxels && !st; v++)
        if (!c->mask[0][v]) b->lesion[v] = 0;
    return st;
}

/* Box of a lesion and its prediction, and both masks in it. members: by component, 1 for those of the lesion.
 */
static void cut_lesion(const brats *b, int32_t lesion, const uint8_t *members, const cm_box *box,
                       uint8_t *mask[2])
{
    const int64_t *n = b->cutout->grid.n;
    int64_t i = 0;
    for (int64_t z = box->lo[0]; z < box->hi[0]; z++)
        for (int64_t y = box->lo[1]; y < box->hi[1]; y++)
            for (int64_t x = box->lo[2]; x < box->hi[2]; x++, i++) {
                const int64_t v = (z * n[1] + y) * n[2] + x;
                mask[0][i] = b->lesion[v] == lesion;
                mask[1][i] = b->predicted[v] && members[b->predicted[v] - 1];
            }
}

static void box_add(cm_box *box, const cm_box *other)
{
    for (int i = 0; i < 3; i++) {
        if (other->lo[i] < box->lo[i]) box->lo[i] = other->lo[i];
        if (other->hi[i] > box->hi[i]) box->hi[i] = other->hi[i];
    }
}

/* boxes[k - 1] of label k. */
static cm_box *boxes_of(const int32_t *labels, const int64_t n[3], int64_t count)
{
    cm_box *boxes = malloc((size_t)(count + 1) * sizeof *boxes);
    if (!boxes) return NULL;
    for (int64_t i = 0; i < count; i++)
        boxes[i] = (cm_box){{n[0], n[1], n[2]}, {0, 0, 0}};
    for (int64_t z = 0, v = 0; z < n[0]; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int64_t x = 0; x < n[2]; x++, v++)
                if (labels[v]) box_add(&boxes[labels[v] - 1], &(cm_box){{z, y, x}, {z + 1, y + 1, x + 1}});
    return boxes;
}

/* Dice and HD95 of a lesion that some component touches. A component may touch the dilated lesion without
 * sharing a voxel with the lesion itself. */
static cm_status compare_lesion(brats *b, int32_t lesion, const uint8_t *members, cm_box box, double *dice,
                                double *hd95, cm_error *err)
{
    const cm_metric metric = {.percentile = 95};
    cm_surfel_distances surfels = {.n = {0, 0}};
    cm_grid grid = b->cutout->grid;
    if (b->cutout->grid.n[0] > 1 && box.hi[0] - box.lo[0] == 1) { /* one slice is no 2-D image */
        if (box.lo[0] > 0)
            box.lo[0]--;
        else
            box.hi[0]++;
    }
    int64_t n = 1, size[2] = {0, 0}, both = 0;
    for (int i = 0; i < 3; i++)
        n *= grid.n[i] = box.hi[i] - box.lo[i];
    cut_lesion(b, lesion, members, &box, b->scratch);
    for (int64_t v = 0; v < n; v++) {
        size[0] += b->scratch[0][v];
        size[1] += b->scratch[1][v];
        both += b->scratch[0][v] & b->scratch[1][v];
    }
    *dice = 2 * (double)both / (double)(size[0] + size[1]);
    const uint8_t *const mask[2] = {b->scratch[0], b->scratch[1]};
    const cm_status st =
        cm_surfels_between(b->measuring->backend, mask, &grid, b->measuring->stop, &surfels, err);
    if (!st) cm_surfel_hausdorff_percentile(&(cm_mask_facts){.surfels = &surfels}, &metric, hd95);
    cm_surfels_fini(&surfels);
    return st;
}

static cm_status add_lesions(brats *b, double smallest, double voxel_volume, cm_brats_counts *out,
                             cm_error *err)
{
    const cm_cutout *c = b->cutout;
    cm_status st = CM_OK;
    int64_t at = 0;
    cm_box *lesion_boxes = boxes_of(b->lesion, c->grid.n, b->n_lesions);
    cm_box *predicted_boxes = boxes_of(b->predicted, c->grid.n, b->n_predicted);
    int64_t *size = calloc((size_t)b->n_lesions + 1, sizeof *size);
    uint8_t *members = calloc((size_t)b->n_predicted + 1, 1),
            *touched = calloc((size_t)b->n_predicted + 1, 1);
    if (!lesion_boxes || !predicted_boxes || !size || !members || !touched)
        st = cm_measure_no_memory(c->n_voxels, err);
    for (int64_t v = 0; v < c->n_voxels && !st; v++)
        if (b->lesion[v]) size[b->lesion[v] - 1]++;
    for (int32_t k = 0; k < b->n_lesions && !st; k++) {
        const int64_t first = at;
        cm_box box = lesion_boxes[k];
        for (; at < b->n_touching && b->touching[at].reference == k; at++) {
            members[b->touching[at].prediction] = touched[b->touching[at].prediction] = 1;
            box_add(&box, &predicted_boxes[b->touching[at].prediction]);
        }
        if (cm_lesion_volume(size[k], voxel_volume) > smallest) {
            double dice = 0, hd95 = HD95_OF_A_MISS;
            if (at > first) st = compare_lesion(b, k + 1, members, box, &dice, &hd95, err);
            out->n_lesions++;
            out->sum_dice += dice;
            out->sum_hd95 += hd95;
        }
        for (int64_t i = first; i < at; i++)
            members[b->touching[i].prediction] = 0;
    }
    for (int64_t i = 0; i < b->n_predicted && !st; i++)
        out->n_false += !touched[i];
    out->sum_hd95 += (double)out->n_false * HD95_OF_A_MISS;
    free(lesion_boxes);
    free(predicted_boxes);
    free(size);
    free(members);
    free(touched);
    return st;
}

static cm_status measure_one(const cm_measuring *m, const cm_cutout *c, const cm_metric *metric,
                             cm_brats_counts *out, cm_error *err)
{
    brats b = {.measuring = m, .cutout = c};
    const double *s = c->grid.spacing;
    cm_status st = CM_OK;
    b.lesion = malloc((size_t)c->n_voxels * sizeof *b.lesion);
    b.predicted = malloc((size_t)c->n_voxels * sizeof *b.predicted);
    for (int i = 0; i < 2; i++)
        b.scratch[i] = malloc((size_t)c->n_voxels);
    if (!b.lesion || !b.predicted || !b.scratch[0] || !b.scratch[1])
        st = cm_measure_no_memory(c->n_voxels, err);
    if (!st)
        st = m->backend->ops->components(m->backend, c->mask[1], c->grid.n, 26, b.predicted, &b.n_predicted,
                                         err);
    if (!st) st = join_lesions(&b, metric->dilation, err);
    if (!st) st = add_lesions(&b, metric->low, s[0] * s[1] * s[2], out, err);
    free(b.lesion);
    free(b.predicted);
    free(b.scratch[0]);
    free(b.scratch[1]);
    free(b.touching);
    return st;
}

cm_status cm_measure_brats(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = 0; i < m->n_metrics && !st && m->needs[CM_NEEDS_BRATS]; i++) {
        const cm_metric *metric = &m->metrics[i];
        int same = 0; /* an earlier metric of the same parameters: Dice and HD95 come from one count */
        if (metric->definition->needs != CM_NEEDS_BRATS) continue;
        while (m->metrics[same].definition->needs != CM_NEEDS_BRATS ||
               m->metrics[same].dilation != metric->dilation || m->metrics[same].low != metric->low)
            same++;
        if (same < i)
            out->brats[i] = out->brats[same];
        else
            st = measure_one(m, c, metric, &out->brats[i], err);
    }
    return st;
}
