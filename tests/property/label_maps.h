/* Seeded random label maps of three values for tests that compare metrics with brute force. */
#ifndef CM_TESTS_PROPERTY_LABEL_MAPS_H
#define CM_TESTS_PROPERTY_LABEL_MAPS_H

#include <math.h>

#include "engine/base/random.h"
#include "metrics/segmentation.h"

enum { MAX_AXIS = 6, MAX_VOXELS = MAX_AXIS * MAX_AXIS * MAX_AXIS };

static const cm_random source = {.seed = 1912, .purpose = CM_PURPOSE_TEST};
static const uint16_t values_12[2] = {1, 2};
static const cm_target one_and_two = {.name = "both", .n_values = 2, .values = values_12};

typedef struct mask_pair {
    cm_grid grid;
    int64_t n_voxels;
    uint16_t map[2][MAX_VOXELS];
    bool set[2][MAX_VOXELS]; /* 1 or 2 */
} mask_pair;

static void pair_make(uint64_t number, mask_pair *p)
{
    static const double spacings[] = {0.5, 1.0, 1.25, 2.0};
    uint64_t draw = 0;
    p->n_voxels = 1;
    for (int i = 0; i < 3; i++) {
        p->grid.n[i] = 1 + (int64_t)cm_random_below(source, number, draw++, MAX_AXIS);
        p->grid.spacing[i] = spacings[cm_random_below(source, number, draw++, 4)];
        p->n_voxels *= p->grid.n[i];
    }
    for (int m = 0; m < 2; m++) {
        const double share = 0.5 * cm_random_uniform(source, number, draw++);
        for (int64_t v = 0; v < p->n_voxels; v++) {
            const double u = cm_random_uniform(source, number, draw++);
            const uint16_t label = u < share ? (uint16_t)(1 + cm_random_below(source, number, draw++, 3)) : 0;
            p->map[m][v] = m == 1 && cm_random_below(source, number, draw++, 3) ? p->map[0][v] : label;
        }
    }
    for (int m = 0; m < 2; m++)
        for (int64_t v = 0; v < p->n_voxels; v++)
            p->set[m][v] = p->map[m][v] == 1 || p->map[m][v] == 2;
}

/* Equal but for rounding, or both without a value (NaN). */
static bool agrees(cm_metric_value got, double expected)
{
    if (isnan(expected)) return got.state == CM_VALUE_UNDEFINED;
    return got.state == CM_VALUE_OK && fabs(got.value - expected) <= 1e-11 * fabs(expected) + 1e-13;
}

static double over(double a, double b)
{
    return b == 0 ? NAN : a / b;
}

#endif
