/* Preparation steps in order. Geometric steps make a new array and note themselves in the placement; the
 * others change values in place, all by one formula. */
#include "engine/model/prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/elementary.h"
#include "engine/model/resample.h"

static int64_t voxels_of(const cm_prepared *p)
{
    const int64_t *n = p->placement.size;
    return n[0] * n[1] * n[2];
}

static void whole_box(const cm_prepared *p, cm_extent *box)
{
    for (int k = 0; k < 3; k++) {
        box->low[k] = 0;
        box->high[k] = p->placement.size[k];
    }
}

/* count = channels * product of size, checked. */
static cm_status count_values(int64_t channels, const int64_t size[3], int64_t *count, cm_error *err)
{
    int64_t n = channels;
    for (int k = 0; k < 3; k++)
        if (!cm_mul_i64(n, size[k], &n))
            return CM_FAIL(err, CM_ERR_LIMIT, .what = "a prepared image would pass 64 bits of voxels");
    *count = n;
    return CM_OK;
}

static cm_status new_values(cm_prepared *p, const int64_t size[3], float **out, cm_error *err)
{
    int64_t count = 0;
    void *memory = NULL;
    cm_status st = count_values(p->channels, size, &count, err);
    if (!st) st = cm_budget_alloc(p->budget, count, sizeof(float), "prepared image", &memory, err);
    *out = memory;
    return st;
}

/* The old array goes; `values` of the old size is freed before the placement changes size. */
static void take_values(cm_prepared *p, float *values)
{
    cm_budget_free(p->budget, p->values, p->channels * voxels_of(p), sizeof(float));
    p->values = values;
}

void cm_prepared_fini(cm_prepared *prepared)
{
    if (prepared->budget)
        cm_budget_free(prepared->budget, prepared->values, prepared->channels * voxels_of(prepared),
                       sizeof(float));
    cm_placement_fini(&prepared->placement);
    memset(prepared, 0, sizeof *prepared);
}

/* ---- axes ---- */

static cm_status apply_map(cm_prepared *p, cm_axis_map map, cm_error *err)
{
    const int64_t *n = p->placement.size;
    int64_t size[3] = {n[map.axis[0]], n[map.axis[1]], n[map.axis[2]]};
    float *values;
    cm_status st = new_values(p, size, &values, err);
    if (st) return st;
    cm_shape3 shape;
    cm_axis_map_apply(map, p->values, p->channels, (cm_shape3){n[2], n[1], n[0]}, sizeof(float), values,
                      &shape);
    take_values(p, values);
    cm_extent old = p->crop;
    for (int k = 0; k < 3; k++) {
        int from = map.axis[k];
        p->crop.low[k] = map.flip[k] ? size[k] - old.high[from] : old.low[from];
        p->crop.high[k] = map.flip[k] ? size[k] - old.low[from] : old.high[from];
    }
    cm_placement_map(&p->placement, map);
    return CM_OK;
}

static cm_status orient(cm_prepared *p, const cm_prepare_step *step, cm_error *err)
{
    if (step->u.orient.as_stored) return CM_OK;
    if (!p->oriented)
        return CM_FAIL(err, CM_ERR_MISMATCH,
                       .what = "the tool orients the image, whose orientation is unknown", .where = "orient",
                       .why = cm_strf("orient code=\"%s\"", step->u.orient.code).s,
                       .next = "use a tool that takes images as stored");
    cm_axis_map map;
    cm_status st = cm_axis_map_between(p->code, step->u.orient.code, &map, err);
    if (!st) st = apply_map(p, map, err);
    if (!st) memcpy(p->code, step->u.orient.code, sizeof p->code);
    return st;
}

cm_status cm_prepared_permute(cm_prepared *prepared, const int axis[3], cm_error *err)
{
    if (axis[0] == 0 && axis[1] == 1) return CM_OK;
    return apply_map(prepared, (cm_axis_map){.axis = {axis[0], axis[1], axis[2]}}, err);
}

/* ---- pad and crop: copying rows between two grids ---- */

typedef struct row_copy {
    int64_t from_size[3], to_size[3], from_low[3], to_low[3], n[3];
    const float *from;
    float *to;
} row_copy;

