/* The fast flat convolution by Winograd's F(4,3): the bits of conv_winograd4_reference.c, by another walk.
 *
 * What is different: a rectangle of tiles is one piece of work. Its inputs are turned, so that vectors run
 * along channels whatever the width of the image, and transformed; then block after block of output channels
 * takes its 36 small matrix products, tiles by channels, and becomes outputs, which are turned back. What is
 * made on the way stays in the second-level cache. Which tiles form a piece changes no bit. */
#include "kernels/cpu/conv_winograd4.h"

#include <string.h>

enum { TILE = WINOGRAD4_TILE, REACH = WINOGRAD4_REACH, ELEMENTS = WINOGRAD4_ELEMENTS };

/* The transformed inputs of a piece should not outgrow this, and it has between so many tiles: each piece
 * reads all weights anew. A row of it is at most so long. */
enum { PIECE_BYTES = 2 * 1024 * 1024, LEAST_TILES = 14, MOST_TILES = 28, MOST_WIDTH = 14 };

/* So many output channels are turned back at a time: rows that often lie a power of two apart, and would push
 * one another out of the first-level cache. */
enum { TURNED = 8 };

/* How one convolution is cut. */
typedef struct winograd4_cut {
    int64_t per_in, per_out, width, blocks; /* a block: `width` output channels; the last may have fewer */
    int64_t tiles[3], block[3], counts[3];  /* tiles in all, tiles of a piece, pieces; z, y, x */
    int64_t shares;                         /* pieces of work that share the output channels of a piece */
    int64_t tile_step;                      /* floats between the transformed inputs of tiles */
    int64_t in_step, out_step;              /* floats between elements */
    int64_t m_at, pixels_at, bytes;         /* of the scratch of one worker */
} winograd4_cut;

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t parts_of(int64_t n, int64_t most)
{
    return (n + most - 1) / most;
}

/* Pieces of about equal length, at most `most` long. */
static void cut_axis(winograd4_cut *cut, int d, int64_t most)
{
    const int64_t parts = parts_of(cut->tiles[d], most > 1 ? most : 1);
    cut->block[d] = parts_of(cut->tiles[d], parts);
    cut->counts[d] = parts_of(cut->tiles[d], cut->block[d]);
}

static void cut_tiles(winograd4_cut *cut)
{
    int64_t most = PIECE_BYTES / (4 * ELEMENTS * cut->per_in);
    most = most < LEAST_TILES ? LEAST_TILES : smaller(most, MOST_TILES);
    cut_axis(cut, 2, MOST_WIDTH);
    cut_axis(cut, 1, most / cut->block[2]);
    cut_axis(cut, 0, cut->counts[1] * cut->counts[2] > 1 ? 1 : most / (cut->block[1] * cut->block[2]));
}

/* Enough pieces for all workers, if need be by sharing a piece's output channels among several. */
static void share_work(const cm_conv_plan *plan, const cm_cpu_shape *out, winograd4_cut *cut)
{
    const int64_t wanted = plan->threads > 1 ? 3 * (int64_t)plan->threads : 1;
    const int64_t pieces = out->n * plan->p.groups * cut->counts[0] * cut->counts[1] * cut->counts[2];
    cut->shares = 1;
    if (pieces > 0 && pieces < wanted) cut->shares = smaller(parts_of(wanted, pieces), cut->blocks);
}

/* An odd number of lines of the cache, so that the elements of a tile do not fall on one another in it. */
static int64_t odd_lines(int64_t floats)
{
    return parts_of(floats, 32) * 32 + 16;
}

/* Nothing overflows: the tiles of a piece are few, and conv.c chooses F(4,3) for few channels only. */
static void size_scratch(const cm_conv_plan *plan, winograd4_cut *cut)
{
    const int64_t area = cut->block[1] * cut->block[2], count = cut->block[0] * area;
    cut->tile_step = cut->per_in;
    cut->in_step = odd_lines(count * cut->tile_step);
    cut->out_step = odd_lines(count * cut->width);
    cut->m_at = ELEMENTS * cut->in_step;
    cut->pixels_at = cut->m_at + ELEMENTS * cut->out_step;
    const int64_t inputs = (TILE * cut->block[1] + 2) * (TILE * cut->block[2] + 2) * plan->winograd4->lanes;
    const int64_t outputs = TILE * TILE * area * cut->width;
    cut->bytes = 4 * (cut->pixels_at + (inputs > outputs ? inputs : outputs));
}

