/* Components of one label at a time, inside its box. */
#include "engine/model/cleanup.h"

#include <stddef.h>

#include "engine/model/statistic.h"
#include "kernels/volume.h"

typedef struct label_box {
    cm_extent box;
    int64_t size[3], count; /* of the box; count 0 when the label is absent */
} label_box;

/* Of a stopped search: what was found so far. */
static label_box find_label(const uint16_t *labels, const int64_t n[3], uint16_t label, const cm_stop *stop)
{
    label_box b = {.box = {.low = {INT64_MAX, INT64_MAX, INT64_MAX}}};
    for (int64_t z = 0; z < n[2] && !cm_stop_due(stop); z++)
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

/* Place in the image of the first voxel of a row of the box. */
static int64_t row_start(const label_box *b, const int64_t n[3], int64_t row)
{
    const int64_t y = row % b->size[1], z = row / b->size[1];
    return ((b->box.low[2] + z) * n[1] + b->box.low[1] + y) * n[0] + b->box.low[0];
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

/* The components of a label inside its box: mask and component number of each voxel. */
static cm_status find_components(const label_box *b, uint16_t label, int connectivity, const int64_t n[3],
                                 const uint16_t *labels, uint8_t *mask, int32_t *component, int64_t *count,
                                 cm_budget *budget, const cm_stop *stop, cm_error *err)
{
    const int64_t shape[3] = {b->size[2], b->size[1], b->size[0]};
    for (int64_t row = 0; row < b->size[1] * b->size[2]; row++)
        for (int64_t x = 0; x < b->size[0]; x++)
            mask[row * b->size[0] + x] = labels[row_start(b, n, row) + x] == label;
    const int64_t bytes = cm_components_bytes(mask, shape);
    cm_status st = cm_budget_take(budget, bytes, "clean-up", err);
    if (st) return st;
    st = cm_components_until(mask, shape, connectivity, component, count, stop, err);
    cm_budget_give(budget, bytes);
    return st;
}

static cm_status remove_components(const cm_cleanup_rule *rule, const label_box *b, const int64_t n[3],
                                   const int32_t *component, int64_t count, uint16_t *labels,
                                   cm_budget *budget, cm_error *err)
{
    void *memory[2] = {NULL, NULL};
    cm_status st = cm_budget_alloc(budget, count + 1, sizeof(int64_t), "clean-up", &memory[0], err);
    if (!st) st = cm_budget_alloc(budget, count + 1, 1, "clean-up", &memory[1], err);
    int64_t *sizes = memory[0];
    uint8_t *keep = memory[1];
    for (int64_t i = 0; !st && i < b->count; i++)
        sizes[component[i]]++;
    if (!st) choose(rule, count, sizes, keep);
    for (int64_t row = 0; !st && row < b->size[1] * b->size[2]; row++)
        for (int64_t x = 0; x < b->size[0]; x++) {
            const int32_t c = component[row * b->size[0] + x];
            if (c && !keep[c]) labels[row_start(b, n, row) + x] = 0;
        }
    cm_budget_free(budget, keep, count + 1, 1);
    cm_budget_free(budget, sizes, count + 1, sizeof(int64_t));
    return st;
}

static cm_status run_rule(const cm_cleanup_rule *rule, int connectivity, const int64_t n[3], uint16_t *labels,
                          cm_budget *budget, const cm_stop *stop, cm_error *err)
{
    const label_box b = find_label(labels, n, rule->label, stop);
    cm_status st = cm_stop_due(stop);
    if (st) return CM_FAIL(err, st, .what = "stopped while cleaning a label map");
    if (!b.count) return CM_OK;
    void *mask = NULL, *component = NULL;
    int64_t count = 0;
    st = cm_budget_alloc(budget, b.count, 1, "clean-up", &mask, err);
    if (!st) st = cm_budget_alloc(budget, b.count, sizeof(int32_t), "clean-up", &component, err);
    if (!st)
        st = find_components(&b, rule->label, connectivity, n, labels, mask, component, &count, budget, stop,
                             err);
    if (!st) st = remove_components(rule, &b, n, component, count, labels, budget, err);
    cm_budget_free(budget, component, b.count, sizeof(int32_t));
    cm_budget_free(budget, mask, b.count, 1);
    return st;
}

cm_status cm_cleanup(const cm_cleanup_rule *rules, int n_rules, int connectivity, cm_shape3 shape,
                     uint16_t *labels, cm_budget *budget, const cm_stop *stop, cm_error *err)
{
    const int64_t n[3] = {shape.nx, shape.ny, shape.nz};
    cm_status st = CM_OK;
    for (int i = 0; !st && i < n_rules; i++)
        st = run_rule(&rules[i], connectivity, n, labels, budget, stop, err);
    return st;
}

int64_t cm_cleanup_bytes(cm_shape3 shape)
{
    return 5 * cm_shape3_count(shape) + (2 * 12 + 8) * (shape.nz * shape.ny + 1);
}
