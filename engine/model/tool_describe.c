/* tool.xml in words. */
#include "engine/model/tool_describe.h"

#include <math.h>
#include <string.h>

static cm_str axes_text(const int64_t size[3])
{
    cm_str out = {{0}};
    for (int k = 0; k < 3; k++)
        if (size[k]) out = cm_strf("%s%s%c %lld", out.s, out.s[0] ? ", " : "", "xyz"[k], (long long)size[k]);
    return out;
}

static cm_str state_text(const cm_tool_spec *spec, int step)
{
    int at = spec->steps[step].statistic.at;
    if (at == step - 1) return cm_strf("the current image");
    if (at < 0) return cm_strf("the stored image");
    return cm_strf("the image after step %d (%s)", at + 1, cm_step_name(spec->steps[at].kind));
}

static cm_str statistic_text(const cm_tool_spec *spec, int step)
{
    static const char *const voxels[] = {"all voxels", "voxels > 0", "voxels inside the crop box"};
    const cm_prepare_step *s = &spec->steps[step];
    const cm_statistic_scope *t = &s->statistic;
    cm_str kind = s->kind == CM_STEP_Z_SCORE
                      ? cm_strf("z-score, %s sd,", s->u.normalise.sample_sd ? "sample" : "population")
                  : s->kind == CM_STEP_MIN_MAX
                      ? cm_strf("minimum and maximum to 0..1,")
                      : cm_strf("percentiles %g and %g to 0..1,", s->u.normalise.low, s->u.normalise.high);
    return cm_strf("%s of %s of %s in %s%s%s", kind.s, voxels[t->voxels],
                   t->channels_together ? "all channels together" : "each channel", state_text(spec, step).s,
                   s->u.normalise.clip_to_unit ? ", clipped to 0..1" : "",
                   t->only_voxels ? ", applied to those voxels only" : "");
}

static cm_str resample_text(const cm_prepare_step *s)
{
    static const char *const how[] = {"nearest", "linear", "cubic"};
    static const char *const rule[] = {"rounded", "rounded up", "rounded down"};
    cm_str out = {{0}};
    for (int k = 0; k < 3; k++)
        if (s->u.resample.spacing_mm[k] > 0)
            out =
                cm_strf("%s%s%c %g mm", out.s, out.s[0] ? ", " : "", "xyz"[k], s -> u.resample.spacing_mm[k]);
    return cm_strf("resample to %s, %s, %s kept, size %s", out.s, how[s->u.resample.interpolation],
                   s->u.resample.align == CM_ALIGN_EDGES ? "edges" : "first centre",
                   rule[s->u.resample.size_rule]);
}

cm_str cm_step_text(const cm_tool_spec *spec, int step)
{
    const cm_prepare_step *s = &spec->steps[step];
    switch (s->kind) {
    case CM_STEP_ORIENT:
        return s->u.orient.as_stored ? cm_strf("leave axes as stored")
                                     : cm_strf("orient to %s", s->u.orient.code);
    case CM_STEP_PAD:
        return cm_strf("pad with %g to at least %s, centred", s->u.pad.value, axes_text(s->u.pad.size).s);
    case CM_STEP_CROP:
        return cm_strf("crop to any channel > %g%s, margin %lld", s->u.crop.threshold,
                       !s->u.crop.is_fraction        ? ""
                       : s->u.crop.channels_together ? " of the maximum of all channels"
                                                     : " of its maximum",
                       (long long)s->u.crop.margin);
    case CM_STEP_RESAMPLE:
        return resample_text(s);
    case CM_STEP_CLIP:
        if (isinf(s->u.clip.low)) return cm_strf("clip above %g", s->u.clip.high);
        if (isinf(s->u.clip.high)) return cm_strf("clip below %g", s->u.clip.low);
        return cm_strf("clip to %g..%g", s->u.clip.low, s->u.clip.high);
    case CM_STEP_SCALE:
        return cm_strf("value * %g + %g", s->u.scale.multiply, s->u.scale.add);
    case CM_STEP_DIVIDE:
        return cm_strf("value / %g", s->u.divide.by);
    default:
        return statistic_text(spec, step);
    }
}

cm_str cm_input_text(const cm_tool_spec *spec)
{
    const cm_input_spec *in = &spec->input;
    cm_str shape = in->whole && in->multiple > 1
                       ? cm_strf("whole, padded to a multiple of %lld", (long long)in->multiple)
                   : in->whole
                       ? cm_strf("whole")
                       : cm_strf("window %s, overlap %g, %s blending", axes_text(in->window).s, in->overlap,
                                 in->blending == CM_BLENDING_GAUSSIAN ? "gaussian" : "constant");
    const char *axes = in->axes == CM_AXES_ZYX ? "zyx" : "xyz";
    cm_str mean = {{0}};
    for (int k = 0; k < 3; k++)
        if (in->mirror[k])
            mean = cm_strf("%s%s%c", mean.s, mean.s[0] ? ", " : "; mean over mirrorings along ", "xyz"[k]);
    if (spec->n_models > 1) mean = cm_strf("%s; mean of %d models", mean.s, spec->n_models);
    if (in->dimension == 3) return cm_strf("3-D, axes %s, %s%s", axes, shape.s, mean.s);
    return cm_strf("2-D slices along %c, axes %s, %s%s", "xyz"[in->slice_axis < 0 ? 2 : in->slice_axis], axes,
                   shape.s, mean.s);
}

cm_str cm_output_text(const cm_tool_spec *spec)
{
    static const char *const activation[] = {"", "softmax, ", "sigmoid, "};
    const cm_output_spec *o = &spec->output;
    if (o->decision == CM_DECISION_ARGMAX) return cm_strf("%sargmax", activation[o->activation]);
    cm_str out = cm_strf("%s", activation[o->activation]);
    for (int i = 0; i < o->n_regions; i++) {
        if (strlen(out.s) > sizeof out.s - 80) return cm_strf("%s ...", out.s);
        out = cm_strf("%s%schannel %d > %g gives %s %d", out.s, i ? ", then " : "", o->regions[i].channel,
                      o->threshold, spec->classification ? "class" : "label", o->regions[i].label);
    }
    return out;
}

cm_str cm_cleanup_text(const cm_tool_spec *spec, int rule)
{
    const cm_cleanup_rule *r = &spec->cleanups[rule];
    if (r->minimum_voxels)
        return cm_strf("label %d: components of at least %lld voxels (connectivity %d)", r->label,
                       (long long)r->minimum_voxels, spec->connectivity);
    return cm_strf("label %d: largest component (connectivity %d)", r->label, spec->connectivity);
}
