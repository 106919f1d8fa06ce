/* Resize with nearest, linear or cubic interpolation along every dimension whose extent or scale says so.
 *
 * The coordinate of an output index is computed in double from the scale as the model states it; for nearest
 * in float, as ONNX Runtime and PyTorch do: with a scale such as 1.2f the index hangs on that rounding.
 * Weights and sums are in double, rounded once to float: first the rows an output row lies between are added
 * with their weights, in row-major order, then the elements along the last axis. Beyond the border the border
 * element counts (as ONNX and PyTorch do), or none (exclude_outside); beyond a crop the value that is given.
 */
#include "kernels/cpu/cpu_internal.h"

#include <math.h>
#include <string.h>

#define SEGMENT 128  /* output elements of a row whose taps are kept at a time */
#define SPAN    1024 /* input elements of a blended row that are kept at a time */
#define ROWS    32   /* output rows that share the taps of a segment */

typedef struct taps {
    int n; /* 1, 2 or 4; 0 = beyond a crop */
    int64_t at[4];
    double weight[4];
} taps;

typedef struct resize_job {
    const cm_resize *p;
    int rank;
    int64_t in[CM_MAX_RANK], out[CM_MAX_RANK], step[CM_MAX_RANK];
    int64_t bytes;
    const char *x;
    char *y;
} resize_job;

double cm_cpu_resize_coordinate(const cm_resize *p, int d, int64_t n_in, int64_t n_out, int64_t o)
{
    const double scale = p->scale[d];
    const double in = (double)n_in, out = (double)n_out;
    switch (p->coordinates) {
    case CM_COORD_HALF_PIXEL_SYMMETRIC: /* what rounding the extent took off is taken off both ends */
        return in / 2.0 * (1.0 - out / (scale * in)) + ((double)o + 0.5) / scale - 0.5;
    case CM_COORD_TF_HALF_PIXEL_FOR_NN:
        return ((double)o + 0.5) / scale;
    case CM_COORD_CROP: {
        const double start = p->roi_start[d], end = p->roi_end[d];
        if (n_out < 2) return 0.5 * (start + end) * (in - 1.0);
        return start * (in - 1.0) + (double)o * (end - start) * (in - 1.0) / (out - 1.0);
    }
    case CM_COORD_ALIGN_CORNERS:
        return n_out > 1 ? (double)o * (double)(n_in - 1) / (double)(n_out - 1) : 0.0;
    case CM_COORD_ASYMMETRIC:
        return (double)o / scale;
    case CM_COORD_PYTORCH_HALF_PIXEL:
        return n_out > 1 ? ((double)o + 0.5) / scale - 0.5 : 0.0;
    case CM_COORD_HALF_PIXEL:
    default:
        return ((double)o + 0.5) / scale - 0.5;
    }
}

static double coordinate_of(const resize_job *j, int d, int64_t o)
{
    return cm_cpu_resize_coordinate(j->p, d, j->in[d], j->out[d], o);
}

/* The same in float, one rounding per operation. */
static float nearest_coordinate_of(const resize_job *j, int d, int64_t o)
{
    const float scale = (float)j->p->scale[d], x = (float)o;
    switch (j->p->coordinates) {
    case CM_COORD_ALIGN_CORNERS:
        return j->out[d] > 1 ? x * (float)(j->in[d] - 1) / (float)(j->out[d] - 1) : 0.0f;
    case CM_COORD_ASYMMETRIC:
        return x / scale;
    case CM_COORD_PYTORCH_HALF_PIXEL:
        return j->out[d] > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case CM_COORD_TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5f) / scale;
    case CM_COORD_HALF_PIXEL_SYMMETRIC:
    case CM_COORD_CROP:
        return (float)coordinate_of(j, d, o);
    case CM_COORD_HALF_PIXEL:
    default:
        return (x + 0.5f) / scale - 0.5f;
    }
}

static int64_t clamp_index(double v, int64_t n)
{
    if (!(v > 0.0)) return 0;
    return v >= (double)(n - 1) ? n - 1 : (int64_t)v;
}

static double round_nearest(cm_resize_nearest rule, double x)
{
    switch (rule) {
    case CM_NEAREST_FLOOR:
        return floor(x);
    case CM_NEAREST_CEIL:
        return ceil(x);
    case CM_NEAREST_ROUND_PREFER_CEIL:
        return floor(x + 0.5);
    case CM_NEAREST_ROUND_PREFER_FLOOR:
    default:
        return ceil(x - 0.5);
    }
}

/* Keys' kernel at distances 1 + t, t, 1 - t, 2 - t with parameter a. */
static void cubic_weights(double a, double t, double w[4])
{
    const double u = 1.0 - t;
    w[0] = ((a * (t + 1.0) - 5.0 * a) * (t + 1.0) + 8.0 * a) * (t + 1.0) - 4.0 * a;
    w[1] = ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    w[2] = ((a + 2.0) * u - (a + 3.0)) * u * u + 1.0;
    w[3] = ((a * (u + 1.0) - 5.0 * a) * (u + 1.0) + 8.0 * a) * (u + 1.0) - 4.0 * a;
}