static winograd4_cut cut_channels(const cm_conv_plan *plan)
{
    const cm_conv *p = &plan->p;
    winograd4_cut cut = {.per_in = p->in_channels / p->groups, .per_out = p->out_channels / p->groups};
    cut.width = smaller(WINOGRAD4_MAX_VECTORS * plan->winograd4->lanes, cut.per_out);
    cut.blocks = parts_of(cut.per_out, cut.width);
    return cut;
}

static winograd4_cut cut_work(const cm_conv_plan *plan, const cm_cpu_shape *out)
{
    winograd4_cut cut = cut_channels(plan);
    for (int d = 0; d < 3; d++)
        cut.tiles[d] = d == 0 ? out->s[d] : parts_of(out->s[d], TILE);
    for (int d = 0; d < 3; d++)
        cut.tiles[d] = cut.tiles[d] > 0 ? cut.tiles[d] : 1; /* no output: nothing will run */
    cut_tiles(&cut);
    share_work(plan, out, &cut);
    size_scratch(plan, &cut);
    return cut;
}

/* -- one piece of work -- */

typedef struct winograd4_job {
    const cm_conv_plan *plan;
    const winograd4_cut *cut;
    const float *x;
    float *y;
    const cm_cpu_shape *in, *out;
    char *scratch;
    conv_stop *stop;
} winograd4_job;

typedef struct piece {
    int64_t n, group;
    int64_t first[3], tiles[3]; /* tiles */
    int64_t begin, end;         /* blocks of output channels */
    int64_t area, count;        /* tiles of one z, tiles in all */
    float *v, *m, *pixels;
} piece;

/* The inputs that the tiles of one z take from one vector of channels: rows y.., columns x.. of a plane of
 * each; they may lie outside. */
typedef struct slab {
    const float *x; /* the first channel */
    int64_t start[3], rows, columns;
} slab;

/* Slab i of a piece: all z of the first channels, then of the next. */
static slab get_slab(const winograd4_job *j, const piece *k, int64_t i)
{
    const cm_conv *p = &j->plan->p;
    const int64_t in_group = i / k->tiles[0] * j->plan->winograd4->lanes;
    const int64_t channel = k->n * p->in_channels + k->group * j->cut->per_in + in_group;
    slab s = {.x = j->x + channel * j->in->voxels,
              .start[0] = k->first[0] + i % k->tiles[0] - p->pad_lo[0],
              .rows = TILE * k->tiles[1] + 2,
              .columns = TILE * k->tiles[2] + 2};
    for (int d = 1; d < 3; d++)
        s.start[d] = TILE * k->first[d] - p->pad_lo[d];
    return s;
}

/* Columns lo..hi-1 of a slab lie inside. */
static void get_columns(const slab *s, int64_t extent, int64_t *lo, int64_t *hi)
{
    *hi = s->start[2] >= extent ? 0 : smaller(s->columns, extent - s->start[2]);
    *lo = s->start[2] >= 0 ? 0 : smaller(-s->start[2], *hi);
}

/* What turn_slab will read begins its way to the cache: row after row lies in a page of its own, which
 * nothing else fetches ahead. */
static void fetch_slab(const winograd4_job *j, const slab *s)
{
    const int64_t *extent = j->in->s, line = 16;
    const int64_t first = s->start[1] < 0 ? 0 : s->start[1], last = smaller(s->start[1] + s->rows, extent[1]);
    int64_t lo, hi;
    get_columns(s, extent[2], &lo, &hi);
    if (s->start[0] < 0 || s->start[0] >= extent[0]) return;
    for (int64_t c = 0; c < j->plan->winograd4->lanes; c++)
        for (int64_t y = first; y < last; y++) {
            const int64_t row = (s->start[0] * extent[1] + y) * extent[2] + s->start[2];
            for (int64_t x = lo; x < hi; x += line)
                __builtin_prefetch(s->x + (c * j->in->voxels + row + x), 0, 2);
        }
}