static void copy_rows(const row_copy *r, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++)
        for (int64_t z = 0; z < r->n[2]; z++)
            for (int64_t y = 0; y < r->n[1]; y++) {
                int64_t from =
                    ((c * r->from_size[2] + r->from_low[2] + z) * r->from_size[1] + r->from_low[1] + y) *
                        r->from_size[0] +
                    r->from_low[0];
                int64_t to = ((c * r->to_size[2] + r->to_low[2] + z) * r->to_size[1] + r->to_low[1] + y) *
                                 r->to_size[0] +
                             r->to_low[0];
                memcpy(r->to + to, r->from + from, (size_t)r->n[0] * sizeof *r->to);
            }
}

cm_status cm_prepared_pad(cm_prepared *p, const int64_t size[3], double value, cm_error *err)
{
    row_copy r = {.from = p->values};
    bool larger = false;
    for (int k = 0; k < 3; k++) {
        r.n[k] = r.from_size[k] = r.to_size[k] = p->placement.size[k];
        if (size[k] > r.n[k]) r.to_size[k] = size[k], larger = true;
        r.to_low[k] = (r.to_size[k] - r.n[k]) / 2;
    }
    if (!larger) return CM_OK;
    cm_status st = new_values(p, r.to_size, &r.to, err);
    if (st) return st;
    if (value != 0) {
        int64_t count = p->channels * r.to_size[0] * r.to_size[1] * r.to_size[2];
        for (int64_t i = 0; i < count; i++)
            r.to[i] = (float)value;
    }
    copy_rows(&r, p->channels);
    take_values(p, r.to);
    for (int k = 0; k < 3; k++) {
        cm_placement_pad(&p->placement, k, r.to_low[k], r.to_size[k]);
        p->crop.low[k] += r.to_low[k];
        p->crop.high[k] += r.to_low[k];
    }
    return CM_OK;
}

/* Grows box by the voxels of channel c above the threshold; x ranges are found from both ends of each row. */
static void bound_above(const cm_prepared *p, int64_t c, double threshold, cm_extent *box)
{
    const int64_t *n = p->placement.size;
    for (int64_t z = 0; z < n[2]; z++)
        for (int64_t y = 0; y < n[1]; y++) {
            const float *row = p->values + ((c * n[2] + z) * n[1] + y) * n[0];
            int64_t first = 0, last = n[0] - 1;
            while (first < n[0] && !((double)row[first] > threshold))
                first++;
            if (first == n[0]) continue;
            while (!((double)row[last] > threshold))
                last--;
            int64_t at[3] = {first, y, z}, to[3] = {last, y, z};
            for (int k = 0; k < 3; k++) {
                if (at[k] < box->low[k]) box->low[k] = at[k];
                if (to[k] + 1 > box->high[k]) box->high[k] = to[k] + 1;
            }
        }
}

static cm_status find_crop(const cm_prepared *p, const cm_prepare_step *step, cm_threads *pool,
                           cm_extent *box, cm_error *err)
{
    for (int k = 0; k < 3; k++) {
        box->low[k] = INT64_MAX;
        box->high[k] = 0;
    }
    for (int64_t c = 0; c < p->channels; c++) {
        double threshold = step->u.crop.threshold;
        if (step->u.crop.is_fraction) {
            bool together = step->u.crop.channels_together;
            cm_selection s = {
                .values = p->values, .first = together ? 0 : c, .channels = together ? p->channels : 1};
            memcpy(s.size, p->placement.size, sizeof s.size);
            whole_box(p, &s.box);
            double minimum, maximum;
            cm_status st = cm_statistic_range(pool, &s, &minimum, &maximum, err);
            if (st) return st;
            threshold *= maximum;
        }
        bound_above(p, c, threshold, box);
    }
    if (box->high[0] == 0)
        return CM_FAIL(err, CM_ERR_EMPTY, .what = "the crop finds nothing", .where = "crop",
                       .why = "no voxel of any channel is greater than the threshold",
                       .next = "look at the image: it may be empty");
    int64_t margin = step->u.crop.margin;
    for (int k = 0; k < 3; k++) {
        box->low[k] = box->low[k] > margin ? box->low[k] - margin : 0;
        box->high[k] += margin;
        if (box->high[k] > p->placement.size[k]) box->high[k] = p->placement.size[k];
    }
    return CM_OK;
}

