/* What a case will cost: the shapes a session would use, with a crop that keeps everything. */
#include "engine/model/estimate.h"

#include <string.h>

#include "engine/model/cleanup.h"
#include "engine/model/decide.h"
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
    bytes = add_bytes(bytes, float_bytes(channels, t->tile));
    if (spec->classification) return bytes;
    if (windows > 1) {
        int64_t ring = cm_ring_bytes(t->padded, t->tile[2], channels);
        bytes = add_bytes(bytes, float_bytes(spec->n_channels, t->tile));
        bytes = add_bytes(bytes, ring);
    }
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

static void sum_up(const cm_tool_spec *spec, const cm_plan_cost *cost, const cm_tiling *tiling,
                   int64_t prepare_peak, int64_t channels, const cm_geometry *geometry, cm_backend *backend,
                   cm_tool_cost *out)
{
    int64_t voxels = cm_shape3_count(geometry->shape);
    out->windows = spec->classification ? 1 : count_windows(&spec->input, tiling);
    int64_t run = pass_bytes(spec, tiling, out->windows, channels, geometry, cm_threads_count(backend->pool));
    run = add_bytes(add_bytes(run, cost->weight_bytes), cost->arena_bytes);
    int64_t peak = run > prepare_peak ? run : prepare_peak;
    const int64_t cleanup = spec->n_cleanups ? cm_cleanup_bytes(geometry->shape) : 0;
    if (cleanup > peak) peak = cleanup;
    out->parameters = cost->parameters;
    out->peak_bytes = add_bytes(peak, spec->classification ? 0 : voxels * (int64_t)sizeof(uint16_t));
    out->operations = (double)out->windows * cost->operations;
    out->seconds = out->operations / cm_assumed_speed(backend);
}

cm_status cm_estimate(const cm_tool_spec *spec, const cm_model *model, int input, int output,
                      const cm_model_limits *limits, const cm_geometry *geometry, cm_backend *backend,
                      cm_tool_cost *out, cm_error *err)
{
    int64_t prepare_peak, dim[CM_MAX_RANK], channels;
    cm_tiling tiling;
    cm_plan *plan = NULL;
    memset(out, 0, sizeof *out);
    cm_status st = cm_tool_bound(spec, geometry, &tiling, &prepare_peak, err);
    if (st) return st;
    int rank = cm_tool_tensor_shape(spec, tiling.tile, dim);
    st = cm_plan_create(model, limits, cm_model_input(model, input)->name, dim, rank,
                        cm_model_output(model, output)->name, backend, &plan, err);
    if (st) return st;
    const cm_plan_cost *cost = cm_plan_get_cost(plan);
    st = cm_tool_output_channels(spec, cost, tiling.tile, &channels, err);
    if (!st && !spec->classification) st = cm_decision_check(&spec->output, channels, err);
    if (!st) sum_up(spec, cost, &tiling, prepare_peak, channels, geometry, backend, out);
    cm_plan_destroy(plan);
    return st;
}

cm_status cm_tool_estimate(const cm_tool *tool, const cm_geometry *geometry, cm_backend *backend,
                           cm_tool_cost *out, cm_error *err)
{
    return cm_estimate(tool->spec, tool->model, tool->input, tool->output, &tool->limits, geometry, backend,
                       out, err);
}
