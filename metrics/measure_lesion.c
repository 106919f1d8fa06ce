/* Lesions: connected components of both masks, their sizes, and which share how many voxels. */
#include <math.h>
#include <stdlib.h>

#include "metrics/measure_internal.h"

static int by_pair(const void *a, const void *b)
{
    const cm_lesion_overlap *x = a, *y = b;
    if (x->reference != y->reference) return x->reference > y->reference ? 1 : -1;
    return (x->prediction > y->prediction) - (x->prediction < y->prediction);
}

/* Sorts and joins entries of the same pair; returns how many are left. */
static int64_t join_pairs(cm_lesion_overlap *list, int64_t n)
{
    int64_t last = 0;
    if (n == 0) return 0;
    qsort(list, (size_t)n, sizeof *list, by_pair);
    for (int64_t i = 1; i < n; i++) {
        if (by_pair(&list[last], &list[i]) == 0)
            list[last].voxels += list[i].voxels;
        else
            list[++last] = list[i];
    }
    return last + 1;
}

cm_status cm_overlaps_count(const int32_t *reference, const int32_t *prediction, int64_t n_voxels,
                            cm_lesion_overlap **out, int64_t *count, cm_error *err)
{
    int64_t n = 0, room = 64;
    cm_lesion_overlap *list = malloc((size_t)room * sizeof *list);
    for (int64_t v = 0; v < n_voxels && list;) {
        const int32_t r = reference[v], p = prediction[v];
        int64_t end = v + 1;
        while (end < n_voxels && reference[end] == r && prediction[end] == p)
            end++;
        if (r && p) {
            if (n == room) { /* often the same pairs again: join before growing */
                n = join_pairs(list, n);
                if (n > room / 2) {
                    room *= 2;
                    cm_lesion_overlap *grown = realloc(list, (size_t)room * sizeof *list);
                    if (!grown) free(list);
                    list = grown;
                    if (!list) break;
                }
            }
            list[n++] = (cm_lesion_overlap){r - 1, p - 1, end - v};
        }
        v = end;
    }
    if (!list) return cm_measure_no_memory(n_voxels, err);
    *count = join_pairs(list, n);
    *out = list;
    return CM_OK;
}

static void count_sizes(const int32_t *labels, const uint8_t *other, int64_t n_voxels, int64_t *size,
                        int64_t *covered)
{
    for (int64_t v = 0; v < n_voxels; v++)
        if (labels[v]) {
            size[labels[v] - 1]++;
            covered[labels[v] - 1] += other[v];
        }
}

cm_status cm_lesions_find(cm_backend *backend, const cm_cutout *c, int connectivity, cm_lesions *out,
                          cm_error *err)
{
    int32_t *labels[2] = {NULL, NULL};
    cm_status st = CM_OK;
    for (int i = 0; i < 2 && !st; i++) {
        labels[i] = malloc((size_t)c->n_voxels * sizeof *labels[i]);
        if (!labels[i])
            st = cm_measure_no_memory(c->n_voxels, err);
        else
            st = backend->ops->components(backend, c->mask[i], c->grid.n, connectivity, labels[i], &out->n[i],
                                          err);
        if (st) break;
        out->size[i] = calloc((size_t)out->n[i] + 1, sizeof *out->size[i]);
        out->covered[i] = calloc((size_t)out->n[i] + 1, sizeof *out->covered[i]);
        out->hit[i] = calloc((size_t)out->n[i] + 1, 1);
        if (!out->size[i] || !out->covered[i] || !out->hit[i])
            st = cm_measure_no_memory(c->n_voxels, err);
        else
            count_sizes(labels[i], c->mask[1 - i], c->n_voxels, out->size[i], out->covered[i]);
    }
    if (!st) {
        out->partner_size = calloc((size_t)out->n[0] + 1, sizeof *out->partner_size);
        if (!out->partner_size) st = cm_measure_no_memory(c->n_voxels, err);
    }
    if (!st) st = cm_overlaps_count(labels[0], labels[1], c->n_voxels, &out->overlaps, &out->n_overlaps, err);
    free(labels[0]);
    free(labels[1]);
    return st;
}

void cm_lesions_fini(cm_lesions *lesions)
{
    for (int i = 0; i < 2; i++) {
        free(lesions->size[i]);
        free(lesions->covered[i]);
        free(lesions->hit[i]);
    }
    free(lesions->partner_size);
    free(lesions->overlaps);
    *lesions = (cm_lesions){.n_overlaps = 0};
}

double cm_lesion_volume(int64_t voxels, double voxel_volume)
{
    const double volume = (double)voxels * voxel_volume, digits = 1e13;
    double scale = 1; /* 10^21 at most, which a double holds exactly */
    if (!(volume > 1e-8 && volume < digits)) return volume;
    while (volume * scale < digits)
        scale *= 10;
    return nearbyint(volume * scale) / scale;
}

static bool list_scores(const cm_lesions *l, double voxel_volume, cm_lesion_counts *out)
{
    int64_t n = 0;
    out->scores = malloc((size_t)(l->n[0] + l->n[1] + 1) * sizeof *out->scores);
    if (!out->scores) return false;
    for (int64_t i = 0; i < l->n[0]; i++)
        if (l->hit[0][i]) out->scores[n++] = cm_lesion_volume(l->partner_size[i], voxel_volume);
    for (int64_t i = 0; i < l->n[1]; i++)
        if (!l->hit[1][i]) out->scores[n++] = cm_lesion_volume(l->size[1][i], voxel_volume);
    return true;
}

static bool count_by_rule(cm_lesions *l, const cm_metric *metric, double voxel_volume, cm_lesion_counts *out)
{
    if (!cm_lesions_match(l, metric, out)) return false;
    for (int side = 0; side < 2; side++) {
        out->n[side] = l->n[side];
        for (int64_t i = 0; i < l->n[side]; i++) {
            const double volume = cm_lesion_volume(l->size[side][i], voxel_volume);
            if (volume < metric->low || (metric->high > 0 && volume >= metric->high)) continue;
            out->n_of_size[side]++;
            out->hits_of_size[side] += l->hit[side][i];
        }
    }
    return metric->definition->gathered ? list_scores(l, voxel_volume, out) : true;
}

cm_status cm_measure_lesions(const cm_measuring *m, const cm_cutout *c, cm_measured *out, cm_error *err)
{
    static const int connectivities[3] = {6, 18, 26};
    const double *s = c->grid.spacing;
    cm_status st = CM_OK;
    for (int k = 0; k < 3 && !st && m->needs[CM_NEEDS_LESIONS]; k++) {
        cm_lesions lesions = {.n_overlaps = 0};
        bool found = false;
        for (int i = 0; i < m->n_metrics && !st; i++) {
            const cm_metric *metric = &m->metrics[i];
            if (metric->definition->needs != CM_NEEDS_LESIONS || metric->connectivity != connectivities[k])
                continue;
            if (!found) st = cm_lesions_find(m->backend, c, connectivities[k], &lesions, err);
            found = true;
            if (!st && !count_by_rule(&lesions, metric, s[0] * s[1] * s[2], &out->lesions[i]))
                st = cm_measure_no_memory(c->n_voxels, err);
        }
        cm_lesions_fini(&lesions);
    }
    return st;
}
