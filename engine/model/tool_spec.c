/* What a schema cannot say about tool.xml: values that must fit each other, and what this version lacks. Each
 * check adds its finding and goes on, so that a submitter sees them all at once. */
#include "engine/model/tool_spec.h"

#include <math.h>
#include <string.h>

#include "engine/image/geometry.h"

typedef struct findings {
    const char *name;
    cm_problems *problems;
} findings;

void cm_problems_add(cm_problems *problems, const cm_error *err)
{
    if (!problems || !err->status || problems->count == CM_MAX_PROBLEMS) return;
    problems->item[problems->count++] = *err;
}

static void found(findings *f, int line, cm_status status, const char *what, const char *why,
                  const char *next)
{
    cm_error err = {0};
    CM_FAIL(&err, status, .what = what, .where = cm_strf("%s:%d", f->name, line).s, .why = why, .next = next);
    cm_problems_add(f->problems, &err);
}

static void check_models(findings *f, const cm_tool_spec *spec)
{
    for (int i = 0; i < spec->n_models; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(spec->models[i].file, spec->models[j].file) == 0)
                found(f, spec->models[i].line, CM_ERR_SCHEMA, "a model is named twice", spec->models[i].file,
                      "name each model once; what counts double must be weighted inside a graph");
    for (int i = 0; i < spec->n_channels; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(spec->channels[i], spec->channels[j]) == 0)
                found(f, spec->models[0].line, CM_ERR_SCHEMA, "a channel is named twice", spec->channels[i],
                      "name each channel once");
}

/* A statistic inside the crop box needs a box, and one whose edges still lie on voxel edges. */
static void check_crop_scope(findings *f, const cm_tool_spec *spec, int state, int line)
{
    bool boxed = false, whole = true, lost = false;
    for (int i = 0; i <= state; i++) {
        if (spec->steps[i].kind == CM_STEP_CROP) boxed = true, whole = true, lost = false;
        if (spec->steps[i].kind == CM_STEP_PAD) whole = false;
        if (spec->steps[i].kind == CM_STEP_RESAMPLE && boxed && !whole) lost = true;
    }
    if (!boxed)
        found(f, line, CM_ERR_SCHEMA, "voxels=\"crop\" without a crop",
              "no crop step comes before that state", "write a crop step first, or use all or positive");
    else if (lost)
        found(f, line, CM_ERR_UNSUPPORTED, "voxels=\"crop\" after crop, pad and resample",
              "the crop box no longer lies on whole voxels", "take the statistic before resampling (at=...)");
}

static void check_step(findings *f, const cm_tool_spec *spec, int i)
{
    const cm_prepare_step *s = &spec->steps[i];
    switch (s->kind) {
    case CM_STEP_ORIENT:
        if (!s->u.orient.as_stored && !cm_orientation_valid(s->u.orient.code))
            found(f, s->line, CM_ERR_SCHEMA, "the orientation code is none", s->u.orient.code,
                  "use three letters, one of each pair R/L, A/P, S/I, such as RAS or LIA");
        break;
    case CM_STEP_PAD:
        if (!s->u.pad.size[0] && !s->u.pad.size[1] && !s->u.pad.size[2])
            found(f, s->line, CM_ERR_SCHEMA, "pad names no axis", NULL, "give x, y or z");
        break;
    case CM_STEP_CROP:
        if (isnan(s->u.crop.threshold))
            found(f, s->line, CM_ERR_SCHEMA, "crop needs exactly one threshold", NULL,
                  "give above or above-fraction");
        break;
    case CM_STEP_RESAMPLE:
        if (s->u.resample.spacing_mm[0] == 0 && s->u.resample.spacing_mm[1] == 0 &&
            s->u.resample.spacing_mm[2] == 0)
            found(f, s->line, CM_ERR_SCHEMA, "resample names no axis", NULL, "give x, y or z in mm");
        break;
    case CM_STEP_CLIP:
        if (!(s->u.clip.low <= s->u.clip.high) || (isinf(s->u.clip.low) && isinf(s->u.clip.high)))
            found(f, s->line, CM_ERR_SCHEMA, "clip needs low <= high, at least one of them given",
                  cm_strf("low %g, high %g", s->u.clip.low, s->u.clip.high).s, NULL);
        break;
    case CM_STEP_DIVIDE:
        if (s->u.divide.by == 0) found(f, s->line, CM_ERR_SCHEMA, "divide by 0", NULL, NULL);
        break;
    case CM_STEP_PERCENTILE:
        if (!(s->u.normalise.low < s->u.normalise.high))
            found(f, s->line, CM_ERR_SCHEMA, "percentile needs low < high",
                  cm_strf("low %g, high %g", s->u.normalise.low, s->u.normalise.high).s, NULL);
        break;
    default:
        break;
    }
    bool measures = s->kind == CM_STEP_Z_SCORE || s->kind == CM_STEP_MIN_MAX || s->kind == CM_STEP_PERCENTILE;
    if (measures && s->statistic.voxels == CM_VOXELS_CROP) {
        check_crop_scope(f, spec, s->statistic.at, s->line);
        if (s->statistic.only_voxels && s->statistic.at != i - 1) check_crop_scope(f, spec, i - 1, s->line);
    }
}

