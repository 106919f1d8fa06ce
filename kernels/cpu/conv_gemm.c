/* Convolutions as matrix products: same bits as conv_reference.c, by another walk.
 *
 * The outputs of a channel, row after row, are the columns of a product with the weights on the left. A panel
 * of a few vectors of columns is one piece of work: block by block along (channel, kz, ky, kx) the inputs its
 * outputs read are gathered into the nearest cache, whatever stride, dilation and padding, and every block of
 * output channels runs over them. So nothing is computed that is not wanted, and the input is never copied as
 * a whole. Where the columns of an image would fill their last vector badly, vectors run along output
 * channels instead ("turned"), and the sums are turned over at the end. A transposed convolution whose kernel
 * equals its stride is such a product too, with a row per output channel and tap; its results are woven into
 * the rows of the output. */
#include "kernels/cpu/conv_plan.h"
#include "kernels/cpu/gemm.h"

enum {
    PIECES = 3, /* of work per thread */
    PANELS =
        5, /* of one piece of work: longer runs of the input, weights that stay in the second-level cache */
    SEGMENTS = PANELS * CM_GEMM_VECTORS * CM_GEMM_LANES,
    MANY_TAPS = 2048 /* of all input channels: the patches of a vision transformer in 3-D have 4096 */
};

typedef struct gemm_job {
    const cm_conv_plan *plan;
    const cm_gemm_kernels *kernels;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    int64_t depth;   /* rows of the whole patch */
    int64_t columns; /* of one image */
    int64_t row;     /* columns that lie side by side in the image */
    bool pointwise;  /* no taps: the image is one long row */
    bool turned;
    int64_t pieces, chunks; /* of the columns of one image and group, and shares of the strips of a piece */
    int64_t panel_floats;   /* from one panel of a piece to the next */
    float *scratch;         /* per worker: transposed, a panel of all channels; turned, [column][channel] */
    int64_t scratch_floats;
    conv_stop *stop;
} gemm_job;

/* One piece of work. */
typedef struct gemm_piece {
    int64_t n, group, column, columns, panels, strip0, strip1;
    cm_gemm_patch patch;
    cm_gemm_segment segment[SEGMENTS];
} gemm_piece;

/* -- the choice -- */

static bool is_pointwise(const cm_conv *p)
{
    for (int d = 0; d < 3; d++)
        if (p->kernel[d] != 1 || p->stride[d] != 1 || p->pad_lo[d] != 0 || p->pad_hi[d] != 0) return false;
    return true;
}

static bool kernel_is_stride(const cm_conv *p)
{
    for (int d = 0; d < 3; d++)
        if (p->kernel[d] != p->stride[d] || (p->kernel[d] > 1 && p->dilation[d] != 1) || p->pad_lo[d] != 0 ||
            p->pad_hi[d] != 0 || p->output_padding[d] != 0)
            return false;
    return true;
}

bool cm_cpu_conv_gemm_fits(const cm_gemm_kernels *g, const cm_conv *p, bool transposed)
{
    if (transposed) return kernel_is_stride(p) && p->kernel[2] <= g->rows;
    const int64_t per_in = p->in_channels / p->groups, per_out = p->out_channels / p->groups;
    if (is_pointwise(p)) return per_out >= 8;
    /* Gathering pays where many channels use what was gathered, and where conv_blocked.c, which keeps all
     * input channels of a tile and all taps of a block of output channels, would run out of cache. */
    const bool strided = p->stride[0] * p->stride[1] * p->stride[2] > 1;
    const bool deep = per_in >= 16 || per_in * p->kernel[0] * p->kernel[1] * p->kernel[2] >= MANY_TAPS;
    return deep && per_out >= (strided ? 32 : 64);
}

/* Whether vectors run along output channels: few columns, which one panel holds (its stores run over), more
 * than a sixth of all lanes lost otherwise, and whole vectors of channels. Only the walk follows from that,
 * no bit; but also the order of the packed weights, so that the extents must be known. */
