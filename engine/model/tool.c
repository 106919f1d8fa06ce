/* Opening a tool: its folder or package, tool.xml, the model, and whether the two fit. */
#include "engine/model/tool.h"

#include <stdlib.h>
#include <string.h>

#include "engine/model/tool_internal.h"

/* sha256 over three lines: a title, tool.xml's and the model's own sha256. Licence and readme do not count.
 */
cm_status cm_tool_digest(const cm_tool_source *source, const cm_model *model, cm_digest *out)
{
    char xml[65], weights[65];
    cm_digest xml_digest;
    cm_status st = cm_sha256_of(source->xml, source->xml_bytes, &xml_digest);
    if (st) return st;
    cm_digest_hex(&xml_digest, xml);
    cm_digest_hex(cm_model_digest(model), weights);
    const cm_str text = cm_strf("cohmark tool 1\ntool.xml %s\nmodel %s\n", xml, weights);
    return cm_sha256_of(text.s, (int64_t)strlen(text.s), out);
}

/* Output channels of the decision; 0 when only a plan can tell. */
static int count_classes(const cm_tool *tool)
{
    const cm_output_spec *o = &tool->spec->output;
    const cm_model_io *io = cm_model_output(tool->model, tool->output);
    int64_t n = io->rank >= 2 && io->dim[1] > 0 ? io->dim[1] : 0;
    if (tool->spec->classification) {
        if (o->decision == CM_DECISION_THRESHOLD || n == 1) return 2;
        return n ? (int)n : o->n_labels;
    }
    if (o->decision == CM_DECISION_ARGMAX) return n ? (int)n : o->n_labels;
    int distinct = 1; /* background */
    for (int i = 0; i < o->n_regions; i++) {
        bool seen = o->regions[i].label == 0;
        for (int j = 0; j < i; j++)
            seen = seen || o->regions[j].label == o->regions[i].label;
        distinct += !seen;
    }
    return distinct;
}

static void fill_info(cm_tool *tool)
{
    const cm_tool_spec *s = tool->spec;
    cm_tool_info *info = &tool->info;
    memcpy(info->id, s->id, sizeof info->id);
    memcpy(info->version, s->version, sizeof info->version);
    memcpy(info->name, s->name, sizeof info->name);
    memcpy(info->licence, s->licence, sizeof info->licence);
    memcpy(info->contact, s->contact, sizeof info->contact);
    memcpy(info->openebench_id, s->openebench_id, sizeof info->openebench_id);
    info->task = s->classification ? CM_TOOL_CLASSIFICATION : CM_TOOL_SEGMENTATION;
    info->n_channels = s->n_channels;
    info->channels = s->channels;
    info->n_classes = count_classes(tool);
    info->needs_orientation = cm_tool_spec_needs_orientation(s);
    info->needs_spacing = cm_tool_spec_needs_spacing(s);
}

cm_status cm_tool_open(const char *path, const cm_model_limits *limits, cm_tool **out, cm_error *err)
{
    *out = NULL;
    cm_tool *tool = calloc(1, sizeof *tool);
    if (!tool) return CM_FAIL(err, CM_ERR_NOMEM, .what = "out of memory opening a tool");
    cm_tool_source *source = &tool->source;
    tool->limits = *limits;
    cm_status st = cm_tool_source_open(path, limits, source, err);
    if (!st)
        st = cm_tool_spec_parse(source->xml, source->xml_bytes, source->xml_name, &tool->spec, NULL, err);
    if (!st) st = cm_tool_source_check(source, tool->spec, err);
    if (!st) st = cm_tool_source_model(source, tool->spec->models[0].file, limits, &tool->model, err);
    if (!st) st = cm_tool_bind_model(tool->spec, tool->model, &tool->input, &tool->output, NULL, err);
    if (!st) st = cm_tool_digest(source, tool->model, &tool->info.digest);
    if (st) {
        cm_tool_close(tool);
        return st;
    }
    fill_info(tool);
    *out = tool;
    return CM_OK;
}

void cm_tool_close(cm_tool *tool)
{
    if (!tool) return;
    cm_model_close(tool->model);
    cm_tool_source_fini(&tool->source);
    cm_tool_spec_destroy(tool->spec);
    free(tool);
}

const cm_tool_info *cm_tool_get_info(const cm_tool *tool)
{
    return &tool->info;
}
