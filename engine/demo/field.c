/* Random draws in order, and value noise: random numbers on a lattice with a smooth blend between them. */
#include "engine/demo/field.h"

#include <math.h>

enum { STREAMS = 64 };

cm_draws cm_draws_begin(uint64_t seed, int64_t index, int stream)
{
    return (cm_draws){.random = {.seed = seed, .purpose = CM_PURPOSE_DEMO},
                      .replicate = (uint64_t)index * STREAMS + (uint64_t)stream};
}

double cm_draws_between(cm_draws *draws, double low, double high)
{
    return low + (high - low) * cm_random_uniform(draws->random, draws->replicate, draws->next++);
}

double cm_draws_normal(cm_draws *draws)
{
    return cm_random_normal(draws->random, draws->replicate, draws->next++);
}

int cm_draws_below(cm_draws *draws, int n)
{
    return (int)cm_random_below(draws->random, draws->replicate, draws->next++, (uint64_t)n);
}

void cm_field_fill(cm_field *field, cm_draws *draws)
{
    for (int i = 0; i < CM_FIELD_CELLS * CM_FIELD_CELLS * CM_FIELD_CELLS; i++)
        field->value[i] = cm_draws_between(draws, -1, 1);
}

/* The two lattice points around x and the weight of the second. */
typedef struct cell {
    int low, high;
    double weight;
} cell;

static cell cell_of(double x)
{
    const double below = floor(x), t = x - below;
    const int low = (int)((int64_t)below & (CM_FIELD_CELLS - 1)); /* wraps for negative x, too */
    return (cell){low, (low + 1) & (CM_FIELD_CELLS - 1), t * t * (3 - 2 * t)};
}

static double blend(double a, double b, double weight)
{
    return a + (b - a) * weight;
}

double cm_field_at(const cm_field *field, double x, double y, double z)
{
    const cell cx = cell_of(x), cy = cell_of(y), cz = cell_of(z);
    double slice[2];
    for (int k = 0; k < 2; k++) {
        const double *plane = field->value + CM_FIELD_CELLS * CM_FIELD_CELLS * (k ? cz.high : cz.low);
        const double *near = plane + CM_FIELD_CELLS * cy.low, *far = plane + CM_FIELD_CELLS * cy.high;
        slice[k] = blend(blend(near[cx.low], near[cx.high], cx.weight),
                         blend(far[cx.low], far[cx.high], cx.weight), cy.weight);
    }
    return blend(slice[0], slice[1], cz.weight);
}

double cm_smoothstep(double low, double high, double x)
{
    if (x <= low) return 0;
    if (x >= high) return 1;
    const double t = (x - low) / (high - low);
    return t * t * (3 - 2 * t);
}