static bool is_turned(const cm_gemm_kernels *g, const cm_conv *p, bool transposed)
{
    double columns = 1;
    for (int d = 0; d < 3; d++) {
        const int64_t room =
            p->in_extent[d] + p->pad_lo[d] + p->pad_hi[d] - p->dilation[d] * (p->kernel[d] - 1) - 1;
        if (p->in_extent[d] == 0 || room < 0) return false;
        columns *= (double)(room / p->stride[d] + 1);
    }
    if (transposed || columns > (double)(cm_gemm_step(g) - g->lanes + 1)) return false;
    const int64_t filled = cm_gemm_parts((int64_t)columns, g->lanes) * g->lanes;
    return 5 * filled > 6 * (int64_t)columns && p->out_channels / p->groups % g->lanes == 0;
}

/* -- strips of weights: what one block of rows takes -- */

/* Output channels of a strip at most; a transposed one has a row per channel and tap along x. */
static int64_t strip_channels(const cm_conv_plan *plan)
{
    return plan->transposed ? plan->gemm->rows / plan->p.kernel[2] : plan->gemm->rows;
}

/* Strips of a group for each of `planes` pairs of taps along z and y (1 when not transposed). */
static int64_t count_strips(const cm_conv_plan *plan, int64_t *planes)
{
    const cm_conv *p = &plan->p;
    if (is_turned(plan->gemm, p, plan->transposed)) {
        *planes = 1;
        return cm_gemm_parts(p->out_channels / p->groups,
                             (int64_t)plan->gemm->turned_blocks * plan->gemm->lanes);
    }
    *planes = plan->transposed ? p->kernel[0] * p->kernel[1] : 1;
    return cm_gemm_parts(p->out_channels / p->groups, strip_channels(plan));
}

/* Floats of one row of packed weights. */
static int64_t depth_of(const cm_conv *p, bool transposed)
{
    const int64_t taps = transposed ? 1 : p->kernel[0] * p->kernel[1] * p->kernel[2];
    return p->in_channels / p->groups * taps;
}

/* [depth][channel of the strip] or, transposed, [depth][channel][kx]. */
static float *pack_strip(const cm_conv_plan *plan, const float *weight, int64_t group, int64_t plane,
                         int64_t first, int64_t end, float *packed)
{
    const cm_conv *p = &plan->p;
    const int64_t depth = depth_of(p, plan->transposed), nx = plan->transposed ? p->kernel[2] : 1;
    const int64_t per_out = p->out_channels / p->groups, volume = p->kernel[0] * p->kernel[1] * p->kernel[2];
    for (int64_t k = 0; k < depth; k++)
        for (int64_t c = first; c < end; c++)
            for (int64_t x = 0; x < nx; x++)
                *packed++ = plan->transposed
                                ? weight[((group * depth + k) * per_out + c) * volume + plane * nx + x]
                                : weight[(group * per_out + c) * depth + k];
    return packed;
}

/* [rows of a panel][vector of channels][row][channel of the vector] */
static float *pack_turned(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const int64_t depth = depth_of(&plan->p, false), lanes = plan->gemm->lanes;
    const int64_t per_out = plan->p.out_channels / plan->p.groups;
    for (int64_t d = 0; d < depth; d += plan->gemm->depth) {
        const int64_t end = depth - d < plan->gemm->depth ? depth : d + plan->gemm->depth;
        for (int64_t c = 0; c < per_out; c += lanes)
            for (int64_t k = d; k < end; k++)
                for (int64_t i = 0; i < lanes; i++)
                    *packed++ = weight[(c + i) * depth + k];
    }
    return packed;
}

void cm_cpu_conv_gemm_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    if (is_turned(plan->gemm, &plan->p, plan->transposed)) {
        const int64_t group = plan->weight_count / plan->p.groups;
        for (int64_t g = 0; g < plan->p.groups; g++)
            packed = pack_turned(plan, weight + g * group, packed);
        return;
    }
    const int64_t per_out = plan->p.out_channels / plan->p.groups;
    int64_t planes;
    const int64_t strips = count_strips(plan, &planes);
    for (int64_t g = 0; g < plan->p.groups; g++)
        for (int64_t plane = 0; plane < planes; plane++)
            for (int64_t i = 0; i < strips; i++)
                packed = pack_strip(plan, weight, g, plane, cm_gemm_part_first(per_out, strips, i),
                                    cm_gemm_part_first(per_out, strips, i + 1), packed);
}