static taps taps_of(const resize_job *j, int d, int64_t o)
{
    const int64_t n = j->in[d];
    const bool crops = j->p->coordinates == CM_COORD_CROP;
    if (n == j->out[d] && j->p->scale[d] == 1.0 &&
        (!crops || (j->p->roi_start[d] == 0.0 && j->p->roi_end[d] == 1.0)))
        return (taps){.n = 1, .at = {o}, .weight = {1.0}};
    if (crops) {
        const double x = coordinate_of(j, d, o);
        if (!(x >= 0.0 && x <= (double)(n - 1))) return (taps){.n = 0};
    }
    if (j->p->mode == CM_RESIZE_NEAREST) {
        const double nearest = round_nearest(j->p->nearest, (double)nearest_coordinate_of(j, d, o));
        return (taps){.n = 1, .at = {clamp_index(nearest, n)}, .weight = {1.0}};
    }
    const double x = coordinate_of(j, d, o);
    if (j->p->mode == CM_RESIZE_LINEAR) {
        const double inside = x < 0.0 ? 0.0 : x > (double)(n - 1) ? (double)(n - 1) : x;
        const int64_t first = clamp_index(inside, n);
        const double t = inside - (double)first;
        return (taps){.n = 2, .at = {first, first + (first < n - 1)}, .weight = {1.0 - t, t}};
    }
    const double below = floor(x);
    taps c = {.n = 4};
    for (int i = 0; i < 4; i++)
        c.at[i] = clamp_index(below + (double)(i - 1), n);
    cubic_weights((double)j->p->cubic_a, x - below, c.weight);
    if (j->p->exclude_outside) {
        double sum = 0.0;
        for (int i = 0; i < 4; i++) {
            const double at = below + (double)(i - 1);
            if (at < 0.0 || at > (double)(n - 1)) c.weight[i] = 0.0;
            sum += c.weight[i];
        }
        for (int i = 0; i < 4; i++)
            c.weight[i] /= sum;
    }
    return c;
}

/* All combinations of the taps of the dimensions before the last: element offsets and weights. */
typedef struct row_taps {
    int n;
    int64_t at[1024];
    double weight[1024];
} row_taps;

static void combine(row_taps *rows, const taps *t, int64_t step)
{
    /* from the back, so that the list can grow in place and stays in row-major order */
    for (int i = rows->n - 1; i >= 0; i--)
        for (int k = t->n - 1; k >= 0; k--) {
            const int64_t at = rows->at[i] + t->at[k] * step;
            const double weight = rows->weight[i] * t->weight[k];
            rows->at[i * t->n + k] = at;
            rows->weight[i * t->n + k] = weight;
        }
    rows->n *= t->n;
}

/* The taps of a segment along the last axis. */
typedef struct columns {
    taps at[SEGMENT];
    int64_t n, lowest, span; /* the input elements they reach: lowest .. lowest + span - 1 */
} columns;

static void find_columns(const resize_job *j, int64_t first, int64_t n, columns *c)
{
    int64_t lowest = INT64_MAX, highest = 0;
    for (int64_t i = 0; i < n; i++) {
        c->at[i] = taps_of(j, j->rank - 1, first + i);
        for (int k = 0; k < c->at[i].n; k++) {
            lowest = c->at[i].at[k] < lowest ? c->at[i].at[k] : lowest;
            highest = c->at[i].at[k] > highest ? c->at[i].at[k] : highest;
        }
    }
    c->n = n;
    c->lowest = lowest > highest ? 0 : lowest; /* all beyond a crop: nothing is read */
    c->span = lowest > highest ? 0 : highest - lowest + 1;
}

/* The weighted sum of the rows at input elements first .. first + n - 1. */
static void blend_rows(const resize_job *j, const row_taps *rows, int64_t first, int64_t n, double *blended)
{
    const float *x = (const float *)j->x + first;
    for (int64_t i = 0; i < n; i++)
        blended[i] = (double)x[rows->at[0] + i] * rows->weight[0];
    for (int r = 1; r < rows->n; r++) {
        const float *row = x + rows->at[r];
        const double weight = rows->weight[r];
        for (int64_t i = 0; i < n; i++)
            blended[i] += (double)row[i] * weight;
    }
}