static cm_status crop(cm_prepared *p, const cm_prepare_step *step, cm_threads *pool, cm_error *err)
{
    cm_extent box;
    cm_status st = find_crop(p, step, pool, &box, err);
    if (st) return st;
    row_copy r = {.from = p->values};
    for (int k = 0; k < 3; k++) {
        r.from_size[k] = p->placement.size[k];
        r.from_low[k] = box.low[k];
        r.n[k] = r.to_size[k] = box.high[k] - box.low[k];
    }
    st = new_values(p, r.to_size, &r.to, err);
    if (st) return st;
    copy_rows(&r, p->channels);
    take_values(p, r.to);
    for (int k = 0; k < 3; k++)
        cm_placement_crop(&p->placement, k, box.low[k], box.high[k]);
    whole_box(p, &p->crop);
    return CM_OK;
}

/* ---- resample ---- */

static cm_status keep_range(cm_prepared *p, const double *minimum, const double *maximum)
{
    int64_t n = voxels_of(p);
    for (int64_t c = 0; c < p->channels; c++)
        for (int64_t i = c * n; i < (c + 1) * n; i++)
            p->values[i] = (float)cm_clamp((double)p->values[i], minimum[c], maximum[c]);
    return CM_OK;
}

static cm_status resample_axis(cm_prepared *p, const cm_prepare_step *step, int k, cm_backend *be,
                               cm_error *err)
{
    int64_t size[3];
    double true_mm;
    memcpy(size, p->placement.size, sizeof size);
    const int64_t n = size[k];
    const double spacing_mm = p->placement.spacing_mm[k];
    const cm_grid_align align = step->u.resample.align;
    cm_status st = cm_resample_size(n, spacing_mm, step->u.resample.spacing_mm[k], align,
                                    step->u.resample.size_rule, &size[k], &true_mm, err);
    if (st) return st;
    float *values;
    st = new_values(p, size, &values, err);
    if (st) return st;
    cm_resample_axis axis = cm_resample_course(n, spacing_mm, size[k], true_mm, align);
    axis.interpolation = step->u.resample.interpolation;
    axis.inner = k == 0 ? 1 : k == 1 ? size[0] : size[0] * size[1];
    axis.outer = p->channels * (k == 2 ? 1 : k == 1 ? size[2] : size[2] * size[1]);
    st = be->ops->resample_axis(be, &axis, p->values, values, err);
    bool whole = p->crop.low[k] == 0 && p->crop.high[k] == n;
    if (st) {
        int64_t count = p->channels * size[0] * size[1] * size[2];
        cm_budget_free(p->budget, values, count, sizeof(float));
        return st;
    }
    take_values(p, values);
    cm_placement_resample(&p->placement, k, align, size[k], true_mm);
    if (whole) p->crop.high[k] = size[k];
    return CM_OK;
}

static cm_status resample(cm_prepared *p, const cm_prepare_step *step, bool spacing_known, cm_backend *be,
                          cm_error *err)
{
    if (!spacing_known)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the tool resamples the image, whose spacing is unknown",
                       .where = "resample", .next = "use a tool that does not resample");
    double minimum[CM_MAX_CHANNELS], maximum[CM_MAX_CHANNELS];
    bool clip = step->u.resample.interpolation == CM_INTERPOLATION_CUBIC && !step->u.resample.keep_overshoot;
    cm_status st = CM_OK;
    for (int c = 0; !st && clip && c < p->channels; c++) {
        cm_selection s = {.values = p->values, .first = c, .channels = 1};
        memcpy(s.size, p->placement.size, sizeof s.size);
        whole_box(p, &s.box);
        st = cm_statistic_range(be->pool, &s, &minimum[c], &maximum[c], err);
    }
    for (int k = 0; !st && k < 3; k++)
        if (step->u.resample.spacing_mm[k] > 0) st = resample_axis(p, step, k, be, err);
    if (!st && clip) keep_range(p, minimum, maximum);
    return st;
}

