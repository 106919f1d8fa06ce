/* Metrics of slices: every slice of a cutout as a 2-D image of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/measure_internal.h"

/* The two axes of a slice, in the order of the image (z, y, x). */
static void axes_of_slice(int axis, int *rows, int *columns)
{
    *rows = axis == 0 ? 1 : 0;
    *columns = axis == 2 ? 1 : 2;
}

static cm_grid grid_of_slice(const cm_grid *grid, int axis)
{
    int rows, columns;
    axes_of_slice(axis, &rows, &columns);
    return (cm_grid){{1, grid->n[rows], grid->n[columns]}, {1, grid->spacing[rows], grid->spacing[columns]}};
}

/* Voxels of slice k; `mask` has the size of the slice. */
static void copy_slice(const cm_cutout *c, int which, int axis, int64_t k, uint8_t *mask)
{
    const int64_t stride[3] = {c->grid.n[1] * c->grid.n[2], c->grid.n[2], 1};
    int rows, columns;
    axes_of_slice(axis, &rows, &columns);
    const uint8_t *from = c->mask[which] + k * stride[axis];
    for (int64_t i = 0; i < c->grid.n[rows]; i++)
        for (int64_t j = 0; j < c->grid.n[columns]; j++)
            *mask++ = from[i * stride[rows] + j * stride[columns]];
}

static void count_slice(const cm_cutout *slice, cm_mask_facts *facts)
{
    for (int64_t v = 0; v < slice->n_voxels; v++) {
        const int r = slice->mask[0][v], p = slice->mask[1][v];
        facts->tp += r & p;
        facts->fp += (r ^ 1) & p;
        facts->fn += r & (p ^ 1);
    }
}

static bool is_of(const cm_metric *metric, int axis)
{
    return metric->definition->needs == CM_NEEDS_SLICES && metric->axis == axis;
}

static bool has_surfaces(const cm_metric *metric)
{
    return metric->definition->slice_needs != CM_NEEDS_COUNTS;
}

/* What a slice in which one mask alone is empty counts when the formula has no value there. */
static double worst_of_slice(const cm_metric *metric, const cm_cutout *whole, int axis)
{
    if (!metric->definition->worst_is_diagonal) return metric->definition->worst;
    const cm_grid slice = grid_of_slice(&whole->image, axis);
    const double height = (double)slice.n[1] * slice.spacing[1],
                 width = (double)slice.n[2] * slice.spacing[2];
    return sqrt(width * width + height * height);
}

/* asked: the axis of the metrics at hand; cut: the one that is cut. */
typedef struct slicing {
    const cm_measuring *m;
    const cm_cutout *whole;
    int asked, cut;
} slicing;

static cm_status add_slice(const slicing *s, const cm_cutout *slice, cm_measured *out, cm_error *err)
{
    const cm_measuring *m = s->m;
    cm_mask_facts counts = {.voxel_volume = 1};
    cm_measured measured;
    count_slice(slice, &counts);
    cm_status st = cm_measured_init(m, &measured, err);
    if (!st) st = cm_measure_surfaces(m, slice, &measured, err);
    for (int i = 0; i < m->n_metrics && !st; i++) {
        const cm_metric *metric = &m->metrics[i];
        const int unit = metric->definition->slice_needs == CM_NEEDS_VOXEL_DISTANCES;
        cm_mask_facts facts = counts;
        double value;
        if (!is_of(metric, s->asked) || (has_surfaces(metric) && (s->whole->empty[0] || s->whole->empty[1])))
            continue;
        if (has_surfaces(metric) && measured.has_distances[unit]) facts.distances = &measured.distances[unit];
        if (!metric->definition->slice(&facts, metric, &value))
            value = worst_of_slice(metric, s->whole, s->cut);
        cm_sum_add(&out->slices[i].sum, value);
        out->slices[i].n++;
    }
    cm_measured_fini(&measured);
    return st;
}

static cm_status measure_axis(const slicing *s, cm_measured *out, cm_error *err)
{
    const cm_cutout *c = s->whole;
    const int axis = s->cut;
    cm_cutout slice = {.grid = grid_of_slice(&c->grid, axis)};
    cm_status st = CM_OK;
    slice.n_voxels = slice.grid.n[1] * slice.grid.n[2];
    for (int i = 0; i < 2 && !st; i++) {
        slice.mask[i] = malloc((size_t)slice.n_voxels);
        if (!slice.mask[i]) st = cm_measure_no_memory(slice.n_voxels, err);
    }
    for (int64_t k = 0; k < c->grid.n[axis] && !st; k++) {
        for (int i = 0; i < 2; i++) {
            copy_slice(c, i, axis, k, slice.mask[i]);
            slice.empty[i] = !memchr(slice.mask[i], 1, (size_t)slice.n_voxels);
        }
        if (slice.empty[0] && slice.empty[1]) continue;
        st = cm_stop_due(s->m->stop);
        if (!st) st = add_slice(s, &slice, out, err);
    }
    free(slice.mask[0]);
    free(slice.mask[1]);
    return st;
}

cm_status cm_measure_slices(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    cm_status st = CM_OK;
    for (int axis = 0; axis < 3 && m->needs[CM_NEEDS_SLICES] && !st; axis++) {
        cm_measuring inner = {
            .backend = m->backend, .metrics = m->metrics, .n_metrics = m->n_metrics, .stop = m->stop};
        bool wanted = false;
        for (int i = 0; i < m->n_metrics; i++) {
            if (!is_of(&m->metrics[i], axis)) continue;
            inner.needs[m->metrics[i].definition->slice_needs] = true;
            wanted = true;
        }
        if (!wanted) continue;
        /* A 2-D image is its only slice, whatever the axis. */
        const slicing s = {&inner, c, axis, c->image.n[0] == 1 ? 0 : axis};
        st = measure_axis(&s, out, err);
    }
    return st;
}

CM_MASK_METRIC(cm_mask_mean_of_slices)
{
    (void)metric;
    if (facts->slices->n == 0) return false;
    *value = cm_sum_value(&facts->slices->sum) / (double)facts->slices->n;
    return true;
}
