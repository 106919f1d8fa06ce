/* The fast convolution: same bits as conv_reference.c, by another walk.
 *
 * What is different: a tile of output rows of one z is one piece of work. The part of the input it reads is
 * copied, zero-padded, into the scratch of the thread, so that every tap of every output is a plain load at a
 * fixed distance, whatever the stride, dilation, padding or edge; then the micro-kernels of conv_template.h
 * run along the rows, in registers, for a block of output channels at a time. Where rows are narrow they are
 * run through as one, and the elements between rows are computed and thrown away. A transposed convolution is
 * one such pass per position in its stride along z and y, with the positions along x interleaved. */
#include "kernels/cpu/conv_layout.h"

#include <string.h>

typedef struct blocked_job {
    const cm_conv_plan *plan;
    const conv_pass *pass;
    const int64_t *tap; /* distances within a channel of the patch, per joined phase in order z, y, x */
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    char *scratch;
    int64_t scratch_bytes; /* of one worker */
    conv_stop *stop;
} blocked_job;

/* One piece of work, unfolded from its number. */
typedef struct piece {
    int64_t n, group, z, row, rows; /* rows: output rows of the pass, counted in j */
    int64_t chunk;
    float *patch;
} piece;

/* -- the patch -- */

/* w elements of a row of the input from index `start` on, `step` apart; zeros outside 0..n-1. */
static void copy_row(float *to, const float *row, int64_t start, int64_t step, int64_t w, int64_t n)
{
    int64_t lo = start < 0 ? (-start + step - 1) / step : 0;
    int64_t hi = start < n ? (n - start + step - 1) / step : 0;
    lo = lo < w ? lo : w;
    hi = hi < w ? hi : w;
    hi = hi < lo ? lo : hi;
    memset(to, 0, (size_t)lo * sizeof *to);
    if (step == 1)
        memcpy(to + lo, row + start + lo, (size_t)(hi - lo) * sizeof *to);
    else
        for (int64_t i = lo; i < hi; i++)
            to[i] = row[start + i * step];
    memset(to + hi, 0, (size_t)(w - hi) * sizeof *to);
}

/* All x planes of one y plane; image: the input at one z, NULL outside. */
static float *copy_planes(const blocked_job *j, const piece *k, int64_t y_plane, const float *image,
                          float *to)
{
    const conv_axis_layout *y = &j->pass->axis[1], *x = &j->pass->axis[2];
    const int64_t y0 = k->row * y->in_step + cm_cpu_conv_plane_start(y, y_plane);
    for (int64_t p = 0; p < x->planes; p++) {
        const int64_t x0 = cm_cpu_conv_plane_start(x, p);
        for (int64_t r = 0; r < y->extent; r++, to += x->extent) {
            const int64_t at = y0 + r * y->in_step;
            if (!image || at < 0 || at >= j->in->s[1])
                memset(to, 0, (size_t)x->extent * sizeof *to);
            else
                copy_row(to, image + at * j->in->s[2], x0, x->in_step, x->extent, j->in->s[2]);
        }
    }
    return to;
}

static void fill_patch(const blocked_job *j, const piece *k)
{
    const conv_axis_layout *z = &j->pass->axis[0];
    const int64_t channels = j->plan->p.in_channels / j->plan->p.groups;
    const float *first = j->x + (k->n * j->in->c + k->group * channels) * j->in->voxels;
    float *to = k->patch;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t t = 0; t < z->taps; t++) {
            const int64_t at = k->z * z->in_step + z->offset[t];
            const float *image = NULL;
            if (at >= 0 && at < j->in->s[0])
                image = first + c * j->in->voxels + at * j->in->s[1] * j->in->s[2];
            for (int64_t p = 0; p < j->pass->axis[1].planes; p++)
                to = copy_planes(j, k, p, image, to);
        }
    memset(to, 0, CONV_SLACK * sizeof *to);
}

/* -- the outputs -- */

/* Output of channel `channel` (of all) at row r of the piece, column 0. */
static float *output_row(const blocked_job *j, const piece *k, int64_t channel, int64_t r)
{
    const conv_axis_layout *z = &j->pass->axis[0], *y = &j->pass->axis[1];
    const int64_t oz = z->first + k->z * z->step, oy = y->first + (k->row + r) * y->step;
    return j->y + (((k->n * j->out->c + channel) * j->out->s[0] + oz) * j->out->s[1] + oy) * j->out->s[2] +
           j->pass->axis[2].first;
}