static void check_input(findings *f, const cm_tool_spec *spec)
{
    static const char axis_name[] = "xyz";
    const cm_input_spec *in = &spec->input;
    const int slices = in->slice_axis < 0 ? 2 : in->slice_axis;
    if (in->dimension == 2 && in->mirror[slices])
        found(f, in->line, CM_ERR_SCHEMA, "slices are mirrored along the slice axis",
              cm_strf("mirror names %c, which a slice does not have", axis_name[slices]).s,
              "mirror along the two other axes only");
    if (in->dimension == 3 && in->slice_axis >= 0)
        found(f, in->line, CM_ERR_SCHEMA, "slice-axis with dimension 3", NULL, "leave it out");
    if (spec->classification && !in->whole)
        found(f, in->line, CM_ERR_SCHEMA, "a classifier sees the whole image", "input has a window",
              "use <whole/>");
    if (in->whole) return;
    int slice = in->dimension == 3 ? -1 : in->slice_axis < 0 ? 2 : in->slice_axis;
    for (int k = 0; k < 3; k++) {
        if (k != slice && in->window[k] == 0)
            found(f, in->line, CM_ERR_SCHEMA, cm_strf("the window has no size along %c", axis_name[k]).s,
                  NULL, "give a size for every axis of the model");
        if (k == slice && in->window[k] > 1)
            found(f, in->line, CM_ERR_SCHEMA,
                  cm_strf("the window has a size along the slice axis %c", axis_name[k]).s, NULL,
                  "leave it out: slices are run one by one");
    }
}

static bool label_is_made(const cm_output_spec *o, uint16_t label)
{
    if (o->decision == CM_DECISION_ARGMAX) {
        if (o->n_labels <= 0) return true; /* depends on the model */
        for (int i = 0; i < o->n_labels; i++)
            if (o->labels[i] == label) return true;
        return false;
    }
    for (int i = 0; i < o->n_regions; i++)
        if (o->regions[i].label == label) return true;
    return false;
}

static void check_output(findings *f, const cm_tool_spec *spec)
{
    const cm_output_spec *o = &spec->output;
    if (o->n_labels != 0 && o->decision != CM_DECISION_ARGMAX)
        found(f, o->line, CM_ERR_SCHEMA, "labels go with argmax", "the decision names its labels itself",
              "remove the labels element");
    if (o->n_labels < 0)
        found(f, o->line, CM_ERR_SCHEMA, "labels must name channels 0, 1, 2 ... once each", NULL, NULL);
    for (int i = 0; i < o->n_regions; i++)
        for (int j = 0; j < i; j++)
            if (o->regions[i].channel == o->regions[j].channel)
                found(f, o->line, CM_ERR_SCHEMA, "a channel has two regions",
                      cm_strf("channel %d", o->regions[i].channel).s, NULL);
    if (spec->classification) {
        if (o->decision == CM_DECISION_REGIONS)
            found(f, o->line, CM_ERR_SCHEMA, "regions are for segmentation", NULL, "use argmax or threshold");
        if (o->decision == CM_DECISION_THRESHOLD && (o->regions[0].channel > 1 || o->regions[0].label > 1))
            found(f, o->line, CM_ERR_SCHEMA, "a threshold decides between two classes",
                  cm_strf("channel %d, label %d", o->regions[0].channel, o->regions[0].label).s,
                  "use channel and label 0 or 1, or argmax");
        for (int i = 0; i < o->n_labels; i++)
            for (int j = 0; j < o->n_labels; j++)
                if (o->labels[i] >= o->n_labels || (i != j && o->labels[i] == o->labels[j])) {
                    found(f, o->line, CM_ERR_SCHEMA, "classes must be 0, 1, 2 ... once each",
                          cm_strf("channel %d means class %d of %d", i, o->labels[i], o->n_labels).s, NULL);
                    return;
                }
    }
}

static void check_cleanups(findings *f, const cm_tool_spec *spec)
{
    if (spec->classification && spec->n_cleanups)
        found(f, spec->cleanups[0].line, CM_ERR_SCHEMA, "clean-up is for segmentation", NULL, NULL);
    for (int i = 0; i < spec->n_cleanups; i++) {
        uint16_t label = spec->cleanups[i].label;
        if (label == 0 || !label_is_made(&spec->output, label))
            found(f, spec->cleanups[i].line, CM_ERR_SCHEMA, "clean-up of a label the decision never gives",
                  cm_strf("label %d", label).s, NULL);
    }
}

void cm_tool_spec_check(const cm_tool_spec *spec, const char *name, cm_problems *problems)
{
    findings f = {name, problems};
    check_models(&f, spec);
    for (int i = 0; i < spec->n_steps; i++)
        check_step(&f, spec, i);
    check_input(&f, spec);
    check_output(&f, spec);
    check_cleanups(&f, spec);
}

bool cm_tool_spec_needs_orientation(const cm_tool_spec *spec)
{
    for (int i = 0; i < spec->n_steps; i++)
        if (spec->steps[i].kind == CM_STEP_ORIENT && !spec->steps[i].u.orient.as_stored) return true;
    return false;
}

bool cm_tool_spec_needs_spacing(const cm_tool_spec *spec)
{
    for (int i = 0; i < spec->n_steps; i++)
        if (spec->steps[i].kind == CM_STEP_RESAMPLE) return true;
    return false;
}

void cm_tool_spec_tensor_axes(const cm_input_spec *input, int axis[3])
{
    static const int order[2][3] = {{0, 1, 2}, {2, 1, 0}}; /* fastest first: zyx, xyz */
    const int *plain = order[input->axes];
    if (input->dimension == 3) {
        memcpy(axis, plain, 3 * sizeof *axis);
        return;
    }
    int slice = input->slice_axis < 0 ? 2 : input->slice_axis, n = 0;
    for (int k = 0; k < 3; k++)
        if (plain[k] != slice) axis[n++] = plain[k];
    axis[2] = slice;
}
