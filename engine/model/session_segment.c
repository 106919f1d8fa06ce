/* Windows over a prepared image, blended slab by slab; every stored plane is decided as soon as the slabs it
 * lies between are final. */
#include <string.h>

#include "engine/model/decide.h"
#include "engine/model/passes.h"
#include "engine/model/session.h"

typedef struct pass {
    cm_session *session;
    const cm_prepared *prepared;
    const cm_stop *stop;
    cm_prediction *out;
    int64_t channels; /* of the output */
    cm_windows windows;
    bool is_single; /* one window is the whole image: no ring */
    cm_ring ring;
    float *in;     /* NULL: the prepared image itself is the only window, and it is not mirrored */
    float *result; /* [channels][tile], of one run */
    float *mean;   /* the same, of all passes; NULL where there is one only */
    int n_mirrorings, n_passes;
    unsigned reversed[CM_MAX_MIRRORINGS];
    int64_t tile_values;
    cm_taps taps[3];
    cm_decider decider;
} pass;

static cm_status pass_init(pass *p, const cm_tiling *tiling, cm_error *err)
{
    const cm_tool_spec *spec = p->session->tool->spec;
    cm_budget *budget = &p->session->budget;
    const cm_placement *g = &p->prepared->placement;
    cm_status st = cm_session_channels(p->session, tiling->tile, &p->channels, err);
    if (!st) st = cm_decision_check(&spec->output, p->channels, err);
    if (!st)
        st = cm_windows_init(&p->windows, g->size, tiling->tile, spec->input.overlap, spec->input.blending,
                             err);
    if (st) return st;
    void *memory;
    p->is_single = cm_windows_total(&p->windows) == 1;
    p->n_mirrorings = cm_mirrorings(&spec->input, p->reversed);
    p->n_passes = p->n_mirrorings * spec->n_models;
    p->tile_values = tiling->tile[0] * tiling->tile[1] * tiling->tile[2];
    if (!p->is_single || p->n_mirrorings > 1) {
        st =
            cm_budget_alloc(budget, spec->n_channels * p->tile_values, sizeof(float), "window", &memory, err);
        p->in = memory;
    }
    if (!st && !p->is_single) st = cm_ring_init(&p->ring, &p->windows, p->channels, budget, err);
    if (!st && p->n_passes > 1) {
        st = cm_budget_alloc(budget, p->channels * p->tile_values, sizeof(float), "mean of the passes",
                             &memory, err);
        p->mean = memory;
    }
    if (!st)
        st = cm_budget_alloc(budget, p->channels * p->tile_values, sizeof(float), "model output", &memory,
                             err);
    if (!st) p->result = memory;
    for (int k = 0; !st && k < 3; k++)
        st = cm_taps_init(&p->taps[k], g, k, err);
    if (!st)
        st = cm_decider_init(&p->decider, &spec->output, p->channels, p->taps[1].n, p->taps[0].n, g->size[0],
                             p->session->backend, budget, err);
    return st;
}

static void pass_fini(pass *p)
{
    cm_budget *budget = &p->session->budget;
    cm_decider_fini(&p->decider);
    for (int k = 0; k < 3; k++)
        cm_taps_fini(&p->taps[k]);
    cm_budget_free(budget, p->result, p->channels * p->tile_values, sizeof(float));
    cm_budget_free(budget, p->mean, p->channels * p->tile_values, sizeof(float));
    cm_ring_fini(&p->ring);
    cm_budget_free(budget, p->in, p->session->tool->spec->n_channels * p->tile_values, sizeof(float));
    cm_windows_fini(&p->windows);
}

/* What the models say of a window. */
static const float *answer(const pass *p)
{
    return p->mean ? p->mean : p->result;
}

/* Slab d of the blended output: from the ring, or from the only window's answer. */
static const float *slab_at(const pass *p, int64_t d)
{
    const int64_t *n = p->windows.size;
    return p->is_single ? answer(p) + d * n[1] * n[0] : cm_ring_slab(&p->ring, d);
}