/* -- a piece of work -- */

/* The columns of a piece where panel i begins. */
static int64_t panel_first(const gemm_job *j, const gemm_piece *k, int64_t i)
{
    const int64_t lanes = j->kernels->lanes;
    const int64_t column = cm_gemm_part_first(cm_gemm_parts(k->columns, lanes), k->panels, i) * lanes;
    return column < k->columns ? column : k->columns;
}

/* Where the columns of a piece lie: one segment per panel and row of the image that they touch. */
static void find_segments(const gemm_job *j, gemm_piece *k)
{
    const cm_conv *p = &j->plan->p;
    const int64_t ny = j->pointwise ? 1 : (j->plan->transposed ? j->in : j->out)->s[1];
    int n = 0;
    for (int64_t panel = 0; panel < k->panels; panel++) {
        const int64_t first = panel_first(j, k, panel), end = panel_first(j, k, panel + 1);
        for (int64_t done = first; done < end; n++) {
            const int64_t at = k->column + done, x = at % j->row, y = at / j->row % ny, z = at / j->row / ny;
            const int64_t run = end - done < j->row - x ? end - done : j->row - x;
            cm_gemm_segment s = {z, y, x, panel * j->panel_floats + done - first, run};
            if (!j->pointwise && !j->plan->transposed) {
                s.z = z * p->stride[0] - p->pad_lo[0];
                s.y = y * p->stride[1] - p->pad_lo[1];
                s.x = x * p->stride[2] - p->pad_lo[2];
            }
            k->segment[n] = s;
            done += run;
        }
    }
    k->patch.n_segments = n;
    k->patch.segment = k->segment;
}

/* What the columns read: the taps of a convolution; of a transposed one just the input there. */
static cm_gemm_patch get_patch(const gemm_job *j, const gemm_piece *k)
{
    const cm_conv *p = &j->plan->p;
    const int64_t channels = p->in_channels / p->groups;
    cm_gemm_patch patch = {.x = j->x + (k->n * j->in->c + k->group * channels) * j->in->voxels,
                           .channel_step = j->in->voxels,
                           .in = {1, 1, j->columns},
                           .kernel = {1, 1, 1},
                           .dilation = {1, 1, 1},
                           .stride_x = 1};
    if (j->pointwise) return patch;
    for (int d = 0; d < 3; d++) {
        patch.in[d] = j->in->s[d];
        if (j->plan->transposed) continue;
        patch.kernel[d] = p->kernel[d];
        patch.dilation[d] = p->dilation[d];
    }
    if (!j->plan->transposed) patch.stride_x = p->stride[2];
    return patch;
}

/* One panel and block of the depth against all strips of the piece. */
static void run_panel(const gemm_job *j, const gemm_piece *k, int64_t depth, int64_t panel, cm_gemm_block b)
{
    const int64_t per_out = j->plan->p.out_channels / j->plan->p.groups, lanes = j->kernels->lanes;
    const int64_t strips = cm_gemm_parts(per_out, j->kernels->rows);
    const int64_t column = panel_first(j, k, panel), n = panel_first(j, k, panel + 1) - column;
    const int64_t vectors = cm_gemm_parts(n, lanes);
    const float *weights = j->plan->values + k->group * per_out * j->depth;
    const float *bias = j->plan->values + j->plan->weight_count + k->group * per_out;
    float *y = j->y + (k->n * j->out->c + k->group * per_out) * j->out->voxels + k->column + column;
    b.last = n - (vectors - 1) * lanes;
    for (int64_t i = k->strip0; i < k->strip1; i++) {
        const int64_t first = cm_gemm_part_first(per_out, strips, i);
        const int64_t rows = cm_gemm_part_first(per_out, strips, i + 1) - first;
        b.a = weights + first * j->depth + rows * depth;
        b.next_a = i + 1 < k->strip1 ? b.a + rows * j->depth : b.a;
        b.bias = bias + first;
        b.y = y + first * j->out->voxels;
        j->kernels->micro[rows][vectors](&b);
    }
}

