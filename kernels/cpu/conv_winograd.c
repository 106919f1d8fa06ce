/* The fast convolution by Winograd's F(2,3): the bits of conv_winograd_reference.c, by another walk.
 *
 * What is different: a block of tiles is one piece of work, small enough that what it computes on the way
 * stays in the second-level cache. Vectors run over its tiles, which the transforms put one after another
 * whatever the width of a row; so tensors keep their plain layout, and each of the 16 elements of a plane is
 * one small matrix product, kernels by tiles, with broadcast weights. Deep tiles go through their four z
 * elements one after another. Which tiles form a block changes no bit. */
#include "kernels/cpu/conv_winograd.h"

#include <stddef.h>

/* The scratch of a block should not outgrow this by much, and no block have more tiles. Deep tiles stay
 * longer in the cache, flat ones gain by whole vectors in narrow rows. */
enum { DEEP_BYTES = 704 * 1024, DEEP_TILES = 96, FLAT_BYTES = 1200 * 1024, FLAT_TILES = 112 };

/* Flat tiles: the products of so many output channels become outputs before the next ones are begun, in the
 * same memory. That reads the transformed inputs anew; of more input channels than these they would come from
 * beyond the second-level cache. */
enum { FLAT_CHANNELS = 32, FLAT_INPUTS = 128 };

/* Vectors write up to this many floats past the last tile. */
enum { SLACK = 16 };

/* An image of at most so many flat tiles is one piece, whose vectors run along output channels: vectors of
 * tiles would be filled badly, and the weights, by far the most of what is read, are read once. */
enum { TURNED_TILES = 64 };

/* How one convolution is cut. */
typedef struct winograd_cut {
    int64_t depth; /* outputs of a tile along z */
    bool turned;
    int64_t per_in, per_out, blocks;       /* a block: output channels that are computed together */
    int64_t together, products;            /* blocks whose products are kept at a time; their channels */
    int64_t tiles[3], block[3], counts[3]; /* tiles in all, tiles of a block, blocks; z, y, x */
    int64_t shares;                        /* pieces of work that share the output channels of a block */
    int64_t step;                          /* floats between channels in the scratch */
    int64_t in_step, out_step;             /* floats between elements */
    int64_t m_at, partial_at, bytes;       /* of the scratch of one worker; bytes -1: not countable */
} winograd_cut;

/* Output channels first .. first + channels - 1 of a group are block `block`. */
static void get_channels(const winograd_cut *cut, int64_t block, int64_t *first, int64_t *channels)
{
    const int64_t small = cut->per_out / cut->blocks, larger = cut->per_out % cut->blocks;
    *channels = small + (block < larger);
    *first = block * small + (block < larger ? block : larger);
}

static int64_t rounded_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Time of all blocks, in vectors of tiles, when `rows` rows of `width` tiles form a block: reading the
 * weights costs a block as much as some tiles. */
static int64_t cost_of_rows(int64_t rows, int64_t width, int64_t all)
{
    const int64_t lanes = 16, whole = all / rows, left = all % rows;
    const int64_t last = left ? 4 * rounded_up(left * width, lanes) + 3 * lanes : 0;
    return whole * (4 * rounded_up(rows * width, lanes) + 3 * lanes) + last;
}

/* The best number of rows, at most `most`. */
static int64_t choose_rows(int64_t most, int64_t width, int64_t all)
{
    int64_t best = 1;
    most = most < all ? most : all;
    for (int64_t rows = 2; rows <= most; rows++)
        if (cost_of_rows(rows, width, all) < cost_of_rows(best, width, all)) best = rows;
    return best;
}

static void cut_axis(winograd_cut *cut, int d, int64_t block)
{
    cut->block[d] = block;
    cut->counts[d] = (cut->tiles[d] + block - 1) / block;
}

