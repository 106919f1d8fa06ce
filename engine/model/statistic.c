/* Moments, extremes and percentiles of a selection of voxels. */
#include "engine/model/statistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct slab {
    int64_t n;
    double sum, minimum, maximum;
} slab;

typedef struct job {
    const cm_selection *s;
    double centre; /* squares are taken around it when `squares` */
    bool squares;
    slab *slabs; /* one per channel and z of the box */
} job;

static int64_t slab_count(const cm_selection *s)
{
    return s->channels * (s->box.high[2] - s->box.low[2]);
}

/* Start of row y in slab `task`: x = 0. */
static const float *row_start(const cm_selection *s, int64_t task, int64_t y)
{
    int64_t depth = s->box.high[2] - s->box.low[2];
    int64_t c = s->first + task / depth, z = s->box.low[2] + task % depth;
    return s->values + ((c * s->size[2] + z) * s->size[1] + y) * s->size[0];
}

static void slab_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const job *j = context;
    const cm_selection *s = j->s;
    slab r = {.minimum = INFINITY, .maximum = -INFINITY};
    for (int64_t y = s->box.low[1]; y < s->box.high[1]; y++) {
        const float *row = row_start(s, task, y);
        for (int64_t x = s->box.low[0]; x < s->box.high[0]; x++) {
            double v = (double)row[x];
            if (s->positive_only && !(v > 0)) continue;
            r.n++;
            r.sum += j->squares ? (v - j->centre) * (v - j->centre) : v;
            if (v < r.minimum) r.minimum = v;
            if (v > r.maximum) r.maximum = v;
        }
    }
    j->slabs[task] = r;
}

static cm_status none_selected(const cm_selection *s, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_EMPTY, .what = "a statistic has no voxel to be taken of",
                   .why = s->positive_only ? "no voxel is greater than 0" : "the box is empty",
                   .next = "the case cannot be prepared as tool.xml says");
}

static cm_status measure(cm_threads *pool, const cm_selection *s, bool squares, double centre, slab *out,
                         cm_error *err)
{
    int64_t n = slab_count(s);
    job j = {s, centre, squares, calloc((size_t)(n > 0 ? n : 1), sizeof *j.slabs)};
    if (!j.slabs) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for a statistic");
    cm_threads_for(pool, n, slab_task, &j);
    *out = (slab){.minimum = INFINITY, .maximum = -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        out->n += j.slabs[i].n;
        out->sum += j.slabs[i].sum;
        if (j.slabs[i].minimum < out->minimum) out->minimum = j.slabs[i].minimum;
        if (j.slabs[i].maximum > out->maximum) out->maximum = j.slabs[i].maximum;
    }
    free(j.slabs);
    return out->n > 0 ? CM_OK : none_selected(s, err);
}

cm_status cm_statistic_moments(cm_threads *pool, const cm_selection *s, bool sample_sd, double *mean,
                               double *sd, cm_error *err)
{
    slab first = {0}, second = {0};
    cm_status st = measure(pool, s, false, 0.0, &first, err);
    if (st) return st;
    *mean = first.sum / (double)first.n;
    st = measure(pool, s, true, *mean, &second, err);
    if (st) return st;
    int64_t n = sample_sd ? second.n - 1 : second.n;
    *sd = n > 0 ? sqrt(second.sum / (double)n) : 0.0;
    return CM_OK;
}

cm_status cm_statistic_range(cm_threads *pool, const cm_selection *s, double *minimum, double *maximum,
                             cm_error *err)
{
    slab r = {0};
    cm_status st = measure(pool, s, false, 0.0, &r, err);
    if (st) return st;
    *minimum = r.minimum;
    *maximum = r.maximum;
    return CM_OK;
}

/* A float's bits as an unsigned number in the order of the values. */
static uint32_t order_key(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static double key_value(uint32_t key)
{
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

enum { BINS = 65536 };

/* count[b]: selected voxels whose key has upper half b; with `upper` >= 0, lower half b among those whose
 * upper half is `upper`. Returns how many. */
static int64_t histogram(const cm_selection *s, int64_t upper, int64_t *count)
{
    memset(count, 0, BINS * sizeof *count);
    int64_t n = 0;
    for (int64_t task = 0; task < slab_count(s); task++)
        for (int64_t y = s->box.low[1]; y < s->box.high[1]; y++) {
            const float *row = row_start(s, task, y);
            for (int64_t x = s->box.low[0]; x < s->box.high[0]; x++) {
                if (s->positive_only && !(row[x] > 0)) continue;
                uint32_t key = order_key(row[x]);
                if (upper >= 0 && (int64_t)(key >> 16) != upper) continue;
                count[upper >= 0 ? key & 0xffffu : key >> 16]++;
                n++;
            }
        }
    return n;
}

/* The bin that holds the value of order `rank` (from 0); *before gets how many lie in lower bins. */
static int64_t find_bin(const int64_t *count, int64_t rank, int64_t *before)
{
    int64_t sum = 0, bin = 0;
    while (sum + count[bin] <= rank)
        sum += count[bin++];
    *before = sum;
    return bin;
}

cm_status cm_statistic_percentiles(const cm_selection *s, const double percent[2], double value[2],
                                   cm_error *err)
{
    int64_t *upper = malloc(2 * BINS * sizeof *upper);
    if (!upper) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory for a percentile");
    int64_t *lower = upper + BINS;
    int64_t n = histogram(s, -1, upper), open_bin = -1;
    for (int i = 0; n > 0 && i < 2; i++) {
        double position = (double)(n - 1) * (percent[i] / 100.0);
        int64_t rank = (int64_t)floor(position);
        double neighbour[2];
        for (int k = 0; k < 2; k++) {
            int64_t wanted = rank + k < n ? rank + k : n - 1, before, below;
            int64_t bin = find_bin(upper, wanted, &before);
            if (bin != open_bin) histogram(s, bin, lower);
            open_bin = bin;
            int64_t low = find_bin(lower, wanted - before, &below);
            neighbour[k] = key_value((uint32_t)bin << 16 | (uint32_t)low);
        }
        value[i] = neighbour[0] + (position - (double)rank) * (neighbour[1] - neighbour[0]);
    }
    free(upper);
    return n > 0 ? CM_OK : none_selected(s, err);
}