/* n elements of each joined phase to their places in a row of the output, from column `column` on. */
static void place(const blocked_job *j, const float *from, int64_t phase_step, int64_t column, int64_t n,
                  float *row)
{
    const conv_axis_layout *x = &j->pass->axis[2];
    const int64_t step = x->step;
    float *to = row + column * step;
    const int64_t width = j->out->s[2] - x->first - column * step; /* elements left in the row */
    const int64_t whole = width / step < n ? width / step : n;     /* columns that have all phases */
    if (step == 1) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    if (step == 2 && j->pass->joined == 2)
        for (int64_t i = 0; i < whole; i++) {
            to[2 * i] = from[i];
            to[2 * i + 1] = from[phase_step + i];
        }
    else
        for (int f = 0; f < j->pass->joined; f++)
            for (int64_t i = 0; i < whole; i++)
                to[i * step + f] = from[f * phase_step + i];
    for (int64_t i = whole; i < n; i++)
        for (int f = 0; f < j->pass->joined && i * step + f < width; f++)
            to[i * step + f] = from[f * phase_step + i];
}

/* What the micro-kernels of one call left in local memory: [joined phase][channel][width]. */
typedef struct local_block {
    const float *values;
    int64_t q, width, length; /* first element of the run-through rows; computed; wanted */
    int channels;
} local_block;

/* To their places, without the elements between rows. */
static void scatter(const blocked_job *j, const piece *k, const local_block *b, int64_t channel)
{
    const conv_axis_layout *x = &j->pass->axis[2];
    const int64_t phase_step = b->channels * b->width;
    int64_t done = 0;
    while (done < b->length) {
        const int64_t r = (b->q + done) / x->extent, column = (b->q + done) % x->extent;
        const int64_t left = b->length - done;
        const int64_t run = left < x->extent - column ? left : x->extent - column;
        const int64_t good = run < x->count - column ? run : x->count - column;
        for (int i = 0; i < b->channels && good > 0; i++)
            place(j, b->values + i * b->width + done, phase_step, column, good,
                  output_row(j, k, channel + i, r));
        done += run;
    }
}

/* The convolution of one block of channels, one per joined phase. */
typedef struct block_set {
    conv_block phase[CONV_JOINED];
    int64_t channel; /* of all output channels */
    int channels;
} block_set;

/* How vectors are laid over the rows of a tile. */
typedef enum walk_kind {
    WALK_ROWS,    /* row by row */
    WALK_THROUGH, /* all rows as one, with the elements between them */
    WALK_COLUMN   /* one vector per row, several rows at a time */
} walk_kind;

/* A run of vectors: the first at q, the others vector_step apart. */
typedef struct segment {
    walk_kind kind;
    int64_t q, vectors, vector_step;
    int64_t length; /* outputs wanted of all that the vectors compute */
} segment;

/* One call of a micro-kernel per joined phase. */
static void run_vectors(const blocked_job *j, const piece *k, block_set *s, const segment *g)
{
    const cm_conv_kernels *kernels = j->plan->kernels;
    const conv_axis_layout *x = &j->pass->axis[2];
    const int64_t width = g->vectors * kernels->lanes, row = g->q / x->extent, column = g->q % x->extent;
    const bool in_row = g->kind == WALK_COLUMN ? kernels->lanes == x->count : column + width <= x->count;
    const bool direct = x->step == 1 && in_row;
    float local[CONV_JOINED * CONV_MAX_BLOCK * CONV_MAX_LANES];
    for (int f = 0; f < j->pass->joined; f++) {
        conv_block *b = &s->phase[f];
        b->patch = k->patch + g->q;
        b->vector_step = g->vector_step;
        b->out = direct ? output_row(j, k, s->channel, row) + column : local + f * s->channels * width;
        b->out_step = direct ? j->out->voxels : width;
        b->out_vector_step = kernels->lanes;
        if (direct && g->kind == WALK_COLUMN) b->out_vector_step = j->out->s[2] * j->pass->axis[1].step;
        kernels->micro[s->channels][g->vectors](b);
    }
    if (direct) return;
    const local_block done = {local, g->q, width, g->length < width ? g->length : width, s->channels};
    if (g->kind != WALK_COLUMN)
        scatter(j, k, &done, s->channel);
    else
        for (int64_t v = 0; v < g->vectors; v++)
            for (int i = 0; i < s->channels; i++)
                place(j, local + i * width + v * kernels->lanes, s->channels * width, 0, x->count,
                      output_row(j, k, s->channel + i, row + v));
}