static void cut_tiles(winograd_cut *cut)
{
    if (cut->turned) {
        for (int d = 0; d < 3; d++)
            cut_axis(cut, d, cut->tiles[d]);
        return;
    }
    const bool deep = cut->depth > 1;
    const int64_t per_tile =
        4 * (WINOGRAD_PLANE * (cut->per_in + cut->products) + (deep ? 8 * cut->per_out : 4));
    const int64_t largest = deep ? DEEP_TILES : FLAT_TILES;
    int64_t most = (deep ? DEEP_BYTES : FLAT_BYTES) / per_tile;
    most = most < 48 ? 48 : most > largest ? largest : most;
    const int64_t width = cut->tiles[2] <= 128 ? cut->tiles[2] : 96;
    cut_axis(cut, 2, width);
    cut_axis(cut, 1, choose_rows(most / width, width, cut->tiles[1]));
    const int64_t area = width * cut->block[1];
    cut_axis(cut, 0, cut->counts[1] > 1 ? 1 : choose_rows(most / area, area, cut->tiles[0]));
}

/* Enough pieces for all workers, if need be by sharing a block's output channels among several. */
static void share_work(const cm_conv_plan *plan, const cm_cpu_shape *out, winograd_cut *cut)
{
    const int64_t wanted = plan->threads > 1 ? 3 * (int64_t)plan->threads : 1;
    const int64_t pieces = out->n * plan->p.groups * cut->counts[0] * cut->counts[1] * cut->counts[2];
    cut->shares = 1;
    if (pieces > 0 && pieces < wanted) {
        cut->shares = (wanted + pieces - 1) / pieces;
        cut->shares = cut->shares < cut->blocks ? cut->shares : cut->blocks;
    }
}

static void size_scratch(const cm_conv_plan *plan, winograd_cut *cut)
{
    const int64_t count = cut->block[0] * cut->block[1] * cut->block[2];
    cut->step = rounded_up(count, SLACK) + SLACK;
    /* An odd number of lines, so that the elements of a tile do not fall on one another in the cache. */
    cut->in_step = rounded_up(cut->per_in * cut->step, 32) + 16;
    cut->out_step = rounded_up(cut->products * cut->step, 32) + 16;
    cut->m_at = WINOGRAD_PLANE * cut->in_step;
    cut->partial_at = cut->m_at + WINOGRAD_PLANE * cut->out_step;
    const int64_t outputs = cut->depth > 1 || cut->turned ? cut->per_out : 1; /* channels */
    cut->bytes = 4 * (cut->partial_at + 4 * cut->depth * outputs * cut->step);
    int64_t total;
    if (cut->per_in > INT32_MAX || cut->per_out > INT32_MAX ||
        !cm_mul_i64(cut->bytes, plan->threads, &total) || total > INT64_MAX / 2)
        cut->bytes = -1;
}

/* Channels, tiles and whether the cut is turned: what the shape of the weights depends on. */
static winograd_cut cut_shape(const cm_conv_plan *plan)
{
    const cm_conv *p = &plan->p;
    const cm_winograd_kernels *kernels = plan->winograd;
    winograd_cut cut = {.depth = p->kernel[0] == 3 ? 2 : 1};
    cut.per_in = p->in_channels / p->groups;
    cut.per_out = p->out_channels / p->groups;
    double tiles = 1;
    for (int d = 0; d < 3; d++) {
        const int64_t side = d == 0 ? cut.depth : 2;
        const int64_t out = p->in_extent[d] + p->pad_lo[d] + p->pad_hi[d] - p->kernel[d] + 1;
        cut.tiles[d] = out > 0 ? (out + side - 1) / side : 1;
        tiles *= (double)cut.tiles[d];
    }
    cut.turned = cut.depth == 1 && tiles <= TURNED_TILES && cut.tiles[2] <= WINOGRAD_ROW &&
                 cut.per_out % kernels->lanes == 0;
    const int64_t block = cut.turned ? kernels->lanes : kernels->channels;
    cut.blocks = (cut.per_out + block - 1) / block;
    const bool in_parts = cut.depth == 1 && !cut.turned && cut.per_in <= FLAT_INPUTS;
    cut.together = in_parts ? FLAT_CHANNELS / block : cut.blocks;
    cut.products = cut.together < cut.blocks ? cut.together * block : cut.per_out;
    return cut;
}