/* to[row][column][channel], +0 outside */
static void turn_slab(const winograd4_job *j, const slab *s, float *to)
{
    const int64_t *extent = j->in->s, lanes = j->plan->winograd4->lanes;
    const bool inside = s->start[0] >= 0 && s->start[0] < extent[0];
    int64_t lo, hi;
    get_columns(s, extent[2], &lo, &hi);
    for (int64_t r = 0; r < s->rows; r++, to += s->columns * lanes) {
        const int64_t y = s->start[1] + r;
        if (!inside || y < 0 || y >= extent[1] || lo == hi) {
            memset(to, 0, (size_t)(s->columns * lanes) * sizeof *to);
            continue;
        }
        const int64_t first = (s->start[0] * extent[1] + y) * extent[2] + s->start[2] + lo;
        memset(to, 0, (size_t)(lo * lanes) * sizeof *to);
        memset(to + hi * lanes, 0, (size_t)((s->columns - hi) * lanes) * sizeof *to);
        j->plan->winograd4->turn(s->x + first, j->in->voxels, lanes, hi - lo, to + lo * lanes, lanes);
    }
}

static void gather(const winograd4_job *j, const piece *k)
{
    const winograd4_cut *cut = j->cut;
    const int64_t lanes = j->plan->winograd4->lanes, slabs = cut->per_in / lanes * k->tiles[0];
    winograd4_input in = {.x = k->pixels,
                          .tiles = {k->tiles[1], k->tiles[2]},
                          .element_step = cut->in_step,
                          .tile_step = cut->tile_step};
    slab now = get_slab(j, k, 0);
    for (int64_t i = 0; i < slabs; i++) {
        turn_slab(j, &now, k->pixels);
        now = get_slab(j, k, i + 1);
        if (i + 1 < slabs) fetch_slab(j, &now);
        in.v = k->v + i % k->tiles[0] * k->area * cut->tile_step + i / k->tiles[0] * lanes;
        j->plan->winograd4->input(&in);
    }
}

/* The products of all elements with one block of output channels, `width` of them. */
static void multiply(const winograd4_job *j, const piece *k, int64_t block, int64_t width)
{
    const winograd4_cut *cut = j->cut;
    const cm_winograd4_kernels *kernels = j->plan->winograd4;
    const int64_t calls = parts_of(k->count, kernels->tiles),
                  channel = k->group * cut->per_out + block * cut->width;
    const float *u = j->plan->values + channel * cut->per_in * ELEMENTS;
    for (int64_t e = 0; e < ELEMENTS; e++, u += cut->per_in * width) {
        winograd4_product product = {.u = u, .channels = cut->per_in, .tile_step = cut->tile_step};
        for (int64_t i = 0; i < calls; i++) {
            const int64_t tile = k->count * i / calls, end = k->count * (i + 1) / calls;
            product.v = k->v + e * cut->in_step + tile * cut->tile_step;
            product.m = k->m + e * cut->out_step + tile * width;
            kernels->product[width / kernels->lanes][end - tile](&product);
        }
    }
}

/* The outputs of one block of output channels, from their products to their places. */
static void put_outputs(const winograd4_job *j, const piece *k, int64_t block, int64_t width)
{
    const winograd4_cut *cut = j->cut;
    const cm_conv *p = &j->plan->p;
    const int64_t *s = j->out->s, channel = k->group * cut->per_out + block * cut->width;
    const int64_t first_row = TILE * k->first[1], column = TILE * k->first[2], pitch = TILE * k->tiles[2];
    const int64_t rows = smaller(TILE * k->tiles[1], s[1] - first_row),
                  length = smaller(pitch, s[2] - column);
    winograd4_output o = {.element_step = cut->out_step,
                          .width = width,
                          .tiles = {k->tiles[1], k->tiles[2]},
                          .bias = p->bias + channel,
                          .activation = p->activation,
                          .alpha = p->alpha,
                          .y = k->pixels};
    float *y = j->y + (k->n * p->out_channels + channel) * j->out->voxels;
    for (int64_t z = 0; z < k->tiles[0]; z++) {
        o.m = k->m + z * k->area * width;
        j->plan->winograd4->output(&o);
        for (int64_t c = 0; c < width; c += TURNED)
            for (int64_t r = 0; r < rows; r++)
                j->plan->winograd4->turn(k->pixels + r * pitch * width + c, width, length, TURNED,
                                         y + c * j->out->voxels +
                                             ((k->first[0] + z) * s[1] + first_row + r) * s[2] + column,
                                         j->out->voxels);
    }
}

