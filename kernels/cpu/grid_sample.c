/* Sampling at places that another tensor gives (ONNX GridSample; spatial transformers), and the grid of an
 * affine map.
 *
 * Positions are computed in float, as PyTorch and ONNX Runtime do, since a nearest neighbour hangs on it;
 * weights and sums in double, taps in order z, y, x, rounded once. */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>

typedef struct sample_job {
    const cm_grid_sample *p;
    int spatial;
    int64_t channels, in[3], in_voxels, out_voxels;
    const float *x, *grid;
    float *y;
} sample_job;

/* From -1 .. 1 to voxels. */
static float to_voxels(const sample_job *j, float v, int64_t n)
{
    const float size = (float)n;
    return j->p->align_corners ? (v + 1.0f) / 2.0f * (size - 1.0f) : ((v + 1.0f) * size - 1.0f) / 2.0f;
}

/* Mirrors v into lo .. hi. */
static float reflect(float v, float lo, float hi)
{
    const float range = hi - lo;
    if (!(range > 0.0f)) return lo;
    if (!isfinite(v)) return v;
    v = fabsf(v - lo);
    const float rest = fmodf(v, range);
    const bool odd = fmodf(floorf(v / range), 2.0f) == 1.0f;
    return odd ? hi - rest : lo + rest;
}

static float clamp_to(float v, float hi)
{
    return v < 0.0f ? 0.0f : v > hi ? hi : v;
}

/* Where the padding says that a position outside is to be read; zeros leave it. */
static float bring_inside(const sample_job *j, float v, int64_t n)
{
    const float last = (float)(n - 1);
    if (j->p->padding == CM_SAMPLE_BORDER) return clamp_to(v, last);
    if (j->p->padding == CM_SAMPLE_REFLECT)
        return clamp_to(j->p->align_corners ? reflect(v, 0.0f, last) : reflect(v, -0.5f, last + 0.5f), last);
    return v;
}

/* The voxel of a tap, or -1 for a zero outside. */
static int64_t tap_index(const sample_job *j, float v, int64_t n)
{
    if (j->p->padding != CM_SAMPLE_ZEROS) v = bring_inside(j, v, n);
    if (!(v >= 0.0f && v <= (float)(n - 1))) return -1;
    const int64_t at = (int64_t)v; /* from 2^24 on a float may have been rounded past the last voxel */
    return at < n ? at : n - 1;
}

typedef struct axis_taps {
    int n;
    int64_t at[4];
    double weight[4];
} axis_taps;

static axis_taps taps_of(const sample_job *j, float v, int64_t n)
{
    axis_taps t = {.n = 1, .at = {-1}, .weight = {1.0}};
    v = to_voxels(j, v, n);
    if (isnan(v)) { /* nowhere: the padding decides */
        t.at[0] = j->p->padding == CM_SAMPLE_ZEROS ? -1 : 0;
        return t;
    }
    if (j->p->mode != CM_SAMPLE_CUBIC) v = bring_inside(j, v, n);
    if (j->p->mode == CM_SAMPLE_NEAREST) {
        t.at[0] = tap_index(j, rintf(v), n);
        return t;
    }
    const float below = floorf(v);
    const double f = (double)v - (double)below;
    if (j->p->mode == CM_SAMPLE_LINEAR) {
        t.n = 2;
        t.weight[0] = 1.0 - f;
        t.weight[1] = f;
        for (int i = 0; i < 2; i++)
            t.at[i] = tap_index(j, below + (float)i, n);
        return t;
    }
    const double a = -0.75, u = 1.0 - f; /* Keys' kernel, as in resize.c */
    t.n = 4;
    t.weight[0] = ((a * (f + 1.0) - 5.0 * a) * (f + 1.0) + 8.0 * a) * (f + 1.0) - 4.0 * a;
    t.weight[1] = ((a + 2.0) * f - (a + 3.0)) * f * f + 1.0;
    t.weight[2] = ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0;
    t.weight[3] = ((a * (u + 1.0) - 5.0 * a) * (u + 1.0) + 8.0 * a) * (u + 1.0) - 4.0 * a;
    for (int i = 0; i < 4; i++)
        t.at[i] = tap_index(j, below + (float)(i - 1), n);
    return t;
}

static float sample_at(const sample_job *j, const float *x, const axis_taps t[3])
{
    double sum = 0.0;
    for (int a = 0; a < t[0].n; a++)
        for (int b = 0; b < t[1].n; b++)
            for (int c = 0; c < t[2].n; c++) {
                if (t[0].at[a] < 0 || t[1].at[b] < 0 || t[2].at[c] < 0) continue;
                const int64_t at = (t[0].at[a] * j->in[1] + t[1].at[b]) * j->in[2] + t[2].at[c];
                sum += (double)x[at] * (t[0].weight[a] * t[1].weight[b] * t[2].weight[c]);
            }
    return (float)sum;
}

