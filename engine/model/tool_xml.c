/* tool.xml → cm_tool_spec. The schema has settled names, types and ranges before this code looks; what it
 * cannot say is checked in tool_spec.c. */
#include "engine/model/tool_spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/xml.h"

extern const unsigned char cm_tool_xsd[];
extern const unsigned char cm_tool_xsd_end[];

enum { TEXT_MAX = 640 };

/* XML whitespace collapsed, as xs:token means it. */
static void collapse(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (strchr(" \t\r\n", *from)) {
            if (to > text && to[-1] != ' ') *to++ = ' ';
        } else {
            *to++ = *from;
        }
    }
    if (to > text && to[-1] == ' ') to--;
    *to = '\0';
}

/* Attribute (or, with name NULL, text) into out; `absent` when it is not there. False when it is longer in
 * UTF-8 than out holds. */
static bool read_token(xmlNodePtr node, const char *name, const char *absent, char *out, int64_t size)
{
    char text[TEXT_MAX];
    bool found =
        name ? cm_xml_attribute(node, name, text, sizeof text) : cm_xml_text(node, text, sizeof text);
    if (!found) {
        if (name && xmlHasProp(node, (const xmlChar *)name)) return false;
        if (!name) return false;
        strncpy(text, absent, sizeof text - 1);
        text[sizeof text - 1] = '\0';
    }
    collapse(text);
    if ((int64_t)strlen(text) >= size) return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* Index of an attribute's value among words, NULL-terminated; the first word is the default. */
static int read_word(xmlNodePtr node, const char *name, const char *const *words)
{
    char text[64];
    if (!read_token(node, name, words[0], text, sizeof text)) return 0;
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0) return i;
    return 0;
}