/* Decides the stored planes whose upper slab is d. */
static cm_status decide_planes(pass *p, int64_t d, cm_error *err)
{
    const cm_placement *g = &p->prepared->placement;
    const int64_t stride[3] = {1, g->stored[0], g->stored[0] * g->stored[1]};
    const int64_t *n = p->windows.size;
    const cm_taps *along = &p->taps[2];
    cm_status st = CM_OK;
    for (int64_t i = 0; !st && i < along->n; i++) {
        if (!along->inside[i] || along->upper[i] != d) continue;
        cm_slab_pair slabs = {
            .lower = slab_at(p, along->lower[i]),
            .upper = slab_at(p, d),
            .weight = along->weight[i],
            .channels = p->channels,
            .channel_stride = (p->is_single ? n[2] : p->ring.depth) * n[1] * n[0],
            .h = n[1],
            .w = n[0],
        };
        st = cm_decide_plane(&p->decider, &slabs, &p->taps[1], &p->taps[0],
                             p->out->labels + i * stride[g->axis[2]], stride[g->axis[1]], stride[g->axis[0]],
                             err);
    }
    return st;
}

/* Pass number `pass` over the window: models in order, each on all mirrorings. */
static cm_status run_pass(pass *p, int64_t i, const int64_t start[3], int number, cm_error *err)
{
    cm_session *s = p->session;
    cm_threads *pool = s->backend->pool;
    const unsigned reversed = p->reversed[number % p->n_mirrorings];
    const float *in = p->in ? p->in : p->prepared->values;
    if (p->in)
        cm_window_cut(&p->windows, start, reversed, p->prepared->values, p->prepared->channels, p->in, pool);
    cm_status st = cm_plan_run(s->plans[number / p->n_mirrorings], in, p->result, p->stop, err);
    if (st) return st;
    const cm_str what =
        cm_strf("window %lld of %lld%s%s", (long long)i + 1, (long long)cm_windows_total(&p->windows),
                reversed ? ", " : "", cm_mirroring_text(reversed).s);
    st = cm_check_finite(p->result, p->channels * p->tile_values, pool, what.s, err);
    if (!st && p->mean)
        cm_pass_add(p->result, p->channels, p->windows.tile, reversed, p->n_passes, number == 0, p->mean,
                    pool);
    return st;
}

static cm_status run_window(pass *p, int64_t i, const int64_t start[3], cm_error *err)
{
    cm_status st = cm_stop_due(p->stop);
    if (st) return CM_FAIL(err, st, .what = "stopped between windows");
    for (int number = 0; !st && number < p->n_passes; number++)
        st = run_pass(p, i, start, number, err);
    if (!st && !p->is_single) cm_ring_add(&p->ring, i, answer(p), p->session->backend->pool);
    return st;
}

static cm_status run_windows(pass *p, cm_error *err)
{
    cm_threads *pool = p->session->backend->pool;
    const int64_t total = cm_windows_total(&p->windows), depth = p->windows.size[2];
    int64_t opened = 0, finished = 0;
    cm_status st = CM_OK;
    for (int64_t i = 0; !st && i < total; i++) {
        int64_t start[3], next[3] = {0, 0, depth};
        cm_windows_start(&p->windows, i, start);
        if (i + 1 < total) cm_windows_start(&p->windows, i + 1, next);
        for (; !p->is_single && opened < start[2] + p->windows.tile[2]; opened++)
            cm_ring_open(&p->ring, opened, pool);
        st = run_window(p, i, start, err);
        for (; !st && finished < next[2]; finished++)
            st = decide_planes(p, finished, err);
    }
    return st;
}

cm_status cm_session_segment(cm_session *session, const cm_prepared *prepared, const cm_tiling *tiling,
                             const cm_stop *stop, cm_prediction *out, cm_error *err)
{
    pass p = {.session = session, .prepared = prepared, .stop = stop, .out = out};
    cm_status st = pass_init(&p, tiling, err);
    if (!st) st = run_windows(&p, err);
    if (!st) {
        out->windows = cm_windows_total(&p.windows);
        out->operations = (double)out->windows * cm_session_operations(session);
    }
    pass_fini(&p);
    return st;
}