static winograd_cut cut_work(const cm_conv_plan *plan, const cm_cpu_shape *out)
{
    winograd_cut cut = cut_shape(plan);
    cut_tiles(&cut);
    share_work(plan, out, &cut);
    size_scratch(plan, &cut);
    return cut;
}

/* -- one piece of work -- */

typedef struct winograd_job {
    const cm_conv_plan *plan;
    const winograd_cut *cut;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    char *scratch;
    conv_stop *stop;
} winograd_job;

typedef struct piece {
    int64_t n, group;
    int64_t first[3], tiles[3]; /* tiles */
    int64_t begin, end;         /* blocks of output channels */
    int64_t m_channel;          /* output channel whose products m begins with */
    int64_t count;              /* tiles in all, in whole vectors */
    float *v, *m, *partial;
} piece;

/* Turned: the weights of an element and a block of output channels. */
static const float *turned_weights(const winograd_job *j, const piece *k, int64_t e, int64_t block)
{
    const winograd_cut *cut = j->cut;
    const int64_t of_block = cut->per_in * j->plan->winograd->lanes;
    return j->plan->values + ((k->group * WINOGRAD_PLANE + e) * cut->blocks + block) * of_block;
}

/* Turned: a line of the first block of weights, as winograd_turned fetches the others. */
static void fetch_first_weights(const winograd_job *j, const piece *k, int64_t c)
{
    const int64_t lanes = j->plan->winograd->lanes, stream_step = j->cut->per_in * lanes / WINOGRAD_STREAMS;
    const float *stream = turned_weights(j, k, 0, k->begin) + c % WINOGRAD_STREAMS * stream_step;
    __builtin_prefetch(stream + c / WINOGRAD_STREAMS * lanes, 0, 2);
}

static void gather(const winograd_job *j, const piece *k, winograd_z z)
{
    const winograd_cut *cut = j->cut;
    const cm_conv *p = &j->plan->p;
    winograd_input in = {.element_step = cut->in_step};
    for (int d = 0; d < 3; d++) {
        in.extent[d] = j->in->s[d];
        in.tiles[d] = k->tiles[d];
        in.start[d] = k->first[d] * (d == 0 ? cut->depth : 2) - p->pad_lo[d];
    }
    for (int64_t c = 0; c < cut->per_in; c++) {
        in.x = j->x + (k->n * p->in_channels + k->group * cut->per_in + c) * j->in->voxels;
        in.next = c + 1 < cut->per_in ? in.x + j->in->voxels : NULL;
        in.v = k->v + c * cut->step;
        if (cut->turned) fetch_first_weights(j, k, c);
        j->plan->winograd->input(&in, z);
    }
}

/* How the tiles of a piece are shared out among calls for blocks of `channels`: `calls` of them, the first
 * `larger` of small + 1 vectors, the others of `small`. */
typedef struct tile_split {
    int64_t calls, small, larger;
} tile_split;

static tile_split split_tiles(const winograd_job *j, const piece *k, int64_t channels)
{
    const cm_winograd_kernels *kernels = j->plan->winograd;
    const int64_t vectors = k->count / kernels->lanes, most = kernels->vectors[channels];
    const int64_t calls = (vectors + most - 1) / most;
    return (tile_split){calls, vectors / calls, vectors % calls};
}

/* The products of one element with one block of output channels. */
static void multiply(const cm_winograd_kernels *kernels, const tile_split *split, winograd_product p,
                     int64_t channels)
{
    for (int64_t i = 0; i < split->calls; i++) {
        const int64_t vectors = split->small + (i < split->larger);
        kernels->product[channels][vectors](&p);
        p.v += vectors * kernels->lanes;
        p.m += vectors * kernels->lanes;
    }
}