/* Rows depth..depth + n - 1 of all panels of a piece. */
static void fill_panels(const gemm_job *j, const gemm_piece *k, int64_t depth, int64_t n, float *panels)
{
    if (!j->pointwise) {
        j->kernels->gather(&k->patch, depth, depth + n, panels);
        return;
    }
    int64_t first[PANELS + 1];
    for (int64_t i = 0; i <= k->panels; i++)
        first[i] = panel_first(j, k, i);
    j->kernels->copy(k->patch.x + depth * k->patch.channel_step + k->column, k->patch.channel_step, n,
                     k->panels, first, panels);
}

static void run_plain(const gemm_job *j, const gemm_piece *k)
{
    const cm_conv *p = &j->plan->p;
    const cm_gemm_kernels *g = j->kernels;
    _Alignas(64) float panels[PANELS * CM_GEMM_PANEL];
    for (int64_t d = 0; d < j->depth && !conv_stopped(j->stop); d += g->depth) {
        const bool ends = j->depth - d <= g->depth;
        cm_gemm_block b = {.k = ends ? j->depth - d : g->depth,
                           .b_step = cm_gemm_step(g),
                           .y_step = j->out->voxels,
                           .start = d == 0 ? CM_GEMM_BIAS : CM_GEMM_RESUME,
                           .activation = ends ? p->activation : CM_ACTIVATION_NONE,
                           .alpha = p->alpha};
        fill_panels(j, k, d, b.k, panels);
        for (int64_t i = 0; i < k->panels; i++) {
            b.b = panels + i * j->panel_floats;
            run_panel(j, k, d, i, b);
        }
    }
}

/* -- turned -- */

/* One panel against the strips of a piece, each a vector or two of channels; a: the weights of those rows.
 * b: what the calls have in common. */
static void run_turned_panel(const gemm_job *j, const gemm_piece *k, const float *a, cm_gemm_turned b,
                             float *sums)
{
    const cm_gemm_kernels *g = j->kernels;
    const int64_t lanes = g->lanes, per_out = j->plan->p.out_channels / j->plan->p.groups;
    const int64_t vectors = per_out / lanes, calls = cm_gemm_parts(k->columns, g->turned_columns);
    const float *bias = j->plan->values + j->plan->weight_count + k->group * per_out;
    const float *panel = b.b;
    for (int64_t i = k->strip0; i < k->strip1; i++) {
        const int64_t first = i * g->turned_blocks;
        const int64_t blocks = vectors - first < g->turned_blocks ? vectors - first : g->turned_blocks;
        b.a = a + first * b.a_step;
        b.bias = bias + first * lanes;
        b.ahead = b.a + blocks * b.a_step; /* the next strip, a share of it with each call */
        b.stream_step = blocks * b.a_step / CM_GEMM_STREAMS;
        b.ahead_step = cm_gemm_parts(blocks * lanes, calls);
        for (int64_t c = 0; c < calls; c++, b.ahead += b.k / CM_GEMM_STREAMS * b.ahead_step) {
            const int64_t column = cm_gemm_part_first(k->columns, calls, c);
            const int64_t end = cm_gemm_part_first(k->columns, calls, c + 1);
            b.b = panel + column;
            b.y = sums + column * per_out + first * lanes;
            g->turned[blocks][end - column](&b);
        }
    }
}

/* sums: [column][output channel] */
static void run_turned(const gemm_job *j, const gemm_piece *k, float *sums)
{
    const cm_conv *p = &j->plan->p;
    const cm_gemm_kernels *g = j->kernels;
    const int64_t per_out = p->out_channels / p->groups, step = g->turned_blocks * g->lanes;
    const float *weights = j->plan->values + k->group * per_out * j->depth;
    _Alignas(64) float panel[CM_GEMM_PANEL];
    for (int64_t d = 0; d < j->depth; d += g->depth) {
        if (conv_stopped(j->stop)) return;
        const bool ends = j->depth - d <= g->depth;
        const int64_t rows = ends ? j->depth - d : g->depth;
        const cm_gemm_turned b = {.b = panel,
                                  .k = rows,
                                  .a_step = rows * g->lanes,
                                  .b_step = cm_gemm_step(g),
                                  .y_step = per_out,
                                  .start = d == 0 ? CM_GEMM_BIAS : CM_GEMM_RESUME,
                                  .activation = ends ? p->activation : CM_ACTIVATION_NONE,
                                  .alpha = p->alpha};
        fill_panels(j, k, d, rows, panel);
        run_turned_panel(j, k, weights + d * per_out, b, sums);
    }
    const int64_t first = k->strip0 * step, end = k->strip1 * step < per_out ? k->strip1 * step : per_out;
    g->turn(sums + first, per_out, k->columns, end - first,
            j->y + (k->n * p->out_channels + k->group * per_out + first) * j->columns, j->columns);
}

