/* What each item will cost, before any is run: the order of the work and the plan of a dry run. */
#include <stdlib.h>
#include <string.h>

#include "engine/run/setup.h"

/* Cohorts repeat a few grids over and over: one estimate per grid is enough. */
enum { GRIDS = 64 };

typedef struct known_grid {
    cm_geometry geometry;
    cm_tool_cost cost;
} known_grid;

static bool same_grid(const cm_geometry *a, const cm_geometry *b)
{
    return a->shape.nz == b->shape.nz && a->shape.ny == b->shape.ny && a->shape.nx == b->shape.nx &&
           a->spacing_mm.z == b->spacing_mm.z && a->spacing_mm.y == b->spacing_mm.y &&
           a->spacing_mm.x == b->spacing_mm.x && memcmp(&a->affine, &b->affine, sizeof a->affine) == 0;
}

static cm_tool_cost cost_of(const cm_tool *tool, const cm_geometry *g, cm_backend *backend, known_grid *known,
                            int *n)
{
    for (int i = 0; i < *n; i++)
        if (same_grid(&known[i].geometry, g)) return known[i].cost;
    cm_tool_cost cost = {0};
    if (cm_tool_estimate(tool, g, backend, &cost, NULL))
        memset(&cost, 0, sizeof cost); /* the run itself will say why */
    int slot = *n < GRIDS ? (*n)++ : GRIDS - 1;
    known[slot].geometry = *g;
    known[slot].cost = cost;
    return cost;
}

static int by_voxels(const void *a, const void *b)
{
    int64_t x = ((const int64_t *)a)[0], y = ((const int64_t *)b)[0];
    if (x != y) return x < y ? -1 : 1;
    return ((const int64_t *)a)[1] < ((const int64_t *)b)[1] ? -1 : 1;
}

/* The case in the middle by number of voxels. */
static cm_status median_case(const cm_setup *s, int64_t *out, cm_error *err)
{
    int64_t *pairs = calloc((size_t)s->n_cases * 2, sizeof *pairs);
    if (!pairs) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to order the cases");
    for (int64_t i = 0; i < s->n_cases; i++) {
        pairs[2 * i] = cm_shape3_count(cm_cohort_get_case(s->cohort, s->case_index[i])->geometry.shape);
        pairs[2 * i + 1] = i;
    }
    qsort(pairs, (size_t)s->n_cases, 2 * sizeof *pairs, by_voxels);
    *out = pairs[2 * (s->n_cases / 2) + 1];
    free(pairs);
    return CM_OK;
}

cm_status cm_setup_estimate(const cm_setup *s, cm_backend *backend, double *seconds, cm_tool_cost *costs,
                            cm_error *err)
{
    int64_t middle = 0;
    known_grid *known = calloc(GRIDS, sizeof *known);
    if (!known) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for estimates");
    cm_status st = median_case(s, &middle, err);
    for (int t = 0; t < s->n_tools && !st; t++) {
        int n = 0;
        for (int64_t i = 0; i < s->n_cases; i++) {
            cm_tool_cost cost = cost_of(
                s->tools[t], &cm_cohort_get_case(s->cohort, s->case_index[i])->geometry, backend, known, &n);
            seconds[t * s->n_cases + i] = cost.seconds;
            if (i == middle) costs[t] = cost;
        }
    }
    free(known);
    return st;
}