static void multiply_elements(const winograd_job *j, const piece *k, winograd_z z)
{
    const winograd_cut *cut = j->cut;
    const int64_t planes = cm_cpu_winograd_elements(&j->plan->p) / WINOGRAD_PLANE;
    const int64_t plane = k->group * planes + (z == WINOGRAD_FLAT ? 0 : (int64_t)z);
    const int64_t weights = cut->per_in * cut->per_out;
    const int64_t small = cut->per_out / cut->blocks, larger = cut->per_out % cut->blocks;
    const tile_split split[2] = {split_tiles(j, k, small), split_tiles(j, k, larger ? small + 1 : small)};
    for (int64_t e = 0; e < WINOGRAD_PLANE; e++) {
        int64_t first, channels;
        get_channels(cut, k->begin, &first, &channels);
        for (int64_t b = k->begin; b < k->end; b++, first += channels) {
            channels = small + (b < larger);
            const winograd_product product = {
                .v = k->v + e * cut->in_step,
                .u = j->plan->values + (plane * WINOGRAD_PLANE + e) * weights + first * cut->per_in,
                .m = k->m + e * cut->out_step + (first - k->m_channel) * cut->step,
                .channels = cut->per_in,
                .v_step = cut->step,
                .m_step = cut->step,
            };
            multiply(j->plan->winograd, &split[b < larger], product, channels);
        }
    }
}

/* The outputs of one channel at z = tile_z (0, 1) of its tiles, from `partial` to their places. */
static void put_rows(const winograd_job *j, const piece *k, const float *partial, int64_t tile_z, float *y)
{
    const int64_t step = j->cut->step, *s = j->out->s;
    const int64_t column = 2 * k->first[2];
    const int64_t length = s[2] - column < 2 * k->tiles[2] ? s[2] - column : 2 * k->tiles[2];
    for (int64_t tz = 0; tz < k->tiles[0]; tz++) {
        const int64_t z = (k->first[0] + tz) * j->cut->depth + tile_z;
        for (int64_t ty = 0; ty < k->tiles[1] && z < s[0]; ty++)
            for (int64_t r = 0; r < 2; r++) {
                const int64_t row = 2 * (k->first[1] + ty) + r;
                const float *even = partial + 2 * r * step + (tz * k->tiles[1] + ty) * k->tiles[2];
                if (row < s[1])
                    j->plan->winograd->weave(even, even + step, length, y + (z * s[1] + row) * s[2] + column);
            }
    }
}

static void put_outputs(const winograd_job *j, const piece *k, winograd_z z)
{
    const winograd_cut *cut = j->cut;
    const cm_conv *p = &j->plan->p;
    int64_t begin, end, channels;
    get_channels(cut, k->begin, &begin, &channels);
    get_channels(cut, k->end - 1, &end, &channels);
    end += channels;
    winograd_output o = {.element_step = cut->out_step,
                         .step = cut->step,
                         .count = k->count,
                         .activation = p->activation,
                         .alpha = p->alpha};
    for (int64_t c = begin; c < end; c++) {
        const int64_t channel = k->group * cut->per_out + c;
        o.m = k->m + (c - k->m_channel) * cut->step;
        o.partial = k->partial + (z == WINOGRAD_FLAT ? 0 : c * 4 * cut->depth * cut->step);
        o.bias = p->bias[channel];
        j->plan->winograd->output(&o, z);
        float *y = j->y + (k->n * p->out_channels + channel) * j->out->voxels;
        if (z == WINOGRAD_FLAT || z == WINOGRAD_Z2) put_rows(j, k, o.partial, 0, y);
        if (z == WINOGRAD_Z3) put_rows(j, k, o.partial + 4 * cut->step, 1, y);
    }
}

/* -- turned: products [tile][output channel], outputs [pixel][output channel] -- */

