/* Components of one label at a time, inside its box. */
#include "engine/model/cleanup.h"

#include <stdlib.h>

#include "engine/model/statistic.h"
#include "kernels/volume.h"

typedef struct label_box {
    cm_extent box;
    int64_t size[3], count; /* of the box; count 0 when the label is absent */
} label_box;

static label_box find_label(const uint16_t *labels, const int64_t n[3], uint16_t label)
{
    label_box b = {.box = {.low = {INT64_MAX, INT64_MAX, INT64_MAX}}};
    for (int64_t z = 0; z < n[2]; z++)
        for (int64_t y = 0; y < n[1]; y++)
            for (int64_t x = 0; x < n[0]; x++) {
                if (labels[(z * n[1] + y) * n[0] + x] != label) continue;
                const int64_t at[3] = {x, y, z};
                for (int k = 0; k < 3; k++) {
                    if (at[k] < b.box.low[k]) b.box.low[k] = at[k];
                    if (at[k] + 1 > b.box.high[k]) b.box.high[k] = at[k] + 1;
                }
                b.count = 1;
            }
    for (int k = 0; k < 3; k++)
        b.size[k] = b.count ? b.box.high[k] - b.box.low[k] : 0;
    if (b.count) b.count = b.size[0] * b.size[1] * b.size[2];
    return b;
}

/* Place in the image of voxel i of the box. */
static int64_t image_index(const label_box *b, const int64_t n[3], int64_t i)
{
    int64_t x = i % b->size[0], y = i / b->size[0] % b->size[1], z = i / b->size[0] / b->size[1];
    return ((b->box.low[2] + z) * n[1] + b->box.low[1] + y) * n[0] + b->box.low[0] + x;
}

/* keep[c] for components 1..count; sizes[count + 1] is scratch. */
static void choose(const cm_cleanup_rule *rule, int64_t count, const int64_t *sizes, uint8_t *keep)
{
    int64_t largest = 1;
    for (int64_t c = 2; c <= count; c++)
        if (sizes[c] > sizes[largest]) largest = c;
    for (int64_t c = 1; c <= count; c++)
        keep[c] = rule->minimum_voxels ? sizes[c] >= rule->minimum_voxels : c == largest;
}

static cm_status run_rule(const cm_cleanup_rule *rule, int connectivity, const int64_t n[3], uint16_t *labels,
                          cm_budget *budget, cm_error *err)
{
    label_box b = find_label(labels, n, rule->label);
    if (!b.count) return CM_OK;
    void *mask = NULL, *component = NULL;
    int64_t *sizes = NULL, count = 0;
    uint8_t *keep = NULL;
    const int64_t shape[3] = {b.size[2], b.size[1], b.size[0]};
    cm_status st = cm_budget_alloc(budget, b.count, 1, "clean-up", &mask, err);
    if (!st) st = cm_budget_alloc(budget, b.count, sizeof(int32_t), "clean-up", &component, err);
    for (int64_t i = 0; !st && i < b.count; i++)
        ((uint8_t *)mask)[i] = labels[image_index(&b, n, i)] == rule->label;
    if (!st) st = cm_components(mask, shape, connectivity, component, &count, err);
    if (!st) {
        sizes = calloc((size_t)count + 1, sizeof *sizes);
        keep = calloc((size_t)count + 1, 1);
        if (!sizes || !keep) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory cleaning a label map");
    }
    if (!st) {
        const int32_t *of = component;
        for (int64_t i = 0; i < b.count; i++)
            sizes[of[i]]++;
        choose(rule, count, sizes, keep);
        for (int64_t i = 0; i < b.count; i++)
            if (of[i] && !keep[of[i]]) labels[image_index(&b, n, i)] = 0;
    }
    free(keep);
    free(sizes);
    cm_budget_free(budget, component, b.count, sizeof(int32_t));
    cm_budget_free(budget, mask, b.count, 1);
    return st;
}

cm_status cm_cleanup(const cm_cleanup_rule *rules, int n_rules, int connectivity, cm_shape3 shape,
                     uint16_t *labels, cm_budget *budget, cm_error *err)
{
    const int64_t n[3] = {shape.nx, shape.ny, shape.nz};
    cm_status st = CM_OK;
    for (int i = 0; !st && i < n_rules; i++)
        st = run_rule(&rules[i], connectivity, n, labels, budget, err);
    return st;
}