/* The vectors of a segment in calls of nearly equal size. */
static void run_segment(const blocked_job *j, const piece *k, block_set *s, segment g)
{
    const int most = j->plan->kernels->vectors[s->channels];
    int64_t left = g.vectors;
    for (int64_t calls = (left + most - 1) / most; calls > 0; calls--) {
        g.vectors = (left + calls - 1) / calls;
        run_vectors(j, k, s, &g);
        g.q += g.vectors * g.vector_step;
        g.length -= g.vectors * j->plan->kernels->lanes;
        left -= g.vectors;
    }
}

static int64_t vectors_of(int64_t n, int lanes)
{
    return (n + lanes - 1) / lanes;
}

/* Half cycles per tap of a segment of that many vectors: two fused multiply-adds or loads start per cycle, an
 * accumulator takes its next one after four. */
static int64_t cost_of(const cm_conv_kernels *kernels, int64_t channels, int64_t vectors)
{
    const int64_t most = kernels->vectors[channels], calls = (vectors + most - 1) / most;
    int64_t cost = 0;
    for (int64_t i = 0; i < calls; i++) {
        const int64_t n = vectors / calls + (i < vectors % calls);
        cost += n * channels > 8 ? n * channels : 8;
    }
    return cost;
}

static walk_kind choose_walk(const blocked_job *j, const piece *k, int64_t channels)
{
    const cm_conv_kernels *kernels = j->plan->kernels;
    const conv_axis_layout *x = &j->pass->axis[2];
    const int64_t through = (k->rows - 1) * x->extent + x->count;
    const int64_t by_row = k->rows * cost_of(kernels, channels, vectors_of(x->count, kernels->lanes));
    const int64_t at_once = cost_of(kernels, channels, vectors_of(through, kernels->lanes));
    if (x->count <= kernels->lanes && cost_of(kernels, channels, k->rows) <= at_once) return WALK_COLUMN;
    return at_once < by_row ? WALK_THROUGH : WALK_ROWS;
}

static block_set get_blocks(const blocked_job *j, const piece *k, int64_t block)
{
    const cm_conv *p = &j->plan->p;
    const conv_pass *pass = j->pass;
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    int64_t first, channels;
    cm_cpu_conv_channel_block(j->plan, block, &first, &channels);
    block_set s = {.channel = k->group * per_out + first, .channels = (int)channels};
    for (int f = 0; f < pass->joined; f++) {
        const int64_t before = pass->x_first[f] * pass->rows_of_taps;
        const int64_t taps = pass->x_first[f + 1] * pass->rows_of_taps - before;
        s.phase[f] = (conv_block){
            .weights =
                j->plan->values + pass->weights + (before * p->out_channels + s.channel * taps) * per_in,
            .bias = j->plan->values + j->plan->weight_count + s.channel,
            .tap = j->tap + before,
            .in_channels = per_in,
            .channel_step = pass->channel_step,
            .taps = taps,
            .activation = p->activation,
            .alpha = p->alpha,
        };
    }
    return s;
}

static void run_channels(const blocked_job *j, const piece *k, int64_t block)
{
    const conv_axis_layout *x = &j->pass->axis[2];
    const int lanes = j->plan->kernels->lanes;
    block_set s = get_blocks(j, k, block);
    segment g = {.kind = choose_walk(j, k, s.channels), .vector_step = lanes, .length = x->count};
    if (g.kind == WALK_COLUMN) {
        g.vectors = k->rows;
        g.vector_step = x->extent;
        run_segment(j, k, &s, g);
    } else if (g.kind == WALK_THROUGH) {
        g.length = (k->rows - 1) * x->extent + x->count;
        g.vectors = vectors_of(g.length, lanes);
        run_segment(j, k, &s, g);
    } else {
        g.vectors = vectors_of(x->count, lanes);
        for (int64_t r = 0; r < k->rows; r++) {
            g.q = r * x->extent;
            run_segment(j, k, &s, g);
        }
    }
}

static void blocked_task(void *context, int64_t task, int worker)
{
    const blocked_job *j = context;
    const conv_pass *pass = j->pass;
    piece k = {.chunk = task % pass->chunks};
    task /= pass->chunks;
    k.row = task % pass->tiles * pass->tile;
    task /= pass->tiles;
    k.z = task % pass->axis[0].count;
    task /= pass->axis[0].count;
    k.group = task % j->plan->p.groups;
    k.n = task / j->plan->p.groups;
    k.rows = pass->axis[1].count - k.row < pass->tile ? pass->axis[1].count - k.row : pass->tile;
    if (k.rows <= 0 || conv_stopped(j->stop)) return;
    k.patch = (float *)(void *)(j->scratch + worker * j->scratch_bytes);
    fill_patch(j, &k);
    const int64_t begin = pass->blocks * k.chunk / pass->chunks;
    const int64_t end = pass->blocks * (k.chunk + 1) / pass->chunks;
    for (int64_t block = begin; block < end && !conv_stopped(j->stop); block++)
        run_channels(j, &k, block);
}