static void multiply_turned(const winograd_job *j, const piece *k)
{
    const winograd_cut *cut = j->cut;
    const cm_winograd_kernels *kernels = j->plan->winograd;
    const int64_t lanes = kernels->lanes, tiles = cut->tiles[0] * cut->tiles[1] * cut->tiles[2];
    /* All tiles in one go if they fit; else fewer of them at a time, so that two blocks of channels share
     * one. */
    const bool in_pairs = tiles > kernels->tiles && kernels->pair_tiles;
    const int64_t most = in_pairs ? kernels->pair_tiles : kernels->tiles, calls = (tiles + most - 1) / most;
    for (int64_t e = 0; e < WINOGRAD_PLANE && !conv_stopped(j->stop); e++)
        for (int64_t b = k->begin, blocks; b < k->end; b += blocks) {
            blocks = 1 + (in_pairs && b + 1 < k->end);
            const int64_t floats = blocks * cut->per_in * lanes; /* and as many follow */
            const int64_t ahead_step = (blocks * lanes + calls - 1) / calls;
            winograd_turned product = {
                .u = turned_weights(j, k, e, b),
                .channels = cut->per_in,
                .v_step = cut->step,
                .m_step = cut->per_out,
                .ahead = turned_weights(j, k, e, b) + floats,
                .stream_step = floats / WINOGRAD_STREAMS,
                .ahead_step = ahead_step,
            };
            for (int64_t i = 0; i < calls; i++) {
                const int64_t tile = tiles * i / calls, end = tiles * (i + 1) / calls;
                product.v = k->v + e * cut->in_step + tile;
                product.m = k->m + e * cut->out_step + tile * cut->per_out + b * lanes;
                (blocks == 2 ? kernels->turned_pair : kernels->turned)[end - tile](&product);
                product.ahead += cut->per_in / WINOGRAD_STREAMS * ahead_step;
            }
        }
}

/* Outputs of a tile beyond the edge go to the row after the last pixel. */
static void put_turned_outputs(const winograd_job *j, const piece *k)
{
    const winograd_cut *cut = j->cut;
    const cm_conv *p = &j->plan->p;
    const int64_t *s = j->out->s, pixels = s[0] * s[1] * s[2], lanes = j->plan->winograd->lanes;
    const int64_t first = k->begin * lanes, channel = k->group * cut->per_out + first;
    winograd_turned_output o = {.element_step = cut->out_step,
                                .count = (k->end - k->begin) * lanes,
                                .bias = p->bias + channel,
                                .activation = p->activation,
                                .alpha = p->alpha};
    int64_t tile = 0;
    for (int64_t z = 0; z < cut->tiles[0]; z++)
        for (int64_t ty = 0; ty < cut->tiles[1]; ty++)
            for (int64_t tx = 0; tx < cut->tiles[2]; tx++, tile++) {
                for (int i = 0; i < 4; i++) {
                    const int64_t y = 2 * ty + i / 2, x = 2 * tx + i % 2;
                    const int64_t pixel = y < s[1] && x < s[2] ? (z * s[1] + y) * s[2] + x : pixels;
                    o.at[i] = k->partial + pixel * o.count;
                }
                o.m = k->m + tile * cut->per_out + first;
                j->plan->winograd->turned_output(&o);
            }
    j->plan->winograd->turn(k->partial, o.count, pixels, o.count,
                            j->y + (k->n * p->out_channels + channel) * pixels, pixels);
}

/* Unfolds the number of a piece. */
static piece get_piece(const winograd_job *j, int64_t task)
{
    const winograd_cut *cut = j->cut;
    piece k = {0};
    const int64_t share = task % cut->shares;
    k.begin = cut->blocks * share / cut->shares;
    k.end = cut->blocks * (share + 1) / cut->shares;
    task /= cut->shares;
    for (int d = 2; d >= 0; d--) {
        k.first[d] = task % cut->counts[d] * cut->block[d];
        task /= cut->counts[d];
        const int64_t left = cut->tiles[d] - k.first[d];
        k.tiles[d] = left < cut->block[d] ? left : cut->block[d];
    }
    k.group = task % j->plan->p.groups;
    k.n = task / j->plan->p.groups;
    return k;
}