static void interpolate_segment(const resize_job *j, const row_taps *rows, const columns *c, float *y)
{
    double blended[SPAN];
    const bool whole = c->span <= SPAN; /* otherwise only the elements that are wanted are blended */
    if (whole) blend_rows(j, rows, c->lowest, c->span, blended);
    for (int64_t i = 0; i < c->n; i++) {
        const taps *t = &c->at[i];
        double sum = t->n ? 0.0 : (double)j->p->extrapolation;
        for (int k = 0; k < t->n; k++) {
            if (!whole) blend_rows(j, rows, t->at[k], 1, blended);
            sum += blended[whole ? t->at[k] - c->lowest : 0] * t->weight[k];
        }
        y[i] = (float)sum;
    }
}

#define PICK(T)                                                                                              \
    for (int64_t i = 0; i < c->n; i++)                                                                       \
    ((T *)(void *)y)[i] = ((const T *)(const void *)j->x)[row + c->at[i].at[0]]

/* Where a crop reaches beyond the image, which is only for floats. */
static void extrapolate(const resize_job *j, const columns *c, bool all, char *y)
{
    for (int64_t i = 0; i < c->n; i++)
        if (all || c->at[i].n == 0) ((float *)(void *)y)[i] = j->p->extrapolation;
}

static void pick_segment(const resize_job *j, int64_t row, const columns *c, char *y)
{
    if (j->bytes == 4)
        PICK(uint32_t);
    else if (j->bytes == 8)
        PICK(uint64_t);
    else if (j->bytes == 2)
        PICK(uint16_t);
    else
        PICK(uint8_t);
}

static void resize_row(const resize_job *j, int64_t row, int64_t first, const columns *c)
{
    const int last = j->rank - 1;
    int64_t rest = row, index[CM_MAX_RANK];
    for (int d = last - 1; d >= 0; d--) {
        index[d] = rest % j->out[d];
        rest /= j->out[d];
    }
    row_taps rows;
    rows.n = 1;
    rows.at[0] = 0;
    rows.weight[0] = 1.0;
    for (int d = 0; d < last; d++) {
        const taps t = taps_of(j, d, index[d]);
        combine(&rows, &t, j->step[d]);
    }
    char *y = j->y + (row * j->out[last] + first) * j->bytes;
    if (rows.n == 0)
        extrapolate(j, c, true, y);
    else if (j->p->mode != CM_RESIZE_NEAREST)
        interpolate_segment(j, &rows, c, (float *)(void *)y);
    else
        pick_segment(j, rows.at[0], c, y);
    if (j->p->mode == CM_RESIZE_NEAREST && j->p->coordinates == CM_COORD_CROP && rows.n)
        extrapolate(j, c, false, y);
}

/* Rows of the output. */
static void resize_range(void *context, int64_t begin, int64_t end)
{
    const resize_job *j = context;
    const int64_t width = j->out[j->rank - 1];
    columns c;
    for (int64_t first = 0; first < width; first += SEGMENT) {
        find_columns(j, first, width - first < SEGMENT ? width - first : SEGMENT, &c);
        for (int64_t row = begin; row < end; row++)
            resize_row(j, row, first, &c);
    }
}

cm_status cm_cpu_resize(cm_backend *be, const cm_resize *p, const cm_tensor *x, cm_tensor *y, cm_error *err)
{
    if (x->rank != y->rank || x->rank < 1 || x->element != y->element)
        return cm_cpu_shape_error(err, "the output of a resize must have the rank and type of its input", x,
                                  y);
    if ((p->mode != CM_RESIZE_NEAREST || p->coordinates == CM_COORD_CROP) && x->element != CM_ELEMENT_F32)
        return cm_cpu_element_error(err, "resize by interpolation", x);
    resize_job job = {
        .p = p, .rank = x->rank, .bytes = cm_element_bytes(x->element), .x = x->data, .y = y->data};
    cm_cpu_steps(x, job.step);
    int64_t rows = 1;
    int interpolated = 0;
    for (int i = 0; i < x->rank; i++) {
        if (!(p->scale[i] > 0.0) || !isfinite(p->scale[i]) || (x->dim[i] == 0 && y->dim[i] > 0))
            return CM_FAIL(
                err, CM_ERR_ARG, .what = "a resize needs positive scales and an input that is not empty",
                .why = cm_strf("axis %d: scale %g, the input is %s", i, p->scale[i], cm_cpu_describe(x).s).s);
        job.in[i] = x->dim[i];
        job.out[i] = y->dim[i];
        rows *= i < x->rank - 1 ? y->dim[i] : 1;
        interpolated += i < x->rank - 1 && (x->dim[i] != y->dim[i] || p->scale[i] != 1.0);
    }
    if (p->mode == CM_RESIZE_CUBIC && interpolated > 5)
        return CM_FAIL(err, CM_ERR_UNSUPPORTED, .what = "cubic resize of more than six dimensions",
                       .why = cm_strf("%d dimensions before the last change", interpolated).s);
    cm_cpu_for(be, rows, ROWS, resize_range, &job);
    return CM_OK;
}