/* -- passes -- */

static void list_taps(const conv_pass *pass, int64_t *tap)
{
    const conv_axis_layout *z = &pass->axis[0], *y = &pass->axis[1], *x = &pass->axis[2];
    for (int f = 0; f < pass->joined; f++)
        for (int64_t c = 0; c < z->taps; c++)
            for (int64_t b = 0; b < y->taps; b++)
                for (int64_t a = pass->x_first[f]; a < pass->x_first[f + 1]; a++) {
                    const int64_t plane = (c * y->planes + b % y->period) * x->planes + a % x->period;
                    *tap++ =
                        (plane * y->extent + cm_cpu_conv_shift(y, b)) * x->extent + cm_cpu_conv_shift(x, a);
                }
}

/* Steps to the triple of phases where the next pass begins; false after the last. */
static bool next_phase(const cm_conv_plan *plan, int64_t phase[3])
{
    for (int d = 2; d >= 0; d--) {
        phase[d] += d == 2 ? cm_cpu_conv_joined(plan) : 1;
        if (phase[d] < plan->axis[d].phases) return true;
        phase[d] = 0;
    }
    return false;
}

/* The workspace: the taps of the largest pass, then one patch per worker, each at a multiple of 64 bytes. */
typedef struct workspace_sizes {
    int64_t tap_bytes, patch_bytes, total; /* total -1: not countable */
} workspace_sizes;

static workspace_sizes size_workspace(const cm_conv_plan *plan, const cm_cpu_shape *out)
{
    workspace_sizes w = {0};
    int64_t phase[3] = {0};
    do {
        conv_pass pass;
        cm_cpu_conv_pass(plan, phase, out, &pass);
        if (pass.patch_floats < 0) return (workspace_sizes){.total = -1};
        const int64_t taps = pass.rows_of_taps * pass.axis[2].taps * (int64_t)sizeof(int64_t);
        const int64_t patch = pass.patch_floats * (int64_t)sizeof(float);
        w.tap_bytes = taps > w.tap_bytes ? taps : w.tap_bytes;
        w.patch_bytes = patch > w.patch_bytes ? patch : w.patch_bytes;
    } while (next_phase(plan, phase));
    w.tap_bytes = (w.tap_bytes + 63) / 64 * 64;
    w.patch_bytes = (w.patch_bytes + 63) / 64 * 64;
    if (!cm_mul_i64(w.patch_bytes, plan->threads, &w.total) || w.total > INT64_MAX / 2)
        return (workspace_sizes){.total = -1};
    w.total += w.tap_bytes + 64; /* 64: to align the beginning */
    return w;
}

int64_t cm_cpu_conv_blocked_workspace(const cm_conv_plan *plan, const cm_cpu_shape *in,
                                      const cm_cpu_shape *out)
{
    (void)in;
    const workspace_sizes w = size_workspace(plan, out);
    return w.total < 0 ? INT64_MAX : w.total;
}

void cm_cpu_conv_blocked_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                             float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop)
{
    const workspace_sizes w = size_workspace(plan, out);
    char *base = workspace;
    base += -(uintptr_t)base % 64;
    int64_t *tap = (int64_t *)(void *)base;
    int64_t phase[3] = {0}, weights = 0;
    do {
        conv_pass pass;
        cm_cpu_conv_pass(plan, phase, out, &pass);
        pass.weights = weights;
        weights += pass.rows_of_taps * pass.axis[2].taps * (plan->p.in_channels / plan->p.groups) *
                   plan->p.out_channels;
        list_taps(&pass, tap);
        blocked_job job = {plan, &pass, tap, x, y, in, out, base + w.tap_bytes, w.patch_bytes, stop};
        const int64_t tasks = out->n * plan->p.groups * pass.axis[0].count * pass.tiles * pass.chunks;
        if (tasks > 0 && pass.axis[2].count > 0) cm_threads_for(be->pool, tasks, blocked_task, &job);
    } while (next_phase(plan, phase) && !conv_stopped(stop));
}