/* ---- values ---- */

/* value = (value - subtract) / divide * multiply + add, then within low..high: a step that lacks a part
 * leaves it neutral, which changes no bit. */
typedef struct formula {
    double subtract, divide, multiply, add, low, high;
} formula;

typedef struct value_job {
    cm_prepared *p;
    const formula *formulas; /* one per channel */
    cm_voxels where;
} value_job;

static void value_task(void *context, int64_t task, int worker)
{
    (void)worker;
    const value_job *j = context;
    const int64_t *n = j->p->placement.size;
    int64_t z = task % n[2];
    const formula *f = &j->formulas[task / n[2]];
    const cm_extent *box = &j->p->crop;
    bool boxed = j->where == CM_VOXELS_CROP;
    if (boxed && (z < box->low[2] || z >= box->high[2])) return;
    for (int64_t y = boxed ? box->low[1] : 0; y < (boxed ? box->high[1] : n[1]); y++) {
        float *row = j->p->values + (task * n[1] + y) * n[0];
        for (int64_t x = boxed ? box->low[0] : 0; x < (boxed ? box->high[0] : n[0]); x++) {
            if (j->where == CM_VOXELS_POSITIVE && !(row[x] > 0)) continue;
            double v = ((double)row[x] - f->subtract) / f->divide * f->multiply + f->add;
            row[x] = (float)(v < f->low ? f->low : v > f->high ? f->high : v);
        }
    }
}

static void apply_formulas(cm_prepared *p, const formula *formulas, cm_voxels where, cm_threads *pool)
{
    value_job j = {p, formulas, where};
    cm_threads_for(pool, p->channels * p->placement.size[2], value_task, &j);
}

static bool measures(const cm_prepare_step *s)
{
    return s->kind == CM_STEP_Z_SCORE || s->kind == CM_STEP_MIN_MAX || s->kind == CM_STEP_PERCENTILE;
}

/* What step s normalises channel c by, taken of the current state. */
static cm_status measure(const cm_prepared *p, const cm_prepare_step *s, int c, cm_threads *pool, formula *f,
                         cm_error *err)
{
    bool together = s->statistic.channels_together;
    cm_selection sel = {
        .values = p->values,
        .first = together ? 0 : c,
        .channels = together ? p->channels : 1,
        .positive_only = s->statistic.voxels == CM_VOXELS_POSITIVE,
    };
    memcpy(sel.size, p->placement.size, sizeof sel.size);
    whole_box(p, &sel.box);
    if (s->statistic.voxels == CM_VOXELS_CROP) sel.box = p->crop;
    double subtract = 0, divide = 1;
    cm_status st;
    if (s->kind == CM_STEP_Z_SCORE) {
        st = cm_statistic_moments(pool, &sel, s->u.normalise.sample_sd, &subtract, &divide, err);
        divide = fmax(divide, 1e-8);
    } else {
        const double percent[2] = {s->u.normalise.low, s->u.normalise.high};
        double value[2] = {0, 1};
        if (s->kind == CM_STEP_MIN_MAX)
            st = cm_statistic_range(pool, &sel, &value[0], &value[1], err);
        else
            st = cm_statistic_percentiles(&sel, percent, value, err);
        subtract = value[0];
        divide = value[1] - value[0];
    }
    bool flat = !(divide > 0);
    *f = (formula){subtract, flat ? 1 : divide, flat ? 0 : 1, 0, -INFINITY, INFINITY};
    if (s->u.normalise.clip_to_unit) f->low = 0, f->high = 1;
    return st;
}

/* Figures that later steps want of the state after step `state`. */
static cm_status measure_state(const cm_prepared *p, const cm_prepare_step *steps, int n_steps, int state,
                               cm_threads *pool, formula *formulas, cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = state + 1; !st && i < n_steps; i++)
        if (measures(&steps[i]) && steps[i].statistic.at == state)
            for (int c = 0; !st && c < p->channels; c++)
                st = measure(p, &steps[i], c, pool, &formulas[i * p->channels + c], err);
    return st;
}