/* Unfolds the number of a piece. */
static piece get_piece(const winograd4_job *j, int64_t task)
{
    const winograd4_cut *cut = j->cut;
    piece k = {0};
    const int64_t share = task % cut->shares;
    k.begin = cut->blocks * share / cut->shares;
    k.end = cut->blocks * (share + 1) / cut->shares;
    task /= cut->shares;
    for (int d = 2; d >= 0; d--) {
        k.first[d] = task % cut->counts[d] * cut->block[d];
        task /= cut->counts[d];
        k.tiles[d] = smaller(cut->block[d], cut->tiles[d] - k.first[d]);
    }
    k.group = task % j->plan->p.groups;
    k.n = task / j->plan->p.groups;
    k.area = k.tiles[1] * k.tiles[2];
    k.count = k.tiles[0] * k.area;
    return k;
}

static void winograd4_task(void *context, int64_t task, int worker)
{
    const winograd4_job *j = context;
    const winograd4_cut *cut = j->cut;
    piece k = get_piece(j, task);
    k.v = (float *)(void *)(j->scratch + worker * cut->bytes);
    k.m = k.v + cut->m_at;
    k.pixels = k.v + cut->pixels_at;
    if (conv_stopped(j->stop)) return;
    gather(j, &k);
    for (int64_t block = k.begin; block < k.end && !conv_stopped(j->stop); block++) {
        const int64_t width = smaller(cut->width, cut->per_out - block * cut->width);
        multiply(j, &k, block, width);
        put_outputs(j, &k, block, width);
    }
}

/* -- entries -- */

int64_t cm_cpu_winograd4_workspace(const cm_conv_plan *plan, const cm_cpu_shape *out)
{
    const winograd4_cut cut = cut_work(plan, out);
    return cut.bytes * plan->threads + 64; /* 64: to align the beginning */
}

void cm_cpu_winograd4_run(cm_backend *be, const cm_conv_plan *plan, const float *x, const cm_cpu_shape *in,
                          float *y, const cm_cpu_shape *out, void *workspace, conv_stop *stop)
{
    const winograd4_cut cut = cut_work(plan, out);
    char *base = workspace;
    base += -(uintptr_t)base % 64;
    winograd4_job job = {plan, &cut, x, y, in, out, base, stop};
    const int64_t tasks =
        out->n * plan->p.groups * cut.counts[0] * cut.counts[1] * cut.counts[2] * cut.shares;
    if (out->n * out->voxels > 0) cm_threads_for(be->pool, tasks, winograd4_task, &job);
}

/* [group][block][element][input channel][output channel of the block] */
void cm_cpu_winograd4_pack(const cm_conv_plan *plan, const float *weight, float *packed)
{
    const cm_conv *p = &plan->p;
    const winograd4_cut cut = cut_channels(plan);
    for (int64_t oc = 0; oc < p->out_channels; oc++) {
        const int64_t in_group = oc % cut.per_out, block = in_group / cut.width;
        const int64_t width = smaller(cut.width, cut.per_out - block * cut.width);
        const int64_t first = oc - in_group % cut.width;
        float *to = packed + first * cut.per_in * ELEMENTS + in_group % cut.width;
        for (int64_t ic = 0; ic < cut.per_in; ic++, to += width) {
            float u[ELEMENTS];
            cm_cpu_winograd4_weight(weight + (oc * cut.per_in + ic) * 9, u);
            for (int64_t e = 0; e < ELEMENTS; e++)
                to[e * cut.per_in * width] = u[e];
        }
    }
}