static bool read_bool(xmlNodePtr node, const char *name)
{
    char text[16];
    if (!read_token(node, name, "false", text, sizeof text)) return false;
    return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

static cm_status too_long(xmlNodePtr node, const char *what, const char *file, cm_error *err)
{
    return CM_FAIL(err, CM_ERR_SCHEMA, .what = cm_strf("%s is too long in UTF-8", what).s,
                   .where = cm_strf("%s:%ld", file, xmlGetLineNo(node)).s,
                   .next = "shorten it; docs/tool-package.md has the lengths");
}

static void read_sizes(xmlNodePtr node, int64_t size[3])
{
    static const char *const axis[3] = {"x", "y", "z"};
    for (int k = 0; k < 3; k++)
        size[k] = cm_xml_integer(node, axis[k], 0);
}

static const struct {
    const char *name;
    cm_step_kind kind;
} step_names[] = {{"orient", CM_STEP_ORIENT},   {"pad", CM_STEP_PAD},
                  {"crop", CM_STEP_CROP},       {"resample", CM_STEP_RESAMPLE},
                  {"clip", CM_STEP_CLIP},       {"scale", CM_STEP_SCALE},
                  {"divide", CM_STEP_DIVIDE},   {"z-score", CM_STEP_Z_SCORE},
                  {"min-max", CM_STEP_MIN_MAX}, {"percentile", CM_STEP_PERCENTILE}};

const char *cm_step_name(cm_step_kind kind)
{
    for (size_t i = 0; i < sizeof step_names / sizeof *step_names; i++)
        if (step_names[i].kind == kind) return step_names[i].name;
    return "?";
}

static const char *const scope_words[] = {"each", "all", NULL};

static void read_resample(xmlNodePtr node, cm_prepare_step *step)
{
    static const char *const axis[3] = {"x", "y", "z"};
    static const char *const interpolations[] = {"linear", "nearest", "cubic", NULL};
    static const cm_interpolation interpolation[] = {CM_INTERPOLATION_LINEAR, CM_INTERPOLATION_NEAREST,
                                                     CM_INTERPOLATION_CUBIC};
    static const char *const aligns[] = {"edges", "centres", NULL};
    static const char *const rules[] = {"round", "ceil", "floor", NULL};
    static const char *const overshoots[] = {"clip", "keep", NULL};
    for (int k = 0; k < 3; k++)
        step->u.resample.spacing_mm[k] = cm_xml_double(node, axis[k], 0.0);
    step->u.resample.interpolation = interpolation[read_word(node, "interpolation", interpolations)];
    step->u.resample.align = (cm_grid_align)read_word(node, "align", aligns);
    step->u.resample.size_rule = (cm_size_rule)read_word(node, "size-rule", rules);
    step->u.resample.keep_overshoot = read_word(node, "overshoot", overshoots) == 1;
}

static void read_crop(xmlNodePtr node, cm_prepare_step *step)
{
    bool fraction = xmlHasProp(node, (const xmlChar *)"above-fraction") != NULL;
    step->u.crop.is_fraction = fraction;
    step->u.crop.threshold = cm_xml_double(node, fraction ? "above-fraction" : "above", NAN);
    if (fraction && xmlHasProp(node, (const xmlChar *)"above")) step->u.crop.threshold = NAN;
    step->u.crop.channels_together = read_word(node, "channel-scope", scope_words) == 1;
    step->u.crop.margin = cm_xml_integer(node, "margin", 0);
}

/* at: the state before `index`, by the ids of the steps read so far; -2 when there is no such step. */
static int find_state(const cm_prepare_step *steps, int index, const char *at)
{
    if (strcmp(at, "current") == 0) return index - 1;
    if (strcmp(at, "start") == 0) return -1;
    for (int i = 0; i < index; i++)
        if (steps[i].id[0] && strcmp(steps[i].id, at) == 0) return i;
    return -2;
}

static cm_status read_statistic(xmlNodePtr node, const char *file, const cm_prepare_step *steps, int index,
                                cm_prepare_step *step, cm_error *err)
{
    static const char *const voxels[] = {"all", "positive", "crop", NULL};
    static const char *const apply[] = {"all", "voxels", NULL};
    static const char *const sds[] = {"population", "sample", NULL};
    char at[64];
    if (!read_token(node, "at", "current", at, sizeof at)) return too_long(node, "at", file, err);
    step->statistic = (cm_statistic_scope){
        .voxels = (cm_voxels)read_word(node, "voxels", voxels),
        .channels_together = read_word(node, "channel-scope", scope_words) == 1,
        .at = find_state(steps, index, at),
        .only_voxels = read_word(node, "apply-to", apply) == 1,
    };
    if (step->statistic.at == -2)
        return CM_FAIL(err, CM_ERR_SCHEMA, .what = cm_strf("at=\"%s\" names no earlier step", at).s,
                       .where = cm_strf("%s:%d", file, step->line).s,
                       .next =
                           "give the step the statistic is taken after an id, and write it before this one");
    step->u.normalise.sample_sd = read_word(node, "sd", sds) == 1;
    step->u.normalise.low = cm_xml_double(node, "low", 0.0);
    step->u.normalise.high = cm_xml_double(node, "high", 100.0);
    step->u.normalise.clip_to_unit = read_bool(node, "clip");
    return CM_OK;
}

static cm_status read_step(xmlNodePtr node, const char *file, const cm_prepare_step *steps, int index,
                           cm_prepare_step *step, cm_error *err)
{
    for (size_t i = 0; i < sizeof step_names / sizeof *step_names; i++)
        if (strcmp((const char *)node->name, step_names[i].name) == 0) step->kind = step_names[i].kind;
    step->line = (int)xmlGetLineNo(node);
    if (!read_token(node, "id", "", step->id, sizeof step->id)) return too_long(node, "id", file, err);
    char code[16];
    switch (step->kind) {
    case CM_STEP_ORIENT:
        if (!read_token(node, "code", "", code, sizeof code)) return too_long(node, "code", file, err);
        step->u.orient.as_stored = strcmp(code, "as-stored") == 0;
        if (!step->u.orient.as_stored) memcpy(step->u.orient.code, code, 4);
        break;
    case CM_STEP_PAD:
        read_sizes(node, step->u.pad.size);
        step->u.pad.value = cm_xml_double(node, "value", 0.0);
        break;
    case CM_STEP_CROP:
        read_crop(node, step);
        break;
    case CM_STEP_RESAMPLE:
        read_resample(node, step);
        break;
    case CM_STEP_CLIP:
        step->u.clip.low = cm_xml_double(node, "low", -INFINITY);
        step->u.clip.high = cm_xml_double(node, "high", INFINITY);
        break;
    case CM_STEP_SCALE:
        step->u.scale.multiply = cm_xml_double(node, "multiply", 1.0);
        step->u.scale.add = cm_xml_double(node, "add", 0.0);
        break;
    case CM_STEP_DIVIDE:
        step->u.divide.by = cm_xml_double(node, "by", 1.0);
        break;
    default:
        return read_statistic(node, file, steps, index, step, err);
    }
    return CM_OK;
}

static int count_children(xmlNodePtr parent, const char *name)
{
    int n = 0;
    for (xmlNodePtr node = cm_xml_child(parent, name); node; node = cm_xml_next(node, name))
        n++;
    return n;
}

static cm_status allocate(void **out, int count, size_t bytes, cm_error *err)
{
    *out = calloc((size_t)(count > 0 ? count : 1), bytes);
    return *out ? CM_OK : CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory reading tool.xml");
}

static cm_status read_identity(xmlNodePtr root, const char *file, cm_tool_spec *spec, cm_error *err)
{
    static const char *const tasks[] = {"segmentation", "classification"};
    char task[32];
    xmlNodePtr contact = cm_xml_child(root, "contact"), openebench = cm_xml_child(root, "openebench");
    if (!read_token(root, "id", "", spec->id, sizeof spec->id)) return too_long(root, "id", file, err);
    if (!read_token(root, "version", "", spec->version, sizeof spec->version))
        return too_long(root, "version", file, err);
    if (!read_token(cm_xml_child(root, "name"), NULL, "", spec->name, sizeof spec->name))
        return too_long(cm_xml_child(root, "name"), "name", file, err);
    if (!read_token(cm_xml_child(root, "licence"), NULL, "", spec->licence, sizeof spec->licence))
        return too_long(cm_xml_child(root, "licence"), "licence", file, err);
    if (contact && !read_token(contact, NULL, "", spec->contact, sizeof spec->contact))
        return too_long(contact, "contact", file, err);
    if (openebench && !read_token(openebench, "id", "", spec->openebench_id, sizeof spec->openebench_id))
        return too_long(openebench, "openebench id", file, err);
    if (!read_token(cm_xml_child(root, "task"), NULL, "", task, sizeof task))
        return too_long(cm_xml_child(root, "task"), "task", file, err);
    spec->classification = strcmp(task, tasks[1]) == 0;
    return CM_OK;
}

static cm_status read_models(xmlNodePtr root, const char *file, cm_tool_spec *spec, cm_error *err)
{
    spec->n_models = count_children(root, "model");
    cm_status st = allocate((void **)&spec->models, spec->n_models, sizeof *spec->models, err);
    int i = 0;
    for (xmlNodePtr node = cm_xml_child(root, "model"); !st && node; node = cm_xml_next(node, "model"), i++) {
        cm_model_spec *model = &spec->models[i];
        model->line = (int)xmlGetLineNo(node);
        if (!read_token(node, "file", "", model->file, sizeof model->file))
            st = too_long(node, "file", file, err);
        else if (xmlHasProp(node, (const xmlChar *)"input") &&
                 !cm_xml_attribute(node, "input", model->input, sizeof model->input))
            st = too_long(node, "input", file, err);
        else if (xmlHasProp(node, (const xmlChar *)"output") &&
                 !cm_xml_attribute(node, "output", model->output, sizeof model->output))
            st = too_long(node, "output", file, err);
    }
    return st;
}

static cm_status read_channels(xmlNodePtr parent, const char *file, cm_tool_spec *spec, cm_error *err)
{
    spec->n_channels = count_children(parent, "channel");
    cm_status st = allocate((void **)&spec->channels, spec->n_channels, sizeof *spec->channels, err);
    int i = 0;
    for (xmlNodePtr node = cm_xml_child(parent, "channel"); !st && node; node = cm_xml_next(node, "channel"))
        if (!read_token(node, "name", "", spec->channels[i++], sizeof *spec->channels))
            st = too_long(node, "channel name", file, err);
    return st;
}

static cm_status read_steps(xmlNodePtr prepare, const char *file, cm_tool_spec *spec, cm_error *err)
{
    int n = count_children(prepare, NULL);
    cm_status st = allocate((void **)&spec->steps, n, sizeof *spec->steps, err);
    for (xmlNodePtr node = cm_xml_child(prepare, NULL); !st && node; node = cm_xml_next(node, NULL)) {
        st = read_step(node, file, spec->steps, spec->n_steps, &spec->steps[spec->n_steps], err);
        spec->n_steps++;
    }
    return st;
}

static void read_input(xmlNodePtr node, cm_input_spec *input)
{
    static const char *const axes[] = {"zyx", "xyz", NULL};
    static const char *const slices[] = {"none", "x", "y", "z", NULL};
    static const char *const blendings[] = {"gaussian", "constant", NULL};
    xmlNodePtr whole = cm_xml_child(node, "whole"), window = cm_xml_child(node, "window");
    xmlNodePtr mirror = cm_xml_child(node, "mirror");
    *input = (cm_input_spec){
        .line = (int)xmlGetLineNo(node),
        .dimension = (int)cm_xml_integer(node, "dimension", 3),
        .axes = (cm_axes)read_word(node, "axes", axes),
        .slice_axis = read_word(node, "slice-axis", slices) - 1,
        .whole = whole != NULL,
        .multiple = whole ? cm_xml_integer(whole, "multiple", 1) : 1,
        .overlap = 0.5,
    };
    if (window) {
        read_sizes(window, input->window);
        input->overlap = cm_xml_double(window, "overlap", 0.5);
        input->blending = (cm_blending)read_word(window, "blending", blendings);
    }
    char along[16];
    if (mirror && read_token(mirror, "axes", "none", along, sizeof along) && strcmp(along, "none") != 0)
        for (int k = 0; k < 3; k++)
            input->mirror[k] = strchr(along, "xyz"[k]) != NULL;
}

static cm_status read_output(xmlNodePtr node, cm_output_spec *output, cm_error *err)
{
    static const char *const activations[] = {"none", "softmax", "sigmoid", NULL};
    xmlNodePtr threshold = cm_xml_child(node, "threshold"), regions = cm_xml_child(node, "regions");
    xmlNodePtr labels = cm_xml_child(node, "labels");
    output->line = (int)xmlGetLineNo(node);
    output->activation = (cm_output_activation)read_word(node, "activation", activations);
    int n = threshold ? 1 : count_children(regions, "region");
    cm_status st = allocate((void **)&output->regions, n, sizeof *output->regions, err);
    if (st) return st;
    if (threshold || regions) {
        output->decision = threshold ? CM_DECISION_THRESHOLD : CM_DECISION_REGIONS;
        output->threshold = cm_xml_double(threshold ? threshold : regions, "value", 0.5);
    }
    for (xmlNodePtr r = threshold ? threshold : cm_xml_child(regions, "region"); r;
         r = threshold ? NULL : cm_xml_next(r, "region"))
        output->regions[output->n_regions++] = (cm_region_rule){
            .channel = (int)cm_xml_integer(r, "channel", 0),
            .label = (uint16_t)cm_xml_integer(r, "label", 1),
        };
    /* labels[channel] = value; a hole or a second value for one channel leaves n_labels -1, for the check. */
    n = count_children(labels, "label");
    st = allocate((void **)&output->labels, n, sizeof *output->labels, err);
    bool *seen = st ? NULL : calloc((size_t)n + 1, sizeof *seen);
    if (!st && !seen) st = CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory reading tool.xml");
    output->n_labels = n;
    for (xmlNodePtr l = st ? NULL : cm_xml_child(labels, "label"); l; l = cm_xml_next(l, "label")) {
        int64_t channel = cm_xml_integer(l, "channel", 0);
        if (channel >= n || seen[channel]) {
            output->n_labels = -1;
            continue;
        }
        seen[channel] = true;
        output->labels[channel] = (uint16_t)cm_xml_integer(l, "value", 0);
    }
    free(seen);
    return st;
}

static cm_status read_cleanups(xmlNodePtr node, cm_tool_spec *spec, cm_error *err)
{
    cm_status st =
        allocate((void **)&spec->cleanups, count_children(node, NULL), sizeof *spec->cleanups, err);
    spec->connectivity = node ? (int)cm_xml_integer(node, "connectivity", 26) : 26;
    for (xmlNodePtr rule = st ? NULL : cm_xml_child(node, NULL); rule; rule = cm_xml_next(rule, NULL))
        spec->cleanups[spec->n_cleanups++] = (cm_cleanup_rule){
            .line = (int)xmlGetLineNo(rule),
            .label = (uint16_t)cm_xml_integer(rule, "label", 0),
            .minimum_voxels = cm_xml_integer(rule, "voxels", 0),
        };
    return st;
}

static cm_status read_all(xmlNodePtr root, const char *file, cm_tool_spec *spec, cm_error *err)
{
    cm_status st = read_identity(root, file, spec, err);
    if (!st) st = read_models(root, file, spec, err);
    if (!st) st = read_channels(cm_xml_child(root, "channels"), file, spec, err);
    if (!st) st = read_steps(cm_xml_child(root, "prepare"), file, spec, err);
    if (!st) read_input(cm_xml_child(root, "input"), &spec->input);
    if (!st) st = read_output(cm_xml_child(root, "output"), &spec->output, err);
    if (!st) st = read_cleanups(cm_xml_child(root, "cleanup"), spec, err);
    return st;
}

cm_status cm_tool_spec_parse(const char *text, int64_t bytes, const char *name, cm_tool_spec **out,
                             cm_problems *problems, cm_error *err)
{
    *out = NULL;
    const cm_schema schema = {"tool.xsd", cm_tool_xsd, cm_tool_xsd_end};
    xmlDocPtr doc = NULL;
    cm_error first = {0};
    cm_problems *found = calloc(1, sizeof *found);
    cm_tool_spec *spec = calloc(1, sizeof *spec);
    cm_status st =
        found && spec ? CM_OK : CM_FAIL(&first, CM_ERR_NOMEM, .what = "out of memory reading tool.xml");
    if (!st) st = cm_xml_parse(text, bytes, name, &schema, &doc, &first);
    if (!st) st = read_all(xmlDocGetRootElement(doc), name, spec, &first);
    if (st) {
        cm_problems_add(problems, &first);
    } else {
        cm_tool_spec_check(spec, name, found);
        for (int i = 0; i < found->count; i++)
            cm_problems_add(problems, &found->item[i]);
        if (found->count) {
            first = found->item[0];
            st = first.status;
        }
    }
    if (st && err && !err->status) *err = first;
    xmlFreeDoc(doc);
    free(found);
    if (st)
        cm_tool_spec_destroy(spec);
    else
        *out = spec;
    return st;
}

void cm_tool_spec_destroy(cm_tool_spec *spec)
{
    if (!spec) return;
    free(spec->models);
    free(spec->channels);
    free(spec->steps);
    free(spec->output.regions);
    free(spec->output.labels);
    free(spec->cleanups);
    free(spec);
}