static cm_status run_step(cm_prepared *p, const cm_prepare_step *step, const cm_geometry *stored,
                          cm_backend *be, formula *formulas, cm_error *err)
{
    formula same = {0, 1, 1, 0, -INFINITY, INFINITY};
    switch (step->kind) {
    case CM_STEP_ORIENT:
        return orient(p, step, err);
    case CM_STEP_PAD:
        return cm_prepared_pad(p, step->u.pad.size, step->u.pad.value, err);
    case CM_STEP_CROP:
        return crop(p, step, be->pool, err);
    case CM_STEP_RESAMPLE:
        return resample(p, step, stored->spacing_known, be, err);
    case CM_STEP_CLIP:
        same.low = step->u.clip.low;
        same.high = step->u.clip.high;
        break;
    case CM_STEP_SCALE:
        same.multiply = step->u.scale.multiply;
        same.add = step->u.scale.add;
        break;
    case CM_STEP_DIVIDE:
        same.divide = step->u.divide.by;
        break;
    default:
        apply_formulas(p, formulas, step->statistic.only_voxels ? step->statistic.voxels : CM_VOXELS_ALL,
                       be->pool);
        return CM_OK;
    }
    for (int64_t c = 0; c < p->channels; c++)
        formulas[c] = same;
    apply_formulas(p, formulas, CM_VOXELS_ALL, be->pool);
    return CM_OK;
}

static cm_status load(cm_prepared *p, const cm_volume *image, const int *channel_index, cm_error *err)
{
    cm_status st = new_values(p, p->placement.size, &p->values, err);
    int64_t n = voxels_of(p);
    for (int64_t c = 0; !st && c < p->channels; c++) {
        if (channel_index[c] < 0 || channel_index[c] >= image->channels)
            return CM_FAIL(err, CM_ERR_ARG, .what = "the image lacks a channel of the tool",
                           .why =
                               cm_strf("channel %d of %lld", channel_index[c], (long long)image->channels).s);
        cm_volume one = *image;
        one.channels = 1;
        one.data = (char *)image->data + channel_index[c] * n * cm_dtype_bytes(image->dtype);
        one.bytes = n * cm_dtype_bytes(image->dtype);
        cm_volume_to_float(&one, p->values + c * n);
        for (int64_t i = 0; i < n; i++)
            if (!isfinite(p->values[c * n + i]))
                return CM_FAIL(err, CM_ERR_FORMAT,
                               .what = "the stored image holds a value that is not finite",
                               .next = "clean the image and ingest it again");
    }
    return st;
}

cm_status cm_prepare(const cm_prepare_step *steps, int n_steps, const cm_volume *image,
                     const int *channel_index, int channels, cm_backend *be, cm_budget *budget,
                     const cm_stop *stop, cm_prepared *out, cm_error *err)
{
    const cm_geometry *g = &image->geometry;
    const int64_t stored[3] = {g->shape.nx, g->shape.ny, g->shape.nz};
    const double spacing[3] = {g->spacing_mm.x, g->spacing_mm.y, g->spacing_mm.z};
    *out = (cm_prepared){.channels = channels, .oriented = g->orientation_known, .budget = budget};
    formula *formulas = calloc((size_t)(n_steps + 1) * (size_t)channels, sizeof *formulas);
    cm_status st = formulas ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory preparing an image");
    if (!st) st = cm_placement_init(&out->placement, stored, spacing, err);
    if (!st && out->oriented) st = cm_affine_orientation(&g->affine, out->code, err);
    if (!st) st = load(out, image, channel_index, err);
    if (!st) whole_box(out, &out->crop);
    if (!st) st = measure_state(out, steps, n_steps, -1, be->pool, formulas, err);
    for (int i = 0; !st && i < n_steps; i++) {
        st = cm_stop_due(stop);
        if (st) st = CM_FAIL(err, st, .what = "stopped while preparing the image");
        if (!st) st = run_step(out, &steps[i], g, be, formulas + (int64_t)i * channels, err);
        if (!st) st = measure_state(out, steps, n_steps, i, be->pool, formulas, err);
        if (st) cm_error_context(err, cm_strf("prepare step %d (%s)", i + 1, cm_step_name(steps[i].kind)).s);
    }
    free(formulas);
    return st;
}