/* -- transposed -- */

/* The rows of one strip to the output, taps along x side by side. values: [channel][kx][width]. */
static void weave_strip(const gemm_job *j, const gemm_piece *k, const float *values, int64_t plane,
                        int64_t channel, int64_t channels)
{
    const cm_conv *p = &j->plan->p;
    const int64_t width = cm_gemm_width(j->kernels), ways = p->kernel[2];
    const int64_t kz = plane / p->kernel[1], ky = plane % p->kernel[1];
    for (int64_t c = 0; c < channels; c++) {
        float *map = j->y + (k->n * j->out->c + channel + c) * j->out->voxels;
        for (int i = 0; i < k->patch.n_segments; i++) {
            const cm_gemm_segment *s = &k->segment[i];
            const int64_t z = s->z * p->stride[0] + kz, y = s->y * p->stride[1] + ky;
            j->kernels->weave(values + c * ways * width + s->to, width, ways, s->n,
                              map + (z * j->out->s[1] + y) * j->out->s[2] + s->x * ways);
        }
    }
}

static void run_transposed(const gemm_job *j, const gemm_piece *k, float *panel)
{
    const cm_conv *p = &j->plan->p;
    const cm_gemm_kernels *g = j->kernels;
    const int64_t per_out = p->out_channels / p->groups, ways = p->kernel[2], width = cm_gemm_width(g);
    int64_t planes;
    const int64_t strips = count_strips(j->plan, &planes);
    const float *weights = j->plan->values + k->group * per_out * j->depth * planes * ways;
    _Alignas(64) float values[CM_GEMM_ROWS * CM_GEMM_VECTORS * CM_GEMM_LANES], bias[CM_GEMM_ROWS];
    g->gather(&k->patch, 0, j->depth, panel);
    for (int64_t i = k->strip0; i < k->strip1; i++) {
        const int64_t plane = i / strips, first = cm_gemm_part_first(per_out, strips, i % strips);
        const int64_t channels = cm_gemm_part_first(per_out, strips, i % strips + 1) - first;
        for (int64_t r = 0; r < channels * ways; r++)
            bias[r] = j->plan->values[j->plan->weight_count + k->group * per_out + first + r / ways];
        const float *a = weights + (plane * per_out + first) * j->depth * ways;
        const cm_gemm_block b = {.a = a,
                                 .next_a = a + channels * j->depth * ways,
                                 .b = panel,
                                 .bias = bias,
                                 .k = j->depth,
                                 .b_step = cm_gemm_step(g),
                                 .y = values,
                                 .y_step = width,
                                 .last = g->lanes,
                                 .start = CM_GEMM_BIAS,
                                 .activation = p->activation,
                                 .alpha = p->alpha};
        g->micro[channels * ways][cm_gemm_parts(k->columns, g->lanes)](&b);
        weave_strip(j, k, values, plane, k->group * per_out + first, channels);
    }
}

/* -- the run -- */

