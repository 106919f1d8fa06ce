/* What a case will cost: the shapes a session would use, with a crop that keeps everything. */
#include "engine/model/estimate.h"

#include <string.h>

#include "engine/model/cleanup.h"
#include "engine/model/decide.h"
#include "engine/model/passes.h"
#include "engine/model/prepare.h"
#include "engine/model/window.h"

double cm_assumed_rate(const char *variant)
{
    static const struct {
        const char *variant;
        double per_thread;
    } rates[] = {{"scalar", 0.2e9}, {"avx2", 15e9}, {"avx512", 25e9}, {"neon", 10e9}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (strcmp(rates[i].variant, variant) == 0) return rates[i].per_thread;
    return rates[0].per_thread;
}

double cm_assumed_speed(cm_backend *backend)
{
    return cm_assumed_rate(cm_backend_variant(backend)) * cm_threads_count(backend->pool);
}

/* a + b + ..., INT64_MAX when it does not fit. */
static int64_t add_bytes(int64_t a, int64_t b)
{
    return b < 0 || a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t float_bytes(int64_t channels, const int64_t n[3])
{
    int64_t bytes = sizeof(float);
    if (!cm_mul_i64(bytes, channels, &bytes)) return INT64_MAX;
    for (int k = 0; k < 3; k++)
        if (!cm_mul_i64(bytes, n[k], &bytes)) return INT64_MAX;
    return bytes;
}

static int64_t count_windows(const cm_input_spec *input, const cm_tiling *t)
{
    int64_t total = 1;
    for (int k = 0; k < 3; k++)
        if (!cm_mul_i64(total, cm_window_count(t->padded[k], t->tile[k], input->overlap), &total))
            return INT64_MAX;
    return total;
}

/* Bytes held while windows run, beside labels and plan. */
static int64_t pass_bytes(const cm_tool_spec *spec, const cm_tiling *t, int64_t windows, int64_t channels,
                          const cm_geometry *geometry, int threads)
{
    const int64_t stored[3] = {geometry->shape.nx, geometry->shape.ny, geometry->shape.nz};
    int64_t bytes = float_bytes(spec->n_channels, t->padded);
    const int mirrorings = cm_mirroring_count(&spec->input);
    const int64_t output =
        spec->classification ? channels * (int64_t)sizeof(float) : float_bytes(channels, t->tile);
    bytes = add_bytes(bytes, output);
    if (mirrorings * spec->n_models > 1) bytes = add_bytes(bytes, output); /* the mean */
    if (windows > 1 || mirrorings > 1) bytes = add_bytes(bytes, float_bytes(spec->n_channels, t->tile));
    if (spec->classification) return bytes;
    if (windows > 1) bytes = add_bytes(bytes, cm_ring_bytes(t->padded, t->tile[2], channels));
    /* Orientation may permute stored axes: the largest is a bound for the scratch rows. */
    int64_t longest = stored[0] > stored[1] ? stored[0] : stored[1];
    longest = stored[2] > longest ? stored[2] : longest;
    return add_bytes(bytes,
                     cm_decider_bytes(&spec->output, channels, longest, longest, t->padded[0], threads));
}

cm_status cm_tool_bound(const cm_tool_spec *spec, const cm_geometry *geometry, cm_tiling *tiling,
                        int64_t *peak_bytes, cm_error *err)
{
    int64_t size[3];
    cm_status st =
        cm_prepare_bound(spec->steps, spec->n_steps, geometry, spec->n_channels, size, peak_bytes, err);
    if (st) return st;
    cm_tiling_of(&spec->input, size, tiling);
    /* Bringing axes into tensor order and padding to the tile hold two copies each. */
    int64_t plain = float_bytes(spec->n_channels, size),
            padded = float_bytes(spec->n_channels, tiling->padded);
    int64_t permuted = add_bytes(plain, plain), grown = add_bytes(plain, padded);
    if (permuted > *peak_bytes) *peak_bytes = permuted;
    if (grown > *peak_bytes) *peak_bytes = grown;
    return CM_OK;
}

/* Of all models: sums, but for the arena, which they share. */
static cm_plan_cost cost_together(cm_plan *const *plans, int n)
{
    cm_plan_cost sum = {0};
    for (int i = 0; i < n; i++) {
        const cm_plan_cost *c = cm_plan_get_cost(plans[i]);
        sum.parameters += c->parameters;
        sum.weight_bytes = add_bytes(sum.weight_bytes, c->weight_bytes);
        sum.operations += c->operations;
        if (c->arena_bytes > sum.arena_bytes) sum.arena_bytes = c->arena_bytes;
    }
    return sum;
}

static void sum_up(const cm_tool_spec *spec, const cm_plan_cost *cost, const cm_tiling *tiling,
                   int64_t prepare_peak, int64_t channels, const cm_geometry *geometry, cm_backend *backend,
                   cm_tool_cost *out)
{
    int64_t voxels = cm_shape3_count(geometry->shape);
    out->windows = spec->classification ? 1 : count_windows(&spec->input, tiling);
    out->passes = spec->n_models * cm_mirroring_count(&spec->input);
    int64_t run = pass_bytes(spec, tiling, out->windows, channels, geometry, cm_threads_count(backend->pool));
    run = add_bytes(add_bytes(run, cost->weight_bytes), cost->arena_bytes);
    int64_t peak = run > prepare_peak ? run : prepare_peak;
    const int64_t cleanup = spec->n_cleanups ? cm_cleanup_bytes(geometry->shape) : 0;
    if (cleanup > peak) peak = cleanup;
    out->parameters = cost->parameters;
    out->peak_bytes = add_bytes(peak, spec->classification ? 0 : voxels * (int64_t)sizeof(uint16_t));
    out->operations = (double)out->windows * cost->operations * cm_mirroring_count(&spec->input);
    out->seconds = out->operations / cm_assumed_speed(backend);
}

cm_status cm_estimate(const cm_tool_spec *spec, const cm_tool_model *models, const cm_model_limits *limits,
                      const cm_geometry *geometry, cm_backend *backend, cm_tool_cost *out, cm_error *err)
{
    int64_t prepare_peak, dim[CM_MAX_RANK], channels;
    cm_tiling tiling;
    cm_plan *plans[CM_MAX_MODELS] = {NULL};
    const cm_plan_cost *costs[CM_MAX_MODELS];
    memset(out, 0, sizeof *out);
    cm_status st = cm_tool_bound(spec, geometry, &tiling, &prepare_peak, err);
    if (st) return st;
    const int rank = cm_tool_tensor_shape(spec, tiling.tile, dim);
    for (int i = 0; !st && i < spec->n_models; i++) {
        const cm_tool_model *m = &models[i];
        st = cm_plan_create(m->model, limits, cm_model_input(m->model, m->input)->name, dim, rank,
                            cm_model_output(m->model, m->output)->name, backend, &plans[i], err);
        if (st)
            plans[i] = NULL;
        else
            costs[i] = cm_plan_get_cost(plans[i]);
    }
    if (!st) st = cm_tool_output_channels(spec, costs, tiling.tile, &channels, err);
    if (!st && !spec->classification) st = cm_decision_check(&spec->output, channels, err);
    if (!st) {
        const cm_plan_cost cost = cost_together(plans, spec->n_models);
        sum_up(spec, &cost, &tiling, prepare_peak, channels, geometry, backend, out);
    }
    for (int i = 0; i < spec->n_models; i++)
        cm_plan_destroy(plans[i]);
    return st;
}

cm_status cm_tool_estimate(const cm_tool *tool, const cm_geometry *geometry, cm_backend *backend,
                           cm_tool_cost *out, cm_error *err)
{
    return cm_estimate(tool->spec, tool->models, &tool->limits, geometry, backend, out, err);
}