/* The blocks of output channels of a piece, some at a time. */
static void compute_channels(const winograd_job *j, piece k, winograd_z z)
{
    const winograd_cut *cut = j->cut;
    const int64_t end = k.end;
    for (; k.begin < end && !conv_stopped(j->stop); k.begin = k.end) {
        int64_t channels;
        k.end = end - k.begin < cut->together ? end : k.begin + cut->together;
        get_channels(cut, k.begin, &k.m_channel, &channels);
        multiply_elements(j, &k, z);
        put_outputs(j, &k, z);
    }
}

static void winograd_task(void *context, int64_t task, int worker)
{
    const winograd_job *j = context;
    const winograd_cut *cut = j->cut;
    piece k = get_piece(j, task);
    const int64_t tiles = k.tiles[0] * k.tiles[1] * k.tiles[2];
    k.count = rounded_up(tiles, j->plan->winograd->lanes);
    k.v = (float *)(void *)(j->scratch + worker * cut->bytes);
    k.m = k.v + cut->m_at;
    k.partial = k.v + cut->partial_at;
    if (conv_stopped(j->stop)) return;
    if (cut->turned) {
        gather(j, &k, WINOGRAD_FLAT);
        multiply_turned(j, &k);
        put_turned_outputs(j, &k);
        return;
    }
    const bool flat = cut->depth == 1;
    for (int z = flat ? WINOGRAD_FLAT : WINOGRAD_Z0; z <= (flat ? WINOGRAD_FLAT : WINOGRAD_Z3); z++) {
        if (conv_stopped(j->stop)) return;
        gather(j, &k, (winograd_z)z);
        compute_channels(j, k, (winograd_z)z);
    }
}

/* -- entries -- */

int64_t cm_cpu_winograd_workspace(const cm_conv_plan *plan, const cm_cpu_shape *out)
{
    const winograd_cut cut = cut_work(plan, out);
    return cut.bytes < 0 ? INT64_MAX : cut.bytes * plan->threads + 64; /* 64: to align the beginning */
}

void cm_cpu_winograd_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                         float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop)
{
    const winograd_cut cut = cut_work(plan, out);
    char *base = workspace;
    base += -(uintptr_t)base % 64;
    winograd_job job = {plan, &cut, x, y, in, out, base, stop};
    const int64_t tasks =
        out->n * plan->p.groups * cut.counts[0] * cut.counts[1] * cut.counts[2] * cut.shares;
    if (out->n * out->voxels > 0) cm_threads_for(be->pool, tasks, winograd_task, &job);
}

/* [group][element][block][input channel][output channel of the block], turned or not */
void cm_cpu_winograd_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const cm_conv *p = &plan->p;
    const int64_t elements = cm_cpu_winograd_elements(p), taps = p->kernel[0] * 9;
    const winograd_cut cut = cut_shape(plan);
    const int64_t weights = cut.per_in * cut.per_out;
    for (int64_t b = 0; b < p->groups * cut.blocks; b++) {
        const int64_t group = b / cut.blocks;
        int64_t first, channels;
        get_channels(&cut, b % cut.blocks, &first, &channels);
        float *to = packed + group * elements * weights + first * cut.per_in;
        for (int64_t ic = 0; ic < cut.per_in; ic++)
            for (int64_t c = 0; c < channels; c++, to++) {
                float u[WINOGRAD_MOST];
                const int64_t filter = (group * cut.per_out + first + c) * cut.per_in + ic;
                cm_cpu_winograd_weight(p, weight + filter * taps, u);
                for (int64_t e = 0; e < elements; e++)
                    to[e * weights] = u[e];
            }
    }
}