static void gemm_task(void *context, int64_t task, int worker)
{
    const gemm_job *j = context;
    const cm_gemm_kernels *g = j->kernels;
    int64_t planes;
    const int64_t strips = count_strips(j->plan, &planes) * planes, chunk = task % j->chunks;
    const int64_t vectors = cm_gemm_parts(j->columns, g->lanes), piece = task / j->chunks % j->pieces;
    gemm_piece k = {.n = task / j->chunks / j->pieces / j->plan->p.groups,
                    .group = task / j->chunks / j->pieces % j->plan->p.groups,
                    .column = cm_gemm_part_first(vectors, j->pieces, piece) * g->lanes,
                    .strip0 = cm_gemm_part_first(strips, j->chunks, chunk),
                    .strip1 = cm_gemm_part_first(strips, j->chunks, chunk + 1)};
    if (conv_stopped(j->stop)) return;
    const int64_t end = cm_gemm_part_first(vectors, j->pieces, piece + 1) * g->lanes;
    k.columns = (end < j->columns ? end : j->columns) - k.column;
    k.panels = j->turned ? 1 : cm_gemm_parts(cm_gemm_parts(k.columns, g->lanes), CM_GEMM_VECTORS);
    k.patch = get_patch(j, &k);
    find_segments(j, &k);
    if (j->plan->transposed)
        run_transposed(j, &k, j->scratch + worker * j->scratch_floats);
    else if (j->turned)
        run_turned(j, &k, j->scratch + worker * j->scratch_floats);
    else
        run_plain(j, &k);
}

/* Floats of a panel of all channels, in whole lines of the cache. */
static int64_t panel_floats(const cm_conv_plan *plan)
{
    const int64_t n = depth_of(&plan->p, true) * cm_gemm_step(plan->gemm);
    return (n + 15) / 16 * 16;
}

/* Floats of a worker's scratch, or -1. */
static int64_t scratch_floats(const cm_conv_plan *plan)
{
    if (plan->transposed) return depth_of(&plan->p, true) > INT64_MAX / 1024 ? -1 : panel_floats(plan);
    if (!is_turned(plan->gemm, &plan->p, false)) return 0;
    return plan->p.out_channels > INT64_MAX / 1024
               ? -1
               : plan->p.out_channels / plan->p.groups * cm_gemm_step(plan->gemm);
}

int64_t cm_cpu_conv_gemm_workspace(const cm_conv_plan *plan)
{
    const int64_t floats = scratch_floats(plan);
    int64_t bytes = 0;
    if (floats == 0) return 0;
    if (floats < 0 || !cm_mul_i64(floats, plan->threads * (int64_t)sizeof(float), &bytes) ||
        bytes > INT64_MAX / 2)
        return INT64_MAX;
    return bytes + 64; /* to align the beginning */
}

void cm_cpu_conv_gemm_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                          float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop)
{
    const cm_cpu_shape *image = plan->transposed ? in : out;
    gemm_job job = {.plan = plan,
                    .kernels = plan->gemm,
                    .x = x,
                    .y = y,
                    .in = in,
                    .out = out,
                    .depth = depth_of(&plan->p, plan->transposed),
                    .columns = image->voxels,
                    .pointwise = is_pointwise(&plan->p),
                    .panel_floats = CM_GEMM_PANEL,
                    .stop = stop};
    job.row = job.pointwise ? image->voxels : image->s[2];
    job.turned = is_turned(plan->gemm, &plan->p, plan->transposed);
    job.scratch_floats = scratch_floats(plan);
    if (job.scratch_floats > 0)
        job.scratch = (float *)(void *)((char *)workspace + (-(uintptr_t)workspace & 63));
    if (plan->transposed) job.panel_floats = panel_floats(plan);
    int64_t planes;
    const int64_t strips = count_strips(plan, &planes) * planes;
    const int64_t vectors = cm_gemm_parts(job.columns, plan->gemm->lanes), images = out->n * plan->p.groups;
    const int64_t wanted = plan->threads > 1 ? PIECES * (int64_t)plan->threads : 1;
    int64_t panels = plan->transposed ? 1 : PANELS;
    while (panels > 1 && images * cm_gemm_parts(vectors, panels * CM_GEMM_VECTORS) < wanted)
        panels--;
    job.pieces = job.turned && vectors > 0 ? 1 : cm_gemm_parts(vectors, panels * CM_GEMM_VECTORS);
    if (images * job.pieces == 0) return;
    job.chunks = images * job.pieces < wanted ? cm_gemm_parts(wanted, images * job.pieces) : 1;
    if (job.chunks > strips) job.chunks = strips;
    cm_threads_for(be->pool, images * job.pieces * job.chunks, gemm_task, &job);
}