/* Places of all samples of the batch. */
static void sample_range(void *context, int64_t begin, int64_t end)
{
    const sample_job *j = context;
    for (int64_t task = begin; task < end; task++) {
        const int64_t n = task / j->out_voxels, place = task % j->out_voxels;
        const float *g = j->grid + task * j->spatial; /* x first */
        axis_taps t[3] = {{.n = 1, .at = {0}, .weight = {1.0}}, {.n = 0}, {.n = 0}};
        for (int k = 0; k < j->spatial; k++)
            t[2 - k] = taps_of(j, g[k], j->in[2 - k]);
        for (int64_t c = 0; c < j->channels; c++) {
            const int64_t map = n * j->channels + c;
            j->y[map * j->out_voxels + place] = sample_at(j, j->x + map * j->in_voxels, t);
        }
    }
}

cm_status cm_cpu_grid_sample(cm_backend *be, const cm_grid_sample *p, const cm_tensor *x,
                             const cm_tensor *grid, cm_tensor *y, const cm_stop *stop, cm_error *err)
{
    cm_cpu_shape s;
    const cm_status st = cm_cpu_get_shape(x, false, &s, err);
    if (st) return st;
    const int spatial = x->rank - 2;
    bool fits = spatial >= 2 && grid->rank == x->rank && y->rank == x->rank && grid->dim[0] == s.n &&
                y->dim[0] == s.n && y->dim[1] == s.c && grid->dim[grid->rank - 1] == spatial &&
                grid->element == CM_ELEMENT_F32 && y->element == CM_ELEMENT_F32;
    int64_t places = 1;
    for (int i = 0; fits && i < spatial; i++) {
        fits = grid->dim[1 + i] == y->dim[2 + i];
        places *= y->dim[2 + i];
    }
    if (!fits) return cm_cpu_shape_error(err, "the grid of a sampling does not fit its input", grid, x);
    sample_job job = {.p = p,
                      .spatial = spatial,
                      .channels = s.c,
                      .in = {s.s[0], s.s[1], s.s[2]},
                      .in_voxels = s.voxels,
                      .out_voxels = places,
                      .x = x->data,
                      .grid = grid->data,
                      .y = y->data};
    if (s.voxels < 1) return cm_cpu_shape_error(err, "an empty image cannot be sampled", x, y);
    return cm_cpu_for_stop(be, s.n * places, 1 + 4096 / (s.c + 1), sample_range, &job, stop, err);
}

/* -- the grid of an affine map: places evenly between -1 and 1, multiplied by theta -- */

typedef struct affine_job {
    const float *theta;
    float *y;
    int spatial;
    int64_t size[3], voxels; /* x first */
    bool align_corners;
} affine_job;

static float even_place(const affine_job *j, int k, int64_t i)
{
    const float n = (float)j->size[k], at = (float)i;
    if (j->align_corners) return n > 1.0f ? 2.0f * at / (n - 1.0f) - 1.0f : 0.0f;
    return (2.0f * at + 1.0f) / n - 1.0f;
}

static void affine_range(void *context, int64_t begin, int64_t end)
{
    const affine_job *j = context;
    const int width = j->spatial + 1;
    for (int64_t task = begin; task < end; task++) {
        const float *theta = j->theta + task / j->voxels * j->spatial * width;
        int64_t rest = task % j->voxels;
        double place[3];
        for (int k = 0; k < j->spatial; k++) {
            place[k] = (double)even_place(j, k, rest % j->size[k]);
            rest /= j->size[k];
        }
        for (int row = 0; row < j->spatial; row++) {
            double sum = 0.0;
            for (int k = 0; k < j->spatial; k++)
                sum += (double)theta[row * width + k] * place[k];
            j->y[task * j->spatial + row] = (float)(sum + (double)theta[row * width + j->spatial]);
        }
    }
}

cm_status cm_cpu_affine_grid(cm_backend *be, bool align_corners, const cm_tensor *theta, cm_tensor *y,
                             cm_error *err)
{
    const int spatial = y->rank - 2;
    const bool fits = (spatial == 2 || spatial == 3) && y->dim[y->rank - 1] == spatial && theta->rank == 3 &&
                      theta->dim[0] == y->dim[0] && theta->dim[1] == spatial &&
                      theta->dim[2] == spatial + 1 && theta->element == CM_ELEMENT_F32 &&
                      y->element == CM_ELEMENT_F32;
    if (!fits) return cm_cpu_shape_error(err, "a grid does not fit its affine map", theta, y);
    affine_job job = {
        .theta = theta->data, .y = y->data, .spatial = spatial, .voxels = 1, .align_corners = align_corners};
    for (int k = 0; k < spatial; k++) {
        job.size[k] = y->dim[spatial - k];
        job.voxels *= job.size[k];
    }
    cm_cpu_for(be, y->dim[0] * job.voxels, 8192, affine_range, &job);
    return CM_OK;
}
